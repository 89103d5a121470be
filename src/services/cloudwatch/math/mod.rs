//! Metric math: expressions over time series
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>).
//!
//! A text becomes a tree ([`parse`]), the tree a type ([`check`]) and, once the series are there, a value ([`evaluate`]).
//! All that can be refused is refused before there is any data: evaluating cannot fail.
//!
//! Where the page is silent:
//!
//! - `^` binds tighter than a sign, and to the right; comparisons bind less than sums, `AND` less than those, `OR` least.
//! - Between two arrays, operators pair series by their places, as far as the shorter array goes.
//! - `STDDEV` is that of a whole population. Where a function has no result (`LOG(0)`, an average of nothing), the data
//!   point is dropped, as AWS says of divisions by zero.

mod anomaly;
mod check;
mod evaluate;
mod flaw;
mod functions;
mod lexer;
mod parse;
mod series;
#[cfg(test)]
mod tests;

pub use anomaly::{Adaptation, Bounds, Filtering, HISTORY, Past, Training, is_enough};
pub use check::{Names, check};
pub use evaluate::{Scope, evaluate};
pub use flaw::{Flaw, Kind as FlawKind};
pub use functions::Function;
pub use parse::{Kind, Node, parse};
pub use series::{Origin, Series, Value};

/// What an expression, or a part of one, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `S`: a number.
    Scalar,
    /// `TS`: a time series.
    Series,
    /// `TS[]`: an array of time series.
    List,
    /// A text between quotes.
    Text,
    /// A word that stands for a way to do something: `REPEAT`, `DESC`.
    Word,
}
