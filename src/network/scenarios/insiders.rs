//! What goes on inside, and out, once somebody has come in.

use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::super::flow::{Answer, Flow, Place, Volume};
use super::draw::{connection, ephemeral, in_turn, moment, or_outside, probe};
use super::{ScenarioFault, check};

/// Much data goes to one host on the internet.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DataExfiltration {
    pub source: Option<Place>,
    /// Where it goes: a host on the internet if not given.
    pub destination: Option<Place>,
    pub port: u16,
    /// Bytes in all.
    pub bytes: u64,
    /// Over so many connections.
    pub connections: u32,
    /// Seconds.
    pub duration: u32,
}

impl Default for DataExfiltration {
    fn default() -> DataExfiltration {
        DataExfiltration {
            source: None,
            destination: None,
            port: 443,
            bytes: 5_000_000_000,
            connections: 20,
            duration: 3600,
        }
    }
}

impl DataExfiltration {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        let count = u64::from(self.connections);
        check(count, &[("connections", count), ("bytes", self.bytes)])?;
        let source = self.source.clone().ok_or(ScenarioFault::NoTargets)?;
        let destination = or_outside(&self.destination, rng);
        // At most a petabyte: sums of records stay numbers.
        let share = self.bytes.min(1 << 50) / count;
        let upload = |number: u64| {
            let flow = Flow {
                start_s: in_turn(start_s, self.duration, number, count),
                duration_s: (self.duration / self.connections).max(1),
                ..Flow::tcp(source.clone(), ephemeral(rng), destination.clone(), self.port)
            };
            connection(flow, share - share / 10 + rng.gen_range(0..=share / 5), rng.gen_range(4_000..=20_000))
        };
        Ok((0..count).map(upload).collect())
    }
}

/// A host looks for a way on to its neighbours.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LateralMovement {
    pub source: Option<Place>,
    pub targets: Vec<Place>,
    /// Ports of administration that are tried.
    pub ports: Vec<u16>,
    /// TCP ports where something answers, and a session follows.
    pub listening: Vec<u16>,
    /// Seconds.
    pub duration: u32,
}

impl Default for LateralMovement {
    fn default() -> LateralMovement {
        LateralMovement {
            source: None,
            targets: Vec::new(),
            ports: vec![22, 445, 3389, 5985],
            listening: vec![22],
            duration: 1800,
        }
    }
}

impl LateralMovement {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        let count = (self.targets.len() as u64).saturating_mul(self.ports.len() as u64);
        check(count.saturating_mul(2), &[("ports", self.ports.len() as u64)])?;
        let source = self.source.clone().filter(|_| !self.targets.is_empty()).ok_or(ScenarioFault::NoTargets)?;
        let pairs = self.targets.iter().flat_map(|target| self.ports.iter().map(move |port| (target, *port)));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.shuffle(rng);
        let mut flows = Vec::new();
        for (number, (target, port)) in (0..).zip(pairs) {
            let at_s = in_turn(start_s, self.duration, number, count);
            let flow = Flow { start_s: at_s, ..Flow::tcp(source.clone(), ephemeral(rng), target.clone(), port) };
            flows.push(probe(flow.clone(), &self.listening));
            if self.listening.contains(&port) {
                let (start_s, duration_s) = (at_s + rng.gen_range(1..=20), rng.gen_range(30..=300));
                let session = Flow { start_s, duration_s, source_port: ephemeral(rng), ..flow };
                flows.push(connection(session, rng.gen_range(5_000..=50_000), rng.gen_range(20_000..=300_000)));
            }
        }
        Ok(flows)
    }
}

/// Data in DNS queries. The resolver must not be Amazon's: flow logs do not show traffic with that one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DnsTunnel {
    pub source: Option<Place>,
    /// The resolver at the tunnel's other end: a host on the internet if not given.
    pub resolver: Option<Place>,
    pub queries: u32,
    /// Seconds.
    pub duration: u32,
}

impl Default for DnsTunnel {
    fn default() -> DnsTunnel {
        DnsTunnel { source: None, resolver: None, queries: 2000, duration: 1800 }
    }
}

impl DnsTunnel {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        check(u64::from(self.queries), &[("queries", u64::from(self.queries))])?;
        let source = self.source.clone().ok_or(ScenarioFault::NoTargets)?;
        let resolver = or_outside(&self.resolver, rng);
        let query = |_| {
            // Names of up to 255 bytes, full of data, and texts as answers.
            let answered = Volume { packets: 1, bytes: rng.gen_range(300..=540) };
            Flow {
                start_s: moment(start_s, self.duration, rng),
                sent: Some(Volume { packets: 1, bytes: rng.gen_range(180..=300) }),
                answer: Answer::Of { volume: answered, tcp_flags: None },
                ..Flow::udp(source.clone(), ephemeral(rng), resolver.clone(), 53)
            }
        };
        Ok((0..self.queries).map(query).collect())
    }
}
