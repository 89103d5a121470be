//! Schedules, `rate(…)` and `cron(…)`: when they come round.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Weekday};

use crate::world::time::Time;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Each time this span is over, from when the rule was made or enabled.
    Rate(TimeDelta),
    Cron(Box<Cron>),
}

/// A schedule by the calendar, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Day,
    months: Vec<u32>,
    years: Vec<u32>,
}

/// Which days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Day {
    /// By their numbers.
    OfMonth(Vec<u32>),
    /// `L`
    Last,
    /// `LW`
    LastWeekday,
    /// `3W`: the day from Monday to Friday that is nearest, in the same month.
    NearestWeekday(u32),
    /// By their names.
    OfWeek(Vec<Weekday>),
    /// `6L`
    LastOfWeek(Weekday),
    /// `3#2`: the second of its kind in the month.
    NthOfWeek(Weekday, u32),
}

/// Values that a field may have, and the names of some, the first of which is the lowest value.
struct Field {
    lowest: u32,
    highest: u32,
    names: &'static [&'static str],
}

const MINUTES: Field = Field { lowest: 0, highest: 59, names: &[] };
const HOURS: Field = Field { lowest: 0, highest: 23, names: &[] };
const DAYS: Field = Field { lowest: 1, highest: 31, names: &[] };
const MONTHS: Field = Field {
    lowest: 1,
    highest: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const WEEKDAYS: Field = Field { lowest: 1, highest: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };
const YEARS: Field = Field { lowest: 1970, highest: 2199, names: &[] };

impl Schedule {
    /// Reads an expression.
    pub fn parse(text: &str) -> Option<Schedule> {
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        match (inside("rate"), inside("cron")) {
            (Some(rate), _) => rate_of(rate).map(Schedule::Rate),
            (_, Some(cron)) => Cron::parse(cron).map(|cron| Schedule::Cron(Box::new(cron))),
            _ => None,
        }
    }

    /// When the schedule comes round next after a moment, if it does again.
    pub fn next_after(&self, time: Time) -> Option<Time> {
        match self {
            Schedule::Rate(span) => time.checked_add_signed(*span),
            Schedule::Cron(cron) => cron.next_after(time),
        }
    }
}

/// `5 minutes`: units are singular for one and plural for more.
fn rate_of(text: &str) -> Option<TimeDelta> {
    let mut words = text.split_ascii_whitespace();
    let (count, unit) = (number(words.next()?)?, words.next()?);
    if words.next().is_some() || count == 0 {
        return None;
    }
    let singular = if count == 1 { unit } else { unit.strip_suffix('s')? };
    let minutes = match singular {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    TimeDelta::try_minutes(i64::from(count) * minutes)
}

impl Cron {
    /// Reads the six fields.
    fn parse(text: &str) -> Option<Cron> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields[..] else { return None };
        Some(Cron {
            minutes: MINUTES.list(minutes)?,
            hours: HOURS.list(hours)?,
            days: Day::parse(of_month, of_week)?,
            months: MONTHS.list(months)?,
            years: YEARS.list(years)?,
        })
    }

    /// The first moment after another, looking day by day; years that cannot be are left out at once.
    fn next_after(&self, time: Time) -> Option<Time> {
        let start = time.date_naive();
        let later_today = |(at, minute): (u32, u32)| (at, minute) > (time.hour(), time.minute());
        if self.has(start)
            && let Some(at) = self.times().find(|at| later_today(*at))
        {
            return moment(start, at);
        }
        let mut day = start.succ_opt()?;
        loop {
            let year = self.years.iter().find(|year| i64::from(**year) >= i64::from(day.year()))?;
            day = day.max(NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, 1, 1)?);
            if self.has(day) {
                return moment(day, self.times().next()?);
            }
            day = day.succ_opt()?;
        }
    }

    /// Hours and minutes of a day.
    fn times(&self) -> impl Iterator<Item = (u32, u32)> {
        self.hours.iter().flat_map(|hour| self.minutes.iter().map(|minute| (*hour, *minute)))
    }

    fn has(&self, day: NaiveDate) -> bool {
        let is_in = |list: &[u32], value| list.binary_search(&value).is_ok();
        u32::try_from(day.year()).is_ok_and(|year| is_in(&self.years, year))
            && is_in(&self.months, day.month())
            && self.days.has(day)
    }
}

fn moment(day: NaiveDate, (hour, minute): (u32, u32)) -> Option<Time> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
    Some(DateTime::from_naive_utc_and_offset(day.and_time(time), chrono::Utc))
}

impl Day {
    /// From the fields for days of the month and of the week, one of which is `?`.
    fn parse(of_month: &str, of_week: &str) -> Option<Day> {
        match (of_month, of_week) {
            ("?", "?") => None,
            ("?", _) => Day::of_week(of_week),
            (_, "?") => Day::of_month(of_month),
            _ => None,
        }
    }

    fn of_month(text: &str) -> Option<Day> {
        match text.strip_suffix('W') {
            Some("L") => Some(Day::LastWeekday),
            Some(day) => DAYS.value(day).map(Day::NearestWeekday),
            None if text == "L" => Some(Day::Last),
            None => DAYS.list(text).map(Day::OfMonth),
        }
    }

    fn of_week(text: &str) -> Option<Day> {
        if let Some((day, nth)) = text.split_once('#') {
            let nth = number(nth).filter(|nth| (1..=5).contains(nth))?;
            return Some(Day::NthOfWeek(weekday(WEEKDAYS.value(day)?)?, nth));
        }
        match text.strip_suffix('L') {
            // The last day of the week.
            Some("") => Some(Day::OfWeek(vec![Weekday::Sat])),
            Some(day) => Some(Day::LastOfWeek(weekday(WEEKDAYS.value(day)?)?)),
            None => Some(Day::OfWeek(WEEKDAYS.list(text)?.into_iter().filter_map(weekday).collect())),
        }
    }

    fn has(&self, day: NaiveDate) -> bool {
        let last = last_of_month(day);
        match self {
            Day::OfMonth(days) => days.binary_search(&day.day()).is_ok(),
            Day::Last => day.day() == last,
            Day::LastWeekday => nearest_weekday(day, last) == Some(day),
            Day::NearestWeekday(of) => *of <= last && nearest_weekday(day, *of) == Some(day),
            Day::OfWeek(days) => days.contains(&day.weekday()),
            Day::LastOfWeek(weekday) => day.weekday() == *weekday && day.day() + 7 > last,
            Day::NthOfWeek(weekday, nth) => day.weekday() == *weekday && (day.day() - 1) / 7 + 1 == *nth,
        }
    }
}

fn last_of_month(day: NaiveDate) -> u32 {
    u32::from(day.num_days_in_month())
}

/// The day from Monday to Friday that is nearest to a day of another's month, and in the same month.
fn nearest_weekday(month: NaiveDate, of: u32) -> Option<NaiveDate> {
    let day = month.with_day(of)?;
    match day.weekday() {
        Weekday::Sat if of == 1 => day.checked_add_days(Days::new(2)),
        Weekday::Sat => day.pred_opt(),
        Weekday::Sun if of == last_of_month(month) => day.checked_sub_days(Days::new(2)),
        Weekday::Sun => day.succ_opt(),
        _ => Some(day),
    }
}

/// Sunday is 1.
fn weekday(number: u32) -> Option<Weekday> {
    let from_monday = u8::try_from((number + 5) % 7).ok()?;
    Weekday::try_from(from_monday).ok()
}

impl Field {
    /// A list of values, ranges and steps: `1,5-8,0/15,MON`. In order, each once.
    fn list(&self, text: &str) -> Option<Vec<u32>> {
        let mut values = Vec::new();
        for part in text.split(',') {
            values.extend(self.part(part)?);
        }
        values.sort_unstable();
        values.dedup();
        Some(values)
    }

    fn part(&self, text: &str) -> Option<Vec<u32>> {
        let (from, step) = match text.split_once('/') {
            Some((from, step)) => (from, Some(number(step).filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let (first, last) = match from.split_once('-') {
            _ if from == "*" => (self.lowest, self.highest),
            Some((first, last)) => (self.value(first)?, self.value(last)?),
            // `0/15` goes on to the end.
            None => (self.value(from)?, if step.is_some() { self.highest } else { self.value(from)? }),
        };
        Some(self.range(first, last).into_iter().step_by(step.unwrap_or(1).try_into().ok()?).collect())
    }

    /// From one value to another, round the end if need be: `20-2` in hours, `FRI-MON`.
    fn range(&self, first: u32, last: u32) -> Vec<u32> {
        match first <= last {
            true => (first..=last).collect(),
            false => (first..=self.highest).chain(self.lowest..=last).collect(),
        }
    }

    /// A number or a name.
    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(place) => self.lowest + u32::try_from(place).ok()?,
            None => number(text)?,
        };
        (self.lowest..=self.highest).contains(&value).then_some(value)
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    /// The moments at which a schedule comes round after 2026-01-01T00:00:00Z, a Thursday.
    fn rounds(text: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(text).unwrap_or_else(|| panic!("{text}"));
        let start = time("2026-01-01T00:00:00Z");
        let next = |time: &Time| schedule.next_after(*time);
        let times = std::iter::successors(next(&start), next);
        times.take(count).map(|time| time.format("%Y-%m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn rates_of_the_guide() {
        let check = |text: &str, minutes: Option<i64>| {
            let wanted = minutes.map(|minutes| Schedule::Rate(TimeDelta::minutes(minutes)));
            assert_eq!(Schedule::parse(text), wanted, "{text}");
        };
        check("rate(1 minute)", Some(1));
        check("rate(5 minutes)", Some(5));
        check("rate(1 hour)", Some(60));
        check("rate(5 hours)", Some(300));
        check("rate(1 day)", Some(1440));
        for bad in ["rate(1 hours)", "rate(5 hour)", "rate(0 minutes)", "rate(-5 minutes)", "rate(1.5 hours)"] {
            check(bad, None);
        }
        for bad in ["rate(5 seconds)", "rate(minute)", "rate(5 minutes x)", "rate 5 minutes", "rate(+5 minutes)", ""] {
            check(bad, None);
        }
    }

    #[test]
    fn crons_of_the_guide() {
        let check = |text: &str, wanted: &[&str]| assert_eq!(rounds(text, wanted.len()), wanted, "{text}");
        check("cron(0 10 * * ? *)", &["2026-01-01 10:00", "2026-01-02 10:00"]);
        check("cron(15 12 * * ? *)", &["2026-01-01 12:15", "2026-01-02 12:15"]);
        check("cron(0 18 ? * MON-FRI *)", &["2026-01-01 18:00", "2026-01-02 18:00", "2026-01-05 18:00"]);
        check("cron(0 8 1 * ? *)", &["2026-01-01 08:00", "2026-02-01 08:00"]);
        check(
            "cron(0/15 * * * ? *)",
            &["2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45", "2026-01-01 01:00"],
        );
        check("cron(0/10 * ? * MON-FRI *)", &["2026-01-01 00:10", "2026-01-01 00:20"]);
        check("cron(0/5 8-17 ? * MON-FRI *)", &["2026-01-01 08:00", "2026-01-01 08:05"]);
        check("cron(0 12 * * ? *)", &["2026-01-01 12:00"]);
        check("cron(5,35 14 * * ? *)", &["2026-01-01 14:05", "2026-01-01 14:35", "2026-01-02 14:05"]);
        check("cron(0/30 20-2 ? * MON-FRI *)", &["2026-01-01 00:30", "2026-01-01 01:00"]);
        // The last Friday of each month.
        check("cron(15 10 ? * 6L 2026-2027)", &["2026-01-30 10:15", "2026-02-27 10:15", "2026-03-27 10:15"]);
        // The second Tuesday.
        check("cron(0 0 ? * 3#2 *)", &["2026-01-13 00:00", "2026-02-10 00:00"]);
        // The weekday closest to the third: a Saturday in January, a Tuesday in February.
        check("cron(0 0 3W * ? *)", &["2026-01-02 00:00", "2026-02-03 00:00"]);
        check("cron(0 0 L * ? *)", &["2026-01-31 00:00", "2026-02-28 00:00"]);
        check("cron(0 0 LW * ? *)", &["2026-01-30 00:00", "2026-02-27 00:00"]);
        check("cron(0 0 ? * L *)", &["2026-01-03 00:00", "2026-01-10 00:00"]);
        check("cron(0 0 29 FEB ? *)", &["2028-02-29 00:00", "2032-02-29 00:00"]);
        check("cron(0 0 1 1 ? 2199)", &["2199-01-01 00:00"]);
        assert_eq!(rounds("cron(0 0 1 1 ? 2025)", 1), Vec::<String>::new());
        assert_eq!(rounds("cron(0 0 31 2 ? *)", 1), Vec::<String>::new());
    }

    #[test]
    fn crons_that_are_none() {
        for bad in [
            "cron(0 10 * * ?)",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(60 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 10 0 * ? *)",
            "cron(0 10 32 * ? *)",
            "cron(0 10 * 13 ? *)",
            "cron(0 10 ? * 8 *)",
            "cron(0 10 ? * 3#6 *)",
            "cron(0 10 ? * 3#1,6#3 *)",
            "cron(0 10 * * ? 1969)",
            "cron(0 10 * * ? 2200)",
            "cron(0/0 10 * * ? *)",
            "cron(a 10 * * ? *)",
            "cron(0 10 * * ? * *)",
        ] {
            assert_eq!(Schedule::parse(bad), None, "{bad}");
        }
    }
}
