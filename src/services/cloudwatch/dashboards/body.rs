//! The body of a dashboard: widgets of each type, and variables.

use serde_json::Value;

use crate::wire::Fault;

use super::rules::{Findings, Members, NO_FORM, NOT_ALLOWED, Node, Rule};
use super::{faults, metric_widget};

/// Widgets of a dashboard.
const WIDGETS_MAX: usize = 500;

const BODY: Rule = Rule::Object(
    &["widgets"],
    &[
        ("end", Rule::Text),
        ("periodOverride", Rule::OneOf(&["auto", "inherit"])),
        ("start", Rule::Text),
        ("variables", Rule::List(0, 25, &Rule::By(check_variable))),
        ("widgets", Rule::List(0, WIDGETS_MAX, &Rule::By(check_widget))),
    ],
);

/// What widgets of all types have.
const WIDGET: Rule = Rule::Object(
    &["type", "properties"],
    &[
        ("height", Rule::Whole(1, 1000)),
        ("properties", Rule::Object(&[], &[])),
        ("type", Rule::Text),
        ("width", Rule::Whole(1, 24)),
        ("x", Rule::Whole(0, 23)),
        ("y", Rule::Whole(0, i64::MAX)),
    ],
);

/// The `properties` of a widget, by its type. Charts and custom widgets may hold anything.
const TYPES: Members = &[
    ("alarm", ALARM),
    ("chart", Rule::Object(&[], &[])),
    ("custom", Rule::Object(&[], &[])),
    ("explorer", EXPLORER),
    ("log", LOG),
    ("metric", Rule::By(metric_widget::check)),
    ("text", TEXT),
];

const TEXT: Rule =
    Rule::Object(&["markdown"], &[("background", Rule::OneOf(&["solid", "transparent"])), ("markdown", Rule::Text)]);

const LOG: Rule = Rule::Object(
    &["region", "query"],
    &[
        ("accountId", Rule::Text),
        ("query", Rule::Text),
        ("region", Rule::Text),
        ("title", Rule::Text),
        ("view", Rule::OneOf(&["table", "timeSeries", "bar", "pie"])),
    ],
);

const ALARM: Rule = Rule::Object(
    &["alarms"],
    &[
        ("alarms", Rule::List(1, 100, &Rule::Text)),
        ("sortBy", Rule::OneOf(&["default", "stateUpdatedTimestamp", "timestamp"])),
        ("states", Rule::List(0, 3, &Rule::OneOf(&["ALARM", "INSUFFICIENT_DATA", "OK"]))),
        ("title", Rule::Text),
    ],
);

const EXPLORER: Rule = Rule::Object(
    &["labels", "metrics"],
    &[
        (
            "aggregateBy",
            Rule::Object(&[], &[("key", Rule::Text), ("func", Rule::OneOf(&["AVG", "MIN", "MAX", "STDDEV", "SUM"]))]),
        ),
        ("labels", Rule::List(0, usize::MAX, &Rule::Object(&["key"], &[("key", Rule::Text), ("value", Rule::Text)]))),
        (
            "metrics",
            Rule::List(
                1,
                100,
                &Rule::Object(
                    &["metricName", "resourceType"],
                    &[("metricName", Rule::Text), ("resourceType", Rule::Text), ("stat", Rule::Statistic)],
                ),
            ),
        ),
        ("period", Rule::Period),
        ("splitBy", Rule::Text),
        ("title", Rule::Text),
        (
            "widgetOptions",
            Rule::Object(
                &[],
                &[
                    ("legend", metric_widget::LEGEND),
                    ("rowsPerPage", Rule::Whole(1, i64::MAX)),
                    ("stacked", Rule::Flag),
                    ("view", Rule::OneOf(&["timeSeries", "bar", "pie"])),
                    ("widgetsPerRow", Rule::Whole(1, i64::MAX)),
                ],
            ),
        ),
    ],
);

const VARIABLE: Rule = Rule::Object(
    &["type", "inputType", "id"],
    &[
        ("id", Rule::By(check_variable_id)),
        ("inputType", Rule::OneOf(&["input", "select", "radio"])),
        ("label", Rule::Text),
        ("pattern", Rule::Text),
        ("populateFrom", Rule::Text),
        ("property", Rule::Text),
        ("search", Rule::Text),
        ("type", Rule::OneOf(&["property", "pattern"])),
        ("values", Rule::List(1, 500, &Rule::Object(&["value"], &[("label", Rule::Text)]))),
        ("visible", Rule::Flag),
    ],
);

/// Reports all that is wrong with a body.
///
/// # Errors
/// `DashboardInvalidInputError` for what is no JSON object.
pub fn check(text: &str) -> Result<Findings, Fault> {
    let body: Value = serde_json::from_str(text).map_err(|_| faults::no_json())?;
    if !body.is_object() {
        return Err(faults::no_json());
    }
    let mut findings = Findings::default();
    BODY.check(&Node::root(&body), &mut findings);
    Ok(findings)
}

/// A widget of a type that is not known is kept, as the service keeps it.
fn check_widget(node: &Node, findings: &mut Findings) {
    let before = findings.errors.len();
    WIDGET.check(node, findings);
    for (one, other) in [("x", "y"), ("y", "x")] {
        if node.value.get(one).is_some() && node.value.get(other).is_none() {
            findings.error(node, format!("Should have property {other} when property {one} is present"));
        }
    }
    let (Some(kind), Some(properties)) = (node.member("type"), node.member("properties")) else { return };
    let Some(name) = kind.value.as_str().filter(|_| properties.value.is_object()) else { return };
    match TYPES.iter().find(|(known, _)| *known == name) {
        Some((_, rule)) => rule.check(&properties, findings),
        None if findings.errors.len() == before => findings.warn(&kind, NOT_ALLOWED),
        None => {}
    }
}

/// What is chosen from is given, or found by a search.
fn check_variable(node: &Node, findings: &mut Findings) {
    VARIABLE.check(node, findings);
    let has = |name: &str| node.value.get(name).is_some();
    let is_choice = node.value.get("inputType").is_some_and(|input| input == "select" || input == "radio");
    if is_choice && !has("values") && !(has("search") && has("populateFrom")) {
        ["values", "search", "populateFrom"].iter().for_each(|name| node.require(name, findings));
        findings.error(node, NO_FORM);
    }
}

fn check_variable_id(node: &Node, findings: &mut Findings) {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match node.value.as_str() {
        None => findings.error(node, "Should be string"),
        Some(id) if (1..=32).contains(&id.len()) && id.bytes().all(is_letter) => {}
        Some(_) => findings.error(node, "Should match pattern \"^[0-9A-Za-z_-]{1,32}$\""),
    }
}
