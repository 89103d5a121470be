//! `PutMetricAlarm`: alarms on metrics.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>

use crate::services::cloudwatch::data::{MetricDataQuery, MetricStat, Plan, QueryKind};
use crate::services::cloudwatch::names;
use crate::services::cloudwatch::put::Dimension;
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::store::MetricId;
use crate::services::cloudwatch::{faults as of_cloudwatch, insights, window};
use crate::wire::{Fault, Value as Tree};
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::{op, record};

use super::alarm::{Kind, Math, MetricAlarm, Watched, read_queries};
use super::evaluate::{Comparison, Missing, Quorum};
use super::instances::{self, Deed};
use super::place::Place;
use super::put::{self, Common};
use super::{ALARM, clock, faults};

/// The operation.
pub const OPS: &[Op] = &[op!(Write "PutMetricAlarm" put_metric_alarm).resources(ALARM)];

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

record! {
    struct OneMetric {
        name: Option<String> = "MetricName",
        namespace: Option<String> = "Namespace",
        statistic: Option<String> = "Statistic",
        extended: Option<String> = "ExtendedStatistic",
        dimensions: Vec<Dimension> = "Dimensions",
        period: Option<i64> = "Period",
        unit: Option<String> = "Unit",
    }
    struct Evaluated {
        periods: Option<i64> = "EvaluationPeriods",
        datapoints: Option<i64> = "DatapointsToAlarm",
        threshold: Option<f64> = "Threshold",
        comparison: Option<String> = "ComparisonOperator",
        missing: Option<String> = "TreatMissingData",
        low_samples: Option<String> = "EvaluateLowSampleCountPercentile",
        metrics: Option<Tree> = "Metrics",
        band: Option<String> = "ThresholdMetricId",
    }
    /// Settings whose features are not built.
    struct Refused {
        window: Option<Tree> = "EvaluationWindow",
        warm_up: Option<Tree> = "WarmUpConfiguration",
        criteria: Option<Tree> = "EvaluationCriteria",
        interval: Option<i64> = "EvaluationInterval",
        actions: Option<Tree> = "ActionConfiguration",
    }
}

fn put_metric_alarm(
    cx: &mut Cx,
    (common, one, evaluated, refused): (Common, OneMetric, Evaluated, Refused),
) -> Result<(), Fault> {
    refused.check()?;
    let place = Place::of(cx, &common.name);
    let query_id = cx.world.ids.uuid().to_string();
    let metric = evaluated.alarm(one, query_id, &cx.account.clone())?;
    let actions = common.actions(cx.region)?;
    let deeds: Vec<Deed> = actions.iter().filter_map(|(_, action)| action.deed()).collect();
    instances::check(cx, &metric, &deeds)?;
    if metric.has_contributors() && common.acts_on_insufficient_data() {
        return Err(faults::insufficient_contributors());
    }
    put::put(cx, &place, common, Kind::Metric(Box::new(metric)))?;
    clock::provide_detectors(cx.world, &place);
    instances::provide_role(cx, &deeds);
    clock::schedule(cx.world, &place.account, place.region);
    Ok(())
}

impl Refused {
    fn check(&self) -> Result<(), Fault> {
        let given = [
            ("EvaluationWindow", self.window.is_some()),
            ("WarmUpConfiguration", self.warm_up.is_some()),
            ("EvaluationCriteria", self.criteria.is_some()),
            ("EvaluationInterval", self.interval.is_some()),
            ("ActionConfiguration", self.actions.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(faults::not_built(&format!("{name} of alarms"))),
            None => Ok(()),
        }
    }
}

impl Evaluated {
    fn alarm(self, one: OneMetric, query_id: String, account: &AccountId) -> Result<MetricAlarm, Fault> {
        let (metric, math) = match &self.metrics {
            Some(queries) => {
                one.check_absent()?;
                self.queried(queries, account)?
            }
            None => (one.watched(query_id)?, None),
        };
        let comparison = self.comparison.as_deref().and_then(Comparison::parse);
        let comparison = comparison.ok_or_else(|| faults::must_not_be_null("ComparisonOperator"))?;
        let periods = self.periods.ok_or_else(|| faults::must_not_be_null("EvaluationPeriods"))?;
        check_reach(metric.period, periods)?;
        let is_insights = math.as_ref().is_some_and(|math| math.insights().is_some());
        if is_insights && metric.period.saturating_mul(periods) > 3 * HOUR {
            return Err(faults::across_three_hours());
        }
        if self.datapoints.is_some_and(|datapoints| datapoints > periods) {
            return Err(faults::too_many_datapoints());
        }
        if comparison.has_band() != self.band.is_some() || self.band.is_some() == self.threshold.is_some() {
            return Err(match (self.threshold, &self.band) {
                (None, None) => faults::must_not_be_null("Threshold"),
                _ => faults::threshold_and_band(),
            });
        }
        let missing = self.missing()?;
        self.check_low_samples(metric.statistic)?;
        let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let quorum = Quorum { datapoints: count(self.datapoints.unwrap_or(periods)), periods: count(periods) };
        Ok(MetricAlarm {
            metric,
            queries: self.metrics,
            math,
            comparison,
            threshold: self.threshold,
            band_id: self.band,
            quorum,
            datapoints: self.datapoints,
            missing,
            missing_name: self.missing,
            low_samples: self.low_samples,
        })
    }

    fn missing(&self) -> Result<Missing, Fault> {
        let Some(name) = &self.missing else { return Ok(Missing::default()) };
        let unknown = || faults::not_one_of("TreatMissingData", name, "breaching, notBreaching, ignore, missing");
        Missing::parse(name).ok_or_else(unknown)
    }

    fn check_low_samples(&self, statistic: Statistic) -> Result<(), Fault> {
        let parameter = "EvaluateLowSampleCountPercentile";
        match self.low_samples.as_deref() {
            None => Ok(()),
            Some("evaluate" | "ignore") if matches!(statistic, Statistic::Percentile(_)) => Ok(()),
            Some("evaluate" | "ignore") => Err(faults::only_of_percentiles(parameter)),
            Some(other) => Err(faults::not_one_of(parameter, other, "evaluate, ignore")),
        }
    }

    /// What `Metrics` watch: one metric, or expressions over some.
    fn queried(&self, queries: &Tree, account: &AccountId) -> Result<(Watched, Option<Math>), Fault> {
        let queries = read_queries(queries);
        let returning: Vec<usize> =
            (0..queries.len()).filter(|place| queries[*place].returned != Some(false)).collect();
        let band = self.band.as_ref().map(|id| queries.iter().position(|query| query.id == *id));
        let band = band.map(|place| place.ok_or_else(faults::threshold_and_band)).transpose()?;
        let watched: Vec<usize> = returning.iter().copied().filter(|place| Some(*place) != band).collect();
        let &[place] = &watched[..] else {
            return Err(faults::returning(if band.is_some() { "two" } else { "one" }));
        };
        if let [MetricDataQuery { id, stat: Some(stat), expression: None, account: None, .. }] = &queries[..] {
            return Ok((watched_metric(stat, id)?, None));
        }
        if queries.iter().any(|query| query.expression.as_ref().is_some_and(|text| text.contains("SEARCH("))) {
            return Err(faults::search());
        }
        let math = Math { plan: Plan::new(&queries, account)?, place, band };
        let watched = math.check()?;
        Ok((watched, Some(math)))
    }
}

impl Math {
    /// The Metrics Insights query among its queries.
    fn insights(&self) -> Option<&insights::Query> {
        self.plan.queries.iter().find_map(|query| match &query.kind {
            QueryKind::Insights(query) => Some(query),
            QueryKind::Metric(_) | QueryKind::Math(_) => None,
        })
    }

    /// Refuses what is not one series, or not a band; answers what stands for the metric.
    fn check(&self) -> Result<Watched, Fault> {
        let query = self.plan.queries.get(self.place);
        let period = query.and_then(|query| match &query.kind {
            QueryKind::Metric(metric) => Some(metric.period),
            _ => self.plan.period(query),
        });
        let period = period.ok_or_else(|| faults::must_not_be_null("Period"))?;
        check_period(period)?;
        let is_list = |place: usize| self.plan.queries.get(place).is_some_and(|query| query.is_list);
        let has_contributors = self.has_contributors() && self.band.is_none();
        if (is_list(self.place) && !has_contributors) || self.band.is_some_and(|band| !self.plan.is_band(band)) {
            return Err(faults::one_series());
        }
        if self.band.is_some() && period < MINUTE {
            return Err(faults::short_band());
        }
        match self.insights() {
            Some(_) if period < MINUTE => return Err(faults::short_insights()),
            Some(query) if has_contributors && query.order_by.is_none() => return Err(faults::unordered()),
            _ => {}
        }
        Ok(Watched {
            query_id: String::new(),
            id: MetricId::default(),
            dimensions: Vec::new(),
            statistic: Statistic::Average,
            statistic_name: String::new(),
            is_extended: false,
            unit: None,
            period,
        })
    }
}

fn watched_metric(stat: &MetricStat, query_id: &str) -> Result<Watched, Fault> {
    let statistic = Statistic::parse(&stat.stat).ok_or_else(|| faults::no_statistic(&stat.stat))?;
    check_period(stat.period)?;
    let metric = &stat.metric;
    check_names(&metric.namespace, &metric.name, &metric.dimensions)?;
    Ok(Watched {
        query_id: query_id.to_owned(),
        id: metric_id(&metric.namespace, &metric.name, &metric.dimensions),
        dimensions: metric.dimensions.clone(),
        statistic,
        statistic_name: stat.stat.clone(),
        is_extended: false,
        unit: stat.unit.clone(),
        period: stat.period,
    })
}

impl OneMetric {
    fn check_absent(&self) -> Result<(), Fault> {
        let given = [
            ("MetricName", self.name.is_some()),
            ("Namespace", self.namespace.is_some()),
            ("Dimensions", !self.dimensions.is_empty()),
            ("Period", self.period.is_some()),
            ("Unit", self.unit.is_some()),
            ("Statistic", self.statistic.is_some()),
            ("ExtendedStatistic", self.extended.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(faults::not_beside_metrics(name)),
            None => Ok(()),
        }
    }

    fn watched(self, query_id: String) -> Result<Watched, Fault> {
        let name = self.name.ok_or_else(|| faults::must_not_be_null("MetricName"))?;
        let namespace = self.namespace.ok_or_else(|| faults::must_not_be_null("Namespace"))?;
        let period = self.period.ok_or_else(|| faults::must_not_be_null("Period"))?;
        let (statistic_name, is_extended) = match (self.statistic, self.extended) {
            (Some(name), None) => (name, false),
            (None, Some(name)) => (name, true),
            _ => return Err(faults::one_statistic()),
        };
        let parse = if is_extended { Statistic::parse_extended } else { Statistic::parse };
        let statistic = parse(&statistic_name).ok_or_else(|| faults::no_statistic(&statistic_name))?;
        check_period(period)?;
        check_names(&namespace, &name, &self.dimensions)?;
        let id = metric_id(&namespace, &name, &self.dimensions);
        let dimensions = self.dimensions;
        Ok(Watched { query_id, id, dimensions, statistic, statistic_name, is_extended, unit: self.unit, period })
    }
}

fn metric_id(namespace: &str, name: &str, dimensions: &[Dimension]) -> MetricId {
    MetricId::new(namespace, name, dimensions.iter().map(|Dimension { name, value }| (&**name, &**value)))
}

fn check_names(namespace: &str, name: &str, dimensions: &[Dimension]) -> Result<(), Fault> {
    for (parameter, text) in [("Namespace", namespace), ("MetricName", name)] {
        if !names::is_text(text) {
            return Err(faults::not_a_text(parameter, text));
        }
    }
    let mut flaws = Vec::new();
    names::check_dimensions("Metric", dimensions, &mut flaws);
    of_cloudwatch::together(flaws)
}

/// Periods of metrics, from ten seconds on.
fn check_period(period: i64) -> Result<(), Fault> {
    if period >= 10 && window::is_period(period) { Ok(()) } else { Err(faults::period()) }
}

/// Alarms look back a day, those on periods of an hour or more a week.
fn check_reach(period: i64, periods: i64) -> Result<(), Fault> {
    match period.saturating_mul(periods) {
        reach if period < HOUR && reach > DAY => Err(faults::across_a_day()),
        reach if reach > WEEK => Err(faults::across_a_week()),
        _ => Ok(()),
    }
}
