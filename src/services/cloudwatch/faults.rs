//! Every sentence CloudWatch says to a client.

use crate::wire::Fault;

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
