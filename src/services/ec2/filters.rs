//! What the Describe calls have in common: filters, pages, and dry runs.

use crate::record;
use crate::wire::Fault;
use crate::world::pages::{self, Order};

use super::faults;

record! {
    /// `Filters`: an item passes when each filter has a value that fits.
    pub struct Filters { filters: Vec<Filter> = "Filters", dry_run: bool = "DryRun" }
    pub struct Filter { name: String = "Name", values: Vec<String> = "Values" }

    /// Which page a caller wants.
    pub struct PageRequest { max: Option<i64> = "MaxResults", token: Option<String> = "NextToken" }
    /// Where the next page starts.
    pub struct PageEnd { token: Option<String> = "NextToken" }
}

/// Filters on tags.
const TAG_FILTERS: [&str; 3] = ["tag-key", "tag-value", "tag"];

impl Filters {
    /// Refuses filters that the operation does not know, and then dry runs.
    pub fn check(&self, known: &[&str]) -> Result<(), Fault> {
        for Filter { name, .. } in &self.filters {
            if !known.contains(&name.as_str()) && !name.starts_with("tag:") && !TAG_FILTERS.contains(&name.as_str()) {
                return Err(faults::invalid_filter(name));
            }
        }
        if self.dry_run { Err(faults::dry_run()) } else { Ok(()) }
    }

    /// Whether an item passes: `values` tells what it has under a filter's name.
    pub fn pass(&self, values: impl Fn(&str) -> Vec<String>) -> bool {
        self.filters.iter().all(|filter| {
            let has = values(&filter.name);
            filter.values.iter().any(|pattern| has.iter().any(|value| like(pattern, value)))
        })
    }
}

impl PageRequest {
    /// Takes the wanted page from items in the order of their keys; it goes on after the last key of the one before.
    pub fn cut<T>(&self, items: impl IntoIterator<Item = (String, T)>) -> Result<(Vec<T>, PageEnd), Fault> {
        let read = |token| pages::key(token).ok_or_else(faults::invalid_next_token);
        let after = self.token.as_deref().map(read).transpose()?;
        let max = self.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
        let (page, last) = pages::cut(after.as_deref(), max, Order::Ascending, items);
        Ok((page, PageEnd { token: last.map(pages::token) }))
    }
}

/// Matches `*` (any text) and `?` (any character); a backslash takes the character after it as it is.
fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // `fits[j]`: the pattern so far fits the first `j` characters of the text.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    let mut letters = pattern.iter();
    while let Some(letter) = letters.next() {
        let literal = if *letter == '\\' { letters.next().unwrap_or(letter) } else { letter };
        if std::ptr::eq(literal, letter) && *letter == '*' {
            (1..fits.len()).for_each(|j| fits[j] |= fits[j - 1]);
        } else {
            let any = std::ptr::eq(literal, letter) && *letter == '?';
            (1..fits.len()).rev().for_each(|j| fits[j] = fits[j - 1] && (any || text[j - 1] == *literal));
            fits[0] = false;
        }
    }
    fits[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("available", "available", true),
            ("av*", "available", true),
            ("*able", "available", true),
            ("a?ailable", "available", true),
            ("a", "ab", false),
            ("*", "", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("us-*-1", "us-east-1", true),
            ("us-*-1", "us-east-2", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let items = || ["a", "b", "c"].map(|key| (key.to_owned(), key));
        let (first, end) = PageRequest { max: Some(2), token: None }.cut(items()).unwrap();
        assert_eq!(first, ["a", "b"]);
        let (second, end) = PageRequest { max: Some(2), token: end.token }.cut(items()).unwrap();
        assert_eq!(second, ["c"]);
        assert!(end.token.is_none());
    }
}
