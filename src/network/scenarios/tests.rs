//! What each scenario looks like in the log.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

use super::super::flow::{Place, SYN, Volume};
use super::super::tests::lab::Lab;
use super::super::walk::{Action, Direction, Observation};
use super::super::{Answer, Connections, Network};
use super::*;

fn scenario(parameters: Value) -> Scenario {
    serde_json::from_value(parameters).expect("a scenario")
}

fn flows(parameters: Value) -> Vec<Flow> {
    scenario(parameters).flows(1_000_000, &mut ChaCha12Rng::seed_from_u64(7)).expect("parameters that make traffic")
}

/// A web server that opens 22, 80 and 443, and a neighbour that only opens 22 to it.
fn network() -> Network {
    Lab::default()
        .vpc("vpc", &["10.0.0.0/16"])
        .subnet("vpc", "subnet", &["10.0.0.0/24"])
        .table("subnet", "rtb", &["0.0.0.0/0 igw-vpc"])
        .group("sg-web", &["in tcp 22 0.0.0.0/0", "in tcp 80 0.0.0.0/0", "in tcp 443 0.0.0.0/0", "out all 0.0.0.0/0"])
        .group("sg-inner", &["in tcp 22 sg-web"])
        .interface("subnet", "eni-web", &["10.0.0.5=198.51.100.5"], &["sg-web"])
        .interface("subnet", "eni-inner", &["10.0.0.6"], &["sg-inner"])
        .network()
}

/// What the network's interfaces see of a scenario.
fn seen(parameters: Value) -> Vec<Observation> {
    let network = network();
    let mut connections = Connections::default();
    let mut walk = |flow: &Flow| network.walk(flow, &mut connections).expect("a flow that makes sense");
    flows(parameters).iter().flat_map(|flow| walk(flow).observations().copied().collect::<Vec<_>>()).collect()
}

fn count(seen: &[Observation], direction: Direction, action: Action) -> usize {
    seen.iter().filter(|seen| seen.direction == direction && seen.action == action).count()
}

fn all() -> [Value; 7] {
    [
        json!({"scenario": "internet-noise", "targets": ["eni-web"]}),
        json!({"scenario": "ssh-brute-force", "target": "eni-web"}),
        json!({"scenario": "port-scan", "target": "i-web"}),
        json!({"scenario": "web-visitors", "target": "198.51.100.5"}),
        json!({"scenario": "data-exfiltration", "source": "eni-web"}),
        json!({"scenario": "lateral-movement", "source": "eni-web", "targets": ["eni-inner"]}),
        json!({"scenario": "dns-tunnel", "source": "eni-web"}),
    ]
}

#[test]
fn the_same_seed_gives_the_same_flows() {
    let network = network();
    for (parameters, usual) in all().into_iter().zip(Scenario::all()) {
        let name = parameters["scenario"].clone();
        assert_eq!(json!(usual)["scenario"], name);
        let first = flows(parameters.clone());
        assert!(!first.is_empty(), "{name}");
        assert_eq!(first, flows(parameters.clone()), "{name}");
        let other = scenario(parameters).flows(1_000_000, &mut ChaCha12Rng::seed_from_u64(8)).expect("flows");
        assert_ne!(first, other, "{name}");
        assert!(first.is_sorted_by_key(|flow| flow.start_s), "{name}");
        for flow in &first {
            assert!(network.walk(flow, &mut Connections::default()).is_ok(), "{name}");
        }
    }
}

#[test]
fn noise_is_mostly_rejected_and_comes_from_everywhere() {
    let seen = seen(json!({"scenario": "internet-noise", "targets": ["eni-web"], "count": 400, "duration": 600}));
    let rejected = count(&seen, Direction::Ingress, Action::Reject);
    assert!(rejected > 200 && rejected < 400, "{rejected} of 400");
    let sources: BTreeSet<_> =
        seen.iter().filter(|seen| seen.direction == Direction::Ingress).map(|seen| seen.source).collect();
    assert!(sources.len() > 390);
    assert!(seen.iter().all(|seen| (1_000_000..=1_000_600).contains(&seen.start_s)));
}

#[test]
fn brute_force_is_many_connections_from_one_host() {
    let seen = seen(json!({"scenario": "ssh-brute-force", "target": "eni-web", "attempts": 50, "succeeds": true}));
    assert_eq!(count(&seen, Direction::Ingress, Action::Accept), 50);
    assert_eq!(seen.iter().filter(|seen| seen.packet.destination_port == 22).count(), 50);
    let answers: Vec<u64> =
        seen.iter().filter(|seen| seen.direction == Direction::Egress).map(|seen| seen.bytes).collect();
    let longest = answers.iter().max().expect("answers");
    assert!(*longest > 80_000, "the session that follows the password");
    assert_eq!(answers.iter().filter(|bytes| **bytes > 20_000).count(), 1);
}

#[test]
fn a_scan_is_a_syn_to_each_port() {
    let seen = seen(json!({"scenario": "port-scan", "target": "eni-web", "source": "203.0.113.9", "rate": 100}));
    let inward: Vec<_> = seen.iter().filter(|seen| seen.direction == Direction::Ingress).collect();
    let ports: BTreeSet<u16> = inward.iter().map(|seen| seen.packet.destination_port).collect();
    assert_eq!((inward.len(), ports.len()), (1024, 1024));
    assert!(inward.iter().all(|seen| (seen.packets, seen.bytes, seen.tcp_flags) == (1, 40, SYN)));
    assert_eq!(count(&seen, Direction::Ingress, Action::Accept), 3);
    let last_s = inward.iter().map(|seen| seen.start_s).max();
    assert_eq!(last_s, Some(1_000_010), "1,024 ports at 100 a second");
}

#[test]
fn visitors_are_accepted_and_get_more_than_they_send() {
    let seen = seen(json!({"scenario": "web-visitors", "target": "eni-web", "visitors": 30}));
    assert!(seen.iter().all(|seen| seen.action == Action::Accept));
    let bytes = |direction| seen.iter().filter(|seen| seen.direction == direction).map(|seen| seen.bytes).sum::<u64>();
    assert!(bytes(Direction::Egress) > 3 * bytes(Direction::Ingress));
}

#[test]
fn exfiltration_is_much_outward_to_one_host() {
    let seen = seen(json!({"scenario": "data-exfiltration", "source": "eni-web", "bytes": 1_000_000_000u64}));
    let bytes = |direction| seen.iter().filter(|seen| seen.direction == direction).map(|seen| seen.bytes).sum::<u64>();
    let outward = bytes(Direction::Egress);
    assert!((850_000_000..1_250_000_000).contains(&outward), "{outward}");
    assert!(bytes(Direction::Ingress) < outward / 10);
    let hosts: BTreeSet<_> =
        seen.iter().filter(|seen| seen.direction == Direction::Egress).map(|seen| seen.destination).collect();
    assert_eq!(hosts.len(), 1);
}

#[test]
fn movement_is_tried_at_each_port_of_each_neighbour() {
    let parameters = json!({"scenario": "lateral-movement", "source": "eni-web", "targets": ["eni-inner"]});
    let all = flows(parameters.clone());
    assert_eq!(all.len(), 5, "four ports, and a session at one of them");
    let seen = seen(parameters);
    assert_eq!(count(&seen, Direction::Ingress, Action::Reject), 3, "445, 3389 and 5985 at eni-inner");
}

#[test]
fn a_tunnel_is_many_long_queries() {
    let all = flows(json!({"scenario": "dns-tunnel", "source": "eni-web", "resolver": "203.0.113.53", "queries": 300}));
    assert_eq!(all.len(), 300);
    for flow in &all {
        assert_eq!((flow.protocol, flow.destination_port), (17, 53));
        assert!(flow.sent.is_some_and(|Volume { bytes, .. }| bytes >= 180));
        assert!(matches!(flow.answer, Answer::Of { .. }));
    }
}

#[test]
fn parameters_are_checked() {
    let fault = |parameters| scenario(parameters).flows(0, &mut ChaCha12Rng::seed_from_u64(1)).err();
    assert_eq!(fault(json!({"scenario": "internet-noise"})), Some(ScenarioFault::NoTargets));
    assert_eq!(fault(json!({"scenario": "port-scan"})), Some(ScenarioFault::NoTargets));
    let many = json!({"scenario": "ssh-brute-force", "target": "eni", "attempts": 1_000_001});
    assert_eq!(fault(many), Some(ScenarioFault::TooManyFlows));
    let none = json!({"scenario": "port-scan", "target": "eni", "rate": 0});
    assert_eq!(fault(none), Some(ScenarioFault::Nothing("rate")));
    let backwards = json!({"scenario": "port-scan", "target": "eni", "firstPort": 9, "lastPort": 1});
    assert_eq!(fault(backwards), Some(ScenarioFault::Nothing("lastPort")));
    for unknown in [json!({"scenario": "sabotage"}), json!({"scenario": "port-scan", "targte": "eni"}), json!({})] {
        assert!(serde_json::from_value::<Scenario>(unknown).is_err());
    }
    let place = scenario(json!({"scenario": "port-scan", "target": "2001:db8::1"}));
    let Scenario::PortScan(scan) = place else { panic!("a scan") };
    assert_eq!(scan.target, Some(Place::Address("2001:db8::1".parse().expect("an address"))));
}
