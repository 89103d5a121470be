//! A request to AWS's API, from its head to its answer.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::contract::{Contract, Member, OperationId, Protocol};
use crate::emulator::Emulator;
use crate::wire::{self, Encoded, Fault, Head, Route, RouteError};
use crate::world::call::{Answer, Call, Sender, request_id};
use crate::world::caller;
use crate::world::payload::{Claimed, Content, Upload};

use super::connection::Peer;
use super::payload::About;
use super::{body, certificate, events, head, link, payload};

/// Bodies up to this length are read at once; longer ones are streamed.
const READ_AT_ONCE_MAX: u64 = 64 * 1024;

/// Answers any request that is not ours.
pub async fn handle(emulator: Arc<Emulator>, request: Request) -> Response {
    // In a box, so that a call that waits takes no more than it needs: the head and all that reads bodies are gone then.
    let (call, asked) = match Box::pin(take_in(&emulator, request)).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let answer = emulator.answer(call, pin!(link::gone(asked.peer.clone()))).await;
    asked.closing_if_refused(asked.encode(&emulator, answer))
}

/// What the answer to a call needs to know of its request.
struct Asked {
    contract: &'static Contract,
    protocol: Protocol,
    operation: OperationId,
    /// S3's name of what was asked for.
    resource: String,
    /// The client waits for "100 Continue".
    expects: bool,
    peer: Option<Peer>,
}

/// Reads a request: what it calls, or the answer where it calls nothing.
async fn take_in(emulator: &Arc<Emulator>, request: Request) -> Result<(Box<Call>, Asked), Response> {
    let (mut parts, body) = request.into_parts();
    if certificate::is_asked_for(&parts) && !head::is_for_bucket(&parts.headers) {
        return Err(certificate::answer(emulator, &parts).await);
    }
    head::take_presigned_headers(&mut parts.headers, parts.uri.query().unwrap_or_default());
    let path = head::path_style(&parts.headers, parts.uri.path());
    let head = Head {
        method: parts.method.as_str(),
        path: &path,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        host: head::host(&parts.headers),
    };
    // A form is read before the operation is known, because it names the operation.
    let body = match is_form(&parts) {
        true => Incoming::Read(read(body, &parts).await),
        false => Incoming::Unread(body),
    };
    let form = if let Incoming::Read(Ok(form)) = &body { Some(form.clone()) } else { None };
    let error = match (wire::route(&head, form.as_deref()), body) {
        (Ok(route), body) => return Ok(call(emulator, &parts, &head, &route, body).await),
        // What the form would have named is not known: the form is what is wrong.
        (Err(error), Incoming::Read(Err(fault))) => RouteError { fault, ..*error },
        (Err(error), _) => *error,
    };
    Err(closing_if_refused(unrouted(emulator, &head, &error), expects(&parts)))
}

/// A whole body. Of one that is refused, what is left is taken and dropped, unless the client waits to be told to send it.
async fn read(mut body: Body, head: &Parts) -> Result<Bytes, Fault> {
    let whole = body::whole(&mut body).await;
    linger_if_refused(body, head, whole.is_err());
    match head.headers.get(CONTENT_ENCODING) {
        Some(coding) if coding.as_bytes().eq_ignore_ascii_case(b"gzip") => body::inflated(&whole?),
        _ => whole,
    }
}

/// An upload, likewise.
async fn receive(mut body: Body, head: &Parts, spool: &Path) -> Result<Upload, Fault> {
    let upload = payload::receive(&mut body, &head.headers, spool).await;
    linger_if_refused(body, head, upload.is_err());
    upload
}

/// The document of a request that is no upload but checked like one, likewise.
async fn receive_document(mut body: Body, head: &Parts, about: About) -> Result<(Bytes, Claimed), Fault> {
    let document = payload::receive_document(&mut body, &head.headers, about).await;
    linger_if_refused(body, head, document.is_err());
    document
}

fn linger_if_refused(body: Body, head: &Parts, refused: bool) {
    if refused && !head.headers.contains_key(EXPECT) {
        tokio::spawn(body::linger(body));
    }
}

/// A client that waits for "100 Continue" and is refused instead is left in doubt about what comes next on the
/// connection (botocore takes the refusal for the next answer, too), so nothing comes next.
fn closing_if_refused(mut response: Response, expects: bool) -> Response {
    if expects && !response.status().is_success() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn expects(parts: &Parts) -> bool {
    parts.headers.contains_key(EXPECT)
}

/// A body that has been read, or not yet.
enum Incoming {
    Read(Result<Bytes, Fault>),
    Unread(Body),
}

async fn call(
    emulator: &Arc<Emulator>,
    parts: &Parts,
    head: &Head<'_>,
    route: &Route,
    body: Incoming,
) -> (Box<Call>, Asked) {
    let (contract, protocol, operation) = (route.contract, route.protocol, route.operation);
    let mut upload = Ok(Upload::default());
    let input = match body {
        Incoming::Unread(body) if streams(contract, operation) => {
            upload = receive(body, parts, &emulator.settings().spool_dir()).await;
            wire::decode(contract, operation, protocol, head, &[])
        }
        Incoming::Unread(body) if protocol == Protocol::RestXml => {
            receive_document(body, parts, checked(contract, operation)).await.and_then(|(document, claimed)| {
                upload = Ok(Upload { claimed, ..Upload::default() });
                wire::decode(contract, operation, protocol, head, &document)
            })
        }
        Incoming::Unread(body) => {
            read(body, parts).await.and_then(|body| wire::decode(contract, operation, protocol, head, &body))
        }
        Incoming::Read(body) => body.and_then(|body| wire::decode(contract, operation, protocol, head, &body)),
    };
    let (region, input) = match caller::region(route.region.as_deref(), emulator.settings().region) {
        Ok(region) => (region, input),
        Err(refusal) => (emulator.settings().region, Err(refusal.fault(contract))),
    };
    let (credentials, signature) = head::credentials(&parts.headers, head.query);
    let connection = head::connection(&parts.headers, peer(parts), head.query, signature);
    let sender = Sender::Client { credentials, connection };
    let call = Call { contract, operation, region, sender, input, upload };
    let resource = head::decoded(head.path).into_owned();
    let peer = parts.extensions.get::<Peer>().cloned();
    (Box::new(call), Asked { contract, protocol, operation, resource, expects: expects(parts), peer })
}

impl Asked {
    fn closing_if_refused(&self, response: Response) -> Response {
        closing_if_refused(response, self.expects)
    }

    /// Turns an answer into HTTP.
    fn encode(&self, emulator: &Arc<Emulator>, answer: Answer) -> Response {
        let Asked { contract, protocol, operation, .. } = *self;
        let id = &answer.request_id;
        let output = match answer.outcome {
            Ok(output) => output,
            Err(fault) => {
                let resource = Some(self.resource.as_str());
                return respond_whole(wire::encode_fault(
                    Some(contract),
                    Some(operation),
                    protocol,
                    &fault,
                    id,
                    resource,
                ));
            }
        };
        let mut encoded = wire::encode(contract, operation, protocol, &output.value, id);
        encoded.headers.extend(output.headers.into_iter().map(|(name, value)| (name.into(), value)));
        match output.content {
            Some(Content::Events(id)) => {
                let first = std::mem::take(&mut encoded.body);
                respond(encoded, None, events::body(Arc::clone(emulator), contract, operation, id, first))
            }
            Some(Content::Memory(bytes)) => respond(encoded, Some(bytes.len() as u64), Body::from(bytes)),
            Some(Content::File { file, offset, length }) => match file_body(file, offset, length) {
                Ok(body) => respond(encoded, Some(length), body),
                Err(error) => {
                    tracing::error!(%error, "cannot read an object's file");
                    plain(StatusCode::INTERNAL_SERVER_ERROR)
                }
            },
            None => respond_whole(encoded),
        }
    }
}

/// Nothing was called, so nothing is recorded.
fn unrouted(emulator: &Emulator, head: &Head, error: &RouteError) -> Response {
    let RouteError { contract, protocol, fault, .. } = error;
    let service = contract.map(|contract| contract.service).unwrap_or_default();
    let request_id = emulator.step(|world| request_id(world, service));
    let resource = head::decoded(head.path);
    respond_whole(wire::encode_fault(*contract, None, *protocol, fault, &request_id, Some(&resource)))
}

fn peer(parts: &Parts) -> IpAddr {
    parts.extensions.get::<Peer>().map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.address.ip())
}

fn is_form(parts: &Parts) -> bool {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::POST && content_type.starts_with("application/x-www-form-urlencoded")
}

/// Whether the operation's input has a streamed payload.
fn streams(contract: &Contract, operation: OperationId) -> bool {
    let input = contract.operation(operation).input.and_then(|input| contract.structure(input));
    input.is_some_and(|input| input.member(input.payload).is_some_and(|member| member.streaming))
}

/// What a checksum in the head is about: the body, where the client may choose the algorithm for it.
fn checked(contract: &Contract, operation: OperationId) -> About {
    let input = contract.operation(operation).input.and_then(|input| contract.structure(input));
    let chooses = |member: &Member| member.on_wire() == "x-amz-sdk-checksum-algorithm";
    let chosen = input.is_some_and(|input| input.members.iter().any(chooses));
    if chosen { About::Body } else { About::Object }
}

/// Turns an encoded answer into HTTP.
fn respond_whole(mut encoded: Encoded) -> Response {
    let body = std::mem::take(&mut encoded.body);
    respond(encoded, Some(body.len() as u64), Body::from(body))
}

/// Turns the head of an encoded answer, and a body of a length that may not be known, into HTTP.
fn respond(encoded: Encoded, length: Option<u64>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(encoded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in encoded.headers {
        let (Some(name), Ok(value)) = (header_name(name), HeaderValue::from_bytes(value.as_bytes())) else { continue };
        response.headers_mut().insert(name, value);
    }
    let stated = response.headers().contains_key(CONTENT_LENGTH);
    if let Some(length) = length.filter(|_| !stated && may_have_body(response.status())) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response
}

fn may_have_body(status: StatusCode) -> bool {
    status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED
}

fn header_name(name: Cow<'static, str>) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

fn file_body(mut file: File, offset: u64, length: u64) -> io::Result<Body> {
    file.seek(SeekFrom::Start(offset))?;
    if length <= READ_AT_ONCE_MAX {
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes)?;
        return Ok(Body::from(bytes));
    }
    let file = tokio::fs::File::from_std(file).take(length);
    Ok(Body::from_stream(ReaderStream::with_capacity(file, READ_AT_ONCE_MAX as usize)))
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
