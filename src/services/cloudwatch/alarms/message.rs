//! What topics are told of an alarm: JSON for most, and texts of their own for e-mails and text messages, as AWS's look.

use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::services::cloudwatch::data::{MetricDataQuery, MetricStat};
use crate::services::cloudwatch::put::Dimension;
use crate::world::scope::Region;
use crate::world::time::Time;

use super::alarm::{self, Alarm, Kind, MetricAlarm};
use super::contributors::Contributor;
use super::reason::{java_double, java_iso};
use super::state::{State, Value};

/// Characters of a subject.
const SUBJECT_MAX: usize = 99;

/// What is published.
#[derive(Clone, Debug)]
pub struct Message {
    pub subject: String,
    /// A text for each protocol, as JSON.
    pub body: String,
}

/// A state that an alarm, or a contributor to one, has gone into.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub alarm: &'a Alarm,
    pub state: &'a State,
    pub old: Value,
    pub after_mute: bool,
    pub contributor: Option<&'a Contributor>,
}

/// The message on a state.
pub fn message(told: &Told) -> Message {
    let subject = subject(told);
    let body = json!({
        "default": notification(told).to_string(),
        "sms": subject,
        "email": letter(told),
    });
    Message { subject, body: body.to_string() }
}

/// `ALARM: "name" in US East (N. Virginia)`, cut in the name.
fn subject(Told { alarm, state, .. }: &Told) -> String {
    let (state, region) = (state.value, region_name(alarm.place.region));
    let with = |name: &str| format!("{state}: \"{name}\" in {region}");
    let room = SUBJECT_MAX.saturating_sub(with("").chars().count());
    let name = &alarm.place.name;
    if name.chars().count() <= room {
        return with(name);
    }
    let start: String = name.chars().take(room.saturating_sub(3)).collect();
    with(&format!("{start}..."))
}

fn notification(told: &Told) -> Json {
    let &Told { alarm, state, old, after_mute, contributor } = told;
    let settings = &alarm.settings;
    let mut map = JsonMap::new();
    let mut add = |name: &str, value: Json| map.insert(name.to_owned(), value);
    add("AlarmName", alarm.place.name.as_str().into());
    add("AlarmDescription", settings.description.as_deref().into());
    add("AWSAccountId", alarm.place.account.as_str().into());
    add("AlarmConfigurationUpdatedTimestamp", java_iso(settings.updated).into());
    add("NewStateValue", state.value.as_str().into());
    add("NewStateReason", state.reason.as_str().into());
    add("StateChangeTime", java_iso(state.updated).into());
    add("Region", region_name(alarm.place.region).into());
    add("AlarmArn", alarm.arn().into());
    add("OldStateValue", old.as_str().into());
    if let Some(contributor) = contributor {
        add("AlarmContributorId", contributor.id.as_str().into());
        add("AlarmContributorAttributes", json!(contributor.attributes));
    }
    add("ActionExecutedAfterMuteWindow", after_mute.into());
    add("OKActions", json!(settings.ok_actions));
    add("AlarmActions", json!(settings.alarm_actions));
    add("InsufficientDataActions", json!(settings.insufficient_data_actions));
    match &alarm.kind {
        Kind::Metric(metric) => {
            add("Trigger", trigger(metric));
        }
        Kind::Composite(composite) => {
            add("AlarmRule", composite.rule_text.as_str().into());
            add("TriggeringChildren", children(state));
        }
    }
    Json::Object(map)
}

fn trigger(metric: &MetricAlarm) -> Json {
    let watched = &metric.metric;
    let dimension = |Dimension { name, value }: &Dimension| json!({"value": value, "name": name});
    let dimensions: Vec<Json> = watched.dimensions.iter().map(dimension).collect();
    let mut map = JsonMap::new();
    let mut add = |name: &str, value: Json| map.insert(name.to_owned(), value);
    if metric.queries.is_none() {
        add("MetricName", (*watched.id.name).into());
        add("Namespace", (*watched.id.namespace).into());
        if watched.is_extended {
            add("StatisticType", "ExtendedStatistic".into());
            add("ExtendedStatistic", watched.statistic_name.as_str().into());
        } else {
            add("StatisticType", "Statistic".into());
            add("Statistic", java_enum(&watched.statistic_name).into());
        }
        add("Unit", watched.unit.as_deref().into());
        add("Dimensions", dimensions.into());
    }
    add("Period", watched.period.into());
    add("EvaluationPeriods", metric.quorum.periods.into());
    if let Some(datapoints) = metric.datapoints {
        add("DatapointsToAlarm", datapoints.into());
    }
    add("ComparisonOperator", metric.comparison.as_str().into());
    if let Some(threshold) = metric.threshold {
        add("Threshold", threshold.into());
    }
    if let Some(band) = &metric.band_id {
        add("ThresholdMetricId", band.as_str().into());
    }
    add("TreatMissingData", metric.missing_name.as_deref().unwrap_or_default().into());
    add("EvaluateLowSampleCountPercentile", metric.low_samples.as_deref().unwrap_or_default().into());
    if let Some(queries) = &metric.queries {
        let queries: Vec<Json> = alarm::read_queries(queries).iter().map(query).collect();
        map.insert("Metrics".to_owned(), queries.into());
    }
    Json::Object(map)
}

/// A query of `Metrics`.
fn query(query: &MetricDataQuery) -> Json {
    let mut map = JsonMap::new();
    map.insert("Id".into(), query.id.as_str().into());
    map.extend(query.expression.as_ref().map(|text| ("Expression".into(), text.as_str().into())));
    map.extend(query.stat.as_ref().map(|stat| ("MetricStat".into(), metric_stat(stat))));
    map.extend(query.label.as_ref().map(|text| ("Label".into(), text.as_str().into())));
    map.insert("ReturnData".into(), (query.returned != Some(false)).into());
    Json::Object(map)
}

fn metric_stat(stat: &MetricStat) -> Json {
    let dimensions = dimensions_of(&stat.metric.dimensions);
    let metric = json!({"Dimensions": dimensions, "MetricName": stat.metric.name, "Namespace": stat.metric.namespace});
    let mut map = JsonMap::new();
    map.insert("Metric".into(), metric);
    map.insert("Period".into(), stat.period.into());
    map.insert("Stat".into(), stat.stat.as_str().into());
    map.extend(stat.unit.as_ref().map(|unit| ("Unit".into(), unit.as_str().into())));
    Json::Object(map)
}

fn dimensions_of(dimensions: &[Dimension]) -> Json {
    dimensions.iter().map(|Dimension { name, value }| json!({"value": value, "name": name})).collect()
}

/// `SAMPLE_COUNT` of `SampleCount`: the statistics' names are constants of Java here.
fn java_enum(name: &str) -> String {
    let mut text = String::new();
    for (index, c) in name.chars().enumerate() {
        if index > 0 && c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

/// The children that a composite alarm's state comes from.
fn children(state: &State) -> Json {
    let data: Json = state.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let child = |child: &Json| json!({"Arn": child["arn"], "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]}});
    data["triggeringAlarms"].as_array().into_iter().flatten().map(child).collect()
}

fn letter(told: &Told) -> String {
    let &Told { alarm, state, old, .. } = told;
    let (settings, region) = (&alarm.settings, alarm.place.region);
    let (name, region_name, reason) = (&alarm.place.name, region_name(region), &state.reason);
    let at = long_date(state.updated);
    let mut text = format!(
        "You are receiving this email because your Amazon CloudWatch Alarm \"{name}\" in the {region_name} region has "
    );
    let _ = match alarm.kind {
        Kind::Metric(_) => write!(text, "entered the {} state, because \"{reason}\" at \"{at}\".", state.value),
        Kind::Composite(_) => write!(text, "transitioned to {} state on {at}, because \"{reason}\".", state.value),
    };
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let _ = write!(
        text,
        "\n\nView this alarm in the AWS Management Console:\n\
         https://{region}.console.aws.amazon.com/cloudwatch/deeplink.js?region={region}#alarmsV2:alarm/{encoded}\n\n\
         Alarm Details:\n"
    );
    line(&mut text, "Name", name);
    line(&mut text, "Description", settings.description.as_deref().unwrap_or_default());
    line(&mut text, "State Change", &format!("{old} -> {}", state.value));
    if let Some(composite) = alarm.composite() {
        line(&mut text, "Alarm Rule", &composite.rule_text);
    }
    line(&mut text, "Reason for State Change", reason);
    line(&mut text, "Timestamp", &at);
    line(&mut text, "AWS Account", alarm.place.account.as_str());
    line(&mut text, "Alarm Arn", &alarm.arn());
    match &alarm.kind {
        Kind::Metric(metric) => metric_letter(metric, &mut text),
        Kind::Composite(_) => children_letter(state, &mut text),
    }
    text.push_str("\nState Change Actions:\n");
    for state in [Value::Ok, Value::Alarm, Value::InsufficientData] {
        let actions: Vec<String> = settings.actions(state).iter().map(|arn| format!("[{arn}]")).collect();
        let _ = writeln!(text, "- {state}: {}", actions.join(" "));
    }
    text
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "- {:<28}{value}", format!("{name}:"));
}

fn metric_letter(metric: &MetricAlarm, text: &mut String) {
    let watched = &metric.metric;
    let what = if metric.math.is_some() { "expression" } else { "metric" };
    let (datapoints, periods) = (metric.quorum.datapoints, metric.quorum.periods);
    let threshold = metric.threshold.map(|threshold| format!(" {}", java_double(threshold))).unwrap_or_default();
    let _ = write!(
        text,
        "\nThreshold:\n- The alarm is in the ALARM state when the {what} is {}{threshold} for at least {datapoints} of \
         the last {periods} period(s) of {} seconds. \n",
        metric.comparison.as_str(),
        watched.period,
    );
    if metric.math.is_some() {
        return;
    }
    text.push_str("\nMonitored Metric:\n");
    let dimension = |Dimension { name, value }: &Dimension| format!("[{name} = {value}]");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "- {:<37}{value}", format!("{name}:"));
    };
    line("MetricNamespace", &watched.id.namespace);
    line("MetricName", &watched.id.name);
    line("Dimensions", &watched.dimensions.iter().map(dimension).collect::<Vec<_>>().join(" "));
    line("Period", &format!("{} seconds", watched.period));
    line("Statistic", &watched.statistic_name);
    line("Unit", watched.unit.as_deref().unwrap_or("not specified"));
    line("TreatMissingData", metric.missing_name.as_deref().unwrap_or("missing"));
    text.push('\n');
}

/// Children of a composite alarm that an e-mail names.
const CHILDREN_MAX: usize = 10;

fn children_letter(state: &State, text: &mut String) {
    let _ = writeln!(text, "\nTriggering children (max. {CHILDREN_MAX}):");
    for child in children(state).as_array().into_iter().flatten().take(CHILDREN_MAX) {
        let part = |part: &Json| part.as_str().unwrap_or_default().to_owned();
        let _ = writeln!(text, "- {} is in {}", part(&child["Arn"]), part(&child["State"]["Value"]));
    }
}

/// `Sunday 06 November, 2022 17:43:53 UTC`
pub fn long_date(time: Time) -> String {
    time.format("%A %d %B, %Y %H:%M:%S UTC").to_string()
}

/// Regions as messages call them.
fn region_name(region: Region) -> &'static str {
    match region.as_str() {
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-northeast-3" => "Asia Pacific (Osaka)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ca-central-1" => "Canada (Central)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-north-1" => "EU (Stockholm)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "sa-east-1" => "South America (Sao Paulo)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        _ => "US East (N. Virginia)",
    }
}
