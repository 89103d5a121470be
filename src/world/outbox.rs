//! Requests that go out of trailcam: posts to the endpoints of subscribers. Services put them here as values; the shell
//! performs them and says how they went.

use std::collections::{BTreeMap, VecDeque};

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

/// Posts on their way. Who puts them here sees to it that they are not too many.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<(PostId, Post)>,
    askers: BTreeMap<PostId, Asker>,
    counter: u64,
}

impl Outbox {
    /// Sends a post.
    pub fn send(&mut self, post: Post, asker: Asker) {
        self.counter += 1;
        let id = PostId(self.counter);
        self.waiting.push_back((id, post));
        self.askers.insert(id, asker);
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
        self.askers.is_empty()
    }

    /// Ends a post, and tells who asked; `None` after a reset.
    pub fn end(&mut self, id: PostId) -> Option<Asker> {
        self.askers.remove(&id)
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
