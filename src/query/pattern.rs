//! `pattern` and `diff`: texts with what varies replaced by tokens (CWL_QuerySyntax-Pattern). AWS finds patterns by
//! machine learning over all events; here a word is dynamic by its shape alone, so that the same event always has the
//! same pattern.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::value::{Value, number_text};

/// How often a pattern was seen: in the query's time, and in the one compared with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub now: u64,
    pub before: u64,
}

#[derive(Debug, Default)]
pub struct Counts {
    counts: HashMap<String, Count>,
}

impl Counts {
    pub fn add(&mut self, text: &str, count: Count) {
        self.add_pattern(pattern_of(text), count);
    }

    fn add_pattern(&mut self, pattern: String, more: Count) {
        let count = self.counts.entry(pattern).or_default();
        count.now += more.now;
        count.before += more.before;
    }

    pub fn merge(&mut self, other: Counts) {
        other.counts.into_iter().for_each(|(pattern, count)| self.add_pattern(pattern, count));
    }

    /// The rows of `pattern`, most frequent first: pattern, ratio, count, severity.
    pub fn rows(self) -> Vec<Vec<Value<'static>>> {
        let total: u64 = self.counts.values().map(|count| count.now).sum();
        let mut found: Vec<_> = self.counts.into_iter().filter(|(_, count)| count.now > 0).collect();
        found.sort_by(|left, right| right.1.now.cmp(&left.1.now).then_with(|| left.0.cmp(&right.0)));
        let rows = found.into_iter().map(|(pattern, count)| {
            let severity = severity(&pattern);
            let ratio = ratio_text(count.now as f64 / total as f64);
            vec![Value::owned(pattern), Value::owned(ratio), Value::Number(count.now as f64), Value::text(severity)]
        });
        rows.collect()
    }

    /// The rows of `diff`, greatest change first: pattern, count, difference, description, severity.
    pub fn diff_rows(self) -> Vec<Vec<Value<'static>>> {
        let mut found: Vec<_> = self.counts.into_iter().collect();
        found.sort_by(|left, right| {
            let change = |count: &Count| count.now.abs_diff(count.before);
            change(&right.1).cmp(&change(&left.1)).then_with(|| left.0.cmp(&right.0))
        });
        let rows = found.into_iter().map(|(pattern, count)| {
            let severity = severity(&pattern);
            let change = count.now as f64 - count.before as f64;
            vec![
                Value::owned(pattern),
                Value::Number(count.now as f64),
                Value::Number(change),
                Value::owned(description(count)),
                Value::text(severity),
            ]
        });
        rows.collect()
    }
}

/// Half is `0.50`.
fn ratio_text(ratio: f64) -> String {
    let text = number_text(ratio);
    if text.len() < 4 { format!("{ratio:.2}") } else { text }
}

/// Which words make a pattern an error or a warning (CWL_AnalyzeLogData_Patterns).
fn severity(pattern: &str) -> &'static str {
    let lower = pattern.to_lowercase();
    if lower.contains("error") {
        "ERROR"
    } else if lower.contains("warn") {
        "WARN"
    } else {
        "INFO"
    }
}

fn description(count: Count) -> String {
    match (count.now, count.before) {
        (_, 0) => "new".to_owned(),
        (0, _) => "no longer present".to_owned(),
        (now, before) if now == before => "unchanged".to_owned(),
        (now, before) => {
            let percent = (now as f64 - before as f64) / before as f64 * 100.0;
            format!("{} by {}%", if now > before { "increased" } else { "decreased" }, number_text(percent.abs()))
        }
    }
}

/// Shapes of dynamic words, the first that fits wins. Numbers that are lengths of time stand before their unit.
static SHAPES: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let shapes = [
        ("Time", r"^\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?"),
        ("Time", r"^\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?"),
        ("Time", r"^\d{4}-\d{2}-\d{2}"),
        ("Time", r"^\d{2}:\d{2}:\d{2}(?:[.,]\d+)?"),
        ("IP", r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"),
        ("UUID", r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
        ("Number", r"^-?\d+(?:\.\d+)?"),
        ("ID", r"^[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*"),
    ];
    shapes.into_iter().filter_map(|(name, shape)| Some((name, Regex::new(shape).ok()?))).collect()
});

/// A text's pattern.
pub fn pattern_of(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut tokens = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((name, length)) = dynamic(rest) {
            tokens += 1;
            let name = if name == "Number" && is_duration(&rest[length..]) { "Time" } else { name };
            pattern.push_str(&format!("<{name}-{tokens}>"));
            rest = &rest[length..];
            continue;
        }
        let word = rest.find(|letter: char| !is_word(letter)).unwrap_or(rest.len());
        let length = if word == 0 { first.len_utf8() } else { word };
        pattern.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    pattern
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

/// The dynamic word that a text begins with. It must end where the word ends.
fn dynamic(text: &str) -> Option<(&'static str, usize)> {
    // Every shape has a digit in its first word, which most words have not.
    let word = text.find(|letter: char| !is_word(letter)).map_or(text, |end| &text[..end]);
    if !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    SHAPES.iter().find_map(|(name, shape)| {
        let length = shape.find(text)?.end();
        let ends = !text[length..].starts_with(is_word);
        ends.then_some((*name, length))
    })
}

fn is_duration(after: &str) -> bool {
    let word: String = after.trim_start_matches(' ').chars().take_while(|letter| letter.is_alphabetic()).collect();
    matches!(word.as_str(), "ms" | "s" | "sec" | "secs" | "second" | "seconds" | "milliseconds" | "minutes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_documentation() {
        for (text, pattern) in [
            (
                "2023-01-01 19:00:01 [INFO] Calling DynamoDB to store for resource id 12342342k124-12345",
                "<Time-1> [INFO] Calling DynamoDB to store for resource id <ID-2>",
            ),
            ("[INFO] Request time: 327 ms", "[INFO] Request time: <Time-1> ms"),
            ("from 10.0.0.1 status 500", "from <IP-1> status <Number-2>"),
            ("no digits at-all ü", "no digits at-all ü"),
        ] {
            assert_eq!(pattern_of(text), pattern);
        }
    }
}
