//! Where a stream's records go: a bucket, and how objects there look.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;

use crate::record;
use crate::services::iam::names::{Kind, parse_arn};
use crate::wire::{Fault, Value};
use crate::world::World;
use crate::world::ids::Ids;
use crate::world::time::Time;

use super::compression::Compression;
use super::delivery::{session_name, visit};
use super::prefix::{self, Prefix};
use super::{Place, faults};

/// The id of a stream's only destination.
pub const ID: &str = "destinationId-000000000001";

/// Buffering hints of streams that give none: megabytes and seconds
/// (<https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html>).
const SIZE_MB: i64 = 5;
const INTERVAL_SECONDS: i64 = 300;

record! {
    /// Settings that both forms of an S3 destination have.
    pub struct Basic {
        role: Option<String> = "RoleARN",
        bucket: Option<String> = "BucketARN",
        prefix: Option<String> = "Prefix",
        error_prefix: Option<String> = "ErrorOutputPrefix",
        hints: Option<Hints> = "BufferingHints",
        compression: Option<String> = "CompressionFormat",
        encryption: Option<Encryption> = "EncryptionConfiguration",
        logging: Option<Logging> = "CloudWatchLoggingOptions",
    }
    /// When a buffer becomes an object.
    pub struct Hints { size_mb: Option<i64> = "SizeInMBs", interval_seconds: Option<i64> = "IntervalInSeconds" }
    /// Encryption of objects beyond what S3 does by itself.
    pub struct Encryption { none: Option<String> = "NoEncryptionConfig", kms: Option<Value> = "KMSEncryptionConfig" }
    /// Log of delivery errors.
    pub struct Logging {
        enabled: bool = "Enabled",
        group: Option<String> = "LogGroupName",
        stream: Option<String> = "LogStreamName",
    }
    /// What the extended form has besides. Of features that are not built, only that they are off.
    pub struct Extended {
        processing: Option<Value> = "ProcessingConfiguration",
        backup_mode: Option<String> = "S3BackupMode",
        conversion: Option<Value> = "DataFormatConversionConfiguration",
        partitioning: Option<Value> = "DynamicPartitioningConfiguration",
        extension: Option<String> = "FileExtension",
        zone: Option<String> = "CustomTimeZone",
    }
}

/// A destination: its settings with all defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    pub basic: Basic,
    pub extended: Extended,
}

impl Destination {
    /// A new stream's destination.
    ///
    /// # Errors
    /// As [`changed`](Self::changed).
    pub fn new(world: &World, place: &Place, basic: Basic, extended: Extended) -> Result<Destination, Fault> {
        Destination::unset().changed(world, place, basic, extended)
    }

    /// What settings are that were never given.
    fn unset() -> Destination {
        let basic = Basic {
            hints: Some(Hints { size_mb: Some(SIZE_MB), interval_seconds: Some(INTERVAL_SECONDS) }),
            compression: Some("UNCOMPRESSED".to_owned()),
            encryption: Some(Encryption { none: Some("NoEncryption".to_owned()), kms: None }),
            logging: Some(Logging::default()),
            ..Basic::default()
        };
        let extended = Extended { backup_mode: Some("Disabled".to_owned()), ..Extended::default() };
        Destination { basic, extended }
    }

    /// The destination with some settings replaced. Those that are not given stay.
    ///
    /// # Errors
    /// `InvalidArgumentException` for hints, prefixes, zones and roles that cannot be; `NotImplemented` for settings
    /// whose feature is not built.
    pub fn changed(
        &self,
        world: &World,
        place: &Place,
        basic: Basic,
        extended: Extended,
    ) -> Result<Destination, Fault> {
        refuse_unbuilt(&basic, &extended)?;
        if basic.hints.as_ref().is_some_and(|hints| hints.size_mb.is_some() != hints.interval_seconds.is_some()) {
            return Err(faults::both_hints());
        }
        let (old, more) = (self.basic.clone(), self.extended.clone());
        let basic = Basic {
            role: basic.role.or(old.role),
            bucket: basic.bucket.or(old.bucket),
            prefix: basic.prefix.or(old.prefix),
            error_prefix: basic.error_prefix.or(old.error_prefix),
            hints: basic.hints.filter(|hints| hints.size_mb.is_some()).or(old.hints),
            compression: basic.compression.or(old.compression),
            encryption: basic.encryption.or(old.encryption),
            logging: basic.logging.or(old.logging),
        };
        let extended = Extended {
            processing: extended.processing.or(more.processing),
            backup_mode: extended.backup_mode.or(more.backup_mode),
            conversion: extended.conversion.or(more.conversion),
            partitioning: extended.partitioning.or(more.partitioning),
            extension: extended.extension.or(more.extension),
            zone: extended.zone.or(more.zone),
        };
        let changed = Destination { basic, extended };
        changed.check(world, place)?;
        Ok(changed)
    }

    fn check(&self, world: &World, place: &Place) -> Result<(), Fault> {
        let zone = self.extended.zone.as_deref().unwrap_or_default();
        if !zone.is_empty() && zone.parse::<Tz>().is_err() {
            return Err(faults::unknown_zone(zone));
        }
        let error_prefix = self.basic.error_prefix.as_deref().unwrap_or_default();
        prefix::check(self.prefix(), error_prefix, &self.local(world.now)).map_err(faults::prefix)?;
        check_role(world, place, self.role())
    }

    pub fn role(&self) -> &str {
        self.basic.role.as_deref().unwrap_or_default()
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        let arn = self.basic.bucket.as_deref().unwrap_or_default();
        arn.rsplit_once(":::").map_or(arn, |(_, name)| name)
    }

    fn prefix(&self) -> &str {
        self.basic.prefix.as_deref().unwrap_or_default()
    }

    /// Bytes at which a batch is complete. Firehose's megabytes are mebibytes.
    pub fn size(&self) -> usize {
        let size = self.basic.hints.as_ref().and_then(|hints| hints.size_mb).unwrap_or(SIZE_MB);
        usize::try_from(size).unwrap_or(1) << 20
    }

    /// The longest that a record waits for others.
    pub fn interval(&self) -> TimeDelta {
        let hints = self.basic.hints.as_ref();
        TimeDelta::seconds(hints.and_then(|hints| hints.interval_seconds).unwrap_or(INTERVAL_SECONDS))
    }

    pub fn compression(&self) -> Compression {
        self.basic.compression.as_deref().and_then(Compression::parse).unwrap_or(Compression::None)
    }

    fn local(&self, time: Time) -> DateTime<Tz> {
        let zone = self.extended.zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
        time.with_timezone(&zone)
    }

    /// The name of an object whose oldest record came at `arrived`:
    /// `PREFIX` `STREAM-VERSION-yyyy-MM-dd-HH-mm-ss-UUID` `EXTENSION`, times in the stream's zone.
    pub fn key(&self, stream: &str, version: u64, arrived: Time, ids: &mut Ids) -> String {
        let local = self.local(arrived);
        let prefix = Prefix::parse(self.prefix()).map(|prefix| prefix.evaluate(&local, ids)).unwrap_or_default();
        let (time, unique) = (local.format("%Y-%m-%d-%H-%M-%S"), ids.uuid());
        let given = self.extended.extension.as_deref().filter(|extension| !extension.is_empty());
        let extension = given.unwrap_or(self.compression().extension());
        format!("{prefix}{stream}-{version}-{time}-{unique}{extension}")
    }
}

/// Refuses settings that would have no effect.
fn refuse_unbuilt(basic: &Basic, extended: &Extended) -> Result<(), Fault> {
    if basic.encryption.as_ref().is_some_and(|encryption| encryption.kms.is_some()) {
        return Err(faults::not_built("KMSEncryptionConfig"));
    }
    if basic.logging.as_ref().is_some_and(|logging| logging.enabled) {
        return Err(faults::not_built("CloudWatchLoggingOptions"));
    }
    if let Some(format) = &basic.compression
        && Compression::parse(format).is_none()
    {
        return Err(faults::not_built(&format!("CompressionFormat {format}")));
    }
    if extended.backup_mode.as_deref() == Some("Enabled") {
        return Err(faults::not_built("S3BackupMode Enabled"));
    }
    let features = [
        ("ProcessingConfiguration", &extended.processing),
        ("DataFormatConversionConfiguration", &extended.conversion),
        ("DynamicPartitioningConfiguration", &extended.partitioning),
    ];
    for (name, setting) in features {
        if setting.as_ref().is_some_and(|setting| setting.get("Enabled") != Some(&Value::Bool(false))) {
            return Err(faults::not_built(name));
        }
    }
    Ok(())
}

/// Whether Firehose can take the role: it is the account's own, exists, and trusts Firehose.
fn check_role(world: &World, place: &Place, role: &str) -> Result<(), Fault> {
    let (account, _) = parse_arn(Kind::Role, role).ok_or_else(|| faults::cannot_assume(role))?;
    if account != place.account {
        return Err(faults::role_of_another_account());
    }
    let (arn, session_name) = (place.arn(), session_name(&place.stream));
    let welcome = visit(place, role, &arn, &session_name).is_welcome(world);
    if welcome { Ok(()) } else { Err(faults::cannot_assume(role)) }
}
