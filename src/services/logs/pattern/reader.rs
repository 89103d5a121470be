//! Reading a pattern's text from left to right.

use super::Invalid;
use super::regex::Expression;

/// A place in a pattern's text.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where each regular expression stands.
    regexes: Vec<usize>,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0, regexes: Vec::new() }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Moves past `token` if it stands here.
    pub fn eat(&mut self, token: &str) -> bool {
        let here = self.rest().starts_with(token);
        if here {
            self.at += token.len();
        }
        here
    }

    /// Moves past `word` if it stands here as a word of its own, then past the spaces after it.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word);
        let here = after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        if here {
            self.at += word.len();
            self.skip_spaces();
        }
        here
    }

    pub fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = rest.find(|c| !belongs(c)).map_or(rest, |end| &rest[..end]);
        self.at += taken.len();
        taken
    }

    /// The text between the quotation marks that start here. `\"` and `\\` stand for the second character.
    pub fn quoted(&mut self) -> Result<String, Invalid> {
        let (start, whole) = (self.at, self.rest());
        self.eat("\"");
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != '"' && c != '\\'));
            if self.eat("\\\"") {
                text.push('"');
            } else if self.eat("\\\\") || self.eat("\\") {
                text.push('\\');
            } else if self.eat("\"") {
                return Ok(text);
            } else {
                return Err(Invalid::characters(whole, start));
            }
        }
    }

    /// The regular expression between the percentage signs that start here.
    pub fn regex(&mut self) -> Result<Expression, Invalid> {
        let start = self.at;
        self.regexes.push(start);
        self.eat("%");
        let inside = self.at;
        let source = self.take_while(|c| c != '%');
        if !self.eat("%") {
            return Err(Invalid::characters("%", start));
        }
        Expression::parse(source, inside)
    }

    /// Refuses the expression that is one too many.
    pub fn check_regexes(&self, most: usize) -> Result<(), Invalid> {
        self.regexes.get(most).map_or(Ok(()), |position| Err(Invalid::pattern(*position)))
    }

    /// The error for what stands here: a character that no `known` one is, or one in the wrong place.
    pub fn refuse(&self, known: &str) -> Invalid {
        match self.peek() {
            Some(c) if !c.is_ascii_alphanumeric() && !c.is_whitespace() && !known.contains(c) => {
                Invalid::characters(c.encode_utf8(&mut [0; 4]), self.at)
            }
            _ => Invalid::pattern(self.at),
        }
    }

    /// The error for a token that started at `start` and broke here.
    pub fn refuse_from(&self, start: usize) -> Invalid {
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        match self.text.get(start..end) {
            None | Some("") => Invalid::pattern(start),
            Some(characters) => Invalid::characters(characters, start),
        }
    }
}
