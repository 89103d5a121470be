//! What a contract says, once it is unpacked.
//!
//! `build.rs` compiles this file too, so it depends on nothing else in the crate.

use std::borrow::Cow;
use std::collections::HashMap;

/// A wire protocol that a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// awsJson 1.0 or 1.1: `X-Amz-Target`, a JSON body.
    Json,
    /// awsQuery: form-encoded `Action=…&Version=…`, an XML answer.
    Query,
    /// ec2Query: like Query with other list and answer forms.
    Ec2,
    /// restXml (S3).
    RestXml,
    /// restJson1.
    RestJson,
    /// smithy RPC v2 with CBOR bodies.
    Cbor,
}

/// Index of a [`Shape`] in [`Contract::shapes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeId(pub u32);

/// Index of an [`Operation`] in [`Contract::operations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u32);

/// One service's API. Names are slices of the packed document, so they cost nothing to share.
#[derive(Debug, Default)]
pub struct Contract {
    /// Our name of the service, which is botocore's: `cloudtrail`, `cloudwatch`, `logs`, …
    pub service: &'static str,
    /// In the order of preference of AWS's SDKs.
    pub protocols: Vec<Protocol>,
    /// `1.0` or `1.1` for [`Protocol::Json`].
    pub json_version: &'static str,
    /// What stands before the dot in `X-Amz-Target`.
    pub target_prefix: &'static str,
    /// Name of the service in RPC v2 paths: `/service/NAME/operation/OP`.
    pub rpc_name: &'static str,
    /// Service in the credential scope of signatures (`monitoring`, `s3`, …).
    pub signing_name: &'static str,
    /// First label of the service's host name (`monitoring` in `monitoring.eu-west-1.amazonaws.com`).
    pub endpoint_prefix: &'static str,
    /// The API version: `Version=` in Query requests.
    pub api_version: &'static str,
    /// Namespace of XML answers, empty where the service has none.
    pub xml_namespace: &'static str,
    /// The member of Query requests that the path names where the form does not; empty where paths mean nothing.
    pub path_member: &'static str,
    /// What stands before `#` in the names of modelled JSON errors; empty where names stand alone.
    pub error_namespace: &'static str,
    /// The service has one endpoint for all Regions (IAM, STS's global one): its calls belong to `us-east-1`.
    pub global: bool,
    /// Error codes carry an `x-amzn-query-error` header for clients that came from Query.
    pub query_compatible: bool,
    /// How this service says that input breaks a constraint of its contract.
    pub validation: Validation,
    /// How this service's calls look in CloudTrail records.
    pub record: RecordStyle,
    /// Sorted by name.
    pub operations: Vec<Operation>,
    /// Sorted by name.
    pub shapes: Vec<Shape>,
    pub(super) by_name: HashMap<&'static str, OperationId>,
}

/// What tells a service's requests from others', known without unpacking its contract.
#[derive(Debug)]
pub struct Address {
    pub service: &'static str,
    pub protocols: &'static [Protocol],
    pub target_prefix: &'static str,
    pub rpc_name: &'static str,
    pub signing_name: &'static str,
    pub endpoint_prefix: &'static str,
    pub api_version: &'static str,
    /// Operations that need no signature.
    pub unsigned: &'static [&'static str],
}

/// How constraint violations are answered. From the overlay; the default depends on the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// `ValidationException` (JSON, CBOR, REST-JSON): "N validation errors detected: …".
    #[default]
    Exception,
    /// `ValidationError` (Query): the same text.
    Error,
    /// `InvalidParameterException` (CloudWatch Logs): the same text.
    Parameter,
    /// EC2: `MissingParameter`, `InvalidParameterValue`.
    Ec2,
    /// S3: `InvalidArgument`, `MalformedXML`; only required members and enumerations.
    S3,
    /// SQS: `MissingParameter`; only required members.
    Missing,
}

/// How requests of a service are written into CloudTrail records (overlay `x-trailcam-record`).
#[derive(Clone, Debug, Default)]
pub struct RecordStyle {
    /// `eventSource`, such as `monitoring.amazonaws.com`.
    pub event_source: &'static str,
    /// `eventVersion`, such as `1.11`.
    pub event_version: &'static str,
    /// `apiVersion` where the service writes one, else empty.
    pub api_version: &'static str,
    /// Which form parameters and answers take.
    pub form: RecordForm,
    /// Times are written `Jul 10, 2023, 12:09:47 PM`; without it, the comma after the year is left out.
    pub comma_after_year: bool,
    /// Parameters stay in the record when the caller was denied.
    pub keeps_denied_parameters: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordForm {
    /// Members with the first letter lowered.
    #[default]
    Members,
    /// EC2: item sets, or one `…Request` wrapper for newer actions.
    Ec2,
    /// S3: bucket, host, key, query arguments, headers, XML body.
    S3,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    pub name: &'static str,
    /// HTTP method of REST bindings; `POST` elsewhere.
    pub method: &'static str,
    /// URI template of REST bindings, such as `/{Bucket}/{Key+}?uploads`; `/` elsewhere.
    pub uri: &'static str,
    /// HTTP status of success, 200 unless the contract says otherwise.
    pub status: u16,
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
    /// Query: element around the result (`CreateUserResult`), else empty.
    pub result_wrapper: &'static str,
    /// REST-XML: root element of the request body where the contract names one, else empty.
    pub input_root: &'static str,
    /// REST-XML: root element of answers that have no payload member (overlay), else empty.
    pub output_root: &'static str,
    /// REST-XML: that root is the output's only body member itself (overlay).
    pub output_unwrapped: bool,
    /// Modelled errors.
    pub errors: Vec<ShapeId>,
    /// A checksum header or `Content-MD5` must come with the body.
    pub checksum_required: bool,
    /// The operation's name in CloudTrail records where it differs, else empty.
    pub event_name: &'static str,
    /// EC2: written as one `…Request` wrapper in records (newer actions).
    pub record_wrapped: bool,
    /// Records show the answer although the call changes nothing (`AssumeRole`).
    pub record_response: bool,
    /// Records tell which endpoint was called: `RequestDetails` (STS).
    pub record_endpoint: bool,
    /// `readOnly` in records where the operation's verb does not tell.
    pub record_read_only: Option<bool>,
    /// Records are data events.
    pub record_data: bool,
    /// Members that records add to the parameters when the caller sent none, as JSON text: `"force":false`.
    pub record_extra: &'static str,
    /// Members that records add to the answer, as JSON text: `"_return":true`.
    pub record_answer: &'static str,
    /// Needs no signature: links in messages call it, or callers prove themselves in another way (overlay).
    pub unsigned: bool,
}

/// A named type.
#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    pub kind: Kind,
    pub constraints: Constraints,
    /// Redacted in records and logs.
    pub sensitive: bool,
    /// Set for exceptions.
    pub error: Option<ErrorTrait>,
}

#[derive(Debug)]
pub enum Kind {
    Structure(Structure),
    List { member: Reference, flattened: bool },
    Map { key: Reference, value: Reference, flattened: bool },
    String,
    Boolean,
    Integer,
    Long,
    Float,
    Double,
    Blob,
    Timestamp(Option<TimestampFormat>),
}

#[derive(Debug, Default)]
pub struct Structure {
    /// In the order of the document.
    pub members: Vec<Member>,
    /// Name of the member that is the HTTP payload, else empty.
    pub payload: &'static str,
    /// Exactly one member is set.
    pub union: bool,
    /// An event stream: members are events.
    pub event_stream: bool,
}

/// A use of a shape by a list or map: its element name on XML and Query wires.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    pub shape: ShapeId,
    /// Element name (`member`, `item`, `key`, `value`, `entry` by protocol when empty).
    pub wire_name: &'static str,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Name in the contract and in `Value` trees.
    pub name: &'static str,
    pub shape: ShapeId,
    pub location: Location,
    /// `locationName`: name on the wire where it differs (header, query argument, element), else empty.
    pub wire_name: &'static str,
    /// EC2's `queryName`, and SQS's names of flattened maps on the Query wire, else empty.
    pub query_name: &'static str,
    pub required: bool,
    pub flattened: bool,
    pub xml_attribute: bool,
    /// XML namespace of the element, and its prefix, else empty.
    pub xml_namespace: (&'static str, &'static str),
    /// The SDK fills in a token when the caller gives none.
    pub idempotency_token: bool,
    /// The body is a stream.
    pub streaming: bool,
    /// Redacted in records (from the overlay; the shape's own mark is on the shape).
    pub redact: Redaction,
    /// Where records write the member in another way than its form does.
    pub record: Option<Box<MemberRecord>>,
}

/// How records write a member that does not follow its form (overlay `x-record`).
#[derive(Debug, Default)]
pub struct MemberRecord {
    /// The member's name in records, else empty.
    pub name: &'static str,
    /// EC2: name of each value in an item set (`{"items":[{"instanceId":…}]}`), else empty.
    pub item: &'static str,
    /// JSON text that stands for the absent member, else empty; `-` keeps it out where the form lists it.
    pub default: &'static str,
    /// EC2: the item set whose only item shows the member, else empty.
    pub within: &'static str,
    /// EC2: a plain array instead of an item set.
    pub plain: bool,
}

/// What a record shows instead of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redaction {
    #[default]
    None,
    /// `HIDDEN_DUE_TO_SECURITY_REASONS`
    Hidden,
    /// `<sensitiveDataRemoved>`
    Removed,
    /// Left out.
    Omitted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    #[default]
    Body,
    Uri,
    Query,
    Header,
    /// A map of headers that share the prefix `wire_name`.
    Headers,
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    Iso8601,
    Rfc822,
    UnixSeconds,
}

/// Constraints of a shape; lengths are characters, items or bytes by kind.
#[derive(Debug, Default)]
pub struct Constraints {
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Java regular expression that the whole value must match, else empty.
    pub pattern: &'static str,
    pub values: Vec<&'static str>,
}

/// How an exception travels.
#[derive(Debug, Default)]
pub struct ErrorTrait {
    /// Code on the wire where it differs from the shape's name, else empty.
    pub code: &'static str,
    pub status: u16,
    /// The service's fault (5xx) rather than the sender's.
    pub fault: bool,
    /// What stands before `#` in JSON where that is not the service's own namespace, else empty.
    pub namespace: &'static str,
    /// A sentence, and what Query clients are told instead of it; else empty.
    pub query_message: [&'static str; 2],
}

impl Contract {
    /// Puts a contract together from its unpacked parts.
    pub(crate) fn index(mut self) -> Contract {
        self.by_name = (0..).map(OperationId).zip(&self.operations).map(|(id, op)| (op.name, id)).collect();
        self
    }

    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    pub fn operation(&self, id: OperationId) -> &Operation {
        &self.operations[id.0 as usize]
    }

    /// Looks an operation up by its exact name.
    pub fn find(&self, name: &str) -> Option<OperationId> {
        self.by_name.get(name).copied()
    }

    /// Looks a shape up by its exact name, such as that of a modelled error.
    pub fn find_shape(&self, name: &str) -> Option<ShapeId> {
        let position = self.shapes.binary_search_by(|shape| shape.name.cmp(name)).ok()?;
        Some(ShapeId(position as u32))
    }

    /// The structure behind a shape; `None` for other kinds.
    pub fn structure(&self, id: ShapeId) -> Option<&Structure> {
        match &self.shape(id).kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        }
    }
}

impl Structure {
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl Member {
    /// Name of the member on the wire.
    pub fn on_wire(&self) -> &'static str {
        if self.wire_name.is_empty() { self.name } else { self.wire_name }
    }

    /// Name of the member in EC2's forms: the element's name with a capital, unless the contract has one for queries.
    pub fn in_ec2_forms(&self) -> Cow<'static, str> {
        if !self.query_name.is_empty() {
            return self.query_name.into();
        }
        match self.on_wire().split_at_checked(1) {
            Some((first, rest)) if first.starts_with(|c: char| c.is_ascii_lowercase()) => {
                format!("{}{rest}", first.to_ascii_uppercase()).into()
            }
            _ => self.on_wire().into(),
        }
    }
}
