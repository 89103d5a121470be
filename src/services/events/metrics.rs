//! What EventBridge counts: metrics of `AWS/Events`
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>).

use std::sync::Arc;

use crate::services::cloudwatch::counters::{self, Dimensions, dimensions};
use crate::world::World;
use crate::world::scope::{AccountId, Region};

use super::{BusPlace, RulePlace};

const NAMESPACE: &str = "AWS/Events";
const COUNT: &str = "Count";

/// What the metrics of a rule are told apart by, whoever they are summed up for.
#[derive(Clone, Debug)]
pub(super) struct Meters(Arc<Scopes>);

#[derive(Debug)]
struct Scopes {
    /// "Metrics that specify only the RuleName dimension refer to the default event bus."
    rule: Dimensions,
    bus: Dimensions,
    /// All rules of the account in the Region.
    all: Dimensions,
}

/// For whom something is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Rule,
    Bus,
    All,
}

const EVERYBODY: &[Scope] = &[Scope::Rule, Scope::Bus, Scope::All];

impl Meters {
    pub fn of(place: &RulePlace) -> Meters {
        let RulePlace { bus, name } = place;
        let rule = match bus.is_default() {
            true => dimensions([("RuleName", name)]),
            false => dimensions([("EventBusName", &bus.name), ("RuleName", name)]),
        };
        Meters(Arc::new(Scopes { rule, bus: dimensions([("EventBusName", &bus.name)]), all: dimensions([]) }))
    }

    fn count(&self, world: &mut World, bus: &BusPlace, name: &'static str, scopes: &[Scope]) {
        self.add(world, bus, (name, 1.0, COUNT), scopes);
    }

    fn add(
        &self,
        world: &mut World,
        bus: &BusPlace,
        (name, value, unit): (&'static str, f64, &'static str),
        scopes: &[Scope],
    ) {
        for scope in scopes {
            let dimensions = match scope {
                Scope::Rule => &self.0.rule,
                Scope::Bus => &self.0.bus,
                Scope::All => &self.0.all,
            };
            counters::count(world, (&bus.account, bus.region), (NAMESPACE, name), dimensions, value, unit);
        }
    }

    /// An event has matched some rule of the bus, this one or another.
    pub fn matched_any(&self, world: &mut World, bus: &BusPlace) {
        self.count(world, bus, "MatchedEvents", &[Scope::Bus]);
    }

    /// An event has matched the rule.
    pub fn matched(&self, world: &mut World, bus: &BusPlace) {
        self.count(world, bus, "MatchedEvents", &[Scope::Rule]);
    }

    /// The rule has run, for so many targets.
    pub fn triggered(&self, world: &mut World, bus: &BusPlace, targets: usize) {
        self.count(world, bus, "TriggeredRules", EVERYBODY);
        for _ in 0..targets {
            self.count(world, bus, "InvocationsCreated", &[Scope::All]);
        }
    }

    /// A target is called, so many milliseconds after the event came, after so many failures.
    pub fn attempt(&self, world: &mut World, bus: &BusPlace, age_ms: i64, failures: u32) {
        self.count(world, bus, "InvocationAttempts", EVERYBODY);
        if failures > 0 {
            return self.count(world, bus, "RetryInvocationAttempts", EVERYBODY);
        }
        // A call takes no time here: it is complete when it starts.
        for name in ["IngestionToInvocationStartLatency", "IngestionToInvocationCompleteLatency"] {
            self.add(world, bus, (name, age_ms as f64, "Milliseconds"), EVERYBODY);
        }
    }

    /// A target has taken the event.
    pub fn delivered(&self, world: &mut World, bus: &BusPlace, age_ms: i64) {
        self.count(world, bus, "SuccessfulInvocationAttempts", EVERYBODY);
        self.count(world, bus, "Invocations", &[Scope::Rule, Scope::All]);
        let name = "IngestionToInvocationSuccessLatency";
        self.add(world, bus, (name, age_ms as f64, "Milliseconds"), EVERYBODY);
    }

    /// A target will not take the event any more.
    pub fn failed(&self, world: &mut World, bus: &BusPlace) {
        self.count(world, bus, "Invocations", &[Scope::Rule, Scope::All]);
        self.count(world, bus, "FailedInvocations", &[Scope::Rule]);
    }

    /// What was not delivered has come to the queue for dead letters, or not.
    pub fn buried(&self, world: &mut World, bus: &BusPlace, is_there: bool) {
        let name = if is_there { "InvocationsSentToDlq" } else { "InvocationsFailedToBeSentToDlq" };
        self.count(world, bus, name, &[Scope::Rule]);
    }
}

/// Counts entries of `PutEvents`.
pub(super) fn entries(world: &mut World, place: (&AccountId, Region), all: usize, failed: usize) {
    let none = dimensions([]);
    for (name, count) in [("PutEventsEntriesCount", all), ("PutEventsFailedEntriesCount", failed)] {
        counters::count(world, place, (NAMESPACE, name), &none, count as f64, COUNT);
    }
}

/// Counts a client's call of `PutEvents`, with the size of its body in bytes.
pub fn called(world: &mut World, place: (&AccountId, Region), failed: bool, bytes: u64) {
    let none = dimensions([]);
    let outcome = if failed { "PutEventsApproximateFailedCount" } else { "PutEventsApproximateSuccessCount" };
    for (name, value, unit) in [
        ("PutEventsApproximateCallCount", 1.0, COUNT),
        (outcome, 1.0, COUNT),
        ("PutEventsRequestSize", bytes as f64, "Bytes"),
    ] {
        counters::count(world, place, (NAMESPACE, name), &none, value, unit);
    }
}
