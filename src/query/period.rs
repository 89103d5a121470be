//! Lengths of time such as `5m`, and the rounding of timestamps to them.

use std::fmt::{self, Display, Formatter};

use chrono::{DateTime, Datelike, NaiveDate};

/// A number of units, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub count: u32,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

const DAY: i64 = 86_400_000;
/// Monday, 29 December 1969: weeks begin on Mondays.
const FIRST_MONDAY: i64 = -3 * DAY;

impl Unit {
    /// The unit's names in CWL_QuerySyntax-Stats; those of several letters may end in `s`.
    fn named(name: &str) -> Option<Unit> {
        let name = name.to_ascii_lowercase();
        let single = name.strip_suffix('s').filter(|single| single.len() > 1).unwrap_or(&name);
        Some(match single {
            "millisecond" | "ms" | "msec" => Unit::Millisecond,
            "second" | "s" | "sec" => Unit::Second,
            "minute" | "m" | "min" => Unit::Minute,
            "hour" | "h" | "hr" => Unit::Hour,
            "day" | "d" => Unit::Day,
            "week" | "w" => Unit::Week,
            "month" | "mo" | "mon" => Unit::Month,
            "quarter" | "q" | "qtr" => Unit::Quarter,
            "year" | "y" | "yr" => Unit::Year,
            _ => return None,
        })
    }

    fn suffix(self) -> &'static str {
        match self {
            Unit::Millisecond => "ms",
            Unit::Second => "s",
            Unit::Minute => "m",
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Month => "mo",
            Unit::Quarter => "q",
            Unit::Year => "y",
        }
    }

    /// AWS takes no more of the small units than make up the next one: `300s` is `60s`
    /// (CWL_QuerySyntax-operations-functions, Datetime functions).
    fn most(self) -> u32 {
        match self {
            Unit::Millisecond => 1000,
            Unit::Second | Unit::Minute => 60,
            Unit::Hour => 24,
            _ => u32::MAX,
        }
    }
}

impl Period {
    /// A period as written: a whole number above zero and the name of a unit.
    pub fn parse(count: f64, unit: &str) -> Option<Period> {
        let unit = Unit::named(unit)?;
        let whole = count.fract() == 0.0 && (1.0..=1e6).contains(&count);
        whole.then_some(Period { count: count as u32, unit })
    }

    /// The last boundary at or before a time, in milliseconds.
    pub fn floor(self, time: i64) -> i64 {
        let count = i64::from(self.count.min(self.unit.most()));
        let (length, origin) = match self.unit {
            Unit::Millisecond => (count, 0),
            Unit::Second => (count * 1000, 0),
            Unit::Minute => (count * 60_000, 0),
            Unit::Hour => (count * 3_600_000, 0),
            Unit::Day => (count * DAY, 0),
            Unit::Week => (count * 7 * DAY, FIRST_MONDAY),
            Unit::Month => return floor_months(time, count),
            Unit::Quarter => return floor_months(time, count * 3),
            Unit::Year => return floor_months(time, count * 12),
        };
        time.saturating_sub(time.saturating_sub(origin).rem_euclid(length))
    }

    /// The first boundary at or after a time.
    pub fn ceil(self, time: i64) -> i64 {
        let floor = self.floor(time);
        if floor == time { time } else { self.next(floor) }
    }

    fn next(self, boundary: i64) -> i64 {
        let count = i64::from(self.count.min(self.unit.most()));
        let months = match self.unit {
            Unit::Month => count,
            Unit::Quarter => count * 3,
            Unit::Year => count * 12,
            _ => return boundary.saturating_add(self.fixed_length()),
        };
        month_start(month_of(boundary) + months)
    }

    fn fixed_length(self) -> i64 {
        let count = i64::from(self.count.min(self.unit.most()));
        count
            * match self.unit {
                Unit::Millisecond => 1,
                Unit::Second => 1000,
                Unit::Minute => 60_000,
                Unit::Hour => 3_600_000,
                Unit::Day => DAY,
                _ => 7 * DAY,
            }
    }
}

/// Months since the year 0.
fn month_of(time: i64) -> i64 {
    DateTime::from_timestamp_millis(time).map_or(0, |date| i64::from(date.year()) * 12 + i64::from(date.month0()))
}

fn month_start(month: i64) -> i64 {
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12));
    let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month as u32 + 1, 1));
    date.and_then(|date| date.and_hms_opt(0, 0, 0)).map_or(0, |moment| moment.and_utc().timestamp_millis())
}

/// Months are counted from January 1970.
fn floor_months(time: i64, count: i64) -> i64 {
    const ORIGIN: i64 = 1970 * 12;
    let month = month_of(time);
    month_start(month - (month - ORIGIN).rem_euclid(count))
}

impl Display for Period {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        write!(out, "{}{}", self.count, self.unit.suffix())
    }
}

/// `2026-01-15 10:00:00.000`: how results show times.
pub fn time_text(time: i64) -> String {
    match DateTime::from_timestamp_millis(time) {
        Some(date) => date.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        None => time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: f64, unit: &str, time: &str, floor: &str, ceil: &str) {
        let period = Period::parse(count, unit).expect("a period");
        let time: DateTime<chrono::Utc> = time.parse().expect("a time");
        assert_eq!(time_text(period.floor(time.timestamp_millis())), floor);
        assert_eq!(time_text(period.ceil(time.timestamp_millis())), ceil);
    }

    #[test]
    fn times_are_rounded_to_periods() {
        let time = "2026-01-15T10:07:31.250Z";
        check(5.0, "m", time, "2026-01-15 10:05:00.000", "2026-01-15 10:10:00.000");
        check(1.0, "hrs", time, "2026-01-15 10:00:00.000", "2026-01-15 11:00:00.000");
        check(300.0, "s", time, "2026-01-15 10:07:00.000", "2026-01-15 10:08:00.000");
        check(500.0, "ms", time, "2026-01-15 10:07:31.000", "2026-01-15 10:07:31.500");
        check(1.0, "day", time, "2026-01-15 00:00:00.000", "2026-01-16 00:00:00.000");
        check(1.0, "w", time, "2026-01-12 00:00:00.000", "2026-01-19 00:00:00.000");
        check(1.0, "mo", time, "2026-01-01 00:00:00.000", "2026-02-01 00:00:00.000");
        check(1.0, "qtr", "2026-05-02T00:00:00Z", "2026-04-01 00:00:00.000", "2026-07-01 00:00:00.000");
        check(2.0, "years", time, "2026-01-01 00:00:00.000", "2028-01-01 00:00:00.000");
        check(1.0, "h", "2026-01-15T10:00:00Z", "2026-01-15 10:00:00.000", "2026-01-15 10:00:00.000");
    }

    #[test]
    fn other_words_are_no_units() {
        for (count, unit) in [(0.0, "m"), (1.5, "m"), (1.0, "x"), (1.0, ""), (1e12, "d")] {
            assert_eq!(Period::parse(count, unit), None, "{count}{unit}");
        }
    }
}
