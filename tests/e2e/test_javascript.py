"""The AWS SDK for JavaScript against trailcam: an SDK that shares no code with boto3."""

import json
import shutil
import subprocess

from conftest import ROOT


def test_javascript(trailcam):
    node = shutil.which("node")
    assert node, "tests/run installs Node.js"
    done = subprocess.run(
        [node, "client.mjs"],
        cwd=ROOT / "tests" / "js",
        env=trailcam.environment() | {"AWS_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["body"] == "written by JavaScript"
    assert told["metadata"] == {"note": "kept"}
    assert told["missing"] == {"name": "NoSuchKey", "status": 404}
    assert (trailcam.data_dir / "s3/from-javascript/a folder/ünïcode + more.txt").read_text() == told["body"]
    (event,) = told["events"]
    assert (event["name"], event["time"]) == ("CreateBucket", "2026-01-15T10:00:00.000Z")
    assert event["record"]["requestParameters"]["bucketName"] == "from-javascript"
    assert "aws-sdk-js/3." in event["record"]["userAgent"]
    (lookup,) = trailcam.events(eventName="LookupEvents")
    assert lookup["requestID"] == told["requestId"]
