//! Tasks that move messages from a dead-letter queue back, or to another queue
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::json;

use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::{op, record};

use super::naming::{self, Place};
use super::{faults, redrive, send};

/// The operations on tasks.
pub const OPS: &[Op] = &[
    op!(Write "CancelMessageMoveTask" cancel_message_move_task),
    op!(Read "ListMessageMoveTasks" list_message_move_tasks),
    op!(Write "StartMessageMoveTask" start_message_move_task),
];

/// Messages a second: the most that can be asked for, and what AWS chooses otherwise, as far as it says.
const RATE_MAX: i64 = 500;
const LISTED_MAX: i64 = 10;
/// Ended tasks of a Region that are remembered.
const TASKS_MAX: usize = 1000;

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    id: String,
    source: Place,
    /// `None`: back to where each message came from.
    destination: Option<Place>,
    /// As it was asked for.
    rate: Option<i64>,
    started: Time,
    status: Status,
    moved: i64,
    to_move: i64,
    failure: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Completed => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::Failed => "FAILED",
        }
    }
}

record! {
    struct StartTask {
        source: String = "SourceArn",
        destination: Option<String> = "DestinationArn",
        rate: Option<i64> = "MaxNumberOfMessagesPerSecond",
    }

    struct Handle { handle: String = "TaskHandle" }

    struct ListTasks { source: String = "SourceArn", limit: Option<i64> = "MaxResults" }

    struct ListedTasks { tasks: Vec<Listed> = "Results" }

    struct Listed {
        handle: Option<String> = "TaskHandle",
        status: String = "Status",
        source: String = "SourceArn",
        destination: Option<String> = "DestinationArn",
        rate: Option<i64> = "MaxNumberOfMessagesPerSecond",
        moved: i64 = "ApproximateNumberOfMessagesMoved",
        to_move: Option<i64> = "ApproximateNumberOfMessagesToMove",
        failure: Option<String> = "FailureReason",
        started: i64 = "StartedTimestamp",
    }

    struct Cancelled { moved: i64 = "ApproximateNumberOfMessagesMoved" }
}

fn start_message_move_task(cx: &mut Cx, input: StartTask) -> Result<Handle, Fault> {
    let source = own_queue(cx, "SourceArn", &input.source)?;
    let destination = input.destination.as_deref().map(|arn| destination(cx, &source, arn)).transpose()?;
    if let Some(rate) = input.rate.filter(|rate| !(1..=RATE_MAX).contains(rate)) {
        let reason = format!("Value must be between 1 and {RATE_MAX}.");
        return Err(faults::invalid("MaxNumberOfMessagesPerSecond", &rate.to_string(), &reason));
    }
    if redrive::sources(cx.world, &source).is_empty() {
        return Err(faults::no_dead_letter_queue());
    }
    let now = cx.world.now;
    let queue = source.queue(cx.world)?;
    queue.advance(now);
    let to_move = i64::try_from(queue.backlog.counts().visible).unwrap_or(i64::MAX);
    let id = cx.world.ids.uuid().to_string();
    let tasks = &mut cx.world.regional(&source.account, source.region).sqs.tasks;
    if tasks.iter().any(|task| task.source == source && task.status == Status::Running) {
        return Err(faults::task_is_running());
    }
    if tasks.len() >= TASKS_MAX {
        let ended = tasks.iter().position(|task| task.status != Status::Running);
        ended.map(|ended| tasks.remove(ended));
    }
    let task = Task {
        id,
        source,
        destination,
        rate: input.rate,
        started: now,
        status: Status::Running,
        moved: 0,
        to_move,
        failure: None,
    };
    let (handle, job) = (task.handle(), task.job());
    tasks.push(task);
    cx.world.jobs.at_once(job);
    Ok(Handle { handle })
}

/// The queue of an ARN, of the account and Region called.
fn own_queue(cx: &mut Cx, parameter: &str, arn: &str) -> Result<Place, Fault> {
    let place = Place::parse(arn).ok_or_else(|| faults::bad_arn(parameter))?;
    let is_near = place.account == cx.account && place.region == cx.region;
    if !is_near || place.find(cx.world).is_none() {
        return Err(faults::no_such_resource(parameter));
    }
    place.enter_own(cx)?;
    Ok(place)
}

fn destination(cx: &mut Cx, source: &Place, arn: &str) -> Result<Place, Fault> {
    let place = own_queue(cx, "DestinationArn", arn)?;
    let can_be = place != *source && place.is_fifo() == source.is_fifo();
    if can_be { Ok(place) } else { Err(faults::bad_destination(arn)) }
}

fn list_message_move_tasks(cx: &mut Cx, input: ListTasks) -> Result<ListedTasks, Fault> {
    let source = own_queue(cx, "SourceArn", &input.source)?;
    let limit = input.limit.unwrap_or(1);
    if !(1..=LISTED_MAX).contains(&limit) {
        let reason = format!("Value must be between 1 and {LISTED_MAX}.");
        return Err(faults::invalid("MaxResults", &limit.to_string(), &reason));
    }
    let tasks = &cx.world.regional(&source.account, source.region).sqs.tasks;
    let own = tasks.iter().rev().filter(|task| task.source == source);
    let listed = own.take(usize::try_from(limit).unwrap_or_default()).map(Task::listed);
    Ok(ListedTasks { tasks: listed.collect() })
}

fn cancel_message_move_task(cx: &mut Cx, input: Handle) -> Result<Cancelled, Fault> {
    naming::check_signed(cx)?;
    if !is_handle(&input.handle) {
        return Err(faults::bad_task_handle());
    }
    let (account, region) = (cx.account.clone(), cx.region);
    let tasks = &mut cx.world.regional(&account, region).sqs.tasks;
    let task = tasks.iter_mut().find(|task| task.handle() == input.handle).ok_or_else(faults::no_such_task)?;
    if task.status != Status::Running {
        return Err(faults::task_has_ended());
    }
    task.status = Status::Cancelled;
    Ok(Cancelled { moved: task.moved })
}

/// Whether a text could be a task's handle.
fn is_handle(text: &str) -> bool {
    let document =
        STANDARD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    document.is_some_and(|document| document["taskId"].is_string() && document["sourceArn"].is_string())
}

impl Task {
    fn handle(&self) -> String {
        STANDARD.encode(json!({"taskId": self.id, "sourceArn": self.source.arn()}).to_string())
    }

    fn job(&self) -> Job {
        let Place { account, region, .. } = &self.source;
        Job::QueueMove { account: account.clone(), region: *region, task: self.id.clone() }
    }

    fn listed(&self) -> Listed {
        let runs = self.status == Status::Running;
        Listed {
            handle: runs.then(|| self.handle()),
            status: self.status.word().to_owned(),
            source: self.source.arn(),
            destination: self.destination.as_ref().map(Place::arn),
            rate: self.rate,
            moved: self.moved,
            to_move: Some(self.to_move),
            failure: self.failure.map(str::to_owned),
            started: self.started.timestamp_millis(),
        }
    }
}

/// Moves as many messages as may be moved in a second.
pub fn run(world: &mut World, account: &AccountId, region: Region, id: &str) {
    let find = |world: &World| {
        let regional = world.accounts.get(account)?.regions.get(&region)?;
        regional.sqs.tasks.iter().find(|task| task.id == id && task.status == Status::Running).cloned()
    };
    let Some(mut task) = find(world) else { return };
    for _ in 0..task.rate.unwrap_or(RATE_MAX) {
        match task.step(world) {
            Ok(true) => task.moved += 1,
            Ok(false) => {
                task.status = Status::Completed;
                break;
            }
            Err(reason) => {
                (task.status, task.failure) = (Status::Failed, Some(reason));
                break;
            }
        }
    }
    if task.status == Status::Running {
        let next = world.now + TimeDelta::seconds(1);
        world.jobs.at(next, task.job());
    }
    let tasks = &mut world.regional(account, region).sqs.tasks;
    if let Some(known) = tasks.iter_mut().find(|known| known.id == id) {
        *known = task;
    }
}

impl Task {
    /// Moves one message; `false` when there is none left. Messages are new where they arrive. One that cannot be moved
    /// stays.
    fn step(&self, world: &mut World) -> Result<bool, &'static str> {
        const GONE: &str = "AWS.SimpleQueueService.NonExistentQueue";
        const UNKNOWN: &str = "CouldNotDetermineMessageSource";
        let now = world.now;
        let queue = self.source.find_mut(world).ok_or(GONE)?;
        queue.advance(now);
        let first = queue.backlog.first_visible().filter(|_| self.moved < self.to_move);
        let Some(first) = first else { return Ok(false) };
        let back = || first.source.as_deref().and_then(Place::parse);
        let to = self.destination.clone().or_else(back).ok_or(UNKNOWN)?;
        to.find(world).ok_or(GONE)?;
        let queue = self.source.find_mut(world).ok_or(GONE)?;
        let Some(mut message) = queue.backlog.take_visible() else { return Ok(false) };
        message.id = world.ids.uuid().to_string();
        message.sent = now;
        message.source = None;
        message.receive_count = 0;
        message.first_received = None;
        if let Some(queue) = to.find_mut(world) {
            message.sequence = to.is_fifo().then(|| queue.next_sequence());
            let delay = TimeDelta::seconds(queue.attributes.delay);
            queue.backlog.add(message, now, delay, now);
        }
        send::announce(world, &to);
        Ok(true)
    }
}
