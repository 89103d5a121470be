//! Calls that wait for something to happen: long polls of queues. The world keeps who waits for what, in the order they
//! came; the shell lets them sleep, and wakes those that the world names.
//!
//! One event wakes one of those who wait. Who is woken runs again, and either takes what there is or waits on; who goes
//! away instead hands on to the next.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::services::sqs::Place;

use super::time::Time;

/// A running number of a wait; earlier ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitId(u64);

/// Everybody who waits.
#[derive(Debug, Default)]
pub struct Waits {
    counter: u64,
    /// Nobody may wait any more: the process stops.
    closed: bool,
    waiters: HashMap<WaitId, Waiter>,
    lines: HashMap<Arc<Place>, Line>,
    deadlines: BTreeSet<(Time, WaitId)>,
    /// Who is to be woken by the shell.
    woken: Vec<WaitId>,
}

#[derive(Debug)]
struct Waiter {
    place: Arc<Place>,
    until: Time,
    awake: bool,
}

/// Those who wait for one queue.
#[derive(Debug, Default)]
struct Line {
    asleep: BTreeSet<WaitId>,
    /// How many were woken and have not looked yet.
    awake: usize,
}

impl Waits {
    /// Whether one may wait: the process does not stop.
    pub fn is_open(&self) -> bool {
        !self.closed
    }

    /// A number for a new wait.
    pub fn number(&mut self) -> WaitId {
        self.counter += 1;
        WaitId(self.counter)
    }

    /// Falls asleep until something comes to the queue, or the time has come.
    pub fn join(&mut self, id: WaitId, place: &Place, until: Time) {
        self.leave(id);
        let place = match self.lines.get_key_value(place) {
            Some((place, _)) => Arc::clone(place),
            None => Arc::new(place.clone()),
        };
        self.lines.entry(Arc::clone(&place)).or_default().asleep.insert(id);
        self.deadlines.insert((until, id));
        self.waiters.insert(id, Waiter { place, until, awake: false });
    }

    /// Whether somebody sleeps at the queue.
    pub fn has(&self, place: &Place) -> bool {
        self.lines.get(place).is_some_and(|line| !line.asleep.is_empty())
    }

    /// Wakes so many that `count` are awake and have not looked yet.
    pub fn rouse(&mut self, place: &Place, count: usize) {
        while let Some(line) = self.lines.get(place).filter(|line| line.awake < count)
            && let Some(id) = line.asleep.first().copied()
        {
            self.wake(id);
        }
    }

    /// Wakes everybody at the queue.
    pub fn rouse_all(&mut self, place: &Place) {
        self.rouse(place, usize::MAX);
    }

    /// Wakes everybody whose time has come.
    pub fn pass(&mut self, now: Time) {
        while let Some((_, id)) = self.deadlines.first().copied().filter(|(until, _)| *until <= now) {
            self.wake(id);
        }
    }

    fn wake(&mut self, id: WaitId) {
        let Some(waiter) = self.waiters.get_mut(&id).filter(|waiter| !waiter.awake) else { return };
        waiter.awake = true;
        self.deadlines.remove(&(waiter.until, id));
        if let Some(line) = self.lines.get_mut(&waiter.place) {
            line.asleep.remove(&id);
            line.awake += 1;
        }
        self.woken.push(id);
    }

    /// Waits no more: it looks for itself now.
    pub fn leave(&mut self, id: WaitId) {
        self.remove(id);
    }

    /// Went away without having looked; who was woken hands on to the next.
    pub fn abandon(&mut self, id: WaitId) {
        if let Some(waiter) = self.remove(id).filter(|waiter| waiter.awake)
            && let Some(line) = self.lines.get(&waiter.place)
        {
            let wanted = line.awake + 1;
            self.rouse(&waiter.place, wanted);
        }
    }

    fn remove(&mut self, id: WaitId) -> Option<Waiter> {
        let waiter = self.waiters.remove(&id)?;
        self.deadlines.remove(&(waiter.until, id));
        if let Some(line) = self.lines.get_mut(&waiter.place) {
            line.asleep.remove(&id);
            line.awake -= usize::from(waiter.awake);
            if line.asleep.is_empty() && line.awake == 0 {
                self.lines.remove(&waiter.place);
            }
        }
        Some(waiter)
    }

    /// Wakes everybody, for good: what happens at a reset. Numbers go on, so that none means two waits.
    pub fn ended(mut self) -> Waits {
        self.wake_all();
        Waits { counter: self.counter, closed: self.closed, woken: self.woken, ..Waits::default() }
    }

    /// Wakes everybody, and lets nobody wait any more.
    pub fn close(&mut self) {
        self.closed = true;
        self.wake_all();
    }

    fn wake_all(&mut self) {
        let mut all: Vec<WaitId> = self.waiters.keys().copied().collect();
        all.sort_unstable();
        all.into_iter().for_each(|id| self.wake(id));
    }

    /// Who is to be woken by the shell.
    pub fn woken(&mut self) -> Vec<WaitId> {
        std::mem::take(&mut self.woken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::scope::{AccountId, Region};

    fn place(name: &str) -> Place {
        Place { account: AccountId::parse("000000000000").unwrap(), region: Region::US_EAST_1, name: name.to_owned() }
    }

    fn time(second: i64) -> Time {
        Time::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn line(count: usize) -> (Waits, Vec<WaitId>) {
        let mut waits = Waits::default();
        let ids: Vec<WaitId> = (0..count).map(|_| waits.number()).collect();
        ids.iter().zip(1..).for_each(|(id, second)| waits.join(*id, &place("q"), time(second)));
        (waits, ids)
    }

    #[test]
    fn one_message_wakes_one_in_the_order_they_came() {
        let (mut waits, ids) = line(3);
        waits.rouse(&place("other"), 1);
        assert_eq!(waits.woken(), []);
        waits.rouse(&place("q"), 1);
        waits.rouse(&place("q"), 1);
        assert_eq!(waits.woken(), [ids[0]]);
        // The second message wakes the second, though the first has not looked yet.
        waits.rouse(&place("q"), 2);
        assert_eq!(waits.woken(), [ids[1]]);
        // Who found nothing waits on, before those who came later.
        waits.join(ids[0], &place("q"), time(1));
        waits.leave(ids[1]);
        waits.rouse(&place("q"), 1);
        assert_eq!(waits.woken(), [ids[0]]);
    }

    #[test]
    fn who_goes_away_hands_on() {
        let (mut waits, ids) = line(3);
        waits.abandon(ids[0]);
        assert_eq!(waits.woken(), [], "it was asleep");
        waits.rouse(&place("q"), 1);
        waits.abandon(ids[1]);
        assert_eq!(waits.woken(), [ids[1], ids[2]]);
        waits.leave(ids[2]);
        assert!(!waits.has(&place("q")) && waits.lines.is_empty() && waits.deadlines.is_empty());
    }

    #[test]
    fn time_and_the_end_wake_those_they_concern() {
        let (mut waits, ids) = line(3);
        waits.pass(time(2));
        assert_eq!(waits.woken(), ids[..2]);
        let mut waits = waits.ended();
        assert_eq!(waits.woken(), ids[2..]);
        let id = waits.number();
        assert!(!ids.contains(&id));
        waits.join(id, &place("q"), time(1));
        waits.close();
        assert_eq!(waits.woken(), [id]);
        assert!(!waits.is_open());
    }
}
