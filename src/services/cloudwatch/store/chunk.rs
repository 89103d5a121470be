//! Points of a series, packed: moments as steps that repeat, values as decimal numbers or as what changed in their bits.
//! A point of a metric that is reported each minute takes one to three bytes.

use std::sync::Arc;

use super::sample::{Sample, Summary, Values};
use super::series;

/// What was reported for a moment, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub at: i64,
    pub sample: Sample,
}

/// Packed points, in order.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Moments of the first and of the last point.
    pub first: i64,
    pub last: i64,
    /// Seconds that all moments are multiples of.
    step: i64,
    bytes: Arc<[u8]>,
}

/// How a column of numbers is written: decimals of so many places, or bits.
const BITS: u8 = 255;
/// Decimal places that are tried.
const PLACES_MAX: u8 = 6;
/// Whole numbers up to here are exact in a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

const KNOWN: u8 = 1;
const BINNED: u8 = 2;
const UNKNOWN: u8 = 3;

impl Chunk {
    /// Packs points, which are in order; `None` of none.
    pub fn pack(points: &[Point]) -> Option<Chunk> {
        let (first, last) = (points.first()?.at, points.last()?.at);
        let mut out = Writer(Vec::with_capacity(points.len() * 3));
        out.number(points.len() as u64);
        out.moments(points);
        let many: Vec<(usize, &Summary)> =
            (0..).zip(points).filter_map(|(n, point)| Some((n, summary(point)?))).collect();
        let ones: Vec<f64> = points.iter().filter_map(one).collect();
        out.number(many.len() as u64);
        let mut before = 0;
        for (index, _) in &many {
            out.number((index - before) as u64);
            before = *index;
        }
        out.column(&ones);
        many.iter().for_each(|(_, summary)| out.summary(summary));
        Some(Chunk { first, last, step: series::step(points), bytes: out.0.into() })
    }

    /// The points.
    pub fn points(&self) -> Vec<Point> {
        let mut points = Vec::new();
        // What we packed can be read; should it ever not be, what could be read is the best there is.
        let whole = Reader(&self.bytes).points(self.first, &mut points);
        debug_assert!(whole.is_some(), "a chunk that cannot be read");
        points
    }

    /// How many points there are.
    pub fn count(&self) -> usize {
        Reader(&self.bytes).number().unwrap_or_default() as usize
    }

    /// Until when no point is old enough to be rolled up, or dropped.
    pub fn settled_until(&self) -> i64 {
        series::settled_until(self.first, self.step)
    }

    /// Bytes it takes.
    pub fn footprint(&self) -> usize {
        size_of::<Chunk>() + self.bytes.len() + 2 * size_of::<usize>()
    }
}

fn summary(point: &Point) -> Option<&Summary> {
    match &point.sample {
        Sample::Many(many) => Some(many),
        Sample::One(_) => None,
    }
}

fn one(point: &Point) -> Option<f64> {
    match point.sample {
        Sample::One(value) => Some(value),
        Sample::Many(_) => None,
    }
}

struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits a byte.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Steps between moments, and how often each repeats.
    fn moments(&mut self, points: &[Point]) {
        let steps = points.windows(2).map(|pair| (pair[1].at - pair[0].at).unsigned_abs());
        let mut run: Option<(u64, u64)> = None;
        for step in steps {
            match &mut run {
                Some((same, times)) if *same == step => *times += 1,
                _ => {
                    self.run(run);
                    run = Some((step, 1));
                }
            }
        }
        self.run(run);
    }

    fn run(&mut self, run: Option<(u64, u64)>) {
        if let Some((step, times)) = run {
            self.number(step);
            self.number(times);
        }
    }

    fn column(&mut self, values: &[f64]) {
        let Some(places) = places(values) else { return self.bits(values) };
        self.0.push(places);
        let scale = 10f64.powi(i32::from(places));
        let mut before = 0i64;
        for value in values {
            let whole = (value * scale).round() as i64;
            let step = whole.wrapping_sub(before);
            self.number(((step << 1) ^ (step >> 63)) as u64);
            before = whole;
        }
    }

    /// Of each value, the bytes that differ from the one before: how many are left out in front, how many follow.
    fn bits(&mut self, values: &[f64]) {
        self.0.push(BITS);
        let mut before = 0u64;
        for value in values {
            let changed = (value.to_bits() ^ before).to_be_bytes();
            let start = changed.iter().position(|byte| *byte != 0).unwrap_or(8);
            let end = changed.iter().rposition(|byte| *byte != 0).map_or(start, |last| last + 1);
            self.0.push((start as u8) << 4 | (end - start) as u8);
            self.0.extend_from_slice(&changed[start..end]);
            before = value.to_bits();
        }
    }

    fn summary(&mut self, summary: &Summary) {
        let (kind, values) = match &summary.values {
            Values::Known(values) => (KNOWN, values.as_slice()),
            Values::Binned(values) => (BINNED, values.as_slice()),
            Values::Unknown => (UNKNOWN, &[][..]),
        };
        self.0.push(kind);
        for number in [summary.count, summary.sum, summary.minimum, summary.maximum] {
            self.column(&[number]);
        }
        self.number(values.len() as u64);
        self.column(&values.iter().map(|(value, _)| *value).collect::<Vec<_>>());
        self.column(&values.iter().map(|(_, count)| *count).collect::<Vec<_>>());
    }
}

/// How many decimal places write all values without loss.
fn places(values: &[f64]) -> Option<u8> {
    let mut places = 0;
    for value in values {
        while !is_exact(*value, places) {
            places += 1;
            if places > PLACES_MAX {
                return None;
            }
        }
    }
    // More places for one value can make another one inexact.
    values.iter().all(|value| is_exact(*value, places)).then_some(places)
}

fn is_exact(value: f64, places: u8) -> bool {
    let scale = 10f64.powi(i32::from(places));
    let whole = (value * scale).round();
    // Minus zero is no whole number.
    whole.abs() < WHOLE_MAX && (whole as i64 as f64 / scale).to_bits() == value.to_bits()
}

/// Reads what [`Writer`] wrote; `None` where it ends too soon.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn points(&mut self, first: i64, points: &mut Vec<Point>) -> Option<()> {
        let count = self.number()? as usize;
        let mut moments = vec![first];
        let mut at = first;
        while moments.len() < count {
            let (step, times) = (self.number()? as i64, self.number()?);
            for _ in 0..times {
                at += step;
                moments.push(at);
            }
        }
        let mut many = Vec::new();
        let mut index = 0;
        for _ in 0..self.number()? {
            index += self.number()? as usize;
            many.push(index);
        }
        points.reserve_exact(count);
        let mut ones = self.column(count.checked_sub(many.len())?)?.into_iter();
        if many.is_empty() {
            points.extend(moments.into_iter().zip(ones).map(|(at, value)| Point { at, sample: Sample::One(value) }));
            return Some(());
        }
        let mut many = many.into_iter().peekable();
        for (index, at) in moments.into_iter().enumerate() {
            let sample = match many.next_if_eq(&index) {
                Some(_) => Sample::Many(Box::new(self.summary()?)),
                None => Sample::One(ones.next()?),
            };
            points.push(Point { at, sample });
        }
        Some(())
    }

    fn column(&mut self, count: usize) -> Option<Vec<f64>> {
        let mut values = Vec::with_capacity(count);
        let places = self.byte()?;
        if places == BITS {
            let mut before = 0u64;
            for _ in 0..count {
                before ^= self.changed()?;
                values.push(f64::from_bits(before));
            }
            return Some(values);
        }
        let scale = 10f64.powi(i32::from(places));
        let mut whole = 0i64;
        for _ in 0..count {
            let step = self.number()?;
            whole = whole.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
            values.push(whole as f64 / scale);
        }
        Some(values)
    }

    fn changed(&mut self) -> Option<u64> {
        let head = self.byte()?;
        let (start, length) = (usize::from(head >> 4), usize::from(head & 15));
        let mut bytes = [0; 8];
        let (taken, rest) = self.0.split_at_checked(length)?;
        bytes.get_mut(start..start + length)?.copy_from_slice(taken);
        self.0 = rest;
        Some(u64::from_be_bytes(bytes))
    }

    fn summary(&mut self) -> Option<Summary> {
        let kind = self.byte()?;
        let mut number = || self.column(1)?.pop();
        let (count, sum, minimum, maximum) = (number()?, number()?, number()?, number()?);
        let length = self.number()? as usize;
        let values = self.column(length)?;
        let counts = self.column(length)?;
        let values: Vec<_> = values.into_iter().zip(counts).collect();
        let values = match kind {
            KNOWN => Values::Known(values),
            BINNED => Values::Binned(values),
            _ => Values::Unknown,
        };
        Some(Summary { count, sum, minimum, maximum, values })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> impl Strategy<Value = Sample> {
        let value = prop_oneof![
            any::<f64>().prop_filter("a number", |value| value.is_finite()),
            (0i64..100_000).prop_map(|whole| whole as f64 / 100.0),
            (-1000i32..1000).prop_map(f64::from),
            Just(-0.0),
        ];
        let values = proptest::collection::vec((value, 1u32..4), 1..5);
        (values, any::<bool>()).prop_map(|(values, unknown)| {
            let values: Vec<_> = values.into_iter().map(|(value, count)| (value, f64::from(count))).collect();
            let mut sample = Sample::of(&values).unwrap_or(Sample::One(1.0));
            if let (Sample::Many(many), true) = (&mut sample, unknown) {
                many.values = Values::Unknown;
            }
            sample
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_packed_comes_back(
            start in 0i64..4_000_000_000, steps in proptest::collection::vec((1i64..5000, sample()), 1..300)
        ) {
            let mut at = start;
            let points: Vec<Point> = steps.into_iter().map(|(step, sample)| {
                at += step;
                Point { at, sample }
            }).collect();
            let chunk = Chunk::pack(&points).unwrap();
            prop_assert_eq!((chunk.first, chunk.last), (points[0].at, points[points.len() - 1].at));
            // Bits, not numbers: minus zero must come back too.
            prop_assert_eq!(format!("{:?}", chunk.points()), format!("{points:?}"));
        }
    }

    #[test]
    fn usual_metrics_are_small() {
        let check = |name: &str, value: fn(i64) -> f64, bytes_max: usize| {
            let points: Vec<_> = (0..240).map(|n| Point { at: n * 60, sample: Sample::One(value(n)) }).collect();
            let bytes = Chunk::pack(&points).unwrap().bytes.len();
            assert!(bytes <= bytes_max, "{name}: {bytes} bytes for 240 points");
        };
        check("a constant", |_| 7.0, 250);
        check("a counter", |n| (n * 37 % 100) as f64, 500);
        check("a percentage of two places", |n| (n * 7919 % 10_000) as f64 / 100.0, 740);
        check("any double", |n| (n as f64 * 0.37).sin(), 2200);
    }
}
