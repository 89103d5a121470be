"""Event history: what LookupEvents finds, where, and for how long."""

import datetime
import json

import pytest

from conftest import refused

KEYS = ["EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"]


@pytest.fixture
def trail(trailcam):
    return trailcam.client("cloudtrail")


def look(trail, **arguments):
    return [json.loads(event["CloudTrailEvent"]) for event in trail.lookup_events(**arguments)["Events"]]


def by(key, value):
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def names(records):
    return [record["eventName"] for record in records]


def test_each_attribute(trailcam, trail):
    iam = trailcam.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = trailcam.client("iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    alice.list_users()
    trailcam.client("ec2").describe_vpcs()
    assert names(look(trail, **by("EventName", "CreateUser"))) == ["CreateUser"]
    assert names(look(trail, **by("Username", "alice"))) == ["ListUsers"]
    assert names(look(trail, **by("AccessKeyId", key["AccessKeyId"]))) == ["ListUsers"]
    assert names(look(trail, **by("EventSource", "ec2.amazonaws.com"))) == ["DescribeVpcs"]
    assert names(look(trail, **by("ReadOnly", "false"))) == ["CreateAccessKey", "CreateUser"]
    assert "ListUsers" in names(look(trail, **by("ReadOnly", "true")))
    assert "CreateUser" in names(look(trail, **by("ResourceName", "alice")))
    assert "CreateUser" in names(look(trail, **by("ResourceType", "AWS::IAM::User")))
    (created,) = look(trail, **by("EventName", "CreateUser"))
    assert look(trail, **by("EventId", created["eventID"])) == [created]
    for attribute in KEYS:
        assert look(trail, **by(attribute, "no-such-value")) == [], attribute


def test_what_an_event_shows(trailcam, trail):
    trailcam.client("iam").create_user(UserName="alice")
    (event,) = trail.lookup_events(**by("EventName", "CreateUser"))["Events"]
    record = json.loads(event["CloudTrailEvent"])
    assert event["EventId"] == record["eventID"]
    assert event["EventSource"] == "iam.amazonaws.com"
    assert event["ReadOnly"] == "false"
    assert event["AccessKeyId"] == "test"
    assert event["Username"] == "root"
    assert event["EventTime"] == datetime.datetime(2026, 1, 15, 10, tzinfo=datetime.timezone.utc)
    assert {"ResourceType": "AWS::IAM::User", "ResourceName": "alice"} in event["Resources"]


def test_newest_first_and_time_ranges(trailcam, trail):
    iam = trailcam.client("iam")
    for hour in range(4):
        iam.create_group(GroupName=f"g{hour}")
        trailcam.advance("PT1H")
    groups = by("EventName", "CreateGroup")

    def at(hour, minute=0):
        return datetime.datetime(2026, 1, 15, hour, minute, tzinfo=datetime.timezone.utc)

    def found(**arguments):
        return [record["requestParameters"]["groupName"] for record in look(trail, **groups, **arguments)]

    assert found() == ["g3", "g2", "g1", "g0"]
    assert found(StartTime=at(11)) == ["g3", "g2", "g1"]
    assert found(EndTime=at(11)) == ["g1", "g0"]
    assert found(StartTime=at(10, 30), EndTime=at(12, 30)) == ["g2", "g1"]


def test_pages_are_stable_while_events_arrive(trailcam, trail):
    iam = trailcam.client("iam")
    wanted = [f"g{number}" for number in range(25)]
    for name in wanted:
        iam.create_group(GroupName=name)
    groups = by("EventName", "CreateGroup")
    seen, token = [], {}
    while True:
        page = trail.lookup_events(**groups, MaxResults=10, **token)
        seen += [json.loads(event["CloudTrailEvent"])["requestParameters"]["groupName"] for event in page["Events"]]
        iam.create_group(GroupName=f"late{len(seen)}")
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == wanted[::-1]
    pages = trail.get_paginator("lookup_events").paginate(**groups, PaginationConfig={"PageSize": 7})
    assert len([event for page in pages for event in page["Events"]]) == 25 + 3


def test_global_services_are_in_us_east_1(trailcam):
    west = trailcam.client("cloudtrail", region="eu-west-1")
    trailcam.client("iam", region="eu-west-1").create_user(UserName="alice")
    trailcam.client("ec2", region="eu-west-1").describe_vpcs()
    east = trailcam.client("cloudtrail")
    assert look(west, **by("EventName", "CreateUser")) == []
    (record,) = look(east, **by("EventName", "CreateUser"))
    assert record["awsRegion"] == "us-east-1"
    assert names(look(west, **by("EventName", "DescribeVpcs"))) == ["DescribeVpcs"]
    assert look(east, **by("EventName", "DescribeVpcs")) == []


def test_accounts_see_their_own(trailcam, trail):
    trailcam.client("iam", key="111122223333").create_user(UserName="theirs")
    trailcam.client("iam").create_user(UserName="ours")
    records = look(trail, **by("EventName", "CreateUser"))
    assert [record["requestParameters"]["userName"] for record in records] == ["ours"]


def test_ninety_days(trailcam, trail):
    trailcam.client("iam").create_user(UserName="alice")
    trailcam.advance("P89D")
    assert len(look(trail, **by("EventName", "CreateUser"))) == 1
    trailcam.advance("P2D")
    assert look(trail, **by("EventName", "CreateUser")) == []


def test_data_events_are_not_history(trailcam, trail):
    s3 = trailcam.client("s3")
    s3.create_bucket(Bucket="box")
    s3.put_object(Bucket="box", Key="k")
    assert names(look(trail, **by("EventSource", "s3.amazonaws.com"))) == ["CreateBucket"]


def test_errors(trailcam, trail):
    late = datetime.datetime(2026, 1, 16)
    early = datetime.datetime(2026, 1, 14)
    assert refused(trail.lookup_events, StartTime=late, EndTime=early)[::2] == ("InvalidTimeRangeException", 400)
    two = {"LookupAttributes": by("EventName", "a")["LookupAttributes"] + by("EventSource", "b")["LookupAttributes"]}
    assert refused(trail.lookup_events, **two)[::2] == ("InvalidLookupAttributesException", 400)
    assert refused(trail.lookup_events, NextToken="made-up")[::2] == ("InvalidNextTokenException", 400)
    trailcam.client("iam").create_user(UserName="alice")
    page = trail.lookup_events(MaxResults=1)
    other = {"NextToken": page["NextToken"], **by("EventName", "CreateUser")}
    assert refused(trail.lookup_events, **other)[0] == "InvalidNextTokenException"
    assert (
        "Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50"
    ) in trailcam.aws("cloudtrail", "lookup-events", "--page-size", "51", fails=True)


def test_failures_are_found_too(trailcam, trail):
    iam = trailcam.client("iam")
    refused(iam.get_user, UserName="bob")
    refused(iam.delete_user, UserName="bob")
    found = look(trail, **by("EventSource", "iam.amazonaws.com"))
    assert [(record["eventName"], record["errorCode"]) for record in found] == [
        ("DeleteUser", "NoSuchEntityException"),
        ("GetUser", "NoSuchEntityException"),
    ]
    assert found[1]["errorMessage"] == "The user with name bob cannot be found."
