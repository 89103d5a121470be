//! From an expression's text to its tree.

use super::flaw::{Flaw, Kind as FlawKind};
use super::functions::Function;
use super::lexer::{Token, What, tokens};

/// How deep expressions may nest.
const DEPTH_MAX: usize = 64;

/// A part of an expression, and the character it starts at, counted from zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Number(f64),
    Text(String),
    /// The id of a metric or of another expression.
    Id(String),
    /// `REPEAT`, `DESC`, `AVG` as arguments.
    Word(String),
    List(Vec<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call {
        name: &'static str,
        function: Function,
        takes: &'static str,
        arguments: Vec<Node>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    AtMost,
    AtLeast,
    Below,
    Above,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// Operators by how little they bind.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("OR", Operator::Or), ("||", Operator::Or)],
    &[("AND", Operator::And), ("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("<", Operator::Below),
        (">", Operator::Above),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

/// Reads an expression.
///
/// # Errors
/// What is wrong with it, and where. It may still not make sense: [`check`](super::check()) tells.
pub fn parse(text: &str) -> Result<Node, Flaw> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let node = parser.level(0)?;
    match parser.peek() {
        Token { what: What::End, .. } => Ok(node),
        other => Err(FlawKind::Syntax("an operator or the end").at(other.at)),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        let end = Token { at: 0, what: What::End };
        self.tokens.get(self.next).or(self.tokens.last()).cloned().unwrap_or(end)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is_it = match self.tokens.get(self.next).map(|token| &token.what) {
            Some(What::Sign(next)) => *next == sign,
            Some(What::Word(next)) => next == sign,
            _ => false,
        };
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Flaw> {
        if self.take_sign(sign) { Ok(()) } else { Err(FlawKind::Syntax(sign).at(self.peek().at)) }
    }

    /// Operators of a level and all that bind more.
    fn level(&mut self, level: usize) -> Result<Node, Flaw> {
        let Some(operators) = LEVELS.get(level) else { return self.signed() };
        let mut left = self.level(level + 1)?;
        // Chains lean to the left, and get as deep as they are long.
        let mut links = 0;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.take_sign(sign)) {
            links += 1;
            if links > 4 * DEPTH_MAX {
                return Err(FlawKind::Syntax("fewer operators").at(self.peek().at));
            }
            let right = self.level(level + 1)?;
            left = Node { at: left.at, kind: Kind::Binary(*operator, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Node, Flaw> {
        let at = self.peek().at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(FlawKind::Syntax("less nesting").at(at));
        }
        let node = match self.take_sign("-") {
            true => Node { at, kind: Kind::Negative(Box::new(self.signed()?)) },
            false => {
                let base = self.value()?;
                match self.take_sign("^") {
                    true => Node { at, kind: Kind::Binary(Operator::Power, Box::new(base), Box::new(self.signed()?)) },
                    false => base,
                }
            }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn value(&mut self) -> Result<Node, Flaw> {
        let Token { at, what } = self.peek();
        self.next += 1;
        let kind = match what {
            What::Number(number) => Kind::Number(number),
            What::Text(text) => Kind::Text(text),
            What::Word(word) => return self.word(at, word),
            What::Sign("(") => {
                let inner = self.level(0)?;
                self.expect(")")?;
                return Ok(inner);
            }
            What::Sign("[") => Kind::List(self.arguments("]")?),
            What::Sign(_) | What::End => return Err(FlawKind::Syntax("a value").at(at)),
        };
        Ok(Node { at, kind })
    }

    /// An id starts with a lower-case letter; a function is written in upper case.
    fn word(&mut self, at: usize, word: String) -> Result<Node, Flaw> {
        if word.starts_with(|c: char| c.is_ascii_lowercase()) && !matches!(self.peek().what, What::Sign("(")) {
            return Ok(Node { at, kind: Kind::Id(word) });
        }
        if !self.take_sign("(") {
            return Ok(Node { at, kind: Kind::Word(word) });
        }
        let Some((name, function, takes)) = Function::named(&word) else {
            return Err(FlawKind::NoFunction(word).at(at));
        };
        let arguments = self.arguments(")")?;
        Ok(Node { at, kind: Kind::Call { name, function, takes, arguments } })
    }

    /// Values between commas, up to a closing sign.
    fn arguments(&mut self, close: &'static str) -> Result<Vec<Node>, Flaw> {
        let mut arguments = Vec::new();
        if self.take_sign(close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.level(0)?);
            if self.take_sign(close) {
                return Ok(arguments);
            }
            if !self.take_sign(",") {
                return Err(FlawKind::Syntax(close).at(self.peek().at));
            }
        }
    }
}
