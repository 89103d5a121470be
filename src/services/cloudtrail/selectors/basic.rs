//! Basic event selectors: management events by kind, and data events by resource
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>).

use crate::record;
use crate::services::cloudtrail::faults;
use crate::wire::Fault;
use crate::world::record::Event;

const SELECTORS_MAX: usize = 5;

/// Values of data resources, over all selectors of a trail.
const VALUES_MAX: usize = 250;

/// The only sources whose management events can be left out.
pub(super) const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

record! {
    /// A basic selector.
    pub struct EventSelector {
        read_write: Option<String> = "ReadWriteType",
        management: Option<bool> = "IncludeManagementEvents",
        data: Vec<DataResource> = "DataResources",
        excluded: Vec<String> = "ExcludeManagementEventSources",
    }

    /// Resources whose data events are selected.
    pub struct DataResource { kind: String = "Type", values: Vec<String> = "Values" }
}

impl EventSelector {
    /// What is left out means all management events.
    pub fn with_defaults(mut self) -> EventSelector {
        self.read_write.get_or_insert_with(|| "All".into());
        self.management.get_or_insert(true);
        self
    }

    /// Whether the selector takes the event.
    pub fn select(&self, event: &Event) -> bool {
        let kind = match self.read_write.as_deref() {
            Some("ReadOnly") => event.read_only,
            Some("WriteOnly") => !event.read_only,
            _ => true,
        };
        let category = match event.event_category {
            "Management" => {
                self.management != Some(false) && !self.excluded.iter().any(|source| source == event.event_source)
            }
            "Data" => self.data.iter().any(|resource| resource.select(event)),
            _ => false,
        };
        kind && category
    }
}

impl DataResource {
    /// A value selects the resources whose ARN starts with it; Lambda functions and tables are named in full.
    fn select(&self, event: &Event) -> bool {
        let of_kind = event.resources.iter().filter(|resource| resource.kind == self.kind);
        of_kind.into_iter().any(|resource| {
            self.values.iter().any(|value| match is_everything(&self.kind, value) || self.kind == "AWS::S3::Object" {
                true => resource.arn.starts_with(value),
                false => resource.arn == *value,
            })
        })
    }
}

/// The ARN that stands for all resources of a type in the account: `arn:aws:s3`, `arn:aws:lambda`, `arn:aws:dynamodb`.
fn is_everything(kind: &str, value: &str) -> bool {
    let service = match kind {
        "AWS::S3::Object" => "s3",
        "AWS::Lambda::Function" => "lambda",
        _ => "dynamodb",
    };
    value == format!("arn:aws:{service}") || (service == "s3" && value == "arn:aws:s3:::")
}

/// The selectors, if a trail may have them.
pub fn checked(selectors: Vec<EventSelector>) -> Result<Vec<EventSelector>, Fault> {
    if selectors.len() > SELECTORS_MAX {
        return Err(faults::too_many_selectors(SELECTORS_MAX));
    }
    let values: usize = selectors.iter().flat_map(|selector| &selector.data).map(|data| data.values.len()).sum();
    if values > VALUES_MAX {
        return Err(faults::too_many_data_resources(VALUES_MAX));
    }
    for selector in &selectors {
        check(selector)?;
    }
    Ok(selectors)
}

fn check(selector: &EventSelector) -> Result<(), Fault> {
    if selector.management == Some(false) && selector.data.is_empty() {
        return Err(faults::selector_selects_nothing());
    }
    if let Some(source) = selector.excluded.iter().find(|source| !EXCLUDABLE.contains(&source.as_str())) {
        return Err(faults::source_cannot_be_excluded(source));
    }
    if selector.management == Some(false) && !selector.excluded.is_empty() {
        return Err(faults::excluded_from_nothing());
    }
    for data in &selector.data {
        let service = match data.kind.as_str() {
            "AWS::S3::Object" => "s3",
            "AWS::Lambda::Function" => "lambda",
            "AWS::DynamoDB::Table" => "dynamodb",
            kind => return Err(faults::data_resource_type(kind)),
        };
        if let Some(value) = data.values.iter().find(|value| !is_value(service, value)) {
            return Err(faults::data_resource_value(value));
        }
    }
    Ok(())
}

/// `arn:aws:s3` for all buckets, else a bucket with a slash and maybe a prefix; a function's or table's ARN in full.
fn is_value(service: &str, value: &str) -> bool {
    let Some(rest) = value.strip_prefix("arn:aws:").and_then(|rest| rest.strip_prefix(service)) else { return false };
    if value.contains('*') {
        return false;
    }
    match service {
        _ if rest.is_empty() => true,
        "s3" => rest == ":::" || rest.strip_prefix(":::").is_some_and(|path| path.find('/').is_some_and(|at| at > 0)),
        "lambda" => rest.splitn(5, ':').filter(|part| !part.is_empty()).count() >= 3 && rest.contains(":function:"),
        _ => rest.contains(":table/"),
    }
}
