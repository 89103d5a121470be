//! The metrics of a widget as queries of `GetMetricData`, one for each.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::services::cloudwatch::dashboards::metrics::Row;
use crate::services::cloudwatch::data::{MetricDataQuery, MetricStat};
use crate::services::cloudwatch::list::Listed;
use crate::services::cloudwatch::put::Dimension;

use super::widget::Widget;

/// All queries, in the order of the metrics. A period that is given is that of all.
pub fn of(widget: &Widget, period: Option<i64>) -> Vec<MetricDataQuery> {
    let text = |row: &Row, name: &str| row.options.get(name).and_then(Value::as_str).map(str::to_owned);
    let said: BTreeSet<String> = widget.rows.iter().filter_map(|row| text(row, "id")).collect();
    let mut free = (1..).map(|n| format!("q{n}")).filter(|id| !said.contains(id));
    let mut query = |row: &Row| {
        let own = row.options.get("period").and_then(Value::as_f64).map(|period| period as i64);
        let period = period.or(own).unwrap_or(widget.period);
        let stat = text(row, "stat").unwrap_or_else(|| widget.stat.clone());
        let metric = metric(row).map(|metric| MetricStat { metric, period, stat, unit: None });
        MetricDataQuery {
            id: text(row, "id").or_else(|| free.next()).unwrap_or_default(),
            expression: text(row, "expression"),
            label: text(row, "label"),
            returned: Some(is_visible(row)),
            period: metric.is_none().then_some(period),
            stat: metric,
            account: text(row, "accountId").or_else(|| widget.account.clone()),
        }
    };
    widget.rows.iter().map(&mut query).collect()
}

/// Whether a metric is to be seen.
pub fn is_visible(row: &Row) -> bool {
    row.options.get("visible").and_then(Value::as_bool).unwrap_or(true)
}

fn metric(row: &Row) -> Option<Listed> {
    let [namespace, name, dimensions @ ..] = &row.fields[..] else { return None };
    let (pairs, _) = dimensions.as_chunks::<2>();
    let dimension = |[name, value]: &[String; 2]| Dimension { name: name.clone(), value: value.clone() };
    Some(Listed { namespace: namespace.clone(), name: name.clone(), dimensions: pairs.iter().map(dimension).collect() })
}
