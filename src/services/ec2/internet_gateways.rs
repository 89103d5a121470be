//! Internet gateways (<https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, kinds, store, vpcs};

/// The operations on internet gateways.
pub const OPS: &[Op] = &[
    op!(Write "AttachInternetGateway" attach),
    op!(Write "CreateInternetGateway" create),
    op!(Write "DeleteInternetGateway" delete),
    op!(Read "DescribeInternetGateways" describe),
    op!(Write "DetachInternetGateway" detach),
];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::INTERNET_GATEWAY,
    paths: &[
        ("attachment.state", "Attachments.State"),
        ("attachment.vpc-id", "Attachments.VpcId"),
        ("internet-gateway-id", "InternetGatewayId"),
        ("owner-id", "OwnerId"),
    ],
};

/// An internet gateway.
#[derive(Clone, Debug)]
pub struct InternetGateway {
    pub id: String,
    /// The VPC it is attached to.
    pub vpc: Option<String>,
}

record! {
    struct Created { gateway: View = "InternetGateway" }
    struct One { id: String = "InternetGatewayId" }
    struct Pair { id: String = "InternetGatewayId", vpc: String = "VpcId" }
    struct Describe { ids: Vec<String> = "InternetGatewayIds" }
    struct Gateways { gateways: Vec<Shown<View>> = "InternetGateways" }
    struct View {
        attachments: Vec<Attachment> = "Attachments",
        id: String = "InternetGatewayId",
        owner: String = "OwnerId",
        tags: Vec<Tag> = "Tags",
    }
    pub struct Attachment { state: String = "State", vpc: String = "VpcId" }
}

fn create(cx: &mut Cx, tagging: Tagging) -> Result<Created, Fault> {
    let tags = tagging.only(&kinds::INTERNET_GATEWAY)?;
    dry_run(cx)?;
    let gateway = InternetGateway { id: cx.world.ids.ec2("igw"), vpc: None };
    let ec2 = store(cx);
    ec2.tags.add(&gateway.id, tags);
    let view = gateway.view(ec2);
    ec2.internet_gateways.insert(gateway.id.clone(), gateway);
    Ok(Created { gateway: view })
}

fn delete(cx: &mut Cx, input: One) -> Result<(), Fault> {
    if find(store(cx), &input.id)?.vpc.is_some() {
        return Err(faults::dependencies("internetGateway", &input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.internet_gateways.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(())
}

fn attach(cx: &mut Cx, input: Pair) -> Result<(), Fault> {
    let ec2 = store(cx);
    vpcs::find(ec2, &input.vpc)?;
    if let Some(vpc) = &find(ec2, &input.id)?.vpc {
        return Err(faults::already_attached(&input.id, vpc));
    }
    if ec2.internet_gateways.values().any(|gateway| gateway.vpc.as_ref() == Some(&input.vpc)) {
        return Err(faults::vpc_has_gateway(&input.vpc));
    }
    dry_run(cx)?;
    if let Some(gateway) = store(cx).internet_gateways.get_mut(&input.id) {
        gateway.vpc = Some(input.vpc);
    }
    Ok(())
}

fn detach(cx: &mut Cx, input: Pair) -> Result<(), Fault> {
    let ec2 = store(cx);
    vpcs::find(ec2, &input.vpc)?;
    if find(ec2, &input.id)?.vpc.as_ref() != Some(&input.vpc) {
        return Err(faults::not_attached(&input.id, &input.vpc));
    }
    if has_public_addresses(ec2, &input.vpc) {
        return Err(faults::mapped_addresses(&input.vpc));
    }
    dry_run(cx)?;
    if let Some(gateway) = store(cx).internet_gateways.get_mut(&input.id) {
        gateway.vpc = None;
    }
    Ok(())
}

/// Whether interfaces of a VPC have public addresses, which its gateway maps.
fn has_public_addresses(ec2: &Store, vpc: &str) -> bool {
    let mut interfaces = ec2.interfaces.values().filter(|interface| interface.vpc == vpc);
    interfaces.any(|interface| interface.addresses.iter().any(|address| address.public.is_some()))
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Gateways, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (gateways, end) = LISTING.list(&ec2.tags, &ec2.internet_gateways, wanted, |gateway| gateway.view(ec2))?;
    Ok((Gateways { gateways }, end))
}

fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a InternetGateway, Fault> {
    ec2.internet_gateways.get(id).ok_or_else(|| kinds::INTERNET_GATEWAY.missing(id))
}

impl InternetGateway {
    fn view(&self, ec2: &Store) -> View {
        // Attached gateways are shown as available, which the model's enumeration does not have.
        let attachment = |vpc: &String| Attachment { state: "available".to_owned(), vpc: vpc.clone() };
        View {
            attachments: self.vpc.iter().map(attachment).collect(),
            id: self.id.clone(),
            owner: ec2.owner.clone(),
            tags: ec2.tags.shown(&self.id),
        }
    }
}
