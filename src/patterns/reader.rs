//! JSON, token by token, with the places and the words of the parser that AWS shows in its errors: Jackson. It stands
//! behind what it has read so far, which of a text is no more than the opening quote until the next token is asked for,
//! and of a field the beginning of its value.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr2;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub sentence: String,
    /// From 1.
    line: usize,
    /// In characters, from 1; that behind what was read.
    column: usize,
    /// How often the place is told.
    told: usize,
}

/// Characters of a text that an error quotes.
const QUOTED_MAX: usize = 500;

impl Flaw {
    /// The text and the place.
    pub fn place_in(&self, text: &str) -> String {
        let more = text.chars().count().saturating_sub(QUOTED_MAX);
        let shown: String = text.chars().take(QUOTED_MAX).collect();
        let cut = if more > 0 { format!("[truncated {more} chars]") } else { String::new() };
        self.place(format_args!("(String)\"{shown}\"{cut}"))
    }

    /// The sentence and the place, as SNS tells them.
    pub fn redacted(&self) -> String {
        self.with(&self.place("REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"))
    }

    /// The sentence, the text and the place, as EventBridge tells them.
    pub fn quoting(&self, text: &str) -> String {
        self.with(&self.place_in(text))
    }

    /// The same without a place, which AWS does not tell of what is wrong inside a value.
    pub fn nowhere(self) -> Flaw {
        Flaw { told: 0, ..self }
    }

    /// The same with its place told once more, as AWS does in lists inside of `anything-but`.
    pub fn told_again(self) -> Flaw {
        Flaw { told: self.told + 1, ..self }
    }

    fn with(&self, place: &str) -> String {
        format!("{}{}", self.sentence, format!("\n at {place}").repeat(self.told))
    }

    fn place(&self, source: impl fmt::Display) -> String {
        format!("[Source: {source}; line: {}, column: {}]", self.line, self.column)
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'t> {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Field(Cow<'t, str>),
    Text(Cow<'t, str>),
    /// And as it is written.
    Number(f64, &'t str),
    Bool(bool),
    Null,
    /// Behind the last value.
    End,
}

/// How deep objects and arrays may nest in patterns.
const DEPTH_MAX: usize = 128;

/// Reads one JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    /// Where the text that was begun ends.
    unfinished: Option<usize>,
    /// The value of the field that was read last.
    value: Option<Token<'t>>,
    /// The objects (`true`) and arrays around the place.
    open: Vec<bool>,
    depth_max: usize,
    /// Whether a value has been read at this place, so that a separator must follow.
    after_value: bool,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Reader<'t> {
        Reader::deep(text, DEPTH_MAX)
    }

    /// A reader that lets objects and arrays nest as deep as that.
    pub fn deep(text: &'t str, depth_max: usize) -> Reader<'t> {
        Reader { text, at: 0, unfinished: None, value: None, open: Vec::new(), depth_max, after_value: false }
    }

    /// The next token.
    ///
    /// # Errors
    /// Where the text stops being JSON.
    pub fn next(&mut self) -> Result<Token<'t>, Flaw> {
        if let Some(value) = self.value.take() {
            return Ok(value);
        }
        self.finish();
        self.skip_space();
        match (self.open.last().copied(), self.byte()) {
            (None, None) if self.after_value => Ok(Token::End),
            (None, Some(_)) if self.after_value => self.value(),
            (Some(is_object), Some(closing)) if closing == if is_object { b'}' } else { b']' } => {
                self.at += 1;
                self.open.pop();
                self.after_value = true;
                Ok(if is_object { Token::EndObject } else { Token::EndArray })
            }
            (Some(true), _) => self.field(),
            (Some(false), _) => {
                self.separate("Array")?;
                self.value()
            }
            (None, _) => self.value(),
        }
    }

    /// Reads the text that was begun to its end, as asking for it does.
    pub fn finish(&mut self) {
        if let Some(end) = self.unfinished.take() {
            self.at = end;
        }
    }

    /// Something is wrong with what was read.
    pub fn flaw(&self, sentence: impl Into<String>) -> Flaw {
        self.flaw_at(self.at, sentence)
    }

    fn flaw_at(&self, at: usize, sentence: impl Into<String>) -> Flaw {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        Flaw { sentence: sentence.into(), line, column, told: 1 }
    }

    fn field(&mut self) -> Result<Token<'t>, Flaw> {
        self.separate("Object")?;
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("was expecting double-quote to start field name"));
        }
        let (name, end) = self.string()?;
        self.at = end;
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(self.unexpected("was expecting a colon to separate field name and value"));
        }
        self.at += 1;
        self.skip_space();
        let value = self.value()?;
        self.value = Some(value);
        Ok(Token::Field(name))
    }

    /// Takes the comma before everything but the first.
    fn separate(&mut self, what: &str) -> Result<(), Flaw> {
        if !self.after_value {
            return Ok(());
        }
        if self.byte() != Some(b',') {
            return Err(self.unexpected(&format!("was expecting comma to separate {what} entries")));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn value(&mut self) -> Result<Token<'t>, Flaw> {
        self.after_value = true;
        match self.byte() {
            Some(start @ (b'{' | b'[')) => {
                self.at += 1;
                if self.open.len() >= self.depth_max {
                    return Err(self.flaw("Document nesting depth exceeds the maximum"));
                }
                self.open.push(start == b'{');
                self.after_value = false;
                Ok(if start == b'{' { Token::StartObject } else { Token::StartArray })
            }
            Some(b'"') => {
                let (text, end) = self.string()?;
                self.at += 1;
                self.unfinished = Some(end);
                Ok(Token::Text(text))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.peek().is_some_and(char::is_alphabetic) => self.word(),
            _ => {
                const WANTED: &str =
                    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
                Err(self.unexpected(WANTED))
            }
        }
    }

    fn number(&mut self) -> Result<Token<'t>, Flaw> {
        let is_of_number = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let length = self.rest().bytes().take_while(is_of_number).count();
        let text = self.rest().get(..length).unwrap_or_default();
        let number = serde_json::from_str::<f64>(text).ok().filter(|number| number.is_finite());
        let Some(number) = number else {
            return Err(self.unexpected("expected a valid number"));
        };
        self.at += text.len();
        Ok(Token::Number(number, text))
    }

    fn word(&mut self) -> Result<Token<'t>, Flaw> {
        let length = self.rest().find(|letter: char| !letter.is_alphanumeric()).unwrap_or(self.rest().len());
        let word = self.rest().get(..length).unwrap_or_default();
        let token = match word {
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            "null" => Token::Null,
            _ => {
                const WANTED: &str =
                    "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
                return Err(self.flaw_at(self.at + word.len(), format!("Unrecognized token '{word}': {WANTED}")));
            }
        };
        self.at += word.len();
        Ok(token)
    }

    /// The string that begins here, and the place behind its closing quote.
    fn string(&self) -> Result<(Cow<'t, str>, usize), Flaw> {
        let start = self.at + 1;
        let mut at = start;
        while let Some(found) = self.text.as_bytes().get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            at += found;
            if self.text.as_bytes().get(at) == Some(&b'"') {
                return Ok((self.unescaped(start, at)?, at + 1));
            }
            // What is escaped is one byte at least, and no quote is further bytes of it.
            at += 2;
        }
        const WANTED: &str = "Unexpected end-of-input: was expecting closing quote for a string value";
        Err(self.flaw_at(self.text.len(), WANTED))
    }

    /// What is between two quotes.
    fn unescaped(&self, start: usize, end: usize) -> Result<Cow<'t, str>, Flaw> {
        let inside = self.text.get(start..end).unwrap_or_default();
        // Looked at as a whole, which goes many bytes at a time.
        if !inside.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'\\')) {
            return Ok(Cow::Borrowed(inside));
        }
        let quoted = self.text.get(start - 1..end + 1).unwrap_or_default();
        let text = serde_json::from_str(quoted).map(Cow::Owned);
        text.map_err(|_| self.flaw_at(end + 1, "Unrecognized character escape"))
    }

    /// What stands here is not what may stand here.
    fn unexpected(&self, wanted: &str) -> Flaw {
        self.flaw(match (self.peek(), self.open.last()) {
            (Some(letter), _) => {
                format!("Unexpected character ('{letter}' (code {})): {wanted}", u32::from(letter))
            }
            (None, Some(is_object)) => {
                let kind = if *is_object { "Object" } else { "Array" };
                format!("Unexpected end-of-input: expected close marker for {kind}")
            }
            (None, None) => "No content to map due to end-of-input".to_owned(),
        })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}
