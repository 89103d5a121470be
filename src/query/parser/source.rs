//! `SOURCE logGroups(…)` (CWL_QuerySyntax-Source): which log groups a query reads.

use super::super::Source;
use super::super::faults::{self, Fault};
use super::super::lexer::Token;
use super::Parser;

const PREFIXES_MAX: usize = 5;
const ACCOUNTS_MAX: usize = 20;

impl Parser<'_> {
    pub(super) fn source(&mut self) -> Result<Option<Source>, Fault> {
        if !self.take_word("source")? {
            return Ok(None);
        }
        if !self.at_word("logGroups") {
            return Err(match &self.token {
                Token::Word(_) | Token::Text(_) => faults::unsupported("a SOURCE other than logGroups(…)", self.span),
                _ => self.unexpected("logGroups"),
            });
        }
        self.advance()?;
        self.sign("(")?;
        let mut source = Source::default();
        while !self.take_sign(")")? {
            self.selection(&mut source)?;
            if !self.take_sign(",")? {
                self.sign(")")?;
                break;
            }
        }
        Ok(Some(source))
    }

    /// `namePrefix: ['a', 'b']`.
    fn selection(&mut self, source: &mut Source) -> Result<(), Fault> {
        let (key, span) = match self.token.clone() {
            Token::Word(key) => (key, self.span),
            _ => return Err(self.unexpected("namePrefix, class or accountIdentifiers")),
        };
        self.advance()?;
        self.sign(":")?;
        let values = self.strings()?;
        let (place, most) = match key.as_str() {
            "namePrefix" => (&mut source.name_prefixes, PREFIXES_MAX),
            "accountIdentifier" | "accountIdentifiers" => (&mut source.account_identifiers, ACCOUNTS_MAX),
            "class" | "logGroupClass" => (&mut source.classes, usize::MAX),
            _ => return Err(faults::unsupported(&format!("{key} in SOURCE"), span)),
        };
        if values.len() > most {
            return Err(faults::too_many(&key, most, span));
        }
        *place = values;
        Ok(())
    }

    fn strings(&mut self) -> Result<Vec<String>, Fault> {
        self.sign("[")?;
        let mut values = vec![self.string("a string")?.0];
        while self.take_sign(",")? {
            values.push(self.string("a string")?.0);
        }
        self.sign("]")?;
        Ok(values)
    }
}
