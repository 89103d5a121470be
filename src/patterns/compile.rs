//! From the text of a pattern to its rules, with the errors of AWS: what is wrong is found in the order in which the
//! text is read, and told with the place that had been read to by then.

use std::borrow::Cow;

use super::cidr::Cidr;
use super::reader::{Flaw, Reader, Token};
use super::wildcard::Wildcard;
use super::{Dialect, Form, Range, Rule, Rules, Scalar, Test};

/// What `numeric` compares in event patterns, at most and, negative, at least
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>).
const NUMBER_MAX: f64 = 5e9;

/// Names of operators: an object that has one is none of the alternatives of `$or`.
const OPERATORS: [&str; 9] =
    ["anything-but", "cidr", "equals-ignore-case", "exactly", "exists", "numeric", "prefix", "suffix", "wildcard"];

/// Reads a pattern.
///
/// # Errors
/// What is wrong with it first.
pub fn compile(text: &str, dialect: Dialect) -> Result<Rules, Flaw> {
    let mut compiler = Compiler { reader: Reader::new(text), dialect };
    match compiler.reader.next()? {
        Token::StartObject => compiler.object(dialect == Dialect::FilterPolicy),
        _ => compiler.fail("Filter is not an object"),
    }
}

struct Compiler<'t> {
    reader: Reader<'t>,
    dialect: Dialect,
}

type Read<T> = Result<T, Flaw>;

impl Compiler<'_> {
    fn fail<T>(&self, sentence: impl Into<String>) -> Read<T> {
        Err(self.reader.flaw(sentence))
    }

    /// What follows an opening brace.
    fn object(&mut self, may_be_empty: bool) -> Read<Rules> {
        let mut rules = Rules::default();
        while let Token::Field(name) = self.reader.next()? {
            if name == "$or" && self.is_relation()? {
                let branches = self.branches()?;
                rules.alternatives.push(branches);
                continue;
            }
            let rule = match self.reader.next()? {
                Token::StartObject => Rule::Nested(self.object(false)?),
                Token::StartArray => Rule::Tests(self.tests()?),
                _ => return self.fail(format!("\"{name}\" must be an object or an array")),
            };
            rules.fields.insert(name.into_owned(), rule);
        }
        if rules == Rules::default() && !may_be_empty {
            return self.fail("Empty objects are not allowed");
        }
        Ok(rules)
    }

    /// Whether the value of `$or` is a list of two objects or more: else it is a field as any other.
    fn is_relation(&self) -> Read<bool> {
        let mut ahead = self.reader.clone();
        if ahead.next()? != Token::StartArray {
            return Ok(false);
        }
        let (mut depth, mut objects) = (0, 0);
        loop {
            match ahead.next()? {
                Token::EndArray if depth == 0 => return Ok(objects >= 2),
                Token::StartObject if depth == 0 => (depth, objects) = (1, objects + 1),
                Token::Field(name) if depth == 1 && OPERATORS.contains(&&*name) => return Ok(false),
                Token::StartObject | Token::StartArray => depth += 1,
                Token::EndObject | Token::EndArray => depth -= 1,
                _ if depth == 0 => return Ok(false),
                _ => {}
            }
        }
    }

    fn branches(&mut self) -> Read<Vec<Rules>> {
        let mut branches = Vec::new();
        self.reader.next()?;
        while self.reader.next()? == Token::StartObject {
            branches.push(self.object(false)?);
        }
        Ok(branches)
    }

    fn tests(&mut self) -> Read<Vec<Test>> {
        let mut tests = Vec::new();
        loop {
            tests.push(match self.reader.next()? {
                Token::EndArray if tests.is_empty() => return self.fail("Empty arrays are not allowed"),
                Token::EndArray => return Ok(tests),
                Token::StartObject => self.expression()?,
                Token::Text(text) => is(text),
                Token::Number(number, text) => self.number(number, text),
                Token::Bool(value) => Test::Is(Scalar::Bool(value)),
                Token::Null => Test::Is(Scalar::Null),
                _ => return self.fail("Match value must be String, number, true, false, or null"),
            });
        }
    }

    /// A number is equal to another in filter policies; in event patterns it is so only to one that is written like it
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html>).
    fn number(&self, number: f64, text: &str) -> Test {
        match self.dialect {
            Dialect::FilterPolicy => Test::Numeric(Range::only(number)),
            Dialect::EventPattern => Test::Is(Scalar::Number(Cow::Owned(text.to_owned()))),
        }
    }

    /// What follows the opening brace of `{"prefix": …}`.
    fn expression(&mut self) -> Read<Test> {
        let Token::Field(operator) = self.reader.next()? else {
            return self.fail("Match expression name not found");
        };
        let test = match &*operator {
            "wildcard" if self.dialect == Dialect::EventPattern => self.text_test(&operator)?,
            "prefix" | "suffix" | "equals-ignore-case" => self.text_test(&operator)?,
            "numeric" => {
                if self.reader.next()? != Token::StartArray {
                    return self.fail("Value of numeric must be an array.");
                }
                Test::Numeric(self.range()?)
            }
            "anything-but" => self.anything_but()?,
            "exists" => match self.reader.next()? {
                Token::Bool(value) => Test::Exists(value),
                _ => return self.fail("exists match pattern must be either true or false."),
            },
            "cidr" => match self.reader.next()? {
                Token::Text(text) => {
                    self.reader.finish();
                    Test::Cidr(Cidr::parse(&text).map_err(|sentence| self.reader.flaw(sentence))?)
                }
                // In AWS's words, too, it is the prefix.
                _ => return self.fail("prefix match pattern must be a string"),
            },
            _ => return self.fail(format!("Unrecognized match type {operator}")),
        };
        self.end(test)
    }

    /// What follows the name of an operator on texts.
    fn text_test(&mut self, operator: &str) -> Read<Test> {
        match self.reader.next()? {
            Token::Text(text) => self.text(operator, &text),
            Token::StartObject if self.dialect == Dialect::EventPattern && matches!(operator, "prefix" | "suffix") => {
                self.whatever_case(operator)
            }
            _ => self.fail(format!("{operator} match pattern must be a string")),
        }
    }

    fn text(&self, operator: &str, text: &str) -> Read<Test> {
        Ok(match operator {
            "prefix" => Test::Text(Form::Prefix, text.to_owned()),
            "suffix" => Test::Text(Form::Suffix, text.to_owned()),
            "wildcard" => Test::Wildcard(Wildcard::parse(text).map_err(|sentence| self.reader.flaw(sentence))?),
            _ => Test::Folded(Form::Whole, text.to_lowercase()),
        })
    }

    /// What follows the opening brace of `{"equals-ignore-case": "a"}` in `{"prefix": {…}}`.
    fn whatever_case(&mut self, operator: &str) -> Read<Test> {
        let form = if operator == "prefix" { Form::Prefix } else { Form::Suffix };
        match self.reader.next()? {
            Token::Field(name) if name == "equals-ignore-case" => {}
            Token::Field(name) => return self.fail(format!("Unsupported {operator} pattern: {name}")),
            _ => return self.fail("Match expression name not found"),
        }
        let Token::Text(text) = self.reader.next()? else {
            return self.fail("equals-ignore-case match pattern must be a string");
        };
        self.end(Test::Folded(form, text.to_lowercase()))
    }

    /// Takes the closing brace of an expression.
    fn end(&mut self, test: Test) -> Read<Test> {
        match self.reader.next()? {
            Token::EndObject => Ok(test),
            _ => self.fail("Only one key allowed in match expression"),
        }
    }

    fn anything_but(&mut self) -> Read<Test> {
        match self.reader.next()? {
            Token::Text(text) => Ok(Test::AnythingBut(vec![is(text)])),
            Token::Number(number, text) => Ok(Test::AnythingBut(vec![self.number(number, text)])),
            Token::StartArray => self.excluded(),
            Token::StartObject => self.anything_but_expression(),
            _ => self.fail("Value of anything-but must be an array or single string/number value."),
        }
    }

    /// What follows the opening brace of `{"prefix": …}` in `{"anything-but": {…}}`.
    fn anything_but_expression(&mut self) -> Read<Test> {
        let Token::Field(operator) = self.reader.next()? else {
            return self.fail("Match expression name not found");
        };
        let in_patterns = self.dialect == Dialect::EventPattern;
        if !matches!(&*operator, "prefix" | "suffix" | "equals-ignore-case") && !(in_patterns && operator == "wildcard")
        {
            return self.fail(format!("Unsupported anything-but pattern: {operator}"));
        }
        let tests = match self.reader.next()? {
            Token::Text(text) => vec![self.text(&operator, &text)?],
            Token::StartArray if in_patterns => self.texts(&operator)?,
            _ => return self.fail(format!("{operator} match pattern must be a string")),
        };
        self.end(Test::AnythingBut(tests))
    }

    /// What follows the opening bracket of a list of texts for an operator.
    fn texts(&mut self, operator: &str) -> Read<Vec<Test>> {
        let mut tests = Vec::new();
        loop {
            match self.reader.next()? {
                Token::EndArray if tests.is_empty() => return self.fail("Empty arrays are not allowed"),
                Token::EndArray => return Ok(tests),
                Token::Text(text) => tests.push(self.text(operator, &text)?),
                _ => return self.fail(format!("Inside {operator} list, number|start|null|boolean is not supported.")),
            }
        }
    }

    /// What follows the opening bracket of a list of texts or of numbers.
    fn excluded(&mut self) -> Read<Test> {
        let mut tests = Vec::new();
        let mut first_is_text = None;
        loop {
            let (test, is_text) = match self.reader.next()? {
                Token::EndArray if tests.is_empty() => return self.fail("Empty arrays are not allowed"),
                Token::EndArray => return Ok(Test::AnythingBut(tests)),
                Token::Text(text) => (is(text), true),
                Token::Number(number, text) => (self.number(number, text), false),
                _ => return self.fail("Inside anything but list, start|null|boolean is not supported."),
            };
            if *first_is_text.get_or_insert(is_text) != is_text {
                return self.fail(
                    "Inside anything but list, either all values are number or string, mixed type is not supported",
                );
            }
            tests.push(test);
        }
    }

    /// What follows the opening bracket of `["=", 1]` or `[">", 1, "<=", 2]`.
    fn range(&mut self) -> Read<Range> {
        let operator = match self.reader.next()? {
            Token::Text(text) => text,
            other => return self.fail(format!("Invalid member in numeric match: {}", shown(&other))),
        };
        self.reader.finish();
        let value = self.reader.next()?;
        let bound = |compiler: &Self, name: &str| match &value {
            Token::Number(number, _) => compiler.bounded(*number),
            _ => compiler.fail(format!("Value of {name} must be numeric")),
        };
        match &*operator {
            "=" => {
                let value = bound(self, "equals")?;
                self.only(Range::only(value))
            }
            "<" | "<=" => {
                let top = bound(self, &operator)?;
                self.only(Range { bottom: None, top: Some((top, operator == "<=")) })
            }
            ">" | ">=" => {
                let bottom = bound(self, &operator)?;
                self.upper(Range { bottom: Some((bottom, operator == ">=")), top: None })
            }
            _ => self.fail(format!("Unrecognized numeric range operator: {operator}")),
        }
    }

    fn bounded(&self, number: f64) -> Read<f64> {
        if self.dialect == Dialect::EventPattern && number.abs() > NUMBER_MAX {
            return self.fail("Value must be between -5.0E9 and 5.0E9, inclusive");
        }
        Ok(number)
    }

    fn only(&mut self, range: Range) -> Read<Range> {
        match self.reader.next()? {
            Token::EndArray => Ok(range),
            _ => self.fail("Too many elements in numeric expression"),
        }
    }

    /// The upper bound of a range, if there is one.
    fn upper(&mut self, mut range: Range) -> Read<Range> {
        let operator = match self.reader.next()? {
            Token::EndArray => return Ok(range),
            Token::Text(text) => text,
            other => return self.fail(format!("Bad value in numeric range: {}", shown(&other))),
        };
        self.reader.finish();
        if operator != "<" && operator != "<=" {
            return self.fail(format!("Bad numeric range operator: {operator}"));
        }
        let Token::Number(top, _) = self.reader.next()? else {
            return self.fail(format!("Value of {operator} must be numeric"));
        };
        let top = self.bounded(top)?;
        if self.reader.next()? != Token::EndArray {
            return self.fail("Too many terms in numeric range expression");
        }
        if range.bottom.is_some_and(|(bottom, _)| bottom >= top) {
            return self.fail("Bottom must be less than top");
        }
        range.top = Some((top, operator == "<="));
        Ok(range)
    }
}

fn is(text: Cow<'_, str>) -> Test {
    Test::Is(Scalar::Text(Cow::Owned(text.into_owned())))
}

/// A token as its text.
fn shown(token: &Token) -> String {
    match token {
        Token::StartObject => "{".to_owned(),
        Token::EndObject => "}".to_owned(),
        Token::StartArray => "[".to_owned(),
        Token::EndArray => "]".to_owned(),
        Token::Field(text) | Token::Text(text) => text.to_string(),
        Token::Number(_, text) => (*text).to_owned(),
        Token::Bool(value) => value.to_string(),
        Token::Null | Token::End => "null".to_owned(),
    }
}
