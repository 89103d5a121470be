//! What a widget comes to, once its metrics have values.

use serde_json::Value;

use crate::services::cloudwatch::dashboards::metrics::Row;
use crate::services::cloudwatch::data::{Answer, Gathered, QueryKind, label};
use crate::services::cloudwatch::math::{Function, Kind, Series};
use crate::services::cloudwatch::store::NO_UNIT;

use super::draw::{Axis, Color, Curve, PALETTE, Picture};
use super::queries::is_visible;
use super::widget::Widget;

/// Points are whole so many seconds after their period ends
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-live-data.html>).
const AGGREGATION: i64 = 60;

/// A curve and the unit of its metric.
type United = (Curve, Option<&'static str>);

/// Works out a picture from the queries for single values and those for graphs, which may be the same.
pub fn of(widget: &Widget, values: &Gathered, lines: &Gathered) -> Picture {
    let mut curves = curves(widget, lines);
    if widget.period_of_all().is_some() {
        let of_values = self::curves(widget, values);
        curves.iter_mut().zip(of_values).for_each(|((curve, _), (other, _))| curve.value = other.value);
    }
    let axis = |axis: &Axis, on_right: bool, units: bool| {
        let label = if axis.label.is_empty() && units { unit_of(&curves, on_right) } else { axis.label.clone() };
        Axis { label, ..axis.clone() }
    };
    Picture {
        width: widget.width,
        height: widget.height,
        dark: widget.dark,
        title: widget.title.clone(),
        view: widget.view,
        legend: widget.legend,
        span: (widget.start.timestamp(), widget.end.timestamp()),
        zone: widget.offset.seconds(),
        left: axis(&widget.left, false, widget.show_units.0),
        right: axis(&widget.right, true, widget.show_units.1),
        horizontal: widget.horizontal.clone(),
        vertical: widget.vertical.clone(),
        curves: curves.into_iter().map(|(curve, _)| curve).collect(),
    }
}

/// The curves that are to be seen. An expression may be several.
fn curves(widget: &Widget, gathered: &Gathered) -> Vec<United> {
    let run = gathered.run();
    let mut curves: Vec<United> = Vec::new();
    for (place, row) in widget.rows.iter().enumerate().filter(|(_, row)| is_visible(row)) {
        let Some(query) = gathered.plan.queries.get(place) else { continue };
        let answer = run.answer(place);
        let is_partial = gathered.is_cut() || !run.is_whole();
        let (unit, is_list) = (answer.unit, answer.is_list);
        // What a metric is expected to be is one band, not two curves.
        if is_call_of(&query.kind, Function::AnomalyDetectionBand) {
            curves.extend(band(widget, row, answer).map(|curve| (curve, None)));
            continue;
        }
        for series in answer.series {
            let mut name = label(gathered, widget.offset, query, &series, is_list);
            if let Some(text) = row.options.get("expression").and_then(Value::as_str)
                && !is_list
                && !["label", "id"].iter().any(|name| row.options.contains_key(*name))
            {
                text.clone_into(&mut name);
            }
            let found = series.origin.as_ref().filter(|_| is_call_of(&query.kind, Function::Search));
            let unit = unit.or_else(|| gathered.unit_found(&found?.metric));
            let curve = Curve { label: name, is_partial, ..curve(widget, row, series, curves.len()) };
            curves.push((curve, unit));
        }
    }
    curves
}

fn curve(widget: &Widget, row: &Row, series: Series, index: usize) -> Curve {
    let points = shown(widget, series.period, series.points);
    Curve {
        color: color(row).unwrap_or_else(|| PALETTE.get(index % PALETTE.len()).copied().unwrap_or_default()),
        on_right: row.options.get("yAxis").is_some_and(|side| side == "right"),
        period: series.period,
        value: points.last().map(|(_, value)| *value),
        points,
        ..Curve::default()
    }
}

/// Points that are whole. Live data has others, too, and so have values of the whole time.
fn shown(widget: &Widget, period: i64, mut points: Vec<(i64, f64)>) -> Vec<(i64, f64)> {
    if !widget.live_data && Some(period) != widget.period_of_all() {
        let now = widget.now.timestamp();
        points.retain(|(at, _)| at.saturating_add(period).saturating_add(AGGREGATION) <= now);
    }
    points
}

fn color(row: &Row) -> Option<Color> {
    Color::parse(row.options.get("color")?.as_str()?)
}

/// Whether a function makes all of an expression.
fn is_call_of(kind: &QueryKind, wanted: Function) -> bool {
    match kind {
        QueryKind::Math(node) => matches!(node.kind, Kind::Call { function, .. } if function == wanted),
        QueryKind::Metric(_) | QueryKind::Insights(_) => false,
    }
}

fn band(widget: &Widget, row: &Row, answer: Answer) -> Option<Curve> {
    const GREY: Color = Color(0x95, 0xa5, 0xa6);
    let [lower, upper] = <[Series; 2]>::try_from(answer.series).ok()?;
    let label = row.options.get("label").and_then(Value::as_str).unwrap_or("Band").to_owned();
    let lower = shown(widget, lower.period, lower.points);
    let curve = curve(widget, row, upper, 0);
    Some(Curve { label, color: color(row).unwrap_or(GREY), lower: Some(lower), ..curve })
}

/// The unit that all curves of an axis have.
fn unit_of(curves: &[United], on_right: bool) -> String {
    let mut units = curves.iter().filter(|(curve, _)| curve.on_right == on_right && curve.lower.is_none());
    let Some((_, first)) = units.next() else { return String::new() };
    let shown = match first {
        _ if units.any(|(_, unit)| unit != first) => "Various units",
        None | Some(NO_UNIT) => "No unit",
        Some(unit) => unit,
    };
    shown.to_owned()
}
