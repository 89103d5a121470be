//! One message, and where it is in its life.

use std::sync::Arc;

use crate::world::time::Time;

use super::contents::Attributes;

/// A message's place in the order in which its queue took them.
pub type Number = u64;

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub body_md5: String,
    pub attributes: Attributes,
    /// `AWSTraceHeader`
    pub trace: Option<String>,
    /// `SenderId`
    pub sender: String,
    /// When it was sent; its retention counts from here.
    pub sent: Time,
    /// `MessageGroupId`. In standard queues it tells tenants apart.
    pub group: Option<Arc<str>>,
    pub deduplication_id: Option<String>,
    pub sequence: Option<String>,
    /// How often it was received from this queue.
    pub receive_count: u32,
    pub first_received: Option<Time>,
    pub last_received: Option<Time>,
    /// ARN of the queue that gave it up as a dead letter.
    pub dead_letter_source: Option<String>,
    pub state: State,
}

/// Where a message is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Visible,
    /// Not visible yet.
    Delayed {
        until: Time,
    },
    /// Received, and not deleted yet.
    InFlight {
        until: Time,
    },
}

impl Message {
    pub fn is_in_flight(&self) -> bool {
        matches!(self.state, State::InFlight { .. })
    }
}
