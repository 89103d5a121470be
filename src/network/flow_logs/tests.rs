//! Records as AWS documents them: the lines of "Flow log record examples", and the value of each field.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::flow::{Flow, ICMP, ICMPV6, Packet, Place, TCP, Volume};
use super::super::tests::lab::Lab;
use super::super::walk::{Action, Direction, Observation, TrafficPath, Vantage};
use super::super::{Answer, Connections, Network, ServiceRange};
use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn facts() -> Facts {
    Facts {
        interface_id: Some("eni-1235b8ca123456789".into()),
        account_id: "123456789010".into(),
        vpc_id: "vpc-abcdefab012345678".into(),
        subnet_id: Some("subnet-aaaaaaaa012345678".into()),
        instance_id: Some("i-01234567890123456".into()),
        region: "ap-southeast-2".into(),
        az_id: Some("apse2-az3".into()),
        ..Facts::default()
    }
}

/// A TCP flow, accepted on its way in.
fn totals(source: (&str, u16), destination: (&str, u16), packets: u64, bytes: u64) -> Totals {
    let (from, to) = (address(source.0), address(destination.0));
    Totals {
        direction: Direction::Ingress,
        action: Action::Accept,
        source: from,
        destination: to,
        packet: Packet {
            source: from,
            destination: to,
            protocol: TCP,
            source_port: source.1,
            destination_port: destination.1,
            icmp: (0, 0),
        },
        path: None,
        source_service: None,
        destination_service: None,
        tcp_flags: 0,
        packets,
        bytes,
    }
}

/// What the first interface saw leave at a time.
fn observation(totals: &Totals, at_s: i64) -> Observation {
    Observation {
        seen_at: Vantage::Interface(0),
        direction: Direction::Egress,
        action: totals.action,
        source: totals.source,
        destination: totals.destination,
        packet: totals.packet,
        path: None,
        tcp_flags: totals.tcp_flags,
        packets: totals.packets,
        bytes: totals.bytes,
        start_s: at_s,
        end_s: at_s,
    }
}

fn record(facts: Facts, totals: Totals, start_s: i64, end_s: i64) -> Record {
    Record { of: Arc::new(facts), content: Content::Ok(totals), start_s, end_s }
}

#[track_caller]
fn check(record: &Record, names: &str, line: &str) {
    let text = names.split(' ').map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" ");
    assert_eq!(record.line(&Format::parse(&text).expect("a format")), line);
}

const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

#[test]
fn accepted_and_rejected_traffic() {
    let ssh = totals(("172.31.16.139", 20641), ("172.31.16.21", 22), 20, 4249);
    check(
        &record(facts(), ssh, 1418530010, 1418530070),
        DEFAULT,
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
    );
    let rdp = Totals { action: Action::Reject, ..totals(("172.31.9.69", 49761), ("172.31.9.12", 3389), 20, 4249) };
    check(
        &record(facts(), rdp, 1418530010, 1418530070),
        DEFAULT,
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
    );
}

#[test]
fn no_data_and_skipped_records() {
    let of = Arc::new(facts());
    let (start_s, end_s) = (1431280876, 1431280934);
    check(
        &Record { of: of.clone(), content: Content::NoData, start_s, end_s },
        DEFAULT,
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
    );
    check(
        &Record { of, content: Content::SkipData, start_s, end_s },
        DEFAULT,
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - SKIPDATA",
    );
    let unknown = Facts { account_id: "unknown".into(), interface_id: Some("eni-09a44dfd0ebd78288".into()), ..facts() };
    check(
        &Record { of: Arc::new(unknown), content: Content::NoData, start_s: 1638859102, end_s: 1638859154 },
        DEFAULT,
        "2 unknown eni-09a44dfd0ebd78288 - - - - - - - 1638859102 1638859154 - NODATA",
    );
}

#[test]
fn icmp_has_no_ports() {
    let mut ping = totals(("203.0.113.12", 0), ("172.31.16.139", 0), 4, 336);
    ping.packet.protocol = ICMP;
    check(
        &record(facts(), ping, 1432917027, 1432917142),
        DEFAULT,
        "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
    );
}

#[test]
fn ipv6_traffic() {
    let (from, to) = ("2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a102:3304:8879:34cf:4071");
    check(
        &record(facts(), totals((from, 34892), (to, 22), 54, 8855), 1477913708, 1477913820),
        DEFAULT,
        "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 \
         2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK",
    );
}

const TCP_FLAGS: &str = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport \
                         pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status";

#[test]
fn tcp_flag_sequence() {
    let short = Totals { tcp_flags: 3, ..totals(("52.213.180.42", 43638), ("10.0.0.62", 5001), 17, 1260) };
    check(
        &record(facts(), short, 1566933133, 1566933193),
        TCP_FLAGS,
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 \
         52.213.180.42 10.0.0.62 43638 5001 52.213.180.42 10.0.0.62 6 1260 17 1566933133 1566933193 ACCEPT 3 OK",
    );
}

#[test]
fn service_name_traffic_path_and_flow_direction() {
    let names = "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id \
                 instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr \
                 pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status";
    let of = || Facts { account_id: "123456789012".into(), instance_id: Some("i-0c50d5961bcb2d47b".into()), ..facts() };
    let inward = Totals {
        tcp_flags: 19,
        source_service: Some("S3".into()),
        ..totals(("52.95.128.179", 80), ("10.0.0.71", 34210), 14, 15044)
    };
    check(
        &record(of(), inward, 1616729292, 1616729349),
        names,
        "5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 vpc-abcdefab012345678 \
         subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 19 \
         52.95.128.179 10.0.0.71 S3 - - ingress OK",
    );
    let outward = Totals {
        tcp_flags: 3,
        direction: Direction::Egress,
        path: Some(TrafficPath::InternetGateway),
        destination_service: Some("S3".into()),
        ..totals(("10.0.0.71", 34210), ("52.95.128.179", 80), 7, 471)
    };
    check(
        &record(of(), outward, 1616729292, 1616729349),
        names,
        "5 10.0.0.71 52.95.128.179 34210 80 6 1616729292 1616729349 IPv4 7 471 123456789012 vpc-abcdefab012345678 \
         subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 3 \
         10.0.0.71 52.95.128.179 - S3 8 egress OK",
    );
}

#[test]
fn regional_nat_gateways_are_named_by_their_resource_id() {
    let nat = Facts {
        interface_id: None,
        subnet_id: None,
        instance_id: None,
        resource_id: Some("nat-1234567890abcdef".into()),
        ..facts()
    };
    check(
        &record(nat, totals(("107.22.182.139", 1), ("203.0.113.5", 2), 1, 1), 0, 0),
        "resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
        "nat-1234567890abcdef - - - 107.22.182.139 203.0.113.5 107.22.182.139 203.0.113.5",
    );
}

/// What a record of everything shows in each field; beside it a record of nothing.
#[test]
fn each_field_has_its_documented_value() {
    let task = EcsTask {
        cluster_arn: "arn:aws:ecs:us-east-2:123456789012:cluster/web".into(),
        cluster_name: "web".into(),
        container_instance_arn: Some("arn:aws:ecs:us-east-2:123456789012:container-instance/web/c0ffee".into()),
        container_instance_id: Some("c0ffee".into()),
        container_id: Some("docker-1".into()),
        second_container_id: Some("docker-2".into()),
        service_name: Some("front".into()),
        task_definition_arn: "arn:aws:ecs:us-east-2:123456789012:task-definition/front:236".into(),
        task_arn: "arn:aws:ecs:us-east-2:123456789012:task/web/k5iv".into(),
        task_id: "k5iv".into(),
    };
    let full = Totals {
        direction: Direction::Egress,
        path: Some(TrafficPath::GatewayEndpoint),
        source: address("10.0.0.220"),
        tcp_flags: 19,
        source_service: Some("EC2".into()),
        destination_service: Some("DYNAMODB".into()),
        ..totals(("10.0.1.5", 40000), ("3.218.180.1", 443), 7, 471)
    };
    let full = record(Facts { ecs: Some(task), ..facts() }, full, 1616729292, 1616729349);
    let values = [
        ("version", "10", "10"),
        ("account-id", "123456789010", "123456789010"),
        ("interface-id", "eni-1235b8ca123456789", "eni-1235b8ca123456789"),
        ("srcaddr", "10.0.0.220", "-"),
        ("dstaddr", "3.218.180.1", "-"),
        ("srcport", "40000", "-"),
        ("dstport", "443", "-"),
        ("protocol", "6", "-"),
        ("packets", "7", "-"),
        ("bytes", "471", "-"),
        ("start", "1616729292", "1616729292"),
        ("end", "1616729349", "1616729349"),
        ("action", "ACCEPT", "-"),
        ("log-status", "OK", "NODATA"),
        ("vpc-id", "vpc-abcdefab012345678", "vpc-abcdefab012345678"),
        ("subnet-id", "subnet-aaaaaaaa012345678", "subnet-aaaaaaaa012345678"),
        ("instance-id", "i-01234567890123456", "i-01234567890123456"),
        ("tcp-flags", "19", "-"),
        ("type", "IPv4", "-"),
        ("pkt-srcaddr", "10.0.1.5", "-"),
        ("pkt-dstaddr", "3.218.180.1", "-"),
        ("region", "ap-southeast-2", "ap-southeast-2"),
        ("az-id", "apse2-az3", "apse2-az3"),
        ("sublocation-type", "-", "-"),
        ("sublocation-id", "-", "-"),
        ("pkt-src-aws-service", "EC2", "-"),
        ("pkt-dst-aws-service", "DYNAMODB", "-"),
        ("flow-direction", "egress", "-"),
        ("traffic-path", "7", "-"),
        ("ecs-cluster-arn", "arn:aws:ecs:us-east-2:123456789012:cluster/web", "-"),
        ("ecs-cluster-name", "web", "-"),
        ("ecs-container-instance-arn", "arn:aws:ecs:us-east-2:123456789012:container-instance/web/c0ffee", "-"),
        ("ecs-container-instance-id", "c0ffee", "-"),
        ("ecs-container-id", "docker-1", "-"),
        ("ecs-second-container-id", "docker-2", "-"),
        ("ecs-service-name", "front", "-"),
        ("ecs-task-definition-arn", "arn:aws:ecs:us-east-2:123456789012:task-definition/front:236", "-"),
        ("ecs-task-arn", "arn:aws:ecs:us-east-2:123456789012:task/web/k5iv", "-"),
        ("ecs-task-id", "k5iv", "-"),
        ("reject-reason", "-", "-"),
        ("resource-id", "-", "-"),
        ("encryption-status", "-", "-"),
    ];
    assert_eq!(values.map(|row| row.0), FIELDS.map(|row| row.1));
    let names = values.map(|row| row.0).join(" ");
    check(&full, &names, &values.map(|row| row.1).join(" "));
    let nothing = Record { of: Arc::new(facts()), content: Content::NoData, ..full };
    check(&nothing, &names, &values.map(|row| row.2).join(" "));
}

#[test]
fn values_that_the_full_record_cannot_have() {
    let value = |of: &Facts, totals: &Totals, name: &str, expected: &str| {
        check(&record(of.clone(), totals.clone(), 0, 0), name, expected);
    };
    let plain = totals(("10.0.0.5", 1), ("10.0.0.6", 2), 1, 40);
    let place = |kind: &str, id: &str| Facts { az_id: None, sublocation: Some((kind.into(), id.into())), ..facts() };
    value(&place("wavelength", "wlid04"), &plain, "sublocation-type", "wavelength");
    value(&place("outpost", "outpostid04"), &plain, "sublocation-id", "outpostid04");
    value(&place("localzone", "lz"), &plain, "az-id", "-");
    let mut fargate = facts();
    fargate.ecs = Some(EcsTask { cluster_name: "web".into(), ..EcsTask::default() });
    value(&fargate, &plain, "ecs-container-instance-id", "-");
    value(&fargate, &plain, "ecs-cluster-name", "web");
    let v6 = totals(("2001:db8::1", 1), ("2001:db8::2", 2), 1, 40);
    value(&facts(), &v6, "type", "IPv6");
    value(&facts(), &plain, "flow-direction", "ingress");
    value(&facts(), &plain, "traffic-path", "-");
    for (path, number) in [
        (TrafficPath::SameVpc, "1"),
        (TrafficPath::Peering, "4"),
        (TrafficPath::PeeringOfRegions, "5"),
        (TrafficPath::GatewayEndpoint, "7"),
        (TrafficPath::InternetGateway, "8"),
    ] {
        value(&facts(), &Totals { path: Some(path), ..plain.clone() }, "traffic-path", number);
    }
    let rejected = Totals { action: Action::Reject, ..plain.clone() };
    value(&facts(), &rejected, "action reject-reason bytes", "REJECT - 40");
    let blocked = Totals { action: Action::RejectBpa, ..plain };
    value(&facts(), &blocked, "action reject-reason bytes packets", "REJECT BPA - 1");
}

fn viewpoints() -> (Network, Viewpoints) {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "public", &["10.0.0.0/24"])
        .subnet("vpc", "private", &["10.0.1.0/24"])
        .table("public", "rtb-public", &["0.0.0.0/0 igw-vpc"])
        .table("private", "rtb-private", &["0.0.0.0/0 nat-1"])
        .group("sg", &["in tcp 5001 0.0.0.0/0", "out all 0.0.0.0/0"])
        .nat("public", "nat-1", "10.0.0.220=107.22.182.139")
        .interface("private", "eni-b", &["10.0.1.5"], &["sg"])
        .interface("public", "eni-a", &["10.0.0.62=198.51.100.62"], &["sg"])
        .with(|parts| {
            let range = |cidr: &str, service: &str| ServiceRange {
                cidr: cidr.parse().expect("a block"),
                service: service.into(),
            };
            parts.service_ranges = vec![range("52.95.0.0/16", "AMAZON"), range("52.95.128.0/21", "S3")];
        })
        .network();
    let viewpoints = Viewpoints::new(&network);
    (network, viewpoints)
}

fn send(windows: &mut Windows, flow: &Flow) {
    let (network, viewpoints) = viewpoints();
    let walk = network.walk(flow, &mut Connections::default()).expect("a flow");
    walk.observations().for_each(|seen| windows.add(seen, &viewpoints));
}

fn lines(records: &[Record], names: &str) -> Vec<String> {
    let text = names.split(' ').map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" ");
    let format = Format::parse(&text).expect("a format");
    records.iter().map(|record| record.line(&format)).collect()
}

fn close_all(windows: &mut Windows, now_s: i64, watched: &[Arc<Facts>]) -> Vec<Record> {
    std::iter::from_fn(|| close_next(windows, now_s, watched)).flatten().collect()
}

fn close_next(windows: &mut Windows, now_s: i64, watched: &[Arc<Facts>]) -> Option<Vec<Record>> {
    let closed = windows.close_next(now_s, watched)?;
    assert_eq!(closed.records().count(), closed.len());
    Some(closed.records().collect())
}

/// The records of "Traffic through a zonal NAT gateway", from a walk.
#[test]
fn nat_gateway_records_come_from_walks() {
    let mut windows = Windows::new(60);
    send(&mut windows, &Flow::tcp("eni-b".into(), 40000, "203.0.113.5".into(), 443));
    let records = close_all(&mut windows, 60, &[]);
    let mut shown = lines(&records, "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr");
    shown.sort();
    assert_eq!(
        shown,
        [
            "- eni-nat-1 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5",
            "- eni-nat-1 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
            "- eni-nat-1 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
            "- eni-nat-1 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
            "i-b eni-b 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5",
            "i-b eni-b 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5",
        ]
    );
}

/// "TCP flag sequence": a long connection opens in its first window and closes in its last.
#[test]
fn a_flow_over_several_windows_is_divided() {
    let mut windows = Windows::new(60);
    let flow = Flow {
        sent: Some(Volume { packets: 1000, bytes: 100_001 }),
        answer: Answer::Of { volume: Volume { packets: 7, bytes: 70 }, tcp_flags: None },
        start_s: 1000,
        duration_s: 150,
        ..Flow::tcp("52.213.180.42".into(), 43418, "eni-a".into(), 5001)
    };
    send(&mut windows, &flow);
    let records = close_all(&mut windows, 2000, &[]);
    let sent: Vec<Record> = records
        .into_iter()
        .filter(|record| matches!(&record.content, Content::Ok(totals) if totals.direction == Direction::Ingress))
        .collect();
    // 998 packets over 150 seconds, with one more at each end.
    assert_eq!(
        lines(&sent, "packets bytes start end tcp-flags"),
        ["134 13400 1000 1020 2", "399 39900 1020 1080 0", "399 39900 1080 1140 0", "68 6801 1140 1150 1"]
    );
}

#[test]
fn flows_of_a_window_are_one_record_for_each_tuple() {
    let mut windows = Windows::new(600);
    for (start_s, port) in [(600, 40000), (900, 40000), (1199, 40001)] {
        send(&mut windows, &Flow { start_s, ..Flow::tcp("8.8.8.8".into(), port, "eni-a".into(), 22) });
    }
    assert_eq!(windows.next_end_s(), Some(1200));
    assert!(close_next(&mut windows, 1199, &[]).is_none());
    let records = close_next(&mut windows, 1200, &[]).expect("the window is over");
    assert_eq!(
        lines(&records, "srcport packets bytes start end action tcp-flags"),
        ["40000 2 80 600 900 REJECT 2", "40001 1 40 1199 1199 REJECT 2"]
    );
}

/// "Nothing before the first traffic", and then a line for each quiet interface.
#[test]
fn quiet_interfaces_have_nodata() {
    let (_, viewpoints) = viewpoints();
    let watched = viewpoints.interfaces().to_vec();
    let mut windows = Windows::new(60);
    assert!(close_next(&mut windows, 10_000, &watched).is_none());
    send(&mut windows, &Flow { start_s: 70, ..Flow::tcp("8.8.8.8".into(), 1, "eni-a".into(), 22) });
    let first = close_next(&mut windows, 180, &watched).expect("a window");
    assert_eq!(
        lines(&first, "interface-id srcaddr start end log-status"),
        ["eni-a 8.8.8.8 70 70 OK", "eni-nat-1 - 60 119 NODATA", "eni-b - 60 119 NODATA"]
    );
    let second = close_next(&mut windows, 180, &watched).expect("a window");
    assert_eq!(lines(&second, "interface-id start log-status").last().map(String::as_str), Some("eni-a 120 NODATA"));
    assert!(close_next(&mut windows, 180, &watched).is_none());
    // What is told late makes no interface quiet again.
    send(&mut windows, &Flow { start_s: 5, ..Flow::tcp("8.8.8.8".into(), 1, "eni-a".into(), 22) });
    let late = close_next(&mut windows, 180, &watched).expect("a window");
    assert_eq!(lines(&late, "interface-id start log-status"), ["eni-a 5 OK"]);
}

#[test]
fn lost_records_are_one_skipdata() {
    let (_, viewpoints) = viewpoints();
    let facts = viewpoints.facts(Vantage::Interface(2)).expect("eni-a").clone();
    let mut windows = Windows::new(60);
    for port in [1, 2, 3] {
        send(&mut windows, &Flow { start_s: 70, ..Flow::tcp("8.8.8.8".into(), port, "eni-a".into(), 22) });
    }
    windows.lose(&facts, 70);
    let records = close_next(&mut windows, 120, &[facts]).expect("a window");
    assert_eq!(lines(&records, DEFAULT), ["2 123456789012 eni-a - - - - - - - 60 119 - SKIPDATA"]);
}

#[test]
fn a_flush_writes_what_there_is_once() {
    let (_, viewpoints) = viewpoints();
    let watched = [viewpoints.facts(Vantage::Interface(2)).expect("eni-a").clone()];
    let mut windows = Windows::new(60);
    let flow = Flow { start_s: 70, ..Flow::tcp("8.8.8.8".into(), 1, "eni-a".into(), 22) };
    send(&mut windows, &flow);
    assert_eq!(lines(&windows.flush(), "interface-id log-status"), ["eni-a OK"]);
    assert!(windows.flush().is_empty());
    assert_eq!(close_next(&mut windows, 120, &watched), Some(Vec::new()), "it was not quiet");
}

#[test]
fn services_are_named_by_the_smallest_range() {
    let mut windows = Windows::new(60);
    for to in ["52.95.128.179", "52.95.1.1", "8.8.8.8"] {
        let flow = Flow { answer: Answer::Silent, ..Flow::tcp("eni-a".into(), 1, to.into(), 443) };
        send(&mut windows, &flow);
    }
    let records = close_all(&mut windows, 60, &[]);
    assert_eq!(
        lines(&records, "pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service"),
        ["52.95.128.179 - S3", "52.95.1.1 - AMAZON", "8.8.8.8 - -"]
    );
}

/// Whatever a flow is, its parts add up, and none is outside its window.
#[test]
fn parts_add_up() {
    use proptest::prelude::*;
    let (_, viewpoints) = viewpoints();
    let flows = (0i64..5000, 0u32..4000, 0u64..100_000, 0u64..u64::MAX, any::<u8>());
    proptest!(|((start_s, seconds, packets, bytes, flags) in flows)| {
        let totals = Totals { tcp_flags: flags, ..totals(("10.0.0.1", 1), ("10.0.0.2", 2), packets, bytes) };
        let seen = Observation { end_s: start_s + i64::from(seconds), ..observation(&totals, start_s) };
        let mut windows = Windows::new(60);
        windows.add(&seen, &viewpoints);
        let records = close_all(&mut windows, 1_000_000, &[]);
        let (mut all_packets, mut all_bytes) = (0, 0u128);
        for record in &records {
            let Content::Ok(totals) = &record.content else { panic!("traffic") };
            all_packets += totals.packets;
            all_bytes += u128::from(totals.bytes);
            prop_assert!(record.start_s >= seen.start_s && record.end_s <= seen.end_s);
            prop_assert!(record.end_s - record.start_s <= 60);
        }
        prop_assert_eq!(all_packets, packets);
        prop_assert_eq!(all_bytes, if packets == 0 { 0 } else { u128::from(bytes) });
    });
}

/// Whatever is seen in whatever order, a window's records are the sums of what it was told.
#[test]
fn records_are_sums() {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    let (_, viewpoints) = viewpoints();
    let seen = (0u32..3, any::<bool>(), any::<bool>(), 0u16..4, any::<bool>(), 1u64..5, 0i64..240);
    let seen = seen.prop_map(|(interface, is_egress, is_accepted, port, is_v6, packets, at_s)| {
        let (source, destination) = if is_v6 { ("2001:db8::1", "2001:db8::2") } else { ("10.0.0.1", "10.0.0.2") };
        let totals = totals((source, port), (destination, 443), packets, 40 * packets);
        Observation {
            seen_at: Vantage::Interface(interface),
            direction: if is_egress { Direction::Egress } else { Direction::Ingress },
            action: if is_accepted { Action::Accept } else { Action::Reject },
            ..observation(&totals, at_s)
        }
    });
    proptest!(|(all in prop::collection::vec(seen, 0..200))| {
        let (mut windows, mut expected) = (Windows::new(60), BTreeMap::new());
        for seen in &all {
            windows.add(seen, &viewpoints);
            let facts = viewpoints.facts(seen.seen_at).expect("an interface");
            let (key, at_s) = ((seen.direction, seen.action, seen.packet.source, seen.packet.source_port), seen.start_s);
            let (packets, first_s, last_s) =
                expected.entry((facts.id(), at_s / 60, key)).or_insert((0, at_s, at_s));
            *packets += seen.packets;
            (*first_s, *last_s) = (at_s.min(*first_s), at_s.max(*last_s));
        }
        let records = close_all(&mut windows, 240, &[]);
        prop_assert_eq!(records.len(), expected.len());
        for record in &records {
            let Content::Ok(totals) = &record.content else { panic!("traffic") };
            let key = (totals.direction, totals.action, totals.packet.source, totals.packet.source_port);
            let sums = expected.get(&(record.of.id(), record.start_s / 60, key));
            prop_assert_eq!(sums, Some(&(totals.packets, record.start_s, record.end_s)));
            prop_assert_eq!(totals.bytes, 40 * totals.packets);
        }
    });
}

/// Networks change: what stood at a place may be another interface later.
#[test]
fn records_are_of_who_saw_it_at_the_time() {
    let lab = |first: &str, second: &str| {
        let network = Lab::default()
            .vpc("vpc", &["10.0.0.0/16"])
            .subnet("vpc", "subnet", &["10.0.0.0/24"])
            .interface("subnet", first, &["10.0.0.5"], &[])
            .interface("subnet", second, &["10.0.0.6"], &[])
            .network();
        Viewpoints::new(&network)
    };
    let mut windows = Windows::new(60);
    for viewpoints in [lab("eni-a", "eni-b"), lab("eni-b", "eni-c"), lab("eni-a", "eni-b")] {
        for place in [0, 1] {
            let totals = totals(("10.0.0.5", 1), ("10.0.0.6", 2), 1, 40);
            let seen = Observation { seen_at: Vantage::Interface(place), ..observation(&totals, 0) };
            windows.add(&seen, &viewpoints);
        }
    }
    let records = close_all(&mut windows, 60, &[]);
    assert_eq!(lines(&records, "interface-id packets"), ["eni-a 2", "eni-b 3", "eni-c 1"]);
}

#[test]
fn numbers_and_addresses_are_written_as_they_display() {
    use proptest::prelude::*;
    proptest!(|(ends in any::<[IpAddr; 2]>(), packets in 0..=i64::MAX as u64, start_s in any::<i64>())| {
        let totals = totals((&ends[0].to_string(), 1), (&ends[1].to_string(), 65_535), packets, 40);
        let line = format!("{} {} 65535 {packets} {start_s}", ends[0], ends[1]);
        check(&record(facts(), totals, start_s, 0), "srcaddr dstaddr dstport packets start", &line);
    });
}

/// Files in S3 begin with a line of names.
#[test]
fn text_files_have_a_header() {
    let records = [record(facts(), totals(("10.0.0.5", 1), ("10.0.0.6", 2), 1, 40), 0, 1)];
    let format = Format::parse("${action} ${reject-reason} ${end}").expect("a format");
    assert_eq!(text_file(&records, &format), "action reject-reason end\nACCEPT - 1\n");
}

/// ACCEPT and REJECT logs have their part of the traffic, and all records without traffic.
#[test]
fn flow_logs_have_the_records_of_their_type() {
    let (_, viewpoints) = viewpoints();
    let [nat, b, a] = [0, 1, 2].map(|place| viewpoints.facts(Vantage::Interface(place)).expect("an interface").clone());
    let check = |name: &str, expected: &[&str]| {
        let mut windows = Windows::new(60);
        for action in [Action::Accept, Action::Reject, Action::RejectBpa] {
            let totals = Totals { action, ..totals(("10.0.0.5", 1), ("10.0.0.6", 2), 1, 40) };
            windows.add(&observation(&totals, 0), &viewpoints);
        }
        windows.lose(&b, 0);
        let mut closed = windows.close_next(60, &[nat.clone(), b.clone(), a.clone()]).expect("a window");
        let kind = TrafficType::parse(name).expect("a type");
        let taken: Vec<Record> = closed.records().filter(|record| kind.takes(record)).collect();
        closed.keep(kind);
        let records: Vec<Record> = closed.into_iter().collect();
        assert_eq!(records, taken);
        assert_eq!(lines(&records, "action reject-reason log-status"), expected, "{name}");
    };
    check("ALL", &["- - SKIPDATA", "ACCEPT - OK", "REJECT - OK", "REJECT BPA OK", "- - NODATA"]);
    check("ACCEPT", &["- - SKIPDATA", "ACCEPT - OK", "- - NODATA"]);
    check("REJECT", &["- - SKIPDATA", "REJECT - OK", "REJECT BPA OK", "- - NODATA"]);
    assert_eq!(TrafficType::parse("accept"), None);
}

/// ICMP types are not told apart, whatever they are.
#[test]
fn icmp_of_two_types_is_one_record() {
    let (network, viewpoints) = viewpoints();
    let mut windows = Windows::new(60);
    for kind in [8, 13] {
        let flow = Flow { icmp: (kind, 0), ..Flow::ping(Place::from("8.8.8.8"), "eni-a".into()) };
        let walk = network.walk(&flow, &mut Connections::default()).expect("a flow");
        walk.observations().for_each(|seen| windows.add(seen, &viewpoints));
    }
    assert_eq!(lines(&close_all(&mut windows, 60, &[]), "protocol packets"), ["1 8"]);
    assert_eq!(ICMPV6, 58);
}
