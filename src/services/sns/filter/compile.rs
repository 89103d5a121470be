//! From the text of a policy to its rules, with the errors of AWS: what is wrong is found in the order in which the text
//! is read, and told with the place that had been read to by then.

use super::reader::{Reader, Token};
use super::{Cidr, Flaw, Range, Rule, Rules, Scalar, Test};

/// Reads a policy.
pub fn compile(text: &str) -> Result<Rules, Flaw> {
    let mut compiler = Compiler { reader: Reader::new(text) };
    match compiler.reader.next()? {
        Token::StartObject => compiler.object(true),
        _ => Err(compiler.flaw("Filter is not an object")),
    }
}

struct Compiler<'t> {
    reader: Reader<'t>,
}

type Read<T> = Result<T, Flaw>;

impl Compiler<'_> {
    fn flaw(&self, sentence: impl Into<String>) -> Flaw {
        Flaw(sentence.into() + &self.reader.place())
    }

    fn fail<T>(&self, sentence: impl Into<String>) -> Read<T> {
        Err(self.flaw(sentence))
    }

    fn object(&mut self, is_outermost: bool) -> Read<Rules> {
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
            rules.fields.insert(name, rule);
        }
        if rules == Rules::default() && !is_outermost {
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
                Token::Text(text) => Test::Is(Scalar::Text(text)),
                Token::Number(number, _) => Test::Is(Scalar::Number(number)),
                Token::Bool(value) => Test::Is(Scalar::Bool(value)),
                Token::Null => Test::Is(Scalar::Null),
                _ => return self.fail("Match value must be String, number, true, false, or null"),
            });
        }
    }

    /// What follows the opening brace of `{"prefix": …}`.
    fn expression(&mut self) -> Read<Test> {
        let Token::Field(operator) = self.reader.next()? else {
            return self.fail("Match expression name not found");
        };
        let test = match operator.as_str() {
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
                    Test::Cidr(Cidr::parse(&text).map_err(|sentence| self.flaw(sentence))?)
                }
                // In AWS's words, too, it is the prefix.
                _ => return self.fail("prefix match pattern must be a string"),
            },
            _ => return self.fail(format!("Unrecognized match type {operator}")),
        };
        match self.reader.next()? {
            Token::EndObject => Ok(test),
            _ => self.fail("Only one key allowed in match expression"),
        }
    }

    fn text_test(&mut self, operator: &str) -> Read<Test> {
        match (self.reader.next()?, operator) {
            (Token::Text(text), "prefix") => Ok(Test::Prefix(text)),
            (Token::Text(text), "suffix") => Ok(Test::Suffix(text)),
            (Token::Text(text), _) => Ok(Test::EqualsIgnoreCase(text)),
            _ => self.fail(format!("{operator} match pattern must be a string")),
        }
    }

    fn anything_but(&mut self) -> Read<Test> {
        match self.reader.next()? {
            Token::Text(text) => Ok(Test::AnythingBut(vec![Scalar::Text(text)])),
            Token::Number(number, _) => Ok(Test::AnythingBut(vec![Scalar::Number(number)])),
            Token::StartArray => self.excluded(),
            Token::StartObject => {
                let Token::Field(operator) = self.reader.next()? else {
                    return self.fail("Match expression name not found");
                };
                if !matches!(operator.as_str(), "prefix" | "suffix" | "equals-ignore-case") {
                    return self.fail(format!("Unsupported anything-but pattern: {operator}"));
                }
                let test = self.text_test(&operator)?;
                match self.reader.next()? {
                    Token::EndObject => Ok(Test::Not(Box::new(test))),
                    _ => self.fail("Only one key allowed in match expression"),
                }
            }
            _ => self.fail("Value of anything-but must be an array or single string/number value."),
        }
    }

    /// What follows the opening bracket of a list of texts or of numbers.
    fn excluded(&mut self) -> Read<Test> {
        let mut values: Vec<Scalar> = Vec::new();
        loop {
            let value = match self.reader.next()? {
                Token::EndArray if values.is_empty() => return self.fail("Empty arrays are not allowed"),
                Token::EndArray => return Ok(Test::AnythingBut(values)),
                Token::Text(text) => Scalar::Text(text),
                Token::Number(number, _) => Scalar::Number(number),
                _ => return self.fail("Inside anything but list, start|null|boolean is not supported."),
            };
            let is_like = |first: &Scalar| std::mem::discriminant(first) == std::mem::discriminant(&value);
            if !values.first().is_none_or(is_like) {
                return self.fail(
                    "Inside anything but list, either all values are number or string, mixed type is not supported",
                );
            }
            values.push(value);
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
            Token::Number(number, _) => Ok(*number),
            _ => compiler.fail(format!("Value of {name} must be numeric")),
        };
        match operator.as_str() {
            "=" => {
                let value = bound(self, "equals")?;
                self.only(Range { bottom: Some((value, true)), top: Some((value, true)) })
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

/// A token as its text.
fn shown(token: &Token) -> String {
    match token {
        Token::StartObject => "{".to_owned(),
        Token::EndObject => "}".to_owned(),
        Token::StartArray => "[".to_owned(),
        Token::EndArray => "]".to_owned(),
        Token::Field(text) | Token::Text(text) | Token::Number(_, text) => text.clone(),
        Token::Bool(value) => value.to_string(),
        Token::Null | Token::End => "null".to_owned(),
    }
}
