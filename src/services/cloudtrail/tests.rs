//! What CloudTrail does with events, seen through its operations and its objects.

mod delivery;

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::contract;
use crate::services;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Sender, perform};
use crate::world::caller::{AccessKey, Credentials, Issuer, Principal, Session, Temporary};
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, Settings, World};

use super::Trail;

pub const ACCOUNT: &str = "111122223333";
pub const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t";

/// An empty world, fast, over a folder that nothing is written to.
pub fn world(now: &str) -> World {
    let settings = Settings {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Fast,
        data_dir: std::env::temp_dir().join("trailcam-no-such-folder"),
        log_memory: 16 << 20,
    };
    World::new(settings, now.parse().unwrap())
}

/// A logging single-Region trail with validation.
pub fn trail(bucket: &str) -> Trail {
    Trail {
        arn: TRAIL.into(),
        name: "t".into(),
        account: AccountId::parse(ACCOUNT).unwrap(),
        home: Region::US_EAST_1,
        bucket: bucket.into(),
        prefix: None,
        multi_region: false,
        global_events: true,
        validation: true,
        recursive: true,
        selectors: Default::default(),
        tags: Default::default(),
        logging: true,
        stopping: false,
        started: None,
        stopped: None,
        shipping: Default::default(),
        log_group: None,
        topic: None,
    }
}

/// Moves time on; every job on the way runs.
pub fn advance(world: &mut World, to: &str) {
    let to: Time = to.parse().unwrap();
    while let Some((due, job)) = world.jobs.pop_due(to) {
        world.now = world.now.max(due);
        services::run(world, job);
    }
    world.now = to;
}

/// A client's call.
pub fn call(
    world: &mut World,
    key: &str,
    region: Region,
    (service, operation): (&str, &str),
    input: Map,
) -> Result<Value, Fault> {
    let contract = contract::get(service).unwrap();
    let token =
        world.access_keys.get(key).and_then(|key| key.temporary.as_ref()).map(|temporary| temporary.token.clone());
    let credentials = Credentials { access_key: Some(key.into()), session_token: token };
    let call = Call {
        contract,
        operation: contract.find(operation).unwrap(),
        region,
        sender: Sender::Client { credentials, connection: Connection::default() },
        input: Ok(Value::Map(input)),
        upload: Ok(Upload::default()),
    };
    perform(world, call).outcome.map(|output| output.value)
}

fn map(members: &[(&'static str, Value)]) -> Map {
    Map(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
}

fn lookup(world: &mut World, input: &[(&'static str, Value)]) -> Result<Value, Fault> {
    call(world, ACCOUNT, Region::US_EAST_1, ("cloudtrail", "LookupEvents"), map(input))
}

fn attribute(key: &str, value: &str) -> (&'static str, Value) {
    let one = map(&[("AttributeKey", key.into()), ("AttributeValue", value.into())]);
    ("LookupAttributes", vec![one].into())
}

fn texts(page: &Value, member: &str) -> Vec<String> {
    let events = page.get("Events").and_then(Value::as_list).unwrap_or_default();
    events.iter().map(|event| event.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()).collect()
}

/// A user's key and a role session's key.
fn keys(world: &mut World) {
    let account = AccountId::parse(ACCOUNT).unwrap();
    let key = |principal, temporary| AccessKey {
        account: account.clone(),
        secret: String::new(),
        principal,
        active: true,
        temporary,
        last_used: None,
    };
    let user =
        Principal::User { id: "AIDA1".into(), name: "alice".into(), arn: format!("arn:aws:iam::{ACCOUNT}:user/alice") };
    world.access_keys.insert("AKIAALICE".into(), key(user, None));
    let issuer = Issuer { id: "AROA1".into(), arn: format!("arn:aws:iam::{ACCOUNT}:role/r"), name: "r".into() };
    let session = Session { created: world.now, mfa: false, issuer: Some(issuer), source_identity: None };
    let temporary = Temporary { token: "t".into(), expires: Time::MAX_UTC, session };
    let role = Principal::Role { session_name: "bob".into() };
    world.access_keys.insert("ASIABOB".into(), key(role, Some(temporary)));
}

/// Every management event of the account in us-east-1, newest first, that `fits`.
fn naive(world: &World, fits: impl Fn(&Json) -> bool) -> Vec<String> {
    let records =
        world.events.iter_from(world.events.start()).map(|entry| serde_json::from_str(&entry.record).unwrap());
    let mut found: Vec<Json> = records
        .filter(|record: &Json| {
            record["recipientAccountId"] == ACCOUNT
                && record["awsRegion"] == "us-east-1"
                && record["managementEvent"] == true
                && fits(record)
        })
        .collect();
    found.reverse();
    found.iter().map(|record| record["eventID"].as_str().unwrap().to_owned()).collect()
}

fn username(record: &Json) -> &str {
    match record["userIdentity"]["type"].as_str().unwrap() {
        "Root" => "root",
        "AssumedRole" => "bob",
        _ => record["userIdentity"]["userName"].as_str().unwrap_or_default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lookups_find_what_a_scan_finds(
        calls in proptest::collection::vec((0..4usize, 0..3usize, 0..2usize, 0..4u32), 1..120),
        page_size in 1..50i64,
        from in 0..100i64,
        length in 0..100i64,
    ) {
        const CALLS: [(&str, &str); 4] =
            [("cloudtrail", "DescribeTrails"), ("ec2", "DescribeInstances"), ("iam", "ListUsers"), ("cloudtrail", "StopLogging")];
        let mut world = world("2026-01-01T00:00:00Z");
        keys(&mut world);
        for (operation, key, region, seconds) in calls {
            world.now += chrono::TimeDelta::seconds(seconds.into());
            let region = [Region::US_EAST_1, Region::DEFAULT[0]][region];
            let input = if CALLS[operation].1 == "StopLogging" { map(&[("Name", "trail".into())]) } else { Map::new() };
            let _ = call(&mut world, ["AKIAALICE", "ASIABOB", ACCOUNT][key], region, CALLS[operation], input);
        }
        let start: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        let (start, end) = (start + chrono::TimeDelta::seconds(from), start + chrono::TimeDelta::seconds(from + length));
        let is = |text: &'static str, value: &'static str| move |record: &Json| record[text] == value;
        type Fits = Box<dyn Fn(&Json) -> bool>;
        let questions: Vec<(&str, &str, Fits)> = vec![
            ("EventName", "DescribeTrails", Box::new(is("eventName", "DescribeTrails"))),
            ("EventSource", "iam.amazonaws.com", Box::new(is("eventSource", "iam.amazonaws.com"))),
            ("ReadOnly", "false", Box::new(|record| record["readOnly"] == false)),
            ("Username", "bob", Box::new(|record| username(record) == "bob")),
            ("Username", "root", Box::new(|record| username(record) == "root")),
            ("AccessKeyId", "AKIAALICE", Box::new(|record| record["userIdentity"]["accessKeyId"] == "AKIAALICE")),
            ("EventName", "NoSuch", Box::new(|_| false)),
        ];
        for (key, value, fits) in questions {
            let inside = |record: &Json| {
                let time: Time = record["eventTime"].as_str().unwrap().parse().unwrap();
                start <= time && time <= end
            };
            let expected = naive(&world, |record| fits(record) && inside(record));
            let mut input = vec![attribute(key, value), ("StartTime", start.into()), ("EndTime", end.into()), ("MaxResults", page_size.into())];
            let mut found = Vec::new();
            loop {
                let page = lookup(&mut world, &input).unwrap();
                let ids = texts(&page, "EventId");
                prop_assert!(ids.len() <= page_size as usize);
                found.extend(ids);
                // Time goes on, so that the lookup's own event is outside of the range.
                world.now = world.now.max(end + chrono::TimeDelta::seconds(1));
                input.truncate(4);
                match page.get("NextToken") {
                    Some(token) => input.push(("NextToken", token.clone())),
                    None => break,
                }
            }
            prop_assert_eq!(&found, &expected, "{} {}", key, value);
        }
    }
}

#[test]
fn an_event_is_found_by_its_id_and_shown_whole() {
    let mut world = world("2026-01-01T00:00:00Z");
    keys(&mut world);
    let _ = call(&mut world, "ASIABOB", Region::US_EAST_1, ("cloudtrail", "DescribeTrails"), Map::new());
    let id = naive(&world, |_| true)[0].clone();
    let page = lookup(&mut world, &[attribute("EventId", &id)]).unwrap();
    let event = &page.get("Events").and_then(Value::as_list).unwrap()[0];
    let text = |name| event.get(name).and_then(Value::as_str);
    assert_eq!(text("EventId"), Some(id.as_str()));
    assert_eq!(text("EventName"), Some("DescribeTrails"));
    assert_eq!(text("EventSource"), Some("cloudtrail.amazonaws.com"));
    assert_eq!(text("ReadOnly"), Some("true"));
    assert_eq!(text("Username"), Some("bob"));
    assert_eq!(text("AccessKeyId"), Some("ASIABOB"));
    let record: Json = serde_json::from_str(text("CloudTrailEvent").unwrap()).unwrap();
    assert_eq!(record["eventID"], id.as_str());
    let mut other = id.clone();
    other.replace_range(35.., if id.ends_with('0') { "1" } else { "0" });
    assert!(texts(&lookup(&mut world, &[attribute("EventId", &other)]).unwrap(), "EventId").is_empty());
}

#[test]
fn the_history_ends_after_ninety_days() {
    let mut world = world("2026-01-01T00:00:00Z");
    let _ = call(&mut world, ACCOUNT, Region::US_EAST_1, ("cloudtrail", "DescribeTrails"), Map::new());
    let wanted = attribute("EventName", "DescribeTrails");
    advance(&mut world, "2026-04-01T00:00:00Z");
    assert_eq!(texts(&lookup(&mut world, std::slice::from_ref(&wanted)).unwrap(), "EventName").len(), 1);
    advance(&mut world, "2026-04-01T00:00:01Z");
    assert_eq!(texts(&lookup(&mut world, std::slice::from_ref(&wanted)).unwrap(), "EventName").len(), 0);
    advance(&mut world, "2026-04-02T00:00:00Z");
    let account = AccountId::parse(ACCOUNT).unwrap();
    let oldest = world.regional(&account, Region::US_EAST_1).history.oldest();
    assert_eq!(oldest, Some("2026-04-01T00:00:00Z".parse().unwrap()));
}

#[test]
fn lookups_that_are_refused() {
    let mut world = world("2026-01-01T00:00:00Z");
    for _ in 0..3 {
        lookup(&mut world, &[]).unwrap();
    }
    let page = lookup(&mut world, &[("MaxResults", 1.into())]).unwrap();
    let token = ("NextToken", page.get("NextToken").cloned().unwrap());
    let time = |text: &str| Value::Time(text.parse().unwrap());
    let two: Value =
        vec![Value::Map(map(&[("AttributeKey", "EventName".into()), ("AttributeValue", "a".into())])); 2].into();
    let mut check = |input: &[(&'static str, Value)], expected: Option<&str>| {
        let code = lookup(&mut world, input).err().map(|fault| fault.code);
        assert_eq!(code.as_deref(), expected, "{input:?}");
    };
    check(&[("LookupAttributes", two)], Some("InvalidLookupAttributesException"));
    check(
        &[("StartTime", time("2026-01-02T00:00:00Z")), ("EndTime", time("2026-01-01T00:00:00Z"))],
        Some("InvalidTimeRangeException"),
    );
    check(&[("NextToken", "other".into())], Some("InvalidNextTokenException"));
    check(&[attribute("EventName", "a"), token.clone()], Some("InvalidNextTokenException"));
    check(&[token], None);
    check(&[("EventCategory", "insight".into())], None);
}
