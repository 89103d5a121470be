//! `DescribeExportTasks`: tasks, the newest first.

use crate::op;
use crate::record;
use crate::services::logs::paging::{Order, PageEnd, PageRequest};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::Task;

pub const OPS: &[Op] = &[op!(Read "DescribeExportTasks" describe_export_tasks)];

record! {
    struct DescribeExportTasks { id: Option<String> = "taskId", code: Option<String> = "statusCode" }

    struct DescribedTasks { tasks: Vec<Described> = "exportTasks" }

    struct Described {
        id: String = "taskId",
        name: Option<String> = "taskName",
        group: String = "logGroupName",
        from: i64 = "from",
        to: i64 = "to",
        bucket: String = "destination",
        prefix: String = "destinationPrefix",
        status: Status = "status",
        execution: Execution = "executionInfo",
    }

    struct Status { code: String = "code", message: Option<String> = "message" }

    struct Execution { created: i64 = "creationTime", ended: Option<i64> = "completionTime" }
}

/// An id that there is none of finds nothing.
fn describe_export_tasks(
    cx: &mut Cx,
    (input, page): (DescribeExportTasks, PageRequest),
) -> Result<(DescribedTasks, PageEnd), Fault> {
    let of_id = |task: &Task| input.id.as_ref().is_none_or(|id| *id == task.id);
    let of_code = |task: &Task| input.code.as_ref().is_none_or(|code| code == task.state.code());
    let tasks = &cx.world.regional(&cx.account, cx.region).logs.exports.kept;
    let wanted = tasks.iter().rev().filter(|task| of_id(task) && of_code(task));
    let page = page.cut(Order::Descending, wanted.map(|task| (format!("{:020}", task.number), described(task))))?;
    Ok((DescribedTasks { tasks: page.items }, page.end))
}

fn described(task: &Task) -> Described {
    Described {
        id: task.id.clone(),
        name: task.name.clone(),
        group: task.group.name.clone(),
        from: task.from_ms,
        to: task.to_ms,
        bucket: task.bucket.clone(),
        prefix: task.prefix.clone(),
        status: Status { code: task.state.code().to_owned(), message: task.state.message().map(str::to_owned) },
        execution: Execution {
            created: task.created.timestamp_millis(),
            ended: task.ended.map(|time| time.timestamp_millis()),
        },
    }
}
