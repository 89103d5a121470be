//! `SOURCE` (CWL_QuerySyntax-Source): which log groups a query reads.

use super::super::faults::{self, Fault};
use super::super::lexer::Token;
use super::super::{Source, TagFilter};
use super::Parser;

const PREFIXES_MAX: usize = 5;
const ACCOUNTS_MAX: usize = 20;
const TAGS_MAX: usize = 5;
const TAG_VALUES_MAX: usize = 5;

impl Parser<'_> {
    pub(super) fn source(&mut self) -> Result<Option<Source>, Fault> {
        if !self.take_word("source")? {
            return Ok(None);
        }
        let mut source = Source::default();
        if self.at_word("dataSource") {
            return Err(faults::unsupported("data sources", self.span));
        }
        let selected = self.take_word("logGroups")?;
        if selected {
            self.selections(&mut source)?;
        }
        if self.at_word("logGroupTags") {
            self.tags(&mut source)?;
        } else if !selected {
            source.names.push(self.group()?);
        }
        Ok(Some(source))
    }

    /// A log group by its name, which needs quotes if it is no word.
    fn group(&mut self) -> Result<String, Fault> {
        let span = self.span;
        match self.token.clone() {
            Token::Text(name) | Token::Quoted(name) | Token::Word(name) => {
                self.advance()?;
                if self.at_sign("(") {
                    return Err(faults::unsupported(&format!("{name} in SOURCE"), span));
                }
                Ok(name)
            }
            _ => Err(self.unexpected("logGroups, logGroupTags or the name of a log group")),
        }
    }

    fn selections(&mut self, source: &mut Source) -> Result<(), Fault> {
        self.sign("(")?;
        while !self.take_sign(")")? {
            self.selection(source)?;
            if !self.take_sign(",")? {
                self.sign(")")?;
                break;
            }
        }
        Ok(())
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

    /// `logGroupTags([{"key": "team", "values": ["a", "b*", "!c"]}])`.
    fn tags(&mut self, source: &mut Source) -> Result<(), Fault> {
        let span = self.span;
        self.advance()?;
        self.sign("(")?;
        self.sign("[")?;
        source.tags.push(self.tag()?);
        while self.take_sign(",")? {
            source.tags.push(self.tag()?);
        }
        self.sign("]")?;
        self.sign(")")?;
        if source.tags.len() > TAGS_MAX {
            return Err(faults::too_many("tag filters", TAGS_MAX, span));
        }
        Ok(())
    }

    fn tag(&mut self) -> Result<TagFilter, Fault> {
        let span = self.span;
        self.sign("{")?;
        let (mut key, mut values) = (None, Vec::new());
        loop {
            let (member, span) = self.string("\"key\" or \"values\"")?;
            self.sign(":")?;
            match member.as_str() {
                "key" => key = Some(self.string("a string")?.0),
                "values" => values = self.strings()?,
                _ => return Err(faults::unexpected(&member, "\"key\" or \"values\"", span)),
            }
            if !self.take_sign(",")? {
                break;
            }
        }
        let key = key.ok_or_else(|| self.unexpected("\"key\""))?;
        self.sign("}")?;
        if values.len() > TAG_VALUES_MAX {
            return Err(faults::too_many("values of a tag", TAG_VALUES_MAX, span));
        }
        Ok(TagFilter { key, values })
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
