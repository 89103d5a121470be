//! One digest file: its name, content and signature, as AWS writes them.

use chrono::SecondsFormat;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::wire::Map;
use crate::world::hex::hex;
use crate::world::scope::{AccountId, Region};
use crate::world::time::{Time, iso_seconds};

use super::delivery::LogFile;
use super::keys::SigningKey;

const HASH: &str = "SHA-256";
const SIGNATURE: &str = "SHA256withRSA";

/// What a digest is made of.
pub(super) struct Draft<'a> {
    pub account: &'a AccountId,
    pub region: Region,
    /// The trail's name.
    pub trail: &'a str,
    pub home: Region,
    pub bucket: &'a str,
    /// The trail's prefix, with a slash if there is one.
    pub folder: &'a str,
    pub kind: Kind,
    pub start: Time,
    pub end: Time,
    pub previous: Option<&'a Link>,
    /// In the order of delivery.
    pub files: Vec<&'a Listed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hourly,
    /// Lists log files that came after their hour was closed.
    Backfill,
}

/// A log file, as digests list it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    s3_bucket: String,
    s3_object: String,
    hash_value: String,
    hash_algorithm: &'static str,
    newest_event_time: String,
    oldest_event_time: String,
}

/// What a digest says of the one before.
#[derive(Clone, Debug)]
pub(super) struct Link {
    bucket: String,
    key: String,
    hash: String,
    signature: String,
}

/// A digest with its signature, which is made once.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub bucket: String,
    pub key: String,
    pub text: String,
    pub signature: String,
    hash: String,
    /// Set for backfill digests.
    generated: Option<Time>,
}

/// A digest file, member by member in AWS's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    aws_account_id: &'a str,
    digest_start_time: String,
    digest_end_time: &'a str,
    digest_s3_bucket: &'a str,
    digest_s3_object: &'a str,
    digest_public_key_fingerprint: &'a str,
    digest_signature_algorithm: &'static str,
    newest_event_time: Option<&'a str>,
    oldest_event_time: Option<&'a str>,
    previous_digest_s3_bucket: Option<&'a str>,
    previous_digest_s3_object: Option<&'a str>,
    previous_digest_hash_value: Option<&'a str>,
    previous_digest_hash_algorithm: Option<&'static str>,
    previous_digest_signature: Option<&'a str>,
    /// The newest first.
    log_files: Vec<&'a Listed>,
}

impl Draft<'_> {
    pub fn sign(&self, key: &SigningKey, now: Time) -> Signed {
        let (object, end) = (self.key(), iso_seconds(self.end));
        // A structure of texts has no failing case.
        let text = serde_json::to_string(&self.document(&object, &end, &key.fingerprint)).unwrap_or_default();
        let hash = hex(&Sha256::digest(&text));
        let before = self.previous.map_or("null", |link| &link.signature);
        let signature = key.sign(&string_to_sign(&end, self.bucket, &object, &hash, before));
        let generated = (self.kind == Kind::Backfill).then_some(now);
        Signed { bucket: self.bucket.to_owned(), key: object, text, signature, hash, generated }
    }

    fn document<'a>(&'a self, object: &'a str, end: &'a str, fingerprint: &'a str) -> Document<'a> {
        let Draft { previous, files, .. } = self;
        Document {
            aws_account_id: self.account.as_str(),
            digest_start_time: iso_seconds(self.start),
            digest_end_time: end,
            digest_s3_bucket: self.bucket,
            digest_s3_object: object,
            digest_public_key_fingerprint: fingerprint,
            digest_signature_algorithm: SIGNATURE,
            newest_event_time: files.iter().map(|file| file.newest_event_time.as_str()).max(),
            oldest_event_time: files.iter().map(|file| file.oldest_event_time.as_str()).min(),
            previous_digest_s3_bucket: previous.map(|link| link.bucket.as_str()),
            previous_digest_s3_object: previous.map(|link| link.key.as_str()),
            previous_digest_hash_value: previous.map(|link| link.hash.as_str()),
            previous_digest_hash_algorithm: previous.map(|_| HASH),
            previous_digest_signature: previous.map(|link| link.signature.as_str()),
            log_files: files.iter().rev().copied().collect(),
        }
    }

    /// `[PREFIX/]AWSLogs/ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_YYYYMMDDTHHMMSSZ.json.gz`
    fn key(&self) -> String {
        let Draft { account, region, trail, home, folder, .. } = self;
        let (day, second) = (self.end.format("%Y/%m/%d"), self.end.format("%Y%m%dT%H%M%SZ"));
        let suffix = match self.kind {
            Kind::Hourly => "",
            Kind::Backfill => "_backfill",
        };
        format!(
            "{folder}AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/\
             {account}_CloudTrail-Digest_{region}_{trail}_{home}_{second}{suffix}.json.gz"
        )
    }
}

impl Listed {
    pub fn of(file: LogFile) -> Listed {
        Listed {
            s3_bucket: file.bucket,
            s3_object: file.key,
            hash_value: hex(&Sha256::digest(&file.text)),
            hash_algorithm: HASH,
            newest_event_time: file.newest,
            oldest_event_time: file.oldest,
        }
    }
}

impl Signed {
    pub fn link(&self) -> Link {
        let Signed { bucket, key, hash, signature, .. } = self;
        Link { bucket: bucket.clone(), key: key.clone(), hash: hash.clone(), signature: signature.clone() }
    }

    /// The object's metadata, which carries the signature.
    pub fn metadata(&self) -> Map {
        let mut metadata = Map::new();
        metadata.push("signature", self.signature.as_str());
        metadata.push("signature-algorithm", SIGNATURE);
        if let Some(generated) = self.generated {
            let text = generated.to_rfc3339_opts(SecondsFormat::Millis, true);
            metadata.push("backfill-generation-timestamp", text);
        }
        metadata
    }
}

/// What the signature of a digest stands for. `previous` is the signature before, or the word `null`.
fn string_to_sign(end: &str, bucket: &str, key: &str, hash: &str, previous: &str) -> String {
    format!("{end}\n{bucket}/{key}\n{hash}\n{previous}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_to_sign_of_the_documentation() {
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
        let key = "AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/12/111122223333_us-east-2_CloudTrail-Digest_us-east-2_20150812T040131Z.json.gz";
        let text = string_to_sign("2015-08-12T04:01:31Z", "amzn-s3-demo-bucket", key, "4ff3b5aa", "null");
        assert_eq!(text, format!("2015-08-12T04:01:31Z\namzn-s3-demo-bucket/{key}\n4ff3b5aa\nnull"));
    }
}
