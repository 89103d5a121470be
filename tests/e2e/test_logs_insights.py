"""Logs Insights: queries of real clients over what they have written, under a clock that stands still."""

import datetime
import json
import pathlib
import subprocess
import sys

import pytest

from conftest import refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
# An hour after what the clock shows: events may lie ahead, and queries see none that are older than their group.
NOW = 1768474800  # 2026-01-15T11:00:00Z
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
AWSLOGS = str(pathlib.Path(sys.executable).parent / "awslogs")
FLOWS = 'fields @timestamp, srcAddr, dstPort, action | filter action = "ACCEPT" | sort @timestamp desc | limit 20'


@pytest.fixture
def logs(trailcam):
    return trailcam.client("logs")


def write(logs, group, *events, stream="s"):
    """Makes a group with a stream where there is none, and puts events: seconds before now, and messages."""
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": (NOW - age) * 1000, "message": message} for age, message in events]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def flow(number, action):
    return (
        f"2 {ACCOUNT} eni-0123456789abcdef0 10.0.0.{number} 172.31.16.21 20641 {1000 + number} 6 20 4249 "
        f"{NOW - 60} {NOW} {action} OK"
    )


def ask(logs, text, start=NOW - 3600, end=NOW, **groups):
    query = logs.start_query(startTime=start, endTime=end, queryString=text, **groups)["queryId"]
    return logs.get_query_results(queryId=query)


def rows(answer):
    """Rows as a user reads them, without pointers."""
    assert answer["status"] == "Complete"
    return [{field["field"]: field["value"] for field in row if field["field"] != "@ptr"} for row in answer["results"]]


def moment(age):
    time = datetime.datetime.fromtimestamp(NOW - age, datetime.timezone.utc)
    return time.strftime("%Y-%m-%d %H:%M:%S.000")


def test_accepted_flows(trailcam, logs):
    # A minute apart, every third rejected; of thirty that were accepted, the last twenty are shown.
    flows = [(60 * number, flow(number, "REJECT" if number % 3 == 0 else "ACCEPT")) for number in range(45)]
    write(logs, "flows", *reversed(flows))
    accepted = [number for number in range(45) if number % 3][:20]
    wanted = [
        {"@timestamp": moment(60 * n), "srcAddr": f"10.0.0.{n}", "dstPort": str(1000 + n), "action": "ACCEPT"}
        for n in accepted
    ]
    answer = ask(logs, FLOWS, logGroupName="flows")
    assert rows(answer) == wanted
    assert [field["field"] for field in answer["results"][0]] == ["@timestamp", "srcAddr", "dstPort", "action", "@ptr"]
    assert answer["queryLanguage"] == "CWLI"
    assert answer["statistics"] == {
        "recordsMatched": 30.0,
        "recordsScanned": 45.0,
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": float(sum(len(line) for _, line in flows)),
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": 1.0,
        "resultCount": 20.0,
    }
    record = logs.get_log_record(logRecordPointer=answer["results"][0][-1]["value"])["logRecord"]
    assert record["@message"] == flow(1, "ACCEPT")
    assert (record["srcAddr"], record["dstPort"], record["@log"]) == ("10.0.0.1", "1001", f"{ACCOUNT}:flows")
    # The same with aws-cli.
    times = ["--start-time", str(NOW - 3600), "--end-time", str(NOW)]
    query = trailcam.aws("logs", "start-query", "--log-group-name", "flows", *times, "--query-string", FLOWS)
    by_cli = trailcam.aws("logs", "get-query-results", "--query-id", query["queryId"])
    assert by_cli["results"] == answer["results"]
    limited = ask(logs, 'filter action = "REJECT"', logGroupName="flows", limit=3)
    assert len(limited["results"]) == 3
    assert limited["statistics"]["recordsMatched"] == 15


def test_counts_in_bins(logs):
    write(logs, "app", (900, "a"), (899, "b"), (600, "c"), (1, "d"))
    answer = ask(logs, "stats count(*) as events by bin(5m)", logGroupName="app")
    wanted = {(moment(900), "2"), (moment(600), "1"), (moment(300), "1")}
    assert {(row["bin(5m)"], row["events"]) for row in rows(answer)} == wanted
    assert len(answer["results"]) == 3
    (total,) = rows(ask(logs, "stats count(*) as events, max(strlen(@message)) as longest", logGroupName="app"))
    assert total == {"events": "4", "longest": "1"}


def test_parsed_fields(logs):
    write(logs, "app", (3, "user=alice took 10 ms"), (2, "user=bob took 30 ms"), (1, "user=alice took 20 ms"))
    text = 'parse @message "user=* took * ms" as user, ms | stats avg(ms) as mean, count(*) as calls by user | sort user'
    assert rows(ask(logs, text, logGroupName="app")) == [
        {"user": "alice", "mean": "15", "calls": "2"},
        {"user": "bob", "mean": "30", "calls": "1"},
    ]


def test_several_groups(logs):
    for group in ["app/a", "app/b", "db"]:
        write(logs, group, (1, json.dumps({"from": group})), stream=f"{group}/1")
    text = "fields from, @log, @logStream | sort from"
    a, b, db = [{"from": g, "@log": f"{ACCOUNT}:{g}", "@logStream": f"{g}/1"} for g in ["app/a", "app/b", "db"]]
    assert rows(ask(logs, text, logGroupNames=["app/a", "db"])) == [a, db]
    answer = ask(logs, text, logGroupIdentifiers=[f"{ARN}app/b", "app/a"])
    assert rows(answer) == [a, b]
    assert answer["statistics"]["logGroupsScanned"] == 2
    assert rows(ask(logs, f"SOURCE logGroups(namePrefix: ['app/']) | {text}")) == [a, b]
    query = logs.start_query(logGroupNames=["db", "app/a"], startTime=0, endTime=NOW, queryString=text)["queryId"]
    assert logs.list_log_groups_for_query(queryId=query)["logGroupIdentifiers"] == ["app/a", "db"]


def test_a_malformed_query_names_its_place(trailcam, logs):
    logs.create_log_group(logGroupName="app")
    with pytest.raises(logs.exceptions.MalformedQueryException) as caught:
        logs.start_query(logGroupName="app", startTime=0, endTime=NOW, queryString="fields @message\n| filtr a = 1")
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["queryCompileError"]["location"] == {"startCharOffset": 18, "endCharOffset": 23}
    assert answer["queryCompileError"]["message"] == answer["Error"]["Message"]
    assert "filtr" in answer["Error"]["Message"]
    assert answer["Error"]["Message"].endswith("at line 2 and position 2")
    said = trailcam.aws(
        "logs", "start-query", "--log-group-name", "app", "--start-time", "0", "--end-time", str(NOW),
        "--query-string", "stats count(", fails=True,
    )  # fmt: skip
    assert "MalformedQueryException" in said
    assert "at line 1 and position 12" in said
    assert logs.describe_queries()["queries"] == []


def test_what_start_query_refuses(logs):
    logs.create_log_group(logGroupName="app")
    good = {"logGroupName": "app", "startTime": NOW - 60, "endTime": NOW, "queryString": "fields @message"}
    code, message, status = refused(logs.start_query, **good | {"logGroupName": "none"})
    assert (code, status) == ("ResourceNotFoundException", 400)
    assert message == f"Log group 'none' does not exist for account ID '{ACCOUNT}'"
    for language in ["SQL", "PPL"]:
        code, message, status = refused(logs.start_query, **good, queryLanguage=language)
        assert (code, status) == ("NotImplemented", 501)
        assert language in message
    code, message, _ = refused(logs.start_query, **good | {"startTime": NOW - 3720, "endTime": NOW - 3660})
    assert code == "MalformedQueryException"
    assert message.startswith("Query's end date and time is either before the log groups creation time")
    assert refused(logs.start_query, **good, logGroupNames=["app"])[0] == "InvalidParameterException"
    assert refused(logs.get_query_results, queryId="none")[0] == "ResourceNotFoundException"
    assert refused(logs.stop_query, queryId="none")[0] == "ResourceNotFoundException"


def test_queries_are_described(trailcam, logs):
    write(logs, "app", (1, "xyz"))
    trailcam.advance("PT1H")
    first = logs.start_query(logGroupName="app", startTime=0, endTime=NOW, queryString="fields @message")["queryId"]
    trailcam.advance("PT1S")
    second = logs.start_query(logGroupName="app", startTime=0, endTime=NOW, queryString=FLOWS)["queryId"]
    newer, older = logs.describe_queries(logGroupName="app", status="Complete")["queries"]
    assert (newer["queryId"], newer["queryString"], newer["createTime"]) == (second, FLOWS, (NOW + 1) * 1000)
    assert older == {
        "queryLanguage": "CWLI",
        "queryId": first,
        "queryString": "fields @message",
        "status": "Complete",
        "createTime": NOW * 1000,
        "logGroupName": "app",
        "queryDuration": 0,
        "bytesScanned": 3.0,
        "userIdentity": f"arn:aws:iam::{ACCOUNT}:user/dev",
    }
    pages = logs.get_paginator("describe_queries").paginate(PaginationConfig={"PageSize": 1})
    assert [query["queryId"] for page in pages for query in page["queries"]] == [second, first]
    # Under this clock a query has ended as soon as it was started.
    assert refused(logs.stop_query, queryId=second)[0] == "InvalidParameterException"
    trailcam.advance("P7D")
    assert logs.describe_queries()["queries"] == []
    assert refused(logs.get_query_results, queryId=second)[0] == "ResourceNotFoundException"


def test_a_query_on_a_clock_that_runs(start):
    trailcam = start()
    logs = trailcam.client("logs")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="s")
    now = datetime.datetime.fromisoformat(trailcam.now().replace("Z", "+00:00"))
    event = {"timestamp": int(now.timestamp() * 1000), "message": "here"}
    logs.put_log_events(logGroupName="app", logStreamName="s", logEvents=[event])
    times = {"startTime": int(now.timestamp()) - 60, "endTime": int(now.timestamp()) + 60}
    query = logs.start_query(logGroupName="app", queryString="fields @message", **times)["queryId"]
    for _ in range(1000):
        answer = logs.get_query_results(queryId=query)
        if answer["status"] not in ("Scheduled", "Running"):
            break
        assert answer["results"] == []
    assert rows(answer) == [{"@message": "here"}]


def test_more_rows_than_a_page(trailcam, logs):
    write(logs, "app", *[(1, str(number)) for number in range(10_000)])
    write(logs, "app", *[(0, str(number)) for number in range(2_000)])
    text = "fields @message"
    assert len(ask(logs, text, logGroupName="app")["results"]) == 10_000
    query = logs.start_query(logGroupName="app", startTime=0, endTime=NOW, queryString=text, limit=100_000)["queryId"]
    first = logs.get_query_results(queryId=query)
    rest = logs.get_query_results(queryId=query, nextToken=first["nextToken"])
    assert (len(first["results"]), len(rest["results"]), rest.get("nextToken")) == (10_000, 2_000, None)
    assert first["statistics"]["resultCount"] == 12_000
    pointers = {row[-1]["value"] for row in first["results"] + rest["results"]}
    assert len(pointers) == 12_000


def test_fields_of_a_group(trailcam, logs):
    write(logs, "app", (1000, '{"old":1}'))
    write(logs, "app", (3, flow(1, "ACCEPT")), (2, '{"action":"x","user":{"name":"bob"}}'))
    trailcam.advance("PT1H")
    fields = {field["name"]: field["percent"] for field in logs.get_log_group_fields(logGroupName="app")["logGroupFields"]}
    assert {name: percent for name, percent in fields.items() if percent == 100} == {
        "@ingestionTime": 100, "@log": 100, "@logStream": 100, "@message": 100, "@timestamp": 100, "action": 100,
    }  # fmt: skip
    assert (fields["srcAddr"], fields["user.name"], fields.get("old")) == (50, 50, None)
    earlier = logs.get_log_group_fields(logGroupIdentifier=f"{ARN}app", time=NOW - 1000)["logGroupFields"]
    assert {"name": "old", "percent": 100} in earlier


def test_a_definition_is_a_query(logs):
    write(logs, "app", (1, "xyz"))
    made = logs.put_query_definition(name="mine", queryString="fields @message", logGroupNames=["app"])
    (saved,) = logs.describe_query_definitions(queryDefinitionNamePrefix="m")["queryDefinitions"]
    assert saved["queryDefinitionId"] == made["queryDefinitionId"]
    answer = ask(logs, saved["queryString"], logGroupNames=saved["logGroupNames"])
    assert rows(answer) == [{"@message": "xyz"}]


def test_events_older_than_their_group_are_out_of_reach(logs):
    hour = 3600
    write(logs, "app", (hour + 1, "before"), (hour, "at once"), (hour - 1, "after"))
    answer = ask(logs, "fields @message", start=NOW - 2 * hour, logGroupName="app")
    assert rows(answer) == [{"@message": "after"}, {"@message": "at once"}]
    events = logs.filter_log_events(logGroupName="app")["events"]
    assert [event["message"] for event in events] == ["before", "at once", "after"]


def test_queries_over_several_groups(logs):
    write(logs, "api", (3, '{"id":"a","status":500}'), (2, '{"id":"b","status":502}'), (1, '{"id":"c","status":200}'))
    write(logs, "auth", (3, '{"id":"b","user":"bob"}'), (2, '{"id":"c","user":"eve"}'))
    among = "filter id in (SOURCE 'auth' | filter user = 'bob' | fields id) | fields status"
    answer = ask(logs, among, logGroupName="api")
    assert rows(answer) == [{"status": "502"}]
    assert (answer["statistics"]["recordsMatched"], answer["statistics"]["recordsScanned"]) == (1, 5)
    join = "filter status >= 500 | join type=left left=l right=r where l.id = r.id (SOURCE 'auth') | fields l.id, r.user"
    assert rows(ask(logs, join, logGroupName="api")) == [{"l.id": "b", "r.user": "bob"}, {"l.id": "a"}]
    assert rows(ask(logs, "SOURCE 'auth' | stats count(*) as n")) == [{"n": "2"}]
    logs.tag_log_group(logGroupName="auth", tags={"team": "security"})
    tagged = 'SOURCE logGroupTags([{"key": "team", "values": ["sec*"]}]) | fields user | sort user'
    assert rows(ask(logs, tagged)) == [{"user": "bob"}, {"user": "eve"}]


def test_retention_hides_events(trailcam, logs):
    write(logs, "app", (3600, "first"), (0, "second"))
    trailcam.advance("PT1H")
    logs.put_retention_policy(logGroupName="app", retentionInDays=1)
    ask_all = {"start": 0, "end": NOW + 2 * 86400, "logGroupName": "app"}
    text = "fields @message | sort @timestamp"
    assert rows(ask(logs, text, **ask_all)) == [{"@message": "first"}, {"@message": "second"}]
    trailcam.advance("PT23H30M")
    assert rows(ask(logs, text, **ask_all)) == [{"@message": "second"}]
    trailcam.advance("PT1H")
    assert rows(ask(logs, text, **ask_all)) == []


def test_queries_leave_records(trailcam, logs):
    write(logs, "app", (1, "xyz"))
    answer = ask(logs, "fields @message", logGroupName="app")
    logs.get_log_record(logRecordPointer=answer["results"][0][-1]["value"])
    (event,) = trailcam.events(eventName="StartQuery")
    assert (event["eventSource"], event["readOnly"], event["apiVersion"]) == ("logs.amazonaws.com", True, "20140328")
    assert event["requestParameters"] == {
        "logGroupName": "app",
        "startTime": NOW - 3600,
        "endTime": NOW,
        "queryString": "fields @message",
    }
    assert event["responseElements"] is None
    (event,) = trailcam.events(eventName="GetQueryResults")
    assert list(event["requestParameters"]) == ["queryId"]
    assert event["responseElements"] is None
    assert len(trailcam.events(eventName="GetLogRecord")) == 1


def test_the_same_bytes_again(start):
    def story(trailcam):
        logs = trailcam.client("logs")
        write(logs, "app", *[(60, json.dumps({"n": number, "x": number / 7})) for number in range(5000)])
        queries = ["stats avg(x), stddev(x), pct(x, 90) by n % 7 as rest | sort rest", "fields n | limit 100"]
        return [ask(logs, text, logGroupName="app")["results"] for text in queries]

    first, second = [story(start("--clock", "2026-01-15T10:00:00Z", "--seed", "7", name=name)) for name in "ab"]
    assert first == second


def test_awslogs_reads_a_group(trailcam, logs):
    """https://github.com/jorgebastida/awslogs"""
    hour = 3600
    write(logs, "/app/web", (hour + 120, "GET /a"), (hour + 60, "POST /b"), stream="web/1")
    write(logs, "/app/web", (hour + 90, "GET /c"), stream="web/2")

    def awslogs(*arguments):
        environment = trailcam.environment() | {"AWS_REGION": "us-east-1", "NO_COLOR": "1"}
        command = [AWSLOGS, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return [" ".join(line.split()) for line in done.stdout.splitlines()]

    assert awslogs("groups") == ["/app/web"]
    times = ["--start", "2026-01-15 09:00", "--end", "2026-01-15 11:00"]
    assert awslogs("streams", "/app/web", *times) == ["web/1", "web/2"]
    plain = ["--no-group", "--color=never", *times]
    assert awslogs("get", "/app/web", "ALL", *plain) == ["web/1 GET /a", "web/2 GET /c", "web/1 POST /b"]
    assert awslogs("get", "/app/web", "web/1", "--no-stream", *plain) == ["GET /a", "POST /b"]
    assert awslogs("get", "/app/web", "--filter-pattern", "GET", "--no-stream", *plain) == ["GET /a", "GET /c"]
