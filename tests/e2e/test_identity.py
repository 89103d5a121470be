"""Who called, as records tell it."""

import json

import pytest
import requests

from conftest import refused

ACCOUNT = "000000000000"
OTHER = "111122223333"


def last(trailcam, name, **filters):
    return trailcam.events(eventName=name, **filters)[-1]


def trust(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(trailcam, name="auditor", trusted=ACCOUNT, path="/"):
    document = trust({"AWS": f"arn:aws:iam::{trusted}:root"})
    created = trailcam.client("iam").create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document)
    return created["Role"]


def user(trailcam, name="alice", account="test"):
    iam = trailcam.client("iam", key=account)
    created = iam.create_user(UserName=name)["User"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return created, {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def assume(trailcam, role, signer=None, **settings):
    """Assumes a role as a user, since root may not."""
    signer = signer or user(trailcam)[1]
    return trailcam.client("sts", **signer).assume_role(RoleArn=role["Arn"], RoleSessionName="shift", **settings)


def session(credentials):
    return {
        "key": credentials["AccessKeyId"],
        "secret": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
    }


def test_root_of_any_account(trailcam):
    answer = trailcam.client("sts", key=OTHER).get_caller_identity()
    assert (answer["Account"], answer["Arn"], answer["UserId"]) == (OTHER, f"arn:aws:iam::{OTHER}:root", OTHER)
    record = last(trailcam, "GetCallerIdentity")
    assert list(record["userIdentity"].items()) == [
        ("type", "Root"),
        ("principalId", OTHER),
        ("arn", f"arn:aws:iam::{OTHER}:root"),
        ("accountId", OTHER),
        ("accessKeyId", OTHER),
    ]
    assert record["recipientAccountId"] == OTHER
    assert record["requestParameters"] is None


def test_users(trailcam):
    created, signer = user(trailcam)
    assert created["UserId"].startswith("AIDA")
    assert signer["key"].startswith("AKIA")
    answer = trailcam.client("sts", **signer).get_caller_identity()
    assert (answer["UserId"], answer["Arn"]) == (created["UserId"], f"arn:aws:iam::{ACCOUNT}:user/alice")
    assert list(last(trailcam, "GetCallerIdentity")["userIdentity"].items()) == [
        ("type", "IAMUser"),
        ("principalId", created["UserId"]),
        ("arn", f"arn:aws:iam::{ACCOUNT}:user/alice"),
        ("accountId", ACCOUNT),
        ("accessKeyId", signer["key"]),
        ("userName", "alice"),
    ]


def test_roles(trailcam):
    made = role(trailcam, path="/team/")
    answer = assume(trailcam, made)
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{made['RoleId']}:shift",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/shift",
    }
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assumed = last(trailcam, "AssumeRole")
    assert assumed["readOnly"] is True
    assert assumed["responseElements"]["credentials"]["accessKeyId"] == answer["Credentials"]["AccessKeyId"]
    assert "secretAccessKey" not in assumed["responseElements"]["credentials"]
    assert assumed["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": made["Arn"]}]

    trailcam.client("ec2", **session(answer["Credentials"])).describe_vpcs()
    identity = last(trailcam, "DescribeVpcs")["userIdentity"]
    assert list(identity) == ["type", "principalId", "arn", "accountId", "accessKeyId", "sessionContext"]
    assert identity["type"] == "AssumedRole"
    assert identity["principalId"] == f"{made['RoleId']}:shift"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/shift"
    assert identity["accessKeyId"] == answer["Credentials"]["AccessKeyId"]
    assert identity["sessionContext"] == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": made["RoleId"],
            "arn": f"arn:aws:iam::{ACCOUNT}:role/team/auditor",
            "accountId": ACCOUNT,
            "userName": "auditor",
        },
        "attributes": {"creationDate": "2026-01-15T10:00:00Z", "mfaAuthenticated": "false"},
    }


def test_root_assumes_no_roles(trailcam):
    made = role(trailcam)
    assert refused(trailcam.client("sts").assume_role, RoleArn=made["Arn"], RoleSessionName="shift") == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
        403,
    )


def test_roles_that_do_not_trust_the_caller(trailcam):
    made = role(trailcam, trusted=OTHER)
    _, signer = user(trailcam)
    code, message, status = refused(
        trailcam.client("sts", **signer).assume_role, RoleArn=made["Arn"], RoleSessionName="shift"
    )
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:user/alice is not authorized to perform: sts:AssumeRole "
        f"on resource: {made['Arn']}"
    )
    record = last(trailcam, "AssumeRole")
    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", message)
    assert record["requestParameters"] is None
    assert record["responseElements"] is None


def test_session_tokens(trailcam):
    created, signer = user(trailcam)
    credentials = trailcam.client("sts", **signer).get_session_token()["Credentials"]
    assert last(trailcam, "GetSessionToken")["readOnly"] is False
    trailcam.client("ec2", **session(credentials)).describe_vpcs()
    identity = last(trailcam, "DescribeVpcs")["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", "alice")
    assert identity["accessKeyId"] == credentials["AccessKeyId"]
    assert identity["sessionContext"] == {
        "attributes": {"creationDate": "2026-01-15T10:00:00Z", "mfaAuthenticated": "false"}
    }


def test_roles_of_other_accounts(trailcam):
    made = role(trailcam, trusted=OTHER)
    visitor, signer = user(trailcam, "visitor", OTHER)
    answer = assume(trailcam, made, signer)
    ours, theirs = (last(trailcam, "AssumeRole", recipientAccountId=account) for account in (ACCOUNT, OTHER))
    assert (theirs["userIdentity"]["type"], theirs["userIdentity"]["userName"]) == ("IAMUser", "visitor")
    assert ours["userIdentity"]["type"] == "AWSAccount"
    assert ours["userIdentity"]["principalId"] == visitor["UserId"]
    assert ours["userIdentity"]["accountId"] == OTHER
    assert ours["sharedEventID"] == theirs["sharedEventID"]
    assert ours["eventID"] != theirs["eventID"]
    assert ours["requestID"] == theirs["requestID"]
    trailcam.client("ec2", **session(answer["Credentials"])).describe_vpcs()
    record = last(trailcam, "DescribeVpcs")
    assert record["recipientAccountId"] == ACCOUNT
    assert record["userIdentity"]["accountId"] == ACCOUNT


def test_source_identities_stay(trailcam):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html"""
    iam = trailcam.client("iam")
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]

    def make(name, actions):
        statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": actions}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]

    first, second, strict = make("first", actions), make("second", actions), make("strict", actions[:1])
    chain = session(assume(trailcam, first, SourceIdentity="ada")["Credentials"])
    chained = assume(trailcam, second, chain)
    assert chained["SourceIdentity"] == "ada"
    trailcam.client("ec2", **session(chained["Credentials"])).describe_vpcs()
    context = last(trailcam, "DescribeVpcs")["userIdentity"]["sessionContext"]
    assert list(context) == ["sessionIssuer", "attributes", "sourceIdentity"]
    assert (context["sessionIssuer"]["userName"], context["sourceIdentity"]) == ("second", "ada")
    sts = trailcam.client("sts", **chain)
    names = {"RoleArn": second["Arn"], "RoleSessionName": "shift"}
    assert refused(sts.assume_role, **names, SourceIdentity="bob")[::2] == ("AccessDenied", 403)
    # Every role of the chain has to allow it, asked for or not.
    names["RoleArn"] = strict["Arn"]
    assert "sts:SetSourceIdentity" in refused(sts.assume_role, **names)[1]


def test_tokens_expire(trailcam):
    made = role(trailcam)
    answer = assume(trailcam, made, DurationSeconds=900)
    client = trailcam.client("sts", **session(answer["Credentials"]))
    client.get_caller_identity()
    trailcam.advance("PT15M")
    assert refused(client.get_caller_identity)[::2] == ("ExpiredToken", 403)
    wrong = session(answer["Credentials"]) | {"token": "stolen"}
    assert refused(trailcam.client("sts", **wrong).get_caller_identity)[::2] == ("InvalidClientTokenId", 403)


def test_keys_that_are_inactive(trailcam):
    _, signer = user(trailcam)
    iam = trailcam.client("iam")
    iam.update_access_key(UserName="alice", AccessKeyId=signer["key"], Status="Inactive")
    assert refused(trailcam.client("sts", **signer).get_caller_identity)[::2] == ("InvalidClientTokenId", 403)
    iam.update_access_key(UserName="alice", AccessKeyId=signer["key"], Status="Active")
    trailcam.client("sts", **signer).get_caller_identity()


def test_key_info(trailcam):
    _, signer = user(trailcam)
    sts = trailcam.client("sts", key=OTHER)
    assert sts.get_access_key_info(AccessKeyId=signer["key"])["Account"] == ACCOUNT


def test_services(trailcam):
    """CloudTrail's own puts are data events of the bucket, made by the service."""
    trailcam.trail_bucket("logs")
    cloudtrail = trailcam.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName="logs")
    cloudtrail.start_logging(Name="main")
    trailcam.advance("PT5M")
    record = last(trailcam, "PutObject")
    assert record["userIdentity"] == {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    assert record["sourceIPAddress"] == record["userAgent"] == "cloudtrail.amazonaws.com"
    assert (record["managementEvent"], record["eventCategory"]) == (False, "Data")
    assert "sharedEventID" in record
    assert "tlsDetails" not in record
    assert record["requestParameters"]["bucketName"] == "logs"
    assert record["requestParameters"]["x-amz-acl"] == "bucket-owner-full-control"
    kinds = [resource["type"] for resource in record["resources"]]
    assert sorted(kinds) == ["AWS::S3::Bucket", "AWS::S3::Object"]


def test_anonymous_callers(trailcam):
    s3 = trailcam.client("s3")
    s3.create_bucket(Bucket="box")
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    requests.get(f"{trailcam.endpoint}/box/k", timeout=20)
    identity = last(trailcam, "GetObject")["userIdentity"]
    assert identity == {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}


@pytest.mark.parametrize("service", ["cloudtrail", "iam", "ec2"])
def test_unsigned_calls_of_other_services_are_refused(trailcam, service):
    forms = {
        "cloudtrail": {
            "data": "{}",
            "headers": {
                "content-type": "application/x-amz-json-1.1",
                "x-amz-target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListTrails",
            },
        },
        "iam": {"data": {"Action": "ListUsers", "Version": "2010-05-08"}},
        "ec2": {"data": {"Action": "DescribeVpcs", "Version": "2016-11-15"}},
    }
    answer = requests.post(trailcam.endpoint, timeout=20, **forms[service])
    assert answer.status_code in (400, 401, 403)
    assert "MissingAuthenticationToken" in answer.text or "AuthFailure" in answer.text


def test_calls_that_need_no_signature_say_what_is_not_built(trailcam):
    sts = trailcam.client("sts")
    names = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy", "RoleSessionName": "shift"}
    answer = refused(sts.assume_role_with_web_identity, **names, WebIdentityToken="secret")
    assert answer[::2] == ("NotImplemented", 501)
    record = last(trailcam, "AssumeRoleWithWebIdentity")
    assert record["requestParameters"] == {"roleArn": names["RoleArn"], "roleSessionName": "shift"}
    assert "secret" not in json.dumps(record)


def test_two_accounts_share_nothing(trailcam):
    trailcam.client("iam").create_user(UserName="alice")
    theirs = trailcam.client("iam", key=OTHER)
    assert theirs.list_users()["Users"] == []
