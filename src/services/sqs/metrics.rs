//! What SQS counts: metrics of `AWS/SQS`, by queue
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>).

use crate::services::cloudwatch;
use crate::world::World;

use super::naming::Place;

/// Counts something that happened to messages of a queue.
pub fn count(world: &mut World, place: &Place, name: &str, count: usize) {
    publish(world, place, name, count as f64, "Count");
}

/// Takes down the size of a message, in bytes.
pub fn size(world: &mut World, place: &Place, bytes: usize) {
    publish(world, place, "SentMessageSize", bytes as f64, "Bytes");
}

fn publish(world: &mut World, place: &Place, name: &str, value: f64, unit: &str) {
    let at = (&place.account, place.region);
    cloudwatch::publish(world, at, ("AWS/SQS", name), &[("QueueName", &place.queue)], value, unit);
}
