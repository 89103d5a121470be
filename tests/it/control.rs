//! `openapi/control.json` and the admin API tell the same story.

use http::Method;
use serde_json::{Map, Value};

use crate::support::Trailcam;

fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi/control.json")).expect("control.json is JSON")
}

fn object<'d>(document: &'d Value, pointer: &str) -> &'d Map<String, Value> {
    document.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("{pointer} is an object"))
}

#[tokio::test]
async fn each_path_routes() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let trailcam = Trailcam::new(1);
    for (path, methods) in object(&document, "/paths") {
        for (method, operation) in methods.as_object().expect("methods by name") {
            let method = method.to_uppercase().parse::<Method>().expect("a method");
            let example = operation.pointer("/requestBody/content/application~1json/example");
            let body = example.map_or_else(String::new, Value::to_string);
            let (status, kind) = trailcam.admin(method.clone(), path, &body).await;
            // Nothing has been made yet: examples that name a network interface are understood, and refused.
            if body.contains("eni-") {
                assert_eq!(status, 400, "{method} {path}");
                continue;
            }
            assert_eq!(status, 200, "{method} {path}");
            let kinds: Vec<_> =
                operation.pointer("/responses/200/content").and_then(Value::as_object).into_iter().flatten().collect();
            assert_eq!(kinds.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), [kind], "{method} {path}");
        }
    }
}

#[tokio::test]
async fn each_filter_is_one() {
    let document = document();
    let filters = document.pointer("/paths/~1_trailcam~1events/get/parameters").and_then(Value::as_array);
    let trailcam = Trailcam::new(1);
    for filter in filters.expect("events have filters") {
        let name = filter["name"].as_str().expect("a name");
        let value = match (&filter["schema"]["enum"][0], filter["schema"]["format"].as_str()) {
            (Value::String(first), _) => first.as_str(),
            (_, Some("date-time")) => "2026-01-01T12:00:00Z",
            _ => "anything",
        };
        let (status, _) = trailcam.admin(Method::GET, &format!("/_trailcam/events?{name}={value}"), "").await;
        assert_eq!(status, 200, "{name}={value}");
    }
    let (status, _) = trailcam.admin(Method::GET, "/_trailcam/events?colour=red", "").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn no_path_is_left_out() {
    let trailcam = Trailcam::new(1);
    let (status, _) = trailcam.admin(Method::GET, "/_trailcam/nothing", "").await;
    assert_eq!(status, 404);
    let routes: Vec<_> = include_str!("../../src/front/mod.rs").split(".route(\"").skip(1).collect();
    let routed = routes.iter().filter_map(|rest| rest.split('"').next()).filter(|path| !path.contains('{'));
    let document = document();
    let written = object(&document, "/paths");
    let missing: Vec<_> = routed.filter(|path| !written.contains_key(*path)).collect();
    assert!(missing.is_empty(), "control.json leaves out {missing:?}");
}

#[tokio::test]
async fn references_lead_somewhere() {
    let document = document();
    let text = document.to_string();
    for rest in text.split("\"#/").skip(1) {
        let pointer = format!("/{}", rest.split('"').next().unwrap_or_default());
        assert!(document.pointer(&pointer).is_some(), "{pointer}");
    }
}

/// Steps of a hundred years lead to the end of the year 9999, and not beyond.
#[tokio::test]
async fn the_calendar_has_an_end() {
    let trailcam = Trailcam::new(1);
    let mut steps = 0;
    loop {
        let (status, _) = trailcam.admin(Method::POST, "/_trailcam/clock", r#"{"advance":"P36525D"}"#).await;
        if status != 200 {
            assert_eq!((status, steps), (400, 79));
            break;
        }
        steps += 1;
    }
    let year = trailcam.emulator.clock().0.format("%Y").to_string();
    assert!(year.as_str() > "9890" && year.len() == 4, "{year}");
    let (status, _) = trailcam.admin(Method::POST, "/_trailcam/clock", r#"{"set":"+10000-01-01T00:00:00Z"}"#).await;
    assert_eq!(status, 400);
}
