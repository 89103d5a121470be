//! Filter patterns: which log events FilterLogEvents, Live Tail, metric filters and subscription filters take.
//!
//! A pattern is of one of three kinds, told by its first character: `{ … }` looks into JSON events, `[ … ]` into
//! space-delimited ones, anything else searches for terms. AWS describes them under "Filter pattern syntax for metric
//! filters, subscription filters, filter log events, and Live Tail"; each example of those pages is a test here.
//!
//! Where the pages are silent:
//!
//! - `*` is a wildcard at the start and at the end of a value; in the middle it is an asterisk (as earlier editions
//!   of the page say).
//! - A JSON comparison, `!=` too, needs a string or a number: it is false for what is missing, null, true, false, an
//!   array or an object. Numbers are ordered only against numbers; a string equals a number written the same way.
//! - In a space-delimited pattern without `...`, the last column takes the rest of the line.

mod columns;
mod invalid;
mod json;
mod needle;
mod print;
mod reader;
mod regex;
mod terms;
mod test;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use invalid::Invalid;

use columns::Columns;
use json::Json;
use reader::Reader;
use terms::Terms;

use super::faults;
use crate::wire::Fault;

/// Reads the pattern of a call.
///
/// # Errors
/// `InvalidParameterException`
pub fn filter_pattern(text: &str) -> Result<Pattern, Fault> {
    Pattern::parse(text).map_err(faults::invalid_pattern)
}

/// Longest pattern, in characters: the constraint of every `filterPattern` member.
const LENGTH_MAX: usize = 1024;
/// Regular expressions in a pattern ("Supported regular expressions", quotas).
const REGEXES_MAX: usize = 2;

/// A filter pattern, ready to match. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Arc<Kind>);

#[derive(Debug, PartialEq)]
enum Kind {
    Everything,
    Terms(Terms),
    Json(Json),
    Columns(Columns),
}

impl Pattern {
    /// Reads a pattern. Errors carry AWS's message, where it is known, and the place in the text.
    pub fn parse(text: &str) -> Result<Pattern, Invalid> {
        if let Some((position, _)) = text.char_indices().nth(LENGTH_MAX) {
            return Err(Invalid::pattern(position));
        }
        let mut reader = Reader::new(text);
        reader.skip_spaces();
        let kind = match reader.peek() {
            Some('{') => Kind::Json(json::parse(&mut reader)?),
            Some('[') => Kind::Columns(columns::parse(&mut reader)?),
            _ => terms::parse(&mut reader)?.map_or(Kind::Everything, Kind::Terms),
        };
        reader.check_regexes(REGEXES_MAX)?;
        Ok(Pattern(Arc::new(kind)))
    }

    /// Whether the event's message is one the pattern describes.
    pub fn matches(&self, message: &str) -> bool {
        match &*self.0 {
            Kind::Everything => true,
            Kind::Terms(terms) => terms.matches(message),
            Kind::Json(json) => json.matches(message),
            Kind::Columns(columns) => columns.matches(message),
        }
    }

    /// A text that is in every message the pattern matches, for those who look through many at once.
    pub fn needle(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Terms(terms) => terms.needle(),
            Kind::Everything | Kind::Json(_) | Kind::Columns(_) => None,
        }
    }

    /// What TestMetricFilter calls `extractedValues`; nothing if the message does not match.
    ///
    /// The fields of a space-delimited event under `$name`, or `$5` where the pattern names none; the strings, numbers
    /// and flags that the selectors of a JSON pattern point to, under `$.selector`; no values for terms.
    pub fn extract(&self, message: &str) -> Option<Vec<(String, String)>> {
        if !self.matches(message) {
            return None;
        }
        match &*self.0 {
            Kind::Everything | Kind::Terms(_) => Some(Vec::new()),
            Kind::Json(json) => Some(json.extract(message)),
            Kind::Columns(columns) => Some(columns.extract(message)),
        }
    }

    /// The value that a metric filter's `metricValue` or dimension (`$.latency`, `$bytes`, `$5`) names in a message
    /// that matches.
    pub fn value(&self, message: &str, selector: &str) -> Option<String> {
        match &*self.0 {
            Kind::Everything | Kind::Terms(_) => None,
            Kind::Json(_) => json::value(message, selector),
            Kind::Columns(columns) => {
                columns.extract(message).into_iter().find(|(name, _)| name == selector).map(|(_, value)| value)
            }
        }
    }

    /// Whether the pattern matches everything, as `""` does.
    pub fn is_empty(&self) -> bool {
        matches!(*self.0, Kind::Everything)
    }
}
