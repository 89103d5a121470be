//! `GetMetricData`: metrics, math over them, and queries, in one call. Alarms look at metrics the same way: a [`Plan`] is
//! what was asked for, and checked; [`Plan::gather`] takes what it needs from the store; [`Gathered`] has the values.

mod gather;
mod labels;
mod page;
mod plan;
mod run;
#[cfg(test)]
mod tests;

use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::fields::Scan;
use crate::world::op::Op;
use crate::world::time::Time;
use crate::{op, record};

pub use gather::{Gathered, Span};
pub use labels::Offset;
pub use page::label;
pub use plan::{Kind as QueryKind, Plan};
pub use run::{Answer, Run};

use super::faults;
use super::list::Listed;
use super::put::note_metrics;
use page::Place;

/// The operation.
pub const OPS: &[Op] = &[op!(Read "GetMetricData" get_metric_data).data()];

/// Data points of a page, unless a request says fewer
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const DATAPOINTS_MAX: i64 = 100_800;

record! {
    struct GetMetricData {
        queries: Vec<MetricDataQuery> = "MetricDataQueries",
        start: Time = "StartTime",
        end: Time = "EndTime",
        token: Option<String> = "NextToken",
        scan_by: Option<String> = "ScanBy",
        datapoints_max: Option<i64> = "MaxDatapoints",
        label_options: Option<LabelOptions> = "LabelOptions",
    }

    struct LabelOptions { timezone: Option<String> = "Timezone" }

    /// A metric, or an expression over others.
    pub struct MetricDataQuery {
        id: String = "Id",
        stat: Option<MetricStat> = "MetricStat",
        expression: Option<String> = "Expression",
        label: Option<String> = "Label",
        returned: Option<bool> = "ReturnData",
        period: Option<i64> = "Period",
        account: Option<String> = "AccountId",
    }

    /// A statistic of a metric.
    pub struct MetricStat {
        metric: Listed = "Metric",
        period: i64 = "Period",
        stat: String = "Stat",
        unit: Option<String> = "Unit",
    }

    struct MetricData {
        results: Vec<DataResult> = "MetricDataResults",
        token: Option<String> = "NextToken",
        messages: Vec<Message> = "Messages",
    }

    struct DataResult {
        id: String = "Id",
        label: String = "Label",
        moments: Vec<Time> = "Timestamps",
        values: Vec<f64> = "Values",
        status: String = "StatusCode",
        messages: Option<Vec<Message>> = "Messages",
    }

    /// Something to know about an answer.
    pub struct Message { code: String = "Code", text: String = "Value" }
}

fn get_metric_data(cx: &mut Cx, input: GetMetricData) -> Result<Scan<MetricData>, Fault> {
    note_metrics(cx);
    match () {
        () if input.start == input.end => return Err(faults::of_data(faults::empty_span())),
        () if input.start > input.end => return Err(faults::backward_data_span()),
        () => {}
    }
    let limit = input.datapoints_max.unwrap_or(DATAPOINTS_MAX);
    if !(1..=DATAPOINTS_MAX).contains(&limit) {
        return Err(faults::max_datapoints(DATAPOINTS_MAX));
    }
    let timezone = input.label_options.and_then(|options| options.timezone);
    let offset = Offset::parse(timezone.as_deref())?;
    let place = Place::parse(input.token.as_deref())?;
    let plan = Plan::new(&input.queries, &cx.account)?;
    let span = Span { start: input.start, end: input.end, now: cx.world.now };
    if let Some(period) = plan.shortest_period() {
        let wanted = span.window(period).periods();
        if wanted > DATAPOINTS_MAX {
            return Err(faults::of_data(faults::too_many_datapoints(wanted, DATAPOINTS_MAX)));
        }
    }
    let store = super::metrics(cx.world, &cx.account, cx.region);
    let gathered = plan.gather(store, span, (&cx.account, cx.region));
    let ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    let limit = usize::try_from(limit).unwrap_or_default();
    Ok(Scan::new(move || page::cut(&gathered, &page::Wanted { place, limit, ascending, offset })))
}

impl Message {
    /// More was found than is looked at.
    fn too_much() -> Message {
        let text = "Maximum number of allowed metrics exceeded".to_owned();
        Message { code: "MaxMetricsExceeded".to_owned(), text }
    }
}
