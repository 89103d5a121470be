//! Route tables and what they are associated with
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::routes::{self, Destination, Route, Target};
use super::tags::{Tag, Tagging};
use super::vpcs::Vpc;
use super::{Store, dry_run, faults, kinds, once, store, subnets, vpcs};

/// The operations on route tables.
pub const OPS: &[Op] = &[
    op!(Write "AssociateRouteTable" associate),
    op!(Write "CreateRouteTable" create),
    op!(Write "DeleteRouteTable" delete),
    op!(Read "DescribeRouteTables" describe),
    op!(Write "DisassociateRouteTable" disassociate),
    op!(Write "ReplaceRouteTableAssociation" replace_association),
];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::ROUTE_TABLE,
    paths: &[
        ("association.gateway-id", "Associations.GatewayId"),
        ("association.main", "Associations.Main"),
        ("association.route-table-association-id", "Associations.RouteTableAssociationId"),
        ("association.route-table-id", "Associations.RouteTableId"),
        ("association.subnet-id", "Associations.SubnetId"),
        ("owner-id", "OwnerId"),
        ("route-table-id", "RouteTableId"),
        ("route.destination-cidr-block", "Routes.DestinationCidrBlock"),
        ("route.destination-ipv6-cidr-block", "Routes.DestinationIpv6CidrBlock"),
        ("route.destination-prefix-list-id", "Routes.DestinationPrefixListId"),
        ("route.egress-only-internet-gateway-id", "Routes.EgressOnlyInternetGatewayId"),
        ("route.gateway-id", "Routes.GatewayId"),
        ("route.instance-id", "Routes.InstanceId"),
        ("route.nat-gateway-id", "Routes.NatGatewayId"),
        ("route.origin", "Routes.Origin"),
        ("route.state", "Routes.State"),
        ("route.transit-gateway-id", ""),
        ("route.vpc-peering-connection-id", "Routes.VpcPeeringConnectionId"),
        ("vpc-id", "VpcId"),
    ],
};

/// A route table.
#[derive(Clone, Debug)]
pub struct RouteTable {
    pub id: String,
    pub vpc: String,
    /// Beside those to the VPC's own blocks; see [`RouteTable::all_routes`].
    pub routes: Vec<Route>,
    pub associations: Vec<Association>,
}

/// Whose traffic a route table leads.
#[derive(Clone, Debug)]
pub struct Association {
    /// `rtbassoc-…`
    pub id: String,
    /// All subnets that have no table of their own.
    pub main: bool,
    pub subnet: Option<String>,
    /// An internet gateway, for traffic that comes in.
    pub gateway: Option<String>,
}

record! {
    struct Create { vpc: String = "VpcId", token: Option<String> = "ClientToken" }
    struct Created { table: View = "RouteTable", token: Option<String> = "ClientToken" }
    struct One { id: String = "RouteTableId" }
    struct Describe { ids: Vec<String> = "RouteTableIds" }
    struct Tables { tables: Vec<Shown<View>> = "RouteTables" }
    struct View {
        associations: Vec<AssociationView> = "Associations",
        propagating: Vec<String> = "PropagatingVgws",
        id: String = "RouteTableId",
        routes: Vec<routes::View> = "Routes",
        tags: Vec<Tag> = "Tags",
        vpc: String = "VpcId",
        owner: String = "OwnerId",
    }
    struct AssociationView {
        main: bool = "Main",
        id: String = "RouteTableAssociationId",
        table: String = "RouteTableId",
        subnet: Option<String> = "SubnetId",
        gateway: Option<String> = "GatewayId",
        state: AssociationState = "AssociationState",
    }
    struct AssociationState { state: String = "State" }
    struct Associate {
        table: String = "RouteTableId",
        subnet: Option<String> = "SubnetId",
        gateway: Option<String> = "GatewayId",
        pool: Option<String> = "PublicIpv4Pool",
    }
    struct Associated { id: String = "AssociationId", state: AssociationState = "AssociationState" }
    struct Disassociate { id: String = "AssociationId" }
    struct Replace { id: String = "AssociationId", table: String = "RouteTableId" }
    struct Replaced { id: String = "NewAssociationId", state: AssociationState = "AssociationState" }
}

fn create(cx: &mut Cx, input: (Create, Tagging)) -> Result<Created, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let tags = tagging.only(&kinds::ROUTE_TABLE)?;
    vpcs::find(store(cx), &input.vpc)?;
    dry_run(cx)?;
    let id = cx.world.ids.ec2("rtb");
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let table = RouteTable { id: id.clone(), vpc: input.vpc, routes: Vec::new(), associations: Vec::new() };
    let view = table.view(ec2);
    ec2.route_tables.insert(id, table);
    Ok(Created { table: view, token: input.token })
}

/// Adds the table that a VPC is made with.
pub(super) fn add_main(ec2: &mut Store, vpc: &str, id: String, association: String) {
    let main = Association { id: association, main: true, subnet: None, gateway: None };
    let table = RouteTable { id: id.clone(), vpc: vpc.to_owned(), routes: Vec::new(), associations: vec![main] };
    ec2.route_tables.insert(id, table);
}

fn delete(cx: &mut Cx, input: One) -> Result<(), Fault> {
    let table = find(store(cx), &input.id)?;
    let has_endpoint = table.routes.iter().any(|route| matches!(route.target, Target::Endpoint(_)));
    if !table.associations.is_empty() || has_endpoint {
        return Err(faults::dependencies("routeTable", &input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.route_tables.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(())
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Tables, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (tables, end) = LISTING.list(&ec2.tags, &ec2.route_tables, wanted, |table| table.view(ec2))?;
    Ok((Tables { tables }, end))
}

fn associate(cx: &mut Cx, input: Associate) -> Result<Associated, Fault> {
    if input.pool.is_some() {
        return Err(faults::unsupported("public IPv4 pools"));
    }
    let ec2 = store(cx);
    let table = find(ec2, &input.table)?;
    let noun = format!("Route table {}", table.id);
    match (&input.subnet, &input.gateway) {
        (Some(id), None) => {
            if subnets::find(ec2, id)?.vpc != table.vpc {
                return Err(faults::different_networks(&noun, &format!("subnet {id}")));
            }
        }
        (None, Some(id)) => {
            let gateway = ec2.internet_gateways.get(id).ok_or_else(|| kinds::INTERNET_GATEWAY.missing(id))?;
            if gateway.vpc.as_ref() != Some(&table.vpc) {
                return Err(faults::different_networks(&noun, &format!("network gateway {id}")));
            }
        }
        (Some(_), Some(_)) => return Err(faults::not_both("subnetId", "gatewayId")),
        (None, None) => return Err(faults::missing_parameter("subnetId")),
    }
    let taken = |association: &Association| {
        (input.subnet.is_some() && association.subnet == input.subnet)
            || (input.gateway.is_some() && association.gateway == input.gateway)
    };
    if let Some(other) = ec2.route_tables.values().find(|table| table.associations.iter().any(taken)) {
        // The same association once more is no conflict: EC2 answers with the one that is there.
        let own = other.associations.iter().find(|association| taken(association) && other.id == table.id);
        return match own {
            Some(own) => Ok(Associated { id: own.id.clone(), state: associated() }),
            None => Err(faults::association_conflicts(&input.table)),
        };
    }
    dry_run(cx)?;
    let id = cx.world.ids.ec2("rtbassoc");
    if let Some(table) = store(cx).route_tables.get_mut(&input.table) {
        let association = Association { id: id.clone(), main: false, subnet: input.subnet, gateway: input.gateway };
        table.associations.push(association);
    }
    Ok(Associated { id, state: associated() })
}

fn associated() -> AssociationState {
    AssociationState { state: "associated".to_owned() }
}

fn disassociate(cx: &mut Cx, input: Disassociate) -> Result<(), Fault> {
    let (table, association) = find_association(store(cx), &input.id)?;
    if association.main {
        return Err(faults::main_association(&input.id));
    }
    dry_run(cx)?;
    if let Some(table) = store(cx).route_tables.get_mut(&table) {
        table.associations.retain(|association| association.id != input.id);
    }
    Ok(())
}

/// Moves an association to another table, the main one too. It gets a new id.
fn replace_association(cx: &mut Cx, input: Replace) -> Result<Replaced, Fault> {
    let ec2 = store(cx);
    let (from, association) = find_association(ec2, &input.id)?;
    let (old, new) = (find(ec2, &from)?, find(ec2, &input.table)?);
    if old.vpc != new.vpc {
        let (a, b) = (format!("Route table {from}"), format!("route table {}", input.table));
        return Err(faults::different_networks(&a, &b));
    }
    dry_run(cx)?;
    let id = cx.world.ids.ec2("rtbassoc");
    let ec2 = store(cx);
    if let Some(table) = ec2.route_tables.get_mut(&from) {
        table.associations.retain(|association| association.id != input.id);
    }
    if let Some(table) = ec2.route_tables.get_mut(&input.table) {
        table.associations.push(Association { id: id.clone(), ..association });
    }
    Ok(Replaced { id, state: associated() })
}

/// The table of an id.
pub(super) fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a RouteTable, Fault> {
    ec2.route_tables.get(id).ok_or_else(|| kinds::ROUTE_TABLE.missing(id))
}

/// An association, and the id of its table.
fn find_association(ec2: &Store, id: &str) -> Result<(String, Association), Fault> {
    let tables = ec2.route_tables.values();
    let mut all = tables.flat_map(|table| table.associations.iter().map(move |association| (table, association)));
    let found = all.find(|(_, association)| association.id == id);
    found.map(|(table, found)| (table.id.clone(), found.clone())).ok_or_else(|| faults::association_not_found(id))
}

/// The table that leads a subnet's traffic: its own, else the main one of its VPC.
pub fn of_subnet<'a>(ec2: &'a Store, vpc: &str, subnet: &str) -> Option<&'a RouteTable> {
    let has = |table: &&RouteTable| table.associations.iter().any(|own| own.subnet.as_deref() == Some(subnet));
    let own = ec2.route_tables.values().find(has);
    own.or_else(|| ec2.route_tables.values().find(|table| table.vpc == vpc && table.is_main()))
}

impl RouteTable {
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.main)
    }

    /// The route to a destination, if it is no local one.
    pub fn route(&self, destination: &Destination) -> Option<&Route> {
        self.routes.iter().find(|route| route.destination == *destination)
    }

    /// All routes: to the VPC's blocks, which are local unless led elsewhere, and the others.
    pub fn all_routes(&self, vpc: Option<&Vpc>) -> Vec<Route> {
        let blocks = vpc.into_iter().flat_map(Vpc::blocks).map(|cidr| Destination::Cidr(*cidr));
        let local = blocks.filter(|block| self.route(block).is_none());
        let local = local.map(|destination| Route { destination, target: Target::Local, made_with_table: true });
        local.chain(self.routes.iter().cloned()).collect()
    }

    fn view(&self, ec2: &Store) -> View {
        let association = |own: &Association| AssociationView {
            main: own.main,
            id: own.id.clone(),
            table: self.id.clone(),
            subnet: own.subnet.clone(),
            gateway: own.gateway.clone(),
            state: associated(),
        };
        let routes = self.all_routes(ec2.vpcs.get(&self.vpc));
        View {
            associations: self.associations.iter().map(association).collect(),
            propagating: Vec::new(),
            id: self.id.clone(),
            routes: routes.iter().map(|route| route.view(ec2, &self.vpc)).collect(),
            tags: ec2.tags.shown(&self.id),
            vpc: self.vpc.clone(),
            owner: ec2.owner.clone(),
        }
    }
}
