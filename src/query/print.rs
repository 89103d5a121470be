//! Queries as text. What is printed reads back as the same query.

use std::fmt::{self, Display, Formatter, Write};

use super::Source;
use super::ast::{Command, Expr, Form, Item, Join, Key, Kind, Name, Part, Pattern, Running, Script, Shift, Verb};
use super::lexer;

impl Display for Script {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let mut before = "";
        if let Some(source) = &self.source {
            write!(out, "{source}")?;
            before = " | ";
        }
        for command in &self.commands {
            write!(out, "{before}{command}")?;
            before = " | ";
        }
        Ok(())
    }
}

impl Display for Source {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str("SOURCE ")?;
        if let Some(name) = self.names.first() {
            return text(out, name);
        }
        self.selections(out)?;
        if self.tags.is_empty() { Ok(()) } else { self.tagged(out) }
    }
}

impl Source {
    fn selections(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str("logGroups(")?;
        let mut before = "";
        let lists = [
            ("accountIdentifiers", &self.account_identifiers),
            ("namePrefix", &self.name_prefixes),
            ("class", &self.classes),
        ];
        for (key, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            write!(out, "{before}{key}: [")?;
            each(out, values, |out, value| text(out, value))?;
            out.write_char(']')?;
            before = ", ";
        }
        out.write_char(')')
    }

    fn tagged(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str(" logGroupTags([")?;
        each(out, &self.tags, |out, tag| {
            out.write_str("{\"key\": ")?;
            text(out, &tag.key)?;
            if !tag.values.is_empty() {
                out.write_str(", \"values\": [")?;
                each(out, &tag.values, |out, value| text(out, value))?;
                out.write_char(']')?;
            }
            out.write_char('}')
        })?;
        out.write_str("])")
    }
}

impl Display for Join {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let (left, right) = (Part::Word(self.left.clone()), Part::Word(self.right.clone()));
        write!(out, "join type={} left=", if self.outer { "left" } else { "inner" })?;
        path(out, std::slice::from_ref(&left), "")?;
        out.write_str(" right=")?;
        path(out, std::slice::from_ref(&right), "")?;
        out.write_str(" where ")?;
        path(out, &[&[left], &self.left_key.parts[..]].concat(), "")?;
        out.write_str(" = ")?;
        path(out, &[&[right], &self.right_key.parts[..]].concat(), "")?;
        write!(out, " ({})", self.source)
    }
}

impl Display for Command {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match &self.verb {
            Verb::Fields(items) => list(out, "fields", items),
            Verb::Display(items) => list(out, "display", items),
            Verb::Filter(condition) => write!(out, "filter {condition}"),
            Verb::FilterIndex(condition) => write!(out, "filterIndex {condition}"),
            Verb::Stats { items, by } if by.is_empty() => list(out, "stats", items),
            Verb::Stats { items, by } => {
                list(out, "stats", items)?;
                list(out, " by", by)
            }
            Verb::Sort(keys) => list(out, "sort", keys),
            Verb::Limit { any, count } => write!(out, "limit {}{count}", if *any { "any " } else { "" }),
            Verb::Dedup(names) => list(out, "dedup", names),
            Verb::Parse { subject, form } => {
                out.write_str("parse ")?;
                if let Some(subject) = subject {
                    write!(out, "{subject} ")?;
                }
                form.fmt(out)
            }
            Verb::Json { field, path, alias } => {
                write!(out, "json field={field} ")?;
                text(out, path)?;
                write!(out, " as {alias}")
            }
            Verb::Pattern(subject) => write!(out, "pattern {subject}"),
            Verb::Diff(Shift::Preceding) => out.write_str("diff"),
            Verb::Diff(Shift::Day) => out.write_str("diff previousDay"),
            Verb::Diff(Shift::Week) => out.write_str("diff previousWeek"),
            Verb::Diff(Shift::Month) => out.write_str("diff previousMonth"),
            Verb::Unmask(names) => list(out, "unmask", names),
            Verb::Unnest { list, into } => write!(out, "unnest {list} into {into}"),
            Verb::Expand(name) => write!(out, "expand {name}"),
            Verb::Join(join) => join.fmt(out),
            Verb::CountFrequent(names) => list(out, "countFrequent", names),
            Verb::Running(running) => running.fmt(out),
            Verb::AddTotals { into, fields } => {
                out.write_str("addtotals")?;
                into.as_ref().map_or(Ok(()), |into| write!(out, " fieldname={into}"))?;
                if fields.is_empty() { Ok(()) } else { list(out, "", fields) }
            }
        }
    }
}

impl Display for Running {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Running::Accum { field, into } => write!(out, "accum {field} as {into}"),
            Running::Autoregress { field, alias, first, last } => {
                write!(out, "autoregress {field}")?;
                alias.as_ref().map_or(Ok(()), |alias| write!(out, " as {alias}"))?;
                write!(out, " p={first}-{last}")
            }
            Running::FillDown(names) => {
                out.write_str("filldown")?;
                names.iter().try_for_each(|name| write!(out, " {name}"))
            }
        }
    }
}

impl Display for Form {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Form::Glob { pattern, names, .. } => {
                text(out, pattern)?;
                aliases(out, names)
            }
            Form::Regex { pattern, names, multi, .. } => {
                regex(out, pattern)?;
                aliases(out, names)?;
                out.write_str(if *multi { " multi" } else { "" })
            }
            Form::Logfmt { name } => write!(out, "logfmt as {name}"),
            Form::Csv { names } => {
                out.write_str("csv")?;
                aliases(out, names)
            }
        }
    }
}

fn aliases(out: &mut Formatter, names: &[Name]) -> fmt::Result {
    if names.is_empty() { Ok(()) } else { list(out, " as", names) }
}

impl Display for Item {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        self.expr.fmt(out)?;
        self.alias.as_ref().map_or(Ok(()), |alias| write!(out, " as {alias}"))
    }
}

impl Display for Key {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        write!(out, "{} {}", self.expr, if self.descending { "desc" } else { "asc" })
    }
}

impl Display for Name {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        path(out, &self.parts, "")
    }
}

/// Words and positions, with a dot before the first word if something stands before it.
fn path(out: &mut Formatter, parts: &[Part], before: &str) -> fmt::Result {
    let mut dot = before;
    for part in parts {
        match part {
            Part::Index(index) => write!(out, "[{index}]")?,
            // Words after the first may be positions, and be anything.
            Part::Word(word) if lexer::is_word(word) || (!dot.is_empty() && is_position(word)) => {
                write!(out, "{dot}{word}")?
            }
            Part::Word(word) => write!(out, "{dot}`{word}`")?,
        }
        dot = ".";
    }
    Ok(())
}

fn is_position(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

impl Display for Expr {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match &self.kind {
            Kind::Number(number) => write!(out, "{number}"),
            Kind::Text(value) => text(out, value),
            Kind::Bool(value) => write!(out, "{value}"),
            Kind::Field(name) => name.fmt(out),
            Kind::Period(period) => period.fmt(out),
            Kind::Star => out.write_char('*'),
            Kind::Call { name, args } => {
                write!(out, "{name}(")?;
                each(out, args, |out, arg| arg.fmt(out))?;
                out.write_char(')')
            }
            Kind::Negative(inner) => write!(out, "-{}", Operand(inner)),
            Kind::Not(inner) => write!(out, "not {}", Operand(inner)),
            Kind::Binary(operator, left, right) if operator.continues(left) => {
                write!(out, "{left} {} {}", operator.sign(), Operand(right))
            }
            Kind::Binary(operator, left, right) => {
                write!(out, "{} {} {}", Operand(left), operator.sign(), Operand(right))
            }
            Kind::Like { subject, pattern, negated } => {
                write!(out, "{} {}like ", Operand(subject), if *negated { "not " } else { "" })?;
                match pattern {
                    Pattern::Substring(value) => text(out, value),
                    Pattern::Regex(pattern, _) => regex(out, pattern),
                }
            }
            Kind::In { subject, list, negated } => {
                write!(out, "{} {}in [", Operand(subject), if *negated { "not " } else { "" })?;
                each(out, list, |out, value| value.fmt(out))?;
                out.write_char(']')
            }
            Kind::Within { subject, query, negated } => {
                write!(out, "{} {}in ({query})", Operand(subject), if *negated { "not " } else { "" })
            }
            Kind::Inside(inner, parts) => {
                inner.fmt(out)?;
                path(out, parts, ".")
            }
        }
    }
}

/// An expression inside another: in parentheses unless it is of one piece.
struct Operand<'a>(&'a Expr);

impl Display for Operand<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self.0.kind {
            Kind::Negative(_)
            | Kind::Not(_)
            | Kind::Binary(..)
            | Kind::Like { .. }
            | Kind::In { .. }
            | Kind::Within { .. } => {
                write!(out, "({})", self.0)
            }
            _ => self.0.fmt(out),
        }
    }
}

fn list<T: Display>(out: &mut Formatter, keyword: &str, values: &[T]) -> fmt::Result {
    write!(out, "{keyword} ")?;
    each(out, values, |out, value| value.fmt(out))
}

fn each<T>(out: &mut Formatter, values: &[T], mut one: impl FnMut(&mut Formatter, &T) -> fmt::Result) -> fmt::Result {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        one(out, value)?;
    }
    Ok(())
}

fn text(out: &mut Formatter, value: &str) -> fmt::Result {
    out.write_char('"')?;
    for letter in value.chars() {
        match letter {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            _ => out.write_char(letter)?,
        }
    }
    out.write_char('"')
}

/// Between slashes, those within escaped again. A backslash takes the letter after it along.
fn regex(out: &mut Formatter, pattern: &str) -> fmt::Result {
    out.write_char('/')?;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '/' => out.write_str("\\/")?,
            '\\' => {
                out.write_char(letter)?;
                if let Some(escaped) = letters.next() {
                    out.write_char(escaped)?;
                }
            }
            _ => out.write_char(letter)?,
        }
    }
    out.write_char('/')
}
