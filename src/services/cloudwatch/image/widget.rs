//! A metric widget as it is asked for, checked.

use serde_json::{Map, Value};

use crate::services::cloudwatch::dashboards::faults;
use crate::services::cloudwatch::dashboards::metric_widget::SHARED;
use crate::services::cloudwatch::dashboards::metrics::{self, Row};
use crate::services::cloudwatch::dashboards::rules::{Findings, Members, NOT_ALLOWED, Node, Rule, check_members};
use crate::services::cloudwatch::data::Offset;
use crate::services::cloudwatch::store;
use crate::wire::Fault;
use crate::world::scope::Region;
use crate::world::time::Time;

use super::draw::{Axis, Color, Fill, Legend, Mark, View};
use super::times;

/// Bytes of a widget: "up to 100 KB uncompressed payload".
/// Annotations of a kind in one image: each may cover all of it. AWS states no limit.
const ANNOTATIONS_MAX: usize = 100;
const BYTES_MAX: usize = 100 * 1024;
/// Metrics and expressions of a widget.
const METRICS_MAX: usize = 100;
/// Pixels in each direction.
const PIXELS_MAX: i64 = 2000;

const WIDTH: u32 = 600;
const HEIGHT: u32 = 400;
const START: &str = "-PT3H";
const END: &str = "-PT0H";
const PERIOD: i64 = 300;
const STATISTIC: &str = "Average";
/// What annotations are drawn with that say no colour.
const ANNOTATION: Color = Color(0x94, 0x67, 0xbd);

/// What images have beside what all metric widgets have.
const OWN: Members = &[
    ("end", Rule::Text),
    ("height", Rule::Whole(1, PIXELS_MAX)),
    ("singleValueFullPrecision", Rule::Flag),
    ("start", Rule::Text),
    ("theme", Rule::OneOf(&["light", "dark"])),
    ("view", Rule::OneOf(&["timeSeries", "singleValue", "gauge", "bar", "pie"])),
    ("width", Rule::Whole(1, PIXELS_MAX)),
];

/// A metric widget.
#[derive(Clone, Debug)]
pub struct Widget {
    pub width: u32,
    pub height: u32,
    pub title: String,
    pub view: View,
    pub legend: Legend,
    pub dark: bool,
    pub start: Time,
    pub end: Time,
    pub now: Time,
    pub offset: Offset,
    pub rows: Vec<Row>,
    /// For metrics that say nothing else.
    pub period: i64,
    pub stat: String,
    pub account: Option<String>,
    /// Values are those of the whole time, not of the last period.
    pub set_period_to_time_range: bool,
    pub live_data: bool,
    pub left: Axis,
    pub right: Axis,
    /// Whether the axes without a label show the unit.
    pub show_units: (bool, bool),
    pub horizontal: Vec<Mark>,
    pub vertical: Vec<Mark>,
}

impl Widget {
    /// Reads a widget, and checks everything but its expressions.
    ///
    /// # Errors
    /// `ValidationError` with all that is wrong, `NotImplemented` for alarms as annotations.
    pub fn read(text: &str, region: Region, now: Time) -> Result<Widget, Fault> {
        if text.len() > BYTES_MAX {
            return Err(faults::long_widget(BYTES_MAX));
        }
        let value: Value = serde_json::from_str(text).map_err(|_| faults::no_widget())?;
        let members = value.as_object().ok_or_else(faults::no_widget)?;
        let mut findings = Findings::default();
        let rows = check(&Node::root(&value), region, now, &mut findings);
        if !findings.errors.is_empty() {
            return Err(faults::invalid_widget(&findings.errors));
        }
        if value.pointer("/annotations/alarms").is_some() {
            return Err(faults::not_built("alarms as annotations of images"));
        }
        Widget::of(members, rows, now)
    }

    fn of(members: &Map<String, Value>, rows: Vec<Row>, now: Time) -> Result<Widget, Fault> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let flag = |name: &str| members.get(name).and_then(Value::as_bool).unwrap_or_default();
        let pixels = |name: &str, usual: u32| members.get(name).and_then(Value::as_f64).map_or(usual, |n| n as u32);
        let (left, left_units) = axis(members, "left");
        let (right, right_units) = axis(members, "right");
        let moment = |name: &str, usual: &str| times::read(text(name).unwrap_or(usual), now).unwrap_or(now);
        Ok(Widget {
            width: pixels("width", WIDTH),
            height: pixels("height", HEIGHT),
            title: text("title").unwrap_or_default().to_owned(),
            view: match text("view") {
                Some("bar") => View::Bars,
                Some("pie") => View::Pie,
                Some("gauge") => View::Gauge,
                Some("singleValue") => {
                    View::Numbers { sparkline: flag("sparkline"), exact: flag("singleValueFullPrecision") }
                }
                _ if flag("stacked") => View::Stacked,
                _ => View::Lines,
            },
            legend: match members.get("legend").and_then(|legend| legend.get("position")).and_then(Value::as_str) {
                Some("right") => Legend::Right,
                Some("hidden") => Legend::Hidden,
                _ => Legend::Bottom,
            },
            dark: text("theme") == Some("dark"),
            start: moment("start", START),
            end: moment("end", END),
            now,
            offset: Offset::parse(text("timezone"))?,
            rows,
            period: members.get("period").and_then(Value::as_f64).map_or(PERIOD, |period| period as i64),
            stat: text("stat").unwrap_or(STATISTIC).to_owned(),
            account: text("accountId").map(str::to_owned),
            set_period_to_time_range: flag("setPeriodToTimeRange"),
            live_data: flag("liveData"),
            left,
            right,
            show_units: (left_units, right_units),
            horizontal: marks(members, "horizontal"),
            vertical: marks(members, "vertical"),
        })
    }

    /// Whether curves are shown over time.
    pub fn is_graph(&self) -> bool {
        matches!(self.view, View::Lines | View::Stacked)
    }

    /// The one period of all metrics where values are those of the whole time: as long as that, in steps in which data
    /// of its age is kept.
    pub fn period_of_all(&self) -> Option<i64> {
        let age = (self.now - self.start).num_seconds();
        let step = store::resolution(age).unwrap_or(3600).max(60);
        let seconds = (self.end - self.start).num_seconds().max(1);
        (self.set_period_to_time_range && !self.is_graph()).then(|| (seconds + step - 1) / step * step)
    }

    /// Whether points are shown beside values that are of the whole time.
    pub fn has_graphs_beside(&self) -> bool {
        matches!(self.view, View::Numbers { sparkline: true, .. }) && self.set_period_to_time_range
    }
}

fn check(node: &Node, region: Region, now: Time, findings: &mut Findings) -> Vec<Row> {
    node.require("metrics", findings);
    check_members(node, SHARED, findings);
    check_members(node, OWN, findings);
    // An image shows all that it is asked for.
    let is_known = |name: &str| name == "metrics" || SHARED.iter().chain(OWN).any(|(known, _)| *known == name);
    let others = node.value.as_object().into_iter().flatten().filter(|(name, _)| !is_known(name));
    others.for_each(|(name, _)| findings.error(node, format!("Should NOT have additional properties: '{name}'")));
    if let Some(member) = node.member("region").filter(|member| member.value.as_str() != Some(region.as_str())) {
        findings.error(&member, NOT_ALLOWED);
    }
    if let Some(member) = node.member("timezone")
        && Offset::parse(member.value.as_str()).is_err()
    {
        findings.error(&member, r#"Should match pattern "^[+-]\d{4}$""#);
    }
    check_span(node, now, findings);
    for kind in ["horizontal", "vertical"] {
        let annotations = node.member("annotations");
        let all = annotations.as_ref().and_then(|annotations| annotations.member(kind));
        all.iter().for_each(|all| all.count(0, ANNOTATIONS_MAX, findings));
    }
    let Some(metrics) = node.member("metrics") else { return Vec::new() };
    if !metrics.value.is_array() {
        findings.error(&metrics, "Should be array");
        return Vec::new();
    }
    metrics.count(1, METRICS_MAX, findings);
    let rows = metrics::read(&metrics, METRICS_MAX, findings);
    for (row, item) in rows.iter().zip(metrics.items()) {
        if row.options.get("region").is_some_and(|other| other != region.as_str()) {
            findings.error(&item, format!("Metrics should be of the Region {region}"));
        }
    }
    rows
}

fn check_span(node: &Node, now: Time, findings: &mut Findings) {
    let mut moments = Vec::new();
    for (name, usual) in [("start", START), ("end", END)] {
        let text = node.value.get(name).and_then(Value::as_str).unwrap_or(usual);
        match times::read(text, now) {
            Some(moment) => moments.push(moment),
            None => {
                node.member(name).iter().for_each(|member| {
                    findings.error(member, "Should be a time of ISO 8601, or a span before now such as -PT3H");
                });
            }
        }
    }
    if let [start, end] = moments[..]
        && start >= end
    {
        findings.error(node, "The start should be before the end");
    }
}

fn axis(members: &Map<String, Value>, side: &str) -> (Axis, bool) {
    let axis = members.get("yAxis").and_then(|axes| axes.get(side));
    let member = |name: &str| axis.and_then(|axis| axis.get(name));
    let label = member("label").and_then(Value::as_str).unwrap_or_default().to_owned();
    let [min, max] = ["min", "max"].map(|name| member(name).and_then(Value::as_f64));
    (Axis { label, min, max }, member("showUnits").and_then(Value::as_bool).unwrap_or(true))
}

/// Annotations that are to be seen.
fn marks(members: &Map<String, Value>, kind: &str) -> Vec<Mark> {
    let all = members.get("annotations").and_then(|annotations| annotations.get(kind)).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(mark).collect()
}

fn mark(value: &Value) -> Option<Mark> {
    // All but value and label of a band stand with its first line.
    let (first, second) = match value.as_array() {
        Some(band) => (band.first()?, band.get(1)),
        None => (value, None),
    };
    let text = |line: &Value, name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_visible = first.get("visible").and_then(Value::as_bool).unwrap_or(true);
    let mark = Mark {
        at: place(first)?,
        label: text(first, "label").unwrap_or_default(),
        to: second.and_then(|line| Some((place(line)?, text(line, "label").unwrap_or_default()))),
        color: text(first, "color").and_then(|color| Color::parse(&color)).unwrap_or(ANNOTATION),
        fill: match text(first, "fill").as_deref() {
            Some("below" | "before") => Fill::Less,
            Some("above" | "after") => Fill::More,
            _ => Fill::None,
        },
        on_right: text(first, "yAxis").as_deref() == Some("right"),
    };
    is_visible.then_some(mark)
}

/// A number, or a time in seconds.
fn place(line: &Value) -> Option<f64> {
    match line.get("value")? {
        Value::String(time) => Some(time.parse::<Time>().ok()?.timestamp() as f64),
        number => number.as_f64(),
    }
}
