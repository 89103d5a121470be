//! Statements of a topic's policy that are added and taken away by label.

use serde_json::{Value, json};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
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
    let principals: Vec<Value> = input.accounts.iter().map(|account| principal(account)).collect::<Result<_, _>>()?;
    let actions: Vec<Value> = input.actions.iter().map(|action| Value::from(format!("SNS:{action}"))).collect();
    if actions.is_empty() || !actions.iter().filter_map(Value::as_str).all(is_in_scope) {
        return Err(faults::out_of_scope());
    }
    if principals.is_empty() {
        return Err(faults::no_value("AWSAccountId"));
    }
    let statement = json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_all(principals)},
        "Action": one_or_all(actions),
        "Resource": place.arn(),
    });
    change(cx, &place, |statements| {
        if statements.iter().any(|statement| statement["Sid"] == *input.label) {
            return Err(faults::statement_exists());
        }
        statements.push(statement);
        Ok(())
    })
}

/// Taking away a statement that is not there succeeds.
fn remove(cx: &mut Cx, input: RemovePermission) -> Result<(), Fault> {
    let place = topics::find(cx, &input.arn, "SNS:RemovePermission")?;
    change(cx, &place, |statements| {
        statements.retain(|statement| statement["Sid"] != *input.label);
        Ok(())
    })
}

fn principal(account: &str) -> Result<Value, Fault> {
    let account = AccountId::parse(account).ok_or_else(|| faults::invalid("AWSAccountId"))?;
    Ok(account.root_arn().into())
}

/// AWS writes a list of one without the list.
fn one_or_all(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.remove(0),
        _ => Value::Array(values),
    }
}

/// Changes the statements of a topic's policy. Without any the policy is the default one.
fn change(
    cx: &mut Cx<'_>,
    place: &TopicPlace,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let topic = place.find_mut(cx.world).ok_or_else(faults::no_topic)?;
    let mut policy: Value = serde_json::from_str(&topic.settings.policy.text).map_err(|_| faults::policy_error())?;
    let mut statements = match policy["Statement"].take() {
        Value::Array(statements) => statements,
        single => vec![single],
    };
    change(&mut statements)?;
    topic.settings.policy = match statements.is_empty() {
        true => TopicPolicy::default_of(place),
        false => {
            policy["Statement"] = Value::Array(statements);
            TopicPolicy::parse(&policy.to_string())?
        }
    };
    Ok(())
}
