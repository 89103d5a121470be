//! Advanced event selectors: conditions on fields of the record
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html>).

use std::borrow::Cow;

use crate::record;
use crate::services::cloudtrail::selectors::basic::EXCLUDABLE;
use crate::services::cloudtrail::{faults, network_activity};
use crate::wire::Fault;
use crate::world::record::Event;

/// Values of all conditions of a trail.
const VALUES_MAX: usize = 500;

record! {
    /// Conditions that must all be met.
    pub struct AdvancedEventSelector {
        name: Option<String> = "Name",
        fields: Vec<AdvancedFieldSelector> = "FieldSelectors",
    }

    /// Conditions on one field: one of the positive operators' values fits, and none of the negative ones'.
    pub struct AdvancedFieldSelector {
        field: String = "Field",
        equals: Option<Vec<String>> = "Equals",
        starts_with: Option<Vec<String>> = "StartsWith",
        ends_with: Option<Vec<String>> = "EndsWith",
        not_equals: Option<Vec<String>> = "NotEquals",
        not_starts_with: Option<Vec<String>> = "NotStartsWith",
        not_ends_with: Option<Vec<String>> = "NotEndsWith",
    }
}

impl AdvancedEventSelector {
    /// Whether the selector takes the event.
    pub fn select(&self, event: &Event) -> bool {
        self.fields.iter().all(|field| field.select(event))
    }

    fn field(&self, name: &str) -> Option<&AdvancedFieldSelector> {
        self.fields.iter().find(|field| field.field == name)
    }
}

impl AdvancedFieldSelector {
    fn select(&self, event: &Event) -> bool {
        let values = values(event, &self.field);
        let any = |wanted: &Option<Vec<String>>, fits: fn(&str, &str) -> bool| {
            let wanted = wanted.iter().flatten();
            wanted.into_iter().any(|wanted| values.iter().any(|value| fits(value, wanted)))
        };
        let positive = [&self.equals, &self.starts_with, &self.ends_with].into_iter().any(Option::is_some);
        let meets = !positive
            || any(&self.equals, |value, wanted| value == wanted)
            || any(&self.starts_with, |value, wanted| value.starts_with(wanted))
            || any(&self.ends_with, |value, wanted| value.ends_with(wanted));
        meets
            && !any(&self.not_equals, |value, wanted| value == wanted)
            && !any(&self.not_starts_with, |value, wanted| value.starts_with(wanted))
            && !any(&self.not_ends_with, |value, wanted| value.ends_with(wanted))
    }

    fn operators(&self) -> [(&'static str, Option<&Vec<String>>); 6] {
        [
            ("Equals", self.equals.as_ref()),
            ("StartsWith", self.starts_with.as_ref()),
            ("EndsWith", self.ends_with.as_ref()),
            ("NotEquals", self.not_equals.as_ref()),
            ("NotStartsWith", self.not_starts_with.as_ref()),
            ("NotEndsWith", self.not_ends_with.as_ref()),
        ]
    }

    /// The values of an operator, if that is the only one.
    fn only(&self, operator: &str) -> Option<&[String]> {
        let mut given = self.operators().into_iter().filter_map(|(name, values)| Some((name, values?)));
        match (given.next(), given.next()) {
            (Some((name, values)), None) if name == operator => Some(values),
            _ => None,
        }
    }

    fn only_equals(&self) -> Option<&[String]> {
        self.only("Equals")
    }
}

/// What an event has in a field: nothing, one value, or one for each resource.
fn values<'e>(event: &'e Event, field: &str) -> Vec<Cow<'e, str>> {
    let one = |text: &'e str| vec![Cow::Borrowed(text)];
    match field {
        "eventCategory" => one(event.event_category),
        "readOnly" => one(if event.read_only { "true" } else { "false" }),
        "eventSource" => one(event.event_source),
        "eventName" => one(event.event_name),
        "eventType" => one(event.event_type),
        "errorCode" => event.error_code.as_deref().map(Cow::Borrowed).into_iter().collect(),
        "userIdentity.arn" => event.user_identity.arn.as_deref().map(Cow::Borrowed).into_iter().collect(),
        "resources.type" => event.resources.iter().map(|resource| Cow::Borrowed(resource.kind)).collect(),
        // The selected type is the resource acted on, which stands first; its bucket, say, comes after.
        "resources.ARN" => {
            event.resources.first().map(|resource| Cow::Borrowed(resource.arn.as_str())).into_iter().collect()
        }
        "vpcEndpointId" => event.vpc_endpoint.iter().map(|endpoint| Cow::Borrowed(endpoint.id.as_str())).collect(),
        // No event of ours is of a console session.
        "sessionCredentialFromConsole" => one("false"),
        _ => Vec::new(),
    }
}

/// Fields that a trail's selectors of a category may use; `eventCategory` goes without saying. Event data stores
/// may use more.
const MANAGEMENT: [&str; 2] = ["eventSource", "readOnly"];
const DATA: [&str; 8] = [
    "eventName",
    "eventSource",
    "eventType",
    "readOnly",
    "resources.ARN",
    "resources.type",
    "sessionCredentialFromConsole",
    "userIdentity.arn",
];
const NETWORK_ACTIVITY: [&str; 4] = ["errorCode", "eventName", "eventSource", "vpcEndpointId"];

/// The selectors, if a trail may have them.
pub fn checked(selectors: Vec<AdvancedEventSelector>) -> Result<Vec<AdvancedEventSelector>, Fault> {
    let fields = selectors.iter().flat_map(|selector| &selector.fields);
    let values = fields.flat_map(|field| field.operators()).filter_map(|(_, values)| values).map(Vec::len);
    if values.sum::<usize>() > VALUES_MAX {
        return Err(faults::too_many_conditions(VALUES_MAX));
    }
    for selector in &selectors {
        check(selector)?;
    }
    Ok(selectors)
}

fn check(selector: &AdvancedEventSelector) -> Result<(), Fault> {
    let category = selector.field("eventCategory").ok_or_else(|| faults::field_is_required("eventCategory"))?;
    let allowed: &[&str] = match category.only_equals() {
        Some([category]) => match category.as_str() {
            "Management" => &MANAGEMENT,
            "Data" => &DATA,
            "NetworkActivity" => &NETWORK_ACTIVITY,
            other => return Err(faults::field_value("eventCategory", other)),
        },
        _ => return Err(faults::one_equals("eventCategory")),
    };
    for (at, field) in selector.fields.iter().enumerate() {
        if selector.fields[..at].iter().any(|earlier| earlier.field == field.field) {
            return Err(faults::duplicate_field(&field.field));
        }
        if field.field != "eventCategory" && !allowed.contains(&field.field.as_str()) {
            return Err(faults::unknown_field(&field.field));
        }
        check_field(field)?;
    }
    match category.equals.as_ref().and_then(|values| values.first()).map(String::as_str) {
        Some("Management") => check_management_source(selector),
        Some("Data") => require_one(selector, "resources.type").map(drop),
        Some("NetworkActivity") => check_network_source(selector),
        _ => Ok(()),
    }
}

/// Of management events a trail can leave out those of two sources, and no others.
fn check_management_source(selector: &AdvancedEventSelector) -> Result<(), Fault> {
    let Some(field) = selector.field("eventSource") else { return Ok(()) };
    let excluded = field.only("NotEquals").ok_or_else(|| faults::only_not_equals("eventSource"))?;
    match excluded.iter().find(|source| !EXCLUDABLE.contains(&source.as_str())) {
        Some(source) => Err(faults::field_value("eventSource", source)),
        None => Ok(()),
    }
}

/// Network activity events are of one source a selector, of those that have such events.
fn check_network_source(selector: &AdvancedEventSelector) -> Result<(), Fault> {
    match require_one(selector, "eventSource")? {
        source if network_activity::covers(source) => Ok(()),
        source => Err(faults::field_value("eventSource", source)),
    }
}

/// The operators and values that a field takes.
fn check_field(field: &AdvancedFieldSelector) -> Result<(), Fault> {
    if field.operators().iter().all(|(_, values)| values.is_none()) {
        return Err(faults::no_operator(&field.field));
    }
    let only: &[&str] = match field.field.as_str() {
        "readOnly" | "sessionCredentialFromConsole" => &["true", "false"],
        "errorCode" => &["VpceAccessDenied"],
        "eventType" | "eventCategory" | "resources.type" => &[],
        _ => return Ok(()),
    };
    let equals = match (field.field.as_str(), field.only_equals()) {
        // Types of events may be excluded as well.
        ("eventType", _) | ("sessionCredentialFromConsole", None) if field.not_equals.is_some() => return Ok(()),
        (name, None) => return Err(faults::only_equals(name)),
        (_, Some(values)) => values,
    };
    let fits = |value: &str| match field.field.as_str() {
        "resources.type" => is_resource_type(value),
        _ => only.is_empty() || only.contains(&value),
    };
    match equals.iter().find(|value| !fits(value)) {
        Some(value) => Err(faults::field_value(&field.field, value)),
        None => Ok(()),
    }
}

/// `AWS::S3::Object` and the like. Which types there are grows with AWS's services.
fn is_resource_type(value: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    matches!(value.split("::").collect::<Vec<_>>()[..], ["AWS", service, kind] if part(service) && part(kind))
}

/// The value of a field that must be there, with one.
fn require_one<'s>(selector: &'s AdvancedEventSelector, name: &str) -> Result<&'s str, Fault> {
    let field = selector.field(name).ok_or_else(|| faults::field_is_required(name))?;
    match field.only_equals() {
        Some([value]) => Ok(value),
        _ => Err(faults::one_equals(name)),
    }
}
