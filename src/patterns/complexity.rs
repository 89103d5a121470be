//! How much a pattern's wildcards ask of whoever matches them: AWS refuses those that ask for too much.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>

use std::collections::BTreeSet;

use super::wildcard::Wildcard;
use super::{Rule, Rules, Test};

/// In how many places of its wildcards a field's value may be at once. AWS tells no number: it takes four of the form
/// `*.tif`, which make 8, and refuses `*:*:*:*:*:event-bus/*`, which makes 11.
const PLACES_MAX: usize = 10;

/// How many sets of places are looked at: what a larger pattern has beyond goes unseen.
const SETS_MAX: usize = 5000;

impl Rules {
    /// Whether the wildcards of a field are too many, or repeat too much.
    pub fn are_too_complex(&self) -> bool {
        let is_field_too_complex = |rule: &Rule| match rule {
            Rule::Tests(tests) => is_too_much(&wildcards(tests)),
            Rule::Nested(rules) => rules.are_too_complex(),
        };
        self.fields.values().any(is_field_too_complex) || self.alternatives.iter().flatten().any(Rules::are_too_complex)
    }
}

fn wildcards(tests: &[Test]) -> Vec<&Wildcard> {
    tests.iter().flat_map(wildcards_of).collect()
}

fn wildcards_of(test: &Test) -> Vec<&Wildcard> {
    match test {
        Test::Wildcard(wildcard) => vec![wildcard],
        Test::AnythingBut(tests) => wildcards(tests),
        _ => Vec::new(),
    }
}

/// What a wildcard is made of, the quotes around it included.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Byte(u8),
    Any,
}

/// A place in one of some wildcards: which of them, and how many steps have been made.
type Place = (usize, usize);

fn is_too_much(wildcards: &[&Wildcard]) -> bool {
    let ways: Vec<Vec<Step>> = wildcards.iter().map(|wildcard| steps(wildcard)).collect();
    let start: BTreeSet<Place> = (0..ways.len()).map(|way| (way, 0)).collect();
    let (mut seen, mut waiting) = (BTreeSet::from([start.clone()]), vec![start]);
    while let Some(places) = waiting.pop().filter(|_| seen.len() < SETS_MAX) {
        for byte in bytes(&ways, &places) {
            let next = after(&ways, &places, byte);
            if next.len() > PLACES_MAX {
                return true;
            }
            if seen.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    false
}

fn steps(wildcard: &Wildcard) -> Vec<Step> {
    let mut steps = vec![Step::Byte(b'"')];
    for (place, piece) in wildcard.pieces().iter().enumerate() {
        steps.extend((place > 0).then_some(Step::Any));
        steps.extend(piece.bytes().map(Step::Byte));
    }
    steps.push(Step::Byte(b'"'));
    steps
}

/// The step that follows at a place.
fn step(ways: &[Vec<Step>], (way, made): Place) -> Option<Step> {
    ways.get(way)?.get(made).copied()
}

/// The bytes by which something goes on. All others lead to fewer places than any of these.
fn bytes(ways: &[Vec<Step>], places: &BTreeSet<Place>) -> BTreeSet<u8> {
    let wanted = places.iter().filter_map(|place| match step(ways, *place) {
        Some(Step::Byte(byte)) => Some(byte),
        _ => None,
    });
    wanted.collect()
}

/// The places behind a byte.
fn after(ways: &[Vec<Step>], places: &BTreeSet<Place>, byte: u8) -> BTreeSet<Place> {
    let mut next = BTreeSet::new();
    for (way, made) in places.iter().copied() {
        let is_behind_any = made.checked_sub(1).and_then(|last| step(ways, (way, last))) == Some(Step::Any);
        next.extend(is_behind_any.then_some((way, made)));
        next.extend((step(ways, (way, made)) == Some(Step::Byte(byte))).then_some((way, made + 1)));
    }
    // Where any bytes may follow, none may follow, too.
    let skipped: Vec<Place> = next.iter().copied().filter(|place| step(ways, *place) == Some(Step::Any)).collect();
    next.extend(skipped.into_iter().map(|(way, made)| (way, made + 1)));
    next
}

#[cfg(test)]
mod tests {
    use super::super::Dialect;
    use super::*;

    /// What users and the user guide report of AWS.
    #[test]
    fn wildcards_that_aws_takes_and_refuses() {
        let check = |wildcards: &[&str], is_refused: bool| {
            let tests: Vec<String> = wildcards.iter().map(|text| format!(r#"{{"wildcard":"{text}"}}"#)).collect();
            let pattern = format!(r#"{{"detail":{{"key":[{}]}}}}"#, tests.join(","));
            let rules = Rules::parse(&pattern, Dialect::EventPattern).unwrap();
            assert_eq!(rules.are_too_complex(), is_refused, "{pattern}");
        };
        check(&["*:*:*:*:*:event-bus/*"], true);
        check(&["arn:aws:events:us-east-1:*:event-bus/*"], false);
        check(&["*:event-bus/*"], false);
        check(&["*.bif", "*.tiff", "*.tif", "*.svs"], false);
        check(&["*/datasync/*.bif", "*/datasync/*.tif"], false);
        check(&["*/datasync/*.bif", "*/datasync/*.tif", "*/datasync/*.tiff", "*/datasync/*.svs"], true);
        // A text that begins again and again inside of itself.
        check(&["*aaaaaaaaa"], false);
        check(&["*aaaaaaaaaa"], true);
        let excluded = r#"{"a":[{"anything-but":{"wildcard":["*:*:*:*:*:event-bus/*"]}}]}"#;
        assert!(Rules::parse(excluded, Dialect::EventPattern).unwrap().are_too_complex());
    }
}
