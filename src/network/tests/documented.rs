//! Cases that AWS's documentation describes, by name.

use super::super::*;
use super::lab::{Lab, decided, seen};

/// The lab of the flow log examples: an instance at 172.31.16.139 in a subnet of its own, with a public address.
fn home_and_instance(group: &[&str], acl: &[&str]) -> Network {
    Lab::default()
        .vpc("vpc", &["172.31.0.0/16"])
        .subnet("vpc", "subnet", &["172.31.16.0/20"])
        .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc"])
        .acl("subnet", "acl", acl)
        .group("sg", group)
        .interface("subnet", "eni", &["172.31.16.139=198.51.100.7"], &["sg"])
        .network()
}

fn walk(network: &Network, flow: &Flow) -> Walk {
    network.walk(flow, &mut Connections::default()).expect("a flow that makes sense")
}

fn ping() -> Flow {
    Flow::ping("203.0.113.12".into(), "eni".into())
}

#[track_caller]
fn check(network: &Network, flow: &Flow, lines: &[&str], forward: &str, answer: Option<&str>) {
    let walk = walk(network, flow);
    assert_eq!(seen(network, &walk), lines);
    assert_eq!(decided(network, &walk.forward), forward);
    assert_eq!(walk.answer.as_ref().map(|leg| decided(network, leg)).as_deref(), answer);
}

const OPEN: &[&str] = &["in 100 allow all 0.0.0.0/0", "out 100 allow all 0.0.0.0/0"];

/// "Security group and network ACL rules": the group lets ping in, the ACL does not let its answer out.
#[test]
fn a_blocked_answer_to_a_ping_is_a_reject_of_its_own() {
    let network = home_and_instance(&["in icmp 0.0.0.0/0"], &["in 100 allow icmp 0.0.0.0/0"]);
    check(
        &network,
        &ping(),
        &["eni ingress ACCEPT 203.0.113.12 172.31.16.139", "eni egress REJECT 172.31.16.139 203.0.113.12"],
        "100 sgr-sg-0",
        Some("tracked 32767 SUBNET_ACL_RESTRICTION"),
    );
    let walk = walk(&network, &ping());
    let volumes: Vec<_> = walk.observations().map(|seen| (seen.packets, seen.bytes)).collect();
    assert_eq!(volumes, [(4, 336), (4, 336)], "as in the example's lines");
}

/// "If your network ACL permits outbound ICMP traffic, the flow log displays two ACCEPT records."
#[test]
fn a_ping_that_the_acl_lets_out_is_two_accepts() {
    let network =
        home_and_instance(&["in icmp 0.0.0.0/0"], &["in 100 allow icmp 0.0.0.0/0", "out 90 allow icmp 0.0.0.0/0"]);
    check(
        &network,
        &ping(),
        &["eni ingress ACCEPT 203.0.113.12 172.31.16.139", "eni egress ACCEPT 172.31.16.139 203.0.113.12"],
        "100 sgr-sg-0",
        Some("tracked 90 0.0.0.0/0"),
    );
}

/// "If your security group denies inbound ICMP traffic, the flow log displays a single REJECT record."
#[test]
fn a_ping_that_the_group_does_not_allow_is_one_reject() {
    let lines = ["eni ingress REJECT 203.0.113.12 172.31.16.139"];
    let network = home_and_instance(&["in tcp 22 0.0.0.0/0", "out all 0.0.0.0/0"], OPEN);
    check(&network, &ping(), &lines, "100 ENI_SG_RULES_MISMATCH", None);
    let network = home_and_instance(&["out all 0.0.0.0/0"], OPEN);
    check(&network, &ping(), &lines, "100 ENI_SG_RULES_MISMATCH", None);
    let network = home_and_instance(&[], OPEN);
    check(&network, &ping(), &lines, "100 SG_HAS_NO_RULES", None);
}

/// "Accepted and rejected traffic": SSH is allowed, RDP is not.
#[test]
fn ssh_is_accepted_and_rdp_rejected() {
    let network = Lab::default()
        .vpc("vpc", &["172.31.0.0/16"])
        .subnet("vpc", "subnet", &["172.31.16.0/20"])
        .subnet("vpc", "other", &["172.31.0.0/20"])
        .group("sg", &["in tcp 22 172.31.0.0/16", "out all 0.0.0.0/0"])
        .interface("subnet", "eni-a", &["172.31.16.21"], &["sg"])
        .interface("subnet", "eni-b", &["172.31.16.139"], &["sg"])
        .interface("other", "eni-c", &["172.31.9.69"], &["sg"])
        .network();
    let ssh = Flow::tcp("172.31.16.139".into(), 20641, "172.31.16.21".into(), 22);
    check(
        &network,
        &ssh,
        &[
            "eni-b egress ACCEPT 172.31.16.139 172.31.16.21",
            "eni-a ingress ACCEPT 172.31.16.139 172.31.16.21",
            "eni-a egress ACCEPT 172.31.16.21 172.31.16.139",
            "eni-b ingress ACCEPT 172.31.16.21 172.31.16.139",
        ],
        "sgr-sg-1 sgr-sg-0",
        Some("tracked tracked"),
    );
    let rdp = Flow::tcp("172.31.9.69".into(), 49761, "172.31.16.21".into(), 3389);
    check(
        &network,
        &rdp,
        &["eni-c egress ACCEPT 172.31.9.69 172.31.16.21", "eni-a ingress REJECT 172.31.9.69 172.31.16.21"],
        "sgr-sg-1 100 172.31.0.0/16 100 ENI_SG_RULES_MISMATCH",
        None,
    );
}

/// nacl-rules: "As soon as a rule matches traffic, it's applied regardless of any higher-numbered rule."
#[test]
fn acl_entries_count_in_the_order_of_their_numbers() {
    let ssh = Flow::tcp("203.0.113.12".into(), 50000, "eni".into(), 22);
    let rejected = ["eni ingress REJECT 203.0.113.12 172.31.16.139"];
    let group = ["in tcp 22 0.0.0.0/0"];
    let deny_first = ["in 110 allow all 0.0.0.0/0", "in 100 deny tcp 22 203.0.113.0/24"];
    check(&home_and_instance(&group, &deny_first), &ssh, &rejected, "100 SUBNET_ACL_RESTRICTION", None);
    let allow_first =
        ["in 90 allow tcp 20-25 0.0.0.0/0", "in 100 deny tcp 22 203.0.113.0/24", "out 1 allow all 0.0.0.0/0"];
    let network = home_and_instance(&group, &allow_first);
    assert!(walk(&network, &ssh).is_connected());
    assert_eq!(decided(&network, &walk(&network, &ssh).forward), "90 sgr-sg-0");
}

/// custom-network-acl: answers leave by ephemeral ports, which the ACL must let out.
#[test]
fn answers_leave_by_ephemeral_ports() {
    let entries = ["in 100 allow tcp 443 0.0.0.0/0", "out 100 allow tcp 32768-65535 0.0.0.0/0"];
    let network = home_and_instance(&["in tcp 443 0.0.0.0/0"], &entries);
    let from = |port| walk(&network, &Flow::tcp("203.0.113.12".into(), port, "eni".into(), 443));
    assert!(from(40000).is_connected());
    let answer = from(1024).answer.expect("the server answers");
    assert_eq!(answer.outcome, Outcome::Refused(Refusal::AclDenies));
    assert_eq!(decided(&network, &answer), "tracked 32767 SUBNET_ACL_RESTRICTION");
}

/// "NACLs … evaluate when traffic enters and leaves the subnet, not as it is routed within a subnet."
#[test]
fn acls_do_not_stand_within_a_subnet() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .subnet("vpc", "other", &["10.0.1.0/24"])
        .acl("subnet", "acl-shut", &[])
        .group("sg", &["in all 10.0.0.0/16", "out all 0.0.0.0/0"])
        .interface("subnet", "eni-a", &["10.0.0.5"], &["sg"])
        .interface("subnet", "eni-b", &["10.0.0.6"], &["sg"])
        .interface("other", "eni-c", &["10.0.1.5"], &["sg"])
        .network();
    assert!(walk(&network, &Flow::tcp("eni-a".into(), 40000, "eni-b".into(), 80)).is_connected());
    check(
        &network,
        &Flow::tcp("eni-a".into(), 40000, "eni-c".into(), 80),
        &["eni-a egress REJECT 10.0.0.5 10.0.1.5"],
        "sgr-sg-1 32767 SUBNET_ACL_RESTRICTION",
        None,
    );
    check(
        &network,
        &Flow::tcp("eni-c".into(), 40000, "eni-a".into(), 80),
        &["eni-c egress ACCEPT 10.0.1.5 10.0.0.5", "eni-a ingress REJECT 10.0.1.5 10.0.0.5"],
        "sgr-sg-1 100 10.0.0.0/16 32767 SUBNET_ACL_RESTRICTION",
        None,
    );
}

/// security-group-connection-tracking, the example: SSH from one address is tracked, HTTP from anywhere is not, ICMP is.
#[test]
fn what_may_come_and_go_anywhere_is_not_tracked() {
    let rules = ["in tcp 22 203.0.113.1/32", "in tcp 80 0.0.0.0/0", "in icmp 0.0.0.0/0", "out all 0.0.0.0/0"];
    let answer =
        |network: &Network, flow: &Flow| decided(network, walk(network, flow).answer.as_ref().expect("an answer"));
    let network = home_and_instance(&rules, OPEN);
    let tcp = |port| Flow::tcp("203.0.113.1".into(), 40000, "eni".into(), port);
    assert_eq!(answer(&network, &tcp(22)), "tracked 100 0.0.0.0/0");
    assert_eq!(answer(&network, &tcp(80)), "sgr-sg-3 100 0.0.0.0/0");
    assert_eq!(answer(&network, &ping()), "tracked 100 0.0.0.0/0");
    // "If you remove the outbound rule for IPv4 traffic, all inbound and outbound IPv4 traffic is tracked."
    let network = home_and_instance(&rules[..3], OPEN);
    assert_eq!(answer(&network, &tcp(80)), "tracked 100 0.0.0.0/0");
}

/// The same page: tracked connections outlive their rule, untracked ones do not.
#[test]
fn tracked_connections_outlive_their_rule() {
    let session = |port, start_s| Flow {
        tcp_flags: Some(SYN),
        answer: Answer::Of { volume: Volume { packets: 9, bytes: 900 }, tcp_flags: Some(SYN | ACK) },
        start_s,
        ..Flow::tcp("203.0.113.1".into(), 40000, "eni".into(), port)
    };
    let go_on = |port, start_s| Flow { tcp_flags: Some(0), ..session(port, start_s) };
    let rules = ["in tcp 22 203.0.113.1/32", "in tcp 80 0.0.0.0/0", "out all 0.0.0.0/0"];
    let mut connections = Connections::default();
    for port in [22, 80] {
        let walk = home_and_instance(&rules, OPEN).walk(&session(port, 1000), &mut connections);
        assert!(walk.expect("a flow").is_connected());
    }
    assert_eq!(connections.len(), 1, "only SSH is tracked");
    let revoked = home_and_instance(&["out all 0.0.0.0/0"], OPEN);
    let mut later = |port, start_s| revoked.walk(&go_on(port, start_s), &mut connections).expect("a flow");
    assert_eq!(decided(&revoked, &later(22, 2000).forward), "100 tracked");
    assert_eq!(decided(&revoked, &later(80, 2000).forward), "100 ENI_SG_RULES_MISMATCH");
    let idle = later(22, 2000 + 432_001);
    assert_eq!(decided(&revoked, &idle.forward), "100 ENI_SG_RULES_MISMATCH", "idle for five days");
}

/// The same page: "For protocols other than TCP, UDP, or ICMP … within 600 seconds".
#[test]
fn other_protocols_are_tracked_for_ten_minutes() {
    let network = home_and_instance(&["out all 0.0.0.0/0"], OPEN);
    let mut connections = Connections::default();
    let gre = |start_s, source: &str, destination: &str| Flow {
        start_s,
        ..Flow::between(source.into(), destination.into(), 47)
    };
    network.walk(&gre(0, "eni", "203.0.113.1"), &mut connections).expect("a flow");
    let back = |start_s, connections: &mut Connections| {
        network.walk(&gre(start_s, "203.0.113.1", "eni"), connections).expect("a flow").forward.has_arrived()
    };
    assert!(back(599, &mut connections.clone()));
    assert!(!back(601, &mut connections));
}

/// A TCP connection that has ended is forgotten.
#[test]
fn closed_connections_are_forgotten() {
    let network = home_and_instance(&["in tcp 22 203.0.113.1/32", "out all 0.0.0.0/0"], OPEN);
    let mut connections = Connections::default();
    network.walk(&Flow::tcp("203.0.113.1".into(), 40000, "eni".into(), 22), &mut connections).expect("a flow");
    assert!(connections.is_empty());
}

/// security-group-rules, referencing: members of the group, by their private addresses.
#[test]
fn groups_are_referred_to_by_private_addresses() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc"])
        .group("sg-web", &["out all 0.0.0.0/0"])
        .group("sg-db", &["in tcp 5432 sg-web", "out all 0.0.0.0/0"])
        .interface("subnet", "eni-web", &["10.0.0.5=198.51.100.5"], &["sg-web"])
        .interface("subnet", "eni-db", &["10.0.0.6=198.51.100.6"], &["sg-db"])
        .interface("subnet", "eni-x", &["10.0.0.7"], &["sg-db"])
        .network();
    let query = |from: &str, to: &str| walk(&network, &Flow::tcp(from.into(), 40000, to.into(), 5432));
    assert_eq!(decided(&network, &query("eni-web", "eni-db").forward), "sgr-sg-web-0 sgr-sg-db-0");
    assert_eq!(decided(&network, &query("eni-x", "eni-db").forward), "sgr-sg-db-1 ENI_SG_RULES_MISMATCH");
    // To the public address it goes by the internet gateway, and comes from a public address.
    let by_public = query("eni-web", "198.51.100.6");
    assert_eq!(
        seen(&network, &by_public),
        ["eni-web egress ACCEPT 10.0.0.5 198.51.100.6", "eni-db ingress REJECT 198.51.100.5 10.0.0.6"]
    );
    assert_eq!(decided(&network, &by_public.forward), "sgr-sg-web-0 100 0.0.0.0/0 100 ENI_SG_RULES_MISMATCH");
}

/// Traffic to an interface's own public address leaves the VPC and comes back.
#[test]
fn traffic_to_the_own_public_address_goes_round_by_the_internet_gateway() {
    let network = home_and_instance(&["in tcp 80 0.0.0.0/0", "out all 0.0.0.0/0"], OPEN);
    check(
        &network,
        &Flow::tcp("eni".into(), 40000, "198.51.100.7".into(), 80),
        &[
            "eni egress ACCEPT 172.31.16.139 198.51.100.7",
            "eni ingress ACCEPT 198.51.100.7 172.31.16.139",
            "eni egress ACCEPT 172.31.16.139 198.51.100.7",
            "eni ingress ACCEPT 198.51.100.7 172.31.16.139",
        ],
        "sgr-sg-1 100 0.0.0.0/0 100 sgr-sg-0",
        // Only HTTP may come in from anywhere, so what goes out is tracked; what comes in is not.
        Some("sgr-sg-1 100 0.0.0.0/0 100 tracked"),
    );
}

#[test]
fn group_rules_may_name_prefix_lists() {
    let lab = |list: &str| {
        Lab::default()
            .vpc("vpc", &["10.0.0.0/16"])
            .subnet("vpc", "subnet", &["10.0.0.0/24"])
            .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc"])
            .prefix_list("pl-1", &["192.0.2.0/24", "203.0.113.0/25"])
            .group("sg", &[&format!("in tcp 22 {list}")])
            .interface("subnet", "eni", &["10.0.0.5=198.51.100.5"], &["sg"])
            .network()
    };
    let from =
        |network: &Network, source: &str| walk(network, &Flow::tcp(source.into(), 1, "eni".into(), 22)).is_connected();
    assert!(from(&lab("pl-1"), "203.0.113.9"));
    assert!(!from(&lab("pl-1"), "203.0.113.129"));
    assert!(!from(&lab("pl-gone"), "203.0.113.9"));
}
