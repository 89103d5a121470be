//! One metric's points with one unit: the newest as they are, older ones packed, the oldest rolled up.

use std::ops::Range;

use super::chunk::{Chunk, Point};
use super::sample::Sample;

/// Points that are kept as they are, before most of them are packed.
const HEAD_MAX: usize = 32;
/// Points that stay as they are when others are packed: what comes late is mostly a little late.
const HEAD_MIN: usize = 8;
/// Points of a full chunk.
const CHUNK_POINTS: usize = 240;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How long points are kept at which resolution: pairs of an age and the seconds between points that are older.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention>
const RESOLUTIONS: [(i64, i64); 3] = [(63 * DAY, HOUR), (15 * DAY, 300), (3 * HOUR, 60)];
/// Points that are older are gone.
pub const KEPT: i64 = 455 * DAY;

/// The seconds between points of an age in seconds; `None` when such points are gone.
pub fn resolution(age: i64) -> Option<i64> {
    if age > KEPT {
        return None;
    }
    Some(RESOLUTIONS.iter().find(|(from, _)| age > *from).map_or(1, |(_, seconds)| *seconds))
}

/// The points of a metric that were reported with one unit.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// In order, and newer than those in chunks.
    head: Vec<Point>,
    /// In order; they do not overlap.
    chunks: Vec<Chunk>,
}

/// The points of a time, to be looked at later.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    range: Range<i64>,
    chunks: Vec<Chunk>,
    head: Vec<Point>,
}

impl Series {
    /// Adds what was reported for a moment, in seconds.
    pub fn add(&mut self, at: i64, sample: &Sample) {
        if self.chunks.last().is_some_and(|last| at <= last.last) {
            return self.add_late(at, sample);
        }
        add(&mut self.head, at, sample);
        if self.head.len() >= HEAD_MAX {
            let rest = self.head.split_off(HEAD_MAX - HEAD_MIN);
            let full = std::mem::replace(&mut self.head, Vec::with_capacity(HEAD_MAX));
            self.head.extend(rest);
            self.append(full);
        }
    }

    /// Packs points that follow all packed ones.
    fn append(&mut self, points: Vec<Point>) {
        let begun = self.chunks.pop_if(|last| last.count() < CHUNK_POINTS);
        let mut all = begun.map(|chunk| chunk.points()).unwrap_or_default();
        all.extend(points);
        self.chunks.extend(packed(&all));
    }

    fn add_late(&mut self, at: i64, sample: &Sample) {
        let index = self.chunks.partition_point(|chunk| chunk.last < at);
        let Some(chunk) = self.chunks.get(index) else { return };
        let mut points = chunk.points();
        add(&mut points, at, sample);
        self.chunks.splice(index..=index, packed(&points));
    }

    /// The points of a time.
    pub fn snapshot(&self, range: Range<i64>) -> Snapshot {
        let from = self.chunks.partition_point(|chunk| chunk.last < range.start);
        let chunks = self.chunks[from..].iter().take_while(|chunk| chunk.first < range.end).cloned().collect();
        let head = self.head.iter().filter(|point| range.contains(&point.at)).cloned().collect();
        Snapshot { range, chunks, head }
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.chunks.is_empty()
    }

    /// Rolls up and drops what has become old enough.
    pub fn roll_up(&mut self, now: i64) {
        if self.head.first().is_some_and(|first| settled_until(first.at, step(&self.head)) <= now) {
            let head = std::mem::take(&mut self.head);
            self.append(head);
        }
        if self.chunks.iter().all(|chunk| chunk.settled_until() > now) {
            return;
        }
        let mut due = Vec::new();
        for chunk in std::mem::take(&mut self.chunks) {
            if chunk.settled_until() <= now {
                due.extend(chunk.points());
            } else {
                self.append_coarse(std::mem::take(&mut due), now);
                self.chunks.push(chunk);
            }
        }
        self.append_coarse(due, now);
    }

    /// Packs points that follow all packed ones, but for the first, which may belong to the last packed one.
    fn append_coarse(&mut self, points: Vec<Point>, now: i64) {
        let mut coarse = coarsened(points, now);
        if let Some(first) = coarse.first()
            && let Some(before) = self.chunks.pop_if(|last| last.last >= first.at)
        {
            let mut all = before.points();
            coarse.iter().for_each(|point| add(&mut all, point.at, &point.sample));
            coarse = all;
        }
        // Chunks are apart where resolutions change, so that each is settled for long.
        let alike = coarse.chunk_by(|a, b| resolution(now - a.at) == resolution(now - b.at));
        self.chunks.extend(alike.flat_map(packed));
    }

    /// Bytes it takes.
    pub fn footprint(&self) -> usize {
        let spare = (self.chunks.capacity() - self.chunks.len()) * size_of::<Chunk>();
        self.head.capacity() * size_of::<Point>() + spare + self.chunks.iter().map(Chunk::footprint).sum::<usize>()
    }
}

impl Snapshot {
    /// Shows every point, in order.
    pub fn each(&self, mut look: impl FnMut(i64, &Sample)) {
        for chunk in &self.chunks {
            for point in chunk.points().iter().filter(|point| self.range.contains(&point.at)) {
                look(point.at, &point.sample);
            }
        }
        self.head.iter().for_each(|point| look(point.at, &point.sample));
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.head.is_empty()
    }
}

/// Adds to points in order.
fn add(points: &mut Vec<Point>, at: i64, sample: &Sample) {
    match points.last_mut() {
        Some(last) if last.at == at => last.sample.merge(sample),
        Some(last) if last.at > at => match points.binary_search_by_key(&at, |point| point.at) {
            Ok(index) => points[index].sample.merge(sample),
            Err(index) => points.insert(index, Point { at, sample: sample.clone() }),
        },
        _ => points.push(Point { at, sample: sample.clone() }),
    }
}

fn packed(points: &[Point]) -> Vec<Chunk> {
    points.chunks(CHUNK_POINTS).filter_map(Chunk::pack).collect()
}

/// Points at the resolution of their age, without those that are gone.
fn coarsened(points: Vec<Point>, now: i64) -> Vec<Point> {
    let mut coarse = Vec::new();
    for point in points {
        if let Some(at) = bucket(point.at, now) {
            add(&mut coarse, at, &point.sample);
        }
    }
    coarse
}

/// Where a point of this moment stands; `None` when it is gone. The start of its bucket may be old enough for a wider one.
fn bucket(mut at: i64, now: i64) -> Option<i64> {
    loop {
        let start = at - at.rem_euclid(resolution(now - at)?);
        if start == at {
            return Some(at);
        }
        at = start;
    }
}

/// The widest step that all moments are multiples of.
pub(super) fn step(points: &[Point]) -> i64 {
    let divides = |step: &i64| points.iter().all(|point| point.at.rem_euclid(*step) == 0);
    RESOLUTIONS.iter().map(|(_, step)| *step).find(divides).unwrap_or(1)
}

/// Until when points stay as they are, of which the first is of this moment.
pub(super) fn settled_until(first: i64, step: i64) -> i64 {
    let finer = RESOLUTIONS.iter().rev().find(|(_, seconds)| *seconds > step);
    first + finer.map_or(KEPT, |(age, _)| *age) + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use std::collections::BTreeMap;

    fn all(series: &Series) -> Vec<(i64, f64, f64)> {
        let mut seen = Vec::new();
        series.snapshot(i64::MIN..i64::MAX).each(|at, sample| {
            let totals = sample.totals();
            seen.push((at, totals.count, totals.sum));
        });
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever order points come in, they are there, in order, added up by moment.
        #[test]
        fn points_come_in_any_order(moments in proptest::collection::vec(0i64..2000, 0..1500)) {
            let (mut series, mut model) = (Series::default(), BTreeMap::<i64, (f64, f64)>::new());
            for at in &moments {
                series.add(*at, &Sample::One(*at as f64));
                let sums = model.entry(*at).or_default();
                sums.0 += 1.0;
                sums.1 += *at as f64;
            }
            let wanted: Vec<_> = model.iter().map(|(at, (count, sum))| (*at, *count, *sum)).collect();
            prop_assert_eq!(all(&series), wanted);
            let part: Vec<_> = model.range(500..700).map(|(at, _)| *at).collect();
            let mut seen = Vec::new();
            series.snapshot(500..700).each(|at, _| seen.push(at));
            prop_assert_eq!(seen, part);
        }

        /// Rolling up at any times comes to the same as rolling up once, and loses nothing that AWS keeps.
        #[test]
        fn rolling_up_adds_up(ages in proptest::collection::vec(0i64..450 * DAY, 1..400), stops in 0i64..40) {
            let now = 2_000_000_000;
            let (mut once, mut often) = (Series::default(), Series::default());
            for age in &ages {
                once.add(now - age, &Sample::One(1.0));
                often.add(now - age, &Sample::One(1.0));
            }
            once.roll_up(now);
            (0..=stops).for_each(|stop| often.roll_up(now - (stops - stop) * 7 * HOUR));
            prop_assert_eq!(all(&once), all(&often));
            prop_assert_eq!(all(&once).iter().map(|(_, count, _)| count).sum::<f64>(), ages.len() as f64);
            for (at, _, _) in all(&once) {
                prop_assert_eq!(at.rem_euclid(resolution(now - at).unwrap()), 0);
            }
        }
    }

    #[test]
    fn what_is_too_old_is_gone() {
        let mut series = Series::default();
        (0..100).for_each(|day| series.add(day * DAY, &Sample::One(1.0)));
        series.roll_up(KEPT + 49 * DAY);
        assert_eq!(all(&series).first(), Some(&(49 * DAY, 1.0, 1.0)));
        series.roll_up(KEPT + 100 * DAY);
        assert!(series.is_empty());
    }

    #[test]
    fn resolutions_by_age() {
        let check = |age, seconds| assert_eq!(resolution(age), seconds, "{age}");
        check(0, Some(1));
        check(-2 * HOUR, Some(1));
        check(3 * HOUR, Some(1));
        check(3 * HOUR + 1, Some(60));
        check(15 * DAY, Some(60));
        check(15 * DAY + 1, Some(300));
        check(63 * DAY + 1, Some(HOUR));
        check(455 * DAY, Some(HOUR));
        check(455 * DAY + 1, None);
    }
}
