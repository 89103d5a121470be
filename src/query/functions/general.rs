//! General and date-time functions, and the formats of dates.

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeZone};

use super::super::value::Value;
use super::{Function, MANY, function, number, or_absent, take};

pub const FUNCTIONS: &[Function] = &[
    function("ispresent", 1, 1, |args| Value::Bool(!args[0].is_absent())),
    function("coalesce", 1, MANY, coalesce),
    function("case", 2, 21, case),
    function("if", 3, 3, case),
    function("isNumeric", 1, 1, |args| Value::Bool(number(args, 0).is_some())),
    function("unmask", 1, 1, |args| take(args, 0)),
    function("fromMillis", 1, 1, |args| or_absent(from_millis(args))),
    function("toMillis", 1, 1, |args| or_absent(number(args, 0).map(Value::number))),
    function("histogram", 2, 2, |args| or_absent(histogram(args))),
];

fn coalesce<'v>(args: &mut [Value<'v>]) -> Value<'v> {
    let found = args.iter().position(|arg| !arg.is_absent());
    found.map_or(Value::Absent, |index| take(args, index))
}

/// Conditions and values by turns; a last value without a condition is for when none holds.
fn case<'v>(args: &mut [Value<'v>]) -> Value<'v> {
    let chosen = (0..args.len() / 2).find(|branch| args[branch * 2].holds()).map(|branch| branch * 2 + 1);
    match chosen {
        Some(index) => take(args, index),
        None if args.len() % 2 == 1 => take(args, args.len() - 1),
        None => Value::Absent,
    }
}

fn from_millis<'v>(args: &[Value]) -> Option<Value<'v>> {
    let millis = number(args, 0).map(f64::trunc).filter(|millis| millis.abs() < 8e15)?;
    Some(Value::Time(millis as i64))
}

/// The beginning of the bucket of a width that a number falls into. AWS's documentation speaks of a number of buckets;
/// what AWS does is this.
fn histogram<'v>(args: &[Value]) -> Option<Value<'v>> {
    let width = number(args, 1).filter(|width| *width > 0.0)?;
    Some(Value::number((number(args, 0)? / width).floor() * width))
}

/// A format that was checked when the query was compiled.
#[derive(Debug)]
pub struct DateFormat {
    format: String,
    offset: FixedOffset,
}

impl DateFormat {
    /// A strftime format, for `formatDate`.
    pub fn strftime(format: &str, offset: FixedOffset) -> Option<DateFormat> {
        let known = StrftimeItems::new(format).all(|item| !matches!(item, Item::Error));
        known.then(|| DateFormat { format: format.to_owned(), offset })
    }

    /// A pattern of Java's DateTimeFormatter, for `parseDate`, as far as it has a strftime equal.
    pub fn java(pattern: &str, offset: FixedOffset) -> Option<DateFormat> {
        DateFormat::strftime(&from_java(pattern)?, offset)
    }

    pub fn format(&self, millis: i64) -> Option<String> {
        let moment = DateTime::from_timestamp_millis(millis)?.with_timezone(&self.offset);
        Some(moment.format(&self.format).to_string())
    }

    /// Milliseconds since 1970. A date without a time is its midnight.
    pub fn parse(&self, text: &str) -> Option<i64> {
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, StrftimeItems::new(&self.format)).ok()?;
        if let Ok(moment) = parsed.to_datetime() {
            return Some(moment.timestamp_millis());
        }
        let date = parsed.to_naive_date().ok().or_else(|| month_only(&parsed))?;
        let time = parsed.to_naive_time().unwrap_or(NaiveTime::MIN);
        let moment = self.offset.from_local_datetime(&date.and_time(time)).single()?;
        Some(moment.timestamp_millis())
    }
}

/// The first day of a month whose day is not given.
fn month_only(parsed: &Parsed) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(parsed.year()?, parsed.month().unwrap_or(1), parsed.day().unwrap_or(1))
}

/// A time zone as an offset: `UTC`, `Z`, `+09:00`. Names of places have no fixed offset and are not known.
pub fn parse_offset(zone: &str) -> Option<FixedOffset> {
    if ["UTC", "GMT", "Z", "Etc/UTC"].iter().any(|name| name.eq_ignore_ascii_case(zone)) {
        return FixedOffset::east_opt(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = zone.get(1..)?.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..)?.parse::<i32>().ok()?);
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

/// Letters of Java's patterns, in runs; text in single quotes stands for itself.
fn from_java(pattern: &str) -> Option<String> {
    let mut format = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (literal, after) = rest.get(1..)?.split_once('\'')?;
            format.push_str(&if literal.is_empty() { "'".to_owned() } else { literal.replace('%', "%%") });
            rest = after;
            continue;
        }
        let length = rest.chars().take_while(|next| *next == letter).count();
        if letter.is_ascii_alphabetic() {
            format.push_str(java_letter(letter, length)?);
        } else {
            format
                .extend(std::iter::repeat_n(if letter == '%' { "%%".to_owned() } else { letter.to_string() }, length));
        }
        rest = rest.get(length * letter.len_utf8()..)?;
    }
    Some(format)
}

fn java_letter(letter: char, length: usize) -> Option<&'static str> {
    Some(match (letter, length) {
        ('y' | 'u', 4) => "%Y",
        ('y' | 'u', 2) => "%y",
        ('M' | 'L', 1 | 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', 4) => "%B",
        ('d', 1 | 2) => "%d",
        ('D', 3) => "%j",
        ('E', 1..=3) => "%a",
        ('E', 4) => "%A",
        ('H', 1 | 2) => "%H",
        ('h', 1 | 2) => "%I",
        ('m', 1 | 2) => "%M",
        ('s', 1 | 2) => "%S",
        ('S', 3) => "%3f",
        ('S', 6) => "%6f",
        ('S', 9) => "%9f",
        ('a', 1) => "%p",
        ('X', 1..=3) | ('x', 1..=3) | ('Z', 5) => "%#z",
        ('Z', 1..=3) => "%z",
        _ => return None,
    })
}
