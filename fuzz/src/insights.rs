//! Any text as a Logs Insights query, over any text as log events: the query is what comes before the first NUL.

use trailcam::query::{self, Bounds, Line, Query};

pub fn insights(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (query, events) =
        text.split_once('\0').unwrap_or((&text, "{\"a\":{\"b\":[1]}}\nREPORT RequestId: x\tDuration: 1 ms"));
    events.lines().for_each(|event| drop(query::fields_of(event)));
    let Ok(query) = Query::parse(query) else { return };
    // What was read reads back as the same query.
    let printed = query.to_string();
    let again = Query::parse(&printed).expect("printed queries compile");
    assert_eq!(again.to_string(), printed);
    let bounds = Bounds { start_ms: 0, end_ms: 1_000_000, limit: None, now_ms: 2_000_000 };
    // Neither the order of events nor how they are split matters.
    let mut whole = query.execution(bounds);
    let mut parts = [query.execution(bounds), query.execution(bounds)];
    for (number, message) in events.lines().take(50).enumerate() {
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
