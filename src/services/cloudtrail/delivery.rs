//! Log files: from pending events to objects in the trail's bucket.

use std::collections::VecDeque;

use chrono::{DurationRound, TimeDelta};
use md5::{Digest, Md5};
use serde::Deserialize;

use crate::wire::{Map, Value};
use crate::world::call::{Call, perform};
use crate::world::gzip::gzip;
use crate::world::jobs::Job;
use crate::world::payload::{Body, Upload};
use crate::world::record::{Event, Position};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Account, Cadence, World};

use super::digest::{self, Chain};
use super::topic::{self, Announcements};
use super::{Trail, log_group};

/// Who calls S3 for a trail.
pub(super) const SELF: &str = "cloudtrail.amazonaws.com";

/// A log file's bounds: events (the largest of 3,872 real files has 622) and bytes before compression. They keep
/// one step short; what is left goes into further files of the same moment.
const FILE_EVENTS: usize = 600;
const FILE_BYTES: usize = 4 << 20;

/// A trail's deliveries in one Region.
#[derive(Clone, Debug, Default)]
pub struct Shipping {
    /// Selected events that are in no delivered file yet, in order.
    pub pending: VecDeque<Position>,
    /// When the next delivery is to be tried; `None` while there is nothing to deliver.
    pub due: Option<Time>,
    /// The last log file: when it was delivered, or why it could not be (S3's error code).
    pub last_delivery: Option<Time>,
    pub last_attempt: Option<Time>,
    pub last_error: Option<String>,
    /// Attempts that failed since the last one that did not.
    failures: u32,
    /// The digests over the log files.
    pub chain: Chain,
    /// What is said of them on the trail's topic.
    pub announcements: Announcements,
}

/// Adds an event to the pending list of each trail that selects it, and sees to a delivery job.
///
/// Deliveries make events themselves (`GetBucketAcl`, `PutObject`). Those do not call for a delivery: they go with
/// the next file, or else one would follow the other for ever.
pub fn enqueue(world: &mut World, event: &Event, at: Position) {
    let due = first_attempt(world);
    let Some(account) = world.accounts.get_mut(&event.recipient_account_id) else { return };
    let mut jobs = Vec::new();
    for trail in account.trails.values_mut().filter(|trail| takes(trail, event)) {
        let own = event.user_identity.invoked_by == Some(SELF);
        if own && !trail.recursive {
            continue;
        }
        let Some(region) = region_of(trail, event).filter(|_| trail.selectors.select(event)) else { continue };
        let shipping = trail.shipping.entry(region).or_default();
        shipping.pending.push_back(at);
        if shipping.due.is_none() && !own {
            shipping.due = Some(due);
            jobs.push(Place::new(&trail.account, &trail.arn, region).delivery());
        }
        if trail.log_group.as_mut().is_some_and(|group| log_group::enqueue(group, at, own, due)) {
            jobs.push(log_group::delivery(&trail.account, &trail.arn));
        }
    }
    for job in jobs {
        world.jobs.at(due, job);
    }
}

/// Whether a trail logs when an event happens: also when that is its own end.
fn takes(trail: &Trail, event: &Event) -> bool {
    trail.logging || (trail.stopping && event.event_source == SELF && event.event_name == "StopLogging")
}

/// Whether a trail of the account that logs, and is in the event's Region, takes the event: the condition under which
/// it comes to the default event bus there.
pub fn is_selected(account: &Account, event: &Event) -> bool {
    account.trails.values().any(|trail| {
        takes(trail, event)
            && trail.is_in(event.aws_region)
            && region_of(trail, event).is_some()
            && trail.selectors.select(event)
    })
}

/// The Region under which a trail delivers an event; `None` when it does not cover it. Multi-Region trails deliver
/// the events of global services where those happen, in `us-east-1`; others, if at all, under their home Region.
fn region_of(trail: &Trail, event: &Event) -> Option<Region> {
    match (is_global(event), trail.multi_region) {
        (true, _) if !trail.global_events => None,
        (_, true) => Some(event.aws_region),
        (true, false) => Some(trail.home),
        (false, false) => (event.aws_region == trail.home).then_some(trail.home),
    }
}

/// Events of services with one endpoint for all Regions: IAM, and STS at its global endpoint.
fn is_global(event: &Event) -> bool {
    let host = || event.tls_details.as_ref().map_or("", |tls| tls.client_provided_host_header.as_str());
    match event.event_source {
        "iam.amazonaws.com" => true,
        "sts.amazonaws.com" => host() == "sts.amazonaws.com",
        _ => false,
    }
}

/// AWS delivers at every fifth minute of the clock.
pub(super) fn first_attempt(world: &World) -> Time {
    match world.settings.cadence {
        Cadence::Aws => fifth_minute(world.now + TimeDelta::milliseconds(1)),
        Cadence::Fast => world.now + TimeDelta::seconds(5),
    }
}

/// The time, rounded up to a multiple of five minutes.
fn fifth_minute(time: Time) -> Time {
    let five = TimeDelta::minutes(5);
    let start = time.duration_trunc(five).unwrap_or(time);
    if start == time { time } else { start + five }
}

/// A trail in a Region it covers.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub account: AccountId,
    /// The trail's ARN.
    pub trail: String,
    pub region: Region,
}

impl Place {
    pub fn new(account: &AccountId, trail: &str, region: Region) -> Place {
        Place { account: account.clone(), trail: trail.to_owned(), region }
    }

    /// The trail, unless it was deleted.
    pub fn trail<'a>(&self, world: &'a mut World) -> Option<&'a mut Trail> {
        world.accounts.get_mut(&self.account)?.trails.get_mut(&self.trail)
    }

    pub fn shipping<'a>(&self, world: &'a mut World) -> Option<&'a mut Shipping> {
        self.trail(world)?.shipping.get_mut(&self.region)
    }

    fn delivery(&self) -> Job {
        Job::TrailDelivery { account: self.account.clone(), trail: self.trail.clone(), region: self.region }
    }

    /// Sees to a delivery at `due`.
    fn schedule(&self, world: &mut World, due: Time) {
        if let Some(shipping) = self.shipping(world) {
            shipping.due = Some(due);
            world.jobs.at(due, self.delivery());
        }
    }
}

/// Writes a trail's pending events in a Region as a log file. What does not fit follows in the next step.
pub fn deliver(world: &mut World, account: &AccountId, trail: &str, region: Region) {
    let place = Place::new(account, trail, region);
    let Some(shipping) = place.shipping(world) else { return };
    shipping.due = None;
    let wanted = shipping.pending.len();
    let next = match ship(world, &place, wanted) {
        Ok(Some(shipped)) if shipped.events < wanted => world.now,
        Ok(_) => return,
        Err(failures) => world.retry(failures),
    };
    place.schedule(world, next);
}

/// Delivers everything pending: log files, and digests of the periods so far. Answers what was delivered, as
/// `bucket/key`. Events that the deliveries make stay pending.
pub fn flush(world: &mut World) -> Vec<String> {
    world.jobs.take(|job| matches!(job, Job::TrailDelivery { .. }));
    let trails = world.accounts.values().flat_map(|account| account.trails.values());
    let places =
        trails.flat_map(|trail| trail.shipping.keys().map(|region| Place::new(&trail.account, &trail.arn, *region)));
    let places: Vec<_> = places.collect();
    let mut delivered = Vec::new();
    for place in &places {
        delivered.extend(flush_place(world, place));
        topic::deliver(world, &place.account, &place.trail, place.region);
    }
    for place in &places {
        delivered.extend(digest::flush(world, place));
    }
    let trails = world.accounts.values().flat_map(|account| account.trails.values());
    let trails: Vec<_> = trails.map(|trail| (trail.account.clone(), trail.arn.clone())).collect();
    for (account, trail) in trails {
        log_group::flush(world, &account, &trail);
    }
    delivered
}

/// Delivers all that a trail has pending at this moment.
pub(super) fn flush_trail(world: &mut World, account: &AccountId, trail: &str) {
    let found = world.accounts.get(account).and_then(|account| account.trails.get(trail));
    let regions: Vec<_> = found.into_iter().flat_map(|trail| trail.shipping.keys().copied()).collect();
    for region in regions {
        flush_place(world, &Place::new(account, trail, region));
    }
    log_group::flush(world, account, trail);
}

/// Delivers all that is pending at this moment.
pub(super) fn flush_place(world: &mut World, place: &Place) -> Vec<String> {
    let mut delivered = Vec::new();
    let Some(shipping) = place.shipping(world) else { return delivered };
    shipping.due = None;
    let mut wanted = shipping.pending.len();
    loop {
        match ship(world, place, wanted) {
            Ok(Some(shipped)) => {
                wanted = wanted.saturating_sub(shipped.events);
                delivered.push(shipped.name);
            }
            Ok(None) => return delivered,
            Err(failures) => {
                let due = world.retry(failures);
                place.schedule(world, due);
                return delivered;
            }
        }
    }
}

/// A log file that S3 has.
struct Shipped {
    events: usize,
    /// `bucket/key`.
    name: String,
}

/// Delivers the first of the pending events, at most `wanted`, as one log file; `None` without any. Events leave
/// the pending list when S3 has them, not before.
///
/// # Errors
/// How often it has failed in a row by now.
fn ship(world: &mut World, place: &Place, wanted: usize) -> Result<Option<Shipped>, u32> {
    let now = world.now;
    let Some(file) = pack(world, place, wanted) else { return Ok(None) };
    let outcome = check_bucket(world, place, &file.bucket)
        .and_then(|()| put(world, place, &file.bucket, &file.key, &file.text, Map::new()));
    let Some(trail) = place.trail(world) else { return Ok(None) };
    let Some(shipping) = trail.shipping.get_mut(&place.region) else { return Ok(None) };
    shipping.last_attempt = Some(now);
    if let Err(code) = outcome {
        shipping.failures += 1;
        shipping.last_error = Some(code);
        return Err(shipping.failures);
    }
    shipping.pending.drain(..file.events.min(shipping.pending.len()));
    shipping.failures = 0;
    shipping.last_error = None;
    shipping.last_delivery = Some(now);
    let shipped = Shipped { events: file.events, name: format!("{}/{}", file.bucket, file.key) };
    let validation = trail.validation;
    topic::announce(world, place, &file.key);
    if validation {
        digest::list(world, place, file);
    }
    Ok(Some(shipped))
}

/// A log file on its way.
pub(super) struct LogFile {
    pub bucket: String,
    pub key: String,
    pub text: String,
    pub events: usize,
    /// `eventTime` of its oldest and newest event.
    pub oldest: String,
    pub newest: String,
}

/// Renders pending events.
fn pack(world: &mut World, place: &Place, wanted: usize) -> Option<LogFile> {
    let trail = world.accounts.get(&place.account)?.trails.get(&place.trail)?;
    let pending = trail.shipping.get(&place.region)?.pending.iter().copied().take(wanted.min(FILE_EVENTS));
    let mut file = LogFile {
        bucket: trail.bucket.clone(),
        key: String::new(),
        text: String::from("{\"Records\":["),
        events: 0,
        oldest: String::new(),
        newest: String::new(),
    };
    for entry in world.events.read(pending) {
        if file.events > 0 {
            if file.text.len() + entry.record.len() > FILE_BYTES {
                break;
            }
            file.text.push(',');
        }
        file.add(&entry.record);
    }
    if file.events == 0 {
        return None;
    }
    file.text.push_str("]}");
    let prefix = trail.prefix.clone();
    let unique = world.ids.mixed(16);
    file.key = log_file_key(prefix.as_deref(), &place.account, place.region, world.now, &unique);
    Some(file)
}

impl LogFile {
    fn add(&mut self, record: &str) {
        #[derive(Deserialize)]
        struct Timed {
            #[serde(rename = "eventTime")]
            time: String,
        }
        self.text.push_str(record);
        self.events += 1;
        let Ok(Timed { time }) = serde_json::from_str(record) else { return };
        // The texts sort as the times do.
        if self.oldest.is_empty() || time < self.oldest {
            self.oldest.clone_from(&time);
        }
        if time > self.newest {
            self.newest = time;
        }
    }
}

/// `[PREFIX/]AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz`,
/// where the time is the end of the five-minute period.
fn log_file_key(prefix: Option<&str>, account: &AccountId, region: Region, now: Time, unique: &str) -> String {
    let time = fifth_minute(now);
    let (day, minute) = (time.format("%Y/%m/%d"), time.format("%Y%m%dT%H%MZ"));
    let folder = folder(prefix);
    format!(
        "{folder}AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
    )
}

/// A trail's prefix as the start of keys.
pub(super) fn folder(prefix: Option<&str>) -> String {
    prefix.filter(|prefix| !prefix.is_empty()).map_or_else(String::new, |prefix| format!("{prefix}/"))
}

/// Looks at the bucket before writing into it, as CloudTrail does.
fn check_bucket(world: &mut World, place: &Place, bucket: &str) -> Result<(), String> {
    let mut input = Map::new();
    input.push("Bucket", bucket);
    call(world, place, bucket, "GetBucketAcl", input, Upload::default())
}

/// Writes a JSON text into the bucket, compressed. The error is S3's code.
pub(super) fn put(
    world: &mut World,
    place: &Place,
    bucket: &str,
    key: &str,
    text: &str,
    metadata: Map,
) -> Result<(), String> {
    let mut input = Map::new();
    input.push("Bucket", bucket);
    input.push("Key", key);
    input.push("ACL", "bucket-owner-full-control");
    input.push("ContentType", "application/json");
    input.push("ContentEncoding", "gzip");
    input.push("ServerSideEncryption", "AES256");
    if !metadata.is_empty() {
        input.push("Metadata", Value::Map(metadata));
    }
    let body = gzip(text.as_bytes());
    let upload = Upload {
        length: body.len() as u64,
        md5: Md5::digest(&body).into(),
        body: Body::Memory(body),
        ..Upload::default()
    };
    call(world, place, bucket, "PutObject", input, upload)
}

/// Calls S3 in the bucket's Region.
fn call(
    world: &mut World,
    place: &Place,
    bucket: &str,
    operation: &str,
    input: Map,
    upload: Upload,
) -> Result<(), String> {
    let region = world.s3.buckets.get(bucket).map_or(place.region, |bucket| bucket.region);
    let call = Call::by_service(SELF, place.account.clone(), region, ("s3", operation), input, upload);
    let answer = perform(world, call.ok_or("InternalError")?.working_for(&place.trail));
    answer.outcome.map(|_| ()).map_err(|fault| fault.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_in_real_buckets() {
        let account = AccountId::parse("342082656213").unwrap();
        let check = |prefix, region: &str, now: &str, expected: &str| {
            let region = Region::parse(region).unwrap();
            let key = log_file_key(prefix, &account, region, now.parse().unwrap(), "9mDZIfaPOxHoLhgO");
            assert_eq!(key, expected);
        };
        check(
            None,
            "us-west-1",
            "2021-07-30T00:04:51Z",
            "AWSLogs/342082656213/CloudTrail/us-west-1/2021/07/30/342082656213_CloudTrail_us-west-1_20210730T0005Z_9mDZIfaPOxHoLhgO.json.gz",
        );
        check(
            Some("logs"),
            "us-west-1",
            "2021-07-29T23:57:00.001Z",
            "logs/AWSLogs/342082656213/CloudTrail/us-west-1/2021/07/30/342082656213_CloudTrail_us-west-1_20210730T0000Z_9mDZIfaPOxHoLhgO.json.gz",
        );
        check(
            Some(""),
            "us-west-1",
            "2021-07-29T23:55:00Z",
            "AWSLogs/342082656213/CloudTrail/us-west-1/2021/07/29/342082656213_CloudTrail_us-west-1_20210729T2355Z_9mDZIfaPOxHoLhgO.json.gz",
        );
    }
}
