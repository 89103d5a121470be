//! Expressions over metrics, searches, Metrics Insights queries, statistics and labels.

use chrono::TimeDelta;
use trailcam::services::cloudwatch::data::{MetricDataQuery, Plan, Span};
use trailcam::services::cloudwatch::statistics::Statistic;
use trailcam::services::cloudwatch::store::{MetricId, Report, Sample, Store, unit};
use trailcam::services::cloudwatch::{insights, search};
use trailcam::world::scope::{AccountId, Region};
use trailcam::world::time::Time;

/// Each line is an expression `e0`, `e1`, … over the others and over the metric `m1`; what follows a tab is its label.
/// All of it is read, and what makes sense is worked out over an hour of a few metrics.
pub fn metrics(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let account = AccountId::parse("000000000000").expect("twelve digits");
    let now: Time = "2026-01-01T12:00:00Z".parse().expect("a time");
    let mut queries = vec![metric("m1"), metric("m2")];
    for (n, line) in text.lines().take(6).enumerate() {
        let (expression, label) = line.split_once('\t').map_or((line, None), |(line, label)| (line, Some(label)));
        let _ = (Statistic::parse(expression), search::parse(expression), insights::parse(expression));
        queries.push(MetricDataQuery {
            id: format!("e{n}"),
            expression: Some(expression.to_owned()),
            label: label.map(str::to_owned),
            period: Some(60),
            ..MetricDataQuery::default()
        });
        // What one line has wrong must not keep the others from being tried.
        if Plan::new(&queries, &account).is_err() {
            queries.pop();
        }
    }
    let Ok(plan) = Plan::new(&queries, &account) else { return };
    let span = Span { start: now - TimeDelta::hours(1), end: now, now };
    let gathered = plan.gather(&store(now), span, (&account, Region::US_EAST_1));
    let run = gathered.run();
    for place in 0..queries.len() {
        let answer = run.answer(place);
        for series in &answer.series {
            assert!(series.points.is_sorted_by(|a, b| a.0 < b.0), "moments are in order");
            assert!(series.points.iter().all(|(_, value)| value.is_finite()), "values are numbers");
        }
    }
}

fn metric(id: &str) -> MetricDataQuery {
    let mut query = MetricDataQuery { id: id.to_owned(), ..MetricDataQuery::default() };
    let stat = query.stat.insert(Default::default());
    stat.metric.namespace = "App".to_owned();
    stat.metric.name = if id == "m1" { "Errors" } else { "Calls" }.to_owned();
    (stat.period, stat.stat) = (60, "Sum".to_owned());
    query
}

fn store(now: Time) -> Store {
    let mut store = Store::default();
    for (name, dimensions, every) in [("Errors", vec![], 7), ("Calls", vec![], 1), ("Calls", vec![("Host", "a1")], 3)] {
        for minute in (0..60).step_by(every) {
            let metric = MetricId::new("App", name, dimensions.iter().copied());
            let at = now.timestamp() - 3600 + 60 * minute;
            store.add(now, Report { metric, at, unit: unit(None), sample: Sample::One(minute as f64 - 20.0) });
        }
    }
    store
}
