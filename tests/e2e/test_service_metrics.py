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
