//! What scenarios draw by lot.

use std::net::{IpAddr, Ipv4Addr};

use rand::Rng;

use super::super::flow::{ACK, Answer, FIN, Flow, Place, SYN, Volume};

/// A public unicast address. Blocks for special purposes are left out
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>).
pub fn internet_host(rng: &mut impl Rng) -> IpAddr {
    loop {
        let address = Ipv4Addr::from(rng.r#gen::<u32>());
        if !is_special(address) {
            return address.into();
        }
    }
}

fn is_special(address: Ipv4Addr) -> bool {
    matches!(
        address.octets(),
        [0 | 10 | 127 | 224.., ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// As Linux chooses ports for connections.
pub fn ephemeral(rng: &mut impl Rng) -> u16 {
    rng.gen_range(32768..=60999)
}

/// A moment of a stretch of time, in seconds.
pub fn moment(start_s: i64, duration_s: u32, rng: &mut impl Rng) -> i64 {
    start_s.saturating_add(i64::from(rng.gen_range(0..=duration_s)))
}

/// A place in the row of things that are done one after the other.
pub fn in_turn(start_s: i64, duration_s: u32, number: u64, count: u64) -> i64 {
    start_s.saturating_add((u64::from(duration_s) * number / count.max(1)) as i64)
}

/// A lone SYN. Ports with a listener answer with SYN-ACK, the others with RST.
pub fn probe(flow: Flow, listening: &[u16]) -> Flow {
    let answer = match listening.contains(&flow.destination_port) {
        true => Answer::Of { volume: Volume { packets: 1, bytes: 44 }, tcp_flags: Some(SYN | ACK) },
        false => Answer::Refused,
    };
    Flow { sent: Some(Volume { packets: 1, bytes: 40 }), tcp_flags: Some(SYN), answer, ..flow }
}

/// A whole TCP connection with so many bytes of data each way, if it comes to be.
pub fn connection(flow: Flow, sent: u64, answered: u64) -> Flow {
    let (packets, answers) = (packets(sent).max(packets(answered) / 2), packets(answered).max(packets(sent) / 2));
    Flow {
        sent: Some(Volume { packets: packets + 3, bytes: sent + 40 * (packets + 3) }),
        tcp_flags: Some(SYN | FIN),
        answer: Answer::Of {
            volume: Volume { packets: answers + 2, bytes: answered + 40 * (answers + 2) },
            tcp_flags: Some(SYN | ACK | FIN),
        },
        ..flow
    }
}

/// Segments of 1,460 bytes.
fn packets(bytes: u64) -> u64 {
    bytes.div_ceil(1460)
}

/// The given place, or a host on the internet that stays the same for the scenario.
pub fn or_outside(place: &Option<Place>, rng: &mut impl Rng) -> Place {
    place.clone().unwrap_or_else(|| Place::Address(internet_host(rng)))
}
