//! Statistics: what is asked of a period's values
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>).
//!
//! Where the page is silent: a percentile is the smallest value that has at least so many percent of the values at or
//! below it, and percentages cut between values, never through one: what is left out at either end is no more than so
//! many percent.

use super::store::{Sample, Summary, Totals};

/// A statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// `p95`
    Percentile(f64),
    /// `TM(…)` and `tm…`: the mean of the values within.
    TrimmedMean(Bounds),
    /// `WM(…)` and `wm…`: the mean, values outside counted as the bounds.
    WinsorizedMean(Bounds),
    /// `TC(…)` and `tc…`: how many are within.
    TrimmedCount(Bounds),
    /// `TS(…)` and `ts…`: the sum of those within.
    TrimmedSum(Bounds),
    /// `PR(…)`: how many percent are within.
    PercentileRank(Bounds),
}

/// Between which values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// Percent of all values.
    Percent(f64, f64),
    /// Values: above the lower one, up to the upper one.
    Values(f64, f64),
}

/// Decimal places that a number in a statistic may have.
const PLACES_MAX: usize = 10;

impl Statistic {
    /// Reads a statistic as it stands in requests; `None` for what is none.
    pub fn parse(text: &str) -> Option<Statistic> {
        match text {
            "SampleCount" => return Some(Statistic::SampleCount),
            "Average" => return Some(Statistic::Average),
            "Sum" => return Some(Statistic::Sum),
            "Minimum" => return Some(Statistic::Minimum),
            "Maximum" => return Some(Statistic::Maximum),
            "IQM" => return Some(Statistic::TrimmedMean(Bounds::Percent(25.0, 75.0))),
            _ => {}
        }
        Statistic::parse_range(text).or_else(|| Statistic::parse_short(text))
    }

    /// Any statistic but the five plain ones.
    pub fn parse_extended(text: &str) -> Option<Statistic> {
        Statistic::parse(text).filter(|statistic| !statistic.is_plain())
    }

    /// `tm99`: everything up to a percentile.
    fn parse_short(text: &str) -> Option<Statistic> {
        if let Some(percent) = text.strip_prefix('p') {
            return percent_of(percent).map(Statistic::Percentile);
        }
        let (kind, percent) = text.split_at_checked(2)?;
        let bounds = Bounds::Percent(0.0, percent_of(percent)?);
        Some(match kind {
            "tm" => Statistic::TrimmedMean(bounds),
            "wm" => Statistic::WinsorizedMean(bounds),
            "tc" => Statistic::TrimmedCount(bounds),
            "ts" => Statistic::TrimmedSum(bounds),
            _ => return None,
        })
    }

    /// `TM(5%:95%)`, `PR(:300)`.
    fn parse_range(text: &str) -> Option<Statistic> {
        let (kind, range) = text.strip_suffix(')')?.split_once('(')?;
        let bounds = Bounds::parse(range)?;
        Some(match (kind, bounds) {
            ("TM", _) => Statistic::TrimmedMean(bounds),
            ("WM", _) => Statistic::WinsorizedMean(bounds),
            ("TC", _) => Statistic::TrimmedCount(bounds),
            ("TS", _) => Statistic::TrimmedSum(bounds),
            ("PR", Bounds::Values(..)) => Statistic::PercentileRank(bounds),
            _ => return None,
        })
    }

    fn is_plain(self) -> bool {
        self.of_totals(&Totals { count: 1.0, ..Totals::default() }).is_some()
    }

    /// One of the five plain statistics.
    fn of_totals(self, totals: &Totals) -> Option<f64> {
        Some(match self {
            Statistic::SampleCount => totals.count,
            Statistic::Average => totals.sum / totals.count,
            Statistic::Sum => totals.sum,
            Statistic::Minimum => totals.minimum,
            Statistic::Maximum => totals.maximum,
            _ => return None,
        })
    }

    /// The statistic of values in ascending order, each with how often it came. There is none of no values, nor where
    /// any is negative, nor of values that trimming leaves none of.
    fn of_values(self, values: &[(f64, f64)]) -> Option<f64> {
        let count: f64 = values.iter().map(|(_, count)| count).sum();
        if count <= 0.0 || values.first()?.0 < 0.0 {
            return None;
        }
        let within = |bounds: Bounds| bounds.cut(values, count);
        let counted = |bounds| within(bounds).iter().map(|(_, count)| count).sum::<f64>();
        let added = |bounds| within(bounds).iter().map(|(value, count)| value * count).sum::<f64>();
        match self {
            Statistic::Percentile(percent) => percentile(values, count, percent),
            Statistic::TrimmedMean(bounds) => Some(added(bounds) / counted(bounds)).filter(|mean| mean.is_finite()),
            Statistic::WinsorizedMean(bounds) => bounds.winsorized_sum(values, count).map(|sum| sum / count),
            Statistic::TrimmedCount(bounds) => Some(counted(bounds)),
            Statistic::TrimmedSum(bounds) => Some(added(bounds)),
            Statistic::PercentileRank(bounds) => Some(100.0 * counted(bounds) / count),
            _ => None,
        }
    }
}

impl Bounds {
    /// `5%:95%`, `:95%`, `100:`.
    fn parse(text: &str) -> Option<Bounds> {
        let (lower, upper) = text.split_once(':')?;
        let percents = [lower, upper].map(|bound| bound.strip_suffix('%'));
        match (lower.is_empty(), upper.is_empty(), percents) {
            (true, true, _) => None,
            (true, _, [_, Some(upper)]) => Some(Bounds::Percent(0.0, percent_of(upper)?)),
            (_, true, [Some(lower), _]) => Some(Bounds::Percent(percent_of(lower)?, 100.0)),
            (_, _, [Some(lower), Some(upper)]) => {
                let (lower, upper) = (percent_of(lower)?, percent_of(upper)?);
                (lower < upper).then_some(Bounds::Percent(lower, upper))
            }
            (true, _, _) => Some(Bounds::Values(f64::NEG_INFINITY, number(upper)?)),
            (_, true, _) => Some(Bounds::Values(number(lower)?, f64::INFINITY)),
            _ => {
                let (lower, upper) = (number(lower)?, number(upper)?);
                (lower < upper).then_some(Bounds::Values(lower, upper))
            }
        }
    }

    /// The values within.
    fn cut(self, values: &[(f64, f64)], count: f64) -> Vec<(f64, f64)> {
        match self {
            Bounds::Values(lower, upper) => {
                values.iter().copied().filter(|(value, _)| *value > lower && *value <= upper).collect()
            }
            Bounds::Percent(lower, upper) => {
                let (lower, upper) = ranks(count, lower, upper);
                let mut rank = 0.0;
                let kept = values.iter().map(|(value, count)| {
                    let from = rank;
                    rank += count;
                    (*value, rank.min(upper) - f64::max(from, lower))
                });
                kept.filter(|(_, count)| *count > 0.0).collect()
            }
        }
    }

    /// The sum of all values, those outside counted as the bounds.
    fn winsorized_sum(self, values: &[(f64, f64)], count: f64) -> Option<f64> {
        let (lowest, highest) = match self {
            Bounds::Values(lower, upper) => (lower, upper),
            Bounds::Percent(..) => {
                let kept = self.cut(values, count);
                (kept.first()?.0, kept.last()?.0)
            }
        };
        Some(values.iter().map(|(value, count)| value.clamp(lowest, highest) * count).sum())
    }
}

/// How many of the lowest values are left out, and up to which they are kept.
fn ranks(count: f64, lower: f64, upper: f64) -> (f64, f64) {
    (steady(count * lower / 100.0).floor(), steady(count * upper / 100.0).ceil())
}

/// A number without the last bits of its arithmetic: 29 % of 100 are 29.
fn steady(number: f64) -> f64 {
    let whole = number.round();
    if (number - whole).abs() < 1e-9 * whole.max(1.0) { whole } else { number }
}

fn percentile(values: &[(f64, f64)], count: f64, percent: f64) -> Option<f64> {
    let (_, wanted) = ranks(count, 0.0, percent);
    let mut rank = 0.0;
    let found = values.iter().find(|(_, count)| {
        rank += count;
        rank >= wanted
    });
    found.or(values.last()).map(|(value, _)| *value)
}

/// A number between 0 and 100.
fn percent_of(text: &str) -> Option<f64> {
    number(text).filter(|percent| (0.0..=100.0).contains(percent))
}

/// Digits, with a point among them and up to ten after it.
fn number(text: &str) -> Option<f64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || places.len() > PLACES_MAX {
        return None;
    }
    text.parse().ok()
}

/// Adds up samples of a period, for one statistic.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    totals: Totals,
    /// Only kept where the statistic looks at single values.
    summary: Option<Box<Summary>>,
}

impl Tally {
    pub fn of(statistic: Statistic) -> Tally {
        Tally { totals: Totals::default(), summary: (!statistic.is_plain()).then(Box::default) }
    }

    pub fn add(&mut self, sample: &Sample) {
        match &mut self.summary {
            Some(summary) => summary.add(sample),
            None => self.totals.add(sample),
        }
    }

    /// How many values there were.
    pub fn count(&self) -> f64 {
        self.summary.as_ref().map_or(self.totals.count, |summary| summary.count)
    }

    /// The statistic, where there is one.
    pub fn value(&self, statistic: Statistic) -> Option<f64> {
        match &self.summary {
            Some(summary) => statistic.of_values(summary.values.known()?),
            None => statistic.of_totals(&self.totals).filter(|_| self.totals.count > 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(statistic: &str, values: &[f64]) -> Option<f64> {
        let statistic = Statistic::parse(statistic).unwrap_or_else(|| panic!("{statistic} is no statistic"));
        let mut tally = Tally::of(statistic);
        values.iter().for_each(|value| tally.add(&Sample::One(*value)));
        tally.value(statistic)
    }

    #[test]
    fn plain_statistics() {
        let check = |statistic, wanted| assert_eq!(value(statistic, &[4.0, 1.0, 7.0, -2.0]), wanted, "{statistic}");
        check("SampleCount", Some(4.0));
        check("Sum", Some(10.0));
        check("Average", Some(2.5));
        check("Minimum", Some(-2.0));
        check("Maximum", Some(7.0));
        // "not available for metrics when any of the metric values are negative numbers"
        check("p50", None);
        assert_eq!(value("Average", &[]), None);
        assert_eq!(value("p50", &[]), None);
    }

    /// What the page says of each, on the numbers from 1 to 100 (or 1000).
    #[test]
    fn statistics_as_defined() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let check = |statistic, wanted: f64| assert_eq!(value(statistic, &hundred), Some(wanted), "{statistic}");
        check("p95", 95.0);
        check("p0", 1.0);
        check("p100", 100.0);
        check("p50", 50.0);
        check("p99.9", 100.0);
        // The mean without the 10 % of the highest values: 1 to 90.
        check("tm90", 45.5);
        check("TM(:90%)", 45.5);
        // Without the 2 % lowest and the 2 % highest: 3 to 98.
        check("TM(2%:98%)", 50.5);
        // "lower than or equal to 15, or higher than 20": 16 to 20.
        check("TM(15:20)", 18.0);
        check("IQM", value("TM(25%:75%)", &hundred).unwrap());
        check("IQM", 50.5);
        // The 2 % highest are counted as the value at the 98th percentile.
        check("wm98", (98.0 * 99.0 / 2.0 + 2.0 * 98.0) / 100.0);
        check("WM(10%:90%)", ((11.0 + 90.0) * 40.0 + 10.0 * 11.0 + 10.0 * 90.0) / 100.0);
        check("WM(20:80)", ((20.0 + 80.0) * 61.0 / 2.0 + 19.0 * 20.0 + 20.0 * 80.0) / 100.0);
        // "a value of 30 or less", "between 10 and 20".
        check("PR(:30)", 30.0);
        check("PR(10:20)", 10.0);
        check("PR(95:)", 5.0);
        check("tc90", 90.0);
        // "between 5 (exclusive) and 30 (inclusive)"
        check("TC(5:30)", 25.0);
        check("ts90", 90.0 * 91.0 / 2.0);
        // "not including any data points with values in the lowest 80 %"
        check("TS(80%:)", (81.0 + 100.0) * 10.0);
        // "equivalent to (Trimmed Mean) * (Trimmed count)"
        check("TS(5%:95%)", value("TM(5%:95%)", &hundred).unwrap() * value("TC(5%:95%)", &hundred).unwrap());
        assert_eq!(value("TM(200:300)", &hundred), None);
        assert_eq!(value("TC(200:300)", &hundred), Some(0.0));
    }

    #[test]
    fn single_values() {
        for statistic in ["p0", "p50", "p100", "tm50", "TM(25%:75%)", "IQM", "wm10", "ts99", "WM(1%:2%)"] {
            assert_eq!(value(statistic, &[5.0]), Some(5.0), "{statistic}");
        }
    }

    #[test]
    fn what_is_no_statistic() {
        for text in [
            "",
            "p",
            "p101",
            "p-1",
            "p1e1",
            "pabc",
            "average",
            "TM",
            "TM()",
            "TM(:)",
            "TM(90%)",
            "TM(90%:10%)",
            "TM(10%:20)",
            "tm(10%:90%)",
            "TM90",
            "PR(10%:90%)",
            "PR30",
            "pr30",
            "TM(101%:)",
            "iqm",
            "p1.12345678901",
            "TM(5:1)",
            "é1",
            "p+5",
            "p.5",
            "TM(1%:2%",
            "XX(1:2)",
        ] {
            assert_eq!(Statistic::parse(text), None, "{text}");
        }
        assert_eq!(Statistic::parse("p99.1234567890"), Some(Statistic::Percentile(99.123456789)));
        assert_eq!(Statistic::parse_extended("Sum"), None);
        assert_eq!(Statistic::parse_extended("p10"), Some(Statistic::Percentile(10.0)));
    }

    #[test]
    fn statistic_sets_have_no_percentiles() {
        let set = Sample::of_statistics(Totals { count: 2.0, sum: 9.0, minimum: 4.0, maximum: 5.0 });
        let of = |text: &str| {
            let statistic = Statistic::parse(text).unwrap();
            let mut tally = Tally::of(statistic);
            tally.add(&set);
            tally.add(&Sample::One(1.0));
            tally.value(statistic)
        };
        assert_eq!((of("p50"), of("tm99"), of("Sum"), of("SampleCount")), (None, None, Some(10.0), Some(3.0)));
    }
}
