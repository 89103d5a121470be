//! Why traffic goes no further: the explanation codes of Reachability Analyzer, and a sentence for each reason
//! (<https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>).

/// A reason why a packet ended before its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    GroupsHaveNoRules,
    GroupsDoNotAllow,
    AclDenies,
    NoRoute,
    RouteIsBlackhole,
    NobodyThere,
    InterfaceIsDown,
    SourceDestCheck,
    DoesNotForward,
    GatewayNotAttached,
    InternetIsNotPrivate,
    InternetIsNotShared,
    NoPublicAddress,
    FromPrivateAddress,
    FromSharedAddress,
    NotAPublicAddress,
    NoInternetGateway,
    EgressOnly,
    EgressOnlyIsIpv6,
    NatProtocol,
    NatUnasked,
    NatIsDown,
    NatElsewhere,
    PeeringIsDown,
    PeeringAddresses,
    EndpointIsDown,
    EndpointProtocol,
    EndpointDoesNotCall,
    PublicAccessBlocked,
    NotModelled,
    Loop,
    NoResolver,
}

impl Refusal {
    /// AWS's code. Where AWS has none of its own for a reason, the nearest one.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::GroupsHaveNoRules => "SG_HAS_NO_RULES",
            Refusal::GroupsDoNotAllow => "ENI_SG_RULES_MISMATCH",
            Refusal::AclDenies => "SUBNET_ACL_RESTRICTION",
            Refusal::NoRoute => "NO_ROUTE_TO_DESTINATION",
            Refusal::RouteIsBlackhole => "BAD_STATE_ROUTE",
            Refusal::NobodyThere | Refusal::NatUnasked => "NO_POSSIBLE_DESTINATION",
            Refusal::InterfaceIsDown
            | Refusal::NatIsDown
            | Refusal::PeeringIsDown
            | Refusal::EndpointIsDown
            | Refusal::NoResolver => "BAD_STATE",
            Refusal::SourceDestCheck => "ENI_SOURCE_DEST_CHECK_RESTRICTION",
            Refusal::DoesNotForward => "ENI_ADDRESS_RESTRICTION",
            Refusal::GatewayNotAttached => "BAD_STATE_ATTACHMENT",
            Refusal::InternetIsNotPrivate => "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
            Refusal::InternetIsNotShared => "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS",
            Refusal::NoPublicAddress => "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
            Refusal::FromPrivateAddress => "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
            Refusal::FromSharedAddress => "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS",
            Refusal::NotAPublicAddress => "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
            Refusal::NoInternetGateway | Refusal::EgressOnly | Refusal::Loop => "NO_PATH",
            Refusal::EgressOnlyIsIpv6 | Refusal::NatProtocol => "PROTOCOL_RESTRICTION",
            Refusal::NatElsewhere => "NGW_REQUIRES_SOURCE_IN_VPC",
            Refusal::PeeringAddresses => "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
            Refusal::EndpointProtocol => "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
            Refusal::EndpointDoesNotCall => "VPCE_INTRA_VPC_TRAFFIC",
            Refusal::PublicAccessBlocked => "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
            Refusal::NotModelled => "UNSUPPORTED_COMPONENT",
        }
    }

    /// What happened, in our words.
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::GroupsHaveNoRules => "the security groups have no rules",
            Refusal::GroupsDoNotAllow => "no rule of the security groups allows the traffic",
            Refusal::AclDenies => "the network ACL denies the traffic",
            Refusal::NoRoute => "the route table has no route to the destination",
            Refusal::RouteIsBlackhole => "the target of the route does not exist or does not work",
            Refusal::NobodyThere => "no network interface has the destination address",
            Refusal::InterfaceIsDown => "the network interface is not attached to a running instance",
            Refusal::SourceDestCheck => "the source/destination check drops packets for other addresses",
            Refusal::DoesNotForward => "the instance does not forward packets for other addresses",
            Refusal::GatewayNotAttached => "the internet gateway is not attached to the VPC",
            Refusal::InternetIsNotPrivate => "internet gateways send nothing to private addresses (RFC 1918)",
            Refusal::InternetIsNotShared => "internet gateways send nothing to shared addresses (RFC 6598)",
            Refusal::NoPublicAddress => "the source has no public address",
            Refusal::FromPrivateAddress => "internet gateways accept nothing from private addresses (RFC 1918)",
            Refusal::FromSharedAddress => "internet gateways accept nothing from shared addresses (RFC 6598)",
            Refusal::NotAPublicAddress => "the destination is not the public address of a network interface",
            Refusal::NoInternetGateway => "no internet gateway is attached to the destination's VPC",
            Refusal::EgressOnly => "egress-only internet gateways pass only what belongs to connections from inside",
            Refusal::EgressOnlyIsIpv6 => "egress-only internet gateways are for IPv6",
            Refusal::NatProtocol => "NAT gateways translate TCP, UDP and ICMP over IPv4",
            Refusal::NatUnasked => "NAT gateways drop what belongs to no connection from inside",
            Refusal::NatIsDown => "the NAT gateway is not available",
            Refusal::NatElsewhere => "NAT gateways serve network interfaces of their own VPC",
            Refusal::PeeringIsDown => "the peering connection is not active",
            Refusal::PeeringAddresses => "the addresses are not those of the peered VPCs",
            Refusal::EndpointIsDown => "the gateway endpoint is not available",
            Refusal::EndpointProtocol => "gateway endpoints accept TCP and ICMP echo requests",
            Refusal::EndpointDoesNotCall => "a VPC endpoint begins no connections",
            Refusal::PublicAccessBlocked => "VPC Block Public Access is on",
            Refusal::NotModelled => "what the route leads to is not modelled",
            Refusal::Loop => "the routes lead round in a circle",
            Refusal::NoResolver => "DNS support is off in the VPC",
        }
    }
}
