//! `ListMetrics`: which metrics there are. They are listed as soon as they are reported, not some minutes later.

use chrono::TimeDelta;

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::{op, record};

use super::faults;
use super::put::Dimension;
use super::store::{Metric, MetricId};

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
    if let Some(owner) = input.owner.as_deref().filter(|owner| *owner != cx.account.as_str()) {
        return Err(faults::account_not_linked("OwningAccount", owner));
    }
    let after = match input.token.as_deref() {
        Some(token) => Some(pages::key(token).ok_or_else(faults::invalid_listing_token)?),
        None => None,
    };
    let span = if input.recently.is_some() { RECENT } else { LISTED };
    let since = cx.world.now - span;
    let all = cx.world.regional(&cx.account, cx.region).cloudwatch.metrics.iter();
    let wanted = all.filter(|(id, metric)| metric.reported >= since && input.wants(id));
    let (metrics, last) = pages::cut(after.as_deref(), PAGE_MAX, Order::Ascending, wanted.map(keyed));
    let owners = input.linked.then(|| vec![cx.account.to_string(); metrics.len()]);
    Ok(ListedMetrics { metrics: metrics.into_iter().map(listed).collect(), owners, token: last.map(pages::token) })
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

/// Metrics come in the order of their keys.
fn keyed<'s>((id, _): (&'s MetricId, &Metric)) -> (String, &'s MetricId) {
    let mut key = format!("{}\0{}", id.namespace, id.name);
    for (name, value) in &id.dimensions {
        key.push('\0');
        key.push_str(name);
        key.push('\x01');
        key.push_str(value);
    }
    (key, id)
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
