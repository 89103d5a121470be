//! How `parse` takes texts apart (CWL_QuerySyntax-Parse).

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;
use regex::{Captures, Regex};
use serde_json::{Map, Value as Json};

use super::value::Value;

#[derive(Debug)]
pub enum Extractor {
    /// What stands before, between and after the wildcards.
    Glob(Vec<String>),
    Regex {
        regex: Regex,
        /// The numbers of the groups that are wanted.
        groups: Vec<usize>,
        /// A row for each match.
        multi: bool,
    },
    Logfmt,
    Csv,
}

impl Extractor {
    pub fn glob(pattern: &str) -> Extractor {
        Extractor::Glob(pattern.split('*').map(str::to_owned).collect())
    }

    /// The values of the extracted fields, once for each row that is to be made; nothing where the text does not match.
    pub fn extract<'v>(&self, text: Cow<'v, str>) -> Vec<Vec<Value<'v>>> {
        match self {
            Extractor::Glob(literals) => {
                glob(literals, &text).map(|ranges| slices(&text, ranges)).into_iter().collect()
            }
            Extractor::Regex { regex, groups, multi: false } => {
                let captures = regex.captures(&text).map(|found| spans(&found, groups));
                captures.map(|spans| optional_slices(&text, spans)).into_iter().collect()
            }
            Extractor::Regex { regex, groups, multi: true } => {
                let captures = regex.captures_iter(&text).map(|found| spans(&found, groups));
                captures.map(|spans| optional_slices(&text, spans)).collect()
            }
            Extractor::Logfmt => vec![vec![logfmt(&text)]],
            Extractor::Csv => vec![csv(&text).into_iter().map(Value::owned).collect()],
        }
    }
}

type Range = (usize, usize);

/// A part of a text that borrows as the text does.
fn slice<'v>(text: &Cow<'v, str>, (start, end): Range) -> Value<'v> {
    match text {
        Cow::Borrowed(text) => Value::text(&text[start..end]),
        Cow::Owned(text) => Value::owned(text[start..end].to_owned()),
    }
}

fn slices<'v>(text: &Cow<'v, str>, ranges: Vec<Range>) -> Vec<Value<'v>> {
    ranges.into_iter().map(|range| slice(text, range)).collect()
}

fn optional_slices<'v>(text: &Cow<'v, str>, ranges: Vec<Option<Range>>) -> Vec<Value<'v>> {
    ranges.into_iter().map(|range| range.map_or(Value::Absent, |range| slice(text, range))).collect()
}

fn spans(captures: &Captures, groups: &[usize]) -> Vec<Option<Range>> {
    groups.iter().map(|group| captures.get(*group).map(|found| (found.start(), found.end()))).collect()
}

/// What the wildcards stand for: each as little as possible, one at the end all that is left.
fn glob(literals: &[String], text: &str) -> Option<Vec<Range>> {
    let (first, rest) = literals.split_first()?;
    let mut at = memmem::find(text.as_bytes(), first.as_bytes())? + first.len();
    let mut ranges = Vec::with_capacity(rest.len());
    for (index, literal) in rest.iter().enumerate() {
        let end = if literal.is_empty() && index + 1 == rest.len() {
            text.len()
        } else {
            at + memmem::find(&text.as_bytes()[at..], literal.as_bytes())?
        };
        ranges.push((at, end));
        at = end + literal.len();
    }
    Some(ranges)
}

/// `key=value key="quoted value" flag`, as a map.
fn logfmt(text: &str) -> Value<'static> {
    let mut members = Map::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => logfmt_value(after),
            None => (Json::Bool(true), after),
        };
        if !key.is_empty() {
            members.insert(key.to_owned(), value);
        }
        rest = after.trim_start();
    }
    Value::Structure(Arc::new(Json::Object(members)))
}

fn logfmt_value(text: &str) -> (Json, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        return (value.into(), after);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value.into(), &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    (value.into(), "")
}

/// Columns between commas; quotes keep commas, and two of them are one.
fn csv(text: &str) -> Vec<String> {
    let mut columns = Vec::new();
    let mut column = String::new();
    let mut quoted = false;
    let mut letters = text.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                column.push('"');
            }
            '"' if quoted || column.trim().is_empty() => {
                if !quoted {
                    column.clear();
                }
                quoted = !quoted;
            }
            ',' if !quoted => columns.push(std::mem::take(&mut column)),
            _ => column.push(letter),
        }
    }
    columns.push(column);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(extractor: &Extractor, text: &str, expected: &[&[&str]]) {
        let rows = extractor.extract(Cow::Borrowed(text));
        let shown: Vec<Vec<_>> =
            rows.iter().map(|row| row.iter().map(|value| value.show().unwrap_or_default()).collect()).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn globs_take_as_little_as_possible() {
        check(&Extractor::glob("[*] *"), "x [ERROR] a [b] c", &[&["ERROR", "a [b] c"]]);
        check(&Extractor::glob("*:*,"), "a:b:c,d", &[&["a", "b:c"]]);
        check(&Extractor::glob("id=*;"), "id=1", &[]);
        check(&Extractor::glob("*"), "all", &[&["all"]]);
        check(&Extractor::glob("**"), "all", &[&["", "all"]]);
    }

    #[test]
    fn logfmt_is_a_map() {
        check(
            &Extractor::Logfmt,
            r#"level=info msg="a \"b\" c" debug n=3"#,
            &[&[r#"{"level":"info","msg":"a \"b\" c","debug":true,"n":"3"}"#]],
        );
    }

    #[test]
    fn csv_keeps_quoted_commas() {
        check(&Extractor::Csv, "a,\"b, \"\"c\"\"\",,d", &[&["a", "b, \"c\"", "", "d"]]);
    }
}
