//! Event buses: making, showing, changing and deleting them.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::Policy;
use crate::world::time::Time;

use super::paging::{PageEnd, PageRequest};
use super::place::store;
use super::routing::Listeners;
use super::rules::Rule;
use super::tags::{self, Tag};
use super::{BusPlace, DEFAULT, faults};

/// What event history calls a bus.
const BUS: &[(&str, &str)] = &[("AWS::Events::EventBus", "Name")];

/// The operations on buses.
pub const OPS: &[Op] = &[
    op!(Write "CreateEventBus" create).resources(BUS),
    op!(Write "DeleteEventBus" delete).resources(BUS),
    op!(Read "DescribeEventBus" describe),
    op!(Read "ListEventBuses" list),
    op!(Write "UpdateEventBus" update).resources(BUS),
];

/// Buses of an account in a Region (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>).
const BUSES_MAX: usize = 100;

/// A bus.
#[derive(Debug, Default)]
pub struct Bus {
    pub description: Option<String>,
    /// Who beside its account may do something with it.
    pub policy: Option<BusPolicy>,
    /// Default buses have none: they are as old as the world.
    pub created: Option<Time>,
    pub modified: Option<Time>,
    pub tags: BTreeMap<String, String>,
    pub rules: BTreeMap<String, Rule>,
    /// Whom events are held against.
    pub listeners: Listeners,
}

/// A bus's policy.
#[derive(Clone, Debug)]
pub struct BusPolicy {
    pub text: String,
    pub parsed: Policy,
}

impl Bus {
    /// Whether anybody listens to what comes to the bus.
    pub fn is_heard(&self) -> bool {
        !self.listeners.is_empty()
    }

    fn policy_text(&self) -> Option<String> {
        self.policy.as_ref().map(|policy| policy.text.clone())
    }
}

record! {
    struct BusName { name: String = "Name" }
    /// Settings that new and old buses have.
    struct Settings {
        description: Option<String> = "Description",
        key: Option<String> = "KmsKeyIdentifier",
        dead_letters: Option<Value> = "DeadLetterConfig",
        log: Option<LogConfig> = "LogConfig",
    }
    struct LogConfig { level: Option<String> = "Level" }
    struct CreateEventBus { source: Option<String> = "EventSourceName", tags: Vec<Tag> = "Tags" }
    struct Created { arn: String = "EventBusArn", description: Option<String> = "Description" }

    struct UpdateEventBus { name: Option<String> = "Name" }
    struct Updated { arn: String = "Arn", name: String = "Name", description: Option<String> = "Description" }

    struct DescribeEventBus { name: Option<String> = "Name" }
    struct Described {
        name: String = "Name",
        arn: String = "Arn",
        description: Option<String> = "Description",
        policy: Option<String> = "Policy",
        created: Option<Time> = "CreationTime",
        modified: Option<Time> = "LastModifiedTime",
    }

    struct ListEventBuses { prefix: Option<String> = "NamePrefix" }
    struct Listed { buses: Vec<Described> = "EventBuses" }
}

impl Settings {
    /// Refuses what would have no effect.
    fn refuse_unbuilt(&self) -> Result<(), Fault> {
        let is_logged = self.log.as_ref().is_some_and(|log| log.level.as_deref().is_some_and(|level| level != "OFF"));
        let settings = [
            ("KmsKeyIdentifier", self.key.as_ref().is_some_and(|key| !key.is_empty())),
            (
                "DeadLetterConfig of event buses",
                self.dead_letters.as_ref().is_some_and(|queue| queue.get("Arn").is_some()),
            ),
            ("LogConfig", is_logged),
        ];
        let set = settings.iter().find(|(_, is_set)| *is_set);
        set.map_or(Ok(()), |(name, _)| Err(faults::not_built(name)))
    }
}

fn create(cx: &mut Cx, (named, settings, input): (BusName, Settings, CreateEventBus)) -> Result<Created, Fault> {
    settings.refuse_unbuilt()?;
    if input.source.is_some() {
        return Err(faults::not_built("EventSourceName"));
    }
    if named.name.contains('/') {
        return Err(faults::bus_name_with_slash());
    }
    let tags = tags::checked(input.tags)?;
    let place = BusPlace { account: cx.account.clone(), region: cx.region, name: named.name };
    if place.is_there(cx.world) {
        return Err(faults::bus_exists(&place.name));
    }
    let now = cx.world.now;
    let buses = &mut cx.world.regional(&place.account, place.region).events.buses;
    if buses.keys().filter(|name| *name != DEFAULT).count() + 1 >= BUSES_MAX {
        return Err(faults::limit_exceeded());
    }
    let bus = Bus {
        description: settings.description.clone(),
        created: Some(now),
        modified: Some(now),
        tags,
        ..Bus::default()
    };
    buses.insert(place.name.clone(), bus);
    Ok(Created { arn: place.arn(), description: settings.description })
}

fn update(cx: &mut Cx, (input, settings): (UpdateEventBus, Settings)) -> Result<Updated, Fault> {
    settings.refuse_unbuilt()?;
    let place = BusPlace::named(cx, input.name.as_deref())?;
    let now = cx.world.now;
    let bus = place.bus(cx.world)?;
    bus.description.clone_from(&settings.description);
    bus.modified = Some(now);
    Ok(Updated { arn: place.arn(), name: place.name, description: settings.description })
}

/// Deleting a bus that is not there succeeds.
fn delete(cx: &mut Cx, input: BusName) -> Result<(), Fault> {
    if input.name == DEFAULT {
        return Err(faults::cannot_delete_default());
    }
    let place = BusPlace { account: cx.account.clone(), region: cx.region, name: input.name };
    if place.find(cx.world).is_some_and(|bus| !bus.rules.is_empty() || bus.is_heard()) {
        return Err(faults::bus_has_rules());
    }
    cx.world.regional(&place.account, place.region).events.buses.remove(&place.name);
    Ok(())
}

fn describe(cx: &mut Cx, input: DescribeEventBus) -> Result<Described, Fault> {
    let place = BusPlace::named(cx, input.name.as_deref())?;
    let arn = place.arn();
    place.check(cx, &arn, &[])?;
    Ok(described(cx, &place, place.find(cx.world)))
}

/// Default buses are there from the first moment.
fn described(cx: &Cx, place: &BusPlace, bus: Option<&Bus>) -> Described {
    let began = place.is_default().then_some(cx.world.began);
    Described {
        name: place.name.clone(),
        arn: place.arn(),
        description: bus.and_then(|bus| bus.description.clone()),
        policy: bus.and_then(Bus::policy_text),
        created: bus.and_then(|bus| bus.created).or(began),
        modified: bus.and_then(|bus| bus.modified).or(began),
    }
}

fn list(cx: &mut Cx, (input, page): (ListEventBuses, PageRequest)) -> Result<(Listed, PageEnd), Fault> {
    let mut buses: BTreeMap<&str, Option<&Bus>> = BTreeMap::from([(DEFAULT, None)]);
    let known = store(cx.world, &cx.account, cx.region).into_iter().flat_map(|store| &store.buses);
    buses.extend(known.map(|(name, bus)| (name.as_str(), Some(bus))));
    let prefix = input.prefix.unwrap_or_default();
    let shown = buses.into_iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(name, bus)| {
        let place = BusPlace { account: cx.account.clone(), region: cx.region, name: name.to_owned() };
        (name, described(cx, &place, bus))
    });
    let (buses, end) = page.cut(shown)?;
    Ok((Listed { buses }, end))
}
