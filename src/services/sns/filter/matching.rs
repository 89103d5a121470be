//! Whether rules hold of a message: of its attributes, or of its body.

use std::cell::OnceCell;

use serde_json::{Map, Value};

use crate::services::sns::message::{Attribute, Content};

use super::{Range, Rule, Rules, Scalar, Test};

/// The body of a message, read as JSON once, when the first filter asks for it.
#[derive(Debug)]
pub struct Body<'t> {
    pub text: &'t str,
    read: OnceCell<Option<Map<String, Value>>>,
}

impl<'t> Body<'t> {
    pub fn new(text: &'t str) -> Body<'t> {
        Body { text, read: OnceCell::new() }
    }

    fn object(&self) -> Option<&Map<String, Value>> {
        self.read.get_or_init(|| serde_json::from_str(self.text).ok()).as_ref()
    }
}

impl Rules {
    /// Binary attributes are not looked at.
    pub(super) fn hold_of_attributes(&self, attributes: &[(String, Attribute)]) -> bool {
        let field = |(name, rule): (&String, &Rule)| {
            let Rule::Tests(tests) = rule else { return false };
            let found = attributes.iter().find(|(key, _)| key == name).and_then(|(_, attribute)| values(attribute));
            holds_of_any(tests, found.as_deref())
        };
        let branch = |branches: &Vec<Rules>| branches.iter().any(|rules| rules.hold_of_attributes(attributes));
        self.fields.iter().all(field) && self.alternatives.iter().all(branch)
    }

    /// Nothing holds of a body that is no JSON object.
    pub(super) fn hold_of_body(&self, body: &Body<'_>) -> bool {
        body.object().is_some_and(|object| self.hold_of(object))
    }

    fn hold_of(&self, object: &Map<String, Value>) -> bool {
        let field = |(name, rule): (&String, &Rule)| match rule {
            Rule::Tests(tests) => holds_of_any(tests, object.get(name).and_then(leaves).as_deref()),
            Rule::Nested(rules) => rules.hold_of_value(object.get(name)),
        };
        let branch = |branches: &Vec<Rules>| branches.iter().any(|rules| rules.hold_of(object));
        self.fields.iter().all(field) && self.alternatives.iter().all(branch)
    }

    /// Of an object, or of one among those in an array: fields of different elements do not add up.
    fn hold_of_value(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Object(object)) => self.hold_of(object),
            Some(Value::Array(items)) => items.iter().any(|item| self.hold_of_value(Some(item))),
            // Nothing is there: fields may be asked not to exist.
            _ => self.hold_of(&Map::new()),
        }
    }
}

/// Whether one of the tests holds of one of the values; `None` where there is no such property.
fn holds_of_any(tests: &[Test], values: Option<&[Scalar]>) -> bool {
    tests.iter().any(|test| match (test, values) {
        (Test::Exists(wanted), _) => *wanted == values.is_some(),
        (_, Some(values)) => values.iter().any(|value| test.holds(value)),
        (_, None) => false,
    })
}

/// The values of an attribute: one, or those of an array.
fn values(attribute: &Attribute) -> Option<Vec<Scalar>> {
    let Content::Text(text) = &attribute.content else { return None };
    if attribute.kind == "String.Array" {
        return serde_json::from_str::<Value>(text).ok().and_then(|value| leaves(&value));
    }
    let number = attribute.kind.starts_with("Number").then(|| text.trim().parse().ok()).flatten();
    Some(vec![number.map_or_else(|| Scalar::Text(text.clone()), Scalar::Number)])
}

/// The scalar values at a place: one, or those of an array; none where there is an object, or nothing.
fn leaves(value: &Value) -> Option<Vec<Scalar>> {
    match value {
        Value::String(text) => Some(vec![Scalar::Text(text.clone())]),
        Value::Number(number) => number.as_f64().map(|number| vec![Scalar::Number(number)]),
        Value::Bool(value) => Some(vec![Scalar::Bool(*value)]),
        Value::Null => Some(vec![Scalar::Null]),
        Value::Array(items) => {
            Some(items.iter().filter_map(leaves).flatten().collect()).filter(|all: &Vec<_>| !all.is_empty())
        }
        Value::Object(_) => None,
    }
}

impl Test {
    fn holds(&self, value: &Scalar) -> bool {
        match (self, value) {
            (Test::Is(wanted), _) => wanted == value,
            (Test::AnythingBut(excluded), _) => !excluded.contains(value),
            (Test::Not(test), Scalar::Text(_)) => !test.holds(value),
            (Test::Prefix(prefix), Scalar::Text(text)) => text.starts_with(prefix.as_str()),
            (Test::Suffix(suffix), Scalar::Text(text)) => text.ends_with(suffix.as_str()),
            (Test::EqualsIgnoreCase(wanted), Scalar::Text(text)) => wanted.to_lowercase() == text.to_lowercase(),
            (Test::Cidr(block), Scalar::Text(text)) => block.contains(text),
            (Test::Numeric(range), Scalar::Number(number)) => range.contains(*number),
            _ => false,
        }
    }
}

impl Range {
    fn contains(&self, number: f64) -> bool {
        let above = self.bottom.is_none_or(|(bottom, included)| number > bottom || (included && number == bottom));
        let below = self.top.is_none_or(|(top, included)| number < top || (included && number == top));
        above && below
    }
}
