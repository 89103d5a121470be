//! Answers that go on after the call: event streams that clients read until they end or go away.

use std::collections::{BTreeMap, VecDeque};

use crate::wire::Value;

/// A running number of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

/// One event of a stream: a member of the output's event stream, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: &'static str,
    pub value: Value,
}

/// Events that wait for a reader. A reader who does not keep up is cut off: nothing is dropped silently.
const WAITING_MAX: usize = 1024;

/// Every open stream. Services push events; the shell takes them to the clients.
#[derive(Debug, Default)]
pub struct Streams {
    open: BTreeMap<StreamId, Queue>,
    counter: u64,
    /// Counts what happened, so that the shell can tell whether there may be something to take.
    pub changes: u64,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Event>,
    /// No more events will come.
    ended: bool,
}

impl Streams {
    /// Opens a stream.
    pub fn open(&mut self) -> StreamId {
        self.counter += 1;
        let id = StreamId(self.counter);
        self.open.insert(id, Queue::default());
        id
    }

    /// Whether someone still reads, or may.
    pub fn is_open(&self, id: StreamId) -> bool {
        self.open.get(&id).is_some_and(|queue| !queue.ended)
    }

    /// Appends an event; false when the stream is closed, or its reader so slow that it is now.
    pub fn push(&mut self, id: StreamId, name: &'static str, value: Value) -> bool {
        let Some(queue) = self.open.get_mut(&id).filter(|queue| !queue.ended) else { return false };
        self.changes += 1;
        queue.ended = queue.waiting.len() >= WAITING_MAX;
        if !queue.ended {
            queue.waiting.push_back(Event { name, value });
        }
        !queue.ended
    }

    /// Appends an event of which a slow reader misses the oldest: no more than `max` of that name wait.
    pub fn push_newest(&mut self, id: StreamId, name: &'static str, value: Value, max: usize) -> bool {
        if let Some(queue) = self.open.get_mut(&id) {
            let waiting = queue.waiting.iter().filter(|event| event.name == name).count();
            let oldest = queue.waiting.iter().position(|event| event.name == name);
            if let Some(oldest) = oldest.filter(|_| waiting >= max) {
                queue.waiting.remove(oldest);
            }
        }
        self.push(id, name, value)
    }

    /// No more events: the reader gets those that wait, then the end.
    pub fn end(&mut self, id: StreamId) {
        if let Some(queue) = self.open.get_mut(&id) {
            queue.ended = true;
            self.changes += 1;
        }
    }

    /// Ends every stream: what readers get at a reset. Numbers go on, so that no reader takes another's events.
    pub fn ended(mut self) -> Streams {
        self.open.values_mut().for_each(|queue| queue.ended = true);
        self.changes += 1;
        self
    }

    /// The reader went away.
    pub fn close(&mut self, id: StreamId) {
        self.open.remove(&id);
        self.changes += 1;
    }

    /// What waits for the reader; `None` when the stream is over.
    pub fn take(&mut self, id: StreamId) -> Option<Vec<Event>> {
        let queue = self.open.get_mut(&id)?;
        let events: Vec<_> = queue.waiting.drain(..).collect();
        if events.is_empty() && queue.ended {
            self.open.remove(&id);
            return None;
        }
        Some(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_until_the_end() {
        let mut streams = Streams::default();
        let id = streams.open();
        assert_eq!(streams.take(id), Some(vec![]));
        assert!(streams.push(id, "a", Value::Null) && streams.push(id, "b", Value::Null));
        streams.end(id);
        assert!(!streams.push(id, "c", Value::Null));
        let names: Vec<_> = streams.take(id).into_iter().flatten().map(|event| event.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(streams.take(id), None);
        assert!(!streams.is_open(id));
    }

    #[test]
    fn slow_readers_miss_the_oldest_where_that_is_the_deal() {
        let mut streams = Streams::default();
        let id = streams.open();
        streams.push(id, "start", Value::Null);
        for number in 0..5 {
            assert!(streams.push_newest(id, "update", Value::Int(number), 2));
        }
        let values: Vec<_> = streams.take(id).into_iter().flatten().map(|event| event.value).collect();
        assert_eq!(values, [Value::Null, Value::Int(3), Value::Int(4)]);
    }

    #[test]
    fn slow_readers_are_cut_off() {
        let mut streams = Streams::default();
        let id = streams.open();
        let accepted = (0..2 * WAITING_MAX).take_while(|_| streams.push(id, "a", Value::Null)).count();
        assert_eq!(accepted, WAITING_MAX);
        assert_eq!(streams.take(id).map(|events| events.len()), Some(WAITING_MAX));
        assert_eq!(streams.take(id), None);
    }
}
