//! Log groups.

use std::collections::BTreeMap;

use crate::world::op::Op;
use crate::world::time::Time;

use super::Stream;

/// The operations on log groups.
pub const OPS: &[Op] = &[];

/// A log group.
#[derive(Debug)]
pub struct Group {
    pub name: String,
    /// Ends with the name: the form with `:*` is made from it where AWS shows that.
    pub arn: String,
    pub created: Time,
    pub class: Class,
    /// Days after which events disappear; `None` keeps them for good.
    pub retention_days: Option<i64>,
    /// When expired events are removed next.
    pub expiry_due: Option<Time>,
    pub deletion_protected: bool,
    pub tags: BTreeMap<String, String>,
    /// Streams by name.
    pub streams: BTreeMap<String, Stream>,
}

/// What a group's events can be used for; set once
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    #[default]
    Standard,
    InfrequentAccess,
    Delivery,
}
