//! The rules of the security groups that an interface has, as one set
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>).

use std::net::IpAddr;
use std::sync::Arc;

use super::super::cidr::Cidr;
use super::super::flow::{Packet, TCP, UDP};
use super::super::topology::{GroupRule, Peer, Ports, SecurityGroup, Traffic};
use super::Names;
use super::ranges::Longest;
use super::rules::ByTraffic;

/// All rules that an interface's groups have, in each direction.
#[derive(Debug)]
pub struct GroupSet {
    pub ingress: GroupRules,
    pub egress: GroupRules,
}

/// The rules of one direction, in the order of the groups and of the rules in them.
#[derive(Debug)]
pub struct GroupRules {
    by_traffic: ByTraffic,
    rules: Vec<Compiled>,
    /// For TCP and UDP over IPv4, then over IPv6: whether a rule lets everything through.
    open: [bool; 4],
}

#[derive(Debug)]
struct Compiled {
    peers: Peers,
    /// The group, and the rule's place in it.
    place: (u32, u32),
}

#[derive(Debug)]
enum Peers {
    Cidr(Cidr),
    List(Arc<Longest>),
    /// Members of a group.
    Group(u32),
    /// A reference to what is no longer there.
    Nobody,
}

/// What the rules say to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The first rule that allows it: its group, and its place in the group.
    pub rule: (u32, u32),
    /// Whether some rule allows it from or to anywhere.
    pub anywhere: bool,
}

impl GroupSet {
    pub fn new(groups: &[u32], all: &[SecurityGroup], names: &Names) -> GroupSet {
        GroupSet {
            ingress: GroupRules::new(groups, all, names, false),
            egress: GroupRules::new(groups, all, names, true),
        }
    }
}

impl GroupRules {
    fn new(groups: &[u32], all: &[SecurityGroup], names: &Names, egress: bool) -> GroupRules {
        let mut traffic = Vec::new();
        let mut rules = Vec::new();
        for group in groups {
            let listed = all.get(*group as usize).map_or(&[][..], |group| &group.rules);
            for (number, rule) in (0..).zip(listed).filter(|(_, rule)| rule.egress == egress) {
                traffic.push(rule.traffic);
                rules.push(Compiled { peers: peers(rule, names), place: (*group, number) });
            }
        }
        let open = [(TCP, Cidr::ANY_V4), (UDP, Cidr::ANY_V4), (TCP, Cidr::ANY_V6), (UDP, Cidr::ANY_V6)];
        let open = open.map(|(protocol, any)| {
            traffic.iter().zip(&rules).any(|(traffic, rule)| rule.holds_all(any) && is_all_ports(traffic, protocol))
        });
        GroupRules { by_traffic: ByTraffic::new(&traffic), rules, open }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether everything of the packet's protocol and family passes, so that answers need no tracking.
    pub fn is_open(&self, packet: &Packet) -> bool {
        let family = if packet.source.is_ipv4() { 0 } else { 2 };
        match packet.protocol {
            TCP => self.open[family],
            UDP => self.open[family + 1],
            _ => false,
        }
    }

    /// What the rules say to a packet whose other end has `peer` as address and, inside, `peer_groups` as groups.
    pub fn allow(&self, packet: &Packet, peer: IpAddr, peer_groups: impl FnOnce() -> Groups) -> Option<Allowed> {
        let mut asked = Some(peer_groups);
        let mut groups = Groups::default();
        let mut allowed: Option<Allowed> = None;
        for number in self.by_traffic.candidates(packet) {
            let Some(rule) = self.rules.get(*number as usize) else { continue };
            let holds = match &rule.peers {
                Peers::Cidr(cidr) => cidr.contains(peer),
                Peers::List(list) => list.at(peer).is_some(),
                Peers::Group(group) => {
                    if let Some(ask) = asked.take() {
                        groups = ask();
                    }
                    groups.as_ref().is_some_and(|groups| groups.contains(group))
                }
                Peers::Nobody => false,
            };
            if !holds {
                continue;
            }
            let anywhere = matches!(&rule.peers, Peers::Cidr(cidr) if cidr.is_any());
            match &mut allowed {
                None => allowed = Some(Allowed { rule: rule.place, anywhere }),
                Some(allowed) => allowed.anywhere |= anywhere,
            }
        }
        allowed
    }
}

/// The groups of an interface, if the address belongs to one.
pub type Groups = Option<Arc<[u32]>>;

impl Compiled {
    fn holds_all(&self, any: Cidr) -> bool {
        matches!(&self.peers, Peers::Cidr(cidr) if *cidr == any)
    }
}

fn is_all_ports(traffic: &Traffic, protocol: u8) -> bool {
    match traffic.protocol {
        None => true,
        Some(other) => other == protocol && matches!(traffic.ports, Ports::All | Ports::Range(0, u16::MAX)),
    }
}

fn peers(rule: &GroupRule, names: &Names) -> Peers {
    match &rule.peer {
        Peer::Cidr(cidr) => Peers::Cidr(*cidr),
        Peer::PrefixList(id) => names.prefix_lists.get(id).map_or(Peers::Nobody, |list| Peers::List(list.clone())),
        Peer::Group(id) => names.groups.get(id).map_or(Peers::Nobody, |group| Peers::Group(*group)),
    }
}
