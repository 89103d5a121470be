//! Queries inside of queries: subqueries (CWL_QuerySyntax-Subqueries) and the right sides of joins
//! (CWL_QuerySyntax-Join). They run first, over log groups of their own; what they find is data of the query's plan.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Query;
use super::ast::Script;
use super::faults::{self, Fault, Span};
use super::plan;
use super::value::Value;

/// As many different keys as the right side of a join may have.
const KEYS_MAX: usize = 50_000;

/// A query to run before, and the column that the outer one compares.
#[derive(Debug)]
pub struct Inner {
    pub script: Script,
    pub column: String,
    pub span: Span,
}

/// What an inner query found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value<'static>>>,
    pub records_scanned: u64,
    pub bytes_scanned: u64,
}

impl Inner {
    pub fn query(&self, text: &Arc<str>) -> Result<Query, Fault> {
        let mut plan = plan::compile(&self.script, text, &[])?;
        if !plan.columns().any(|column| column == self.column) {
            return Err(faults::subquery_without(&self.column, self.span));
        }
        plan.feeds = true;
        Ok(Query { text: Arc::clone(text), script: self.script.clone(), plan: Arc::new(plan), inner: Vec::new() })
    }
}

impl Found {
    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// A value as equality sees it: numbers are equal however they are spelled. Nothing equals absent values, maps and
/// lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// The number's bits.
    Number(u64),
    Text(Box<str>),
}

impl Key {
    fn of(value: &Value) -> Option<Key> {
        match value.to_number() {
            // There are two zeros, which are equal.
            Some(number) => Some(Key::Number((number + 0.0).to_bits())),
            None => value.clone().into_text().map(|text| Key::Text(text.into())),
        }
    }
}

/// The different values of a subquery's column.
#[derive(Debug, Default)]
pub struct Set {
    keys: HashSet<Key>,
}

impl Set {
    pub fn new(found: &Found, column: &str) -> Set {
        let place = found.column(column).unwrap_or(usize::MAX);
        Set { keys: found.rows.iter().filter_map(|row| Key::of(row.get(place)?)).collect() }
    }

    pub fn contains(&self, value: &Value) -> bool {
        let word = |flag| Key::Text(if flag { "true" } else { "false" }.into());
        Key::of(value).is_some_and(|key| self.keys.contains(&key))
            || matches!(value, Value::Bool(flag) if self.keys.contains(&word(*flag)))
    }
}

/// The right side of a join, by key.
#[derive(Debug, Default)]
pub struct Table {
    rows: HashMap<Key, Vec<Vec<Value<'static>>>>,
}

impl Table {
    /// The rows, each with the wanted columns.
    pub fn new(found: &Found, key: &str, wanted: &[String], span: Span) -> Result<Table, Fault> {
        let place = |column: &String| found.column(column).unwrap_or(usize::MAX);
        let (key, wanted): (usize, Vec<usize>) = (place(&key.to_owned()), wanted.iter().map(place).collect());
        let mut table = Table::default();
        for row in &found.rows {
            let Some(key) = row.get(key).and_then(Key::of) else { continue };
            let columns = wanted.iter().map(|place| row.get(*place).cloned().unwrap_or(Value::Absent)).collect();
            table.rows.entry(key).or_default().push(columns);
        }
        if table.rows.len() > KEYS_MAX {
            return Err(faults::too_many("different keys on the right side of join", KEYS_MAX, span));
        }
        Ok(table)
    }

    pub fn matching(&self, key: &Value) -> &[Vec<Value<'static>>] {
        Key::of(key).and_then(|key| self.rows.get(&key)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: Vec<Value<'static>>) -> Found {
        let rows = values.into_iter().map(|value| vec![value]).collect();
        Found { columns: vec!["k".to_owned()], rows, ..Found::default() }
    }

    #[test]
    fn values_are_among_those_they_equal() {
        let values = vec![
            Value::text("a"),
            Value::text("1.0"),
            Value::Number(-0.0),
            Value::Bool(true),
            Value::text("false"),
            Value::Absent,
        ];
        let set = Set::new(&found(values), "k");
        for (value, among) in [
            (Value::text("a"), true),
            (Value::text("A"), false),
            (Value::text("1"), true),
            (Value::Number(1.0), true),
            (Value::text("01"), true),
            (Value::Number(0.0), true),
            (Value::Bool(false), true),
            (Value::text("2"), false),
            (Value::text(""), false),
            (Value::Absent, false),
        ] {
            assert_eq!(set.contains(&value), among, "{value:?}");
        }
        assert!(!Set::new(&found(vec![Value::text("a")]), "other").contains(&Value::text("a")));
    }

    #[test]
    fn a_join_has_at_most_50_000_keys() {
        let rows = |count: usize| found((0..count).map(|number| Value::Number(number as f64)).collect());
        assert!(Table::new(&rows(KEYS_MAX), "k", &[], Span::default()).is_ok());
        assert!(Table::new(&rows(KEYS_MAX + 1), "k", &[], Span::default()).is_err());
    }
}
