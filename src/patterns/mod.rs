//! The language of EventBridge's event patterns and SNS's filter policies: what must hold of a JSON object. Pure
//! functions from texts to rules, and from rules and events to answers.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

mod cidr;
mod compile;
mod complexity;
mod index;
mod matching;
mod reader;
mod tree;
mod wildcard;

#[cfg(test)]
mod independent;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cidr::Cidr;
use wildcard::Wildcard;

pub use index::Index;
pub use reader::Flaw;
pub use tree::{Scalar, Tree, json_text};

/// Whose language it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A policy may be empty, and then asks for nothing.
    FilterPolicy,
    /// There are wildcards, and prefixes of any case. A field's name may be its whole path, with dots.
    EventPattern,
}

/// What must hold of an object: all its fields, and one of each set of alternatives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub fields: BTreeMap<String, Rule>,
    /// `$or`
    pub alternatives: Vec<Vec<Rules>>,
}

/// What must hold of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// One of these.
    Tests(Vec<Test>),
    Nested(Rules),
}

/// What may hold of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Is(Scalar<'static>),
    Text(Form, String),
    /// Whatever the case; the text is in lower case.
    Folded(Form, String),
    Wildcard(Wildcard),
    Cidr(Cidr),
    Numeric(Range),
    Exists(bool),
    /// None of these.
    AnythingBut(Vec<Test>),
}

/// Which part of a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    Prefix,
    Suffix,
}

/// Numbers between two, each of which may be among them or not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    bottom: Option<(f64, bool)>,
    top: Option<(f64, bool)>,
}

impl Range {
    /// One number.
    fn only(number: f64) -> Range {
        Range { bottom: Some((number, true)), top: Some((number, true)) }
    }

    /// The number, where only one is in it.
    fn single(&self) -> Option<f64> {
        let ((bottom, true), (top, true)) = (self.bottom?, self.top?) else { return None };
        (bottom == top).then_some(bottom)
    }
}

impl Rules {
    /// Reads a pattern or policy.
    ///
    /// # Errors
    /// What is wrong with it first, in AWS's words, and where.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Rules, Flaw> {
        compile::compile(text, dialect)
    }

    /// Adds what must hold of a field, by its name or path. Of several lists of tests for a field, the last counts
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html>).
    fn put(&mut self, path: &str, rule: Rule) {
        if let Some((first, rest)) = path.split_once('.') {
            let mut below = Rules::default();
            below.put(rest, rule);
            return self.put_here(first.to_owned(), Rule::Nested(below));
        }
        self.put_here(path.to_owned(), rule);
    }

    fn put_here(&mut self, name: String, rule: Rule) {
        match (self.fields.get_mut(&name), rule) {
            (Some(Rule::Nested(known)), Rule::Nested(more)) => {
                more.fields.into_iter().for_each(|(name, rule)| known.put_here(name, rule));
                known.alternatives.extend(more.alternatives);
            }
            (Some(Rule::Tests(known)), Rule::Tests(tests)) => *known = tests,
            // In an array, a field may have values and objects.
            (Some(_), rule) => {
                self.alternatives.push(vec![Rules { fields: BTreeMap::from([(name, rule)]), ..Rules::default() }]);
            }
            (None, rule) => drop(self.fields.insert(name, rule)),
        }
    }

    /// Into how many patterns without `$or` this one would have to be taken apart.
    pub fn combinations(&self) -> u64 {
        let nested = self.fields.values().map(|rule| match rule {
            Rule::Tests(_) => 1,
            Rule::Nested(rules) => rules.combinations(),
        });
        let alternatives = self
            .alternatives
            .iter()
            .map(|branches| branches.iter().map(Rules::combinations).fold(0, u64::saturating_add));
        nested.chain(alternatives).fold(1, u64::saturating_mul)
    }
}

/// Why a text is no JSON, and where it stops being so.
pub fn flaw_of_json(text: &str) -> Option<Flaw> {
    let mut reader = reader::Reader::new(text);
    loop {
        match reader.next() {
            Ok(reader::Token::End) => return None,
            Ok(_) => {}
            Err(flaw) => return Some(flaw),
        }
    }
}
