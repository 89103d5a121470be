//! What AWS services do. One folder a service, one file a resource; each file has a table of its operations.

pub mod billing;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod ec2;
pub mod events;
pub mod firehose;
pub mod iam;
pub mod logs;
pub mod permissions;
pub mod s3;
pub mod signin;
pub mod sns;
pub mod sqs;
pub mod sts;

use crate::world::World;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::outbox::{Asker, Outcome, PostId};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

/// The operations we have, by service.
pub const SERVICES: &[(&str, &[&[Op]])] = &[
    ("cloudtrail", cloudtrail::OPS),
    ("cloudwatch", cloudwatch::OPS),
    ("ec2", ec2::OPS),
    ("events", events::OPS),
    ("firehose", firehose::OPS),
    ("iam", iam::OPS),
    ("logs", logs::OPS),
    ("s3", s3::OPS),
    ("sns", sns::OPS),
    ("sqs", sqs::OPS),
    ("sts", sts::OPS),
];

/// The table line of an operation, if we have built it.
pub fn find(service: &str, operation: &str) -> Option<&'static Op> {
    let (_, tables) = SERVICES.iter().find(|(name, _)| *name == service)?;
    tables.iter().flat_map(|table| table.iter()).find(|op| op.name == operation)
}

/// Names of the operations we have of a service, in alphabetical order.
pub fn operations(service: &str) -> Vec<&'static str> {
    let tables = SERVICES.iter().filter(|(name, _)| *name == service).flat_map(|(_, tables)| tables.iter());
    let mut names: Vec<_> = tables.flat_map(|table| table.iter()).map(|op| op.name).collect();
    names.sort_unstable();
    names
}

/// What a client has called.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    pub service: &'static str,
    pub operation: &'static str,
    pub failed: bool,
    /// Of the request's body.
    pub bytes: u64,
}

/// Takes down that a client has called an operation.
pub fn called(world: &mut World, place: (&AccountId, Region), call: Called) {
    let Called { service, operation, failed, bytes } = call;
    cloudwatch::usage::called(world, place, service, operation, failed);
    billing::called(world, place.0, service, operation);
    if (service, operation) == ("events", "PutEvents") {
        events::called(world, place, failed, bytes);
    }
}

/// Slow work that does not need the world.
pub type Preparation = Box<dyn FnOnce() + Send>;

/// What is to be done for a job before it runs, outside the lock.
pub fn preparation(world: &World, job: &Job, due: Time) -> Option<Preparation> {
    Some(match job {
        Job::FirehoseDelivery(place) => firehose::preparation(world, place),
        Job::FlowLogDelivery(place) => ec2::flow_logs::preparation(world, place, due),
        Job::LogForward { account, region, destination } => {
            logs::forwarding::preparation(world, account, *region, destination)
        }
        Job::LogExport(place) => logs::exports::preparation(world, place),
        Job::SnsDelivery(place) => return sns::preparation(world, place, due),
        Job::TrailDigest { region, .. } => cloudtrail::keys::warm(world, *region, due),
        _ => return None,
    })
}

/// Does a job that is due.
pub fn run(world: &mut World, job: Job) {
    match job {
        Job::TrailDelivery { account, trail, region } => cloudtrail::delivery::deliver(world, &account, &trail, region),
        Job::TrailLogDelivery { account, trail } => cloudtrail::log_group::deliver(world, &account, &trail),
        Job::TrailAnnouncement { account, trail, region } => {
            cloudtrail::topic::deliver(world, &account, &trail, region)
        }
        Job::TrailStop { account, trail } => cloudtrail::logging::stop(world, &account, &trail),
        Job::TrailDigest { account, trail, region } => cloudtrail::digest::digest(world, &account, &trail, region),
        Job::Ec2Transition(place) => ec2::settle(world, &place),
        Job::FirehoseDelivery(place) => firehose::deliver(world, &place),
        Job::FirehoseTransition(place) => firehose::settle(world, &place),
        Job::EventDelivery { account, region } => events::deliver(world, &account, region),
        Job::EventSchedule(place) => events::tick(world, &place),
        Job::EventReplay(place) => events::go_on(world, &place),
        Job::NetworkFigures { account, region } => ec2::traffic::figures::report(world, &account, region),
        Job::AlarmEvaluation { account, region } => cloudwatch::alarms::tick(world, &account, region),
        Job::AlarmReaction(place) => cloudwatch::alarms::react(world, &place),
        Job::AlarmActions { account, region } => cloudwatch::alarms::take(world, &account, region),
        Job::AlarmUnmute { account, region } => cloudwatch::alarms::release(world, &account, region),
        Job::MetricStreams { account, region } => cloudwatch::streams::deliver(world, &account, region),
        Job::MetricRollUp { account, region } => cloudwatch::roll_up(world, &account, region),
        Job::Billing { account } => billing::tick(world, &account),
        Job::HistoryExpiry => cloudtrail::history::expire(world),
        Job::LogMetrics { place } => logs::metrics::close_minutes(world, &place),
        Job::LogRetention { place } => logs::events::expire::expire(world, &place),
        Job::LogForward { account, region, destination } => {
            logs::forwarding::deliver(world, &account, region, &destination)
        }
        Job::FlowLogWindow(place) => ec2::flow_logs::close(world, &place),
        Job::FlowLogDelivery(place) => ec2::flow_logs::deliver(world, &place),
        Job::ReachabilityAnalysis(place) => ec2::reachability::go_on(world, &place),
        Job::LogExport(place) => logs::exports::run(world, &place),
        Job::QueueGauges { account, region } => sqs::gauge(world, &account, region),
        Job::QueueMessages(place) => sqs::show(world, &place),
        Job::QueueMove { account, region, task } => sqs::move_messages(world, &account, region, &task),
        Job::LogTail { account, region, session } => logs::tails::update(world, &account, region, session),
        Job::SnsDelivery(place) => sns::deliver(world, &place),
        Job::SnsExpiry(place) => sns::expire(world, &place),
        Job::BucketLifecycle { bucket } => s3::run_lifecycle(world, &bucket),
        Job::BucketMetrics => s3::storage::report(world),
        Job::BucketNotice(address) => s3::notices::deliver(world, &address),
    }
}

/// Delivers everything pending now, and answers what was delivered, as `bucket/key`. Trails come last: the other
/// deliveries make events.
pub fn flush(world: &mut World) -> Vec<String> {
    events::flush(world);
    sns::flush(world);
    let mut delivered = ec2::flow_logs::flush(world);
    logs::forwarding::flush(world);
    delivered.extend(firehose::flush(world));
    s3::notices::flush(world);
    delivered.extend(cloudtrail::flush(world));
    delivered
}

/// Takes down how a post went.
pub fn posted(world: &mut World, id: PostId, outcome: &Outcome) {
    if let Some(Asker::Sns(handover)) = world.outbox.end(id) {
        sns::posted(world, &handover, outcome);
    }
    // There is room again, for the next who is still there.
    while let Some(place) = world.outbox.next_in_queue() {
        if place.find(world).is_some() {
            world.jobs.at_once(Job::SnsDelivery(place));
            break;
        }
    }
}
