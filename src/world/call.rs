//! One call, from who sent it to the record it leaves. The only way to run an operation, for clients and
//! for services alike.

use crate::contract::{Contract, Operation, OperationId};
use crate::services;
use crate::wire::{self, Fault, Map, Value};

use super::World;
use super::caller::{Caller, Credentials, Principal, Refusal, authenticate, note_use};
use super::fields::{Output, Scan};
use super::op::Op;
use super::outside::{Outside, Patience, Pause};
use super::passage::{Gate, Passage};
use super::payload::Upload;
use super::record;
use super::scope::{AccountId, Region};

/// A request for one operation.
#[derive(Debug)]
pub struct Call {
    pub contract: &'static Contract,
    pub operation: OperationId,
    pub region: Region,
    pub sender: Sender,
    /// The decoded input, or why it could not be decoded.
    pub input: Result<Value, Fault>,
    /// The body of an upload, or why it did not arrive whole.
    pub upload: Result<Upload, Fault>,
}

/// Who sent a call.
#[derive(Debug)]
pub enum Sender {
    Client {
        credentials: Credentials,
        connection: Connection,
    },
    /// An AWS service (`cloudtrail.amazonaws.com`) at work for an account.
    Service {
        name: &'static str,
        account: AccountId,
        /// ARN of the resource it works for (a trail): `aws:SourceArn` in policies.
        source: Option<String>,
    },
    /// A service that passes on the rights of its own caller: records show the caller, and the service as
    /// `invokedBy`.
    OnBehalf {
        name: &'static str,
        caller: Box<Caller>,
    },
}

/// What a record tells of the connection.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Address of the client.
    pub source_ip: String,
    pub user_agent: String,
    /// `Host` header.
    pub host: String,
    /// Every query argument; records also show those that the contract does not bind (`x-id`, presigning).
    pub arguments: Vec<(String, String)>,
    /// `Content-Length` header, for S3's `additionalEventData`.
    pub body_length: u64,
    /// How the request was signed, for S3's `additionalEventData`.
    pub signature: Signature,
    /// The VPC endpoint that it came through, as the request has it; `None` for most.
    pub gate: Option<Box<Gate>>,
}

/// A signature's version and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    #[default]
    None,
    V2(SignedIn),
    V4(SignedIn),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedIn {
    Header,
    QueryString,
}

/// The outcome of a call.
#[derive(Debug)]
pub struct Answer {
    /// The same as in the record.
    pub request_id: String,
    pub outcome: Result<Output, Fault>,
}

impl Answer {
    /// What is left to do outside the lock.
    pub fn take_scan(&mut self) -> Option<Scan<Value>> {
        self.outcome.as_mut().ok()?.scan.take()
    }

    /// Takes what a scan found.
    pub fn finish(&mut self, found: Value) {
        if let Ok(output) = &mut self.outcome {
            output.value = found;
        }
    }
}

/// What a handler works with.
pub struct Cx<'a> {
    pub world: &'a mut World,
    pub caller: &'a Caller,
    /// The account called: the caller's.
    pub account: AccountId,
    pub region: Region,
    /// `Host` header of a client's request, for URLs in answers; empty for services.
    pub host: &'a str,
    /// Address of the client, or name of the service.
    pub source_ip: &'a str,
    pub operation: &'static Operation,
    /// ARN of the resource that a service works for.
    pub source: Option<&'a str>,
    /// The way through a VPC endpoint that the call took.
    pub passage: Option<&'a Passage>,
    /// The whole input, for conditions of policies on what was sent.
    pub input: Option<&'a Value>,
    /// The request's id, as the client will see it.
    pub request_id: &'a str,
    /// The body of an upload, or why it did not arrive whole; taken by the handler that stores it.
    pub upload: Result<Upload, Fault>,
    /// Where long work is asked for.
    pub outside: &'a mut Outside,
    pub note: Note,
}

/// What a handler adds to its call's record.
#[derive(Debug, Default)]
pub struct Note {
    pub resources: Vec<Resource>,
    /// Members of `additionalEventData`.
    pub additional: Map,
    /// Another account whose resource was used: it gets a record of its own, joined by `sharedEventID`.
    pub owner: Option<AccountId>,
    /// What `responseElements` shows instead of the output.
    pub response: Option<Value>,
    /// This call leaves no record, although others of its operation do.
    pub unrecorded: bool,
}

/// A member of a record's `resources`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Left out for S3 objects.
    pub account: Option<AccountId>,
    pub kind: &'static str,
    /// Empty where records tell of the kind alone.
    pub arn: String,
    /// Listings name a prefix: `ARNPrefix`.
    pub is_prefix: bool,
}

impl Cx<'_> {
    /// The body of the upload.
    ///
    /// # Errors
    /// Why it did not arrive whole. To be asked for when everything else about the request is known to be right.
    pub fn take_upload(&mut self) -> Result<Upload, Fault> {
        std::mem::replace(&mut self.upload, Ok(Upload::default()))
    }
}

impl Call {
    /// A call that a service makes for an account: `Call::by_service("cloudtrail.amazonaws.com", …)`.
    /// `None` when no contract has the operation, which is a mistake in the calling code.
    pub fn by_service(
        name: &'static str,
        account: AccountId,
        region: Region,
        (service, operation): (&str, &str),
        input: Map,
        upload: Upload,
    ) -> Option<Call> {
        let contract = crate::contract::get(service)?;
        let operation = contract.find(operation)?;
        let sender = Sender::Service { name, account, source: None };
        Some(Call { contract, operation, region, sender, input: Ok(Value::Map(input)), upload: Ok(upload) })
    }

    /// The same call of a service, with the rights of `caller` instead of the service's own.
    pub fn on_behalf_of(mut self, caller: &Caller) -> Call {
        if let Sender::Service { name, .. } = self.sender {
            self.sender = Sender::OnBehalf { name, caller: Box::new(caller.clone()) };
        }
        self
    }

    /// Says which resource a service works for.
    pub fn working_for(mut self, arn: &str) -> Call {
        if let Sender::Service { source, .. } = &mut self.sender {
            *source = Some(arn.to_owned());
        }
        self
    }
}

/// Runs a call to its end, under the lock: for services, whose calls are part of a larger step.
pub fn perform(world: &mut World, mut call: Call) -> Answer {
    let mut outside = Outside::default();
    outside.do_at_once();
    loop {
        match attempt(world, &mut call, &mut outside) {
            Ok(answer) => return answer,
            Err(Pause::Work(work)) => outside.take_in(work.run()),
            Err(Pause::Wait(_)) => outside.set_patience(Patience::Over),
        }
    }
}

/// Runs a call: authenticate, check, run, record.
///
/// # Errors
/// What must come first, outside the lock if that can be. Nothing has happened then: the call is as it was.
pub fn attempt(world: &mut World, call: &mut Call, outside: &mut Outside) -> Result<Answer, Pause> {
    let ids = world.ids.clone();
    let request_id = request_id(world, call.contract.service);
    let upload = std::mem::replace(&mut call.upload, Ok(Upload::default()));
    let received = received(&call.sender, upload.as_ref().map_or(0, |upload| upload.length));
    let (caller, known) = match identify(world, call) {
        Ok(caller) => (caller, Ok(())),
        Err(refusal) => (unidentified(world, &call.sender), Err(refusal.fault(call.contract))),
    };
    let passage = match pass(world, call, &caller) {
        Ok(passage) => passage,
        // No service has seen the call.
        Err(fault) => return Ok(Answer { request_id, outcome: Err(fault) }),
    };
    if known.is_ok() {
        note_use(world, &caller, call.contract, call.region);
    }
    let operation = call.contract.operation(call.operation);
    let op = services::find(call.contract.service, operation.name);
    let mut cx = Cx {
        account: caller.account.clone(),
        caller: &caller,
        region: call.region,
        host: call.sender.host(),
        source_ip: call.sender.source_ip(),
        operation,
        source: call.sender.source(),
        passage: passage.as_ref(),
        input: call.input.as_ref().ok(),
        request_id: &request_id,
        upload,
        outside,
        note: Note::default(),
        world,
    };
    let outcome = known.and_then(|()| run(&mut cx, call, op));
    let Cx { note, upload, .. } = cx;
    if let Some(pause) = outside.take_pause() {
        call.upload = upload;
        world.ids = ids;
        return Err(pause);
    }
    let failed = outcome.is_err();
    let facts = record::Facts {
        call,
        op,
        caller: &caller,
        passage: passage.as_ref(),
        request_id: &request_id,
        received,
        outcome: &outcome,
        note,
    };
    record::write(world, facts);
    if matches!(call.sender, Sender::Client { .. }) {
        let (service, operation) = (call.contract.service, operation.name);
        let called = services::Called { service, operation, failed, bytes: received };
        services::called(world, (&caller.account, call.region), called);
    }
    Ok(Answer { request_id, outcome })
}

/// The way through a VPC endpoint, if the call takes one.
fn pass(world: &World, call: &Call, caller: &Caller) -> Result<Option<Passage>, Fault> {
    match &call.sender {
        Sender::Client { connection: Connection { gate: Some(gate), .. }, .. } => {
            services::ec2::pass(world, call, caller, gate).map(Some)
        }
        _ => Ok(None),
    }
}

fn run(cx: &mut Cx<'_>, call: &Call, op: Option<&'static Op>) -> Result<Output, Fault> {
    let input = call.input.as_ref().map_err(Clone::clone)?;
    if let Some(denial) = cx.passage.and_then(|passage| passage.denial.as_ref()) {
        return Err(denial.clone());
    }
    wire::check(call.contract, call.operation, input)?;
    let op = op.ok_or_else(|| not_implemented(call.contract, cx.operation))?;
    (op.run)(cx, input)
}

fn identify(world: &World, call: &Call) -> Result<Caller, Refusal> {
    match &call.sender {
        Sender::Client { credentials, .. } if credentials.access_key.is_none() && !takes_anybody(call) => {
            Err(Refusal::Missing)
        }
        Sender::Client { credentials, .. } => authenticate(world, credentials),
        Sender::OnBehalf { caller, .. } => Ok((**caller).clone()),
        Sender::Service { name, account, .. } => Ok(Caller {
            account: account.clone(),
            principal: Principal::Service(name),
            access_key: None,
            session: None,
        }),
    }
}

/// S3 answers anonymous callers; of other services, the operations that the contract names.
fn takes_anybody(call: &Call) -> bool {
    call.contract.service == "s3" || call.contract.operation(call.operation).unsigned
}

/// Stands in for a caller whose credentials were refused: the default account's log keeps the attempt.
fn unidentified(world: &World, sender: &Sender) -> Caller {
    let access_key = match sender {
        Sender::Client { credentials, .. } => credentials.access_key.clone(),
        Sender::OnBehalf { caller, .. } => caller.access_key.clone(),
        Sender::Service { .. } => None,
    };
    let account = world.settings.account.clone();
    Caller { account, principal: Principal::Anonymous, access_key, session: None }
}

impl Sender {
    fn source(&self) -> Option<&str> {
        match self {
            Sender::Service { source, .. } => source.as_deref(),
            Sender::Client { .. } | Sender::OnBehalf { .. } => None,
        }
    }

    fn host(&self) -> &str {
        match self {
            Sender::Client { connection, .. } => &connection.host,
            Sender::Service { .. } | Sender::OnBehalf { .. } => "",
        }
    }

    fn source_ip(&self) -> &str {
        match self {
            Sender::Client { connection, .. } => &connection.source_ip,
            Sender::Service { name, .. } | Sender::OnBehalf { name, .. } => name,
        }
    }
}

/// Bytes of the body: of the object uploaded, else as announced.
fn received(sender: &Sender, uploaded: u64) -> u64 {
    match sender {
        Sender::Client { connection, .. } if uploaded == 0 => connection.body_length,
        _ => uploaded,
    }
}

/// Request ids have a form per service: S3 16 characters, SNS and SQS UUIDs of version 5, others of version 4.
pub fn request_id(world: &mut World, service: &str) -> String {
    match service {
        "s3" => world.ids.upper(16),
        "sns" | "sqs" => world.ids.uuid_v5().to_string(),
        _ => world.ids.uuid().to_string(),
    }
}

fn not_implemented(contract: &Contract, operation: &Operation) -> Fault {
    let message = format!(
        "Trailcam does not implement {}:{} yet. GET /_trailcam/health lists what it does.",
        contract.service, operation.name
    );
    Fault::new("NotImplemented", message).status(501)
}
