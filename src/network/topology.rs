//! What a network is made of, as plain data. Ids are those of AWS (`vpc-…`, `subnet-…`, `eni-…`); parts name each other
//! by them. Lists keep the order in which AWS lists things: where AWS leaves open which of several rules decided, the
//! first one of the list is named.
//!
//! A topology may hold several VPCs, of several accounts and Regions, so that both ends of peerings can be walked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cidr::Cidr;

/// All there is. Made from the EC2 store; [`super::Network::new`] compiles it.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub interfaces: Vec<Interface>,
    pub security_groups: Vec<SecurityGroup>,
    pub network_acls: Vec<NetworkAcl>,
    pub route_tables: Vec<RouteTable>,
    /// Customer-managed ones, and AWS's, which gateway endpoints and rules name.
    pub prefix_lists: Vec<PrefixList>,
    pub internet_gateways: Vec<InternetGateway>,
    pub egress_only_gateways: Vec<EgressOnlyGateway>,
    pub nat_gateways: Vec<NatGateway>,
    pub peerings: Vec<Peering>,
    pub gateway_endpoints: Vec<GatewayEndpoint>,
    /// Addresses of AWS's services, for `pkt-src-aws-service` and `pkt-dst-aws-service`. The smallest block that holds
    /// an address names it.
    pub service_ranges: Vec<ServiceRange>,
}

#[derive(Clone, Debug)]
pub struct Vpc {
    pub id: String,
    pub owner: String,
    pub region: String,
    /// The primary IPv4 block first: the Amazon resolver answers at its third address.
    pub cidrs: Vec<Cidr>,
    /// `enableDnsSupport`: whether the Amazon resolver answers.
    pub dns_support: bool,
}

#[derive(Clone, Debug)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub cidrs: Vec<Cidr>,
    /// `use1-az1`. `None` in a Local Zone, a Wavelength Zone or on an Outpost.
    pub az_id: Option<String>,
    pub sublocation: Option<Sublocation>,
    /// The associated one, which each subnet has.
    pub network_acl: String,
    /// The associated one, or else the VPC's main one.
    pub route_table: String,
    /// What VPC Block Public Access leaves of the internet here, exclusions counted in.
    pub block_public_access: BlockPublicAccess,
}

/// Where a subnet is, when it is in no Availability Zone.
#[derive(Clone, Debug)]
pub struct Sublocation {
    /// `wavelength`, `outpost` or `localzone`.
    pub kind: String,
    pub id: String,
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-basics.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockPublicAccess {
    #[default]
    Off,
    /// Only what NAT gateways and egress-only internet gateways let out.
    Ingress,
    Bidirectional,
}

#[derive(Clone, Debug)]
pub struct Interface {
    pub id: String,
    pub subnet: String,
    /// The account of the interface. `unknown` for those of some AWS services.
    pub owner: String,
    pub kind: InterfaceKind,
    pub attachment: Option<Attachment>,
    /// Private IPv4 addresses with their public ones. The first is the primary one.
    pub addresses: Vec<Address>,
    pub ipv6: Vec<Ipv6Addr>,
    /// Ids of security groups, in the interface's order. NAT gateways have none, and then nothing is filtered.
    pub groups: Vec<String>,
    pub source_dest_check: bool,
    /// What the machine behind it does with packets that are for others.
    pub forwarding: Forwarding,
    pub tracking: Tracking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceKind {
    /// Of an instance, or one that may be attached to one.
    Instance,
    NatGateway,
    /// Of an interface endpoint (AWS PrivateLink).
    VpcEndpoint,
    NetworkLoadBalancer,
    /// Of another AWS service; traffic ends there.
    Service,
}

/// What an interface is attached to. Interfaces of AWS's services need none.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub instance: String,
    pub device_index: u16,
    /// Whether the instance is in the state `running`.
    pub running: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub private: Ipv4Addr,
    /// A public or Elastic IP address that the internet gateway translates.
    pub public: Option<Ipv4Addr>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarding {
    /// An ordinary host: it drops them.
    #[default]
    Nothing,
    /// A router or firewall: they go on as they are.
    Routes,
    /// A NAT instance: they go on under its own address.
    Masquerades,
}

/// How long idle connections stay tracked, in seconds
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracking {
    pub tcp_established_s: u32,
    pub udp_s: u32,
    pub udp_stream_s: u32,
}

impl Default for Tracking {
    fn default() -> Tracking {
        Tracking { tcp_established_s: 432_000, udp_s: 30, udp_stream_s: 180 }
    }
}

#[derive(Clone, Debug)]
pub struct SecurityGroup {
    pub id: String,
    pub vpc: String,
    /// Both directions.
    pub rules: Vec<GroupRule>,
}

#[derive(Clone, Debug)]
pub struct GroupRule {
    /// `sgr-…`.
    pub id: String,
    pub egress: bool,
    pub traffic: Traffic,
    pub peer: Peer,
}

/// Source of an inbound rule, destination of an outbound one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    Cidr(Cidr),
    PrefixList(String),
    /// The private addresses of the interfaces of a group, in the same VPC or a peered one in the same Region.
    Group(String),
}

/// Which packets a rule speaks of, addresses aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// An IANA number; `None` is `-1`, all protocols.
    pub protocol: Option<u8>,
    /// Looked at only if the protocol is TCP, UDP or one of the ICMPs.
    pub ports: Ports,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    All,
    /// Destination ports, both ends included.
    Range(u16, u16),
    /// ICMP type and code; `None` is `-1`, any.
    Icmp(Option<u8>, Option<u8>),
}

impl Traffic {
    /// `-1`: all protocols, all ports.
    pub const ALL: Traffic = Traffic { protocol: None, ports: Ports::All };

    pub fn tcp(first: u16, last: u16) -> Traffic {
        Traffic { protocol: Some(6), ports: Ports::Range(first, last) }
    }

    pub fn udp(first: u16, last: u16) -> Traffic {
        Traffic { protocol: Some(17), ports: Ports::Range(first, last) }
    }
}

#[derive(Clone, Debug)]
pub struct NetworkAcl {
    pub id: String,
    pub vpc: String,
    /// In any order. The last entry, `*`, need not be among them: what no entry matches is denied.
    pub entries: Vec<AclEntry>,
}

#[derive(Clone, Debug)]
pub struct AclEntry {
    /// 1 to 32766; AWS shows the last one as 32767.
    pub number: u16,
    pub egress: bool,
    pub allow: bool,
    pub traffic: Traffic,
    /// Source of an inbound entry, destination of an outbound one.
    pub cidr: Cidr,
}

/// The number of the entry `*`, which denies what no other entry matches.
pub const LAST_ACL_ENTRY: u16 = 32767;

#[derive(Clone, Debug)]
pub struct RouteTable {
    pub id: String,
    pub vpc: String,
    pub routes: Vec<Route>,
}

#[derive(Clone, Debug)]
pub struct Route {
    pub destination: RouteDestination,
    pub target: Target,
    /// Learnt from a virtual private gateway: anything else with the same destination goes first.
    pub propagated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteDestination {
    Cidr(Cidr),
    PrefixList(String),
}

/// Where a route leads. A target that the topology does not hold is a blackhole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Local,
    InternetGateway(String),
    EgressOnlyGateway(String),
    NatGateway(String),
    Peering(String),
    GatewayEndpoint(String),
    /// An interface, or the interface of an instance.
    Interface(String),
    /// Its target is gone.
    Blackhole,
    /// Something that is not modelled (a transit gateway, a virtual private gateway): its id. Walks end there and say so.
    Other(String),
}

#[derive(Clone, Debug)]
pub struct PrefixList {
    pub id: String,
    pub cidrs: Vec<Cidr>,
}

#[derive(Clone, Debug)]
pub struct InternetGateway {
    pub id: String,
    /// The VPC to which it is attached.
    pub vpc: Option<String>,
}

#[derive(Clone, Debug)]
pub struct EgressOnlyGateway {
    pub id: String,
    pub vpc: String,
}

#[derive(Clone, Debug)]
pub struct NatGateway {
    pub id: String,
    /// In the state `available`.
    pub available: bool,
    pub place: NatPlace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NatPlace {
    /// In a subnet, by its interface. Public ones have a public address there, private ones have none.
    Zonal { interface: String },
    /// In a VPC as a whole: it has no interface, and leaves by the VPC's internet gateway
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html>).
    Regional { vpc: String, address: Ipv4Addr },
}

#[derive(Clone, Debug)]
pub struct Peering {
    pub id: String,
    pub requester: String,
    pub accepter: String,
    /// In the state `active`.
    pub active: bool,
}

#[derive(Clone, Debug)]
pub struct GatewayEndpoint {
    pub id: String,
    pub vpc: String,
    /// The service's addresses.
    pub prefix_list: String,
    /// Connections to DynamoDB are always tracked.
    pub dynamodb: bool,
    pub available: bool,
}

#[derive(Clone, Debug)]
pub struct ServiceRange {
    pub cidr: Cidr,
    /// `S3`, `DYNAMODB`, `EC2`, `AMAZON`, …: a name of the published address ranges.
    pub service: String,
}

impl Interface {
    /// The private IPv4 address that flow logs show, or the first IPv6 address of an interface that has none.
    pub fn primary(&self) -> Option<IpAddr> {
        let v4 = self.addresses.first().map(|address| IpAddr::V4(address.private));
        v4.or_else(|| self.ipv6.first().copied().map(IpAddr::V6))
    }

    /// Whether packets can come and go: attached to a running instance, or made by a service.
    pub fn is_up(&self) -> bool {
        match &self.attachment {
            Some(attachment) => attachment.running,
            None => self.kind != InterfaceKind::Instance,
        }
    }
}

impl std::fmt::Display for RouteDestination {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            RouteDestination::Cidr(cidr) => cidr.fmt(out),
            RouteDestination::PrefixList(id) => id.fmt(out),
        }
    }
}
