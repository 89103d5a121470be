"""Trails that write to a log group beside the bucket."""

import collections
import gzip
import json

import pytest

from conftest import refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:CloudTrail/logs:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/CloudTrail_CloudWatchLogs_Role"
STREAM = f"{ACCOUNT}_CloudTrail_us-east-1"

# The role that AWS's documentation gives for this.
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
PERMISSIONS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": action,
            "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:CloudTrail/logs:log-stream:{STREAM}*",
        }
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    ],
}


@pytest.fixture
def lab(trailcam):
    trailcam.trail_bucket("logs")
    trailcam.client("logs").create_log_group(logGroupName="CloudTrail/logs")
    iam = trailcam.client("iam")
    name = ROLE.rpartition("/")[2]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=json.dumps(PERMISSIONS))
    return trailcam


def make(trailcam, **settings):
    settings = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE} | settings
    cloudtrail = trailcam.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName="logs", **settings)
    cloudtrail.start_logging(Name="main")
    return cloudtrail


def in_group(trailcam):
    pages = trailcam.client("logs").get_paginator("filter_log_events").paginate(logGroupName="CloudTrail/logs")
    return [event for page in pages for event in page["events"]]


def in_bucket(trailcam):
    files = sorted(trailcam.data_dir.glob("s3/logs/AWSLogs/*/CloudTrail/*/*/*/*/*.json.gz"))
    return [record for file in files for record in json.loads(gzip.decompress(file.read_bytes()))["Records"]]


def ids(records):
    return collections.Counter(record["eventID"] for record in records)


def test_bucket_and_group_hold_the_same_events(lab):
    cloudtrail = make(lab, IsMultiRegionTrail=True)
    lab.client("ec2", region="eu-west-1").describe_vpcs()
    refused(lab.client("iam").get_user, UserName="nobody")
    for _ in range(1200):
        lab.client("ec2").describe_regions()
    lab.advance("PT10M")
    cloudtrail.stop_logging(Name="main")
    events = in_group(lab)
    assert {event["logStreamName"] for event in events} == {STREAM}
    records = [json.loads(event["message"]) for event in events]
    assert ids(records) == ids(in_bucket(lab))
    assert set(ids(records).values()) == {1}
    assert {"us-east-1", "eu-west-1"} <= {record["awsRegion"] for record in records}
    # Messages are the records as they are in log files, and their time is the event's.
    by_id = {record["eventID"]: record for record in in_bucket(lab)}
    assert all(record == by_id[record["eventID"]] for record in records)
    assert all("\n" not in event["message"] and event["timestamp"] % 1000 == 0 for event in events)


def test_who_writes(lab):
    make(lab)
    lab.client("ec2").describe_vpcs()
    lab.advance("PT10M")
    sessions = [
        record["requestParameters"]["roleSessionName"]
        for record in lab.events(eventName="AssumeRole")
        if record["userIdentity"] == {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    ]
    assert sessions == ["CloudTrail", "CLOUDWATCH_LOGS_DELIVERY_SESSION"]
    (made,) = lab.events(eventName="CreateLogStream")
    assert made["userIdentity"]["invokedBy"] == made["sourceIPAddress"] == "cloudtrail.amazonaws.com"
    assert made["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == ROLE
    assert made["requestParameters"] == {"logGroupName": "CloudTrail/logs", "logStreamName": STREAM}


def test_settings_are_shown_changed_and_taken_away(lab):
    cloudtrail = make(lab)
    shown = cloudtrail.get_trail(Name="main")["Trail"]
    assert (shown["CloudWatchLogsLogGroupArn"], shown["CloudWatchLogsRoleArn"]) == (GROUP, ROLE)
    lab.client("ec2").describe_vpcs()
    lab.advance("PT10M")
    status = cloudtrail.get_trail_status(Name="main")
    assert status["LatestCloudWatchLogsDeliveryTime"] > status["StartLoggingTime"]
    assert "LatestCloudWatchLogsDeliveryError" not in status
    cloudtrail.update_trail(Name="main", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn="")
    assert "CloudWatchLogsLogGroupArn" not in cloudtrail.get_trail(Name="main")["Trail"]
    before = len(in_group(lab))
    lab.client("ec2").describe_vpcs()
    lab.advance("PT10M")
    assert len(in_group(lab)) == before


def test_failures_are_shown_and_made_good(lab):
    cloudtrail = make(lab)
    lab.client("logs").delete_log_group(logGroupName="CloudTrail/logs")
    lab.client("ec2").describe_vpcs()
    lab.advance("PT20M")
    status = cloudtrail.get_trail_status(Name="main")
    assert status["LatestCloudWatchLogsDeliveryError"] == "ResourceNotFoundException"
    lab.client("logs").create_log_group(logGroupName="CloudTrail/logs")
    lab.advance("PT2H")
    assert "LatestCloudWatchLogsDeliveryError" not in cloudtrail.get_trail_status(Name="main")
    cloudtrail.stop_logging(Name="main")
    records = [json.loads(event["message"]) for event in in_group(lab)]
    assert ids(records) == ids(in_bucket(lab))


def test_a_metric_filter_pattern_finds_what_it_is_for(lab):
    make(lab)
    lab.client("ec2").describe_vpcs()
    refused(lab.client("iam").get_user, UserName="nobody")
    lab.advance("PT10M")
    found = lab.client("logs").filter_log_events(
        logGroupName="CloudTrail/logs", filterPattern='{ ($.errorCode = "*Entity*") && ($.eventName = GetUser) }'
    )["events"]
    assert [json.loads(event["message"])["requestParameters"] for event in found] == [{"userName": "nobody"}]


@pytest.mark.parametrize(
    "settings, code, message",
    [
        (
            {"CloudWatchLogsRoleArn": ""},
            "InvalidCloudWatchLogsRoleArnException",
            "You must specify a role ARN as well as a log group.",
        ),
        (
            {"CloudWatchLogsLogGroupArn": GROUP.replace("CloudTrail/logs", "other")},
            "InvalidCloudWatchLogsLogGroupArnException",
            "Check the log group ARN: CloudTrail can't validate it.",
        ),
        (
            {"CloudWatchLogsLogGroupArn": GROUP.removesuffix(":*")},
            "InvalidCloudWatchLogsLogGroupArnException",
            "Check the log group ARN: CloudTrail can't validate it.",
        ),
        (
            {"CloudWatchLogsRoleArn": ROLE + "x"},
            "InvalidCloudWatchLogsRoleArnException",
            "Access denied. Check the trust relationships for your role.",
        ),
    ],
)
def test_what_is_refused(lab, settings, code, message):
    assert refused(make, trailcam=lab, **settings) == (code, message, 400)
    assert lab.client("cloudtrail").list_trails()["Trails"] == []


def test_the_role_must_trust_cloudtrail_and_be_allowed_to_write(lab):
    iam, name = lab.client("iam"), ROLE.rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName="write")
    denied = ("InvalidCloudWatchLogsLogGroupArnException", "Access denied. Check the permissions for your role.", 400)
    assert refused(make, trailcam=lab) == denied
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
    trust = json.dumps(TRUST).replace("cloudtrail", "ec2")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    code, message, _ = refused(make, trailcam=lab)
    assert code == "InvalidCloudWatchLogsRoleArnException"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(TRUST))
    make(lab)
