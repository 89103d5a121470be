//! Insights: no trail has them yet.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;
use super::naming::{self, Viewpoint};

/// The operation that says so; switching them on is not built.
pub const OPS: &[Op] = &[op!(Read "GetInsightSelectors" get_insight_selectors)];

record! {
    struct GetInsightSelectors { trail: Option<String> = "TrailName", store: Option<String> = "EventDataStore" }
}

fn get_insight_selectors(cx: &mut Cx, input: GetInsightSelectors) -> Result<(), Fault> {
    let here = Viewpoint::of(cx);
    match (input.trail, input.store) {
        (Some(trail), None) => Err(faults::insights_are_off(&naming::find(cx.world, &here, &trail)?.arn)),
        (None, Some(_)) => Err(faults::not_built("EventDataStore")),
        _ => Err(faults::one_source_of_insights()),
    }
}
