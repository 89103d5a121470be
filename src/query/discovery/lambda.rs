//! Lines of Lambda functions: START, END and REPORT, and what functions log, with the first JSON object in it.

use super::super::value::double_text;
use super::{Scalar, Visit, json};

/// Bytes of a megabyte, as `@memorySize` counts them.
const MEGABYTE: f64 = 1e6;

pub fn each_field<'m>(text: &'m str, visit: &mut Visit<'_, 'm>) {
    let kind = ["START", "END", "REPORT", "INIT_START", "INIT_REPORT", "RESTORE_REPORT"]
        .into_iter()
        .find(|kind| text.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' ')));
    match kind {
        Some(kind) if text.contains("RequestId: ") || kind.starts_with("INIT") => platform(kind, text, visit),
        _ => logged(text, visit),
    }
}

fn platform<'m>(kind: &str, text: &'m str, visit: &mut Visit<'_, 'm>) {
    visit("@type", false, Scalar::Owned(kind.to_owned()));
    let fields = text[kind.len()..].split(['\t', '\n']).map(str::trim).filter_map(|field| field.split_once(": "));
    for (name, value) in fields {
        let word = value.split_ascii_whitespace().next().unwrap_or_default();
        match name {
            "RequestId" => visit("@requestId", false, Scalar::Text(word)),
            "Duration" => number("@duration", word, 1.0, visit),
            "Billed Duration" => number("@billedDuration", word, 1.0, visit),
            "Init Duration" => number("@initDuration", word, 1.0, visit),
            "Memory Size" => number("@memorySize", word, MEGABYTE, visit),
            "Max Memory Used" => number("@maxMemoryUsed", word, MEGABYTE, visit),
            "XRAY TraceId" => visit("@xrayTraceId", false, Scalar::Text(word)),
            "SegmentId" => visit("@xraySegmentId", false, Scalar::Text(word)),
            _ => {}
        }
    }
}

fn number<'m>(name: &str, text: &str, unit: f64, visit: &mut Visit<'_, 'm>) {
    if let Ok(number) = text.parse::<f64>() {
        visit(name, false, Scalar::Owned(double_text(number * unit)));
    }
}

/// `TIME<tab>REQUEST-ID<tab>LEVEL<tab>…`, as the runtimes write it.
fn logged<'m>(text: &'m str, visit: &mut Visit<'_, 'm>) {
    let mut columns = text.splitn(4, '\t');
    let (Some(time), Some(id), Some(_)) = (columns.next(), columns.next(), columns.next()) else { return };
    let runtime = time.ends_with('Z') && time.contains('T') && is_uuid(id);
    if !runtime {
        return;
    }
    visit("@requestId", false, Scalar::Text(id));
    json::each_embedded_field(columns.next().unwrap_or_default(), visit);
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
