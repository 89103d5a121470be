//! Queues: made, found, changed, emptied, deleted.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::scope::AccountId;
use crate::world::time::Time;
use crate::{op, record};

use super::attributes::{self, Attributes, Texts};
use super::backlog::Backlog;
use super::naming::{self, Place, Target};
use super::{faults, send, tags};

/// The operations on queues.
pub const OPS: &[Op] = &[
    op!(Write "CreateQueue" create_queue).resources(&[("AWS::SQS::Queue", "QueueUrl")]),
    op!(Write "DeleteQueue" delete_queue).resources(QUEUE),
    op!(Read "GetQueueAttributes" get_queue_attributes).data().resources(QUEUE),
    op!(Read "GetQueueUrl" get_queue_url).data(),
    op!(Read "ListQueues" list_queues).data(),
    op!(Write "PurgeQueue" purge_queue).resources(QUEUE),
    op!(Write "SetQueueAttributes" set_queue_attributes).resources(QUEUE),
];

/// What records call the queue of an operation.
pub const QUEUE: &[(&str, &str)] = &[("AWS::SQS::Queue", "QueueUrl")];

/// How long the name of a deleted queue cannot be used, and how long after one purge the next may come.
const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// Names on a page.
const PAGE_MAX: i64 = 1000;

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    pub created: Time,
    modified: Time,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
    pub backlog: Backlog,
    purged: Option<Time>,
    /// Messages that were ever sent to a FIFO queue: they are numbered.
    pub sent: u128,
    /// Until when somebody waits for messages.
    pub polled_until: Option<Time>,
    /// When it was last used.
    pub used: Time,
}

record! {
    struct CreateQueue { name: String = "QueueName", attributes: Texts = "Attributes", tags: BTreeMap<String, String> = "tags" }

    struct Url { url: String = "QueueUrl" }

    struct GetQueueUrl { name: String = "QueueName", owner: Option<String> = "QueueOwnerAWSAccountId" }

    struct AttributeNames { names: Vec<String> = "AttributeNames" }

    struct QueueAttributes { attributes: Texts = "Attributes" }

    struct ShownAttributes { attributes: Option<Texts> = "Attributes" }

    struct ListQueues { prefix: Option<String> = "QueueNamePrefix" }

    struct ListedQueues { urls: Option<Vec<String>> = "QueueUrls", token: Option<String> = "NextToken" }

    /// Which page of a listing is wanted.
    pub struct PageRequest { token: Option<String> = "NextToken", limit: Option<i64> = "MaxResults" }
}

/// A page of names.
pub struct Page {
    pub names: Vec<String>,
    pub token: Option<String>,
}

impl PageRequest {
    /// Takes the wanted page from names in their order. Only who asks for pages is told where the next begins.
    ///
    /// # Errors
    /// `InvalidParameterValue`
    pub fn cut(&self, names: Vec<String>) -> Result<Page, Fault> {
        let limit = self.limit.unwrap_or(PAGE_MAX);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(faults::invalid("MaxResults", &limit.to_string(), "MaxResults must be between 1 and 1000."));
        }
        let read = |token| pages::key(token).ok_or_else(faults::invalid_token);
        let after = self.token.as_deref().map(read).transpose()?;
        let keyed = names.into_iter().map(|name| (name.clone(), name));
        let limit = usize::try_from(limit).unwrap_or_default();
        let (names, last) = pages::cut(after.as_deref(), limit, Order::Ascending, keyed);
        let token = last.filter(|_| self.limit.is_some()).map(pages::token);
        Ok(Page { names, token })
    }
}

impl Queue {
    /// Lets time pass for its messages.
    pub fn advance(&mut self, now: Time) {
        self.backlog.advance(now, self.attributes.retention());
    }

    /// A number for the next message of a FIFO queue, greater than those before. They have 20 digits and grow by 256, as
    /// AWS's do.
    pub fn next_sequence(&mut self) -> u128 {
        const START: u128 = 18_870_000_000_000_000_000;
        const STEP: u128 = 256;
        self.sent += 1;
        START + (self.sent - 1) * STEP
    }

    /// All attributes, those that are counted too.
    fn texts(&mut self, now: Time, arn: String) -> Texts {
        self.advance(now);
        let counts = self.backlog.counts();
        let mut texts = self.attributes.texts();
        for (name, value) in [
            ("QueueArn", arn),
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("CreatedTimestamp", self.created.timestamp().to_string()),
            ("LastModifiedTimestamp", self.modified.timestamp().to_string()),
        ] {
            texts.insert(name.to_owned(), value);
        }
        texts
    }
}

fn create_queue(cx: &mut Cx, input: CreateQueue) -> Result<Url, Fault> {
    naming::check_signed(cx)?;
    let place = Place { account: cx.account.clone(), region: cx.region, queue: input.name };
    let wants_fifo = input.attributes.get("FifoQueue").is_some_and(|flag| flag == "true");
    if wants_fifo && !place.is_fifo() {
        return Err(faults::invalid_fifo_name());
    }
    if !naming::is_name(&place.queue) || place.is_fifo() != wants_fifo {
        return Err(faults::invalid_name());
    }
    let mut attributes = Attributes::new(wants_fifo);
    attributes.set(&input.attributes)?;
    tags::check(&place.queue, &input.tags)?;
    if let Some(queue) = place.find(cx.world) {
        check_same(&queue.attributes, &attributes, &input.attributes)?;
        return Ok(Url { url: place.url(cx.host) });
    }
    if let Some(redrive) = &attributes.redrive {
        redrive.check(cx.world, &place)?;
    }
    let now = cx.world.now;
    let store = &mut cx.world.regional(&place.account, place.region).sqs;
    store.deleted.retain(|_, deleted| *deleted + PAUSE > now);
    if store.deleted.contains_key(&place.queue) {
        return Err(faults::deleted_recently(PAUSE.num_seconds()));
    }
    let queue = Queue {
        created: now,
        modified: now,
        attributes,
        tags: input.tags,
        backlog: Backlog::new(wants_fifo),
        purged: None,
        sent: 0,
        polled_until: None,
        used: now,
    };
    store.queues.insert(place.queue.clone(), queue);
    Ok(Url { url: place.url(cx.host) })
}

/// Making a queue again is allowed as long as nothing about it is to be different.
fn check_same(old: &Attributes, new: &Attributes, sent: &Texts) -> Result<(), Fault> {
    let (old, new) = (old.texts(), new.texts());
    match sent.keys().find(|name| old.get(*name) != new.get(*name)) {
        Some(name) => Err(faults::queue_exists(name)),
        None => Ok(()),
    }
}

fn delete_queue(cx: &mut Cx, target: Target) -> Result<(), Fault> {
    let place = target.enter_own(cx)?;
    let now = cx.world.now;
    let store = &mut cx.world.regional(&place.account, place.region).sqs;
    store.queues.remove(&place.queue);
    store.deleted.insert(place.queue.clone(), now);
    // Who waits for its messages is told that it is gone.
    cx.world.waits.wake_all(&place.arn());
    Ok(())
}

fn get_queue_url(cx: &mut Cx, input: GetQueueUrl) -> Result<Url, Fault> {
    let owner = input.owner.map_or(Some(cx.account.clone()), |owner| AccountId::parse(&owner));
    let account = owner.ok_or_else(faults::no_such_queue_or_no_access)?;
    let place = Place { account, region: cx.region, queue: input.name };
    // Of others' queues nobody learns more than that they are not to be had.
    let is_hidden = place.account != cx.account && (place.find(cx.world).is_none() || !place.admits(cx));
    if is_hidden {
        return Err(faults::no_such_queue_or_no_access());
    }
    place.enter(cx)?;
    Ok(Url { url: place.url(cx.host) })
}

fn list_queues(cx: &mut Cx, (input, page): (ListQueues, PageRequest)) -> Result<ListedQueues, Fault> {
    naming::check_signed(cx)?;
    let (account, region) = (cx.account.clone(), cx.region);
    let prefix = input.prefix.unwrap_or_default();
    let queues = &cx.world.regional(&account, region).sqs.queues;
    let names = queues.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
    let Page { names, token } = page.cut(names)?;
    let url = |queue| Place { account: account.clone(), region, queue }.url(cx.host);
    let urls: Vec<_> = names.into_iter().map(url).collect();
    Ok(ListedQueues { urls: Some(urls).filter(|urls| !urls.is_empty()), token })
}

fn get_queue_attributes(cx: &mut Cx, (target, input): (Target, AttributeNames)) -> Result<ShownAttributes, Fault> {
    let place = target.enter(cx)?;
    let now = cx.world.now;
    let mut texts = place.queue(cx.world)?.texts(now, place.arn());
    if let Some(name) = input.names.iter().find(|name| !attributes::is_known(name)) {
        return Err(faults::unknown_attribute(name));
    }
    if !input.names.iter().any(|name| name == "All") {
        texts.retain(|name, _| input.names.contains(name));
    }
    Ok(ShownAttributes { attributes: Some(texts).filter(|texts| !texts.is_empty()) })
}

fn set_queue_attributes(cx: &mut Cx, (target, input): (Target, QueueAttributes)) -> Result<(), Fault> {
    let place = target.enter_own(cx)?;
    let now = cx.world.now;
    let mut attributes = place.queue(cx.world)?.attributes.clone();
    attributes.set(&input.attributes)?;
    if let Some(redrive) = &attributes.redrive {
        redrive.check(cx.world, &place)?;
    }
    let queue = place.queue(cx.world)?;
    queue.advance(now);
    // FIFO queues apply a new delay to what they hold, too:
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
    if place.is_fifo() && attributes.delay != queue.attributes.delay {
        queue.backlog.delay_anew(now, TimeDelta::seconds(attributes.delay));
    }
    queue.attributes = attributes;
    queue.modified = now;
    send::announce(cx.world, &place);
    Ok(())
}

fn purge_queue(cx: &mut Cx, target: Target) -> Result<(), Fault> {
    let place = target.enter(cx)?;
    let now = cx.world.now;
    let queue = place.queue(cx.world)?;
    if queue.purged.is_some_and(|purged| purged + PAUSE > now) {
        return Err(faults::purge_in_progress(&place.queue, PAUSE.num_seconds()));
    }
    queue.purged = Some(now);
    queue.backlog.clear();
    Ok(())
}

/// Sees to it that who waits for messages of a queue hears of those that become visible meanwhile.
pub fn watch(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(queue) = place.find_mut(world) else { return };
    queue.advance(now);
    let waits = queue.polled_until.is_some_and(|until| until >= now);
    if let Some(due) = queue.backlog.next_visible().filter(|_| waits) {
        world.jobs.at(due, Job::QueueMessages(place.clone()));
    }
}
