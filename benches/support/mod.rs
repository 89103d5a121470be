//! What benchmarks of requests have in common: servers as processes of their own, and what a request costs them.
#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/SERVICE/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// A request as it stands on the wire, signed as far as trailcam looks.
pub fn request(method: &str, path: &str, service: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let authorization = AUTHORIZATION.replace("SERVICE", service);
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:4566\r\nuser-agent: aws-cli/2.30.0 md/awscrt#0.27.6 ua/2.1 os/linux\r\n\
         x-amz-date: 20260101T000000Z\r\nauthorization: {authorization}\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    [text.as_bytes(), body].concat()
}

/// Prints the CPU of a request in both servers, and the ratio: medians of rounds that alternate.
pub fn compare(name: &str, request: &[u8], trailcam: &Server, bare: &Server, count: usize, requests: usize) {
    let (_, answer) = exchange(&mut trailcam.connect(), request);
    let mut bare_request = request.to_vec();
    let end_of_line = bare_request.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let wanted = format!("x-answer-bytes: {}\r\n", answer.len());
    bare_request.splice(end_of_line..end_of_line, wanted.into_bytes());
    let mut rounds: Vec<(f64, f64)> = Vec::new();
    for _ in 0..count {
        rounds.push((trailcam.cpu_of(request, requests), bare.cpu_of(&bare_request, requests)));
    }
    let ours = median(rounds.iter().map(|round| round.0));
    let theirs = median(rounds.iter().map(|round| round.1));
    let ratio = median(rounds.iter().map(|round| round.0 / round.1));
    println!("{name:<28} {ours:>12.1} {theirs:>12.1} {ratio:>8.2}");
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A server process, ended when dropped.
pub struct Server {
    pub child: Child,
    address: SocketAddr,
    /// From the start of the process to its first answer.
    pub started: Duration,
    folder: Option<PathBuf>,
}

impl Server {
    pub fn trailcam() -> Server {
        let folder = std::env::temp_dir().join(format!("trailcam-bench-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailcam"));
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(&folder);
        Server::start(command, Some(folder))
    }

    pub fn bare() -> Server {
        let mut command = Command::new(std::env::current_exe().expect("a path of this program"));
        command.arg("bare");
        Server::start(command, None)
    }

    fn start(mut command: Command, folder: Option<PathBuf>) -> Server {
        let start = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a greeting");
        let address = line.trim().rsplit("http://").next().and_then(|text| text.parse().ok()).expect("an address");
        let mut server = Server { child, address, started: Duration::ZERO, folder };
        exchange(&mut server.connect(), &request("GET", "/_trailcam/health", "s3", &[], b""));
        server.started = start.elapsed();
        server
    }

    pub fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.address).expect("a connection");
        connection.set_nodelay(true).expect("nodelay");
        connection
    }

    /// Microseconds of CPU per request over one round.
    fn cpu_of(&self, request: &[u8], requests: usize) -> f64 {
        let mut connection = self.connect();
        for _ in 0..requests / 10 {
            exchange(&mut connection, request);
        }
        let before = self.cpu();
        for _ in 0..requests {
            exchange(&mut connection, request);
        }
        (self.cpu() - before).as_secs_f64() * 1e6 / requests as f64
    }

    /// CPU time of the process's threads so far, to the nanosecond.
    pub fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("a Linux /proc");
        let nanoseconds = tasks.filter_map(|task| {
            let schedule = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            schedule.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Resident memory of the process, in megabytes.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a Linux /proc");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kilobytes = line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
        kilobytes.expect("a number") / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Sends a request and reads its answer: status and body.
pub fn exchange(connection: &mut TcpStream, request: &[u8]) -> (u16, Vec<u8>) {
    connection.write_all(request).expect("a request is sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let read = connection.read(&mut buffer).expect("an answer");
        assert!(read > 0, "the connection ended");
        answer.extend_from_slice(&buffer[..read]);
        if let Some((status, head, length)) = head_of(&answer)
            && answer.len() >= head + length
        {
            return (status, answer[head..].to_vec());
        }
    }
}

/// Status, length of the head, and length of the body, once the head is complete.
fn head_of(answer: &[u8]) -> Option<(u16, usize, usize)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end]).ok()?.to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|text| text.trim().parse().ok());
    Some((status, end, length.unwrap_or(0)))
}

/// The baseline: what axum alone costs.
pub fn bare() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("bare server on http://{}", listener.local_addr().expect("an address"));
        axum::serve(listener, Router::new().fallback(bare_answer).layer(DefaultBodyLimit::disable()))
            .await
            .expect("it serves");
    });
}

async fn bare_answer(headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("content-type").contains("json") {
        std::hint::black_box(serde_json::from_slice::<serde_json::Value>(&body).ok());
    } else if header("content-type").contains("form") {
        std::hint::black_box(form_urlencoded::parse(&body).into_owned().collect::<Vec<_>>());
    }
    vec![b'x'; header("x-answer-bytes").parse().unwrap_or(0)]
}
