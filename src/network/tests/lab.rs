//! Topologies from short texts.

use super::super::*;

/// A topology in the making. Parts are named as they are added; the first VPC owns what names no other.
#[derive(Default)]
pub struct Lab(pub Topology);

impl Lab {
    /// A VPC with an internet gateway, `igw-ID`, and its main table and open ACL: `rtb-ID`, `acl-ID`.
    pub fn vpc(mut self, id: &str, cidrs: &[&str]) -> Lab {
        let cidrs: Vec<Cidr> = cidrs.iter().map(|cidr| block(cidr)).collect();
        self.0.vpcs.push(Vpc {
            id: id.into(),
            owner: "123456789012".into(),
            region: "us-east-1".into(),
            cidrs: cidrs.clone(),
            dns_support: true,
        });
        self.0.internet_gateways.push(InternetGateway { id: format!("igw-{id}"), vpc: Some(id.into()) });
        self.0.route_tables.push(RouteTable { id: format!("rtb-{id}"), vpc: id.into(), routes: locals(&cidrs) });
        self.acl_in(
            id,
            &format!("acl-{id}"),
            &[
                "in 100 allow all 0.0.0.0/0",
                "out 100 allow all 0.0.0.0/0",
                "in 101 allow all ::/0",
                "out 101 allow all ::/0",
            ],
        )
    }

    /// A subnet of a VPC, in its main table and ACL.
    pub fn subnet(mut self, vpc: &str, id: &str, cidrs: &[&str]) -> Lab {
        self.0.subnets.push(Subnet {
            id: id.into(),
            vpc: vpc.into(),
            cidrs: cidrs.iter().map(|cidr| block(cidr)).collect(),
            az_id: Some("use1-az1".into()),
            sublocation: None,
            network_acl: format!("acl-{vpc}"),
            route_table: format!("rtb-{vpc}"),
            block_public_access: BlockPublicAccess::Off,
        });
        self
    }

    /// A table of a subnet with these routes beside the local ones: `0.0.0.0/0 igw-vpc`.
    pub fn table(mut self, subnet: &str, id: &str, routes: &[&str]) -> Lab {
        let place = self.0.subnets.iter().position(|part| part.id == subnet).expect("a subnet");
        self.0.subnets[place].route_table = id.into();
        let vpc = self.0.subnets[place].vpc.clone();
        let cidrs = self.0.vpcs.iter().find(|part| part.id == vpc).expect("a VPC").cidrs.clone();
        let routes = locals(&cidrs).into_iter().chain(routes.iter().map(|text| route(text))).collect();
        self.0.route_tables.push(RouteTable { id: id.into(), vpc, routes });
        self
    }

    /// An ACL of a subnet with these entries: `in 100 allow tcp 22 0.0.0.0/0`.
    pub fn acl(mut self, subnet: &str, id: &str, entries: &[&str]) -> Lab {
        let part = self.0.subnets.iter_mut().find(|part| part.id == subnet).expect("a subnet");
        part.network_acl = id.into();
        let vpc = part.vpc.clone();
        self.acl_in(&vpc, id, entries)
    }

    fn acl_in(mut self, vpc: &str, id: &str, entries: &[&str]) -> Lab {
        let entries = entries.iter().map(|text| entry(text)).collect();
        self.0.network_acls.push(NetworkAcl { id: id.into(), vpc: vpc.into(), entries });
        self
    }

    /// A group with these rules: `in tcp 22 0.0.0.0/0`, `out all sg-other`. Their ids are `sgr-ID-0` and so on.
    pub fn group(mut self, id: &str, rules: &[&str]) -> Lab {
        let rules = rules.iter().enumerate().map(|(number, text)| rule(&format!("sgr-{id}-{number}"), text)).collect();
        let vpc = self.0.vpcs[0].id.clone();
        self.0.security_groups.push(SecurityGroup { id: id.into(), vpc, rules });
        self
    }

    /// An interface of a running instance: `10.0.0.5`, `10.0.0.5=203.0.113.5` with a public address, or IPv6.
    pub fn interface(mut self, subnet: &str, id: &str, addresses: &[&str], groups: &[&str]) -> Lab {
        let v4 = addresses.iter().filter(|text| !text.contains(':'));
        self.0.interfaces.push(Interface {
            id: id.into(),
            subnet: subnet.into(),
            owner: "123456789012".into(),
            kind: InterfaceKind::Instance,
            attachment: Some(Attachment { instance: id.replace("eni", "i"), device_index: 0, running: true }),
            addresses: v4.map(|text| address(text)).collect(),
            ipv6: addresses.iter().filter_map(|text| text.parse().ok()).collect(),
            groups: groups.iter().map(|group| (*group).into()).collect(),
            source_dest_check: true,
            forwarding: Forwarding::Nothing,
            tracking: Tracking::default(),
        });
        self
    }

    /// A NAT gateway in a subnet, with its interface `eni-ID`.
    pub fn nat(mut self, subnet: &str, id: &str, own: &str) -> Lab {
        let interface = format!("eni-{id}");
        self = self.interface(subnet, &interface, &[own], &[]);
        self.change(&interface, |part| {
            part.kind = InterfaceKind::NatGateway;
            part.attachment = None;
            part.source_dest_check = false;
        });
        self.0.nat_gateways.push(NatGateway { id: id.into(), available: true, place: NatPlace::Zonal { interface } });
        self
    }

    pub fn peering(mut self, id: &str, requester: &str, accepter: &str) -> Lab {
        let (requester, accepter) = (requester.into(), accepter.into());
        self.0.peerings.push(Peering { id: id.into(), requester, accepter, active: true });
        self
    }

    pub fn prefix_list(mut self, id: &str, cidrs: &[&str]) -> Lab {
        self.0.prefix_lists.push(PrefixList { id: id.into(), cidrs: cidrs.iter().map(|cidr| block(cidr)).collect() });
        self
    }

    pub fn endpoint(mut self, vpc: &str, id: &str, prefix_list: &str) -> Lab {
        let (vpc, prefix_list) = (vpc.into(), prefix_list.into());
        let endpoint = GatewayEndpoint { id: id.into(), vpc, prefix_list, dynamodb: false, available: true };
        self.0.gateway_endpoints.push(endpoint);
        self
    }

    pub fn change(&mut self, interface: &str, change: impl FnOnce(&mut Interface)) {
        change(self.0.interfaces.iter_mut().find(|part| part.id == interface).expect("an interface"));
    }

    pub fn with(mut self, change: impl FnOnce(&mut Topology)) -> Lab {
        change(&mut self.0);
        self
    }

    pub fn network(self) -> Network {
        Network::new(self.0).expect("a topology without contradictions")
    }
}

pub fn block(text: &str) -> Cidr {
    text.parse().expect("a block")
}

fn locals(cidrs: &[Cidr]) -> Vec<Route> {
    let local =
        |cidr: &Cidr| Route { destination: RouteDestination::Cidr(*cidr), target: Target::Local, propagated: false };
    cidrs.iter().map(local).collect()
}

fn route(text: &str) -> Route {
    let (destination, target) = text.split_once(' ').expect("a destination and a target");
    let destination = match destination.starts_with("pl-") {
        true => RouteDestination::PrefixList(destination.into()),
        false => RouteDestination::Cidr(block(destination)),
    };
    let (target, propagated) = match target.strip_suffix(" propagated") {
        Some(target) => (target, true),
        None => (target, false),
    };
    Route { destination, target: self::target(target), propagated }
}

fn target(id: &str) -> Target {
    match id.split('-').next() {
        Some("igw") => Target::InternetGateway(id.into()),
        Some("eigw") => Target::EgressOnlyGateway(id.into()),
        Some("nat") => Target::NatGateway(id.into()),
        Some("pcx") => Target::Peering(id.into()),
        Some("vpce") => Target::GatewayEndpoint(id.into()),
        Some("eni") => Target::Interface(id.into()),
        Some("blackhole") => Target::Blackhole,
        _ => Target::Other(id.into()),
    }
}

fn entry(text: &str) -> AclEntry {
    let words: Vec<&str> = text.split(' ').collect();
    AclEntry {
        number: words[1].parse().expect("a number"),
        egress: words[0] == "out",
        allow: words[2] == "allow",
        traffic: traffic(&words[3..words.len() - 1]),
        cidr: block(words[words.len() - 1]),
    }
}

fn rule(id: &str, text: &str) -> GroupRule {
    let words: Vec<&str> = text.split(' ').collect();
    let peer = words[words.len() - 1];
    let peer = match peer.split('-').next() {
        Some("sg") => Peer::Group(peer.into()),
        Some("pl") => Peer::PrefixList(peer.into()),
        _ => Peer::Cidr(block(peer)),
    };
    GroupRule { id: id.into(), egress: words[0] == "out", traffic: traffic(&words[1..words.len() - 1]), peer }
}

/// `all`, `tcp 22`, `udp 1024-65535`, `icmp`, `icmp 8`.
fn traffic(words: &[&str]) -> Traffic {
    let number = |text: &str| text.parse().expect("a number");
    let range = words.get(1).map(|text| text.split_once('-').unwrap_or((text, text)));
    let ports = range.map_or(Ports::All, |(first, last)| Ports::Range(number(first), number(last)));
    match words[0] {
        "all" => Traffic::ALL,
        "tcp" => Traffic { protocol: Some(TCP), ports },
        "udp" => Traffic { protocol: Some(UDP), ports },
        "icmp" => {
            let kind = words.get(1).map(|text| text.parse().expect("a type"));
            Traffic { protocol: Some(ICMP), ports: Ports::Icmp(kind, None) }
        }
        protocol => Traffic { protocol: Some(protocol.parse().expect("a protocol")), ports: Ports::All },
    }
}

fn address(text: &str) -> Address {
    let (private, public) = text.split_once('=').map_or((text, None), |(private, public)| (private, Some(public)));
    let parse = |text: &str| text.parse().expect("an address");
    Address { private: parse(private), public: public.map(parse) }
}

/// What interfaces saw: `eni-1 ingress ACCEPT 203.0.113.5 10.0.0.5`, with the packet's own addresses where they differ.
pub fn seen(network: &Network, walk: &Walk) -> Vec<String> {
    walk.observations().map(|seen| seen_line(network, seen)).collect()
}

fn seen_line(network: &Network, seen: &Observation) -> String {
    let place = match seen.seen_at {
        Vantage::Interface(place) => &network.topology().interfaces[place as usize].id,
        Vantage::RegionalNat(place) => &network.topology().nat_gateways[place as usize].id,
    };
    let direction = if seen.direction == Direction::Ingress { "ingress" } else { "egress" };
    let action = match seen.action {
        Action::Accept => "ACCEPT",
        Action::Reject => "REJECT",
        Action::RejectBpa => "REJECT BPA",
    };
    let mut line = format!("{place} {direction} {action} {} {}", seen.source, seen.destination);
    if (seen.source, seen.destination) != (seen.packet.source, seen.packet.destination) {
        line.push_str(&format!(" pkt {} {}", seen.packet.source, seen.packet.destination));
    }
    line
}

/// What decided: rules, ACL entries, routes; the code of a refusal at the end.
pub fn decided(network: &Network, leg: &Leg) -> String {
    let words = network.explain(leg).into_iter().flat_map(|step| {
        let code = step.refusal.map(|refusal| refusal.code().to_owned());
        let tracked = (step.decision == "it belongs to a tracked connection").then(|| "tracked".to_owned());
        step.rule.into_iter().chain(tracked).chain(code)
    });
    words.collect::<Vec<_>>().join(" ")
}
