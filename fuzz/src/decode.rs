//! Every codec: JSON, Query, EC2 Query, REST-XML, REST-JSON, CBOR.

use http::HeaderMap;
use trailcam::contract::Protocol;
use trailcam::wire::{self, Encoded, Head};

/// `SERVICE OPERATION PROTOCOL` on a line, then a body: it is read as the operation's input and as its answer, and what
/// was read is held against its constraints and written again. For REST, the body's first lines are the query string
/// and headers, too.
pub fn decode(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, body) = (String::from_utf8_lossy(&data[..at]), data.get(at + 1..).unwrap_or_default());
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (contract, operation) = super::operation(word(), word());
    let protocol = protocol(&contract.protocols, word());
    let text = String::from_utf8_lossy(body);
    let (query, headers) = text.split_once('\n').map_or(("", HeaderMap::new()), |(query, rest)| {
        (query, super::headers(rest.lines().take_while(|line| !line.is_empty())))
    });
    let method = contract.operation(operation).method;
    let head = Head { method, path: "/bucket/a/key", query, headers: &headers, host: "localhost" };
    if let Ok(input) = wire::decode(contract, operation, protocol, &head, body)
        && wire::check(contract, operation, &input).is_ok()
    {
        wire::encode_request(contract, operation, protocol, &input);
    }
    let answer = Encoded { status: 200, headers: Vec::new(), body: body.to_vec() };
    if let Ok(output) = wire::decode_answer(contract, operation, protocol, &answer) {
        wire::encode(contract, operation, protocol, &output, "00000000-0000-0000-0000-000000000000");
    }
}

fn protocol(protocols: &[Protocol], word: &str) -> Protocol {
    let named = protocols.iter().find(|protocol| format!("{protocol:?}") == word);
    *named.unwrap_or(&protocols[super::number(word) % protocols.len()])
}
