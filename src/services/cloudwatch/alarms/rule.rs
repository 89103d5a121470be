//! Rules of composite alarms: which states of other alarms make the alarm.
//!
//! ```text
//! rule      = all { "OR" all }
//! all       = one { "AND" one }
//! one       = "NOT" one | "(" rule ")" | "TRUE" | "FALSE" | is | at_least
//! is        = state "(" alarm ")"
//! at_least  = "AT_LEAST" "(" (count | count "%") "," [ "NOT" ] state "," "(" alarm { "," alarm } ")" ")"
//! state     = "ALARM" | "OK" | "INSUFFICIENT_DATA"
//! alarm     = a name or an ARN, in quotation marks if it has spaces, parentheses or commas
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html>

use super::state::Value;

/// Alarms that a rule may name.
pub const CHILDREN_MAX: usize = 100;
/// Alarms, constants and pairs of parentheses of a rule.
pub const ELEMENTS_MAX: usize = 500;
/// How deep a rule may be nested: no rule of so few elements needs more.
const DEPTH_MAX: usize = 600;

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    expression: Expression,
    /// The alarms it names, each once, as it names them: names or ARNs.
    pub children: Vec<String>,
}

/// Alarms are numbers in [`Rule::children`].
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Constant(bool),
    Is(Value, usize),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    AtLeast { quorum: Quorum, negated: bool, state: Value, alarms: Vec<usize> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Quorum {
    Count(usize),
    Percent(usize),
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where, in characters from the start.
    pub position: usize,
    pub what: &'static str,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Rule, Flaw> {
        let mut parser = Parser { text, at: 0, children: Vec::new(), elements: 0, depth: 0 };
        let expression = parser.rule()?;
        parser.skip_space();
        match parser.rest().is_empty() {
            true => Ok(Rule { expression, children: parser.children }),
            false => Err(parser.flaw("AND, OR or the end of the rule was expected")),
        }
    }

    /// Whether the rule holds, given the states of its children by number.
    pub fn holds(&self, states: &[Value]) -> bool {
        self.expression.holds(states)
    }
}

impl Expression {
    fn holds(&self, states: &[Value]) -> bool {
        let is = |alarm: usize, state: Value| states.get(alarm) == Some(&state);
        match self {
            Expression::Constant(constant) => *constant,
            Expression::Is(state, alarm) => is(*alarm, *state),
            Expression::Not(inner) => !inner.holds(states),
            Expression::All(all) => all.iter().all(|one| one.holds(states)),
            Expression::Any(all) => all.iter().any(|one| one.holds(states)),
            Expression::AtLeast { quorum, negated, state, alarms } => {
                let count = alarms.iter().filter(|alarm| is(**alarm, *state) != *negated).count();
                match quorum {
                    Quorum::Count(wanted) => count >= *wanted,
                    Quorum::Percent(wanted) => count * 100 >= wanted * alarms.len(),
                }
            }
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    children: Vec<String>,
    elements: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn flaw(&self, what: &'static str) -> Flaw {
        Flaw { position: self.text.get(..self.at).unwrap_or_default().chars().count(), what }
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes a sign, if it is next.
    fn takes(&mut self, sign: char) -> bool {
        self.skip_space();
        let is_next = self.rest().starts_with(sign);
        if is_next {
            self.at += sign.len_utf8();
        }
        is_next
    }

    fn expect(&mut self, sign: char, what: &'static str) -> Result<(), Flaw> {
        if self.takes(sign) { Ok(()) } else { Err(self.flaw(what)) }
    }

    /// The word that is next; it stays.
    fn word(&mut self) -> String {
        self.skip_space();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.rest().chars().take_while(|c| is_part(*c)).collect::<String>().to_ascii_uppercase()
    }

    /// Takes a word, in whatever case, if it is next.
    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = self.word() == word;
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    fn element(&mut self) -> Result<(), Flaw> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            Err(self.flaw("a rule must not have more than 500 elements"))
        } else {
            Ok(())
        }
    }

    fn rule(&mut self) -> Result<Expression, Flaw> {
        let mut all = vec![self.all()?];
        while self.takes_word("OR") {
            all.push(self.all()?);
        }
        Ok(one_or(all, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, Flaw> {
        let mut all = vec![self.one()?];
        while self.takes_word("AND") {
            all.push(self.one()?);
        }
        Ok(one_or(all, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, Flaw> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.flaw("the rule is nested too deep"));
        }
        let one = self.operand()?;
        self.depth -= 1;
        Ok(one)
    }

    fn operand(&mut self) -> Result<Expression, Flaw> {
        if self.takes('(') {
            self.element()?;
            let inner = self.rule()?;
            self.expect(')', "a closing parenthesis was expected")?;
            return Ok(inner);
        }
        if self.takes_word("NOT") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.takes_word("AT_LEAST") {
            return self.at_least();
        }
        for (word, constant) in [("TRUE", true), ("FALSE", false)] {
            if self.takes_word(word) {
                self.element()?;
                return Ok(Expression::Constant(constant));
            }
        }
        let state = self.state("a function, TRUE, FALSE, NOT or a parenthesis was expected")?;
        self.expect('(', "an opening parenthesis was expected")?;
        let alarm = self.alarm()?;
        self.expect(')', "a closing parenthesis was expected")?;
        Ok(Expression::Is(state, alarm))
    }

    fn state(&mut self, what: &'static str) -> Result<Value, Flaw> {
        let word = self.word();
        let state = Value::parse(&word).ok_or_else(|| self.flaw(what))?;
        self.at += word.len();
        Ok(state)
    }

    fn at_least(&mut self) -> Result<Expression, Flaw> {
        self.element()?;
        self.expect('(', "an opening parenthesis was expected")?;
        let start = self.at;
        let quorum = self.quorum()?;
        self.expect(',', "a comma was expected")?;
        let negated = self.takes_word("NOT");
        let state = self.state("a state was expected")?;
        self.expect(',', "a comma was expected")?;
        self.expect('(', "a list of alarms in parentheses was expected")?;
        let mut alarms = vec![self.alarm()?];
        while self.takes(',') {
            alarms.push(self.alarm()?);
        }
        self.expect(')', "a comma or a closing parenthesis was expected")?;
        self.expect(')', "a closing parenthesis was expected")?;
        if matches!(quorum, Quorum::Count(count) if count > alarms.len()) {
            self.at = start;
            return Err(self.flaw("there are not so many alarms"));
        }
        Ok(Expression::AtLeast { quorum, negated, state, alarms })
    }

    fn quorum(&mut self) -> Result<Quorum, Flaw> {
        self.skip_space();
        let digits: String = self.rest().chars().take_while(char::is_ascii_digit).collect();
        let number = digits.parse().ok().filter(|number| *number > 0);
        let number: usize = number.ok_or_else(|| self.flaw("a number of alarms or a percentage was expected"))?;
        let start = self.at;
        self.at += digits.len();
        if !self.takes('%') {
            return Ok(Quorum::Count(number));
        }
        if number > 100 {
            self.at = start;
            return Err(self.flaw("a percentage must not be more than 100"));
        }
        Ok(Quorum::Percent(number))
    }

    /// The number of an alarm, which is named here.
    fn alarm(&mut self) -> Result<usize, Flaw> {
        self.skip_space();
        let start = self.at;
        let name = if self.takes('"') { self.quoted()? } else { self.bare() };
        if name.is_empty() {
            self.at = start;
            return Err(self.flaw("the name or the ARN of an alarm was expected"));
        }
        self.element()?;
        if let Some(known) = self.children.iter().position(|known| *known == name) {
            return Ok(known);
        }
        if self.children.len() == CHILDREN_MAX {
            self.at = start;
            return Err(self.flaw("a rule must not name more than 100 alarms"));
        }
        self.children.push(name);
        Ok(self.children.len() - 1)
    }

    fn bare(&mut self) -> String {
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"');
        let name: String = self.rest().chars().take_while(|c| !ends(*c)).collect();
        self.at += name.len();
        name
    }

    /// The rest of a name in quotation marks; its own have a backslash before them.
    fn quoted(&mut self) -> Result<String, Flaw> {
        let mut name = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(name);
                }
                '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                    name.push('"');
                }
                _ => name.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.flaw("a closing quotation mark was expected"))
    }
}

fn one_or(mut all: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    if all.len() == 1 { all.swap_remove(0) } else { several(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// States by name: `A` in ALARM, `O` in OK, others in INSUFFICIENT_DATA.
    fn holds(text: &str) -> bool {
        let rule = Rule::parse(text).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"));
        let state = |name: &String| match name.as_bytes()[0] {
            b'A' => Value::Alarm,
            b'O' => Value::Ok,
            _ => Value::InsufficientData,
        };
        rule.holds(&rule.children.iter().map(state).collect::<Vec<_>>())
    }

    #[test]
    fn rules_hold() {
        let check = |text, wanted| assert_eq!(holds(text), wanted, "{text}");
        check("ALARM(A1) AND ALARM(A2)", true);
        check("ALARM(A1) AND NOT ALARM(A2)", false);
        check("(ALARM(O1) OR ALARM(A1)) AND OK(O2)", true);
        check("INSUFFICIENT_DATA(x)", true);
        check("OK(\"O 1\")", true);
        // AND binds closer than OR, NOT closest.
        check("TRUE OR FALSE AND FALSE", true);
        check("(TRUE OR FALSE) AND FALSE", false);
        check("NOT FALSE OR TRUE AND FALSE", true);
        check("NOT (FALSE OR TRUE)", false);
        check("NOT NOT TRUE", true);
        check("false", false);
        check("AT_LEAST(2, ALARM, (A1, A2, O1, x))", true);
        check("AT_LEAST(3, ALARM, (A1, A2, O1, x))", false);
        check("AT_LEAST(50%, OK, (O1, O2, A1, x))", true);
        check("AT_LEAST(51%, OK, (O1, O2, A1, x))", false);
        check("AT_LEAST(2, NOT ALARM, (A1, O1, x)) AND NOT ALARM(O9)", true);
        check("AT_LEAST(60%, NOT OK, (\"A1\", \"O1\", \"A3\"))", true);
        check(" ALARM ( A1 )\n", true);
    }

    #[test]
    fn children_in_the_order_of_the_rule() {
        let check = |text: &str, wanted: &[&str]| {
            let rule = Rule::parse(text).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"));
            assert_eq!(rule.children, wanted, "{text}");
        };
        check("ALARM(b) OR OK(a) OR ALARM(b)", &["b", "a"]);
        check("TRUE", &[]);
        check(r#"ALARM("say \"hi\", (twice)")"#, &[r#"say "hi", (twice)"#]);
        check(r"ALARM(back\slash)", &[r"back\slash"]);
        check(
            "ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:a/b)",
            &["arn:aws:cloudwatch:us-east-1:111122223333:alarm:a/b"],
        );
        check("AT_LEAST(1, ALARM, (a, b)) OR ALARM(b)", &["a", "b"]);
        check("ALARM(ALARM)", &["ALARM"]);
    }

    #[test]
    fn what_is_no_rule() {
        let check = |text: &str, position| {
            let flaw = Rule::parse(text).expect_err(text);
            assert_eq!(flaw.position, position, "{text}: {flaw:?}");
        };
        check("", 0);
        check("ALARM", 5);
        check("ALARM()", 6);
        check("ALARM(a", 7);
        check("ALARM(a b)", 8);
        check("ALARM(a) AND", 12);
        check("ALARM(a) ALARM(b)", 9);
        check("(ALARM(a)", 9);
        check("ALARM(a))", 8);
        check("BAD(a)", 0);
        check("é", 0);
        check("ALARM(é é)", 8);
        check("ALARM(\"a)", 9);
        check("NOTALARM(a)", 0);
        check("AT_LEAST(0, ALARM, (a))", 9);
        check("AT_LEAST(2, ALARM, (a))", 9);
        check("AT_LEAST(101%, ALARM, (a))", 9);
        check("AT_LEAST(1, ALARM, a)", 19);
        check("AT_LEAST(1, ALARM(a), OK(b))", 17);
    }

    #[test]
    fn limits() {
        let names = |count: usize| (0..count).map(|n| format!("ALARM(a{n})")).collect::<Vec<_>>().join(" OR ");
        assert!(Rule::parse(&names(100)).is_ok());
        assert!(Rule::parse(&names(101)).is_err());
        assert!(Rule::parse(&vec!["TRUE"; 500].join(" OR ")).is_ok());
        assert!(Rule::parse(&vec!["TRUE"; 501].join(" OR ")).is_err());
        assert!(Rule::parse(&format!("{}TRUE", "NOT ".repeat(2000))).is_err());
        assert!(Rule::parse(&format!("{}TRUE{}", "(".repeat(400), ")".repeat(400))).is_ok());
    }
}
