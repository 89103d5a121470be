//! What a client says of an object when putting it, and what it is told when reading it.

use std::collections::BTreeMap;

use crate::record;
use crate::services::s3::config::Config;
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::checksum::Algorithm;
use crate::world::payload::{Body, Upload};
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::{About, Checksum, Scene, acl, tagging};

/// Bytes of names and values of user metadata: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>.
const METADATA_BYTES_MAX: usize = 2048;
/// What S3 stores for uploads without a content type.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";
/// The class of objects that ask for none.
pub const STANDARD: &str = "STANDARD";
/// Storage classes whose objects can be read at once.
const ONLINE_CLASSES: [&str; 6] =
    [STANDARD, "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];
/// Storage classes whose objects must be restored before they can be read.
pub const ARCHIVE_CLASSES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

record! {
    /// Headers that are stored with an object and come back with it.
    pub struct Headers {
        cache_control: Option<String> = "CacheControl",
        content_disposition: Option<String> = "ContentDisposition",
        content_encoding: Option<String> = "ContentEncoding",
        content_language: Option<String> = "ContentLanguage",
        content_type: Option<String> = "ContentType",
        expires: Option<String> = "Expires",
        redirect: Option<String> = "WebsiteRedirectLocation",
        metadata: Option<BTreeMap<String, String>> = "Metadata",
    }

    /// Encryption, as asked for and as shown.
    pub struct Encryption {
        algorithm: Option<String> = "ServerSideEncryption",
        key: Option<String> = "SSEKMSKeyId",
        bucket_key: Option<bool> = "BucketKeyEnabled",
    }

    /// What a key of KMS is to be used with, in base64; only the answer to the request shows it again.
    pub struct Context {
        context: Option<String> = "SSEKMSEncryptionContext",
    }

    /// Object lock, as asked for and as shown.
    pub struct Lock {
        mode: Option<String> = "ObjectLockMode",
        until: Option<Time> = "ObjectLockRetainUntilDate",
        legal_hold: Option<String> = "ObjectLockLegalHoldStatus",
    }

    /// What else may be asked for with a new object.
    pub struct Wishes {
        acl: Option<String> = "ACL",
        full_control: Option<String> = "GrantFullControl",
        read: Option<String> = "GrantRead",
        read_acl: Option<String> = "GrantReadACP",
        write_acl: Option<String> = "GrantWriteACP",
        storage_class: Option<String> = "StorageClass",
        tagging: Option<String> = "Tagging",
        customer_algorithm: Option<String> = "SSECustomerAlgorithm",
        customer_key: Option<String> = "SSECustomerKey",
        event_hold: Option<String> = "ObjectLockEventHold",
    }

    /// Checksums as members of an answer or a list of parts.
    pub struct Checksums {
        crc32: Option<String> = "ChecksumCRC32",
        crc32c: Option<String> = "ChecksumCRC32C",
        crc64nvme: Option<String> = "ChecksumCRC64NVME",
        sha1: Option<String> = "ChecksumSHA1",
        sha256: Option<String> = "ChecksumSHA256",
    }

    /// The kind of checksum in an answer.
    pub struct ChecksumKind {
        kind: Option<String> = "ChecksumType",
    }
}

impl Checksums {
    /// One checksum in the place of its algorithm.
    pub fn of(checksum: Option<&Checksum>) -> Checksums {
        let value = |algorithm| {
            checksum.filter(|checksum| checksum.algorithm == algorithm).map(|checksum| checksum.value.clone())
        };
        Checksums {
            crc32: value(Algorithm::Crc32),
            crc32c: value(Algorithm::Crc32c),
            crc64nvme: value(Algorithm::Crc64Nvme),
            sha1: value(Algorithm::Sha1),
            sha256: value(Algorithm::Sha256),
        }
    }

    /// The checksum that is there for an algorithm.
    pub fn get(&self, algorithm: Algorithm) -> Option<&str> {
        let value = match algorithm {
            Algorithm::Crc32 => &self.crc32,
            Algorithm::Crc32c => &self.crc32c,
            Algorithm::Crc64Nvme => &self.crc64nvme,
            Algorithm::Sha1 => &self.sha1,
            Algorithm::Sha256 => &self.sha256,
        };
        value.as_deref()
    }
}

impl ChecksumKind {
    pub fn of(checksum: Option<&Checksum>) -> ChecksumKind {
        ChecksumKind { kind: checksum.map(|checksum| checksum.kind().to_owned()) }
    }
}

impl Checksum {
    /// `ChecksumType`
    pub fn kind(&self) -> &'static str {
        if self.composite { "COMPOSITE" } else { "FULL_OBJECT" }
    }

    /// The checksum that came with an upload, or was computed for it.
    pub fn of_upload(upload: &Upload) -> Option<Checksum> {
        let (algorithm, value) = match (&upload.checksum, &upload.body) {
            (Some((name, value)), _) => (Algorithm::parse(name)?, value.clone()),
            (None, Body::Memory(bytes)) => (Algorithm::Crc64Nvme, Algorithm::Crc64Nvme.of(bytes)),
            (None, Body::Spooled(_)) => return None,
        };
        Some(Checksum { algorithm, value, composite: false })
    }
}

impl Encryption {
    /// How an object is encrypted: as wished, else as the bucket says, else with S3's own keys.
    pub fn settle(self, config: &Config, region: Region, account: &AccountId) -> Result<Encryption, Fault> {
        if self.algorithm.is_none() && self.key.is_some() {
            return Err(faults::kms_key_without_kms());
        }
        let wished = match self.algorithm {
            Some(_) => self,
            None => config.encryption.as_ref().map(of_bucket).unwrap_or_default(),
        };
        match wished.algorithm.as_deref() {
            None | Some("AES256") if wished.key.is_none() => {
                Ok(Encryption { algorithm: Some("AES256".to_owned()), key: None, bucket_key: None })
            }
            Some("aws:kms" | "aws:kms:dsse") => {
                let key = kms_key_arn(wished.key.as_deref().unwrap_or("alias/aws/s3"), region, account);
                Ok(Encryption { key: Some(key), ..wished })
            }
            Some("AES256") => Err(faults::kms_key_without_kms()),
            other => Err(faults::unknown_encryption(other.unwrap_or_default())),
        }
    }

    /// `SSEApplied` in records.
    pub fn applied(&self, wished: bool) -> &'static str {
        match (self.algorithm.as_deref(), wished) {
            (Some("AES256") | None, true) => "SSE_S3",
            (Some("AES256") | None, false) => "Default_SSE_S3",
            (Some("aws:kms:dsse"), true) => "DSSE_KMS",
            (Some("aws:kms:dsse"), false) => "Default_DSSE_KMS",
            (Some(_), true) => "SSE_KMS",
            (Some(_), false) => "Default_SSE_KMS",
        }
    }
}

impl Context {
    /// # Errors
    /// `InvalidArgument` for a context without a key of KMS.
    pub fn check(&self, settled: &Encryption) -> Result<(), Fault> {
        match (&self.context, &settled.key) {
            (Some(_), None) => Err(faults::kms_key_without_kms()),
            _ => Ok(()),
        }
    }
}

fn of_bucket(default: &crate::services::s3::config::Encryption) -> Encryption {
    Encryption {
        algorithm: Some(default.algorithm.clone()),
        key: default.key.clone(),
        bucket_key: default.bucket_key.then_some(true),
    }
}

fn kms_key_arn(key: &str, region: Region, account: &AccountId) -> String {
    if key.starts_with("arn:") {
        return key.to_owned();
    }
    let kind = if key.starts_with("alias/") { "" } else { "key/" };
    format!("arn:aws:kms:{region}:{account}:{kind}{key}")
}

/// Checks and completes what a client says of a new object.
///
/// # Errors
/// For what S3 would refuse, and for what we cannot do.
pub fn settle(
    scene: &Scene<'_>,
    account: &AccountId,
    (headers, encryption, lock, wishes): (Headers, Encryption, Lock, Wishes),
) -> Result<About, Fault> {
    wishes.check(&scene.bucket.config)?;
    check_lock(scene, &lock)?;
    let lock = with_default_retention(scene, lock);
    Ok(About {
        headers: headers.settle()?,
        encryption: encryption.settle(&scene.bucket.config, scene.bucket.region, account)?,
        storage_class: storage_class(wishes.storage_class)?,
        tags: wishes.tagging.as_deref().map(tagging::of_header).transpose()?.unwrap_or_default(),
        lock,
    })
}

fn with_default_retention(scene: &Scene<'_>, lock: Lock) -> Lock {
    match &scene.bucket.config.retention {
        Some(retention) if lock.mode.is_none() => Lock { legal_hold: lock.legal_hold, ..retention.lock(scene.now) },
        _ => lock,
    }
}

impl Wishes {
    fn check(&self, config: &Config) -> Result<(), Fault> {
        if self.customer_algorithm.is_some() || self.customer_key.is_some() {
            return Err(faults::not_built("x-amz-server-side-encryption-customer-algorithm"));
        }
        if self.event_hold.is_some() {
            return Err(faults::not_built("x-amz-object-lock-event-hold"));
        }
        let grants = [&self.full_control, &self.read, &self.read_acl, &self.write_acl];
        if grants.iter().any(|grant| grant.is_some()) {
            return Err(acl::not_ours(config));
        }
        acl::check_canned(config, self.acl.as_deref())
    }
}

impl Headers {
    fn settle(mut self) -> Result<Headers, Fault> {
        let metadata = self.metadata.iter().flatten();
        let size: usize = metadata.map(|(name, value)| name.len() + value.len()).sum();
        if size > METADATA_BYTES_MAX {
            return Err(faults::metadata_too_large(size, METADATA_BYTES_MAX));
        }
        let leads = |place: &String| ["http://", "https://", "/"].iter().any(|prefix| place.starts_with(prefix));
        if !self.redirect.as_ref().is_none_or(leads) {
            return Err(faults::invalid_redirect());
        }
        self.content_type = self.content_type.filter(|kind| !kind.is_empty());
        self.content_type.get_or_insert_with(|| DEFAULT_CONTENT_TYPE.to_owned());
        self.content_encoding = self.content_encoding.as_deref().and_then(without_chunked);
        Ok(self)
    }
}

/// `aws-chunked` is about the transfer, not about the content.
fn without_chunked(encoding: &str) -> Option<String> {
    let kept: Vec<_> = encoding.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    Some(kept.join(",")).filter(|kept| !kept.is_empty())
}

fn storage_class(wished: Option<String>) -> Result<String, Fault> {
    match wished {
        None => Ok(STANDARD.to_owned()),
        Some(class) if ONLINE_CLASSES.contains(&class.as_str()) || ARCHIVE_CLASSES.contains(&class.as_str()) => {
            Ok(class)
        }
        Some(class) => Err(faults::invalid_storage_class(&class)),
    }
}

impl Lock {
    /// Anything is locked, or is to be.
    pub fn is_some(&self) -> bool {
        self.mode.is_some() || self.until.is_some() || self.legal_hold.is_some()
    }
}

fn check_lock(scene: &Scene<'_>, lock: &Lock) -> Result<(), Fault> {
    if !lock.is_some() {
        return Ok(());
    }
    if !scene.bucket.config.object_lock {
        return Err(faults::bucket_without_lock());
    }
    match (&lock.mode, lock.until) {
        (Some(_), Some(until)) if until <= scene.now => Err(faults::retention_in_the_past()),
        (Some(_), Some(_)) | (None, None) => Ok(()),
        _ => Err(faults::retention_incomplete()),
    }
}
