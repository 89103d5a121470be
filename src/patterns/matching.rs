//! Whether rules hold of an event.

use std::cell::RefCell;

use super::tree::{Scalar, Tree};
use super::{Form, Range, Rule, Rules, Test};

impl Rules {
    /// Whether the rules hold of an event. Nothing holds of what is no object.
    ///
    /// Of the objects in an array, one must fulfil all that is asked of it. What must not exist must not exist in any.
    pub fn hold_of(&self, event: &Tree) -> bool {
        matches!(event, Tree::Object(_))
            && Matching { event, absences: RefCell::default() }.hold(self, Some(event), None)
    }
}

/// The way from the event to a field.
#[derive(Clone, Copy)]
struct Path<'p> {
    name: &'p str,
    outer: Option<&'p Path<'p>>,
}

struct Matching<'e, 't> {
    event: &'e Tree<'t>,
    /// What has been found of tests for absence: each is the same for all objects of an array.
    absences: RefCell<Vec<(*const Test, bool)>>,
}

impl Matching<'_, '_> {
    /// Whether rules hold of the object at a path; `None` where there is none.
    fn hold(&self, rules: &Rules, object: Option<&Tree>, at: Option<&Path>) -> bool {
        let field = |(name, rule): (&String, &Rule)| {
            let path = Path { name, outer: at };
            let value = object.and_then(|object| object.get(name));
            match rule {
                Rule::Tests(tests) => self.one_holds(tests, value, &path),
                Rule::Nested(rules) => self.hold_below(rules, value, &path),
            }
        };
        let branch = |branches: &Vec<Rules>| branches.iter().any(|rules| self.hold(rules, object, at));
        rules.fields.iter().all(field) && rules.alternatives.iter().all(branch)
    }

    fn one_holds(&self, tests: &[Test], value: Option<&Tree>, path: &Path) -> bool {
        tests.iter().any(|test| match test {
            Test::Exists(false) => self.is_absent(test, path),
            Test::Exists(true) => value.is_some_and(|value| any_leaf(value, &mut |_| true)),
            _ => value.is_some_and(|value| any_leaf(value, &mut |leaf| test.holds(leaf))),
        })
    }

    fn is_absent(&self, test: *const Test, path: &Path) -> bool {
        let known = self.absences.borrow().iter().find(|(known, _)| *known == test).map(|(_, is_absent)| *is_absent);
        known.unwrap_or_else(|| {
            let is_absent = !has_leaf(self.event, path);
            self.absences.borrow_mut().push((test, is_absent));
            is_absent
        })
    }

    fn hold_below(&self, rules: &Rules, value: Option<&Tree>, path: &Path) -> bool {
        let mut found = false;
        let holds = value.is_some_and(|value| {
            any_object(value, &mut |object| {
                found = true;
                self.hold(rules, Some(object), Some(path))
            })
        });
        holds || (!found && self.hold(rules, None, Some(path)))
    }
}

/// Whether something holds of one of the scalar values at a place: the one there, or those of an array.
fn any_leaf(value: &Tree, holds: &mut dyn FnMut(&Scalar) -> bool) -> bool {
    match value {
        Tree::Scalar(scalar) => holds(scalar),
        Tree::Array(items) => items.iter().any(|item| any_leaf(item, holds)),
        Tree::Object(_) => false,
    }
}

/// Whether something holds of one of the objects at a place.
fn any_object(value: &Tree, holds: &mut dyn FnMut(&Tree) -> bool) -> bool {
    match value {
        Tree::Object(_) => holds(value),
        Tree::Array(items) => items.iter().any(|item| any_object(item, holds)),
        Tree::Scalar(_) => false,
    }
}

/// Whether there is a scalar value at a path, in any of the objects of arrays on the way.
fn has_leaf(event: &Tree, path: &Path) -> bool {
    any_at(event, path, &mut |value| any_leaf(value, &mut |_| true))
}

fn any_at(event: &Tree, path: &Path, holds: &mut dyn FnMut(&Tree) -> bool) -> bool {
    let mut below = |value: &Tree| any_object(value, &mut |object| object.get(path.name).is_some_and(&mut *holds));
    match path.outer {
        None => below(event),
        Some(outer) => any_at(event, outer, &mut below),
    }
}

impl Test {
    /// Whether the test holds of a value that is there.
    fn holds(&self, value: &Scalar) -> bool {
        match (self, value) {
            (Test::Is(wanted), _) => wanted == value,
            (Test::AnythingBut(tests), _) => !tests.iter().any(|test| test.holds(value)),
            (Test::Text(form, wanted), Scalar::Text(text)) => form.is_of(wanted, text),
            (Test::Folded(form, wanted), Scalar::Text(text)) => form.is_of(wanted, &text.to_lowercase()),
            (Test::Wildcard(wildcard), Scalar::Text(text)) => wildcard.matches(text),
            (Test::Cidr(block), Scalar::Text(text)) => block.contains(text),
            (Test::Numeric(range), Scalar::Number(text)) => text.parse().is_ok_and(|number| range.contains(number)),
            (Test::Exists(wanted), _) => *wanted,
            _ => false,
        }
    }
}

impl Form {
    fn is_of(self, wanted: &str, text: &str) -> bool {
        match self {
            Form::Whole => text == wanted,
            Form::Prefix => text.starts_with(wanted),
            Form::Suffix => text.ends_with(wanted),
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
