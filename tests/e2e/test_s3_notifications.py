"""What happens to objects, told to queues and topics."""

import json

import pytest

from conftest import ROOT, refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
OTHER = "111122223333"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:uploads"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:uploads"
UNABLE = "Unable to validate the following destination configurations"
EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
HELLO_ETAG = "5d41402abc4b2a76b9719d911017c592"


def policy(action, resource, bucket="box", account=ACCOUNT):
    """The policy that the user guide gives for topics and queues."""
    conditions = {
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"},
        "StringEquals": {"aws:SourceAccount": account},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": conditions,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def lab(trailcam):
    """A bucket, and a queue that lets S3 in for it."""
    trailcam.client("s3").create_bucket(Bucket="box")
    attributes = {"Policy": policy("sqs:SendMessage", QUEUE)}
    trailcam.queue = trailcam.client("sqs").create_queue(QueueName="uploads", Attributes=attributes)["QueueUrl"]
    return trailcam


def heard(lab, queue=None):
    """What is in the queue, which is empty then."""
    sqs, messages = lab.client("sqs"), []
    queue = queue or lab.queue
    while some := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in some:
            messages.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return messages


def records(lab):
    """The one record of each message in the queue."""
    return [record for message in heard(lab) for record in message["Records"]]


def names(lab):
    return [(record["eventName"], record["s3"]["object"]["key"]) for record in records(lab)]


def to_queue(*events, arn=QUEUE, filters=(), **more):
    rules = [{"Name": name, "Value": value} for name, value in filters]
    filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"QueueArn": arn, "Events": list(events or ["s3:ObjectCreated:*"]), **filtered, **more}


def notify(lab, *queues, region="us-east-1", **more):
    """Sets the notifications of the bucket, and takes the test messages out of the queue."""
    configuration = {"QueueConfigurations": list(queues)} | more
    s3 = lab.client("s3", region=region)
    s3.put_bucket_notification_configuration(Bucket="box", NotificationConfiguration=configuration)
    heard(lab)


def refusal(lab, configuration, **more):
    """Message and arguments of the error with which a configuration is refused."""
    s3 = lab.client("s3")
    with pytest.raises(s3.exceptions.ClientError) as failed:
        s3.put_bucket_notification_configuration(Bucket="box", NotificationConfiguration=configuration, **more)
    error = failed.value.response["Error"]
    error.pop("Resource")
    assert (error.pop("Code"), failed.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidArgument", 400)
    return error.pop("Message"), error


def test_a_queue_hears_of_new_objects(lab):
    lab.act_as_user("alice")
    s3 = lab.client("s3")
    user = lab.client("iam").get_user()["User"]["UserId"]
    configuration = {"QueueConfigurations": [to_queue(Id="new")]}
    set_by = s3.put_bucket_notification_configuration(Bucket="box", NotificationConfiguration=configuration)
    # S3 tries the queue before it takes it.
    (test,) = heard(lab)
    assert list(test) == ["Service", "Event", "Time", "Bucket", "RequestId", "HostId"]
    head = set_by["ResponseMetadata"]
    assert test == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": lab.now().replace("Z", ".000Z"),
        "Bucket": "box",
        "RequestId": head["RequestId"],
        "HostId": head["HostId"],
    }
    answer = s3.put_object(Bucket="box", Key="a b/ü+1.txt", Body=b"hello")["ResponseMetadata"]
    (record,) = records(lab)
    owner = record["s3"]["bucket"]["ownerIdentity"].pop("principalId")
    sequencer = record["s3"]["object"].pop("sequencer")
    assert record == {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": lab.now().replace("Z", ".000Z"),
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": f"AWS:{user}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": answer["RequestId"], "x-amz-id-2": answer["HostId"]},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "new",
            "bucket": {"name": "box", "ownerIdentity": {}, "arn": "arn:aws:s3:::box"},
            "object": {"key": "a+b/%C3%BC%2B1.txt", "size": 5, "eTag": HELLO_ETAG},
        },
    }
    assert (owner[0], len(owner), len(sequencer)) == ("A", 14, 18)
    (sent, *_) = lab.events(eventName="SendMessage")[-1:]
    assert sent["userIdentity"] == {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}
    assert sent["requestParameters"]["messageBody"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_each_way_to_make_an_object(lab):
    s3 = lab.client("s3")
    notify(lab, to_queue("s3:ObjectCreated:*", "s3:ObjectRemoved:*"))
    s3.put_object(Bucket="box", Key="put", Body=b"hello")
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/put")
    upload = s3.create_multipart_upload(Bucket="box", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="box", Key="parts", UploadId=upload, PartNumber=1, Body=b"hello")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    made = s3.complete_multipart_upload(Bucket="box", Key="parts", UploadId=upload, MultipartUpload=parts)
    lab.client("s3", key="test").delete_object(Bucket="box", Key="put")
    # Nothing is there any more, so that nothing happens.
    s3.delete_object(Bucket="box", Key="put")
    s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": key} for key in ("copy", "parts", "nothing")]})
    told = records(lab)
    objects = [(record["eventName"], record["s3"]["object"]) for record in told]
    sequencers = [about.pop("sequencer") for _, about in objects]
    assert objects == [
        ("ObjectCreated:Put", {"key": "put", "size": 5, "eTag": HELLO_ETAG}),
        ("ObjectCreated:Copy", {"key": "copy", "size": 5, "eTag": HELLO_ETAG, "hasObjectAnnotation": False}),
        ("ObjectCreated:CompleteMultipartUpload", {"key": "parts", "size": 5, "eTag": made["ETag"].strip('"')}),
        ("ObjectRemoved:Delete", {"key": "put"}),
        ("ObjectRemoved:Delete", {"key": "copy"}),
        ("ObjectRemoved:Delete", {"key": "parts"}),
    ]
    assert sequencers == sorted(set(sequencers))
    # The root user is known by the customer id of its account.
    user = f"AWS:{lab.client('iam').get_user()['User']['UserId']}"
    root = told[0]["s3"]["bucket"]["ownerIdentity"]["principalId"]
    assert [record["userIdentity"]["principalId"] for record in told] == [user, user, user, root, user, user]


def test_versions_and_their_tags(lab):
    s3 = lab.client("s3")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    notify(lab, to_queue("s3:ObjectCreated:Put", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"))
    version = s3.put_object(Bucket="box", Key="k", Body=b"hello")["VersionId"]
    s3.put_object_tagging(Bucket="box", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket="box", Key="k")
    marker = s3.delete_object(Bucket="box", Key="k")["VersionId"]
    s3.delete_object(Bucket="box", Key="k", VersionId=version)
    s3.delete_object(Bucket="box", Key="k", VersionId=marker)
    objects = [(record["eventName"], record["s3"]["object"]) for record in records(lab)]
    ordered = [bool(about.pop("sequencer", None)) for _, about in objects]
    assert objects == [
        ("ObjectCreated:Put", {"key": "k", "size": 5, "eTag": HELLO_ETAG, "versionId": version}),
        ("ObjectTagging:Put", {"key": "k", "eTag": HELLO_ETAG, "versionId": version}),
        ("ObjectTagging:Delete", {"key": "k", "eTag": HELLO_ETAG, "versionId": version}),
        ("ObjectRemoved:DeleteMarkerCreated", {"key": "k", "eTag": EMPTY_ETAG, "versionId": marker}),
        ("ObjectRemoved:Delete", {"key": "k", "versionId": version}),
        ("ObjectRemoved:Delete", {"key": "k", "versionId": marker}),
    ]
    assert ordered == [True, False, False, True, True, True]


def test_retention(lab):
    s3 = lab.client("s3")
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    lab.client("sqs").set_queue_attributes(
        QueueUrl=lab.queue, Attributes={"Policy": policy("sqs:SendMessage", QUEUE, bucket="vault")}
    )
    configuration = {"QueueConfigurations": [to_queue("s3:ObjectRetention:Put")]}
    s3.put_bucket_notification_configuration(Bucket="vault", NotificationConfiguration=configuration)
    heard(lab)
    version = s3.put_object(Bucket="vault", Key="k", Body=b"hello")["VersionId"]
    until = "2026-02-01T00:00:00.000Z"
    s3.put_object_retention(Bucket="vault", Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until})
    (record,) = records(lab)
    assert record["objectRetentionEventData"] == {"mode": "GOVERNANCE", "retainUntilDate": until}
    assert record["s3"]["object"] == {"key": "k", "size": 5, "eTag": HELLO_ETAG, "versionId": version}


def test_lifecycle_rules(lab):
    s3 = lab.client("s3")
    notify(lab, to_queue("s3:LifecycleExpiration:*"))
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    s3.put_bucket_lifecycle_configuration(Bucket="box", LifecycleConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="box", Key="k", Body=b"hello")
    lab.advance("P2D")
    (record,) = records(lab)
    assert (record["eventName"], record["s3"]["object"].keys()) == ("LifecycleExpiration:Delete", {"key", "sequencer"})
    assert record["userIdentity"] == {"principalId": "s3.amazonaws.com"}
    assert record["requestParameters"] == {"sourceIPAddress": "s3.amazonaws.com"}
    assert record["eventTime"].endswith("T00:00:00.000Z")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="box", Key="k", Body=b"hello")["VersionId"]
    lab.advance("P2D")
    (marked,) = records(lab)
    assert (marked["eventName"], marked["s3"]["object"]["eTag"]) == (
        "LifecycleExpiration:DeleteMarkerCreated",
        EMPTY_ETAG,
    )
    lab.advance("P2D")
    gone = [record["s3"]["object"]["versionId"] for record in records(lab)]
    assert gone[0] == version


def test_filters(lab):
    s3 = lab.client("s3")
    images = [("Prefix", "images/"), ("Suffix", ".jpg")]
    other = f"arn:aws:sqs:us-east-1:{ACCOUNT}:other"
    url = lab.client("sqs").create_queue(QueueName="other", Attributes={"Policy": policy("sqs:*", other)})["QueueUrl"]
    notify(
        lab,
        to_queue("s3:ObjectCreated:*", "s3:ObjectRemoved:Delete", filters=images),
        to_queue("s3:ObjectCreated:Put", arn=other, filters=[("prefix", "logs/")]),
    )
    heard(lab, url)
    for key in ("images/a.jpg", "images/a.png", "a.jpg", "logs/a.jpg"):
        s3.put_object(Bucket="box", Key=key, Body=b"")
    s3.delete_object(Bucket="box", Key="images/a.jpg")
    s3.delete_object(Bucket="box", Key="logs/a.jpg")
    assert names(lab) == [("ObjectCreated:Put", "images/a.jpg"), ("ObjectRemoved:Delete", "images/a.jpg")]
    assert [message["Records"][0]["s3"]["object"]["key"] for message in heard(lab, url)] == ["logs/a.jpg"]


def test_settings_are_shown_as_they_were_set(lab):
    s3 = lab.client("s3")

    def shown():
        answer = s3.get_bucket_notification_configuration(Bucket="box")
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    assert shown() == {}
    queue = to_queue("s3:ObjectCreated:*", filters=[("prefix", "a/"), ("SUFFIX", "")])
    topic = {"TopicArn": TOPIC, "Events": ["s3:Replication:*", "s3:ObjectAcl:Put"], "Id": "mine"}
    wished = {"TopicConfigurations": [topic], "QueueConfigurations": [queue], "EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(
        Bucket="box", NotificationConfiguration=wished, SkipDestinationValidation=True
    )
    assert heard(lab) == []
    expected = to_queue("s3:ObjectCreated:*", filters=[("Prefix", "a/"), ("Suffix", "")])
    # A UUID in base 64.
    expected["Id"] = shown()["QueueConfigurations"][0]["Id"]
    assert len(expected["Id"]) == 48
    assert shown() == wished | {"QueueConfigurations": [expected]}
    s3.put_bucket_notification_configuration(Bucket="box", NotificationConfiguration={})
    assert shown() == {}
    s3.put_object(Bucket="box", Key="a/k", Body=b"")
    assert heard(lab) == []


def test_destinations_must_take_the_test_message(lab):
    missing = f"arn:aws:sqs:us-east-1:{ACCOUNT}:nowhere"
    no_topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:nowhere"
    closed = f"arn:aws:sqs:us-east-1:{ACCOUNT}:closed"
    lab.client("sqs").create_queue(QueueName="closed")
    topic = {"TopicArn": no_topic, "Events": ["s3:ObjectRemoved:*"]}
    queues = [to_queue("s3:ObjectCreated:Put", arn=missing), to_queue("s3:ObjectCreated:Copy", arn=closed)]
    said = refusal(lab, {"TopicConfigurations": [topic], "QueueConfigurations": queues})
    assert said == (
        UNABLE,
        {
            "ArgumentName1": no_topic,
            "ArgumentValue1": "The destination topic does not exist",
            "ArgumentName2": missing,
            "ArgumentValue2": "The destination queue does not exist",
            "ArgumentName3": closed,
            "ArgumentValue3": "Permissions on the destination queue do not allow S3 to publish notifications from this "
            "bucket",
        },
    )
    assert "QueueConfigurations" not in lab.client("s3").get_bucket_notification_configuration(Bucket="box")
    fifo = to_queue(arn=f"{QUEUE}.fifo")
    assert refusal(lab, {"QueueConfigurations": [fifo]}, SkipDestinationValidation=True)[0] == UNABLE
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:my-lambda"
    functions = [{"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}]
    assert refusal(lab, {"LambdaFunctionConfigurations": functions}) == (
        UNABLE,
        {
            "ArgumentName1": f"{function}, null",
            "ArgumentValue1": f"Not authorized to invoke function [{function}]",
        },
    )


def test_settings_that_are_refused(lab):
    def check(*queues):
        return refusal(lab, {"QueueConfigurations": list(queues)}, SkipDestinationValidation=True)

    def arguments(name, value):
        return {"ArgumentName": name, "ArgumentValue": value}

    parsed = ("The ARN could not be parsed", arguments("Queue", "invalid-queue"))
    assert check(to_queue(arn="invalid-queue")) == parsed
    elsewhere = QUEUE.replace("us-east-1", "eu-west-1")
    region = "The notification destination service region is not valid for the bucket location constraint"
    assert check(to_queue(arn=elsewhere)) == (region, arguments("Queue", elsewhere))
    event = ("The event is not supported for notifications", arguments("Event", "s3:ObjectCreated:Get"))
    assert check(to_queue("s3:ObjectCreated:Get")) == event
    name = ("filter rule name must be either prefix or suffix", arguments("FilterRule.Name", "INVALID"))
    assert check(to_queue(filters=[("INVALID", "a")])) == name
    same = "Same ID used for multiple configurations. IDs must be unique."
    assert check(to_queue(Id="a"), to_queue("s3:ObjectRemoved:*", Id="a"))[0] == same
    overlap = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    assert check(to_queue(), to_queue("s3:ObjectCreated:Put")) == (
        overlap,
        arguments("Event", "s3:ObjectCreated:*, s3:ObjectCreated:Put"),
    )
    ambiguous = (
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
        "overlapping for the same event type."
    )
    assert check(to_queue(filters=[("prefix", "a")]), to_queue(filters=[("prefix", "ab")]))[0] == ambiguous
    s3 = lab.client("s3")
    nowhere = {"Bucket": "nowhere", "NotificationConfiguration": {}}
    assert refused(s3.put_bucket_notification_configuration, **nowhere)[0] == "NoSuchBucket"


def test_through_a_topic_with_the_command_line(lab):
    sns, sqs = lab.client("sns"), lab.client("sqs")
    lab.aws("sns", "create-topic", "--name", "uploads")
    closed = {"TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]}
    put = ("s3api", "put-bucket-notification-configuration", "--bucket", "box", "--notification-configuration")
    assert UNABLE in lab.aws(*put, json.dumps(closed), fails=True)
    sns.set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=policy("SNS:Publish", TOPIC))
    listen = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }
    attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [listen]})}
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes=attributes)
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE)
    lab.aws(*put, json.dumps(closed))
    assert lab.aws("s3api", "get-bucket-notification-configuration", "--bucket", "box")["TopicConfigurations"]
    lab.aws("s3", "cp", str(ROOT / "LICENSE"), "s3://box/papers/the license.txt")
    test, told = heard(lab)
    assert {test["Subject"], told["Subject"]} == {"Amazon S3 Notification"}
    assert json.loads(test["Message"])["Event"] == "s3:TestEvent"
    (record,) = json.loads(told["Message"])["Records"]
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]) == ("box", "papers/the+license.txt")
    assert record["s3"]["object"]["size"] == (ROOT / "LICENSE").stat().st_size


def test_log_files_of_trails(lab):
    lab.trail_bucket("logs")
    lab.client("sqs").set_queue_attributes(
        QueueUrl=lab.queue, Attributes={"Policy": policy("sqs:SendMessage", QUEUE, bucket="logs")}
    )
    configuration = {"QueueConfigurations": [to_queue(filters=[("suffix", ".json.gz")])]}
    lab.client("s3").put_bucket_notification_configuration(Bucket="logs", NotificationConfiguration=configuration)
    cloudtrail = lab.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName="logs")
    cloudtrail.start_logging(Name="main")
    heard(lab)
    lab.advance("PT5M")
    (record,) = records(lab)
    (file,) = lab.data_dir.glob("s3/logs/AWSLogs/*/CloudTrail/us-east-1/*/*/*/*.json.gz")
    assert record["s3"]["object"]["key"] == str(file.relative_to(lab.data_dir / "s3/logs"))
    assert record["s3"]["object"]["size"] == file.stat().st_size
    assert record["userIdentity"]["principalId"].endswith(":regionalDeliverySession")


def test_a_closed_queue_is_tried_again(lab):
    s3, sqs = lab.client("s3"), lab.client("sqs")
    notify(lab, to_queue())
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": ""})
    s3.put_object(Bucket="box", Key="first", Body=b"")
    s3.put_object(Bucket="box", Key="second", Body=b"")
    waiting = [job for job in lab.admin("GET", "jobs")["jobs"] if job["job"] == "BucketNotice"]
    assert [(job["bucket"], job["destination"]) for job in waiting] == [("box", QUEUE)]
    assert names(lab) == []
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": policy("sqs:SendMessage", QUEUE)})
    lab.advance("PT1M")
    assert names(lab) == [("ObjectCreated:Put", "first"), ("ObjectCreated:Put", "second")]
    # At the user's wish at once; and not for ever.
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": ""})
    s3.put_object(Bucket="box", Key="third", Body=b"")
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": policy("sqs:SendMessage", QUEUE)})
    lab.admin("POST", "flush")
    assert names(lab) == [("ObjectCreated:Put", "third")]
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": ""})
    s3.put_object(Bucket="box", Key="lost", Body=b"")
    lab.advance("PT25H")
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": policy("sqs:SendMessage", QUEUE)})
    s3.put_object(Bucket="box", Key="fourth", Body=b"")
    assert names(lab) == [("ObjectCreated:Put", "fourth")]


def test_many_that_waited_are_all_sent(lab):
    s3, sqs = lab.client("s3"), lab.client("sqs")
    notify(lab, to_queue("s3:ObjectRemoved:*"))
    keys = [f"{number:03}" for number in range(120)]
    for key in keys:
        s3.put_object(Bucket="box", Key=key, Body=b"")
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": ""})
    s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": key} for key in keys]})
    assert names(lab) == []
    sqs.set_queue_attributes(QueueUrl=lab.queue, Attributes={"Policy": policy("sqs:SendMessage", QUEUE)})
    lab.advance("PT1M")
    assert [key for _, key in names(lab)] == keys


def test_a_queue_of_another_account(lab):
    arn = QUEUE.replace(ACCOUNT, OTHER)
    theirs = lab.client("sqs", key=OTHER)
    attributes = {"Policy": policy("sqs:SendMessage", arn)}
    url = theirs.create_queue(QueueName="uploads", Attributes=attributes)["QueueUrl"]
    notify(lab, to_queue(arn=arn))
    lab.client("s3").put_object(Bucket="box", Key="k", Body=b"")
    bodies = [json.loads(theirs.receive_message(QueueUrl=url)["Messages"][0]["Body"]) for _ in range(2)]
    assert bodies[0]["Event"] == "s3:TestEvent"
    assert bodies[1]["Records"][0]["s3"]["object"]["key"] == "k"


def test_event_bridge_hears_of_everything(lab):
    s3, events = lab.client("s3"), lab.client("events")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
    }
    attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    lab.client("sqs").set_queue_attributes(QueueUrl=lab.queue, Attributes=attributes)
    events.put_rule(Name="objects", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="objects", Targets=[{"Id": "queue", "Arn": QUEUE}])
    s3.put_object(Bucket="box", Key="before", Body=b"")
    s3.put_bucket_notification_configuration(Bucket="box", NotificationConfiguration={"EventBridgeConfiguration": {}})
    answer = s3.put_object(Bucket="box", Key="a b/1", Body=b"hello")["ResponseMetadata"]
    s3.put_object_tagging(Bucket="box", Key="a b/1", Tagging={"TagSet": []})
    s3.delete_object(Bucket="box", Key="a b/1")
    created, tagged, deleted = heard(lab)
    assert created.pop("id")
    sequencer = created["detail"]["object"].pop("sequencer")
    assert created == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": lab.now(),
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::box"],
        "detail": {
            "version": "0",
            "event-version": "1.2",
            "bucket": {"name": "box"},
            "object": {"key": "a b/1", "size": 5, "etag": HELLO_ETAG},
            "request-id": answer["RequestId"],
            "requester": ACCOUNT,
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }
    assert (tagged["detail-type"], "reason" in tagged["detail"]) == ("Object Tags Added", False)
    assert (deleted["detail-type"], deleted["detail"]["deletion-type"]) == ("Object Deleted", "Permanently Deleted")
    assert deleted["detail"]["object"]["sequencer"] > sequencer
