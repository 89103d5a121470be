"""Alarms that stop, terminate, reboot and recover instances."""

import datetime
import json

import pytest

from conftest import START, refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
BEGIN = datetime.datetime.fromisoformat(START)


def automate(deed):
    return f"arn:aws:automate:us-east-1:ec2:{deed}"


def swf(deed):
    return f"arn:aws:swf:us-east-1:{ACCOUNT}:action/actions/AWS_EC2.InstanceId.{deed}/1.0"


@pytest.fixture
def trailcam(start):
    return start("--clock", START, "--seed", "7", "--cadence", "aws")


@pytest.fixture
def cloudwatch(trailcam):
    return trailcam.client("cloudwatch")


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


def launch(trailcam, ec2, count=1):
    """Instances that run."""
    (image, *_) = ec2.describe_images(Owners=["amazon"])["Images"]
    launched = ec2.run_instances(ImageId=image["ImageId"], InstanceType="t3.micro", MinCount=count, MaxCount=count)
    trailcam.advance("PT1M")
    return [instance["InstanceId"] for instance in launched["Instances"]]


def put_alarm(client, instance, *actions, **settings):
    defaults = {
        "AlarmName": "idle",
        "Namespace": "App",
        "MetricName": "Busy",
        "Dimensions": [{"Name": "InstanceId", "Value": instance}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 10.0,
        "ComparisonOperator": "LessThanThreshold",
        "AlarmActions": list(actions),
    }
    settings = {key: value for key, value in (defaults | settings).items() if value is not None}
    client.put_metric_alarm(**settings)


def report(client, instance, value):
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    data = [{"MetricName": "Busy", "Dimensions": dimensions, "Value": float(value)}]
    client.put_metric_data(Namespace="App", MetricData=data)


def state(ec2, instance):
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return reservation["Instances"][0]["State"]["Name"]


def actions(client):
    items = client.describe_alarm_history(AlarmName="idle", HistoryItemType="Action")["AlarmHistoryItems"]
    return [item["HistorySummary"] for item in items]


@pytest.mark.parametrize(
    "action, states",
    [
        (automate("stop"), ("stopping", "stopped")),
        (swf("Stop"), ("stopping", "stopped")),
        (automate("terminate"), ("shutting-down", "terminated")),
        (swf("Terminate"), ("shutting-down", "terminated")),
        (automate("reboot"), ("running", "running")),
        (swf("Reboot"), ("running", "running")),
    ],
)
def test_an_idle_instance(trailcam, cloudwatch, ec2, action, states):
    (instance,) = launch(trailcam, ec2)
    put_alarm(cloudwatch, instance, action)
    report(cloudwatch, instance, 1)
    trailcam.advance("PT1M")
    before = state(ec2, instance)
    assert actions(cloudwatch) == [f"Successfully executed action {action}"]
    trailcam.advance("PT1M")
    assert (before, state(ec2, instance)) == states


def test_what_trails_tell(trailcam, cloudwatch, ec2):
    """The role is made for the caller, and taken on for the alarm."""
    (instance,) = launch(trailcam, ec2)
    put_alarm(cloudwatch, instance, automate("stop"))
    role = trailcam.client("iam").get_role(RoleName="AWSServiceRoleForCloudWatchEvents")["Role"]
    assert role["Path"] == "/aws-service-role/events.amazonaws.com/"
    (made,) = trailcam.events(eventName="CreateServiceLinkedRole")
    assert made["requestParameters"] == {"aWSServiceName": "events.amazonaws.com"}
    assert made["userIdentity"]["type"] == "IAMUser"
    # One role is enough.
    put_alarm(cloudwatch, instance, automate("reboot"), AlarmName="other")
    assert len(trailcam.events(eventName="CreateServiceLinkedRole")) == 1
    report(cloudwatch, instance, 1)
    trailcam.advance("PT1M")
    (stopped,) = trailcam.events(eventName="StopInstances")
    identity = stopped["userIdentity"]
    assert (identity["type"], identity["invokedBy"]) == ("AssumedRole", "events.amazonaws.com")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role["Arn"]
    assert stopped["sourceIPAddress"] == stopped["userAgent"] == "events.amazonaws.com"
    assert stopped["requestParameters"]["instancesSet"] == {"items": [{"instanceId": instance}]}
    (change,) = stopped["responseElements"]["instancesSet"]["items"]
    assert change["currentState"] == {"code": 64, "name": "stopping"}


def test_a_protected_instance(trailcam, cloudwatch, ec2):
    (instance,) = launch(trailcam, ec2)
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    put_alarm(cloudwatch, instance, automate("terminate"))
    report(cloudwatch, instance, 1)
    trailcam.advance("PT1M")
    (summary,) = actions(cloudwatch)
    assert summary.startswith(f"Failed to execute action {automate('terminate')}. Received error: ")
    assert "disableApiTermination" in summary
    assert state(ec2, instance) == "running"


def test_the_role_is_gone(trailcam, cloudwatch, ec2):
    (instance,) = launch(trailcam, ec2)
    put_alarm(cloudwatch, instance, automate("stop"))
    trailcam.client("iam").delete_service_linked_role(RoleName="AWSServiceRoleForCloudWatchEvents")
    report(cloudwatch, instance, 1)
    trailcam.advance("PT1M")
    (summary,) = actions(cloudwatch)
    assert summary.startswith("Failed to execute action")
    assert state(ec2, instance) == "running"


def test_recovery(trailcam, cloudwatch, ec2):
    (instance,) = launch(trailcam, ec2)
    check = {"Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed_System"}
    put_alarm(cloudwatch, instance, automate("recover"), **check)
    cloudwatch.set_alarm_state(AlarmName="idle", StateValue="ALARM", StateReason="a drill")
    assert actions(cloudwatch) == [f"Successfully executed action {automate('recover')}"]
    assert state(ec2, instance) == "running"
    # It needs no role.
    assert trailcam.events(eventName="CreateServiceLinkedRole") == []
    # What does not run cannot be recovered.
    ec2.stop_instances(InstanceIds=[instance])
    cloudwatch.set_alarm_state(AlarmName="idle", StateValue="OK", StateReason="a drill")
    cloudwatch.set_alarm_state(AlarmName="idle", StateValue="ALARM", StateReason="a drill")
    assert actions(cloudwatch)[0].startswith(f"Failed to execute action {automate('recover')}")


def test_contributors_act_on_their_own_instances(trailcam, cloudwatch, ec2):
    idle, busy = launch(trailcam, ec2, 2)
    query = "SELECT AVG(Busy) FROM App GROUP BY InstanceId ORDER BY AVG() ASC"
    nothing = dict.fromkeys(["Namespace", "MetricName", "Dimensions", "Statistic", "Period"])
    metrics = [{"Id": "q1", "Expression": query, "Period": 60, "ReturnData": True}]
    put_alarm(cloudwatch, None, automate("stop"), Metrics=metrics, **nothing)
    report(cloudwatch, idle, 1)
    report(cloudwatch, busy, 90)
    trailcam.advance("PT1M")
    assert (state(ec2, idle), state(ec2, busy)) == ("stopping", "running")
    items = cloudwatch.describe_alarm_history(AlarmName="idle", HistoryItemType="AlarmContributorAction")
    (item,) = items["AlarmHistoryItems"]
    assert item["AlarmContributorAttributes"] == {"InstanceId": idle}
    assert json.loads(item["HistoryData"])["actionState"] == "Succeeded"


def test_what_is_refused(trailcam, cloudwatch, ec2):
    (instance,) = launch(trailcam, ec2)
    nowhere = "i-0123456789abcdef0"
    unlike = "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an EC2 instance."
    only = "Invalid use of EC2 'Recover' action. It can only be used with the StatusCheckFailed_System metric."
    elsewhere = automate("recover").replace("us-east-1", "us-west-2")
    for named, action, settings, message in [
        (instance, automate("stop"), {"Dimensions": None}, unlike),
        (nowhere, automate("recover"), {}, f"Invalid use of EC2 'Recover' action. {nowhere} is not a valid EC2 instance."),
        (nowhere, automate("stop"), {}, f"Invalid use of EC2 'Stop' action. {nowhere} is not a valid EC2 instance."),
        (instance, automate("recover"), {}, only),
        (instance, elsewhere, {}, "Invalid region us-west-2 specified. Only us-east-1 is supported."),
    ]:
        found = refused(lambda: put_alarm(cloudwatch, named, action, **settings))  # noqa: B023
        assert found[:2] == ("ValidationError", message)
    assert refused(lambda: put_alarm(cloudwatch, instance, automate("start")))[0] == "NotImplemented"
    put_alarm(cloudwatch, instance, automate("stop"))
    rule = {"AlarmName": "both", "AlarmRule": 'ALARM("idle")', "AlarmActions": [automate("stop")]}
    assert refused(cloudwatch.put_composite_alarm, **rule)[0] == "ValidationError"
    assert trailcam.client("iam").get_role(RoleName="AWSServiceRoleForCloudWatchEvents")
