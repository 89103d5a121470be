//! Running a plan: log events in, rows out.

use std::sync::Arc;

use super::exact::Sum;
use super::groups::Groups;
use super::inner::Found;
use super::node::{Node, Times, written_number};
use super::pattern::{Count, Counts};
use super::plan::{End, Plan, Running, Stage, Step, Tail, TailStep};
use super::rows::{Kept, Live, Rank, Settable, Table, key_order, row_order};
use super::value::Value;
use super::{Bounds, Line, Results};

/// As many rows as AWS gives when nobody says how many (CWL_QuerySyntax-Limit).
const ROWS_DEFAULT: usize = 10_000;

/// A query at work. Events may come in any order; for queries that keep the newest ones, newest first costs least.
pub struct Execution {
    plan: Arc<Plan>,
    times: Times,
    /// The most rows there may be in the end.
    cap: Option<usize>,
    /// The query's time and the one it is compared with.
    ranges: Vec<(i64, i64)>,
    state: State,
    matched: u64,
    scanned: u64,
    bytes: u64,
}

/// What is known of the events so far, by the end of the first stage.
enum State {
    Rows(Collected),
    Groups(Groups),
    Patterns(Counts),
}

impl Execution {
    pub(super) fn new(plan: Arc<Plan>, bounds: Bounds, ranges: Vec<(i64, i64)>) -> Execution {
        let times = Times { now_ms: bounds.now_ms, start_ms: bounds.start_ms, end_ms: bounds.end_ms };
        let cap = cap(&plan, bounds.limit);
        let state = plan.stages.first().map_or(State::Groups(Groups::default()), |stage| start(stage, cap));
        Execution { plan, times, cap, ranges, state, matched: 0, scanned: 0, bytes: 0 }
    }

    /// Takes one event in. It should lie in one of [`super::Query::ranges`].
    pub fn feed(&mut self, line: &Line) {
        let Execution { plan, times, ranges, state, matched, scanned, bytes, .. } = self;
        *scanned += 1;
        *bytes += line.message.len() as u64;
        let Some(stage) = plan.stages.first() else { return };
        let mut made = 0;
        let mut row = Live::new(line, &stage.slots, &stage.wanted);
        pass(&stage.steps, &mut row, times, &mut |row| {
            match (&stage.end, &mut *state) {
                (End::Rows(tail), State::Rows(rows)) => rows.add_event(tail, row, line, made, times),
                (End::Stats(stats), State::Groups(groups)) => groups.add(stats, row, times, line.timestamp_ms),
                (End::Pattern(patterns), State::Patterns(counts)) => {
                    if let Some(text) = patterns.subject.eval(row, times).into_text() {
                        counts.add(&text, count_in(ranges, line.timestamp_ms));
                    }
                }
                _ => {}
            }
            made += 1;
        });
        *matched += u64::from(made > 0);
    }

    /// Whether more events cannot be needed: `limit any` has its rows.
    pub fn satisfied(&self) -> bool {
        match (&self.state, self.plan.stages.first().map(|stage| &stage.end)) {
            (State::Rows(rows), Some(End::Rows(Tail { enough: Some(enough), .. }))) => rows.rows.len() >= *enough,
            _ => false,
        }
    }

    /// Takes in what another run of the same query found in other events.
    pub fn merge(&mut self, other: Execution) {
        self.matched += other.matched;
        self.scanned += other.scanned;
        self.bytes += other.bytes;
        match (&mut self.state, other.state) {
            (State::Rows(rows), State::Rows(more)) => rows.merge(more),
            (State::Groups(groups), State::Groups(more)) => {
                if let Some(Stage { end: End::Stats(stats), .. }) = self.plan.stages.first() {
                    groups.merge(stats, more);
                }
            }
            (State::Patterns(counts), State::Patterns(more)) => counts.merge(more),
            _ => {}
        }
    }

    pub fn finish(self) -> Results {
        let plan = Arc::clone(&self.plan);
        let (records_matched, records_scanned, bytes_scanned) = (self.matched, self.scanned, self.bytes);
        let rows = match plan.stages.last().map(|stage| &stage.end) {
            Some(End::Rows(tail)) => self.rows().into_iter().map(|row| show(tail, row)).collect(),
            _ => Vec::new(),
        };
        Results { rows, records_matched, records_scanned, bytes_scanned }
    }

    /// What was found, for the query that this one is inside of.
    pub fn found(self) -> Found {
        let plan = Arc::clone(&self.plan);
        let (records_scanned, bytes_scanned) = (self.scanned, self.bytes);
        let rows = match plan.stages.last().map(|stage| &stage.end) {
            Some(End::Rows(tail)) => self.rows().into_iter().map(|row| in_columns(tail, &row)).collect(),
            _ => Vec::new(),
        };
        Found { columns: plan.columns().map(str::to_owned).collect(), rows, records_scanned, bytes_scanned }
    }

    fn rows(self) -> Vec<Kept> {
        let Execution { plan, times, cap, mut state, .. } = self;
        for (stage, next) in plan.stages.iter().zip(plan.stages.iter().skip(1)) {
            let rows = match (state, &stage.end) {
                (State::Groups(groups), End::Stats(stats)) => groups.rows(stats),
                (State::Patterns(counts), End::Pattern(patterns)) if patterns.diff.is_some() => counts.diff_rows(),
                (State::Patterns(counts), _) => counts.rows(),
                _ => Vec::new(),
            };
            state = stage_of_rows(next, rows, cap, &times);
        }
        match (state, plan.stages.last().map(|stage| (&stage.end, stage.slots.len()))) {
            (State::Rows(collected), Some((End::Rows(tail), slots))) => {
                finish_rows(tail, slots, collected, cap, &times)
            }
            _ => Vec::new(),
        }
    }
}

/// The query's own limit may be greater than the default.
fn cap(plan: &Plan, limit: Option<usize>) -> Option<usize> {
    if plan.feeds {
        return None;
    }
    let limited = match plan.stages.last().map(|stage| &stage.end) {
        Some(End::Rows(tail)) => tail.rest.iter().any(|step| matches!(step, TailStep::Limit(_))),
        _ => false,
    };
    limit.or(if limited { None } else { Some(ROWS_DEFAULT) })
}

fn start(stage: &Stage, cap: Option<usize>) -> State {
    match &stage.end {
        End::Rows(tail) => State::Rows(Collected::new(tail, cap)),
        End::Stats(_) => State::Groups(Groups::default()),
        End::Pattern(_) => State::Patterns(Counts::default()),
    }
}

fn count_in(ranges: &[(i64, i64)], time: i64) -> Count {
    let within = |range: Option<&(i64, i64)>| range.is_some_and(|(start, end)| (*start..=*end).contains(&time));
    match ranges {
        [_] => Count { now: 1, before: 0 },
        _ => Count { now: u64::from(within(ranges.first())), before: u64::from(within(ranges.get(1))) },
    }
}

/// Leads a row through steps; what passes them all goes to the sink, once for each row that was made of it.
fn pass<'v, R: Settable<'v>>(steps: &'v [Step], row: &mut R, times: &Times, sink: &mut impl FnMut(&R)) {
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Filter(condition) => {
                if !condition.eval(row, times).holds() {
                    return;
                }
            }
            Step::Set(slot, node) => {
                let value = node.eval(row, times);
                row.set(*slot, value);
            }
            Step::Parse { subject, extractor, slots } => {
                let text = subject.eval(row, times).into_text();
                let mut found = text.map(|text| extractor.extract(text)).unwrap_or_default();
                if found.len() > 1 {
                    return found.into_iter().for_each(|values| {
                        set_all(row, slots, values);
                        pass(&steps[index + 1..], row, times, sink);
                    });
                }
                set_all(row, slots, found.pop().unwrap_or_default());
            }
            Step::Unnest { list, slot, texts } => {
                return elements(list.eval(row, times), *texts).into_iter().for_each(|element| {
                    row.set(*slot, element);
                    pass(&steps[index + 1..], row, times, sink);
                });
            }
            Step::Join { key, table, slots, outer } => {
                let matching = table.matching(&key.eval(row, times));
                if !matching.is_empty() || !outer {
                    return matching.iter().for_each(|columns| {
                        set_all(row, slots, columns.iter().map(Value::borrowed).collect());
                        pass(&steps[index + 1..], row, times, sink);
                    });
                }
                set_all(row, slots, Vec::new());
            }
        }
    }
    sink(row);
}

/// Sets the slots to the values; those without one become absent.
fn set_all<'v, R: Settable<'v>>(row: &mut R, slots: &[usize], values: Vec<Value<'v>>) {
    let mut values = values.into_iter();
    for slot in slots {
        row.set(*slot, values.next().unwrap_or(Value::Absent));
    }
}

/// A list's elements; what is no list is its own element.
fn elements(value: Value, texts: bool) -> Vec<Value> {
    let json = match &value {
        Value::Structure(json) => Some(json.clone()),
        Value::Text(text) if texts => serde_json::from_str(text).ok().map(Arc::new),
        _ => None,
    };
    match json.as_deref() {
        Some(serde_json::Value::Array(elements)) => elements.iter().map(super::value::from_json).collect(),
        _ => vec![value],
    }
}

/// The rows of a stage, led through the steps of the next.
fn stage_of_rows(stage: &Stage, rows: Vec<Vec<Value<'static>>>, cap: Option<usize>, times: &Times) -> State {
    let mut state = start(stage, cap);
    let mut ordinal = 0;
    for mut values in rows {
        values.resize(stage.slots.len(), Value::Absent);
        pass(&stage.steps, &mut Table { values }, times, &mut |row| {
            match (&stage.end, &mut state) {
                (End::Rows(tail), State::Rows(rows)) => rows.add_row(tail, row, ordinal, times),
                (End::Stats(stats), State::Groups(groups)) => groups.add(stats, row, times, 0),
                _ => {}
            }
            ordinal += 1;
        });
    }
    state
}

/// Rows that are to be sorted. No more are kept than can be shown, and as many again.
struct Collected {
    rows: Vec<Kept>,
    descending: Vec<bool>,
    most: Option<usize>,
    /// The last row that could be shown when rows were last thrown away.
    worst: Option<Kept>,
}

impl Collected {
    fn new(tail: &Tail, cap: Option<usize>) -> Collected {
        let most = match tail.rest.first() {
            None => cap,
            Some(TailStep::Limit(count)) => Some(*count),
            Some(_) => None,
        };
        let descending = tail.keys.iter().map(|(_, descending)| *descending).collect();
        Collected { rows: Vec::new(), descending, most, worst: None }
    }

    fn add_event<'v>(&mut self, tail: &'v Tail, row: &Live<'v>, line: &Line, ordinal: usize, times: &Times) {
        let keys = owned_keys(&tail.keys, row, times);
        if self.worst.as_ref().is_some_and(|worst| self.surely_after(&keys, line.timestamp_ms, worst)) {
            return;
        }
        let rank = Rank { timestamp: line.timestamp_ms, ptr: (line.ptr)(), ordinal };
        self.push(Kept { keys, rank, values: carried(tail, row) });
    }

    /// Whether a row comes after another whatever its pointer is.
    fn surely_after(&self, keys: &[Value], timestamp: i64, other: &Kept) -> bool {
        let order = key_order(keys, &other.keys, &self.descending);
        order.then_with(|| other.rank.timestamp.cmp(&timestamp)).is_gt()
    }

    fn add_row<'v>(&mut self, tail: &'v Tail, row: &Table<'v>, ordinal: usize, times: &Times) {
        let rank = Rank { timestamp: 0, ptr: String::new(), ordinal };
        self.push(Kept { keys: owned_keys(&tail.keys, row, times), rank, values: carried(tail, row) });
    }

    fn push(&mut self, kept: Kept) {
        self.rows.push(kept);
        if self.most.is_some_and(|most| self.rows.len() >= most.saturating_mul(2).max(64)) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        let Some(most) = self.most.filter(|most| (1..self.rows.len()).contains(most)) else { return };
        let descending = &self.descending;
        self.rows.select_nth_unstable_by(most - 1, |left, right| row_order(left, right, descending));
        self.rows.truncate(most);
        self.worst = self.rows.last().cloned();
    }

    fn merge(&mut self, other: Collected) {
        other.rows.into_iter().for_each(|row| self.push(row));
    }

    fn sorted(mut self) -> Vec<Kept> {
        let descending = &self.descending;
        self.rows.sort_unstable_by(|left, right| row_order(left, right, descending));
        self.rows
    }
}

fn owned_keys<'v>(keys: &'v [(Node, bool)], row: &impl super::node::Row<'v>, times: &Times) -> Vec<Value<'static>> {
    keys.iter().map(|(node, _)| node.eval(row, times).into_owned()).collect()
}

/// The values that the tail reads, each at its slot.
fn carried<'v>(tail: &Tail, row: &impl super::node::Row<'v>) -> Vec<Value<'static>> {
    let mut values = vec![Value::Absent; tail.carried.last().map_or(0, |last| last + 1)];
    for slot in &tail.carried {
        values[*slot] = row.get(*slot).into_owned();
    }
    values
}

/// Sorts and cuts.
fn finish_rows(tail: &Tail, slots: usize, collected: Collected, cap: Option<usize>, times: &Times) -> Vec<Kept> {
    let mut rows = collected.sorted();
    for step in &tail.rest {
        match step {
            TailStep::Limit(count) => rows.truncate(*count),
            TailStep::Sort(keys) => sort(&mut rows, keys, times),
            TailStep::Dedup(nodes) => dedup(&mut rows, nodes, times),
            TailStep::Step(step) => rows = step_rows(step, rows, slots, times),
            TailStep::Running(running) => run_down(running, &mut rows, slots, times),
        }
    }
    rows.truncate(cap.unwrap_or(usize::MAX));
    rows
}

fn sort(rows: &mut [Kept], keys: &[(Node, bool)], times: &Times) {
    let descending: Vec<bool> = keys.iter().map(|(_, descending)| *descending).collect();
    for row in rows.iter_mut() {
        row.keys = owned_keys(keys, &&row.values[..], times);
    }
    rows.sort_by(|left, right| row_order(left, right, &descending));
}

/// Keeps the first row of those with the same values; rows without one of the values are no duplicates.
fn dedup(rows: &mut Vec<Kept>, nodes: &[Node], times: &Times) {
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| {
        let values = nodes.iter().map(|node| node.eval(&&row.values[..], times).show());
        let values: Option<Vec<String>> = values.collect();
        values.is_none_or(|values| seen.insert(values))
    });
}

fn step_rows(step: &Step, rows: Vec<Kept>, slots: usize, times: &Times) -> Vec<Kept> {
    let mut passed = Vec::with_capacity(rows.len());
    for Kept { keys, rank, mut values } in rows {
        values.resize(slots, Value::Absent);
        pass(std::slice::from_ref(step), &mut Table { values }, times, &mut |row: &Table| {
            let values = row.values.iter().cloned().map(Value::into_owned).collect();
            passed.push(Kept { keys: keys.clone(), rank: rank.clone(), values });
        });
    }
    passed
}

/// From the first row to the last.
fn run_down(running: &Running, rows: &mut [Kept], slots: usize, times: &Times) {
    rows.iter_mut().for_each(|row| row.values.resize(slots, Value::Absent));
    match running {
        Running::Sum(node, into) => {
            let mut sum = Sum::default();
            for row in rows {
                let number = written_number(&node.eval(&&row.values[..], times));
                number.into_iter().for_each(|number| sum.add(number));
                row.values[*into] = number.map_or(Value::Absent, |_| Value::number(sum.value()));
            }
        }
        Running::Lag(node, into) => {
            let values: Vec<_> = rows.iter().map(|row| node.eval(&&row.values[..], times).into_owned()).collect();
            for (index, row) in rows.iter_mut().enumerate() {
                for (lag, slot) in into {
                    let before = index.checked_sub(*lag).and_then(|before| values.get(before));
                    row.values[*slot] = before.cloned().unwrap_or(Value::Absent);
                }
            }
        }
        Running::Fill(places) => places.iter().for_each(|place| fill_down(rows, *place)),
    }
}

fn fill_down(rows: &mut [Kept], place: usize) {
    let mut last = Value::Absent;
    for row in rows {
        match &mut row.values[place] {
            value if value.is_absent() => *value = last.clone(),
            value => last = value.clone(),
        }
    }
}

fn in_columns(tail: &Tail, row: &Kept) -> Vec<Value<'static>> {
    let values = tail.columns.iter().map(|(_, slot)| row.values.get(*slot).cloned());
    values.map(|value| value.unwrap_or(Value::Absent)).collect()
}

fn show(tail: &Tail, row: Kept) -> Vec<(String, String)> {
    let mut shown = Vec::with_capacity(tail.columns.len() + 1);
    for (name, slot) in &tail.columns {
        if let Some(text) = row.values.get(*slot).and_then(Value::show) {
            shown.push((name.clone(), text));
        }
    }
    if tail.ptr && shown.iter().all(|(name, _)| name != "@ptr") {
        shown.push(("@ptr".to_owned(), row.rank.ptr));
    }
    shown
}
