//! The language of EventBridge's event patterns and SNS's filter policies: what must hold of a JSON object. Pure
//! functions from texts to rules, and from rules and events to answers.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

mod cidr;
mod compile;
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
    /// Numbers are equal by their values. A policy may be empty, and then asks for nothing.
    FilterPolicy,
    /// Numbers are equal by how they are written. There are wildcards, and prefixes of any case.
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
}

impl Rules {
    /// Reads a pattern or policy.
    ///
    /// # Errors
    /// What is wrong with it first, in AWS's words, and where.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Rules, Flaw> {
        compile::compile(text, dialect)
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
