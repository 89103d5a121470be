//! Captures made byte by byte.

use std::net::IpAddr;

use etherparse::PacketBuilder;

use super::super::flow::{Answer, Flow, Place, Volume};
use super::super::tests::lab::{Lab, seen};
use super::super::{Connections, Place as End};
use super::*;

const CLIENT: [u8; 4] = [203, 0, 113, 9];
const SERVER: [u8; 4] = [10, 0, 0, 5];

/// An Ethernet frame with a TCP segment: `S`, `SA`, `A`, `F`, `R`, and bytes of data.
fn tcp(from: ([u8; 4], u16), to: ([u8; 4], u16), flags: &str, data: usize) -> Vec<u8> {
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from.0, to.0, 64);
    let mut segment = ip.tcp(from.1, to.1, 1, 1000);
    for flag in flags.chars() {
        segment = match flag {
            'S' => segment.syn(),
            'A' => segment.ack(1),
            'F' => segment.fin(),
            _ => segment.rst(),
        };
    }
    let mut frame = Vec::new();
    segment.write(&mut frame, &vec![0; data]).expect("room");
    frame
}

/// A libpcap file of Ethernet frames with their seconds.
fn pcap(frames: &[(u32, Vec<u8>)]) -> Vec<u8> {
    pcap_of(1, frames)
}

fn pcap_of(link: u32, frames: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, link] {
        file.extend(word.to_le_bytes());
    }
    for (seconds, frame) in frames {
        for word in [*seconds, 0, frame.len() as u32, frame.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    file
}

/// A block of a pcapng file, big-endian.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = (padded as u32 + 12).to_be_bytes();
    let mut block = [kind.to_be_bytes(), length].concat();
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A pcapng file whose interface counts in `resolution`.
fn pcapng(resolution: u8, frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = block(0x0a0d_0d0a, &[words(&[0x1a2b_3c4d, 0x0001_0000]), vec![0xff; 8]].concat());
    file.extend(block(
        1,
        &[words(&[0x0001_0000, 65535, 0x0009_0001]), vec![resolution, 0, 0, 0], words(&[0])].concat(),
    ));
    for (time, frame) in frames {
        let head = words(&[0, (time >> 32) as u32, *time as u32, frame.len() as u32, frame.len() as u32]);
        file.extend(block(6, &[head, frame.clone()].concat()));
    }
    file
}

fn address(octets: [u8; 4]) -> IpAddr {
    octets.into()
}

/// A connection of eight packets, from a SYN to two FINs.
fn connection() -> Vec<(u32, Vec<u8>)> {
    let (client, server) = ((CLIENT, 40000), (SERVER, 80));
    vec![
        (100, tcp(client, server, "S", 0)),
        (100, tcp(server, client, "SA", 0)),
        (100, tcp(client, server, "A", 0)),
        (101, tcp(client, server, "A", 100)),
        (103, tcp(server, client, "A", 1000)),
        (104, tcp(client, server, "AF", 0)),
        (104, tcp(server, client, "AF", 0)),
        (105, tcp(client, server, "A", 0)),
    ]
}

fn expected() -> Flow {
    Flow {
        sent: Some(Volume { packets: 5, bytes: 5 * 40 + 100 }),
        tcp_flags: Some(3),
        answer: Answer::Of { volume: Volume { packets: 3, bytes: 3 * 40 + 1000 }, tcp_flags: Some(19) },
        start_s: 100,
        duration_s: 5,
        ..Flow::tcp(address(CLIENT).into(), 40000, address(SERVER).into(), 80)
    }
}

#[test]
fn a_connection_is_one_flow() {
    let capture = read(&pcap(&connection())).expect("a capture");
    assert_eq!(capture, Capture { flows: vec![expected()], packets: 8, ignored: 0 });
}

#[test]
fn pcapng_tells_the_same() {
    for (resolution, per_second) in [(6, 1_000_000), (9, 1_000_000_000), (0x8a, 1024)] {
        let frames: Vec<_> =
            connection().into_iter().map(|(seconds, frame)| (u64::from(seconds) * per_second + 7, frame)).collect();
        assert_eq!(read(&pcapng(resolution, &frames)).expect("a capture").flows, [expected()], "{resolution}");
    }
}

#[test]
fn either_order_of_bytes_and_either_resolution() {
    let little = pcap(&connection());
    let turn = |bytes: &[u8]| bytes.chunks(4).flat_map(|word| word.iter().rev().copied()).collect::<Vec<u8>>();
    let mut big = turn(&little[..24]);
    let mut at = 24;
    while at < little.len() {
        let length = u32::from_le_bytes(little[at + 8..at + 12].try_into().expect("four")) as usize;
        big.extend(turn(&little[at..at + 16]));
        big.extend(&little[at + 16..at + 16 + length]);
        at += 16 + length;
    }
    assert_eq!(read(&big), read(&little));
    let mut nanoseconds = little.clone();
    nanoseconds[0] = 0x4d;
    nanoseconds[1] = 0x3c;
    assert_eq!(read(&nanoseconds), read(&little));
}

#[test]
fn link_types_are_taken_off() {
    let ethernet = tcp((CLIENT, 1), (SERVER, 2), "S", 0);
    let ip = ethernet[14..].to_vec();
    let with = |head: &[u8], data: &[u8]| [head, data].concat();
    let vlan = [&ethernet[..12], &[0x81, 0, 0, 5][..], &ethernet[12..]].concat();
    let cooked = with(&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0], &ip);
    let cooked2 = with(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0], &ip);
    let loopback = with(&[2, 0, 0, 0], &ip);
    for (link, frame) in
        [(1, &ethernet), (1, &vlan), (101, &ip), (228, &ip), (0, &loopback), (113, &cooked), (276, &cooked2)]
    {
        let capture = read(&pcap_of(link, &[(0, frame.clone())])).expect("a capture");
        assert_eq!((capture.packets, capture.flows.len()), (1, 1), "link type {link}");
        assert_eq!(capture.flows[0].destination_port, 2, "link type {link}");
    }
    let unknown = read(&pcap_of(147, &[(0, ethernet)])).expect("a capture");
    assert_eq!((unknown.packets, unknown.ignored), (0, 1));
}

#[test]
fn udp_icmp_and_ipv6() {
    let write = |builder: etherparse::PacketBuilderStep<etherparse::UdpHeader>| {
        let mut frame = Vec::new();
        builder.write(&mut frame, &[0; 30]).expect("room");
        frame
    };
    let ethernet = || PacketBuilder::ethernet2([2; 6], [4; 6]);
    let query = write(ethernet().ipv4(SERVER, [8, 8, 8, 8], 64).udp(5353, 53));
    let answer = write(ethernet().ipv4([8, 8, 8, 8], SERVER, 64).udp(53, 5353));
    let (from, to) = (
        [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    );
    let sixth = write(ethernet().ipv6(from, to, 64).udp(1, 2));
    let mut ping = Vec::new();
    ethernet().ipv4(CLIENT, SERVER, 64).icmpv4_echo_request(1, 1).write(&mut ping, &[0; 56]).expect("room");
    let mut pong = Vec::new();
    ethernet().ipv4(SERVER, CLIENT, 64).icmpv4_echo_reply(1, 1).write(&mut pong, &[0; 56]).expect("room");
    let frames = [(1, query), (1, answer), (2, sixth), (3, ping), (3, pong)];
    let flows = read(&pcap(&frames)).expect("a capture").flows;
    let shown: Vec<_> = flows.iter().map(|flow| (flow.protocol, flow.icmp, flow.sent.map(|sent| sent.bytes))).collect();
    assert_eq!(shown, [(17, (0, 0), Some(58)), (17, (0, 0), Some(78)), (1, (8, 0), Some(84))]);
    assert_eq!(flows[1].source, Place::Address(from.into()));
    assert!(flows.iter().map(|flow| flow.answer != Answer::Silent).eq([true, false, true]));
}

#[test]
fn who_began_it_is_the_source() {
    let answer_first =
        [(1, tcp((SERVER, 80), (CLIENT, 40000), "SA", 0)), (1, tcp((CLIENT, 40000), (SERVER, 80), "A", 0))];
    let flow = &read(&pcap(&answer_first)).expect("a capture").flows[0];
    assert_eq!(flow.source, Place::Address(address(CLIENT)));
    assert_eq!(flow.tcp_flags, Some(0));
}

#[test]
fn a_new_syn_after_the_end_is_a_new_flow() {
    let again: Vec<_> = connection().into_iter().map(|(seconds, frame)| (seconds + 20, frame)).collect();
    let frames = [connection(), again].concat();
    let flows = read(&pcap(&frames)).expect("a capture").flows;
    assert_eq!(flows, [expected(), Flow { start_s: 120, ..expected() }]);
    let late: Vec<_> =
        [(0, tcp((CLIENT, 1), (SERVER, 2), "A", 0)), (351, tcp((CLIENT, 1), (SERVER, 2), "A", 0))].into();
    assert_eq!(read(&pcap(&late)).expect("a capture").flows.len(), 2);
}

#[test]
fn captures_may_be_cut_short() {
    // By the length that is captured of each packet, and by the end of the file.
    let mut cut = tcp((CLIENT, 1), (SERVER, 2), "S", 500);
    cut.truncate(14 + 20 + 14);
    let mut file = pcap(&[(0, cut)]);
    let flow = &read(&file).expect("a capture").flows[0];
    assert_eq!((flow.sent, flow.tcp_flags), (Some(Volume { packets: 1, bytes: 540 }), Some(2)));
    file.extend([1, 0, 0, 0, 0]);
    assert_eq!(read(&file).expect("a capture").packets, 1);
}

#[test]
fn what_is_no_capture_is_a_fault() {
    for bytes in [&b""[..], b"GET", b"not a capture at all", &[0xd4, 0xc3, 0xb2, 0xa1]] {
        assert_eq!(read(bytes), Err(CaptureFault::NotACapture));
    }
    let mut damaged = pcapng(6, &[]);
    damaged[7] = 9;
    assert_eq!(read(&damaged), Err(CaptureFault::Damaged));
}

#[test]
fn no_bytes_make_a_panic() {
    use proptest::prelude::*;
    let pieces = [pcap(&connection()), pcapng(6, &[(1, tcp((CLIENT, 1), (SERVER, 2), "S", 9))])];
    proptest!(|(which in 0usize..2, changes in proptest::collection::vec((0usize..400, any::<u8>()), 0..9), end in 0usize..900)| {
        let mut file = pieces[which].clone();
        for (at, byte) in changes {
            let at = at % file.len();
            file[at] = byte;
        }
        file.truncate(end.max(1));
        let _ = read(&file);
    });
}

/// A capture at a server, which sees its private address, walks as what its clients sent.
#[test]
fn captured_flows_can_be_walked() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc"])
        .group("sg", &["in tcp 80 0.0.0.0/0"])
        .interface("subnet", "eni", &["10.0.0.5=198.51.100.5"], &["sg"])
        .network();
    let capture = read(&pcap(&connection())).expect("a capture");
    let flow = network.as_sent(capture.flows[0].clone());
    assert_eq!(flow.destination, End::from("198.51.100.5"));
    let walk = network.walk(&flow, &mut Connections::default()).expect("a flow");
    assert_eq!(
        seen(&network, &walk),
        ["eni ingress ACCEPT 203.0.113.9 10.0.0.5", "eni egress ACCEPT 10.0.0.5 203.0.113.9"]
    );
    let volumes: Vec<_> = walk.observations().map(|seen| (seen.packets, seen.bytes, seen.tcp_flags)).collect();
    assert_eq!(volumes, [(5, 300, 3), (3, 1120, 19)]);
}
