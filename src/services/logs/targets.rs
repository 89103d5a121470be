//! What log events can be delivered to.

use crate::wire::Fault;
use crate::world::World;
use crate::world::scope::{AccountId, Region};

use super::faults;

/// Whether a stream behind an ARN takes log events. There are no streams yet, of Kinesis or of Firehose.
pub fn takes_deliveries(_world: &World, _arn: &str) -> bool {
    false
}

/// Refuses to subscribe to what takes no deliveries. Another account's destination stands for its target.
///
/// # Errors
/// `InvalidParameterException`, in the words for the kind of target.
pub fn check(world: &World, arn: &str) -> Result<(), Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let reachable = match parts[..] {
        ["arn", "aws", "logs", region, account, resource] => is_destination(world, region, account, resource),
        _ => takes_deliveries(world, arn),
    };
    match parts.get(2) {
        _ if reachable => Ok(()),
        Some(&"kinesis") => Err(faults::unreachable_stream()),
        Some(&"firehose") => Err(faults::unreachable_firehose()),
        Some(&"lambda") => Err(faults::unreachable_function()),
        _ => Err(faults::unreachable_destination()),
    }
}

fn is_destination(world: &World, region: &str, account: &str, resource: &str) -> bool {
    let (Some(region), Some(account)) = (Region::parse(region), AccountId::parse(account)) else { return false };
    let regional = world.accounts.get(&account).and_then(|account| account.regions.get(&region));
    let name = resource.strip_prefix("destination:");
    regional.zip(name).is_some_and(|(regional, name)| regional.logs.destinations.contains_key(name))
}
