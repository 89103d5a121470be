//! Flows that last over several windows.

use super::super::flow::{ACK, FIN, RST, SYN};
use super::super::walk::Observation;

/// The part of a flow that falls into one window.
pub(super) struct Part {
    pub window_s: i64,
    pub start_s: i64,
    pub end_s: i64,
    pub packets: u64,
    pub bytes: u64,
    pub tcp_flags: u8,
}

/// Divides a flow among the windows that it touches. The connection begins in the first and ends in the last.
pub(super) fn parts(seen: &Observation, interval_s: i64) -> impl Iterator<Item = Part> {
    let floor = move |at_s: i64| at_s - at_s.rem_euclid(interval_s);
    let start_s = seen.start_s;
    // One packet takes no time.
    let end_s = if seen.packets > 1 { seen.end_s.max(start_s) } else { start_s };
    let first = floor(start_s);
    // A flow that ends as a window begins has no part in it.
    let last = if end_s <= first + interval_s { first } else { floor(end_s - 1) };
    let (packets, bytes, flags) = (seen.packets, seen.bytes, seen.tcp_flags);
    // The first packet stands at the start, the last one at the end, the others between; bytes go with packets.
    let packets_until = move |at_s: i64| match at_s >= end_s {
        true => packets,
        false => 1 + share(packets - 2, (at_s - start_s) as u64, (end_s - start_s) as u64),
    };
    let bytes_of = move |first: u64| share(bytes, first, packets);
    let windows = (last - first) / interval_s;
    let parts = (0..=windows).map(move |number| {
        let window_s = first + number * interval_s;
        let (from_s, to_s) = (window_s.max(start_s), (window_s + interval_s).min(end_s));
        let (before, until) = (if number == 0 { 0 } else { packets_until(from_s) }, packets_until(to_s));
        let opening = if number == 0 { flags & (SYN | ACK) } else { 0 };
        let closing = if number == windows { flags & (FIN | RST) } else { 0 };
        Part {
            window_s,
            start_s: from_s,
            end_s: to_s,
            packets: until - before,
            bytes: bytes_of(until) - bytes_of(before),
            tcp_flags: opening | closing,
        }
    });
    parts.filter(|part| part.packets > 0)
}

/// The share of a part in the total that the whole has.
fn share(total: u64, part: u64, whole: u64) -> u64 {
    match part {
        // Most flows lie in one window: nothing to divide.
        0 => 0,
        _ if part == whole => total,
        _ => (u128::from(total) * u128::from(part) / u128::from(whole)) as u64,
    }
}
