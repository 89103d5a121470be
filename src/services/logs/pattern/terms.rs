//! Terms: words, phrases in quotation marks and regular expressions, to be found anywhere in the message.

use super::Invalid;
use super::needle::Needle;
use super::reader::Reader;
use super::regex::Expression;

/// Terms, of which an event has all, or none that is excluded, or, if all are optional, some.
#[derive(Debug, PartialEq)]
pub struct Terms {
    /// As they were written, less those without effect.
    pub terms: Vec<Term>,
}

#[derive(Debug, PartialEq)]
pub struct Term {
    pub sign: Sign,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `term`
    Include,
    /// `-term`
    Exclude,
    /// `?term`
    Optional,
}

#[derive(Debug, PartialEq)]
pub enum What {
    Phrase(Needle),
    Regex(Expression),
}

impl What {
    fn is_in(&self, message: &str) -> bool {
        match self {
            What::Phrase(needle) => needle.is_in(message),
            What::Regex(expression) => expression.is_in(message),
        }
    }

    /// Blank phrases are in everything: `" "` is documented to match all events.
    fn is_blank(&self) -> bool {
        matches!(self, What::Phrase(needle) if needle.text().iter().all(u8::is_ascii_whitespace))
    }
}

impl Terms {
    pub fn matches(&self, message: &str) -> bool {
        let mut found = true;
        for term in &self.terms {
            match (term.sign, term.what.is_in(message)) {
                (Sign::Include, false) | (Sign::Exclude, true) => return false,
                (Sign::Include, true) | (Sign::Exclude, false) => {}
                (Sign::Optional, true) => return true,
                (Sign::Optional, false) => found = false,
            }
        }
        found
    }

    /// The longest of the phrases that an event must have.
    pub fn needle(&self) -> Option<&str> {
        let phrases = self.terms.iter().filter_map(|term| match (&term.what, term.sign) {
            (What::Phrase(needle), Sign::Include) => std::str::from_utf8(needle.text()).ok(),
            _ => None,
        });
        phrases.max_by_key(|phrase| phrase.len())
    }
}

/// Reads terms up to the end; nothing if they match everything.
///
/// Optional terms have no effect beside others, as the page says, and are left out.
pub fn parse(reader: &mut Reader) -> Result<Option<Terms>, Invalid> {
    let mut terms = Vec::new();
    reader.skip_spaces();
    while reader.peek().is_some() {
        terms.push(term(reader)?);
        let after = reader.at();
        reader.skip_spaces();
        if reader.at() == after && reader.peek().is_some() {
            return Err(reader.refuse_from(after));
        }
    }
    if terms.iter().any(|term| term.sign != Sign::Optional) {
        terms.retain(|term| term.sign != Sign::Optional);
    }
    terms.retain(|term| term.sign != Sign::Include || !term.what.is_blank());
    Ok(Some(Terms { terms }).filter(|terms| !terms.terms.is_empty()))
}

fn term(reader: &mut Reader) -> Result<Term, Invalid> {
    let sign = sign(reader);
    Ok(Term { sign, what: what(reader)? })
}

/// Spaces after the minus sign are shown in earlier editions of the page.
fn sign(reader: &mut Reader) -> Sign {
    if reader.eat("?") {
        Sign::Optional
    } else if reader.eat("-") {
        reader.skip_spaces();
        Sign::Exclude
    } else {
        Sign::Include
    }
}

fn what(reader: &mut Reader) -> Result<What, Invalid> {
    let start = reader.at();
    match reader.peek() {
        Some('%') => return reader.regex().map(What::Regex),
        Some('"') => {
            let phrase = reader.quoted()?;
            let empty = Invalid::characters("\"\"", start);
            return if phrase.is_empty() { Err(empty) } else { Ok(What::Phrase(Needle::new(&phrase))) };
        }
        _ => {}
    }
    let word = reader.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
    if word.is_empty() { Err(reader.refuse_from(start)) } else { Ok(What::Phrase(Needle::new(word))) }
}
