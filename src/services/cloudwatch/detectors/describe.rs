//! Detectors are shown, and deleted.

use crate::services::cloudwatch;
use crate::services::cloudwatch::data::MetricDataQuery;
use crate::services::cloudwatch::put::Dimension;
use crate::wire::{Fault, Value as Tree};
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::{op, record};

use super::put::Named;
use super::{Detector, Key, Progress, Source, faults};

/// The operations.
pub const OPS: &[Op] = &[op!(Write "DeleteAnomalyDetector" delete), op!(Read "DescribeAnomalyDetectors" describe)];

/// Detectors on a page, unless fewer are asked for.
const PAGE_MAX: i64 = 100;

record! {
    struct Describe {
        ids: Option<Vec<String>> = "AnomalyDetectorIds",
        namespace: Option<String> = "Namespace",
        name: Option<String> = "MetricName",
        dimensions: Option<Vec<Dimension>> = "Dimensions",
        types: Option<Vec<String>> = "AnomalyDetectorTypes",
        limit: Option<i64> = "MaxResults",
        token: Option<String> = "NextToken",
    }
    struct Described { detectors: Vec<Shown> = "AnomalyDetectors", token: Option<String> = "NextToken" }

    struct Shown {
        id: String = "AnomalyDetectorId",
        namespace: Option<String> = "Namespace",
        name: Option<String> = "MetricName",
        dimensions: Option<Vec<Dimension>> = "Dimensions",
        statistic: Option<String> = "Stat",
        configuration: Tree = "Configuration",
        state: String = "StateValue",
        characteristics: Option<Tree> = "MetricCharacteristics",
        single: Option<SingleShown> = "SingleMetricAnomalyDetector",
        math: Option<MathShown> = "MetricMathAnomalyDetector",
    }
    struct SingleShown {
        account: String = "AccountId",
        namespace: String = "Namespace",
        name: String = "MetricName",
        dimensions: Vec<Dimension> = "Dimensions",
        statistic: String = "Stat",
    }
    struct MathShown { queries: Vec<MetricDataQuery> = "MetricDataQueries" }

    struct Delete { id: Option<String> = "AnomalyDetectorId" }
}

/// Those of metrics alone are shown unless others are asked for.
fn describe(cx: &mut Cx, input: Describe) -> Result<Scan<Described>, Fault> {
    input.check_alone()?;
    let limit = input.limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(faults::max_results(PAGE_MAX));
    }
    let after = match &input.token {
        Some(token) => Some(pages::key(token).ok_or_else(faults::token)?),
        None => None,
    };
    let now = cx.world.now;
    let store = &*cloudwatch::metrics(cx.world, &cx.account, cx.region);
    let wanted = store.detectors.iter().filter(|(_, detector)| input.wants(detector));
    let mut keyed: Vec<_> = wanted.map(|(key, detector)| (place_of(key), detector)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let limit = usize::try_from(limit).unwrap_or_default();
    let (page, last) = pages::cut(after.as_deref(), limit, Order::Ascending, keyed);
    let place = (&cx.account, cx.region);
    let look = |detector: &Detector| (detector.progress(store, now, place), shown(detector, cx.account.as_str()));
    let looked: Vec<_> = page.into_iter().map(look).collect();
    let token = last.map(pages::token);
    Ok(Scan::new(move || {
        let with_state =
            |(progress, shown): (Progress, Shown)| Shown { state: progress.state().as_str().to_owned(), ..shown };
        Described { detectors: looked.into_iter().map(with_state).collect(), token }
    }))
}

/// The place of a detector in listings: those of metrics come first, by namespace, name, dimensions and statistic.
fn place_of(key: &Key) -> String {
    match key {
        Key::Metric(id, statistic) => {
            let dimensions = id.dimensions.iter().map(|(name, value)| format!("{name}\u{1}{value}"));
            let dimensions: Vec<_> = dimensions.collect();
            format!("1{}\0{}\0{}\0{statistic}", id.namespace, id.name, dimensions.join("\u{2}"))
        }
        Key::Math(queries) => format!("2{queries}"),
    }
}

impl Describe {
    fn check_alone(&self) -> Result<(), Fault> {
        let others = [
            ("Namespace", self.namespace.is_some()),
            ("MetricName", self.name.is_some()),
            ("Dimensions", self.dimensions.is_some()),
            ("AnomalyDetectorTypes", self.types.is_some()),
        ];
        match others.into_iter().find(|(_, given)| *given) {
            Some((name, _)) if self.ids.is_some() => Err(faults::exclusive("AnomalyDetectorIds", name)),
            _ => Ok(()),
        }
    }

    fn wants(&self, detector: &Detector) -> bool {
        if let Some(ids) = &self.ids {
            return ids.contains(&detector.id);
        }
        let types = self.types.as_deref().filter(|types| !types.is_empty());
        let is_type =
            |name: &str, by_itself| types.map_or(by_itself, |types| types.iter().any(|wanted| wanted == name));
        match &detector.subject.source {
            Source::Metric { metric, .. } => {
                let has = |wanted: &Dimension| {
                    metric.dimensions.iter().any(|known| (&known.name, &known.value) == (&wanted.name, &wanted.value))
                };
                is_type("SINGLE_METRIC", true)
                    && self.namespace.as_ref().is_none_or(|namespace| *namespace == metric.namespace)
                    && self.name.as_ref().is_none_or(|name| *name == metric.name)
                    && self.dimensions.as_ref().is_none_or(|wanted| wanted.iter().all(has))
            }
            Source::Math(_) => {
                let is_filtered = self.namespace.is_some() || self.name.is_some() || self.dimensions.is_some();
                is_type("METRIC_MATH", false) && !is_filtered
            }
        }
    }
}

fn shown(detector: &Detector, account: &str) -> Shown {
    let known = Shown {
        id: detector.id.clone(),
        configuration: configuration(detector),
        characteristics: detector.characteristics.clone(),
        ..Shown::default()
    };
    match &detector.subject.source {
        Source::Metric { metric, statistic } => Shown {
            namespace: Some(metric.namespace.clone()),
            name: Some(metric.name.clone()),
            dimensions: Some(metric.dimensions.clone()),
            statistic: Some(statistic.clone()),
            single: Some(SingleShown {
                account: account.to_owned(),
                namespace: metric.namespace.clone(),
                name: metric.name.clone(),
                dimensions: metric.dimensions.clone(),
                statistic: statistic.clone(),
            }),
            ..known
        },
        Source::Math(queries) => Shown { math: Some(MathShown { queries: queries.clone() }), ..known },
    }
}

/// AWS shows that nothing is excluded, also where no configuration was given.
fn configuration(detector: &Detector) -> Tree {
    let mut map = detector.configuration.as_ref().and_then(Tree::as_map).cloned().unwrap_or_default();
    if map.get("ExcludedTimeRanges").is_none() {
        map.push("ExcludedTimeRanges", Tree::List(Vec::new()));
    }
    Tree::Map(map)
}

fn delete(cx: &mut Cx, (by_id, named): (Delete, Named)) -> Result<(), Fault> {
    let key = match by_id.id {
        Some(id) => {
            let detectors = &cx.world.regional(&cx.account, cx.region).cloudwatch.detectors;
            detectors.iter().find(|(_, detector)| detector.id == id).map(|(key, _)| key.clone())
        }
        None => named.subject(&cx.account)?.key(),
    };
    let detectors = &mut cx.world.regional(&cx.account, cx.region).cloudwatch.detectors;
    match key.and_then(|key| detectors.remove(&key)) {
        Some(_) => Ok(()),
        None => Err(faults::no_detector()),
    }
}
