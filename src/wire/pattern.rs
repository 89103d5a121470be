//! The Java regular expressions of contracts, run by a Rust engine.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use regex::Regex;

/// A pattern made ready: what must match as a whole, and conditions from lookaheads at its start.
struct Compiled {
    whole: Regex,
    /// With `false`, the text must not begin with a match.
    ahead: Vec<(bool, Regex)>,
    /// What must not be anywhere in the text.
    nowhere: Vec<String>,
}

type Memo = HashMap<&'static str, Option<Arc<Compiled>>>;

/// Compiled patterns. Patterns are constants of the contracts, so this is a memo and no state.
static COMPILED: RwLock<Option<Memo>> = RwLock::new(None);

/// Whether a pattern matches the whole text. A pattern that cannot be compiled ([`supported`]) lets all through.
pub fn matches(pattern: &'static str, text: &str) -> bool {
    compiled(pattern).is_none_or(|compiled| {
        let ahead = compiled.ahead.iter().all(|(wanted, regex)| regex.is_match(text) == *wanted);
        let nowhere = compiled.nowhere.iter().any(|doubled| text.contains(doubled));
        ahead && !nowhere && compiled.whole.is_match(text)
    })
}

/// Whether a pattern can be checked, and to the letter.
#[cfg(test)]
pub fn supported(pattern: &str) -> bool {
    let lookarounds = without_lookarounds(pattern).1;
    compile(pattern).is_some_and(|compiled| lookarounds <= compiled.ahead.len() + compiled.nowhere.len())
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
    // Rust's engine looks neither ahead nor back: what is within is left out, and doubled letters are looked for apart.
    let (whole, _) = without_lookarounds(whole);
    let whole = Regex::new(&format!("^(?:{})$", translate(&whole))).ok()?;
    Some(Compiled { whole, ahead, nowhere: doubled(rest) })
}

/// A pattern without its lookarounds, and how many there were.
fn without_lookarounds(pattern: &str) -> (String, usize) {
    let (mut out, mut rest, mut count) = (String::with_capacity(pattern.len()), pattern, 0);
    while let Some(char) = rest.chars().next() {
        let inner = ["(?=", "(?!", "(?<=", "(?<!"].iter().find_map(|opening| rest.strip_prefix(opening));
        if let Some((_, after)) = inner.and_then(group) {
            (rest, count) = (after, count + 1);
            continue;
        }
        let taken = if char == '\\' { rest.chars().take(2).map(char::len_utf8).sum() } else { char.len_utf8() };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    (out, count)
}

/// `-(?!-)`: a letter that must not follow itself. In AWS's patterns nothing else lets that letter through.
fn doubled(pattern: &str) -> Vec<String> {
    let uses = pattern.match_indices("(?!").filter_map(|(at, opening)| {
        let letter = pattern[..at].chars().next_back().filter(|letter| !letter.is_alphanumeric())?;
        let (condition, _) = group(&pattern[at + opening.len()..])?;
        (condition.chars().eq([letter])).then(|| letter.to_string().repeat(2))
    });
    uses.collect()
}

/// Splits `(?!condition)rest` or `(?=condition)rest`.
fn lookahead(pattern: &str) -> Option<(bool, &str, &str)> {
    let (wanted, inner) = match (pattern.strip_prefix("(?="), pattern.strip_prefix("(?!")) {
        (Some(inner), _) => (true, inner),
        (_, Some(inner)) => (false, inner),
        _ => return None,
    };
    group(inner).map(|(condition, rest)| (wanted, condition, rest))
}

/// Splits what follows an opening parenthesis at the closing one.
fn group(inner: &str) -> Option<(&str, &str)> {
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
            return Some((inner.get(..at)?, inner.get(at + 1..)?));
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
