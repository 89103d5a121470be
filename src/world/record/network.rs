//! Network activity events: each call through a VPC endpoint, told to the endpoint's owner and to the caller's account.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html>

use crate::services::cloudtrail::network_activity;
use crate::world::World;
use crate::world::caller::Principal;
use crate::world::op::Access;
use crate::world::passage::Passage;

use super::event::{self, Event, Origin, VpcEndpoint, WITH_ENDPOINT_ACCOUNT};
use super::{Facts, Identity, append};

/// `eventCategory` of such events.
pub const CATEGORY: &str = "NetworkActivity";
/// What such events say of a call that the endpoint's policy has turned away.
const DENIED: (&str, &str) = ("VpceAccessDenied", "The request was denied due to a VPC endpoint policy");

/// Records a call's way through an endpoint, if CloudTrail has such events of the service. The owner of the endpoint
/// learns of a caller from elsewhere no more than the account.
pub(super) fn write(world: &mut World, facts: &Facts, passage: &Passage) {
    if !network_activity::covers(facts.call.contract.record.event_source) {
        return;
    }
    let event = of_call(world, facts, passage);
    let home = &facts.caller.account;
    // Callers without a name are from nowhere.
    if *home == passage.owner || facts.caller.principal == Principal::Anonymous {
        append(world, &event);
        return;
    }
    let event_id = event::event_id(world, true);
    let at_home = Event { event_id, recipient_account_id: home.clone(), ..event.clone() };
    append(world, &Event { user_identity: Identity::of_stranger(facts.caller), ..event });
    append(world, &at_home);
}

/// The event in the endpoint owner's account, with all that is known of the caller.
fn of_call(world: &mut World, facts: &Facts, passage: &Passage) -> Event {
    let Facts { call, caller, .. } = *facts;
    let style = &call.contract.record;
    let operation = call.contract.operation(call.operation);
    let denied = passage.denial.is_some();
    let denied = |text: &str| denied.then(|| text.to_owned());
    Event {
        event_version: style.event_version.max(WITH_ENDPOINT_ACCOUNT),
        user_identity: Identity::of(caller, style.form),
        event_time: world.now,
        event_source: style.event_source,
        event_name: event::name(operation),
        aws_region: passage.region,
        source_ip_address: Origin::of(call.contract, &call.sender).address,
        user_agent: String::new(),
        error_code: denied(DENIED.0),
        error_message: denied(DENIED.1),
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        request_id: facts.request_id.to_owned(),
        event_id: event::event_id(world, true),
        read_only: facts.access() == Access::Read,
        resources: Vec::new(),
        event_type: "AwsVpceEvent",
        api_version: "",
        management_event: false,
        recipient_account_id: passage.owner.clone(),
        shared_event_id: Some(world.ids.uuid().to_string()),
        vpc_endpoint: Some(VpcEndpoint::of(passage)),
        event_category: CATEGORY,
        tls_details: None,
        lookup_resources: Vec::new(),
    }
}
