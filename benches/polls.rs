//! Long polls: what ten thousand that wait cost, and how soon one is answered.
//!
//! `cargo bench --bench polls`. As many connections wait at one queue, one poll each; then messages come one by one, and
//! each must be answered to one of the polls. The span is from before the send to the first byte of the poll's answer.
//! Linux only: it reads `/proc`.

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use support::{Server, exchange, median, request};
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

const POLLS: usize = 10_000;
const SENDS: usize = 500;

fn main() {
    let _ = rlimit::increase_nofile_limit(POLLS as u64 + 1000);
    let trailcam = Server::trailcam();
    let mut sender = trailcam.connect();
    call(&mut sender, "CreateQueue", r#"{"QueueName":"q"}"#);
    let before = trailcam.memory();
    let connections: Vec<TcpStream> = (0..POLLS).map(|_| trailcam.connect()).collect();
    settle(&trailcam);
    let connected = trailcam.memory();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let answered = poll(&runtime, connections);
    settle(&trailcam);
    let waiting = trailcam.memory();
    println!("memory: {before:.1} MB without clients, {connected:.1} MB with {POLLS} connections");
    println!("  {waiting:.1} MB with {POLLS} polls: {:.1} MB for them", waiting - before);
    measure(&trailcam, &mut sender, &answered);
}

/// Lets each connection wait for a message. Tells when the answers come.
fn poll(runtime: &Runtime, connections: Vec<TcpStream>) -> Receiver<Instant> {
    let (answers, answered) = channel();
    let poll = sqs("ReceiveMessage", &format!(r#"{{{URL},"WaitTimeSeconds":20}}"#));
    let _entered = runtime.enter();
    for mut connection in connections {
        connection.write_all(&poll).expect("a request is sent");
        connection.set_nonblocking(true).expect("a socket");
        let connection = tokio::net::TcpStream::from_std(connection).expect("a socket");
        runtime.spawn(wait(connection, answers.clone()));
    }
    answered
}

async fn wait(mut connection: tokio::net::TcpStream, answers: Sender<Instant>) {
    let mut answer = [0; 4096];
    let length = connection.read(&mut answer).await.expect("an answer");
    let now = Instant::now();
    if answer[..length].windows(7).any(|window| window == b"Receipt") {
        let _ = answers.send(now);
    }
    // The connection stays: who has an answer is still a client.
    std::future::pending().await
}

fn measure(trailcam: &Server, sender: &mut TcpStream, answered: &Receiver<Instant>) {
    let message = format!(r#"{{{URL},"MessageBody":"m"}}"#);
    let (cpu, mut spans) = (trailcam.cpu(), Vec::new());
    for _ in 0..SENDS {
        let sent = Instant::now();
        call(sender, "SendMessage", &message);
        let answer = answered.recv_timeout(Duration::from_secs(5)).expect("a poll is answered");
        spans.push((answer - sent).as_secs_f64() * 1000.0);
    }
    let cpu = (trailcam.cpu() - cpu).as_secs_f64() * 1e6 / SENDS as f64;
    let longest = spans.iter().copied().fold(0.0, f64::max);
    println!("from a send to the answer of a poll, {SENDS} times among {POLLS}");
    println!("  median {:.2} ms, longest {longest:.2} ms", median(spans.iter().copied()));
    println!("  CPU of a send and its answer: {cpu:.0} µs");
}

/// Waits until the server has nothing to do.
fn settle(server: &Server) {
    let mut before = server.cpu();
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let now = server.cpu();
        if now - before < Duration::from_millis(1) {
            return;
        }
        before = now;
    }
}

const URL: &str = r#""QueueUrl":"http://127.0.0.1:4566/000000000000/q""#;

fn sqs(operation: &str, body: &str) -> Vec<u8> {
    let target = format!("AmazonSQS.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
    request("POST", "/", "sqs", &headers, body.as_bytes())
}

fn call(connection: &mut TcpStream, operation: &str, body: &str) {
    let (status, answer) = exchange(connection, &sqs(operation, body));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
}
