//! `PutAnomalyDetector`, and how requests name detectors.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAnomalyDetector.html>

use crate::services::cloudwatch::data::{MetricDataQuery, Plan, QueryKind};
use crate::services::cloudwatch::list::Listed;
use crate::services::cloudwatch::math::{Adaptation, Filtering, Training};
use crate::services::cloudwatch::names;
use crate::services::cloudwatch::put::Dimension;
use crate::services::cloudwatch::statistics::Statistic;
use crate::wire::{Fault, Value as Tree};
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::world::time::Time;
use crate::{op, record};

use super::{Detector, Source, Subject, faults};

/// The operation.
pub const OPS: &[Op] = &[op!(Write "PutAnomalyDetector" put)];

/// Time ranges that a configuration may exclude.
const RANGES_MAX: usize = 10;
/// Metrics and expressions of a detector, each
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#using-anomaly-detection-on-metric-math>).
const QUERIES_MAX: usize = 10;
const MINUTE: i64 = 60;

record! {
    /// A detector, in the ways that requests name one.
    pub(super) struct Named {
        namespace: Option<String> = "Namespace",
        name: Option<String> = "MetricName",
        dimensions: Option<Vec<Dimension>> = "Dimensions",
        statistic: Option<String> = "Stat",
        single: Option<Single> = "SingleMetricAnomalyDetector",
        math: Option<MathDetector> = "MetricMathAnomalyDetector",
    }

    pub(super) struct Single {
        account: Option<String> = "AccountId",
        namespace: Option<String> = "Namespace",
        name: Option<String> = "MetricName",
        dimensions: Option<Vec<Dimension>> = "Dimensions",
        statistic: Option<String> = "Stat",
    }

    pub(super) struct MathDetector { queries: Vec<MetricDataQuery> = "MetricDataQueries" }

    struct Configured {
        configuration: Option<Tree> = "Configuration",
        characteristics: Option<Tree> = "MetricCharacteristics",
    }
    struct Configuration {
        excluded: Vec<Excluded> = "ExcludedTimeRanges",
        zone: Option<String> = "MetricTimezone",
        adaptation: Option<String> = "AdaptationSpeed",
        filtering: Option<String> = "OutlierFilteringStrength",
    }
    struct Excluded { start: Time = "StartTime", end: Time = "EndTime" }
    struct Characteristics { spikes: Option<bool> = "PeriodicSpikes" }

    struct Kept { id: String = "AnomalyDetectorId" }
}

/// A detector that there is gets another configuration, keeps its id, and is trained anew.
fn put(cx: &mut Cx, (named, configured): (Named, Configured)) -> Result<Kept, Fault> {
    let subject = named.subject(&cx.account)?;
    let training = configured.training()?;
    let key = subject.key().ok_or_else(faults::one_series)?;
    let new = Detector::new(cx.world, subject);
    let detectors = &mut cx.world.regional(&cx.account, cx.region).cloudwatch.detectors;
    let id = detectors.get(&key).map_or(new.id, |known| known.id.clone());
    let Configured { configuration, characteristics } = configured;
    let detector = Detector { id: id.clone(), configuration, characteristics, training, ..new };
    detectors.insert(key, detector);
    Ok(Kept { id })
}

impl Named {
    /// What is meant, if it makes sense.
    ///
    /// # Errors
    /// `InvalidParameterCombination`, `InvalidParameterValue`, `MissingParameter`.
    pub(super) fn subject(self, account: &AccountId) -> Result<Subject, Fault> {
        let plain = [
            ("Namespace", self.namespace.is_some()),
            ("MetricName", self.name.is_some()),
            ("Dimensions", self.dimensions.is_some()),
            ("Stat", self.statistic.is_some()),
        ];
        let plain = plain.into_iter().find(|(_, given)| *given).map(|(name, _)| name);
        match (plain, self.single, self.math) {
            (Some(plain), Some(_), _) => Err(faults::exclusive(plain, "SingleMetricAnomalyDetector")),
            (Some(plain), _, Some(_)) => Err(faults::exclusive(plain, "MetricMathAnomalyDetector")),
            (None, Some(_), Some(_)) => {
                Err(faults::exclusive("SingleMetricAnomalyDetector", "MetricMathAnomalyDetector"))
            }
            (None, Some(single), None) => single.subject("SingleMetricAnomalyDetector.", account),
            (None, None, Some(math)) => math.subject(account),
            (None, None, None) => Err(faults::missing_any("SingleMetricAnomalyDetector and MetricMathAnomalyDetector")),
            (Some(_), None, None) => {
                let Named { namespace, name, dimensions, statistic, .. } = self;
                Single { account: None, namespace, name, dimensions, statistic }.subject("", account)
            }
        }
    }
}

impl Single {
    fn subject(self, member: &str, account: &AccountId) -> Result<Subject, Fault> {
        let of = |name: &str| format!("{member}{name}");
        let missing = |name: &str| faults::missing(&of(name));
        if let Some(other) = self.account.as_deref().filter(|id| *id != account.as_str()) {
            return Err(faults::account_not_linked(&of("AccountId"), other));
        }
        let namespace = self.namespace.ok_or_else(|| missing("Namespace"))?;
        let name = self.name.ok_or_else(|| missing("MetricName"))?;
        let statistic = self.statistic.ok_or_else(|| missing("Stat"))?;
        if Statistic::parse(&statistic).is_none() {
            return Err(faults::invalid(&of("Stat"), &statistic));
        }
        for (part, text) in [("Namespace", &namespace), ("MetricName", &name)] {
            if !names::is_text(text) {
                return Err(faults::invalid(&of(part), text));
            }
        }
        let dimensions = self.dimensions.unwrap_or_default();
        let mut flaws = Vec::new();
        names::check_dimensions(member.trim_end_matches('.'), &dimensions, &mut flaws);
        crate::services::cloudwatch::faults::together(flaws)?;
        Subject::metric(Listed { namespace, name, dimensions }, statistic, account).map_err(faults::of_queries)
    }
}

impl MathDetector {
    fn subject(self, account: &AccountId) -> Result<Subject, Fault> {
        let plan = Plan::new(&self.queries, account).map_err(faults::of_queries)?;
        let mut returned =
            (0..plan.queries.len()).filter(|place| plan.queries.get(*place).is_some_and(|query| query.returned));
        let (Some(place), None) = (returned.next(), returned.next()) else { return Err(faults::returning()) };
        check(&plan, place)?;
        Ok(Subject { source: Source::Math(self.queries), plan, place })
    }
}

/// "Anomaly detection on metric math doesn't support" what this refuses.
fn check(plan: &Plan, place: usize) -> Result<(), Fault> {
    let metrics: Vec<_> = plan.metrics().map(|(_, metric)| metric.period).collect();
    match plan.queries.get(place) {
        Some(query) if matches!(query.kind, QueryKind::Metric(_)) => return Err(faults::returning()),
        Some(query) if query.is_list => return Err(faults::one_series()),
        _ => {}
    }
    let unlike = metrics.iter().any(|period| metrics.first() != Some(period));
    let refused = [
        ("ANOMALY_DETECTION_BAND", !plan.around_bands().is_empty()),
        ("SEARCH", plan.searches()),
        ("more than 10 metrics", metrics.len() > QUERIES_MAX),
        ("more than 10 expressions", plan.queries.len() - metrics.len() > QUERIES_MAX),
        ("metrics with different periods", unlike),
        ("high-resolution metrics", metrics.iter().any(|period| *period < MINUTE)),
    ];
    match refused.into_iter().find(|(_, is)| *is) {
        Some((what, _)) => Err(faults::not_in_detectors(what)),
        None => Ok(()),
    }
}

impl Configured {
    fn training(&self) -> Result<Training, Fault> {
        let Configuration { excluded, zone, adaptation, filtering } = Field::read(self.configuration.as_ref());
        let Characteristics { spikes } = Field::read(self.characteristics.as_ref());
        let list = "Configuration.ExcludedTimeRanges";
        if excluded.len() > RANGES_MAX {
            return Err(faults::too_many(list, RANGES_MAX));
        }
        if let Some((n, _)) = (1..).zip(&excluded).find(|(_, range)| range.start >= range.end) {
            return Err(faults::backward_range(&format!("{list}.member.{n}")));
        }
        let zone = zone.as_deref().unwrap_or("UTC");
        Ok(Training {
            excluded: excluded.iter().map(|range| range.start.timestamp()..range.end.timestamp()).collect(),
            zone: zone.parse().map_err(|_| faults::invalid("Configuration.MetricTimezone", zone))?,
            adaptation: match adaptation.as_deref() {
                Some("FAST") => Adaptation::Fast,
                Some("SLOW") => Adaptation::Slow,
                _ => Adaptation::Normal,
            },
            filtering: match filtering.as_deref() {
                Some("MINIMAL") => Filtering::Minimal,
                Some("STRICT") => Filtering::Strict,
                _ => Filtering::Moderate,
            },
            has_spikes: spikes == Some(true),
        })
    }
}
