//! `GetMetricWidgetImage`: a widget drawn as a PNG
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html>).
//!
//! A widget is read and checked ([`widget`]); its metrics are queries of `GetMetricData`, whose values, worked out beside
//! the lock, become a [`picture`], which is drawn ([`draw`]).

pub mod draw;
mod picture;
mod queries;
mod times;
mod widget;

#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::services::cloudwatch;
use crate::services::cloudwatch::data::{Gathered, Plan, Span};
use crate::services::cloudwatch::put::note_metrics;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::{op, record};

use super::Store;
use super::dashboards::faults;
use super::dashboards::rules::Message;
use widget::Widget;

/// The operation.
pub const OPS: &[Op] = &[op!(Read "GetMetricWidgetImage" get_image).data()];

/// Periods of an expression, as for `GetMetricData`.
const PERIODS_MAX: i64 = 100_800;

record! {
    struct GetImage { widget: String = "MetricWidget", format: Option<String> = "OutputFormat" }
    struct Image { image: Bytes = "MetricWidgetImage" }
}

fn get_image(cx: &mut Cx, input: GetImage) -> Result<Scan<Image>, Fault> {
    note_metrics(cx);
    match input.format.as_deref() {
        None | Some("png") => {}
        Some("image/png") => return Err(faults::not_built("the OutputFormat image/png")),
        Some(other) => return Err(faults::format(other)),
    }
    let widget = Widget::read(&input.widget, cx.region, cx.world.now)?;
    let values = gather(cx, &widget, widget.period_of_all())?;
    // A small graph shows the points of a time that has one value.
    let lines = match widget.has_graphs_beside() {
        true => Some(gather(cx, &widget, None)?),
        false => None,
    };
    Ok(Scan::new(move || {
        let picture = picture::of(&widget, &values, lines.as_ref().unwrap_or(&values));
        Image { image: Bytes::from(draw::draw(&picture)) }
    }))
}

fn gather(cx: &mut Cx, widget: &Widget, period: Option<i64>) -> Result<Gathered, Fault> {
    let store = &*cloudwatch::metrics(cx.world, &cx.account, cx.region);
    gather_from(store, widget, period, (&cx.account, cx.region))
}

/// Takes the data of a widget's metrics from the store. A period that is given is that of all.
///
/// # Errors
/// `ValidationError` for expressions that cannot be, `NotImplemented` for functions that are not built.
fn gather_from(
    store: &Store,
    widget: &Widget,
    period: Option<i64>,
    (account, region): (&AccountId, Region),
) -> Result<Gathered, Fault> {
    let queries = queries::of(widget, period);
    let of_metrics = |fault: Fault| match fault.status {
        // What is not built says so by itself.
        Some(_) => fault,
        None => faults::invalid_widget(&[Message { path: "/metrics".to_owned(), text: fault.message }]),
    };
    let plan = Plan::new(&queries, account).map_err(of_metrics)?;
    let span = Span { start: widget.start, end: widget.end, now: widget.now };
    let periods = plan.shortest_period().map_or(0, |period| span.window(period).periods());
    if periods > PERIODS_MAX {
        return Err(of_metrics(super::faults::too_many_datapoints(periods, PERIODS_MAX)));
    }
    Ok(plan.gather(store, span, (account, region)))
}
