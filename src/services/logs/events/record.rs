//! `GetLogRecord`: one event, by its pointer.

use std::collections::BTreeMap;

use crate::query::{self, Bounds, Line, Query};
use crate::services::logs::faults;
use crate::services::logs::naming::group_identifier;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;

use super::batch::EventRef;
use super::pointer::Pointer;
use super::snapshot::{Pick, Range, snapshot};

/// The field that holds the event as it came.
const MESSAGE: &str = "@message";

pub const OPS: &[Op] = &[crate::op!(Read "GetLogRecord" get_log_record)];

crate::record! {
    struct GetLogRecord { pointer: String = "logRecordPointer" }
    struct GetLogRecordAnswer { record: BTreeMap<String, String> = "logRecord" }
}

fn get_log_record(cx: &mut Cx, input: GetLogRecord) -> Result<Scan<GetLogRecordAnswer>, Fault> {
    let pointer = Pointer::parse(&input.pointer).ok_or_else(faults::pointer_is_invalid)?;
    if pointer.group.account != cx.account || pointer.group.region != cx.region {
        return Err(faults::pointer_is_invalid());
    }
    let range = Range { from: pointer.id, until: pointer.id.after() };
    let pick = [pointer.stream.clone()];
    // Looked for under the lock, because a missing event is refused; that opens one part, rarely two.
    let events = snapshot(cx.world, &pointer.group, Pick::Names(&pick), range);
    let record = events.find(pointer.id, |event| of_every_event(&pointer, &input.pointer, event));
    let mut record = record.ok_or_else(faults::no_such_record)?;
    Ok(Scan::new(move || {
        let message = record.get(MESSAGE).cloned().unwrap_or_default();
        record.extend(discovered(&message));
        GetLogRecordAnswer { record }
    }))
}

fn of_every_event(pointer: &Pointer, text: &str, event: EventRef) -> BTreeMap<String, String> {
    let log = group_identifier(&pointer.group.account, &pointer.group.name);
    let fields = [
        ("@ingestionTime", event.ingestion_ms.to_string()),
        ("@log", log),
        ("@logStream", event.stream.to_owned()),
        (MESSAGE, event.message.to_owned()),
        ("@ptr", text.to_owned()),
        ("@timestamp", event.timestamp_ms.to_string()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The fields that a query finds in a message: a query is asked for all of them.
fn discovered(message: &str) -> Vec<(String, String)> {
    // A name with a backtick cannot be asked for.
    let names = query::fields_of(message).into_iter().filter(|name| !name.contains('`'));
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let Ok(query) = Query::parse(&format!("display {}", names.join(", "))) else { return Vec::new() };
    let mut run = query.execution(Bounds { start_ms: 0, end_ms: 0, limit: Some(1), now_ms: 0 });
    run.feed(&Line { timestamp_ms: 0, ingestion_ms: 0, message, stream: "", log: "", ptr: &String::new });
    let rows = run.finish().rows;
    rows.into_iter().flatten().filter(|(name, _)| name != "@ptr").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_discovered() {
        let check = |message: &str, wanted: &[(&str, &str)]| {
            let mut found = discovered(message);
            found.sort();
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, wanted, "{message}");
        };
        check("plain", &[]);
        check(
            r#"{"a":{"b":[{"c":1.50},"x"]},"t":true,"d.e":"q","f g":"h","count":2,"@x":3}"#,
            &[
                ("@@x", "3"),
                ("a.b.0.c", "1.50"),
                ("a.b.1", "x"),
                ("count", "2"),
                ("d.e", "q"),
                ("f g", "h"),
                ("t", "1"),
            ],
        );
        check(r#"{"a`b":1,"c":2}"#, &[("c", "2")]);
        let many: Vec<String> = (0..300).map(|number| format!("\"f{number}\":{number}")).collect();
        assert_eq!(discovered(&format!("{{{}}}", many.join(","))).len(), 200);
    }
}
