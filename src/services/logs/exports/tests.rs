//! Export tasks over time, in a world whose objects stand in a folder of its own.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::services;
use crate::services::logs::tests::{call, call_of, story, world};
use crate::world::World;

/// 2026-01-01T00:00:00Z, when the world begins, in milliseconds.
const NOW: i64 = 1_767_225_600_000;
const READ: &str = "s3:GetBucketAcl";
const WRITE: &str = "s3:PutObject";

/// A group `g` with a stream and one event, and a bucket `out` that lets exports in.
struct Lab {
    world: World,
    folder: PathBuf,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lab(name: &str) -> Lab {
    let folder = std::env::temp_dir().join(format!("trailcam-exports-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let mut settings = world().settings;
    settings.data_dir = folder.clone();
    std::fs::create_dir_all(settings.spool_dir()).unwrap();
    let mut lab = Lab { world: World::new(settings, "2026-01-01T00:00:00Z".parse().unwrap()), folder };
    lab.call("CreateLogGroup", json!({"logGroupName": "g"}));
    lab.call("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"}));
    let event = json!({"timestamp": NOW, "message": "m"});
    lab.call("PutLogEvents", json!({"logGroupName": "g", "logStreamName": "s", "logEvents": [event]}));
    call_of(&mut lab.world, "s3", "CreateBucket", json!({"Bucket": "out"})).unwrap();
    lab.admit("out", &[READ, WRITE], "111122223333");
    lab
}

impl Lab {
    fn call(&mut self, operation: &str, input: Json) -> Json {
        call(&mut self.world, operation, input).unwrap()
    }

    /// Lets CloudWatch Logs do some things with a bucket for an account, as AWS's documentation says.
    fn admit(&mut self, bucket: &str, actions: &[&str], account: &str) {
        let statement = |action: &&str| {
            let (resource, acl) = match *action {
                WRITE => (format!("arn:aws:s3:::{bucket}/*"), json!({"s3:x-amz-acl": "bucket-owner-full-control"})),
                _ => (format!("arn:aws:s3:::{bucket}"), json!({})),
            };
            let mut equals = acl;
            equals["aws:SourceAccount"] = json!([account]);
            json!({
                "Effect": "Allow",
                "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
                "Action": action,
                "Resource": resource,
                "Condition": {
                    "StringEquals": equals,
                    "ArnLike": {"aws:SourceArn": [format!("arn:aws:logs:us-east-1:{account}:log-group:*")]},
                },
            })
        };
        let statements: Vec<Json> = actions.iter().map(statement).collect();
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        call_of(&mut self.world, "s3", "PutBucketPolicy", json!({"Bucket": bucket, "Policy": policy})).unwrap();
    }

    fn export(&mut self) -> String {
        self.call("CreateExportTask", export("g", "out"))["taskId"].as_str().unwrap().to_owned()
    }

    fn task(&mut self, id: &str) -> Json {
        self.call("DescribeExportTasks", json!({"taskId": id}))["exportTasks"][0].clone()
    }

    /// Moves time on; every job on the way runs.
    fn advance(&mut self, seconds: i64) {
        let to = self.world.now + chrono::TimeDelta::seconds(seconds);
        while let Some((due, job)) = self.world.jobs.pop_due(to) {
            self.world.now = self.world.now.max(due);
            services::run(&mut self.world, job);
        }
        self.world.now = to;
    }
}

/// The input of an export of the last minute.
fn export(group: &str, bucket: &str) -> Json {
    json!({"logGroupName": group, "from": NOW - 60_000, "to": NOW, "destination": bucket})
}

fn with(mut input: Json, member: &str, value: Json) -> Json {
    input[member] = value;
    input
}

#[test]
fn what_is_refused() {
    let mut lab = lab("refused");
    for bucket in ["no-policy", "read-only", "of-another"] {
        call_of(&mut lab.world, "s3", "CreateBucket", json!({"Bucket": bucket})).unwrap();
    }
    lab.admit("read-only", &[READ], "111122223333");
    lab.admit("of-another", &[READ, WRITE], "444455556666");
    let elsewhere = crate::world::scope::Region::parse("eu-west-1").unwrap();
    call_of(&mut lab.world, "s3", "CreateBucket", json!({"Bucket": "elsewhere"})).unwrap();
    lab.world.s3.buckets.get_mut("elsewhere").unwrap().region = elsewhere;
    lab.call("CreateLogGroup", json!({"logGroupName": "i", "logGroupClass": "INFREQUENT_ACCESS"}));
    let no_read = "InvalidParameterException: GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.";
    let no_write = "InvalidParameterException: PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.";
    let no_bucket = "InvalidParameterException: The given bucket does not exist. Please make sure the bucket is valid.";
    let group = "ResourceNotFoundException: The specified log group does not exist.";
    let prefix = |bytes: usize| with(export("g", "out"), "destinationPrefix", json!("p".repeat(bytes)));
    story(
        &mut lab.world,
        &[
            ("CreateExportTask", export("none", "out"), group),
            ("CreateExportTask", export("i", "out"), "InvalidOperationException: The log group i is of"),
            ("CreateExportTask", with(export("g", "out"), "to", json!(1)), "InvalidParameterException"),
            ("CreateExportTask", export("g", "none"), no_bucket),
            ("CreateExportTask", export("g", "no-policy"), no_read),
            ("CreateExportTask", export("g", "of-another"), no_read),
            ("CreateExportTask", export("g", "read-only"), no_write),
            (
                "CreateExportTask",
                export("g", "elsewhere"),
                "InvalidParameterException: The given bucket is in the Region",
            ),
            ("CreateExportTask", prefix(976), "InvalidParameterException: The destinationPrefix is too long"),
            (
                "CancelExportTask",
                json!({"taskId": "t"}),
                "ResourceNotFoundException: The specified export task does not exist.",
            ),
            ("CreateExportTask", prefix(975), ""),
            ("CreateExportTask", export("g", "out"), "LimitExceededException: Resource limit exceeded."),
        ],
    );
    assert_eq!(lab.call("DescribeExportTasks", json!({}))["exportTasks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_task_over_time() {
    let mut lab = lab("time");
    let id = lab.export();
    let whole = |status: Json, execution: Json| {
        json!({
            "taskId": id,
            "logGroupName": "g",
            "from": NOW - 60_000,
            "to": NOW,
            "destination": "out",
            "destinationPrefix": "exportedlogs",
            "status": status,
            "executionInfo": execution,
        })
    };
    assert_eq!(lab.task(&id), whole(json!({"code": "PENDING"}), json!({"creationTime": NOW})));
    lab.advance(1);
    let running = json!({"code": "RUNNING", "message": "Started Successfully"});
    assert_eq!(lab.task(&id), whole(running, json!({"creationTime": NOW})));
    lab.advance(1);
    let completed = json!({"code": "COMPLETED", "message": "Completed successfully"});
    let times = json!({"creationTime": NOW, "completionTime": NOW + 2000});
    assert_eq!(lab.task(&id), whole(completed, times));
    let objects = lab.folder.join("s3/out");
    assert!(objects.join("exportedlogs").join(&id).join("s/000000.gz").is_file());
    let test = std::fs::read_to_string(objects.join("aws-logs-write-test")).unwrap();
    assert_eq!(test, "Permission Check Successful");
    let finished = "InvalidOperationException: The specified export task has already finished";
    story(&mut lab.world, &[("CancelExportTask", json!({"taskId": id}), finished)]);
}

#[test]
fn what_a_task_can_end_with() {
    let no_bucket = "The given bucket does not exist. Please make sure the bucket is valid.";
    let no_write = "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.";
    let no_group = "The specified log group does not exist.";
    let check = |name: &str, seconds: i64, change: &dyn Fn(&mut Lab, &str), code: &str, message: &str, ended: i64| {
        let mut lab = lab(name);
        let id = lab.export();
        lab.advance(seconds);
        change(&mut lab, &id);
        lab.advance(10);
        let task = lab.task(&id);
        assert_eq!(task["status"], json!({"code": code, "message": message}), "{name}");
        assert_eq!(task["executionInfo"]["completionTime"], json!(NOW + ended), "{name}");
        // Whatever is wrong now, it is not that another task is on its way.
        let next = call(&mut lab.world, "CreateExportTask", export("g", "out"));
        assert!(next.err().is_none_or(|(code, _)| code != "LimitExceededException"), "{name}");
    };
    let delete = |lab: &mut Lab, _: &str| drop(lab.world.s3.buckets.remove("out"));
    let withdraw = |lab: &mut Lab, _: &str| lab.admit("out", &[READ], "111122223333");
    let cancel = |lab: &mut Lab, id: &str| drop(lab.call("CancelExportTask", json!({"taskId": id})));
    let forget = |lab: &mut Lab, _: &str| drop(lab.call("DeleteLogGroup", json!({"logGroupName": "g"})));
    check("bucket", 1, &delete, "FAILED", no_bucket, 2000);
    check("policy", 0, &withdraw, "FAILED", no_write, 2000);
    check("pending", 0, &cancel, "CANCELLED", "Cancelled by user", 0);
    check("running", 1, &cancel, "CANCELLED", "Cancelled by user", 1000);
    check("group", 0, &forget, "FAILED", no_group, 1000);
    // Its events were taken when it started.
    check("late", 1, &forget, "COMPLETED", "Completed successfully", 2000);
}

#[test]
fn the_newest_task_comes_first() {
    let mut lab = lab("listing");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, lab.export());
        lab.advance(2);
    }
    lab.call("CreateExportTask", export("g", "out"));
    let listed = |lab: &mut Lab, input: Json| {
        let answer = lab.call("DescribeExportTasks", input);
        let tasks = answer["exportTasks"].as_array().unwrap().iter();
        let ids: Vec<_> = tasks.map(|task| task["taskId"].as_str().unwrap().to_owned()).collect();
        (ids, answer["nextToken"].clone())
    };
    let (first, token) = listed(&mut lab, json!({"statusCode": "COMPLETED", "limit": 2}));
    assert_eq!(first, ids[..2]);
    assert_eq!(
        listed(&mut lab, json!({"statusCode": "COMPLETED", "nextToken": token})),
        (ids[2..].to_vec(), Json::Null)
    );
    assert_eq!(listed(&mut lab, json!({})).0.len(), 4);
    assert_eq!(listed(&mut lab, json!({"statusCode": "FAILED"})).0, [""; 0]);
    assert_eq!(listed(&mut lab, json!({"taskId": "none"})).0, [""; 0]);
    assert_eq!(listed(&mut lab, json!({"taskId": ids[1]})).0, [ids[1].as_str()]);
}
