//! Metrics Insights: `SELECT` queries over many metrics at once
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html>).

mod parse;
mod reserved;
#[cfg(test)]
mod tests;

use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::store::MetricId;

pub use parse::{Flaw, Problem, parse};

/// Time series of an answer, and the most that `LIMIT` may ask for.
pub const SERIES_MAX: usize = 500;
/// Metrics that a query looks at (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-limits.html>).
pub const METRICS_MAX: usize = 10_000;
/// What stands for a label that a metric does not have.
const OTHER: &str = "Other";

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub function: Function,
    pub metric: String,
    pub namespace: String,
    /// The dimensions that metrics must have exactly, if it is said.
    pub schema: Option<Vec<String>>,
    /// All of these must hold.
    pub filters: Vec<Filter>,
    pub group_by: Vec<String>,
    pub order_by: Option<(Function, Order)>,
    pub limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Average,
    Count,
    Maximum,
    Minimum,
    Sum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// A label that must have a value, or must not.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub label: String,
    pub equal: bool,
    pub value: String,
}

impl Function {
    /// What it is as a statistic of a period.
    pub fn statistic(self) -> Statistic {
        match self {
            Function::Average => Statistic::Average,
            Function::Count => Statistic::SampleCount,
            Function::Maximum => Statistic::Maximum,
            Function::Minimum => Statistic::Minimum,
            Function::Sum => Statistic::Sum,
        }
    }

    /// One number for a series, to order by.
    pub fn of(self, values: &[f64]) -> f64 {
        let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
        match self {
            Function::Average => sum / count,
            Function::Count => count,
            Function::Maximum => values.iter().copied().fold(f64::NAN, f64::max),
            Function::Minimum => values.iter().copied().fold(f64::NAN, f64::min),
            Function::Sum => sum,
        }
    }
}

impl Query {
    /// Whether a metric is one that is meant.
    pub fn wants(&self, id: &MetricId) -> bool {
        let has = |name: &String| id.dimension(name).is_some();
        *self.metric == *id.name
            && *self.namespace == *id.namespace
            && self.schema.as_ref().is_none_or(|labels| labels.len() == id.dimensions.len() && labels.iter().all(has))
            && self.filters.iter().all(|filter| (id.dimension(&filter.label) == Some(&filter.value)) == filter.equal)
    }

    /// The group that a metric belongs to: a value for each label.
    pub fn group(&self, id: &MetricId) -> Vec<String> {
        let value = |label: &String| id.dimension(label).unwrap_or(OTHER).to_owned();
        self.group_by.iter().map(value).collect()
    }

    /// Puts series in the order that is asked for, and leaves out those beyond the limit. They come in the order of
    /// their groups.
    pub fn arranged<T>(&self, mut series: Vec<T>, values: impl Fn(&T) -> Vec<f64>) -> Vec<T> {
        if let Some((function, order)) = self.order_by {
            let mut ranked: Vec<_> = series.into_iter().map(|series| (function.of(&values(&series)), series)).collect();
            // Those without data come last.
            ranked.sort_by(|(a, _), (b, _)| match (a.is_nan().cmp(&b.is_nan()), order) {
                (std::cmp::Ordering::Equal, Order::Ascending) => a.total_cmp(b),
                (std::cmp::Ordering::Equal, Order::Descending) => b.total_cmp(a),
                (unlike, _) => unlike,
            });
            series = ranked.into_iter().map(|(_, series)| series).collect();
        }
        series.truncate(self.limit.unwrap_or(SERIES_MAX));
        series
    }
}
