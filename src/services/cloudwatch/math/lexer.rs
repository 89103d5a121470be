//! Words, numbers, texts and signs of an expression.

use super::flaw::{Flaw, Kind};

/// A piece of an expression, and the character it starts at.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub at: usize,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Number(f64),
    /// Without its quotes. What is escaped in it stays escaped, but for the quotes around it.
    Text(String),
    Word(String),
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 18] =
    ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","];

/// Cuts a text into tokens; the last one is its end.
pub fn tokens(text: &str) -> Result<Vec<Token>, Flaw> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(c) = chars.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let (what, length) = token(&chars[at..]).map_err(|(kind, offset)| kind.at(at + offset))?;
        tokens.push(Token { at, what });
        at += length;
    }
    tokens.push(Token { at, what: What::End });
    Ok(tokens)
}

fn token(rest: &[char]) -> Result<(What, usize), (Kind, usize)> {
    let first = rest.first().copied().unwrap_or_default();
    if matches!(first, '\'' | '"') {
        return text(rest, first);
    }
    if first.is_ascii_digit() || (first == '.' && rest.get(1).is_some_and(char::is_ascii_digit)) {
        return number(rest);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let word: String = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        let length = word.len();
        return Ok((What::Word(word), length));
    }
    let starts = |sign: &&str| sign.chars().eq(rest.iter().copied().take(sign.len()));
    match SIGNS.into_iter().find(starts) {
        Some(sign) => Ok((What::Sign(sign), sign.len())),
        None => Err((Kind::Syntax("an operator or a value"), 0)),
    }
}

/// Digits, a point, an exponent.
fn number(rest: &[char]) -> Result<(What, usize), (Kind, usize)> {
    let digits = |from: usize| rest.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
    let mut length = digits(0);
    if rest.get(length) == Some(&'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(rest.get(length), Some('e' | 'E')) {
        let sign = usize::from(matches!(rest.get(length + 1), Some('+' | '-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let text: String = rest[..length].iter().collect();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((What::Number(number), length)),
        _ => Err((Kind::Syntax("a number"), 0)),
    }
}

fn text(rest: &[char], quote: char) -> Result<(What, usize), (Kind, usize)> {
    let (mut text, mut at) = (String::new(), 1);
    while let Some(c) = rest.get(at) {
        match (*c, rest.get(at + 1)) {
            ('\\', Some(next)) if *next == quote => {
                text.push(quote);
                at += 2;
            }
            ('\\', Some(next)) => {
                text.extend(['\\', *next]);
                at += 2;
            }
            (c, _) if c == quote => return Ok((What::Text(text), at + 1)),
            (c, _) => {
                text.push(c);
                at += 1;
            }
        }
    }
    Err((Kind::Syntax("the end of a text"), rest.len()))
}
