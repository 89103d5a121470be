//! `DescribeQueries`: queries of the last days, the newest first. `ListLogGroupsForQuery`: what one of them reads.

use std::sync::Arc;

use crate::services::logs::faults;
use crate::services::logs::naming::GroupPlace;
use crate::services::logs::paging::{Order, PageEnd, PageRequest};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::{op, record};

use super::run::Ending;
use super::{KEPT, LANGUAGE, Query, find};

pub const OPS: &[Op] =
    &[op!(Read "DescribeQueries" describe_queries), op!(Read "ListLogGroupsForQuery" list_log_groups_for_query)];

/// Queries on a page unless `maxResults` says otherwise.
const PAGE_QUERIES: i64 = 1000;

record! {
    struct DescribeQueries {
        group: Option<String> = "logGroupName",
        status: Option<String> = "status",
        limit: Option<i64> = "maxResults",
        token: Option<String> = "nextToken",
        language: Option<String> = "queryLanguage",
    }

    struct DescribedQueries { queries: Vec<QueryInfo> = "queries" }

    struct QueryInfo {
        language: String = "queryLanguage",
        id: String = "queryId",
        text: String = "queryString",
        status: String = "status",
        created: i64 = "createTime",
        group: Option<String> = "logGroupName",
        duration: Option<i64> = "queryDuration",
        bytes: f64 = "bytesScanned",
        caller: Option<String> = "userIdentity",
    }

    struct ListLogGroupsForQuery {
        id: String = "queryId",
        limit: Option<i64> = "maxResults",
        token: Option<String> = "nextToken",
    }

    struct QueriedGroups { groups: Vec<String> = "logGroupIdentifiers" }
}

fn describe_queries(cx: &mut Cx, input: DescribeQueries) -> Result<Scan<(DescribedQueries, PageEnd)>, Fault> {
    if let Some(group) = &input.group
        && GroupPlace::new(&cx.account, cx.region, group).find(cx.world).is_none()
    {
        return Err(faults::no_such_group());
    }
    let page = PageRequest { token: input.token, limit: input.limit.or(Some(PAGE_QUERIES)) };
    // What is on the page is known when queries have ended; whether it can be had, now.
    page.cut(Order::Descending, std::iter::empty::<(String, ())>())?;
    let (now, waits) = (cx.world.now, cx.world.clock_stands_still);
    let any = input.language.as_deref().is_none_or(|language| language == LANGUAGE);
    let of_group = |query: &Query| input.group.as_ref().is_none_or(|group| query.groups.contains(group));
    let queries = &cx.world.regional(&cx.account, cx.region).logs.queries.kept;
    let wanted = queries.iter().rev().filter(|query| any && query.created + KEPT > now && of_group(query));
    let wanted: Vec<Arc<Query>> = wanted.cloned().collect();
    wanted.iter().for_each(|query| query.stop_when_overdue(cx.world));
    Ok(Scan::new(move || {
        let infos = wanted.iter().map(|query| (format!("{:020}", query.number), described(query, waits)));
        let of_status = infos.filter(|(_, info)| input.status.as_ref().is_none_or(|status| *status == info.status));
        match page.cut(Order::Descending, of_status) {
            Ok(page) => (DescribedQueries { queries: page.items }, page.end),
            Err(_) => (DescribedQueries::default(), PageEnd::default()),
        }
    }))
}

fn described(query: &Query, waits: bool) -> QueryInfo {
    if waits {
        query.running.wait();
    }
    let bytes = match query.running.ending() {
        Some(Ending::Complete(results)) => results.bytes_scanned,
        _ => query.running.progress().bytes,
    };
    QueryInfo {
        language: LANGUAGE.to_owned(),
        id: query.id.clone(),
        text: query.text.clone(),
        status: query.running.status().to_owned(),
        created: query.created.timestamp_millis(),
        group: match &query.groups[..] {
            [group] => Some(group.clone()),
            _ => None,
        },
        // Otherwise nobody has looked at the clock when it ended.
        duration: query.timeless.then_some(0),
        bytes: bytes as f64,
        caller: query.caller.clone(),
    }
}

/// Names, since all groups are the caller's own.
fn list_log_groups_for_query(cx: &mut Cx, input: ListLogGroupsForQuery) -> Result<(QueriedGroups, PageEnd), Fault> {
    let query = find(cx, &input.id)?;
    let mut groups = query.groups.clone();
    groups.sort_unstable();
    let page = PageRequest { token: input.token, limit: input.limit };
    let page = page.cut(Order::Ascending, groups.into_iter().map(|group| (group.clone(), group)))?;
    Ok((QueriedGroups { groups: page.items }, page.end))
}
