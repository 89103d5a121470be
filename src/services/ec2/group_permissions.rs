//! What security groups let through: rules come, change and go.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::cidr::Cidr;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::group_rules::{Pair, Peer, Permission, Range, Rule, RuleView, check_description, permissions, traffic};
use super::security_groups::{self, SecurityGroup};
use super::tags::Tagging;
use super::{Store, dry_run, faults, kinds, of, store};

/// The operations on rules of security groups.
pub const OPS: &[Op] = &[
    op!(Write "AuthorizeSecurityGroupEgress" authorize_egress),
    op!(Write "AuthorizeSecurityGroupIngress" authorize_ingress),
    op!(Read "DescribeSecurityGroupRules" describe),
    op!(Write "ModifySecurityGroupRules" modify),
    op!(Write "RevokeSecurityGroupEgress" revoke_egress),
    op!(Write "RevokeSecurityGroupIngress" revoke_ingress),
    op!(Write "UpdateSecurityGroupRuleDescriptionsEgress" describe_egress_rules),
    op!(Write "UpdateSecurityGroupRuleDescriptionsIngress" describe_ingress_rules),
];

/// Rules of a group in one direction, of IPv4 or of IPv6: the quota that accounts start with.
const RULES_MAX: usize = 60;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::GROUP_RULE,
    paths: &[("group-id", "GroupId"), ("security-group-rule-id", "SecurityGroupRuleId")],
};

record! {
    struct Id { id: Option<String> = "GroupId" }
    struct Name { name: Option<String> = "GroupName" }
    /// A single rule, as the first version of the API had it.
    struct Single {
        protocol: Option<String> = "IpProtocol",
        from: Option<i64> = "FromPort",
        to: Option<i64> = "ToPort",
        cidr: Option<String> = "CidrIp",
        group_name: Option<String> = "SourceSecurityGroupName",
        group_owner: Option<String> = "SourceSecurityGroupOwnerId",
    }
    struct Permissions { permissions: Vec<Permission> = "IpPermissions" }
    struct RuleIds { ids: Vec<String> = "SecurityGroupRuleIds" }
    struct Authorized { done: bool = "Return", rules: Vec<RuleView> = "SecurityGroupRules" }
    struct Revoked {
        done: bool = "Return",
        unknown: Vec<Permission> = "UnknownIpPermissions",
        rules: Vec<RevokedRule> = "RevokedSecurityGroupRules",
    }
    struct RevokedRule {
        id: String = "SecurityGroupRuleId",
        group: String = "GroupId",
        egress: bool = "IsEgress",
        protocol: String = "IpProtocol",
        from: i64 = "FromPort",
        to: i64 = "ToPort",
        cidr: Option<String> = "CidrIpv4",
        ipv6: Option<String> = "CidrIpv6",
        prefix_list: Option<String> = "PrefixListId",
        referenced: Option<String> = "ReferencedGroupId",
        description: Option<String> = "Description",
    }
    struct Described { rules: Vec<Shown<RuleView>> = "SecurityGroupRules" }
    struct Done { done: bool = "Return" }
    struct Modify { group: String = "GroupId", updates: Vec<Update> = "SecurityGroupRules" }
    struct Update { id: String = "SecurityGroupRuleId", rule: NewRule = "SecurityGroupRule" }
    struct NewRule {
        protocol: String = "IpProtocol",
        from: Option<i64> = "FromPort",
        to: Option<i64> = "ToPort",
        cidr: Option<String> = "CidrIpv4",
        ipv6: Option<String> = "CidrIpv6",
        prefix_list: Option<String> = "PrefixListId",
        group: Option<String> = "ReferencedGroupId",
        description: Option<String> = "Description",
    }
    struct Descriptions { descriptions: Vec<RuleDescription> = "SecurityGroupRuleDescriptions" }
    struct RuleDescription { id: String = "SecurityGroupRuleId", text: Option<String> = "Description" }
}

fn authorize_ingress(
    cx: &mut Cx,
    ((id, name), single, list, tagging): ((Id, Name), Single, Permissions, Tagging),
) -> Result<Authorized, Fault> {
    let group = security_groups::named(store(cx), id.id.as_deref(), name.name.as_deref())?;
    authorize(cx, &group, false, single, list, tagging)
}

fn authorize_egress(
    cx: &mut Cx,
    (id, single, list, tagging): (Id, Single, Permissions, Tagging),
) -> Result<Authorized, Fault> {
    let group = security_groups::named(store(cx), id.id.as_deref(), None)?;
    authorize(cx, &group, true, single, list, tagging)
}

fn authorize(
    cx: &mut Cx,
    group_id: &str,
    egress: bool,
    single: Single,
    list: Permissions,
    tagging: Tagging,
) -> Result<Authorized, Fault> {
    let mut rules = read(cx, group_id, egress, single, list)?;
    let tags = tagging.only(&kinds::GROUP_RULE)?;
    let group = security_groups::find(store(cx), group_id)?;
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].iter().any(|other| other.is_same(rule)) {
            return Err(faults::repeated_rule());
        }
        if group.rules.iter().any(|other| other.is_same(rule)) {
            return Err(faults::rule_exists(rule));
        }
    }
    check_quota(group, &rules)?;
    dry_run(cx)?;
    rules.iter_mut().for_each(|rule| rule.id = cx.world.ids.ec2("sgr"));
    let ec2 = store(cx);
    rules.iter().for_each(|rule| ec2.tags.add(&rule.id, tags.clone()));
    if let Some(group) = ec2.security_groups.get_mut(group_id) {
        group.rules.extend(rules.iter().cloned());
    }
    let group = security_groups::find(ec2, group_id)?;
    Ok(Authorized { done: true, rules: rules.iter().map(|rule| rule.view(ec2, group)).collect() })
}

fn check_quota(group: &SecurityGroup, new: &[Rule]) -> Result<(), Fault> {
    let too_many = new.iter().any(|rule| {
        let alike = |other: &&Rule| other.counts_with(rule);
        group.rules.iter().filter(alike).count() + new.iter().filter(alike).count() > RULES_MAX
    });
    match too_many {
        true => Err(faults::limit_exceeded("RulesPerSecurityGroupLimitExceeded", "rules per security group")),
        false => Ok(()),
    }
}

/// The rules that were sent, in either form.
fn read(cx: &mut Cx, group_id: &str, egress: bool, single: Single, list: Permissions) -> Result<Vec<Rule>, Fault> {
    let mut all = list.permissions;
    let sent = single.protocol.is_some() || single.cidr.is_some() || single.group_name.is_some();
    if sent && !all.is_empty() {
        return Err(faults::not_both("ipPermissions", "ipProtocol"));
    }
    if sent {
        all.push(permission(single));
    }
    let pairs: Vec<Pair> = all.iter().flat_map(|permission| permission.groups.iter().cloned()).collect();
    let vpcs = group_vpcs(cx, &pairs);
    let ec2 = store(cx);
    let group = security_groups::find(ec2, group_id)?;
    let find_group = |pair: &Pair| pair.id.as_ref().and_then(|id| vpcs.get(id).cloned());
    let mut rules = Vec::new();
    for permission in &all {
        rules.extend(permission.rules(ec2, group, egress, &find_group)?);
    }
    if rules.is_empty() { Err(faults::missing_parameter("ipPermissions")) } else { Ok(rules) }
}

fn permission(single: Single) -> Permission {
    let Single { protocol, from, to, cidr, group_name, group_owner } = single;
    // A group alone stands for all its traffic.
    let protocol = protocol.unwrap_or_else(|| if group_name.is_some() { "-1".to_owned() } else { String::new() });
    let pair = |name| Pair { name: Some(name), owner: group_owner, ..Pair::default() };
    Permission {
        protocol,
        from,
        to,
        groups: group_name.map(pair).into_iter().collect(),
        ranges: cidr.map(|cidr| Range { description: None, cidr }).into_iter().collect(),
        ..Permission::default()
    }
}

/// The VPCs of groups that were named, in the caller's account or another, by the groups' ids.
fn group_vpcs(cx: &mut Cx, pairs: &[Pair]) -> BTreeMap<String, String> {
    let region = cx.region;
    let mut vpcs = BTreeMap::new();
    for pair in pairs {
        let Some(id) = &pair.id else { continue };
        let account = match &pair.owner {
            Some(owner) => AccountId::parse(owner),
            None => Some(cx.account.clone()),
        };
        let Some(account) = account else { continue };
        // Only accounts that are there: a look does not make one.
        if account == cx.account || cx.world.accounts.contains_key(&account) {
            let group = of(cx.world, &account, region).security_groups.get(id);
            vpcs.extend(group.map(|group| (id.clone(), group.vpc.clone())));
        }
    }
    vpcs
}

fn revoke_ingress(
    cx: &mut Cx,
    ((id, name), single, list, rules): ((Id, Name), Single, Permissions, RuleIds),
) -> Result<Revoked, Fault> {
    let group = security_groups::named(store(cx), id.id.as_deref(), name.name.as_deref())?;
    revoke(cx, &group, false, single, list, rules)
}

fn revoke_egress(cx: &mut Cx, (id, single, list, rules): (Id, Single, Permissions, RuleIds)) -> Result<Revoked, Fault> {
    let group = security_groups::named(store(cx), id.id.as_deref(), None)?;
    revoke(cx, &group, true, single, list, rules)
}

/// Takes rules away, named by their ids or by what they let through. In a default VPC, rules that are not there are
/// answered; elsewhere they are an error.
fn revoke(
    cx: &mut Cx,
    group_id: &str,
    egress: bool,
    single: Single,
    list: Permissions,
    ids: RuleIds,
) -> Result<Revoked, Fault> {
    let (mut going, mut unknown) = (Vec::new(), Vec::new());
    if ids.ids.is_empty() {
        let rules = read(cx, group_id, egress, single, list)?;
        let group = security_groups::find(store(cx), group_id)?;
        for rule in rules {
            match group.rules.iter().find(|kept| kept.is_same(&rule)) {
                Some(kept) => going.push(kept.id.clone()),
                None => unknown.push(rule),
            }
        }
    } else {
        let group = security_groups::find(store(cx), group_id)?;
        let missing = ids.ids.iter().find(|id| !group.rules_of(egress).any(|rule| rule.id == **id));
        if let Some(missing) = missing {
            return Err(kinds::GROUP_RULE.missing(missing));
        }
        going = ids.ids;
    }
    let ec2 = store(cx);
    let group = security_groups::find(ec2, group_id)?;
    let in_default_vpc = ec2.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.is_default);
    if !unknown.is_empty() && !in_default_vpc {
        return Err(faults::rule_not_found());
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    let unknown = permissions(ec2, unknown.iter());
    let Some(group) = ec2.security_groups.get_mut(group_id) else { return Ok(Revoked::default()) };
    let gone = group.rules.iter().filter(|rule| going.contains(&rule.id)).map(|rule| revoked(rule, group_id)).collect();
    group.rules.retain(|rule| !going.contains(&rule.id));
    going.iter().for_each(|id| ec2.tags.forget(id));
    Ok(Revoked { done: true, unknown, rules: gone })
}

fn revoked(rule: &Rule, group: &str) -> RevokedRule {
    let block = |v4: bool| match &rule.peer {
        Peer::Cidr(cidr) if cidr.is_v4() == v4 => Some(cidr.to_string()),
        _ => None,
    };
    let prefix_list = match &rule.peer {
        Peer::PrefixList(id) => Some(id.clone()),
        Peer::Cidr(_) | Peer::Group { .. } => None,
    };
    RevokedRule {
        id: rule.id.clone(),
        group: group.to_owned(),
        egress: rule.egress,
        protocol: rule.protocol_name(),
        from: rule.from,
        to: rule.to,
        cidr: block(true),
        ipv6: block(false),
        prefix_list,
        referenced: rule.peer.group().map(str::to_owned),
        description: rule.description.clone(),
    }
}

fn describe(
    cx: &mut Cx,
    (ids, (filters, page)): (RuleIds, (Filters, PageRequest)),
) -> Result<(Described, PageEnd), Fault> {
    let ec2 = store(cx);
    let all = ec2.security_groups.values().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let all: BTreeMap<String, (&SecurityGroup, &Rule)> = all.map(|of| (of.1.id.clone(), of)).collect();
    let wanted = Wanted { ids: &ids.ids, filters: &filters, page: &page };
    let (rules, end) = LISTING.list(&ec2.tags, &all, wanted, |(group, rule)| rule.view(ec2, group))?;
    Ok((Described { rules }, end))
}

/// Changes rules and keeps their ids.
fn modify(cx: &mut Cx, input: Modify) -> Result<Done, Fault> {
    let pairs: Vec<Pair> = input.updates.iter().map(|update| pair(&update.rule)).collect();
    let vpcs = group_vpcs(cx, &pairs);
    let ec2 = store(cx);
    let group = security_groups::find(ec2, &input.group)?;
    let mut rules = group.rules.clone();
    for Update { id, rule: new } in &input.updates {
        let at = rules.iter().position(|rule| rule.id == *id).ok_or_else(|| kinds::GROUP_RULE.missing(id))?;
        let changed = new_rule(ec2, group, &rules[at], new, &vpcs)?;
        if rules.iter().any(|other| other.id != *id && other.is_same(&changed)) {
            return Err(faults::rule_exists(&changed));
        }
        rules[at] = changed;
    }
    dry_run(cx)?;
    if let Some(group) = store(cx).security_groups.get_mut(&input.group) {
        group.rules = rules;
    }
    Ok(Done { done: true })
}

fn pair(new: &NewRule) -> Pair {
    Pair { id: new.group.clone(), ..Pair::default() }
}

fn new_rule(
    ec2: &Store,
    group: &SecurityGroup,
    old: &Rule,
    new: &NewRule,
    vpcs: &BTreeMap<String, String>,
) -> Result<Rule, Fault> {
    let range = |cidr: &String| Range { description: None, cidr: cidr.clone() };
    // The four kinds of other ends are those of a permission with one of them.
    let permission = Permission {
        protocol: new.protocol.clone(),
        from: new.from,
        to: new.to,
        groups: new.group.iter().map(|_| pair(new)).collect(),
        ranges: new.cidr.iter().map(range).collect(),
        ipv6_ranges: Vec::new(),
        prefix_lists: Vec::new(),
    };
    check_description(new.description.as_deref())?;
    let find_group = |pair: &Pair| pair.id.as_ref().and_then(|id| vpcs.get(id).cloned());
    let mut rules = permission.rules(ec2, group, old.egress, &find_group)?;
    let (protocol, from, to) = traffic(&new.protocol, new.from, new.to)?;
    let other_end = |peer| Rule { peer, protocol, from, to, ..old.clone() };
    if let Some(text) = &new.ipv6 {
        let cidr = Cidr::parse(text).filter(|cidr| !cidr.is_v4()).ok_or_else(|| faults::malformed_cidr(text))?;
        rules.push(other_end(Peer::Cidr(cidr)));
    }
    if let Some(id) = &new.prefix_list {
        if !ec2.prefix_lists.contains_key(id) {
            return Err(kinds::PREFIX_LIST.missing(id));
        }
        rules.push(other_end(Peer::PrefixList(id.clone())));
    }
    let (Some(rule), true) = (rules.pop(), rules.is_empty()) else { return Err(faults::one_peer()) };
    let description = new.description.clone().filter(|text| !text.is_empty());
    Ok(Rule { id: old.id.clone(), description, ..rule })
}

fn describe_ingress_rules(
    cx: &mut Cx,
    (id, name, list, texts): (Id, Name, Permissions, Descriptions),
) -> Result<Done, Fault> {
    let group = security_groups::named(store(cx), id.id.as_deref(), name.name.as_deref())?;
    update_descriptions(cx, &group, false, list, texts)
}

fn describe_egress_rules(
    cx: &mut Cx,
    (id, name, list, texts): (Id, Name, Permissions, Descriptions),
) -> Result<Done, Fault> {
    let group = security_groups::named(store(cx), id.id.as_deref(), name.name.as_deref())?;
    update_descriptions(cx, &group, true, list, texts)
}

/// Describes rules that are there anew; without a text, no longer.
fn update_descriptions(
    cx: &mut Cx,
    group_id: &str,
    egress: bool,
    list: Permissions,
    texts: Descriptions,
) -> Result<Done, Fault> {
    let mut changes = Vec::new();
    if texts.descriptions.is_empty() {
        let rules = read(cx, group_id, egress, Single::default(), list)?;
        let group = security_groups::find(store(cx), group_id)?;
        for rule in rules {
            let kept = group.rules.iter().find(|kept| kept.is_same(&rule)).ok_or_else(faults::rule_not_found)?;
            changes.push((kept.id.clone(), rule.description));
        }
    } else {
        let group = security_groups::find(store(cx), group_id)?;
        for RuleDescription { id, text } in texts.descriptions {
            check_description(text.as_deref())?;
            if !group.rules_of(egress).any(|rule| rule.id == id) {
                return Err(kinds::GROUP_RULE.missing(&id));
            }
            changes.push((id, text.filter(|text| !text.is_empty())));
        }
    }
    dry_run(cx)?;
    if let Some(group) = store(cx).security_groups.get_mut(group_id) {
        for rule in &mut group.rules {
            if let Some((_, text)) = changes.iter().find(|(id, _)| *id == rule.id) {
                rule.description.clone_from(text);
            }
        }
    }
    Ok(Done { done: true })
}
