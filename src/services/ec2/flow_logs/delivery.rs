//! Deliveries of flow logs. What cannot be delivered is lost, as it is with AWS, and the flow log says why.

use std::sync::Arc;

use crate::network::flow_logs::{Format, Record, TrafficType};
use crate::services::Preparation;
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::time::Time;

use super::bucket::File;
use super::{Destination, FlowLog, Packed, Place, log_group, places, stream};

/// Why deliveries fail: `DeliverLogsErrorMessage`
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html>).
pub(super) const ACCESS: &str = "Access error";
const RATE: &str = "Rate limited";
pub(super) const UNKNOWN: &str = "Unknown error";

/// Packs the files that a flow log is to deliver: what takes long, and does not need the world.
pub fn preparation(world: &World, place: &Place, due: Time) -> Preparation {
    let Some(log) = place.find(world) else { return Box::new(|| ()) };
    let pending = log.pending.iter().filter(|pending| pending.due <= due);
    let windows: Vec<_> = pending.clone().map(|pending| Arc::clone(&pending.records)).collect();
    let packed = pending.map(|pending| Arc::clone(&pending.packed)).next();
    let (Destination::Bucket(bucket), Some(packed)) = (log.destination.clone(), packed) else {
        return Box::new(|| ());
    };
    let format = log.format.clone();
    Box::new(move || {
        let records: Vec<Record> = windows.iter().flat_map(|closed| closed.records()).collect();
        packed.get_or_init(|| Packed { windows: windows.len(), files: bucket.pack(&format, &records) });
    })
}

/// Delivers the records of a flow log that are due.
pub fn deliver(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(log) = place.find_mut(world) else { return };
    let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut log.pending).into_iter().partition(|it| it.due <= now);
    let next = later.iter().map(|pending| pending.due).min();
    log.pending = later;
    let packed = due.first().map(|first| Arc::clone(&first.packed));
    match packed.as_ref().and_then(|packed| packed.get()).filter(|packed| packed.windows == due.len()) {
        Some(packed) => ship(world, place, Load::Files(&packed.files)),
        None => ship(world, place, Load::Records(due.iter().flat_map(|pending| pending.records.records()).collect())),
    };
    if let Some(next) = next {
        world.jobs.at(next, Job::FlowLogDelivery(place.clone()));
    }
}

/// What is delivered.
enum Load<'a> {
    Records(Vec<Record>),
    /// Of buckets alone.
    Files(&'a [File]),
}

impl Load<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Load::Records(records) => records.is_empty(),
            Load::Files(files) => files.is_empty(),
        }
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
    let pending = std::mem::take(&mut log.pending);
    let mut records: Vec<Record> = pending.iter().flat_map(|pending| pending.records.records()).collect();
    records.extend(log.windows.flush().into_iter().filter(|record| traffic.takes(record)));
    ship(world, place, Load::Records(records))
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
fn ship(world: &mut World, place: &Place, load: Load) -> Vec<String> {
    let Some(log) = place.find(world).filter(|_| !load.is_empty()) else { return Vec::new() };
    let terms = Terms::of(log);
    let outcome = match (&terms.destination, load) {
        (Destination::Bucket(bucket), Load::Files(files)) => {
            bucket.write(world, place, files).map_err(|code| error(&code))
        }
        (Destination::Bucket(bucket), Load::Records(records)) => {
            let files = bucket.pack(&terms.format, &records);
            bucket.write(world, place, &files).map_err(|code| error(&code))
        }
        (Destination::LogGroup(group), Load::Records(records)) => {
            log_group::write(world, place, &terms, group, &records).map(|()| Vec::new())
        }
        (Destination::Stream(to), Load::Records(records)) => {
            stream::put(world, place, &terms, to, &records).map(|()| Vec::new())
        }
        (_, Load::Files(_)) => Ok(Vec::new()),
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
