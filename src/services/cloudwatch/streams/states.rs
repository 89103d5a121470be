//! Starting and stopping metric streams. What is reported while a stream is stopped is not sent later
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-operation.html>).

use crate::services::cloudwatch::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::{op, record};

use super::delivery;
use super::put::streams;

/// The operations on states.
pub const OPS: &[Op] = &[op!(Write "StartMetricStreams" start), op!(Write "StopMetricStreams" stop)];

record! {
    struct Named { names: Vec<String> = "Names" }
}

fn start(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    set(cx, &input.names, true)?;
    let account = cx.account.clone();
    delivery::schedule(cx.world, &account, cx.region);
    Ok(())
}

fn stop(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    set(cx, &input.names, false)
}

/// All or none.
fn set(cx: &mut Cx, names: &[String], is_running: bool) -> Result<(), Fault> {
    let now = cx.world.now;
    let streams = streams(cx);
    if let Some(unknown) = names.iter().find(|name| !streams.streams.contains_key(*name)) {
        return Err(faults::invalid("Names", unknown));
    }
    for name in names {
        if let Some(stream) = streams.streams.get_mut(name)
            && stream.is_running != is_running
        {
            stream.is_running = is_running;
            stream.updated = now;
        }
    }
    Ok(())
}
