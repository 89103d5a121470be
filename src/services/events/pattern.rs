//! Event patterns, and trying them.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

use crate::op;
use crate::patterns::{Dialect, Rules, Tree};
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;

/// The operation on patterns alone.
pub const OPS: &[Op] = &[op!(Read "TestEventPattern" test)];

/// Into how many patterns the alternatives of one may be taken apart
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>).
const COMBINATIONS_MAX: u64 = 1000;

/// What every event has.
const MEMBERS: [&str; 7] = ["id", "account", "source", "time", "region", "resources", "detail-type"];

/// Reads a pattern.
///
/// # Errors
/// `InvalidEventPatternException`
pub(super) fn checked(text: &str) -> Result<Rules, Fault> {
    let rules = Rules::parse(text, Dialect::EventPattern);
    let rules = rules.map_err(|flaw| faults::invalid_pattern(flaw.quoting(text)))?;
    match rules.combinations() <= COMBINATIONS_MAX {
        true => Ok(rules),
        false => Err(faults::too_many_combinations(COMBINATIONS_MAX)),
    }
}

record! {
    struct Trial { pattern: String = "EventPattern", event: String = "Event" }
    struct Outcome { matches: bool = "Result" }
}

/// Whether a pattern matches an event.
fn test(_: &mut Cx, trial: Trial) -> Result<Outcome, Fault> {
    let rules = checked(&trial.pattern)?;
    let event = Tree::read(&trial.event).map_err(|flaw| faults::invalid_event(flaw.quoting(&trial.event)))?;
    match MEMBERS.into_iter().find(|name| event.get(name).is_none()) {
        Some(missing) => Err(faults::invalid_event(format_args!("{missing} is missing"))),
        None => Ok(Outcome { matches: rules.hold_of(&event) }),
    }
}
