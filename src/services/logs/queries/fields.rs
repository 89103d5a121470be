//! `GetLogGroupFields`: which fields the events of a group have.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::TimeDelta;

use crate::query;
use crate::services::logs::events::{Pick, Range, Snapshot, snapshot};
use crate::services::logs::faults;
use crate::services::logs::groups::{Class, GROUP};
use crate::services::logs::naming::Identified;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::{op, record};

use super::milliseconds;

pub const OPS: &[Op] = &[op!(Read "GetLogGroupFields" get_log_group_fields).resources(&[GROUP])];

/// How far back from now fields are looked for.
const RECENT: TimeDelta = TimeDelta::minutes(15);
/// How far around a given time.
const AROUND: TimeDelta = TimeDelta::minutes(8);
/// Events that are looked at, the newest ones.
const EVENTS_MAX: usize = 10_000;
/// Fields that are shown, the most frequent ones.
const FIELDS_MAX: usize = 1000;

/// Fields that every event has
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html>).
const OF_EVERY_EVENT: [&str; 5] = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"];

record! {
    struct GetLogGroupFields { time: Option<i64> = "time" }

    struct LogGroupFields { fields: Vec<LogGroupField> = "logGroupFields" }

    struct LogGroupField { name: String = "name", percent: i64 = "percent" }
}

fn get_log_group_fields(
    cx: &mut Cx,
    (group, input): (Identified, GetLogGroupFields),
) -> Result<Scan<LogGroupFields>, Fault> {
    let place = group.place(cx)?;
    let group = place.find(cx.world).ok_or_else(faults::no_such_group)?;
    if group.class == Class::Delivery {
        return Err(faults::not_for_class(&group.name, group.class.as_str(), cx.operation.name));
    }
    let now = cx.world.now.timestamp_millis();
    let (start, end) = match input.time.map(milliseconds) {
        Some(time) => (time.saturating_sub(AROUND.num_milliseconds()), time.saturating_add(AROUND.num_milliseconds())),
        None => (now.saturating_sub(RECENT.num_milliseconds()), now),
    };
    let range = Range::of_times(Some(start), Some(end.saturating_add(1)));
    let events = snapshot(cx.world, &place, Pick::All, range);
    Ok(Scan::new(move || LogGroupFields { fields: fields(&events) }))
}

/// Names of fields and how many of a hundred events have them, the most frequent first.
fn fields(events: &Snapshot) -> Vec<LogGroupField> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut looked_at = 0;
    events.for_each_back(|event| {
        looked_at += 1;
        let discovered = query::fields_of(event.message).into_iter();
        for name in discovered.chain(OF_EVERY_EVENT.map(str::to_owned)) {
            *counts.entry(name).or_default() += 1;
        }
        if looked_at < EVENTS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(FIELDS_MAX);
    let percent = |count: usize| (count * 100 / looked_at.max(1)) as i64;
    counts.into_iter().map(|(name, count)| LogGroupField { name, percent: percent(count) }).collect()
}
