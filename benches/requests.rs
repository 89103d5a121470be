//! CPU per request, start and idle memory, each against a bare axum server measured in the same run.
//!
//! `cargo bench --bench requests`. The bare server reads a body, parses it where it is JSON or a form, and answers as
//! many bytes as trailcam did. Both run as processes of their own; their CPU time is the kernel's account of them.
//! Rounds alternate, and the median of the rounds' ratios is printed. Linux only: it reads `/proc`.

mod support;

use support::{Server, bare, compare, exchange, median, request};

const ROUNDS: usize = 9;
const REQUESTS_A_ROUND: usize = 2000;
const STARTS: usize = 15;

fn main() {
    if std::env::args().any(|argument| argument == "bare") {
        return bare();
    }
    let trailcam = Server::trailcam();
    let bare = Server::bare();
    prepare(&trailcam);
    println!("CPU per request: median of {ROUNDS} rounds of {REQUESTS_A_ROUND} requests");
    println!("{:<28} {:>12} {:>12} {:>8}", "request", "trailcam µs", "bare µs", "ratio");
    for (name, request) in requests() {
        compare(name, &request, &trailcam, &bare, ROUNDS, REQUESTS_A_ROUND);
    }
    println!();
    println!(
        "idle memory: trailcam {:.1} MB, bare {:.1} MB",
        fresh_memory(Server::trailcam),
        fresh_memory(Server::bare)
    );
    let (ours, theirs) = (median_start(Server::trailcam), median_start(Server::bare));
    println!("start to first answer: trailcam {ours:.1} ms, bare {theirs:.1} ms, difference {:.1} ms", ours - theirs);
}

/// The same data in CBOR: maps, texts, and a double.
const CBOR: &[u8] =
    b"\xa2\x69Namespace\x65Bench\x6aMetricData\x81\xa4\x6aMetricName\x67Latency\x65Value\xfb\x40\x29\0\0\0\0\0\0\
    \x64Unit\x6cMilliseconds\x6aDimensions\x81\xa2\x64Name\x64Host\x65Value\x61a";
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];

/// The requests that are measured, each as it stands on the wire.
fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let form = |body: &str| request("POST", "/", "sts", &FORM, body.as_bytes());
    let json = |operation: &str, body: &str| {
        let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        request("POST", "/", "cloudtrail", &headers, body.as_bytes())
    };
    let publish = |topic: &str| {
        let topic = format!("arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3A{topic}");
        let body = format!("Action=Publish&Version=2010-03-31&TopicArn={topic}&Message=hello");
        request("POST", "/", "sns", &FORM, body.as_bytes())
    };
    let put = |headers: &[(&str, &str)], path: &str, body: &[u8]| request("POST", path, "monitoring", headers, body);
    let granite = ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData");
    let queues = |operation: &str, queue: &str, arguments: &str| {
        let target = format!("AmazonSQS.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
        let body = format!(r#"{{"QueueUrl":"http://127.0.0.1:4566/000000000000/{queue}"{arguments}}}"#);
        request("POST", "/", "sqs", &headers, body.as_bytes())
    };
    let text = "x".repeat(256);
    let body = vec![b'x'; 1024];
    let entry = r#"{"Source":"shop","DetailType":"order","Detail":"{\"id\":1234,\"state\":\"paid\",\"total\":99.5}"}"#;
    vec![
        ("GetCallerIdentity", form("Action=GetCallerIdentity&Version=2011-06-15")),
        ("DescribeTrails", json("DescribeTrails", "{}")),
        ("LookupEvents (50 results)", json("LookupEvents", r#"{"MaxResults":50}"#)),
        (
            "PutObject (1 KiB)",
            request("PUT", "/bench/object", "s3", &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], &body),
        ),
        (
            "GetObject (1 KiB)",
            request("GET", "/bench/object", "s3", &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], b""),
        ),
        ("Publish (no subscriber)", publish("alone")),
        ("Publish (SQS, raw)", publish("raw")),
        // One RSA signature each.
        ("Publish (SQS, signed)", publish("signed")),
        // One event, which ten rules are about and one of them matches; its target is a log group.
        ("PutEvents (10 rules)", target("events", "AWSEvents.PutEvents", &format!(r#"{{"Entries":[{entry}]}}"#))),
        (
            "PutMetricData (Query)",
            put(
                &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
                "/",
                b"Action=PutMetricData&Version=2010-08-01&Namespace=Bench&MetricData.member.1.MetricName=Latency\
                  &MetricData.member.1.Value=12.5&MetricData.member.1.Unit=Milliseconds\
                  &MetricData.member.1.Dimensions.member.1.Name=Host&MetricData.member.1.Dimensions.member.1.Value=a",
            ),
        ),
        (
            "PutMetricData (JSON)",
            put(
                &[("content-type", "application/x-amz-json-1.0"), granite],
                "/",
                br#"{"Namespace":"Bench","MetricData":[{"MetricName":"Latency","Value":12.5,"Unit":"Milliseconds","Dimensions":[{"Name":"Host","Value":"a"}]}]}"#,
            ),
        ),
        (
            "PutMetricData (CBOR)",
            put(
                &[("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")],
                "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                CBOR,
            ),
        ),
        ("SendMessage (256 bytes)", queues("SendMessage", "to", &format!(r#","MessageBody":"{text}""#))),
        // It is visible again at once, so that there always is one.
        ("ReceiveMessage (1)", queues("ReceiveMessage", "from", r#","VisibilityTimeout":0"#)),
        ("ReceiveMessage (none)", queues("ReceiveMessage", "empty", "")),
    ]
}

/// A request of a protocol that names the operation in a header.
fn target(service: &str, operation: &str, body: &str) -> Vec<u8> {
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", operation)];
    request("POST", "/", service, &headers, body.as_bytes())
}

/// What makes ten rules, each for orders in another state.
fn rules() -> Vec<Vec<u8>> {
    const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/bench";
    const STATES: [&str; 10] = ["paid", "new", "sent", "lost", "back", "gone", "odd", "held", "void", "done"];
    let policy = r#"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"logs:*\",\"Resource\":\"*\"}]}"#;
    let policy = format!(r#"{{"policyName":"events","policyDocument":"{policy}"}}"#);
    let mut all = vec![
        target("logs", "Logs_20140328.CreateLogGroup", r#"{"logGroupName":"/aws/events/bench"}"#),
        target("logs", "Logs_20140328.PutResourcePolicy", &policy),
    ];
    for state in STATES {
        let pattern = format!(r#"{{\"source\":[\"shop\"],\"detail\":{{\"state\":[\"{state}\"]}}}}"#);
        let rule = format!(r#"{{"Name":"{state}","EventPattern":"{pattern}"}}"#);
        let targets = format!(r#"{{"Rule":"{state}","Targets":[{{"Id":"log","Arn":"{GROUP}"}}]}}"#);
        all.extend([target("events", "AWSEvents.PutRule", &rule), target("events", "AWSEvents.PutTargets", &targets)]);
    }
    all
}

/// A bucket, an object, topics with and without a queue, rules, and some history.
fn prepare(trailcam: &Server) {
    let mut connection = trailcam.connect();
    let mut send = |request: Vec<u8>| exchange(&mut connection, &request);
    send(request("PUT", "/bench", "s3", &[], b""));
    for request in rules() {
        let (status, answer) = send(request);
        assert!(status < 300, "{}", String::from_utf8_lossy(&answer));
    }
    for topic in ["alone", "raw", "signed"] {
        for (service, form) in subscribed(topic) {
            let (status, answer) = send(request("POST", "/", service, &FORM, form.as_bytes()));
            assert!(status < 300, "{}", String::from_utf8_lossy(&answer));
        }
    }
    for queue in ["to", "from", "empty"] {
        let form = format!("Action=CreateQueue&Version=2012-11-05&QueueName={queue}");
        send(request("POST", "/", "sqs", &FORM, form.as_bytes()));
    }
    let text = "x".repeat(256);
    let form = format!("Action=SendMessage&Version=2012-11-05&MessageBody={text}");
    send(request("POST", "/000000000000/from", "sqs", &FORM, form.as_bytes()));
    for (_, request) in requests() {
        let (status, answer) = send(request);
        assert!(status < 300, "{}", String::from_utf8_lossy(&answer));
    }
    for (_, request) in requests().into_iter().take(1).cycle().take(100) {
        send(request);
    }
}

/// What makes a topic, and a queue that gets its messages; one topic stays alone.
fn subscribed(topic: &str) -> Vec<(&'static str, String)> {
    let arn = |service: &str| format!("arn:aws:{service}:us-east-1:000000000000:{topic}");
    let mut forms = vec![("sns", format!("Action=CreateTopic&Version=2010-03-31&Name={topic}"))];
    if topic == "alone" {
        return forms;
    }
    let policy = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},"Action":"sqs:SendMessage","Resource":"{}"}}]}}"#,
        arn("sqs")
    );
    let mut queue = form_urlencoded::Serializer::new(String::new());
    queue.append_pair("Action", "CreateQueue").append_pair("Version", "2012-11-05").append_pair("QueueName", topic);
    queue.append_pair("Attribute.1.Name", "Policy").append_pair("Attribute.1.Value", &policy);
    forms.push(("sqs", queue.finish()));
    let mut subscribe = form_urlencoded::Serializer::new(String::new());
    subscribe.append_pair("Action", "Subscribe").append_pair("Version", "2010-03-31");
    subscribe.append_pair("TopicArn", &arn("sns")).append_pair("Protocol", "sqs").append_pair("Endpoint", &arn("sqs"));
    subscribe.append_pair("Attributes.entry.1.key", "RawMessageDelivery");
    subscribe.append_pair("Attributes.entry.1.value", if topic == "raw" { "true" } else { "false" });
    forms.push(("sns", subscribe.finish()));
    forms
}

fn fresh_memory(start: fn() -> Server) -> f64 {
    start().memory()
}

fn median_start(start: fn() -> Server) -> f64 {
    median((0..STARTS).map(|_| start().started.as_secs_f64() * 1000.0))
}
