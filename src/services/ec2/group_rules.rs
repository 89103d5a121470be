//! Rules of security groups, as objects and as the permissions that EC2 groups them into
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>).

use crate::record;
use crate::wire::Fault;

use super::cidr::Cidr;
use super::network_acls::protocol;
use super::security_groups::{self, SecurityGroup};
use super::tags::Tag;
use super::{Store, faults, kinds};

/// A rule: what it fits is let through.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `sgr-…`
    pub id: String,
    pub egress: bool,
    /// IANA's number, -1 for all.
    pub protocol: i64,
    /// First port, or ICMP type; -1 for all.
    pub from: i64,
    /// Last port, or ICMP code; -1 for all.
    pub to: i64,
    pub peer: Peer,
    pub description: Option<String>,
}

/// The other end of the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    Cidr(Cidr),
    /// `pl-…`
    PrefixList(String),
    /// The interfaces in a group.
    Group {
        id: String,
        owner: String,
        vpc: String,
        /// Through which connection the group's VPC is reached, if it is another one.
        peering: Option<String>,
    },
}

record! {
    /// `IpPermissions`: rules that have protocol and ports in common.
    pub struct Permission {
        protocol: String = "IpProtocol",
        from: Option<i64> = "FromPort",
        to: Option<i64> = "ToPort",
        groups: Vec<Pair> = "UserIdGroupPairs",
        ranges: Vec<Range> = "IpRanges",
        ipv6_ranges: Vec<Ipv6Range> = "Ipv6Ranges",
        prefix_lists: Vec<ListRef> = "PrefixListIds",
    }
    pub struct Pair {
        description: Option<String> = "Description",
        owner: Option<String> = "UserId",
        name: Option<String> = "GroupName",
        id: Option<String> = "GroupId",
        vpc: Option<String> = "VpcId",
        peering: Option<String> = "VpcPeeringConnectionId",
        status: Option<String> = "PeeringStatus",
    }
    pub struct Range { description: Option<String> = "Description", cidr: String = "CidrIp" }
    pub struct Ipv6Range { description: Option<String> = "Description", cidr: String = "CidrIpv6" }
    pub struct ListRef { description: Option<String> = "Description", id: String = "PrefixListId" }

    /// A rule as an object.
    pub struct RuleView {
        id: String = "SecurityGroupRuleId",
        group: String = "GroupId",
        owner: String = "GroupOwnerId",
        egress: bool = "IsEgress",
        protocol: String = "IpProtocol",
        from: i64 = "FromPort",
        to: i64 = "ToPort",
        cidr: Option<String> = "CidrIpv4",
        ipv6: Option<String> = "CidrIpv6",
        prefix_list: Option<String> = "PrefixListId",
        referenced: Option<Referenced> = "ReferencedGroupInfo",
        description: Option<String> = "Description",
        tags: Vec<Tag> = "Tags",
        arn: String = "SecurityGroupRuleArn",
    }
    pub struct Referenced {
        group: String = "GroupId",
        status: Option<String> = "PeeringStatus",
        owner: String = "UserId",
        vpc: Option<String> = "VpcId",
        peering: Option<String> = "VpcPeeringConnectionId",
    }
}

impl Peer {
    /// The id of a group.
    pub fn group(&self) -> Option<&str> {
        match self {
            Peer::Group { id, .. } => Some(id),
            Peer::Cidr(_) | Peer::PrefixList(_) => None,
        }
    }

    /// The connection through which a group is reached.
    pub fn peering(&self) -> Option<&str> {
        match self {
            Peer::Group { peering, .. } => peering.as_deref(),
            Peer::Cidr(_) | Peer::PrefixList(_) => None,
        }
    }

    fn is_ipv6(&self) -> bool {
        matches!(self, Peer::Cidr(cidr) if !cidr.is_v4())
    }

    fn text(&self) -> String {
        match self {
            Peer::Cidr(cidr) => cidr.to_string(),
            Peer::PrefixList(id) | Peer::Group { id, .. } => id.clone(),
        }
    }
}

impl Rule {
    /// Lets everything out to a block.
    pub(super) fn all_out(id: String, cidr: Cidr) -> Rule {
        Rule { id, egress: true, protocol: -1, from: -1, to: -1, peer: Peer::Cidr(cidr), description: None }
    }

    /// Whether two rules let the same through.
    pub fn is_same(&self, other: &Rule) -> bool {
        (self.egress, self.protocol, self.from, self.to, &self.peer)
            == (other.egress, other.protocol, other.from, other.to, &other.peer)
    }

    /// IPv4 and IPv6 rules are counted apart.
    pub fn counts_with(&self, other: &Rule) -> bool {
        self.egress == other.egress && self.peer.is_ipv6() == other.peer.is_ipv6()
    }

    /// How EC2 names a rule in errors: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`.
    pub fn sentence(&self) -> String {
        let peer = self.peer.text();
        match self.protocol {
            -1 => format!("peer: {peer}, ALL, ALLOW"),
            1 | 58 => format!("peer: {peer}, {}, type: {}, code: {}, ALLOW", self.protocol_upper(), self.from, self.to),
            _ => format!(
                "peer: {peer}, {}, from port: {}, to port: {}, ALLOW",
                self.protocol_upper(),
                self.from,
                self.to
            ),
        }
    }

    fn protocol_upper(&self) -> String {
        self.protocol_name().to_uppercase()
    }

    /// `tcp`, `udp`, `icmp`, `icmpv6`, or the number.
    pub fn protocol_name(&self) -> String {
        match self.protocol {
            6 => "tcp".to_owned(),
            17 => "udp".to_owned(),
            1 => "icmp".to_owned(),
            58 => "icmpv6".to_owned(),
            number => number.to_string(),
        }
    }

    /// As an object.
    pub(super) fn view(&self, ec2: &Store, group: &SecurityGroup) -> RuleView {
        let mut view = RuleView {
            id: self.id.clone(),
            group: group.id.clone(),
            owner: ec2.owner.clone(),
            egress: self.egress,
            protocol: self.protocol_name(),
            from: self.from,
            to: self.to,
            description: self.description.clone(),
            tags: ec2.tags.shown(&self.id),
            arn: ec2.arn("security-group-rule", &self.id),
            ..RuleView::default()
        };
        match &self.peer {
            Peer::Cidr(cidr) if cidr.is_v4() => view.cidr = Some(cidr.to_string()),
            Peer::Cidr(cidr) => view.ipv6 = Some(cidr.to_string()),
            Peer::PrefixList(id) => view.prefix_list = Some(id.clone()),
            Peer::Group { id, owner, vpc, peering } => {
                view.referenced = Some(Referenced {
                    group: id.clone(),
                    status: peering.as_ref().map(|peering| status(ec2, peering)),
                    owner: owner.clone(),
                    vpc: peering.as_ref().map(|_| vpc.clone()),
                    peering: peering.clone(),
                });
            }
        }
        view
    }
}

fn status(ec2: &Store, peering: &str) -> String {
    ec2.peerings.get(peering).map_or("deleted", |peering| peering.status.code()).to_owned()
}

/// Rules as the permissions that they make together.
pub(super) fn permissions<'a>(ec2: &Store, rules: impl Iterator<Item = &'a Rule>) -> Vec<Permission> {
    let mut all: Vec<((i64, i64, i64), Permission)> = Vec::new();
    for rule in rules {
        let key = (rule.protocol, rule.from, rule.to);
        let at = all.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let ports = matches!(rule.protocol, 1 | 6 | 17 | 58).then_some((rule.from, rule.to));
            let (from, to) = ports.unzip();
            all.push((key, Permission { protocol: rule.protocol_name(), from, to, ..Permission::default() }));
            all.len() - 1
        });
        all[at].1.add(ec2, rule);
    }
    all.into_iter().map(|(_, permission)| permission).collect()
}

impl Permission {
    fn add(&mut self, ec2: &Store, rule: &Rule) {
        let description = rule.description.clone();
        match &rule.peer {
            Peer::Cidr(cidr) if cidr.is_v4() => self.ranges.push(Range { description, cidr: cidr.to_string() }),
            Peer::Cidr(cidr) => self.ipv6_ranges.push(Ipv6Range { description, cidr: cidr.to_string() }),
            Peer::PrefixList(id) => self.prefix_lists.push(ListRef { description, id: id.clone() }),
            Peer::Group { id, owner, vpc, peering } => self.groups.push(Pair {
                description,
                owner: Some(owner.clone()),
                name: None,
                id: Some(id.clone()),
                vpc: peering.as_ref().map(|_| vpc.clone()),
                peering: peering.clone(),
                status: peering.as_ref().map(|peering| status(ec2, peering)),
            }),
        }
    }

    /// The rules that a permission stands for; `find_group` knows the groups of other accounts.
    pub(super) fn rules(
        &self,
        ec2: &Store,
        group: &SecurityGroup,
        egress: bool,
        find_group: &dyn Fn(&Pair) -> Option<String>,
    ) -> Result<Vec<Rule>, Fault> {
        let (protocol, from, to) = traffic(&self.protocol, self.from, self.to)?;
        let rule = |peer, description: &Option<String>| -> Result<Rule, Fault> {
            check_description(description.as_deref())?;
            Ok(Rule { id: String::new(), egress, protocol, from, to, peer, description: filled(description) })
        };
        let mut rules = Vec::new();
        for Range { description, cidr } in &self.ranges {
            let block = Cidr::parse(cidr).filter(Cidr::is_v4).ok_or_else(|| faults::malformed_cidr(cidr))?;
            rules.push(rule(Peer::Cidr(block), description)?);
        }
        for Ipv6Range { description, cidr } in &self.ipv6_ranges {
            let block = Cidr::parse(cidr).filter(|block| !block.is_v4()).ok_or_else(|| faults::malformed_cidr(cidr))?;
            rules.push(rule(Peer::Cidr(block), description)?);
        }
        for ListRef { description, id } in &self.prefix_lists {
            if !ec2.prefix_lists.contains_key(id) {
                return Err(kinds::PREFIX_LIST.missing(id));
            }
            rules.push(rule(Peer::PrefixList(id.clone()), description)?);
        }
        for pair in &self.groups {
            rules.push(rule(referenced(ec2, group, pair, find_group)?, &pair.description)?);
        }
        Ok(rules)
    }
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

const DESCRIPTION_LENGTH_MAX: usize = 255;

/// Descriptions have up to 255 characters out of `a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*`.
pub(super) fn check_description(text: Option<&str>) -> Result<(), Fault> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    match text {
        Some(text) if text.len() > DESCRIPTION_LENGTH_MAX || !text.chars().all(allowed) => {
            Err(faults::rule_description(text))
        }
        _ => Ok(()),
    }
}

/// Protocol, first and last port. Without a meaning for ports, all are let through.
pub(super) fn traffic(protocol_text: &str, from: Option<i64>, to: Option<i64>) -> Result<(i64, i64, i64), Fault> {
    if protocol_text.is_empty() {
        return Err(faults::missing_parameter("ipProtocol"));
    }
    let protocol = protocol(protocol_text)?;
    match (protocol, from, to) {
        (6 | 17, Some(from), Some(to)) => {
            // -1 to -1 stands for all ports.
            let (from, to) = if (from, to) == (-1, -1) { (0, 65535) } else { (from, to) };
            let all = 0..=65535;
            match all.contains(&from) && all.contains(&to) && from <= to {
                true => Ok((protocol, from, to)),
                false => Err(faults::group_port_range(from, to)),
            }
        }
        (6 | 17, ..) => Err(faults::ports_missing()),
        (1 | 58, from, to) => Ok((protocol, from.unwrap_or(-1), to.unwrap_or(-1))),
        _ => Ok((protocol, -1, -1)),
    }
}

/// A group that a rule refers to: of the same VPC, or at the other end of a peering connection.
fn referenced(
    ec2: &Store,
    group: &SecurityGroup,
    pair: &Pair,
    find_group: &dyn Fn(&Pair) -> Option<String>,
) -> Result<Peer, Fault> {
    let stranger = pair.owner.as_ref().is_some_and(|owner| *owner != ec2.owner);
    let local = !stranger && pair.id.as_ref().is_none_or(|id| ec2.security_groups.contains_key(id));
    if local && pair.peering.is_none() {
        let id = security_groups::named(ec2, pair.id.as_deref(), pair.name.as_deref())?;
        let found = security_groups::find(ec2, &id)?;
        if found.vpc == group.vpc {
            return Ok(Peer::Group { id, owner: ec2.owner.clone(), vpc: found.vpc.clone(), peering: None });
        }
    }
    let id = pair.id.clone().ok_or_else(|| faults::missing_parameter("groupId"))?;
    let vpc = find_group(pair).ok_or_else(|| kinds::SECURITY_GROUP.missing(&id))?;
    let peerings = ec2.peerings.values().filter(|peering| peering.is_active());
    let peering = { peerings }.find(|peering| peering.joins(&group.vpc, &vpc));
    let peering = peering.ok_or_else(faults::groups_of_different_networks)?;
    let owner = pair.owner.clone().unwrap_or_else(|| ec2.owner.clone());
    Ok(Peer::Group { id, owner, vpc, peering: Some(peering.id.clone()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_mean_what_the_protocol_makes_of_them() {
        let check = |protocol, from, to, expected: Option<(i64, i64, i64)>| {
            assert_eq!(traffic(protocol, from, to).ok(), expected, "{protocol} {from:?} {to:?}");
        };
        check("tcp", Some(22), Some(22), Some((6, 22, 22)));
        check("6", Some(0), Some(65535), Some((6, 0, 65535)));
        check("-1", Some(22), Some(22), Some((-1, -1, -1)));
        check("50", None, None, Some((50, -1, -1)));
        check("icmp", Some(8), Some(-1), Some((1, 8, -1)));
        check("icmpv6", None, None, Some((58, -1, -1)));
        check("udp", Some(53), None, None);
        check("tcp", Some(80), Some(22), None);
        check("tcp", Some(0), Some(70_000), None);
        check("gre", None, None, None);
        check("", None, None, None);
    }

    #[test]
    fn errors_name_rules() {
        let ssh = Rule { protocol: 6, from: 22, to: 22, ..Rule::all_out("sgr-1".into(), Cidr::v4(0, 0, 0, 0, 0)) };
        assert_eq!(ssh.sentence(), "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW");
        let all = Rule { protocol: -1, from: -1, to: -1, ..ssh };
        assert_eq!(all.sentence(), "peer: 0.0.0.0/0, ALL, ALLOW");
    }
}
