//! From an expression that was checked to its value.

use chrono::{Datelike, Timelike};

use crate::services::cloudwatch::window::Window;
use crate::world::time::Time;

use super::anomaly::{self, Past};
use super::functions::{Function, Moment, Reduce};
use super::parse::{Kind, Node};
use super::series::{Series, Value, across, combine, is_true};

/// What an expression can look at.
pub trait Scope {
    /// The value of an id.
    fn value(&self, id: &str) -> Value;

    /// The metrics of the request, with their ids, in its order.
    fn metrics(&self) -> Vec<(String, Series)>;

    /// What a search finds: its text and statistic, and its period if it says one.
    fn search(&self, text: &str, statistic: &str, period: Option<i64>) -> Vec<Series>;

    /// What is known of a part of the expression from the time before the one that is asked for.
    fn past(&self, node: &Node) -> Option<Past>;

    /// Whether so many more data points may be made.
    fn allows(&self, points: usize) -> bool;

    /// The time that is asked for, in periods of so many seconds; by itself, in those of the query.
    fn window(&self, period: Option<i64>) -> Window;
}

/// The value of an expression. What its types do not allow, [`check`](super::check()) has refused.
/// Where more data points would be made than the scope allows, there are none.
pub fn evaluate(node: &Node, scope: &dyn Scope) -> Value {
    let value = evaluate_whole(node, scope);
    let size = match &value {
        Value::Scalar(_) => return value,
        Value::Series(series) => series.points.len(),
        Value::List(list) => list.iter().map(|series| series.points.len() + 1).sum(),
    };
    match value {
        value if scope.allows(size) => value,
        Value::List(_) => Value::List(Vec::new()),
        _ => Value::Series(Series::default()),
    }
}

fn evaluate_whole(node: &Node, scope: &dyn Scope) -> Value {
    match &node.kind {
        Kind::Number(number) => Value::Scalar(*number),
        Kind::Text(_) | Kind::Word(_) => Value::Scalar(f64::NAN),
        Kind::Id(id) => scope.value(id),
        Kind::List(items) => Value::List(items.iter().flat_map(|item| list(evaluate(item, scope))).collect()),
        Kind::Negative(of) => combine(super::parse::Operator::Multiply, Value::Scalar(-1.0), evaluate(of, scope)),
        Kind::Binary(operator, left, right) => combine(*operator, evaluate(left, scope), evaluate(right, scope)),
        Kind::Call { function, arguments, .. } => Call { arguments, scope }.value(*function),
    }
}

fn list(value: Value) -> Vec<Series> {
    match value {
        Value::List(list) => list,
        Value::Series(series) => vec![series],
        Value::Scalar(_) => Vec::new(),
    }
}

fn mapped(value: Value, of: impl Fn(&Series) -> Series) -> Value {
    match value {
        Value::Series(series) => Value::Series(of(&series)),
        Value::List(list) => Value::List(list.iter().map(of).collect()),
        Value::Scalar(number) => Value::Scalar(number),
    }
}

struct Call<'a> {
    arguments: &'a [Node],
    scope: &'a dyn Scope,
}

impl Call<'_> {
    fn value(&self, function: Function) -> Value {
        match function {
            Function::Each(each) => mapped(self.argument(0), |series| series.each(each)),
            Function::Reduce(reduce) => match self.argument(0) {
                Value::Series(series) => Value::Scalar(series.reduced(reduce)),
                other => Value::Series(across(&list(other), reduce)),
            },
            Function::Moment(moment) => Value::Series(self.moments(moment)),
            Function::AnomalyDetectionBand => Value::List(self.band()),
            Function::Fill => self.filled(),
            Function::First => Value::Series(self.list(0).into_iter().next().unwrap_or_default()),
            Function::Last => Value::Series(self.list(0).pop().unwrap_or_default()),
            Function::If => Value::Series(self.chosen()),
            Function::MetricCount => Value::Scalar(self.list(0).len() as f64),
            Function::Metrics => Value::List(self.metrics()),
            Function::Period => Value::Scalar(self.series(0).period as f64),
            Function::RemoveEmpty => {
                Value::List(self.list(0).into_iter().filter(|series| !series.points.is_empty()).collect())
            }
            Function::Search => Value::List(self.found()),
            Function::Slice => Value::List(self.sliced()),
            Function::Sort => Value::List(self.sorted()),
            Function::TimeSeries => {
                let (value, window) = (self.scalar(0).unwrap_or(f64::NAN), self.scope.window(None));
                let series = Series { period: window.period, ..Series::default() };
                Value::Series(series.with(window.moments().map(|at| (at, value))))
            }
            Function::NotBuilt => Value::List(Vec::new()),
        }
    }

    fn argument(&self, index: usize) -> Value {
        self.arguments.get(index).map_or(Value::Scalar(f64::NAN), |node| evaluate(node, self.scope))
    }

    fn list(&self, index: usize) -> Vec<Series> {
        list(self.argument(index))
    }

    fn series(&self, index: usize) -> Series {
        self.list(index).into_iter().next().unwrap_or_default()
    }

    fn scalar(&self, index: usize) -> Option<f64> {
        match self.argument(index) {
            Value::Scalar(number) if !number.is_nan() => Some(number),
            _ => None,
        }
    }

    fn text(&self, index: usize) -> Option<&str> {
        match &self.arguments.get(index)?.kind {
            Kind::Text(text) | Kind::Word(text) => Some(text),
            _ => None,
        }
    }

    /// "A new non-sparse time series where each value is based on its timestamp."
    fn moments(&self, moment: Moment) -> Series {
        let series = self.series(0);
        let window = self.scope.window(Some(series.period).filter(|period| *period > 0));
        series.with(window.moments().filter_map(|at| Some((at, part(moment, at)?))))
    }

    fn band(&self) -> Vec<Series> {
        let series = self.series(0);
        let window = self.scope.window(Some(series.period).filter(|period| *period > 0));
        let past = self.arguments.first().and_then(|node| self.scope.past(node)).unwrap_or_default();
        anomaly::band(&past, window.moments(), self.scalar(1).unwrap_or(2.0), &series).to_vec()
    }

    fn filled(&self) -> Value {
        let by = match (self.text(1), self.argument(1)) {
            (Some("REPEAT"), _) => Filler::Repeat,
            (Some(_), _) => Filler::Linear,
            (None, Value::Scalar(number)) => Filler::Number(number),
            (None, other) => Filler::Series(list(other).into_iter().next().unwrap_or_default()),
        };
        mapped(self.argument(0), |series| {
            let window = self.scope.window(Some(series.period).filter(|period| *period > 0));
            by.fill(series, window)
        })
    }

    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#using-IF-expressions>
    fn chosen(&self) -> Series {
        let (then, otherwise) = (self.argument(1), (self.arguments.len() > 2).then(|| self.argument(2)));
        let condition = match self.argument(0) {
            Value::Scalar(number) if is_true(number) => return list(then).into_iter().next().unwrap_or_default(),
            Value::Scalar(_) => return otherwise.and_then(|value| list(value).into_iter().next()).unwrap_or_default(),
            other => list(other).into_iter().next().unwrap_or_default(),
        };
        // As the page's tables have it: what is missing counts as 0 beside a series, but not beside a number.
        let missing = if matches!(then, Value::Series(_)) { Some(0.0) } else { None };
        let pick = |value: &Value, at: i64| match value {
            Value::Scalar(number) => Some(*number),
            Value::Series(series) => series.at(at).or(missing),
            Value::List(_) => None,
        };
        let points = condition.points.iter().filter_map(|(at, truth)| {
            let value = if is_true(*truth) { pick(&then, *at) } else { pick(otherwise.as_ref()?, *at) };
            Some((*at, value?))
        });
        condition.with(points)
    }

    fn metrics(&self) -> Vec<Series> {
        let part = self.text(0).unwrap_or_default();
        let all = self.scope.metrics().into_iter();
        all.filter(|(id, _)| id.contains(part)).map(|(_, series)| series).collect()
    }

    fn found(&self) -> Vec<Series> {
        let (text, statistic) = (self.text(0).unwrap_or_default(), self.text(1).unwrap_or_default());
        self.scope.search(text, statistic, self.scalar(2).map(|period| period as i64))
    }

    /// From zero: the first that is wanted, and the first that is not any more.
    fn sliced(&self) -> Vec<Series> {
        let list = self.list(0);
        let bound =
            |index, other| self.scalar(index).map_or(other, |number| (number.max(0.0) as usize).min(list.len()));
        let (start, end) = (bound(1, 0), bound(2, list.len()));
        list.get(start..end).unwrap_or_default().to_vec()
    }

    /// Series without data points come last.
    fn sorted(&self) -> Vec<Series> {
        let function = match self.text(1) {
            Some("AVG") => Reduce::Average,
            Some("MAX") => Reduce::Maximum,
            Some("MIN") => Reduce::Minimum,
            _ => Reduce::Sum,
        };
        let descending = self.text(2) == Some("DESC");
        let mut list: Vec<_> = self.list(0).into_iter().map(|series| (series.reduced(function), series)).collect();
        list.sort_by(|(a, _), (b, _)| match a.is_nan().cmp(&b.is_nan()) {
            std::cmp::Ordering::Equal if descending => b.total_cmp(a),
            std::cmp::Ordering::Equal => a.total_cmp(b),
            order => order,
        });
        let limit = self.scalar(3).map_or(usize::MAX, |limit| limit.max(0.0) as usize);
        list.into_iter().take(limit).map(|(_, series)| series).collect()
    }
}

/// What missing data points become.
enum Filler {
    Number(f64),
    Series(Series),
    Repeat,
    Linear,
}

impl Filler {
    fn fill(&self, series: &Series, window: Window) -> Series {
        let mut before: Option<(i64, f64)> = None;
        let mut known = series.points.iter().copied().peekable();
        let mut points = Vec::new();
        for at in window.moments() {
            // A moment that is not one of the window's stays where it is.
            while let Some(point) = known.next_if(|(moment, _)| *moment <= at) {
                points.push(point);
                before = Some(point);
            }
            if before.is_none_or(|(moment, _)| moment != at) {
                points.extend(self.value(at, before, known.peek().copied()).map(|value| (at, value)));
            }
        }
        points.extend(known);
        series.with(points)
    }

    fn value(&self, at: i64, before: Option<(i64, f64)>, after: Option<(i64, f64)>) -> Option<f64> {
        match self {
            Filler::Number(number) => Some(*number),
            Filler::Series(series) => series.at(at),
            Filler::Repeat => before.map(|(_, value)| value),
            Filler::Linear => {
                let ((start, first), (end, last)) = before.zip(after)?;
                Some(first + (last - first) * (at - start) as f64 / (end - start) as f64)
            }
        }
    }
}

fn part(moment: Moment, at: i64) -> Option<f64> {
    let time = Time::from_timestamp(at, 0)?;
    Some(match moment {
        Moment::Minute => f64::from(time.minute()),
        Moment::Hour => f64::from(time.hour()),
        // From Monday, which is 1.
        Moment::Day => f64::from(time.weekday().number_from_monday()),
        Moment::Date => f64::from(time.day()),
        Moment::Month => f64::from(time.month()),
        Moment::Year => f64::from(time.year()),
        Moment::Epoch => at as f64,
    })
}
