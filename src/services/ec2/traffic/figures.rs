//! What CloudWatch shows of traffic: `AWS/EC2` of instances
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html>) and `AWS/NATGateway`
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html>).
//!
//! Figures are gathered by minutes of the flows' own times, and reported by a job when a period is over: five minutes, or
//! one for NAT gateways and instances with detailed monitoring. Whoever runs and is quiet has zeros.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, DurationRound, TimeDelta};

use crate::network::{Action, Component, Direction, Leg, NatPlace, Observation, TCP, Vantage, Walk};
use crate::services::cloudwatch;
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};

use super::super::{Store, instances, nat_gateways};
use super::Model;

const MINUTE: i64 = 60;
const FIVE_MINUTES: i64 = 300;
/// Points that are older are not taken by CloudWatch.
const AGE_MAX: TimeDelta = TimeDelta::days(14);

/// A metric's name, its unit, and the places of its figures, which are added.
type Row = (&'static str, &'static str, &'static [usize]);

const INSTANCE: [Row; 4] = [
    ("NetworkIn", "Bytes", &[IN, BACK_IN]),
    ("NetworkOut", "Bytes", &[OUT, BACK_OUT]),
    ("NetworkPacketsIn", "Count", &[IN + 1, BACK_IN + 1]),
    ("NetworkPacketsOut", "Count", &[OUT + 1, BACK_OUT + 1]),
];
const NAT_GATEWAY: [Row; 10] = [
    ("BytesInFromSource", "Bytes", &[IN]),
    ("BytesOutToDestination", "Bytes", &[OUT]),
    ("BytesInFromDestination", "Bytes", &[BACK_IN]),
    ("BytesOutToSource", "Bytes", &[BACK_OUT]),
    ("PacketsInFromSource", "Count", &[IN + 1]),
    ("PacketsOutToDestination", "Count", &[OUT + 1]),
    ("PacketsInFromDestination", "Count", &[BACK_IN + 1]),
    ("PacketsOutToSource", "Count", &[BACK_OUT + 1]),
    ("ConnectionAttemptCount", "Count", &[ATTEMPTS]),
    ("ConnectionEstablishedCount", "Count", &[ESTABLISHED]),
];

/// Places of figures: bytes, and packets behind them. What comes back, or comes from the internet, stands apart.
const IN: usize = 0;
const OUT: usize = 2;
const BACK_IN: usize = 4;
const BACK_OUT: usize = 6;
const ATTEMPTS: usize = 8;
const ESTABLISHED: usize = 9;
type Sums = [u64; 10];

/// What passed interfaces, by their places in the network, and by the second in which a minute begins.
#[derive(Debug, Default)]
pub struct Passed(HashMap<(u32, i64), Sums>);

/// What has not been reported yet: by instance or NAT gateway, and by the second in which a minute begins.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<String, BTreeMap<i64, Sums>>);

impl Figures {
    /// Takes in what passed the interfaces of instances and NAT gateways.
    pub fn add(&mut self, model: &Model, passed: Passed) {
        let topology = model.network.topology();
        let nats = topology.nat_gateways.iter().filter_map(|gateway| match &gateway.place {
            NatPlace::Zonal { interface } => Some((interface.as_str(), gateway.id.as_str())),
            NatPlace::Regional { .. } => None,
        });
        let nats: HashMap<&str, &str> = nats.collect();
        for ((interface, minute), sums) in passed.0 {
            let Some(interface) = topology.interfaces.get(interface as usize) else { continue };
            let nat = nats.get(interface.id.as_str()).copied();
            let of = nat.or(interface.attachment.as_ref().map(|attachment| attachment.instance.as_str()));
            let Some(of) = of else { continue };
            let known = self.0.entry(of.to_owned()).or_default().entry(minute).or_default();
            known.iter_mut().zip(sums).for_each(|(known, more)| *known = known.saturating_add(more));
        }
    }

    /// Takes out what there is of one of them before a time, by periods.
    fn take(&mut self, of: &str, until: i64, period: i64) -> BTreeMap<i64, Sums> {
        let mut periods: BTreeMap<i64, Sums> = BTreeMap::new();
        let Some(minutes) = self.0.get_mut(of) else { return periods };
        let later = minutes.split_off(&until);
        let over = std::mem::replace(minutes, later);
        if minutes.is_empty() {
            self.0.remove(of);
        }
        for (minute, sums) in over {
            let whole = periods.entry(minute - minute.rem_euclid(period)).or_default();
            whole.iter_mut().zip(sums).for_each(|(whole, part)| *whole = whole.saturating_add(part));
        }
        periods
    }
}

impl Passed {
    /// Takes in a flow.
    pub fn see(&mut self, walk: &Walk) {
        let (there, back) = ((IN, OUT), (BACK_IN, BACK_OUT));
        let is_inward = walk.forward.steps.first().is_some_and(|step| step.at == Component::Internet);
        let (forward, answer) = if is_inward { (back, there) } else { (there, back) };
        add_leg(&mut self.0, &walk.forward, forward);
        walk.answer.iter().for_each(|leg| add_leg(&mut self.0, leg, answer));
        add_connection(&mut self.0, walk);
    }
}

fn add_leg(sums: &mut HashMap<(u32, i64), Sums>, leg: &Leg, (inward, outward): (usize, usize)) {
    for seen in leg.observations.iter().filter(|seen| seen.action == Action::Accept) {
        let Vantage::Interface(interface) = seen.seen_at else { continue };
        let place = if seen.direction == Direction::Ingress { inward } else { outward };
        for (minute, bytes, packets) in minutes(seen) {
            let own = sums.entry((interface, minute)).or_default();
            own[place] = own[place].saturating_add(bytes);
            own[place + 1] = own[place + 1].saturating_add(packets);
        }
    }
}

/// A TCP connection that somebody began: an attempt at each interface that it left, established if it was answered.
fn add_connection(sums: &mut HashMap<(u32, i64), Sums>, walk: &Walk) {
    let leaving = |seen: &&Observation| seen.direction == Direction::Egress && seen.packet.protocol == TCP;
    for seen in walk.forward.observations.iter().filter(leaving) {
        let Vantage::Interface(interface) = seen.seen_at else { continue };
        let own = sums.entry((interface, seen.start_s - seen.start_s.rem_euclid(MINUTE))).or_default();
        own[ATTEMPTS] += 1;
        own[ESTABLISHED] += u64::from(walk.answer.is_some() && walk.is_connected());
    }
}

/// What was seen, divided evenly among the minutes that it took: each with bytes and packets.
fn minutes(seen: &Observation) -> impl Iterator<Item = (i64, u64, u64)> {
    let first = seen.start_s.div_euclid(MINUTE);
    let count = u64::try_from(seen.end_s.div_euclid(MINUTE) - first).unwrap_or(0) + 1;
    let (bytes, packets) = (seen.bytes, seen.packets);
    let until = move |all: u64, part: u64| (u128::from(all) * u128::from(part) / u128::from(count)) as u64;
    (0..count).map(move |part| {
        let share = |all| until(all, part + 1) - until(all, part);
        ((first + part as i64) * MINUTE, share(bytes), share(packets))
    })
}

/// Sees to it that figures are reported, while something runs in a Region or has figures left.
pub fn schedule(world: &mut World, account: &AccountId, region: Region) {
    let Some(ec2) = stores(world, account, region) else { return };
    let figures = &world.traffic.figures;
    let Some(period) = reporting(ec2, figures).map(|shown| shown.period).min() else { return };
    let step = TimeDelta::seconds(period);
    let next = world.now.duration_trunc(step).unwrap_or(world.now) + step;
    world.jobs.at(next, Job::NetworkFigures { account: account.clone(), region });
}

/// Reports the figures of the periods that end now. Who has stopped has no zeros, but what passed until then.
pub fn report(world: &mut World, account: &AccountId, region: Region) {
    // A job may be late.
    let now = world.now.timestamp() - world.now.timestamp().rem_euclid(MINUTE);
    let Some(ec2) = stores(world, account, region) else { return };
    let due = reporting(ec2, &world.traffic.figures).filter(|shown| now.rem_euclid(shown.period) == 0);
    for shown in due.collect::<Vec<_>>() {
        let mut periods = world.traffic.figures.take(&shown.id, now, shown.period);
        if shown.runs {
            periods.entry(now - shown.period).or_default();
        }
        for (start, sums) in periods {
            let at = DateTime::from_timestamp(start, 0).filter(|at| world.now - *at < AGE_MAX);
            let Some(at) = at else { continue };
            for (name, unit, places) in shown.rows {
                let value = places.iter().map(|place| sums[*place] as f64).sum();
                let (metric, dimensions) = ((shown.namespace, *name), [(shown.dimension, shown.id.as_str())]);
                cloudwatch::publish_at(world, (account, region), at, metric, &dimensions, value, unit);
            }
        }
    }
    schedule(world, account, region);
}

fn stores<'w>(world: &'w World, account: &AccountId, region: Region) -> Option<&'w Store> {
    Some(&world.accounts.get(account)?.regions.get(&region)?.ec2)
}

/// An instance or a gateway whose figures are shown.
struct Shown {
    id: String,
    namespace: &'static str,
    dimension: &'static str,
    /// Seconds.
    period: i64,
    rows: &'static [Row],
    runs: bool,
}

/// Who runs, and who has figures left.
fn reporting<'a>(ec2: &'a Store, figures: &'a Figures) -> impl Iterator<Item = Shown> + 'a {
    let instances = ec2.instances.values().map(|instance| Shown {
        id: instance.id.clone(),
        namespace: "AWS/EC2",
        dimension: "InstanceId",
        period: if instance.monitored { MINUTE } else { FIVE_MINUTES },
        rows: &INSTANCE,
        runs: instance.state == instances::State::Running,
    });
    let gateways = ec2.nat_gateways.values().map(|gateway| Shown {
        id: gateway.id.clone(),
        namespace: "AWS/NATGateway",
        dimension: "NatGatewayId",
        period: MINUTE,
        rows: &NAT_GATEWAY,
        runs: gateway.state == nat_gateways::State::Available,
    });
    instances.chain(gateways).filter(|shown| shown.runs || figures.0.contains_key(&shown.id))
}
