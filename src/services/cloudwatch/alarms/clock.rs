//! Metric alarms are evaluated on the clock: each minute those on periods of a minute and more, every ten seconds those on
//! shorter ones, each hour those on more than a day.
//!
//! AWS evaluates each alarm at a second of the minute that is the alarm's own; here it is the first.

use chrono::{DurationRound, TimeDelta};

use crate::services::cloudwatch;
use crate::services::cloudwatch::data::{Gathered, Span};
use crate::services::cloudwatch::detectors;
use crate::services::cloudwatch::math::Series;
use crate::services::cloudwatch::statistics::{Statistic, Tally};
use crate::services::cloudwatch::store::{Metric, Store};
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, World};

use super::alarm::{Alarm, Math, MetricAlarm, Watched, read_queries};
use super::contributors::{self, Attributes, Evaluated, Found};
use super::evaluate::{self, Limit, Missing, Point, has_enough_samples};
use super::place::Place;
use super::reason::{Basis, Measured, Slot};
use super::state::Value;
use super::transition::{self, Change};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
/// How often alarms on periods below a minute are evaluated, and all of them where the cadence is fast.
const SHORT: TimeDelta = TimeDelta::seconds(10);

/// Sees to it that the alarms of a Region are evaluated, while there are any.
pub fn schedule(world: &mut World, account: &AccountId, region: Region) {
    let is_fast = world.settings.cadence == Cadence::Fast;
    let alarms = &world.regional(account, region).cloudwatch.alarms;
    let mut metrics = alarms.alarms.values().filter_map(Alarm::metric).peekable();
    if metrics.peek().is_none() {
        return;
    }
    let has_short = is_fast || metrics.any(|metric| metric.metric.period < MINUTE);
    let step = if has_short { SHORT } else { TimeDelta::seconds(MINUTE) };
    let next = world.now.duration_trunc(step).unwrap_or(world.now) + step;
    world.jobs.at(next, Job::AlarmEvaluation { account: account.clone(), region });
}

/// Evaluates the metric alarms of a Region that are due.
pub fn tick(world: &mut World, account: &AccountId, region: Region) {
    let (now, cadence) = (world.now, world.settings.cadence);
    let alarms = &world.regional(account, region).cloudwatch.alarms.alarms;
    let has_band = |alarm: &&Alarm| alarm.metric().is_some_and(|metric| metric.band_id.is_some());
    let on_bands: Vec<Place> = alarms.values().filter(has_band).map(|alarm| alarm.place.clone()).collect();
    on_bands.iter().for_each(|place| provide_detectors(world, place));
    let store = &*cloudwatch::metrics(world, account, region);
    let mut scratch = Scratch::default();
    let mut outcomes = Vec::new();
    for alarm in store.alarms.alarms.values() {
        let outcome = match alarm.metric().is_some_and(MetricAlarm::has_contributors) {
            true => scratch.contributors(alarm, store, now, cadence).map(Outcome::Contributors),
            false => scratch.evaluate(alarm, store, now, cadence).map(Outcome::Change),
        };
        outcomes.extend(outcome.map(|outcome| (alarm.place.clone(), outcome)));
    }
    for (place, outcome) in outcomes {
        match outcome {
            Outcome::Change(change) => transition::change(world, &place, change),
            Outcome::Contributors(found) => contributors::apply(world, &place, found),
        }
    }
    schedule(world, account, region);
}

/// Makes the anomaly detectors that an alarm needs. "If you delete the model without deleting the alarm, the alarm
/// automatically recreates the model."
pub fn provide_detectors(world: &mut World, place: &Place) {
    let Some(metric) = place.find(world).and_then(Alarm::metric) else { return };
    let (Some(tree), Some(math)) = (&metric.queries, &metric.math) else { return };
    if metric.band_id.is_some() {
        let (queries, plan) = (read_queries(tree), math.plan.clone());
        detectors::provide(world, (&place.account, place.region), &queries, &plan);
    }
}

/// What comes of an evaluation.
enum Outcome {
    Change(Change),
    Contributors(Found),
}

/// What evaluations need room for.
#[derive(Debug, Default)]
pub struct Scratch {
    tallies: Vec<Option<Tally>>,
    slots: Vec<Slot>,
    points: Vec<Point>,
}

impl Scratch {
    /// What an alarm's state becomes, if it is due and changes.
    pub fn evaluate(&mut self, alarm: &Alarm, store: &Store, now: Time, cadence: Cadence) -> Option<Change> {
        let settings = alarm.metric()?;
        let (end, step) = end(settings, now.timestamp(), cadence)?;
        self.look(alarm, settings, store, end);
        // Of a step that is not over, only what has come counts.
        if end > now.timestamp() && self.slots.first().is_some_and(|slot| slot.point.is_none()) {
            self.look(alarm, settings, store, end - step);
        }
        let value = self.state(settings)?;
        if value == alarm.state.value {
            return None;
        }
        let basis = basis(settings, &self.slots, now);
        Some(Change { value, reason: basis.sentence(value), data: Some(basis.data()) })
    }

    /// What the contributors to an alarm become, if it is due.
    fn contributors(&mut self, alarm: &Alarm, store: &Store, now: Time, cadence: Cadence) -> Option<Found> {
        let settings = alarm.metric()?;
        let math = settings.math.as_ref()?;
        let (end, step) = end(settings, now.timestamp(), cadence)?;
        let mut range = Range::new(alarm, settings, math, store, end);
        // Of a step that is not over, only what has come counts.
        if end > now.timestamp() && !range.has_newest(settings.metric.period) {
            range = Range::new(alarm, settings, math, store, end - step);
        }
        let Range { end, groups, is_partial } = range;
        let series = groups.into_iter().map(|(attributes, series)| {
            self.fill(settings, end, |at| series.at(at), |_| settings.threshold.map(Limit::Threshold));
            let value = self.state(settings);
            let reason = basis(settings, &self.slots, now).short_sentence(value.unwrap_or(Value::Ok));
            Evaluated { attributes, value, reason }
        });
        Some(Found { series: series.collect(), is_partial })
    }

    /// Fills the slots of the evaluation range, which ends at a second.
    fn look(&mut self, alarm: &Alarm, settings: &MetricAlarm, store: &Store, end: i64) {
        match &settings.math {
            None => self.measure(settings, store.metrics.get(&settings.metric.id), end),
            Some(math) => self.work_out(alarm, settings, math, store, end),
        }
    }

    fn work_out(&mut self, alarm: &Alarm, settings: &MetricAlarm, math: &Math, store: &Store, end: i64) {
        let gathered = gather(alarm, settings, math, store, end);
        let run = gathered.run();
        let watched = run.answer(math.place).series;
        let band = math.band.map(|band| run.answer(band).series);
        let limit = |at| match &band {
            None => settings.threshold.map(Limit::Threshold),
            Some(band) => Some(Limit::Band(band.first()?.at(at)?, band.get(1)?.at(at)?)),
        };
        self.fill(settings, end, |at| watched.first()?.at(at), limit);
    }

    fn fill(
        &mut self,
        settings: &MetricAlarm,
        end: i64,
        value: impl Fn(i64) -> Option<f64>,
        limit: impl Fn(i64) -> Option<Limit>,
    ) {
        self.slots.clear();
        for back in 1..=i64::try_from(settings.quorum.range()).unwrap_or_default() {
            let at = end - back * settings.metric.period;
            let point = value(at).and_then(|value| Some(Measured { value, samples: None, limit: limit(at)? }));
            self.slots.push(Slot { at, point });
        }
    }

    fn measure(&mut self, alarm: &MetricAlarm, metric: Option<&Metric>, end: i64) {
        let Watched { statistic, period, unit, .. } = &alarm.metric;
        let range = alarm.quorum.range();
        self.tallies.clear();
        self.tallies.resize_with(range, || None);
        let start = end - period * i64::try_from(range).unwrap_or_default();
        let snapshots = metric.map(|metric| metric.snapshots(unit.as_deref(), start..end)).unwrap_or_default();
        for (_, snapshot) in &snapshots {
            snapshot.each(|at, sample| {
                let back = usize::try_from((end - 1 - at) / period).ok();
                if let Some(tally) = back.and_then(|back| self.tallies.get_mut(back)) {
                    tally.get_or_insert_with(|| Tally::of(*statistic)).add(sample);
                }
            });
        }
        let limit = Limit::Threshold(alarm.threshold.unwrap_or_default());
        self.slots.clear();
        for (back, tally) in (1..).zip(&self.tallies) {
            let point = tally.as_ref().and_then(|tally| {
                Some(Measured { value: tally.value(*statistic)?, samples: Some(tally.count()), limit })
            });
            self.slots.push(Slot { at: end - back * period, point });
        }
    }

    /// The state that the slots make; `None` where the alarm keeps what it has.
    fn state(&mut self, alarm: &MetricAlarm) -> Option<Value> {
        if alarm.low_samples.as_deref() == Some("ignore")
            && let Statistic::Percentile(percent) = alarm.metric.statistic
        {
            let real = self.slots.iter().filter_map(|slot| slot.point).take(alarm.quorum.periods);
            let samples: f64 = real.filter_map(|point| point.samples).sum();
            if samples > 0.0 && !has_enough_samples(percent, samples) {
                return None;
            }
        }
        self.points.clear();
        self.points.extend(self.slots.iter().map(|slot| match slot.point {
            None => Point::Missing,
            Some(point) if alarm.comparison.breaches(point.value, point.limit) => Point::Breaching,
            Some(_) => Point::Within,
        }));
        evaluate::state(alarm.quorum, missing(alarm), &self.points)
    }
}

/// What an alarm's queries need for an evaluation range that ends at a second.
fn gather(alarm: &Alarm, settings: &MetricAlarm, math: &Math, store: &Store, end: i64) -> Gathered {
    let range = i64::try_from(settings.quorum.range()).unwrap_or_default();
    let start = end - settings.metric.period * range;
    let moment = |second| Time::from_timestamp(second, 0).unwrap_or_default();
    let span = Span { start: moment(start), end: moment(end), now: moment(end) };
    math.plan.clone().gather(store, span, (&alarm.place.account, alarm.place.region))
}

/// The series of an alarm with contributors in an evaluation range: "a time series only exists when data is present".
struct Range {
    end: i64,
    groups: Vec<(Attributes, Series)>,
    is_partial: bool,
}

impl Range {
    fn new(alarm: &Alarm, settings: &MetricAlarm, math: &Math, store: &Store, end: i64) -> Range {
        let gathered = gather(alarm, settings, math, store, end);
        let run = gathered.run();
        let mut groups = run.groups(math.place);
        groups.retain(|(_, series)| !series.points.is_empty());
        Range { end, groups, is_partial: run.is_partial(math.place) }
    }

    fn has_newest(&self, period: i64) -> bool {
        self.groups.iter().any(|(_, series)| series.at(self.end - period).is_some())
    }
}

/// "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data"
fn missing(alarm: &MetricAlarm) -> Missing {
    if &*alarm.metric.id.namespace == "AWS/DynamoDB" { Missing::Ignore } else { alarm.missing }
}

/// Where an alarm's evaluation range ends, if it is evaluated now, and the step from one end to the next. With a fast
/// cadence, the step that goes on counts.
fn end(alarm: &MetricAlarm, now: i64, cadence: Cadence) -> Option<(i64, i64)> {
    let step = match alarm.metric.period {
        _ if alarm.is_multi_day() => HOUR,
        period if period < MINUTE => SHORT.num_seconds(),
        _ => MINUTE,
    };
    match cadence {
        Cadence::Aws => (now.rem_euclid(step) == 0).then_some((now, step)),
        Cadence::Fast => Some((now + (-now).rem_euclid(step), step)),
    }
}

fn basis<'a>(alarm: &'a MetricAlarm, slots: &'a [Slot], now: Time) -> Basis<'a> {
    Basis {
        slots,
        quorum: alarm.quorum,
        is_quorum_set: alarm.datapoints.is_some(),
        missing: missing(alarm),
        comparison: alarm.comparison,
        threshold: alarm.threshold,
        period: alarm.metric.period,
        statistic: Some(alarm.metric.statistic_name.as_str()).filter(|name| !name.is_empty()),
        unit: alarm.metric.unit.as_deref(),
        now,
    }
}
