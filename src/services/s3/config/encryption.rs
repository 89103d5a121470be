//! Default encryption.

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::faults;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;

/// The operations on default encryption.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketEncryption" get_bucket_encryption),
    crate::op!(Write "PutBucketEncryption" put_bucket_encryption),
    crate::op!(Write "DeleteBucketEncryption" delete_bucket_encryption),
];

/// What objects are encrypted with that come without a wish.
#[derive(Clone, Debug)]
pub struct Encryption {
    pub algorithm: String,
    pub key: Option<String>,
    pub bucket_key: bool,
}

record! {
    struct Encrypted {
        configuration: Configuration = "ServerSideEncryptionConfiguration",
    }

    struct Configuration {
        rules: Vec<Rule> = "Rules",
    }

    struct Rule {
        default: Option<Default> = "ApplyServerSideEncryptionByDefault",
        bucket_key: bool = "BucketKeyEnabled",
        blocked: Option<Value> = "BlockedEncryptionTypes",
    }

    struct Default {
        algorithm: String = "SSEAlgorithm",
        key: Option<String> = "KMSMasterKeyID",
    }
}

fn get_bucket_encryption(cx: &mut Cx<'_>, target: Target) -> Result<Encrypted, Fault> {
    let set = enter(cx, &target)?.config.encryption.clone();
    let set = set.unwrap_or(Encryption { algorithm: "AES256".to_owned(), key: None, bucket_key: false });
    let default = Some(Default { algorithm: set.algorithm, key: set.key });
    let rule = Rule { default, bucket_key: set.bucket_key, blocked: None };
    Ok(Encrypted { configuration: Configuration { rules: vec![rule] } })
}

fn put_bucket_encryption(cx: &mut Cx<'_>, (target, input): (Target, Encrypted)) -> Result<(), Fault> {
    let config = &mut enter(cx, &target)?.config;
    let Ok([rule]) = <[Rule; 1]>::try_from(input.configuration.rules) else { return Err(faults::malformed_xml()) };
    if rule.blocked.is_some() {
        return Err(faults::not_built("BlockedEncryptionTypes"));
    }
    let Default { algorithm, key } = rule.default.ok_or_else(faults::malformed_xml)?;
    match algorithm.as_str() {
        "AES256" if key.is_some() => return Err(faults::key_without_kms()),
        "AES256" | "aws:kms" | "aws:kms:dsse" => {}
        _ => return Err(faults::malformed_xml()),
    }
    config.encryption = Some(Encryption { algorithm, key, bucket_key: rule.bucket_key });
    Ok(())
}

fn delete_bucket_encryption(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    enter(cx, &target)?.config.encryption = None;
    Ok(())
}
