//! What widgets that show metrics may hold, on dashboards and as images.

use crate::world::time::Time;

use super::metrics;
use super::rules::{Findings, Members, Node, Rule, check_members};

/// Metrics and expressions of a widget.
const METRICS_MAX: usize = 500;

/// What metric widgets may hold on dashboards and as images.
pub const SHARED: Members = &[
    ("accountId", Rule::Text),
    ("annotations", ANNOTATIONS),
    ("legend", LEGEND),
    ("liveData", Rule::Flag),
    ("period", Rule::Period),
    ("region", Rule::Text),
    ("setPeriodToTimeRange", Rule::Flag),
    ("sparkline", Rule::Flag),
    ("stacked", Rule::Flag),
    ("stat", Rule::Statistic),
    ("timezone", Rule::Text),
    ("title", Rule::Text),
    ("yAxis", AXES),
];

/// What they hold on dashboards alone. Others may be there.
const MEMBERS: Members = &[
    ("metrics", Rule::By(check_metrics)),
    ("table", TABLE),
    ("view", Rule::OneOf(&["timeSeries", "singleValue", "gauge", "bar", "pie", "table"])),
];

/// Where the legend stands.
pub const LEGEND: Rule = Rule::Object(&[], &[("position", Rule::OneOf(&["right", "bottom", "hidden"]))]);

/// Lines and bands across the graph.
const ANNOTATIONS: Rule = Rule::Object(
    &[],
    &[
        ("alarms", Rule::List(0, 1, &Rule::Text)),
        ("horizontal", Rule::List(0, usize::MAX, &Rule::By(check_horizontal))),
        ("vertical", Rule::List(0, usize::MAX, &Rule::By(check_vertical))),
    ],
);

/// The two axes for values.
const AXES: Rule = Rule::Object(&[], &[("left", Rule::By(check_axis)), ("right", Rule::By(check_axis))]);

const AXIS: Rule = Rule::Object(
    &[],
    &[("label", Rule::Text), ("min", Rule::Number), ("max", Rule::Number), ("showUnits", Rule::Flag)],
);

const TABLE: Rule = Rule::Object(
    &[],
    &[
        ("layout", Rule::OneOf(&["vertical", "horizontal"])),
        ("stickySummary", Rule::Flag),
        ("showTimeSeriesData", Rule::Flag),
        ("summaryColumns", Rule::List(0, 4, &Rule::OneOf(&["MIN", "MAX", "SUM", "AVG"]))),
    ],
);

const HORIZONTAL: Rule = Rule::Object(
    &["value"],
    &[
        ("color", Rule::Color),
        ("fill", Rule::OneOf(&["above", "below", "none"])),
        ("label", Rule::Text),
        ("value", Rule::Number),
        ("visible", Rule::Flag),
        ("yAxis", Rule::OneOf(&["left", "right"])),
    ],
);

const VERTICAL: Rule = Rule::Object(
    &["value"],
    &[
        ("color", Rule::Color),
        ("fill", Rule::OneOf(&["before", "after", "none"])),
        ("label", Rule::Text),
        ("value", Rule::By(check_moment)),
        ("visible", Rule::Flag),
    ],
);

/// Checks the `properties` of a metric widget on a dashboard: it shows metrics of a Region, or an alarm.
pub fn check(node: &Node, findings: &mut Findings) {
    let has = |name: &str| node.value.get(name).is_some();
    let shows_metrics = has("metrics") && has("region");
    if node.value.is_object() && !shows_metrics && !has("annotations") {
        node.require("metrics", findings);
        node.require("region", findings);
        let sentence = "The metric widget should have specified a region and a data source or an alarm annotation";
        findings.error(node, sentence);
        node.require("annotations", findings);
    }
    Rule::Object(&[], SHARED).check(node, findings);
    check_members(node, MEMBERS, findings);
    warn_of_gauge(node, findings);
}

/// "If you specify `gauge`, you must set a value for `min` and `max` on the left side of `yAxis`."
fn warn_of_gauge(node: &Node, findings: &mut Findings) {
    let end = |name: &str| node.value.pointer(&format!("/yAxis/left/{name}")).is_some();
    if node.value.get("view").is_some_and(|view| view == "gauge") && !(end("min") && end("max")) {
        findings.warn(node, "A gauge should have specified min and max of the left yAxis");
    }
}

fn check_metrics(node: &Node, findings: &mut Findings) {
    if !node.value.is_array() {
        findings.error(node, "Should be array");
        return;
    }
    node.count(0, METRICS_MAX, findings);
    metrics::read(node, METRICS_MAX, findings);
}

fn check_horizontal(node: &Node, findings: &mut Findings) {
    check_annotation(node, &HORIZONTAL, findings);
}

fn check_vertical(node: &Node, findings: &mut Findings) {
    check_annotation(node, &VERTICAL, findings);
}

/// One line, or a band between two.
fn check_annotation(node: &Node, rule: &Rule, findings: &mut Findings) {
    if node.value.is_array() {
        node.count(2, 2, findings);
        node.items().for_each(|item| rule.check(&item, findings));
    } else {
        rule.check(node, findings);
    }
}

/// The least value is not above the greatest.
fn check_axis(node: &Node, findings: &mut Findings) {
    AXIS.check(node, findings);
    let end = |name: &str| node.value.get(name).and_then(serde_json::Value::as_f64);
    if let (Some(min), Some(max)) = (end("min"), end("max"))
        && min > max
    {
        node.member("min").iter().for_each(|member| findings.error(member, format!("Should be <= {max}")));
        node.member("max").iter().for_each(|member| findings.error(member, format!("Should be >= {min}")));
    }
}

/// ISO 8601, with or without seconds' parts.
fn check_moment(node: &Node, findings: &mut Findings) {
    match node.value.as_str() {
        None => findings.error(node, "Should be string"),
        Some(text) if text.parse::<Time>().is_ok() => {}
        Some(_) => findings.error(node, "Should match format \"date-time\""),
    }
}
