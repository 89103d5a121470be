"""The flow-log lab with the real aws-cli, from create-vpc to a query over the records."""

import pytest

from flow_lab import ATTACKER, VISITOR, flow_log_role, network, send

pytestmark = pytest.mark.usefixtures("user")

GROUP = "/vpc/flows"


@pytest.fixture
def lab(trailcam):
    return network(trailcam)


def flow_log(trailcam, resource, *destination, kind="VPC", traffic="ALL"):
    """Makes a flow log of one minute's windows: its id."""
    made = trailcam.aws(
        *("ec2", "create-flow-logs", "--resource-type", kind, "--resource-ids", resource, "--traffic-type", traffic),
        *("--max-aggregation-interval", "60", *destination),
    )
    assert made["Unsuccessful"] == []
    return made["FlowLogIds"][0]


def to_group(trailcam):
    return ("--log-group-name", GROUP, "--deliver-logs-permission-arn", flow_log_role(trailcam))


def messages(trailcam, stream):
    events = trailcam.client("logs").get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in events["events"]]


def test_records_follow_from_the_rules_and_can_be_queried(trailcam, lab):
    made = flow_log(trailcam, lab.vpc, *to_group(trailcam))
    web = {"source": VISITOR, "sourcePort": 50000, "destination": lab.public, "destinationPort": 443}
    answer = send(
        trailcam,
        web | {"packets": 10, "bytes": 4000},
        {"source": ATTACKER, "sourcePort": 40000, "destination": lab.public, "destinationPort": 3389},
    )
    assert (answer["sent"], answer["connected"]) == (2, 1)
    assert answer["refused"] == {"ENI_SG_RULES_MISMATCH": 1}
    refusing = answer["flows"][1]["forward"]["steps"][-1]
    assert (refusing["kind"], refusing["groups"]) == ("security-groups", [lab.group])

    trailcam.advance("PT10M")
    streams = trailcam.aws("logs", "describe-log-streams", "--log-group-name", GROUP)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == [f"{lab.interface}-all"]
    lines = [line.split() for line in messages(trailcam, f"{lab.interface}-all")]
    seen = [line for line in lines if line[-1] == "OK"]
    facts = {tuple(line[3:8] + [line[-2]]) for line in seen}
    assert facts == {
        (VISITOR, lab.private, "50000", "443", "6", "ACCEPT"),
        (lab.private, VISITOR, "443", "50000", "6", "ACCEPT"),
        (ATTACKER, lab.private, "40000", "3389", "6", "REJECT"),
    }
    asked = next(line for line in seen if line[3] == VISITOR)
    assert asked[:3] == ["2", "000000000000", lab.interface]
    assert asked[8:10] == ["10", "4000"]
    assert {line[-1] for line in lines} == {"OK", "NODATA"}

    query = trailcam.aws(
        *("logs", "start-query", "--log-group-name", GROUP, "--start-time", "0", "--end-time", "2000000000"),
        *("--query-string", "filter action = 'REJECT' | stats count(*) as refused by srcAddr, dstPort"),
    )
    results = trailcam.aws("logs", "get-query-results", "--query-id", query["queryId"])
    assert results["status"] == "Complete"
    rows = [{field["field"]: field["value"] for field in row} for row in results["results"]]
    assert rows == [{"srcAddr": ATTACKER, "dstPort": "3389", "refused": "1"}]

    (described,) = trailcam.aws("ec2", "describe-flow-logs", "--flow-log-ids", made)["FlowLogs"]
    assert (described["FlowLogStatus"], described["DeliverLogsStatus"]) == ("ACTIVE", "SUCCESS")
    assert "DeliverLogsErrorMessage" not in described
