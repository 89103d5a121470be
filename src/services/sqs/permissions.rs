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
    struct Label { label: String = "Label" }

    struct Permission { accounts: Vec<String> = "AWSAccountIds", actions: Vec<String> = "Actions" }
}

fn add_permission(cx: &mut Cx, (target, Label { label }, input): (Target, Label, Permission)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    let invalid = |name: &str, value: &str, reason: &str| Err(faults::invalid(name, value, reason));
    if input.accounts.is_empty() {
        return Err(faults::missing("AWSAccountIds"));
    }
    if input.actions.is_empty() {
        return Err(faults::missing("Actions"));
    }
    let accounts: Option<Vec<AccountId>> = input.accounts.iter().map(|id| AccountId::parse(id)).collect();
    let Some(accounts) = accounts else {
        return invalid("PrincipalId", &format!("{:?}", input.accounts), "Unable to verify.");
    };
    if let Some(action) = input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        return invalid(
            "ActionName",
            &format!("SQS:{action}"),
            "Only the queue owner is allowed to invoke this action.",
        );
    }
    let mut policy = policy(&place.queue(cx.world)?.attributes);
    if policy.has(&label) {
        return invalid(LABEL, &label, "Already exists.");
    }
    let actions = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    policy.add(&label, &accounts, actions, &place.arn());
    set(cx, &place, policy)
}

fn remove_permission(cx: &mut Cx, (target, Label { label }): (Target, Label)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    let mut policy = policy(&place.queue(cx.world)?.attributes);
    if !policy.has(&label) {
        return Err(faults::invalid(LABEL, &label, "can't find label."));
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
