//! Who is told what happens to a bucket's objects: topics, queues, and EventBridge.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::{faults, notices};
use crate::wire::{Fault, Map, Value};
use crate::world::call::Cx;
use crate::world::ids::Ids;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};

/// The operations on notifications.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketNotificationConfiguration" get_bucket_notification_configuration),
    crate::op!(Write "PutBucketNotificationConfiguration" put_bucket_notification_configuration),
];

/// Configurations of a bucket:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>.
const ROUTES_MAX: usize = 100;
/// Bytes of a prefix or suffix.
const FILTER_BYTES_MAX: usize = 1024;

/// What can be asked for. Restoring, replication, tiering, annotations and lost objects never happen here.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
const EVENTS: [&str; 31] = [
    "s3:ReducedRedundancyLostObject",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:LifecycleTransition",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:IntelligentTiering",
    "s3:ObjectAcl:Put",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAnnotation:*",
    "s3:ObjectAnnotation:Put",
    "s3:ObjectAnnotation:Delete",
    "s3:ObjectRetention:Put",
];

/// Where a bucket's events go.
#[derive(Clone, Debug, Default)]
pub struct Notifications {
    pub routes: Vec<Route>,
    /// EventBridge gets all there is to tell.
    pub event_bridge: bool,
}

/// A topic or queue, and what it is told of.
#[derive(Clone, Debug, Default)]
pub struct Route {
    pub id: String,
    pub kind: Kind,
    pub arn: String,
    /// `s3:ObjectCreated:*`
    events: Vec<String>,
    filter: Option<Filter>,
}

/// What a destination is, by the element that holds its ARN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Topic,
    Queue,
    Function,
}

record! {
    struct PutNotification {
        configuration: Configuration = "NotificationConfiguration",
        skips_validation: bool = "SkipDestinationValidation",
    }

    struct Configuration {
        topics: Vec<(TopicArn, Rule)> = "TopicConfigurations",
        queues: Vec<(QueueArn, Rule)> = "QueueConfigurations",
        functions: Vec<(FunctionArn, Rule)> = "LambdaFunctionConfigurations",
        bridge: Option<Value> = "EventBridgeConfiguration",
    }

    struct TopicArn {
        arn: String = "TopicArn",
    }

    struct QueueArn {
        arn: String = "QueueArn",
    }

    struct FunctionArn {
        arn: String = "LambdaFunctionArn",
    }

    struct Rule {
        id: Option<String> = "Id",
        events: Vec<String> = "Events",
        filter: Option<Filter> = "Filter",
    }

    struct Filter {
        key: Option<KeyFilter> = "Key",
    }

    struct KeyFilter {
        rules: Vec<FilterRule> = "FilterRules",
    }

    struct FilterRule {
        name: String = "Name",
        value: String = "Value",
    }
}

fn get_bucket_notification_configuration(cx: &mut Cx<'_>, target: Target) -> Result<Configuration, Fault> {
    let set = enter(cx, &target)?.config.notifications.clone().unwrap_or_default();
    let mut shown = Configuration { bridge: set.event_bridge.then(|| Value::Map(Map::new())), ..Default::default() };
    for Route { id, kind, arn, events, filter } in set.routes {
        let rule = Rule { id: Some(id), events, filter };
        match kind {
            Kind::Topic => shown.topics.push((TopicArn { arn }, rule)),
            Kind::Queue => shown.queues.push((QueueArn { arn }, rule)),
            Kind::Function => shown.functions.push((FunctionArn { arn }, rule)),
        }
    }
    Ok(shown)
}

/// Replaces all that was set before. The destinations have had a test message then, unless that is not wanted.
fn put_bucket_notification_configuration(
    cx: &mut Cx<'_>,
    (target, input): (Target, PutNotification),
) -> Result<(), Fault> {
    let region = enter(cx, &target)?.region;
    let mut wished = input.configuration.checked(region)?;
    wished.name(&mut cx.world.ids)?;
    check_apart(&wished.routes)?;
    let (bucket, _) = target.parts();
    notices::validate(cx, bucket, &wished.routes, input.skips_validation)?;
    let says_something = wished.event_bridge || !wished.routes.is_empty();
    enter(cx, &target)?.config.notifications = says_something.then_some(wished);
    Ok(())
}

impl Configuration {
    /// What can be known of each configuration by itself.
    fn checked(self, region: Region) -> Result<Notifications, Fault> {
        let topics = self.topics.into_iter().map(|(topic, rule)| Route::new(Kind::Topic, topic.arn, rule));
        let queues = self.queues.into_iter().map(|(queue, rule)| Route::new(Kind::Queue, queue.arn, rule));
        let functions =
            self.functions.into_iter().map(|(function, rule)| Route::new(Kind::Function, function.arn, rule));
        let mut routes: Vec<_> = topics.chain(queues).chain(functions).collect();
        if routes.len() > ROUTES_MAX {
            return Err(faults::too_many_notifications(ROUTES_MAX));
        }
        routes.iter_mut().try_for_each(|route| route.check(region))?;
        Ok(Notifications { routes, event_bridge: self.bridge.is_some() })
    }
}

impl Notifications {
    /// Gives names to configurations that have none, in S3's form: a UUID in base 64.
    fn name(&mut self, ids: &mut Ids) -> Result<(), Fault> {
        let mut taken = BTreeSet::new();
        for route in &mut self.routes {
            if route.id.is_empty() {
                route.id = BASE64.encode(ids.uuid().to_string());
            }
            if !taken.insert(route.id.clone()) {
                return Err(faults::notification_id_twice(&route.id));
            }
        }
        Ok(())
    }
}

impl Route {
    fn new(kind: Kind, arn: String, rule: Rule) -> Route {
        Route { id: rule.id.unwrap_or_default(), kind, arn, events: rule.events, filter: rule.filter }
    }

    fn check(&mut self, region: Region) -> Result<(), Fault> {
        let place = self.place().ok_or_else(|| faults::destination_not_parsed(self.kind.element(), &self.arn))?;
        if place.0 != region.as_str() {
            return Err(faults::destination_elsewhere(self.kind.element(), &self.arn));
        }
        if let Some(event) = self.events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
            return Err(faults::event_not_supported(event));
        }
        self.filter.as_mut().and_then(|filter| filter.key.as_mut()).map_or(Ok(()), KeyFilter::check)
    }

    /// Region, account and name of the destination. The Region is as it stands in the ARN.
    pub fn place(&self) -> Option<(&str, AccountId, &str)> {
        let (service, begin) = match self.kind {
            Kind::Topic => ("sns", ""),
            Kind::Queue => ("sqs", ""),
            Kind::Function => ("lambda", "function:"),
        };
        let rest = self.arn.strip_prefix("arn:aws:")?.strip_prefix(service)?.strip_prefix(':')?;
        let (region, rest) = rest.split_once(':')?;
        let (account, name) = rest.split_once(':')?;
        let name = name.strip_prefix(begin).filter(|name| !name.is_empty())?;
        Some((region, AccountId::parse(account)?, name))
    }

    /// Whether the destination is told of an event (`s3:ObjectCreated:Put`) of an object.
    pub fn takes(&self, event: &str, key: &str) -> bool {
        self.events.iter().any(|wished| covers(wished, event))
            && key.starts_with(self.filtered("prefix"))
            && key.ends_with(self.filtered("suffix"))
    }

    fn filtered(&self, name: &str) -> &str {
        let rules = self.filter.iter().filter_map(|filter| filter.key.as_ref()).flat_map(|key| &key.rules);
        rules.into_iter().find(|rule| rule.name.eq_ignore_ascii_case(name)).map_or("", |rule| &rule.value)
    }
}

impl Kind {
    /// The element that holds the ARN.
    fn element(self) -> &'static str {
        match self {
            Kind::Topic => "Topic",
            Kind::Queue => "Queue",
            Kind::Function => "CloudFunction",
        }
    }
}

impl KeyFilter {
    /// One prefix, one suffix. S3 takes their names in any case, and shows them as `Prefix` and `Suffix`.
    fn check(&mut self) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for rule in &mut self.rules {
            let (name, shown) = match rule.name.to_ascii_lowercase().as_str() {
                "prefix" => ("prefix", "Prefix"),
                "suffix" => ("suffix", "Suffix"),
                _ => return Err(faults::filter_name(&rule.name)),
            };
            if !seen.insert(name) {
                return Err(faults::filter_twice(name));
            }
            if rule.value.len() > FILTER_BYTES_MAX {
                return Err(faults::filter_too_long(FILTER_BYTES_MAX));
            }
            rule.name = shown.to_owned();
        }
        Ok(())
    }
}

/// Of an event of an object, one destination at most is told.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
fn check_apart(routes: &[Route]) -> Result<(), Fault> {
    for (at, route) in routes.iter().enumerate() {
        for earlier in routes.iter().take(at) {
            let Some((one, other)) = shared(earlier, route) else { continue };
            if earlier.filter.is_none() && route.filter.is_none() {
                return Err(faults::notifications_overlap(one, other));
            }
            let (prefixes, suffixes) = (both(earlier, route, "prefix"), both(earlier, route, "suffix"));
            let prefixes_overlap = prefixes.0.starts_with(prefixes.1) || prefixes.1.starts_with(prefixes.0);
            let suffixes_overlap = suffixes.0.ends_with(suffixes.1) || suffixes.1.ends_with(suffixes.0);
            if prefixes_overlap && suffixes_overlap {
                return Err(faults::notification_filters_overlap());
            }
        }
    }
    Ok(())
}

fn both<'a>(one: &'a Route, other: &'a Route, name: &str) -> (&'a str, &'a str) {
    (one.filtered(name), other.filtered(name))
}

/// Event types of two configurations that have an event in common.
fn shared<'a>(one: &'a Route, other: &'a Route) -> Option<(&'a str, &'a str)> {
    let pairs = one.events.iter().flat_map(|event| other.events.iter().map(move |theirs| (event, theirs)));
    let mut common = pairs.filter(|(ours, theirs)| covers(ours, theirs) || covers(theirs, ours));
    common.next().map(|(ours, theirs)| (ours.as_str(), theirs.as_str()))
}

/// Whether an event type is, or has among its own, another.
fn covers(wished: &str, event: &str) -> bool {
    wished == event || wished.strip_suffix('*').is_some_and(|family| event.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(events: &[&str], filters: &[(&str, &str)]) -> Route {
        let rules = filters.iter().map(|(name, value)| FilterRule { name: (*name).into(), value: (*value).into() });
        let filter = (!filters.is_empty()).then(|| Filter { key: Some(KeyFilter { rules: rules.collect() }) });
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        let arn = "arn:aws:sqs:us-east-1:111122223333:q".to_owned();
        Route { kind: Kind::Queue, arn, events, filter, ..Route::default() }
    }

    /// Our list is the model's, which cannot check it in S3's words.
    #[test]
    fn events_are_those_of_the_model() {
        let document = include_str!("../../../../openapi/s3.json");
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        let listed = document["components"]["schemas"]["Event"]["enum"].as_array().unwrap();
        let listed: BTreeSet<_> = listed.iter().filter_map(|event| event.as_str()).collect();
        assert_eq!(listed, EVENTS.into_iter().collect());
    }

    #[test]
    fn configurations_that_are_refused() {
        let check = |change: &dyn Fn(&mut Route), expected: Option<(&str, &str)>| {
            let mut route = route(&["s3:ObjectCreated:*"], &[]);
            change(&mut route);
            let fault = route.check(Region::US_EAST_1).err();
            let named = fault.as_ref().map(|fault| {
                let argument = fault.members.get("ArgumentName").and_then(Value::as_str).unwrap_or_default();
                (fault.message.as_str(), argument)
            });
            assert_eq!(named, expected);
        };
        let filters = |rules: &'static [(&'static str, &'static str)]| {
            move |changed: &mut Route| changed.filter = route(&[], rules).filter
        };
        check(&|_| {}, None);
        check(&|route| route.arn = "invalid-queue".into(), Some(("The ARN could not be parsed", "Queue")));
        check(&|route| route.kind = Kind::Topic, Some(("The ARN could not be parsed", "Topic")));
        check(
            &|route| {
                route.kind = Kind::Function;
                route.arn = "arn:aws:lambda:us-east-1:111122223333:f".into();
            },
            Some(("The ARN could not be parsed", "CloudFunction")),
        );
        let elsewhere = "The notification destination service region is not valid for the bucket location constraint";
        check(&|route| route.arn = "arn:aws:sqs:eu-west-1:111122223333:q".into(), Some((elsewhere, "Queue")));
        let unknown = Some(("The event is not supported for notifications", "Event"));
        check(&|route| route.events.push("s3:ObjectCreated:Get".into()), unknown);
        check(&|route| route.events.push("s3:ObjectAcl:*".into()), unknown);
        check(&filters(&[("PREFIX", "a"), ("suffix", "b")]), None);
        check(&filters(&[("prefix", "")]), None);
        let name = "filter rule name must be either prefix or suffix";
        check(&filters(&[("INVALID", "a")]), Some((name, "FilterRule.Name")));
        let twice = "Cannot specify more than one prefix rule in a filter.";
        check(&filters(&[("prefix", "a"), ("Prefix", "b")]), Some((twice, "FilterRule.Name")));
        let long = "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation";
        check(
            &|changed| changed.filter = route(&[], &[("suffix", &"ü".repeat(513))]).filter,
            Some((long, "FilterRule.Value")),
        );
    }

    #[test]
    fn what_destinations_are_told() {
        let check = |events: &[&str], filters: &[(&str, &str)], event: &str, key: &str, expected: bool| {
            assert_eq!(route(events, filters).takes(event, key), expected, "{events:?} {filters:?} {event} {key}");
        };
        let put = "s3:ObjectCreated:Put";
        check(&["s3:ObjectCreated:*"], &[], put, "k", true);
        check(&["s3:ObjectCreated:Put"], &[], put, "k", true);
        check(&["s3:ObjectCreated:Copy", "s3:ObjectRemoved:*"], &[], put, "k", false);
        check(&["s3:ObjectRemoved:*"], &[], "s3:ObjectRemoved:DeleteMarkerCreated", "k", true);
        let images = [("Prefix", "images/"), ("Suffix", ".jpg")];
        check(&["s3:ObjectCreated:*"], &images, put, "images/a.jpg", true);
        check(&["s3:ObjectCreated:*"], &images, put, "images/a.png", false);
        check(&["s3:ObjectCreated:*"], &images, put, "images.jpg", false);
    }

    /// The examples of the user guide's page on filtering, and what it says of them.
    #[test]
    fn configurations_that_share_an_event() {
        let overlap =
            Some("Configurations overlap. Configurations on the same bucket cannot share a common event type.");
        let ambiguous = Some(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are \
             overlapping for the same event type.",
        );
        type Told<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);
        let check = |one: Told<'_>, other: Told<'_>, expected: Option<&str>| {
            for (one, other) in [(one, other), (other, one)] {
                let fault = check_apart(&[route(one.0, one.1), route(other.0, other.1)]).err();
                assert_eq!(fault.map(|fault| fault.message).as_deref(), expected, "{one:?} {other:?}");
            }
        };
        let created: &[&str] = &["s3:ObjectCreated:*"];
        check((created, &[]), (&["s3:ObjectRemoved:*"], &[]), None);
        check((created, &[]), (created, &[]), overlap);
        check((created, &[]), (&["s3:ObjectCreated:Copy"], &[]), overlap);
        check((created, &[]), (created, &[("prefix", "images")]), ambiguous);
        check((created, &[("prefix", "images")]), (created, &[("prefix", "logs/")]), None);
        check((created, &[("suffix", ".jpg")]), (created, &[("suffix", ".png")]), None);
        check((created, &[("suffix", ".jpg")]), (created, &[("suffix", "jpg")]), ambiguous);
        check((created, &[("prefix", "images")]), (created, &[("prefix", "images/a")]), ambiguous);
        check((created, &[("prefix", "images")]), (created, &[("suffix", "jpg")]), ambiguous);
        check(
            (created, &[("prefix", "images"), ("suffix", ".jpg")]),
            (created, &[("prefix", "images"), ("suffix", ".png")]),
            None,
        );
    }
}
