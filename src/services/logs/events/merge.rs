//! Events of many parts in one order, with no more parts open than overlap.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::ops::Range as Positions;
use std::sync::Arc;

use super::batch::{Batch, EventRef};
use super::id::EventId;
use super::snapshot::{Direction, Snapshot, Source};

/// A part that is open, with events left. The one whose next event is due first is the greatest.
struct Opened<'s> {
    /// Rank of the next event.
    rank: EventId,
    source: &'s Source,
    batch: Arc<Batch>,
    left: Positions<usize>,
}

/// Looks at every event of a snapshot in the order of ids, or against it, until told to stop.
pub fn walk(snapshot: &Snapshot, direction: Direction, mut look: impl FnMut(EventRef) -> ControlFlow<()>) {
    let mut closed: Vec<&Source> = snapshot.sources.iter().collect();
    closed.sort_by_key(|source| direction.near(source));
    let mut opened: BinaryHeap<Opened> = BinaryHeap::new();
    loop {
        while let Some(source) =
            closed.pop_if(|source| opened.peek().is_none_or(|next| next.rank <= direction.near(source)))
        {
            opened.extend(Opened::new(snapshot, direction, source));
        }
        let Some(mut current) = opened.pop() else { return };
        // Nothing else has events that come earlier than this.
        let closed = closed.last().map(|source| direction.near(source));
        let others = opened.peek().map(|next| next.rank).max(closed);
        if current.run(snapshot.name(current.source), direction, others, &mut look).is_break() {
            return;
        }
        if !current.left.is_empty() {
            opened.push(current);
        }
    }
}

impl<'s> Opened<'s> {
    /// `None` when no event is in range.
    fn new(snapshot: &Snapshot, direction: Direction, source: &'s Source) -> Option<Opened<'s>> {
        let (batch, left) = snapshot.open(source);
        let mut opened = Opened { rank: EventId::MIN, source, batch, left };
        opened.rank = direction.rank(opened.batch.id(opened.next(direction)?));
        Some(opened)
    }

    /// The position of the next event.
    fn next(&self, direction: Direction) -> Option<usize> {
        match direction {
            Direction::OldestFirst => self.left.clone().next(),
            Direction::NewestFirst => self.left.clone().next_back(),
        }
    }

    /// Looks at events for as long as they are due before `others`.
    fn run(
        &mut self,
        stream: &str,
        direction: Direction,
        others: Option<EventId>,
        look: &mut impl FnMut(EventRef) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut events = self.batch.events(stream, self.left.clone());
        let mut done = 0;
        loop {
            let next = match direction {
                Direction::OldestFirst => events.next(),
                Direction::NewestFirst => events.next_back(),
            };
            let Some(event) = next else { break };
            let rank = direction.rank(event.id);
            if done > 0 && others.is_some_and(|others| rank < others) {
                self.rank = rank;
                break;
            }
            look(event)?;
            done += 1;
        }
        drop(events);
        match direction {
            Direction::OldestFirst => self.left.start += done,
            Direction::NewestFirst => self.left.end -= done,
        }
        ControlFlow::Continue(())
    }
}

impl PartialEq for Opened<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Opened<'_> {}

impl PartialOrd for Opened<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Opened<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}
