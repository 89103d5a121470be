//! Event streams: messages with headers, each between a length and a checksum.
//!
//! The layout is that of `application/vnd.amazon.eventstream`: total length and length of the headers, CRC-32 of these
//! eight bytes, headers, payload, CRC-32 of everything before.

use crc_fast::{CrcAlgorithm, checksum};

use super::json;
use super::value::Value;
use crate::contract::{Contract, Member, Operation, OperationId, Protocol, Structure};

/// Content type of an answer that is an event stream.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The first message: it stands for the members of the output beside the stream, of which there are none. Clients of
/// the RPC protocols wait for it.
pub fn initial(contract: &Contract) -> Vec<u8> {
    message(":event-type", "initial-response", "event", contract, b"{}")
}

/// An event, by its name in the output's event stream. Those whose shapes are errors become exceptions.
pub fn event(contract: &Contract, operation: OperationId, name: &str, value: &Value) -> Vec<u8> {
    let mut payload = Vec::new();
    let member = member(contract, operation, name);
    if let Some(member) = member {
        json::write(contract, member.shape, value, &mut payload);
    }
    let is_error = member.is_some_and(|member| contract.shape(member.shape).error.is_some());
    let (header, kind) = if is_error { (":exception-type", "exception") } else { (":event-type", "event") };
    message(header, name, kind, contract, &payload)
}

/// The member of an operation's event stream that describes an event.
fn member<'c>(contract: &'c Contract, operation: OperationId, name: &str) -> Option<&'c Member> {
    stream(contract, contract.operation(operation))?.member(name)
}

/// Whether an operation answers with an event stream.
pub fn has(contract: &Contract, operation: &Operation) -> bool {
    stream(contract, operation).is_some()
}

fn stream<'c>(contract: &'c Contract, operation: &Operation) -> Option<&'c Structure> {
    let output = contract.structure(operation.output?)?;
    let mut members = output.members.iter().filter_map(|member| contract.structure(member.shape));
    members.find(|member| member.event_stream)
}

fn message(name_header: &str, name: &str, kind: &str, contract: &Contract, payload: &[u8]) -> Vec<u8> {
    let content_type = super::content_type(contract, Protocol::Json);
    let mut headers = Vec::with_capacity(128);
    for (name, value) in [(name_header, name), (":content-type", content_type), (":message-type", kind)] {
        header(name, value, &mut headers);
    }
    frame(&headers, payload)
}

/// A header whose value is a text (type 7).
fn header(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(name.len() as u8);
    out.extend_from_slice(name.as_bytes());
    out.push(7);
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value.as_bytes());
}

/// Two lengths and two checksums, of four bytes each.
const FRAMING: usize = 16;

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = FRAMING + headers.len() + payload.len();
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(&(total as u32).to_be_bytes());
    out.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    push_checksum(&mut out);
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    push_checksum(&mut out);
    out
}

/// Appends the CRC-32 of all that stands before.
fn push_checksum(out: &mut Vec<u8>) {
    let sum = checksum(CrcAlgorithm::Crc32IsoHdlc, out) as u32;
    out.extend_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the AWS SDKs' common test suite for this encoding: a message without anything, and one with a header.
    #[test]
    fn frames_as_aws_does() {
        let empty = frame(&[], &[]);
        assert_eq!(empty, [0, 0, 0, 16, 0, 0, 0, 0, 5, 194, 72, 235, 125, 152, 200, 255]);
        let payload = frame(&[], b"{'foo':'bar'}");
        assert_eq!(payload[..12], [0, 0, 0, 29, 0, 0, 0, 0, 253, 82, 140, 90]);
        assert_eq!(payload[25..], [195, 101, 57, 54]);
    }
}
