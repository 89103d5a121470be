//! Making and cancelling export tasks
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateExportTask.html>).

use crate::op;
use crate::record;
use crate::services::logs::events::get::readable;
use crate::services::logs::faults;
use crate::services::logs::groups::GROUP;
use crate::services::logs::naming::Identified;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;

use super::bucket::Bucket;
use super::files::key_bytes;
use super::run::DELAY;
use super::{Place, State, Task};

pub const OPS: &[Op] = &[
    op!(Write "CancelExportTask" cancel_export_task),
    op!(Write "CreateExportTask" create_export_task).resources(&[GROUP]),
];

/// What keys begin with unless the caller says otherwise.
const DEFAULT_PREFIX: &str = "exportedlogs";

/// The longest key of an object in S3, in bytes.
const KEY_BYTES_MAX: usize = 1024;

record! {
    struct CreateExportTask {
        name: Option<String> = "taskName",
        group: String = "logGroupName",
        streams: Option<String> = "logStreamNamePrefix",
        from: i64 = "from",
        to: i64 = "to",
        bucket: String = "destination",
        prefix: Option<String> = "destinationPrefix",
    }

    struct Id { id: String = "taskId" }
}

/// Times before the group's creation are accepted, as AWS does in spite of its documentation.
fn create_export_task(cx: &mut Cx, input: CreateExportTask) -> Result<Id, Fault> {
    let group = readable(cx, &Identified { name: Some(input.group), identifier: None })?;
    if input.from > input.to {
        return Err(faults::export_ends_before_start());
    }
    let prefix = input.prefix.filter(|prefix| !prefix.is_empty());
    if key_bytes(prefix.as_deref().unwrap_or(DEFAULT_PREFIX)) > KEY_BYTES_MAX {
        return Err(faults::export_prefix_too_long());
    }
    if cx.world.regional(&cx.account, cx.region).logs.exports.is_busy() {
        return Err(faults::limit_exceeded());
    }
    Bucket { name: &input.bucket, group: &group }.check(cx.world, prefix.as_deref())?;

    let (id, now) = (cx.world.ids.uuid().to_string(), cx.world.now);
    let task = Task {
        id: id.clone(),
        number: 0,
        name: input.name,
        group,
        streams: input.streams,
        from_ms: input.from,
        to_ms: input.to,
        bucket: input.bucket,
        prefix: prefix.unwrap_or_else(|| DEFAULT_PREFIX.to_owned()),
        created: now,
        ended: None,
        state: State::Pending,
    };
    cx.world.regional(&cx.account, cx.region).logs.exports.add(task);
    let place = Place { account: cx.account.clone(), region: cx.region, task: id.clone() };
    cx.world.jobs.at(now + DELAY, Job::LogExport(place));
    Ok(Id { id })
}

/// Files that have been written stay.
fn cancel_export_task(cx: &mut Cx, input: Id) -> Result<(), Fault> {
    let now = cx.world.now;
    let exports = &mut cx.world.regional(&cx.account, cx.region).logs.exports;
    let task = exports.find_mut(&input.id).ok_or_else(faults::no_such_export)?;
    if !task.is_active() {
        return Err(faults::export_is_finished());
    }
    task.end(State::Cancelled, now);
    Ok(())
}
