//! `{ $.selector = value && … }`: JSON events.

mod document;
mod program;
mod selector;

use super::Invalid;
use super::reader::Reader;
use super::test::Test;

use document::Paths;
use program::Program;

pub use selector::{Selector, Step};

/// Characters that have a meaning in such a pattern.
const KNOWN: &str = "{}[]()=!<>&|\"%$._*+-";
/// Parentheses in parentheses.
const DEPTH_MAX: usize = 64;
/// Selectors with a wildcard in a pattern (quota of "Using filter patterns to match terms in JSON log events").
const WILDCARDS_MAX: usize = 3;

/// A JSON pattern, and what it takes to match it in one pass.
#[derive(Debug)]
pub struct Json {
    pub expression: Expression,
    program: Program,
}

impl PartialEq for Json {
    fn eq(&self, other: &Json) -> bool {
        self.expression == other.expression
    }
}

#[derive(Debug, PartialEq)]
pub enum Expression {
    Condition(Condition),
    /// Two or more with `&&` between them.
    All(Vec<Expression>),
    /// Two or more with `||` between them.
    Any(Vec<Expression>),
}

#[derive(Debug, PartialEq)]
pub struct Condition {
    pub selector: Selector,
    pub check: Check,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    Test(Test),
    IsNull,
    IsTrue,
    IsFalse,
    NotExists,
}

impl Json {
    pub fn matches(&self, message: &str) -> bool {
        self.program.matches(message)
    }

    /// The values that the pattern's selectors point to, each under its selector.
    pub fn extract(&self, message: &str) -> Vec<(String, String)> {
        let mut values: Vec<(String, String)> = Vec::new();
        for selector in self.expression.conditions().map(|condition| &condition.selector) {
            let name = selector.to_string();
            if values.iter().all(|(known, _)| *known != name) {
                values.extend(Paths::new([selector]).first(message).map(|value| (name, value)));
            }
        }
        values
    }
}

impl Expression {
    /// All conditions, from left to right.
    pub fn conditions(&self) -> Box<dyn Iterator<Item = &Condition> + '_> {
        match self {
            Expression::Condition(condition) => Box::new(std::iter::once(condition)),
            Expression::All(parts) | Expression::Any(parts) => Box::new(parts.iter().flat_map(Expression::conditions)),
        }
    }
}

/// The value that a selector such as `$.latency` points to in a message.
pub fn value(message: &str, selector: &str) -> Option<String> {
    let mut reader = Reader::new(selector);
    let selector = Selector::parse(&mut reader).ok().filter(|_| reader.rest().is_empty())?;
    Paths::new([&selector]).first(message)
}

/// Reads a pattern from its `{` to its `}`, which is the end.
pub fn parse(reader: &mut Reader) -> Result<Json, Invalid> {
    let start = reader.at();
    if !reader.rest().trim_end().ends_with('}') {
        return Err(Invalid::unclosed('{', '}', start));
    }
    reader.eat("{");
    let expression = any(reader, 0)?;
    if !reader.eat("}") {
        return Err(reader.refuse(KNOWN));
    }
    reader.skip_spaces();
    if reader.peek().is_some() {
        return Err(reader.refuse(KNOWN));
    }
    let wildcards = expression.conditions().filter(|condition| condition.selector.has_wildcard()).count();
    if wildcards > WILDCARDS_MAX {
        return Err(Invalid::pattern(start));
    }
    let program = Program::new(&expression);
    Ok(Json { expression, program })
}

/// Parts between `||`. Those that are such themselves give up their parts: their parentheses mean nothing.
fn any(reader: &mut Reader, depth: usize) -> Result<Expression, Invalid> {
    let mut parts = Vec::new();
    loop {
        match all(reader, depth)? {
            Expression::Any(inner) => parts.extend(inner),
            part => parts.push(part),
        }
        if !reader.eat("||") {
            return Ok(joined(parts, Expression::Any));
        }
    }
}

fn all(reader: &mut Reader, depth: usize) -> Result<Expression, Invalid> {
    let mut parts = Vec::new();
    loop {
        match part(reader, depth)? {
            Expression::All(inner) => parts.extend(inner),
            part => parts.push(part),
        }
        if !reader.eat("&&") {
            return Ok(joined(parts, Expression::All));
        }
    }
}

fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn part(reader: &mut Reader, depth: usize) -> Result<Expression, Invalid> {
    reader.skip_spaces();
    if reader.peek() != Some('(') {
        return condition(reader).map(Expression::Condition);
    }
    if depth == DEPTH_MAX {
        return Err(Invalid::pattern(reader.at()));
    }
    reader.eat("(");
    let inside = any(reader, depth + 1)?;
    if !reader.eat(")") {
        return Err(reader.refuse(KNOWN));
    }
    reader.skip_spaces();
    Ok(inside)
}

fn condition(reader: &mut Reader) -> Result<Condition, Invalid> {
    let selector = Selector::parse(reader)?;
    reader.skip_spaces();
    Ok(Condition { selector, check: check(reader)? })
}

/// `IS NOT` and `EXISTS` are documented not to be supported.
fn check(reader: &mut Reader) -> Result<Check, Invalid> {
    let start = reader.at();
    let known = if reader.eat_word("IS") {
        vec![("NULL", Check::IsNull), ("TRUE", Check::IsTrue), ("FALSE", Check::IsFalse)]
    } else if reader.eat_word("NOT") {
        vec![("EXISTS", Check::NotExists)]
    } else {
        return Test::parse(reader, KNOWN).map(Check::Test);
    };
    let check = known.into_iter().find(|(word, _)| reader.eat_word(word)).map(|(_, check)| check);
    check.ok_or_else(|| Invalid::pattern(start))
}
