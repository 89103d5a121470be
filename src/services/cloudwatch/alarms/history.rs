//! What has happened to alarms.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::op;
use crate::record;
use crate::services::cloudwatch::put::Dimension;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::time::Time;

use super::alarm::{Alarm, Kind, Watched};
use super::contributors::{Attributes, Contributor};
use super::faults;
use super::reason::java_iso;
use super::state::{State, Value};

/// The operation.
pub const OPS: &[Op] = &[op!(Read "DescribeAlarmHistory" describe)];

/// How long history is kept, also that of alarms that are gone
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>).
const KEPT: TimeDelta = TimeDelta::days(30);
/// Items on a page, unless fewer are asked for.
const PAGE_MAX: usize = 100;

/// Kinds of items that happen to contributors.
const OF_CONTRIBUTORS: [&str; 2] = ["AlarmContributorStateUpdate", "AlarmContributorAction"];

/// The history of an account's alarms in one Region.
#[derive(Debug, Default)]
pub struct History {
    /// In the order of time.
    items: BTreeMap<u64, Item>,
    /// Numbers of items, by alarm.
    of_alarm: BTreeMap<String, BTreeSet<u64>>,
    counter: u64,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Item {
    pub at: Time,
    pub alarm: String,
    pub alarm_type: &'static str,
    /// `StateUpdate`
    pub kind: &'static str,
    pub summary: String,
    /// JSON.
    pub data: String,
    /// The contributor that it happened to.
    pub contributor: Option<Contributor>,
}

impl History {
    pub fn push(&mut self, item: Item) {
        self.expire(item.at - KEPT);
        self.counter += 1;
        self.of_alarm.entry(item.alarm.clone()).or_default().insert(self.counter);
        self.items.insert(self.counter, item);
    }

    fn expire(&mut self, before: Time) {
        while let Some(first) = self.items.first_entry().filter(|first| first.get().at < before) {
            let (number, item) = first.remove_entry();
            if let Some(numbers) = self.of_alarm.get_mut(&item.alarm) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.of_alarm.remove(&item.alarm);
                }
            }
        }
    }

    /// The items of one alarm or of all, in the order of time.
    pub(super) fn of(&self, alarm: Option<&str>) -> Vec<(u64, &Item)> {
        match alarm {
            None => self.items.iter().map(|(number, item)| (*number, item)).collect(),
            Some(alarm) => {
                let numbers = self.of_alarm.get(alarm).into_iter().flatten();
                numbers.filter_map(|number| Some((*number, self.items.get(number)?))).collect()
            }
        }
    }
}

record! {
    struct DescribeHistory {
        alarm: Option<String> = "AlarmName",
        contributor: Option<String> = "AlarmContributorId",
        types: Vec<String> = "AlarmTypes",
        kind: Option<String> = "HistoryItemType",
        start: Option<Time> = "StartDate",
        end: Option<Time> = "EndDate",
        limit: Option<i64> = "MaxRecords",
        token: Option<String> = "NextToken",
        order: Option<String> = "ScanBy",
    }
    struct Items { items: Vec<ItemView> = "AlarmHistoryItems", token: Option<String> = "NextToken" }
    struct ItemView {
        alarm: String = "AlarmName",
        alarm_type: String = "AlarmType",
        at: Time = "Timestamp",
        kind: String = "HistoryItemType",
        summary: String = "HistorySummary",
        data: String = "HistoryData",
        contributor: Option<String> = "AlarmContributorId",
        attributes: Option<Attributes> = "AlarmContributorAttributes",
    }
}

/// Metric alarms alone are shown unless others are asked for.
fn describe(cx: &mut Cx, input: DescribeHistory) -> Result<Items, Fault> {
    input.check_contributors()?;
    if let (Some(start), Some(end)) = (input.start, input.end)
        && start > end
    {
        return Err(faults::backward_span());
    }
    let after = match &input.token {
        Some(token) => Some(pages::key(token).ok_or_else(faults::token)?),
        None => None,
    };
    let oldest = cx.world.now - KEPT;
    let history = &cx.world.regional(&cx.account, cx.region).cloudwatch.alarms.history;
    let mut found = history.of(input.alarm.as_deref());
    found.retain(|(_, item)| item.at >= oldest && input.wants(item));
    let order = match input.order.as_deref() {
        Some("TimestampAscending") => Order::Ascending,
        _ => Order::Descending,
    };
    if order == Order::Descending {
        found.reverse();
    }
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_MAX);
    let keyed = found.into_iter().map(|(number, item)| (format!("{number:020}"), item));
    let (items, last) = pages::cut(after.as_deref(), limit, order, keyed);
    Ok(Items { items: items.into_iter().map(view).collect(), token: last.map(pages::token) })
}

impl DescribeHistory {
    fn asks_for_contributors(&self) -> bool {
        self.contributor.is_some() || self.kind.as_deref().is_some_and(|kind| OF_CONTRIBUTORS.contains(&kind))
    }

    /// What is asked of contributors is asked of one alarm.
    fn check_contributors(&self) -> Result<(), Fault> {
        match &self.kind {
            _ if !self.asks_for_contributors() => Ok(()),
            _ if self.alarm.is_none() => Err(faults::contributors_of_nobody()),
            Some(kind) if !OF_CONTRIBUTORS.contains(&kind.as_str()) => Err(faults::not_of_contributors(kind)),
            _ if self.types.iter().any(|kind| kind == "CompositeAlarm") => Err(faults::contributors_of_composite()),
            _ => Ok(()),
        }
    }

    fn wants(&self, item: &Item) -> bool {
        let is_type = match self.types.is_empty() {
            true => item.alarm_type == "MetricAlarm",
            false => self.types.iter().any(|wanted| wanted == item.alarm_type),
        };
        let contributor = item.contributor.as_ref().map(|contributor| &contributor.id);
        is_type
            && contributor.is_some() == self.asks_for_contributors()
            && self.contributor.as_ref().is_none_or(|wanted| contributor == Some(wanted))
            && self.kind.as_deref().is_none_or(|kind| kind == item.kind)
            && self.start.is_none_or(|start| item.at >= start)
            && self.end.is_none_or(|end| item.at <= end)
    }
}

fn view(item: &Item) -> ItemView {
    ItemView {
        alarm: item.alarm.clone(),
        alarm_type: item.alarm_type.to_owned(),
        at: item.at,
        kind: item.kind.to_owned(),
        summary: item.summary.clone(),
        data: item.data.clone(),
        contributor: item.contributor.as_ref().map(|contributor| contributor.id.clone()),
        attributes: item.contributor.as_ref().map(|contributor| contributor.attributes.clone()),
    }
}

// Items.

/// What was done with an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Created,
    Updated,
    Deleted,
}

impl Deed {
    /// In events: `create`.
    pub fn operation(self) -> &'static str {
        match self {
            Deed::Created => "create",
            Deed::Updated => "update",
            Deed::Deleted => "delete",
        }
    }
}

/// A `ConfigurationUpdate`.
pub fn configured(alarm: &Alarm, deed: Deed, now: Time) -> Item {
    let (name, kind, member) = match deed {
        Deed::Created => ("created", "Create", "createdAlarm"),
        Deed::Updated => ("updated", "Update", "updatedAlarm"),
        Deed::Deleted => ("deleted", "Delete", "deletedAlarm"),
    };
    let data = json!({"version": "1.0", "type": kind, member: described(alarm)});
    let summary = format!("Alarm \"{}\" {name}", alarm.place.name);
    item(alarm, "ConfigurationUpdate", summary, data.to_string(), now)
}

/// A `StateUpdate`.
pub fn changed(alarm: &Alarm, old: &State, now: Time) -> Item {
    let data = json!({"version": "1.0", "oldState": told(old), "newState": told(&alarm.state)});
    let summary = format!("Alarm updated from {} to {}", old.value, alarm.state.value);
    item(alarm, "StateUpdate", summary, data.to_string(), now)
}

/// An `AlarmContributorStateUpdate`.
pub fn contributed(alarm: &Alarm, contributor: &Contributor, value: Value, reason: &str, now: Time) -> Item {
    let state = json!({"stateValue": value.as_str(), "stateReason": reason});
    let data = json!({"version": "1.0", "newState": state});
    let summary = format!("Contributor state updated to {value}");
    let item = item(alarm, "AlarmContributorStateUpdate", summary, data.to_string(), now);
    Item { contributor: Some(contributor.clone()), ..item }
}

/// An item about an alarm.
pub fn item(alarm: &Alarm, kind: &'static str, summary: String, data: String, now: Time) -> Item {
    let (name, alarm_type) = (alarm.place.name.clone(), alarm.kind.as_str());
    Item { at: now, alarm: name, alarm_type, kind, summary, data, contributor: None }
}

fn told(state: &State) -> Json {
    let mut map = JsonMap::new();
    map.insert("stateValue".into(), state.value.as_str().into());
    map.insert("stateReason".into(), state.reason.as_str().into());
    if let Some(data) = &state.data {
        map.insert("stateReasonData".into(), serde_json::from_str(data).unwrap_or_else(|_| data.as_str().into()));
    }
    Json::Object(map)
}

/// An alarm as history shows it.
fn described(alarm: &Alarm) -> Json {
    let (settings, state) = (&alarm.settings, &alarm.state);
    let mut map = JsonMap::new();
    match &alarm.kind {
        Kind::Metric(metric) => {
            map.extend(metric.threshold.map(|threshold| ("threshold".into(), threshold.into())));
            match &metric.math {
                Some(_) => drop(map.insert("metrics".into(), super::alarm::queries(metric))),
                None => describe_metric(&metric.metric, &mut map),
            }
            map.insert("evaluationPeriods".into(), metric.quorum.periods.into());
            map.extend(metric.datapoints.map(|datapoints| ("datapointsToAlarm".into(), datapoints.into())));
            map.extend(metric.band_id.as_ref().map(|id| ("thresholdMetricId".into(), id.as_str().into())));
            map.insert("comparisonOperator".into(), metric.comparison.as_str().into());
            map.extend(metric.missing_name.as_ref().map(|name| ("treatMissingData".into(), name.as_str().into())));
            let low_samples = metric.low_samples.as_ref();
            map.extend(low_samples.map(|name| ("evaluateLowSampleCountPercentile".into(), name.as_str().into())));
        }
        Kind::Composite(composite) => {
            map.insert("alarmRule".into(), composite.rule_text.as_str().into());
            if let Some(suppressor) = &composite.suppressor {
                map.insert("actionsSuppressor".into(), suppressor.reference.as_str().into());
                map.insert("actionsSuppressorWaitPeriod".into(), suppressor.wait.into());
                map.insert("actionsSuppressorExtensionPeriod".into(), suppressor.extension.into());
            }
        }
    }
    map.insert("alarmName".into(), alarm.place.name.as_str().into());
    map.insert("alarmArn".into(), alarm.arn().into());
    map.extend(settings.description.as_ref().map(|text| ("alarmDescription".into(), text.as_str().into())));
    map.insert("actionsEnabled".into(), settings.actions_enabled.into());
    map.insert("okactions".into(), json!(settings.ok_actions));
    map.insert("alarmActions".into(), json!(settings.alarm_actions));
    map.insert("insufficientDataActions".into(), json!(settings.insufficient_data_actions));
    map.insert("stateValue".into(), state.value.as_str().into());
    map.insert("alarmConfigurationUpdatedTimestamp".into(), java_iso(settings.updated).into());
    map.insert("stateUpdatedTimestamp".into(), java_iso(state.updated).into());
    Json::Object(map)
}

fn describe_metric(watched: &Watched, map: &mut JsonMap<String, Json>) {
    let dimension = |Dimension { name, value }: &Dimension| json!({"name": name, "value": value});
    let dimensions: Vec<Json> = watched.dimensions.iter().map(dimension).collect();
    map.insert("namespace".into(), (*watched.id.namespace).into());
    map.insert("metricName".into(), (*watched.id.name).into());
    map.insert("dimensions".into(), dimensions.into());
    map.insert("period".into(), watched.period.into());
    let statistic = if watched.is_extended { "extendedStatistic" } else { "statistic" };
    map.insert(statistic.into(), watched.statistic_name.as_str().into());
    map.extend(watched.unit.as_ref().map(|unit| ("unit".into(), unit.as_str().into())));
}
