//! Tags of queues.

use std::collections::BTreeMap;

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::{op, record};

use super::faults;
use super::naming::Target;
use super::queues::QUEUE;

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Read "ListQueueTags" list_queue_tags).resources(QUEUE),
    op!(Write "TagQueue" tag_queue).resources(QUEUE),
    op!(Write "UntagQueue" untag_queue).resources(QUEUE),
];

/// Tags a queue may have.
const TAGS_MAX: usize = 50;

type Tags = BTreeMap<String, String>;

record! {
    struct QueueTags { tags: Option<Tags> = "Tags" }

    struct Keys { keys: Vec<String> = "TagKeys" }
}

/// Checks the tags of a queue.
///
/// # Errors
/// `InvalidParameterValue` for too many.
pub fn check(tags: &Tags) -> Result<(), Fault> {
    if tags.len() > TAGS_MAX { Err(faults::too_many_tags(TAGS_MAX)) } else { Ok(()) }
}

fn tag_queue(cx: &mut Cx, (target, input): (Target, QueueTags)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    let queue = place.queue(cx.world)?;
    let mut tags = queue.tags.clone();
    tags.extend(input.tags.unwrap_or_default());
    check(&tags)?;
    queue.tags = tags;
    Ok(())
}

fn untag_queue(cx: &mut Cx, (target, input): (Target, Keys)) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    place.queue(cx.world)?.tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list_queue_tags(cx: &mut Cx, target: Target) -> Result<QueueTags, Fault> {
    let place = target.enter(cx)?;
    let tags = place.queue(cx.world)?.tags.clone();
    Ok(QueueTags { tags: Some(tags).filter(|tags| !tags.is_empty()) })
}
