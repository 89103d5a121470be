"""The monitoring section of the CIS AWS Foundations Benchmark, as AWS Security Hub's controls CloudWatch.1 to .14 ask for
it: a multi-Region trail to a log group, and for each control a metric filter, an alarm and a topic that a queue hears.
Patterns: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html"""

import collections
import json

import pytest

from conftest import START, refused
from test_trail_log_groups import GROUP, PERMISSIONS, ROLE, TRUST

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT = "000000000000"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
OTHER = "111122223333"
OTHERS_READ = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    ],
}


def any_of(*names):
    return " || ".join(f"($.eventName={name})" for name in names)


def of(source, *names):
    return f"{{($.eventSource={source}.amazonaws.com) && ({any_of(*names)})}}"


# What offends. Policies of users are not evaluated; trust policies of roles are.


def as_root(trailcam):
    trailcam.client("ec2", key=ACCOUNT).describe_vpcs()


def without_leave(trailcam):
    assert refused(trailcam.client("sts").assume_role, RoleArn=ROLE, RoleSessionName="mine")[0] == "AccessDenied"


def without_mfa(trailcam):
    trailcam.admin("POST", "console-login", json={"principal": ALICE})


def with_a_wrong_password(trailcam):
    trailcam.admin("POST", "console-login", json={"principal": ALICE, "result": "Failure", "mfaUsed": True})


def policy_of_a_user(trailcam):
    policy = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    trailcam.client("iam").put_user_policy(UserName="alice", PolicyName="all", PolicyDocument=policy)


def end_of_logging(trailcam):
    trailcam.client("cloudtrail").stop_logging(Name="main")


def policy_of_a_bucket(trailcam):
    trailcam.client("s3").put_bucket_policy(Bucket="site", Policy=json.dumps(OTHERS_READ))


def open_port(trailcam):
    """In another Region than the trail's own."""
    ec2 = trailcam.client("ec2", region="eu-west-1")
    (group,) = ec2.describe_security_groups()["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )


def default_vpc(ec2):
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    return vpc["VpcId"]


def network_acl(trailcam):
    ec2 = trailcam.client("ec2")
    ec2.create_network_acl(VpcId=default_vpc(ec2))


def gateway(trailcam):
    trailcam.client("ec2").create_internet_gateway()


def route(trailcam):
    ec2 = trailcam.client("ec2")
    (table,) = ec2.describe_route_tables()["RouteTables"]
    ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")


def vpc(trailcam):
    trailcam.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")


# KMS and Config are not built: what they are asked is refused, and is on record as attempts are.


def end_of_a_key(trailcam):
    kms = trailcam.client("kms")
    key = "1234abcd-12ab-34cd-56ef-1234567890ab"
    assert refused(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=7)[0] == "NotImplemented"


def end_of_recording(trailcam):
    config = trailcam.client("config")
    assert refused(config.stop_configuration_recorder, ConfigurationRecorderName="default")[0] == "NotImplemented"


Control = collections.namedtuple("Control", "name pattern offend")

CONTROLS = [
    Control(
        "CloudWatch.1-RootAccountUsage",
        '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}',
        as_root,
    ),
    Control(
        "CloudWatch.2-UnauthorizedAPICalls",
        '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}',
        without_leave,
    ),
    Control(
        "CloudWatch.3-ConsoleSigninWithoutMFA",
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
        without_mfa,
    ),
    Control(
        "CloudWatch.4-IAMPolicyChanges",
        "{%s}"
        % any_of(
            *("DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy"),
            *("PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"),
            *("CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion"),
            *("AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy"),
            *("AttachGroupPolicy", "DetachGroupPolicy"),
        ),
        policy_of_a_user,
    ),
    Control(
        "CloudWatch.5-CloudTrailChanges",
        "{%s}" % any_of("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
        end_of_logging,
    ),
    Control(
        "CloudWatch.6-ConsoleAuthenticationFailure",
        '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}',
        with_a_wrong_password,
    ),
    Control(
        "CloudWatch.7-DisableOrDeleteCMK",
        of("kms", "DisableKey", "ScheduleKeyDeletion"),
        end_of_a_key,
    ),
    Control(
        "CloudWatch.8-S3BucketPolicyChanges",
        of(
            "s3",
            *("PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication"),
            *("DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"),
        ),
        policy_of_a_bucket,
    ),
    Control(
        "CloudWatch.9-AWSConfigChanges",
        of(
            "config",
            *("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"),
        ),
        end_of_recording,
    ),
    Control(
        "CloudWatch.10-SecurityGroupChanges",
        "{%s}"
        % any_of(
            *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
            *("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
            *("CreateSecurityGroup", "DeleteSecurityGroup"),
        ),
        open_port,
    ),
    Control(
        "CloudWatch.11-NetworkACLChanges",
        "{%s}"
        % any_of(
            *("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"),
            *("ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"),
        ),
        network_acl,
    ),
    Control(
        "CloudWatch.12-NetworkGatewayChanges",
        "{%s}"
        % any_of(
            *("CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway"),
            *("CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway"),
        ),
        gateway,
    ),
    Control(
        "CloudWatch.13-RouteTableChanges",
        of(
            "ec2",
            *("CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation"),
            *("DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable"),
        ),
        route,
    ),
    Control(
        "CloudWatch.14-VPCChanges",
        "{%s}"
        % any_of(
            *("CreateVpc", "DeleteVpc", "ModifyVpcAttribute"),
            *("AcceptVpcPeeringConnection", "CreateVpcPeeringConnection"),
            *("DeleteVpcPeeringConnection", "RejectVpcPeeringConnection"),
            *("AttachClassicLinkVpc", "DetachClassicLinkVpc", "DisableVpcClassicLink", "EnableVpcClassicLink"),
        ),
        vpc,
    ),
]


# The chain


@pytest.fixture
def trailcam(start, request):
    return start("--clock", START, "--seed", "7", "--cadence", getattr(request, "param", "aws"))


@pytest.fixture
def watched(trailcam):
    """An account that every control watches; what was done to get there has been delivered before."""
    make_trail(trailcam)
    trailcam.client("iam").create_user(UserName="alice")
    trailcam.client("s3").create_bucket(Bucket="site")
    trailcam.advance("PT30M")
    trailcam.queue = make_topic(trailcam)
    for control in CONTROLS:
        watch(trailcam, control)
    return trailcam


def make_trail(trailcam):
    trailcam.trail_bucket("logs")
    trailcam.client("logs").create_log_group(logGroupName="CloudTrail/logs")
    iam, role = trailcam.client("iam"), ROLE.rpartition("/")[2]
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=role, PolicyName="write", PolicyDocument=json.dumps(PERMISSIONS))
    cloudtrail = trailcam.client("cloudtrail")
    cloudtrail.create_trail(
        Name="main",
        S3BucketName="logs",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=GROUP,
        CloudWatchLogsRoleArn=ROLE,
    )
    cloudtrail.start_logging(Name="main")


def make_topic(trailcam):
    """The topic of all alarms, and the URL of the queue that hears it."""
    topic, queue = (f"arn:aws:{service}:us-east-1:{ACCOUNT}:cis" for service in ("sns", "sqs"))
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sns = trailcam.client("sns")
    sns.create_topic(Name="cis")
    url = trailcam.client("sqs").create_queue(QueueName="cis", Attributes={"Policy": policy})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return url


def watch(trailcam, control):
    trailcam.client("logs").put_metric_filter(
        logGroupName="CloudTrail/logs",
        filterName=control.name,
        filterPattern=control.pattern,
        metricTransformations=[{"metricName": control.name, "metricNamespace": "LogMetrics", "metricValue": "1"}],
    )
    trailcam.client("cloudwatch").put_metric_alarm(
        AlarmName=control.name,
        Namespace="LogMetrics",
        MetricName=control.name,
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:cis"],
    )


def heard(trailcam):
    """Names of alarms and their new states, as the queue has them."""
    sqs, changes = trailcam.client("sqs"), []
    while found := sqs.receive_message(QueueUrl=trailcam.queue, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            change = json.loads(json.loads(message["Body"])["Message"])
            changes.append((change["AlarmName"], change["NewStateValue"]))
            sqs.delete_message(QueueUrl=trailcam.queue, ReceiptHandle=message["ReceiptHandle"])
    return changes


def went_off(trailcam):
    """Alarms that were in the state ALARM since they were made."""
    pages = trailcam.client("cloudwatch").get_paginator("describe_alarm_history").paginate(HistoryItemType="StateUpdate")
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    return [item["AlarmName"] for item in items if item["HistorySummary"].endswith("to ALARM")]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_control_sees_what_it_is_for(watched, control):
    control.offend(watched)
    watched.advance("PT20M")
    assert heard(watched) == [(control.name, "ALARM")]
    assert went_off(watched) == [control.name]


def test_daily_work_offends_nobody(watched):
    watched.admin("POST", "console-login", json={"principal": ALICE, "mfaUsed": True})
    watched.client("iam").create_group(GroupName="team")
    watched.client("s3").put_object(Bucket="site", Key="index.html", Body=b"")
    watched.client("cloudtrail").get_trail_status(Name="main")
    watched.client("ec2").describe_security_groups()
    refused(watched.client("iam").get_user, UserName="nobody")
    refused(watched.client("kms").describe_key, KeyId="alias/mine")
    watched.advance("PT2H")
    assert (heard(watched), went_off(watched)) == ([], [])


@pytest.mark.parametrize("trailcam", ["aws", "fast"], indirect=True)
def test_each_in_its_turn(watched):
    """An alarm that has gone off is quiet again before the next; the one that ends logging comes last."""
    controls = sorted(CONTROLS, key=lambda control: control.offend is end_of_logging)
    for control in controls:
        control.offend(watched)
        watched.advance("PT30M")
    assert heard(watched) == [(control.name, "ALARM") for control in controls]
    states = watched.client("cloudwatch").describe_alarms(StateValue="ALARM")
    assert states["MetricAlarms"] == []
