//! What a plan needs of the store, taken under the lock, to be looked at outside.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::services::cloudwatch::detectors::Key;
use crate::services::cloudwatch::math::{self, Function, Training};
use crate::services::cloudwatch::store::{MetricId, Snapshot, Store};
use crate::services::cloudwatch::window::Window;
use crate::services::cloudwatch::{insights, search};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::Message;
use super::plan::{Kind, Plan, each_node};

/// Searches and queries find metrics that were reported in this time.
const FOUND: TimeDelta = TimeDelta::weeks(2);
/// Metrics that a search finds, at the most.
const FOUND_MAX: usize = 500;
/// Starts are rounded down by no more than this, in seconds.
const ROUNDING: i64 = 3600;

/// A time span, and when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start: Time,
    pub end: Time,
    pub now: Time,
}

/// A plan, and all the data it needs.
#[derive(Debug)]
pub struct Gathered {
    pub plan: Plan,
    pub(super) span: Span,
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// The points of the plan's metrics, by their places among the queries, by unit.
    pub(super) metrics: BTreeMap<usize, Units>,
    /// What searches find, by their texts.
    pub(super) searches: BTreeMap<String, Vec<(MetricId, Units)>>,
    /// What Metrics Insights queries find: points of metrics by group, by the places of queries.
    pub(super) groups: BTreeMap<usize, BTreeMap<Vec<String>, Vec<Snapshot>>>,
    /// How detectors of queries that bands are around are trained, by the places of the queries.
    pub(super) trainings: BTreeMap<usize, Training>,
    /// What is to be known about it all.
    pub(super) messages: Vec<Message>,
}

/// Points by unit, in the order of units' names.
pub(super) type Units = Vec<(&'static str, Snapshot)>;

impl Span {
    /// The span in periods of so many seconds.
    pub fn window(&self, period: i64) -> Window {
        Window::new(self.start, self.end, period, self.now)
    }
}

impl Plan {
    /// Takes what it needs.
    pub fn gather(self, store: &Store, span: Span, (account, region): (&AccountId, Region)) -> Gathered {
        let mut gathered = Gathered {
            metrics: BTreeMap::new(),
            searches: BTreeMap::new(),
            groups: BTreeMap::new(),
            trainings: BTreeMap::new(),
            messages: Vec::new(),
            account: account.clone(),
            region,
            span,
            plan: Plan::default(),
        };
        let around = self.around_bands();
        let before = if around.is_empty() { 0 } else { math::HISTORY };
        for place in around.into_iter().flatten() {
            let detector = Key::of(&self, place).and_then(|key| store.detectors.get(&key));
            gathered.trainings.extend(detector.map(|detector| (place, detector.training.clone())));
        }
        for (place, query) in self.queries.iter().enumerate() {
            match &query.kind {
                Kind::Metric(metric) => {
                    let found = store.metrics.get(&metric.id);
                    let units = found.map(|found| found.snapshots(metric.unit.as_deref(), gathered.range(before)));
                    gathered.metrics.insert(place, units.unwrap_or_default());
                }
                Kind::Insights(query) => {
                    let groups = gathered.group(store, query, before);
                    gathered.groups.insert(place, groups);
                }
                Kind::Math(node) => each_node(node, &mut |node| {
                    if let Some(text) = searched(node) {
                        gathered.search(store, text, before);
                    }
                }),
            }
        }
        gathered.plan = self;
        gathered
    }

    /// The places of the queries that bands are around; `None` for bands around something else.
    pub fn around_bands(&self) -> Vec<Option<usize>> {
        let mut around = Vec::new();
        for query in &self.queries {
            if let Kind::Math(node) = &query.kind {
                each_node(node, &mut |node| {
                    if let math::Kind::Call { function: Function::AnomalyDetectionBand, arguments, .. } = &node.kind {
                        around.push(arguments.first().and_then(|argument| self.place_of(argument)));
                    }
                });
            }
        }
        around
    }

    /// Whether the query at a place is a band.
    pub fn is_band(&self, place: usize) -> bool {
        let kind = self.queries.get(place).map(|query| &query.kind);
        let Some(Kind::Math(node)) = kind else { return false };
        matches!(node.kind, math::Kind::Call { function: Function::AnomalyDetectionBand, .. })
    }

    /// Whether it searches for metrics.
    pub fn searches(&self) -> bool {
        let mut searches = false;
        for query in &self.queries {
            if let Kind::Math(node) = &query.kind {
                each_node(node, &mut |node| searches |= searched(node).is_some());
            }
        }
        searches
    }

    /// The place of the query that a part of an expression names.
    pub fn place_of(&self, node: &math::Node) -> Option<usize> {
        match &node.kind {
            math::Kind::Id(id) => self.queries.iter().position(|query| query.id == *id),
            _ => None,
        }
    }
}

/// The text of a search.
fn searched(node: &math::Node) -> Option<&str> {
    match &node.kind {
        math::Kind::Call { function: Function::Search, arguments, .. } => match &arguments.first()?.kind {
            math::Kind::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

impl Gathered {
    /// Whether there was more to be found than is looked at.
    pub fn is_cut(&self) -> bool {
        !self.messages.is_empty()
    }

    /// The unit of a metric that a search has found.
    pub fn unit_found(&self, metric: &MetricId) -> Option<&'static str> {
        let mut found = self.searches.values().flatten().filter(|(id, _)| id == metric);
        found.find_map(|(_, units)| units.first()).map(|(unit, _)| *unit)
    }

    fn range(&self, before: i64) -> std::ops::Range<i64> {
        let start = self.span.start.timestamp().saturating_sub(before + ROUNDING);
        start..self.span.end.timestamp().saturating_add(1)
    }

    fn search(&mut self, store: &Store, text: &str, before: i64) {
        let Ok(search) = search::parse(text) else { return };
        if self.searches.contains_key(text) {
            return;
        }
        let since = self.span.now - FOUND;
        let range = self.range(before);
        let all = store.within(search.namespace());
        let all = all.filter(|(id, metric)| metric.reported >= since && search.finds(id));
        let units = all.map(|(id, metric)| (id.clone(), metric.snapshots(None, range.clone())));
        let mut found: Vec<_> = units.take(FOUND_MAX + 1).collect();
        self.cut(&mut found, FOUND_MAX);
        self.searches.insert(text.to_owned(), found);
    }

    fn group(&mut self, store: &Store, query: &insights::Query, before: i64) -> BTreeMap<Vec<String>, Vec<Snapshot>> {
        let since = self.span.now - FOUND;
        let range = self.range(before);
        let all = store.named(&query.namespace, &query.metric);
        let all = all.filter(|(id, metric)| metric.reported >= since && query.wants(id));
        let mut found: Vec<_> = all.take(insights::METRICS_MAX + 1).collect();
        self.cut(&mut found, insights::METRICS_MAX);
        let mut groups: BTreeMap<Vec<String>, Vec<Snapshot>> = BTreeMap::new();
        for (id, metric) in found {
            let points = metric.snapshots(None, range.clone()).into_iter().map(|(_, snapshot)| snapshot);
            groups.entry(query.group(id)).or_default().extend(points);
        }
        groups
    }

    /// Leaves out what is too much, and says so.
    fn cut<T>(&mut self, found: &mut Vec<T>, limit: usize) {
        if found.len() > limit && self.messages.is_empty() {
            self.messages.push(Message::too_much());
        }
        found.truncate(limit);
    }
}
