//! A few instance types (<https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html>).

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::Tagged;
use super::{faults, kinds};

/// The operations on instance types.
pub const OPS: &[Op] = &[op!(Read "DescribeInstanceTypes" describe)];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::INSTANCE,
    paths: &[
        ("auto-recovery-supported", "AutoRecoverySupported"),
        ("bare-metal", "BareMetal"),
        ("burstable-performance-supported", "BurstablePerformanceSupported"),
        ("current-generation", "CurrentGeneration"),
        ("free-tier-eligible", "FreeTierEligible"),
        ("hypervisor", "Hypervisor"),
        ("instance-storage-supported", "InstanceStorageSupported"),
        ("instance-type", "InstanceType"),
        ("memory-info.size-in-mib", "MemoryInfo.SizeInMiB"),
        ("network-info.ena-support", "NetworkInfo.EnaSupport"),
        ("network-info.ipv4-addresses-per-interface", "NetworkInfo.Ipv4AddressesPerInterface"),
        ("network-info.ipv6-addresses-per-interface", "NetworkInfo.Ipv6AddressesPerInterface"),
        ("network-info.ipv6-supported", "NetworkInfo.Ipv6Supported"),
        ("network-info.maximum-network-interfaces", "NetworkInfo.MaximumNetworkInterfaces"),
        ("network-info.network-performance", "NetworkInfo.NetworkPerformance"),
        ("processor-info.supported-architecture", "ProcessorInfo.SupportedArchitectures"),
        ("supported-root-device-type", "SupportedRootDeviceTypes"),
        ("supported-usage-class", "SupportedUsageClasses"),
        ("supported-virtualization-type", "SupportedVirtualizationTypes"),
        ("vcpu-info.default-cores", "VCpuInfo.DefaultCores"),
        ("vcpu-info.default-threads-per-core", "VCpuInfo.DefaultThreadsPerCore"),
        ("vcpu-info.default-vcpus", "VCpuInfo.DefaultVCpus"),
    ],
};

/// An instance type.
#[derive(Clone, Copy, Debug)]
pub struct InstanceType {
    pub name: &'static str,
    /// `x86_64` or `arm64`.
    pub architecture: &'static str,
    pub cores: i64,
    pub threads_per_core: i64,
    pub memory_mib: i64,
    /// Interfaces, and addresses of each.
    pub interfaces: usize,
    pub addresses: usize,
    pub network: &'static str,
    /// Runs on credits.
    pub burstable: bool,
    pub is_free: bool,
}

const X86: &str = "x86_64";
const ARM: &str = "arm64";

const fn small(
    name: &'static str,
    architecture: &'static str,
    cores: i64,
    memory_mib: i64,
    nics: (usize, usize),
) -> InstanceType {
    InstanceType {
        name,
        architecture,
        cores,
        threads_per_core: 2 / cores,
        memory_mib,
        interfaces: nics.0,
        addresses: nics.1,
        network: "Up to 5 Gigabit",
        burstable: true,
        is_free: false,
    }
}

const fn large(
    name: &'static str,
    architecture: &'static str,
    cores: i64,
    memory_mib: i64,
    network: &'static str,
) -> InstanceType {
    InstanceType {
        name,
        architecture,
        cores,
        threads_per_core: 2 / cores,
        memory_mib,
        interfaces: 3,
        addresses: 10,
        network,
        burstable: false,
        is_free: false,
    }
}

/// Cores and threads come to two virtual CPUs, but for the single one of `t2.micro`.
pub const TYPES: [InstanceType; 14] = [
    large("c5.large", X86, 1, 4096, "Up to 10 Gigabit"),
    large("c7g.large", ARM, 2, 4096, "Up to 12.5 Gigabit"),
    large("m5.large", X86, 1, 8192, "Up to 10 Gigabit"),
    large("m6i.large", X86, 1, 8192, "Up to 12.5 Gigabit"),
    large("m7g.large", ARM, 2, 8192, "Up to 12.5 Gigabit"),
    large("r5.large", X86, 1, 16384, "Up to 10 Gigabit"),
    InstanceType { threads_per_core: 1, network: "Low to Moderate", ..small("t2.micro", X86, 1, 1024, (2, 2)) },
    small("t3.large", X86, 1, 8192, (3, 12)),
    small("t3.medium", X86, 1, 4096, (3, 6)),
    InstanceType { is_free: true, ..small("t3.micro", X86, 1, 1024, (2, 2)) },
    small("t3.nano", X86, 1, 512, (2, 2)),
    InstanceType { is_free: true, ..small("t3.small", X86, 1, 2048, (3, 4)) },
    InstanceType { is_free: true, ..small("t4g.micro", ARM, 2, 1024, (2, 2)) },
    InstanceType { is_free: true, ..small("t4g.small", ARM, 2, 2048, (3, 4)) },
];

record! {
    struct Describe { names: Vec<String> = "InstanceTypes" }
    struct Types { types: Vec<Shown<View>> = "InstanceTypes" }
    struct View {
        name: String = "InstanceType",
        current: bool = "CurrentGeneration",
        free: bool = "FreeTierEligible",
        usage: Vec<String> = "SupportedUsageClasses",
        root: Vec<String> = "SupportedRootDeviceTypes",
        virtualization: Vec<String> = "SupportedVirtualizationTypes",
        bare_metal: bool = "BareMetal",
        hypervisor: String = "Hypervisor",
        processor: Processor = "ProcessorInfo",
        cpus: Cpus = "VCpuInfo",
        memory: Memory = "MemoryInfo",
        storage: bool = "InstanceStorageSupported",
        network: Network = "NetworkInfo",
        burstable: bool = "BurstablePerformanceSupported",
        recovery: bool = "AutoRecoverySupported",
    }
    struct Processor { architectures: Vec<String> = "SupportedArchitectures" }
    struct Cpus { cpus: i64 = "DefaultVCpus", cores: i64 = "DefaultCores", threads: i64 = "DefaultThreadsPerCore" }
    struct Memory { size: i64 = "SizeInMiB" }
    struct Network {
        performance: String = "NetworkPerformance",
        interfaces: i64 = "MaximumNetworkInterfaces",
        cards: i64 = "MaximumNetworkCards",
        ipv4: i64 = "Ipv4AddressesPerInterface",
        ipv6: i64 = "Ipv6AddressesPerInterface",
        has_ipv6: bool = "Ipv6Supported",
        ena: String = "EnaSupport",
    }
}

/// The type of a name.
pub fn find(name: &str) -> Option<&'static InstanceType> {
    TYPES.iter().find(|kind| kind.name == name)
}

fn describe(
    _: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Types, PageEnd), Fault> {
    let unknown: Vec<_> = input.names.iter().filter(|name| find(name).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(faults::unknown_instance_types(&unknown));
    }
    let all: BTreeMap<String, &InstanceType> = TYPES.iter().map(|kind| (kind.name.to_owned(), kind)).collect();
    let wanted = Wanted { ids: &input.names, filters: &filters, page: &page };
    let (types, end) = LISTING.list(&Tagged::default(), &all, wanted, |kind| kind.view())?;
    Ok((Types { types }, end))
}

impl InstanceType {
    /// Made for the hypervisor before Nitro.
    fn is_old(&self) -> bool {
        self.name.starts_with("t2.")
    }

    fn view(&self) -> View {
        let architecture = self.architecture.to_owned();
        // The last of the 32-bit generation.
        let architectures = if self.is_old() { vec!["i386".to_owned(), architecture] } else { vec![architecture] };
        View {
            name: self.name.to_owned(),
            current: true,
            free: self.is_free,
            usage: vec!["on-demand".to_owned(), "spot".to_owned()],
            root: vec!["ebs".to_owned()],
            virtualization: vec!["hvm".to_owned()],
            bare_metal: false,
            hypervisor: if self.is_old() { "xen" } else { "nitro" }.to_owned(),
            processor: Processor { architectures },
            cpus: Cpus { cpus: self.cores * self.threads_per_core, cores: self.cores, threads: self.threads_per_core },
            memory: Memory { size: self.memory_mib },
            storage: false,
            network: Network {
                performance: self.network.to_owned(),
                interfaces: self.interfaces as i64,
                cards: 1,
                ipv4: self.addresses as i64,
                ipv6: self.addresses as i64,
                has_ipv6: true,
                ena: if self.is_old() { "unsupported" } else { "required" }.to_owned(),
            },
            burstable: self.burstable,
            recovery: true,
        }
    }
}
