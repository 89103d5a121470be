//! `GetQueryResults` and `StopQuery`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;

use crate::query::Results;
use crate::services::logs::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::{op, record};

use super::run::Ending;
use super::{LANGUAGE, Query, find};

pub const OPS: &[Op] = &[op!(Read "GetQueryResults" get_query_results), op!(Read "StopQuery" stop_query)];

/// Rows in one answer
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html>).
const ROWS_MAX: usize = 10_000;
/// How long a token can be used.
const TOKEN_KEPT: TimeDelta = TimeDelta::hours(1);

record! {
    struct GetQueryResults {
        id: String = "queryId",
        token: Option<String> = "nextToken",
        rows: Option<i64> = "maxItems",
    }

    struct QueryResults {
        language: String = "queryLanguage",
        rows: Vec<Vec<ResultField>> = "results",
        statistics: Statistics = "statistics",
        status: String = "status",
        token: Option<String> = "nextToken",
    }

    struct ResultField { field: String = "field", value: String = "value" }

    /// Nothing is ever skipped.
    struct Statistics {
        matched: f64 = "recordsMatched",
        scanned: f64 = "recordsScanned",
        records_skipped: f64 = "estimatedRecordsSkipped",
        bytes: f64 = "bytesScanned",
        bytes_skipped: f64 = "estimatedBytesSkipped",
        groups: f64 = "logGroupsScanned",
        rows: Option<f64> = "resultCount",
    }

    struct StopQuery { id: String = "queryId" }

    struct Stopped { success: bool = "success" }
}

fn get_query_results(cx: &mut Cx, input: GetQueryResults) -> Result<Scan<QueryResults>, Fault> {
    let query = find(cx, &input.id)?;
    let now = cx.world.now;
    let first = match &input.token {
        Some(token) => {
            Token::parse(token).and_then(|token| token.first(&query, now)).ok_or_else(faults::invalid_token)?
        }
        None => 0,
    };
    let rows = input.rows.and_then(|rows| usize::try_from(rows).ok()).map_or(ROWS_MAX, |rows| rows.min(ROWS_MAX));
    let waits = cx.world.clock_stands_still;
    Ok(Scan::new(move || {
        if waits {
            query.running.wait();
        }
        shown(&query, first, rows, now)
    }))
}

fn shown(query: &Query, first: usize, most: usize, now: Time) -> QueryResults {
    let status = query.running.status().to_owned();
    let answer = QueryResults { language: LANGUAGE.to_owned(), status, ..QueryResults::default() };
    let groups = query.groups.len() as f64;
    match query.running.ending() {
        Some(Ending::Complete(results)) => {
            let next = first.saturating_add(most);
            let token = Token { query: query.id.clone(), first: next, made: now };
            QueryResults {
                status: Ending::Complete(Arc::clone(&results)).name().to_owned(),
                rows: results.rows.iter().skip(first).take(most).map(|row| fields(row)).collect(),
                token: (next < results.rows.len()).then(|| token.print()),
                statistics: Statistics { groups, ..Statistics::of(&results) },
                ..answer
            }
        }
        _ => {
            let read = query.running.progress();
            let statistics =
                Statistics { scanned: read.records as f64, bytes: read.bytes as f64, groups, ..Statistics::default() };
            QueryResults { statistics, ..answer }
        }
    }
}

fn fields(row: &[(String, String)]) -> Vec<ResultField> {
    row.iter().map(|(field, value)| ResultField { field: field.clone(), value: value.clone() }).collect()
}

impl Statistics {
    fn of(results: &Results) -> Statistics {
        Statistics {
            matched: results.records_matched as f64,
            scanned: results.records_scanned as f64,
            bytes: results.bytes_scanned as f64,
            rows: Some(results.rows.len() as f64),
            ..Statistics::default()
        }
    }
}

/// A query that has ended cannot be stopped; while the clock stands still, each has.
fn stop_query(cx: &mut Cx, input: StopQuery) -> Result<Stopped, Fault> {
    let query = find(cx, &input.id)?;
    match !cx.world.clock_stands_still && query.running.stop(Ending::Cancelled) {
        true => Ok(Stopped { success: true }),
        false => Err(faults::query_is_not_running()),
    }
}

/// Where a page of results goes on.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    query: String,
    first: usize,
    made: Time,
}

impl Token {
    fn parse(token: &str) -> Option<Token> {
        let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let parts: Vec<&str> = text.split(' ').collect();
        let [query, first, made] = parts[..] else { return None };
        let made = Time::from_timestamp_millis(made.parse().ok()?)?;
        Some(Token { query: query.to_owned(), first: first.parse().ok()?, made })
    }

    fn print(&self) -> String {
        STANDARD.encode(format!("{} {} {}", self.query, self.first, self.made.timestamp_millis()))
    }

    /// The first row of the page, if the token is one of the query's and can still be used.
    fn first(&self, query: &Query, now: Time) -> Option<usize> {
        let age = now.signed_duration_since(self.made);
        (self.query == query.id && age <= TOKEN_KEPT).then_some(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let made = "2026-01-15T10:00:00.123Z".parse().unwrap();
        let token = Token { query: "12ab1234-0a1b".into(), first: 10_000, made };
        assert_eq!(Token::parse(&token.print()), Some(token));
        for text in ["", "a", "YSBiIGM=", "not base64!"] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}
