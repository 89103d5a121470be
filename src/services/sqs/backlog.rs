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
    /// When it came to this queue.
    came: Time,
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
    /// Messages by their group; in a standard queue those without one are a group, too.
    groups: HashMap<String, Group>,
    /// What can be received next of each group: in a FIFO queue its first message, while none is in flight.
    ready: BTreeSet<Turn>,
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
    /// What was sent in the last five minutes.
    sent: Memory<(String, u128)>,
    /// What was received in an attempt with an id.
    attempts: Memory<Vec<Receipt>>,
}

/// What belongs together: a FIFO queue gives it in order, a standard queue is fair between groups.
#[derive(Clone, Debug, Default)]
struct Group {
    /// In a FIFO queue all, in a standard one those that are visible.
    messages: BTreeSet<Order>,
    in_flight: usize,
    /// Its place in `ready`.
    turn: Option<Turn>,
}

/// When a group's turn is: a standard queue serves those first of whom fewest messages are in flight
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>), then the oldest.
type Turn = (usize, Order);

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
            came: sent,
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
        if self.fifo.is_some() { self.ready.len() } else { self.counts().visible }
    }

    pub fn counts(&self) -> Counts {
        let hidden = self.in_flight + self.delayed;
        Counts { visible: self.messages.len() - hidden, in_flight: self.in_flight, delayed: self.delayed }
    }

    /// When the oldest message came. A standard queue does not look at those that were received three times and more:
    /// they are behind all others.
    pub fn oldest(&self) -> Option<Time> {
        let is_fifo = self.fifo.is_some();
        self.messages.values().find(|message| is_fifo || message.receive_count < 3).map(|message| message.came)
    }

    /// Groups of a FIFO queue with messages in flight.
    pub fn groups_in_flight(&self) -> Option<usize> {
        self.fifo.as_ref()?;
        Some(self.groups.values().filter(|group| group.in_flight > 0).count())
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
        self.groups.entry(group_of(&message)).or_default().messages.insert(order);
        self.ages.insert((kept_since, order));
        let state = if delay > TimeDelta::zero() { State::Delayed(now + delay) } else { State::Visible };
        self.messages.insert(order, Message { state: State::Visible, came: now, kept_since, ..message });
        self.change(order, state);
    }

    /// Receives messages: they are in flight then.
    pub fn receive(&mut self, now: Time, wish: &Wish) -> Received {
        if let Some(again) = self.receive_again(now, wish) {
            return again;
        }
        let mut received = Received::default();
        while received.messages.len() < wish.count {
            let Some((_, order)) = self.ready.first().copied() else { break };
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
        let group = self.messages.get(&first).and_then(|message| self.groups.get(&group_of(message)));
        let Some(group) = group.filter(|_| self.fifo.is_some()) else { return vec![first] };
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

    /// Makes a received message visible after another span of time, counted from now. In a standard queue that can still
    /// be done after its time, until somebody else receives it.
    ///
    /// # Errors
    /// The message was received again, of a FIFO queue also when it is not in flight; or it would be so for more than
    /// twelve hours.
    pub fn change_visibility(&mut self, receipt: Receipt, now: Time, span: TimeDelta) -> Result<(), Refusal> {
        let last = self.messages.get(&receipt.order).filter(|message| message.receive_count == receipt.count);
        let message = match last.filter(|_| self.fifo.is_none()) {
            Some(message) => message,
            None => self.in_flight(receipt)?,
        };
        if now + span > message.last_received + INVISIBLE_MAX {
            return Err(Refusal::TooLong);
        }
        let state = if span > TimeDelta::zero() { State::InFlight(now + span) } else { State::Visible };
        self.change(receipt.order, state);
        Ok(())
    }

    /// Removes every message.
    pub fn clear(&mut self) {
        *self = Backlog { next: self.next, fifo: self.fifo.take(), ..Backlog::default() };
    }

    /// Removes the first visible message, in the order in which they came.
    pub fn take_visible(&mut self) -> Option<Message> {
        let (_, order) = *self.ready.first()?;
        self.take(order)
    }

    /// The first visible message, as [`Backlog::take_visible`] would take it.
    pub fn first_visible(&self) -> Option<&Message> {
        let (_, order) = self.ready.first()?;
        self.messages.get(order)
    }

    /// Applies another delay to what is delayed, counted from when it was sent.
    pub fn delay_anew(&mut self, now: Time, delay: TimeDelta) {
        let delayed = self.messages.iter().filter(|(_, message)| matches!(message.state, State::Delayed(_)));
        let delayed: Vec<_> = delayed.map(|(order, message)| (*order, message.sent + delay)).collect();
        for (order, until) in delayed {
            self.change(order, if until > now { State::Delayed(until) } else { State::Visible });
        }
    }

    fn take(&mut self, order: Order) -> Option<Message> {
        self.change(order, State::Visible);
        let message = self.messages.remove(&order)?;
        self.ages.remove(&(message.kept_since, order));
        let name = group_of(&message);
        if let Some(group) = self.groups.get_mut(&name) {
            group.messages.remove(&order);
        }
        self.refresh(&name);
        Some(message)
    }

    /// Puts a message into another state; all counts and indexes follow.
    fn change(&mut self, order: Order, state: State) {
        let Some(message) = self.messages.get_mut(&order) else { return };
        let old = std::mem::replace(&mut message.state, state);
        let name = group_of(message);
        if let State::Delayed(until) | State::InFlight(until) = old {
            self.hidden.remove(&(until, order));
        }
        if let State::Delayed(until) | State::InFlight(until) = state {
            self.hidden.insert((until, order));
        }
        let flies = |state| usize::from(matches!(state, State::InFlight(_)));
        let waits = |state| usize::from(matches!(state, State::Delayed(_)));
        self.in_flight = self.in_flight + flies(state) - flies(old);
        self.delayed = self.delayed + waits(state) - waits(old);
        let group = self.groups.entry(name.clone()).or_default();
        group.in_flight = group.in_flight + flies(state) - flies(old);
        if self.fifo.is_none() {
            match state {
                State::Visible => group.messages.insert(order),
                State::Delayed(_) | State::InFlight(_) => group.messages.remove(&order),
            };
        }
        self.refresh(&name);
    }

    /// Sees to it that a group has its turn, or is forgotten when nothing is left of it.
    fn refresh(&mut self, name: &str) {
        let Some(group) = self.groups.get_mut(name) else { return };
        let first = group.messages.first().copied();
        let turn = match self.fifo {
            None => first.map(|first| (group.in_flight, first)),
            Some(_) => first.map(|first| (0, first)).filter(|(_, first)| {
                group.in_flight == 0 && self.messages.get(first).is_some_and(|message| message.state == State::Visible)
            }),
        };
        if turn != group.turn {
            if let Some(old) = group.turn {
                self.ready.remove(&old);
            }
            group.turn = turn;
            self.ready.extend(turn);
        }
        if first.is_none() && group.in_flight == 0 {
            self.groups.remove(name);
        }
    }
}

/// The name of a message's group; groups with an id have a longer one.
fn group_of(message: &Message) -> String {
    message.contents.group.clone().unwrap_or_default()
}
