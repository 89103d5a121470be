//! How often operations are called: `AWS/Usage`, and `AWS/Logs` for CloudWatch Logs
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Usage-Metrics.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>).

use std::collections::HashMap;

use crate::world::World;
use crate::world::scope::{AccountId, Region};

use super::counters;
use super::store::{MetricId, NO_UNIT, Report, Sample};

/// The operations of CloudWatch that are counted.
const OPERATIONS: [&str; 10] = [
    "DeleteAlarms",
    "DeleteDashboards",
    "DescribeAlarmHistory",
    "DescribeAlarms",
    "GetDashboard",
    "GetMetricData",
    "GetMetricStatistics",
    "ListMetrics",
    "PutDashboard",
    "PutMetricData",
];

const CLOUDWATCH: &str = "CloudWatch";
const LOGS: &str = "Logs";

/// The service as the dimension has it, and the operation.
pub type Operation = (&'static str, &'static str);

/// Calls by operation, and how many of them failed.
pub type Calls = HashMap<Operation, (u32, u32)>;

/// Counts a call of an account; of CloudWatch Logs every operation is counted, of most services none.
pub fn called(world: &mut World, place: (&AccountId, Region), service: &str, operation: &'static str, failed: bool) {
    let name = match service {
        "cloudwatch" if OPERATIONS.contains(&operation) => CLOUDWATCH,
        "logs" => LOGS,
        _ => return,
    };
    counters::count_call(world, place, (name, operation), failed);
}

pub(super) fn add(calls: &mut Calls, operation: Operation, failed: bool) {
    let (all, failures) = calls.entry(operation).or_default();
    *all += 1;
    *failures += u32::from(failed);
}

/// Adds what was counted in a minute to reports.
pub(super) fn report(calls: &Calls, at: i64, reports: &mut Vec<Report>) {
    for ((service, operation), (all, failures)) in calls {
        let mut add = |namespace, name, count: u32| {
            let dimensions = [("Class", "None"), ("Resource", *operation), ("Service", *service), ("Type", "API")];
            let metric = MetricId::new(namespace, name, dimensions);
            let sample = Sample::of(&[(1.0, f64::from(count))]);
            reports.extend(sample.map(|sample| Report { metric, at, unit: NO_UNIT, sample }));
        };
        add("AWS/Usage", "CallCount", *all);
        if *service == LOGS {
            add("AWS/Logs", "CallCount", *all);
            add("AWS/Logs", "ErrorCount", *failures);
        }
    }
}
