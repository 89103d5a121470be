//! The index of an event history: for each attribute value, which events have it. The events themselves are in
//! the log; an event costs some hundred bytes here.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::world::record::{Event, Position};
use crate::world::time::Time;

/// What `LookupEvents` can look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    EventId,
    EventName,
    ReadOnly,
    Username,
    ResourceType,
    ResourceName,
    EventSource,
    AccessKeyId,
}

/// Number of an event in one history, from 0.
type Number = u32;

/// One account's event history in one Region.
#[derive(Debug, Default)]
pub struct History {
    rows: VecDeque<Row>,
    /// Number of the first row.
    first: Number,
    /// For each attribute but `EventId`: the events with a value, in order.
    postings: [HashMap<Arc<str>, Vec<Number>>; 8],
    /// Events by the first half of their ids.
    ids: HashMap<u64, Number>,
}

#[derive(Debug)]
struct Row {
    at: Position,
    /// Whole seconds since 1970, as records show.
    seconds: i64,
}

/// A question to a [`History`].
#[derive(Clone, Debug)]
pub struct Query<'a> {
    pub attribute: Option<(Attribute, &'a str)>,
    /// Earliest and latest second, both included.
    pub from: i64,
    pub until: i64,
    /// Only events before this position: the ones that earlier pages did not show.
    pub before: Position,
    pub limit: usize,
}

impl Attribute {
    /// By its name in the API.
    pub fn parse(name: &str) -> Option<Attribute> {
        Some(match name {
            "EventId" => Attribute::EventId,
            "EventName" => Attribute::EventName,
            "ReadOnly" => Attribute::ReadOnly,
            "Username" => Attribute::Username,
            "ResourceType" => Attribute::ResourceType,
            "ResourceName" => Attribute::ResourceName,
            "EventSource" => Attribute::EventSource,
            "AccessKeyId" => Attribute::AccessKeyId,
            _ => return None,
        })
    }
}

impl History {
    /// Adds an event, which is the newest one.
    pub fn add(&mut self, event: &Event, at: Position) {
        let number = self.first + self.rows.len() as Number;
        self.rows.push_back(Row { at, seconds: event.event_time.timestamp() });
        if let Some(id) = half(&event.event_id) {
            self.ids.insert(id, number);
        }
        self.post(Attribute::EventName, event.event_name, number);
        self.post(Attribute::EventSource, event.event_source, number);
        self.post(Attribute::ReadOnly, read_only(event.read_only), number);
        let identity = &event.user_identity;
        if let Some(name) = username(identity.kind, identity.user_name.as_deref(), identity.principal_id.as_deref()) {
            self.post(Attribute::Username, name, number);
        }
        if let Some(key) = &identity.access_key_id {
            self.post(Attribute::AccessKeyId, key, number);
        }
        for (kind, name) in &event.lookup_resources {
            self.post(Attribute::ResourceType, kind, number);
            self.post(Attribute::ResourceName, name, number);
        }
    }

    fn post(&mut self, attribute: Attribute, value: &str, number: Number) {
        let lists = &mut self.postings[attribute as usize];
        match lists.get_mut(value) {
            // Two resources of one event may have the same type.
            Some(list) if list.last() == Some(&number) => {}
            Some(list) => list.push(number),
            None => {
                lists.insert(value.into(), vec![number]);
            }
        }
    }

    /// The newest events that fit. An event id fits by its first half; compare it with the record.
    pub fn page(&self, query: &Query) -> Vec<Position> {
        let start = self.rows.partition_point(|row| row.seconds < query.from) as Number;
        let end = self.rows.partition_point(|row| row.seconds <= query.until && row.at < query.before) as Number;
        let (start, end) = (self.first + start, self.first + end);
        let position = |number: Number| Some(self.rows.get(number.checked_sub(self.first)? as usize)?.at);
        let Some((attribute, value)) = query.attribute else {
            return (start..end).rev().take(query.limit).filter_map(position).collect();
        };
        let found = match attribute {
            Attribute::EventId => half(value).and_then(|id| self.ids.get(&id)).map(std::slice::from_ref),
            _ => self.postings[attribute as usize].get(value).map(Vec::as_slice),
        };
        let newest_first = found.unwrap_or_default().iter().rev().copied();
        newest_first
            .skip_while(|number| *number >= end)
            .take_while(|number| *number >= start)
            .take(query.limit)
            .filter_map(position)
            .collect()
    }

    /// Time of the oldest event.
    pub fn oldest(&self) -> Option<Time> {
        Time::from_timestamp(self.rows.front()?.seconds, 0)
    }

    /// Drops events from before a time.
    pub fn forget(&mut self, before: Time) {
        let dropped = self.rows.partition_point(|row| row.seconds < before.timestamp());
        if dropped == 0 {
            return;
        }
        self.rows.drain(..dropped);
        self.first += dropped as Number;
        let first = self.first;
        self.ids.retain(|_, number| *number >= first);
        for lists in &mut self.postings {
            lists.retain(|_, list| {
                list.drain(..list.partition_point(|number| *number < first));
                !list.is_empty()
            });
        }
    }
}

/// `ReadOnly` is a text in the API.
pub fn read_only(read_only: bool) -> &'static str {
    if read_only { "true" } else { "false" }
}

/// Who did it, as `LookupEvents` names them: users by name, role sessions by session name, and `root`. Events of
/// services and of anonymous callers have no name.
pub fn username<'a>(kind: &str, user_name: Option<&'a str>, principal_id: Option<&'a str>) -> Option<&'a str> {
    match kind {
        "Root" => Some("root"),
        "AssumedRole" => principal_id?.split_once(':').map(|(_, session)| session),
        _ => user_name,
    }
}

/// The first 16 hexadecimal digits of a UUID.
fn half(id: &str) -> Option<u64> {
    let digits = format!("{}{}{}", id.get(..8)?, id.get(9..13)?, id.get(14..18)?);
    u64::from_str_radix(&digits, 16).ok()
}
