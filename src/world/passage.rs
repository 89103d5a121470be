//! A call's way through a VPC endpoint.

use crate::wire::Fault;

use super::scope::{AccountId, Region};

/// The endpoint that a request says it comes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The host that the request was sent to, a name of the endpoint's own:
    /// `vpce-0a1b…-1a2b3c4d.kms.us-east-1.vpce.amazonaws.com`.
    Host(String),
    /// The endpoint's id. Gateway endpoints have no names.
    Id(String),
}

/// A way through an endpoint that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// `vpce-0a1b…`
    pub endpoint: String,
    pub vpc: String,
    /// The account of the endpoint: its log gets network activity events, whoever calls.
    pub owner: AccountId,
    pub region: Region,
    /// A way by routes: S3 and DynamoDB have such endpoints.
    pub is_gateway: bool,
    /// What the caller is told whom the endpoint's policy does not let through.
    pub denial: Option<Fault>,
}

impl Passage {
    /// Condition keys that calls have which come through an endpoint
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties>).
    pub fn keys(&self) -> [(&'static str, &str); 3] {
        [
            ("aws:SourceVpce", self.endpoint.as_str()),
            ("aws:SourceVpc", self.vpc.as_str()),
            ("aws:VpceAccount", self.owner.as_str()),
        ]
    }
}
