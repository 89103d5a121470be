//! Retention: events older than their group keeps them.

use std::sync::Arc;

use chrono::{DurationRound, TimeDelta};

use crate::services::logs::Group;
use crate::services::logs::naming::GroupPlace;
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::time::Time;

use super::id::EventId;

/// Expired events disappear at once for readers; their bytes go at the end of the hour, so that a steady stream does
/// not make a job for each event. AWS takes up to 72 hours.
const STEP: TimeDelta = TimeDelta::hours(1);

const DAY_MS: i64 = 86_400_000;

/// No event before this is shown.
pub fn oldest_kept(group: &Group, now: Time) -> EventId {
    cutoff_ms(group, now).map_or(EventId::MIN, EventId::at)
}

/// The oldest timestamp that the group's retention allows, if it has one.
pub fn cutoff_ms(group: &Group, now: Time) -> Option<i64> {
    group.retention_days.map(|days| now.timestamp_millis().saturating_sub(days.saturating_mul(DAY_MS)))
}

/// Has a group's expired events removed in time. To be called when its retention is set.
pub fn schedule(world: &mut World, place: &GroupPlace) {
    let oldest =
        place.find(world).and_then(|group| group.streams.values().filter_map(|stream| stream.log.first_event_ms).min());
    if let Some(oldest) = oldest {
        schedule_for(world, place, oldest);
    }
}

/// Has an event of a group removed in time.
pub(super) fn schedule_for(world: &mut World, place: &GroupPlace, event_ms: i64) {
    let now = world.now;
    let Ok(group) = place.group(world) else { return };
    let Some(due) = due(group, now, event_ms) else { return };
    if group.expiry_due.is_none_or(|known| known > due) {
        group.expiry_due = Some(due);
        world.jobs.at(due, Job::LogRetention { place: place.clone() });
    }
}

/// When an event will have expired, and the hour it does so in is over.
fn due(group: &Group, now: Time, event_ms: i64) -> Option<Time> {
    let days = TimeDelta::try_days(group.retention_days?)?;
    let expired = Time::from_timestamp_millis(event_ms)?.checked_add_signed(days)?;
    expired.max(now).duration_trunc(STEP).ok()?.checked_add_signed(STEP)
}

/// Removes a group's expired events, and sees to the next ones.
pub fn expire(world: &mut World, place: &GroupPlace) {
    let now = world.now;
    let Ok(group) = place.group(world) else { return };
    group.expiry_due = None;
    let Some(before_ms) = cutoff_ms(group, now) else { return };
    let rewritten: Vec<_> = group.streams.values_mut().flat_map(|stream| stream.log.expire(before_ms)).collect();
    let shelf = Arc::clone(&world.log_keeping.shelf);
    world.background.extend(rewritten.into_iter().filter_map(|segment| shelf.pack_later(segment)));
    schedule(world, place);
}
