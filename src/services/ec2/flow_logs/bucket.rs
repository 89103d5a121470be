//! Buckets of flow logs: their files, and the policy that lets deliveries in
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html>).

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::DateTime;
use serde_json::json;

use crate::network::flow_logs::{Format, Record, text_file};
use crate::services::s3;
use crate::wire::{Fault, Map};
use crate::world::World;
use crate::world::call::{Call, Cx, perform};
use crate::world::gzip::gzip;
use crate::world::labelled::Labelled;
use crate::world::payload::Upload;
use crate::world::time::Time;

use super::super::faults;
use super::{Place, parquet};

/// Who writes to buckets.
const DELIVERY: &str = "delivery.logs.amazonaws.com";

/// Seconds of the times in names of files.
pub const BIN_S: i64 = 300;

/// Records of a text file, after which another one begins: AWS does so at 75 MB before compression, which is about as many
/// records of the default format.
const FILE_RECORDS_MAX: usize = 600_000;

/// A bucket, a folder in it, and how files are laid out there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Without a slash at either end.
    pub folder: Option<String>,
    pub options: Options,
}

/// `DestinationOptions`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub parquet: bool,
    pub hive: bool,
    pub hourly: bool,
}

/// A file that is to be written.
#[derive(Debug)]
pub struct File {
    /// Seconds since 1970: the five minutes that begin then.
    start_s: i64,
    body: Bytes,
}

impl Bucket {
    /// Reads `arn:aws:s3:::bucket/folder/`.
    pub fn parse(arn: &str, options: Options) -> Option<Bucket> {
        let path = arn.strip_prefix("arn:aws:s3:::")?;
        let (name, folder) = path.split_once('/').unwrap_or((path, ""));
        let folder = folder.trim_matches('/');
        // AWS keeps that word for itself.
        let is_taken = folder.split('/').any(|part| part == "AWSLogs");
        (s3::buckets::is_name(name) && !is_taken).then(|| Bucket {
            name: name.to_owned(),
            folder: Some(folder.to_owned()).filter(|folder| !folder.is_empty()),
            options,
        })
    }

    pub fn arn(&self) -> String {
        match &self.folder {
            Some(folder) => format!("arn:aws:s3:::{}/{folder}/", self.name),
            None => format!("arn:aws:s3:::{}", self.name),
        }
    }

    fn prefix(&self) -> String {
        self.folder.as_ref().map_or_else(String::new, |folder| format!("{folder}/"))
    }

    /// The folder of the files of a time.
    fn path(&self, place: &Place, time: Time) -> String {
        let Place { account, region, .. } = place;
        let (folder, hour) = match self.options.hive {
            true => (
                format!(
                    "AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/{}",
                    time.format("year=%Y/month=%m/day=%d")
                ),
                "hour=%H",
            ),
            false => (format!("AWSLogs/{account}/vpcflowlogs/{region}/{}", time.format("%Y/%m/%d")), "%H"),
        };
        match self.options.hourly {
            true => format!("{}{folder}/{}/", self.prefix(), time.format(hour)),
            false => format!("{}{folder}/", self.prefix()),
        }
    }

    /// Whether the bucket's policy lets deliveries for an account in a Region in.
    fn admits(&self, world: &World, place: &Place) -> bool {
        let Some(bucket) = world.s3.buckets.get(&self.name) else { return false };
        let source = source(place);
        let context = [
            ("s3:x-amz-acl", "bucket-owner-full-control"),
            ("aws:SourceArn", source.as_str()),
            ("aws:SourceAccount", place.account.as_str()),
            ("aws:SecureTransport", "true"),
        ];
        let objects = format!("arn:aws:s3:::{}/{}", self.name, self.path(place, world.now));
        let bucket_arn = format!("arn:aws:s3:::{}", self.name);
        [("s3:GetBucketAcl", &bucket_arn), ("s3:PutObject", &objects)]
            .into_iter()
            .all(|(action, resource)| s3::config::policy::admits(bucket, DELIVERY, action, resource, &context))
    }

    /// Sees to it that deliveries can be made: the policy of a bucket of one's own is extended, as AWS does it with the
    /// caller's rights.
    ///
    /// # Errors
    /// What is wrong with the bucket.
    pub fn open(&self, cx: &mut Cx, place: &Place) -> Result<(), String> {
        let owner = cx.world.s3.buckets.get(&self.name).map(|bucket| bucket.owner.clone());
        let owner = owner.ok_or_else(|| faults::no_destination(&self.name))?;
        if self.admits(cx.world, place) {
            return Ok(());
        }
        if owner == place.account {
            // Whether it has helped is looked at.
            let _ = self.extend_policy(cx, place);
        }
        match self.admits(cx.world, place) {
            true => Ok(()),
            false => Err(faults::destination_denied(&self.name)),
        }
    }

    fn extend_policy(&self, cx: &mut Cx, place: &Place) -> Result<(), Fault> {
        let before = cx.world.s3.buckets.get(&self.name).and_then(|bucket| bucket.config.policy.as_ref());
        let before =
            before.map_or(r#"{"Version":"2012-10-17","Id":"AWSLogDeliveryWrite20150319"}"#, |policy| &policy.text);
        let mut policy = Labelled::parse(before);
        let condition = |more: serde_json::Value| {
            let mut equals = json!({"aws:SourceAccount": place.account.as_str()});
            if let (Some(all), Some(more)) = (equals.as_object_mut(), more.as_object()) {
                all.extend(more.clone());
            }
            json!({"StringEquals": equals, "ArnLike": {"aws:SourceArn": source(place)}})
        };
        let account = &place.account;
        let hive = if self.options.hive { format!("aws-account-id={account}") } else { account.to_string() };
        policy.put(json!({
            "Sid": "AWSLogDeliveryWrite",
            "Effect": "Allow",
            "Principal": {"Service": DELIVERY},
            "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{}/{}AWSLogs/{hive}/*", self.name, self.prefix()),
            "Condition": condition(json!({"s3:x-amz-acl": "bucket-owner-full-control"})),
        }));
        policy.put(json!({
            "Sid": "AWSLogDeliveryAclCheck",
            "Effect": "Allow",
            "Principal": {"Service": DELIVERY},
            "Action": "s3:GetBucketAcl",
            "Resource": format!("arn:aws:s3:::{}", self.name),
            "Condition": condition(json!({})),
        }));
        let mut input = Map::new();
        input.push("Bucket", self.name.as_str());
        input.push("Policy", policy.text(""));
        let to = ("s3", "PutBucketPolicy");
        let call = Call::by_service(DELIVERY, account.clone(), place.region, to, input, Upload::default());
        let Some(call) = call else { return Ok(()) };
        perform(cx.world, call.on_behalf_of(cx.caller)).outcome.map(|_| ())
    }

    /// Packs records into files, at least one for each five minutes in which records end.
    pub fn pack(&self, format: &Format, records: &[Record]) -> Vec<File> {
        let mut bins: BTreeMap<i64, Vec<&Record>> = BTreeMap::new();
        for record in records {
            bins.entry(record.end_s - record.end_s.rem_euclid(BIN_S)).or_default().push(record);
        }
        let files = |(start_s, records): (i64, Vec<&Record>)| {
            let bodies = self.bodies(format, &records);
            bodies.into_iter().map(move |body| File { start_s, body })
        };
        bins.into_iter().flat_map(files).collect()
    }

    /// Writes files; answers their names.
    ///
    /// # Errors
    /// S3's code.
    pub fn write(&self, world: &mut World, place: &Place, files: &[File]) -> Result<Vec<String>, String> {
        let mut written = Vec::new();
        for File { start_s, body } in files {
            let time = DateTime::from_timestamp(*start_s, 0).unwrap_or(world.now);
            let hash = world.ids.text(b"0123456789abcdef", 8);
            let Place { account, region, id } = place;
            let ending = if self.options.parquet { "log.parquet" } else { "log.gz" };
            let stamp = time.format("%Y%m%dT%H%MZ");
            let folder = self.path(place, time);
            let key = format!("{folder}{account}_vpcflowlogs_{region}_{id}_{stamp}_{hash}.{ending}");
            self.put(world, place, &key, body.clone())?;
            written.push(format!("{}/{key}", self.name));
        }
        Ok(written)
    }

    fn bodies(&self, format: &Format, records: &[&Record]) -> Vec<Bytes> {
        if self.options.parquet {
            return parquet::file(format, records).into_iter().collect();
        }
        records.chunks(FILE_RECORDS_MAX).map(|part| gzip(text_file(part.iter().copied(), format).as_bytes())).collect()
    }

    fn put(&self, world: &mut World, place: &Place, key: &str, body: Bytes) -> Result<(), String> {
        let mut input = Map::new();
        input.push("Bucket", self.name.as_str());
        input.push("Key", key);
        input.push("ACL", "bucket-owner-full-control");
        input.push("ContentType", "application/octet-stream");
        let region = world.s3.buckets.get(&self.name).map_or(place.region, |bucket| bucket.region);
        let call =
            Call::by_service(DELIVERY, place.account.clone(), region, ("s3", "PutObject"), input, Upload::of(body));
        let answer = perform(world, call.ok_or("InternalError")?.working_for(&source(place)));
        answer.outcome.map(|_| ()).map_err(|fault| fault.code)
    }
}

/// `aws:SourceArn` of deliveries.
fn source(place: &Place) -> String {
    format!("arn:aws:logs:{}:{}:*", place.region, place.account)
}
