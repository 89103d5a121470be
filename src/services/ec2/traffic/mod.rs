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

use std::ops::Range;
use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::network::flow_logs::Viewpoints;
use crate::network::{Connections, Flow, Network};
use crate::world::World;

use super::flow_logs::Gathering;

use figures::{Figures, Passed};

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
    let network = Network::new(topology(world)).or_else(|fault| {
        tracing::error!(?fault, "the networks contradict themselves: no traffic can go through them");
        Network::new(Default::default())
    });
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

/// What a part takes: flows, and minutes that these last together.
const PART: usize = 10_000;
const PART_MINUTES: u64 = 100_000;
/// Minutes that the flows of a request may last together: each is a record of a flow log.
const MINUTES_MAX: u64 = 2_000_000;
/// Seconds around now in which traffic may begin: log groups take events of two weeks.
const PAST_S: i64 = 14 * 86_400;
const FUTURE_S: i64 = 86_400;

/// Whether there can be traffic at a time: not long ago, nor in a far future. Seconds since 1970.
pub fn is_near(now_s: i64, at_s: i64) -> bool {
    (now_s.saturating_sub(PAST_S)..=now_s.saturating_add(FUTURE_S)).contains(&at_s)
}

/// Minutes that a flow touches.
fn minutes(flow: &Flow) -> u64 {
    u64::from(flow.duration_s) / 60 + 1
}

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
            if !is_near(moment.now_s, flow.start_s) {
                return Err(format!("flow {number}: It must begin within two weeks before now and a day after."));
            }
        }
        let minutes: u64 = flows.iter().map(minutes).sum();
        if minutes > MINUTES_MAX {
            return Err(format!("these flows last {minutes} minutes together, of at most {MINUTES_MAX}"));
        }
        Ok(Sending { flows, sent: 0, report: Report::new(is_capture.then_some(ignored)) })
    }

    /// Leads the next flows through the networks as they are now, and has flow logs gather what interfaces saw. `false`
    /// when there are no more.
    pub fn go_on(&mut self, world: &mut World) -> bool {
        let model = model(world);
        let mut gathering = Gathering::begin(world, &model);
        let mut figures = Passed::default();
        let part = self.next_part();
        for flow in self.flows.get(part.clone()).unwrap_or_default() {
            // Others may have taken away an end of it in the meantime: then there is nothing to send.
            let Ok(walk) = model.network.walk(flow, &mut world.traffic.connections) else { continue };
            self.report.add(&model, flow, &walk);
            gathering.see(&walk);
            figures.see(&walk);
        }
        gathering.end(world);
        world.traffic.figures.add(&model, figures);
        self.sent = part.end;
        self.sent < self.flows.len()
    }

    fn next_part(&self) -> Range<usize> {
        let mut spent = 0;
        let lasts = |flow: &&Flow| {
            let fits = spent < PART_MINUTES;
            spent += minutes(flow);
            fits
        };
        let left = self.flows.get(self.sent..).unwrap_or_default();
        self.sent..self.sent + left.iter().take(PART).take_while(lasts).count()
    }

    pub fn report(self) -> Report {
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Map;
    use crate::world::call::{Call, perform};
    use crate::world::payload::Upload;
    use crate::world::scope::{AccountId, Region};
    use crate::world::{Cadence, Settings};

    fn call(world: &mut World, operation: &str, input: Map) {
        let account = world.settings.account.clone();
        let to = ("ec2", operation);
        let call = Call::by_service("test.amazonaws.com", account, Region::US_EAST_1, to, input, Upload::default());
        let answer = perform(world, call.expect("an operation"));
        answer.outcome.unwrap_or_else(|fault| panic!("{fault:?}"));
    }

    #[test]
    fn the_model_lasts_until_a_network_changes() {
        let settings = Settings {
            account: AccountId::parse("111122223333").expect("twelve digits"),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Aws,
            data_dir: std::env::temp_dir(),
            log_memory: 1 << 20,
        };
        let mut world = World::new(settings, "2026-01-01T00:00:00Z".parse().expect("a time"));
        let vpcs = |world: &mut World| model(world).network.topology().vpcs.len();
        assert_eq!(vpcs(&mut world), 0, "nobody has looked yet");
        call(&mut world, "DescribeVpcs", Map::new());
        assert_eq!(vpcs(&mut world), 1, "the default VPC is there since it was looked for");
        let before = model(&mut world);
        call(&mut world, "DescribeNetworkInterfaces", Map::new());
        assert!(Arc::ptr_eq(&before, &model(&mut world)), "nothing has changed");
        let mut input = Map::new();
        input.push("CidrBlock", "10.0.0.0/16");
        call(&mut world, "CreateVpc", input);
        assert_eq!(vpcs(&mut world), 2);
    }
}
