//! What streams do over time, and what other services see of them.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::contract;
use crate::services;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Sender, perform};
use crate::world::caller::Credentials;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, Settings, World};

use super::{accepts, put};

const ACCOUNT: &str = "111122223333";
const ARN: &str = "arn:aws:firehose:us-east-1:111122223333:deliverystream/s";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"firehose.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{
    "sts:ExternalId":"111122223333","aws:SourceAccount":"111122223333"},"ArnLike":{
    "aws:SourceArn":"arn:aws:firehose:us-east-1:111122223333:*"}}}]}"#;

/// A world whose objects stand in a folder of its own, removed at the end.
struct Lab {
    world: World,
    folder: PathBuf,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A role, and a stream `s` with the smallest buffer for a bucket `logs` that is not there.
fn lab(name: &str, cadence: Cadence) -> Lab {
    let folder = std::env::temp_dir().join(format!("trailcam-firehose-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let account = AccountId::parse(ACCOUNT).unwrap();
    let settings = Settings {
        account,
        region: Region::US_EAST_1,
        seed: 1,
        cadence,
        data_dir: folder.clone(),
        log_memory: 16 << 20,
    };
    std::fs::create_dir_all(settings.spool_dir()).unwrap();
    let mut lab = Lab { world: World::new(settings, "2026-01-01T00:00:00Z".parse().unwrap()), folder };
    let role = [("RoleName", "r".into()), ("AssumeRolePolicyDocument", TRUST.into())];
    lab.call("iam", "CreateRole", &role).unwrap();
    let hints = map(&[("SizeInMBs", 1.into()), ("IntervalInSeconds", 60.into())]);
    let destination = map(&[
        ("RoleARN", format!("arn:aws:iam::{ACCOUNT}:role/r").into()),
        ("BucketARN", "arn:aws:s3:::logs".into()),
        ("BufferingHints", hints.into()),
    ]);
    let stream = [("DeliveryStreamName", "s".into()), ("S3DestinationConfiguration", destination.into())];
    lab.call("firehose", "CreateDeliveryStream", &stream).unwrap();
    lab
}

fn map(members: &[(&'static str, Value)]) -> Map {
    Map(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
}

impl Lab {
    fn call(&mut self, service: &str, operation: &str, input: &[(&'static str, Value)]) -> Result<Value, Fault> {
        let contract = contract::get(service).unwrap();
        let credentials = Credentials { access_key: Some(ACCOUNT.into()), session_token: None };
        let call = Call {
            contract,
            operation: contract.find(operation).unwrap(),
            region: Region::US_EAST_1,
            sender: Sender::Client { credentials, connection: Connection::default() },
            input: Ok(Value::Map(map(input))),
            upload: Ok(Upload::default()),
        };
        perform(&mut self.world, call).outcome.map(|output| output.value)
    }

    fn make_bucket(&mut self) {
        self.call("s3", "CreateBucket", &[("Bucket", "logs".into())]).unwrap();
    }

    /// Sends what is delivered from now on to another bucket.
    fn turn_to(&mut self, bucket: &str) {
        let about = self.call("firehose", "DescribeDeliveryStream", &[("DeliveryStreamName", "s".into())]).unwrap();
        let version = about.get("DeliveryStreamDescription").and_then(|about| about.get("VersionId")).cloned();
        let update = map(&[("BucketARN", format!("arn:aws:s3:::{bucket}").into())]);
        let input = [
            ("DeliveryStreamName", "s".into()),
            ("DestinationId", "destinationId-000000000001".into()),
            ("CurrentDeliveryStreamVersionId", version.unwrap()),
            ("S3DestinationUpdate", update.into()),
        ];
        self.call("firehose", "UpdateDestination", &input).unwrap();
    }

    fn delete(&mut self) -> Result<Value, Fault> {
        self.call("firehose", "DeleteDeliveryStream", &[("DeliveryStreamName", "s".into())])
    }

    /// Puts texts as another service does.
    fn put(&mut self, texts: &[&'static str]) -> Result<(), Fault> {
        put(&mut self.world, ARN, texts.iter().map(|text| Bytes::from(*text)).collect())
    }

    /// Moves time on; every job on the way runs.
    fn advance(&mut self, to: &str) {
        self.advance_to(to.parse().unwrap());
    }

    fn advance_to(&mut self, to: Time) {
        while let Some((due, job)) = self.world.jobs.pop_due(to) {
            self.world.now = self.world.now.max(due);
            services::run(&mut self.world, job);
        }
        self.world.now = to;
    }

    /// The contents of all objects of the bucket, in the order of their names.
    fn objects(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.folder.join("s3/logs"), &mut files);
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }

    fn status(&mut self) -> Option<String> {
        let about = self.call("firehose", "DescribeDeliveryStream", &[("DeliveryStreamName", "s".into())]).ok()?;
        let status = about.get("DeliveryStreamDescription")?.get("DeliveryStreamStatus")?;
        status.as_str().map(str::to_owned)
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

#[test]
fn services_put_by_arn() {
    let mut lab = lab("arn", Cadence::Fast);
    lab.make_bucket();
    let place = accepts(&lab.world, ARN).unwrap();
    assert_eq!((place.arn().as_str(), place.stream.as_str()), (ARN, "s"));
    for other in [
        "arn:aws:firehose:us-east-1:111122223333:deliverystream/other",
        "arn:aws:firehose:eu-west-1:111122223333:deliverystream/s",
        "arn:aws:firehose:us-east-1:444455556666:deliverystream/s",
        "arn:aws:firehose:us-east-1:111122223333:s",
        "s",
        "",
    ] {
        assert!(accepts(&lab.world, other).is_none(), "{other}");
        let refused = put(&mut lab.world, other, vec![Bytes::from("x")]).unwrap_err();
        assert_eq!(refused.code, "ResourceNotFoundException", "{other}");
    }
    lab.put(&["one\n", "two\n"]).unwrap();
    lab.advance("2026-01-01T00:00:59.999Z");
    assert!(lab.objects().is_empty());
    lab.advance("2026-01-01T00:01:00Z");
    assert_eq!(lab.objects(), ["one\ntwo\n"]);
    lab.advance("2026-01-02T00:00:00Z");
    assert_eq!(lab.objects(), ["one\ntwo\n"]);
}

#[test]
fn a_full_stream_takes_all_or_nothing() {
    let mut lab = lab("full", Cadence::Fast);
    let megabyte = Bytes::from(vec![b'x'; 1 << 20]);
    for _ in 0..255 {
        put(&mut lab.world, ARN, vec![megabyte.clone()]).unwrap();
    }
    let refused = put(&mut lab.world, ARN, vec![megabyte.clone(), Bytes::from("y")]).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.message.as_str()), ("ServiceUnavailableException", "Slow down."));
    put(&mut lab.world, ARN, vec![megabyte]).unwrap();
    // Of a client's batch, what finds no room is told record by record.
    let records: Vec<Value> = ["", "y"].map(|text| map(&[("Data", Bytes::from(text).into())]).into()).to_vec();
    let batch = [("DeliveryStreamName", "s".into()), ("Records", Value::List(records))];
    let answer = lab.call("firehose", "PutRecordBatch", &batch).unwrap();
    assert_eq!(answer.get("FailedPutCount"), Some(&Value::Int(1)));
    let results = answer.get("RequestResponses").and_then(Value::as_list).unwrap();
    assert!(results[0].get("RecordId").is_some());
    assert_eq!(results[1].get("ErrorCode").and_then(Value::as_str), Some("ServiceUnavailableException"));
    assert_eq!(results[1].get("ErrorMessage").and_then(Value::as_str), Some("Slow down."));
}

#[test]
fn data_is_kept_for_a_day() {
    let mut lab = lab("day", Cadence::Fast);
    lab.put(&["lost"]).unwrap();
    lab.advance("2026-01-01T10:00:00Z");
    lab.put(&["kept"]).unwrap();
    lab.advance("2026-01-02T00:00:01Z");
    lab.make_bucket();
    lab.advance("2026-01-02T09:00:00Z");
    assert_eq!(lab.objects(), ["kept"]);
}

#[test]
fn at_the_pace_of_aws_streams_take_a_minute_to_come_and_go() {
    let mut lab = lab("pace", Cadence::Aws);
    lab.make_bucket();
    assert_eq!(lab.status().as_deref(), Some("CREATING"));
    assert!(accepts(&lab.world, ARN).is_none());
    assert_eq!(lab.delete().unwrap_err().code, "ResourceInUseException");
    lab.advance("2026-01-01T00:01:00Z");
    assert_eq!(lab.status().as_deref(), Some("ACTIVE"));
    lab.put(&["last words"]).unwrap();
    lab.delete().unwrap();
    lab.delete().unwrap();
    assert_eq!(lab.status().as_deref(), Some("DELETING"));
    assert_eq!(lab.put(&["too late"]).unwrap_err().code, "ResourceNotFoundException");
    lab.advance("2026-01-01T00:02:00Z");
    assert_eq!(lab.status(), None);
    assert_eq!(lab.objects(), ["last words"]);
}

#[test]
fn a_fast_stream_delivers_before_it_goes() {
    let mut lab = lab("fast", Cadence::Fast);
    lab.make_bucket();
    lab.put(&["last words"]).unwrap();
    lab.delete().unwrap();
    assert_eq!(lab.status().as_deref(), Some("DELETING"));
    lab.advance("2026-01-01T00:00:00Z");
    assert_eq!(lab.status(), None);
    assert_eq!(lab.objects(), ["last words"]);
}

#[test]
fn nothing_is_lost_or_delivered_twice() {
    for seed in 0..3 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut lab = lab(&format!("seed-{seed}"), Cadence::Fast);
        lab.make_bucket();
        let mut count = 0;
        for _ in 0..150 {
            match random.gen_range(0..10) {
                0 => lab.turn_to("nowhere"),
                1 => lab.turn_to("logs"),
                2 => drop(super::flush(&mut lab.world)),
                3..6 => lab.advance_to(lab.world.now + TimeDelta::seconds(random.gen_range(0..200))),
                _ => {
                    let filling = " ".repeat(random.gen_range(0..200_000));
                    let records = (count..count + random.gen_range(1..4)).map(|id| format!("{filling}{id}\n"));
                    let records: Vec<Bytes> = records.map(Bytes::from).collect();
                    count += records.len();
                    put(&mut lab.world, ARN, records).unwrap();
                }
            }
        }
        lab.turn_to("logs");
        lab.advance_to(lab.world.now + TimeDelta::hours(1));
        let mut found: Vec<usize> = Vec::new();
        for object in lab.objects() {
            let ids: Vec<usize> = object.lines().map(|line| line.trim().parse().unwrap()).collect();
            assert!(ids.is_sorted(), "records of an object are in order");
            found.extend(ids);
        }
        found.sort_unstable();
        assert_eq!(found, (0..count).collect::<Vec<_>>(), "seed {seed}");
    }
}
