//! Bodies, and what is said of them. Sentences and places are those of answers of the service that people have shown.

use serde_json::{Value, json};

use super::metrics::Row;
use super::rules::{Findings, Node};
use super::{body, metrics};

fn findings(body: &Value) -> Findings {
    body::check(&body.to_string()).expect("a JSON object")
}

fn told(found: &[super::Message]) -> Vec<String> {
    found.iter().map(|message| format!("{} {}", message.path, message.text)).collect()
}

/// What is wrong with a body.
fn check(body: &Value, wanted: &[&str]) {
    assert_eq!(told(&findings(body).errors), wanted, "{body}");
}

/// What is wrong with the only widget of a body, behind `/widgets/0`.
fn check_widget(widget: &Value, wanted: &[&str]) {
    let errors = told(&findings(&json!({"widgets": [widget]})).errors);
    let errors: Vec<_> = errors.iter().map(|error| error.strip_prefix("/widgets/0").unwrap_or(error)).collect();
    assert_eq!(errors, wanted, "{widget}");
}

/// What is wrong with the properties of a metric widget that has a metric and a Region.
fn check_metric(properties: Value, wanted: &[&str]) {
    let mut whole = json!({"metrics": [["App", "Load"]], "region": "us-east-1"});
    if let (Value::Object(whole), Value::Object(more)) = (&mut whole, properties) {
        whole.extend(more);
    }
    let wanted: Vec<_> = wanted.iter().map(|error| format!("/properties{error}")).collect();
    let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
    check_widget(&json!({"type": "metric", "properties": whole}), &wanted);
}

/// What is wrong with `metrics`, behind their place.
fn check_metrics(metrics: Value, wanted: &[&str]) {
    let wanted: Vec<_> = wanted.iter().map(|error| format!("/metrics{error}")).collect();
    check_metric(json!({ "metrics": metrics }), &wanted.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn documents() {
    for text in ["", "{not json", "[]", "\"widgets\"", "null"] {
        let fault = body::check(text).expect_err(text);
        assert_eq!(fault.code, "DashboardInvalidInputError");
        assert_eq!(fault.message, "The field DashboardBody must be a valid JSON object");
    }
    check(&json!({}), &[" Should have required property 'widgets'"]);
    check(&json!({"widgets": {}}), &["/widgets Should be array"]);
    check(&json!({"widgets": [], "start": "-PT6H", "periodOverride": "inherit"}), &[]);
    check(
        &json!({"widgets": [], "start": 6, "periodOverride": "mine"}),
        &["/periodOverride Should be equal to one of the allowed values", "/start Should be string"],
    );
    let text = json!({"type": "text", "properties": {"markdown": "x"}});
    check(&json!({"widgets": vec![text; 501]}), &["/widgets Should NOT have more than 500 items"]);
}

#[test]
fn widgets() {
    let text = |more: Value| {
        let mut widget = json!({"type": "text", "properties": {"markdown": "Hello"}});
        if let (Value::Object(widget), Value::Object(more)) = (&mut widget, more) {
            widget.extend(more);
        }
        widget
    };
    check_widget(&json!("text"), &[" Should be object"]);
    check_widget(&json!({"properties": {"markdown": "x"}}), &[" Should have required property 'type'"]);
    check_widget(&json!({"type": "text"}), &[" Should have required property 'properties'"]);
    check_widget(&json!({"type": "text", "properties": {}}), &["/properties Should have required property 'markdown'"]);
    check_widget(&json!({"type": "text", "properties": []}), &["/properties Should be object"]);
    check_widget(&text(json!({"x": 23, "y": 90_000, "width": 24, "height": 1000})), &[]);
    check_widget(&text(json!({"x": 24, "y": 0})), &["/x Should be <= 23"]);
    check_widget(&text(json!({"x": -1, "y": 0})), &["/x Should be >= 0"]);
    check_widget(&text(json!({"x": 0.5, "y": 0})), &["/x Should be integer"]);
    check_widget(&text(json!({"width": 25, "height": 1001})), &["/height Should be <= 1000", "/width Should be <= 24"]);
    check_widget(&text(json!({"x": 1})), &[" Should have property y when property x is present"]);
    check_widget(&json!({"type": "alarm", "properties": {}}), &["/properties Should have required property 'alarms'"]);
    check_widget(
        &json!({"type": "alarm", "properties": {"alarms": []}}),
        &["/properties/alarms Should NOT have less than 1 items"],
    );
    check_widget(
        &json!({"type": "log", "properties": {"region": "us-east-1"}}),
        &["/properties Should have required property 'query'"],
    );
    check_widget(
        &json!({"type": "explorer", "properties": {"metrics": [], "labels": [{}]}}),
        &[
            "/properties/labels/0 Should have required property 'key'",
            "/properties/metrics Should NOT have less than 1 items",
        ],
    );
}

/// The service takes them, whatever they are.
#[test]
fn unknown_widgets_are_kept_with_a_warning() {
    let findings = findings(&json!({"widgets": [{"type": "metricc", "properties": {"any": "thing"}}]}));
    assert_eq!(told(&findings.errors), [""; 0]);
    assert_eq!(told(&findings.warnings), ["/widgets/0/type Should be equal to one of the allowed values"]);
}

#[test]
fn metric_widgets() {
    let source = "The metric widget should have specified a region and a data source or an alarm annotation";
    let source = format!("/properties {source}");
    check_widget(
        &json!({"type": "metric", "properties": {"region": "us-east-1", "data": {}}}),
        &[
            "/properties Should have required property 'metrics'",
            &source,
            "/properties Should have required property 'annotations'",
        ],
    );
    check_widget(
        &json!({"type": "metric", "properties": {"metrics": [["App", "Load"]]}}),
        &[
            "/properties Should have required property 'region'",
            &source,
            "/properties Should have required property 'annotations'",
        ],
    );
    check_widget(&json!({"type": "metric", "properties": {"annotations": {"alarms": ["arn:aws:a"]}}}), &[]);
    check_metric(json!({"stat": "p99.9", "period": 30, "view": "pie", "stacked": true, "title": "x"}), &[]);
    check_metric(
        json!({"period": 45}),
        &[
            "/period Should be >= 60",
            "/period Should be multiple of 60",
            "/period Should match exactly one schema in oneOf",
        ],
    );
    check_metric(
        json!({"period": 90}),
        &["/period Should be multiple of 60", "/period Should match exactly one schema in oneOf"],
    );
    check_metric(
        json!({"yAxis": {"left": {"min": 100, "max": 10}}}),
        &["/yAxis/left/min Should be <= 10", "/yAxis/left/max Should be >= 100"],
    );
    check_metric(json!({"liveData": "yes"}), &["/liveData Should be boolean"]);
    check_metric(json!({"view": "line"}), &["/view Should be equal to one of the allowed values"]);
    check_metric(
        json!({"legend": {"position": "top"}}),
        &["/legend/position Should be equal to one of the allowed values"],
    );
    let findings = findings(&json!({"widgets": [{"type": "metric", "properties": {
        "metrics": [["App", "Load"]], "region": "us-east-1", "stat": "Avg"}}]}));
    let [error] = &findings.errors[..] else { panic!("{findings:?}") };
    assert_eq!(error.path, "/widgets/0/properties/stat");
    let begin = r#"Should match pattern "^((SampleCount|Average|Sum|Minimum|Maximum|IQM)|(p|tc|tm|ts|wm)"#;
    assert!(error.text.starts_with(begin), "{}", error.text);
}

#[test]
fn gauges_without_ends_are_warned_of() {
    let warnings = |axis: Value| {
        let properties = json!({"metrics": [["App", "Load"]], "region": "r", "view": "gauge", "yAxis": {"left": axis}});
        told(&findings(&json!({"widgets": [{"type": "metric", "properties": properties}]})).warnings).len()
    };
    assert_eq!((warnings(json!({"min": 0, "max": 1})), warnings(json!({"min": 0})), warnings(json!({}))), (0, 1, 1));
}

#[test]
fn annotations() {
    let horizontal = |line: Value, wanted: &[&str]| {
        let wanted: Vec<_> = wanted.iter().map(|error| format!("/annotations/horizontal/0{error}")).collect();
        let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
        check_metric(json!({"annotations": {"horizontal": [line]}}), &wanted);
    };
    horizontal(json!({"value": 20, "color": "#aaa", "label": "x", "fill": "above", "visible": false}), &[]);
    horizontal(json!([{"value": 200, "label": "Band top", "yAxis": "right"}, {"value": 95.5}]), &[]);
    horizontal(json!({"label": "x"}), &[" Should have required property 'value'"]);
    horizontal(json!({"value": "20"}), &["/value Should be number"]);
    horizontal(json!({"value": 1, "yAxis": "annotations"}), &["/yAxis Should be equal to one of the allowed values"]);
    horizontal(json!([{"value": 1}]), &[" Should NOT have less than 2 items"]);
    let vertical = |line: Value, wanted: &[&str]| {
        let wanted: Vec<_> = wanted.iter().map(|error| format!("/annotations/vertical/0{error}")).collect();
        let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
        check_metric(json!({"annotations": {"vertical": [line]}}), &wanted);
    };
    vertical(json!({"value": "2018-08-28T15:25:26Z", "fill": "after"}), &[]);
    vertical(json!({"value": "yesterday"}), &["/value Should match format \"date-time\""]);
    vertical(
        json!({"value": "2018-08-28T15:25:26Z", "fill": "above"}),
        &["/fill Should be equal to one of the allowed values"],
    );
}

#[test]
fn metrics_of_widgets() {
    let type_of_field = "Invalid metric field type, only \"String\" type is allowed";
    check_metrics(json!([["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"stat": "Sum", "period": 60}]]), &[]);
    check_metrics(json!([["A", "m", "d", "v"], [".", "n", ".", "."], ["...", "w", {"yAxis": "right"}]]), &[]);
    check_metrics(json!([[{"expression": "SUM(METRICS())", "label": "Sum", "id": "e1"}]]), &[]);
    check_metrics(json!({"expression": "m1"}), &[" Should be array"]);
    let flat = "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last element";
    let flat = format!("/0 {flat}");
    check_metrics(json!(["AWS/EC2"]), &["/0 Should be array", &flat]);
    check_metrics(json!([{"expression": "m1"}]), &["/0 Should be array", &flat]);
    // Dimensions among the options, which have no such member.
    check_metrics(
        json!([["AWS/RDS", "DatabaseConnections", {"stat": "Sum", "dimensions": {"DBClusterIdentifier": "c"}}]]),
        &["/0 Should NOT have more than 2 items"],
    );
    check_metrics(json!([["A", "m", "d", "v", {"color": "red"}]]), &["/0 Should NOT have more than 4 items"]);
    check_metrics(json!([["A", "m", "d", "v", {"stat": "Sample count"}]]), &["/0 Should NOT have more than 4 items"]);
    // Options that are not last.
    check_metrics(
        json!([["AWS/Lambda", "Invocations", {"stat": "Sum"}, {"function": "f"}]]),
        &[&format!("/0/2 {type_of_field}")],
    );
    check_metrics(json!([["A", "m", "d", null]]), &[&format!("/0/3 {type_of_field}")]);
    check_metrics(json!([["A", "m", "d", ""]]), &[&format!("/0/3 {type_of_field}")]);
    // A dimension without a value.
    check_metrics(
        json!([["AWS/Billing", "EstimatedCharges", "Currency", "USD"], [".", ".", ".", "Service", "AmazonS3"]]),
        &["/1 Should NOT have more than 4 items"],
    );
    check_metrics(json!([["A", "m", "LoadBalancer", {"stat": "Sum"}]]), &["/0 Should NOT have more than 3 items"]);
    let dot = "Repeat marker \".\" used but not enough fields in previous metric";
    check_metrics(json!([["A", "m"], [".", ".", "d", "."]]), &[&format!("/1/3 {dot}")]);
    check_metrics(json!([[".", "m"]]), &[&format!("/0/0 {dot}")]);
    check_metrics(json!([["A"]]), &["/0 Should NOT have less than 2 items"]);
    check_metrics(json!(vec![json!(["A", "m"]); 501]), &[" Should NOT have more than 500 items"]);
}

/// A metric has at most 30 dimensions.
#[test]
fn rows_are_not_longer_than_metrics() {
    check_metrics(json!([vec!["a"; 62]]), &[]);
    check_metrics(json!([vec!["a"; 63]]), &["/0 Should NOT have more than 62 items"]);
}

#[test]
fn marks_stand_for_fields_before() {
    let check = |metrics: Value, wanted: &[&[&str]]| {
        let mut findings = Findings::default();
        let rows = metrics::read(&Node::root(&metrics), 500, &mut findings);
        assert_eq!(told(&findings.errors), [""; 0], "{metrics}");
        assert_eq!(rows.iter().map(|Row { fields, .. }| fields).collect::<Vec<_>>(), wanted, "{metrics}");
    };
    let first: &[&str] = &["A", "m", "d", "v"];
    check(json!([["A", "m", "d", "v"], [".", ".", ".", "w"]]), &[first, &["A", "m", "d", "w"]]);
    check(json!([["A", "m", "d", "v"], ["...", {"stat": "Sum"}]]), &[first, first]);
    check(
        json!([["A", "m", "d", "v"], ["...", "w"], ["...", "n", ".", "."]]),
        &[first, &["A", "m", "d", "w"], &["A", "n", "d", "w"]],
    );
    check(json!([["A", "m"], [{"expression": "1"}], [".", "n"]]), &[&["A", "m"], &[], &["A", "n"]]);
}

#[test]
fn variables() {
    let check_variable = |variable: Value, wanted: &[&str]| {
        let wanted: Vec<_> = wanted.iter().map(|error| format!("/variables/0{error}")).collect();
        let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
        check(&json!({"widgets": [], "variables": [variable]}), &wanted);
    };
    let region =
        json!({"type": "property", "property": "region", "inputType": "input", "id": "region", "visible": true});
    check_variable(region, &[]);
    let search = "{AWS/EC2,InstanceId} MetricName=\"CPUUtilization\"";
    let choice = json!({"type": "pattern", "pattern": "x", "inputType": "radio", "id": "a", "search": search});
    let mut found = choice.clone();
    found["populateFrom"] = json!("InstanceId");
    check_variable(found, &[]);
    check_variable(
        choice,
        &[
            " Should have required property 'values'",
            " Should have required property 'populateFrom'",
            " Should match exactly one schema in oneOf",
        ],
    );
    check_variable(
        json!({"type": "tag", "inputType": "input"}),
        &[" Should have required property 'id'", "/type Should be equal to one of the allowed values"],
    );
}

/// However much is wrong, no more is told than can be read.
#[test]
fn many_errors() {
    let body = json!({"widgets": vec![json!({}); 400]});
    assert_eq!(findings(&body).errors.len(), 500);
}
