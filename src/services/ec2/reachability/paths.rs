//! Paths: what is asked.

use std::net::IpAddr;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::super::tags::{Tag, Tagging};
use super::super::{Store, dry_run, faults, kinds, once, store};

/// The operations on paths.
pub const OPS: &[Op] = &[
    op!(Write "CreateNetworkInsightsPath" create),
    op!(Write "DeleteNetworkInsightsPath" delete),
    op!(Read "DescribeNetworkInsightsPaths" describe),
];

const LISTING: Listing = Listing {
    kind: &kinds::INSIGHTS_PATH,
    paths: &[
        ("destination", "Destination"),
        ("filter-at-destination.destination-address", "FilterAtDestination.DestinationAddress"),
        ("filter-at-destination.destination-port-range.from-port", "FilterAtDestination.DestinationPortRange.FromPort"),
        ("filter-at-destination.destination-port-range.to-port", "FilterAtDestination.DestinationPortRange.ToPort"),
        ("filter-at-destination.source-address", "FilterAtDestination.SourceAddress"),
        ("filter-at-source.destination-address", "FilterAtSource.DestinationAddress"),
        ("filter-at-source.destination-port-range.from-port", "FilterAtSource.DestinationPortRange.FromPort"),
        ("filter-at-source.destination-port-range.to-port", "FilterAtSource.DestinationPortRange.ToPort"),
        ("filter-at-source.source-address", "FilterAtSource.SourceAddress"),
        ("protocol", "Protocol"),
        ("source", "Source"),
    ],
};

/// A path.
#[derive(Clone, Debug)]
pub struct Path {
    pub id: String,
    /// An id: of an instance, interface, gateway, …
    pub source: String,
    pub destination: Option<String>,
    pub source_address: Option<IpAddr>,
    pub destination_address: Option<IpAddr>,
    /// `tcp` or `udp`
    pub protocol: String,
    pub destination_port: Option<u16>,
    pub at_source: Option<Filter>,
    pub at_destination: Option<Filter>,
    pub created: Time,
}

record! {
    struct Create {
        source: String = "Source",
        destination: Option<String> = "Destination",
        source_address: Option<String> = "SourceIp",
        destination_address: Option<String> = "DestinationIp",
        protocol: String = "Protocol",
        port: Option<i64> = "DestinationPort",
        at_source: Option<Filter> = "FilterAtSource",
        at_destination: Option<Filter> = "FilterAtDestination",
    }
    struct Created { path: View = "NetworkInsightsPath" }

    /// What packets must look like at one end.
    pub struct Filter {
        source: Option<String> = "SourceAddress",
        source_ports: Option<PortRange> = "SourcePortRange",
        destination: Option<String> = "DestinationAddress",
        destination_ports: Option<PortRange> = "DestinationPortRange",
    }
    pub struct PortRange { from: i64 = "FromPort", to: i64 = "ToPort" }

    struct One { id: String = "NetworkInsightsPathId" }
    struct Describe { ids: Vec<String> = "NetworkInsightsPathIds" }
    struct Paths { paths: Vec<Shown<View>> = "NetworkInsightsPaths" }
    struct View {
        id: String = "NetworkInsightsPathId",
        arn: String = "NetworkInsightsPathArn",
        created: Option<Time> = "CreatedDate",
        source: String = "Source",
        destination: Option<String> = "Destination",
        source_arn: String = "SourceArn",
        destination_arn: Option<String> = "DestinationArn",
        source_address: Option<String> = "SourceIp",
        destination_address: Option<String> = "DestinationIp",
        protocol: String = "Protocol",
        port: Option<i64> = "DestinationPort",
        tags: Vec<Tag> = "Tags",
        at_source: Option<Filter> = "FilterAtSource",
        at_destination: Option<Filter> = "FilterAtDestination",
    }
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let tags = tagging.only(&kinds::INSIGHTS_PATH)?;
    if input.destination.is_none() && input.destination_address.is_none() {
        let at_source = input.at_source.as_ref().and_then(|filter| filter.destination.as_ref());
        if at_source.is_none() {
            return Err(faults::missing_parameter("Destination"));
        }
    }
    let mut path = input.path()?;
    let ec2 = store(cx);
    end(ec2, &path.source, "Source")?;
    if let Some(destination) = &path.destination {
        end(ec2, destination, "Destination")?;
    }
    dry_run(cx)?;
    once(cx, |cx| {
        path.id = cx.world.ids.ec2("nip");
        path.created = cx.world.now;
        let ec2 = store(cx);
        ec2.tags.add(&path.id, tags);
        let view = path.view(ec2);
        ec2.insights_paths.insert(path.id.clone(), path);
        Ok(Created { path: view })
    })
}

impl Create {
    fn path(&self) -> Result<Path, Fault> {
        let address = |text: &Option<String>, name: &str| {
            let parsed = text.as_ref().map(|text| {
                let wrong = faults::invalid_parameter(text, name, "It must be an IP address.");
                text.parse::<IpAddr>().map_err(|_| wrong)
            });
            parsed.transpose()
        };
        let port = self.port.map(|port| {
            let wrong = faults::invalid_parameter(port, "DestinationPort", "It must be a port.");
            u16::try_from(port).map_err(|_| wrong)
        });
        Ok(Path {
            id: String::new(),
            source: id_of(&self.source).to_owned(),
            destination: self.destination.as_deref().map(|id| id_of(id).to_owned()),
            source_address: address(&self.source_address, "SourceIp")?,
            destination_address: address(&self.destination_address, "DestinationIp")?,
            protocol: self.protocol.clone(),
            destination_port: port.transpose()?,
            at_source: self.at_source.clone(),
            at_destination: self.at_destination.clone(),
            created: Time::UNIX_EPOCH,
        })
    }
}

/// The id in an ARN, or the id that it is already.
fn id_of(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// Checks that one end of a path is something that is there.
fn end(ec2: &Store, id: &str, parameter: &str) -> Result<(), Fault> {
    let (kind, is_there) = match id.split_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => (&kinds::INSTANCE, ec2.instances.contains_key(id)),
        "eni" => (&kinds::INTERFACE, ec2.interfaces.contains_key(id)),
        "igw" => (&kinds::INTERNET_GATEWAY, ec2.internet_gateways.contains_key(id)),
        "vpce" => (&kinds::ENDPOINT, ec2.endpoints.contains_key(id)),
        "tgw" | "vgw" | "pcx" => return Err(faults::unsupported(&format!("paths that begin or end at {id}"))),
        _ => return Err(faults::invalid_parameter(id, parameter, "It is not a resource that can be analyzed.")),
    };
    if is_there { Ok(()) } else { Err(kind.missing(id)) }
}

fn delete(cx: &mut Cx, input: One) -> Result<One, Fault> {
    let ec2 = store(cx);
    if !ec2.insights_paths.contains_key(&input.id) {
        return Err(kinds::INSIGHTS_PATH.missing(&input.id));
    }
    if ec2.insights_analyses.values().any(|analysis| analysis.path == input.id) {
        return Err(faults::path_has_analyses(&input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.insights_paths.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(input)
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Paths, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (paths, end) = LISTING.list(&ec2.tags, &ec2.insights_paths, wanted, |path| path.view(ec2))?;
    Ok((Paths { paths }, end))
}

/// The ARN of an end.
fn arn(ec2: &Store, id: &str) -> String {
    kinds::of(id).map_or_else(|| id.to_owned(), |kind| ec2.arn(kind.tag_type, id))
}

impl Path {
    fn view(&self, ec2: &Store) -> View {
        View {
            id: self.id.clone(),
            arn: ec2.arn("network-insights-path", &self.id),
            created: Some(self.created),
            source: self.source.clone(),
            destination: self.destination.clone(),
            source_arn: arn(ec2, &self.source),
            destination_arn: self.destination.as_deref().map(|id| arn(ec2, id)),
            source_address: self.source_address.map(|address| address.to_string()),
            destination_address: self.destination_address.map(|address| address.to_string()),
            protocol: self.protocol.clone(),
            port: self.destination_port.map(i64::from),
            tags: ec2.tags.shown(&self.id),
            at_source: self.at_source.clone(),
            at_destination: self.at_destination.clone(),
        }
    }
}

impl Filter {
    pub fn source(&self) -> Option<IpAddr> {
        self.source.as_ref()?.parse().ok()
    }

    pub fn destination(&self) -> Option<IpAddr> {
        self.destination.as_ref()?.parse().ok()
    }

    pub fn source_ports(&self) -> Option<(u16, u16)> {
        self.source_ports.as_ref().and_then(PortRange::ports)
    }

    pub fn destination_ports(&self) -> Option<(u16, u16)> {
        self.destination_ports.as_ref().and_then(PortRange::ports)
    }
}

impl PortRange {
    fn ports(&self) -> Option<(u16, u16)> {
        Some((u16::try_from(self.from).ok()?, u16::try_from(self.to).ok()?))
    }
}
