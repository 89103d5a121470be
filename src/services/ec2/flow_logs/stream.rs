//! Firehose streams of flow logs
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-firehose.html>). Log delivery writes to streams that have a
//! tag, which it sets itself when the flow log is made: in another account, with a role of that account, which trusts one
//! of the flow log's.

use bytes::Bytes;

use crate::network::flow_logs::Record;
use crate::services::firehose;
use crate::services::sts::visits::Visit;
use crate::wire::{Fault, Map, Value};
use crate::world::World;
use crate::world::call::{Call, Cx, perform};
use crate::world::caller::Caller;
use crate::world::payload::Upload;

use super::Place;
use super::delivery::{ACCESS, Terms, UNKNOWN, error};

/// Who writes to streams, and takes on roles to do so.
const DELIVERY: &str = "delivery.logs.amazonaws.com";
/// The sessions that it opens.
const SESSION: &str = "LogDelivery";
/// The tag of streams that may be written to, which is `true`.
const TAG: &str = "LogDeliveryEnabled";
/// Records that `PutRecordBatch` takes.
const BATCH_RECORDS: usize = 500;

/// Roles that lead to a stream in another account.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a> {
    /// Of the flow log's account.
    pub own: &'a str,
    /// Of the stream's account.
    pub foreign: &'a str,
}

/// Why a stream cannot be opened.
#[derive(Debug)]
pub enum Closed {
    NoRole,
    NoStream,
    Refused(Fault),
}

/// Sees to it that deliveries to a stream can be made.
pub fn open(cx: &mut Cx, to: &firehose::Place, roles: Option<Roles>) -> Result<(), Closed> {
    let caller = match roles {
        Some(roles) => foreign(cx, roles).ok_or(Closed::NoRole)?,
        None => cx.caller.clone(),
    };
    if to.find(cx.world).is_none() {
        return Err(Closed::NoStream);
    }
    let mut tag = Map::new();
    tag.push("Key", TAG);
    tag.push("Value", "true");
    let mut input = Map::new();
    input.push("DeliveryStreamName", to.stream.as_str());
    input.push("Tags", Value::List(vec![Value::Map(tag)]));
    let call = call(to, "TagDeliveryStream", input).ok_or(Closed::NoStream)?;
    perform(cx.world, call.on_behalf_of(&caller)).outcome.map(|_| ()).map_err(Closed::Refused)
}

/// Takes on the role of the stream's account, by way of the one of the flow log's.
fn foreign(cx: &mut Cx, roles: Roles) -> Option<Caller> {
    let source = format!("arn:aws:ec2:{}:{}:vpc-flow-log/*", cx.region, cx.account);
    let (account, region) = (cx.account.clone(), cx.region);
    let visit = Visit {
        service: DELIVERY,
        account: &account,
        region,
        role: roles.own,
        session_name: SESSION,
        external_id: None,
        source: &source,
    };
    visit.go_on(cx.world, roles.foreign).ok()
}

/// Puts records on a stream, one line each.
///
/// # Errors
/// `DeliverLogsErrorMessage`
pub fn put(
    world: &mut World,
    place: &Place,
    terms: &Terms,
    to: &firehose::Place,
    records: &[Record],
) -> Result<(), &'static str> {
    let is_open = to.find(world).is_some_and(|stream| stream.tags.get(TAG).is_some_and(|value| value == "true"));
    if !is_open {
        return Err(ACCESS);
    }
    let source = format!("arn:aws:logs:{}:{}:*", place.region, place.account);
    for records in records.chunks(BATCH_RECORDS) {
        let lines = records.iter().map(|record| {
            let mut line = record.line(&terms.format);
            line.push('\n');
            let mut data = Map::new();
            data.push("Data", Bytes::from(line));
            Value::Map(data)
        });
        let mut input = Map::new();
        input.push("DeliveryStreamName", to.stream.as_str());
        input.push("Records", Value::List(lines.collect()));
        let call = call(to, "PutRecordBatch", input).ok_or(UNKNOWN)?;
        perform(world, call.working_for(&source)).outcome.map_err(|fault| error(&fault.code))?;
    }
    Ok(())
}

fn call(to: &firehose::Place, operation: &str, input: Map) -> Option<Call> {
    Call::by_service(DELIVERY, to.account.clone(), to.region, ("firehose", operation), input, Upload::default())
}
