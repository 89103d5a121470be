//! JSON, token by token, with the places and the words of the parser that AWS shows in its errors: Jackson. It stands
//! behind what it has read so far, which of a text is no more than the opening quote until the next token is asked for,
//! and of a field the beginning of its value.

use super::Flaw;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Field(String),
    Text(String),
    Number(f64, String),
    Bool(bool),
    Null,
    /// Behind the last value.
    End,
}

/// How deep objects and arrays may nest.
const DEPTH_MAX: usize = 64;

/// Reads one JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    /// Where the text that was begun ends.
    unfinished: Option<usize>,
    /// The value of the field that was read last.
    value: Option<Token>,
    /// The objects (`true`) and arrays around the place.
    open: Vec<bool>,
    /// Whether a value has been read at this place, so that a separator must follow.
    after_value: bool,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Reader<'t> {
        Reader { text, at: 0, unfinished: None, value: None, open: Vec::new(), after_value: false }
    }

    /// The next token.
    ///
    /// # Errors
    /// Where the text stops being JSON.
    pub fn next(&mut self) -> Result<Token, Flaw> {
        if let Some(value) = self.value.take() {
            return Ok(value);
        }
        self.finish();
        self.skip_space();
        match (self.open.last().copied(), self.peek()) {
            (None, None) if self.after_value => Ok(Token::End),
            (None, Some(_)) if self.after_value => self.value(),
            (Some(is_object), Some(closing)) if closing == if is_object { '}' } else { ']' } => {
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

    /// ` at [Source: …; line: 1, column: 2]`: the place behind what was read.
    pub fn place(&self) -> String {
        self.place_of(self.at)
    }

    fn place_of(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        format!(
            "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: \
             {column}]"
        )
    }

    fn field(&mut self) -> Result<Token, Flaw> {
        self.separate("Object")?;
        if self.peek() != Some('"') {
            return Err(self.unexpected("was expecting double-quote to start field name"));
        }
        let (name, end) = self.string()?;
        self.at = end;
        self.skip_space();
        if self.peek() != Some(':') {
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
        if self.peek() != Some(',') {
            return Err(self.unexpected(&format!("was expecting comma to separate {what} entries")));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn value(&mut self) -> Result<Token, Flaw> {
        self.after_value = true;
        match self.peek() {
            Some(start @ ('{' | '[')) => {
                self.at += 1;
                if self.open.len() >= DEPTH_MAX {
                    return Err(Flaw(format!("Document nesting depth exceeds the maximum{}", self.place())));
                }
                self.open.push(start == '{');
                self.after_value = false;
                Ok(if start == '{' { Token::StartObject } else { Token::StartArray })
            }
            Some('"') => {
                let (text, end) = self.string()?;
                self.at += 1;
                self.unfinished = Some(end);
                Ok(Token::Text(text))
            }
            Some('-' | '0'..='9') => self.number(),
            Some(letter) if letter.is_alphabetic() => self.word(),
            _ => {
                const WANTED: &str =
                    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
                Err(self.unexpected(WANTED))
            }
        }
    }

    fn number(&mut self) -> Result<Token, Flaw> {
        let length = self.rest().find(|letter: char| !matches!(letter, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
        let text = self.rest().get(..length.unwrap_or(self.rest().len())).unwrap_or_default().to_owned();
        let number = serde_json::from_str::<f64>(&text).ok().filter(|number| number.is_finite());
        let Some(number) = number else {
            return Err(self.unexpected("expected a valid number"));
        };
        self.at += text.len();
        Ok(Token::Number(number, text))
    }

    fn word(&mut self) -> Result<Token, Flaw> {
        let length = self.rest().find(|letter: char| !letter.is_alphanumeric()).unwrap_or(self.rest().len());
        let word = self.rest().get(..length).unwrap_or_default();
        let token = match word {
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            "null" => Token::Null,
            _ => {
                const WANTED: &str =
                    "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
                let place = self.place_of(self.at + word.len());
                return Err(Flaw(format!("Unrecognized token '{word}': {WANTED}{place}")));
            }
        };
        self.at += word.len();
        Ok(token)
    }

    /// The string that begins here, and the place behind its closing quote.
    fn string(&self) -> Result<(String, usize), Flaw> {
        let mut escaped = false;
        for (offset, letter) in self.rest().char_indices().skip(1) {
            match letter {
                '"' if !escaped => {
                    let end = self.at + offset + 1;
                    let quoted = self.text.get(self.at..end).unwrap_or_default();
                    let bad = |_| Flaw(format!("Unrecognized character escape{}", self.place_of(end)));
                    return serde_json::from_str(quoted).map(|text| (text, end)).map_err(bad);
                }
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        let place = self.place_of(self.text.len());
        Err(Flaw(format!("Unexpected end-of-input: was expecting closing quote for a string value{place}")))
    }

    /// What stands here is not what may stand here.
    fn unexpected(&self, wanted: &str) -> Flaw {
        let place = self.place();
        Flaw(match (self.peek(), self.open.last()) {
            (Some(letter), _) => {
                format!("Unexpected character ('{letter}' (code {})): {wanted}{place}", u32::from(letter))
            }
            (None, Some(is_object)) => {
                let kind = if *is_object { "Object" } else { "Array" };
                format!("Unexpected end-of-input: expected close marker for {kind}{place}")
            }
            (None, None) => format!("No content to map due to end-of-input{place}"),
        })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }
}
