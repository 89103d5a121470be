"""Dashboards: documents that are checked and kept, on every protocol, with boto3 and aws-cli."""

import datetime
import json

import pytest

from conftest import START, refused

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
BODY = json.dumps(
    {
        "start": "-PT6H",
        "periodOverride": "inherit",
        "widgets": [
            {
                "type": "metric",
                "x": 0,
                "y": 0,
                "width": 12,
                "height": 6,
                "properties": {
                    "metrics": [["AWS/EC2", "CPUUtilization", "InstanceId", "i-012345"]],
                    "period": 300,
                    "stat": "Average",
                    "region": "us-east-1",
                    "title": "EC2 Instance CPU",
                    "legend": {"position": "right"},
                },
            },
            {"type": "text", "x": 0, "y": 7, "width": 3, "height": 3, "properties": {"markdown": "Grüße"}},
        ],
    },
    ensure_ascii=False,
)


def arn(name):
    return f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"


@pytest.fixture
def trailcam(start):
    return start("--clock", START, "--seed", "7")


@pytest.fixture
def cloudwatch(trailcam):
    return trailcam.client("cloudwatch")


def put(client, name, body=BODY, **more):
    return client.put_dashboard(DashboardName=name, DashboardBody=body, **more)


def test_a_dashboard_is_kept_as_it_was_put(cloudwatch, trailcam):
    assert put(cloudwatch, "ops")["DashboardValidationMessages"] == []
    found = cloudwatch.get_dashboard(DashboardName="ops")
    assert (found["DashboardName"], found["DashboardArn"], found["DashboardBody"]) == ("ops", arn("ops"), BODY)
    (entry,) = cloudwatch.list_dashboards()["DashboardEntries"]
    began = datetime.datetime.fromisoformat(START)
    assert entry == {
        "DashboardName": "ops",
        "DashboardArn": arn("ops"),
        "LastModified": began,
        "Size": len(BODY.encode()),
    }
    # All Regions have the same dashboards.
    assert trailcam.client("cloudwatch", region="eu-west-1").get_dashboard(DashboardName="ops")["DashboardBody"] == BODY

    trailcam.advance(60)
    put(cloudwatch, "ops", '{"widgets":[]}')
    (entry,) = cloudwatch.list_dashboards()["DashboardEntries"]
    assert (entry["LastModified"] - began, entry["Size"]) == (datetime.timedelta(minutes=1), 14)


def test_listing(cloudwatch):
    for name in ["web-b", "Web-a", "web-a", "web", "other_1"]:
        put(cloudwatch, name, '{"widgets":[]}')
    names = lambda **more: [entry["DashboardName"] for entry in cloudwatch.list_dashboards(**more)["DashboardEntries"]]
    assert names() == ["Web-a", "other_1", "web", "web-a", "web-b"]
    assert names(DashboardNamePrefix="web-") == ["web-a", "web-b"]
    assert names(DashboardNamePrefix="x") == []
    assert refused(cloudwatch.list_dashboards, NextToken="?")[0] == "InvalidParameterValue"
    assert refused(cloudwatch.list_dashboards, DashboardNamePrefix="a b")[0] == "InvalidParameterValue"


def test_pages_of_a_thousand(cloudwatch):
    for number in range(1001):
        put(cloudwatch, f"d{number:04}", '{"widgets":[]}')
    pages = list(cloudwatch.get_paginator("list_dashboards").paginate())
    assert [len(page["DashboardEntries"]) for page in pages] == [1000, 1]
    assert pages[1]["DashboardEntries"][0]["DashboardName"] == "d1000"
    # A page goes on where the one before ended, whatever has gone since.
    cloudwatch.delete_dashboards(DashboardNames=["d0999"])
    (left,) = cloudwatch.list_dashboards(NextToken=pages[0]["NextToken"])["DashboardEntries"]
    assert left["DashboardName"] == "d1000"


def test_deleting(cloudwatch):
    for name in ["a", "b", "c"]:
        put(cloudwatch, name)
    cloudwatch.delete_dashboards(DashboardNames=["a"])
    assert refused(cloudwatch.get_dashboard, DashboardName="a") == ("ResourceNotFound", "Dashboard a does not exist", 404)
    # "The operation attempts to delete as many dashboards as possible."
    code, _, status = refused(cloudwatch.delete_dashboards, DashboardNames=["a", "b"])
    assert (code, status) == ("ResourceNotFound", 404)
    assert [entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]] == ["c"]
    many = [f"d{number}" for number in range(101)]
    assert refused(cloudwatch.delete_dashboards, DashboardNames=many)[0] == "InvalidParameterValue"


def test_names(cloudwatch):
    said = "contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).\n"
    code, message, status = refused(cloudwatch.put_dashboard, DashboardName="bad/name here", DashboardBody=BODY)
    assert (code, status) == ("InvalidParameterValue", 400)
    assert message.rstrip() == f"The value for field DashboardName {said}".rstrip()
    _, message, _ = refused(cloudwatch.get_dashboard, DashboardName="[object HashChangeEvent]")
    assert message.rstrip() == f"The value [object HashChangeEvent] for field DashboardName {said}".rstrip()
    put(cloudwatch, "n" * 255)
    assert refused(cloudwatch.put_dashboard, DashboardName="n" * 256, DashboardBody=BODY)[0] == "InvalidParameterValue"


def test_an_invalid_body_changes_nothing(cloudwatch):
    put(cloudwatch, "ops")
    wrong = {"widgets": [{"type": "metric", "properties": {"region": "us-east-1"}}, {"type": "text", "x": 24, "y": 0}]}
    with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError) as raised:
        put(cloudwatch, "ops", json.dumps(wrong))
    answer = raised.value.response
    wanted = [
        ("/widgets/0/properties", "Should have required property 'metrics'"),
        (
            "/widgets/0/properties",
            "The metric widget should have specified a region and a data source or an alarm annotation",
        ),
        ("/widgets/0/properties", "Should have required property 'annotations'"),
        ("/widgets/1", "Should have required property 'properties'"),
        ("/widgets/1/x", "Should be <= 23"),
    ]
    listed = json.dumps([{"dataPath": path, "message": text} for path, text in wanted], indent=2)
    assert answer["Error"]["Code"] == "InvalidParameterInput"
    message = f"The dashboard body is invalid, there are 5 validation errors:\n{listed}"
    assert answer["Error"]["Message"] == message
    told = answer["dashboardValidationMessages"]
    assert [(one["DataPath"], one["Message"]) for one in told] == wanted
    assert cloudwatch.get_dashboard(DashboardName="ops")["DashboardBody"] == BODY
    assert refused(cloudwatch.put_dashboard, DashboardName="ops", DashboardBody="{not json")[:2] == (
        "InvalidParameterInput",
        "The field DashboardBody must be a valid JSON object",
    )


def test_warnings_do_not_refuse(cloudwatch):
    body = json.dumps({"widgets": [{"type": "hologram", "properties": {}}]})
    (warning,) = put(cloudwatch, "odd", body)["DashboardValidationMessages"]
    assert warning["DataPath"] == "/widgets/0/type"
    assert cloudwatch.get_dashboard(DashboardName="odd")["DashboardBody"] == body


def test_tags(cloudwatch):
    put(cloudwatch, "ops", Tags=[{"Key": "team", "Value": "web"}])
    # "If you specify Tags when updating an existing dashboard, the tag updates are ignored."
    put(cloudwatch, "ops", Tags=[{"Key": "other", "Value": "x"}])
    cloudwatch.tag_resource(ResourceARN=arn("ops"), Tags=[{"Key": "cost", "Value": "1"}])
    cloudwatch.untag_resource(ResourceARN=arn("ops"), TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn("ops"))["Tags"] == [{"Key": "cost", "Value": "1"}]
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN=arn("none"))[0] == "ResourceNotFoundException"


def test_records(cloudwatch, trailcam):
    body = '{"widgets":[]}'
    put(cloudwatch, "Falsimentis", body)
    cloudwatch.get_dashboard(DashboardName="Falsimentis")
    refused(cloudwatch.get_dashboard, DashboardName="none")
    (made,) = trailcam.events(eventName="PutDashboard")
    assert made["requestParameters"] == {"dashboardBody": body, "dashboardName": "Falsimentis"}
    assert made["responseElements"] == {"dashboardValidationMessages": []}
    assert (made["managementEvent"], made["readOnly"]) == (True, False)
    found, failed = trailcam.events(eventName="GetDashboard")
    assert (found["requestParameters"], failed["requestParameters"]) == (None, None)
    assert (failed["errorCode"], failed["errorMessage"]) == ("DashboardNotFoundError", "Dashboard none does not exist")


def test_with_the_command_line(trailcam, tmp_path):
    (tmp_path / "body.json").write_text(BODY)
    put = ["cloudwatch", "put-dashboard", "--dashboard-name", "ops", "--dashboard-body"]
    assert trailcam.aws(*put, f"file://{tmp_path / 'body.json'}") == {"DashboardValidationMessages": []}
    assert trailcam.aws("cloudwatch", "get-dashboard", "--dashboard-name", "ops")["DashboardBody"] == BODY
    said = trailcam.aws(*put, '{"widgets":{}}', fails=True)
    assert "(InvalidParameterInput)" in said and '"dataPath": "/widgets"' in said and "Should be array" in said
    trailcam.aws("cloudwatch", "delete-dashboards", "--dashboard-names", "ops")
    assert trailcam.aws("cloudwatch", "list-dashboards") == {"DashboardEntries": []}
