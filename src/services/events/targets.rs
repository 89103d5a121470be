//! Targets of rules: what they are, and what they want of an event.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use md5::{Digest, Md5};

use crate::op;
use crate::record;
use crate::services::firehose;
use crate::services::iam::names;
use crate::services::logs::naming::GroupPlace;
use crate::services::sts::visits::Visit;
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

use super::input::Input;
use super::paging::{PageEnd, PageRequest};
use super::{BusPlace, RulePlace, SELF, faults};

/// What event history calls the rule of a target.
const RULE: &[(&str, &str)] = &[("AWS::Events::Rule", "Rule")];

/// The operations on targets.
pub const OPS: &[Op] = &[
    op!(Read "ListTargetsByRule" list),
    op!(Write "PutTargets" put).resources(RULE),
    op!(Write "RemoveTargets" remove).resources(RULE),
];

/// Targets of a rule (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>).
const TARGETS_MAX: usize = 5;

/// How often, and how long after it came, an event is sent to a target that says nothing else
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>).
const RETRIES: i64 = 185;
const AGE_SECONDS: i64 = 86_400;

/// A target, ready to be delivered to.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    pub id: Arc<str>,
    pub target: Target,
    pub kind: Kind,
    pub input: Input,
}

/// What a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Queue(Queue),
    Topic {
        account: AccountId,
        region: Region,
    },
    /// With the stream that the target has there.
    LogGroup(GroupPlace, String),
    Stream(firehose::Place),
    Bus(BusPlace),
}

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

record! {
    /// A target as it is given and shown.
    pub(super) struct Target {
        id: String = "Id",
        arn: String = "Arn",
        role: Option<String> = "RoleArn",
        input: Option<String> = "Input",
        path: Option<String> = "InputPath",
        transformer: Option<Transformer> = "InputTransformer",
        queue: Option<QueueParameters> = "SqsParameters",
        dead_letters: Option<DeadLetters> = "DeadLetterConfig",
        retry: Option<Retry> = "RetryPolicy",
        kinesis: Option<Value> = "KinesisParameters",
        command: Option<Value> = "RunCommandParameters",
        ecs: Option<Value> = "EcsParameters",
        batch: Option<Value> = "BatchParameters",
        http: Option<Value> = "HttpParameters",
        redshift: Option<Value> = "RedshiftDataParameters",
        pipeline: Option<Value> = "SageMakerPipelineParameters",
        sync: Option<Value> = "AppSyncParameters",
    }
    pub(super) struct Transformer {
        paths: Option<BTreeMap<String, String>> = "InputPathsMap",
        template: String = "InputTemplate",
    }
    pub(super) struct QueueParameters { group: Option<String> = "MessageGroupId" }
    pub(super) struct DeadLetters { arn: Option<String> = "Arn" }
    pub(super) struct Retry {
        attempts: Option<i64> = "MaximumRetryAttempts",
        age: Option<i64> = "MaximumEventAgeInSeconds",
    }

    /// The rule that a call is about.
    struct OfRule { rule: String = "Rule", bus: Option<String> = "EventBusName" }
    struct PutTargets { targets: Vec<Target> = "Targets" }
    struct RemoveTargets { ids: Vec<String> = "Ids" }
    /// Targets are taken or refused together, so that none ever fails by itself.
    struct Outcome { failed: i64 = "FailedEntryCount", entries: Vec<Value> = "FailedEntries" }
    struct Listed { targets: Vec<Target> = "Targets" }
}

impl Target {
    /// How often an event is sent again.
    pub fn retries(&self) -> u32 {
        let attempts = self.retry.as_ref().and_then(|retry| retry.attempts).unwrap_or(RETRIES);
        u32::try_from(attempts).unwrap_or(0)
    }

    /// How old an event may be when it is sent.
    pub fn age(&self) -> TimeDelta {
        TimeDelta::seconds(self.retry.as_ref().and_then(|retry| retry.age).unwrap_or(AGE_SECONDS))
    }

    /// ARN of the queue for events that could not be delivered.
    pub fn dead_letter_queue(&self) -> Option<&str> {
        self.dead_letters.as_ref()?.arn.as_deref()
    }

    /// The message group of a queue's messages.
    pub fn group(&self) -> Option<&str> {
        self.queue.as_ref()?.group.as_deref()
    }

    /// Refuses parameters of other kinds of targets.
    fn refuse_others(&self, kind: &Kind) -> Result<(), Fault> {
        let others = [
            ("KinesisParameters", &self.kinesis),
            ("RunCommandParameters", &self.command),
            ("EcsParameters", &self.ecs),
            ("BatchParameters", &self.batch),
            ("HttpParameters", &self.http),
            ("RedshiftDataParameters", &self.redshift),
            ("SageMakerPipelineParameters", &self.pipeline),
            ("AppSyncParameters", &self.sync),
        ];
        if let Some((member, _)) = others.iter().find(|(_, value)| value.is_some()) {
            return Err(faults::parameters_do_not_fit(&self.id, member));
        }
        match kind {
            Kind::Queue(queue) if queue.is_fifo() && self.group().is_none() => Err(faults::group_required(&self.id)),
            Kind::Queue(_) => Ok(()),
            _ if self.queue.is_some() => Err(faults::parameters_do_not_fit(&self.id, "SqsParameters")),
            _ => Ok(()),
        }
    }
}

impl Queue {
    /// Reads `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    pub fn parse(arn: &str) -> Option<Queue> {
        let (service, region, account, name) = split(arn)?;
        let is_queue = service == "sqs" && !name.is_empty() && !name.contains([':', '/']);
        is_queue.then(|| Queue { account, region, name: name.to_owned() })
    }

    pub fn url(&self) -> String {
        format!("https://sqs.{}.amazonaws.com/{}/{}", self.region, self.account, self.name)
    }

    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
}

/// Service, Region, account and resource of an ARN.
fn split(arn: &str) -> Option<(&str, Region, AccountId, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", "aws", service, region, account, resource] = parts[..] else { return None };
    Some((service, Region::parse(region)?, AccountId::parse(account)?, resource))
}

impl Kind {
    /// What an ARN is one of.
    ///
    /// # Errors
    /// `ValidationException` for what is no ARN, `NotImplemented` for things that we do not deliver to.
    fn of(arn: &str, stream: impl FnOnce() -> String) -> Result<Kind, Fault> {
        if !arn.starts_with("arn:") || arn.splitn(6, ':').count() < 6 {
            return Err(faults::target_arn(arn));
        }
        let named = |service: &str, what: &str| arn.split(':').nth(2) == Some(service) && arn.contains(what);
        let known = match arn {
            _ if named("sqs", "") => Queue::parse(arn).map(Kind::Queue),
            _ if named("sns", "") => topic(arn),
            _ if named("logs", ":log-group:") => {
                GroupPlace::parse_arn(arn).map(|place| Kind::LogGroup(place, stream()))
            }
            _ if named("firehose", ":deliverystream/") => firehose::Place::parse(arn).map(Kind::Stream),
            _ if named("events", ":event-bus/") => BusPlace::parse(arn).map(Kind::Bus),
            _ => return Err(faults::unsupported_target(arn)),
        };
        known.ok_or_else(|| faults::target_arn(arn))
    }

    /// Where it is.
    fn scope(&self) -> (&AccountId, Region) {
        match self {
            Kind::Queue(Queue { account, region, .. })
            | Kind::Topic { account, region }
            | Kind::LogGroup(GroupPlace { account, region, .. }, _)
            | Kind::Stream(firehose::Place { account, region, .. })
            | Kind::Bus(BusPlace { account, region, .. }) => (account, *region),
        }
    }

    /// Checks that a rule reaches the target, and has a role if it needs one: for streams, and for all that is in
    /// other accounts or, as buses alone may be, in other Regions.
    fn check_reach(&self, rule: &RulePlace, target: &Target) -> Result<(), Fault> {
        let (account, region) = self.scope();
        let is_foreign = *account != rule.bus.account;
        if region != rule.bus.region && !matches!(self, Kind::Bus(_)) {
            return Err(faults::target_region(&target.arn));
        }
        match self {
            Kind::LogGroup(..) | Kind::Stream(_) if is_foreign => Err(faults::foreign_target(&target.arn)),
            Kind::LogGroup(..) if target.role.is_some() => Err(faults::role_not_supported(&target.arn)),
            Kind::LogGroup(..) => Ok(()),
            Kind::Topic { .. } if target.arn.ends_with(".fifo") => Err(faults::fifo_topic(&target.arn)),
            _ => {
                let needs_role = is_foreign || region != rule.bus.region || matches!(self, Kind::Stream(_));
                if needs_role && target.role.is_none() { Err(faults::role_required(&target.arn)) } else { Ok(()) }
            }
        }
    }
}

fn topic(arn: &str) -> Option<Kind> {
    let (_, region, account, name) = split(arn)?;
    (!name.is_empty() && !name.contains([':', '/'])).then_some(Kind::Topic { account, region })
}

impl Aim {
    /// Checks a target of a rule.
    fn checked(world: &World, rule: &RulePlace, target: Target) -> Result<Aim, Fault> {
        let kind = Kind::of(&target.arn, || stream_name(rule, &target.id))?;
        kind.check_reach(rule, &target)?;
        target.refuse_others(&kind)?;
        if let Some(role) = &target.role {
            check_role(world, rule, rule.find(world).map(|rule| &rule.creator), role)?;
        }
        if let Some(arn) = target.dead_letter_queue() {
            let queue = Queue::parse(arn).filter(|queue| queue.region == rule.bus.region && !queue.is_fifo());
            queue.ok_or_else(|| faults::dead_letter_queue(arn))?;
        }
        let input = Input::checked(&target)?;
        if matches!(kind, Kind::Bus(_)) && !input.is_whole() {
            return Err(faults::input_of_bus(&target.id));
        }
        Ok(Aim { id: target.id.as_str().into(), target, kind, input })
    }
}

/// Whether EventBridge can take on a role for a rule: it is of the account of the bus or of who made the rule, exists,
/// and trusts EventBridge.
pub(super) fn check_role(
    world: &World,
    rule: &RulePlace,
    creator: Option<&AccountId>,
    role: &str,
) -> Result<(), Fault> {
    let is_known = |account: &AccountId| *account == rule.bus.account || Some(account) == creator;
    if names::parse_arn(names::Kind::Role, role).is_some_and(|(account, _)| !is_known(&account)) {
        return Err(faults::role_of_another_account());
    }
    let is_welcome = visit(rule, role, &rule.arn(), &session_name(rule)).is_welcome(world);
    if is_welcome { Ok(()) } else { Err(faults::role_arn(role)) }
}

/// EventBridge taking on a role for a rule.
pub(super) fn visit<'a>(rule: &'a RulePlace, role: &'a str, arn: &'a str, session_name: &'a str) -> Visit<'a> {
    let BusPlace { account, region, .. } = &rule.bus;
    Visit { service: SELF, account, region: *region, role, session_name, external_id: None, source: arn }
}

/// The name of a target's stream in a log group: a UUID that stays the same.
fn stream_name(rule: &RulePlace, id: &str) -> String {
    let digest: [u8; 16] = Md5::digest(format!("{}/{id}", rule.arn())).into();
    uuid::Builder::from_md5_bytes(digest).into_uuid().to_string()
}

/// The name of a rule's sessions: 32 hexadecimal digits that stay the same.
pub(super) fn session_name(rule: &RulePlace) -> String {
    Md5::digest(rule.arn()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds targets to a rule, in place of those that have their ids.
fn put(cx: &mut Cx, (of, input): (OfRule, PutTargets)) -> Result<Outcome, Fault> {
    let place = RulePlace::named(cx, of.bus.as_deref(), &of.rule)?;
    let mut targets = place.rule(cx.world)?.targets.clone();
    for target in input.targets {
        let aim = Arc::new(Aim::checked(cx.world, &place, target)?);
        targets.insert(aim.target.id.clone(), aim);
    }
    if targets.len() > TARGETS_MAX {
        return Err(faults::limit_exceeded());
    }
    place.rule(cx.world)?.targets = targets;
    Ok(Outcome::default())
}

/// Taking away a target that is not there succeeds.
fn remove(cx: &mut Cx, (of, input): (OfRule, RemoveTargets)) -> Result<Outcome, Fault> {
    let place = RulePlace::named(cx, of.bus.as_deref(), &of.rule)?;
    place.rule(cx.world)?.targets.retain(|id, _| !input.ids.contains(id));
    Ok(Outcome::default())
}

fn list(cx: &mut Cx, (of, page): (OfRule, PageRequest)) -> Result<(Listed, PageEnd), Fault> {
    let place = RulePlace::named(cx, of.bus.as_deref(), &of.rule)?;
    let targets = place.rule(cx.world)?.targets.iter();
    let (targets, end) = page.cut(targets.map(|(id, aim)| (id.as_str(), aim.target.clone())))?;
    Ok((Listed { targets }, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_targets() {
        let check = |arn: &str, wanted: Result<&str, &str>| {
            let kind = Kind::of(arn, String::new).map(|kind| match kind {
                Kind::Queue(_) => "queue",
                Kind::Topic { .. } => "topic",
                Kind::LogGroup(..) => "group",
                Kind::Stream(_) => "stream",
                Kind::Bus(_) => "bus",
            });
            assert_eq!(kind.as_ref().map_err(|fault| fault.code.as_str()).copied(), wanted, "{arn}");
        };
        check("arn:aws:sqs:us-east-1:123456789012:jobs", Ok("queue"));
        check("arn:aws:sns:us-east-1:123456789012:alarms", Ok("topic"));
        check("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/all", Ok("group"));
        check("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/all:*", Ok("group"));
        check("arn:aws:firehose:us-east-1:123456789012:deliverystream/lake", Ok("stream"));
        check("arn:aws:events:eu-west-1:123456789012:event-bus/default", Ok("bus"));
        for arn in ["notarn", "arn:aws:sqs", "arn:aws:sqs:us-east-1:1:jobs", "arn:aws:sns:us-east-1:123456789012:a:b"] {
            check(arn, Err("ValidationException"));
        }
        for arn in [
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            "arn:aws:states:us-east-1:123456789012:stateMachine:m",
            "arn:aws:events:us-east-1:123456789012:api-destination/d/1",
            "arn:aws:kinesis:us-east-1:123456789012:stream/s",
        ] {
            check(arn, Err("NotImplemented"));
        }
    }
}
