//! Rows: a log event on its way through the steps, and what is kept of it.

use std::cell::OnceCell;
use std::cmp::Ordering;

use super::Line;
use super::discovery::Wanted;
use super::node::{Row, Slot};
use super::plan::Origin;
use super::value::{Value, sort_order};

/// A log event, with what steps have computed. Fields are discovered when the first of them is asked for.
pub struct Live<'v> {
    line: &'v Line<'v>,
    slots: &'v [Origin],
    wanted: &'v Wanted,
    discovered: OnceCell<Vec<Value<'v>>>,
    computed: Vec<Value<'v>>,
}

impl<'v> Live<'v> {
    pub fn new(line: &'v Line<'v>, slots: &'v [Origin], wanted: &'v Wanted) -> Live<'v> {
        Live { line, slots, wanted, discovered: OnceCell::new(), computed: Vec::new() }
    }
}

impl<'v> Row<'v> for Live<'v> {
    fn get(&self, slot: Slot) -> Value<'v> {
        match self.slots.get(slot) {
            Some(Origin::Timestamp) => Value::Time(self.line.timestamp_ms),
            Some(Origin::IngestionTime) => Value::Time(self.line.ingestion_ms),
            Some(Origin::Message) => Value::text(self.line.message),
            Some(Origin::LogStream) => Value::text(self.line.stream),
            Some(Origin::Log) => Value::text(self.line.log),
            Some(Origin::Account) => self.line.log.split_once(':').map_or(Value::Absent, |(id, _)| Value::text(id)),
            Some(Origin::Ptr) => Value::owned((self.line.ptr)()),
            Some(Origin::Discovered(position)) => {
                let values = self.discovered.get_or_init(|| self.wanted.discover(self.line.message));
                values.get(*position).cloned().unwrap_or(Value::Absent)
            }
            Some(Origin::Computed) | None => self.computed.get(slot).cloned().unwrap_or(Value::Absent),
        }
    }
}

impl<'v> Settable<'v> for Live<'v> {
    fn set(&mut self, slot: Slot, value: Value<'v>) {
        if self.computed.is_empty() {
            self.computed = vec![Value::Absent; self.slots.len()];
        }
        if let Some(place) = self.computed.get_mut(slot) {
            *place = value;
        }
    }
}

/// A row that steps can write to.
pub trait Settable<'v>: Row<'v> {
    fn set(&mut self, slot: Slot, value: Value<'v>);
}

/// A row of values by slot, on its way through the steps of a later stage.
pub struct Table<'v> {
    pub values: Vec<Value<'v>>,
}

impl<'v> Row<'v> for Table<'v> {
    fn get(&self, slot: Slot) -> Value<'v> {
        self.values.get(slot).cloned().unwrap_or(Value::Absent)
    }
}

impl<'v> Settable<'v> for Table<'v> {
    fn set(&mut self, slot: Slot, value: Value<'v>) {
        if let Some(place) = self.values.get_mut(slot) {
            *place = value;
        }
    }
}

/// A row that is to be sorted and shown.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The values of the sort's expressions.
    pub keys: Vec<Value<'static>>,
    pub rank: Rank,
    pub values: Vec<Value<'static>>,
}

/// The order of rows that sorts leave equal: newest first, and then by what tells events apart. Rows of `stats` and
/// `pattern` have an order of their own in `ordinal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    pub timestamp: i64,
    pub ptr: String,
    pub ordinal: usize,
}

impl Rank {
    pub fn order(&self, other: &Rank) -> Ordering {
        let newest = other.timestamp.cmp(&self.timestamp);
        newest.then_with(|| other.ptr.cmp(&self.ptr)).then_with(|| self.ordinal.cmp(&other.ordinal))
    }
}

/// The order of two rows under the directions of a sort.
pub fn row_order(left: &Kept, right: &Kept, descending: &[bool]) -> Ordering {
    key_order(&left.keys, &right.keys, descending).then_with(|| left.rank.order(&right.rank))
}

/// The order of two rows as far as a sort decides it.
pub fn key_order(left: &[Value], right: &[Value], descending: &[bool]) -> Ordering {
    let pairs = left.iter().zip(right).zip(descending);
    let orders = pairs.map(|((left, right), descending)| {
        let order = sort_order(left, right);
        if *descending { order.reverse() } else { order }
    });
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A kept row's values, borrowed.
impl<'v> Row<'v> for &'v [Value<'static>] {
    fn get(&self, slot: Slot) -> Value<'v> {
        <[_]>::get(self, slot).map_or(Value::Absent, Value::borrowed)
    }
}
