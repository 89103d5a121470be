//! When a graph begins and ends: a time, or so long before now.

use chrono::{Months, TimeDelta};

use crate::world::time::Time;

/// Reads `2018-04-25T12:00:00.000Z`, or `-PT3H`. AWS's examples have relative times with and without the sign.
pub fn read(text: &str, now: Time) -> Option<Time> {
    if let Some(span) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') {
        return before(now, span);
    }
    text.parse().ok()
}

/// So long before a moment: `1DT12H`, `PT5M`, `3M`.
fn before(now: Time, span: &str) -> Option<Time> {
    let (days, clock) = span.split_once('T').map_or((span, None), |(days, clock)| (days, Some(clock)));
    if (days.is_empty() && clock.is_none()) || clock == Some("") {
        return None;
    }
    let mut moment = now;
    for (count, unit) in parts(days)? {
        moment = match unit {
            'Y' => moment.checked_sub_months(Months::new(count.checked_mul(12)?))?,
            'M' => moment.checked_sub_months(Months::new(count))?,
            'W' => moment.checked_sub_signed(TimeDelta::weeks(count.into()))?,
            'D' => moment.checked_sub_signed(TimeDelta::days(count.into()))?,
            _ => return None,
        };
    }
    for (count, unit) in parts(clock.unwrap_or_default())? {
        let span = match unit {
            'H' => TimeDelta::hours(count.into()),
            'M' => TimeDelta::minutes(count.into()),
            'S' => TimeDelta::seconds(count.into()),
            _ => return None,
        };
        moment = moment.checked_sub_signed(span)?;
    }
    Some(moment)
}

/// Numbers, each with its letter.
fn parts(text: &str) -> Option<Vec<(u32, char)>> {
    let parts = text.split_inclusive(|c: char| !c.is_ascii_digit());
    let read = |part: &str| {
        let unit = part.chars().last().filter(char::is_ascii_uppercase)?;
        Some((part.strip_suffix(unit)?.parse().ok()?, unit))
    };
    parts.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let now: Time = "2026-03-31T12:00:00Z".parse().expect("a time");
        let check = |text: &str, wanted: Option<&str>| {
            let wanted: Option<Time> = wanted.map(|time| time.parse().expect("a time"));
            assert_eq!(read(text, now), wanted, "{text}");
        };
        check("-PT3H", Some("2026-03-31T09:00:00Z"));
        check("PT0H", Some("2026-03-31T12:00:00Z"));
        check("-PT0H", Some("2026-03-31T12:00:00Z"));
        check("-P30D", Some("2026-03-01T12:00:00Z"));
        check("-P1W", Some("2026-03-24T12:00:00Z"));
        check("-P1M", Some("2026-02-28T12:00:00Z"));
        check("-P1DT1H30M", Some("2026-03-30T10:30:00Z"));
        check("2018-04-25T12:00:00.000Z", Some("2018-04-25T12:00:00Z"));
        check("2018-04-25T12:00:00+01:00", Some("2018-04-25T11:00:00Z"));
        for text in
            ["", "-P", "-PT", "-P1", "-P1H", "-PT1D", "-PD", "-P1.5D", "-PT99999999999H", "yesterday", "-P-1D", "-Pé"]
        {
            check(text, None);
        }
    }
}
