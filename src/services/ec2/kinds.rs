//! Kinds of resources: how their ids look, what their type is called in tags, and what is said of those that are not
//! there.

use crate::wire::Fault;

use super::faults;

/// A kind of resource.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What ids begin with, before the dash.
    pub prefix: &'static str,
    /// The resource type in tag specifications and ARNs.
    pub tag_type: &'static str,
    /// Code of the error for ids that belong to nothing.
    pub not_found: &'static str,
    /// Code of the error for what is no id.
    pub malformed: &'static str,
    /// What EC2 calls the thing in that sentence.
    pub noun: &'static str,
}

const fn kind(
    prefix: &'static str,
    tag_type: &'static str,
    not_found: &'static str,
    malformed: &'static str,
    noun: &'static str,
) -> Kind {
    Kind { prefix, tag_type, not_found, malformed, noun }
}

pub const VPC: Kind = kind("vpc", "vpc", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "vpc ID");
pub const SUBNET: Kind = kind("subnet", "subnet", "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed", "subnet ID");
pub const DHCP_OPTIONS: Kind =
    kind("dopt", "dhcp-options", "InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsId.Malformed", "dhcpOption ID");
pub const INTERNET_GATEWAY: Kind = kind(
    "igw",
    "internet-gateway",
    "InvalidInternetGatewayID.NotFound",
    "InvalidInternetGatewayId.Malformed",
    "internetGateway ID",
);
pub const EGRESS_GATEWAY: Kind = kind(
    "eigw",
    "egress-only-internet-gateway",
    "InvalidGatewayID.NotFound",
    "InvalidEgressOnlyInternetGatewayId.Malformed",
    "eigw ID",
);
pub const ROUTE_TABLE: Kind =
    kind("rtb", "route-table", "InvalidRouteTableID.NotFound", "InvalidRouteTableId.Malformed", "routeTable ID");
pub const SECURITY_GROUP: Kind =
    kind("sg", "security-group", "InvalidGroup.NotFound", "InvalidGroupId.Malformed", "security group");
pub const GROUP_RULE: Kind = kind(
    "sgr",
    "security-group-rule",
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidSecurityGroupRuleId.Malformed",
    "security group rule ID",
);
pub const NETWORK_ACL: Kind =
    kind("acl", "network-acl", "InvalidNetworkAclID.NotFound", "InvalidNetworkAclId.Malformed", "networkAcl ID");
pub const PREFIX_LIST: Kind =
    kind("pl", "prefix-list", "InvalidPrefixListID.NotFound", "InvalidPrefixListId.Malformed", "prefix list ID");
pub const INTERFACE: Kind = kind(
    "eni",
    "network-interface",
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidNetworkInterfaceId.Malformed",
    "networkInterface ID",
);
pub const ADDRESS: Kind =
    kind("eipalloc", "elastic-ip", "InvalidAllocationID.NotFound", "InvalidAllocationId.Malformed", "allocation ID");
pub const NAT_GATEWAY: Kind = kind("nat", "natgateway", "NatGatewayNotFound", "NatGatewayMalformed", "NatGateway");
pub const INSTANCE: Kind =
    kind("i", "instance", "InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed", "instance ID");
pub const KEY_PAIR: Kind = kind("key", "key-pair", "InvalidKeyPair.NotFound", "InvalidKeyPair.Malformed", "key pair");
pub const IMAGE: Kind = kind("ami", "image", "InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "image id");
pub const PEERING: Kind = kind(
    "pcx",
    "vpc-peering-connection",
    "InvalidVpcPeeringConnectionID.NotFound",
    "InvalidVpcPeeringConnectionId.Malformed",
    "vpcPeeringConnection ID",
);
pub const ENDPOINT: Kind =
    kind("vpce", "vpc-endpoint", "InvalidVpcEndpointId.NotFound", "InvalidVpcEndpointId.Malformed", "Vpc Endpoint Id");

pub const FLOW_LOG: Kind =
    kind("fl", "vpc-flow-log", "InvalidFlowLogId.NotFound", "InvalidFlowLogId.Malformed", "flow log ID");

pub const INSIGHTS_PATH: Kind = kind(
    "nip",
    "network-insights-path",
    "InvalidNetworkInsightsPathId.NotFound",
    "InvalidNetworkInsightsPathId.Malformed",
    "network insights path ID",
);
pub const INSIGHTS_ANALYSIS: Kind = kind(
    "nia",
    "network-insights-analysis",
    "InvalidNetworkInsightsAnalysisId.NotFound",
    "InvalidNetworkInsightsAnalysisId.Malformed",
    "network insights analysis ID",
);

/// Kinds that can have tags.
pub const TAGGED: [&Kind; 21] = [
    &VPC,
    &SUBNET,
    &DHCP_OPTIONS,
    &INTERNET_GATEWAY,
    &EGRESS_GATEWAY,
    &ROUTE_TABLE,
    &SECURITY_GROUP,
    &GROUP_RULE,
    &NETWORK_ACL,
    &PREFIX_LIST,
    &INTERFACE,
    &ADDRESS,
    &NAT_GATEWAY,
    &INSTANCE,
    &KEY_PAIR,
    &IMAGE,
    &PEERING,
    &ENDPOINT,
    &FLOW_LOG,
    &INSIGHTS_PATH,
    &INSIGHTS_ANALYSIS,
];

/// The kind that an id belongs to.
pub fn of(id: &str) -> Option<&'static Kind> {
    let (prefix, _) = id.split_once('-')?;
    TAGGED.into_iter().find(|kind| kind.prefix == prefix)
}

impl Kind {
    /// The prefix and 8 or 17 hexadecimal digits.
    pub fn is_id(&self, id: &str) -> bool {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    }

    /// What is said of an id that nothing has: that it is none, or that there is no such thing.
    pub fn missing(&self, id: &str) -> Fault {
        if self.is_id(id) { faults::not_found(self, id) } else { faults::malformed(self, id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (id, expected) in [
            ("i-0123456789abcdef0", true),
            ("i-1a2b3c4d", true),
            ("i-1", false),
            ("instance", false),
            ("i-0123456789abcdeg0", false),
        ] {
            assert_eq!(INSTANCE.is_id(id), expected, "{id}");
        }
        assert_eq!(of("eipalloc-0123456789abcdef0").map(|kind| kind.tag_type), Some("elastic-ip"));
    }
}
