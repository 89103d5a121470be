//! Statements in a queue's policy that have a label: the short way to let other accounts in.

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::labelled::Labelled;
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

/// Actions of one statement.
const ACTIONS_MAX: usize = 7;
/// Characters of a label.
const LABEL_MAX: usize = 80;

/// What can be allowed to others in this way, and what is up to the owner
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html>).
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
    struct Label { label: String = "Label" }

    struct Permission { accounts: Vec<String> = "AWSAccountIds", actions: Vec<String> = "Actions" }
}

fn add_permission(cx: &mut Cx, (target, Label { label }, input): (Target, Label, Permission)) -> Result<(), Fault> {
    let place = target.enter_own(cx)?;
    check(&label, &input)?;
    let accounts: Option<Vec<AccountId>> = input.accounts.iter().map(|id| AccountId::parse(id)).collect();
    let accounts = accounts.ok_or_else(|| faults::no_account(&input.accounts))?;
    let mut policy = policy(&place.queue(cx.world)?.attributes);
    if policy.has(&label) {
        return Err(faults::label_exists(&label));
    }
    let actions = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    policy.add(&label, &accounts, actions, &place.arn());
    set(cx, &place, policy)
}

fn check(label: &str, input: &Permission) -> Result<(), Fault> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if label.is_empty() || label.len() > LABEL_MAX || !label.bytes().all(is_good) {
        return Err(faults::bad_label(label));
    }
    if input.accounts.is_empty() {
        return Err(faults::missing("AWSAccountIds"));
    }
    if input.actions.is_empty() {
        return Err(faults::missing("Actions"));
    }
    if input.actions.len() > ACTIONS_MAX {
        return Err(faults::too_many_actions(input.actions.len(), ACTIONS_MAX));
    }
    match input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        Some(action) if OWNERS_ACTIONS.contains(&action.as_str()) => Err(faults::owners_action(action)),
        Some(action) => Err(faults::no_action(action)),
        None => Ok(()),
    }
}

fn remove_permission(cx: &mut Cx, (target, Label { label }): (Target, Label)) -> Result<(), Fault> {
    let place = target.enter_own(cx)?;
    let mut policy = policy(&place.queue(cx.world)?.attributes);
    if !policy.has(&label) {
        return Err(faults::no_label(&label));
    }
    policy.remove(&label);
    set(cx, &place, policy)
}

fn policy(attributes: &Attributes) -> Labelled {
    Labelled::parse(attributes.policy_text().unwrap_or_default())
}

/// Sets the policy; without statements, there is none.
fn set(cx: &mut Cx, place: &Place, policy: Labelled) -> Result<(), Fault> {
    let id = format!("{}/SQSDefaultPolicy", place.arn());
    let text = if policy.is_empty() { String::new() } else { policy.text(&id) };
    place.queue(cx.world)?.attributes.set(&Texts::from([("Policy".to_owned(), text)]))
}
