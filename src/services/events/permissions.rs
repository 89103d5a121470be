//! Policies of buses: who beside the account may put events on them, or make rules there.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html>

use serde_json::{Value as Json, json};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::{Flaw, Policy};
use crate::world::scope::AccountId;

use super::buses::BusPolicy;
use super::{BusPlace, faults};

/// The operations on policies.
pub const OPS: &[Op] = &[op!(Write "PutPermission" put), op!(Write "RemovePermission" remove)];

/// Characters of a policy.
const POLICY_MAX: usize = 10_240;

/// What single statements can permit.
const PUT_EVENTS: &str = "events:PutEvents";

record! {
    struct PutPermission {
        bus: Option<String> = "EventBusName",
        action: Option<String> = "Action",
        principal: Option<String> = "Principal",
        id: Option<String> = "StatementId",
        condition: Option<Condition> = "Condition",
        policy: Option<String> = "Policy",
    }
    struct Condition { operator: String = "Type", key: String = "Key", value: String = "Value" }

    struct RemovePermission {
        bus: Option<String> = "EventBusName",
        id: Option<String> = "StatementId",
        all: bool = "RemoveAllPermissions",
    }
}

/// Puts a whole policy in place, or adds a statement. A statement with the same id is replaced.
fn put(cx: &mut Cx, input: PutPermission) -> Result<(), Fault> {
    let place = BusPlace::named(cx, input.bus.as_deref())?;
    if !place.is_there(cx.world) {
        return Err(faults::no_bus(&place.name));
    }
    if let Some(text) = &input.policy {
        let parts = [&input.action, &input.principal, &input.id];
        if parts.iter().any(|part| part.is_some()) || input.condition.is_some() {
            return Err(faults::policy_or_statement());
        }
        return set(cx, &place, Some(text.clone()));
    }
    let added = statement(&place, &input)?;
    let mut statements = statements(cx, &place);
    statements.retain(|statement| statement["Sid"] != added["Sid"]);
    statements.push(added);
    set(cx, &place, Some(document(statements)))
}

fn statement(place: &BusPlace, input: &PutPermission) -> Result<Json, Fault> {
    let (Some(action), Some(principal), Some(id)) = (&input.action, &input.principal, &input.id) else {
        return Err(faults::missing_parameter("Action, Principal and StatementId, or Policy,"));
    };
    if action != PUT_EVENTS {
        return Err(faults::unsupported_action());
    }
    let principal = match AccountId::parse(principal) {
        Some(account) => json!({"AWS": account.root_arn()}),
        None => json!(principal),
    };
    let mut statement = json!({
        "Sid": id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": place.arn(),
    });
    if let Some(Condition { operator, key, value }) = &input.condition {
        statement["Condition"] = json!({operator: {key: value}});
    }
    Ok(statement)
}

fn remove(cx: &mut Cx, input: RemovePermission) -> Result<(), Fault> {
    let place = BusPlace::named(cx, input.bus.as_deref())?;
    if !place.is_there(cx.world) {
        return Err(faults::no_bus(&place.name));
    }
    if input.all {
        return set(cx, &place, None);
    }
    let Some(id) = input.id else { return Err(faults::missing_parameter("StatementId or RemoveAllPermissions")) };
    if place.find(cx.world).is_none_or(|bus| bus.policy.is_none()) {
        return Err(faults::no_policy());
    }
    let mut statements = statements(cx, &place);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != *id);
    match statements.len() {
        after if after == before => Err(faults::no_statement()),
        0 => set(cx, &place, None),
        _ => set(cx, &place, Some(document(statements))),
    }
}

fn document(statements: Vec<Json>) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// The statements that the bus's policy has.
fn statements(cx: &Cx, place: &BusPlace) -> Vec<Json> {
    let policy = place.find(cx.world).and_then(|bus| bus.policy.as_ref());
    let document: Json = policy.and_then(|policy| serde_json::from_str(&policy.text).ok()).unwrap_or_default();
    match document.get("Statement") {
        Some(Json::Array(statements)) => statements.clone(),
        Some(single) => vec![single.clone()],
        None => Vec::new(),
    }
}

/// Puts a policy in place, or takes it away.
fn set(cx: &mut Cx, place: &BusPlace, text: Option<String>) -> Result<(), Fault> {
    let policy = text.map(checked).transpose()?;
    let now = cx.world.now;
    let bus = place.bus(cx.world)?;
    bus.policy = policy;
    bus.modified = Some(now);
    Ok(())
}

fn checked(text: String) -> Result<BusPolicy, Fault> {
    if text.chars().count() > POLICY_MAX {
        return Err(faults::policy_too_long());
    }
    let parsed = Policy::parse(&text).map_err(|flaw| match flaw {
        Flaw::NotJson => faults::policy_json(),
        _ => faults::invalid_policy(),
    })?;
    let is_complete =
        parsed.statements.iter().all(|statement| statement.principals.is_some() && statement.resources.is_some());
    if is_complete { Ok(BusPolicy { text, parsed }) } else { Err(faults::invalid_policy()) }
}
