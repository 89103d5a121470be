//! From what was reported to the Firehose streams, each minute while a metric stream runs.
//!
//! What cannot be put is not tried again: it counts as `PublishErrorRate`
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-monitoring.html>).

use bytes::Bytes;
use chrono::{DurationRound, TimeDelta};

use crate::services::cloudwatch;
use crate::services::firehose;
use crate::services::sts::visits::Visit;
use crate::wire::{Map, Value};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};

use super::{Format, Place, Point, SELF, Settings, json, otel};

/// The session in which metric streams deliver.
const SESSION: &str = "MetricStreams";
/// Bytes of a record, about: Firehose takes at most 1,000 KiB.
const RECORD_BYTES: usize = 256 << 10;
/// Records of one call, so that they stay below the 4 MiB that Firehose takes.
const RECORDS_A_CALL: usize = 8;

/// Sees to the next delivery, while a stream runs.
pub fn schedule(world: &mut World, account: &AccountId, region: Region) {
    if !world.regional(account, region).cloudwatch.streams.is_running() {
        return;
    }
    let minute = TimeDelta::minutes(1);
    let next = world.now.duration_trunc(minute).unwrap_or(world.now) + minute;
    world.jobs.at(next, Job::MetricStreams { account: account.clone(), region });
}

/// Sends what was reported for the minutes that are over.
pub fn deliver(world: &mut World, account: &AccountId, region: Region) {
    let now = world.now;
    let store = cloudwatch::metrics(world, account, region);
    let due = store.streams.take_due(now);
    let points: Vec<Point> = due.into_iter().filter_map(|update| update.point(store)).collect();
    let running = store.streams.streams.iter().filter(|(_, stream)| stream.is_running);
    let running: Vec<_> = running.map(|(name, stream)| (name.clone(), stream.settings.clone())).collect();
    for (name, settings) in running {
        let wanted: Vec<&Point> = points.iter().filter(|point| settings.filters.want(&point.metric)).collect();
        if !wanted.is_empty() {
            send(world, Place { account, region, name: &name }, &settings, &wanted);
        }
    }
    schedule(world, account, region);
}

/// Sends points to the Firehose stream of a metric stream, and reports how that went.
fn send(world: &mut World, place: Place<'_>, settings: &Settings, points: &[&Point]) {
    let records = records(place, settings, points);
    let all = records.len();
    let put: usize = records.chunks(RECORDS_A_CALL).map(|records| put(world, place, settings, records)).sum();
    let additional: usize = points.iter().map(|point| settings.additional.of(&point.metric).count().div_ceil(5)).sum();
    let figures = [
        ("MetricUpdate", points.len() as f64),
        ("TotalMetricUpdate", (points.len() + additional) as f64),
        ("PublishErrorRate", (all - put) as f64 / all.max(1) as f64),
    ];
    for (name, value) in figures {
        for dimensions in [&[][..], &[("MetricStreamName", place.name)]] {
            let metric = ("AWS/CloudWatch/MetricStreams", name);
            cloudwatch::publish(world, (place.account, place.region), metric, dimensions, value, "None");
        }
    }
}

fn records(place: Place<'_>, settings: &Settings, points: &[&Point]) -> Vec<Bytes> {
    let additional = &settings.additional;
    match settings.format {
        Format::Json => {
            let lines: Vec<_> = points.iter().map(|point| json::line(place, point, additional)).collect();
            portions(&lines, Vec::len).map(|lines| Bytes::from(lines.concat())).collect()
        }
        Format::Otel => {
            let size = |point: &&Point| otel::size(point, additional);
            portions(points, size).map(|points| Bytes::from(otel::request(place, points, additional))).collect()
        }
    }
}

/// Items that make a record each.
fn portions<T>(items: &[T], size: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut bytes = 0;
    items.chunk_by(move |item, next| {
        bytes += size(item);
        let fits = bytes + size(next) <= RECORD_BYTES;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

/// Puts records into the Firehose stream; answers how many it has taken.
fn put(world: &mut World, place: Place<'_>, settings: &Settings, records: &[Bytes]) -> usize {
    let taken = try_put(world, place, settings, records);
    if let Err(code) = &taken {
        tracing::debug!(stream = %place.arn(), %code, "metrics could not be sent");
    }
    taken.unwrap_or_default()
}

/// # Errors
/// The code of STS or Firehose.
fn try_put(world: &mut World, place: Place<'_>, settings: &Settings, records: &[Bytes]) -> Result<usize, String> {
    let Place { account, region, name } = place;
    let to = firehose::Place::parse(&settings.firehose).ok_or("ResourceNotFoundException")?;
    let arn = place.arn();
    let stream = |world: &World| {
        let store = &world.accounts.get(account)?.regions.get(&region)?.cloudwatch;
        store.streams.streams.get(name)?.session.clone()
    };
    let known = stream(world);
    let (role, session_name) = (settings.role.as_str(), SESSION);
    let visit = Visit { service: SELF, account, region, role, session_name, external_id: None, source: &arn };
    let (caller, session) = visit.begin(world, known)?;
    if let Some(stream) = world.regional(account, region).cloudwatch.streams.streams.get_mut(name) {
        stream.session = Some(session);
    }
    let of_record = |data: &Bytes| {
        let mut record = Map::new();
        record.push("Data", data.clone());
        Value::Map(record)
    };
    let mut input = Map::new();
    input.push("DeliveryStreamName", to.stream.as_str());
    input.push("Records", Value::List(records.iter().map(of_record).collect()));
    let operation = ("firehose", "PutRecordBatch");
    let call = Call::by_service(SELF, account.clone(), to.region, operation, input, Upload::default());
    let answer = perform(world, call.ok_or("InternalError")?.on_behalf_of(&caller));
    let output = answer.outcome.map_err(|fault| fault.code)?;
    let failed = match output.value.get("FailedPutCount") {
        Some(Value::Int(failed)) => usize::try_from(*failed).unwrap_or_default(),
        _ => 0,
    };
    Ok(records.len().saturating_sub(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_not_too_large() {
        let check = |sizes: &[usize], wanted: &[usize]| {
            let counts: Vec<_> = portions(sizes, |size| *size).map(<[usize]>::len).collect();
            assert_eq!(counts, wanted, "{sizes:?}");
        };
        check(&[], &[]);
        check(&[1, 2, 3], &[3]);
        check(&[RECORD_BYTES, 1, 1], &[1, 2]);
        check(&[RECORD_BYTES - 1, 1, 1, RECORD_BYTES], &[2, 1, 1]);
        check(&[100 << 10; 5], &[2, 2, 1]);
    }
}
