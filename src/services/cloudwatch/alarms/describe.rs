//! Alarms are shown.

use crate::services::cloudwatch::put::Dimension;
use crate::services::cloudwatch::store::MetricId;
use crate::wire::{Fault, Value as Tree};
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::time::Time;
use crate::{op, record};

use super::alarm::{Alarm, CompositeAlarm, Kind, MetricAlarm};
use super::faults;
use super::state::Suppression;

/// The operations.
pub const OPS: &[Op] = &[op!(Read "DescribeAlarms" describe), op!(Read "DescribeAlarmsForMetric" describe_for_metric)];

/// Alarms on a page, unless others are asked for.
const PAGE: usize = 50;

record! {
    struct Describe {
        names: Option<Vec<String>> = "AlarmNames",
        prefix: Option<String> = "AlarmNamePrefix",
        types: Option<Vec<String>> = "AlarmTypes",
        children_of: Option<String> = "ChildrenOfAlarmName",
        parents_of: Option<String> = "ParentsOfAlarmName",
        state: Option<String> = "StateValue",
        action_prefix: Option<String> = "ActionPrefix",
        limit: Option<i64> = "MaxRecords",
        token: Option<String> = "NextToken",
    }
    struct Described {
        composite: Vec<(Shown, CompositeShown)> = "CompositeAlarms",
        metric: Vec<(Shown, MetricShown)> = "MetricAlarms",
        token: Option<String> = "NextToken",
    }

    struct Shown {
        name: String = "AlarmName",
        arn: String = "AlarmArn",
        description: Option<String> = "AlarmDescription",
        configured: Option<Time> = "AlarmConfigurationUpdatedTimestamp",
        actions_enabled: Option<bool> = "ActionsEnabled",
        ok_actions: Option<Vec<String>> = "OKActions",
        alarm_actions: Option<Vec<String>> = "AlarmActions",
        insufficient_data_actions: Option<Vec<String>> = "InsufficientDataActions",
        state: Option<String> = "StateValue",
        reason: Option<String> = "StateReason",
        data: Option<String> = "StateReasonData",
        updated: Option<Time> = "StateUpdatedTimestamp",
        transitioned: Option<Time> = "StateTransitionedTimestamp",
    }
    struct MetricShown {
        name: Option<String> = "MetricName",
        namespace: Option<String> = "Namespace",
        statistic: Option<String> = "Statistic",
        extended: Option<String> = "ExtendedStatistic",
        dimensions: Option<Vec<Dimension>> = "Dimensions",
        period: Option<i64> = "Period",
        unit: Option<String> = "Unit",
        periods: Option<i64> = "EvaluationPeriods",
        datapoints: Option<i64> = "DatapointsToAlarm",
        threshold: Option<f64> = "Threshold",
        band_id: Option<String> = "ThresholdMetricId",
        comparison: Option<String> = "ComparisonOperator",
        missing: Option<String> = "TreatMissingData",
        low_samples: Option<String> = "EvaluateLowSampleCountPercentile",
        queries: Option<Tree> = "Metrics",
        evaluation_state: Option<String> = "EvaluationState",
    }
    struct CompositeShown {
        rule: Option<String> = "AlarmRule",
        suppressed_by: Option<String> = "ActionsSuppressedBy",
        suppressed_reason: Option<String> = "ActionsSuppressedReason",
        suppressor: Option<String> = "ActionsSuppressor",
        wait: Option<i64> = "ActionsSuppressorWaitPeriod",
        extension: Option<i64> = "ActionsSuppressorExtensionPeriod",
    }

    struct ForMetric {
        name: String = "MetricName",
        namespace: String = "Namespace",
        statistic: Option<String> = "Statistic",
        extended: Option<String> = "ExtendedStatistic",
        dimensions: Vec<Dimension> = "Dimensions",
        period: Option<i64> = "Period",
        unit: Option<String> = "Unit",
    }
    struct MetricAlarms { metric: Vec<(Shown, MetricShown)> = "MetricAlarms" }
}

/// How much of an alarm is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Whole,
    /// Of children: names and states.
    State,
    /// Of parents: names.
    Name,
}

fn describe(cx: &mut Cx, input: Describe) -> Result<Described, Fault> {
    let depth = input.depth()?;
    if input.names.is_some() && input.prefix.is_some() {
        return Err(faults::exclusive("AlarmNames", "AlarmNamePrefix"));
    }
    let after = match &input.token {
        Some(token) => Some(pages::key(token).ok_or_else(faults::token)?),
        None => None,
    };
    let alarms = &cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.alarms;
    let related = input.related(|name| alarms.get(name)).map_err(|()| faults::no_alarm())?;
    let wanted = alarms.values().filter(|alarm| match &related {
        Some(names) => names.contains(&alarm.place.name),
        None if depth == Depth::Name => input.is_parent(alarm),
        None => input.wants(alarm),
    });
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    let keyed = wanted.map(|alarm| (alarm.place.name.as_str(), alarm));
    let (page, last) = pages::cut(after.as_deref(), limit, Order::Ascending, keyed);
    let mut described = Described { token: last.map(pages::token), ..Described::default() };
    for alarm in page {
        match &alarm.kind {
            Kind::Metric(metric) => described.metric.push((shown(alarm, depth), metric_shown(alarm, metric, depth))),
            Kind::Composite(composite) => {
                let suppressed = alarm.state.suppressed;
                described.composite.push((shown(alarm, depth), composite_shown(composite, suppressed, depth)));
            }
        }
    }
    Ok(described)
}

impl Describe {
    /// Children and parents are asked for by nothing else.
    fn depth(&self) -> Result<Depth, Fault> {
        let others = self.names.is_some()
            || self.prefix.is_some()
            || self.types.is_some()
            || self.state.is_some()
            || self.action_prefix.is_some();
        match (&self.children_of, &self.parents_of) {
            (None, None) => Ok(Depth::Whole),
            (Some(_), None) if !others => Ok(Depth::State),
            (None, Some(_)) if !others => Ok(Depth::Name),
            (Some(_), _) => Err(faults::stands_alone("ChildrenOfAlarmName")),
            (None, Some(_)) => Err(faults::stands_alone("ParentsOfAlarmName")),
        }
    }

    /// The names of an alarm's children.
    fn related<'a>(&self, find: impl Fn(&str) -> Option<&'a Alarm>) -> Result<Option<&'a [String]>, ()> {
        let named = self.children_of.as_ref().or(self.parents_of.as_ref());
        let Some(alarm) = named.map(|name| find(name).ok_or(())).transpose()? else { return Ok(None) };
        let children = alarm.composite().map(|composite| composite.children.as_slice()).unwrap_or_default();
        Ok(self.children_of.as_ref().map(|_| children))
    }

    fn is_parent(&self, alarm: &Alarm) -> bool {
        let child = self.parents_of.as_ref();
        alarm.composite().zip(child).is_some_and(|(composite, child)| composite.children.contains(child))
    }

    /// Metric alarms alone are shown unless others are asked for.
    fn wants(&self, alarm: &Alarm) -> bool {
        let name = &alarm.place.name;
        let is_type = match self.types.as_deref() {
            None | Some([]) => alarm.metric().is_some(),
            Some(types) => types.iter().any(|wanted| wanted == alarm.kind.as_str()),
        };
        let acts = |prefix: &String| alarm.settings.all_actions().any(|action| action.starts_with(prefix.as_str()));
        let is_named = |names: &Vec<String>| names.is_empty() || names.contains(name);
        is_type
            && self.names.as_ref().is_none_or(is_named)
            && self.prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix.as_str()))
            && self.state.as_deref().is_none_or(|state| state == alarm.state.value.as_str())
            && self.action_prefix.as_ref().is_none_or(acts)
    }
}

fn shown(alarm: &Alarm, depth: Depth) -> Shown {
    let named = Shown { name: alarm.place.name.clone(), arn: alarm.arn(), ..Shown::default() };
    let (settings, state) = (&alarm.settings, &alarm.state);
    match depth {
        Depth::Name => named,
        Depth::State => Shown { state: Some(state.value.to_string()), updated: Some(state.updated), ..named },
        Depth::Whole => Shown {
            description: settings.description.clone(),
            configured: Some(settings.updated),
            actions_enabled: Some(settings.actions_enabled),
            ok_actions: Some(settings.ok_actions.clone()),
            alarm_actions: Some(settings.alarm_actions.clone()),
            insufficient_data_actions: Some(settings.insufficient_data_actions.clone()),
            state: Some(state.value.to_string()),
            reason: Some(state.reason.clone()),
            data: state.data.clone(),
            updated: Some(state.updated),
            transitioned: Some(state.transitioned),
            ..named
        },
    }
}

fn metric_shown(alarm: &Alarm, metric: &MetricAlarm, depth: Depth) -> MetricShown {
    if depth != Depth::Whole {
        return MetricShown::default();
    }
    let evaluated = MetricShown {
        periods: i64::try_from(metric.quorum.periods).ok(),
        datapoints: metric.datapoints,
        threshold: metric.threshold,
        band_id: metric.band_id.clone(),
        comparison: Some(metric.comparison.as_str().to_owned()),
        missing: metric.missing_name.clone(),
        low_samples: metric.low_samples.clone(),
        queries: metric.queries.clone(),
        evaluation_state: alarm.evaluation_state().map(str::to_owned),
        ..MetricShown::default()
    };
    if metric.queries.is_some() {
        return evaluated;
    }
    let watched = &metric.metric;
    let statistic = Some(watched.statistic_name.clone());
    MetricShown {
        name: Some(watched.id.name.to_string()),
        namespace: Some(watched.id.namespace.to_string()),
        statistic: statistic.clone().filter(|_| !watched.is_extended),
        extended: statistic.filter(|_| watched.is_extended),
        dimensions: Some(watched.dimensions.clone()),
        period: Some(watched.period),
        unit: watched.unit.clone(),
        ..evaluated
    }
}

fn composite_shown(composite: &CompositeAlarm, suppressed: Option<Suppression>, depth: Depth) -> CompositeShown {
    if depth != Depth::Whole {
        return CompositeShown::default();
    }
    let suppressor = composite.suppressor.as_ref();
    CompositeShown {
        rule: Some(composite.rule_text.clone()),
        suppressed_by: suppressed.map(|suppression| suppression.as_str().to_owned()),
        suppressed_reason: suppressed.map(Suppression::reason),
        suppressor: suppressor.map(|suppressor| suppressor.reference.clone()),
        wait: suppressor.map(|suppressor| suppressor.wait),
        extension: suppressor.map(|suppressor| suppressor.extension),
    }
}

fn describe_for_metric(cx: &mut Cx, input: ForMetric) -> Result<MetricAlarms, Fault> {
    let dimensions = input.dimensions.iter().map(|Dimension { name, value }| (&**name, &**value));
    let id = MetricId::new(&input.namespace, &input.name, dimensions);
    let alarms = &cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.alarms;
    let found = alarms.values().filter_map(|alarm| {
        let metric = alarm.metric().filter(|metric| metric.metric.id == id && input.wants(metric))?;
        Some((shown(alarm, Depth::Whole), metric_shown(alarm, metric, Depth::Whole)))
    });
    Ok(MetricAlarms { metric: found.collect() })
}

impl ForMetric {
    fn wants(&self, metric: &MetricAlarm) -> bool {
        let watched = &metric.metric;
        let statistic = self.statistic.as_ref().or(self.extended.as_ref());
        statistic.is_none_or(|statistic| *statistic == watched.statistic_name)
            && self.period.is_none_or(|period| period == watched.period)
            && self.unit.as_ref().is_none_or(|unit| watched.unit.as_ref() == Some(unit))
    }
}
