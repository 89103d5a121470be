//! Deliveries of flow logs. What cannot be delivered is lost, as it is with AWS, and the flow log says why.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::network::flow_logs::{Format, Record, TrafficType};
use crate::services::firehose;
use crate::services::iam::permissions;
use crate::services::logs::naming::GroupPlace;
use crate::services::sts::visits::Visit;
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::{Call, perform};
use crate::world::caller::Caller;
use crate::world::jobs::Job;
use crate::world::payload::Upload;
use crate::world::policy::Request;

use super::{Destination, FlowLog, Place, places};

/// Who takes on the roles of flow logs.
const SELF: &str = "vpc-flow-logs.amazonaws.com";
/// Who writes to streams.
const DELIVERY: &str = "delivery.logs.amazonaws.com";

/// A batch's bounds, within those of `PutLogEvents`: events, their bytes with 26 for each, and the seconds they span.
const BATCH_EVENTS: usize = 10_000;
const BATCH_BYTES: usize = 1_000_000;
const EVENT_OVERHEAD: usize = 26;
const BATCH_SPAN_S: i64 = 23 * 3600;
/// Records that `PutRecordBatch` takes.
const BATCH_RECORDS: usize = 500;

/// Why deliveries fail: `DeliverLogsErrorMessage`
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html>).
const ACCESS: &str = "Access error";
const RATE: &str = "Rate limited";
const UNKNOWN: &str = "Unknown error";

/// Makes the log group of a flow log that has seen its first traffic: AWS makes it when traffic is recorded
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-troubleshooting.html>).
pub fn open_group(world: &mut World, place: &Place) {
    let Some(log) = place.find(world) else { return };
    let (Destination::LogGroup(group), Some(role)) = (log.destination.clone(), log.role.clone()) else { return };
    let opened = act(world, place, &role)
        .and_then(|caller| Writer { place, group: &group, role: &role, caller }.open_group(world));
    if let Some(log) = place.find_mut(world) {
        log.error = opened.err();
    }
}

/// Delivers the records of a flow log that are due.
pub fn deliver(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(log) = place.find_mut(world) else { return };
    let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut log.pending).into_iter().partition(|it| it.due <= now);
    let next = later.iter().map(|pending| pending.due).min();
    log.pending = later;
    ship(world, place, due.into_iter().flat_map(|pending| pending.records).collect());
    if let Some(next) = next {
        world.jobs.at(next, Job::FlowLogDelivery(place.clone()));
    }
}

/// Delivers everything that has been gathered, of windows that are not over too; answers the files that were written.
pub fn flush(world: &mut World) -> Vec<String> {
    let mut written = Vec::new();
    for place in places(world) {
        let Some(log) = place.find_mut(world) else { continue };
        let pending = std::mem::take(&mut log.pending).into_iter().flat_map(|pending| pending.records);
        let mut records: Vec<Record> = pending.collect();
        let traffic = log.traffic;
        records.extend(log.windows.flush().into_iter().filter(|record| traffic.takes(record)));
        written.extend(ship(world, &place, records));
    }
    written
}

/// What a delivery needs of its flow log.
struct Terms {
    traffic: TrafficType,
    format: Format,
    destination: Destination,
    role: Option<String>,
    foreign_role: Option<String>,
}

impl Terms {
    fn of(log: &FlowLog) -> Terms {
        Terms {
            traffic: log.traffic,
            format: log.format.clone(),
            destination: log.destination.clone(),
            role: log.role.clone(),
            foreign_role: log.foreign_role.clone(),
        }
    }
}

/// Delivers records, and takes down how it went.
fn ship(world: &mut World, place: &Place, records: Vec<Record>) -> Vec<String> {
    let Some(log) = place.find(world).filter(|_| !records.is_empty()) else { return Vec::new() };
    let terms = Terms::of(log);
    let outcome = match &terms.destination {
        Destination::LogGroup(group) => write_lines(world, place, &terms, group, &records).map(|()| Vec::new()),
        Destination::Bucket(bucket) => bucket.write(world, place, &terms.format, &records).map_err(|code| error(&code)),
        Destination::Stream(stream) => put_records(world, place, &terms, stream, &records).map(|()| Vec::new()),
    };
    if let Some(log) = place.find_mut(world) {
        log.error = outcome.as_ref().err().copied();
    }
    outcome.unwrap_or_default()
}

fn error(code: &str) -> &'static str {
    match code {
        "ThrottlingException" | "Throttling" | "SlowDown" | "ServiceUnavailable" => RATE,
        "AccessDenied" | "AccessDeniedException" | "NoSuchBucket" | "ResourceNotFoundException" => ACCESS,
        _ => UNKNOWN,
    }
}

/// Takes on a role for the flow log.
fn act(world: &mut World, place: &Place, role: &str) -> Result<Caller, &'static str> {
    let known = place.find(world).and_then(|log| log.session.clone());
    let source = format!("arn:aws:ec2:{}:{}:vpc-flow-log/{}", place.region, place.account, place.id);
    let visit = Visit {
        service: SELF,
        account: &place.account,
        region: place.region,
        role,
        session_name: &place.id,
        external_id: None,
        source: &source,
    };
    let (caller, session) = visit.begin(world, known).map_err(|_| ACCESS)?;
    if let Some(log) = place.find_mut(world) {
        log.session = Some(session);
    }
    Ok(caller)
}

/// Writes records to a log group, into a stream for each interface.
fn write_lines(
    world: &mut World,
    place: &Place,
    terms: &Terms,
    group: &GroupPlace,
    records: &[Record],
) -> Result<(), &'static str> {
    let role = terms.role.as_deref().ok_or(ACCESS)?;
    let writer = Writer { place, group, role, caller: act(world, place, role)? };
    writer.open_group(world)?;
    let mut streams: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        streams.entry(record.of.id()).or_default().push(record);
    }
    for (interface, records) in streams {
        let stream = format!("{interface}-{}", terms.traffic.as_str().to_ascii_lowercase());
        writer.open(world, &stream)?;
        writer.write(world, &stream, terms, records)?;
    }
    Ok(())
}

/// Who writes to a log group.
struct Writer<'a> {
    place: &'a Place,
    group: &'a GroupPlace,
    role: &'a str,
    caller: Caller,
}

impl Writer<'_> {
    /// Whether the role's policies allow an action.
    fn may(&self, world: &World, action: &str, resource: &str) -> Result<(), &'static str> {
        let request = Request { principals: &[], action, resource, context: &[] };
        let account = world.accounts.get(&self.place.account);
        let allowed = account.is_some_and(|account| permissions::role_may(&account.iam, self.role, &request));
        if allowed { Ok(()) } else { Err(ACCESS) }
    }

    fn call(&self, world: &mut World, operation: &str, mut input: Map) -> Result<Value, &'static str> {
        input.push("logGroupName", self.group.name.as_str());
        let Place { account, region, .. } = self.place;
        let call = Call::by_service(SELF, account.clone(), *region, ("logs", operation), input, Upload::default());
        let call = call.ok_or(UNKNOWN)?.on_behalf_of(&self.caller);
        perform(world, call).outcome.map(|output| output.value).map_err(|fault: Fault| error(&fault.code))
    }

    /// Makes the group, if it is not there.
    fn open_group(&self, world: &mut World) -> Result<(), &'static str> {
        if self.group.find(world).is_some() {
            return Ok(());
        }
        self.may(world, "logs:CreateLogGroup", &self.group.arn())?;
        self.call(world, "CreateLogGroup", Map::new()).map(|_| ())
    }

    /// Makes a stream, if it is not there.
    fn open(&self, world: &mut World, stream: &str) -> Result<(), &'static str> {
        let arn = format!("{}:log-stream:{stream}", self.group.arn());
        if self.group.find(world).is_none_or(|group| !group.streams.contains_key(stream)) {
            self.may(world, "logs:CreateLogStream", &arn)?;
            let mut input = Map::new();
            input.push("logStreamName", stream);
            self.call(world, "CreateLogStream", input)?;
        }
        self.may(world, "logs:PutLogEvents", &arn)
    }

    /// Writes records as log events, at the times when they begin.
    fn write(
        &self,
        world: &mut World,
        stream: &str,
        terms: &Terms,
        mut records: Vec<&Record>,
    ) -> Result<(), &'static str> {
        records.sort_by_key(|record| record.start_s);
        let mut batch: Vec<Value> = Vec::new();
        let (mut bytes, mut first_s) = (0, 0);
        for record in records {
            let line = record.line(&terms.format);
            let size = line.len() + EVENT_OVERHEAD;
            let is_full = batch.len() >= BATCH_EVENTS
                || bytes + size > BATCH_BYTES
                || (!batch.is_empty() && record.start_s - first_s > BATCH_SPAN_S);
            if is_full {
                self.put(world, stream, std::mem::take(&mut batch))?;
                bytes = 0;
            }
            if batch.is_empty() {
                first_s = record.start_s;
            }
            bytes += size;
            let mut event = Map::new();
            event.push("timestamp", record.start_s * 1000);
            event.push("message", line);
            batch.push(Value::Map(event));
        }
        self.put(world, stream, batch)
    }

    fn put(&self, world: &mut World, stream: &str, events: Vec<Value>) -> Result<(), &'static str> {
        let mut input = Map::new();
        input.push("logStreamName", stream);
        input.push("logEvents", Value::List(events));
        self.call(world, "PutLogEvents", input).map(|_| ())
    }
}

/// Puts records on a Firehose stream, one line each.
fn put_records(
    world: &mut World,
    place: &Place,
    terms: &Terms,
    stream: &firehose::Place,
    records: &[Record],
) -> Result<(), &'static str> {
    let caller = match (&terms.role, &terms.foreign_role) {
        // The role of the flow log's account takes on that of the stream's account.
        (Some(role), Some(foreign)) => {
            let first = act(world, place, role)?;
            Some(take_on(world, place, &first, foreign)?)
        }
        _ => None,
    };
    for records in records.chunks(BATCH_RECORDS) {
        let lines = records.iter().map(|record| {
            let mut line = record.line(&terms.format);
            line.push('\n');
            let mut data = Map::new();
            data.push("Data", Bytes::from(line));
            Value::Map(data)
        });
        let mut input = Map::new();
        input.push("DeliveryStreamName", stream.stream.as_str());
        input.push("Records", Value::List(lines.collect()));
        let to = ("firehose", "PutRecordBatch");
        let call = Call::by_service(DELIVERY, stream.account.clone(), stream.region, to, input, Upload::default());
        let call = call.ok_or(UNKNOWN)?;
        let call = match &caller {
            Some(caller) => call.on_behalf_of(caller),
            None => call.working_for(&format!("arn:aws:logs:{}:{}:*", place.region, place.account)),
        };
        perform(world, call).outcome.map_err(|fault| error(&fault.code))?;
    }
    Ok(())
}

/// Takes on a second role with the rights of the first.
fn take_on(world: &mut World, place: &Place, first: &Caller, role: &str) -> Result<Caller, &'static str> {
    let mut input = Map::new();
    input.push("RoleArn", role);
    input.push("RoleSessionName", place.id.as_str());
    let to = ("sts", "AssumeRole");
    let call = Call::by_service(DELIVERY, place.account.clone(), place.region, to, input, Upload::default());
    let output = perform(world, call.ok_or(UNKNOWN)?.on_behalf_of(first)).outcome.map_err(|_| ACCESS)?;
    let made = |name: &str| output.value.get("Credentials")?.get(name)?.as_str().map(str::to_owned);
    let credentials =
        crate::world::caller::Credentials { access_key: made("AccessKeyId"), session_token: made("SessionToken") };
    crate::world::caller::authenticate(world, &credentials).map_err(|_| ACCESS)
}
