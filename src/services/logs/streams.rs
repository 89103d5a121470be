//! Log streams.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::events::Log;
use super::groups::GROUP;
use super::naming::{Identified, Named};
use super::paging::{Order, PageEnd, PageRequest};
use super::{Group, faults};

/// The operations on log streams.
pub const OPS: &[Op] = &[
    op!(Write "CreateLogStream" create_log_stream).resources(&[GROUP]),
    op!(Write "DeleteLogStream" delete_log_stream).resources(&[GROUP]),
    op!(Read "DescribeLogStreams" describe_log_streams).resources(&[GROUP]),
];

/// A log stream.
#[derive(Debug)]
pub struct Stream {
    pub name: String,
    pub created: Time,
    /// Its events.
    pub log: Log,
}

/// What listings show of the events in a stream.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Timestamps of the earliest and the latest event.
    pub first_event: Time,
    pub last_event: Time,
    /// When the last event arrived.
    pub last_ingestion: Time,
    /// The sequence token, which nobody needs any more.
    pub upload_token: String,
}

impl Stream {
    /// An empty stream.
    pub fn new(name: &str, created: Time) -> Stream {
        Stream { name: name.to_owned(), created, log: Log::default() }
    }

    /// `None` before the first event.
    pub fn activity(&self) -> Option<Activity> {
        let time = |milliseconds: Option<i64>| Time::from_timestamp_millis(milliseconds?);
        Some(Activity {
            first_event: time(self.log.first_event_ms)?,
            last_event: time(self.log.last_event_ms)?,
            last_ingestion: time(self.log.last_ingestion_ms)?,
            upload_token: self.log.upload_token.clone(),
        })
    }
}

record! {
    struct StreamNamed { name: String = "logStreamName" }

    struct DescribeLogStreams {
        prefix: Option<String> = "logStreamNamePrefix",
        order_by: Option<String> = "orderBy",
        descending: bool = "descending",
    }

    struct DescribedStreams { streams: Vec<Described> = "logStreams" }

    struct Described {
        name: String = "logStreamName",
        created: i64 = "creationTime",
        first_event: Option<i64> = "firstEventTimestamp",
        last_event: Option<i64> = "lastEventTimestamp",
        last_ingestion: Option<i64> = "lastIngestionTime",
        upload_token: Option<String> = "uploadSequenceToken",
        arn: String = "arn",
        stored_bytes: i64 = "storedBytes",
    }
}

fn create_log_stream(cx: &mut Cx, (group, stream): (Named, StreamNamed)) -> Result<(), Fault> {
    let now = cx.world.now;
    let streams = &mut group.place(cx).group(cx.world)?.streams;
    if streams.contains_key(&stream.name) {
        return Err(faults::stream_exists());
    }
    let made = Stream::new(&stream.name, now);
    streams.insert(stream.name, made);
    Ok(())
}

fn delete_log_stream(cx: &mut Cx, (group, stream): (Named, StreamNamed)) -> Result<(), Fault> {
    let group = group.place(cx).group(cx.world)?;
    if group.streams.contains_key(&stream.name) && group.deletion_protected {
        return Err(faults::stream_deletion_protected());
    }
    group.streams.remove(&stream.name).map(|_| ()).ok_or_else(faults::no_such_stream)
}

fn describe_log_streams(
    cx: &mut Cx,
    (group, input, page): (Identified, DescribeLogStreams, PageRequest),
) -> Result<(DescribedStreams, PageEnd), Fault> {
    let by_time = input.order_by.as_deref() == Some("LastEventTime");
    if by_time && input.prefix.is_some() {
        return Err(faults::time_order_with_prefix());
    }
    let place = group.place(cx)?;
    let group = place.find(cx.world).ok_or_else(faults::no_such_group)?;
    let prefix = input.prefix.unwrap_or_default();
    let mut streams: Vec<(String, &Stream)> = group
        .streams
        .range(prefix.clone()..)
        .take_while(|(name, _)| name.starts_with(&prefix))
        .map(|(name, stream)| (if by_time { time_key(stream) } else { name.clone() }, stream))
        .collect();
    if by_time {
        streams.sort_by(|a, b| a.0.cmp(&b.0));
    }
    if input.descending {
        streams.reverse();
    }
    let order = if input.descending { Order::Descending } else { Order::Ascending };
    let page = page.cut(order, streams)?;
    let streams = page.items.into_iter().map(|stream| described(group, stream)).collect();
    Ok((DescribedStreams { streams }, page.end))
}

/// Sorts as time and name do. Streams without events come first.
fn time_key(stream: &Stream) -> String {
    let last = stream.activity().map_or(0, |activity| activity.last_event.timestamp_millis());
    format!("{last:020} {}", stream.name)
}

fn described(group: &Group, stream: &Stream) -> Described {
    let activity = stream.activity();
    let time = |of: fn(&Activity) -> Time| activity.as_ref().map(|activity| of(activity).timestamp_millis());
    Described {
        name: stream.name.clone(),
        created: stream.created.timestamp_millis(),
        first_event: time(|activity| activity.first_event),
        last_event: time(|activity| activity.last_event),
        last_ingestion: time(|activity| activity.last_ingestion),
        arn: format!("{}:log-stream:{}", group.arn, stream.name),
        // Always zero, since June 2019.
        stored_bytes: 0,
        upload_token: activity.map(|activity| activity.upload_token),
    }
}
