//! From what rules have matched to their targets: at once, then as often as the target's retry policy says, then to its
//! queue for dead letters.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::world::World;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::event::Event;
use super::metrics::Meters;
use super::outcome::Failure;
use super::place::{store, store_mut};
use super::targets::{Aim, Target};
use super::{RulePlace, send};

/// Deliveries that one job makes; others get in between.
const DELIVERIES_A_JOB: usize = 20;

/// Deliveries of an account in a Region that wait, and the bytes of their events. More are not accepted.
const WAITING_MAX: usize = 100_000;
const WAITING_BYTES_MAX: usize = 256 << 20;

/// The first pause before another attempt, doubled each time up to the longest: so the usual 185 attempts take about
/// the usual 24 hours.
const PAUSE_SECONDS: i64 = 1;
const PAUSE_SECONDS_MAX: i64 = 480;

/// What is on its way to targets.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// To be made now, in the order of the events.
    ready: VecDeque<Delivery>,
    /// To be made at a time.
    later: BTreeMap<(Time, u64), Delivery>,
    counter: u64,
    /// Of the events of all that waits; one that goes to several targets counts for each.
    bytes: usize,
}

/// An event for a target.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    rule: Arc<RulePlace>,
    /// Id of the target.
    target: Arc<str>,
    pub event: Arc<Event>,
    pub arrived: Time,
    /// Attempts that failed.
    failures: u32,
}

impl Deliveries {
    /// Whether there is no room for further ones.
    pub(super) fn is_full(&self) -> bool {
        self.ready.len() + self.later.len() >= WAITING_MAX || self.bytes >= WAITING_BYTES_MAX
    }

    fn add(&mut self, delivery: Delivery) {
        self.bytes += delivery.event.text.len();
        self.ready.push_back(delivery);
    }

    fn put_off(&mut self, delivery: Delivery, due: Time) {
        self.bytes += delivery.event.text.len();
        self.counter += 1;
        self.later.insert((due, self.counter), delivery);
    }

    /// The next that is to be made now.
    fn take(&mut self, now: Time) -> Option<Delivery> {
        let due = |later: &mut BTreeMap<(Time, u64), Delivery>| {
            Some(later.first_entry().filter(|entry| entry.key().0 <= now)?.remove())
        };
        let delivery = self.ready.pop_front().or_else(|| due(&mut self.later))?;
        self.bytes -= delivery.event.text.len();
        Some(delivery)
    }

    /// Makes all that waits due, and answers how much that is.
    fn hurry(&mut self) -> usize {
        self.ready.extend(std::mem::take(&mut self.later).into_values());
        self.ready.len()
    }
}

/// How many events that nobody outside has caused may come without time going on: what is delivered can make events that
/// are delivered, for ever. What a client does gives new credit.
#[derive(Debug, Default)]
pub struct Pace {
    spent: u32,
    since: Option<Time>,
}

impl Pace {
    /// Events in a row, and of those that are over it, how many in a second.
    const BURST: u32 = 1000;
    const A_SECOND: u32 = 10;

    /// A client has called.
    pub(super) fn renew(&mut self) {
        self.spent = 0;
    }

    /// Takes credit for one event: when it may be delivered, if not at once.
    pub(super) fn spend(&mut self, now: Time) -> Option<Time> {
        let seconds = self.since.map_or(0, |since| (now - since).num_seconds());
        if seconds > 0 || self.since.is_none() {
            let regained = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(Self::A_SECOND);
            self.spent = self.spent.saturating_sub(regained);
            self.since = Some(now);
        }
        self.spent = self.spent.saturating_add(1);
        let over = self.spent.checked_sub(Self::BURST).filter(|over| *over > 0)?;
        Some(now + TimeDelta::seconds(i64::from(1 + over / Self::A_SECOND)))
    }
}

/// Queues an event for a target of a rule.
pub(super) fn add(world: &mut World, rule: &Arc<RulePlace>, aim: &Aim, event: &Arc<Event>) {
    let now = world.now;
    let (account, region) = (&rule.bus.account, rule.bus.region);
    let Some(store) = store_mut(world, account, region) else { return };
    if store.deliveries.is_full() {
        tracing::warn!(rule = %rule.arn(), target = %aim.id, "an event is lost: too many deliveries wait");
        return;
    }
    let target = Arc::clone(&aim.id);
    let delivery = Delivery { rule: Arc::clone(rule), target, event: Arc::clone(event), arrived: now, failures: 0 };
    let account = account.clone();
    match event.not_before {
        None => store.deliveries.add(delivery),
        Some(due) => store.deliveries.put_off(delivery, due),
    }
    schedule(world, &account, region);
}

/// Sees to the next delivery of an account in a Region.
fn schedule(world: &mut World, account: &AccountId, region: Region) {
    let Some(deliveries) = store(world, account, region).map(|store| &store.deliveries) else { return };
    let job = || Job::EventDelivery { account: account.clone(), region };
    if !deliveries.ready.is_empty() {
        world.jobs.at_once(job());
    } else if let Some((due, _)) = deliveries.later.keys().next().copied() {
        world.jobs.at(due, job());
    }
}

/// Makes deliveries that are due. What is left follows in the next step.
pub fn deliver(world: &mut World, account: &AccountId, region: Region) {
    for _ in 0..DELIVERIES_A_JOB {
        let now = world.now;
        let next = store_mut(world, account, region).and_then(|store| store.deliveries.take(now));
        let Some(delivery) = next else { break };
        attempt(world, delivery);
    }
    schedule(world, account, region);
}

/// Tries all that waits, whenever it would be due.
pub fn flush(world: &mut World) {
    let regions = world.accounts.iter().flat_map(|(id, account)| account.regions.keys().map(move |at| (id, *at)));
    let places: Vec<_> = regions.map(|(account, region)| (account.clone(), region)).collect();
    for (account, region) in places {
        let waiting = store_mut(world, &account, region).map_or(0, |store| store.deliveries.hurry());
        for _ in 0..waiting {
            let now = world.now;
            let next = store_mut(world, &account, region).and_then(|store| store.deliveries.take(now));
            let Some(delivery) = next else { break };
            attempt(world, delivery);
        }
        schedule(world, &account, region);
    }
}

/// Sends an event to a target, and sees to what comes of it. Targets that are gone get nothing.
fn attempt(world: &mut World, mut delivery: Delivery) {
    let Some(rule) = delivery.rule.find(world) else { return };
    let Some(aim) = rule.targets.get(&*delivery.target).cloned() else { return };
    let meters = rule.meters.clone();
    let age_ms = (world.now - delivery.arrived).num_milliseconds();
    meters.attempt(world, &delivery.rule.bus, age_ms, delivery.failures);
    let Err(failure) = send::send(world, &delivery.rule, &aim, &delivery) else {
        return meters.delivered(world, &delivery.rule.bus, age_ms);
    };
    tracing::debug!(rule = %delivery.rule.arn(), target = %aim.id, code = failure.code, "delivery failed");
    if !failure.is_passing {
        return give_up(world, &delivery, (&aim, &meters), &failure, None);
    }
    delivery.failures += 1;
    let due = world.now + pause(delivery.failures);
    match exhausted(&delivery, &aim.target, due) {
        Some(condition) => give_up(world, &delivery, (&aim, &meters), &failure, Some(condition)),
        None => {
            let (account, region) = (&delivery.rule.bus.account, delivery.rule.bus.region);
            if let Some(store) = store_mut(world, account, region) {
                store.deliveries.put_off(delivery, due);
            }
        }
    }
}

/// How long to wait after some failures in a row.
fn pause(failures: u32) -> TimeDelta {
    TimeDelta::seconds((PAUSE_SECONDS << failures.saturating_sub(1).min(30)).min(PAUSE_SECONDS_MAX))
}

/// Which bound of the retry policy forbids another attempt at a time.
fn exhausted(delivery: &Delivery, target: &Target, due: Time) -> Option<&'static str> {
    if delivery.failures > target.retries() {
        return Some("MaximumRetryAttempts");
    }
    (due > delivery.arrived + target.age()).then_some("MaximumEventAgeInSeconds")
}

/// Sends what could not be delivered to the target's queue for dead letters, if it has one.
fn give_up(
    world: &mut World,
    delivery: &Delivery,
    (Aim { target, .. }, meters): (&Aim, &Meters),
    failure: &Failure,
    condition: Option<&str>,
) {
    let bus = &delivery.rule.bus;
    meters.failed(world, bus);
    let Some(queue) = target.dead_letter_queue() else { return };
    let rule = delivery.rule.arn();
    let retries = delivery.failures.saturating_sub(1).to_string();
    let mut attributes = vec![
        ("RULE_ARN", rule.as_str()),
        ("TARGET_ARN", &target.arn),
        ("ERROR_CODE", failure.code),
        ("ERROR_MESSAGE", &failure.message),
        ("RETRY_ATTEMPTS", &retries),
    ];
    attributes.extend(condition.map(|condition| ("EXHAUSTED_RETRY_CONDITION", condition)));
    let buried = send::bury(world, &delivery.rule, queue, &delivery.event, &attributes);
    meters.buried(world, bus, buried.is_ok());
    if let Err(lost) = buried {
        tracing::warn!(%rule, queue, code = lost.code, "an event is lost: the dead-letter queue refused it");
    }
}

#[cfg(test)]
mod tests {
    use super::super::BusPlace;
    use super::super::targets::Retry;
    use super::*;

    #[test]
    fn large_events_wait_in_smaller_numbers() {
        let bus = BusPlace::default_of(&AccountId::parse("123456789012").unwrap(), Region::US_EAST_1);
        let rule = Arc::new(RulePlace { bus, name: "r".to_owned() });
        let event = Arc::new(Event::of_text("x".repeat(1 << 20), Time::UNIX_EPOCH));
        let (arrived, failures) = (Time::UNIX_EPOCH, 0);
        let delivery = Delivery { rule, target: "t".into(), event, arrived, failures };
        let mut deliveries = Deliveries::default();
        for _ in 0..256 {
            assert!(!deliveries.is_full());
            deliveries.put_off(delivery.clone(), Time::UNIX_EPOCH + TimeDelta::seconds(1));
        }
        assert!(deliveries.is_full());
        assert!(deliveries.take(Time::UNIX_EPOCH).is_none());
        assert!(deliveries.take(Time::UNIX_EPOCH + TimeDelta::seconds(1)).is_some());
        assert!(!deliveries.is_full());
    }

    #[test]
    fn pauses_double_and_fill_a_day() {
        let check =
            |failures: u32, seconds: i64| assert_eq!(pause(failures), TimeDelta::seconds(seconds), "{failures}");
        check(1, 1);
        check(2, 2);
        check(9, 256);
        check(10, 480);
        check(185, 480);
        let all: TimeDelta = (1..=185).map(pause).sum();
        assert!((TimeDelta::hours(23)..TimeDelta::hours(24)).contains(&all), "{all}");
    }

    #[test]
    fn retry_policies_end() {
        let check = |retry: Option<(i64, i64)>, failures: u32, age: i64, wanted: Option<&str>| {
            let retry = retry.map(|(attempts, age)| Retry { attempts: Some(attempts), age: Some(age) });
            let target = Target { retry, ..Target::default() };
            let bus = BusPlace::default_of(&AccountId::parse("123456789012").unwrap(), Region::US_EAST_1);
            let delivery = Delivery {
                rule: Arc::new(RulePlace { bus, name: "r".to_owned() }),
                target: "t".into(),
                event: Arc::new(Event::of_text("{}".to_owned(), Time::UNIX_EPOCH)),
                arrived: Time::UNIX_EPOCH,
                failures,
            };
            let due = Time::UNIX_EPOCH + TimeDelta::seconds(age);
            assert_eq!(exhausted(&delivery, &target, due), wanted, "{failures} failures, {age} seconds");
        };
        let (attempts, age) = (Some("MaximumRetryAttempts"), Some("MaximumEventAgeInSeconds"));
        check(None, 185, 60, None);
        check(None, 186, 60, attempts);
        check(None, 1, 86_400, None);
        check(None, 1, 86_401, age);
        check(Some((0, 60)), 1, 1, attempts);
        check(Some((2, 60)), 2, 60, None);
        check(Some((2, 60)), 2, 61, age);
    }

    #[test]
    fn what_feeds_itself_is_slowed_down() {
        let mut pace = Pace::default();
        let start = Time::UNIX_EPOCH;
        for _ in 0..Pace::BURST {
            assert_eq!(pace.spend(start), None);
        }
        assert_eq!(pace.spend(start), Some(start + TimeDelta::seconds(1)));
        // Ten a second.
        let later = start + TimeDelta::seconds(1);
        let now: usize = (0..20).filter(|_| pace.spend(later).is_none()).count();
        assert_eq!(now, 9);
        pace.renew();
        assert_eq!(pace.spend(later), None);
    }
}
