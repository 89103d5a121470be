//! From the data points of an evaluation range to a state.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use super::state::Value;

/// Data points that are looked at beyond those that are evaluated. The pages say that there are some, and show two for
/// alarms on three points; alarms on one point are seen to wait for three as well.
pub const RANGE_EXTRA: usize = 2;

/// What counts as breaching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
    OutsideBand,
    BelowBand,
    AboveBand,
}

/// Names in requests.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("GreaterThanOrEqualToThreshold", Comparison::GreaterOrEqual),
    ("GreaterThanThreshold", Comparison::Greater),
    ("LessThanThreshold", Comparison::Less),
    ("LessThanOrEqualToThreshold", Comparison::LessOrEqual),
    ("LessThanLowerOrGreaterThanUpperThreshold", Comparison::OutsideBand),
    ("LessThanLowerThreshold", Comparison::BelowBand),
    ("GreaterThanUpperThreshold", Comparison::AboveBand),
];

impl Comparison {
    pub fn parse(name: &str) -> Option<Comparison> {
        COMPARISONS.iter().find(|(known, _)| *known == name).map(|(_, comparison)| *comparison)
    }

    pub fn as_str(self) -> &'static str {
        COMPARISONS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Whether it compares with a band instead of one threshold.
    pub fn has_band(self) -> bool {
        matches!(self, Comparison::OutsideBand | Comparison::BelowBand | Comparison::AboveBand)
    }
}

/// What values are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    Threshold(f64),
    /// Lower and upper threshold, which change with time.
    Band(f64, f64),
}

impl Comparison {
    /// Whether a value breaches.
    pub fn breaches(self, value: f64, limit: Limit) -> bool {
        match (self, limit) {
            (Comparison::GreaterOrEqual, Limit::Threshold(threshold)) => value >= threshold,
            (Comparison::Greater, Limit::Threshold(threshold)) => value > threshold,
            (Comparison::Less, Limit::Threshold(threshold)) => value < threshold,
            (Comparison::LessOrEqual, Limit::Threshold(threshold)) => value <= threshold,
            (Comparison::OutsideBand, Limit::Band(lower, upper)) => value < lower || value > upper,
            (Comparison::BelowBand, Limit::Band(lower, _)) => value < lower,
            (Comparison::AboveBand, Limit::Band(_, upper)) => value > upper,
            _ => false,
        }
    }
}

/// How missing data points are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    #[default]
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

impl Missing {
    pub fn parse(name: &str) -> Option<Missing> {
        Some(match name {
            "missing" => Missing::Missing,
            "ignore" => Missing::Ignore,
            "breaching" => Missing::Breaching,
            "notBreaching" => Missing::NotBreaching,
            _ => return None,
        })
    }

    /// As reasons name it, where missing points count.
    pub fn in_reasons(self) -> Option<&'static str> {
        match self {
            Missing::Breaching => Some("Breaching"),
            Missing::NotBreaching => Some("NonBreaching"),
            Missing::Missing | Missing::Ignore => None,
        }
    }
}

/// How many points make an alarm: M out of N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// M: points that must breach.
    pub datapoints: usize,
    /// N: points that are evaluated.
    pub periods: usize,
}

impl Quorum {
    /// The points to look at.
    pub fn range(self) -> usize {
        self.periods.saturating_add(RANGE_EXTRA)
    }
}

/// A data point, as far as states depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    Breaching,
    Within,
    Missing,
}

/// The state that follows from the points of the evaluation range, the newest first; `None` where the alarm keeps the
/// state it has.
pub fn state(quorum: Quorum, missing: Missing, newest_first: &[Point]) -> Option<Value> {
    let Quorum { datapoints, periods } = quorum;
    // Only as many real points as are evaluated, and older ones only in place of missing ones.
    let real = || newest_first.iter().filter(|point| **point != Point::Missing).take(periods);
    let breaching = real().filter(|point| **point == Point::Breaching).count();
    let count = real().count();
    let filled = periods.saturating_sub(count);
    let decided = |breaching: usize| Some(if breaching >= datapoints { Value::Alarm } else { Value::Ok });
    match missing {
        _ if filled == 0 => decided(breaching),
        Missing::Breaching => decided(breaching + filled),
        Missing::NotBreaching => decided(breaching),
        _ if breaching >= datapoints => Some(Value::Alarm),
        _ if breaching < count => Some(Value::Ok),
        Missing::Ignore => None,
        // Few points, all of which breach: an alarm when no newer one can still show that all is well.
        Missing::Missing => match newest_first.iter().rposition(|point| *point == Point::Breaching) {
            Some(oldest) if oldest + 1 >= datapoints => Some(Value::Alarm),
            _ => Some(Value::InsufficientData),
        },
    }
}

/// Whether a percentile of so few samples says something: 10 divided by the share of values beyond it are enough
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html>).
pub fn has_enough_samples(percent: f64, samples: f64) -> bool {
    let share = percent / 100.0;
    let beyond = if share >= 0.5 { 1.0 - share } else { share };
    // All of the values: nothing lies beyond.
    beyond <= 0.0 || samples + 1e-6 >= 10.0 / beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points as the pages draw them: the newest on the right, `0` within, `X` breaching, `-` missing.
    fn points(drawn: &str) -> Vec<Point> {
        let point = |c| match c {
            '0' => Point::Within,
            'X' => Point::Breaching,
            _ => Point::Missing,
        };
        drawn.chars().filter(|c| *c != ' ').rev().map(point).collect()
    }

    /// What the state becomes under `missing`, `ignore`, `breaching` and `notBreaching`.
    fn check(datapoints: usize, periods: usize, drawn: &str, wanted: [&str; 4]) {
        let quorum = Quorum { datapoints, periods };
        let points = points(drawn);
        let under = |missing| match state(quorum, missing, &points) {
            Some(Value::Alarm) => "ALARM",
            Some(Value::Ok) => "OK",
            Some(Value::InsufficientData) => "INSUFFICIENT",
            None => "retain",
        };
        let found = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching].map(under);
        assert_eq!(found, wanted, "{datapoints} of {periods}: {drawn}");
    }

    /// The first table: three out of three, an evaluation range of five.
    #[test]
    fn three_of_three() {
        check(3, 3, "0 - X - X", ["OK", "OK", "OK", "OK"]);
        check(3, 3, "0 - - - -", ["OK", "OK", "OK", "OK"]);
        check(3, 3, "- - - - -", ["INSUFFICIENT", "retain", "ALARM", "OK"]);
        check(3, 3, "0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(3, 3, "- - X - -", ["ALARM", "retain", "ALARM", "OK"]);
    }

    /// The second table: two out of three.
    #[test]
    fn two_of_three() {
        check(2, 3, "0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(2, 3, "0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(2, 3, "0 - X - -", ["OK", "OK", "ALARM", "OK"]);
        check(2, 3, "- - - - 0", ["OK", "OK", "ALARM", "OK"]);
        check(2, 3, "- - - X -", ["ALARM", "retain", "ALARM", "OK"]);
    }

    /// What the section on premature transitions says, and the rows of the page's older tables that it explains.
    #[test]
    fn premature_alarms() {
        check(3, 3, "- - - - X", ["INSUFFICIENT", "retain", "ALARM", "OK"]);
        check(3, 3, "- - - X -", ["INSUFFICIENT", "retain", "ALARM", "OK"]);
        check(3, 3, "- - - X 0", ["OK", "OK", "OK", "OK"]);
        check(3, 3, "- - X - 0", ["OK", "OK", "OK", "OK"]);
        check(3, 3, "X - - - -", ["ALARM", "retain", "ALARM", "OK"]);
        check(3, 3, "- X X - -", ["ALARM", "retain", "ALARM", "OK"]);
        check(2, 3, "- - - - X", ["INSUFFICIENT", "retain", "ALARM", "OK"]);
        check(2, 3, "- - - X X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(2, 3, "X - - - -", ["ALARM", "retain", "ALARM", "OK"]);
        // One point is enough, however new it is.
        check(1, 1, "- - X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(1, 1, "X - -", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(1, 1, "- - -", ["INSUFFICIENT", "retain", "ALARM", "OK"]);
        check(1, 3, "- - 0 - X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    }

    #[test]
    fn only_the_newest_points_count() {
        check(3, 3, "X X X X 0", ["OK", "OK", "OK", "OK"]);
        check(1, 3, "X X 0 0 0", ["OK", "OK", "OK", "OK"]);
        check(1, 3, "0 0 X 0 0", ["ALARM", "ALARM", "ALARM", "ALARM"]);
        check(4, 5, "0 X X X X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    }

    #[test]
    fn comparisons() {
        let check = |name, limit, breaching: &[f64], within: &[f64]| {
            let comparison = Comparison::parse(name).unwrap();
            assert_eq!(comparison.as_str(), name);
            breaching.iter().for_each(|value| assert!(comparison.breaches(*value, limit), "{name} {value}"));
            within.iter().for_each(|value| assert!(!comparison.breaches(*value, limit), "{name} {value}"));
        };
        let five = Limit::Threshold(5.0);
        check("GreaterThanOrEqualToThreshold", five, &[5.0, 6.0], &[4.9]);
        check("GreaterThanThreshold", five, &[5.1], &[5.0, -5.0]);
        check("LessThanThreshold", five, &[4.9], &[5.0]);
        check("LessThanOrEqualToThreshold", five, &[5.0, -1.0], &[5.1]);
        let band = Limit::Band(1.0, 2.0);
        check("LessThanLowerOrGreaterThanUpperThreshold", band, &[0.9, 2.1], &[1.0, 2.0]);
        check("LessThanLowerThreshold", band, &[0.9], &[1.0, 2.1]);
        check("GreaterThanUpperThreshold", band, &[2.1], &[0.9, 2.0]);
        assert_eq!(Comparison::parse("Equal"), None);
    }

    /// "fewer than 1000 samples for an alarm on a p99 percentile"
    #[test]
    fn samples_for_percentiles() {
        for (percent, needed) in [(99.0, 1000.0), (50.0, 20.0), (90.0, 100.0), (10.0, 100.0), (1.0, 1000.0)] {
            assert!(has_enough_samples(percent, needed), "p{percent}");
            assert!(!has_enough_samples(percent, needed - 1.0), "p{percent}");
        }
        assert!(has_enough_samples(100.0, 1.0) && has_enough_samples(0.0, 1.0));
    }
}
