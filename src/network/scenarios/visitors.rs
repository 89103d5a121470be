//! Legitimate traffic.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::super::flow::{Flow, Place};
use super::draw::{connection, ephemeral, internet_host, moment};
use super::{ScenarioFault, check};

/// Visitors of a web server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WebVisitors {
    pub target: Option<Place>,
    pub port: u16,
    pub visitors: u32,
    /// Each visitor opens up to so many connections.
    pub connections_max: u32,
    /// Seconds.
    pub duration: u32,
}

impl Default for WebVisitors {
    fn default() -> WebVisitors {
        WebVisitors { target: None, port: 443, visitors: 50, connections_max: 6, duration: 3600 }
    }
}

impl WebVisitors {
    pub(super) fn flows(&self, start_s: i64, rng: &mut impl Rng) -> Result<Vec<Flow>, ScenarioFault> {
        let (visitors, most) = (u64::from(self.visitors), u64::from(self.connections_max));
        check(visitors.saturating_mul(most), &[("visitors", visitors), ("connectionsMax", most)])?;
        let target = self.target.clone().ok_or(ScenarioFault::NoTargets)?;
        let mut flows = Vec::new();
        for _ in 0..self.visitors {
            let visitor = internet_host(rng);
            let mut at_s = moment(start_s, self.duration, rng);
            for _ in 0..rng.gen_range(1..=self.connections_max) {
                let flow = Flow {
                    start_s: at_s,
                    duration_s: rng.gen_range(0..=15),
                    ..Flow::tcp(visitor.into(), ephemeral(rng), target.clone(), self.port)
                };
                // Few pages are large: each doubling is half as likely.
                let page = 2_000u64 << rng.gen_range(0u32..=8).min(rng.gen_range(0..=10));
                flows.push(connection(flow, rng.gen_range(600..=2500), rng.gen_range(page / 2..=page)));
                at_s += rng.gen_range(0..=60);
            }
        }
        Ok(flows)
    }
}
