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

pytestmark = pytest.mark.usefixtures("user")

START = datetime.datetime(2026, 1, 15, 10, tzinfo=datetime.timezone.utc)


def at(minutes=0, seconds=0):
    return START + datetime.timedelta(minutes=minutes, seconds=seconds)


@pytest.fixture(params=["smithy-rpc-v2-cbor", "json", "query"])
def cloudwatch(trailcam, request, monkeypatch):
    """A client that speaks one protocol: botocore takes the first that the service's model lists."""
    load = botocore.loaders.Loader.load_service_model

    def load_with_one_protocol(self, service, *arguments, **more):
        model = load(self, service, *arguments, **more)
        if service != "cloudwatch" or "metadata" not in model:
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
        metrics = cloudwatch.list_metrics(**filters)["Metrics"]
        # Calls of CloudWatch are counted, too.
        answer = {"Metrics": [metric for metric in metrics if not metric["Namespace"].startswith("AWS/")]}
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
    assert cloudwatch.list_metrics(Namespace="App")["Metrics"] == []

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
    assert len(cloudwatch.list_metrics(Namespace="App")["Metrics"]) == 20
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
    first = client.list_metrics(Namespace="App")
    second = client.list_metrics(Namespace="App", NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(second["Metrics"])) == (500, 100)
    assert "NextToken" not in second
    assert len(client.list_metrics(Namespace="App", RecentlyActive="PT3H")["Metrics"]) == 500
    trailcam.advance("PT3H1S")
    assert client.list_metrics(Namespace="App", RecentlyActive="PT3H")["Metrics"] == []
    trailcam.advance("P14D")
    assert client.list_metrics(Namespace="App")["Metrics"] == []
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
    client.list_metrics()
    (listing,) = trailcam.events(eventName="ListMetrics")
    assert (listing["resources"], listing["eventCategory"]) == (record["resources"], "Data")
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


def stat(id, name="Errors", function=None, period=60, statistic="Sum", **more):
    dimensions = [{"Name": "FunctionName", "Value": function}] if function else []
    metric = {"Namespace": "App", "MetricName": name, "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}} | more


@pytest.fixture
def busy(cloudwatch):
    """Ten minutes of errors and calls of two functions."""
    data = [
        datum(value * (minute + 1), name, Timestamp=at(minute - 10), Dimensions=[{"Name": "FunctionName", "Value": function}])
        for minute in range(10)
        for function, errors in [("one", 1.0), ("two", 2.0)]
        for name, value in [("Errors", errors), ("Calls", 10.0)]
    ]
    cloudwatch.put_metric_data(Namespace="App", MetricData=data)
    return cloudwatch


def results(client, *queries, **more):
    arguments = {"StartTime": at(-10), "EndTime": at()} | more
    return client.get_metric_data(MetricDataQueries=list(queries), **arguments)


def test_metrics_math_and_queries_in_one_call(busy):
    answer = results(
        busy,
        stat("m1", function="one"),
        stat("m2", "Calls", "one", ReturnData=False),
        {"Id": "rate", "Expression": "100 * m1 / m2", "Label": "rate ${LAST}"},
        {"Id": "found", "Expression": "SORT(SEARCH('{App,FunctionName} Errors', 'Sum', 300), SUM, DESC)"},
        {"Id": "q", "Expression": "SELECT SUM(Errors) FROM App GROUP BY FunctionName", "Period": 600},
        ScanBy="TimestampAscending",
    )
    assert answer["Messages"] == []
    found = [(r["Id"], r["Label"], r["Values"], r["StatusCode"]) for r in answer["MetricDataResults"]]
    assert found == [
        ("m1", "Errors", [float(n) for n in range(1, 11)], "Complete"),
        ("rate", "rate 10", [10.0] * 10, "Complete"),
        ("found", "two", [30.0, 80.0], "Complete"),
        ("found", "one", [15.0, 40.0], "Complete"),
        ("q", "one", [55.0], "Complete"),
        ("q", "two", [110.0], "Complete"),
    ]
    assert answer["MetricDataResults"][0]["Timestamps"] == [at(n - 10) for n in range(10)]


def test_newest_first_and_in_pages(busy):
    queries = [stat("m1", function="one"), stat("m2", function="two")]
    pages = list(
        busy.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=at(-10), EndTime=at(), MaxDatapoints=7
        )
    )
    shapes = [[(r["Id"], len(r["Values"]), r["StatusCode"]) for r in page["MetricDataResults"]] for page in pages]
    assert shapes == [
        [("m1", 7, "PartialData")],
        [("m1", 3, "Complete"), ("m2", 4, "PartialData")],
        [("m2", 6, "Complete")],
    ]
    values = [value for page in pages for result in page["MetricDataResults"] for value in result["Values"]]
    assert values == [float(n) for n in range(10, 0, -1)] + [2.0 * n for n in range(10, 0, -1)]


def test_one_of_several_units(cloudwatch):
    for unit, value in [("Milliseconds", 60000.0), ("Seconds", 60.0), ("Seconds", 60.0)]:
        cloudwatch.put_metric_data(Namespace="App", MetricData=[datum(value, "Errors", Unit=unit)])
    (result,) = results(cloudwatch, stat("m1"), StartTime=at(), EndTime=at(1))["MetricDataResults"]
    assert result["Values"] == [60000.0]
    assert result["Messages"] == [
        {"Code": "MultipleUnits", "Value": "Multiple units returned: '[Milliseconds, Seconds]'"}
    ]


def test_data_that_cannot_be_asked_for(cloudwatch):
    def get(*queries, **more):
        return refused(lambda: results(cloudwatch, *queries, **more))

    e1 = lambda text, **more: {"Id": "e1", "Expression": text} | more
    for queries, code, message in [
        ([stat("m1", statistic="Most")], "ValidationError",
         "The value Most for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic."),
        ([stat("M")], "ValidationError",
         "The value M for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."),
        ([e1("NOPE(1)")], "ValidationError", "Error in expression 'e1': Function 'NOPE' not found at character 1"),
        ([e1("SELECT SUM(Errors) FROM App WHERE a < 'b'", Period=60)], "ValidationError",
         "Error in expression 'e1': Invalid syntax at character 37, where = or != is expected"),
    ]:  # fmt: skip
        assert get(*queries) == (code, message, 400)
    assert get(e1("SERVICE_QUOTA(m1)"), stat("m1"))[::2] == ("NotImplemented", 501)
    assert get(stat("m1"), EndTime=at(-10))[:2] == (
        "ValidationError",
        "The parameter StartTime must not equal parameter EndTime.",
    )
    assert get(stat("m1"), EndTime=at(-11))[:2] == (
        "ValidationError",
        "The parameter EndTime must be greater than StartTime.",
    )
    assert get(stat("m1"), NextToken="?")[0] == "InvalidNextToken"
    # Expressions may make points where there are none: not without end.
    assert get(e1("TIME_SERIES(1)", Period=1), StartTime=at(-3000))[:2] == (
        "ValidationError",
        "You have requested up to 180000 datapoints, which exceeds the limit of 100800. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
    )


def test_percentiles_are_those_of_numpy(trailcam):
    """Up to a thousand different values of a minute are kept apart; of more, percentiles are right to half a percent."""
    numpy = pytest.importorskip("numpy")
    client = trailcam.client("cloudwatch")
    random = numpy.random.default_rng(7)
    for name, values in [("few", random.exponential(50, 600)), ("many", random.lognormal(3, 1, 20_003))]:
        for part in numpy.array_split(values, len(values) // 100):
            client.put_metric_data(Namespace="App", MetricData=[datum(name=name, Values=[float(v) for v in part])])
        asked = ["p0", "p1", "p25", "p50", "p90", "p99", "p99.9", "p100"]
        (point,) = statistics(client, name, ExtendedStatistics=asked)
        for text in asked:
            wanted = numpy.percentile(values, float(text[1:]), method="inverted_cdf")
            exact = pytest.approx(wanted, rel=1e-12 if name == "few" else 0.005)
            assert point["ExtendedStatistics"][text] == exact, (name, text)
        ordered = numpy.sort(values)
        (point,) = statistics(client, name, ExtendedStatistics=["tm90", "TM(10%:90%)", "tc90", "IQM", "PR(:50)"])
        count, rel = len(values), 1e-9 if name == "few" else 0.005
        found = point["ExtendedStatistics"]
        assert found["tm90"] == pytest.approx(ordered[: count * 9 // 10].mean(), rel=rel)
        assert found["TM(10%:90%)"] == pytest.approx(ordered[count // 10 : count * 9 // 10].mean(), rel=rel)
        assert found["IQM"] == pytest.approx(ordered[count // 4 : count * 3 // 4].mean(), rel=rel)
        assert found["tc90"] == -(-count * 9 // 10)
        assert found["PR(:50)"] == pytest.approx(100 * (values <= 50).mean(), rel=1e-9 if name == "few" else 0.01)


def test_aws_cli_gets_data(trailcam):
    trailcam.aws("cloudwatch", "put-metric-data", "--namespace", "App", "--metric-name", "Errors", "--value", "4")
    queries = [stat("m1", ReturnData=False), {"Id": "e1", "Expression": "m1 * 2", "Label": "double"}]
    answer = trailcam.aws(
        *("cloudwatch", "get-metric-data", "--metric-data-queries", json.dumps(queries)),
        *("--start-time", "2026-01-15T10:00:00Z", "--end-time", "2026-01-15T10:05:00Z"),
    )
    (result,) = answer["MetricDataResults"]
    assert (result["Label"], result["Values"]) == ("double", [8.0])
