//! Points as lines of JSON
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-json.html>).

use serde::Serialize;
use serde_json::{Map, Value};

use super::filters::Additional;
use super::{Place, Point};

#[derive(Serialize)]
struct Line<'a> {
    metric_stream_name: &'a str,
    account_id: &'a str,
    region: &'a str,
    namespace: &'a str,
    metric_name: &'a str,
    dimensions: Map<String, Value>,
    /// In milliseconds.
    timestamp: i64,
    value: Map<String, Value>,
    unit: &'a str,
}

/// One line.
pub fn line(place: Place<'_>, point: &Point, additional: &Additional) -> Vec<u8> {
    let metric = &point.metric;
    let dimensions = metric.dimensions.iter().map(|(name, value)| (name.to_string(), Value::from(&**value)));
    let totals = point.sample.totals();
    let plain = [("max", totals.maximum), ("min", totals.minimum), ("sum", totals.sum), ("count", totals.count)];
    let plain = plain.into_iter().map(|(name, value)| (name.to_owned(), value));
    let others = point.additional(additional).into_iter().map(|(named, value)| (named.text.clone(), value));
    let line = Line {
        metric_stream_name: place.name,
        account_id: place.account.as_str(),
        region: place.region.as_str(),
        namespace: &metric.namespace,
        metric_name: &metric.name,
        dimensions: dimensions.collect(),
        timestamp: point.at * 1000,
        value: plain.chain(others).map(|(name, value)| (name, Value::from(value))).collect(),
        unit: point.unit,
    };
    // Structures of texts and numbers have no failing case.
    let mut text = serde_json::to_vec(&line).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::filters::{Configuration, Metric};
    use super::*;
    use crate::services::cloudwatch::store::{MetricId, Sample};
    use crate::world::scope::{AccountId, Region};

    #[test]
    fn lines_have_the_members_that_aws_documents() {
        let account = AccountId::parse("123456789012").unwrap();
        let place = Place { account: &account, region: Region::US_EAST_1, name: "MyMetricStream" };
        let configuration = Configuration {
            metrics: vec![Metric { namespace: "AWS/EC2".into(), name: "DiskWriteOps".into() }],
            statistics: vec!["p99".into(), "TM(25%:75%)".into()],
        };
        let additional = Additional::new(vec![configuration], Format::Json).unwrap();
        let sample = Sample::of(&[(0.0, 1.0), (2.0, 1.0), (18.0, 1.0)]).unwrap();
        let metric = MetricId::new("AWS/EC2", "DiskWriteOps", [("InstanceId", "i-123456789012")]);
        let point = Point { at: 1_611_929_640, metric, unit: "Seconds", sample };
        let text = String::from_utf8(line(place, &point, &additional)).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"metric_stream_name":"MyMetricStream","account_id":"123456789012","region":"us-east-1","#,
                r#""namespace":"AWS/EC2","metric_name":"DiskWriteOps","dimensions":{"InstanceId":"i-123456789012"},"#,
                r#""timestamp":1611929640000,"value":{"max":18.0,"min":0.0,"sum":20.0,"count":3.0,"p99":18.0,"#,
                r#""TM(25%:75%)":6.666666666666667},"unit":"Seconds"}"#,
                "\n"
            )
        );
    }
}
