//! Log events that are columns between spaces: VPC flow logs and Route 53 public query logs.

use super::{Scalar, Visit};

const FLOW: [&str; 14] = [
    "version",
    "accountId",
    "interfaceId",
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "packets",
    "bytes",
    "startTime",
    "endTime",
    "action",
    "logStatus",
];
const ROUTE_53: [&str; 10] = [
    "version",
    "queryTimestamp",
    "hostZoneId",
    "queryName",
    "queryType",
    "responseCode",
    "protocol",
    "edgeLocation",
    "resolverIp",
    "ednsClientSubnet",
];

/// Visits the columns of a line of either kind; says whether it was one.
pub fn each_field<'m>(text: &'m str, visit: &mut Visit<'_, 'm>) -> bool {
    let mut columns = [""; FLOW.len() + 1];
    let mut count = 0;
    for (place, column) in columns.iter_mut().zip(text.split_ascii_whitespace()) {
        *place = column;
        count += 1;
    }
    let names: &[&str] = match &columns[..count] {
        columns if is_flow(columns) => &FLOW,
        columns if is_route_53(columns) => &ROUTE_53,
        _ => return false,
    };
    for (name, column) in names.iter().zip(columns) {
        visit(name, false, Scalar::Text(column));
    }
    true
}

fn is_flow(columns: &[&str]) -> bool {
    columns.len() == FLOW.len()
        && is_number(columns[0])
        && columns[2].starts_with("eni-")
        && is_number(columns[10])
        && is_number(columns[11])
        && matches!(columns[12], "ACCEPT" | "REJECT" | "-")
        && matches!(columns[13], "OK" | "NODATA" | "SKIPDATA")
}

fn is_route_53(columns: &[&str]) -> bool {
    columns.len() == ROUTE_53.len()
        && columns[0].split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
        && columns[1].ends_with('Z')
        && columns[1].contains('T')
        && columns[2].starts_with('Z')
        && matches!(columns[6], "TCP" | "UDP")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
