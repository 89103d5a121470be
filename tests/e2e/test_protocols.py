"""One service on three protocols, and errors that look like AWS's on each."""

import json
import re

import pytest
import requests

from conftest import refused

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260115/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def as_json(trailcam, operation, document, version="1.0", target="GraniteServiceVersion20100801", service="monitoring"):
    headers = {
        "authorization": SIGNED.format(service),
        "content-type": f"application/x-amz-json-{version}",
        "x-amz-target": f"{target}.{operation}",
    }
    return requests.post(trailcam.endpoint, data=json.dumps(document), headers=headers, timeout=20)


def as_query(trailcam, operation, version="2010-08-01", service="monitoring", **arguments):
    form = {"Action": operation, "Version": version, **arguments}
    return requests.post(trailcam.endpoint, data=form, headers={"authorization": SIGNED.format(service)}, timeout=20)


def inner(text, tag):
    return re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]


def words(answer):
    """Code and message of a refusal on any protocol."""
    if answer.text.startswith("{"):
        document = answer.json()
        return document["__type"].rpartition("#")[2], document.get("message") or document.get("Message")
    return inner(answer.text, "Code"), inner(answer.text, "Message")


def test_cloudwatch_says_the_same_on_three_protocols(trailcam):
    code, message, status = refused(trailcam.client("cloudwatch").describe_insight_rules, MaxResults=5)
    plain, form = as_json(trailcam, "DescribeInsightRules", {"MaxResults": 5}), as_query(trailcam, "DescribeInsightRules")
    assert (code, status) == ("NotImplemented", 501)
    assert "DescribeInsightRules" in message
    assert (plain.status_code, form.status_code) == (501, 501)
    assert words(plain) == words(form) == (code, message)
    records = trailcam.events(eventName="DescribeInsightRules")
    assert [record["errorCode"] for record in records] == ["NotImplemented"] * 3
    assert {record["eventSource"] for record in records} == {"monitoring.amazonaws.com"}
    assert records[0]["requestParameters"] == records[1]["requestParameters"] == {"maxResults": 5}


def test_violations_are_the_same_on_three_protocols(trailcam):
    client = trailcam.client("cloudwatch", parameter_validation=False)
    code, message, status = refused(client.describe_alarms, MaxRecords=101, ActionPrefix="")
    assert status == 400
    arguments = {"MaxRecords": 101, "ActionPrefix": ""}
    plain, form = as_json(trailcam, "DescribeAlarms", arguments), as_query(trailcam, "DescribeAlarms", **arguments)
    assert (plain.status_code, form.status_code) == (400, 400)
    assert words(plain)[1] == words(form)[1] == message
    assert message.startswith("2 validation errors detected: ")
    for piece in (
        "Value '101' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to 100",
        "Value '' at 'actionPrefix' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ):
        assert piece in message
    assert words(plain)[0] in ("ValidationException", "ValidationError")
    assert words(form)[0] == "ValidationError"
    assert code == words(form)[0] or code == words(plain)[0]


def test_every_violation_is_listed(trailcam):
    iam = trailcam.client("iam", parameter_validation=False)
    code, message, status = refused(iam.create_user, UserName="not ok!", Path="no-slash")
    assert (code, status) == ("ValidationError", 400)
    assert message.startswith("2 validation errors detected: ")
    assert "at 'userName' failed to satisfy constraint" in message
    assert "at 'path' failed to satisfy constraint" in message
    assert trailcam.client("iam").list_users()["Users"] == []
    (record,) = trailcam.events(eventName="CreateUser")
    assert record["errorCode"].startswith("Validation")
    assert (record["errorMessage"], record["responseElements"]) == (message, None)


def test_missing_members(trailcam):
    iam = trailcam.client("iam", parameter_validation=False)
    assert refused(iam.create_user) == (
        "ValidationError",
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
        400,
    )


def test_unknown_operations(trailcam):
    plain = as_json(trailcam, "NoSuchThing", {})
    assert (plain.status_code, words(plain)[0]) in ((400, "UnknownOperationException"), (404, "UnknownOperationException"))
    form = as_query(trailcam, "NoSuchThing", "2010-05-08", "iam")
    assert form.status_code == 400
    assert words(form) == ("InvalidAction", "Could not find operation NoSuchThing for version 2010-05-08")
    ec2 = as_query(trailcam, "NoSuchThing", "2016-11-15", "ec2")
    assert words(ec2) == ("InvalidAction", "The action NoSuchThing is not valid for this web service.")
    assert trailcam.events(eventName="NoSuchThing") == []


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("ec2", "describe_volumes"),
        ("sns", "list_platform_applications"),
        ("logs", "describe_deliveries"),
        ("kms", "list_keys"),
        ("events", "list_connections"),
        ("config", "describe_config_rules"),
        ("cloudwatch", "describe_insight_rules"),
        ("iam", "list_organizations_features"),
    ],
)
def test_what_is_not_built_says_so(trailcam, service, method):
    client = trailcam.client(service)
    code, message, status = refused(getattr(client, method))
    operation = client.meta.method_to_api_mapping[method]
    assert (code, status) == ("NotImplemented", 501)
    assert operation in message
    assert "/_trailcam/health" in message
    (record,) = trailcam.events(eventName=operation)
    assert record["errorCode"].removeprefix("Server.").removeprefix("Client.") == "NotImplemented"


def test_request_ids_are_those_of_records(trailcam):
    trailcam.client("s3").create_bucket(Bucket="box")
    calls = [
        ("cloudtrail", "describe_trails", "DescribeTrails"),
        ("iam", "list_users", "ListUsers"),
        ("sts", "get_caller_identity", "GetCallerIdentity"),
        ("ec2", "describe_vpcs", "DescribeVpcs"),
        ("s3", "list_buckets", "ListBuckets"),
        ("cloudwatch", "list_dashboards", "ListDashboards"),
    ]
    for service, method, name in calls:
        try:
            answer = getattr(trailcam.client(service), method)()
        except Exception as error:
            answer = error.response
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        header = headers["x-amz-request-id" if service == "s3" else "x-amzn-requestid"]
        (record,) = trailcam.events(eventName=name)
        assert header == answer["ResponseMetadata"]["RequestId"] == record["requestID"], service


def test_ec2_answers_its_request_id_in_the_body(trailcam):
    answer = as_query(trailcam, "DescribeRegions", "2016-11-15", "ec2")
    (record,) = trailcam.events(eventName="DescribeRegions")
    assert inner(answer.text, "requestId") == record["requestID"] == answer.headers["x-amzn-requestid"]


def test_what_a_record_tells_of_the_connection(trailcam):
    headers = {
        "X-Forwarded-For": "203.0.113.9, 10.0.0.1",
        "User-Agent": "lab/1.0",
        "Host": "iam.amazonaws.com",
        "authorization": SIGNED.format("iam"),
    }
    form = {"Action": "ListUsers", "Version": "2010-05-08"}
    assert requests.post(trailcam.endpoint, data=form, headers=headers, timeout=20).status_code == 200
    (record,) = trailcam.events(eventName="ListUsers")
    assert record["sourceIPAddress"] == "203.0.113.9"
    assert record["userAgent"] == "lab/1.0"
    assert record["tlsDetails"] == {"clientProvidedHostHeader": "iam.amazonaws.com"}
    trailcam.client("iam").list_roles()
    (record,) = trailcam.events(eventName="ListRoles")
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["tlsDetails"] == {"clientProvidedHostHeader": trailcam.endpoint.removeprefix("http://")}


@pytest.mark.parametrize("claim", ["nonsense", "", "999.1.1.1", "<script>"])
def test_addresses_that_are_none(trailcam, claim):
    headers = {"X-Forwarded-For": claim, "authorization": SIGNED.format("iam")}
    form = {"Action": "ListUsers", "Version": "2010-05-08"}
    requests.post(trailcam.endpoint, data=form, headers=headers, timeout=20)
    (record,) = trailcam.events(eventName="ListUsers")
    assert record["sourceIPAddress"] == "127.0.0.1"


def test_errors_name_their_type(trailcam):
    answer = as_json(
        *(trailcam, "GetTrail", {"Name": "missing"}, "1.1"),
        target="com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
        service="cloudtrail",
    )
    assert (answer.status_code, words(answer)[0]) == (400, "TrailNotFoundException")
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    form = as_query(trailcam, "GetUser", "2010-05-08", "iam", UserName="bob")
    assert (form.status_code, words(form)) == (
        404,
        ("NoSuchEntity", "The user with name bob cannot be found."),
    )
    assert inner(form.text, "Type") == "Sender"
    assert form.headers["content-type"] == "text/xml"
