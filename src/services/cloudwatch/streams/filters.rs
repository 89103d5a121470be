//! Which metrics a stream sends, and with which statistics.

use crate::record;
use crate::services::cloudwatch::faults;
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::store::MetricId;
use crate::wire::Fault;

use super::Format;

/// Names of metrics, and namespaces without any, that the filters of a stream may have.
const NAMES_MAX: usize = 1000;
/// Configurations of statistics, metrics of one, statistics of one
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricStream.html>).
const CONFIGURATIONS_MAX: usize = 100;
const METRICS_MAX: usize = 100;
const STATISTICS_MAX: usize = 20;

record! {
    /// A namespace, or some metrics of it.
    pub struct Filter { namespace: Option<String> = "Namespace", names: Option<Vec<String>> = "MetricNames" }

    /// Metrics, and the statistics that are sent of them beside the plain ones.
    pub struct Configuration {
        metrics: Vec<Metric> = "IncludeMetrics",
        statistics: Vec<String> = "AdditionalStatistics",
    }

    pub struct Metric { namespace: String = "Namespace", name: String = "MetricName" }
}

/// Which metrics are sent.
#[derive(Clone, Debug)]
pub enum Filters {
    All,
    Only(Vec<Filter>),
    Without(Vec<Filter>),
}

/// Statistics that are sent beside the plain ones.
#[derive(Clone, Debug, Default)]
pub struct Additional {
    /// As they were given.
    pub configurations: Vec<Configuration>,
    /// Those of each configuration, read.
    read: Vec<Vec<Named>>,
}

/// A statistic, as it was asked for and read.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub text: String,
    pub statistic: Statistic,
}

impl Filters {
    /// # Errors
    /// `InvalidParameterCombination` where both kinds are given; `MissingParameter`, `InvalidParameterValue`
    pub fn new(only: Option<Vec<Filter>>, without: Option<Vec<Filter>>) -> Result<Filters, Fault> {
        let given = |filters: Option<Vec<Filter>>| filters.filter(|filters| !filters.is_empty());
        match (given(only), given(without)) {
            (Some(_), Some(_)) => Err(faults::exclusive("IncludeFilters", "ExcludeFilters")),
            (Some(only), None) => check("IncludeFilters", &only).map(|()| Filters::Only(only)),
            (None, Some(without)) => check("ExcludeFilters", &without).map(|()| Filters::Without(without)),
            (None, None) => Ok(Filters::All),
        }
    }

    pub fn want(&self, metric: &MetricId) -> bool {
        match self {
            Filters::All => true,
            Filters::Only(filters) => filters.iter().any(|filter| filter.names(metric)),
            Filters::Without(filters) => !filters.iter().any(|filter| filter.names(metric)),
        }
    }

    pub fn only(&self) -> Option<Vec<Filter>> {
        if let Filters::Only(filters) = self { Some(filters.clone()) } else { None }
    }

    pub fn without(&self) -> Option<Vec<Filter>> {
        if let Filters::Without(filters) = self { Some(filters.clone()) } else { None }
    }
}

fn check(parameter: &str, filters: &[Filter]) -> Result<(), Fault> {
    let names = filters.iter().map(|filter| filter.names.as_ref().map_or(1, |names| names.len().max(1)));
    if names.sum::<usize>() > NAMES_MAX {
        return Err(faults::too_many(parameter, NAMES_MAX));
    }
    match (1..).zip(filters).find(|(_, filter)| filter.namespace.is_none()) {
        Some((n, _)) => Err(faults::missing(&format!("{parameter}.member.{n}.Namespace"))),
        None => Ok(()),
    }
}

impl Filter {
    fn names(&self, metric: &MetricId) -> bool {
        let names = self.names.as_deref().unwrap_or_default();
        self.namespace.as_deref() == Some(&*metric.namespace)
            && (names.is_empty() || names.iter().any(|name| **name == *metric.name))
    }
}

impl Additional {
    /// # Errors
    /// `InvalidParameterValue` for too much, and for statistics that the format does not have.
    pub fn new(configurations: Vec<Configuration>, format: Format) -> Result<Additional, Fault> {
        const PARAMETER: &str = "StatisticsConfigurations";
        if configurations.len() > CONFIGURATIONS_MAX {
            return Err(faults::too_many(PARAMETER, CONFIGURATIONS_MAX));
        }
        let read = (1..).zip(&configurations).map(|(n, configuration)| {
            let member = format!("{PARAMETER}.member.{n}");
            configuration.read(&member, format)
        });
        Ok(Additional { read: read.collect::<Result<_, _>>()?, configurations })
    }

    /// Those of a metric, each once.
    pub fn of(&self, metric: &MetricId) -> impl Iterator<Item = &Named> {
        let of_metric = self.configurations.iter().zip(&self.read).filter(|(configuration, _)| {
            let mut metrics = configuration.metrics.iter();
            metrics.any(|Metric { namespace, name }| **namespace == *metric.namespace && **name == *metric.name)
        });
        let mut seen: Vec<&Named> = Vec::new();
        for named in of_metric.flat_map(|(_, named)| named) {
            if !seen.contains(&named) {
                seen.push(named);
            }
        }
        seen.into_iter()
    }
}

impl Configuration {
    fn read(&self, member: &str, format: Format) -> Result<Vec<Named>, Fault> {
        let of = |name: &str| format!("{member}.{name}");
        if self.metrics.len() > METRICS_MAX {
            return Err(faults::too_many(&of("IncludeMetrics"), METRICS_MAX));
        }
        if self.statistics.len() > STATISTICS_MAX {
            return Err(faults::too_many(&of("AdditionalStatistics"), STATISTICS_MAX));
        }
        let read = self.statistics.iter().map(|text| {
            let statistic = Statistic::parse_extended(text).filter(|statistic| format.has(*statistic));
            let statistic = statistic.ok_or_else(|| faults::no_statistic(&of("AdditionalStatistics"), text))?;
            Ok(Named { text: text.clone(), statistic })
        });
        read.collect()
    }
}

impl Format {
    /// "If the OutputFormat for the stream is opentelemetry1.0 or opentelemetry0.7, the only valid values are p??
    /// percentile statistics".
    fn has(self, statistic: Statistic) -> bool {
        self == Format::Json || matches!(statistic, Statistic::Percentile(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(namespace: &str, names: &[&str]) -> Filter {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Filter { namespace: Some(namespace.to_owned()), names: Some(names) }
    }

    #[test]
    fn filters_name_namespaces_and_metrics() {
        let check = |filters: &Filters, namespace, name, wanted| {
            assert_eq!(filters.want(&MetricId::new(namespace, name, [])), wanted, "{namespace}/{name} {filters:?}");
        };
        let both = vec![filter("AWS/EC2", &[]), filter("App", &["a", "b"])];
        let only = Filters::new(Some(both.clone()), None).unwrap();
        let without = Filters::new(None, Some(both)).unwrap();
        for (namespace, name, named) in
            [("AWS/EC2", "x", true), ("App", "b", true), ("App", "c", false), ("AWS/SQS", "a", false)]
        {
            check(&only, namespace, name, named);
            check(&without, namespace, name, !named);
            check(&Filters::new(None, Some(vec![])).unwrap(), namespace, name, true);
        }
    }

    #[test]
    fn filters_have_limits() {
        let names: Vec<String> = (0..999).map(|n| n.to_string()).collect();
        let many = Filter { namespace: Some("App".to_owned()), names: Some(names) };
        let code = |filters: Vec<Filter>| Filters::new(Some(filters), None).err().map(|fault| fault.code);
        assert_eq!(code(vec![many.clone(), filter("AWS/EC2", &[])]), None);
        let value = Some("InvalidParameterValue".to_owned());
        assert_eq!(code(vec![many, filter("AWS/EC2", &["a", "b"])]), value);
        assert_eq!(code(vec![Filter::default()]), Some("MissingParameter".to_owned()));
    }

    #[test]
    fn open_telemetry_has_percentiles_alone() {
        let read = |text: &str, format| {
            let metrics = vec![Metric { namespace: "n".into(), name: "m".into() }];
            let configuration = Configuration { metrics, statistics: vec![text.to_owned()] };
            Additional::new(vec![configuration], format).is_ok()
        };
        for (text, json, otel) in [
            ("p99.9", true, true),
            ("tm98", true, false),
            ("PR(:300)", true, false),
            ("IQM", true, false),
            ("Average", false, false),
            ("p101", false, false),
        ] {
            assert_eq!((read(text, Format::Json), read(text, Format::Otel)), (json, otel), "{text}");
        }
    }
}
