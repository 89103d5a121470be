//! Posts to HTTP and HTTPS endpoints.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use bytes::Bytes;

use crate::world::outbox::{Outcome, Post};

use super::SubscriptionPlace;
use super::delivery::Delivery;
use super::delivery_policy::Effective;
use super::message::{Kind, Message};
use super::signing::Signer;
use super::subscriptions::Subscription;

/// Content type of what is no notification, whatever the delivery policy says.
const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// Which message was posted for which subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub place: SubscriptionPlace,
    pub parcel: u64,
}

/// A message for an endpoint.
pub fn post(
    place: &SubscriptionPlace,
    subscription: &Subscription,
    message: &Message,
    policy: &Effective,
    signer: &Signer,
) -> Post {
    let is_notification = message.kind == Kind::Notification;
    let is_raw = subscription.settings.raw && is_notification;
    let content_type = if is_notification { policy.content_type.as_str() } else { CONTENT_TYPE };
    let mut headers = vec![
        ("x-amz-sns-message-type", message.kind.as_str().to_owned()),
        ("x-amz-sns-message-id", message.id.clone()),
        ("x-amz-sns-topic-arn", message.topic_arn.clone()),
    ];
    if !matches!(message.kind, Kind::SubscriptionConfirmation(_)) {
        headers.push(("x-amz-sns-subscription-arn", place.arn()));
    }
    if is_raw {
        headers.push(("x-amz-sns-rawdelivery", "true".to_owned()));
    }
    headers.push(("content-type", content_type.to_owned()));
    headers.push(("user-agent", "Amazon Simple Notification Service Agent".to_owned()));
    headers.push(("accept-encoding", "gzip,deflate".to_owned()));
    let body = match is_raw {
        true => message.text.clone(),
        false => message.envelope(signer, &place.arn(), &subscription.base_url),
    };
    Post { url: subscription.endpoint.clone(), headers, body: Bytes::from(body) }
}

/// Endpoints that fail, or are not there, may be better later; those that refuse a message will do so again
/// (<https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>).
pub fn judge(outcome: &Outcome) -> Delivery {
    match outcome {
        Outcome::Answered(200..=299) => Delivery::Done,
        Outcome::Answered(status @ (429 | 500..)) => Delivery::Failed(format!("HTTP status {status}")),
        Outcome::Answered(status) => Delivery::Refused(format!("HTTP status {status}")),
        Outcome::Unanswered(why) => Delivery::Failed(why.clone()),
    }
}
