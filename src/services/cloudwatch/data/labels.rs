//! What results are called: by what sets them apart, or by a text with dynamic values in it
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>).
//!
//! How AWS prints numbers and times in labels is not documented: numbers have up to three decimal places here, times
//! are ISO 8601 in the zone that was asked for, spans count days to seconds.

use chrono::{FixedOffset, Offset as _, Utc};

use crate::services::cloudwatch::faults;
use crate::services::cloudwatch::math::Series;
use crate::services::cloudwatch::store::MetricId;
use crate::wire::Fault;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::plan::Metric;

/// Dynamic values of a label.
const DYNAMIC_MAX: usize = 6;

/// What a metric may be told by.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    pub id: &'a MetricId,
    pub statistic: &'a str,
    pub period: i64,
}

impl<'a> Parts<'a> {
    pub fn of(metric: &'a Metric) -> Parts<'a> {
        Parts { id: &metric.id, statistic: &metric.statistic_text, period: metric.period }
    }
}

/// Labels that tell metrics apart by what differs between them. The name is left out only where it is the same for all
/// and dimensions differ.
pub fn by_difference(all: &[Parts]) -> Vec<String> {
    let differ = |of: &dyn Fn(&Parts) -> String| {
        let mut texts = all.iter().map(of);
        let first = texts.next();
        texts.any(|text| Some(text) != first)
    };
    let dimensions = |parts: &Parts| format!("{:?}", parts.id.dimensions);
    let values_differ = differ(&dimensions);
    let namespace = differ(&|parts| parts.id.namespace.to_string());
    let name = differ(&|parts| parts.id.name.to_string()) || !values_differ;
    let statistic = differ(&|parts| parts.statistic.to_owned());
    let period = differ(&|parts| parts.period.to_string());
    let common = |(name, value): &(Box<str>, Box<str>)| all.iter().all(|parts| parts.id.dimension(name) == Some(value));
    let label = |parts: &Parts| {
        let mut texts = Vec::new();
        texts.extend(namespace.then(|| parts.id.namespace.to_string()));
        let apart = parts.id.dimensions.iter().filter(|dimension| !common(dimension));
        let apart: Vec<_> = apart.map(|(_, value)| value.to_string()).collect();
        texts.extend((name || apart.is_empty()).then(|| parts.id.name.to_string()));
        let at = usize::from(namespace);
        texts.splice(at..at, apart);
        texts.extend(statistic.then(|| parts.statistic.to_owned()));
        texts.extend(period.then(|| parts.period.to_string()));
        texts.join(" ")
    };
    all.iter().map(label).collect()
}

/// A label with dynamic values.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    /// The default label.
    Label,
    /// A value of the series: its name.
    Value(&'static str),
    Property(String),
}

const VALUES: [&str; 19] = [
    "AVG",
    "DATAPOINT_COUNT",
    "FIRST",
    "FIRST_LAST_RANGE",
    "FIRST_LAST_TIME_RANGE",
    "FIRST_TIME",
    "FIRST_TIME_RELATIVE",
    "LAST",
    "LAST_TIME",
    "LAST_TIME_RELATIVE",
    "MAX",
    "MAX_TIME",
    "MAX_TIME_RELATIVE",
    "MIN",
    "MIN_MAX_RANGE",
    "MIN_MAX_TIME_RANGE",
    "MIN_TIME",
    "MIN_TIME_RELATIVE",
    "SUM",
];

/// What a label may tell beside the values of its series.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub label: &'a str,
    pub account: &'a AccountId,
    pub region: Region,
    pub now: Time,
    pub offset: Offset,
}

/// A time zone: so many minutes ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub struct Offset(FixedOffset);

impl Offset {
    /// How far ahead of UTC.
    pub fn seconds(self) -> i64 {
        i64::from(self.0.local_minus_utc())
    }

    /// Reads `+0130`; without a text, UTC.
    ///
    /// # Errors
    /// `ValidationError`
    pub fn parse(text: Option<&str>) -> Result<Offset, Fault> {
        let Some(text) = text else { return Ok(Offset(Utc.fix())) };
        let read = || {
            let (sign, digits) = text.split_at_checked(1)?;
            let is_right = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let (hours, minutes) = digits.split_at_checked(2).filter(|_| is_right)?;
            let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
            match sign {
                "+" => FixedOffset::east_opt(seconds),
                "-" => FixedOffset::west_opt(seconds),
                _ => None,
            }
        };
        read().map(Offset).ok_or_else(|| faults::timezone(text))
    }
}

impl Template {
    /// Reads a label.
    ///
    /// # Errors
    /// `ValidationError` for dynamic values that there are none of, or too many.
    pub fn parse(id: &str, text: &str) -> Result<Template, Fault> {
        let mut pieces = Vec::new();
        let (mut rest, mut labels, mut dynamic) = (text, 0, 0);
        while let Some((before, after)) = rest.split_once("${") {
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
            let at = text.len() - after.len() - 1;
            let wrong = |what: &str| faults::label(id, at, what);
            let (name, behind) = after.split_once('}').ok_or_else(|| wrong("Unclosed dynamic value"))?;
            let piece = Piece::parse(name).ok_or_else(|| wrong("Unknown dynamic value"))?;
            labels += usize::from(matches!(piece, Piece::Label));
            dynamic += 1;
            if labels > 1 {
                return Err(wrong("A second ${LABEL}"));
            }
            if dynamic > DYNAMIC_MAX {
                return Err(wrong("More than six dynamic values"));
            }
            pieces.push(piece);
            rest = behind;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        Ok(Template { text: text.to_owned(), pieces })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing in it is dynamic.
    pub fn is_plain(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// The label of a series.
    pub fn label(&self, series: &Series, facts: &Facts) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Label => facts.label.to_owned(),
            Piece::Value(name) => value(name, series, facts).unwrap_or_else(|| "--".to_owned()),
            Piece::Property(name) => property(name, series, facts).unwrap_or_default(),
        };
        self.pieces.iter().map(piece).collect()
    }
}

impl Piece {
    fn parse(name: &str) -> Option<Piece> {
        if name == "LABEL" {
            return Some(Piece::Label);
        }
        if let Some(property) = name.strip_prefix("PROP('").and_then(|rest| rest.strip_suffix("')")) {
            const PROPERTIES: [&str; 7] =
                ["AccountId", "AccountLabel", "MetricName", "Namespace", "Period", "Region", "Stat"];
            let is_known = PROPERTIES.contains(&property) || property.starts_with("Dim.");
            return is_known.then(|| Piece::Property(property.to_owned()));
        }
        VALUES.into_iter().find(|known| *known == name).map(Piece::Value)
    }
}

fn property(name: &str, series: &Series, facts: &Facts) -> Option<String> {
    let origin = series.origin.as_ref();
    Some(match name {
        "AccountId" | "AccountLabel" => facts.account.to_string(),
        "Region" => facts.region.to_string(),
        "Period" => series.period.to_string(),
        "MetricName" => origin?.metric.name.to_string(),
        "Namespace" => origin?.metric.namespace.to_string(),
        "Stat" => origin?.statistic.clone(),
        _ => origin?.metric.dimension(name.strip_prefix("Dim.")?)?.to_owned(),
    })
}

fn value(name: &str, series: &Series, facts: &Facts) -> Option<String> {
    let points = &series.points;
    let (first, last) = (points.first(), points.last());
    let least = points.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let most = points.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    let sum: f64 = series.values().sum();
    let number = |value: f64| Some(format!("{}", (value * 1000.0).round() / 1000.0));
    let time = |point: Option<&(i64, f64)>| {
        let time = Time::from_timestamp(point?.0, 0)?.with_timezone(&facts.offset.0);
        Some(time.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    let ago = |point: Option<&(i64, f64)>| Some(elapsed(facts.now.timestamp() - point?.0));
    let apart = |a: Option<&(i64, f64)>, b: Option<&(i64, f64)>| Some(elapsed(a?.0 - b?.0));
    match name {
        "AVG" => number(sum / points.len() as f64).filter(|_| !points.is_empty()),
        "DATAPOINT_COUNT" => Some(points.len().to_string()),
        "FIRST" => number(first?.1),
        "FIRST_LAST_RANGE" => number(last?.1 - first?.1),
        "FIRST_LAST_TIME_RANGE" => apart(last, first),
        "FIRST_TIME" => time(first),
        "FIRST_TIME_RELATIVE" => ago(first),
        "LAST" => number(last?.1),
        "LAST_TIME" => time(last),
        "LAST_TIME_RELATIVE" => ago(last),
        "MAX" => number(most?.1),
        "MAX_TIME" => time(most),
        "MAX_TIME_RELATIVE" => ago(most),
        "MIN" => number(least?.1),
        "MIN_MAX_RANGE" => number(most?.1 - least?.1),
        "MIN_MAX_TIME_RANGE" => apart(most, least),
        "MIN_TIME" => time(least),
        "MIN_TIME_RELATIVE" => ago(least),
        "SUM" => number(sum).filter(|_| !points.is_empty()),
        _ => None,
    }
}

/// `1d2h3m4s`, without what is zero.
fn elapsed(seconds: i64) -> String {
    let seconds = seconds.abs();
    let units = [(seconds / 86_400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let text: String = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}
