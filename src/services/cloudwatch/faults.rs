//! Every sentence CloudWatch says to a client.

use crate::wire::Fault;

use super::insights;
use super::math::{self, FlawKind};

const VALUE: &str = "InvalidParameterValue";
const COMBINATION: &str = "InvalidParameterCombination";
const MISSING: &str = "MissingParameter";
const VALIDATION: &str = "ValidationError";

/// Several faults as one: AWS says all that is wrong in the way of the first, a line each.
pub fn together(faults: Vec<Fault>) -> Result<(), Fault> {
    let mut faults = faults.into_iter();
    let Some(mut first) = faults.next() else { return Ok(()) };
    for other in faults.filter(|other| other.code == first.code) {
        first.message = format!("{}\n{}", first.message, other.message);
    }
    Err(first)
}

/// A feature that is not built.
pub fn not_built(what: &str) -> Fault {
    Fault::new("NotImplemented", format!("Trailcam does not implement {what} yet. Leave it out.")).status(501)
}

// What any parameter can be.

/// A parameter that is not there.
pub fn missing(parameter: &str) -> Fault {
    Fault::new(MISSING, format!("The parameter {parameter} is required."))
}

/// Parameters of which one is to be there.
pub fn missing_any(parameters: &str) -> Fault {
    Fault::new(MISSING, format!("At least one of the parameters {parameters} must be specified."))
}

/// A value that cannot be.
pub fn invalid(parameter: &str, value: &str) -> Fault {
    Fault::new(VALUE, format!("The value {value} for parameter {parameter} is invalid."))
}

/// A value that is none of those that can be.
pub fn not_in_set(parameter: &str, set: &str) -> Fault {
    Fault::new(VALUE, format!("The parameter {parameter} must be a value in the set [ {set} ]."))
}

/// More members than a list may have.
pub fn too_many(parameter: &str, limit: usize) -> Fault {
    Fault::new(VALUE, format!("The collection {parameter} must not have a size greater than {limit}."))
}

/// A token that no page has ended with.
pub fn invalid_token() -> Fault {
    Fault::new("InvalidNextToken", "The NextToken that you specified is not valid.")
}

/// A token of a listing, likewise.
pub fn invalid_listing_token() -> Fault {
    invalid("NextToken", "that you specified")
}

/// Another account than the caller's: accounts have no links to each other.
pub fn account_not_linked(parameter: &str, account: &str) -> Fault {
    Fault::new(VALUE, format!("The account {account} for parameter {parameter} is not linked to this account."))
}

// Data points.

/// Two parameters of which there may be one.
pub fn exclusive(first: &str, second: &str) -> Fault {
    let sentence = format!("The parameters {first} and {second} are mutually exclusive and you have specified both.");
    Fault::new(COMBINATION, sentence)
}

/// A value and a list of values.
pub fn value_and_values(member: &str) -> Fault {
    Fault { code: VALUE.to_owned(), ..exclusive(&format!("{member}.Value"), &format!("{member}.Values")) }
}

/// A datum without any value.
pub fn no_value(member: &str) -> Fault {
    Fault {
        code: COMBINATION.to_owned(),
        ..missing_any(&format!("{member}.Value, {member}.Values and {member}.StatisticValues"))
    }
}

/// Values and counts that do not match.
pub fn sizes_differ(member: &str) -> Fault {
    Fault::new(VALUE, format!("The parameters {member}.Values and {member}.Counts must be of the same size."))
}

/// A statistic set whose lowest value is above its highest.
pub fn minimum_above_maximum(member: &str) -> Fault {
    let sentence = format!(
        "The parameter {member}.StatisticValues.Maximum must be greater than or equal to {member}.StatisticValues.Minimum."
    );
    Fault::new(VALUE, sentence)
}

/// A time that is too long ago.
pub fn too_old(member: &str) -> Fault {
    Fault::new(VALUE, format!("The parameter {member}.Timestamp must specify a time within the past two weeks."))
}

/// A time too far ahead.
pub fn too_new(member: &str) -> Fault {
    let sentence =
        format!("The parameter {member}.Timestamp must specify a time no more than two hours in the future.");
    Fault::new(VALUE, sentence)
}

/// A dimension that is named twice.
pub fn dimension_twice(member: &str, name: &str) -> Fault {
    Fault::new(VALUE, format!("The parameter {member}.Dimensions has more than one value for the dimension {name}."))
}

/// An entity that is not as it should be, under strict validation.
pub fn entity(flaw: &str) -> Fault {
    Fault::new(VALUE, format!("The entity is not valid: {flaw}."))
}

// Statistics.

/// A time span that ends where it starts.
pub fn empty_span() -> Fault {
    Fault::new(VALUE, "The parameter StartTime must not equal parameter EndTime.")
}

/// A time span that ends before it starts.
pub fn backward_span() -> Fault {
    Fault::new(VALUE, "The parameter StartTime must be less than the parameter EndTime.")
}

/// The same two, where all is said in the way of `GetMetricData`.
pub fn of_data(fault: Fault) -> Fault {
    Fault { code: VALIDATION.to_owned(), ..fault }
}

/// A time span that ends before it starts, as `GetMetricData` says it.
pub fn backward_data_span() -> Fault {
    Fault::new(VALIDATION, "The parameter EndTime must be greater than StartTime.")
}

/// A period that is none of those that can be.
pub fn period(parameter: &str) -> Fault {
    Fault::new(VALUE, format!("The parameter {parameter} must be 1, 5, 10, 20, 30, or a multiple of 60."))
}

/// More data points than an answer has.
pub fn too_many_datapoints(wanted: i64, limit: i64) -> Fault {
    let sentence = format!(
        "You have requested up to {wanted} datapoints, which exceeds the limit of {limit}. \
         You may reduce the datapoints requested by increasing Period, or decreasing the time range."
    );
    Fault::new(COMBINATION, sentence)
}

/// A statistic that there is none of.
pub fn no_statistic(parameter: &str, value: &str) -> Fault {
    Fault::new(VALUE, format!("The value {value} for parameter {parameter} is not a valid statistic."))
}

// Queries of `GetMetricData`, and of alarms on expressions.

fn validation(sentence: impl Into<String>) -> Fault {
    Fault::new(VALIDATION, sentence)
}

/// An id that cannot be.
pub fn id(member: &str, id: &str) -> Fault {
    let pattern = "^[a-z][a-zA-Z0-9_]*$";
    validation(format!("The value {id} for parameter {member}.Id is not matching the expected pattern {pattern}."))
}

/// An id that two queries have.
pub fn id_twice(member: &str, id: &str) -> Fault {
    validation(format!("The value {id} for parameter {member}.Id is not unique."))
}

/// More than one Metrics Insights query.
pub fn two_insights_queries(member: &str) -> Fault {
    validation(format!(
        "The parameter {member}.Expression is a second Metrics Insights query, and there may be only one."
    ))
}

/// A Metrics Insights query without a period.
pub fn no_period(member: &str) -> Fault {
    of_data(missing(&format!("{member}.Period")))
}

/// An offset from UTC that is none.
pub fn timezone(value: &str) -> Fault {
    of_data(invalid("LabelOptions.Timezone", value))
}

/// Data points of a page that cannot be so many.
pub fn max_datapoints(limit: i64) -> Fault {
    validation(format!("The parameter MaxDatapoints must be between 1 and {limit}."))
}

/// A label with something dynamic in it that there is not.
pub fn label(id: &str, at: usize, what: &str) -> Fault {
    validation(format!("Error in label of '{id}': {what} at character {at}"))
}

/// What is wrong with an expression. Where AWS's own words are known, they come first.
pub fn expression(id: &str, flaw: &math::Flaw) -> Fault {
    let at = flaw.at;
    let reason = match &flaw.kind {
        FlawKind::Syntax(expected) => format!("Invalid syntax at character {at}, where {expected} is expected"),
        FlawKind::NoFunction(name) => format!("Function '{name}' not found at character {at}"),
        FlawKind::NotBuilt(name) => {
            let sentence =
                format!("Error in expression '{id}': Trailcam does not implement {name} yet, at character {at}");
            return Fault::new("NotImplemented", sentence).status(501);
        }
        FlawKind::NoId(name) => format!("Id '{name}' not found at character {at}"),
        FlawKind::Cycle(name) => format!("Id '{name}' depends on this expression, at character {at}"),
        FlawKind::Arguments(name, takes) => format!("Function '{name}' at character {at} takes {takes}"),
        FlawKind::Operands(sign) => format!("Unsupported operand types for '{sign}' at character {at}"),
        FlawKind::NoSeries => "The result is neither a time series nor an array of time series".to_owned(),
        FlawKind::NoPeriod => format!("Period is required for what stands at character {at}"),
        FlawKind::Period => format!("Invalid period at character {at}"),
        FlawKind::NoStatistic(name) => format!("Invalid statistic '{name}' at character {at}"),
    };
    validation(format!("Error in expression '{id}': {reason}"))
}

/// What is wrong with a Metrics Insights query.
pub fn insights_query(id: &str, flaw: &insights::Flaw) -> Fault {
    let at = flaw.at;
    let reason = match &flaw.problem {
        insights::Problem::Expected(expected) => {
            format!("Invalid syntax at character {at}, where {expected} is expected")
        }
        insights::Problem::Reserved(word) => {
            format!("Invalid syntax at character {at}: '{word}' is a reserved keyword, which needs double quotes")
        }
        insights::Problem::NotBuilt(what) => {
            let sentence =
                format!("Error in expression '{id}': Trailcam does not implement {what} yet, at character {at}");
            return Fault::new("NotImplemented", sentence).status(501);
        }
    };
    validation(format!("Error in expression '{id}': {reason}"))
}

/// There is no such resource.
pub fn no_resource(kind: &'static str, id: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("Unknown {kind}: {id}"))
        .with("ResourceType", kind)
        .with("ResourceId", id)
}
