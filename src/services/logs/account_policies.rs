//! Account policies: what holds for all groups of an account in a Region. Subscription filters are the one type built.

use serde::Deserialize;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::paging::{Order, PageEnd, PageRequest};
use super::pattern::filter_pattern;
use super::{faults, targets};

/// The operations on account policies.
pub const OPS: &[Op] = &[
    op!(Write "DeleteAccountPolicy" delete_account_policy),
    op!(Read "DescribeAccountPolicies" describe_account_policies),
    op!(Write "PutAccountPolicy" put_account_policy),
];

const SUBSCRIPTION: &str = "SUBSCRIPTION_FILTER_POLICY";
const RETENTION: &str = "RETENTION_POLICY";

/// Bytes of selection criteria.
const CRITERIA_MAX: usize = 25 * 1024;

/// An account's subscription filter.
#[derive(Clone, Debug)]
pub struct AccountPolicy {
    pub name: String,
    /// As it was sent.
    pub document: String,
    pub subscription: Subscription,
    /// As they were sent.
    pub criteria: Option<String>,
    /// Groups that are left out.
    pub excluded: Vec<String>,
    pub updated: Time,
}

/// What the document of a subscription filter says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Subscription {
    pub destination_arn: String,
    /// For all destinations but functions.
    pub role_arn: Option<String>,
    #[serde(default)]
    pub filter_pattern: String,
    #[serde(default)]
    pub distribution: Distribution,
}

/// How events are spread over a stream's shards.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum Distribution {
    #[default]
    ByLogStream,
    Random,
}

record! {
    struct Which { name: String = "policyName", kind: String = "policyType" }

    struct DryRun { dry_run: bool = "dryRun" }

    struct PutAccountPolicy { document: String = "policyDocument", criteria: Option<String> = "selectionCriteria" }

    struct PutAnswer { policy: Described = "accountPolicy" }

    struct DescribeAccountPolicies {
        kind: String = "policyType",
        name: Option<String> = "policyName",
        accounts: Vec<String> = "accountIdentifiers",
        token: Option<String> = "nextToken",
    }

    struct DescribedPolicies { policies: Vec<Described> = "accountPolicies" }

    struct Described {
        name: String = "policyName",
        document: String = "policyDocument",
        updated: i64 = "lastUpdatedTime",
        kind: String = "policyType",
        scope: String = "scope",
        criteria: Option<String> = "selectionCriteria",
        account: String = "accountId",
    }
}

fn put_account_policy(cx: &mut Cx, (which, run, input): (Which, DryRun, PutAccountPolicy)) -> Result<PutAnswer, Fault> {
    check_type(&which, &run)?;
    if which.name.is_empty() || which.name.starts_with("aws/") {
        return Err(faults::reserved_policy_name());
    }
    let subscription = subscription(&input.document)?;
    let excluded = input.criteria.as_deref().map(excluded_groups).transpose()?.unwrap_or_default();
    targets::check(cx.world, &cx.account, &subscription.destination_arn, subscription.role_arn.as_deref())?;
    let updated = cx.world.now;
    let policies = &mut cx.world.regional(&cx.account, cx.region).logs.account_policies;
    // One of the type in each Region.
    if policies.keys().any(|name| *name != which.name) {
        return Err(faults::limit_exceeded());
    }
    let policy = AccountPolicy {
        name: which.name.clone(),
        document: input.document,
        subscription,
        criteria: input.criteria,
        excluded,
        updated,
    };
    let answer = PutAnswer { policy: described(cx.account.as_str(), &policy) };
    policies.insert(which.name, policy);
    Ok(answer)
}

/// Refuses the types that are not built, and dry runs, which retention policies alone have.
fn check_type(which: &Which, run: &DryRun) -> Result<(), Fault> {
    if run.dry_run && which.kind != RETENTION {
        return Err(faults::dry_run());
    }
    if which.kind == SUBSCRIPTION { Ok(()) } else { Err(unbuilt(&which.kind)) }
}

fn unbuilt(kind: &str) -> Fault {
    faults::not_built(&format!("policyType {kind} of account policies"))
}

/// Reads a document.
fn subscription(document: &str) -> Result<Subscription, Fault> {
    let read: Result<Subscription, _> = serde_json::from_str(document);
    let subscription = read.map_err(|flaw| faults::account_policy_document(&flaw.to_string()))?;
    filter_pattern(&subscription.filter_pattern)?;
    let is_function = subscription.destination_arn.starts_with("arn:aws:lambda:");
    if subscription.role_arn.is_none() && !is_function && !subscription.destination_arn.starts_with("arn:aws:logs:") {
        return Err(faults::account_policy_document("RoleArn is required for the destination"));
    }
    Ok(subscription)
}

/// Reads `LogGroupName NOT IN ["a", "b"]`.
fn excluded_groups(criteria: &str) -> Result<Vec<String>, Fault> {
    if criteria.len() > CRITERIA_MAX {
        return Err(faults::selection_criteria_too_large(CRITERIA_MAX));
    }
    let mut rest = criteria;
    for word in ["LogGroupName", "NOT", "IN"] {
        rest = rest.trim_start().strip_prefix(word).ok_or_else(faults::selection_criteria)?;
    }
    serde_json::from_str(rest).map_err(|_| faults::selection_criteria())
}

fn delete_account_policy(cx: &mut Cx, (which, run): (Which, DryRun)) -> Result<(), Fault> {
    check_type(&which, &run)?;
    let policies = &mut cx.world.regional(&cx.account, cx.region).logs.account_policies;
    policies.remove(&which.name).map(|_| ()).ok_or_else(faults::no_such_account_policy)
}

/// Policies of the types that are not built cannot be there.
fn describe_account_policies(
    cx: &mut Cx,
    input: DescribeAccountPolicies,
) -> Result<(DescribedPolicies, PageEnd), Fault> {
    if let Some(foreign) = input.accounts.iter().find(|account| *account != cx.account.as_str()) {
        return Err(faults::account_not_linked(foreign));
    }
    let policies = &cx.world.regional(&cx.account, cx.region).logs.account_policies;
    let wanted = |policy: &AccountPolicy| {
        input.kind == SUBSCRIPTION && input.name.as_ref().is_none_or(|name| *name == policy.name)
    };
    let found = policies.iter().filter(|(_, policy)| wanted(policy));
    let page = PageRequest { token: input.token, limit: None }.cut(Order::Ascending, found)?;
    if page.items.is_empty() && input.name.is_some() {
        return Err(faults::no_such_account_policy());
    }
    let policies = page.items.into_iter().map(|policy| described(cx.account.as_str(), policy)).collect();
    Ok((DescribedPolicies { policies }, page.end))
}

fn described(account: &str, policy: &AccountPolicy) -> Described {
    Described {
        name: policy.name.clone(),
        document: policy.document.clone(),
        updated: policy.updated.timestamp_millis(),
        kind: SUBSCRIPTION.to_owned(),
        scope: "ALL".to_owned(),
        criteria: policy.criteria.clone(),
        account: account.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria() {
        let check = |criteria: &str, wanted: Option<&[&str]>| {
            let read = excluded_groups(criteria).ok();
            let wanted = wanted.map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
            assert_eq!(read, wanted, "{criteria}");
        };
        check(r#"LogGroupName NOT IN ["a", "/aws/b"]"#, Some(&["a", "/aws/b"]));
        check(r#"LogGroupName  NOT  IN []"#, Some(&[]));
        check(r#"LogGroupName IN ["a"]"#, None);
        check(r#"LogGroupNamePrefix NOT IN ["a"]"#, None);
        check(r#"LogGroupName NOT IN [a]"#, None);
        check("", None);
    }

    #[test]
    fn documents() {
        let check = |document: &str, good: bool| assert_eq!(subscription(document).is_ok(), good, "{document}");
        check(
            r#"{"DestinationArn":"arn:aws:firehose:us-east-1:1:deliverystream/a","RoleArn":"r","FilterPattern":""}"#,
            true,
        );
        check(r#"{"DestinationArn":"arn:aws:lambda:us-east-1:1:function:a","Distribution":"Random"}"#, true);
        check(r#"{"DestinationArn":"arn:aws:firehose:us-east-1:1:deliverystream/a"}"#, false);
        check(r#"{"DestinationArn":"arn:aws:lambda:us-east-1:1:function:a","Distribution":"Evenly"}"#, false);
        check(r#"{"RoleArn":"r"}"#, false);
        check("{}", false);
        check("", false);
    }
}
