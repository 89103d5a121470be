//! Why an alarm is in its state: the sentence and the JSON that go with it, in the words that AWS's notifications show.

use std::fmt::Write;

use crate::world::time::Time;

use super::evaluate::{Comparison, Limit, Missing, Quorum};
use super::state::Value;

/// Points from which on sentences show only the most recent of them. Real sentences show three points among the words, and
/// of five and more the most recent five behind them; of four none is known.
const LONG: usize = 5;
const RECENT: usize = 5;

/// One period of the evaluation range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// When it starts, in seconds.
    pub at: i64,
    pub point: Option<Measured>,
}

/// A data point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub value: f64,
    /// Not known of expressions.
    pub samples: Option<f64>,
    pub limit: Limit,
}

/// What an alarm was evaluated on.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The newest first.
    pub slots: &'a [Slot],
    pub quorum: Quorum,
    /// `DatapointsToAlarm` was set: sentences are longer.
    pub is_quorum_set: bool,
    pub missing: Missing,
    pub comparison: Comparison,
    pub threshold: Option<f64>,
    /// Seconds.
    pub period: i64,
    /// Of alarms on one metric.
    pub statistic: Option<&'a str>,
    pub unit: Option<&'a str>,
    pub now: Time,
}

impl Basis<'_> {
    /// The real points that are evaluated, the newest first.
    fn real(&self) -> impl Iterator<Item = (i64, Measured)> {
        let real = self.slots.iter().filter_map(|slot| Some((slot.at, slot.point?)));
        real.take(self.quorum.periods)
    }

    /// How many points are missing of those that are evaluated.
    fn missing_count(&self) -> usize {
        self.quorum.periods.saturating_sub(self.real().count())
    }

    fn is_breaching(&self, point: &Measured) -> bool {
        self.comparison.breaches(point.value, point.limit)
    }

    /// `StateReason`
    pub fn sentence(&self, state: Value) -> String {
        self.sentence_showing(state, |shown| (shown >= LONG && !self.comparison.has_band()).then_some(RECENT))
    }

    /// `StateReason` of a contributor: "Multi-time series alarms provide a simplified state reason for each contributor".
    pub fn short_sentence(&self, state: Value) -> String {
        self.sentence_showing(state, |_| Some(1))
    }

    /// With all points, or with so many of them behind the sentence.
    fn sentence_showing(&self, state: Value, recent: impl Fn(usize) -> Option<usize>) -> String {
        if state == Value::InsufficientData {
            let unknown = self.missing_count();
            return format!(
                "Insufficient Data: {unknown} {} unknown.",
                plural(unknown, "datapoint was", "datapoints were")
            );
        }
        let wanted = state == Value::Alarm;
        let shown: Vec<_> = self.real().filter(|(_, point)| self.is_breaching(point) == wanted).collect();
        let thresholds = if self.comparison.has_band() { "Thresholds" } else { "Threshold" };
        let mut text = format!("{thresholds} Crossed: ");
        match shown.is_empty() {
            true => self.tell_of_none(&mut text),
            false => self.tell_of(&shown, state, recent(shown.len()), &mut text),
        }
        text.push('.');
        text
    }

    /// Missing points alone decided.
    fn tell_of_none(&self, text: &mut String) {
        let (received, periods) = (self.real().count(), self.quorum.periods);
        let count = if received == 0 { "no".to_owned() } else { received.to_string() };
        let datapoints = plural(received, "datapoint was", "datapoints were");
        let _ = write!(text, "{count} {datapoints} received for {periods} {}", plural(periods, "period", "periods"));
        self.tell_of_missing(text);
    }

    fn tell_of(&self, shown: &[(i64, Measured)], state: Value, recent: Option<usize>, text: &mut String) {
        let count = shown.len();
        let evaluated = match self.missing.in_reasons() {
            Some(_) => self.quorum.periods,
            None => self.real().count(),
        };
        let _ = match self.is_quorum_set {
            true => write!(text, "{count} out of the last {evaluated} datapoints "),
            false => write!(text, "{count} {} ", plural(count, "datapoint", "datapoints")),
        };
        if recent.is_none() {
            tell_points(shown, text);
            text.push(' ');
        }
        let not = if state == Value::Alarm { "" } else { "not " };
        let _ = write!(text, "{} {not}", plural(count, "was", "were"));
        self.tell_limits(shown, not, text);
        self.tell_of_missing(text);
        if let Some(recent) = recent {
            let datapoints = plural(count, "datapoint", "datapoints");
            let _ = write!(text, ". The most recent {datapoints} which crossed the threshold: ");
            tell_points(shown.get(..recent).unwrap_or(shown), text);
        }
        if self.is_quorum_set {
            let Quorum { datapoints, periods } = self.quorum;
            let (needed, change) = match state {
                Value::Alarm => (datapoints, "OK -> ALARM"),
                _ => ((periods + 1).saturating_sub(datapoints), "ALARM -> OK"),
            };
            let _ = write!(
                text,
                " (minimum {needed} {} for {change} transition)",
                plural(needed, "datapoint", "datapoints")
            );
        }
    }

    fn tell_limits(&self, shown: &[(i64, Measured)], not: &str, text: &mut String) {
        let words = match self.comparison {
            Comparison::GreaterOrEqual => "greater than or equal to",
            Comparison::Greater => "greater than",
            Comparison::Less => "less than",
            Comparison::LessOrEqual => "less than or equal to",
            Comparison::OutsideBand => {
                text.push_str("less than the lower thresholds ");
                list(text, shown, lower);
                let _ = write!(text, " or {not}greater than the upper thresholds ");
                return list(text, shown, upper);
            }
            Comparison::BelowBand => {
                text.push_str("less than the lower thresholds ");
                return list(text, shown, lower);
            }
            Comparison::AboveBand => {
                text.push_str("greater than the upper thresholds ");
                return list(text, shown, upper);
            }
        };
        let _ = write!(text, "{words} the threshold ({})", java_double(self.threshold.unwrap_or_default()));
    }

    fn tell_of_missing(&self, text: &mut String) {
        let count = self.missing_count();
        if let Some(treated) = self.missing.in_reasons().filter(|_| count > 0) {
            let datapoints = plural(count, "datapoint was", "datapoints were");
            let _ = write!(text, " and {count} missing {datapoints} treated as [{treated}]");
        }
    }

    /// `StateReasonData`
    pub fn data(&self) -> String {
        let mut text = format!(r#"{{"version":"1.0","queryDate":"{}""#, java_iso(self.now));
        if let Some((oldest, _)) = self.real().last() {
            let _ = write!(text, r#","startDate":"{}""#, java_iso_of(oldest));
        }
        for (name, value) in [("unit", self.unit), ("statistic", self.statistic)] {
            if let Some(value) = value {
                let _ = write!(text, r#","{name}":"{value}""#);
            }
        }
        let _ = write!(text, r#","period":{}"#, self.period);
        let mut recent: Vec<_> = self.real().collect();
        recent.reverse();
        text.push_str(r#","recentDatapoints":"#);
        list(&mut text, &recent, |point| Some(point.value));
        match self.threshold.filter(|_| !self.comparison.has_band()) {
            Some(threshold) => {
                let _ = write!(text, r#","threshold":{}"#, java_double(threshold));
            }
            None => self.band_data(&recent, &mut text),
        }
        text.push_str(r#","evaluatedDatapoints":["#);
        join(&mut text, ",", &self.evaluated(), |text, slot| {
            let _ = write!(text, r#"{{"timestamp":"{}""#, java_iso_of(slot.at));
            if let Some(point) = slot.point {
                self.point_data(point, text);
            }
            text.push('}');
        });
        text.push_str("]}");
        text
    }

    fn band_data(&self, recent: &[(i64, Measured)], text: &mut String) {
        if self.comparison != Comparison::AboveBand {
            text.push_str(r#","recentLowerThresholds":"#);
            list(text, recent, lower);
        }
        if self.comparison != Comparison::BelowBand {
            text.push_str(r#","recentUpperThresholds":"#);
            list(text, recent, upper);
        }
    }

    fn point_data(&self, point: Measured, text: &mut String) {
        if let Some(samples) = point.samples {
            let _ = write!(text, r#","sampleCount":{}"#, java_double(samples));
        }
        let _ = write!(text, r#","value":{}"#, java_double(point.value));
        let limit = match (self.comparison, point.limit) {
            (Comparison::BelowBand, Limit::Band(lower, _)) => lower,
            (Comparison::AboveBand, Limit::Band(_, upper)) => upper,
            _ => return,
        };
        let _ = write!(text, r#","threshold":{}"#, java_double(limit));
    }

    /// The points that were evaluated, real ones before missing ones where there are not enough, the newest first.
    fn evaluated(&self) -> Vec<Slot> {
        let mut left = self.missing_count();
        let mut real_left = self.quorum.periods;
        let evaluated = self.slots.iter().filter(|slot| {
            let left = if slot.point.is_some() { &mut real_left } else { &mut left };
            let taken = *left > 0;
            *left = left.saturating_sub(1);
            taken
        });
        evaluated.copied().collect()
    }
}

/// `[21.5 (02/10/19 16:59:00)]`
fn tell_points(points: &[(i64, Measured)], text: &mut String) {
    text.push('[');
    join(text, ", ", points, |text, (at, point)| {
        let _ = write!(text, "{} ({})", java_double(point.value), day_first(*at));
    });
    text.push(']');
}

fn lower(point: &Measured) -> Option<f64> {
    match point.limit {
        Limit::Band(lower, _) => Some(lower),
        Limit::Threshold(_) => None,
    }
}

fn upper(point: &Measured) -> Option<f64> {
    match point.limit {
        Limit::Band(_, upper) => Some(upper),
        Limit::Threshold(_) => None,
    }
}

/// `[1.0,2.5]`, in sentences and in JSON alike.
fn list(text: &mut String, points: &[(i64, Measured)], part: impl Fn(&Measured) -> Option<f64>) {
    let values: Vec<f64> = points.iter().filter_map(|(_, point)| part(point)).collect();
    text.push('[');
    join(text, ",", &values, |text, value| text.push_str(&java_double(*value)));
    text.push(']');
}

fn join<T>(text: &mut String, comma: &str, items: &[T], mut each: impl FnMut(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(comma);
        }
        each(text, item);
    }
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `02/10/19 16:59:00`
fn day_first(second: i64) -> String {
    moment(second).format("%d/%m/%y %H:%M:%S").to_string()
}

fn moment(second: i64) -> Time {
    Time::from_timestamp(second, 0).unwrap_or_default()
}

fn java_iso_of(second: i64) -> String {
    java_iso(moment(second))
}

/// `2019-10-02T17:04:40.985+0000`: how CloudWatch writes times in JSON.
pub fn java_iso(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// A number as Java writes it: `21.0`, `1.5E8`.
pub fn java_double(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    /// Periods of a length that end at a moment; the newest value last, as it would be drawn.
    fn slots(end: &str, period: i64, values: &[Option<f64>], threshold: f64) -> Vec<Slot> {
        let end = time(end).timestamp();
        let measured = |value| Measured { value, samples: Some(1.0), limit: Limit::Threshold(threshold) };
        let slot = |(back, value): (i64, &Option<f64>)| Slot { at: end - back * period, point: value.map(measured) };
        (1..).zip(values.iter().rev()).map(slot).collect()
    }

    struct Case<'a> {
        quorum: (usize, usize),
        set: bool,
        missing: Missing,
        comparison: Comparison,
        threshold: f64,
        end: &'a str,
        period: i64,
    }

    const CASE: Case<'static> = Case {
        quorum: (1, 1),
        set: false,
        missing: Missing::Missing,
        comparison: Comparison::Greater,
        threshold: 21.0,
        end: "2019-10-02T17:04:00Z",
        period: 300,
    };

    impl Case<'_> {
        fn basis<'s>(&self, slots: &'s [Slot]) -> Basis<'s> {
            Basis {
                slots,
                quorum: Quorum { datapoints: self.quorum.0, periods: self.quorum.1 },
                is_quorum_set: self.set,
                missing: self.missing,
                comparison: self.comparison,
                threshold: Some(self.threshold),
                period: self.period,
                statistic: Some("Average"),
                unit: None,
                now: time("2019-10-02T17:04:40.985Z"),
            }
        }

        fn check(&self, values: &[Option<f64>], state: Value, wanted: &str) {
            let slots = slots(self.end, self.period, values, self.threshold);
            assert_eq!(self.basis(&slots).sentence(state), wanted);
        }
    }

    /// Sentences of real notifications.
    #[test]
    fn sentences() {
        CASE.check(
            &[Some(21.5)],
            Value::Alarm,
            "Threshold Crossed: 1 datapoint [21.5 (02/10/19 16:59:00)] was greater than the threshold (21.0).",
        );
        let set = Case { set: true, threshold: 50.0, ..CASE };
        set.check(
            &[Some(99.50160229693434)],
            Value::Alarm,
            "Threshold Crossed: 1 out of the last 1 datapoints [99.50160229693434 (02/10/19 16:59:00)] was greater than \
             the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition).",
        );
        set.check(
            &[None, Some(0.0666851903306472), None],
            Value::Ok,
            "Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (02/10/19 16:54:00)] was not greater \
             than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition).",
        );
        let three = Case { quorum: (3, 3), threshold: 0.0, end: "2026-08-19T05:53:00Z", period: 180, ..CASE };
        three.check(
            &[Some(1.0), Some(3.0), Some(2.0)],
            Value::Alarm,
            "Threshold Crossed: 3 datapoints [2.0 (19/08/26 05:50:00), 3.0 (19/08/26 05:47:00), 1.0 (19/08/26 05:44:00)] \
             were greater than the threshold (0.0).",
        );
    }

    /// Sentences of real notifications, of alarms on many points and of contributors.
    #[test]
    fn long_and_short_sentences() {
        let sky = Case { quorum: (5, 5), threshold: 65.0, end: "2020-04-29T23:33:00Z", period: 60, ..CASE };
        let sky = Case { set: true, comparison: Comparison::Less, ..sky };
        sky.check(
            &[Some(0.0); 5],
            Value::Alarm,
            "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The most recent \
             datapoints which crossed the threshold: [0.0 (29/04/20 23:32:00), 0.0 (29/04/20 23:31:00), 0.0 (29/04/20 \
             23:30:00), 0.0 (29/04/20 23:29:00), 0.0 (29/04/20 23:28:00)] (minimum 5 datapoints for OK -> ALARM \
             transition).",
        );
        let many = Case { quorum: (24, 24), threshold: 0.0, end: "2024-12-19T08:34:00Z", period: 60, ..CASE };
        many.check(
            &[Some(1.0); 24],
            Value::Alarm,
            "Threshold Crossed: 24 datapoints were greater than the threshold (0.0). The most recent datapoints which \
             crossed the threshold: [1.0 (19/12/24 08:33:00), 1.0 (19/12/24 08:32:00), 1.0 (19/12/24 08:31:00), 1.0 \
             (19/12/24 08:30:00), 1.0 (19/12/24 08:29:00)].",
        );
        let table =
            Case { comparison: Comparison::Less, threshold: 1.0, end: "2025-12-01T13:35:00Z", period: 60, ..CASE };
        let short = |case: &Case, values: &[Option<f64>]| {
            let slots = slots(case.end, case.period, values, case.threshold);
            case.basis(&slots).short_sentence(Value::Alarm)
        };
        assert_eq!(
            short(&table, &[Some(0.0)]),
            "Threshold Crossed: 1 datapoint was less than the threshold (1.0). The most recent datapoint which crossed the \
             threshold: [0.0 (01/12/25 13:34:00)]."
        );
        let three = Case { quorum: (3, 3), threshold: 0.0, end: "2025-07-03T08:34:00Z", ..CASE };
        assert_eq!(
            short(&three, &[Some(41.0), Some(33.8), Some(32.6)]),
            "Threshold Crossed: 3 datapoints were greater than the threshold (0.0). The most recent datapoints which \
             crossed the threshold: [32.6 (03/07/25 08:29:00)]."
        );
    }

    #[test]
    fn sentences_on_missing_points() {
        let of = |quorum, missing| Case { quorum, missing, ..CASE };
        of((2, 2), Missing::Breaching).check(
            &[None; 4],
            Value::Alarm,
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as \
             [Breaching].",
        );
        of((1, 1), Missing::NotBreaching).check(
            &[None; 3],
            Value::Ok,
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as \
             [NonBreaching].",
        );
        of((2, 3), Missing::Breaching).check(
            &[None, None, None, None, Some(1.0)],
            Value::Alarm,
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as \
             [Breaching].",
        );
        let eight = Case {
            comparison: Comparison::LessOrEqual,
            threshold: 0.0,
            end: "2026-08-19T09:51:00Z",
            period: 900,
            ..of((8, 8), Missing::Breaching)
        };
        let values = [[None; 9].as_slice(), &[Some(2.0)]].concat();
        eight.check(
            &values,
            Value::Ok,
            "Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not less than or equal to the threshold (0.0) \
             and 7 missing datapoints were treated as [Breaching].",
        );
        let twenty = Case {
            set: true,
            comparison: Comparison::GreaterOrEqual,
            threshold: 1.0,
            end: "2024-03-16T12:16:00Z",
            period: 60,
            ..of((1, 20), Missing::NotBreaching)
        };
        let values = [[None; 21].as_slice(), &[Some(613.0)]].concat();
        twenty.check(
            &values,
            Value::Alarm,
            "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or equal to \
             the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> \
             ALARM transition).",
        );
        of((5, 5), Missing::Missing).check(
            &[None; 7],
            Value::InsufficientData,
            "Insufficient Data: 5 datapoints were unknown.",
        );
        CASE.check(&[None; 3], Value::InsufficientData, "Insufficient Data: 1 datapoint was unknown.");
    }

    /// The sentences of AWS's example of an anomaly detection alarm.
    #[test]
    fn bands() {
        let check = |comparison, value, (lower, upper), state, wanted: &str| {
            let point = Measured { value, samples: None, limit: Limit::Band(lower, upper) };
            let slots = [Slot { at: time("2019-10-03T15:58:00Z").timestamp(), point: Some(point) }];
            let basis = Basis {
                statistic: None,
                threshold: None,
                comparison,
                period: 60,
                ..(Case { set: true, ..CASE }).basis(&slots)
            };
            assert_eq!(basis.sentence(state), wanted);
            basis.data()
        };
        let data = check(
            Comparison::OutsideBand,
            0.0,
            (0.020599444741798756, 0.3006915352732461),
            Value::Alarm,
            "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (03/10/19 15:58:00)] was less than the lower \
             thresholds [0.020599444741798756] or greater than the upper thresholds [0.3006915352732461] (minimum 1 \
             datapoint for OK -> ALARM transition).",
        );
        assert_eq!(
            data,
            r#"{"version":"1.0","queryDate":"2019-10-02T17:04:40.985+0000","startDate":"2019-10-03T15:58:00.000+0000","period":60,"recentDatapoints":[0.0],"recentLowerThresholds":[0.020599444741798756],"recentUpperThresholds":[0.3006915352732461],"evaluatedDatapoints":[{"timestamp":"2019-10-03T15:58:00.000+0000","value":0.0}]}"#
        );
        check(
            Comparison::OutsideBand,
            0.1,
            (0.02, 0.3),
            Value::Ok,
            "Thresholds Crossed: 1 out of the last 1 datapoints [0.1 (03/10/19 15:58:00)] was not less than the lower \
             thresholds [0.02] or not greater than the upper thresholds [0.3] (minimum 1 datapoint for ALARM -> OK \
             transition).",
        );
        let data = check(
            Comparison::AboveBand,
            239.0,
            (1.0, 225.71426732099445),
            Value::Alarm,
            "Thresholds Crossed: 1 out of the last 1 datapoints [239.0 (03/10/19 15:58:00)] was greater than the upper \
             thresholds [225.71426732099445] (minimum 1 datapoint for OK -> ALARM transition).",
        );
        assert!(data.ends_with(
            r#""recentDatapoints":[239.0],"recentUpperThresholds":[225.71426732099445],"evaluatedDatapoints":[{"timestamp":"2019-10-03T15:58:00.000+0000","value":239.0,"threshold":225.71426732099445}]}"#
        ));
    }

    /// The forms of real answers.
    #[test]
    fn data() {
        let missing = Case { quorum: (2, 2), missing: Missing::Breaching, threshold: 2.0, period: 10, ..CASE };
        let none = slots("2019-10-02T17:04:40Z", 10, &[None; 4], 2.0);
        let basis = Basis { unit: Some("Seconds"), ..missing.basis(&none) };
        assert_eq!(
            basis.data(),
            r#"{"version":"1.0","queryDate":"2019-10-02T17:04:40.985+0000","unit":"Seconds","statistic":"Average","period":10,"recentDatapoints":[],"threshold":2.0,"evaluatedDatapoints":[{"timestamp":"2019-10-02T17:04:30.000+0000"},{"timestamp":"2019-10-02T17:04:20.000+0000"}]}"#
        );
        let one = slots(CASE.end, 300, &[Some(1.0166666666666666)], 90.0);
        let basis = Case { threshold: 90.0, ..CASE };
        assert_eq!(
            basis.basis(&one).data(),
            r#"{"version":"1.0","queryDate":"2019-10-02T17:04:40.985+0000","startDate":"2019-10-02T16:59:00.000+0000","statistic":"Average","period":300,"recentDatapoints":[1.0166666666666666],"threshold":90.0,"evaluatedDatapoints":[{"timestamp":"2019-10-02T16:59:00.000+0000","sampleCount":1.0,"value":1.0166666666666666}]}"#
        );
        // Older real points stand in for missing ones; those that are recent come in the order of time.
        let two = Case { quorum: (2, 2), ..CASE };
        let gap = slots(CASE.end, 300, &[Some(38.958), None, Some(40.292), None], 21.0);
        let data = two.basis(&gap).data();
        assert!(data.contains(r#""startDate":"2019-10-02T16:44:00.000+0000""#), "{data}");
        assert!(data.contains(r#""recentDatapoints":[38.958,40.292]"#), "{data}");
    }

    #[test]
    fn numbers_as_java_writes_them() {
        for (number, text) in [
            (21.0, "21.0"),
            (0.0, "0.0"),
            (-1.5, "-1.5"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (123_456_789.0, "1.23456789E8"),
        ] {
            assert_eq!(java_double(number), text);
        }
    }
}
