//! Subscriptions: making, confirming, listing and ending them.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::services::cloudtrail::keys::hex;
use crate::services::sts::visits::Session;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::world::time::Time;

use super::delivery::{self, Pending};
use super::message::{Invitation, Kind, Message};
use super::protocol::{Protocol, Queue};
use super::subscription_attributes::Settings;
use super::topics::{self, page};
use super::{SubscriptionPlace, TOPIC, TopicPlace, faults, is_signed};

/// What event history calls a subscription.
const SUBSCRIPTION: &[(&str, &str)] = &[("AWS::SNS::Subscription", "SubscriptionArn")];

/// The operations on subscriptions.
pub const OPS: &[Op] = &[
    op!(Write "ConfirmSubscription" confirm).resources(TOPIC),
    op!(Read "ListSubscriptions" list),
    op!(Read "ListSubscriptionsByTopic" list_by_topic).resources(TOPIC),
    op!(Write "Subscribe" subscribe).resources(TOPIC),
    op!(Write "Unsubscribe" unsubscribe).resources(SUBSCRIPTION),
];

/// How long a token confirms (<https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>).
const TOKEN_LIFETIME: TimeDelta = TimeDelta::days(2);
/// Subscriptions to a topic; AWS allows 12,500,000 to a standard one.
const SUBSCRIPTIONS_MAX: usize = 100_000;
/// Subscriptions to a FIFO topic, or to one with messages over 256 KiB.
const FEW_SUBSCRIPTIONS_MAX: usize = 100;
/// Bytes of messages that every protocol takes.
const USUAL_MESSAGE_BYTES: usize = 262_144;
/// How tokens of AWS begin.
const TOKEN_PREFIX: &str = "2336412f37";

/// A subscription.
#[derive(Debug)]
pub struct Subscription {
    pub owner: AccountId,
    /// ARN of who subscribed.
    pub principal: Option<String>,
    pub protocol: Protocol,
    pub endpoint: String,
    pub state: State,
    /// What confirms it, or restores it.
    pub ticket: Option<Ticket>,
    /// It was confirmed by a signed call, or needed no confirmation.
    pub authenticated: bool,
    /// It ends by signed calls only.
    pub guarded: bool,
    pub settings: Settings,
    /// `http://HOST` that the subscriber called: where links lead to.
    pub base_url: String,
    pub pending: Pending,
    /// The role for a Firehose stream, as last assumed.
    pub session: Option<Session>,
}

/// Where a subscription is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Confirmed,
    /// Ended by a link, and can be restored for a while.
    Deleted,
}

/// A token, and until when it is good.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub token: String,
    pub until: Time,
}

record! {
    struct Subscribe {
        topic: String = "TopicArn",
        protocol: String = "Protocol",
        endpoint: Option<String> = "Endpoint",
        attributes: BTreeMap<String, String> = "Attributes",
        wants_arn: Option<bool> = "ReturnSubscriptionArn",
    }
    struct Subscribed { arn: String = "SubscriptionArn" }
    struct ConfirmSubscription {
        topic: String = "TopicArn",
        token: String = "Token",
        guarded: Option<String> = "AuthenticateOnUnsubscribe",
    }
    struct Unsubscribe { arn: String = "SubscriptionArn" }
    struct ListSubscriptions { token: Option<String> = "NextToken" }
    struct ListSubscriptionsByTopic { topic: String = "TopicArn", token: Option<String> = "NextToken" }
    struct Subscriptions { subscriptions: Vec<Line> = "Subscriptions", token: Option<String> = "NextToken" }
    struct Line {
        arn: String = "SubscriptionArn",
        owner: String = "Owner",
        protocol: String = "Protocol",
        endpoint: String = "Endpoint",
        topic: String = "TopicArn",
    }
}

fn subscribe(cx: &mut Cx, input: Subscribe) -> Result<Subscribed, Fault> {
    let place = topics::parse(cx, &input.topic)?;
    let endpoint = input.endpoint.unwrap_or_default();
    let protocol = Protocol::parse(&input.protocol, &endpoint, place.is_fifo())?;
    if place.find(cx.world).is_none() {
        return Err(faults::no_topic());
    }
    let context = [("sns:Protocol", protocol.as_str()), ("sns:Endpoint", endpoint.as_str())];
    topics::allowed_with(cx, &place, "SNS:Subscribe", &context)?;
    let mut settings = Settings::default();
    for (name, value) in in_order(&input.attributes) {
        settings.set(cx, &place, protocol, &endpoint, name, value).map_err(faults::in_attributes)?;
    }
    settings.check(protocol)?;
    let at = match existing(cx.world, &place, protocol, &endpoint) {
        Some(at) => {
            check_same(cx.world, &at, &settings, &input.attributes)?;
            at
        }
        None => insert(cx, &place, protocol, endpoint, settings)?,
    };
    let state = at.find(cx.world).map_or(State::Confirmed, |subscription| subscription.state);
    if state == State::Pending {
        invite(cx.world, &at, Kind::SubscriptionConfirmation);
    }
    let shows_arn = state == State::Confirmed || input.wants_arn.unwrap_or_default();
    Ok(Subscribed { arn: if shows_arn { at.arn() } else { "pending confirmation".to_owned() } })
}

/// The scope of a filter comes before the filter that it decides about.
fn in_order(attributes: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    let is_first = |(name, _): &(&String, &String)| *name == "FilterPolicyScope";
    attributes.iter().filter(is_first).chain(attributes.iter().filter(move |pair| !is_first(pair)))
}

/// The subscription of an endpoint, if there is one.
fn existing(world: &World, topic: &TopicPlace, protocol: Protocol, endpoint: &str) -> Option<SubscriptionPlace> {
    let id = topic.find(world)?.endpoints.get(&(protocol, endpoint.to_owned()))?;
    Some(SubscriptionPlace { topic: topic.clone(), id: id.clone() })
}

fn check_same(
    world: &World,
    at: &SubscriptionPlace,
    wanted: &Settings,
    given: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    let Some(subscription) = at.find(world) else { return Ok(()) };
    let (wanted, present) = (wanted.shown(), subscription.settings.shown());
    let is_same = |name: &String| wanted.get(name.as_str()) == present.get(name.as_str());
    if given.keys().all(is_same) { Ok(()) } else { Err(faults::other_subscription_attributes()) }
}

fn insert(
    cx: &mut Cx<'_>,
    place: &TopicPlace,
    protocol: Protocol,
    endpoint: String,
    settings: Settings,
) -> Result<SubscriptionPlace, Fault> {
    let topic = place.find(cx.world).ok_or_else(faults::no_topic)?;
    let is_large = topic.settings.message_bytes() > USUAL_MESSAGE_BYTES;
    if is_large && !takes_large_messages(protocol) {
        return Err(faults::large_messages());
    }
    let limit = if is_large || place.is_fifo() { FEW_SUBSCRIPTIONS_MAX } else { SUBSCRIPTIONS_MAX };
    if topic.subscriptions.len() >= limit {
        return Err(faults::too_many_subscriptions());
    }
    let state = if needs_confirmation(cx, protocol, &endpoint) { State::Pending } else { State::Confirmed };
    let at = SubscriptionPlace { topic: place.clone(), id: cx.world.ids.uuid().to_string() };
    let subscription = Subscription {
        owner: cx.account.clone(),
        principal: cx.caller.arn(),
        protocol,
        endpoint: endpoint.clone(),
        state,
        ticket: None,
        authenticated: state == State::Confirmed,
        guarded: false,
        settings,
        base_url: base_url(cx),
        pending: Pending::default(),
        session: None,
    };
    if let Some(topic) = place.find_mut(cx.world) {
        topic.endpoints.insert((protocol, endpoint), at.id.clone());
        topic.subscriptions.insert(at.id.clone(), subscription);
    }
    let owner = cx.account.clone();
    cx.world.regional(&owner, place.region).sns.subscribed.insert(at.clone());
    Ok(at)
}

fn takes_large_messages(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Sqs | Protocol::Firehose)
}

/// Whether all subscriptions to a topic can have messages over 256 KiB.
pub(super) fn take_large_messages(topic: &topics::Topic) -> bool {
    let subscriptions = &topic.subscriptions;
    let all = subscriptions.values().all(|subscription| takes_large_messages(subscription.protocol));
    all && subscriptions.len() <= FEW_SUBSCRIPTIONS_MAX
}

/// Endpoints outside AWS, and queues of other accounts than the caller's.
fn needs_confirmation(cx: &Cx<'_>, protocol: Protocol, endpoint: &str) -> bool {
    let is_foreign =
        protocol == Protocol::Sqs && Queue::parse(endpoint).is_none_or(|queue| queue.account != cx.account);
    protocol.asks_for_confirmation() || is_foreign
}

/// The endpoint that clients use, which links lead back to; AWS's own where a service subscribes.
fn base_url(cx: &Cx<'_>) -> String {
    match cx.host {
        "" => format!("https://sns.{}.amazonaws.com", cx.region),
        host => format!("http://{host}"),
    }
}

/// Asks the endpoint's owner to confirm a subscription, or offers to restore it.
fn invite(world: &mut World, at: &SubscriptionPlace, kind: fn(Invitation) -> Kind) {
    let until = world.now + TOKEN_LIFETIME;
    let token = make_token(world, at);
    let (id, now) = (world.ids.uuid_v5().to_string(), world.now);
    let Some(topic) = at.topic.find_mut(world) else { return };
    let version = topic.settings.signature_version.unwrap_or_default();
    let Some(subscription) = topic.subscriptions.get_mut(&at.id) else { return };
    subscription.ticket = Some(Ticket { token: token.clone(), until });
    let topic_arn = at.topic.arn();
    let url = format!("{}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}", subscription.base_url);
    let kind = kind(Invitation { token, url });
    let text = match kind {
        Kind::UnsubscribeConfirmation(_) => format!(
            "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, \
             visit the SubscribeURL included in this message.",
            at.arn()
        ),
        _ => format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the \
             SubscribeURL included in this message."
        ),
    };
    let mut message = Message::new(kind, id, topic_arn, text, now);
    message.signature_version = version;
    subscription.pending.add(message.into(), now);
    delivery::schedule(world, at);
    world.jobs.at(until, Job::SnsExpiry(at.clone()));
}

/// A token tells which subscription it is for; random bytes make it a secret.
fn make_token(world: &mut World, at: &SubscriptionPlace) -> String {
    let secret: [u8; 16] = world.ids.bytes();
    format!("{TOKEN_PREFIX}{}{}", hex(&secret), hex(at.arn().as_bytes()))
}

/// The subscription that a token was made for.
///
/// # Errors
/// Texts that are no tokens.
fn read_token(token: &str) -> Result<SubscriptionPlace, Fault> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(faults::malformed_token());
    }
    let arn = token.strip_prefix(TOKEN_PREFIX).and_then(|rest| rest.get(32..)).and_then(unhex);
    arn.and_then(|arn| SubscriptionPlace::parse(&arn)).ok_or_else(faults::token)
}

fn unhex(digits: &str) -> Option<String> {
    let pairs = (0..digits.len()).step_by(2).map(|at| digits.get(at..at + 2));
    let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

/// A token confirms as often as it is used, until its time is up. Links are not signed, and then leave no record
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-logging-using-cloudtrail.html>).
fn confirm(cx: &mut Cx, input: ConfirmSubscription) -> Result<Subscribed, Fault> {
    let signed = is_signed(cx);
    cx.note.unrecorded = !signed;
    let guarded = input.guarded.as_deref() == Some("true");
    if guarded && !signed {
        return Err(faults::needs_signature());
    }
    let at = read_token(&input.token)?;
    let now = cx.world.now;
    let ticket = at.find(cx.world).and_then(|subscription| subscription.ticket.as_ref());
    if !ticket.is_some_and(|ticket| ticket.token == input.token && now < ticket.until) {
        return Err(faults::token());
    }
    if at.topic.arn() != input.topic || (signed && at.topic.region != cx.region) {
        return Err(faults::topic_of_token());
    }
    let Some(topic) = at.topic.find_mut(cx.world) else { return Err(faults::token()) };
    if let Some(subscription) = topic.subscriptions.get_mut(&at.id) {
        if subscription.state != State::Confirmed {
            subscription.authenticated = signed;
        }
        subscription.state = State::Confirmed;
        subscription.guarded |= guarded;
        let endpoint = (subscription.protocol, subscription.endpoint.clone());
        topic.endpoints.entry(endpoint).or_insert_with(|| at.id.clone());
    }
    Ok(Subscribed { arn: at.arn() })
}

/// Ending a subscription that is not there succeeds. Who is not its owner may regret it: its endpoint is told how.
fn unsubscribe(cx: &mut Cx, input: Unsubscribe) -> Result<(), Fault> {
    let signed = is_signed(cx);
    cx.note.unrecorded = !signed;
    let at = parse(&input.arn)?;
    if signed && at.topic.region != cx.region {
        return Err(faults::invalid("SubscriptionArn"));
    }
    let Some(subscription) = at.find(cx.world).filter(|subscription| subscription.state != State::Deleted) else {
        return Ok(());
    };
    let (owner, guarded, asks) =
        (subscription.owner.clone(), subscription.guarded, subscription.protocol.asks_for_confirmation());
    let is_pending = subscription.state == State::Pending;
    if !signed && guarded {
        return Err(faults::needs_signature());
    }
    if signed {
        check_ownership(cx, &at, &owner, "SNS:Unsubscribe")?;
    }
    let by_owner = signed && cx.account == owner;
    if by_owner || !asks || is_pending {
        remove(cx.world, &at);
    } else {
        deactivate(cx.world, &at);
    }
    Ok(())
}

/// Owners of subscriptions and of topics may look at and change subscriptions, nobody else.
pub(super) fn check_ownership(
    cx: &mut Cx<'_>,
    at: &SubscriptionPlace,
    owner: &AccountId,
    action: &str,
) -> Result<(), Fault> {
    if at.topic.account != cx.account {
        cx.note.owner = Some(at.topic.account.clone());
    }
    if cx.account == *owner || cx.account == at.topic.account {
        return Ok(());
    }
    let caller = cx.caller.arn().unwrap_or_else(|| "anonymous".to_owned());
    Err(faults::not_authorized(&caller, action, &at.arn()))
}

/// Takes a subscription away, with what waits for it.
fn remove(world: &mut World, at: &SubscriptionPlace) {
    let Some(topic) = at.topic.find_mut(world) else { return };
    let Some(subscription) = topic.subscriptions.remove(&at.id) else { return };
    forget_endpoint(topic, &subscription, &at.id);
    world.regional(&subscription.owner, at.topic.region).sns.subscribed.remove(at);
}

/// Ends a subscription, and tells its endpoint how to restore it.
fn deactivate(world: &mut World, at: &SubscriptionPlace) {
    let Some(topic) = at.topic.find_mut(world) else { return };
    let Some(mut subscription) = topic.subscriptions.remove(&at.id) else { return };
    forget_endpoint(topic, &subscription, &at.id);
    subscription.state = State::Deleted;
    subscription.pending = Pending::default();
    topic.subscriptions.insert(at.id.clone(), subscription);
    invite(world, at, Kind::UnsubscribeConfirmation);
}

/// The endpoint can be subscribed anew.
fn forget_endpoint(topic: &mut topics::Topic, subscription: &Subscription, id: &str) {
    let key = (subscription.protocol, subscription.endpoint.clone());
    if topic.endpoints.get(&key).is_some_and(|known| known == id) {
        topic.endpoints.remove(&key);
    }
}

/// Forgets a subscription that was not confirmed in time, or that nobody wants back.
pub fn expire(world: &mut World, at: &SubscriptionPlace) {
    let now = world.now;
    let is_over = at.find(world).is_some_and(|subscription| {
        let is_late = subscription.ticket.as_ref().is_none_or(|ticket| ticket.until <= now);
        subscription.state != State::Confirmed && is_late
    });
    if is_over {
        remove(world, at);
    }
}

fn list(cx: &mut Cx, input: ListSubscriptions) -> Result<Subscriptions, Fault> {
    let (account, region) = (cx.account.clone(), cx.region);
    let mut places: Vec<_> = cx.world.regional(&account, region).sns.subscribed.iter().cloned().collect();
    places.sort_unstable_by_key(SubscriptionPlace::arn);
    lines(cx.world, places, input.token.as_deref())
}

fn list_by_topic(cx: &mut Cx, input: ListSubscriptionsByTopic) -> Result<Subscriptions, Fault> {
    let place = topics::find(cx, &input.topic, "SNS:ListSubscriptionsByTopic")?;
    let topic = place.find(cx.world).ok_or_else(faults::no_topic)?;
    let places = topic.subscriptions.keys().map(|id| SubscriptionPlace { topic: place.clone(), id: id.clone() });
    let places = places.collect();
    lines(cx.world, places, input.token.as_deref())
}

fn lines(world: &World, places: Vec<SubscriptionPlace>, token: Option<&str>) -> Result<Subscriptions, Fault> {
    let named = places.into_iter().map(|place| (place.arn(), place));
    let (named, token) = page(named, |(arn, _)| arn, token)?;
    let subscriptions = named.into_iter().filter_map(|(arn, place)| {
        let subscription = place.find(world)?;
        Some(Line {
            arn: match subscription.state {
                State::Confirmed => arn,
                State::Pending => "PendingConfirmation".to_owned(),
                State::Deleted => "Deleted".to_owned(),
            },
            owner: subscription.owner.to_string(),
            protocol: subscription.protocol.as_str().to_owned(),
            endpoint: subscription.endpoint.clone(),
            topic: place.topic.arn(),
        })
    });
    Ok(Subscriptions { subscriptions: subscriptions.collect(), token })
}

/// The place that an ARN names.
pub(super) fn parse(arn: &str) -> Result<SubscriptionPlace, Fault> {
    let elements = arn.split(':').count();
    if arn.is_empty() {
        return Err(faults::no_value("SubscriptionArn"));
    }
    if elements < 6 {
        return Err(faults::too_few_elements("SubscriptionArn", elements));
    }
    let is_id = |place: &SubscriptionPlace| uuid::Uuid::parse_str(&place.id).is_ok();
    SubscriptionPlace::parse(arn).filter(is_id).ok_or_else(faults::subscription_id)
}
