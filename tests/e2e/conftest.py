"""A trailcam of its own for each test, driven by real clients. Tests move the clock; they never sleep for a delivery."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import boto3
import botocore.config
import botocore.exceptions
import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TRAILCAM_BIN", str(ROOT / "target" / "debug" / "trailcam"))
AWS = str(pathlib.Path(sys.executable).parent / "aws")
AWS_2 = str(ROOT / ".venv" / "aws2" / "bin" / "aws")
START = "2026-01-15T10:00:00Z"


class Trailcam:
    """A running trailcam and what a user has at hand: its endpoint, its folder, the aws command, boto3."""

    def __init__(self, data_dir, *flags):
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--data-dir", str(data_dir), *flags],
            stdout=subprocess.PIPE,
            text=True,
        )
        greeting = self.process.stdout.readline()
        self.endpoint = re.search(r"http://\S+", greeting).group()
        self.credentials = ("test", "test")

    def stop(self):
        if self.process.poll() is None:
            self.keep_records()
            self.process.terminate()
            self.process.wait(timeout=20)
        self.process.stdout.close()

    def keep_records(self):
        """Leaves what was recorded where tests/run wants it compared with what AWS writes."""
        if folder := os.environ.get("TRAILCAM_RECORDS"):
            # The records of AWS are known by names alone; network activity events would be taken for other ones.
            lines = self.admin("GET", "events").splitlines(keepends=True)
            lines = "".join(line for line in lines if '"eventCategory":"NetworkActivity"' not in line)
            pathlib.Path(folder, f"{self.process.pid}-{self.endpoint.rpartition(':')[2]}.jsonl").write_text(lines)

    def act_as_user(self, name):
        """Makes an IAM user, who makes all calls from now on that say nothing else: few real calls are root's."""
        identity = self.make_user(name)
        self.credentials = (identity["key"], identity["secret"])

    def make_user(self, name, **root):
        """Makes an IAM user in the account of a root: what to call as."""
        iam = self.client("iam", **root)
        iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}

    def environment(self, region="us-east-1", key=None, secret="test", token=None):
        if key is None:
            key, secret = self.credentials
        names = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        names |= {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }
        return names | ({"AWS_SESSION_TOKEN": token} if token else {})

    def aws(self, *arguments, fails=False, **identity):
        """Runs the real aws-cli: its JSON answer, else all that it printed."""
        done = subprocess.run(
            [AWS, *arguments], env=self.environment(**identity), capture_output=True, text=True, timeout=120
        )
        if fails:
            assert done.returncode != 0, done.stdout
            return done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return done.stdout + done.stderr

    def javascript(self, program):
        """Runs a program of tests/js: what it prints as JSON."""
        node = shutil.which("node")
        assert node, "tests/run installs Node.js"
        done = subprocess.run(
            [node, program],
            cwd=ROOT / "tests" / "js",
            env=self.environment() | {"AWS_REGION": "us-east-1"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def following(self, *command, **environment):
        """A command that goes on and prints lines; ended with the block."""
        environment = self.environment() | environment | {"PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        # Nothing that is waited for takes a minute: the line that did not come is an empty one then.
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            process.stdout.close()

    def client(self, service, region="us-east-1", key=None, secret="test", token=None, **config):
        if key is None:
            key, secret = self.credentials
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, **config),
        )

    def admin(self, method, path, **arguments):
        answer = requests.request(method, f"{self.endpoint}/_trailcam/{path}", timeout=300, **arguments)
        answer.raise_for_status()
        return answer.json() if "json" == answer.headers["content-type"].rpartition("/")[2] else answer.text

    def advance(self, duration):
        return self.admin("POST", "clock", json={"advance": duration})["now"]

    def now(self):
        return self.admin("GET", "clock")["now"]

    def events(self, **filters):
        lines = self.admin("GET", "events", params=filters).splitlines()
        return [json.loads(line) for line in lines]

    def trail_bucket(self, name, account="000000000000", prefix="", region="us-east-1"):
        """A bucket with the policy that AWS's documentation gives for trails."""
        s3 = self.client("s3", region=region)
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **place)
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(trail_policy(name, account, prefix)))
        return name


def trail_policy(bucket, account="000000000000", prefix=""):
    service = {"Service": "cloudtrail.amazonaws.com"}
    folder = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Effect": "Allow",
                "Principal": service,
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{bucket}",
            },
            {
                "Sid": "AWSCloudTrailWrite20150319",
                "Effect": "Allow",
                "Principal": service,
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/{folder}/{account}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            },
        ],
    }


def refused(call, **arguments):
    """Calls what must fail: the error's code, message and HTTP status."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"].get("Message"), answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def start(tmp_path):
    """Starts trailcams; all are stopped at the end of the test."""
    running = []

    def start(*flags, name="data"):
        running.append(Trailcam(tmp_path / name, *flags))
        return running[-1]

    yield start
    for trailcam in running:
        trailcam.stop()


@pytest.fixture
def trailcam(start):
    """A trailcam whose clock stands still at a time in January 2026."""
    return start("--clock", START, "--seed", "7")


@pytest.fixture
def user(request):
    """All calls are an IAM user's, in tests whose trailcam is the usual one."""
    if "trailcam" in request.fixturenames:
        request.getfixturevalue("trailcam").act_as_user("dev")
