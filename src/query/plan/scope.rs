//! Which names a command can use, and expressions with their names replaced by places.

use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

use super::super::aggregate;
use super::super::ast::{Expr, Kind, Name, Part, Pattern, Script, join};
use super::super::faults::{self, Fault, Span};
use super::super::functions::{self, DateFormat, parse_offset};
use super::super::inner::{Found, Inner, Set};
use super::super::node::{Clock, Matcher, Node, Rounding, Slot};
use super::super::period::Period;
use super::super::value::Value;
use super::sides::{Side, Sides};
use super::{Origin, Stage, Wanted};

/// Names of one stage.
#[derive(Default)]
pub struct Scope<'f> {
    pub slots: Vec<Origin>,
    pub wanted: Wanted,
    /// Names that commands gave, the number of the command, and where their values are.
    aliases: Vec<(String, usize, Slot)>,
    /// After `stats` and `pattern`, only their columns have names.
    pub closed: bool,
    /// The command that is looked at.
    pub command: usize,
    /// The condition of a `filter` is looked at: there may be subqueries.
    pub filters: bool,
    /// The queries that run before, and what they found.
    pub inner: Vec<Inner>,
    pub found: &'f [Found],
    /// The join of this stage.
    pub sides: Option<Sides>,
}

impl<'f> Scope<'f> {
    pub fn new(found: &'f [Found]) -> Scope<'f> {
        Scope { found, ..Scope::default() }
    }

    /// The names of the stage that follows: none as yet.
    pub fn next(&mut self) -> Scope<'f> {
        let inner = std::mem::take(&mut self.inner);
        Scope { command: self.command, closed: true, inner, ..Scope::new(self.found) }
    }

    pub fn slot(&mut self, origin: Origin) -> Slot {
        let known = self.slots.iter().position(|slot| *slot == origin && origin != Origin::Computed);
        known.unwrap_or_else(|| {
            self.slots.push(origin);
            self.slots.len() - 1
        })
    }

    /// Gives a name to a slot that is computed.
    pub fn define(&mut self, name: &Name) -> Result<Slot, Fault> {
        let joined = name.joined();
        if self.alias(&joined).is_some() {
            return Err(faults::redefined(&joined, name.span));
        }
        let slot = self.slot(Origin::Computed);
        self.bind(joined, slot);
        Ok(slot)
    }

    pub fn bind(&mut self, name: String, slot: Slot) {
        self.aliases.push((name, self.command, slot));
    }

    pub fn alias(&self, name: &str) -> Option<Slot> {
        self.aliases.iter().rev().find(|(known, ..)| known == name).map(|(.., slot)| *slot)
    }

    /// A field's value: a name that was given, a part of a map that has a name, or a field of the log event.
    pub fn field(&mut self, name: &Name) -> Result<Node, Fault> {
        let joined = name.joined();
        if let Some(slot) = self.alias(&joined) {
            return Ok(Node::Slot(slot));
        }
        match self.sides.as_ref().and_then(|sides| sides.side(name)) {
            Some(Side::Left(name)) => self.known(&name),
            Some(Side::Right(name)) => Ok(self.right(name)),
            None => self.known(name),
        }
    }

    fn known(&mut self, name: &Name) -> Result<Node, Fault> {
        let joined = name.joined();
        if let Some(slot) = self.alias(&joined) {
            return Ok(Node::Slot(slot));
        }
        if let Some((slot, length)) = self.structure(name) {
            return Ok(Node::Inside(Box::new(Node::Slot(slot)), name.parts[length..].to_vec()));
        }
        if self.closed {
            return Err(faults::unknown_symbol(&joined, name.span));
        }
        Ok(Node::Slot(self.event_field(&joined)))
    }

    /// A name before the first dot that an earlier command gave. A map's parts are not seen in the command that makes
    /// the map: that is how AWS has it.
    fn structure(&self, name: &Name) -> Option<(Slot, usize)> {
        (1..name.parts.len()).rev().find_map(|length| {
            let joined = join(&name.parts[..length]);
            let known = self
                .aliases
                .iter()
                .rev()
                .find(|(known, command, _)| *known == joined && (*command < self.command || self.closed));
            known.map(|(.., slot)| (*slot, length))
        })
    }

    fn event_field(&mut self, name: &str) -> Slot {
        let origin = match name {
            "@timestamp" => Origin::Timestamp,
            "@ingestionTime" => Origin::IngestionTime,
            "@message" => Origin::Message,
            "@logStream" => Origin::LogStream,
            "@log" => Origin::Log,
            "@ptr" => Origin::Ptr,
            "@aws.account" => Origin::Account,
            _ => Origin::Discovered(self.wanted.position(name, false)),
        };
        self.slot(origin)
    }

    /// A field whose value may be a whole map or list of the log event.
    pub fn whole(&mut self, name: &Name) -> Result<Node, Fault> {
        if self.sides.as_ref().is_some_and(|sides| sides.side(name).is_some()) {
            return Err(faults::unsupported("a whole map or list of a side of join", name.span));
        }
        if self.closed || self.alias(&name.joined()).is_some() || self.structure(name).is_some() {
            return self.field(name);
        }
        let whole = Origin::Discovered(self.wanted.position(&name.joined(), true));
        let whole = Node::Slot(self.slot(whole));
        let plain = self.field(name)?;
        let coalesce = functions::find("coalesce").map(|function| Node::Call(function, vec![whole, plain]));
        coalesce.ok_or_else(|| faults::unknown_function("coalesce", name.span))
    }

    pub fn node(&mut self, expr: &Expr) -> Result<Node, Fault> {
        Ok(match &expr.kind {
            Kind::Number(number) => Node::Constant(Value::Number(*number)),
            Kind::Text(text) => Node::Constant(Value::owned(text.clone())),
            Kind::Bool(value) => Node::Constant(Value::Bool(*value)),
            Kind::Field(name) => self.field(name)?,
            Kind::Period(period) => {
                return Err(faults::out_of_place(&period.to_string(), "as the period of a function", expr.span));
            }
            Kind::Star => return Err(faults::out_of_place("*", "in count(*)", expr.span)),
            Kind::Negative(inner) => Node::Negative(Box::new(self.node(inner)?)),
            Kind::Not(inner) => Node::Not(Box::new(self.node(inner)?)),
            Kind::Binary(operator, left, right) => {
                Node::Binary(*operator, Box::new(self.node(left)?), Box::new(self.node(right)?))
            }
            Kind::Like { subject, pattern, negated } => {
                negate(Node::Like(Box::new(self.node(subject)?), matcher(pattern)?), *negated)
            }
            Kind::In { subject, list, negated } => {
                let list = list.iter().map(constant).collect();
                negate(Node::In(Box::new(self.node(subject)?), list), *negated)
            }
            Kind::Within { subject, query, negated } => negate(self.within(subject, query, expr.span)?, *negated),
            Kind::Inside(inner, path) => Node::Inside(Box::new(self.node(inner)?), path.clone()),
            Kind::Call { name, args } => self.call(expr, name, args)?,
        })
    }

    /// What rows are sorted by. A sample of AWS's (CWL_Syslog_Queries) sorts what `stats` gives by `@timestamp`, which
    /// is gone: it is absent.
    pub fn key(&mut self, expr: &Expr) -> Result<Node, Fault> {
        let time = matches!(&expr.kind, Kind::Field(name) if name.joined() == "@timestamp");
        match self.node(expr) {
            Err(_) if time && self.closed => Ok(Node::Constant(Value::Absent)),
            node => node,
        }
    }

    /// Whether a field is among what a subquery returns under the field's name.
    fn within(&mut self, subject: &Expr, query: &Script, span: Span) -> Result<Node, Fault> {
        let Kind::Field(name) = &subject.kind else {
            return Err(faults::argument_kind("a subquery", "a field", subject.span));
        };
        if !self.filters {
            return Err(faults::out_of_place("a subquery", "in filter", span));
        }
        let column = name.joined();
        let set = self.found.get(self.inner.len()).map(|found| Set::new(found, &column));
        self.inner.push(Inner { script: query.clone(), column, span });
        Ok(Node::Within(Box::new(self.field(name)?), set.unwrap_or_default()))
    }

    fn call(&mut self, expr: &Expr, name: &str, args: &[Expr]) -> Result<Node, Fault> {
        if let Some(slot) = self.closed.then(|| self.alias(&canonical(expr))).flatten() {
            return Ok(Node::Slot(slot));
        }
        if let Some(special) = self.special(expr, name, args)? {
            return Ok(special);
        }
        if aggregate::is_aggregate(name) {
            return Err(match self.closed {
                true => faults::unknown_symbol(&expr.to_string(), expr.span),
                false => faults::out_of_place(name, "in stats", expr.span),
            });
        }
        let function = functions::find(name).ok_or_else(|| faults::unknown_function(name, expr.span))?;
        expect_count(name, args, function.least, function.most, expr.span)?;
        let args = args.iter().map(|arg| self.node(arg)).collect::<Result<_, _>>()?;
        Ok(Node::Call(function, args))
    }

    /// Functions that take periods or formats, or nothing.
    fn special(&mut self, expr: &Expr, name: &str, args: &[Expr]) -> Result<Option<Node>, Fault> {
        let span = expr.span;
        Ok(Some(match functions::plain(name).as_str() {
            "bin" => {
                expect_count(name, args, 1, 1, span)?;
                let timestamp = Name { parts: vec![Part::Word("@timestamp".to_owned())], span };
                Node::Round(Box::new(self.field(&timestamp)?), period(name, &args[0])?, Rounding::Floor)
            }
            "datefloor" | "dateceil" => {
                expect_count(name, args, 2, 2, span)?;
                let rounding = if functions::plain(name) == "datefloor" { Rounding::Floor } else { Rounding::Ceil };
                Node::Round(Box::new(self.node(&args[0])?), period(name, &args[1])?, rounding)
            }
            "now" => clock(Clock::Now, name, args, span)?,
            "querystarttime" => clock(Clock::Start, name, args, span)?,
            "queryendtime" => clock(Clock::End, name, args, span)?,
            "querytimerange" => clock(Clock::Range, name, args, span)?,
            "regexreplace" => {
                expect_count(name, args, 3, 3, span)?;
                let regex = regex(text(name, &args[1])?, args[1].span)?;
                let replacement = text(name, &args[2])?;
                Node::Replace(Box::new(self.node(&args[0])?), regex, references(replacement))
            }
            "formatdate" | "strftime" => {
                let format = date_format(name, args, span, DateFormat::strftime)?;
                Node::FormatDate(Box::new(self.node(&args[0])?), format)
            }
            "parsedate" => {
                let format = date_format(name, args, span, DateFormat::java)?;
                Node::ParseDate(Box::new(self.node(&args[0])?), format)
            }
            _ => return Ok(None),
        }))
    }

    pub fn into_stage(self, steps: Vec<super::Step>, end: super::End) -> Stage {
        Stage { slots: self.slots, wanted: self.wanted, steps, end }
    }
}

/// An expression's text by which later commands can find the column it made: `COUNT()` is `count(*)`.
pub fn canonical(expr: &Expr) -> String {
    let mut expr = expr.clone();
    name_plainly(&mut expr);
    expr.to_string()
}

fn name_plainly(expr: &mut Expr) {
    match &mut expr.kind {
        Kind::Call { name, args } => {
            *name = functions::plain(name);
            if name == "count" && args.is_empty() {
                args.push(Expr { kind: Kind::Star, span: expr.span });
            }
            args.iter_mut().for_each(name_plainly);
        }
        Kind::Negative(inner) | Kind::Not(inner) => name_plainly(inner),
        Kind::Binary(_, left, right) => {
            name_plainly(left);
            name_plainly(right);
        }
        Kind::Like { subject, .. } | Kind::In { subject, .. } | Kind::Inside(subject, _) => name_plainly(subject),
        _ => {}
    }
}

pub fn expect_count(name: &str, args: &[Expr], least: usize, most: usize, span: Span) -> Result<(), Fault> {
    if (least..=most).contains(&args.len()) {
        return Ok(());
    }
    let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
    Err(faults::argument_count(name, &takes, span))
}

fn negate(node: Node, negated: bool) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

fn matcher(pattern: &Pattern) -> Result<Matcher, Fault> {
    Ok(match pattern {
        Pattern::Substring(text) => Matcher::Substring(Box::new(Finder::new(text.as_bytes()).into_owned())),
        Pattern::Regex(pattern, span) => Matcher::Regex(regex(pattern, *span)?),
    })
}

/// AWS's expressions have neither lookaround nor back references; ours neither.
pub fn regex(pattern: &str, span: Span) -> Result<Regex, Fault> {
    const SIZE_MAX: usize = 1 << 20;
    let built = RegexBuilder::new(pattern).size_limit(SIZE_MAX).dfa_size_limit(SIZE_MAX * 4).build();
    built.map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default();
        faults::bad_regex(last.trim_start_matches("error: "), span)
    })
}

/// The literals of a list.
fn constant(expr: &Expr) -> Value<'static> {
    match &expr.kind {
        Kind::Number(number) => Value::Number(*number),
        Kind::Text(text) => Value::owned(text.clone()),
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Negative(inner) => constant(inner).to_number().map_or(Value::Absent, |number| Value::Number(-number)),
        _ => Value::Absent,
    }
}

fn period(name: &str, arg: &Expr) -> Result<Period, Fault> {
    match arg.kind {
        Kind::Period(period) => Ok(period),
        _ => Err(faults::argument_kind(name, "a period such as 5m", arg.span)),
    }
}

fn text<'e>(name: &str, arg: &'e Expr) -> Result<&'e str, Fault> {
    match &arg.kind {
        Kind::Text(text) => Ok(text),
        _ => Err(faults::argument_kind(name, "a string in quotes", arg.span)),
    }
}

fn clock(clock: Clock, name: &str, args: &[Expr], span: Span) -> Result<Node, Fault> {
    expect_count(name, args, 0, 0, span)?;
    Ok(Node::Clock(clock))
}

fn date_format(
    name: &str,
    args: &[Expr],
    span: Span,
    make: fn(&str, chrono::FixedOffset) -> Option<DateFormat>,
) -> Result<DateFormat, Fault> {
    expect_count(name, args, 2, 3, span)?;
    let zone = args.get(2).map_or(Ok("UTC"), |arg| text(name, arg))?;
    let zone_span = args.get(2).map_or(span, |arg| arg.span);
    let offset = parse_offset(zone);
    let offset = offset.ok_or_else(|| faults::unsupported(&format!("the time zone {zone}"), zone_span))?;
    let format = text(name, &args[1])?;
    make(format, offset).ok_or_else(|| faults::unsupported(&format!("the date format {format}"), args[1].span))
}

/// `\1` of RE2 replacements, as the Rust engine writes it.
fn references(replacement: &str) -> String {
    let mut text = String::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' => text.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit) if digit.is_ascii_digit() => text.push_str(&format!("${{{digit}}}")),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            _ => text.push(letter),
        }
    }
    text
}
