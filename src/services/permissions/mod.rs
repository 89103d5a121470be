//! What a call asks leave for: actions on resources, in the words of policies.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

mod ec2;
pub mod faults;
mod s3;

use crate::services::sqs;
use crate::wire::Value;
use crate::world::call::Call;
use crate::world::scope::{AccountId, Region};

/// An action on resources. Each must be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `s3:GetObject`
    pub action: String,
    /// ARNs; none where the action is about no resource that policies could name: those have to say `*`.
    pub resources: Vec<String>,
}

/// What permissions are read from.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    /// As ARNs have it.
    service: &'static str,
    operation: &'static str,
    input: &'a Value,
    account: &'a AccountId,
    region: Region,
}

/// What a call of an account's asks leave for.
pub fn of(call: &Call, account: &AccountId, input: &Value) -> Vec<Permission> {
    let contract = call.contract;
    let operation = contract.operation(call.operation).name;
    let service = if contract.service == "cloudwatch" { "cloudwatch" } else { contract.signing_name };
    let asked = Asked { service, operation, input, account, region: call.region };
    let resources = match contract.service {
        "s3" => return s3::permissions(&asked),
        "cloudtrail" => asked.each(&[
            ("Name", "trail/{}"),
            ("TrailName", "trail/{}"),
            ("ResourceId", "{}"),
            ("ResourceIdList", "{}"),
        ]),
        "cloudwatch" => alarms(&asked),
        "ec2" => ec2::resources(&asked),
        "events" => events(&asked),
        "firehose" => asked.each(&[("DeliveryStreamName", "deliverystream/{}")]),
        "kms" => keys(&asked),
        "logs" => log_groups(&asked),
        "sns" => topics(&asked),
        "sqs" => queues(&asked),
        "sts" => asked.each(&[("RoleArn", "{}")]),
        _ => Vec::new(),
    };
    let mut all = vec![Permission { action: asked.action(), resources }];
    if contract.service == "ec2" {
        all.extend(ec2::tagging(&asked));
    }
    all
}

impl<'a> Asked<'a> {
    /// SNS writes itself in capitals, SQS its actions in small letters; what does the same to many things at once
    /// needs no other permission.
    fn action(&self) -> String {
        match self.service {
            "sns" => format!("SNS:{}", self.operation.trim_end_matches("Batch")),
            "sqs" => format!("sqs:{}", self.operation.trim_end_matches("Batch").to_ascii_lowercase()),
            service => format!("{service}:{}", self.operation),
        }
    }

    fn text(&self, member: &str) -> Option<&'a str> {
        self.input.get(member)?.as_str()
    }

    /// A member's text, or its list's.
    fn texts(&self, member: &str) -> Vec<&'a str> {
        let value = self.input.get(member);
        let items = value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value))).unwrap_or_default();
        items.iter().filter_map(Value::as_str).collect()
    }

    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:{}:{}:{}:{resource}", self.service, self.region, self.account)
    }

    /// The resources that some members name, each with the form that a name has in ARNs. ARNs stay what they are.
    fn each(&self, members: &[(&str, &str)]) -> Vec<String> {
        let named =
            members.iter().flat_map(|(member, form)| self.texts(member).into_iter().map(move |name| (name, form)));
        let arn = |(name, form): (&str, &&str)| match name.starts_with("arn:") {
            true => name.to_owned(),
            false => self.arn(&form.replacen("{}", name, 1)),
        };
        named.map(arn).collect()
    }

    /// The same, or one resource that stands for all where nothing is named.
    fn each_or(&self, members: &[(&str, &str)], all: &str) -> Vec<String> {
        let named = self.each(members);
        if named.is_empty() { vec![self.arn(all)] } else { named }
    }
}

fn alarms(asked: &Asked) -> Vec<String> {
    const ALARMS: [(&str, &str); 2] = [("AlarmName", "alarm:{}"), ("AlarmNames", "alarm:{}")];
    match asked.operation {
        "DescribeAlarms" | "DescribeAlarmHistory" => asked.each_or(&ALARMS, "alarm:*"),
        "ListAlarmMuteRules" => vec![asked.arn("alarm-mute-rule:*")],
        "PutAlarmMuteRule" => asked.each(&[("Name", "alarm-mute-rule:{}")]),
        "GetAlarmMuteRule" | "DeleteAlarmMuteRule" => asked.each(&[("AlarmMuteRuleName", "alarm-mute-rule:{}")]),
        _ => asked.each(&[ALARMS[0], ALARMS[1], ("ResourceARN", "{}")]),
    }
}

fn events(asked: &Asked) -> Vec<String> {
    const BUS: (&str, &str) = ("EventBusName", "event-bus/{}");
    match asked.operation {
        "ListRules" => vec![asked.arn("rule/*")],
        "PutEvents" => buses_of_entries(asked),
        "CreateEventBus" | "DeleteEventBus" | "UpdateEventBus" => asked.each(&[("Name", "event-bus/{}")]),
        "DescribeEventBus" => asked.each_or(&[("Name", "event-bus/{}")], "event-bus/default"),
        "PutPermission" | "RemovePermission" => asked.each_or(&[BUS], "event-bus/default"),
        "CreateArchive" => asked.each(&[("ArchiveName", "archive/{}"), ("EventSourceArn", "{}")]),
        "StartReplay" => asked.each(&[("ReplayName", "replay/{}"), ("EventSourceArn", "{}")]),
        "ListArchives" | "ListEventBuses" | "ListReplays" | "ListRuleNamesByTarget" => Vec::new(),
        _ => {
            let rule = asked.text("Name").or_else(|| asked.text("Rule"));
            let mut named =
                asked.each(&[("ArchiveName", "archive/{}"), ("ReplayName", "replay/{}"), ("ResourceARN", "{}")]);
            named.extend(rule.map(|rule| asked.arn(&rule_name(asked, rule))));
            named
        }
    }
}

/// Rules of other buses than the default one stand below their bus.
fn rule_name(asked: &Asked, rule: &str) -> String {
    let bus = asked.text("EventBusName").map(|bus| bus.rsplit_once("event-bus/").map_or(bus, |(_, name)| name));
    match bus {
        None | Some("default") => format!("rule/{rule}"),
        Some(bus) => format!("rule/{bus}/{rule}"),
    }
}

/// The buses that events are put on, each once.
fn buses_of_entries(asked: &Asked) -> Vec<String> {
    let entries = asked.input.get("Entries").and_then(Value::as_list).unwrap_or_default();
    let bus = |entry: &Value| match entry.get("EventBusName").and_then(Value::as_str) {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        name => asked.arn(&format!("event-bus/{}", name.unwrap_or("default"))),
    };
    let mut buses: Vec<_> = entries.iter().map(bus).collect();
    buses.sort_unstable();
    buses.dedup();
    buses
}

fn keys(asked: &Asked) -> Vec<String> {
    let key = |name: &str| match name.starts_with("alias/") {
        true => asked.arn(name),
        false => asked.each(&[("KeyId", "key/{}")]).concat(),
    };
    vec![asked.text("KeyId").map_or_else(|| "*".to_owned(), key)]
}

/// Each with a stream, even where none is meant: so CloudWatch Logs asks.
fn log_groups(asked: &Asked) -> Vec<String> {
    const GROUPS: [&str; 4] = ["logGroupName", "logGroupNames", "logGroupIdentifier", "logGroupIdentifiers"];
    let others = asked.each(&[("destinationName", "destination:{}"), ("resourceArn", "{}")]);
    if !others.is_empty() {
        return others;
    }
    let stream = asked.text("logStreamName").unwrap_or_default();
    let group = |name: &str| match name.starts_with("arn:") {
        true => format!("{}:log-stream:{stream}", name.trim_end_matches(":*")),
        false => asked.arn(&format!("log-group:{name}:log-stream:{stream}")),
    };
    let groups: Vec<_> = GROUPS.into_iter().flat_map(|member| asked.texts(member)).map(group).collect();
    if groups.is_empty() { vec![group("")] } else { groups }
}

fn topics(asked: &Asked) -> Vec<String> {
    asked.each_or(&[("TopicArn", "{}"), ("TargetArn", "{}"), ("ResourceArn", "{}"), ("Name", "{}")], "*")
}

fn queues(asked: &Asked) -> Vec<String> {
    if let Some(place) = asked.text("QueueUrl").and_then(|url| sqs::Place::of_url(url, asked.region)) {
        return vec![place.arn()];
    }
    let owner = asked.text("QueueOwnerAWSAccountId").and_then(AccountId::parse);
    let account = owner.as_ref().unwrap_or(asked.account);
    Asked { account, ..*asked }.each_or(&[("QueueName", "{}"), ("SourceArn", "{}")], "")
}

#[cfg(test)]
mod tests;
