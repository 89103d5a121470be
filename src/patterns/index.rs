//! Many patterns against one event, without holding each against it.
//!
//! Each pattern hangs on an anchor: one field that must have one of some values, or must be there. An event is walked
//! once; only the patterns on the anchors it touches are held against it whole. Of the fields a pattern could hang on,
//! that with the fewest others is taken, so that what all patterns ask for, such as a source, separates nothing.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::tree::{Scalar, Tree};
use super::{Form, Rule, Rules, Test};

/// Patterns by their ids.
#[derive(Clone, Debug)]
pub struct Index<Id> {
    entries: Vec<Option<Entry<Id>>>,
    places: HashMap<Id, usize>,
    /// Places of entries that have gone.
    free: Vec<usize>,
    root: Node,
    /// Places of patterns that have no anchor: they ask for nothing to be there.
    loose: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Entry<Id> {
    id: Id,
    rules: Rules,
    anchors: Vec<Anchor>,
}

/// Where a pattern hangs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Anchor {
    path: Vec<String>,
    hook: Hook,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hook {
    Exact(Scalar<'static>),
    /// The bits of a number.
    Number(u64),
    Prefix(String),
    /// Any value at all.
    Present,
}

/// A field, and the patterns that hang on it.
#[derive(Clone, Debug, Default)]
struct Node {
    below: HashMap<String, Node>,
    exact: HashMap<Scalar<'static>, Vec<usize>>,
    numbers: HashMap<u64, Vec<usize>>,
    prefixes: HashMap<String, Vec<usize>>,
    /// How many prefixes there are of each length in bytes.
    lengths: BTreeMap<usize, usize>,
    present: Vec<usize>,
}

/// Places of patterns, each once.
struct Touched {
    is: Vec<bool>,
    places: Vec<usize>,
}

/// A choice of anchors. The less, the better: those that need a certain value come before those that need any, then
/// fewer neighbours.
struct Choice {
    cost: (bool, usize),
    anchors: Vec<Anchor>,
}

impl<Id> Default for Index<Id> {
    fn default() -> Self {
        Index {
            entries: Vec::new(),
            places: HashMap::new(),
            free: Vec::new(),
            root: Node::default(),
            loose: Vec::new(),
        }
    }
}

impl<Id: Clone + Eq + Hash> Index<Id> {
    /// Adds a pattern, or replaces that of the same id.
    pub fn insert(&mut self, id: Id, rules: Rules) {
        self.remove(&id);
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let anchors = self.choose(&rules, &mut Vec::new()).map(|choice| choice.anchors).unwrap_or_default();
        for anchor in &anchors {
            self.root.hang(&anchor.path, &anchor.hook, place);
        }
        if anchors.is_empty() {
            self.loose.push(place);
        }
        self.places.insert(id.clone(), place);
        self.entries[place] = Some(Entry { id, rules, anchors });
    }

    /// Nothing happens when there is none.
    pub fn remove(&mut self, id: &Id) {
        let Some(place) = self.places.remove(id) else { return };
        let Some(entry) = self.entries.get_mut(place).and_then(Option::take) else { return };
        for anchor in &entry.anchors {
            self.root.take_down(&anchor.path, &anchor.hook, place);
        }
        self.loose.retain(|loose| *loose != place);
        self.free.push(place);
    }

    /// The ids of all patterns that match an event, in no certain order.
    pub fn matching(&self, event: &Tree) -> Vec<Id> {
        let mut touched = Touched { is: vec![false; self.entries.len()], places: Vec::new() };
        touched.add(&self.loose);
        self.root.touch(event, &mut touched);
        let entries = touched.places.into_iter().filter_map(|place| self.entries.get(place)?.as_ref());
        entries.filter(|entry| entry.rules.hold_of(event)).map(|entry| entry.id.clone()).collect()
    }

    /// The best anchors of rules at a path, if they have any.
    fn choose(&self, rules: &Rules, path: &mut Vec<String>) -> Option<Choice> {
        let mut choices = Vec::new();
        for (name, rule) in &rules.fields {
            path.push(name.clone());
            choices.extend(match rule {
                Rule::Tests(tests) => self.choice_of(tests, path),
                Rule::Nested(rules) => self.choose(rules, path),
            });
            path.pop();
        }
        for branches in &rules.alternatives {
            let each: Option<Vec<Choice>> = branches.iter().map(|branch| self.choose(branch, path)).collect();
            choices.extend(each.map(all_of));
        }
        choices.into_iter().min_by_key(|choice| choice.cost)
    }

    /// The anchors of a field of which one of some tests must hold.
    fn choice_of(&self, tests: &[Test], path: &[String]) -> Option<Choice> {
        let hooks: Option<Vec<Hook>> = tests.iter().map(exact).collect();
        let hooks = hooks.or_else(|| (!tests.contains(&Test::Exists(false))).then(|| vec![Hook::Present]))?;
        let node = path.iter().try_fold(&self.root, |node, name| node.below.get(name));
        let crowd = |hook: &Hook| node.map_or(0, |node| node.hanging(hook));
        Some(Choice {
            cost: (hooks.contains(&Hook::Present), hooks.iter().map(crowd).sum()),
            anchors: hooks.into_iter().map(|hook| Anchor { path: path.to_vec(), hook }).collect(),
        })
    }
}

/// The value, or the beginning of one, that a test needs.
fn exact(test: &Test) -> Option<Hook> {
    match test {
        Test::Is(value) => Some(Hook::Exact(value.clone())),
        Test::Text(Form::Prefix, prefix) => Some(Hook::Prefix(prefix.clone())),
        Test::Numeric(range) => range.single().map(|number| Hook::Number(bits(number))),
        _ => None,
    }
}

/// The same for all numbers that are equal, such as 0 and -0.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

/// The anchors of alternatives: the pattern hangs on those of each.
fn all_of(choices: Vec<Choice>) -> Choice {
    Choice {
        cost: (choices.iter().any(|choice| choice.cost.0), choices.iter().map(|choice| choice.cost.1).sum()),
        anchors: choices.into_iter().flat_map(|choice| choice.anchors).collect(),
    }
}

impl Node {
    /// How many patterns hang on a hook.
    fn hanging(&self, hook: &Hook) -> usize {
        match hook {
            Hook::Exact(value) => self.exact.get(value).map_or(0, Vec::len),
            Hook::Number(bits) => self.numbers.get(bits).map_or(0, Vec::len),
            Hook::Prefix(prefix) => self.prefixes.get(prefix).map_or(0, Vec::len),
            Hook::Present => self.present.len(),
        }
    }

    fn hang(&mut self, path: &[String], hook: &Hook, place: usize) {
        if let [name, rest @ ..] = path {
            return self.below.entry(name.clone()).or_default().hang(rest, hook, place);
        }
        match hook {
            Hook::Exact(value) => self.exact.entry(value.clone()).or_default().push(place),
            Hook::Number(bits) => self.numbers.entry(*bits).or_default().push(place),
            Hook::Present => self.present.push(place),
            Hook::Prefix(prefix) => {
                let hanging = self.prefixes.entry(prefix.clone()).or_default();
                if hanging.is_empty() {
                    *self.lengths.entry(prefix.len()).or_default() += 1;
                }
                hanging.push(place);
            }
        }
    }

    /// Leaves nothing behind that nobody hangs on.
    fn take_down(&mut self, path: &[String], hook: &Hook, place: usize) {
        if let [name, rest @ ..] = path {
            let Some(node) = self.below.get_mut(name) else { return };
            node.take_down(rest, hook, place);
            if node.is_empty() {
                self.below.remove(name);
            }
            return;
        }
        match hook {
            Hook::Exact(value) => {
                take_from(&mut self.exact, value, place);
            }
            Hook::Number(bits) => {
                take_from(&mut self.numbers, bits, place);
            }
            Hook::Present => self.present.retain(|present| *present != place),
            Hook::Prefix(prefix) => {
                if take_from(&mut self.prefixes, prefix, place)
                    && let Some(count) = self.lengths.get_mut(&prefix.len())
                {
                    *count -= 1;
                    if *count == 0 {
                        self.lengths.remove(&prefix.len());
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        let is_bare = self.exact.is_empty() && self.numbers.is_empty() && self.prefixes.is_empty();
        is_bare && self.below.is_empty() && self.present.is_empty()
    }

    /// Collects the patterns whose anchors an event touches.
    fn touch(&self, value: &Tree, touched: &mut Touched) {
        match value {
            Tree::Object(members) => {
                for (name, value) in members {
                    if let Some(node) = self.below.get(&**name) {
                        node.touch(value, touched);
                    }
                }
            }
            Tree::Array(items) => {
                items.iter().for_each(|item| match item {
                    Tree::Scalar(scalar) => self.touch_exact(scalar, touched),
                    other => self.touch(other, touched),
                });
                if items.iter().any(|item| matches!(item, Tree::Scalar(_))) {
                    touched.add(&self.present);
                }
            }
            Tree::Scalar(scalar) => {
                touched.add(&self.present);
                self.touch_exact(scalar, touched);
            }
        }
    }

    /// Those that need this very value, or the beginning of it.
    fn touch_exact(&self, value: &Scalar, touched: &mut Touched) {
        touched.add_of(self.exact.get(value));
        match value {
            Scalar::Text(text) => {
                let lengths = self.lengths.keys().take_while(|length| **length <= text.len());
                for beginning in lengths.filter_map(|length| text.get(..*length)) {
                    touched.add_of(self.prefixes.get(beginning));
                }
            }
            Scalar::Number(number) if !self.numbers.is_empty() => {
                let number = number.parse().ok().map(bits);
                touched.add_of(number.and_then(|bits| self.numbers.get(&bits)));
            }
            _ => {}
        }
    }
}

impl Touched {
    fn add(&mut self, places: &[usize]) {
        for place in places {
            if let Some(is) = self.is.get_mut(*place)
                && !std::mem::replace(is, true)
            {
                self.places.push(*place);
            }
        }
    }

    fn add_of(&mut self, places: Option<&Vec<usize>>) {
        self.add(places.map_or(&[], Vec::as_slice));
    }
}

/// Takes a place out of a list, and the list out of its map when it was the last; whether it was.
fn take_from<K: Eq + Hash>(lists: &mut HashMap<K, Vec<usize>>, key: &K, place: usize) -> bool {
    let Some(list) = lists.get_mut(key) else { return false };
    list.retain(|other| *other != place);
    let is_over = list.is_empty();
    if is_over {
        lists.remove(key);
    }
    is_over
}
