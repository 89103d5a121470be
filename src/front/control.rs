//! The admin API below `/_trailcam/`, described in `openapi/control.json`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::contract;
use crate::emulator::{ClockError, Emulator};
use crate::services::s3::notices;
use crate::services::{self, billing, cloudtrail, signin};
use crate::world::jobs::Job;
use crate::world::mailbox::Letter;
use crate::world::time::{self, Time};

pub(super) type Control = State<Arc<Emulator>>;

/// `GET /_trailcam/health`: status, version, and for each service which operations are there.
pub async fn health(State(_): Control) -> Json<Value> {
    let services: serde_json::Map<_, _> = contract::services().map(|name| (name.to_owned(), coverage(name))).collect();
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "services": services}))
}

fn coverage(service: &str) -> Value {
    let operations = services::operations(service);
    json!({"implemented": operations.len(), "operations": operations})
}

/// `GET /_localstack/health`: the shape that wrappers of LocalStack poll.
pub async fn localstack_health(State(_): Control) -> Json<Value> {
    let state = |service| if services::operations(service).is_empty() { "disabled" } else { "running" };
    let services: BTreeMap<_, _> = contract::services().map(|service| (service, state(service))).collect();
    Json(json!({"services": services, "edition": "community", "version": env!("CARGO_PKG_VERSION")}))
}

/// `POST /_trailcam/reset`: everything back to the first moment.
pub async fn reset(State(emulator): Control) -> Json<Value> {
    emulator.reset();
    clock(State(emulator)).await
}

/// `GET /_trailcam/clock`
pub async fn clock(State(emulator): Control) -> Json<Value> {
    let (now, manual) = emulator.clock();
    Json(json!({"now": moment(now), "mode": if manual { "manual" } else { "system" }}))
}

/// `POST /_trailcam/clock`: one of `advance`, `set`, `mode`.
pub async fn set_clock(State(emulator): Control, body: Bytes) -> Response {
    let change = match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(change)) if change.len() == 1 => change,
        _ => return refuse("expected one of {\"advance\": …}, {\"set\": …}, {\"mode\": …}"),
    };
    // Jobs on the way may take long: they must not hold up the threads that answer other calls.
    let worker = Arc::clone(&emulator);
    let done = tokio::task::spawn_blocking(move || move_clock(&worker, &change)).await;
    match done {
        Ok(Ok(())) => clock(State(emulator)).await.into_response(),
        Ok(Err(sentence)) => refuse(sentence),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "the clock could not be moved"}))).into_response()
        }
    }
}

fn move_clock(emulator: &Emulator, change: &serde_json::Map<String, Value>) -> Result<(), &'static str> {
    let moved = match change.iter().next() {
        Some((key, Value::String(text))) if key == "advance" => {
            let delta =
                time::parse_duration(text).ok_or("advance: expected an ISO 8601 duration such as PT1H, or seconds")?;
            emulator.advance(delta)
        }
        Some((key, Value::Number(seconds))) if key == "advance" => {
            let delta = seconds.as_f64().and_then(time::seconds).ok_or("advance: seconds must not be negative")?;
            emulator.advance(delta)
        }
        Some((key, Value::String(text))) if key == "set" => {
            let target = text.parse::<Time>().map_err(|_| "set: expected a time such as 2026-01-01T00:00:00Z")?;
            emulator.advance_to(target)
        }
        Some((key, Value::String(mode))) if key == "mode" && (mode == "manual" || mode == "system") => {
            emulator.set_manual(mode == "manual");
            return Ok(());
        }
        _ => return Err("expected one of {\"advance\": …}, {\"set\": …}, {\"mode\": \"manual\"|\"system\"}"),
    };
    match moved {
        Ok(_) => Ok(()),
        Err(ClockError::Backward) => Err("time only goes forward"),
        Err(ClockError::TooFar) => Err("the clock moves at most a hundred years at once"),
        Err(ClockError::BeyondCalendar) => Err("the calendar ends with the year 9999"),
    }
}

/// `POST /_trailcam/flush`: delivers everything pending, and answers what was delivered.
pub async fn flush(State(emulator): Control) -> Response {
    let done = tokio::task::spawn_blocking(move || emulator.flush()).await;
    match done {
        Ok(delivered) => Json(json!({"delivered": delivered})).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "could not flush"}))).into_response(),
    }
}

/// `POST /_trailcam/console-login`: records an attempt to sign in to the console, and answers the record.
pub async fn console_login(State(emulator): Control, body: Bytes) -> Response {
    let login = match serde_json::from_slice(&body) {
        Ok(login) => login,
        Err(error) => return refuse(&error.to_string()),
    };
    let done = tokio::task::spawn_blocking(move || emulator.act(|world| signin::console_login(world, &login))).await;
    match done {
        Ok(Ok(record)) => ([(CONTENT_TYPE, "application/json")], record).into_response(),
        Ok(Err(sentence)) => refuse(&sentence),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "could not record the sign-in"}))).into_response()
        }
    }
}

/// `POST /_trailcam/billing`: reports an account's charges from now on, adds to them, and answers what they come to.
pub async fn billing(State(emulator): Control, body: Bytes) -> Response {
    let order = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => return refuse(&error.to_string()),
    };
    match emulator.step(|world| billing::orders::order(world, &order)) {
        Ok(statement) => Json(statement).into_response(),
        Err(sentence) => refuse(&sentence),
    }
}

/// `GET /_trailcam/jobs`: what will happen, when.
pub async fn jobs(State(emulator): Control) -> Json<Value> {
    let jobs: Vec<_> = emulator.step(|world| {
        let now = world.now;
        world.jobs.iter().map(|(due, job)| job_line(due.max(now), job)).collect()
    });
    Json(json!({"jobs": jobs}))
}

fn job_line(due: Time, job: &Job) -> Value {
    let due = moment(due);
    match job {
        Job::TrailDelivery { trail, region, .. } => {
            json!({"due": due, "job": "TrailDelivery", "trail": trail, "region": region.as_str()})
        }
        Job::TrailLogDelivery { trail, .. } => json!({"due": due, "job": "TrailLogDelivery", "trail": trail}),
        Job::TrailAnnouncement { trail, region, .. } => {
            json!({"due": due, "job": "TrailAnnouncement", "trail": trail, "region": region.as_str()})
        }
        Job::TrailStop { trail, .. } => json!({"due": due, "job": "TrailStop", "trail": trail}),
        Job::TrailDigest { trail, region, .. } => {
            json!({"due": due, "job": "TrailDigest", "trail": trail, "region": region.as_str()})
        }
        Job::Ec2Transition(place) => {
            json!({"due": due, "job": "Ec2Transition", "resource": place.id, "region": place.region.as_str()})
        }
        Job::FirehoseDelivery(place) => {
            json!({"due": due, "job": "FirehoseDelivery", "stream": place.stream, "region": place.region.as_str()})
        }
        Job::FirehoseTransition(place) => {
            json!({"due": due, "job": "FirehoseTransition", "stream": place.stream, "region": place.region.as_str()})
        }
        Job::EventDelivery { account, region } => {
            json!({"due": due, "job": "EventDelivery", "account": account.as_str(), "region": region.as_str()})
        }
        Job::EventSchedule(place) => json!({"due": due, "job": "EventSchedule", "rule": place.arn()}),
        Job::EventReplay(place) => json!({"due": due, "job": "EventReplay", "replay": place.arn()}),
        Job::Billing { account } => json!({"due": due, "job": "Billing", "account": account.as_str()}),
        Job::HistoryExpiry => json!({"due": due, "job": "HistoryExpiry"}),
        Job::NetworkFigures { account, region } => {
            json!({"due": due, "job": "NetworkFigures", "account": account.as_str(), "region": region.as_str()})
        }
        Job::AlarmEvaluation { account, region } => {
            json!({"due": due, "job": "AlarmEvaluation", "account": account.as_str(), "region": region.as_str()})
        }
        Job::AlarmReaction(place) => json!({"due": due, "job": "AlarmReaction", "alarm": place.arn()}),
        Job::AlarmActions { account, region } => {
            json!({"due": due, "job": "AlarmActions", "account": account.as_str(), "region": region.as_str()})
        }
        Job::AlarmUnmute { account, region } => {
            json!({"due": due, "job": "AlarmUnmute", "account": account.as_str(), "region": region.as_str()})
        }
        Job::MetricStreams { account, region } => {
            json!({"due": due, "job": "MetricStreams", "account": account.as_str(), "region": region.as_str()})
        }
        Job::MetricRollUp { account, region } => {
            json!({"due": due, "job": "MetricRollUp", "account": account.as_str(), "region": region.as_str()})
        }
        Job::LogMetrics { place } => {
            json!({"due": due, "job": "LogMetrics", "logGroup": place.name, "region": place.region.as_str()})
        }
        Job::LogRetention { place } => {
            json!({"due": due, "job": "LogRetention", "logGroup": place.name, "region": place.region.as_str()})
        }
        Job::LogForward { destination, .. } => json!({"due": due, "job": "LogForward", "destination": destination}),
        Job::FlowLogWindow(place) => json!({"due": due, "job": "FlowLogWindow", "flowLog": place.id}),
        Job::FlowLogDelivery(place) => json!({"due": due, "job": "FlowLogDelivery", "flowLog": place.id}),
        Job::ReachabilityAnalysis(place) => json!({"due": due, "job": "ReachabilityAnalysis", "analysis": place.id}),
        Job::LogExport(place) => {
            json!({"due": due, "job": "LogExport", "task": place.task, "region": place.region.as_str()})
        }
        Job::QueueGauges { account, region } => {
            json!({"due": due, "job": "QueueGauges", "account": account.as_str(), "region": region.as_str()})
        }
        Job::QueueMessages(place) => json!({"due": due, "job": "QueueMessages", "queue": place.arn()}),
        Job::QueueMove { account, region, .. } => {
            json!({"due": due, "job": "QueueMove", "account": account.as_str(), "region": region.as_str()})
        }
        Job::LogTail { account, region, .. } => {
            json!({"due": due, "job": "LogTail", "account": account.as_str(), "region": region.as_str()})
        }
        Job::SnsDelivery(place) => json!({"due": due, "job": "SnsDelivery", "subscription": place.arn()}),
        Job::SnsExpiry(place) => json!({"due": due, "job": "SnsExpiry", "subscription": place.arn()}),
        Job::BucketLifecycle { bucket } => json!({"due": due, "job": "BucketLifecycle", "bucket": bucket}),
        Job::BucketMetrics => json!({"due": due, "job": "BucketMetrics"}),
        Job::BucketNotice(notices::Address { bucket, destination }) => {
            json!({"due": due, "job": "BucketNotice", "bucket": bucket, "destination": destination})
        }
    }
}

/// `GET /_trailcam/events`: recorded events as JSON Lines, oldest first.
pub async fn events(State(emulator): Control, Query(arguments): Query<BTreeMap<String, String>>) -> Response {
    let filter = match cloudtrail::events::Filter::parse(&arguments) {
        Ok(filter) => filter,
        Err(sentence) => return refuse(&sentence),
    };
    let lines = emulator.step(|world| {
        let mut text = String::new();
        for record in cloudtrail::events::matching(world, &filter) {
            text.push_str(&record);
            text.push('\n');
        }
        text
    });
    ([(CONTENT_TYPE, "application/jsonl")], lines).into_response()
}

/// `GET /_trailcam/mailbox`: e-mails and text messages, oldest first.
pub async fn mailbox(State(emulator): Control) -> Json<Value> {
    let letters: Vec<_> = emulator.step(|world| world.mailbox.letters().map(letter_line).collect());
    Json(json!({"messages": letters}))
}

fn letter_line(letter: &Letter) -> Value {
    json!({
        "medium": letter.medium.as_str(),
        "sent": moment(letter.sent),
        "from": letter.from,
        "to": letter.to,
        "subject": letter.subject,
        "body": letter.body,
        "confirmationUrl": letter.confirmation_url,
    })
}

/// Paths of ours that do not exist.
pub async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "no such admin call; see openapi/control.json"}))).into_response()
}

pub(super) fn refuse(sentence: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": sentence}))).into_response()
}

fn moment(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
