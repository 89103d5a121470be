//! The natural order of texts (CWL_QuerySyntax-Sort): runs of digits compare by length and then by value, all else by
//! code points.

use std::cmp::Ordering;

/// The order of two texts in ascending sorts.
pub fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        if left.is_empty() || right.is_empty() {
            return left.len().cmp(&right.len());
        }
        let (left_chunk, left_rest) = chunk(left);
        let (right_chunk, right_rest) = chunk(right);
        let found = if is_digit(left_chunk) && is_digit(right_chunk) {
            left_chunk.len().cmp(&right_chunk.len()).then_with(|| left_chunk.cmp(right_chunk))
        } else {
            left_chunk.cmp(right_chunk)
        };
        if found != Ordering::Equal {
            return found;
        }
        (left, right) = (left_rest, right_rest);
    }
}

fn is_digit(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// The digits, or what is no digit, that a text begins with, and the rest.
fn chunk(text: &str) -> (&str, &str) {
    let digits = is_digit(text);
    let end = text.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::super::value::{Value, sort_order};

    /// The list that AWS's page gives.
    #[test]
    fn the_example_of_the_documentation() {
        let sorted = [
            "!:",
            "#",
            "*%04",
            "0#",
            "5A",
            "111A",
            "2345_",
            "@",
            "@_",
            "A",
            "A9876fghj",
            "a12345hfh",
            "0",
            "01",
            "1",
            "2",
            "3",
        ];
        let mut values: Vec<_> = sorted.iter().rev().map(|text| Value::text(text)).collect();
        values.sort_by(sort_order);
        assert_eq!(values, sorted.map(Value::text));
    }
}
