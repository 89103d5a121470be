//! Memory of many metrics, and how fast they are read.
//!
//! `cargo bench --bench metrics`. 100,000 metrics report each minute of a day, of four kinds: a constant, a count, a
//! percentage with two decimal places, and a measurement with all the digits of a double, which nothing packs well.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use trailcam::services::cloudwatch::data::{MetricDataQuery, Plan, Span};
use trailcam::services::cloudwatch::store::{MetricId, Report, Sample, Store, unit};
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::time::Time;

const METRICS: usize = 100_000;
const MINUTES: i64 = 24 * 60;
const ROUNDS: usize = 9;

/// Counts what is allocated.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let now: Time = "2026-01-01T12:00:00Z".parse().expect("a time");
    println!("{METRICS} metrics, {MINUTES} minutes each");
    println!("{:<24} {:>16} {:>12}", "kind", "bytes a point", "µs a put");
    for (kind, name) in NAMES.into_iter().enumerate() {
        filled(now, METRICS / 20, &[kind], name);
    }
    let store = filled(now, METRICS, &[0, 1, 1, 2], "all but measurements");
    for (name, period, text) in [("500 series, 5 minutes", 300, None), ("500 series, 1 minute", 60, None)] {
        read(&store, now, name, period, text);
    }
    read(&store, now, "SUM of 500 series", 300, Some("SUM(METRICS())"));
    read(&store, now, "SEARCH among all", 300, Some("SEARCH('{Bench,Host} MetricName=\"M1\" NOT x', 'Sum', 300)"));
    read(&store, now, "SELECT among all", 300, Some("SELECT SUM(M1) FROM Bench"));
    roll_up(store, now);
}

const NAMES: [&str; 4] = ["constants", "counts", "percentages", "measurements"];

fn value(kind: usize, metric: usize, minute: i64) -> f64 {
    let noise = (metric as u64).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(minute as u64 * 1_442_695_040_888);
    let noise = (noise ^ (noise >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40;
    match kind {
        0 => 1.0,
        1 => (noise % 200) as f64,
        2 => (noise % 10_000) as f64 / 100.0,
        _ => noise as f64 * std::f64::consts::PI,
    }
}

/// A store of so many metrics of some kinds, in turn; prints what it takes.
fn filled(now: Time, metrics: usize, kinds: &[usize], name: &str) -> Store {
    let (before, start) = (BYTES.load(Ordering::Relaxed), Instant::now());
    let mut store = Store::default();
    let first = now.timestamp() - MINUTES * 60;
    for metric in 0..metrics {
        let (id, kind) = (id(metric), kinds[metric % kinds.len()]);
        for minute in 0..MINUTES {
            let sample = Sample::One(value(kind, metric, minute));
            let at = first + minute * 60;
            store.add(now, Report { metric: id.clone(), at, unit: unit(Some("Count")), sample });
        }
    }
    let points = metrics as f64 * MINUTES as f64;
    let bytes = (BYTES.load(Ordering::Relaxed) - before) as f64 / points;
    println!("{name:<24} {bytes:>16.2} {:>12.2}", start.elapsed().as_secs_f64() * 1e6 / points);
    store
}

fn id(metric: usize) -> MetricId {
    let host = format!("i-{:08x}", metric / 10);
    MetricId::new("Bench", &format!("M{}", metric % 10), [("Host", host.as_str())])
}

/// Reads a day of 500 metrics, or what an expression over them says.
fn read(store: &Store, now: Time, name: &str, period: i64, expression: Option<&str>) {
    let mut queries: Vec<_> = (0..if expression.is_none_or(|text| text.starts_with("SUM")) { 499 } else { 0 })
        .map(|metric| query(metric * 7, period, expression.is_none()))
        .collect();
    queries.extend(expression.map(|text| MetricDataQuery {
        id: "e".to_owned(),
        expression: Some(text.to_owned()),
        period: Some(period),
        ..MetricDataQuery::default()
    }));
    let account = AccountId::parse("000000000000").expect("twelve digits");
    let span = Span { start: now - TimeDelta::days(1), end: now, now };
    let mut rounds: Vec<(Duration, Duration)> = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let plan = Plan::new(&queries, &account).expect("queries that make sense");
        let gathered = plan.gather(store, span, (&account, Region::US_EAST_1));
        let locked = start.elapsed();
        let run = gathered.run();
        (0..queries.len()).for_each(|place| {
            black_box(run.answer(place));
        });
        rounds.push((start.elapsed(), locked));
    }
    rounds.sort();
    let (whole, locked) = rounds[ROUNDS / 2];
    println!("{name:<24} {:>13.1} ms, of which under the lock {:.1} ms", millis(whole), millis(locked));
}

fn query(metric: usize, period: i64, returned: bool) -> MetricDataQuery {
    let id = id(metric);
    let mut query =
        MetricDataQuery { id: format!("m{metric}"), returned: Some(returned), ..MetricDataQuery::default() };
    let stat = query.stat.insert(Default::default());
    (stat.metric.namespace, stat.metric.name) = (id.namespace.to_string(), id.name.to_string());
    stat.metric.dimensions = vec![Default::default()];
    stat.metric.dimensions[0].name = "Host".to_owned();
    stat.metric.dimensions[0].value = id.dimension("Host").unwrap_or_default().to_owned();
    (stat.period, stat.stat) = (period, "Average".to_owned());
    query
}

fn roll_up(mut store: Store, now: Time) {
    let start = Instant::now();
    let later = (now + TimeDelta::days(16)).timestamp();
    store.metrics.values_mut().for_each(|metric| {
        metric.roll_up(later);
    });
    println!("{:<24} {:>13.1} ms", "roll-up of all", millis(start.elapsed()));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
