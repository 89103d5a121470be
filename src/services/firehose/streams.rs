//! Streams: making, showing, changing and deleting them.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::services::cloudwatch::counters::{Dimensions, dimensions};
use crate::services::sts::visits::Session;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::world::{Cadence, World};

use super::buffer::Buffer;
use super::delivery;
use super::destination::{self, Basic, Destination, Extended};
use super::tags::{self, Tag};
use super::{Place, faults, metrics};

/// What event history calls a stream.
pub(super) const STREAM: &[(&str, &str)] = &[("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName")];

/// The operations on streams.
pub const OPS: &[Op] = &[
    op!(Write "CreateDeliveryStream" create).resources(STREAM),
    op!(Write "DeleteDeliveryStream" delete).resources(STREAM),
    op!(Read "DescribeDeliveryStream" describe).resources(STREAM),
    op!(Read "ListDeliveryStreams" list),
    op!(Write "UpdateDestination" update).resources(STREAM),
];

/// Streams of an account in a Region (<https://docs.aws.amazon.com/firehose/latest/dev/limits.html>).
const STREAMS_MAX: usize = 5000;
/// Names on a page unless the caller wants another number.
const PAGE: i64 = 10;
/// What AWS takes for the creation and for the deletion of a stream, about.
const TRANSITION: TimeDelta = TimeDelta::minutes(1);
/// The only source we have: whoever puts records.
const DIRECT_PUT: &str = "DirectPut";

/// A stream.
#[derive(Debug)]
pub struct Stream {
    pub status: Status,
    /// Counts the changes of the destination, from 1.
    pub version: u64,
    pub created: Time,
    pub updated: Option<Time>,
    pub destination: Destination,
    pub tags: BTreeMap<String, String>,
    pub buffer: Buffer,
    /// What its metrics are told apart by.
    pub dimensions: Dimensions,
    /// The stream's role, as last assumed.
    pub session: Option<Session>,
}

/// Where a stream is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Creating,
    Active,
    Deleting,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Status::Creating => "CREATING",
            Status::Active => "ACTIVE",
            Status::Deleting => "DELETING",
        }
    }
}

record! {
    struct CreateDeliveryStream {
        name: String = "DeliveryStreamName",
        kind: Option<String> = "DeliveryStreamType",
        s3: Option<Basic> = "S3DestinationConfiguration",
        extended: Option<(Basic, Extended, BackupConfiguration)> = "ExtendedS3DestinationConfiguration",
        tags: Vec<Tag> = "Tags",
        hints: Option<Value> = "DirectPutSourceConfiguration",
        encryption: Option<Value> = "DeliveryStreamEncryptionConfigurationInput",
        kinesis: Option<Value> = "KinesisStreamSourceConfiguration",
        msk: Option<Value> = "MSKSourceConfiguration",
        database: Option<Value> = "DatabaseSourceConfiguration",
        redshift: Option<Value> = "RedshiftDestinationConfiguration",
        elasticsearch: Option<Value> = "ElasticsearchDestinationConfiguration",
        opensearch: Option<Value> = "AmazonopensearchserviceDestinationConfiguration",
        serverless: Option<Value> = "AmazonOpenSearchServerlessDestinationConfiguration",
        splunk: Option<Value> = "SplunkDestinationConfiguration",
        http: Option<Value> = "HttpEndpointDestinationConfiguration",
        snowflake: Option<Value> = "SnowflakeDestinationConfiguration",
        iceberg: Option<Value> = "IcebergDestinationConfiguration",
    }
    struct BackupConfiguration { backup: Option<Value> = "S3BackupConfiguration" }
    struct Created { arn: String = "DeliveryStreamARN" }

    struct UpdateDestination {
        name: String = "DeliveryStreamName",
        version: String = "CurrentDeliveryStreamVersionId",
        destination: String = "DestinationId",
        s3: Option<Basic> = "S3DestinationUpdate",
        extended: Option<(Basic, Extended, BackupUpdate)> = "ExtendedS3DestinationUpdate",
        redshift: Option<Value> = "RedshiftDestinationUpdate",
        elasticsearch: Option<Value> = "ElasticsearchDestinationUpdate",
        opensearch: Option<Value> = "AmazonopensearchserviceDestinationUpdate",
        serverless: Option<Value> = "AmazonOpenSearchServerlessDestinationUpdate",
        splunk: Option<Value> = "SplunkDestinationUpdate",
        http: Option<Value> = "HttpEndpointDestinationUpdate",
        snowflake: Option<Value> = "SnowflakeDestinationUpdate",
        iceberg: Option<Value> = "IcebergDestinationUpdate",
    }
    struct BackupUpdate { backup: Option<Value> = "S3BackupUpdate" }

    struct StreamName { name: String = "DeliveryStreamName" }
    struct DescribeDeliveryStream {
        name: String = "DeliveryStreamName",
        after: Option<String> = "ExclusiveStartDestinationId",
    }
    struct Described { stream: Description = "DeliveryStreamDescription" }
    struct Description {
        name: String = "DeliveryStreamName",
        arn: String = "DeliveryStreamARN",
        status: String = "DeliveryStreamStatus",
        encryption: EncryptionStatus = "DeliveryStreamEncryptionConfiguration",
        kind: String = "DeliveryStreamType",
        version: String = "VersionId",
        created: Option<Time> = "CreateTimestamp",
        updated: Option<Time> = "LastUpdateTimestamp",
        destinations: Vec<DestinationView> = "Destinations",
        has_more: bool = "HasMoreDestinations",
    }
    struct EncryptionStatus { status: String = "Status" }
    struct DestinationView {
        id: String = "DestinationId",
        s3: Basic = "S3DestinationDescription",
        extended: (Basic, Extended) = "ExtendedS3DestinationDescription",
    }

    struct ListDeliveryStreams {
        limit: Option<i64> = "Limit",
        kind: Option<String> = "DeliveryStreamType",
        after: Option<String> = "ExclusiveStartDeliveryStreamName",
    }
    struct Listed { names: Vec<String> = "DeliveryStreamNames", has_more: bool = "HasMoreDeliveryStreams" }
}

fn create(cx: &mut Cx, mut input: CreateDeliveryStream) -> Result<Created, Fault> {
    refuse_unbuilt(&input)?;
    let backup = input.extended.as_ref().and_then(|(_, _, backup)| backup.backup.as_ref());
    refuse(&[("S3BackupConfiguration", backup)])?;
    let (basic, extended) = only(input.s3.take(), input.extended.take().map(|(basic, extended, _)| (basic, extended)))?;
    let tags = tags::checked(std::mem::take(&mut input.tags))?;
    let place = Place { account: cx.account.clone(), region: cx.region, stream: input.name };
    if place.find(cx.world).is_some() {
        return Err(faults::name_is_taken(&place.stream, &place.account));
    }
    let destination = Destination::new(cx.world, &place, basic, extended)?;
    let now = cx.world.now;
    let fast = cx.world.settings.cadence == Cadence::Fast;
    let streams = &mut cx.world.regional(&place.account, place.region).firehose.streams;
    if streams.len() >= STREAMS_MAX {
        return Err(faults::too_many_streams(STREAMS_MAX));
    }
    let stream = Stream {
        status: if fast { Status::Active } else { Status::Creating },
        version: 1,
        created: now,
        updated: None,
        destination,
        tags,
        buffer: Buffer::default(),
        dimensions: dimensions([("DeliveryStreamName", &place.stream)]),
        session: None,
    };
    streams.insert(place.stream.clone(), stream);
    let arn = place.arn();
    if !fast {
        cx.world.jobs.at(now + TRANSITION, Job::FirehoseTransition(place));
    }
    Ok(Created { arn })
}

/// Sources, destinations and features that are not built.
fn refuse_unbuilt(input: &CreateDeliveryStream) -> Result<(), Fault> {
    if let Some(kind) = input.kind.as_deref().filter(|kind| *kind != DIRECT_PUT) {
        return Err(faults::not_built(&format!("DeliveryStreamType {kind}")));
    }
    refuse(&[
        ("DirectPutSourceConfiguration", input.hints.as_ref()),
        ("DeliveryStreamEncryptionConfigurationInput", input.encryption.as_ref()),
        ("KinesisStreamSourceConfiguration", input.kinesis.as_ref()),
        ("MSKSourceConfiguration", input.msk.as_ref()),
        ("DatabaseSourceConfiguration", input.database.as_ref()),
        ("RedshiftDestinationConfiguration", input.redshift.as_ref()),
        ("ElasticsearchDestinationConfiguration", input.elasticsearch.as_ref()),
        ("AmazonopensearchserviceDestinationConfiguration", input.opensearch.as_ref()),
        ("AmazonOpenSearchServerlessDestinationConfiguration", input.serverless.as_ref()),
        ("SplunkDestinationConfiguration", input.splunk.as_ref()),
        ("HttpEndpointDestinationConfiguration", input.http.as_ref()),
        ("SnowflakeDestinationConfiguration", input.snowflake.as_ref()),
        ("IcebergDestinationConfiguration", input.iceberg.as_ref()),
    ])
}

fn refuse(settings: &[(&str, Option<&Value>)]) -> Result<(), Fault> {
    let given = settings.iter().find(|(_, setting)| setting.is_some());
    given.map_or(Ok(()), |(name, _)| Err(faults::not_built(name)))
}

/// The one destination that a call gives, in either form.
fn only(s3: Option<Basic>, extended: Option<(Basic, Extended)>) -> Result<(Basic, Extended), Fault> {
    match (s3, extended) {
        (Some(basic), None) => Ok((basic, Extended::default())),
        (None, Some(both)) => Ok(both),
        _ => Err(faults::one_destination()),
    }
}

fn update(cx: &mut Cx, input: UpdateDestination) -> Result<(), Fault> {
    refuse(&[
        ("RedshiftDestinationUpdate", input.redshift.as_ref()),
        ("ElasticsearchDestinationUpdate", input.elasticsearch.as_ref()),
        ("AmazonopensearchserviceDestinationUpdate", input.opensearch.as_ref()),
        ("AmazonOpenSearchServerlessDestinationUpdate", input.serverless.as_ref()),
        ("SplunkDestinationUpdate", input.splunk.as_ref()),
        ("HttpEndpointDestinationUpdate", input.http.as_ref()),
        ("SnowflakeDestinationUpdate", input.snowflake.as_ref()),
        ("IcebergDestinationUpdate", input.iceberg.as_ref()),
        ("S3BackupUpdate", input.extended.as_ref().and_then(|(_, _, backup)| backup.backup.as_ref())),
    ])?;
    let (basic, extended) = only(input.s3, input.extended.map(|(basic, extended, _)| (basic, extended)))?;
    let place = Place { account: cx.account.clone(), region: cx.region, stream: input.name };
    let stream = place.find(cx.world).ok_or_else(|| faults::not_found(&place.stream, &place.account))?;
    if stream.status != Status::Active {
        return Err(faults::in_transition(&place.stream, &place.account, stream.status.as_str()));
    }
    if input.destination != destination::ID {
        return Err(faults::unknown_destination(&input.destination));
    }
    if input.version != stream.version.to_string() {
        return Err(faults::version_has_changed(&input.version, stream.version));
    }
    let destination = stream.destination.changed(cx.world, &place, basic, extended)?;
    let now = cx.world.now;
    if let Some(stream) = place.find_mut(cx.world) {
        stream.destination = destination;
        stream.version += 1;
        stream.updated = Some(now);
        stream.session = None;
        // What could not be delivered may find its place now.
        stream.buffer.retry_at = None;
    }
    delivery::schedule(cx.world, &place);
    metrics::request(cx.world, &place, "UpdateDeliveryStream.Requests");
    Ok(())
}

fn describe(cx: &mut Cx, input: DescribeDeliveryStream) -> Result<Described, Fault> {
    let place = Place { account: cx.account.clone(), region: cx.region, stream: input.name.clone() };
    metrics::request(cx.world, &place, "DescribeDeliveryStream.Requests");
    let arn = place.arn();
    let stream = find(cx, &input.name)?;
    let Destination { basic, extended } = stream.destination.clone();
    let view = DestinationView { id: destination::ID.to_owned(), s3: basic.clone(), extended: (basic, extended) };
    let is_after = |view: &DestinationView| input.after.as_ref().is_none_or(|after| view.id > *after);
    let stream = Description {
        name: input.name,
        arn,
        status: stream.status.as_str().to_owned(),
        encryption: EncryptionStatus { status: "DISABLED".to_owned() },
        kind: DIRECT_PUT.to_owned(),
        version: stream.version.to_string(),
        created: Some(stream.created),
        updated: stream.updated,
        destinations: Some(view).into_iter().filter(is_after).collect(),
        has_more: false,
    };
    Ok(Described { stream })
}

fn list(cx: &mut Cx, input: ListDeliveryStreams) -> Result<Listed, Fault> {
    let (account, region) = (cx.account.clone(), cx.region);
    let store = &cx.world.regional(&account, region).firehose;
    let is_listed = input.kind.as_deref().is_none_or(|kind| kind == DIRECT_PUT);
    let names = store.streams.keys().filter(|_| is_listed).cloned();
    let (names, has_more) = page(names, |name| name, input.after.as_deref(), input.limit.unwrap_or(PAGE));
    Ok(Listed { names, has_more })
}

/// The items after a name, at most `limit`, and whether there are more.
pub(super) fn page<T>(
    items: impl Iterator<Item = T>,
    name: impl Fn(&T) -> &String,
    after: Option<&str>,
    limit: i64,
) -> (Vec<T>, bool) {
    let mut rest = items.filter(|item| after.is_none_or(|after| name(item).as_str() > after));
    let page = rest.by_ref().take(usize::try_from(limit).unwrap_or_default()).collect();
    (page, rest.next().is_some())
}

/// With nothing left to deliver, a stream is gone at once where things are fast. Else it is being deleted for a while,
/// and what it holds is delivered at the end.
fn delete(cx: &mut Cx, input: StreamName) -> Result<(), Fault> {
    let (now, cadence) = (cx.world.now, cx.world.settings.cadence);
    let place = Place { account: cx.account.clone(), region: cx.region, stream: input.name };
    let stream = find(cx, &place.stream)?;
    match (stream.status, cadence) {
        (Status::Creating, _) => {
            return Err(faults::in_transition(&place.stream, &place.account, stream.status.as_str()));
        }
        (Status::Deleting, _) => {}
        (Status::Active, Cadence::Fast) if stream.buffer.is_empty() => remove(cx.world, &place),
        (Status::Active, cadence) => {
            stream.status = Status::Deleting;
            let due = if cadence == Cadence::Fast { now } else { now + TRANSITION };
            cx.world.jobs.at(due, Job::FirehoseTransition(place));
        }
    }
    Ok(())
}

/// Finishes what has begun: streams become active, or are deleted once they are empty or cannot be emptied.
pub fn settle(world: &mut World, place: &Place) {
    match place.find(world).map(|stream| stream.status) {
        Some(Status::Creating) => {
            if let Some(stream) = place.find_mut(world) {
                stream.status = Status::Active;
            }
        }
        Some(Status::Deleting) => {
            if delivery::deliver_last(world, place) {
                world.jobs.at(world.now, Job::FirehoseTransition(place.clone()));
            } else {
                remove(world, place);
            }
        }
        Some(Status::Active) | None => {}
    }
}

fn remove(world: &mut World, place: &Place) {
    world.regional(&place.account, place.region).firehose.streams.remove(&place.stream);
}

/// A stream of the caller's account in the Region called.
pub(super) fn find<'a>(cx: &'a mut Cx<'_>, name: &str) -> Result<&'a mut Stream, Fault> {
    let (account, region) = (cx.account.clone(), cx.region);
    let stream = cx.world.regional(&account, region).firehose.streams.get_mut(name);
    stream.ok_or_else(|| faults::not_found(name, &account))
}

impl Stream {
    /// When there is something to deliver.
    pub fn due(&self, now: Time) -> Option<Time> {
        self.buffer.due(now, self.destination.interval())
    }
}
