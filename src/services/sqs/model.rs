//! Queues against a small model of them: random calls and times, and after each the model says what may be answered.
//! The model is a list in order of arrival; it knows nothing of indexes.

use proptest::prelude::*;
use serde_json::json;

use super::tests::Fixture;

/// What a caller does, or the clock.
#[derive(Clone, Debug)]
enum Step {
    Send {
        group: u8,
        delay: u8,
    },
    Receive {
        max: u8,
        visibility: u8,
    },
    /// With the handle of some earlier receive.
    Delete {
        which: usize,
    },
    Change {
        which: usize,
        visibility: u8,
    },
    Advance {
        seconds: u8,
    },
    Purge,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_u8, prop_oneof![3 => Just(0_u8), 1 => 1..30_u8]).prop_map(|(group, delay)| Step::Send { group, delay }),
        6 => (1..=10_u8, 0..40_u8).prop_map(|(max, visibility)| Step::Receive { max, visibility }),
        4 => any::<usize>().prop_map(|which| Step::Delete { which }),
        2 => (any::<usize>(), 0..40_u8).prop_map(|(which, visibility)| Step::Change { which, visibility }),
        4 => (0..25_u8).prop_map(|seconds| Step::Advance { seconds }),
        1 => Just(Step::Purge),
    ];
    prop::collection::vec(step, 1..120)
}

/// A message of the model.
#[derive(Clone, Debug)]
struct Held {
    body: String,
    group: u8,
    sent: i64,
    visible: i64,
    in_flight: bool,
    /// The handle of the last receive.
    handle: Option<String>,
}

struct Model {
    fifo: bool,
    now: i64,
    purged: Option<i64>,
    retention: i64,
    messages: Vec<Held>,
}

impl Model {
    fn settle(&mut self) {
        let (now, retention) = (self.now, self.retention);
        self.messages.retain(|message| message.sent + retention > now);
        for message in self.messages.iter_mut().filter(|message| message.visible <= now) {
            message.in_flight = false;
        }
    }

    fn is_visible(&self, message: &Held) -> bool {
        message.visible <= self.now
    }

    /// Groups of which nothing is in flight; in a standard queue that does not matter.
    fn is_free(&self, group: u8) -> bool {
        !self.fifo || !self.messages.iter().any(|message| message.group == group && message.in_flight)
    }

    /// How many messages a receiver must get, if it takes so many.
    fn wanted(&self, max: usize) -> usize {
        let ready = self.messages.iter().filter(|message| self.is_visible(message) && self.is_free(message.group));
        ready.count().min(max)
    }

    /// Marks what was received, if it may be.
    fn receive(&mut self, received: &[(String, String)], visibility: i64) {
        for group in 0..4 {
            let of_group = |message: &&Held| message.group == group && self.is_visible(message);
            let order: Vec<&str> = self.messages.iter().filter(of_group).map(|message| message.body.as_str()).collect();
            let got: Vec<&str> =
                received.iter().map(|(body, _)| body.as_str()).filter(|body| order.contains(body)).collect();
            if self.fifo {
                assert!(got.is_empty() || self.is_free(group), "group {group} is in flight");
                assert_eq!(got[..], order[..got.len()], "the order of group {group}");
            }
        }
        for (body, handle) in received {
            let visible = self.now + visibility;
            let now = self.now;
            let message =
                self.messages.iter_mut().find(|message| message.body == *body).expect("a message that is there");
            assert!(message.visible <= now, "{body} is not visible");
            (message.visible, message.in_flight) = (visible, visible > now);
            message.handle = Some(handle.clone());
        }
    }

    fn find(&mut self, handle: &str) -> Option<usize> {
        self.messages.iter().position(|message| message.handle.as_deref() == Some(handle))
    }

    fn counts(&self) -> [i64; 3] {
        let in_flight = self.messages.iter().filter(|message| message.in_flight).count();
        let visible = self.messages.iter().filter(|message| self.is_visible(message)).count();
        [visible, self.messages.len() - in_flight - visible, in_flight].map(|count| count as i64)
    }
}

fn check(fifo: bool, steps: Vec<Step>) {
    let fixture = Fixture::new();
    let attributes = match fifo {
        true => json!({"FifoQueue": "true", "DelaySeconds": "3", "MessageRetentionPeriod": "120"}),
        false => json!({"MessageRetentionPeriod": "120"}),
    };
    let url = fixture.queue(if fifo { "q.fifo" } else { "q" }, attributes);
    let mut model = Model { fifo, now: 0, purged: None, retention: 120, messages: Vec::new() };
    let mut handles: Vec<String> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        model.settle();
        match step {
            Step::Send { group, delay } => {
                let body = format!("m{number}");
                let mut input = json!({"QueueUrl": url, "MessageBody": body, "MessageGroupId": format!("g{group}")});
                let delay = if fifo { 3 } else { i64::from(delay) };
                match fifo {
                    true => input["MessageDeduplicationId"] = body.as_str().into(),
                    false => input["DelaySeconds"] = delay.into(),
                }
                fixture.ok("SendMessage", input);
                let visible = model.now + delay;
                model.messages.push(Held { body, group, sent: model.now, visible, in_flight: false, handle: None });
            }
            Step::Receive { max, visibility } => {
                let more = json!({"MaxNumberOfMessages": max, "VisibilityTimeout": visibility});
                let received = fixture.receive_with(&url, more);
                assert_eq!(received.len(), model.wanted(max.into()), "step {number}");
                model.receive(&received, visibility.into());
                handles.extend(received.into_iter().map(|(_, handle)| handle));
            }
            Step::Delete { which } if !handles.is_empty() => {
                let handle = handles[which % handles.len()].clone();
                let done = fixture.call("DeleteMessage", json!({"QueueUrl": url, "ReceiptHandle": handle}));
                match model.find(&handle) {
                    Some(at) if !fifo || model.messages[at].in_flight => {
                        model.messages.remove(at);
                        assert!(done.is_ok(), "step {number}");
                    }
                    // Handles of FIFO queues expire; others are too late without a word.
                    _ => assert!(fifo || done.is_ok(), "step {number}"),
                }
            }
            Step::Change { which, visibility } if !handles.is_empty() => {
                let handle = handles[which % handles.len()].clone();
                let input = json!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": visibility});
                let done = fixture.call("ChangeMessageVisibility", input);
                let at = model.find(&handle).filter(|at| !fifo || model.messages[*at].in_flight);
                assert_eq!(done.is_ok(), at.is_some(), "step {number}");
                if let Some(at) = at {
                    let visible = model.now + i64::from(visibility);
                    (model.messages[at].visible, model.messages[at].in_flight) = (visible, visible > model.now);
                }
            }
            Step::Advance { seconds } => {
                fixture.advance(seconds.into());
                model.now += i64::from(seconds);
            }
            Step::Purge if model.purged.is_none_or(|purged| purged + 60 <= model.now) => {
                fixture.ok("PurgeQueue", json!({"QueueUrl": url}));
                model.purged = Some(model.now);
                model.messages.clear();
            }
            Step::Delete { .. } | Step::Change { .. } | Step::Purge => {}
        }
        model.settle();
        assert_eq!(fixture.counts(&url), model.counts(), "step {number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn standard_queues_keep_to_the_model(steps in steps()) {
        check(false, steps);
    }

    #[test]
    fn fifo_queues_keep_to_the_model(steps in steps()) {
        check(true, steps);
    }
}
