//! Widgets over a small store: what is wrong with them, what is to be seen of them, and the pixels.

use std::io::Read;

use serde_json::{Value, json};

use super::draw::{self, Color, Fill, Legend, Mark, PALETTE, Picture, View};
use super::widget::Widget;
use super::{gather_from, picture};
use crate::services::cloudwatch::store::{MetricId, Report, Sample, Store, unit};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

/// Noon of the first of January 2026.
const NOON: i64 = 1_767_268_800;

fn now() -> Time {
    Time::from_timestamp(NOON, 0).unwrap()
}

/// Three hours of `App`: `Load` in percent of two servers, `Bytes` of one, minute by minute.
fn store() -> Store {
    let mut store = Store::default();
    for (name, server, value, kind) in
        [("Load", "a", 20.0, "Percent"), ("Load", "b", 60.0, "Percent"), ("Bytes", "a", 5000.0, "Bytes")]
    {
        for minute in 0..180 {
            let metric = MetricId::new("App", name, [("Server", server)]);
            let at = NOON - 10_800 + 60 * minute;
            store.add(now(), Report { metric, at, unit: unit(Some(kind)), sample: Sample::One(value) });
        }
    }
    store
}

fn widget(value: &Value) -> Widget {
    Widget::read(&value.to_string(), Region::US_EAST_1, now()).unwrap_or_else(|fault| panic!("{fault:?}"))
}

fn picture_of(value: &Value) -> Picture {
    let (widget, store) = (widget(value), store());
    let account = AccountId::parse("000000000000").unwrap();
    let gather = |period| {
        let place = (&account, Region::US_EAST_1);
        gather_from(&store, &widget, period, place).unwrap_or_else(|fault| panic!("{fault:?}"))
    };
    let values = gather(widget.period_of_all());
    let lines = widget.has_graphs_beside().then(|| gather(None));
    picture::of(&widget, &values, lines.as_ref().unwrap_or(&values))
}

const TWO: &str = r#"[["App", "Load", "Server", "a"], ["...", "b"]]"#;

fn two() -> Value {
    serde_json::from_str(TWO).unwrap()
}

/// A widget of two metrics, and more.
fn with(more: Value) -> Value {
    let mut whole = json!({ "metrics": two() });
    if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
        whole.extend(more);
    }
    whole
}

#[test]
fn what_is_wrong_with_widgets() {
    let refused = |text: &str| Widget::read(text, Region::US_EAST_1, now()).expect_err(text);
    for text in ["", "[]", "{not json"] {
        assert_eq!(refused(text).message, "The field MetricWidget must be a valid JSON object");
    }
    assert!(refused(&" ".repeat(200_000)).message.contains("longer than 102400 bytes"));
    let check = |widget: Value, wanted: &[(&str, &str)]| {
        let fault = refused(&widget.to_string());
        let list: Vec<_> = wanted.iter().map(|(path, text)| json!({"dataPath": path, "message": text})).collect();
        let list = serde_json::to_string_pretty(&list).unwrap();
        let count = wanted.len();
        assert_eq!(fault.code, "ValidationError");
        assert_eq!(
            fault.message,
            format!("The metric widget is invalid, there are {count} validation errors:\n{list}")
        );
    };
    check(json!({}), &[("", "Should have required property 'metrics'")]);
    check(json!({"metrics": []}), &[("/metrics", "Should NOT have less than 1 items")]);
    check(
        json!({"metrics": vec![json!(["App", "Load"]); 101]}),
        &[("/metrics", "Should NOT have more than 100 items")],
    );
    check(json!({"metrics": [["App"]]}), &[("/metrics/0", "Should NOT have less than 2 items")]);
    check(with(json!({"width": 2001, "height": 0})), &[("/height", "Should be >= 1"), ("/width", "Should be <= 2000")]);
    check(with(json!({"view": "table"})), &[("/view", "Should be equal to one of the allowed values")]);
    check(with(json!({"theme": "blue"})), &[("/theme", "Should be equal to one of the allowed values")]);
    check(with(json!({"region": "eu-west-1"})), &[("/region", "Should be equal to one of the allowed values")]);
    check(with(json!({"timezone": "CET"})), &[("/timezone", r#"Should match pattern "^[+-]\d{4}$""#)]);
    check(with(json!({"colour": "x"})), &[("", "Should NOT have additional properties: 'colour'")]);
    check(with(json!({"start": "-PT1H", "end": "-PT2H"})), &[("", "The start should be before the end")]);
    check(
        with(json!({"start": "noon"})),
        &[("/start", "Should be a time of ISO 8601, or a span before now such as -PT3H")],
    );
    let alarms = with(json!({"annotations": {"alarms": ["arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"]}}));
    assert_eq!(refused(&alarms.to_string()).code, "NotImplemented");
}

#[test]
fn what_widgets_say() {
    let plain = widget(&with(json!({})));
    assert_eq!((plain.width, plain.height, plain.view, plain.legend), (600, 400, View::Lines, Legend::Bottom));
    assert_eq!((plain.start.timestamp(), plain.end.timestamp()), (NOON - 10_800, NOON));
    assert_eq!((plain.period, plain.stat.as_str(), plain.dark), (300, "Average", false));
    let view = |more: Value| widget(&with(more)).view;
    assert_eq!(view(json!({"view": "timeSeries", "stacked": true})), View::Stacked);
    assert_eq!(
        view(json!({"view": "singleValue", "sparkline": true})),
        View::Numbers { sparkline: true, exact: false }
    );
    assert_eq!(view(json!({"view": "bar", "stacked": true})), View::Bars);
    let all = widget(&with(json!({
        "timezone": "+0130",
        "legend": {"position": "right"},
        "yAxis": {"left": {"min": 1, "max": 9.5, "label": "Load", "showUnits": false}},
        "annotations": {
            "horizontal": [
                {"value": 20, "label": "Critical", "color": "#f00", "fill": "above", "yAxis": "right"},
                [{"value": 2, "label": "top"}, {"value": 1, "label": "bottom"}],
                {"value": 3, "visible": false},
            ],
            "vertical": [{"value": "2026-01-01T11:00:00Z", "fill": "before"}],
        },
    })));
    assert_eq!((all.offset.seconds(), all.legend), (5400, Legend::Right));
    assert_eq!((all.left.min, all.left.max, all.left.label.as_str()), (Some(1.0), Some(9.5), "Load"));
    let [critical, band] = &all.horizontal[..] else { panic!("{:?}", all.horizontal) };
    assert_eq!((critical.color, critical.fill, critical.on_right), (Color(255, 0, 0), Fill::More, true));
    assert_eq!((band.at, band.to.clone()), (2.0, Some((1.0, "bottom".to_owned()))));
    assert_eq!((all.vertical[0].at, all.vertical[0].fill), ((NOON - 3600) as f64, Fill::Less));
}

fn labels(picture: &Picture) -> Vec<&str> {
    picture.curves.iter().map(|curve| curve.label.as_str()).collect()
}

#[test]
fn curves() {
    let plain = picture_of(&with(json!({})));
    assert_eq!(labels(&plain), ["a", "b"]);
    assert_eq!((plain.left.label.as_str(), plain.right.label.as_str()), ("Percent", ""));
    assert_eq!((plain.curves[0].color, plain.curves[1].color), (PALETTE[0], PALETTE[1]));
    assert!(plain.curves[1].points.iter().all(|(_, value)| *value == 60.0));

    let mixed = picture_of(&json!({"metrics": [
        ["App", "Load", "Server", "a", {"id": "m1", "label": "avg ${AVG}", "color": "#123456"}],
        [".", "Bytes", ".", ".", {"id": "m2", "yAxis": "right", "stat": "Maximum", "period": 60}],
        [{"expression": "m1 * 2", "id": "e1"}],
        [{"expression": "m1 + 1"}],
        ["App", "Load", "Server", "b", {"visible": false}],
        [{"expression": "SEARCH('{App,Server} MetricName=\"Load\"', 'Sum', 300)", "label": "found"}],
    ]}));
    assert_eq!(labels(&mixed), ["avg 20", "a Bytes Maximum 60", "e1", "m1 + 1", "found a", "found b"]);
    assert_eq!(mixed.curves[0].color, Color(0x12, 0x34, 0x56));
    assert_eq!((mixed.curves[1].on_right, mixed.curves[1].points.len()), (true, 179));
    assert_eq!(mixed.curves[2].value, Some(40.0));
    assert_eq!(mixed.curves[5].value, Some(300.0));
    assert_eq!((mixed.left.label.as_str(), mixed.right.label.as_str()), ("Various units", "Bytes"));

    let found = r#"[["App", "Load", "Server", "a"], [{"expression": "SEARCH('{App,Server} Load', 'Sum', 300)"}]]"#;
    let found = picture_of(&json!({ "metrics": serde_json::from_str::<Value>(found).unwrap() }));
    assert_eq!((found.curves.len(), found.left.label.as_str()), (3, "Percent"));

    let named = picture_of(&with(json!({"yAxis": {"left": {"label": "Load of servers"}}})));
    assert_eq!(named.left.label, "Load of servers");
    let bare = picture_of(&with(json!({"yAxis": {"left": {"showUnits": false}}})));
    assert_eq!(bare.left.label, "");
}

#[test]
fn expected_values_are_a_band() {
    let picture = picture_of(&json!({"metrics": [
        ["App", "Load", "Server", "a", {"id": "m1"}],
        [{"expression": "ANOMALY_DETECTION_BAND(m1, 2)", "label": "expected"}],
    ]}));
    assert_eq!(labels(&picture), ["a", "expected"].map(|label| if label == "a" { "Load" } else { label }));
    assert!(picture.curves[0].lower.is_none() && picture.curves[1].lower.is_some());
}

/// "If live data is turned off, only data points with an aggregation period of at least one minute in the past are
/// shown": that of 11:55, which ends now, is shown in a minute.
#[test]
fn live_data() {
    let last = |live: bool| picture_of(&with(json!({ "liveData": live }))).curves[0].points.last().map(|point| point.0);
    assert_eq!((last(false), last(true)), (Some(NOON - 600), Some(NOON - 300)));
}

#[test]
fn values_of_the_whole_time() {
    let values = |more: Value| {
        let mut whole = with(json!({"view": "singleValue", "stat": "Sum", "sparkline": true}));
        if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
            whole.extend(more);
        }
        let picture = picture_of(&whole);
        (picture.curves[0].value, picture.curves[0].points.len())
    };
    assert_eq!(values(json!({})), (Some(100.0), 35));
    assert_eq!(values(json!({"setPeriodToTimeRange": true})), (Some(3600.0), 35));
    // Graphs over time keep their periods.
    assert_eq!(values(json!({"setPeriodToTimeRange": true, "view": "timeSeries"})), (Some(100.0), 35));
}

#[test]
fn expressions_that_cannot_be() {
    let refused = |metrics: Value| {
        let widget = widget(&json!({ "metrics": metrics }));
        let account = AccountId::parse("000000000000").unwrap();
        gather_from(&store(), &widget, None, (&account, Region::US_EAST_1)).expect_err("an error")
    };
    let fault = refused(json!([[{"expression": "m1 +", "id": "e1"}]]));
    assert_eq!(fault.code, "ValidationError");
    assert!(fault.message.contains("\"dataPath\": \"/metrics\"") && fault.message.contains("Error in expression 'e1'"));
    assert!(refused(json!([["A", "m", {"id": "Upper"}]])).message.contains("not matching the expected pattern"));
    assert!(refused(json!([["A", "m", {"accountId": "111122223333"}]])).message.contains("is not linked"));
    assert_eq!(refused(json!([[{"expression": "LAMBDA('f')"}]])).code, "NotImplemented");
}

/// An image that was read back.
struct Pixels {
    width: usize,
    pixels: Vec<Color>,
}

impl Pixels {
    fn read(file: &[u8]) -> Pixels {
        let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
        let (width, height, length) = (number(16), number(20), number(33));
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&file[41..41 + length]).read_to_end(&mut rows).unwrap();
        assert_eq!(rows.len(), (width * 3 + 1) * height);
        let mut above = vec![0_u8; width * 3];
        let mut pixels = Vec::new();
        for row in rows.chunks_exact(width * 3 + 1) {
            assert_eq!(row[0], 2);
            above.iter_mut().zip(&row[1..]).for_each(|(byte, change)| *byte = byte.wrapping_add(*change));
            pixels.extend(above.chunks_exact(3).map(|pixel| Color(pixel[0], pixel[1], pixel[2])));
        }
        Pixels { width, pixels }
    }

    fn of(picture: &Picture) -> Pixels {
        Pixels::read(&draw::draw(picture))
    }

    fn at(&self, x: usize, y: usize) -> Color {
        self.pixels[y * self.width + x]
    }

    fn count(&self, color: Color) -> usize {
        self.pixels.iter().filter(|pixel| **pixel == color).count()
    }

    /// The middle of all pixels of a colour.
    fn middle(&self, color: Color) -> (usize, usize) {
        let found = self.pixels.iter().enumerate().filter(|(_, pixel)| **pixel == color);
        let found: Vec<_> = found.map(|(place, _)| (place % self.width, place / self.width)).collect();
        let sum = found.iter().fold((0, 0), |sum, place| (sum.0 + place.0, sum.1 + place.1));
        (sum.0 / found.len().max(1), sum.1 / found.len().max(1))
    }
}

#[test]
fn the_same_picture_has_the_same_bytes() {
    let picture = picture_of(&with(json!({"title": "Load"})));
    assert_eq!(draw::draw(&picture), draw::draw(&picture));
}

#[test]
fn pixels_of_lines() {
    let picture = picture_of(&with(json!({"title": "Load", "yAxis": {"left": {"min": 0, "max": 100}}})));
    let pixels = Pixels::of(&picture);
    assert_eq!((pixels.width, pixels.pixels.len()), (600, 240_000));
    assert_eq!(pixels.at(0, 0), Color(255, 255, 255));
    // The line of 60 is above that of 20; the graph is between 48 and 353.
    let without_legend = Pixels::of(&Picture { legend: Legend::Hidden, ..picture });
    let (low, high) = (without_legend.middle(PALETTE[0]).1, without_legend.middle(PALETTE[1]).1);
    assert!((195..=205).contains(&(low.saturating_sub(high) * 500 / 325)), "{low} {high}");
    let dark = Pixels::of(&picture_of(&with(json!({"theme": "dark", "width": 300, "height": 200}))));
    assert_eq!((dark.width, dark.pixels.len(), dark.at(0, 0)), (300, 60_000, Color(0x16, 0x19, 0x1f)));
}

#[test]
fn every_view_shows_every_curve() {
    let views = [
        json!({"view": "timeSeries"}),
        json!({"view": "timeSeries", "stacked": true}),
        json!({"view": "bar"}),
        json!({"view": "pie"}),
        json!({"view": "gauge", "yAxis": {"left": {"min": 0, "max": 100}}}),
        json!({"view": "singleValue"}),
        json!({"view": "singleValue", "sparkline": true}),
    ];
    for view in views {
        let pixels = Pixels::of(&Picture { width: 300, height: 200, ..picture_of(&with(view.clone())) });
        assert!(pixels.count(PALETTE[0]) > 50 && pixels.count(PALETTE[1]) > 50, "{view}");
    }
}

#[test]
fn pixels_of_pies_and_bars_are_in_proportion() {
    let pie = Pixels::of(&picture_of(&with(json!({"view": "pie", "legend": {"position": "hidden"}}))));
    let (a, b) = (pie.count(PALETTE[0]) as f64, pie.count(PALETTE[1]) as f64);
    assert!((2.8..3.2).contains(&(b / a)), "{a} {b}");
    let bars = Pixels::of(&picture_of(&with(json!({"view": "bar", "legend": {"position": "hidden"}}))));
    let (a, b) = (bars.count(PALETTE[0]) as f64, bars.count(PALETTE[1]) as f64);
    assert!((2.9..3.1).contains(&(b / a)), "{a} {b}");
}

#[test]
fn annotations_shade_their_side() {
    let mark = |fill| Mark { at: 50.0, fill, color: Color(255, 0, 0), ..Mark::default() };
    let mut picture = picture_of(&with(json!({"yAxis": {"left": {"min": 0, "max": 100}}})));
    let shaded = |picture: &Picture| {
        let pixels = Pixels::of(picture);
        // A fifth of red on white, above and below the middle of the graph.
        [100, 300].map(|y| pixels.at(300, y) == Color(255, 204, 204))
    };
    for (fill, wanted) in [(Fill::More, [true, false]), (Fill::Less, [false, true]), (Fill::None, [false, false])] {
        picture.horizontal = vec![mark(fill)];
        assert_eq!(shaded(&picture), wanted, "{fill:?}");
    }
    picture.horizontal = vec![Mark { to: Some((100.0, String::new())), ..mark(Fill::None) }];
    assert_eq!(shaded(&picture), [true, false]);
    picture.horizontal.clear();
    picture.vertical = vec![Mark { at: (NOON - 6000) as f64, ..mark(Fill::More) }];
    assert_eq!(shaded(&picture), [true, true]);
}

/// However small or odd, there is an image.
#[test]
fn every_size_is_drawn() {
    let texts = json!({"title": "A title that is longer than the picture is wide", "annotations": {
        "horizontal": [{"value": 1e300, "label": "far above"}],
        "vertical": [{"value": "1970-01-01T00:00:00Z", "label": "long ago", "fill": "after"}],
    }});
    let mut picture = picture_of(&with(texts));
    for (width, height) in [(1, 1), (1, 90), (90, 1), (40, 30), (333, 77)] {
        for view in [
            View::Lines,
            View::Stacked,
            View::Bars,
            View::Pie,
            View::Gauge,
            View::Numbers { sparkline: true, exact: true },
        ] {
            for legend in [Legend::Bottom, Legend::Right, Legend::Hidden] {
                (picture.width, picture.height, picture.view, picture.legend) = (width, height, view, legend);
                assert_eq!(Pixels::of(&picture).pixels.len(), (width * height) as usize);
            }
        }
    }
    for curve in &mut picture.curves {
        curve.points = vec![(NOON - 60, f64::MAX), (NOON, f64::MIN)];
        curve.value = Some(f64::MIN);
    }
    Pixels::of(&Picture { width: 100, height: 100, view: View::Lines, ..picture.clone() });
    picture.curves.clear();
    Pixels::of(&picture);
}
