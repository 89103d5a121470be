//! Queries over a small store.

use super::*;
use crate::services::cloudwatch::put::Dimension;
use crate::services::cloudwatch::store::{MetricId, Report, Sample, Store, unit};
use crate::world::scope::{AccountId, Region};

/// Noon of the first of January 2026; data reaches from an hour before to then.
const NOON: i64 = 1_767_268_800;

fn time(second: i64) -> Time {
    Time::from_timestamp(second, 0).unwrap()
}

fn account() -> AccountId {
    AccountId::parse("000000000000").unwrap()
}

/// `App` has `Errors` and `Calls` of two functions, minute by minute: of `a` 1 and 10, of `b` 2 and 40.
fn store() -> Store {
    let mut store = Store::default();
    for (function, errors, calls) in [("a", 1.0, 10.0), ("b", 2.0, 40.0)] {
        for (name, value) in [("Errors", errors), ("Calls", calls)] {
            for minute in 0..60 {
                let metric = MetricId::new("App", name, [("FunctionName", function)]);
                let at = NOON - 3600 + 60 * minute;
                store.add(time(NOON), Report { metric, at, unit: unit(Some("Count")), sample: Sample::One(value) });
            }
        }
    }
    store
}

fn metric(id: &str, name: &str, function: &str) -> MetricDataQuery {
    let dimensions = vec![Dimension { name: "FunctionName".into(), value: function.into() }];
    let metric = Listed { namespace: "App".into(), name: name.into(), dimensions };
    let stat = MetricStat { metric, period: 300, stat: "Sum".into(), unit: None };
    MetricDataQuery { id: id.into(), stat: Some(stat), ..MetricDataQuery::default() }
}

fn expression(id: &str, text: &str) -> MetricDataQuery {
    MetricDataQuery { id: id.into(), expression: Some(text.into()), ..MetricDataQuery::default() }
}

fn labelled(label: &str, query: MetricDataQuery) -> MetricDataQuery {
    MetricDataQuery { label: Some(label.into()), ..query }
}

fn page(queries: &[MetricDataQuery], limit: usize, ascending: bool, token: Option<&str>) -> MetricData {
    let plan = Plan::new(queries, &account()).unwrap_or_else(|fault| panic!("{fault:?}"));
    let span = Span { start: time(NOON - 1800), end: time(NOON), now: time(NOON) };
    let gathered = plan.gather(&store(), span, (&account(), Region::US_EAST_1));
    let (place, offset) = (Place::parse(token).unwrap(), Offset::parse(Some("+0130")).unwrap());
    page::cut(&gathered, &page::Wanted { place, limit, ascending, offset })
}

fn shown(data: &MetricData) -> Vec<(String, String, Vec<f64>)> {
    data.results.iter().map(|result| (result.id.clone(), result.label.clone(), result.values.clone())).collect()
}

fn refused(queries: &[MetricDataQuery]) -> String {
    Plan::new(queries, &account()).map(|_| ()).unwrap_err().message
}

#[test]
fn metrics_and_math() {
    let queries = [
        metric("errors", "Errors", "a"),
        MetricDataQuery { returned: Some(false), ..metric("calls", "Calls", "a") },
        expression("rate", "100 * errors / calls"),
        expression("twice", "[rate, rate * 2]"),
    ];
    let data = page(&queries, 1000, true, None);
    let found = shown(&data);
    assert_eq!(found[0], ("errors".into(), "Errors".into(), vec![5.0; 6]));
    assert_eq!(found[1], ("rate".into(), "rate".into(), vec![10.0; 6]));
    assert_eq!((found[3].0.as_str(), &found[3].2), ("twice", &vec![20.0; 6]));
    let moments: Vec<_> = data.results[0].moments.iter().map(|time| time.timestamp() - NOON).collect();
    assert_eq!(moments, [-1800, -1500, -1200, -900, -600, -300]);
    assert_eq!((data.token, data.messages.len()), (None, 0));
}

/// As real answers have them: names, and what differs.
#[test]
fn labels_tell_apart() {
    let with = |stat: &str, period, query: MetricDataQuery| {
        let stat = query.stat.map(|known| MetricStat { stat: stat.into(), period, ..known });
        MetricDataQuery { stat, ..query }
    };
    let check = |queries: &[MetricDataQuery], wanted: &[&str]| {
        let labels: Vec<_> = page(queries, 1000, true, None).results.into_iter().map(|result| result.label).collect();
        assert_eq!(labels, wanted);
    };
    let (a, b) = (metric("a", "Errors", "a"), metric("b", "Errors", "b"));
    let again = MetricDataQuery { id: "b".into(), ..a.clone() };
    check(std::slice::from_ref(&a), &["Errors"]);
    check(&[a.clone(), again.clone()], &["Errors", "Errors"]);
    check(&[a.clone(), with("Minimum", 300, again.clone())], &["Errors Sum", "Errors Minimum"]);
    check(&[a.clone(), with("Sum", 60, again.clone())], &["Errors 300", "Errors 60"]);
    check(&[a.clone(), with("Minimum", 60, again)], &["Errors Sum 300", "Errors Minimum 60"]);
    check(&[a.clone(), metric("c", "Calls", "a")], &["Errors", "Calls"]);
    check(&[a.clone(), b.clone()], &["a", "b"]);
    check(&[a.clone(), metric("c", "Calls", "b")], &["a Errors", "b Calls"]);
    check(&[labelled("mine", a), b], &["mine", "b"]);
}

#[test]
fn labels_with_dynamic_values() {
    let check = |label: &str, wanted: &str| {
        let data = page(&[labelled(label, metric("m", "Errors", "a"))], 1000, true, None);
        assert_eq!(data.results[0].label, wanted, "{label}");
    };
    check("[max: ${MAX} Errors for ${LABEL}]", "[max: 5 Errors for Errors]");
    check("${AVG} ${SUM} ${DATAPOINT_COUNT} ${FIRST_LAST_RANGE}", "5 30 6 0");
    check("${FIRST_TIME} ${LAST_TIME_RELATIVE}", "2026-01-01T13:00:00+01:30 5m");
    check("${MIN_MAX_TIME_RANGE} ${FIRST_LAST_TIME_RANGE}", "0s 25m");
    check("${PROP('Dim.FunctionName')} ${PROP('Stat')} ${PROP('Period')}", "a Sum 300");
    check(
        "${PROP('Namespace')} ${PROP('MetricName')} ${PROP('Region')} ${PROP('AccountId')}",
        "App Errors us-east-1 000000000000",
    );
    let refused = |label: &str| refused(&[labelled(label, metric("m", "Errors", "a"))]);
    assert_eq!(refused("a ${SOME}"), "Error in label of 'm': Unknown dynamic value at character 3");
    assert_eq!(refused("${LABEL}${LABEL}"), "Error in label of 'm': A second ${LABEL} at character 9");
    assert_eq!(refused("${MAX"), "Error in label of 'm': Unclosed dynamic value at character 1");
    assert!(refused(&"${MAX}".repeat(7)).starts_with("Error in label of 'm': More than six dynamic values"));
}

#[test]
fn searches_and_queries() {
    let search = expression("s", "SEARCH('{App,FunctionName} Errors', 'Sum', 600)");
    let all = shown(&page(std::slice::from_ref(&search), 1000, false, None));
    assert_eq!(all, [("s".into(), "a".into(), vec![10.0; 3]), ("s".into(), "b".into(), vec![20.0; 3])]);
    let named = shown(&page(&[labelled("Errors of", search.clone())], 1000, false, None));
    assert_eq!(named[1].1, "Errors of b");
    let dynamic = shown(&page(&[labelled("max ${MAX} for ${LABEL}", search)], 1000, false, None));
    assert_eq!(dynamic[1].1, "max 20 for b");
    let query = |text: &str| MetricDataQuery { period: Some(600), ..expression("q", text) };
    let found = |text: &str| shown(&page(&[query(text)], 1000, false, None));
    assert_eq!(found("SELECT SUM(Errors) FROM App"), [("q".into(), "q".into(), vec![30.0; 3])]);
    assert_eq!(
        found("SELECT AVG(Errors) FROM App WHERE FunctionName != 'a'"),
        [("q".into(), "q".into(), vec![2.0; 3])]
    );
    let grouped = found("SELECT MAX(Calls) FROM SCHEMA(App, FunctionName) GROUP BY FunctionName ORDER BY SUM() DESC");
    assert_eq!(grouped, [("q".into(), "b".into(), vec![40.0; 3]), ("q".into(), "a".into(), vec![10.0; 3])]);
    let math = [
        MetricDataQuery { returned: Some(false), ..query("SELECT SUM(Errors) FROM App GROUP BY FunctionName") },
        expression("e", "SUM(q) / 3"),
    ];
    assert_eq!(shown(&page(&math, 1000, false, None)), [("e".into(), "e".into(), vec![10.0; 3])]);
    assert_eq!(found("SELECT SUM(Nothing) FROM App"), [("q".into(), "q".into(), vec![])]);
}

#[test]
fn pages_follow_each_other() {
    let queries = [metric("a", "Errors", "a"), metric("b", "Calls", "b"), expression("c", "METRICS()")];
    let whole = shown(&page(&queries, 1000, false, None));
    for limit in [1, 4, 6, 7, 23, 24] {
        let (mut found, mut token, mut pages) = (Vec::<(String, String, Vec<f64>)>::new(), None, 0);
        loop {
            let data = page(&queries, limit, false, token.as_deref());
            for (id, label, values) in shown(&data) {
                match found.last_mut().filter(|last| last.0 == id && last.1 == label) {
                    Some(last) => last.2.extend(values),
                    None => found.push((id, label, values)),
                }
            }
            pages += 1;
            token = data.token;
            if token.is_none() {
                break;
            }
            assert_eq!(data.results.iter().map(|result| result.values.len()).sum::<usize>(), limit);
        }
        assert_eq!((found, pages), (whole.clone(), 24usize.div_ceil(limit)), "by {limit}");
    }
    assert!(Place::parse(Some("?")).is_err());
}

#[test]
fn what_makes_no_sense() {
    let check = |queries: &[MetricDataQuery], message: &str| assert_eq!(refused(queries), message);
    let a = metric("a", "Errors", "a");
    check(&[], "The parameter MetricDataQueries is required.");
    check(&vec![a.clone(); 501], "The collection MetricDataQueries must not have a size greater than 500.");
    check(
        &[metric("5xx", "Errors", "a"), metric("A", "Errors", "a")],
        "The value 5xx for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.\nThe value A for parameter MetricDataQueries.member.2.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
    );
    check(&[a.clone(), a.clone()], "The value a for parameter MetricDataQueries.member.2.Id is not unique.");
    let stat = a.stat.clone().map(|stat| MetricStat { stat: "None".into(), ..stat });
    check(
        &[MetricDataQuery { stat, ..a.clone() }],
        "The value None for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.",
    );
    check(
        &[expression("e", "ANOMALY_DETECTOR(a)")],
        "Error in expression 'e': Function 'ANOMALY_DETECTOR' not found at character 1",
    );
    check(
        &[expression("e", "a +")],
        "Error in expression 'e': Invalid syntax at character 4, where a value is expected",
    );
    check(
        &[expression("e", "f"), expression("f", "1 + e")],
        "Error in expression 'e': Id 'f' depends on this expression, at character 1",
    );
    check(
        &[a.clone(), expression("e", "AVG(a)")],
        "Error in expression 'e': The result is neither a time series nor an array of time series",
    );
    check(
        &[expression("e", "TIME_SERIES(1)")],
        "Error in expression 'e': Period is required for what stands at character 1",
    );
    check(&[expression("e", "SELECT SUM(m) FROM n")], "The parameter MetricDataQueries.member.1.Period is required.");
    check(
        &[expression("e", "SELECT SUM(m)")],
        "Error in expression 'e': Invalid syntax at character 14, where FROM is expected",
    );
    let select = |id: &str| MetricDataQuery { period: Some(60), ..expression(id, "SELECT SUM(m) FROM n") };
    check(
        &[select("p"), select("q")],
        "The parameter MetricDataQueries.member.2.Expression is a second Metrics Insights query, and there may be only one.",
    );
    // A number may be a step on the way.
    assert!(
        Plan::new(
            &[
                a.clone(),
                MetricDataQuery { returned: Some(false), ..expression("e", "AVG(a)") },
                expression("f", "a - e")
            ],
            &account()
        )
        .is_ok()
    );
}

#[test]
fn long_chains_and_wide_arrays() {
    let mut chain = vec![metric("e0", "Errors", "a")];
    chain.extend((1..500).map(|n| expression(&format!("e{n}"), &format!("-(-e{}) + 1", n - 1))));
    chain.reverse();
    let data = page(&chain, 100_000, true, None);
    assert_eq!((data.results[0].id.as_str(), data.results[0].values[0]), ("e499", 504.0));
    // Each doubles the one before.
    let mut arrays = vec![metric("e0", "Errors", "a")];
    arrays.extend((1..40).map(|n| expression(&format!("e{n}"), &format!("[e{0}, e{0}]", n - 1))));
    let last = arrays.pop().into_iter();
    let arrays: Vec<_> =
        arrays.into_iter().map(|query| MetricDataQuery { returned: Some(false), ..query }).chain(last).collect();
    let data = page(&arrays, 100_000, true, None);
    assert_eq!((data.results.len(), data.messages[0].code.as_str()), (0, "MaxMetricsExceeded"));
}
