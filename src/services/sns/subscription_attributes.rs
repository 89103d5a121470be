//! What can be set about a subscription. What would have no effect is refused.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::services::sts::visits::Visit;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::delivery_policy::{Effective, OfSubscription};
use super::filter::{Filter, Scope};
use super::protocol::{Protocol, Queue};
use super::redrive::Redrive;
use super::subscriptions::{self, State};
use super::{SELF, TopicPlace, faults};

/// What event history calls a subscription.
const SUBSCRIPTION: &[(&str, &str)] = &[("AWS::SNS::Subscription", "SubscriptionArn")];

/// The operations on attributes.
pub const OPS: &[Op] = &[
    op!(Read "GetSubscriptionAttributes" get).resources(SUBSCRIPTION),
    op!(Write "SetSubscriptionAttributes" set).resources(SUBSCRIPTION),
];

/// Filter policies of a topic.
const FILTERS_MAX: usize = 200;

/// The attributes of a subscription.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub raw: bool,
    pub filter: Option<Filter>,
    pub scope: Scope,
    pub delivery: Option<OfSubscription>,
    pub redrive: Option<Redrive>,
    /// ARN of the role for a Firehose stream.
    pub role: Option<String>,
}

record! {
    struct SubscriptionArn { arn: String = "SubscriptionArn" }
    struct Attributes { attributes: BTreeMap<String, String> = "Attributes" }
    struct SetSubscriptionAttributes {
        arn: String = "SubscriptionArn",
        name: String = "AttributeName",
        value: Option<String> = "AttributeValue",
    }
}

impl Settings {
    /// Sets an attribute.
    pub(super) fn set(
        &mut self,
        cx: &Cx<'_>,
        topic: &TopicPlace,
        protocol: Protocol,
        endpoint: &str,
        name: &str,
        value: &str,
    ) -> Result<(), Fault> {
        match name {
            "RawMessageDelivery" => self.raw = raw(protocol, value)?,
            "FilterPolicy" => {
                let filter = Filter::parse(value, self.scope)?;
                if filter.is_some() && self.filter.is_none() && filters(cx, topic) >= FILTERS_MAX {
                    return Err(faults::too_many_filters());
                }
                self.filter = filter;
            }
            "FilterPolicyScope" => {
                let scope = Scope::parse(value)?;
                // The same policy may be none in another scope.
                let text = self.filter.as_ref().map(|filter| filter.text.clone());
                self.filter = text.map_or(Ok(None), |text| Filter::parse(&text, scope))?;
                self.scope = scope;
            }
            "DeliveryPolicy" if !protocol.is_http() => {
                return Err(faults::attribute_of_others(name, protocol.as_str()));
            }
            "DeliveryPolicy" => self.delivery = OfSubscription::parse(value)?,
            "RedrivePolicy" => {
                let needs_fifo = topic.is_fifo() && Queue::parse(endpoint).is_some_and(|queue| queue.is_fifo());
                self.redrive = Redrive::parse(value, topic.region.as_str(), needs_fifo)?;
            }
            "SubscriptionRoleArn" if protocol != Protocol::Firehose => {
                return Err(faults::attribute_of_others(name, protocol.as_str()));
            }
            "SubscriptionRoleArn" => {
                if !role_visit(topic, value, &topic.arn()).is_welcome(cx.world) {
                    return Err(faults::subscription_role());
                }
                self.role = Some(value.to_owned());
            }
            "ReplayPolicy" => return Err(faults::not_built(name)),
            _ => return Err(faults::unknown_attribute()),
        }
        Ok(())
    }

    /// Whether they go with the protocol.
    pub(super) fn check(&self, protocol: Protocol) -> Result<(), Fault> {
        match protocol == Protocol::Firehose && self.role.is_none() {
            true => Err(faults::in_attributes(faults::subscription_role())),
            false => Ok(()),
        }
    }

    /// The attributes as `GetSubscriptionAttributes` shows them, as far as they can be set.
    pub(super) fn shown(&self) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([("RawMessageDelivery", self.raw.to_string())]);
        let set = [
            ("FilterPolicy", self.filter.as_ref().map(|filter| filter.text.clone())),
            ("FilterPolicyScope", self.filter.as_ref().map(|_| self.scope.as_str().to_owned())),
            ("DeliveryPolicy", self.delivery.as_ref().map(OfSubscription::text)),
            ("RedrivePolicy", self.redrive.as_ref().map(|redrive| redrive.text.clone())),
            ("SubscriptionRoleArn", self.role.clone()),
        ];
        shown.extend(set.into_iter().filter_map(|(name, value)| Some((name, value?))));
        shown
    }
}

/// SNS taking on the role of a Firehose subscription.
pub(super) fn role_visit<'a>(topic: &'a TopicPlace, role: &'a str, topic_arn: &'a str) -> Visit<'a> {
    Visit {
        service: SELF,
        account: &topic.account,
        region: topic.region,
        role,
        session_name: "sns-firehose-delivery",
        external_id: None,
        source: topic_arn,
    }
}

fn raw(protocol: Protocol, value: &str) -> Result<bool, Fault> {
    match value {
        "true" if !protocol.delivers_raw() => Err(faults::no_raw_delivery(protocol.as_str())),
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(faults::not_a_boolean("RawMessageDelivery", value)),
    }
}

fn filters(cx: &Cx<'_>, topic: &TopicPlace) -> usize {
    let subscriptions = topic.find(cx.world).into_iter().flat_map(|topic| topic.subscriptions.values());
    subscriptions.filter(|subscription| subscription.settings.filter.is_some()).count()
}

fn get(cx: &mut Cx, input: SubscriptionArn) -> Result<Attributes, Fault> {
    let at = subscriptions::parse(&input.arn)?;
    let subscription =
        at.find(cx.world).filter(|_| at.topic.region == cx.region).ok_or_else(faults::no_subscription)?;
    let owner = subscription.owner.clone();
    subscriptions::check_ownership(cx, &at, &owner, "SNS:GetSubscriptionAttributes")?;
    let topic = at.topic.find(cx.world).ok_or_else(faults::no_subscription)?;
    let subscription = at.find(cx.world).ok_or_else(faults::no_subscription)?;
    let mut shown = subscription.settings.shown();
    shown.extend([
        ("SubscriptionArn", at.arn()),
        ("TopicArn", at.topic.arn()),
        ("Owner", owner.to_string()),
        ("Protocol", subscription.protocol.as_str().to_owned()),
        ("Endpoint", subscription.endpoint.clone()),
        ("PendingConfirmation", (subscription.state == State::Pending).to_string()),
        ("ConfirmationWasAuthenticated", subscription.authenticated.to_string()),
    ]);
    shown.extend(subscription.principal.clone().map(|principal| ("SubscriptionPrincipal", principal)));
    if subscription.protocol.is_http() {
        let effective = Effective::of(topic.settings.delivery.as_ref(), subscription.settings.delivery.as_ref());
        shown.insert("EffectiveDeliveryPolicy", effective.text());
    }
    Ok(Attributes { attributes: shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() })
}

fn set(cx: &mut Cx, input: SetSubscriptionAttributes) -> Result<(), Fault> {
    let at = subscriptions::parse(&input.arn)?;
    let subscription =
        at.find(cx.world).filter(|_| at.topic.region == cx.region).ok_or_else(faults::no_subscription)?;
    let (owner, protocol) = (subscription.owner.clone(), subscription.protocol);
    let (endpoint, mut settings) = (subscription.endpoint.clone(), subscription.settings.clone());
    subscriptions::check_ownership(cx, &at, &owner, "SNS:SetSubscriptionAttributes")?;
    let value = input.value.unwrap_or_default();
    settings.set(cx, &at.topic, protocol, &endpoint, &input.name, &value)?;
    settings.check(protocol)?;
    if let Some(subscription) = at.find_mut(cx.world) {
        subscription.settings = settings;
        subscription.session = None;
    }
    Ok(())
}
