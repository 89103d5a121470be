"""Charges: what is spent and used becomes EstimatedCharges, and a billing alarm tells of them."""

import json

import pytest
import requests

from conftest import START
from test_service_metrics import points

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"


@pytest.fixture
def trailcam(start):
    """A trailcam whose clock stands still, and that evaluates alarms when AWS does."""
    return start("--clock", START, "--seed", "7", "--cadence", "aws")


def charges(trailcam, **dimensions):
    """Hours from the start of the test, and charges."""
    client = trailcam.client("cloudwatch", region="us-east-1")
    week = (-60, 8 * 24 * 60)
    found = points(client, "AWS/Billing", "EstimatedCharges", "Maximum", week, 3600, Currency="USD", **dimensions)
    return {minute / 60: charge for minute, charge in found.items()}


def bill(trailcam, **order):
    return trailcam.admin("POST", "billing", json=order)


def spend(trailcam, service, amount):
    return bill(trailcam, spend=[{"service": service, "amount": amount}])


def refusal(trailcam, **order):
    answer = requests.post(f"{trailcam.endpoint}/_trailcam/billing", json=order, timeout=60)
    assert answer.status_code == 400
    return answer.json()["error"]


def test_a_billing_alarm_mails(trailcam):
    """The walkthrough of AWS's documentation, with the real aws-cli."""
    topic = trailcam.aws("sns", "create-topic", "--name", "billing")["TopicArn"]
    trailcam.aws(
        *("sns", "subscribe", "--topic-arn", topic, "--protocol", "email"),
        *("--notification-endpoint", "me@example.com"),
    )
    requests.get(trailcam.admin("GET", "mailbox")["messages"][-1]["confirmationUrl"], timeout=60).raise_for_status()
    queue = ("--endpoint-url", trailcam.endpoint)
    url = trailcam.aws("sqs", "create-queue", "--queue-name", "billing", *queue)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:billing"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
    trailcam.aws("sqs", "set-queue-attributes", "--queue-url", url, "--attributes", policy, *queue)
    trailcam.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    trailcam.aws(
        *("cloudwatch", "put-metric-alarm", "--alarm-name", "bill", "--namespace", "AWS/Billing"),
        *("--metric-name", "EstimatedCharges", "--dimensions", "Name=Currency,Value=USD"),
        *("--statistic", "Maximum", "--period", "21600", "--evaluation-periods", "1", "--threshold", "50"),
        *("--comparison-operator", "GreaterThanThreshold", "--alarm-actions", topic, "--ok-actions", topic),
    )

    def state():
        (alarm,) = trailcam.aws("cloudwatch", "describe-alarms", "--alarm-names", "bill")["MetricAlarms"]
        return alarm["StateValue"], alarm["StateReason"]

    def messages():
        received = trailcam.aws("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10", *queue)
        for message in (received or {}).get("Messages", []):
            handle = ("--receipt-handle", message["ReceiptHandle"])
            trailcam.aws("sqs", "delete-message", "--queue-url", url, *handle, *queue)
            yield json.loads(json.loads(message["Body"])["Message"])

    spend(trailcam, "AmazonEC2", 20)
    # Charges are reported at twelve; until then nobody knows them.
    trailcam.advance("PT1H59M")
    assert state() == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    trailcam.advance("PT2M")
    reason = "Threshold Crossed: 1 datapoint [20.0 (15/01/26 06:01:00)] was not greater than the threshold (50.0)."
    assert state() == ("OK", reason)
    (message,) = messages()
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "OK")

    spend(trailcam, "AmazonEC2", 52.5)
    trailcam.advance("PT5H58M")
    assert state()[0] == "OK"
    trailcam.advance("PT2M")
    assert state()[0] == "ALARM"
    (message,) = messages()
    assert (message["OldStateValue"], message["NewStateValue"]) == ("OK", "ALARM")
    assert message["Trigger"]["Dimensions"] == [{"value": "USD", "name": "Currency"}]
    assert "[72.5 (15/01/26 " in message["NewStateReason"]
    letter = trailcam.admin("GET", "mailbox")["messages"][-1]
    assert letter["to"] == "me@example.com"
    assert letter["subject"] == 'ALARM: "bill" in US East (N. Virginia)'
    assert "72.5" in letter["body"]


def test_charges_add_up_until_the_month_is_over(trailcam):
    trailcam.admin("POST", "clock", json={"set": "2026-01-31T13:00:00Z"})
    spend(trailcam, "AmazonEC2", 10)
    statement = spend(trailcam, "AWSLambda", 1.255)
    assert (statement["month"], statement["nextReport"]) == ("2026-01", "2026-01-31T18:00:00Z")
    assert statement["estimatedCharges"] == 11.26
    trailcam.advance("PT6H")
    spend(trailcam, "AmazonEC2", 5)
    trailcam.advance("PT6H")
    # What is spent from midnight on is February's.
    spend(trailcam, "AmazonEC2", 2)
    trailcam.advance("PT6H")
    trailcam.admin("POST", "clock", json={"set": "2026-02-01T12:00:00Z"})
    client = trailcam.client("cloudwatch", region="us-east-1")

    def reported(**dimensions):
        answer = client.get_metric_statistics(
            Namespace="AWS/Billing",
            MetricName="EstimatedCharges",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime="2026-01-31T00:00:00Z",
            EndTime="2026-02-02T00:00:00Z",
            Period=3600,
            Statistics=["Maximum"],
        )
        assert all(point["Unit"] == "None" for point in answer["Datapoints"])
        return {f"{point['Timestamp']:%d %H}": point["Maximum"] for point in answer["Datapoints"]}

    assert reported(Currency="USD") == {"31 18": 11.26, "01 00": 16.26, "01 06": 2.0, "01 12": 2.0}
    ec2 = reported(ServiceName="AmazonEC2", Currency="USD")
    assert ec2 == {"31 18": 10.0, "01 00": 15.0, "01 06": 2.0, "01 12": 2.0}
    assert reported(ServiceName="AWSLambda", Currency="USD")["01 06"] == 0.0


def test_charges_are_worldwide_and_an_accounts_own(trailcam):
    other = "111122223333"
    spend(trailcam, "AmazonS3", 3)
    bill(trailcam, account=other, spend=[{"service": "AmazonS3", "amount": 4}])
    trailcam.advance("PT2H")
    assert charges(trailcam) == {2.0: 3.0}
    theirs = trailcam.client("cloudwatch", key=other)
    assert points(theirs, "AWS/Billing", "EstimatedCharges", "Maximum", (0, 180), Currency="USD") == {120: 4.0}
    assert trailcam.client("cloudwatch", region="eu-west-1").list_metrics(Namespace="AWS/Billing")["Metrics"] == []


def test_nothing_is_reported_unless_it_is_asked_for(trailcam):
    trailcam.client("sns").create_topic(Name="news")
    trailcam.advance("P1D")
    assert trailcam.client("cloudwatch").list_metrics(Namespace="AWS/Billing")["Metrics"] == []


def test_what_is_used_here_costs_what_it_costs_there(trailcam):
    bill(trailcam)
    ec2, s3, logs = trailcam.client("ec2", region="eu-west-1"), trailcam.client("s3"), trailcam.client("logs")
    image = ec2.describe_images()["Images"][0]
    kind = "t4g.micro" if image["Architecture"] == "arm64" else "t3.micro"
    ec2.run_instances(ImageId=image["ImageId"], InstanceType=kind, MinCount=2, MaxCount=2)
    s3.create_bucket(Bucket="full")
    for n in range(4):
        s3.put_object(Bucket="full", Key=f"{n}", Body=b"x" * (1 << 20))
    s3.get_object(Bucket="full", Key="0")
    s3.delete_object(Bucket="full", Key="3")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    stamp = 1768471200000
    logs.put_log_events(
        logGroupName="app", logStreamName="one", logEvents=[{"timestamp": stamp, "message": "x" * (1000 - 26)}] * 1000
    )
    sqs = trailcam.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    trailcam.client("cloudwatch").put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Value": 1}])
    trailcam.advance("PT10H")
    used = {
        (line["service"], usage["usageType"]): usage["quantity"]
        for line in bill(trailcam)["services"]
        for usage in line["usage"]
    }
    month = 31 * 24
    mebibyte = 1 / 1024
    # Two instances that took fifteen seconds to start, ten hours each.
    launched = used.pop(("AmazonEC2", f"BoxUsage:{kind}"))
    assert 20 - 2 * 15 / 3600 <= launched <= 20
    assert used[("AmazonS3", "Requests-Tier1")] == 5
    assert used[("AmazonS3", "Requests-Tier2")] == 1
    assert used[("AmazonS3", "TimedStorage-ByteHrs")] == pytest.approx(3 * mebibyte * 10 / month)
    assert used[("AWSQueueService", "Requests")] == 2
    assert used[("AmazonCloudWatch", "CW:Requests")] == 1
    assert used[("AmazonCloudWatch", "CW:MetricMonitorUsage")] == pytest.approx(1 / month)
    assert used[("AmazonCloudWatch", "DataProcessing-Bytes")] == pytest.approx(1_000_000 / 2**30)
    assert used[("AmazonCloudWatch", "TimedStorage-ByteHrs")] == pytest.approx(1_000_000 / 2**30 * 10 / month)
    price = {"t3.micro": 0.0104, "t4g.micro": 0.0084}[kind]
    assert charges(trailcam, ServiceName="AmazonEC2")[8.0] == pytest.approx(16 * price, abs=0.005)


def test_prices_can_be_set(trailcam):
    usage = {"service": "AmazonBedrock", "usageType": "Tokens", "quantity": 1000}
    assert refusal(trailcam, spend=[usage]) == "spend: Tokens of AmazonBedrock has no price; set one with prices"
    price = {"service": "AmazonBedrock", "usageType": "Tokens", "price": 0.003}
    assert bill(trailcam, prices=[price], spend=[usage])["estimatedCharges"] == 3.0
    price["price"] = 0.004
    assert bill(trailcam, prices=[price])["estimatedCharges"] == 4.0


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"account": "12"}, "account: expected twelve digits"),
        ({"spend": [{"service": "AmazonEC2"}]}, "spend: expected amount, or usageType and quantity"),
        (
            {"spend": [{"service": "AmazonEC2", "amount": 1, "usageType": "BoxUsage:t3.micro", "quantity": 1}]},
            "spend: expected amount, or usageType and quantity",
        ),
        ({"spend": [{"service": "AmazonEC2", "amount": -1}]}, "amount: expected a number from 0 to 1e12"),
        ({"spend": [{"service": "", "amount": 1}]}, "spend: expected a name of 1 to 255 ASCII characters"),
    ],
)
def test_orders_that_cannot_be(trailcam, order, sentence):
    good = {"service": "AmazonEC2", "amount": 1}
    assert refusal(trailcam, **order) == sentence
    # Of an order that cannot be, nothing is done.
    refusal(trailcam, spend=[good, *order.get("spend", [{"service": "x"}])])
    assert bill(trailcam)["services"] == []


def test_unknown_members_are_refused(trailcam):
    assert "unknown field `spent`" in refusal(trailcam, spent=[])
