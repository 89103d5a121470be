//! The default VPC of a Region, as accounts have it from the start
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html>).

use sha2::{Digest, Sha256};

use crate::world::scope::{AccountId, Region};

use super::Store;
use super::security_groups::{SecurityGroup, Source};
use super::subnets::Subnet;
use super::vpcs::Vpc;
use super::zones::zones;

/// Makes the VPC, a /20 subnet in each zone, and the default security group.
pub fn make(store: &mut Store, seed: u64, account: &AccountId, region: Region) {
    let id = |prefix: &str, of: &str| resource_id(seed, account, region, prefix, of);
    let vpc = Vpc {
        id: id("vpc", ""),
        cidr: "172.31.0.0/16".to_owned(),
        cidr_association: id("vpc-cidr-assoc", ""),
        dhcp_options: id("dopt", ""),
        is_default: true,
    };
    for (at, zone) in zones(seed, account, region).into_iter().enumerate() {
        let subnet = Subnet {
            id: id("subnet", &zone.id),
            vpc: vpc.id.clone(),
            cidr: format!("172.31.{}.0/20", at * 16),
            // 4096 addresses, five of which AWS keeps for itself.
            free_addresses: 4091,
            zone,
            default_for_zone: true,
            public_addresses: true,
        };
        store.subnets.insert(subnet.id.clone(), subnet);
    }
    let group = SecurityGroup {
        id: id("sg", ""),
        name: "default".to_owned(),
        description: "default VPC security group".to_owned(),
        vpc: vpc.id.clone(),
        ingress: vec![Source::Group(id("sg", ""))],
        egress: vec![Source::Cidr("0.0.0.0/0".to_owned())],
    };
    store.security_groups.insert(group.id.clone(), group);
    store.vpcs.insert(vpc.id.clone(), vpc);
    store.opened = true;
}

/// Looks like [`crate::world::ids::Ids::ec2`], but depends on nothing that happened before.
fn resource_id(seed: u64, account: &AccountId, region: Region, prefix: &str, of: &str) -> String {
    let digest = derive(seed, account, region, &format!("{prefix}/{of}"));
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-0{digits}")
}

/// Bytes that depend on the seed and the place alone.
pub fn derive(seed: u64, account: &AccountId, region: Region, of: &str) -> [u8; 32] {
    Sha256::digest(format!("{seed}/{account}/{region}/{of}")).into()
}
