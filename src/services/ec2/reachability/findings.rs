//! What an analysis has found, in the words of the API: the components on the way, or what is in the way.

use crate::network::{Direction, Ports, Traffic};
use crate::record;

use super::super::Store;
use super::super::kinds;

/// What an analysis has found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub found: bool,
    /// There was more to try than one waits for: nothing is known.
    pub gave_up: bool,
    pub forward: Vec<PathComponent>,
    pub back: Vec<PathComponent>,
    pub explanations: Vec<Explanation>,
}

record! {
    /// AWS shows the lists of details and explanations with each component. None of the details that AWS has concerns
    /// what there is here.
    pub struct PathComponent {
        number: i64 = "SequenceNumber",
        acl_rule: Option<AclRule> = "AclRule",
        attached_to: Option<Named> = "AttachedTo",
        component: Option<Named> = "Component",
        destination_vpc: Option<Named> = "DestinationVpc",
        outbound: Option<Header> = "OutboundHeader",
        inbound: Option<Header> = "InboundHeader",
        route: Option<RouteView> = "RouteTableRoute",
        group_rule: Option<GroupRule> = "SecurityGroupRule",
        source_vpc: Option<Named> = "SourceVpc",
        subnet: Option<Named> = "Subnet",
        vpc: Option<Named> = "Vpc",
        service: Option<String> = "ServiceName",
        details: Vec<Detail> = "AdditionalDetails",
        explanations: Vec<Explanation> = "Explanations",
    }
    pub struct Detail { code: String = "AdditionalDetailType" }
    pub struct Explanation {
        acl: Option<Named> = "Acl",
        acl_rule: Option<AclRule> = "AclRule",
        component: Option<Named> = "Component",
        destination: Option<Named> = "Destination",
        destination_vpc: Option<Named> = "DestinationVpc",
        direction: Option<String> = "Direction",
        code: String = "ExplanationCode",
        gateway: Option<Named> = "InternetGateway",
        missing: Option<String> = "MissingComponent",
        nat: Option<Named> = "NatGateway",
        interface: Option<Named> = "NetworkInterface",
        peering: Option<Named> = "VpcPeeringConnection",
        route: Option<RouteView> = "RouteTableRoute",
        table: Option<Named> = "RouteTable",
        groups: Option<Vec<Named>> = "SecurityGroups",
        source_vpc: Option<Named> = "SourceVpc",
        state: Option<String> = "State",
        subnet: Option<Named> = "Subnet",
        vpc: Option<Named> = "Vpc",
        endpoint: Option<Named> = "VpcEndpoint",
    }
    pub struct Named { id: String = "Id", arn: Option<String> = "Arn", name: Option<String> = "Name" }
    pub struct Header {
        destination: Option<Vec<String>> = "DestinationAddresses",
        destination_ports: Option<Vec<Range>> = "DestinationPortRanges",
        protocol: Option<String> = "Protocol",
        source: Option<Vec<String>> = "SourceAddresses",
        source_ports: Option<Vec<Range>> = "SourcePortRanges",
    }
    pub struct Range { from: i64 = "From", to: i64 = "To" }
    pub struct AclRule {
        cidr: String = "Cidr",
        egress: bool = "Egress",
        ports: Option<Range> = "PortRange",
        protocol: String = "Protocol",
        action: String = "RuleAction",
        number: i64 = "RuleNumber",
    }
    pub struct GroupRule {
        cidr: Option<String> = "Cidr",
        direction: String = "Direction",
        group: Option<String> = "SecurityGroupId",
        ports: Option<Range> = "PortRange",
        prefix_list: Option<String> = "PrefixListId",
        protocol: String = "Protocol",
    }
    pub struct RouteView {
        cidr: Option<String> = "DestinationCidr",
        prefix_list: Option<String> = "DestinationPrefixListId",
        egress_gateway: Option<String> = "EgressOnlyInternetGatewayId",
        gateway: Option<String> = "GatewayId",
        nat: Option<String> = "NatGatewayId",
        interface: Option<String> = "NetworkInterfaceId",
        origin: String = "Origin",
        peering: Option<String> = "VpcPeeringConnectionId",
        state: String = "State",
    }
}

impl Findings {
    /// There is no way, and this is why.
    pub fn refused(explanation: Explanation) -> Findings {
        Findings { explanations: vec![explanation], ..Findings::default() }
    }
}

impl Explanation {
    pub fn of(code: &str) -> Explanation {
        Explanation { code: code.to_owned(), ..Explanation::default() }
    }

    /// Something is the matter with a component.
    pub fn about(code: &str, ec2: &Store, id: &str) -> Explanation {
        Explanation { component: Some(Named::of(ec2, id)), ..Explanation::of(code) }
    }

    /// An end of the path is no longer there.
    pub fn missing(id: &str) -> Explanation {
        Explanation { missing: Some(id.to_owned()), ..Explanation::of("NO_SOURCE_OR_DESTINATION") }
    }

    pub fn disconnected(ec2: &Store, source: &str, destination: &str) -> Explanation {
        Explanation {
            source_vpc: Some(Named::of(ec2, source)),
            destination_vpc: Some(Named::of(ec2, destination)),
            ..Explanation::of("DISCONNECTED_VPCS")
        }
    }
}

impl Named {
    /// A component: its ARN, and the name that its tag gives it.
    pub fn of(ec2: &Store, id: &str) -> Named {
        Named {
            id: id.to_owned(),
            arn: kinds::of(id).map(|kind| ec2.arn(kind.tag_type, id)),
            name: ec2.tags.of(id).and_then(|tags| tags.get("Name")).cloned(),
        }
    }
}

/// As rules and explanations tell it.
pub fn told(direction: Direction) -> String {
    match direction {
        Direction::Ingress => "ingress".to_owned(),
        Direction::Egress => "egress".to_owned(),
    }
}

/// The ports of a rule that has any.
pub fn ports(traffic: &Traffic) -> Option<Range> {
    match traffic.ports {
        Ports::Range(from, to) => Some(Range { from: i64::from(from), to: i64::from(to) }),
        _ => None,
    }
}

/// The name of a rule's protocol, where the API has one.
pub fn protocol(traffic: &Traffic) -> String {
    match traffic.protocol {
        None => "all".to_owned(),
        Some(6) => "tcp".to_owned(),
        Some(17) => "udp".to_owned(),
        Some(1) => "icmp".to_owned(),
        Some(number) => number.to_string(),
    }
}

/// The entry `*`, which every ACL ends with.
pub fn last_entry(egress: bool, number: u16) -> AclRule {
    let (cidr, protocol, action) = ("0.0.0.0/0".to_owned(), "all".to_owned(), "deny".to_owned());
    AclRule { cidr, egress, ports: None, protocol, action, number: i64::from(number) }
}
