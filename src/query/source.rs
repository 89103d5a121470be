//! Which log groups a query reads.

/// `SOURCE`: the log groups a query names itself (CWL_QuerySyntax-Source). Empty lists select all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Names of groups; if there are any, nothing else is said.
    pub names: Vec<String>,
    pub name_prefixes: Vec<String>,
    pub account_identifiers: Vec<String>,
    pub classes: Vec<String>,
    /// Groups must pass all of them.
    pub tags: Vec<TagFilter>,
}

/// What a log group's tag must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFilter {
    pub key: String,
    /// Values of which one must do: `*` stands for any text, and `!` before a value for all others. Any value will do
    /// if there are none.
    pub values: Vec<String>,
}

impl TagFilter {
    /// Whether a group's value of the tag will do.
    pub fn takes(&self, value: &str) -> bool {
        let fits = |wanted: &String| match wanted.strip_prefix('!') {
            Some(unwanted) => !wildcard(unwanted, value),
            None => wildcard(wanted, value),
        };
        self.values.is_empty() || self.values.iter().any(fits)
    }
}

/// Whether a text is like a pattern in which `*` stands for any text.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_for_any_text() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("a*", "a", true),
            ("*b", "ab", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "", true),
            ("**", "é", true),
            ("*aa", "aaa", true),
        ] {
            assert_eq!(wildcard(pattern, text), fits, "{pattern} {text}");
        }
    }
}
