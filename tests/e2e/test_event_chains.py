"""From what happens to those who wait for it: records, sign-ins and objects through rules to queues."""

import json
import time

import pytest
import requests

from conftest import START
from event_lab import ACCOUNT, OTHER, events, make_queue, make_role, make_rule, received, stranger, trail

pytestmark = pytest.mark.usefixtures("user")

NEW_USER = {
    "source": ["aws.iam"],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {"eventSource": ["iam.amazonaws.com"], "eventName": ["CreateUser"]},
}
WHO = {
    "InputPathsMap": {"who": "$.detail.requestParameters.userName", "by": "$.detail.userIdentity.arn"},
    "InputTemplate": '{"user": <who>, "by": <by>, "rule": <aws.events.rule-name>}',
}
# With the clock in hand, and as fast as it goes.
CLOCKS = {"manual": ("--clock", START), "fast": ("--cadence", "fast")}


@pytest.fixture(params=CLOCKS)
def trailcam(request, start):
    return start("--seed", "7", *CLOCKS[request.param])


def come(trailcam, url):
    """What comes to a queue, within two seconds of wall time."""
    before = time.monotonic()
    messages = received(trailcam, url, wait=0 if trailcam.admin("GET", "clock")["mode"] == "manual" else 20)
    took = time.monotonic() - before
    assert took < 2, took
    return [json.loads(message["Body"]) for message in messages]


def test_a_new_user_comes_to_a_queue(trailcam, events):
    trail(trailcam)
    url, queue = make_queue(trailcam, rule="users")
    make_rule(events, "users", NEW_USER, queue, InputTransformer=WHO)
    trailcam.client("iam").create_user(UserName="mallory")
    by = f"arn:aws:iam::{ACCOUNT}:user/dev"
    assert come(trailcam, url) == [{"user": "mallory", "by": by, "rule": "users"}]
    (record,) = trailcam.events(eventName="SendMessage")
    assert record["userIdentity"] == {"type": "AWSService", "invokedBy": "events.amazonaws.com"}
    assert record["requestParameters"]["messageBody"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_a_new_user_of_another_account_comes_to_our_queue(trailcam, events, stranger):
    """The same through the bus of a security account, which is what organizations do."""
    trailcam.trail_bucket("theirs", account=OTHER)
    cloudtrail = trailcam.client("cloudtrail", **stranger)
    cloudtrail.create_trail(Name="main", S3BucketName="theirs")
    cloudtrail.start_logging(Name="main")
    events.create_event_bus(Name="security")
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/security"
    events.put_permission(EventBusName="security", StatementId="other", Action="events:PutEvents", Principal=OTHER)
    url, queue = make_queue(trailcam, rule="security/users")
    make_rule(events, "users", NEW_USER | {"account": [OTHER]}, queue, bus="security", InputTransformer=WHO)
    role = make_role(trailcam, **stranger)
    make_rule(trailcam.client("events", **stranger), "forward", NEW_USER, bus, RoleArn=role)
    trailcam.client("iam", **stranger).create_user(UserName="mallory")
    by = f"arn:aws:iam::{OTHER}:user/stranger"
    assert come(trailcam, url) == [{"user": "mallory", "by": by, "rule": "users"}]


def test_a_sign_in_comes_to_a_queue(trailcam, events):
    """The pattern that the user guide has for sign-ins."""
    trail(trailcam)
    url, queue = make_queue(trailcam, rule="sign-ins")
    pattern = {
        "detail-type": ["AWS Console Sign In via CloudTrail"],
        "detail": {"eventSource": ["signin.amazonaws.com"], "eventName": ["ConsoleLogin"], "awsRegion": ["us-east-1"]},
    }
    make_rule(events, "sign-ins", pattern, queue)
    user = f"arn:aws:iam::{ACCOUNT}:user/dev"
    login = {"principal": user, "result": "Failure", "awsRegion": "us-east-1"}
    answer = requests.post(f"{trailcam.endpoint}/_trailcam/console-login", json=login, timeout=20)
    answer.raise_for_status()
    record = answer.json()
    (event,) = come(trailcam, url)
    assert event.pop("id") != record["eventID"]
    assert event == {
        "version": "0",
        "detail-type": "AWS Console Sign In via CloudTrail",
        "source": "aws.signin",
        "account": ACCOUNT,
        "time": record["eventTime"],
        "region": "us-east-1",
        "resources": [],
        "detail": record,
    }
    # Where no trail logs, nobody is told.
    trailcam.client("cloudtrail").stop_logging(Name="main")
    requests.post(f"{trailcam.endpoint}/_trailcam/console-login", json=login, timeout=20).raise_for_status()
    assert received(trailcam, url) == []


def test_objects_of_a_kind_come_to_a_queue(trailcam, events):
    s3 = trailcam.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_bucket_notification_configuration(Bucket="lake", NotificationConfiguration={"EventBridgeConfiguration": {}})
    url, queue = make_queue(trailcam, rule="images")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["lake"]},
            "object": {"key": [{"wildcard": "raw/*.png"}], "size": [{"numeric": [">", 0]}]},
        },
    }
    make_rule(events, "images", pattern, queue, InputPath="$.detail.object.key")
    for key, body in [("raw/a.png", b"1"), ("raw/b.txt", b"1"), ("done/c.png", b"1"), ("raw/d.png", b"")]:
        s3.put_object(Bucket="lake", Key=key, Body=body)
    s3.delete_object(Bucket="lake", Key="raw/a.png")
    assert come(trailcam, url) == ["raw/a.png"]
    # By beginning and end apart.
    for rule, key in [("beginning", {"prefix": "raw/"}), ("end", {"suffix": ".png"})]:
        pattern["detail"] = {"object": {"key": [key]}}
        make_rule(events, rule, pattern, queue, Input=json.dumps(rule))
    events.disable_rule(Name="images")
    policy = trailcam.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    policy = policy.replace("rule/images", "rule/*")
    trailcam.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.put_object(Bucket="lake", Key="raw/e.txt", Body=b"1")
    assert come(trailcam, url) == ["beginning"]
    s3.put_object(Bucket="lake", Key="done/f.png", Body=b"1")
    assert come(trailcam, url) == ["end"]
