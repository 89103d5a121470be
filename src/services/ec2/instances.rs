//! Instances: an inventory without machines behind it
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>).

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::filters::{Filter, Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::instance_attributes::MetadataOptions;
use super::instance_types;
use super::instance_views::{InstanceView, Reservation};
use super::zones::Zone;
use super::{Store, faults, images, kinds, store};

/// The operations on instances.
pub const OPS: &[Op] = &[op!(Read "DescribeInstances" describe)];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::INSTANCE,
    paths: &[
        ("affinity", ""),
        ("architecture", "Architecture"),
        ("availability-zone", "Placement.AvailabilityZone"),
        ("availability-zone-id", "Placement.AvailabilityZoneId"),
        ("block-device-mapping.attach-time", ""),
        ("block-device-mapping.delete-on-termination", ""),
        ("block-device-mapping.device-name", ""),
        ("block-device-mapping.status", ""),
        ("block-device-mapping.volume-id", ""),
        ("boot-mode", ""),
        ("capacity-reservation-id", ""),
        (
            "capacity-reservation-specification.capacity-reservation-preference",
            "CapacityReservationSpecification.CapacityReservationPreference",
        ),
        ("capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id", ""),
        ("capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn", ""),
        ("client-token", "ClientToken"),
        ("current-instance-boot-mode", "CurrentInstanceBootMode"),
        ("dns-name", "PublicDnsName"),
        ("ebs-optimized", "EbsOptimized"),
        ("ena-support", "EnaSupport"),
        ("enclave-options.enabled", "EnclaveOptions.Enabled"),
        ("hibernation-options.configured", "HibernationOptions.Configured"),
        ("host-id", ""),
        ("hypervisor", "Hypervisor"),
        ("iam-instance-profile.arn", "IamInstanceProfile.Arn"),
        ("iam-instance-profile.id", "IamInstanceProfile.Id"),
        ("image-id", "ImageId"),
        ("instance-id", "InstanceId"),
        ("instance-lifecycle", ""),
        ("instance-state-code", "State.Code"),
        ("instance-state-name", "State.Name"),
        ("instance-type", "InstanceType"),
        ("instance.group-id", "SecurityGroups.GroupId"),
        ("instance.group-name", "SecurityGroups.GroupName"),
        ("ip-address", "PublicIpAddress"),
        ("ipv6-address", "Ipv6Address"),
        ("kernel-id", ""),
        ("key-name", "KeyName"),
        ("launch-index", "AmiLaunchIndex"),
        ("launch-time", "LaunchTime"),
        ("maintenance-options.auto-recovery", "MaintenanceOptions.AutoRecovery"),
        ("metadata-options.http-endpoint", "MetadataOptions.HttpEndpoint"),
        ("metadata-options.http-protocol-ipv4", ""),
        ("metadata-options.http-protocol-ipv6", "MetadataOptions.HttpProtocolIpv6"),
        ("metadata-options.http-put-response-hop-limit", "MetadataOptions.HttpPutResponseHopLimit"),
        ("metadata-options.http-tokens", "MetadataOptions.HttpTokens"),
        ("metadata-options.instance-metadata-tags", "MetadataOptions.InstanceMetadataTags"),
        ("metadata-options.state", "MetadataOptions.State"),
        ("monitoring-state", "Monitoring.State"),
        ("network-interface.addresses.association.allocation-id", ""),
        ("network-interface.addresses.association.association-id", ""),
        ("network-interface.addresses.association.carrier-ip", ""),
        ("network-interface.addresses.association.customer-owned-ip", ""),
        (
            "network-interface.addresses.association.ip-owner-id",
            "NetworkInterfaces.PrivateIpAddresses.Association.IpOwnerId",
        ),
        (
            "network-interface.addresses.association.public-dns-name",
            "NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName",
        ),
        (
            "network-interface.addresses.association.public-ip",
            "NetworkInterfaces.PrivateIpAddresses.Association.PublicIp",
        ),
        ("network-interface.addresses.primary", "NetworkInterfaces.PrivateIpAddresses.Primary"),
        ("network-interface.addresses.private-dns-name", "NetworkInterfaces.PrivateIpAddresses.PrivateDnsName"),
        ("network-interface.addresses.private-ip-address", "NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress"),
        ("network-interface.association.allocation-id", ""),
        ("network-interface.association.association-id", ""),
        ("network-interface.association.carrier-ip", ""),
        ("network-interface.association.customer-owned-ip", ""),
        ("network-interface.association.ip-owner-id", "NetworkInterfaces.Association.IpOwnerId"),
        ("network-interface.association.public-dns-name", "NetworkInterfaces.Association.PublicDnsName"),
        ("network-interface.association.public-ip", "NetworkInterfaces.Association.PublicIp"),
        ("network-interface.attachment.attach-time", "NetworkInterfaces.Attachment.AttachTime"),
        ("network-interface.attachment.attachment-id", "NetworkInterfaces.Attachment.AttachmentId"),
        ("network-interface.attachment.delete-on-termination", "NetworkInterfaces.Attachment.DeleteOnTermination"),
        ("network-interface.attachment.device-index", "NetworkInterfaces.Attachment.DeviceIndex"),
        ("network-interface.attachment.instance-id", "InstanceId"),
        ("network-interface.attachment.instance-owner-id", "OwnerId"),
        ("network-interface.attachment.network-card-index", "NetworkInterfaces.Attachment.NetworkCardIndex"),
        ("network-interface.attachment.status", "NetworkInterfaces.Attachment.Status"),
        ("network-interface.availability-zone", "Placement.AvailabilityZone"),
        ("network-interface.deny-all-igw-traffic", ""),
        ("network-interface.description", "NetworkInterfaces.Description"),
        ("network-interface.group-id", "NetworkInterfaces.Groups.GroupId"),
        ("network-interface.group-name", "NetworkInterfaces.Groups.GroupName"),
        ("network-interface.ipv4-prefixes.ipv4-prefix", ""),
        ("network-interface.ipv6-address", "NetworkInterfaces.Ipv6Addresses.Ipv6Address"),
        ("network-interface.ipv6-addresses.ipv6-address", "NetworkInterfaces.Ipv6Addresses.Ipv6Address"),
        ("network-interface.ipv6-addresses.is-primary-ipv6", ""),
        ("network-interface.ipv6-native", ""),
        ("network-interface.ipv6-prefixes.ipv6-prefix", ""),
        ("network-interface.mac-address", "NetworkInterfaces.MacAddress"),
        ("network-interface.network-interface-id", "NetworkInterfaces.NetworkInterfaceId"),
        ("network-interface.operator.managed", ""),
        ("network-interface.operator.principal", ""),
        ("network-interface.outpost-arn", ""),
        ("network-interface.owner-id", "NetworkInterfaces.OwnerId"),
        ("network-interface.private-dns-name", "NetworkInterfaces.PrivateDnsName"),
        ("network-interface.private-ip-address", "NetworkInterfaces.PrivateIpAddress"),
        ("network-interface.public-dns-name", ""),
        ("network-interface.requester-id", ""),
        ("network-interface.requester-managed", ""),
        ("network-interface.status", "NetworkInterfaces.Status"),
        ("network-interface.source-dest-check", "NetworkInterfaces.SourceDestCheck"),
        ("network-interface.subnet-id", "NetworkInterfaces.SubnetId"),
        ("network-interface.tag-key", ""),
        ("network-interface.tag-value", ""),
        ("network-interface.vpc-id", "NetworkInterfaces.VpcId"),
        ("network-performance-options.bandwidth-weighting", ""),
        ("operator.managed", ""),
        ("operator.principal", ""),
        ("outpost-arn", ""),
        ("owner-id", "OwnerId"),
        ("placement-group-name", ""),
        ("placement-partition-number", ""),
        ("platform", "Platform"),
        ("platform-details", "PlatformDetails"),
        ("private-dns-name", "PrivateDnsName"),
        (
            "private-dns-name-options.enable-resource-name-dns-a-record",
            "PrivateDnsNameOptions.EnableResourceNameDnsARecord",
        ),
        (
            "private-dns-name-options.enable-resource-name-dns-aaaa-record",
            "PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord",
        ),
        ("private-dns-name-options.hostname-type", "PrivateDnsNameOptions.HostnameType"),
        ("private-ip-address", "PrivateIpAddress"),
        ("product-code", ""),
        ("product-code.type", ""),
        ("ramdisk-id", ""),
        ("reason", "StateTransitionReason"),
        ("requester-id", ""),
        ("reservation-id", "ReservationId"),
        ("root-device-name", "RootDeviceName"),
        ("root-device-type", "RootDeviceType"),
        ("source-dest-check", "SourceDestCheck"),
        ("spot-instance-request-id", ""),
        ("state-reason-code", "StateReason.Code"),
        ("state-reason-message", "StateReason.Message"),
        ("subnet-id", "SubnetId"),
        ("tenancy", "Placement.Tenancy"),
        ("tpm-support", ""),
        ("usage-operation", "UsageOperation"),
        ("usage-operation-update-time", ""),
        ("virtualization-type", "VirtualizationType"),
        ("vpc-id", "VpcId"),
    ],
};

/// What `MaxResults` may be; the contract does not tell.
const PAGE_MIN: i64 = 5;
const PAGE_MAX: i64 = 1000;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    pub id: String,
    /// `r-…`, of all that were launched together.
    pub reservation: String,
    /// Its place among those.
    pub launch_index: i64,
    pub image: String,
    pub instance_type: String,
    pub key: Option<String>,
    pub launched: Time,
    pub state: State,
    /// Code and sentence of the last change.
    pub reason: Option<(&'static str, &'static str)>,
    /// `User initiated (2026-01-15 10:00:00 GMT)`
    pub transition: String,
    pub vpc: String,
    pub subnet: String,
    pub zone: Zone,
    /// In the order of their devices; gone with the instance.
    pub interfaces: Vec<String>,
    /// It gets a public address of Amazon's while it runs.
    pub public_address: bool,
    pub user_data: Option<String>,
    pub token: Option<String>,
    pub monitored: bool,
    pub tenancy: String,
    pub ebs_optimized: bool,
    /// `stop` or `terminate`.
    pub shutdown: String,
    /// It cannot be stopped.
    pub keeps_running: bool,
    /// It cannot be terminated.
    pub keeps_existing: bool,
    pub metadata: MetadataOptions,
    /// `standard` or `unlimited`, of types that run on credits.
    pub credits: Option<String>,
    /// ARN and id of the instance profile.
    pub profile: Option<(String, String)>,
    pub hostname_type: String,
    pub dns_a_record: bool,
    pub dns_aaaa_record: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

record! {
    struct Describe { ids: Vec<String> = "InstanceIds" }
    struct Reservations { reservations: Vec<Reservation> = "Reservations" }
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Reservations, PageEnd), Fault> {
    check_page(&input.ids, page.max)?;
    let ec2 = store(cx);
    check_ids(ec2, &input.ids)?;
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let view = |instance: &Instance| instance.view(ec2);
    let (instances, end) = LISTING.list_quickly(&ec2.tags, &ec2.instances, wanted, quick, view)?;
    Ok((Reservations { reservations: reservations(ec2, instances) }, end))
}

/// Ids and sizes of pages exclude each other here.
pub(super) fn check_page(ids: &[String], max: Option<i64>) -> Result<(), Fault> {
    match max {
        Some(_) if !ids.is_empty() => Err(faults::ids_and_max_results("instancesSet")),
        Some(max) if max < PAGE_MIN => Err(faults::invalid_max_results(max, "Expecting a value greater than 5.")),
        Some(max) if max > PAGE_MAX => {
            Err(faults::invalid_max_results(max, "Expecting a value less than or equal to 1000."))
        }
        _ => Ok(()),
    }
}

/// All instances that are named must be there; those that are not are named together.
pub(super) fn check_ids(ec2: &Store, ids: &[String]) -> Result<(), Fault> {
    if let Some(malformed) = ids.iter().find(|id| !kinds::INSTANCE.is_id(id)) {
        return Err(kinds::INSTANCE.missing(malformed));
    }
    let missing: Vec<_> = ids.iter().filter(|id| !ec2.instances.contains_key(*id)).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(faults::instances_not_found(&missing)) }
}

/// Instances with those that they were launched with.
fn reservations(ec2: &Store, instances: Vec<Shown<InstanceView>>) -> Vec<Reservation> {
    let mut by_reservation: BTreeMap<String, Reservation> = BTreeMap::new();
    for shown in instances {
        let id = shown.text("InstanceId").and_then(|id| ec2.instances.get(id)).map(|one| one.reservation.clone());
        let id = id.unwrap_or_default();
        let new = || Reservation { id: id.clone(), owner: ec2.owner.clone(), ..Reservation::default() };
        by_reservation.entry(id.clone()).or_insert_with(new).instances.push(shown);
    }
    by_reservation.into_values().collect()
}

/// Whether an instance passes one of the filters that narrow most.
fn quick(instance: &Instance, filter: &Filter) -> Option<bool> {
    Some(match filter.name.as_str() {
        "instance-id" => filter.fits(&instance.id),
        "instance-state-name" => filter.fits(instance.state.name()),
        "instance-type" => filter.fits(&instance.instance_type),
        "image-id" => filter.fits(&instance.image),
        "reservation-id" => filter.fits(&instance.reservation),
        _ => return None,
    })
}

/// The instance of an id.
pub(super) fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a Instance, Fault> {
    ec2.instances.get(id).ok_or_else(|| kinds::INSTANCE.missing(id))
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::ShuttingDown => "shutting-down",
            State::Terminated => "terminated",
            State::Stopping => "stopping",
            State::Stopped => "stopped",
        }
    }

    pub fn code(self) -> i64 {
        match self {
            State::Pending => 0,
            State::Running => 16,
            State::ShuttingDown => 32,
            State::Terminated => 48,
            State::Stopping => 64,
            State::Stopped => 80,
        }
    }
}

impl Instance {
    /// Traffic gets there.
    pub fn is_on(&self) -> bool {
        matches!(self.state, State::Pending | State::Running)
    }

    /// Neither gone nor about to go.
    pub fn takes_changes(&self) -> bool {
        !matches!(self.state, State::ShuttingDown | State::Terminated)
    }

    /// The image that it was launched from.
    pub(super) fn source(&self, ec2: &Store) -> Option<&'static images::Image> {
        images::in_region(&ec2.region).get(&self.image).copied()
    }

    pub(super) fn kind(&self) -> Option<&'static instance_types::InstanceType> {
        instance_types::find(&self.instance_type)
    }
}
