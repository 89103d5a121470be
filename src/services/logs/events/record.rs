//! `GetLogRecord`: one event, by its pointer.

use std::collections::BTreeMap;

use crate::services::logs::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::batch::EventRef;
use super::pointer::Pointer;
use super::snapshot::{Pick, Range, snapshot};

pub const OPS: &[Op] = &[crate::op!(Read "GetLogRecord" get_log_record)];

crate::record! {
    struct GetLogRecord { pointer: String = "logRecordPointer" }
    struct GetLogRecordAnswer { record: BTreeMap<String, String> = "logRecord" }
}

fn get_log_record(cx: &mut Cx, input: GetLogRecord) -> Result<GetLogRecordAnswer, Fault> {
    let pointer = Pointer::parse(&input.pointer).ok_or_else(faults::pointer_is_invalid)?;
    if pointer.group.account != cx.account || pointer.group.region != cx.region {
        return Err(faults::pointer_is_invalid());
    }
    let range = Range { from: pointer.id, until: pointer.id.after() };
    let pick = [pointer.stream.clone()];
    // Looked for under the lock, because a missing event is refused; that opens one part, rarely two.
    let events = snapshot(cx.world, &pointer.group, Pick::Names(&pick), range);
    let record = events.find(pointer.id, |event| fields(&pointer, &input.pointer, event));
    let record = record.ok_or_else(faults::no_such_record)?;
    Ok(GetLogRecordAnswer { record })
}

fn fields(pointer: &Pointer, text: &str, event: EventRef) -> BTreeMap<String, String> {
    let log = format!("{}:{}", pointer.group.account, pointer.group.name);
    let fields = [
        ("@ingestionTime", event.ingestion_ms.to_string()),
        ("@log", log),
        ("@logStream", event.stream.to_owned()),
        ("@message", event.message.to_owned()),
        ("@ptr", text.to_owned()),
        ("@timestamp", event.timestamp_ms.to_string()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}
