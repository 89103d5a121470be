//! Sums that do not depend on the order of what is added, so that parts can be added up anywhere.

/// A sum without rounding: numbers that do not overlap, smallest first (J. R. Shewchuk, "Adaptive Precision
/// Floating-Point Arithmetic", 1997).
#[derive(Clone, Debug, Default)]
pub struct Sum {
    parts: Vec<f64>,
}

impl Sum {
    pub fn add(&mut self, number: f64) {
        let mut rest = number;
        let mut kept = 0;
        for index in 0..self.parts.len() {
            let (sum, error) = two_sum(rest, self.parts[index]);
            if error != 0.0 {
                self.parts[kept] = error;
                kept += 1;
            }
            rest = sum;
        }
        self.parts.truncate(kept);
        self.parts.push(rest);
    }

    pub fn merge(&mut self, other: &Sum) {
        other.parts.iter().for_each(|part| self.add(*part));
    }

    /// The sum, rounded once.
    pub fn value(&self) -> f64 {
        let mut parts = self.parts.iter().rev().copied();
        let mut sum = parts.next().unwrap_or(0.0);
        let mut error = 0.0;
        for part in parts.by_ref() {
            (sum, error) = two_sum(sum, part);
            if error != 0.0 {
                break;
            }
        }
        // Halfway between two numbers, the parts below decide.
        if let Some(next) = parts.next()
            && ((error < 0.0 && next < 0.0) || (error > 0.0 && next > 0.0))
        {
            let doubled = error * 2.0;
            let rounded = sum + doubled;
            if rounded - sum == doubled {
                return rounded;
            }
        }
        sum
    }
}

fn two_sum(left: f64, right: f64) -> (f64, f64) {
    let (large, small) = if left.abs() < right.abs() { (right, left) } else { (left, right) };
    let sum = large + small;
    (sum, small - (sum - large))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter() {
        let numbers = [1e16, 1.0, -1e16, 0.1, 0.2, 1e-20, 3.5e9, -0.3];
        let forth = numbers.iter().fold(Sum::default(), |mut sum, number| {
            sum.add(*number);
            sum
        });
        let (mut back, mut half) = (Sum::default(), Sum::default());
        numbers[4..].iter().rev().for_each(|number| back.add(*number));
        numbers[..4].iter().rev().for_each(|number| half.add(*number));
        back.merge(&half);
        assert_eq!(forth.value(), back.value());
        assert_eq!(forth.value(), 3_500_000_001.0);
    }
}
