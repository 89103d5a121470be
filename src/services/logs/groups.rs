//! Log groups: making, keeping and deleting them.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::metric_filters::MetricFilter;
use super::naming::{self, Named};
use super::policies::ResourcePolicy;
use super::subscriptions::SubscriptionFilter;
use super::{Stream, events, faults, tags};

/// The operations on log groups.
pub const OPS: &[Op] = &[
    op!(Write "CreateLogGroup" create_log_group).resources(&[GROUP]),
    op!(Write "DeleteLogGroup" delete_log_group).resources(&[GROUP]),
    op!(Write "DeleteRetentionPolicy" delete_retention_policy).resources(&[GROUP]),
    op!(Write "PutLogGroupDeletionProtection" put_deletion_protection)
        .resources(&[("AWS::Logs::LogGroup", "logGroupIdentifier")]),
    op!(Write "PutRetentionPolicy" put_retention_policy).resources(&[GROUP]),
];

/// The group that a call names, for event history.
pub const GROUP: (&str, &str) = ("AWS::Logs::LogGroup", "logGroupName");

/// Groups of an account in a Region, at the most.
const GROUPS_MAX: usize = 1_000_000;

/// The retention periods that AWS offers, in days.
const RETENTION_DAYS: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// What groups of the class `DELIVERY` keep, and keep showing, in days.
const DELIVERY_RETENTION_DAYS: i64 = 2;

/// A log group.
#[derive(Debug)]
pub struct Group {
    pub name: String,
    /// Ends with the name: the form with `:*` is made from it where AWS shows that.
    pub arn: String,
    pub created: Time,
    pub class: Class,
    /// Days after which events disappear; `None` keeps them for good.
    pub retention_days: Option<i64>,
    /// When expired events are removed next.
    pub expiry_due: Option<Time>,
    pub deletion_protected: bool,
    pub tags: BTreeMap<String, String>,
    /// Streams by name.
    pub streams: BTreeMap<String, Stream>,
    /// Metric filters by name.
    pub metric_filters: BTreeMap<String, MetricFilter>,
    /// Subscription filters by name.
    pub subscriptions: BTreeMap<String, SubscriptionFilter>,
    /// The resource policy of this group alone.
    pub policy: Option<ResourcePolicy>,
}

/// What a group's events can be used for; set once
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    #[default]
    Standard,
    InfrequentAccess,
    Essentials,
    Delivery,
}

impl Class {
    /// Reads a value of the contract's list.
    pub fn parse(text: &str) -> Class {
        match text {
            "INFREQUENT_ACCESS" => Class::InfrequentAccess,
            "ESSENTIALS" => Class::Essentials,
            "DELIVERY" => Class::Delivery,
            _ => Class::Standard,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Class::Standard => "STANDARD",
            Class::InfrequentAccess => "INFREQUENT_ACCESS",
            Class::Essentials => "ESSENTIALS",
            Class::Delivery => "DELIVERY",
        }
    }
}

impl Group {
    /// The bytes of the events in the group, as listings show them.
    pub fn stored_bytes(&self) -> i64 {
        let bytes: u64 = self.streams.values().map(|stream| stream.log.stored_bytes).sum();
        i64::try_from(bytes).unwrap_or(i64::MAX)
    }
}

record! {
    struct CreateLogGroup {
        name: String = "logGroupName",
        key: Option<String> = "kmsKeyId",
        tags: BTreeMap<String, String> = "tags",
        class: Option<String> = "logGroupClass",
        deletion_protected: bool = "deletionProtectionEnabled",
    }

    struct Retention { days: i64 = "retentionInDays" }

    struct Protection { identifier: String = "logGroupIdentifier", enabled: bool = "deletionProtectionEnabled" }
}

fn create_log_group(cx: &mut Cx, input: CreateLogGroup) -> Result<(), Fault> {
    // Whatever the spelling, as the error's own words show.
    if input.name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws/")) {
        return Err(faults::reserved_group_name());
    }
    if input.key.is_some_and(|key| !key.is_empty()) {
        return Err(faults::not_built("kmsKeyId of log groups"));
    }
    tags::check_keys(input.tags.keys())?;
    let class = input.class.as_deref().map(Class::parse).unwrap_or_default();
    let group = Group {
        arn: naming::group_arn(&cx.account, cx.region, &input.name),
        name: input.name,
        created: cx.world.now,
        class,
        retention_days: (class == Class::Delivery).then_some(DELIVERY_RETENTION_DAYS),
        expiry_due: None,
        deletion_protected: input.deletion_protected,
        tags: input.tags,
        streams: BTreeMap::new(),
        metric_filters: BTreeMap::new(),
        subscriptions: BTreeMap::new(),
        policy: None,
    };
    let groups = &mut cx.world.regional(&cx.account, cx.region).logs.groups;
    if groups.contains_key(&group.name) {
        return Err(faults::group_exists());
    }
    if groups.len() >= GROUPS_MAX {
        return Err(faults::limit_exceeded());
    }
    groups.insert(group.name.clone(), group);
    Ok(())
}

fn delete_log_group(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    if input.place(cx).group(cx.world)?.deletion_protected {
        return Err(faults::deletion_protected());
    }
    cx.world.regional(&cx.account, cx.region).logs.groups.remove(&input.name);
    Ok(())
}

fn put_deletion_protection(cx: &mut Cx, input: Protection) -> Result<(), Fault> {
    naming::identified(cx, &input.identifier)?.group(cx.world)?.deletion_protected = input.enabled;
    Ok(())
}

fn put_retention_policy(cx: &mut Cx, (group, input): (Named, Retention)) -> Result<(), Fault> {
    if !RETENTION_DAYS.contains(&input.days) {
        return Err(faults::retention_value(&RETENTION_DAYS));
    }
    keep(cx, &group, Some(input.days))
}

fn delete_retention_policy(cx: &mut Cx, group: Named) -> Result<(), Fault> {
    keep(cx, &group, None)
}

fn keep(cx: &mut Cx, group: &Named, days: Option<i64>) -> Result<(), Fault> {
    let place = group.place(cx);
    let group = place.group(cx.world)?;
    if group.class == Class::Delivery {
        return Err(faults::not_for_delivery_class());
    }
    group.retention_days = days;
    events::expire::schedule(cx.world, &place);
    Ok(())
}
