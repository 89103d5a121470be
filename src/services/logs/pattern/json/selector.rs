//! `$.users[0].id`: where in an event to look.

use std::fmt;

use super::super::Invalid;
use super::super::reader::Reader;

/// Digits of an index.
const DIGITS_MAX: usize = 9;

/// A path from the event's object to a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`, or `.['na.me']` where it has other characters than letters, digits, `-` and `_`.
    Field(String),
    /// `.*`
    AnyField,
    /// `[0]`
    Item(usize),
    /// `[*]`
    AnyItem,
}

impl Selector {
    /// Reads a selector, of at least one field and with one wildcard at most.
    pub fn parse(reader: &mut Reader) -> Result<Selector, Invalid> {
        let start = reader.at();
        if !reader.eat("$") {
            return Err(reader.refuse(super::KNOWN));
        }
        let mut selector = Selector { steps: Vec::new() };
        loop {
            if reader.eat(".") {
                selector.steps.push(field(reader, start)?);
            } else if !selector.steps.is_empty() && reader.eat("[") {
                selector.steps.push(item(reader)?);
            } else if selector.steps.is_empty() {
                return Err(reader.refuse_from(start));
            } else {
                break;
            }
        }
        if selector.wildcards() > 1 { Err(Invalid::pattern(start)) } else { Ok(selector) }
    }

    pub fn has_wildcard(&self) -> bool {
        self.wildcards() > 0
    }

    fn wildcards(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, Step::AnyField | Step::AnyItem)).count()
    }
}

fn field(reader: &mut Reader, start: usize) -> Result<Step, Invalid> {
    if reader.eat("*") {
        return Ok(Step::AnyField);
    }
    if reader.eat("['") {
        let name = reader.take_while(|c| c != '\'');
        return if reader.eat("']") { Ok(Step::Field(name.to_owned())) } else { Err(reader.refuse_from(start)) };
    }
    let name = reader.take_while(is_plain);
    if name.is_empty() { Err(reader.refuse_from(start)) } else { Ok(Step::Field(name.to_owned())) }
}

fn item(reader: &mut Reader) -> Result<Step, Invalid> {
    let digits = reader.take_while(|c| c.is_ascii_digit());
    let step = match digits {
        "" if reader.eat("*") => Step::AnyItem,
        _ if digits.len() <= DIGITS_MAX => Step::Item(digits.parse().map_err(|_| reader.refuse(super::KNOWN))?),
        _ => return Err(Invalid::pattern(reader.at())),
    };
    if reader.eat("]") { Ok(step) } else { Err(reader.refuse(super::KNOWN)) }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

impl fmt::Display for Selector {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("$")?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Field(name) if !name.is_empty() && name.chars().all(is_plain) => write!(out, ".{name}"),
            Step::Field(name) => write!(out, ".['{name}']"),
            Step::AnyField => out.write_str(".*"),
            Step::Item(index) => write!(out, "[{index}]"),
            Step::AnyItem => out.write_str("[*]"),
        })
    }
}
