//! Suppressors: alarms that keep composite alarms from acting.
//!
//! A composite alarm that changes its state waits for its suppressor to go into ALARM. If it does, the composite alarm
//! does not act; when the suppressor leaves ALARM, it waits again, for its own state to follow. What is left then is
//! acted on. Each change of the composite alarm's state begins a new wait.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html>

use chrono::TimeDelta;

use crate::world::World;
use crate::world::jobs::Job;
use crate::world::time::Time;

use super::place::Place;
use super::state::{Suppression, Value};
use super::transition;

/// What the page calls examples is tested in `tests`: here is what follows from what.
///
/// `is_alarm` tells whether the suppressor is in ALARM; the periods are in seconds.
pub fn next(now: Time, current: Suppression, is_alarm: bool, extension: i64) -> Option<Suppression> {
    match current {
        Suppression::Alarm if is_alarm => Some(Suppression::Alarm),
        Suppression::Alarm => waiting(now, extension).map(Suppression::ExtensionPeriod),
        _ if is_alarm => Some(Suppression::Alarm),
        Suppression::WaitPeriod(until) | Suppression::ExtensionPeriod(until) => (until > now).then_some(current),
    }
}

/// The end of a period, if it is not over at once.
fn waiting(now: Time, seconds: i64) -> Option<Time> {
    let span = TimeDelta::try_seconds(seconds).filter(|_| seconds > 0)?;
    now.checked_add_signed(span)
}

/// A composite alarm with a suppressor has changed its state: it does not act yet.
pub fn begin(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(suppressor) = place.find(world).and_then(|alarm| alarm.composite()?.suppressor.clone()) else { return };
    let suppressed = match is_alarm(world, place, &suppressor.name) {
        true => Some(Suppression::Alarm),
        false => waiting(now, suppressor.wait).map(Suppression::WaitPeriod),
    };
    if let Some(alarm) = place.find_mut(world) {
        alarm.state.suppressed = suppressed;
    }
    schedule(world, place);
}

/// Looks at a composite alarm again when its wait is over.
pub fn schedule(world: &mut World, place: &Place) {
    let until = place.find(world).and_then(|alarm| alarm.state.suppressed?.until());
    if let Some(until) = until {
        world.jobs.at(until, Job::AlarmReaction(place.clone()));
    }
}

/// Looks at what keeps a composite alarm from acting.
pub fn review(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(alarm) = place.find(world) else { return };
    let Some(current) = alarm.state.suppressed else { return };
    let suppressor = alarm.composite().and_then(|composite| composite.suppressor.clone());
    let following = suppressor.and_then(|suppressor| {
        let is_alarm = is_alarm(world, place, &suppressor.name);
        next(now, current, is_alarm, suppressor.extension)
    });
    if following != Some(current) {
        return transition::resuppress(world, place, following);
    }
    // This may have been the look at the end of an earlier period.
    schedule(world, place);
}

fn is_alarm(world: &World, place: &Place, name: &str) -> bool {
    place.beside(name).find(world).is_some_and(|alarm| alarm.state.value == Value::Alarm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unit: i64) -> Time {
        Time::from_timestamp(1_700_000_000 + unit, 0).unwrap()
    }

    /// The page's examples, by their time units: waits of two, extensions of three.
    #[test]
    fn examples() {
        let wait = |from: i64| Suppression::WaitPeriod(at(from + 2));
        let extension = |from: i64| Suppression::ExtensionPeriod(at(from + 3));
        let check = |now, current, is_alarm, wanted| assert_eq!(next(at(now), current, is_alarm, 3), wanted, "t{now}");
        // 1: the suppressor stays in OK.
        check(3, wait(2), false, Some(wait(2)));
        check(4, wait(2), false, None);
        // 2: it goes into ALARM at t3.
        check(3, wait(2), true, Some(Suppression::Alarm));
        check(4, Suppression::Alarm, true, Some(Suppression::Alarm));
        // 5: it leaves ALARM at t6; the extension ends at t9.
        check(6, Suppression::Alarm, false, Some(extension(6)));
        check(8, extension(6), false, Some(extension(6)));
        check(9, extension(6), false, None);
        // It goes into ALARM again meanwhile.
        check(8, extension(6), true, Some(Suppression::Alarm));
        assert_eq!(next(at(6), Suppression::Alarm, false, 0), None);
    }
}
