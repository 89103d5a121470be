//! Which operation a request calls, and in which protocol: told from the head, in the order that SDKs guarantee.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{Fault, Head, rest};
use crate::contract::{Address, Contract, Location, Operation, OperationId, Protocol, find};

/// What the head says is called.
#[derive(Clone, Debug)]
pub struct Route {
    pub contract: &'static Contract,
    pub protocol: Protocol,
    pub operation: OperationId,
    /// From the signing scope, else the host; `None` where neither tells.
    pub region: Option<String>,
}

/// Why there is no route, with all that an answer in the caller's protocol needs.
#[derive(Clone, Debug)]
pub struct RouteError {
    /// The service, where that much is known.
    pub contract: Option<&'static Contract>,
    pub protocol: Protocol,
    /// The action or target as it was asked for, else empty.
    pub action: String,
    pub region: Option<String>,
    pub fault: Fault,
}

/// Finds the operation that a request calls. `form` is the body where its content type is a form's.
pub fn route(head: &Head, form: Option<&[u8]>) -> Result<Route, Box<RouteError>> {
    let scope = Scope::of(head);
    let request = Asked { head, form, scope: scope.as_ref() };
    let found = by_rpc_path(&request)
        .or_else(|| by_target(&request))
        .or_else(|| by_action(&request))
        .or_else(|| by_rest_json(&request))
        .unwrap_or_else(|| by_rest_xml(&request));
    let region = region_of(head, scope.as_ref());
    match found {
        Ok((contract, protocol, operation)) => Ok(Route { contract, protocol, operation, region }),
        Err(mut error) => {
            error.region = region;
            Err(error)
        }
    }
}

/// The Region that a request is meant for: of the signing scope, else of the host.
pub fn region(head: &Head) -> Option<String> {
    region_of(head, Scope::of(head).as_ref())
}

fn region_of(head: &Head, scope: Option<&Scope>) -> Option<String> {
    match scope {
        Some(scope) if is_region(&scope.region) => Some(scope.region.clone()),
        _ => head.host.split(['.', ':']).find(|label| is_region(label)).map(str::to_owned),
    }
}

/// `eu-west-1`, `us-gov-east-1`, …
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let area = parts.next().is_some_and(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_lowercase()));
    let mut rest: Vec<&str> = parts.collect();
    let number = rest.pop().is_some_and(|part| part.len() == 1 && part.bytes().all(|b| b.is_ascii_digit()));
    let words = !rest.is_empty() && rest.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()));
    area && number && words
}

type Found = Result<(&'static Contract, Protocol, OperationId), Box<RouteError>>;

struct Asked<'a> {
    head: &'a Head<'a>,
    form: Option<&'a [u8]>,
    scope: Option<&'a Scope>,
}

/// Region and service of a signature's credential scope.
struct Scope {
    region: String,
    service: String,
}

impl Scope {
    fn of(head: &Head) -> Option<Scope> {
        if let Some(header) = head.header("authorization") {
            let (_, credential) = header.split_once("Credential=")?;
            return Scope::parse(credential.split([',', ' ']).next()?);
        }
        let raw = head.query.split('&').find_map(|part| part.strip_prefix("X-Amz-Credential="))?;
        Scope::parse(&percent_decode_str(raw).decode_utf8().ok()?)
    }

    /// `AKID/20130524/us-east-1/s3/aws4_request`, read from the end because key ids may hold slashes.
    fn parse(credential: &str) -> Option<Scope> {
        let mut parts = credential.rsplit('/');
        parts.next().filter(|end| *end == "aws4_request")?;
        let service = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        Some(Scope { region, service })
    }
}

fn takes_forms(address: &Address) -> bool {
    address.protocols.iter().any(|protocol| matches!(protocol, Protocol::Query | Protocol::Ec2))
}

fn error(contract: Option<&'static Contract>, protocol: Protocol, action: &str, fault: Fault) -> Found {
    Err(Box::new(RouteError { contract, protocol, action: action.to_owned(), region: None, fault }))
}

fn unknown_operation(contract: Option<&'static Contract>, protocol: Protocol, action: &str) -> Found {
    let sentence = "The requested operation is not recognized by the service.";
    let status = if protocol == Protocol::Json { 400 } else { 404 };
    error(contract, protocol, action, Fault::new("UnknownOperationException", sentence).status(status))
}

/// `/service/NAME/operation/OP`
fn by_rpc_path(asked: &Asked) -> Option<Found> {
    let protocol = asked.head.header("smithy-protocol");
    let mut parts = asked.head.path.rsplit('/');
    let operation = parts.next().unwrap_or_default();
    let path = (parts.next(), parts.next(), parts.next());
    let name = match path {
        (Some("operation"), Some(name), Some("service")) if protocol == Some("rpc-v2-cbor") => name,
        _ if protocol == Some("rpc-v2-cbor") => "",
        _ => return None,
    };
    let contract = find(|at| at.rpc_name == name && at.protocols.contains(&Protocol::Cbor));
    Some(match contract.and_then(|contract| Some((contract, contract.find(operation)?))) {
        Some((contract, id)) => Ok((contract, Protocol::Cbor, id)),
        None => unknown_operation(contract, Protocol::Cbor, operation),
    })
}

/// `X-Amz-Target: PREFIX.OP`
fn by_target(asked: &Asked) -> Option<Found> {
    let target = asked.head.header("x-amz-target")?;
    let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
    let named = service_of_target(prefix);
    let contract = find(|at| service_of_target(at.target_prefix) == named && at.protocols.contains(&Protocol::Json));
    Some(match contract.and_then(|contract| Some((contract, contract.find(operation)?))) {
        Some((contract, id)) => Ok((contract, Protocol::Json, id)),
        None => unknown_operation(contract, Protocol::Json, operation),
    })
}

/// Older SDKs put a package before the service (`com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101`), those
/// made from Smithy models do not.
fn service_of_target(prefix: &str) -> &str {
    prefix.rsplit('.').next().unwrap_or(prefix)
}

/// `Action=OP&Version=…` in a form or in the query string.
fn by_action(asked: &Asked) -> Option<Found> {
    let form = asked.form.unwrap_or_default();
    let Some(action) = argument(asked.head.query, form, "Action") else {
        let (contract, protocol) = of_form(signed(asked)?)?;
        let sentence = "The request is missing an action or a required parameter";
        return Some(error(Some(contract), protocol, "", Fault::new("MissingAction", sentence)));
    };
    let version = argument(asked.head.query, form, "Version").unwrap_or_default();
    let contract = match asked.scope {
        Some(_) => signed(asked),
        None => find(|at| at.api_version == version && takes_forms(at))
            .or_else(|| hosted(asked))
            .or_else(|| find(|at| at.unsigned.contains(&&*action) && takes_forms(at))),
    };
    let Some((contract, protocol)) = contract.and_then(of_form) else {
        return contract.is_none().then(|| error(None, Protocol::Query, &action, invalid_action(None, &action)));
    };
    Some(match contract.find(&action) {
        Some(id) => Ok((contract, protocol, id)),
        None => error(Some(contract), protocol, &action, invalid_action(Some((contract, protocol)), &action)),
    })
}

fn invalid_action(service: Option<(&Contract, Protocol)>, action: &str) -> Fault {
    let sentence = match service {
        Some((contract, Protocol::Query)) => {
            format!("Could not find operation {action} for version {}", contract.api_version)
        }
        _ => format!("The action {action} is not valid for this web service."),
    };
    Fault::new("InvalidAction", sentence)
}

/// A contract with the protocol in which it takes forms.
fn of_form<C: std::borrow::Borrow<Contract>>(contract: C) -> Option<(C, Protocol)> {
    let form = |protocol: &&Protocol| matches!(protocol, Protocol::Query | Protocol::Ec2);
    let protocol = contract.borrow().protocols.iter().find(form).copied()?;
    Some((contract, protocol))
}

/// The contract of the service that the request is signed for.
fn signed(asked: &Asked) -> Option<&'static Contract> {
    let service = &asked.scope?.service;
    find(|at| at.signing_name == service)
}

/// The contract of the service that the host names first.
fn hosted(asked: &Asked) -> Option<&'static Contract> {
    let label = asked.head.host.split(['.', ':']).next()?;
    find(|at| at.endpoint_prefix == label && takes_forms(at))
}

fn argument<'a>(query: &'a str, form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// REST-JSON: the service by its signing name, or by a path that is its alone.
fn by_rest_json(asked: &Asked) -> Option<Found> {
    let scope = asked.scope.map(|scope| scope.service.as_str());
    let speaks = |at: &Address| at.protocols.contains(&Protocol::RestJson);
    let contract = find(|at| speaks(at) && scope.is_none_or(|service| at.signing_name == service))?;
    if scope.is_none() && !contract.operations.iter().any(|op| !op.uri.contains('{') && op.uri == asked.head.path) {
        return None;
    }
    Some(match best(contract, asked.head) {
        Some(id) => Ok((contract, Protocol::RestJson, id)),
        None => unknown_operation(Some(contract), Protocol::RestJson, asked.head.path),
    })
}

/// REST-XML takes what is left, unless it is signed for another service.
fn by_rest_xml(asked: &Asked) -> Found {
    let scope = asked.scope.map(|scope| scope.service.as_str());
    let speaks = |at: &Address| at.protocols.contains(&Protocol::RestXml);
    let contract = find(|at| speaks(at) && scope.is_none_or(|service| at.signing_name == service));
    let Some(contract) = contract else {
        let sentence = format!("The service '{}' is not supported.", scope.unwrap_or_default());
        return error(None, Protocol::RestJson, "", Fault::new("NotImplemented", sentence));
    };
    match best(contract, asked.head) {
        Some(id) => Ok((contract, Protocol::RestXml, id)),
        None => {
            let sentence = "The specified method is not allowed against this resource.";
            let fault = Fault::new("MethodNotAllowed", sentence).status(405).with("Method", asked.head.method);
            error(Some(contract), Protocol::RestXml, "", fault)
        }
    }
}

/// The operation whose method, path, constant arguments and required members fit best.
fn best(contract: &Contract, head: &Head) -> Option<OperationId> {
    let arguments: Vec<_> = form_urlencoded::parse(head.query.as_bytes()).collect();
    let mut best: Option<(i32, OperationId)> = None;
    for (id, op) in (0..).map(OperationId).zip(&contract.operations) {
        if let Some(score) = score(contract, op, head, &arguments)
            && best.is_none_or(|(highest, _)| score > highest)
        {
            best = Some((score, id));
        }
    }
    best.map(|(_, id)| id)
}

/// Constant arguments (`?uploads`, `?list-type=2`) weigh most, then required members, then a literal path.
/// Required members may be missing only where constant arguments or a literal path already name the operation.
fn score(contract: &Contract, op: &Operation, head: &Head, arguments: &[(Cow<str>, Cow<str>)]) -> Option<i32> {
    if op.method != head.method {
        return None;
    }
    let (path, constants) = op.uri.split_once('?').unwrap_or((op.uri, ""));
    if !constants.is_empty() && arguments.is_empty() {
        return None;
    }
    let labels = rest::labels(path, head.path)?;
    let mut score = if labels.is_empty() { 1 } else { 0 };
    for constant in constants.split('&').filter(|constant| !constant.is_empty()) {
        let (name, value) = constant.split_once('=').unwrap_or((constant, ""));
        if !arguments.iter().any(|(key, held)| key == name && (value.is_empty() || held == value)) {
            return None;
        }
        score += 100;
    }
    let members = op.input.and_then(|id| contract.structure(id)).map(|s| s.members.as_slice()).unwrap_or_default();
    for member in members.iter().filter(|member| member.required) {
        let present = match member.location {
            Location::Query => arguments.iter().any(|(key, _)| key == member.on_wire()),
            Location::Header => head.headers.contains_key(member.on_wire()),
            _ => continue,
        };
        match present {
            true => score += 10,
            false if constants.is_empty() && !labels.is_empty() => return None,
            false => score -= 10,
        }
    }
    Some(score)
}
