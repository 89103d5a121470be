//! Logs Insights: queries that run beside everything else, and their results.
//!
//! [`start`] takes a snapshot of the events under the lock and leaves a [`Running`] to the shell; [`results`] and
//! [`listing`] show what has become of it. While the clock stands still a query takes no time: who looks, waits for
//! its end, so that nothing depends on how fast the machine is.

pub mod fields;
pub mod listing;
pub mod results;
mod run;
pub mod start;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::time::Time;

use super::faults;
use run::{Ending, Running};

/// The language of Logs Insights; the others are not built.
pub const LANGUAGE: &str = "CWLI";

/// How long results can be had; this and the next two are quotas of AWS's
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
const KEPT: TimeDelta = TimeDelta::days(7);
/// How long a query may run.
const RUNTIME_MAX: TimeDelta = TimeDelta::minutes(60);
/// Queries of an account in a Region that run at the same time.
const RUNNING_MAX: usize = 100;
/// Queries that an account keeps in a Region, and bytes of their results: beyond either, the oldest that have ended
/// go early. AWS has no such limit.
const KEPT_MAX: usize = 1000;
const KEPT_BYTES_MAX: usize = 256 << 20;

/// The queries of an account in a Region, in the order in which they were started.
#[derive(Debug, Default)]
pub struct Queries {
    kept: Vec<Arc<Query>>,
    /// How many there have been.
    started: u64,
}

/// A query that was started.
#[derive(Debug)]
struct Query {
    id: String,
    /// Its place among all.
    number: u64,
    text: String,
    /// Names of the groups it reads.
    groups: Vec<String>,
    created: Time,
    /// ARN of who started it.
    caller: Option<String>,
    /// It was started while the clock stood still.
    timeless: bool,
    running: Arc<Running>,
}

impl Queries {
    /// Drops queries that are kept no longer.
    fn expire(&mut self, now: Time) {
        self.kept.retain(|query| query.created + KEPT > now);
        let mut bytes: usize = self.kept.iter().map(|query| query.running.result_bytes()).sum();
        let mut count = self.kept.len();
        self.kept.retain(|query| {
            let keep = (count < KEPT_MAX && bytes <= KEPT_BYTES_MAX) || query.running.ending().is_none();
            if !keep {
                count -= 1;
                bytes -= query.running.result_bytes();
            }
            keep
        });
    }

    fn running(&self) -> usize {
        self.kept.iter().filter(|query| query.running.ending().is_none()).count()
    }

    fn find(&self, id: &str, now: Time) -> Option<&Arc<Query>> {
        self.kept.iter().find(|query| query.id == id && query.created + KEPT > now)
    }
}

/// Finds a query of the caller's account and Region.
///
/// # Errors
/// `ResourceNotFoundException`
fn find(cx: &mut Cx, id: &str) -> Result<Arc<Query>, Fault> {
    let now = cx.world.now;
    let queries = &cx.world.regional(&cx.account, cx.region).logs.queries;
    let query = queries.find(id, now).cloned().ok_or_else(faults::no_such_query)?;
    query.stop_when_overdue(cx.world);
    Ok(query)
}

impl Query {
    /// Ends a query that has run for longer than it may. Its time is the clock's: it passes only while that runs.
    fn stop_when_overdue(&self, world: &World) {
        if !world.clock_stands_still && self.created + RUNTIME_MAX <= world.now {
            self.running.stop(Ending::Timeout);
        }
    }
}

/// A time as `StartQuery` and `GetLogGroupFields` take it, in milliseconds. They are documented to take seconds;
/// milliseconds are understood as well, as AWS's own examples send them.
fn milliseconds(time: i64) -> i64 {
    /// In seconds, this is in the year 5138; in milliseconds, in 1973.
    const SECONDS_END: i64 = 100_000_000_000;
    if time < SECONDS_END { time * 1000 } else { time }
}
