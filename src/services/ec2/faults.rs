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

pub fn group_of_other_network(group: &str, subnet: &str) -> Fault {
    let message = format!("Security group {group} and subnet {subnet} belong to different networks.");
    fault("InvalidParameter", message)
}

pub fn no_permission() -> Fault {
    fault("AuthFailure", "You do not have permission to access the specified resource.").status(403)
}

pub fn interface_in_use(id: &str) -> Fault {
    invalid_value(format!("Network interface '{id}' is currently in use."))
}

pub fn interface_in_other_zone() -> Fault {
    invalid_value("You may not attach a network interface to an instance if they are not in the same availability zone")
}

pub fn device_taken(instance: &str, device: i64) -> Fault {
    invalid_value(format!("Instance '{instance}' already has an interface attached at device index '{device}'."))
}

pub fn device_twice(device: i64) -> Fault {
    invalid_value(format!("Each network interface requires a unique device index; {device} is used twice."))
}

pub fn missing_device(device: i64) -> Fault {
    invalid_value(format!("A network interface with device index {device} is required."))
}

pub fn too_many_interfaces(count: usize, kind: &str) -> Fault {
    fault("AttachmentLimitExceeded", format!("Interface count {count} exceeds the limit for {kind}"))
}

pub fn attachment_not_found(id: &str) -> Fault {
    fault("InvalidAttachmentID.NotFound", format!("The interface attachment '{id}' does not exist."))
}

pub fn managed_attachment() -> Fault {
    fault("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
}

pub fn primary_interface() -> Fault {
    fault("OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
}

// Addresses.

pub fn invalid_address(text: &str) -> Fault {
    invalid_value(format!("invalid value for parameter address: {text}"))
}

pub fn address_outside(text: &str) -> Fault {
    invalid_value(format!("Address {text} does not fall within the subnet's address range"))
}

pub fn address_reserved(address: impl Display) -> Fault {
    invalid_value(format!("Address {address} is in subnet's reserved address range"))
}

pub fn address_in_use() -> Fault {
    fault("InvalidIPAddress.InUse", "The specified address is already in use.")
}

pub fn two_primaries() -> Fault {
    invalid_combination("Only one primary private IP address can be specified.")
}

pub fn address_not_of_interface(address: &str, interface: &str) -> Fault {
    invalid_value(format!("The address {address} is not assigned to the network interface {interface}"))
}

pub fn primary_address(address: &str) -> Fault {
    invalid_value(format!("The primary private IP address {address} cannot be unassigned"))
}

pub fn no_private_address() -> Fault {
    invalid_value("The network interface has no private IPv4 address")
}

pub fn address_not_found(address: &str) -> Fault {
    fault("InvalidAddress.NotFound", format!("Address '{address}' not found."))
}

pub fn elastic_address_in_use(address: impl Display) -> Fault {
    fault("InvalidIPAddress.InUse", format!("Address {address} is in use."))
}

pub fn already_associated(allocation: &str, association: &str) -> Fault {
    let message = format!("resource {allocation} is already associated with associate-id {association}");
    fault("Resource.AlreadyAssociated", message)
}

pub fn no_gateway(vpc: &str) -> Fault {
    fault("Gateway.NotAttached", format!("Network {vpc} is not attached to any internet gateway"))
}

/// What a NAT gateway fails with: code and sentence.
pub fn address_taken(allocation: &str) -> (String, String) {
    let message = format!("Elastic IP address [{allocation}] is already associated");
    ("Resource.AlreadyAssociated".to_owned(), message)
}

/// What a NAT gateway fails with: code and sentence.
pub fn no_internet_gateway(vpc: &str) -> (String, String) {
    ("Gateway.NotAttached".to_owned(), format!("Network {vpc} has no Internet gateway attached"))
}

// Key pairs.

pub fn key_exists(name: &str) -> Fault {
    fault("InvalidKeyPair.Duplicate", format!("The keypair already exists: {name}"))
}

pub fn key_format() -> Fault {
    fault("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
}

pub fn key_not_made() -> Fault {
    Fault::new("InternalError", "The key could not be made.").status(500)
}

// Instances.

pub fn instances_not_found(ids: &[String]) -> Fault {
    let message = match ids {
        [id] => return not_found(&kinds::INSTANCE, id),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    fault("InvalidInstanceID.NotFound", message)
}

pub fn incorrect_state(instance: &str) -> Fault {
    let message = format!("The instance '{instance}' is not in a state from which it can do that.");
    fault("IncorrectInstanceState", message)
}

pub fn not_stopped(instance: &str) -> Fault {
    fault("IncorrectInstanceState", format!("The instance '{instance}' is not in the 'stopped' state."))
}

pub fn invalid_instance(instance: &str) -> Fault {
    let message = format!("The instance '{instance}' is not in a valid state for this operation.");
    fault("InvalidInstanceID", message)
}

pub fn stop_protected(instance: &str) -> Fault {
    let message = format!(
        "The instance '{instance}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
    );
    fault("OperationNotPermitted", message)
}

pub fn termination_protected(instance: &str) -> Fault {
    let message = format!(
        "The instance '{instance}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
    );
    fault("OperationNotPermitted", message)
}

pub fn unknown_instance_type(name: &str) -> Fault {
    invalid_value(format!("Invalid value '{name}' for InstanceType."))
}

pub fn unknown_instance_types(names: &[String]) -> Fault {
    let message = format!("The following supplied instance types do not exist: [{}]", names.join(", "));
    fault("InvalidInstanceType", message)
}

pub fn other_architecture(of_type: &str, of_image: &str) -> Fault {
    invalid_value(format!(
        "The architecture '{of_type}' of the specified instance type does not match the architecture '{of_image}' of \
         the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can \
         use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI."
    ))
}

pub fn instance_counts(min: i64, max: i64) -> Fault {
    invalid_value(format!("Invalid value for instance counts: minCount {min}, maxCount {max}"))
}

pub fn user_data_encoding() -> Fault {
    invalid_value("Invalid BASE64 encoding of user data.")
}

pub fn user_data_too_long() -> Fault {
    invalid_value("User data is limited to 16384 bytes")
}

pub fn interfaces_and(what: &str) -> Fault {
    let message = format!("Network interfaces and an instance-level {what} may not be specified on the same request");
    invalid_combination(message)
}

pub fn one_address_many_instances() -> Fault {
    invalid_combination("A specific address or network interface cannot be given to more than one instance")
}

pub fn subnet_in_other_zone(subnet: &str) -> Fault {
    invalid_value(format!("The subnet {subnet} is not in the specified availability zone"))
}

pub fn no_default_subnet(vpc: &str) -> Fault {
    fault("MissingInput", format!("No subnets found for the default VPC '{vpc}'. Please specify a subnet."))
}

// Peering connections.

pub fn unknown_peer_region(name: &str) -> Fault {
    invalid_parameter(name, "PeerRegion", "The region does not exist.")
}

pub fn peering_exists(id: &str) -> Fault {
    let message = format!("A VPC peering connection already exists between these VPCs: {id}");
    fault("VpcPeeringConnectionAlreadyExists", message)
}

pub fn not_accepter(account: &str, id: &str) -> Fault {
    fault("OperationNotPermitted", format!("User {account} cannot accept peering {id}"))
}

pub fn not_own_side(account: &str, id: &str) -> Fault {
    fault("OperationNotPermitted", format!("User {account} cannot modify peering options of the other side of {id}"))
}

pub fn peering_state(id: &str, from: &str, to: &str) -> Fault {
    let message = format!("Invalid state transition for {id}, attempted to transition from {from} to {to}");
    fault("InvalidStateTransition", message)
}

// Endpoints.

pub fn unknown_service(name: &str) -> Fault {
    fault("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"))
}

pub fn service_type(name: &str, kind: &str) -> Fault {
    let message = format!("Endpoint type ({kind}) does not match available service types of {name}.");
    fault("InvalidParameter", message)
}

pub fn wrong_endpoint_members(members: &str, kind: &str) -> Fault {
    fault("InvalidParameter", format!("{members} can only be specified for endpoints of type {kind}."))
}

// Calls through endpoints. With AWS, no connection comes about; these are ours.

/// A name or id that no endpoint has.
pub fn no_way(gate: &str) -> Fault {
    out_of_reach(format!("There is no VPC endpoint '{gate}'."))
}

pub fn no_way_yet(id: &str, state: &str) -> Fault {
    out_of_reach(format!("The VPC endpoint '{id}' is {state}."))
}

pub fn way_to_elsewhere(id: &str, service: &str) -> Fault {
    out_of_reach(format!("The VPC endpoint '{id}' leads to {service}, which is not what was called."))
}

fn out_of_reach(message: String) -> Fault {
    Fault::new("VpcEndpointUnreachable", message).status(421)
}

pub fn invalid_policy() -> Fault {
    fault("InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document.")
}

pub fn endpoint_route_exists(table: &str, list: &str) -> Fault {
    let message = format!("route table {table} already has a route with destination-prefix-list-id {list}");
    fault("RouteAlreadyExists", message)
}

pub fn endpoint_zone_twice(subnet: &str) -> Fault {
    let message = format!("Found another VPC endpoint subnet in the availability zone of {subnet}.");
    fault("DuplicateSubnetsInSameZone", message)
}

pub fn private_dns_needs_dns(vpc: &str) -> Fault {
    let message = format!(
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}"
    );
    fault("InvalidParameter", message)
}

pub fn private_dns_conflict(host: &str, vpc: &str) -> Fault {
    let message = format!(
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {host} in the VPC {vpc}"
    );
    fault("InvalidParameter", message)
}

// Flow logs.

pub fn empty_unless(parameter: &str, condition: &str) -> Fault {
    fault("InvalidParameter", format!("{parameter} can't be empty if {condition}."))
}

pub fn type_unless(parameter: &str, kind: &str, other: &str) -> Fault {
    fault("InvalidParameter", format!("{parameter} type must be {kind} if {other} is provided."))
}

pub fn destination(arn: &str) -> Fault {
    fault("InvalidParameter", format!("LogDestination: {arn} is invalid."))
}

/// Of destinations, as unsuccessful items say it.
pub fn no_destination(name: &str) -> String {
    format!("LogDestination: {name} does not exist")
}

/// Of destinations, as unsuccessful items say it.
pub fn destination_denied(name: &str) -> String {
    format!("Access Denied for LogDestination: {name}. Please check LogDestination permission")
}

pub fn role_not_assumed() -> Fault {
    fault("InvalidParameter", "Unable to assume given IAM role")
}

pub fn aggregation_interval() -> Fault {
    fault("InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
}

pub fn log_format(text: &str) -> Fault {
    let message = format!("1 validation error detected: Value '{text}' at 'logFormat' has an invalid format");
    fault("InvalidParameter", message)
}

pub fn log_format_field(field: &str) -> Fault {
    fault("InvalidParameter", format!("Unknown fields provided: {field}"))
}

pub fn flow_log_exists() -> Fault {
    let message = "Error. There is an existing Flow Log with the same configuration and log destination.";
    fault("FlowLogAlreadyExists", message)
}

// Reachability Analyzer.

/// `end` is the parameter: `Source` or `Destination`.
pub fn path_end_missing(end: &str, id: &str) -> Fault {
    let message = format!("The {} '{id}' does not exist", end.to_ascii_lowercase());
    fault(&format!("NetworkInsights{end}.NotFound"), message)
}

pub fn path_has_analyses(id: &str) -> Fault {
    fault("AnalysisExistsForNetworkInsightsPath", format!("The path {id} has analyses; delete them first."))
}
