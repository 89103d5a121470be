//! "Using filter patterns to match terms in unstructured log events", and TestMetricFilter's examples of terms.

use super::{check, extracted, pattern};

const ERRORS: [&str; 5] = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
    "[ERROR 500] INTERNAL SERVER ERROR",
];

#[test]
fn terms_of_the_user_guide() {
    check("ERROR", &ERRORS, &[0, 1, 2, 3, 4]);
    check("ERROR ARGUMENTS", &ERRORS, &[2, 3]);
    check("?ERROR ?ARGUMENTS", &ERRORS, &[0, 1, 2, 3, 4]);
    check("\"INTERNAL SERVER ERROR\"", &ERRORS, &[4]);
    check("ERROR -ARGUMENTS", &ERRORS, &[0, 1, 4]);
    check("\" \"", &["[ERROR 400] BAD REQUEST", "word", ""], &[0, 1, 2]);
    check("error", &ERRORS, &[]);
}

#[test]
fn optional_terms_have_no_effect_beside_others() {
    let messages =
        ["[INFO] REQUEST FAILED", "[WARN] UNAUTHORIZED REQUEST", "[ERROR] 400 BAD REQUEST", "[ERROR] ARGUMENTS"];
    check("?ERROR ?ARGUMENTS REQUEST", &messages, &[0, 1, 2]);
    check("?ERROR -REQUEST", &messages, &[3]);
    check("?WARN ?ARGUMENTS", &messages, &[1, 3]);
}

/// The editions of 2019.
#[test]
fn terms_of_earlier_editions() {
    let messages = ["[ERROR] A fatal exception has occurred", "Exiting with ERRORCODE: -1"];
    check("\"ERROR\"", &messages, &[0, 1]);
    check("\"ERROR\" - \"Exiting\"", &messages, &[0]);
    check(
        "ERROR Exception",
        &["[ERROR] Caught IllegalArgumentException", "[ERROR] Unhandled Exception", "[ERROR]"],
        &[0, 1],
    );
    let failed = ["[WARN] Failed to process the request", "[ERROR] Unable to continue: Failed to process the request"];
    check("Failed to process the request", &failed, &[0, 1]);
    let levels = ["ERROR WARN message", "ERROR message", "WARN message"];
    check("ERROR", &levels, &[0, 1]);
    check("?ERROR ?WARN", &levels, &[0, 1, 2]);
    check("ERROR WARN", &levels, &[0]);
    check("ERROR -WARN", &levels, &[1]);
}

/// GetContainerLog of Lightsail, which documents the same patterns.
#[test]
fn an_exclusion_alone_takes_all_others() {
    check("-ERROR", &["ERROR", "an Exception", ""], &[1, 2]);
}

#[test]
fn test_metric_filter_examples() {
    let messages = [
        "02 May 2014 00:34:12,525 [INFO] Starting the application",
        "02 May 2014 00:35:14,245 [DEBUG] Database connection established",
        "02 May 2014 00:34:14,663 [INFO] Executing SQL Query",
        "02 May 2014 00:34:16,142 [ERROR] Unhanded exception: InvalidQueryException",
        "02 May 2014 00:34:16,224 [ERROR] Terminating the application",
    ];
    check("\"[ERROR]\"", &messages, &[3, 4]);
    check("\"[ERROR]\" Exception", &messages, &[3]);
    assert_eq!(extracted("\"[ERROR]\"", messages[3]), Some(Vec::new()));
    assert_eq!(extracted("\"[ERROR]\"", messages[0]), None);
}

/// "Count log events" and "Count occurrences of a term" of "Creating metric filters".
#[test]
fn metric_filters_of_the_user_guide() {
    let messages = [
        "Test event 1",
        "Test event 2",
        "This message contains an Error",
        "This message also contains an Error",
        "an error",
    ];
    check("Error", &messages, &[2, 3]);
    check(" ", &messages, &[0, 1, 2, 3, 4]);
}

/// "Start a Live Tail session in the console", and the subscription filters of the user guide.
#[test]
fn live_tails_and_subscriptions_of_the_user_guide() {
    let messages = [
        "Warning: error 404",
        "Error",
        "INFO error",
        r#"{"eventType": "UpdateTrail", "names": "Steve Jobs"}"#,
        "abc def",
        "xabc",
        "404 ERROR",
        r#"{"userIdentity": {"type": "Root"}, "names": "Eve"}"#,
    ];
    check("Warning", &messages, &[0]);
    check("error 404", &messages, &[0]);
    check("?Error ?error", &messages, &[0, 1, 2]);
    check("-INFO", &messages, &[0, 1, 3, 4, 5, 6, 7]);
    check(r#"{ $.eventType = "UpdateTrail" }"#, &messages, &[3]);
    check("%ERROR%", &messages, &[6]);
    check("{ $.names = %Steve% }", &messages, &[3]);
    check("[ w1 = %abc%, w2 ]", &messages, &[4]);
    check("{$.userIdentity.type = Root}", &messages, &[7]);
}

/// As consoles and agents write them.
#[test]
fn phrases_keep_their_characters() {
    let pattern = "?\"Invoke Error\" ?\"Task timed out after\" ?\"ERROR\t\" ?\"[ERROR]\"";
    check(pattern, &["Task timed out after 3.00 seconds", "ERROR\tx", "[ERROR] x", "ERROR x"], &[0, 1, 2]);
    check(r#""level\\\":\\\"error""#, &[r#"{"log":"{\"level\":\"error\"}"}"#, r#"{"level":"error"}"#], &[0]);
    check(r#""say \"x\"""#, &[r#"say "x""#, r"say \"], &[0]);
    check(r#""C:\temp""#, &[r"C:\temp", "C:temp"], &[0]);
}

#[test]
fn everything_is_empty() {
    for text in ["", "  ", "\" \""] {
        assert!(pattern(text).is_empty(), "{text:?}");
        assert!(pattern(text).matches("anything"), "{text:?}");
    }
    assert!(!pattern("a").is_empty());
    assert_eq!(pattern("a").value("a", "$1"), None);
}
