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

/// What an event to be tried must have. AWS asks for `resources` in its reference, and does without.
const MEMBERS: [&str; 6] = ["id", "account", "source", "time", "region", "detail-type"];

/// Reads a pattern.
///
/// # Errors
/// `InvalidEventPatternException`
pub(super) fn checked(text: &str) -> Result<Rules, Fault> {
    let rules = Rules::parse(text, Dialect::EventPattern);
    let rules = rules.map_err(|flaw| faults::invalid_pattern(flaw.quoting(text)))?;
    if rules.combinations() > COMBINATIONS_MAX {
        return Err(faults::too_many_combinations(COMBINATIONS_MAX));
    }
    if rules.are_too_complex() { Err(faults::pattern_too_complex()) } else { Ok(rules) }
}

record! {
    struct Trial { pattern: String = "EventPattern", event: String = "Event" }
    struct Outcome { matches: bool = "Result" }
}

/// Whether a pattern matches an event.
fn test(_: &mut Cx, trial: Trial) -> Result<Outcome, Fault> {
    let rules = checked(&trial.pattern)?;
    let event = Tree::read_event(&trial.event).map_err(|_| faults::invalid_event())?;
    match MEMBERS.iter().all(|name| event.get(name).is_some()) {
        true => Ok(Outcome { matches: rules.hold_of(&event) }),
        false => Err(faults::invalid_event()),
    }
}
