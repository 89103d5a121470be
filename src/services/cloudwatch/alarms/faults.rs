//! Every sentence that alarms say to a client. Those of refusals that AWS's answers are known of are AWS's.

use std::fmt::Display;

use crate::services::cloudwatch::faults as of_cloudwatch;
use crate::wire::Fault;

use super::rule::Flaw;

pub use of_cloudwatch::not_built;

fn validation(sentence: impl Into<String>) -> Fault {
    Fault::new("ValidationError", sentence)
}

fn combination(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterCombination", sentence)
}

/// A setting that an alarm must have.
pub fn must_not_be_null(parameter: &str) -> Fault {
    validation(format!("{parameter} must not be null"))
}

/// A setting of an alarm on one metric, beside `Metrics`.
pub fn not_beside_metrics(parameter: &str) -> Fault {
    validation(format!("{parameter} should not be set if list of Metrics is set."))
}

/// Neither or both of the two kinds of statistics.
pub fn one_statistic() -> Fault {
    combination("Exactly one of Statistic or ExtendedStatistic must be specified.")
}

/// No statistic.
pub fn no_statistic(text: &str) -> Fault {
    validation(format!("The value {text} for parameter ExtendedStatistic is not supported."))
}

/// A period that alarms cannot have.
pub fn period() -> Fault {
    validation("Period must be 10, 20, 30 or a multiple of 60")
}

/// More than a day.
pub fn across_a_day() -> Fault {
    validation("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
}

/// More than a week.
pub fn across_a_week() -> Fault {
    validation(
        "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms \
         using period >= 3600",
    )
}

/// M greater than N.
pub fn too_many_datapoints() -> Fault {
    validation("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
}

/// A value that is none of those that can be.
pub fn not_one_of(parameter: &str, value: &str, values: &str) -> Fault {
    validation(format!("The value {value} for parameter {parameter} must be one of {values}."))
}

/// A setting of alarms on percentiles.
pub fn only_of_percentiles(parameter: &str) -> Fault {
    combination(format!("{parameter} can be set of alarms on percentiles only."))
}

/// `ReturnData` of one query, or of two.
pub fn returning(count: &str) -> Fault {
    let elements = if count == "one" { "element" } else { "elements" };
    validation(format!("Exactly {count} {elements} of the metrics list should return data."))
}

/// Something that alarms cannot watch.
pub fn search() -> Fault {
    validation("SEARCH is not supported on Metric Alarms.")
}

/// Several series, or a band that is none.
pub fn one_series() -> Fault {
    validation("The expression of an alarm must return a single time series, and ThresholdMetricId must name a band.")
}

/// Several series without an order, which contributors need.
pub fn unordered() -> Fault {
    validation("A Metrics Insights query with GROUP BY needs ORDER BY in an alarm.")
}

/// Metrics Insights queries of periods that are too short.
pub fn short_insights() -> Fault {
    validation("Period must be 60 or a multiple of 60 for alarms based on Metrics Insights queries.")
}

/// "Only the latest 3 hours of data can be used for evaluating the alarm's conditions"
pub fn across_three_hours() -> Fault {
    validation(
        "Metrics cannot be checked across more than three hours (EvaluationPeriods * Period must be <= 10800) for alarms \
         based on Metrics Insights queries.",
    )
}

/// A band of periods that are too short: "the value must be one minute or longer".
pub fn short_band() -> Fault {
    validation("Period must be 60 or a multiple of 60 for alarms based on anomaly detection.")
}

/// A threshold where there is to be a band, or the other way round.
pub fn threshold_and_band() -> Fault {
    combination("Threshold and ThresholdMetricId go with comparison operators of their own.")
}

/// A name that an alarm of the other kind has.
pub fn other_kind(name: &str, kind: &str) -> Fault {
    validation(format!("An alarm with the name {name} exists already, and its type is {kind}."))
}

/// Not an ASCII text.
pub fn not_a_text(parameter: &str, value: &str) -> Fault {
    of_cloudwatch::invalid(parameter, value)
}

// Actions.

/// No ARN.
pub fn arn_syntax(arn: &str) -> Fault {
    validation(format!("Invalid arn syntax: {arn}"))
}

/// Another Region's topic.
pub fn action_region(region: &str, own: impl Display) -> Fault {
    validation(format!("Invalid region {region} specified. Only {own} is supported."))
}

/// Actions on what contributors cannot become.
pub fn insufficient_contributors() -> Fault {
    validation(
        "InsufficientData actions are not supported for contributor-level action types in Multi Time Series alarms",
    )
}

/// An EC2 action of an alarm that is not on an instance.
pub fn no_instance() -> Fault {
    validation("Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an EC2 instance.")
}

/// An EC2 action on an instance that there is not.
pub fn unknown_instance(deed: &str, id: &str) -> Fault {
    validation(format!("Invalid use of EC2 '{deed}' action. {id} is not a valid EC2 instance."))
}

/// Recovery on anything but the metric for it.
pub fn not_recovered_on() -> Fault {
    validation("Invalid use of EC2 'Recover' action. It can only be used with the StatusCheckFailed_System metric.")
}

/// An EC2 action of a composite alarm.
pub fn not_of_composite(arn: &str) -> Fault {
    validation(format!("Composite alarms cannot take the action {arn}."))
}

// Composite alarms.

/// White space around a rule.
pub fn rule_space() -> Fault {
    validation("AlarmRule must not contain leading or trailing whitespace or be null")
}

/// A rule that cannot be read.
pub fn rule(flaw: &Flaw) -> Fault {
    validation(format!("AlarmRule is not valid at position {}: {}", flaw.position, flaw.what))
}

/// A rule on alarms that there are none of.
pub fn no_children(names: &[&str]) -> Fault {
    let names = names.join(", ");
    validation(format!("Could not save the composite alarm as alarms [{names}] in the alarm rule do not exist"))
}

/// More composite alarms on one alarm than there may be.
pub fn too_many_parents(name: &str, limit: usize) -> Fault {
    Fault::new(
        "LimitExceeded",
        format!("The alarm {name} must not be in the rules of more than {limit} composite alarms."),
    )
}

/// A suppressor without its periods.
pub fn suppressor_periods() -> Fault {
    validation(
        "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required when ActionsSuppressor is set",
    )
}

/// Periods without a suppressor.
pub fn no_suppressor() -> Fault {
    validation(
        "ActionsSuppressor is required when ActionsSuppressorWaitPeriod or ActionsSuppressorExtensionPeriod is set",
    )
}

/// A suppressor that is not there.
pub fn unknown_suppressor(reference: &str) -> Fault {
    validation(format!("Could not save the composite alarm as the actions suppressor [{reference}] does not exist"))
}

/// A period that cannot be.
pub fn suppressor_period(parameter: &str) -> Fault {
    validation(format!("{parameter} must not be negative"))
}

/// Alarms that rules name.
pub fn has_parents(names: &[&str]) -> Fault {
    let them = if names.len() == 1 { "it" } else { "them" };
    validation(format!("Cannot delete {} as there are composite alarm(s) depending on {them}.", names.join(",")))
}

/// Two composite alarms.
pub fn several_composites() -> Fault {
    validation("DeleteAlarms requests can contain at most one composite alarm.")
}

// Reading.

/// No alarm of that name.
pub fn no_alarm() -> Fault {
    Fault::new("ResourceNotFound", "Alarm not found")
}

/// No alarm of that name, when its contributors are asked for.
pub fn no_contributing_alarm(name: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("No alarm for name {name} was found"))
        .with("ResourceType", "Alarm")
        .with("ResourceId", name)
}

/// An alarm that has no contributors.
pub fn no_contributors(name: &str) -> Fault {
    validation(format!("Alarm {name} is not a multi time series alarm"))
}

/// History of contributors, of all alarms.
pub fn contributors_of_nobody() -> Fault {
    validation("Alarm name must be provided to query history for alarm contributors.")
}

/// A kind of history that contributors do not have.
pub fn not_of_contributors(kind: &str) -> Fault {
    validation(format!("{kind} is not supported history item type for alarm contributor."))
}

/// Contributors of composite alarms.
pub fn contributors_of_composite() -> Fault {
    validation("Alarm contributor history cannot be requested for composite alarm type.")
}

/// A parameter that stands alone.
pub fn stands_alone(parameter: &str) -> Fault {
    validation(format!("{parameter} cannot be used with other parameters but MaxRecords and NextToken."))
}

/// Two parameters of which there may be one.
pub fn exclusive(first: &str, second: &str) -> Fault {
    of_cloudwatch::exclusive(first, second)
}

/// A token that no listing gave out.
pub fn token() -> Fault {
    of_cloudwatch::invalid_token()
}

/// State data that is no JSON.
pub fn state_data() -> Fault {
    Fault::new("InvalidFormat", "StateReasonData was not syntactically valid JSON.")
}

/// A time span that ends before it starts.
pub fn backward_span() -> Fault {
    validation("StartDate must not be later than EndDate.")
}

// Tags and mute rules.

/// More mute rules than there may be.
pub fn too_many_mute_rules() -> Fault {
    Fault::new("LimitExceeded", "The maximum number of alarm mute rules has been reached.")
}

/// A schedule that cannot be.
pub fn mute_schedule(part: &str, value: &str) -> Fault {
    of_cloudwatch::invalid(&format!("Rule.Schedule.{part}"), value)
}

/// A mute rule that ends before it starts.
pub fn mute_span() -> Fault {
    validation("ExpireDate must be later than StartDate.")
}
