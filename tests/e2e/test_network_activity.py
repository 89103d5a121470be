"""Calls through VPC endpoints: judged by the endpoint's policy, and told as network activity events."""

import json
import subprocess

import pytest
from conftest import AWS, refused
from event_lab import arrived, group, make_rule  # noqa: F401
from test_ec2_vpcs import subnet_of, vpc_of
from test_trail_log_groups import in_bucket, in_group, lab, make  # noqa: F401

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
OTHER = "111122223333"
ADDRESS = "10.0.1.7"


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


@pytest.fixture
def cloudtrail(trailcam):
    return trailcam.client("cloudtrail")


def endpoint_of(trailcam, service, *statements, kind="Interface", **root):
    """An endpoint in a VPC of its own, as EC2 shows it; without statements it lets everybody through."""
    ec2 = trailcam.client("ec2", **root)
    vpc = vpc_of(ec2)
    settings = {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": statements})} if statements else {}
    if kind == "Interface":
        settings |= {"SubnetIds": [subnet_of(ec2, vpc)], "PrivateDnsEnabled": False}
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", VpcEndpointType=kind, **settings
    )
    trailcam.advance("PT5S")
    return made["VpcEndpoint"]


def through(endpoint, client):
    """The client, whose calls come through an endpoint from an address in its VPC."""

    def on_the_way(request, **_):
        request.headers["x-trailcam-vpc-endpoint"] = endpoint["VpcEndpointId"]
        request.headers["X-Forwarded-For"] = ADDRESS

    client.meta.events.register("before-sign.*.*", on_the_way)
    return client


def allow(**members):
    return {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"} | members


NOTHING = allow(Effect="Deny")


def equals(field, *values):
    return {"Field": field, "Equals": list(values)}


def selector(source, *fields, name=None):
    named = {"Name": name} if name else {}
    category = equals("eventCategory", "NetworkActivity")
    return named | {"FieldSelectors": [category, equals("eventSource", f"{source}.amazonaws.com"), *fields]}


DENIALS = equals("errorCode", "VpceAccessDenied")


def activity(trailcam, **filters):
    return trailcam.events(eventCategory="NetworkActivity", **filters)


# Calls


def test_calls_that_are_let_through(trailcam):
    endpoint = endpoint_of(trailcam, "cloudtrail")
    through(endpoint, trailcam.client("cloudtrail")).list_trails()
    (event,) = activity(trailcam)
    (call,) = trailcam.events(eventName="ListTrails", eventCategory="Management")
    assert list(event) == [
        "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
        "requestID", "eventID", "eventType", "recipientAccountId", "sharedEventID", "vpcEndpointId",
        "vpcEndpointAccountId", "eventCategory",
    ]  # fmt: skip
    for record in (event, call):
        assert record["userIdentity"]["userName"] == "dev" and record["sourceIPAddress"] == ADDRESS
        assert record["vpcEndpointId"] == endpoint["VpcEndpointId"] and record["vpcEndpointAccountId"] == ACCOUNT
    assert (event["eventType"], event["requestID"]) == ("AwsVpceEvent", call["requestID"])
    # What does not come through an endpoint does not tell of one.
    trailcam.client("cloudtrail").list_trails()
    assert "vpcEndpointId" not in trailcam.events(eventName="ListTrails")[-1]
    assert len(activity(trailcam)) == 1


def test_calls_that_are_denied(trailcam):
    trailcam.client("s3").create_bucket(Bucket="logs")
    endpoint = endpoint_of(trailcam, "s3", allow(Action="s3:ListBucket"))
    s3 = through(endpoint, trailcam.client("s3"))
    assert s3.list_objects_v2(Bucket="logs")["KeyCount"] == 0
    code, message, status = refused(s3.put_object, Bucket="logs", Key="a/b", Body=b"secret")
    user = f"arn:aws:iam::{ACCOUNT}:user/dev"
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        f'User: {user} is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::logs/a/b" because no VPC '
        "endpoint policy allows the s3:PutObject action"
    )
    (listed, denied) = activity(trailcam)
    assert listed["eventName"] == "ListObjects" and "errorCode" not in listed
    assert denied["eventName"] == "PutObject" and denied["errorCode"] == "VpceAccessDenied"
    assert denied["errorMessage"] == "The request was denied due to a VPC endpoint policy"
    # Nothing else tells of the call, and nothing has changed.
    assert [record["eventCategory"] for record in trailcam.events(eventName="PutObject")] == ["NetworkActivity"]
    assert trailcam.client("s3").list_objects_v2(Bucket="logs")["KeyCount"] == 0


def test_the_examples_of_the_user_guide(trailcam):
    """An allowed and a denied ListKeys; that trailcam has no keys yet is not the endpoint's to tell."""
    allowed, closed = endpoint_of(trailcam, "kms"), endpoint_of(trailcam, "kms", NOTHING, key=OTHER)
    assert refused(through(allowed, trailcam.client("kms")).list_keys)[0] == "NotImplemented"
    assert refused(through(closed, trailcam.client("kms")).list_keys)[0] == "AccessDeniedException"
    allowed, denied = activity(trailcam, eventName="ListKeys")[:2]
    assert "errorCode" not in allowed and allowed["userIdentity"]["type"] == "IAMUser"
    assert denied["errorCode"] == "VpceAccessDenied" and denied["recipientAccountId"] == OTHER
    assert denied["userIdentity"].keys() == {"type", "principalId", "accountId"}
    assert set(denied) - set(allowed) == {"errorCode", "errorMessage"}


def test_gateway_endpoints_and_explicit_denials(trailcam):
    trailcam.client("s3").create_bucket(Bucket="logs")
    endpoint = endpoint_of(trailcam, "s3", allow(), NOTHING | {"Action": "s3:DeleteBucket"}, kind="Gateway")
    s3 = through(endpoint, trailcam.client("s3"))
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["logs"]
    assert refused(s3.delete_bucket, Bucket="logs")[1].endswith(
        's3:DeleteBucket on resource: "arn:aws:s3:::logs" with an explicit deny in a VPC endpoint policy'
    )
    assert {event["vpcEndpointId"] for event in activity(trailcam)} == {endpoint["VpcEndpointId"]}


def test_services_without_such_events(trailcam):
    logs = through(endpoint_of(trailcam, "logs", NOTHING), trailcam.client("logs"))
    assert refused(logs.describe_log_groups)[0] == "AccessDeniedException"
    sts = through(endpoint_of(trailcam, "sts"), trailcam.client("sts"))
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    assert activity(trailcam) == [] and trailcam.events(eventName="DescribeLogGroups") == []
    assert trailcam.events(eventName="GetCallerIdentity")[0]["vpcEndpointId"].startswith("vpce-")


def test_callers_of_other_accounts(trailcam, cloudtrail):
    owner = {"key": OTHER}
    endpoint = endpoint_of(trailcam, "cloudtrail", allow(Action="cloudtrail:List*"), **owner)
    client = through(endpoint, trailcam.client("cloudtrail"))
    client.list_trails()
    assert refused(client.describe_trails)[0] == "AccessDeniedException"
    for name, code in [("ListTrails", {}), ("DescribeTrails", {"errorCode": "VpceAccessDenied"})]:
        (theirs,) = activity(trailcam, eventName=name, recipientAccountId=OTHER)
        (own,) = activity(trailcam, eventName=name, recipientAccountId=ACCOUNT)
        identity = own["userIdentity"]
        assert (identity["type"], identity["userName"]) == ("IAMUser", "dev")
        assert theirs["userIdentity"] == {
            "type": "AWSAccount", "principalId": identity["principalId"], "accountId": ACCOUNT,
        }  # fmt: skip
        assert own["sharedEventID"] == theirs["sharedEventID"] and own["eventID"] != theirs["eventID"]
        assert own["vpcEndpointAccountId"] == theirs["vpcEndpointAccountId"] == OTHER
        for record in (own, theirs):
            assert {key: value for key, value in record.items() if key == "errorCode"} == code


def test_names_of_endpoints(trailcam):
    """With trailcam as their proxy, tools find endpoints by the names that AWS gives them."""

    def aws(endpoint, *arguments, prefix=""):
        name = prefix + endpoint["DnsEntries"][0]["DnsName"].removeprefix("*.")
        environment = trailcam.environment() | {"HTTP_PROXY": trailcam.endpoint}
        command = [AWS, *arguments, "--endpoint-url", f"http://{name}"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    endpoint = endpoint_of(trailcam, "cloudtrail", allow(Action="cloudtrail:List*"))
    done = aws(endpoint, "cloudtrail", "list-trails")
    assert json.loads(done.stdout) == {"Trails": []}, done.stderr
    assert "because no VPC endpoint policy allows" in aws(endpoint, "cloudtrail", "describe-trails").stderr
    bucket = endpoint_of(trailcam, "s3")
    assert aws(bucket, "s3", "mb", "s3://logs", prefix="bucket.").returncode == 0
    assert "logs" in aws(bucket, "s3", "ls", prefix="bucket.").stdout
    assert aws(bucket, "s3", "ls", "s3://logs", prefix="bucket.").returncode == 0
    assert [event["eventName"] for event in activity(trailcam)] == [
        "ListTrails", "DescribeTrails", "CreateBucket", "ListBuckets", "ListObjects",
    ]  # fmt: skip
    (created,) = trailcam.events(eventName="CreateBucket", eventCategory="Management")
    assert created["tlsDetails"]["clientProvidedHostHeader"].endswith(".s3.us-east-1.vpce.amazonaws.com")


def test_ways_that_are_not_there(trailcam, ec2):
    endpoint = endpoint_of(trailcam, "cloudtrail")
    before = len(trailcam.events())
    wrong = through(endpoint, trailcam.client("sns"))
    code, message, status = refused(wrong.list_topics)
    assert (code, status) == ("VpcEndpointUnreachable", 421) and "cloudtrail" in message
    unknown = through({"VpcEndpointId": "vpce-00000000000000000"}, trailcam.client("cloudtrail"))
    assert refused(unknown.list_trails)[0] == "VpcEndpointUnreachable"
    assert len(trailcam.events()) == before


# Trails


def trail_of(trailcam, *selectors):
    """A trail that delivers to the bucket `logs` what selectors take."""
    cloudtrail = trailcam.client("cloudtrail")
    cloudtrail.create_trail(Name="main", S3BucketName=trailcam.trail_bucket("logs"))
    cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=list(selectors))
    cloudtrail.start_logging(Name="main")


def shipped(trailcam):
    trailcam.admin("POST", "flush")
    return [r for r in in_bucket(trailcam) if r["eventCategory"] == "NetworkActivity"]


@pytest.mark.parametrize(
    "source, fields, taken",
    [
        ("cloudtrail", [], ["ListTrails", "DescribeTrails"]),
        ("ec2", [], ["DescribeVpcs"]),
        ("kms", [], []),
        ("cloudtrail", [DENIALS], ["DescribeTrails"]),
        ("ec2", [DENIALS], []),
        ("cloudtrail", [equals("eventName", "ListTrails", "GetTrail")], ["ListTrails"]),
        ("cloudtrail", [{"Field": "eventName", "StartsWith": ["Desc"]}], ["DescribeTrails"]),
        ("cloudtrail", [{"Field": "eventName", "NotEndsWith": ["Trails"]}], []),
        ("cloudtrail", [equals("vpcEndpointId", "$cloudtrail")], ["ListTrails", "DescribeTrails"]),
        ("cloudtrail", [equals("vpcEndpointId", "$ec2")], []),
        ("ec2", [{"Field": "vpcEndpointId", "NotEquals": ["$cloudtrail"]}], ["DescribeVpcs"]),
        ("cloudtrail", [equals("vpcEndpointId", "$cloudtrail"), DENIALS], ["DescribeTrails"]),
    ],
)
def test_selectors_by_each_field(trailcam, source, fields, taken):
    ways = {
        "cloudtrail": endpoint_of(trailcam, "cloudtrail", allow(Action="cloudtrail:List*")),
        "ec2": endpoint_of(trailcam, "ec2"),
    }
    text = json.dumps(fields)
    for service, way in ways.items():
        text = text.replace(f"${service}", way["VpcEndpointId"])
    trail_of(trailcam, selector(source, *json.loads(text)))
    cloudtrail = through(ways["cloudtrail"], trailcam.client("cloudtrail"))
    cloudtrail.list_trails()
    refused(cloudtrail.describe_trails)
    through(ways["ec2"], trailcam.client("ec2")).describe_vpcs()
    assert [record["eventName"] for record in shipped(trailcam)] == taken


MANAGEMENT = {"Name": "Log all management events", "FieldSelectors": [equals("eventCategory", "Management")]}

# The templates of the console, and the examples of AWS's user guide.
TEMPLATES = {
    "all": [selector("cloudtrail", name="Audit all CloudTrail API calls through VPC endpoints")],
    "access denied": [selector("kms", DENIALS, name="Audit AccessDenied AWS KMS events through VPC endpoints")],
    "access denied by S3": [selector("s3", DENIALS, name="Log S3 access denied network activity events")],
    "custom": [
        selector("ec2", DENIALS, equals("vpcEndpointId", "vpce-example8c1b6b9b7"), name="EC2 over one VPC endpoint")
    ],
    "several sources": [
        MANAGEMENT, *(selector(source, name=source) for source in ["cloudtrail", "ec2", "kms", "s3", "secretsmanager"])
    ],
}  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_documented_templates(trailcam, template):
    selectors = TEMPLATES[template]
    trailcam.client("cloudtrail").create_trail(Name="main", S3BucketName=trailcam.trail_bucket("logs"))
    put = trailcam.aws(
        "cloudtrail", "put-event-selectors", "--trail-name", "main",
        "--advanced-event-selectors", json.dumps(selectors),
    )  # fmt: skip
    trail = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
    assert put == {"TrailARN": trail, "AdvancedEventSelectors": selectors}
    assert trailcam.aws("cloudtrail", "get-event-selectors", "--trail-name", "main") == put


@pytest.mark.parametrize(
    "fields",
    [
        [equals("eventCategory", "NetworkActivity")],
        selector("logs")["FieldSelectors"],
        selector("kms", equals("errorCode", "AccessDenied"))["FieldSelectors"],
        selector("kms", {"Field": "errorCode", "StartsWith": ["Vpce"]})["FieldSelectors"],
        selector("kms", equals("readOnly", "true"))["FieldSelectors"],
        selector("kms", equals("resources.type", "AWS::KMS::Key"))["FieldSelectors"],
        [equals("eventCategory", "NetworkActivity"), equals("eventSource", "kms.amazonaws.com", "s3.amazonaws.com")],
        [equals("eventCategory", "NetworkActivity"), {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}],
    ],
)
def test_selectors_that_are_refused(trailcam, cloudtrail, fields):
    cloudtrail.create_trail(Name="main", S3BucketName=trailcam.trail_bucket("logs"))
    selectors = [{"FieldSelectors": fields}]
    code = refused(cloudtrail.put_event_selectors, TrailName="main", AdvancedEventSelectors=selectors)[0]
    assert code == "InvalidEventSelectorsException"


def test_where_events_come_and_where_not(lab, group):  # noqa: F811
    client = through(endpoint_of(lab, "cloudtrail", NOTHING), lab.client("cloudtrail"))
    cloudtrail = make(lab)
    make_rule(lab.client("events"), "activity", {"detail": {"eventCategory": ["NetworkActivity"]}}, group)
    refused(client.list_trails)
    assert shipped(lab) == []
    cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=[selector("cloudtrail")])
    refused(client.list_trails)
    (record,) = shipped(lab)
    told = [json.loads(event["message"]) for event in in_group(lab)]
    assert [event for event in told if event["eventCategory"] == "NetworkActivity"] == [record]
    (event,) = arrived(lab)
    assert (event["detail-type"], event["source"]) == ("AWS Network Activity Event via CloudTrail", "aws.cloudtrail")
    assert event["detail"] == record
    looked = [{"AttributeKey": "EventName", "AttributeValue": "ListTrails"}]
    assert cloudtrail.lookup_events(LookupAttributes=looked)["Events"] == []


# Policies of what is called


def test_queues_that_are_open_by_one_way_alone(trailcam):
    sqs = trailcam.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    endpoint, other = endpoint_of(trailcam, "sqs", key=OTHER), endpoint_of(trailcam, "sqs", key=OTHER)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "sqs:SendMessage",
        "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs",
        "Condition": {"StringEquals": {"aws:SourceVpce": endpoint["VpcEndpointId"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    message = {"QueueUrl": url, "MessageBody": "hello"}
    through(endpoint, trailcam.client("sqs", key=OTHER)).send_message(**message)
    for client in (through(other, trailcam.client("sqs", key=OTHER)), trailcam.client("sqs", key=OTHER)):
        assert "no resource-based policy allows" in refused(client.send_message, **message)[1]
