//! Policies of buses: who beside the account may put events on them, or make rules there.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html>

use serde_json::{Value as Json, json};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::labelled::Labelled;
use crate::world::op::Op;
use crate::world::policy::{Flaw, Policy};
use crate::world::scope::AccountId;

use super::buses::BusPolicy;
use super::{BusPlace, faults};

/// The operations on policies.
pub const OPS: &[Op] = &[op!(Write "PutPermission" put), op!(Write "RemovePermission" remove)];

/// Characters of a policy.
const POLICY_MAX: usize = 10_240;

/// A policy to begin with.
const EMPTY: &str = r#"{"Version":"2012-10-17"}"#;

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

impl Condition {
    /// The only condition that single statements can have
    /// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Condition.html>).
    fn is_on_organization(&self) -> bool {
        self.operator == "StringEquals" && self.key == "aws:PrincipalOrgID"
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
    let mut policy = policy(cx, &place).unwrap_or_else(|| Labelled::parse(EMPTY));
    policy.put(added);
    set(cx, &place, Some(policy.text("")))
}

fn statement(place: &BusPlace, input: &PutPermission) -> Result<Json, Fault> {
    let (Some(action), Some(principal), Some(id)) = (&input.action, &input.principal, &input.id) else {
        return Err(faults::missing_parameter("Action, Principal and StatementId, or Policy,"));
    };
    if action != PUT_EVENTS {
        return Err(faults::unsupported("action"));
    }
    if input.condition.as_ref().is_some_and(|condition| !condition.is_on_organization()) {
        return Err(faults::unsupported("condition"));
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
    let mut policy = policy(cx, &place).filter(|policy| policy.has(&id)).ok_or_else(faults::no_statement)?;
    policy.remove(&id);
    let text = (!policy.is_empty()).then(|| policy.text(""));
    set(cx, &place, text)
}

/// The policy that the bus has.
fn policy(cx: &Cx, place: &BusPlace) -> Option<Labelled> {
    Some(Labelled::parse(&place.find(cx.world)?.policy.as_ref()?.text))
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
