//! Routes, gateways, NAT, peerings and endpoints, as AWS documents them.

use super::super::*;
use super::lab::{Lab, decided, seen};

fn walk(network: &Network, flow: &Flow) -> Walk {
    network.walk(flow, &mut Connections::default()).expect("a flow that makes sense")
}

fn https(from: &str, to: &str) -> Flow {
    Flow::tcp(from.into(), 40000, to.into(), 443)
}

const ALL: &[&str] = &["in all 0.0.0.0/0", "in all ::/0", "out all 0.0.0.0/0", "out all ::/0"];

/// The example of "Traffic through a zonal NAT gateway".
fn behind_nat() -> Lab {
    Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "public", &["10.0.0.0/24"])
        .subnet("vpc", "private", &["10.0.1.0/24"])
        .table("public", "rtb-public", &["0.0.0.0/0 igw-vpc"])
        .table("private", "rtb-private", &["0.0.0.0/0 nat-1"])
        .group("sg", &["out all 0.0.0.0/0"])
        .nat("public", "nat-1", "10.0.0.220=107.22.182.139")
        .interface("private", "eni", &["10.0.1.5"], &["sg"])
}

#[test]
fn a_nat_gateway_shows_its_own_address_beside_the_packet_s() {
    let network = behind_nat().network();
    let walk = walk(&network, &https("eni", "203.0.113.5"));
    assert_eq!(
        seen(&network, &walk),
        [
            "eni egress ACCEPT 10.0.1.5 203.0.113.5",
            "eni-nat-1 ingress ACCEPT 10.0.1.5 10.0.0.220 pkt 10.0.1.5 203.0.113.5",
            "eni-nat-1 egress ACCEPT 10.0.0.220 203.0.113.5",
            "eni-nat-1 ingress ACCEPT 203.0.113.5 10.0.0.220",
            "eni-nat-1 egress ACCEPT 10.0.0.220 10.0.1.5 pkt 203.0.113.5 10.0.1.5",
            "eni ingress ACCEPT 203.0.113.5 10.0.1.5",
        ]
    );
    let paths: Vec<_> = walk.observations().map(|seen| seen.path).collect();
    let (nat, internet) = (Some(TrafficPath::SameVpc), Some(TrafficPath::InternetGateway));
    assert_eq!(paths, [nat, None, internet, None, nat, None]);
    let ports: Vec<_> =
        walk.observations().map(|seen| (seen.packet.source_port, seen.packet.destination_port)).collect();
    let own = ports[2].0;
    assert!(own >= 1024, "NAT gateways use the ports 1024 to 65535");
    assert_eq!(ports, [(40000, 443), (40000, 443), (own, 443), (443, own), (443, 40000), (443, 40000)]);
    // Connections over NAT gateways are tracked, even with open rules.
    assert_eq!(decided(&network, walk.answer.as_ref().expect("an answer")), "100 100 10.0.0.0/16 100 tracked");
}

/// The example of "Traffic through a regional NAT gateway".
#[test]
fn a_regional_nat_gateway_has_no_interface() {
    let place = NatPlace::Regional { vpc: "vpc".into(), address: "107.22.182.139".parse().expect("an address") };
    let network = behind_nat()
        .with(|parts| parts.nat_gateways[0] = NatGateway { id: "nat-1".into(), available: true, place })
        .with(|parts| parts.interfaces.retain(|part| part.id == "eni"))
        .network();
    assert_eq!(
        seen(&network, &walk(&network, &https("eni", "203.0.113.5"))),
        [
            "eni egress ACCEPT 10.0.1.5 203.0.113.5",
            "nat-1 ingress ACCEPT 10.0.1.5 203.0.113.5",
            "nat-1 egress ACCEPT 107.22.182.139 203.0.113.5",
            "nat-1 ingress ACCEPT 203.0.113.5 107.22.182.139",
            "nat-1 egress ACCEPT 203.0.113.5 10.0.1.5",
            "eni ingress ACCEPT 203.0.113.5 10.0.1.5",
        ]
    );
}

/// vpc-analyze-inbound-traffic-nat-gateway: it is logged as accepted, and dropped.
#[test]
fn what_nobody_asked_for_is_accepted_by_the_log_and_dropped_by_the_nat_gateway() {
    let network = behind_nat().network();
    let walk = walk(&network, &https("203.0.113.100", "107.22.182.139"));
    assert_eq!(seen(&network, &walk), ["eni-nat-1 ingress ACCEPT 203.0.113.100 10.0.0.220"]);
    assert_eq!(walk.forward.outcome, Outcome::Refused(Refusal::NatUnasked));
}

#[test]
fn nat_gateways_translate_tcp_udp_and_icmp() {
    let network = behind_nat().network();
    assert!(walk(&network, &Flow::ping("eni".into(), "203.0.113.5".into())).is_connected());
    let esp = walk(&network, &Flow::between("eni".into(), "203.0.113.5".into(), 50));
    assert_eq!(esp.forward.outcome, Outcome::Refused(Refusal::NatProtocol));
}

/// nat-gateways: "the internet gateway drops the traffic" of a private NAT gateway.
#[test]
fn private_nat_gateways_do_not_reach_the_internet() {
    let mut lab = behind_nat();
    lab.change("eni-nat-1", |part| part.addresses[0].public = None);
    let network = lab.network();
    let outcome = walk(&network, &https("eni", "203.0.113.5")).forward.outcome;
    assert_eq!(outcome, Outcome::Refused(Refusal::NoPublicAddress));
}

/// nat-gateway-basics: answers return over the peering without a route.
#[test]
fn answers_return_to_the_nat_gateway_over_the_peering_without_a_route() {
    let lab = |route: &str| {
        behind_nat()
            .vpc("other", &["192.168.0.0/16"])
            .subnet("other", "far", &["192.168.0.0/24"])
            .peering("pcx-1", "vpc", "other")
            .table("public", "rtb-public-2", &["192.168.0.0/16 pcx-1"])
            .table("private", "rtb-private-2", &[&format!("192.168.0.0/16 {route}")])
            .group("sg-far", &["in all 10.0.0.0/16"])
            .interface("far", "eni-far", &["192.168.0.9"], &["sg-far"])
            .network()
    };
    let by_nat = lab("nat-1");
    let nat_walk = walk(&by_nat, &https("eni", "eni-far"));
    assert!(nat_walk.is_connected());
    assert_eq!(
        seen(&by_nat, &nat_walk)[3..5],
        ["eni-far ingress ACCEPT 10.0.0.220 192.168.0.9", "eni-far egress ACCEPT 192.168.0.9 10.0.0.220"]
    );
    // "This behavior … does not apply to standard EC2 instances."
    let direct = walk(&lab("pcx-1"), &https("eni", "eni-far"));
    assert_eq!(direct.answer.expect("an answer").outcome, Outcome::Refused(Refusal::NoRoute));
}

/// route-tables-priority: the longest prefix; then static routes, those of prefix lists, propagated ones.
#[test]
fn overlapping_routes_count_by_prefix_and_then_by_kind() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .prefix_list("pl-1", &["172.31.0.0/24", "172.31.9.0/24"])
        .table(
            "subnet",
            "rtb",
            &[
                "172.31.0.0/24 vgw-1 propagated",
                "pl-1 eni-list",
                "172.31.0.0/24 igw-vpc",
                "172.31.9.0/24 vgw-1 propagated",
                "172.31.0.0/16 pcx-1",
                "0.0.0.0/0 igw-vpc",
            ],
        )
        .group("sg", ALL)
        .interface("subnet", "eni", &["10.0.0.5=198.51.100.5"], &["sg"])
        .interface("subnet", "eni-list", &["10.0.0.6"], &["sg"])
        .network();
    let route = |to: &str| {
        let walk = walk(&network, &https("eni", to));
        network.explain(&walk.forward).into_iter().find(|step| step.kind == "route-table").and_then(|step| step.rule)
    };
    // 172.31.0.0/24 is static, of a list, and propagated; the static route counts.
    let first = walk(&network, &https("eni", "172.31.0.9")).forward;
    assert_eq!(first.outcome, Outcome::Refused(Refusal::InternetIsNotPrivate));
    assert_eq!(route("172.31.9.9").as_deref(), Some("pl-1"));
    assert_eq!(route("172.31.8.9").as_deref(), Some("172.31.0.0/16"));
    assert_eq!(route("8.8.8.8").as_deref(), Some("0.0.0.0/0"));
    assert_eq!(route("10.0.7.1").as_deref(), Some("10.0.0.0/16"));
}

/// The local route does not stand above longer ones: middlebox routing inside the VPC.
#[test]
fn a_route_that_is_more_specific_than_local_leads_by_a_middlebox() {
    let lab = |forwarding: Forwarding, check: bool| {
        let mut lab = Lab::default()
            .vpc("vpc", &["10.0.0.0/16"])
            .subnet("vpc", "a", &["10.0.0.0/24"])
            .subnet("vpc", "b", &["10.0.1.0/24"])
            .subnet("vpc", "m", &["10.0.2.0/24"])
            .table("a", "rtb-a", &["10.0.1.0/24 eni-m"])
            .table("b", "rtb-b", &["10.0.0.0/24 eni-m"])
            .group("sg-m", ALL)
            .group("sg-a", ALL)
            .group("sg-b", &["in tcp 443 sg-a", "in tcp 22 10.0.0.0/24"])
            .interface("a", "eni-a", &["10.0.0.5"], &["sg-a"])
            .interface("b", "eni-b", &["10.0.1.5"], &["sg-b"])
            .interface("m", "eni-m", &["10.0.2.5"], &["sg-m"]);
        lab.change("eni-m", |part| {
            part.forwarding = forwarding;
            part.source_dest_check = check;
        });
        lab.network()
    };
    let ssh = Flow::tcp("eni-a".into(), 40000, "eni-b".into(), 22);
    let network = lab(Forwarding::Routes, false);
    let by_middlebox = walk(&network, &ssh);
    assert_eq!(
        seen(&network, &by_middlebox)[..4],
        [
            "eni-a egress ACCEPT 10.0.0.5 10.0.1.5",
            "eni-m ingress ACCEPT 10.0.0.5 10.0.2.5 pkt 10.0.0.5 10.0.1.5",
            "eni-m egress ACCEPT 10.0.2.5 10.0.1.5 pkt 10.0.0.5 10.0.1.5",
            "eni-b ingress ACCEPT 10.0.0.5 10.0.1.5",
        ]
    );
    assert!(by_middlebox.is_connected());
    assert_eq!(seen(&network, &by_middlebox).len(), 8);
    // security-group-rules, limitation: references to the sender's group do not hold behind a middlebox.
    let by_reference = walk(&network, &https("eni-a", "eni-b"));
    assert_eq!(by_reference.forward.outcome, Outcome::Refused(Refusal::GroupsDoNotAllow));
    let outcome = |network: &Network| walk(network, &ssh).forward.outcome;
    assert_eq!(outcome(&lab(Forwarding::Routes, true)), Outcome::Refused(Refusal::SourceDestCheck));
    assert_eq!(outcome(&lab(Forwarding::Nothing, false)), Outcome::Refused(Refusal::DoesNotForward));
}

/// VPC_NAT_Instance: the instance sends under its own address, source/destination check off.
#[test]
fn a_nat_instance_masquerades() {
    let mut lab = behind_nat()
        .group("sg-nat", ALL)
        .interface("public", "eni-box", &["10.0.0.9=198.51.100.9"], &["sg-nat"])
        .table("private", "rtb-box", &["0.0.0.0/0 eni-box"]);
    lab.change("eni-box", |part| {
        part.forwarding = Forwarding::Masquerades;
        part.source_dest_check = false;
    });
    let network = lab.network();
    let walk = walk(&network, &https("eni", "203.0.113.5"));
    assert_eq!(
        seen(&network, &walk),
        [
            "eni egress ACCEPT 10.0.1.5 203.0.113.5",
            "eni-box ingress ACCEPT 10.0.1.5 10.0.0.9 pkt 10.0.1.5 203.0.113.5",
            "eni-box egress ACCEPT 10.0.0.9 203.0.113.5",
            "eni-box ingress ACCEPT 203.0.113.5 10.0.0.9",
            "eni-box egress ACCEPT 10.0.0.9 10.0.1.5 pkt 203.0.113.5 10.0.1.5",
            "eni ingress ACCEPT 203.0.113.5 10.0.1.5",
        ]
    );
}

/// What an instance in a subnet with an internet gateway needs, and what the gateway says.
#[test]
fn internet_gateways_want_public_addresses() {
    let lab = || {
        Lab::default()
            .vpc("vpc", &["10.0.0.0/16"])
            .subnet("vpc", "subnet", &["10.0.0.0/24"])
            .subnet("vpc", "inner", &["10.0.1.0/24"])
            .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc"])
            .group("sg", ALL)
            .interface("subnet", "eni", &["10.0.0.5=198.51.100.5"], &["sg"])
            .interface("subnet", "eni-bare", &["10.0.0.6"], &["sg"])
            .interface("inner", "eni-inner", &["10.0.1.6=198.51.100.6"], &["sg"])
    };
    let network = lab().network();
    let code = |from: &str, to: &str| decided(&network, &walk(&network, &https(from, to)).forward);
    assert!(walk(&network, &https("eni", "203.0.113.5")).is_connected());
    assert!(code("eni-bare", "203.0.113.5").ends_with("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"));
    assert!(code("eni", "192.168.1.1").ends_with("IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"));
    assert!(code("eni", "100.64.0.1").ends_with("IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"));
    assert_eq!(code("192.168.1.1", "198.51.100.5"), "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS");
    assert_eq!(code("100.64.1.1", "198.51.100.5"), "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS");
    assert_eq!(code("203.0.113.5", "eni-bare"), "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    assert_eq!(code("203.0.113.5", "10.0.0.5"), "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    // The way in does not ask the subnet's route table; the answer does.
    let inner = walk(&network, &https("203.0.113.5", "eni-inner"));
    assert_eq!(decided(&network, &inner.forward), "100 sgr-sg-0");
    assert_eq!(inner.answer.expect("an answer").outcome, Outcome::Refused(Refusal::NoRoute));
    assert_eq!(inner.forward.observations[0].tcp_flags, SYN);
    let detached = lab().with(|parts| parts.internet_gateways[0].vpc = None).network();
    let outcome = |from: &str, to: &str| walk(&detached, &https(from, to)).forward.outcome;
    assert_eq!(outcome("eni", "203.0.113.5"), Outcome::Refused(Refusal::GatewayNotAttached));
    assert_eq!(outcome("203.0.113.5", "eni"), Outcome::Refused(Refusal::NoInternetGateway));
}

/// "route … blackhole": a target that is gone, and one that is not modelled.
#[test]
fn routes_without_a_target_lead_nowhere() {
    let network = behind_nat()
        .table("private", "rtb-x", &["192.0.2.0/24 blackhole", "198.51.100.0/24 pcx-gone", "203.0.113.0/24 tgw-1"])
        .network();
    let outcome = |to: &str| walk(&network, &https("eni", to)).forward.outcome;
    assert_eq!(outcome("192.0.2.1"), Outcome::Refused(Refusal::RouteIsBlackhole));
    assert_eq!(outcome("198.51.100.1"), Outcome::Refused(Refusal::RouteIsBlackhole));
    assert_eq!(outcome("203.0.113.1"), Outcome::Refused(Refusal::NotModelled));
    assert_eq!(outcome("8.8.8.8"), Outcome::Refused(Refusal::NoRoute));
    assert_eq!(outcome("10.0.1.77"), Outcome::Refused(Refusal::NobodyThere));
}

#[test]
fn peerings_join_two_vpcs_and_no_more() {
    let lab = |region: &'static str| {
        Lab::default()
            .vpc("vpc", &["10.0.0.0/16"])
            .vpc("peer", &["10.1.0.0/16"])
            .subnet("vpc", "subnet", &["10.0.0.0/24"])
            .subnet("peer", "far", &["10.1.0.0/24"])
            .peering("pcx-1", "vpc", "peer")
            .table("subnet", "rtb", &["10.0.0.0/8 pcx-1", "0.0.0.0/0 pcx-1"])
            .table("far", "rtb-far", &["10.0.0.0/16 pcx-1"])
            .group("sg-a", ALL)
            .group("sg-b", &["in tcp 443 sg-a"])
            .interface("subnet", "eni-a", &["10.0.0.5"], &["sg-a"])
            .interface("far", "eni-b", &["10.1.0.5"], &["sg-b"])
            .with(|parts| parts.vpcs[1].region = region.into())
    };
    let network = lab("us-east-1").network();
    let joined = walk(&network, &https("eni-a", "eni-b"));
    assert!(joined.is_connected());
    assert_eq!(decided(&network, &joined.forward), "sgr-sg-a-2 100 10.0.0.0/8 100 sgr-sg-b-0");
    assert_eq!(joined.forward.observations[0].path, Some(TrafficPath::Peering));
    let outcome = |network: &Network, to: &str| walk(network, &https("eni-a", to)).forward.outcome;
    assert_eq!(outcome(&network, "8.8.8.8"), Outcome::Refused(Refusal::PeeringAddresses), "no edge to edge routing");
    // vpc-peering-security-groups: groups of another Region cannot be referred to.
    let far = lab("eu-west-1").network();
    assert_eq!(outcome(&far, "eni-b"), Outcome::Refused(Refusal::GroupsDoNotAllow));
    assert_eq!(walk(&far, &https("eni-a", "eni-b")).forward.observations[0].path, Some(TrafficPath::PeeringOfRegions));
    let down = lab("us-east-1").with(|parts| parts.peerings[0].active = false).network();
    assert_eq!(outcome(&down, "10.1.0.5"), Outcome::Refused(Refusal::PeeringIsDown));
}

/// gateway-endpoints: TCP to the service's prefix list, ahead of the route to the internet.
#[test]
fn gateway_endpoints_take_what_is_for_their_service() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .prefix_list("pl-s3", &["52.95.128.0/21"])
        .endpoint("vpc", "vpce-1", "pl-s3")
        .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc", "pl-s3 vpce-1"])
        .group("sg", &["out tcp 443 pl-s3"])
        .interface("subnet", "eni", &["10.0.0.5"], &["sg"])
        .network();
    let s3 = walk(&network, &https("eni", "52.95.128.179"));
    assert!(s3.is_connected());
    assert_eq!(s3.forward.outcome, Outcome::Arrived(End::Endpoint(0)));
    assert_eq!(s3.forward.observations[0].path, Some(TrafficPath::GatewayEndpoint));
    assert_eq!(decided(&network, s3.answer.as_ref().expect("an answer")), "100 tracked");
    let other = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .prefix_list("pl-s3", &["52.95.128.0/21"])
        .endpoint("vpc", "vpce-1", "pl-s3")
        .table("subnet", "rtb", &["pl-s3 vpce-1"])
        .group("sg", ALL)
        .interface("subnet", "eni", &["10.0.0.5"], &["sg"])
        .network();
    let udp = walk(&other, &Flow::udp("eni".into(), 40000, "52.95.128.179".into(), 443));
    assert_eq!(udp.forward.outcome, Outcome::Refused(Refusal::EndpointProtocol));
}

/// egress-only-internet-gateway: out and back, never in.
#[test]
fn egress_only_gateways_let_out_and_not_in() {
    let lab = || {
        Lab::default()
            .vpc("vpc", &["10.0.0.0/16", "2001:db8:1234:1a00::/56"])
            .subnet("vpc", "subnet", &["10.0.0.0/24", "2001:db8:1234:1a00::/64"])
            .table("subnet", "rtb", &["::/0 eigw-1"])
            .group("sg", ALL)
            .interface("subnet", "eni", &["10.0.0.5", "2001:db8:1234:1a00::5"], &["sg"])
            .with(|parts| parts.egress_only_gateways.push(EgressOnlyGateway { id: "eigw-1".into(), vpc: "vpc".into() }))
    };
    let network = lab().network();
    let out = walk(&network, &https("2001:db8:1234:1a00::5", "2001:db8:ffff::1"));
    assert!(out.is_connected());
    assert_eq!(decided(&network, out.answer.as_ref().expect("an answer")), "101 tracked", "always tracked");
    let shut = lab().with(|parts| parts.internet_gateways.clear()).network();
    assert!(walk(&shut, &https("2001:db8:1234:1a00::5", "2001:db8:ffff::1")).is_connected());
    let inward = walk(&shut, &https("2001:db8:ffff::1", "2001:db8:1234:1a00::5"));
    assert_eq!(inward.forward.outcome, Outcome::Refused(Refusal::NoInternetGateway));
}

/// IPv6 packets keep their addresses, and only rules for IPv6 let them through.
#[test]
fn ipv6_traffic_has_rules_of_its_own() {
    let lab = |rule: &str| {
        Lab::default()
            .vpc("vpc", &["10.0.0.0/16", "2001:db8:1234:a100::/56"])
            .subnet("vpc", "subnet", &["10.0.0.0/24", "2001:db8:1234:a102::/64"])
            .table("subnet", "rtb", &["::/0 igw-vpc", "0.0.0.0/0 igw-vpc"])
            .group("sg", &[rule])
            .interface("subnet", "eni", &["10.0.0.5", "2001:db8:1234:a102:3304:8879:34cf:4071"], &["sg"])
            .network()
    };
    let ssh = Flow::tcp("2001:db8:9999:a100:8d6e:3477:df66:f105".into(), 34892, "eni".into(), 22);
    let network = lab("in tcp 22 ::/0");
    assert_eq!(
        seen(&network, &walk(&network, &ssh)),
        [
            "eni ingress ACCEPT 2001:db8:9999:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071",
            "eni egress ACCEPT 2001:db8:1234:a102:3304:8879:34cf:4071 2001:db8:9999:a100:8d6e:3477:df66:f105",
        ]
    );
    assert!(!walk(&lab("in tcp 22 0.0.0.0/0"), &ssh).is_connected());
    let ping = Flow::ping("2001:db8:9999::1".into(), "eni".into());
    assert!(walk(&lab("in 58 ::/0"), &ping).is_connected());
}

/// flow-logs-limitations: a secondary address shows as the primary one.
#[test]
fn secondary_addresses_show_as_the_primary_one() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .group("sg", ALL)
        .interface("subnet", "eni-a", &["10.0.0.5"], &["sg"])
        .interface("subnet", "eni-b", &["10.0.0.6", "10.0.0.7"], &["sg"])
        .network();
    assert_eq!(
        seen(&network, &walk(&network, &https("eni-a", "10.0.0.7"))),
        [
            "eni-a egress ACCEPT 10.0.0.5 10.0.0.7",
            "eni-b ingress ACCEPT 10.0.0.5 10.0.0.6 pkt 10.0.0.5 10.0.0.7",
            "eni-b egress ACCEPT 10.0.0.6 10.0.0.5 pkt 10.0.0.7 10.0.0.5",
            "eni-a ingress ACCEPT 10.0.0.7 10.0.0.5",
        ]
    );
}

/// flow-logs-limitations, and vpc-network-acls: neither filtered nor logged.
#[test]
fn traffic_with_aws_itself_is_neither_filtered_nor_logged() {
    let network = Lab::default()
        .vpc("vpc", &["10.0.0.0/16", "10.9.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.4.0/24"])
        .acl("subnet", "acl-shut", &[])
        .group("sg", &[])
        .interface("subnet", "eni", &["10.0.4.5"], &["sg"])
        .network();
    let check = |flow: Flow, service: AwsService| {
        let walk = walk(&network, &flow);
        assert_eq!(walk.forward.outcome, Outcome::Arrived(End::AwsService(service)));
        assert_eq!(walk.observations().count(), 0);
    };
    let udp = |to: &str, port| Flow::udp("eni".into(), 40000, to.into(), port);
    check(udp("10.0.0.2", 53), AwsService::Dns);
    check(udp("169.254.169.253", 53), AwsService::Dns);
    check(https("eni", "169.254.169.254"), AwsService::InstanceMetadata);
    check(udp("169.254.169.123", 123), AwsService::TimeSync);
    check(Flow::tcp("eni".into(), 40000, "169.254.169.250".into(), 1688), AwsService::WindowsActivation);
    check(Flow::udp("eni".into(), 68, "255.255.255.255".into(), 67), AwsService::Dhcp);
    check(Flow::ping("eni".into(), "10.0.4.1".into()), AwsService::Router);
    // "If you use your own DNS server, then all traffic to that DNS server is logged."
    assert_eq!(walk(&network, &udp("10.0.4.53", 53)).observations().count(), 1);
}

/// security-vpc-bpa: NAT gateways still lead out when only ingress is blocked.
#[test]
fn block_public_access_rejects_at_the_interface() {
    let lab = |block| {
        behind_nat().with(move |parts| parts.subnets.iter_mut().for_each(|part| part.block_public_access = block))
    };
    let bpa = |network: &Network| {
        let walk = walk(network, &https("eni", "203.0.113.5"));
        seen(network, &walk).into_iter().filter(|line| line.contains("BPA")).collect::<Vec<_>>()
    };
    assert!(bpa(&lab(BlockPublicAccess::Ingress).network()).is_empty());
    assert_eq!(
        bpa(&lab(BlockPublicAccess::Bidirectional).network()),
        ["eni-nat-1 egress REJECT BPA 10.0.0.220 203.0.113.5"]
    );
}

#[test]
fn stopped_instances_send_and_get_nothing() {
    let mut lab = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .group("sg", ALL)
        .interface("subnet", "eni-a", &["10.0.0.5"], &["sg"])
        .interface("subnet", "eni-b", &["10.0.0.6"], &["sg"]);
    lab.change("eni-b", |part| part.attachment.iter_mut().for_each(|attachment| attachment.running = false));
    let network = lab.network();
    let to = walk(&network, &https("eni-a", "i-b"));
    assert_eq!(to.forward.outcome, Outcome::Refused(Refusal::InterfaceIsDown));
    assert_eq!(to.observations().count(), 1, "the sender's");
    assert_eq!(walk(&network, &https("i-b", "eni-a")).observations().count(), 0);
}

#[test]
fn routes_in_a_circle_end() {
    let mut lab = Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "a", &["10.0.0.0/24"])
        .subnet("vpc", "b", &["10.0.1.0/24"])
        .table("a", "rtb-a", &["0.0.0.0/0 eni-b"])
        .table("b", "rtb-b", &["0.0.0.0/0 eni-a"])
        .group("sg", ALL)
        .interface("a", "eni-a", &["10.0.0.5"], &["sg"])
        .interface("b", "eni-b", &["10.0.1.5"], &["sg"]);
    for interface in ["eni-a", "eni-b"] {
        lab.change(interface, |part| {
            part.forwarding = Forwarding::Routes;
            part.source_dest_check = false;
        });
    }
    let walk = walk(&lab.network(), &https("eni-a", "8.8.8.8"));
    assert_eq!(walk.forward.outcome, Outcome::Refused(Refusal::Loop));
}

#[test]
fn flows_that_make_no_sense_are_faults() {
    let network = behind_nat()
        .vpc("twin", &["10.0.0.0/16"])
        .subnet("twin", "twin-subnet", &["10.0.1.0/24"])
        .interface("twin-subnet", "eni-twin", &["10.0.1.5"], &["sg"])
        .network();
    let fault = |from: &str, to: &str| network.walk(&https(from, to), &mut Connections::default()).err();
    assert_eq!(fault("eni-gone", "8.8.8.8"), Some(FlowFault::Unknown("eni-gone".into())));
    assert_eq!(fault("8.8.8.8", "9.9.9.9"), Some(FlowFault::BothOutside));
    assert_eq!(fault("eni", "2001:db8::1"), Some(FlowFault::NoAddress("eni".into())));
    assert_eq!(fault("10.0.1.77", "8.8.8.8"), Some(FlowFault::NobodyAt([10, 0, 1, 77].into())));
    assert_eq!(fault("10.0.1.5", "8.8.8.8"), Some(FlowFault::SeveralAt([10, 0, 1, 5].into())));
    assert_eq!(fault("10.0.1.5", "eni-nat-1"), None, "the other end says which VPC");
    let contradiction = behind_nat().with(|parts| parts.subnets[0].network_acl = "acl-gone".into());
    let fault = TopologyFault { part: "public".into(), missing: "acl-gone".into() };
    assert_eq!(Network::new(contradiction.0).err(), Some(fault));
}
