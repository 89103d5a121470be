//! Log files and digests as they stand in a bucket's folder.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::*;

/// As https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html has it.
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"AWSCloudTrailAclCheck","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
     "Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs",
     "Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}},
    {"Sid":"AWSCloudTrailWrite","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
     "Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/111122223333/*",
     "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control",
      "aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}}]}"#;

/// A world whose objects stand in a folder of its own, removed at the end.
struct Lab {
    world: World,
    folder: PathBuf,
    /// Ids of the events from before the trail.
    before: Vec<String>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lab(name: &str) -> Lab {
    let folder = std::env::temp_dir().join(format!("trailcam-delivery-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut settings = world("2026-01-01T00:00:00Z").settings;
    settings.data_dir = folder.clone();
    std::fs::create_dir_all(settings.spool_dir()).unwrap();
    let mut lab =
        Lab { world: World::new(settings, "2026-01-01T00:00:00Z".parse().unwrap()), folder, before: Vec::new() };
    lab.s3("CreateBucket", &[("Bucket", "logs".into())]);
    lab.allow();
    let account = AccountId::parse(ACCOUNT).unwrap();
    lab.world.account(&account).trails.insert(TRAIL.into(), trail("logs"));
    lab.before = lab.recorded();
    lab
}

impl Lab {
    fn s3(&mut self, operation: &str, members: &[(&'static str, Value)]) {
        call(&mut self.world, ACCOUNT, Region::US_EAST_1, ("s3", operation), map(members)).unwrap();
    }

    /// Lets CloudTrail into the bucket.
    fn allow(&mut self) {
        self.s3("PutBucketPolicy", &[("Bucket", "logs".into()), ("Policy", POLICY.into())]);
    }

    fn forbid(&mut self) {
        self.s3("DeleteBucketPolicy", &[("Bucket", "logs".into())]);
    }

    fn calls(&mut self, count: usize) {
        for _ in 0..count {
            let _ = call(&mut self.world, ACCOUNT, Region::US_EAST_1, ("cloudtrail", "DescribeTrails"), Map::new());
        }
    }

    /// Uncompressed contents by key.
    fn files(&self, part: &str) -> BTreeMap<String, String> {
        let root = self.folder.join("s3/logs");
        let mut found = BTreeMap::new();
        collect(&root, &mut |path| {
            let key = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if key.contains(part) {
                let mut text = String::new();
                GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
                found.insert(key, text);
            }
        });
        found
    }

    /// Ids of all delivered events that CloudTrail did not make itself.
    fn delivered(&self) -> Vec<String> {
        let files: Vec<Json> =
            self.files("/CloudTrail/").values().map(|text| serde_json::from_str(text).unwrap()).collect();
        let records = files.iter().flat_map(|file| file["Records"].as_array().unwrap());
        let others = records.filter(|record| record["userIdentity"]["type"] != "AWSService");
        let mut ids: Vec<_> = others.map(|record| record["eventID"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Ids of all management events since the trail was there that CloudTrail did not make itself.
    fn recorded(&self) -> Vec<String> {
        let mut ids = naive(&self.world, |record| record["userIdentity"]["type"] != "AWSService");
        ids.retain(|id| !self.before.contains(id));
        ids.sort();
        ids
    }
}

fn collect(folder: &Path, each: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, each) } else { each(&path) }
    }
}

#[test]
fn each_event_is_in_one_file_five_seconds_after_the_first() {
    let mut lab = lab("once");
    lab.calls(1300);
    advance(&mut lab.world, "2026-01-01T00:00:04.999Z");
    assert_eq!(lab.files("").len(), 0);
    advance(&mut lab.world, "2026-01-01T00:00:05Z");
    let files = lab.files("");
    assert_eq!(files.len(), 3);
    assert!(files.keys().all(|key| key.contains("_CloudTrail_us-east-1_20260101T0005Z_")));
    assert!(files.values().all(|text| text.starts_with("{\"Records\":[{\"eventVersion\":") && text.ends_with("}]}")));
    assert_eq!(lab.delivered(), lab.recorded());
    advance(&mut lab.world, "2026-01-02T00:00:00Z");
    assert_eq!(lab.files("").len(), 3, "its own events call for no delivery");
}

#[test]
fn a_failing_delivery_loses_nothing_and_repeats_nothing() {
    let mut lab = lab("failing");
    let account = AccountId::parse(ACCOUNT).unwrap();
    super::super::digest::start(&mut lab.world, &account, TRAIL);
    lab.calls(3);
    advance(&mut lab.world, "2026-01-01T00:10:00Z");
    lab.forbid();
    lab.calls(700);
    advance(&mut lab.world, "2026-01-01T02:00:00Z");
    lab.calls(2);
    advance(&mut lab.world, "2026-01-01T03:30:00Z");
    let shipping = &lab.world.account(&account).trails[TRAIL].shipping[&Region::US_EAST_1];
    assert_eq!(shipping.last_error.as_deref(), Some("AccessDenied"));
    assert_eq!(shipping.chain.last_error.as_deref(), Some("AccessDenied"));
    assert_eq!(lab.delivered().len(), 3);
    lab.allow();
    advance(&mut lab.world, "2026-01-01T04:30:00Z");
    assert_eq!(lab.delivered(), lab.recorded());
    let shipping = &lab.world.account(&account).trails[TRAIL].shipping[&Region::US_EAST_1];
    assert_eq!((&shipping.last_error, &shipping.chain.last_error), (&None, &None));
    // The hourly digests are all there, in a chain, and list each log file once.
    let digests: Vec<Json> =
        lab.files("/CloudTrail-Digest/").values().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(digests.len(), 5);
    for pair in digests.windows(2) {
        assert_eq!(pair[1]["previousDigestS3Object"], pair[0]["digestS3Object"]);
    }
    let mut listed: Vec<_> = digests
        .iter()
        .flat_map(|digest| digest["logFiles"].as_array().unwrap())
        .map(|file| file["s3Object"].as_str().unwrap())
        .collect();
    listed.sort_unstable();
    assert!(listed.into_iter().eq(lab.files("/CloudTrail/").keys()));
}

#[test]
fn a_flush_ends_although_deliveries_make_events() {
    let mut lab = lab("flush");
    let account = AccountId::parse(ACCOUNT).unwrap();
    super::super::digest::start(&mut lab.world, &account, TRAIL);
    lab.calls(3);
    let delivered = super::super::flush(&mut lab.world);
    assert_eq!(delivered.len(), 3, "a log file, the starting digest and the digest of the moment: {delivered:?}");
    assert!(delivered.iter().all(|name| lab.files("").contains_key(name.strip_prefix("logs/").unwrap())));
    assert_eq!(lab.delivered(), lab.recorded());
}
