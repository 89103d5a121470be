//! Tasks that move messages from a dead-letter queue to where they came from, or to another queue.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::time::Time;

use super::message::Message;
use super::send::transfer;
use super::{Place, address, faults, is_fifo, seconds};

/// The operations on tasks.
pub const OPS: &[Op] = &[
    op!(Write "CancelMessageMoveTask" cancel),
    op!(Read "ListMessageMoveTasks" list),
    op!(Write "StartMessageMoveTask" start),
];

/// Messages a second; what tasks move that name no rate.
const RATE_MAX: i64 = 500;
/// Tasks that are remembered of a queue, and shown.
const TASKS_MAX: usize = 10;

/// A task that moves messages out of a queue.
#[derive(Debug)]
pub struct Task {
    id: String,
    /// Where to; `None` moves each message to where it came from.
    destination: Option<Place>,
    rate: Option<i64>,
    started: Time,
    to_move: i64,
    moved: i64,
    status: Status,
}

/// Where a task is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Status {
    Running,
    Completed,
    Cancelled,
    Failed(&'static str),
}

impl Status {
    fn as_str(&self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Completed => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::Failed(_) => "FAILED",
        }
    }
}

record! {
    struct StartMessageMoveTask {
        source: String = "SourceArn",
        destination: Option<String> = "DestinationArn",
        rate: Option<i64> = "MaxNumberOfMessagesPerSecond",
    }
    struct Handle { handle: String = "TaskHandle" }
    struct Moved { moved: i64 = "ApproximateNumberOfMessagesMoved" }
    struct ListMessageMoveTasks { source: String = "SourceArn", max: Option<i64> = "MaxResults" }
    struct Tasks { tasks: Option<Vec<TaskView>> = "Results" }
    struct TaskView {
        handle: Option<String> = "TaskHandle",
        status: String = "Status",
        source: String = "SourceArn",
        destination: Option<String> = "DestinationArn",
        rate: Option<i64> = "MaxNumberOfMessagesPerSecond",
        moved: i64 = "ApproximateNumberOfMessagesMoved",
        to_move: i64 = "ApproximateNumberOfMessagesToMove",
        failure: Option<String> = "FailureReason",
        started: i64 = "StartedTimestamp",
    }
}

/// A task without a rate begins at once.
fn start(cx: &mut Cx, input: StartMessageMoveTask) -> Result<Handle, Fault> {
    let source = source(cx, &input.source, "StartMessageMoveTask")?;
    if let Some(rate) = input.rate.filter(|rate| !(1..=RATE_MAX).contains(rate)) {
        return Err(faults::move_rate(rate));
    }
    if !is_dead_letter_queue(cx.world, &source) {
        return Err(faults::not_a_dead_letter_queue());
    }
    let destination = input.destination.map(|arn| destination(cx, &source, &arn)).transpose()?;
    let (now, id) = (cx.world.now, cx.world.ids.uuid().to_string());
    let queue = source.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    queue.settle(now);
    if queue.moves.iter().any(|task| task.status == Status::Running) {
        return Err(faults::already_moving());
    }
    let handle = handle(&id, &source);
    let to_move = i64::try_from(queue.messages.visible()).unwrap_or(i64::MAX);
    queue.moves.push(Task {
        id,
        destination,
        rate: input.rate,
        started: now,
        to_move,
        moved: 0,
        status: Status::Running,
    });
    let oldest = queue.moves.len().saturating_sub(TASKS_MAX);
    queue.moves.drain(..oldest);
    match input.rate {
        None => cx.world.jobs.at_once(Job::QueueMove(source)),
        Some(_) => cx.world.jobs.at(now + seconds(1), Job::QueueMove(source)),
    }
    Ok(Handle { handle })
}

/// The queue that an ARN names as the source, for its owner.
fn source(cx: &mut Cx, arn: &str, action: &str) -> Result<Place, Fault> {
    let place = Place::parse(arn).ok_or_else(|| faults::arn_format("SourceArn"))?;
    if place.region != cx.region || place.find(cx.world).is_none() {
        return Err(faults::no_such_resource("SourceArn"));
    }
    address::own(cx, place, action, arn)
}

fn destination(cx: &Cx, source: &Place, arn: &str) -> Result<Place, Fault> {
    let place = Place::parse(arn).ok_or_else(|| faults::arn_format("DestinationArn"))?;
    if place.region != source.region || place.find(cx.world).is_none() {
        return Err(faults::no_such_resource("DestinationArn"));
    }
    if place.account != source.account || place == *source || is_fifo(&place.name) != is_fifo(&source.name) {
        return Err(faults::move_destination(arn));
    }
    Ok(place)
}

fn is_dead_letter_queue(world: &World, place: &Place) -> bool {
    let region = world.accounts.get(&place.account).and_then(|account| account.regions.get(&place.region));
    let mut queues = region.into_iter().flat_map(|region| region.sqs.queues.values());
    queues.any(|queue| queue.settings.redrive().is_some_and(|redrive| redrive.target == *place))
}

/// Handles hold what they stand for, as AWS's do.
fn handle(id: &str, source: &Place) -> String {
    STANDARD.encode(json!({"taskId": id, "sourceArn": source.arn()}).to_string())
}

fn parse_handle(handle: &str) -> Option<(String, String)> {
    let text: serde_json::Value = serde_json::from_slice(&STANDARD.decode(handle).ok()?).ok()?;
    let member = |name: &str| text[name].as_str().map(str::to_owned);
    Some((member("taskId")?, member("sourceArn")?))
}

fn cancel(cx: &mut Cx, input: Handle) -> Result<Moved, Fault> {
    let (id, arn) = parse_handle(&input.handle).ok_or_else(faults::task_handle)?;
    let source = source(cx, &arn, "CancelMessageMoveTask")?;
    let queue = source.find_mut(cx.world).ok_or_else(faults::no_such_queue)?;
    let task = queue.moves.iter_mut().find(|task| task.id == id).ok_or_else(faults::no_such_task)?;
    if task.status != Status::Running {
        return Err(faults::task_has_ended());
    }
    task.status = Status::Cancelled;
    Ok(Moved { moved: task.moved })
}

/// The newest first.
fn list(cx: &mut Cx, input: ListMessageMoveTasks) -> Result<Tasks, Fault> {
    let source = source(cx, &input.source, "ListMessageMoveTasks")?;
    let max = input.max.unwrap_or(1);
    let count = usize::try_from(max).ok().filter(|count| (1..=TASKS_MAX).contains(count));
    let count = count.ok_or_else(|| faults::max_results(max, TASKS_MAX as i64))?;
    let queue = source.find(cx.world).ok_or_else(faults::no_such_queue)?;
    let views: Vec<TaskView> = queue.moves.iter().rev().take(count).map(|task| view(task, &source)).collect();
    Ok(Tasks { tasks: Some(views).filter(|views| !views.is_empty()) })
}

fn view(task: &Task, source: &Place) -> TaskView {
    TaskView {
        handle: (task.status == Status::Running).then(|| handle(&task.id, source)),
        status: task.status.as_str().to_owned(),
        source: source.arn(),
        destination: task.destination.as_ref().map(Place::arn),
        rate: task.rate,
        moved: task.moved,
        to_move: task.to_move,
        failure: match task.status {
            Status::Failed(reason) => Some(reason.to_owned()),
            _ => None,
        },
        started: task.started.timestamp_millis(),
    }
}

/// Moves as many messages as a second is for, and comes back until none is left.
pub fn run(world: &mut World, source: &Place) {
    let now = world.now;
    for _ in 0..RATE_MAX {
        match step(world, source) {
            Step::Moved => {}
            Step::EnoughForNow => break,
            Step::Ended => return,
        }
    }
    // An empty queue completes its task at once.
    let is_empty = source.find(world).is_some_and(|queue| queue.messages.visible() == 0);
    if is_empty {
        step(world, source);
    } else {
        world.jobs.at(now + seconds(1), Job::QueueMove(source.clone()));
    }
}

enum Step {
    Moved,
    /// That was the last one of this second.
    EnoughForNow,
    Ended,
}

/// Moves one message: it is a new one, with an id and a time of its own.
fn step(world: &mut World, source: &Place) -> Step {
    let now = world.now;
    let Some(queue) = source.find_mut(world) else { return Step::Ended };
    queue.settle(now);
    let Some(task) = queue.moves.last_mut().filter(|task| task.status == Status::Running) else { return Step::Ended };
    let Some(message) = queue.messages.peek() else {
        task.status = Status::Completed;
        return Step::Ended;
    };
    let origin = || message.dead_letter_source.as_deref().and_then(Place::parse);
    let to = task.destination.clone().or_else(origin);
    match to.map(|to| (to.find(world).is_some(), to)) {
        Some((true, to)) => move_one(world, source, &to),
        // A message that cannot be moved stays.
        Some((false, _)) => fail(world, source, "AWS.SimpleQueueService.NonExistentQueue"),
        None => fail(world, source, "CouldNotDetermineMessageSource"),
    }
}

fn move_one(world: &mut World, source: &Place, to: &Place) -> Step {
    let (now, id) = (world.now, world.ids.uuid().to_string());
    let Some(queue) = source.find_mut(world) else { return Step::Ended };
    let (Some(message), Some(task)) = (queue.messages.pop(), queue.moves.last_mut()) else { return Step::Ended };
    task.moved += 1;
    let is_enough = task.rate.is_some_and(|rate| task.moved % rate == 0);
    transfer(world, to, Message { id, sent: now, dead_letter_source: None, ..message });
    if is_enough { Step::EnoughForNow } else { Step::Moved }
}

fn fail(world: &mut World, source: &Place, reason: &'static str) -> Step {
    if let Some(task) = source.find_mut(world).and_then(|queue| queue.moves.last_mut()) {
        task.status = Status::Failed(reason);
    }
    Step::Ended
}
