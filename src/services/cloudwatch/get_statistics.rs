//! `GetMetricStatistics`: statistics of one metric.

use std::collections::BTreeMap;

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::{op, record};

use super::faults;
use super::put::{Dimension, note_metrics};
use super::statistics::Statistic;
use super::store::{MetricId, Snapshot};
use super::window::{Window, is_period};

/// The operation.
pub const OPS: &[Op] = &[op!(Read "GetMetricStatistics" get_metric_statistics).data()];

/// Data points of an answer.
const DATAPOINTS_MAX: i64 = 1440;

record! {
    struct GetMetricStatistics {
        namespace: String = "Namespace",
        name: String = "MetricName",
        dimensions: Vec<Dimension> = "Dimensions",
        start: Time = "StartTime",
        end: Time = "EndTime",
        period: i64 = "Period",
        statistics: Vec<String> = "Statistics",
        extended: Vec<String> = "ExtendedStatistics",
        unit: Option<String> = "Unit",
    }

    struct MetricStatistics { label: String = "Label", datapoints: Vec<Datapoint> = "Datapoints" }

    struct Datapoint {
        at: Time = "Timestamp",
        count: Option<f64> = "SampleCount",
        average: Option<f64> = "Average",
        sum: Option<f64> = "Sum",
        minimum: Option<f64> = "Minimum",
        maximum: Option<f64> = "Maximum",
        unit: String = "Unit",
        extended: Option<BTreeMap<String, f64>> = "ExtendedStatistics",
    }
}

fn get_metric_statistics(cx: &mut Cx, input: GetMetricStatistics) -> Result<Scan<MetricStatistics>, Fault> {
    note_metrics(cx);
    let window = input.window(cx.world.now)?;
    let statistics = input.statistics()?;
    let dimensions = input.dimensions.iter().map(|dimension| (&*dimension.name, &*dimension.value));
    let id = MetricId::new(&input.namespace, &input.name, dimensions);
    let metric = super::metrics(cx.world, &cx.account, cx.region).metrics.get(&id);
    let units = metric.map(|metric| metric.snapshots(input.unit.as_deref(), window.start..window.end));
    let units = units.unwrap_or_default();
    let label = input.name;
    Ok(Scan::new(move || {
        let points = units.iter().flat_map(|(unit, snapshot)| datapoints(window, unit, snapshot, &statistics));
        MetricStatistics { label, datapoints: points.collect() }
    }))
}

impl GetMetricStatistics {
    fn window(&self, now: Time) -> Result<Window, Fault> {
        match () {
            () if self.start == self.end => return Err(faults::empty_span()),
            () if self.start > self.end => return Err(faults::backward_span()),
            () if !is_period(self.period) => return Err(faults::period("Period")),
            () => {}
        }
        let window = Window::new(self.start, self.end, self.period, now);
        let wanted = (self.end - self.start).num_seconds() / self.period;
        if wanted > DATAPOINTS_MAX { Err(faults::too_many_datapoints(wanted, DATAPOINTS_MAX)) } else { Ok(window) }
    }

    fn statistics(&self) -> Result<Vec<(String, Statistic)>, Fault> {
        match (self.statistics.is_empty(), self.extended.is_empty()) {
            (true, true) => return Err(faults::missing_any("Statistics and ExtendedStatistics")),
            (false, false) => return Err(faults::exclusive("Statistics", "ExtendedStatistics")),
            _ => {}
        }
        let extended = (1..).zip(&self.extended).map(|(n, text)| {
            let statistic = Statistic::parse_extended(text);
            statistic.ok_or_else(|| faults::no_statistic(&format!("ExtendedStatistics.member.{n}"), text))
        });
        let extended = extended.collect::<Result<Vec<_>, _>>()?.into_iter().zip(self.extended.iter().cloned());
        let plain = self.statistics.iter().filter_map(|text| Some((Statistic::parse(text)?, text.clone())));
        Ok(plain.chain(extended).map(|(statistic, text)| (text, statistic)).collect())
    }
}

/// The data points of a unit.
fn datapoints(
    window: Window,
    unit: &'static str,
    snapshot: &Snapshot,
    statistics: &[(String, Statistic)],
) -> Vec<Datapoint> {
    let mut points: BTreeMap<i64, Datapoint> = BTreeMap::new();
    for (name, statistic) in statistics {
        for (at, value) in window.series(snapshot, *statistic) {
            let point = points.entry(at).or_default();
            match statistic {
                Statistic::SampleCount => point.count = Some(value),
                Statistic::Average => point.average = Some(value),
                Statistic::Sum => point.sum = Some(value),
                Statistic::Minimum => point.minimum = Some(value),
                Statistic::Maximum => point.maximum = Some(value),
                _ => {
                    point.extended.get_or_insert_default().insert(name.clone(), value);
                }
            }
        }
    }
    let at = |second| Time::from_timestamp(second, 0).unwrap_or_default();
    points.into_iter().map(|(second, point)| Datapoint { at: at(second), unit: unit.to_owned(), ..point }).collect()
}
