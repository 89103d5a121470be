//! Every sentence EC2 says to a client.

use std::fmt::Display;

use crate::wire::Fault;

use super::cidr::Cidr;
use super::group_rules::Rule;
use super::kinds::{self, Kind};

fn fault(code: &str, message: impl Into<String>) -> Fault {
    Fault::new(code, message).status(400)
}

fn invalid_value(message: impl Into<String>) -> Fault {
    fault("InvalidParameterValue", message)
}

// What all operations have in common.

pub fn dry_run() -> Fault {
    Fault::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").status(412)
}

pub fn other_request(token: &str) -> Fault {
    let message = format!("The client token {token} was used by another request with different parameters");
    fault("IdempotentParameterMismatch", message)
}

pub fn missing_parameter(name: &str) -> Fault {
    fault("MissingParameter", format!("The request must contain the parameter {name}"))
}

pub fn invalid_parameter(value: impl Display, name: &str, why: &str) -> Fault {
    invalid_value(format!("Value ({value}) for parameter {name} is invalid. {why}"))
}

pub fn invalid_combination(message: impl Into<String>) -> Fault {
    fault("InvalidParameterCombination", message)
}

pub fn not_both(a: &str, b: &str) -> Fault {
    invalid_combination(format!("The parameter {a} cannot be used with the parameter {b}"))
}

pub fn unsupported(what: &str) -> Fault {
    fault("UnsupportedOperation", format!("Trailcam does not support {what}"))
}

pub fn invalid_filter(name: &str) -> Fault {
    invalid_value(format!("The filter '{name}' is invalid"))
}

pub fn invalid_max_results(value: i64, problem: &str) -> Fault {
    invalid_value(format!("Value ( {value} ) for parameter maxResults is invalid. {problem}"))
}

pub fn invalid_next_token() -> Fault {
    fault("InvalidNextToken", "The token is invalid.")
}

/// `ids` is the parameter that names resources: `instancesSet`.
pub fn ids_and_max_results(ids: &str) -> Fault {
    not_both(ids, "maxResults")
}

/// Each kind of resource has its own words for what is not there.
pub fn not_found(kind: &Kind, id: &str) -> Fault {
    let noun = kind.noun;
    let message = match kind.prefix {
        "nat" => format!("NatGateway {id} was not found"),
        "ami" => format!("The image id '[{id}]' does not exist"),
        _ => format!("The {noun} '{id}' does not exist"),
    };
    fault(kind.not_found, message)
}

pub fn malformed(kind: &Kind, id: &str) -> Fault {
    let message = match kind.prefix {
        "acl" => format!("The network-acl ID '{id}' is malformed"),
        "nat" => format!("NatGateway id '{id}' is malformed"),
        "i" => format!("Invalid id: \"{id}\""),
        prefix => format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")"),
    };
    fault(kind.malformed, message)
}

/// What still hangs on a resource that is to be deleted: `vpc`, `subnet`, `internetGateway`, …
pub fn dependencies(noun: &str, id: &str) -> Fault {
    fault("DependencyViolation", format!("The {noun} '{id}' has dependencies and cannot be deleted."))
}

pub fn dependent_object(id: &str) -> Fault {
    fault("DependencyViolation", format!("resource {id} has a dependent object"))
}

pub fn limit_exceeded(code: &str, things: &str) -> Fault {
    fault(code, format!("The maximum number of {things} has been reached."))
}

/// `a` and `b` are things in different VPCs: `route table rtb-…`, `subnet subnet-…`.
pub fn different_networks(a: &str, b: &str) -> Fault {
    invalid_value(format!("{a} and {b} belong to different networks"))
}

pub fn not_a_cidr(value: &str, name: &str) -> Fault {
    invalid_parameter(value, name, "This is not a valid CIDR block.")
}

// Regions and zones.

pub fn invalid_region(name: &str) -> Fault {
    invalid_value(format!("Invalid region: [{name}]"))
}

pub fn invalid_zone(name: &str) -> Fault {
    invalid_value(format!("Invalid availability zone: [{name}]"))
}

pub fn invalid_zone_id(id: &str) -> Fault {
    invalid_value(format!("Invalid availability zone-id: [{id}]"))
}

// Tags.

pub fn invalid_resource_id(id: &str) -> Fault {
    fault("InvalidID", format!("The ID '{id}' is not valid"))
}

pub fn wrong_tag_type(kind: &Kind, sent: &str) -> Fault {
    invalid_value(format!("The resource type '{sent}' cannot be tagged here; expected '{}'", kind.tag_type))
}

pub fn empty_tag_specification() -> Fault {
    invalid_value("Tag specification must have at least one tag")
}

pub fn reserved_tag(key: &str) -> Fault {
    invalid_value(format!("Tag keys starting with 'aws:' are reserved for internal use: {key}"))
}

pub fn duplicate_tag(key: &str) -> Fault {
    invalid_value(format!("Duplicate tag key '{key}' specified."))
}

pub fn tag_too_long(what: &str, max: usize) -> Fault {
    invalid_value(format!("Tag {what} exceeds the maximum length of {max} characters"))
}

pub fn too_many_tags() -> Fault {
    fault("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
}

// VPCs.

pub fn vpc_range(cidr: &Cidr) -> Fault {
    fault("InvalidVpc.Range", format!("The CIDR '{cidr}' is invalid."))
}

pub fn vpc_range_restricted(cidr: &Cidr, primary: &Cidr) -> Fault {
    let message = format!("The CIDR '{cidr}' is restricted in combination with the CIDR '{primary}' of this VPC.");
    fault("InvalidVpc.Range", message)
}

pub fn cidr_overlaps(cidr: &Cidr, other: &Cidr) -> Fault {
    fault("CidrConflict", format!("The CIDR '{cidr}' conflicts with the CIDR '{other}' of this VPC."))
}

pub fn cidr_covers_route(cidr: &Cidr, table: &str, route: &str) -> Fault {
    let message =
        format!("The CIDR '{cidr}' is the same as or larger than the route {route} in the route table {table}.");
    fault("CidrConflict", message)
}

pub fn cidr_association_not_found(id: &str) -> Fault {
    let message = format!("The vpc CIDR block association ID '{id}' does not exist");
    fault("InvalidVpcCidrBlockAssociationID.NotFound", message)
}

pub fn primary_cidr(id: &str) -> Fault {
    fault(
        "OperationNotPermitted",
        format!(
            "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
        ),
    )
}

pub fn cidr_in_use(cidr: &Cidr) -> Fault {
    fault("CidrBlockInUse", format!("The CIDR block {cidr} is in use by a subnet and cannot be disassociated."))
}

pub fn no_attribute() -> Fault {
    invalid_combination("No attributes specified.")
}

pub fn several_attributes() -> Fault {
    invalid_combination("Fields for multiple attribute types specified")
}

pub fn default_vpc_exists() -> Fault {
    fault("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
}

pub fn default_vpc_missing() -> Fault {
    fault("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
}

pub fn default_subnet_exists(zone: &str) -> Fault {
    let message = format!("A default subnet already exists in the availability zone {zone}.");
    fault("DefaultSubnetAlreadyExistsInAvailabilityZone", message)
}

pub fn no_default_vpc() -> Fault {
    fault(
        "VPCIdNotSpecified",
        "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
    )
}

pub fn unknown_dhcp_option(key: &str) -> Fault {
    invalid_parameter(key, "dhcpConfiguration", "Unknown DHCP option.")
}

// Subnets.

pub fn subnet_range(cidr: &Cidr) -> Fault {
    fault("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid."))
}

pub fn subnet_conflict(cidr: &Cidr) -> Fault {
    fault("InvalidSubnet.Conflict", format!("The CIDR '{cidr}' conflicts with another subnet"))
}

pub fn subnet_zone(zone: &str, zones: &[String]) -> Fault {
    let why =
        format!("Subnets can currently only be created in the following availability zones: {}.", zones.join(", "));
    invalid_parameter(zone, "availabilityZone", &why)
}

pub fn subnet_without_addresses(id: &str) -> Fault {
    let message = format!("Not enough free addresses in subnet '{id}' to satisfy the requested number of addresses");
    fault("InsufficientFreeAddressesInSubnet", message)
}

pub fn subnet_cidr_association_not_found(id: &str) -> Fault {
    let message = format!("The subnet CIDR block association ID '{id}' does not exist");
    fault("InvalidSubnetCidrBlockAssociationID.NotFound", message)
}

pub fn subnet_without_ipv6(id: &str) -> Fault {
    invalid_value(format!("The subnet {id} does not have an IPv6 CIDR block"))
}

// Gateways and routes.

pub fn already_attached(gateway: &str, vpc: &str) -> Fault {
    fault("Resource.AlreadyAssociated", format!("resource {gateway} is already attached to network {vpc}"))
}

pub fn vpc_has_gateway(vpc: &str) -> Fault {
    invalid_value(format!("Network {vpc} already has an internet gateway attached"))
}

pub fn not_attached(gateway: &str, vpc: &str) -> Fault {
    fault("Gateway.NotAttached", format!("resource {gateway} is not attached to network {vpc}"))
}

pub fn mapped_addresses(vpc: &str) -> Fault {
    let message = format!(
        "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
    );
    fault("DependencyViolation", message)
}

pub fn association_not_found(id: &str) -> Fault {
    fault("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
}

pub fn association_conflicts(table: &str) -> Fault {
    let message = format!("the specified association for route table {table} conflicts with an existing association");
    fault("Resource.AlreadyAssociated", message)
}

pub fn main_association(id: &str) -> Fault {
    invalid_value(format!("cannot disassociate the main route table association {id}"))
}

pub fn route_exists(destination: &str) -> Fault {
    fault("RouteAlreadyExists", format!("The route identified by {destination} already exists."))
}

pub fn route_not_found(destination: &str, table: &str) -> Fault {
    let message = format!("no route with destination-cidr-block {destination} in route table {table}");
    fault("InvalidRoute.NotFound", message)
}

pub fn no_route_to_replace(destination: &str) -> Fault {
    invalid_value(format!("There is no route defined for '{destination}' in the route table. Use CreateRoute instead."))
}

pub fn local_route(destination: &str, table: &str) -> Fault {
    invalid_value(format!("cannot remove local route {destination} in route table {table}"))
}

pub fn endpoint_route(destination: &str, table: &str) -> Fault {
    invalid_value(format!("cannot remove VPC endpoint route {destination} in route table {table}"))
}

pub fn one_destination() -> Fault {
    invalid_combination(
        "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or destinationPrefixListId",
    )
}

pub fn one_target() -> Fault {
    invalid_combination(
        "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, \
         egressOnlyInternetGatewayId, instanceId or vpcEndpointId",
    )
}

pub fn more_specific_than_vpc(destination: &Cidr) -> Fault {
    invalid_value(format!(
        "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
         This route can target only an interface or an instance."
    ))
}

pub fn target_takes_ipv6_only(id: &str) -> Fault {
    invalid_value(format!("The gateway {id} can only be the target of routes to IPv6 destinations"))
}

pub fn invalid_gateway(id: &str) -> Fault {
    fault("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist"))
}

pub fn routes_full(table: &str) -> Fault {
    let message = format!("The maximum number of routes for the route table {table} has been reached.");
    fault("RouteLimitExceeded", message)
}

// Security groups.

pub fn group_name_not_found(name: &str, vpc: &str) -> Fault {
    let message = format!("The security group '{name}' does not exist in default VPC '{vpc}'");
    fault("InvalidGroup.NotFound", message)
}

pub fn reserved_group_name(name: &str) -> Fault {
    fault("InvalidGroup.Reserved", format!("Cannot use reserved security group name: {name}"))
}

pub fn group_name_like_id(name: &str) -> Fault {
    invalid_parameter(name, "GroupName", "Group names may not be in the format sg-*.")
}

/// Names and descriptions.
pub fn group_text(text: &str, parameter: &str) -> Fault {
    let why = "Character sets beyond ASCII are not supported; up to 255 characters.";
    invalid_parameter(text, parameter, why)
}

pub fn group_exists(name: &str, vpc: &str) -> Fault {
    fault("InvalidGroup.Duplicate", format!("The security group '{name}' already exists for VPC '{vpc}'"))
}

pub fn default_group(id: &str) -> Fault {
    let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
    fault("CannotDelete", message)
}

pub fn groups_of_different_networks() -> Fault {
    fault("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
}

pub fn rule_exists(rule: &Rule) -> Fault {
    fault("InvalidPermission.Duplicate", format!("the specified rule \"{}\" already exists", rule.sentence()))
}

pub fn repeated_rule() -> Fault {
    invalid_value("The same permission must not appear multiple times")
}

pub fn rule_not_found() -> Fault {
    fault("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}

pub fn malformed_cidr(text: &str) -> Fault {
    invalid_value(format!("CIDR block {text} is malformed"))
}

pub fn rule_description(text: &str) -> Fault {
    let message = format!(
        "Invalid rule description '{text}'. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
    );
    invalid_value(message)
}

pub fn ports_missing() -> Fault {
    invalid_value("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
}

pub fn group_port_range(from: i64, to: i64) -> Fault {
    invalid_value(format!("Invalid TCP/UDP port range ({from}:{to})"))
}

pub fn unknown_protocol(text: &str) -> Fault {
    invalid_value(format!("Invalid value '{text}' for IP protocol. Unknown protocol."))
}

pub fn one_peer() -> Fault {
    invalid_combination("The request must contain exactly one of CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupId")
}

// Network ACLs.

pub fn default_acl(id: &str) -> Fault {
    invalid_value(format!("cannot delete default network ACL {id}"))
}

pub fn rule_number(number: i64) -> Fault {
    invalid_parameter(number, "ruleNumber", "Must be between 1 and 32766.")
}

pub fn entry_exists(acl: &str, number: i64) -> Fault {
    fault(
        "NetworkAclEntryAlreadyExists",
        format!("The network acl entry identified by {number} already exists in {acl}."),
    )
}

pub fn entry_not_found(acl: &str, number: i64, egress: bool) -> Fault {
    let direction = if egress { "egress" } else { "ingress" };
    let message = format!("The specified rule number {number} ({direction}) does not exist in network ACL {acl}");
    fault("InvalidNetworkAclEntry.NotFound", message)
}

pub fn entries_full(acl: &str) -> Fault {
    let message = format!("The maximum number of entries of the network ACL {acl} has been reached.");
    fault("NetworkAclEntryLimitExceeded", message)
}

pub fn port_range(from: i64, to: i64) -> Fault {
    invalid_value(format!("Invalid port range ({from}:{to})"))
}

// Prefix lists.

pub fn too_many_entries(max: usize) -> Fault {
    fault("PrefixListMaxEntriesExceeded", format!("You can't add more than {max} entries at once."))
}

pub fn prefix_list_full(max: i64) -> Fault {
    fault(
        "PrefixListMaxEntriesExceeded",
        format!("You've reached the maximum number of entries for the prefix list ({max})."),
    )
}

pub fn list_version(version: i64) -> Fault {
    fault("PrefixListVersionMismatch", format!("The prefix list has the incorrect version number: {version}"))
}

pub fn entry_missing(cidr: &str) -> Fault {
    invalid_value(format!("The entry {cidr} does not exist in the prefix list"))
}

pub fn list_in_use(id: &str) -> Fault {
    fault("PrefixListInUse", format!("The prefix list {id} is in use"))
}

pub fn aws_list(id: &str) -> Fault {
    fault("OperationNotPermitted", format!("The prefix list {id} is managed by AWS"))
}

// Interfaces.

pub fn several_interfaces(instance: &str) -> Fault {
    let message = format!(
        "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the operation instead."
    );
    fault("InvalidInstanceID", message)
}

pub fn endpoint_is_no_target(id: &str) -> Fault {
    let message = format!(
        "Route table contains unsupported route target: {id}. VPC Endpoints of this type cannot be used as route targets."
    );
    fault("RouteNotSupported", message)
}

// Instances.

pub fn instances_not_found(ids: &[String]) -> Fault {
    let message = match ids {
        [id] => return not_found(&kinds::INSTANCE, id),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    fault("InvalidInstanceID.NotFound", message)
}
