//! A JSON pattern as it is matched: its selectors as one tree, its conditions as numbered truths.

use memchr::memchr;

use super::super::needle::Needle;
use super::super::test::Number;
use super::document::{Kind, Paths, Value};
use super::{Check, Condition, Expression, Selector, Step};

/// Conditions in a pattern. The shortest is of six characters and a pattern has 1,024.
const CONDITIONS_MAX: usize = 256;

#[derive(Debug)]
pub struct Program {
    paths: Paths,
    /// By the selector's number: the conditions on it, each with its own number.
    checks: Vec<Vec<(usize, Check)>>,
    logic: Logic,
    /// What no event matches without, unless it is escaped.
    required: Option<Needle>,
}

#[derive(Debug)]
enum Logic {
    Is(usize),
    All(Vec<Logic>),
    Any(Vec<Logic>),
}

/// What is known of each condition.
#[derive(Clone, Copy)]
struct Truths([u64; CONDITIONS_MAX / 64]);

impl Truths {
    fn get(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    fn set(&mut self, number: usize, truth: bool) {
        if let Some(bits) = self.0.get_mut(number / 64) {
            *bits = *bits & !(1 << (number % 64)) | u64::from(truth) << (number % 64);
        }
    }
}

impl Program {
    pub fn new(expression: &Expression) -> Program {
        let mut selectors: Vec<&Selector> = Vec::new();
        let mut checks: Vec<Vec<(usize, Check)>> = Vec::new();
        for (number, condition) in expression.conditions().enumerate() {
            let known = selectors.iter().position(|selector| **selector == condition.selector);
            let check = (number, condition.check.clone());
            match known.and_then(|known| checks.get_mut(known)) {
                Some(checks) => checks.push(check),
                None => {
                    selectors.push(&condition.selector);
                    checks.push(vec![check]);
                }
            }
        }
        let required = required(expression).map(|required| Needle::new(required.text));
        Program { paths: Paths::new(selectors), checks, logic: logic(expression, &mut 0), required }
    }

    pub fn matches(&self, message: &str) -> bool {
        if !message.trim_start().starts_with('{') || self.lacks_required(message) {
            return false;
        }
        let mut truths = self.before_reading();
        let whole = self.paths.visit(message, |selector, value| {
            for (number, check) in self.checks.get(selector).into_iter().flatten() {
                match check {
                    Check::NotExists => truths.set(*number, false),
                    // With a wildcard, one value for which it holds is enough.
                    _ if holds(check, value) => truths.set(*number, true),
                    _ => {}
                }
            }
        });
        whole && self.logic.holds(&truths)
    }

    fn lacks_required(&self, message: &str) -> bool {
        let lacks = |required: &Needle| !required.is_in(message) && memchr(b'\\', message.as_bytes()).is_none();
        self.required.as_ref().is_some_and(lacks)
    }

    fn before_reading(&self) -> Truths {
        let mut truths = Truths([0; CONDITIONS_MAX / 64]);
        for (number, check) in self.checks.iter().flatten() {
            truths.set(*number, *check == Check::NotExists);
        }
        truths
    }
}

impl Logic {
    fn holds(&self, truths: &Truths) -> bool {
        match self {
            Logic::Is(number) => truths.get(*number),
            Logic::All(parts) => parts.iter().all(|part| part.holds(truths)),
            Logic::Any(parts) => parts.iter().any(|part| part.holds(truths)),
        }
    }
}

/// Conditions are numbered from left to right, as `Expression::conditions` gives them.
fn logic(expression: &Expression, next: &mut usize) -> Logic {
    match expression {
        Expression::Condition(_) => {
            *next += 1;
            Logic::Is(*next - 1)
        }
        Expression::All(parts) => Logic::All(parts.iter().map(|part| logic(part, next)).collect()),
        Expression::Any(parts) => Logic::Any(parts.iter().map(|part| logic(part, next)).collect()),
    }
}

fn holds(check: &Check, value: Value) -> bool {
    match check {
        Check::IsNull => value.kind == Kind::Null,
        Check::IsTrue => value.kind == Kind::True,
        Check::IsFalse => value.kind == Kind::False,
        Check::NotExists => false,
        Check::Test(test) => value.text().is_some_and(|text| {
            let number = (test.wants_number() && value.kind == Kind::Number).then(|| Number::parse(&text)).flatten();
            test.holds(&text, number)
        }),
    }
}

/// The text that is in each event in which the expression holds: the longest value or else field's name, since names
/// tend to be in all events.
fn required(expression: &Expression) -> Option<Required<'_>> {
    match expression {
        Expression::Condition(condition) => required_by(condition),
        Expression::All(parts) => parts.iter().filter_map(required).max(),
        Expression::Any(_) => None,
    }
}

fn required_by(condition: &Condition) -> Option<Required<'_>> {
    let value = match &condition.check {
        Check::NotExists => return None,
        Check::Test(test) => test.required(),
        _ => None,
    };
    let names = condition.selector.steps.iter().filter_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        _ => None,
    });
    let names = names.map(|text| Required { is_value: false, length: text.len(), text });
    names.chain(value.map(|text| Required { is_value: true, length: text.len(), text })).max()
}

/// In the order of preference.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Required<'a> {
    is_value: bool,
    length: usize,
    text: &'a str,
}
