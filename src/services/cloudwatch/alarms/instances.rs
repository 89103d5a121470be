//! Actions on EC2 instances: stop, terminate, reboot, recover
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/UsingAlarmActions.html>).
//!
//! CloudWatch acts as the role that is linked to CloudWatch Events, which putting an alarm makes; "the
//! AWSServiceRoleForCloudWatchEvents role is not needed for the recover action".

use crate::services::ec2;
use crate::services::sts::visits::Visit;
use crate::wire::{Fault, Map, Value as Tree};
use crate::world::World;
use crate::world::call::{Call, Cx, perform};
use crate::world::payload::Upload;

use super::alarm::MetricAlarm;
use super::place::Place;
use super::{SELF, faults};

/// The dimension that names the instance.
pub const INSTANCE: &str = "InstanceId";
/// The service that the role is linked to, and its role.
const EVENTS: &str = "events.amazonaws.com";
const ROLE: &str = "AWSServiceRoleForCloudWatchEvents";
/// How sessions of the role are called. AWS does not say.
const SESSION: &str = "CloudWatchAlarms";
/// The one metric that instances are recovered on.
const RECOVERED_ON: (&str, &str) = ("AWS/EC2", "StatusCheckFailed_System");

/// What is done to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Stop,
    Terminate,
    Reboot,
    Recover,
}

impl Deed {
    /// The end of an ARN: `stop`, or `Stop/1.0`.
    pub fn parse(text: &str) -> Option<Deed> {
        Some(match text {
            "stop" | "Stop/1.0" => Deed::Stop,
            "terminate" | "Terminate/1.0" => Deed::Terminate,
            "reboot" | "Reboot/1.0" => Deed::Reboot,
            "recover" | "Recover/1.0" => Deed::Recover,
            _ => return None,
        })
    }

    /// As sentences name it.
    fn as_str(self) -> &'static str {
        match self {
            Deed::Stop => "Stop",
            Deed::Terminate => "Terminate",
            Deed::Reboot => "Reboot",
            Deed::Recover => "Recover",
        }
    }

    /// The operation that does it; recovery is none.
    fn operation(self) -> Option<&'static str> {
        match self {
            Deed::Stop => Some("StopInstances"),
            Deed::Terminate => Some("TerminateInstances"),
            Deed::Reboot => Some("RebootInstances"),
            Deed::Recover => None,
        }
    }
}

/// Refuses what an alarm cannot do: it must watch an instance that there is.
pub fn check(cx: &mut Cx, alarm: &MetricAlarm, deeds: &[Deed]) -> Result<(), Fault> {
    let Some(deed) = deeds.first() else { return Ok(()) };
    if alarm.groups_by(INSTANCE) {
        return if deeds.contains(&Deed::Recover) { Err(faults::not_recovered_on()) } else { Ok(()) };
    }
    let id = alarm.metric.id.dimension(INSTANCE).ok_or_else(faults::no_instance)?;
    let found = cx.world.regional(&cx.account, cx.region).ec2.instances.get(id);
    if !found.is_some_and(ec2::instances::Instance::takes_changes) {
        return Err(faults::unknown_instance(deed.as_str(), id));
    }
    let watched = (&*alarm.metric.id.namespace, &*alarm.metric.id.name);
    if deeds.contains(&Deed::Recover) && watched != RECOVERED_ON {
        return Err(faults::not_recovered_on());
    }
    Ok(())
}

/// Makes the role that alarms act as, for the caller and with the caller's rights, where there is none yet. Without it the
/// alarm is there all the same, and its actions fail.
pub fn provide_role(cx: &mut Cx, deeds: &[Deed]) {
    let is_needed = deeds.iter().any(|deed| deed.operation().is_some());
    let has_role =
        |cx: &Cx| cx.world.accounts.get(&cx.account).is_some_and(|account| account.iam.roles.get(ROLE).is_some());
    if !is_needed || has_role(cx) {
        return;
    }
    let mut input = Map::new();
    input.push("AWSServiceName", EVENTS);
    let to = ("iam", "CreateServiceLinkedRole");
    let call = Call::by_service(SELF, cx.account.clone(), cx.region, to, input, Upload::default());
    if let Some(call) = call {
        perform(cx.world, call.on_behalf_of(cx.caller));
    }
}

/// Does it.
///
/// # Errors
/// A sentence.
pub fn act(world: &mut World, place: &Place, deed: Deed, instance: &str) -> Result<(), String> {
    let Some(operation) = deed.operation() else {
        let ec2 = &world.regional(&place.account, place.region).ec2;
        return ec2::instance_states::recover(ec2, instance).map_err(|fault| fault.message);
    };
    let role = format!("arn:aws:iam::{}:role/aws-service-role/{EVENTS}/{ROLE}", place.account);
    let visit = Visit {
        service: EVENTS,
        account: &place.account,
        region: place.region,
        role: &role,
        session_name: SESSION,
        external_id: None,
        source: &place.arn(),
    };
    let (caller, _) = visit.begin(world, None)?;
    let mut input = Map::new();
    input.push("InstanceIds", Tree::List(vec![Tree::Str(instance.to_owned())]));
    let to = ("ec2", operation);
    let call = Call::by_service(EVENTS, place.account.clone(), place.region, to, input, Upload::default());
    let call = call.ok_or("InternalError")?.on_behalf_of(&caller);
    perform(world, call).outcome.map(|_| ()).map_err(|fault| fault.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds() {
        for (text, deed) in [
            ("stop", Some(Deed::Stop)),
            ("Terminate/1.0", Some(Deed::Terminate)),
            ("reboot", Some(Deed::Reboot)),
            ("Recover/1.0", Some(Deed::Recover)),
            ("Stop", None),
            ("stop/1.0", None),
            ("start", None),
        ] {
            assert_eq!(Deed::parse(text), deed, "{text}");
        }
    }
}
