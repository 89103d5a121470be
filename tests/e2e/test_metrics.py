"""Metrics: data points come in, statistics come out, with boto3 on each protocol and with aws-cli."""

import datetime
import gzip
import json

import boto3
import botocore.loaders
import pytest
import requests

from conftest import refused
from test_protocols import SIGNED

START = datetime.datetime(2026, 1, 15, 10, tzinfo=datetime.timezone.utc)


def at(minutes=0, seconds=0):
    return START + datetime.timedelta(minutes=minutes, seconds=seconds)


@pytest.fixture(params=["smithy-rpc-v2-cbor", "json", "query"])
def cloudwatch(trailcam, request, monkeypatch):
    """A client that speaks one protocol: botocore takes the first that the service's model lists."""
    load = botocore.loaders.Loader.load_service_model

    def load_with_one_protocol(self, service, *arguments, **more):
        model = load(self, service, *arguments, **more)
        if "metadata" not in model:
            return model
        return model | {"metadata": model["metadata"] | {"protocol": request.param, "protocols": [request.param]}}

    monkeypatch.setattr(botocore.loaders.Loader, "load_service_model", load_with_one_protocol)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return trailcam.client("cloudwatch", parameter_validation=False)


def datum(value=None, name="Latency", **more):
    return {"MetricName": name} | ({} if value is None else {"Value": value}) | more


def statistics(client, name="Latency", start=at(), end=at(10), period=60, **more):
    if "ExtendedStatistics" not in more:
        more.setdefault("Statistics", ["SampleCount", "Average", "Sum", "Minimum", "Maximum"])
    answer = client.get_metric_statistics(
        Namespace="App", MetricName=name, StartTime=start, EndTime=end, Period=period, **more
    )
    assert answer["Label"] == name
    return sorted(answer["Datapoints"], key=lambda point: (point["Timestamp"], point["Unit"]))


def test_values_in_all_forms(cloudwatch):
    cloudwatch.put_metric_data(
        Namespace="App",
        MetricData=[
            datum(4.0, Timestamp=at(seconds=5), Unit="Seconds"),
            datum(Values=[1.0, 2.5], Counts=[2.0, 3.0], Timestamp=at(seconds=59), Unit="Seconds"),
            datum(
                StatisticValues={"SampleCount": 4.0, "Sum": 40.0, "Minimum": 5.0, "Maximum": 20.0},
                Timestamp=at(1),
                Unit="Seconds",
            ),
        ],
    )
    first, second = statistics(cloudwatch)
    assert first == {
        "Timestamp": at(),
        "SampleCount": 6.0,
        "Sum": 13.5,
        "Average": 2.25,
        "Minimum": 1.0,
        "Maximum": 4.0,
        "Unit": "Seconds",
    }
    assert (second["Timestamp"], second["Average"], second["Maximum"]) == (at(1), 10.0, 20.0)
    (extended, *rest) = statistics(cloudwatch, ExtendedStatistics=["p50", "tm80", "PR(:2)"])
    # Of a statistic set, percentiles cannot be told.
    assert rest == []
    assert extended["ExtendedStatistics"] == {"p50": 2.5, "tm80": (2 + 7.5) / 5, "PR(:2)": pytest.approx(100 * 2 / 6)}
    (whole,) = statistics(cloudwatch, period=600)
    assert (whole["SampleCount"], whole["Sum"], whole["Maximum"]) == (10.0, 53.5, 20.0)


def test_units_stay_apart(cloudwatch):
    units = [("Seconds", 1.0), ("Count", 5.0), (None, 10.0)]
    cloudwatch.put_metric_data(
        Namespace="App", MetricData=[datum(value) | ({"Unit": unit} if unit else {}) for unit, value in units]
    )
    found = [(point["Unit"], point["Sum"]) for point in statistics(cloudwatch)]
    assert found == [("Count", 5.0), ("None", 10.0), ("Seconds", 1.0)]
    assert [point["Sum"] for point in statistics(cloudwatch, Unit="Seconds")] == [1.0]
    assert statistics(cloudwatch, Unit="Bytes") == []


def test_metrics_are_listed(cloudwatch):
    dimensions = [{"Name": "Stage", "Value": "live"}, {"Name": "Host", "Value": "a"}]
    cloudwatch.put_metric_data(
        Namespace="App", MetricData=[datum(1, Dimensions=dimensions), datum(1, "Errors"), datum(1)]
    )
    cloudwatch.put_metric_data(Namespace="Other", MetricData=[datum(1)])

    def listed(**filters):
        answer = cloudwatch.list_metrics(**filters)
        return [(m["Namespace"], m["MetricName"], len(m["Dimensions"])) for m in answer["Metrics"]]

    assert listed() == [("App", "Errors", 0), ("App", "Latency", 0), ("App", "Latency", 2), ("Other", "Latency", 0)]
    assert listed(Namespace="App", MetricName="Latency", Dimensions=[{"Name": "Host"}]) == [("App", "Latency", 2)]
    assert listed(Dimensions=[{"Name": "Host", "Value": "b"}]) == []
    answer = cloudwatch.list_metrics(Namespace="Other", IncludeLinkedAccounts=True)
    assert answer["OwningAccounts"] == ["000000000000"]


def test_refusals_are_the_same_on_each_protocol(cloudwatch):
    put = cloudwatch.put_metric_data
    for data, code, message in [
        ([], "MissingParameter", "The parameter MetricData is required."),
        (
            [datum(1, Timestamp=at(-20161))] * 2,
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.\n"
            "The parameter MetricData.member.2.Timestamp must specify a time within the past two weeks.",
        ),
        (
            [datum(1, Timestamp=at(121))],
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.",
        ),
        (
            [datum(float("nan"))],
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            [datum(1, Values=[1.0])],
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you "
            "have specified both.",
        ),
        (
            [datum(1, StorageResolution=300)],
            "InvalidParameterValue",
            "The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ].",
        ),
        (
            [datum(Values=[1.0], Counts=[1.0, 2.0])],
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        ),
    ]:
        assert refused(put, Namespace="App", MetricData=data) == (code, message, 400)
    assert refused(put, Namespace="AWS/EC2", MetricData=[datum(1)]) == (
        "InvalidParameterValue",
        "The value AWS/EC2 for parameter Namespace is invalid.",
        400,
    )
    assert cloudwatch.list_metrics()["Metrics"] == []

    def get(**more):
        arguments = {"Namespace": "App", "MetricName": "m", "StartTime": at(-60), "EndTime": at(), "Period": 60}
        arguments |= {} if "ExtendedStatistics" in more else {"Statistics": ["Sum"]}
        return refused(cloudwatch.get_metric_statistics, **arguments | more)

    assert get(StartTime=at(-1442)) == (
        "InvalidParameterCombination",
        "You have requested up to 1442 datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
        400,
    )
    assert get(EndTime=at(-60))[1] == "The parameter StartTime must not equal parameter EndTime."
    assert get(EndTime=at(-61))[1] == "The parameter StartTime must be less than the parameter EndTime."
    assert get(Period=90)[0] == "InvalidParameterValue"
    assert get(ExtendedStatistics=["x1"]) == (
        "InvalidParameterValue",
        "The value x1 for parameter ExtendedStatistics.member.1 is not a valid statistic.",
        400,
    )


def test_compressed_bodies(trailcam, cloudwatch):
    """Botocore compresses bodies of this operation from 10 KiB on."""
    data = [datum(Values=[float(n) for n in range(150)], name=f"m{n}") for n in range(20)]
    cloudwatch.put_metric_data(Namespace="App", MetricData=data)
    assert len(cloudwatch.list_metrics()["Metrics"]) == 20
    headers = {
        "authorization": SIGNED.format("monitoring"),
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "GraniteServiceVersion20100801.PutMetricData",
        "content-encoding": "gzip",
    }
    body = json.dumps({"Namespace": "Zipped", "MetricData": [datum(1)]}).encode()
    send = lambda body: requests.post(trailcam.endpoint, data=body, headers=headers, timeout=20)
    assert send(gzip.compress(body)).status_code == 200
    assert send(body).status_code == 400
    assert len(cloudwatch.list_metrics(Namespace="Zipped")["Metrics"]) == 1


def test_high_resolution_and_roll_up(trailcam):
    client = trailcam.client("cloudwatch")
    data = [datum(float(n), Timestamp=at(seconds=n), StorageResolution=1) for n in range(120)]
    client.put_metric_data(Namespace="App", MetricData=data)
    assert len(statistics(client, period=1)) == 120
    assert [point["Sum"] for point in statistics(client, period=60)] == [sum(range(60)), sum(range(60, 120))]
    ten = statistics(client, period=10)
    assert [point["Timestamp"] for point in ten] == [at(seconds=10 * n) for n in range(12)]
    # "Data points with a period of less than 60 seconds are available for 3 hours."
    trailcam.advance("PT3H3M")
    assert statistics(client, period=10) == []
    assert len(statistics(client, period=60)) == 2
    # "1-minute … for 15 days, 5-minute for 63 days, 1-hour for 455 days"
    for days, periods in [(15, (60, 300)), (48, (300, 3600)), (393, (3600, None))]:
        trailcam.advance(f"P{days}DT1H")
        gone, left = periods
        assert statistics(client, start=at(), end=at(60), period=gone) == []
        if left:
            (point,) = statistics(client, start=at(), end=at(60), period=left)
            assert (point["SampleCount"], point["Sum"], point["Maximum"]) == (120.0, sum(range(120)), 119.0)


def test_listings_forget_after_two_weeks(trailcam):
    client = trailcam.client("cloudwatch")
    client.put_metric_data(Namespace="App", MetricData=[datum(1, f"m{n:04}") for n in range(600)])
    first = client.list_metrics()
    second = client.list_metrics(NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(second["Metrics"])) == (500, 100)
    assert "NextToken" not in second
    assert len(client.list_metrics(RecentlyActive="PT3H")["Metrics"]) == 500
    trailcam.advance("PT3H1S")
    assert client.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    trailcam.advance("P14D")
    assert client.list_metrics()["Metrics"] == []
    assert len(statistics(client, "m0001", period=300)) == 1


def test_entities(trailcam):
    client = trailcam.client("cloudwatch")
    entity = {"KeyAttributes": {"Type": "Service", "Name": "api", "Environment": "ec2:default"}}

    def put(entity, **more):
        return client.put_metric_data(
            Namespace="App", EntityMetricData=[{"Entity": entity, "MetricData": [datum(1)]}], **more
        )

    def count():
        return sum(point["SampleCount"] for point in statistics(client))

    assert refused(put, entity=entity)[1] == "The parameter StrictEntityValidation is required."
    assert "x-amzn-failure-message" not in put(entity, StrictEntityValidation=True)["ResponseMetadata"]["HTTPHeaders"]
    assert count() == 1
    for attributes, flaw in [
        ({"Type": "Service", "Name": "api"}, "MissingRequiredFields"),
        ({"Type": "Thing", "Name": "api"}, "InvalidTypeValue"),
        ({"Type": "Service", "Colour": "red"}, "InvalidKeyAttributes"),
    ]:
        wrong = {"KeyAttributes": attributes}
        assert refused(put, entity=wrong, StrictEntityValidation=True)[0] == "InvalidParameterValue"
        answer = put(wrong, StrictEntityValidation=False)
        assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-failure-message"] == flaw
    assert count() == 4


def test_records_tell_of_metrics_but_not_of_values(trailcam):
    client = trailcam.client("cloudwatch")
    dimensions = [{"Name": "TestDimName", "Value": "TestDimValue"}]
    client.put_metric_data(Namespace="Tests", MetricData=[datum(7, "TestMetric", Dimensions=dimensions)])
    (record,) = trailcam.events(eventName="PutMetricData")
    assert record["requestParameters"] == {
        "namespace": "Tests",
        "metricData": [{"metricName": "TestMetric", "dimensions": [{"name": "TestDimName", "value": "TestDimValue"}]}],
    }
    assert record["resources"] == [{"type": "AWS::CloudWatch::Metric"}]
    assert (record["eventCategory"], record["managementEvent"], record["readOnly"]) == ("Data", False, False)
    assert record["responseElements"] is None


def test_aws_cli(trailcam):
    trailcam.aws(
        *("cloudwatch", "put-metric-data", "--namespace", "App", "--metric-name", "Latency", "--value", "2.5"),
        *("--unit", "Seconds", "--dimensions", "Stage=live,Host=a", "--timestamp", "2026-01-15T09:59:30Z"),
    )
    answer = trailcam.aws(
        *("cloudwatch", "get-metric-statistics", "--namespace", "App", "--metric-name", "Latency"),
        *("--dimensions", "Name=Host,Value=a", "Name=Stage,Value=live", "--period", "300", "--statistics", "Average"),
        *("--start-time", "2026-01-15T09:55:00Z", "--end-time", "2026-01-15T10:00:00Z"),
    )
    (point,) = answer["Datapoints"]
    # Version 1 shows times as they came, which CBOR writes as numbers.
    assert (point["Average"], point["Unit"]) == (2.5, "Seconds")
    assert point["Timestamp"] in (at(-5).timestamp(), "2026-01-15T09:55:00+00:00", "2026-01-15T09:55:00Z")
    (metric,) = trailcam.aws("cloudwatch", "list-metrics", "--namespace", "App")["Metrics"]
    assert metric["Dimensions"] == [{"Name": "Host", "Value": "a"}, {"Name": "Stage", "Value": "live"}]
