//! Publishing: one message or ten, to a topic or to a phone.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::op;
use crate::record;
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::{Cx, Resource};
use crate::world::op::Op;

use super::attributes::Settings;
use super::delivery;
use super::fifo::{Order, Published};
use super::filter::{Body, Filter};
use super::message::{Attribute, Kind, Message};
use super::protocol::is_phone_number;
use super::subscriptions::State;
use super::{SubscriptionPlace, TOPIC, TopicPlace, faults, letters, metrics, topics};

/// The operations that publish.
pub const OPS: &[Op] = &[
    op!(Write "Publish" publish).data().resources(TOPIC),
    op!(Write "PublishBatch" publish_batch).data().resources(TOPIC),
];

/// Entries of a batch (<https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>).
const ENTRIES_MAX: usize = 10;
/// Characters of an entry's id.
const ENTRY_ID_MAX: usize = 80;
/// Characters of a subject are fewer.
const SUBJECT_LIMIT: usize = 100;
/// Characters of a text message, all its parts together.
const SMS_MAX: usize = 1600;

record! {
    struct PublishInput {
        topic: Option<String> = "TopicArn",
        target: Option<String> = "TargetArn",
        phone: Option<String> = "PhoneNumber",
    }
    /// What is said, alone or as an entry of a batch.
    struct Said {
        message: String = "Message",
        subject: Option<String> = "Subject",
        structure: Option<String> = "MessageStructure",
        attributes: Option<Value> = "MessageAttributes",
        deduplication: Option<String> = "MessageDeduplicationId",
        group: Option<String> = "MessageGroupId",
    }
    struct PublishAnswer { id: String = "MessageId", sequence: Option<String> = "SequenceNumber" }

    struct PublishBatch { topic: String = "TopicArn", entries: Vec<(EntryId, Said)> = "PublishBatchRequestEntries" }
    struct EntryId { id: String = "Id" }
    struct BatchAnswer { successful: Vec<Success> = "Successful", failed: Vec<Failure> = "Failed" }
    struct Success { id: String = "Id", message: String = "MessageId", sequence: Option<String> = "SequenceNumber" }
    struct Failure { id: String = "Id", code: String = "Code", sentence: String = "Message", sender: bool = "SenderFault" }
}

/// A message as it was said, checked: one text for each protocol that has its own, and one for all others.
#[derive(Clone, Debug)]
struct Draft {
    subject: Option<String>,
    text: String,
    special: Vec<(String, String)>,
    attributes: Vec<(String, Attribute)>,
    order: Option<Order>,
    bytes: usize,
}

fn publish(cx: &mut Cx, (to, said): (PublishInput, Said)) -> Result<PublishAnswer, Fault> {
    if let (Some(number), None, None) = (&to.phone, &to.topic, &to.target) {
        return publish_to_phone(cx, number, said);
    }
    let arn = to.topic.or(to.target.clone()).ok_or_else(faults::no_target)?;
    if to.target.is_some() && arn.contains(":endpoint/") {
        return Err(faults::no_endpoint());
    }
    let place = find(cx, &arn)?;
    let topic = place.find(cx.world).ok_or_else(faults::no_topic)?;
    let draft = Draft::checked(&place, &topic.settings, said)?;
    if draft.bytes > topic.settings.message_bytes() {
        return Err(faults::message_too_long());
    }
    check_room(cx.world, &place)?;
    let published = send(cx.world, &place, draft);
    let sequence = Some(published.sequence_number).filter(|number| !number.is_empty());
    Ok(PublishAnswer { id: published.message_id, sequence })
}

/// The topic to publish to, which data events name.
fn find(cx: &mut Cx<'_>, arn: &str) -> Result<TopicPlace, Fault> {
    let place = topics::find(cx, arn, "SNS:Publish")?;
    cx.note.resources.push(Resource {
        account: Some(place.account.clone()),
        kind: "AWS::SNS::Topic",
        arn: place.arn(),
        is_prefix: false,
    });
    Ok(place)
}

fn publish_to_phone(cx: &mut Cx<'_>, number: &str, said: Said) -> Result<PublishAnswer, Fault> {
    if !is_phone_number(number) {
        return Err(faults::phone_number(number));
    }
    let attributes = attributes(said.attributes.as_ref())?;
    let text = match said.structure.is_some() {
        true => structured(&said)?.0,
        false => said.message,
    };
    if text.is_empty() {
        return Err(faults::empty_message());
    }
    if text.chars().count() > SMS_MAX {
        return Err(faults::message_too_long());
    }
    letters::text(cx.world, number, &text, &attributes);
    Ok(PublishAnswer { id: cx.world.ids.uuid_v5().to_string(), sequence: None })
}

/// A batch that has a flaw of its own is refused whole; so is one with an entry that cannot be published.
fn publish_batch(cx: &mut Cx, input: PublishBatch) -> Result<BatchAnswer, Fault> {
    let place = find(cx, &input.topic)?;
    check_entries(&input.entries)?;
    let topic = place.find(cx.world).ok_or_else(faults::no_topic)?;
    let limit = topic.settings.message_bytes();
    let mut drafts = Vec::new();
    for (EntryId { id }, said) in input.entries {
        drafts.push((id, Draft::checked(&place, &topic.settings, said)?));
    }
    if drafts.iter().map(|(_, draft)| draft.bytes).sum::<usize>() > limit {
        return Err(faults::long_batch());
    }
    let mut answer = BatchAnswer::default();
    for (id, draft) in drafts {
        match check_room(cx.world, &place) {
            Ok(()) => {
                let published = send(cx.world, &place, draft);
                let sequence = Some(published.sequence_number).filter(|number| !number.is_empty());
                answer.successful.push(Success { id, message: published.message_id, sequence });
            }
            Err(fault) => {
                let code = fault.code.trim_end_matches("Exception").to_owned();
                answer.failed.push(Failure { id, code, sentence: fault.message, sender: false });
            }
        }
    }
    Ok(answer)
}

fn check_entries(entries: &[(EntryId, Said)]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Err(faults::empty_batch());
    }
    if entries.len() > ENTRIES_MAX {
        return Err(faults::large_batch());
    }
    let is_id = |id: &str| {
        let letters = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (1..=ENTRY_ID_MAX).contains(&id.len()) && letters
    };
    if !entries.iter().all(|(EntryId { id }, _)| is_id(id)) {
        return Err(faults::batch_entry_id());
    }
    let mut ids: Vec<&str> = entries.iter().map(|(EntryId { id }, _)| id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) { Err(faults::same_ids()) } else { Ok(()) }
}

impl Draft {
    fn checked(place: &TopicPlace, settings: &Settings, said: Said) -> Result<Draft, Fault> {
        if said.message.is_empty() {
            return Err(faults::empty_message());
        }
        if said.subject.as_ref().is_some_and(|subject| !is_subject(subject)) {
            return Err(faults::invalid("Subject"));
        }
        let attributes = attributes(said.attributes.as_ref())?;
        let order =
            Order::checked(place.is_fifo(), settings, said.group.clone(), said.deduplication.clone(), &said.message)?;
        let bytes = said.message.len()
            + attributes.iter().map(|(name, attribute)| name.len() + attribute.bytes()).sum::<usize>();
        let (text, special) = match said.structure.is_some() {
            true => structured(&said)?,
            false => (said.message, Vec::new()),
        };
        Ok(Draft { subject: said.subject, text, special, attributes, order, bytes })
    }

    /// The texts: that for all protocols, and those for some.
    fn bodies(&self) -> Vec<(&str, Body<'_>)> {
        let special = self.special.iter().map(|(protocol, text)| (protocol.as_str(), Body::new(text)));
        std::iter::once(("default", Body::new(&self.text))).chain(special).collect()
    }
}

/// Fewer than a hundred characters, none of which breaks a line or controls anything.
fn is_subject(subject: &str) -> bool {
    let length = subject.chars().count();
    (1..SUBJECT_LIMIT).contains(&length) && !subject.chars().any(char::is_control)
}

fn attributes(given: Option<&Value>) -> Result<Vec<(String, Attribute)>, Fault> {
    let given = given.and_then(Value::as_map).into_iter().flat_map(Map::iter);
    given.map(|(name, value)| Ok((name.to_owned(), Attribute::read(name, value)?))).collect()
}

/// The text for all protocols, and those for some, of a message that is a JSON object.
fn structured(said: &Said) -> Result<(String, Vec<(String, String)>), Fault> {
    if said.structure.as_deref() != Some("json") {
        return Err(faults::message_structure());
    }
    let Ok(Json::Object(texts)) = serde_json::from_str(&said.message) else {
        return Err(faults::unstructured_message());
    };
    let text = texts.get("default").and_then(Json::as_str).ok_or_else(faults::no_default_message)?.to_owned();
    // What is no text is as good as not there.
    let special = texts.into_iter().filter_map(|(protocol, text)| Some((protocol, text.as_str()?.to_owned())));
    Ok((text, special.collect()))
}

/// Nothing that was accepted is lost: what could not be kept is not accepted.
fn check_room(world: &World, place: &TopicPlace) -> Result<(), Fault> {
    let subscriptions = place.find(world).into_iter().flat_map(|topic| topic.subscriptions.values());
    let is_full = subscriptions.map(|subscription| &subscription.pending).any(delivery::Pending::is_full);
    if is_full { Err(faults::throttled()) } else { Ok(()) }
}

/// Hands a message to each subscription that wants it, and sees to its delivery. A duplicate goes to nobody.
fn send(world: &mut World, place: &TopicPlace, draft: Draft) -> Published {
    let now = world.now;
    let id = world.ids.uuid_v5().to_string();
    let mut published = Published { message_id: id, sequence_number: String::new() };
    let Some(topic) = place.find_mut(world) else { return published };
    if let (true, Some(order)) = (place.is_fifo(), &draft.order) {
        let scope = topic.settings.throughput_scope.unwrap_or_default();
        if let Some(earlier) = topic.fifo.duplicate(now, order, scope) {
            return earlier;
        }
        published = topic.fifo.publish(now, order, scope, &published.message_id);
    }
    let make = |text: &str| {
        let mut message =
            Message::new(Kind::Notification, published.message_id.clone(), place.arn(), text.to_owned(), now);
        message.subject = draft.subject.clone();
        message.attributes = draft.attributes.clone();
        message.order = draft.order.clone();
        message.sequence_number = Some(published.sequence_number.clone()).filter(|number| !number.is_empty());
        message.signature_version = topic.settings.signature_version.unwrap_or_default();
        Arc::new(message)
    };
    let bodies = draft.bodies();
    let mut made: Vec<Arc<Message>> = Vec::new();
    let (mut wanted, mut filtered_out) = (Vec::new(), Vec::new());
    for (id, subscription) in &mut topic.subscriptions {
        let special = bodies.iter().find(|(protocol, _)| *protocol == subscription.protocol.as_str());
        let Some((_, body)) = special.or(bodies.first()) else { continue };
        let (text, settings) = (body.text, &subscription.settings);
        let passes =
            settings.filter.as_ref().is_none_or(|filter| filter.passes(settings.scope, &draft.attributes, body));
        if subscription.state != State::Confirmed || !passes {
            if subscription.state == State::Confirmed {
                filtered_out.push(Filter::counted_as(settings.scope, &draft.attributes, body));
            }
            continue;
        }
        // Protocols with the same text share the message, and so its signature.
        let message = match made.iter().find(|message| message.text == text) {
            Some(message) => Arc::clone(message),
            None => {
                let message = make(text);
                made.push(Arc::clone(&message));
                message
            }
        };
        subscription.pending.add(message, now);
        wanted.push(id.clone());
    }
    metrics::count(world, place, "NumberOfMessagesPublished", 1);
    metrics::size(world, place, draft.text.len());
    for why in filtered_out {
        metrics::count(world, place, "NumberOfNotificationsFilteredOut", 1);
        metrics::count(world, place, why, 1);
    }
    for id in wanted {
        delivery::schedule(world, &SubscriptionPlace { topic: place.clone(), id });
    }
    published
}
