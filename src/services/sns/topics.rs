//! Topics: making, finding, listing and deleting them.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::access::{self, admits};
use crate::world::call::Cx;
use crate::world::op::Op;

use super::attributes::{self, Settings};
use super::fifo::Fifo;
use super::protocol::Protocol;
use super::subscriptions::{self, State, Subscription};
use super::tags::{self, Tag};
use super::{TOPIC, TopicPlace, faults};

/// The operations on topics.
pub const OPS: &[Op] = &[
    op!(Write "CreateTopic" create).resources(TOPIC),
    op!(Write "DeleteTopic" delete).resources(TOPIC),
    op!(Read "GetTopicAttributes" get).resources(TOPIC),
    op!(Read "ListTopics" list),
    op!(Write "SetTopicAttributes" set).resources(TOPIC),
];

/// Topics of an account in a Region (<https://docs.aws.amazon.com/general/latest/gr/sns.html>).
const TOPICS_MAX: usize = 100_000;
/// Topics and subscriptions on a page.
pub const PAGE: usize = 100;

/// A topic.
#[derive(Debug)]
pub struct Topic {
    pub settings: Settings,
    pub tags: BTreeMap<String, String>,
    /// By UUID.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// Which subscription an endpoint has.
    pub endpoints: BTreeMap<(Protocol, String), String>,
    /// What FIFO topics remember.
    pub fifo: Fifo,
}

record! {
    struct CreateTopic {
        name: String = "Name",
        attributes: BTreeMap<String, String> = "Attributes",
        tags: Vec<Tag> = "Tags",
        data_protection: Option<Value> = "DataProtectionPolicy",
    }
    pub struct TopicArn { arn: String = "TopicArn" }
    struct Attributes { attributes: BTreeMap<String, String> = "Attributes" }
    struct SetTopicAttributes {
        arn: String = "TopicArn",
        name: String = "AttributeName",
        value: Option<String> = "AttributeValue",
    }
    struct ListTopics { token: Option<String> = "NextToken" }
    struct Topics { topics: Vec<TopicArn> = "Topics", token: Option<String> = "NextToken" }
}

/// Making a topic that is there already answers its ARN, as long as nothing about it is to be otherwise.
fn create(cx: &mut Cx, input: CreateTopic) -> Result<TopicArn, Fault> {
    if input.data_protection.is_some() {
        return Err(faults::not_built("DataProtectionPolicy"));
    }
    let is_fifo = attributes::wants_fifo(&input.attributes)?;
    check_name(&input.name, is_fifo)?;
    let tags = tags::checked(input.tags)?;
    let place = TopicPlace { account: cx.account.clone(), region: cx.region, name: input.name };
    let mut settings = Settings::new(&place);
    for (name, value) in &input.attributes {
        settings.set_new(&place, name, value)?;
    }
    if let Some(topic) = place.find(cx.world) {
        return check_same(&place, topic, &settings, &input.attributes, &tags).map(|()| TopicArn { arn: place.arn() });
    }
    let topics = &mut cx.world.regional(&place.account, place.region).sns.topics;
    if topics.len() >= TOPICS_MAX {
        return Err(faults::too_many_topics());
    }
    let (subscriptions, endpoints) = Default::default();
    let topic = Topic { settings, tags, subscriptions, endpoints, fifo: Fifo::default() };
    topics.insert(place.name.clone(), topic);
    Ok(TopicArn { arn: place.arn() })
}

/// Up to 256 letters, digits, hyphens and underscores; names of FIFO topics, and no others, end with `.fifo`.
fn check_name(name: &str, is_fifo: bool) -> Result<(), Fault> {
    let stem = if is_fifo { name.strip_suffix(".fifo").ok_or_else(faults::fifo_topic_name)? } else { name };
    let fits = (1..=256).contains(&name.len())
        && !stem.is_empty()
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    match (fits, is_fifo) {
        (true, _) => Ok(()),
        (false, true) => Err(faults::fifo_topic_name()),
        (false, false) => Err(faults::topic_name()),
    }
}

fn check_same(
    place: &TopicPlace,
    topic: &Topic,
    wanted: &Settings,
    given: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    if !tags.is_empty() && *tags != topic.tags {
        return Err(faults::other_tags());
    }
    let (wanted, present) = (wanted.shown(place), topic.settings.shown(place));
    let is_same = |name: &String| wanted.get(name.as_str()) == present.get(name.as_str());
    if given.keys().all(is_same) { Ok(()) } else { Err(faults::other_attributes()) }
}

/// Deleting a topic that is not there succeeds.
fn delete(cx: &mut Cx, input: TopicArn) -> Result<(), Fault> {
    let place = parse(cx, &input.arn)?;
    if place.find(cx.world).is_none() {
        return Ok(());
    }
    allowed(cx, &place, "SNS:DeleteTopic")?;
    remove(cx.world, &place);
    Ok(())
}

/// Takes a topic and its subscriptions away.
fn remove(world: &mut World, place: &TopicPlace) {
    let topic = world.regional(&place.account, place.region).sns.topics.remove(&place.name);
    for (id, subscription) in topic.into_iter().flat_map(|topic| topic.subscriptions) {
        let at = super::SubscriptionPlace { topic: place.clone(), id };
        world.regional(&subscription.owner, place.region).sns.subscribed.remove(&at);
    }
}

fn get(cx: &mut Cx, input: TopicArn) -> Result<Attributes, Fault> {
    let place = find(cx, &input.arn, "SNS:GetTopicAttributes")?;
    let topic = place.find(cx.world).ok_or_else(faults::no_topic)?;
    let mut attributes: BTreeMap<String, String> =
        topic.settings.shown(&place).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let count = |state: State| topic.subscriptions.values().filter(|subscription| subscription.state == state).count();
    attributes.insert("SubscriptionsConfirmed".into(), count(State::Confirmed).to_string());
    attributes.insert("SubscriptionsPending".into(), count(State::Pending).to_string());
    attributes.insert("SubscriptionsDeleted".into(), count(State::Deleted).to_string());
    Ok(Attributes { attributes })
}

fn set(cx: &mut Cx, input: SetTopicAttributes) -> Result<(), Fault> {
    let place = find(cx, &input.arn, "SNS:SetTopicAttributes")?;
    let topic = place.find_mut(cx.world).ok_or_else(faults::no_topic)?;
    let mut settings = topic.settings.clone();
    settings.set(&place, &input.name, &input.value.unwrap_or_default())?;
    if settings.message_bytes() > topic.settings.message_bytes() && !subscriptions::take_large_messages(topic) {
        return Err(faults::large_messages());
    }
    topic.settings = settings;
    Ok(())
}

fn list(cx: &mut Cx, input: ListTopics) -> Result<Topics, Fault> {
    let (account, region) = (cx.account.clone(), cx.region);
    let topics = &cx.world.regional(&account, region).sns.topics;
    let arns = topics.keys().map(|name| TopicPlace { account: account.clone(), region, name: name.clone() }.arn());
    let (arns, token) = page(arns, String::as_str, input.token.as_deref())?;
    Ok(Topics { topics: arns.into_iter().map(|arn| TopicArn { arn }).collect(), token })
}

/// A page of sorted items: those after the one that the token names.
pub(super) fn page<T>(
    items: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &str,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let after = token.map(|token| unwrap(token).ok_or_else(faults::next_token)).transpose()?;
    let mut rest = items.filter(|item| after.as_ref().is_none_or(|after| name(item) > after.as_str()));
    let page: Vec<T> = rest.by_ref().take(PAGE).collect();
    let token = rest.next().and_then(|_| page.last()).map(|last| wrap(name(last)));
    Ok((page, token))
}

/// Tokens are opaque: the name after which to go on, in Base64.
fn wrap(name: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(name)
}

fn unwrap(token: &str) -> Option<String> {
    use base64::Engine;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(token).ok()?).ok()
}

/// The place that an ARN names, in the Region called.
///
/// # Errors
/// Texts that are no ARNs, and ARNs of other Regions or services.
pub(super) fn parse(cx: &Cx<'_>, arn: &str) -> Result<TopicPlace, Fault> {
    let elements = arn.split(':').count();
    if elements < 6 {
        return Err(faults::too_few_elements("TopicArn", elements));
    }
    let place = TopicPlace::parse(arn).ok_or_else(|| faults::invalid("TopicArn"))?;
    if place.region != cx.region {
        return Err(faults::invalid("TopicArn"));
    }
    Ok(place)
}

/// The topic of an ARN, if the caller may do something with it.
pub(super) fn find(cx: &mut Cx<'_>, arn: &str, action: &str) -> Result<TopicPlace, Fault> {
    let place = parse(cx, arn)?;
    if place.find(cx.world).is_none() {
        return Err(faults::no_topic());
    }
    allowed(cx, &place, action)?;
    Ok(place)
}

/// Whether the caller may do something with a topic that exists. The owner's log hears of callers of other accounts.
pub(super) fn allowed(cx: &mut Cx<'_>, place: &TopicPlace, action: &str) -> Result<(), Fault> {
    allowed_with(cx, place, action, &[])
}

/// The same, with condition keys of SNS (`sns:Endpoint`, `sns:Protocol`).
pub(super) fn allowed_with(
    cx: &mut Cx<'_>,
    place: &TopicPlace,
    action: &str,
    context: &[(&str, &str)],
) -> Result<(), Fault> {
    let arn = place.arn();
    let policy = place.find(cx.world).map(|topic| topic.settings.policy.clone());
    let policy = policy.as_ref().map(|policy| &*policy.parsed);
    let is_admitted = admits(cx, &access::Resource { arn: &arn, owner: &place.account, policy }, action, context);
    if place.account != cx.account {
        cx.note.owner = Some(place.account.clone());
    }
    if is_admitted {
        return Ok(());
    }
    let caller = cx.caller.arn().unwrap_or_else(|| "anonymous".to_owned());
    Err(faults::not_authorized(&caller, action, &arn))
}
