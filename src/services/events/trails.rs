//! CloudTrail's records as events on the default bus.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>

use crate::services::cloudtrail;
use crate::world::World;
use crate::world::record::{Event as Record, Position};

use super::event::{Event, Parts};
use super::{Bus, BusPlace, SELF, routing};

/// Larger records do not become events
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>).
const RECORD_BYTES_MAX: usize = 256 * 1024;

/// Takes notice of a new CloudTrail record: it comes to the default bus of its account and Region if a trail there
/// selects it.
///
/// The data events of our own deliveries do not: a rule that matches them would send what it had sent for ever.
pub fn recorded(world: &mut World, record: &Record, at: Position) {
    let is_by_client = record.user_identity.invoked_by.is_none();
    if is_by_client {
        world.bus_pace.renew();
    }
    let Some(account) = world.accounts.get(&record.recipient_account_id) else { return };
    let Some(regional) = account.regions.get(&record.aws_region) else { return };
    if !regional.events.buses.get(super::DEFAULT).is_some_and(Bus::is_heard) {
        return;
    }
    let is_own = record.user_identity.invoked_by == Some(SELF);
    if is_own && !record.management_event || !cloudtrail::delivery::is_selected(account, record) {
        return;
    }
    let Some(detail) = world.events.get(at).filter(|text| text.len() <= RECORD_BYTES_MAX) else { return };
    let source = source(record.event_source);
    let event = Event::new(&Parts {
        id: world.ids.uuid().to_string(),
        source: &source,
        detail_type: detail_type(record.event_type),
        account: &record.recipient_account_id,
        time: record.event_time,
        region: record.aws_region,
        resources: &[],
        detail: &detail,
    });
    let read_only = record.management_event && record.read_only;
    let place = BusPlace::default_of(&record.recipient_account_id, record.aws_region);
    let not_before = if is_by_client { None } else { world.bus_pace.spend(world.now) };
    routing::receive(world, &place, Event { read_only, not_before, ..event });
}

/// `aws.logs` of `logs.amazonaws.com`.
fn source(event_source: &str) -> String {
    format!("aws.{}", event_source.strip_suffix(".amazonaws.com").unwrap_or(event_source))
}

fn detail_type(event_type: &str) -> &'static str {
    match event_type {
        "AwsServiceEvent" => "AWS Service Event via CloudTrail",
        "AwsConsoleSignIn" => "AWS Console Sign In via CloudTrail",
        "AwsConsoleAction" => "AWS Console Action via CloudTrail",
        "AwsCloudTrailInsight" => "AWS Insight via CloudTrail",
        "AwsVpceEvent" => "AWS Network Activity Event via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The detail types of `eb-service-event-cloudtrail`, and of CloudTrail's own guide.
    #[test]
    fn records_come_as_what_they_are() {
        let check = |event_type: &str, wanted: &str| assert_eq!(detail_type(event_type), wanted, "{event_type}");
        check("AwsApiCall", "AWS API Call via CloudTrail");
        check("AwsServiceEvent", "AWS Service Event via CloudTrail");
        check("AwsConsoleSignIn", "AWS Console Sign In via CloudTrail");
        check("AwsConsoleAction", "AWS Console Action via CloudTrail");
        check("AwsCloudTrailInsight", "AWS Insight via CloudTrail");
        check("AwsVpceEvent", "AWS Network Activity Event via CloudTrail");
        assert_eq!(source("iam.amazonaws.com"), "aws.iam");
    }
}
