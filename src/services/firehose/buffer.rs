//! What a stream holds until S3 has it.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::TimeDelta;

use crate::world::time::Time;

use super::compression::Packed;

/// Bytes that a stream keeps at most, the largest buffer twice. Beyond that it throttles, where AWS does by the rate
/// of what comes in (<https://docs.aws.amazon.com/firehose/latest/dev/limits.html>).
const KEPT_BYTES_MAX: usize = 256 << 20;

/// How long data is kept when it cannot be delivered
/// (<https://docs.aws.amazon.com/firehose/latest/dev/retry.html>).
const KEPT: TimeDelta = TimeDelta::hours(24);

/// The records of a stream on their way, in order: complete batches, and the one that records are added to.
#[derive(Debug, Default)]
pub struct Buffer {
    complete: VecDeque<Batch>,
    open: Option<OpenBatch>,
    /// Attempts that failed since the last one that did not.
    pub failures: u32,
    /// Not before then is delivery tried again.
    pub retry_at: Option<Time>,
}

/// Records that become one object.
#[derive(Clone, Debug)]
pub struct Batch {
    /// When the oldest record came.
    pub arrived: Time,
    /// The records, one after the other with nothing in between.
    pub content: Bytes,
    /// How many they are.
    pub records: u64,
    /// The object's content, once it has been made.
    pub packed: Arc<OnceLock<Packed>>,
}

#[derive(Debug)]
struct OpenBatch {
    arrived: Time,
    content: Vec<u8>,
    records: u64,
}

impl Buffer {
    /// Whether so many bytes find room.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.bytes() + bytes <= KEPT_BYTES_MAX
    }

    fn bytes(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |batch| batch.content.len());
        open + self.complete.iter().map(|batch| batch.content.len()).sum::<usize>()
    }

    /// Adds a record; a batch that has reached `size` bytes is complete.
    pub fn add(&mut self, now: Time, record: &[u8], size: usize) {
        let batch = self.open.get_or_insert_with(|| OpenBatch { arrived: now, content: Vec::new(), records: 0 });
        batch.content.extend_from_slice(record);
        batch.records += 1;
        if batch.content.len() >= size {
            self.close();
        }
    }

    /// Completes the open batch.
    pub fn close(&mut self) {
        if let Some(batch) = self.open.take() {
            let OpenBatch { arrived, content, records } = batch;
            let content = Bytes::from(content);
            self.complete.push_back(Batch { arrived, content, records, packed: Arc::default() });
        }
    }

    /// Completes the open batch if its time has come; whether it has.
    pub fn close_due(&mut self, now: Time, interval: TimeDelta) -> bool {
        let is_due = self.open.as_ref().is_some_and(|batch| batch.arrived + interval <= now);
        if is_due {
            self.close();
        }
        is_due
    }

    /// When there is something to deliver: `now` for complete batches, unless delivery fails at the moment.
    pub fn due(&self, now: Time, interval: TimeDelta) -> Option<Time> {
        match (self.complete.front(), &self.open) {
            (Some(_), _) => Some(self.retry_at.unwrap_or(now).max(now)),
            (None, Some(batch)) => Some((batch.arrived + interval).max(now)),
            (None, None) => None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.complete.is_empty() && self.open.is_none()
    }

    /// The complete batch that is to be delivered next.
    pub fn first(&self) -> Option<Batch> {
        self.complete.front().cloned()
    }

    /// S3 has the first batch.
    pub fn delivered(&mut self) {
        self.complete.pop_front();
        self.failures = 0;
        self.retry_at = None;
    }

    /// Delivery has failed and is tried again at `retry`, at the latest when the oldest data is about to be too old.
    /// Data that is, is lost.
    pub fn failed(&mut self, now: Time, retry: Time) {
        self.failures += 1;
        self.complete.retain(|batch| now < batch.arrived + KEPT);
        let last = self.complete.front().map_or(retry, |batch| batch.arrived + KEPT);
        self.retry_at = Some(retry.min(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    const MINUTE: TimeDelta = TimeDelta::minutes(1);

    #[test]
    fn a_batch_is_complete_by_size() {
        let mut buffer = Buffer::default();
        buffer.add(at(0), b"abc", 5);
        assert_eq!(buffer.due(at(1), MINUTE), Some(at(60)));
        assert!(buffer.first().is_none());
        buffer.add(at(2), b"de", 5);
        assert_eq!(buffer.due(at(2), MINUTE), Some(at(2)));
        assert_eq!(buffer.first().map(|batch| (batch.arrived, batch.content)), Some((at(0), Bytes::from("abcde"))));
        buffer.add(at(3), b"f", 5);
        buffer.delivered();
        assert_eq!(buffer.due(at(4), MINUTE), Some(at(63)));
    }

    #[test]
    fn a_batch_is_complete_by_time() {
        let mut buffer = Buffer::default();
        buffer.add(at(0), b"abc", 5);
        assert!(!buffer.close_due(at(59), MINUTE));
        assert!(buffer.first().is_none());
        assert!(buffer.close_due(at(60), MINUTE));
        assert!(buffer.first().is_some());
        buffer.delivered();
        assert!(buffer.is_empty());
        assert_eq!(buffer.due(at(61), MINUTE), None);
    }

    #[test]
    fn failures_wait_and_end_after_a_day() {
        let mut buffer = Buffer::default();
        buffer.add(at(0), b"old", 1);
        buffer.add(at(3600), b"new", 1);
        buffer.failed(at(3600), at(3660));
        assert_eq!(buffer.due(at(3600), MINUTE), Some(at(3660)));
        let day = 24 * 3600;
        buffer.failed(at(day - 10), at(day + 50));
        assert_eq!(buffer.due(at(day - 10), MINUTE), Some(at(day)), "a last attempt before the data is lost");
        buffer.failed(at(day), at(day + 60));
        assert_eq!(buffer.first().map(|batch| batch.content), Some(Bytes::from("new")));
        buffer.delivered();
        assert!(buffer.is_empty());
        assert_eq!(buffer.failures, 0);
    }

    #[test]
    fn room_is_bounded() {
        let mut buffer = Buffer::default();
        buffer.add(at(0), &[0; 1000], 5000);
        assert!(buffer.has_room(KEPT_BYTES_MAX - 1000));
        assert!(!buffer.has_room(KEPT_BYTES_MAX - 999));
    }
}
