//! Permissions of EC2: on what is named, and on what is made, which has no id yet.

use crate::services::ec2::kinds::{self, Kind};
use crate::wire::Value;

use super::{Asked, Permission};

/// What operations make, for which policies have to say `TYPE/*`.
const MADE: [(&str, &[&str]); 19] = [
    ("AllocateAddress", &["elastic-ip"]),
    ("CreateDefaultVpc", &["*"]),
    ("CreateDhcpOptions", &["dhcp-options"]),
    ("CreateEgressOnlyInternetGateway", &["egress-only-internet-gateway"]),
    ("CreateFlowLogs", &["vpc-flow-log"]),
    ("CreateInternetGateway", &["internet-gateway"]),
    ("CreateManagedPrefixList", &["prefix-list"]),
    ("CreateNatGateway", &["natgateway"]),
    ("CreateNetworkAcl", &["network-acl"]),
    ("CreateNetworkInterface", &["network-interface"]),
    ("CreateNetworkInsightsPath", &["network-insights-path"]),
    ("CreateRouteTable", &["route-table"]),
    ("CreateSecurityGroup", &["security-group"]),
    ("CreateSubnet", &["subnet"]),
    ("CreateVpc", &["vpc"]),
    ("CreateVpcEndpoint", &["vpc-endpoint"]),
    ("CreateVpcPeeringConnection", &["vpc-peering-connection"]),
    ("RunInstances", &["instance", "network-interface", "volume"]),
    ("StartNetworkInsightsAnalysis", &["network-insights-analysis"]),
];

/// Readers that policies can limit to resources.
const READERS: [&str; 5] = [
    "DescribeInstanceAttribute",
    "DescribeSecurityGroupReferences",
    "DescribeVpcAttribute",
    "GetManagedPrefixListAssociations",
    "GetManagedPrefixListEntries",
];

pub(super) fn resources(asked: &Asked) -> Vec<String> {
    let reads = asked.operation.starts_with("Describe") || asked.operation.starts_with("Get");
    if reads && !READERS.contains(&asked.operation) {
        return Vec::new();
    }
    let made = MADE.iter().find(|(operation, _)| *operation == asked.operation).map_or(&[][..], |(_, kinds)| kinds);
    let mut all: Vec<_> = made.iter().map(|kind| asked.arn(&format!("{kind}/*"))).collect();
    if asked.operation.contains("KeyPair") || asked.operation == "RunInstances" {
        all.extend(asked.each(&[("KeyName", "key-pair/{}")]));
    }
    named(asked, asked.input, &mut all);
    all
}

/// Tags that things are made with, which need leave of their own
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>).
pub(super) fn tagging(asked: &Asked) -> Option<Permission> {
    let specifications = asked.input.get("TagSpecifications")?.as_list()?;
    let kinds = specifications.iter().filter_map(|one| one.get("ResourceType")?.as_str());
    let resources: Vec<_> = kinds.map(|kind| asked.arn(&format!("{kind}/*"))).collect();
    (!resources.is_empty()).then(|| Permission { action: "ec2:CreateTags".to_owned(), resources })
}

/// Every id of the input that counts.
fn named(asked: &Asked, value: &Value, out: &mut Vec<String>) {
    if let Some(id) = value.as_str() {
        out.extend(
            kinds::of(id)
                .filter(|kind| kind.is_id(id) && counts(asked.operation, kind))
                .map(|kind| arn(asked, kind, id)),
        );
    }
    value.as_list().unwrap_or_default().iter().for_each(|item| named(asked, item, out));
    value.as_map().into_iter().flat_map(|map| map.iter()).for_each(|(name, member)| {
        // Groups that rules refer to are not what changes.
        if name != "IpPermissions" {
            named(asked, member, out);
        }
    });
}

/// Routes are of their table, wherever they lead.
fn counts(operation: &str, kind: &Kind) -> bool {
    let is_route = matches!(operation, "CreateRoute" | "DeleteRoute" | "ReplaceRoute");
    !is_route || kind.tag_type == kinds::ROUTE_TABLE.tag_type
}

/// Images belong to no account, as far as policies go.
fn arn(asked: &Asked, kind: &Kind, id: &str) -> String {
    match kind.tag_type == kinds::IMAGE.tag_type {
        true => format!("arn:aws:ec2:{}::image/{id}", asked.region),
        false => asked.arn(&format!("{}/{id}", kind.tag_type)),
    }
}
