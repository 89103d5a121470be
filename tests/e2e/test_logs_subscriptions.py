"""Subscription filters: from a log group through Firehose to a bucket."""

import datetime
import gzip
import io
import json

import pytest

from conftest import refused

ACCOUNT, OTHER = "000000000000", "111122223333"


def arn(service, resource, account=ACCOUNT):
    return f"arn:aws:{service}:us-east-1:{account}:{resource}"


def trust(service):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


def make_stream(trailcam, name="stream", account=ACCOUNT, **settings):
    """A Firehose stream into the bucket `lake`, and the roles for it: its ARN, and that of CloudWatch Logs' role."""
    iam = trailcam.client("iam", key=account)
    role = iam.create_role(RoleName=f"{name}-out", AssumeRolePolicyDocument=trust("firehose.amazonaws.com"))
    logs_role = iam.create_role(RoleName=f"{name}-in", AssumeRolePolicyDocument=trust("logs.us-east-1.amazonaws.com"))
    destination = {
        "RoleARN": role["Role"]["Arn"],
        "BucketARN": "arn:aws:s3:::lake",
        "Prefix": f"{name}/",
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
    } | settings
    trailcam.client("firehose", key=account).create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination
    )
    return arn("firehose", f"deliverystream/{name}", account), logs_role["Role"]["Arn"]


@pytest.fixture
def lab(trailcam):
    trailcam.client("s3").create_bucket(Bucket="lake")
    logs = trailcam.client("logs")
    for group in ("app", "quiet"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    return trailcam


def put(trailcam, *messages, group="app"):
    now = datetime.datetime.fromisoformat(trailcam.now().replace("Z", "+00:00"))
    at = int(now.timestamp() * 1000)
    events = [{"timestamp": at, "message": message} for message in messages]
    trailcam.client("logs").put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    return at


def received(trailcam, name="stream"):
    """The messages in the objects of a stream: gzip members, one after the other, each a JSON document."""
    files = sorted(file for file in (trailcam.data_dir / "s3/lake").rglob("*") if file.is_file() and name in file.parts)
    text = "".join(gzip.GzipFile(fileobj=io.BytesIO(file.read_bytes())).read().decode() for file in files)
    decoder, messages = json.JSONDecoder(), []
    while text:
        message, end = decoder.raw_decode(text)
        messages.append(message)
        text = text[end:]
    return messages


def data(trailcam, name="stream"):
    return [message for message in received(trailcam, name) if message["messageType"] == "DATA_MESSAGE"]


def texts(messages):
    return [event["message"] for message in messages for event in message["logEvents"]]


def test_matching_events_reach_the_bucket(lab):
    stream, role = make_stream(lab)
    logs = lab.client("logs")
    logs.put_subscription_filter(
        logGroupName="app", filterName="errors", filterPattern="ERROR", destinationArn=stream, roleArn=role
    )
    lab.advance("PT2M")
    (control,) = received(lab)
    assert list(control) == ["messageType", "owner", "logGroup", "logStream", "subscriptionFilters", "logEvents"]
    assert (control["messageType"], control["owner"], control["logGroup"]) == ("CONTROL_MESSAGE", "CloudwatchLogs", "")
    assert control["logEvents"][0]["message"] == "CWL CONTROL MESSAGE: Checking health of destination Firehose."
    at = put(lab, "ERROR 1", "fine", "ERROR 2")
    put(lab, "ERROR elsewhere", group="quiet")
    lab.advance("PT2M")
    (message,) = data(lab)
    assert {name: message[name] for name in list(message)[:-1]} == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "app",
        "logStream": "s",
        "subscriptionFilters": ["errors"],
    }
    stored = logs.filter_log_events(logGroupName="app", filterPattern="ERROR")["events"]
    assert message["logEvents"] == [
        {"id": event["eventId"], "timestamp": at, "message": event["message"]} for event in stored
    ]
    assert all(list(event) == ["id", "timestamp", "message"] for event in message["logEvents"])


def test_nothing_is_lost_or_doubled_while_the_stream_is_away(lab):
    stream, role = make_stream(lab)
    lab.client("logs").put_subscription_filter(
        logGroupName="app", filterName="all", filterPattern="", destinationArn=stream, roleArn=role
    )
    put(lab, "1")
    lab.advance("PT2M")
    lab.client("firehose").delete_delivery_stream(DeliveryStreamName="stream")
    for number in range(2, 6):
        put(lab, str(number))
        lab.advance("PT10M")
    destination = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/stream-out", "BucketARN": "arn:aws:s3:::lake"}
    lab.client("firehose").create_delivery_stream(
        DeliveryStreamName="stream", ExtendedS3DestinationConfiguration=destination | {"Prefix": "stream/"}
    )
    lab.advance("PT3H")
    assert texts(data(lab)) == ["1", "2", "3", "4", "5"]


def test_large_batches_are_split(lab):
    stream, role = make_stream(lab)
    lab.client("logs").put_subscription_filter(
        logGroupName="app", filterName="all", filterPattern="", destinationArn=stream, roleArn=role
    )
    for start in range(0, 30_000, 10_000):
        put(lab, *(f"{number:070}" for number in range(start, start + 10_000)))
    lab.advance("PT5M")
    assert texts(data(lab)) == [f"{number:070}" for number in range(30_000)]
    assert len(data(lab)) > 3


def test_two_filters_listed_changed_and_deleted(lab):
    stream, role = make_stream(lab)
    logs = lab.client("logs")

    def filter(name, pattern=""):
        logs.put_subscription_filter(
            logGroupName="app", filterName=name, filterPattern=pattern, destinationArn=stream, roleArn=role
        )

    filter("b")
    filter("a")
    filter("a", "changed")
    assert refused(filter, name="c") == ("LimitExceededException", "Resource limit exceeded.", 400)
    pages = logs.get_paginator("describe_subscription_filters").paginate(
        logGroupName="app", PaginationConfig={"PageSize": 1}
    )
    found = [found for page in pages for found in page["subscriptionFilters"]]
    created = found[0].pop("creationTime")
    assert created == found[1]["creationTime"]
    assert found[0] == {
        "filterName": "a",
        "logGroupName": "app",
        "filterPattern": "changed",
        "destinationArn": stream,
        "roleArn": role,
        "distribution": "ByLogStream",
        "applyOnTransformedLogs": False,
    }
    logs.delete_subscription_filter(logGroupName="app", filterName="b")
    assert refused(logs.delete_subscription_filter, logGroupName="app", filterName="b")[0] == "ResourceNotFoundException"
    listed = lab.aws("logs", "describe-subscription-filters", "--log-group-name", "app")
    assert [found["filterName"] for found in listed["subscriptionFilters"]] == ["a"]


def test_another_accounts_destination(lab):
    stream, role = make_stream(lab, account=OTHER)
    theirs = lab.client("logs", key=OTHER)
    theirs.put_destination(destinationName="central", targetArn=stream, roleArn=role)
    destination = arn("logs", "destination:central", OTHER)
    logs = lab.client("logs")
    wanted = {"logGroupName": "app", "filterName": "all", "filterPattern": "", "destinationArn": destination}
    assert refused(logs.put_subscription_filter, **wanted) == (
        "AccessDeniedException",
        f"User with accountId: {ACCOUNT} is not authorized to perform: logs:PutSubscriptionFilter "
        f"on resource: {destination}",
        400,
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ACCOUNT},
                "Action": "logs:PutSubscriptionFilter",
                "Resource": destination,
            }
        ],
    }
    theirs.put_destination_policy(destinationName="central", accessPolicy=json.dumps(policy))
    logs.put_subscription_filter(**wanted)
    put(lab, "across")
    lab.advance("PT2M")
    (message,) = data(lab)
    assert (message["owner"], texts([message])) == (ACCOUNT, ["across"])


def test_a_policy_for_the_whole_account(lab):
    stream, role = make_stream(lab)
    document = {"DestinationArn": stream, "RoleArn": role, "FilterPattern": "", "Distribution": "Random"}
    lab.client("logs").put_account_policy(
        policyName="everything",
        policyType="SUBSCRIPTION_FILTER_POLICY",
        policyDocument=json.dumps(document),
        selectionCriteria='LogGroupName NOT IN ["quiet"]',
        scope="ALL",
    )
    put(lab, "heard")
    put(lab, "not heard", group="quiet")
    lab.advance("PT2M")
    (message,) = data(lab)
    assert (message["subscriptionFilters"], texts([message])) == (["everything"], ["heard"])


@pytest.mark.parametrize(
    "destination, role, message",
    [
        (arn("kinesis", "stream/s"), None, "destinationArn for vendor kinesis cannot be used without roleArn"),
        (
            arn("kinesis", "stream/s"),
            f"arn:aws:iam::{ACCOUNT}:role/r",
            "Could not deliver test message to specified Kinesis stream. "
            "Check if the given kinesis stream is in ACTIVE state.",
        ),
        (
            arn("lambda", "function:f"),
            None,
            "Could not execute the lambda function. "
            "Make sure you have given CloudWatch Logs permission to execute your function.",
        ),
        (
            arn("firehose", "deliverystream/none"),
            f"arn:aws:iam::{ACCOUNT}:role/r",
            "Could not deliver test message to specified Firehose stream. "
            "Check if the given Firehose stream is in ACTIVE state.",
        ),
        (
            arn("logs", "destination:d"),
            f"arn:aws:iam::{ACCOUNT}:role/r",
            "destinationArn for vendor logs cannot be used with roleArn",
        ),
    ],
)
def test_what_cannot_be_reached(lab, destination, role, message):
    logs = lab.client("logs")
    wanted = {"logGroupName": "app", "filterName": "f", "filterPattern": "", "destinationArn": destination}
    found = refused(logs.put_subscription_filter, **wanted, **({"roleArn": role} if role else {}))
    assert found == ("InvalidParameterException", message, 400)
    assert logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"] == []


def test_a_role_that_does_not_trust_logs(lab):
    stream, role = make_stream(lab)
    lab.client("iam").update_assume_role_policy(
        RoleName="stream-in", PolicyDocument=trust("firehose.amazonaws.com")
    )
    wanted = {"logGroupName": "app", "filterName": "f", "filterPattern": "", "destinationArn": stream, "roleArn": role}
    assert refused(lab.client("logs").put_subscription_filter, **wanted)[0] == "InvalidParameterException"
