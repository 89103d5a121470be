//! What an alarm is.

use std::collections::BTreeMap;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::services::cloudwatch::data::{MetricDataQuery, MetricStat, Plan, QueryKind};
use crate::services::cloudwatch::put::Dimension;
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::store::MetricId;
use crate::wire::Value as Tree;
use crate::world::fields::Field;
use crate::world::time::Time;

use super::contributors::Contributors;
use super::evaluate::{Comparison, Missing, Quorum};
use super::place::Place;
use super::reason::java_iso;
use super::rule::Rule;
use super::state::{State, Value};

/// An alarm.
#[derive(Debug)]
pub struct Alarm {
    pub place: Place,
    pub settings: Settings,
    pub kind: Kind,
    pub state: State,
    pub tags: BTreeMap<String, String>,
    /// The state before actions were first muted in the mute window that goes on.
    pub muted_since: Option<Value>,
    pub contributors: Contributors,
}

/// What both kinds of alarms have.
#[derive(Clone, Debug)]
pub struct Settings {
    pub description: Option<String>,
    pub actions_enabled: bool,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub updated: Time,
}

impl Settings {
    /// What is to be done on a state, as ARNs.
    pub fn actions(&self, state: Value) -> &[String] {
        match state {
            Value::Ok => &self.ok_actions,
            Value::Alarm => &self.alarm_actions,
            Value::InsufficientData => &self.insufficient_data_actions,
        }
    }

    pub fn all_actions(&self) -> impl Iterator<Item = &String> {
        self.ok_actions.iter().chain(&self.alarm_actions).chain(&self.insufficient_data_actions)
    }
}

/// What an alarm watches.
#[derive(Clone, Debug)]
pub enum Kind {
    Metric(Box<MetricAlarm>),
    Composite(Box<CompositeAlarm>),
}

impl Kind {
    /// `AlarmType`
    pub fn as_str(&self) -> &'static str {
        match self {
            Kind::Metric(_) => "MetricAlarm",
            Kind::Composite(_) => "CompositeAlarm",
        }
    }
}

/// An alarm on a metric.
#[derive(Clone, Debug)]
pub struct MetricAlarm {
    pub metric: Watched,
    /// `Metrics`, as it was given instead of one metric.
    pub queries: Option<Tree>,
    /// What is worked out, where it is more than one metric.
    pub math: Option<Math>,
    pub comparison: Comparison,
    pub threshold: Option<f64>,
    /// As given: `ThresholdMetricId`.
    pub band_id: Option<String>,
    pub quorum: Quorum,
    /// As given.
    pub datapoints: Option<i64>,
    pub missing: Missing,
    /// As given: `TreatMissingData`.
    pub missing_name: Option<String>,
    /// `EvaluateLowSampleCountPercentile`
    pub low_samples: Option<String>,
}

/// Expressions that an alarm watches. Its [`Watched`] has the period then, and nothing else.
#[derive(Clone, Debug)]
pub struct Math {
    pub plan: Plan,
    /// The place of the query that is watched.
    pub place: usize,
    /// The place of the band that it is compared with.
    pub band: Option<usize>,
}

impl Math {
    /// Whether it is a Metrics Insights query of several series.
    pub fn has_contributors(&self) -> bool {
        let query = self.plan.queries.get(self.place);
        query.is_some_and(|query| query.is_list && matches!(query.kind, QueryKind::Insights(_)))
    }
}

/// A statistic of a metric.
#[derive(Clone, Debug)]
pub struct Watched {
    /// In `Metrics`, and in events.
    pub query_id: String,
    pub id: MetricId,
    /// In the order given.
    pub dimensions: Vec<Dimension>,
    pub statistic: Statistic,
    pub statistic_name: String,
    /// It was given as `ExtendedStatistic`.
    pub is_extended: bool,
    pub unit: Option<String>,
    /// Seconds.
    pub period: i64,
}

impl MetricAlarm {
    /// Whether it watches several series, each for itself.
    pub fn has_contributors(&self) -> bool {
        self.math.as_ref().is_some_and(Math::has_contributors)
    }

    /// Whether its contributors are told apart by a label.
    pub fn groups_by(&self, label: &str) -> bool {
        let Some(math) = self.math.as_ref().filter(|math| math.has_contributors()) else { return false };
        let query = math.plan.queries.get(math.place).map(|query| &query.kind);
        matches!(query, Some(QueryKind::Insights(query)) if query.group_by.iter().any(|known| known == label))
    }

    /// Alarms on more than a day are evaluated each hour.
    pub fn is_multi_day(&self) -> bool {
        let periods = i64::try_from(self.quorum.periods).unwrap_or(i64::MAX);
        self.metric.period.saturating_mul(periods) > 86_400
    }
}

/// An alarm on other alarms.
#[derive(Clone, Debug)]
pub struct CompositeAlarm {
    /// As it was given.
    pub rule_text: String,
    pub rule: Rule,
    /// Names of the alarms that the rule names, by number.
    pub children: Vec<String>,
    pub suppressor: Option<Suppressor>,
    /// Why it is to be evaluated.
    pub cause: Option<Cause>,
}

/// The alarm that keeps a composite alarm from acting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressor {
    /// As it was given: a name or an ARN.
    pub reference: String,
    pub name: String,
    /// Seconds.
    pub wait: i64,
    pub extension: i64,
}

/// Why a composite alarm is evaluated.
#[derive(Clone, Debug)]
pub enum Cause {
    Created,
    Updated,
    /// A child has gone into a state.
    Child {
        name: String,
        value: Value,
        at: Time,
    },
}

impl Alarm {
    pub fn arn(&self) -> String {
        self.place.arn()
    }

    pub fn metric(&self) -> Option<&MetricAlarm> {
        match &self.kind {
            Kind::Metric(metric) => Some(metric),
            Kind::Composite(_) => None,
        }
    }

    pub fn composite(&self) -> Option<&CompositeAlarm> {
        match &self.kind {
            Kind::Composite(composite) => Some(composite),
            Kind::Metric(_) => None,
        }
    }

    pub fn composite_mut(&mut self) -> Option<&mut CompositeAlarm> {
        match &mut self.kind {
            Kind::Composite(composite) => Some(composite),
            Kind::Metric(_) => None,
        }
    }
}

// Alarms in events.

/// What events of state changes tell of an alarm's settings.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
pub fn brief(alarm: &Alarm) -> Json {
    let mut map = JsonMap::new();
    match &alarm.kind {
        Kind::Metric(metric) => {
            map.insert("metrics".into(), queries(metric));
        }
        Kind::Composite(composite) => of_composite(composite, &mut map),
    }
    map.extend(alarm.settings.description.as_ref().map(|text| ("description".into(), text.as_str().into())));
    Json::Object(map)
}

/// What events of changed settings tell.
pub fn whole(alarm: &Alarm) -> Json {
    let mut map = JsonMap::new();
    match &alarm.kind {
        Kind::Metric(metric) => of_metric(metric, &mut map),
        Kind::Composite(composite) => of_composite(composite, &mut map),
    }
    let settings = &alarm.settings;
    map.insert("alarmName".into(), alarm.place.name.as_str().into());
    map.extend(settings.description.as_ref().map(|text| ("description".into(), text.as_str().into())));
    map.insert("actionsEnabled".into(), settings.actions_enabled.into());
    map.insert("timestamp".into(), java_iso(settings.updated).into());
    map.insert("okActions".into(), json!(settings.ok_actions));
    map.insert("alarmActions".into(), json!(settings.alarm_actions));
    map.insert("insufficientDataActions".into(), json!(settings.insufficient_data_actions));
    Json::Object(map)
}

fn of_metric(metric: &MetricAlarm, map: &mut JsonMap<String, Json>) {
    map.insert("evaluationPeriods".into(), metric.quorum.periods.into());
    map.extend(metric.datapoints.map(|datapoints| ("datapointsToAlarm".into(), datapoints.into())));
    map.extend(metric.threshold.map(|threshold| ("threshold".into(), number(threshold))));
    map.extend(metric.band_id.as_ref().map(|id| ("thresholdMetricId".into(), id.as_str().into())));
    map.insert("comparisonOperator".into(), metric.comparison.as_str().into());
    map.extend(metric.missing_name.as_ref().map(|name| ("treatMissingData".into(), name.as_str().into())));
    let low_samples = metric.low_samples.as_ref();
    map.extend(low_samples.map(|name| ("evaluateLowSampleCountPercentile".into(), name.as_str().into())));
    map.insert("metrics".into(), queries(metric));
}

fn of_composite(composite: &CompositeAlarm, map: &mut JsonMap<String, Json>) {
    map.insert("alarmRule".into(), composite.rule_text.as_str().into());
    if let Some(suppressor) = &composite.suppressor {
        map.insert("actionsSuppressor".into(), suppressor.reference.as_str().into());
        map.insert("actionsSuppressorWaitPeriod".into(), suppressor.wait.into());
        map.insert("actionsSuppressorExtensionPeriod".into(), suppressor.extension.into());
    }
}

/// Whole numbers without a point.
fn number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9e15 { Json::from(number as i64) } else { Json::from(number) }
}

/// The queries of `Metrics`.
pub fn read_queries(tree: &Tree) -> Vec<MetricDataQuery> {
    Field::read(Some(tree))
}

/// The queries of an alarm on metrics, also where one metric was given otherwise.
pub fn queries(metric: &MetricAlarm) -> Json {
    if let Some(tree) = &metric.queries {
        return read_queries(tree).iter().map(query).collect();
    }
    let watched = &metric.metric;
    let dimensions: JsonMap<String, Json> =
        watched.dimensions.iter().map(|Dimension { name, value }| (name.clone(), value.as_str().into())).collect();
    let mut stat = json!({
        "metric": {"namespace": &*watched.id.namespace, "name": &*watched.id.name, "dimensions": dimensions},
        "period": watched.period,
        "stat": watched.statistic_name,
    });
    if let (Some(unit), Some(stat)) = (&watched.unit, stat.as_object_mut()) {
        stat.insert("unit".into(), unit.as_str().into());
    }
    json!([{"id": watched.query_id, "metricStat": stat, "returnData": true}])
}

fn query(query: &MetricDataQuery) -> Json {
    let mut map = JsonMap::new();
    map.insert("id".into(), query.id.as_str().into());
    map.extend(query.expression.as_ref().map(|text| ("expression".into(), text.as_str().into())));
    map.extend(query.stat.as_ref().map(|stat| ("metricStat".into(), metric_stat(stat))));
    map.extend(query.label.as_ref().map(|text| ("label".into(), text.as_str().into())));
    map.extend(query.period.map(|period| ("period".into(), period.into())));
    map.insert("returnData".into(), (query.returned != Some(false)).into());
    Json::Object(map)
}

fn metric_stat(stat: &MetricStat) -> Json {
    let dimensions: JsonMap<String, Json> =
        stat.metric.dimensions.iter().map(|Dimension { name, value }| (name.clone(), value.as_str().into())).collect();
    let metric = json!({"namespace": stat.metric.namespace, "name": stat.metric.name, "dimensions": dimensions});
    let mut map = JsonMap::new();
    map.insert("metric".into(), metric);
    map.insert("period".into(), stat.period.into());
    map.insert("stat".into(), stat.stat.as_str().into());
    map.extend(stat.unit.as_ref().map(|unit| ("unit".into(), unit.as_str().into())));
    Json::Object(map)
}
