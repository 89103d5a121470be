//! Traffic through the networks that calls have made: `POST /_trailcam/traffic`. What becomes of it is decided by the
//! traffic model, `network`; flow logs gather what interfaces see.

mod request;
mod topology;

use std::sync::Arc;

use crate::network::flow_logs::Viewpoints;
use crate::network::{Connections, Flow, FlowFault, Network, Walk};
use crate::world::World;

use super::flow_logs;

pub use request::{Told, send};
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

/// Leads flows through the networks, in order, and has flow logs gather what interfaces saw.
///
/// # Errors
/// What is wrong with the first flow that has no beginning or no end, and its place; then nothing was sent.
fn walk(world: &mut World, model: &Model, flows: &[Flow]) -> Result<Vec<Walk>, (usize, FlowFault)> {
    let mut connections = world.traffic.connections.clone();
    let walk = |(place, flow)| model.network.walk(flow, &mut connections).map_err(|fault| (place, fault));
    let walks = flows.iter().enumerate().map(walk).collect::<Result<Vec<_>, _>>()?;
    world.traffic.connections = connections;
    flow_logs::gather(world, model, &walks);
    Ok(walks)
}
