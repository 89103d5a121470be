//! Resource policies: which services may write into the account's groups, or into one of them
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>).

use serde_json::Value as Json;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::{Decision, Flaw, Policy, Request, Statement};
use crate::world::scope::AccountId;
use crate::world::time::Time;

use super::naming::GroupPlace;
use super::paging::{Order, PageEnd, PageRequest};
use super::{Group, faults};

/// The operations on resource policies.
pub const OPS: &[Op] = &[
    op!(Write "DeleteResourcePolicy" delete_resource_policy),
    op!(Read "DescribeResourcePolicies" describe_resource_policies),
    op!(Write "PutResourcePolicy" put_resource_policy),
];

/// Policies of an account in a Region, not counting those of groups.
const POLICIES_MAX: usize = 10;

/// A policy as it was set.
#[derive(Clone, Debug)]
pub struct ResourcePolicy {
    pub document: String,
    pub parsed: Policy,
    pub updated: Time,
    /// Of policies of groups alone: changes with each change, so that callers notice those of others.
    pub revision: Option<String>,
}

record! {
    /// Which policy: one of the account by its name, or that of a group.
    struct Which {
        name: Option<String> = "policyName",
        resource: Option<String> = "resourceArn",
        expected_revision: Option<String> = "expectedRevisionId",
    }

    struct Document { document: Option<String> = "policyDocument" }

    struct PutPolicy { policy: Described = "resourcePolicy", revision: Option<String> = "revisionId" }

    struct DescribePolicies { resource: Option<String> = "resourceArn", scope: Option<String> = "policyScope" }

    struct DescribedPolicies { policies: Vec<Described> = "resourcePolicies" }

    struct Described {
        name: Option<String> = "policyName",
        document: String = "policyDocument",
        updated: i64 = "lastUpdatedTime",
        scope: String = "policyScope",
        resource: Option<String> = "resourceArn",
        revision: Option<String> = "revisionId",
    }
}

/// What a call is about.
enum Scope {
    Account(String),
    Group(GroupPlace),
}

impl Which {
    fn scope(&self, cx: &Cx) -> Result<Scope, Fault> {
        match (&self.name, &self.resource) {
            (Some(_), Some(_)) => Err(faults::policy_name_with_resource()),
            (None, None) => Err(faults::missing("policyName")),
            (Some(_), None) if self.expected_revision.is_some() => Err(faults::revision_without_resource()),
            (Some(name), None) => Ok(Scope::Account(name.clone())),
            (None, Some(arn)) => group_of(cx, arn).map(Scope::Group),
        }
    }

    /// Holds the revision that the caller knows against the one there is.
    fn check_revision(&self, current: Option<&ResourcePolicy>) -> Result<(), Fault> {
        let current = current.and_then(|policy| policy.revision.as_ref());
        if self.expected_revision.as_ref() == current { Ok(()) } else { Err(faults::policy_revision()) }
    }
}

fn group_of(cx: &Cx, arn: &str) -> Result<GroupPlace, Fault> {
    let place = GroupPlace::parse_arn(arn).ok_or_else(|| faults::policy_resource(arn))?;
    let here = place.account == cx.account && place.region == cx.region;
    here.then_some(place).ok_or_else(faults::no_such_group)
}

fn put_resource_policy(cx: &mut Cx, (which, input): (Which, Document)) -> Result<PutPolicy, Fault> {
    let document = persistable(input.document.ok_or_else(|| faults::missing("policyDocument"))?)?;
    match which.scope(cx)? {
        Scope::Account(name) => put_for_account(cx, name, document),
        Scope::Group(place) => put_for_group(cx, &which, &place, document),
    }
}

fn put_for_account(cx: &mut Cx, name: String, document: String) -> Result<PutPolicy, Fault> {
    let parsed = Policy::parse(&document).map_err(|_| faults::unpersistable_policy())?;
    let policy = ResourcePolicy { document, parsed, updated: cx.world.now, revision: None };
    let policies = &mut cx.world.regional(&cx.account, cx.region).logs.resource_policies;
    if policies.len() >= POLICIES_MAX && !policies.contains_key(&name) {
        return Err(faults::limit_exceeded());
    }
    let described = of_account(&name, &policy);
    policies.insert(name, policy);
    Ok(PutPolicy { policy: described, revision: None })
}

fn put_for_group(cx: &mut Cx, which: &Which, place: &GroupPlace, document: String) -> Result<PutPolicy, Fault> {
    which.check_revision(place.group(cx.world)?.policy.as_ref())?;
    let parsed = Policy::parse(&document).map_err(|_| faults::unpersistable_policy())?;
    let revision = cx.world.ids.uuid().to_string();
    let policy = ResourcePolicy { document, parsed, updated: cx.world.now, revision: Some(revision.clone()) };
    let group = place.group(cx.world)?;
    let described = of_group(&group.arn, &policy);
    group.policy = Some(policy);
    Ok(PutPolicy { policy: described, revision: Some(revision) })
}

fn delete_resource_policy(cx: &mut Cx, which: Which) -> Result<(), Fault> {
    match which.scope(cx)? {
        Scope::Account(name) => {
            let policies = &mut cx.world.regional(&cx.account, cx.region).logs.resource_policies;
            policies.remove(&name).map(|_| ()).ok_or_else(|| faults::no_such_policy(&name))
        }
        Scope::Group(place) => {
            let group = place.group(cx.world)?;
            let current = group.policy.as_ref().ok_or_else(faults::no_such_resource)?;
            which.check_revision(Some(current))?;
            group.policy = None;
            Ok(())
        }
    }
}

fn describe_resource_policies(
    cx: &mut Cx,
    (input, page): (DescribePolicies, PageRequest),
) -> Result<(DescribedPolicies, PageEnd), Fault> {
    let of_groups = input.scope.as_deref().map_or(input.resource.is_some(), |scope| scope == "RESOURCE");
    if input.resource.is_some() && !of_groups {
        return Err(faults::resource_in_account_scope());
    }
    let one = input.resource.map(|arn| group_of(cx, &arn)).transpose()?;
    let logs = &cx.world.regional(&cx.account, cx.region).logs;
    let page = if of_groups {
        let wanted = |group: &&Group| one.as_ref().is_none_or(|place| place.name == group.name);
        let policies = logs.groups.values().filter(wanted).filter_map(|group| {
            group.policy.as_ref().map(|policy| (group.name.as_str(), of_group(&group.arn, policy)))
        });
        page.cut(Order::Ascending, policies)?
    } else {
        page.cut(
            Order::Ascending,
            logs.resource_policies.iter().map(|(name, policy)| (name, of_account(name, policy))),
        )?
    };
    Ok((DescribedPolicies { policies: page.items }, page.end))
}

fn of_account(name: &str, policy: &ResourcePolicy) -> Described {
    Described {
        name: Some(name.to_owned()),
        document: policy.document.clone(),
        updated: policy.updated.timestamp_millis(),
        scope: "ACCOUNT".to_owned(),
        ..Described::default()
    }
}

fn of_group(arn: &str, policy: &ResourcePolicy) -> Described {
    Described {
        name: None,
        document: policy.document.clone(),
        updated: policy.updated.timestamp_millis(),
        scope: "RESOURCE".to_owned(),
        resource: Some(arn.to_owned()),
        revision: policy.revision.clone(),
    }
}

/// Whether a policy of a group, or one of its account, lets a service in, under any of its names, to do something with a
/// stream. The service works for a resource of an account.
pub fn admits_service(
    world: &World,
    place: &GroupPlace,
    stream: &str,
    names: &[&str],
    action: &str,
    (account, source): (&AccountId, &str),
) -> bool {
    let Some(logs) = world.accounts.get(&place.account).and_then(|account| account.regions.get(&place.region)) else {
        return false;
    };
    let logs = &logs.logs;
    let own = logs.groups.get(&place.name).and_then(|group| group.policy.as_ref());
    let policies = logs.resource_policies.values().chain(own);
    let principals: Vec<_> = names.iter().map(|name| ("Service", *name)).collect();
    let resource = format!("{}:log-stream:{stream}", place.arn());
    let context = [
        ("aws:SourceArn", source),
        ("aws:SourceAccount", account.as_str()),
        ("aws:PrincipalIsAWSService", "true"),
        ("aws:SecureTransport", "true"),
    ];
    let request = Request { principals: &principals, action, resource: &resource, context: &context };
    let decisions: Vec<_> = policies.map(|policy| policy.parsed.decide(&request)).collect();
    decisions.contains(&Decision::Allowed) && !decisions.contains(&Decision::Denied)
}

/// The document to keep. Accounts are named by their ids, and shown by the ARNs of their root users.
fn persistable(document: String) -> Result<String, Fault> {
    let policy = Policy::parse(&document).map_err(|flaw| match flaw {
        Flaw::NotJson => faults::resource_policy_json(),
        _ => faults::unpersistable_policy(),
    })?;
    policy.statements.iter().try_for_each(check)?;
    if policy.statements.iter().flat_map(principals).any(|(kind, _)| kind == "AWS") {
        return with_root_arns(&document).ok_or_else(faults::unpersistable_policy);
    }
    Ok(document)
}

/// Refuses a statement that could permit nothing to anybody.
fn check(statement: &Statement) -> Result<(), Fault> {
    let mut accounts = principals(statement).filter(|(kind, name)| kind == "AWS" && name != "*");
    match accounts.find(|(_, name)| AccountId::parse(name).is_none()) {
        _ if statement.principals.is_none() || statement.resources.is_none() => Err(faults::unpersistable_policy()),
        Some((_, name)) if name.starts_with("arn:") => Err(faults::policy_with_principal_arn()),
        Some(_) => Err(faults::unpersistable_policy()),
        None => Ok(()),
    }
}

fn principals(statement: &Statement) -> impl Iterator<Item = &(String, String)> {
    statement.principals.iter().flat_map(|all| &all.items)
}

/// The document with ids of accounts as ARNs.
fn with_root_arns(document: &str) -> Option<String> {
    let mut json: Json = serde_json::from_str(document).ok()?;
    for statement in each(json.get_mut("Statement")?) {
        for member in ["Principal", "NotPrincipal"] {
            let names = statement.get_mut(member).and_then(|principal| principal.get_mut("AWS"));
            names.map_or(&mut [][..], each).iter_mut().for_each(to_root_arn);
        }
    }
    Some(json.to_string())
}

/// The items of a list, or what stands there alone.
fn each(names: &mut Json) -> &mut [Json] {
    match names {
        Json::Array(names) => names.as_mut_slice(),
        single => std::slice::from_mut(single),
    }
}

fn to_root_arn(name: &mut Json) {
    if let Some(account) = name.as_str().and_then(AccountId::parse) {
        *name = Json::String(account.root_arn());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        let check = |document: &str, wanted: Result<&str, &str>| {
            let kept = persistable(document.to_owned()).map_err(|fault| fault.message);
            assert_eq!(kept.as_deref().map_err(String::as_str), wanted, "{document}");
        };
        let unpersistable = Err("Could not convert to persistable policy.");
        let service = r#"{"Statement": {"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":"logs:*","Resource":"*"}}"#;
        check(service, Ok(service));
        let aws = |name: &str| {
            format!(
                r#"{{"Statement":[{{"Action":"logs:*","Effect":"Allow","Principal":{{"AWS":{name}}},"Resource":"*"}}]}}"#
            )
        };
        check(&aws(r#""123456789012""#), Ok(&aws(r#""arn:aws:iam::123456789012:root""#)));
        check(
            &aws(r#"["123456789012","210987654321"]"#),
            Ok(&aws(r#"["arn:aws:iam::123456789012:root","arn:aws:iam::210987654321:root"]"#)),
        );
        check(
            &aws(r#""arn:aws:iam::123456789012:root""#),
            Err("Principal section of policy contains ARN instead of account ID"),
        );
        check(&aws(r#""delivery.logs.amazonaws.com""#), unpersistable);
        check(r#"{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}"#, unpersistable);
        check(r#"{"Statement":{"Effect":"Allow","Action":"logs:*","Principal":{"AWS":"*"}}}"#, unpersistable);
        check("{}", unpersistable);
        check("policy", Err("This resource policy contains invalid Json"));
    }
}
