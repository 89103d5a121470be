//! From a search's text to what it looks for.

use super::tokens::Words;
use super::{LENGTH_MAX, Pattern, Schema, Search, Term};

/// What was expected at a character, counted from zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    pub at: usize,
    pub expected: &'static str,
}

/// How deep parentheses may nest.
const DEPTH_MAX: usize = 64;

/// Reads a search.
///
/// # Errors
/// What was expected, and where.
pub fn parse(text: &str) -> Result<Search, Flaw> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > LENGTH_MAX {
        return Err(Flaw { at: LENGTH_MAX, expected: "a shorter search" });
    }
    let mut reader = Reader { chars, at: 0, depth: 0 };
    let schema = if reader.take('{') { Some(reader.schema()?) } else { None };
    // Some examples have a comma behind the schema.
    if schema.is_some() {
        reader.take(',');
    }
    let term = if reader.is_at_end() { None } else { Some(reader.any()?) };
    match (&schema, &term) {
        (None, None) => Err(reader.expected("a metric schema or a search term")),
        _ if reader.is_at_end() => Ok(Search { schema, term }),
        _ => Err(reader.expected("a search term")),
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn expected(&self, expected: &'static str) -> Flaw {
        Flaw { at: self.at, expected }
    }

    fn peek(&mut self) -> Option<char> {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.chars.get(self.at).copied()
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn take(&mut self, c: char) -> bool {
        let is_it = self.peek() == Some(c);
        self.at += usize::from(is_it);
        is_it
    }

    /// A word of the language: followed by something that is not part of a word.
    fn take_word(&mut self, word: &str) -> bool {
        self.peek();
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let length = word.len();
        let is_it = rest.len() > length
            && word.chars().eq(rest.iter().copied().take(length))
            && rest.get(length).is_none_or(|c| c.is_whitespace() || *c == '(' || *c == '"');
        self.at += if is_it { length } else { 0 };
        is_it
    }

    fn schema(&mut self) -> Result<Schema, Flaw> {
        let mut names = Vec::new();
        loop {
            let name = match self.peek() {
                Some('"') => self.quoted()?,
                _ => self.plain(|c| matches!(c, ',' | '}' | '{' | '"')).trim_end().to_owned(),
            };
            if name.is_empty() {
                return Err(self.expected("a namespace or a dimension's name"));
            }
            names.push(name);
            if self.take('}') {
                break;
            }
            if !self.take(',') {
                return Err(self.expected("}"));
            }
        }
        let mut names = names.into_iter();
        Ok(Schema { namespace: names.next().unwrap_or_default(), dimensions: names.collect() })
    }

    fn any(&mut self) -> Result<Term, Flaw> {
        let mut terms = vec![self.all()?];
        while self.take_word("OR") {
            terms.push(self.all()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Or(terms) })
    }

    /// Terms that follow each other must all be found, with `AND` between them or without.
    fn all(&mut self) -> Result<Term, Flaw> {
        let mut terms = vec![self.one()?];
        loop {
            if self.take_word("AND") {
                terms.push(self.one()?);
                continue;
            }
            let before = self.at;
            if matches!(self.peek(), None | Some(')')) || self.take_word("OR") {
                self.at = before;
                break;
            }
            terms.push(self.one()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::And(terms) })
    }

    fn one(&mut self) -> Result<Term, Flaw> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.expected("less nesting"));
        }
        let term = if self.take_word("NOT") {
            Term::Not(Box::new(self.one()?))
        } else if self.take('(') {
            let inner = self.any()?;
            if !self.take(')') {
                return Err(self.expected(")"));
            }
            inner
        } else {
            self.matching()?
        };
        self.depth -= 1;
        Ok(term)
    }

    /// `"exact"`, `partial`, `Property="exact"`, `Property=partial`.
    fn matching(&mut self) -> Result<Term, Flaw> {
        let start = self.at;
        let (text, quoted) = self.text()?;
        if text == ":aws.AccountId" {
            self.at = start;
            return Err(self.expected("no account: this one monitors no others"));
        }
        if self.take('=') {
            self.peek();
            let (value, quoted) = self.text()?;
            return Ok(Term::Match(Some(text), pattern(value, quoted)));
        }
        Ok(Term::Match(None, pattern(text, quoted)))
    }

    fn text(&mut self) -> Result<(String, bool), Flaw> {
        if self.peek() == Some('"') {
            return Ok((self.quoted()?, true));
        }
        let text = self.plain(|c| c.is_whitespace() || matches!(c, '(' | ')' | '=' | '"'));
        if text.is_empty() { Err(self.expected("a search term")) } else { Ok((text, false)) }
    }

    fn plain(&mut self, ends: impl Fn(char) -> bool) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let text: String = rest.iter().take_while(|c| !ends(**c)).collect();
        self.at += text.chars().count();
        text
    }

    /// Between double quotes; a backslash takes what follows as it is.
    fn quoted(&mut self) -> Result<String, Flaw> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.chars.get(self.at).copied() {
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' => {
                    text.extend(self.chars.get(self.at));
                    self.at += 1;
                }
                c => text.push(c),
            }
        }
        self.at = self.chars.len();
        Err(self.expected("\""))
    }
}

fn pattern(text: String, quoted: bool) -> Pattern {
    if quoted { Pattern::Exact(text) } else { Pattern::Partial(Words::of(&text)) }
}
