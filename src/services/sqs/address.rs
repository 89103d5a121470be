//! Queue URLs, and who may reach the queues behind them.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html>

use crate::wire::Fault;
use crate::world::access::{Resource, admits};
use crate::world::call::{self, Cx};
use crate::world::caller::Principal;
use crate::world::scope::{AccountId, Region};

use super::{Place, QUEUE, faults};

/// The URL under which a client knows a queue: at the host that it called. Services use AWS's.
pub fn url(host: &str, place: &Place) -> String {
    let Place { account, region, name } = place;
    match host {
        "" => format!("https://sqs.{region}.amazonaws.com/{account}/{name}"),
        host => format!("http://{host}/{account}/{name}"),
    }
}

/// The queue of a URL in the Region called, whatever its host: account and name are the end of its path.
fn parse(url: &str, region: Region) -> Option<Place> {
    let (_, address) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = address.split_once('/')?;
    let (before, name) = path.rsplit_once('/')?;
    let account = before.rsplit('/').next()?;
    if named_region(host).is_some_and(|named| named != region.as_str()) || name.is_empty() {
        return None;
    }
    Some(Place { account: AccountId::parse(account)?, region, name: name.to_owned() })
}

/// The Region in a host of AWS's: `sqs.eu-west-1.amazonaws.com`, `eu-west-1.queue.amazonaws.com`, or the first Region's
/// old name `queue.amazonaws.com`. Hosts of ours may be formed alike.
fn named_region(host: &str) -> Option<&str> {
    match host {
        "queue.amazonaws.com" => Some(Region::US_EAST_1.as_str()),
        host => host.split(['.', ':']).find(|label| Region::parse(label).is_some()),
    }
}

/// The queue of a URL, for a caller who may do something with it (`SendMessage`).
///
/// # Errors
/// `InvalidAddress`, `QueueDoesNotExist`, `AccessDenied`.
pub fn reach(cx: &mut Cx, url: &str, action: &str) -> Result<Place, Fault> {
    let place = parse(url, cx.region).ok_or_else(|| faults::invalid_address(url))?;
    enter(cx, place, action, url)
}

/// The queue of a URL, for its owner: what queue policies cannot let others do
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-limitations-of-custom-policies.html>).
///
/// # Errors
/// As [`reach`].
pub fn reach_own(cx: &mut Cx, url: &str, action: &str) -> Result<Place, Fault> {
    let place = parse(url, cx.region).ok_or_else(|| faults::invalid_address(url))?;
    own(cx, place, action, url)
}

/// A queue, for its owner.
///
/// # Errors
/// `QueueDoesNotExist`, `AccessDenied`.
pub fn own(cx: &mut Cx, place: Place, action: &str, url: &str) -> Result<Place, Fault> {
    if place.find(cx.world).is_none() {
        return Err(faults::no_such_queue());
    }
    note(cx, &place);
    if place.account != cx.account || cx.caller.principal == Principal::Anonymous {
        return Err(denied(cx, &place, action, url));
    }
    Ok(place)
}

fn enter(cx: &mut Cx, place: Place, action: &str, url: &str) -> Result<Place, Fault> {
    if place.find(cx.world).is_none() {
        return Err(faults::no_such_queue());
    }
    note(cx, &place);
    if may(cx, &place, action) { Ok(place) } else { Err(denied(cx, &place, action, url)) }
}

/// Whether the caller may do something with a queue.
pub fn may(cx: &Cx, place: &Place, action: &str) -> bool {
    let policy = place.find(cx.world).and_then(|queue| queue.settings.policy());
    let arn = place.arn();
    admits(cx, &Resource { arn: &arn, owner: &place.account, policy }, &format!("sqs:{action}"), &[])
}

fn denied(cx: &Cx, place: &Place, action: &str, url: &str) -> Fault {
    faults::access_denied(cx.caller.arn().as_deref(), action, &place.arn(), url)
}

/// What records tell of the queue.
pub fn note(cx: &mut Cx, place: &Place) {
    let resource =
        call::Resource { account: Some(place.account.clone()), kind: QUEUE, arn: place.arn(), is_prefix: false };
    cx.note.resources.push(resource);
    cx.note.owner = Some(place.account.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<(&str, &str)>) {
        let place = parse(url, Region::parse("eu-west-1").unwrap());
        assert_eq!(place.as_ref().map(|place| (place.account.as_str(), place.name.as_str())), expected, "{url}");
    }

    #[test]
    fn queues_of_urls() {
        let found = Some(("111122223333", "q.fifo"));
        check("https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo", found);
        check("https://eu-west-1.queue.amazonaws.com/111122223333/q.fifo", found);
        check("http://127.0.0.1:4566/111122223333/q.fifo", found);
        check("http://sqs.eu-west-1.localhost.localstack.cloud:4566/111122223333/q.fifo", found);
        check("http://localhost:4566/queue/eu-west-1/111122223333/q.fifo", found);
        check("http://trailcam/111122223333/q.fifo", found);
        check("https://sqs.us-east-1.amazonaws.com/111122223333/q.fifo", None);
        check("https://queue.amazonaws.com/111122223333/q.fifo", None);
        check("http://127.0.0.1:4566/q.fifo", None);
        check("http://127.0.0.1:4566/111122223333/", None);
        check("q.fifo", None);
        check("", None);
    }
}
