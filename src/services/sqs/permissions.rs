//! Permissions: statements of a queue's policy, made one by one.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html>

use serde_json::{Value, json};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::Policy;
use crate::world::scope::AccountId;

use super::{BY_URL, Place, address, faults};

/// The operations on permissions.
pub const OPS: &[Op] =
    &[op!(Write "AddPermission" add).resources(BY_URL), op!(Write "RemovePermission" remove).resources(BY_URL)];

/// Actions of one statement.
const ACTIONS_MAX: usize = 7;
/// Characters of a label.
const LABEL_MAX: usize = 80;

/// What others can be let do, and what is up to the owner.
const ACTIONS: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];
const OWNERS_ACTIONS: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

record! {
    struct AddPermission {
        url: String = "QueueUrl",
        label: String = "Label",
        accounts: Vec<String> = "AWSAccountIds",
        actions: Vec<String> = "Actions",
    }
    struct RemovePermission { url: String = "QueueUrl", label: String = "Label" }
}

fn add(cx: &mut Cx, input: AddPermission) -> Result<(), Fault> {
    let place = address::reach_own(cx, &input.url, "AddPermission")?;
    check(&input)?;
    let accounts: Option<Vec<AccountId>> = input.accounts.iter().map(|account| AccountId::parse(account)).collect();
    let accounts = accounts.ok_or_else(|| faults::principal(&input.accounts))?;
    let mut policy = document(cx, &place);
    let mut statements = take_statements(&mut policy);
    if statements.iter().any(|statement| statement["Sid"] == input.label.as_str()) {
        return Err(faults::label_exists(&input.label));
    }
    statements.push(json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_more(accounts.iter().map(AccountId::root_arn).collect())},
        "Action": one_or_more(input.actions.iter().map(|action| format!("SQS:{action}")).collect()),
        "Resource": place.arn(),
    }));
    keep(cx, &place, policy, statements)
}

fn check(input: &AddPermission) -> Result<(), Fault> {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if input.label.is_empty() || input.label.len() > LABEL_MAX || !input.label.bytes().all(is_right) {
        return Err(faults::label(&input.label));
    }
    if input.accounts.is_empty() {
        return Err(faults::missing("PrincipalId"));
    }
    if input.actions.is_empty() {
        return Err(faults::missing("Actions"));
    }
    if input.actions.len() > ACTIONS_MAX {
        return Err(faults::too_many_actions(input.actions.len(), ACTIONS_MAX));
    }
    for action in &input.actions {
        if OWNERS_ACTIONS.contains(&action.as_str()) {
            return Err(faults::owners_action(action));
        }
        if !ACTIONS.contains(&action.as_str()) {
            return Err(faults::no_action(action));
        }
    }
    Ok(())
}

fn remove(cx: &mut Cx, input: RemovePermission) -> Result<(), Fault> {
    let place = address::reach_own(cx, &input.url, "RemovePermission")?;
    let mut policy = document(cx, &place);
    let mut statements = take_statements(&mut policy);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != input.label.as_str());
    if statements.len() == before {
        return Err(faults::no_label(&input.label));
    }
    keep(cx, &place, policy, statements)
}

/// The queue's policy, or the one that AWS starts with.
fn document(cx: &Cx, place: &Place) -> Value {
    let queue = place.find(cx.world);
    let text = queue.and_then(|queue| queue.settings.policy_text());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(
        || json!({"Version": "2008-10-17", "Id": format!("{}/SQSDefaultPolicy", place.arn()), "Statement": []}),
    )
}

/// Takes the statements out of a policy; a single one may stand without a list.
fn take_statements(policy: &mut Value) -> Vec<Value> {
    match policy["Statement"].take() {
        Value::Array(statements) => statements,
        single => vec![single],
    }
}

fn keep(cx: &mut Cx, place: &Place, mut policy: Value, statements: Vec<Value>) -> Result<(), Fault> {
    let now = cx.world.now;
    let is_empty = statements.is_empty();
    policy["Statement"] = Value::Array(statements);
    let text = policy.to_string();
    let made = match is_empty {
        true => None,
        false => {
            let policy = Policy::parse(&text).map_err(|_| faults::attribute_value("Policy"))?;
            Some((text, policy))
        }
    };
    let queue = place.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    queue.settings.set_policy(made);
    queue.modified = now;
    Ok(())
}

fn one_or_more(mut texts: Vec<String>) -> Value {
    match texts.len() {
        1 => Value::String(texts.remove(0)),
        _ => texts.into(),
    }
}
