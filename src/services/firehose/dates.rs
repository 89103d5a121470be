//! Java's patterns for dates, as `DateTimeFormatter` reads them
//! (<https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html>), in English and with weeks
//! that start on Sunday. Letters beyond those of [`FIELDS`] are refused: eras, localized texts, padding.

use chrono::{DateTime, Datelike, Offset, Timelike};
use chrono_tz::Tz;

/// A pattern made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field { letter: char, count: usize },
}

/// The letters there are, and how often each may stand in a row.
const FIELDS: [(char, std::ops::RangeInclusive<usize>); 29] = [
    ('u', 1..=9),
    ('y', 1..=9),
    ('Y', 1..=9),
    ('D', 1..=3),
    ('M', 1..=5),
    ('L', 1..=5),
    ('d', 1..=2),
    ('Q', 1..=5),
    ('q', 1..=5),
    ('w', 1..=2),
    ('E', 1..=5),
    ('e', 1..=2),
    ('a', 1..=1),
    ('h', 1..=2),
    ('H', 1..=2),
    ('k', 1..=2),
    ('K', 1..=2),
    ('m', 1..=2),
    ('s', 1..=2),
    ('S', 1..=9),
    ('A', 1..=9),
    ('n', 1..=9),
    ('N', 1..=18),
    ('V', 2..=2),
    ('O', 1..=1),
    ('O', 4..=4),
    ('X', 1..=3),
    ('x', 1..=3),
    ('Z', 1..=3),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl Pattern {
    /// Reads a pattern; `None` when Java would refuse it, or when it has a letter that we do not know.
    pub fn parse(text: &str) -> Option<Pattern> {
        let mut pieces = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\'' => pieces.push(Piece::Text(quoted(&mut chars)?)),
                '[' | ']' | '{' | '}' | '#' => return None,
                letter if letter.is_ascii_alphabetic() => {
                    let mut count = 1;
                    while chars.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    let known = FIELDS.iter().any(|(name, counts)| *name == letter && counts.contains(&count));
                    pieces.push(known.then_some(Piece::Field { letter, count })?);
                }
                other => pieces.push(Piece::Text(other.to_string())),
            }
        }
        (!pieces.is_empty()).then_some(Pattern(pieces))
    }

    /// The time in this form.
    pub fn format(&self, time: &DateTime<Tz>) -> String {
        let texts = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Field { letter, count } => field(time, *letter, *count),
        });
        texts.collect()
    }
}

/// What stands between quotes; two quotes are one, inside and out.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' if chars.next_if_eq(&'\'').is_some() => text.push('\''),
            '\'' if text.is_empty() => return Some("'".to_owned()),
            '\'' => return Some(text),
            other => text.push(other),
        }
    }
}

fn field(time: &DateTime<Tz>, letter: char, count: usize) -> String {
    match letter {
        'M' | 'L' if count > 2 => styled(MONTHS[time.month0() as usize % 12], count),
        'E' => styled(DAYS[time.weekday().num_days_from_sunday() as usize % 7], count.max(3)),
        'Q' | 'q' => quarter(time.month0() / 3 + 1, count),
        'u' | 'y' => year(time.year(), count),
        'Y' => year(week(time).0, count),
        'a' => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        'S' => format!("{:09}", nanosecond(time))[..count.min(9)].to_owned(),
        'V' => time.timezone().name().to_owned(),
        'O' | 'X' | 'x' | 'Z' => offset(time.offset().fix().local_minus_utc(), letter, count),
        _ => format!("{:0count$}", number(time, letter)),
    }
}

/// Fields that are numbers and no more.
fn number(time: &DateTime<Tz>, letter: char) -> u64 {
    let second = u64::from(time.num_seconds_from_midnight());
    let number = match letter {
        'D' => time.ordinal(),
        'M' | 'L' => time.month(),
        'd' => time.day(),
        'w' => week(time).1,
        'e' => time.weekday().number_from_sunday(),
        'h' => time.hour12().1,
        'H' => time.hour(),
        'K' => time.hour() % 12,
        'k' => (time.hour() + 23) % 24 + 1,
        'm' => time.minute(),
        's' => time.second(),
        'A' => return second * 1000 + nanosecond(time) / 1_000_000,
        'N' => return second * 1_000_000_000 + nanosecond(time),
        _ => return nanosecond(time),
    };
    u64::from(number)
}

/// A leap second would stand beyond the last nanosecond.
fn nanosecond(time: &DateTime<Tz>) -> u64 {
    u64::from(time.nanosecond().min(999_999_999))
}

/// Two letters stand for two digits.
fn year(year: i32, count: usize) -> String {
    if count == 2 { format!("{:02}", year.rem_euclid(100)) } else { format!("{year:0count$}") }
}

/// The year that the week belongs to, and its number there: week 1 is the one with the first of January.
fn week(time: &DateTime<Tz>) -> (i32, u32) {
    let date = time.date_naive();
    let to_saturday = u64::from(6 - time.weekday().num_days_from_sunday());
    let saturday = date.checked_add_days(chrono::Days::new(to_saturday)).unwrap_or(date);
    (saturday.year(), saturday.ordinal0() / 7 + 1)
}

/// `Aug`, `August` or `A`.
fn styled(name: &str, count: usize) -> String {
    let length = match count {
        3 => 3,
        4 => name.len(),
        _ => 1,
    };
    name[..length].to_owned()
}

fn quarter(number: u32, count: usize) -> String {
    const ORDINALS: [&str; 4] = ["1st", "2nd", "3rd", "4th"];
    match count {
        3 => format!("Q{number}"),
        4 => format!("{} quarter", ORDINALS[(number as usize - 1) % 4]),
        2 => format!("{number:02}"),
        _ => number.to_string(),
    }
}

fn offset(seconds: i32, letter: char, count: usize) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    match (letter, count) {
        ('X', _) if seconds == 0 => "Z".to_owned(),
        ('O', _) if seconds == 0 => "GMT".to_owned(),
        ('O', 1) if minutes == 0 => format!("GMT{sign}{hours}"),
        ('O', 1) => format!("GMT{sign}{hours}:{minutes:02}"),
        ('O', _) => format!("GMT{sign}{hours:02}:{minutes:02}"),
        ('X' | 'x', 1) if minutes == 0 => format!("{sign}{hours:02}"),
        ('X' | 'x', 3) => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn check(pattern: &str, zone: Tz, time: &str, expected: &str) {
        let time = time.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone);
        let formatted = Pattern::parse(pattern).map(|pattern| pattern.format(&time));
        assert_eq!(formatted.as_deref(), Some(expected), "{pattern}");
    }

    #[test]
    fn fields() {
        let cases = [
            ("yyyy/MM/dd/HH", "2018/08/27/10"),
            ("yy-M-d H:m:s", "18-8-27 10:5:9"),
            ("MMM MMMM MMMMM", "Aug August A"),
            ("E EEEE EEEEE e", "Mon Monday M 2"),
            ("DDD", "239"),
            ("Q QQ QQQ QQQQ", "3 03 Q3 3rd quarter"),
            ("hh a, KK, kk", "10 AM, 10, 10"),
            ("SSS n A N", "078 78000000 36309078 36309078000000"),
            ("VV O X x Z XXX", "UTC GMT Z +00 +0000 Z"),
            ("'year='yyyy'/month='MM", "year=2018/month=08"),
            ("yyyy'T'''HH", "2018T'10"),
            ("yyyy''MM", "2018'08"),
        ];
        for (pattern, expected) in cases {
            check(pattern, Tz::UTC, "2018-08-27T10:05:09.078Z", expected);
        }
    }

    #[test]
    fn the_hours_around_midnight_and_noon() {
        check("H h K k a", Tz::UTC, "2018-08-27T00:00:00Z", "0 12 0 24 AM");
        check("H h K k a", Tz::UTC, "2018-08-27T12:00:00Z", "12 12 0 12 PM");
        check("H h K k a", Tz::UTC, "2018-08-27T23:00:00Z", "23 11 11 23 PM");
    }

    #[test]
    fn weeks_start_on_sunday_and_the_first_has_new_year() {
        // The last days of 2018: Saturday, Sunday, Monday.
        check("YYYY-ww", Tz::UTC, "2018-12-29T00:00:00Z", "2018-52");
        check("YYYY-ww", Tz::UTC, "2018-12-30T00:00:00Z", "2019-01");
        check("YYYY-w", Tz::UTC, "2019-01-06T00:00:00Z", "2019-2");
        check("YYYY-w", Tz::UTC, "2021-01-02T00:00:00Z", "2021-1");
    }

    #[test]
    fn zones() {
        check("yyyy/MM/dd/HH VV Z", Tz::Asia__Seoul, "2018-08-27T20:00:00Z", "2018/08/28/05 Asia/Seoul +0900");
        check("HH x XXX O", Tz::Asia__Kolkata, "2018-08-27T20:00:00Z", "01 +0530 +05:30 GMT+5:30");
        check("HH Z", Tz::America__Los_Angeles, "2018-01-27T20:00:00Z", "12 -0800");
        check("HH Z", Tz::America__Los_Angeles, "2018-08-27T20:00:00Z", "13 -0700");
    }

    #[test]
    fn what_is_no_pattern() {
        for bad in ["", "yyyy'", "b", "yyyy[MM]", "{", "#", "HHH", "aa", "V", "MMMMMM", "G", "z"] {
            assert_eq!(Pattern::parse(bad), None, "{bad}");
        }
    }
}
