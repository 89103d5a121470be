//! Rules on a schedule: a job for each, at the moment it comes next.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html>

use std::sync::Arc;

use crate::wire::Fault;
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::time::Time;

use super::event::{Event, Parts};
use super::schedule::Schedule;
use super::{RulePlace, faults, routing};

/// A rule's schedule.
#[derive(Clone, Debug)]
pub(super) struct Timer {
    /// As it was given.
    pub text: String,
    schedule: Schedule,
    /// When it comes next, while the rule is enabled.
    pub next: Option<Time>,
}

impl Timer {
    /// Reads `rate(…)` or `cron(…)`.
    ///
    /// # Errors
    /// `ValidationException`
    pub fn parse(text: String) -> Result<Timer, Fault> {
        let schedule = Schedule::parse(&text).ok_or_else(faults::invalid_schedule)?;
        Ok(Timer { text, schedule, next: None })
    }
}

/// Starts the schedule of a rule that has been made or enabled, which counts from now; stops that of one that was
/// disabled.
pub(super) fn follow(world: &mut World, place: &RulePlace) {
    let now = world.now;
    let Some(rule) = place.find_mut(world) else { return };
    let is_enabled = rule.is_enabled();
    let Some(timer) = &mut rule.timer else { return };
    timer.next = match timer.next {
        _ if !is_enabled => None,
        Some(next) => Some(next),
        None => timer.schedule.next_after(now),
    };
    if let Some(next) = timer.next {
        world.jobs.at(next, Job::EventSchedule(place.clone()));
    }
}

/// Sends the event of a schedule that has come round. It goes to the rule's own targets, and as an event of the default
/// bus to whoever matches it.
pub fn tick(world: &mut World, place: &RulePlace) {
    let now = world.now;
    let Some(timer) = place.find_mut(world).and_then(|rule| rule.timer.as_mut()) else { return };
    // The job of a schedule that was changed since.
    let Some(due) = timer.next.filter(|next| *next <= now) else { return };
    timer.next = timer.schedule.next_after(due);
    if let Some(next) = timer.next {
        world.jobs.at(next, Job::EventSchedule(place.clone()));
    }
    let event = Event::new(&Parts {
        id: world.ids.uuid().to_string(),
        source: "aws.events",
        detail_type: "Scheduled Event",
        account: &place.bus.account,
        time: due,
        region: place.bus.region,
        resources: &[place.arn()],
        detail: "{}",
    });
    routing::scheduled(world, place, Arc::new(event));
}
