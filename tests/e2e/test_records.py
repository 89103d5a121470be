"""Records of many kinds of calls keep the rules that CloudTrail's own records keep."""

import json
import re

import pytest
import requests
import urllib3

from conftest import refused

ACCOUNT = "000000000000"

ORDER = (
    "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode "
    "errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources "
    "eventType apiVersion managementEvent recipientAccountId serviceEventDetails sharedEventID vpcEndpointId "
    "vpcEndpointAccountId eventCategory tlsDetails sessionCredentialFromConsole"
).split()

ALWAYS = {
    *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress"),
    *("userAgent", "requestParameters", "responseElements", "requestID", "eventID", "readOnly", "eventType"),
    *("managementEvent", "recipientAccountId", "eventCategory"),
}

IDENTITY = ["type", "principalId", "arn", "accountId", "accessKeyId", "userName", "sessionContext", "invokedBy"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}],
    }
)


def work_iam(iam):
    iam.create_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    iam.get_user(UserName="alice")
    refused(iam.get_user, UserName="bob")
    refused(iam.create_user, UserName="alice")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="alice")
    iam.list_groups_for_user(UserName="alice")
    iam.list_users()
    iam.create_access_key(UserName="alice")
    iam.list_access_keys(UserName="alice")
    policy = iam.create_policy(PolicyName="read", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="alice", PolicyArn=policy)
    iam.list_attached_user_policies(UserName="alice")
    refused(iam.delete_policy, PolicyArn=policy)
    iam.put_user_policy(UserName="alice", PolicyName="inline", PolicyDocument=DOCUMENT)
    iam.get_user_policy(UserName="alice", PolicyName="inline")
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=TRUST)
    iam.get_role(RoleName="auditor")
    iam.attach_role_policy(RoleName="auditor", PolicyArn=policy)
    iam.list_attached_role_policies(RoleName="auditor")
    iam.detach_role_policy(RoleName="auditor", PolicyArn=policy)
    iam.update_assume_role_policy(RoleName="auditor", PolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="host")
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="auditor")
    iam.tag_user(UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    iam.delete_user_policy(UserName="alice", PolicyName="inline")
    iam.detach_user_policy(UserName="alice", PolicyArn=policy)
    iam.remove_user_from_group(GroupName="staff", UserName="alice")
    iam.delete_group(GroupName="staff")
    iam.list_roles()
    iam.list_policies(Scope="Local")


def work_sts(trailcam):
    trailcam.client("sts").get_caller_identity()
    key = trailcam.client("iam").create_access_key(UserName="alice")["AccessKey"]
    sts = trailcam.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    sts.get_caller_identity()
    sts.get_session_token()
    arn = f"arn:aws:iam::{ACCOUNT}:role/auditor"
    made = sts.assume_role(RoleArn=arn, RoleSessionName="shift")["Credentials"]
    signer = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"], "token": made["SessionToken"]}
    trailcam.client("sts", **signer).get_caller_identity()
    ec2 = trailcam.client("ec2", **signer)
    ec2.describe_vpcs()
    ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    trailcam.client("s3", **signer).list_buckets()


def work_ec2(ec2):
    ec2.describe_regions()
    ec2.describe_availability_zones()
    ec2.describe_subnets()
    ec2.describe_security_groups()
    refused(ec2.describe_security_groups, GroupIds=["sg-00000000000000000"])
    refused(ec2.describe_vpcs, VpcIds=["vpc-00000000000000000"])


def work_s3(s3):
    s3.create_bucket(Bucket="box")
    s3.list_buckets()
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    s3.get_object(Bucket="box", Key="k")
    s3.head_object(Bucket="box", Key="k")
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/k")
    s3.list_objects_v2(Bucket="box")
    s3.put_object_tagging(Bucket="box", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    refused(s3.get_object, Bucket="box", Key="missing")
    refused(s3.get_bucket_policy, Bucket="box")
    refused(s3.get_bucket_lifecycle_configuration, Bucket="box")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    s3.get_bucket_versioning(Bucket="box")
    s3.get_bucket_location(Bucket="box")
    s3.get_bucket_acl(Bucket="box")
    s3.get_bucket_encryption(Bucket="box")
    s3.get_public_access_block(Bucket="box")
    s3.put_bucket_tagging(Bucket="box", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object(Bucket="box", Key="k")
    s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "copy"}]})


def work_cloudtrail(trailcam, cloudtrail):
    trailcam.trail_bucket("logs")
    refused(cloudtrail.create_trail, Name="main", S3BucketName="nowhere")
    arn = cloudtrail.create_trail(Name="main", S3BucketName="logs", IsMultiRegionTrail=True)["TrailARN"]
    cloudtrail.start_logging(Name="main")
    cloudtrail.describe_trails()
    cloudtrail.get_trail(Name="main")
    cloudtrail.get_trail_status(Name=arn)
    cloudtrail.list_trails()
    cloudtrail.put_event_selectors(
        TrailName="main",
        EventSelectors=[{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}],
    )
    cloudtrail.get_event_selectors(TrailName="main")
    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "a", "Value": "b"}])
    cloudtrail.list_tags(ResourceIdList=[arn])
    cloudtrail.update_trail(Name="main", EnableLogFileValidation=True)
    cloudtrail.lookup_events()
    cloudtrail.list_public_keys()
    refused(cloudtrail.get_trail, Name="missing")
    trailcam.advance("PT10M")
    cloudtrail.stop_logging(Name="main")
    cloudtrail.delete_trail(Name="main")


def role_session(trailcam):
    """Who most real records are of: the session of a role."""
    iam = trailcam.client("iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.create_user(UserName="clerk")
    key = iam.create_access_key(UserName="clerk")["AccessKey"]
    sts = trailcam.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    made = sts.assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
    return {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"], "token": made["SessionToken"]}


@pytest.fixture(params=["root", "role session"])
def records(trailcam, request):
    signer = role_session(trailcam) if request.param == "role session" else {}
    first = len(trailcam.events())
    work_iam(trailcam.client("iam", **signer))
    work_sts(trailcam)
    work_ec2(trailcam.client("ec2", **signer))
    work_s3(trailcam.client("s3", **signer))
    work_cloudtrail(trailcam, trailcam.client("cloudtrail", **signer))
    return trailcam.events()[first:]


def test_the_envelope(records):
    assert len({(record["eventSource"], record["eventName"]) for record in records}) >= 40
    assert {record["userIdentity"]["type"] for record in records} >= {"Root", "IAMUser", "AssumedRole", "AWSService"}
    for record in records:
        name = f"{record['eventSource']} {record['eventName']}"
        assert list(record) == [key for key in ORDER if key in record], name
        assert set(record) >= ALWAYS, name
        assert set(record) <= set(ORDER), name
        assert record["requestParameters"] != {}, name
        assert record["responseElements"] != {}, name
        assert ("errorCode" in record) >= ("errorMessage" in record), name
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"]), name
        assert UUID.fullmatch(record["eventID"]), name
        assert isinstance(record["readOnly"], bool) and isinstance(record["managementEvent"], bool), name
        assert record["eventCategory"] == ("Management" if record["managementEvent"] else "Data"), name
        assert record["eventType"] == "AwsApiCall", name
        assert "apiVersion" not in record, name
        assert re.fullmatch(r"1\.(08|09|1[01])", record["eventVersion"]), name
        identity = record["userIdentity"]
        assert list(identity) == [key for key in IDENTITY if key in identity], name
    assert len({record["eventID"] for record in records}) == len(records)


def test_request_ids_have_the_form_of_their_service(records):
    for record in records:
        wanted = re.compile(r"[0-9A-Z]{16}") if record["eventSource"] == "s3.amazonaws.com" else UUID
        assert wanted.fullmatch(record["requestID"]), record["eventName"]


def test_reads_and_failures_answer_null(records):
    answering_reads = {"AssumeRole"}
    for record in records:
        name = f"{record['eventSource']} {record['eventName']}"
        if "errorCode" in record:
            assert record["responseElements"] is None, name
        elif record["readOnly"] and record["managementEvent"] and record["eventName"] not in answering_reads:
            assert record["responseElements"] is None, name


def test_reads_are_read_only(records):
    for record in records:
        # STS is odd: AssumeRole counts as a read, GetSessionToken as a write.
        name = record["eventName"]
        reads = name.startswith(("Get", "List", "Describe", "Head", "Lookup", "AssumeRole")) and name != "GetSessionToken"
        assert record["readOnly"] is reads, name


def one(records, name, **members):
    found = [record for record in records if record["eventName"] == name]
    found = [record for record in found if all(record.get(key) == value for key, value in members.items())]
    assert found, name
    return found[0]


def test_names_begin_in_lower_case(records):
    for record in records:
        if record["eventSource"] not in ("s3.amazonaws.com", "ec2.amazonaws.com"):
            for part in (record["requestParameters"], record["responseElements"]):
                assert all(key[0].islower() for key in part or {}), record["eventName"]
    created = one(records, "CreateTrail", errorCode=None)
    assert created["requestParameters"]["name"] == "main"
    assert created["requestParameters"]["s3BucketName"] == "logs"
    assert created["responseElements"]["trailARN"].endswith(":trail/main")


def test_iam_records(records):
    created = one(records, "CreateUser")
    assert created["requestParameters"] == {"userName": "alice", "tags": [{"key": "team", "value": "red"}]}
    user = created["responseElements"]["user"]
    assert (user["userName"], user["arn"], user["path"]) == ("alice", f"arn:aws:iam::{ACCOUNT}:user/alice", "/")
    assert user["createDate"] == "Jan 15, 2026 10:00:00 AM"
    key = one(records, "CreateAccessKey")["responseElements"]["accessKey"]
    assert set(key) == {"accessKeyId", "status", "userName", "createDate"}
    assert one(records, "AttachUserPolicy")["responseElements"] is None
    assert one(records, "GetUser", errorCode="NoSuchEntityException")["requestParameters"] == {"userName": "bob"}
    one(records, "CreateUser", errorCode="EntityAlreadyExistsException")
    one(records, "DeletePolicy", errorCode="DeleteConflictException")
    role = one(records, "CreateRole")["responseElements"]["role"]
    assert role["assumeRolePolicyDocument"].startswith("%7B")


def test_s3_records(records):
    created = one(records, "CreateBucket")
    assert created["requestParameters"]["bucketName"] == "box"
    assert created["requestParameters"]["Host"]
    assert created["responseElements"] is None
    assert created["userAgent"].startswith("[") and created["userAgent"].endswith("]")
    put = one(records, "PutObject")
    assert put["requestParameters"]["key"] == "k"
    assert put["responseElements"]["x-amz-server-side-encryption"] == "AES256"
    assert [resource["type"] for resource in put["resources"]] == ["AWS::S3::Object", "AWS::S3::Bucket"]
    assert put["resources"][0]["ARN"] == "arn:aws:s3:::box/k"
    assert "accountId" not in put["resources"][0]
    assert put["additionalEventData"]["SignatureVersion"] == "SigV4"
    assert put["additionalEventData"]["AuthenticationMethod"] == "AuthHeader"
    assert put["additionalEventData"]["bytesTransferredIn"] >= 1
    assert one(records, "GetBucketVersioning")["requestParameters"]["versioning"] == ""
    assert one(records, "ListObjects")["requestParameters"]["list-type"] == "2"
    one(records, "GetBucketPublicAccessBlock")
    one(records, "GetObject", errorCode="NoSuchKey")
    one(records, "GetBucketPolicy", errorCode="NoSuchBucketPolicy", errorMessage="The bucket policy does not exist")
    versioning = one(records, "PutBucketVersioning")["requestParameters"]["VersioningConfiguration"]
    assert versioning == {"Status": "Enabled", "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}
    policy = one(records, "PutBucketPolicy")["requestParameters"]["bucketPolicy"]
    assert policy["Statement"][0]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}


def test_what_s3_calls_touch(trailcam):
    s3 = trailcam.client("s3")
    s3.create_bucket(Bucket="box")
    bucket = {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::box"}

    def everything(prefix=""):
        return [{"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::box/{prefix}"}, bucket]

    def single(key):
        return [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::box/{key}"}, bucket]

    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html: a data event.
    s3.head_bucket(Bucket="box")
    head = one(trailcam.events(), "HeadBucket")
    assert (head["eventCategory"], head["readOnly"], head["resources"]) == ("Data", True, everything())
    s3.list_objects_v2(Bucket="box", Prefix="a/")
    assert one(trailcam.events(), "ListObjects")["resources"] == everything("a/")

    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="box", LifecycleConfiguration={"Rules": [rule]})
    assert one(trailcam.events(), "PutBucketLifecycle")["resources"] == [bucket]

    refused(s3.copy_object, Bucket="box", Key="to", CopySource="box/missing")
    assert one(trailcam.events(), "CopyObject")["resources"] == single("to")

    # A body that is not what it should be is no reason to forget where it was to go.
    assert refused(s3.put_object, Bucket="box", Key="bad", Body=b"1", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")[0] == (
        "BadDigest"
    )
    put = one(trailcam.events(), "PutObject", errorCode="BadDigest")
    assert (put["requestParameters"]["key"], put["resources"]) == ("bad", single("bad"))
    assert refused(s3.put_object, Bucket="nowhere", Key="k", Body=b"1", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")[0] == (
        "NoSuchBucket"
    )


@pytest.mark.parametrize(("version", "shown"), [("s3", "SigV2"), ("s3v4", "SigV4")])
def test_presigned_requests(trailcam, version, shown):
    """What says who signed, and with what, is no parameter."""
    s3 = trailcam.client("s3", token="secret", signature_version=version)
    s3.create_bucket(Bucket="box")
    s3.put_object(Bucket="box", Key="k", Body=b"1")
    assert one(trailcam.events(), "PutObject")["additionalEventData"]["SignatureVersion"] == shown
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "box", "Key": "k"})
    requests.get(url, timeout=20)
    record = one(trailcam.events(), "GetObject")
    assert record["additionalEventData"]["SignatureVersion"] == shown
    assert record["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    names = {name.lower() for name in record["requestParameters"]}
    assert not names & {"signature", "awsaccesskeyid", "x-amz-signature", "x-amz-credential", "x-amz-security-token"}
    assert names & {"expires", "x-amz-expires"}


def test_clients_without_a_name(trailcam):
    form = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    requests.post(trailcam.endpoint, data=form, headers={"user-agent": urllib3.util.SKIP_HEADER}, timeout=20)
    record = one(trailcam.events(), "GetCallerIdentity")
    assert "userAgent" not in record


def test_ec2_records(records):
    listed = one(records, "DescribeInstances")["requestParameters"]
    items = [{"name": "instance-state-name", "valueSet": {"items": [{"value": "running"}]}}]
    assert listed == {"instancesSet": {}, "filterSet": {"items": items}}
    one(records, "DescribeVpcs", errorCode="Client.InvalidVpcID.NotFound")
    one(records, "DescribeSecurityGroups", errorCode="Client.InvalidGroup.NotFound")


def test_sts_records(records):
    assumed = one(records, "AssumeRole")
    assert assumed["eventVersion"] == "1.08"
    assert assumed["requestParameters"] == {
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/auditor",
        "roleSessionName": "shift",
    }
    assert set(assumed["responseElements"]) == {"credentials", "assumedRoleUser"}
    assert assumed["responseElements"]["credentials"]["expiration"] == "Jan 15, 2026, 11:00:00 AM"
    assert one(records, "GetCallerIdentity")["requestParameters"] is None
