//! `StartQuery`: which groups, which time, which query.

use std::sync::Arc;

use crate::query::{Bounds, CompileError, Query as Compiled, Source};
use crate::services::logs::events::expire;
use crate::services::logs::events::{Pick, Range, snapshot};
use crate::services::logs::groups::{Class, GROUP};
use crate::services::logs::naming::GroupPlace;
use crate::services::logs::{Group, faults};
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::{op, record};

use super::run::{Events, Running, Work};
use super::{LANGUAGE, Query, RUNNING_MAX, milliseconds};

pub const OPS: &[Op] = &[op!(Read "StartQuery" start_query).resources(&[GROUP])];

/// Groups that `SOURCE` can select.
const SOURCE_GROUPS_MAX: usize = 10_000;

/// Commands that only groups of the class Standard have
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_Classes.html>).
const STANDARD_COMMANDS: [&str; 4] = ["pattern", "diff", "filterIndex", "unmask"];

/// Fields on which every group of the class Standard is indexed
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-FilterIndex.html>); indexes of one's
/// own are not built.
const INDEXED: [&str; 10] = [
    "@logStream",
    "@aws.region",
    "@aws.account",
    "@source.log",
    "@data_source_name",
    "@data_source_type",
    "@data_format",
    "traceId",
    "severityText",
    "attributes.session.id",
];

record! {
    struct StartQuery {
        language: Option<String> = "queryLanguage",
        group: Option<String> = "logGroupName",
        groups: Vec<String> = "logGroupNames",
        identifiers: Vec<String> = "logGroupIdentifiers",
        start: i64 = "startTime",
        end: i64 = "endTime",
        query: String = "queryString",
        limit: Option<i64> = "limit",
    }

    struct Started { id: String = "queryId" }
}

fn start_query(cx: &mut Cx, input: StartQuery) -> Result<Started, Fault> {
    if let Some(language) = input.language.as_deref().filter(|language| *language != LANGUAGE) {
        return Err(faults::not_built(&format!("queryLanguage {language}")));
    }
    let query = Compiled::parse(&input.query).map_err(faults::malformed_query)?;
    let bounds = bounds(&input, cx.world.now)?;
    let places = groups(cx, &input, query.source())?;
    check(cx.world, &places, &query, &input.query, bounds)?;
    let inner = inner_groups(cx, &query)?;
    let (now, timeless) = (cx.world.now, cx.world.clock_stands_still);
    let queries = &mut cx.world.regional(&cx.account, cx.region).logs.queries;
    if !timeless && queries.running() >= RUNNING_MAX {
        return Err(faults::too_many_queries(RUNNING_MAX));
    }
    queries.expire(now);
    queries.started += 1;
    let number = queries.started;
    let groups = events(cx.world, &places, &query, bounds);
    let pairs = query.inner().iter().zip(&inner);
    let inner_groups = pairs.map(|(query, places)| events(cx.world, places, query, bounds)).collect();
    let id = cx.world.ids.uuid().to_string();
    let running = Arc::new(Running::new(Work { query, bounds, groups, inner: inner_groups }));
    let started = Query {
        id: id.clone(),
        number,
        text: input.query,
        groups: each_once(places.into_iter().chain(inner.into_iter().flatten())),
        created: now,
        caller: cx.caller.arn(),
        timeless,
        running: Arc::clone(&running),
    };
    cx.world.regional(&cx.account, cx.region).logs.queries.kept.push(Arc::new(started));
    cx.world.background.push(Box::new(move || running.run()));
    Ok(Started { id })
}

fn bounds(input: &StartQuery, now: Time) -> Result<Bounds, Fault> {
    let (start_ms, end_ms) = (milliseconds(input.start), milliseconds(input.end));
    if end_ms < start_ms {
        return Err(faults::query_ends_before_start());
    }
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok());
    Ok(Bounds { start_ms, end_ms, limit, now_ms: now.timestamp_millis() })
}

/// The groups that are named, in one way of several.
fn groups(cx: &mut Cx, input: &StartQuery, source: Option<&Source>) -> Result<Vec<GroupPlace>, Fault> {
    let name = input.group.as_slice();
    let given: Vec<_> =
        [name, &input.groups, &input.identifiers].into_iter().filter(|names| !names.is_empty()).collect();
    match (&given[..], source) {
        ([names], None) => named(cx, names),
        ([], Some(source)) => selected(cx, source),
        ([], None) => Err(faults::query_without_groups()),
        _ => Err(faults::query_groups_given_twice()),
    }
}

/// Each group once, in the order in which they are named.
fn named(cx: &Cx, identifiers: &[String]) -> Result<Vec<GroupPlace>, Fault> {
    let mut places = Vec::with_capacity(identifiers.len());
    for identifier in identifiers {
        let place = match identifier.contains(':') {
            true => GroupPlace::parse_arn(identifier).ok_or_else(|| faults::invalid_identifier(identifier))?,
            false => GroupPlace::new(&cx.account, cx.region, identifier),
        };
        let here = place.account == cx.account && place.region == cx.region;
        if !here || place.find(cx.world).is_none() {
            return Err(faults::no_such_group_in(&place.name, &place.account));
        }
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Ok(places)
}

/// The groups of subqueries and of the right side of a join.
fn inner_groups(cx: &mut Cx, query: &Compiled) -> Result<Vec<Vec<GroupPlace>>, Fault> {
    let mut groups = Vec::with_capacity(query.inner().len());
    for inner in query.inner() {
        let places = inner.source().map_or(Ok(Vec::new()), |source| selected(cx, source))?;
        check_classes(cx.world, &places, inner)?;
        groups.push(places);
    }
    Ok(groups)
}

/// The names of groups, in order.
fn each_once(places: impl Iterator<Item = GroupPlace>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for place in places {
        if !names.contains(&place.name) {
            names.push(place.name);
        }
    }
    names
}

/// What `SOURCE` selects (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html>):
/// a group by its name, or groups of the class Standard unless it says otherwise. Accounts are not linked.
fn selected(cx: &mut Cx, source: &Source) -> Result<Vec<GroupPlace>, Fault> {
    if !source.names.is_empty() {
        return named(cx, &source.names);
    }
    let foreign = |account: &&String| !account.eq_ignore_ascii_case("all") && *account != cx.account.as_str();
    if let Some(account) = source.account_identifiers.iter().find(foreign) {
        return Err(faults::account_not_linked(account));
    }
    let mut classes = source.classes.iter().map(|class| source_class(class)).collect::<Result<Vec<Class>, Fault>>()?;
    if classes.is_empty() {
        classes.push(Class::Standard);
    }
    let prefixes = &source.name_prefixes;
    let wanted = |group: &&Group| {
        classes.contains(&group.class)
            && (prefixes.is_empty() || prefixes.iter().any(|prefix| group.name.starts_with(prefix)))
            && source.tags.iter().all(|tag| group.tags.get(&tag.key).is_some_and(|value| tag.takes(value)))
    };
    let groups = cx.world.regional(&cx.account, cx.region).logs.groups.values();
    let names: Vec<String> = groups.filter(wanted).map(|group| group.name.clone()).collect();
    if names.len() > SOURCE_GROUPS_MAX {
        return Err(faults::too_many_source_groups(SOURCE_GROUPS_MAX));
    }
    Ok(names.iter().map(|name| GroupPlace::new(&cx.account, cx.region, name)).collect())
}

fn source_class(class: &str) -> Result<Class, Fault> {
    match Class::parse(&class.to_ascii_uppercase()) {
        Class::Standard if !class.eq_ignore_ascii_case(Class::Standard.as_str()) => Err(faults::source_class(class)),
        class @ (Class::Standard | Class::InfrequentAccess) => Ok(class),
        Class::Essentials | Class::Delivery => Err(faults::source_class(class)),
    }
}

/// Whether the groups can be asked this, and there may be something to find.
fn check(world: &World, places: &[GroupPlace], query: &Compiled, text: &str, bounds: Bounds) -> Result<(), Fault> {
    check_classes(world, places, query)?;
    let groups: Vec<&Group> = places.iter().filter_map(|place| place.find(world)).collect();
    let too_early = |group: &&Group| bounds.end_ms.div_euclid(1000) < oldest_ms(group, world.now).div_euclid(1000);
    if !groups.is_empty() && groups.iter().all(too_early) {
        return Err(faults::malformed_query(before_groups(text)));
    }
    Ok(())
}

/// Whether groups of these classes can be asked this.
fn check_classes(world: &World, places: &[GroupPlace], query: &Compiled) -> Result<(), Fault> {
    let groups: Vec<&Group> = places.iter().filter_map(|place| place.find(world)).collect();
    if let Some(group) = groups.iter().find(|group| group.class == Class::Delivery) {
        return Err(faults::not_for_class(&group.name, group.class.as_str(), "StartQuery"));
    }
    let cheaper = groups.iter().find(|group| group.class != Class::Standard);
    if let Some((group, command)) = cheaper.zip(standard_command(query)) {
        return Err(faults::not_for_class(&group.name, group.class.as_str(), &format!("The command {command}")));
    }
    Ok(())
}

/// The time before which a group can have nothing to show: a query that ends before is refused.
fn oldest_ms(group: &Group, now: Time) -> i64 {
    let created = group.created.timestamp_millis();
    expire::cutoff_ms(group, now).map_or(created, |cutoff| cutoff.max(created))
}

/// AWS's own words, about the whole text.
fn before_groups(text: &str) -> CompileError {
    let end = text.chars().count();
    let message = format!(
        "Query's end date and time is either before the log groups creation time or exceeds the log groups log \
         retention settings ([0,{end}])"
    );
    CompileError { message, start: 0, end }
}

/// The first command that needs groups of the class Standard.
fn standard_command(query: &Compiled) -> Option<&'static str> {
    let text = query.to_string();
    let source = query.source().map(|source| format!("{source} | ")).unwrap_or_default();
    let commands = text.strip_prefix(&source).unwrap_or(&text);
    STANDARD_COMMANDS.into_iter().find(|command| has_command(commands, command))
}

/// Whether one of the commands of a query's text, as it is printed, is that. The same words may stand within quotes:
/// what is before those is no query.
fn has_command(text: &str, command: &str) -> bool {
    let begins = |text: &str| {
        let rest = text.strip_prefix(command);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    const BETWEEN: &str = " | ";
    begins(text)
        || text
            .match_indices(BETWEEN)
            .any(|(at, _)| begins(&text[at + BETWEEN.len()..]) && Compiled::parse(&text[..at]).is_ok())
}

/// Groups without an index on the fields of `filterIndex` are not read.
fn is_indexed(world: &World, place: &GroupPlace, fields: &[String]) -> bool {
    let standard = place.find(world).is_some_and(|group| group.class == Class::Standard);
    fields.iter().all(|field| standard && INDEXED.contains(&field.as_str()))
}

/// What a query reads of groups.
fn events(world: &World, places: &[GroupPlace], query: &Compiled, bounds: Bounds) -> Vec<Events> {
    let read = places.iter().filter(|place| is_indexed(world, place, query.indexed()));
    read.flat_map(|place| snapshots(world, place, query, bounds)).collect()
}

/// A group's events in the times that a query reads, each once. Events that are older than their group are out of
/// reach (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AnalyzingLogData.html>).
fn snapshots(world: &World, place: &GroupPlace, query: &Compiled, bounds: Bounds) -> Vec<Events> {
    // Queries name whole seconds, and so do clients that write events: the second of the creation is within reach.
    let created = place.find(world).map_or(i64::MIN, |group| group.created.timestamp() * 1000);
    let range = |(start, end): (i64, i64)| Range::of_times(Some(start.max(created)), Some(end.saturating_add(1)));
    let taken = |range| Events { place: place.clone(), snapshot: snapshot(world, place, Pick::All, range) };
    apart(query.ranges(bounds)).into_iter().map(range).map(taken).collect()
}

/// Ranges, both ends included, with those that overlap made one.
fn apart(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut apart: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match apart.last_mut() {
            Some(before) if start <= before.1 => before.1 = before.1.max(end),
            _ => apart.push((start, end)),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_words_in_quotes() {
        let check = |text: &str, wanted: Option<&str>| {
            assert_eq!(standard_command(&Compiled::parse(text).unwrap()), wanted, "{text}");
        };
        check("fields @message", None);
        check("pattern @message", Some("pattern"));
        check("filter a = 1 | pattern @message", Some("pattern"));
        check("SOURCE logGroups(namePrefix: ['a | pattern b']) | fields a", None);
        check("SOURCE logGroups(namePrefix: ['a']) | pattern @message", Some("pattern"));
        check("filter @message like 'a | pattern b'", None);
        check("filter @message like /a | pattern b/", None);
        check("fields `a | diff b`", None);
        check("filter a like 'x | diff' | filterIndex traceId = 'a'", Some("filterIndex"));
        check("fields @message | unmask @message", Some("unmask"));
    }

    #[test]
    fn ranges_that_overlap_are_read_once() {
        assert_eq!(apart(vec![(5, 9), (0, 4)]), [(0, 4), (5, 9)]);
        assert_eq!(apart(vec![(5, 9), (0, 5)]), [(0, 9)]);
        assert_eq!(apart(vec![(0, 9), (2, 3)]), [(0, 9)]);
    }

    #[test]
    fn times_are_seconds_or_milliseconds() {
        assert_eq!(milliseconds(1_768_471_200), 1_768_471_200_000);
        assert_eq!(milliseconds(1_768_471_200_123), 1_768_471_200_123);
        assert_eq!(milliseconds(0), 0);
    }
}
