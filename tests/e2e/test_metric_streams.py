"""Metric streams: metrics that come to a bucket behind Firehose, as JSON and as OpenTelemetry."""

import datetime
import json

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from conftest import START, refused
from test_service_metrics import points

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
FIREHOSE = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/lake"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/streamer"
ARN = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:metric-stream/all"
BEGIN = datetime.datetime.fromisoformat(START)
SECOND = int(BEGIN.timestamp())


def make_role(trailcam, name, service):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    trailcam.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)


@pytest.fixture
def lake(trailcam):
    """A Firehose stream that writes to a bucket each minute, and a role that lets metric streams put records."""
    make_role(trailcam, "writer", "firehose.amazonaws.com")
    make_role(trailcam, "streamer", "streams.metrics.cloudwatch.amazonaws.com")
    trailcam.client("s3").create_bucket(Bucket="lake")
    trailcam.client("firehose").create_delivery_stream(
        DeliveryStreamName="lake",
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/writer",
            "BucketARN": "arn:aws:s3:::lake",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
        },
    )

    def content():
        trailcam.admin("POST", "flush")
        files = sorted(path for path in (trailcam.data_dir / "s3" / "lake").rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in files)

    return content


@pytest.fixture
def cloudwatch(trailcam, lake):
    return trailcam.client("cloudwatch")


def put(client, name="all", **settings):
    settings = {"FirehoseArn": FIREHOSE, "RoleArn": ROLE, "OutputFormat": "json"} | settings
    return client.put_metric_stream(Name=name, **settings)["Arn"]


def report(client, *values, name="Load", namespace="App", minute=0, **more):
    stamp = BEGIN + datetime.timedelta(minutes=minute)
    datum = {"MetricName": name, "Values": list(values), "Timestamp": stamp} | more
    client.put_metric_data(Namespace=namespace, MetricData=[datum])


def lines(content, namespace="App"):
    found = [json.loads(line) for line in content.decode().splitlines()]
    return [line for line in found if line["namespace"] == namespace]


def test_minutes_come_as_lines_of_json(trailcam, cloudwatch, lake):
    assert put(cloudwatch) == ARN
    dimensions = [{"Name": "Host", "Value": "a"}]
    report(cloudwatch, 1, 2.5, 7, Unit="Seconds", Dimensions=dimensions)
    trailcam.advance("PT59S")
    assert lake() == b""
    trailcam.advance("PT1S")
    assert lines(lake()) == [
        {
            "metric_stream_name": "all",
            "account_id": ACCOUNT,
            "region": "us-east-1",
            "namespace": "App",
            "metric_name": "Load",
            "dimensions": {"Host": "a"},
            "timestamp": SECOND * 1000,
            "value": {"max": 7.0, "min": 1.0, "sum": 10.5, "count": 3.0},
            "unit": "Seconds",
        }
    ]
    # Metrics of AWS's own come too, those of the stream among them.
    trailcam.advance("PT2M")
    namespaces = {line["namespace"] for line in map(json.loads, lake().decode().splitlines())}
    assert namespaces >= {"App", "AWS/Usage", "AWS/Firehose", "AWS/CloudWatch/MetricStreams"}
    assert len(lines(lake())) == 1


def test_filters_by_namespace_and_name(trailcam, cloudwatch, lake):
    only = [{"Namespace": "App", "MetricNames": ["Load"]}, {"Namespace": "Other"}]
    put(cloudwatch, "only", IncludeFilters=only)
    put(cloudwatch, "without", ExcludeFilters=[*only, {"Namespace": "AWS/Usage"}, {"Namespace": "AWS/Firehose"}])
    for namespace, name in [("App", "Load"), ("App", "Rate"), ("Other", "x"), ("Third", "y")]:
        report(cloudwatch, 1, name=name, namespace=namespace)
    trailcam.advance("PT1M")
    found = [json.loads(line) for line in lake().decode().splitlines()]
    sent = {(line["metric_stream_name"], line["namespace"], line["metric_name"]) for line in found}
    assert {line for line in sent if not line[1].startswith("AWS/")} == {
        ("only", "App", "Load"),
        ("only", "Other", "x"),
        ("without", "App", "Rate"),
        ("without", "Third", "y"),
    }


def test_more_statistics(trailcam, cloudwatch, lake):
    metric = {"Namespace": "App", "MetricName": "Load"}
    put(
        cloudwatch,
        IncludeFilters=[{"Namespace": "App"}],
        StatisticsConfigurations=[
            {"IncludeMetrics": [metric], "AdditionalStatistics": ["p90", "tm50", "PR(:5)"]},
            {"IncludeMetrics": [metric], "AdditionalStatistics": ["p90", "IQM", "TC(1:3)", "p10"]},
        ],
    )
    report(cloudwatch, *range(1, 11))
    report(cloudwatch, *range(1, 11), name="Other")
    trailcam.advance("PT1M")
    load, other = lines(lake())
    assert load["value"] == {
        "max": 10.0,
        "min": 1.0,
        "sum": 55.0,
        "count": 10.0,
        "p90": 9.0,
        "tm50": 3.0,
        "PR(:5)": 50.0,
        "IQM": 5.5,
        "TC(1:3)": 2.0,
        "p10": 1.0,
    }
    assert set(other["value"]) == {"max", "min", "sum", "count"}
    # Six more statistics count as two more updates.
    space = "AWS/CloudWatch/MetricStreams"
    for dimensions in ({}, {"MetricStreamName": "all"}):
        assert points(cloudwatch, space, "MetricUpdate", **dimensions) == {1: 2.0}
        assert points(cloudwatch, space, "TotalMetricUpdate", **dimensions) == {1: 4.0}
        assert points(cloudwatch, space, "PublishErrorRate", "Average", **dimensions) == {1: 0.0}


def requests(content):
    """Reads requests that each stand behind their length, a varint."""
    found, at = [], 0
    while at < len(content):
        length = shift = 0
        while True:
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found.append(ExportMetricsServiceRequest.FromString(content[at : at + length]))
        at += length
    return found


def attributes(pairs):
    return {pair.key: pair.value for pair in pairs}


def test_open_telemetry(trailcam, cloudwatch, lake):
    put(
        cloudwatch,
        OutputFormat="opentelemetry1.0",
        IncludeFilters=[{"Namespace": "App"}],
        StatisticsConfigurations=[
            {
                "IncludeMetrics": [{"Namespace": "App", "MetricName": "Load"}],
                "AdditionalStatistics": ["p95", "p99"],
            }
        ],
    )
    for host in ("a", "b"):
        dimensions = [{"Name": "Host", "Value": host}, {"Name": "Zone", "Value": "z"}]
        report(cloudwatch, *range(1, 101), Unit="Bytes/Second", Dimensions=dimensions)
    report(cloudwatch, 3, name="Rate", Unit="Count")
    trailcam.advance("PT1M")
    report(cloudwatch, 4, name="Rate", minute=1)
    trailcam.advance("PT1M")
    first, second = requests(lake())
    (resource,) = first.resource_metrics
    texts = {key: value.string_value for key, value in attributes(resource.resource.attributes).items()}
    assert texts == {
        "cloud.provider": "aws",
        "cloud.account.id": ACCOUNT,
        "cloud.region": "us-east-1",
        "aws.exporter.arn": ARN,
    }
    (scope,) = resource.scope_metrics
    load, rate = scope.metrics
    assert (load.name, load.unit) == ("amazonaws.com/App/Load", "By/s")
    assert (rate.name, rate.unit) == ("amazonaws.com/App/Rate", "{Count}")
    a, b = load.summary.data_points
    assert (a.start_time_unix_nano, a.time_unix_nano) == (SECOND * 10**9, (SECOND + 60) * 10**9)
    assert (a.count, a.sum) == (100, 5050.0)
    quantiles = [(value.quantile, value.value) for value in a.quantile_values]
    assert quantiles == [(0.0, 1.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0)]
    about = attributes(a.attributes)
    assert (about["Namespace"].string_value, about["MetricName"].string_value) == ("App", "Load")
    pairs = [attributes(attributes(point.attributes)["Dimensions"].kvlist_value.values) for point in (a, b)]
    assert [(pair["Host"].string_value, pair["Zone"].string_value) for pair in pairs] == [("a", "z"), ("b", "z")]
    (late,) = second.resource_metrics[0].scope_metrics[0].metrics
    assert (late.name, late.unit, late.summary.data_points[0].sum) == ("amazonaws.com/App/Rate", "1", 4.0)


def test_late_values_send_their_minute_again(trailcam, cloudwatch, lake):
    put(cloudwatch, IncludeFilters=[{"Namespace": "App"}])
    report(cloudwatch, 1)
    trailcam.advance("PT5M")
    report(cloudwatch, 2)
    report(cloudwatch, 5, minute=-47 * 60)
    # Too late, and not over.
    report(cloudwatch, 6, minute=-49 * 60)
    report(cloudwatch, 7, minute=10)
    trailcam.advance("PT1M")
    seen = [(line["timestamp"] // 1000 - SECOND, line["value"]["sum"]) for line in lines(lake())]
    assert seen == [(0, 1.0), (-47 * 3600, 5.0), (0, 3.0)]
    trailcam.advance("PT10M")
    assert lines(lake())[-1]["timestamp"] == (SECOND + 600) * 1000


def test_stopped_streams_send_nothing(trailcam, cloudwatch, lake):
    put(cloudwatch, IncludeFilters=[{"Namespace": "App"}])
    assert cloudwatch.get_metric_stream(Name="all")["State"] == "running"
    cloudwatch.stop_metric_streams(Names=["all"])
    assert cloudwatch.get_metric_stream(Name="all")["State"] == "stopped"
    report(cloudwatch, 1)
    trailcam.advance("PT2M")
    # What came meanwhile is not made up for.
    put(cloudwatch, IncludeFilters=[{"Namespace": "App"}])
    assert cloudwatch.get_metric_stream(Name="all")["State"] == "stopped"
    cloudwatch.start_metric_streams(Names=["all"])
    report(cloudwatch, 2, minute=2)
    trailcam.advance("PT2M")
    assert [line["value"]["sum"] for line in lines(lake())] == [2.0]
    cloudwatch.delete_metric_stream(Name="all")
    report(cloudwatch, 3, minute=4)
    trailcam.advance("PT2M")
    assert len(lines(lake())) == 1
    code, _, _ = refused(cloudwatch.get_metric_stream, Name="all")
    assert code == "ResourceNotFoundException"
    cloudwatch.delete_metric_stream(Name="all")


def test_streams_are_shown_listed_and_tagged(trailcam, cloudwatch):
    filters = [{"Namespace": "App", "MetricNames": ["Load"]}, {"Namespace": "AWS/EC2"}]
    statistics = [
        {
            "IncludeMetrics": [{"Namespace": "App", "MetricName": "Load"}],
            "AdditionalStatistics": ["p99"],
        }
    ]
    put(
        cloudwatch,
        IncludeFilters=filters,
        StatisticsConfigurations=statistics,
        Tags=[{"Key": "team", "Value": "a"}],
        IncludeLinkedAccountsMetrics=True,
    )
    shown = cloudwatch.get_metric_stream(Name="all")
    del shown["ResponseMetadata"]
    assert shown == {
        "Arn": ARN,
        "Name": "all",
        "IncludeFilters": filters,
        "FirehoseArn": FIREHOSE,
        "RoleArn": ROLE,
        "State": "running",
        "CreationDate": BEGIN,
        "LastUpdateDate": BEGIN,
        "OutputFormat": "json",
        "StatisticsConfigurations": statistics,
        "IncludeLinkedAccountsMetrics": True,
    }
    trailcam.advance("PT1H")
    put(cloudwatch, OutputFormat="opentelemetry1.0", Tags=[{"Key": "team", "Value": "b"}])
    shown = cloudwatch.get_metric_stream(Name="all")
    assert (shown["CreationDate"], shown["LastUpdateDate"]) == (BEGIN, BEGIN + datetime.timedelta(hours=1))
    assert shown["OutputFormat"] == "opentelemetry1.0"
    assert "IncludeFilters" not in shown and "StatisticsConfigurations" not in shown
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "a"}]
    cloudwatch.tag_resource(ResourceARN=ARN, Tags=[{"Key": "team", "Value": "c"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "c"}]
    cloudwatch.untag_resource(ResourceARN=ARN, TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == []
    for name in ("x", "y"):
        put(cloudwatch, name)
    page = cloudwatch.list_metric_streams(MaxResults=2)
    assert [entry["Name"] for entry in page["Entries"]] == ["all", "x"]
    assert set(page["Entries"][0]) == {
        "Arn",
        "CreationDate",
        "LastUpdateDate",
        "Name",
        "FirehoseArn",
        "State",
        "OutputFormat",
    }
    rest = cloudwatch.list_metric_streams(NextToken=page["NextToken"])
    assert [entry["Name"] for entry in rest["Entries"]] == ["y"] and "NextToken" not in rest


def test_the_aws_command(trailcam, cloudwatch):
    arguments = ("--firehose-arn", FIREHOSE, "--role-arn", ROLE, "--output-format", "json")
    made = trailcam.aws(
        *("cloudwatch", "put-metric-stream", "--name", "all", *arguments),
        *("--include-filters", "Namespace=App", "Namespace=AWS/SQS,MetricNames=NumberOfMessagesSent"),
    )
    assert made == {"Arn": ARN}
    (entry,) = trailcam.aws("cloudwatch", "list-metric-streams")["Entries"]
    assert entry["State"] == "running"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (
            {"IncludeFilters": [{"Namespace": "a"}], "ExcludeFilters": [{"Namespace": "b"}]},
            "InvalidParameterCombination",
        ),
        ({"IncludeFilters": [{"MetricNames": ["a"]}]}, "MissingParameter"),
        ({"IncludeFilters": [{"Namespace": f"n{n}"} for n in range(1001)]}, "InvalidParameterValue"),
        ({"FirehoseArn": FIREHOSE + "x"}, "InvalidParameterValue"),
        ({"RoleArn": ROLE + "x"}, "InvalidParameterValue"),
        ({"Name": "a b"}, "InvalidParameterValue"),
        ({"OutputFormat": "opentelemetry0.7"}, "NotImplemented"),
        ({"OutputFormat": "xml"}, "ValidationError"),
        (
            {
                "OutputFormat": "opentelemetry1.0",
                "StatisticsConfigurations": [
                    {"IncludeMetrics": [{"Namespace": "n", "MetricName": "m"}], "AdditionalStatistics": ["tm90"]}
                ],
            },
            "InvalidParameterValue",
        ),
    ],
)
def test_streams_that_cannot_be(cloudwatch, settings, code):
    arguments = {"Name": "all", "FirehoseArn": FIREHOSE, "RoleArn": ROLE, "OutputFormat": "json"} | settings
    assert refused(cloudwatch.put_metric_stream, **arguments)[0] == code
    assert cloudwatch.list_metric_streams()["Entries"] == []


def test_starting_is_all_or_nothing(cloudwatch):
    put(cloudwatch)
    assert refused(cloudwatch.stop_metric_streams, Names=["all", "none"])[0] == "InvalidParameterValue"
    assert cloudwatch.get_metric_stream(Name="all")["State"] == "running"


def test_errors_are_counted(trailcam, cloudwatch, lake):
    """A role that does not trust metric streams is of no use, and a metric says so."""
    make_role(trailcam, "stranger", "cloudwatch.amazonaws.com")
    put(cloudwatch, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/stranger", IncludeFilters=[{"Namespace": "App"}])
    report(cloudwatch, 1)
    trailcam.advance("PT1M")
    assert lake() == b""
    space = "AWS/CloudWatch/MetricStreams"
    assert points(cloudwatch, space, "PublishErrorRate", "Average", MetricStreamName="all") == {1: 1.0}
    put(cloudwatch, IncludeFilters=[{"Namespace": "App"}])
    report(cloudwatch, 2, minute=1)
    trailcam.advance("PT1M")
    assert [line["value"]["sum"] for line in lines(lake())] == [2.0]
    trailcam.client("firehose").delete_delivery_stream(DeliveryStreamName="lake")
    report(cloudwatch, 3, minute=2)
    trailcam.advance("PT1M")
    rates = points(cloudwatch, space, "PublishErrorRate", "Average", MetricStreamName="all")
    assert rates == {1: 1.0, 2: 0.0, 3: 1.0}


def test_roles_are_taken_on_and_recorded(trailcam, cloudwatch, lake):
    put(cloudwatch, IncludeFilters=[{"Namespace": "App"}])
    report(cloudwatch, 1)
    trailcam.advance("PT1M")
    assumed = trailcam.events(eventName="AssumeRole")
    (record,) = [event for event in assumed if event["requestParameters"]["roleArn"] == ROLE]
    assert record["userIdentity"] == {"type": "AWSService", "invokedBy": "streams.metrics.cloudwatch.amazonaws.com"}
