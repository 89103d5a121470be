//! The `metrics` of a widget: a list for each metric or expression, with marks for what stands in the list before.
//!
//! `.` stands for the field above it, `...` for all fields above it up to those that follow.

use serde_json::{Map, Value};

use super::rules::{Findings, Members, Node, Rule};

/// How a metric or an expression is shown
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html#CloudWatch-Dashboard-Properties-Rendering-Object-Format>).
const OPTIONS: Members = &[
    ("accountId", Rule::Text),
    ("color", Rule::Color),
    ("expression", Rule::Text),
    ("id", Rule::Text),
    ("label", Rule::Text),
    ("period", Rule::Period),
    ("region", Rule::Text),
    ("stat", Rule::Statistic),
    ("visible", Rule::Flag),
    ("yAxis", Rule::OneOf(&["left", "right"])),
];

/// A metric or an expression, all marks replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Namespace, name, and names and values of dimensions by turns. An expression has none.
    pub fields: Vec<String>,
    pub options: Map<String, Value>,
}

/// A namespace, a name, and names and values of 30 dimensions.
const FIELDS_MAX: usize = 2 + 2 * 30;

/// Reads a `metrics` array of at most `most` rows, and reports what is wrong with it. There is no looking at more.
pub fn read(node: &Node, most: usize, findings: &mut Findings) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // Marks stand for fields of the metric before, whatever expressions are between.
    let mut before: Vec<String> = Vec::new();
    for item in node.items().take(most) {
        let Some(row) = read_row(&item, &before, findings) else { continue };
        if !row.fields.is_empty() {
            before.clone_from(&row.fields);
        }
        rows.push(row);
    }
    rows
}

fn read_row(node: &Node, before: &[String], findings: &mut Findings) -> Option<Row> {
    let Some(items) = node.value.as_array() else {
        findings.error(node, "Should be array");
        let sentence = "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last element";
        findings.error(node, sentence);
        return None;
    };
    let options = items.last().and_then(Value::as_object);
    let count = items.len() - usize::from(options.is_some());
    if count > FIELDS_MAX {
        findings.error(node, format!("Should NOT have more than {FIELDS_MAX} items"));
        return None;
    }
    let mut fields: Vec<String> = Vec::with_capacity(count);
    let mut is_right = true;
    for (index, field) in node.items().enumerate().take(count) {
        match field.value.as_str() {
            None | Some("") => {
                findings.error(&field, "Invalid metric field type, only \"String\" type is allowed");
                is_right = false;
            }
            Some(mark @ ("." | "...")) => {
                if !repeat(mark, count - index - 1, before, &mut fields) {
                    let sentence = format!("Repeat marker \"{mark}\" used but not enough fields in previous metric");
                    findings.error(&field, sentence);
                    is_right = false;
                }
            }
            Some(text) => fields.push(text.to_owned()),
        }
    }
    let is_known =
        node.items().last().filter(|_| options.is_some()).is_none_or(|options| is_options(&options, count == 0));
    let is_whole = fields.len() != 1 && fields.len().is_multiple_of(2);
    match () {
        () if !is_right => return None,
        () if items.is_empty() || (options.is_none() && fields.len() == 1) => {
            findings.error(node, "Should NOT have less than 2 items");
            return None;
        }
        // What comes last has no place there.
        () if !is_known || !is_whole => {
            findings.error(node, format!("Should NOT have more than {} items", items.len() - 1));
            return None;
        }
        () => {}
    }
    Some(Row { fields, options: options.cloned().unwrap_or_default() })
}

/// Adds the fields that a mark stands for, where so many fields follow it.
fn repeat(mark: &str, following: usize, before: &[String], fields: &mut Vec<String>) -> bool {
    let end = if mark == "..." { before.len().saturating_sub(following) } else { fields.len() + 1 };
    let Some(repeated) = before.get(fields.len()..end).filter(|repeated| !repeated.is_empty()) else { return false };
    fields.extend_from_slice(repeated);
    true
}

/// Whether an object can be the options of a metric, or of an expression. There are no others than those known.
fn is_options(node: &Node, is_expression: bool) -> bool {
    let members = node.value.as_object().into_iter().flatten();
    let known = |name: &str| OPTIONS.iter().any(|(known, _)| *known == name);
    members.map(|(name, _)| name).all(|name| known(name))
        && Rule::Object(&[], OPTIONS).accepts(node)
        && node.value.get("expression").is_some() == is_expression
}
