//! Points as OpenTelemetry 1.0: requests to export metrics, each behind its length
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-100.html>).
//!
//! The messages have those members of OTLP 1.0.0 that CloudWatch uses, with OTLP's numbers
//! (<https://github.com/open-telemetry/opentelemetry-proto/tree/v1.0.0>).

use prost::Message;

use super::filters::Additional;
use super::{MINUTE, Place, Point};
use crate::services::cloudwatch::statistics::Statistic;

#[derive(Clone, PartialEq, Message)]
struct ExportMetricsServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(message, optional, tag = "11")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    data_points: Vec<SummaryDataPoint>,
}

#[derive(Clone, PartialEq, Message)]
struct SummaryDataPoint {
    #[prost(fixed64, tag = "2")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "3")]
    time_unix_nano: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, tag = "5")]
    sum: f64,
    #[prost(message, repeated, tag = "6")]
    quantile_values: Vec<ValueAtQuantile>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueAtQuantile {
    #[prost(double, tag = "1")]
    quantile: f64,
    #[prost(double, tag = "2")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

/// One of the two.
#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    string_value: Option<String>,
    #[prost(message, optional, tag = "6")]
    kvlist_value: Option<KeyValueList>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    values: Vec<KeyValue>,
}

impl KeyValue {
    fn text(key: &str, value: &str) -> KeyValue {
        let value = AnyValue { string_value: Some(value.to_owned()), kvlist_value: None };
        KeyValue { key: key.to_owned(), value: Some(value) }
    }

    fn list(key: &str, values: Vec<KeyValue>) -> KeyValue {
        let value = AnyValue { string_value: None, kvlist_value: Some(KeyValueList { values }) };
        KeyValue { key: key.to_owned(), value: Some(value) }
    }
}

/// One request with points, which are ordered by metric, behind its length.
pub fn request(place: Place<'_>, points: &[&Point], additional: &Additional) -> Vec<u8> {
    let attributes = vec![
        KeyValue::text("cloud.provider", "aws"),
        KeyValue::text("cloud.account.id", place.account.as_str()),
        KeyValue::text("cloud.region", place.region.as_str()),
        KeyValue::text("aws.exporter.arn", &place.arn()),
    ];
    let same = |a: &&Point, b: &&Point| {
        (&a.metric.namespace, &a.metric.name, a.unit) == (&b.metric.namespace, &b.metric.name, b.unit)
    };
    let metrics = points.chunk_by(same).filter_map(|points| Metric::of(points, additional)).collect();
    let resource = Some(Resource { attributes });
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics: vec![ScopeMetrics { metrics }] }];
    ExportMetricsServiceRequest { resource_metrics }.encode_length_delimited_to_vec()
}

/// About how many bytes a point takes.
pub fn size(point: &Point, additional: &Additional) -> usize {
    Metric::of(&[point], additional).map_or(0, |metric| metric.encoded_len())
}

impl Metric {
    fn of(points: &[&Point], additional: &Additional) -> Option<Metric> {
        let first = points.first()?;
        let data_points = points.iter().map(|point| SummaryDataPoint::of(point, additional)).collect();
        Some(Metric {
            name: format!("amazonaws.com/{}/{}", first.metric.namespace, first.metric.name),
            unit: unit(first.unit),
            summary: Some(Summary { data_points }),
        })
    }
}

impl SummaryDataPoint {
    fn of(point: &Point, additional: &Additional) -> SummaryDataPoint {
        let nanoseconds = |second: i64| u64::try_from(second).unwrap_or_default() * 1_000_000_000;
        let totals = point.sample.totals();
        let quantiles = point.additional(additional).into_iter().filter_map(|(named, value)| match named.statistic {
            Statistic::Percentile(percent) => Some(ValueAtQuantile { quantile: percent / 100.0, value }),
            _ => None,
        });
        let mut quantile_values: Vec<_> = quantiles.collect();
        quantile_values.push(ValueAtQuantile { quantile: 0.0, value: totals.minimum });
        quantile_values.push(ValueAtQuantile { quantile: 1.0, value: totals.maximum });
        quantile_values.sort_by(|a, b| a.quantile.total_cmp(&b.quantile));
        let pairs = point.metric.dimensions.iter().map(|(name, value)| KeyValue::text(name, value));
        SummaryDataPoint {
            start_time_unix_nano: nanoseconds(point.at),
            time_unix_nano: nanoseconds(point.at + MINUTE),
            count: totals.count as u64,
            sum: totals.sum,
            quantile_values,
            attributes: vec![
                KeyValue::text("Namespace", &point.metric.namespace),
                KeyValue::text("MetricName", &point.metric.name),
                KeyValue::list("Dimensions", pairs.collect()),
            ],
        }
    }
}

/// Units by the Unified Code for Units of Measure
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-translation-100.html>).
fn unit(name: &str) -> String {
    if let Some((of, per)) = name.split_once('/') {
        return format!("{}/{}", unit(of), unit(per));
    }
    let unit = match name {
        "Second" | "Seconds" => "s",
        "Microseconds" => "us",
        "Milliseconds" => "ms",
        "Bytes" => "By",
        "Kilobytes" => "kBy",
        "Megabytes" => "MBy",
        "Gigabytes" => "GBy",
        "Terabytes" => "TBy",
        "Bits" => "bit",
        "Kilobits" => "kbit",
        "Megabits" => "MBit",
        "Gigabits" => "GBit",
        "Terabits" => "Tbit",
        "Percent" => "%",
        "Count" => "{Count}",
        _ => "1",
    };
    unit.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let check = |name, wanted| assert_eq!(unit(name), wanted, "{name}");
        check("Seconds", "s");
        check("Bytes/Second", "By/s");
        check("Count/Second", "{Count}/s");
        check("Terabits", "Tbit");
        check("None", "1");
    }
}
