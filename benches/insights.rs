//! Logs Insights queries over lines of some 200 bytes: megabytes of messages a second of one core's time.
//!
//! `cargo bench --bench insights`. Lines lie in memory, oldest first, mixed of JSON, flow logs and plain text. Linux only:
//! it reads `/proc`, so that other work on the machine does not count.

use trailcam::query::{Bounds, Line, Query};

const LINES: usize = 1_000_000;
const START: i64 = 1_768_435_200_000;

const QUERIES: [&str; 10] = [
    "stats count(*) by bin(5m)",
    "filter @message like \"unlikely term\"",
    "filter @message like /user-12345 .*timeout/",
    "fields @timestamp, @message | sort @timestamp desc | limit 20",
    "fields @timestamp, @message",
    "filter level = \"ERROR\" | stats count(*) by service",
    "stats avg(latency), pct(latency, 99) by bin(5m)",
    "stats sum(bytes) as total by srcAddr | sort total desc | limit 10",
    "parse @message \"user=* action=* the\" as user, action | stats count(*) by action",
    "pattern @message",
];

fn main() {
    let lines: Vec<String> = (0..LINES).map(line).collect();
    let bytes: usize = lines.iter().map(String::len).sum();
    println!("{LINES} lines, {:.0} bytes each", bytes as f64 / LINES as f64);
    for text in QUERIES {
        let query = Query::parse(text).expect("a query");
        let began = processor_seconds();
        let mut run = query.execution(Bounds {
            start_ms: START,
            end_ms: START + 86_400_000,
            limit: None,
            now_ms: START + 86_400_000,
        });
        for (number, message) in lines.iter().enumerate() {
            let timestamp_ms = START + number as i64 * 50;
            run.feed(&Line {
                timestamp_ms,
                ingestion_ms: timestamp_ms,
                message,
                stream: "stream",
                log: "123456789012:group",
                ptr: &|| number.to_string(),
            });
        }
        let results = run.finish();
        let seconds = processor_seconds() - began;
        println!("{:>6.0} MB/s {:>8} rows  {text}", bytes as f64 / 1e6 / seconds, results.rows.len());
    }
}

/// Time that this thread has run.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

fn line(number: usize) -> String {
    let user = number * 7919 % 100_000;
    let level = if number.is_multiple_of(50) { "ERROR" } else { "INFO" };
    match number % 3 {
        0 => format!(
            "{{\"level\":\"{level}\",\"service\":\"service-{}\",\"latency\":{},\"request\":{{\"id\":\"{number:016x}\",\
             \"path\":\"/api/v1/users/{user}\",\"method\":\"GET\"}},\"message\":\"request was answered\",\"ok\":true}}",
            number % 7,
            number % 997,
        ),
        1 => format!(
            "2 123456789012 eni-0123456789abcdef0 10.0.{}.{} 172.31.16.21 {} 443 6 20 {} 1768435200 1768435260 ACCEPT OK",
            number % 16,
            number % 250,
            1024 + number % 60_000,
            number % 10_000,
        ),
        _ => format!(
            "2026-01-15 10:00:00.000 [{level}] worker-{} user={user} action=read the request took a while and was \
             finished without anything to be said about it, which is what most of them do, number {number}",
            number % 31,
        ),
    }
}
