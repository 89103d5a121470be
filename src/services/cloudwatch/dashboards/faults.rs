//! Every sentence about dashboards, and about widgets that are to be drawn. Where AWS's answers are known, they are AWS's.

use serde_json::json;

use crate::services::cloudwatch::faults as of_cloudwatch;
use crate::wire::{Fault, Value};
use crate::world::fields::Field;

use super::rules::Message;

const INVALID: &str = "DashboardInvalidInputError";
const CHARACTERS: &str =
    "contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).\n";

/// A name that a dashboard cannot have.
pub fn put_name() -> Fault {
    Fault::new("InvalidParameterValue", format!("The value for field DashboardName {CHARACTERS}"))
}

/// A name that no dashboard has; AWS names it here.
pub fn name(field: &str, value: &str) -> Fault {
    Fault::new("InvalidParameterValue", format!("The value {value} for field {field} {CHARACTERS}"))
}

/// A body that is no JSON object.
pub fn no_json() -> Fault {
    Fault::new(INVALID, "The field DashboardBody must be a valid JSON object")
}

/// A body with something wrong in it.
pub fn invalid_body(errors: Vec<Message>) -> Fault {
    let sentence = all_errors("dashboard body", &errors);
    Fault::new(INVALID, sentence)
        .with("dashboardValidationMessages", Value::List(errors.into_iter().map(Field::write).collect()))
}

/// No such dashboard.
pub fn no_dashboard(name: &str) -> Fault {
    Fault::new("DashboardNotFoundError", format!("Dashboard {name} does not exist"))
}

/// Dashboards that were to be deleted, and are not there.
pub fn no_dashboards(names: &[&str]) -> Fault {
    Fault::new("DashboardNotFoundError", format!("The specified dashboard does not exist. [{}]", names.join(",")))
}

/// More names than may be given at once.
pub fn too_many_names(limit: usize) -> Fault {
    of_cloudwatch::too_many("DashboardNames", limit)
}

/// A token that no page has ended with.
pub fn token() -> Fault {
    of_cloudwatch::invalid_listing_token()
}

// Widgets that are to be drawn. AWS's own words for these are not known; they are said as those of dashboards.

fn of_widget(sentence: impl Into<String>) -> Fault {
    Fault::new("ValidationError", sentence)
}

/// A widget that is no JSON object.
pub fn no_widget() -> Fault {
    of_widget("The field MetricWidget must be a valid JSON object")
}

/// A widget that is too long.
pub fn long_widget(bytes: usize) -> Fault {
    of_widget(format!("The field MetricWidget must not be longer than {bytes} bytes"))
}

/// A widget with something wrong in it.
pub fn invalid_widget(errors: &[Message]) -> Fault {
    of_widget(all_errors("metric widget", errors))
}

/// A format that images cannot have.
pub fn format(value: &str) -> Fault {
    of_cloudwatch::invalid("OutputFormat", value)
}

/// A feature that is not built.
pub fn not_built(what: &str) -> Fault {
    of_cloudwatch::not_built(what)
}

/// All that is wrong with a document, as one text.
fn all_errors(what: &str, errors: &[Message]) -> String {
    let list: Vec<_> = errors.iter().map(|error| json!({"dataPath": error.path, "message": error.text})).collect();
    let list = serde_json::to_string_pretty(&list).unwrap_or_default();
    format!("The {what} is invalid, there are {} validation errors:\n{list}", errors.len())
}
