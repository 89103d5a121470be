//! Queries of CloudWatch Logs Insights.

use trailcam::query::{self, Bounds, Line, Query};

const LINES_MAX: usize = 50;
const BOUNDS: Bounds = Bounds { start_ms: 0, end_ms: 1_000_000, limit: None, now_ms: 2_000_000 };
/// For queries that bring none.
const EVENTS: &str = "{\"a\":{\"b\":[1]}}\nREPORT RequestId: x\tDuration: 1 ms";

/// Any text as a query, over any text as log events: the query is what comes before the first NUL.
pub fn insights(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (query, events) = text.split_once('\0').unwrap_or((&text, EVENTS));
    events.lines().for_each(|event| drop(query::fields_of(event)));
    let Ok(query) = Query::parse(query) else { return };
    // What was read reads back as the same query.
    let printed = query.to_string();
    let again = Query::parse(&printed).expect("printed queries compile");
    assert_eq!(again.to_string(), printed);
    split(&query, events);
}

/// Neither the order of events nor how they are split matters.
fn split(query: &Query, events: &str) {
    let mut whole = query.execution(BOUNDS);
    let mut parts = [query.execution(BOUNDS), query.execution(BOUNDS)];
    for (number, message) in events.lines().take(LINES_MAX).enumerate() {
        let line = Line {
            timestamp_ms: number as i64 / 2 * 1000,
            ingestion_ms: 0,
            message,
            stream: "stream",
            log: "1:group",
            ptr: &|| format!("{number:04}"),
        };
        whole.feed(&line);
        parts[number % 2].feed(&line);
    }
    let [mut last, first] = parts;
    last.merge(first);
    assert_eq!(last.finish(), whole.finish());
}
