//! The examples of AWS's pages, with the results the pages state, and what must hold of every pattern.

mod columns;
mod errors;
mod json;
mod properties;
mod regexes;
mod terms;

use super::Pattern;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Which of the messages the pattern matches, by their index.
fn matching(text: &str, messages: &[&str]) -> Vec<usize> {
    let pattern = pattern(text);
    (0..messages.len()).filter(|index| pattern.matches(messages[*index])).collect()
}

#[track_caller]
fn check(text: &str, messages: &[&str], expected: &[usize]) {
    assert_eq!(matching(text, messages), expected, "{text}");
}

/// The extracted values in the order of their names, as `$name=value`.
fn extracted(text: &str, message: &str) -> Option<Vec<String>> {
    let mut values: Vec<_> = pattern(text).extract(message)?;
    values.sort();
    Some(values.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
}
