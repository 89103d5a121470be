//! CloudTrail records: each call becomes one, in the one place that knows all about it.
//!
//! [`event`] is the envelope; what stands inside depends on the service's form in its contract: [`members`] for
//! most, [`ec2`] and [`s3`] for the two that differ.

mod ec2;
pub mod event;
pub mod identity;
mod json;
pub mod log;
mod members;
mod network;
mod parameters;
mod s3;
#[cfg(test)]
mod tests;
mod xml;

pub use event::Event;
pub use identity::Identity;
pub use log::{Entry, Log, Position};

use crate::contract::{Location, Protocol};
use crate::services::{cloudtrail, events};
use crate::wire::{self, Fault, Value};

use super::World;
use super::call::{Call, Note};
use super::caller::{Caller, Principal};
use super::fields::Output;
use super::op::{Access, Category, Op};
use super::passage::Passage;
use super::payload::Content;
use super::scope::AccountId;

/// Everything a record is made of.
pub struct Facts<'a> {
    pub call: &'a Call,
    pub op: Option<&'static Op>,
    pub caller: &'a Caller,
    /// The way through a VPC endpoint that it took.
    pub passage: Option<&'a Passage>,
    pub request_id: &'a str,
    /// Bytes of the request's body.
    pub received: u64,
    pub outcome: &'a Result<Output, Fault>,
    pub note: Note,
}

/// Records a call: appends its event to the log and tells CloudTrail where it is. When the call used a resource of
/// another account, that account gets an event of its own.
pub fn write(world: &mut World, facts: Facts) {
    if facts.note.unrecorded || facts.op.is_some_and(|op| !op.recorded) {
        return;
    }
    if let Some(passage) = facts.passage {
        network::write(world, &facts, passage);
        // Whom the endpoint's policy turns away leaves nothing but that: what is told in a request does not get out.
        if passage.denial.is_some() {
            return;
        }
    }
    let event = event::of_call(world, &facts);
    if let Some(owner) = facts.stranger() {
        let event_id = event::event_id(world, true);
        let seen_by_owner = Event {
            user_identity: Identity::of_stranger(facts.caller),
            recipient_account_id: owner.clone(),
            event_id,
            ..event.clone()
        };
        append(world, &event);
        append(world, &seen_by_owner);
    } else {
        append(world, &event);
    }
}

/// Records what has happened: an event of a call, or one that is no call.
pub fn append(world: &mut World, event: &Event) {
    let at = world.events.append(event);
    cloudtrail::recorded(world, event, at);
    events::recorded(world, event, at);
}

impl Facts<'_> {
    /// The table line decides; for operations without one, the contract.
    fn access(&self) -> Access {
        let operation = self.call.contract.operation(self.call.operation);
        match (self.op, operation.record_read_only) {
            (Some(op), _) => op.access,
            (None, Some(true)) => Access::Read,
            (None, Some(false)) => Access::Write,
            (None, None) => Access::of_name(operation.name),
        }
    }

    fn category(&self) -> Category {
        let operation = self.call.contract.operation(self.call.operation);
        match self.op {
            Some(op) => op.category,
            None if operation.record_data => Category::Data,
            None => Category::Management,
        }
    }

    /// The account whose log gets the event: the caller's, or for unsigned requests that of the resource.
    fn recipient(&self) -> &AccountId {
        match (&self.caller.principal, &self.note.owner) {
            (Principal::Anonymous, Some(owner)) => owner,
            _ => &self.caller.account,
        }
    }

    /// Another account than the recipient whose resource was used.
    fn stranger(&self) -> Option<&AccountId> {
        self.note.owner.as_ref().filter(|owner| *owner != self.recipient())
    }

    /// Bytes of the answer's body, for S3: what is sent beside the tree, else the XML document.
    fn sent(&self) -> u64 {
        let contract = self.call.contract;
        let operation = contract.operation(self.call.operation);
        if operation.method == "HEAD" {
            return 0;
        }
        let id = self.request_id;
        let body = match self.outcome {
            Ok(Output { content: Some(Content::Memory(bytes)), .. }) => return bytes.len() as u64,
            Ok(Output { content: Some(Content::File { length, .. }), .. }) => return *length,
            Ok(Output { content: Some(Content::Events(_)), .. }) => return 0,
            Ok(output) => {
                let members = operation.output.and_then(|shape| contract.structure(shape));
                let document = |location| location == Location::Body;
                if !members.is_some_and(|output| output.members.iter().any(|member| document(member.location))) {
                    return 0;
                }
                wire::encode(contract, self.call.operation, Protocol::RestXml, &output.value, id).body
            }
            Err(fault) => {
                let path = self.resource_path();
                let operation = Some(self.call.operation);
                wire::encode_fault(Some(contract), operation, Protocol::RestXml, fault, id, Some(&path)).body
            }
        };
        body.len() as u64
    }

    /// `/bucket/key`, as S3's faults name the resource.
    fn resource_path(&self) -> String {
        let part = |name| self.call.input.as_ref().ok()?.get(name).and_then(Value::as_str);
        format!(
            "/{}{}",
            part("Bucket").unwrap_or_default(),
            part("Key").map(|key| format!("/{key}")).unwrap_or_default()
        )
    }
}
