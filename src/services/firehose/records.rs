//! Records: what streams take in, from clients and from other services.

use bytes::Bytes;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::streams::{STREAM, Status};
use super::{Place, delivery, faults, metrics};

/// The operations on records. CloudTrail's event history does not have them
/// (<https://docs.aws.amazon.com/firehose/latest/dev/monitoring-using-cloudtrail.html>).
pub const OPS: &[Op] = &[
    op!(Write "PutRecord" put_record).data().resources(STREAM),
    op!(Write "PutRecordBatch" put_record_batch).data().resources(STREAM),
];

/// Bytes of all records of a batch
/// (<https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html>). The contract has the limits of
/// 500 records and of 1,000 KiB for each.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Characters of a record id.
const ID_LENGTH: usize = 224;

record! {
    struct Record { data: Bytes = "Data" }
    struct PutRecord { stream: String = "DeliveryStreamName", record: Record = "Record" }
    struct PutRecordBatch { stream: String = "DeliveryStreamName", records: Vec<Record> = "Records" }
    struct Taken { id: String = "RecordId", encrypted: bool = "Encrypted" }
    struct BatchTaken {
        failed: i64 = "FailedPutCount",
        encrypted: bool = "Encrypted",
        results: Vec<TakenOrNot> = "RequestResponses",
    }
    struct TakenOrNot {
        id: Option<String> = "RecordId",
        error: Option<String> = "ErrorCode",
        sentence: Option<String> = "ErrorMessage",
    }
}

fn put_record(cx: &mut Cx, input: PutRecord) -> Result<Taken, Fault> {
    let place = Place { account: cx.account.clone(), region: cx.region, stream: input.stream };
    check_open(cx.world, &place)?;
    take(cx.world, &place, &input.record.data)?;
    metrics::put(cx.world, &place, input.record.data.len());
    Ok(Taken { id: record_id(cx.world), encrypted: false })
}

/// Each record is taken or not by itself.
fn put_record_batch(cx: &mut Cx, input: PutRecordBatch) -> Result<BatchTaken, Fault> {
    let place = Place { account: cx.account.clone(), region: cx.region, stream: input.stream };
    check_open(cx.world, &place)?;
    if input.records.iter().map(|record| record.data.len()).sum::<usize>() > BATCH_BYTES_MAX {
        return Err(faults::batch_too_large());
    }
    let mut answer = BatchTaken::default();
    let mut taken = Vec::new();
    for record in &input.records {
        answer.results.push(match take(cx.world, &place, &record.data) {
            Ok(()) => {
                taken.push(record.data.len());
                TakenOrNot { id: Some(record_id(cx.world)), ..TakenOrNot::default() }
            }
            Err(fault) => {
                answer.failed += 1;
                TakenOrNot { id: None, error: Some(fault.code), sentence: Some(fault.message) }
            }
        });
    }
    metrics::put_batch(cx.world, &place, taken.len(), taken.iter().sum());
    Ok(answer)
}

/// The stream of an ARN, if it takes records now: what services ask before they accept it as a destination.
pub fn accepts(world: &World, arn: &str) -> Option<Place> {
    Place::parse(arn).filter(|place| check_open(world, place).is_ok())
}

/// Puts records into the stream of an ARN, for other services: all of them or none.
///
/// # Errors
/// `ResourceNotFoundException` when no such stream takes records; `ServiceUnavailableException` when it is full.
pub fn put(world: &mut World, arn: &str, records: Vec<Bytes>) -> Result<(), Fault> {
    let place = Place::parse(arn).ok_or_else(|| faults::not_found(arn, &world.settings.account))?;
    check_open(world, &place)?;
    let bytes = records.iter().map(Bytes::len).sum();
    if !place.find(world).is_some_and(|stream| stream.buffer.has_room(bytes)) {
        return Err(faults::slow_down());
    }
    records.iter().try_for_each(|record| take(world, &place, record))
}

/// Streams take records while they are active.
fn check_open(world: &World, place: &Place) -> Result<(), Fault> {
    match place.find(world) {
        Some(stream) if stream.status == Status::Active => Ok(()),
        _ => Err(faults::not_found(&place.stream, &place.account)),
    }
}

/// Adds a record to the stream's buffer and sees to its delivery.
fn take(world: &mut World, place: &Place, record: &[u8]) -> Result<(), Fault> {
    let now = world.now;
    let Some(stream) = place.find_mut(world) else { return Err(faults::not_found(&place.stream, &place.account)) };
    if !stream.buffer.has_room(record.len()) {
        metrics::throttled(world, place);
        return Err(faults::slow_down());
    }
    let before = stream.due(now);
    stream.buffer.add(now, record, stream.destination.size());
    if stream.due(now) != before {
        delivery::schedule(world, place);
    }
    metrics::incoming(world, place, record.len());
    Ok(())
}

fn record_id(world: &mut World) -> String {
    world.ids.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", ID_LENGTH)
}
