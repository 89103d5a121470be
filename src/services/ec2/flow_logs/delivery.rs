//! Deliveries of flow logs. What cannot be delivered is lost, as it is with AWS, and the flow log says why.

use crate::network::flow_logs::{Format, Record, TrafficType};
use crate::world::World;
use crate::world::jobs::Job;

use super::{Destination, FlowLog, Place, log_group, places, stream};

/// Why deliveries fail: `DeliverLogsErrorMessage`
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html>).
pub(super) const ACCESS: &str = "Access error";
const RATE: &str = "Rate limited";
pub(super) const UNKNOWN: &str = "Unknown error";

/// Delivers the records of a flow log that are due.
pub fn deliver(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(log) = place.find_mut(world) else { return };
    let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut log.pending).into_iter().partition(|it| it.due <= now);
    let next = later.iter().map(|pending| pending.due).min();
    log.pending = later;
    ship(world, place, due.into_iter().flat_map(|pending| pending.records).collect());
    if let Some(next) = next {
        world.jobs.at(next, Job::FlowLogDelivery(place.clone()));
    }
}

/// Delivers everything that has been gathered, of windows that are not over too; answers the files that were written.
pub fn flush(world: &mut World) -> Vec<String> {
    places(world).iter().flat_map(|place| flush_one(world, place)).collect()
}

/// Delivers everything that one flow log has gathered.
pub fn flush_one(world: &mut World, place: &Place) -> Vec<String> {
    let Some(log) = place.find_mut(world) else { return Vec::new() };
    let traffic = log.traffic;
    let pending = std::mem::take(&mut log.pending).into_iter().flat_map(|pending| pending.records);
    let mut records: Vec<Record> = pending.collect();
    records.extend(log.windows.flush().into_iter().filter(|record| traffic.takes(record)));
    ship(world, place, records)
}

/// What a delivery needs of its flow log.
pub(super) struct Terms {
    pub traffic: TrafficType,
    pub format: Format,
    pub destination: Destination,
    pub role: Option<String>,
}

impl Terms {
    fn of(log: &FlowLog) -> Terms {
        Terms {
            traffic: log.traffic,
            format: log.format.clone(),
            destination: log.destination.clone(),
            role: log.role.clone(),
        }
    }
}

/// Delivers records, and takes down how it went.
fn ship(world: &mut World, place: &Place, records: Vec<Record>) -> Vec<String> {
    let Some(log) = place.find(world).filter(|_| !records.is_empty()) else { return Vec::new() };
    let terms = Terms::of(log);
    let outcome = match &terms.destination {
        Destination::LogGroup(group) => log_group::write(world, place, &terms, group, &records).map(|()| Vec::new()),
        Destination::Bucket(bucket) => bucket.write(world, place, &terms.format, &records).map_err(|code| error(&code)),
        Destination::Stream(to) => stream::put(world, place, &terms, to, &records).map(|()| Vec::new()),
    };
    if let Some(log) = place.find_mut(world) {
        log.error = outcome.as_ref().err().copied();
    }
    outcome.unwrap_or_default()
}

/// What S3, Logs and Firehose say, in words of flow logs.
pub(super) fn error(code: &str) -> &'static str {
    match code {
        "ThrottlingException" | "Throttling" | "SlowDown" | "ServiceUnavailable" => RATE,
        "AccessDenied" | "AccessDeniedException" | "NoSuchBucket" | "ResourceNotFoundException" => ACCESS,
        _ => UNKNOWN,
    }
}
