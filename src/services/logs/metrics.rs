//! What becomes of events in metrics: values of metric filters, and `AWS/Logs`.
//!
//! A value stands at the minute of its event, as soon as the event is there. Whether a minute gets a filter's default
//! value, because events came and none of them matched, is known when the minute in which they came is over.

use chrono::{DurationRound, TimeDelta};

use crate::services::cloudwatch;
use crate::services::cloudwatch::store::{self, MetricId, Report, Sample};
use crate::world::World;
use crate::world::jobs::Job;

use super::events::{Batch, EventRef};
use super::metric_filters::{MetricFilter, Transformation};
use super::naming::GroupPlace;

/// Takes in events of a group.
pub fn ingested(world: &mut World, place: &GroupPlace, stream: &str, batch: &Batch) {
    count(world, place, batch);
    let Ok(group) = place.group(world) else { return };
    let mut reports = Vec::new();
    let mut waits = false;
    for filter in group.metric_filters.values_mut() {
        for event in batch.events(stream, 0..batch.len()) {
            reports.extend(filter.see(&event));
        }
        waits |= !filter.minutes.is_empty();
    }
    if !reports.is_empty() {
        store::add(world, &place.account, place.region, reports);
    }
    if waits {
        let minute = TimeDelta::minutes(1);
        let next = world.now.duration_trunc(minute).unwrap_or(world.now) + minute;
        world.jobs.at(next, Job::LogMetrics { place: place.clone() });
    }
}

/// Reports default values for minutes in which events came and none matched.
pub fn close_minutes(world: &mut World, place: &GroupPlace) {
    let Ok(group) = place.group(world) else { return };
    let reports: Vec<Report> = group.metric_filters.values_mut().flat_map(MetricFilter::defaults).collect();
    if !reports.is_empty() {
        store::add(world, &place.account, place.region, reports);
    }
}

impl MetricFilter {
    /// What an event comes to.
    fn see(&mut self, event: &EventRef) -> Option<Report> {
        let minute = event.timestamp_ms.div_euclid(60_000) * 60;
        let matches = self.compiled.matches(event.message);
        if self.transformation.default.is_some() {
            *self.minutes.entry(minute).or_default() |= matches;
        }
        let value = if matches { self.value(event.message) } else { None };
        let dimensions = self.dimensions(event.message)?;
        Some(self.transformation.report(minute, value?, &dimensions))
    }

    /// A number, or the number that a field of the event holds.
    fn value(&self, message: &str) -> Option<f64> {
        let text = &self.transformation.value;
        let value = match text.starts_with('$') {
            true => self.compiled.value(message, text)?.trim().parse::<f64>().ok(),
            false => text.parse().ok(),
        };
        value.filter(|value| value.is_finite())
    }

    /// Names and values; none where a field is missing or cannot be a dimension, since the metric would be another.
    fn dimensions(&self, message: &str) -> Option<Vec<(String, String)>> {
        let wanted = self.transformation.dimensions.iter().flatten();
        let value = |(name, field): (&String, &String)| Some((name.clone(), self.compiled.value(message, field)?));
        let dimensions = wanted.map(value).collect::<Option<Vec<_>>>()?;
        dimensions.iter().all(|(_, value)| cloudwatch::is_dimension_value(value)).then_some(dimensions)
    }

    fn defaults(&mut self) -> Vec<Report> {
        let minutes = std::mem::take(&mut self.minutes).into_iter().filter(|(_, matched)| !matched);
        let value = self.transformation.default;
        minutes.filter_map(|(minute, _)| Some(self.transformation.report(minute, value?, &[]))).collect()
    }
}

impl Transformation {
    fn report(&self, at: i64, value: f64, dimensions: &[(String, String)]) -> Report {
        let dimensions = dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let metric = MetricId::new(&self.namespace, &self.metric, dimensions);
        Report { metric, at, unit: store::unit(self.unit.as_deref()), sample: Sample::One(value) }
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>
fn count(world: &mut World, place: &GroupPlace, batch: &Batch) {
    let at = (&place.account, place.region);
    let figures = [("IncomingLogEvents", batch.len() as f64, "None"), ("IncomingBytes", batch.bytes() as f64, "Bytes")];
    for (name, value, unit) in figures {
        for dimensions in [&[][..], &[("LogGroupName", place.name.as_str())]] {
            cloudwatch::publish(world, at, ("AWS/Logs", name), dimensions, value, unit);
        }
    }
}
