//! Events: how they look, and what they remember of their way.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events.html>

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::patterns::json_text;
use crate::world::scope::{AccountId, Region};
use crate::world::time::{Time, iso_seconds, whole_seconds};

/// How deep the detail of an event may be nested
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const DEPTH_MAX: usize = 1100;

/// Room for what is around the details of most events.
const ENVELOPE_BYTES: usize = 400;

/// What an event is made of.
pub(super) struct Parts<'a> {
    pub id: String,
    pub source: &'a str,
    pub detail_type: &'a str,
    pub account: &'a AccountId,
    pub time: Time,
    pub region: Region,
    pub resources: &'a [String],
    /// A JSON object.
    pub detail: &'a str,
}

/// An event on a bus.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The event as targets get it.
    pub text: String,
    /// Whole seconds.
    pub time: Time,
    /// The X-Ray trace that it belongs to.
    pub trace: Option<String>,
    pub hops: Hops,
    /// It is a read-only management event of CloudTrail: only rules that ask for all of those get it.
    pub read_only: bool,
    /// It comes out of an archive.
    pub replayed: bool,
    /// It is not to be delivered before: too many have come that nobody outside has caused.
    pub not_before: Option<Time>,
}

/// How an event came to its bus. It may go on to one bus in the same Region, and to one other Region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hops {
    pub same_region: bool,
    pub other_region: bool,
}

/// An event's members in the order of real ones.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow, rename = "detail-type")]
    pub detail_type: Cow<'a, str>,
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    #[serde(borrow)]
    account: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    region: Cow<'a, str>,
    #[serde(borrow, rename = "replay-name", default, skip_serializing_if = "Option::is_none")]
    pub replay_name: Option<Cow<'a, str>>,
    pub resources: Vec<String>,
    #[serde(borrow)]
    pub detail: &'a RawValue,
}

impl Envelope<'_> {
    pub fn time(&self) -> Option<Time> {
        self.time.parse().ok()
    }
}

impl Hops {
    /// The way with one more bus, here or in another Region; `None` when that is one too many.
    pub fn onward(self, to_other_region: bool) -> Option<Hops> {
        match to_other_region {
            true => (!self.other_region).then_some(Hops { other_region: true, ..self }),
            false => (!self.same_region).then_some(Hops { same_region: true, ..self }),
        }
    }
}

impl Event {
    /// A new event.
    pub fn new(parts: &Parts) -> Event {
        let mut text = String::with_capacity(ENVELOPE_BYTES + parts.detail.len());
        text.extend([r#"{"version":"0","id":""#, &parts.id, r#"","detail-type":"#]);
        quote(&mut text, parts.detail_type);
        text.push_str(r#","source":"#);
        quote(&mut text, parts.source);
        text.extend([r#","account":""#, parts.account.as_str(), r#"","time":""#, &iso_seconds(parts.time)]);
        text.extend([r#"","region":""#, parts.region.as_str(), r#"","resources":["#]);
        for (place, resource) in parts.resources.iter().enumerate() {
            text.push_str(if place > 0 { "," } else { "" });
            quote(&mut text, resource);
        }
        text.extend([r#"],"detail":"#, parts.detail, "}"]);
        Event::of_text(text, whole_seconds(parts.time))
    }

    /// An event as it was before.
    pub fn of_text(text: String, time: Time) -> Event {
        Event { text, time, trace: None, hops: Hops::default(), read_only: false, replayed: false, not_before: None }
    }

    /// Its members; `None` only for a text that is no event.
    pub fn envelope(&self) -> Option<Envelope<'_>> {
        serde_json::from_str(&self.text).ok()
    }

    /// An archived event, as a replay puts it on the bus again.
    pub fn replayed(text: &str, time: Time, replay: &str) -> Option<Event> {
        let mut envelope: Envelope = serde_json::from_str(text).ok()?;
        envelope.replay_name = Some(replay.into());
        let text = serde_json::to_string(&envelope).ok()?;
        Some(Event { replayed: true, ..Event::of_text(text, time) })
    }
}

/// Adds a text as JSON. Most have nothing that must be escaped.
fn quote(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        return out.push_str(&json_text(text));
    }
    out.extend(["\"", text, "\""]);
}

/// A detail without spaces between its tokens; `None` for what is no JSON object, or nested too deep. Numbers and
/// escapes stay as they were written.
pub(super) fn compact(detail: &str) -> Option<String> {
    let object: &RawValue = serde_json::from_str(detail).ok()?;
    let text = object.get();
    if !text.starts_with('{') {
        return None;
    }
    let (mut out, mut copied, mut depth) = (String::with_capacity(text.len()), 0, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth -= 1,
            b' ' | b'\t' | b'\n' | b'\r' if !quoted => {
                out.push_str(&text[copied..at]);
                copied = at + 1;
            }
            _ => {}
        }
        if depth > DEPTH_MAX {
            return None;
        }
    }
    out.push_str(&text[copied..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_lose_their_spaces_and_nothing_else() {
        let check = |detail: &str, wanted: Option<&str>| assert_eq!(compact(detail).as_deref(), wanted, "{detail}");
        check("{}", Some("{}"));
        check(" { \"a\" : [ 1.50 , \"b c\" ] }\n", Some(r#"{"a":[1.50,"b c"]}"#));
        check(r#"{"a": "\" }\\", "b": 1e3}"#, Some(r#"{"a":"\" }\\","b":1e3}"#));
        for bad in ["", "[]", "\"{}\"", "{", "{} {}", "{a: 1}", "null"] {
            check(bad, None);
        }
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        check(&nested(1100), Some(&nested(1100)));
        check(&nested(1101), None);
    }

    #[test]
    fn events_have_the_members_of_real_ones() {
        let account = AccountId::parse("123456789012").unwrap();
        let event = Event::new(&Parts {
            id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718".to_owned(),
            source: "com.\"quoted\"",
            detail_type: "State-change",
            account: &account,
            time: "2017-12-22T18:43:48.999Z".parse().unwrap(),
            region: Region::US_EAST_1,
            resources: &["a".to_owned(), "b".to_owned()],
            detail: r#"{"n":1.0}"#,
        });
        let text = concat!(
            r#"{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"State-change","#,
            r#""source":"com.\"quoted\"","account":"123456789012","time":"2017-12-22T18:43:48Z","#,
            r#""region":"us-east-1","resources":["a","b"],"detail":{"n":1.0}}"#
        );
        assert_eq!(event.text, text);
        let again = Event::replayed(&event.text, event.time, "again").unwrap();
        assert_eq!(again.text, text.replace(r#""resources""#, r#""replay-name":"again","resources""#));
        assert!(again.replayed);
    }
}
