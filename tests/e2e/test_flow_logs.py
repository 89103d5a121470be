"""The flow-log lab with the real aws-cli, from create-vpc to a query over the records, and each destination."""

import datetime
import gzip
import io
import json

import flowlogs_reader
import pytest

from conftest import refused
from flow_lab import ATTACKER, VISITOR, by_aws_cli, flow_log_role, network, send

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


def test_records_follow_from_the_rules_and_can_be_queried(trailcam):
    lab = network(trailcam, by_aws_cli)
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
    assert trailcam.aws("ec2", "delete-flow-logs", "--flow-log-ids", made) == {"Unsuccessful": []}


def to_bucket(trailcam, bucket="flow-records", folder="", **options):
    trailcam.client("s3").create_bucket(Bucket=bucket)
    destination = ("--log-destination-type", "s3", "--log-destination", f"arn:aws:s3:::{bucket}{folder}")
    return destination + (("--destination-options", json.dumps(options)) if options else ())


def objects(trailcam, bucket="flow-records"):
    """Keys and bodies."""
    s3 = trailcam.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {found["Key"]: s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read() for found in listed}


def knock(trailcam, lab):
    """A visitor gets in, an attacker does not."""
    visit = {"source": VISITOR, "sourcePort": 50000, "destination": lab.public, "destinationPort": 443}
    attack = {"source": ATTACKER, "sourcePort": 40000, "destination": lab.public, "destinationPort": 3389}
    return send(trailcam, visit, attack)


def verdicts(records):
    return sorted((str(record.srcaddr), str(record.dstaddr), record.dstport, record.action) for record in records)


def expected_verdicts(lab):
    return sorted(
        [
            (VISITOR, lab.private, 443, "ACCEPT"),
            (lab.private, VISITOR, 50000, "ACCEPT"),
            (ATTACKER, lab.private, 3389, "REJECT"),
        ]
    )


def test_text_files_in_a_bucket(trailcam, lab):
    made = flow_log(trailcam, lab.vpc, *to_bucket(trailcam))
    # The policy that the user guide shows, added with the caller's rights.
    policy = json.loads(trailcam.client("s3").get_bucket_policy(Bucket="flow-records")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["AWSLogDeliveryWrite", "AWSLogDeliveryAclCheck"]
    write = policy["Statement"][0]
    assert write["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert write["Resource"] == "arn:aws:s3:::flow-records/AWSLogs/000000000000/*"
    knock(trailcam, lab)
    trailcam.advance("PT15M")

    files = objects(trailcam)
    folder = "AWSLogs/000000000000/vpcflowlogs/us-east-1/2026/01/15/"
    assert all(key.startswith(f"{folder}000000000000_vpcflowlogs_us-east-1_{made}_20260115T10") for key in files)
    first = gzip.decompress(files[min(files)]).decode().splitlines()
    assert first[0] == (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    )
    assert verdicts(read_bucket(trailcam)) == expected_verdicts(lab)


def read_bucket(trailcam):
    """What a third-party reader makes of the files."""
    reader = flowlogs_reader.S3FlowLogsReader(
        "flow-records",
        boto_client=trailcam.client("s3"),
        include_accounts={"000000000000"},
        include_regions={"us-east-1"},
        start_time=datetime.datetime(2026, 1, 15),
        end_time=datetime.datetime(2026, 1, 16),
    )
    return [record for record in reader if record.log_status == "OK"]


def test_parquet_files_by_a_third_party_reader(trailcam, lab):
    flow_log(trailcam, lab.vpc, *to_bucket(trailcam, FileFormat="parquet"))
    knock(trailcam, lab)
    trailcam.advance("PT15M")
    assert verdicts(read_bucket(trailcam)) == expected_verdicts(lab)


def test_parquet_files_with_hive_partitions(trailcam, lab):
    parquet = pytest.importorskip("pyarrow.parquet")
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    made = flow_log(
        trailcam, lab.vpc, *to_bucket(trailcam, folder="/lake/", **options),
        "--log-format", "${version} ${vpc-id} ${srcaddr} ${dstaddr} ${dstport} ${tcp-flags} ${bytes} ${action} ${flow-direction}",
    )
    knock(trailcam, lab)
    trailcam.advance("PT15M")

    files = objects(trailcam)
    folder = (
        "lake/AWSLogs/aws-account-id=000000000000/aws-service=vpcflowlogs/aws-region=us-east-1/"
        "year=2026/month=01/day=15/hour=10/"
    )
    assert all(key.startswith(f"{folder}000000000000_vpcflowlogs_us-east-1_{made}_") for key in files)
    assert all(key.endswith(".log.parquet") for key in files)
    tables = [parquet.read_table(io.BytesIO(body)) for body in files.values()]
    table = tables[0]
    assert table.schema.names == [
        *("version", "vpc_id", "srcaddr", "dstaddr", "dstport", "tcp_flags", "bytes", "action", "flow_direction")
    ]
    kinds = {name: str(table.schema.field(name).type) for name in table.schema.names}
    assert (kinds["version"], kinds["bytes"], kinds["tcp_flags"], kinds["srcaddr"]) == ("int32", "int64", "int32", "string")
    rows = [row for table in tables for row in table.to_pylist() if row["action"] != "-"]
    refused_rows = [row for row in rows if row["action"] == "REJECT"]
    assert refused_rows == [
        {
            "version": 5, "vpc_id": lab.vpc, "srcaddr": ATTACKER, "dstaddr": lab.private, "dstport": 3389,
            "tcp_flags": 2, "bytes": 40, "action": "REJECT", "flow_direction": "ingress",
        }
    ]
    assert {row["flow_direction"] for row in rows if row["action"] == "ACCEPT"} == {"ingress", "egress"}


def test_log_streams_by_a_third_party_reader(trailcam, lab):
    flow_log(trailcam, lab.interface, *to_group(trailcam), kind="NetworkInterface")
    knock(trailcam, lab)
    trailcam.advance("PT10M")
    reader = flowlogs_reader.FlowLogsReader(
        GROUP, boto_client=trailcam.client("logs"), start_time=datetime.datetime(2026, 1, 15),
        end_time=datetime.datetime(2026, 1, 16),
    )
    records = [record for record in reader if record.log_status == "OK"]
    assert verdicts(records) == expected_verdicts(lab)
    assert all(record.interface_id == lab.interface for record in records)


def delivery_stream(trailcam, **identity):
    """A Firehose stream into a bucket: its ARN."""
    trailcam.client("s3", **identity).create_bucket(Bucket="stream-records")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = trailcam.client("iam", **identity)
    role = iam.create_role(RoleName="firehose", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    destination = {"RoleARN": role, "BucketARN": "arn:aws:s3:::stream-records"}
    firehose = trailcam.client("firehose", **identity)
    made = firehose.create_delivery_stream(DeliveryStreamName="flows", ExtendedS3DestinationConfiguration=destination)
    return made["DeliveryStreamARN"]


def tags_of_stream(trailcam, **identity):
    tags = trailcam.client("firehose", **identity).list_tags_for_delivery_stream(DeliveryStreamName="flows")["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


def parsed(trailcam, **identity):
    """What a reader makes of the objects behind the stream."""
    s3 = trailcam.client("s3", **identity)
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket="stream-records").get("Contents", [])]
    lines = [
        line
        for key in keys
        for line in s3.get_object(Bucket="stream-records", Key=key)["Body"].read().decode().splitlines()
    ]
    records = [flowlogs_reader.FlowRecord.from_cwl_event({"message": line}) for line in lines]
    return [record for record in records if record.log_status == "OK"]


def test_firehose(trailcam, lab):
    arn = delivery_stream(trailcam)
    flow_log(trailcam, lab.public_subnet, "--log-destination-type", "kinesis-data-firehose", "--log-destination", arn, kind="Subnet")
    assert tags_of_stream(trailcam) == {"LogDeliveryEnabled": "true"}
    knock(trailcam, lab)
    trailcam.advance("PT20M")
    assert verdicts(parsed(trailcam)) == expected_verdicts(lab)


def test_firehose_of_another_account(trailcam, lab):
    other = {"key": "111122223333"}
    arn = delivery_stream(trailcam, **other)
    assert ":111122223333:" in arn
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trusts = {
        "source": {"Service": "delivery.logs.amazonaws.com"},
        "AWSLogDeliveryFirehoseCrossAccountRole": {"AWS": "arn:aws:iam::000000000000:role/source"},
    }
    roles = {}
    for (name, principal), identity in zip(trusts.items(), ({}, other)):
        trust = {"Version": "2012-10-17", "Statement": [statement | {"Principal": principal}]}
        role = trailcam.client("iam", **identity).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        roles[name] = role["Role"]["Arn"]
    wanted = {
        "ResourceType": "VPC",
        "ResourceIds": [lab.vpc],
        "TrafficType": "REJECT",
        "LogDestinationType": "kinesis-data-firehose",
        "LogDestination": arn,
        "DeliverLogsPermissionArn": roles["source"],
        "MaxAggregationInterval": 60,
    }
    ec2 = trailcam.client("ec2")
    assert refused(ec2.create_flow_logs, **wanted)[0] == "InvalidParameter"
    foreign = roles["AWSLogDeliveryFirehoseCrossAccountRole"]
    assert ec2.create_flow_logs(**wanted, DeliverCrossAccountRole=foreign)["Unsuccessful"] == []
    assert tags_of_stream(trailcam, **other) == {"LogDeliveryEnabled": "true"}
    knock(trailcam, lab)
    trailcam.advance("PT20M")
    assert verdicts(parsed(trailcam, **other)) == [(ATTACKER, lab.private, 3389, "REJECT")]


def test_quiet_lost_and_filtered_windows(trailcam, lab):
    flow_log(trailcam, lab.vpc, *to_group(trailcam), traffic="REJECT")
    knock(trailcam, lab)
    trailcam.advance("PT1M")
    knock(trailcam, lab)
    skipped = trailcam.admin("POST", "traffic/skip-data", json={"interface": lab.interface})
    assert len(skipped["flowLogs"]) == 1
    trailcam.advance("PT10M")
    lines = [line.split() for line in messages(trailcam, f"{lab.interface}-reject")]
    assert [line[-2:] for line in lines[:3]] == [["REJECT", "OK"], ["-", "SKIPDATA"], ["-", "NODATA"]]
    assert lines[1][3:10] == ["-"] * 7
    # The windows are whole minutes of the clock.
    starts = [int(line[10]) for line in lines]
    assert all(later - earlier == 60 for earlier, later in zip(starts[1:], starts[2:]))


def test_a_role_that_loses_its_rights(trailcam, lab):
    made = flow_log(trailcam, lab.vpc, *to_group(trailcam))
    iam = trailcam.client("iam")
    iam.delete_role_policy(RoleName="flow-logs", PolicyName="write")
    knock(trailcam, lab)
    trailcam.advance("PT10M")
    ec2 = trailcam.client("ec2")
    (described,) = ec2.describe_flow_logs(FlowLogIds=[made])["FlowLogs"]
    assert (described["DeliverLogsStatus"], described["DeliverLogsErrorMessage"]) == ("FAILED", "Access error")


CLOUDWATCH = {"LogGroupName": GROUP}
WRONG = [
    (CLOUDWATCH, "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."),
    ({}, "LogDestination can't be empty if LogGroupName is not provided."),
    ({"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::"}, "LogDestination: arn:aws:s3::: is invalid."),
    (
        {"LogDestinationType": "s3", "LogGroupName": GROUP},
        "LogDestination type must be cloud-watch-logs if LogGroupName is provided.",
    ),
    (CLOUDWATCH | {"DeliverLogsPermissionArn": "arn:aws:iam::000000000000:role/nobody"}, "Unable to assume given IAM role"),
    (CLOUDWATCH | {"MaxAggregationInterval": 120}, "Invalid Flow Log Max Aggregation Interval"),
    (CLOUDWATCH | {"LogFormat": "${version} ${color}"}, "Unknown fields provided: color"),
]


@pytest.mark.parametrize("settings, message", WRONG)
def test_what_is_refused(trailcam, settings, message):
    ec2 = trailcam.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    wanted = {"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL"} | settings
    assert refused(ec2.create_flow_logs, **wanted) == ("InvalidParameter", message, 400)
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_resources_and_duplicates(trailcam):
    ec2 = trailcam.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    role = flow_log_role(trailcam)
    wanted = {
        "ResourceType": "VPC",
        "ResourceIds": [vpc],
        "TrafficType": "ALL",
        "LogGroupName": GROUP,
        "DeliverLogsPermissionArn": role,
    }
    code, message, _ = refused(ec2.create_flow_logs, **wanted | {"ResourceIds": ["vpc-00000000000000000"]})
    assert (code, message) == ("InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist")
    assert refused(ec2.create_flow_logs, **wanted | {"ResourceIds": [vpc, vpc]})[0] == "FlowLogAlreadyExists"
    tags = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "team", "Value": "net"}]}]
    (made,) = ec2.create_flow_logs(**wanted, TagSpecifications=tags)["FlowLogIds"]
    assert refused(ec2.create_flow_logs, **wanted) == (
        "FlowLogAlreadyExists",
        "Error. There is an existing Flow Log with the same configuration and log destination.",
        400,
    )
    filters = [{"Name": "tag:team", "Values": ["net"]}, {"Name": "resource-id", "Values": [vpc]}]
    (shown,) = ec2.describe_flow_logs(Filters=filters)["FlowLogs"]
    assert (shown["FlowLogId"], shown["MaxAggregationInterval"], shown["LogDestinationType"]) == (made, 600, "cloud-watch-logs")
    assert shown["Tags"] == [{"Key": "team", "Value": "net"}]
    missing = "fl-00000000000000000"
    answer = ec2.delete_flow_logs(FlowLogIds=[missing])
    assert [failed["ResourceId"] for failed in answer["Unsuccessful"]] == [missing]
    assert ec2.delete_flow_logs(FlowLogIds=[made])["Unsuccessful"] == []
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    # A flow log goes with its resource.
    ec2.create_flow_logs(**wanted)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_flow_logs()["FlowLogs"] == []
