"""The CloudTrail walkthrough with the real aws-cli, up to validate-logs and its verdicts."""

import gzip
import json

import pytest

from conftest import START, trail_policy

pytestmark = pytest.mark.usefixtures("user")

BUCKET = "audit-logs"
LATER = "2026-01-16T10:00:00Z"


@pytest.fixture
def trail(trailcam, tmp_path):
    """A multi-Region trail with validation, made by the book."""
    trailcam.aws("s3", "mb", f"s3://{BUCKET}")
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(trail_policy(BUCKET)))
    trailcam.aws("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", f"file://{policy}")
    created = trailcam.aws(
        *("cloudtrail", "create-trail", "--name", "main", "--s3-bucket-name", BUCKET),
        *("--is-multi-region-trail", "--enable-log-file-validation"),
    )
    trailcam.aws("cloudtrail", "start-logging", "--name", "main")
    return created["TrailARN"]


def validate(trailcam, trail, region="us-east-1", fails=False):
    return trailcam.aws(
        *("cloudtrail", "validate-logs", "--trail-arn", trail, "--verbose"),
        *("--start-time", "2026-01-15T09:00:00Z", "--end-time", LATER, "--region", region),
        fails=fails,
    )


def log_files(trailcam, region="us-east-1"):
    return sorted(trailcam.data_dir.glob(f"s3/{BUCKET}/AWSLogs/*/CloudTrail/{region}/*/*/*/*.json.gz"))


def digest_files(trailcam, region="us-east-1"):
    return sorted(trailcam.data_dir.glob(f"s3/{BUCKET}/AWSLogs/*/CloudTrail-Digest/{region}/*/*/*/*.json.gz"))


def key_of(trailcam, file):
    return str(file.relative_to(trailcam.data_dir / "s3" / BUCKET))


def records(file):
    return json.loads(gzip.decompress(file.read_bytes()))["Records"]


def work(trailcam):
    """Calls of a normal day, some of which fail."""
    trailcam.client("iam").create_user(UserName="alice")
    iam = trailcam.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName="bob")
    trailcam.client("ec2").describe_instances()


def test_records_reach_history_bucket_and_disk(trailcam, trail):
    work(trailcam)
    events = trailcam.aws("cloudtrail", "lookup-events", "--max-items", "20")["Events"]
    names = [event["EventName"] for event in events]
    assert names[:4] == ["DescribeInstances", "GetUser", "CreateUser", "StartLogging"]
    failed = json.loads(events[1]["CloudTrailEvent"])
    assert (failed["errorCode"], failed["requestParameters"]) == ("NoSuchEntityException", {"userName": "bob"})

    trailcam.advance("PT5M")
    (file,) = log_files(trailcam)
    assert file.name.startswith("000000000000_CloudTrail_us-east-1_20260115T1000Z_") or file.name.startswith(
        "000000000000_CloudTrail_us-east-1_20260115T1005Z_"
    )
    delivered = records(file)
    assert {"CreateUser", "GetUser", "DescribeInstances"} <= {record["eventName"] for record in delivered}
    assert all(record["recipientAccountId"] == "000000000000" for record in delivered)

    listed = trailcam.aws("s3", "ls", f"s3://{BUCKET}/AWSLogs/000000000000/CloudTrail/", "--recursive")
    assert key_of(trailcam, file) in listed
    status = trailcam.aws("cloudtrail", "get-trail-status", "--name", "main")
    assert status["IsLogging"] is True
    assert "LatestDeliveryTime" in status and "LatestDeliveryError" not in status


def test_validate_logs_accepts_regions_stops_and_empty_hours(trailcam, trail):
    work(trailcam)
    trailcam.client("ec2", region="eu-west-1").describe_vpcs()
    trailcam.advance("PT3H")
    for region, logs in (("us-east-1", 1), ("eu-west-1", 1), ("ap-south-1", 0)):
        verdict = validate(trailcam, trail, region)
        assert "INVALID" not in verdict
        assert "4/4 digest files valid" in verdict
        if logs:
            assert f"{logs}/{logs} log files valid" in verdict

    trailcam.aws("cloudtrail", "stop-logging", "--name", "main")
    trailcam.advance("PT2H")
    trailcam.aws("cloudtrail", "start-logging", "--name", "main")
    work_after = trailcam.client("iam")
    work_after.create_user(UserName="carol")
    trailcam.advance("PT2H")
    verdict = validate(trailcam, trail)
    assert "INVALID" not in verdict
    assert "No log files were delivered by CloudTrail between" in verdict


def test_validate_logs_after_key_rotation(trailcam, trail):
    trailcam.advance("P45D")
    work(trailcam)
    trailcam.advance("PT2H")
    verdict = trailcam.aws(
        *("cloudtrail", "validate-logs", "--trail-arn", trail, "--verbose"),
        *("--start-time", START, "--end-time", trailcam.now(), "--region", "us-east-1"),
    )
    assert "INVALID" not in verdict
    fingerprints = {
        json.loads(gzip.decompress(file.read_bytes()))["digestPublicKeyFingerprint"] for file in digest_files(trailcam)
    }
    assert len(fingerprints) >= 2


def tampered(trailcam):
    work(trailcam)
    trailcam.advance("PT2H")
    (log,) = log_files(trailcam)
    return log


def test_a_deleted_log_file_is_named(trailcam, trail):
    log = tampered(trailcam)
    key = key_of(trailcam, log)
    trailcam.aws("s3", "rm", f"s3://{BUCKET}/{key}")
    verdict = validate(trailcam, trail, fails=True)
    assert f"s3://{BUCKET}/{key}\tINVALID: not found" in verdict


@pytest.mark.parametrize("change", ["change", "append"])
def test_a_changed_log_file_is_named(trailcam, trail, change):
    log = tampered(trailcam)
    text = gzip.decompress(log.read_bytes())
    text = text.replace(b"alice", b"mallory") if change == "change" else text + b" "
    log.write_bytes(gzip.compress(text))
    verdict = validate(trailcam, trail, fails=True)
    assert f"s3://{BUCKET}/{key_of(trailcam, log)}\tINVALID: hash value doesn't match" in verdict


def test_a_log_file_changed_through_s3_is_named(trailcam, trail):
    log = tampered(trailcam)
    key = key_of(trailcam, log)
    trailcam.client("s3").put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b'{"Records":[]}'))
    assert f"{key}\tINVALID: hash value doesn't match" in validate(trailcam, trail, fails=True)


def test_a_deleted_digest_is_named(trailcam, trail):
    tampered(trailcam)
    digest = digest_files(trailcam)[1]
    digest.unlink()
    verdict = validate(trailcam, trail, fails=True)
    assert f"s3://{BUCKET}/{key_of(trailcam, digest)}\tINVALID: not found" in verdict


def test_a_changed_digest_is_named(trailcam, trail):
    tampered(trailcam)
    digest = digest_files(trailcam)[1]
    text = gzip.decompress(digest.read_bytes()).replace(b'"SHA-256"', b'"SHA-512"', 1)
    s3 = trailcam.client("s3")
    key = key_of(trailcam, digest)
    metadata = s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(text), Metadata=metadata)
    verdict = validate(trailcam, trail, fails=True)
    assert f"s3://{BUCKET}/{key}\tINVALID: signature verification failed" in verdict


def test_a_digest_signed_with_another_key_is_named(trailcam, trail):
    """Keys belong to Regions: a digest that claims another Region's key is not believed."""
    tampered(trailcam)
    digest = digest_files(trailcam)[1]
    stranger = digest_files(trailcam, "eu-west-1")[1]
    ours, theirs = (json.loads(gzip.decompress(file.read_bytes())) for file in (digest, stranger))
    ours["digestPublicKeyFingerprint"] = theirs["digestPublicKeyFingerprint"]
    s3 = trailcam.client("s3")
    key = key_of(trailcam, digest)
    metadata = s3.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(json.dumps(ours).encode()), Metadata=metadata)
    verdict = validate(trailcam, trail, fails=True)
    assert f"s3://{BUCKET}/{key}\tINVALID: public key not found" in verdict
