//! What it costs to evaluate many alarms each minute.
//!
//! `cargo bench --bench alarms`. Each alarm is on a metric of its own, three points out of three, that reports each minute;
//! no state changes, as is mostly so. Alarms on bands have two weeks of data behind them.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use trailcam::services::cloudwatch::alarms;
use trailcam::services::cloudwatch::store::{self, MetricId, Report, Sample};
use trailcam::wire::{Map, Value};
use trailcam::world::call::{Call, perform};
use trailcam::world::payload::Upload;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings, World};

const MINUTES: usize = 300;
/// Of alarms on bands, which take longer.
const BAND_MINUTES: usize = 20;
const BAND: &str = "band";

fn main() {
    println!("{:<10} {:<12} {:>8} {:>16} {:>12}", "alarms", "statistic", "period", "ms a minute", "µs an alarm");
    for (count, statistic, period) in [
        (1_000, "Average", 60),
        (10_000, "Average", 60),
        (10_000, "Average", 300),
        (10_000, "p90", 60),
        (100, BAND, 60),
    ] {
        let spent = evaluate(count, statistic, period);
        let milliseconds = spent.as_secs_f64() * 1e3;
        let each = milliseconds * 1e3 / count as f64;
        println!("{count:<10} {statistic:<12} {period:>8} {milliseconds:>16.2} {each:>12.2}");
    }
}

/// The median of what a minute takes, when there is data for all that is looked at.
fn evaluate(count: usize, statistic: &str, period: i64) -> Duration {
    let account = AccountId::parse("111122223333").expect("twelve digits");
    let settings = Settings {
        account: account.clone(),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Aws,
        data_dir: std::env::temp_dir().join("trailcam-bench-alarms"),
        log_memory: 16 << 20,
    };
    let mut world = World::new(settings, "2026-01-01T00:00:00Z".parse().expect("a time"));
    (0..count).for_each(|number| put_alarm(&mut world, &account, number, statistic, period));
    let mut spent = Vec::new();
    let minutes = if statistic == BAND { BAND_MINUTES } else { MINUTES };
    if statistic == BAND {
        look_back(&mut world, &account, count);
    }
    for minute in 0..minutes {
        let at = world.now.timestamp();
        let reports = (0..count).map(|number| Report {
            metric: metric(number),
            at,
            unit: store::NO_UNIT,
            sample: Sample::One((number + minute) as f64),
        });
        store::add(&mut world, &account, Region::US_EAST_1, reports);
        world.now += TimeDelta::minutes(1);
        let start = Instant::now();
        alarms::tick(&mut world, &account, Region::US_EAST_1);
        spent.push(start.elapsed());
    }
    let mut settled = spent.split_off(minutes / 2);
    settled.sort();
    settled[settled.len() / 2]
}

/// Two weeks of data, a value a minute.
fn look_back(world: &mut World, account: &AccountId, count: usize) {
    let now = world.now.timestamp();
    let minutes = 14 * 24 * 60;
    for number in 0..count {
        let reports = (1..=minutes).rev().map(|back| Report {
            metric: metric(number),
            at: now - 60 * back,
            unit: store::NO_UNIT,
            sample: Sample::One((back * 7919 % 101) as f64),
        });
        store::add(world, account, Region::US_EAST_1, reports);
    }
}

fn metric(number: usize) -> MetricId {
    MetricId::new("Bench", "Load", [("Host", format!("host-{number:05}").as_str())])
}

fn put_alarm(world: &mut World, account: &AccountId, number: usize, statistic: &str, period: i64) {
    let text = |text: &str| Value::Str(text.to_owned());
    let mut dimension = Map::new();
    dimension.push("Name", text("Host"));
    dimension.push("Value", Value::Str(format!("host-{number:05}")));
    let dimensions = Value::List(vec![Value::Map(dimension)]);
    let of_statistic = if statistic.starts_with('p') { "ExtendedStatistic" } else { "Statistic" };
    let common = [("AlarmName", Value::Str(format!("alarm-{number}"))), ("EvaluationPeriods", Value::Int(3))];
    let plain = || {
        vec![
            ("Namespace", text("Bench")),
            ("MetricName", text("Load")),
            ("Dimensions", dimensions.clone()),
            (of_statistic, text(statistic)),
            ("Period", Value::Int(period)),
            ("Threshold", Value::Double(1e9)),
            ("ComparisonOperator", text("GreaterThanThreshold")),
        ]
    };
    let banded = || {
        let metric =
            map([("Namespace", text("Bench")), ("MetricName", text("Load")), ("Dimensions", dimensions.clone())]);
        let stat = map([("Metric", metric), ("Period", Value::Int(period)), ("Stat", text("Average"))]);
        let watched = map([("Id", text("m1")), ("MetricStat", stat)]);
        let band = map([("Id", text("ad1")), ("Expression", text("ANOMALY_DETECTION_BAND(m1, 20)"))]);
        vec![
            ("Metrics", Value::List(vec![watched, band])),
            ("ThresholdMetricId", text("ad1")),
            ("ComparisonOperator", text("GreaterThanUpperThreshold")),
        ]
    };
    let input = map(common.into_iter().chain(if statistic == BAND { banded() } else { plain() }));
    let to = ("cloudwatch", "PutMetricAlarm");
    let Value::Map(input) = input else { panic!("no map") };
    let call =
        Call::by_service("bench.amazonaws.com", account.clone(), Region::US_EAST_1, to, input, Upload::default());
    let answer = perform(world, call.expect("an operation"));
    answer.outcome.unwrap_or_else(|fault| panic!("{fault:?}"));
}

fn map(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut map = Map::new();
    members.into_iter().for_each(|(name, value)| map.push(name, value));
    Value::Map(map)
}
