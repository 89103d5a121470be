//! From buffered records to objects in the stream's bucket.

use crate::services::s3;
use crate::services::sts::visits::Visit;
use crate::wire::{Map, Value};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::caller::Caller;
use crate::world::jobs::Job;
use crate::world::payload::Upload;

use super::compression::Packed;
use super::{Place, SELF, metrics};

/// Compresses the batch that is to be delivered next: what takes long, and does not need the world.
pub fn preparation(world: &World, place: &Place) -> Box<dyn FnOnce() + Send> {
    let batch = place.find(world).and_then(|stream| Some((stream.buffer.first()?, stream.destination.compression())));
    let Some((batch, compression)) = batch else { return Box::new(|| ()) };
    let stream = place.stream.clone();
    Box::new(move || {
        batch.packed.get_or_init(|| Packed::new(compression, &batch.content, &stream, batch.arrived));
    })
}

/// Completes the batch whose time has come, or writes the first complete one to the stream's bucket. What is left
/// follows in the next step.
pub fn deliver(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(stream) = place.find_mut(world) else { return };
    let closed = stream.buffer.close_due(now, stream.destination.interval());
    if !closed && stream.buffer.first().is_some() && stream.due(now) == Some(now) {
        // A failure is remembered in the buffer.
        let _ = ship(world, place);
    }
    schedule(world, place);
}

/// Sees to the next delivery of a stream.
pub(super) fn schedule(world: &mut World, place: &Place) {
    let due = place.find(world).and_then(|stream| stream.due(world.now));
    if let Some(due) = due {
        world.jobs.at(due, Job::FirehoseDelivery(place.clone()));
    }
}

/// Delivers all that streams hold, complete batches or not. Answers what was delivered, as `bucket/key`.
pub fn flush(world: &mut World) -> Vec<String> {
    let regions = world.accounts.iter().flat_map(|(id, account)| account.regions.iter().map(move |at| (id, at)));
    let places = regions.flat_map(|(account, (region, regional))| {
        let names = regional.firehose.streams.keys().cloned();
        names.map(|stream| Place { account: account.clone(), region: *region, stream })
    });
    let places: Vec<_> = places.collect();
    let mut delivered = Vec::new();
    for place in places {
        if let Some(stream) = place.find_mut(world) {
            stream.buffer.close();
        }
        while let Ok(Some(name)) = ship(world, &place) {
            delivered.push(name);
        }
        schedule(world, &place);
    }
    delivered
}

/// Delivers a batch of a stream that is being deleted: whether there is one to follow. What cannot be delivered now is
/// lost with the stream.
pub(super) fn deliver_last(world: &mut World, place: &Place) -> bool {
    if let Some(stream) = place.find_mut(world) {
        stream.buffer.close();
    }
    matches!(ship(world, place), Ok(Some(_)))
}

/// Delivers the first complete batch as one object, and answers its `bucket/key`; `None` without any. The batch leaves
/// the buffer when S3 has it, not before.
///
/// # Errors
/// The code that STS or S3 refused with. When to try again stands in the buffer then.
fn ship(world: &mut World, place: &Place) -> Result<Option<String>, String> {
    let Some(stream) = place.find(world) else { return Ok(None) };
    let Some(batch) = stream.buffer.first() else { return Ok(None) };
    let (destination, version) = (stream.destination.clone(), stream.version);
    let outcome = assume(world, place, destination.role()).and_then(|caller| {
        let bucket = destination.bucket().to_owned();
        let key = destination.key(&place.stream, version, batch.arrived, &mut world.ids);
        let format = destination.compression();
        let pack = || Packed::new(format, &batch.content, &place.stream, batch.arrived);
        let body = match batch.packed.get_or_init(pack) {
            packed if packed.compression == format => packed.upload(),
            // The format has changed since.
            _ => pack().upload(),
        };
        let bytes = body.length;
        put(world, place, &caller, (&bucket, &key), format.encoding(), body)?;
        Ok((format!("{bucket}/{key}"), bytes))
    });
    let (now, failures) = (world.now, place.find(world).map_or(0, |stream| stream.buffer.failures));
    let retry = world.retry(failures + 1);
    if let Some(stream) = place.find_mut(world) {
        match &outcome {
            Ok(_) => stream.buffer.delivered(),
            Err(code) => {
                tracing::debug!(stream = %place.stream, %code, "delivery failed");
                stream.buffer.failed(now, retry);
            }
        }
    }
    let age_seconds = (now - batch.arrived).num_seconds();
    match &outcome {
        Ok((_, bytes)) => metrics::delivered(world, place, *bytes, batch.records, age_seconds),
        Err(_) => metrics::failed(world, place, age_seconds),
    }
    outcome.map(|(name, _)| Some(name))
}

/// The stream's role, as Firehose acts with it.
fn assume(world: &mut World, place: &Place, role: &str) -> Result<Caller, String> {
    let known = place.find(world).and_then(|stream| stream.session.clone());
    let (arn, session_name) = (place.arn(), session_name(&place.stream));
    let (caller, session) = visit(place, role, &arn, &session_name).begin(world, known)?;
    if let Some(stream) = place.find_mut(world) {
        stream.session = Some(session);
    }
    Ok(caller)
}

/// Firehose taking on a role for a stream.
pub(super) fn visit<'a>(place: &'a Place, role: &'a str, arn: &'a str, session_name: &'a str) -> Visit<'a> {
    let Place { account, region, .. } = place;
    let external_id = Some(account.as_str());
    Visit { service: SELF, account, region: *region, role, session_name, external_id, source: arn }
}

/// Sessions are named after the stream. STS wants two characters at least.
pub(super) fn session_name(stream: &str) -> String {
    if stream.len() < 2 { format!("firehose-{stream}") } else { stream.to_owned() }
}

/// Writes an object with the rights of the stream's role, in the bucket's Region. Owners of buckets of other accounts
/// get full control (<https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3>).
fn put(
    world: &mut World,
    place: &Place,
    caller: &Caller,
    (bucket, key): (&str, &str),
    encoding: Option<&str>,
    body: Upload,
) -> Result<(), String> {
    let found: Option<&s3::Bucket> = world.s3.buckets.get(bucket);
    let region = found.map_or(place.region, |bucket| bucket.region);
    let is_foreign = found.is_some_and(|bucket| bucket.owner != place.account);
    let mut input = Map::new();
    input.push("Bucket", bucket);
    input.push("Key", key);
    input.push("ContentType", "application/octet-stream");
    if let Some(encoding) = encoding {
        input.push("ContentEncoding", encoding);
    }
    if is_foreign {
        input.push("ACL", Value::from("bucket-owner-full-control"));
    }
    let call = Call::by_service(SELF, place.account.clone(), region, ("s3", "PutObject"), input, body);
    let answer = perform(world, call.ok_or("InternalError")?.on_behalf_of(caller));
    answer.outcome.map(|_| ()).map_err(|fault| fault.code)
}
