//! Requests that go out of trailcam: posts to the endpoints of subscribers. Services put them here as values; the shell
//! performs them and says how they went.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use crate::services::sns;

/// A running number of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(u64);

/// A POST request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// `http://…` or `https://…`
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

/// How a post went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint answered with a status.
    Answered(u16),
    /// There was no answer in time, or no connection: why.
    Unanswered(String),
}

/// Who wants to know how a post went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    Sns(sns::Handover),
}

/// Posts on their way at a time.
const POSTS_MAX: usize = 4096;
/// Bytes of their bodies.
const BYTES_MAX: usize = 64 << 20;

/// Posts on their way. Who finds no room is told when there is some again.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<(PostId, Post)>,
    /// With the bytes of each.
    under_way: BTreeMap<PostId, (Asker, usize)>,
    bytes: usize,
    /// Who waits for room, in turn and by name.
    queue: VecDeque<sns::SubscriptionPlace>,
    queued: BTreeSet<sns::SubscriptionPlace>,
    counter: u64,
}

impl Outbox {
    /// Sends a post.
    pub fn send(&mut self, post: Post, asker: Asker) {
        self.counter += 1;
        let id = PostId(self.counter);
        self.bytes += post.body.len();
        self.under_way.insert(id, (asker, post.body.len()));
        self.waiting.push_back((id, post));
    }

    /// Whether another post may be sent; else the subscription comes up again, in its turn, when one may.
    pub fn has_room_for(&mut self, subscription: &sns::SubscriptionPlace) -> bool {
        let has_room = self.under_way.len() < POSTS_MAX && self.bytes < BYTES_MAX;
        if !has_room && self.queued.insert(subscription.clone()) {
            self.queue.push_back(subscription.clone());
        }
        has_room
    }

    /// The next who waits for room.
    pub fn next_in_queue(&mut self) -> Option<sns::SubscriptionPlace> {
        let next = self.queue.pop_front()?;
        self.queued.remove(&next);
        Some(next)
    }

    /// The posts that nobody has begun yet.
    pub fn take(&mut self) -> Vec<(PostId, Post)> {
        self.waiting.drain(..).collect()
    }

    /// Whether there are posts to begin.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether everything that was sent has come to its end.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Ends a post, and tells who asked; `None` after a reset.
    pub fn end(&mut self, id: PostId) -> Option<Asker> {
        let (asker, bytes) = self.under_way.remove(&id)?;
        self.bytes -= bytes;
        Some(asker)
    }

    /// Forgets everything: what stays of it at a reset. Numbers go on, so that no late outcome is taken for another's.
    pub fn emptied(&self) -> Outbox {
        Outbox { counter: self.counter, ..Outbox::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker() -> Asker {
        let place = sns::SubscriptionPlace::parse("arn:aws:sns:us-east-1:000000000000:t:1").expect("an ARN");
        Asker::Sns(sns::Handover { place, parcel: 1 })
    }

    fn post(url: &str) -> Post {
        Post { url: url.to_owned(), headers: Vec::new(), body: Bytes::new() }
    }

    #[test]
    fn posts_are_begun_once_and_ended_once() {
        let mut outbox = Outbox::default();
        outbox.send(post("http://a"), asker());
        assert!(outbox.has_waiting() && !outbox.is_idle());
        let taken = outbox.take();
        let [(id, _)] = taken[..] else { panic!("one post, not {taken:?}") };
        assert!(!outbox.has_waiting() && !outbox.is_idle());
        assert!(outbox.end(id).is_some() && outbox.is_idle());
        assert_eq!(outbox.end(id), None);
    }

    #[test]
    fn who_finds_no_room_comes_up_again() {
        let mut outbox = Outbox::default();
        let Asker::Sns(sns::Handover { place, .. }) = asker();
        assert!(outbox.has_room_for(&place));
        outbox.send(Post { body: vec![0; BYTES_MAX].into(), ..post("http://a") }, asker());
        assert!(!outbox.has_room_for(&place) && !outbox.has_room_for(&place));
        let id = outbox.take()[0].0;
        outbox.end(id);
        assert_eq!(outbox.next_in_queue(), Some(place.clone()));
        assert_eq!(outbox.next_in_queue(), None);
        assert!(outbox.has_room_for(&place));
    }

    #[test]
    fn outcomes_of_before_a_reset_find_nobody() {
        let mut outbox = Outbox::default();
        outbox.send(post("http://a"), asker());
        let old = outbox.take()[0].0;
        let mut outbox = outbox.emptied();
        outbox.send(post("http://b"), asker());
        assert_eq!(outbox.end(old), None);
        assert!(!outbox.is_idle());
    }
}
