"""CloudWatch Logs: groups, streams and what they are configured with, under a clock that stands still."""

import json

import pytest

from conftest import refused

ACCOUNT = "000000000000"
START_MS = 1768471200000  # 2026-01-15T10:00:00Z
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
SERVICE_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["route53.amazonaws.com"]},
                "Action": "logs:PutLogEvents",
                "Resource": f"{ARN}/aws/route53/*:*",
            }
        ],
    }
)


@pytest.fixture
def logs(trailcam):
    return trailcam.client("logs")


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def paged(client, operation, member, **arguments):
    """The items of each page that boto3's paginator makes."""
    pages = client.get_paginator(operation).paginate(**arguments)
    return [page[member] for page in pages]


# Groups


def test_what_terraform_does_to_a_group(logs):
    logs.create_log_group(logGroupName="/app/web", tags={"env": "test"})
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/app/web")["logGroups"]
    assert group == {
        "logGroupName": "/app/web",
        "creationTime": START_MS,
        "metricFilterCount": 0,
        "arn": f"{ARN}/app/web:*",
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "logGroupArn": f"{ARN}/app/web",
        "deletionProtectionEnabled": False,
    }
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {"env": "test"}
    logs.put_retention_policy(logGroupName="/app/web", retentionInDays=30)
    logs.tag_resource(resourceArn=group["logGroupArn"], tags={"team": "a"})
    logs.untag_resource(resourceArn=group["logGroupArn"], tagKeys=["env"])
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/app/web")["logGroups"]
    assert group["retentionInDays"] == 30
    assert logs.list_tags_log_group(logGroupName="/app/web")["tags"] == {"team": "a"}
    logs.delete_retention_policy(logGroupName="/app/web")
    logs.delete_log_group(logGroupName="/app/web")
    assert logs.describe_log_groups(logGroupNamePrefix="/app/web")["logGroups"] == []


def test_groups_come_in_pages_that_nothing_disturbs(logs):
    names = [f"g{number:03}" for number in range(120)]
    for name in reversed(names):
        logs.create_log_group(logGroupName=name)
    pages = paged(logs, "describe_log_groups", "logGroups")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [group["logGroupName"] for page in pages for group in page] == names
    hundred = logs.list_log_groups(limit=100)
    rest = logs.list_log_groups(limit=100, nextToken=hundred["nextToken"])
    assert [group["logGroupName"] for page in (hundred, rest) for group in page["logGroups"]] == names
    assert "nextToken" not in rest
    first = logs.describe_log_groups(limit=2)
    assert first["nextToken"] == "g001"
    logs.delete_log_group(logGroupName="g001")
    logs.create_log_group(logGroupName="g001x")
    second = logs.describe_log_groups(limit=2, nextToken=first["nextToken"])
    assert [group["logGroupName"] for group in second["logGroups"]] == ["g001x", "g002"]


def test_groups_that_are_refused(logs):
    logs.create_log_group(logGroupName="a")
    assert refused(logs.create_log_group, logGroupName="a") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
        400,
    )
    assert refused(logs.create_log_group, logGroupName="a:b") == (
        "InvalidParameterException",
        "1 validation error detected: Value 'a:b' at 'logGroupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        400,
    )
    assert refused(logs.put_retention_policy, logGroupName="a", retentionInDays=2)[:2] == (
        "InvalidParameterException",
        "Invalid retention value. Valid values are: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, "
        "1096, 1827, 2192, 2557, 2922, 3288, 3653]",
    )
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0"
    assert refused(logs.create_log_group, logGroupName="k", kmsKeyId=key)[::2] == ("NotImplemented", 501)
    assert refused(logs.associate_kms_key, logGroupName="a", kmsKeyId=key)[::2] == ("NotImplemented", 501)
    assert refused(logs.delete_log_group, logGroupName="b")[:2] == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )


def test_a_protected_group_stays(logs):
    logs.create_log_group(logGroupName="p", deletionProtectionEnabled=True)
    assert refused(logs.delete_log_group, logGroupName="p") == (
        "ValidationException",
        "Cannot delete log group with deletion protection enabled. Disable deletion protection first.",
        400,
    )
    logs.put_log_group_deletion_protection(logGroupIdentifier=f"{ARN}p", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="p")


def test_groups_belong_to_an_account_and_a_region(trailcam, logs):
    logs.create_log_group(logGroupName="a")
    elsewhere = trailcam.client("logs", region="eu-west-1")
    others = trailcam.client("logs", key="111122223333")
    for client in (elsewhere, others):
        assert client.describe_log_groups()["logGroups"] == []
        client.create_log_group(logGroupName="a")
    assert refused(others.list_tags_for_resource, resourceArn=f"{ARN}a")[0] == "ResourceNotFoundException"
    assert refused(elsewhere.describe_log_streams, logGroupIdentifier=f"{ARN}a")[0] == "ResourceNotFoundException"


def test_the_command_line(trailcam):
    aws = trailcam.aws
    assert aws("logs", "create-log-group", "--log-group-name", "/cli/a", "--tags", "a=b") is None
    aws("logs", "create-log-stream", "--log-group-name", "/cli/a", "--log-stream-name", "s/1")
    assert aws("logs", "describe-log-groups", "--log-group-name-pattern", "cli") == {
        "logGroups": [{"logGroupName": "/cli/a", "creationTime": START_MS, "arn": f"{ARN}/cli/a:*"}]
    }
    assert aws("logs", "describe-log-streams", "--log-group-identifier", f"{ARN}/cli/a") == {
        "logStreams": [
            {
                "logStreamName": "s/1",
                "creationTime": START_MS,
                "arn": f"{ARN}/cli/a:log-stream:s/1",
                "storedBytes": 0,
            }
        ]
    }
    assert aws("logs", "list-log-groups", "--log-group-name-pattern", "^/cli|other") == {
        "logGroups": [{"logGroupName": "/cli/a", "logGroupArn": f"{ARN}/cli/a", "logGroupClass": "STANDARD"}]
    }
    both = ["--log-group-name-prefix", "a", "--log-group-name-pattern", "b"]
    said = aws("logs", "describe-log-groups", *both, fails=True)
    assert "(InvalidParameterException)" in said
    assert "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters." in said
    # What listings show is not what tag operations take.
    said = aws("logs", "list-tags-for-resource", "--resource-arn", f"{ARN}/cli/a:*", fails=True)
    assert "(ValidationException)" in said and "Invalid resourceArn" in said


# Streams


def test_streams_come_in_pages_both_ways(logs):
    logs.create_log_group(logGroupName="g")
    names = [f"s{number:02}" for number in range(60)]
    for name in names:
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    for order in ({}, {"orderBy": "LogStreamName"}, {"orderBy": "LastEventTime"}):
        for descending in (False, True):
            pages = paged(logs, "describe_log_streams", "logStreams", logGroupName="g", descending=descending, **order)
            assert [len(page) for page in pages] == [50, 10]
            found = [stream["logStreamName"] for page in pages for stream in page]
            assert found == (names[::-1] if descending else names), (order, descending)
    prefixed = paged(logs, "describe_log_streams", "logStreams", logGroupName="g", logStreamNamePrefix="s1", limit=4)
    assert [len(page) for page in prefixed] == [4, 4, 2]


def test_streams_that_are_refused(logs):
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    assert refused(logs.create_log_stream, logGroupName="g", logStreamName="s")[:2] == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    by_time = {"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "s"}
    assert refused(logs.describe_log_streams, **by_time)[:2] == (
        "InvalidParameterException",
        "Cannot order by LastEventTime with a logStreamNamePrefix.",
    )
    assert refused(logs.describe_log_streams, logGroupName="g", logGroupIdentifier="g") == (
        "ValidationException",
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        400,
    )
    logs.delete_log_stream(logGroupName="g", logStreamName="s")
    assert refused(logs.delete_log_stream, logGroupName="g", logStreamName="s")[:2] == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )


# What else is configured


def test_resource_policies(logs):
    made = logs.put_resource_policy(policyName="route53", policyDocument=SERVICE_POLICY)
    assert without_metadata(made) == {
        "resourcePolicy": {
            "policyName": "route53",
            "policyDocument": SERVICE_POLICY,
            "lastUpdatedTime": START_MS,
            "policyScope": "ACCOUNT",
        }
    }
    mistaken = SERVICE_POLICY.replace("Service", "AWS")
    assert refused(logs.put_resource_policy, policyName="p", policyDocument=mistaken)[:2] == (
        "InvalidParameterException",
        "Could not convert to persistable policy.",
    )
    for number in range(9):
        logs.put_resource_policy(policyName=f"p{number}", policyDocument=SERVICE_POLICY)
    assert refused(logs.put_resource_policy, policyName="p9", policyDocument=SERVICE_POLICY)[:2] == (
        "LimitExceededException",
        "Resource limit exceeded.",
    )
    pages = paged(logs, "describe_resource_policies", "resourcePolicies", limit=4)
    assert [len(page) for page in pages] == [4, 4, 2]
    logs.delete_resource_policy(policyName="route53")
    assert refused(logs.delete_resource_policy, policyName="route53")[:2] == (
        "ResourceNotFoundException",
        "Policy with name [route53] does not exist.",
    )


def test_metric_filters(logs):
    logs.create_log_group(logGroupName="g")
    transformation = {
        "metricName": "Size",
        "metricNamespace": "Web",
        "metricValue": "$size",
        "dimensions": {"Status": "$status"},
        "unit": "Bytes",
    }
    filters = {"logGroupName": "g", "filterName": "f", "filterPattern": "[ip, user, status, size]"}
    logs.put_metric_filter(**filters, metricTransformations=[transformation])
    (found,) = logs.describe_metric_filters(logGroupName="g")["metricFilters"]
    assert found == {
        **filters,
        "metricTransformations": [transformation],
        "creationTime": START_MS,
        "applyOnTransformedLogs": False,
    }
    filters["filterPattern"] = "ERROR"
    assert refused(logs.put_metric_filter, **filters, metricTransformations=[transformation])[:2] == (
        "InvalidParameterException",
        "The specified filter pattern does not support dimensions",
    )
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    logs.delete_metric_filter(logGroupName="g", filterName="f")
    assert paged(logs, "describe_metric_filters", "metricFilters") == [[]]


def test_query_definitions(logs):
    made = logs.put_query_definition(name="folder/errors", queryString="filter @message like /E/", logGroupNames=["g"])
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="folder/")["queryDefinitions"]
    assert found == {
        "queryLanguage": "CWLI",
        "queryDefinitionId": made["queryDefinitionId"],
        "name": "folder/errors",
        "queryString": "filter @message like /E/",
        "lastModified": START_MS,
        "logGroupNames": ["g"],
    }
    assert logs.delete_query_definition(queryDefinitionId=made["queryDefinitionId"])["success"] is True
    assert logs.describe_query_definitions()["queryDefinitions"] == []


def test_nothing_takes_deliveries(logs):
    stream = {"targetArn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/r"}
    assert refused(logs.put_destination, destinationName="d", **stream) == (
        "InvalidParameterException",
        "Could not deliver test message to specified destination. Check if the destination is valid.",
        400,
    )
    document = json.dumps({"DestinationArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f", "FilterPattern": ""})
    policy = {"policyName": "p", "policyType": "SUBSCRIPTION_FILTER_POLICY", "policyDocument": document}
    assert refused(logs.put_account_policy, **policy)[0] == "InvalidParameterException"
    assert paged(logs, "describe_destinations", "destinations") == [[]]


# Records


def test_records_of_groups_and_streams(trailcam, logs):
    logs.create_log_group(logGroupName="g", tags={"a": "b"})
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.describe_log_groups(logGroupNamePrefix="g", limit=50)
    refused(logs.delete_log_group, logGroupName="h")
    records = {record["eventName"]: record for record in trailcam.events(eventSource="logs.amazonaws.com")}
    for name, parameters, reads in [
        ("CreateLogGroup", {"logGroupName": "g", "tags": {"a": "b"}}, False),
        ("CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}, False),
        ("DescribeLogGroups", {"logGroupNamePrefix": "g", "limit": 50}, True),
        ("DeleteLogGroup", {"logGroupName": "h"}, False),
    ]:
        record = records[name]
        assert record["requestParameters"] == parameters
        assert (record["readOnly"], record["responseElements"]) == (reads, None)
        assert (record["apiVersion"], record["managementEvent"]) == ("20140328", True)
    assert records["DeleteLogGroup"]["errorCode"] == "ResourceNotFoundException"
    found = trailcam.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}]
    )
    assert found["Events"][0]["Resources"] == [{"ResourceType": "AWS::Logs::LogGroup", "ResourceName": "g"}]
