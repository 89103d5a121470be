//! Egress-only internet gateways: out by IPv6, nothing in
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::internet_gateways::Attachment;
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, kinds, once, store, vpcs};

/// The operations on egress-only internet gateways.
pub const OPS: &[Op] = &[
    op!(Write "CreateEgressOnlyInternetGateway" create),
    op!(Write "DeleteEgressOnlyInternetGateway" delete),
    op!(Read "DescribeEgressOnlyInternetGateways" describe),
];

pub(super) const LISTING: Listing = Listing { kind: &kinds::EGRESS_GATEWAY, paths: &[] };

/// An egress-only internet gateway.
#[derive(Clone, Debug)]
pub struct EgressGateway {
    pub id: String,
    pub vpc: String,
}

record! {
    struct Create { vpc: String = "VpcId", token: Option<String> = "ClientToken" }
    struct Created { token: Option<String> = "ClientToken", gateway: View = "EgressOnlyInternetGateway" }
    struct One { id: String = "EgressOnlyInternetGatewayId" }
    struct Deleted { done: bool = "ReturnCode" }
    struct Describe { ids: Vec<String> = "EgressOnlyInternetGatewayIds" }
    struct Gateways { gateways: Vec<Shown<View>> = "EgressOnlyInternetGateways" }
    struct View {
        attachments: Vec<Attachment> = "Attachments",
        id: String = "EgressOnlyInternetGatewayId",
        tags: Vec<Tag> = "Tags",
    }
}

fn create(cx: &mut Cx, input: (Create, Tagging)) -> Result<Created, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let tags = tagging.only(&kinds::EGRESS_GATEWAY)?;
    vpcs::find(store(cx), &input.vpc)?;
    dry_run(cx)?;
    let gateway = EgressGateway { id: cx.world.ids.ec2("eigw"), vpc: input.vpc };
    let ec2 = store(cx);
    ec2.tags.add(&gateway.id, tags);
    let view = gateway.view(ec2);
    ec2.egress_gateways.insert(gateway.id.clone(), gateway);
    Ok(Created { token: input.token, gateway: view })
}

fn delete(cx: &mut Cx, input: One) -> Result<Deleted, Fault> {
    if !store(cx).egress_gateways.contains_key(&input.id) {
        return Err(kinds::EGRESS_GATEWAY.missing(&input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.egress_gateways.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(Deleted { done: true })
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Gateways, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (gateways, end) = LISTING.list(&ec2.tags, &ec2.egress_gateways, wanted, |gateway| gateway.view(ec2))?;
    Ok((Gateways { gateways }, end))
}

impl EgressGateway {
    fn view(&self, ec2: &Store) -> View {
        View {
            attachments: vec![Attachment { state: "attached".to_owned(), vpc: self.vpc.clone() }],
            id: self.id.clone(),
            tags: ec2.tags.shown(&self.id),
        }
    }
}
