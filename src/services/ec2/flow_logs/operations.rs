//! The operations on flow logs
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>).

use std::collections::BTreeSet;

use crate::network::flow_logs::{Format, FormatFault, TrafficType, Windows};
use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::super::filters::{Filter, Filters, Listing, PageEnd, PageRequest, Shown, Wanted as WantedPage};
use super::super::tags::{Tag, Tagging};
use super::super::{Store, dry_run, faults, kinds, once, store};
use super::bucket::Options;
use super::destination::{LOG_GROUP, Wanted};
use super::{Destination, FlowLog, Place, delivery, log_group, stream};

/// The operations on flow logs.
pub const OPS: &[Op] =
    &[op!(Write "CreateFlowLogs" create), op!(Write "DeleteFlowLogs" delete), op!(Read "DescribeFlowLogs" describe)];

/// Flow logs of one resource (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>).
const LOGS_MAX: usize = 2;
/// Seconds that records may be about.
const INTERVALS: [i64; 2] = [60, 600];

const LISTING: Listing = Listing {
    kind: &kinds::FLOW_LOG,
    paths: &[
        ("deliver-log-status", "DeliverLogsStatus"),
        ("log-destination-type", "LogDestinationType"),
        ("flow-log-id", "FlowLogId"),
        ("log-group-name", "LogGroupName"),
        ("resource-id", "ResourceId"),
        ("traffic-type", "TrafficType"),
    ],
};

record! {
    struct Create {
        role: Option<String> = "DeliverLogsPermissionArn",
        foreign_role: Option<String> = "DeliverCrossAccountRole",
        group: Option<String> = "LogGroupName",
        resources: Vec<String> = "ResourceIds",
        kind: String = "ResourceType",
        traffic: Option<String> = "TrafficType",
        destination_kind: Option<String> = "LogDestinationType",
        destination: Option<String> = "LogDestination",
        format: Option<String> = "LogFormat",
        interval: Option<i64> = "MaxAggregationInterval",
        options: Option<OptionsView> = "DestinationOptions",
        tag_fields: Option<Value> = "TagFieldSpecifications",
        token: Option<String> = "ClientToken",
    }
    struct OptionsView {
        format: Option<String> = "FileFormat",
        hive: Option<bool> = "HiveCompatiblePartitions",
        hourly: Option<bool> = "PerHourPartition",
    }
    struct Created {
        token: Option<String> = "ClientToken",
        ids: Vec<String> = "FlowLogIds",
        failed: Vec<Failed> = "Unsuccessful",
    }
    struct Failed { error: Error = "Error", resource: String = "ResourceId" }
    struct Error { code: String = "Code", message: String = "Message" }

    struct Delete { ids: Vec<String> = "FlowLogIds" }
    struct Deleted { failed: Vec<Failed> = "Unsuccessful" }

    struct Describe { filters: Vec<Filter> = "Filter", ids: Vec<String> = "FlowLogIds", dry_run: bool = "DryRun" }
    struct Described { logs: Vec<Shown<View>> = "FlowLogs" }
    struct View {
        created: Option<Time> = "CreationTime",
        error: Option<String> = "DeliverLogsErrorMessage",
        role: Option<String> = "DeliverLogsPermissionArn",
        foreign_role: Option<String> = "DeliverCrossAccountRole",
        delivery: String = "DeliverLogsStatus",
        id: String = "FlowLogId",
        status: String = "FlowLogStatus",
        group: Option<String> = "LogGroupName",
        resource: String = "ResourceId",
        traffic: String = "TrafficType",
        destination_kind: String = "LogDestinationType",
        destination: Option<String> = "LogDestination",
        format: String = "LogFormat",
        tags: Vec<Tag> = "Tags",
        interval: i64 = "MaxAggregationInterval",
        options: Option<OptionsView> = "DestinationOptions",
    }
}

/// What a call asks for, checked but for the resources.
struct Checked {
    traffic: TrafficType,
    interval_s: u32,
    format: Format,
    destination: Destination,
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    let checked = input.checked(cx)?;
    let is_to_group = matches!(checked.destination, Destination::LogGroup(_));
    if is_to_group && input.role.as_ref().is_some_and(|role| !log_group::is_welcome(cx, role)) {
        return Err(faults::role_not_assumed());
    }
    let tags = tagging.only(&kinds::FLOW_LOG)?;
    once(cx, |cx| {
        input.check_resources(store(cx), &checked)?;
        dry_run(cx)?;
        if let Some(message) = input.refused_destination(cx, &checked.destination)? {
            let failed = |resource: &String| Failed::new("400", &message, resource);
            let failed = input.resources.iter().map(failed).collect();
            return Ok(Created { token: input.token.clone(), ids: Vec::new(), failed });
        }
        let ids = input.resources.iter().map(|resource| {
            let log = input.log(cx, &checked, resource);
            let id = log.id.clone();
            let ec2 = store(cx);
            ec2.tags.add(&id, tags.clone());
            ec2.flow_logs.insert(id.clone(), log);
            id
        });
        Ok(Created { ids: ids.collect(), token: input.token.clone(), failed: Vec::new() })
    })
}

impl Failed {
    fn new(code: &str, message: &str, resource: &str) -> Failed {
        let error = Error { code: code.to_owned(), message: message.to_owned() };
        Failed { error, resource: resource.to_owned() }
    }
}

impl Create {
    fn checked(&self, cx: &Cx) -> Result<Checked, Fault> {
        if self.tag_fields.is_some() {
            return Err(faults::unsupported("TagFieldSpecifications"));
        }
        let traffic = self.traffic.as_deref().ok_or_else(|| faults::missing_parameter("TrafficType"))?;
        let expected = "Expected: ACCEPT, REJECT, ALL.";
        let traffic =
            TrafficType::parse(traffic).ok_or_else(|| faults::invalid_parameter(traffic, "TrafficType", expected))?;
        let interval = self.interval.unwrap_or(600);
        if !INTERVALS.contains(&interval) {
            return Err(faults::aggregation_interval());
        }
        let options = self.options.as_ref();
        let wanted = Wanted {
            kind: self.destination_kind.as_deref().unwrap_or(LOG_GROUP),
            destination: self.destination.as_deref(),
            group: self.group.as_deref(),
            role: self.role.as_deref(),
            foreign_role: self.foreign_role.as_deref(),
            options: Options {
                parquet: options.is_some_and(|options| options.format.as_deref() == Some("parquet")),
                hive: options.and_then(|options| options.hive).unwrap_or(false),
                hourly: options.and_then(|options| options.hourly).unwrap_or(false),
            },
            has_options: options.is_some(),
        };
        Ok(Checked {
            traffic,
            interval_s: u32::try_from(interval).unwrap_or(600),
            format: self.format.as_deref().map_or_else(|| Ok(Format::default()), format)?,
            destination: wanted.checked(&cx.account, cx.region)?,
        })
    }

    /// Why a bucket or stream cannot be a destination.
    ///
    /// # Errors
    /// Roles that cannot be taken on are told otherwise than destinations that cannot be written to.
    fn refused_destination(&self, cx: &mut Cx, destination: &Destination) -> Result<Option<String>, Fault> {
        match destination {
            Destination::LogGroup(_) => Ok(None),
            Destination::Bucket(bucket) => {
                let place = Place { account: cx.account.clone(), region: cx.region, id: String::new() };
                Ok(bucket.open(cx, &place).err())
            }
            Destination::Stream(to) => {
                let roles = self.role.as_deref().zip(self.foreign_role.as_deref());
                let roles = roles.map(|(own, foreign)| stream::Roles { own, foreign });
                match stream::open(cx, to, roles) {
                    Ok(()) => Ok(None),
                    Err(stream::Closed::NoRole) => Err(faults::role_not_assumed()),
                    Err(stream::Closed::NoStream) => Ok(Some(faults::no_destination(&to.stream))),
                    Err(stream::Closed::Refused(fault)) => Ok(Some(fault.message)),
                }
            }
        }
    }

    fn check_resources(&self, ec2: &Store, checked: &Checked) -> Result<(), Fault> {
        let mut named = BTreeSet::new();
        for resource in &self.resources {
            self.check_resource(ec2, resource)?;
            if !named.insert(resource) {
                return Err(faults::flow_log_exists());
            }
            let logs = ec2.flow_logs.values().filter(|log| log.resource == *resource);
            if logs.clone().any(|log| log.traffic == checked.traffic && log.destination == checked.destination) {
                return Err(faults::flow_log_exists());
            }
            if logs.count() >= LOGS_MAX {
                return Err(faults::limit_exceeded("FlowLogsLimitExceeded", "flow logs of this resource"));
            }
        }
        Ok(())
    }

    /// Checks that a resource is there, and of the kind that was named.
    fn check_resource(&self, ec2: &Store, id: &str) -> Result<(), Fault> {
        let (kind, is_there) = match self.kind.as_str() {
            "VPC" => (&kinds::VPC, ec2.vpcs.contains_key(id)),
            "Subnet" => (&kinds::SUBNET, ec2.subnets.contains_key(id)),
            "NetworkInterface" => (&kinds::INTERFACE, ec2.interfaces.contains_key(id)),
            other => return Err(faults::unsupported(&format!("flow logs of a {other}"))),
        };
        if is_there { Ok(()) } else { Err(kind.missing(id)) }
    }

    fn log(&self, cx: &mut Cx, checked: &Checked, resource: &str) -> FlowLog {
        FlowLog {
            id: cx.world.ids.ec2("fl"),
            resource: resource.to_owned(),
            traffic: checked.traffic,
            interval_s: checked.interval_s,
            format: checked.format.clone(),
            destination: checked.destination.clone(),
            role: self.role.clone(),
            foreign_role: self.foreign_role.clone(),
            created: cx.world.now,
            error: None,
            windows: Windows::new(checked.interval_s),
            pending: Vec::new(),
            session: None,
        }
    }
}

fn format(text: &str) -> Result<Format, Fault> {
    Format::parse(text).map_err(|fault| match fault {
        FormatFault::Syntax => faults::log_format(text),
        FormatFault::Unknown(field) => faults::log_format_field(&field),
    })
}

/// Flow logs that are not there are told one by one. What the others have gathered is delivered first: collecting ends
/// with the flow log, not deliveries.
fn delete(cx: &mut Cx, input: Delete) -> Result<Deleted, Fault> {
    dry_run(cx)?;
    let mut failed = Vec::new();
    for id in &input.ids {
        let place = Place { account: cx.account.clone(), region: cx.region, id: id.clone() };
        if place.find(cx.world).is_none() {
            let fault = kinds::FLOW_LOG.missing(id);
            failed.push(Failed::new(&fault.code, &fault.message, id));
            continue;
        }
        delivery::flush_one(cx.world, &place);
        let ec2 = store(cx);
        ec2.flow_logs.remove(id);
        ec2.tags.forget(id);
    }
    Ok(Deleted { failed })
}

fn describe(cx: &mut Cx, (input, page): (Describe, PageRequest)) -> Result<(Described, PageEnd), Fault> {
    let ec2 = store(cx);
    let filters = Filters { filters: input.filters, dry_run: input.dry_run };
    let wanted = WantedPage { ids: &input.ids, filters: &filters, page: &page };
    let (logs, end) = LISTING.list(&ec2.tags, &ec2.flow_logs, wanted, |log| log.view(ec2))?;
    Ok((Described { logs }, end))
}

impl FlowLog {
    fn view(&self, ec2: &Store) -> View {
        let (group, options) = match &self.destination {
            Destination::LogGroup(place) => (Some(place.name.clone()), None),
            Destination::Bucket(bucket) => (None, Some(bucket.options)),
            Destination::Stream(_) => (None, None),
        };
        let options = options.map(|options| OptionsView {
            format: Some(if options.parquet { "parquet" } else { "plain-text" }.to_owned()),
            hive: Some(options.hive),
            hourly: Some(options.hourly),
        });
        View {
            created: Some(self.created),
            error: self.error.map(str::to_owned),
            role: self.role.clone(),
            foreign_role: self.foreign_role.clone(),
            delivery: if self.error.is_some() { "FAILED" } else { "SUCCESS" }.to_owned(),
            id: self.id.clone(),
            status: "ACTIVE".to_owned(),
            group,
            resource: self.resource.clone(),
            traffic: self.traffic.as_str().to_owned(),
            destination_kind: self.destination.kind().to_owned(),
            destination: self.destination.arn(),
            format: self.format.to_string(),
            tags: ec2.tags.shown(&self.id),
            interval: i64::from(self.interval_s),
            options,
        }
    }
}
