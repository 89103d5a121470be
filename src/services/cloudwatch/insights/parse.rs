//! From a query's text to what it asks for.

use super::reserved::is_reserved;
use super::{Filter, Function, Order, Query, SERIES_MAX};

/// What is wrong, at a character counted from one.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    pub at: usize,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    Expected(&'static str),
    /// A reserved word that stands without quotes.
    Reserved(String),
    /// What other query languages, or AWS, have and we do not.
    NotBuilt(&'static str),
}

/// A piece of a query, and the character it starts at, counted from zero.
#[derive(Clone, Debug)]
struct Token {
    at: usize,
    what: What,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// Letters, digits, underscores; points between, as in `tag.env`.
    Word(String),
    /// Between double quotes.
    Name(String),
    /// Between single quotes.
    Text(String),
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 12] = ["!=", "<>", "<=", ">=", "(", ")", ",", "=", "*", "<", ">", ";"];

/// Reads a query.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Query, Flaw> {
    let mut reader = Reader { tokens: tokens(text)?, next: 0 };
    reader.keyword("SELECT", "SELECT")?;
    let function = reader.function()?;
    reader.sign("(")?;
    let metric = reader.name("a metric's name")?;
    reader.sign(")")?;
    reader.keyword("FROM", "FROM")?;
    let (namespace, schema) = reader.source()?;
    let filters = if reader.take_keyword("WHERE") { reader.filters()? } else { Vec::new() };
    let group_by = if reader.take_keyword("GROUP") { reader.labels()? } else { Vec::new() };
    let order_by = if reader.take_keyword("ORDER") { Some(reader.order()?) } else { None };
    let limit = if reader.take_keyword("LIMIT") { Some(reader.limit()?) } else { None };
    reader.end()?;
    Ok(Query { function, metric, namespace, schema, filters, group_by, order_by, limit })
}

struct Reader {
    tokens: Vec<Token>,
    next: usize,
}

impl Reader {
    fn peek(&self) -> &What {
        self.tokens.get(self.next).map_or(&What::End, |token| &token.what)
    }

    fn flaw(&self, problem: Problem) -> Flaw {
        Flaw { at: self.tokens.get(self.next).map_or(0, |token| token.at) + 1, problem }
    }

    fn expected(&self, what: &'static str) -> Flaw {
        self.flaw(Problem::Expected(what))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let is_it = matches!(self.peek(), What::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is_it);
        is_it
    }

    fn keyword(&mut self, keyword: &str, expected: &'static str) -> Result<(), Flaw> {
        if self.take_keyword(keyword) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), What::Sign(known) if *known == sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), Flaw> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.expected(sign)) }
    }

    fn function(&mut self) -> Result<Function, Flaw> {
        const FUNCTIONS: [(&str, Function); 5] = [
            ("AVG", Function::Average),
            ("COUNT", Function::Count),
            ("MAX", Function::Maximum),
            ("MIN", Function::Minimum),
            ("SUM", Function::Sum),
        ];
        let found = FUNCTIONS.into_iter().find(|(name, _)| self.take_keyword(name));
        found.map(|(_, function)| function).ok_or_else(|| self.expected("AVG, COUNT, MAX, MIN or SUM"))
    }

    /// A metric, a namespace or a label: between double quotes, or a word that is not reserved.
    fn name(&mut self, expected: &'static str) -> Result<String, Flaw> {
        let name = match self.peek() {
            What::Name(name) => name.clone(),
            What::Word(word) if is_reserved(word) => return Err(self.flaw(Problem::Reserved(word.clone()))),
            What::Word(word) if word.contains('.') => return Err(self.dotted(word)),
            What::Word(word) => word.clone(),
            _ => return Err(self.expected(expected)),
        };
        self.next += 1;
        Ok(name)
    }

    /// Labels that are no dimensions.
    fn dotted(&self, word: &str) -> Flaw {
        let starts = |prefix: &str| word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        match () {
            () if starts("tag.") => self.flaw(Problem::NotBuilt("tags of resources in queries")),
            () if starts("AWS.AccountId") => self.flaw(Problem::NotBuilt("AWS.AccountId in queries")),
            () => self.expected("double quotes around a name with a point"),
        }
    }

    fn source(&mut self) -> Result<(String, Option<Vec<String>>), Flaw> {
        if !self.take_keyword("SCHEMA") {
            return Ok((self.name("a namespace or SCHEMA")?, None));
        }
        self.sign("(")?;
        let namespace = self.name("a namespace")?;
        let mut labels = Vec::new();
        while self.take_sign(",") {
            labels.push(self.name("a label")?);
        }
        self.sign(")")?;
        Ok((namespace, Some(labels)))
    }

    fn filters(&mut self) -> Result<Vec<Filter>, Flaw> {
        let mut filters = Vec::new();
        loop {
            let label = self.name("a label")?;
            let equal = match () {
                () if self.take_sign("=") => true,
                () if self.take_sign("!=") => false,
                () => return Err(self.expected("= or !=")),
            };
            let What::Text(value) = self.peek().clone() else {
                return Err(self.expected("a value between single quotes"));
            };
            self.next += 1;
            filters.push(Filter { label, equal, value });
            if !self.take_keyword("AND") {
                break;
            }
        }
        match self.peek() {
            What::Word(word) if word.eq_ignore_ascii_case("OR") => Err(self.expected("AND")),
            _ => Ok(filters),
        }
    }

    fn labels(&mut self) -> Result<Vec<String>, Flaw> {
        self.keyword("BY", "BY")?;
        let mut labels = vec![self.name("a label")?];
        while self.take_sign(",") {
            labels.push(self.name("a label")?);
        }
        Ok(labels)
    }

    fn order(&mut self) -> Result<(Function, Order), Flaw> {
        self.keyword("BY", "BY")?;
        let function = self.function()?;
        self.sign("(")?;
        self.sign(")")?;
        let order = match self.take_keyword("DESC") {
            true => Order::Descending,
            false => {
                self.take_keyword("ASC");
                Order::Ascending
            }
        };
        Ok((function, order))
    }

    fn limit(&mut self) -> Result<usize, Flaw> {
        let limit = match self.peek() {
            What::Word(word) => word.parse().ok().filter(|limit| (1..=SERIES_MAX).contains(limit)),
            _ => None,
        };
        let limit = limit.ok_or_else(|| self.expected("a number from 1 to 500"))?;
        self.next += 1;
        Ok(limit)
    }

    fn end(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            What::End => Ok(()),
            What::Word(word) if word.eq_ignore_ascii_case("HAVING") => Err(self.flaw(Problem::NotBuilt("HAVING"))),
            _ => Err(self.expected("WHERE, GROUP BY, ORDER BY, LIMIT or the end, in this order")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Flaw> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(c) = chars.get(at).copied() {
        let rest = chars.get(at..).unwrap_or_default();
        let is_word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let (what, length) = match c {
            _ if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '"' | '\'' => quoted(rest, c)
                .ok_or(Flaw { at: chars.len() + 1, problem: Problem::Expected("the end of what is between quotes") })?,
            _ if is_word(&c) => {
                let word: String = rest.iter().take_while(|c| is_word(c)).collect();
                let length = word.chars().count();
                (What::Word(word), length)
            }
            _ => {
                let starts = |sign: &&str| sign.chars().eq(rest.iter().copied().take(sign.len()));
                let sign = SIGNS.into_iter().find(starts);
                let problem = Problem::Expected("quotes around what is no letter, digit or underscore");
                let sign = sign.ok_or(Flaw { at: at + 1, problem })?;
                (What::Sign(sign), sign.len())
            }
        };
        tokens.push(Token { at, what });
        at += length;
    }
    tokens.push(Token { at, what: What::End });
    Ok(tokens)
}

/// A backslash takes a quote as it is.
fn quoted(rest: &[char], quote: char) -> Option<(What, usize)> {
    let (mut text, mut at) = (String::new(), 1);
    loop {
        match (*rest.get(at)?, rest.get(at + 1)) {
            ('\\', Some(next @ ('"' | '\''))) => {
                text.push(*next);
                at += 2;
            }
            (c, _) if c == quote => break,
            (c, _) => {
                text.push(c);
                at += 1;
            }
        }
    }
    Some((if quote == '"' { What::Name(text) } else { What::Text(text) }, at + 1))
}
