//! What log events can be delivered to: Firehose streams, and other accounts' destinations that stand for them.

use crate::services::firehose;
use crate::services::sts::visits::Visit;
use crate::wire::Fault;
use crate::world::World;
use crate::world::policy::{Decision, Policy, Request};
use crate::world::scope::{AccountId, Region};

use super::destinations::Destination;
use super::faults;

/// How CloudWatch Logs is called in trust policies.
pub const SELF: &str = "logs.amazonaws.com";

/// The session in which CloudWatch Logs delivers.
const SESSION: &str = "CloudWatchLogsDelivery";

/// Where events end up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// ARN of a Firehose stream.
    pub stream: String,
    /// ARN of the role that CloudWatch Logs writes with, of the stream's account.
    pub role: String,
}

/// The target behind the ARN of a stream, with its role, or of a destination, which has one.
pub fn resolve(world: &World, arn: &str, role: Option<&str>) -> Option<Target> {
    match role {
        Some(role) => Some(Target { stream: arn.to_owned(), role: role.to_owned() }),
        None => destination(world, arn).map(|at| Target { stream: at.target.clone(), role: at.role.clone() }),
    }
}

impl Target {
    /// CloudWatch Logs taking on the role.
    pub fn visit<'a>(&'a self, account: &'a AccountId, region: Region) -> Visit<'a> {
        let source = self.stream.as_str();
        Visit { service: SELF, account, region, role: &self.role, session_name: SESSION, external_id: None, source }
    }

    /// Whether the stream takes records, and the role trusts CloudWatch Logs.
    pub fn is_reachable(&self, world: &World) -> bool {
        firehose::accepts(world, &self.stream)
            .is_some_and(|place| self.visit(&place.account, place.region).is_welcome(world))
    }
}

/// Checks what a subscription filter of an account is to deliver to, as `PutSubscriptionFilter` does.
///
/// # Errors
/// `InvalidParameterException` in the words for the kind of target, `AccessDeniedException` for a destination whose
/// policy does not let the account in.
pub fn check(world: &World, account: &AccountId, arn: &str, role: Option<&str>) -> Result<(), Fault> {
    let vendor = arn.split(':').nth(2).unwrap_or_default();
    let target = resolve(world, arn, role);
    match (vendor, role) {
        ("kinesis" | "firehose", None) => Err(faults::vendor_needs_role(vendor)),
        ("lambda" | "logs", Some(_)) => Err(faults::vendor_takes_no_role(vendor)),
        ("kinesis", _) => Err(faults::unreachable_stream()),
        ("lambda", _) => Err(faults::unreachable_function()),
        ("firehose", _) => {
            let own = firehose::accepts(world, arn).is_some_and(|place| place.account == *account);
            let reachable = target.filter(|_| own).is_some_and(|target| target.is_reachable(world));
            if reachable { Ok(()) } else { Err(faults::unreachable_firehose()) }
        }
        ("logs", _) => match destination(world, arn) {
            Some(destination) if lets_in(destination, account) => Ok(()),
            Some(_) => Err(faults::destination_denied(account, arn)),
            None => Err(faults::unreachable_destination()),
        },
        _ => Err(faults::vendor_is_none(vendor)),
    }
}

/// Whether a destination's policy lets an account subscribe to it. Without a policy, nobody is let in.
fn lets_in(destination: &Destination, account: &AccountId) -> bool {
    let policy = destination.access_policy.as_deref().and_then(|text| Policy::parse(text).ok());
    let root = account.root_arn();
    let request = Request {
        principals: &[("AWS", account.as_str()), ("AWS", root.as_str())],
        action: "logs:PutSubscriptionFilter",
        resource: &destination.arn,
        context: &[],
    };
    policy.is_some_and(|policy| policy.decide(&request) == Decision::Allowed)
}

/// The destination of an ARN.
fn destination<'w>(world: &'w World, arn: &str) -> Option<&'w Destination> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", "aws", "logs", region, account, "destination", name] = parts[..] else { return None };
    let regional = world.accounts.get(&AccountId::parse(account)?)?.regions.get(&Region::parse(region)?)?;
    regional.logs.destinations.get(name)
}
