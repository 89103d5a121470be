//! Security groups.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;
use super::filters::{Filters, PageEnd, PageRequest};
use super::store;

/// The operations on security groups.
pub const OPS: &[Op] = &[op!(Read "DescribeSecurityGroups" describe)];

const FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.group-name",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "egress.ip-permission.user-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.group-name",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "ip-permission.user-id",
    "owner-id",
    "vpc-id",
];

/// A security group. Its rules allow all protocols and ports, as those of default groups do.
#[derive(Clone, Debug)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
    pub description: String,
    pub vpc: String,
    pub ingress: Vec<Source>,
    pub egress: Vec<Source>,
}

/// The other end of the traffic that a rule allows.
#[derive(Clone, Debug)]
pub enum Source {
    Cidr(String),
    /// Members of a group of the same account.
    Group(String),
}

record! {
    struct DescribeGroups { ids: Vec<String> = "GroupIds", names: Vec<String> = "GroupNames" }
    struct Groups { groups: Vec<GroupView> = "SecurityGroups" }
    struct GroupView {
        id: String = "GroupId",
        egress: Vec<Permission> = "IpPermissionsEgress",
        vpc: String = "VpcId",
        arn: String = "SecurityGroupArn",
        owner: String = "OwnerId",
        name: String = "GroupName",
        description: String = "Description",
        ingress: Vec<Permission> = "IpPermissions",
    }
    struct Permission {
        protocol: String = "IpProtocol",
        groups: Vec<GroupPair> = "UserIdGroupPairs",
        ranges: Vec<Range> = "IpRanges",
        ipv6_ranges: Vec<String> = "Ipv6Ranges",
        prefix_lists: Vec<String> = "PrefixListIds",
    }
    struct GroupPair { owner: String = "UserId", id: String = "GroupId" }
    struct Range { cidr: String = "CidrIp" }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (DescribeGroups, (Filters, PageRequest)),
) -> Result<(Groups, PageEnd), Fault> {
    let (owner, region) = (cx.account.to_string(), cx.region);
    let arn = |group: &SecurityGroup| format!("arn:aws:ec2:{region}:{owner}:security-group/{}", group.id);
    let ec2 = store(cx);
    check(&input, ec2)?;
    filters.check(FILTERS)?;
    let wanted = ec2.security_groups.values().filter(|group| {
        (input.ids.is_empty() || input.ids.contains(&group.id))
            && (input.names.is_empty() || input.names.contains(&group.name))
    });
    let wanted = wanted.map(|group| group.view(&owner, arn(group)));
    let wanted = wanted.filter(|group| filters.pass(|filter| group.filter_values(filter)));
    let (groups, end) = page.cut(wanted.map(|group| (group.id.clone(), group)))?;
    Ok((Groups { groups }, end))
}

/// The groups that are asked for must be there: by name, in the default VPC.
fn check(input: &DescribeGroups, ec2: &super::Store) -> Result<(), Fault> {
    for id in &input.ids {
        if !id.starts_with("sg-") {
            return Err(faults::group_id_malformed(id));
        }
        if !ec2.security_groups.contains_key(id) {
            return Err(faults::group_not_found(id));
        }
    }
    let vpc = ec2.vpcs.values().find(|vpc| vpc.is_default).map_or("", |vpc| &vpc.id);
    let is_there = |name: &String| ec2.security_groups.values().any(|group| group.vpc == vpc && group.name == *name);
    match input.names.iter().find(|name| !is_there(name)) {
        Some(unknown) => Err(faults::group_name_not_found(unknown, vpc)),
        None => Ok(()),
    }
}

impl SecurityGroup {
    fn view(&self, owner: &str, arn: String) -> GroupView {
        let permissions = |sources: &[Source]| sources.iter().map(|source| permission(source, owner)).collect();
        GroupView {
            id: self.id.clone(),
            egress: permissions(&self.egress),
            vpc: self.vpc.clone(),
            arn,
            owner: owner.to_owned(),
            name: self.name.clone(),
            description: self.description.clone(),
            ingress: permissions(&self.ingress),
        }
    }
}

fn permission(source: &Source, owner: &str) -> Permission {
    let mut permission = Permission { protocol: "-1".to_owned(), ..Permission::default() };
    match source {
        Source::Cidr(cidr) => permission.ranges.push(Range { cidr: cidr.clone() }),
        Source::Group(id) => permission.groups.push(GroupPair { owner: owner.to_owned(), id: id.clone() }),
    }
    permission
}

impl GroupView {
    fn filter_values(&self, filter: &str) -> Vec<String> {
        if let Some(filter) = filter.strip_prefix("egress.ip-permission.") {
            return permission_values(&self.egress, filter);
        }
        if let Some(filter) = filter.strip_prefix("ip-permission.") {
            return permission_values(&self.ingress, filter);
        }
        match filter {
            "description" => vec![self.description.clone()],
            "group-id" => vec![self.id.clone()],
            "group-name" => vec![self.name.clone()],
            "owner-id" => vec![self.owner.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            _ => Vec::new(),
        }
    }
}

fn permission_values(permissions: &[Permission], filter: &str) -> Vec<String> {
    let groups = permissions.iter().flat_map(|permission| &permission.groups);
    match filter {
        "cidr" => {
            let ranges = permissions.iter().flat_map(|permission| &permission.ranges);
            ranges.map(|range| range.cidr.clone()).collect()
        }
        "group-id" => groups.map(|group| group.id.clone()).collect(),
        "protocol" => permissions.iter().map(|permission| permission.protocol.clone()).collect(),
        "user-id" => groups.map(|group| group.owner.clone()).collect(),
        _ => Vec::new(),
    }
}
