//! A seeded simulation: random calls, random moves of the clock, trails that stop and start, deliveries that fail in
//! several ways. Afterwards each selected event is, as recorded, in exactly one log file of each trail, in the right
//! Region's folder; nothing else is in any; every digest chain verifies and lists every log file once.

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

/// What is withdrawn from a bucket's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// All of it.
    Policy,
    /// The look at the bucket.
    Acl,
    /// Writing log files; digests still pass.
    LogFiles,
    /// Writing digests; log files still pass.
    Digests,
}

const FAULTS: [Fault; 4] = [Fault::Policy, Fault::Acl, Fault::LogFiles, Fault::Digests];

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
    /// Buckets that do not take everything at the moment.
    broken: BTreeMap<&'static str, Fault>,
    /// Trails that do not log at the moment.
    stopped: BTreeSet<&'static str>,
    /// Failures that trails told of: of log files, and of digests.
    failures: (usize, usize),
}

impl<'a> Simulation<'a> {
    fn new(trailcam: &'a Trailcam, seed: u64) -> Simulation<'a> {
        Simulation {
            trailcam,
            random: StdRng::seed_from_u64(seed),
            counter: 0,
            broken: BTreeMap::new(),
            stopped: BTreeSet::new(),
            failures: (0, 0),
        }
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
        self.set_policy_without(bucket, region, None);
    }

    /// The policy of the documentation, or what a fault leaves of it.
    fn set_policy_without(&self, bucket: &str, region: &str, fault: Option<Fault>) {
        let service = json!({"Service": "cloudtrail.amazonaws.com"});
        let mut statements = Vec::new();
        if fault != Some(Fault::Acl) {
            let resource = format!("arn:aws:s3:::{bucket}");
            statements.push(
                json!({"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": resource}),
            );
        }
        for (folder, withdrawn) in [("CloudTrail", Fault::LogFiles), ("CloudTrail-Digest", Fault::Digests)] {
            if fault != Some(withdrawn) {
                statements.push(json!({"Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
                    "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/{folder}/*"),
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}));
            }
        }
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
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
            65..74 => self.make("s3", "us-east-1", "PutObject", json!({"Bucket": "work", "Key": name})),
            // More than fits into one log file.
            74..75 => {
                for _ in 0..700 {
                    self.make("sts", region, "GetCallerIdentity", json!({}));
                }
            }
            75..90 => {
                self.trailcam.advance(self.random.gen_range(1..1500));
                self.count_failures();
            }
            90..96 => self.break_or_mend(),
            _ => self.stop_or_start(),
        }
    }

    fn break_or_mend(&mut self) {
        let trail = TRAILS.choose(&mut self.random).expect("trails");
        if self.broken.remove(trail.bucket).is_some() {
            self.set_policy(trail.bucket, trail.home);
            return;
        }
        let fault = *FAULTS.choose(&mut self.random).expect("faults");
        self.broken.insert(trail.bucket, fault);
        match fault {
            Fault::Policy => self.make("s3", trail.home, "DeleteBucketPolicy", json!({"Bucket": trail.bucket})),
            _ => self.set_policy_without(trail.bucket, trail.home, Some(fault)),
        }
    }

    fn stop_or_start(&mut self) {
        let trail = TRAILS.choose(&mut self.random).expect("trails");
        let operation = if self.stopped.remove(trail.name) { "StartLogging" } else { "StopLogging" };
        if operation == "StopLogging" {
            self.stopped.insert(trail.name);
        }
        self.make("cloudtrail", trail.home, operation, json!({"Name": trail.name}));
    }

    fn count_failures(&mut self) {
        for trail in &TRAILS {
            let status = self.trailcam.call("cloudtrail", trail.home, "GetTrailStatus", json!({"Name": trail.name}));
            let status = status.expect("a status");
            let tells = |member| usize::from(status.get(member).is_some_and(|error| !error.is_null()));
            self.failures.0 += tells("LatestDeliveryError");
            self.failures.1 += tells("LatestDigestDeliveryError");
        }
    }

    /// Everything is mended, and there is time for every delivery and retry.
    fn settle(&mut self) {
        for trail in &TRAILS {
            if self.broken.remove(trail.bucket).is_some() {
                self.set_policy(trail.bucket, trail.home);
            }
        }
        self.trailcam.advance(6 * 3600);
        self.trailcam.flush();
    }

    fn check(&self) {
        let (of_logs, of_digests) = self.failures;
        assert!(
            of_logs > 0 && of_digests > 0,
            "a simulation in which nothing fails shows nothing: {:?}",
            self.failures
        );
        let history = self.trailcam.events();
        let recorded: Vec<Value> = history.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let now = self.trailcam.emulator.clock().0.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        for trail in &TRAILS {
            let folder = self.trailcam.objects().join(trail.bucket).join("AWSLogs").join(ACCOUNT);
            let mut delivered = delivered(&folder.join("CloudTrail"));
            let (wanted, caused) = selected(trail, &recorded);
            for event in wanted {
                let id = event["eventID"].as_str().expect("an id");
                let copies = delivered.remove(id).unwrap_or_default();
                // What the last delivery of all causes itself is for the next one.
                let of_last_flush = is_own(event) && event["eventTime"] == now;
                if copies.is_empty() && (of_last_flush || caused.contains(id)) {
                    continue;
                }
                let [copy] = &copies[..] else {
                    panic!("{}: {} times instead of once: {event}", trail.name, copies.len());
                };
                assert_eq!(copy.record, *event, "{}: not as recorded", trail.name);
                assert_eq!(copy.region, region_of(trail, event), "{}: {event}", trail.name);
            }
            delivered.retain(|id, copies| !(caused.contains(id.as_str()) && copies.len() == 1));
            assert!(delivered.is_empty(), "{}: not selected, but delivered: {:?}", trail.name, delivered.keys());
            let started = recorded.iter().filter(|event| switches(event, "StartLogging", trail.name)).count();
            verify_chains(self.trailcam, trail, &folder, started);
        }
    }
}

fn switches(event: &Value, name: &str, trail: &str) -> bool {
    event["eventName"] == name && event["requestParameters"]["name"] == trail
}

/// The recorded events that a trail has to deliver: those that it selects while it logs. And ids of events that
/// switching it caused itself, which stand before the call that switched: they may be delivered or not.
fn selected<'e>(trail: &Trail, recorded: &'e [Value]) -> (Vec<&'e Value>, BTreeSet<&'e str>) {
    let mut logging = false;
    let (mut events, mut caused) = (Vec::new(), BTreeSet::new());
    for (at, event) in recorded.iter().enumerate() {
        let (starts, stops) = (switches(event, "StartLogging", trail.name), switches(event, "StopLogging", trail.name));
        if starts || stops {
            let before = recorded[..at].iter().rev();
            let own = before.take_while(|own| is_own(own) && own["eventTime"] == event["eventTime"]);
            caused.extend(own.map(|own| own["eventID"].as_str().expect("an id")));
        }
        logging |= starts;
        if logging && selects(trail, event) {
            events.push(event);
        }
        // Its own end is the last event that a trail takes.
        logging &= !stops;
    }
    (events, caused)
}

/// Which events belong to a trail, told from the record alone.
fn selects(trail: &Trail, event: &Value) -> bool {
    let global = event["eventSource"] == "iam.amazonaws.com";
    let covered = trail.multi_region || event["awsRegion"] == trail.home || global;
    let data = event["eventCategory"] == "Data";
    let of_work = event["requestParameters"]["bucketName"] == "work";
    covered && if data { trail.data && of_work } else { true }
}

/// The Region in whose folder an event belongs.
fn region_of<'e>(trail: &'e Trail, event: &'e Value) -> &'e str {
    if trail.multi_region { event["awsRegion"].as_str().expect("a Region") } else { trail.home }
}

fn is_own(event: &Value) -> bool {
    event["userIdentity"]["invokedBy"] == "cloudtrail.amazonaws.com"
}

/// A record in a log file.
struct Copy {
    record: Value,
    /// Of the file's folder.
    region: String,
}

/// Every log file's records, by event id.
fn delivered(folder: &Path) -> BTreeMap<String, Vec<Copy>> {
    let mut all: BTreeMap<String, Vec<Copy>> = BTreeMap::new();
    for region in names(folder) {
        for (path, bytes) in files(&folder.join(&region)) {
            let file: Value = serde_json::from_slice(&unzip(&bytes)).expect("a log file is JSON");
            let records = file["Records"].as_array().expect("Records");
            assert!(!records.is_empty(), "an empty log file: {}", path.display());
            for record in records {
                let id = record["eventID"].as_str().expect("an id").to_owned();
                all.entry(id).or_default().push(Copy { record: record.clone(), region: region.clone() });
            }
        }
    }
    all
}

/// Names of the folders in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
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

/// The digests of each Region form chains without gaps, one from each start of logging, signed by that Region's keys,
/// over exactly its log files. Backfill digests form a chain of their own.
fn verify_chains(trailcam: &Trailcam, trail: &Trail, folder: &Path, started: usize) {
    let regions = names(&folder.join("CloudTrail-Digest"));
    let logged = names(&folder.join("CloudTrail"));
    assert!(logged.is_subset(&regions), "{}: no digests of {:?}", trail.name, logged.difference(&regions));
    for region in &regions {
        let keys = trailcam.public_keys(region);
        let digests: Vec<_> = files(&folder.join("CloudTrail-Digest").join(region))
            .into_iter()
            .map(|(path, bytes)| Signed::read(trailcam, trail, &keys, &path, &bytes))
            .collect();
        let (backfills, hourly): (Vec<_>, Vec<_>) =
            digests.iter().partition(|digest| digest.key.ends_with("_backfill.json.gz"));
        let chains = verify_links(&hourly);
        assert!(chains <= started, "{} {region}: {chains} chains of {started} starts", trail.name);
        assert!(hourly.len() > chains, "{} {region}: chains have more than their start", trail.name);
        assert!(verify_links(&backfills) <= 1, "{} {region}: backfills are one chain", trail.name);
        let listed = digests.iter().flat_map(|digest| digest.lists(trailcam, trail)).collect::<Vec<_>>();
        let unique: BTreeSet<_> = listed.iter().cloned().collect();
        assert_eq!(unique.len(), listed.len(), "{} {region}: a log file in two digests", trail.name);
        let logs: BTreeSet<_> =
            files(&folder.join("CloudTrail").join(region)).keys().map(|path| key_of(path)).collect();
        assert_eq!(logs, unique, "{} {region}: log files and digests", trail.name);
    }
}

/// Checks that each digest that names a predecessor names the one before it, and answers how many name none.
fn verify_links(digests: &[&Signed]) -> usize {
    let mut starts = 0;
    let mut previous: Option<&Signed> = None;
    for digest in digests {
        let value = &digest.value;
        if value["previousDigestS3Object"].is_null() {
            assert!(value["previousDigestHashValue"].is_null() && value["previousDigestSignature"].is_null());
            starts += 1;
        } else {
            let before = previous.expect("a chain starts without a predecessor");
            assert_eq!(value["previousDigestS3Object"], *before.key);
            assert_eq!(value["previousDigestHashValue"], *before.hash);
            assert_eq!(value["previousDigestSignature"], *before.signature);
            if !digest.key.contains("_backfill") {
                assert_eq!(value["digestStartTime"], before.value["digestEndTime"], "a gap before {}", digest.key);
            }
        }
        previous = Some(digest);
    }
    starts
}

/// A digest whose signature is right.
struct Signed {
    key: String,
    value: Value,
    hash: String,
    signature: String,
}

impl Signed {
    fn read(trailcam: &Trailcam, trail: &Trail, keys: &BTreeMap<String, Vec<u8>>, path: &Path, bytes: &[u8]) -> Signed {
        let key = key_of(path);
        let text = unzip(bytes);
        let value: Value = serde_json::from_slice(&text).expect("a digest is JSON");
        let hash = hex(&Sha256::digest(&text));
        let signature = trailcam.metadata(trail.bucket, trail.home, &key, "signature");
        let before = value["previousDigestSignature"].as_str().unwrap_or("null");
        let end = value["digestEndTime"].as_str().expect("an end");
        let signed = format!("{end}\n{}/{key}\n{hash}\n{before}", trail.bucket);
        let fingerprint = value["digestPublicKeyFingerprint"].as_str().expect("a fingerprint");
        VerifyingKey::<Sha256>::new(public_key(keys.get(fingerprint).expect("the key is listed")))
            .verify(signed.as_bytes(), &Signature::try_from(unhex(&signature).as_slice()).expect("a signature"))
            .expect("the signature is right");
        Signed { key, value, hash, signature }
    }

    /// The log files that it lists, with the hashes that they have.
    fn lists(&self, trailcam: &Trailcam, trail: &Trail) -> Vec<String> {
        let files = self.value["logFiles"].as_array().expect("logFiles").iter();
        files
            .map(|log| {
                let object = log["s3Object"].as_str().expect("a key");
                let path = trailcam.objects().join(trail.bucket).join(object);
                let text = unzip(&std::fs::read(path).expect("the log file is there"));
                assert_eq!(log["hashValue"], hex(&Sha256::digest(&text)), "{object}");
                object.to_owned()
            })
            .collect()
    }
}

/// The key of an object, from the path of its file.
fn key_of(path: &Path) -> String {
    let path = path.to_string_lossy();
    format!("AWSLogs{}", path.split_once("AWSLogs").expect("a trail's key").1)
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
