//! Statements in a queue's policy that have a label: the short way to let other accounts in.

use serde_json::{Map, Value, json};

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::{op, record};

use super::attributes::{Attributes, Texts};
use super::faults;
use super::naming::{Place, Target};
use super::queues::QUEUE;

/// The operations on permissions.
pub const OPS: &[Op] = &[
    op!(Write "AddPermission" add_permission).resources(QUEUE),
    op!(Write "RemovePermission" remove_permission).resources(QUEUE),
];

const LABEL: &str = "Label";
/// What can be allowed to others in this way.
const ACTIONS: [&str; 7] = [
    "*",
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
];

record! {
    struct Labelled { label: String = "Label" }

    struct Permission { accounts: Vec<String> = "AWSAccountIds", actions: Vec<String> = "Actions" }
}

fn add_permission(cx: &mut Cx, (target, labelled, input): (Target, Labelled, Permission)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    let label = labelled.label;
    let invalid = |name: &str, value: &str, reason: &str| Err(faults::invalid(name, value, reason));
    if input.accounts.is_empty() {
        return Err(faults::missing("AWSAccountIds"));
    }
    if input.actions.is_empty() {
        return Err(faults::missing("Actions"));
    }
    let roots: Option<Vec<String>> =
        input.accounts.iter().map(|id| AccountId::parse(id).map(|account| account.root_arn())).collect();
    let Some(roots) = roots else {
        return invalid("PrincipalId", &format!("{:?}", input.accounts), "Unable to verify.");
    };
    if let Some(action) = input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        return invalid(
            "ActionName",
            &format!("SQS:{action}"),
            "Only the queue owner is allowed to invoke this action.",
        );
    }
    let mut statements = statements(&place.queue(cx.world)?.attributes);
    if statements.iter().any(|statement| statement["Sid"] == label) {
        return invalid(LABEL, &label, "Already exists.");
    }
    let actions: Vec<_> = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_all(roots)},
        "Action": one_or_all(actions),
        "Resource": place.arn(),
    }));
    set(cx, &place, statements)
}

fn remove_permission(cx: &mut Cx, (target, labelled): (Target, Labelled)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    let mut statements = statements(&place.queue(cx.world)?.attributes);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != labelled.label);
    if statements.len() == before {
        return Err(faults::invalid(LABEL, &labelled.label, "can't find label."));
    }
    set(cx, &place, statements)
}

/// A list of one is written as the one.
fn one_or_all(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { texts.remove(0).into() } else { texts.into() }
}

fn document(attributes: &Attributes) -> Map<String, Value> {
    attributes.policy_text().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn statements(attributes: &Attributes) -> Vec<Value> {
    match document(attributes).remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(single) => vec![single],
        None => Vec::new(),
    }
}

/// Sets the policy to these statements; without any, there is none.
fn set(cx: &mut Cx, place: &Place, statements: Vec<Value>) -> Result<(), Fault> {
    let attributes = &mut place.queue(cx.world)?.attributes;
    let mut policy = document(attributes);
    if policy.is_empty() {
        policy.insert("Version".into(), "2008-10-17".into());
        policy.insert("Id".into(), format!("{}/SQSDefaultPolicy", place.arn()).into());
    }
    let is_empty = statements.is_empty();
    policy.insert("Statement".into(), statements.into());
    let text = if is_empty { String::new() } else { Value::Object(policy).to_string() };
    attributes.set(&Texts::from([("Policy".to_owned(), text)]))
}
