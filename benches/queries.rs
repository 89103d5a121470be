//! Logs Insights end to end: queries over stored events, from `StartQuery` to the results, against `grep` and `jq` on
//! the same bytes.
//!
//! `cargo bench --bench queries`; `BENCH_MB` sets how much is stored (256). Lines are mixed of JSON, flow logs and
//! plain text. Figures are megabytes of messages for each second of a core: CPU time of the process, or of the tool.
//! Linux only: it reads `/proc`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value as Json;
use trailcam::config::Clock;
use trailcam::contract;
use trailcam::emulator::Emulator;
use trailcam::services::logs::events;
use trailcam::services::logs::naming::GroupPlace;
use trailcam::wire::{Map, Value};
use trailcam::world::call::{Call, Connection, Sender};
use trailcam::world::caller::Credentials;
use trailcam::world::payload::Upload;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings};

const ACCOUNT: &str = "000000000000";
const NOW_MS: i64 = 1_768_521_600_000;
/// How old the group is: queries see no events that are older.
const AGE_MS: i64 = 86_400_000;
const BATCH: usize = 4000;
/// Milliseconds from one event to the next.
const STEP_MS: i64 = 10;
/// `jq` is slow: it gets this much.
const JQ_MB: usize = 32;
const ROUNDS: usize = 3;

const QUERIES: [&str; 5] = [
    "stats count(*) by bin(5m)",
    "filter @message like \"unlikely term\"",
    "fields @timestamp, @message | sort @timestamp desc | limit 20",
    "filter level = \"ERROR\" | stats count(*) by service",
    "fields @timestamp, srcAddr, dstPort, action | filter action = \"ACCEPT\" | sort @timestamp desc | limit 20",
];

fn main() {
    let megabytes = std::env::var("BENCH_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    let folder = std::env::temp_dir().join(format!("trailcam-bench-{}", std::process::id()));
    let emulator = emulator(&folder);
    let file = folder.join("lines.txt");
    let bytes = store(&emulator, megabytes * 1_000_000, &file);
    println!("{:.0} MB of messages", bytes as f64 / 1e6);
    for query in QUERIES {
        let best = (0..ROUNDS).map(|_| measured(|| run(&emulator, query))).reduce(faster);
        let (rows, cpu, wall) = best.unwrap_or_default();
        println!("{:>6.0} MB/s a core {:>6.0} MB/s {rows:>6} rows  {query}", rate(bytes, cpu), rate(bytes, wall));
    }
    baseline("grep -c accepted", bytes, &["grep", "-c", "accepted"], &file);
    let part = folder.join("part.txt");
    let bytes = copy_lines(&file, &part, JQ_MB * 1_000_000);
    let count = "reduce inputs as $line ({}; .[($line | tostring | .[0:1])] += 1)";
    baseline("jq, counting by first letter", bytes, &["jq", "-n", "-R", "-c", count], &part);
    let _ = std::fs::remove_dir_all(folder);
}

fn emulator(folder: &Path) -> Arc<Emulator> {
    std::fs::create_dir_all(folder).expect("a folder of our own");
    let settings = Settings {
        account: AccountId::parse(ACCOUNT).expect("twelve digits"),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Fast,
        data_dir: PathBuf::from(folder),
        log_memory: 1 << 30,
    };
    let before = chrono::DateTime::from_timestamp_millis(NOW_MS - AGE_MS).expect("a time");
    Arc::new(Emulator::new(settings, Clock::Manual(Some(before))))
}

/// Puts events into a group, and their lines into a file; answers the bytes of messages.
fn store(emulator: &Emulator, wanted: usize, file: &Path) -> usize {
    call(emulator, "CreateLogGroup", &serde_json::json!({"logGroupName": "g"}));
    call(emulator, "CreateLogStream", &serde_json::json!({"logGroupName": "g", "logStreamName": "s"}));
    emulator.advance(chrono::TimeDelta::milliseconds(AGE_MS)).expect("a day is not too far");
    let place = GroupPlace::new(&AccountId::parse(ACCOUNT).expect("twelve digits"), Region::US_EAST_1, "g");
    let mut lines = std::io::BufWriter::new(std::fs::File::create(file).expect("a file of our own"));
    let count = wanted / average_bytes();
    let first_ms = NOW_MS - count as i64 * STEP_MS;
    let (mut bytes, mut number) = (0, 0);
    while number < count {
        let batch: Vec<(i64, String)> =
            (number..count.min(number + BATCH)).map(|at| (first_ms + at as i64 * STEP_MS, line(at))).collect();
        number += batch.len();
        for (_, line) in &batch {
            bytes += line.len();
            writeln!(lines, "{line}").expect("room on the disk");
        }
        emulator.step(|world| events::put(world, &place, "s", batch).expect("a batch within the limits"));
    }
    lines.flush().expect("room on the disk");
    bytes
}

fn average_bytes() -> usize {
    (0..3000).map(|number| line(number).len()).sum::<usize>() / 3000
}

/// Rows of a query's results.
fn run(emulator: &Emulator, text: &str) -> usize {
    let input = serde_json::json!({"logGroupName": "g", "startTime": 0, "endTime": NOW_MS / 1000, "queryString": text});
    let started = call(emulator, "StartQuery", &input);
    let id = started.get("queryId").and_then(Value::as_str).expect("a query's id").to_owned();
    let results = call(emulator, "GetQueryResults", &serde_json::json!({"queryId": id}));
    assert_eq!(results.get("status").and_then(Value::as_str), Some("Complete"));
    results.get("results").and_then(Value::as_list).map_or(0, <[Value]>::len)
}

fn call(emulator: &Emulator, operation: &str, input: &Json) -> Value {
    let contract = contract::get("logs").expect("a contract");
    let credentials = Credentials { access_key: Some("test".into()), session_token: None };
    let answer = emulator.call(Call {
        contract,
        operation: contract.find(operation).expect("an operation"),
        region: Region::US_EAST_1,
        sender: Sender::Client { credentials, connection: Connection::default() },
        input: Ok(tree(input)),
        upload: Ok(Upload::default()),
    });
    answer.outcome.expect("a call that is right").value
}

fn tree(json: &Json) -> Value {
    match json {
        Json::Number(number) => Value::Int(number.as_i64().unwrap_or_default()),
        Json::String(text) => Value::Str(text.clone()),
        Json::Object(members) => {
            Value::Map(Map(members.iter().map(|(name, value)| (name.clone().into(), tree(value))).collect()))
        }
        _ => Value::Null,
    }
}

/// What some work answers, its CPU time and how long it took, in seconds.
fn measured<T>(work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (cpu, began) = (cpu_seconds(14), Instant::now());
    let answer = work();
    (answer, cpu_seconds(14) - cpu, began.elapsed().as_secs_f64())
}

fn faster<T>(left: (T, f64, f64), right: (T, f64, f64)) -> (T, f64, f64) {
    if left.1 <= right.1 { left } else { right }
}

/// CPU time of this process (field 14 of `/proc/self/stat` and the next one), or of its children that have ended (16).
fn cpu_seconds(field: usize) -> f64 {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(field - 3).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

fn baseline(name: &str, bytes: usize, command: &[&str], file: &Path) {
    let (cpu, began) = (cpu_seconds(16), Instant::now());
    let input = std::fs::File::open(file).expect("the lines");
    let [program, arguments @ ..] = command else { return };
    // Into a pipe: grep stops at its first match when nobody reads what it writes.
    let done = Command::new(program).args(arguments).env("LC_ALL", "C").stdin(input).stderr(Stdio::inherit()).output();
    match done {
        Ok(_) => {
            let (cpu, wall) = (cpu_seconds(16) - cpu, began.elapsed().as_secs_f64());
            println!("{:>6.0} MB/s a core {:>6.0} MB/s              {name}", rate(bytes, cpu), rate(bytes, wall));
        }
        Err(_) => println!("{name}: not installed"),
    }
}

/// Copies whole lines; answers the bytes of the lines without their ends.
fn copy_lines(from: &Path, to: &Path, wanted: usize) -> usize {
    let text = std::fs::read_to_string(from).expect("the lines");
    let end = text.get(..wanted).and_then(|part| part.rfind('\n')).map_or(text.len(), |end| end + 1);
    std::fs::write(to, &text[..end]).expect("room on the disk");
    text[..end].lines().map(str::len).sum()
}

fn rate(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds.max(0.001)
}

fn line(number: usize) -> String {
    let level = if number.is_multiple_of(50) { "ERROR" } else { "INFO" };
    match number % 3 {
        0 => format!(
            "{{\"level\":\"{level}\",\"service\":\"service-{}\",\"latency\":{},\"request\":{{\"id\":\"{number:016x}\",\
             \"path\":\"/api/v1/users/{}\",\"method\":\"GET\"}},\"message\":\"request was answered\",\"ok\":true}}",
            number % 7,
            number % 997,
            number * 7919 % 100_000,
        ),
        1 => format!(
            "2 123456789012 eni-0123456789abcdef0 10.0.{}.{} 172.31.16.21 {} 443 6 20 {} 1768435200 1768435260 ACCEPT OK",
            number % 16,
            number % 250,
            1024 + number % 60_000,
            number % 10_000,
        ),
        _ => format!(
            "2026-01-15 10:00:00.000 [{level}] worker-{} user={} action=read the request took a while and was \
             accepted without anything to be said about it, which is what most of them do, number {number}",
            number % 31,
            number * 7919 % 100_000,
        ),
    }
}
