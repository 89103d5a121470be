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
    op!(Read "ListQueueTags" list_queue_tags).data().resources(QUEUE),
    op!(Write "TagQueue" tag_queue).resources(QUEUE),
    op!(Write "UntagQueue" untag_queue).resources(QUEUE),
];

/// Tags a queue may have, and the characters of their parts
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>).
const TAGS_MAX: usize = 50;
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

type Tags = BTreeMap<String, String>;

record! {
    struct QueueTags { tags: Option<Tags> = "Tags" }

    struct Keys { keys: Vec<String> = "TagKeys" }
}

/// Checks the tags of a queue.
///
/// # Errors
/// `InvalidParameterValue`
pub fn check(queue: &str, tags: &Tags) -> Result<(), Fault> {
    for (key, value) in tags {
        let is_reserved = key.to_ascii_lowercase().starts_with("aws:");
        if key.is_empty() || is_reserved || !is_text(key, KEY_MAX) {
            return Err(faults::bad_tag(key));
        }
        if !is_text(value, VALUE_MAX) {
            return Err(faults::bad_tag(value));
        }
    }
    if tags.len() > TAGS_MAX { Err(faults::too_many_tags(queue)) } else { Ok(()) }
}

/// Letters, digits, white space and the signs that tags of any service may have.
fn is_text(text: &str, most: usize) -> bool {
    let is_good = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    text.chars().count() <= most && text.chars().all(is_good)
}

fn tag_queue(cx: &mut Cx, (target, input): (Target, QueueTags)) -> Result<(), Fault> {
    let place = target.enter_own(cx)?;
    let queue = place.queue(cx.world)?;
    let mut tags = queue.tags.clone();
    tags.extend(input.tags.unwrap_or_default());
    check(&place.queue, &tags)?;
    queue.tags = tags;
    Ok(())
}

fn untag_queue(cx: &mut Cx, (target, input): (Target, Keys)) -> Result<(), Fault> {
    let place = target.enter_own(cx)?;
    place.queue(cx.world)?.tags.retain(|key, _| !input.keys.contains(key));
    Ok(())
}

fn list_queue_tags(cx: &mut Cx, target: Target) -> Result<QueueTags, Fault> {
    let place = target.enter_own(cx)?;
    let tags = place.queue(cx.world)?.tags.clone();
    Ok(QueueTags { tags: Some(tags).filter(|tags| !tags.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_can_be() {
        let check = |key: &str, value: &str, expected: Option<&str>| {
            let tags = Tags::from([(key.to_owned(), value.to_owned())]);
            assert_eq!(super::check("q", &tags).err(), expected.map(faults::bad_tag), "{key}={value}");
        };
        check("tëam: a/b=c+d-e@f_g.h", "", None);
        check(&"k".repeat(128), &"v".repeat(256), None);
        let (key, value) = ("k".repeat(129), "v".repeat(257));
        check(&key, "", Some(&key));
        check("k", &value, Some(&value));
        check("", "", Some(""));
        check("aws:k", "", Some("aws:k"));
        check("AWS:k", "", Some("AWS:k"));
        check("k#", "", Some("k#"));
        check("k", "<v>", Some("<v>"));
        let many: Tags = (0..=TAGS_MAX).map(|number| (number.to_string(), String::new())).collect();
        assert_eq!(super::check("q", &many), Err(faults::too_many_tags("q")));
    }
}
