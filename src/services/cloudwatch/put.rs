//! `PutMetricData`: data points come in.

use crate::wire::{Fault, Value};
use crate::world::call::{Cx, Resource};
use crate::world::fields::Headers;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::{op, record};

use super::faults;
use super::store::{self, MetricId, Report, Sample, Totals};
use super::{entities, names};

/// The operation.
pub const OPS: &[Op] = &[op!(Write "PutMetricData" put_metric_data).data()];

/// Metrics of a request (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>).
const METRICS_MAX: usize = 1000;
/// Values of a metric in a request.
const VALUES_MAX: usize = 150;
/// Entities of a request.
const ENTITIES_MAX: usize = 2;
/// Values lie between this and its negative: 2 to the power of 360.
const VALUE_MAX: f64 = f64::from_bits((1023 + 360) << 52);

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// Values may be reported so many seconds late, and ahead.
const PAST_MAX: i64 = 14 * 24 * HOUR;
const FUTURE_MAX: i64 = 2 * HOUR;

record! {
    struct PutMetricData {
        namespace: String = "Namespace",
        data: Vec<Datum> = "MetricData",
        of_entities: Vec<EntityData> = "EntityMetricData",
        strict: Option<bool> = "StrictEntityValidation",
    }

    struct EntityData { entity: Option<Value> = "Entity", data: Vec<Datum> = "MetricData" }

    struct Datum {
        name: String = "MetricName",
        dimensions: Vec<Dimension> = "Dimensions",
        timestamp: Option<Time> = "Timestamp",
        value: Option<f64> = "Value",
        set: Option<StatisticSet> = "StatisticValues",
        values: Option<Vec<f64>> = "Values",
        counts: Option<Vec<f64>> = "Counts",
        unit: Option<String> = "Unit",
        resolution: Option<i64> = "StorageResolution",
    }

    /// A name and a value that a metric is told apart by.
    pub struct Dimension { name: String = "Name", value: String = "Value" }

    struct StatisticSet {
        count: f64 = "SampleCount",
        sum: f64 = "Sum",
        minimum: f64 = "Minimum",
        maximum: f64 = "Maximum",
    }
}

fn put_metric_data(cx: &mut Cx, input: PutMetricData) -> Result<Headers, Fault> {
    note_metrics(cx);
    let flaw = input.check(cx.world.now.timestamp())?;
    let now = cx.world.now;
    let reports: Vec<Report> = input.all().filter_map(|(_, datum)| datum.report(&input.namespace, now)).collect();
    store::add(cx.world, &cx.account, cx.region, reports);
    Ok(Headers(flaw.into_iter().map(|flaw| ("X-Amzn-Failure-Message", flaw.to_owned())).collect()))
}

/// Records of what is done with metrics name the kind of resource alone
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html>).
pub fn note_metrics(cx: &mut Cx) {
    let kind = "AWS::CloudWatch::Metric";
    cx.note.resources.push(Resource { account: None, kind, arn: String::new(), is_prefix: false });
}

impl PutMetricData {
    /// Every datum, with how AWS calls it.
    fn all(&self) -> impl Iterator<Item = (String, &Datum)> {
        let plain = (1..).zip(&self.data).map(|(n, datum)| (format!("MetricData.member.{n}"), datum));
        let of_entities = (1..).zip(&self.of_entities).flat_map(|(entity, data)| {
            let name = move |n| format!("EntityMetricData.member.{entity}.MetricData.member.{n}");
            (1..).zip(&data.data).map(move |(n, datum): (usize, _)| (name(n), datum))
        });
        plain.chain(of_entities)
    }

    /// Answers what is wrong with an entity where that does not matter.
    fn check(&self, now: i64) -> Result<Option<&'static str>, Fault> {
        let count = self.data.len() + self.of_entities.iter().map(|data| data.data.len()).sum::<usize>();
        match () {
            () if count == 0 && self.of_entities.is_empty() => return Err(faults::missing("MetricData")),
            () if count > METRICS_MAX => return Err(faults::too_many("MetricData", METRICS_MAX)),
            () if !self.of_entities.is_empty() && self.strict.is_none() => {
                return Err(faults::missing("StrictEntityValidation"));
            }
            () if self.namespace.starts_with("AWS/") => return Err(faults::invalid("Namespace", &self.namespace)),
            () if !names::is_text(&self.namespace) => return Err(faults::invalid("Namespace", &self.namespace)),
            () => {}
        }
        let mut flaws = Vec::new();
        self.all().for_each(|(member, datum)| datum.check(&member, now, &mut flaws));
        faults::together(flaws)?;
        match self.entity_flaw() {
            Some(flaw) if self.strict == Some(true) => Err(faults::entity(flaw)),
            flaw => Ok(flaw),
        }
    }

    fn entity_flaw(&self) -> Option<&'static str> {
        if self.of_entities.len() > ENTITIES_MAX {
            return Some("EntitySizeTooLarge");
        }
        self.of_entities.iter().find_map(|data| entities::flaw(data.entity.as_ref()))
    }
}

impl Datum {
    fn check(&self, member: &str, now: i64, flaws: &mut Vec<Fault>) {
        let of = |name: &str| format!("{member}.{name}");
        if !names::is_text(&self.name) {
            flaws.push(faults::invalid(&of("MetricName"), &self.name));
        }
        names::check_dimensions(member, &self.dimensions, flaws);
        if let Some(timestamp) = self.timestamp.map(|time| time.timestamp()) {
            match timestamp - now {
                ahead if ahead > FUTURE_MAX => flaws.push(faults::too_new(member)),
                ahead if ahead < -PAST_MAX => flaws.push(faults::too_old(member)),
                _ => {}
            }
        }
        if !matches!(self.resolution, None | Some(1 | 60)) {
            flaws.push(faults::not_in_set(&of("StorageResolution"), "1, 60"));
        }
        self.check_values(member, flaws);
    }

    fn check_values(&self, member: &str, flaws: &mut Vec<Fault>) {
        let of = |name: &str| format!("{member}.{name}");
        match (self.value, &self.values, &self.set) {
            (None, None, None) => flaws.push(faults::no_value(member)),
            (Some(_), Some(_), _) => flaws.push(faults::value_and_values(member)),
            (Some(_), _, Some(_)) => flaws.push(faults::exclusive(&of("Value"), &of("StatisticValues"))),
            (_, Some(_), Some(_)) => flaws.push(faults::exclusive(&of("Values"), &of("StatisticValues"))),
            (Some(value), None, None) => check_number(&of("Value"), value, flaws),
            (None, Some(values), None) => self.check_list(member, values, flaws),
            (None, None, Some(set)) => set.check(member, flaws),
        }
    }

    fn check_list(&self, member: &str, values: &[f64], flaws: &mut Vec<Fault>) {
        let of = |name: &str| format!("{member}.{name}");
        if values.len() > VALUES_MAX {
            flaws.push(faults::too_many(&of("Values"), VALUES_MAX));
        }
        if self.counts.as_ref().is_some_and(|counts| counts.len() != values.len()) {
            flaws.push(faults::sizes_differ(member));
        }
        values.iter().for_each(|value| check_number(&of("Values"), *value, flaws));
        for count in self.counts.iter().flatten() {
            check_number(&of("Counts"), *count, flaws);
            if *count < 0.0 {
                flaws.push(faults::invalid(&of("Counts"), &count.to_string()));
            }
        }
    }

    /// What it comes to, once it is known to be right.
    fn report(&self, namespace: &str, now: Time) -> Option<Report> {
        let sample = match (&self.set, &self.values) {
            (Some(set), _) => Sample::of_statistics(set.totals()),
            (None, Some(values)) => {
                let counts = self.counts.iter().flatten().copied().chain(std::iter::repeat(1.0));
                Sample::of(&values.iter().copied().zip(counts).collect::<Vec<_>>())?
            }
            (None, None) => Sample::One(self.value?),
        };
        let second = self.timestamp.unwrap_or(now).timestamp();
        let at = second - second.rem_euclid(self.resolution.unwrap_or(MINUTE));
        let dimensions = self.dimensions.iter().map(|dimension| (&*dimension.name, &*dimension.value));
        let metric = MetricId::new(namespace, &self.name, dimensions);
        Some(Report { metric, at, unit: store::unit(self.unit.as_deref()), sample })
    }
}

impl StatisticSet {
    fn totals(&self) -> Totals {
        Totals { count: self.count, sum: self.sum, minimum: self.minimum, maximum: self.maximum }
    }

    fn check(&self, member: &str, flaws: &mut Vec<Fault>) {
        let of = |name: &str| format!("{member}.StatisticValues.{name}");
        check_number(&of("SampleCount"), self.count, flaws);
        check_number(&of("Sum"), self.sum, flaws);
        check_number(&of("Minimum"), self.minimum, flaws);
        check_number(&of("Maximum"), self.maximum, flaws);
        if self.count <= 0.0 {
            flaws.push(faults::invalid(&of("SampleCount"), &self.count.to_string()));
        }
        if self.minimum > self.maximum {
            flaws.push(faults::minimum_above_maximum(member));
        }
    }
}

fn check_number(parameter: &str, value: f64, flaws: &mut Vec<Fault>) {
    if !value.is_finite() || value.abs() > VALUE_MAX {
        flaws.push(faults::invalid(parameter, &printed(value)));
    }
}

/// A number as AWS's sentences show it.
fn printed(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        _ if value.is_infinite() => if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        _ => format!("{value:E}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_268_800;

    fn datum(change: impl FnOnce(&mut Datum)) -> Datum {
        let mut datum = Datum { name: "m".into(), value: Some(1.0), ..Datum::default() };
        change(&mut datum);
        datum
    }

    fn flaws(data: Vec<Datum>) -> Option<(String, String)> {
        let input = PutMetricData { namespace: "n".into(), data, ..PutMetricData::default() };
        input.check(NOW).err().map(|fault| (fault.code, fault.message))
    }

    #[test]
    fn data_that_cannot_be() {
        let check = |change: fn(&mut Datum), code: &str, message: &str| {
            assert_eq!(flaws(vec![datum(change)]), Some((code.to_owned(), message.to_owned())));
        };
        let at = |second| Time::from_timestamp(second, 0);
        assert_eq!(flaws(vec![datum(|_| ())]), None);
        check(
            |d| d.value = Some(f64::NAN),
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        );
        check(
            |d| d.value = Some(f64::NEG_INFINITY),
            "InvalidParameterValue",
            "The value -Infinity for parameter MetricData.member.1.Value is invalid.",
        );
        check(
            |d| d.value = Some(2f64.powi(361)),
            "InvalidParameterValue",
            "The value 4.6970851655476665E108 for parameter MetricData.member.1.Value is invalid.",
        );
        check(
            |d| d.value = None,
            "InvalidParameterCombination",
            "At least one of the parameters MetricData.member.1.Value, MetricData.member.1.Values and MetricData.member.1.StatisticValues must be specified.",
        );
        check(
            |d| d.values = Some(vec![1.0]),
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have specified both.",
        );
        check(
            |d| d.set = Some(StatisticSet::default()),
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive and you have specified both.",
        );
        check(
            |d| (d.value, d.values, d.counts) = (None, Some(vec![1.0]), Some(vec![])),
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        );
        check(
            |d| (d.value, d.values) = (None, Some(vec![1.0; 151])),
            "InvalidParameterValue",
            "The collection MetricData.member.1.Values must not have a size greater than 150.",
        );
        check(
            |d| d.resolution = Some(300),
            "InvalidParameterValue",
            "The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ].",
        );
        let old = datum(|d| d.timestamp = at(NOW - PAST_MAX - 1));
        let new = datum(|d| d.timestamp = at(NOW + FUTURE_MAX + 1));
        let edge = |second| datum(|d| d.timestamp = at(second));
        assert_eq!(flaws(vec![edge(NOW - PAST_MAX), edge(NOW + FUTURE_MAX)]), None);
        assert_eq!(
            flaws(vec![old.clone(), edge(NOW), old, new]).unwrap().1,
            "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.\n\
             The parameter MetricData.member.3.Timestamp must specify a time within the past two weeks.\n\
             The parameter MetricData.member.4.Timestamp must specify a time no more than two hours in the future."
        );
        assert_eq!(flaws(vec![]).unwrap(), ("MissingParameter".into(), "The parameter MetricData is required.".into()));
        assert_eq!(
            flaws(vec![datum(|_| ()); 1001]).unwrap().1,
            "The collection MetricData must not have a size greater than 1000."
        );
        assert_eq!(flaws(vec![datum(|_| ()); 1000]), None);
    }

    #[test]
    fn the_greatest_value() {
        assert_eq!(VALUE_MAX, 2f64.powi(360));
    }
}
