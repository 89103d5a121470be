//! Log groups of flow logs: a stream for each interface, written with a role
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html>).

use std::collections::BTreeMap;

use crate::network::flow_logs::Record;
use crate::services::iam::permissions;
use crate::services::logs::naming::GroupPlace;
use crate::services::sts::visits::Visit;
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::{Call, Cx, perform};
use crate::world::caller::Caller;
use crate::world::payload::Upload;
use crate::world::policy::Request;

use super::delivery::{ACCESS, Terms, UNKNOWN, error};
use super::{Destination, Place};

/// Who takes on the roles of flow logs.
const SELF: &str = "vpc-flow-logs.amazonaws.com";

/// A batch's bounds, within those of `PutLogEvents`: events, their bytes with 26 for each, and the seconds they span.
const BATCH_EVENTS: usize = 10_000;
const BATCH_BYTES: usize = 1_000_000;
const EVENT_OVERHEAD: usize = 26;
const BATCH_SPAN_S: i64 = 23 * 3600;

/// Makes the log group of a flow log that has seen its first traffic: AWS makes it when traffic is recorded
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-troubleshooting.html>).
pub fn open(world: &mut World, place: &Place) {
    let Some(log) = place.find(world) else { return };
    let (Destination::LogGroup(group), Some(role)) = (log.destination.clone(), log.role.clone()) else { return };
    let opened = act(world, place, &role)
        .and_then(|caller| Writer { place, group: &group, role: &role, caller }.open_group(world));
    if let Some(log) = place.find_mut(world) {
        log.error = opened.err();
    }
}

/// The visit of a flow log to a role.
fn visit<'a>(place: &'a Place, role: &'a str, source: &'a str) -> Visit<'a> {
    Visit {
        service: SELF,
        account: &place.account,
        region: place.region,
        role,
        session_name: &place.id,
        external_id: None,
        source,
    }
}

/// Whether a flow log that is to be made could take on a role. It has no id yet; the user guide has roles trust all flow
/// logs until it has.
pub fn is_welcome(cx: &Cx, role: &str) -> bool {
    let to_be = Place { account: cx.account.clone(), region: cx.region, id: "*".to_owned() };
    visit(&to_be, role, &to_be.arn()).is_welcome(cx.world)
}

/// Takes on a role for the flow log.
fn act(world: &mut World, place: &Place, role: &str) -> Result<Caller, &'static str> {
    let known = place.find(world).and_then(|log| log.session.clone());
    let (caller, session) = visit(place, role, &place.arn()).begin(world, known).map_err(|_| ACCESS)?;
    if let Some(log) = place.find_mut(world) {
        log.session = Some(session);
    }
    Ok(caller)
}

/// Writes records to a log group, into a stream for each interface.
pub fn write(
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
