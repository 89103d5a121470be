//! The values of what was gathered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::services::cloudwatch::insights;
use crate::services::cloudwatch::math::{self, Bounds, Node, Origin, Past, Scope, Series, Value};
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::store::Snapshot;
use crate::services::cloudwatch::window::Window;

use super::Message;
use super::gather::{Gathered, Span, Units};
use super::labels;
use super::plan::{Kind, Metric, Query};

/// How far back Metrics Insights queries look.
const INSIGHTS_REACH: TimeDelta = TimeDelta::weeks(2);

/// Data points that the expressions of a request may make on the way, so that arrays of arrays do not take all memory.
const POINTS_MAX: usize = 10_000_000;

/// What one query comes to.
#[derive(Debug)]
pub struct Answer {
    pub series: Vec<Series>,
    /// There may be several series, each called by itself.
    pub is_list: bool,
    pub messages: Vec<Message>,
    /// The unit of what a metric has; expressions have none.
    pub unit: Option<&'static str>,
}

/// Values as they are asked for: each is worked out once.
pub struct Run<'g> {
    gathered: &'g Gathered,
    span: Span,
    /// It looks at what was before, and at nothing before that.
    is_past: bool,
    values: RefCell<BTreeMap<usize, Value>>,
    labels: Vec<String>,
    /// Data points that expressions may still make.
    allowance: Cell<usize>,
}

impl Gathered {
    /// Begins to work out values.
    pub fn run(&self) -> Run<'_> {
        let metrics: Vec<_> = self.plan.metrics().map(|(_, metric)| labels::Parts::of(metric)).collect();
        let labels = labels::by_difference(&metrics);
        let allowance = Cell::new(POINTS_MAX);
        Run { gathered: self, span: self.span, is_past: false, values: RefCell::default(), labels, allowance }
    }
}

impl Run<'_> {
    /// What the query at a place comes to.
    pub fn answer(&self, place: usize) -> Answer {
        let messages = self.gathered.metrics.get(&place).map(units_message).unwrap_or_default();
        // What a query needs is there before it, so that long chains of expressions are no deep ones.
        let needed = self.gathered.plan.needed_for(place);
        needed.iter().for_each(|needed| self.work_out(*needed));
        let units = self.gathered.metrics.get(&place).into_iter().flatten();
        let unit = units.map(|(unit, _)| *unit).next();
        let (series, is_list) = match self.take(place) {
            Value::Series(series) => (vec![series], false),
            Value::List(series) => (series, true),
            Value::Scalar(_) => (Vec::new(), false),
        };
        Answer { series, is_list, messages, unit }
    }

    /// Whether all that was asked for could be worked out.
    pub fn is_whole(&self) -> bool {
        self.allowance.get() > 0
    }

    fn work_out(&self, place: usize) {
        if self.values.borrow().contains_key(&place) {
            return;
        }
        let Some(query) = self.gathered.plan.queries.get(place) else { return };
        let value = match &query.kind {
            Kind::Metric(metric) => Value::Series(self.metric(place, query, metric)),
            Kind::Math(node) => math::evaluate(node, &Expression { run: self, query }),
            Kind::Insights(insights) => self.insights(place, query, insights),
        };
        self.values.borrow_mut().insert(place, value);
    }

    /// A value that was worked out; it stays where expressions may need it.
    fn take(&self, place: usize) -> Value {
        let is_needed = self.gathered.plan.queries.iter().any(|query| matches!(query.kind, Kind::Math(_)));
        let mut values = self.values.borrow_mut();
        let value = if is_needed { values.get(&place).cloned() } else { values.remove(&place) };
        value.unwrap_or(Value::List(Vec::new()))
    }

    fn metric(&self, place: usize, query: &Query, metric: &Metric) -> Series {
        let units = self.gathered.metrics.get(&place).map(Vec::as_slice).unwrap_or_default();
        let label = match &query.label {
            Some(template) if template.is_plain() => template.text().to_owned(),
            _ => self.default_label(place),
        };
        let origin = Origin { metric: metric.id.clone(), statistic: metric.statistic_text.clone() };
        let window = self.span.window(metric.period);
        Series {
            label,
            origin: Some(Arc::new(origin)),
            period: metric.period,
            points: points(units, window, metric.statistic),
        }
    }

    /// What a metric is called by itself.
    fn default_label(&self, place: usize) -> String {
        let before = self.gathered.plan.queries.iter().take(place);
        let index = before.filter(|query| matches!(query.kind, Kind::Metric(_))).count();
        self.labels.get(index).cloned().unwrap_or_default()
    }

    fn insights(&self, place: usize, query: &Query, insights: &insights::Query) -> Value {
        let period = query.period.unwrap_or(60);
        let mut series: Vec<Series> =
            self.grouped(place, query, insights).into_iter().map(|(_, series)| series).collect();
        match insights.group_by.is_empty() {
            true => Value::Series(series.pop().unwrap_or(Series { period, ..Series::default() })),
            false => Value::List(series),
        }
    }

    /// The series of a Metrics Insights query, each with the values of what it is grouped by.
    pub fn groups(&self, place: usize) -> Vec<(BTreeMap<String, String>, Series)> {
        let query = self.gathered.plan.queries.get(place);
        let Some((query, Kind::Insights(insights))) = query.map(|query| (query, &query.kind)) else {
            return Vec::new();
        };
        let grouped = self.grouped(place, query, insights).into_iter();
        let named = |group: &[String]| insights.group_by.iter().cloned().zip(group.iter().cloned()).collect();
        grouped.map(|(group, series)| (named(group), series)).collect()
    }

    /// Whether a Metrics Insights query has found more than it may look at, or show.
    pub fn is_partial(&self, place: usize) -> bool {
        let groups = self.gathered.groups.get(&place).map_or(0, BTreeMap::len);
        !self.gathered.messages.is_empty() || groups > insights::SERIES_MAX
    }

    fn grouped(&self, place: usize, query: &Query, insights: &insights::Query) -> Vec<(&'_ [String], Series)> {
        let period = query.period.unwrap_or(60);
        let span = self.span;
        let window = Span { start: span.start.max(span.now - INSIGHTS_REACH), ..span }.window(period);
        let groups = self.gathered.groups.get(&place);
        let series = groups.into_iter().flatten().map(|(group, snapshots)| {
            let points = window.merged(snapshots, insights.function.statistic());
            (group.as_slice(), Series { label: group.join(" "), origin: None, period, points })
        });
        insights.arranged(series.collect(), |(_, series): &(&[String], Series)| series.values().collect())
    }
}

impl<'g> Run<'g> {
    /// The same over the time before as well.
    fn past(&self) -> Run<'g> {
        let start = self.span.start - TimeDelta::seconds(math::HISTORY);
        Run {
            gathered: self.gathered,
            span: Span { start, ..self.span },
            is_past: true,
            values: RefCell::default(),
            labels: self.labels.clone(),
            allowance: self.allowance.clone(),
        }
    }
}

impl Run<'_> {
    /// A part of a query's expression.
    fn part(&self, query: &Query, node: &Node) -> Series {
        let plan = &self.gathered.plan;
        let place = plan.queries.iter().position(|known| known.id == query.id);
        let needed = place.map(|place| plan.needed_for(place)).unwrap_or_default();
        needed.iter().filter(|needed| Some(**needed) != place).for_each(|needed| self.work_out(*needed));
        match math::evaluate(node, &Expression { run: self, query }) {
            Value::Series(series) => series,
            Value::List(_) | Value::Scalar(_) => Series::default(),
        }
    }

    /// Values that a metric of AWS's own cannot have: amounts are not negative, and percentages end at 100.
    fn bounds(&self, place: usize, past: &Series) -> Bounds {
        let query = self.gathered.plan.queries.get(place);
        let Some(Kind::Metric(metric)) = query.map(|query| &query.kind) else { return Bounds::default() };
        if !metric.id.namespace.starts_with("AWS/") || past.values().any(|value| value < 0.0) {
            return Bounds::default();
        }
        let units = self.gathered.metrics.get(&place).map(Vec::as_slice).unwrap_or_default();
        let is_percentage = matches!(units, [("Percent", _)]) && past.values().all(|value| value <= 100.0);
        Bounds { least: Some(0.0), most: is_percentage.then_some(100.0) }
    }
}

/// The first unit that has data counts: units are neither mixed nor converted.
fn points(units: &[(&'static str, Snapshot)], window: Window, statistic: Statistic) -> Vec<(i64, f64)> {
    let series = units.iter().map(|(_, snapshot)| window.series(snapshot, statistic));
    series.into_iter().find(|points| !points.is_empty()).unwrap_or_default()
}

/// AWS says so when it shows one of several units.
fn units_message(units: &Units) -> Vec<Message> {
    if units.len() < 2 {
        return Vec::new();
    }
    let names: Vec<_> = units.iter().map(|(unit, _)| *unit).collect();
    let text = format!("Multiple units returned: '[{}]'", names.join(", "));
    vec![Message { code: "MultipleUnits".to_owned(), text }]
}

/// What the expression of a query can look at.
struct Expression<'r> {
    run: &'r Run<'r>,
    query: &'r Query,
}

impl Expression<'_> {
    fn place(&self, id: &str) -> Option<usize> {
        self.run.gathered.plan.queries.iter().position(|query| query.id == id)
    }
}

impl Scope for Expression<'_> {
    fn value(&self, id: &str) -> Value {
        let place = self.place(id);
        place.and_then(|place| self.run.values.borrow().get(&place).cloned()).unwrap_or(Value::Scalar(f64::NAN))
    }

    fn metrics(&self) -> Vec<(String, Series)> {
        let plan = &self.run.gathered.plan;
        let all = plan.queries.iter().enumerate().filter(|(_, query)| matches!(query.kind, Kind::Metric(_)));
        let series = all.filter_map(|(place, query)| {
            self.run.work_out(place);
            match self.run.values.borrow().get(&place) {
                Some(Value::Series(series)) => Some((query.id.clone(), series.clone())),
                _ => None,
            }
        });
        series.collect()
    }

    fn search(&self, text: &str, statistic: &str, period: Option<i64>) -> Vec<Series> {
        let found = self.run.gathered.searches.get(text).map(Vec::as_slice).unwrap_or_default();
        let Some(parsed) = Statistic::parse(statistic) else { return Vec::new() };
        let window = self.window(period);
        let parts: Vec<_> =
            found.iter().map(|(id, _)| labels::Parts { id, statistic, period: window.period }).collect();
        let labels = labels::by_difference(&parts);
        let series = found.iter().zip(labels).map(|((id, units), label)| {
            let origin = Origin { metric: id.clone(), statistic: statistic.to_owned() };
            let points = points(units, window, parsed);
            Series { label, origin: Some(Arc::new(origin)), period: window.period, points }
        });
        series.collect()
    }

    fn past(&self, node: &Node) -> Option<Past> {
        if self.run.is_past {
            return None;
        }
        let past = self.run.past();
        let series = past.part(self.query, node);
        self.run.allowance.set(past.allowance.get());
        let place = self.run.gathered.plan.place_of(node);
        let training = place.and_then(|place| self.run.gathered.trainings.get(&place)).cloned().unwrap_or_default();
        let bounds = place.map(|place| self.run.bounds(place, &series)).unwrap_or_default();
        Some(Past { series, training, bounds })
    }

    fn allows(&self, points: usize) -> bool {
        let left = self.run.allowance.get().saturating_sub(points);
        self.run.allowance.set(left);
        left > 0
    }

    fn window(&self, period: Option<i64>) -> Window {
        let own = self.run.gathered.plan.period(self.query);
        self.run.span.window(period.or(own).unwrap_or(60))
    }
}
