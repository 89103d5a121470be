//! `DescribeNetworkInterfaces` over 10,000 interfaces: the time of a call and of its answer's XML, by filter.
//!
//! `cargo bench --bench ec2`. Calls go through the emulator in process.

use std::time::Instant;

use trailcam::config::Clock;
use trailcam::contract::{self, Protocol};
use trailcam::emulator::Emulator;
use trailcam::services::ec2::traffic;
use trailcam::wire::{self, Map, Value};
use trailcam::world::call::{Answer, Call, Connection, Sender};
use trailcam::world::caller::Credentials;
use trailcam::world::payload::Upload;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings};

const INTERFACES: usize = 10_000;
const SUBNETS: usize = 10;
const RUNS: usize = 21;

fn main() {
    let folder = std::env::temp_dir().join(format!("trailcam-ec2-{}", std::process::id()));
    let settings = Settings {
        account: AccountId::parse("000000000000").expect("twelve digits"),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Aws,
        data_dir: folder.clone(),
        log_memory: 16 << 20,
    };
    let emulator = Emulator::new(settings, Clock::Manual(None));
    let vpc = text(&call(&emulator, "CreateVpc", [("CidrBlock", "10.0.0.0/16".into())]), &["Vpc", "VpcId"]);
    let subnet = |at: usize| {
        let cidr = format!("10.0.{}.0/20", at * 16);
        let input = [("VpcId", vpc.as_str().into()), ("CidrBlock", cidr.into())];
        text(&call(&emulator, "CreateSubnet", input), &["Subnet", "SubnetId"])
    };
    let subnets: Vec<_> = (0..SUBNETS).map(subnet).collect();
    let started = Instant::now();
    let mut last = String::new();
    for at in 0..INTERFACES {
        let answer = call(&emulator, "CreateNetworkInterface", [("SubnetId", subnets[at % SUBNETS].as_str().into())]);
        last = text(&answer, &["NetworkInterface", "PrivateIpAddress"]);
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / INTERFACES as f64;
    println!("{INTERFACES} interfaces made, {each:.1} µs each");
    for (name, value) in [
        ("private-ip-address", last.as_str()),
        ("group-name", "none"),
        ("subnet-id", &subnets[0]),
        ("vpc-id", &vpc),
        ("tag:Name", "none"),
    ] {
        describe(&emulator, name, value, None);
    }
    describe(&emulator, "vpc-id", &vpc, Some(1000));
    let started = Instant::now();
    emulator.step(|world| drop(traffic::model(world)));
    println!("the networks for traffic, made when they have changed: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let started = Instant::now();
    (0..RUNS).for_each(|at| drop(call(&emulator, "CreateKeyPair", [("KeyName", at.to_string().into())])));
    println!("an RSA key pair takes {:.0} ms", started.elapsed().as_secs_f64() * 1e3 / RUNS as f64);
    let _ = std::fs::remove_dir_all(folder);
}

fn describe(emulator: &Emulator, name: &str, value: &str, max: Option<i64>) {
    let mut filter = Map::new();
    filter.push("Name", name);
    filter.push("Values", vec![value]);
    let filters = Value::List(vec![Value::Map(filter)]);
    let contract = contract::get("ec2").expect("the contract");
    let operation = contract.find("DescribeNetworkInterfaces").expect("the operation");
    let (mut calls, mut encodings, mut found) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        let input = [("Filters", filters.clone()), ("MaxResults", max.into())];
        let started = Instant::now();
        let value = call(emulator, "DescribeNetworkInterfaces", input);
        calls.push(started.elapsed());
        found = value.get("NetworkInterfaces").and_then(Value::as_list).map_or(0, <[Value]>::len);
        let started = Instant::now();
        wire::encode(contract, operation, Protocol::Ec2, &value, "id");
        encodings.push(started.elapsed());
    }
    calls.sort();
    encodings.sort();
    let median = |times: &[std::time::Duration]| times[times.len() / 2].as_secs_f64() * 1e3;
    let size = max.map_or(String::new(), |max| format!(", pages of {max}"));
    println!("{name:>20}{size}: {found:>6} found, {:.2} ms, and {:.2} ms for XML", median(&calls), median(&encodings));
}

fn text(value: &Value, path: &[&str]) -> String {
    let found = path.iter().try_fold(value, |value, name| value.get(name));
    found.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn call<const N: usize>(emulator: &Emulator, name: &str, members: [(&'static str, Value); N]) -> Value {
    let contract = contract::get("ec2").expect("the contract");
    let mut input = Map::new();
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
        input.push(name, value);
    }
    let answer: Answer = emulator.call(Call {
        contract,
        operation: contract.find(name).expect("the operation"),
        region: Region::US_EAST_1,
        sender: Sender::Client {
            credentials: Credentials { access_key: Some("test".into()), session_token: None },
            connection: Connection::default(),
        },
        input: Ok(Value::Map(input)),
        upload: Ok(Upload::default()),
    });
    answer.outcome.expect("it can be done").value
}
