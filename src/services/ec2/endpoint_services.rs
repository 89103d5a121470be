//! Services that endpoints lead to: those that trailcam has.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::hex::hex;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::Tagged;
use super::zones::zones;
use super::{faults, kinds};

/// The operations on endpoint services.
pub const OPS: &[Op] = &[op!(Read "DescribeVpcEndpointServices" describe)];

/// The hosted zone of endpoints' names. AWS has one for each Region and service.
pub const HOSTED_ZONE: &str = "Z7HUB22UULQXV";

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::ENDPOINT,
    paths: &[
        ("owner", "Owner"),
        ("service-name", "ServiceName"),
        ("service-region", "ServiceRegion"),
        ("service-type", "ServiceType.ServiceType"),
        ("supported-ip-address-types", "SupportedIpAddressTypes"),
    ],
};

/// A service of AWS that can be reached through endpoints.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// `logs`: what its endpoints' names have.
    pub label: &'static str,
    pub has_gateway: bool,
    pub has_interface: bool,
}

const fn by_interface(label: &'static str) -> Service {
    Service { label, has_gateway: false, has_interface: true }
}

/// The services (<https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>).
pub const SERVICES: [Service; 12] = [
    by_interface("cloudtrail"),
    Service { label: "dynamodb", has_gateway: true, has_interface: false },
    by_interface("ec2"),
    by_interface("events"),
    by_interface("kinesis-firehose"),
    by_interface("kms"),
    by_interface("logs"),
    by_interface("monitoring"),
    Service { label: "s3", has_gateway: true, has_interface: true },
    by_interface("sns"),
    by_interface("sqs"),
    by_interface("sts"),
];

record! {
    struct Describe { names: Vec<String> = "ServiceNames", regions: Vec<String> = "ServiceRegions" }
    struct Services { names: Vec<String> = "ServiceNames", details: Vec<Shown<View>> = "ServiceDetails" }
    struct View {
        name: String = "ServiceName",
        id: String = "ServiceId",
        kinds: Vec<KindView> = "ServiceType",
        region: String = "ServiceRegion",
        zones: Vec<String> = "AvailabilityZones",
        owner: String = "Owner",
        hosts: Vec<String> = "BaseEndpointDnsNames",
        private: Option<String> = "PrivateDnsName",
        privates: Vec<PrivateName> = "PrivateDnsNames",
        policies: bool = "VpcEndpointPolicySupported",
        acceptance: bool = "AcceptanceRequired",
        managed: bool = "ManagesVpcEndpoints",
        tags: Vec<String> = "Tags",
        verified: Option<String> = "PrivateDnsNameVerificationState",
        ip_types: Vec<String> = "SupportedIpAddressTypes",
    }
    struct KindView { kind: String = "ServiceType" }
    struct PrivateName { name: String = "PrivateDnsName" }
}

/// The service of a name: `com.amazonaws.us-east-1.logs`.
pub fn find(region: &str, name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name(region) == name)
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Services, PageEnd), Fault> {
    let region = cx.region.to_string();
    if input.regions.iter().any(|other| *other != region) {
        return Err(faults::unsupported("endpoints to services of other Regions"));
    }
    if let Some(unknown) = input.names.iter().find(|name| find(&region, name).is_none()) {
        return Err(faults::unknown_service(unknown));
    }
    let zones: Vec<_> = zones(cx.world.ids.seed(), &cx.account, cx.region).into_iter().map(|zone| zone.name).collect();
    let named = |service: &&Service| input.names.is_empty() || input.names.contains(&service.name(&region));
    let mut ways = BTreeMap::new();
    for service in SERVICES.iter().filter(named) {
        let name = service.name(&region);
        if service.has_gateway {
            ways.insert(format!("{name}/Gateway"), (service, true));
        }
        if service.has_interface {
            ways.insert(format!("{name}/Interface"), (service, false));
        }
    }
    let wanted = Wanted { ids: &[], filters: &filters, page: &page };
    let view = |(service, gateway): &(&Service, bool)| service.view(&region, &zones, *gateway);
    let (details, end) = LISTING.list(&Tagged::default(), &ways, wanted, view)?;
    let mut names: Vec<_> = details.iter().filter_map(|view| view.text("ServiceName")).map(str::to_owned).collect();
    names.dedup();
    Ok((Services { names, details }, end))
}

impl Service {
    /// `com.amazonaws.us-east-1.logs`
    pub fn name(&self, region: &str) -> String {
        format!("com.amazonaws.{region}.{}", self.label)
    }

    /// Whether it is the service whose hosts begin with a label (`firehose`).
    pub fn leads_to(&self, endpoint_prefix: &str) -> bool {
        self.host_label() == endpoint_prefix
    }

    fn host_label(&self) -> &'static str {
        if self.label == "kinesis-firehose" { "firehose" } else { self.label }
    }

    /// `logs.us-east-1.amazonaws.com`
    pub fn host(&self, region: &str) -> String {
        format!("{}.{region}.amazonaws.com", self.host_label())
    }

    fn view(&self, region: &str, zones: &[String], gateway: bool) -> View {
        let name = self.name(region);
        let host = self.host(region);
        let kind = if gateway { "Gateway" } else { "Interface" };
        let digest = Sha256::digest(format!("{name}/{kind}"));
        let private = (!gateway).then(|| host.clone());
        let vpce = format!("{}.{region}.vpce.amazonaws.com", self.label);
        View {
            id: format!("vpce-svc-0{}", hex(&digest[..8])),
            kinds: vec![KindView { kind: kind.to_owned() }],
            region: region.to_owned(),
            zones: zones.to_vec(),
            owner: "amazon".to_owned(),
            hosts: vec![if gateway { host } else { vpce }],
            privates: private.iter().map(|name| PrivateName { name: name.clone() }).collect(),
            verified: private.as_ref().map(|_| "verified".to_owned()),
            private,
            policies: true,
            acceptance: false,
            managed: false,
            tags: Vec::new(),
            ip_types: vec!["ipv4".to_owned()],
            name,
        }
    }
}
