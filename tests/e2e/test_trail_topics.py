"""Trails that announce their log files on a topic."""

import json

import pytest

from conftest import refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:trail-files"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:trail-files"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AWSCloudTrailSNSPolicy20131101",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "SNS:Publish",
            "Resource": TOPIC,
            "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
        }
    ],
}


def allow(trailcam, policy=POLICY):
    trailcam.client("sns").set_topic_attributes(
        TopicArn=TOPIC, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )


def withdraw(trailcam):
    """The owner alone may publish, as in a new topic."""
    owner = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "SNS:Publish", "Resource": TOPIC}
    allow(trailcam, {"Version": "2012-10-17", "Statement": [owner]})


@pytest.fixture
def lab(trailcam):
    """A bucket, a topic that lets CloudTrail in, and a queue that hears what is published."""
    trailcam.trail_bucket("logs")
    sns, sqs = trailcam.client("sns"), trailcam.client("sqs")
    sns.create_topic(Name="trail-files")
    allow(trailcam)
    listen = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [listen]})
    trailcam.queue = sqs.create_queue(QueueName="trail-files", Attributes={"Policy": policy})["QueueUrl"]
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE)
    return trailcam


def heard(lab):
    """The notifications in the queue, which is empty then."""
    sqs, notifications = lab.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=lab.queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            notifications.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=lab.queue, ReceiptHandle=message["ReceiptHandle"])
    return notifications


def make(lab, topic=TOPIC, **settings):
    cloudtrail = lab.client("cloudtrail")
    trail = cloudtrail.create_trail(Name="main", S3BucketName="logs", SnsTopicName=topic, **settings)
    cloudtrail.start_logging(Name="main")
    return trail


@pytest.mark.parametrize("topic", [TOPIC, "trail-files"])
def test_each_log_file_is_announced(lab, topic):
    trail = make(lab, topic)
    assert (trail["SnsTopicName"], trail["SnsTopicARN"]) == (topic, TOPIC)
    described = lab.client("cloudtrail").get_trail(Name="main")["Trail"]
    assert (described["SnsTopicName"], described["SnsTopicARN"]) == (topic, TOPIC)
    # CloudTrail tries the topic before it takes it.
    (first,) = heard(lab)
    assert (first["Type"], first["TopicArn"], first["Message"]) == (
        "Notification",
        TOPIC,
        "CloudTrail validation message.",
    )
    assert "Subject" not in first
    lab.client("iam").create_user(UserName="Anaya")
    lab.advance("PT5M")
    (notification,) = heard(lab)
    assert "Subject" not in notification
    said = json.loads(notification["Message"])
    assert list(said) == ["s3Bucket", "s3ObjectKey"]
    (file,) = lab.data_dir.glob("s3/logs/AWSLogs/*/CloudTrail/us-east-1/*/*/*/*.json.gz")
    assert said == {"s3Bucket": "logs", "s3ObjectKey": [str(file.relative_to(lab.data_dir / "s3/logs"))]}
    status = lab.client("cloudtrail").get_trail_status(Name="main")
    assert status["LatestNotificationTime"] == status["LatestDeliveryTime"]
    assert status["LatestNotificationAttemptSucceeded"] == status["LatestNotificationAttemptTime"] != ""
    assert "LatestNotificationError" not in status


def test_every_region_announces_on_the_one_topic(lab):
    make(lab, IsMultiRegionTrail=True)
    lab.client("ec2", region="eu-west-1").describe_vpcs()
    lab.advance("PT5M")
    keys = [json.loads(each["Message"])["s3ObjectKey"][0] for each in heard(lab)[1:]]
    assert {key.split("/")[3] for key in keys} == {"us-east-1", "eu-west-1"}
    assert len(keys) == len(set(keys)) == len(list(lab.data_dir.glob("s3/logs/AWSLogs/*/CloudTrail/**/*.json.gz")))


@pytest.mark.parametrize(
    ("topic", "code", "message"),
    [
        (
            "nothing-here",
            "InsufficientSnsTopicPolicyException",
            "SNS Topic does not exist or the topic policy is incorrect!",
        ),
        (f"{TOPIC}:extra", "InvalidSnsTopicNameException", None),
        ("no name", "InvalidSnsTopicNameException", None),
    ],
)
def test_topics_that_cannot_be(lab, topic, code, message):
    cloudtrail = lab.client("cloudtrail")
    answer = refused(cloudtrail.create_trail, Name="main", S3BucketName="logs", SnsTopicName=topic)
    assert (answer[0], answer[2]) == (code, 400)
    assert message in (None, answer[1])
    assert cloudtrail.list_trails()["Trails"] == []


def test_the_topic_must_let_cloudtrail_in(lab):
    withdraw(lab)
    cloudtrail = lab.client("cloudtrail")
    assert refused(cloudtrail.create_trail, Name="main", S3BucketName="logs", SnsTopicName=TOPIC) == (
        "InsufficientSnsTopicPolicyException",
        "SNS Topic does not exist or the topic policy is incorrect!",
        400,
    )
    assert cloudtrail.list_trails()["Trails"] == []
    assert heard(lab) == []


def test_announcements_wait_for_the_topic(lab):
    make(lab)
    heard(lab)
    withdraw(lab)
    lab.advance("PT5M")
    status = lab.client("cloudtrail").get_trail_status(Name="main")
    assert status["LatestNotificationError"] == "AuthorizationError"
    assert "LatestNotificationTime" not in status
    assert "LatestDeliveryError" not in status
    assert heard(lab) == []
    allow(lab)
    lab.advance("PT10M")
    keys = [json.loads(each["Message"])["s3ObjectKey"][0] for each in heard(lab)]
    files = lab.data_dir.glob("s3/logs/AWSLogs/*/CloudTrail/us-east-1/*/*/*/*.json.gz")
    assert sorted(keys) == sorted(str(file.relative_to(lab.data_dir / "s3/logs")) for file in files)
    assert "LatestNotificationError" not in lab.client("cloudtrail").get_trail_status(Name="main")


def test_a_topic_can_be_taken_away(lab):
    make(lab)
    cloudtrail = lab.client("cloudtrail")
    trail = cloudtrail.update_trail(Name="main", SnsTopicName="")
    assert "SnsTopicName" not in trail
    heard(lab)
    lab.advance("PT10M")
    assert heard(lab) == []
