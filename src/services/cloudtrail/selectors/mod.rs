//! Event selectors: which events a trail takes.

mod advanced;
mod basic;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::record::Event;

use super::faults;
use super::naming::{self, Viewpoint};

pub use advanced::{AdvancedEventSelector, AdvancedFieldSelector};
pub use basic::{DataResource, EventSelector};

/// The operations on selectors.
pub const OPS: &[Op] = &[
    op!(Read "GetEventSelectors" get_event_selectors),
    op!(Write "PutEventSelectors" put_event_selectors).resources(&[("AWS::CloudTrail::Trail", "TrailName")]),
];

/// A trail's selection.
#[derive(Clone, Debug, Default)]
pub enum Selectors {
    /// As trails are made: all management events.
    #[default]
    Default,
    Basic(Vec<EventSelector>),
    Advanced(Vec<AdvancedEventSelector>),
}

impl Selectors {
    /// Whether somebody chose them (`HasCustomEventSelectors`).
    pub fn is_custom(&self) -> bool {
        !matches!(self, Selectors::Default)
    }

    /// Whether the trail takes the event; the Region and the global-service rule are the trail's to judge.
    /// Selectors are alternatives.
    pub fn select(&self, event: &Event) -> bool {
        match self {
            Selectors::Default => event.management_event,
            Selectors::Basic(selectors) => selectors.iter().any(|selector| selector.select(event)),
            Selectors::Advanced(selectors) => selectors.iter().any(|selector| selector.select(event)),
        }
    }
}

record! {
    struct PutEventSelectors {
        trail: String = "TrailName",
        basic: Option<Vec<EventSelector>> = "EventSelectors",
        advanced: Option<Vec<AdvancedEventSelector>> = "AdvancedEventSelectors",
    }

    struct GetEventSelectors { trail: String = "TrailName" }

    struct Answer {
        trail: String = "TrailARN",
        basic: Option<Vec<EventSelector>> = "EventSelectors",
        advanced: Option<Vec<AdvancedEventSelector>> = "AdvancedEventSelectors",
    }
}

fn put_event_selectors(cx: &mut Cx, input: PutEventSelectors) -> Result<Answer, Fault> {
    let here = Viewpoint::of(cx);
    let trail = naming::find_at_home(cx.world, &here, &input.trail)?;
    let filled = |count: Option<usize>| count.is_some_and(|count| count > 0);
    let basic = filled(input.basic.as_ref().map(Vec::len));
    let advanced = filled(input.advanced.as_ref().map(Vec::len));
    trail.selectors = match (input.basic, input.advanced) {
        (Some(selectors), _) if basic && !advanced => {
            Selectors::Basic(basic::checked(selectors.into_iter().map(EventSelector::with_defaults).collect())?)
        }
        (_, Some(selectors)) if advanced && !basic => Selectors::Advanced(advanced::checked(selectors)?),
        _ => return Err(faults::one_kind_of_selectors()),
    };
    Ok(answer(trail.arn.clone(), &trail.selectors))
}

fn get_event_selectors(cx: &mut Cx, input: GetEventSelectors) -> Result<Answer, Fault> {
    let here = Viewpoint::of(cx);
    let trail = naming::find(cx.world, &here, &input.trail)?;
    Ok(answer(trail.arn.clone(), &trail.selectors))
}

fn answer(trail: String, selectors: &Selectors) -> Answer {
    let (basic, advanced) = match selectors {
        Selectors::Default => (Some(vec![EventSelector::default().with_defaults()]), None),
        Selectors::Basic(selectors) => (Some(selectors.clone()), None),
        Selectors::Advanced(selectors) => (None, Some(selectors.clone())),
    };
    Answer { trail, basic, advanced }
}

#[cfg(test)]
mod tests;
