//! Holds an input tree against the constraints of its contract and words what breaks them.

use std::borrow::Cow;

use super::value::Value;
use super::{Fault, pattern, rest, scalar};
use crate::contract::{Constraints, Contract, Kind, Location, Member, OperationId, Reference, ShapeId, Validation};

/// How many violations are listed: a sentence is longer than what breaks the rule, which may come by the thousand.
const VIOLATIONS_MAX: usize = 1000;

/// Checks every constraint; the fault lists all that are broken, in the service's own form.
pub fn check(contract: &Contract, operation: OperationId, input: &Value) -> Result<(), Fault> {
    let Some(shape) = contract.operation(operation).input else { return Ok(()) };
    let mut walk = Walk { contract, broken: Vec::new() };
    walk.value(shape, input, &mut Vec::new());
    walk.broken.truncate(VIOLATIONS_MAX);
    if walk.broken.is_empty() {
        return Ok(());
    }
    Err(match contract.validation {
        Validation::Exception => Fault::new("ValidationException", listing(&walk.broken)),
        Validation::Error => Fault::new("ValidationError", listing(&walk.broken)),
        Validation::Parameter => Fault::new("InvalidParameterException", listing(&walk.broken)),
        Validation::Ec2 => ec2(&walk.broken),
        Validation::S3 => match s3(contract, operation, &walk.broken) {
            Some(fault) => fault,
            None => return Ok(()),
        },
        Validation::Missing => match walk.broken.iter().find(|violation| violation.rule == Rule::Required) {
            Some(violation) => missing(violation.member()),
            None => return Ok(()),
        },
    })
}

/// "2 validation errors detected: Value … at 'name' failed to satisfy constraint: …; Value …"
fn listing(broken: &[Violation<'_>]) -> String {
    let plural = if broken.len() == 1 { "error" } else { "errors" };
    let sentences: Vec<String> = broken.iter().map(Violation::sentence).collect();
    format!("{} validation {plural} detected: {}", broken.len(), sentences.join("; "))
}

/// EC2 speaks of the first parameter that is wrong.
fn ec2(broken: &[Violation<'_>]) -> Fault {
    let missing = broken.iter().find(|violation| violation.rule == Rule::Required);
    if let Some(violation) = missing {
        let name = violation.parameter();
        return Fault::new("MissingParameter", format!("The request must contain the parameter {name}"));
    }
    let violation = broken.first();
    let name = lower_first(&violation.map(Violation::parameter).unwrap_or_default());
    let value = violation.and_then(|v| v.shown.clone()).unwrap_or_default();
    Fault::new("InvalidParameterValue", format!("Value ({value}) for parameter {name} is invalid."))
}

/// SQS minds required members; the other constraints are the operations' own matter.
fn missing(name: &str) -> Fault {
    Fault::new("MissingParameter", format!("The request must contain the parameter {name}."))
}

/// S3 minds required members and enumerations; lengths and patterns are the operations' own matter.
fn s3(contract: &Contract, operation: OperationId, broken: &[Violation<'_>]) -> Option<Fault> {
    let violation = broken.iter().find(|v| matches!(v.rule, Rule::Required | Rule::Enum))?;
    let structure = contract.operation(operation).input.and_then(|id| contract.structure(id))?;
    let member = violation.path.first().and_then(|step| structure.member(step.name()))?;
    let deep = violation.path.len() > 1;
    Some(match (violation.rule, member.location) {
        (Rule::Required, Location::Body) if !deep && member.name == structure.payload => {
            Fault::new("MissingRequestBodyError", "Request Body is empty")
        }
        (_, Location::Body) => rest::malformed_xml(),
        (Rule::Required, Location::Header) => {
            let sentence = format!("Missing required header for this request: {}", member.on_wire());
            Fault::new("InvalidRequest", sentence)
        }
        (Rule::Required, _) => {
            let sentence = format!("Missing required parameter for this request: '{}'", member.on_wire());
            Fault::new("InvalidRequest", sentence)
        }
        _ => Fault::new("InvalidArgument", format!("Invalid {}", member.on_wire()))
            .with("ArgumentName", member.on_wire())
            .with("ArgumentValue", violation.shown.clone()),
    })
}

/// Which kind of constraint is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Required,
    Length,
    Range,
    Pattern,
    Enum,
}

/// A step on the way to a value.
#[derive(Clone, Debug)]
enum Step<'c> {
    Member(&'c Member),
    Item(usize),
    Entry(String),
}

impl Step<'_> {
    fn name(&self) -> &str {
        match self {
            Step::Member(member) => member.name,
            Step::Item(_) | Step::Entry(_) => "member",
        }
    }
}

#[derive(Debug)]
struct Violation<'c> {
    path: Vec<Step<'c>>,
    /// The value as text; `None` for a missing or a sensitive one.
    shown: Option<String>,
    rule: Rule,
    constraint: String,
}

impl Violation<'_> {
    fn sentence(&self) -> String {
        let value = match (&self.shown, self.rule) {
            (_, Rule::Required) => "Value null at".to_owned(),
            (Some(text), _) => format!("Value '{text}' at"),
            (None, _) => "Value at".to_owned(),
        };
        format!("{value} '{}' failed to satisfy constraint: {}", self.path(), self.constraint)
    }

    /// `tags.1.member.key`
    fn path(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Member(member) => lower_first(member.name),
            Step::Item(number) => format!("{number}.member"),
            Step::Entry(key) => format!("{key}.member"),
        });
        steps.collect::<Vec<_>>().join(".")
    }

    /// The innermost member.
    fn member(&self) -> &'static str {
        let name = self.path.iter().rev().find_map(|step| match step {
            Step::Member(member) => Some(member.name),
            _ => None,
        });
        name.unwrap_or_default()
    }

    /// EC2's name of the parameter: the innermost member.
    fn parameter(&self) -> Cow<'static, str> {
        let name = self.path.iter().rev().find_map(|step| match step {
            Step::Member(member) => Some(member.in_ec2_forms()),
            _ => None,
        });
        name.unwrap_or_default()
    }
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

struct Walk<'c> {
    contract: &'c Contract,
    broken: Vec<Violation<'c>>,
}

impl<'c> Walk<'c> {
    fn value(&mut self, shape: ShapeId, value: &Value, path: &mut Vec<Step<'c>>) {
        if self.broken.len() == VIOLATIONS_MAX {
            return;
        }
        let contract = self.contract;
        let held = contract.shape(shape);
        for (rule, constraint) in broken(&held.kind, &held.constraints, value) {
            self.add(shape, value, path, rule, constraint);
        }
        match (&held.kind, value) {
            (Kind::Structure(structure), Value::Map(map)) => {
                for member in &structure.members {
                    path.push(Step::Member(member));
                    match map.get(member.name) {
                        // A streamed payload is not in the tree; the front has it.
                        None | Some(Value::Null) if member.required && !member.streaming => {
                            self.add(
                                member.shape,
                                &Value::Null,
                                path,
                                Rule::Required,
                                "Member must not be null".into(),
                            );
                        }
                        None | Some(Value::Null) => {}
                        Some(value) => self.value(member.shape, value, path),
                    }
                    path.pop();
                }
            }
            (Kind::List { member, .. }, Value::List(items)) if self.is_plain(member.shape) => {
                let rule = items.iter().find_map(|item| self.first_broken(*member, item));
                self.add_inner(shape, value, path, rule, "Member", member.shape);
            }
            (Kind::List { member, .. }, Value::List(items)) => {
                for (number, item) in (1..).zip(items) {
                    path.push(Step::Item(number));
                    self.value(member.shape, item, path);
                    path.pop();
                }
            }
            (Kind::Map { key, value: reference, .. }, Value::Map(map)) => {
                let rule = map.iter().find_map(|(name, _)| self.first_broken(*key, &name.into()));
                self.add_inner(shape, value, path, rule, "Map keys", key.shape);
                if self.is_plain(reference.shape) {
                    let rule = map.iter().find_map(|(_, value)| self.first_broken(*reference, value));
                    return self.add_inner(shape, value, path, rule, "Map value", reference.shape);
                }
                for (name, value) in map.iter() {
                    path.push(Step::Entry(name.to_owned()));
                    self.value(reference.shape, value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn is_plain(&self, shape: ShapeId) -> bool {
        !matches!(self.contract.shape(shape).kind, Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. })
    }

    fn first_broken(&self, reference: Reference, value: &Value) -> Option<Rule> {
        let shape = self.contract.shape(reference.shape);
        broken(&shape.kind, &shape.constraints, value).first().map(|(rule, _)| *rule)
    }

    /// Plain items, keys and values: AWS names the whole list or map and all constraints of what is in it.
    fn add_inner(
        &mut self,
        shape: ShapeId,
        value: &Value,
        path: &[Step<'c>],
        rule: Option<Rule>,
        what: &str,
        inner: ShapeId,
    ) {
        if let Some(rule) = rule {
            let held = self.contract.shape(inner);
            let all = all_constraints(&held.kind, &held.constraints).join(", ");
            self.add(shape, value, path, rule, format!("{what} must satisfy constraint: [{all}]"));
        }
    }

    fn add(&mut self, shape: ShapeId, value: &Value, path: &[Step<'c>], rule: Rule, constraint: String) {
        let shown = (!self.is_sensitive(shape) && !value.is_null()).then(|| show(value));
        self.broken.push(Violation { path: path.to_vec(), shown, rule, constraint });
    }

    fn is_sensitive(&self, shape: ShapeId) -> bool {
        let shape = self.contract.shape(shape);
        let inner = match &shape.kind {
            Kind::List { member, .. } => Some(member.shape),
            Kind::Map { value, .. } => Some(value.shape),
            _ => None,
        };
        shape.sensitive || inner.is_some_and(|inner| self.contract.shape(inner).sensitive)
    }
}

/// A value as Java prints it, which is how AWS's sentences show it.
fn show(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", show(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null => "null".into(),
        value => scalar::print(&Kind::String, value, scalar::Times::Iso).into_owned(),
    }
}

/// The constraints of one shape that a value breaks.
fn broken(kind: &Kind, constraints: &Constraints, value: &Value) -> Vec<(Rule, String)> {
    let mut broken = Vec::new();
    let Some((measure, rule)) = measure(kind, value) else { return broken };
    if constraints.max.is_some_and(|max| measure > max) {
        broken.extend(limit(kind, constraints.max, "less").map(|sentence| (rule, sentence)));
    }
    if constraints.min.is_some_and(|min| measure < min) {
        broken.extend(limit(kind, constraints.min, "greater").map(|sentence| (rule, sentence)));
    }
    if let Value::Str(text) = value {
        if !constraints.pattern.is_empty() && !pattern::matches(constraints.pattern, text) {
            broken.push((Rule::Pattern, pattern_sentence(constraints)));
        }
        if !constraints.values.is_empty() && !constraints.values.contains(&text.as_str()) {
            broken.push((Rule::Enum, enum_sentence(constraints)));
        }
    }
    broken
}

/// What limits apply to: a length, or the number itself.
fn measure(kind: &Kind, value: &Value) -> Option<(f64, Rule)> {
    Some(match (kind, value) {
        (_, Value::Str(text)) => (text.chars().count() as f64, Rule::Length),
        (_, Value::Blob(bytes)) => (bytes.len() as f64, Rule::Length),
        (_, Value::List(items)) => (items.len() as f64, Rule::Length),
        (Kind::Map { .. }, Value::Map(map)) => (map.len() as f64, Rule::Length),
        (_, Value::Int(n)) => (*n as f64, Rule::Range),
        (_, Value::Double(n)) => (*n, Rule::Range),
        _ => return None,
    })
}

fn all_constraints(kind: &Kind, constraints: &Constraints) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(limit(kind, constraints.max, "less"));
    all.extend(limit(kind, constraints.min, "greater"));
    if !constraints.pattern.is_empty() {
        all.push(pattern_sentence(constraints));
    }
    if !constraints.values.is_empty() {
        all.push(enum_sentence(constraints));
    }
    all
}

fn limit(kind: &Kind, limit: Option<f64>, side: &str) -> Option<String> {
    let what = match kind {
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double => "value",
        _ => "length",
    };
    limit.map(|limit| format!("Member must have {what} {side} than or equal to {limit}"))
}

fn pattern_sentence(constraints: &Constraints) -> String {
    format!("Member must satisfy regular expression pattern: {}", constraints.pattern)
}

fn enum_sentence(constraints: &Constraints) -> String {
    format!("Member must satisfy enum value set: [{}]", constraints.values.join(", "))
}
