//! Traffic as the admin API takes it: flows, scenarios, packet captures.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use rand::{Rng, RngCore};
use serde::Deserialize;
use serde_json::Value;

use crate::network::scenarios::Scenario;
use crate::network::{Answer, Flow, ICMP, ICMPV6, Network, Place, TCP, UDP, Volume, capture, scenarios};

/// What a request sends.
#[derive(Debug)]
pub enum Told {
    Flows(Vec<ToldFlow>),
    Scenario { scenario: Scenario, start: Option<Start> },
    Capture { capture: capture::Capture, start: Option<Start>, hosts: HashMap<IpAddr, Place> },
}

/// A flow, as it is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToldFlow {
    source: Place,
    destination: Place,
    #[serde(default)]
    protocol: Protocol,
    /// One of those that systems choose for connections, if nothing is said.
    source_port: Option<u16>,
    destination_port: Option<u16>,
    /// `{"type": 8, "code": 0}`
    icmp: Option<Icmp>,
    packets: Option<u64>,
    bytes: Option<u64>,
    /// Now, if nothing is said.
    start: Option<Start>,
    /// Seconds.
    duration: Option<u32>,
    tcp_flags: Option<u8>,
    /// What comes back: `usual`, `silent` or `refused`.
    #[serde(default)]
    answer: ToldAnswer,
    /// As many of them, each from its own port.
    count: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "protocol: expected tcp, udp, icmp, icmpv6 or a number up to 255")]
enum Protocol {
    Number(u8),
    Name(ProtocolName),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProtocolName {
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Icmp {
    r#type: u8,
    #[serde(default)]
    code: u8,
}

/// When traffic begins.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "start: expected seconds since 1970, or a time such as 2026-01-01T00:00:00Z")]
pub enum Start {
    Seconds(i64),
    Time(DateTime<Utc>),
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ToldAnswer {
    #[default]
    Usual,
    Silent,
    Refused,
}

impl Told {
    /// Reads a JSON body: a flow, a list of flows, or a scenario.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn json(body: &[u8]) -> Result<Told, String> {
        let told: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let told = match told {
            Value::Array(flows) => {
                let flows = flows.into_iter().map(serde_json::from_value);
                flows.collect::<Result<_, _>>().map(Told::Flows)
            }
            Value::Object(mut fields) if fields.contains_key("scenario") => {
                let start = fields.remove("start").map(serde_json::from_value).transpose();
                let scenario = serde_json::from_value(Value::Object(fields));
                start.and_then(|start| Ok(Told::Scenario { scenario: scenario?, start }))
            }
            flow => serde_json::from_value(flow).map(|flow| Told::Flows(vec![flow])),
        };
        told.map_err(|error| error.to_string())
    }

    /// Reads a packet capture. Parameters with an address as name put the host with that address somewhere:
    /// `192.168.1.5=eni-…`; `start` moves the beginning, which is now if nothing is said.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn capture(body: &[u8], parameters: &BTreeMap<String, String>) -> Result<Told, String> {
        let mut start = None;
        let mut hosts = HashMap::new();
        for (name, value) in parameters {
            match name.parse() {
                Ok(address) => {
                    hosts.insert(address, Place::from(value.as_str()));
                }
                Err(_) if name == "start" => start = Some(Start::parse(value)?),
                Err(_) => return Err(format!("{name}: expected an address, or start")),
            }
        }
        let capture = capture::read(body).map_err(|fault| fault.to_string())?;
        Ok(Told::Capture { capture, start, hosts })
    }

    /// The flows, and how many frames of a capture are none. `now_s`: seconds since 1970.
    ///
    /// # Errors
    /// A sentence about what is wrong with them.
    pub fn flows(self, network: &Network, now_s: i64, rng: &mut impl RngCore) -> Result<(Vec<Flow>, u64), String> {
        match self {
            Told::Flows(told) => told_flows(&told, now_s, rng).map(|flows| (flows, 0)),
            Told::Scenario { scenario, start } => {
                let flows = scenario.flows(start.map_or(now_s, Start::seconds), rng);
                flows.map(|flows| (flows, 0)).map_err(|fault| fault.to_string())
            }
            Told::Capture { capture, start, hosts } => {
                let begin = start.map_or(now_s, Start::seconds);
                let shift = capture.flows.first().map_or(0, |first| begin.saturating_sub(first.start_s));
                let place = |flow: Flow| {
                    let flow = Flow { start_s: flow.start_s.saturating_add(shift), ..flow };
                    network.as_sent(settled(flow, &hosts))
                };
                Ok((capture.flows.into_iter().map(place).collect(), capture.ignored))
            }
        }
    }
}

/// A captured flow between the hosts that stand for the captured ones.
fn settled(flow: Flow, hosts: &HashMap<IpAddr, Place>) -> Flow {
    let host = |place: Place| match &place {
        Place::Address(address) => hosts.get(address).cloned().unwrap_or(place),
        Place::Resource(_) => place,
    };
    Flow { source: host(flow.source), destination: host(flow.destination), ..flow }
}

fn told_flows(told: &[ToldFlow], now_s: i64, rng: &mut impl RngCore) -> Result<Vec<Flow>, String> {
    let wanted = told.iter().map(|flow| flow.count.unwrap_or(1)).fold(0, u64::saturating_add);
    if wanted > scenarios::FLOWS_MAX {
        return Err(format!("these are {wanted} flows, of at most {} in a request", scenarios::FLOWS_MAX));
    }
    let mut flows = Vec::new();
    for flow in told {
        for number in 0..flow.count.unwrap_or(1) {
            flows.push(flow.flow(now_s, number, rng)?);
        }
    }
    Ok(flows)
}

impl ToldFlow {
    /// The flow, the first or another of its kind.
    fn flow(&self, now_s: i64, number: u64, rng: &mut impl RngCore) -> Result<Flow, String> {
        let protocol = self.protocol.number();
        let has_ports = matches!(protocol, TCP | UDP);
        if !has_ports && (self.source_port.is_some() || self.destination_port.is_some()) {
            return Err(format!("protocol {protocol} has no ports"));
        }
        if !matches!(protocol, ICMP | ICMPV6) && self.icmp.is_some() {
            return Err(format!("protocol {protocol} is not ICMP"));
        }
        if protocol != TCP && self.tcp_flags.is_some() {
            return Err(format!("protocol {protocol} has no TCP flags"));
        }
        let usual = if protocol == ICMPV6 { (128, 0) } else { (8, 0) };
        Ok(Flow {
            source: self.source.clone(),
            destination: self.destination.clone(),
            protocol,
            source_port: if has_ports { self.source_port(number, rng) } else { 0 },
            destination_port: match self.destination_port {
                None if has_ports => return Err("destinationPort is missing".to_owned()),
                port => port.unwrap_or(0),
            },
            icmp: self.icmp.map_or(usual, |icmp| (icmp.r#type, icmp.code)),
            sent: self.sent()?,
            tcp_flags: self.tcp_flags,
            answer: match self.answer {
                ToldAnswer::Usual => Answer::Usual,
                ToldAnswer::Silent => Answer::Silent,
                ToldAnswer::Refused => Answer::Refused,
            },
            start_s: self.start.map_or(now_s, Start::seconds),
            duration_s: self.duration.unwrap_or(0),
        })
    }

    fn sent(&self) -> Result<Option<Volume>, String> {
        match (self.packets, self.bytes) {
            (None, None) => Ok(None),
            (Some(0), _) => Err("packets must be at least 1".to_owned()),
            (packets, bytes) => {
                let packets = packets.unwrap_or(1);
                Ok(Some(Volume { packets, bytes: bytes.unwrap_or(packets.saturating_mul(60)) }))
            }
        }
    }

    /// The port that was named and those behind it, or any that systems use for connections.
    fn source_port(&self, number: u64, rng: &mut impl RngCore) -> u16 {
        match self.source_port {
            Some(port) => port.wrapping_add((number % 65_536) as u16),
            None => rng.gen_range(32_768..=60_999),
        }
    }
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol::Name(ProtocolName::Tcp)
    }
}

impl Protocol {
    fn number(&self) -> u8 {
        match self {
            Protocol::Number(number) => *number,
            Protocol::Name(ProtocolName::Tcp) => TCP,
            Protocol::Name(ProtocolName::Udp) => UDP,
            Protocol::Name(ProtocolName::Icmp) => ICMP,
            Protocol::Name(ProtocolName::Icmpv6) => ICMPV6,
        }
    }
}

impl Start {
    fn parse(text: &str) -> Result<Start, String> {
        let told = text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from);
        serde_json::from_value(told).map_err(|error| error.to_string())
    }

    fn seconds(self) -> i64 {
        match self {
            Start::Seconds(seconds) => seconds,
            Start::Time(time) => time.timestamp(),
        }
    }
}
