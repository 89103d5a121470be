//! From text to commands: recursive descent over words, with the place of everything.

mod commands;
mod expressions;
mod join;
mod running;
mod source;

use super::ast::{Name, Part, Script};
use super::faults::{self, Fault, Span};
use super::lexer::{self, Token};

/// A query's commands, or the first thing in it that has no meaning.
pub fn parse(text: &str) -> Result<Script, Fault> {
    let mut parser = Parser::new(text)?;
    let script = parser.script()?;
    parser.end()?;
    Ok(script)
}

/// A text and the token that is to be looked at next.
struct Parser<'t> {
    text: &'t str,
    token: Token,
    span: Span,
    /// The end of the token before.
    passed: usize,
    depth: usize,
    /// What is read is a query inside another.
    inside: bool,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Parser<'t>, Fault> {
        let (token, span) = lexer::token(text, 0)?;
        Ok(Parser { text, token, span, passed: 0, depth: 0, inside: false })
    }

    fn script(&mut self) -> Result<Script, Fault> {
        let source = self.source()?;
        // A pipe may stand before the first command.
        let piped = self.take_sign("|")?;
        if source.is_some() && !piped {
            return Ok(Script { source, commands: Vec::new() });
        }
        if self.token == Token::End {
            return Err(faults::empty(self.span));
        }
        let mut commands = vec![self.command()?];
        while self.take_sign("|")? {
            commands.push(self.command()?);
        }
        Ok(Script { source, commands })
    }

    /// Goes on to the next token and gives the one before.
    fn advance(&mut self) -> Result<(Token, Span), Fault> {
        self.jump(self.span.end)
    }

    /// Goes on to the token at or after an offset.
    fn jump(&mut self, offset: usize) -> Result<(Token, Span), Fault> {
        let (token, span) = lexer::token(self.text, offset)?;
        self.passed = offset;
        Ok((std::mem::replace(&mut self.token, token), std::mem::replace(&mut self.span, span)))
    }

    /// From a place to the token before.
    fn since(&self, start: Span) -> Span {
        Span { start: start.start, end: self.passed }
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn take_sign(&mut self, sign: &str) -> Result<bool, Fault> {
        let found = self.at_sign(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn sign(&mut self, sign: &str) -> Result<(), Fault> {
        if self.take_sign(sign)? { Ok(()) } else { Err(self.unexpected(sign)) }
    }

    /// Keywords are words in any case.
    fn at_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> Result<bool, Fault> {
        let found = self.at_word(word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        if self.take_word(word)? { Ok(()) } else { Err(self.unexpected(word)) }
    }

    fn string(&mut self, expected: &str) -> Result<(String, Span), Fault> {
        match &self.token {
            Token::Text(_) => match self.advance()? {
                (Token::Text(text), span) => Ok((text, span)),
                (_, span) => Err(faults::unexpected("", expected, span)),
            },
            _ => Err(self.unexpected(expected)),
        }
    }

    /// The token that comes now has no place here.
    fn unexpected(&self, expected: &str) -> Fault {
        faults::unexpected(&self.text[self.span.start..self.span.end], expected, self.span)
    }

    fn end(&self) -> Result<(), Fault> {
        if self.token == Token::End { Ok(()) } else { Err(self.unexpected("| or the end of the query")) }
    }

    fn name(&mut self) -> Result<Name, Fault> {
        let start = self.span;
        let first = match self.token {
            Token::Word(_) | Token::Quoted(_) => self.advance()?,
            _ => return Err(self.unexpected("a field name")),
        };
        let mut parts = Vec::new();
        push_word(&mut parts, first.0);
        // `` @`aws.tag.key` `` is one word.
        if parts == [Part::Word("@".to_owned())]
            && self.span.start == self.passed
            && let Token::Quoted(rest) = &self.token
        {
            parts = vec![Part::Word(format!("@{rest}"))];
            self.advance()?;
        }
        while let Some(part) = self.part()? {
            parts.push(part);
        }
        Ok(Name { parts, span: self.since(start) })
    }

    /// `.word`, `.0` or `[0]`, when it touches what is before.
    fn part(&mut self) -> Result<Option<Part>, Fault> {
        if self.span.start != self.passed {
            return Ok(None);
        }
        if self.take_sign("[")? {
            let index = match self.token {
                Token::Number(index) if index.fract() == 0.0 && (0.0..1e9).contains(&index) => index as usize,
                _ => return Err(self.unexpected("a position in a list")),
            };
            self.advance()?;
            self.sign("]")?;
            return Ok(Some(Part::Index(index)));
        }
        // `.0` alone would read as a number.
        if !self.text[self.span.start..].starts_with('.') {
            return Ok(None);
        }
        let start = self.span.start + 1;
        let digits = self.text[start..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        if digits > 0 && self.text[start..].starts_with(|first: char| first.is_ascii_digit()) {
            self.jump(start + digits)?;
            return Ok(Some(Part::Word(self.text[start..start + digits].to_owned())));
        }
        self.jump(start)?;
        match self.token {
            Token::Word(_) | Token::Quoted(_) if self.span.start == start => {
                let mut parts = Vec::new();
                let word = self.advance()?.0;
                push_word(&mut parts, word);
                Ok(parts.pop())
            }
            _ => Err(self.unexpected("a field name after the dot")),
        }
    }

    fn names(&mut self) -> Result<Vec<Name>, Fault> {
        let mut names = vec![self.name()?];
        while self.take_sign(",")? {
            names.push(self.name()?);
        }
        Ok(names)
    }
}

fn push_word(parts: &mut Vec<Part>, token: Token) {
    if let Token::Word(word) | Token::Quoted(word) = token {
        parts.push(Part::Word(word));
    }
}
