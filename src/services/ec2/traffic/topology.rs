//! The networks of all accounts and Regions, as the traffic model takes them.

use crate::network::{
    AclEntry, Address, Attachment, BlockPublicAccess, Cidr, EgressOnlyGateway, Forwarding, GatewayEndpoint, GroupRule,
    Interface, InterfaceKind, InternetGateway, NatGateway, NatPlace, NetworkAcl, Peer, Peering, Ports, PrefixList,
    Route, RouteDestination, RouteTable, SecurityGroup, ServiceRange, Subnet, Target, Topology, Tracking, Vpc,
};
use crate::world::World;

use super::super::cidr::Cidr as Block;
use super::super::routes::Target as StoredTarget;
use super::super::{
    Store, endpoints, group_rules, interfaces, nat_gateways, network_acls, prefix_lists, route_tables, routes,
};

/// Blocks of AWS that are in no prefix list: some of those published
/// (<https://ip-ranges.amazonaws.com/ip-ranges.json>), by the names that flow logs use.
const RANGES: [(&str, &str); 4] =
    [("3.5.0.0/16", "S3"), ("52.94.0.0/22", "AMAZON"), ("13.32.0.0/15", "CLOUDFRONT"), ("18.204.0.0/14", "EC2")];

/// Everything that traffic can meet.
pub fn topology(world: &World) -> Topology {
    let mut all = Topology::default();
    let stores = world.accounts.values().flat_map(|account| account.regions.values()).map(|regional| &regional.ec2);
    for ec2 in stores.filter(|ec2| ec2.is_open()) {
        add(&mut all, ec2);
    }
    // Each side of a peering has it.
    all.peerings.sort_by(|one, other| one.id.cmp(&other.id));
    all.peerings.dedup_by(|one, other| one.id == other.id);
    let published = RANGES.iter().filter_map(|(block, service)| Some((block.parse().ok()?, *service)));
    all.service_ranges.extend(published.map(|(cidr, service)| ServiceRange { cidr, service: service.to_owned() }));
    all
}

fn add(all: &mut Topology, ec2: &Store) {
    all.vpcs.extend(ec2.vpcs.values().map(|vpc| Vpc {
        id: vpc.id.clone(),
        owner: ec2.owner.clone(),
        region: ec2.region.clone(),
        cidrs: vpc.blocks().filter_map(cidr).collect(),
        dns_support: vpc.dns_support,
    }));
    all.subnets.extend(ec2.subnets.values().map(|subnet| Subnet {
        id: subnet.id.clone(),
        vpc: subnet.vpc.clone(),
        cidrs: subnet.blocks().filter_map(cidr).collect(),
        az_id: Some(subnet.zone.id.clone()),
        sublocation: None,
        network_acl:
            network_acls::of_subnet(ec2, &subnet.vpc, &subnet.id).map(|acl| acl.id.clone()).unwrap_or_default(),
        route_table:
            route_tables::of_subnet(ec2, &subnet.vpc, &subnet.id).map(|table| table.id.clone()).unwrap_or_default(),
        block_public_access: BlockPublicAccess::Off,
    }));
    all.interfaces.extend(ec2.interfaces.values().map(|interface| self::interface(ec2, interface)));
    all.security_groups.extend(ec2.security_groups.values().map(|group| SecurityGroup {
        id: group.id.clone(),
        vpc: group.vpc.clone(),
        rules: group.rules.iter().filter_map(group_rule).collect(),
    }));
    all.network_acls.extend(ec2.network_acls.values().map(|acl| NetworkAcl {
        id: acl.id.clone(),
        vpc: acl.vpc.clone(),
        entries: acl.entries.iter().filter_map(acl_entry).collect(),
    }));
    all.route_tables.extend(ec2.route_tables.values().map(|table| RouteTable {
        id: table.id.clone(),
        vpc: table.vpc.clone(),
        routes: table.all_routes(ec2.vpcs.get(&table.vpc)).iter().filter_map(|it| route(ec2, &table.vpc, it)).collect(),
    }));
    all.internet_gateways.extend(
        ec2.internet_gateways
            .values()
            .map(|gateway| InternetGateway { id: gateway.id.clone(), vpc: gateway.vpc.clone() }),
    );
    all.egress_only_gateways.extend(
        ec2.egress_gateways
            .values()
            .map(|gateway| EgressOnlyGateway { id: gateway.id.clone(), vpc: gateway.vpc.clone() }),
    );
    all.nat_gateways.extend(ec2.nat_gateways.values().filter_map(|gateway| {
        let interface = gateway.interface.clone()?;
        let available = gateway.state == nat_gateways::State::Available;
        Some(NatGateway { id: gateway.id.clone(), available, place: NatPlace::Zonal { interface } })
    }));
    all.peerings.extend(ec2.peerings.values().map(|peering| Peering {
        id: peering.id.clone(),
        requester: peering.requester.vpc.clone(),
        accepter: peering.accepter.vpc.clone(),
        active: peering.is_active(),
    }));
    all.gateway_endpoints.extend(ec2.endpoints.values().filter(|endpoint| endpoint.is_gateway).filter_map(
        |endpoint| {
            Some(GatewayEndpoint {
                id: endpoint.id.clone(),
                vpc: endpoint.vpc.clone(),
                prefix_list: prefix_lists::of_service(ec2, endpoint.service.rsplit('.').next()?)?.id.clone(),
                dynamodb: endpoint.service.ends_with(".dynamodb"),
                available: endpoint.state == endpoints::State::Available,
            })
        },
    ));
    add_prefix_lists(all, ec2);
}

/// Lists of AWS are in every account, and some have the same id in several Regions: one list stands for them.
fn add_prefix_lists(all: &mut Topology, ec2: &Store) {
    for list in ec2.prefix_lists.values() {
        let entries = list.versions.last().into_iter().flatten();
        let cidrs: Vec<Cidr> = entries.filter_map(|entry| cidr(&entry.cidr)).collect();
        if let Some(service) = list.aws_service() {
            let range = |cidr: &Cidr| ServiceRange { cidr: *cidr, service: service.to_ascii_uppercase() };
            all.service_ranges.extend(cidrs.iter().map(range));
        }
        match all.prefix_lists.iter_mut().find(|known| known.id == list.id) {
            Some(known) => known.cidrs.extend(cidrs),
            None => all.prefix_lists.push(PrefixList { id: list.id.clone(), cidrs }),
        }
    }
}

fn cidr(block: &Block) -> Option<Cidr> {
    Cidr::around(block.base, block.bits)
}

fn interface(ec2: &Store, stored: &interfaces::Interface) -> Interface {
    let attachment = stored.attachment.as_ref().and_then(|attachment| {
        let instance = attachment.instance.clone()?;
        Some(Attachment {
            running: ec2.is_running(&instance),
            instance,
            device_index: u16::try_from(attachment.device).unwrap_or(0),
        })
    });
    Interface {
        id: stored.id.clone(),
        subnet: stored.subnet.clone(),
        owner: ec2.owner.clone(),
        kind: match stored.kind {
            interfaces::Kind::Interface => InterfaceKind::Instance,
            interfaces::Kind::NatGateway => InterfaceKind::NatGateway,
            interfaces::Kind::VpcEndpoint => InterfaceKind::VpcEndpoint,
        },
        attachment,
        addresses: stored
            .addresses
            .iter()
            .map(|own| Address { private: own.address, public: own.public.as_ref().map(|public| public.address) })
            .collect(),
        ipv6: stored.ipv6.clone(),
        groups: stored.groups.clone(),
        source_dest_check: stored.source_dest_check,
        forwarding: match stored.source_dest_check {
            true => Forwarding::Nothing,
            // Nobody turns the check off but for a machine that forwards; NAT instances translate.
            false => Forwarding::Masquerades,
        },
        tracking: Tracking::default(),
    }
}

/// A protocol's number; `None` for all.
fn protocol(number: i64) -> Option<u8> {
    u8::try_from(number).ok()
}

fn port(number: i64) -> u16 {
    u16::try_from(number.clamp(0, 65_535)).unwrap_or(u16::MAX)
}

fn icmp((kind, code): (i64, i64)) -> Ports {
    Ports::Icmp(u8::try_from(kind).ok(), u8::try_from(code).ok())
}

fn group_rule(rule: &group_rules::Rule) -> Option<GroupRule> {
    let ports = match rule.protocol {
        1 | 58 => icmp((rule.from, rule.to)),
        6 | 17 if rule.from >= 0 => Ports::Range(port(rule.from), port(rule.to)),
        _ => Ports::All,
    };
    Some(GroupRule {
        id: rule.id.clone(),
        egress: rule.egress,
        traffic: crate::network::Traffic { protocol: protocol(rule.protocol), ports },
        peer: match &rule.peer {
            group_rules::Peer::Cidr(block) => Peer::Cidr(cidr(block)?),
            group_rules::Peer::PrefixList(id) => Peer::PrefixList(id.clone()),
            group_rules::Peer::Group { id, .. } => Peer::Group(id.clone()),
        },
    })
}

fn acl_entry(entry: &network_acls::Entry) -> Option<AclEntry> {
    let ports = match (entry.ports, entry.icmp) {
        (Some((first, last)), _) => Ports::Range(port(first), port(last)),
        (_, Some(pair)) => icmp(pair),
        _ => Ports::All,
    };
    Some(AclEntry {
        number: u16::try_from(entry.number).ok()?,
        egress: entry.egress,
        allow: entry.allow,
        traffic: crate::network::Traffic { protocol: protocol(entry.protocol), ports },
        cidr: cidr(&entry.cidr)?,
    })
}

fn route(ec2: &Store, vpc: &str, stored: &routes::Route) -> Option<Route> {
    let target = match &stored.target {
        StoredTarget::Local => Target::Local,
        target if !routes::is_active(ec2, vpc, target) => Target::Blackhole,
        StoredTarget::InternetGateway(id) => Target::InternetGateway(id.clone()),
        StoredTarget::EgressGateway(id) => Target::EgressOnlyGateway(id.clone()),
        StoredTarget::NatGateway(id) => Target::NatGateway(id.clone()),
        StoredTarget::Interface(id) => Target::Interface(id.clone()),
        StoredTarget::Peering(id) => Target::Peering(id.clone()),
        StoredTarget::Endpoint(id) => Target::GatewayEndpoint(id.clone()),
    };
    Some(Route {
        destination: match &stored.destination {
            routes::Destination::Cidr(block) => RouteDestination::Cidr(cidr(block)?),
            routes::Destination::PrefixList(id) => RouteDestination::PrefixList(id.clone()),
        },
        target,
        propagated: false,
    })
}
