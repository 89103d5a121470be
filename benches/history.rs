//! The event history at 1,000 to 1,000,000 events: memory per event, and the time of a `LookupEvents` page.
//!
//! `cargo bench --bench history`. Calls go through the emulator in process, so that events are real records; memory is
//! the growth of the process's resident set. Linux only: it reads `/proc`.

use std::time::{Duration, Instant};

use trailcam::config::Clock;
use trailcam::contract;
use trailcam::emulator::Emulator;
use trailcam::wire::{Map, Value};
use trailcam::world::call::{Answer, Call, Connection, Sender};
use trailcam::world::caller::Credentials;
use trailcam::world::payload::Upload;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const PAGES: usize = 40;

fn main() {
    let folder = std::env::temp_dir().join(format!("trailcam-history-{}", std::process::id()));
    let settings = Settings {
        account: AccountId::parse("000000000000").expect("twelve digits"),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Aws,
        data_dir: folder.clone(),
        log_memory: 16 << 20,
    };
    let emulator = Emulator::new(settings, Clock::Manual(None));
    call(&emulator, "sts", "GetCallerIdentity", Map::new());
    let empty = resident_bytes();
    println!("{:>10} {:>14} {:>12}   page of 50 by attribute, median µs", "events", "bytes/event", "MB in all");
    let mut recorded = 0;
    for size in SIZES {
        while recorded < size {
            one_of_many(&emulator, recorded);
            recorded += 1;
        }
        let grown = resident_bytes().saturating_sub(empty);
        let pages =
            attributes().map(|(key, value)| format!("{key} {:.0}", page(&emulator, key, &value).as_secs_f64() * 1e6));
        println!("{size:>10} {:>14.0} {:>12.1}   {}", grown as f64 / size as f64, grown as f64 / 1e6, pages.join(", "));
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// Calls as an account makes them: reads mostly, many names, some failures.
fn one_of_many(emulator: &Emulator, number: usize) {
    let mut input = Map::new();
    match number % 5 {
        0 => call(emulator, "sts", "GetCallerIdentity", input),
        1 => {
            input.push("UserName", format!("user-{}", number % 5000));
            call(emulator, "iam", "GetUser", input)
        }
        2 => call(emulator, "ec2", "DescribeVpcs", input),
        3 => call(emulator, "iam", "ListUsers", input),
        _ => call(emulator, "cloudtrail", "DescribeTrails", input),
    };
}

/// A common and a rare value of the attributes.
fn attributes() -> [(&'static str, String); 6] {
    [
        ("EventName", "GetUser".into()),
        ("EventSource", "ec2.amazonaws.com".into()),
        ("ReadOnly", "true".into()),
        ("Username", "root".into()),
        ("AccessKeyId", "test".into()),
        ("EventId", "00000000-0000-4000-8000-000000000000".into()),
    ]
}

fn page(emulator: &Emulator, key: &str, value: &str) -> Duration {
    let mut times: Vec<Duration> = (0..PAGES)
        .map(|_| {
            let mut attribute = Map::new();
            attribute.push("AttributeKey", key);
            attribute.push("AttributeValue", value);
            let mut input = Map::new();
            input.push("LookupAttributes", Value::List(vec![Value::Map(attribute)]));
            let start = Instant::now();
            let answer = call(emulator, "cloudtrail", "LookupEvents", input);
            let time = start.elapsed();
            assert!(answer.outcome.is_ok(), "{:?}", answer.outcome);
            time
        })
        .collect();
    times.sort();
    times[PAGES / 2]
}

fn call(emulator: &Emulator, service: &str, operation: &str, input: Map) -> Answer {
    let contract = contract::get(service).expect("a contract");
    let credentials = Credentials { access_key: Some("test".into()), session_token: None };
    let connection = Connection {
        source_ip: "203.0.113.7".into(),
        user_agent: "aws-cli/2.30.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7".into(),
        host: format!("{}.us-east-1.amazonaws.com", contract.endpoint_prefix),
        ..Connection::default()
    };
    emulator.call(Call {
        contract,
        operation: contract.find(operation).expect("an operation"),
        region: Region::US_EAST_1,
        sender: Sender::Client { credentials, connection },
        input: Ok(Value::Map(input)),
        upload: Ok(Upload::default()),
    })
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux /proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a number") * 1024
}
