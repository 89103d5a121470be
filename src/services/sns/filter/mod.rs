//! Filter policies: which messages a subscription gets.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

mod matching;
#[cfg(test)]
mod tests;

use crate::patterns::{Dialect, Rule, Rules, flaw_of_json};
use crate::wire::Fault;

use super::faults;
use super::message::Attribute;

pub use matching::Body;

/// Keys at the top of a policy.
const KEYS_MAX: usize = 5;
/// Combinations of values.
const COMBINATIONS_MAX: u64 = 150;
/// Bytes of a policy.
const BYTES_MAX: usize = 256 << 10;

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    MessageAttributes,
    MessageBody,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::MessageAttributes => "MessageAttributes",
            Scope::MessageBody => "MessageBody",
        }
    }

    pub fn parse(text: &str) -> Result<Scope, Fault> {
        match text {
            "MessageAttributes" => Ok(Scope::MessageAttributes),
            "MessageBody" => Ok(Scope::MessageBody),
            _ => Err(faults::attribute_value("FilterPolicyScope", text, "MessageBody or MessageAttributes")),
        }
    }
}

/// A policy that has been read.
#[derive(Clone, Debug)]
pub struct Filter {
    pub text: String,
    rules: Rules,
}

impl Filter {
    /// Reads a policy; an empty object takes it away.
    pub fn parse(text: &str, scope: Scope) -> Result<Option<Filter>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(flaw) = flaw_of_json(text) {
            return Err(faults::failed_to_parse("FilterPolicy", &flaw.redacted()));
        }
        if text.len() > BYTES_MAX {
            return Err(faults::filter_policy("Filter policy is too long"));
        }
        let rules =
            Rules::parse(text, Dialect::FilterPolicy).map_err(|flaw| faults::filter_policy(&flaw.redacted()))?;
        if rules.fields.len() + rules.alternatives.len() > KEYS_MAX {
            return Err(faults::filter_policy("Filter policy can not have more than 5 keys"));
        }
        if combinations(&rules, 1) > COMBINATIONS_MAX {
            return Err(faults::filter_policy("Filter policy is too complex"));
        }
        if scope == Scope::MessageAttributes && is_nested(&rules) {
            return Err(faults::nested_filter_policy());
        }
        Ok(Some(Filter { text: text.to_owned(), rules }).filter(|filter| filter.rules != Rules::default()))
    }

    /// The metric that counts a message that has not passed, beside the one of all
    /// (<https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>).
    pub fn counted_as(scope: Scope, attributes: &[(String, Attribute)], body: &Body<'_>) -> &'static str {
        match scope {
            Scope::MessageAttributes if attributes.is_empty() => "NumberOfNotificationsFilteredOut-NoMessageAttributes",
            Scope::MessageAttributes => "NumberOfNotificationsFilteredOut-MessageAttributes",
            Scope::MessageBody if body.tree().is_none() => "NumberOfNotificationsFilteredOut-InvalidMessageBody",
            Scope::MessageBody => "NumberOfNotificationsFilteredOut-MessageBody",
        }
    }

    /// Whether a message passes.
    pub fn passes(&self, scope: Scope, attributes: &[(String, Attribute)], body: &Body<'_>) -> bool {
        match scope {
            Scope::MessageAttributes => self.rules.hold_of(&matching::tree_of(attributes)),
            Scope::MessageBody => body.tree().is_some_and(|body| self.rules.hold_of(body)),
        }
    }
}

fn is_nested(rules: &Rules) -> bool {
    rules.alternatives.iter().flatten().any(is_nested)
        || rules.fields.values().any(|rule| matches!(rule, Rule::Nested(_)))
}

/// The product of the numbers of values, each times its depth; alternatives add up
/// (<https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>).
fn combinations(rules: &Rules, depth: u64) -> u64 {
    let fields = rules.fields.values().map(|rule| match rule {
        Rule::Tests(tests) => depth.saturating_mul(tests.len() as u64),
        Rule::Nested(rules) => combinations(rules, depth + 1),
    });
    let alternatives = rules.alternatives.iter().map(|branches| {
        let counts = branches.iter().map(|branch| combinations(branch, depth));
        counts.fold(0, u64::saturating_add)
    });
    fields.chain(alternatives).fold(1, u64::saturating_mul)
}
