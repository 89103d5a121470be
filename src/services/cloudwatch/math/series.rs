//! Time series, and what is done to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::services::cloudwatch::store::MetricId;

use super::functions::{Each, Reduce};
use super::parse::Operator;

/// A value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not a number where there is none.
    Scalar(f64),
    Series(Series),
    List(Vec<Series>),
}

/// A time series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// How it is called where it is one of several.
    pub label: String,
    /// The metric it comes from, if it comes from one.
    pub origin: Option<Arc<Origin>>,
    /// Seconds between points.
    pub period: i64,
    /// Moments, in seconds, and values; in order.
    pub points: Vec<(i64, f64)>,
}

/// The metric, and the statistic of it, that a series shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub metric: MetricId,
    pub statistic: String,
}

impl Series {
    /// The same with other points; those that are no numbers are dropped.
    pub fn with(&self, points: impl IntoIterator<Item = (i64, f64)>) -> Series {
        let points = points.into_iter().filter(|(_, value)| value.is_finite()).collect();
        Series { points, ..self.clone_without_points() }
    }

    fn clone_without_points(&self) -> Series {
        Series { label: self.label.clone(), origin: self.origin.clone(), period: self.period, points: Vec::new() }
    }

    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|(_, value)| *value)
    }

    /// The value of a moment.
    pub fn at(&self, moment: i64) -> Option<f64> {
        let index = self.points.binary_search_by_key(&moment, |(at, _)| *at).ok()?;
        self.points.get(index).map(|(_, value)| *value)
    }

    pub fn each(&self, function: Each) -> Series {
        let pairs = || self.points.windows(2).filter_map(|pair| <[(i64, f64); 2]>::try_from(pair).ok());
        let points = |of: fn(f64) -> f64| self.with(self.points.iter().map(|(at, value)| (*at, of(*value))));
        match function {
            Each::Abs => points(f64::abs),
            Each::Ceil => points(f64::ceil),
            Each::Floor => points(f64::floor),
            Each::Log => points(f64::ln),
            Each::Log10 => points(f64::log10),
            Each::Diff => self.with(pairs().map(|[(_, before), (at, value)]| (at, value - before))),
            Each::DiffTime => self.with(pairs().map(|[(before, _), (at, _)]| (at, (at - before) as f64))),
            Each::Rate => self.with(
                pairs().map(|[(before_at, before), (at, value)]| (at, (value - before) / (at - before_at) as f64)),
            ),
            Each::RunningSum => {
                let mut sum = 0.0;
                self.with(self.points.iter().map(|(at, value)| {
                    sum += value;
                    (*at, sum)
                }))
            }
        }
    }

    /// Its values as one number; not a number where there is none.
    pub fn reduced(&self, function: Reduce) -> f64 {
        reduced(&self.values().collect::<Vec<_>>(), function)
    }
}

/// A series of what all have at each moment.
pub fn across(list: &[Series], function: Reduce) -> Series {
    let mut moments: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (at, value) in list.iter().flat_map(|series| series.points.iter().copied()) {
        moments.entry(at).or_default().push(value);
    }
    let points = moments.into_iter().map(|(at, mut values)| {
        if function == Reduce::Average {
            // "Missing values are treated as 0."
            values.resize(list.len().max(values.len()), 0.0);
        }
        (at, reduced(&values, function))
    });
    let period = list.iter().map(|series| series.period).max().unwrap_or_default();
    Series { period, ..Series::default() }.with(points)
}

fn reduced(values: &[f64], function: Reduce) -> f64 {
    let count = values.len() as f64;
    let sum: f64 = values.iter().sum();
    match function {
        Reduce::Average => sum / count,
        Reduce::DatapointCount => count,
        Reduce::Maximum => values.iter().copied().fold(f64::NAN, f64::max),
        Reduce::Minimum => values.iter().copied().fold(f64::NAN, f64::min),
        Reduce::Sum => sum,
        Reduce::StandardDeviation => {
            let mean = sum / count;
            (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
        }
    }
}

/// What an operator makes of two values.
pub fn combine(operator: Operator, left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Scalar(a), Value::Scalar(b)) => Value::Scalar(apply(operator, a, b)),
        (Value::Scalar(a), Value::Series(b)) => {
            Value::Series(b.with(b.points.iter().map(|(at, b)| (*at, apply(operator, a, *b)))))
        }
        (Value::Series(a), Value::Scalar(b)) => {
            Value::Series(a.with(a.points.iter().map(|(at, a)| (*at, apply(operator, *a, b)))))
        }
        (Value::Series(a), Value::Series(b)) => Value::Series(combined(operator, &a, &b)),
        (Value::List(a), Value::List(b)) => {
            Value::List(a.iter().zip(&b).map(|(a, b)| combined(operator, a, b)).collect())
        }
        (Value::List(a), b) => Value::List(a.into_iter().filter_map(|a| one(operator, a.into(), b.clone())).collect()),
        (a, Value::List(b)) => {
            let labelled = |b: Series| {
                let (label, origin) = (b.label.clone(), b.origin.clone());
                one(operator, a.clone(), b.into()).map(|series| Series { label, origin, ..series })
            };
            Value::List(b.into_iter().filter_map(labelled).collect())
        }
    }
}

impl From<Series> for Value {
    fn from(series: Series) -> Value {
        Value::Series(series)
    }
}

fn one(operator: Operator, left: Value, right: Value) -> Option<Series> {
    match combine(operator, left, right) {
        Value::Series(series) => Some(series),
        Value::Scalar(_) | Value::List(_) => None,
    }
}

/// Moments that either has; what the other does not have counts as 0.
fn combined(operator: Operator, left: &Series, right: &Series) -> Series {
    let (mut a, mut b) = (left.points.iter().copied().peekable(), right.points.iter().copied().peekable());
    let mut points = Vec::with_capacity(left.points.len().max(right.points.len()));
    loop {
        let at = match (a.peek(), b.peek()) {
            (Some((a, _)), Some((b, _))) => *a.min(b),
            (Some((at, _)), None) | (None, Some((at, _))) => *at,
            (None, None) => break,
        };
        let x = a.next_if(|(moment, _)| *moment == at).map_or(0.0, |(_, value)| value);
        let y = b.next_if(|(moment, _)| *moment == at).map_or(0.0, |(_, value)| value);
        points.push((at, apply(operator, x, y)));
    }
    let series = left.with(points);
    Series { period: left.period.max(right.period), ..series }
}

/// "The condition evaluates to FALSE if the value is 0, and to TRUE if the value is any other."
pub fn is_true(value: f64) -> bool {
    value != 0.0
}

fn apply(operator: Operator, a: f64, b: f64) -> f64 {
    let truth = |is: bool| f64::from(u8::from(is));
    match operator {
        Operator::Or => truth(is_true(a) || is_true(b)),
        Operator::And => truth(is_true(a) && is_true(b)),
        Operator::Equal => truth(a == b),
        Operator::Unequal => truth(a != b),
        Operator::AtMost => truth(a <= b),
        Operator::AtLeast => truth(a >= b),
        Operator::Below => truth(a < b),
        Operator::Above => truth(a > b),
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Power => a.powf(b),
    }
}
