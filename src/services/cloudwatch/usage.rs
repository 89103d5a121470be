//! `AWS/Usage`: how often operations are called
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Usage-Metrics.html>).

use crate::world::World;
use crate::world::scope::{AccountId, Region};

use super::publish;

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

/// Counts a call of an account; of CloudWatch Logs every operation is counted, of most services none.
pub fn called(world: &mut World, place: (&AccountId, Region), service: &str, operation: &str) {
    let name = match service {
        "cloudwatch" if OPERATIONS.contains(&operation) => "CloudWatch",
        "logs" => "Logs",
        _ => return,
    };
    let dimensions = [("Class", "None"), ("Resource", operation), ("Service", name), ("Type", "API")];
    publish(world, place, ("AWS/Usage", "CallCount"), &dimensions, 1.0, "None");
}
