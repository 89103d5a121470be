//! Object lock of buckets: whether objects can be locked, and how new ones are.

use chrono::{Days, Months};

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::faults;
use crate::services::s3::objects::attributes::Lock;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::Versioning;

/// The operations on object lock of buckets.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetObjectLockConfiguration" get_object_lock_configuration),
    crate::op!(Write "PutObjectLockConfiguration" put_object_lock_configuration),
];

/// Longest default retention: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html>.
const DAYS_MAX: i64 = 36_500;
const YEARS_MAX: i64 = 100;

record! {
    struct Locking {
        configuration: Option<Configuration> = "ObjectLockConfiguration",
    }

    struct Configuration {
        enabled: Option<String> = "ObjectLockEnabled",
        rule: Option<Rule> = "Rule",
    }

    struct Rule {
        retention: Option<Retention> = "DefaultRetention",
    }

    /// How new objects are locked: days or years.
    pub struct Retention {
        mode: Option<String> = "Mode",
        days: Option<i64> = "Days",
        years: Option<i64> = "Years",
        hold: Option<Value> = "DefaultEventHold",
    }
}

impl Retention {
    /// The lock of an object that is put now.
    pub fn lock(&self, now: Time) -> Lock {
        let number = |count: Option<i64>| count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let until = now
            .checked_add_days(Days::new(u64::from(number(self.days))))
            .and_then(|time| time.checked_add_months(Months::new(number(self.years) * 12)));
        Lock { mode: self.mode.clone(), until, legal_hold: None }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.hold.is_some() {
            return Err(faults::not_built("DefaultEventHold"));
        }
        match (&self.mode, self.days, self.years) {
            (Some(_), Some(days), None) if days < 1 => Err(faults::retention_not_positive()),
            (Some(_), None, Some(years)) if years < 1 => Err(faults::retention_not_positive()),
            (Some(_), Some(days), None) if days > DAYS_MAX => Err(faults::retention_too_long()),
            (Some(_), None, Some(years)) if years > YEARS_MAX => Err(faults::retention_too_long()),
            (Some(_), Some(_), None) | (Some(_), None, Some(_)) => Ok(()),
            _ => Err(faults::malformed_xml()),
        }
    }
}

fn get_object_lock_configuration(cx: &mut Cx<'_>, target: Target) -> Result<Locking, Fault> {
    let bucket = enter(cx, &target)?;
    if !bucket.config.object_lock {
        return Err(faults::no_lock_configuration(&bucket.name));
    }
    let rule = bucket.config.retention.clone().map(|retention| Rule { retention: Some(retention) });
    Ok(Locking { configuration: Some(Configuration { enabled: Some("Enabled".to_owned()), rule }) })
}

fn put_object_lock_configuration(cx: &mut Cx<'_>, (target, input): (Target, Locking)) -> Result<(), Fault> {
    let config = &mut enter(cx, &target)?.config;
    let Configuration { enabled, rule } = input.configuration.ok_or_else(faults::malformed_xml)?;
    if enabled.as_deref() != Some("Enabled") {
        return Err(faults::malformed_xml());
    }
    let retention = rule.map(|rule| rule.retention.ok_or_else(faults::malformed_xml)).transpose()?;
    retention.as_ref().map_or(Ok(()), Retention::check)?;
    if config.versioning != Some(Versioning::Enabled) {
        return Err(faults::lock_needs_versioning());
    }
    config.object_lock = true;
    config.retention = retention;
    Ok(())
}
