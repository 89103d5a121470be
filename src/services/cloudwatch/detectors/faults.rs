//! Every sentence that anomaly detectors say to a client.

use crate::services::cloudwatch::faults as of_cloudwatch;
use crate::wire::Fault;

pub use of_cloudwatch::{account_not_linked, exclusive, invalid, missing, missing_any, too_many};

fn value(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", sentence)
}

/// A fault of a plan, as these operations say it.
pub fn of_queries(fault: Fault) -> Fault {
    match fault.code.as_str() {
        "ValidationError" => value(fault.message),
        _ => fault,
    }
}

/// A range to exclude that ends before it starts.
pub fn backward_range(member: &str) -> Fault {
    value(format!("The parameter {member}.EndTime must be greater than {member}.StartTime."))
}

/// `ReturnData` of no query, or of several.
pub fn returning() -> Fault {
    value("Exactly one element of MetricDataQueries must return data, and it must be an expression.")
}

/// Several series.
pub fn one_series() -> Fault {
    value("The expression of a metric math anomaly detector must return a single time series.")
}

/// What anomaly detection on metric math does not support, by the page.
pub fn not_in_detectors(what: &str) -> Fault {
    value(format!("Metric math anomaly detectors do not support {what}."))
}

/// No such detector.
pub fn no_detector() -> Fault {
    Fault::new("ResourceNotFoundException", "The anomaly detector does not exist.")
        .with("ResourceType", "AnomalyDetector")
}

/// More results than a page has.
pub fn max_results(limit: i64) -> Fault {
    value(format!("The parameter MaxResults must be between 1 and {limit}."))
}

/// A token that no page has ended with.
pub fn token() -> Fault {
    of_cloudwatch::invalid_token()
}
