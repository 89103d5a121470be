//! What to do with log events: stages between `stats` commands, in each steps that rows go through one by one.

mod build;
mod running;
mod scope;
mod sides;
mod stats;

use super::aggregate::Aggregate;
use super::ast::Shift;
use super::discovery::Wanted;
use super::extract::Extractor;
use super::inner::{Inner, Table};
use super::node::{Node, Slot};

pub use build::compile;

#[derive(Debug)]
pub struct Plan {
    /// The first reads log events, the others the rows of the one before.
    pub stages: Vec<Stage>,
    /// The fields `filterIndex` names.
    pub indexed: Vec<String>,
    /// The queries that run before.
    pub inner: Vec<Inner>,
    /// What is found feeds another query, which wants all of it.
    pub feeds: bool,
}

#[derive(Debug)]
pub struct Stage {
    /// Where the value of each slot comes from.
    pub slots: Vec<Origin>,
    pub wanted: Wanted,
    pub steps: Vec<Step>,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Timestamp,
    IngestionTime,
    Message,
    LogStream,
    Log,
    Account,
    Ptr,
    /// A position in what was discovered.
    Discovered(usize),
    /// A column of the stage before, or set by a step.
    Computed,
}

/// What happens to one row. Some steps make several of it.
#[derive(Debug)]
pub enum Step {
    Filter(Node),
    Set(Slot, Node),
    Parse {
        subject: Node,
        extractor: Extractor,
        slots: Vec<Slot>,
    },
    Unnest {
        list: Node,
        slot: Slot,
        texts: bool,
    },
    /// A row for each right one of the same key, whose columns go to the slots.
    Join {
        key: Node,
        table: Table,
        slots: Vec<Slot>,
        outer: bool,
    },
}

/// What becomes of the rows that passed all steps.
#[derive(Debug)]
pub enum End {
    Rows(Tail),
    Stats(Stats),
    Pattern(Patterns),
}

/// Sorting, cutting and showing.
#[derive(Debug)]
pub struct Tail {
    /// Expressions to sort by, and whether descending.
    pub keys: Vec<(Node, bool)>,
    pub rest: Vec<TailStep>,
    /// Names and places of what is shown.
    pub columns: Vec<(String, Slot)>,
    /// The slots that the tail reads.
    pub carried: Vec<Slot>,
    /// Log events come with their pointer.
    pub ptr: bool,
    /// `limit any`: as soon as there are so many, no more need be read.
    pub enough: Option<usize>,
}

#[derive(Debug)]
pub enum TailStep {
    Sort(Vec<(Node, bool)>),
    Limit(usize),
    Dedup(Vec<Node>),
    Step(Step),
    Running(Running),
}

/// What looks at the rows before.
#[derive(Debug)]
pub enum Running {
    /// The sum of all rows so far.
    Sum(Node, Slot),
    /// Values of rows so far before.
    Lag(Node, Vec<(usize, Slot)>),
    /// Where there is no value, the last one that was there.
    Fill(Vec<Slot>),
}

impl Running {
    pub fn each_slot(&self, visit: &mut impl FnMut(Slot)) {
        match self {
            Running::Sum(node, _) | Running::Lag(node, _) => node.each_slot(visit),
            Running::Fill(slots) => slots.iter().for_each(|slot| visit(*slot)),
        }
    }
}

/// Rows grouped and summed up. The next stage's first slots are the groups' values, then the aggregates'.
#[derive(Debug)]
pub struct Stats {
    pub groups: Vec<Node>,
    pub aggregates: Vec<(Aggregate, Option<Node>)>,
}

/// `pattern`, and `diff` after it. The next stage's slots are [`PATTERN_COLUMNS`] or [`DIFF_COLUMNS`].
#[derive(Debug)]
pub struct Patterns {
    pub subject: Node,
    pub diff: Option<Shift>,
}

pub const PATTERN_COLUMNS: [&str; 4] = ["@pattern", "@ratio", "@sampleCount", "@severityLabel"];
pub const DIFF_COLUMNS: [&str; 5] =
    ["@pattern", "@sampleCount", "@diffEventCount", "@differenceDescription", "@severityLabel"];

impl Plan {
    /// The names of what is shown.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let columns = match self.stages.last().map(|stage| &stage.end) {
            Some(End::Rows(tail)) => &tail.columns[..],
            _ => &[],
        };
        columns.iter().map(|(name, _)| name.as_str())
    }

    /// What `diff` compares with, if the query has it.
    pub fn shift(&self) -> Option<Shift> {
        self.stages.iter().find_map(|stage| match &stage.end {
            End::Pattern(patterns) => patterns.diff,
            _ => None,
        })
    }
}

impl Step {
    pub fn each_slot(&self, visit: &mut impl FnMut(Slot)) {
        match self {
            Step::Filter(node) | Step::Set(_, node) => node.each_slot(visit),
            Step::Parse { subject, .. } => subject.each_slot(visit),
            Step::Unnest { list, .. } => list.each_slot(visit),
            Step::Join { key, .. } => key.each_slot(visit),
        }
    }
}
