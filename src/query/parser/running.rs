//! Commands that look along rows: `accum`, `autoregress`, `filldown`, `addtotals`.

use super::super::ast::{Running, Verb};
use super::super::faults::{self, Fault};
use super::super::lexer::{self, Token};
use super::Parser;

/// How far back `autoregress` looks, and so how many columns it makes. AWS tells no limit.
const LAG_MAX: usize = 100;

impl Parser<'_> {
    /// AWS does not say what the sum is called if the query does not.
    pub(super) fn accum(&mut self) -> Result<Running, Fault> {
        let field = self.name()?;
        if !self.take_word("as")? {
            return Err(faults::unsupported("accum without AS", field.span));
        }
        Ok(Running::Accum { field, into: self.name()? })
    }

    pub(super) fn autoregress(&mut self) -> Result<Running, Fault> {
        let field = self.name()?;
        let alias = if self.take_word("as")? { Some(self.name()?) } else { None };
        let (mut first, mut last) = (1, 1);
        let span = self.span;
        if self.option("p")? {
            first = self.lag()?;
            last = if self.take_sign("-")? { self.lag()? } else { first };
        }
        let span = self.since(span);
        if last < first {
            return Err(faults::bad_number("range of lags", "the smaller one first", span));
        }
        if alias.is_some() && last > first {
            return Err(faults::unsupported("one alias for several lags", span));
        }
        Ok(Running::Autoregress { field, alias, first, last })
    }

    fn lag(&mut self) -> Result<usize, Fault> {
        match self.token {
            Token::Number(lag) if lag.fract() == 0.0 && (1.0..=LAG_MAX as f64).contains(&lag) => {
                self.advance()?;
                Ok(lag as usize)
            }
            Token::Number(_) => Err(faults::bad_number("lag", "a whole number from 1 to 100", self.span)),
            _ => Err(self.unexpected("a number")),
        }
    }

    /// Names with wildcards, with white space between them.
    pub(super) fn wildcards(&mut self) -> Result<Vec<String>, Fault> {
        let within = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '@' | '.' | '*');
        let mut names = Vec::new();
        while self.text[self.span.start..].starts_with(within) {
            let start = self.span.start;
            let length = self.text[start..].find(|letter| !within(letter)).unwrap_or(self.text.len() - start);
            names.push(self.text[start..start + length].to_owned());
            self.jump(start + length)?;
        }
        Ok(names)
    }

    pub(super) fn add_totals(&mut self) -> Result<Verb, Fault> {
        let (mut into, mut rows) = (None, true);
        loop {
            let span = self.span;
            if self.at_option("fieldname") && self.option("fieldname")? {
                into = Some(self.name()?);
            } else if self.at_option("row") && self.option("row")? {
                rows = self.flag()?;
            } else if self.at_option("col") && self.option("col")? {
                if self.flag()? {
                    return Err(faults::unsupported("totals of columns", self.since(span)));
                }
            } else {
                break;
            }
        }
        if !rows {
            return Err(faults::unsupported("addtotals without totals of rows", self.since(self.span)));
        }
        let named = matches!(self.token, Token::Word(_) | Token::Quoted(_));
        let fields = if named { self.names()? } else { Vec::new() };
        Ok(Verb::AddTotals { into, fields })
    }

    /// Whether an option comes, and no field of the same name.
    fn at_option(&self, word: &str) -> bool {
        self.at_word(word) && matches!(lexer::token(self.text, self.span.end), Ok((Token::Sign("="), _)))
    }

    fn flag(&mut self) -> Result<bool, Fault> {
        if self.take_word("true")? {
            return Ok(true);
        }
        self.word("false")?;
        Ok(false)
    }
}
