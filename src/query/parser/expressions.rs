//! Expressions, by precedence: `or`, `and`, `not`, comparisons, sums, products, powers.

use super::super::ast::{Expr, Kind, Operator, Part, Pattern};
use super::super::faults::{self, Fault};
use super::super::lexer::Token;
use super::super::period::Period;
use super::Parser;

/// Deeper recursion would need more stack than a thread has.
const RECURSION_MAX: usize = 80;
/// How deep an expression may nest: with parentheses around each operation it can still be read.
const NESTING_MAX: usize = 30;
/// How long a chain such as `a or b or c` may be.
const CHAIN_MAX: usize = 300;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Fault> {
        let found = self.nested(Self::any)?;
        check_depth(&found)?;
        Ok(found)
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<Expr, Fault>) -> Result<Expr, Fault> {
        if self.depth == RECURSION_MAX {
            return Err(faults::too_deep(self.span));
        }
        self.depth += 1;
        let found = inner(self);
        self.depth -= 1;
        found
    }

    fn any(&mut self) -> Result<Expr, Fault> {
        let mut left = self.all()?;
        while self.take_word("or")? {
            let right = self.all()?;
            left = self.binary(Operator::Or, left, right)?;
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Expr, Fault> {
        let mut left = self.negation()?;
        while self.take_word("and")? {
            let right = self.negation()?;
            left = self.binary(Operator::And, left, right)?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, Fault> {
        let start = self.span;
        if !self.take_word("not")? {
            return self.comparison();
        }
        let inner = self.nested(Self::negation)?;
        Ok(Expr { kind: Kind::Not(Box::new(inner)), span: self.since(start) })
    }

    fn comparison(&mut self) -> Result<Expr, Fault> {
        let left = self.sum()?;
        if let Some(operator) = self.comparator() {
            self.advance()?;
            let right = self.sum()?;
            return self.binary(operator, left, right);
        }
        if self.take_sign("=~")? {
            return self.like(left, false);
        }
        let negated = self.take_word("not")?;
        if self.take_word("like")? {
            return self.like(left, negated);
        }
        if self.take_word("in")? {
            return self.membership(left, negated);
        }
        if negated { Err(self.unexpected("like or in")) } else { Ok(left) }
    }

    fn comparator(&self) -> Option<Operator> {
        let Token::Sign(sign) = self.token else { return None };
        Some(match sign {
            "=" => Operator::Equal,
            "!=" => Operator::Unequal,
            "<" => Operator::Less,
            "<=" => Operator::LessEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterEqual,
            _ => return None,
        })
    }

    fn like(&mut self, subject: Expr, negated: bool) -> Result<Expr, Fault> {
        let pattern = if self.at_sign("/") {
            let (pattern, span) = self.regex()?;
            Pattern::Regex(pattern, span)
        } else {
            Pattern::Substring(self.string("a string or a regular expression")?.0)
        };
        let span = self.since(subject.span);
        Ok(Expr { kind: Kind::Like { subject: Box::new(subject), pattern, negated }, span })
    }

    fn membership(&mut self, subject: Expr, negated: bool) -> Result<Expr, Fault> {
        if self.at_sign("(") {
            return self.subquery(subject, negated);
        }
        self.sign("[")?;
        let mut list = vec![self.literal()?];
        while self.take_sign(",")? {
            list.push(self.literal()?);
        }
        self.sign("]")?;
        let span = self.since(subject.span);
        Ok(Expr { kind: Kind::In { subject: Box::new(subject), list, negated }, span })
    }

    /// A query in parentheses, whose results the subject is to be among. AWS has no query in that one.
    fn subquery(&mut self, subject: Expr, negated: bool) -> Result<Expr, Fault> {
        if std::mem::replace(&mut self.inside, true) {
            return Err(faults::unsupported("a subquery in another", self.span));
        }
        self.advance()?;
        if !self.at_word("source") {
            return Err(self.unexpected("SOURCE and the log groups of the subquery"));
        }
        let query = Box::new(self.script()?);
        self.sign(")")?;
        self.inside = false;
        let span = self.since(subject.span);
        Ok(Expr { kind: Kind::Within { subject: Box::new(subject), query, negated }, span })
    }

    fn literal(&mut self) -> Result<Expr, Fault> {
        let value = self.nested(Self::unary)?;
        let inner = if let Kind::Negative(inner) = &value.kind { inner } else { &value };
        match inner.kind {
            Kind::Number(_) | Kind::Text(_) | Kind::Bool(_) => Ok(value),
            _ => Err(faults::unsupported("a list with other things than strings and numbers", value.span)),
        }
    }

    fn sum(&mut self) -> Result<Expr, Fault> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Token::Sign("+") => Operator::Add,
                Token::Sign("-") => Operator::Subtract,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.product()?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn product(&mut self) -> Result<Expr, Fault> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.token {
                Token::Sign("*") => Operator::Multiply,
                Token::Sign("/") => Operator::Divide,
                Token::Sign("%") => Operator::Remainder,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.unary()?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let start = self.span;
        let make = if self.take_sign("-")? {
            Kind::Negative
        } else if self.take_sign("!")? {
            Kind::Not
        } else {
            return self.power();
        };
        let inner = self.nested(Self::unary)?;
        Ok(Expr { kind: make(Box::new(inner)), span: self.since(start) })
    }

    /// Powers bind to the right.
    fn power(&mut self) -> Result<Expr, Fault> {
        let base = self.primary()?;
        if !self.take_sign("^")? {
            return Ok(base);
        }
        let exponent = self.nested(Self::unary)?;
        self.binary(Operator::Power, base, exponent)
    }

    fn binary(&mut self, operator: Operator, left: Expr, right: Expr) -> Result<Expr, Fault> {
        let span = self.since(left.span);
        let whole = Expr { kind: Kind::Binary(operator, Box::new(left), Box::new(right)), span };
        check_depth(&whole)?;
        Ok(whole)
    }

    pub(super) fn primary(&mut self) -> Result<Expr, Fault> {
        let start = self.span;
        let kind = match &self.token {
            Token::Sign("(") => return self.parenthesis(),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Kind::Bool(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Kind::Bool(false),
            Token::Word(_) | Token::Quoted(_) => return self.field_or_call(),
            Token::Number(number) => Kind::Number(*number),
            Token::Text(text) => Kind::Text(text.clone()),
            Token::Period(count, unit) => {
                let text = &self.text[start.start..start.end];
                Kind::Period(Period::parse(*count, unit).ok_or_else(|| faults::bad_period(text, start))?)
            }
            _ => return Err(self.unexpected("a field, a value or a function")),
        };
        self.advance()?;
        Ok(Expr { kind, span: start })
    }

    fn parenthesis(&mut self) -> Result<Expr, Fault> {
        let start = self.span;
        self.advance()?;
        let mut inner = self.expression()?;
        self.sign(")")?;
        inner.span = self.since(start);
        Ok(inner)
    }

    fn field_or_call(&mut self) -> Result<Expr, Fault> {
        let word = if let Token::Word(word) = &self.token { Some(word.clone()) } else { None };
        let name = self.name()?;
        match (word, &name.parts[..]) {
            (Some(word), [Part::Word(_)]) if self.at_sign("(") => {
                self.advance()?;
                let args = self.nested_args()?;
                let call = Expr { kind: Kind::Call { name: word, args }, span: self.since(name.span) };
                self.inside_of(call)
            }
            _ => Ok(Self::field(name)),
        }
    }

    /// A function's result, or the part of it that dots and brackets lead to.
    fn inside_of(&mut self, call: Expr) -> Result<Expr, Fault> {
        let mut path = Vec::new();
        while let Some(part) = self.part()? {
            path.push(part);
        }
        if path.is_empty() {
            return Ok(call);
        }
        let span = self.since(call.span);
        Ok(Expr { kind: Kind::Inside(Box::new(call), path), span })
    }

    fn nested_args(&mut self) -> Result<Vec<Expr>, Fault> {
        let mut args = Vec::new();
        if self.take_sign(")")? {
            return Ok(args);
        }
        loop {
            let start = self.span;
            if self.take_sign("*")? {
                args.push(Expr { kind: Kind::Star, span: start });
            } else {
                args.push(self.expression()?);
            }
            if !self.take_sign(",")? {
                self.sign(")")?;
                return Ok(args);
            }
        }
    }
}

/// Refuses expressions that are nested too deeply. It does not recurse itself.
fn check_depth(expr: &Expr) -> Result<(), Fault> {
    let mut open = vec![(expr, 0, 0)];
    while let Some((inner, nesting, chain)) = open.pop() {
        if nesting > NESTING_MAX || chain > CHAIN_MAX {
            return Err(faults::too_deep(expr.span));
        }
        match &inner.kind {
            Kind::Binary(operator, left, right) => {
                let continues = operator.continues(left);
                open.push((left, if continues { nesting } else { nesting + 1 }, chain + 1));
                open.push((right, nesting + 1, chain + 1));
            }
            Kind::Negative(inner) | Kind::Not(inner) => open.push((inner, nesting + 1, chain + 1)),
            Kind::Like { subject, .. } | Kind::In { subject, .. } | Kind::Within { subject, .. } => {
                open.push((subject, nesting + 1, chain + 1));
            }
            Kind::Inside(inner, _) => open.push((inner, nesting, chain + 1)),
            Kind::Call { args, .. } => open.extend(args.iter().map(|arg| (arg, nesting + 1, chain + 1))),
            _ => {}
        }
    }
    Ok(())
}
