//! Rows of `stats`, grouped by the values after `by`.

use std::collections::HashMap;

use super::aggregate::State;
use super::node::{Row, Times};
use super::plan::Stats;
use super::value::{Value, sort_order};

/// The groups so far.
#[derive(Debug, Default)]
pub struct Groups {
    groups: Vec<Group>,
    /// Positions of groups by their keys.
    positions: HashMap<Box<[u8]>, usize>,
    /// The key of the row at hand, and the group of the row before: neighbours often share it.
    key: Vec<u8>,
    last: Option<usize>,
}

#[derive(Debug)]
struct Group {
    key: Box<[u8]>,
    values: Vec<Value<'static>>,
    states: Vec<State>,
}

impl Groups {
    pub fn add<'v>(&mut self, stats: &'v Stats, row: &impl Row<'v>, times: &Times, timestamp: i64) {
        let position = self.position(stats, row, times);
        let Some(group) = self.groups.get_mut(position) else { return };
        for ((aggregate, argument), state) in stats.aggregates.iter().zip(&mut group.states) {
            let value = argument.as_ref().map_or(Value::Absent, |argument| argument.eval(row, times));
            state.add(*aggregate, value, timestamp);
        }
    }

    fn position<'v>(&mut self, stats: &'v Stats, row: &impl Row<'v>, times: &Times) -> usize {
        if let [only] = &stats.groups[..] {
            // One group value needs no list.
            let value = only.eval(row, times);
            self.key.clear();
            push_key(&mut self.key, &value);
            return self.find(stats, || vec![value.into_owned()]);
        }
        let values: Vec<Value> = stats.groups.iter().map(|node| node.eval(row, times)).collect();
        self.key.clear();
        values.iter().for_each(|value| push_key(&mut self.key, value));
        self.find(stats, || values.into_iter().map(Value::into_owned).collect())
    }

    /// The position of the group with the key at hand.
    fn find(&mut self, stats: &Stats, values: impl FnOnce() -> Vec<Value<'static>>) -> usize {
        if let Some(last) = self.last
            && self.groups.get(last).is_some_and(|group| *group.key == *self.key)
        {
            return last;
        }
        let position = match self.positions.get(&self.key[..]) {
            Some(position) => *position,
            None => {
                let states = stats.aggregates.iter().map(|(aggregate, _)| aggregate.start()).collect();
                self.insert(Group { key: self.key.clone().into(), values: values(), states })
            }
        };
        self.last = Some(position);
        position
    }

    fn insert(&mut self, mut group: Group) -> usize {
        for value in &mut group.values {
            if matches!(value, Value::Structure(_)) {
                *value = Value::Absent;
            }
        }
        let position = self.groups.len();
        self.positions.insert(group.key.clone(), position);
        self.groups.push(group);
        position
    }

    pub fn merge(&mut self, stats: &Stats, other: Groups) {
        for group in other.groups {
            let known = self.positions.get(&group.key).and_then(|position| self.groups.get_mut(*position));
            let Some(known) = known else {
                self.insert(group);
                continue;
            };
            for (((aggregate, _), state), more) in stats.aggregates.iter().zip(&mut known.states).zip(group.states) {
                state.merge(*aggregate, more);
            }
        }
        self.last = None;
    }

    /// The rows of the next stage: groups' values, then results. Times come newest first, all else in ascending order.
    pub fn rows(mut self, stats: &Stats) -> Vec<Vec<Value<'static>>> {
        self.groups.sort_by(|left, right| {
            let pairs = || left.values.iter().zip(&right.values);
            let by_time = pairs().filter_map(|pair| match pair {
                (Value::Time(left), Value::Time(right)) => Some(right.cmp(left)),
                _ => None,
            });
            let by_value = pairs().map(|(left, right)| sort_order(left, right));
            by_time.chain(by_value).find(|order| order.is_ne()).unwrap_or_else(|| left.key.cmp(&right.key))
        });
        let rows = self.groups.into_iter().map(|group| {
            let results = stats.aggregates.iter().zip(group.states).map(|((kind, _), state)| state.result(*kind));
            group.values.into_iter().chain(results).collect()
        });
        rows.collect()
    }
}

/// Values that show the same text are of one group, times apart.
fn push_key(key: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Absent | Value::Structure(_) => key.push(0),
        Value::Time(time) => {
            key.push(1);
            key.extend_from_slice(&time.to_le_bytes());
        }
        Value::Text(text) => push_text(key, text),
        other => push_text(key, &other.show().unwrap_or_default()),
    }
}

fn push_text(key: &mut Vec<u8>, text: &str) {
    key.push(2);
    key.extend_from_slice(&(text.len() as u64).to_le_bytes());
    key.extend_from_slice(text.as_bytes());
}
