//! Every sentence said about a query, with the place it is about.

use std::fmt;

/// Bytes of a query's text. Spans tell where something stood and say nothing about what it is: they are all equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// Why a query cannot be run, and where in its text: AWS's `queryCompileError`, offsets in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    pub message: String,
    pub start: usize,
    pub end: usize,
}

impl fmt::Display for CompileError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for CompileError {}

/// A fault before its place is counted in characters.
#[derive(Clone, Debug)]
pub struct Fault {
    sentence: String,
    span: Span,
}

impl Fault {
    fn new(sentence: impl Into<String>, span: Span) -> Fault {
        Fault { sentence: sentence.into(), span }
    }

    /// The error as the client sees it: `… at line 1 and position 5`, lines from 1, positions in a line from 0, as AWS
    /// counts them.
    pub fn locate(self, text: &str) -> CompileError {
        let start = floor_boundary(text, self.span.start);
        let end = floor_boundary(text, self.span.end.max(start));
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let position = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let offset = before.chars().count();
        CompileError {
            message: format!("{} at line {line} and position {position}", self.sentence),
            start: offset,
            end: offset + text[start..end].chars().count(),
        }
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// AWS's own words.
pub fn unexpected(symbol: &str, expected: &str, span: Span) -> Fault {
    let symbol = if symbol.is_empty() { "<EOF>" } else { symbol };
    Fault::new(format!("unexpected symbol found {symbol}, expecting {expected},"), span)
}

pub fn empty(span: Span) -> Fault {
    Fault::new("the query has no command", span)
}

pub fn unterminated(what: &str, span: Span) -> Fault {
    Fault::new(format!("unterminated {what}"), span)
}

pub fn unknown_command(name: &str, span: Span) -> Fault {
    Fault::new(format!("unexpected symbol found {name}, expecting a command,"), span)
}

pub fn unsupported(what: &str, span: Span) -> Fault {
    Fault::new(format!("unsupported: {what}"), span)
}

pub fn too_deep(span: Span) -> Fault {
    Fault::new("the expression is nested too deeply", span)
}

pub fn unknown_function(name: &str, span: Span) -> Fault {
    Fault::new(format!("unknown function {name}"), span)
}

pub fn argument_count(name: &str, takes: &str, span: Span) -> Fault {
    Fault::new(format!("wrong number of arguments: {name} takes {takes}"), span)
}

pub fn argument_kind(name: &str, kind: &str, span: Span) -> Fault {
    Fault::new(format!("wrong argument: {name} takes {kind} here"), span)
}

pub fn out_of_place(name: &str, place: &str, span: Span) -> Fault {
    Fault::new(format!("{name} can be used only {place}"), span)
}

pub fn bad_period(text: &str, span: Span) -> Fault {
    Fault::new(format!("invalid period {text}, expecting a number and a unit such as 5m"), span)
}

pub fn bad_regex(reason: &str, span: Span) -> Fault {
    Fault::new(format!("invalid or unsupported regular expression ({reason})"), span)
}

pub fn bad_number(what: &str, range: &str, span: Span) -> Fault {
    Fault::new(format!("invalid {what}, expecting {range}"), span)
}

pub fn too_many(what: &str, limit: usize, span: Span) -> Fault {
    Fault::new(format!("too many {what}: at most {limit} are allowed"), span)
}

pub fn wildcards(stars: usize, names: usize, span: Span) -> Fault {
    Fault::new(format!("the number of wildcards ({stars}) and of aliases ({names}) must be equal"), span)
}

pub fn nothing_captured(span: Span) -> Fault {
    Fault::new("the regular expression has neither named groups nor aliases", span)
}

pub fn redefined(name: &str, span: Span) -> Fault {
    Fault::new(format!("Ephemeral field already defined: {name}"), span)
}

/// AWS's own words.
pub fn unknown_symbol(name: &str, span: Span) -> Fault {
    Fault::new(format!("Unknown symbols found in or after stats: {name}"), span)
}

/// AWS's own words.
pub fn diff_without_pattern(span: Span) -> Fault {
    Fault::new("Diff compilation Failed : Diff operation has to be used after Pattern", span)
}

pub fn order(command: &str, rule: &str, span: Span) -> Fault {
    Fault::new(format!("{command} {rule}"), span)
}

pub fn subquery_without(column: &str, span: Span) -> Fault {
    Fault::new(format!("the subquery does not return the field {column}"), span)
}
