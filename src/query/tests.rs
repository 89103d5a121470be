//! Properties: printed queries read back, no text makes a panic, and it does not matter how events are split.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Bounds, Execution, Line, Query, Results, fields_of, lexer, parser};

const BOUNDS: Bounds = Bounds { start_ms: 0, end_ms: 100_000, limit: None, now_ms: 200_000 };

/// Queries in which something can depend on order: ties, limits, sums, groups, rows made of rows.
const QUERIES: [&str; 18] = [
    "fields @timestamp, a, b",
    "fields a | limit 3",
    "fields a, b | sort b desc, a | limit 4",
    "fields a, b | sort a | dedup b | limit 5",
    "stats count(*), sum(a), avg(b), stddev(a), pct(a, 30) by b",
    "stats min(a), max(b), earliest(a), latest(b), values(a), count_distinct(b) by bin(10s)",
    "stats topk(2, a)",
    "stats count(*) as n by a, b | stats sum(n) as total, max(n) by b | sort total desc | limit 2",
    "fields jsonParse(@message) as j | unnest j.l into e | stats sum(e) by b",
    "fields jsonParse(@message) as j | unnest j.l into e | display e, a | limit 6",
    "parse @message /(?<d>[0-9]+)/ multi | fields d | sort d | limit 7",
    "pattern @message",
    "pattern @message | diff",
    "filter a > 0 | fields a * 2 as c | sort c | limit 2 | filter c > 1",
    "fields jsonParse(@message).l[0] as first | sort first | limit 3",
    "fields a, b | sort b | accum a as total | autoregress a p=1-2 | addtotals a, total",
    "fields l.0 as first | filldown | limit 9",
    "countFrequent b, a",
];

#[derive(Clone, Debug)]
struct Event {
    timestamp_ms: i64,
    message: String,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let number = prop_oneof![(-3i32..4).prop_map(f64::from), (-1e9..1e9f64), Just(0.1)];
    let event = (0i64..6, number, 0u8..4, vec(0u8..5, 0..3)).prop_map(|(time, a, b, list)| Event {
        timestamp_ms: time * 7_000,
        message: format!("{{\"a\":{a},\"b\":\"b{b}\",\"l\":{list:?}}}"),
    });
    vec(event, 0..150)
}

fn run(query: &Query, events: &[(usize, Event)]) -> Execution {
    let found: Vec<_> = query.inner().iter().map(|inner| run(inner, events).found()).collect();
    let resolved = (!found.is_empty()).then(|| query.resolved(&found).expect("few rows"));
    let mut execution = resolved.as_ref().unwrap_or(query).execution(BOUNDS);
    for (number, event) in events {
        execution.feed(&Line {
            timestamp_ms: event.timestamp_ms,
            ingestion_ms: event.timestamp_ms,
            message: &event.message,
            stream: "stream",
            log: "1:group",
            ptr: &|| format!("{number:05}"),
        });
    }
    execution
}

fn plain(number: usize) -> (usize, Event) {
    (number, Event { timestamp_ms: number as i64, message: format!("{{\"a\":{number}}}") })
}

#[test]
fn the_request_s_limit_cuts_and_the_query_s_own_can_exceed_the_default() {
    let events: Vec<_> = (0..12_000).map(plain).collect();
    let rows = |text: &str, limit| {
        let query = Query::parse(text).expect("a query");
        let mut execution = query.execution(Bounds { limit, ..BOUNDS });
        execution.merge(run(&query, &events));
        execution.finish().rows.len()
    };
    assert_eq!(rows("fields a", None), 10_000);
    assert_eq!(rows("fields a", Some(5)), 5);
    assert_eq!(rows("fields a | limit 7", Some(5)), 5);
    assert_eq!(rows("fields a | limit 3", Some(5)), 3);
    assert_eq!(rows("fields a | limit 11000", None), 11_000);
    assert_eq!(rows("stats count(*) by a", None), 10_000);
}

#[test]
fn the_newest_rows_are_kept_whatever_comes_first() {
    let query = Query::parse("fields a | limit 2").expect("a query");
    let mut events: Vec<_> = (0..500).map(plain).collect();
    for _ in 0..2 {
        let results = run(&query, &events).finish();
        let expected = [["499", "00499"], ["498", "00498"]];
        let expected = expected.map(|[a, ptr]| vec![("a".into(), a.into()), ("@ptr".into(), ptr.into())]);
        assert_eq!(results.rows, expected);
        assert_eq!((results.records_matched, results.records_scanned), (500, 500));
        assert_eq!(results.bytes_scanned, events.iter().map(|(_, event)| event.message.len() as u64).sum::<u64>());
        events.reverse();
    }
}

#[test]
fn matched_events_are_those_that_pass_filters() {
    let query = Query::parse("filter a < 3 | stats count(*)").expect("a query");
    let results = run(&query, &(0..10).map(plain).collect::<Vec<_>>()).finish();
    assert_eq!((results.records_matched, results.records_scanned), (3, 10));
}

#[test]
fn limit_any_is_satisfied_as_soon_as_it_can_be() {
    let query = Query::parse("filter a > 4 | limit any 2").expect("a query");
    let satisfied = |count| run(&query, &(0..count).map(plain).collect::<Vec<_>>()).satisfied();
    assert_eq!([6, 7, 8].map(satisfied), [false, true, true]);
}

#[test]
fn diff_reads_a_second_time_of_the_same_length() {
    const DAY: i64 = 86_400_000;
    let bounds = Bounds { start_ms: 100 * DAY, end_ms: 100 * DAY + 999, limit: None, now_ms: 0 };
    for (text, start) in [
        ("pattern @message | diff", 100 * DAY - 1000),
        ("pattern @message | diff previousDay", 99 * DAY),
        ("pattern @message | diff previousWeek", 93 * DAY),
        // 11 April 1970, a month earlier.
        ("pattern @message | diff previousMonth", 69 * DAY),
    ] {
        let ranges = Query::parse(text).expect("a query").ranges(bounds);
        assert_eq!(ranges, [(100 * DAY, 100 * DAY + 999), (start, start + 999)], "{text}");
    }
    assert_eq!(Query::parse("pattern @message").expect("a query").ranges(bounds).len(), 1);
}

#[test]
fn errors_count_characters() {
    let error = Query::parse("fields \"żółw\"\n| filter é = ;").expect_err("no query");
    assert_eq!(error.message.rsplit_once(" at ").expect("a place").1, "line 2 and position 13");
    assert_eq!((error.start, error.end), (27, 28));
}

#[test]
fn sources_and_indexes_are_told() {
    let text = "SOURCE logGroups(namePrefix: ['a', 'b'], class: ['INFREQUENT_ACCESS'], accountIdentifiers:['111122223333'])\
                | filterIndex x = 1 and y.z in [2]";
    let query = Query::parse(text).expect("a query");
    let source = query.source().expect("a source");
    assert_eq!(source.name_prefixes, ["a", "b"]);
    assert_eq!(source.classes, ["INFREQUENT_ACCESS"]);
    assert_eq!(source.account_identifiers, ["111122223333"]);
    let mut indexed = query.indexed().to_vec();
    indexed.sort();
    assert_eq!(indexed, ["x", "y.z"]);
    let all = Query::parse("SOURCE logGroups() | fields a").expect("a query");
    assert_eq!(all.source(), Some(&super::Source::default()));
}

#[test]
fn long_chains_are_read_and_deep_nesting_is_refused() {
    let chain = format!("filter a = 0{}", " or a = 1".repeat(250));
    assert!(Query::parse(&chain).is_ok());
    let printed = Query::parse(&chain).expect("a query").to_string();
    assert!(Query::parse(&printed).is_ok());
    for text in ["(".repeat(5000), "not ".repeat(5000), "-".repeat(5000), "abs(".repeat(5000), "a or ".repeat(5000)] {
        assert!(Query::parse(&format!("filter {text}a")).is_err());
    }
}

#[test]
fn queries_and_executions_can_cross_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Query>();
    sent::<Execution>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn splitting_and_merging_changes_nothing(
        events in events(),
        owners in vec(0usize..3, 150),
        query in 0..QUERIES.len(),
    ) {
        let query = Query::parse(QUERIES[query]).expect("a query");
        let events: Vec<(usize, Event)> = events.into_iter().enumerate().collect();
        let whole = run(&query, &events).finish();
        let part = |owner| {
            let part: Vec<_> = events.iter().filter(|(number, _)| owners[*number] == owner).cloned().collect();
            run(&query, &part)
        };
        let mut merged = part(2);
        merged.merge(part(0));
        merged.merge(part(1));
        prop_assert_eq!(merged.finish(), whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn printed_queries_read_back(text in query_text()) {
        if let Ok(script) = parser::parse(&text) {
            let printed = script.to_string();
            let again = parser::parse(&printed);
            prop_assert!(again.is_ok(), "{printed}: {again:?}");
            prop_assert_eq!(again.unwrap(), script, "{}", printed);
        }
    }

    #[test]
    fn no_query_panics(text in query_text(), message in message()) {
        all_of(&text, &message);
    }

    #[test]
    fn no_text_panics(text in ".{0,60}", message in ".{0,60}") {
        all_of(&text, &message);
    }
}

/// Runs a query over a message, if it compiles.
fn all_of(text: &str, message: &str) -> Option<Results> {
    fields_of(message);
    match Query::parse(text) {
        Ok(query) => {
            let event = Event { timestamp_ms: 5, message: message.to_owned() };
            Some(run(&query, &[(0, event.clone()), (1, event)]).finish())
        }
        Err(error) => {
            assert!(error.start <= error.end && error.end <= text.chars().count(), "{error:?} in {text:?}");
            None
        }
    }
}

fn message() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"a":{"b":[1,"x"]},"t":true,"n":-1.5e3,"s":"é\n"}"#.to_owned()),
        Just("REPORT RequestId: x\tDuration: 1 ms\tMemory Size: x MB".to_owned()),
        Just("2 1 eni-1 1.1.1.1 2.2.2.2 1 2 6 1 1 1 1 ACCEPT OK".to_owned()),
        r#"[{}\[\]":,a0-9.eE\\ \t=*-]{0,40}"#,
    ]
}

/// Texts that look like queries: words of the language in an order that mostly makes sense.
fn query_text() -> impl Strategy<Value = String> {
    vec(command_text(), 1..4).prop_map(|commands| commands.join(" | "))
}

fn command_text() -> impl Strategy<Value = String> {
    let names = || vec(name_text(), 1..3).prop_map(|names| names.join(", "));
    prop_oneof![
        vec(item_text(), 1..4).prop_map(|items| format!("fields {}", items.join(", "))),
        vec(item_text(), 1..3).prop_map(|items| format!("display {}", items.join(", "))),
        expr_text().prop_map(|expr| format!("filter {expr}")),
        (name_text(), expr_text(), source_text()).prop_map(|(name, expr, source)| {
            format!("filter {name} in ({source} | filter {expr} | fields {name}) or !{name}")
        }),
        (name_text(), name_text(), source_text()).prop_map(|(left, right, source)| {
            format!("join type=left left=l right=`r r` where l.{left} = `r r`.{right} ({source}) | fields `r r`.b")
        }),
        (aggregate_text(), item_text()).prop_map(|(call, by)| format!("stats {call} as total by {by}")),
        (expr_text(), "(asc|desc|)").prop_map(|(expr, order)| format!("sort {expr} {order}")),
        (1u32..200).prop_map(|count| format!("limit {count}")),
        names().prop_map(|names| format!("dedup {names}")),
        "[a-z:*/ ]{1,8}".prop_map(|glob| {
            let names: Vec<_> = (0..glob.matches('*').count()).map(|number| format!("g{number}")).collect();
            format!("parse @message \"{glob}\" as {}", names.join(", "))
        }),
        r#"[a-z.*/\\"()?<>]{1,10}"#.prop_map(|regex| format!("parse /{}/ as r multi", regex.replace('/', "\\/"))),
        Just("parse @message logfmt as lf".to_owned()),
        names().prop_map(|names| format!("countFrequent {names}")),
        (name_text(), name_text()).prop_map(|(field, into)| format!("accum {field} as {into}")),
        (name_text(), 1u32..4, 0u32..3)
            .prop_map(|(field, first, more)| format!("autoregress {field} p={first}-{}", first + more)),
        "filldown( [a-z@*]{1,3}(\\.[a-z0-9*]{1,2})?){0,3}",
        names().prop_map(|names| format!("addtotals fieldname=sum {names}")),
        Just("pattern @message | diff previousWeek".to_owned()),
        (name_text(), name_text())
            .prop_map(|(list, into)| format!("unnest jsonParse(@message) into {into} | expand {list}")),
        (name_text(), name_text()).prop_map(|(field, alias)| format!("json field={field} \"a.b.0\" as {alias}")),
    ]
}

fn source_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("SOURCE group".to_owned()),
        "SOURCE '[a-z/. ]{1,6}'",
        "SOURCE logGroups\\(namePrefix: \\['[a-z/]{0,3}'\\]\\)",
        "SOURCE logGroupTags\\(\\[\\{'key':'[a-z]', 'values':\\['[!*a-z]{0,4}'\\]\\}\\]\\)",
    ]
}

fn item_text() -> impl Strategy<Value = String> {
    (expr_text(), proptest::option::of(name_text())).prop_map(|(expr, alias)| match alias {
        Some(alias) => format!("{expr} as {alias}"),
        None => expr,
    })
}

fn name_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z@][a-z0-9_]{0,3}(\\.[a-z0-9]{1,2}){0,2}",
        "`[a-z -]{1,4}`(\\.`[^`]{1,3}`)?(\\[[0-9]\\])?",
        Just("@message".to_owned()),
        Just("@timestamp".to_owned()),
        Just("@`aws.tag.x`".to_owned()),
    ]
    .prop_filter("keywords are no names", |name| lexer::token(name, 0).is_ok())
}

fn aggregate_text() -> impl Strategy<Value = String> {
    let names = ["count", "sum", "avg", "min", "max", "median", "stddev", "variance", "values", "latest", "sortsLast"];
    prop_oneof![
        Just("count(*)".to_owned()),
        (0..names.len(), expr_text()).prop_map(move |(index, expr)| format!("{}({expr})", names[index])),
        (expr_text(), 0u32..101).prop_map(|(expr, percent)| format!("pct({expr}, {percent})")),
    ]
}

fn expr_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        name_text(),
        "[0-9]{1,4}(\\.[0-9]{1,3})?(e[0-9])?",
        r#""[^"\\]{0,5}""#,
        r#"'(\\'|[^'\\]){0,3}'"#,
        Just("true".to_owned()),
        Just("bin(5m)".to_owned()),
        Just("now()".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let functions = ["abs", "strlen", "concat", "coalesce", "jsonParse", "trim", "substr", "if", "split", "round"];
        let operators = ["+", "-", "*", "/", "%", "^", "=", "!=", "<", ">=", "and", "or"];
        prop_oneof![
            (inner.clone(), 0..operators.len(), inner.clone())
                .prop_map(move |(left, index, right)| format!("{left} {} {right}", operators[index])),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("not {inner}")),
            inner.clone().prop_map(|inner| format!("-{inner}")),
            inner.clone().prop_map(|inner| format!("!{inner}")),
            inner.clone().prop_map(|inner| format!("jsonParse({inner}).a[0].`b c`")),
            (inner.clone(), "[a-z./\"\\\\]{0,5}")
                .prop_map(|(inner, text)| { format!("{inner} not like /{}/", text.replace('/', "\\/")) }),
            inner.clone().prop_map(|inner| format!("{inner} in [1, \"x\", -2]")),
            (0..functions.len(), vec(inner, 1..4)).prop_map(move |(index, args)| format!(
                "{}({})",
                functions[index],
                args.join(", ")
            )),
        ]
    })
}
