"""Export tasks: a log group's events as files in a bucket, under a clock that stands still."""

import gzip
import json
import uuid

import pytest

from conftest import refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
START_MS = 1768471200000  # 2026-01-15T10:00:00Z
SECOND, DAY = 1000, 24 * 3600 * 1000
TEST = b"Permission Check Successful"
LIMIT = ("LimitExceededException", "Resource limit exceeded.", 400)


def policy(bucket, *actions, region="us-east-1"):
    """What AWS's documentation gives for exports."""
    service = {"Service": f"logs.{region}.amazonaws.com"}
    source = {"ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{region}:{ACCOUNT}:log-group:*"]}}
    equals = {"aws:SourceAccount": [ACCOUNT]}
    statements = [
        {
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringEquals": equals} | source,
        },
        {
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": equals | {"s3:x-amz-acl": "bucket-owner-full-control"}} | source,
        },
    ]
    chosen = [statement for statement in statements if statement["Action"] in actions or not actions]
    statements = [{"Effect": "Allow", "Principal": service} | statement for statement in chosen]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def s3(trailcam):
    client = trailcam.client("s3")
    client.create_bucket(Bucket="exports")
    client.put_bucket_policy(Bucket="exports", Policy=policy("exports"))
    return client


@pytest.fixture
def logs(trailcam, s3):
    client = trailcam.client("logs")
    client.create_log_group(logGroupName="app")
    for stream in ("web/1", "web/[$LATEST]2", "db", "empty"):
        client.create_log_stream(logGroupName="app", logStreamName=stream)
    return client


def put(logs, stream, *events):
    events = [{"timestamp": START_MS + offset, "message": message} for offset, message in events]
    logs.put_log_events(logGroupName="app", logStreamName=stream, logEvents=events)


def export(logs, **more):
    span = {"fromTime": START_MS - DAY, "to": START_MS + DAY}
    arguments = {"logGroupName": "app", "destination": "exports"} | span | more
    return logs.create_export_task(**arguments)["taskId"]


def task(logs, id):
    (found,) = logs.describe_export_tasks(taskId=id)["exportTasks"]
    return found


def objects(s3):
    """The bucket's objects: content by key, uncompressed where the key says that it is compressed."""
    found = {}
    for item in s3.list_objects_v2(Bucket="exports").get("Contents", []):
        content = s3.get_object(Bucket="exports", Key=item["Key"])["Body"].read()
        found[item["Key"]] = gzip.decompress(content).decode() if item["Key"].endswith(".gz") else content
    return found


def test_what_is_exported(trailcam, logs, s3):
    put(logs, "web/1", (-5 * SECOND, "first"), (-4 * SECOND, "second\nline"), (-3 * SECOND - 1, "third"))
    put(logs, "web/[$LATEST]2", (-4 * SECOND, '{"level": "info"}'), (0, "late"))
    put(logs, "db", (-6 * SECOND, "early"), (-2 * SECOND + 1, "late"))
    id = export(logs, fromTime=START_MS - 5 * SECOND, to=START_MS - 3 * SECOND - 1)
    assert str(uuid.UUID(id)) == id
    assert objects(s3) == {"aws-logs-write-test": TEST}
    trailcam.advance("PT2S")
    assert task(logs, id)["status"] == {"code": "COMPLETED", "message": "Completed successfully"}
    assert objects(s3) == {
        "aws-logs-write-test": TEST,
        f"exportedlogs/{id}/web-1/000000.gz": "2026-01-15T09:59:55.000Z first\n"
        "2026-01-15T09:59:56.000Z second\nline\n"
        "2026-01-15T09:59:56.999Z third\n",
        f"exportedlogs/{id}/web-[$LATEST]2/000000.gz": '2026-01-15T09:59:56.000Z {"level": "info"}\n',
    }


def test_an_export_with_a_prefix_of_some_streams(trailcam, logs, s3):
    for stream in ("web/1", "db"):
        put(logs, stream, (0, stream))
    id = export(logs, logStreamNamePrefix="web", destinationPrefix="backup/app", taskName="nightly")
    trailcam.advance("PT2S")
    assert objects(s3) == {
        "backup/app/aws-logs-write-test": TEST,
        f"backup/app/{id}/web-1/000000.gz": "2026-01-15T10:00:00.000Z web/1\n",
    }
    assert task(logs, id) == {
        "taskId": id,
        "taskName": "nightly",
        "logGroupName": "app",
        "from": START_MS - DAY,
        "to": START_MS + DAY,
        "destination": "exports",
        "destinationPrefix": "backup/app",
        "status": {"code": "COMPLETED", "message": "Completed successfully"},
        "executionInfo": {"creationTime": START_MS, "completionTime": START_MS + 2 * SECOND},
    }


def test_a_large_stream_takes_several_files(trailcam, logs, s3):
    lines = [f"{number:06} {'x' * 1000}" for number in range(20_000)]
    for at in range(0, len(lines), 1000):
        put(logs, "db", *((offset, line) for offset, line in enumerate(lines[at : at + 1000], at)))
    id = export(logs)
    trailcam.advance("PT2S")
    files = objects(s3)
    files.pop("aws-logs-write-test")
    assert list(files) == [f"exportedlogs/{id}/db/000000.gz", f"exportedlogs/{id}/db/000001.gz"]
    assert [line.partition(" ")[2] for line in "".join(files.values()).splitlines()] == lines


def test_one_task_at_a_time(trailcam, logs, s3):
    put(logs, "db", (0, "line"))
    first = export(logs)
    assert task(logs, first)["status"] == {"code": "PENDING"}
    assert refused(lambda: export(logs)) == LIMIT
    trailcam.advance("PT1S")
    assert task(logs, first)["status"] == {"code": "RUNNING", "message": "Started Successfully"}
    assert "completionTime" not in task(logs, first)["executionInfo"]
    assert refused(lambda: export(logs)) == LIMIT
    logs.cancel_export_task(taskId=first)
    assert task(logs, first)["status"]["code"] == "CANCELLED"
    finished = ("InvalidOperationException", "The specified export task has already finished", 400)
    assert refused(logs.cancel_export_task, taskId=first) == finished
    unknown = ("ResourceNotFoundException", "The specified export task does not exist.", 400)
    assert refused(logs.cancel_export_task, taskId=str(uuid.uuid4())) == unknown

    second = export(logs)
    trailcam.advance("PT2S")
    keys = list(objects(s3))
    assert keys == ["aws-logs-write-test", f"exportedlogs/{second}/db/000000.gz"]
    assert [found["taskId"] for found in logs.describe_export_tasks()["exportTasks"]] == [second, first]
    pages = logs.get_paginator("describe_export_tasks").paginate(PaginationConfig={"PageSize": 1})
    assert [[found["taskId"] for found in page["exportTasks"]] for page in pages] == [[second], [first]]
    cancelled = logs.describe_export_tasks(statusCode="CANCELLED")["exportTasks"]
    assert [found["taskId"] for found in cancelled] == [first]


def test_other_regions_and_accounts_export_beside(trailcam, logs, s3):
    export(logs)
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    ireland = trailcam.client("s3", region="eu-west-1")
    ireland.create_bucket(Bucket="ireland", **place)
    ireland.put_bucket_policy(Bucket="ireland", Policy=policy("ireland", region="eu-west-1"))
    client = trailcam.client("logs", region="eu-west-1")
    client.create_log_group(logGroupName="app")
    assert refused(lambda: export(client))[0] == "InvalidParameterException"
    assert client.describe_export_tasks()["exportTasks"] == []
    id = export(client, destination="ireland")

    # The bucket's policy is for one account.
    stranger = trailcam.client("logs", key="111122223333")
    stranger.create_log_group(logGroupName="app")
    code, sentence, _ = refused(lambda: export(stranger))
    assert (code, sentence.partition(" ")[0]) == ("InvalidParameterException", "GetBucketAcl")
    s3.put_bucket_policy(Bucket="exports", Policy=policy("exports").replace(ACCOUNT, "111122223333"))
    other = export(stranger)
    trailcam.advance("PT2S")
    assert task(client, id)["status"]["code"] == "COMPLETED"
    assert task(stranger, other)["status"]["code"] == "COMPLETED"
    assert len(logs.describe_export_tasks()["exportTasks"]) == 1


def test_buckets_that_are_refused(trailcam, logs, s3):
    failed = (
        "{} call on the given bucket failed. "
        "Please check if CloudWatch Logs has been granted permission to perform this operation."
    )

    def check(sentence, **arguments):
        assert refused(lambda: export(logs, **arguments)) == ("InvalidParameterException", sentence, 400)

    check("The given bucket does not exist. Please make sure the bucket is valid.", destination="none")
    s3.put_bucket_policy(Bucket="exports", Policy=policy("exports", "s3:GetBucketAcl"))
    check(failed.format("PutObject"))
    s3.put_bucket_policy(Bucket="exports", Policy=policy("exports", region="eu-west-1"))
    check(failed.format("GetBucketAcl"))
    s3.delete_bucket_policy(Bucket="exports")
    check(failed.format("GetBucketAcl"))
    assert objects(s3) == {}
    missing = ("ResourceNotFoundException", "The specified log group does not exist.", 400)
    assert refused(lambda: export(logs, logGroupName="none")) == missing
    assert logs.describe_export_tasks()["exportTasks"] == []


def test_a_bucket_that_fails_later(trailcam, logs, s3):
    put(logs, "db", (0, "line"))
    first = export(logs)
    s3.delete_bucket_policy(Bucket="exports")
    trailcam.advance("PT1M")
    found = task(logs, first)
    assert found["status"]["code"] == "FAILED"
    assert found["status"]["message"].startswith("PutObject call on the given bucket failed.")
    assert found["executionInfo"] == {"creationTime": START_MS, "completionTime": START_MS + 2 * SECOND}

    s3.put_bucket_policy(Bucket="exports", Policy=policy("exports"))
    second = export(logs)
    s3.delete_object(Bucket="exports", Key="aws-logs-write-test")
    s3.delete_bucket(Bucket="exports")
    trailcam.advance("PT1M")
    message = "The given bucket does not exist. Please make sure the bucket is valid."
    assert task(logs, second)["status"] == {"code": "FAILED", "message": message}


def test_what_is_on_record(trailcam, logs, s3):
    put(logs, "db", (0, "line"))
    id = export(logs, destinationPrefix="out")
    trailcam.advance("PT2S")
    logs.describe_export_tasks(taskId=id)
    refused(logs.cancel_export_task, taskId=id)

    (created,) = trailcam.events(eventName="CreateExportTask")
    assert created["readOnly"] is False
    assert created["requestParameters"] == {
        "logGroupName": "app",
        "from": START_MS - DAY,
        "to": START_MS + DAY,
        "destination": "exports",
        "destinationPrefix": "out",
    }
    assert created["responseElements"] == {"taskId": id}
    (described,) = trailcam.events(eventName="DescribeExportTasks")
    assert (described["readOnly"], described["requestParameters"]) == (True, {"taskId": id})
    (cancelled,) = trailcam.events(eventName="CancelExportTask")
    assert (cancelled["readOnly"], cancelled["errorCode"]) == (False, "InvalidOperationException")

    service = {"type": "AWSService", "invokedBy": "logs.us-east-1.amazonaws.com"}
    calls = trailcam.events(eventSource="s3.amazonaws.com")
    looked, *written = [event for event in calls if event["userIdentity"] == service]
    assert looked["eventName"] == "GetBucketAcl"
    assert {event["eventName"] for event in written} == {"PutObject"}
    keys = [event["requestParameters"]["key"] for event in written]
    assert keys == ["out/aws-logs-write-test", f"out/{id}/db/000000.gz"]


def test_with_aws_cli(trailcam, logs, s3):
    put(logs, "db", (0, "line"))
    span = ("--from", str(START_MS - DAY), "--to", str(START_MS + DAY))
    made = trailcam.aws("logs", "create-export-task", "--log-group-name", "app", *span, "--destination", "exports")
    id = made["taskId"]
    (waiting,) = trailcam.aws("logs", "describe-export-tasks", "--status-code", "PENDING")["exportTasks"]
    assert waiting["taskId"] == id
    trailcam.advance("PT2S")
    (done,) = trailcam.aws("logs", "describe-export-tasks", "--task-id", id)["exportTasks"]
    assert done["status"]["code"] == "COMPLETED"
    said = trailcam.aws("logs", "cancel-export-task", "--task-id", id, fails=True)
    assert "(InvalidOperationException)" in said and "has already finished" in said
