//! Where the records of a flow log go.

use crate::services::firehose;
use crate::services::logs::naming::GroupPlace;
use crate::wire::Fault;
use crate::world::scope::{AccountId, Region};

use super::super::faults;
use super::bucket::Bucket;

/// A destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A stream for each interface.
    LogGroup(GroupPlace),
    Bucket(Bucket),
    Stream(firehose::Place),
}

/// The kinds of destinations, as calls name them.
pub const LOG_GROUP: &str = "cloud-watch-logs";
pub const BUCKET: &str = "s3";
pub const STREAM: &str = "kinesis-data-firehose";

/// What a call says about a destination.
pub struct Wanted<'a> {
    pub kind: &'a str,
    /// An ARN: `LogDestination`.
    pub destination: Option<&'a str>,
    pub group: Option<&'a str>,
    pub role: Option<&'a str>,
    pub foreign_role: Option<&'a str>,
    pub options: super::bucket::Options,
    pub has_options: bool,
}

impl Wanted<'_> {
    /// Reads and checks a destination
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>). Whether there is such a
    /// bucket or stream is another matter.
    pub fn checked(&self, account: &AccountId, region: Region) -> Result<Destination, Fault> {
        if self.group.is_none() && self.destination.is_none() {
            return Err(faults::empty_unless("LogDestination", "LogGroupName is not provided"));
        }
        if self.group.is_some() && self.kind != LOG_GROUP {
            return Err(faults::type_unless("LogDestination", LOG_GROUP, "LogGroupName"));
        }
        if self.group.is_some() && self.destination.is_some() {
            return Err(faults::not_both("LogGroupName", "LogDestination"));
        }
        if self.has_options && self.kind != BUCKET {
            return Err(faults::type_unless("LogDestination", BUCKET, "DestinationOptions"));
        }
        if self.foreign_role.is_some() && self.kind != STREAM {
            return Err(faults::type_unless("LogDestination", STREAM, "DeliverCrossAccountRole"));
        }
        let arn = self.destination.unwrap_or_default();
        match self.kind {
            BUCKET | STREAM if self.role.is_some() && self.foreign_role.is_none() => {
                Err(faults::type_unless("LogDestination", LOG_GROUP, "DeliverLogsPermissionArn"))
            }
            BUCKET => Bucket::parse(arn, self.options).map(Destination::Bucket).ok_or_else(|| faults::destination(arn)),
            STREAM => self.stream(arn, account, region),
            _ => self.log_group(arn, account, region),
        }
    }

    fn log_group(&self, arn: &str, account: &AccountId, region: Region) -> Result<Destination, Fault> {
        if self.role.is_none() {
            return Err(faults::empty_unless("DeliverLogsPermissionArn", "LogDestinationType is cloud-watch-logs"));
        }
        let place = match self.group {
            Some(name) => Some(GroupPlace::new(account, region, name)),
            None => GroupPlace::parse_arn(arn),
        };
        let place = place.filter(|place| place.account == *account && place.region == region);
        place.map(Destination::LogGroup).ok_or_else(|| faults::destination(arn))
    }

    fn stream(&self, arn: &str, account: &AccountId, region: Region) -> Result<Destination, Fault> {
        let place = firehose::Place::parse(arn).filter(|place| place.region == region);
        let place = place.ok_or_else(|| faults::destination(arn))?;
        let is_foreign = place.account != *account;
        if is_foreign && (self.role.is_none() || self.foreign_role.is_none()) {
            return Err(faults::empty_unless(
                "DeliverLogsPermissionArn and DeliverCrossAccountRole",
                "LogDestination is in another account",
            ));
        }
        Ok(Destination::Stream(place))
    }
}

impl Destination {
    pub fn kind(&self) -> &'static str {
        match self {
            Destination::LogGroup(_) => LOG_GROUP,
            Destination::Bucket(_) => BUCKET,
            Destination::Stream(_) => STREAM,
        }
    }

    /// `LogDestination`, which log groups have none of.
    pub fn arn(&self) -> Option<String> {
        match self {
            Destination::LogGroup(_) => None,
            Destination::Bucket(bucket) => Some(bucket.arn()),
            Destination::Stream(place) => Some(place.arn()),
        }
    }
}
