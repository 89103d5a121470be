"""Console sign-in, as the admin API tells it: the records of AWS's documentation."""

import json

import pytest
import requests

from conftest import START

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ANAYA = f"arn:aws:iam::{ACCOUNT}:user/Anaya"
JOHN = f"arn:aws:sts::{ACCOUNT}:assumed-role/RoleName/JohnDoe"


@pytest.fixture
def lab(trailcam):
    iam = trailcam.client("iam")
    iam.create_user(UserName="Anaya")
    iam.create_role(RoleName="RoleName", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}}))
    return trailcam


def sign_in(trailcam, **login):
    answer = requests.post(f"{trailcam.endpoint}/_trailcam/console-login", json=login, timeout=20)
    return answer.status_code, answer.json()


def test_a_user_signs_in(lab):
    status, record = sign_in(lab, principal=ANAYA, sourceIPAddress="203.0.113.9", userAgent="Mozilla/5.0 (X11)")
    assert status == 200
    anaya = lab.client("iam").get_user(UserName="Anaya")["User"]
    state = record["additionalEventData"].pop("LoginTo")
    assert state.startswith(
        "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&state=hashArgsFromTB_us-east-1_"
    )
    assert record.pop("eventID")
    assert record == {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": anaya["UserId"],
            "arn": ANAYA,
            "accountId": ACCOUNT,
            "userName": "Anaya",
        },
        "eventTime": START,
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "Mozilla/5.0 (X11)",
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MobileVersion": "No", "MFAUsed": "No"},
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"clientProvidedHostHeader": "us-east-1.signin.aws.amazon.com"},
    }


# What the documentation's records have in common with each other is left out: identity, error, additional data.
@pytest.mark.parametrize(
    ("login", "identity", "error", "mfa"),
    [
        ({"principal": ROOT}, {"type": "Root", "principalId": ACCOUNT, "arn": ROOT, "accessKeyId": ""}, None, {"MFAUsed": "No"}),
        (
            {"principal": ROOT, "mfaUsed": True},
            {"type": "Root", "principalId": ACCOUNT, "arn": ROOT, "accessKeyId": ""},
            None,
            {"MFAIdentifier": f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device", "MFAUsed": "Yes"},
        ),
        (
            {"principal": ROOT, "result": "Failure"},
            {"type": "Root", "principalId": ACCOUNT, "arn": ROOT, "accessKeyId": ""},
            "Failed authentication",
            {"MFAUsed": "No"},
        ),
        (
            {"principal": ANAYA, "result": "Failure", "mfaUsed": True},
            {"type": "IAMUser", "accessKeyId": "", "userName": "Anaya"},
            "Failed authentication",
            {"MFAUsed": "Yes"},
        ),
        (
            {"principal": f"arn:aws:iam::{ACCOUNT}:user/pa55word", "result": "Failure"},
            {"type": "IAMUser", "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            "No username found in supplied account",
            {"MFAUsed": "No"},
        ),
    ],
)
def test_sign_ins(lab, login, identity, error, mfa):
    status, record = sign_in(lab, **login)
    assert status == 200
    known = record["userIdentity"].pop("principalId") if "Anaya" in login["principal"] else None
    assert (known or "AIDA").startswith("AIDA")
    assert record["userIdentity"] == identity | {"accountId": ACCOUNT}
    assert record.get("errorMessage") == error
    assert record["responseElements"] == {"ConsoleLogin": "Failure" if error else "Success"}
    assert "errorCode" not in record
    assert "requestID" not in record
    assert {name: record["additionalEventData"].get(name) for name in mfa} == mfa
    assert ("MFAIdentifier" in record["additionalEventData"]) == ("MFAIdentifier" in mfa)


def test_a_federated_user_signs_in(lab):
    _, record = sign_in(lab, principal=JOHN, awsRegion="eu-west-1")
    role = lab.client("iam").get_role(RoleName="RoleName")["Role"]
    identity = record["userIdentity"]
    assert (identity["type"], identity["arn"]) == ("AssumedRole", JOHN)
    assert identity["principalId"] == f"{role['RoleId']}:JohnDoe"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role["Arn"]
    assert identity["sessionContext"]["attributes"] == {"creationDate": START, "mfaAuthenticated": "false"}
    assert record["additionalEventData"] == {"MobileVersion": "No", "MFAUsed": "No"}
    assert record["awsRegion"] == "eu-west-1"


def test_sign_ins_are_in_the_history(lab):
    _, record = sign_in(lab, principal=ANAYA)
    found = lab.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]
    )["Events"]
    assert [event["EventId"] for event in found] == [record["eventID"]]
    assert (found[0]["Username"], found[0]["EventSource"]) == ("Anaya", "signin.amazonaws.com")


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"principal": "Anaya"},
        {"principal": f"arn:aws:iam::{ACCOUNT}:user/nobody"},
        {"principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/none/session"},
        {"principal": JOHN, "result": "Failure"},
        {"principal": ROOT, "awsRegion": "eu-west-1"},
        {"principal": ANAYA, "awsRegion": "eu-nowhere-1"},
        {"principal": ANAYA, "sourceIPAddress": "here"},
        {"principal": ANAYA, "result": "Perhaps"},
        {"principal": ANAYA, "mood": "good"},
    ],
)
def test_sign_ins_that_cannot_be(lab, login):
    status, answer = sign_in(lab, **login)
    assert status == 400
    assert answer["error"]
    assert lab.events(eventName="ConsoleLogin") == []
