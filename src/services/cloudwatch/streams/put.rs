//! Metric streams: making, changing, showing and deleting them.

use crate::services::cloudwatch::faults;
use crate::services::cloudwatch::faults::no_resource;
use crate::services::cloudwatch::tags::{self, Tag};
use crate::services::firehose;
use crate::services::iam::names::{Kind, parse_arn};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::pages::{self, Order};
use crate::world::tags::Tags;
use crate::world::time::Time;
use crate::{op, record};

use super::filters::{Additional, Configuration, Filter, Filters};
use super::{Format, Place, Settings, Stream, Streams, delivery};

/// The operations on metric streams.
pub const OPS: &[Op] = &[
    op!(Write "DeleteMetricStream" delete),
    op!(Read "GetMetricStream" get),
    op!(Read "ListMetricStreams" list),
    op!(Write "PutMetricStream" put),
];

/// Streams on a page, unless the caller wants another number.
const PAGE: i64 = 500;
/// The only format that is not built.
const OTEL_0_7: &str = "opentelemetry0.7";

record! {
    struct Put {
        name: String = "Name",
        include: Option<Vec<Filter>> = "IncludeFilters",
        exclude: Option<Vec<Filter>> = "ExcludeFilters",
        firehose: String = "FirehoseArn",
        role: String = "RoleArn",
        format: String = "OutputFormat",
        tags: Vec<Tag> = "Tags",
        statistics: Vec<Configuration> = "StatisticsConfigurations",
        linked: bool = "IncludeLinkedAccountsMetrics",
    }
    struct Done { arn: String = "Arn" }

    struct Named { name: String = "Name" }
    struct Shown {
        arn: String = "Arn",
        name: String = "Name",
        include: Option<Vec<Filter>> = "IncludeFilters",
        exclude: Option<Vec<Filter>> = "ExcludeFilters",
        firehose: String = "FirehoseArn",
        role: String = "RoleArn",
        state: String = "State",
        created: Option<Time> = "CreationDate",
        updated: Option<Time> = "LastUpdateDate",
        format: String = "OutputFormat",
        statistics: Option<Vec<Configuration>> = "StatisticsConfigurations",
        linked: bool = "IncludeLinkedAccountsMetrics",
    }

    struct List { token: Option<String> = "NextToken", limit: Option<i64> = "MaxResults" }
    struct Listed { token: Option<String> = "NextToken", entries: Vec<Entry> = "Entries" }
    struct Entry {
        arn: String = "Arn",
        created: Option<Time> = "CreationDate",
        updated: Option<Time> = "LastUpdateDate",
        name: String = "Name",
        firehose: String = "FirehoseArn",
        state: String = "State",
        format: String = "OutputFormat",
    }
}

fn put(cx: &mut Cx, input: Put) -> Result<Done, Fault> {
    if !is_name(&input.name) {
        return Err(faults::invalid("Name", &input.name));
    }
    let tags = tags::checked(input.tags.clone())?;
    let settings = input.settings(cx)?;
    let (now, name) = (cx.world.now, input.name);
    let arn = Place { account: &cx.account, region: cx.region, name: &name }.arn();
    match streams(cx).streams.get_mut(&name) {
        // "If you use it to update an existing stream, the state of the stream is not changed." Nor are its tags.
        Some(stream) => {
            stream.settings = settings;
            stream.updated = now;
            stream.session = None;
        }
        None => {
            let stream = Stream { settings, is_running: true, created: now, updated: now, tags, session: None };
            streams(cx).streams.insert(name, stream);
            let account = cx.account.clone();
            delivery::schedule(cx.world, &account, cx.region);
        }
    }
    Ok(Done { arn })
}

/// "Valid characters are A-Z, a-z, 0-9, "-" and "_"."
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Put {
    fn settings(&self, cx: &Cx) -> Result<Settings, Fault> {
        let format = match self.format.as_str() {
            "json" => Format::Json,
            OTEL_0_7 => return Err(faults::not_built(&format!("OutputFormat {OTEL_0_7}"))),
            _ => Format::Otel,
        };
        let filters = Filters::new(self.include.clone(), self.exclude.clone())?;
        let additional = Additional::new(self.statistics.clone(), format)?;
        let stream = firehose::accepts(cx.world, &self.firehose).filter(|place| place.account == cx.account);
        if stream.is_none() {
            return Err(faults::invalid("FirehoseArn", &self.firehose));
        }
        // Whether the role trusts metric streams shows when it is used.
        let role = parse_arn(Kind::Role, &self.role).filter(|(account, _)| *account == cx.account);
        let store = cx.world.accounts.get(&cx.account).map(|account| &account.iam);
        let found = role.and_then(|(_, name)| store?.roles.get(name));
        if found.is_none_or(|found| found.header.arn != self.role) {
            return Err(faults::invalid("RoleArn", &self.role));
        }
        let (firehose, role) = (self.firehose.clone(), self.role.clone());
        Ok(Settings { firehose, role, format, filters, additional, includes_linked: self.linked })
    }
}

/// The caller's metric streams in the Region called.
pub(super) fn streams<'w>(cx: &'w mut Cx<'_>) -> &'w mut Streams {
    let (account, region) = (cx.account.clone(), cx.region);
    &mut cx.world.regional(&account, region).cloudwatch.streams
}

/// A stream that is not there has been deleted already.
fn delete(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    streams(cx).streams.remove(&input.name);
    Ok(())
}

fn get(cx: &mut Cx, input: Named) -> Result<Shown, Fault> {
    let arn = Place { account: &cx.account, region: cx.region, name: &input.name }.arn();
    let stream = streams(cx).streams.get(&input.name).ok_or_else(|| no_resource("MetricStream", &input.name))?;
    let Settings { firehose, role, format, filters, additional, includes_linked } = stream.settings.clone();
    Ok(Shown {
        arn,
        name: input.name,
        include: filters.only(),
        exclude: filters.without(),
        firehose,
        role,
        state: stream.state().to_owned(),
        created: Some(stream.created),
        updated: Some(stream.updated),
        format: format.as_str().to_owned(),
        statistics: Some(additional.configurations).filter(|configurations| !configurations.is_empty()),
        linked: includes_linked,
    })
}

fn list(cx: &mut Cx, input: List) -> Result<Listed, Fault> {
    let after = input.token.as_deref().map(|token| pages::key(token).ok_or_else(faults::invalid_token)).transpose()?;
    let limit = usize::try_from(input.limit.unwrap_or(PAGE)).unwrap_or_default();
    let (account, region) = (cx.account.clone(), cx.region);
    let entries = streams(cx).streams.iter().map(|(name, stream)| {
        let arn = Place { account: &account, region, name }.arn();
        (name.clone(), stream.entry(arn, name))
    });
    let (entries, last) = pages::cut(after.as_deref(), limit, Order::Ascending, entries);
    Ok(Listed { token: last.map(pages::token), entries })
}

impl Stream {
    fn state(&self) -> &'static str {
        if self.is_running { "running" } else { "stopped" }
    }

    fn entry(&self, arn: String, name: &str) -> Entry {
        Entry {
            arn,
            created: Some(self.created),
            updated: Some(self.updated),
            name: name.to_owned(),
            firehose: self.settings.firehose.clone(),
            state: self.state().to_owned(),
            format: self.settings.format.as_str().to_owned(),
        }
    }
}

impl Streams {
    /// The tags of a stream.
    pub fn tags_of(&mut self, name: &str) -> Option<&mut Tags> {
        self.streams.get_mut(name).map(|stream| &mut stream.tags)
    }
}
