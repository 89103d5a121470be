//! One event against many rules: events/s on one core, from 1 to 10,000 rules, against holding each rule against the
//! event.
//!
//! `cargo bench --bench rules`. Rules are of the kinds people write for calls as events: by service and names of calls,
//! by states, by prefixes, by numbers, and a few of what is not there. Each event is read from its text.

use std::time::Instant;

use trailcam::patterns::{Dialect, Index, Rules, Tree};

const EVENTS: usize = 2_000;
const ROUNDS: usize = 5;

fn main() {
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    let bytes = events.iter().map(String::len).sum::<usize>() / EVENTS;
    println!("events of {bytes} bytes");
    let reading = per_second(&events, |event| usize::from(Tree::read(event).is_ok()));
    println!("{:<10} {:>12} {:>14} {:>14} {:>9}", "rules", "matches", "events/s", "one by one/s", "ratio");
    println!("{:<10} {:>12} {:>14.0}", "(reading)", "", reading.1);
    for count in [1, 10, 100, 1_000, 10_000] {
        let rules: Vec<Rules> = (0..count).map(rule).collect();
        let mut index = Index::default();
        for (id, rules) in rules.iter().enumerate() {
            index.insert(id, rules.clone());
        }
        let (matches, indexed) =
            per_second(&events, |event| Tree::read(event).map_or(0, |event| index.matching(&event).len()));
        let few = &events[..EVENTS.min(2_000_000 / count).max(20)];
        let (_, single) = per_second(few, |event| {
            Tree::read(event).map_or(0, |event| rules.iter().filter(|rules| rules.hold_of(&event)).count())
        });
        println!("{count:<10} {matches:>12} {indexed:>14.0} {single:>14.0} {:>9.1}", indexed / single);
    }
}

/// What all events gave together, and the best rate of some rounds.
fn per_second(events: &[String], work: impl Fn(&str) -> usize) -> (usize, f64) {
    let mut best = 0.0_f64;
    let mut sum = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        sum = events.iter().map(|event| work(event)).sum();
        best = best.max(events.len() as f64 / start.elapsed().as_secs_f64());
    }
    (sum, best)
}

const SERVICES: [&str; 8] = ["ec2", "iam", "s3", "sts", "logs", "cloudtrail", "sns", "sqs"];

fn rule(number: usize) -> Rules {
    let service = SERVICES[number % SERVICES.len()];
    let source = format!(r#""source":["aws.{service}"],"detail-type":["AWS API Call via CloudTrail"]"#);
    let text = match number % 10 {
        0..=4 => format!(r#"{{{source},"detail":{{"eventName":["Create{number}","Delete{number}"]}}}}"#),
        5 => format!(r#"{{{source},"detail":{{"requestParameters":{{"name":[{{"prefix":"team-{number}-"}}]}}}}}}"#),
        6 => format!(r#"{{{source},"detail":{{"errorCode":["AccessDenied{number}"]}}}}"#),
        7 => format!(
            r#"{{"detail":{{"userIdentity":{{"userName":["user-{number}"]}},"eventName":[{{"anything-but":"Put"}}]}}}}"#
        ),
        8 => format!(r#"{{{source},"detail":{{"requestParameters":{{"count":[{{"numeric":[">",{number}]}}]}}}}}}"#),
        _ => format!(
            r#"{{{source},"$or":[{{"region":["r-{number}"]}},{{"detail":{{"sourceIPAddress":["10.0.0.{number}"]}}}}]}}"#
        ),
    };
    Rules::parse(&text, Dialect::EventPattern).expect("a pattern")
}

/// A call as an event.
fn event(number: usize) -> String {
    let service = SERVICES[number % SERVICES.len()];
    let agent = "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.12.3";
    format!(
        r#"{{"version":"0","id":"7bf73129-1428-4cd3-a780-{number:012}","detail-type":"AWS API Call via CloudTrail","source":"aws.{service}","account":"123456789012","time":"2026-01-01T12:00:00Z","region":"us-east-1","resources":[],"detail":{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::123456789012:user/user-{number}","accountId":"123456789012","accessKeyId":"AKIAEXAMPLE","userName":"user-{number}"}},"eventTime":"2026-01-01T12:00:00Z","eventSource":"{service}.amazonaws.com","eventName":"Create{number}","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.{}","userAgent":"{agent}","requestParameters":{{"name":"team-{number}-a","count":{}}},"responseElements":null,"requestID":"6a7e8feb-b491-4cf7-a9f1-{number:012}","eventID":"3e3c153a-8339-4e30-8c35-{number:012}","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management","tlsDetails":{{"clientProvidedHostHeader":"{service}.us-east-1.amazonaws.com"}}}}}}"#,
        number % 250,
        number % 10,
    )
}
