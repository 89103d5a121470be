//! Paths: what is asked.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::super::filters::{self, Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::super::kinds::{self, Kind};
use super::super::tags::{Tag, Tagging};
use super::super::{Store, dry_run, faults, once, store};

/// The operations on paths.
pub const OPS: &[Op] = &[
    op!(Write "CreateNetworkInsightsPath" create),
    op!(Write "DeleteNetworkInsightsPath" delete),
    op!(Read "DescribeNetworkInsightsPaths" describe),
];

/// Paths of an account in a Region
/// (<https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-limits.html>).
const PATHS_MAX: usize = 1000;

pub const LISTING: Listing = Listing {
    kind: &kinds::INSIGHTS_PATH,
    paths: &[
        ("destination", "Destination"),
        ("filter-at-destination.destination-address", "FilterAtDestination.DestinationAddress"),
        ("filter-at-destination.destination-port-range", ""),
        ("filter-at-destination.source-address", "FilterAtDestination.SourceAddress"),
        ("filter-at-destination.source-port-range", ""),
        ("filter-at-source.destination-address", "FilterAtSource.DestinationAddress"),
        ("filter-at-source.destination-port-range", ""),
        ("filter-at-source.source-address", "FilterAtSource.SourceAddress"),
        ("filter-at-source.source-port-range", ""),
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
    source_address: Option<Ipv4Addr>,
    destination_address: Option<Ipv4Addr>,
    /// `tcp` or `udp`
    pub protocol: String,
    destination_port: Option<u16>,
    at_source: Option<Filter>,
    at_destination: Option<Filter>,
    created: Time,
}

/// What packets must look like at one end of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    pub source: Option<Ipv4Addr>,
    /// The first and the last.
    pub source_ports: Option<(u16, u16)>,
    pub destination: Option<Ipv4Addr>,
    pub destination_ports: Option<(u16, u16)>,
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
    struct Filter {
        source: Option<String> = "SourceAddress",
        source_ports: Option<PortRange> = "SourcePortRange",
        destination: Option<String> = "DestinationAddress",
        destination_ports: Option<PortRange> = "DestinationPortRange",
    }
    struct PortRange { from: Option<i64> = "FromPort", to: Option<i64> = "ToPort" }

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
    let mut path = input.path()?;
    let ec2 = store(cx);
    path.source = end(ec2, &input.source, "Source")?;
    path.destination = input.destination.as_deref().map(|id| end(ec2, id, "Destination")).transpose()?;
    dry_run(cx)?;
    once(cx, |cx| {
        if store(cx).insights_paths.len() >= PATHS_MAX {
            return Err(faults::limit_exceeded("NetworkInsightsPath.LimitExceeded", "paths"));
        }
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
    /// The path, but for its id and its ends.
    fn path(&self) -> Result<Path, Fault> {
        self.check_combination()?;
        let protocol = self.protocol.to_ascii_lowercase();
        if protocol != "tcp" && protocol != "udp" {
            return Err(faults::invalid_parameter(&self.protocol, "Protocol", "Valid values are tcp and udp."));
        }
        for filter in [&self.at_source, &self.at_destination].into_iter().flatten() {
            filter.check()?;
        }
        Ok(Path {
            id: String::new(),
            source: String::new(),
            destination: None,
            source_address: address(self.source_address.as_deref(), "SourceIp")?,
            destination_address: address(self.destination_address.as_deref(), "DestinationIp")?,
            protocol,
            destination_port: self.port.and_then(|port| u16::try_from(port).ok()),
            at_source: self.at_source.clone(),
            at_destination: self.at_destination.clone(),
            created: Time::UNIX_EPOCH,
        })
    }

    /// Filters say what the older parameters say, and more; and an address will do as destination.
    fn check_combination(&self) -> Result<(), Fault> {
        let (at_source, at_destination) = (self.at_source.as_ref(), self.at_destination.as_ref());
        if at_source.is_some() && self.source_address.is_some() {
            return Err(faults::not_both("FilterAtSource", "SourceIp"));
        }
        if at_source.is_some() && self.port.is_some() {
            return Err(faults::not_both("FilterAtSource", "DestinationPort"));
        }
        if at_destination.is_some() && self.destination_address.is_some() {
            return Err(faults::not_both("FilterAtDestination", "DestinationIp"));
        }
        let addressed = [at_source, at_destination].into_iter().flatten().any(|filter| filter.destination.is_some());
        match self.destination.is_none() && self.destination_address.is_none() && !addressed {
            true => Err(faults::missing_parameter("Destination")),
            false => Ok(()),
        }
    }
}

impl Filter {
    fn check(&self) -> Result<(), Fault> {
        address(self.source.as_deref(), "SourceAddress")?;
        address(self.destination.as_deref(), "DestinationAddress")?;
        let ranges = [(&self.source_ports, "SourcePortRange"), (&self.destination_ports, "DestinationPortRange")];
        for (range, name) in ranges {
            let Some(range) = range else { continue };
            if range.ports().is_none() {
                let shown = format!("{}-{}", range.from.unwrap_or(0), range.to.unwrap_or(0));
                return Err(faults::invalid_parameter(shown, name, "FromPort must not be greater than ToPort."));
            }
        }
        Ok(())
    }

    fn pattern(&self) -> Pattern {
        let address = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        Pattern {
            source: address(&self.source),
            source_ports: self.source_ports.as_ref().and_then(PortRange::ports),
            destination: address(&self.destination),
            destination_ports: self.destination_ports.as_ref().and_then(PortRange::ports),
        }
    }
}

impl PortRange {
    /// The first and the last; one that is missing is the end of all ports.
    fn ports(&self) -> Option<(u16, u16)> {
        let from = u16::try_from(self.from.unwrap_or(0)).ok()?;
        let to = u16::try_from(self.to.unwrap_or(i64::from(u16::MAX))).ok()?;
        (from <= to).then_some((from, to))
    }

    /// As filters of listings name it: `22-80`, or `22`.
    fn fits(&self, filter: &filters::Filter) -> bool {
        let Some((from, to)) = self.ports() else { return false };
        filter.fits(&format!("{from}-{to}")) || (from == to && filter.fits(&from.to_string()))
    }
}

fn address(text: Option<&str>, name: &str) -> Result<Option<Ipv4Addr>, Fault> {
    let read =
        |text: &str| text.parse().map_err(|_| faults::invalid_parameter(text, name, "It must be an IPv4 address."));
    text.map(read).transpose()
}

/// The id of one end of a path, which must be something that is there. It may be told as ARN
/// (<https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html>).
fn end(ec2: &Store, text: &str, parameter: &str) -> Result<String, Fault> {
    let id = match text.starts_with("arn:") {
        true => id_in_arn(ec2, text, parameter)?,
        false => text,
    };
    let is_there = match kinds::of(id).map_or("", |kind| kind.prefix) {
        "i" => ec2.instances.contains_key(id),
        "eni" => ec2.interfaces.contains_key(id),
        "igw" => ec2.internet_gateways.contains_key(id),
        "vpce" => ec2.endpoints.contains_key(id),
        "pcx" => return Err(faults::unsupported("paths that begin or end at a VPC peering connection")),
        // Nobody can have made one.
        _ if id.starts_with("tgw-") || id.starts_with("vgw-") || id.starts_with("vpce-svc-") => false,
        _ => return Err(faults::invalid_parameter(text, parameter, "It is not a resource that can be analyzed.")),
    };
    if is_there { Ok(id.to_owned()) } else { Err(faults::path_end_missing(parameter, id)) }
}

fn id_in_arn<'a>(ec2: &Store, arn: &'a str, parameter: &str) -> Result<&'a str, Fault> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, region, owner, resource) = (parts.next(), parts.next(), parts.next(), parts.next());
    let Some((_, id)) = resource.and_then(|resource| resource.split_once('/')).filter(|_| service == Some("ec2"))
    else {
        return Err(faults::invalid_parameter(arn, parameter, "It is not the ARN of a resource that can be analyzed."));
    };
    if owner != Some(ec2.owner.as_str()) {
        return Err(faults::unsupported("paths to resources of other accounts"));
    }
    if region == Some(ec2.region.as_str()) { Ok(id) } else { Err(faults::path_end_missing(parameter, id)) }
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
    (input, (mut filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Paths, PageEnd), Fault> {
    let ec2 = store(cx);
    filters.check(LISTING.paths)?;
    let on_ports: Vec<filters::Filter> =
        filters.filters.extract_if(.., |it| it.name.ends_with("-port-range")).collect();
    let chosen = chosen(&ec2.insights_paths, &input.ids, LISTING.kind, |path| {
        on_ports.iter().all(|filter| path.ports(&filter.name).is_some_and(|ports| ports.fits(filter)))
    })?;
    let wanted = Wanted { ids: &[], filters: &filters, page: &page };
    let (paths, end) = LISTING.list(&ec2.tags, &chosen, wanted, |path| path.view(ec2))?;
    Ok((Paths { paths }, end))
}

/// Those that are named, or all if none are; what is not kept is not among them.
pub(super) fn chosen<'a, T>(
    all: &'a BTreeMap<String, T>,
    ids: &[String],
    kind: &Kind,
    keep: impl Fn(&T) -> bool,
) -> Result<BTreeMap<String, &'a T>, Fault> {
    if let Some(missing) = ids.iter().find(|id| !all.contains_key(*id)) {
        return Err(kind.missing(missing));
    }
    let named = all.iter().filter(|(id, _)| ids.is_empty() || ids.contains(id));
    Ok(named.filter(|(_, item)| keep(item)).map(|(id, item)| (id.clone(), item)).collect())
}

/// The ARN of an end.
fn arn(ec2: &Store, id: &str) -> String {
    kinds::of(id).map_or_else(|| id.to_owned(), |kind| ec2.arn(kind.tag_type, id))
}

impl Path {
    /// What packets must look like at the source and at the destination. The older parameters say the same as filters.
    pub fn patterns(&self) -> (Pattern, Pattern) {
        let port = self.destination_port.map(|port| (port, port));
        let at_source = match &self.at_source {
            Some(filter) => filter.pattern(),
            None => Pattern { source: self.source_address, destination_ports: port, ..Pattern::default() },
        };
        let at_destination = match &self.at_destination {
            Some(filter) => filter.pattern(),
            None => Pattern { destination: self.destination_address, ..Pattern::default() },
        };
        (at_source, at_destination)
    }

    /// The ports that a filter of listings speaks of: `filter-at-source.destination-port-range`.
    fn ports(&self, filter: &str) -> Option<&PortRange> {
        let (at, of) = filter.split_once('.')?;
        let pattern = if at == "filter-at-source" { &self.at_source } else { &self.at_destination }.as_ref()?;
        if of == "source-port-range" { &pattern.source_ports } else { &pattern.destination_ports }.as_ref()
    }

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
