//! Random topologies and flows: the engine and the naive evaluator must tell the same.
//!
//! `NETWORK_CASES` sets how many (1,000); `NETWORK_SEED` where they begin.

use std::net::IpAddr;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::*;
use super::lab::{block, decided};
use super::naive::{Naive, Pkt, Told, turned};

/// Little room, so that things meet.
const PORTS: [(u16, u16); 6] = [(22, 22), (80, 80), (443, 443), (0, 1023), (1024, 65535), (0, 65535)];

/// Half of the topologies let most things through, so that ways become long.
struct Dice(ChaCha8Rng, bool);

impl Dice {
    fn chance(&mut self, percent: u32) -> bool {
        self.0.gen_range(0..100) < percent
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all.choose(&mut self.0).expect("something to choose from").clone()
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.gen_range(0..end)
    }

    fn traffic(&mut self) -> Traffic {
        let (first, last) = self.of(&PORTS);
        match self.below(7) {
            0 | 1 => Traffic::ALL,
            2 | 3 => Traffic::tcp(first, last),
            4 => Traffic::udp(first, last),
            5 => {
                let kinds = [None, Some(0), Some(8), Some(128), Some(129)];
                let ports = Ports::Icmp(self.of(&kinds), self.of(&[None, Some(0)]));
                Traffic { protocol: Some(self.of(&[1, 58])), ports }
            }
            _ => Traffic { protocol: Some(self.of(&[6, 17, 50])), ports: Ports::All },
        }
    }

    fn cidr(&mut self) -> Cidr {
        block(self.of(&[
            "0.0.0.0/0",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/16",
            "10.1.0.0/16",
            "10.0.1.0/24",
            "10.0.0.8/29",
            "203.0.113.0/24",
            "198.51.100.0/25",
            "2001:db8:1::/48",
            "2001:db8:f::/48",
        ]))
    }

    fn rule(&mut self, id: String, groups: usize) -> GroupRule {
        let peer = match self.below(6) {
            0 => Peer::Group(format!("sg-{}", self.below(groups + 1))),
            1 => Peer::PrefixList(self.of(&["pl-a", "pl-b", "pl-gone"]).into()),
            _ => Peer::Cidr(self.cidr()),
        };
        GroupRule { id, egress: self.chance(50), traffic: self.traffic(), peer }
    }

    fn group(&mut self, number: usize, groups: usize) -> SecurityGroup {
        let count = self.below(5);
        let mut rules: Vec<_> = (0..count).map(|rule| self.rule(format!("sgr-{number}-{rule}"), groups)).collect();
        let open = if self.1 { 95 } else { 40 };
        for (egress, family) in [(true, "0.0.0.0/0"), (true, "::/0"), (false, "0.0.0.0/0"), (false, "::/0")] {
            if self.chance(open) {
                let id = format!("sgr-{number}-open-{egress}-{family}");
                rules.push(GroupRule { id, egress, traffic: Traffic::ALL, peer: Peer::Cidr(block(family)) });
            }
        }
        SecurityGroup { id: format!("sg-{number}"), vpc: "vpc-0".into(), rules }
    }

    fn acl(&mut self, number: usize) -> NetworkAcl {
        let mut numbers: Vec<u16> = (1..30).collect();
        numbers.shuffle(&mut self.0);
        let count = self.below(6);
        let mut entries: Vec<AclEntry> = numbers[..count]
            .iter()
            .map(|number| AclEntry {
                number: *number,
                egress: self.chance(50),
                allow: self.1 || self.chance(60),
                traffic: self.traffic(),
                cidr: self.cidr(),
            })
            .collect();
        for (egress, family) in [(true, "0.0.0.0/0"), (false, "0.0.0.0/0"), (true, "::/0"), (false, "::/0")] {
            let open = if self.1 { 97 } else { 75 };
            if self.chance(open) {
                let number = if family == "::/0" { 101 } else { 100 };
                entries.push(AclEntry { number, egress, allow: true, traffic: Traffic::ALL, cidr: block(family) });
            }
        }
        entries.shuffle(&mut self.0);
        NetworkAcl { id: format!("acl-{number}"), vpc: "vpc-0".into(), entries }
    }

    fn table(&mut self, number: usize, vpc: &Vpc, parts: &Topology) -> RouteTable {
        let local = |cidr: &Cidr| Route {
            destination: RouteDestination::Cidr(*cidr),
            target: Target::Local,
            propagated: false,
        };
        let mut routes: Vec<Route> = vpc.cidrs.iter().map(local).collect();
        for _ in 0..self.below(6) {
            let destination = match self.chance(20) {
                true => RouteDestination::PrefixList(self.of(&["pl-a", "pl-b"]).into()),
                false => RouteDestination::Cidr(self.cidr()),
            };
            routes.push(Route { destination, target: self.target(parts), propagated: self.chance(10) });
        }
        if self.1 && vpc.id == "vpc-0" && self.chance(60) {
            let other = self.target(parts);
            let to = self.of(&[Target::NatGateway("nat-0".into()), Target::Peering("pcx-0".into()), other]);
            let destination = RouteDestination::Cidr(block(self.of(&["10.1.0.0/16", "10.0.2.0/24", "0.0.0.0/0"])));
            routes.push(Route { destination, target: to, propagated: false });
        }
        routes.shuffle(&mut self.0);
        RouteTable { id: format!("rtb-{number}"), vpc: vpc.id.clone(), routes }
    }

    fn target(&mut self, parts: &Topology) -> Target {
        let interface = self.of(&parts.interfaces).id;
        match self.below(14) {
            0..=3 => Target::InternetGateway(self.of(&["igw-0", "igw-1", "igw-0"]).into()),
            4 => Target::EgressOnlyGateway("eigw-0".into()),
            5 | 6 => Target::NatGateway(self.of(&["nat-0", "nat-0", "nat-gone"]).into()),
            7 | 8 => Target::Peering("pcx-0".into()),
            9 => Target::GatewayEndpoint("vpce-0".into()),
            10 | 11 => Target::Interface(interface),
            12 => self.of(&[Target::Blackhole, Target::Other("tgw-0".into())]),
            _ => Target::Local,
        }
    }

    fn interface(&mut self, number: usize, subnet: &Subnet, groups: usize) -> Interface {
        let IpAddr::V4(first) = subnet.cidrs[0].nth(4 + number as u32).expect("room") else { panic!("IPv4 first") };
        let IpAddr::V6(sixth) = subnet.cidrs[1].nth(4 + number as u32).expect("room") else { panic!("then IPv6") };
        let public = |last: usize| std::net::Ipv4Addr::new(198, 51, 100, last as u8);
        let mut addresses = vec![Address { private: first, public: self.chance(50).then(|| public(number)) }];
        if self.chance(30) {
            let private = std::net::Ipv4Addr::from(u32::from(first) + 100);
            addresses.push(Address { private, public: self.chance(50).then(|| public(number + 100)) });
        }
        let mut of: Vec<String> = (0..groups).map(|group| format!("sg-{group}")).collect();
        of.shuffle(&mut self.0);
        of.truncate(1 + self.below(2));
        Interface {
            id: format!("eni-{number}"),
            subnet: subnet.id.clone(),
            owner: "123456789012".into(),
            kind: InterfaceKind::Instance,
            attachment: Some(Attachment { instance: format!("i-{number}"), device_index: 0, running: self.chance(95) }),
            addresses,
            ipv6: if self.chance(60) { vec![sixth] } else { Vec::new() },
            groups: of,
            source_dest_check: self.chance(if self.1 { 20 } else { 60 }),
            forwarding: self.of(&[
                Forwarding::Nothing,
                Forwarding::Routes,
                Forwarding::Routes,
                Forwarding::Masquerades,
            ]),
            tracking: Tracking::default(),
        }
    }

    fn topology(&mut self) -> Topology {
        let mut parts = Topology::default();
        let groups = 1 + self.below(4);
        for number in 0..2 {
            parts.vpcs.push(Vpc {
                id: format!("vpc-{number}"),
                owner: "123456789012".into(),
                region: if number == 1 && self.chance(20) { "eu-west-1" } else { "us-east-1" }.into(),
                cidrs: vec![block(&format!("10.{number}.0.0/16")), block(&format!("2001:db8:{}::/56", number + 1))],
                dns_support: true,
            });
            let vpc = self.chance(90).then(|| format!("vpc-{number}"));
            parts.internet_gateways.push(InternetGateway { id: format!("igw-{number}"), vpc });
        }
        for number in 0..4 {
            let (vpc, place) = (number / 3, number % 3);
            parts.subnets.push(Subnet {
                id: format!("subnet-{number}"),
                vpc: format!("vpc-{vpc}"),
                cidrs: vec![
                    block(&format!("10.{vpc}.{place}.0/24")),
                    block(&format!("2001:db8:{}:{place}::/64", vpc + 1)),
                ],
                az_id: None,
                sublocation: None,
                network_acl: format!("acl-{}", self.below(3)),
                route_table: format!("rtb-{number}"),
                block_public_access: BlockPublicAccess::Off,
            });
        }
        for number in 0..2 + self.below(6) {
            let subnet = self.of(&parts.subnets);
            let interface = self.interface(number, &subnet, groups);
            parts.interfaces.push(interface);
        }
        self.nat(&mut parts);
        parts.security_groups = (0..groups).map(|number| self.group(number, groups)).collect();
        parts.network_acls = (0..3).map(|number| self.acl(number)).collect();
        parts.prefix_lists = vec![
            PrefixList { id: "pl-a".into(), cidrs: vec![block("203.0.113.0/25"), block("10.0.1.0/24")] },
            PrefixList { id: "pl-b".into(), cidrs: vec![self.cidr(), self.cidr()] },
        ];
        parts.egress_only_gateways.push(EgressOnlyGateway { id: "eigw-0".into(), vpc: "vpc-0".into() });
        let (requester, accepter) = ("vpc-0".into(), "vpc-1".into());
        parts.peerings.push(Peering { id: "pcx-0".into(), requester, accepter, active: self.chance(90) });
        let (vpc, prefix_list) = ("vpc-0".into(), "pl-a".into());
        let dynamodb = self.chance(50);
        parts.gateway_endpoints.push(GatewayEndpoint {
            id: "vpce-0".into(),
            vpc,
            prefix_list,
            dynamodb,
            available: true,
        });
        for number in 0..4 {
            let vpc = parts.vpcs[number / 3].clone();
            let table = self.table(number, &vpc, &parts);
            parts.route_tables.push(table);
        }
        parts
    }

    fn nat(&mut self, parts: &mut Topology) {
        let subnet = self.of(&parts.subnets);
        let number = parts.interfaces.len();
        let mut interface = self.interface(number, &subnet, 1);
        interface.kind = InterfaceKind::NatGateway;
        interface.attachment = None;
        interface.groups.clear();
        interface.ipv6.clear();
        interface.source_dest_check = false;
        let place = NatPlace::Zonal { interface: interface.id.clone() };
        parts.interfaces.push(interface);
        parts.nat_gateways.push(NatGateway { id: "nat-0".into(), available: self.chance(95), place });
    }

    /// The sender's interface, if it has one, and the packet.
    fn packet(&mut self, parts: &Topology) -> (Option<String>, Pkt) {
        let v6 = self.chance(25);
        let senders: Vec<&Interface> = parts
            .interfaces
            .iter()
            .filter(|part| part.kind == InterfaceKind::Instance && (!v6 || !part.ipv6.is_empty()))
            .collect();
        let sender = if self.chance(70) && !senders.is_empty() { Some(self.of(&senders)) } else { None };
        let own = |part: &Interface, public: bool| -> Vec<IpAddr> {
            let v4 = part.addresses.iter();
            let v4 = v4.filter_map(|address| if public { address.public } else { Some(address.private) });
            match v6 {
                true => part.ipv6.iter().copied().map(IpAddr::V6).collect(),
                false => v4.map(IpAddr::V4).collect(),
            }
        };
        let outside: IpAddr = if v6 { "2001:db8:f::9" } else { self.of(&["203.0.113.9", "203.0.113.200", "8.8.8.8"]) }
            .parse()
            .expect("an address");
        let from = match sender {
            Some(sender) => self.of(&own(sender, false)),
            None => outside,
        };
        let publics: Vec<IpAddr> = parts.interfaces.iter().flat_map(|part| own(part, true)).collect();
        let privates: Vec<IpAddr> = parts.interfaces.iter().flat_map(|part| own(part, false)).collect();
        let strays = ["10.0.0.2", "10.0.1.77", "10.1.0.77", "192.168.0.9", "169.254.169.254", "203.0.113.9"];
        let stray = if v6 { "2001:db8:1:1::77" } else { self.of(&strays) };
        let to = match (sender.is_some(), self.below(10)) {
            (true, 0..=2) => outside,
            (true, 3) | (false, 0) => stray.parse().expect("an address"),
            (true, 4..=7) => privates.choose(&mut self.0).copied().unwrap_or(outside),
            _ => publics.choose(&mut self.0).copied().unwrap_or(outside),
        };
        let protocol = self.of(&[6, 6, 6, 17, if v6 { 58 } else { 1 }, 50]);
        let kind = match protocol {
            1 => self.of(&[8, 8, 0]),
            58 => self.of(&[128, 128, 129]),
            _ => 0,
        };
        let ported = matches!(protocol, 6 | 17);
        let from_port = if ported { self.0.gen_range(1024..=65535) } else { 0 };
        let to_port = if ported { self.of(&[22, 80, 443, 8080]) } else { 0 };
        (sender.map(|sender| sender.id.clone()), Pkt { from, to, protocol, from_port, to_port, kind })
    }
}

fn told(network: &Network, leg: &Leg) -> Told {
    let rules = network.explain(leg).into_iter().filter_map(|step| match (step.kind, step.rule) {
        ("network-acl" | "route-table", Some(rule)) => Some(format!("{} {rule}", step.component)),
        (_, Some(rule)) => Some(rule),
        _ if step.decision == "it belongs to a tracked connection" => Some("tracked".into()),
        _ if step.decision == "it returns to the NAT gateway that it came from" => Some("return".into()),
        _ => None,
    });
    let seen = leg.observations.iter().map(|seen| {
        let Vantage::Interface(place) = seen.seen_at else { panic!("no regional NAT gateways here") };
        let direction = if seen.direction == Direction::Egress { "egress" } else { "ingress" };
        let action = if seen.action == Action::Accept { "ACCEPT" } else { "REJECT" };
        format!("{} {direction} {action}", network.topology().interfaces[place as usize].id)
    });
    let verdict = match leg.outcome {
        Outcome::Arrived(End::Interface(place)) => format!("at {}", network.topology().interfaces[place as usize].id),
        Outcome::Arrived(End::Internet) => "internet".into(),
        Outcome::Arrived(End::Endpoint(place)) => {
            format!("service {}", network.topology().gateway_endpoints[place as usize].id)
        }
        Outcome::Arrived(End::AwsService(_)) => "aws".into(),
        Outcome::Refused(refusal) => refusal.code().into(),
    };
    Told { rules: rules.collect(), seen: seen.collect(), verdict }
}

/// One topology, several flows. Answers how many of them were walked.
fn compare(seed: u64, verdicts: &mut std::collections::BTreeMap<String, usize>) -> usize {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed), seed.is_multiple_of(2));
    let parts = dice.topology();
    let network = Network::new(parts.clone()).expect("a topology without contradictions");
    let mut walked = 0;
    for _ in 0..5 {
        let (sender, packet) = dice.packet(&parts);
        let flow = Flow {
            source_port: packet.from_port,
            destination_port: packet.to_port,
            icmp: (packet.kind, 0),
            ..Flow::between(packet.from.into(), packet.to.into(), packet.protocol)
        };
        let Ok(walk) = network.walk(&flow, &mut Connections::default()) else { continue };
        walked += 1;
        let (forward, answer) = Naive::new(&parts).both(sender.as_deref(), packet.clone());
        let ours = (told(&network, &walk.forward), walk.answer.as_ref().map(|leg| told(&network, leg)));
        let (theirs, ways) =
            ((forward, answer), format!("{} / {:?}", decided(&network, &walk.forward), turned(&packet)));
        // How long a circle is walked is the engine's affair.
        if ours.0.verdict == "NO_PATH" && theirs.0.verdict == "NO_PATH" {
            continue;
        }
        if let (Some(ours), Some(theirs)) = (&ours.1, &theirs.1)
            && ours.verdict == "NO_PATH"
            && theirs.verdict == "NO_PATH"
        {
            continue;
        }
        assert_eq!(ours, theirs, "seed {seed}: {sender:?} {packet:?}\n{ways}\n{parts:#?}");
        *verdicts.entry(ours.0.verdict.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
        if let Some(answer) = ours.1 {
            *verdicts.entry(format!("answer {}", answer.verdict.split(' ').next().unwrap_or_default())).or_default() +=
                1;
        }
    }
    walked
}

#[test]
fn the_engine_tells_what_the_naive_evaluator_tells() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (cases, first) = (number("NETWORK_CASES").unwrap_or(1_000), number("NETWORK_SEED").unwrap_or(0));
    let mut verdicts = std::collections::BTreeMap::new();
    let walked: usize = (first..first + cases).map(|seed| compare(seed, &mut verdicts)).sum();
    println!("{walked} flows in {cases} topologies: {verdicts:#?}");
    // The dice must not be loaded: most ways to end occur.
    for verdict in
        ["at", "internet", "ENI_SG_RULES_MISMATCH", "SUBNET_ACL_RESTRICTION", "NO_ROUTE_TO_DESTINATION", "answer at"]
    {
        assert!(verdicts.contains_key(verdict), "{verdict} never occurs");
    }
}
