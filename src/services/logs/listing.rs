//! Lists of log groups.

use regex::Regex;

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;

use super::groups::Class;
use super::paging::{Order, PageEnd, PageRequest};
use super::{Group, faults, naming};

/// The operations that list log groups.
pub const OPS: &[Op] = &[op!(Read "DescribeLogGroups" describe_log_groups), op!(Read "ListLogGroups" list_log_groups)];

record! {
    /// Whose groups are wanted.
    struct Accounts { linked: bool = "includeLinkedAccounts", accounts: Vec<String> = "accountIdentifiers" }

    struct DescribeLogGroups {
        prefix: Option<String> = "logGroupNamePrefix",
        pattern: Option<String> = "logGroupNamePattern",
        class: Option<String> = "logGroupClass",
        identifiers: Option<Vec<String>> = "logGroupIdentifiers",
    }

    struct DescribedGroups { groups: Vec<Described> = "logGroups" }

    struct Described {
        name: String = "logGroupName",
        created: i64 = "creationTime",
        retention_days: Option<i64> = "retentionInDays",
        metric_filters: Option<i64> = "metricFilterCount",
        arn_of_all: String = "arn",
        stored_bytes: Option<i64> = "storedBytes",
        class: Option<String> = "logGroupClass",
        arn: Option<String> = "logGroupArn",
        deletion_protected: Option<bool> = "deletionProtectionEnabled",
    }

    struct ListLogGroups {
        pattern: Option<String> = "logGroupNamePattern",
        class: Option<String> = "logGroupClass",
        tags: Vec<TagFilter> = "logGroupTags",
        data_sources: Option<Value> = "dataSources",
        field_indexes: Option<Value> = "fieldIndexNames",
    }

    struct TagFilter { key: String = "key", values: Vec<String> = "values" }

    struct ListedGroups { groups: Vec<Listed> = "logGroups" }

    struct Listed {
        name: String = "logGroupName",
        arn: String = "logGroupArn",
        class: String = "logGroupClass",
    }
}

impl Accounts {
    /// An account has no links to others: only its own logs can be asked for.
    fn check(&self, cx: &Cx) -> Result<(), Fault> {
        if !self.linked && !self.accounts.is_empty() {
            return Err(faults::accounts_without_linked());
        }
        match self.accounts.iter().find(|account| *account != cx.account.as_str()) {
            Some(foreign) => Err(faults::account_not_linked(foreign)),
            None => Ok(()),
        }
    }
}

fn describe_log_groups(
    cx: &mut Cx,
    (input, accounts, page): (DescribeLogGroups, Accounts, PageRequest),
) -> Result<(DescribedGroups, PageEnd), Fault> {
    if input.prefix.is_some() && input.pattern.is_some() {
        return Err(faults::both_prefix_and_pattern());
    }
    let filtered = input.prefix.is_some() || input.pattern.is_some() || input.class.is_some();
    if input.identifiers.is_some() && filtered {
        return Err(faults::identifiers_exclude_filters());
    }
    accounts.check(cx)?;
    let names = input.identifiers.as_ref().map(|identifiers| named(cx, identifiers)).transpose()?;
    let prefix = input.prefix.unwrap_or_default();
    let wanted = |group: &Group| {
        names.as_ref().is_none_or(|names| names.contains(&group.name))
            && input.pattern.as_ref().is_none_or(|pattern| group.name.contains(pattern))
            && input.class.as_ref().is_none_or(|class| is_of_class(group, Class::parse(class)))
    };
    let groups = &cx.world.regional(&cx.account, cx.region).logs.groups;
    let under_prefix = groups.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
    let page = page.cut_by_name(under_prefix.filter(|(_, group)| wanted(group)))?;
    let view = if input.pattern.is_some() { found_by_pattern } else { described };
    Ok((DescribedGroups { groups: page.items.into_iter().map(view).collect() }, page.end))
}

/// Names behind identifiers, which must mean groups of the account and Region called.
fn named(cx: &Cx, identifiers: &[String]) -> Result<Vec<String>, Fault> {
    let name = |identifier: &String| match naming::identified(cx, identifier) {
        Ok(place) => Ok(place.name),
        Err(_) => Err(faults::invalid_identifier(identifier)),
    };
    identifiers.iter().map(name).collect()
}

/// Asking for either of the two cheaper classes finds both.
fn is_of_class(group: &Group, wanted: Class) -> bool {
    let cheaper = |class| matches!(class, Class::InfrequentAccess | Class::Essentials);
    group.class == wanted || (cheaper(group.class) && cheaper(wanted))
}

fn described(group: &Group) -> Described {
    Described {
        retention_days: group.retention_days,
        metric_filters: Some(group.metric_filters.len() as i64),
        stored_bytes: Some(group.stored_bytes()),
        class: Some(group.class.as_str().to_owned()),
        arn: Some(group.arn.clone()),
        deletion_protected: Some(group.deletion_protected),
        ..found_by_pattern(group)
    }
}

/// All that is shown of a group found by a pattern.
fn found_by_pattern(group: &Group) -> Described {
    Described {
        name: group.name.clone(),
        created: group.created.timestamp_millis(),
        arn_of_all: format!("{}:*", group.arn),
        ..Described::default()
    }
}

fn list_log_groups(
    cx: &mut Cx,
    (input, accounts, page): (ListLogGroups, Accounts, PageRequest),
) -> Result<(ListedGroups, PageEnd), Fault> {
    if input.data_sources.is_some() {
        return Err(faults::not_built("dataSources of log groups"));
    }
    if input.field_indexes.is_some() {
        return Err(faults::not_built("fieldIndexNames of log groups"));
    }
    accounts.check(cx)?;
    let pattern = input.pattern.as_deref().map(compiled).transpose()?;
    let wanted = |group: &Group| {
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(&group.name))
            && input.class.as_ref().is_none_or(|class| group.class == Class::parse(class))
            && input.tags.iter().all(|filter| filter.fits(group))
    };
    let groups = &cx.world.regional(&cx.account, cx.region).logs.groups;
    let page = page.cut(Order::Ascending, groups.iter().filter(|(_, group)| wanted(group)))?;
    Ok((ListedGroups { groups: page.items.into_iter().map(listed).collect() }, page.end))
}

/// The contract lets through names, `^` and `|` alone, which mean the same here.
fn compiled(pattern: &str) -> Result<Regex, Fault> {
    Regex::new(pattern).map_err(|_| faults::name_pattern(pattern))
}

impl TagFilter {
    /// Whether a group has the key, with any of the values if there are some.
    fn fits(&self, group: &Group) -> bool {
        let tag = group.tags.get(&self.key);
        tag.is_some_and(|tag| self.values.is_empty() || self.values.iter().any(|value| value_fits(value, tag)))
    }
}

/// `*` at either end stands for anything, `!` at the start turns the filter around. Case does not count with `*`.
fn value_fits(filter: &str, value: &str) -> bool {
    if let Some(filter) = filter.strip_prefix('!') {
        return !value_fits(filter, value);
    }
    let (open_start, rest) = (filter.starts_with('*'), filter.trim_start_matches('*'));
    let (open_end, text) = (rest.ends_with('*'), rest.trim_end_matches('*'));
    let (text, value_lower) = match open_start || open_end {
        true => (text.to_lowercase(), value.to_lowercase()),
        false => return filter == value,
    };
    match (open_start, open_end) {
        (true, true) => value_lower.contains(&text),
        (true, false) => value_lower.ends_with(&text),
        _ => value_lower.starts_with(&text),
    }
}

fn listed(group: &Group) -> Listed {
    Listed { name: group.name.clone(), arn: group.arn.clone(), class: group.class.as_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_tags() {
        let check = |filter, value, fits| assert_eq!(value_fits(filter, value), fits, "{filter} {value}");
        check("prod", "prod", true);
        check("prod", "Prod", false);
        check("!prod", "prod", false);
        check("!prod", "Prod", true);
        check("prod*", "production", true);
        check("prod*", "PRODUCTION", true);
        check("prod*", "preprod", false);
        check("*prod", "preprod", true);
        check("*od*", "production", true);
        check("!prod*", "production", false);
        check("*", "", true);
        check("", "", true);
    }
}
