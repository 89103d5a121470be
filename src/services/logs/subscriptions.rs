//! Subscription filters: which events of a group are delivered, and to what
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::forwarding::{self, Parcel};
use super::groups::{Class, GROUP};
use super::naming::Named;
use super::paging::{Order, PageEnd, PageRequest};
use super::pattern::{Pattern, filter_pattern};
use super::{faults, targets};

/// The operations on subscription filters.
pub const OPS: &[Op] = &[
    op!(Write "DeleteSubscriptionFilter" delete_subscription_filter).resources(&[GROUP]),
    op!(Read "DescribeSubscriptionFilters" describe_subscription_filters).resources(&[GROUP]),
    op!(Write "PutSubscriptionFilter" put_subscription_filter).resources(&[GROUP]),
];

/// Filters of one group, at the most.
const FILTERS_MAX: usize = 2;

/// A subscription filter.
#[derive(Clone, Debug)]
pub struct SubscriptionFilter {
    pub name: String,
    /// As it was put.
    pub text: String,
    pub pattern: Pattern,
    /// ARN of a stream, or of a destination.
    pub destination: String,
    /// For streams.
    pub role: Option<String>,
    pub distribution: String,
    /// When the name was first put.
    pub created: Time,
}

record! {
    struct FilterNamed { name: String = "filterName" }

    struct PutSubscriptionFilter {
        pattern: String = "filterPattern",
        destination: String = "destinationArn",
        role: Option<String> = "roleArn",
        distribution: Option<String> = "distribution",
        on_transformed: bool = "applyOnTransformedLogs",
        criteria: Option<String> = "fieldSelectionCriteria",
        system_fields: Vec<String> = "emitSystemFields",
    }

    struct DescribeSubscriptionFilters { prefix: Option<String> = "filterNamePrefix" }

    struct DescribedFilters { filters: Vec<Described> = "subscriptionFilters" }

    struct Described {
        name: String = "filterName",
        group: String = "logGroupName",
        pattern: String = "filterPattern",
        destination: String = "destinationArn",
        role: Option<String> = "roleArn",
        distribution: String = "distribution",
        on_transformed: bool = "applyOnTransformedLogs",
        created: i64 = "creationTime",
    }
}

fn put_subscription_filter(
    cx: &mut Cx,
    (group, named, input): (Named, FilterNamed, PutSubscriptionFilter),
) -> Result<(), Fault> {
    input.refuse_unbuilt()?;
    let pattern = filter_pattern(&input.pattern)?;
    let place = group.place(cx);
    let found = place.group(cx.world)?;
    if found.class != Class::Standard {
        return Err(faults::only_for_standard_class());
    }
    let old = found.subscriptions.get(&named.name).map(|old| old.created);
    if old.is_none() && found.subscriptions.len() >= FILTERS_MAX {
        return Err(faults::limit_exceeded());
    }
    targets::check(cx.world, &cx.account, &input.destination, input.role.as_deref())?;
    let filter = SubscriptionFilter {
        name: named.name.clone(),
        text: input.pattern,
        pattern,
        destination: input.destination,
        role: input.role,
        distribution: input.distribution.unwrap_or_else(|| "ByLogStream".to_owned()),
        created: old.unwrap_or(cx.world.now),
    };
    let (destination, role) = (filter.destination.clone(), filter.role.clone());
    place.group(cx.world)?.subscriptions.insert(named.name, filter);
    forwarding::send(cx.world, &place, destination, role, Parcel::control());
    Ok(())
}

impl PutSubscriptionFilter {
    /// Refuses what would have no effect here.
    fn refuse_unbuilt(&self) -> Result<(), Fault> {
        let members = [
            ("applyOnTransformedLogs", self.on_transformed),
            ("fieldSelectionCriteria", self.criteria.as_ref().is_some_and(|criteria| !criteria.is_empty())),
            ("emitSystemFields", !self.system_fields.is_empty()),
        ];
        match members.iter().find(|(_, set)| *set) {
            Some((member, _)) => Err(faults::not_built(&format!("{member} of subscription filters"))),
            None => Ok(()),
        }
    }
}

fn delete_subscription_filter(cx: &mut Cx, (group, named): (Named, FilterNamed)) -> Result<(), Fault> {
    let filters = &mut group.place(cx).group(cx.world)?.subscriptions;
    filters.remove(&named.name).map(|_| ()).ok_or_else(faults::no_such_subscription_filter)
}

fn describe_subscription_filters(
    cx: &mut Cx,
    (group, input, page): (Named, DescribeSubscriptionFilters, PageRequest),
) -> Result<(DescribedFilters, PageEnd), Fault> {
    let group = group.place(cx).find(cx.world).ok_or_else(faults::no_such_group)?;
    let prefix = input.prefix.unwrap_or_default();
    let under_prefix = group.subscriptions.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
    let page = page.cut(Order::Ascending, under_prefix)?;
    let filters = page.items.into_iter().map(|filter| described(&group.name, filter)).collect();
    Ok((DescribedFilters { filters }, page.end))
}

fn described(group: &str, filter: &SubscriptionFilter) -> Described {
    Described {
        name: filter.name.clone(),
        group: group.to_owned(),
        pattern: filter.text.clone(),
        destination: filter.destination.clone(),
        role: filter.role.clone(),
        distribution: filter.distribution.clone(),
        on_transformed: false,
        created: filter.created.timestamp_millis(),
    }
}
