//! The store against a plain list of what was put into it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use proptest::prelude::*;

use crate::contract::{self, Protocol};
use crate::services;
use crate::services::logs::groups::Class;
use crate::services::logs::naming::{GroupPlace, group_arn};
use crate::services::logs::{Group, Stream};
use crate::wire::{self, Fault, Head, Value};
use crate::world::call::{Call, Connection, Sender, perform};
use crate::world::caller::Credentials;
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, Settings, World};

use super::page::{Matcher, Room, page};
use super::pointer::Pointer;
use super::snapshot::Direction;
use super::*;

const NOW: &str = "2026-01-15T10:00:00Z";
const STREAMS: [&str; 3] = ["a", "ab", "b"];

/// A world with a group `g` and its streams, in a folder of its own.
struct Fixture {
    world: World,
    place: GroupPlace,
    folder: PathBuf,
    /// What was put: timestamp, number of the batch, index, stream, message.
    model: Vec<(i64, usize, usize, &'static str, String)>,
    batches: usize,
}

impl Fixture {
    fn new(log_memory: usize) -> Fixture {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("trailcam-logs-{}-{count}", std::process::id()));
        let account = AccountId::parse("000000000000").unwrap();
        let settings = Settings {
            account: account.clone(),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Fast,
            data_dir: folder.clone(),
            log_memory,
        };
        let mut world = World::new(settings, NOW.parse().unwrap());
        let place = GroupPlace::new(&account, Region::US_EAST_1, "g");
        let logs = &mut world.regional(&account, Region::US_EAST_1).logs;
        logs.groups.insert("g".into(), group("g", &place));
        Fixture { world, place, folder, model: Vec::new(), batches: 0 }
    }

    fn group(&mut self) -> &mut Group {
        self.place.group(&mut self.world).unwrap()
    }

    /// Puts events some milliseconds before now; the model has them too.
    fn put(&mut self, stream: &'static str, ages: &[i64]) -> Option<put::Rejected> {
        let now = self.world.now.timestamp_millis();
        let number = self.batches;
        self.batches += 1;
        let mut times: Vec<i64> = ages.iter().map(|age| now - age).collect();
        times.sort_unstable();
        let events: Vec<_> =
            times.iter().enumerate().map(|(index, time)| (*time, format!("{number}/{index} é"))).collect();
        let model = events.iter().enumerate();
        self.model.extend(model.map(|(index, (time, message))| (*time, number, index, stream, message.clone())));
        self.model.sort();
        put(&mut self.world, &self.place, stream, events).unwrap().rejected
    }

    fn run_background(&mut self) {
        std::mem::take(&mut self.world.background).into_iter().for_each(|work| work());
    }

    fn advance(&mut self, delta: TimeDelta) {
        let to = self.world.now + delta;
        while let Some((due, job)) = self.world.jobs.pop_due(to) {
            self.world.now = self.world.now.max(due);
            services::run(&mut self.world, job);
        }
        self.world.now = to;
    }

    fn expected(&self) -> Vec<(String, String)> {
        self.model.iter().map(|(_, _, _, stream, message)| ((*stream).to_owned(), message.clone())).collect()
    }

    fn snapshot(&self) -> Snapshot {
        snapshot(&self.world, &self.place, Pick::All, Range::ALL)
    }

    /// Streams and messages that a walk over everything shows.
    fn walked(&self) -> Vec<(String, String)> {
        let mut seen = Vec::new();
        self.snapshot().for_each(|event| {
            seen.push((event.stream.to_owned(), event.message.to_owned()));
            ControlFlow::Continue(())
        });
        seen
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.join("logs")).map_or(0, Iterator::count)
    }

    fn call(&mut self, operation: &str, input: serde_json::Value) -> Result<Value, Fault> {
        let contract = contract::get("logs").unwrap();
        let credentials = Credentials { access_key: Some("test".into()), session_token: None };
        let id = contract.find(operation).unwrap();
        let headers = http::HeaderMap::new();
        let head = Head { method: "POST", path: "/", query: "", headers: &headers, host: "" };
        let body = serde_json::to_vec(&input).unwrap();
        let input = wire::decode(contract, id, Protocol::Json, &head, &body);
        let sender = Sender::Client { credentials, connection: Connection::default() };
        let call =
            Call { contract, operation: id, region: Region::US_EAST_1, sender, input, upload: Ok(Upload::default()) };
        let mut answer = perform(&mut self.world, call);
        if let Some(scan) = answer.take_scan() {
            answer.finish(scan.run());
        }
        answer.outcome.map(|output| output.value)
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn group(name: &str, place: &GroupPlace) -> Group {
    let created = NOW.parse().unwrap();
    let stream = |name: &str| Stream::new(name, created);
    Group {
        name: name.into(),
        arn: group_arn(&place.account, place.region, name),
        created,
        class: Class::Standard,
        retention_days: None,
        expiry_due: None,
        deletion_protected: false,
        tags: BTreeMap::new(),
        metric_filters: BTreeMap::new(),
        subscriptions: BTreeMap::new(),
        policy: None,
        streams: STREAMS.iter().map(|name| ((*name).to_owned(), stream(name))).collect(),
    }
}

/// The streams and messages of an answer.
fn shown(answer: &Value) -> Vec<(String, String)> {
    let text = |event: &Value, name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let events = answer.get("events").and_then(Value::as_list).unwrap();
    events.iter().map(|event| (text(event, "logStreamName"), text(event, "message"))).collect()
}

fn text<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    answer.get(name).and_then(Value::as_str)
}

/// What may happen between reads.
#[derive(Clone, Debug)]
enum Step {
    Put(&'static str, Vec<i64>),
    Seal(&'static str),
    Background,
    Wait(i64),
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let ages = prop::collection::vec(0..50_i64, 1..12);
    let step = prop_oneof![
        6 => (prop::sample::select(&STREAMS[..]), ages).prop_map(|(stream, ages)| Step::Put(stream, ages)),
        1 => prop::sample::select(&STREAMS[..]).prop_map(Step::Seal),
        1 => Just(Step::Background),
        2 => (0..20_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..most)
}

impl Fixture {
    fn take(&mut self, step: Step) {
        match step {
            Step::Put(stream, ages) => assert_eq!(self.put(stream, &ages), None),
            Step::Seal(name) => {
                let segment = self.group().streams.get_mut(name).unwrap().log.seal();
                let shelf = Arc::clone(&self.world.log_keeping.shelf);
                self.world.background.extend(segment.and_then(|segment| shelf.pack_later(segment)));
            }
            Step::Background => self.run_background(),
            Step::Wait(milliseconds) => self.world.now += TimeDelta::milliseconds(milliseconds),
        }
    }
}

/// None: everything goes to files at once. Much: only what is sealed is compressed.
fn memory() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), Just(1 << 20)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_read_in_order(memory in memory(), steps in steps(25)) {
        let mut fixture = Fixture::new(memory);
        steps.into_iter().for_each(|step| fixture.take(step));
        prop_assert_eq!(fixture.walked(), fixture.expected());
        let mut back = Vec::new();
        fixture.snapshot().for_each_back(|event| {
            back.push((event.stream.to_owned(), event.message.to_owned()));
            ControlFlow::Continue(())
        });
        back.reverse();
        prop_assert_eq!(back, fixture.expected());
        for count in 1..4 {
            let mut events = Vec::new();
            for chunk in fixture.snapshot().chunks(count) {
                chunk.for_each(|event| {
                    events.push((event.id, event.message.to_owned()));
                    ControlFlow::Continue(())
                });
            }
            events.sort();
            let expected: Vec<_> = fixture.expected().into_iter().map(|(_, message)| message).collect();
            prop_assert_eq!(events.into_iter().map(|(_, message)| message).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn ranges_prefixes_and_names(
        memory in memory(), steps in steps(15), from in 0..60_i64, length in 0..60_i64, prefix in "a?b?",
    ) {
        let mut fixture = Fixture::new(memory);
        steps.into_iter().for_each(|step| fixture.take(step));
        let start = fixture.world.now.timestamp_millis() - from;
        let answer = fixture.call("FilterLogEvents", serde_json::json!({
            "logGroupName": "g", "startTime": start, "endTime": start + length,
            "logStreamNamePrefix": if prefix.is_empty() { None } else { Some(&prefix) },
        })).unwrap();
        let expected: Vec<_> = fixture.model.iter()
            .filter(|event| (start..=start + length).contains(&event.0) && event.3.starts_with(&prefix))
            .map(|event| (event.3.to_owned(), event.4.clone())).collect();
        prop_assert_eq!(shown(&answer), expected);
        let answer = fixture.call("GetLogEvents", serde_json::json!({
            "logGroupName": "g", "logStreamName": "ab", "startTime": start, "endTime": start + length,
        })).unwrap();
        let expected: Vec<_> = fixture.model.iter()
            .filter(|event| (start..start + length).contains(&event.0) && event.3 == "ab")
            .map(|event| (String::new(), event.4.clone())).collect();
        prop_assert_eq!(shown(&answer), expected);
    }

    /// Whatever is written meanwhile: a search shows nothing twice, keeps the order, and misses nothing that was
    /// there when it began.
    #[test]
    fn paging_a_search(
        memory in memory(), before in steps(20), meanwhile in prop::collection::vec(steps(4), 1..20),
        limit in 1..6_i64, oldest_first in any::<bool>(),
    ) {
        let mut fixture = Fixture::new(memory);
        before.into_iter().for_each(|step| fixture.take(step));
        let there = fixture.model.clone();
        let mut input = serde_json::json!({
            "logGroupName": "g", "limit": limit, "startFromHead": oldest_first, "startTime": 1_704_067_200_000_i64,
        });
        let mut seen = Vec::new();
        let mut meanwhile = meanwhile.into_iter();
        loop {
            let answer = fixture.call("FilterLogEvents", input.clone()).unwrap();
            let events = shown(&answer);
            prop_assert!(events.len() <= limit as usize);
            seen.extend(events);
            let Some(token) = text(&answer, "nextToken") else { break };
            input["nextToken"] = token.into();
            meanwhile.next().into_iter().flatten().for_each(|step| fixture.take(step));
        }
        let place = |(stream, message): &(String, String)| {
            fixture.model.iter().position(|event| event.3 == stream && event.4 == *message).unwrap()
        };
        let mut places: Vec<_> = seen.iter().map(place).collect();
        if !oldest_first {
            places.reverse();
        }
        prop_assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        for (_, _, _, stream, message) in &there {
            let missed = !seen.contains(&((*stream).to_owned(), message.clone()));
            prop_assert!(!missed, "{message} of {stream}");
        }
    }

    #[test]
    fn paging_a_stream(
        memory in memory(), before in steps(20), meanwhile in prop::collection::vec(steps(4), 1..20),
        limit in 1..6_i64, forward in any::<bool>(),
    ) {
        let mut fixture = Fixture::new(memory);
        before.into_iter().for_each(|step| fixture.take(step));
        let of_stream = |fixture: &Fixture| {
            let events = fixture.model.iter().filter(|event| event.3 == "a");
            events.map(|event| event.4.clone()).collect::<Vec<_>>()
        };
        let there = of_stream(&fixture);
        let mut input = serde_json::json!({
            "logGroupName": "g", "logStreamName": "a", "limit": limit, "startFromHead": forward,
        });
        let mut seen: Vec<String> = Vec::new();
        let mut meanwhile = meanwhile.into_iter();
        loop {
            let answer = fixture.call("GetLogEvents", input.clone()).unwrap();
            let events = shown(&answer).into_iter().map(|(_, message)| message);
            if forward { seen.extend(events) } else { seen.splice(0..0, events); }
            let token = text(&answer, if forward { "nextForwardToken" } else { "nextBackwardToken" }).unwrap();
            if input["nextToken"] == token {
                break;
            }
            input["nextToken"] = token.into();
            meanwhile.next().into_iter().flatten().for_each(|step| fixture.take(step));
        }
        let all = of_stream(&fixture);
        let places: Vec<_> = seen.iter().map(|message| all.iter().position(|other| other == message)).collect();
        prop_assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        prop_assert!(there.iter().all(|message| seen.contains(message)));
    }

    #[test]
    fn expired_events_go(memory in memory(), ages in prop::collection::vec((0..40_i64, 0..3_usize), 1..30)) {
        let mut fixture = Fixture::new(memory);
        fixture.group().retention_days = Some(1);
        for (hours, stream) in ages {
            fixture.world.now += TimeDelta::minutes(3);
            let expires = hours > 24;
            let rejected = fixture.put(STREAMS[stream], &[hours * 3_600_000]);
            prop_assert_eq!(rejected.is_some(), expires);
        }
        fixture.run_background();
        for _ in 0..30 {
            let cutoff = fixture.world.now.timestamp_millis() - 86_400_000;
            fixture.model.retain(|event| event.0 >= cutoff);
            prop_assert_eq!(fixture.walked(), fixture.expected());
            fixture.advance(TimeDelta::minutes(61));
            fixture.run_background();
            let now = fixture.world.now;
            for stream in fixture.group().streams.values() {
                // A job has run within the hour.
                let oldest = stream.log.first_event_ms.unwrap_or(i64::MAX);
                prop_assert!(oldest >= now.timestamp_millis() - 25 * 3_600_000);
            }
        }
        let left: u64 = fixture.group().streams.values().map(|stream| stream.log.stored_bytes).sum();
        let is_over = fixture.world.jobs.iter().all(|(_, job)| !matches!(job, Job::LogRetention { .. }));
        prop_assert_eq!((left, is_over), (0, true));
    }
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let mut fixture = Fixture::new(1 << 20);
    fixture.put("a", &[10, 20]);
    let before = fixture.snapshot();
    fixture.put("a", &[15]);
    fixture.take(Step::Seal("a"));
    fixture.run_background();
    fixture.group().streams.clear();
    let mut count = 0;
    before.for_each(|_| {
        count += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(count, 2);
    assert!(fixture.snapshot().is_empty());
}

#[test]
fn memory_stays_within_its_limit_and_files_go_with_their_events() {
    let memory = 256 * 1024;
    let mut fixture = Fixture::new(memory);
    let now = fixture.world.now.timestamp_millis();
    // Text that does not compress, a megabyte of it.
    let mut ids = crate::world::ids::Ids::new(3);
    for number in 0..1000 {
        let place = fixture.place.clone();
        put(&mut fixture.world, &place, STREAMS[number % 3], [(now + number as i64, ids.mixed(1000))]).unwrap();
        fixture.run_background();
        let shelf = &fixture.world.log_keeping.shelf;
        assert!(shelf.packed_bytes() <= memory && !shelf.tails_are_full());
    }
    assert!(fixture.files() > 0);
    assert_eq!(fixture.walked().len(), 1000);
    let stored: u64 = fixture.group().streams.values().map(|stream| stream.log.stored_bytes).sum();
    assert_eq!(stored, 1000 * 1026);
    let reading = fixture.snapshot();
    fixture.group().streams.clear();
    assert!(fixture.files() > 0, "a reader holds them");
    drop(reading);
    assert_eq!(fixture.world.log_keeping.shelf.packed_bytes(), 0);
    fixture.world.log_keeping = Keeping::new(0, &fixture.folder);
    assert_eq!(fixture.files(), 0);
}

#[test]
fn pages_hold_a_megabyte_and_one_event_at_least() {
    let mut fixture = Fixture::new(1 << 30);
    let now = fixture.world.now.timestamp_millis();
    let place = fixture.place.clone();
    for bytes in [1_048_550, 500_000, 548_524, 1] {
        put(&mut fixture.world, &place, "a", [(now, "x".repeat(bytes))]).unwrap();
    }
    let events = fixture.snapshot();
    let sizes = |direction| {
        let found = page(&events, direction, Room::for_events(None), &Matcher::all());
        (found.events.iter().map(|event| event.message.len()).collect::<Vec<_>>(), found.searched.is_some())
    };
    assert_eq!(sizes(Direction::OldestFirst), (vec![1_048_550], true));
    assert_eq!(sizes(Direction::NewestFirst), (vec![1, 548_524], true));
}

/// A search that finds little answers what it has after some work, and goes on from there.
#[test]
fn long_searches_are_cut_and_go_on() {
    for direction in [Direction::OldestFirst, Direction::NewestFirst] {
        let mut fixture = Fixture::new(0);
        for age in 0..40 {
            fixture.put(STREAMS[age as usize % 3], &[age * 10, age * 10 + 15, age * 10 + 35]);
        }
        let room = Room { events: 100, bytes: 1 << 20, scan: 300 };
        let matches = |message: &str| message.starts_with("7/") || message.starts_with("31/");
        let (mut left, mut seen, mut pages) = (Range::ALL, Vec::new(), 0);
        loop {
            let events = snapshot(&fixture.world, &fixture.place, Pick::All, left);
            let found = page(&events, direction, room, &Matcher::new(matches));
            seen.extend(found.events.into_iter().map(|event| event.message));
            pages += 1;
            let Some(searched) = found.searched else { break };
            match direction {
                Direction::OldestFirst => left.from = searched.after(),
                Direction::NewestFirst => left.until = searched,
            }
        }
        let mut expected: Vec<_> = fixture.model.iter().map(|event| event.4.clone()).filter(|m| matches(m)).collect();
        if direction == Direction::NewestFirst {
            expected.reverse();
        }
        assert_eq!(seen, expected);
        assert!((3..=40).contains(&pages), "{pages}");
    }
}

/// A needle only saves work: what is found is the same.
#[test]
fn needles() {
    let mut fixture = Fixture::new(1 << 20);
    let now = fixture.world.now.timestamp_millis();
    let place = fixture.place.clone();
    for (number, stream) in ["a", "b", "a"].into_iter().enumerate() {
        let lines = ["abab", "ab", "xa", "bx", "aab", "é", "xxabxxab", "b"];
        let events = lines.map(|line| (now, format!("{line}{number}"))).into_iter();
        put(&mut fixture.world, &place, stream, events.chain([(now + 1, "ab".into())])).unwrap();
    }
    fixture.take(Step::Seal("a"));
    fixture.run_background();
    for needle in ["ab", "a", "b", "é", "xa", "2", "b0", "0ab", "none"] {
        for direction in [Direction::OldestFirst, Direction::NewestFirst] {
            for until in [EventId::at(now + 1), EventId::MAX] {
                let range = Range { until, ..Range::ALL };
                let events = snapshot(&fixture.world, &fixture.place, Pick::All, range);
                let found = |matcher| page(&events, direction, Room::for_events(Some(5)), &matcher).events;
                let plain = found(Matcher::new(move |message| message.contains(needle)));
                let quick = found(Matcher::new(move |message| message.contains(needle)).with_needle(needle));
                assert_eq!(quick, plain, "{needle} {direction:?}");
                assert_eq!(plain.is_empty(), matches!(needle, "none" | "0ab"), "{needle}");
            }
        }
    }
}

#[test]
fn records_by_pointer() {
    let mut fixture = Fixture::new(0);
    fixture.put("a", &[30, 10]);
    fixture.put("a", &[20]);
    let mut ids = Vec::new();
    fixture.snapshot().for_each(|event| {
        ids.push(event.id);
        ControlFlow::Continue(())
    });
    let pointer = |fixture: &Fixture, id| Pointer { group: fixture.place.clone(), stream: "a".into(), id }.print();
    let asked = pointer(&fixture, ids[1]);
    let answer = fixture.call("GetLogRecord", serde_json::json!({"logRecordPointer": asked})).unwrap();
    let record = answer.get("logRecord").unwrap();
    let now = fixture.world.now.timestamp_millis();
    let fields = ["@ingestionTime", "@log", "@logStream", "@message", "@ptr", "@timestamp"];
    let values = fields.map(|name| text(record, name).unwrap().to_owned());
    let expected =
        [now.to_string(), "000000000000:g".into(), "a".into(), "1/0 é".into(), asked, (now - 20).to_string()];
    assert_eq!(values, expected);
    let absent = pointer(&fixture, ids[1].after());
    let refused = fixture.call("GetLogRecord", serde_json::json!({"logRecordPointer": absent})).unwrap_err();
    assert_eq!(refused.code, "ResourceNotFoundException");
}

fn put_input(events: serde_json::Value) -> serde_json::Value {
    serde_json::json!({"logGroupName": "g", "logStreamName": "a", "logEvents": events})
}

#[test]
fn what_put_log_events_refuses() {
    let mut fixture = Fixture::new(0);
    let now = fixture.world.now.timestamp_millis();
    let mut check = |events: serde_json::Value, expected: &str| {
        let refused = fixture.call("PutLogEvents", put_input(events)).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.message.as_str()), ("InvalidParameterException", expected));
        assert!(fixture.snapshot().is_empty());
    };
    let event = |time: i64, bytes: usize| serde_json::json!({"timestamp": time, "message": "x".repeat(bytes)});
    check(
        serde_json::json!([event(now, 1), event(now - 1, 1)]),
        "Log events in a single PutLogEvents request must be in chronological order.",
    );
    check(
        serde_json::json!([event(now - 86_400_001, 1), event(now, 1)]),
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    );
    check(serde_json::json!([event(now, 1_048_551)]), "Log event too large: 1048577 bytes exceeds limit of 1048576");
    check(
        serde_json::json!([event(now, 1_048_500), event(now, 25)]),
        "Upload too large: 1048577 bytes exceeds limit of 1048576",
    );
    let bytes = "é".repeat(524_276);
    check(
        serde_json::json!([{"timestamp": now, "message": bytes}]),
        "Log event too large: 1048578 bytes exceeds limit of 1048576",
    );
    for (group, stream, expected) in
        [("h", "a", "The specified log group does not exist."), ("g", "c", "The specified log stream does not exist.")]
    {
        let events = [serde_json::json!({"timestamp": now, "message": "x"})];
        let input = serde_json::json!({"logGroupName": group, "logStreamName": stream, "logEvents": events});
        let refused = fixture.call("PutLogEvents", input).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.message.as_str()), ("ResourceNotFoundException", expected));
    }
}

#[test]
fn which_events_are_rejected() {
    let day = 86_400_000;
    let check = |retention: Option<i64>, ages: &[i64], expected: [Option<i64>; 3], taken: usize| {
        let mut fixture = Fixture::new(0);
        fixture.group().retention_days = retention;
        let now = fixture.world.now.timestamp_millis();
        let events: Vec<_> =
            ages.iter().map(|age| serde_json::json!({"timestamp": now - age, "message": "x"})).collect();
        let answer = fixture.call("PutLogEvents", put_input(events.into())).unwrap();
        let names = ["tooOldLogEventEndIndex", "expiredLogEventEndIndex", "tooNewLogEventStartIndex"];
        let rejected = answer.get("rejectedLogEventsInfo");
        let shown = names.map(|name| match rejected.and_then(|info| info.get(name)) {
            Some(Value::Int(index)) => Some(*index),
            _ => None,
        });
        assert_eq!(shown, expected, "{retention:?} {ages:?}");
        assert_eq!(rejected.is_some(), expected.iter().any(Option::is_some));
        assert_eq!(fixture.walked().len(), taken);
        assert_eq!(text(&answer, "nextSequenceToken").map(str::len), Some(56));
    };
    check(None, &[0], [None; 3], 1);
    check(None, &[14 * day, 13 * day], [None; 3], 2);
    check(None, &[14 * day + 1, 14 * day], [Some(1), None, None], 1);
    check(None, &[0, -7_200_000], [None; 3], 2);
    check(None, &[0, -7_200_000, -7_200_001], [None, None, Some(2)], 2);
    check(Some(3), &[4 * day, 3 * day + 1, 3 * day], [None, Some(2), None], 1);
    check(Some(3), &[15 * day, 4 * day, 0], [Some(1), Some(2), None], 1);
    check(Some(30), &[15 * day, 0], [Some(1), None, None], 1);
    check(None, &[20 * day, -day], [Some(1), None, Some(1)], 0);
    check(None, &[20 * day], [Some(1), None, None], 0);
}

#[test]
fn indexes_in_ids_are_those_of_the_call() {
    let mut fixture = Fixture::new(0);
    let day = 86_400_000;
    fixture.put("a", &[20 * day, 2, 1, -day]);
    let mut indexes = Vec::new();
    fixture.snapshot().for_each(|event| {
        indexes.push(event.id.index);
        ControlFlow::Continue(())
    });
    assert_eq!(indexes, [1, 2]);
}

#[test]
fn entities() {
    let mut fixture = Fixture::new(0);
    let now = fixture.world.now.timestamp_millis();
    let mut check = |entity: serde_json::Value, expected: Option<&str>| {
        let mut input = put_input(serde_json::json!([{"timestamp": now, "message": "x"}]));
        input["entity"] = entity.clone();
        let answer = fixture.call("PutLogEvents", input).unwrap();
        let error = answer.get("rejectedEntityInfo").and_then(|info| text(info, "errorType"));
        assert_eq!(error, expected, "{entity}");
    };
    check(
        serde_json::json!({"keyAttributes": {"Type": "Service", "Name": "a", "Environment": "b"}, "attributes": {}}),
        None,
    );
    check(
        serde_json::json!({"keyAttributes": {"Type": "AWS::Resource", "ResourceType": "a", "Identifier": "b"}}),
        None,
    );
    check(serde_json::json!({"keyAttributes": {"Type": "Service", "Identifier": "a"}}), Some("MissingRequiredFields"));
    check(serde_json::json!({"keyAttributes": {"Type": "Thing", "Name": "a"}}), Some("InvalidTypeValue"));
    check(serde_json::json!({"keyAttributes": {"Type": "Service", "Colour": "a"}}), Some("InvalidKeyAttributes"));
    check(serde_json::json!({"attributes": {"a": "b"}}), Some("MissingRequiredFields"));
    assert_eq!(fixture.walked().len(), 6, "events are taken all the same");
}

#[test]
fn what_searches_refuse() {
    let mut fixture = Fixture::new(0);
    let infrequent = Group { class: Class::InfrequentAccess, ..group("i", &fixture.place) };
    let logs = &mut fixture.world.regional(&fixture.place.account, Region::US_EAST_1).logs;
    logs.groups.insert("i".into(), infrequent);
    let mut check = |operation: &str, input: serde_json::Value, code: &str, message: &str| {
        let refused = fixture.call(operation, input).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.message.as_str()), (code, message), "{operation}");
    };
    let (missing, invalid) = ("ResourceNotFoundException", "InvalidParameterException");
    let no_group = "The specified log group does not exist.";
    let no_stream = "The specified log stream does not exist.";
    let bad_token = "The specified nextToken is invalid.";
    let both = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
    let elsewhere = "arn:aws:logs:us-east-2:000000000000:log-group:g";
    use serde_json::json;
    check("GetLogEvents", json!({"logGroupName": "h", "logStreamName": "a"}), missing, no_group);
    check("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "c"}), missing, no_stream);
    check("GetLogEvents", json!({"logGroupIdentifier": elsewhere, "logStreamName": "a"}), missing, no_group);
    check("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "a", "nextToken": "x"}), invalid, bad_token);
    check(
        "GetLogEvents",
        json!({"logGroupName": "g", "logGroupIdentifier": "g", "logStreamName": "a"}),
        "ValidationException",
        both,
    );
    check("FilterLogEvents", json!({"logGroupName": "g", "logGroupIdentifier": "g"}), "ValidationException", both);
    check("FilterLogEvents", json!({"logGroupName": "g", "nextToken": "x"}), invalid, bad_token);
    check("FilterLogEvents", json!({"logGroupName": "g", "logStreamNames": ["a", "c"]}), missing, no_stream);
    check(
        "FilterLogEvents",
        json!({"logGroupName": "i"}),
        "InvalidOperationException",
        "The log group i is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class.",
    );
    let refused = |input| fixture.call("FilterLogEvents", input).unwrap_err().code;
    let mut refused = refused;
    assert_eq!(refused(json!({"logGroupName": "g", "logStreamNames": ["a"], "logStreamNamePrefix": "a"})), invalid);
    assert_eq!(
        refused(json!({"logGroupName": "g", "startFromHead": false, "startTime": 1_704_067_199_999_i64})),
        invalid
    );
    assert_eq!(refused(json!({"logGroupName": "g", "filterPattern": "{ $.a = "})), invalid);
}

/// Walking to an end answers the token that was sent; turning back shows what was passed.
#[test]
fn tokens_at_the_ends() {
    let mut fixture = Fixture::new(0);
    let ask = |fixture: &mut Fixture, token: Option<&str>| {
        let input = serde_json::json!({
            "logGroupIdentifier": "arn:aws:logs:us-east-1:000000000000:log-group:g",
            "logStreamName": "a", "limit": 2, "nextToken": token, "startFromHead": true,
        });
        let answer = fixture.call("GetLogEvents", input).unwrap();
        let messages: Vec<_> = shown(&answer).into_iter().map(|(_, message)| message).collect();
        let token = |name| text(&answer, name).unwrap().to_owned();
        (messages, token("nextForwardToken"), token("nextBackwardToken"))
    };
    let (none, forward, _) = ask(&mut fixture, None);
    assert!(none.is_empty());
    fixture.put("a", &[3, 2, 1]);
    let (page, forward, _) = ask(&mut fixture, Some(&forward));
    assert_eq!(page, ["0/0 é", "0/1 é"]);
    let (page, forward, _) = ask(&mut fixture, Some(&forward));
    assert_eq!(page, ["0/2 é"]);
    let (page, end, backward) = ask(&mut fixture, Some(&forward));
    assert!(page.is_empty());
    assert_eq!(end, forward);
    let (page, _, backward) = ask(&mut fixture, Some(&backward));
    assert_eq!(page, ["0/1 é", "0/2 é"]);
    let (page, _, backward) = ask(&mut fixture, Some(&backward));
    assert_eq!(page, ["0/0 é"]);
    let (page, forward, start) = ask(&mut fixture, Some(&backward));
    assert!(page.is_empty());
    assert_eq!(start, backward);
    let (page, ..) = ask(&mut fixture, Some(&forward));
    assert_eq!(page, ["0/0 é", "0/1 é"]);
    fixture.put("a", &[0]);
    let (page, ..) = ask(&mut fixture, Some(&end));
    assert_eq!(page, ["1/0 é"], "the end moves on");
}

#[test]
fn streams_know_their_times() {
    let mut fixture = Fixture::new(0);
    fixture.put("a", &[50, 20]);
    fixture.world.now += TimeDelta::seconds(1);
    let now = fixture.world.now.timestamp_millis();
    fixture.put("a", &[2000]);
    let log = &fixture.group().streams["a"].log;
    assert_eq!(log.first_event_ms, Some(now - 2000));
    assert_eq!(log.last_event_ms, Some(now - 1020));
    assert_eq!(log.last_ingestion_ms, Some(now));
    assert_eq!(log.stored_bytes, 3 * (26 + "0/0 é".len() as u64));
    let time: Time = NOW.parse().unwrap();
    assert_eq!(fixture.world.now - time, TimeDelta::seconds(1));
}

#[test]
fn put_log_events_leaves_no_record() {
    let mut fixture = Fixture::new(0);
    let now = fixture.world.now.timestamp_millis();
    fixture.call("PutLogEvents", put_input(serde_json::json!([{"timestamp": now, "message": "x"}]))).unwrap();
    fixture.call("FilterLogEvents", serde_json::json!({"logGroupName": "g"})).unwrap();
    let names: Vec<_> = fixture
        .world
        .events
        .iter_from(crate::world::record::Position(0))
        .map(|entry| {
            let record: serde_json::Value = serde_json::from_str(&entry.record).unwrap();
            record["eventName"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(names, ["FilterLogEvents"]);
}
