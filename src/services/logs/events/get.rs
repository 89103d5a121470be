//! `GetLogEvents`: one stream, a page at a time, in either direction.

use crate::services::logs::faults;
use crate::services::logs::groups::{Class, GROUP};
use crate::services::logs::naming::{GroupPlace, Identified};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;

use super::id::{DIGITS, EventId};
use super::page::{Found, Matcher, Page, Room, page};
use super::snapshot::{Direction, Pick, Range, snapshot};

pub const OPS: &[Op] = &[crate::op!(Read "GetLogEvents" get_log_events).resources(&[GROUP])];

crate::record! {
    struct GetLogEvents {
        stream: String = "logStreamName",
        start: Option<i64> = "startTime",
        end: Option<i64> = "endTime",
        token: Option<String> = "nextToken",
        limit: Option<i64> = "limit",
        from_head: bool = "startFromHead",
    }
    struct OutputLogEvent {
        timestamp: i64 = "timestamp",
        message: String = "message",
        ingestion: i64 = "ingestionTime",
    }
    struct GetLogEventsAnswer {
        events: Vec<OutputLogEvent> = "events",
        forward: String = "nextForwardToken",
        backward: String = "nextBackwardToken",
    }
}

/// Where a group is, whose events are to be read.
///
/// # Errors
/// It is named in no or both ways, there is none in the account and Region, or its class goes without the operation
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html>).
pub(super) fn readable(cx: &Cx, group: &Identified) -> Result<GroupPlace, Fault> {
    let place = group.place(cx)?;
    let group = place.find(cx.world).ok_or_else(faults::no_such_group)?;
    match group.class {
        Class::Standard | Class::Essentials => Ok(place),
        Class::InfrequentAccess | Class::Delivery => {
            Err(faults::not_for_class(&group.name, group.class.as_str(), cx.operation.name))
        }
    }
}

fn get_log_events(cx: &mut Cx, (group, input): (Identified, GetLogEvents)) -> Result<Scan<GetLogEventsAnswer>, Fault> {
    let place = readable(cx, &group)?;
    let group = place.find(cx.world).ok_or_else(faults::no_such_group)?;
    if !group.streams.contains_key(&input.stream) {
        return Err(faults::no_such_stream());
    }
    let token = input.token.as_deref().map(|token| Token::parse(token).ok_or_else(faults::invalid_token));
    let token = token.transpose()?;
    let times = Range::of_times(input.start, input.end);
    let walk = match token {
        Some(token) => token,
        None if input.from_head => Token { direction: Direction::OldestFirst, at: times.from.before() },
        None => Token { direction: Direction::NewestFirst, at: times.until },
    };
    let pick = [input.stream];
    let events = snapshot(cx.world, &place, Pick::Names(&pick), times.and(walk.beyond()));
    let room = Room::for_events(input.limit);
    Ok(Scan::new(move || {
        let found = page(&events, walk.direction, room, &Matcher::all());
        answer(found, walk, token.is_some(), times)
    }))
}

/// Events in the order of time, and tokens for what stands before and behind them.
fn answer(page: Page, walk: Token, went_on: bool, times: Range) -> GetLogEventsAnswer {
    let mut events = page.events;
    if walk.direction == Direction::NewestFirst {
        events.reverse();
    }
    let ends = events.first().zip(events.last()).map(|(first, last)| (first.id, last.id));
    // At the end, the token is the one that was sent, and the other one turns back from there.
    let (before, behind) = match (ends, walk.direction) {
        (Some(ends), _) => ends,
        (None, _) if !went_on => (times.from, times.from.before()),
        (None, Direction::OldestFirst) => (walk.at.after(), walk.at),
        (None, Direction::NewestFirst) => (walk.at, walk.at.before()),
    };
    GetLogEventsAnswer {
        events: events.into_iter().map(OutputLogEvent::of).collect(),
        forward: Token { direction: Direction::OldestFirst, at: behind }.print(),
        backward: Token { direction: Direction::NewestFirst, at: before }.print(),
    }
}

impl OutputLogEvent {
    fn of(found: Found) -> OutputLogEvent {
        let ingestion = found.ingestion_ms();
        OutputLogEvent { timestamp: found.timestamp_ms, message: found.message, ingestion }
    }
}

/// Where a page ended, and which way it goes on: `f/` or `b/`, the id of the event last shown, and `/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    direction: Direction,
    at: EventId,
}

impl Token {
    fn parse(text: &str) -> Option<Token> {
        // Older tokens end with the number.
        let text = text.strip_suffix("/s").unwrap_or(text);
        let (direction, id) = match text.split_once('/')? {
            ("f", id) => (Direction::OldestFirst, id),
            ("b", id) => (Direction::NewestFirst, id),
            _ => return None,
        };
        Some(Token { direction, at: EventId::parse(id).filter(|_| id.len() >= DIGITS)? })
    }

    fn print(self) -> String {
        let way = if self.direction == Direction::OldestFirst { 'f' } else { 'b' };
        format!("{way}/{:0DIGITS$}/s", self.at)
    }

    /// What is left from here on.
    fn beyond(self) -> Range {
        match self.direction {
            // Before the first id there is none: from there on is everything.
            Direction::OldestFirst if self.at == EventId::MIN => Range::ALL,
            Direction::OldestFirst => Range { from: self.at.after(), ..Range::ALL },
            Direction::NewestFirst => Range { until: self.at, ..Range::ALL },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let text = "f/37199984602912945150919581120365194235947007390943215618/s";
        let token = Token::parse(text).unwrap();
        assert_eq!((token.direction, token.at.timestamp_ms), (Direction::OldestFirst, 1_668_105_001_503));
        assert_eq!(token.print(), text);
        assert_eq!(Token::parse(&text[..58]), Some(token));
        let start = Token { direction: Direction::NewestFirst, at: EventId::MIN };
        assert_eq!(Token::parse(&start.print()), Some(start));
        for text in ["", "f", "f/", "f/1/s", "x/37199984602912945150919581120365194235947007390943215618/s", "b/1a/s"] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}
