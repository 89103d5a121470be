//! Functions of many rows (CWL_QuerySyntax-Stats). What they hold can be merged, and does not depend on the order in
//! which rows came.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::exact::Sum;
use super::functions;
use super::value::{Value, sort_order};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregate {
    /// `count(*)`.
    Count,
    CountPresent,
    CountDistinct,
    Sum,
    Average,
    Least,
    Most,
    Percentile(f64),
    /// The population's, as AWS documents `variance`.
    Variance,
    Deviation,
    Values,
    Top(usize),
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

/// `rate` is documented without saying what it computes, and is not built.
const NAMES: [&str; 21] = [
    "count",
    "countovertime",
    "countdistinct",
    "sum",
    "sumovertime",
    "avg",
    "min",
    "max",
    "pct",
    "percentile",
    "median",
    "stddev",
    "variance",
    "values",
    "collectvalues",
    "topk",
    "earliest",
    "latest",
    "sortsfirst",
    "sortslast",
    "rate",
];

/// Whether a function belongs into `stats`.
pub fn is_aggregate(name: &str) -> bool {
    NAMES.contains(&functions::plain(name).as_str())
}

impl Aggregate {
    /// The function of a plain name and the number it takes.
    pub fn named(plain: &str, parameter: Option<f64>) -> Option<Aggregate> {
        Some(match plain {
            "count" | "countovertime" => Aggregate::CountPresent,
            "countdistinct" => Aggregate::CountDistinct,
            "sum" | "sumovertime" => Aggregate::Sum,
            "avg" => Aggregate::Average,
            "min" => Aggregate::Least,
            "max" => Aggregate::Most,
            "pct" | "percentile" => Aggregate::Percentile(parameter?),
            "median" => Aggregate::Percentile(50.0),
            "stddev" => Aggregate::Deviation,
            "variance" => Aggregate::Variance,
            "values" | "collectvalues" => Aggregate::Values,
            "topk" => Aggregate::Top(parameter? as usize),
            "earliest" => Aggregate::Earliest,
            "latest" => Aggregate::Latest,
            "sortsfirst" => Aggregate::SortsFirst,
            "sortslast" => Aggregate::SortsLast,
            _ => return None,
        })
    }

    pub fn start(self) -> State {
        match self {
            Aggregate::Count | Aggregate::CountPresent => State::Count(0),
            Aggregate::CountDistinct => State::Distinct(HashSet::new()),
            Aggregate::Sum | Aggregate::Average => State::Sum(Sum::default(), 0),
            Aggregate::Percentile(_) | Aggregate::Variance | Aggregate::Deviation => State::Numbers(Vec::new()),
            Aggregate::Values | Aggregate::Top(_) => State::Frequencies(BTreeMap::new()),
            Aggregate::Earliest | Aggregate::Latest => State::Timed(None),
            Aggregate::Least | Aggregate::Most | Aggregate::SortsFirst | Aggregate::SortsLast => State::Chosen(None),
        }
    }
}

/// What an aggregate knows of the rows so far.
#[derive(Clone, Debug)]
pub enum State {
    Count(u64),
    Distinct(HashSet<String>),
    Sum(Sum, u64),
    Numbers(Vec<f64>),
    Frequencies(BTreeMap<String, u64>),
    Timed(Option<(i64, Value<'static>)>),
    Chosen(Option<Value<'static>>),
}

impl State {
    /// Takes a row in: the argument's value and the time of the log event. Absent values do not count.
    pub fn add(&mut self, aggregate: Aggregate, value: Value, time: i64) {
        if let (State::Count(count), Aggregate::Count) = (&mut *self, aggregate) {
            *count += 1;
            return;
        }
        let value = match value {
            Value::Absent | Value::Structure(_) => return,
            // Of times, results tell the milliseconds.
            Value::Time(time) => Value::Number(time as f64),
            other => other,
        };
        match self {
            State::Count(count) => *count += 1,
            State::Distinct(texts) => insert(texts, value),
            State::Sum(sum, count) => {
                if let Some(number) = value.to_number() {
                    sum.add(number);
                    *count += 1;
                }
            }
            State::Numbers(numbers) => numbers.extend(value.to_number()),
            State::Frequencies(counts) => *counts.entry(value.show().unwrap_or_default()).or_default() += 1,
            State::Timed(chosen) => {
                if chosen.as_ref().is_none_or(|(at, known)| later(aggregate, (time, &value), (*at, known))) {
                    *chosen = Some((time, value.into_owned()));
                }
            }
            State::Chosen(chosen) => {
                if chosen.as_ref().is_none_or(|known| better(aggregate, &value, known)) {
                    *chosen = Some(value.into_owned());
                }
            }
        }
    }

    pub fn merge(&mut self, aggregate: Aggregate, other: State) {
        match (self, other) {
            (State::Count(count), State::Count(more)) => *count += more,
            (State::Distinct(texts), State::Distinct(more)) => texts.extend(more),
            (State::Sum(sum, count), State::Sum(more, many)) => {
                sum.merge(&more);
                *count += many;
            }
            (State::Numbers(numbers), State::Numbers(more)) => numbers.extend(more),
            (State::Frequencies(counts), State::Frequencies(more)) => {
                more.into_iter().for_each(|(text, count)| *counts.entry(text).or_default() += count);
            }
            (state, State::Timed(Some((time, value)))) => state.add(aggregate, value, time),
            (state, State::Chosen(Some(value))) => state.add(aggregate, value, 0),
            _ => {}
        }
    }

    pub fn result(self, aggregate: Aggregate) -> Value<'static> {
        match self {
            State::Count(count) => Value::Number(count as f64),
            State::Distinct(texts) => Value::Number(texts.len() as f64),
            State::Sum(_, 0) => Value::Absent,
            State::Sum(sum, _) if aggregate == Aggregate::Sum => Value::number(sum.value()),
            State::Sum(sum, count) => Value::number(sum.value() / count as f64),
            State::Numbers(numbers) => of_numbers(aggregate, numbers),
            State::Frequencies(counts) => listed(aggregate, counts),
            State::Timed(chosen) => chosen.map_or(Value::Absent, |(_, value)| value),
            State::Chosen(chosen) => chosen.unwrap_or(Value::Absent),
        }
    }
}

fn insert(texts: &mut HashSet<String>, value: Value) {
    if let Some(text) = value.into_text()
        && !texts.contains(text.as_ref())
    {
        texts.insert(text.into_owned());
    }
}

/// Of events of the same time, the value that sorts last.
fn later(aggregate: Aggregate, (time, value): (i64, &Value), (known_time, known): (i64, &Value)) -> bool {
    let order = time.cmp(&known_time);
    let order = if aggregate == Aggregate::Earliest { order.reverse() } else { order };
    order.then_with(|| sort_order(value, known)) == Ordering::Greater
}

fn better(aggregate: Aggregate, value: &Value, known: &Value) -> bool {
    let order = sort_order(value, known);
    match aggregate {
        Aggregate::Least | Aggregate::SortsFirst => order == Ordering::Less,
        _ => order == Ordering::Greater,
    }
}

fn of_numbers(aggregate: Aggregate, mut numbers: Vec<f64>) -> Value<'static> {
    if numbers.is_empty() {
        return Value::Absent;
    }
    numbers.sort_unstable_by(f64::total_cmp);
    match aggregate {
        Aggregate::Percentile(percent) => Value::number(percentile(&numbers, percent)),
        Aggregate::Variance => Value::number(variance(&numbers)),
        _ => Value::number(variance(&numbers).sqrt()),
    }
}

/// The smallest number that so many percent of the numbers do not exceed.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

fn variance(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count
}

/// All values in order, or the most frequent ones first.
fn listed(aggregate: Aggregate, counts: BTreeMap<String, u64>) -> Value<'static> {
    let mut entries: Vec<(String, u64)> = counts.into_iter().collect();
    entries.sort_by(|left, right| sort_order(&Value::text(&left.0), &Value::text(&right.0)));
    if let Aggregate::Top(most) = aggregate {
        entries.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        entries.truncate(most);
    }
    if entries.is_empty() {
        return Value::Absent;
    }
    let list: Vec<serde_json::Value> = entries.into_iter().map(|(text, _)| text.into()).collect();
    Value::Structure(Arc::new(list.into()))
}
