//! The admin API of traffic: flows, scenarios and packet captures, described in `openapi/control.json`.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::network::scenarios::Scenario;
use crate::services::ec2::flow_logs;
use crate::services::ec2::traffic::{self, Moment, Report, Sending, Told};
use crate::world::time::Time;

use super::control::{Control, refuse};

/// Bodies of `POST /_trailcam/traffic`, which may be packet captures.
pub const BYTES_MAX: usize = 64 << 20;

/// `POST /_trailcam/traffic`: sends traffic through the networks, and answers what became of it.
pub async fn send(
    State(emulator): Control,
    parameters: Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_capture = kind.starts_with("application/vnd.tcpdump.pcap") || kind.starts_with("application/x-pcapng");
    let done = tokio::task::spawn_blocking(move || {
        let told = if is_capture { Told::capture(&body, &parameters) } else { Told::json(&body) };
        send_all(&emulator, told?)
    });
    match done.await {
        Ok(Ok(report)) => Json(report).into_response(),
        Ok(Err(sentence)) => refuse(&sentence),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "could not send the traffic"}))).into_response()
        }
    }
}

fn send_all(emulator: &Emulator, told: Told) -> Result<Report, String> {
    let moment = emulator.step(Moment::of);
    let mut sending = Sending::new(told, &moment)?;
    while emulator.act(|world| sending.go_on(world)) {}
    Ok(sending.report())
}

/// What a network interface saw, and is to be lost.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    interface: String,
    /// Now, if nothing is said.
    at: Option<Time>,
}

/// `POST /_trailcam/traffic/skip-data`: loses what an interface saw, as AWS does when it is short of capacity; answers the
/// flow logs that would have had it.
pub async fn skip_data(State(emulator): Control, body: Bytes) -> Response {
    let skip: Skip = match serde_json::from_slice(&body) {
        Ok(skip) => skip,
        Err(error) => return refuse(&error.to_string()),
    };
    let skipped = emulator.step(|world| {
        let (at, now) = (skip.at.unwrap_or(world.now), world.now);
        match traffic::is_near(now.timestamp(), at.timestamp()) {
            true => flow_logs::skip(world, &skip.interface, at.timestamp()),
            false => Vec::new(),
        }
    });
    match skipped.is_empty() {
        true => refuse(&format!("no flow log covers a network interface '{}' then", skip.interface)),
        false => Json(json!({"flowLogs": skipped})).into_response(),
    }
}

/// `GET /_trailcam/traffic/scenarios`: what there is, with the parameters and their usual values.
pub async fn scenarios(State(_): Control) -> Json<Value> {
    let scenarios = Scenario::all().map(|scenario| {
        let mut parameters = json!(scenario);
        let name = parameters.as_object_mut().and_then(|fields| fields.shift_remove("scenario"));
        json!({"scenario": name, "summary": scenario.summary(), "parameters": parameters})
    });
    Json(json!({"scenarios": scenarios}))
}
