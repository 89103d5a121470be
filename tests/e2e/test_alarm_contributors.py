"""Alarms on Metrics Insights queries: on one series, and on several with states of their own."""

import datetime
import json

import pytest

from conftest import START, refused

pytestmark = pytest.mark.usefixtures("user")

BEGIN = datetime.datetime.fromisoformat(START)
FLEET = "SELECT MAX(Busy) FROM App GROUP BY Host ORDER BY MAX() DESC"


@pytest.fixture
def trailcam(start):
    return start("--clock", START, "--seed", "7", "--cadence", "aws")


@pytest.fixture
def cloudwatch(trailcam):
    return trailcam.client("cloudwatch")


def at(minutes):
    return BEGIN + datetime.timedelta(minutes=minutes)


def put_alarm(client, expression=FLEET, period=60, **settings):
    defaults = {
        "AlarmName": "fleet",
        "Metrics": [{"Id": "q1", "Expression": expression, "Period": period, "ReturnData": True}],
        "EvaluationPeriods": 1,
        "Threshold": 80.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    client.put_metric_alarm(**(defaults | settings))


def report(client, **hosts):
    data = [
        {"MetricName": "Busy", "Dimensions": [{"Name": "Host", "Value": host}], "Value": float(value)}
        for host, value in hosts.items()
    ]
    client.put_metric_data(Namespace="App", MetricData=data)


def alarm(client, name="fleet"):
    (found,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def contributors(client, name="fleet"):
    return client.describe_alarm_contributors(AlarmName=name)["AlarmContributors"]


def hosts(client):
    return sorted(found["ContributorAttributes"]["Host"] for found in contributors(client))


def history(client, **filters):
    answer = client.describe_alarm_history(AlarmName="fleet", ScanBy="TimestampAscending", **filters)
    return answer["AlarmHistoryItems"]


@pytest.fixture
def told(trailcam):
    """What a topic with a queue is told: the ARN of the topic, and a function that reads the queue."""
    sns, sqs = trailcam.client("sns"), trailcam.client("sqs")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    url = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [allow]})})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def messages():
        found = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(json.loads(message["Body"])["Message"]))
        return found

    return topic, messages


def test_one_series(trailcam, cloudwatch):
    put_alarm(cloudwatch, "SELECT AVG(Busy) FROM App")
    report(cloudwatch, a=70, b=100)
    trailcam.advance("PT1M")
    found = alarm(cloudwatch)
    assert found["StateReason"] == (
        "Threshold Crossed: 1 datapoint [85.0 (15/01/26 10:00:00)] was greater than the threshold (80.0)."
    )
    assert refused(cloudwatch.describe_alarm_contributors, AlarmName="fleet")[:2] == (
        "ValidationError",
        "Alarm fleet is not a multi time series alarm",
    )
    assert refused(cloudwatch.describe_alarm_contributors, AlarmName="none")[:2] == (
        "ResourceNotFoundException",
        "No alarm for name none was found",
    )


def test_each_contributor_has_a_state(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, AlarmActions=[topic], OKActions=[topic], AlarmDescription="Too busy")
    report(cloudwatch, a=95, b=20)
    trailcam.advance("PT1M")
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["StateReason"]) == ("ALARM", "1 out of 2 time series evaluated to ALARM")
    assert json.loads(found["StateReasonData"]) == {"version": "1.0", "queryDate": "2026-01-15T10:01:00.000+0000"}
    (first,) = contributors(cloudwatch)
    reason = (
        "Threshold Crossed: 1 datapoint was greater than the threshold (80.0). The most recent datapoint which crossed"
        " the threshold: [95.0 (15/01/26 10:00:00)]."
    )
    assert len(first.pop("ContributorId")) == 16
    assert first == {
        "ContributorAttributes": {"Host": "a"},
        "StateReason": reason,
        "StateTransitionedTimestamp": at(1),
    }
    # One message, of the contributor.
    (message,) = messages()
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "OK")
    assert message["NewStateReason"] == reason
    assert message["AlarmContributorAttributes"] == {"Host": "a"}
    # Another joins: the alarm stays in ALARM, but the topic is told.
    report(cloudwatch, a=96, b=90)
    trailcam.advance("PT1M")
    assert hosts(cloudwatch) == ["a", "b"]
    assert alarm(cloudwatch)["StateReason"] == "2 out of 2 time series evaluated to ALARM"
    assert alarm(cloudwatch)["StateTransitionedTimestamp"] == at(1)
    assert [message["AlarmContributorAttributes"]["Host"] for message in messages()] == ["b"]
    report(cloudwatch, a=5, b=5)
    trailcam.advance("PT1M")
    assert contributors(cloudwatch) == []
    assert alarm(cloudwatch)["StateReason"] == "2 time series evaluated to OK"
    told_of = [(message["NewStateValue"], message["AlarmContributorAttributes"]["Host"]) for message in messages()]
    assert sorted(told_of) == [("OK", "a"), ("OK", "b")]


def test_series_that_are_gone(trailcam, cloudwatch):
    put_alarm(cloudwatch)
    report(cloudwatch, a=95, b=96)
    trailcam.advance("PT1M")
    for minute in range(3):
        report(cloudwatch, a=95)
        trailcam.advance("PT1M")
    assert hosts(cloudwatch) == ["a"]
    updates = history(cloudwatch, HistoryItemType="AlarmContributorStateUpdate")
    last = json.loads(updates[-1]["HistoryData"])["newState"]
    assert (updates[-1]["AlarmContributorAttributes"], last["stateValue"]) == ({"Host": "b"}, "OK")
    assert last["stateReason"] == "No data was returned for this contributor"
    trailcam.advance("PT3M")
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["StateReason"]) == (
        "INSUFFICIENT_DATA",
        "No time series were returned by the query. Treat missing data is configured as [Missing].",
    )


def test_history_of_contributors(trailcam, cloudwatch, told):
    topic, _ = told
    put_alarm(cloudwatch, AlarmActions=[topic])
    report(cloudwatch, a=95, b=20)
    trailcam.advance("PT1M")
    report(cloudwatch, a=95, b=95)
    trailcam.advance("PT1M")
    # The alarm's own history has nothing of contributors.
    own = [(item["HistoryItemType"], item["HistorySummary"]) for item in history(cloudwatch)]
    assert own == [
        ("ConfigurationUpdate", 'Alarm "fleet" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("StateUpdate", "Alarm updated from ALARM to ALARM"),
    ]
    updates = history(cloudwatch, HistoryItemType="AlarmContributorStateUpdate")
    assert [item["HistorySummary"] for item in updates] == ["Contributor state updated to ALARM"] * 2
    first = updates[0]["AlarmContributorId"]
    of_first = history(cloudwatch, AlarmContributorId=first)
    assert [item["HistoryItemType"] for item in of_first] == ["AlarmContributorStateUpdate", "AlarmContributorAction"]
    assert of_first[1]["HistorySummary"] == f"Successfully executed action {topic}"
    assert {item["AlarmContributorAttributes"]["Host"] for item in of_first} == {"a"}
    for filters, message in [
        (
            {"HistoryItemType": "AlarmContributorAction"},
            "Alarm name must be provided to query history for alarm contributors.",
        ),
        (
            {"AlarmName": "fleet", "AlarmContributorId": first, "HistoryItemType": "Action"},
            "Action is not supported history item type for alarm contributor.",
        ),
        (
            {"AlarmName": "fleet", "AlarmContributorId": first, "AlarmTypes": ["CompositeAlarm"]},
            "Alarm contributor history cannot be requested for composite alarm type.",
        ),
    ]:
        assert refused(cloudwatch.describe_alarm_history, **filters)[:2] == ("ValidationError", message)


def test_what_event_bridge_is_told(trailcam, cloudwatch):
    events, sqs = trailcam.client("events"), trailcam.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [allow]})})
    kinds = ["CloudWatch Alarm State Change", "CloudWatch Alarm Contributor State Change"]
    events.put_rule(Name="states", EventPattern=json.dumps({"source": ["aws.cloudwatch"], "detail-type": kinds}))
    events.put_targets(Rule="states", Targets=[{"Id": "queue", "Arn": queue}])
    put_alarm(cloudwatch, AlarmDescription="Too busy")
    report(cloudwatch, a=95)
    trailcam.advance("PT1M")
    found = [
        json.loads(message["Body"])
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    ]
    by_kind = {event["detail-type"]: event["detail"] for event in found}
    assert sorted(by_kind) == sorted(kinds)
    configuration = {
        "metrics": [{"id": "q1", "expression": FLEET, "period": 60, "returnData": True}],
        "description": "Too busy",
    }
    (contributor,) = contributors(cloudwatch)
    assert by_kind["CloudWatch Alarm Contributor State Change"] == {
        "alarmName": "fleet",
        "alarmContributor": {"id": contributor["ContributorId"], "attributes": {"Host": "a"}},
        "state": {
            "value": "ALARM",
            "reason": contributor["StateReason"],
            "timestamp": "2026-01-15T10:01:00.000+0000",
        },
        "configuration": configuration,
    }
    assert by_kind["CloudWatch Alarm State Change"] == {
        "alarmName": "fleet",
        "state": {
            "value": "ALARM",
            "reason": "1 out of 1 time series evaluated to ALARM",
            "timestamp": "2026-01-15T10:01:00.000+0000",
        },
        "previousState": {
            "value": "INSUFFICIENT_DATA",
            "reason": "Unchecked: Initial alarm creation",
            "timestamp": "2026-01-15T10:00:00.000+0000",
        },
        "configuration": configuration,
    }


def test_contributors_are_muted(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, AlarmActions=[topic], OKActions=[topic])
    cloudwatch.put_alarm_mute_rule(
        Name="quiet",
        Rule={"Schedule": {"Expression": "at(2026-01-15T10:00)", "Duration": "PT5M"}},
        MuteTargets={"AlarmNames": ["fleet"]},
    )
    report(cloudwatch, a=95, b=95)
    trailcam.advance("PT1M")
    report(cloudwatch, a=95, b=5)
    trailcam.advance("PT1M")
    assert (messages(), hosts(cloudwatch)) == ([], ["a"])
    for _ in range(4):
        report(cloudwatch, a=95, b=5)
        trailcam.advance("PT1M")
    (message,) = messages()
    assert (message["AlarmContributorAttributes"], message["NewStateValue"]) == ({"Host": "a"}, "ALARM")
    assert message["ActionExecutedAfterMuteWindow"] is True


def test_a_hundred_contributors(trailcam, cloudwatch):
    put_alarm(cloudwatch)
    report(cloudwatch, **{f"h{n}": 90 for n in range(105)})
    trailcam.advance("PT1M")
    assert alarm(cloudwatch)["StateReason"] == "100+ time series evaluated to ALARM"
    first = cloudwatch.describe_alarm_contributors(AlarmName="fleet")
    rest = cloudwatch.describe_alarm_contributors(AlarmName="fleet", NextToken=first["NextToken"])
    ids = {found["ContributorId"] for page in (first, rest) for found in page["AlarmContributors"]}
    assert len(ids) == 100
    assert "EvaluationState" not in alarm(cloudwatch)


def test_more_series_than_are_evaluated(trailcam, cloudwatch):
    put_alarm(cloudwatch)
    report(cloudwatch, **{f"h{n}": 10 for n in range(501)})
    trailcam.advance("PT1M")
    found = alarm(cloudwatch)
    assert (found["EvaluationState"], found["StateReason"]) == ("PARTIAL_DATA", "500 time series evaluated to OK")


def test_another_query_forgets_contributors(trailcam, cloudwatch):
    put_alarm(cloudwatch)
    report(cloudwatch, a=95)
    trailcam.advance("PT1M")
    assert hosts(cloudwatch) == ["a"]
    put_alarm(cloudwatch, "SELECT AVG(Busy) FROM App")
    put_alarm(cloudwatch)
    assert contributors(cloudwatch) == []


@pytest.mark.parametrize(
    "settings, message",
    [
        (
            {"InsufficientDataActions": ["arn:aws:sns:us-east-1:000000000000:alarms"]},
            "InsufficientData actions are not supported for contributor-level action types in Multi Time Series alarms",
        ),
        (
            {"expression": "SELECT MAX(Busy) FROM App GROUP BY Host"},
            "A Metrics Insights query with GROUP BY needs ORDER BY in an alarm.",
        ),
        ({"period": 30}, "Period must be 60 or a multiple of 60 for alarms based on Metrics Insights queries."),
        (
            {"period": 3600, "EvaluationPeriods": 4},
            "Metrics cannot be checked across more than three hours (EvaluationPeriods * Period must be <= 10800) for"
            " alarms based on Metrics Insights queries.",
        ),
        (
            {"expression": "SELECT MAX(Busy) FROM"},
            "Error in expression 'q1': Invalid syntax at character 22, where a namespace or SCHEMA is expected",
        ),
    ],
)
def test_what_is_refused(cloudwatch, settings, message):
    assert refused(lambda: put_alarm(cloudwatch, **settings))[:2] == ("ValidationError", message)
