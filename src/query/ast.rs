//! What a query says, before names and rules are looked at. Equality ignores places and spelling.

use super::Source;
use super::faults::Span;
use super::period::Period;

#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub source: Option<Source>,
    pub commands: Vec<Command>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    pub verb: Verb,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    Fields(Vec<Item>),
    Display(Vec<Item>),
    Filter(Expr),
    FilterIndex(Expr),
    Stats {
        items: Vec<Item>,
        by: Vec<Item>,
    },
    Sort(Vec<Key>),
    Limit {
        /// Stop as soon as there are enough, in no order.
        any: bool,
        count: usize,
    },
    Dedup(Vec<Name>),
    Parse {
        /// `@message` unless said.
        subject: Option<Expr>,
        form: Form,
    },
    /// `json field=payload "user.name" as username`.
    Json {
        field: Name,
        path: String,
        alias: Name,
    },
    Pattern(Expr),
    Diff(Shift),
    Unmask(Vec<Name>),
    Unnest {
        list: Expr,
        into: Name,
    },
    Expand(Name),
    Join(Join),
    CountFrequent(Vec<Name>),
    Running(Running),
    AddTotals {
        /// `Total` unless said.
        into: Option<Name>,
        /// All that are shown if there are none.
        fields: Vec<Name>,
    },
}

/// What looks at the rows before, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Running {
    /// `accum bytes as total`.
    Accum { field: Name, into: Name },
    /// `autoregress bytes p=1-4`.
    Autoregress { field: Name, alias: Option<Name>, first: usize, last: usize },
    /// `filldown host cpu*`: names, in which `*` stands for any text. All that are shown if there are none.
    FillDown(Vec<String>),
}

/// Rows of the query, the left ones, with events of other log groups, the right ones, that have the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Left rows without a right one stay.
    pub outer: bool,
    /// What left fields are called by, and what right ones.
    pub left: String,
    pub right: String,
    /// The keys' fields, without those names.
    pub left_key: Name,
    pub right_key: Name,
    pub source: Source,
}

/// How `parse` takes a text apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    Glob { pattern: String, names: Vec<Name>, span: Span },
    Regex { pattern: String, names: Vec<Name>, multi: bool, span: Span },
    Logfmt { name: Name },
    Csv { names: Vec<Name> },
}

/// What `diff` compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    Preceding,
    Day,
    Week,
    Month,
}

/// An expression in a list, and the name it gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub expr: Expr,
    pub alias: Option<Name>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub expr: Expr,
    pub descending: bool,
}

/// A field's name: words joined by dots, or positions in lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub parts: Vec<Part>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Word(String),
    Index(usize),
}

impl Name {
    /// The name as discovered fields and results carry it: `items.0.id`.
    pub fn joined(&self) -> String {
        join(&self.parts)
    }

    /// The field that is meant, if a side of a join stands before it.
    pub fn of(&self, side: &str) -> Option<Name> {
        match self.parts.split_first() {
            Some((Part::Word(first), rest)) if first == side && !rest.is_empty() => {
                Some(Name { parts: rest.to_vec(), span: self.span })
            }
            _ => None,
        }
    }
}

pub fn join(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push('.');
        }
        match part {
            Part::Word(word) => text.push_str(word),
            Part::Index(index) => text.push_str(&index.to_string()),
        }
    }
    text
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: Kind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Number(f64),
    Text(String),
    Bool(bool),
    Field(Name),
    Period(Period),
    /// The argument of `count(*)`.
    Star,
    Call {
        /// As it was written; functions are found whatever the case.
        name: String,
        args: Vec<Expr>,
    },
    Negative(Box<Expr>),
    Not(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Like {
        subject: Box<Expr>,
        pattern: Pattern,
        negated: bool,
    },
    In {
        subject: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    /// `field in (SOURCE …)`.
    Within {
        subject: Box<Expr>,
        query: Box<Script>,
        negated: bool,
    },
    /// A part of a function's result: `jsonParse(a).b`.
    Inside(Box<Expr>, Vec<Part>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    Substring(String),
    Regex(String, Span),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

impl Operator {
    /// Whether an operation on the left belongs to the same chain: `a + b - c` needs no parentheses.
    pub fn continues(self, left: &Expr) -> bool {
        let chains = |operator| match operator {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Add | Operator::Subtract => 3,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 4,
            _ => 0,
        };
        matches!(left.kind, Kind::Binary(operator, ..) if chains(operator) > 0 && chains(operator) == chains(self))
    }

    pub fn sign(self) -> &'static str {
        match self {
            Operator::Or => "or",
            Operator::And => "and",
            Operator::Equal => "=",
            Operator::Unequal => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
            Operator::Power => "^",
        }
    }
}
