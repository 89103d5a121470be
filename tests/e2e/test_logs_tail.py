"""`aws logs tail`, which aws-cli has since version 2."""

import datetime

from conftest import AWS_2


def test_tail_follows(trailcam):
    logs = trailcam.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")

    def put(message):
        now = datetime.datetime.fromisoformat(trailcam.now().replace("Z", "+00:00"))
        event = {"timestamp": int(now.timestamp() * 1000), "message": message}
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])

    put("first")
    # Its times are of the machine's clock unless they are given; Debian's knows no AWS_ENDPOINT_URL yet.
    command = [AWS_2, "--endpoint-url", trailcam.endpoint, "logs", "tail", "g", "--follow"]
    command += ["--since", "2026-01-01T00:00:00", "--filter-pattern=-second"]
    with trailcam.following(*command) as process:
        assert process.stdout.readline().split() == ["2026-01-15T10:00:00.000000+00:00", "s", "first"]
        trailcam.advance("PT1S")
        put("second")
        put("third")
        assert process.stdout.readline().split() == ["2026-01-15T10:00:01.000000+00:00", "s", "third"]
