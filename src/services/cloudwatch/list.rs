//! `ListMetrics`: which metrics there are. They are listed as soon as they are reported, not some minutes later.

use std::ops::Bound;

use chrono::TimeDelta;

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages;
use crate::{op, record};

use super::faults;
use super::put::{Dimension, note_metrics};
use super::store::MetricId;

/// The operation.
pub const OPS: &[Op] = &[op!(Read "ListMetrics" list_metrics).data()];

/// Metrics on a page.
const PAGE_MAX: usize = 500;
/// Metrics that have not been reported for so long are not listed, though they can still be read.
const LISTED: TimeDelta = TimeDelta::weeks(2);
/// What `PT3H` stands for.
const RECENT: TimeDelta = TimeDelta::hours(3);

record! {
    struct ListMetrics {
        namespace: Option<String> = "Namespace",
        name: Option<String> = "MetricName",
        dimensions: Vec<DimensionFilter> = "Dimensions",
        recently: Option<String> = "RecentlyActive",
        linked: bool = "IncludeLinkedAccounts",
        owner: Option<String> = "OwningAccount",
        token: Option<String> = "NextToken",
    }

    struct DimensionFilter { name: String = "Name", value: Option<String> = "Value" }

    struct ListedMetrics {
        metrics: Vec<Listed> = "Metrics",
        owners: Option<Vec<String>> = "OwningAccounts",
        token: Option<String> = "NextToken",
    }

    /// A metric as answers name it.
    pub struct Listed {
        namespace: String = "Namespace",
        name: String = "MetricName",
        dimensions: Vec<Dimension> = "Dimensions",
    }
}

fn list_metrics(cx: &mut Cx, input: ListMetrics) -> Result<ListedMetrics, Fault> {
    note_metrics(cx);
    if let Some(owner) = input.owner.as_deref().filter(|owner| *owner != cx.account.as_str()) {
        return Err(faults::account_not_linked("OwningAccount", owner));
    }
    let after = input.token.as_deref().map(|token| id_of(token).ok_or_else(faults::invalid_listing_token));
    let after = after.transpose()?.map_or(Bound::Unbounded, Bound::Excluded);
    let span = if input.recently.is_some() { RECENT } else { LISTED };
    let since = cx.world.now - span;
    // A listing of one namespace begins there.
    let first = || Bound::Included(MetricId::new(input.namespace.as_deref().unwrap_or_default(), "", []));
    let after = if after == Bound::Unbounded { first() } else { after };
    let all = super::metrics(cx.world, &cx.account, cx.region).metrics.range((after, Bound::Unbounded));
    let within = |id: &MetricId| input.namespace.as_ref().is_none_or(|namespace| **namespace == *id.namespace);
    let all = all.take_while(|(id, _)| within(id));
    let wanted = all.filter(|(id, metric)| metric.reported >= since && input.wants(id)).map(|(id, _)| id);
    let mut found: Vec<&MetricId> = wanted.take(PAGE_MAX + 1).collect();
    let more = found.len() > PAGE_MAX;
    found.truncate(PAGE_MAX);
    let token = found.last().filter(|_| more).map(|id| pages::token(key_of(id)));
    let owners = input.linked.then(|| vec![cx.account.to_string(); found.len()]);
    Ok(ListedMetrics { metrics: found.into_iter().map(listed).collect(), owners, token })
}

impl ListMetrics {
    fn wants(&self, id: &MetricId) -> bool {
        let of_dimension = |filter: &DimensionFilter| {
            let value = id.dimension(&filter.name);
            value.is_some_and(|value| filter.value.as_ref().is_none_or(|wanted| wanted == value))
        };
        self.namespace.as_ref().is_none_or(|namespace| **namespace == *id.namespace)
            && self.name.as_ref().is_none_or(|name| **name == *id.name)
            && self.dimensions.iter().all(of_dimension)
    }
}

/// What tokens hold: the last metric of a page, its parts apart by what no name has in it.
fn key_of(id: &MetricId) -> String {
    let dimensions = id.dimensions.iter().flat_map(|(name, value)| [&**name, &**value]);
    [&*id.namespace, &*id.name].into_iter().chain(dimensions).collect::<Vec<_>>().join("\n")
}

fn id_of(token: &str) -> Option<MetricId> {
    let key = pages::key(token)?;
    let parts: Vec<&str> = key.split('\n').collect();
    let [namespace, name, dimensions @ ..] = &parts[..] else { return None };
    let (pairs, rest) = dimensions.as_chunks::<2>();
    rest.is_empty().then(|| MetricId::new(namespace, name, pairs.iter().map(|[name, value]| (*name, *value))))
}

fn listed(id: &MetricId) -> Listed {
    let dimensions = id.dimensions.iter();
    Listed {
        namespace: id.namespace.to_string(),
        name: id.name.to_string(),
        dimensions: dimensions
            .map(|(name, value)| Dimension { name: name.to_string(), value: value.to_string() })
            .collect(),
    }
}
