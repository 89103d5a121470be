"""The admin API and the command line."""

import os
import signal
import subprocess

import pytest
import requests

from conftest import BINARY, START


def post(trailcam, path, document):
    return requests.post(f"{trailcam.endpoint}/_trailcam/{path}", json=document, timeout=60)


def run(*arguments, **environment):
    names = {key: value for key, value in os.environ.items() if not key.startswith("TRAILCAM_")}
    return subprocess.run(
        [BINARY, *arguments], env=names | environment, capture_output=True, text=True, timeout=20
    )


# Clock


def test_a_frozen_clock_moves_as_told(trailcam):
    assert trailcam.admin("GET", "clock") == {"now": START, "mode": "manual"}
    assert trailcam.advance("PT1H30M") == "2026-01-15T11:30:00Z"
    assert trailcam.advance(0.5) == "2026-01-15T11:30:00.500Z"
    assert trailcam.advance("P1D") == "2026-01-16T11:30:00.500Z"
    assert post(trailcam, "clock", {"set": "2026-02-01T00:00:00Z"}).json()["now"] == "2026-02-01T00:00:00Z"
    assert post(trailcam, "clock", {"set": "2026-02-01T09:30:00+09:00"}).json()["now"] == "2026-02-01T00:30:00Z"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"set": "2026-01-01T00:00:00Z"}, "time only goes forward"),
        ({"set": "tomorrow"}, "set: expected a time such as 2026-01-01T00:00:00Z"),
        ({"advance": "1 hour"}, "advance: expected an ISO 8601 duration such as PT1H, or seconds"),
        ({"advance": -1}, "advance: seconds must not be negative"),
        ({"advance": "P200Y"}, None),
        ({"advance": 1e300}, None),
        ({"mode": "sideways"}, None),
        ({"advance": 1, "set": START}, None),
        ({}, None),
        ([], None),
        ("PT1H", None),
    ],
)
def test_changes_of_the_clock_that_cannot_be(trailcam, change, sentence):
    answer = post(trailcam, "clock", change)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sentence in (None, answer.json()["error"])
    assert trailcam.now() == START


def test_the_system_clock_can_be_stopped(start):
    trailcam = start()
    assert trailcam.admin("GET", "clock")["mode"] == "system"
    assert post(trailcam, "clock", {"mode": "manual"}).json()["mode"] == "manual"
    stopped = trailcam.now()
    assert trailcam.now() == stopped
    assert post(trailcam, "clock", {"mode": "system"}).json()["mode"] == "system"
    assert trailcam.now() >= stopped


# Reset, jobs, flush, events, health


def test_reset_goes_back_to_the_first_moment(trailcam):
    def script():
        trailcam.client("s3").create_bucket(Bucket="box")
        trailcam.client("s3").put_object(Bucket="box", Key="k", Body=b"1")
        trailcam.advance("PT1H")
        return trailcam.client("iam").create_user(UserName="alice")["User"]["UserId"]

    first, events = script(), trailcam.events()
    assert (trailcam.data_dir / "s3/box/k").exists()
    assert trailcam.admin("POST", "reset") == {"now": START, "mode": "manual"}
    assert trailcam.events() == []
    assert trailcam.client("s3").list_buckets()["Buckets"] == []
    assert not (trailcam.data_dir / "s3/box").exists()
    trailcam.admin("POST", "reset")
    assert script() == first
    assert [event["eventID"] for event in trailcam.events()] == [event["eventID"] for event in events]


def test_jobs_and_flush(trailcam):
    assert trailcam.admin("GET", "jobs") == {"jobs": []}
    trailcam.trail_bucket("logs")
    cloudtrail = trailcam.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName="logs", EnableLogFileValidation=True)
    cloudtrail.start_logging(Name="main")
    trailcam.client("ec2").describe_vpcs()
    jobs = trailcam.admin("GET", "jobs")["jobs"]
    assert {"TrailDelivery", "TrailDigest", "HistoryExpiry"} <= {job["job"] for job in jobs}
    assert [job["due"] for job in jobs] == sorted(job["due"] for job in jobs)
    flushed = trailcam.admin("POST", "flush")["delivered"]
    assert any("/CloudTrail/us-east-1/" in name for name in flushed)
    assert any("/CloudTrail-Digest/us-east-1/" in name for name in flushed)
    for name in flushed:
        assert (trailcam.data_dir / "s3" / name).exists()
    assert trailcam.now() == START


def test_events_are_filtered(trailcam):
    iam = trailcam.client("iam")
    iam.create_user(UserName="alice")
    iam.list_users()
    trailcam.advance("PT1H")
    trailcam.client("ec2", region="eu-west-1").describe_vpcs()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName="bob")

    def found(**filters):
        return [event["eventName"] for event in trailcam.events(**filters)]

    assert found() == ["CreateUser", "ListUsers", "DescribeVpcs", "GetUser"]
    assert found(eventSource="iam.amazonaws.com") == ["CreateUser", "ListUsers", "GetUser"]
    assert found(eventName="ListUsers") == ["ListUsers"]
    assert found(awsRegion="eu-west-1") == ["DescribeVpcs"]
    assert found(readOnly="false") == ["CreateUser"]
    assert found(errorCode="NoSuchEntityException") == ["GetUser"]
    assert found(since="2026-01-15T10:30:00Z") == ["DescribeVpcs", "GetUser"]
    assert found(until="2026-01-15T10:30:00Z") == ["CreateUser", "ListUsers"]
    assert found(eventSource="iam.amazonaws.com", readOnly="true", since="2026-01-15T11:00:00Z") == ["GetUser"]
    assert found(recipientAccountId="111122223333") == []
    for wrong in ({"colour": "red"}, {"readOnly": "perhaps"}, {"since": "yesterday"}):
        assert requests.get(f"{trailcam.endpoint}/_trailcam/events", params=wrong, timeout=20).status_code == 400


def test_health(trailcam):
    health = trailcam.admin("GET", "health")
    assert health["status"] == "ok"
    assert "LookupEvents" in health["services"]["cloudtrail"]["operations"]
    assert health["services"]["cloudtrail"]["implemented"] == len(health["services"]["cloudtrail"]["operations"])
    answer = requests.get(f"{trailcam.endpoint}/_localstack/health", timeout=20).json()
    assert (answer["services"]["s3"], answer["services"]["sts"]) == ("running", "running")
    listen = trailcam.endpoint.removeprefix("http://")
    assert run("health", "--listen", listen).returncode == 0
    assert requests.get(f"{trailcam.endpoint}/_trailcam/nothing", timeout=20).status_code == 404
    assert requests.get(f"{trailcam.endpoint}/_trailcam/reset", timeout=20).status_code == 405
    assert trailcam.events() == []


def test_health_of_nobody():
    # The discard port: nothing listens there.
    done = run("health", "--listen", "127.0.0.1:9")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


# Command line


@pytest.mark.parametrize(
    "flags",
    [
        ["--no-such-flag"],
        ["--listen", "nowhere"],
        ["--account-id", "12"],
        ["--region", "mars-1"],
        ["--cadence", "slow"],
        ["--clock", "noon"],
        ["--clock", "+10000-01-01T00:00:00Z"],
        ["--clock", "1969-12-31T23:59:59Z"],
        ["--seed", "x"],
        ["--iam", "enforce"],
        ["--iam", "soft"],
        ["--persist"],
        ["frobnicate"],
    ],
)
def test_bad_flags_stop_with_one_line(tmp_path, flags):
    done = run("--data-dir", str(tmp_path / "data"), *flags)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("trailcam: ")
    assert not (tmp_path / "data").exists()


def test_flags_from_the_environment():
    assert run(TRAILCAM_CADENCE="slow").returncode == 2
    assert run(TRAILCAM_IAM="enforce").returncode == 2
    assert run(TRAILCAM_CLOCK="noon").returncode == 2


def test_account_and_region_of_the_command_line(start):
    trailcam = start("--account-id", "111122223333", "--region", "eu-west-1", "--clock", START)
    assert trailcam.client("sts", region="eu-west-1").get_caller_identity()["Account"] == "111122223333"
    assert trailcam.client("sts", key="444455556666").get_caller_identity()["Account"] == "444455556666"


def test_folders_of_others_are_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run("--data-dir", str(tmp_path), "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_two_trailcams_do_not_share_a_folder(trailcam):
    done = run("--data-dir", str(trailcam.data_dir), "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "another trailcam" in done.stderr
    trailcam.client("sts").get_caller_identity()


def test_a_taken_port(trailcam, tmp_path):
    done = run("--data-dir", str(tmp_path / "other"), "--listen", trailcam.endpoint.removeprefix("http://"))
    assert done.returncode == 1
    assert "cannot listen on" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked(start, number):
    trailcam = start()
    trailcam.client("s3").create_bucket(Bucket="box")
    trailcam.process.send_signal(number)
    assert trailcam.process.wait(timeout=10) == 0


def test_a_restart_begins_anew(start):
    first = start(name="same")
    first.client("s3").create_bucket(Bucket="box")
    first.client("s3").put_object(Bucket="box", Key="k")
    first.stop()
    second = start(name="same")
    assert second.client("s3").list_buckets()["Buckets"] == []
    assert not (second.data_dir / "s3/box").exists()
