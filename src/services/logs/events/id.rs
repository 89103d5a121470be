//! Ids of log events: when it happened, when its batch came in, which batch, and where in it.

use std::fmt;

/// Digits of ids in tokens. Ids of events of today have as many without padding.
pub const DIGITS: usize = 56;

/// One batch among all: when it came in, in milliseconds, and a number that grows within a millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId {
    pub ingestion_ms: u64,
    pub random: u64,
}

/// An event's id. Ids stand in the order of timestamps, then of arrival.
///
/// Printed as AWS does, as one decimal number: the timestamp shifted by 144 bits, the time of ingestion by 80, 64
/// random bits by 16, and the index in the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    pub timestamp_ms: u64,
    pub batch: BatchId,
    pub index: u16,
}

impl BatchId {
    /// The id of a batch that comes in after `self`: random, but greater within the same millisecond.
    pub fn next(self, ingestion_ms: u64, random: u64) -> BatchId {
        if ingestion_ms > self.ingestion_ms {
            // Half of the numbers are left for batches of the same millisecond.
            return BatchId { ingestion_ms, random: random >> 1 };
        }
        let step = 1 + (random >> 32);
        match self.random.checked_add(step) {
            Some(random) => BatchId { random, ..self },
            None => BatchId { ingestion_ms: self.ingestion_ms + 1, random: step },
        }
    }
}

impl EventId {
    pub const MIN: EventId = EventId { timestamp_ms: 0, batch: BatchId { ingestion_ms: 0, random: 0 }, index: 0 };

    /// Above every event's.
    pub const MAX: EventId = EventId {
        timestamp_ms: (1 << 48) - 1,
        batch: BatchId { ingestion_ms: u64::MAX, random: u64::MAX },
        index: u16::MAX,
    };

    /// The least id of a time: no event of that time or later stands before it.
    pub fn at(timestamp_ms: i64) -> EventId {
        let timestamp_ms = timestamp_ms.max(0).unsigned_abs().min(EventId::MAX.timestamp_ms);
        EventId { timestamp_ms, ..EventId::MIN }
    }

    /// The id right after; the greatest is its own.
    pub fn after(self) -> EventId {
        let [high, middle, low] = self.limbs();
        let (low, carry) = low.overflowing_add(1);
        let (middle, carry) = middle.overflowing_add(u64::from(carry));
        high.checked_add(u64::from(carry)).map_or(EventId::MAX, |high| EventId::of_limbs([high, middle, low]))
    }

    /// The id right before; the least is its own.
    pub fn before(self) -> EventId {
        let [high, middle, low] = self.limbs();
        let (low, borrow) = low.overflowing_sub(1);
        let (middle, borrow) = middle.overflowing_sub(u64::from(borrow));
        high.checked_sub(u64::from(borrow)).map_or(EventId::MIN, |high| EventId::of_limbs([high, middle, low]))
    }

    /// As far from the greatest id as this one is from the least.
    pub fn mirrored(self) -> EventId {
        EventId {
            timestamp_ms: EventId::MAX.timestamp_ms - self.timestamp_ms,
            batch: BatchId { ingestion_ms: !self.batch.ingestion_ms, random: !self.batch.random },
            index: !self.index,
        }
    }

    /// Reads a decimal number; `None` for other texts, and for numbers beyond the greatest id.
    pub fn parse(text: &str) -> Option<EventId> {
        if text.is_empty() {
            return None;
        }
        let mut limbs = [0; 3];
        for digit in text.bytes() {
            let mut carry = u128::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
            for limb in limbs.iter_mut().rev() {
                let sum = u128::from(*limb) * 10 + carry;
                *limb = sum as u64;
                carry = sum >> 64;
            }
            if carry > 0 {
                return None;
            }
        }
        Some(EventId::of_limbs(limbs))
    }

    /// The 192 bits of the number, the highest first.
    fn limbs(self) -> [u64; 3] {
        let EventId { timestamp_ms, batch: BatchId { ingestion_ms, random }, index } = self;
        [timestamp_ms << 16 | ingestion_ms >> 48, ingestion_ms << 16 | random >> 48, random << 16 | u64::from(index)]
    }

    fn of_limbs([high, middle, low]: [u64; 3]) -> EventId {
        EventId {
            timestamp_ms: high >> 16,
            batch: BatchId { ingestion_ms: high << 48 | middle >> 16, random: middle << 48 | low >> 16 },
            index: low as u16,
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHUNK: u128 = 10_000_000_000_000_000_000;
        let mut limbs = self.limbs();
        let mut text = String::new();
        while limbs != [0; 3] {
            let mut rest = 0;
            for limb in &mut limbs {
                let part = rest << 64 | u128::from(*limb);
                *limb = (part / CHUNK) as u64;
                rest = part % CHUNK;
            }
            text.insert_str(0, &format!("{rest:019}"));
        }
        f.pad_integral(true, "", Some(text.trim_start_matches('0')).filter(|text| !text.is_empty()).unwrap_or("0"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_that_aws_printed() {
        let check = |text: &str, timestamp_ms, ingestion_ms, random, index| {
            let id = EventId { timestamp_ms, batch: BatchId { ingestion_ms, random }, index };
            assert_eq!((EventId::parse(text), id.to_string().as_str()), (Some(id), text));
        };
        check(
            "34783877304859518393868359594929986069206639495374241795",
            1_559_763_003_218,
            1_559_763_018_353,
            3_509_023_394_197_510_541,
            3,
        );
        check(
            "36022777308238872793723772464093008386915615936688750592",
            1_615_317_200_728,
            1_615_317_205_744,
            2_133_279_547_407_742_925,
            0,
        );
        check("0", 0, 0, 0, 0);
        check("65536", 0, 0, 1, 0);
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in ["", "-1", "1a", "f", "+1", " 1", &"9".repeat(58), &"1".repeat(400)] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
        assert_eq!(EventId::parse(&EventId::MAX.to_string()), Some(EventId::MAX));
        assert_eq!(format!("{:0DIGITS$}", EventId::MIN), "0".repeat(DIGITS));
    }

    #[test]
    fn batches_of_a_millisecond_grow() {
        let mut last = BatchId::default();
        for random in [u64::MAX, 0, 5, u64::MAX, 1 << 40] {
            let next = last.next(7, random);
            assert!(next > last, "{next:?}");
            last = next;
        }
        let full = BatchId { ingestion_ms: 7, random: u64::MAX };
        assert!(full.next(7, 0) > full);
        assert!(full.next(6, 0) > full, "time does not go back, and neither do ids");
    }

    fn ids() -> impl Strategy<Value = EventId> {
        (0..=EventId::MAX.timestamp_ms, any::<u64>(), any::<u64>(), any::<u16>()).prop_map(
            |(timestamp_ms, ingestion_ms, random, index)| EventId {
                timestamp_ms,
                batch: BatchId { ingestion_ms, random },
                index,
            },
        )
    }

    proptest! {
        #[test]
        fn printed_ids_are_read_as_they_were(id in ids()) {
            prop_assert_eq!(EventId::parse(&id.to_string()), Some(id));
        }

        #[test]
        fn numbers_stand_in_the_order_of_ids(one in ids(), other in ids()) {
            let (a, b) = (format!("{one:060}"), format!("{other:060}"));
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
        }

        #[test]
        fn mirrored_ids_stand_in_the_opposite_order(one in ids(), other in ids()) {
            prop_assert_eq!(one.mirrored().cmp(&other.mirrored()), other.cmp(&one));
            prop_assert_eq!(one.mirrored().mirrored(), one);
        }

        #[test]
        fn neighbours(id in ids()) {
            prop_assert!(id.after() > id || id == EventId::MAX);
            prop_assert!(id.before() < id || id == EventId::MIN);
            prop_assert_eq!(id.after().before(), id.min(EventId::MAX.before()).max(id));
        }
    }
}
