//! Commands: a keyword and what it takes.

use super::super::ast::{Command, Expr, Form, Item, Key, Kind, Name, Running, Shift, Verb};
use super::super::faults::{self, Fault, Span};
use super::super::lexer::{self, Token};
use super::Parser;

/// The most results AWS gives (CWL_QuerySyntax-Limit).
pub const LIMIT_MAX: usize = 100_000;

/// Commands that AWS documents and this engine has not: an error, never wrong rows. They need models and tables that
/// are not here, or AWS does not say what they give.
const UNSUPPORTED: [&str; 17] = [
    "anomaly",
    "appendcols",
    "cidrlookup",
    "estimate",
    "fillmissing",
    "logcompare",
    "lookup",
    "outlier",
    "relevantfields",
    "search",
    "sessionize",
    "subqueries",
    "tail",
    "timechart",
    "top",
    "transpose",
    "rename",
];

impl Parser<'_> {
    pub(super) fn command(&mut self) -> Result<Command, Fault> {
        let start = self.span;
        if self.at_sign("$") {
            return Err(faults::unsupported("saved queries in queries", start));
        }
        let Token::Word(word) = &self.token else { return Err(self.unexpected("a command")) };
        let keyword = word.to_ascii_lowercase();
        if UNSUPPORTED.contains(&keyword.as_str()) {
            return Err(faults::unsupported(&format!("the command {word}"), start));
        }
        let verb = self.verb(&keyword)?;
        Ok(Command { verb, span: self.since(start) })
    }

    fn verb(&mut self, keyword: &str) -> Result<Verb, Fault> {
        let (token, span) = self.advance()?;
        Ok(match keyword {
            "fields" => Verb::Fields(self.items()?),
            "display" => Verb::Display(self.items()?),
            "filter" | "where" => Verb::Filter(self.expression()?),
            "filterindex" => Verb::FilterIndex(self.expression()?),
            "stats" => self.stats()?,
            "sort" | "order" => self.sort()?,
            "limit" | "head" => self.limit()?,
            "dedup" => Verb::Dedup(self.names()?),
            "parse" => self.parse_command()?,
            "json" => self.json()?,
            "pattern" => Verb::Pattern(self.expression()?),
            "diff" => Verb::Diff(self.shift()?),
            "unmask" => Verb::Unmask(self.names()?),
            "unnest" => self.unnest()?,
            "expand" => Verb::Expand(self.name()?),
            "countfrequent" | "count_frequent" => Verb::CountFrequent(self.names()?),
            "accum" => Verb::Running(self.accum()?),
            "autoregress" => Verb::Running(self.autoregress()?),
            "filldown" => Verb::Running(Running::FillDown(self.wildcards()?)),
            "addtotals" => self.add_totals()?,
            "join" if self.inside => return Err(faults::unsupported("a join in a subquery", span)),
            "join" => Verb::Join(self.join()?),
            _ => {
                let name = if let Token::Word(word) = token { word } else { keyword.to_owned() };
                return Err(faults::unknown_command(&name, span));
            }
        })
    }

    fn items(&mut self) -> Result<Vec<Item>, Fault> {
        let mut items = vec![self.item()?];
        while self.take_sign(",")? {
            items.push(self.item()?);
        }
        Ok(items)
    }

    fn item(&mut self) -> Result<Item, Fault> {
        let expr = self.expression()?;
        let alias = if self.take_word("as")? { Some(self.name()?) } else { None };
        Ok(Item { expr, alias })
    }

    fn stats(&mut self) -> Result<Verb, Fault> {
        let items = self.items()?;
        let by = if self.take_word("by")? { self.items()? } else { Vec::new() };
        if self.at_word("offset") {
            return Err(faults::unsupported("offset", self.span));
        }
        Ok(Verb::Stats { items, by })
    }

    fn sort(&mut self) -> Result<Verb, Fault> {
        self.take_word("by")?;
        let mut keys = vec![self.key()?];
        while self.take_sign(",")? {
            keys.push(self.key()?);
        }
        Ok(Verb::Sort(keys))
    }

    fn key(&mut self) -> Result<Key, Fault> {
        let expr = self.expression()?;
        let descending = self.take_word("desc")?;
        if !descending {
            self.take_word("asc")?;
        }
        Ok(Key { expr, descending })
    }

    fn limit(&mut self) -> Result<Verb, Fault> {
        let any = self.take_word("any")?;
        match self.token {
            Token::Number(count) if count.fract() == 0.0 && (1.0..=LIMIT_MAX as f64).contains(&count) => {
                self.advance()?;
                Ok(Verb::Limit { any, count: count as usize })
            }
            Token::Number(_) => Err(faults::bad_number("limit", "a whole number from 1 to 100000", self.span)),
            _ => Err(self.unexpected("a number")),
        }
    }

    fn parse_command(&mut self) -> Result<Verb, Fault> {
        let subject = if self.at_form() { None } else { Some(self.primary()?) };
        let form = self.form()?;
        Ok(Verb::Parse { subject, form })
    }

    /// Whether what comes says how to take apart, not what. Fields may be named `csv` too.
    fn at_form(&self) -> bool {
        if self.at_word("logfmt") || self.at_word("csv") {
            let next = lexer::token(self.text, self.span.end);
            return matches!(next, Ok((Token::Word(word), _)) if word.eq_ignore_ascii_case("as"));
        }
        matches!(self.token, Token::Text(_)) || self.at_sign("/")
    }

    fn form(&mut self) -> Result<Form, Fault> {
        if self.at_sign("/") {
            return self.regex_form();
        }
        if self.take_word("logfmt")? {
            self.word("as")?;
            return Ok(Form::Logfmt { name: self.name()? });
        }
        if self.take_word("csv")? {
            self.word("as")?;
            return Ok(Form::Csv { names: self.names()? });
        }
        let (pattern, span) = self.string("a glob pattern, a regular expression, logfmt or csv")?;
        self.word("as")?;
        let names = self.names()?;
        let stars = pattern.matches('*').count();
        if stars != names.len() {
            return Err(faults::wildcards(stars, names.len(), span));
        }
        Ok(Form::Glob { pattern, names, span })
    }

    fn regex_form(&mut self) -> Result<Form, Fault> {
        let (pattern, span) = self.regex()?;
        let names = if self.take_word("as")? { self.names()? } else { Vec::new() };
        let multi = self.take_word("multi")?;
        Ok(Form::Regex { pattern, names, multi, span })
    }

    /// The regular expression that begins at the `/` that comes now.
    pub(super) fn regex(&mut self) -> Result<(String, Span), Fault> {
        if !self.at_sign("/") {
            return Err(self.unexpected("a regular expression"));
        }
        let (pattern, span) = lexer::regex(self.text, self.span.start)?;
        self.jump(span.end)?;
        Ok((pattern, span))
    }

    fn json(&mut self) -> Result<Verb, Fault> {
        self.word("field")?;
        self.sign("=")?;
        let field = self.name()?;
        let path = self.string("a path in quotes")?.0;
        self.word("as")?;
        Ok(Verb::Json { field, path, alias: self.name()? })
    }

    fn shift(&mut self) -> Result<Shift, Fault> {
        for (word, shift) in
            [("previousDay", Shift::Day), ("previousWeek", Shift::Week), ("previousMonth", Shift::Month)]
        {
            if self.take_word(word)? {
                return Ok(shift);
            }
        }
        Ok(Shift::Preceding)
    }

    fn unnest(&mut self) -> Result<Verb, Fault> {
        let list = self.primary()?;
        self.word("into")?;
        Ok(Verb::Unnest { list, into: self.name()? })
    }

    pub(super) fn field(name: Name) -> Expr {
        Expr { span: name.span, kind: Kind::Field(name) }
    }
}
