//! Entities: what metrics are about, as their senders say
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/adding-your-own-related-telemetry.html>).

use crate::services::logs::events;
use crate::wire::Value;

/// Says what is wrong with an entity, in the words of `X-Amzn-Failure-Message`.
pub fn flaw(entity: Option<&Value>) -> Option<&'static str> {
    let Some(entity) = entity.and_then(Value::as_map) else { return Some("InvalidEntity") };
    match entity.get("KeyAttributes").and_then(Value::as_map) {
        Some(keys) => events::key_attributes_flaw(keys),
        None => Some("InvalidEntity"),
    }
}
