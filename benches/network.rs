//! The traffic model at size: flows through a VPC of 1,000 interfaces, and the log files they make.
//!
//! `cargo bench --bench network`; `BENCH_FLOWS` sets how many (1,000,000). One thread, and its CPU time. Windows
//! of a minute close as time goes on. What is gathered stands beside a bare table that
//! counts packets and bytes of the same flows, and lines beside a bare formatter of the same lines. Linux only: it reads
//! `/proc`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trailcam::network::flow_logs::{Closed, Content, Format, Record, Viewpoints, Windows};
use trailcam::network::*;

const INTERFACES: u32 = 1000;
const SUBNETS: u32 = 20;
const INTERVAL_S: u32 = 60;

fn main() {
    let count = std::env::var("BENCH_FLOWS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let start = Instant::now();
    let network = Network::new(topology()).expect("a topology without contradictions");
    println!("compiled {INTERFACES} interfaces in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let flows = flows(count);
    let line = |name: &str, seconds: f64, more: String| {
        println!("{name:<20} {:>9.0} flows/s   {more}", count as f64 / seconds);
    };
    let (mut connected, mut seen) = (0, 0);
    let walks_s = walk(&network, &mut Connections::default(), &flows, |walk| {
        connected += usize::from(walk.is_connected());
        seen += walk.observations().count();
    });
    line("walks", walks_s, format!("{connected} connected, {seen} observations"));
    let before = resident_mb();
    let (mut records, mut most_mb) = (0, 0.0f64);
    let (gathering_s, closing_s) = gather(&network, &flows, |closed| {
        records += closed.len();
        most_mb = most_mb.max(resident_mb() - before);
    });
    let ratio = (gathering_s - walks_s) / (gather_bare(&network, &flows) - walks_s);
    line("walks and gathering", gathering_s, format!("gathering takes {ratio:.2} of a bare table's time"));
    line("to records", gathering_s + closing_s, format!("{records} records, {most_mb:.0} MB more at most"));
    let mut files = Files::default();
    gather(&network, &flows, |closed| files.write(closed));
    files.print();
}

/// Gathers what is seen, minute by minute, and closes windows that are over, giving them to `then`: seconds of walks
/// and gathering, and of closing and looking at each record.
fn gather(network: &Network, flows: &[Flow], mut then: impl FnMut(&Closed)) -> (f64, f64) {
    let viewpoints = Viewpoints::new(network);
    let mut connections = Connections::default();
    let mut windows = Windows::new(INTERVAL_S);
    let (mut gathering_s, mut closing_s) = (0.0, 0.0);
    for minute in flows.chunk_by(|one, other| one.start_s / 60 == other.start_s / 60) {
        gathering_s += walk(network, &mut connections, minute, |walk| {
            walk.observations().for_each(|seen| windows.add(seen, &viewpoints));
        });
        let now_s = minute.last().map_or(0, |flow| flow.start_s);
        closing_s += close(&mut windows, now_s, &mut then);
    }
    closing_s += close(&mut windows, i64::MAX, &mut then);
    (gathering_s, closing_s)
}

fn close(windows: &mut Windows, now_s: i64, mut then: impl FnMut(&Closed)) -> f64 {
    let mut seconds = 0.0;
    while !windows.is_empty() {
        let mut closed = None;
        seconds += measured(|| {
            closed = windows.close_next(now_s, &[]);
            closed.iter().flat_map(Closed::records).for_each(|record| drop(std::hint::black_box(record)));
        });
        let Some(closed) = closed else { break };
        then(&closed);
    }
    seconds
}

/// Seconds of walks, and of counting the same packets and bytes by minute, without dividing flows among windows.
fn gather_bare(network: &Network, flows: &[Flow]) -> f64 {
    let mut connections = Connections::default();
    let minutes = flows.chunk_by(|one, other| one.start_s / 60 == other.start_s / 60);
    let seconds = minutes.map(|minute| {
        let mut table: HashMap<_, (u64, u64)> = HashMap::new();
        walk(network, &mut connections, minute, |walk| {
            for seen in walk.observations() {
                let Packet { source_port, destination_port, protocol, .. } = seen.packet;
                let key = (seen.seen_at, seen.source, seen.destination, source_port, destination_port, protocol);
                let sums = table.entry(key).or_default();
                *sums = (sums.0 + seen.packets, sums.1 + seen.bytes);
            }
        })
    });
    seconds.sum()
}

/// Leads flows through the network, and answers the seconds with those of what is done with the walks.
fn walk(network: &Network, connections: &mut Connections, flows: &[Flow], mut then: impl FnMut(&Walk)) -> f64 {
    measured(|| {
        for flow in flows {
            then(&network.walk(flow, connections).expect("a flow that makes sense"));
        }
    })
}

/// What it costs to write records, against a bare formatter on the same values.
#[derive(Default)]
struct Files {
    records: usize,
    bytes: usize,
    ours_s: f64,
    bare_s: f64,
    gzip_s: f64,
}

impl Files {
    fn write(&mut self, closed: &Closed) {
        let records: Vec<Record> = closed.records().collect();
        let format = Format::default();
        let (mut text, mut bare_text) = (String::new(), String::new());
        self.ours_s += measured(|| {
            for record in &records {
                record.write(&format, &mut text);
                text.push('\n');
            }
        });
        self.bare_s += measured(|| records.iter().for_each(|record| bare_line(record, &mut bare_text)));
        assert_eq!(text, bare_text);
        self.gzip_s += measured(|| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(text.as_bytes()).and_then(|()| gzip.finish()).expect("memory");
        });
        self.records += records.len();
        self.bytes += text.len();
    }

    fn print(&self) {
        let line = |name: &str, seconds: f64, more: String| {
            println!("{name:<20} {:>9.0} records/s {more}", self.records as f64 / seconds);
        };
        let size = format!("{:.0} MB of text", self.bytes as f64 / 1e6);
        line("lines", self.ours_s, format!("{:.2} of a bare formatter's time, {size}", self.ours_s / self.bare_s));
        let (ours, bare) = (self.ours_s + self.gzip_s, self.bare_s + self.gzip_s);
        line("lines and gzip", ours, format!("{:.2} of the time of bare lines and gzip", ours / bare));
    }
}

fn bare_line(record: &Record, text: &mut String) {
    let Content::Ok(totals) = &record.content else { return };
    let packet = &totals.packet;
    let action = if totals.action == Action::Accept { "ACCEPT" } else { "REJECT" };
    let _ = writeln!(
        text,
        "2 {} {} {} {} {} {} {} {} {} {} {} {action} OK",
        record.of.account_id,
        record.of.id(),
        totals.source,
        totals.destination,
        packet.source_port,
        packet.destination_port,
        packet.protocol,
        totals.packets,
        totals.bytes,
        record.start_s,
        record.end_s,
    );
}

/// A VPC with public and private subnets, a NAT gateway, six groups of ten rules, ACLs of ten entries.
fn topology() -> Topology {
    let cidr = |text: &str| text.parse::<Cidr>().expect("a block");
    let mut parts = Topology::default();
    parts.vpcs.push(Vpc {
        id: "vpc-0".into(),
        owner: "123456789012".into(),
        region: "us-east-1".into(),
        cidrs: vec![cidr("10.0.0.0/16")],
        dns_support: true,
    });
    parts.internet_gateways.push(InternetGateway { id: "igw-0".into(), vpc: Some("vpc-0".into()) });
    for (table, target) in
        [("rtb-public", Target::InternetGateway("igw-0".into())), ("rtb-private", Target::NatGateway("nat-0".into()))]
    {
        let route =
            |text: &str, target| Route { destination: RouteDestination::Cidr(cidr(text)), target, propagated: false };
        let routes = vec![route("10.0.0.0/16", Target::Local), route("0.0.0.0/0", target)];
        parts.route_tables.push(RouteTable { id: table.into(), vpc: "vpc-0".into(), routes });
    }
    parts.network_acls.push(acl(&cidr));
    for number in 0..SUBNETS {
        parts.subnets.push(Subnet {
            id: format!("subnet-{number}"),
            vpc: "vpc-0".into(),
            cidrs: vec![cidr(&format!("10.0.{number}.0/24"))],
            az_id: Some("use1-az1".into()),
            sublocation: None,
            network_acl: "acl-0".into(),
            route_table: if number % 2 == 0 { "rtb-public" } else { "rtb-private" }.into(),
            block_public_access: BlockPublicAccess::Off,
        });
    }
    parts.security_groups = (0..6).map(|number| group(number, &cidr)).collect();
    parts.interfaces = (0..INTERFACES).map(interface).collect();
    let mut nat = interface(INTERFACES);
    nat.id = "eni-nat".into();
    nat.subnet = "subnet-0".into();
    nat.addresses =
        vec![Address { private: Ipv4Addr::new(10, 0, 0, 250), public: Some(Ipv4Addr::new(198, 51, 100, 250)) }];
    nat.kind = InterfaceKind::NatGateway;
    nat.attachment = None;
    nat.groups.clear();
    nat.source_dest_check = false;
    parts.interfaces.push(nat);
    let place = NatPlace::Zonal { interface: "eni-nat".into() };
    parts.nat_gateways.push(NatGateway { id: "nat-0".into(), available: true, place });
    parts
}

fn interface(number: u32) -> Interface {
    let (subnet, host) = (number % SUBNETS, 10 + number / SUBNETS);
    let private = Ipv4Addr::new(10, 0, subnet as u8, host as u8);
    Interface {
        id: format!("eni-{number:017x}"),
        subnet: format!("subnet-{subnet}"),
        owner: "123456789012".into(),
        kind: InterfaceKind::Instance,
        attachment: Some(Attachment { instance: format!("i-{number:017x}"), device_index: 0, running: true }),
        addresses: vec![Address { private, public: (subnet % 2 == 0).then(|| public(number)) }],
        ipv6: Vec::new(),
        groups: vec![format!("sg-{}", number % 6), format!("sg-{}", (number + 1) % 6)],
        source_dest_check: true,
        forwarding: Forwarding::Nothing,
        tracking: Tracking::default(),
    }
}

fn public(number: u32) -> Ipv4Addr {
    Ipv4Addr::new(203, 0, 113 + (number / 256) as u8, (number % 256) as u8)
}

fn group(number: usize, cidr: &dyn Fn(&str) -> Cidr) -> SecurityGroup {
    let rule = |place: usize, egress: bool, traffic: Traffic, peer: Peer| GroupRule {
        id: format!("sgr-{number}-{place}"),
        egress,
        traffic,
        peer,
    };
    let mut rules = vec![
        rule(0, true, Traffic::ALL, Peer::Cidr(Cidr::ANY_V4)),
        rule(1, false, Traffic::tcp(443, 443), Peer::Cidr(Cidr::ANY_V4)),
        rule(2, false, Traffic::tcp(22, 22), Peer::Cidr(cidr("198.51.100.0/24"))),
        rule(3, false, Traffic::tcp(5432, 5432), Peer::Group(format!("sg-{}", (number + 3) % 6))),
        rule(4, false, Traffic::udp(53, 53), Peer::Cidr(cidr("10.0.0.0/16"))),
    ];
    rules.extend((5..10).map(|place| {
        let port = 8000 + place as u16;
        rule(place, false, Traffic::tcp(port, port), Peer::Cidr(cidr("10.0.0.0/16")))
    }));
    SecurityGroup { id: format!("sg-{number}"), vpc: "vpc-0".into(), rules }
}

fn acl(cidr: &dyn Fn(&str) -> Cidr) -> NetworkAcl {
    let entry = |number, egress, allow, cidr| AclEntry { number, egress, allow, traffic: Traffic::ALL, cidr };
    let mut entries = vec![entry(100, false, true, Cidr::ANY_V4), entry(100, true, true, Cidr::ANY_V4)];
    entries.extend((0..4).map(|number| entry(10 + number, false, false, cidr(&format!("192.0.{number}.0/24")))));
    entries.extend((0..4).map(|number| entry(10 + number, true, false, cidr(&format!("192.0.{number}.0/24")))));
    NetworkAcl { id: "acl-0".into(), vpc: "vpc-0".into(), entries }
}

/// In from the internet, out to it, out through the NAT gateway, and between interfaces, over ten minutes.
fn flows(count: usize) -> Vec<Flow> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let own = |rng: &mut ChaCha8Rng| {
        let number = rng.gen_range(0..INTERFACES);
        (number, IpAddr::from(interface(number).addresses[0].private))
    };
    let ports = [22, 80, 443, 443, 443, 5432, 8005, 8080];
    let flow = |number: usize| {
        let outside = IpAddr::from([rng.gen_range(11..=99), rng.r#gen(), rng.r#gen(), rng.r#gen()]);
        let (_, from) = own(&mut rng);
        let (other, inside) = own(&mut rng);
        let (source, destination) = match number % 4 {
            0 => (outside, IpAddr::from(public(other & !1))),
            1 => (from, outside),
            _ => (from, inside),
        };
        let port = ports[rng.gen_range(0..ports.len())];
        let start_s = 1_768_521_600 + (number as i64 * 600 / count as i64);
        Flow {
            start_s,
            duration_s: 5,
            ..Flow::tcp(source.into(), rng.gen_range(1024..=65535), destination.into(), port)
        }
    };
    (0..count).map(flow).collect()
}

/// Seconds of this thread's CPU.
fn measured(work: impl FnOnce()) -> f64 {
    let before = cpu_s();
    work();
    cpu_s() - before
}

fn cpu_s() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    schedule.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1e3
}
