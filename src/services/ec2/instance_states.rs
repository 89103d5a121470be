//! How instances start, stop and end: states change by the clock
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>).

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::instance_views::StateView;
use super::instances::{Instance, State, check_ids, check_page};
use super::interfaces::{self, PublicAddress};
use super::transitions::{self, Pace, Place};
use super::{Store, addresses, attachments, dry_run, faults, kinds, store};

/// The operations on states of instances.
pub const OPS: &[Op] = &[
    op!(Read "DescribeInstanceStatus" status),
    op!(Write "MonitorInstances" monitor),
    op!(Write "RebootInstances" reboot),
    op!(Write "StartInstances" start),
    op!(Write "StopInstances" stop),
    op!(Write "TerminateInstances" terminate),
    op!(Write "UnmonitorInstances" unmonitor),
];

/// How long a terminated instance is still shown: about an hour.
const SHOWN_AFTER_TERMINATION: TimeDelta = TimeDelta::hours(1);
/// How long the checks of a started instance take.
const CHECKS: TimeDelta = TimeDelta::minutes(2);

pub(super) const STATUS: Listing = Listing {
    kind: &kinds::INSTANCE,
    paths: &[
        ("availability-zone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("event.code", ""),
        ("event.description", ""),
        ("event.instance-event-id", ""),
        ("event.not-after", ""),
        ("event.not-before", ""),
        ("event.not-before-deadline", ""),
        ("instance-state-code", "InstanceState.Code"),
        ("instance-state-name", "InstanceState.Name"),
        ("instance-status.reachability", "InstanceStatus.Details.Status"),
        ("instance-status.status", "InstanceStatus.Status"),
        ("operator.managed", ""),
        ("operator.principal", ""),
        ("system-status.reachability", "SystemStatus.Details.Status"),
        ("system-status.status", "SystemStatus.Status"),
    ],
};

record! {
    struct Named { ids: Vec<String> = "InstanceIds" }
    struct Starting { changes: Vec<Change> = "StartingInstances" }
    struct Stop { ids: Vec<String> = "InstanceIds", hibernate: bool = "Hibernate" }
    struct Stopping { changes: Vec<Change> = "StoppingInstances" }
    struct Terminating { changes: Vec<Change> = "TerminatingInstances" }
    struct Change { id: String = "InstanceId", current: StateView = "CurrentState", previous: StateView = "PreviousState" }
    struct Monitorings { all: Vec<MonitoringOf> = "InstanceMonitorings" }
    struct MonitoringOf { id: String = "InstanceId", monitoring: Monitoring = "Monitoring" }
    struct Monitoring { state: String = "State" }
    struct Status { ids: Vec<String> = "InstanceIds", all: bool = "IncludeAllInstances" }
    struct Statuses { statuses: Vec<Shown<StatusView>> = "InstanceStatuses" }
    struct StatusView {
        zone: String = "AvailabilityZone",
        zone_id: String = "AvailabilityZoneId",
        events: Vec<String> = "Events",
        id: String = "InstanceId",
        state: StateView = "InstanceState",
        instance: Summary = "InstanceStatus",
        system: Summary = "SystemStatus",
        ebs: Option<Summary> = "AttachedEbsStatus",
    }
    struct Summary { details: Vec<Detail> = "Details", status: String = "Status" }
    struct Detail { name: String = "Name", status: String = "Status" }
}

fn start(cx: &mut Cx, input: Named) -> Result<Starting, Fault> {
    check_ids(store(cx), &input.ids)?;
    check_states(store(cx), &input.ids, &[State::Stopped, State::Pending, State::Running])?;
    dry_run(cx)?;
    let now = cx.world.now;
    let changes = change(cx, &input.ids, Pace::Start, |instance| {
        if instance.state == State::Stopped {
            instance.state = State::Pending;
            instance.launched = now;
            instance.reason = Some(("pending", "pending"));
            instance.transition.clear();
        }
    });
    let mut ids = cx.world.ids.clone();
    for id in &input.ids {
        give_address(store(cx), id, &mut ids);
    }
    cx.world.ids = ids;
    Ok(Starting { changes })
}

/// A public address of Amazon's, for instances that have one while they run.
pub(super) fn give_address(ec2: &mut Store, id: &str, ids: &mut crate::world::ids::Ids) {
    let Some(instance) = ec2.instances.get(id).filter(|instance| instance.public_address) else { return };
    let primary = instance.interfaces.first().and_then(|id| ec2.interfaces.get_mut(id));
    if let Some(own) = primary.and_then(|interface| interface.addresses.first_mut())
        && own.public.is_none()
    {
        own.public = Some(PublicAddress { address: addresses::public_address(ids), elastic: None });
    }
}

fn stop(cx: &mut Cx, input: Stop) -> Result<Stopping, Fault> {
    let ec2 = store(cx);
    check_ids(ec2, &input.ids)?;
    check_states(ec2, &input.ids, &[State::Running, State::Pending, State::Stopping, State::Stopped])?;
    if input.hibernate {
        return Err(faults::unsupported("hibernation"));
    }
    let protected = |id: &&String| ec2.instances.get(*id).is_some_and(|instance| instance.keeps_running);
    if let Some(protected) = input.ids.iter().find(protected) {
        return Err(faults::stop_protected(protected));
    }
    dry_run(cx)?;
    let transition = user_initiated(cx.world.now);
    let changes = change(cx, &input.ids, Pace::Stop, |instance| {
        if instance.is_on() {
            instance.state = State::Stopping;
            instance.reason =
                Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"));
            instance.transition.clone_from(&transition);
        }
    });
    Ok(Stopping { changes })
}

fn user_initiated(now: Time) -> String {
    format!("User initiated ({} GMT)", now.format("%Y-%m-%d %H:%M:%S"))
}

fn terminate(cx: &mut Cx, input: Named) -> Result<Terminating, Fault> {
    let ec2 = store(cx);
    check_ids(ec2, &input.ids)?;
    let protected = |id: &&String| ec2.instances.get(*id).is_some_and(|instance| instance.keeps_existing);
    if let Some(protected) = input.ids.iter().find(protected) {
        return Err(faults::termination_protected(protected));
    }
    dry_run(cx)?;
    let transition = user_initiated(cx.world.now);
    let changes = change(cx, &input.ids, Pace::Stop, |instance| {
        if instance.takes_changes() {
            // What does not run has nothing to shut down.
            instance.state = if instance.state == State::Stopped { State::Terminated } else { State::ShuttingDown };
            instance.reason =
                Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"));
            instance.transition.clone_from(&transition);
        }
    });
    for id in &input.ids {
        let gone = store(cx).instances.get(id).is_some_and(|instance| instance.state == State::Terminated);
        if gone {
            release(store(cx), id);
        }
    }
    Ok(Terminating { changes })
}

/// Changes instances, schedules what comes next, and tells before and after.
fn change(cx: &mut Cx, ids: &[String], pace: Pace, change: impl Fn(&mut Instance)) -> Vec<Change> {
    let mut changes = Vec::new();
    for id in ids {
        let Some(instance) = store(cx).instances.get_mut(id) else { continue };
        let previous = instance.state_view();
        change(instance);
        let current = instance.state_view();
        let moved = previous.code != current.code;
        let gone = instance.state == State::Terminated;
        changes.push(Change { id: id.clone(), current, previous });
        if moved && gone {
            let place = Place { account: cx.account.clone(), region: cx.region, id: id.clone() };
            let due = cx.world.now + SHOWN_AFTER_TERMINATION;
            transitions::at(cx.world, &place, due);
        } else if moved {
            transitions::later(cx, id, pace);
        }
    }
    changes
}

fn check_states(ec2: &Store, ids: &[String], allowed: &[State]) -> Result<(), Fault> {
    for id in ids {
        if ec2.instances.get(id).is_some_and(|instance| !allowed.contains(&instance.state)) {
            return Err(faults::incorrect_state(id));
        }
    }
    Ok(())
}

/// What is next for an instance, when it is due.
pub(super) fn settle(world: &mut World, place: &Place) {
    let now = world.now;
    let ec2 = place.store(world);
    let Some(instance) = ec2.instances.get_mut(&place.id) else { return };
    match instance.state {
        State::Pending => {
            instance.state = State::Running;
            instance.reason = None;
        }
        State::Stopping => {
            instance.state = State::Stopped;
            let primary = instance.interfaces.first().and_then(|id| ec2.interfaces.get_mut(id));
            if let Some(own) = primary.and_then(|interface| interface.addresses.first_mut()) {
                own.public.take_if(|public| public.elastic.is_none());
            }
        }
        State::ShuttingDown => {
            instance.state = State::Terminated;
            release(ec2, &place.id);
            transitions::at(world, place, now + SHOWN_AFTER_TERMINATION);
        }
        State::Terminated => {
            ec2.instances.remove(&place.id);
            ec2.tags.forget(&place.id);
        }
        State::Running | State::Stopped => {}
    }
}

/// Takes a terminated instance's interfaces away: those that go with it, and those that stay.
fn release(ec2: &mut Store, id: &str) {
    let interfaces = ec2.instances.get(id).map(|instance| instance.interfaces.clone()).unwrap_or_default();
    for own in interfaces {
        let attachment = ec2.interfaces.get(&own).and_then(|interface| interface.attachment.as_ref());
        let goes = attachment.is_some_and(|attachment| attachment.delete_on_termination);
        attachments::disconnect(ec2, &own);
        if goes {
            interfaces::remove(ec2, &own);
        }
    }
}

/// There is no machine to be restarted: what can be seen of it does not change.
fn reboot(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    check_ids(store(cx), &input.ids)?;
    check_states(store(cx), &input.ids, &[State::Running, State::Pending])?;
    dry_run(cx)
}

/// Moves an instance to other hardware, which it comes out of as from a reboot: nothing about it changes. There is no
/// operation for that; alarms do it.
///
/// # Errors
/// `InvalidInstanceID.NotFound`, `IncorrectInstanceState`
pub fn recover(ec2: &Store, id: &str) -> Result<(), Fault> {
    let ids = [id.to_owned()];
    check_ids(ec2, &ids)?;
    check_states(ec2, &ids, &[State::Running, State::Pending])
}

fn monitor(cx: &mut Cx, input: Named) -> Result<Monitorings, Fault> {
    set_monitoring(cx, input, true)
}

fn unmonitor(cx: &mut Cx, input: Named) -> Result<Monitorings, Fault> {
    set_monitoring(cx, input, false)
}

fn set_monitoring(cx: &mut Cx, input: Named, on: bool) -> Result<Monitorings, Fault> {
    check_ids(store(cx), &input.ids)?;
    dry_run(cx)?;
    let ec2 = store(cx);
    let state = if on { "pending" } else { "disabling" };
    let mut all = Vec::new();
    for id in input.ids {
        if let Some(instance) = ec2.instances.get_mut(&id) {
            instance.monitored = on;
            all.push(MonitoringOf { id, monitoring: Monitoring { state: state.to_owned() } });
        }
    }
    Ok(Monitorings { all })
}

fn status(
    cx: &mut Cx,
    (input, (filters, page)): (Status, (Filters, PageRequest)),
) -> Result<(Statuses, PageEnd), Fault> {
    check_page(&input.ids, page.max)?;
    let now = cx.world.now;
    let ec2 = store(cx);
    check_ids(ec2, &input.ids)?;
    let shown = |instance: &&Instance| input.all || instance.state == State::Running;
    let ids = |instance: &&Instance| input.ids.is_empty() || input.ids.contains(&instance.id);
    let chosen = ec2.instances.values().filter(shown).filter(ids);
    let instances: super::BTreeMap<String, &Instance> =
        chosen.map(|instance| (instance.id.clone(), instance)).collect();
    let wanted = Wanted { ids: &[], filters: &filters, page: &page };
    let (statuses, end) = STATUS.list(&ec2.tags, &instances, wanted, |instance| instance.status(now))?;
    Ok((Statuses { statuses }, end))
}

impl Instance {
    fn status(&self, now: Time) -> StatusView {
        let summary = || match self.state {
            State::Running if now - self.launched < CHECKS => Summary::of("initializing", "initializing"),
            State::Running => Summary::of("ok", "passed"),
            _ => Summary { details: Vec::new(), status: "not-applicable".to_owned() },
        };
        StatusView {
            zone: self.zone.name.clone(),
            zone_id: self.zone.id.clone(),
            events: Vec::new(),
            id: self.id.clone(),
            state: self.state_view(),
            instance: summary(),
            system: summary(),
            ebs: (self.state == State::Running).then(summary),
        }
    }
}

impl Summary {
    fn of(status: &str, reachability: &str) -> Summary {
        let detail = Detail { name: "reachability".to_owned(), status: reachability.to_owned() };
        Summary { details: vec![detail], status: status.to_owned() }
    }
}
