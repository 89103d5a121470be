//! Where data points are kept: each metric's as a series a unit, packed, rolled up with age as AWS documents.

mod chunk;
mod metric;
mod sample;
mod series;

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};

use crate::services::cloudwatch::counters::Counters;
use crate::services::cloudwatch::{alarms, detectors, streams};
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

pub use metric::{Metric, MetricId, NO_UNIT, unit};
pub use sample::{Sample, Summary, Totals, Values};
pub use series::{KEPT, Snapshot, resolution};

/// How often old points are rolled up.
const ROLL_UP: TimeDelta = TimeDelta::days(1);

/// An account's metrics in one Region.
#[derive(Debug, Default)]
pub struct Store {
    pub metrics: BTreeMap<MetricId, Metric>,
    pub alarms: alarms::Store,
    pub detectors: BTreeMap<detectors::Key, detectors::Detector>,
    pub counters: Counters,
    pub streams: streams::Streams,
}

/// What is reported of a metric for a moment.
#[derive(Clone, Debug)]
pub struct Report {
    pub metric: MetricId,
    /// In seconds.
    pub at: i64,
    pub unit: &'static str,
    pub sample: Sample,
}

impl Store {
    /// Adds what was reported at some time.
    pub fn add(&mut self, now: Time, report: Report) {
        let Report { metric, at, unit, sample } = report;
        self.streams.note(now, &metric, unit, at);
        let metric = self.metrics.entry(metric).or_insert_with(|| Metric::new(now));
        metric.reported = metric.reported.max(now);
        metric.add(unit, at, &sample);
    }

    /// The metrics of a namespace, or all.
    pub fn within(&self, namespace: Option<&str>) -> impl Iterator<Item = (&MetricId, &Metric)> {
        let first = MetricId::new(namespace.unwrap_or_default(), "", []);
        let is_within = move |id: &MetricId| namespace.is_none_or(|namespace| *namespace == *id.namespace);
        self.metrics.range(first..).take_while(move |(id, _)| is_within(id))
    }

    /// The metrics of a namespace and name.
    pub fn named(&self, namespace: &str, name: &str) -> impl Iterator<Item = (&MetricId, &Metric)> {
        let first = MetricId::new(namespace, name, []);
        let (namespace, name) = (first.namespace.clone(), first.name.clone());
        self.metrics.range(first..).take_while(move |(id, _)| id.namespace == namespace && id.name == name)
    }

    /// Bytes that metrics take, about: what identifies them, and their points.
    pub fn footprint(&self) -> usize {
        let text = |text: &str| text.len() + size_of::<usize>();
        let dimensions = |id: &MetricId| -> usize {
            let each =
                |(name, value): &(Box<str>, Box<str>)| size_of::<(Box<str>, Box<str>)>() + text(name) + text(value);
            id.dimensions.iter().map(each).sum()
        };
        let all = self.metrics.iter().map(|(id, metric)| {
            let names = text(&id.namespace) + text(&id.name) + dimensions(id);
            size_of::<(MetricId, Metric)>() + names + metric.footprint()
        });
        all.sum()
    }
}

/// Adds what was reported, and sees to it that it grows old as AWS documents.
pub fn add(world: &mut World, account: &AccountId, region: Region, reports: impl IntoIterator<Item = Report>) {
    add_as_of(world, account, region, world.now, reports);
}

/// The same, of what was reported at some time before.
pub fn add_as_of(
    world: &mut World,
    account: &AccountId,
    region: Region,
    reported: Time,
    reports: impl IntoIterator<Item = Report>,
) {
    let store = &mut world.regional(account, region).cloudwatch;
    let begun = store.metrics.is_empty();
    reports.into_iter().for_each(|report| store.add(reported, report));
    if begun {
        schedule(world, account, region);
    }
}

/// Rolls up and drops what has become old enough, once a day while there are metrics.
pub fn roll_up(world: &mut World, account: &AccountId, region: Region) {
    let now = world.now.timestamp();
    let store = &mut world.regional(account, region).cloudwatch;
    store.metrics.retain(|_, metric| metric.roll_up(now));
    schedule(world, account, region);
}

fn schedule(world: &mut World, account: &AccountId, region: Region) {
    if world.regional(account, region).cloudwatch.metrics.is_empty() {
        return;
    }
    let next = world.now.duration_trunc(ROLL_UP).unwrap_or(world.now) + ROLL_UP;
    world.jobs.at(next, Job::MetricRollUp { account: account.clone(), region });
}
