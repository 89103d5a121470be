//! What a document may hold, as rules, and what is wrong with it, as AWS says it: where, as a JSON pointer, and what.
//!
//! AWS's sentences are those of the Ajv validator with a capital letter, such as `Should NOT have more than 500 items`.

use serde_json::Value;

use crate::record;
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::window::is_period;

/// Findings of a kind that are told; more are looked for, but not told.
const TOLD_MAX: usize = 500;

record! {
    /// Something that was found in a document.
    pub struct Message {
        /// Where, as a JSON pointer.
        path: String = "DataPath",
        text: String = "Message",
    }
}

/// All that was found in a document.
#[derive(Debug, Default)]
pub struct Findings {
    /// For these the document is refused.
    pub errors: Vec<Message>,
    /// With these it is taken, but may not be shown as it was meant.
    pub warnings: Vec<Message>,
}

/// A part of a document, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Node<'n> {
    pub value: &'n Value,
    step: Step<'n>,
    parent: Option<&'n Node<'n>>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'n> {
    Root,
    Name(&'n str),
    Index(usize),
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    Text,
    Flag,
    Number,
    /// A whole number between two.
    Whole(i64, i64),
    OneOf(&'static [&'static str]),
    /// `#` and three or six hexadecimal digits.
    Color,
    /// A statistic of CloudWatch.
    Statistic,
    /// Seconds.
    Period,
    /// An object: members that it must have, and rules for those that are known. Others may be there.
    Object(&'static [&'static str], Members),
    /// A list of so many.
    List(usize, usize, &'static Rule),
    /// What no table can say.
    By(fn(&Node, &mut Findings)),
}

/// Members of an object, by name.
pub type Members = &'static [(&'static str, Rule)];

impl Findings {
    pub fn error(&mut self, node: &Node, text: impl Into<String>) {
        note(&mut self.errors, node, text.into());
    }

    pub fn warn(&mut self, node: &Node, text: impl Into<String>) {
        note(&mut self.warnings, node, text.into());
    }
}

fn note(found: &mut Vec<Message>, node: &Node, text: String) {
    if found.len() < TOLD_MAX {
        found.push(Message { path: node.path(), text });
    }
}

impl<'n> Node<'n> {
    /// A whole document.
    pub fn root(value: &'n Value) -> Node<'n> {
        Node { value, step: Step::Root, parent: None }
    }

    /// A member of an object.
    pub fn member<'c>(&'c self, name: &'c str) -> Option<Node<'c>> {
        let value = self.value.get(name)?;
        Some(Node { value, step: Step::Name(name), parent: Some(self) })
    }

    /// The items of a list.
    pub fn items<'c>(&'c self) -> impl Iterator<Item = Node<'c>> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(|(index, value)| Node { value, step: Step::Index(index), parent: Some(self) })
    }

    /// Where it stands, such as `/widgets/0/properties`.
    pub fn path(&self) -> String {
        let before = self.parent.map(Node::path).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Name(name) => format!("{before}/{name}"),
            Step::Index(index) => format!("{before}/{index}"),
        }
    }

    /// Reports a member that is not there.
    pub fn require(&self, name: &str, findings: &mut Findings) {
        if self.value.get(name).is_none() {
            findings.error(self, format!("Should have required property '{name}'"));
        }
    }

    /// Reports a list that is too short or too long.
    pub fn count(&self, least: usize, most: usize, findings: &mut Findings) {
        let Some(items) = self.value.as_array() else { return };
        if items.len() < least {
            findings.error(self, format!("Should NOT have less than {least} items"));
        }
        if items.len() > most {
            findings.error(self, format!("Should NOT have more than {most} items"));
        }
    }
}

impl Rule {
    /// Reports what is wrong with a value.
    pub fn check(&self, node: &Node, findings: &mut Findings) {
        if let Some(kind) = self.kind().filter(|kind| !is_of_kind(node.value, kind)) {
            findings.error(node, format!("Should be {kind}"));
            return;
        }
        match self {
            Rule::Text | Rule::Flag | Rule::Number => {}
            Rule::Whole(least, most) => check_range(node, *least, *most, findings),
            Rule::OneOf(values) if node.value.as_str().is_some_and(|text| values.contains(&text)) => {}
            Rule::OneOf(_) => findings.error(node, NOT_ALLOWED),
            Rule::Color if node.value.as_str().is_some_and(is_color) => {}
            Rule::Color => findings.error(node, pattern(COLOR)),
            Rule::Statistic if node.value.as_str().is_some_and(|text| Statistic::parse(text).is_some()) => {}
            Rule::Statistic => findings.error(node, pattern(STATISTIC)),
            Rule::Period => check_period(node, findings),
            Rule::Object(required, members) => {
                required.iter().for_each(|name| node.require(name, findings));
                check_members(node, members, findings);
            }
            Rule::List(least, most, of) => {
                node.count(*least, *most, findings);
                node.items().for_each(|item| of.check(&item, findings));
            }
            Rule::By(check) => check(node, findings),
        }
    }

    /// Whether nothing is wrong with a value.
    pub fn accepts(&self, node: &Node) -> bool {
        let mut findings = Findings::default();
        self.check(node, &mut findings);
        findings.errors.is_empty()
    }

    /// The type of JSON that it is of.
    fn kind(&self) -> Option<&'static str> {
        Some(match self {
            Rule::Text | Rule::Color | Rule::Statistic => "string",
            Rule::Flag => "boolean",
            Rule::Number => "number",
            Rule::Whole(..) | Rule::Period => "integer",
            Rule::Object(..) => "object",
            Rule::List(..) => "array",
            Rule::OneOf(_) | Rule::By(_) => return None,
        })
    }
}

/// Applies rules to the members that are there.
pub fn check_members(node: &Node, members: Members, findings: &mut Findings) {
    for (name, rule) in members {
        if let Some(member) = node.member(name) {
            rule.check(&member, findings);
        }
    }
}

/// A value that is none of those that can be.
pub const NOT_ALLOWED: &str = "Should be equal to one of the allowed values";

/// Several possible forms, of which it has none.
pub const NO_FORM: &str = "Should match exactly one schema in oneOf";

const COLOR: &str = "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$";

/// How AWS's pattern begins; the rest is that of `Stat` of anomaly detectors.
const STATISTIC: &str = r"^((SampleCount|Average|Sum|Minimum|Maximum|IQM)|(p|tc|tm|ts|wm)(\d{1,2}(\.\d{0,10})?|100)|(TM|TC|TS|WM|PR)\(.*\))$";

fn pattern(pattern: &str) -> String {
    format!("Should match pattern \"{pattern}\"")
}

fn is_of_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "object" => value.is_object(),
        _ => value.is_array(),
    }
}

/// `#1f77b4`, `#aaa`.
pub fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn check_range(node: &Node, least: i64, most: i64, findings: &mut Findings) {
    let number = node.value.as_f64().unwrap_or_default();
    if number > most as f64 {
        findings.error(node, format!("Should be <= {most}"));
    }
    if number < least as f64 {
        findings.error(node, format!("Should be >= {least}"));
    }
}

/// Longer than data are kept: 455 days.
const PERIOD_MAX: f64 = 455.0 * 86_400.0;

/// As the service says it: of a period of 45 that it is neither 60 or more nor a multiple of 60.
fn check_period(node: &Node, findings: &mut Findings) {
    let period = node.value.as_f64().unwrap_or_default();
    if period <= PERIOD_MAX && is_period(period as i64) {
        return;
    }
    if period < 60.0 {
        findings.error(node, "Should be >= 60");
    }
    if period % 60.0 != 0.0 {
        findings.error(node, "Should be multiple of 60");
    }
    findings.error(node, NO_FORM);
}
