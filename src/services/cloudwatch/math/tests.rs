//! The functions and examples of the page, and what is refused.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::services::cloudwatch::window::Window;
use crate::world::time::Time;

/// The first of some five minutes: Thursday, 1 January 2026, 12:58.
const START: i64 = 1_767_272_280;

struct World {
    values: BTreeMap<&'static str, Value>,
    history: Series,
}

/// Values of moments a minute apart; `-` where there is none.
fn series(text: &str) -> Series {
    let points = (0..).zip(text.split_whitespace());
    let points = points.filter_map(|(n, value)| Some((START + 60 * n, value.parse().ok()?))).collect();
    Series { period: 60, points, ..Series::default() }
}

fn shown(series: &Series) -> String {
    let at =
        |n: i64| series.at(START + 60 * n).map_or("-".to_owned(), |value| format!("{}", (value * 1e6).round() / 1e6));
    assert!(series.points.iter().all(|(at, _)| (START..START + 300).contains(at)), "{series:?}");
    (0..5).map(at).collect::<Vec<_>>().join(" ")
}

impl World {
    fn new() -> World {
        let values = BTreeMap::from([
            ("m1", series("1 2 - 4 -1").into()),
            ("m2", series("10 - 30 0 50").into()),
            ("errors4xx", series("5 5 5 5 5").into()),
            ("e1", series("7 7 7 7 7").into()),
            ("metric1", series("30 20 0 0 -").into()),
            ("metric2", series("20 - 20 - -").into()),
            ("c", series("1 1 0 0 -").into()),
            ("a", series("30 - 0 0 30").into()),
            ("b", series("0 0 20 - 20").into()),
            ("empty", series("- - - - -").into()),
            ("list", Value::List(vec![series("3 3"), series("9 0"), series("- - 1")])),
        ]);
        World { values, history: Series::default() }
    }
}

impl Names for World {
    fn kind_of(&self, id: &str) -> Option<Type> {
        self.values.get(id).map(|value| match value {
            Value::Scalar(_) => Type::Scalar,
            Value::Series(_) => Type::Series,
            Value::List(_) => Type::List,
        })
    }

    fn is_metric(&self, id: &str) -> bool {
        !matches!(id, "e1" | "list")
    }

    fn has_period(&self) -> bool {
        true
    }
}

impl Scope for World {
    fn value(&self, id: &str) -> Value {
        self.values.get(id).cloned().unwrap_or(Value::Scalar(f64::NAN))
    }

    fn metrics(&self) -> Vec<(String, Series)> {
        let wanted = ["m1", "m2", "errors4xx"];
        wanted
            .into_iter()
            .filter_map(|id| match &self.values[id] {
                Value::Series(series) => Some((id.to_owned(), series.clone())),
                _ => None,
            })
            .collect()
    }

    fn search(&self, text: &str, statistic: &str, period: Option<i64>) -> Vec<Series> {
        vec![Series { label: format!("{text}|{statistic}|{period:?}"), ..series("1 1") }]
    }

    fn past(&self, _: &Node) -> Option<Past> {
        Some(Past { series: self.history.clone(), ..Past::default() })
    }

    fn allows(&self, points: usize) -> bool {
        points < 1000
    }

    fn window(&self, period: Option<i64>) -> Window {
        let time = |second| Time::from_timestamp(second, 0).unwrap();
        Window::new(time(START), time(START + 300), period.unwrap_or(60), time(START + 300))
    }
}

fn value(expression: &str) -> Value {
    let world = World::new();
    let node = parse(expression).unwrap_or_else(|flaw| panic!("{expression}: {flaw:?}"));
    let kind = check(&node, &world).unwrap_or_else(|flaw| panic!("{expression}: {flaw:?}"));
    let value = evaluate(&node, &world);
    let found = match &value {
        Value::Scalar(_) => Type::Scalar,
        Value::Series(_) => Type::Series,
        Value::List(_) => Type::List,
    };
    assert_eq!(found, kind, "{expression}");
    value
}

/// What an expression comes to: a number, a series, or series with `|` between them.
fn comes_to(expression: &str, wanted: &str) {
    let found = match value(expression) {
        Value::Scalar(number) => format!("{number}"),
        Value::Series(series) => shown(&series),
        Value::List(list) => list.iter().map(shown).collect::<Vec<_>>().join(" | "),
    };
    assert_eq!(found, wanted, "{expression}");
}

#[test]
fn arithmetic() {
    comes_to("1 + 2 * 3 - 4 / 2", "5");
    comes_to("2 ^ 3 ^ 2", "512");
    comes_to("-2 ^ 2", "-4");
    comes_to("(1 + 2) * -3", "-9");
    comes_to("1e2 + .5", "100.5");
    comes_to("m1", "1 2 - 4 -1");
    comes_to("5 * m1", "5 10 - 20 -5");
    comes_to("-m1", "-1 -2 - -4 1");
    // "Missing values are treated as 0"; divisions by zero are dropped.
    comes_to("m1 - m2", "-9 2 -30 4 -51");
    comes_to("m2 / m1", "10 0 - 0 -50");
    comes_to("m1 / 0", "- - - - -");
    comes_to("[m1, m2] / errors4xx", "0.2 0.4 0 0.8 -0.2 | 2 0 6 0 10");
    comes_to("SUM(100/[m1, m2])", "110 50 3.333333 25 -98");
    comes_to("SUM(-[m1, m2])", "-11 -2 -30 -4 -49");
    comes_to("METRICS()*100", "100 200 - 400 -100 | 1000 - 3000 0 5000 | 500 500 500 500 500");
    comes_to("AVG([m1,m2]/errors4xx)", "1.1 0.2 3 0.4 4.9");
    comes_to("PERIOD(m1)/60", "1");
}

#[test]
fn comparisons() {
    comes_to("(metric1 < metric2)", "0 0 1 0 -");
    comes_to("(metric1 >= 30)", "1 0 0 0 -");
    comes_to("(metric1 > 15 AND metric2 > 15)", "1 0 0 0 -");
    comes_to("metric1 > 15 && metric2 > 15", "1 0 0 0 -");
    comes_to("metric1 == 20 OR metric1 == 30", "1 1 0 0 -");
    comes_to("metric1 == 20 || metric1 != 0", "1 1 0 0 -");
    comes_to("1 <= 2", "1");
    comes_to("3 < 2", "0");
}

#[test]
fn functions_of_each_point() {
    comes_to("ABS(m1-m2)", "9 2 30 4 51");
    comes_to("MIN(ABS([m1, m2]))", "1 2 30 0 1");
    comes_to("CEIL(m1/2)", "1 1 - 2 -0");
    comes_to("FLOOR(m1/2)", "0 1 - 2 -1");
    comes_to("DIFF(m1)", "- 1 - 2 -5");
    comes_to("DIFF_TIME(m1)", "- 60 - 120 60");
    comes_to("RATE(m1)", "- 0.016667 - 0.016667 -0.083333");
    comes_to("RUNNING_SUM([m1,m2])", "1 3 - 7 6 | 10 - 40 40 90");
    // Logarithms of nothing are dropped.
    comes_to("LOG(m2)", "2.302585 - 3.401197 - 3.912023");
    comes_to("LOG10(m2)", "1 - 1.477121 - 1.69897");
}

#[test]
fn functions_of_all_points() {
    comes_to("AVG(m1)", "1.5");
    comes_to("SUM(m1)", "6");
    comes_to("MIN(m1)", "-1");
    comes_to("MAX(m2)", "50");
    comes_to("DATAPOINT_COUNT(m1)", "4");
    comes_to("STDDEV(errors4xx)", "0");
    comes_to("STDDEV(metric1)", "12.99038105676658");
    comes_to("SUM([m1,m2])/AVG(m2)", "0.488889 0.088889 1.333333 0.177778 2.177778");
    comes_to("AVG(METRICS())", "5.333333 2.333333 11.666667 3 18");
    comes_to("DATAPOINT_COUNT(METRICS())", "3 2 2 3 3");
    comes_to("MAX(METRICS())", "10 5 30 5 50");
    comes_to("MIN(METRICS())", "1 2 5 0 -1");
    comes_to("STDDEV([m1,m2])", "4.5 0 0 2 25.5");
    comes_to("m1-MIN(m1)", "2 3 - 5 0");
    comes_to("MAX(m2)/m1", "50 25 - 12.5 -50");
    comes_to("m1/METRIC_COUNT(METRICS())*3", "1 2 - 4 -1");
    comes_to("SUM(METRICS(\"errors\"))", "5 5 5 5 5");
    comes_to("SUM([METRICS('4xx'), METRICS('m')])", "16 7 35 9 54");
    comes_to("m1 - AVG(empty)", "- - - - -");
}

#[test]
fn filling() {
    comes_to("FILL(m1,10)", "1 2 10 4 -1");
    comes_to("FILL([m1, m2], 0)", "1 2 0 4 -1 | 10 0 30 0 50");
    comes_to("FILL([m1, m2], errors4xx)", "1 2 5 4 -1 | 10 5 30 0 50");
    comes_to("FILL(m1, MIN(m1))", "1 2 -1 4 -1");
    comes_to("FILL(m1, REPEAT)", "1 2 2 4 -1");
    comes_to("FILL(metric1, REPEAT)", "30 20 0 0 0");
    comes_to("FILL(m1, LINEAR)", "1 2 3 4 -1");
    comes_to("FILL(metric2, LINEAR)", "20 20 20 - -");
    comes_to("FILL(empty, 0)", "0 0 0 0 0");
    comes_to("FILL(empty, LINEAR)", "- - - - -");
}

#[test]
fn arrays() {
    comes_to("FIRST(list)", "3 3 - - -");
    comes_to("LAST(list)", "- - 1 - -");
    comes_to("SLICE(SORT(list, SUM, DESC), 0, 1)", "9 0 - - -");
    comes_to("SLICE(SORT(list, AVG, ASC), 2)", "9 0 - - -");
    comes_to("SORT(list, MAX, ASC)", "- - 1 - - | 3 3 - - - | 9 0 - - -");
    comes_to("SORT(list, MIN, DESC, 2)", "3 3 - - - | - - 1 - -");
    comes_to("SLICE(list, 5)", "");
    comes_to("METRIC_COUNT(REMOVE_EMPTY([m1, empty]))", "1");
    comes_to("METRIC_COUNT(list)", "3");
    comes_to("IF(FIRST(SORT(METRICS(), AVG, DESC))>20, 1, 0)", "0 - 1 0 1");
    comes_to("TIME_SERIES(MAX(m1))", "4 4 4 4 4");
    comes_to("TIME_SERIES(10)", "10 10 10 10 10");
    comes_to("[m1, list]", "1 2 - 4 -1 | 3 3 - - - | 9 0 - - - | - - 1 - -");
}

/// 12:58 to 13:02 on a Thursday, 1 January 2026.
#[test]
fn moments() {
    comes_to("MINUTE(m1)", "58 59 0 1 2");
    comes_to("HOUR(m1)", "12 12 13 13 13");
    comes_to("DAY(m1)", "4 4 4 4 4");
    comes_to("DATE(m1)", "1 1 1 1 1");
    comes_to("MONTH(m1)", "1 1 1 1 1");
    comes_to("YEAR(m1)", "2026 2026 2026 2026 2026");
    comes_to("EPOCH(m1) - 1767272280", "0 60 120 180 240");
    comes_to("IF(DAY(m1)<6,m1)", "1 2 0 4 -1");
    comes_to("IF(MONTH(m1) == 4,m1)", "- - - - -");
}

/// The tables of "Using IF expressions".
#[test]
fn conditions() {
    comes_to("IF(c, a, b)", "30 0 20 0 -");
    comes_to("IF(c, 5, b)", "5 5 20 - -");
    comes_to("IF(c, a, 5)", "30 0 5 5 -");
    comes_to("IF(c, a)", "30 0 - - -");
    comes_to("IF(c, 5, 6)", "5 5 6 6 -");
    comes_to("IF(1, a, b)", "30 - 0 0 30");
    comes_to("IF(0, a, b)", "0 0 20 - 20");
    comes_to("IF(0, a)", "- - - - -");
    comes_to("IF(metric1<25, metric1)", "- 20 0 0 -");
    comes_to("IF(metric1<25, 10, 2)", "2 10 10 10 -");
    comes_to("IF(metric1>metric2, 1, 0)", "1 1 0 0 -");
}

#[test]
fn bands() {
    let mut world = World::new();
    // Ten minutes of two hours ago, 14 and 10 in turns: a deviation of 2, of one degree of freedom less.
    let points = (0..10).map(|n| (START - 7200 + 60 * n, if n % 2 == 0 { 14.0 } else { 10.0 })).collect();
    world.history = Series { points, ..series("") };
    let node = parse("ANOMALY_DETECTION_BAND(m1, 3)").unwrap();
    assert_eq!(check(&node, &world), Ok(Type::List));
    let Value::List(band) = evaluate(&node, &world) else { panic!("no band") };
    let [lower, upper] = &band[..] else { panic!("{band:?}") };
    let wide = 3.0 * 2.0 * (10.0_f64 / 9.0).sqrt();
    for n in 0..5 {
        let edges = [lower.at(START + 60 * n).unwrap(), upper.at(START + 60 * n).unwrap()];
        assert_eq!(edges.map(|edge| (edge * 1e6).round()), [12.0 - wide, 12.0 + wide].map(|edge| (edge * 1e6).round()));
    }
    // Nine points make no band.
    world.history.points.truncate(9);
    assert_eq!(evaluate(&node, &world), Value::List(vec![series("- - -"), series("- - -")]));
}

#[test]
fn searches() {
    let Value::List(found) = value(r#"SEARCH('{AWS/EC2,InstanceId} MetricName="CPUUtilization"', 'Average', 300)"#)
    else {
        panic!("no array")
    };
    assert_eq!(found[0].label, r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization"|Average|Some(300)"#);
    comes_to("SUM(SEARCH(' Errors ', 'Sum'))", "1 1 - - -");
}

fn refused(expression: &str) -> Flaw {
    let flaw = parse(expression).and_then(|node| check(&node, &World::new()));
    flaw.err().unwrap_or_else(|| panic!("{expression} is taken"))
}

#[test]
fn what_cannot_be_read() {
    let syntax = |expression: &str, at, expected| {
        assert_eq!(refused(expression), Flaw { at, kind: FlawKind::Syntax(expected) }, "{expression}");
    };
    syntax("", 1, "a value");
    syntax("m1 +", 5, "a value");
    syntax("m1 m2", 4, "an operator or the end");
    syntax("(m1", 4, ")");
    syntax("[m1, ", 6, "a value");
    syntax("SUM(m1", 7, ")");
    syntax("m1 % 2", 4, "an operator or a value");
    syntax("METRICS('a", 11, "the end of a text");
    syntax("1e999", 1, "a number");
    syntax(&"(".repeat(2000), 65, "less nesting");
    syntax(&"-".repeat(2000), 65, "less nesting");
    assert!(matches!(refused(&format!("m1{}", "+m1".repeat(680))).kind, FlawKind::Syntax("fewer operators")));
    syntax("SEARCH('{AWS/EC2', 'Sum', 60)", 17, "}");
}

#[test]
fn what_makes_no_sense() {
    let check = |expression: &str, at, kind| assert_eq!(refused(expression), Flaw { at, kind }, "{expression}");
    check("ANOMALY_DETECTOR(m1)", 1, FlawKind::NoFunction("ANOMALY_DETECTOR".into()));
    check("sum(m1)", 1, FlawKind::NoFunction("sum".into()));
    check("m1 + m9", 6, FlawKind::NoId("m9".into()));
    check("1 + LAMBDA('f')", 5, FlawKind::NotBuilt("LAMBDA"));
    for name in ["DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA"] {
        check(&format!("{name}(m1)"), 1, FlawKind::NotBuilt(name));
    }
    check("m1 + 'a'", 1, FlawKind::Operands("+"));
    check("m1 == REPEAT", 1, FlawKind::Operands("=="));
    check("-'a'", 1, FlawKind::Operands("-"));
    check("[1, m1]", 2, FlawKind::Operands("[]"));
    check("SEARCH('a', 'Total', 60)", 13, FlawKind::NoStatistic("Total".into()));
    check("SEARCH('a', 'Sum', 61)", 20, FlawKind::Period);
    let arguments = |expression: &str, name| {
        assert!(matches!(refused(expression).kind, FlawKind::Arguments(known, _) if known == name), "{expression}");
    };
    for (expression, name) in [
        ("ABS(5)", "ABS"),
        ("ABS()", "ABS"),
        ("SUM(m1, m2)", "SUM"),
        ("FIRST(m1)", "FIRST"),
        ("DAY(METRICS())", "DAY"),
        ("PERIOD(e1)", "PERIOD"),
        ("PERIOD(m1 + 1)", "PERIOD"),
        ("FILL(m1, SOMEHOW)", "FILL"),
        ("FILL(m1)", "FILL"),
        ("IF(1, 2, 3)", "IF"),
        ("IF(list, m1)", "IF"),
        ("IF(m1)", "IF"),
        ("SORT(list, AVG)", "SORT"),
        ("SORT(list, LAST, ASC)", "SORT"),
        ("SORT(list, AVG, UP)", "SORT"),
        ("METRICS(1)", "METRICS"),
        ("TIME_SERIES(m1)", "TIME_SERIES"),
        ("SLICE(m1, 1)", "SLICE"),
        ("METRIC_COUNT(m1)", "METRIC_COUNT"),
        ("SEARCH(m1, 'Sum')", "SEARCH"),
        ("REMOVE_EMPTY(m1)", "REMOVE_EMPTY"),
    ] {
        arguments(expression, name);
    }
}

const PIECES: [&str; 44] = [
    "m1",
    "m2",
    "list",
    "empty",
    "c",
    "1",
    "0",
    "-3.5",
    "1e300",
    "+",
    "-",
    "*",
    "/",
    "^",
    "<",
    ">=",
    "==",
    "AND",
    "||",
    "(",
    ")",
    "[",
    "]",
    ",",
    "SUM(",
    "METRICS()",
    "FILL(",
    "REPEAT",
    "LINEAR",
    "IF(",
    "SORT(list, MAX, DESC",
    "SLICE(",
    "RATE(",
    "TIME_SERIES(",
    "STDDEV(",
    "PERIOD(m1",
    "DAY(",
    "LOG(",
    "FIRST(",
    "SEARCH('a', 'Sum'",
    "'",
    "\"",
    "é",
    "RUNNING_SUM(",
];

proptest! {
    /// Whatever is written, it is refused at a place within it, or comes to what its type says.
    #[test]
    fn any_text(pieces in proptest::collection::vec(select(&PIECES[..]), 0..24)) {
        let (text, world) = (pieces.join(" "), World::new());
        match parse(&text).and_then(|node| check(&node, &world).map(|kind| (node, kind))) {
            Err(flaw) => prop_assert!((1..=text.chars().count() + 1).contains(&flaw.at), "{text}: {flaw:?}"),
            Ok((node, kind)) => {
                let fits = match evaluate(&node, &world) {
                    Value::Scalar(_) => matches!(kind, Type::Scalar | Type::Text | Type::Word),
                    Value::Series(_) => kind == Type::Series,
                    Value::List(_) => kind == Type::List,
                };
                prop_assert!(fits, "{text} is no {kind:?}");
            }
        }
    }
}
