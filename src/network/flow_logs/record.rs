//! Records: what they know, and the value of each field.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::super::flow::Packet;
use super::super::walk::{Action, Direction, TrafficPath};
use super::fields::Field;
use super::format::Format;

/// One record of a flow log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub of: Arc<Facts>,
    pub content: Content,
    /// Seconds since 1970.
    pub start_s: i64,
    pub end_s: i64,
}

/// `log-status`, and what there is to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Ok(Totals),
    NoData,
    SkipData,
}

/// `TrafficType`: which records a flow log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrafficType {
    Accept,
    Reject,
    All,
}

/// What an interface, or a regional NAT gateway, is. What does not apply is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// `None` for a regional NAT gateway.
    pub interface_id: Option<String>,
    /// `unknown` for interfaces of some services.
    pub account_id: String,
    pub vpc_id: String,
    pub subnet_id: Option<String>,
    /// `None` for interfaces that a service made.
    pub instance_id: Option<String>,
    pub region: String,
    /// `None` in a sublocation.
    pub az_id: Option<String>,
    /// Type and id: `wavelength`, `outpost`, `localzone`.
    pub sublocation: Option<(String, String)>,
    /// Of a regional NAT gateway.
    pub resource_id: Option<String>,
    pub ecs: Option<EcsTask>,
}

/// The ECS task behind an interface, in `awsvpc` mode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EcsTask {
    pub cluster_arn: String,
    pub cluster_name: String,
    /// `None` on Fargate.
    pub container_instance_arn: Option<String>,
    pub container_instance_id: Option<String>,
    pub container_id: Option<String>,
    pub second_container_id: Option<String>,
    pub service_name: Option<String>,
    pub task_definition_arn: String,
    pub task_arn: String,
    pub task_id: String,
}

/// A flow in one window, as one interface saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    pub direction: Direction,
    pub action: Action,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub packet: Packet,
    pub path: Option<TrafficPath>,
    pub source_service: Option<Arc<str>>,
    pub destination_service: Option<Arc<str>>,
    pub tcp_flags: u8,
    pub packets: u64,
    pub bytes: u64,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// `-`.
    Missing,
    Text(&'r str),
    Number(i64),
    Address(IpAddr),
}

impl Value<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Value::Missing => out.push('-'),
            Value::Text(text) => out.push_str(text),
            Value::Number(number) => out.push_str(itoa::Buffer::new().format(*number)),
            Value::Address(IpAddr::V4(address)) => write_v4(*address, out),
            // Texts take everything.
            Value::Address(IpAddr::V6(address)) => write!(out, "{address}").unwrap_or_default(),
        }
    }
}

/// As its `Display`, which takes several times as long.
fn write_v4(address: Ipv4Addr, out: &mut String) {
    for (number, part) in address.octets().into_iter().enumerate() {
        if number > 0 {
            out.push('.');
        }
        out.push_str(itoa::Buffer::new().format(part));
    }
}

impl TrafficType {
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub fn parse(text: &str) -> Option<TrafficType> {
        match text {
            "ACCEPT" => Some(TrafficType::Accept),
            "REJECT" => Some(TrafficType::Reject),
            "ALL" => Some(TrafficType::All),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            TrafficType::Accept => "ACCEPT",
            TrafficType::Reject => "REJECT",
            TrafficType::All => "ALL",
        }
    }

    /// Whether a flow log of this type has the record. Records without traffic are in all of them.
    pub fn takes(self, record: &Record) -> bool {
        match &record.content {
            Content::Ok(totals) => self.takes_traffic(totals.action),
            Content::NoData | Content::SkipData => true,
        }
    }

    pub(super) fn takes_traffic(self, action: Action) -> bool {
        match self {
            TrafficType::Accept => action == Action::Accept,
            TrafficType::Reject => action != Action::Accept,
            TrafficType::All => true,
        }
    }
}

/// A text file as flow logs are in S3 before compression: a line with the names of the fields, then the records
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>). Log streams have the lines alone.
pub fn text_file<'r>(records: impl IntoIterator<Item = &'r Record>, format: &Format) -> String {
    let mut text = format.header();
    text.push('\n');
    for record in records {
        record.write(format, &mut text);
        text.push('\n');
    }
    text
}

impl Facts {
    /// The id under which it logs: the interface's, or the gateway's.
    pub fn id(&self) -> &str {
        self.interface_id.as_deref().or(self.resource_id.as_deref()).unwrap_or_default()
    }
}

impl Record {
    /// What a field shows in a flow log of this format.
    pub fn value(&self, field: Field, format: &Format) -> Value<'_> {
        match field {
            Field::Version => Value::Number(i64::from(format.version())),
            Field::Start => Value::Number(self.start_s),
            Field::End => Value::Number(self.end_s),
            Field::LogStatus => Value::Text(match self.content {
                Content::Ok(_) => "OK",
                Content::NoData => "NODATA",
                Content::SkipData => "SKIPDATA",
            }),
            field => match (self.of.value(field), &self.content) {
                (Some(value), _) => value,
                (None, Content::Ok(totals)) => totals.value(field),
                (None, _) => Value::Missing,
            },
        }
    }

    /// The record as a line, without the end of the line.
    pub fn line(&self, format: &Format) -> String {
        let mut line = String::with_capacity(16 * format.fields().len());
        self.write(format, &mut line);
        line
    }

    /// Adds the line to a text.
    pub fn write(&self, format: &Format, out: &mut String) {
        for (number, field) in format.fields().iter().enumerate() {
            if number > 0 {
                out.push(' ');
            }
            self.value(*field, format).write(out);
        }
    }
}

impl Facts {
    /// `None` for fields of traffic.
    fn value(&self, field: Field) -> Option<Value<'_>> {
        let ecs = |of: fn(&EcsTask) -> Option<&str>| Some(present(self.ecs.as_ref().and_then(of)));
        match field {
            Field::AccountId => Some(present(Some(&self.account_id))),
            Field::InterfaceId => Some(present(self.interface_id.as_deref())),
            Field::VpcId => Some(present(Some(&self.vpc_id))),
            Field::SubnetId => Some(present(self.subnet_id.as_deref())),
            Field::InstanceId => Some(present(self.instance_id.as_deref())),
            Field::Region => Some(present(Some(&self.region))),
            Field::AzId => Some(present(self.az_id.as_deref())),
            Field::SublocationType => Some(present(self.sublocation.as_ref().map(|(kind, _)| kind.as_str()))),
            Field::SublocationId => Some(present(self.sublocation.as_ref().map(|(_, id)| id.as_str()))),
            Field::ResourceId => Some(present(self.resource_id.as_deref())),
            Field::EcsClusterArn => ecs(|task| Some(&task.cluster_arn)),
            Field::EcsClusterName => ecs(|task| Some(&task.cluster_name)),
            Field::EcsContainerInstanceArn => ecs(|task| task.container_instance_arn.as_deref()),
            Field::EcsContainerInstanceId => ecs(|task| task.container_instance_id.as_deref()),
            Field::EcsContainerId => ecs(|task| task.container_id.as_deref()),
            Field::EcsSecondContainerId => ecs(|task| task.second_container_id.as_deref()),
            Field::EcsServiceName => ecs(|task| task.service_name.as_deref()),
            Field::EcsTaskDefinitionArn => ecs(|task| Some(&task.task_definition_arn)),
            Field::EcsTaskArn => ecs(|task| Some(&task.task_arn)),
            Field::EcsTaskId => ecs(|task| Some(&task.task_id)),
            _ => None,
        }
    }
}

impl Totals {
    fn value(&self, field: Field) -> Value<'_> {
        match field {
            Field::Srcaddr => Value::Address(self.source),
            Field::Dstaddr => Value::Address(self.destination),
            Field::Srcport => Value::Number(i64::from(self.packet.source_port)),
            Field::Dstport => Value::Number(i64::from(self.packet.destination_port)),
            Field::Protocol => Value::Number(i64::from(self.packet.protocol)),
            Field::Packets => count(self.packets),
            // flow-logs-limitations: logs of VPC Block Public Access do not include bytes.
            Field::Bytes if self.action == Action::RejectBpa => Value::Missing,
            Field::Bytes => count(self.bytes),
            Field::Action => Value::Text(match self.action {
                Action::Accept => "ACCEPT",
                Action::Reject | Action::RejectBpa => "REJECT",
            }),
            Field::TcpFlags => Value::Number(i64::from(self.tcp_flags)),
            Field::Type => Value::Text(if self.packet.source.is_ipv4() { "IPv4" } else { "IPv6" }),
            Field::PktSrcaddr => Value::Address(self.packet.source),
            Field::PktDstaddr => Value::Address(self.packet.destination),
            Field::PktSrcAwsService => present(self.source_service.as_deref()),
            Field::PktDstAwsService => present(self.destination_service.as_deref()),
            Field::FlowDirection => Value::Text(match self.direction {
                Direction::Ingress => "ingress",
                Direction::Egress => "egress",
            }),
            Field::TrafficPath => self.path.map_or(Value::Missing, |path| Value::Number(path as i64)),
            Field::RejectReason if self.action == Action::RejectBpa => Value::Text("BPA"),
            // encryption-status is for VPCs with Encryption Controls, of which there are none here.
            _ => Value::Missing,
        }
    }
}

fn count(number: u64) -> Value<'static> {
    Value::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

fn present(text: Option<&str>) -> Value<'_> {
    match text {
        None | Some("") => Value::Missing,
        Some(text) => Value::Text(text),
    }
}
