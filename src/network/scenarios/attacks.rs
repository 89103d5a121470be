//! What comes from the internet uninvited.

use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::super::flow::{Answer, Flow, ICMP, Place, TCP, UDP, Volume};
use super::draw::{connection, ephemeral, in_turn, internet_host, moment, or_outside, probe};
use super::{ScenarioFault, check};

/// Scanners knock at well-known ports of the targets.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InternetNoise {
    /// Interfaces, instances or public addresses.
    pub targets: Vec<Place>,
    /// How many knocks, at all targets together.
    pub count: u32,
    /// Seconds.
    pub duration: u32,
    /// TCP ports where something answers.
    pub listening: Vec<u16>,
}

impl Default for InternetNoise {
    fn default() -> InternetNoise {
        InternetNoise { targets: Vec::new(), count: 500, duration: 3600, listening: vec![22, 80, 443] }
    }
}

/// What scanners look for, with how often they do: protocol, port, weight.
const NOISE: [(u8, u16, u32); 18] = [
    (TCP, 23, 20),
    (TCP, 22, 14),
    (TCP, 445, 9),
    (TCP, 3389, 9),
    (TCP, 80, 7),
    (TCP, 443, 7),
    (TCP, 8080, 6),
    (TCP, 5555, 4),
    (TCP, 6379, 4),
    (TCP, 1433, 4),
    (TCP, 3306, 3),
    (TCP, 5900, 3),
    (TCP, 2375, 2),
    (TCP, 9200, 2),
    (UDP, 5060, 2),
    (UDP, 161, 2),
    (UDP, 123, 1),
    (ICMP, 0, 1),
];

impl InternetNoise {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        check(u64::from(self.count), &[("count", u64::from(self.count))])?;
        let knock = |_| {
            let target = self.targets.choose(rng).cloned().ok_or(ScenarioFault::NoTargets)?;
            let (protocol, port, _) = *NOISE.choose_weighted(rng, |row| row.2).unwrap_or(&NOISE[0]);
            let source = internet_host(rng).into();
            let flow = Flow {
                source_port: if protocol == ICMP { 0 } else { rng.gen_range(1024..=65535) },
                destination_port: port,
                start_s: moment(start_s, self.duration, rng),
                ..Flow::between(source, target, protocol)
            };
            Ok(match protocol {
                TCP => probe(flow, &self.listening),
                _ => Flow {
                    sent: Some(Volume { packets: 1, bytes: rng.gen_range(28..=60) }),
                    answer: if protocol == UDP { Answer::Silent } else { Answer::Usual },
                    ..flow
                },
            })
        };
        (0..self.count).map(knock).collect()
    }
}

/// Passwords are tried at an SSH server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SshBruteForce {
    pub target: Option<Place>,
    /// Where it comes from: a host on the internet if not given.
    pub source: Option<Place>,
    pub port: u16,
    /// Connections, each of which tries a few passwords.
    pub attempts: u32,
    /// Seconds.
    pub duration: u32,
    /// Whether the last attempt finds the password, and a session follows.
    pub succeeds: bool,
}

impl Default for SshBruteForce {
    fn default() -> SshBruteForce {
        SshBruteForce { target: None, source: None, port: 22, attempts: 200, duration: 600, succeeds: false }
    }
}

impl SshBruteForce {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        check(u64::from(self.attempts), &[("attempts", u64::from(self.attempts))])?;
        let target = self.target.clone().ok_or(ScenarioFault::NoTargets)?;
        let source = or_outside(&self.source, rng);
        let count = u64::from(self.attempts);
        let attempt = |number: u64| {
            let flow = Flow {
                start_s: in_turn(start_s, self.duration, number, count),
                duration_s: rng.gen_range(2..=8),
                ..Flow::tcp(source.clone(), ephemeral(rng), target.clone(), self.port)
            };
            connection(flow, rng.gen_range(1500..=2600), rng.gen_range(2100..=3200))
        };
        let mut flows: Vec<Flow> = (0..count).map(attempt).collect();
        if let Some(last) = flows.last_mut().filter(|_| self.succeeds) {
            let session = Flow { duration_s: rng.gen_range(120..=600), ..last.clone() };
            *last = connection(session, rng.gen_range(20_000..=60_000), rng.gen_range(80_000..=400_000));
        }
        Ok(flows)
    }
}

/// A SYN to each of many ports.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PortScan {
    pub target: Option<Place>,
    /// Where it comes from: a host on the internet if not given.
    pub source: Option<Place>,
    pub first_port: u16,
    pub last_port: u16,
    /// Ports a second.
    pub rate: u32,
    /// TCP ports where something answers.
    pub listening: Vec<u16>,
}

impl Default for PortScan {
    fn default() -> PortScan {
        let listening = vec![22, 80, 443];
        PortScan { target: None, source: None, first_port: 1, last_port: 1024, rate: 50, listening }
    }
}

impl PortScan {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        let target = self.target.clone().ok_or(ScenarioFault::NoTargets)?;
        let mut ports: Vec<u16> = (self.first_port..=self.last_port).collect();
        check(ports.len() as u64, &[("rate", u64::from(self.rate)), ("lastPort", ports.len() as u64)])?;
        ports.shuffle(rng);
        let source = or_outside(&self.source, rng);
        // A scanner that makes its own packets sends from one port.
        let source_port = ephemeral(rng);
        let scan = |(number, port): (u32, u16)| {
            let start_s = start_s.saturating_add(i64::from(number / self.rate));
            let flow = Flow { start_s, ..Flow::tcp(source.clone(), source_port, target.clone(), port) };
            probe(flow, &self.listening)
        };
        Ok((0..).zip(ports).map(scan).collect())
    }
}
