"""Firehose: streams, what they take in, and the objects that come of it."""

import datetime
import gzip
import io
import json
import re
import zipfile

import pytest

from conftest import refused

ACCOUNT = "000000000000"
BUCKET = "arn:aws:s3:::lake"
MEGABYTE = 1024 * 1024
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
# The trust policy of AWS's documentation for Firehose.
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "firehose.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT}},
        }
    ],
}
ERRORS = "failed/!{firehose:error-output-type}/"


def make_role(trailcam, name="delivery", trust=TRUST):
    role = trailcam.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    return role["Role"]["Arn"]


@pytest.fixture
def firehose(trailcam):
    return trailcam.client("firehose")


@pytest.fixture
def role(trailcam):
    return make_role(trailcam)


@pytest.fixture
def lake(trailcam):
    trailcam.client("s3").create_bucket(Bucket="lake")
    return trailcam.data_dir / "s3" / "lake"


def make(firehose, role, name="orders", **settings):
    destination = {"RoleARN": role, "BucketARN": BUCKET} | settings
    return firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination)


def objects(folder):
    """The bucket's objects: content by key."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def put(firehose, *records, name="orders"):
    answer = firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": record} for record in records])
    assert answer["FailedPutCount"] == 0
    return answer["RequestResponses"]


def described(firehose, name="orders"):
    return firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]


# Streams


def test_what_a_stream_shows(trailcam, firehose, role):
    arn = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/orders"
    assert make(firehose, role, Prefix="in/")["DeliveryStreamARN"] == arn
    stream = described(firehose)
    assert stream.pop("CreateTimestamp").astimezone(datetime.timezone.utc).isoformat() == "2026-01-15T10:00:00+00:00"
    basic = {
        "RoleARN": role,
        "BucketARN": BUCKET,
        "Prefix": "in/",
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    assert stream == {
        "DeliveryStreamName": "orders",
        "DeliveryStreamARN": arn,
        "DeliveryStreamStatus": "ACTIVE",
        "DeliveryStreamEncryptionConfiguration": {"Status": "DISABLED"},
        "DeliveryStreamType": "DirectPut",
        "VersionId": "1",
        "Destinations": [
            {
                "DestinationId": "destinationId-000000000001",
                "S3DestinationDescription": basic,
                "ExtendedS3DestinationDescription": basic | {"S3BackupMode": "Disabled"},
            }
        ],
        "HasMoreDestinations": False,
    }


def test_streams_belong_to_account_and_region(trailcam, firehose, role):
    make(firehose, role)
    missing = ("ResourceNotFoundException", f"Firehose orders under account {ACCOUNT} not found.", 400)
    west = trailcam.client("firehose", region="eu-west-1")
    assert refused(west.describe_delivery_stream, DeliveryStreamName="orders") == missing
    other = trailcam.client("firehose", key="111122223333")
    assert other.list_delivery_streams()["DeliveryStreamNames"] == []
    assert refused(make, firehose=firehose, role=role) == (
        "ResourceInUseException",
        f"Firehose orders under accountId {ACCOUNT} already exists",
        400,
    )
    firehose.delete_delivery_stream(DeliveryStreamName="orders")
    assert refused(firehose.describe_delivery_stream, DeliveryStreamName="orders") == missing
    assert refused(firehose.delete_delivery_stream, DeliveryStreamName="orders") == missing
    assert refused(firehose.put_record, DeliveryStreamName="orders", Record={"Data": b"x"}) == missing
    make(firehose, role)


def test_paging(firehose, role):
    names = [f"stream-{number:02}" for number in range(12)]
    for name in reversed(names):
        make(firehose, role, name)
    first = firehose.list_delivery_streams()
    assert (first["DeliveryStreamNames"], first["HasMoreDeliveryStreams"]) == (names[:10], True)
    rest = firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName=names[9])
    assert (rest["DeliveryStreamNames"], rest["HasMoreDeliveryStreams"]) == (names[10:], False)
    exact = firehose.list_delivery_streams(Limit=12, DeliveryStreamType="DirectPut")
    assert (exact["DeliveryStreamNames"], exact["HasMoreDeliveryStreams"]) == (names, False)
    assert firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")["DeliveryStreamNames"] == []


def test_the_role_must_trust_firehose(trailcam, firehose, role):
    def answer(arn):
        return refused(make, firehose=firehose, role=arn)

    def sentence(arn):
        return (
            "InvalidArgumentException",
            f"Firehose is unable to assume role {arn}. Please check the role provided.",
            400,
        )

    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    assert answer(missing) == sentence(missing)
    other = json.loads(json.dumps(TRUST).replace("firehose.amazonaws.com", "ec2.amazonaws.com"))
    lambda_role = make_role(trailcam, "ec2", other)
    assert answer(lambda_role) == sentence(lambda_role)
    stranger = json.loads(json.dumps(TRUST).replace(ACCOUNT, "111122223333"))
    wrong_id = make_role(trailcam, "stranger", stranger)
    assert answer(wrong_id) == sentence(wrong_id)
    foreign = answer("arn:aws:iam::111122223333:role/delivery")
    assert foreign == ("AccessDeniedException", "Cross-account pass role is not allowed.", 400)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord"}]}},
        {"DataFormatConversionConfiguration": {"Enabled": True}},
        {"DynamicPartitioningConfiguration": {"Enabled": True}},
        {"EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": "arn:aws:kms:us-east-1:000000000000:key/k"}}},
        {"S3BackupMode": "Enabled"},
        {"S3BackupConfiguration": {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/delivery", "BucketARN": BUCKET}},
        {"CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"}},
        {"CompressionFormat": "HADOOP_SNAPPY"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_what_is_not_built_is_refused_by_name(firehose, role, settings):
    code, message, status = refused(make, firehose=firehose, role=role, **settings)
    assert (code, status) == ("NotImplemented", 501)
    named = {"EncryptionConfiguration": "KMSEncryptionConfig"}
    assert named.get(*settings, next(iter(settings))) in message
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_features_may_be_switched_off(firehose, role):
    off = {
        "ProcessingConfiguration": {"Enabled": False, "Processors": []},
        "DynamicPartitioningConfiguration": {"Enabled": False},
        "S3BackupMode": "Disabled",
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    make(firehose, role, **off)
    shown = described(firehose)["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert {name: shown[name] for name in off} == off


def test_sources_and_destinations(firehose, role):
    def answer(**arguments):
        return refused(firehose.create_delivery_stream, DeliveryStreamName="orders", **arguments)

    s3 = {"RoleARN": role, "BucketARN": BUCKET}
    one = ("InvalidArgumentException", "Exactly one destination configuration is supported for a Firehose", 400)
    assert answer() == one
    assert answer(S3DestinationConfiguration=s3, ExtendedS3DestinationConfiguration=s3) == one
    code, message, _ = answer(DeliveryStreamType="KinesisStreamAsSource", S3DestinationConfiguration=s3)
    assert (code, "KinesisStreamAsSource" in message) == ("NotImplemented", True)
    http = {"EndpointConfiguration": {"Url": "https://example.com"}, "S3Configuration": s3}
    code, message, _ = answer(HttpEndpointDestinationConfiguration=http)
    assert (code, "HttpEndpointDestinationConfiguration" in message) == ("NotImplemented", True)
    hints = {"BufferingHints": {"SizeInMBs": 3}}
    assert answer(S3DestinationConfiguration=s3 | hints)[0] == "InvalidArgumentException"
    for hints in ({"SizeInMBs": 129, "IntervalInSeconds": 60}, {"SizeInMBs": 1, "IntervalInSeconds": 901}):
        assert answer(S3DestinationConfiguration=s3 | {"BufferingHints": hints})[0] == "ValidationException"


# Buffering


def test_buffering_by_time(trailcam, firehose, role, lake):
    make(firehose, role, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    trailcam.advance("PT30S")
    answer = firehose.put_record(DeliveryStreamName="orders", Record={"Data": b"one,"})
    assert answer["Encrypted"] is False and len(answer["RecordId"]) > 100
    trailcam.advance("PT59S")
    put(firehose, b"two,", b"three")
    assert objects(lake) == {}
    trailcam.advance("PT1S")
    ((key, content),) = objects(lake).items()
    assert content == b"one,two,three"
    # Both the prefix and the name tell when the oldest record came.
    assert re.fullmatch(rf"2026/01/15/10/orders-1-2026-01-15-10-00-30-{UUID}", key)
    head = trailcam.client("s3").head_object(Bucket="lake", Key=key)
    assert head["ContentType"] == "application/octet-stream"
    assert "ContentEncoding" not in head
    trailcam.advance("PT24H")
    assert len(objects(lake)) == 1


def test_buffering_by_size(trailcam, firehose, role, lake):
    make(firehose, role, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    half = b"x" * (MEGABYTE // 2)
    put(firehose, half)
    put(firehose, half[:-1])
    trailcam.advance("PT1S")
    assert objects(lake) == {}
    put(firehose, b"y", b"z")
    trailcam.advance("PT1S")
    ((_, content),) = objects(lake).items()
    assert content == half + half[:-1] + b"y"
    # What came after that waits for its own time.
    trailcam.advance("PT899S")
    assert sorted(map(len, objects(lake).values())) == [1, MEGABYTE]


def test_an_interval_of_zero_delivers_at_once(trailcam, firehose, role, lake):
    make(firehose, role, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0})
    put(firehose, b"now")
    trailcam.advance("PT0S")
    assert list(objects(lake).values()) == [b"now"]


def test_flush_delivers_what_is_buffered(trailcam, firehose, role, lake):
    make(firehose, role)
    put(firehose, b"one")
    delivered = trailcam.admin("POST", "flush")["delivered"]
    assert delivered == [f"lake/{key}" for key in objects(lake)]
    assert list(objects(lake).values()) == [b"one"]
    assert trailcam.admin("POST", "flush")["delivered"] == []


def test_jobs_tell_of_deliveries(trailcam, firehose, role):
    make(firehose, role)
    put(firehose, b"one")
    jobs = [job for job in trailcam.admin("GET", "jobs")["jobs"] if job["job"] == "FirehoseDelivery"]
    assert jobs == [
        {"due": "2026-01-15T10:05:00Z", "job": "FirehoseDelivery", "stream": "orders", "region": "us-east-1"}
    ]


def test_limits_of_records(firehose, role):
    make(firehose, role)
    four = [{"Data": b"x" * 1_024_000}] * 4
    rest = 4 * MEGABYTE - 4 * 1_024_000
    answer = firehose.put_record_batch(DeliveryStreamName="orders", Records=[*four, {"Data": b"y" * rest}])
    assert (answer["FailedPutCount"], len(answer["RequestResponses"])) == (0, 5)
    assert len({result["RecordId"] for result in answer["RequestResponses"]}) == 5
    over = [*four, {"Data": b"y" * (rest + 1)}]
    assert refused(firehose.put_record_batch, DeliveryStreamName="orders", Records=over) == (
        "InvalidArgumentException",
        "Records size exceeds 4 MB limit",
        400,
    )
    for call, records in (
        (firehose.put_record_batch, {"Records": [{"Data": b""}] * 501}),
        (firehose.put_record_batch, {"Records": [{"Data": b"x" * 1_024_001}]}),
        (firehose.put_record, {"Record": {"Data": b"x" * 1_024_001}}),
    ):
        assert refused(call, DeliveryStreamName="orders", **records)[::2] == ("ValidationException", 400)


# Names and contents of objects


def test_prefix_expressions(trailcam, firehose, role, lake):
    make(
        firehose,
        role,
        Prefix="year=!{timestamp:yyyy}/!{timestamp:'day='dd}/!{firehose:random-string}/",
        ErrorOutputPrefix=ERRORS,
        FileExtension=".json",
    )
    put(firehose, b"{}")
    trailcam.advance("PT5M")
    (key,) = objects(lake)
    assert re.fullmatch(
        rf"year=2026/day=15/[0-9a-f]{{8}}-[0-9a-f]{{2}}/orders-1-2026-01-15-10-00-00-{UUID}\.json", key
    )


def test_prefixes_without_a_date_get_one(trailcam, firehose, role, lake):
    make(firehose, role, Prefix="in-")
    make(firehose, role, "random", Prefix="!{firehose:random-string}/", ErrorOutputPrefix=ERRORS)
    put(firehose, b"1")
    put(firehose, b"2", name="random")
    trailcam.advance("PT5M")
    keys = sorted(objects(lake), key=lambda key: key.startswith("in-"))
    assert re.match(r"[0-9a-f-]{11}/2026/01/15/10/random-1-", keys[0])
    assert keys[1].startswith("in-2026/01/15/10/orders-1-")


def test_time_zones(trailcam, firehose, role, lake):
    make(firehose, role, CustomTimeZone="Asia/Seoul")
    code, message, status = refused(make, firehose=firehose, role=role, name="other", CustomTimeZone="Asia/Atlantis")
    assert (code, "Asia/Atlantis" in message, status) == ("InvalidArgumentException", True, 400)
    trailcam.advance("PT6H")
    put(firehose, b"late")
    trailcam.advance("PT5M")
    (key,) = objects(lake)
    assert key.startswith("2026/01/16/01/orders-1-2026-01-16-01-00-00-")


@pytest.mark.parametrize(
    "prefixes, constraint",
    [
        (("!{timestamp:yyyy}/", None), "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"),
        (("!{timestamp:yyyy}/", ""), "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"),
        ((None, "failed/!{timestamp:yyyy}/"), None),
        (("!{firehose:error-output-type}/", ERRORS), None),
        (("a!{b/", ERRORS), None),
        (("!{timestamp:bbb}/", ERRORS), None),
        (("!{partitionKeyFromQuery:id}/", ERRORS), None),
        (("x" * 600, None), None),
    ],
)
def test_prefixes_that_cannot_be(firehose, role, prefixes, constraint):
    given = {name: text for name, text in zip(("Prefix", "ErrorOutputPrefix"), prefixes) if text is not None}
    code, message, status = refused(make, firehose=firehose, role=role, **given)
    assert (code, status) == ("InvalidArgumentException", 400)
    start = "Ths supplied prefix(es) do not satisfy the following constraint: "
    assert message.startswith(start)
    assert constraint is None or message == start + constraint


def test_gzip(trailcam, firehose, role, lake):
    make(firehose, role, CompressionFormat="GZIP")
    put(firehose, b"one\n", b"two\n")
    trailcam.advance("PT5M")
    ((key, content),) = objects(lake).items()
    assert key.endswith(".gz")
    assert gzip.decompress(content) == b"one\ntwo\n"
    head = trailcam.client("s3").head_object(Bucket="lake", Key=key)
    assert (head["ContentEncoding"], head["ContentType"]) == ("gzip", "application/octet-stream")


def test_zip(trailcam, firehose, role, lake):
    make(firehose, role, CompressionFormat="ZIP")
    put(firehose, b"one\n" * 1000)
    trailcam.advance("PT5M")
    ((key, content),) = objects(lake).items()
    assert key.endswith(".zip") and len(content) < 1000
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        (entry,) = archive.infolist()
        assert archive.read(entry) == b"one\n" * 1000
        assert entry.date_time == (2026, 1, 15, 10, 0, 0)


def test_the_same_seed_gives_the_same_objects(start):
    def run(name):
        trailcam = start("--clock", "2026-01-15T10:00:00Z", "--seed", "7", name=name)
        firehose = trailcam.client("firehose")
        trailcam.client("s3").create_bucket(Bucket="lake")
        settings = {"Prefix": "!{firehose:random-string}/", "ErrorOutputPrefix": ERRORS, "CompressionFormat": "GZIP"}
        make(firehose, make_role(trailcam), **settings)
        ids = [put(firehose, b"%d" % turn)[0]["RecordId"] for turn in range(3) if trailcam.advance("PT5M")]
        trailcam.advance("PT5M")
        return ids, objects(trailcam.data_dir / "s3" / "lake")

    first, second = run("first"), run("second")
    assert len(first[1]) == 3
    assert first == second


# Failures


def test_delivery_waits_for_the_bucket(trailcam, firehose, role):
    make(firehose, role, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    put(firehose, b"early,")
    trailcam.advance("PT1H")
    put(firehose, b"late")
    trailcam.advance("PT1H")
    failed = trailcam.events(eventName="PutObject")
    assert len(failed) > 1
    assert {event["errorCode"] for event in failed} == {"NoSuchBucket"}
    trailcam.client("s3").create_bucket(Bucket="lake")
    trailcam.advance("PT10M")
    found = objects(trailcam.data_dir / "s3" / "lake")
    assert sorted(found.values()) == [b"early,", b"late"]
    assert {key[:14] for key in found} == {"2026/01/15/10/", "2026/01/15/11/"}
    trailcam.advance("PT48H")
    assert len(objects(trailcam.data_dir / "s3" / "lake")) == 2


def test_delivery_waits_for_the_role(trailcam, firehose, role, lake):
    make(firehose, role)
    put(firehose, b"patience")
    trailcam.client("iam").delete_role(RoleName="delivery")
    trailcam.advance("PT1H")
    assert objects(lake) == {}
    assert {event["errorCode"] for event in trailcam.events(eventName="AssumeRole")} == {"AccessDenied"}
    make_role(trailcam)
    trailcam.advance("PT10M")
    assert list(objects(lake).values()) == [b"patience"]


def test_after_a_day_data_is_lost(start):
    # Attempts are far apart there.
    trailcam = start("--clock", "2026-01-15T10:00:00Z", "--cadence", "aws")
    firehose = trailcam.client("firehose")
    make(firehose, make_role(trailcam))
    trailcam.advance("PT1M")
    put(firehose, b"lost")
    trailcam.advance("PT24H1M")
    trailcam.client("s3").create_bucket(Bucket="lake")
    trailcam.advance("PT24H")
    assert objects(trailcam.data_dir / "s3" / "lake") == {}


# Changes


def test_updates_merge_and_count(trailcam, firehose, role, lake):
    make(firehose, role, Prefix="in/", CompressionFormat="GZIP")
    put(firehose, b"buffered")
    update = {
        "DeliveryStreamName": "orders",
        "DestinationId": "destinationId-000000000001",
        "CurrentDeliveryStreamVersionId": "1",
        "ExtendedS3DestinationUpdate": {"BufferingHints": {"SizeInMBs": 2, "IntervalInSeconds": 60}},
    }
    trailcam.advance("PT10S")
    firehose.update_destination(**update)
    stream = described(firehose)
    assert stream["VersionId"] == "2"
    assert (stream["LastUpdateTimestamp"] - stream["CreateTimestamp"]).total_seconds() == 10
    shown = stream["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (shown["Prefix"], shown["CompressionFormat"]) == ("in/", "GZIP")
    assert shown["BufferingHints"] == {"SizeInMBs": 2, "IntervalInSeconds": 60}
    trailcam.advance("PT50S")
    (key,) = objects(lake)
    assert key.startswith("in/2026/01/15/10/orders-2-")
    assert refused(firehose.update_destination, **update)[::2] == ("ConcurrentModificationException", 400)
    update["CurrentDeliveryStreamVersionId"] = "2"
    wrong = update | {"DestinationId": "destinationId-000000000002"}
    assert refused(firehose.update_destination, **wrong)[::2] == ("InvalidArgumentException", 400)
    wrong = update | {"ExtendedS3DestinationUpdate": {"Prefix": "!{timestamp:yyyy}/"}}
    assert refused(firehose.update_destination, **wrong)[::2] == ("InvalidArgumentException", 400)
    wrong = update | {"ExtendedS3DestinationUpdate": {"S3BackupMode": "Enabled"}}
    assert refused(firehose.update_destination, **wrong)[::2] == ("NotImplemented", 501)
    assert described(firehose)["VersionId"] == "2"


def test_an_update_can_save_what_could_not_be_delivered(trailcam, firehose, role):
    make(firehose, role)
    put(firehose, b"homeless")
    trailcam.advance("PT1H")
    trailcam.client("s3").create_bucket(Bucket="home")
    firehose.update_destination(
        DeliveryStreamName="orders",
        DestinationId="destinationId-000000000001",
        CurrentDeliveryStreamVersionId="1",
        S3DestinationUpdate={"BucketARN": "arn:aws:s3:::home"},
    )
    trailcam.advance("PT0S")
    assert list(objects(trailcam.data_dir / "s3" / "home").values()) == [b"homeless"]


def test_tags(firehose, role):
    destination = {"RoleARN": role, "BucketARN": BUCKET}
    tags = [{"Key": f"key-{number:02}", "Value": "v"} for number in range(49)]
    firehose.create_delivery_stream(DeliveryStreamName="orders", S3DestinationConfiguration=destination, Tags=tags)

    def listed(**page):
        answer = firehose.list_tags_for_delivery_stream(DeliveryStreamName="orders", **page)
        return {tag["Key"]: tag.get("Value") for tag in answer["Tags"]}, answer["HasMoreTags"]

    firehose.tag_delivery_stream(DeliveryStreamName="orders", Tags=[{"Key": "key-00", "Value": "w"}, {"Key": "z"}])
    found, more = listed()
    assert (len(found), more, found["key-00"], found["z"] or "") == (50, False, "w", "")
    more_tags = [{"Key": "one-more", "Value": ""}]
    assert refused(firehose.tag_delivery_stream, DeliveryStreamName="orders", Tags=more_tags)[::2] == (
        "LimitExceededException",
        400,
    )
    assert listed(Limit=2) == ({"key-00": "w", "key-01": "v"}, True)
    assert listed(ExclusiveStartTagKey="key-48", Limit=2)[1] is False
    firehose.untag_delivery_stream(DeliveryStreamName="orders", TagKeys=["z", "key-01", "never-there"])
    found, _ = listed()
    assert len(found) == 48 and "key-01" not in found
    aws = [{"Key": "aws:mine", "Value": ""}]
    assert refused(firehose.tag_delivery_stream, DeliveryStreamName="orders", Tags=aws)[0] == "ValidationException"
    assert refused(firehose.list_tags_for_delivery_stream, DeliveryStreamName="other")[0] == (
        "ResourceNotFoundException"
    )


# Records of CloudTrail


def test_how_calls_are_recorded(trailcam, firehose, role, lake):
    make(firehose, role)
    put(firehose, b"secret")
    firehose.put_record(DeliveryStreamName="orders", Record={"Data": b"secret"})
    firehose.list_delivery_streams(Limit=10)
    described(firehose)
    events = {event["eventName"]: event for event in trailcam.events(eventSource="firehose.amazonaws.com")}
    created = events["CreateDeliveryStream"]
    assert created["requestParameters"] == {
        "deliveryStreamName": "orders",
        "extendedS3DestinationConfiguration": {"roleARN": role, "bucketARN": BUCKET},
    }
    arn = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/orders"
    assert created["responseElements"] == {"deliveryStreamARN": arn}
    assert (created["readOnly"], created["eventCategory"]) == (False, "Management")
    for name, parameters in (
        ("ListDeliveryStreams", {"limit": 10}),
        ("DescribeDeliveryStream", {"deliveryStreamName": "orders"}),
    ):
        event = events[name]
        assert (event["readOnly"], event["requestParameters"], event["responseElements"]) == (True, parameters, None)
    for name in ("PutRecord", "PutRecordBatch"):
        event = events[name]
        assert (event["eventCategory"], event["managementEvent"], event["readOnly"]) == ("Data", False, False)
        assert "secret" not in json.dumps(event) and "c2VjcmV0" not in json.dumps(event)
    found = trailcam.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "orders"}]
    )["Events"]
    assert {event["EventName"] for event in found} == {"CreateDeliveryStream", "DescribeDeliveryStream"}


def test_objects_are_put_by_the_role(trailcam, firehose, role, lake):
    make(firehose, role, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    for _ in range(3):
        put(firehose, b"x")
        trailcam.advance("PT1M")
    put(firehose, b"x")
    trailcam.advance("PT2H")
    put(firehose, b"x")
    trailcam.advance("PT1M")
    assumed = trailcam.events(eventName="AssumeRole")
    # A session lasts for an hour.
    assert len(assumed) == 2
    first = assumed[0]
    assert first["userIdentity"] == {"type": "AWSService", "invokedBy": "firehose.amazonaws.com"}
    assert first["requestParameters"] == {
        "roleArn": role,
        "roleSessionName": "orders",
        "externalId": ACCOUNT,
    }
    puts = trailcam.events(eventName="PutObject")
    assert len(puts) == 5
    identity = puts[0]["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/delivery/orders"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    assert identity["accessKeyId"] == first["responseElements"]["credentials"]["accessKeyId"]
    for name in (identity["invokedBy"], puts[0]["sourceIPAddress"], puts[0]["userAgent"].strip("[]")):
        assert name == "firehose.amazonaws.com"
    assert len({event["userIdentity"]["accessKeyId"] for event in puts}) == 2


# The command line, and the pace of AWS


def test_the_command_line(trailcam, role, lake):
    arn = trailcam.aws(
        *("firehose", "create-delivery-stream", "--delivery-stream-name", "orders"),
        *("--extended-s3-destination-configuration", f"RoleARN={role},BucketARN={BUCKET},CompressionFormat=GZIP"),
    )["DeliveryStreamARN"]
    assert arn.endswith(":deliverystream/orders")
    stream = ("--delivery-stream-name", "orders")
    record = '{"Data":"one;"}'
    assert trailcam.aws("firehose", "put-record", *stream, "--record", record)["RecordId"]
    batch = trailcam.aws("firehose", "put-record-batch", *stream, "--records", f"[{record}]")
    assert batch["FailedPutCount"] == 0
    shown = trailcam.aws("firehose", "describe-delivery-stream", *stream)["DeliveryStreamDescription"]
    assert shown["DeliveryStreamStatus"] == "ACTIVE"
    trailcam.advance("PT5M")
    assert [gzip.decompress(content) for content in objects(lake).values()] == [b"one;one;"]
    trailcam.aws("firehose", "delete-delivery-stream", *stream)
    assert "ResourceNotFoundException" in trailcam.aws("firehose", "describe-delivery-stream", *stream, fails=True)


def test_at_the_pace_of_aws(start):
    trailcam = start("--clock", "2026-01-15T10:00:00Z", "--cadence", "aws")
    firehose, role = trailcam.client("firehose"), make_role(trailcam)
    make(firehose, role)
    assert described(firehose)["DeliveryStreamStatus"] == "CREATING"
    record = {"DeliveryStreamName": "orders", "Record": {"Data": b"x"}}
    assert refused(firehose.put_record, **record)[0] == "ResourceNotFoundException"
    assert refused(firehose.delete_delivery_stream, DeliveryStreamName="orders")[0] == "ResourceInUseException"
    trailcam.advance("PT1M")
    assert described(firehose)["DeliveryStreamStatus"] == "ACTIVE"
    firehose.put_record(**record)
    firehose.delete_delivery_stream(DeliveryStreamName="orders")
    assert described(firehose)["DeliveryStreamStatus"] == "DELETING"
    trailcam.advance("PT1M")
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
