//! `%…%`: the regular expressions that patterns may hold.
//!
//! "Supported regular expressions (regex) syntax": letters, digits, some symbols, operators without parentheses, and
//! escapes. Expressions are translated, so that classes are of ASCII characters and nothing else of our engine's
//! syntax has a meaning.

use std::fmt::Write;

use super::Invalid;

/// Characters that stand for themselves. The space is not in the page's list but in its examples.
const SYMBOLS: &str = ":_#=@/;,- ";
const OPERATORS: &str = "^$?[]{}|\\*+.";
/// Memory of a compiled expression: repetitions of repetitions grow.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A regular expression; equal to those written alike.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    compiled: regex::Regex,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.source == other.source
    }
}

impl Expression {
    /// Reads an expression that stands at `position` of its pattern.
    pub fn parse(source: &str, position: usize) -> Result<Expression, Invalid> {
        if source.is_empty() {
            return Err(Invalid::characters("%%", position.saturating_sub(1)));
        }
        let mut translation = Translation { source, at: 0, text: String::new() };
        translation.expression().map_err(|error| Invalid { position: position + error.position, ..error })?;
        let compiled = regex::RegexBuilder::new(&translation.text).size_limit(COMPILED_BYTES_MAX).build();
        let compiled = compiled.map_err(|_| Invalid::pattern(position))?;
        Ok(Expression { source: source.to_owned(), compiled })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches somewhere in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

struct Translation<'a> {
    source: &'a str,
    at: usize,
    text: String,
}

impl Translation<'_> {
    fn expression(&mut self) -> Result<(), Invalid> {
        while let Some(c) = self.peek() {
            match c {
                '[' => self.class()?,
                '{' => self.repetition()?,
                '\\' => self.escape()?,
                ']' | '}' => self.literal(c),
                _ if c.is_ascii_alphanumeric() || SYMBOLS.contains(c) || OPERATORS.contains(c) => self.keep(c),
                _ => return Err(self.unsupported()),
            }
        }
        Ok(())
    }

    /// `{m,n}`, either of which may be missing.
    fn repetition(&mut self) -> Result<(), Invalid> {
        let inside = self.source.get(self.at + 1..).unwrap_or_default();
        let Some((counts, _)) = inside.split_once('}') else { return Err(Invalid::pattern(self.at)) };
        let count = |text: &str| text.trim().parse::<u32>().map_err(|_| Invalid::pattern(self.at));
        let translated = match counts.split_once(',') {
            None => format!("{{{}}}", count(counts)?),
            Some((least, most)) if most.trim().is_empty() => format!("{{{},}}", count(least)?),
            Some((least, most)) if least.trim().is_empty() => format!("{{0,{}}}", count(most)?),
            Some((least, most)) => format!("{{{},{}}}", count(least)?, count(most)?),
        };
        self.text.push_str(&translated);
        self.at += counts.len() + 2;
        Ok(())
    }

    /// `[…]`. Operators inside are plain characters, but for `^` at the start, `-` between two, and `\`.
    fn class(&mut self) -> Result<(), Invalid> {
        let start = self.at;
        self.keep('[');
        if self.peek() == Some('^') {
            self.keep('^');
        }
        self.member()?;
        while let Some(c) = self.peek() {
            if c == ']' {
                self.keep(']');
                return Ok(());
            }
            self.member()?;
        }
        Err(Invalid::pattern(start))
    }

    /// A character, an escape or a range of characters.
    fn member(&mut self) -> Result<(), Invalid> {
        self.single()?;
        let mut next = self.source.get(self.at..).unwrap_or_default().chars();
        if next.next() == Some('-') && next.next().is_some_and(|end| end != ']') {
            self.keep('-');
            self.single()?;
        }
        Ok(())
    }

    fn single(&mut self) -> Result<(), Invalid> {
        match self.peek() {
            None => Err(Invalid::pattern(self.at)),
            Some('\\') => self.escape(),
            Some(c) if c.is_ascii_alphanumeric() || SYMBOLS.contains(c) || OPERATORS.contains(c) => {
                self.literal(c);
                Ok(())
            }
            Some(_) => Err(self.unsupported()),
        }
    }

    fn escape(&mut self) -> Result<(), Invalid> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.peek() else { return Err(Invalid::pattern(start)) };
        self.at += c.len_utf8();
        match c {
            'd' => self.text.push_str("[0-9]"),
            'D' => self.text.push_str("[^0-9]"),
            's' => self.text.push_str(r"[\t\n\x0B\f\r ]"),
            'S' => self.text.push_str(r"[^\t\n\x0B\f\r ]"),
            'w' => self.text.push_str("[a-zA-Z_0-9]"),
            'W' => self.text.push_str("[^a-zA-Z_0-9]"),
            't' | 'n' | 'r' => self.text.extend(['\\', c]),
            'x' => self.hexadecimal(start)?,
            _ if SYMBOLS.contains(c) || OPERATORS.contains(c) => self.push_literal(c),
            _ => return Err(Invalid::characters(&format!("\\{c}"), start)),
        }
        Ok(())
    }

    /// `\xhh`: an ASCII character by its number.
    fn hexadecimal(&mut self, start: usize) -> Result<(), Invalid> {
        let digits = self.source.get(self.at..self.at + 2).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii);
        let Some(number) = number else { return Err(Invalid::pattern(start)) };
        let _ = write!(self.text, "\\x{number:02x}");
        self.at += 2;
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.source.get(self.at..)?.chars().next()
    }

    fn keep(&mut self, c: char) {
        self.text.push(c);
        self.at += c.len_utf8();
    }

    fn literal(&mut self, c: char) {
        self.push_literal(c);
        self.at += c.len_utf8();
    }

    fn push_literal(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.text.push('\\');
        }
        self.text.push(c);
    }

    fn unsupported(&self) -> Invalid {
        let c = self.peek().unwrap_or_default();
        Invalid::characters(c.encode_utf8(&mut [0; 4]), self.at)
    }
}
