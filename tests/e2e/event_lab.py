"""What the tests of EventBridge have in common: buses with rules, and targets that may be sent to."""

import json

import pytest

ACCOUNT = "000000000000"
OTHER = "111122223333"
GROUP = "/aws/events/all"
GROUP_ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{GROUP}"
DEFAULT_BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# What AWS's console sends with each rule.
CONSOLE = {"Description": "", "State": "ENABLED", "ScheduleExpression": ""}
# The policy of AWS's documentation for log groups, and its trust policy for targets' roles.
GROUP_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/*:*",
        }
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def events(trailcam):
    return trailcam.client("events")


@pytest.fixture
def group(trailcam):
    """A log group that EventBridge may write to."""
    logs = trailcam.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.put_resource_policy(policyName="EventBridgeToCWLogsPolicy", policyDocument=json.dumps(GROUP_POLICY))
    return GROUP_ARN


def make_role(trailcam, name="bridge", **identity):
    role = trailcam.client("iam", **identity).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    return role["Role"]["Arn"]


@pytest.fixture
def stranger(trailcam):
    """A user of another account: what identifies it as a caller."""
    iam = trailcam.client("iam", key=OTHER)
    iam.create_user(UserName="stranger")
    made = iam.create_access_key(UserName="stranger")["AccessKey"]
    return {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}


def make_rule(events, name, pattern, target, bus="default", **more):
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern), **CONSOLE)
    put_target(events, name, target, bus, **more)


def put_target(events, rule, target, bus="default", **more):
    done = events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "1", "Arn": target} | more])
    assert (done["FailedEntryCount"], done["FailedEntries"]) == (0, [])


def put(events, detail, source="shop", **more):
    entry = {"Source": source, "DetailType": "order", "Detail": json.dumps(detail)} | more
    done = events.put_events(Entries=[entry])
    assert done["FailedEntryCount"] == 0
    return done["Entries"][0]["EventId"]


def logged(trailcam, group=GROUP, **identity):
    pages = trailcam.client("logs", **identity).get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event for page in pages for event in page["events"]]


def arrived(trailcam, **where):
    return [json.loads(event["message"]) for event in logged(trailcam, **where)]


def make_queue(trailcam, name="jobs", rule="*", **more):
    """A queue that EventBridge may send to, for a rule."""
    sqs = trailcam.client("sqs")
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"{RULE}/{rule}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return sqs.create_queue(QueueName=name, Attributes={"Policy": policy} | more)["QueueUrl"], arn


def received(trailcam, url, wait=0):
    """Messages of a queue, each deleted once it is read."""
    sqs = trailcam.client("sqs")
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=wait,
        MessageAttributeNames=["All"],
        AttributeNames=["All"],
    )
    for message in answer.get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return answer.get("Messages", [])


def trail(trailcam, **settings):
    trailcam.trail_bucket("logs")
    cloudtrail = trailcam.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName="logs", **settings)
    cloudtrail.start_logging(Name="main")
    return cloudtrail
