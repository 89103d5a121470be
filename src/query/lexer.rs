//! Words of a query. They are read on demand, since only the parser knows where a `/` begins a regular expression.

use super::faults::{self, Fault, Span};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name without backticks, up to a dot.
    Word(String),
    /// A name in backticks.
    Quoted(String),
    Text(String),
    Number(f64),
    /// A number that touches a word: `5m`.
    Period(f64, String),
    /// Punctuation and operators.
    Sign(&'static str),
    End,
}

/// Longer signs before those that begin them.
const SIGNS: [&str; 21] =
    ["!=", "<=", ">=", "=~", "|", ",", "(", ")", "[", "]", "{", "}", "=", "<", ">", "+", "-", "*", "/", "%", "^"];
const LONE_SIGNS: [&str; 4] = [".", ":", "!", "$"];

/// The token at or after an offset, and its place.
pub fn token(text: &str, offset: usize) -> Result<(Token, Span), Fault> {
    let start = skip(text, offset);
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else { return Ok((Token::End, Span { start, end: start })) };
    match first {
        '"' | '\'' => string(text, start, first),
        '`' => quoted(text, start),
        _ if first.is_ascii_digit() => number(text, start),
        '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => number(text, start),
        _ if begins_word(first) => {
            let end = word_end(text, start);
            Ok((Token::Word(text[start..end].to_owned()), Span { start, end }))
        }
        _ => sign(rest, start, first),
    }
}

/// Past white space and comments: `#` to the end of the line.
pub fn skip(text: &str, offset: usize) -> usize {
    let mut rest = &text[offset..];
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix('#') {
            Some(comment) => rest = comment.find('\n').map_or("", |end| &comment[end..]),
            None => return text.len() - rest.len(),
        }
    }
}

fn begins_word(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '@'
}

/// Letters, digits, `_` and `@`: dots join words in the parser.
fn word_end(text: &str, start: usize) -> usize {
    let within = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '@';
    text[start..].find(|letter| !within(letter)).map_or(text.len(), |length| start + length)
}

/// Whether a text can be written without backticks.
pub fn is_word(text: &str) -> bool {
    text.starts_with(begins_word) && word_end(text, 0) == text.len()
}

fn sign(rest: &str, start: usize, first: char) -> Result<(Token, Span), Fault> {
    let found = SIGNS.iter().chain(&LONE_SIGNS).find(|sign| rest.starts_with(**sign));
    let Some(sign) = found else {
        let span = Span { start, end: start + first.len_utf8() };
        return Err(faults::unexpected(&first.to_string(), "a name, a value or an operator", span));
    };
    Ok((Token::Sign(sign), Span { start, end: start + sign.len() }))
}

/// Backslashes keep quotes and themselves, and make line ends and tabs; before anything else they stand for themselves.
fn string(text: &str, start: usize, quote: char) -> Result<(Token, Span), Fault> {
    let mut value = String::new();
    let mut letters = text[start + 1..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => {
                let end = start + 1 + at + 1;
                return Ok((Token::Text(value), Span { start, end }));
            }
            '\\' => match letters.next() {
                Some((_, escaped @ ('\\' | '"' | '\''))) => value.push(escaped),
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            _ => value.push(letter),
        }
    }
    Err(faults::unterminated("string", Span { start, end: text.len() }))
}

fn quoted(text: &str, start: usize) -> Result<(Token, Span), Fault> {
    let inner = &text[start + 1..];
    match inner.find('`') {
        Some(length) if length > 0 => {
            Ok((Token::Quoted(inner[..length].to_owned()), Span { start, end: start + length + 2 }))
        }
        Some(_) => Err(faults::unexpected("``", "a name between backticks", Span { start, end: start + 2 })),
        None => Err(faults::unterminated("name in backticks", Span { start, end: text.len() })),
    }
}

fn number(text: &str, start: usize) -> Result<(Token, Span), Fault> {
    let mut end = digits(text, start);
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|next: char| next.is_ascii_digit()) {
        end = digits(text, end + 1);
    }
    end = exponent(text, end).unwrap_or(end);
    let span = Span { start, end };
    let value = text[start..end].parse().ok().filter(|value: &f64| value.is_finite());
    let value = value.ok_or_else(|| faults::bad_number("number", "a finite number", span))?;
    let unit_end = word_end(text, end);
    if unit_end > end {
        return Ok((Token::Period(value, text[end..unit_end].to_owned()), Span { start, end: unit_end }));
    }
    Ok((Token::Number(value), span))
}

fn digits(text: &str, start: usize) -> usize {
    text[start..].find(|letter: char| !letter.is_ascii_digit()).map_or(text.len(), |length| start + length)
}

/// The end of `e5`, `E-5`, if that is what follows.
fn exponent(text: &str, start: usize) -> Option<usize> {
    let rest = text[start..].strip_prefix(['e', 'E'])?;
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let end = digits(unsigned, 0);
    (end > 0 && word_end(unsigned, end) == end).then(|| text.len() - unsigned.len() + end)
}

/// A regular expression whose opening `/` is at an offset. `\/` stands for a slash; other escapes are the expression's.
pub fn regex(text: &str, start: usize) -> Result<(String, Span), Fault> {
    let mut value = String::new();
    let mut letters = text[start + 1..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '/' => return Ok((value, Span { start, end: start + 1 + at + 1 })),
            '\\' => match letters.next() {
                Some((_, '/')) => value.push('/'),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            _ => value.push(letter),
        }
    }
    Err(faults::unterminated("regular expression", Span { start, end: text.len() }))
}
