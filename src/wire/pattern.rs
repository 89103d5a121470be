//! The Java regular expressions of contracts, run by a Rust engine.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use regex::Regex;

/// A pattern made ready: what must match as a whole, and conditions from lookaheads at its start.
struct Compiled {
    whole: Regex,
    /// With `false`, the text must not begin with a match.
    ahead: Vec<(bool, Regex)>,
}

type Memo = HashMap<&'static str, Option<Arc<Compiled>>>;

/// Compiled patterns. Patterns are constants of the contracts, so this is a memo and no state.
static COMPILED: RwLock<Option<Memo>> = RwLock::new(None);

/// Whether a pattern matches the whole text. A pattern that cannot be compiled ([`supported`]) lets all through.
pub fn matches(pattern: &'static str, text: &str) -> bool {
    compiled(pattern).is_none_or(|compiled| {
        let ahead = compiled.ahead.iter().all(|(wanted, regex)| regex.is_match(text) == *wanted);
        ahead && compiled.whole.is_match(text)
    })
}

/// Whether a pattern can be checked.
#[cfg(test)]
pub fn supported(pattern: &str) -> bool {
    compile(pattern).is_some()
}

fn compiled(pattern: &'static str) -> Option<Arc<Compiled>> {
    let memo = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = memo.as_ref().and_then(|memo| memo.get(pattern)) {
        return known.clone();
    }
    drop(memo);
    let made = compile(pattern).map(Arc::new);
    let mut memo = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    memo.get_or_insert_default().insert(pattern, made.clone());
    made
}

fn compile(pattern: &str) -> Option<Compiled> {
    let mut rest = pattern.strip_prefix('^').unwrap_or(pattern);
    let mut ahead = Vec::new();
    while let Some((wanted, condition, after)) = lookahead(rest) {
        ahead.push((wanted, Regex::new(&format!("^(?:{})", translate(condition))).ok()?));
        rest = after;
    }
    let whole = if ahead.is_empty() { pattern } else { rest };
    Some(Compiled { whole: Regex::new(&format!("^(?:{})$", translate(whole))).ok()?, ahead })
}

/// Splits `(?!condition)rest` or `(?=condition)rest`.
fn lookahead(pattern: &str) -> Option<(bool, &str, &str)> {
    let (wanted, inner) = match (pattern.strip_prefix("(?="), pattern.strip_prefix("(?!")) {
        (Some(inner), _) => (true, inner),
        (_, Some(inner)) => (false, inner),
        _ => return None,
    };
    let (mut depth, mut escaped) = (1, false);
    for (at, char) in inner.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((wanted, inner.get(..at)?, inner.get(at + 1..)?));
        }
    }
    None
}

/// Java's dialect in Rust's: `\d`, `\w` and `\s` mean ASCII, code points beyond 16 bits come as surrogates.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut class = 0_u32;
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next().map(|escaped| (escaped, ascii(escaped))) {
                Some((_, Some(members))) if class > 0 && !members.starts_with('^') => out.push_str(members),
                Some((_, Some(members))) => out.push_str(&format!("[{members}]")),
                Some((escaped, None)) => out.extend(['\\', escaped]),
                None => {}
            },
            '[' => {
                class += 1;
                out.push('[');
            }
            ']' => {
                class = class.saturating_sub(1);
                out.push(']');
            }
            other => out.push(other),
        }
    }
    let beyond = "\\u{10000}-\\u{10FFFF}";
    out.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", beyond).replace("\\ud800\\udc00-\\udbff\\udfff", beyond)
}

/// The members of Java's predefined classes.
fn ascii(class: char) -> Option<&'static str> {
    Some(match class {
        'd' => "0-9",
        'D' => "^0-9",
        'w' => "0-9A-Za-z_",
        'W' => "^0-9A-Za-z_",
        's' => "\\t\\n\\x0B\\f\\r ",
        'S' => "^\\t\\n\\x0B\\f\\r ",
        _ => return None,
    })
}
