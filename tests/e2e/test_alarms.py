"""Alarms: states that follow metrics and other alarms on the clock, and what they do, with boto3 and aws-cli."""

import datetime
import json

import pytest

from conftest import START, refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
BEGIN = datetime.datetime.fromisoformat(START)


@pytest.fixture
def trailcam(start):
    """A trailcam whose clock stands still, and that evaluates alarms when AWS does."""
    return start("--clock", START, "--seed", "7", "--cadence", "aws")


@pytest.fixture
def cloudwatch(trailcam):
    return trailcam.client("cloudwatch")


def at(minutes=0, seconds=0):
    return BEGIN + datetime.timedelta(minutes=minutes, seconds=seconds)


def alarm_arn(name):
    return f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}"


def put_alarm(client, name="high", **settings):
    defaults = {
        "MetricName": "Load",
        "Namespace": "App",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 21.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    settings = {key: value for key, value in (defaults | settings).items() if value is not None}
    client.put_metric_alarm(AlarmName=name, **settings)


def report(client, value, name="Load", **more):
    client.put_metric_data(Namespace="App", MetricData=[{"MetricName": name, "Value": value} | more])


def alarm(client, name="high"):
    answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return found


def state(client, name="high"):
    return alarm(client, name)["StateValue"]


@pytest.fixture
def told(trailcam):
    """What a topic with a queue and a mailbox is told: the ARN of the topic, and a function that reads the queue."""
    sns, sqs = trailcam.client("sns"), trailcam.client("sqs")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    url = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
            }
        ]
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def messages():
        envelopes = []
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                envelopes.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return envelopes

    return topic, messages


def test_from_insufficient_data_to_alarm_to_ok(trailcam, cloudwatch, told):
    topic, messages = told
    sns = trailcam.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    letter = trailcam.admin("GET", "mailbox")["messages"][-1]
    trailcam.client("sns").confirm_subscription(
        TopicArn=topic, Token=json.dumps(letter).partition("Token=")[2].partition("&")[0].partition("\\")[0]
    )
    trailcam.advance("PT10S")
    put_alarm(
        cloudwatch,
        AlarmDescription="testing cloudwatch alarms",
        Dimensions=[{"Name": "InstanceId", "Value": "abc"}],
        Unit="Seconds",
        TreatMissingData="ignore",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    first = alarm(cloudwatch)
    assert (first["StateValue"], first["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    assert "StateReasonData" not in first
    assert first["StateUpdatedTimestamp"] == first["StateTransitionedTimestamp"] == at(seconds=10)

    report(cloudwatch, 21.5, Unit="Seconds", Dimensions=[{"Name": "InstanceId", "Value": "abc"}])
    trailcam.advance("PT49S")
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    trailcam.advance("PT1S")
    now = alarm(cloudwatch)
    reason = "Threshold Crossed: 1 datapoint [21.5 (15/01/26 10:00:00)] was greater than the threshold (21.0)."
    assert (now["StateValue"], now["StateReason"]) == ("ALARM", reason)
    assert now["StateUpdatedTimestamp"] == now["StateTransitionedTimestamp"] == at(1)
    assert json.loads(now["StateReasonData"]) == {
        "version": "1.0",
        "queryDate": "2026-01-15T10:01:00.000+0000",
        "startDate": "2026-01-15T10:00:00.000+0000",
        "unit": "Seconds",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [21.5],
        "threshold": 21.0,
        "evaluatedDatapoints": [{"timestamp": "2026-01-15T10:00:00.000+0000", "sampleCount": 1.0, "value": 21.5}],
    }

    (envelope,) = messages()
    assert envelope["Subject"] == 'ALARM: "high" in US East (N. Virginia)'
    # Member by member, and in the order of real messages.
    assert envelope["Message"] == json.dumps(
        {
            "AlarmName": "high",
            "AlarmDescription": "testing cloudwatch alarms",
            "AWSAccountId": ACCOUNT,
            "AlarmConfigurationUpdatedTimestamp": "2026-01-15T10:00:10.000+0000",
            "NewStateValue": "ALARM",
            "NewStateReason": reason,
            "StateChangeTime": "2026-01-15T10:01:00.000+0000",
            "Region": "US East (N. Virginia)",
            "AlarmArn": alarm_arn("high"),
            "OldStateValue": "INSUFFICIENT_DATA",
            "ActionExecutedAfterMuteWindow": False,
            "OKActions": [topic],
            "AlarmActions": [topic],
            "InsufficientDataActions": [],
            "Trigger": {
                "MetricName": "Load",
                "Namespace": "App",
                "StatisticType": "Statistic",
                "Statistic": "AVERAGE",
                "Unit": "Seconds",
                "Dimensions": [{"value": "abc", "name": "InstanceId"}],
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 21.0,
                "TreatMissingData": "ignore",
                "EvaluateLowSampleCountPercentile": "",
            },
        },
        separators=(",", ":"),
    )
    letter = trailcam.admin("GET", "mailbox")["messages"][-1]
    assert letter["subject"] == 'ALARM: "high" in US East (N. Virginia)'
    assert 'Alarm "high" in the US East (N. Virginia) region has entered the ALARM state' in letter["body"]
    assert f"- Alarm Arn:                  {alarm_arn('high')}\n" in letter["body"]
    assert "for at least 1 of the last 1 period(s) of 60 seconds" in letter["body"]

    # Missing points are ignored, a low one is not.
    trailcam.advance("PT1H")
    assert (state(cloudwatch), messages()) == ("ALARM", [])
    report(cloudwatch, 2.0, Unit="Seconds", Dimensions=[{"Name": "InstanceId", "Value": "abc"}])
    trailcam.advance("PT1M")
    assert state(cloudwatch) == "OK"
    (envelope,) = messages()
    assert json.loads(envelope["Message"])["NewStateReason"] == (
        "Threshold Crossed: 1 datapoint [2.0 (15/01/26 11:01:00)] was not greater than the threshold (21.0)."
    )


@pytest.mark.parametrize(
    "treatment, states",
    [
        ("missing", ["ALARM", "ALARM", "ALARM", "INSUFFICIENT_DATA"]),
        ("breaching", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("ignore", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("notBreaching", ["ALARM", "ALARM", "ALARM", "OK"]),
    ],
)
def test_a_metric_falls_silent(trailcam, cloudwatch, treatment, states):
    """One point is looked for in three periods: the state changes when the last of them is over."""
    put_alarm(cloudwatch, TreatMissingData=treatment)
    report(cloudwatch, 30.0)
    seen = []
    for _ in states:
        trailcam.advance("PT1M")
        seen.append(state(cloudwatch))
    assert seen == states


def test_windows_slide_by_the_minute(trailcam, cloudwatch):
    """An alarm on five minutes looks at the last five, not at those that a clock's face divides an hour into."""
    put_alarm(cloudwatch, Period=300, Statistic="Sum", Threshold=9.0)
    trailcam.advance("PT2M30S")
    report(cloudwatch, 5.0)
    trailcam.advance("PT4M")
    report(cloudwatch, 5.0)
    trailcam.advance("PT30S")
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["StateTransitionedTimestamp"]) == ("ALARM", at(7))
    assert "[10.0 (15/01/26 10:02:00)]" in found["StateReason"]
    trailcam.advance("PT1M")
    found = alarm(cloudwatch)
    assert found["StateValue"] == "OK"
    assert "[5.0 (15/01/26 10:03:00)]" in found["StateReason"]


def test_short_periods_are_evaluated_every_ten_seconds(trailcam, cloudwatch):
    put_alarm(cloudwatch, Period=10, EvaluationPeriods=2, TreatMissingData="breaching", Statistic="Average")
    trailcam.advance("PT10S")
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["StateReason"]) == (
        "ALARM",
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as"
        " [Breaching].",
    )
    report(cloudwatch, 1.0, StorageResolution=1)
    trailcam.advance("PT10S")
    assert alarm(cloudwatch)["StateTransitionedTimestamp"] == at(seconds=20)


def test_alarms_on_more_than_a_day_are_evaluated_each_hour(trailcam, cloudwatch):
    put_alarm(cloudwatch, Period=86400, EvaluationPeriods=2, Statistic="Sum", DatapointsToAlarm=1)
    report(cloudwatch, 50.0)
    trailcam.advance("PT59M59S")
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    trailcam.advance("PT1S")
    assert state(cloudwatch) == "ALARM"


def test_m_out_of_n(trailcam, cloudwatch):
    put_alarm(cloudwatch, EvaluationPeriods=3, DatapointsToAlarm=2)
    states = []
    for value in (30.0, 1.0, 30.0, 1.0, 1.0):
        report(cloudwatch, value)
        trailcam.advance("PT1M")
        states.append(state(cloudwatch))
    assert states == ["INSUFFICIENT_DATA", "OK", "ALARM", "OK", "OK"]
    items = cloudwatch.describe_alarm_history(AlarmName="high", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    reasons = [json.loads(item["HistoryData"])["newState"]["stateReason"] for item in items]
    assert reasons[1] == (
        "Threshold Crossed: 2 out of the last 3 datapoints [30.0 (15/01/26 10:02:00), 30.0 (15/01/26 10:00:00)] were"
        " greater than the threshold (21.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )


def test_percentiles_with_few_samples(trailcam, cloudwatch):
    settings = {"Statistic": None, "ExtendedStatistic": "p90", "Threshold": 5.0}
    put_alarm(cloudwatch, "patient", EvaluateLowSampleCountPercentile="ignore", **settings)
    put_alarm(cloudwatch, "hasty", EvaluateLowSampleCountPercentile="evaluate", **settings)
    values = {"MetricName": "Load", "Values": [9.0], "Counts": [99.0]}
    cloudwatch.put_metric_data(Namespace="App", MetricData=[values])
    trailcam.advance("PT1M")
    assert (state(cloudwatch, "patient"), state(cloudwatch, "hasty")) == ("INSUFFICIENT_DATA", "ALARM")
    cloudwatch.put_metric_data(Namespace="App", MetricData=[values | {"Counts": [100.0]}])
    trailcam.advance("PT1M")
    assert state(cloudwatch, "patient") == "ALARM"
    found = alarm(cloudwatch, "patient")
    assert (found["ExtendedStatistic"], found["EvaluateLowSampleCountPercentile"]) == ("p90", "ignore")
    assert "Statistic" not in found


def test_what_describe_alarms_shows(cloudwatch):
    put_alarm(cloudwatch)
    found = alarm(cloudwatch)
    found.pop("StateTransitionedTimestamp")
    # The members of a real answer.
    assert found == {
        "ActionsEnabled": True,
        "AlarmActions": [],
        "AlarmArn": alarm_arn("high"),
        "AlarmConfigurationUpdatedTimestamp": at(),
        "AlarmName": "high",
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [],
        "EvaluationPeriods": 1,
        "InsufficientDataActions": [],
        "MetricName": "Load",
        "Namespace": "App",
        "OKActions": [],
        "Period": 60,
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": at(),
        "StateValue": "INSUFFICIENT_DATA",
        "Statistic": "Average",
        "Threshold": 21.0,
    }


def test_describing_by_every_parameter(trailcam, cloudwatch):
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
    put_alarm(cloudwatch, "a-one", AlarmActions=[topic])
    put_alarm(cloudwatch, "a-two")
    put_alarm(cloudwatch, "b-one", OKActions=[topic + "2"])
    cloudwatch.put_composite_alarm(AlarmName="c-all", AlarmRule="ALARM(a-one) AND ALARM(a-two)")
    cloudwatch.set_alarm_state(AlarmName="a-two", StateValue="OK", StateReason="by hand")

    def names(**arguments):
        answer = cloudwatch.describe_alarms(**arguments)
        return [found["AlarmName"] for found in answer["MetricAlarms"] + answer["CompositeAlarms"]]

    assert names() == ["a-one", "a-two", "b-one"]
    assert names(AlarmTypes=["CompositeAlarm"]) == ["c-all"]
    assert names(AlarmTypes=["CompositeAlarm", "MetricAlarm"]) == ["a-one", "a-two", "b-one", "c-all"]
    assert names(AlarmNamePrefix="a-") == ["a-one", "a-two"]
    assert names(AlarmNames=["b-one", "nothing"]) == ["b-one"]
    assert names(StateValue="OK") == ["a-two"]
    assert names(ActionPrefix=topic) == ["a-one", "b-one"]
    assert names(ActionPrefix=topic + "2") == ["b-one"]
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="c-all")["MetricAlarms"]
    assert [set(child) for child in children] == [{"AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"}] * 2
    parents = cloudwatch.describe_alarms(ParentsOfAlarmName="a-one")["CompositeAlarms"]
    assert parents == [{"AlarmName": "c-all", "AlarmArn": alarm_arn("c-all")}]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [[found["AlarmName"] for found in page["MetricAlarms"]] for page in pages] == [["a-one", "a-two"], ["b-one"]]
    assert refused(cloudwatch.describe_alarms, AlarmNames=["a"], AlarmNamePrefix="a")[0] in (
        "InvalidParameterCombination",
        "InvalidParameterCombinationException",
    )
    assert refused(cloudwatch.describe_alarms, ChildrenOfAlarmName="c-all", StateValue="OK")[0] == "ValidationError"

    def for_metric(**more):
        found = cloudwatch.describe_alarms_for_metric(MetricName="Load", Namespace="App", **more)["MetricAlarms"]
        return [alarm["AlarmName"] for alarm in found]

    assert for_metric() == ["a-one", "a-two", "b-one"]
    assert for_metric(Period=300) == for_metric(Statistic="Sum") == for_metric(Unit="Bytes") == []
    assert for_metric(Dimensions=[{"Name": "x", "Value": "y"}]) == []


def test_history(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, AlarmActions=[topic])
    trailcam.advance("PT5S")
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="testing purposes")
    trailcam.advance("PT5S")
    put_alarm(cloudwatch, Threshold=22.0)
    cloudwatch.delete_alarms(AlarmNames=["high", "nothing"])
    answer = cloudwatch.describe_alarm_history(AlarmName="high", ScanBy="TimestampAscending")
    items = answer["AlarmHistoryItems"]
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items] == [
        ("ConfigurationUpdate", 'Alarm "high" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {topic}"),
        ("ConfigurationUpdate", 'Alarm "high" updated'),
        ("ConfigurationUpdate", 'Alarm "high" deleted'),
    ]
    assert {item["AlarmType"] for item in items} == {"MetricAlarm"}
    assert json.loads(items[1]["HistoryData"]) == {
        "version": "1.0",
        "oldState": {"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"},
        "newState": {"stateValue": "ALARM", "stateReason": "testing purposes"},
    }
    action = json.loads(items[2]["HistoryData"])
    published = json.loads(action.pop("publishedMessage"))
    assert action == {
        "actionState": "Succeeded",
        "stateUpdateTimestamp": int(at(seconds=5).timestamp() * 1000),
        "notificationResource": topic,
        "error": None,
    }
    assert list(published) == ["default", "sms", "email"]
    assert json.loads(published["default"]) == json.loads(messages()[0]["Message"])
    created = json.loads(items[0]["HistoryData"])
    assert (created["type"], created["createdAlarm"]["threshold"]) == ("Create", 21.0)
    newest = cloudwatch.describe_alarm_history(MaxRecords=2)
    assert newest["AlarmHistoryItems"] == items[:2:-1]
    rest = cloudwatch.describe_alarm_history(NextToken=newest["NextToken"])
    assert rest["AlarmHistoryItems"] == items[2::-1]
    assert "NextToken" not in rest
    window = cloudwatch.describe_alarm_history(StartDate=at(seconds=1), EndDate=at(seconds=6))
    assert window["AlarmHistoryItems"] == items[2:0:-1]
    assert cloudwatch.describe_alarm_history(AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"] == []
    trailcam.advance("P30D")
    assert cloudwatch.describe_alarm_history()["AlarmHistoryItems"] == items[:2:-1]
    trailcam.advance("PT1M")
    assert cloudwatch.describe_alarm_history()["AlarmHistoryItems"] == []


def test_a_topic_that_lets_nobody_in(trailcam, cloudwatch):
    sns = trailcam.client("sns")
    topic = sns.create_topic(Name="closed")["TopicArn"]
    nobody = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "SNS:Publish", "Resource": topic}
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    )
    put_alarm(cloudwatch, AlarmActions=[topic, f"arn:aws:sns:us-east-1:{ACCOUNT}:nothing"])
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="x")
    items = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert items[1]["HistorySummary"] == (
        f'Failed to execute action {topic}. Received error: "Resource: {alarm_arn("high")} is not authorized to perform:'
        f' SNS:Publish on resource: {topic}"'
    )
    assert json.loads(items[0]["HistoryData"])["actionState"] == "Failed"


def test_composite(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, "cpu", MetricName="Cpu")
    put_alarm(cloudwatch, "memory", MetricName="Memory")
    rule = f"ALARM(cpu) OR ALARM(\"{alarm_arn('memory')}\")"
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule=rule, AlarmActions=[topic], OKActions=[topic])
    found = alarm(cloudwatch, "all")
    assert found["StateValue"] == "OK"
    assert found["StateReason"] == f"{alarm_arn('all')} was created and its alarm rule evaluates to OK"
    children = [
        {"arn": alarm_arn(name), "state": {"value": "INSUFFICIENT_DATA", "timestamp": "2026-01-15T10:00:00.000+0000"}}
        for name in ("cpu", "memory")
    ]
    assert json.loads(found["StateReasonData"]) == {"triggeringAlarms": children}
    assert messages()[0]["Subject"] == 'OK: "all" in US East (N. Virginia)'

    report(cloudwatch, 90.0, "Memory")
    trailcam.advance("PT1M")
    found = alarm(cloudwatch, "all")
    assert found["StateValue"] == "ALARM"
    assert found["StateReason"] == (
        f"{alarm_arn('memory')} transitioned to ALARM at Thursday 15 January, 2026 10:01:00 UTC"
    )
    (envelope,) = messages()
    assert json.loads(envelope["Message"]) == {
        "AlarmName": "all",
        "AlarmDescription": None,
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-01-15T10:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": found["StateReason"],
        "StateChangeTime": "2026-01-15T10:01:00.000+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": alarm_arn("all"),
        "OldStateValue": "OK",
        "ActionExecutedAfterMuteWindow": False,
        "OKActions": [topic],
        "AlarmActions": [topic],
        "InsufficientDataActions": [],
        "AlarmRule": rule,
        "TriggeringChildren": [
            {
                "Arn": alarm_arn("memory"),
                "State": {"Value": "ALARM", "Timestamp": "2026-01-15T10:01:00.000+0000"},
            }
        ],
    }
    assert refused(cloudwatch.delete_alarms, AlarmNames=["cpu", "memory"]) == (
        "ValidationError",
        "Cannot delete cpu,memory as there are composite alarm(s) depending on them.",
        400,
    )
    cloudwatch.delete_alarms(AlarmNames=["cpu", "all", "memory"])
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])["MetricAlarms"] == []


def test_rules_that_are_refused(cloudwatch):
    put_alarm(cloudwatch, "a")

    def check(message, **settings):
        code, found, status = refused(cloudwatch.put_composite_alarm, AlarmName="c", **({"AlarmRule": "TRUE"} | settings))
        assert (code, found, status) == ("ValidationError", message, 400)

    check("AlarmRule must not contain leading or trailing whitespace or be null", AlarmRule=" TRUE")
    missing = "Could not save the composite alarm as alarms [b, c] in the alarm rule do not exist"
    check(missing, AlarmRule="ALARM(b) OR ALARM(a) OR ALARM(c)")
    check("AlarmRule is not valid at position 8: AND, OR or the end of the rule was expected", AlarmRule="ALARM(a))")
    check(
        "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required when ActionsSuppressor is set",
        ActionsSuppressor="a",
    )
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_cycles_stop_the_evaluation_and_cannot_be_deleted(cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="x", AlarmRule="FALSE")
    cloudwatch.put_composite_alarm(AlarmName="y", AlarmRule="NOT ALARM(x)")
    assert state(cloudwatch, "y") == "ALARM"
    cloudwatch.put_composite_alarm(AlarmName="x", AlarmRule="ALARM(y)")
    assert state(cloudwatch, "x") == "OK"
    assert "Cannot delete x as" in refused(cloudwatch.delete_alarms, AlarmNames=["x"])[1]
    cloudwatch.put_composite_alarm(AlarmName="x", AlarmRule="false")
    cloudwatch.delete_alarms(AlarmNames=["y"])
    cloudwatch.delete_alarms(AlarmNames=["x"])


def test_a_suppressor(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, "child", TreatMissingData="ignore")
    put_alarm(cloudwatch, "maintenance", TreatMissingData="ignore")
    cloudwatch.put_composite_alarm(
        AlarmName="service",
        AlarmRule="ALARM(child)",
        AlarmActions=[topic],
        ActionsSuppressor="maintenance",
        ActionsSuppressorWaitPeriod=120,
        ActionsSuppressorExtensionPeriod=180,
    )
    trailcam.advance("PT5M")

    def go(name, value):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="by hand")

    def suppressed():
        found = alarm(cloudwatch, "service")
        return found.get("ActionsSuppressedBy"), found.get("ActionsSuppressedReason")

    # Nothing suppresses it: it acts when it has waited.
    go("child", "ALARM")
    assert suppressed() == ("WaitPeriod", "Actions suppressed by WaitPeriod")
    trailcam.advance("PT119S")
    assert (suppressed()[0], messages()) == ("WaitPeriod", [])
    transitioned = alarm(cloudwatch, "service")["StateTransitionedTimestamp"]
    trailcam.advance("PT1S")
    assert suppressed() == (None, None)
    assert [json.loads(envelope["Message"])["NewStateValue"] for envelope in messages()] == ["ALARM"]
    after = alarm(cloudwatch, "service")
    assert after["StateTransitionedTimestamp"] == transitioned
    assert after["StateUpdatedTimestamp"] == transitioned + datetime.timedelta(minutes=2)

    # The suppressor goes into ALARM in time, and out again: it acts when the extension is over.
    go("child", "OK")
    trailcam.advance("PT3M")
    go("child", "ALARM")
    trailcam.advance("PT10S")
    go("maintenance", "ALARM")
    assert suppressed() == ("Alarm", "Actions suppressed by Alarm")
    trailcam.advance("PT10S")
    go("maintenance", "OK")
    assert suppressed()[0] == "ExtensionPeriod"
    trailcam.advance("PT179S")
    assert messages() == []
    trailcam.advance("PT1S")
    assert len(messages()) == 1


def test_what_event_bridge_is_told(trailcam, cloudwatch):
    events, sqs = trailcam.client("events"), trailcam.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    grant = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*", "Resource": queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [grant]})})
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": queue}])
    put_alarm(cloudwatch, AlarmDescription="Goes into alarm", Dimensions=[{"Name": "InstanceId", "Value": "i-1"}])
    cloudwatch.set_alarm_state(
        AlarmName="high", StateValue="ALARM", StateReason="by hand", StateReasonData='{"why": "a test"}'
    )
    bodies = [
        json.loads(message["Body"])
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    ]
    configured, changed = sorted(bodies, key=lambda body: body["detail-type"])
    assert configured["detail-type"] == "CloudWatch Alarm Configuration Change"
    assert configured["detail"]["operation"] == "create"
    assert configured["detail"]["configuration"]["threshold"] == 21
    assert (changed["detail-type"], changed["source"]) == ("CloudWatch Alarm State Change", "aws.cloudwatch")
    assert changed["resources"] == [alarm_arn("high")]
    detail = changed["detail"]
    (query,) = detail["configuration"]["metrics"]
    query.pop("id")
    stat = {
        "metric": {"namespace": "App", "name": "Load", "dimensions": {"InstanceId": "i-1"}},
        "period": 60,
        "stat": "Average",
    }
    assert detail == {
        "alarmName": "high",
        "state": {
            "value": "ALARM",
            "reason": "by hand",
            "reasonData": '{"why": "a test"}',
            "timestamp": "2026-01-15T10:00:00.000+0000",
        },
        "previousState": {
            "value": "INSUFFICIENT_DATA",
            "reason": "Unchecked: Initial alarm creation",
            "timestamp": "2026-01-15T10:00:00.000+0000",
        },
        "configuration": {
            "metrics": [{"metricStat": stat, "returnData": True}],
            "description": "Goes into alarm",
        },
    }


def test_actions_on_and_off(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, AlarmActions=[topic])
    cloudwatch.disable_alarm_actions(AlarmNames=["high", "nothing"])
    assert alarm(cloudwatch)["ActionsEnabled"] is False
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="x")
    assert messages() == []
    cloudwatch.enable_alarm_actions(AlarmNames=["high"])
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="the same state again")
    assert messages() == []
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="OK", StateReason="x")
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="x")
    assert len(messages()) == 1
    # A state by hand lasts until the alarm is evaluated.
    report(cloudwatch, 1.0)
    trailcam.advance("PT1M")
    assert state(cloudwatch) == "OK"
    assert refused(cloudwatch.set_alarm_state, AlarmName="nothing", StateValue="OK", StateReason="x")[::2] == (
        "ResourceNotFound",
        404,
    )
    code, message, _ = refused(
        cloudwatch.set_alarm_state, AlarmName="high", StateValue="OK", StateReason="x", StateReasonData="{"
    )
    assert code in ("InvalidFormat", "InvalidFormatFault")
    assert message == "StateReasonData was not syntactically valid JSON."


def test_mute_rules(trailcam, cloudwatch, told):
    topic, messages = told
    put_alarm(cloudwatch, AlarmActions=[topic], OKActions=[topic])
    cloudwatch.put_alarm_mute_rule(
        Name="night",
        Rule={"Schedule": {"Expression": "at(2026-01-15T10:10)", "Duration": "PT10M"}},
        MuteTargets={"AlarmNames": ["high"]},
        Tags=[{"Key": "team", "Value": "a"}],
    )
    arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm-mute-rule:night"

    def rule():
        found = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="night")
        return found["Status"], found["MuteType"], found["AlarmMuteRuleArn"]

    assert rule() == ("SCHEDULED", "ONE_TIME", arn)
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    trailcam.advance("PT10M")
    assert rule()[0] == "ACTIVE"
    summaries = cloudwatch.list_alarm_mute_rules(AlarmName="high", Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert [summary["AlarmMuteRuleArn"] for summary in summaries] == [arn]
    # There and back within the window: nobody is told.
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="x")
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="INSUFFICIENT_DATA", StateReason="x")
    trailcam.advance("PT9M")
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="x")
    report(cloudwatch, 99.0)
    assert messages() == []
    trailcam.advance("PT1M")
    (envelope,) = messages()
    message = json.loads(envelope["Message"])
    assert (message["NewStateValue"], message["ActionExecutedAfterMuteWindow"]) == ("ALARM", True)
    assert rule()[0] == "EXPIRED"
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="night")
    assert refused(cloudwatch.get_alarm_mute_rule, AlarmMuteRuleName="night")[0] == "ResourceNotFoundException"


def test_tags(cloudwatch):
    tags = [{"Key": "team", "Value": "a"}]
    put_alarm(cloudwatch, Tags=tags)
    put_alarm(cloudwatch, Tags=[{"Key": "ignored", "Value": "of alarms that there are"}])
    arn = alarm_arn("high")
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "cost", "Value": "1"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "cost", "Value": "1"}] + tags
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["cost"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN=alarm_arn("nothing"))[::2] == (
        "ResourceNotFoundException",
        404,
    )


@pytest.mark.parametrize(
    "settings, code, message",
    [
        ({"MetricName": None}, "ValidationError", "MetricName must not be null"),
        ({"Statistic": None}, None, "Exactly one of Statistic or ExtendedStatistic must be specified."),
        ({"Period": 5}, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 90}, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 300, "EvaluationPeriods": 289},
            "ValidationError",
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        (
            {"Period": 3600, "EvaluationPeriods": 169},
            "ValidationError",
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms"
            " using period >= 3600",
        ),
        (
            {"AlarmActions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"]},
            "ValidationError",
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
        ({"AlarmActions": ["notBreaching"]}, "ValidationError", "Invalid arn syntax: notBreaching"),
        (
            {"Metrics": [{"Id": "e1", "Expression": "1"}]},
            "ValidationError",
            "MetricName should not be set if list of Metrics is set.",
        ),
        ({"DatapointsToAlarm": 2}, "ValidationError", None),
        ({"TreatMissingData": "guess"}, "ValidationError", None),
        ({"AlarmActions": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"]}, "NotImplemented", None),
        (
            {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]},
            "ValidationError",
            "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an EC2 instance.",
        ),
        ({"ComparisonOperator": "LessThanLowerThreshold"}, None, None),
    ],
)
def test_what_put_metric_alarm_refuses(cloudwatch, settings, code, message):
    found = refused(lambda: put_alarm(cloudwatch, **settings))
    assert code in (None, found[0])
    assert message in (None, found[1])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_exactly_one_query_returns_data(cloudwatch):
    stat = {"Metric": {"Namespace": "App", "MetricName": "Load"}, "Period": 60, "Stat": "Sum"}
    rest = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    queries = [{"Id": "a", "MetricStat": stat}, {"Id": "b", "MetricStat": stat}]
    assert refused(cloudwatch.put_metric_alarm, AlarmName="q", Metrics=queries, **rest)[1] == (
        "Exactly one element of the metrics list should return data."
    )
    cloudwatch.put_metric_alarm(AlarmName="q", Metrics=queries[:1], **rest)
    found = alarm(cloudwatch, "q")
    assert found["Metrics"] == queries[:1]
    assert "MetricName" not in found


def query(id, name="Load", returned=False):
    stat = {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    return {"Id": id, "MetricStat": stat, "ReturnData": returned}


def test_an_alarm_on_an_expression(trailcam, cloudwatch, told):
    topic, messages = told
    queries = [query("errors", "Errors"), query("calls", "Calls"), {"Id": "rate", "Expression": "100 * errors / calls"}]
    cloudwatch.put_metric_alarm(
        AlarmName="rate",
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    report(cloudwatch, 1.0, "Errors")
    report(cloudwatch, 4.0, "Calls")
    trailcam.advance("PT1M")
    found = alarm(cloudwatch, "rate")
    assert (found["StateValue"], found["Metrics"]) == ("ALARM", queries)
    assert found["StateReason"] == (
        "Threshold Crossed: 1 datapoint [25.0 (15/01/26 10:00:00)] was greater than the threshold (10.0)."
    )
    assert "statistic" not in json.loads(found["StateReasonData"])
    trigger = json.loads(messages()[0]["Message"])["Trigger"]
    assert trigger["Metrics"][2] == {"Id": "rate", "Expression": "100 * errors / calls", "ReturnData": True}
    rest = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    for expression, message in [
        ("SEARCH('{App} Load', 'Sum', 60)", "SEARCH is not supported on Metric Alarms."),
        (
            "METRICS()",
            "The expression of an alarm must return a single time series, and ThresholdMetricId must name a band.",
        ),
    ]:
        listed = queries[:2] + [{"Id": "list", "Expression": expression}]
        assert refused(cloudwatch.put_metric_alarm, AlarmName="x", Metrics=listed, **rest)[1] == message


def test_an_alarm_on_a_band(trailcam, cloudwatch):
    """Values of 1 and 3 are expected to go on around 2, within two deviations: one, of a degree of freedom less."""
    data = [
        {"MetricName": "Load", "Value": 1.0 + 2 * (minute % 2), "Timestamp": at(-minute)} for minute in range(10, 30)
    ]
    cloudwatch.put_metric_data(Namespace="App", MetricData=data)
    cloudwatch.put_metric_alarm(
        AlarmName="band",
        Metrics=[query("m1", returned=True), {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"}],
        ThresholdMetricId="ad1",
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        ComparisonOperator="GreaterThanUpperThreshold",
    )
    report(cloudwatch, 9.0)
    trailcam.advance("PT1M")
    found = alarm(cloudwatch, "band")
    (upper,) = json.loads(found["StateReasonData"])["recentUpperThresholds"]
    assert upper == pytest.approx(2 + 2 * (20 / 19) ** 0.5)
    assert found["StateReason"] == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [9.0 (15/01/26 10:00:00)] was greater than the upper"
        f" thresholds [{upper}] (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert "Threshold" not in found


def test_the_clock_is_the_user_s_with_a_fast_cadence(start):
    """Evaluated every ten seconds, on what the minute has so far."""
    trailcam = start("--clock", START, "--cadence", "fast")
    cloudwatch = trailcam.client("cloudwatch")
    put_alarm(cloudwatch)
    report(cloudwatch, 50.0)
    trailcam.advance("PT10S")
    assert state(cloudwatch) == "ALARM"


def test_with_aws_cli(trailcam):
    aws = trailcam.aws
    arguments = "--metric-name Load --namespace App --statistic Sum --period 60 --evaluation-periods 1 --threshold 5"
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", "cli", *arguments.split(), "--comparison-operator",
        "GreaterThanOrEqualToThreshold")  # fmt: skip
    aws("cloudwatch", "put-composite-alarm", "--alarm-name", "both", "--alarm-rule", 'ALARM("cli") AND TRUE')
    aws("cloudwatch", "put-metric-data", "--namespace", "App", "--metric-name", "Load", "--value", "5")
    trailcam.advance("PT1M")
    found = aws("cloudwatch", "describe-alarms", "--alarm-types", "MetricAlarm", "CompositeAlarm")
    assert [found["MetricAlarms"][0]["StateValue"], found["CompositeAlarms"][0]["StateValue"]] == ["ALARM", "ALARM"]
    history = aws("cloudwatch", "describe-alarm-history", "--alarm-name", "cli", "--history-item-type", "StateUpdate")
    assert [item["HistorySummary"] for item in history["AlarmHistoryItems"]] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM"
    ]


def test_records_of_alarm_calls(trailcam, cloudwatch):
    put_alarm(cloudwatch)
    cloudwatch.delete_alarms(AlarmNames=["high"])
    put, deleted = trailcam.events(eventSource="monitoring.amazonaws.com")
    assert put["requestParameters"] == {
        "alarmName": "high",
        "metricName": "Load",
        "namespace": "App",
        "statistic": "Average",
        "period": 60,
        "evaluationPeriods": 1,
        "threshold": 21.0,
        "comparisonOperator": "GreaterThanThreshold",
    }
    assert (put["responseElements"], put["readOnly"], put["managementEvent"]) == (None, False, True)
    assert deleted["requestParameters"] == {"alarmNames": ["high"]}
