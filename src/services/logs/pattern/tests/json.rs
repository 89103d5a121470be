//! "Using filter patterns to match terms in JSON log events", today's and earlier editions.

use super::{check, extracted, pattern};

const EVENT: &str = r#"{
  "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],
  "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
  "SomeObject": null, "cluster.name": "c", "ThisFlag": true
}"#;

const USERS: &str = r#"{
  "user": {"id": 1, "email": "John.Stiles@example.com"},
  "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
  "actions": ["GET", "PUT", "DELETE"],
  "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]
}"#;

#[test]
fn conditions_of_the_user_guide() {
    for pattern in [
        r#"{ $.eventType = "UpdateTrail" }"#,
        "{ $.sourceIPAddress != 123.123.* }",
        r#"{ $.arrayKey[0] = "value" }"#,
        "{ $.objectList[1].id = 2 }",
        "{ $.eventType = %Trail% }",
        "{ $.arrayKey[*] = %val.{2}% }",
        r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }",
        r#"{ $.['cluster.name'] = "c" }"#,
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.ThisFlag IS TRUE }",
        r#"{ $.eventType = "*" && $.sourceIPAddress != 123.123.* }"#,
    ] {
        check(pattern, &[EVENT], &[0]);
    }
    for pattern in [
        "{ $.sourceIPAddress = 123.123.* }",
        "{ $.eventType[0] = \"value\" }",
        "{ $.objectList[1].number = 2 }",
        "{ $.arrayKey.id = 2 }",
        "{ $.SomeOtherObject IS NULL }",
        "{ $.SomeObject NOT EXISTS }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.eventType IS TRUE }",
        "{ $.eventType NOT EXISTS }",
        "{ $.eventType != %Trail% }",
    ] {
        check(pattern, &[EVENT], &[]);
    }
}

#[test]
fn compound_expressions_of_the_user_guide() {
    for (pattern, expected) in [
        (r#"{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }"#, true),
        (
            r#"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" }"#,
            true,
        ),
        (
            r#"{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "nonmatch" }"#,
            false,
        ),
        (r#"{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }"#, false),
        (
            r#"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }"#,
            true,
        ),
    ] {
        assert_eq!(super::pattern(pattern).matches(USERS), expected, "{pattern}");
    }
    let foo = [r#"{"foo": "bar"}"#, r#"{"foo": "baz"}"#];
    check("{$.foo = bar}", &foo, &[0]);
    check("{$.foo = baz }", &foo, &[1]);
    check("{$.foo = bar || $.foo = baz }", &foo, &[0, 1]);
}

#[test]
fn numbers_of_the_user_guide() {
    for (pattern, matched, unmatched) in [
        ("{ $.bandwidth > 75 }", r#"{"bandwidth": 75.5}"#, r#"{"bandwidth": 75}"#),
        ("{ $.latency < 50 }", r#"{"latency": 49}"#, r#"{"latency": 50}"#),
        ("{ $.refreshRate >= 60 }", r#"{"refreshRate": 60}"#, r#"{"refreshRate": 59.9}"#),
        ("{ $.responseTime <= 5 }", r#"{"responseTime": 5.0}"#, r#"{"responseTime": 5.1}"#),
        ("{ $.errorCode = 400}", r#"{"errorCode": 4e2}"#, r#"{"errorCode": 401}"#),
        ("{ $.errorCode != 500 }", r#"{"errorCode": 400}"#, r#"{"errorCode": 500.0}"#),
        ("{ $.number[0] = 1e+3 }", r#"{"number": [1000]}"#, r#"{"number": [100]}"#),
        ("{ $.number[0] != 1e-3 }", r#"{"number": [1]}"#, r#"{"number": [0.001]}"#),
        ("{ $.numbers[0] < 10e3 }", r#"{"numbers": [9999]}"#, r#"{"numbers": [10000]}"#),
        ("{ $.numbers[0] < 10e-3 }", r#"{"numbers": [-1]}"#, r#"{"numbers": [0.01]}"#),
        (
            "{ $.processes[4].averageRuntime <= 55.5 }",
            r#"{"processes": [0, 1, 2, 3, {"averageRuntime": 55.5}]}"#,
            r#"{"processes": [{"averageRuntime": 55.5}]}"#,
        ),
        ("{ $.latency > +1000 }", r#"{"latency": 1001}"#, r#"{"latency": 1000}"#),
        ("{ $.latency = * }", r#"{"latency": 50, "requestType": "GET"}"#, r#"{"requestType": "GET"}"#),
        ("{ $.status = 5* }", r#"{"status": 503}"#, r#"{"status": 403}"#),
        ("{ $.id = 9007199254740993 }", r#"{"id": 9007199254740993}"#, r#"{"id": 9007199254740992}"#),
        ("{ $.account = 012345678901 }", r#"{"account": "012345678901"}"#, r#"{"account": "12345678901"}"#),
    ] {
        check(pattern, &[matched, unmatched], &[0]);
    }
    check("{ $.latency > 5 }", &[r#"{"latency": "6"}"#, r#"{"latency": null}"#], &[]);
}

/// Arrays, objects and what is not there are like no value and unlike no value.
#[test]
fn only_strings_and_numbers_compare() {
    let values = ["[1, 2, 3]", "{}", "null", "true", "1", "\"1\"", "\"x\""];
    let messages: Vec<_> = values.iter().map(|value| format!("{{\"users\": {value}}}")).collect();
    let mut messages: Vec<_> = messages.iter().map(String::as_str).collect();
    messages.push("{}");
    check("{ $.users = 1 }", &messages, &[4, 5]);
    check("{ $.users != 1 }", &messages, &[6]);
    check("{ $.users = \"*\" }", &messages, &[4, 5, 6]);
    check("{ $.users NOT EXISTS }", &messages, &[7]);
}

#[test]
fn asterisks_are_wildcards_at_the_ends() {
    let names = ["PutEvent", "GetEvent", "EventId", "EventName", "Ev*ent", "Evilent"];
    let messages: Vec<_> = names.iter().map(|name| format!("{{\"n\": \"{name}\"}}")).collect();
    let messages: Vec<_> = messages.iter().map(String::as_str).collect();
    check("{ $.n = *Event }", &messages, &[0, 1]);
    check("{ $.n = Event* }", &messages, &[2, 3]);
    check("{ $.n = Ev*ent }", &messages, &[4]);
    check("{ $.n = \"*vent*\" }", &messages, &[0, 1, 2, 3]);
    check("{ $.n != \"*vent*\" }", &messages, &[4, 5]);
}

/// A dimension's value is what the selector finds.
#[test]
fn dimensions_of_the_user_guide() {
    let pattern = pattern(r#"{ $.eventType = "*" && $.sourceIPAddress != 123.123.* }"#);
    assert_eq!(pattern.value(EVENT, "$.eventType").as_deref(), Some("UpdateTrail"));
    let latency = super::pattern("{ $.latency = * }");
    let message = r#"{ "latency": 50, "requestType": "GET" }"#;
    assert!(latency.matches(message));
    assert_eq!(latency.value(message, "$.latency").as_deref(), Some("50"));
}

/// Of the CIS AWS Foundations Benchmark.
#[test]
fn patterns_in_use() {
    let root = r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;
    let calls = [
        r#"{"userIdentity": {"type": "Root"}, "eventType": "AwsApiCall"}"#,
        r#"{"userIdentity": {"type": "Root", "invokedBy": "x.amazonaws.com"}, "eventType": "AwsApiCall"}"#,
        r#"{"userIdentity": {"type": "Root"}, "eventType": "AwsServiceEvent"}"#,
        r#"{"userIdentity": {"type": "IAMUser"}, "eventType": "AwsApiCall"}"#,
    ];
    check(root, &calls, &[0]);
    let denied = r#"{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}"#;
    let codes = [r#"{"errorCode":"Client.UnauthorizedOperation"}"#, r#"{"errorCode":"AccessDeniedException"}"#, "{}"];
    check(denied, &codes, &[0, 1]);
    let keys =
        "{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }";
    let events = [
        r#"{"eventSource":"kms.amazonaws.com","eventName":"DisableKey"}"#,
        r#"{"eventSource":"kms.amazonaws.com","eventName":"CreateKey"}"#,
    ];
    check(keys, &events, &[0]);
    check("{ $.detail-type = \"x\" }", &[r#"{"detail-type": "x"}"#], &[0]);
}

#[test]
fn wildcards_take_one_value_that_fits() {
    let message = [r#"{"a": [1, 2], "o": {"x": "y"}, "s": "z"}"#];
    check("{ $.a[*] = 2 }", &message, &[0]);
    check("{ $.a[*] = 3 }", &message, &[]);
    check("{ $.a[*] != 2 }", &message, &[0]);
    check("{ $.* = z }", &message, &[0]);
    check("{ $.*.x = y }", &message, &[0]);
    check("{ $.o[*] = y }", &message, &[]);
    check("{ $.a.* = 1 }", &message, &[]);
    check("{ $.a[*] NOT EXISTS }", &message, &[]);
    check("{ $.o[*] NOT EXISTS }", &message, &[0]);
}

#[test]
fn escapes_are_read() {
    let message = [r#"{"na\u006de": "a\"b\\\u00e9\ud83d\ude00\n\/"}"#];
    check(r#"{ $.name = "a\"b\\é😀*" }"#, &message, &[0]);
    check(r#"{ $.name = "*/" }"#, &message, &[0]);
    assert_eq!(pattern("{ $.x NOT EXISTS }").value(r#"{"a": "\ud83d"}"#, "$.a").as_deref(), Some("\u{fffd}"));
}

#[test]
fn what_is_not_json_matches_nothing() {
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(200), "]".repeat(200));
    for message in [
        "",
        "{",
        "{}}",
        "{} x",
        "[]",
        "x {}",
        "1",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{a:1}"#,
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":+1}"#,
        r#"{"a":nul}"#,
        r#"{"a":"x}"#,
        "{\"a\":\"\t\"}",
        r#"{"a":"\x"}"#,
        r#"{"a":"\u12"}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[1 2]}"#,
        r#"{"a" 1}"#,
        r#"{"a":-}"#,
        r#"{"a":1e}"#,
        deep.as_str(),
    ] {
        assert!(!pattern("{ $.x NOT EXISTS }").matches(message), "{message}");
    }
    for message in ["{}", " {\"a\": -0.5E+3}\n", r#"{"a":[],"b":{},"c":"","d":false}"#] {
        assert!(pattern("{ $.x NOT EXISTS }").matches(message), "{message}");
    }
}

#[test]
fn values_are_found_by_their_selectors() {
    let pattern = pattern("{ $.latency = * }");
    let message = r#"{"latency": 5.0e1, "requestType": "GET", "ok": true, "list": [{"n": 1}, {"n": 2}], "none": null}"#;
    let value = |selector| pattern.value(message, selector);
    assert_eq!(value("$.latency").as_deref(), Some("5.0e1"));
    assert_eq!(value("$.requestType").as_deref(), Some("GET"));
    assert_eq!(value("$.ok").as_deref(), Some("true"));
    assert_eq!(value("$.list[1].n").as_deref(), Some("2"));
    for selector in ["$.none", "$.list", "$.absent", "latency", "$", "$.latency x", ""] {
        assert_eq!(value(selector), None, "{selector}");
    }
    let text = "{ $.requestType = GET && $.latency > 1 && $.latency < 100 && $.absent NOT EXISTS && $.list[*].n = 2 }";
    let expected = ["$.latency=5.0e1", "$.list[*].n=1", "$.requestType=GET"].map(str::to_owned);
    assert_eq!(extracted(text, message), Some(expected.to_vec()));
    assert_eq!(extracted("{ $.latency > 100 }", message), None);
}
