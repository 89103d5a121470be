//! "Using filter patterns to match terms in space-delimited log events", and TestMetricFilter's examples of fields.

use super::{check, extracted, matching, pattern};

const ACCESS: [&str; 3] = [
    r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 200 4355"#,
];

const PROD: &str = r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

const LEVELS: [&str; 4] = [
    "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
    "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
    "WARNING 09/25/2014 12:00:02 Invalid user request",
    "ERROR 09/25/2014 12:00:02 Failed to process request",
];

#[track_caller]
fn check_extracted(text: &str, message: &str, expected: &[&str]) {
    let mut expected: Vec<_> = expected.iter().map(|value| (*value).to_owned()).collect();
    expected.sort();
    assert_eq!(extracted(text, message), Some(expected), "{text}");
}

#[test]
fn test_metric_filter_examples() {
    let all = "[ip, identity, user_id, timestamp, request, status_code, size]";
    check(all, &ACCESS, &[0, 1, 2]);
    let named = ["$ip=127.0.0.1", "$identity=-", "$user_id=frank", "$timestamp=10/Oct/2000:13:35:22 -0700"];
    let rest = ["$request=GET /apache_pb.gif HTTP/1.0", "$status_code=500", "$size=5324"];
    check_extracted(all, ACCESS[1], &[&named[..], &rest].concat());

    let start = ["$1=127.0.0.1", "$2=-", "$3=frank", "$4=10/Oct/2000:13:25:15 -0700"];
    let request = "$5=GET /apache_pb.gif HTTP/1.0";
    check("[..., size]", &ACCESS, &[0, 1, 2]);
    check_extracted("[..., size]", ACCESS[0], &[&start[..], &[request, "$6=200", "$size=1534"]].concat());
    check("[]", &ACCESS, &[0, 1, 2]);
    check_extracted("[]", ACCESS[0], &[&start[..], &[request, "$6=200", "$7=1534"]].concat());
    check("[..., status_code=200, size]", &ACCESS, &[0, 2]);
    let fields = [&start[..], &[request, "$status_code=200", "$size=1534"]].concat();
    check_extracted("[..., status_code=200, size]", ACCESS[0], &fields);

    let pages = [
        r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#,
        r#"127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /about-us/index.html HTTP/1.0" 200 5324"#,
        r#"127.0.0.1 - frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 404 4355"#,
        r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /products/index.html HTTP/1.0" 400 1534"#,
    ];
    let html = "[..., request=*.html*, status_code=4*,]";
    check(html, &pages, &[0, 3]);
    let found = ["$request=GET /products/index.html HTTP/1.0", "$status_code=400", "$7=1534"];
    check_extracted(html, pages[3], &[&start[..], &found].concat());
}

#[test]
fn patterns_of_the_user_guide() {
    for pattern in [
        r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        "[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        "[..., request =*.html*, status_code = 4*, bytes]",
        "[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]",
        "[ip, server, username, timestamp, request, status_code, bytes > 1000]",
        "[..., status_code, bytes]",
        "[ip, user, ..., status_code, bytes]",
        "[ip, user, ...]",
        "[ip, user, username, timestamp, request = *html*, status_code = 4* && status_code != 403, bytes]",
    ] {
        assert_eq!(matching(pattern, &[PROD]), [0], "{pattern}");
    }
    for pattern in [
        "[ip, user, username, timestamp, request, status_code = 200, bytes]",
        "[ip, user, username, timestamp, request, status_code = 403 || status_code = 405, bytes]",
        "[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]",
        "[ip, user, username, timestamp, request, status_code, bytes > 1534]",
        "[ip, user, username, timestamp, request, status_code, bytes, more]",
    ] {
        assert_eq!(matching(pattern, &[PROD]), [0; 0], "{pattern}");
    }
    check_extracted(
        "[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        PROD,
        &[
            "$bytes=1534",
            "$status_code=404",
            "$request=GET /index.html HTTP/1.0",
            "$timestamp=10/Oct/2000:13:25:15 -0700",
            "$username=frank",
            "$user=Prod",
            "$ip=127.0.0.1",
        ],
    );
}

/// The page's lines have more words than its patterns have columns: the last column takes the rest.
#[test]
fn words_in_order() {
    check("[w1=ERROR, w2]", &LEVELS, &[3]);
    check("[w1=ERROR || w1=WARNING, w2]", &LEVELS, &[2, 3]);
    check("[w1!=ERROR && w1!=WARNING, w2]", &LEVELS, &[0, 1]);
    check("[w1=ERROR]", &LEVELS, &[]);
    check_extracted("[w1=ERROR, w2]", LEVELS[3], &["$w1=ERROR", "$w2=09/25/2014 12:00:02 Failed to process request"]);
    check_extracted("[a, b]", "x {\"k\": \"v w\"}\n", &["$a=x", "$b={\"k\": \"v w\"}"]);
    check("[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]", &LEVELS, &[0]);
    check("[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, response_time]", &LEVELS, &[1]);
}

/// The examples of "Creating metric filters", and of "Filter pattern syntax for metric filters".
#[test]
fn metric_filters_of_the_user_guide() {
    let lines = [
        r#"127.0.0.1 - - [24/Sep/2013:11:49:52 -0700] "GET /index.html HTTP/1.1" 404 287"#,
        r#"127.0.0.1 - - [24/Sep/2013:11:49:52 -0700] "GET /index.html HTTP/1.1" 404 287"#,
        r#"127.0.0.1 - - [24/Sep/2013:11:50:51 -0700] "GET /~test/ HTTP/1.1" 200 3"#,
        r#"127.0.0.1 - - [24/Sep/2013:11:50:51 -0700] "GET /favicon.ico HTTP/1.1" 404 308"#,
        r#"127.0.0.1 - - [24/Sep/2013:11:50:51 -0700] "GET /favicon.ico HTTP/1.1" 404 308"#,
        r#"127.0.0.1 - - [24/Sep/2013:11:51:34 -0700] "GET /~test/index.html HTTP/1.1" 200 3"#,
    ];
    check("[ip, id, user, timestamp, request, status_code=4*, size]", &lines, &[0, 1, 3, 4]);
    let sizes = pattern("[ip, id, user, timestamp, request, status_code, size]");
    let size = |line: &&str| sizes.value(line, "$size");
    let found: Vec<_> = lines.iter().filter_map(size).collect();
    assert_eq!(found, ["287", "287", "3", "308", "308", "3"]);
    assert_eq!(sizes.value(lines[0], "$ip").as_deref(), Some("127.0.0.1"));
    let visits = [
        r#"127.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 404 2326"#,
        r#"127.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /apache_pb2.gif HTTP/1.0" 200 2326"#,
        r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 404 2326"#,
    ];
    check("[IP, UserInfo, User, Timestamp, RequestInfo, StatusCode=404, Bytes]", &visits, &[0, 2]);
    check("[ip, id, user, timestamp, request, status_code=404, size]", &visits, &[0, 2]);
    check("[w1=ERROR || w1=%WARN%, w2]", &LEVELS, &[2, 3]);
    check_extracted(
        "[ip, server, username, timestamp, request, status_code, bytes > 1000]",
        PROD,
        &[
            "$bytes=1534",
            "$status_code=404",
            "$request=GET /index.html HTTP/1.0",
            "$timestamp=10/Oct/2000:13:25:15 -0700",
            "$username=frank",
            "$server=Prod",
            "$ip=127.0.0.1",
        ],
    );
}

/// Of the VPC user guide and the consoles' blueprints.
#[test]
fn patterns_in_use() {
    let flows = [
        "2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
        "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA",
    ];
    let start = "[version, account, eni, source, destination, srcport";
    check(
        &format!(
            "{start}, destport, protocol=\"6\", packets, bytes, windowstart, windowend, action=\"REJECT\", status]"
        ),
        &flows,
        &[1],
    );
    check(&format!("{start} != \"-\", ...]"), &flows, &[0, 1]);
    check(&format!("{start}, destport=22, protocol=6, ...]"), &flows, &[0]);
    let lambda = "[timestamp=*Z, request_id=\"*-*\", event]";
    let lines = ["2016-01-01T00:00:00.000Z\t6bc28136-xmpl\tINFO\t{\"a\": 1}\n", "START RequestId: 6bc28136-xmpl\n"];
    check(lambda, &lines, &[0]);
    check("[report_name=\"REPORT\", ...]", &["REPORT RequestId: x", "END RequestId: x"], &[0]);
}

#[test]
fn values_are_found_by_their_names() {
    let pattern = pattern("[ip, user, ..., bytes]");
    assert_eq!(pattern.value(PROD, "$bytes").as_deref(), Some("1534"));
    assert_eq!(pattern.value(PROD, "$5").as_deref(), Some("GET /index.html HTTP/1.0"));
    assert_eq!(pattern.value(PROD, "$absent"), None);
    assert_eq!(pattern.value("a b", "$bytes"), None);
}

#[test]
fn fields_without_their_end_are_words() {
    check_extracted("[]", "\"a b [c d", &["$1=\"a", "$2=b", "$3=[c", "$4=d"]);
    check_extracted("[]", "\"\" [] x", &["$1=", "$2=", "$3=x"]);
    check("[a, ...]", &["", "  ", "x"], &[2]);
    check("[a > 5, ...]", &["6", "5.5", "5", "x", "-"], &[0, 1]);
    check("[a != 5, ...]", &["5.0", "x"], &[1]);
}
