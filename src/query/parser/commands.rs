//! Commands: a keyword and what it takes.

use super::super::ast::{Command, Expr, Form, Item, Join, Key, Kind, Name, Part, Running, Shift, Verb};
use super::super::faults::{self, Fault, Span};
use super::super::lexer::{self, Token};
use super::Parser;

/// The most results AWS gives (CWL_QuerySyntax-Limit).
pub const LIMIT_MAX: usize = 100_000;

/// How far back `autoregress` looks, and so how many columns it makes. AWS tells no limit.
const LAG_MAX: usize = 100;

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

    /// AWS does not say what the sum is called if the query does not.
    fn accum(&mut self) -> Result<Running, Fault> {
        let field = self.name()?;
        if !self.take_word("as")? {
            return Err(faults::unsupported("accum without AS", field.span));
        }
        Ok(Running::Accum { field, into: self.name()? })
    }

    fn autoregress(&mut self) -> Result<Running, Fault> {
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
    fn wildcards(&mut self) -> Result<Vec<String>, Fault> {
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

    fn add_totals(&mut self) -> Result<Verb, Fault> {
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

    /// `join type=inner left=a right=b where a.x=b.y (SOURCE 'group')`.
    fn join(&mut self) -> Result<Join, Fault> {
        let (mut outer, mut left, mut right) = (false, None, None);
        loop {
            if self.option("type")? {
                outer = self.take_word("left")?;
                if !outer {
                    self.word("inner")?;
                }
            } else if self.option("left")? {
                left = Some(self.side()?);
            } else if self.option("right")? {
                right = Some(self.side()?);
            } else {
                break;
            }
        }
        let left = left.ok_or_else(|| self.unexpected("left= and a name"))?;
        let right = right.ok_or_else(|| self.unexpected("right= and a name"))?;
        self.word("where")?;
        let (left_key, right_key) = self.keys_of(&left, &right)?;
        self.sign("(")?;
        let source = self.source()?.ok_or_else(|| self.unexpected("SOURCE"))?;
        if self.at_sign("|") {
            return Err(faults::unsupported("a subquery in join", self.span));
        }
        self.sign(")")?;
        Ok(Join { outer, left, right, left_key, right_key, source })
    }

    fn option(&mut self, word: &str) -> Result<bool, Fault> {
        let found = self.take_word(word)?;
        if found {
            self.sign("=")?;
        }
        Ok(found)
    }

    /// What the fields of one side of a join are called by.
    fn side(&mut self) -> Result<String, Fault> {
        let span = self.span;
        let name = self.name()?;
        match <[Part; 1]>::try_from(name.parts) {
            Ok([Part::Word(word)]) => Ok(word),
            _ => Err(faults::argument_kind("join", "a name without dots", span)),
        }
    }

    /// The fields that are to be equal, of the left side and of the right one, whichever stands first.
    fn keys_of(&mut self, left: &str, right: &str) -> Result<(Name, Name), Fault> {
        let first = self.name()?;
        if !self.at_sign("=") {
            return Err(self.unexpected("="));
        }
        self.advance()?;
        let second = self.name()?;
        let span = self.since(first.span);
        let pair = match (first.of(left), second.of(right)) {
            (Some(left_key), Some(right_key)) => Some((left_key, right_key)),
            _ => second.of(left).zip(first.of(right)),
        };
        pair.ok_or_else(|| faults::argument_kind("join", "a field of each side", span))
    }

    pub(super) fn field(name: Name) -> Expr {
        Expr { span: name.span, kind: Kind::Field(name) }
    }
}
