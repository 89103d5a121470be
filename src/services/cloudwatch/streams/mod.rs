//! Metric streams: data points go on to a Firehose stream, minute by minute
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Metric-Streams.html>).
//!
//! What is reported while a stream runs is noted ([`Streams::note`]); when its minute is over, a job sends the minute's
//! values to each stream that wants them ([`delivery`]), as lines of JSON ([`json`]) or as OpenTelemetry ([`otel`]). A
//! minute that is reported late, or again, is sent again.

mod delivery;
mod filters;
mod json;
mod otel;
mod put;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use crate::services::sts::visits::Session;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::tags::Tags;
use crate::world::time::Time;

use super::statistics::Tally;
use super::store::{MetricId, Sample, Store};
use filters::{Additional, Filters};

pub use delivery::deliver;

/// The operations, a table for each resource.
pub const OPS: [&[Op]; 2] = [put::OPS, states::OPS];

/// How metric streams are called in trust policies
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-trustpolicy.html>).
const SELF: &str = "streams.metrics.cloudwatch.amazonaws.com";

const MINUTE: i64 = 60;
/// Values that were reported longer after their time are not streamed
/// (<https://aws.amazon.com/about-aws/whats-new/2024/03/cloudwatch-metric-streams-streaming-daily-metrics/>).
const LATE_MAX: i64 = 48 * 3600;

/// An account's metric streams in one Region.
#[derive(Debug, Default)]
pub struct Streams {
    pub streams: BTreeMap<String, Stream>,
    /// What is to be sent.
    pending: BTreeSet<Update>,
}

/// A metric stream.
#[derive(Debug)]
pub struct Stream {
    settings: Settings,
    is_running: bool,
    created: Time,
    updated: Time,
    pub tags: Tags,
    /// Its role, as last assumed.
    session: Option<Session>,
}

/// What a metric stream sends where.
#[derive(Clone, Debug)]
struct Settings {
    /// ARN of a Firehose stream.
    firehose: String,
    /// ARN of a role.
    role: String,
    format: Format,
    filters: Filters,
    additional: Additional,
    /// Whether metrics of linked accounts are wanted; no accounts are linked.
    includes_linked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    /// OpenTelemetry 1.0
    Otel,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Otel => "opentelemetry1.0",
        }
    }
}

/// A minute of a metric that something was reported for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Update {
    /// In seconds.
    at: i64,
    metric: MetricId,
    unit: &'static str,
}

/// The values of a minute.
#[derive(Clone, Debug)]
struct Point {
    at: i64,
    metric: MetricId,
    unit: &'static str,
    sample: Sample,
}

/// Where a metric stream is.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    account: &'a AccountId,
    region: Region,
    name: &'a str,
}

impl Place<'_> {
    fn arn(&self) -> String {
        format!("arn:aws:cloudwatch:{}:{}:metric-stream/{}", self.region, self.account, self.name)
    }
}

impl Streams {
    fn is_running(&self) -> bool {
        self.streams.values().any(|stream| stream.is_running)
    }

    /// Takes down that something is reported for a moment of a metric.
    pub fn note(&mut self, now: Time, metric: &MetricId, unit: &'static str, at: i64) {
        if self.is_running() && now.timestamp() - at <= LATE_MAX {
            self.pending.insert(Update { at: at - at.rem_euclid(MINUTE), metric: metric.clone(), unit });
        }
    }

    /// Takes what is of minutes that are over.
    fn take_due(&mut self, now: Time) -> BTreeSet<Update> {
        let open = Update { at: now.timestamp() - MINUTE + 1, metric: MetricId::default(), unit: "" };
        let later = self.pending.split_off(&open);
        std::mem::replace(&mut self.pending, later)
    }
}

impl Update {
    fn point(self, store: &Store) -> Option<Point> {
        let Update { at, metric, unit } = self;
        let snapshots = store.metrics.get(&metric)?.snapshots(Some(unit), at..at + MINUTE);
        let mut sum: Option<Sample> = None;
        for (_, snapshot) in &snapshots {
            snapshot.each(|_, sample| match &mut sum {
                Some(sum) => sum.merge(sample),
                None => sum = Some(sample.clone()),
            });
        }
        Some(Point { at, metric, unit, sample: sum? })
    }
}

impl Point {
    /// Statistics beside the plain ones, where they can be told.
    fn additional<'a>(&self, wanted: &'a Additional) -> Vec<(&'a filters::Named, f64)> {
        let wanted = wanted.of(&self.metric);
        let values = wanted.filter_map(|named| {
            let mut tally = Tally::of(named.statistic);
            tally.add(&self.sample);
            Some((named, tally.value(named.statistic)?))
        });
        values.collect()
    }
}
