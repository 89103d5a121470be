//! How instances are shown.

use std::net::Ipv4Addr;

use crate::record;
use crate::world::time::Time;

use super::Store;
use super::filters::Shown;
use super::instance_attributes::MetadataView;
use super::instances::Instance;
use super::interfaces::{GroupView, Interface, Ipv6View, private_name, public_name};
use super::tags::Tag;

record! {
    /// Instances that were launched together.
    pub struct Reservation {
        id: String = "ReservationId",
        owner: String = "OwnerId",
        groups: Vec<GroupView> = "Groups",
        instances: Vec<Shown<InstanceView>> = "Instances",
    }
    pub struct InstanceView {
        architecture: String = "Architecture",
        devices: Vec<String> = "BlockDeviceMappings",
        token: Option<String> = "ClientToken",
        ebs_optimized: bool = "EbsOptimized",
        ena: bool = "EnaSupport",
        hypervisor: String = "Hypervisor",
        profile: Option<Profile> = "IamInstanceProfile",
        interfaces: Vec<InterfaceView> = "NetworkInterfaces",
        root: String = "RootDeviceName",
        root_type: String = "RootDeviceType",
        groups: Vec<GroupView> = "SecurityGroups",
        source_dest_check: Option<bool> = "SourceDestCheck",
        reason: Option<StateReason> = "StateReason",
        tags: Vec<Tag> = "Tags",
        virtualization: String = "VirtualizationType",
        cpu: Option<Cpu> = "CpuOptions",
        capacity: Capacity = "CapacityReservationSpecification",
        hibernation: Hibernation = "HibernationOptions",
        metadata: MetadataView = "MetadataOptions",
        enclave: Enclave = "EnclaveOptions",
        platform_details: Option<String> = "PlatformDetails",
        usage: Option<String> = "UsageOperation",
        usage_since: Option<Time> = "UsageOperationUpdateTime",
        dns: DnsOptions = "PrivateDnsNameOptions",
        ipv6: Option<String> = "Ipv6Address",
        maintenance: Maintenance = "MaintenanceOptions",
        boot_mode: String = "CurrentInstanceBootMode",
        id: String = "InstanceId",
        image: String = "ImageId",
        state: StateView = "State",
        private_name: String = "PrivateDnsName",
        public_name: Option<String> = "PublicDnsName",
        transition: Option<String> = "StateTransitionReason",
        key: Option<String> = "KeyName",
        launch_index: i64 = "AmiLaunchIndex",
        products: Vec<String> = "ProductCodes",
        instance_type: String = "InstanceType",
        launched: Time = "LaunchTime",
        placement: Placement = "Placement",
        platform: Option<String> = "Platform",
        monitoring: Monitoring = "Monitoring",
        subnet: Option<String> = "SubnetId",
        vpc: Option<String> = "VpcId",
        private: Option<String> = "PrivateIpAddress",
        public: Option<String> = "PublicIpAddress",
    }
    pub struct StateView { code: i64 = "Code", name: String = "Name" }
    pub struct StateReason { code: String = "Code", message: String = "Message" }
    pub struct Profile { arn: String = "Arn", id: String = "Id" }
    pub struct Cpu { cores: i64 = "CoreCount", threads: i64 = "ThreadsPerCore" }
    pub struct Capacity { preference: String = "CapacityReservationPreference" }
    pub struct Hibernation { configured: bool = "Configured" }
    pub struct Enclave { enabled: bool = "Enabled" }
    pub struct DnsOptions {
        kind: String = "HostnameType",
        a_record: bool = "EnableResourceNameDnsARecord",
        aaaa_record: bool = "EnableResourceNameDnsAAAARecord",
    }
    pub struct Maintenance { recovery: String = "AutoRecovery" }
    pub struct Placement {
        zone_id: Option<String> = "AvailabilityZoneId",
        tenancy: String = "Tenancy",
        group: Option<String> = "GroupName",
        zone: String = "AvailabilityZone",
    }
    pub struct Monitoring { state: String = "State" }
    pub struct InterfaceView {
        association: Option<Association> = "Association",
        attachment: Attachment = "Attachment",
        description: Option<String> = "Description",
        groups: Vec<GroupView> = "Groups",
        ipv6: Vec<Ipv6View> = "Ipv6Addresses",
        mac: String = "MacAddress",
        id: String = "NetworkInterfaceId",
        owner: String = "OwnerId",
        name: Option<String> = "PrivateDnsName",
        address: Option<String> = "PrivateIpAddress",
        addresses: Vec<AddressView> = "PrivateIpAddresses",
        source_dest_check: bool = "SourceDestCheck",
        status: String = "Status",
        subnet: String = "SubnetId",
        vpc: String = "VpcId",
        kind: String = "InterfaceType",
    }
    pub struct Association { owner: String = "IpOwnerId", name: String = "PublicDnsName", address: String = "PublicIp" }
    pub struct Attachment {
        since: Time = "AttachTime",
        id: String = "AttachmentId",
        delete_on_termination: bool = "DeleteOnTermination",
        device: i64 = "DeviceIndex",
        status: String = "Status",
        card: i64 = "NetworkCardIndex",
    }
    pub struct AddressView {
        association: Option<Association> = "Association",
        primary: bool = "Primary",
        name: Option<String> = "PrivateDnsName",
        address: String = "PrivateIpAddress",
    }
}

impl Instance {
    pub(super) fn state_view(&self) -> StateView {
        StateView { code: self.state.code(), name: self.state.name().to_owned() }
    }

    /// As `DescribeInstances` shows it.
    pub(super) fn view(&self, ec2: &Store) -> InstanceView {
        let interfaces: Vec<_> = self.interfaces.iter().filter_map(|id| ec2.interfaces.get(id)).collect();
        let primary = interfaces.first().copied();
        let named = ec2.vpcs.get(&self.vpc).is_some_and(|vpc| vpc.dns_hostnames);
        let private = primary.and_then(Interface::primary);
        let public = primary.and_then(Interface::public).map(|public| public.address);
        let image = self.source(ec2);
        let (details, usage) = image.map(|image| image.platform()).unzip();
        let text = |text: &'static str| text.to_owned();
        InstanceView {
            architecture: image.map(|image| image.architecture).unwrap_or_default().to_owned(),
            devices: Vec::new(),
            token: Some(self.token.clone().unwrap_or_default()),
            ebs_optimized: self.ebs_optimized,
            ena: true,
            hypervisor: "xen".to_owned(),
            profile: self.profile.clone().map(|(arn, id)| Profile { arn, id }),
            interfaces: interfaces.iter().map(|interface| interface.instance_view(ec2, named)).collect(),
            root: image.map(|image| image.root).unwrap_or_default().to_owned(),
            root_type: "ebs".to_owned(),
            groups: primary.map(|interface| interface.group_views(ec2)).unwrap_or_default(),
            source_dest_check: primary.map(|interface| interface.source_dest_check),
            reason: self.reason.map(|(code, message)| StateReason { code: text(code), message: text(message) }),
            tags: ec2.tags.shown(&self.id),
            virtualization: "hvm".to_owned(),
            cpu: self.kind().map(|kind| Cpu { cores: kind.cores, threads: kind.threads_per_core }),
            capacity: Capacity { preference: "open".to_owned() },
            hibernation: Hibernation::default(),
            metadata: self.metadata.view(self.is_on() && self.state.code() == 0),
            enclave: Enclave::default(),
            platform_details: details.map(text),
            usage: usage.map(text),
            usage_since: Some(self.launched),
            dns: DnsOptions {
                kind: self.hostname_type.clone(),
                a_record: self.dns_a_record,
                aaaa_record: self.dns_aaaa_record,
            },
            ipv6: primary.and_then(|interface| interface.ipv6.first()).map(|address| address.to_string()),
            maintenance: Maintenance { recovery: "default".to_owned() },
            boot_mode: "legacy-bios".to_owned(),
            id: self.id.clone(),
            image: self.image.clone(),
            state: self.state_view(),
            private_name: private.map(|address| self.private_name(address, &ec2.region)).unwrap_or_default(),
            public_name: Some(match (named, public) {
                (true, Some(address)) => public_name(address, &ec2.region),
                _ => String::new(),
            }),
            transition: Some(self.transition.clone()),
            key: self.key.clone(),
            launch_index: self.launch_index,
            products: Vec::new(),
            instance_type: self.instance_type.clone(),
            launched: self.launched,
            placement: Placement {
                zone_id: Some(self.zone.id.clone()),
                tenancy: self.tenancy.clone(),
                group: Some(String::new()),
                zone: self.zone.name.clone(),
            },
            platform: image.filter(|image| image.is_windows()).map(|_| "windows".to_owned()),
            monitoring: Monitoring { state: if self.monitored { "enabled" } else { "disabled" }.to_owned() },
            subnet: primary.map(|_| self.subnet.clone()),
            vpc: primary.map(|_| self.vpc.clone()),
            private: private.map(|address| address.to_string()),
            public: public.map(|address| address.to_string()),
        }
    }

    /// By address, or by the instance's id where its subnet says so.
    fn private_name(&self, address: Ipv4Addr, region: &str) -> String {
        match self.hostname_type.as_str() {
            "resource-name" => {
                let by_address = private_name(address, region);
                let domain = by_address.split_once('.').map_or("", |(_, domain)| domain);
                format!("{}.{domain}", self.id)
            }
            _ => private_name(address, region),
        }
    }
}

impl Interface {
    fn instance_view(&self, ec2: &Store, named: bool) -> InterfaceView {
        let association = |own: &super::interfaces::PrivateAddress| {
            own.public.as_ref().map(|public| public.view(ec2, named)).map(|view| Association {
                owner: view.owner,
                name: view.name,
                address: view.address,
            })
        };
        let name = |address| named.then(|| private_name(address, &ec2.region));
        let address = |(at, own): (usize, &super::interfaces::PrivateAddress)| AddressView {
            association: association(own),
            primary: at == 0,
            name: name(own.address),
            address: own.address.to_string(),
        };
        let attachment = self.attachment.as_ref().map(|own| Attachment {
            since: own.since,
            id: own.id.clone(),
            delete_on_termination: own.delete_on_termination,
            device: own.device,
            status: "attached".to_owned(),
            card: 0,
        });
        InterfaceView {
            association: self.addresses.first().and_then(association),
            attachment: attachment.unwrap_or_default(),
            description: Some(self.description.clone()),
            groups: self.group_views(ec2),
            ipv6: self.ipv6.iter().map(|address| Ipv6View { address: address.to_string() }).collect(),
            mac: self.mac.clone(),
            id: self.id.clone(),
            owner: ec2.owner.clone(),
            name: self.primary().and_then(name),
            address: self.primary().map(|address| address.to_string()),
            addresses: self.addresses.iter().enumerate().map(address).collect(),
            source_dest_check: self.source_dest_check,
            status: "in-use".to_owned(),
            subnet: self.subnet.clone(),
            vpc: self.vpc.clone(),
            kind: "interface".to_owned(),
        }
    }
}
