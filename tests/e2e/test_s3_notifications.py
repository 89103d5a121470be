"""Buckets that tell queues and topics what happens to their objects."""

import json

import pytest

from conftest import refused

ACCOUNT = "000000000000"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:told"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:told"

pytestmark = pytest.mark.usefixtures("user")


def policy(action, resource, service):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def lab(trailcam):
    """A bucket, and a queue that S3 and SNS may send to."""
    trailcam.client("s3").create_bucket(Bucket="box")
    services = ["s3.amazonaws.com", "sns.amazonaws.com"]
    attributes = {"Policy": policy("sqs:SendMessage", QUEUE, services)}
    trailcam.queue = trailcam.client("sqs").create_queue(QueueName="told", Attributes=attributes)["QueueUrl"]
    return trailcam


def told(lab):
    sqs, found = lab.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=lab.queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=lab.queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def notify(lab, events, **rule):
    queues = [{"Id": "mine", "QueueArn": QUEUE, "Events": events} | rule]
    lab.client("s3").put_bucket_notification_configuration(
        Bucket="box", NotificationConfiguration={"QueueConfigurations": queues}
    )


def test_a_queue_hears_of_objects(lab):
    s3 = lab.client("s3")
    notify(lab, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    (test,) = told(lab)
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", "box")
    etag = s3.put_object(Bucket="box", Key="a b/ü.txt", Body=b"hello")["ETag"]
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/a b/ü.txt")
    s3.delete_object(Bucket="box", Key="copy")
    records = [record for message in told(lab) for record in message["Records"]]
    assert [record["eventName"] for record in records] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectRemoved:Delete",
    ]
    first = records[0]
    assert (first["eventSource"], first["awsRegion"]) == ("aws:s3", "us-east-1")
    assert first["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert first["s3"]["configurationId"] == "mine"
    assert first["s3"]["bucket"]["arn"] == "arn:aws:s3:::box"
    entry = first["s3"]["object"]
    assert (entry["key"], entry["size"], entry["eTag"]) == ("a+b/%C3%BC.txt", 5, etag.strip('"'))
    put = lab.events(eventName="PutObject")[0]
    assert first["responseElements"]["x-amz-request-id"] == put["requestID"]


def test_filters(lab):
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    notify(lab, ["s3:ObjectCreated:Put"], Filter={"Key": {"FilterRules": rules}})
    told(lab)
    for key in ("in/a.csv", "in/a.txt", "out/a.csv"):
        lab.client("s3").put_object(Bucket="box", Key=key, Body=b"")
    keys = [record["s3"]["object"]["key"] for message in told(lab) for record in message["Records"]]
    assert keys == ["in/a.csv"]


def test_a_topic_hears_of_objects(lab):
    sns = lab.client("sns")
    sns.create_topic(Name="told", Attributes={"Policy": policy("SNS:Publish", TOPIC, "s3.amazonaws.com")})
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE)
    topics = [{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]
    lab.client("s3").put_bucket_notification_configuration(
        Bucket="box", NotificationConfiguration={"TopicConfigurations": topics}
    )
    told(lab)
    lab.client("s3").put_object(Bucket="box", Key="k", Body=b"")
    (notification,) = told(lab)
    assert notification["Subject"] == "Amazon S3 Notification"
    (record,) = json.loads(notification["Message"])["Records"]
    assert record["s3"]["object"]["key"] == "k"


def test_the_queue_must_let_s3_in(lab):
    lab.client("sqs").set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": ""})
    queues = [{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]
    s3 = lab.client("s3")
    code, sentence, status = refused(
        s3.put_bucket_notification_configuration,
        Bucket="box",
        NotificationConfiguration={"QueueConfigurations": queues},
    )
    assert (code, status) == ("InvalidArgument", 400)
    assert sentence == "Unable to validate the following destination configurations"
    shown = s3.get_bucket_notification_configuration(Bucket="box")
    assert "QueueConfigurations" not in shown


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({"QueueConfigurations": [{"QueueArn": QUEUE, "Events": ["s3:ObjectEaten"]}]}, "InvalidArgument"),
        ({"EventBridgeConfiguration": {}}, "NotImplemented"),
        (
            {
                "LambdaFunctionConfigurations": [
                    {
                        "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
                        "Events": ["s3:ObjectCreated:*"],
                    }
                ]
            },
            "InvalidArgument",
        ),
    ],
)
def test_configurations_that_cannot_be(lab, configuration, code):
    s3 = lab.client("s3")
    answer = refused(
        s3.put_bucket_notification_configuration, Bucket="box", NotificationConfiguration=configuration
    )
    assert answer[0] == code
    shown = s3.get_bucket_notification_configuration(Bucket="box")
    assert set(shown) == {"ResponseMetadata"}


def test_the_command_line(lab):
    queues = [{"Id": "cli", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]
    text = json.dumps({"QueueConfigurations": queues})
    lab.aws("s3api", "put-bucket-notification-configuration", "--bucket", "box", "--notification-configuration", text)
    shown = lab.aws("s3api", "get-bucket-notification-configuration", "--bucket", "box")
    assert shown == {"QueueConfigurations": queues}
