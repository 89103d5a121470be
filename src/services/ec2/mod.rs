//! EC2's network, and instances as far as a network needs them. Everything hangs off a [`Store`], an account's in one
//! Region; peering connections, which join two of them, hang off the world.

pub mod addresses;
pub mod attachments;
pub mod cidr;
pub mod classic_links;
pub mod default_vpc;
pub mod dhcp_options;
pub mod egress_gateways;
pub mod endpoint_services;
pub mod endpoints;
pub mod faults;
pub mod filters;
pub mod flow_logs;
pub mod group_permissions;
pub mod group_rules;
pub mod images;
pub mod instance_attributes;
pub mod instance_states;
pub mod instance_types;
pub mod instance_views;
pub mod instances;
pub mod interface_addresses;
pub mod interfaces;
pub mod internet_gateways;
pub mod key_pairs;
pub mod kinds;
pub mod launches;
pub mod nat_gateways;
pub mod network_acls;
pub mod passages;
pub mod peerings;
pub mod prefix_lists;
pub mod reachability;
pub mod regions;
pub mod route_tables;
pub mod routes;
pub mod security_groups;
pub mod subnets;
pub mod tags;
pub mod traffic;
pub mod transitions;
pub mod vpc_attributes;
pub mod vpc_cidrs;
pub mod vpcs;
pub mod zones;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::op::{Access, Op};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use addresses::ElasticAddress;
use dhcp_options::DhcpOptions;
use egress_gateways::EgressGateway;
use endpoints::Endpoint;
use flow_logs::FlowLog;
use instances::Instance;
use interfaces::Interface;
use internet_gateways::InternetGateway;
use key_pairs::KeyPair;
use nat_gateways::NatGateway;
use network_acls::NetworkAcl;
use peerings::Peering;
use prefix_lists::PrefixList;
use route_tables::RouteTable;
use security_groups::SecurityGroup;
use subnets::Subnet;
use tags::Tagged;
use vpcs::Vpc;

pub use passages::pass;
pub use transitions::{Place, settle};

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[
    addresses::OPS,
    attachments::OPS,
    classic_links::OPS,
    dhcp_options::OPS,
    egress_gateways::OPS,
    endpoint_services::OPS,
    endpoints::OPS,
    flow_logs::OPS,
    group_permissions::OPS,
    images::OPS,
    instance_attributes::OPS,
    instance_states::OPS,
    instance_types::OPS,
    instances::OPS,
    interface_addresses::OPS,
    interfaces::OPS,
    internet_gateways::OPS,
    key_pairs::OPS,
    launches::OPS,
    nat_gateways::OPS,
    network_acls::OPS,
    peerings::OPS,
    prefix_lists::OPS,
    reachability::OPS[0],
    reachability::OPS[1],
    regions::OPS,
    route_tables::OPS,
    routes::OPS,
    security_groups::OPS,
    subnets::OPS,
    tags::OPS,
    vpc_attributes::OPS,
    vpc_cidrs::OPS,
    vpcs::OPS,
    zones::OPS,
];

/// An account's EC2 in one Region, by ids.
#[derive(Debug, Default)]
pub struct Store {
    /// The account, as it is shown.
    pub owner: String,
    /// The Region's name.
    pub region: String,
    pub vpcs: BTreeMap<String, Vpc>,
    pub dhcp_options: BTreeMap<String, DhcpOptions>,
    pub subnets: BTreeMap<String, Subnet>,
    pub internet_gateways: BTreeMap<String, InternetGateway>,
    pub egress_gateways: BTreeMap<String, EgressGateway>,
    pub route_tables: BTreeMap<String, RouteTable>,
    pub security_groups: BTreeMap<String, SecurityGroup>,
    pub network_acls: BTreeMap<String, NetworkAcl>,
    pub prefix_lists: BTreeMap<String, PrefixList>,
    pub interfaces: BTreeMap<String, Interface>,
    pub addresses: BTreeMap<String, ElasticAddress>,
    pub nat_gateways: BTreeMap<String, NatGateway>,
    pub instances: BTreeMap<String, Instance>,
    /// By name.
    pub key_pairs: BTreeMap<String, KeyPair>,
    pub peerings: BTreeMap<String, Peering>,
    pub endpoints: BTreeMap<String, Endpoint>,
    pub flow_logs: BTreeMap<String, FlowLog>,
    pub insights_paths: BTreeMap<String, reachability::Path>,
    pub insights_analyses: BTreeMap<String, reachability::Analysis>,
    pub tags: Tagged,
    /// What was answered to requests with a client token, by operation and token.
    answers: BTreeMap<(&'static str, String), Remembered>,
    /// The default VPC was made; it is not made again when it is deleted.
    opened: bool,
}

/// A request that may come again, and what it was answered.
#[derive(Debug)]
struct Remembered {
    input: Value,
    answer: Value,
    at: Time,
}

/// How long a client token stands for its first request; the shortest time that AWS documents for one.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(24);

/// The caller's EC2 in the Region called, with the default VPC that accounts start with. Operations that only read leave it
/// as it is.
pub fn store<'a>(cx: &'a mut Cx<'_>) -> &'a mut Store {
    if Access::of_name(cx.operation.name) == Access::Write {
        cx.world.traffic.forget_model();
    }
    let (account, region) = (cx.account.clone(), cx.region);
    open(cx.world, &account, region)
}

/// An account's EC2 in a Region, to be changed.
pub fn of<'a>(world: &'a mut World, account: &AccountId, region: Region) -> &'a mut Store {
    world.traffic.forget_model();
    open(world, account, region)
}

fn open<'a>(world: &'a mut World, account: &AccountId, region: Region) -> &'a mut Store {
    if world.regional(account, region).ec2.opened {
        return &mut world.regional(account, region).ec2;
    }
    world.traffic.forget_model();
    let seed = world.ids.seed();
    let store = &mut world.regional(account, region).ec2;
    store.opened = true;
    store.owner = account.to_string();
    store.region = region.to_string();
    default_vpc::open(store, seed, account, region);
    store
}

impl Store {
    /// Whether somebody has looked at it: there is nothing in it before.
    pub fn is_open(&self) -> bool {
        self.opened
    }

    /// Whether an instance is there and runs.
    pub fn is_running(&self, instance: &str) -> bool {
        self.instances.get(instance).is_some_and(|instance| instance.state == instances::State::Running)
    }

    /// `arn:aws:ec2:us-east-1:111122223333:subnet/subnet-…`
    pub fn arn(&self, kind: &str, id: &str) -> String {
        format!("arn:aws:ec2:{}:{}:{kind}/{id}", self.region, self.owner)
    }
}

/// Ends a call that was only to be tried: everything about it is right.
pub fn dry_run(cx: &Cx) -> Result<(), Fault> {
    match cx.input.and_then(|input| input.get("DryRun")) {
        Some(Value::Bool(true)) => Err(faults::dry_run()),
        _ => Ok(()),
    }
}

/// Runs a call, or answers as before when it comes again with the same `ClientToken`.
///
/// # Errors
/// `IdempotentParameterMismatch` when the token came with other parameters.
pub fn once<O: Field>(cx: &mut Cx, run: impl FnOnce(&mut Cx) -> Result<O, Fault>) -> Result<O, Fault> {
    let (now, operation) = (cx.world.now, cx.operation.name);
    let Some(input) = cx.input.cloned() else { return run(cx) };
    let Some(token) = input.get("ClientToken").and_then(Value::as_str).filter(|token| !token.is_empty()) else {
        return run(cx);
    };
    let key = (operation, token.to_owned());
    let answers = &mut store(cx).answers;
    answers.retain(|_, remembered| now - remembered.at < TOKEN_LIFE);
    match answers.get(&key) {
        Some(remembered) if remembered.input == input => return Ok(O::read(Some(&remembered.answer))),
        Some(_) => return Err(faults::other_request(token)),
        None => {}
    }
    let answer = run(cx)?.write();
    let output = O::read(Some(&answer));
    store(cx).answers.insert(key, Remembered { input, answer, at: now });
    Ok(output)
}

#[cfg(test)]
mod tests {
    use crate::contract::{self, Contract, Kind, ShapeId};

    use super::filters::Paths;
    use super::*;

    /// Filters look at members that the contract has.
    #[test]
    fn paths_of_filters_lead_somewhere() {
        let listings: &[(&str, Paths)] = &[
            ("Address", addresses::LISTING.paths),
            ("DhcpOptions", dhcp_options::LISTING.paths),
            ("EgressOnlyInternetGateway", egress_gateways::LISTING.paths),
            ("Image", images::LISTING.paths),
            ("InstanceCreditSpecification", instance_attributes::CREDITS.paths),
            ("InstanceStatus", instance_states::STATUS.paths),
            ("InstanceTypeInfo", instance_types::LISTING.paths),
            ("InternetGateway", internet_gateways::LISTING.paths),
            ("KeyPairInfo", key_pairs::LISTING.paths),
            ("ManagedPrefixList", prefix_lists::LISTING.paths),
            ("NatGateway", nat_gateways::LISTING.paths),
            ("NetworkAcl", network_acls::LISTING.paths),
            ("NetworkInsightsAnalysis", reachability::analyses::LISTING.paths),
            ("NetworkInsightsPath", reachability::paths::LISTING.paths),
            ("NetworkInterface", interfaces::LISTING.paths),
            ("PrefixList", prefix_lists::SERVICES.paths),
            ("RouteTable", route_tables::LISTING.paths),
            ("SecurityGroup", security_groups::LISTING.paths),
            ("SecurityGroupRule", group_permissions::LISTING.paths),
            ("ServiceDetail", endpoint_services::LISTING.paths),
            ("Subnet", subnets::LISTING.paths),
            ("Vpc", vpcs::LISTING.paths),
            ("VpcEndpoint", endpoints::LISTING.paths),
            ("VpcPeeringConnection", peerings::LISTING.paths),
        ];
        let ec2 = contract::get("ec2").expect("the contract");
        for (shape, paths) in listings {
            let start = ec2.find_shape(shape).expect(shape);
            for (filter, path) in paths.iter().filter(|(_, path)| !path.is_empty()) {
                let end = path.split('.').try_fold(start, |shape, name| member(ec2, shape, name));
                assert!(end.is_some(), "{shape} has no {path} for {filter}");
            }
        }
    }

    fn member(contract: &Contract, shape: ShapeId, name: &str) -> Option<ShapeId> {
        match &contract.shape(shape).kind {
            Kind::List { member: of, .. } => member(contract, of.shape, name),
            _ => contract.structure(shape)?.member(name).map(|member| member.shape),
        }
    }
}
