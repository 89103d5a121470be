//! `FilterLogEvents`: the events of a group that match a pattern, over its streams.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

use crate::services::logs::faults;
use crate::services::logs::groups::GROUP;
use crate::services::logs::naming::{GroupPlace, Identified};
use crate::services::logs::pattern::{Pattern, filter_pattern};
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;

use super::get::readable;
use super::id::EventId;
use super::page::{Found, Matcher, Page, Room, page};
use super::snapshot::{Direction, Pick, Range, Snapshot, snapshot};

pub const OPS: &[Op] = &[crate::op!(Read "FilterLogEvents" filter_log_events).resources(&[GROUP])];

/// The first moment of 2024, in milliseconds: AWS lists the newest events first only from then on.
const NEWEST_FIRST_SINCE_MS: i64 = 1_704_067_200_000;

crate::record! {
    struct FilterLogEvents {
        streams: Vec<String> = "logStreamNames",
        prefix: Option<String> = "logStreamNamePrefix",
        start: Option<i64> = "startTime",
        end: Option<i64> = "endTime",
        pattern: String = "filterPattern",
        token: Option<String> = "nextToken",
        limit: Option<i64> = "limit",
        from_head: Option<bool> = "startFromHead",
    }
    struct FilteredLogEvent {
        stream: String = "logStreamName",
        timestamp: i64 = "timestamp",
        message: String = "message",
        ingestion: i64 = "ingestionTime",
        id: String = "eventId",
    }
    struct FilterLogEventsAnswer {
        events: Vec<FilteredLogEvent> = "events",
        /// Empty since May 2020.
        searched: Vec<Value> = "searchedLogStreams",
        token: Option<String> = "nextToken",
    }
}

fn filter_log_events(
    cx: &mut Cx,
    (group, input): (Identified, FilterLogEvents),
) -> Result<Scan<FilterLogEventsAnswer>, Fault> {
    let place = readable(cx, &group)?;
    let position = position(&input)?;
    let matcher = matcher(filter_pattern(&input.pattern)?);
    let events = chosen(cx.world, &place, &input, position.left())?;
    let room = Room::for_events(input.limit);
    Ok(Scan::new(move || answer(page(&events, position.direction, room, &matcher), position.direction)))
}

/// The events of the streams that are asked for.
fn chosen(world: &World, place: &GroupPlace, input: &FilterLogEvents, left: Range) -> Result<Snapshot, Fault> {
    let group = place.find(world).ok_or_else(faults::no_such_group)?;
    let pick = match &input.prefix {
        Some(_) if !input.streams.is_empty() => return Err(faults::streams_and_prefix()),
        Some(prefix) => Pick::Prefix(prefix),
        None if input.streams.is_empty() => Pick::All,
        None => Pick::Names(&input.streams),
    };
    if input.streams.iter().any(|name| !group.streams.contains_key(name)) {
        return Err(faults::no_such_stream());
    }
    // Unlike those of `GetLogEvents`, events of the end time itself are shown.
    let times = Range::of_times(input.start, input.end.map(|end| end.saturating_add(1)));
    Ok(snapshot(world, place, pick, times.and(left)))
}

fn position(input: &FilterLogEvents) -> Result<Position, Fault> {
    if let Some(token) = &input.token {
        return Position::parse(token).ok_or_else(faults::invalid_token);
    }
    if input.from_head != Some(false) {
        return Ok(Position { direction: Direction::OldestFirst, searched: None });
    }
    if input.start.unwrap_or(0) < NEWEST_FIRST_SINCE_MS {
        return Err(faults::newest_first_too_early());
    }
    Ok(Position { direction: Direction::NewestFirst, searched: None })
}

/// What a message must be like.
fn matcher(pattern: Pattern) -> Matcher {
    let needle = pattern.needle().unwrap_or_default().to_owned();
    Matcher::new(move |message| pattern.matches(message)).with_needle(needle)
}

fn answer(page: Page, direction: Direction) -> FilterLogEventsAnswer {
    FilterLogEventsAnswer {
        events: page.events.into_iter().map(FilteredLogEvent::of).collect(),
        searched: Vec::new(),
        token: page.searched.map(|id| Position { direction, searched: Some(id) }.print()),
    }
}

impl FilteredLogEvent {
    fn of(found: Found) -> FilteredLogEvent {
        FilteredLogEvent {
            stream: found.stream.to_string(),
            timestamp: found.timestamp_ms,
            ingestion: found.ingestion_ms(),
            id: found.id.to_string(),
            message: found.message,
        }
    }
}

/// How far a search has come. Tokens are made of it, so that events that come in meanwhile shift nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    direction: Direction,
    searched: Option<EventId>,
}

impl Position {
    fn parse(token: &str) -> Option<Position> {
        let text = String::from_utf8(URL_SAFE.decode(token).ok()?).ok()?;
        let (direction, id) = match text.split_at_checked(1)? {
            ("f", id) => (Direction::OldestFirst, id),
            ("b", id) => (Direction::NewestFirst, id),
            _ => return None,
        };
        Some(Position { direction, searched: Some(EventId::parse(id)?) })
    }

    fn print(self) -> String {
        let way = if self.direction == Direction::OldestFirst { 'f' } else { 'b' };
        URL_SAFE.encode(format!("{way}{}", self.searched.unwrap_or_default()))
    }

    fn left(self) -> Range {
        match (self.searched, self.direction) {
            (None, _) => Range::ALL,
            (Some(id), Direction::OldestFirst) => Range { from: id.after(), ..Range::ALL },
            (Some(id), Direction::NewestFirst) => Range { until: id, ..Range::ALL },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        for direction in [Direction::OldestFirst, Direction::NewestFirst] {
            let position = Position { direction, searched: Some(EventId::at(1_700_000_000_000)) };
            assert_eq!(Position::parse(&position.print()), Some(position));
        }
        for token in ["", "a", "Zg==", "eDE=", "not base64!", "w6kx"] {
            assert_eq!(Position::parse(token), None, "{token}");
        }
    }
}
