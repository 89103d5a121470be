//! What can be wrong with an expression, and where.

/// What is wrong, at a character counted from one.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    pub at: usize,
    pub kind: Kind,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Something else was expected.
    Syntax(&'static str),
    /// A function that there is none of.
    NoFunction(String),
    /// A function of AWS that is not built.
    NotBuilt(&'static str),
    /// An id that no query has.
    NoId(String),
    /// Ids that need each other.
    Cycle(String),
    /// Arguments that a function does not take; what it takes.
    Arguments(&'static str, &'static str),
    /// Values that an operator does not go between.
    Operands(&'static str),
    /// The whole is no time series.
    NoSeries,
    /// A period that can be told neither from the query nor from the metrics in the expression.
    NoPeriod,
    /// A period that metrics do not have.
    Period,
    /// What is no statistic.
    NoStatistic(String),
}

impl Kind {
    /// Says so of a character, counted from zero.
    pub fn at(self, position: usize) -> Flaw {
        Flaw { at: position + 1, kind: self }
    }
}
