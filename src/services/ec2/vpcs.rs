//! VPCs (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::default_vpc;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::vpc_cidrs::{CidrAssociation, CidrView, Ipv6View, amazon_block};
use super::{Store, dry_run, faults, flow_logs, kinds, network_acls, peerings, route_tables, security_groups, store};

/// The operations on VPCs.
pub const OPS: &[Op] = &[
    op!(Write "CreateVpc" create),
    op!(Write "CreateDefaultVpc" create_default),
    op!(Write "DeleteVpc" delete),
    op!(Read "DescribeVpcs" describe),
];

/// What AWS grants at the most; the quota that accounts start with, five, can be raised.
const VPCS_MAX: usize = 1000;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::VPC,
    paths: &[
        ("cidr", "CidrBlock"),
        ("cidr-block-association.association-id", "CidrBlockAssociationSet.AssociationId"),
        ("cidr-block-association.cidr-block", "CidrBlockAssociationSet.CidrBlock"),
        ("cidr-block-association.state", "CidrBlockAssociationSet.CidrBlockState.State"),
        ("dhcp-options-id", "DhcpOptionsId"),
        ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
        ("ipv6-cidr-block-association.ipv6-pool", "Ipv6CidrBlockAssociationSet.Ipv6Pool"),
        ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
        ("is-default", "IsDefault"),
        ("isDefault", "IsDefault"),
        ("owner-id", "OwnerId"),
        ("state", "State"),
        ("vpc-id", "VpcId"),
    ],
};

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    pub id: String,
    /// IPv4 blocks; the first is the primary one.
    pub cidrs: Vec<CidrAssociation>,
    pub ipv6_cidrs: Vec<CidrAssociation>,
    /// `dopt-…`, or `default` for none.
    pub dhcp_options: String,
    /// `default` or `dedicated`.
    pub tenancy: String,
    pub is_default: bool,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    pub usage_metrics: bool,
}

record! {
    struct CreateVpc {
        cidr: Option<String> = "CidrBlock",
        tenancy: Option<String> = "InstanceTenancy",
        amazon_ipv6: bool = "AmazonProvidedIpv6CidrBlock",
        ipv6: Option<String> = "Ipv6CidrBlock",
        ipv4_pool: Option<String> = "Ipv4IpamPoolId",
        ipv6_pool: Option<String> = "Ipv6IpamPoolId",
        own_ipv6_pool: Option<String> = "Ipv6Pool",
    }
    struct Created { vpc: VpcView = "Vpc" }
    struct DeleteVpc { id: String = "VpcId" }
    struct DescribeVpcs { ids: Vec<String> = "VpcIds" }
    struct Vpcs { vpcs: Vec<Shown<VpcView>> = "Vpcs" }
    struct VpcView {
        owner: String = "OwnerId",
        tenancy: String = "InstanceTenancy",
        ipv6_cidrs: Vec<Ipv6View> = "Ipv6CidrBlockAssociationSet",
        cidrs: Vec<CidrView> = "CidrBlockAssociationSet",
        is_default: bool = "IsDefault",
        tags: Vec<Tag> = "Tags",
        block: Option<BlockPublicAccess> = "BlockPublicAccessStates",
        id: String = "VpcId",
        state: String = "State",
        cidr: String = "CidrBlock",
        dhcp_options: String = "DhcpOptionsId",
    }

    /// Whether public access is blocked for a whole VPC or subnet.
    pub struct BlockPublicAccess { mode: String = "InternetGatewayBlockMode" }
}

impl BlockPublicAccess {
    /// As long as an account has not turned it on.
    pub fn off() -> BlockPublicAccess {
        BlockPublicAccess { mode: "off".to_owned() }
    }
}

fn create(cx: &mut Cx, (input, tagging): (CreateVpc, Tagging)) -> Result<Created, Fault> {
    if input.ipv4_pool.is_some() || input.ipv6_pool.is_some() {
        return Err(faults::unsupported("IPAM pools"));
    }
    if input.own_ipv6_pool.is_some() || input.ipv6.is_some() {
        return Err(faults::unsupported("address pools of one's own"));
    }
    let text = input.cidr.ok_or_else(|| faults::missing_parameter("cidrBlock"))?;
    let cidr = ipv4_block(&text)?;
    let tenancy = match input.tenancy.as_deref() {
        None | Some("default") => "default",
        Some("dedicated") => "dedicated",
        Some(other) => {
            return Err(faults::invalid_parameter(other, "instanceTenancy", "Expected: default, dedicated."));
        }
    };
    let tags = tagging.only(&kinds::VPC)?;
    if store(cx).vpcs.len() >= VPCS_MAX {
        return Err(faults::limit_exceeded("VpcLimitExceeded", "VPCs"));
    }
    dry_run(cx)?;
    let ids = &mut cx.world.ids;
    let id = ids.ec2("vpc");
    let ipv6 = input.amazon_ipv6.then(|| CidrAssociation { id: ids.ec2("vpc-cidr-assoc"), cidr: amazon_block(ids) });
    let parts = Parts::named(|prefix| ids.ec2(prefix));
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let vpc = Vpc {
        id: id.clone(),
        cidrs: vec![CidrAssociation { id: parts.cidr_association.clone(), cidr }],
        ipv6_cidrs: ipv6.into_iter().collect(),
        dhcp_options: default_vpc::dhcp_options(ec2),
        tenancy: tenancy.to_owned(),
        is_default: false,
        dns_support: true,
        dns_hostnames: false,
        usage_metrics: false,
    };
    add(ec2, vpc, parts);
    Ok(Created { vpc: new_view(ec2, &id) })
}

/// How the answer to its creation shows a VPC: it is made a moment later.
fn new_view(ec2: &Store, id: &str) -> VpcView {
    let view = ec2.vpcs.get(id).map(|vpc| vpc.view(ec2)).unwrap_or_default();
    VpcView { state: "pending".to_owned(), block: None, ..view }
}

/// A VPC's IPv4 block: between /16 and /28.
pub(super) fn ipv4_block(text: &str) -> Result<Cidr, Fault> {
    let cidr = Cidr::parse(text).filter(Cidr::is_v4).ok_or_else(|| faults::not_a_cidr(text, "cidrBlock"))?;
    if (16..=28).contains(&cidr.bits) { Ok(cidr) } else { Err(faults::vpc_range(&cidr)) }
}

/// Ids of what each VPC has from the start.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub cidr_association: String,
    pub route_table: String,
    pub route_association: String,
    pub network_acl: String,
    pub group: String,
    pub group_rules: [String; 2],
}

impl Parts {
    pub(super) fn named(mut id: impl FnMut(&str) -> String) -> Parts {
        Parts {
            cidr_association: id("vpc-cidr-assoc"),
            route_table: id("rtb"),
            route_association: id("rtbassoc"),
            network_acl: id("acl"),
            group: id("sg"),
            group_rules: [id("sgr"), id("sgr")],
        }
    }
}

/// Adds a VPC with its main route table, default network ACL and default security group.
pub(super) fn add(ec2: &mut Store, vpc: Vpc, parts: Parts) {
    route_tables::add_main(ec2, &vpc.id, parts.route_table, parts.route_association);
    network_acls::add_default(ec2, &vpc, parts.network_acl);
    security_groups::add_default(ec2, &vpc.id, parts.group, parts.group_rules);
    ec2.vpcs.insert(vpc.id.clone(), vpc);
}

fn create_default(cx: &mut Cx, (): ()) -> Result<Created, Fault> {
    let account = cx.account.clone();
    let region = cx.region;
    if store(cx).vpcs.values().any(|vpc| vpc.is_default) {
        return Err(faults::default_vpc_exists());
    }
    dry_run(cx)?;
    let mut ids = cx.world.ids.clone();
    let zones = super::zones::zones(ids.seed(), &account, region);
    let id = default_vpc::make(store(cx), zones, |prefix, _| ids.ec2(prefix));
    cx.world.ids = ids;
    Ok(Created { vpc: new_view(store(cx), &id) })
}

fn delete(cx: &mut Cx, input: DeleteVpc) -> Result<(), Fault> {
    let ec2 = store(cx);
    if !ec2.vpcs.contains_key(&input.id) {
        return Err(kinds::VPC.missing(&input.id));
    }
    if has_dependencies(ec2, &input.id) {
        return Err(faults::dependencies("vpc", &input.id));
    }
    dry_run(cx)?;
    peerings::vpc_goes(cx, &input.id);
    let ec2 = store(cx);
    let id = &input.id;
    forget(ec2, |ec2| of_vpc(&ec2.route_tables, |table| table.vpc == *id));
    forget(ec2, |ec2| of_vpc(&ec2.network_acls, |acl| acl.vpc == *id));
    forget(ec2, |ec2| of_vpc(&ec2.security_groups, |group| group.vpc == *id));
    ec2.route_tables.retain(|_, table| table.vpc != *id);
    ec2.network_acls.retain(|_, acl| acl.vpc != *id);
    ec2.security_groups.retain(|_, group| group.vpc != *id);
    ec2.vpcs.remove(id);
    ec2.tags.forget(id);
    flow_logs::forget(ec2, id);
    Ok(())
}

fn of_vpc<T>(all: &std::collections::BTreeMap<String, T>, is_of: impl Fn(&T) -> bool) -> Vec<String> {
    all.iter().filter(|(_, item)| is_of(item)).map(|(id, _)| id.clone()).collect()
}

/// Forgets the tags of what goes.
fn forget(ec2: &mut Store, going: impl Fn(&Store) -> Vec<String>) {
    going(ec2).iter().for_each(|id| ec2.tags.forget(id));
}

/// Whether there is more in a VPC than what it was made with.
fn has_dependencies(ec2: &Store, id: &str) -> bool {
    ec2.subnets.values().any(|subnet| subnet.vpc == id)
        || ec2.internet_gateways.values().any(|gateway| gateway.vpc.as_deref() == Some(id))
        || ec2.egress_gateways.values().any(|gateway| gateway.vpc == id)
        || ec2.route_tables.values().any(|table| table.vpc == id && !table.is_main())
        || ec2.network_acls.values().any(|acl| acl.vpc == id && !acl.is_default)
        || ec2.security_groups.values().any(|group| group.vpc == id && !group.is_default())
        || ec2.endpoints.values().any(|endpoint| endpoint.vpc == id)
        || group_is_referenced(ec2, id)
}

/// Whether a group elsewhere lets members of the VPC's default group in.
fn group_is_referenced(ec2: &Store, vpc: &str) -> bool {
    let inside = |group: &str| ec2.security_groups.get(group).is_some_and(|group| group.vpc == vpc);
    let elsewhere = ec2.security_groups.values().filter(|group| group.vpc != vpc);
    elsewhere.flat_map(|group| &group.rules).any(|rule| rule.peer.group().is_some_and(inside))
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (DescribeVpcs, (Filters, PageRequest)),
) -> Result<(Vpcs, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (vpcs, end) = LISTING.list(&ec2.tags, &ec2.vpcs, wanted, |vpc| vpc.view(ec2))?;
    Ok((Vpcs { vpcs }, end))
}

impl Vpc {
    /// The block it was made with.
    pub fn primary(&self) -> Option<&Cidr> {
        self.cidrs.first().map(|association| &association.cidr)
    }

    /// All its blocks.
    pub fn blocks(&self) -> impl Iterator<Item = &Cidr> {
        self.cidrs.iter().chain(&self.ipv6_cidrs).map(|association| &association.cidr)
    }

    fn view(&self, ec2: &Store) -> VpcView {
        VpcView {
            owner: ec2.owner.clone(),
            tenancy: self.tenancy.clone(),
            ipv6_cidrs: self.ipv6_cidrs.iter().map(|block| block.ipv6_view(ec2, "associated")).collect(),
            cidrs: self.cidrs.iter().map(|block| block.view("associated")).collect(),
            is_default: self.is_default,
            tags: ec2.tags.shown(&self.id),
            block: Some(BlockPublicAccess::off()),
            id: self.id.clone(),
            state: "available".to_owned(),
            cidr: self.primary().map(Cidr::to_string).unwrap_or_default(),
            dhcp_options: self.dhcp_options.clone(),
        }
    }
}

/// The VPC of an id.
pub(super) fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a Vpc, Fault> {
    ec2.vpcs.get(id).ok_or_else(|| kinds::VPC.missing(id))
}
