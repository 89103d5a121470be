//! What it costs to evaluate many alarms each minute.
//!
//! `cargo bench --bench alarms`. Each alarm is on a metric of its own, three points out of three, that reports each minute;
//! no state changes, as is mostly so.

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

fn main() {
    println!("{:<10} {:<12} {:>8} {:>16} {:>12}", "alarms", "statistic", "period", "ms a minute", "µs an alarm");
    for (count, statistic, period) in
        [(1_000, "Average", 60), (10_000, "Average", 60), (10_000, "Average", 300), (10_000, "p90", 60)]
    {
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
    for minute in 0..MINUTES {
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
    let mut settled = spent.split_off(MINUTES / 2);
    settled.sort();
    settled[settled.len() / 2]
}

fn metric(number: usize) -> MetricId {
    MetricId::new("Bench", "Load", [("Host", format!("host-{number:05}").as_str())])
}

fn put_alarm(world: &mut World, account: &AccountId, number: usize, statistic: &str, period: i64) {
    let text = |text: &str| Value::Str(text.to_owned());
    let mut dimension = Map::new();
    dimension.push("Name", text("Host"));
    dimension.push("Value", Value::Str(format!("host-{number:05}")));
    let mut input = Map::new();
    let of_statistic = if statistic.starts_with('p') { "ExtendedStatistic" } else { "Statistic" };
    for (name, value) in [
        ("AlarmName", Value::Str(format!("alarm-{number}"))),
        ("Namespace", text("Bench")),
        ("MetricName", text("Load")),
        ("Dimensions", Value::List(vec![Value::Map(dimension)])),
        (of_statistic, text(statistic)),
        ("Period", Value::Int(period)),
        ("EvaluationPeriods", Value::Int(3)),
        ("Threshold", Value::Double(1e9)),
        ("ComparisonOperator", text("GreaterThanThreshold")),
    ] {
        input.push(name, value);
    }
    let to = ("cloudwatch", "PutMetricAlarm");
    let call =
        Call::by_service("bench.amazonaws.com", account.clone(), Region::US_EAST_1, to, input, Upload::default());
    let answer = perform(world, call.expect("an operation"));
    answer.outcome.unwrap_or_else(|fault| panic!("{fault:?}"));
}
