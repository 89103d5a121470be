//! Random alarms, values and minutes, against an evaluator that looks at every value there ever was.

use proptest::prelude::*;

use crate::services::cloudwatch::store::{self, MetricId, Report, Sample};
use crate::wire::{Map, Value as Tree};
use crate::world::call::{Call, perform};
use crate::world::jobs::AT_ONCE;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, Settings, World};

/// Alarms are on two metrics, by number.
const METRICS: usize = 2;

#[derive(Clone, Debug)]
struct Spec {
    metric: usize,
    /// Seconds.
    period: i64,
    datapoints: usize,
    periods: usize,
    missing: &'static str,
    comparison: &'static str,
    /// The metric is named by a Metrics Insights query, where its period allows that.
    selected: bool,
}

/// A step: the clock goes on, or a value comes in that is some seconds old.
#[derive(Clone, Debug)]
enum Step {
    Advance(i64),
    Put {
        metric: usize,
        age: i64,
        value: i64,
    },
    /// A new alarm, or another instead of one there is.
    Alarm(usize, Spec),
    SetState(usize, &'static str),
}

fn spec() -> impl Strategy<Value = Spec> {
    let missing = prop_oneof![Just("missing"), Just("ignore"), Just("breaching"), Just("notBreaching")];
    let comparison = prop_oneof![Just("GreaterThanThreshold"), Just("LessThanOrEqualToThreshold")];
    let period = prop_oneof![Just(10), Just(30), Just(60), Just(60), Just(120), Just(300)];
    (0..METRICS, period, 1..=4usize, 0..=3usize, missing, comparison, any::<bool>()).prop_map(
        |(metric, period, datapoints, more, missing, comparison, selected)| Spec {
            metric,
            period,
            datapoints,
            periods: datapoints + more,
            missing,
            comparison,
            selected: selected && period >= 60,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..200i64).prop_map(Step::Advance),
        4 => (0..METRICS, 0..400i64, 0..=10i64).prop_map(|(metric, age, value)| Step::Put { metric, age, value }),
        1 => (0..4usize, spec()).prop_map(|(name, spec)| Step::Alarm(name, spec)),
        1 => (0..4usize, prop_oneof![Just("OK"), Just("ALARM")]).prop_map(|(name, state)| Step::SetState(name, state)),
    ]
}

/// What the slow evaluator knows.
#[derive(Default)]
struct Model {
    /// Metric, second and value.
    values: Vec<(usize, i64, f64)>,
    alarms: std::collections::BTreeMap<usize, (Spec, String)>,
    /// Every change: when, of which alarm, to what.
    changes: Vec<(i64, usize, String)>,
}

impl Model {
    /// One second at a time.
    fn second(&mut self, now: i64) {
        let mut changes = Vec::new();
        for (name, (spec, state)) in &mut self.alarms {
            let every = if spec.period < 60 { 10 } else { 60 };
            if now % every != 0 {
                continue;
            }
            if let Some(new) = expected(&self.values, spec, now).filter(|new| new != state) {
                *state = new.clone();
                changes.push((now, *name, new));
            }
        }
        self.changes.extend(changes);
    }
}

/// The state by the words of the page: fill in what is missing, and count.
fn expected(values: &[(usize, i64, f64)], spec: &Spec, now: i64) -> Option<String> {
    let is_breaching = |value: f64| match spec.comparison {
        "GreaterThanThreshold" => value > 5.0,
        _ => value <= 5.0,
    };
    let mut real: Vec<(usize, bool)> = Vec::new();
    for back in 0..spec.periods + 2 {
        let end = now - spec.period * back as i64;
        let within =
            values.iter().filter(|(metric, at, _)| *metric == spec.metric && *at >= end - spec.period && *at < end);
        let all: Vec<f64> = within.map(|(_, _, value)| *value).collect();
        if !all.is_empty() {
            real.push((back, is_breaching(all.iter().sum::<f64>() / all.len() as f64)));
        }
    }
    let mut evaluated: Vec<bool> = real.iter().take(spec.periods).map(|(_, breaching)| *breaching).collect();
    let lacking = spec.periods - evaluated.len();
    match spec.missing {
        "breaching" => evaluated.extend(vec![true; lacking]),
        "notBreaching" => evaluated.extend(vec![false; lacking]),
        _ => {}
    }
    let breaching = evaluated.iter().filter(|breaching| **breaching).count();
    let named = |state: &str| Some(state.to_owned());
    if breaching >= spec.datapoints {
        return named("ALARM");
    }
    if evaluated.iter().any(|breaching| !breaching) {
        return named("OK");
    }
    let oldest = real.iter().map(|(back, _)| back + 1).max().unwrap_or_default();
    match spec.missing {
        "ignore" => None,
        _ if breaching > 0 && oldest >= spec.datapoints => named("ALARM"),
        _ => named("INSUFFICIENT_DATA"),
    }
}

struct Lab {
    world: World,
    account: AccountId,
}

impl Lab {
    fn new(start: Time) -> Lab {
        let account = AccountId::parse("111122223333").unwrap();
        let settings = Settings {
            account: account.clone(),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Aws,
            data_dir: std::env::temp_dir().join("trailcam-alarms"),
            log_memory: 16 << 20,
        };
        Lab { world: World::new(settings, start), account }
    }

    fn call(&mut self, operation: &str, members: Vec<(&'static str, Tree)>) {
        let mut input = Map::new();
        members.into_iter().for_each(|(name, value)| input.push(name, value));
        let to = ("cloudwatch", operation);
        let call = Call::by_service("lab", self.account.clone(), Region::US_EAST_1, to, input, Upload::default());
        perform(&mut self.world, call.unwrap()).outcome.unwrap_or_else(|fault| panic!("{operation}: {fault:?}"));
        self.run(AT_ONCE);
    }

    fn run(&mut self, until: Time) {
        while let Some((due, job)) = self.world.jobs.pop_due(until) {
            self.world.now = self.world.now.max(due);
            crate::services::run(&mut self.world, job);
        }
    }

    fn advance(&mut self, to: Time) {
        self.run(to);
        self.world.now = to;
    }

    fn put_alarm(&mut self, name: usize, spec: &Spec) {
        let text = |text: &str| Tree::Str(text.to_owned());
        let number = |number: usize| Tree::Int(i64::try_from(number).unwrap());
        let mut settings = vec![
            ("AlarmName", Tree::Str(format!("alarm-{name}"))),
            ("EvaluationPeriods", number(spec.periods)),
            ("DatapointsToAlarm", number(spec.datapoints)),
            ("Threshold", Tree::Double(5.0)),
            ("ComparisonOperator", text(spec.comparison)),
            ("TreatMissingData", text(spec.missing)),
        ];
        settings.extend(match spec.selected {
            true => vec![("Metrics", Tree::List(vec![selection(spec)]))],
            false => vec![
                ("Namespace", text("Lab")),
                ("MetricName", Tree::Str(format!("M{}", spec.metric))),
                ("Statistic", text("Average")),
                ("Period", Tree::Int(spec.period)),
            ],
        });
        self.call("PutMetricAlarm", settings);
    }

    /// Changes that were not made by hand.
    fn changes(&self) -> Vec<(i64, usize, String)> {
        let store = &self.world.accounts[&self.account].regions[&Region::US_EAST_1].cloudwatch.alarms;
        let of_alarm = |item: &super::history::Item| {
            let name = item.alarm.strip_prefix("alarm-")?.parse().ok()?;
            let state = item.summary.rsplit(' ').next()?.to_owned();
            (item.kind == "StateUpdate" && !item.data.contains("by hand\"}}")).then_some((
                item.at.timestamp(),
                name,
                state,
            ))
        };
        store.history.of(None).into_iter().filter_map(|(_, item)| of_alarm(item)).collect()
    }
}

fn selection(spec: &Spec) -> Tree {
    let mut query = Map::new();
    query.push("Id", "q1");
    query.push("Expression", format!("SELECT AVG(M{}) FROM Lab", spec.metric));
    query.push("Period", Tree::Int(spec.period));
    Tree::Map(query)
}

fn check(steps: Vec<Step>) {
    let start: Time = "2026-01-01T00:00:30Z".parse().unwrap();
    let (mut lab, mut model) = (Lab::new(start), Model::default());
    for step in steps {
        let now = lab.world.now.timestamp();
        match step {
            Step::Advance(seconds) => {
                (now + 1..=now + seconds).for_each(|second| model.second(second));
                lab.advance(Time::from_timestamp(now + seconds, 0).unwrap());
            }
            Step::Put { metric, age, value } => {
                let (at, value) = (now - age, value as f64);
                model.values.push((metric, at, value));
                let id = MetricId::new("Lab", &format!("M{metric}"), []);
                let report = Report { metric: id, at, unit: store::NO_UNIT, sample: Sample::One(value) };
                let account = lab.account.clone();
                store::add(&mut lab.world, &account, Region::US_EAST_1, [report]);
            }
            Step::Alarm(name, spec) => {
                lab.put_alarm(name, &spec);
                let state = model.alarms.get(&name).map_or("INSUFFICIENT_DATA".to_owned(), |(_, state)| state.clone());
                model.alarms.insert(name, (spec, state));
            }
            Step::SetState(name, state) => {
                if let Some((_, known)) = model.alarms.get_mut(&name) {
                    *known = state.to_owned();
                    let text = |text: &str| Tree::Str(text.to_owned());
                    lab.call(
                        "SetAlarmState",
                        vec![
                            ("AlarmName", Tree::Str(format!("alarm-{name}"))),
                            ("StateValue", text(state)),
                            ("StateReason", text("by hand")),
                        ],
                    );
                }
            }
        }
    }
    assert_eq!(lab.changes(), model.changes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn states_change_when_the_slow_evaluator_says(first in spec(), second in spec(), steps in prop::collection::vec(step(), 1..40)) {
        let mut all = vec![Step::Alarm(0, first), Step::Alarm(1, second)];
        all.extend(steps);
        check(all);
    }
}
