//! Answers in pages: so many data points, in the order of the queries, from where the page before ended.

use crate::services::cloudwatch::faults;
use crate::services::cloudwatch::math::Series;
use crate::wire::Fault;
use crate::world::pages;
use crate::world::time::Time;

use super::gather::Gathered;
use super::labels::{Facts, Offset};
use super::plan::{Kind, Query};
use super::run::Run;
use super::{DataResult, Message, MetricData};

/// Where a page begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// The query, the series of it, the data point of that.
    query: usize,
    series: usize,
    point: usize,
}

/// Which page is wanted, and how.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub place: Place,
    pub limit: usize,
    pub ascending: bool,
    pub offset: Offset,
}

impl Place {
    /// Reads a token.
    ///
    /// # Errors
    /// `InvalidNextToken`
    pub fn parse(token: Option<&str>) -> Result<Place, Fault> {
        let Some(token) = token else { return Ok(Place::default()) };
        let read = || {
            let key = pages::key(token)?;
            let numbers: Option<Vec<usize>> = key.split(':').map(|number| number.parse().ok()).collect();
            let [query, series, point] = numbers?[..] else { return None };
            Some(Place { query, series, point })
        };
        read().ok_or_else(faults::invalid_token)
    }

    fn token(self) -> String {
        pages::token(format!("{}:{}:{}", self.query, self.series, self.point))
    }
}

/// Works out a page.
pub fn cut(gathered: &Gathered, wanted: &Wanted) -> MetricData {
    let run = gathered.run();
    let (mut results, mut left) = (Vec::new(), wanted.limit);
    let returned =
        gathered.plan.queries.iter().enumerate().skip(wanted.place.query).filter(|(_, query)| query.returned);
    for (place, query) in returned {
        let mut answer = run.answer(place);
        let begun = if place == wanted.place.query { wanted.place } else { Place { query: place, ..Place::default() } };
        let messages = Some(std::mem::take(&mut answer.messages)).filter(|messages| !messages.is_empty());
        for (index, series) in answer.series.iter().enumerate().skip(begun.series) {
            let first = if index == begun.series { begun.point } else { 0 };
            let more = series.points.len().saturating_sub(first);
            if left == 0 && more > 0 {
                return page(gathered, &run, results, Some(Place { query: place, series: index, point: first }));
            }
            let shown = more.min(left);
            let label = label(gathered, wanted.offset, query, series, answer.is_list);
            let status = if shown < more { "PartialData" } else { "Complete" }.to_owned();
            let (moments, values) = points(series, wanted.ascending, first, shown);
            results.push(DataResult {
                id: query.id.clone(),
                label,
                moments,
                values,
                status,
                messages: messages.clone(),
            });
            left -= shown;
            if shown < more {
                return page(
                    gathered,
                    &run,
                    results,
                    Some(Place { query: place, series: index, point: first + shown }),
                );
            }
        }
    }
    page(gathered, &run, results, None)
}

fn page(gathered: &Gathered, run: &Run, results: Vec<DataResult>, next: Option<Place>) -> MetricData {
    let mut messages = gathered.messages.clone();
    if !run.is_whole() && messages.is_empty() {
        messages.push(Message::too_much());
    }
    MetricData { results, token: next.map(Place::token), messages }
}

/// Some data points, the newest first unless it is asked for otherwise.
fn points(series: &Series, ascending: bool, first: usize, count: usize) -> (Vec<Time>, Vec<f64>) {
    let count_of_all = series.points.len();
    let end = (first + count).min(count_of_all);
    let part = match ascending {
        true => series.points.get(first..end),
        false => series.points.get(count_of_all - end..count_of_all - first.min(end)),
    };
    let time = |at: i64| Time::from_timestamp(at, 0).unwrap_or_default();
    let points = part.unwrap_or_default().iter().map(|(at, value)| (time(*at), *value));
    if ascending { points.unzip() } else { points.rev().unzip() }
}

/// What a series is called: of several, each by its own name behind that of the query.
pub fn label(gathered: &Gathered, offset: Offset, query: &Query, series: &Series, is_list: bool) -> String {
    let has_own = is_list || matches!(query.kind, Kind::Metric(_));
    let own = if has_own && !series.label.is_empty() { &series.label } else { &query.id };
    let Some(template) = &query.label else { return own.clone() };
    if template.is_plain() {
        return match (is_list, template.text()) {
            (true, "") => own.clone(),
            (true, text) => format!("{text} {own}"),
            (false, text) => text.to_owned(),
        };
    }
    let facts =
        Facts { label: own, account: &gathered.account, region: gathered.region, now: gathered.span.now, offset };
    template.label(series, &facts)
}
