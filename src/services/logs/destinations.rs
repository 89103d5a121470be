//! Destinations: names under which an account takes log events from others.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::Policy;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::faults;
use super::paging::{Order, PageEnd, PageRequest};
use super::tags::{self, Tags};
use super::targets::Target;

/// The operations on destinations.
pub const OPS: &[Op] = &[
    op!(Write "DeleteDestination" delete_destination),
    op!(Read "DescribeDestinations" describe_destinations),
    op!(Write "PutDestination" put_destination),
    op!(Write "PutDestinationPolicy" put_destination_policy),
];

/// Bytes of an access policy.
const ACCESS_POLICY_MAX: usize = 5120;

/// A destination.
#[derive(Clone, Debug)]
pub struct Destination {
    pub name: String,
    pub arn: String,
    /// What events are delivered to.
    pub target: String,
    pub role: String,
    /// Who may subscribe groups to it; without one, only its own account.
    pub access_policy: Option<String>,
    pub created: Time,
    pub tags: Tags,
}

record! {
    struct DestinationNamed { name: String = "destinationName" }

    struct PutDestination { target: String = "targetArn", role: String = "roleArn", tags: Option<Tags> = "tags" }

    struct PutAnswer { destination: Described = "destination" }

    struct AccessPolicy { policy: String = "accessPolicy" }

    struct DescribeDestinations { prefix: Option<String> = "DestinationNamePrefix" }

    struct DescribedDestinations { destinations: Vec<Described> = "destinations" }

    struct Described {
        name: String = "destinationName",
        target: String = "targetArn",
        role: String = "roleArn",
        access_policy: Option<String> = "accessPolicy",
        arn: String = "arn",
        created: i64 = "creationTime",
    }
}

/// `arn:aws:logs:REGION:ACCOUNT:destination:NAME`
pub fn destination_arn(account: &AccountId, region: Region, name: &str) -> String {
    format!("arn:aws:logs:{region}:{account}:destination:{name}")
}

fn put_destination(cx: &mut Cx, (named, input): (DestinationNamed, PutDestination)) -> Result<PutAnswer, Fault> {
    tags::check_keys(input.tags.iter().flat_map(Tags::keys))?;
    let target = Target { stream: input.target.clone(), role: input.role.clone() };
    if !target.is_reachable(cx.world) {
        return Err(faults::unreachable_destination());
    }
    let arn = destination_arn(&cx.account, cx.region, &named.name);
    let now = cx.world.now;
    let destinations = &mut cx.world.regional(&cx.account, cx.region).logs.destinations;
    let old = destinations.get(&named.name);
    let destination = Destination {
        name: named.name.clone(),
        arn,
        target: input.target,
        role: input.role,
        access_policy: old.and_then(|old| old.access_policy.clone()),
        created: old.map_or(now, |old| old.created),
        tags: input.tags.or_else(|| old.map(|old| old.tags.clone())).unwrap_or_default(),
    };
    let answer = PutAnswer { destination: described(&destination) };
    destinations.insert(named.name, destination);
    Ok(answer)
}

fn put_destination_policy(cx: &mut Cx, (named, input): (DestinationNamed, AccessPolicy)) -> Result<(), Fault> {
    if input.policy.len() > ACCESS_POLICY_MAX {
        return Err(faults::access_policy_too_large(ACCESS_POLICY_MAX));
    }
    Policy::parse(&input.policy).map_err(|_| faults::access_policy())?;
    let destinations = &mut cx.world.regional(&cx.account, cx.region).logs.destinations;
    let destination = destinations.get_mut(&named.name);
    destination.ok_or_else(|| faults::policy_for_no_destination(&named.name))?.access_policy = Some(input.policy);
    Ok(())
}

fn delete_destination(cx: &mut Cx, named: DestinationNamed) -> Result<(), Fault> {
    let destinations = &mut cx.world.regional(&cx.account, cx.region).logs.destinations;
    destinations.remove(&named.name).map(|_| ()).ok_or_else(faults::no_such_destination)
}

fn describe_destinations(
    cx: &mut Cx,
    (input, page): (DescribeDestinations, PageRequest),
) -> Result<(DescribedDestinations, PageEnd), Fault> {
    let prefix = input.prefix.unwrap_or_default();
    let destinations = &cx.world.regional(&cx.account, cx.region).logs.destinations;
    let under_prefix = destinations.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
    let page = page.cut(Order::Ascending, under_prefix)?;
    Ok((DescribedDestinations { destinations: page.items.into_iter().map(described).collect() }, page.end))
}

fn described(destination: &Destination) -> Described {
    Described {
        name: destination.name.clone(),
        target: destination.target.clone(),
        role: destination.role.clone(),
        access_policy: destination.access_policy.clone(),
        arn: destination.arn.clone(),
        created: destination.created.timestamp_millis(),
    }
}
