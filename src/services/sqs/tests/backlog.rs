//! The backlog against a model that is slow and plain: a list of messages, looked through from the front each time.

use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::services::sqs::backlog::{Backlog, Counts, Message, Receipt, Wish};
use crate::services::sqs::contents::Contents;
use crate::world::time::Time;

/// A message as the model sees it.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    group: Option<String>,
    sent: Time,
    /// When it can be seen again, and whether it is hidden because somebody has it.
    visible: Time,
    taken: bool,
    count: u32,
    receipt: Option<Receipt>,
}

struct Model {
    messages: Vec<Known>,
    retention: TimeDelta,
}

impl Model {
    fn advance(&mut self, now: Time) {
        self.messages.retain(|message| message.sent + self.retention > now);
        for message in &mut self.messages {
            message.taken &= message.visible > now;
        }
    }

    /// Indexes of what a receiver must get.
    fn receivable(&self, now: Time, most: usize, fifo: bool) -> Vec<usize> {
        let mut found = if fifo { self.in_order(now) } else { self.fairly(now, most) };
        found.truncate(most);
        found
    }

    /// Of a FIFO queue: everything that is visible, from the front, while none of its group is taken, and nothing behind
    /// a message that is hidden.
    fn in_order(&self, now: Time) -> Vec<usize> {
        let mut found = Vec::new();
        let mut groups: Vec<&Option<String>> = Vec::new();
        for message in &self.messages {
            if groups.contains(&&message.group) {
                continue;
            }
            groups.push(&message.group);
            let all = self.messages.iter().enumerate().filter(|(_, other)| other.group == message.group);
            if all.clone().all(|(_, other)| !other.taken) {
                found.extend(all.take_while(|(_, other)| other.visible <= now).map(|(index, _)| index));
            }
        }
        found
    }

    /// Of a standard queue: everything that is visible, one by one of the group of which fewest are taken.
    fn fairly(&self, now: Time, most: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        while found.len() < most {
            let taken = |group: &Option<String>| {
                let is_taken = |(index, message): &(usize, &Known)| message.taken || found.contains(index);
                let of_group = self.messages.iter().enumerate().filter(|(_, message)| message.group == *group);
                of_group.filter(is_taken).count()
            };
            let left = self.messages.iter().enumerate();
            let left = left.filter(|(index, message)| message.visible <= now && !found.contains(index));
            let Some((next, _)) = left.min_by_key(|(index, message)| (taken(&message.group), *index)) else { break };
            found.push(next);
        }
        found
    }

    fn counts(&self, now: Time) -> Counts {
        let hidden = |taken| self.messages.iter().filter(|m| m.visible > now && m.taken == taken).count();
        let visible = self.messages.iter().filter(|message| message.visible <= now).count();
        Counts { visible, in_flight: hidden(true), delayed: hidden(false) }
    }
}

/// Sends, receives, deletes, hides and waits at random, and compares after each step.
fn compare(seed: u64, fifo: bool) {
    let mut rng = StdRng::seed_from_u64(seed);
    let retention = TimeDelta::seconds(600);
    let mut now = Time::from_timestamp(1_768_471_200, 0).unwrap();
    let (mut queue, mut model) = (Backlog::new(fifo), Model { messages: Vec::new(), retention });
    for step in 0..400 {
        queue.advance(now, retention);
        model.advance(now);
        match rng.gen_range(0..10) {
            0..=3 => {
                let (id, group) =
                    (format!("m{step}"), (fifo || rng.gen_bool(0.7)).then(|| format!("g{}", rng.gen_range(0..4))));
                // A FIFO queue has one delay for all.
                let delay = if fifo { 0 } else { rng.gen_range(0..3) * 5 };
                let contents = Contents { body: id.clone(), group: group.clone(), ..Contents::default() };
                let digests = contents.digests();
                let message = Message::new(id.clone(), contents, digests, "sender".into(), now);
                queue.add(message, now, TimeDelta::seconds(delay), now);
                let visible = now + TimeDelta::seconds(delay);
                model.messages.push(Known { id, group, sent: now, visible, taken: false, count: 0, receipt: None });
            }
            4..=6 => {
                let (count, span) = (rng.gen_range(1..=10), TimeDelta::seconds(rng.gen_range(1..60)));
                let wish = Wish { count, visibility: span, receives_max: None, attempt: None };
                let received = queue.receive(now, &wish).messages;
                let expected = model.receivable(now, count, fifo);
                let ids: Vec<_> = expected.iter().map(|index| model.messages[*index].id.clone()).collect();
                assert_eq!(
                    received.iter().map(|(_, m)| m.id.clone()).collect::<Vec<_>>(),
                    ids,
                    "seed {seed} step {step}"
                );
                for ((receipt, message), index) in received.iter().zip(expected) {
                    let known = &mut model.messages[index];
                    (known.visible, known.taken, known.receipt) = (now + span, true, Some(*receipt));
                    known.count += 1;
                    assert_eq!(message.receive_count, known.count);
                }
            }
            7 | 8 => {
                let with_receipt: Vec<_> =
                    (0..model.messages.len()).filter(|i| model.messages[*i].receipt.is_some()).collect();
                let Some(index) = with_receipt.get(rng.gen_range(0..with_receipt.len().max(1))).copied() else {
                    continue;
                };
                let known = &mut model.messages[index];
                let receipt = known.receipt.unwrap();
                if rng.gen_bool(0.7) {
                    let gone = known.taken || !fifo;
                    assert_eq!(queue.delete(receipt).is_ok(), gone, "seed {seed} step {step}");
                    if gone {
                        model.messages.remove(index);
                    }
                } else {
                    let span = TimeDelta::seconds(rng.gen_range(0..20));
                    // The last receipt stays good in a standard queue.
                    let is_good = known.taken || !fifo;
                    assert_eq!(queue.change_visibility(receipt, now, span).is_ok(), is_good);
                    if is_good {
                        known.visible = now + span;
                        known.taken = span > TimeDelta::zero();
                    }
                }
            }
            _ => now += TimeDelta::seconds(rng.gen_range(0..30)),
        }
        queue.advance(now, retention);
        model.advance(now);
        assert_eq!(queue.counts(), model.counts(now), "seed {seed} step {step}");
        assert_eq!(queue.ready() > 0, !model.receivable(now, 1, fifo).is_empty(), "seed {seed} step {step}");
    }
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order() {
    for seed in 0..60 {
        compare(seed, false);
        compare(seed, true);
    }
}
