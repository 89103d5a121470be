//! Launching instances (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::fields::Field;
use crate::world::ids::Ids;
use crate::world::op::Op;
use crate::world::time::Time;

use super::filters::Shown;
use super::images::Image;
use super::instance_attributes::{MetadataIn, MetadataOptions, USER_DATA_MAX};
use super::instance_states::give_address;
use super::instance_types::{self, InstanceType};
use super::instance_views::{InstanceView, Reservation};
use super::instances::{Instance, State};
use super::interface_addresses::{Addressing, WantedAddresses};
use super::interfaces::{self, Attachment, Kind, New};
use super::subnets::{self, Subnet};
use super::tags::{Tagging, Tags};
use super::transitions::{self, Pace};
use super::{Store, attachments, dry_run, faults, images, kinds, once, security_groups, store};

/// The operations that launch instances.
pub const OPS: &[Op] = &[op!(Write "RunInstances" run)];

/// Instances of one launch. Quotas of accounts count virtual CPUs, and are lower.
const INSTANCES_MAX: i64 = 1000;
/// What is launched without a word about its type.
const DEFAULT_TYPE: &str = "m1.small";

record! {
    struct What {
        image: Option<String> = "ImageId",
        kind: Option<String> = "InstanceType",
        min: i64 = "MinCount",
        max: i64 = "MaxCount",
        key: Option<String> = "KeyName",
        user_data: Option<String> = "UserData",
        profile: Option<ProfileIn> = "IamInstanceProfile",
        token: Option<String> = "ClientToken",
        monitoring: Option<MonitoringIn> = "Monitoring",
        metadata: Option<MetadataIn> = "MetadataOptions",
        ebs_optimized: bool = "EbsOptimized",
        keeps_running: bool = "DisableApiStop",
        keeps_existing: bool = "DisableApiTermination",
        shutdown: Option<String> = "InstanceInitiatedShutdownBehavior",
        credits: Option<CreditsIn> = "CreditSpecification",
        dns: Option<DnsIn> = "PrivateDnsNameOptions",
    }
    struct ProfileIn { arn: Option<String> = "Arn", name: Option<String> = "Name" }
    struct MonitoringIn { enabled: bool = "Enabled" }
    struct CreditsIn { credits: String = "CpuCredits" }
    struct DnsIn {
        kind: Option<String> = "HostnameType",
        a_record: Option<bool> = "EnableResourceNameDnsARecord",
        aaaa_record: Option<bool> = "EnableResourceNameDnsAAAARecord",
    }
    struct Where {
        subnet: Option<String> = "SubnetId",
        groups: Vec<String> = "SecurityGroupIds",
        group_names: Vec<String> = "SecurityGroups",
        placement: Option<PlacementIn> = "Placement",
        interfaces: Vec<InterfaceIn> = "NetworkInterfaces",
        address: Option<String> = "PrivateIpAddress",
        ipv6_count: Option<i64> = "Ipv6AddressCount",
        ipv6: Vec<super::interface_addresses::Ipv6In> = "Ipv6Addresses",
    }
    struct PlacementIn {
        zone: Option<String> = "AvailabilityZone",
        zone_id: Option<String> = "AvailabilityZoneId",
        tenancy: Option<String> = "Tenancy",
        group: Option<String> = "GroupName",
        host: Option<String> = "HostId",
    }
    struct InterfaceIn {
        public: Option<bool> = "AssociatePublicIpAddress",
        delete: Option<bool> = "DeleteOnTermination",
        description: Option<String> = "Description",
        device: Option<i64> = "DeviceIndex",
        groups: Vec<String> = "Groups",
        ipv6_count: Option<i64> = "Ipv6AddressCount",
        ipv6: Vec<super::interface_addresses::Ipv6In> = "Ipv6Addresses",
        id: Option<String> = "NetworkInterfaceId",
        address: Option<String> = "PrivateIpAddress",
        addresses: Vec<super::interface_addresses::AddressIn> = "PrivateIpAddresses",
        more: Option<i64> = "SecondaryPrivateIpAddressCount",
        subnet: Option<String> = "SubnetId",
    }
    /// What there is not: volumes, templates, the spot market, hosts.
    struct Unsupported {
        devices: Value = "BlockDeviceMappings",
        template: Value = "LaunchTemplate",
        market: Value = "InstanceMarketOptions",
        capacity: Value = "CapacityReservationSpecification",
        cpu: Value = "CpuOptions",
        kernel: Value = "KernelId",
        ramdisk: Value = "RamdiskId",
        licenses: Value = "LicenseSpecifications",
    }
}

/// A launch that everything is right about.
struct Launch {
    image: String,
    kind: &'static InstanceType,
    count: i64,
    subnet: Subnet,
    tenancy: String,
    user_data: Option<String>,
    profile: Option<(String, String)>,
    nics: Vec<Nic>,
    public: bool,
}

/// An interface of each instance.
struct Nic {
    device: i64,
    description: String,
    delete: bool,
    from: From,
}

enum From {
    /// It is there already.
    Existing(String),
    New {
        subnet: String,
        groups: Vec<String>,
        wanted: WantedAddresses,
    },
}

fn run(cx: &mut Cx, input: (What, Where, Unsupported, Tagging)) -> Result<Reservation, Fault> {
    once(cx, |cx| launch(cx, input))
}

fn launch(
    cx: &mut Cx,
    (what, place, unsupported, tagging): (What, Where, Unsupported, Tagging),
) -> Result<Reservation, Fault> {
    check_supported(&unsupported)?;
    let tags = (tagging.of(&kinds::INSTANCE)?, tagging.of(&kinds::INTERFACE)?);
    check_tag_types(&tagging)?;
    let profile = profile(cx, what.profile.as_ref())?;
    let launch = plan(store(cx), &what, &place, profile)?;
    dry_run(cx)?;
    let now = cx.world.now;
    let mut ids = cx.world.ids.clone();
    let made = carry_out(store(cx), &mut ids, launch, &what, &tags, now)?;
    cx.world.ids = ids;
    let ec2 = store(cx);
    let views = made.iter().filter_map(|id| ec2.instances.get(id)).map(|instance| new_view(instance, ec2));
    let first = made.first().and_then(|id| ec2.instances.get(id));
    let reservation = Reservation {
        id: first.map(|instance| instance.reservation.clone()).unwrap_or_default(),
        owner: ec2.owner.clone(),
        groups: Vec::new(),
        instances: views.map(|view| Shown::new(view.write())).collect(),
    };
    made.iter().for_each(|id| transitions::later(cx, id, Pace::Start));
    Ok(reservation)
}

/// In the answer to the launch, instances are not yet all that they will be.
fn new_view(instance: &Instance, ec2: &Store) -> InstanceView {
    let mut view = instance.view(ec2);
    view.interfaces.iter_mut().for_each(|interface| {
        interface.attachment.status = "attaching".to_owned();
        interface.association = None;
        interface.addresses.iter_mut().for_each(|address| address.association = None);
    });
    InstanceView { public: None, public_name: Some(String::new()), ..view }
}

fn check_supported(unsupported: &Unsupported) -> Result<(), Fault> {
    let Unsupported { devices, template, market, capacity, cpu, kernel, ramdisk, licenses } = unsupported;
    let things = [
        (devices, "volumes"),
        (template, "launch templates"),
        (market, "the spot market"),
        (capacity, "capacity reservations"),
        (cpu, "CPU options"),
        (kernel, "kernels of one's own"),
        (ramdisk, "RAM disks of one's own"),
        (licenses, "license configurations"),
    ];
    match things.into_iter().find(|(value, _)| !value.is_null()) {
        Some((_, what)) => Err(faults::unsupported(what)),
        None => Ok(()),
    }
}

/// There are no volumes to be tagged.
fn check_tag_types(tagging: &Tagging) -> Result<(), Fault> {
    let known = [kinds::INSTANCE.tag_type, kinds::INTERFACE.tag_type];
    match tagging.specifications.iter().find(|one| !known.contains(&one.kind.as_str())) {
        Some(other) if other.kind == "volume" => Err(faults::unsupported("volumes")),
        Some(other) => Err(faults::wrong_tag_type(&kinds::INSTANCE, &other.kind)),
        None => Ok(()),
    }
}

/// The instance profile of IAM, by its ARN or name: its ARN and id.
fn profile(cx: &mut Cx, input: Option<&ProfileIn>) -> Result<Option<(String, String)>, Fault> {
    let Some(input) = input else { return Ok(None) };
    let account = cx.account.clone();
    let profiles = &cx.world.account(&account).iam.instance_profiles;
    let (parameter, text) = match (&input.name, &input.arn) {
        (Some(name), _) => ("iamInstanceProfile.name", name),
        (None, Some(arn)) => ("iamInstanceProfile.arn", arn),
        (None, None) => return Ok(None),
    };
    let found = profiles.values().find(|profile| match &input.name {
        Some(name) => profile.header.name == *name,
        None => profile.header.arn == *text,
    });
    let kind = if input.name.is_some() { "name" } else { "ARN" };
    let why = format!("Invalid IAM Instance Profile {kind}");
    let profile = found.ok_or_else(|| faults::invalid_parameter(text, parameter, &why))?;
    Ok(Some((profile.header.arn.clone(), profile.header.id.clone())))
}

fn plan(ec2: &Store, what: &What, place: &Where, profile: Option<(String, String)>) -> Result<Launch, Fault> {
    let (source, image) = image(ec2, what)?;
    let kind = kind(what, source)?;
    if what.min < 1 || what.max < what.min || what.max > INSTANCES_MAX {
        return Err(faults::instance_counts(what.min, what.max));
    }
    if let Some(key) = what.key.as_ref().filter(|key| !ec2.key_pairs.contains_key(*key)) {
        return Err(faults::not_found(&kinds::KEY_PAIR, key));
    }
    let user_data = user_data(what.user_data.as_deref())?;
    let (subnet, nics) = network(ec2, place)?;
    if nics.len() > kind.interfaces {
        return Err(faults::too_many_interfaces(nics.len(), kind.name));
    }
    let several = what.max > 1;
    let named = nics.iter().any(|nic| match &nic.from {
        From::Existing(_) => true,
        From::New { wanted, .. } => wanted.names_addresses(),
    });
    if several && named {
        return Err(faults::one_address_many_instances());
    }
    let tenancy = place.placement.as_ref().and_then(|placement| placement.tenancy.clone());
    let own = ec2.vpcs.get(&subnet.vpc).map_or("default", |vpc| &vpc.tenancy);
    let count = room(ec2, &nics, what)?;
    let asked = place.interfaces.iter().find(|nic| nic.device.unwrap_or(0) == 0).and_then(|nic| nic.public);
    // An interface that was there keeps what it has.
    let fresh = nics.iter().any(|nic| nic.device == 0 && matches!(nic.from, From::New { .. }));
    Ok(Launch {
        image,
        kind,
        count,
        tenancy: tenancy.unwrap_or_else(|| own.to_owned()),
        public: fresh && asked.unwrap_or(subnet.public_addresses),
        subnet,
        user_data,
        profile,
        nics,
    })
}

fn image(ec2: &Store, what: &What) -> Result<(&'static Image, String), Fault> {
    let id = what.image.as_ref().ok_or_else(|| faults::missing_parameter("ImageId"))?;
    let image = images::in_region(&ec2.region).get(id).copied();
    image.map(|image| (image, id.clone())).ok_or_else(|| kinds::IMAGE.missing(id))
}

fn kind(what: &What, image: &Image) -> Result<&'static InstanceType, Fault> {
    let name = what.kind.as_deref().unwrap_or(DEFAULT_TYPE);
    let kind = instance_types::find(name).ok_or_else(|| faults::unknown_instance_type(name))?;
    match kind.architecture == image.architecture {
        true => Ok(kind),
        false => Err(faults::other_architecture(kind.architecture, image.architecture)),
    }
}

fn user_data(text: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let data = STANDARD.decode(text).map_err(|_| faults::user_data_encoding())?;
    if data.len() > USER_DATA_MAX { Err(faults::user_data_too_long()) } else { Ok(Some(text.to_owned())) }
}

/// As many instances as there is room for, at least the fewest that were asked for.
fn room(ec2: &Store, nics: &[Nic], what: &What) -> Result<i64, Fault> {
    let mut each: BTreeMap<&str, usize> = BTreeMap::new();
    for nic in nics {
        if let From::New { subnet, wanted, .. } = &nic.from {
            *each.entry(subnet).or_default() += wanted.ipv4_count();
        }
    }
    let mut count = what.max;
    for (subnet, each) in each {
        let found = subnets::find(ec2, subnet)?;
        // Of IPv6 addresses, there are always enough.
        if found.cidr.is_none() {
            continue;
        }
        let free = found.free_addresses();
        count = count.min(free / each as i64);
        if count < what.min {
            return Err(faults::subnet_without_addresses(subnet));
        }
    }
    Ok(count)
}

/// Where the instances go, and their interfaces.
fn network(ec2: &Store, place: &Where) -> Result<(Subnet, Vec<Nic>), Fault> {
    if let Some(placement) = &place.placement
        && (placement.group.as_ref().is_some_and(|group| !group.is_empty()) || placement.host.is_some())
    {
        return Err(faults::unsupported("placement groups and hosts"));
    }
    if place.interfaces.is_empty() {
        return simple(ec2, place);
    }
    if place.subnet.is_some() {
        return Err(faults::interfaces_and("subnet ID"));
    }
    if !place.groups.is_empty() || !place.group_names.is_empty() {
        return Err(faults::interfaces_and("security groups"));
    }
    if place.address.is_some() {
        return Err(faults::interfaces_and("private address"));
    }
    let nics = place.interfaces.iter().map(|nic| read_nic(ec2, place, nic)).collect::<Result<Vec<_>, _>>()?;
    let primary = nics.iter().find(|nic| nic.device == 0).ok_or_else(|| faults::missing_device(0))?;
    for (at, nic) in nics.iter().enumerate() {
        if nics[..at].iter().any(|other| other.device == nic.device) {
            return Err(faults::device_twice(nic.device));
        }
    }
    let subnet = match &primary.from {
        From::Existing(id) => &interfaces::find(ec2, id)?.subnet,
        From::New { subnet, .. } => subnet,
    };
    Ok((subnets::find(ec2, subnet)?.clone(), nics))
}

/// One interface, in the subnet that was named or a default one.
fn simple(ec2: &Store, place: &Where) -> Result<(Subnet, Vec<Nic>), Fault> {
    let subnet = subnet(ec2, place, place.subnet.as_deref())?;
    let names = place.group_names.iter().map(|name| security_groups::named(ec2, None, Some(name)));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let groups = [place.groups.clone(), names].concat();
    let groups = interfaces::groups(ec2, &subnet.vpc, &subnet.id, &groups)?;
    let addressing = Addressing {
        primary: place.address.clone(),
        ipv6: place.ipv6.clone(),
        ipv6_count: place.ipv6_count,
        ..Addressing::default()
    };
    let from = From::New { subnet: subnet.id.clone(), groups, wanted: addressing.read(subnet)? };
    let nic = Nic { device: 0, description: String::new(), delete: true, from };
    Ok((subnet.clone(), vec![nic]))
}

fn subnet<'a>(ec2: &'a Store, place: &Where, id: Option<&str>) -> Result<&'a Subnet, Fault> {
    let placement = place.placement.as_ref();
    let zone = placement.and_then(|placement| placement.zone.as_deref());
    let zone_id = placement.and_then(|placement| placement.zone_id.as_deref());
    let in_zone = |subnet: &Subnet| {
        zone.is_none_or(|zone| subnet.zone.name == zone) && zone_id.is_none_or(|id| subnet.zone.id == id)
    };
    if let Some(id) = id {
        let subnet = subnets::find(ec2, id)?;
        return if in_zone(subnet) { Ok(subnet) } else { Err(faults::subnet_in_other_zone(id)) };
    }
    let vpc = ec2.vpcs.values().find(|vpc| vpc.is_default).ok_or_else(faults::no_default_vpc)?;
    let mut defaults: Vec<_> =
        ec2.subnets.values().filter(|subnet| subnet.default_for_zone && in_zone(subnet)).collect();
    defaults.sort_by(|a, b| a.zone.name.cmp(&b.zone.name));
    defaults.first().copied().ok_or_else(|| faults::no_default_subnet(&vpc.id))
}

fn read_nic(ec2: &Store, place: &Where, nic: &InterfaceIn) -> Result<Nic, Fault> {
    let device = match (nic.device, &nic.id) {
        (Some(device), _) => device,
        (None, Some(_)) => 0,
        (None, None) => return Err(faults::missing_parameter("deviceIndex")),
    };
    let description = nic.description.clone().unwrap_or_default();
    if let Some(id) = &nic.id {
        let interface = interfaces::find(ec2, id)?;
        if interface.attachment.is_some() {
            return Err(faults::interface_in_use(id));
        }
        let from = From::Existing(id.clone());
        return Ok(Nic { device, description, delete: nic.delete.unwrap_or(false), from });
    }
    let subnet = subnet(ec2, place, nic.subnet.as_deref())?;
    let addressing = Addressing {
        primary: nic.address.clone(),
        addresses: nic.addresses.clone(),
        more: nic.more,
        ipv6: nic.ipv6.clone(),
        ipv6_count: nic.ipv6_count,
    };
    let groups = interfaces::groups(ec2, &subnet.vpc, &subnet.id, &nic.groups)?;
    let from = From::New { subnet: subnet.id.clone(), groups, wanted: addressing.read(subnet)? };
    Ok(Nic { device, description, delete: nic.delete.unwrap_or(true), from })
}

/// Makes the instances and answers their ids.
fn carry_out(
    ec2: &mut Store,
    ids: &mut Ids,
    launch: Launch,
    what: &What,
    (tags, interface_tags): &(Tags, Tags),
    now: Time,
) -> Result<Vec<String>, Fault> {
    let reservation = ids.ec2("r");
    let mut made = Vec::new();
    for index in 0..launch.count {
        let id = ids.ec2("i");
        let instance = instance(&launch, what, &id, &reservation, index, now);
        ec2.instances.insert(id.clone(), instance);
        ec2.tags.add(&id, tags.clone());
        for nic in &launch.nics {
            let interface = match &nic.from {
                From::Existing(id) => id.clone(),
                From::New { subnet, groups, wanted } => {
                    let chosen = wanted.choose(subnets::find(ec2, subnet)?, ids)?;
                    let (subnet, description) = (subnet.clone(), nic.description.clone());
                    let new = New {
                        subnet,
                        description,
                        kind: Kind::Interface,
                        groups: groups.clone(),
                        chosen,
                        requester: None,
                    };
                    let id = interfaces::add(ec2, ids, new);
                    ec2.tags.add(&id, interface_tags.clone());
                    id
                }
            };
            let attachment = ids.ec2("eni-attach");
            let attachment = Attachment::to_instance(attachment, ec2, &id, nic.device, now, nic.delete);
            attachments::connect(ec2, &interface, attachment);
        }
        give_address(ec2, &id, ids);
        made.push(id);
    }
    Ok(made)
}

fn instance(launch: &Launch, what: &What, id: &str, reservation: &str, index: i64, now: Time) -> Instance {
    let dns = what.dns.clone().unwrap_or_default();
    let subnet = &launch.subnet;
    let asked = what.credits.as_ref().map(|credits| credits.credits.clone());
    // Types since t3 have no limit unless told so.
    let usual = if launch.kind.name.starts_with("t2.") { "standard" } else { "unlimited" };
    Instance {
        id: id.to_owned(),
        reservation: reservation.to_owned(),
        launch_index: index,
        image: launch.image.clone(),
        instance_type: launch.kind.name.to_owned(),
        key: what.key.clone(),
        launched: now,
        state: State::Pending,
        reason: Some(("pending", "pending")),
        transition: String::new(),
        vpc: subnet.vpc.clone(),
        subnet: subnet.id.clone(),
        zone: subnet.zone.clone(),
        interfaces: Vec::new(),
        public_address: launch.public,
        user_data: launch.user_data.clone(),
        token: what.token.clone(),
        monitored: what.monitoring.as_ref().is_some_and(|monitoring| monitoring.enabled),
        tenancy: launch.tenancy.clone(),
        ebs_optimized: what.ebs_optimized,
        shutdown: what.shutdown.clone().unwrap_or_else(|| "stop".to_owned()),
        keeps_running: what.keeps_running,
        keeps_existing: what.keeps_existing,
        metadata: MetadataOptions::new(what.metadata.clone()),
        credits: launch.kind.burstable.then(|| asked.unwrap_or_else(|| usual.to_owned())),
        profile: launch.profile.clone(),
        hostname_type: dns.kind.unwrap_or_else(|| subnet.hostname_type.clone()),
        dns_a_record: dns.a_record.unwrap_or(subnet.dns_a_record),
        dns_aaaa_record: dns.aaaa_record.unwrap_or(subnet.dns_aaaa_record),
    }
}
