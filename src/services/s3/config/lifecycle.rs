//! Lifecycle rules: checked when set, applied every midnight (UTC).
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html>

use std::collections::BTreeSet;

use chrono::{Days, NaiveTime};

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::objects::{Object, Version};
use crate::services::s3::{Bucket, faults, objects};
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::time::{Time, http_date};

use super::tagging::Tag;

/// The operations on lifecycle rules.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketLifecycleConfiguration" get_bucket_lifecycle_configuration),
    crate::op!(Write "PutBucketLifecycleConfiguration" put_bucket_lifecycle_configuration),
    crate::op!(Write "DeleteBucketLifecycle" delete_bucket_lifecycle),
];

const RULES_MAX: usize = 1000;
const ID_CHARS_MAX: usize = 255;
const DEFAULT_TRANSITION_SIZE: &str = "all_storage_classes_128K";

/// The rules of a bucket.
#[derive(Debug)]
pub struct Lifecycle {
    rules: Vec<Rule>,
    transition_size: String,
}

record! {
    struct PutLifecycle {
        configuration: Configuration = "LifecycleConfiguration",
        transition_size: Option<String> = "TransitionDefaultMinimumObjectSize",
    }

    struct Configuration {
        rules: Vec<Rule> = "Rules",
    }

    struct Shown {
        rules: Vec<Rule> = "Rules",
        transition_size: String = "TransitionDefaultMinimumObjectSize",
    }

    struct TransitionSize {
        transition_size: String = "TransitionDefaultMinimumObjectSize",
    }

    struct Rule {
        id: Option<String> = "ID",
        prefix: Option<String> = "Prefix",
        filter: Option<Filter> = "Filter",
        status: String = "Status",
        expiration: Option<Expiration> = "Expiration",
        noncurrent: Option<Noncurrent> = "NoncurrentVersionExpiration",
        abort: Option<Abort> = "AbortIncompleteMultipartUpload",
        transitions: Option<Vec<Value>> = "Transitions",
        noncurrent_transitions: Option<Vec<Value>> = "NoncurrentVersionTransitions",
    }

    struct Filter {
        prefix: Option<String> = "Prefix",
        tag: Option<Tag> = "Tag",
        larger: Option<i64> = "ObjectSizeGreaterThan",
        smaller: Option<i64> = "ObjectSizeLessThan",
        and: Option<And> = "And",
    }

    struct And {
        prefix: Option<String> = "Prefix",
        tags: Option<Vec<Tag>> = "Tags",
        larger: Option<i64> = "ObjectSizeGreaterThan",
        smaller: Option<i64> = "ObjectSizeLessThan",
    }

    struct Expiration {
        date: Option<Time> = "Date",
        days: Option<i64> = "Days",
        marker: Option<bool> = "ExpiredObjectDeleteMarker",
    }

    struct Noncurrent {
        days: Option<i64> = "NoncurrentDays",
        newer: Option<i64> = "NewerNoncurrentVersions",
    }

    struct Abort {
        days: Option<i64> = "DaysAfterInitiation",
    }
}

fn get_bucket_lifecycle_configuration(cx: &mut Cx<'_>, target: Target) -> Result<Shown, Fault> {
    let bucket = enter(cx, &target)?;
    let set = bucket.config.lifecycle.as_ref().ok_or_else(|| faults::no_lifecycle(&bucket.name))?;
    Ok(Shown { rules: set.rules.clone(), transition_size: set.transition_size.clone() })
}

fn put_bucket_lifecycle_configuration(
    cx: &mut Cx<'_>,
    (target, input): (Target, PutLifecycle),
) -> Result<TransitionSize, Fault> {
    let midnight = midnight_after(cx.world.now);
    enter(cx, &target)?;
    let mut rules = input.configuration.rules;
    check(&rules)?;
    for rule in rules.iter_mut().filter(|rule| rule.id.as_ref().is_none_or(String::is_empty)) {
        rule.id = Some(cx.world.ids.uuid().to_string());
    }
    let transition_size = input.transition_size.unwrap_or_else(|| DEFAULT_TRANSITION_SIZE.to_owned());
    enter(cx, &target)?.config.lifecycle = Some(Lifecycle { rules, transition_size: transition_size.clone() });
    cx.world.jobs.at(midnight, Job::BucketLifecycle { bucket: target.bucket });
    Ok(TransitionSize { transition_size })
}

fn delete_bucket_lifecycle(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    enter(cx, &target)?.config.lifecycle = None;
    Ok(())
}

fn check(rules: &[Rule]) -> Result<(), Fault> {
    if rules.is_empty() || rules.len() > RULES_MAX {
        return Err(faults::malformed_xml());
    }
    let mut ids = BTreeSet::new();
    for rule in rules {
        let id = rule.id.as_deref().unwrap_or_default();
        if id.chars().count() > ID_CHARS_MAX {
            return Err(faults::bad_lifecycle("ID length should not exceed allowed limit of 255"));
        }
        if !id.is_empty() && !ids.insert(id) {
            return Err(faults::bad_lifecycle("Rule ID must be unique. Found same ID for more than one rule"));
        }
        rule.check()?;
    }
    Ok(())
}

impl Rule {
    fn check(&self) -> Result<(), Fault> {
        if self.transitions.is_some() || self.noncurrent_transitions.is_some() {
            return Err(faults::not_built("Transition"));
        }
        if self.prefix.is_some() == self.filter.is_some() || !matches!(self.status.as_str(), "Enabled" | "Disabled") {
            return Err(faults::malformed_xml());
        }
        if self.expiration.is_none() && self.noncurrent.is_none() && self.abort.is_none() {
            return Err(faults::bad_lifecycle("At least one action needs to be specified in a rule"));
        }
        let picks_by_more = !self.tags().is_empty() || self.sizes() != (None, None);
        if self.abort.is_some() && picks_by_more {
            return Err(faults::bad_lifecycle(
                "AbortIncompleteMultipartUpload cannot be specified with Tags or sizes.",
            ));
        }
        self.filter.as_ref().map_or(Ok(()), Filter::check)?;
        self.expiration.as_ref().map_or(Ok(()), |expiration| expiration.check(!self.tags().is_empty()))?;
        positive("NoncurrentDays", self.noncurrent.as_ref().map(|noncurrent| noncurrent.days.unwrap_or(0)))?;
        positive("NewerNoncurrentVersions", self.noncurrent.as_ref().and_then(|noncurrent| noncurrent.newer))?;
        positive("DaysAfterInitiation", self.abort.as_ref().map(|abort| abort.days.unwrap_or(0)))
    }

    fn key_prefix(&self) -> &str {
        let prefix = match &self.filter {
            Some(filter) if filter.prefix.is_some() => filter.prefix.as_deref(),
            Some(filter) => filter.and.as_ref().and_then(|and| and.prefix.as_deref()),
            None => self.prefix.as_deref(),
        };
        prefix.unwrap_or_default()
    }

    fn tags(&self) -> Vec<&Tag> {
        let filter = self.filter.as_ref();
        let single = filter.and_then(|filter| filter.tag.as_ref());
        let several = filter.and_then(|filter| filter.and.as_ref()).and_then(|and| and.tags.as_ref());
        single.into_iter().chain(several.into_iter().flatten()).collect()
    }

    /// Larger than, smaller than.
    fn sizes(&self) -> (Option<i64>, Option<i64>) {
        let Some(filter) = &self.filter else { return (None, None) };
        let and = filter.and.as_ref();
        (filter.larger.or(and.and_then(|and| and.larger)), filter.smaller.or(and.and_then(|and| and.smaller)))
    }

    /// Whether the rule is about this object, its key aside.
    fn picks(&self, object: &Object) -> bool {
        let size = i64::try_from(object.file.length).unwrap_or(i64::MAX);
        let (larger, smaller) = self.sizes();
        larger.is_none_or(|bound| size > bound)
            && smaller.is_none_or(|bound| size < bound)
            && self
                .tags()
                .iter()
                .all(|tag| object.about.tags.iter().any(|(key, value)| *key == tag.key && *value == tag.value))
    }
}

impl Filter {
    /// One condition; more go into `And`, which holds at least two.
    fn check(&self) -> Result<(), Fault> {
        let set = [
            self.prefix.is_some(),
            self.tag.is_some(),
            self.larger.is_some(),
            self.smaller.is_some(),
            self.and.is_some(),
        ];
        let count = set.iter().filter(|is_set| **is_set).count();
        let lonely = self.and.as_ref().is_some_and(|and| and.count() < 2);
        if count > 1 || lonely { Err(faults::malformed_xml()) } else { Ok(()) }
    }
}

impl And {
    fn count(&self) -> usize {
        let others = [self.prefix.is_some(), self.larger.is_some(), self.smaller.is_some()];
        self.tags.iter().flatten().count() + others.iter().filter(|is_set| **is_set).count()
    }
}

impl Expiration {
    fn check(&self, by_tags: bool) -> Result<(), Fault> {
        let set = [self.date.is_some(), self.days.is_some(), self.marker.is_some()];
        if set.iter().filter(|is_set| **is_set).count() != 1 {
            return Err(faults::malformed_xml());
        }
        if self.marker.is_some() && by_tags {
            return Err(faults::bad_lifecycle("ExpiredObjectDeleteMarker cannot be specified with Tags."));
        }
        if self.date.is_some_and(|date| date.time() != NaiveTime::MIN) {
            return Err(faults::lifecycle_not_midnight());
        }
        positive("Days", self.days)
    }

    /// Whether something that was made then is to go.
    fn is_due(&self, made: Time, now: Time) -> bool {
        self.due(made).is_some_and(|due| due <= now)
    }

    /// When something that was made then is to go.
    fn due(&self, made: Time) -> Option<Time> {
        self.date.or_else(|| rounded_days(made, self.days?))
    }
}

fn positive(element: &str, number: Option<i64>) -> Result<(), Fault> {
    if number.is_some_and(|number| number < 1) { Err(faults::lifecycle_not_positive(element)) } else { Ok(()) }
}

fn is_past(since: Time, days: i64, now: Time) -> bool {
    rounded_days(since, days).is_some_and(|time| time <= now)
}

/// Days are counted from the moment, then rounded up to the next midnight.
fn rounded_days(since: Time, days: i64) -> Option<Time> {
    since.checked_add_days(Days::new(u64::try_from(days).ok()?)).map(midnight_from)
}

/// The first midnight at or after a moment.
fn midnight_from(time: Time) -> Time {
    if time.time() == NaiveTime::MIN { time } else { midnight_after(time) }
}

/// The first midnight after a moment.
fn midnight_after(time: Time) -> Time {
    let day = time.date_naive();
    day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN).and_utc()
}

/// When the current version of an object is to expire, and by which rule, as answers say it:
/// `expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", rule-id="…"`. The earliest of several counts.
pub fn expiration(bucket: &Bucket, key: &str, object: &Object, modified: Time) -> Option<String> {
    let rules = bucket.config.lifecycle.iter().flat_map(|lifecycle| &lifecycle.rules);
    let applying =
        rules.filter(|rule| rule.status == "Enabled" && key.starts_with(rule.key_prefix()) && rule.picks(object));
    let due = applying.filter_map(|rule| Some((rule.expiration.as_ref()?.due(modified)?, rule.id.as_deref()?)));
    let (time, id) = due.min()?;
    Some(format!("expiry-date=\"{}\", rule-id=\"{id}\"", http_date(time)))
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Expire { key: String },
    Remove { key: String, version: String },
    Abort { key: String, upload: String },
}

/// Applies a bucket's lifecycle rules at `world.now`, and schedules the next look.
pub fn run_lifecycle(world: &mut World, name: &str) {
    let now = world.now;
    let Some(bucket) = world.s3.buckets.get(name).filter(|bucket| bucket.config.lifecycle.is_some()) else { return };
    for act in acts(bucket, now) {
        match act {
            Act::Expire { key } => objects::expire(world, name, &key),
            Act::Remove { key, version } => objects::expire_version(world, name, &key, &version),
            Act::Abort { key, upload } => objects::abort_upload(world, name, &key, &upload),
        }
    }
    world.jobs.at(midnight_after(now), Job::BucketLifecycle { bucket: name.to_owned() });
}

/// In no order; several rules may want the same.
fn acts(bucket: &Bucket, now: Time) -> BTreeSet<Act> {
    let rules = bucket.config.lifecycle.iter().flat_map(|lifecycle| &lifecycle.rules);
    let mut acts = BTreeSet::new();
    for rule in rules.filter(|rule| rule.status == "Enabled") {
        let prefix = rule.key_prefix();
        for (key, versions) in bucket.objects.keys.iter().filter(|(key, _)| key.starts_with(prefix)) {
            acts.extend(current(rule, key, versions, now));
            acts.extend(noncurrent(rule, key, versions, now));
        }
        let days = rule.abort.as_ref().and_then(|abort| abort.days);
        for ((key, upload), pending) in bucket.objects.uploads.iter().filter(|((key, _), _)| key.starts_with(prefix)) {
            if days.is_some_and(|days| is_past(pending.initiated, days, now)) {
                acts.insert(Act::Abort { key: key.clone(), upload: upload.clone() });
            }
        }
    }
    acts
}

/// What becomes of the current version: it expires; a delete marker with nothing behind it goes.
fn current(rule: &Rule, key: &str, versions: &[Version], now: Time) -> Option<Act> {
    let expiration = rule.expiration.as_ref()?;
    let version = versions.last()?;
    match &version.object {
        Some(object) if rule.picks(object) && expiration.is_due(version.modified, now) => {
            Some(Act::Expire { key: key.to_owned() })
        }
        None if versions.len() == 1
            && rule.tags().is_empty()
            && (expiration.marker == Some(true) || expiration.is_due(version.modified, now)) =>
        {
            Some(Act::Remove { key: key.to_owned(), version: version.id.clone() })
        }
        _ => None,
    }
}

/// Noncurrent versions that have been so for long enough, without the newest that are kept.
fn noncurrent(rule: &Rule, key: &str, versions: &[Version], now: Time) -> Vec<Act> {
    let Some(Noncurrent { days: Some(days), newer }) = &rule.noncurrent else { return Vec::new() };
    let kept = usize::try_from(newer.unwrap_or(0)).unwrap_or(usize::MAX);
    // A version becomes noncurrent when the next one is made.
    let pairs = versions.iter().zip(versions.iter().skip(1)).rev().skip(kept);
    let due = pairs.filter(|(version, next)| {
        version.object.as_ref().is_none_or(|object| rule.picks(object)) && is_past(next.modified, *days, now)
    });
    due.map(|(version, _)| Act::Remove { key: key.to_owned(), version: version.id.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn marker(id: &str, modified: &str) -> Version {
        Version { id: id.to_owned(), modified: time(modified), object: None }
    }

    #[test]
    fn days_are_rounded_up_to_midnight() {
        // The example of the user guide: created 2014-01-15 10:30, three days: transitions at 2014-01-19 00:00.
        let check = |since: &str, days: i64, now: &str, expected: bool| {
            assert_eq!(is_past(time(since), days, time(now)), expected, "{since} + {days} at {now}");
        };
        check("2014-01-15T10:30:00Z", 3, "2014-01-18T23:59:59Z", false);
        check("2014-01-15T10:30:00Z", 3, "2014-01-19T00:00:00Z", true);
        check("2014-01-15T00:00:00Z", 1, "2014-01-16T00:00:00Z", true);
    }

    #[test]
    fn noncurrent_versions_count_from_their_successor() {
        let versions = [
            marker("1", "2026-01-01T12:00:00Z"),
            marker("2", "2026-01-02T12:00:00Z"),
            marker("3", "2026-01-03T12:00:00Z"),
            marker("4", "2026-01-09T12:00:00Z"),
        ];
        let check = |days: i64, newer: Option<i64>, expected: &[&str]| {
            let rule = Rule { noncurrent: Some(Noncurrent { days: Some(days), newer }), ..Rule::default() };
            let acts = noncurrent(&rule, "k", &versions, time("2026-01-10T00:00:00Z"));
            let removed = |id: &&str| Act::Remove { key: "k".to_owned(), version: (*id).to_owned() };
            assert_eq!(acts, expected.iter().map(removed).collect::<Vec<_>>(), "{days} {newer:?}");
        };
        check(1, None, &["2", "1"]);
        check(7, None, &["1"]);
        check(1, Some(2), &["1"]);
        check(30, None, &[]);
    }

    #[test]
    fn rules_that_are_refused() {
        let days = |days| Some(Expiration { days: Some(days), ..Expiration::default() });
        let all = || Some(Filter::default());
        let check = |rule: Rule, expected: Option<&str>| {
            let code = check(&[Rule { status: "Enabled".to_owned(), ..rule }]).err().map(|fault| fault.code);
            assert_eq!(code.as_deref(), expected);
        };
        check(Rule { filter: all(), expiration: days(1), ..Rule::default() }, None);
        check(Rule { filter: all(), expiration: days(0), ..Rule::default() }, Some("InvalidArgument"));
        check(Rule { filter: all(), ..Rule::default() }, Some("InvalidRequest"));
        check(Rule { expiration: days(1), ..Rule::default() }, Some("MalformedXML"));
        let and = |larger| Some(And { prefix: Some("logs/".to_owned()), larger, ..And::default() });
        let filter = |and| Some(Filter { and, ..Filter::default() });
        check(Rule { filter: filter(and(Some(5))), expiration: days(1), ..Rule::default() }, None);
        check(Rule { filter: filter(and(None)), expiration: days(1), ..Rule::default() }, Some("MalformedXML"));
        let transitions = Some(vec![Value::Null]);
        check(Rule { filter: all(), expiration: days(1), transitions, ..Rule::default() }, Some("NotImplemented"));
        let date = Some(Expiration { date: Some(time("2026-01-01T01:00:00Z")), ..Expiration::default() });
        check(Rule { filter: all(), expiration: date, ..Rule::default() }, Some("InvalidArgument"));
    }
}
