//! What Firehose counts: metrics of `AWS/Firehose`, by stream
//! (<https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html>).

use crate::services::cloudwatch::counters;
use crate::world::World;

use super::Place;

const BYTES: &str = "Bytes";
const COUNT: &str = "Count";

fn count(world: &mut World, place: &Place, name: &'static str, value: f64, unit: &'static str) {
    let Some(dimensions) = place.find(world).map(|stream| stream.dimensions.clone()) else { return };
    counters::count(world, (&place.account, place.region), ("AWS/Firehose", name), &dimensions, value, unit);
}

/// A record has come in.
pub fn incoming(world: &mut World, place: &Place, bytes: usize) {
    count(world, place, "IncomingBytes", bytes as f64, BYTES);
    count(world, place, "IncomingRecords", 1.0, COUNT);
}

/// There was no room for a record.
pub fn throttled(world: &mut World, place: &Place) {
    count(world, place, "ThrottledRecords", 1.0, COUNT);
}

/// A call has put one record.
pub fn put(world: &mut World, place: &Place, bytes: usize) {
    count(world, place, "PutRecord.Bytes", bytes as f64, BYTES);
    request(world, place, "PutRecord.Requests");
    request(world, place, "IncomingPutRequests");
}

/// A call has put several.
pub fn put_batch(world: &mut World, place: &Place, records: usize, bytes: usize) {
    count(world, place, "PutRecordBatch.Bytes", bytes as f64, BYTES);
    count(world, place, "PutRecordBatch.Records", records as f64, COUNT);
    request(world, place, "PutRecordBatch.Requests");
    request(world, place, "IncomingPutRequests");
}

/// A call was about the stream.
pub fn request(world: &mut World, place: &Place, name: &'static str) {
    count(world, place, name, 1.0, COUNT);
}

/// An object has come to the bucket: its bytes, the records in it, and how many seconds ago the oldest of them came.
pub fn delivered(world: &mut World, place: &Place, bytes: u64, records: u64, age_seconds: i64) {
    count(world, place, "DeliveryToS3.Bytes", bytes as f64, BYTES);
    count(world, place, "DeliveryToS3.Records", records as f64, COUNT);
    count(world, place, "DeliveryToS3.DataFreshness", age_seconds as f64, "Seconds");
    count(world, place, "DeliveryToS3.Success", 1.0, "None");
}

/// S3 has not taken an object.
pub fn failed(world: &mut World, place: &Place, age_seconds: i64) {
    count(world, place, "DeliveryToS3.DataFreshness", age_seconds as f64, "Seconds");
    count(world, place, "DeliveryToS3.Success", 0.0, "None");
}
