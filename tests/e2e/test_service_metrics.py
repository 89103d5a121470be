"""Metrics that services report of themselves, and those that metric filters make of log events."""

import json

import pytest

from test_metrics import at

pytestmark = pytest.mark.usefixtures("user")


def points(client, namespace, name, statistic="Sum", minutes=(-60, 60), period=60, **dimensions):
    """Minutes from the start of the test, and values."""
    answer = client.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=at(minutes[0]),
        EndTime=at(minutes[1]),
        Period=period,
        Statistics=[statistic],
    )
    found = {(point["Timestamp"] - at()).total_seconds() // 60: point[statistic] for point in answer["Datapoints"]}
    return dict(sorted(found.items()))


def milliseconds(minute=0):
    return int(at(minute).timestamp() * 1000)


@pytest.fixture
def logs(trailcam):
    client = trailcam.client("logs")
    client.create_log_group(logGroupName="app")
    client.create_log_stream(logGroupName="app", logStreamName="one")
    return client


def put(logs, *messages, minute=0):
    events = [{"timestamp": milliseconds(minute), "message": message} for message in messages]
    logs.put_log_events(logGroupName="app", logStreamName="one", logEvents=events)


def watch(logs, pattern, value="1", name="Errors", **more):
    logs.put_metric_filter(
        logGroupName="app",
        filterName=name,
        filterPattern=pattern,
        metricTransformations=[{"metricName": name, "metricNamespace": "App", "metricValue": value} | more],
    )


def test_matches_are_counted_in_their_minutes(trailcam, logs):
    watch(logs, "ERROR")
    put(logs, "ERROR a", "fine", "ERROR b")
    put(logs, "ERROR c", minute=-5)
    put(logs, "fine", minute=-4)
    client = trailcam.client("cloudwatch")
    assert points(client, "App", "Errors") == {-5: 1.0, 0: 2.0}
    assert points(client, "App", "Errors", "SampleCount") == {-5: 1.0, 0: 2.0}
    trailcam.advance("PT2M")
    # Without a default value, minutes without a match have no value.
    assert points(client, "App", "Errors") == {-5: 1.0, 0: 2.0}


def test_default_values_of_minutes_without_a_match(trailcam, logs):
    watch(logs, "ERROR", defaultValue=0.0)
    client = trailcam.client("cloudwatch")
    put(logs, "fine")
    put(logs, "ERROR", "fine")
    trailcam.advance("PT1M")
    put(logs, "fine", "fine", minute=1)
    assert points(client, "App", "Errors", "SampleCount") == {0: 1.0}
    trailcam.advance("PT1M")
    assert points(client, "App", "Errors") == {0: 1.0, 1: 0.0}
    assert points(client, "App", "Errors", "SampleCount") == {0: 1.0, 1: 1.0}
    # No events: no values either.
    trailcam.advance("PT5M")
    assert points(client, "App", "Errors", "SampleCount") == {0: 1.0, 1: 1.0}


def test_values_dimensions_and_units_from_fields(trailcam, logs):
    watch(logs, "{ $.latency = * }", "$.latency", "Latency", unit="Milliseconds", dimensions={"Type": "$.requestType"})
    watch(logs, "[ip, server, username, timestamp, request, status_code, bytes > 1000]", "$bytes", "Bytes",
          dimensions={"server": "$server"})  # fmt: skip
    put(
        logs,
        json.dumps({"latency": 50, "requestType": "GET"}),
        json.dumps({"latency": 70, "requestType": "GET"}),
        json.dumps({"latency": 5, "requestType": "PUT"}),
        json.dumps({"latency": "long", "requestType": "PUT"}),
        json.dumps({"latency": 9}),
        '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534',
        '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 34',
    )
    client = trailcam.client("cloudwatch")
    assert points(client, "App", "Latency", Type="GET") == {0: 120.0}
    assert points(client, "App", "Latency", Type="PUT") == {0: 5.0}
    assert points(client, "App", "Latency") == {}
    assert points(client, "App", "Bytes", server="Prod") == {0: 1534.0}
    listed = client.list_metrics(Namespace="App", MetricName="Latency")["Metrics"]
    assert [metric["Dimensions"] for metric in listed] == [
        [{"Name": "Type", "Value": "GET"}],
        [{"Name": "Type", "Value": "PUT"}],
    ]


def test_filters_see_what_comes_after_them(trailcam, logs):
    put(logs, "ERROR")
    watch(logs, "ERROR")
    put(logs, "ERROR")
    logs.delete_metric_filter(logGroupName="app", filterName="Errors")
    put(logs, "ERROR")
    assert points(trailcam.client("cloudwatch"), "App", "Errors") == {0: 1.0}


def test_logs_report_what_comes_in(trailcam, logs):
    put(logs, "four", "five5")
    client = trailcam.client("cloudwatch")
    for dimensions in ({}, {"LogGroupName": "app"}):
        assert points(client, "AWS/Logs", "IncomingLogEvents", **dimensions) == {0: 2.0}
        # Each event counts 26 bytes beside its message.
        assert points(client, "AWS/Logs", "IncomingBytes", **dimensions) == {0: 9.0 + 2 * 26}


def test_queues_and_topics_report_messages(trailcam):
    sqs, sns, client = trailcam.client("sqs"), trailcam.client("sns"), trailcam.client("cloudwatch")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:jobs"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    topic = sns.create_topic(Name="news")["TopicArn"]
    policy = json.dumps({"kind": ["good"]})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com", Attributes={"FilterPolicy": policy})
    sns.publish(TopicArn=topic, Message="hello")
    sqs.send_message(QueueUrl=url, MessageBody="1234567")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    sqs.receive_message(QueueUrl=url)
    for name, value in [
        ("NumberOfMessagesSent", 2.0),
        ("SentMessageSize", 12.0),
        ("NumberOfMessagesReceived", 2.0),
        ("NumberOfMessagesDeleted", 1.0),
        ("NumberOfEmptyReceives", 1.0),
    ]:
        assert points(client, "AWS/SQS", name, QueueName="jobs") == {0: value}, name
    for name, value in [
        ("NumberOfMessagesPublished", 1.0),
        ("PublishSize", 5.0),
        ("NumberOfNotificationsDelivered", 1.0),
    ]:
        assert points(client, "AWS/SNS", name, TopicName="news") == {0: value}, name


def test_calls_are_counted(trailcam, logs):
    client = trailcam.client("cloudwatch")
    for _ in range(3):
        client.list_metrics()
    usage = {"Service": "CloudWatch", "Type": "API", "Class": "None", "Resource": "ListMetrics"}
    assert points(client, "AWS/Usage", "CallCount", **usage) == {0: 3.0}
    usage |= {"Service": "Logs", "Resource": "CreateLogGroup"}
    assert points(client, "AWS/Usage", "CallCount", **usage) == {0: 1.0}


def test_trails_feed_metric_filters(trailcam):
    """A call, its record in a log group, and the metric that the CIS benchmark has made of it."""
    logs, iam = trailcam.client("logs"), trailcam.client("iam")
    logs.create_log_group(logGroupName="trail")
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="writer", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    allow = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    iam.put_role_policy(RoleName="writer", PolicyName="p", PolicyDocument=json.dumps({"Statement": [allow]}))
    trailcam.client("cloudtrail").create_trail(
        Name="audit",
        S3BucketName=trailcam.trail_bucket("bucket"),
        CloudWatchLogsLogGroupArn="arn:aws:logs:us-east-1:000000000000:log-group:trail:*",
        CloudWatchLogsRoleArn="arn:aws:iam::000000000000:role/writer",
    )
    trailcam.client("cloudtrail").start_logging(Name="audit")
    pattern = "{ ($.eventName = DeleteTrail) || ($.eventName = StopLogging) || ($.eventName = StartLogging) }"
    logs.put_metric_filter(
        logGroupName="trail",
        filterName="trail-changes",
        filterPattern=pattern,
        metricTransformations=[{"metricName": "TrailChanges", "metricNamespace": "CIS", "metricValue": "1"}],
    )
    trailcam.client("cloudtrail").stop_logging(Name="audit")
    trailcam.client("cloudtrail").start_logging(Name="audit")
    trailcam.advance("PT10M")
    seen = logs.filter_log_events(logGroupName="trail", filterPattern=pattern)["events"]
    assert {json.loads(event["message"])["eventName"] for event in seen} == {"StartLogging", "StopLogging"}
    assert sum(points(trailcam.client("cloudwatch"), "CIS", "TrailChanges").values()) == len(seen)


@pytest.fixture
def bucket_stream(trailcam):
    """A Firehose stream, the bucket that it writes to, and the role that lets it."""
    iam = trailcam.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="writer", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    trailcam.client("s3").create_bucket(Bucket="lake")
    trailcam.client("firehose").create_delivery_stream(
        DeliveryStreamName="stream",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/writer",
            "BucketARN": "arn:aws:s3:::lake",
            "BufferingHints": {"IntervalInSeconds": 120, "SizeInMBs": 1},
        },
    )
    return "stream"


def test_streams_report_what_comes_and_goes(trailcam, bucket_stream):
    firehose, client = trailcam.client("firehose"), trailcam.client("cloudwatch")
    firehose.put_record(DeliveryStreamName="stream", Record={"Data": b"12345"})
    firehose.put_record_batch(DeliveryStreamName="stream", Records=[{"Data": b"123"}, {"Data": b"1234567"}])
    firehose.describe_delivery_stream(DeliveryStreamName="stream")
    for name, statistic, value in [
        ("IncomingBytes", "Sum", 15.0),
        ("IncomingRecords", "Sum", 3.0),
        ("IncomingPutRequests", "Sum", 2.0),
        ("PutRecord.Bytes", "Sum", 5.0),
        ("PutRecord.Requests", "SampleCount", 1.0),
        ("PutRecordBatch.Bytes", "Sum", 10.0),
        ("PutRecordBatch.Records", "Sum", 2.0),
        ("PutRecordBatch.Requests", "Sum", 1.0),
        ("DescribeDeliveryStream.Requests", "Sum", 1.0),
    ]:
        assert points(client, "AWS/Firehose", name, statistic, DeliveryStreamName="stream") == {0: value}, name
    trailcam.advance("PT5M")
    for name, value in [
        ("DeliveryToS3.Bytes", 15.0),
        ("DeliveryToS3.Records", 3.0),
        ("DeliveryToS3.Success", 1.0),
        ("DeliveryToS3.DataFreshness", 120.0),
    ]:
        assert points(client, "AWS/Firehose", name, DeliveryStreamName="stream") == {2: value}, name
    trailcam.client("iam").delete_role(RoleName="writer")
    firehose.put_record(DeliveryStreamName="stream", Record={"Data": b"12345"})
    trailcam.advance("PT1H")
    assert points(client, "AWS/Firehose", "DeliveryToS3.Records", DeliveryStreamName="stream") == {2: 3.0}


def test_rules_report_what_they_match_and_call(trailcam):
    events, sqs, client = trailcam.client("events"), trailcam.client("sqs"), trailcam.client("cloudwatch")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead = "arn:aws:sqs:us-east-1:000000000000:dead"
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Statement": [statement | {"Resource": dead}]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.create_event_bus(Name="app")
    gone = "arn:aws:sqs:us-east-1:000000000000:gone"
    for bus, rule, targets in [
        ("default", "first", [{"Id": "good", "Arn": dead}]),
        ("default", "second", [{"Id": "bad", "Arn": gone, "DeadLetterConfig": {"Arn": dead}}]),
        ("app", "third", [{"Id": "good", "Arn": dead}, {"Id": "bad", "Arn": gone, "DeadLetterConfig": {"Arn": gone}}]),
    ]:
        events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source":["app"]}')
        assert events.put_targets(Rule=rule, EventBusName=bus, Targets=targets)["FailedEntryCount"] == 0
    entry = {"Source": "app", "DetailType": "t", "Detail": "{}"}
    events.put_events(Entries=[entry, entry | {"Source": "other"}, entry | {"Source": "aws.x"}])
    events.put_events(Entries=[entry | {"EventBusName": "app"}])

    def count(name, statistic="Sum", **dimensions):
        return points(client, "AWS/Events", name, statistic, **dimensions).get(0)

    first, second, third = {"RuleName": "first"}, {"RuleName": "second"}, {"EventBusName": "app", "RuleName": "third"}
    default, app = {"EventBusName": "default"}, {"EventBusName": "app"}
    assert [count("MatchedEvents", **of) for of in (first, second, third, default, app)] == [1.0] * 5
    assert [count("TriggeredRules", **of) for of in (first, second, default, app, {})] == [1.0, 1.0, 2.0, 1.0, 3.0]
    assert count("InvocationsCreated") == 4.0
    assert [count("InvocationAttempts", **of) for of in (first, third, default, app, {})] == [1.0, 2.0, 2.0, 2.0, 4.0]
    assert [count("SuccessfulInvocationAttempts", **of) for of in (first, second, third, {})] == [1.0, None, 1.0, 2.0]
    assert [count("Invocations", **of) for of in (first, second, third, {})] == [1.0, 1.0, 2.0, 4.0]
    assert [count("FailedInvocations", **of) for of in (first, second, third)] == [None, 1.0, 1.0]
    assert [count("InvocationsSentToDlq", **of) for of in (second, third)] == [1.0, None]
    assert [count("InvocationsFailedToBeSentToDlq", **of) for of in (second, third)] == [None, 1.0]
    assert count("IngestionToInvocationStartLatency", "SampleCount") == 4.0
    assert count("PutEventsApproximateCallCount") == count("PutEventsApproximateSuccessCount") == 2.0
    assert (count("PutEventsEntriesCount"), count("PutEventsFailedEntriesCount")) == (4.0, 1.0)
    assert count("PutEventsApproximateFailedCount") is None
    assert count("PutEventsRequestSize", "SampleCount") == 2.0


def test_schedules_trigger_rules(trailcam):
    events, client = trailcam.client("events"), trailcam.client("cloudwatch")
    events.put_rule(Name="often", ScheduleExpression="rate(1 minute)")
    trailcam.advance("PT3M")
    assert points(client, "AWS/Events", "TriggeredRules", RuleName="often") == {1: 1.0, 2: 1.0, 3: 1.0}
    assert points(client, "AWS/Events", "MatchedEvents", RuleName="often") == {}


def test_queues_are_looked_at_while_they_are_used(trailcam):
    sqs, client = trailcam.client("sqs"), trailcam.client("cloudwatch")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    for body in ("a", "b", "c"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=3600)
    trailcam.advance("PT2M")
    for name, value in [
        ("ApproximateNumberOfMessagesVisible", 2.0),
        ("ApproximateNumberOfMessagesNotVisible", 1.0),
        ("ApproximateNumberOfMessagesDelayed", 1.0),
    ]:
        assert points(client, "AWS/SQS", name, "Maximum", QueueName="jobs") == {1: value, 2: value}, name
    ages = points(client, "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName="jobs")
    assert ages == {1: 60.0, 2: 120.0}
    # Six hours after the last call nobody looks any more.
    trailcam.advance("PT8H")
    minutes = points(client, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", (0, 600), QueueName="jobs")
    assert (min(minutes), max(minutes), minutes[360]) == (1, 360, 4.0)


def test_fifo_queues_report_groups_and_duplicates(trailcam):
    sqs, client = trailcam.client("sqs"), trailcam.client("cloudwatch")
    url = sqs.create_queue(QueueName="jobs.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for group, deduplication in [("a", "1"), ("a", "1"), ("b", "2"), ("c", "3")]:
        message = {"MessageBody": "m", "MessageGroupId": group, "MessageDeduplicationId": deduplication}
        sqs.send_message(QueueUrl=url, **message)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2, VisibilityTimeout=3600)
    trailcam.advance("PT1M")
    name = "ApproximateNumberOfGroupsWithInflightMessages"
    assert points(client, "AWS/SQS", name, "Maximum", QueueName="jobs.fifo") == {1: 2.0}
    assert points(client, "AWS/SQS", "NumberOfDeduplicatedSentMessages", QueueName="jobs.fifo") == {0: 1.0}
    assert points(client, "AWS/SQS", "NumberOfMessagesSent", QueueName="jobs.fifo") == {0: 3.0}


def test_buckets_report_what_they_hold_once_a_day(trailcam):
    s3, client = trailcam.client("s3"), trailcam.client("cloudwatch")
    s3.create_bucket(Bucket="full")
    s3.create_bucket(Bucket="empty")
    s3.put_bucket_versioning(Bucket="full", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"old", b"newer"):
        s3.put_object(Bucket="full", Key="a", Body=body)
    s3.put_object(Bucket="full", Key="cold", Body=b"1234567", StorageClass="STANDARD_IA")
    s3.delete_object(Bucket="full", Key="a")
    upload = s3.create_multipart_upload(Bucket="full", Key="big")["UploadId"]
    s3.upload_part(Bucket="full", Key="big", UploadId=upload, PartNumber=1, Body=b"1" * 100)
    trailcam.advance("P2D")

    def daily(name, kind):
        dimensions = {"BucketName": "full", "StorageType": kind}
        return points(client, "AWS/S3", name, "Average", (0, 3000), 86400, **dimensions)

    assert daily("BucketSizeBytes", "StandardStorage") == {0: 108.0, 1440: 108.0}
    assert daily("BucketSizeBytes", "StandardIAStorage") == {0: 7.0, 1440: 7.0}
    # Three versions, a delete marker, a part.
    assert daily("NumberOfObjects", "AllStorageTypes") == {0: 5.0, 1440: 5.0}
    listed = client.list_metrics(Namespace="AWS/S3")["Metrics"]
    assert {dimension["Value"] for metric in listed for dimension in metric["Dimensions"]} == {
        "full",
        "StandardStorage",
        "StandardIAStorage",
        "AllStorageTypes",
    }


def test_failed_calls_of_logs_are_counted(trailcam, logs):
    client = trailcam.client("cloudwatch")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName="none")
    usage = {"Service": "Logs", "Type": "API", "Class": "None", "Resource": "DeleteLogGroup"}
    assert points(client, "AWS/Logs", "CallCount", **usage) == {0: 1.0}
    assert points(client, "AWS/Logs", "ErrorCount", **usage) == {0: 1.0}
    usage["Resource"] = "CreateLogGroup"
    assert points(client, "AWS/Logs", "ErrorCount", **usage) == {}


def test_forwarded_events_are_counted(trailcam, logs, bucket_stream):
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trailcam.client("iam").create_role(
        RoleName="forwarder", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    logs.put_subscription_filter(
        logGroupName="app",
        filterName="errors",
        filterPattern="ERROR",
        destinationArn=f"arn:aws:firehose:us-east-1:000000000000:deliverystream/{bucket_stream}",
        roleArn="arn:aws:iam::000000000000:role/forwarder",
    )
    trailcam.advance("PT1M")
    put(logs, "ERROR a", "fine", "ERROR b", minute=1)
    trailcam.advance("PT1M")
    client = trailcam.client("cloudwatch")
    of = {"LogGroupName": "app", "DestinationType": "Firehose", "FilterName": "errors"}
    assert sum(points(client, "AWS/Logs", "ForwardedLogEvents", **of).values()) == 2.0
    assert sum(points(client, "AWS/Logs", "ForwardedBytes", **of).values()) > 100
    trailcam.client("firehose").delete_delivery_stream(DeliveryStreamName=bucket_stream)
    trailcam.advance("PT1S")
    put(logs, "ERROR c", "ERROR d", minute=2)
    trailcam.advance("PT1S")
    assert points(client, "AWS/Logs", "DeliveryErrors", **of) == {2: 2.0}


def test_filters_of_subscriptions_say_why(trailcam):
    sns, client = trailcam.client("sns"), trailcam.client("cloudwatch")
    topic = sns.create_topic(Name="news")["TopicArn"]
    trailcam.client("sqs").create_queue(QueueName="jobs")
    for scope in ("MessageAttributes", "MessageBody"):
        queue = f"arn:aws:sqs:us-east-1:000000000000:jobs{'' if scope == 'MessageBody' else '2'}"
        trailcam.client("sqs").create_queue(QueueName="jobs2")
        settings = {"FilterPolicy": json.dumps({"kind": ["good"]}), "FilterPolicyScope": scope}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=settings)
    sns.publish(TopicArn=topic, Message="text")
    bad = {"kind": {"DataType": "String", "StringValue": "bad"}}
    sns.publish(TopicArn=topic, Message='{"kind":"bad"}', MessageAttributes=bad)
    for suffix in ("-NoMessageAttributes", "-MessageAttributes", "-InvalidMessageBody", "-MessageBody"):
        name = f"NumberOfNotificationsFilteredOut{suffix}"
        assert points(client, "AWS/SNS", name, TopicName="news") == {0: 1.0}, name
    assert points(client, "AWS/SNS", "NumberOfNotificationsFilteredOut", TopicName="news") == {0: 4.0}
