//! What metrics and dimensions may be called
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>).

use std::collections::BTreeSet;

use crate::wire::Fault;

use super::faults;
use super::put::Dimension;

/// The longest value of a dimension.
const VALUE_MAX: usize = 1024;

/// ASCII without control characters, and not only spaces.
pub fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// What a dimension's value may be, where no contract has looked at it.
pub fn is_dimension_value(text: &str) -> bool {
    is_text(text) && text.len() <= VALUE_MAX
}

/// Collects what is wrong with the dimensions of a metric.
pub fn check_dimensions(member: &str, dimensions: &[Dimension], flaws: &mut Vec<Fault>) {
    let mut names = BTreeSet::new();
    for (n, Dimension { name, value }) in (1..).zip(dimensions) {
        let of = |part: &str| format!("{member}.Dimensions.member.{n}.{part}");
        if !is_text(name) || name.starts_with(':') {
            flaws.push(faults::invalid(&of("Name"), name));
        }
        if !is_text(value) {
            flaws.push(faults::invalid(&of("Value"), value));
        }
        if !names.insert(name) {
            flaws.push(faults::dimension_twice(member, name));
        }
    }
}
