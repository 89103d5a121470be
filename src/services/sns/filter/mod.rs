//! Filter policies: which messages a subscription gets.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

mod cidr;
mod compile;
mod matching;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::wire::Fault;

use super::faults;
use super::message::Attribute;
use cidr::Cidr;

pub use matching::Body;

/// Keys at the top of a policy.
const KEYS_MAX: usize = 5;
/// Combinations of values.
const COMBINATIONS_MAX: u64 = 150;
/// Bytes of a policy.
const BYTES_MAX: usize = 256 << 10;

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    MessageAttributes,
    MessageBody,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::MessageAttributes => "MessageAttributes",
            Scope::MessageBody => "MessageBody",
        }
    }

    pub fn parse(text: &str) -> Result<Scope, Fault> {
        match text {
            "MessageAttributes" => Ok(Scope::MessageAttributes),
            "MessageBody" => Ok(Scope::MessageBody),
            _ => Err(faults::attribute_value("FilterPolicyScope", text, "MessageBody or MessageAttributes")),
        }
    }
}

/// A policy that has been read.
#[derive(Clone, Debug)]
pub struct Filter {
    pub text: String,
    rules: Rules,
}

/// What must hold of an object: all its fields, and one of each set of alternatives.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rules {
    fields: BTreeMap<String, Rule>,
    alternatives: Vec<Vec<Rules>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// One of these.
    Tests(Vec<Test>),
    Nested(Rules),
}

/// What may hold of a value.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Is(Scalar),
    Prefix(String),
    Suffix(String),
    EqualsIgnoreCase(String),
    Cidr(Cidr),
    Numeric(Range),
    Exists(bool),
    AnythingBut(Vec<Scalar>),
    /// Anything that a test does not hold of.
    Not(Box<Test>),
}

#[derive(Clone, Debug, PartialEq)]
enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

/// Numbers between two, each of which may be among them or not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Range {
    bottom: Option<(f64, bool)>,
    top: Option<(f64, bool)>,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw(pub String);

impl Filter {
    /// Reads a policy; an empty object takes it away.
    pub fn parse(text: &str, scope: Scope) -> Result<Option<Filter>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(flaw) = flaw_of_json(text) {
            return Err(faults::failed_to_parse("FilterPolicy", &flaw));
        }
        if text.len() > BYTES_MAX {
            return Err(faults::filter_policy("Filter policy is too long"));
        }
        let rules = compile::compile(text).map_err(|Flaw(flaw)| faults::filter_policy(&flaw))?;
        if rules.keys() > KEYS_MAX {
            return Err(faults::filter_policy("Filter policy can not have more than 5 keys"));
        }
        if rules.combinations(1) > COMBINATIONS_MAX {
            return Err(faults::filter_policy("Filter policy is too complex"));
        }
        if scope == Scope::MessageAttributes && rules.is_nested() {
            return Err(faults::nested_filter_policy());
        }
        Ok(Some(Filter { text: text.to_owned(), rules }).filter(|filter| filter.rules != Rules::default()))
    }

    /// Whether a message passes.
    pub fn passes(&self, scope: Scope, attributes: &[(String, Attribute)], body: &Body<'_>) -> bool {
        match scope {
            Scope::MessageAttributes => self.rules.hold_of_attributes(attributes),
            Scope::MessageBody => self.rules.hold_of_body(body),
        }
    }
}

/// Why a text is no JSON, and where it stops being so.
pub fn flaw_of_json(text: &str) -> Option<String> {
    let mut reader = reader::Reader::new(text);
    loop {
        match reader.next() {
            Ok(reader::Token::End) => return None,
            Ok(_) => {}
            Err(Flaw(flaw)) => return Some(flaw),
        }
    }
}

impl Rules {
    fn keys(&self) -> usize {
        self.fields.len() + self.alternatives.len()
    }

    fn is_nested(&self) -> bool {
        let below = self.alternatives.iter().flatten().any(Rules::is_nested);
        below || self.fields.values().any(|rule| matches!(rule, Rule::Nested(_)))
    }

    /// The product of the numbers of values, each times its depth; alternatives add up
    /// (<https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>).
    fn combinations(&self, depth: u64) -> u64 {
        let fields = self.fields.values().map(|rule| match rule {
            Rule::Tests(tests) => depth.saturating_mul(tests.len() as u64),
            Rule::Nested(rules) => rules.combinations(depth + 1),
        });
        let alternatives = self.alternatives.iter().map(|branches| {
            let counts = branches.iter().map(|branch| branch.combinations(depth));
            counts.fold(0, u64::saturating_add)
        });
        fields.chain(alternatives).fold(1, u64::saturating_mul)
    }
}
