//! Dashboards: documents that tell what to draw, checked and kept
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
//!
//! They belong to an account, not to a Region. A body is checked as a whole ([`body`]); the rules ([`rules`]) say what is
//! wrong in the words of AWS, which are those of a JSON schema's validator.

mod body;
pub mod faults;
pub mod metric_widget;
pub mod metrics;
pub mod rules;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::services::cloudwatch::tags::{self, Tag};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::scope::AccountId;
use crate::world::tags::Tags;
use crate::world::time::Time;
use crate::{op, record};

use rules::Message;

/// The operations.
pub const OPS: &[Op] = &[
    op!(Write "DeleteDashboards" delete_dashboards),
    op!(Read "GetDashboard" get_dashboard),
    op!(Read "ListDashboards" list_dashboards),
    op!(Write "PutDashboard" put_dashboard).resources(&[("AWS::CloudWatch::Dashboard", "DashboardName")]),
];

/// Characters of a name.
const NAME_MAX: usize = 255;
/// Dashboards that can be deleted at once.
const DELETED_MAX: usize = 100;
/// Dashboards on a page.
const PAGE_MAX: usize = 1000;

/// An account's dashboards, by name.
pub type Dashboards = BTreeMap<String, Dashboard>;

/// A dashboard.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// As it was put.
    body: String,
    modified: Time,
    pub tags: Tags,
}

record! {
    struct PutDashboard { name: String = "DashboardName", body: String = "DashboardBody", tags: Vec<Tag> = "Tags" }
    struct Checked { messages: Vec<Message> = "DashboardValidationMessages" }
    struct Named { name: String = "DashboardName" }
    struct Whole { arn: String = "DashboardArn", body: String = "DashboardBody", name: String = "DashboardName" }
    struct ListDashboards { prefix: Option<String> = "DashboardNamePrefix", token: Option<String> = "NextToken" }
    struct Listed { entries: Vec<Entry> = "DashboardEntries", token: Option<String> = "NextToken" }
    struct Entry {
        name: String = "DashboardName",
        arn: String = "DashboardArn",
        modified: Time = "LastModified",
        bytes: i64 = "Size",
    }
    struct Deletion { names: Vec<String> = "DashboardNames" }
}

/// Tags count for new dashboards only.
fn put_dashboard(cx: &mut Cx, input: PutDashboard) -> Result<Checked, Fault> {
    if !is_name(&input.name) {
        return Err(faults::put_name());
    }
    let tags = tags::checked(input.tags)?;
    let findings = body::check(&input.body)?;
    if !findings.errors.is_empty() {
        return Err(faults::invalid_body(findings.errors));
    }
    let modified = cx.world.now;
    let dashboards = &mut cx.world.account(&cx.account).dashboards;
    let tags = dashboards.remove(&input.name).map_or(tags, |old| old.tags);
    dashboards.insert(input.name, Dashboard { body: input.body, modified, tags });
    Ok(Checked { messages: findings.warnings })
}

fn get_dashboard(cx: &mut Cx, input: Named) -> Result<Whole, Fault> {
    let name = input.name;
    if !is_name(&name) {
        return Err(faults::name("DashboardName", &name));
    }
    let found = cx.world.account(&cx.account).dashboards.get(&name).ok_or_else(|| faults::no_dashboard(&name))?;
    Ok(Whole { arn: arn(&cx.account, &name), body: found.body.clone(), name })
}

fn list_dashboards(cx: &mut Cx, input: ListDashboards) -> Result<Listed, Fault> {
    let prefix = input.prefix.unwrap_or_default();
    if prefix.len() > NAME_MAX || !prefix.bytes().all(|byte| byte == b'.' || is_name_byte(byte)) {
        return Err(faults::name("DashboardNamePrefix", &prefix));
    }
    let after = input.token.as_deref().map(|token| pages::key(token).ok_or_else(faults::token)).transpose()?;
    let dashboards = &cx.world.account(&cx.account).dashboards;
    let named = dashboards.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
    let (found, last) = pages::cut(after.as_deref(), PAGE_MAX, Order::Ascending, named.map(|found| (found.0, found)));
    let entry = |(name, dashboard): (&String, &Dashboard)| Entry {
        name: name.clone(),
        arn: arn(&cx.account, name),
        modified: dashboard.modified,
        bytes: i64::try_from(dashboard.body.len()).unwrap_or(i64::MAX),
    };
    Ok(Listed { entries: found.into_iter().map(entry).collect(), token: last.map(pages::token) })
}

/// Deletes what there is of them, also where there is not all: "the operation attempts to delete as many dashboards as
/// possible".
fn delete_dashboards(cx: &mut Cx, input: Deletion) -> Result<(), Fault> {
    if input.names.len() > DELETED_MAX {
        return Err(faults::too_many_names(DELETED_MAX));
    }
    if let Some(name) = input.names.iter().find(|name| !is_name(name)) {
        return Err(faults::name("DashboardName", name));
    }
    let dashboards = &mut cx.world.account(&cx.account).dashboards;
    let missing: Vec<&str> =
        input.names.iter().map(String::as_str).filter(|name| !dashboards.contains_key(*name)).collect();
    dashboards.retain(|name, _| !input.names.contains(name));
    if missing.is_empty() { Ok(()) } else { Err(faults::no_dashboards(&missing)) }
}

/// How a dashboard is called everywhere.
pub fn arn(account: &AccountId, name: &str) -> String {
    format!("arn:aws:cloudwatch::{account}:dashboard/{name}")
}

fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
