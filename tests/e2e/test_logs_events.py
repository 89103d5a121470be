"""Log events: written, read, paged, searched and expired, under a clock that stands still."""

import datetime
import json

import pytest

from conftest import refused

START_MS = 1768471200000  # 2026-01-15T10:00:00Z
SECOND, HOUR, DAY = 1000, 3600 * 1000, 24 * 3600 * 1000
ARN = "arn:aws:logs:us-east-1:000000000000:log-group:app"


@pytest.fixture
def logs(trailcam):
    client = trailcam.client("logs")
    client.create_log_group(logGroupName="app")
    for stream in ("web/1", "web/2", "db"):
        client.create_log_stream(logGroupName="app", logStreamName=stream)
    return client


def put(logs, stream, *events, **more):
    events = [{"timestamp": START_MS + offset, "message": message} for offset, message in events]
    return logs.put_log_events(logGroupName="app", logStreamName=stream, logEvents=events, **more)


def messages(answer):
    return [event["message"] for event in answer["events"]]


def searched(logs, **arguments):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="app", **arguments)
    return [message for page in pages for message in messages(page)]


def test_what_is_put_is_read(logs):
    answer = put(logs, "web/1", (-20, "one"), (-10, "🙀 - 参よ - 日本語"), (-10, 'three "quoted"\n'))
    assert len(answer["nextSequenceToken"]) == 56
    assert "rejectedLogEventsInfo" not in answer and "rejectedEntityInfo" not in answer
    answer = logs.get_log_events(logGroupName="app", logStreamName="web/1")
    assert answer["events"] == [
        {"timestamp": START_MS - 20, "message": "one", "ingestionTime": START_MS},
        {"timestamp": START_MS - 10, "message": "🙀 - 参よ - 日本語", "ingestionTime": START_MS},
        {"timestamp": START_MS - 10, "message": 'three "quoted"\n', "ingestionTime": START_MS},
    ]
    assert logs.get_log_events(logGroupName="app", logStreamName="db")["events"] == []
    for identifier in ("app", ARN):
        assert messages(logs.get_log_events(logGroupIdentifier=identifier, logStreamName="web/1")) == messages(answer)


def test_what_searches_show(logs):
    put(logs, "web/1", (-20, "one"), (-10, "three"))
    put(logs, "db", (-15, "two"))
    answer = logs.filter_log_events(logGroupName="app")
    assert answer["searchedLogStreams"] == []
    assert "nextToken" not in answer
    shown = [{name: event[name] for name in event if name != "eventId"} for event in answer["events"]]
    assert shown == [
        {"logStreamName": stream, "timestamp": START_MS + offset, "message": message, "ingestionTime": START_MS}
        for stream, offset, message in [("web/1", -20, "one"), ("db", -15, "two"), ("web/1", -10, "three")]
    ]
    # Time of the event, time of ingestion, random bits, index in the batch.
    ids = [int(event["eventId"]) for event in answer["events"]]
    assert [(number >> 144, (number >> 80) & (2**64 - 1), number & 0xFFFF) for number in ids] == [
        (START_MS - 20, START_MS, 0),
        (START_MS - 15, START_MS, 0),
        (START_MS - 10, START_MS, 1),
    ]
    assert (ids[0] >> 16) & (2**64 - 1) == (ids[2] >> 16) & (2**64 - 1)
    assert all(len(event["eventId"]) == 56 for event in answer["events"])


def test_streams_prefixes_and_times(logs):
    put(logs, "web/1", (-30, "a"), (-10, "d"))
    put(logs, "web/2", (-20, "b"))
    put(logs, "db", (-20, "c"))
    assert searched(logs) == ["a", "b", "c", "d"]
    assert searched(logs, logStreamNames=["db", "web/2"]) == ["b", "c"]
    assert searched(logs, logStreamNamePrefix="web/") == ["a", "b", "d"]
    assert searched(logs, logStreamNamePrefix="none") == []
    # The end is part of a search, but not of a stream's page.
    times = {"startTime": START_MS - 30, "endTime": START_MS - 10}
    assert searched(logs, **times) == ["a", "b", "c", "d"]
    answer = logs.get_log_events(logGroupName="app", logStreamName="web/1", **times)
    assert messages(answer) == ["a"]
    newest_first = {"startTime": START_MS - DAY, "startFromHead": False, "limit": 3}
    answer = logs.filter_log_events(logGroupName="app", **newest_first)
    assert messages(answer) == ["d", "c", "b"]
    answer = logs.filter_log_events(logGroupName="app", nextToken=answer["nextToken"])
    assert messages(answer) == ["a"]
    assert "nextToken" not in answer


def test_pages_of_a_stream(logs):
    for batch in range(5):
        put(logs, "db", *[(index - 100, f"{batch}/{index}") for index in range(5)])
    expected = [f"{batch}/{index}" for index in range(5) for batch in range(5)]

    def walk(token, **arguments):
        seen, arguments = [], {"logGroupName": "app", "logStreamName": "db", "limit": 4, **arguments}
        while True:
            answer = logs.get_log_events(**arguments)
            seen.append(messages(answer))
            if answer[token] == arguments.get("nextToken"):
                return seen
            arguments["nextToken"] = answer[token]

    forward = walk("nextForwardToken", startFromHead=True)
    assert [message for page in forward for message in page] == expected
    assert [len(page) for page in forward] == [4] * 6 + [1, 0]
    backward = walk("nextBackwardToken")
    assert [message for page in reversed(backward) for message in page] == expected
    first = logs.get_log_events(logGroupName="app", logStreamName="db", startFromHead=True, limit=3)
    for token, letter in (("nextForwardToken", "f"), ("nextBackwardToken", "b")):
        way, number, end = first[token].split("/")
        assert (way, len(number), end) == (letter, 56, "s")


def test_events_written_between_pages(logs):
    put(logs, "web/1", *[(index - 1000, f"old {index}") for index in range(10)])
    first = logs.filter_log_events(logGroupName="app", limit=5)
    put(logs, "web/2", (-2000, "too early for the next page"), (-500, "in time for it"))
    second = logs.filter_log_events(logGroupName="app", nextToken=first["nextToken"])
    assert messages(first) == [f"old {index}" for index in range(5)]
    assert messages(second) == [f"old {index}" for index in range(5, 10)] + ["in time for it"]


def test_large_batches_and_pages(logs):
    line = "x" * 74
    put(logs, "db", *[(index - 10000, line) for index in range(10000)])
    put(logs, "db", *[(index - 10000, line) for index in range(10000)])
    answer = logs.filter_log_events(logGroupName="app")
    assert len(answer["events"]) == 10000
    assert len(searched(logs)) == 20000
    put(logs, "web/1", (0, "y" * (1024 * 1024 - 26)))
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="app")
    assert [len(page["events"]) for page in pages] == [10000, 10000, 1]


def test_limits(logs):
    def check(message, *events):
        assert refused(lambda: put(logs, "db", *events)) == ("InvalidParameterException", message, 400)

    check("Log events in a single PutLogEvents request must be in chronological order.", (0, "a"), (-1, "b"))
    check(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        (-DAY - 1, "a"),
        (0, "b"),
    )
    check("Log event too large: 1048577 bytes exceeds limit of 1048576", (0, "x" * 1048551))
    check("Upload too large: 1048600 bytes exceeds limit of 1048576", (0, "x" * 524274), (0, "x" * 524274))
    code, message, status = refused(lambda: put(logs, "db", *[(0, "x")] * 10001))
    assert (code, status) == ("InvalidParameterException", 400)
    assert "length less than or equal to 10000" in message
    assert searched(logs) == []
    code, message, status = refused(logs.filter_log_events, logGroupName="app", limit=10001)
    assert message == (
        "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 10000"
    )


def test_rejected_events(logs):
    info = "rejectedLogEventsInfo"
    assert put(logs, "db", (-15 * DAY, "a"))[info] == {"tooOldLogEventEndIndex": 1}
    assert put(logs, "db", (0, "b"), (3 * HOUR, "c"))[info] == {"tooNewLogEventStartIndex": 1}
    logs.put_retention_policy(logGroupName="app", retentionInDays=3)
    answer = put(logs, "db", (-15 * DAY, "d"), (-4 * DAY, "e"), (-1, "f"))
    assert answer[info] == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2}
    assert searched(logs) == ["f", "b"]


def test_what_is_not_there(logs):
    absent = {"logGroupName": "none", "logStreamName": "db"}
    group = ("ResourceNotFoundException", "The specified log group does not exist.", 400)
    stream = ("ResourceNotFoundException", "The specified log stream does not exist.", 400)
    assert refused(logs.get_log_events, **absent) == group
    assert refused(logs.put_log_events, logEvents=[{"timestamp": START_MS, "message": "x"}], **absent) == group
    assert refused(logs.filter_log_events, logGroupName="none") == group
    assert refused(logs.filter_log_events, logGroupIdentifier=ARN.replace("us-east-1", "eu-west-1")) == group
    assert refused(lambda: put(logs, "none", (0, "x"))) == stream
    assert refused(logs.get_log_events, logGroupName="app", logStreamName="none") == stream
    assert refused(logs.filter_log_events, logGroupName="app", logStreamNames=["none"]) == stream
    token = ("InvalidParameterException", "The specified nextToken is invalid.", 400)
    assert refused(logs.filter_log_events, logGroupName="app", nextToken="x") == token
    assert refused(logs.get_log_events, logGroupName="app", logStreamName="db", nextToken="x") == token
    both = {"logGroupName": "app", "logGroupIdentifier": "app"}
    sentence = "LogGroup name and LogGroup ARN are mutually exclusive parameters."
    assert refused(logs.filter_log_events, **both) == ("ValidationException", sentence, 400)


def test_sequence_tokens_go_unread(logs):
    token = put(logs, "db", (0, "a"))["nextSequenceToken"]
    for sent in (token, token, "49999999"):
        put(logs, "db", (0, "b"), sequenceToken=sent)
    assert searched(logs) == ["a", "b", "b", "b"]


def test_entities(logs):
    service = {"Type": "Service", "Name": "a", "Environment": "b"}
    assert "rejectedEntityInfo" not in put(logs, "db", (0, "a"), entity={"keyAttributes": service})
    answer = put(logs, "db", (0, "b"), entity={"keyAttributes": {"Type": "Thing", "Name": "a"}})
    assert answer["rejectedEntityInfo"] == {"errorType": "InvalidTypeValue"}
    assert searched(logs) == ["a", "b"]


def test_retention_removes_events(trailcam, logs):
    put(logs, "db", (-30 * HOUR, "expired at once"))
    put(logs, "db", (-20 * HOUR, "lasts four hours"))
    put(logs, "web/1", (0, "lasts a day"))
    logs.put_retention_policy(logGroupName="app", retentionInDays=1)
    assert searched(logs) == ["lasts four hours", "lasts a day"]
    (job,) = [job for job in trailcam.admin("GET", "jobs")["jobs"] if job["job"] == "LogRetention"]
    assert (job["logGroup"], job["region"]) == ("app", "us-east-1")

    def stored():
        (group,) = logs.describe_log_groups()["logGroups"]
        return group["storedBytes"]

    trailcam.advance("PT1H")
    assert stored() == 26 * 2 + len("lasts four hours") + len("lasts a day")
    trailcam.advance("PT3H0.001S")
    assert searched(logs) == ["lasts a day"]
    assert messages(logs.get_log_events(logGroupName="app", logStreamName="db")) == []
    trailcam.advance("PT1H")
    assert stored() == 26 + len("lasts a day")
    trailcam.advance("P1D")
    assert (searched(logs), stored()) == ([], 0)
    assert not [job for job in trailcam.admin("GET", "jobs")["jobs"] if job["job"] == "LogRetention"]


def test_streams_show_when_events_came(trailcam, logs):
    put(logs, "db", (-50, "a"), (-20, "b"))
    trailcam.advance("PT1S")
    answer = put(logs, "db", (-40, "c"))
    streams = {stream["logStreamName"]: stream for stream in logs.describe_log_streams(logGroupName="app")["logStreams"]}
    assert streams["db"]["firstEventTimestamp"] == START_MS - 50
    assert streams["db"]["lastEventTimestamp"] == START_MS - 20
    assert streams["db"]["lastIngestionTime"] == START_MS + SECOND
    assert streams["db"]["uploadSequenceToken"] == answer["nextSequenceToken"]
    assert "firstEventTimestamp" not in streams["web/1"]


def test_aws_cli(trailcam, logs):
    events = [{"timestamp": START_MS - 5 * SECOND + index, "message": f"line {index}"} for index in range(3)]
    group = ("--log-group-name", "app")
    answer = trailcam.aws("logs", "put-log-events", *group, "--log-stream-name", "db", "--log-events", json.dumps(events))
    assert len(answer["nextSequenceToken"]) == 56
    answer = trailcam.aws("logs", "get-log-events", *group, "--log-stream-name", "db", "--limit", "2")
    assert messages(answer) == ["line 1", "line 2"]
    answer = trailcam.aws("logs", "filter-log-events", *group, "--page-size", "1", "--log-stream-name-prefix", "d")
    assert messages(answer) == ["line 0", "line 1", "line 2"]


def test_calls_on_record(trailcam, logs):
    put(logs, "db", (0, "secret"))
    logs.get_log_events(logGroupName="app", logStreamName="db", limit=5)
    logs.filter_log_events(logGroupName="app", logStreamNames=["db"])
    recorded = trailcam.events(eventSource="logs.amazonaws.com")
    # CloudTrail has no records of PutLogEvents.
    assert [record["eventName"] for record in recorded[-2:]] == ["GetLogEvents", "FilterLogEvents"]
    assert "PutLogEvents" not in [record["eventName"] for record in recorded]
    for record in recorded[-2:]:
        assert record["readOnly"] and record["managementEvent"] and record["eventCategory"] == "Management"
        assert record["responseElements"] is None
    assert recorded[-2]["requestParameters"] == {"logGroupName": "app", "logStreamName": "db", "limit": 5}
    assert recorded[-1]["requestParameters"] == {"logGroupName": "app", "logStreamNames": ["db"]}


def test_memory_limit(start):
    trailcam = start("--clock", "2026-01-15T10:00:00Z", "--log-memory", "1")
    logs = trailcam.client("logs")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="db")
    # Numbers as text compress to little less than half: some megabytes go to files.
    size = 0
    for batch in range(8):
        lines = [f"{(index * 7919 + batch * 104729) ** 7 % 10**60:060}" for index in range(9000)]
        put(logs, "db", *[(batch, line) for line in lines])
        size += len(lines)
    assert len(searched(logs)) == size
    # Compression and files are work beside the calls: by the time of a search, some of it is done.
    folder = trailcam.data_dir / "logs"
    searches = 0
    while not (folder.exists() and list(folder.iterdir())):
        assert len(searched(logs)) == size and (searches := searches + 1) < 100
    assert len(searched(logs)) == size
    trailcam.admin("POST", "reset")
    assert not list(folder.iterdir())
