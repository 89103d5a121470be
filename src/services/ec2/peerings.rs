//! VPC peering connections (<https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>).

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::cidr::Cidr;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::transitions::{self, Place};
use super::{Store, dry_run, faults, kinds, of, store, vpcs};

/// The operations on peering connections.
pub const OPS: &[Op] = &[
    op!(Write "AcceptVpcPeeringConnection" accept),
    op!(Write "CreateVpcPeeringConnection" create),
    op!(Write "DeleteVpcPeeringConnection" delete),
    op!(Read "DescribeVpcPeeringConnections" describe),
    op!(Write "ModifyVpcPeeringConnectionOptions" modify),
    op!(Write "RejectVpcPeeringConnection" reject),
];

/// How long a request waits for its acceptance.
const WAITS: TimeDelta = TimeDelta::days(7);
/// How long what came to nothing is still shown.
const FAILED_SHOWN: TimeDelta = TimeDelta::hours(2);
const REFUSED_SHOWN: TimeDelta = TimeDelta::days(2);

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::PEERING,
    paths: &[
        ("accepter-vpc-info.cidr-block", "AccepterVpcInfo.CidrBlock"),
        ("accepter-vpc-info.owner-id", "AccepterVpcInfo.OwnerId"),
        ("accepter-vpc-info.vpc-id", "AccepterVpcInfo.VpcId"),
        ("expiration-time", "ExpirationTime"),
        ("requester-vpc-info.cidr-block", "RequesterVpcInfo.CidrBlock"),
        ("requester-vpc-info.owner-id", "RequesterVpcInfo.OwnerId"),
        ("requester-vpc-info.vpc-id", "RequesterVpcInfo.VpcId"),
        ("status-code", "Status.Code"),
        ("status-message", "Status.Message"),
        ("vpc-peering-connection-id", "VpcPeeringConnectionId"),
    ],
};

/// A connection between two VPCs. Both sides' stores hold it, and it is the same in both.
#[derive(Clone, Debug)]
pub struct Peering {
    pub id: String,
    pub requester: Side,
    pub accepter: Side,
    pub status: Status,
    /// Who rejected or deleted it.
    pub ended_by: String,
    /// When a request is over.
    pub expires: Time,
    /// When it is no longer shown.
    pub hidden: Option<Time>,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct Side {
    pub account: String,
    pub region: String,
    pub vpc: String,
    /// The VPC's blocks, as they were when the connection was made.
    pub cidrs: Vec<Cidr>,
    /// Public names resolve to private addresses from the other side.
    pub resolves: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    PendingAcceptance,
    Failed,
    Expired,
    Active,
    Deleted,
    Rejected,
}

record! {
    struct Create {
        vpc: String = "VpcId",
        peer: Option<String> = "PeerVpcId",
        owner: Option<String> = "PeerOwnerId",
        region: Option<String> = "PeerRegion",
    }
    struct Answer { peering: View = "VpcPeeringConnection" }
    struct One { id: String = "VpcPeeringConnectionId" }
    struct Maybe { id: Option<String> = "VpcPeeringConnectionId" }
    struct Done { done: bool = "Return" }
    struct Describe { ids: Vec<String> = "VpcPeeringConnectionIds" }
    struct Peerings { peerings: Vec<Shown<View>> = "VpcPeeringConnections" }
    struct View {
        accepter: SideView = "AccepterVpcInfo",
        expires: Option<Time> = "ExpirationTime",
        requester: SideView = "RequesterVpcInfo",
        status: StatusView = "Status",
        tags: Vec<Tag> = "Tags",
        id: String = "VpcPeeringConnectionId",
    }
    struct SideView {
        cidr: Option<String> = "CidrBlock",
        ipv6: Option<Vec<Ipv6Block>> = "Ipv6CidrBlockSet",
        cidrs: Option<Vec<Block>> = "CidrBlockSet",
        owner: String = "OwnerId",
        options: Option<OptionsView> = "PeeringOptions",
        vpc: String = "VpcId",
        region: String = "Region",
    }
    struct Block { cidr: String = "CidrBlock" }
    struct Ipv6Block { cidr: String = "Ipv6CidrBlock" }
    struct OptionsView {
        resolves: bool = "AllowDnsResolutionFromRemoteVpc",
        out: bool = "AllowEgressFromLocalClassicLinkToRemoteVpc",
        back: bool = "AllowEgressFromLocalVpcToRemoteClassicLink",
    }
    struct StatusView { code: String = "Code", message: String = "Message" }
    struct Modify {
        accepter: Option<OptionsIn> = "AccepterPeeringConnectionOptions",
        requester: Option<OptionsIn> = "RequesterPeeringConnectionOptions",
    }
    struct OptionsIn { resolves: Option<bool> = "AllowDnsResolutionFromRemoteVpc" }
    struct Modified {
        accepter: Option<Changed> = "AccepterPeeringConnectionOptions",
        requester: Option<Changed> = "RequesterPeeringConnectionOptions",
    }
    struct Changed { resolves: bool = "AllowDnsResolutionFromRemoteVpc" }
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Answer, Fault> {
    let tags = tagging.only(&kinds::PEERING)?;
    let peer_vpc = input.peer.ok_or_else(|| faults::missing_parameter("peerVpcId"))?;
    let region = match &input.region {
        None => cx.region,
        Some(name) => Region::parse(name).ok_or_else(|| faults::unknown_peer_region(name))?,
    };
    let account = match &input.owner {
        None => cx.account.clone(),
        Some(owner) => AccountId::parse(owner)
            .ok_or_else(|| faults::invalid_parameter(owner, "peerOwnerId", "Expected: an account of twelve digits."))?,
    };
    let (own_account, own_region) = (cx.account.clone(), cx.region);
    let requester = side(store(cx), &input.vpc);
    if requester.cidrs.is_empty() {
        return Err(kinds::VPC.missing(&input.vpc));
    }
    if let Some(other) = store(cx).peerings.values().find(|other| other.is_open() && other.joins(&input.vpc, &peer_vpc))
    {
        return Err(faults::peering_exists(&other.id));
    }
    dry_run(cx)?;
    let accepter = match cx.world.accounts.contains_key(&account) || account == own_account {
        true => side(of(cx.world, &account, region), &peer_vpc),
        false => Side::new(&account.to_string(), region.as_str(), &peer_vpc),
    };
    // A wrong id, or blocks that overlap: the request is taken, and comes to nothing.
    let overlap = accepter.cidrs.iter().any(|cidr| requester.cidrs.iter().any(|other| other.overlaps(cidr)));
    let fails = accepter.cidrs.is_empty() || overlap;
    let now = cx.world.now;
    let peering = Peering {
        id: cx.world.ids.ec2("pcx"),
        requester,
        accepter,
        status: if fails { Status::Failed } else { Status::PendingAcceptance },
        ended_by: String::new(),
        expires: now + WAITS,
        hidden: fails.then(|| now + FAILED_SHOWN),
    };
    keep(cx.world, &peering);
    let place = Place { account: own_account, region: own_region, id: peering.id.clone() };
    transitions::at(cx.world, &place, peering.hidden.unwrap_or(peering.expires));
    let ec2 = store(cx);
    ec2.tags.add(&peering.id, tags);
    let message = format!("Initiating Request to {}", peering.accepter.account);
    let status = StatusView { code: "initiating-request".to_owned(), message };
    Ok(Answer { peering: View { status, ..peering.view(ec2) } })
}

/// A VPC as a side; without blocks if there is no such VPC.
fn side(ec2: &Store, vpc: &str) -> Side {
    let mut side = Side::new(&ec2.owner, &ec2.region, vpc);
    side.cidrs = vpcs::find(ec2, vpc).map(|vpc| vpc.blocks().copied().collect()).unwrap_or_default();
    side
}

/// Writes a connection into the stores of both sides.
fn keep(world: &mut World, peering: &Peering) {
    for side in [&peering.requester, &peering.accepter] {
        let Some((account, region)) = side.place() else { continue };
        // An account that is not there has nothing to accept.
        let is_there = !side.cidrs.is_empty() || world.accounts.contains_key(&account);
        if is_there {
            of(world, &account, region).peerings.insert(peering.id.clone(), peering.clone());
        }
    }
}

fn find(cx: &mut Cx, id: &str) -> Result<Peering, Fault> {
    store(cx).peerings.get(id).cloned().ok_or_else(|| kinds::PEERING.missing(id))
}

/// Changes a connection's status for both sides.
fn end(cx: &mut Cx, mut peering: Peering, status: Status, shown: TimeDelta) -> Peering {
    let now = cx.world.now;
    peering.status = status;
    peering.ended_by = cx.account.to_string();
    peering.hidden = Some(now + shown);
    keep(cx.world, &peering);
    let place = Place { account: cx.account.clone(), region: cx.region, id: peering.id.clone() };
    transitions::at(cx.world, &place, now + shown);
    peering
}

fn accept(cx: &mut Cx, input: Maybe) -> Result<Answer, Fault> {
    let id = input.id.ok_or_else(|| faults::missing_parameter("vpcPeeringConnectionId"))?;
    let mut peering = find(cx, &id)?;
    check_accepter(cx, &peering)?;
    check_pending(&peering, "active")?;
    dry_run(cx)?;
    peering.status = Status::Active;
    keep(cx.world, &peering);
    let view = peering.view(store(cx));
    let status = StatusView { code: "provisioning".to_owned(), message: "Provisioning".to_owned() };
    Ok(Answer { peering: View { status, expires: None, ..view } })
}

fn reject(cx: &mut Cx, input: One) -> Result<Done, Fault> {
    let peering = find(cx, &input.id)?;
    check_accepter(cx, &peering)?;
    check_pending(&peering, "rejected")?;
    dry_run(cx)?;
    end(cx, peering, Status::Rejected, REFUSED_SHOWN);
    Ok(Done { done: true })
}

/// Only the account and Region that a request was sent to can answer it.
fn check_accepter(cx: &Cx, peering: &Peering) -> Result<(), Fault> {
    let side = &peering.accepter;
    match side.account == cx.account.as_str() && side.region == cx.region.as_str() {
        true => Ok(()),
        false => Err(faults::not_accepter(cx.account.as_str(), &peering.id)),
    }
}

fn check_pending(peering: &Peering, wanted: &str) -> Result<(), Fault> {
    match peering.status {
        Status::PendingAcceptance => Ok(()),
        other => Err(faults::peering_state(&peering.id, other.code(), wanted)),
    }
}

/// Either side can delete a connection; a request, the one who made it.
fn delete(cx: &mut Cx, input: One) -> Result<Done, Fault> {
    let peering = find(cx, &input.id)?;
    let own = peering.requester.account == cx.account.as_str() && peering.requester.region == cx.region.as_str();
    match peering.status {
        Status::Active => {}
        Status::PendingAcceptance if own => {}
        other => return Err(faults::peering_state(&input.id, other.code(), "deleted")),
    }
    dry_run(cx)?;
    end(cx, peering, Status::Deleted, FAILED_SHOWN);
    Ok(Done { done: true })
}

/// A VPC that goes takes its connections along.
pub(super) fn vpc_goes(cx: &mut Cx, vpc: &str) {
    let open = |peering: &&Peering| {
        peering.is_open() && [&peering.requester.vpc, &peering.accepter.vpc].contains(&&vpc.to_owned())
    };
    let going: Vec<_> = store(cx).peerings.values().filter(open).cloned().collect();
    for peering in going {
        end(cx, peering, Status::Deleted, FAILED_SHOWN);
    }
}

/// Ends a request that nobody has accepted in time, and forgets what came to nothing.
pub(super) fn settle(world: &mut World, place: &Place) {
    let now = world.now;
    let Some(mut peering) = place.store(world).peerings.get(&place.id).cloned() else { return };
    if peering.status == Status::PendingAcceptance && peering.expires <= now {
        peering.status = Status::Expired;
        peering.hidden = Some(now + REFUSED_SHOWN);
        keep(world, &peering);
        transitions::at(world, place, now + REFUSED_SHOWN);
    } else if peering.hidden.is_some_and(|hidden| hidden <= now) {
        for (account, region) in [peering.requester.place(), peering.accepter.place()].into_iter().flatten() {
            if world.accounts.contains_key(&account) {
                let ec2 = of(world, &account, region);
                ec2.peerings.remove(&place.id);
                ec2.tags.forget(&place.id);
            }
        }
    }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Peerings, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (peerings, end) = LISTING.list(&ec2.tags, &ec2.peerings, wanted, |peering| peering.view(ec2))?;
    Ok((Peerings { peerings }, end))
}

/// Each side decides for its own VPC.
fn modify(cx: &mut Cx, (one, input): (One, Modify)) -> Result<Modified, Fault> {
    let mut peering = find(cx, &one.id)?;
    if peering.status != Status::Active {
        return Err(faults::peering_state(&one.id, peering.status.code(), "active"));
    }
    let mut modified = Modified::default();
    let (account, region) = (cx.account.to_string(), cx.region.to_string());
    for (options, side, shown) in [
        (&input.accepter, &mut peering.accepter, &mut modified.accepter),
        (&input.requester, &mut peering.requester, &mut modified.requester),
    ] {
        let Some(options) = options else { continue };
        if side.account != account || side.region != region {
            return Err(faults::not_own_side(&account, &one.id));
        }
        side.resolves = options.resolves.unwrap_or(side.resolves);
        *shown = Some(Changed { resolves: side.resolves });
    }
    dry_run(cx)?;
    keep(cx.world, &peering);
    Ok(modified)
}

impl Status {
    pub fn code(self) -> &'static str {
        match self {
            Status::PendingAcceptance => "pending-acceptance",
            Status::Failed => "failed",
            Status::Expired => "expired",
            Status::Active => "active",
            Status::Deleted => "deleted",
            Status::Rejected => "rejected",
        }
    }
}

impl Side {
    fn new(account: &str, region: &str, vpc: &str) -> Side {
        let (account, region, vpc) = (account.to_owned(), region.to_owned(), vpc.to_owned());
        Side { account, region, vpc, cidrs: Vec::new(), resolves: false }
    }

    /// The account and Region, where the VPC is.
    pub fn place(&self) -> Option<(AccountId, Region)> {
        Some((AccountId::parse(&self.account)?, Region::parse(&self.region)?))
    }

    /// `known`: the other side may see the blocks.
    fn view(&self, known: bool) -> SideView {
        let ipv4 = || self.cidrs.iter().filter(|cidr| cidr.is_v4()).map(Cidr::to_string);
        let ipv6: Vec<_> = self.cidrs.iter().filter(|cidr| !cidr.is_v4()).map(Cidr::to_string).collect();
        let options = OptionsView { resolves: self.resolves, ..OptionsView::default() };
        SideView {
            cidr: ipv4().next().filter(|_| known),
            ipv6: (known && !ipv6.is_empty()).then(|| ipv6.into_iter().map(|cidr| Ipv6Block { cidr }).collect()),
            cidrs: known.then(|| ipv4().map(|cidr| Block { cidr }).collect()),
            owner: self.account.clone(),
            options: known.then_some(options),
            vpc: self.vpc.clone(),
            region: self.region.clone(),
        }
    }
}

impl Peering {
    /// Traffic flows.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    fn is_open(&self) -> bool {
        matches!(self.status, Status::Active | Status::PendingAcceptance)
    }

    pub fn has_side(&self, account: &str, region: &str, vpc: &str) -> bool {
        let is = |side: &Side| side.account == account && side.region == region && side.vpc == vpc;
        is(&self.requester) || is(&self.accepter)
    }

    /// Whether it joins two VPCs, in either direction.
    pub fn joins(&self, a: &str, b: &str) -> bool {
        let ends = (self.requester.vpc.as_str(), self.accepter.vpc.as_str());
        ends == (a, b) || ends == (b, a)
    }

    fn message(&self) -> String {
        match self.status {
            Status::PendingAcceptance => format!("Pending Acceptance by {}", self.accepter.account),
            Status::Failed => "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned(),
            Status::Expired => "Expired".to_owned(),
            Status::Active => "Active".to_owned(),
            Status::Deleted => format!("Deleted by {}", self.ended_by),
            Status::Rejected => format!("Rejected by {}", self.ended_by),
        }
    }

    fn view(&self, ec2: &Store) -> View {
        let pending = self.status == Status::PendingAcceptance;
        View {
            accepter: self.accepter.view(self.is_active()),
            expires: pending.then_some(self.expires),
            requester: self.requester.view(true),
            status: StatusView { code: self.status.code().to_owned(), message: self.message() },
            tags: ec2.tags.shown(&self.id),
            id: self.id.clone(),
        }
    }
}
