"""Trails: where they live, what they select, and that each selected event is delivered once."""

import collections
import gzip
import json

import pytest

from conftest import refused, trail_policy

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
DATA = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}


@pytest.fixture
def logs(trailcam):
    return trailcam.trail_bucket("logs")


@pytest.fixture
def cloudtrail(trailcam):
    return trailcam.client("cloudtrail")


def make(cloudtrail, name="main", **settings):
    made = cloudtrail.create_trail(Name=name, S3BucketName="logs", **settings)
    cloudtrail.start_logging(Name=name)
    return made["TrailARN"]


def delivered(trailcam, region="*", bucket="logs"):
    """Every record in the bucket's log files."""
    files = sorted(trailcam.data_dir.glob(f"s3/{bucket}/**/CloudTrail/{region}/*/*/*/*.json.gz"))
    texts = [gzip.decompress(file.read_bytes()) for file in files]
    return [record for text in texts for record in json.loads(text)["Records"]]


def names(records):
    return {record["eventName"] for record in records}


# Where trails live


def test_what_a_trail_shows(trailcam, cloudtrail, logs):
    policy = json.dumps(trail_policy(logs, prefix="pre"))
    trailcam.client("s3").put_bucket_policy(Bucket=logs, Policy=policy)
    made = cloudtrail.create_trail(
        Name="main", S3BucketName=logs, S3KeyPrefix="pre", IsMultiRegionTrail=True, EnableLogFileValidation=True
    )
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
    del made["ResponseMetadata"]
    assert made == {
        "Name": "main",
        "S3BucketName": logs,
        "S3KeyPrefix": "pre",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "TrailARN": arn,
        "LogFileValidationEnabled": True,
        "IsOrganizationTrail": False,
    }
    for name in ("main", arn):
        trail = cloudtrail.get_trail(Name=name)["Trail"]
        assert trail["HomeRegion"] == "us-east-1"
        assert (trail["HasCustomEventSelectors"], trail["HasInsightSelectors"]) == (False, False)
        assert cloudtrail.get_trail_status(Name=name)["IsLogging"] is False


def test_multi_region_trails_have_shadows(trailcam, cloudtrail, logs):
    arn = make(cloudtrail, IsMultiRegionTrail=True)
    west = trailcam.client("cloudtrail", region="eu-west-1")
    (shadow,) = west.describe_trails()["trailList"]
    assert (shadow["TrailARN"], shadow["HomeRegion"]) == (arn, "us-east-1")
    assert west.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert west.get_trail_status(Name=arn)["IsLogging"] is True
    for call in (west.stop_logging, west.start_logging, west.delete_trail):
        assert refused(call, Name=arn)[::2] == ("InvalidHomeRegionException", 400)
    assert refused(west.update_trail, Name=arn, IsMultiRegionTrail=False)[0] == "InvalidHomeRegionException"
    assert cloudtrail.get_trail_status(Name="main")["IsLogging"] is True
    assert refused(west.create_trail, Name="main", S3BucketName="logs", IsMultiRegionTrail=True)[0] == (
        "TrailAlreadyExistsException"
    )


def test_single_region_trails_stay_at_home(trailcam, cloudtrail, logs):
    make(cloudtrail)
    west = trailcam.client("cloudtrail", region="eu-west-1")
    assert west.describe_trails()["trailList"] == []
    assert refused(west.get_trail, Name="main")[::2] == ("TrailNotFoundException", 400)
    trailcam.client("ec2").describe_vpcs()
    trailcam.client("ec2", region="eu-west-1").describe_subnets()
    trailcam.client("iam", region="eu-west-1").create_user(UserName="alice")
    trailcam.advance("PT10M")
    found = names(delivered(trailcam))
    assert "DescribeVpcs" in found
    assert "CreateUser" in found
    assert "DescribeSubnets" not in found


def test_multi_region_trails_deliver_each_region(trailcam, cloudtrail, logs):
    make(cloudtrail, IsMultiRegionTrail=True)
    for region in ("us-east-1", "eu-west-1", "ap-northeast-2"):
        trailcam.client("ec2", region=region).describe_vpcs()
    trailcam.client("iam", region="eu-west-1").create_user(UserName="alice")
    trailcam.advance("PT10M")
    for region in ("us-east-1", "eu-west-1", "ap-northeast-2"):
        records = delivered(trailcam, region)
        assert "DescribeVpcs" in names(records)
        assert {record["awsRegion"] for record in records} == {region}
    assert "CreateUser" in names(delivered(trailcam, "us-east-1"))


def test_global_events_can_be_left_out(trailcam, cloudtrail, logs):
    make(cloudtrail, IncludeGlobalServiceEvents=False)
    trailcam.client("iam").create_user(UserName="alice")
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT10M")
    assert "DescribeVpcs" in names(delivered(trailcam))
    assert "CreateUser" not in names(delivered(trailcam))
    both = {"IncludeGlobalServiceEvents": False, "IsMultiRegionTrail": True}
    assert refused(cloudtrail.create_trail, Name="all", S3BucketName="logs", **both)[0] == (
        "InvalidParameterCombinationException"
    )


@pytest.mark.parametrize("name", ["ab", "-abc", "abc-", "a..b", "192.168.5.4", "a b c", "x" * 129])
def test_names_that_cannot_be(cloudtrail, logs, name):
    assert refused(cloudtrail.create_trail, Name=name, S3BucketName="logs")[::2] == ("InvalidTrailNameException", 400)
    assert cloudtrail.list_trails()["Trails"] == []


def test_trails_that_are_not_there(cloudtrail):
    assert refused(cloudtrail.get_trail, Name="missing")[::2] == ("TrailNotFoundException", 400)
    assert f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/missing" in refused(cloudtrail.start_logging, Name="missing")[1]
    assert cloudtrail.describe_trails(trailNameList=["missing"])["trailList"] == []
    wrong = "arn:aws:cloudtrail:us-east-1"
    assert refused(cloudtrail.get_trail_status, Name=wrong)[0] in (
        "CloudTrailARNInvalidException",
        "InvalidTrailNameException",
    )


def test_five_trails_a_region(trailcam, cloudtrail, logs):
    for number in range(5):
        cloudtrail.create_trail(Name=f"trail{number}", S3BucketName="logs")
    assert refused(cloudtrail.create_trail, Name="sixth", S3BucketName="logs")[::2] == (
        "MaximumNumberOfTrailsExceededException",
        400,
    )
    assert refused(cloudtrail.create_trail, Name="trail1", S3BucketName="logs")[0] == "TrailAlreadyExistsException"
    cloudtrail.delete_trail(Name="trail0")
    cloudtrail.create_trail(Name="sixth", S3BucketName="logs")
    listed = cloudtrail.get_paginator("list_trails").paginate()
    found = [trail["Name"] for page in listed for trail in page["Trails"]]
    assert sorted(found) == ["sixth", "trail1", "trail2", "trail3", "trail4"]


def test_updates(trailcam, cloudtrail, logs):
    make(cloudtrail)
    trailcam.trail_bucket("other")
    cloudtrail.update_trail(Name="main", S3BucketName="other", EnableLogFileValidation=True)
    trail = cloudtrail.get_trail(Name="main")["Trail"]
    assert (trail["S3BucketName"], trail["LogFileValidationEnabled"]) == ("other", True)
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT10M")
    assert "DescribeVpcs" in names(delivered(trailcam, bucket="other"))


def test_stopped_trails_deliver_nothing_new(trailcam, cloudtrail, logs):
    make(cloudtrail)
    ec2 = trailcam.client("ec2")
    ec2.describe_vpcs()
    cloudtrail.stop_logging(Name="main")
    status = cloudtrail.get_trail_status(Name="main")
    assert status["IsLogging"] is False
    assert {"StartLoggingTime", "StopLoggingTime"} <= set(status)
    ec2.describe_subnets()
    trailcam.advance("PT10M")
    cloudtrail.start_logging(Name="main")
    ec2.describe_instances()
    trailcam.advance("PT10M")
    found = names(delivered(trailcam))
    assert {"DescribeVpcs", "DescribeInstances"} <= found
    assert "DescribeSubnets" not in found


# Buckets


def test_buckets_that_do_not_take_logs(trailcam, cloudtrail):
    s3 = trailcam.client("s3")
    assert refused(cloudtrail.create_trail, Name="main", S3BucketName="nowhere")[::2] == (
        "S3BucketDoesNotExistException",
        400,
    )
    s3.create_bucket(Bucket="logs")
    policies = {
        "none": None,
        "of another account": trail_policy("logs", account="111122223333"),
        "of another prefix": trail_policy("logs", prefix="other"),
        "without the ACL": {**trail_policy("logs"), "Statement": trail_policy("logs")["Statement"][1:]},
    }
    for policy in policies.values():
        if policy:
            s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(policy))
        code, message, status = refused(cloudtrail.create_trail, Name="main", S3BucketName="logs")
        assert (code, status) == ("InsufficientS3BucketPolicyException", 400)
        assert message == "Incorrect S3 bucket policy is detected for bucket: logs"
    assert cloudtrail.list_trails()["Trails"] == []
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(trail_policy("logs", prefix="other")))
    cloudtrail.create_trail(Name="main", S3BucketName="logs", S3KeyPrefix="other")


def test_policies_may_ask_for_tls_and_the_trail(trailcam, cloudtrail, logs):
    """What CloudTrail checks at first and what it does later is judged alike."""
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
    policy = trail_policy("logs")
    for statement in policy["Statement"]:
        condition = statement.setdefault("Condition", {})
        condition["Bool"] = {"aws:SecureTransport": "true"}
        condition.setdefault("StringEquals", {})["aws:SourceArn"] = arn
    trailcam.client("s3").put_bucket_policy(Bucket="logs", Policy=json.dumps(policy))
    assert refused(cloudtrail.create_trail, Name="other", S3BucketName="logs")[0] == (
        "InsufficientS3BucketPolicyException"
    )
    make(cloudtrail, EnableLogFileValidation=True)
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT1H10M")
    status = cloudtrail.get_trail_status(Name="main")
    assert not {"LatestDeliveryError", "LatestDigestDeliveryError"} & set(status)
    assert "DescribeVpcs" in names(delivered(trailcam))


def test_nothing_is_lost_or_doubled_when_deliveries_fail(trailcam, cloudtrail, logs):
    make(cloudtrail)
    ec2, s3 = trailcam.client("ec2"), trailcam.client("s3")
    ec2.describe_vpcs()
    trailcam.advance("PT10M")
    s3.delete_bucket_policy(Bucket="logs")
    for _ in range(3):
        ec2.describe_subnets()
        trailcam.advance("PT20M")
    status = cloudtrail.get_trail_status(Name="main")
    assert status["LatestDeliveryError"] == "AccessDenied"
    assert status["LatestDeliveryAttemptSucceeded"] < status["LatestDeliveryAttemptTime"]
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(trail_policy("logs")))
    ec2.describe_instances()
    trailcam.advance("PT2H")
    assert "LatestDeliveryError" not in cloudtrail.get_trail_status(Name="main")
    trailcam.advance("PT10M")
    cloudtrail.stop_logging(Name="main")
    trailcam.advance("PT1H")
    counts = collections.Counter(record["eventID"] for record in delivered(trailcam))
    assert set(counts.values()) == {1}
    recorded = trailcam.events(managementEvent="true", awsRegion="us-east-1")
    started = next(number for number, record in enumerate(recorded) if record["eventName"] == "StartLogging")
    stopped = next(number for number, record in enumerate(recorded) if record["eventName"] == "StopLogging")
    wanted = {record["eventID"] for record in recorded[started + 1 : stopped + 1]}
    assert wanted <= set(counts)


def test_a_bucket_that_is_gone(trailcam, cloudtrail, logs):
    make(cloudtrail)
    trailcam.client("s3").delete_bucket(Bucket="logs")
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT20M")
    assert cloudtrail.get_trail_status(Name="main")["LatestDeliveryError"] == "NoSuchBucket"
    trailcam.trail_bucket("logs")
    trailcam.advance("PT2H")
    assert "DescribeVpcs" in names(delivered(trailcam))


# Selectors


def select(cloudtrail, **selectors):
    answer = cloudtrail.put_event_selectors(TrailName="main", **selectors)
    assert answer["TrailARN"].endswith(":trail/main")


def advanced(*fields):
    return {"AdvancedEventSelectors": [{"Name": "one", "FieldSelectors": list(fields)}]}


def field(name, **operators):
    return {"Field": name, **{key: value if isinstance(value, list) else [value] for key, value in operators.items()}}


MANAGEMENT = field("eventCategory", Equals="Management")
OBJECTS = [field("eventCategory", Equals="Data"), field("resources.type", Equals="AWS::S3::Object")]


def after_work(trailcam):
    """Some calls of all kinds, and which of them reached the log files."""
    s3 = trailcam.client("s3")
    for bucket in ("box", "other"):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="in/k", Body=b"1")
        s3.get_object(Bucket=bucket, Key="in/k")
        s3.put_object(Bucket=bucket, Key="out", Body=b"1")
    trailcam.client("iam").create_user(UserName="alice")
    trailcam.client("iam").list_users()
    trailcam.advance("PT10M")

    def shown(record):
        parameters = record["requestParameters"] or {}
        place = f" {parameters['bucketName']}/{parameters['key']}" if "key" in parameters else ""
        return record["eventName"] + place

    found = {shown(record) for record in delivered(trailcam)}
    return {name for name in found if "AWSLogs" not in name}


def test_the_default_is_management_events(trailcam, cloudtrail, logs):
    make(cloudtrail)
    selectors = cloudtrail.get_event_selectors(TrailName="main")
    assert selectors["EventSelectors"] == [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]
    found = after_work(trailcam)
    assert {"CreateUser", "ListUsers", "CreateBucket"} <= found
    assert not [name for name in found if "Object " in name]


@pytest.mark.parametrize(
    ("selector", "there", "not_there"),
    [
        ({"ReadWriteType": "WriteOnly"}, {"CreateUser"}, {"ListUsers"}),
        ({"ReadWriteType": "ReadOnly"}, {"ListUsers"}, {"CreateUser"}),
        (
            {"IncludeManagementEvents": False, "DataResources": [DATA]},
            {"PutObject box/in/k", "GetObject other/in/k"},
            {"CreateUser"},
        ),
        (
            {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::box/in"]}]},
            {"CreateUser", "PutObject box/in/k"},
            {"PutObject box/out", "PutObject other/in/k"},
        ),
        (
            {"ReadWriteType": "WriteOnly", "DataResources": [{**DATA, "Values": ["arn:aws:s3:::box/"]}]},
            {"PutObject box/in/k", "PutObject box/out"},
            {"GetObject box/in/k", "PutObject other/out"},
        ),
    ],
)
def test_basic_selectors(trailcam, cloudtrail, logs, selector, there, not_there):
    make(cloudtrail)
    select(cloudtrail, EventSelectors=[selector])
    assert cloudtrail.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"] is True
    found = after_work(trailcam)
    assert there <= found
    assert not not_there & found


@pytest.mark.parametrize(
    ("fields", "there", "not_there"),
    [
        ([MANAGEMENT], {"CreateUser", "ListUsers"}, {"PutObject box/out"}),
        ([MANAGEMENT, field("readOnly", Equals="false")], {"CreateUser"}, {"ListUsers"}),
        (OBJECTS, {"PutObject box/out", "GetObject box/in/k"}, {"CreateUser", "CreateBucket"}),
        ([*OBJECTS, field("eventName", Equals=["GetObject"])], {"GetObject box/in/k"}, {"PutObject box/out"}),
        ([*OBJECTS, field("eventName", NotEquals="GetObject")], {"PutObject box/out"}, {"GetObject box/in/k"}),
        ([*OBJECTS, field("eventName", StartsWith="Put")], {"PutObject box/out"}, {"GetObject box/in/k"}),
        ([*OBJECTS, field("eventName", NotStartsWith="Put")], {"GetObject box/in/k"}, {"PutObject box/out"}),
        (
            [*OBJECTS, field("resources.ARN", StartsWith="arn:aws:s3:::box/in")],
            {"PutObject box/in/k"},
            {"PutObject box/out", "PutObject other/in/k"},
        ),
        (
            [*OBJECTS, field("resources.ARN", NotStartsWith="arn:aws:s3:::box/", NotEndsWith="out")],
            {"PutObject other/in/k"},
            {"PutObject box/in/k", "PutObject other/out"},
        ),
        ([*OBJECTS, field("resources.ARN", EndsWith="/out")], {"PutObject box/out"}, {"PutObject box/in/k"}),
    ],
)
def test_advanced_selectors(trailcam, cloudtrail, logs, fields, there, not_there):
    make(cloudtrail)
    select(cloudtrail, **advanced(*fields))
    found = after_work(trailcam)
    assert there <= found
    assert not not_there & found


@pytest.mark.parametrize(
    "selectors",
    [
        advanced(field("readOnly", Equals="true")),
        advanced(field("eventCategory", Equals="Nonsense")),
        advanced(field("eventCategory", Equals="Data")),
        advanced(MANAGEMENT, field("nonsense", Equals="x")),
        advanced(MANAGEMENT, field("readOnly", StartsWith="t")),
        advanced(MANAGEMENT, field("eventName", Equals="CreateUser")),
        advanced(MANAGEMENT, field("eventSource", NotEquals="iam.amazonaws.com")),
        advanced(field("eventCategory", Equals="NetworkActivity")),
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::Nonsense", "Values": ["arn:aws:s3"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["nonsense"]}]}]},
        {"EventSelectors": [{}] * 6},
    ],
)
def test_selectors_that_cannot_be(cloudtrail, logs, selectors):
    make(cloudtrail)
    code, _, status = refused(cloudtrail.put_event_selectors, TrailName="main", **selectors)
    assert (code, status) == ("InvalidEventSelectorsException", 400)
    assert cloudtrail.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"] is False


def test_two_trails_deliver_on_their_own(trailcam, cloudtrail, logs):
    trailcam.trail_bucket("second")
    make(cloudtrail)
    cloudtrail.create_trail(Name="other", S3BucketName="second")
    cloudtrail.start_logging(Name="other")
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT10M")
    for bucket in ("logs", "second"):
        found = [record for record in delivered(trailcam, bucket=bucket) if record["eventName"] == "DescribeVpcs"]
        assert len(found) == 1


# Log files


def test_log_files(trailcam, cloudtrail, logs):
    make(cloudtrail)
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT10M")
    s3 = trailcam.client("s3")
    (key,) = [item["Key"] for item in s3.list_objects_v2(Bucket="logs", Prefix="AWSLogs/")["Contents"] if ".gz" in item["Key"]]
    folder, _, name = key.rpartition("/")
    assert folder == f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15"
    account, kind, region, moment, unique = name.removesuffix(".json.gz").split("_")
    assert (account, kind, region) == (ACCOUNT, "CloudTrail", "us-east-1")
    assert moment.startswith("20260115T10") and int(moment[11:13]) % 5 == 0 and moment.endswith("Z")
    assert len(unique) == 16 and unique.isalnum()
    head = s3.head_object(Bucket="logs", Key=key)
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")
    assert head["ServerSideEncryption"] == "AES256"
    text = gzip.decompress((trailcam.data_dir / "s3/logs" / key).read_bytes())
    assert text.startswith(b'{"Records":[{"eventVersion":"') and text.endswith(b"}]}")
    assert b"\n" not in text


def test_cadence_of_aws(start):
    trailcam = start("--clock", "2026-01-15T10:01:00Z", "--cadence", "aws")
    trailcam.trail_bucket("logs")
    make(trailcam.client("cloudtrail"))
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT1M")
    assert delivered(trailcam) == []
    trailcam.advance("PT9M")
    assert "DescribeVpcs" in names(delivered(trailcam))


# Tags, keys, what is to come


def test_tags(cloudtrail, logs):
    arn = make(cloudtrail, TagsList=[{"Key": "team", "Value": "red"}])
    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "blue"}])

    def tags():
        pages = cloudtrail.get_paginator("list_tags").paginate(ResourceIdList=[arn])
        found = [tag for page in pages for item in page["ResourceTagList"] for tag in item["TagsList"]]
        return sorted((tag["Key"], tag.get("Value")) for tag in found)

    assert tags() == [("cost", "1"), ("team", "blue")]
    cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": "cost"}])
    assert tags() == [("team", "blue")]
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    assert refused(cloudtrail.add_tags, ResourceId=arn, TagsList=many)[0] == "TagsLimitExceededException"
    assert tags() == [("team", "blue")]
    missing = arn.replace("main", "missing")
    assert refused(cloudtrail.add_tags, ResourceId=missing, TagsList=[{"Key": "a"}])[0] == "ResourceNotFoundException"


def test_public_keys(trailcam, cloudtrail, logs):
    make(cloudtrail, EnableLogFileValidation=True)
    trailcam.advance("PT2H")
    pages = cloudtrail.get_paginator("list_public_keys").paginate()
    keys = [key for page in pages for key in page["PublicKeyList"]]
    assert keys
    digest = next(trailcam.data_dir.glob("s3/logs/AWSLogs/*/CloudTrail-Digest/us-east-1/*/*/*/*.json.gz"))
    fingerprint = json.loads(gzip.decompress(digest.read_bytes()))["digestPublicKeyFingerprint"]
    assert fingerprint in {key["Fingerprint"] for key in keys}


@pytest.mark.parametrize(
    "setting",
    [
        {"KmsKeyId": "alias/none"},
        {"IsOrganizationTrail": True, "IsMultiRegionTrail": True},
    ],
)
def test_settings_of_later_are_refused(cloudtrail, logs, setting):
    refused(cloudtrail.create_trail, Name="main", S3BucketName="logs", **setting)
    assert cloudtrail.list_trails()["Trails"] == []


def test_insights_are_off(cloudtrail, logs):
    arn = make(cloudtrail)
    code, message, status = refused(cloudtrail.get_insight_selectors, TrailName="main")
    assert (code, status) == ("InsightNotEnabledException", 400)
    assert message == (
        f"Trail {arn} does not have Insights enabled. Edit the trail settings to enable Insights, "
        "and then try the operation again."
    )
    assert refused(cloudtrail.get_insight_selectors, TrailName="missing")[0] == "TrailNotFoundException"
    assert refused(cloudtrail.get_insight_selectors)[0] == "InvalidParameterCombinationException"
    insight = [{"InsightType": "ApiCallRateInsight"}]
    assert refused(cloudtrail.put_insight_selectors, TrailName="main", InsightSelectors=insight)[::2] == (
        "NotImplemented",
        501,
    )


def test_deleting_leaves_the_files(trailcam, cloudtrail, logs):
    make(cloudtrail)
    trailcam.client("ec2").describe_vpcs()
    trailcam.advance("PT10M")
    cloudtrail.delete_trail(Name="main")
    assert cloudtrail.describe_trails()["trailList"] == []
    assert "DescribeVpcs" in names(delivered(trailcam))
    assert refused(cloudtrail.get_trail_status, Name="main")[0] == "TrailNotFoundException"
