//! What SNS counts: metrics of `AWS/SNS`, by topic
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>).

use crate::services::cloudwatch;
use crate::world::World;

use super::TopicPlace;

/// Counts something that happened to messages of a topic.
pub fn count(world: &mut World, place: &TopicPlace, name: &str, count: usize) {
    publish(world, place, name, count as f64, "Count");
}

/// Takes down the size of a message, in bytes.
pub fn size(world: &mut World, place: &TopicPlace, bytes: usize) {
    publish(world, place, "PublishSize", bytes as f64, "Bytes");
}

fn publish(world: &mut World, place: &TopicPlace, name: &str, value: f64, unit: &str) {
    let at = (&place.account, place.region);
    cloudwatch::publish(world, at, ("AWS/SNS", name), &[("TopicName", &place.name)], value, unit);
}
