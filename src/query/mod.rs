//! CloudWatch Logs Insights QL: from a query's text and log events to rows. `tests/insights/` is its manual.
//!
//! ```text
//! text ── lexer, parser ──> ast ── plan ──> stages of steps ── execute ──> rows
//! ```
//!
//! The module knows log events as [`Line`]s and nothing of where they come from. What it does not support is an error
//! with its place, never a wrong row.

mod aggregate;
mod ast;
mod discovery;
mod exact;
mod execute;
mod extract;
mod faults;
mod functions;
mod groups;
mod inner;
mod lexer;
mod node;
mod order;
mod parser;
mod pattern;
mod period;
mod plan;
mod print;
mod rows;
mod source;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Months};

pub use discovery::fields_of;
pub use execute::Execution;
pub use faults::CompileError;
pub use inner::Found;
pub use source::{Source, TagFilter};

use ast::{Script, Shift};
use faults::{Fault, Span};
use plan::Plan;

/// A log event as queries see it. Times are milliseconds since 1970.
pub struct Line<'a> {
    pub timestamp_ms: i64,
    pub ingestion_ms: i64,
    pub message: &'a str,
    pub stream: &'a str,
    /// `ACCOUNT:GROUP`.
    pub log: &'a str,
    /// Makes `@ptr`, which is different for each event. Asked only for events that may be shown.
    pub ptr: &'a dyn Fn() -> String,
}

/// When a query runs, over which time, and how many rows it may give. Milliseconds since 1970, both ends included.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub start_ms: i64,
    pub end_ms: i64,
    /// `StartQuery`'s limit.
    pub limit: Option<usize>,
    pub now_ms: i64,
}

/// A query that can run, once the queries inside of it have.
#[derive(Debug)]
pub struct Query {
    text: Arc<str>,
    script: Script,
    plan: Arc<Plan>,
    inner: Vec<Query>,
}

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// Names and values in the order in which they are shown. Absent values are left out; log events end with `@ptr`.
    pub rows: Vec<Vec<(String, String)>>,
    /// Log events that passed the filters.
    pub records_matched: u64,
    pub records_scanned: u64,
    /// Bytes of the scanned events' messages.
    pub bytes_scanned: u64,
}

impl Query {
    /// Compiles a query, or tells the first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Query, CompileError> {
        let script = parser::parse(text).map_err(|fault| fault.locate(text))?;
        if script.commands.is_empty() && script.source.is_none() {
            let span = Span { start: text.len(), end: text.len() };
            return Err(faults::empty(span).locate(text));
        }
        Query::compile(text.into(), script).map_err(|fault| fault.locate(text))
    }

    fn compile(text: Arc<str>, script: Script) -> Result<Query, Fault> {
        let plan = plan::compile(&script, &text, &[])?;
        let inner = plan.inner.iter().map(|inner| inner.query(&text)).collect::<Result<_, _>>()?;
        Ok(Query { text, script, plan: Arc::new(plan), inner })
    }

    /// Subqueries and the right sides of joins, which run before this query, each over the log groups of its own
    /// `SOURCE` and the same time.
    pub fn inner(&self) -> &[Query] {
        &self.inner
    }

    /// The query with what the queries inside of it found, in their order.
    ///
    /// # Errors
    /// They found more than there may be.
    pub fn resolved(&self, found: &[Found]) -> Result<Query, CompileError> {
        let plan = plan::compile(&self.script, &self.text, found).map_err(|fault| fault.locate(&self.text))?;
        Ok(Query { text: self.text.clone(), script: self.script.clone(), plan: Arc::new(plan), inner: Vec::new() })
    }

    /// The log groups that the query names, if its text begins with `SOURCE`.
    pub fn source(&self) -> Option<&Source> {
        self.script.source.as_ref()
    }

    /// The fields of `filterIndex`. Only log groups that are indexed on all of them are to be read.
    pub fn indexed(&self) -> &[String] {
        &self.plan.indexed
    }

    /// The times whose events are to be fed, both ends included. `diff` has a second one, which may overlap the first;
    /// an event in both is fed once.
    pub fn ranges(&self, bounds: Bounds) -> Vec<(i64, i64)> {
        let now = (bounds.start_ms, bounds.end_ms);
        match self.plan.shift() {
            Some(shift) => vec![now, shifted(shift, now)],
            None => vec![now],
        }
    }

    /// Begins a run. Runs over parts of the events can be merged. A query with others inside must be resolved before.
    pub fn execution(&self, bounds: Bounds) -> Execution {
        debug_assert!(self.inner.is_empty(), "{self} needs what its inner queries find");
        Execution::new(self.plan.clone(), bounds, self.ranges(bounds))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.script.fmt(out)
    }
}

/// The time that `diff` compares with, as long as the query's own (CWL_QuerySyntax-Diff).
fn shifted(shift: Shift, (start, end): (i64, i64)) -> (i64, i64) {
    const DAY: i64 = 86_400_000;
    let length = end.saturating_sub(start);
    let before = match shift {
        Shift::Preceding => start.saturating_sub(length).saturating_sub(1),
        Shift::Day => start.saturating_sub(DAY),
        Shift::Week => start.saturating_sub(7 * DAY),
        Shift::Month => {
            let moment = DateTime::from_timestamp_millis(start);
            let before = moment.and_then(|moment| moment.checked_sub_months(Months::new(1)));
            before.map_or(start, |before| before.timestamp_millis())
        }
    };
    (before, before.saturating_add(length))
}
