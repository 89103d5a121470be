//! The messages of one queue: which are to be had, which are hidden until when. Knows the time it is told, and nothing
//! of other queues.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use chrono::TimeDelta;

use crate::world::time::Time;

use super::contents::{Contents, Digests};

/// How long a message may stay invisible since it was received.
pub const INVISIBLE_MAX: TimeDelta = TimeDelta::hours(12);
/// How long FIFO queues know what was sent, and what was received in an attempt.
const MEMORY: TimeDelta = TimeDelta::minutes(5);

/// A message in a queue.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    pub contents: Contents,
    pub digests: Digests,
    /// `SenderId`
    pub sender: String,
    pub sent: Time,
    /// `SequenceNumber`, in FIFO queues.
    pub sequence: Option<u128>,
    pub deduplication: Option<String>,
    /// ARN of the queue from which it came as a dead letter.
    pub source: Option<String>,
    pub receive_count: u32,
    pub first_received: Option<Time>,
    last_received: Time,
    /// Since when it has been in this queue, as far as retention goes.
    kept_since: Time,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Visible,
    /// Sent with a delay that has not passed.
    Delayed(Time),
    InFlight(Time),
}

/// The place of a message among all that ever were in the queue.
type Order = u64;

/// Messages by their order, and all that finds them fast.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    messages: BTreeMap<Order, Message>,
    next: Order,
    /// What can be received, first come first served: of a FIFO queue's group its first message, while none is in
    /// flight.
    ready: BTreeSet<Order>,
    /// Delayed messages and those in flight, by the time when they become visible.
    hidden: BTreeSet<(Time, Order)>,
    in_flight: usize,
    delayed: usize,
    /// All messages, by the time since when they are kept.
    ages: BTreeSet<(Time, Order)>,
    fifo: Option<Fifo>,
}

/// What FIFO queues know beside.
#[derive(Clone, Debug, Default)]
struct Fifo {
    groups: HashMap<String, Group>,
    /// What was sent in the last five minutes.
    sent: Memory<(String, u128)>,
    /// What was received in an attempt with an id.
    attempts: Memory<Vec<Receipt>>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    messages: BTreeSet<Order>,
    in_flight: usize,
    /// Which of them is in `ready`.
    head: Option<Order>,
}

/// Values that are forgotten after a while.
#[derive(Clone, Debug)]
struct Memory<T> {
    values: HashMap<String, (Time, T)>,
    order: VecDeque<(Time, String)>,
}

/// A receipt: which message, and the how manyeth time it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub order: Order,
    pub count: u32,
}

/// Why a receipt is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The message is not in flight, or gone.
    NotInFlight,
    /// The message was received again since, or is visible again.
    Expired,
    /// Twelve hours are the limit.
    TooLong,
}

/// How messages are to be received.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    pub count: usize,
    pub visibility: TimeDelta,
    /// Messages that were received so often are dead letters.
    pub receives_max: Option<u32>,
    pub attempt: Option<&'a str>,
}

/// What was received.
#[derive(Debug, Default)]
pub struct Received {
    pub messages: Vec<(Receipt, Message)>,
    /// Messages that are no longer in the queue, since they were received too often.
    pub dead: Vec<Message>,
}

/// How many messages there are, of each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub visible: usize,
    pub in_flight: usize,
    pub delayed: usize,
}

impl<T> Default for Memory<T> {
    fn default() -> Memory<T> {
        Memory { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Memory<T> {
    fn forget(&mut self, before: Time) {
        while let Some((time, key)) = self.order.pop_front_if(|(time, _)| *time <= before) {
            if self.values.get(&key).is_some_and(|(known, _)| *known == time) {
                self.values.remove(&key);
            }
        }
    }

    fn get(&self, key: &str) -> Option<&T> {
        self.values.get(key).map(|(_, value)| value)
    }

    fn insert(&mut self, now: Time, key: String, value: T) {
        self.order.push_back((now, key.clone()));
        self.values.insert(key, (now, value));
    }
}

impl Message {
    pub fn new(id: String, contents: Contents, digests: Digests, sender: String, sent: Time) -> Message {
        Message {
            id,
            contents,
            digests,
            sender,
            sent,
            sequence: None,
            deduplication: None,
            source: None,
            receive_count: 0,
            first_received: None,
            last_received: sent,
            kept_since: sent,
            state: State::Visible,
        }
    }
}

impl Backlog {
    pub fn new(is_fifo: bool) -> Backlog {
        Backlog { fifo: is_fifo.then(Fifo::default), ..Backlog::default() }
    }

    /// Lets time pass: what was hidden until now is visible, what is older than the queue keeps is gone.
    pub fn advance(&mut self, now: Time, retention: TimeDelta) {
        while let Some((_, order)) = self.ages.first().copied().filter(|(since, _)| *since + retention <= now) {
            self.take(order);
        }
        while let Some((_, order)) = self.hidden.first().copied().filter(|(until, _)| *until <= now) {
            self.change(order, State::Visible);
        }
        if let Some(fifo) = &mut self.fifo {
            fifo.sent.forget(now - MEMORY);
            fifo.attempts.forget(now - MEMORY);
        }
    }

    /// When the next hidden message becomes visible.
    pub fn next_visible(&self) -> Option<Time> {
        self.hidden.first().map(|(time, _)| *time)
    }

    /// How many messages could be received at once by as many who ask for one.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    pub fn counts(&self) -> Counts {
        let hidden = self.in_flight + self.delayed;
        Counts { visible: self.messages.len() - hidden, in_flight: self.in_flight, delayed: self.delayed }
    }

    /// The message id and sequence number of what was sent under this deduplication key in the last five minutes.
    pub fn duplicate(&self, key: &str) -> Option<&(String, u128)> {
        self.fifo.as_ref()?.sent.get(key)
    }

    /// Remembers what was sent under a deduplication key.
    pub fn remember(&mut self, now: Time, key: String, id: &str, sequence: u128) {
        if let Some(fifo) = &mut self.fifo {
            fifo.sent.insert(now, key, (id.to_owned(), sequence));
        }
    }

    /// Adds a message, visible after a delay. It is kept since `kept_since`.
    pub fn add(&mut self, message: Message, now: Time, delay: TimeDelta, kept_since: Time) {
        let order = self.next;
        self.next += 1;
        if let (Some(fifo), Some(group)) = (&mut self.fifo, &message.contents.group) {
            fifo.groups.entry(group.clone()).or_default().messages.insert(order);
        }
        self.ages.insert((kept_since, order));
        let state = if delay > TimeDelta::zero() { State::Delayed(now + delay) } else { State::Visible };
        self.messages.insert(order, Message { state: State::Visible, kept_since, ..message });
        self.change(order, state);
    }

    /// Receives messages: they are in flight then.
    pub fn receive(&mut self, now: Time, wish: &Wish) -> Received {
        if let Some(again) = self.receive_again(now, wish) {
            return again;
        }
        let mut received = Received::default();
        while received.messages.len() < wish.count {
            let Some(order) = self.ready.first().copied() else { break };
            self.receive_from(order, now, wish, &mut received);
        }
        if let (Some(fifo), Some(attempt)) = (&mut self.fifo, wish.attempt)
            && !received.messages.is_empty()
        {
            let receipts = received.messages.iter().map(|(receipt, _)| *receipt).collect();
            fifo.attempts.insert(now, attempt.to_owned(), receipts);
        }
        received
    }

    /// Receives a message, and those of its group that follow.
    fn receive_from(&mut self, first: Order, now: Time, wish: &Wish, received: &mut Received) {
        for order in self.followers(first, wish.count - received.messages.len()) {
            let Some(message) = self.messages.get_mut(&order) else { continue };
            if wish.receives_max.is_some_and(|most| message.receive_count >= most) {
                received.dead.extend(self.take(order));
                continue;
            }
            message.receive_count += 1;
            message.first_received.get_or_insert(now);
            message.last_received = now;
            let receipt = Receipt { order, count: message.receive_count };
            received.messages.push((receipt, message.clone()));
            self.change(order, State::InFlight(now + wish.visibility));
        }
    }

    /// A message, and of a FIFO queue the visible ones of its group that follow it without a gap.
    fn followers(&self, first: Order, most: usize) -> Vec<Order> {
        let group = self.fifo.as_ref().and_then(|fifo| {
            let name = self.messages.get(&first)?.contents.group.as_ref()?;
            fifo.groups.get(name)
        });
        let Some(group) = group else { return vec![first] };
        let is_visible = |order: &&Order| self.messages.get(order).is_some_and(|m| m.state == State::Visible);
        group.messages.range(first..).take_while(is_visible).take(most).copied().collect()
    }

    /// What an attempt has received before, if nothing has happened to it: it is in flight for as long again.
    fn receive_again(&mut self, now: Time, wish: &Wish) -> Option<Received> {
        let receipts = self.fifo.as_ref()?.attempts.get(wish.attempt?)?.clone();
        let is_untouched = |receipt: &Receipt| self.in_flight(*receipt).is_ok();
        if !receipts.iter().all(is_untouched) {
            return None;
        }
        for receipt in &receipts {
            self.change(receipt.order, State::InFlight(now + wish.visibility));
        }
        let found =
            receipts.into_iter().filter_map(|receipt| Some((receipt, self.messages.get(&receipt.order)?.clone())));
        Some(Received { messages: found.collect(), dead: Vec::new() })
    }

    fn in_flight(&self, receipt: Receipt) -> Result<&Message, Refusal> {
        let message = self.messages.get(&receipt.order).ok_or(Refusal::NotInFlight)?;
        match message.state {
            _ if message.receive_count != receipt.count => Err(Refusal::Expired),
            State::InFlight(_) => Ok(message),
            _ => Err(Refusal::NotInFlight),
        }
    }

    /// Deletes a received message. What is gone already, or was received again since, stays as it is; FIFO queues want
    /// the message to be in flight.
    ///
    /// # Errors
    /// [`Refusal::Expired`], of FIFO queues.
    pub fn delete(&mut self, receipt: Receipt) -> Result<(), Refusal> {
        let is_fifo = self.fifo.is_some();
        match (self.messages.get(&receipt.order), self.in_flight(receipt)) {
            (None, _) => return Ok(()),
            (Some(_), Err(_)) if is_fifo => return Err(Refusal::Expired),
            (Some(message), _) if message.receive_count != receipt.count => return Ok(()),
            _ => {}
        }
        self.take(receipt.order);
        Ok(())
    }

    /// Makes a received message visible after another span of time, counted from now.
    ///
    /// # Errors
    /// The message is not in flight, or would be so for more than twelve hours.
    pub fn change_visibility(&mut self, receipt: Receipt, now: Time, span: TimeDelta) -> Result<(), Refusal> {
        let message = self.in_flight(receipt)?;
        if now + span > message.last_received + INVISIBLE_MAX {
            return Err(Refusal::TooLong);
        }
        let state = if span > TimeDelta::zero() { State::InFlight(now + span) } else { State::Visible };
        self.change(receipt.order, state);
        Ok(())
    }

    /// Removes every message.
    pub fn clear(&mut self) {
        let fifo = self.fifo.take().map(|fifo| Fifo { groups: HashMap::new(), ..fifo });
        *self = Backlog { next: self.next, fifo, ..Backlog::default() };
    }

    /// Removes the first visible message, in the order in which they came.
    pub fn take_visible(&mut self) -> Option<Message> {
        let order = *self.ready.first()?;
        self.take(order)
    }

    fn take(&mut self, order: Order) -> Option<Message> {
        self.change(order, State::Visible);
        let message = self.messages.remove(&order)?;
        self.ready.remove(&order);
        self.ages.remove(&(message.kept_since, order));
        self.refresh_without(&message, order);
        Some(message)
    }

    /// Takes a message out of its group.
    fn refresh_without(&mut self, message: &Message, order: Order) {
        let (Some(fifo), Some(name)) = (&mut self.fifo, &message.contents.group) else { return };
        if let Some(group) = fifo.groups.get_mut(name) {
            group.messages.remove(&order);
            if group.messages.is_empty() {
                fifo.groups.remove(name);
                return;
            }
        }
        self.refresh(name);
    }

    /// Puts a message into another state; all counts and indexes follow.
    fn change(&mut self, order: Order, state: State) {
        let Some(message) = self.messages.get_mut(&order) else { return };
        let old = std::mem::replace(&mut message.state, state);
        let group = message.contents.group.clone().filter(|_| self.fifo.is_some());
        match old {
            State::Visible => {}
            State::Delayed(until) | State::InFlight(until) => {
                self.hidden.remove(&(until, order));
            }
        }
        match state {
            State::Visible => {}
            State::Delayed(until) | State::InFlight(until) => {
                self.hidden.insert((until, order));
            }
        }
        let flies = |state| matches!(state, State::InFlight(_));
        let waits = |state| matches!(state, State::Delayed(_));
        self.in_flight = self.in_flight + usize::from(flies(state)) - usize::from(flies(old));
        self.delayed = self.delayed + usize::from(waits(state)) - usize::from(waits(old));
        match group {
            None if state == State::Visible => {
                self.ready.insert(order);
            }
            None => {
                self.ready.remove(&order);
            }
            Some(name) => {
                if let Some(group) = self.fifo.as_mut().and_then(|fifo| fifo.groups.get_mut(&name)) {
                    group.in_flight = group.in_flight + usize::from(flies(state)) - usize::from(flies(old));
                }
                self.refresh(&name);
            }
        }
    }

    /// Sees to it that the first message of a group is ready if it can be received, and no other.
    fn refresh(&mut self, name: &str) {
        let Some(group) = self.fifo.as_mut().and_then(|fifo| fifo.groups.get_mut(name)) else { return };
        let first = group.messages.first().copied().filter(|first| {
            group.in_flight == 0 && self.messages.get(first).is_some_and(|message| message.state == State::Visible)
        });
        if let Some(old) = group.head.filter(|old| Some(*old) != first) {
            self.ready.remove(&old);
        }
        group.head = first;
        self.ready.extend(first);
    }
}
