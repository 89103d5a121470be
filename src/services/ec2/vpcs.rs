//! VPCs.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::faults;
use super::filters::{Filters, PageEnd, PageRequest};
use super::store;
use super::views::BlockPublicAccess;

/// The operations on VPCs.
pub const OPS: &[Op] = &[op!(Read "DescribeVpcs" describe)];

const FILTERS: &[&str] = &[
    "cidr",
    "cidr-block-association.association-id",
    "cidr-block-association.cidr-block",
    "cidr-block-association.state",
    "dhcp-options-id",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.ipv6-pool",
    "ipv6-cidr-block-association.state",
    "is-default",
    "isDefault",
    "owner-id",
    "state",
    "vpc-id",
];

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    pub id: String,
    pub cidr: String,
    pub cidr_association: String,
    pub dhcp_options: String,
    pub is_default: bool,
}

record! {
    struct DescribeVpcs { ids: Vec<String> = "VpcIds" }
    struct Vpcs { vpcs: Vec<VpcView> = "Vpcs" }
    struct VpcView {
        owner: String = "OwnerId",
        tenancy: String = "InstanceTenancy",
        cidrs: Vec<CidrAssociation> = "CidrBlockAssociationSet",
        is_default: bool = "IsDefault",
        block: BlockPublicAccess = "BlockPublicAccessStates",
        id: String = "VpcId",
        state: String = "State",
        cidr: String = "CidrBlock",
        dhcp_options: String = "DhcpOptionsId",
    }
    struct CidrAssociation { id: String = "AssociationId", cidr: String = "CidrBlock", state: CidrState = "CidrBlockState" }
    struct CidrState { state: String = "State" }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (DescribeVpcs, (Filters, PageRequest)),
) -> Result<(Vpcs, PageEnd), Fault> {
    let owner = cx.account.to_string();
    let vpcs = &store(cx).vpcs;
    if let Some(unknown) = input.ids.iter().find(|id| !vpcs.contains_key(*id)) {
        return Err(faults::vpc_not_found(unknown));
    }
    filters.check(FILTERS)?;
    let wanted = vpcs.values().filter(|vpc| input.ids.is_empty() || input.ids.contains(&vpc.id));
    let wanted = wanted.filter(|vpc| filters.pass(|filter| vpc.filter_values(&owner, filter)));
    let (vpcs, end) = page.cut(wanted.map(|vpc| (vpc.id.clone(), vpc.view(&owner))))?;
    Ok((Vpcs { vpcs }, end))
}

impl Vpc {
    fn view(&self, owner: &str) -> VpcView {
        let state = CidrState { state: "associated".to_owned() };
        VpcView {
            owner: owner.to_owned(),
            tenancy: "default".to_owned(),
            cidrs: vec![CidrAssociation { id: self.cidr_association.clone(), cidr: self.cidr.clone(), state }],
            is_default: self.is_default,
            block: BlockPublicAccess::off(),
            id: self.id.clone(),
            state: "available".to_owned(),
            cidr: self.cidr.clone(),
            dhcp_options: self.dhcp_options.clone(),
        }
    }

    fn filter_values(&self, owner: &str, filter: &str) -> Vec<String> {
        match filter {
            "cidr" | "cidr-block-association.cidr-block" => vec![self.cidr.clone()],
            "cidr-block-association.association-id" => vec![self.cidr_association.clone()],
            "cidr-block-association.state" => vec!["associated".to_owned()],
            "dhcp-options-id" => vec![self.dhcp_options.clone()],
            "is-default" | "isDefault" => vec![self.is_default.to_string()],
            "owner-id" => vec![owner.to_owned()],
            "state" => vec!["available".to_owned()],
            "vpc-id" => vec![self.id.clone()],
            _ => Vec::new(),
        }
    }
}
