//! The same language, evaluated in another way: random patterns and events must get the same answers from both.
//!
//! Alternatives are multiplied out; an event is flattened into its scalar values, each with its path and its places in
//! the arrays around it. A pattern matches when each of its fields can have a value such that no two of them come from
//! different places of one array.

use std::collections::BTreeMap;
use std::fmt::Write;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{Dialect, Index, Rules, Tree};

/// A value of an event, and how it is written.
#[derive(Clone, Debug)]
enum Value {
    /// As in JSON.
    Scalar(&'static str),
    Array(Vec<Value>),
    Object(BTreeMap<&'static str, Value>),
}

#[derive(Clone, Debug)]
enum Test {
    Is(&'static str),
    Prefix(&'static str),
    Suffix(&'static str),
    AnyCase(&'static str),
    PrefixAnyCase(&'static str),
    Wildcard(&'static str),
    Between(i32, i32),
    Block,
    Exists(bool),
    Not(Vec<&'static str>),
    NotPrefix(&'static str),
    NotWildcard(&'static str),
}

#[derive(Clone, Debug, Default)]
struct Pattern {
    fields: BTreeMap<&'static str, Field>,
    alternatives: Vec<Pattern>,
}

#[derive(Clone, Debug)]
enum Field {
    Tests(Vec<Test>),
    Nested(Pattern),
}

const NAMES: [&str; 3] = ["a", "b", "c"];
const SCALARS: [&str; 12] =
    ["\"x\"", "\"xy\"", "\"XY\"", "\"yx\"", "\"\"", "\"10.0.0.7\"", "1", "1.0", "10e-1", "5", "true", "null"];
const BEGINNINGS: [&str; 4] = ["x", "xy", "y", ""];
const WILDCARDS: [&str; 6] = ["*", "x*", "*y", "x*y", "*x*", "y*x*"];

fn scalar(random: &mut StdRng) -> &'static str {
    SCALARS.choose(random).unwrap()
}

fn value(random: &mut StdRng, depth: u32) -> Value {
    match random.gen_range(0..10) {
        0..=1 if depth > 0 => Value::Array((0..random.gen_range(0..3)).map(|_| value(random, depth - 1)).collect()),
        2..=4 if depth > 0 => object(random, depth - 1),
        _ => Value::Scalar(scalar(random)),
    }
}

fn object(random: &mut StdRng, depth: u32) -> Value {
    let mut members = BTreeMap::new();
    for name in NAMES {
        if random.gen_bool(0.7) {
            members.insert(name, value(random, depth));
        }
    }
    Value::Object(members)
}

fn test(random: &mut StdRng) -> Test {
    let beginning = BEGINNINGS.choose(random).unwrap();
    match random.gen_range(0..16) {
        0..=4 => Test::Is(scalar(random)),
        5 => Test::Prefix(beginning),
        6 => Test::Suffix(beginning),
        7 => Test::AnyCase(["x", "xY", "Yx"].choose(random).unwrap()),
        8 => Test::PrefixAnyCase(["X", "xY"].choose(random).unwrap()),
        9 => Test::Wildcard(WILDCARDS.choose(random).unwrap()),
        10 => Test::Between(random.gen_range(-1..3), random.gen_range(3..7)),
        11 => Test::Block,
        12 => Test::Exists(random.gen_bool(0.5)),
        13 => Test::Not([["\"x\"", "\"xy\""], ["1", "5"]].choose(random).unwrap().to_vec()),
        14 => Test::NotPrefix(beginning),
        _ => Test::NotWildcard(WILDCARDS.choose(random).unwrap()),
    }
}

/// Alternatives are about other fields than those beside them.
fn pattern(random: &mut StdRng, depth: u32, names: &[&'static str]) -> Pattern {
    let mut pattern = Pattern::default();
    let mut others = Vec::new();
    for name in names {
        match random.gen_bool(0.4) {
            true => drop(pattern.fields.insert(name, field(random, depth))),
            false => others.push(*name),
        }
    }
    if depth > 0 && !others.is_empty() && random.gen_bool(0.3) {
        let count = random.gen_range(2..4);
        pattern.alternatives = (0..count).map(|_| self::pattern(random, depth - 1, &others)).collect();
    }
    if let (true, true, Some(name)) = (pattern.fields.is_empty(), pattern.alternatives.is_empty(), names.first()) {
        pattern.fields.insert(name, field(random, depth));
    }
    pattern
}

fn field(random: &mut StdRng, depth: u32) -> Field {
    match depth > 0 && random.gen_bool(0.5) {
        true => Field::Nested(pattern(random, depth - 1, &NAMES)),
        false => Field::Tests((0..random.gen_range(1..4)).map(|_| test(random)).collect()),
    }
}

impl Value {
    fn write(&self, out: &mut String) {
        match self {
            Value::Scalar(text) => out.push_str(text),
            Value::Array(items) => list(out, '[', ']', items, |out, item| item.write(out)),
            Value::Object(members) => list(out, '{', '}', members, |out, (name, value)| {
                write!(out, "\"{name}\":").unwrap();
                value.write(out);
            }),
        }
    }
}

impl Pattern {
    fn write(&self, out: &mut String) {
        out.push('{');
        for (name, field) in &self.fields {
            write!(out, "\"{name}\":").unwrap();
            match field {
                Field::Nested(pattern) => pattern.write(out),
                Field::Tests(tests) => list(out, '[', ']', tests, |out, test| out.push_str(&test.text())),
            }
            out.push(',');
        }
        if !self.alternatives.is_empty() {
            out.push_str("\"$or\":");
            list(out, '[', ']', &self.alternatives, |out, pattern| pattern.write(out));
            out.push(',');
        }
        out.pop();
        out.push('}');
    }

    /// The alternatives multiplied out: lists of paths and what one of their values must fulfil.
    fn conjunctions(&self, path: &[&'static str]) -> Vec<Vec<(Vec<&'static str>, Vec<Test>)>> {
        let mut all = vec![Vec::new()];
        for (name, field) in &self.fields {
            let path = [path, &[*name]].concat();
            all = multiplied(
                &all,
                &match field {
                    Field::Tests(tests) => vec![vec![(path, tests.clone())]],
                    Field::Nested(pattern) => pattern.conjunctions(&path),
                },
            );
        }
        if !self.alternatives.is_empty() {
            let branches: Vec<_> = self.alternatives.iter().flat_map(|branch| branch.conjunctions(path)).collect();
            all = multiplied(&all, &branches);
        }
        all
    }
}

fn multiplied<T: Clone>(left: &[Vec<T>], right: &[Vec<T>]) -> Vec<Vec<T>> {
    left.iter().flat_map(|left| right.iter().map(move |right| [left.as_slice(), right].concat())).collect()
}

fn list<T>(
    out: &mut String,
    open: char,
    close: char,
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T),
) {
    out.push(open);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(close);
}

impl Test {
    fn text(&self) -> String {
        match self {
            Test::Is(scalar) => (*scalar).to_owned(),
            Test::Prefix(text) => format!(r#"{{"prefix":"{text}"}}"#),
            Test::Suffix(text) => format!(r#"{{"suffix":"{text}"}}"#),
            Test::AnyCase(text) => format!(r#"{{"equals-ignore-case":"{text}"}}"#),
            Test::PrefixAnyCase(text) => format!(r#"{{"prefix":{{"equals-ignore-case":"{text}"}}}}"#),
            Test::Wildcard(text) => format!(r#"{{"wildcard":"{text}"}}"#),
            Test::Between(low, high) => format!(r#"{{"numeric":[">=",{low},"<",{high}]}}"#),
            Test::Block => r#"{"cidr":"10.0.0.0/24"}"#.to_owned(),
            Test::Exists(wanted) => format!(r#"{{"exists":{wanted}}}"#),
            Test::Not(values) => format!(r#"{{"anything-but":[{}]}}"#, values.join(",")),
            Test::NotPrefix(text) => format!(r#"{{"anything-but":{{"prefix":"{text}"}}}}"#),
            Test::NotWildcard(text) => format!(r#"{{"anything-but":{{"wildcard":"{text}"}}}}"#),
        }
    }

    /// Whether the test holds of a scalar as it is written.
    fn holds(&self, scalar: &str) -> bool {
        let text = scalar.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let lower = text.map(str::to_ascii_lowercase);
        match self {
            Test::Is(wanted) => *wanted == scalar,
            Test::Prefix(wanted) => text.is_some_and(|text| text.starts_with(wanted)),
            Test::Suffix(wanted) => text.is_some_and(|text| text.ends_with(wanted)),
            Test::AnyCase(wanted) => lower == Some(wanted.to_ascii_lowercase()),
            Test::PrefixAnyCase(wanted) => lower.is_some_and(|text| text.starts_with(&wanted.to_ascii_lowercase())),
            Test::Wildcard(wanted) => text.is_some_and(|text| like(wanted.as_bytes(), text.as_bytes())),
            Test::Between(low, high) => {
                let number = text.is_none().then(|| scalar.parse::<f64>().ok()).flatten();
                number.is_some_and(|number| number >= f64::from(*low) && number < f64::from(*high))
            }
            Test::Block => scalar == "\"10.0.0.7\"",
            Test::Exists(wanted) => *wanted,
            Test::Not(values) => !values.contains(&scalar),
            Test::NotPrefix(wanted) => !Test::Prefix(wanted).holds(scalar),
            Test::NotWildcard(wanted) => !Test::Wildcard(wanted).holds(scalar),
        }
    }
}

/// Whether a text is like one with asterisks, letter by letter.
fn like(wanted: &[u8], text: &[u8]) -> bool {
    match (wanted, text) {
        ([b'*', rest @ ..], _) => like(rest, text) || (!text.is_empty() && like(wanted, &text[1..])),
        ([first, wanted @ ..], [letter, text @ ..]) => first == letter && like(wanted, text),
        _ => wanted.is_empty() && text.is_empty(),
    }
}

/// Places in arrays, by the arrays' own paths, which have the places of outer ones in them.
type Places = BTreeMap<String, usize>;

#[derive(Debug)]
struct Leaf {
    path: Vec<&'static str>,
    scalar: &'static str,
    places: Places,
}

fn flatten(value: &Value, path: &[&'static str], address: &str, places: &Places, leaves: &mut Vec<Leaf>) {
    match value {
        Value::Scalar(scalar) => leaves.push(Leaf { path: path.to_vec(), scalar, places: places.clone() }),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let mut places = places.clone();
                places.insert(address.to_owned(), place);
                flatten(item, path, &format!("{address}[{place}]"), &places, leaves);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                flatten(value, &[path, &[*name]].concat(), &format!("{address}.{name}"), places, leaves);
            }
        }
    }
}

/// Whether the rest of the fields can have values that fit to those chosen.
fn fits(fields: &[(Vec<&'static str>, Vec<Test>)], leaves: &[Leaf], chosen: &Places) -> bool {
    let Some(((path, tests), rest)) = fields.split_first() else { return true };
    let here = || leaves.iter().filter(|leaf| leaf.path == *path);
    let is_absent = here().next().is_none();
    if is_absent && tests.iter().any(|test| matches!(test, Test::Exists(false))) {
        return fits(rest, leaves, chosen);
    }
    here().any(|leaf| {
        let agree = leaf.places.iter().all(|(array, place)| chosen.get(array).is_none_or(|other| other == place));
        let holds = |test: &Test| !matches!(test, Test::Exists(false)) && test.holds(leaf.scalar);
        let mut chosen = chosen.clone();
        chosen.extend(leaf.places.clone());
        agree && tests.iter().any(holds) && fits(rest, leaves, &chosen)
    })
}

/// Fields of one object of an array must fit to one another; a field's own array has a value for each field.
fn matches(pattern: &Pattern, event: &Value) -> bool {
    let mut leaves = Vec::new();
    flatten(event, &[], "", &Places::new(), &mut leaves);
    pattern.conjunctions(&[]).iter().any(|fields| fits(fields, &leaves, &Places::new()))
}

#[test]
fn random_patterns_and_events_get_the_same_answers() {
    let mut random = StdRng::seed_from_u64(7);
    let mut matched = 0;
    for round in 0..300 {
        let patterns: Vec<Pattern> = (0..20).map(|_| pattern(&mut random, 2, &NAMES)).collect();
        let texts: Vec<String> = patterns.iter().map(|pattern| text_of(|out| pattern.write(out))).collect();
        let mut index = Index::default();
        for (id, text) in texts.iter().enumerate() {
            index.insert(id, Rules::parse(text, Dialect::EventPattern).unwrap());
        }
        // Some go again.
        let gone = random.gen_range(0..texts.len());
        index.remove(&gone);
        for _ in 0..20 {
            let event = object(&mut random, 3);
            let text = text_of(|out| event.write(out));
            let tree = Tree::read(&text).unwrap();
            let mut found = index.matching(&tree);
            found.sort_unstable();
            let wanted = |id: &usize| *id != gone && matches(&patterns[*id], &event);
            let wanted: Vec<usize> = (0..patterns.len()).filter(wanted).collect();
            assert_eq!(found, wanted, "round {round}, event {text}, patterns {texts:#?}");
            matched += wanted.len();
        }
    }
    assert!(matched > 10_000, "{matched} of 120000 match: the comparison says little");
}

fn text_of(write: impl Fn(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}
