//! Statements of a topic's policy that are added and taken away by label.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::labelled::Labelled;
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::attributes::{TopicPolicy, is_in_scope};
use super::{TOPIC, TopicPlace, faults, topics};

/// The operations on policies.
pub const OPS: &[Op] =
    &[op!(Write "AddPermission" add).resources(TOPIC), op!(Write "RemovePermission" remove).resources(TOPIC)];

record! {
    struct AddPermission {
        arn: String = "TopicArn",
        label: String = "Label",
        accounts: Vec<String> = "AWSAccountId",
        actions: Vec<String> = "ActionName",
    }
    struct RemovePermission { arn: String = "TopicArn", label: String = "Label" }
}

fn add(cx: &mut Cx, input: AddPermission) -> Result<(), Fault> {
    let place = topics::find(cx, &input.arn, "SNS:AddPermission")?;
    let parse = |id: &String| AccountId::parse(id).ok_or_else(|| faults::invalid("AWSAccountId"));
    let accounts = input.accounts.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let actions: Vec<String> = input.actions.iter().map(|action| format!("SNS:{action}")).collect();
    if actions.is_empty() || !actions.iter().all(|action| is_in_scope(action)) {
        return Err(faults::out_of_scope());
    }
    if accounts.is_empty() {
        return Err(faults::no_value("AWSAccountId"));
    }
    change(cx, &place, |policy| {
        if policy.has(&input.label) {
            return Err(faults::statement_exists());
        }
        policy.add(&input.label, &accounts, actions, &place.arn());
        Ok(())
    })
}

/// Taking away a statement that is not there succeeds.
fn remove(cx: &mut Cx, input: RemovePermission) -> Result<(), Fault> {
    let place = topics::find(cx, &input.arn, "SNS:RemovePermission")?;
    change(cx, &place, |policy| {
        policy.remove(&input.label);
        Ok(())
    })
}

/// Changes the statements of a topic's policy. Without any the policy is the default one.
fn change(
    cx: &mut Cx<'_>,
    place: &TopicPlace,
    change: impl FnOnce(&mut Labelled) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let topic = place.find_mut(cx.world).ok_or_else(faults::no_topic)?;
    let mut policy = Labelled::parse(&topic.settings.policy.text);
    change(&mut policy)?;
    topic.settings.policy = match policy.is_empty() {
        true => TopicPolicy::default_of(place),
        false => TopicPolicy::parse(&policy.text(TopicPolicy::DEFAULT_ID))?,
    };
    Ok(())
}
