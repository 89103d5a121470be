//! Network ACLs (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::vpcs::Vpc;
use super::{Store, dry_run, faults, kinds, once, store, vpcs};

/// The operations on network ACLs.
pub const OPS: &[Op] = &[
    op!(Write "CreateNetworkAcl" create),
    op!(Write "CreateNetworkAclEntry" create_entry),
    op!(Write "DeleteNetworkAcl" delete),
    op!(Write "DeleteNetworkAclEntry" delete_entry),
    op!(Read "DescribeNetworkAcls" describe),
    op!(Write "ReplaceNetworkAclAssociation" replace_association),
    op!(Write "ReplaceNetworkAclEntry" replace_entry),
];

/// Numbers that rules can have; behind them come the rules that deny the rest.
const NUMBERS: std::ops::RangeInclusive<i64> = 1..=32766;
const DENY_REST: i64 = 32767;
const DENY_REST_IPV6: i64 = 32768;
/// Rules in each direction: the quota that accounts start with is 20, which can be raised to this.
const ENTRIES_MAX: usize = 40;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::NETWORK_ACL,
    paths: &[
        ("association.association-id", "Associations.NetworkAclAssociationId"),
        ("association.network-acl-id", "Associations.NetworkAclId"),
        ("association.subnet-id", "Associations.SubnetId"),
        ("default", "IsDefault"),
        ("entry.cidr", "Entries.CidrBlock"),
        ("entry.egress", "Entries.Egress"),
        ("entry.icmp.code", "Entries.IcmpTypeCode.Code"),
        ("entry.icmp.type", "Entries.IcmpTypeCode.Type"),
        ("entry.ipv6-cidr", "Entries.Ipv6CidrBlock"),
        ("entry.port-range.from", "Entries.PortRange.From"),
        ("entry.port-range.to", "Entries.PortRange.To"),
        ("entry.protocol", "Entries.Protocol"),
        ("entry.rule-action", "Entries.RuleAction"),
        ("entry.rule-number", "Entries.RuleNumber"),
        ("network-acl-id", "NetworkAclId"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ],
};

/// A network ACL.
#[derive(Clone, Debug)]
pub struct NetworkAcl {
    pub id: String,
    pub vpc: String,
    pub is_default: bool,
    /// In the order of their numbers, for each direction; the ones that deny the rest included.
    pub entries: Vec<Entry>,
    /// Subnets that were given to it, with the associations' ids. Others belong to the VPC's default ACL.
    pub associations: Vec<(String, String)>,
}

/// A rule. The first that fits decides.
#[derive(Clone, Debug)]
pub struct Entry {
    pub number: i64,
    pub egress: bool,
    /// IANA's number, -1 for all.
    pub protocol: i64,
    pub allow: bool,
    pub cidr: Cidr,
    /// For TCP (6) and UDP (17).
    pub ports: Option<(i64, i64)>,
    /// Type and code for ICMP (1) and ICMPv6 (58); -1 for all.
    pub icmp: Option<(i64, i64)>,
}

record! {
    struct Create { vpc: String = "VpcId", token: Option<String> = "ClientToken" }
    struct Created { acl: View = "NetworkAcl", token: Option<String> = "ClientToken" }
    struct One { id: String = "NetworkAclId" }
    struct Describe { ids: Vec<String> = "NetworkAclIds" }
    struct Acls { acls: Vec<Shown<View>> = "NetworkAcls" }
    struct View {
        associations: Vec<AssociationView> = "Associations",
        entries: Vec<EntryView> = "Entries",
        is_default: bool = "IsDefault",
        id: String = "NetworkAclId",
        tags: Vec<Tag> = "Tags",
        vpc: String = "VpcId",
        owner: String = "OwnerId",
    }
    struct AssociationView { id: String = "NetworkAclAssociationId", acl: String = "NetworkAclId", subnet: String = "SubnetId" }
    struct EntryView {
        cidr: Option<String> = "CidrBlock",
        egress: bool = "Egress",
        icmp: Option<Icmp> = "IcmpTypeCode",
        ipv6: Option<String> = "Ipv6CidrBlock",
        ports: Option<Ports> = "PortRange",
        protocol: String = "Protocol",
        action: String = "RuleAction",
        number: i64 = "RuleNumber",
    }
    struct Icmp { code: Option<i64> = "Code", kind: Option<i64> = "Type" }
    struct Ports { from: Option<i64> = "From", to: Option<i64> = "To" }
    struct Place { acl: String = "NetworkAclId" }
    struct Number { egress: bool = "Egress", number: i64 = "RuleNumber" }
    struct Replace { association: String = "AssociationId", acl: String = "NetworkAclId" }
    struct Replaced { association: String = "NewAssociationId" }
}

fn create(cx: &mut Cx, input: (Create, Tagging)) -> Result<Created, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let tags = tagging.only(&kinds::NETWORK_ACL)?;
    vpcs::find(store(cx), &input.vpc)?;
    dry_run(cx)?;
    let id = cx.world.ids.ec2("acl");
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let has_ipv6 = ec2.vpcs.get(&input.vpc).is_some_and(|vpc| !vpc.ipv6_cidrs.is_empty());
    let acl = NetworkAcl {
        id: id.clone(),
        vpc: input.vpc,
        is_default: false,
        entries: both_ways(|egress| deny_rest(egress, has_ipv6)),
        associations: Vec::new(),
    };
    let view = acl.view(ec2);
    ec2.network_acls.insert(id, acl);
    Ok(Created { acl: view, token: input.token })
}

/// Adds the ACL that a VPC is made with: it lets everything through.
pub(super) fn add_default(ec2: &mut Store, vpc: &Vpc, id: String) {
    let has_ipv6 = !vpc.ipv6_cidrs.is_empty();
    let allow = |number, egress, cidr| Entry { number, allow: true, ..Entry::all(egress, cidr) };
    let entries = both_ways(|egress| {
        let mut entries = vec![allow(100, egress, Cidr::v4(0, 0, 0, 0, 0))];
        entries.extend(has_ipv6.then(|| allow(101, egress, all_ipv6())));
        entries.extend(deny_rest(egress, has_ipv6));
        entries
    });
    let acl = NetworkAcl { id: id.clone(), vpc: vpc.id.clone(), is_default: true, entries, associations: Vec::new() };
    ec2.network_acls.insert(id, acl);
}

fn both_ways(entries: impl Fn(bool) -> Vec<Entry>) -> Vec<Entry> {
    [entries(true), entries(false)].concat()
}

fn deny_rest(egress: bool, has_ipv6: bool) -> Vec<Entry> {
    let mut rest = vec![Entry { number: DENY_REST, ..Entry::all(egress, Cidr::v4(0, 0, 0, 0, 0)) }];
    rest.extend(has_ipv6.then(|| Entry { number: DENY_REST_IPV6, ..Entry::all(egress, all_ipv6()) }));
    rest
}

fn all_ipv6() -> Cidr {
    Cidr { base: std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), bits: 0 }
}

/// A VPC that gets its first IPv6 block: its ACLs deny the rest of IPv6 too, and the default one lets it through.
pub(super) fn add_ipv6(ec2: &mut Store, vpc: &str) {
    for acl in ec2.network_acls.values_mut().filter(|acl| acl.vpc == vpc) {
        if acl.entries.iter().any(|entry| entry.number == DENY_REST_IPV6) {
            continue;
        }
        for egress in [true, false] {
            acl.entries.push(Entry { number: DENY_REST_IPV6, ..Entry::all(egress, all_ipv6()) });
            if acl.is_default && !acl.entries.iter().any(|entry| entry.number == 101 && entry.egress == egress) {
                acl.entries.push(Entry { number: 101, allow: true, ..Entry::all(egress, all_ipv6()) });
            }
        }
        acl.sort();
    }
}

fn delete(cx: &mut Cx, input: One) -> Result<(), Fault> {
    let acl = find(store(cx), &input.id)?;
    if acl.is_default {
        return Err(faults::default_acl(&input.id));
    }
    if !acl.associations.is_empty() {
        return Err(faults::dependencies("networkAcl", &input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.network_acls.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(())
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Acls, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (acls, end) = LISTING.list(&ec2.tags, &ec2.network_acls, wanted, |acl| acl.view(ec2))?;
    Ok((Acls { acls }, end))
}

fn create_entry(cx: &mut Cx, (place, input): (Place, EntryView)) -> Result<(), Fault> {
    let acl = find(store(cx), &place.acl)?;
    let entry = read_entry(&input)?;
    if acl.entry(entry.number, entry.egress).is_some() {
        return Err(faults::entry_exists(&place.acl, entry.number));
    }
    if acl.entries.iter().filter(|other| other.egress == entry.egress && other.number < DENY_REST).count()
        >= ENTRIES_MAX
    {
        return Err(faults::entries_full(&place.acl));
    }
    dry_run(cx)?;
    put(cx, &place.acl, entry);
    Ok(())
}

fn replace_entry(cx: &mut Cx, (place, input): (Place, EntryView)) -> Result<(), Fault> {
    let acl = find(store(cx), &place.acl)?;
    let entry = read_entry(&input)?;
    if acl.entry(entry.number, entry.egress).is_none() {
        return Err(faults::entry_not_found(&place.acl, entry.number, entry.egress));
    }
    dry_run(cx)?;
    put(cx, &place.acl, entry);
    Ok(())
}

fn put(cx: &mut Cx, acl: &str, entry: Entry) {
    if let Some(acl) = store(cx).network_acls.get_mut(acl) {
        acl.entries.retain(|other| (other.number, other.egress) != (entry.number, entry.egress));
        acl.entries.push(entry);
        acl.sort();
    }
}

fn delete_entry(cx: &mut Cx, (place, input): (Place, Number)) -> Result<(), Fault> {
    let acl = find(store(cx), &place.acl)?;
    if !NUMBERS.contains(&input.number) {
        return Err(faults::rule_number(input.number));
    }
    if acl.entry(input.number, input.egress).is_none() {
        return Err(faults::entry_not_found(&place.acl, input.number, input.egress));
    }
    dry_run(cx)?;
    if let Some(acl) = store(cx).network_acls.get_mut(&place.acl) {
        acl.entries.retain(|entry| (entry.number, entry.egress) != (input.number, input.egress));
    }
    Ok(())
}

fn read_entry(input: &EntryView) -> Result<Entry, Fault> {
    if !NUMBERS.contains(&input.number) {
        return Err(faults::rule_number(input.number));
    }
    let protocol = protocol(&input.protocol)?;
    let cidr = match (&input.cidr, &input.ipv6) {
        (Some(text), None) => {
            Cidr::parse(text).filter(Cidr::is_v4).ok_or_else(|| faults::not_a_cidr(text, "cidrBlock"))?
        }
        (None, Some(text)) => {
            let cidr = Cidr::parse(text).filter(|cidr| !cidr.is_v4());
            cidr.ok_or_else(|| faults::not_a_cidr(text, "ipv6CidrBlock"))?
        }
        (Some(_), Some(_)) => return Err(faults::not_both("cidrBlock", "ipv6CidrBlock")),
        (None, None) => return Err(faults::missing_parameter("cidrBlock")),
    };
    let ports = match (protocol, &input.ports) {
        (6 | 17, Some(Ports { from: Some(from), to: Some(to) })) => Some(port_range(*from, *to)?),
        (6 | 17, _) => return Err(faults::missing_parameter("portRange")),
        _ => None,
    };
    let icmp = match (protocol, &input.icmp) {
        (1 | 58, Some(icmp)) => Some((icmp.kind.unwrap_or(-1), icmp.code.unwrap_or(-1))),
        (1 | 58, None) => return Err(faults::missing_parameter("icmpTypeCode")),
        _ => None,
    };
    let allow = input.action == "allow";
    Ok(Entry { number: input.number, egress: input.egress, protocol, allow, cidr, ports, icmp })
}

fn port_range(from: i64, to: i64) -> Result<(i64, i64), Fault> {
    let all = 0..=65535;
    match all.contains(&from) && all.contains(&to) && from <= to {
        true => Ok((from, to)),
        false => Err(faults::port_range(from, to)),
    }
}

/// A protocol's number, or one of the names that EC2 takes for it.
pub(super) fn protocol(text: &str) -> Result<i64, Fault> {
    let number = match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmp" => Some(1),
        "icmpv6" => Some(58),
        "all" => Some(-1),
        _ => text.parse().ok().filter(|number| (-1..=255).contains(number)),
    };
    number.ok_or_else(|| faults::unknown_protocol(text))
}

/// Gives a subnet to another ACL.
fn replace_association(cx: &mut Cx, input: Replace) -> Result<Replaced, Fault> {
    let ec2 = store(cx);
    let acl = find(ec2, &input.acl)?;
    let held = ec2.network_acls.values().flat_map(|acl| acl.shown_associations(ec2));
    let found = { held }.find(|(id, _)| *id == input.association);
    let (_, subnet) = found.ok_or_else(|| faults::association_not_found(&input.association))?;
    if ec2.subnets.get(&subnet).is_none_or(|subnet| subnet.vpc != acl.vpc) {
        return Err(faults::different_networks(&format!("Network ACL {}", acl.id), &format!("subnet {subnet}")));
    }
    dry_run(cx)?;
    let id = cx.world.ids.ec2("aclassoc");
    let ec2 = store(cx);
    subnet_goes(ec2, &subnet);
    if let Some(acl) = ec2.network_acls.get_mut(&input.acl) {
        acl.associations.push((id.clone(), subnet));
    }
    Ok(Replaced { association: id })
}

/// Forgets a subnet.
pub(super) fn subnet_goes(ec2: &mut Store, subnet: &str) {
    for acl in ec2.network_acls.values_mut() {
        acl.associations.retain(|(_, associated)| associated != subnet);
    }
}

fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a NetworkAcl, Fault> {
    ec2.network_acls.get(id).ok_or_else(|| kinds::NETWORK_ACL.missing(id))
}

/// The ACL that a subnet's traffic has to pass.
pub fn of_subnet<'a>(ec2: &'a Store, vpc: &str, subnet: &str) -> Option<&'a NetworkAcl> {
    let of_vpc = || ec2.network_acls.values().filter(|acl| acl.vpc == vpc);
    let own = of_vpc().find(|acl| acl.associations.iter().any(|(_, associated)| associated == subnet));
    own.or_else(|| of_vpc().find(|acl| acl.is_default))
}

impl Entry {
    /// Denies everything of a block.
    fn all(egress: bool, cidr: Cidr) -> Entry {
        Entry { number: 0, egress, protocol: -1, allow: false, cidr, ports: None, icmp: None }
    }

    fn view(&self) -> EntryView {
        let text = self.cidr.to_string();
        let (cidr, ipv6) = if self.cidr.is_v4() { (Some(text), None) } else { (None, Some(text)) };
        EntryView {
            cidr,
            egress: self.egress,
            icmp: self.icmp.map(|(kind, code)| Icmp { code: Some(code), kind: Some(kind) }),
            ipv6,
            ports: self.ports.map(|(from, to)| Ports { from: Some(from), to: Some(to) }),
            protocol: self.protocol.to_string(),
            action: if self.allow { "allow" } else { "deny" }.to_owned(),
            number: self.number,
        }
    }
}

impl NetworkAcl {
    fn entry(&self, number: i64, egress: bool) -> Option<&Entry> {
        self.entries.iter().find(|entry| (entry.number, entry.egress) == (number, egress))
    }

    fn sort(&mut self) {
        self.entries.sort_by_key(|entry| (!entry.egress, entry.number));
    }

    /// Ids of associations and subnets. A default ACL has all subnets that no other has; the ids of those associations
    /// come from the subnets'.
    pub fn shown_associations(&self, ec2: &Store) -> Vec<(String, String)> {
        let mut shown = self.associations.clone();
        if self.is_default {
            let given = |subnet: &str| {
                let mut acls = ec2.network_acls.values().filter(|acl| acl.vpc == self.vpc);
                acls.any(|acl| acl.associations.iter().any(|(_, associated)| associated == subnet))
            };
            let rest = ec2.subnets.values().filter(|subnet| subnet.vpc == self.vpc && !given(&subnet.id));
            shown.extend(rest.map(|subnet| (subnet.id.replacen("subnet", "aclassoc", 1), subnet.id.clone())));
        }
        shown
    }

    fn view(&self, ec2: &Store) -> View {
        let shown = self.shown_associations(ec2).into_iter();
        let association = |(id, subnet)| AssociationView { id, acl: self.id.clone(), subnet };
        View {
            associations: shown.map(association).collect(),
            entries: self.entries.iter().map(Entry::view).collect(),
            is_default: self.is_default,
            id: self.id.clone(),
            tags: ec2.tags.shown(&self.id),
            vpc: self.vpc.clone(),
            owner: ec2.owner.clone(),
        }
    }
}
