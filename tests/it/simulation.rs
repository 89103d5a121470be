//! A seeded simulation: random calls, random moves of the clock, random failures of delivery. Afterwards each selected
//! event is in exactly one log file of each trail and Region, every digest chain verifies, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::Trailcam;

const STEPS: usize = 400;
const ACCOUNT: &str = "000000000000";
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-northeast-2"];

/// A trail as the simulation makes it.
struct Trail {
    name: &'static str,
    home: &'static str,
    bucket: &'static str,
    multi_region: bool,
    /// Selects data events of S3 objects too.
    data: bool,
}

const TRAILS: [Trail; 3] = [
    Trail { name: "everywhere", home: "us-east-1", bucket: "logs-everywhere", multi_region: true, data: false },
    Trail { name: "europe", home: "eu-west-1", bucket: "logs-europe", multi_region: false, data: false },
    Trail { name: "objects", home: "us-east-1", bucket: "logs-objects", multi_region: false, data: true },
];

#[test]
fn nothing_is_lost_or_delivered_twice() {
    for seed in 1..=3 {
        let trailcam = Trailcam::new(seed);
        let mut world = Simulation::new(&trailcam, seed);
        world.prepare();
        for _ in 0..STEPS {
            world.step();
        }
        world.settle();
        world.check();
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = || {
        let trailcam = Trailcam::new(9);
        let mut world = Simulation::new(&trailcam, 9);
        world.prepare();
        for _ in 0..STEPS / 4 {
            world.step();
        }
        world.settle();
        let events = trailcam.events();
        (files(&trailcam.objects()), events)
    };
    let (first, second) = (run(), run());
    assert!(first.1 == second.1, "the event histories differ");
    assert_eq!(first.0.keys().collect::<Vec<_>>(), second.0.keys().collect::<Vec<_>>());
    assert!(first.0 == second.0, "the same files have other bytes");
}

struct Simulation<'a> {
    trailcam: &'a Trailcam,
    random: StdRng,
    counter: usize,
    /// Buckets whose policy is withdrawn at the moment.
    broken: BTreeSet<&'static str>,
}

impl<'a> Simulation<'a> {
    fn new(trailcam: &'a Trailcam, seed: u64) -> Simulation<'a> {
        Simulation { trailcam, random: StdRng::seed_from_u64(seed), counter: 0, broken: BTreeSet::new() }
    }

    /// A call that must succeed.
    fn make(&self, service: &str, region: &str, operation: &str, input: Value) {
        if let Err(fault) = self.trailcam.call(service, region, operation, input) {
            panic!("{service}:{operation}: {fault:?}");
        }
    }

    fn prepare(&mut self) {
        self.make("s3", "us-east-1", "CreateBucket", json!({"Bucket": "work"}));
        for trail in &TRAILS {
            let place = match trail.home {
                "us-east-1" => json!({"Bucket": trail.bucket}),
                home => json!({"Bucket": trail.bucket, "CreateBucketConfiguration": {"LocationConstraint": home}}),
            };
            self.make("s3", trail.home, "CreateBucket", place);
            self.set_policy(trail.bucket, trail.home);
            let input = json!({"Name": trail.name, "S3BucketName": trail.bucket, "IsMultiRegionTrail": trail.multi_region,
                "EnableLogFileValidation": true});
            self.make("cloudtrail", trail.home, "CreateTrail", input);
            if trail.data {
                let selectors = json!({"TrailName": trail.name, "EventSelectors": [{"ReadWriteType": "All",
                    "IncludeManagementEvents": true,
                    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::work/"]}]}]});
                self.make("cloudtrail", trail.home, "PutEventSelectors", selectors);
            }
            self.make("cloudtrail", trail.home, "StartLogging", json!({"Name": trail.name}));
        }
    }

    fn set_policy(&self, bucket: &str, region: &str) {
        let service = json!({"Service": "cloudtrail.amazonaws.com"});
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": format!("arn:aws:s3:::{bucket}")},
            {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
             "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*"),
             "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]});
        let input = json!({"Bucket": bucket, "Policy": policy.to_string()});
        self.make("s3", region, "PutBucketPolicy", input);
    }

    /// One random thing happens.
    fn step(&mut self) {
        self.counter += 1;
        let region = *REGIONS.choose(&mut self.random).expect("Regions");
        let name = format!("name-{}", self.counter);
        match self.random.gen_range(0..100) {
            0..25 => self.make("iam", "us-east-1", "CreateUser", json!({"UserName": name})),
            25..35 => {
                let missing = self.trailcam.call("iam", "us-east-1", "GetUser", json!({"UserName": "nobody"}));
                assert!(missing.is_err(), "there is no such user");
            }
            35..55 => self.make("ec2", region, "DescribeVpcs", json!({})),
            55..65 => self.make("sts", region, "GetCallerIdentity", json!({})),
            65..75 => self.make("s3", "us-east-1", "PutObject", json!({"Bucket": "work", "Key": name})),
            75..95 => self.trailcam.advance(self.random.gen_range(1..1500)),
            _ => self.break_or_mend(),
        }
    }

    fn break_or_mend(&mut self) {
        let trail = TRAILS.choose(&mut self.random).expect("trails");
        if self.broken.remove(trail.bucket) {
            self.set_policy(trail.bucket, trail.home);
        } else {
            self.broken.insert(trail.bucket);
            self.make("s3", trail.home, "DeleteBucketPolicy", json!({"Bucket": trail.bucket}));
        }
    }

    /// Everything is mended, and there is time for every delivery and retry.
    fn settle(&mut self) {
        for trail in &TRAILS {
            if self.broken.remove(trail.bucket) {
                self.set_policy(trail.bucket, trail.home);
            }
        }
        self.trailcam.advance(6 * 3600);
        self.trailcam.flush();
    }

    fn check(&self) {
        let history = self.trailcam.events();
        let recorded: Vec<Value> = history.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        for trail in &TRAILS {
            let folder = self.trailcam.objects().join(trail.bucket).join("AWSLogs").join(ACCOUNT);
            let delivered = delivered(&folder.join("CloudTrail"));
            let started = recorded.iter().position(|event| starts(event, trail.name)).expect("the trail was started");
            for event in &recorded[started..] {
                let id = event["eventID"].as_str().expect("an id");
                let times = delivered.get(id).map_or(0, |places| places.len());
                let wanted = usize::from(selects(trail, event));
                // What the last flush itself caused may still be on its way.
                let late = event["userIdentity"]["type"] == "AWSService" && wanted == 1 && times == 0;
                assert!(times == wanted || late, "{}: {times} times instead of {wanted}: {event}", trail.name);
            }
            verify_chains(self.trailcam, trail, &folder);
        }
    }
}

fn starts(event: &Value, trail: &str) -> bool {
    event["eventName"] == "StartLogging" && event["requestParameters"]["name"] == trail
}

/// Which events belong to a trail, told from the record alone.
fn selects(trail: &Trail, event: &Value) -> bool {
    let global = event["eventSource"] == "iam.amazonaws.com";
    let covered = trail.multi_region || event["awsRegion"] == trail.home || global;
    let data = event["eventCategory"] == "Data";
    let of_work = event["requestParameters"]["bucketName"] == "work";
    covered && if data { trail.data && of_work } else { true }
}

/// Every log file's events: id → the files it is in.
fn delivered(folder: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut all: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, bytes) in files(folder) {
        let file: Value = serde_json::from_slice(&unzip(&bytes)).expect("a log file is JSON");
        let records = file["Records"].as_array().expect("Records");
        assert!(!records.is_empty(), "an empty log file");
        for record in records {
            all.entry(record["eventID"].as_str().expect("an id").to_owned()).or_default().push(path.clone());
        }
    }
    all
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return all };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a readable file");
            all.insert(path.components().skip(3).collect(), bytes);
        }
    }
    all
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut text).expect("gzip");
    text
}

/// Each Region's digests form one chain from a start to now, signed by that Region's keys, over exactly its log files.
fn verify_chains(trailcam: &Trailcam, trail: &Trail, folder: &Path) {
    let root = trailcam.objects().join(trail.bucket);
    for region in std::fs::read_dir(folder.join("CloudTrail-Digest")).expect("digests").map(|entry| entry.expect("one"))
    {
        let region_name = region.file_name().into_string().expect("a Region");
        let keys = trailcam.public_keys(&region_name);
        let mut listed = BTreeSet::new();
        let mut previous: Option<(String, String, String)> = None;
        for (path, bytes) in files(&region.path()) {
            let path = path.to_string_lossy().into_owned();
            let key = format!("AWSLogs{}", path.split_once("AWSLogs").expect("a digest's key").1);
            let digest = unzip(&bytes);
            let metadata = trailcam.metadata(trail.bucket, trail.home, &key, "signature");
            let value: Value = serde_json::from_slice(&digest).expect("a digest is JSON");
            let hash = hex(&Sha256::digest(&digest));
            let before = value["previousDigestSignature"].as_str().unwrap_or("null").to_owned();
            let signed = format!(
                "{}\n{}/{key}\n{hash}\n{before}",
                value["digestEndTime"].as_str().expect("an end"),
                trail.bucket
            );
            let fingerprint = value["digestPublicKeyFingerprint"].as_str().expect("a fingerprint");
            let signature = Signature::try_from(unhex(&metadata).as_slice()).expect("a signature");
            let public = keys.get(fingerprint).expect("the key is listed");
            VerifyingKey::<Sha256>::new(public_key(public))
                .verify(signed.as_bytes(), &signature)
                .expect("the signature is right");
            if !key.contains("_backfill") {
                match &previous {
                    None => assert!(value["previousDigestS3Object"].is_null(), "a chain starts without a predecessor"),
                    Some((object, hash, signature)) => {
                        assert_eq!(value["previousDigestS3Object"], **object);
                        assert_eq!(value["previousDigestHashValue"], **hash);
                        assert_eq!(value["previousDigestSignature"], **signature);
                    }
                }
                previous = Some((key.clone(), hash, metadata));
            }
            for log in value["logFiles"].as_array().expect("logFiles") {
                let object = log["s3Object"].as_str().expect("a key");
                let text = unzip(&std::fs::read(root.join(object)).expect("the log file is there"));
                assert_eq!(log["hashValue"], hex(&Sha256::digest(&text)), "{object}");
                assert!(listed.insert(object.to_owned()), "{object} is in two digests");
            }
        }
        let logs: BTreeSet<String> = files(&folder.join("CloudTrail").join(&region_name))
            .keys()
            .map(|path| {
                path.to_string_lossy().split_once("AWSLogs").map(|(_, rest)| format!("AWSLogs{rest}")).expect("a key")
            })
            .collect();
        assert_eq!(logs, listed, "{} {region_name}: log files and digests", trail.name);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect()
}

/// A public key as `ListPublicKeys` gives it.
fn public_key(der: &[u8]) -> RsaPublicKey {
    RsaPublicKey::from_pkcs1_der(der).expect("a PKCS #1 key")
}
