//! How faults travel: status, code and shape of the answer by contract and protocol.

use std::borrow::Cow;

use super::scalar::Times;
use super::value::{Map, Value};
use super::xml::Writer;
use super::{Encoded, Fault, blank, cbor, json, query};
use crate::contract::{Contract, ErrorTrait, OperationId, Protocol, Shape, ShapeId};

/// Writes the answer of a failed call. Without a contract (the service is unknown) the protocol's
/// plain form is used. `resource` is S3's: the path that was asked for.
pub fn encode_fault(
    contract: Option<&Contract>,
    operation: Option<OperationId>,
    protocol: Protocol,
    fault: &Fault,
    request_id: &str,
    resource: Option<&str>,
) -> Encoded {
    let unknown = Contract::default();
    let contract = contract.unwrap_or(&unknown);
    let modelled = find(contract, operation, &fault.code);
    let error = Error { contract, modelled, fault, status: status(contract, modelled, fault) };
    let mut encoded = blank(contract, protocol, request_id, error.status);
    encoded.body = match protocol {
        Protocol::Json | Protocol::RestJson => error.json(protocol == Protocol::Json),
        Protocol::Cbor => cbor::write_fault(contract, modelled, error.name(), error.message_name(), fault),
        Protocol::Query => error.query(request_id),
        Protocol::Ec2 => error.ec2(request_id),
        Protocol::RestXml => error.rest_xml(request_id, resource),
    };
    encoded.headers.extend(fault.headers.iter().map(|(name, value)| ((*name).into(), value.clone())));
    match protocol {
        Protocol::Json | Protocol::Cbor if contract.query_compatible => {
            encoded.headers.push(("x-amzn-query-error".into(), format!("{};{}", error.code(), error.side())));
        }
        Protocol::RestJson => encoded.headers.push(("x-amzn-ErrorType".into(), error.name().to_owned())),
        Protocol::RestXml => finish_rest_xml(&mut encoded, contract, operation),
        _ => {}
    }
    encoded
}

/// Answers to HEAD, and those that say nothing has changed, have no body.
fn finish_rest_xml(encoded: &mut Encoded, contract: &Contract, operation: Option<OperationId>) {
    let head = operation.is_some_and(|id| contract.operation(id).method == "HEAD");
    if head || encoded.status == 304 {
        encoded.body.clear();
    } else {
        encoded.headers.push(("Content-Type".into(), "application/xml".into()));
    }
}

/// The modelled error of that name or code: the operation's own first, then the service's.
fn find(contract: &Contract, operation: Option<OperationId>, code: &str) -> Option<ShapeId> {
    let is_it = |shape: &Shape| match &shape.error {
        Some(error) => shape.name == code || (!error.code.is_empty() && error.code == code),
        None => false,
    };
    let own = operation.map(|id| contract.operation(id).errors.as_slice()).unwrap_or_default();
    let own = own.iter().copied().find(|id| is_it(contract.shape(*id)));
    own.or_else(|| (0..).map(ShapeId).zip(&contract.shapes).find(|(_, shape)| is_it(shape)).map(|(id, _)| id))
}

fn status(contract: &Contract, modelled: Option<ShapeId>, fault: &Fault) -> u16 {
    let modelled = modelled.and_then(|id| contract.shape(id).error.as_ref());
    match (fault.status, modelled) {
        (Some(status), _) => status,
        (None, Some(error)) if error.status != 0 => error.status,
        (None, Some(error)) if error.fault => 500,
        (None, Some(_)) => 400,
        (None, None) => common_status(&fault.code),
    }
}

/// Errors that every AWS service may answer with ("Common Errors" of the API references).
fn common_status(code: &str) -> u16 {
    match code {
        "AccessDenied"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "SignatureDoesNotMatch"
        | "OptInRequired"
        | "RequestTimeTooSkewed" => 403,
        "MethodNotAllowed" => 405,
        "InternalFailure" | "InternalError" | "InternalServerError" => 500,
        "NotImplemented" => 501,
        "ServiceUnavailable" | "SlowDown" => 503,
        _ => 400,
    }
}

/// A fault and what the contract says about it.
struct Error<'a> {
    contract: &'a Contract,
    modelled: Option<ShapeId>,
    fault: &'a Fault,
    status: u16,
}

impl Error<'_> {
    fn shape(&self) -> Option<&Shape> {
        self.modelled.map(|id| self.contract.shape(id))
    }

    /// `__type`: the error's name.
    fn name(&self) -> &str {
        self.shape().map_or(&self.fault.code, |shape| shape.name)
    }

    fn facts(&self) -> Option<&ErrorTrait> {
        self.shape()?.error.as_ref()
    }

    /// The name with the namespace that some services put before it: `com.amazonaws.sqs#QueueDoesNotExist`.
    fn full_name(&self) -> Cow<'_, str> {
        let own = self.facts().map(|facts| facts.namespace);
        match own.map(|own| if own.is_empty() { self.contract.error_namespace } else { own }) {
            None | Some("") => Cow::Borrowed(self.name()),
            Some(namespace) => Cow::Owned(format!("{namespace}#{}", self.name())),
        }
    }

    /// The code that Query and XML clients see.
    fn code(&self) -> &str {
        let code = self.facts().map(|facts| facts.code);
        code.filter(|code| !code.is_empty()).unwrap_or(self.name())
    }

    /// The sentence, in the words that Query clients of the service get.
    fn query_message(&self) -> &str {
        match self.facts().map(|facts| facts.query_message) {
            Some([sentence, own]) if sentence == self.fault.message => own,
            _ => &self.fault.message,
        }
    }

    fn side(&self) -> &'static str {
        if self.status >= 500 { "Receiver" } else { "Sender" }
    }

    /// The member that holds the sentence, spelt as the contract has it.
    fn message_name(&self) -> &'static str {
        let structure = self.modelled.and_then(|id| self.contract.structure(id));
        let member = structure.and_then(|s| s.members.iter().find(|m| m.name.eq_ignore_ascii_case("message")));
        member.map_or("message", |member| member.on_wire())
    }

    fn json(&self, with_type: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(b'{');
        if with_type {
            out.extend_from_slice(b"\"__type\":");
            json::write_string(&self.full_name(), &mut out);
            out.push(b',');
        }
        json::write_string(self.message_name(), &mut out);
        out.push(b':');
        json::write_string(&self.fault.message, &mut out);
        if let Some(shape) = self.modelled {
            let mut members = Vec::new();
            json::write(self.contract, shape, &Value::Map(self.fault.members.clone()), &mut members);
            if members.len() > 2 {
                out.push(b',');
                out.extend_from_slice(&members[1..members.len() - 1]);
            }
        }
        out.push(b'}');
        out
    }

    fn query(&self, request_id: &str) -> Vec<u8> {
        let mut xml = query::writer(self.contract, Protocol::Query);
        xml.open("ErrorResponse", self.contract.xml_namespace);
        xml.open("Error", "");
        xml.leaf("Type", self.side());
        xml.leaf("Code", self.code());
        xml.leaf("Message", self.query_message());
        self.members(&mut xml);
        xml.close("Error");
        xml.leaf("RequestId", request_id);
        xml.close("ErrorResponse");
        xml.out.into_bytes()
    }

    fn ec2(&self, request_id: &str) -> Vec<u8> {
        let mut xml = query::writer(self.contract, Protocol::Ec2);
        xml.open("Response", "");
        xml.open("Errors", "");
        xml.open("Error", "");
        xml.leaf("Code", self.code());
        xml.leaf("Message", &self.fault.message);
        xml.close("Error");
        xml.close("Errors");
        xml.leaf("RequestID", request_id);
        xml.close("Response");
        xml.out.into_bytes()
    }

    fn rest_xml(&self, request_id: &str, resource: Option<&str>) -> Vec<u8> {
        let mut xml = Writer::new(self.contract, Times::IsoMillis, "member");
        xml.open("Error", "");
        xml.leaf("Code", self.code());
        xml.leaf("Message", &self.fault.message);
        self.members(&mut xml);
        if let Some(resource) = resource {
            xml.leaf("Resource", resource);
        }
        xml.leaf("RequestId", request_id);
        xml.leaf("HostId", &super::rest::host_id(request_id));
        xml.close("Error");
        xml.out.into_bytes()
    }

    /// Modelled members by their shape, others as text.
    fn members(&self, xml: &mut Writer) {
        let structure = self.modelled.and_then(|id| self.contract.structure(id));
        for (name, value) in self.fault.members.iter() {
            match structure.and_then(|structure| structure.member(name)) {
                Some(member) => xml.value(member.on_wire(), "", member.shape, value),
                None => xml.leaf(name, &plain(value)),
            }
        }
    }
}

/// A value that the contract does not know, as text.
fn plain(value: &Value) -> String {
    super::scalar::print(&crate::contract::Kind::String, value, Times::IsoMillis).into_owned()
}

/// Members of a fault that the contract knows, for codecs that write one map.
pub fn known_members(contract: &Contract, modelled: Option<ShapeId>, fault: &Fault) -> Map {
    let structure = modelled.and_then(|id| contract.structure(id));
    let known = fault.members.0.iter().filter(|(name, _)| structure.is_some_and(|s| s.member(name).is_some()));
    Map(known.cloned().collect())
}
