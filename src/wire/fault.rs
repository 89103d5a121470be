//! What a client is told when a call fails.

use super::value::{Map, Value};

/// A failed call: a code, a sentence, and members of the modelled error if it has any.
///
/// The code is the error's name in the contract (`TrailNotFoundException`, `NoSuchEntityException`
/// for IAM) or a code outside the contract (`AccessDenied`, EC2's codes). HTTP status, code on the wire
/// and the shape of the answer come from the contract and the protocol (`wire::encode`).
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub code: String,
    pub message: String,
    /// Further members of the modelled error, and S3's extra elements (`BucketName`, `Key`, …).
    pub members: Map,
    /// HTTP status where neither contract nor protocol tells it.
    pub status: Option<u16>,
    /// Headers of the answer beside those of the protocol.
    pub headers: Vec<(&'static str, String)>,
}

impl Fault {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { code: code.into(), message: message.into(), members: Map::new(), status: None, headers: Vec::new() }
    }

    /// Fixes the HTTP status of a code that is outside the contract.
    pub fn status(mut self, status: u16) -> Fault {
        self.status = Some(status);
        self
    }

    /// Adds a header to the answer, for what clients read where there is no body.
    pub fn header(mut self, name: &'static str, value: &str) -> Fault {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Fault {
        self.members.push(name, value);
        self
    }
}
