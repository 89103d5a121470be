//! Search expressions: which metrics are meant
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>).

mod parse;
#[cfg(test)]
mod tests;
mod tokens;

use crate::services::cloudwatch::store::MetricId;

pub use parse::{Flaw, parse};

use tokens::Words;

/// Characters of a search.
const LENGTH_MAX: usize = 1024;

/// A search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    schema: Option<Schema>,
    term: Option<Term>,
}

/// `{Namespace, Dimension, …}`: metrics with these dimensions and no others.
#[derive(Clone, Debug, PartialEq)]
struct Schema {
    namespace: String,
    dimensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
    /// What is looked for, and in which property if it is said.
    Match(Option<String>, Pattern),
}

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    /// Between double quotes: the whole.
    Exact(String),
    /// Some of the words that a name is made of.
    Partial(Words),
}

impl Search {
    /// The namespace that metrics must be of, if the schema says one.
    pub fn namespace(&self) -> Option<&str> {
        self.schema.as_ref().map(|schema| schema.namespace.as_str())
    }

    /// Whether a metric is one that is meant.
    pub fn finds(&self, id: &MetricId) -> bool {
        self.schema.as_ref().is_none_or(|schema| schema.fits(id)) && self.term.as_ref().is_none_or(|term| term.fits(id))
    }
}

impl Schema {
    fn fits(&self, id: &MetricId) -> bool {
        *self.namespace == *id.namespace
            && self.dimensions.len() == id.dimensions.len()
            && self.dimensions.iter().all(|name| id.dimension(name).is_some())
    }
}

impl Term {
    fn fits(&self, id: &MetricId) -> bool {
        match self {
            Term::And(terms) => terms.iter().all(|term| term.fits(id)),
            Term::Or(terms) => terms.iter().any(|term| term.fits(id)),
            Term::Not(term) => !term.fits(id),
            Term::Match(None, pattern) => {
                let dimensions = id.dimensions.iter().flat_map(|(name, value)| [&**name, &**value]);
                [&*id.namespace, &*id.name].into_iter().chain(dimensions).any(|text| pattern.fits(text))
            }
            Term::Match(Some(property), pattern) => match property.as_str() {
                "MetricName" => pattern.fits(&id.name),
                "Namespace" => pattern.fits(&id.namespace),
                dimension => id.dimension(dimension).is_some_and(|value| pattern.fits(value)),
            },
        }
    }
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Exact(wanted) => wanted == text,
            Pattern::Partial(words) => words.are_in(&Words::of(text)),
        }
    }
}
