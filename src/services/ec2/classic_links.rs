//! ClassicLink, which AWS has retired: what looks for it still finds that no VPC has it.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::Tag;
use super::{kinds, store};

/// The operations that look for ClassicLink.
pub const OPS: &[Op] =
    &[op!(Read "DescribeVpcClassicLink" describe), op!(Read "DescribeVpcClassicLinkDnsSupport" describe_names)];

pub(super) const LISTING: Listing =
    Listing { kind: &kinds::VPC, paths: &[("is-classic-link-enabled", "ClassicLinkEnabled")] };

record! {
    struct Describe { ids: Vec<String> = "VpcIds" }
    struct Links { vpcs: Vec<Shown<Link>> = "Vpcs" }
    struct Link { enabled: bool = "ClassicLinkEnabled", tags: Vec<Tag> = "Tags", vpc: String = "VpcId" }
    struct Names { vpcs: Vec<Shown<Name>> = "Vpcs" }
    struct Name { enabled: bool = "ClassicLinkDnsSupported", vpc: String = "VpcId" }
}

fn describe(cx: &mut Cx, (input, filters): (Describe, Filters)) -> Result<Links, Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &PageRequest::default() };
    let view = |vpc: &super::Vpc| Link { enabled: false, tags: ec2.tags.shown(&vpc.id), vpc: vpc.id.clone() };
    let (vpcs, _) = LISTING.list(&ec2.tags, &ec2.vpcs, wanted, view)?;
    Ok(Links { vpcs })
}

fn describe_names(cx: &mut Cx, (input, page): (Describe, PageRequest)) -> Result<(Names, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &Filters::default(), page: &page };
    let view = |vpc: &super::Vpc| Name { enabled: false, vpc: vpc.id.clone() };
    let (vpcs, end) = LISTING.list(&ec2.tags, &ec2.vpcs, wanted, view)?;
    Ok((Names { vpcs }, end))
}
