//! Security groups (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::group_rules::{Peer, Permission, Rule, permissions};
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, kinds, store, vpcs};

/// The operations on security groups.
pub const OPS: &[Op] = &[
    op!(Write "CreateSecurityGroup" create),
    op!(Write "DeleteSecurityGroup" delete),
    op!(Read "DescribeSecurityGroupReferences" references),
    op!(Read "DescribeSecurityGroups" describe),
];

/// Groups in a Region: the quota that accounts start with.
const GROUPS_MAX: usize = 2500;
const NAME_LENGTH_MAX: usize = 255;
/// The group that each VPC has from the start.
const DEFAULT: &str = "default";

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::SECURITY_GROUP,
    paths: &[
        ("description", "Description"),
        ("egress.ip-permission.cidr", "IpPermissionsEgress.IpRanges.CidrIp"),
        ("egress.ip-permission.from-port", "IpPermissionsEgress.FromPort"),
        ("egress.ip-permission.group-id", "IpPermissionsEgress.UserIdGroupPairs.GroupId"),
        ("egress.ip-permission.group-name", "IpPermissionsEgress.UserIdGroupPairs.GroupName"),
        ("egress.ip-permission.ipv6-cidr", "IpPermissionsEgress.Ipv6Ranges.CidrIpv6"),
        ("egress.ip-permission.prefix-list-id", "IpPermissionsEgress.PrefixListIds.PrefixListId"),
        ("egress.ip-permission.protocol", "IpPermissionsEgress.IpProtocol"),
        ("egress.ip-permission.to-port", "IpPermissionsEgress.ToPort"),
        ("egress.ip-permission.user-id", "IpPermissionsEgress.UserIdGroupPairs.UserId"),
        ("group-id", "GroupId"),
        ("group-name", "GroupName"),
        ("ip-permission.cidr", "IpPermissions.IpRanges.CidrIp"),
        ("ip-permission.from-port", "IpPermissions.FromPort"),
        ("ip-permission.group-id", "IpPermissions.UserIdGroupPairs.GroupId"),
        ("ip-permission.group-name", "IpPermissions.UserIdGroupPairs.GroupName"),
        ("ip-permission.ipv6-cidr", "IpPermissions.Ipv6Ranges.CidrIpv6"),
        ("ip-permission.prefix-list-id", "IpPermissions.PrefixListIds.PrefixListId"),
        ("ip-permission.protocol", "IpPermissions.IpProtocol"),
        ("ip-permission.to-port", "IpPermissions.ToPort"),
        ("ip-permission.user-id", "IpPermissions.UserIdGroupPairs.UserId"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ],
};

/// A security group.
#[derive(Clone, Debug)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
    pub description: String,
    pub vpc: String,
    /// In the order of creation.
    pub rules: Vec<Rule>,
}

record! {
    struct Create { description: String = "Description", name: String = "GroupName", vpc: Option<String> = "VpcId" }
    struct Created { id: String = "GroupId", tags: Vec<Tag> = "Tags", arn: String = "SecurityGroupArn" }
    struct Delete { id: Option<String> = "GroupId", name: Option<String> = "GroupName" }
    struct Deleted { done: bool = "Return", id: String = "GroupId" }
    struct Describe { ids: Vec<String> = "GroupIds", names: Vec<String> = "GroupNames" }
    struct Groups { groups: Vec<Shown<View>> = "SecurityGroups" }
    struct View {
        id: String = "GroupId",
        egress: Vec<Permission> = "IpPermissionsEgress",
        tags: Vec<Tag> = "Tags",
        vpc: String = "VpcId",
        arn: String = "SecurityGroupArn",
        owner: String = "OwnerId",
        name: String = "GroupName",
        description: String = "Description",
        ingress: Vec<Permission> = "IpPermissions",
    }
    struct ReferencesOf { ids: Vec<String> = "GroupId" }
    struct References { references: Vec<Reference> = "SecurityGroupReferenceSet" }
    struct Reference {
        group: String = "GroupId",
        vpc: String = "ReferencingVpcId",
        peering: Option<String> = "VpcPeeringConnectionId",
    }
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let Create { description, name, vpc } = input;
    check_name(&name)?;
    check_text(&description, "GroupDescription")?;
    let ec2 = store(cx);
    let vpc = match &vpc {
        Some(id) => vpcs::find(ec2, id)?,
        None => ec2.vpcs.values().find(|vpc| vpc.is_default).ok_or_else(faults::no_default_vpc)?,
    };
    let vpc_id = vpc.id.clone();
    let has_ipv6 = !vpc.ipv6_cidrs.is_empty();
    let tags = tagging.only(&kinds::SECURITY_GROUP)?;
    if ec2.security_groups.values().any(|group| group.vpc == vpc_id && group.name == name) {
        return Err(faults::group_exists(&name, &vpc_id));
    }
    if ec2.security_groups.len() >= GROUPS_MAX {
        return Err(faults::limit_exceeded("SecurityGroupLimitExceeded", "security groups"));
    }
    dry_run(cx)?;
    let ids = &mut cx.world.ids;
    let id = ids.ec2("sg");
    let mut rules = vec![Rule::all_out(ids.ec2("sgr"), ALL)];
    rules.extend(has_ipv6.then(|| Rule::all_out(ids.ec2("sgr"), ALL_IPV6)));
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let group = SecurityGroup { id: id.clone(), name, description, vpc: vpc_id, rules };
    ec2.security_groups.insert(id.clone(), group);
    Ok(Created { tags: ec2.tags.shown(&id), arn: ec2.arn("security-group", &id), id })
}

const ALL: Cidr = Cidr { base: std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), bits: 0 };
const ALL_IPV6: Cidr = Cidr { base: std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), bits: 0 };

fn check_name(name: &str) -> Result<(), Fault> {
    if name == DEFAULT {
        return Err(faults::reserved_group_name(name));
    }
    if name.starts_with("sg-") {
        return Err(faults::group_name_like_id(name));
    }
    check_text(name, "GroupName")
}

/// Names and descriptions have up to 255 characters out of `a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*`.
fn check_text(text: &str, parameter: &str) -> Result<(), Fault> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    match text.len() <= NAME_LENGTH_MAX && text.chars().all(allowed) {
        true => Ok(()),
        false => Err(faults::group_text(text, parameter)),
    }
}

/// Adds the group that a VPC is made with: members reach each other, and everything outside.
pub(super) fn add_default(ec2: &mut Store, vpc: &str, id: String, [in_rule, out_rule]: [String; 2]) {
    let own = Peer::Group { id: id.clone(), owner: ec2.owner.clone(), vpc: vpc.to_owned(), peering: None };
    let members = Rule { egress: false, peer: own, ..Rule::all_out(in_rule, ALL) };
    let group = SecurityGroup {
        id: id.clone(),
        name: DEFAULT.to_owned(),
        description: "default VPC security group".to_owned(),
        vpc: vpc.to_owned(),
        rules: vec![members, Rule::all_out(out_rule, ALL)],
    };
    ec2.security_groups.insert(id, group);
}

fn delete(cx: &mut Cx, input: Delete) -> Result<Deleted, Fault> {
    let ec2 = store(cx);
    let id = named(ec2, input.id.as_deref(), input.name.as_deref())?;
    let group = find(ec2, &id)?;
    if group.is_default() {
        return Err(faults::default_group(&id));
    }
    let refers = |other: &SecurityGroup| other.rules.iter().any(|rule| rule.peer.group() == Some(&id));
    let referenced = ec2.security_groups.values().any(|other| other.id != id && refers(other));
    if referenced || ec2.interfaces.values().any(|interface| interface.groups.contains(&id)) {
        return Err(faults::dependent_object(&id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    let rules = ec2.security_groups.remove(&id).map(|group| group.rules).unwrap_or_default();
    rules.iter().for_each(|rule| ec2.tags.forget(&rule.id));
    ec2.tags.forget(&id);
    Ok(Deleted { done: true, id })
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Groups, PageEnd), Fault> {
    let ec2 = store(cx);
    let named = input.names.iter().map(|name| by_name(ec2, name)).collect::<Result<Vec<_>, _>>()?;
    let ids = [input.ids, named].concat();
    let wanted = Wanted { ids: &ids, filters: &filters, page: &page };
    let (groups, end) = LISTING.list(&ec2.tags, &ec2.security_groups, wanted, |group| group.view(ec2))?;
    Ok((Groups { groups }, end))
}

/// Which VPCs at the other ends of peering connections have groups that refer to these.
fn references(cx: &mut Cx, input: ReferencesOf) -> Result<References, Fault> {
    for id in &input.ids {
        find(store(cx), id)?;
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    let owners: Vec<_> = ec2.peerings.values().filter(|peering| peering.is_active()).cloned().collect();
    let mut references = Vec::new();
    for peering in owners {
        for side in [&peering.requester, &peering.accepter] {
            let Some((account, region)) = side.place() else { continue };
            let groups = super::of(cx.world, &account, region).security_groups.values();
            let rules = groups.filter(|group| group.vpc == side.vpc).flat_map(|group| &group.rules);
            let through = rules.filter(|rule| rule.peer.peering() == Some(&peering.id));
            for group in
                through.filter_map(|rule| rule.peer.group()).filter(|group| input.ids.iter().any(|id| id == group))
            {
                let (vpc, peering) = (side.vpc.clone(), Some(peering.id.clone()));
                references.push(Reference { group: group.to_owned(), vpc, peering });
            }
        }
    }
    Ok(References { references })
}

/// The group of an id.
pub(super) fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a SecurityGroup, Fault> {
    ec2.security_groups.get(id).ok_or_else(|| kinds::SECURITY_GROUP.missing(id))
}

/// The id of a group that is named by id, or by name in the default VPC.
pub(super) fn named(ec2: &Store, id: Option<&str>, name: Option<&str>) -> Result<String, Fault> {
    match (id, name) {
        (Some(id), _) => find(ec2, id).map(|group| group.id.clone()),
        (None, Some(name)) => by_name(ec2, name),
        (None, None) => Err(faults::missing_parameter("groupName or groupId")),
    }
}

fn by_name(ec2: &Store, name: &str) -> Result<String, Fault> {
    let vpc = ec2.vpcs.values().find(|vpc| vpc.is_default).map_or("", |vpc| &vpc.id);
    let found = ec2.security_groups.values().find(|group| group.vpc == vpc && group.name == name);
    found.map(|group| group.id.clone()).ok_or_else(|| faults::group_name_not_found(name, vpc))
}

/// The default group of a VPC.
pub(super) fn default_of<'a>(ec2: &'a Store, vpc: &str) -> Option<&'a SecurityGroup> {
    ec2.security_groups.values().find(|group| group.vpc == vpc && group.is_default())
}

impl SecurityGroup {
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT
    }

    /// The rules of one direction.
    pub fn rules_of(&self, egress: bool) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.egress == egress)
    }

    fn view(&self, ec2: &Store) -> View {
        View {
            id: self.id.clone(),
            egress: permissions(ec2, self.rules_of(true)),
            tags: ec2.tags.shown(&self.id),
            vpc: self.vpc.clone(),
            arn: ec2.arn("security-group", &self.id),
            owner: ec2.owner.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            ingress: permissions(ec2, self.rules_of(false)),
        }
    }
}
