//! What an account has used since some moment: what is there for its time, and what came in.
//!
//! What is there at the end of the span, an hour at most, counts for as long as it has been there. What has come and gone
//! within it is not seen.

use std::collections::BTreeMap;

use crate::services::cloudwatch::alarms::alarm::{Alarm, Kind, MetricAlarm};
use crate::services::ec2::instances::State as InstanceState;
use crate::services::ec2::nat_gateways::State as GatewayState;
use crate::services::ec2::{self, endpoints};
use crate::services::{cloudwatch, s3};
use crate::world::scope::AccountId;
use crate::world::time::Time;
use crate::world::{Regional, World};

use super::prices::{CLOUDWATCH, EC2, S3, VPC};
use super::{month_after, month_of};

/// Quantities by service and type of usage.
pub type Used = BTreeMap<(&'static str, String), f64>;

const GIBIBYTE: f64 = (1u64 << 30) as f64;

/// What an account has used between a moment and now.
pub fn since(world: &World, account: &AccountId, since: Time) -> Used {
    let mut meter = Meter::new(since, world.now);
    let regions = world.accounts.get(account).into_iter().flat_map(|account| account.regions.values());
    for region in regions {
        meter.network(&region.ec2);
        meter.metrics(&region.cloudwatch);
        meter.logs(region);
    }
    for bucket in world.s3.buckets.values().filter(|bucket| bucket.owner == *account) {
        meter.bucket(bucket);
    }
    meter.used
}

struct Meter {
    since: Time,
    until: Time,
    /// Hours between the two, and hours of the month, which prices by the month are shared out by.
    hours: f64,
    month_hours: f64,
    used: Used,
}

fn hours(from: Time, to: Time) -> f64 {
    (to - from).as_seconds_f64().max(0.0) / 3600.0
}

impl Meter {
    fn new(since: Time, until: Time) -> Meter {
        let month = month_of(since);
        let month_hours = hours(month, month_after(month));
        Meter { since, until, hours: hours(since, until), month_hours, used: Used::new() }
    }

    fn count(&mut self, service: &'static str, usage_type: impl Into<String>, quantity: f64) {
        *self.used.entry((service, usage_type.into())).or_default() += quantity;
    }

    /// Hours in which something has been there that came at some moment.
    fn hours_of(&self, came: Time) -> f64 {
        hours(came.max(self.since), self.until)
    }

    /// So many of something, for the span's share of a month.
    fn by_month(&mut self, service: &'static str, usage_type: &str, many: f64) {
        self.count(service, usage_type, many * self.hours / self.month_hours);
    }

    fn network(&mut self, ec2: &ec2::Store) {
        for instance in ec2.instances.values().filter(|instance| instance.state == InstanceState::Running) {
            self.count(EC2, format!("BoxUsage:{}", instance.instance_type), self.hours_of(instance.launched));
        }
        for gateway in ec2.nat_gateways.values().filter(|gateway| gateway.state == GatewayState::Available) {
            self.count(EC2, "NatGateway-Hours", self.hours_of(gateway.created));
        }
        let interfaces = ec2.endpoints.values().filter(|endpoint| endpoint.state == endpoints::State::Available);
        for endpoint in interfaces {
            // One a zone; gateways have none and cost nothing.
            self.count(VPC, "VpcEndpoint-Hours", self.hours_of(endpoint.created) * endpoint.subnets.len() as f64);
        }
        self.public_addresses(ec2);
    }

    fn public_addresses(&mut self, ec2: &ec2::Store) {
        let of_interfaces = ec2.interfaces.values().flat_map(|interface| &interface.addresses);
        let used = of_interfaces.filter(|address| address.public.is_some()).count();
        let idle = ec2.addresses.values().filter(|address| address.association.is_none()).count();
        self.count(VPC, "PublicIPv4:InUseAddress", self.hours * used as f64);
        self.count(VPC, "PublicIPv4:IdleAddress", self.hours * idle as f64);
    }

    /// Metrics cost for each hour in which they were reported, those of AWS's own nothing.
    fn metrics(&mut self, store: &cloudwatch::Store) {
        let is_charged = |(id, metric): &(&cloudwatch::store::MetricId, &cloudwatch::store::Metric)| {
            !id.namespace.starts_with("AWS/") && metric.reported >= self.since
        };
        let charged = store.metrics.iter().filter(is_charged).count();
        self.by_month(CLOUDWATCH, "CW:MetricMonitorUsage", charged as f64);
        for alarm in store.alarms.alarms.values() {
            self.alarm(alarm);
        }
    }

    fn alarm(&mut self, alarm: &Alarm) {
        match &alarm.kind {
            Kind::Composite(_) => self.by_month(CLOUDWATCH, "CW:CompositeAlarmMonitorUsage", 1.0),
            Kind::Metric(metric) => {
                let is_fine = metric.metric.period < 60;
                let usage_type = if is_fine { "CW:HighResAlarmMonitorUsage" } else { "CW:AlarmMonitorUsage" };
                self.by_month(CLOUDWATCH, usage_type, alarm_metrics(metric) as f64);
            }
        }
    }

    fn logs(&mut self, region: &Regional) {
        // Whole minutes, as metrics have them.
        let minute = |time: Time| time.timestamp().div_euclid(60) * 60;
        let span = minute(self.since)..minute(self.until);
        let came = cloudwatch::sum(&region.cloudwatch, ("AWS/Logs", "IncomingBytes"), span);
        self.count(CLOUDWATCH, "DataProcessing-Bytes", came / GIBIBYTE);
        let stored: i64 = region.logs.groups.values().map(|group| group.stored_bytes()).sum();
        self.by_month(CLOUDWATCH, "TimedStorage-ByteHrs", stored as f64 / GIBIBYTE);
    }

    fn bucket(&mut self, bucket: &s3::Bucket) {
        for (class, bytes) in bucket.objects.storage().bytes {
            if let Some(usage_type) = storage(class) {
                self.by_month(S3, usage_type, bytes as f64 / GIBIBYTE);
            }
        }
    }
}

/// "Alarms are charged by the number of metrics": with a band, each counts as three.
fn alarm_metrics(alarm: &MetricAlarm) -> usize {
    let Some(math) = &alarm.math else { return 1 };
    math.plan.metrics().count().max(1) * if math.band.is_some() { 3 } else { 1 }
}

/// The type of usage of a storage class.
fn storage(class: &str) -> Option<&'static str> {
    Some(match class {
        "STANDARD" => "TimedStorage-ByteHrs",
        "STANDARD_IA" => "TimedStorage-SIA-ByteHrs",
        "ONEZONE_IA" => "TimedStorage-ZIA-ByteHrs",
        "INTELLIGENT_TIERING" => "TimedStorage-INT-FA-ByteHrs",
        "GLACIER" => "TimedStorage-GlacierByteHrs",
        "GLACIER_IR" => "TimedStorage-GIR-ByteHrs",
        "DEEP_ARCHIVE" => "TimedStorage-GDA-ByteHrs",
        _ => return None,
    })
}
