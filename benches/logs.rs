//! Log events: the cost of `PutLogEvents`, memory per stored byte, and the speed of a search.
//!
//! `cargo bench --bench logs`. `PutLogEvents` is compared with a bare axum server that parses the same JSON, as in the
//! benchmark of requests. The store is filled in process with lines of several kinds; a search for a plain term on one
//! thread is compared with `grep -c` on the same bytes in a file. Linux only: it reads `/proc`, and wants `grep`.

mod support;

use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use support::{Server, bare, compare, exchange, median, request};
use trailcam::config::Clock;
use trailcam::contract;
use trailcam::emulator::Emulator;
use trailcam::services::logs::events::page::{Matcher, Room, page};
use trailcam::services::logs::events::snapshot::Direction;
use trailcam::services::logs::events::{self, Pick, Range, Snapshot};
use trailcam::services::logs::naming::GroupPlace;
use trailcam::wire::{Map, Value};
use trailcam::world::call::{Call, Connection, Sender};
use trailcam::world::caller::Credentials;
use trailcam::world::payload::Upload;
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::{Cadence, Settings};

const ROUNDS: usize = 7;
/// Megabytes of lines of each kind, and of all kinds mixed.
const MEGABYTES: usize = 64;
const MIXED_MEGABYTES: usize = 1000;
/// How long events come in while other calls are timed.
const INGESTION: Duration = Duration::from_secs(60);
/// Events in a request while other calls are timed.
const BATCH: usize = 10_000;
/// A term in none of the lines, in the way that terms are rare.
const TERM: &str = "OutOfMemoryError";

/// Makes a line for a time in milliseconds.
type Line = fn(&mut StdRng, i64) -> String;

fn main() {
    if std::env::args().any(|argument| argument == "bare") {
        return bare();
    }
    put_log_events();
    println!();
    println!(
        "{:<12} {:>10} {:>12} {:>16} {:>16} {:>12} {:>8}",
        "lines", "bytes each", "memory/byte", "walk+find MB/s", "search MB/s", "grep MB/s", "ratio"
    );
    let kinds: [(&str, Line); 5] = [
        ("flow log", flow_line),
        ("access log", access_line),
        ("JSON", json_line),
        ("application", application_line),
        ("CloudTrail", cloudtrail_line),
    ];
    for (name, line) in kinds {
        store(name, MEGABYTES, &line);
    }
    store("mixed", MIXED_MEGABYTES, &|rng, time| {
        let kind = rng.gen_range(0..kinds.len());
        kinds[kind].1(rng, time)
    });
}

fn put_log_events() {
    let trailcam = Server::trailcam();
    let bare = Server::bare();
    let logs = |operation: &str, body: &str| {
        let target = format!("Logs_20140328.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        request("POST", "/", "logs", &headers, body.as_bytes())
    };
    let mut connection = trailcam.connect();
    for (operation, body) in [
        ("CreateLogGroup", r#"{"logGroupName":"g"}"#),
        ("CreateLogStream", r#"{"logGroupName":"g","logStreamName":"s"}"#),
    ] {
        assert_eq!(exchange(&mut connection, &logs(operation, body)).0, 200);
    }
    println!("CPU per request: median of {ROUNDS} rounds");
    println!("{:<28} {:>12} {:>12} {:>8}", "request", "trailcam µs", "bare µs", "ratio");
    for (count, bytes, requests) in [(10, 200, 2000), (10_000, 74, 60)] {
        let body = batch(count, bytes);
        let request = logs("PutLogEvents", &body);
        assert_eq!(exchange(&mut connection, &request).0, 200);
        compare(&format!("{count} events of {bytes} bytes"), &request, &trailcam, &bare, ROUNDS, requests);
    }
    beside_ingestion(&trailcam, &logs);
}

/// How long an unrelated call takes while events come in: 100,000 a second, and as many as one connection can send;
/// and whether all that was accepted is found afterwards.
fn beside_ingestion(trailcam: &Server, logs: &impl Fn(&str, &str) -> Vec<u8>) {
    let put = logs("PutLogEvents", &batch(BATCH, 74));
    println!();
    println!(
        "{:<28} {:>12} {:>12} {:>12} {:>12} {:>8}",
        "beside ingestion", "events/s", "p50 ms", "p99 ms", "sent", "lost"
    );
    for (name, pause) in [("at 100,000 events/s", Duration::from_millis(100)), ("without pause", Duration::ZERO)] {
        let before = stored(trailcam, logs);
        let start = Instant::now();
        let (batches, times) = std::thread::scope(|scope| {
            let calls = scope.spawn(|| call_times(trailcam, start));
            let mut connection = trailcam.connect();
            let mut batches = 0;
            while start.elapsed() < INGESTION {
                assert_eq!(exchange(&mut connection, &put).0, 200);
                batches += 1;
                std::thread::sleep((pause * batches).saturating_sub(start.elapsed()));
            }
            (batches, calls.join().expect("calls are answered"))
        });
        let rate = f64::from(batches) * BATCH as f64 / start.elapsed().as_secs_f64();
        let sent = u64::from(batches) * BATCH as u64;
        let lost = before + sent - stored(trailcam, logs);
        let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!("{name:<28} {rate:>12.0} {:>12.2} {:>12.2} {sent:>12} {lost:>8}", at(0.5), at(0.99));
    }
}

/// How many events a query counts.
fn stored(trailcam: &Server, logs: &impl Fn(&str, &str) -> Vec<u8>) -> u64 {
    let mut connection = trailcam.connect();
    let range = r#""logGroupName":"g","startTime":0,"endTime":4102444800"#;
    let query = format!(r#"{{{range},"queryString":"stats count(*) as events"}}"#);
    let started: serde_json::Value = answered(exchange(&mut connection, &logs("StartQuery", &query)));
    loop {
        let results = answered(exchange(&mut connection, &logs("GetQueryResults", &started.to_string())));
        if results["status"] == "Complete" {
            return results["results"][0][0]["value"].as_str().map_or(0, |count| count.parse().expect("a count"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn answered((status, body): (u16, Vec<u8>)) -> serde_json::Value {
    assert_eq!(status, 200);
    serde_json::from_slice(&body).expect("JSON")
}

fn call_times(trailcam: &Server, start: Instant) -> Vec<Duration> {
    let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let request = request("POST", "/", "sts", &form, b"Action=GetCallerIdentity&Version=2011-06-15");
    let mut connection = trailcam.connect();
    let mut times = Vec::new();
    while start.elapsed() < INGESTION {
        let sent = Instant::now();
        exchange(&mut connection, &request);
        times.push(sent.elapsed());
        std::thread::sleep(Duration::from_millis(2));
    }
    times.sort();
    times
}

/// The body of a `PutLogEvents`.
fn batch(count: usize, bytes: usize) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
    let mut rng = StdRng::seed_from_u64(1);
    let events = (0..count).map(|index| {
        let mut line = application_line(&mut rng, now);
        while line.len() < bytes {
            line.push_str(&application_line(&mut rng, now));
        }
        line.truncate(bytes);
        serde_json::json!({"timestamp": now + index as i64 / 10, "message": line})
    });
    let events: Vec<_> = events.collect();
    serde_json::json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events}).to_string()
}

/// Fills a store with lines of a kind, and prints what it takes and how fast it is searched.
fn store(name: &str, megabytes: usize, line: &dyn Fn(&mut StdRng, i64) -> String) {
    let folder = std::env::temp_dir().join(format!("trailcam-logs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let emulator = emulator(&folder);
    let place = GroupPlace::new(&emulator.settings().account, Region::US_EAST_1, "g");
    let (lines, bytes) = fill(&emulator, &place, megabytes, line, &folder.join("lines"));
    let snapshot = emulator.step(|world| events::snapshot(world, &place, Pick::All, Range::ALL));
    let packed = emulator.step(|world| world.log_keeping.shelf.packed_bytes());
    let stored = emulator.step(|world| place.find(world).map_or(0, |group| group.stored_bytes()));
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let walk = speed(best(|| walk(&snapshot)));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let search = speed(best(|| pool.install(|| search(&snapshot))));
    let grep = speed(best(|| grep(&folder.join("lines"))));
    println!(
        "{name:<12} {:>10.0} {:>12.3} {walk:>16.0} {search:>16.0} {grep:>12.0} {:>8.2}",
        bytes as f64 / lines as f64,
        packed as f64 / stored as f64,
        search / grep,
    );
    let _ = std::fs::remove_dir_all(folder);
}

fn emulator(folder: &Path) -> Emulator {
    let settings = Settings {
        account: AccountId::parse("000000000000").expect("twelve digits"),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Aws,
        data_dir: folder.to_owned(),
        log_memory: 4 << 30,
    };
    let emulator = Emulator::new(settings, Clock::Manual(None));
    for (operation, members) in
        [("CreateLogGroup", &["logGroupName"][..]), ("CreateLogStream", &["logGroupName", "logStreamName"])]
    {
        let contract = contract::get("logs").expect("a contract");
        let mut input = Map::new();
        members.iter().for_each(|member| input.push(*member, "g"));
        let credentials = Credentials { access_key: Some("test".into()), session_token: None };
        let answer = emulator.call(Call {
            contract,
            operation: contract.find(operation).expect("an operation"),
            region: Region::US_EAST_1,
            sender: Sender::Client { credentials, connection: Connection::default() },
            input: Ok(Value::Map(input)),
            upload: Ok(Upload::default()),
        });
        assert!(answer.outcome.is_ok());
    }
    emulator
}

/// Writes lines to the store and to a file; answers how many, and their bytes. All are sealed.
fn fill(
    emulator: &Emulator,
    place: &GroupPlace,
    megabytes: usize,
    line: &dyn Fn(&mut StdRng, i64) -> String,
    path: &Path,
) -> (usize, usize) {
    let mut rng = StdRng::seed_from_u64(7);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    let (mut lines, mut bytes) = (0, 0);
    let start = emulator.clock().0.timestamp_millis();
    while bytes < megabytes * 1_000_000 {
        let events: Vec<(i64, String)> = (0..400)
            .map(|index| {
                let time = start + lines as i64 / 100 + index / 100;
                (time, line(&mut rng, time))
            })
            .collect();
        lines += events.len();
        for (_, line) in &events {
            bytes += line.len();
            writeln!(file, "{line}").expect("a line is written");
        }
        emulator.step(|world| events::put(world, place, "g", events).expect("it is taken"));
    }
    file.flush().expect("the file is written");
    // Whatever waits to be compressed is done when a task behind it is, on each thread.
    while emulator.step(|world| world.log_keeping.shelf.waiting_bytes()) > 0 {
        std::thread::yield_now();
    }
    (lines, bytes)
}

fn best(work: impl Fn() -> usize) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    });
    Duration::from_secs_f64(median(times))
}

fn walk(snapshot: &Snapshot) -> usize {
    let mut found = 0;
    snapshot.for_each(|event| {
        found += usize::from(event.message.contains(TERM));
        ControlFlow::Continue(())
    });
    found
}

fn search(snapshot: &Snapshot) -> usize {
    let room = Room { scan: u64::MAX, ..Room::for_events(None) };
    let matcher = Matcher::new(|message| message.contains(TERM)).with_needle(TERM);
    page(snapshot, Direction::OldestFirst, room, &matcher).events.len()
}

fn grep(path: &Path) -> usize {
    let done = Command::new("grep").env("LC_ALL", "C").args(["-c", "-F", TERM]).arg(path).output().expect("grep runs");
    String::from_utf8_lossy(&done.stdout).trim().parse().unwrap_or(0)
}

fn address(rng: &mut StdRng) -> String {
    format!("{}.{}.{}.{}", rng.gen_range(1..224), rng.gen_range(0..256), rng.gen_range(0..256), rng.gen_range(1..255))
}

fn pick<'a>(rng: &mut StdRng, words: &[&'a str]) -> &'a str {
    words[rng.gen_range(0..words.len())]
}

fn flow_line(rng: &mut StdRng, time: i64) -> String {
    let packets: u32 = rng.gen_range(1..60);
    format!(
        "2 123456789012 eni-0{:016x} {} 10.0.{}.{} {} {} 6 {packets} {} {} {} {} OK",
        0x1235_b8ca_1234_5678_u64 + rng.gen_range(0..8),
        address(rng),
        rng.gen_range(0..4),
        rng.gen_range(4..40),
        rng.gen_range(1024..65535),
        pick(rng, &["443", "80", "22", "3389", "5432"]),
        packets * rng.gen_range(40..1500),
        time / 1000,
        time / 1000 + 60,
        pick(rng, &["ACCEPT", "ACCEPT", "REJECT"]),
    )
}

fn access_line(rng: &mut StdRng, time: i64) -> String {
    format!(
        "{} - - [15/Jan/2026:10:{:02}:{:02} +0000] \"{} {} HTTP/1.1\" {} {} \"-\" \"{}\"",
        address(rng),
        time / 60_000 % 60,
        time / 1000 % 60,
        pick(rng, &["GET", "GET", "GET", "POST", "PUT"]),
        pick(rng, &["/", "/api/orders", "/api/orders/17", "/static/app.js", "/login", "/health"]),
        pick(rng, &["200", "200", "304", "404", "500"]),
        rng.gen_range(100..50_000),
        pick(
            rng,
            &[
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
                "curl/8.9.1",
                "ELB-HealthChecker/2.0",
            ]
        ),
    )
}

fn json_line(rng: &mut StdRng, time: i64) -> String {
    let id: u128 = rng.r#gen();
    format!(
        "{{\"timestamp\":\"2026-01-15T10:{:02}:{:02}.{:03}Z\",\"level\":\"{}\",\"requestId\":\"{id:032x}\",\
         \"service\":\"{}\",\"message\":\"{}\",\"durationMs\":{},\"user\":{{\"id\":{}}}}}",
        time / 60_000 % 60,
        time / 1000 % 60,
        time % 1000,
        pick(rng, &["INFO", "INFO", "INFO", "WARN", "ERROR"]),
        pick(rng, &["orders", "payments", "catalog"]),
        pick(rng, &["request handled", "cache miss, going to the database", "payment declined by issuer"]),
        rng.gen_range(1..900),
        rng.gen_range(1..100_000),
    )
}

fn application_line(rng: &mut StdRng, time: i64) -> String {
    format!(
        "2026-01-15 10:{:02}:{:02},{:03} {} [{}] com.example.{} - {} in {} ms",
        time / 60_000 % 60,
        time / 1000 % 60,
        time % 1000,
        pick(rng, &["INFO", "INFO", "DEBUG", "WARN", "ERROR"]),
        pick(rng, &["main", "http-nio-8080-exec-1", "http-nio-8080-exec-7", "scheduler-2"]),
        pick(rng, &["OrderService", "PaymentGateway", "CatalogCache"]),
        pick(rng, &["Order stored", "Connection returned to pool", "Refreshing 312 entries", "Retrying after timeout"]),
        rng.gen_range(1..2000),
    )
}

fn cloudtrail_line(rng: &mut StdRng, time: i64) -> String {
    let (event, request): (u128, u128) = (rng.r#gen(), rng.r#gen());
    format!(
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"type\":\"AssumedRole\",\"principalId\":\"AROAEXAMPLE:i-{:08x}\",\
         \"arn\":\"arn:aws:sts::123456789012:assumed-role/app/i-{:08x}\",\"accountId\":\"123456789012\"}},\
         \"eventTime\":\"2026-01-15T10:{:02}:{:02}Z\",\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"{}\",\
         \"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"{}\",\"userAgent\":\"aws-sdk-go-v2/1.30.3 os/linux lang/go\",\
         \"requestParameters\":{{\"maxResults\":{}}},\"responseElements\":null,\"requestID\":\"{request:032x}\",\
         \"eventID\":\"{event:032x}\",\"readOnly\":true,\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\
         \"recipientAccountId\":\"123456789012\",\"eventCategory\":\"Management\"}}",
        rng.r#gen::<u32>(),
        rng.r#gen::<u32>(),
        time / 60_000 % 60,
        time / 1000 % 60,
        pick(rng, &["DescribeInstances", "DescribeVolumes", "DescribeTags"]),
        address(rng),
        rng.gen_range(5..1000),
    )
}
