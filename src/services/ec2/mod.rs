//! EC2, as far as calls in labs look at it: Regions, zones, and the default VPC that each Region starts with.

pub mod default_vpc;
pub mod faults;
pub mod filters;
pub mod instances;
pub mod regions;
pub mod security_groups;
pub mod subnets;
pub mod views;
pub mod vpcs;
pub mod zones;

use std::collections::BTreeMap;

use crate::world::call::Cx;
use crate::world::op::Op;

use security_groups::SecurityGroup;
use subnets::Subnet;
use vpcs::Vpc;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[instances::OPS, regions::OPS, security_groups::OPS, subnets::OPS, vpcs::OPS, zones::OPS];

/// An account's EC2 in one Region, by ids.
#[derive(Debug, Default)]
pub struct Store {
    pub vpcs: BTreeMap<String, Vpc>,
    pub subnets: BTreeMap<String, Subnet>,
    pub security_groups: BTreeMap<String, SecurityGroup>,
    /// The default VPC was made; it is not made again when it is deleted.
    pub opened: bool,
}

/// The caller's EC2 in the Region called, with the default VPC that accounts start with.
pub fn store<'a>(cx: &'a mut Cx<'_>) -> &'a mut Store {
    let seed = cx.world.ids.seed();
    let (account, region) = (cx.account.clone(), cx.region);
    let store = &mut cx.world.regional(&account, region).ec2;
    if !store.opened {
        default_vpc::make(store, seed, &account, region);
    }
    store
}
