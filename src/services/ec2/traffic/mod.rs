//! Traffic through the networks that calls have made: `POST /_trailcam/traffic`. What becomes of it is decided by the
//! traffic model, `network`; flow logs gather what interfaces see.
//!
//! ```text
//! body ── Told ──> flows ── Sending, in parts ──> walks ──> Report, flow logs
//! ```

pub mod figures;
mod report;
mod request;
mod topology;

use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::network::flow_logs::Viewpoints;
use crate::network::{Connections, Flow, Network, Walk};
use crate::world::World;

use super::flow_logs;

use figures::Figures;

pub use report::Report;
pub use request::Told;
pub use topology::topology;

/// What traffic needs of the networks, made when it is needed after they have changed.
#[derive(Debug)]
pub struct Model {
    pub network: Network,
    pub viewpoints: Viewpoints,
}

/// What is known of traffic, over all accounts: traffic crosses them.
#[derive(Debug, Default)]
pub struct Traffic {
    /// `None` since a network has changed.
    model: Option<Arc<Model>>,
    /// Connections that security groups track.
    connections: Connections,
    figures: Figures,
}

impl Traffic {
    /// Networks are about to change.
    pub(super) fn forget_model(&mut self) {
        self.model = None;
    }
}

/// The networks as they are.
pub fn model(world: &mut World) -> Arc<Model> {
    if let Some(model) = &world.traffic.model {
        return Arc::clone(model);
    }
    // The store's parts name one another correctly: what is referred to cannot be deleted.
    let network = Network::new(topology(world)).or_else(|_| Network::new(Default::default()));
    let Ok(network) = network else { unreachable!("an empty network is complete") };
    let viewpoints = Viewpoints::new(&network);
    let model = Arc::new(Model { network, viewpoints });
    world.traffic.model = Some(Arc::clone(&model));
    model
}

/// What making flows of what is told needs of the world.
pub struct Moment {
    model: Arc<Model>,
    now_s: i64,
    seed: [u8; 32],
}

impl Moment {
    pub fn of(world: &mut World) -> Moment {
        Moment { model: model(world), now_s: world.now.timestamp(), seed: world.ids.bytes() }
    }
}

/// Flows on their way. They are sent in parts, so that others' calls are answered in between.
pub struct Sending {
    flows: Vec<Flow>,
    sent: usize,
    report: Report,
}

/// Flows in a part.
const PART: usize = 10_000;

impl Sending {
    /// Makes flows of what is told, and checks them.
    ///
    /// # Errors
    /// A sentence about what is wrong with them; then nothing is sent.
    pub fn new(told: Told, moment: &Moment) -> Result<Sending, String> {
        let network = &moment.model.network;
        let is_capture = matches!(told, Told::Capture { .. });
        let mut rng = ChaCha8Rng::from_seed(moment.seed);
        let (mut flows, mut ignored) = told.flows(network, moment.now_s, &mut rng)?;
        if is_capture {
            let all = flows.len();
            flows.retain(|flow| network.check(flow).is_ok());
            ignored += (all - flows.len()) as u64;
        }
        for (number, flow) in (1..).zip(&flows) {
            network.check(flow).map_err(|fault| format!("flow {number}: {fault}"))?;
        }
        Ok(Sending { flows, sent: 0, report: Report::new(is_capture.then_some(ignored)) })
    }

    /// Leads the next flows through the networks as they are now, and has flow logs gather what interfaces saw. `false`
    /// when there are no more.
    pub fn go_on(&mut self, world: &mut World) -> bool {
        let model = model(world);
        let part = self.flows[self.sent..].iter().take(PART);
        let mut walks: Vec<Walk> = Vec::with_capacity(part.len());
        for flow in part {
            // Others may have taken away an end of it in the meantime: then there is nothing to send.
            let Ok(walk) = model.network.walk(flow, &mut world.traffic.connections) else { continue };
            self.report.add(&model, flow, &walk);
            walks.push(walk);
        }
        self.sent = self.flows.len().min(self.sent + PART);
        world.traffic.figures.add(&model, &walks);
        flow_logs::gather(world, &model, &walks);
        self.sent < self.flows.len()
    }

    pub fn report(self) -> Report {
        self.report
    }
}
