//! When mute rules are active.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html>

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::services::events;
use crate::world::time::{Time, parse_duration};

/// How long a window may be.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::days(15);

/// A schedule of windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    starts: Starts,
    duration: TimeDelta,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Starts {
    /// `at(2026-01-01T00:00)`
    Once(Time),
    /// `cron(0 2 * * *)`, by the clocks of a time zone.
    Each(Box<events::Schedule>, Tz),
}

/// The part of a schedule that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Expression,
    Duration,
    Timezone,
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// The part that is wrong.
    pub fn parse(expression: &str, duration: &str, zone: Option<&str>) -> Result<Schedule, Part> {
        let zone: Tz = zone.unwrap_or("UTC").parse().map_err(|_| Part::Timezone)?;
        let duration = parse_duration(duration).filter(|span| (SHORTEST..=LONGEST).contains(span));
        let duration = duration.ok_or(Part::Duration)?;
        let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let starts = match (inside("at"), inside("cron")) {
            (Some(at), _) => moment(at, zone).map(Starts::Once),
            (_, Some(cron)) => five_fields(cron).map(|schedule| Starts::Each(Box::new(schedule), zone)),
            _ => None,
        };
        Ok(Schedule { starts: starts.ok_or(Part::Expression)?, duration })
    }

    pub fn is_once(&self) -> bool {
        matches!(self.starts, Starts::Once(_))
    }

    /// The window that goes on, or else the next one: its start and its end.
    pub fn window(&self, now: Time) -> Option<(Time, Time)> {
        let mut start = self.next_start(now - self.duration)?;
        // Of windows that overlap, the last.
        while let Some(next) = self.next_start(start).filter(|next| *next <= now) {
            start = next;
        }
        Some((start, start + self.duration))
    }

    fn next_start(&self, after: Time) -> Option<Time> {
        match &self.starts {
            Starts::Once(at) => (*at > after).then_some(*at),
            Starts::Each(schedule, zone) => {
                let mut local = after.with_timezone(zone).naive_local().and_utc();
                loop {
                    local = schedule.next_after(local)?;
                    // A time that clocks leave out is passed over; of one that they show twice, the first counts.
                    let start = zone.from_local_datetime(&local.naive_utc()).earliest();
                    if let Some(start) = start.map(|start| start.to_utc()).filter(|start| *start > after) {
                        return Some(start);
                    }
                }
            }
        }
    }
}

fn moment(text: &str, zone: Tz) -> Option<Time> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
    Some(zone.from_local_datetime(&local.ok()?).earliest()?.to_utc())
}

/// Minutes, hours, days of the month, months and days of the week, where Sunday is 0 or 7.
fn five_fields(text: &str) -> Option<events::Schedule> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let [minutes, hours, of_month, months, of_week] = fields[..] else { return None };
    // The signs of EventBridge's schedules have no meaning here.
    if text.contains(['?', 'L', 'W', '#']) && !text.contains("JUL") && !text.contains("WED") {
        return None;
    }
    let (of_month, of_week) = match (of_month, of_week) {
        (day, "*") => (day, "?".to_owned()),
        ("*", day) => ("?", from_sunday_one(day)?),
        // Days of both kinds at once: EventBridge's schedules, which these are read with, have one of them.
        _ => return None,
    };
    events::Schedule::parse(&format!("cron({minutes} {hours} {of_month} {months} {of_week} *)"))
}

/// Numbers of days of the week as EventBridge counts them, where Sunday is 1.
fn from_sunday_one(text: &str) -> Option<String> {
    let day = |text: &str| match text.parse::<u32>() {
        Ok(number) if number <= 7 => Some((number % 7 + 1).to_string()),
        Ok(_) => None,
        Err(_) => Some(text.to_owned()),
    };
    let range = |text: &str| -> Option<String> {
        let ends: Option<Vec<String>> = text.split('-').map(day).collect();
        Some(ends?.join("-"))
    };
    let part = |text: &str| match text.split_once('/') {
        Some((days, step)) => Some(format!("{}/{step}", range(days)?)),
        None => range(text),
    };
    let parts: Option<Vec<String>> = text.split(',').map(part).collect();
    Some(parts?.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    /// The window that goes on or comes next at a moment.
    fn check(expression: &str, duration: &str, zone: Option<&str>, now: &str, wanted: Option<(&str, &str)>) {
        let schedule =
            Schedule::parse(expression, duration, zone).unwrap_or_else(|part| panic!("{expression}: {part:?}"));
        let wanted = wanted.map(|(start, end)| (time(start), time(end)));
        assert_eq!(schedule.window(time(now)), wanted, "{expression} at {now}");
    }

    /// The examples of the API reference; the first of January 2026 is a Thursday.
    #[test]
    fn windows() {
        let check = |expression, duration, now, start, end| check(expression, duration, None, now, Some((start, end)));
        let now = "2026-01-01T12:00:00Z";
        check("cron(0 2 * * *)", "PT2H", now, "2026-01-02T02:00:00Z", "2026-01-02T04:00:00Z");
        check("cron(0 2 * * *)", "PT12H", now, "2026-01-01T02:00:00Z", "2026-01-01T14:00:00Z");
        check("cron(0 2 * * SUN)", "PT4H", now, "2026-01-04T02:00:00Z", "2026-01-04T06:00:00Z");
        check("cron(0 2 * * 0)", "PT4H", now, "2026-01-04T02:00:00Z", "2026-01-04T06:00:00Z");
        check("cron(0 1 1 * *)", "PT6H", now, "2026-02-01T01:00:00Z", "2026-02-01T07:00:00Z");
        check("cron(0 18 * * FRI)", "P2DT12H", now, "2026-01-02T18:00:00Z", "2026-01-05T06:00:00Z");
        check("cron(0 18 * * FRI)", "P2DT12H", "2026-01-05T05:59:59Z", "2026-01-02T18:00:00Z", "2026-01-05T06:00:00Z");
        check("cron(0 18 * * FRI)", "P2DT12H", "2026-01-05T06:00:00Z", "2026-01-09T18:00:00Z", "2026-01-12T06:00:00Z");
        check("cron(0 9 * * 1-5)", "PT1H", now, "2026-01-02T09:00:00Z", "2026-01-02T10:00:00Z");
        check("at(2026-01-01T11:30)", "PT1H", now, "2026-01-01T11:30:00Z", "2026-01-01T12:30:00Z");
    }

    #[test]
    fn zones() {
        let now = "2026-01-01T12:00:00Z";
        let tokyo = Some("Asia/Tokyo");
        check("cron(0 2 * * *)", "PT1H", tokyo, now, Some(("2026-01-01T17:00:00Z", "2026-01-01T18:00:00Z")));
        check("at(2026-01-02T00:00)", "PT1H", tokyo, now, Some(("2026-01-01T15:00:00Z", "2026-01-01T16:00:00Z")));
        check("at(2026-01-01T00:00)", "PT1H", tokyo, now, None);
        // Clocks leave out half past two on the 29th of March.
        let berlin = Some("Europe/Berlin");
        let night = "2026-03-29T00:00:00Z";
        check("cron(30 2 * * *)", "PT1H", berlin, night, Some(("2026-03-30T00:30:00Z", "2026-03-30T01:30:00Z")));
    }

    #[test]
    fn what_is_no_schedule() {
        let check = |expression, duration, zone, part| {
            assert_eq!(Schedule::parse(expression, duration, zone), Err(part), "{expression} {duration} {zone:?}");
        };
        for bad in ["", "cron()", "cron(0 2 * *)", "cron(0 2 * * ? *)", "cron(60 2 * * *)", "rate(1 hour)", "at(noon)"]
        {
            check(bad, "PT1H", None, Part::Expression);
        }
        for bad in ["cron(0 2 1 * SUN)", "cron(0 2 L * *)", "cron(0 2 * * 8)", "cron(0 2 ? * MON)"] {
            check(bad, "PT1H", None, Part::Expression);
        }
        for bad in ["", "1h", "PT59S", "P15DT1M", "P1M"] {
            check("cron(0 2 * * *)", bad, None, Part::Duration);
        }
        check("cron(0 2 * * *)", "PT1H", Some("Moon/Base"), Part::Timezone);
    }
}
