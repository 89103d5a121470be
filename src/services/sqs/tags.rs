//! Tags of queues.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::{BY_URL, address, faults};

/// The operations on tags.
pub const OPS: &[Op] = &[
    op!(Read "ListQueueTags" list).data().resources(BY_URL),
    op!(Write "TagQueue" tag).resources(BY_URL),
    op!(Write "UntagQueue" untag).resources(BY_URL),
];

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
const TAGS_MAX: usize = 50;
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

record! {
    struct ListQueueTags { url: String = "QueueUrl" }
    struct QueueTags { tags: Option<BTreeMap<String, String>> = "Tags" }
    struct TagQueue { url: String = "QueueUrl", tags: BTreeMap<String, String> = "Tags" }
    struct UntagQueue { url: String = "QueueUrl", keys: Vec<String> = "TagKeys" }
}

/// Whether a queue may have all these tags.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn check(queue: &str, tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    let is_right =
        |text: &str| text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c));
    for (key, value) in tags {
        let reserved = key.to_ascii_lowercase().starts_with("aws:");
        if key.is_empty() || key.chars().count() > KEY_MAX || reserved || !is_right(key) {
            return Err(faults::tag(key));
        }
        if value.chars().count() > VALUE_MAX || !is_right(value) {
            return Err(faults::tag(value));
        }
    }
    if tags.len() > TAGS_MAX { Err(faults::too_many_tags(queue)) } else { Ok(()) }
}

fn list(cx: &mut Cx, input: ListQueueTags) -> Result<QueueTags, Fault> {
    let place = address::reach_own(cx, &input.url, "ListQueueTags")?;
    let tags = place.find(cx.world).map(|queue| queue.tags.clone());
    Ok(QueueTags { tags: tags.filter(|tags| !tags.is_empty()) })
}

fn tag(cx: &mut Cx, input: TagQueue) -> Result<(), Fault> {
    let place = address::reach_own(cx, &input.url, "TagQueue")?;
    let queue = place.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    let mut tags = queue.tags.clone();
    tags.extend(input.tags);
    check(&place.name, &tags)?;
    queue.tags = tags;
    Ok(())
}

fn untag(cx: &mut Cx, input: UntagQueue) -> Result<(), Fault> {
    let place = address::reach_own(cx, &input.url, "UntagQueue")?;
    let queue = place.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    queue.tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}
