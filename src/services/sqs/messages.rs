//! The messages of a queue, indexed by all they are asked for. Every step takes time that grows with the logarithm of
//! what the queue holds.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::world::time::Time;

use super::message::{Message, Number, State};

/// How long FIFO queues remember ids of messages and of receive attempts.
const MEMORY: TimeDelta = TimeDelta::minutes(5);

/// The messages of a queue.
#[derive(Debug, Default)]
pub struct Messages {
    fifo: bool,
    /// What tells this queue's receipt handles from others'.
    pub seal: u64,
    /// When the next job comes that drops old messages.
    pub retention_due: Option<Time>,
    all: HashMap<Number, Message>,
    counter: Number,
    sequence: Number,
    groups: HashMap<GroupId, Group>,
    /// Groups with something to give, the next to be served first.
    ready: BTreeSet<(Rank, GroupId)>,
    /// Delayed messages and those in flight, by when they become visible.
    hidden: BTreeSet<(Time, Number)>,
    /// All messages by when they were sent.
    aging: BTreeSet<(Time, Number)>,
    delayed: usize,
    in_flight: usize,
    sent: Memory<(GroupId, String), Sent>,
    attempts: Memory<String, Vec<Received>>,
}

/// Messages that belong together: a FIFO queue gives them in order, a standard queue is fair between them. Those without
/// a group are a group, too.
type GroupId = Option<Arc<str>>;

/// Messages of a group.
#[derive(Debug, Default)]
struct Group {
    visible: BTreeSet<Number>,
    in_flight: usize,
    /// All of them, hidden ones too.
    count: usize,
    rank: Option<Rank>,
}

/// When a group's turn is: a standard queue serves those first of whom fewest messages are in flight
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>), then the oldest.
type Rank = (usize, Number);

/// What an earlier message of the same id got.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: String,
    pub sequence: Option<String>,
}

/// A message that was received: which, and the how manieth time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    pub number: Number,
    pub count: u32,
}

impl Messages {
    pub fn new(fifo: bool, seal: u64) -> Messages {
        Messages { fifo, seal, ..Messages::default() }
    }

    pub fn visible(&self) -> usize {
        self.all.len() - self.delayed - self.in_flight
    }

    pub fn delayed(&self) -> usize {
        self.delayed
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub fn get(&self, number: Number) -> Option<&Message> {
        self.all.get(&number)
    }

    /// A number for the next message of a FIFO queue, greater than those before.
    pub fn next_sequence(&mut self) -> String {
        self.sequence += 1;
        super::send::sequence(self.sequence)
    }

    /// How many receivers could be served at once.
    pub fn available(&self) -> usize {
        if self.fifo { self.ready.len() } else { self.visible() }
    }

    /// When the next message becomes visible.
    pub fn next_visible(&self) -> Option<Time> {
        self.hidden.first().map(|(time, _)| *time)
    }

    /// When the oldest message was sent.
    pub fn oldest(&self) -> Option<Time> {
        self.aging.first().map(|(time, _)| *time)
    }

    /// Takes a message in, at the end.
    pub fn add(&mut self, message: Message) -> Number {
        self.counter += 1;
        let number = self.counter;
        self.aging.insert((message.sent, number));
        let group = self.groups.entry(message.group.clone()).or_default();
        group.count += 1;
        match message.state {
            State::Visible => drop(group.visible.insert(number)),
            State::Delayed { until } => {
                self.delayed += 1;
                self.hidden.insert((until, number));
            }
            State::InFlight { until } => {
                group.in_flight += 1;
                self.in_flight += 1;
                self.hidden.insert((until, number));
            }
        }
        let id = message.group.clone();
        self.all.insert(number, message);
        self.rank(&id);
        number
    }

    /// Takes up to `max` visible messages whose turn it is, those of a group in order. They are in flight until `until`;
    /// those that were received `count_max` times before leave the queue instead, as dead letters.
    pub fn take(&mut self, now: Time, max: usize, until: Time, count_max: Option<u32>) -> Taken {
        let mut taken = Taken::default();
        while taken.received.len() < max {
            let Some((_, group)) = self.ready.first().cloned() else { break };
            // In FIFO queues as many of one group as there are, so that other receivers get other groups.
            let limit = if self.fifo { max - taken.received.len() } else { 1 };
            self.take_from(&group, limit, now, until, count_max, &mut taken);
        }
        if until <= now {
            // Received, and visible again at once.
            self.reveal(now);
        }
        taken
    }

    fn take_from(
        &mut self,
        id: &GroupId,
        limit: usize,
        now: Time,
        until: Time,
        count_max: Option<u32>,
        taken: &mut Taken,
    ) {
        let enough = taken.received.len() + limit;
        while taken.received.len() < enough
            && let Some(number) = self.groups.get(id).and_then(|group| group.visible.first()).copied()
        {
            let Some(message) = self.all.get_mut(&number) else { break };
            if count_max.is_some_and(|max| message.receive_count >= max) {
                taken.dead.extend(self.remove(number));
                continue;
            }
            message.receive_count += 1;
            message.first_received.get_or_insert(now);
            message.last_received = Some(now);
            taken.received.push(Received { number, count: message.receive_count });
            self.set_state(number, State::InFlight { until });
        }
    }

    /// Hides a message for longer or shorter; it is in flight then.
    pub fn hide(&mut self, number: Number, until: Time) {
        self.set_state(number, State::InFlight { until });
    }

    /// Applies a new delay to what is delayed.
    pub fn redelay(&mut self, delay: TimeDelta, now: Time) {
        let delayed = self.hidden.iter().map(|(_, number)| *number);
        let delayed: Vec<Number> =
            delayed.filter(|number| self.all.get(number).is_some_and(|message| !message.is_in_flight())).collect();
        for number in delayed {
            if let Some(sent) = self.all.get(&number).map(|message| message.sent) {
                self.set_state(number, State::Delayed { until: sent + delay });
            }
        }
        self.reveal(now);
    }

    /// Makes those visible whose time has come.
    pub fn reveal(&mut self, now: Time) {
        while let Some((_, number)) = self.hidden.first().copied().filter(|(until, _)| *until <= now) {
            self.set_state(number, State::Visible);
        }
    }

    /// Drops those that have been kept long enough.
    pub fn expire(&mut self, now: Time, retention: TimeDelta) {
        while let Some((_, number)) = self.aging.first().copied().filter(|(sent, _)| *sent + retention <= now) {
            self.remove(number);
        }
    }

    /// Takes a message out.
    pub fn remove(&mut self, number: Number) -> Option<Message> {
        self.set_state(number, State::Visible);
        let message = self.all.remove(&number)?;
        self.aging.remove(&(message.sent, number));
        if let Some(group) = self.groups.get_mut(&message.group) {
            group.visible.remove(&number);
            group.count -= 1;
        }
        self.rank(&message.group);
        Some(message)
    }

    /// The visible message whose turn it is.
    pub fn peek(&self) -> Option<&Message> {
        self.all.get(&self.next()?)
    }

    /// Takes out the visible message whose turn it is.
    pub fn pop(&mut self) -> Option<Message> {
        let number = self.next()?;
        self.remove(number)
    }

    fn next(&self) -> Option<Number> {
        let (_, group) = self.ready.first()?;
        self.groups.get(group)?.visible.first().copied()
    }

    /// Drops all messages. What was remembered of them stays.
    pub fn clear(&mut self) {
        self.all.clear();
        self.groups.clear();
        self.ready.clear();
        self.hidden.clear();
        self.aging.clear();
        (self.delayed, self.in_flight) = (0, 0);
    }

    /// Moves a message from one state to another, in all indexes.
    fn set_state(&mut self, number: Number, state: State) {
        let Some(message) = self.all.get_mut(&number) else { return };
        let old = std::mem::replace(&mut message.state, state);
        let id = message.group.clone();
        let Some(group) = self.groups.get_mut(&id) else { return };
        match old {
            State::Visible => drop(group.visible.remove(&number)),
            State::Delayed { until } => {
                self.delayed -= 1;
                self.hidden.remove(&(until, number));
            }
            State::InFlight { until } => {
                self.in_flight -= 1;
                group.in_flight -= 1;
                self.hidden.remove(&(until, number));
            }
        }
        match state {
            State::Visible => drop(group.visible.insert(number)),
            State::Delayed { until } => {
                self.delayed += 1;
                self.hidden.insert((until, number));
            }
            State::InFlight { until } => {
                self.in_flight += 1;
                group.in_flight += 1;
                self.hidden.insert((until, number));
            }
        }
        self.rank(&id);
    }

    /// Puts a group where its turn is. A FIFO group has none while one of its messages is in flight.
    fn rank(&mut self, id: &GroupId) {
        let Some(group) = self.groups.get_mut(id) else { return };
        let waits = self.fifo && group.in_flight > 0;
        // Messages of nobody are not served after others for being many.
        let load = if id.is_some() { group.in_flight } else { 0 };
        let rank = group.visible.first().filter(|_| !waits).map(|number| (load, *number));
        let is_empty = group.count == 0;
        let old = std::mem::replace(&mut group.rank, rank);
        if old != rank {
            if let Some(old) = old {
                self.ready.remove(&(old, id.clone()));
            }
            if let Some(rank) = rank {
                self.ready.insert((rank, id.clone()));
            }
        }
        if is_empty {
            self.groups.remove(id);
        }
    }

    /// A message with the same id that was sent within five minutes.
    pub fn duplicate(&mut self, now: Time, group: &GroupId, id: &str) -> Option<Sent> {
        self.sent.get(now, &(group.clone(), id.to_owned())).cloned()
    }

    /// Remembers a message's id, in its group or (`None`) in the whole queue.
    pub fn remember(&mut self, now: Time, group: GroupId, id: String, sent: Sent) {
        self.sent.insert(now, (group, id), sent);
    }

    /// What an attempt of the same id received within five minutes, as far as it is still in flight.
    pub fn attempt(&mut self, now: Time, id: &str) -> Vec<Received> {
        let received = self.attempts.get(now, &id.to_owned()).cloned().unwrap_or_default();
        let is_held = |received: &Received| {
            self.all
                .get(&received.number)
                .is_some_and(|message| message.is_in_flight() && message.receive_count == received.count)
        };
        received.into_iter().filter(is_held).collect()
    }

    /// Remembers what an attempt received.
    pub fn remember_attempt(&mut self, now: Time, id: String, received: Vec<Received>) {
        self.attempts.insert(now, id, received);
    }
}

/// What was taken from a queue.
#[derive(Debug, Default)]
pub struct Taken {
    pub received: Vec<Received>,
    /// Messages that were received too often.
    pub dead: Vec<Message>,
}

/// Things that are remembered for five minutes.
#[derive(Debug)]
struct Memory<K, V> {
    held: BTreeMap<K, (Time, V)>,
    order: VecDeque<(Time, K)>,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Memory<K, V> {
        Memory { held: BTreeMap::new(), order: VecDeque::new() }
    }
}

impl<K: Ord + Clone, V> Memory<K, V> {
    fn get(&mut self, now: Time, key: &K) -> Option<&V> {
        self.forget(now);
        self.held.get(key).map(|(_, value)| value)
    }

    fn insert(&mut self, now: Time, key: K, value: V) {
        self.forget(now);
        self.order.push_back((now, key.clone()));
        self.held.insert(key, (now, value));
    }

    fn forget(&mut self, now: Time) {
        while let Some((time, key)) = self.order.pop_front_if(|(time, _)| *time + MEMORY <= now) {
            // A newer one of the same key stays.
            if self.held.get(&key).is_some_and(|(held, _)| *held == time) {
                self.held.remove(&key);
            }
        }
    }
}
