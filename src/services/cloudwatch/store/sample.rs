//! What was reported for one moment of a metric.

/// Values of one moment that are kept apart. Beyond that, values that differ by less than one percent count as one.
const DISTINCT_MAX: usize = 1000;
/// The width of what counts as one value: percentiles of so many values are right to half a percent.
const BIN: f64 = 1.01;

/// What was reported for one moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// One value, as most metrics report a minute.
    One(f64),
    Many(Box<Summary>),
}

/// Several values, or the sums of values that are not known one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub count: f64,
    pub sum: f64,
    pub minimum: f64,
    pub maximum: f64,
    pub values: Values,
}

/// Which values there were.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Different values in ascending order, each with how often it came.
    Known(Vec<(f64, f64)>),
    /// The same, of more values than are kept apart.
    Binned(Vec<(f64, f64)>),
    /// A statistic set was among them: percentiles cannot be told.
    Unknown,
}

impl Default for Values {
    fn default() -> Values {
        Values::Known(Vec::new())
    }
}

/// What the plain statistics need.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    pub count: f64,
    pub sum: f64,
    pub minimum: f64,
    pub maximum: f64,
}

impl Totals {
    pub fn add(&mut self, sample: &Sample) {
        let other = sample.totals();
        if self.count == 0.0 {
            *self = other;
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }
}

impl Sample {
    /// Values and how often each came. Of none, nothing.
    pub fn of(values: &[(f64, f64)]) -> Option<Sample> {
        let mut summary = Summary::default();
        for (value, count) in values.iter().filter(|(_, count)| *count > 0.0) {
            summary.add_value(*value, *count);
        }
        (summary.count > 0.0).then(|| summary.into_sample())
    }

    /// A statistic set. AWS takes one that leaves no doubt about its values for those values.
    pub fn of_statistics(totals: Totals) -> Sample {
        let Totals { count, sum, minimum, maximum } = totals;
        if minimum == maximum && sum == minimum * count {
            return Summary { count, sum, minimum, maximum, values: Values::Known(vec![(minimum, count)]) }
                .into_sample();
        }
        Sample::Many(Box::new(Summary { count, sum, minimum, maximum, values: Values::Unknown }))
    }

    pub fn totals(&self) -> Totals {
        match self {
            Sample::One(value) => Totals { count: 1.0, sum: *value, minimum: *value, maximum: *value },
            Sample::Many(many) => {
                Totals { count: many.count, sum: many.sum, minimum: many.minimum, maximum: many.maximum }
            }
        }
    }

    /// Adds what was reported for the same moment.
    pub fn merge(&mut self, other: &Sample) {
        let mut summary = match std::mem::replace(self, Sample::One(0.0)) {
            Sample::One(value) => Summary::of_one(value),
            Sample::Many(many) => *many,
        };
        summary.add(other);
        *self = summary.into_sample();
    }
}

impl Summary {
    fn of_one(value: f64) -> Summary {
        Summary { count: 1.0, sum: value, minimum: value, maximum: value, values: Values::Known(vec![(value, 1.0)]) }
    }

    fn into_sample(self) -> Sample {
        match &self.values {
            Values::Known(values) if matches!(values[..], [(_, 1.0)]) => Sample::One(self.sum),
            _ => Sample::Many(Box::new(self)),
        }
    }

    /// Adds what was reported for another moment of the same period.
    pub fn add(&mut self, sample: &Sample) {
        match sample {
            Sample::One(value) => self.add_value(*value, 1.0),
            Sample::Many(many) => {
                self.count_in(Totals { ..sample.totals() });
                match (&mut self.values, &many.values) {
                    (_, Values::Unknown) => self.values = Values::Unknown,
                    (Values::Unknown, _) => {}
                    (_, Values::Known(others) | Values::Binned(others)) => {
                        for (value, count) in others {
                            self.values.insert(*value, *count);
                        }
                    }
                }
            }
        }
    }

    fn add_value(&mut self, value: f64, count: f64) {
        self.count_in(Totals { count, sum: value * count, minimum: value, maximum: value });
        self.values.insert(value, count);
    }

    fn count_in(&mut self, other: Totals) {
        let empty = self.count == 0.0;
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = if empty { other.minimum } else { self.minimum.min(other.minimum) };
        self.maximum = if empty { other.maximum } else { self.maximum.max(other.maximum) };
    }
}

impl Values {
    fn insert(&mut self, value: f64, count: f64) {
        match self {
            Values::Unknown => {}
            Values::Binned(bins) => insert(bins, binned(value), count),
            Values::Known(values) => {
                insert(values, value, count);
                if values.len() > DISTINCT_MAX {
                    let mut bins = Vec::new();
                    values.iter().for_each(|(value, count)| insert(&mut bins, binned(*value), *count));
                    *self = Values::Binned(bins);
                }
            }
        }
    }

    /// Values in ascending order, with how often each came; `None` where they are not known.
    pub fn known(&self) -> Option<&[(f64, f64)]> {
        match self {
            Values::Known(values) | Values::Binned(values) => Some(values),
            Values::Unknown => None,
        }
    }
}

fn insert(values: &mut Vec<(f64, f64)>, value: f64, count: f64) {
    // Most values come in order, or again.
    match values.last_mut() {
        Some((last, many)) if *last == value => *many += count,
        Some((last, _)) if *last > value => match values.binary_search_by(|(known, _)| known.total_cmp(&value)) {
            Ok(at) => values[at].1 += count,
            Err(at) => values.insert(at, (value, count)),
        },
        _ => values.push((value, count)),
    }
}

/// The value that stands for all within a percent.
fn binned(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let bin = (value.abs().ln() / BIN.ln()).ceil();
    (2.0 * BIN.powf(bin) / (BIN + 1.0)).copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_moment_add_up() {
        let mut sample = Sample::One(3.0);
        sample.merge(&Sample::One(1.0));
        sample.merge(&Sample::One(3.0));
        let Sample::Many(many) = &sample else { panic!("{sample:?}") };
        assert_eq!((many.count, many.sum, many.minimum, many.maximum), (3.0, 7.0, 1.0, 3.0));
        assert_eq!(many.values, Values::Known(vec![(1.0, 1.0), (3.0, 2.0)]));
        sample.merge(&Sample::of_statistics(Totals { count: 2.0, sum: 9.0, minimum: 4.0, maximum: 5.0 }));
        let Sample::Many(many) = &sample else { panic!("{sample:?}") };
        assert_eq!((many.count, many.sum, many.maximum), (5.0, 16.0, 5.0));
        assert_eq!(many.values, Values::Unknown);
    }

    #[test]
    fn statistic_sets_that_leave_no_doubt_are_values() {
        let set = |count, sum, minimum, maximum| Sample::of_statistics(Totals { count, sum, minimum, maximum });
        assert_eq!(set(1.0, 5.0, 5.0, 5.0), Sample::One(5.0));
        assert_eq!(set(3.0, 15.0, 5.0, 5.0), Sample::of(&[(5.0, 3.0)]).unwrap());
        assert!(matches!(set(2.0, 9.0, 4.0, 5.0), Sample::Many(many) if many.values == Values::Unknown));
    }

    #[test]
    fn very_many_values_are_kept_to_half_a_percent() {
        let mut summary = Summary::default();
        (1..=5000).for_each(|n| summary.add(&Sample::One(f64::from(n) * 0.7)));
        assert_eq!((summary.count, summary.minimum, summary.maximum), (5000.0, 0.7, 3500.0));
        let Values::Binned(bins) = &summary.values else { panic!("still apart") };
        assert!(bins.len() <= DISTINCT_MAX, "{}", bins.len());
        assert_eq!(bins.iter().map(|(_, count)| count).sum::<f64>(), 5000.0);
        for value in [0.001, 1.0, 123.456, 1e9, -7.5] {
            assert!(((binned(value) - value) / value).abs() <= 0.005, "{value} {}", binned(value));
        }
    }
}
