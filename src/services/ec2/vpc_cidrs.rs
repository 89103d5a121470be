//! Further blocks of VPCs (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>).

use std::net::{IpAddr, Ipv6Addr};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::ids::Ids;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::routes::Destination;
use super::vpcs::{self, Vpc};
use super::{Store, faults, network_acls, store};

/// The operations on blocks of VPCs.
pub const OPS: &[Op] =
    &[op!(Write "AssociateVpcCidrBlock" associate), op!(Write "DisassociateVpcCidrBlock" disassociate)];

/// IPv4 blocks of a VPC, and IPv6 blocks: quotas that accounts start with.
const BLOCKS_MAX: usize = 5;

/// A block that belongs to a VPC or a subnet.
#[derive(Clone, Debug)]
pub struct CidrAssociation {
    /// `vpc-cidr-assoc-…`, `subnet-cidr-assoc-…`
    pub id: String,
    pub cidr: Cidr,
}

record! {
    struct Associate {
        vpc: String = "VpcId",
        cidr: Option<String> = "CidrBlock",
        amazon_ipv6: bool = "AmazonProvidedIpv6CidrBlock",
        ipv4_pool: Option<String> = "Ipv4IpamPoolId",
        ipv6_pool: Option<String> = "Ipv6IpamPoolId",
        own_ipv6_pool: Option<String> = "Ipv6Pool",
    }
    struct Disassociate { id: String = "AssociationId" }
    struct Association {
        ipv6: Option<Ipv6View> = "Ipv6CidrBlockAssociation",
        ipv4: Option<CidrView> = "CidrBlockAssociation",
        vpc: String = "VpcId",
    }

    pub struct CidrView { id: String = "AssociationId", cidr: String = "CidrBlock", state: CidrState = "CidrBlockState" }
    pub struct Ipv6View {
        id: String = "AssociationId",
        cidr: String = "Ipv6CidrBlock",
        state: CidrState = "Ipv6CidrBlockState",
        border_group: String = "NetworkBorderGroup",
        pool: String = "Ipv6Pool",
        attribute: String = "Ipv6AddressAttribute",
        source: String = "IpSource",
    }
    pub struct CidrState { state: String = "State" }
}

impl CidrAssociation {
    pub(super) fn view(&self, state: &str) -> CidrView {
        CidrView { id: self.id.clone(), cidr: self.cidr.to_string(), state: CidrState { state: state.to_owned() } }
    }

    pub(super) fn ipv6_view(&self, ec2: &Store, state: &str) -> Ipv6View {
        Ipv6View {
            id: self.id.clone(),
            cidr: self.cidr.to_string(),
            state: CidrState { state: state.to_owned() },
            border_group: ec2.region.clone(),
            pool: "Amazon".to_owned(),
            attribute: "public".to_owned(),
            source: "amazon".to_owned(),
        }
    }
}

/// A /56 of Amazon's own addresses, of those that it gives to VPCs.
pub(super) fn amazon_block(ids: &mut Ids) -> Cidr {
    let [a, b, c] = ids.bytes::<3>();
    let base = Ipv6Addr::new(0x2600, 0x1f18, u16::from_be_bytes([a, b]), u16::from(c) << 8, 0, 0, 0, 0);
    Cidr { base: IpAddr::V6(base), bits: 56 }
}

fn associate(cx: &mut Cx, input: Associate) -> Result<Association, Fault> {
    if input.ipv4_pool.is_some() || input.ipv6_pool.is_some() {
        return Err(faults::unsupported("IPAM pools"));
    }
    if input.own_ipv6_pool.is_some() {
        return Err(faults::unsupported("address pools of one's own"));
    }
    let ec2 = store(cx);
    let vpc = vpcs::find(ec2, &input.vpc)?;
    match (&input.cidr, input.amazon_ipv6) {
        (Some(_), true) => Err(faults::not_both("cidrBlock", "amazonProvidedIpv6CidrBlock")),
        (None, false) => Err(faults::missing_parameter("cidrBlock")),
        (Some(text), false) => {
            let cidr = further_block(ec2, vpc, text)?;
            let id = cx.world.ids.ec2("vpc-cidr-assoc");
            let association = CidrAssociation { id, cidr };
            let ipv4 = Some(association.view("associating"));
            if let Some(vpc) = store(cx).vpcs.get_mut(&input.vpc) {
                vpc.cidrs.push(association);
            }
            Ok(Association { ipv6: None, ipv4, vpc: input.vpc })
        }
        (None, true) => {
            if vpc.ipv6_cidrs.len() >= BLOCKS_MAX {
                return Err(faults::limit_exceeded("CidrLimitExceeded", "IPv6 CIDR blocks per VPC"));
            }
            let ids = &mut cx.world.ids;
            let association = CidrAssociation { id: ids.ec2("vpc-cidr-assoc"), cidr: amazon_block(ids) };
            let ec2 = store(cx);
            let ipv6 = Some(association.ipv6_view(ec2, "associating"));
            if let Some(vpc) = ec2.vpcs.get_mut(&input.vpc) {
                vpc.ipv6_cidrs.push(association);
            }
            network_acls::add_ipv6(ec2, &input.vpc);
            Ok(Association { ipv6, ipv4: None, vpc: input.vpc })
        }
    }
}

/// A further IPv4 block: apart from the others, allowed beside the primary one, and not what a route leads elsewhere.
fn further_block(ec2: &Store, vpc: &Vpc, text: &str) -> Result<Cidr, Fault> {
    let cidr = vpcs::ipv4_block(text)?;
    if let Some(other) = vpc.blocks().find(|other| other.overlaps(&cidr)) {
        return Err(faults::cidr_overlaps(&cidr, other));
    }
    if vpc.cidrs.len() >= BLOCKS_MAX {
        return Err(faults::limit_exceeded("CidrLimitExceeded", "IPv4 CIDR blocks per VPC"));
    }
    if let Some(primary) = vpc.primary().filter(|primary| is_restricted(primary, &cidr)) {
        return Err(faults::vpc_range_restricted(&cidr, primary));
    }
    for table in ec2.route_tables.values().filter(|table| table.vpc == vpc.id) {
        for route in &table.routes {
            if let Destination::Cidr(route) = &route.destination
                && cidr.covers(route)
            {
                return Err(faults::cidr_covers_route(&cidr, &table.id, &route.to_string()));
            }
        }
    }
    Ok(cidr)
}

const TEN: Cidr = block(10, 0, 8);
const TWELVE: Cidr = block(172, 16, 12);
const SIXTEEN: Cidr = block(192, 168, 16);
/// Networks of AWS's own (Docker bridges, SageMaker) have these addresses.
const RESERVED: Cidr = block(172, 31, 16);

const fn block(a: u8, b: u8, bits: u8) -> Cidr {
    Cidr { base: IpAddr::V4(std::net::Ipv4Addr::new(a, b, 0, 0)), bits }
}

/// AWS's table of blocks that go together: one private range does not go with another, nor with 198.19.0.0/16.
fn is_restricted(primary: &Cidr, further: &Cidr) -> bool {
    let ranges = [TEN, TWELVE, SIXTEEN];
    let range_of = |cidr: &Cidr| ranges.iter().position(|range| range.covers(cidr));
    let (own, other) = (range_of(primary), range_of(further));
    let benchmark = block(198, 19, 16);
    match (own, other) {
        (Some(own), Some(other)) if own == other => own == 1 && RESERVED.covers(further) && !RESERVED.covers(primary),
        (Some(_), Some(_)) => true,
        (Some(_), None) => benchmark.covers(further),
        // A public or shared primary block goes with everything but private ones and 198.19.0.0/16.
        (None, Some(_)) => true,
        (None, None) => benchmark.covers(further) != benchmark.covers(primary),
    }
}

fn disassociate(cx: &mut Cx, input: Disassociate) -> Result<Association, Fault> {
    let ec2 = store(cx);
    let holds = |vpc: &&mut Vpc| vpc.cidrs.iter().chain(&vpc.ipv6_cidrs).any(|block| block.id == input.id);
    let in_use = |cidr: &Cidr, subnets: &super::BTreeMap<String, super::Subnet>, vpc: &str| {
        subnets.values().any(|subnet| subnet.vpc == vpc && subnet.blocks().any(|block| cidr.covers(block)))
    };
    let owner = ec2.vpcs.values_mut().find(holds);
    let vpc = owner.ok_or_else(|| faults::cidr_association_not_found(&input.id))?;
    if vpc.cidrs.first().is_some_and(|primary| primary.id == input.id) {
        return Err(faults::primary_cidr(&input.id));
    }
    let all = vpc.cidrs.iter().chain(&vpc.ipv6_cidrs);
    let used = all.filter(|block| block.id == input.id).find(|block| in_use(&block.cidr, &ec2.subnets, &vpc.id));
    if let Some(used) = used {
        return Err(faults::cidr_in_use(&used.cidr));
    }
    let id = vpc.id.clone();
    let take = |blocks: &mut Vec<CidrAssociation>| {
        let at = blocks.iter().position(|block| block.id == input.id)?;
        Some(blocks.remove(at))
    };
    let (ipv4, ipv6) = (take(&mut vpc.cidrs), take(&mut vpc.ipv6_cidrs));
    Ok(Association {
        ipv6: ipv6.map(|block| block.ipv6_view(ec2, "disassociating")),
        ipv4: ipv4.map(|block| block.view("disassociating")),
        vpc: id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_go_together() {
        let cidr = |text| Cidr::parse(text).expect("a block");
        for (primary, further, restricted) in [
            ("10.0.0.0/16", "10.1.0.0/16", false),
            ("10.0.0.0/16", "100.64.0.0/16", false),
            ("10.0.0.0/16", "203.0.112.0/24", false),
            ("10.0.0.0/16", "172.16.0.0/16", true),
            ("10.0.0.0/16", "192.168.0.0/16", true),
            ("10.0.0.0/16", "198.19.0.0/16", true),
            ("172.16.0.0/16", "172.17.0.0/16", false),
            ("172.16.0.0/16", "172.31.0.0/16", true),
            ("172.31.0.0/16", "10.0.0.0/16", true),
            ("192.168.0.0/16", "10.0.0.0/16", true),
            ("100.64.0.0/16", "10.0.0.0/16", true),
            ("100.64.0.0/16", "100.65.0.0/16", false),
        ] {
            assert_eq!(is_restricted(&cidr(primary), &cidr(further)), restricted, "{primary} {further}");
        }
    }
}
