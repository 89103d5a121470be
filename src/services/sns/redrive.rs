//! Where messages go that could not be delivered.

use serde_json::Value;

use crate::patterns::flaw_of_json;
use crate::services::sqs;
use crate::wire::Fault;

use super::faults;

/// `RedrivePolicy`: a queue for dead letters.
#[derive(Clone, Debug)]
pub struct Redrive {
    pub text: String,
    pub queue: sqs::Place,
}

impl Redrive {
    /// Reads a policy; an empty text or object takes it away.
    pub fn parse(text: &str, region: &str, needs_fifo: bool) -> Result<Option<Redrive>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        let policy: Value = serde_json::from_str(text).map_err(|_| {
            faults::failed_to_parse(
                "RedrivePolicy",
                &flaw_of_json(text).map(|flaw| flaw.redacted()).unwrap_or_default(),
            )
        })?;
        let members = policy.as_object().ok_or_else(|| faults::redrive_policy("is not a JSON object"))?;
        if members.is_empty() {
            return Ok(None);
        }
        let arn = members.get("deadLetterTargetArn").and_then(Value::as_str).unwrap_or_default();
        let queue =
            sqs::Place::parse(arn).ok_or_else(|| faults::redrive_policy("deadLetterTargetArn is an invalid arn"))?;
        if queue.region.as_str() != region {
            return Err(faults::redrive_policy("deadLetterTargetArn must be in the Region of the topic"));
        }
        if needs_fifo && !queue.is_fifo() {
            return Err(faults::redrive_policy(
                "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
            ));
        }
        Ok(Some(Redrive { text: text.to_owned(), queue }))
    }
}
