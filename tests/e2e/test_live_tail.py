"""Live Tail: events as they arrive, in a stream that goes on."""

import datetime

import pytest
import requests

from conftest import AWS, refused

ACCOUNT = "000000000000"


def arn(group):
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}"


@pytest.fixture
def logs(trailcam):
    # Without this, SDKs put "streaming-" before the host of the endpoint, which needs a name that resolves.
    logs = trailcam.client("logs", inject_host_prefix=False)
    for group in ("a", "b"):
        logs.create_log_group(logGroupName=group)
        for stream in ("one", "two"):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
    return logs


def put(trailcam, logs, group, stream, *messages):
    now = datetime.datetime.fromisoformat(trailcam.now().replace("Z", "+00:00"))
    at = int(now.timestamp() * 1000)
    events = [{"timestamp": at, "message": message} for message in messages]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def tail(logs, **arguments):
    return iter(logs.start_live_tail(**arguments)["responseStream"])


def messages(update):
    return [event["message"] for event in update["sessionUpdate"]["sessionResults"]]


def test_events_come_second_by_second(trailcam, logs):
    stream = tail(logs, logGroupIdentifiers=[arn("a")], logEventFilterPattern="ERROR")
    started = next(stream)["sessionStart"]
    assert started["logGroupIdentifiers"] == [arn("a")]
    assert started["logEventFilterPattern"] == "ERROR"
    assert started["sessionId"] and started["requestId"]
    put(trailcam, logs, "a", "one", "ERROR 1", "fine", "ERROR 2")
    put(trailcam, logs, "b", "one", "ERROR elsewhere")
    trailcam.advance("PT1S")
    update = next(stream)
    assert messages(update) == ["ERROR 1", "ERROR 2"]
    assert update["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
    (first, _) = update["sessionUpdate"]["sessionResults"]
    assert (first["logGroupIdentifier"], first["logStreamName"]) == (f"{ACCOUNT}:a", "one")
    assert first["timestamp"] == first["ingestionTime"]
    trailcam.advance("PT1S")
    assert messages(next(stream)) == []


def test_streams_can_be_named(trailcam, logs):
    by_name = tail(logs, logGroupIdentifiers=[arn("a")], logStreamNames=["two"])
    by_prefix = tail(logs, logGroupIdentifiers=[arn("a")], logStreamNamePrefixes=["o"])
    both = tail(logs, logGroupIdentifiers=[arn("a"), arn("b")])
    for stream in (by_name, by_prefix, both):
        next(stream)
    put(trailcam, logs, "a", "one", "1")
    put(trailcam, logs, "a", "two", "2")
    put(trailcam, logs, "b", "one", "3")
    trailcam.advance("PT1S")
    assert [messages(next(stream)) for stream in (by_name, by_prefix, both)] == [["2"], ["1"], ["1", "2", "3"]]


def test_more_than_five_hundred_are_sampled(trailcam, logs):
    stream = tail(logs, logGroupIdentifiers=[arn("a")])
    next(stream)
    put(trailcam, logs, "a", "one", *(f"{number}" for number in range(600)))
    trailcam.advance("PT1S")
    update = next(stream)
    assert len(messages(update)) == 500
    assert update["sessionUpdate"]["sessionMetadata"] == {"sampled": True}


def test_a_session_lasts_three_hours(trailcam, logs):
    stream = tail(logs, logGroupIdentifiers=[arn("a")])
    next(stream)
    trailcam.advance("PT3H")
    with pytest.raises(Exception) as caught:
        for update in stream:
            assert messages(update) == []
    assert caught.value.response["Error"]["Code"] == "SessionTimeoutException"


def test_fifteen_sessions(trailcam, logs):
    streams = [tail(logs, logGroupIdentifiers=[arn("a")]) for _ in range(15)]
    for stream in streams:
        next(stream)
    assert refused(logs.start_live_tail, logGroupIdentifiers=[arn("a")])[0] == "LimitExceededException"


def test_what_is_refused(logs):
    def code(**arguments):
        return refused(logs.start_live_tail, **arguments)[0]

    assert code(logGroupIdentifiers=[arn("none")]) == "ResourceNotFoundException"
    assert code(logGroupIdentifiers=[arn("a") + ":*"]) == "InvalidParameterException"
    assert code(logGroupIdentifiers=[arn("a")], logEventFilterPattern="{ $.a") == "InvalidParameterException"
    assert code(logGroupIdentifiers=[arn("a"), arn("b")], logStreamNames=["one"]) == "InvalidParameterException"


def test_the_streaming_host(trailcam, logs):
    """SDKs call `streaming-logs.REGION.amazonaws.com`, or the same prefix before the endpoint's host."""
    for host in ("streaming-logs.us-east-1.amazonaws.com", "streaming-127.0.0.1:4566"):
        answer = requests.post(
            trailcam.endpoint,
            headers={
                "Host": host,
                "X-Amz-Target": "Logs_20140328.StartLiveTail",
                "Content-Type": "application/x-amz-json-1.1",
                "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/logs/aws4_request, "
                "SignedHeaders=host, Signature=00",
            },
            json={"logGroupIdentifiers": [arn("a")]},
            stream=True,
            timeout=20,
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
        assert answer.headers["transfer-encoding"] == "chunked"
        assert b"initial-response" in answer.raw.read(100)
        answer.close()


def test_aws_cli(trailcam, logs):
    command = [AWS, "logs", "start-live-tail", "--log-group-identifiers", arn("a")]
    with trailcam.following(*command, AWS_DISABLE_HOST_PREFIX_INJECTION="true") as process:
        # The session is there when its first job is.
        while not any(job["job"] == "LogTail" for job in trailcam.admin("GET", "jobs")["jobs"]):
            assert process.poll() is None
        put(trailcam, logs, "a", "one", "hello from afar")
        trailcam.advance("PT1S")
        assert "hello from afar" in process.stdout.readline()
