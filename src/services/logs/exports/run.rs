//! Tasks at work: from `PENDING` to an end.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::services::logs::events::{Pick, Range, snapshot};
use crate::services::logs::faults;
use crate::world::World;
use crate::world::jobs::Job;

use super::bucket::Bucket;
use super::files::{Source, Step};
use super::{Place, State, Task};

/// How long a task waits before it starts, and then before it writes. Real ones take a second or two when there is
/// little to export.
pub const DELAY: TimeDelta = TimeDelta::seconds(1);

/// Bytes of a file before compression, about. How large AWS's are is not known.
const FILE_BYTES: usize = 16 << 20;

/// Packs the file that a task writes next: what takes long, and does not need the world.
pub fn preparation(world: &World, place: &Place) -> Box<dyn FnOnce() + Send> {
    match place.find(world).map(|task| &task.state) {
        Some(State::Running(step)) => {
            let step = Arc::clone(step);
            Box::new(move || {
                step.file();
            })
        }
        _ => Box::new(|| ()),
    }
}

/// Takes a task one step on: starts it, or writes its next file.
pub fn run(world: &mut World, place: &Place) {
    let (now, Some(task)) = (world.now, place.find(world)) else { return };
    let (state, due) = match &task.state {
        State::Pending => (start(world, task), now + DELAY),
        State::Running(step) => (write(world, place, &Arc::clone(step)), now),
        State::Completed | State::Failed(_) | State::Cancelled => return,
    };
    let Some(task) = place.find_mut(world) else { return };
    match state {
        State::Running(_) => {
            task.state = state;
            world.jobs.at(due, Job::LogExport(place.clone()));
        }
        ending => task.end(ending, now),
    }
}

/// What is exported is what the group holds now.
fn start(world: &World, task: &Task) -> State {
    if task.group.find(world).is_none() {
        return State::Failed(faults::no_such_group().message);
    }
    let pick = task.streams.as_deref().map_or(Pick::All, Pick::Prefix);
    let range = Range::of_times(Some(task.from_ms), Some(task.to_ms.saturating_add(1)));
    let source = Source::new(&snapshot(world, &task.group, pick, range), FILE_BYTES);
    State::Running(Arc::new(Step::new(source)))
}

/// Writes the file of a step. A bucket that has come to refuse it ends the task.
fn write(world: &mut World, place: &Place, step: &Step) -> State {
    let Some(file) = step.file() else { return State::Completed };
    let Some(Task { id, group, bucket, prefix, .. }) = place.find(world) else { return State::Cancelled };
    let key = format!("{prefix}/{id}/{}", file.name);
    let (bucket, group) = (bucket.clone(), group.clone());
    match (Bucket { name: &bucket, group: &group }).put(world, &key, file.upload()) {
        Ok(()) => State::Running(Arc::new(step.after(file))),
        Err(fault) => State::Failed(fault.message),
    }
}
