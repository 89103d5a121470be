//! Writes patterns: in as few characters as they can be read from, so that no pattern grows out of the limit.

use std::fmt::{self, Display, Formatter};

use super::columns::{Column, Columns};
use super::json::{Check, Condition, Expression};
use super::terms::{Sign, Term, Terms, What};
use super::test::{Number, Operand, Test, WORD};
use super::{Kind, Pattern};

/// A pattern that parses to itself. Parentheses, quotation marks and spaces without effect are not kept.
impl Display for Pattern {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match &*self.0 {
            Kind::Everything => Ok(()),
            Kind::Terms(terms) => terms.fmt(out),
            Kind::Json(json) => write!(out, "{{{}}}", json.expression),
            Kind::Columns(columns) => columns.fmt(out),
        }
    }
}

impl Display for Terms {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        joined(out, &self.terms, " ")
    }
}

impl Display for Term {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str(match self.sign {
            Sign::Include => "",
            Sign::Exclude => "-",
            Sign::Optional => "?",
        })?;
        match &self.what {
            What::Regex(expression) => write!(out, "%{}%", expression.source()),
            What::Phrase(needle) => {
                let text = String::from_utf8_lossy(needle.text());
                let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if is_word { out.write_str(&text) } else { quoted(out, &text) }
            }
        }
    }
}

impl Display for Expression {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Expression::Condition(condition) => condition.fmt(out),
            Expression::All(parts) => joined(out, parts.iter().map(InAll), "&&"),
            Expression::Any(parts) => joined(out, parts, "||"),
        }
    }
}

/// A part of an `&&`, which binds more tightly than `||`.
struct InAll<'a>(&'a Expression);

impl Display for InAll<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self.0 {
            Expression::Any(_) => write!(out, "({})", self.0),
            _ => self.0.fmt(out),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let words = match &self.check {
            Check::Test(test) => return write!(out, "{}{test}", self.selector),
            Check::IsNull => "IS NULL",
            Check::IsTrue => "IS TRUE",
            Check::IsFalse => "IS FALSE",
            Check::NotExists => "NOT EXISTS",
        };
        let selector = self.selector.to_string();
        let space = if selector.ends_with([']', '*']) { "" } else { " " };
        write!(out, "{selector}{space}{words}")
    }
}

impl Display for Columns {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let Some(after) = &self.after else { return write!(out, "[{}]", List(&self.before)) };
        match (self.before.is_empty(), after.is_empty()) {
            (true, true) => out.write_str("[]"),
            (true, false) => write!(out, "[...,{}]", List(after)),
            (false, true) => write!(out, "[{},...]", List(&self.before)),
            (false, false) => write!(out, "[{},...,{}]", List(&self.before), List(after)),
        }
    }
}

struct List<'a>(&'a [Column]);

impl Display for List<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        joined(out, self.0, ",")
    }
}

impl Display for Column {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        if self.tests.is_empty() {
            return out.write_str(&self.name);
        }
        joined(out, self.tests.iter().map(|together| Together { name: &self.name, together }), "||")
    }
}

struct Together<'a> {
    name: &'a str,
    together: &'a [Test],
}

impl Display for Together<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        for (index, test) in self.together.iter().enumerate() {
            write!(out, "{}{}{test}", if index == 0 { "" } else { "&&" }, self.name)?;
        }
        Ok(())
    }
}

impl Display for Test {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str(self.operator.symbol())?;
        match &self.operand {
            Operand::Number(written, _) => out.write_str(written),
            Operand::Regex(expression) => write!(out, "%{}%", expression.source()),
            Operand::Text(text) => {
                let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || WORD.contains(c));
                if is_word && !text.is_empty() && Number::parse(text).is_none() {
                    out.write_str(text)
                } else {
                    quoted(out, text)
                }
            }
        }
    }
}

/// A backslash is doubled only where it would stand for something with what follows.
fn quoted(out: &mut Formatter, text: &str) -> fmt::Result {
    out.write_str("\"")?;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let escaped = match c {
            '"' => true,
            '\\' => matches!(characters.peek(), None | Some('"' | '\\')),
            _ => false,
        };
        write!(out, "{}{c}", if escaped { "\\" } else { "" })?;
    }
    out.write_str("\"")
}

fn joined<T: Display>(out: &mut Formatter, parts: impl IntoIterator<Item = T>, between: &str) -> fmt::Result {
    for (index, part) in parts.into_iter().enumerate() {
        write!(out, "{}{part}", if index == 0 { "" } else { between })?;
    }
    Ok(())
}
