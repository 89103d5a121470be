//! Archives: events of a bus that are kept, to be replayed.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html>

use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::record::{Log, Position};
use crate::world::time::Time;

use super::event::Event;
use super::paging::{PageEnd, PageRequest};
use super::pattern;
use super::place::{archive, archive_arn, store};
use super::routing::Listener;
use super::{BusPlace, faults};

/// The operations on archives.
pub const OPS: &[Op] = &[
    op!(Write "CreateArchive" create),
    op!(Write "DeleteArchive" delete),
    op!(Read "DescribeArchive" describe),
    op!(Read "ListArchives" list),
    op!(Write "UpdateArchive" update),
];

/// What AWS says of an archive that keeps events: ours are made and changed at once.
const ENABLED: &str = "ENABLED";

/// An archive.
#[derive(Debug)]
pub struct Archive {
    pub source: BusPlace,
    pub description: Option<String>,
    /// As it was given.
    pub pattern: Option<String>,
    /// Days that events are kept; 0 for ever.
    pub retention_days: i64,
    pub created: Time,
    /// In the order of arrival.
    kept: VecDeque<Kept>,
    /// The events' texts.
    texts: Log,
    /// Of all that is kept.
    bytes: usize,
}

/// A kept event.
#[derive(Clone, Copy, Debug)]
struct Kept {
    at: Position,
    arrived: Time,
    /// As the event tells it.
    time: Time,
    bytes: usize,
}

impl Archive {
    /// Keeps an event that has come at a moment.
    pub(super) fn keep(&mut self, event: &Event, now: Time) {
        self.expire(now);
        let bytes = event.text.len();
        let at = self.texts.push(event.text.clone(), now);
        self.bytes += bytes;
        self.kept.push_back(Kept { at, arrived: now, time: event.time, bytes });
    }

    /// Drops what is older than is to be kept.
    fn expire(&mut self, now: Time) {
        if self.retention_days == 0 {
            return;
        }
        let oldest = now - TimeDelta::days(self.retention_days);
        while let Some(kept) = self.kept.pop_front_if(|kept| kept.arrived < oldest) {
            self.bytes -= kept.bytes;
        }
        self.texts.forget(oldest, self.kept.front().map_or(self.texts.end(), |kept| kept.at));
    }

    /// The time of the first event at or after `from` and before `until`, as events tell it.
    pub(super) fn next_time(&mut self, now: Time, from: Time, until: Time) -> Option<Time> {
        self.expire(now);
        self.kept.iter().map(|kept| kept.time).filter(|time| *time >= from && *time < until).min()
    }

    /// The events of a span of time, in the order of their times.
    pub(super) fn between(&self, from: Time, until: Time) -> Vec<(Time, String)> {
        let found: Vec<_> = self.kept.iter().filter(|kept| kept.time >= from && kept.time < until).collect();
        let texts = self.texts.read(found.iter().map(|kept| kept.at)).map(|entry| entry.record);
        let mut events: Vec<_> = found.iter().map(|kept| kept.time).zip(texts).collect();
        events.sort_by_key(|(time, _)| *time);
        events
    }
}

record! {
    struct Named { name: String = "ArchiveName" }
    struct Settings {
        description: Option<String> = "Description",
        pattern: Option<String> = "EventPattern",
        retention_days: Option<i64> = "RetentionDays",
        key: Option<String> = "KmsKeyIdentifier",
    }
    struct Source { source: String = "EventSourceArn" }
    struct Changed { arn: String = "ArchiveArn", state: String = "State", created: Option<Time> = "CreationTime" }

    struct Described { arn: String = "ArchiveArn", description: Option<String> = "Description" }
    struct Listed {
        name: String = "ArchiveName",
        source: String = "EventSourceArn",
        state: String = "State",
        retention_days: i64 = "RetentionDays",
        bytes: i64 = "SizeBytes",
        count: i64 = "EventCount",
        created: Option<Time> = "CreationTime",
    }
    struct OfEvents { pattern: Option<String> = "EventPattern" }

    struct ListArchives {
        prefix: Option<String> = "NamePrefix",
        source: Option<String> = "EventSourceArn",
        state: Option<String> = "State",
    }
    struct ListedArchives { archives: Vec<Listed> = "Archives" }
}

impl Settings {
    fn checked(self) -> Result<Settings, Fault> {
        if self.key.as_ref().is_some_and(|key| !key.is_empty()) {
            return Err(faults::not_built("KmsKeyIdentifier"));
        }
        let pattern = self.pattern.filter(|pattern| !pattern.is_empty());
        if let Some(text) = &pattern {
            pattern::checked(text)?;
        }
        Ok(Settings { pattern, ..self })
    }
}

fn create(cx: &mut Cx, (named, source, settings): (Named, Source, Settings)) -> Result<Changed, Fault> {
    let settings = settings.checked()?;
    let place = BusPlace::parse(&source.source).filter(|bus| bus.account == cx.account && bus.region == cx.region);
    let place = place.ok_or_else(faults::archive_elsewhere)?;
    if !place.is_there(cx.world) {
        return Err(faults::no_bus(&place.name));
    }
    let now = cx.world.now;
    let archives = &mut cx.world.regional(&cx.account, cx.region).events.archives;
    if archives.contains_key(&named.name) {
        return Err(faults::archive_exists(&named.name));
    }
    let archive = Archive {
        source: place,
        description: settings.description,
        pattern: settings.pattern,
        retention_days: settings.retention_days.unwrap_or(0),
        created: now,
        kept: VecDeque::new(),
        texts: Log::default(),
        bytes: 0,
    };
    archives.insert(named.name.clone(), archive);
    listen(cx, &named.name)?;
    changed(cx, &named.name)
}

/// Has the archive's bus send it what its pattern matches.
fn listen(cx: &mut Cx, name: &str) -> Result<(), Fault> {
    let archive = archive(cx, name)?;
    let pattern = archive.pattern.as_ref().and_then(|text| pattern::checked(text).ok());
    let source = archive.source.clone();
    source.bus(cx.world)?.listeners.set(Listener::Archive(name.into()), pattern);
    Ok(())
}

fn changed(cx: &mut Cx, name: &str) -> Result<Changed, Fault> {
    let created = Some(archive(cx, name)?.created);
    Ok(Changed { arn: archive_arn(&cx.account, cx.region, name), state: ENABLED.to_owned(), created })
}

/// Settings that are not given stay.
fn update(cx: &mut Cx, (named, settings): (Named, Settings)) -> Result<Changed, Fault> {
    let settings = settings.checked()?;
    let archive = archive(cx, &named.name)?;
    archive.description = settings.description.or_else(|| archive.description.take());
    archive.pattern = settings.pattern.or_else(|| archive.pattern.take());
    archive.retention_days = settings.retention_days.unwrap_or(archive.retention_days);
    listen(cx, &named.name)?;
    changed(cx, &named.name)
}

fn delete(cx: &mut Cx, named: Named) -> Result<(), Fault> {
    let source = archive(cx, &named.name)?.source.clone();
    source.bus(cx.world)?.listeners.remove(&Listener::Archive(named.name.as_str().into()));
    cx.world.regional(&cx.account, cx.region).events.archives.remove(&named.name);
    Ok(())
}

fn describe(cx: &mut Cx, named: Named) -> Result<(Described, Listed, OfEvents), Fault> {
    let (now, arn) = (cx.world.now, archive_arn(&cx.account, cx.region, &named.name));
    let archive = archive(cx, &named.name)?;
    archive.expire(now);
    let described = Described { arn, description: archive.description.clone() };
    Ok((described, listed(&named.name, archive), OfEvents { pattern: archive.pattern.clone() }))
}

fn listed(name: &str, archive: &Archive) -> Listed {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    Listed {
        name: name.to_owned(),
        source: archive.source.arn(),
        state: ENABLED.to_owned(),
        retention_days: archive.retention_days,
        bytes: number(archive.bytes),
        count: number(archive.kept.len()),
        created: Some(archive.created),
    }
}

fn list(cx: &mut Cx, (input, page): (ListArchives, PageRequest)) -> Result<(ListedArchives, PageEnd), Fault> {
    let now = cx.world.now;
    cx.world.regional(&cx.account, cx.region).events.archives.values_mut().for_each(|archive| archive.expire(now));
    let prefix = input.prefix.unwrap_or_default();
    let archives = store(cx.world, &cx.account, cx.region).into_iter().flat_map(|store| &store.archives);
    let shown = archives.filter(|(name, archive)| {
        name.starts_with(&prefix)
            && input.source.as_ref().is_none_or(|source| *source == archive.source.arn())
            && input.state.as_ref().is_none_or(|state| state == ENABLED)
    });
    let (archives, end) = page.cut(shown.map(|(name, archive)| (name.as_str(), listed(name, archive))))?;
    Ok((ListedArchives { archives }, end))
}
