//! Filter patterns over lines of 200 bytes: MB/s on one core, against reading the same JSON into a tree.
//!
//! `cargo bench --bench patterns`. One line in a hundred matches.

use std::time::Instant;

use trailcam::services::logs::pattern::Pattern;

const LINES: usize = 200_000;
const ROUNDS: usize = 5;

fn main() {
    let plain: Vec<_> = (0..LINES).map(plain).collect();
    let json: Vec<_> = (0..LINES).map(json).collect();
    println!("{:<58} {:>9} {:>9}", "", "matches", "MB/s");
    for pattern in ["ERROR", "ERROR payment timeout", "-INFO", "?ERROR ?WARN", "%ERR[A-Z]+ .*timeout%"] {
        measure(pattern, &plain, matches(pattern));
    }
    let columns = "[time, request, level = ERROR, ...]";
    measure(columns, &plain, matches(columns));
    for pattern in [
        "{ $.level = \"ERROR\" }",
        "{ $.level = \"ERROR\" && $.http.status >= 500 }",
        "{ $.http.status >= 500 }",
        "{ $.level = %^ERR% || $.http.path = \"/admin*\" }",
    ] {
        measure(pattern, &json, matches(pattern));
    }
    measure("serde_json tree, level = ERROR", &json, |line| {
        serde_json::from_str::<serde_json::Value>(line).is_ok_and(|tree| tree["level"] == "ERROR")
    });
}

fn matches(pattern: &str) -> impl Fn(&str) -> bool {
    let pattern = Pattern::parse(pattern).expect("a pattern");
    move |line| pattern.matches(line)
}

/// Prints the best of some rounds.
fn measure(name: &str, lines: &[String], matches: impl Fn(&str) -> bool) {
    let bytes: usize = lines.iter().map(String::len).sum();
    let mut best = f64::MAX;
    let mut matched = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        matched = lines.iter().filter(|line| matches(line)).count();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name:<58} {matched:>9} {:>9.0}", bytes as f64 / best / 1e6);
}

fn plain(number: usize) -> String {
    let level = if number.is_multiple_of(100) { "ERROR" } else { "INFO" };
    let line = format!(
        "2026-01-01T00:{:02}:{:02}Z req-{number:08} {level} payment of order {number} for customer {} timeout=30s",
        number / 60 % 60,
        number % 60,
        number % 977,
    );
    format!("{line:.<200}")
}

fn json(number: usize) -> String {
    let (level, status) = if number.is_multiple_of(100) { ("ERROR", 503) } else { ("INFO", 200) };
    format!(
        "{{\"time\":\"2026-01-01T00:{:02}:{:02}Z\",\"level\":\"{level}\",\"http\":{{\"method\":\"GET\",\"path\":\"/orders/{number}\",\
         \"status\":{status},\"ms\":12.5}},\"tags\":[\"a\",\"b\"],\"message\":\"payment of order {number:08} for customer {:04}\"}}",
        number / 60 % 60,
        number % 60,
        number % 977,
    )
}
