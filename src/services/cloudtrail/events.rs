//! Every recorded event, for the admin API.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::world::World;
use crate::world::record::Entry;
use crate::world::time::Time;

/// Which recorded events the admin API lists.
#[derive(Debug, Default)]
pub struct Filter {
    pub event_source: Option<String>,
    pub event_name: Option<String>,
    pub event_id: Option<String>,
    pub aws_region: Option<String>,
    pub account: Option<String>,
    pub error_code: Option<String>,
    pub read_only: Option<bool>,
    pub management_event: Option<bool>,
    pub event_category: Option<String>,
    /// First and last moment, both included.
    pub since: Option<Time>,
    pub until: Option<Time>,
}

impl Filter {
    /// Reads the arguments of `GET /_trailcam/events`.
    ///
    /// # Errors
    /// A sentence about the argument that cannot be read.
    pub fn parse(arguments: &BTreeMap<String, String>) -> Result<Filter, String> {
        let mut filter = Filter::default();
        for (name, value) in arguments {
            let text = || Some(value.clone());
            match name.as_str() {
                "eventSource" => filter.event_source = text(),
                "eventName" => filter.event_name = text(),
                "eventID" => filter.event_id = text(),
                "awsRegion" => filter.aws_region = text(),
                "recipientAccountId" => filter.account = text(),
                "errorCode" => filter.error_code = text(),
                "readOnly" => filter.read_only = Some(flag(name, value)?),
                "managementEvent" => filter.management_event = Some(flag(name, value)?),
                "eventCategory" => filter.event_category = text(),
                "since" => filter.since = Some(time(name, value)?),
                "until" => filter.until = Some(time(name, value)?),
                _ => return Err(format!("{name}: no such filter")),
            }
        }
        Ok(filter)
    }

    fn fits(&self, record: &Record) -> bool {
        fn equal<T: PartialEq>(wanted: Option<T>, value: T) -> bool {
            wanted.is_none_or(|wanted| wanted == value)
        }
        equal(self.event_source.as_deref(), record.event_source)
            && equal(self.event_name.as_deref(), record.event_name)
            && equal(self.event_id.as_deref(), record.event_id)
            && equal(self.aws_region.as_deref(), record.aws_region)
            && equal(self.account.as_deref(), record.recipient_account_id)
            && equal(self.error_code.as_deref(), record.error_code.unwrap_or_default())
            && self.read_only.is_none_or(|wanted| record.read_only == Some(wanted))
            && equal(self.management_event, record.management_event.unwrap_or_default())
            && equal(self.event_category.as_deref(), record.event_category)
            // Records show whole seconds.
            && self.since.is_none_or(|since| since.timestamp() <= record.event_time.timestamp())
            && self.until.is_none_or(|until| record.event_time <= until)
    }
}

/// Recorded events that fit, as JSON text, oldest first.
pub fn matching(world: &World, filter: &Filter) -> impl Iterator<Item = String> {
    let since = filter.since.and_then(|since| Time::from_timestamp(since.timestamp(), 0));
    let start = since.map_or(world.events.start(), |since| world.events.position_of(since));
    let entries = world.events.iter_from(start).map(|Entry { record, .. }| record);
    entries.filter(|text| serde_json::from_str(text).is_ok_and(|record| filter.fits(&record)))
}

/// What filters look at. These members have no characters that JSON escapes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_time: Time,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(borrow)]
    error_code: Option<&'a str>,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    // Network activity events tell of neither.
    read_only: Option<bool>,
    management_event: Option<bool>,
    event_category: &'a str,
    recipient_account_id: &'a str,
}

fn flag(name: &str, value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("{name}: expected true or false"))
}

fn time(name: &str, value: &str) -> Result<Time, String> {
    value.parse().map_err(|_| format!("{name}: expected a time such as 2026-01-01T00:00:00Z"))
}
