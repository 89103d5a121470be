//! Flow logs: what is gathered for whom, and where it goes
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>).
//!
//! ```text
//! traffic ── Gathering ──> windows ── Job::FlowLogWindow ──> pending ── Job::FlowLogDelivery ──> log group, bucket, stream
//! ```
//!
//! What interfaces see comes from the traffic model, `network`; how records look is decided there, too.

mod bucket;
mod delivery;
mod destination;
mod gathering;
mod log_group;
mod operations;
mod parquet;
mod stream;

use std::sync::{Arc, OnceLock};

use chrono::DateTime;

use crate::network::flow_logs::{Closed, Facts, Format, TrafficType, Windows};
use crate::services::sts::visits::Session;
use crate::world::jobs::Job;
use crate::world::time::Time;
use crate::world::{Cadence, World};

use super::{Place, Store};

pub use delivery::{deliver, flush, preparation};
pub use destination::Destination;
pub use gathering::Gathering;
pub use operations::OPS;

/// A flow log. It may hold millions of flows, so it is never copied.
#[derive(Debug)]
pub struct FlowLog {
    pub id: String,
    /// The VPC, subnet or network interface.
    pub resource: String,
    pub traffic: TrafficType,
    /// Seconds: `MaxAggregationInterval`.
    pub interval_s: u32,
    pub format: Format,
    pub destination: Destination,
    /// `DeliverLogsPermissionArn`, of log groups only.
    pub role: Option<String>,
    /// `DeliverCrossAccountRole`, of streams in other accounts.
    pub foreign_role: Option<String>,
    pub created: Time,
    /// `DeliverLogsErrorMessage`, if the last delivery failed.
    pub error: Option<&'static str>,
    windows: Windows,
    /// Windows that are over, whose records are on their way.
    pending: Vec<Pending>,
    /// The role, as last assumed.
    session: Option<Session>,
}

/// Records that wait for their delivery.
#[derive(Debug)]
struct Pending {
    due: Time,
    records: Arc<Closed>,
    /// The files of all that is due at the same time, of the first of them.
    packed: Arc<OnceLock<Packed>>,
}

/// Files that were made beside the lock.
#[derive(Debug)]
struct Packed {
    /// Windows whose records are in them.
    windows: usize,
    files: Vec<bucket::File>,
}

impl FlowLog {
    /// Whether an interface is the flow log's, or in its subnet or VPC.
    fn covers(&self, facts: &Facts) -> bool {
        let is = |id: &Option<String>| id.as_deref() == Some(self.resource.as_str());
        facts.vpc_id == self.resource || is(&facts.subnet_id) || is(&facts.interface_id)
    }
}

impl Place {
    /// `arn:aws:ec2:us-east-1:111122223333:vpc-flow-log/fl-…`
    fn arn(&self) -> String {
        format!("arn:aws:ec2:{}:{}:vpc-flow-log/{}", self.region, self.account, self.id)
    }

    pub fn find<'w>(&self, world: &'w World) -> Option<&'w FlowLog> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.ec2.flow_logs.get(&self.id)
    }

    fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut FlowLog> {
        world.accounts.get_mut(&self.account)?.regions.get_mut(&self.region)?.ec2.flow_logs.get_mut(&self.id)
    }
}

/// Loses what an interface saw in the window around a time, of all flow logs that cover it, whose ids are answered.
/// `at_s`: seconds since 1970.
pub fn skip(world: &mut World, interface: &str, at_s: i64) -> Vec<String> {
    let model = super::traffic::model(world);
    let Some(facts) = model.viewpoints.interfaces().iter().find(|facts| facts.id() == interface) else {
        return Vec::new();
    };
    let mut skipped = Vec::new();
    for place in places(world) {
        let Some(log) = place.find_mut(world).filter(|log| log.covers(facts)) else { continue };
        log.windows.lose(facts, at_s);
        skipped.push(place.id.clone());
        follow(world, &place);
    }
    skipped
}

/// All flow logs.
fn places(world: &World) -> Vec<Place> {
    let stores = world.accounts.iter().flat_map(|(account, state)| {
        state.regions.iter().map(move |(region, regional)| (account, *region, &regional.ec2))
    });
    let places = stores.flat_map(|(account, region, ec2)| {
        ec2.flow_logs.keys().map(move |id| Place { account: account.clone(), region, id: id.clone() })
    });
    places.collect()
}

/// Has the clock close the next window of a flow log.
fn follow(world: &mut World, place: &Place) {
    let Some(end) = place.find(world).and_then(|log| log.windows.next_end_s()) else { return };
    if let Some(end) = DateTime::from_timestamp(end, 0) {
        world.jobs.at(end, Job::FlowLogWindow(place.clone()));
    }
}

/// Closes the windows of a flow log that are over. Their records are delivered later.
pub fn close(world: &mut World, place: &Place) {
    let model = super::traffic::model(world);
    let now = world.now;
    let cadence = world.settings.cadence;
    let Some(log) = place.find_mut(world) else { return };
    let watched: Vec<_> = model.viewpoints.interfaces().iter().filter(|facts| log.covers(facts)).cloned().collect();
    while let Some(mut records) = log.windows.close_next(now.timestamp(), &watched) {
        records.keep(log.traffic);
        if !records.is_empty() {
            log.pending.push(Pending {
                due: log.destination.due(now, cadence),
                records: Arc::new(records),
                packed: Arc::default(),
            });
        }
    }
    let next = log.pending.iter().map(|pending| pending.due).min();
    if let Some(due) = next {
        world.jobs.at(due, Job::FlowLogDelivery(place.clone()));
    }
    follow(world, place);
}

impl Destination {
    /// When records of a window that closes now are delivered: to log groups and streams about five minutes later, to
    /// buckets some minutes after the next five-minute boundary, as AWS does; or almost at once.
    fn due(&self, now: Time, cadence: Cadence) -> Time {
        use chrono::TimeDelta;
        match (cadence, self) {
            (Cadence::Fast, _) => now + TimeDelta::seconds(5),
            (Cadence::Aws, Destination::Bucket(_)) => {
                let late = now.timestamp().rem_euclid(bucket::BIN_S);
                let boundary = now + TimeDelta::seconds((bucket::BIN_S - late) % bucket::BIN_S);
                // The median of what was observed, 545 seconds after the file's time.
                boundary + TimeDelta::seconds(545 - bucket::BIN_S)
            }
            (Cadence::Aws, _) => now + TimeDelta::minutes(5),
        }
    }
}

/// Flow logs of a resource go with it.
pub fn forget(ec2: &mut Store, resource: &str) {
    let gone: Vec<String> =
        ec2.flow_logs.values().filter(|log| log.resource == resource).map(|log| log.id.clone()).collect();
    for id in gone {
        ec2.flow_logs.remove(&id);
        ec2.tags.forget(&id);
    }
}
