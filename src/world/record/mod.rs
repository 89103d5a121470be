//! CloudTrail records: each call becomes one, in the one place that knows all about it.

pub mod event;
pub mod log;
pub mod parameters;

pub use event::{Event, Identity};
pub use log::{Entry, Log, Position};

use crate::services::cloudtrail;
use crate::wire::Fault;

use super::World;
use super::call::{Call, Note};
use super::caller::Caller;
use super::fields::Output;
use super::op::Op;

/// Everything a record is made of.
pub struct Facts<'a> {
    pub call: &'a Call,
    pub op: Option<&'static Op>,
    pub caller: &'a Caller,
    pub request_id: &'a str,
    pub outcome: &'a Result<Output, Fault>,
    pub note: Note,
}

/// Records a call: appends the event to the log and tells CloudTrail where it is.
pub fn write(world: &mut World, facts: Facts) {
    let event = event::of_call(world, &facts);
    let at = world.events.append(&event);
    cloudtrail::recorded(world, &event, at);
}
