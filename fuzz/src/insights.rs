//! Queries of CloudWatch Logs Insights.

use trailcam::query::{self, Bounds, Execution, Line, Query};

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
    let found: Vec<_> = query.inner().iter().map(|inner| whole(inner, events).found()).collect();
    if let Ok(query) = query.resolved(&found) {
        split(&query, events);
    }
}

fn whole(query: &Query, events: &str) -> Execution {
    let mut run = query.execution(BOUNDS);
    each_line(events, |_, line| run.feed(line));
    run
}

/// Neither the order of events nor how they are split matters.
fn split(query: &Query, events: &str) {
    let mut parts = [query.execution(BOUNDS), query.execution(BOUNDS)];
    each_line(events, |number, line| parts[number % 2].feed(line));
    let [mut last, first] = parts;
    last.merge(first);
    assert_eq!(last.finish(), whole(query, events).finish());
}

fn each_line(events: &str, mut visit: impl FnMut(usize, &Line)) {
    for (number, message) in events.lines().take(LINES_MAX).enumerate() {
        visit(
            number,
            &Line {
                timestamp_ms: number as i64 / 2 * 1000,
                ingestion_ms: 0,
                message,
                stream: "stream",
                log: "1:group",
                ptr: &|| format!("{number:04}"),
            },
        );
    }
}
