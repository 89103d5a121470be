//! Typical lab traffic, hostile and legitimate: parameters and a random source to flows. The same seed gives the same flows.
//!
//! Scenarios say what is sent, never what becomes of it: that is the network's affair.

mod attacks;
mod draw;
mod insiders;
mod visitors;

#[cfg(test)]
mod tests;

use std::fmt;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::flow::Flow;

pub use attacks::{InternetNoise, PortScan, SshBruteForce};
pub use insiders::{DataExfiltration, DnsTunnel, LateralMovement};
pub use visitors::WebVisitors;

/// A scenario with its parameters, as the admin API takes it: `{"scenario": "port-scan", "target": "i-…"}`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "scenario", rename_all = "kebab-case")]
pub enum Scenario {
    InternetNoise(InternetNoise),
    SshBruteForce(SshBruteForce),
    PortScan(PortScan),
    WebVisitors(WebVisitors),
    DataExfiltration(DataExfiltration),
    LateralMovement(LateralMovement),
    DnsTunnel(DnsTunnel),
}

/// The most flows that a scenario makes.
pub const FLOWS_MAX: u64 = 1_000_000;

/// Parameters that make no traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScenarioFault {
    /// There is nobody to send to.
    NoTargets,
    /// More than [`FLOWS_MAX`].
    TooManyFlows,
    /// A parameter must be greater than 0.
    Nothing(&'static str),
}

impl Scenario {
    /// Each of them, with the values of parameters that are not given.
    pub fn all() -> [Scenario; 7] {
        [
            Scenario::InternetNoise(InternetNoise::default()),
            Scenario::SshBruteForce(SshBruteForce::default()),
            Scenario::PortScan(PortScan::default()),
            Scenario::WebVisitors(WebVisitors::default()),
            Scenario::DataExfiltration(DataExfiltration::default()),
            Scenario::LateralMovement(LateralMovement::default()),
            Scenario::DnsTunnel(DnsTunnel::default()),
        ]
    }

    /// What happens in it.
    pub fn summary(&self) -> &'static str {
        match self {
            Scenario::InternetNoise(_) => {
                "Scanners from all over the internet knock at well-known ports of the targets."
            }
            Scenario::SshBruteForce(_) => {
                "One host tries passwords at the target's SSH port, and may find one in the end."
            }
            Scenario::PortScan(_) => "One host sends a SYN to each of many ports of the target.",
            Scenario::WebVisitors(_) => "Visitors load pages from the target's web server.",
            Scenario::DataExfiltration(_) => "A host inside uploads much to one host on the internet.",
            Scenario::LateralMovement(_) => {
                "A host inside looks for ports of administration on its neighbours, and logs in where they answer."
            }
            Scenario::DnsTunnel(_) => "A host inside hides data in many long DNS queries to a resolver of its own.",
        }
    }

    /// The flows, in the order in which they begin. `start_s`: seconds since 1970.
    pub fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        let mut flows = match self {
            Scenario::InternetNoise(noise) => noise.flows(start_s, rng)?,
            Scenario::SshBruteForce(attack) => attack.flows(start_s, rng)?,
            Scenario::PortScan(scan) => scan.flows(start_s, rng)?,
            Scenario::WebVisitors(visitors) => visitors.flows(start_s, rng)?,
            Scenario::DataExfiltration(theft) => theft.flows(start_s, rng)?,
            Scenario::LateralMovement(movement) => movement.flows(start_s, rng)?,
            Scenario::DnsTunnel(tunnel) => tunnel.flows(start_s, rng)?,
        };
        flows.sort_by_key(|flow| flow.start_s);
        Ok(flows)
    }
}

/// Refuses what would be too much or nothing.
fn check(flows: u64, parameters: &[(&'static str, u64)]) -> Result<(), ScenarioFault> {
    if let Some((name, _)) = parameters.iter().find(|(_, value)| *value == 0) {
        return Err(ScenarioFault::Nothing(name));
    }
    if flows > FLOWS_MAX { Err(ScenarioFault::TooManyFlows) } else { Ok(()) }
}

impl fmt::Display for ScenarioFault {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            ScenarioFault::NoTargets => write!(out, "A scenario needs at least one target."),
            ScenarioFault::TooManyFlows => write!(out, "A scenario makes at most {FLOWS_MAX} flows."),
            ScenarioFault::Nothing(name) => write!(out, "'{name}' must be greater than 0."),
        }
    }
}
