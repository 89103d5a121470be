//! The same model again, as plainly as it can be written: ids compared as texts, blocks as bits, rules one after the
//! other. It shares nothing with the engine but the topology's types, and is slow.

use std::net::IpAddr;

use super::super::topology::*;

/// A packet, as far as anything here looks at it.
#[derive(Clone, PartialEq, Debug)]
pub struct Pkt {
    pub from: IpAddr,
    pub to: IpAddr,
    pub protocol: u8,
    pub from_port: u16,
    pub to_port: u16,
    pub kind: u8,
}

/// What one direction came to.
#[derive(Debug, PartialEq, Default)]
pub struct Told {
    /// `sgr-…`, `tracked`, ACL numbers and routes with their owners, in order.
    pub rules: Vec<String>,
    /// `eni-1 egress ACCEPT`.
    pub seen: Vec<String>,
    /// `at eni-1`, `internet`, …, or the code of the refusal.
    pub verdict: String,
}

pub struct Naive<'t> {
    parts: &'t Topology,
    told: Told,
    /// Owner, what came, what went.
    translated: Vec<(String, Pkt, Pkt)>,
    /// Interface, whether outbound, the packet, tracked.
    let_through: Vec<(String, bool, Pkt, bool)>,
    back: bool,
    behind_box: bool,
    by_eigw: bool,
    nat_peering: Option<String>,
    hops: u32,
}

fn bits(address: IpAddr) -> Vec<bool> {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
}

fn inside(address: IpAddr, cidr: &Cidr) -> bool {
    let text = cidr.to_string();
    let (base, length) = text.split_once('/').expect("a block");
    let (base, length): (IpAddr, usize) = (base.parse().expect("an address"), length.parse().expect("a length"));
    base.is_ipv4() == address.is_ipv4() && bits(base)[..length] == bits(address)[..length]
}

use super::super::cidr::Cidr;

fn fits(traffic: &Traffic, packet: &Pkt) -> bool {
    let Some(protocol) = traffic.protocol else { return true };
    if protocol != packet.protocol {
        return false;
    }
    match (traffic.ports, packet.protocol) {
        (Ports::Range(first, last), 6 | 17) => first <= packet.to_port && packet.to_port <= last,
        (Ports::Icmp(kind, code), 1 | 58) => {
            (kind.is_none() || kind == Some(packet.kind)) && (code.is_none() || code == Some(0))
        }
        _ => true,
    }
}

pub fn turned(packet: &Pkt) -> Pkt {
    let kind = match (packet.protocol, packet.kind) {
        (1, 8) => 0,
        (58, 128) => 129,
        (_, kind) => kind,
    };
    Pkt {
        from: packet.to,
        to: packet.from,
        from_port: packet.to_port,
        to_port: packet.from_port,
        protocol: packet.protocol,
        kind,
    }
}

impl<'t> Naive<'t> {
    pub fn new(parts: &'t Topology) -> Naive<'t> {
        Naive {
            parts,
            told: Told::default(),
            translated: Vec::new(),
            let_through: Vec::new(),
            back: false,
            behind_box: false,
            by_eigw: false,
            nat_peering: None,
            hops: 0,
        }
    }

    /// Both directions. `first` is the sender's interface, or nothing for a host on the internet.
    pub fn both(mut self, first: Option<&str>, packet: Pkt) -> (Told, Option<Told>) {
        let mut packet = packet;
        match first {
            Some(id) => self.sends(id, &mut packet),
            None => self.comes_in(&mut packet),
        }
        let forward = std::mem::take(&mut self.told);
        let asks = matches!((packet.protocol, packet.kind), (6 | 17, _) | (1, 8) | (58, 128));
        if !asks {
            return (forward, None);
        }
        let mut packet = turned(&packet);
        self.back = true;
        self.behind_box = false;
        self.hops = 0;
        if let Some(id) = forward.verdict.strip_prefix("at ") {
            self.sends(id, &mut packet);
        } else if forward.verdict == "internet" {
            self.comes_in(&mut packet);
        } else if let Some(id) = forward.verdict.strip_prefix("service ") {
            let endpoint = self.parts.gateway_endpoints.iter().find(|part| part.id == id).expect("an endpoint");
            match self.holder(&endpoint.vpc, packet.to) {
                Some(interface) => self.gets(&interface.id.clone(), &mut packet, None),
                None => self.end("NO_POSSIBLE_DESTINATION"),
            }
        } else {
            return (forward, None);
        }
        (forward, Some(self.told))
    }

    fn end(&mut self, verdict: &str) {
        self.told.verdict = verdict.to_owned();
    }

    fn interface(&self, id: &str) -> &'t Interface {
        self.parts.interfaces.iter().find(|part| part.id == id).expect("an interface")
    }

    fn subnet(&self, interface: &Interface) -> &'t Subnet {
        self.parts.subnets.iter().find(|part| part.id == interface.subnet).expect("a subnet")
    }

    fn vpc(&self, id: &str) -> &'t Vpc {
        self.parts.vpcs.iter().find(|part| part.id == id).expect("a VPC")
    }

    fn has(interface: &Interface, address: IpAddr) -> bool {
        interface.addresses.iter().any(|own| IpAddr::V4(own.private) == address)
            || interface.ipv6.iter().any(|own| IpAddr::V6(*own) == address)
    }

    /// The interface in a VPC that has an address of its own.
    fn holder(&self, vpc: &str, address: IpAddr) -> Option<&'t Interface> {
        self.parts.interfaces.iter().find(|part| self.subnet(part).vpc == vpc && Self::has(part, address))
    }

    fn is_running(interface: &Interface) -> bool {
        match (&interface.attachment, interface.kind) {
            (Some(attachment), _) => attachment.running,
            (None, kind) => kind != InterfaceKind::Instance,
        }
    }

    /// Whether an address belongs to a member of a group, as seen from a VPC.
    fn is_member(&self, vpc: &str, address: IpAddr, group: &str) -> bool {
        let mut vpcs = vec![vpc.to_owned()];
        for peering in self.parts.peerings.iter().filter(|peering| peering.active) {
            let other = match (peering.requester == vpc, peering.accepter == vpc) {
                (true, _) => &peering.accepter,
                (_, true) => &peering.requester,
                _ => continue,
            };
            if self.vpc(other).region == self.vpc(vpc).region {
                vpcs.push(other.clone());
            }
        }
        let holder = vpcs.iter().find_map(|vpc| self.holder(vpc, address));
        holder.is_some_and(|holder| holder.groups.iter().any(|id| id == group))
    }

    fn listed(&self, id: &str, address: IpAddr) -> bool {
        let mut lists = self.parts.prefix_lists.iter().filter(|list| list.id == id);
        lists.any(|list| list.cidrs.iter().any(|cidr| inside(address, cidr)))
    }

    fn rules_of(&self, interface: &Interface, outbound: bool) -> Vec<&'t GroupRule> {
        let groups = interface.groups.iter();
        let groups = groups.map(|id| self.parts.security_groups.iter().find(|part| part.id == *id).expect("a group"));
        groups.flat_map(|group| &group.rules).filter(|rule| rule.egress == outbound).collect()
    }

    fn groups_say(&mut self, interface: &Interface, outbound: bool, packet: &Pkt) -> bool {
        if interface.groups.is_empty() {
            return true;
        }
        if self.back {
            let asked = turned(packet);
            let found = self.let_through.iter().find(|(id, out, seen, _)| {
                *id == interface.id
                    && *out != outbound
                    && (seen.from, seen.to, seen.from_port, seen.to_port)
                        == (asked.from, asked.to, asked.from_port, asked.to_port)
            });
            if found.is_some_and(|(.., tracked)| *tracked) {
                self.told.rules.push("tracked".into());
                return true;
            }
        }
        let vpc = self.subnet(interface).vpc.clone();
        let peer = if outbound { packet.to } else { packet.from };
        let rules = self.rules_of(interface, outbound);
        let matching: Vec<&GroupRule> = rules
            .iter()
            .copied()
            .filter(|rule| {
                fits(&rule.traffic, packet)
                    && match &rule.peer {
                        Peer::Cidr(cidr) => inside(peer, cidr),
                        Peer::PrefixList(id) => self.listed(id, peer),
                        Peer::Group(id) => (outbound || !self.behind_box) && self.is_member(&vpc, peer, id),
                    }
            })
            .collect();
        let Some(first) = matching.first() else {
            let no_rules = rules.is_empty() && self.rules_of(interface, !outbound).is_empty();
            self.end(if no_rules { "SG_HAS_NO_RULES" } else { "ENI_SG_RULES_MISMATCH" });
            return false;
        };
        self.told.rules.push(first.id.clone());
        if !self.back {
            let everywhere = |peer: &Peer| matches!(peer, Peer::Cidr(cidr) if cidr.to_string().ends_with("/0"));
            let for_family = |peer: &Peer| {
                matches!(peer, Peer::Cidr(cidr)
                    if cidr.to_string() == if packet.from.is_ipv4() { "0.0.0.0/0" } else { "::/0" })
            };
            let open_back = self.rules_of(interface, !outbound).iter().any(|rule| {
                let every_port = rule.traffic.protocol.is_none()
                    || (rule.traffic.protocol == Some(packet.protocol)
                        && matches!(rule.traffic.ports, Ports::All | Ports::Range(0, 65535)));
                every_port && for_family(&rule.peer)
            });
            let untracked =
                matches!(packet.protocol, 6 | 17) && open_back && matching.iter().any(|rule| everywhere(&rule.peer));
            self.let_through.push((interface.id.clone(), outbound, packet.clone(), !untracked));
        }
        true
    }

    fn acl_says(&mut self, subnet: &Subnet, outbound: bool, packet: &Pkt) -> bool {
        let acl = self.parts.network_acls.iter().find(|part| part.id == subnet.network_acl).expect("an ACL");
        let peer = if outbound { packet.to } else { packet.from };
        let mut best: Option<&AclEntry> = None;
        for entry in &acl.entries {
            let holds = entry.egress == outbound && fits(&entry.traffic, packet) && inside(peer, &entry.cidr);
            if holds && best.is_none_or(|best| entry.number < best.number) {
                best = Some(entry);
            }
        }
        self.told.rules.push(format!("{} {}", acl.id, best.map_or(32767, |entry| entry.number)));
        let allowed = best.is_some_and(|entry| entry.allow);
        if !allowed {
            self.end("SUBNET_ACL_RESTRICTION");
        }
        allowed
    }

    fn note(&mut self, interface: &Interface, outbound: bool, accept: bool) {
        let direction = if outbound { "egress" } else { "ingress" };
        self.told.seen.push(format!("{} {direction} {}", interface.id, if accept { "ACCEPT" } else { "REJECT" }));
    }

    fn must_track(&mut self, interface: &Interface) {
        if !self.back
            && let Some(last) = self.let_through.last_mut()
            && last.0 == interface.id
            && last.1
        {
            last.3 = true;
        }
    }

    /// Whether a packet is for AWS itself.
    fn is_for_aws(&self, vpc: &Vpc, packet: &Pkt) -> bool {
        let subnets = self.parts.subnets.iter().filter(|part| part.vpc == vpc.id);
        let mut reserved: Vec<IpAddr> = Vec::new();
        for cidr in subnets.flat_map(|part| &part.cidrs) {
            reserved.extend(offset(cidr, 1));
        }
        reserved.extend(vpc.cidrs.first().and_then(|cidr| offset(cidr, 2)));
        let well_known = ["169.254.169.254", "169.254.169.253", "169.254.169.123"];
        reserved.contains(&packet.to) || well_known.contains(&packet.to.to_string().as_str())
    }

    /// A packet that an interface sends or passes on.
    fn sends(&mut self, id: &str, packet: &mut Pkt) {
        self.hops += 1;
        if self.hops > 12 {
            return self.end("NO_PATH");
        }
        let interface = self.interface(id);
        if !Self::is_running(interface) {
            return self.end("BAD_STATE");
        }
        let subnet = self.subnet(interface);
        let vpc = self.vpc(&subnet.vpc);
        if self.is_for_aws(vpc, packet) {
            return self.end("aws");
        }
        let near = subnet.cidrs.iter().any(|cidr| inside(packet.to, cidr));
        if !self.groups_say(interface, true, packet) || (!near && !self.acl_says(subnet, true, packet)) {
            return self.note(interface, true, false);
        }
        if near {
            self.note(interface, true, true);
            return self.delivers(&vpc.id, packet, Some(&subnet.id));
        }
        let route = self.best_route(subnet, packet.to);
        self.note(interface, true, true);
        let Some((table, route)) = route else {
            if let (true, Some(peering)) = (self.back, self.nat_peering.clone()) {
                self.told.rules.push("return".into());
                return self.crosses(&peering, vpc, packet);
            }
            return self.end("NO_ROUTE_TO_DESTINATION");
        };
        self.told.rules.push(format!("{table} {}", route.destination));
        self.follows(&route.target, interface, packet);
    }

    /// The table's id and the route: longest first, then static, listed, propagated, then as they stand.
    fn best_route(&self, subnet: &Subnet, address: IpAddr) -> Option<(String, &'t Route)> {
        let table = self.parts.route_tables.iter().find(|part| part.id == subnet.route_table).expect("a table");
        let mut best: Option<(u8, u8, &Route)> = None;
        for route in &table.routes {
            let (cidrs, rank) = match &route.destination {
                RouteDestination::Cidr(cidr) => (vec![*cidr], if route.propagated { 2 } else { 0 }),
                RouteDestination::PrefixList(id) => {
                    let list = self.parts.prefix_lists.iter().find(|list| list.id == *id);
                    (list.map_or(Vec::new(), |list| list.cidrs.clone()), if route.propagated { 2 } else { 1 })
                }
            };
            for cidr in cidrs.iter().filter(|cidr| inside(address, cidr)) {
                let length: u8 = cidr.to_string().split_once('/').expect("a block").1.parse().expect("a length");
                let better = match best {
                    None => true,
                    Some((longest, lowest, _)) => length > longest || (length == longest && rank < lowest),
                };
                if better {
                    best = Some((length, rank, route));
                }
            }
        }
        best.map(|(.., route)| (table.id.clone(), route))
    }

    fn follows(&mut self, target: &Target, interface: &Interface, packet: &mut Pkt) {
        let subnet = self.subnet(interface);
        let vpc = self.vpc(&subnet.vpc);
        match target {
            Target::Local => self.delivers(&vpc.id, packet, Some(&subnet.id)),
            Target::Interface(id) => match self.parts.interfaces.iter().any(|part| part.id == *id) {
                true => self.gets(id, packet, Some(&subnet.id)),
                false => self.end("BAD_STATE_ROUTE"),
            },
            Target::InternetGateway(id) => self.goes_out(id, vpc, packet),
            Target::EgressOnlyGateway(id) => match self.parts.egress_only_gateways.iter().any(|part| part.id == *id) {
                false => self.end("BAD_STATE_ROUTE"),
                true => {
                    self.must_track(interface);
                    match (packet.from.is_ipv6(), self.back) {
                        (false, _) => self.end("PROTOCOL_RESTRICTION"),
                        (true, true) => self.end("NO_PATH"),
                        (true, false) => {
                            self.by_eigw = true;
                            self.outside(packet);
                        }
                    }
                }
            },
            Target::NatGateway(id) => match self.parts.nat_gateways.iter().find(|part| part.id == *id) {
                None => self.end("BAD_STATE_ROUTE"),
                Some(nat) => {
                    self.must_track(interface);
                    let NatPlace::Zonal { interface: own } = &nat.place else { panic!("not made here") };
                    if self.subnet(self.interface(own)).vpc != vpc.id {
                        self.end("NGW_REQUIRES_SOURCE_IN_VPC")
                    } else if !nat.available {
                        self.end("BAD_STATE")
                    } else {
                        self.gets(own, packet, Some(&subnet.id))
                    }
                }
            },
            Target::Peering(id) => match self.parts.peerings.iter().any(|part| part.id == *id) {
                true => self.crosses(id, vpc, packet),
                false => self.end("BAD_STATE_ROUTE"),
            },
            Target::GatewayEndpoint(id) => match self.parts.gateway_endpoints.iter().find(|part| part.id == *id) {
                None => self.end("BAD_STATE_ROUTE"),
                Some(endpoint) => {
                    if endpoint.dynamodb {
                        self.must_track(interface);
                    }
                    match (packet.protocol, packet.kind) {
                        (6, _) | (1, 8) | (58, 128) => self.end(&format!("service {id}")),
                        _ => self.end("VPCE_GATEWAY_PROTOCOL_RESTRICTION"),
                    }
                }
            },
            Target::Blackhole => self.end("BAD_STATE_ROUTE"),
            Target::Other(_) => self.end("UNSUPPORTED_COMPONENT"),
        }
    }

    fn delivers(&mut self, vpc: &str, packet: &mut Pkt, from: Option<&str>) {
        match self.holder(vpc, packet.to) {
            Some(interface) => self.gets(&interface.id.clone(), packet, from),
            None => self.end("NO_POSSIBLE_DESTINATION"),
        }
    }

    fn goes_out(&mut self, gateway: &str, vpc: &Vpc, packet: &mut Pkt) {
        let Some(gateway) = self.parts.internet_gateways.iter().find(|part| part.id == gateway) else {
            return self.end("BAD_STATE_ROUTE");
        };
        if gateway.vpc.as_deref() != Some(&vpc.id) {
            return self.end("BAD_STATE_ATTACHMENT");
        }
        if is_private(packet.to) {
            return self.end("IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS");
        }
        let sender = self.holder(&vpc.id, packet.from);
        let public = sender.and_then(|sender| match packet.from {
            IpAddr::V6(_) => Some(packet.from),
            from => {
                let own = sender.addresses.iter().find(|own| IpAddr::V4(own.private) == from);
                own.and_then(|own| own.public).map(IpAddr::V4)
            }
        });
        match public {
            Some(public) => packet.from = public,
            None => return self.end("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"),
        }
        self.outside(packet)
    }

    fn public_holder(&self, address: IpAddr) -> Option<(&'t Interface, IpAddr)> {
        self.parts.interfaces.iter().find_map(|part| {
            let own = part.addresses.iter().find(|own| own.public.map(IpAddr::V4) == Some(address));
            let own = own.map(|own| IpAddr::V4(own.private));
            own.or(part.ipv6.iter().any(|own| IpAddr::V6(*own) == address).then_some(address)).map(|own| (part, own))
        })
    }

    fn outside(&mut self, packet: &mut Pkt) {
        match self.public_holder(packet.to) {
            Some(_) => self.comes_in(packet),
            None => self.end("internet"),
        }
    }

    fn comes_in(&mut self, packet: &mut Pkt) {
        let Some((interface, own)) = self.public_holder(packet.to) else {
            return self.end("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
        };
        let vpc = &self.subnet(interface).vpc;
        let attached = self.parts.internet_gateways.iter().any(|part| part.vpc.as_ref() == Some(vpc));
        let by_eigw = self.back && self.by_eigw && packet.to.is_ipv6();
        if !attached && !by_eigw {
            return self.end("NO_PATH");
        }
        if is_private(packet.from) {
            return self.end("IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS");
        }
        packet.to = own;
        self.gets(&interface.id.clone(), packet, None)
    }

    fn crosses(&mut self, peering: &str, vpc: &Vpc, packet: &mut Pkt) {
        let peering = self.parts.peerings.iter().find(|part| part.id == peering).expect("a peering");
        if !peering.active {
            return self.end("BAD_STATE");
        }
        let other = if peering.requester == vpc.id { &peering.accepter } else { &peering.requester };
        let here = peering.requester == vpc.id || peering.accepter == vpc.id;
        let of = |vpc: &Vpc, address| vpc.cidrs.iter().any(|cidr| inside(address, cidr));
        if !here || !of(vpc, packet.from) || !of(self.vpc(other), packet.to) {
            return self.end("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
        }
        if self.holder(&vpc.id, packet.from).is_some_and(|sender| sender.kind == InterfaceKind::NatGateway) {
            self.nat_peering = Some(peering.id.clone());
        }
        self.delivers(&other.clone(), packet, None)
    }

    /// A packet that comes to an interface, from another one in a subnet or from a gateway.
    fn gets(&mut self, id: &str, packet: &mut Pkt, from: Option<&str>) {
        let interface = self.interface(id);
        let subnet = self.subnet(interface);
        if !Self::is_running(interface) {
            return self.end("BAD_STATE");
        }
        if from != Some(subnet.id.as_str()) && !self.acl_says(subnet, false, packet) {
            return self.note(interface, false, false);
        }
        if !self.groups_say(interface, false, packet) {
            return self.note(interface, false, false);
        }
        let own = Self::has(interface, packet.to);
        let is_nat = interface.kind == InterfaceKind::NatGateway;
        if !own && !is_nat && interface.source_dest_check {
            self.note(interface, false, false);
            return self.end("ENI_SOURCE_DEST_CHECK_RESTRICTION");
        }
        self.note(interface, false, true);
        if own {
            let answered = self.translated.iter().rev().find(|(owner, _, went)| {
                let expected = turned(went);
                self.back
                    && owner == id
                    && (expected.from, expected.to, expected.from_port, expected.to_port)
                        == (packet.from, packet.to, packet.from_port, packet.to_port)
            });
            if let Some((_, came, _)) = answered.cloned() {
                packet.to = came.from;
                packet.to_port = came.from_port;
                return self.sends(id, packet);
            }
            return if is_nat { self.end("NO_POSSIBLE_DESTINATION") } else { self.end(&format!("at {id}")) };
        }
        if is_nat {
            if self.back {
                return self.end("NO_POSSIBLE_DESTINATION");
            }
            if packet.from.is_ipv6() || !matches!(packet.protocol, 1 | 6 | 17) {
                return self.end("PROTOCOL_RESTRICTION");
            }
            if self.holder(&subnet.vpc, packet.from).is_none() {
                return self.end("NGW_REQUIRES_SOURCE_IN_VPC");
            }
            self.disguises(interface, packet);
            return self.sends(id, packet);
        }
        match interface.forwarding {
            Forwarding::Nothing => return self.end("ENI_ADDRESS_RESTRICTION"),
            Forwarding::Masquerades if !self.back => self.disguises(interface, packet),
            _ => {}
        }
        self.behind_box = true;
        self.sends(id, packet)
    }

    fn disguises(&mut self, interface: &Interface, packet: &mut Pkt) {
        let came = packet.clone();
        packet.from = interface.primary().expect("an address");
        if matches!(packet.protocol, 6 | 17) {
            packet.from_port = 20_000 + self.translated.len() as u16;
        }
        self.translated.push((interface.id.clone(), came, packet.clone()));
    }
}

fn offset(cidr: &Cidr, places: u8) -> Option<IpAddr> {
    let text = cidr.to_string();
    let base: IpAddr = text.split_once('/')?.0.parse().ok()?;
    match base {
        IpAddr::V4(base) => {
            let [a, b, c, d] = base.octets();
            Some(IpAddr::from([a, b, c, d + places]))
        }
        IpAddr::V6(_) => None,
    }
}

fn is_private(address: IpAddr) -> bool {
    let blocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    blocks.iter().any(|block| inside(address, &block.parse().expect("a block")))
}
