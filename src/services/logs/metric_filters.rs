//! Metric filters: which events of a group become values of a metric. They are kept here; what they make of events,
//! [`metrics`](super::metrics) does.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::faults;
use super::groups::{Class, GROUP};
use super::naming::Named;
use super::paging::{Order, PageEnd, PageRequest};
use super::pattern::{Pattern, filter_pattern};

/// The operations on metric filters.
pub const OPS: &[Op] = &[
    op!(Write "DeleteMetricFilter" delete_metric_filter).resources(&[GROUP]),
    op!(Read "DescribeMetricFilters" describe_metric_filters).resources(&[GROUP]),
    op!(Write "PutMetricFilter" put_metric_filter).resources(&[GROUP]),
    op!(Read "TestMetricFilter" test_metric_filter),
];

/// Filters of one group, at the most.
const FILTERS_MAX: usize = 100;
/// Dimensions of one filter.
const DIMENSIONS_MAX: usize = 3;

/// A metric filter.
#[derive(Clone, Debug)]
pub struct MetricFilter {
    pub name: String,
    /// As it was put.
    pub pattern: String,
    pub transformation: Transformation,
    pub compiled: Pattern,
    /// When the name was first put.
    pub created: Time,
    /// Minutes, in seconds, that are not over: whether an event of theirs has matched.
    pub minutes: BTreeMap<i64, bool>,
}

record! {
    /// What a matching event becomes.
    pub struct Transformation {
        metric: String = "metricName",
        namespace: String = "metricNamespace",
        /// A number, or the field that holds one.
        value: String = "metricValue",
        /// The value of a minute in which no event matches.
        default: Option<f64> = "defaultValue",
        /// Fields by the names of dimensions.
        dimensions: Option<BTreeMap<String, String>> = "dimensions",
        unit: Option<String> = "unit",
    }

    struct TestMetricFilter { pattern: String = "filterPattern", messages: Vec<String> = "logEventMessages" }

    struct TestedMetricFilter { matches: Vec<Match> = "matches" }

    struct Match {
        /// From one.
        number: i64 = "eventNumber",
        message: String = "eventMessage",
        values: BTreeMap<String, String> = "extractedValues",
    }

    struct FilterNamed { name: String = "filterName" }

    struct PutMetricFilter {
        pattern: String = "filterPattern",
        transformations: Vec<Transformation> = "metricTransformations",
        on_transformed: bool = "applyOnTransformedLogs",
        criteria: Option<String> = "fieldSelectionCriteria",
        system_dimensions: Vec<String> = "emitSystemFieldDimensions",
    }

    struct DescribeMetricFilters {
        group: Option<String> = "logGroupName",
        prefix: Option<String> = "filterNamePrefix",
        metric: Option<String> = "metricName",
        namespace: Option<String> = "metricNamespace",
    }

    struct DescribedFilters { filters: Vec<Described> = "metricFilters" }

    struct Described {
        name: String = "filterName",
        pattern: String = "filterPattern",
        transformations: Vec<Transformation> = "metricTransformations",
        created: i64 = "creationTime",
        group: String = "logGroupName",
        on_transformed: bool = "applyOnTransformedLogs",
    }
}

fn put_metric_filter(cx: &mut Cx, (group, filter, input): (Named, FilterNamed, PutMetricFilter)) -> Result<(), Fault> {
    input.refuse_unbuilt()?;
    let compiled = filter_pattern(&input.pattern)?;
    // The contract asks for exactly one.
    let transformation = input.transformations.into_iter().next().unwrap_or_default();
    transformation.check(&input.pattern)?;
    let now = cx.world.now;
    let group = group.place(cx).group(cx.world)?;
    if group.class != Class::Standard {
        return Err(faults::only_for_standard_class());
    }
    let old = group.metric_filters.get(&filter.name);
    if old.is_none() && group.metric_filters.len() >= FILTERS_MAX {
        return Err(faults::limit_exceeded());
    }
    let created = old.map_or(now, |old| old.created);
    let (name, pattern, minutes) = (filter.name.clone(), input.pattern, BTreeMap::new());
    let made = MetricFilter { name, pattern, transformation, compiled, created, minutes };
    group.metric_filters.insert(filter.name, made);
    Ok(())
}

fn test_metric_filter(_: &mut Cx, input: TestMetricFilter) -> Result<TestedMetricFilter, Fault> {
    let pattern = filter_pattern(&input.pattern)?;
    let tested = (1..).zip(input.messages);
    let matches = tested.filter_map(|(number, message)| {
        let values = pattern.extract(&message)?.into_iter().collect();
        Some(Match { number, message, values })
    });
    Ok(TestedMetricFilter { matches: matches.collect() })
}

impl PutMetricFilter {
    /// Refuses what would have no effect here.
    fn refuse_unbuilt(&self) -> Result<(), Fault> {
        let members = [
            ("applyOnTransformedLogs", self.on_transformed),
            ("fieldSelectionCriteria", self.criteria.as_ref().is_some_and(|criteria| !criteria.is_empty())),
            ("emitSystemFieldDimensions", !self.system_dimensions.is_empty()),
        ];
        match members.iter().find(|(_, set)| *set) {
            Some((member, _)) => Err(faults::not_built(&format!("{member} of metric filters"))),
            None => Ok(()),
        }
    }
}

impl Transformation {
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html>
    fn check(&self, pattern: &str) -> Result<(), Fault> {
        if !is_selector(&self.value) && !self.value.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(faults::metric_value(&self.value));
        }
        let none = BTreeMap::new();
        let dimensions = self.dimensions.as_ref().unwrap_or(&none);
        match () {
            _ if dimensions.is_empty() => Ok(()),
            _ if self.default.is_some() => Err(faults::dimensions_with_default()),
            _ if !names_fields(pattern) => Err(faults::pattern_without_dimensions()),
            _ if dimensions.len() > DIMENSIONS_MAX => Err(faults::too_many_dimensions(DIMENSIONS_MAX)),
            _ if !dimensions.keys().all(|name| is_dimension_name(name)) => Err(faults::dimension_name()),
            _ if !dimensions.values().all(|field| is_selector(field)) => Err(faults::dimension_value()),
            _ => Ok(()),
        }
    }
}

/// Whether a pattern is one of JSON or of words between spaces: terms alone name nothing in an event.
fn names_fields(pattern: &str) -> bool {
    let pattern = pattern.trim();
    (pattern.starts_with('{') && pattern.ends_with('}')) || (pattern.starts_with('[') && pattern.ends_with(']'))
}

/// `$.field` of JSON, `$field` or `$1` of words.
fn is_selector(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|rest| !rest.is_empty() && rest != ".")
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
fn is_dimension_name(name: &str) -> bool {
    name.is_ascii() && !name.starts_with(':') && !name.trim().is_empty()
}

fn delete_metric_filter(cx: &mut Cx, (group, filter): (Named, FilterNamed)) -> Result<(), Fault> {
    let filters = &mut group.place(cx).group(cx.world)?.metric_filters;
    filters.remove(&filter.name).map(|_| ()).ok_or_else(faults::no_such_metric_filter)
}

/// In the order of filters' names. The prefix counts only beside a group, as AWS documents.
fn describe_metric_filters(
    cx: &mut Cx,
    (input, page): (DescribeMetricFilters, PageRequest),
) -> Result<(DescribedFilters, PageEnd), Fault> {
    if input.metric.is_some() != input.namespace.is_some() {
        return Err(faults::metric_without_namespace());
    }
    let groups = &cx.world.regional(&cx.account, cx.region).logs.groups;
    if input.group.as_ref().is_some_and(|name| !groups.contains_key(name)) {
        return Err(faults::no_such_group());
    }
    let prefix = input.prefix.as_ref().filter(|_| input.group.is_some());
    let wanted = |filter: &MetricFilter| {
        let made = &filter.transformation;
        prefix.is_none_or(|prefix| filter.name.starts_with(prefix))
            && input.metric.as_ref().is_none_or(|metric| *metric == made.metric)
            && input.namespace.as_ref().is_none_or(|namespace| *namespace == made.namespace)
    };
    let in_group = |name: &str| input.group.as_ref().is_none_or(|group| group == name);
    let all = groups.values().filter(|group| in_group(&group.name));
    let filters = all.flat_map(|group| group.metric_filters.values().map(|filter| (group.name.as_str(), filter)));
    let mut found: Vec<_> = filters
        .filter(|(_, filter)| wanted(filter))
        .map(|(group, filter)| (format!("{}\0{group}", filter.name), (group, filter)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let page = page.cut(Order::Ascending, found)?;
    let filters = page.items.into_iter().map(|(group, filter)| described(group, filter)).collect();
    Ok((DescribedFilters { filters }, page.end))
}

fn described(group: &str, filter: &MetricFilter) -> Described {
    Described {
        name: filter.name.clone(),
        pattern: filter.pattern.clone(),
        transformations: vec![filter.transformation.clone()],
        created: filter.created.timestamp_millis(),
        group: group.to_owned(),
        on_transformed: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transformations() {
        let check =
            |pattern: &str, value: &str, default: Option<f64>, dimensions: &[(&str, &str)], flaw: Option<&str>| {
                let dimensions = dimensions.iter().map(|(name, field)| (name.to_string(), field.to_string())).collect();
                let made = Transformation {
                    value: value.into(),
                    default,
                    dimensions: Some(dimensions),
                    ..Transformation::default()
                };
                let refused = made.check(pattern).err().map(|fault| fault.message);
                assert_eq!(refused.as_deref(), flaw, "{pattern} {value} {:?}", made.dimensions);
            };
        check("ERROR", "1", Some(0.0), &[], None);
        check("ERROR", "1.5e3", None, &[], None);
        check("[ip, user, size]", "$size", None, &[("User", "$user")], None);
        check("{ $.a = * }", "$.a", None, &[("A", "$.a"), ("B", "$.b"), ("C", "$.c")], None);
        check(
            "ERROR",
            "one",
            None,
            &[],
            Some("Invalid metric transformation: metric value one must be a valid number"),
        );
        check(
            "ERROR",
            "NaN",
            None,
            &[],
            Some("Invalid metric transformation: metric value NaN must be a valid number"),
        );
        check(
            "?ERROR ?WARN",
            "1",
            None,
            &[("A", "$.a")],
            Some("The specified filter pattern does not support dimensions"),
        );
        check(
            "{ $.a = 1 }",
            "1",
            Some(0.0),
            &[("A", "$.a")],
            Some("Invalid metric transformation: dimensions and default value are mutually exclusive properties"),
        );
        check(
            "{ $.a = 1 }",
            "1",
            None,
            &[("A", "VPC-A")],
            Some("Invalid metric transformation: dimension value must be valid selector"),
        );
        check(
            "{ $.a = 1 }",
            "1",
            None,
            &[("A", "$.a"), ("B", "$.b"), ("C", "$.c"), ("D", "$.d")],
            Some("Invalid metric transformation: at most 3 dimensions can be specified"),
        );
    }
}
