//! `ANOMALY_DETECTION_BAND`: what a metric is expected to be.
//!
//! AWS trains a model of its own on up to two weeks of a metric, by hour, day and week, and does not publish it
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html>). Ours is plain, so
//! that tests can say what it comes to:
//!
//! - It is trained anew at each full hour, on the points of the two weeks before, without excluded time ranges and
//!   outliers.
//! - Expected is the mean of the same hour of the same weekday, where two weeks have it and that explains more than the
//!   mean of the same hour of all days; else that mean, where two days have it; else the mean of all. Points weigh less
//!   with each day of their age. Hours and weekdays are those of the metric's time zone.
//! - The band is so many standard deviations of the points around their means to either side, without bias: each mean
//!   costs a degree of freedom.
//! - With periodic spikes nothing is an outlier, and the band holds all that the hour of the day has seen.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{Datelike, TimeZone, Timelike};
use chrono_tz::Tz;

use super::series::Series;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// How far back the model looks, in seconds.
pub const HISTORY: i64 = 14 * DAY;
/// Points that a band needs, at the least: fewer make no deviation that is worth the name.
const POINTS_MIN: usize = 10;
/// Zones' clocks are apart by multiples of so many seconds.
const CLOCK_STEP: i64 = 900;

/// How a model is trained (`AnomalyDetectorConfiguration` and `MetricCharacteristics`).
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Spans that are left out, in seconds.
    pub excluded: Vec<Range<i64>>,
    pub zone: Tz,
    pub adaptation: Adaptation,
    pub filtering: Filtering,
    pub has_spikes: bool,
}

/// How fast the model follows changes that last. How much a day of age takes from a point's weight is ours to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adaptation {
    Fast,
    #[default]
    Normal,
    Slow,
}

/// What is left out as an outlier. How far from the median that is, is ours to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filtering {
    Minimal,
    #[default]
    Moderate,
    Strict,
}

impl Default for Training {
    fn default() -> Training {
        Training {
            excluded: Vec::new(),
            zone: chrono_tz::UTC,
            adaptation: Adaptation::default(),
            filtering: Filtering::default(),
            has_spikes: false,
        }
    }
}

impl Adaptation {
    /// What a point weighs that is so many days old.
    fn weight(self, days: i64) -> f64 {
        let each = match self {
            Adaptation::Fast => 0.5,
            Adaptation::Normal => 0.9,
            Adaptation::Slow => 1.0,
        };
        (0..days).fold(1.0, |weight, _| weight * each)
    }
}

impl Filtering {
    /// Deviations from the median of the hour that are too many.
    fn deviations_max(self) -> f64 {
        match self {
            Filtering::Minimal => 20.0,
            Filtering::Moderate => 10.0,
            Filtering::Strict => 4.0,
        }
    }
}

/// What is known of the past.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The two weeks before the time that is asked for, and that.
    pub series: Series,
    pub training: Training,
    /// "it ensures that the band doesn't extend outside of logical values"
    pub bounds: Bounds,
}

/// Values that there are none beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    pub least: Option<f64>,
    pub most: Option<f64>,
}

/// The lower and the upper edge of what is expected at some moments, from what came before each.
pub fn band(past: &Past, moments: impl Iterator<Item = i64>, width: f64, of: &Series) -> [Series; 2] {
    let mut trained: Option<(i64, Option<Model>)> = None;
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for moment in moments {
        let hour = moment - moment.rem_euclid(HOUR);
        if trained.as_ref().is_none_or(|(at, _)| *at != hour) {
            trained = Some((hour, Model::train(&past.series.points, hour, &past.training)));
        }
        if let Some((_, Some(model))) = &trained
            && let Some(Expected { value, deviation, seen }) = model.expected(moment)
        {
            let edges = (value - width * deviation, value + width * deviation);
            let (low, high) = match past.training.has_spikes {
                true => (edges.0.min(seen.0), edges.1.max(seen.1)),
                false => edges,
            };
            lower.push((moment, past.bounds.within(low)));
            upper.push((moment, past.bounds.within(high)));
        }
    }
    [of.with(lower), of.with(upper)]
}

/// Whether the points up to a moment are enough for a model that knows the hours of the day.
pub fn is_enough(points: &[(i64, f64)], now: i64, training: &Training) -> bool {
    let known = known(points, now, training);
    known.len() >= POINTS_MIN && known.first().is_some_and(|(at, _)| now - at >= DAY)
}

impl Bounds {
    fn within(self, value: f64) -> f64 {
        let value = self.least.map_or(value, |least| value.max(least));
        self.most.map_or(value, |most| value.min(most))
    }
}

/// The points that a model is trained on.
fn known(points: &[(i64, f64)], until: i64, training: &Training) -> Vec<(i64, f64)> {
    let since = |moment| points.partition_point(|(at, _)| *at < moment);
    let points = points.get(since(until - HISTORY)..since(until)).unwrap_or_default();
    let is_excluded = |at: i64| training.excluded.iter().any(|span| span.contains(&at));
    points.iter().filter(|(at, _)| !is_excluded(*at)).copied().collect()
}

/// A trained model.
struct Model {
    calendar: Calendar,
    all: Spread,
    /// By the hour of the day.
    hours: [Spread; 24],
    /// By the hour of the week.
    weekly: BTreeMap<u32, Group>,
    /// By the hour of the day: what hours of the week leave unexplained; `None` where that cannot be told.
    weekly_variance: [Option<f64>; 24],
}

struct Expected {
    value: f64,
    deviation: f64,
    /// The least and the most that the hour of the day has seen.
    seen: (f64, f64),
}

impl Model {
    fn train(points: &[(i64, f64)], until: i64, training: &Training) -> Option<Model> {
        let calendar = Calendar { zone: training.zone };
        let known = known(points, until, training);
        let origin = known.first()?.1;
        let places = calendar.places(&known);
        let mut points: Vec<Point> = known
            .iter()
            .zip(places)
            .map(|((at, value), place)| Point {
                place,
                value: *value,
                weight: training.adaptation.weight((until - 1 - at) / DAY),
            })
            .collect();
        if !training.has_spikes {
            drop_outliers(&mut points, training.filtering);
        }
        if points.len() < POINTS_MIN {
            return None;
        }
        let mut model = Model {
            calendar,
            all: Spread::new(origin),
            hours: std::array::from_fn(|_| Spread::new(origin)),
            weekly: BTreeMap::new(),
            weekly_variance: [None; 24],
        };
        model.add_up(&points, origin);
        model.measure(&points);
        Some(model)
    }

    fn add_up(&mut self, points: &[Point], origin: f64) {
        for point in points {
            self.all.group.add(point);
            if let Some(hour) = self.hours.get_mut(point.place.hour_index()) {
                hour.group.add(point);
            }
            self.weekly.entry(point.place.hour_of_week).or_insert_with(|| Group::new(origin)).add(point);
        }
    }

    /// Looks how far the points are from their means.
    fn measure(&mut self, points: &[Point]) {
        let mut weekly = [Residue::default(); 24];
        let mut means = [0_usize; 24];
        for hour_of_week in self.weekly.keys() {
            if let Some(count) = means.get_mut((hour_of_week % 24) as usize) {
                *count += 1;
            }
        }
        for point in points {
            let index = point.place.hour_index();
            self.all.residue.add(point, self.all.group.mean());
            if let Some(hour) = self.hours.get_mut(index) {
                hour.residue.add(point, hour.group.mean());
            }
            if let (Some(group), Some(residue)) = (self.weekly.get(&point.place.hour_of_week), weekly.get_mut(index)) {
                residue.add(point, group.mean());
            }
        }
        for ((variance, residue), means) in self.weekly_variance.iter_mut().zip(weekly).zip(means) {
            *variance = residue.variance(means);
        }
    }

    fn expected(&self, moment: i64) -> Option<Expected> {
        let place = self.calendar.place(moment);
        let hour = self.hours.get(place.hour_index())?;
        let daily = hour.group.has_two(|place| place.day).then(|| hour.residue.variance(1)).flatten();
        let week = self.weekly.get(&place.hour_of_week).filter(|group| group.has_two(|place| place.week));
        let weekly = self.weekly_variance.get(place.hour_index()).copied().flatten();
        let (value, variance) = match (week.zip(weekly), daily) {
            (Some((group, weekly)), Some(daily)) if weekly < daily => (group.mean(), weekly),
            (_, Some(daily)) => (hour.group.mean(), daily),
            _ => (self.all.group.mean(), self.all.residue.variance(1)?),
        };
        let seen = if hour.group.count > 0 { &hour.group } else { &self.all.group };
        Some(Expected { value, deviation: variance.sqrt(), seen: (seen.least, seen.most) })
    }
}

/// A point that a model is trained on.
struct Point {
    place: Place,
    value: f64,
    weight: f64,
}

/// Points with one mean.
struct Group {
    /// A value near all others: constants stay what they are, however many are added up.
    origin: f64,
    count: usize,
    weight: f64,
    sum: f64,
    least: f64,
    most: f64,
    ends: Option<(Place, Place)>,
}

impl Group {
    fn new(origin: f64) -> Group {
        Group { origin, count: 0, weight: 0.0, sum: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY, ends: None }
    }

    fn add(&mut self, point: &Point) {
        self.count += 1;
        self.weight += point.weight;
        self.sum += point.weight * (point.value - self.origin);
        self.least = self.least.min(point.value);
        self.most = self.most.max(point.value);
        self.ends = Some((self.ends.map_or(point.place, |(first, _)| first), point.place));
    }

    fn mean(&self) -> f64 {
        self.origin + self.sum / self.weight
    }

    /// Whether its points come from two days, or from two weeks.
    fn has_two(&self, of: impl Fn(Place) -> i64) -> bool {
        self.ends.is_some_and(|(first, last)| of(first) != of(last))
    }
}

/// A group, and how far its points are from its mean.
struct Spread {
    group: Group,
    residue: Residue,
}

impl Spread {
    fn new(origin: f64) -> Spread {
        Spread { group: Group::new(origin), residue: Residue::default() }
    }
}

#[derive(Clone, Copy, Default)]
struct Residue {
    count: usize,
    weight: f64,
    squares: f64,
}

impl Residue {
    fn add(&mut self, point: &Point, mean: f64) {
        self.count += 1;
        self.weight += point.weight;
        self.squares += point.weight * (point.value - mean).powi(2);
    }

    /// Around so many means.
    fn variance(self, means: usize) -> Option<f64> {
        let free = self.count.checked_sub(means).filter(|free| *free > 0)?;
        Some(self.squares / self.weight * self.count as f64 / free as f64)
    }
}

/// Drops points that are too far from the median of their hour of the day. Where half of the points are the same, nothing
/// is an outlier.
fn drop_outliers(points: &mut Vec<Point>, filtering: Filtering) {
    let mut by_hour: [Vec<f64>; 24] = Default::default();
    for point in &*points {
        if let Some(values) = by_hour.get_mut(point.place.hour_index()) {
            values.push(point.value);
        }
    }
    let limits: [Option<(f64, f64)>; 24] = by_hour.map(|mut values| {
        let middle = median(&mut values)?;
        let mut distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
        // The deviation of what is spread normally, by the median of its distances.
        let deviation = 1.4826 * median(&mut distances)?;
        (deviation > 0.0).then_some((middle, deviation * filtering.deviations_max()))
    });
    points.retain(|point| match limits.get(point.place.hour_index()) {
        Some(Some((middle, limit))) => (point.value - middle).abs() <= *limit,
        _ => true,
    });
}

fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}

/// Where a moment is on the clocks and in the calendar of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// From Monday, midnight.
    hour_of_week: u32,
    /// Days and weeks since some day.
    day: i64,
    week: i64,
}

impl Place {
    fn hour_index(self) -> usize {
        (self.hour_of_week % 24) as usize
    }
}

struct Calendar {
    zone: Tz,
}

impl Calendar {
    fn place(&self, moment: i64) -> Place {
        let Some(local) = self.zone.timestamp_opt(moment, 0).single() else {
            return Place { hour_of_week: 0, day: 0, week: 0 };
        };
        let (day, weekday) = (i64::from(local.num_days_from_ce()), local.weekday().num_days_from_monday());
        Place { hour_of_week: weekday * 24 + local.hour(), day, week: (day - i64::from(weekday)) / 7 }
    }

    /// Those of points in the order of time.
    fn places(&self, points: &[(i64, f64)]) -> Vec<Place> {
        let mut last: Option<(i64, Place)> = None;
        let place = |(at, _): &(i64, f64)| {
            let step = at.div_euclid(CLOCK_STEP);
            match last {
                Some((known, place)) if known == step => place,
                _ => {
                    let place = self.place(*at);
                    last = Some((step, place));
                    place
                }
            }
        };
        points.iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 5 January 2026.
    const MONDAY: i64 = 1_767_571_200;
    const NOON: i64 = 12 * HOUR;

    /// A value for each quarter of an hour of so many days from that Monday on.
    fn past(days: i64, value: impl Fn(i64, i64) -> f64) -> Past {
        let moments = (0..days * 96).map(|n| MONDAY + n * 900);
        let points = moments.map(|at| (at, value((at - MONDAY) / DAY, at.rem_euclid(DAY) / HOUR))).collect();
        Past { series: Series { period: 900, points, ..Series::default() }, ..Past::default() }
    }

    fn edges(past: &Past, moment: i64, width: f64) -> Option<(f64, f64)> {
        let [lower, upper] = band(past, [moment].into_iter(), width, &past.series);
        lower.at(moment).zip(upper.at(moment)).map(|(low, high)| {
            let rounded = |value: f64| (value * 1e6).round() / 1e6;
            (rounded(low), rounded(high))
        })
    }

    fn check(past: &Past, moment: i64, wanted: Option<(f64, f64)>) {
        assert_eq!(edges(past, moment, 2.0), wanted, "{moment}");
    }

    #[test]
    fn hours_and_weekdays() {
        let slow =
            |past: Past| Past { training: Training { adaptation: Adaptation::Slow, ..past.training.clone() }, ..past };
        // Too little is known.
        check(&past(0, |_, _| 1.0), MONDAY, None);
        check(&past(1, |_, _| 1.0), MONDAY + 2 * HOUR, None);
        // One day: the mean of all, 25 with the deviation of 0 to 50 (48 points of each).
        let halves = slow(past(1, |_, hour| if hour < 12 { 0.0 } else { 50.0 }));
        let deviation = 25.0 * (96.0_f64 / 95.0).sqrt();
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        check(&halves, MONDAY + DAY, Some((rounded(25.0 - 2.0 * deviation), rounded(25.0 + 2.0 * deviation))));
        // Two days: the same hour.
        let halves = slow(past(2, |_, hour| if hour < 12 { 0.0 } else { 50.0 }));
        check(&halves, MONDAY + 2 * DAY, Some((0.0, 0.0)));
        check(&halves, MONDAY + 2 * DAY + NOON, Some((50.0, 50.0)));
        // An hour of 10 and 14 by day: four points of each.
        let days = slow(past(2, |day, _| if day == 0 { 10.0 } else { 14.0 }));
        let deviation = 2.0 * (8.0_f64 / 7.0).sqrt();
        check(&days, MONDAY + 2 * DAY + NOON, Some((rounded(12.0 - 2.0 * deviation), rounded(12.0 + 2.0 * deviation))));
        // Two weeks with quiet weekends.
        let weeks = past(14, |day, _| if day % 7 < 5 { 100.0 } else { 1.0 });
        check(&weeks, MONDAY + 14 * DAY, Some((100.0, 100.0)));
        check(&weeks, MONDAY + 19 * DAY, Some((1.0, 1.0)));
        // Beyond two weeks, nothing is known any more.
        check(&weeks, MONDAY + 28 * DAY, None);
    }

    #[test]
    fn what_comes_later_does_not_count() {
        let spike = past(3, |day, hour| if (day, hour) == (2, 12) { 900.0 } else { 5.0 });
        check(&spike, MONDAY + 2 * DAY + NOON + 1800, Some((5.0, 5.0)));
    }

    #[test]
    fn how_a_model_is_trained() {
        let with = |training: Training, past: Past| Past { training, ..past };
        let noon = MONDAY + 6 * DAY + NOON;
        // An incident on one day.
        let incident = || past(6, |day, hour| if (day, hour) == (3, 12) { 1000.0 } else { 5.0 });
        let (low, high) = edges(&incident(), noon, 2.0).unwrap();
        assert!(low < 5.0 && high > 500.0);
        let day = MONDAY + 3 * DAY;
        check(
            &with(Training { excluded: std::iter::once(day..day + DAY).collect(), ..Training::default() }, incident()),
            noon,
            Some((5.0, 5.0)),
        );
        // The same hour of a zone where the sun rises earlier: what is at noon there, is at three in the morning here.
        let tokyo = Training { zone: chrono_tz::Asia::Tokyo, ..Training::default() };
        let shifts = past(6, |_, hour| if hour == 3 { 7.0 } else { 1.0 });
        check(&with(tokyo, shifts), MONDAY + 6 * DAY + 3 * HOUR, Some((7.0, 7.0)));
        // A spring forward: nine in the morning stays nine in the morning.
        let new_york: Tz = chrono_tz::America::New_York;
        let local_hour = |at: i64| new_york.timestamp_opt(at, 0).unwrap().hour();
        let monday = 1_772_409_600; // Monday, 2 March 2026; the clocks change on the 8th.
        let points =
            (0..10 * 96).map(|n| monday + n * 900).map(|at| (at, if local_hour(at) == 9 { 80.0 } else { 2.0 }));
        let series = Series { period: 900, points: points.collect(), ..Series::default() };
        let training = Training { zone: new_york, ..Training::default() };
        let summer = Past { series, training, ..Past::default() };
        check(&summer, monday + 10 * DAY + 13 * HOUR, Some((80.0, 80.0)));
        check(&summer, monday + 10 * DAY + 14 * HOUR, Some((2.0, 2.0)));
    }

    #[test]
    fn outliers_and_spikes() {
        // Around 10, and once a day at noon far from that.
        let spiky = |training: Training| Past {
            training,
            ..past(8, |day, hour| if (day, hour) == (4, 12) { 60.0 } else { 10.0 + (day % 3) as f64 })
        };
        let noon = MONDAY + 8 * DAY + NOON;
        let upper = |training: Training| edges(&spiky(training), noon, 2.0).unwrap().1;
        let filtered = |filtering| upper(Training { filtering, ..Training::default() });
        assert!(filtered(Filtering::Strict) < 15.0);
        assert!(filtered(Filtering::Moderate) < 15.0);
        assert!(filtered(Filtering::Minimal) < 15.0);
        // Nearer, it is one for some.
        let near = |filtering| {
            let past = past(8, |day, hour| if (day, hour) == (4, 12) { 22.0 } else { 10.0 + (day % 3) as f64 });
            edges(&Past { training: Training { filtering, ..Training::default() }, ..past }, noon, 2.0).unwrap().1
        };
        assert!(near(Filtering::Strict) < 15.0 && near(Filtering::Moderate) > 15.0);
        assert!(upper(Training { has_spikes: true, ..Training::default() }) >= 60.0);
    }

    #[test]
    fn adaptation() {
        let stepped = |adaptation| {
            let past = past(10, |day, _| if day < 7 { 0.0 } else { 100.0 });
            let training = Training { adaptation, filtering: Filtering::Minimal, ..Training::default() };
            let (low, high) = edges(&Past { training, ..past }, MONDAY + 10 * DAY + NOON, 2.0).unwrap();
            (low + high) / 2.0
        };
        let (fast, normal, slow) = (stepped(Adaptation::Fast), stepped(Adaptation::Normal), stepped(Adaptation::Slow));
        assert!(slow < normal && normal < fast, "{slow} {normal} {fast}");
        assert_eq!(slow, 30.0);
    }

    #[test]
    fn constants_stay_what_they_are() {
        let flat = past(14, |_, _| 0.1);
        let [lower, upper] = band(&flat, [MONDAY + 14 * DAY].into_iter(), 2.0, &flat.series);
        assert_eq!((lower.points[0].1, upper.points[0].1), (0.1, 0.1));
    }

    #[test]
    fn bounds() {
        let noisy = past(2, |_, hour| (hour % 2) as f64);
        let (low, high) = edges(&noisy, MONDAY + 2 * DAY, 2.0).unwrap();
        assert!(low <= 0.0 && high < 1.0);
        let noisy = past(2, |day, _| day as f64);
        let (low, high) = edges(&noisy, MONDAY + 2 * DAY, 2.0).unwrap();
        assert!(low < 0.0 && high > 1.0);
        let bounds = Bounds { least: Some(0.0), most: Some(1.0) };
        check(&Past { bounds, ..noisy }, MONDAY + 2 * DAY, Some((0.0, 1.0)));
    }

    #[test]
    fn enough() {
        let check = |days, now, wanted| {
            let points = past(days, |_, _| 1.0).series.points;
            assert_eq!(is_enough(&points, now, &Training::default()), wanted);
        };
        check(0, MONDAY, false);
        check(1, MONDAY + DAY - 1, false);
        check(1, MONDAY + DAY, true);
        check(1, MONDAY + 20 * DAY, false);
    }
}
