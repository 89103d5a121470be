//! Queues: making, finding, listing, purging and deleting them.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::attributes::{Settings, Values};
use super::messages::Messages;
use super::{BY_URL, Place, QUEUE, Queue, address, faults, is_fifo, seconds, tags};

/// The operations on queues.
pub const OPS: &[Op] = &[
    op!(Write "CreateQueue" create).resources(&[(QUEUE, "QueueName")]),
    op!(Write "DeleteQueue" delete).resources(BY_URL),
    op!(Read "GetQueueUrl" get_url).data().resources(&[(QUEUE, "QueueName")]),
    op!(Read "ListDeadLetterSourceQueues" list_sources).data().resources(BY_URL),
    op!(Read "ListQueues" list).data(),
    op!(Write "PurgeQueue" purge).resources(BY_URL),
];

/// Characters of a name, the suffix of FIFO queues included.
const NAME_MAX: usize = 80;
/// URLs on a page.
const PAGE_MAX: i64 = 1000;
/// Seconds before a deleted queue's name can be used again, and between purges.
const PAUSE: i64 = 60;

record! {
    struct CreateQueue {
        name: String = "QueueName",
        values: Values = "Attributes",
        tags: BTreeMap<String, String> = "tags",
    }
    struct QueueName { name: String = "QueueName", owner: Option<String> = "QueueOwnerAWSAccountId" }
    struct QueueUrl { url: String = "QueueUrl" }
    struct ListQueues {
        prefix: Option<String> = "QueueNamePrefix",
        after: Option<String> = "NextToken",
        max: Option<i64> = "MaxResults",
    }
    struct Listed { urls: Option<Vec<String>> = "QueueUrls", next: Option<String> = "NextToken" }
    struct ListSources {
        url: String = "QueueUrl",
        after: Option<String> = "NextToken",
        max: Option<i64> = "MaxResults",
    }
    struct ListedSources { urls: Vec<String> = "queueUrls", next: Option<String> = "NextToken" }
}

/// A second creation with the same attributes answers the queue that is there.
fn create(cx: &mut Cx, input: CreateQueue) -> Result<QueueUrl, Fault> {
    let place = Place { account: cx.account.clone(), region: cx.region, name: input.name };
    let url = address::url(cx.host, &place);
    if cx.caller.principal == Principal::Anonymous {
        return Err(faults::access_denied(None, "CreateQueue", &place.arn(), &url));
    }
    check_name(&place.name, input.values.get("FifoQueue").is_some_and(|value| value == "true"))?;
    tags::check(&place.name, &input.tags)?;
    let names: Vec<String> = input.values.keys().cloned().collect();
    let settings = Settings::new(cx.world, &place, input.values)?;
    if let Some(queue) = place.find(cx.world) {
        if let Some(name) = queue.settings.first_other(&settings, names.iter().map(String::as_str)) {
            return Err(faults::queue_exists(name));
        }
        address::note(cx, &place);
        return Ok(QueueUrl { url });
    }
    let now = cx.world.now;
    let store = &mut cx.world.regional(&place.account, place.region).sqs;
    store.deleted.retain(|_, deleted| *deleted + seconds(PAUSE) > now);
    if store.deleted.contains_key(&place.name) {
        return Err(faults::deleted_recently());
    }
    address::note(cx, &place);
    let seal = u64::from_le_bytes(cx.world.ids.bytes());
    let queue = Queue {
        settings,
        tags: input.tags,
        created: now,
        modified: now,
        purged: None,
        messages: Messages::new(is_fifo(&place.name), seal),
        moves: Vec::new(),
    };
    cx.world.regional(&place.account, place.region).sqs.queues.insert(place.name, queue);
    Ok(QueueUrl { url })
}

fn check_name(name: &str, fifo: bool) -> Result<(), Fault> {
    let stem = name.strip_suffix(".fifo").filter(|_| fifo).unwrap_or(name);
    let is_right =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    match (is_right(stem) && name.len() <= NAME_MAX, fifo) {
        (true, false) => Ok(()),
        (true, true) if is_fifo(name) => Ok(()),
        (_, true) => Err(faults::fifo_queue_name()),
        (false, false) => Err(faults::queue_name()),
    }
}

/// Whoever waits at it is told that it is gone.
fn delete(cx: &mut Cx, input: QueueUrl) -> Result<(), Fault> {
    let place = address::reach_own(cx, &input.url, "DeleteQueue")?;
    let now = cx.world.now;
    let store = &mut cx.world.regional(&place.account, place.region).sqs;
    store.deleted.retain(|_, deleted| *deleted + seconds(PAUSE) > now);
    store.queues.remove(&place.name);
    store.deleted.insert(place.name.clone(), now);
    cx.world.waits.rouse_all(&place);
    Ok(())
}

fn get_url(cx: &mut Cx, input: QueueName) -> Result<QueueUrl, Fault> {
    let owner = input.owner.map_or(Some(cx.account.clone()), |owner| AccountId::parse(&owner));
    let owner = owner.ok_or_else(faults::no_such_queue_or_no_access)?;
    let place = Place { account: owner, region: cx.region, name: input.name };
    let is_there = place.find(cx.world).is_some();
    if place.account == cx.account && !is_there {
        return Err(faults::no_such_queue());
    }
    if !is_there || !address::may(cx, &place, "GetQueueUrl") {
        return Err(faults::no_such_queue_or_no_access());
    }
    address::note(cx, &place);
    Ok(QueueUrl { url: address::url(cx.host, &place) })
}

fn list(cx: &mut Cx, input: ListQueues) -> Result<Listed, Fault> {
    if cx.caller.principal == Principal::Anonymous {
        return Err(faults::access_denied(None, "ListQueues", "", ""));
    }
    let (account, region) = (cx.account.clone(), cx.region);
    let prefix = input.prefix.unwrap_or_default();
    let page = Page::read(input.after, input.max)?;
    let queues = &cx.world.regional(&account, region).sqs.queues;
    let start = page.after.as_deref().map_or(Bound::Included(prefix.as_str()), Bound::Excluded);
    let names = queues.range::<str, _>((start, Bound::Unbounded)).map(|(name, _)| name);
    let names = names.skip_while(|name| **name < prefix).take_while(|name| name.starts_with(&prefix));
    let (names, next) = page.cut(names.cloned());
    let urls: Vec<String> = names
        .into_iter()
        .map(|name| address::url(cx.host, &Place { account: account.clone(), region, name }))
        .collect();
    Ok(Listed { urls: Some(urls).filter(|urls| !urls.is_empty()), next })
}

/// The queues whose dead letters come to a queue.
fn list_sources(cx: &mut Cx, input: ListSources) -> Result<ListedSources, Fault> {
    let place = address::reach(cx, &input.url, "ListDeadLetterSourceQueues")?;
    let page = Page::read(input.after, input.max)?;
    let (account, region) = (place.account.clone(), place.region);
    let queues = &cx.world.regional(&account, region).sqs.queues;
    let sources = queues.iter().filter(|(_, queue)| queue.settings.redrive().is_some_and(|to| to.target == place));
    let names = sources.map(|(name, _)| name).filter(|name| page.after.as_ref().is_none_or(|after| *name > after));
    let (names, next) = page.cut(names.cloned());
    let url = |name| address::url(cx.host, &Place { account: account.clone(), region, name });
    Ok(ListedSources { urls: names.into_iter().map(url).collect(), next })
}

/// A page of names: after which, and how many. Only those who say how many get a token for more.
struct Page {
    after: Option<String>,
    max: Option<i64>,
}

impl Page {
    fn read(token: Option<String>, max: Option<i64>) -> Result<Page, Fault> {
        if let Some(max) = max.filter(|max| !(1..=PAGE_MAX).contains(max)) {
            return Err(faults::max_results(max, PAGE_MAX));
        }
        let after = token.map(|token| {
            let bytes = STANDARD.decode(token).ok();
            bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(faults::next_token)
        });
        Ok(Page { after: after.transpose()?, max })
    }

    fn cut(&self, mut names: impl Iterator<Item = String>) -> (Vec<String>, Option<String>) {
        let size = usize::try_from(self.max.unwrap_or(PAGE_MAX)).unwrap_or_default();
        let page: Vec<String> = names.by_ref().take(size).collect();
        let more = self.max.is_some() && names.next().is_some();
        let next = page.last().filter(|_| more).map(|last| STANDARD.encode(last));
        (page, next)
    }
}

fn purge(cx: &mut Cx, input: QueueUrl) -> Result<(), Fault> {
    let place = address::reach(cx, &input.url, "PurgeQueue")?;
    let now = cx.world.now;
    let queue = place.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    if queue.purged.is_some_and(|purged| purged + seconds(PAUSE) > now) {
        return Err(faults::purge_in_progress(&place.name));
    }
    queue.purged = Some(now);
    queue.messages.clear();
    Ok(())
}
