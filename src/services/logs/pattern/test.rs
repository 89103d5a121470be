//! What a field is held against: an operator and a value. JSON and space-delimited patterns share them.

use std::cmp::Ordering;

use super::Invalid;
use super::reader::Reader;
use super::regex::Expression;

/// Characters of values that need no quotes. The page says letters, digits and underscores, and shows more.
pub const WORD: &str = "_.*+-";

/// Read before their beginnings.
const OPERATORS: [(&str, Operator); 6] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::NotLess),
    ("<=", Operator::NotGreater),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    NotLess,
    Greater,
    NotGreater,
}

impl Operator {
    pub fn symbol(self) -> &'static str {
        OPERATORS.iter().find(|(_, operator)| *operator == self).map_or("=", |(symbol, _)| symbol)
    }

    fn is_equality(self) -> bool {
        matches!(self, Operator::Equal | Operator::NotEqual)
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::NotLess => order.is_ge(),
            Operator::Greater => order.is_gt(),
            Operator::NotGreater => order.is_le(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// With `*` at its ends for anything.
    Text(String),
    /// Only without quotes; as it was written, and its value.
    Number(String, Number),
    Regex(Expression),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub operator: Operator,
    pub operand: Operand,
}

impl Test {
    /// Reads `= "value"` and the like, and the spaces after it.
    pub fn parse(reader: &mut Reader, known: &str) -> Result<Test, Invalid> {
        let start = reader.at();
        let operator = OPERATORS.iter().find(|(symbol, _)| reader.eat(symbol)).map(|(_, operator)| *operator);
        let operator = operator.ok_or_else(|| reader.refuse(known))?;
        reader.skip_spaces();
        let operand = Operand::parse(reader, known)?;
        if !operator.is_equality() && !matches!(operand, Operand::Number(..)) {
            return Err(Invalid::pattern(start));
        }
        reader.skip_spaces();
        Ok(Test { operator, operand })
    }

    /// Whether it holds for a text; `number` is the text read as one.
    ///
    /// A number is compared as a number if the field is one, as text otherwise.
    pub fn holds(&self, text: &str, number: Option<Number>) -> bool {
        let equal = self.operator == Operator::Equal;
        match &self.operand {
            Operand::Text(pattern) => is_like(text, pattern) == equal,
            Operand::Regex(expression) => expression.is_in(text) == equal,
            Operand::Number(written, wanted) => match number {
                Some(number) => number.order(wanted).is_some_and(|order| self.operator.holds(order)),
                None => self.operator.is_equality() && (text == written) == equal,
            },
        }
    }

    /// The text that is in every text for which it holds.
    pub fn required(&self) -> Option<&str> {
        match (self.operator, &self.operand) {
            (Operator::Equal, Operand::Text(text)) => {
                let core = text.strip_prefix('*').unwrap_or(text);
                Some(core.strip_suffix('*').unwrap_or(core)).filter(|core| !core.is_empty())
            }
            _ => None,
        }
    }

    /// Whether `holds` looks at the number.
    pub fn wants_number(&self) -> bool {
        matches!(self.operand, Operand::Number(..))
    }
}

impl Operand {
    fn parse(reader: &mut Reader, known: &str) -> Result<Operand, Invalid> {
        match reader.peek() {
            Some('"') => return reader.quoted().map(Operand::Text),
            Some('%') => return reader.regex().map(Operand::Regex),
            _ => {}
        }
        let word = reader.take_while(|c| c.is_ascii_alphanumeric() || WORD.contains(c));
        if word.is_empty() {
            return Err(reader.refuse(known));
        }
        let number = Number::parse(word).map(|number| Operand::Number(word.to_owned(), number));
        Ok(number.unwrap_or_else(|| Operand::Text(word.to_owned())))
    }
}

/// Whether `text` is `pattern`, whose `*` at the start and at the end stand for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let (open_start, rest) = pattern.strip_prefix('*').map_or((false, pattern), |rest| (true, rest));
    let (open_end, core) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
    match (open_start, open_end) {
        (false, false) => text == core,
        (false, true) => text.starts_with(core),
        (true, false) => text.ends_with(core),
        (true, true) => text.contains(core),
    }
}

/// A number's value. Integers are compared exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    integer: Option<i128>,
    value: f64,
}

impl Number {
    /// Reads digits with a sign, a fraction and an exponent, each of which may be missing.
    pub fn parse(text: &str) -> Option<Number> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !(digits(whole) && digits(fraction) && digits(exponent)) {
            return None;
        }
        Some(Number { integer: text.parse().ok(), value: text.parse().ok()? })
    }

    fn order(&self, other: &Number) -> Option<Ordering> {
        match (self.integer, other.integer) {
            (Some(one), Some(two)) => Some(one.cmp(&two)),
            _ => self.value.partial_cmp(&other.value),
        }
    }
}
