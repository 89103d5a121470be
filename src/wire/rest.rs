//! REST bindings: labels, query arguments, headers and payloads, around XML or JSON bodies.

use std::borrow::Cow;

use base64::Engine as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha512};

use super::scalar::{self, Times};
use super::value::{Map, Name, Value, distinct};
use super::xml::{self, Writer};
use super::{Encoded, Fault, Head, Request, blank, json};
use crate::contract::{Contract, Kind, Location, Member, Operation, OperationId, Protocol, Shape, ShapeId, Structure};

/// Unreserved characters of RFC 3986 stay as they are in labels and query arguments.
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const GREEDY: &AsciiSet = &LABEL.remove(b'/');

/// S3's second request id, derived from the first.
pub fn host_id(request_id: &str) -> String {
    let digest = Sha512::digest(request_id.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest.get(..56).unwrap_or_default())
}

/// Reads a request: what the head binds, then the body.
pub fn read_request(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    head: &Head,
    body: &[u8],
) -> Result<Value, Fault> {
    let op = contract.operation(operation);
    let Some(structure) = op.input.and_then(|id| contract.structure(id)) else { return Ok(Value::Map(Map::new())) };
    let mut map = Map::new();
    let labels = labels(op.uri, head.path).ok_or_else(invalid_uri)?;
    for member in &structure.members {
        let value = match member.location {
            Location::Uri => read_label(contract, member, &labels)?,
            Location::Query => read_argument(contract, member, head.query)?,
            Location::Header => read_header(contract, member, |name| header_text(head, name))?,
            Location::Headers => read_prefixed(member, headers(head)),
            Location::Body | Location::Status => None,
        };
        if let Some(value) = value {
            map.push(member.name, value);
        }
    }
    read_body(contract, op.input, structure, protocol, op.input_root, body, &mut map)?;
    Ok(Value::Map(map))
}

/// Reads the payload member or the body members into the map.
fn read_body(
    contract: &Contract,
    shape: Option<ShapeId>,
    structure: &Structure,
    protocol: Protocol,
    root: &str,
    body: &[u8],
    map: &mut Map,
) -> Result<(), Fault> {
    if let Some(payload) = structure.member(structure.payload) {
        return match &contract.shape(payload.shape).kind {
            _ if payload.streaming || body.is_empty() => Ok(()),
            Kind::Blob => {
                map.push(payload.name, Value::Blob(bytes::Bytes::copy_from_slice(body)));
                Ok(())
            }
            Kind::String => {
                let text = std::str::from_utf8(body).map_err(|_| malformed_body(protocol))?;
                map.push(payload.name, text);
                Ok(())
            }
            Kind::Structure(inner) if inner.event_stream => Ok(()),
            _ => {
                let value = read_document(contract, payload.shape, protocol, payload.on_wire(), body)?;
                map.push(payload.name, value);
                Ok(())
            }
        };
    }
    let has_body = structure.members.iter().any(|member| member.location == Location::Body);
    if let (true, Some(shape)) = (has_body && !body.is_empty(), shape)
        && let Value::Map(members) = read_document(contract, shape, protocol, root, body)?
    {
        map.0.extend(members.0);
    }
    Ok(())
}

/// A whole body of the given shape; an XML document's root must have the given name unless that is empty.
fn read_document(
    contract: &Contract,
    shape: ShapeId,
    protocol: Protocol,
    root: &str,
    body: &[u8],
) -> Result<Value, Fault> {
    if protocol == Protocol::RestJson {
        return json::read(contract, shape, body);
    }
    let element = xml::parse(body).ok_or_else(|| malformed_body(protocol))?;
    if !root.is_empty() && element.name != root {
        return Err(malformed_body(protocol));
    }
    xml::read(contract, shape, &element).map_err(|_| malformed_body(protocol))
}

fn malformed_body(protocol: Protocol) -> Fault {
    match protocol {
        Protocol::RestXml => malformed_xml(),
        _ => Fault::new("SerializationException", ""),
    }
}

pub fn malformed_xml() -> Fault {
    let sentence = "The XML you provided was not well-formed or did not validate against our published schema";
    Fault::new("MalformedXML", sentence)
}

fn invalid_uri() -> Fault {
    Fault::new("InvalidURI", "Couldn't parse the specified URI.")
}

fn invalid_argument(member: &Member, text: &str) -> Fault {
    let fault = Fault::new("InvalidArgument", format!("Provided {} is not valid", member.on_wire()));
    fault.with("ArgumentName", member.on_wire()).with("ArgumentValue", text)
}

/// The labels of a URI template with the raw text that stands for them; `None` when the path does not fit.
/// A greedy label (`{Key+}`) takes the rest of the path.
pub fn labels<'p>(template: &'static str, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
    let template = template.split('?').next().unwrap_or_default();
    let mut labels = Vec::new();
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    let mut parts = template.strip_prefix('/').unwrap_or(template).split('/').peekable();
    while let Some(part) = parts.next() {
        let greedy = part.ends_with("+}");
        let (here, after) = match rest.split_once('/') {
            Some((here, after)) if !greedy => (here, Some(after)),
            _ => (rest, None),
        };
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(_) if here.is_empty() => return None,
            Some(name) => labels.push((name.trim_end_matches('+'), here)),
            None if part == here => {}
            None => return None,
        }
        match (after, parts.peek()) {
            (Some(after), _) => rest = after,
            (None, None) => rest = "",
            (None, Some(_)) => return None,
        }
    }
    rest.is_empty().then_some(labels)
}

fn read_label(contract: &Contract, member: &Member, labels: &[(&str, &str)]) -> Result<Option<Value>, Fault> {
    let Some((_, raw)) = labels.iter().find(|(name, _)| *name == member.on_wire()) else { return Ok(None) };
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| invalid_uri())?;
    let kind = &contract.shape(member.shape).kind;
    scalar::parse(kind, &text).map(Some).ok_or_else(|| invalid_argument(member, &text))
}

fn read_argument(contract: &Contract, member: &Member, query: &str) -> Result<Option<Value>, Fault> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut texts = pairs.filter(|(name, _)| name == member.on_wire()).map(|(_, text)| text);
    let parse = |shape: ShapeId, text: Cow<str>| {
        scalar::parse(&contract.shape(shape).kind, &text).ok_or_else(|| invalid_argument(member, &text))
    };
    match &contract.shape(member.shape).kind {
        Kind::List { member: item, .. } => {
            let items = texts.map(|text| parse(item.shape, text)).collect::<Result<Vec<_>, _>>()?;
            Ok((!items.is_empty()).then_some(Value::List(items)))
        }
        _ => texts.next().map(|text| parse(member.shape, text)).transpose(),
    }
}

/// A header's text: UTF-8 if it is, else each byte a character.
fn header_text<'h>(head: &Head<'h>, name: &str) -> Option<Cow<'h, str>> {
    head.headers.get(name).map(|value| text(value.as_bytes()))
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

fn headers<'h>(head: &Head<'h>) -> impl Iterator<Item = (&'h str, Cow<'h, str>)> {
    head.headers.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes())))
}

fn read_header<'h>(
    contract: &Contract,
    member: &Member,
    get: impl Fn(&str) -> Option<Cow<'h, str>>,
) -> Result<Option<Value>, Fault> {
    let Some(text) = get(member.on_wire()) else { return Ok(None) };
    let parse = |shape: ShapeId, text: &str| {
        scalar::parse(&contract.shape(shape).kind, text).ok_or_else(|| invalid_argument(member, text))
    };
    match &contract.shape(member.shape).kind {
        Kind::List { member: item, .. } => {
            let items = text.split(',').map(|part| parse(item.shape, part.trim()));
            items.collect::<Result<Vec<_>, _>>().map(|items| Some(Value::List(items)))
        }
        _ => parse(member.shape, &text).map(Some),
    }
}

/// A map of the headers that share a prefix, by what follows it.
fn read_prefixed<'h>(member: &Member, headers: impl Iterator<Item = (&'h str, Cow<'h, str>)>) -> Option<Value> {
    let mut pairs: Vec<(Name, Value)> = Vec::new();
    for (name, text) in headers {
        if let Some((prefix, key)) = name.split_at_checked(member.wire_name.len())
            && prefix.eq_ignore_ascii_case(member.wire_name)
            && !key.is_empty()
        {
            pairs.push((Name::Owned(key.to_owned()), text.as_ref().into()));
        }
    }
    (!pairs.is_empty()).then(|| Value::Map(distinct(pairs)))
}

/// Writes an answer: status and headers that members bind, then the body.
pub fn write_answer(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    output: &Value,
    request_id: &str,
) -> Encoded {
    let op = contract.operation(operation);
    let mut encoded = blank(contract, protocol, request_id, op.status);
    let (Some(shape), Value::Map(map)) = (op.output, output) else { return encoded };
    let Some(structure) = contract.structure(shape) else { return encoded };
    for (name, value) in map.iter() {
        let Some(member) = structure.member(name) else { continue };
        match (member.location, value) {
            (Location::Status, Value::Int(status)) => encoded.status = u16::try_from(*status).unwrap_or(op.status),
            (_, value) => write_header(contract, member, value, &mut encoded.headers),
        }
    }
    if encoded.status == 200 && encoded.header("content-range").is_some() {
        // RFC 9110, section 14.4: the answer is a part of the content.
        encoded.status = 206;
    }
    let (body, content_type) = write_body(contract, shape, structure, protocol, &root(op, structure), map, op);
    encoded.body = body;
    let bound = encoded.header("content-type").is_some();
    if let (false, Some(content_type)) = (bound, content_type) {
        encoded.headers.push(("Content-Type".into(), content_type.into()));
    }
    encoded
}

/// The root element of an answer: the overlay's, the payload's, or the output's own name.
fn root(op: &Operation, structure: &Structure) -> String {
    match structure.member(structure.payload) {
        _ if !op.output_root.is_empty() => op.output_root.to_owned(),
        Some(payload) => payload.on_wire().to_owned(),
        None => format!("{}Result", op.name),
    }
}

fn write_header(contract: &Contract, member: &Member, value: &Value, headers: &mut Vec<(Cow<'static, str>, String)>) {
    match (member.location, value) {
        (_, Value::Null) => {}
        (Location::Header, Value::List(items)) => {
            let Kind::List { member: item, .. } = &contract.shape(member.shape).kind else { return };
            let kind = &contract.shape(item.shape).kind;
            let texts: Vec<_> = items.iter().map(|item| scalar::print(kind, item, Times::Rfc822)).collect();
            headers.push((member.on_wire().into(), texts.join(",")));
        }
        (Location::Header, value) => {
            let text = scalar::print(&contract.shape(member.shape).kind, value, Times::Rfc822);
            headers.push((member.on_wire().into(), text.into_owned()));
        }
        (Location::Headers, Value::Map(map)) => {
            for (key, value) in map.iter() {
                let text = scalar::print(&Kind::String, value, Times::Rfc822).into_owned();
                headers.push((format!("{}{key}", member.wire_name).into(), text));
            }
        }
        _ => {}
    }
}

/// The body of a request or an answer, and its content type.
fn write_body(
    contract: &Contract,
    shape: ShapeId,
    structure: &Structure,
    protocol: Protocol,
    root: &str,
    map: &Map,
    op: &Operation,
) -> (Vec<u8>, Option<&'static str>) {
    let document = super::content_type(contract, protocol);
    if let Some(payload) = structure.member(structure.payload) {
        return match map.get(payload.name) {
            None | Some(Value::Null) => (Vec::new(), None),
            Some(_) if payload.streaming => (Vec::new(), None),
            Some(Value::Blob(bytes)) => (bytes.to_vec(), None),
            // S3's only textual payloads are policies.
            Some(Value::Str(text)) => (text.clone().into_bytes(), Some("application/json")),
            Some(value) => (write_document(contract, payload.shape, protocol, root, value), Some(document)),
        };
    }
    let mut body = structure.members.iter().filter(|member| member.location == Location::Body).peekable();
    let Some(first) = body.peek() else { return (Vec::new(), None) };
    let value = match op.output_unwrapped {
        true => write_document(contract, first.shape, protocol, root, map.get(first.name).unwrap_or(&Value::Null)),
        false => write_document(contract, shape, protocol, root, &Value::Map(map.clone())),
    };
    (value, Some(document))
}

fn write_document(contract: &Contract, shape: ShapeId, protocol: Protocol, root: &str, value: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    if protocol == Protocol::RestJson {
        json::write(contract, shape, value, &mut body);
        return body;
    }
    let mut xml = Writer::new(contract, Times::IsoMillis, "member");
    xml.value(root, contract.xml_namespace, shape, value);
    xml.out.into_bytes()
}

/// Writes a request as a client.
pub fn write_request(contract: &Contract, op: &Operation, protocol: Protocol, input: &Value, request: &mut Request) {
    request.method = op.method;
    let (template, constants) = op.uri.split_once('?').unwrap_or((op.uri, ""));
    request.uri = template.to_owned();
    let (Some(shape), Value::Map(map)) = (op.input, input) else { return };
    let Some(structure) = contract.structure(shape) else { return };
    let mut query: Vec<String> = constants.split('&').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    for (name, value) in map.iter() {
        let Some(member) = structure.member(name) else { continue };
        let shape = contract.shape(member.shape);
        match member.location {
            Location::Uri => request.uri = fill(&request.uri, member, shape, value),
            Location::Query => write_argument(contract, member, shape, value, &mut query),
            _ => write_header(contract, member, value, &mut request.headers),
        }
    }
    if !query.is_empty() {
        request.uri = format!("{}?{}", request.uri, query.join("&"));
    }
    let (body, content_type) = write_body(contract, shape, structure, protocol, &request_root(op, structure), map, op);
    request.body = body;
    let bound = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let (Some(content_type), false, false) = (content_type, bound, request.body.is_empty()) {
        request.headers.push(("content-type".into(), content_type.into()));
    }
}

fn request_root(op: &Operation, structure: &Structure) -> String {
    match structure.member(structure.payload) {
        Some(payload) => payload.on_wire().to_owned(),
        None if op.input_root.is_empty() => format!("{}Request", op.name),
        None => op.input_root.to_owned(),
    }
}

fn fill(uri: &str, member: &Member, shape: &Shape, value: &Value) -> String {
    let text = scalar::print(&shape.kind, value, Times::Iso);
    let name = member.on_wire();
    let filled = uri.replace(&format!("{{{name}}}"), &utf8_percent_encode(&text, LABEL).to_string());
    filled.replace(&format!("{{{name}+}}"), &utf8_percent_encode(&text, GREEDY).to_string())
}

fn write_argument(contract: &Contract, member: &Member, shape: &Shape, value: &Value, query: &mut Vec<String>) {
    let mut push = |kind: &Kind, value: &Value| {
        let text = scalar::print(kind, value, Times::Iso);
        query.push(format!("{}={}", member.on_wire(), utf8_percent_encode(&text, LABEL)));
    };
    match (&shape.kind, value) {
        (_, Value::Null) => {}
        (Kind::List { member: item, .. }, Value::List(items)) => {
            items.iter().for_each(|value| push(&contract.shape(item.shape).kind, value));
        }
        (kind, value) => push(kind, value),
    }
}

/// Reads an answer as a client.
pub fn read_answer(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    answer: &Encoded,
) -> Result<Value, Fault> {
    let op = contract.operation(operation);
    let Some(structure) = op.output.and_then(|id| contract.structure(id)) else { return Ok(Value::Map(Map::new())) };
    let mut map = Map::new();
    for member in &structure.members {
        let value = match member.location {
            Location::Header => read_header(contract, member, |name| answer.header(name).map(Cow::Borrowed))?,
            Location::Headers => {
                let headers = answer.headers.iter().map(|(name, value)| (name.as_ref(), Cow::Borrowed(value.as_str())));
                read_prefixed(member, headers)
            }
            Location::Status => Some(Value::Int(i64::from(answer.status))),
            _ => None,
        };
        if let Some(value) = value {
            map.push(member.name, value);
        }
    }
    if op.output_unwrapped {
        read_unwrapped(contract, structure, &answer.body, &mut map)?;
    } else {
        let root = if structure.payload.is_empty() { root(op, structure) } else { String::new() };
        read_body(contract, op.output, structure, protocol, &root, &answer.body, &mut map)?;
    }
    Ok(Value::Map(map))
}

fn read_unwrapped(contract: &Contract, structure: &Structure, body: &[u8], map: &mut Map) -> Result<(), Fault> {
    let element = xml::parse(body).ok_or_else(malformed_xml)?;
    if element.text.is_empty() && element.children.is_empty() {
        return Ok(());
    }
    if let Some(member) = structure.members.iter().find(|member| member.location == Location::Body) {
        let value = xml::read(contract, member.shape, &element).map_err(|_| malformed_xml())?;
        map.push(member.name, value);
    }
    Ok(())
}
