"""Anomaly detectors: what they watch, how they are trained, and the bands and alarms that come of them."""

import datetime
import json

import pytest

from conftest import START, refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
BEGIN = datetime.datetime.fromisoformat(START)
LOAD = {"Namespace": "App", "MetricName": "Load", "Dimensions": [], "Stat": "Average"}


@pytest.fixture
def trailcam(start):
    return start("--clock", START, "--seed", "7", "--cadence", "aws")


@pytest.fixture
def cloudwatch(trailcam):
    return trailcam.client("cloudwatch")


def report(client, days, value, name="Load", step=15):
    """A value for every quarter of an hour of the last days, the newest a step ago."""
    moments = [BEGIN - datetime.timedelta(minutes=step * (n + 1)) for n in range(days * 24 * 60 // step)]
    data = [{"MetricName": name, "Value": value(at), "Timestamp": at} for at in moments]
    for first in range(0, len(data), 1000):
        client.put_metric_data(Namespace="App", MetricData=data[first : first + 1000])


def described(client, **filters):
    return client.describe_anomaly_detectors(**filters)["AnomalyDetectors"]


def states(client, **filters):
    return [found["StateValue"] for found in described(client, **filters)]


def stat(name="Load", period=60):
    return {"Metric": {"Namespace": "App", "MetricName": name, "Dimensions": []}, "Period": period, "Stat": "Average"}


def test_a_detector_of_a_metric(trailcam, cloudwatch):
    made = cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=LOAD)
    (found,) = described(cloudwatch)
    assert found == {
        "AnomalyDetectorId": made["AnomalyDetectorId"],
        "Namespace": "App",
        "MetricName": "Load",
        "Dimensions": [],
        "Stat": "Average",
        "Configuration": {"ExcludedTimeRanges": []},
        "StateValue": "PENDING_TRAINING",
        "SingleMetricAnomalyDetector": {"AccountId": ACCOUNT, **LOAD},
    }
    trailcam.advance("PT15M")
    assert states(cloudwatch) == ["TRAINED_INSUFFICIENT_DATA"]
    report(cloudwatch, 2, lambda at: 5.0)
    assert states(cloudwatch) == ["TRAINED"]
    # The same metric and statistic again: the detector that there is, with another configuration.
    night = {"StartTime": BEGIN - datetime.timedelta(days=2), "EndTime": BEGIN}
    configuration = {"ExcludedTimeRanges": [night], "MetricTimezone": "Asia/Seoul", "AdaptationSpeed": "FAST"}
    again = cloudwatch.put_anomaly_detector(
        **LOAD, Configuration=configuration, MetricCharacteristics={"PeriodicSpikes": True}
    )
    assert again["AnomalyDetectorId"] == made["AnomalyDetectorId"]
    (found,) = described(cloudwatch)
    assert found["Configuration"] == configuration
    assert found["MetricCharacteristics"] == {"PeriodicSpikes": True}
    assert found["StateValue"] == "PENDING_TRAINING"
    # Nothing is left to train on.
    trailcam.advance("PT15M")
    assert states(cloudwatch) == ["TRAINED_INSUFFICIENT_DATA"]
    cloudwatch.delete_anomaly_detector(**LOAD)
    assert described(cloudwatch) == []


def test_detectors_are_found_and_deleted(cloudwatch):
    host = [{"Name": "Host", "Value": "a"}]
    for detector in [
        LOAD,
        LOAD | {"Stat": "p90"},
        LOAD | {"Dimensions": host},
        LOAD | {"Namespace": "Other"},
    ]:
        cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=detector)
    queries = [
        {"Id": "m1", "MetricStat": stat(), "ReturnData": False},
        {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
    ]
    math = cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": queries})
    assert len(described(cloudwatch)) == 4
    assert len(described(cloudwatch, Namespace="App")) == 3
    assert len(described(cloudwatch, MetricName="Load", Dimensions=host)) == 1
    (found,) = described(cloudwatch, AnomalyDetectorTypes=["METRIC_MATH"])
    assert found["MetricMathAnomalyDetector"]["MetricDataQueries"] == queries
    assert found["AnomalyDetectorId"] == math["AnomalyDetectorId"]
    assert "SingleMetricAnomalyDetector" not in found
    assert len(described(cloudwatch, AnomalyDetectorTypes=["METRIC_MATH", "SINGLE_METRIC"])) == 5
    assert described(cloudwatch, AnomalyDetectorIds=[math["AnomalyDetectorId"], "x"]) == [found]
    pages = cloudwatch.get_paginator("describe_anomaly_detectors").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["AnomalyDetectors"]) for page in pages] == [3, 1]
    cloudwatch.delete_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": queries})
    cloudwatch.delete_anomaly_detector(AnomalyDetectorId=described(cloudwatch)[0]["AnomalyDetectorId"])
    assert len(described(cloudwatch, AnomalyDetectorTypes=["METRIC_MATH", "SINGLE_METRIC"])) == 3


def math(expression="m1 * 2", **more):
    return {
        "MetricMathAnomalyDetector": {
            "MetricDataQueries": [
                {"Id": "m1", "MetricStat": stat(), "ReturnData": False},
                {"Id": "e1", "Expression": expression} | more,
            ]
        }
    }


@pytest.mark.parametrize(
    "settings, code",
    [
        ({}, "MissingParameter"),
        ({"Namespace": "App", "Stat": "Sum"}, "MissingParameter"),
        ({"Namespace": "App", "MetricName": "Load"}, "MissingParameter"),
        ({"SingleMetricAnomalyDetector": {"Namespace": "App", "MetricName": "Load"}}, "MissingParameter"),
        (LOAD | {"SingleMetricAnomalyDetector": LOAD}, "InvalidParameterCombination"),
        (LOAD | math(), "InvalidParameterCombination"),
        (math() | {"SingleMetricAnomalyDetector": LOAD}, "InvalidParameterCombination"),
        (LOAD | {"Configuration": {"MetricTimezone": "Mars/Olympus"}}, "InvalidParameterValue"),
        (
            LOAD | {"Configuration": {"ExcludedTimeRanges": [{"StartTime": BEGIN, "EndTime": BEGIN}]}},
            "InvalidParameterValue",
        ),
        (
            LOAD
            | {
                "Configuration": {
                    "ExcludedTimeRanges": [
                        {"StartTime": BEGIN, "EndTime": BEGIN + datetime.timedelta(hours=1)} for _ in range(11)
                    ]
                }
            },
            "InvalidParameterValue",
        ),
        (math("m1 +"), "InvalidParameterValue"),
        (math("METRICS()"), "InvalidParameterValue"),
        (math(ReturnData=False), "InvalidParameterValue"),
        (math("FIRST(SEARCH('{App} Load', 'Sum', 60))"), "InvalidParameterValue"),
        (math("FIRST(ANOMALY_DETECTION_BAND(m1))"), "InvalidParameterValue"),
    ],
)
def test_what_put_anomaly_detector_refuses(cloudwatch, settings, code):
    assert refused(cloudwatch.put_anomaly_detector, **settings)[0] == code
    assert described(cloudwatch, AnomalyDetectorTypes=["METRIC_MATH", "SINGLE_METRIC"]) == []


def test_what_there_is_not(cloudwatch):
    for named in [LOAD, {"AnomalyDetectorId": "none"}, math()]:
        assert refused(cloudwatch.delete_anomaly_detector, **named)[0] == "ResourceNotFoundException"
    assert refused(cloudwatch.delete_anomaly_detector)[0] == "MissingParameter"
    assert refused(cloudwatch.describe_anomaly_detectors, MaxResults=101)[0] == "InvalidParameterValue"
    assert refused(cloudwatch.describe_anomaly_detectors, NextToken="?")[0] == "InvalidNextToken"
    both = {"AnomalyDetectorIds": ["x"], "Namespace": "App"}
    assert refused(cloudwatch.describe_anomaly_detectors, **both)[0] == "InvalidParameterCombination"


def band(client, expression, *queries):
    data = client.get_metric_data(
        MetricDataQueries=[*queries, {"Id": "band", "Expression": expression}],
        StartTime=BEGIN,
        EndTime=BEGIN + datetime.timedelta(minutes=1),
    )
    return [round(found["Values"][0], 6) for found in data["MetricDataResults"] if found["Id"] == "band"]


def test_bands_follow_the_hours_of_the_day(trailcam, cloudwatch):
    """Twenty at ten in the morning, when the clock stands; one otherwise; and one day that was unlike the others."""
    unlike = BEGIN - datetime.timedelta(days=3)

    def load(at):
        if unlike < at < unlike + datetime.timedelta(hours=2):
            return 500.0
        return 20.0 if at.hour == 10 else 1.0

    report(cloudwatch, 6, load)
    metric = {"Id": "m1", "MetricStat": stat(), "ReturnData": False}
    lower, upper = band(cloudwatch, "ANOMALY_DETECTION_BAND(m1, 2)", metric)
    assert lower < 20.0 and upper > 300.0
    # Without the day, all is as it always is; so it is for an expression.
    ranges = [{"StartTime": unlike, "EndTime": unlike + datetime.timedelta(days=1)}]
    cloudwatch.put_anomaly_detector(**LOAD, Configuration={"ExcludedTimeRanges": ranges})
    assert band(cloudwatch, "ANOMALY_DETECTION_BAND(m1, 2)", metric) == [20.0, 20.0]
    double = {"Id": "e1", "Expression": "m1 * 2", "ReturnData": False}
    lower, upper = band(cloudwatch, "ANOMALY_DETECTION_BAND(e1)", metric, double)
    assert lower < 40.0 and upper > 600.0
    queries = [metric, double | {"ReturnData": True}]
    cloudwatch.put_anomaly_detector(
        MetricMathAnomalyDetector={"MetricDataQueries": queries}, Configuration={"ExcludedTimeRanges": ranges}
    )
    assert band(cloudwatch, "ANOMALY_DETECTION_BAND(e1)", metric, double) == [40.0, 40.0]


def test_an_alarm_makes_its_detector(trailcam, cloudwatch):
    report(cloudwatch, 2, lambda at: 20.0 if at.hour == 10 else 1.0)
    queries = [
        {"Id": "m1", "MetricStat": stat(), "ReturnData": True},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
    ]
    settings = {
        "AlarmName": "odd",
        "Metrics": queries,
        "ThresholdMetricId": "ad1",
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    }
    cloudwatch.put_metric_alarm(**settings)
    (detector,) = described(cloudwatch)
    assert (detector["MetricName"], detector["Stat"]) == ("Load", "Average")
    assert detector["StateValue"] == "PENDING_TRAINING"
    cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Load", "Value": 1.0}])
    trailcam.advance("PT1M")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["odd"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["ThresholdMetricId"], alarm["Metrics"]) == ("ALARM", "ad1", queries)
    assert "Threshold" not in alarm
    assert alarm["StateReason"] == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [1.0 (15/01/26 10:00:00)] was less than the lower"
        " thresholds [20.0] or greater than the upper thresholds [20.0] (minimum 1 datapoint for OK -> ALARM"
        " transition)."
    )
    data = json.loads(alarm["StateReasonData"])
    assert (data["recentLowerThresholds"], data["recentUpperThresholds"]) == ([20.0], [20.0])
    # What is usual at ten is so at one minute past ten as well.
    cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Load", "Value": 20.0}])
    trailcam.advance("PT1M")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["odd"])["MetricAlarms"]
    assert alarm["StateValue"] == "OK"
    # An alarm does not do without its detector.
    cloudwatch.delete_anomaly_detector(AnomalyDetectorId=detector["AnomalyDetectorId"])
    assert described(cloudwatch) == []
    trailcam.advance("PT1M")
    assert len(described(cloudwatch)) == 1
    cloudwatch.delete_alarms(AlarmNames=["odd"])
    assert len(described(cloudwatch)) == 1


def test_an_alarm_on_a_band_around_an_expression(trailcam, cloudwatch):
    report(cloudwatch, 2, lambda at: 4.0, "Errors")
    report(cloudwatch, 2, lambda at: 8.0, "Calls")
    queries = [
        {"Id": "errors", "MetricStat": stat("Errors"), "ReturnData": False},
        {"Id": "calls", "MetricStat": stat("Calls"), "ReturnData": False},
        {"Id": "rate", "Expression": "100 * errors / calls", "ReturnData": True},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(rate, 3)", "ReturnData": True},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName="rate",
        Metrics=queries,
        ThresholdMetricId="ad1",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanUpperThreshold",
    )
    (detector,) = described(cloudwatch, AnomalyDetectorTypes=["METRIC_MATH"])
    assert detector["MetricMathAnomalyDetector"]["MetricDataQueries"] == queries[:3]
    for name, value in [("Errors", 6.0), ("Calls", 8.0)]:
        cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": name, "Value": value}])
    trailcam.advance("PT1M")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["rate"])["MetricAlarms"]
    assert alarm["StateReason"] == (
        "Thresholds Crossed: 1 datapoint [75.0 (15/01/26 10:00:00)] was greater than the upper thresholds [50.0]."
    )


def test_bands_of_short_periods_are_refused(cloudwatch):
    queries = [
        {"Id": "m1", "MetricStat": stat(period=10)},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
    ]
    code, message = refused(
        cloudwatch.put_metric_alarm,
        AlarmName="short",
        Metrics=queries,
        ThresholdMetricId="ad1",
        EvaluationPeriods=1,
        ComparisonOperator="LessThanLowerThreshold",
    )[:2]
    assert (code, "Period" in message) == ("ValidationError", True)
