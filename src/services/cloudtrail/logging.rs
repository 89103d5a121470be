//! Starting and stopping a trail, and how it is doing.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::world::time::{Time, iso_seconds};

use super::delivery;
use super::naming::{self, Viewpoint};
use super::trails::follow_settings;

/// The operations on a trail's state.
pub const OPS: &[Op] = &[
    op!(Read "GetTrailStatus" get_trail_status),
    op!(Write "StartLogging" start_logging).resources(&[("AWS::CloudTrail::Trail", "Name")]),
    op!(Write "StopLogging" stop_logging).resources(&[("AWS::CloudTrail::Trail", "Name")]),
];

record! {
    struct Named { name: String = "Name" }

    /// The state of a trail in one Region. The texts are members of old that AWS still fills in.
    struct Status {
        is_logging: bool = "IsLogging",
        delivery_error: Option<String> = "LatestDeliveryError",
        delivery: Option<Time> = "LatestDeliveryTime",
        started: Option<Time> = "StartLoggingTime",
        stopped: Option<Time> = "StopLoggingTime",
        notification: Option<Time> = "LatestNotificationTime",
        notification_error: Option<String> = "LatestNotificationError",
        digest: Option<Time> = "LatestDigestDeliveryTime",
        digest_error: Option<String> = "LatestDigestDeliveryError",
        logs_delivery: Option<Time> = "LatestCloudWatchLogsDeliveryTime",
        logs_error: Option<String> = "LatestCloudWatchLogsDeliveryError",
        attempt_text: String = "LatestDeliveryAttemptTime",
        notification_text: String = "LatestNotificationAttemptTime",
        notified_text: String = "LatestNotificationAttemptSucceeded",
        succeeded_text: String = "LatestDeliveryAttemptSucceeded",
        started_text: String = "TimeLoggingStarted",
        stopped_text: String = "TimeLoggingStopped",
    }
}

fn start_logging(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    let now = cx.world.now;
    let here = Viewpoint::of(cx);
    let trail = naming::find_at_home(cx.world, &here, &input.name)?;
    if !trail.logging {
        (trail.logging, trail.started) = (true, Some(now));
    }
    let arn = trail.arn.clone();
    follow_settings(cx.world, &here.account, &arn);
    Ok(())
}

/// The last event that a trail delivers is that of the call that stops it, says the documentation of digest files:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>
fn stop_logging(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    let now = cx.world.now;
    let here = Viewpoint::of(cx);
    let trail = naming::find_at_home(cx.world, &here, &input.name)?;
    if trail.logging {
        (trail.logging, trail.stopped, trail.stopping) = (false, Some(now), true);
    }
    let trail = trail.arn.clone();
    cx.world.jobs.at_once(Job::TrailStop { account: here.account, trail });
    Ok(())
}

/// Delivers what a trail that was stopped has pending, so that the last digest lists it.
pub fn stop(world: &mut World, account: &AccountId, trail: &str) {
    if let Some(found) = world.account(account).trails.get_mut(trail) {
        found.stopping = false;
    }
    delivery::flush_trail(world, account, trail);
    follow_settings(world, account, trail);
}

fn get_trail_status(cx: &mut Cx, input: Named) -> Result<Status, Fault> {
    let here = Viewpoint::of(cx);
    let trail = naming::find(cx.world, &here, &input.name)?;
    let mut status = Status {
        is_logging: trail.logging,
        started: trail.started,
        stopped: trail.stopped,
        started_text: text(trail.started),
        stopped_text: text(trail.stopped),
        ..Status::default()
    };
    if let Some(group) = &trail.log_group {
        status.logs_delivery = group.last_delivery;
        status.logs_error.clone_from(&group.last_error);
    }
    if let Some(shipping) = trail.shipping.get(&here.region) {
        status.delivery = shipping.last_delivery;
        status.delivery_error.clone_from(&shipping.last_error);
        status.digest = shipping.chain.last_delivery;
        status.digest_error.clone_from(&shipping.chain.last_error);
        let announcements = &shipping.announcements;
        status.notification = announcements.last_success;
        status.notification_error.clone_from(&announcements.last_error);
        status.notification_text = text(announcements.last_attempt);
        status.notified_text = text(announcements.last_success);
        status.attempt_text = text(shipping.last_attempt);
        status.succeeded_text = text(shipping.last_delivery);
    }
    Ok(status)
}

fn text(time: Option<Time>) -> String {
    time.map(iso_seconds).unwrap_or_default()
}
