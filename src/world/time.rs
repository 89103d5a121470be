//! The one type of time. Nothing below the emulator reads a clock: handlers and jobs see `World::now`.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Timelike, Utc};

/// A moment, in UTC. The world keeps milliseconds.
pub type Time = DateTime<Utc>;

/// The years that the clock may show: those that every format of AWS can write, and far from where sums of times end.
pub const YEARS: RangeInclusive<i32> = 1970..=9999;

/// `2023-07-10T12:09:47Z`: the form of event times, whole seconds.
pub fn iso_seconds(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `Fri, 21 Dec 2012 00:00:00 GMT`: how HTTP writes times.
pub fn http_date(time: Time) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Without its fraction of a second: how IAM and STS keep times.
pub fn whole_seconds(time: Time) -> Time {
    time.with_nanosecond(0).unwrap_or(time)
}

/// Java's medium text form, which CloudTrail writes for times inside parameters:
/// `Jul 10, 2023, 12:09:47 PM`, or without the comma after the year.
pub fn java_text(time: Time, comma_after_year: bool) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (afternoon, hour) = time.hour12();
    let comma = if comma_after_year { "," } else { "" };
    format!(
        "{} {}, {}{comma} {hour}:{:02}:{:02} {}",
        MONTHS[time.month0() as usize],
        time.day(),
        time.year(),
        time.minute(),
        time.second(),
        if afternoon { "PM" } else { "AM" },
    )
}

/// An ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `PT1H` or `P1DT30M`; `None` for other texts.
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let (days, clock) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, clock)) => (days, Some(clock)),
        None => (text.strip_prefix('P')?, None),
    };
    if clock.map_or(days, |clock| clock).is_empty() {
        return None;
    }
    let total = sum(days, &[('W', 604_800.0), ('D', 86_400.0)])?
        + sum(clock.unwrap_or_default(), &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    seconds(total)
}

/// Adds up numbers followed by units, which come in order and once.
fn sum(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    for (unit, seconds) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            total += number.parse::<f64>().ok().filter(|number| *number >= 0.0)? * seconds;
            text = rest;
        }
    }
    text.is_empty().then_some(total)
}

/// A span of seconds, to the millisecond; `None` when negative or out of range.
pub fn seconds(seconds: f64) -> Option<TimeDelta> {
    let milliseconds = (seconds * 1000.0).round();
    (0.0..9.0e15).contains(&milliseconds).then(|| TimeDelta::milliseconds(milliseconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_text_as_in_real_records() {
        let time: Time = "2023-07-10T12:09:47Z".parse().unwrap();
        assert_eq!(java_text(time, true), "Jul 10, 2023, 12:09:47 PM");
        assert_eq!(java_text(time, false), "Jul 10, 2023 12:09:47 PM");
        let night: Time = "2025-10-27T00:00:52Z".parse().unwrap();
        assert_eq!(java_text(night, true), "Oct 27, 2025, 12:00:52 AM");
    }

    #[test]
    fn durations() {
        let check =
            |text, seconds: Option<i64>| assert_eq!(parse_duration(text), seconds.map(TimeDelta::seconds), "{text}");
        check("PT1H", Some(3600));
        check("P1DT30M", Some(88_200));
        check("PT1H2M3S", Some(3723));
        check("P2W", Some(1_209_600));
        check("PT0S", Some(0));
        for bad in ["", "P", "PT", "1H", "PT1", "PT1M1H", "PT-1H", "P1H", "PTnanS", "P1DT", "PT1e400S"] {
            check(bad, None);
        }
    }
}
