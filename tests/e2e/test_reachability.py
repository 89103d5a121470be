"""Reachability Analyzer with boto3 and the aws-cli, on the network of the flow-log tests."""

import datetime

import pytest
from conftest import refused
from flow_lab import ATTACKER, VISITOR, flow_log_role, network, send

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def lab(trailcam):
    return network(trailcam)


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


def path_of(ec2, source, destination, protocol="tcp", **more):
    made = ec2.create_network_insights_path(Source=source, Destination=destination, Protocol=protocol, **more)
    return made["NetworkInsightsPath"]["NetworkInsightsPathId"]


def analyze(trailcam, ec2, path, **more):
    started = ec2.start_network_insights_analysis(NetworkInsightsPathId=path, **more)["NetworkInsightsAnalysis"]
    assert (started["Status"], "NetworkPathFound" in started) == ("running", False)
    trailcam.advance("PT1M")
    return found(ec2, started["NetworkInsightsAnalysisId"])


def found(ec2, analysis):
    (shown,) = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[analysis])["NetworkInsightsAnalyses"]
    return shown


def ids(components):
    return [component["Component"]["Id"] for component in components]


def test_the_guide_with_the_command_line(trailcam, lab):
    """"Getting started with Reachability Analyzer using the AWS CLI", in capitals as it is written there."""
    aws = lambda *arguments: trailcam.aws("ec2", *arguments)  # noqa: E731
    made = aws(
        *("create-network-insights-path", "--source", lab.gateway, "--destination", lab.instance, "--protocol", "TCP"),
        *("--filter-at-source", '{"DestinationPortRange": {"FromPort": 3389, "ToPort": 3389}}'),
    )["NetworkInsightsPath"]
    path, arn = made["NetworkInsightsPathId"], "arn:aws:ec2:us-east-1:000000000000"
    assert (made["Protocol"], made["CreatedDate"]) == ("tcp", "2026-01-15T10:01:00.000Z")
    assert made["NetworkInsightsPathArn"] == f"{arn}:network-insights-path/{path}"
    assert made["SourceArn"] == f"{arn}:internet-gateway/{lab.gateway}"
    assert made["DestinationArn"] == f"{arn}:instance/{lab.instance}"
    start = ("start-network-insights-analysis", "--network-insights-path-id", path)
    started = aws(*start)["NetworkInsightsAnalysis"]
    analysis = started["NetworkInsightsAnalysisId"]
    assert started["NetworkInsightsAnalysisArn"] == f"{arn}:network-insights-analysis/{analysis}"
    assert started["Status"] == "running"
    trailcam.advance("PT1M")
    describe = ("describe-network-insights-analyses", "--network-insights-analysis-ids")
    (shown,) = aws(*describe, analysis)["NetworkInsightsAnalyses"]
    assert (shown["Status"], shown["NetworkPathFound"]) == ("succeeded", False)
    # As the aws-cli's own example shows it.
    named = lambda kind, id: {"Id": id, "Arn": f"{arn}:{kind}/{id}"}  # noqa: E731
    assert shown["Explanations"] == [
        {
            "Direction": "ingress",
            "ExplanationCode": "ENI_SG_RULES_MISMATCH",
            "NetworkInterface": named("network-interface", lab.interface),
            "SecurityGroups": [named("security-group", lab.group)],
            "Subnet": named("subnet", lab.public_subnet) | {"Name": "lab"},
            "Vpc": named("vpc", lab.vpc) | {"Name": "lab"},
        }
    ]
    opened = ("--protocol", "tcp", "--port", "3389", "--cidr", "0.0.0.0/0")
    aws("authorize-security-group-ingress", "--group-id", lab.group, *opened)
    again = aws(*start)["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]
    trailcam.advance("PT1M")
    (shown,) = aws(*describe, again)["NetworkInsightsAnalyses"]
    assert shown["NetworkPathFound"] is True
    there, back = shown["ForwardPathComponents"], shown["ReturnPathComponents"]
    assert [component["SequenceNumber"] for component in there] == [1, 2, 3, 4, 5]
    assert (ids(there)[0], ids(there)[2:]) == (lab.gateway, [lab.group, lab.interface, lab.instance])
    assert (ids(back)[:3], ids(back)[-1]) == ([lab.instance, lab.interface, lab.group], lab.gateway)
    assert there[0]["InboundHeader"]["DestinationAddresses"] == [f"{lab.public}/32"]
    assert there[0]["OutboundHeader"] == {"DestinationAddresses": [f"{lab.private}/32"]}
    assert there[2]["SecurityGroupRule"] == {
        "Cidr": "0.0.0.0/0", "Direction": "ingress", "PortRange": {"From": 3389, "To": 3389}, "Protocol": "tcp"
    }
    assert back[4]["RouteTableRoute"] == {
        "DestinationCidr": "0.0.0.0/0", "GatewayId": lab.gateway, "Origin": "createroute", "State": "active"
    }
    said = trailcam.aws("ec2", "delete-network-insights-path", "--network-insights-path-id", path, fails=True)
    assert "AnalysisExistsForNetworkInsightsPath" in said
    for id in (analysis, again):
        aws("delete-network-insights-analysis", "--network-insights-analysis-id", id)
    assert aws("delete-network-insights-path", "--network-insights-path-id", path) == {"NetworkInsightsPathId": path}
    assert aws("describe-network-insights-paths")["NetworkInsightsPaths"] == []


def test_a_reject_has_the_rule_that_the_analysis_names(trailcam, ec2, lab):
    """The flow log says REJECT, the traffic's answer and the analysis say why: an entry of the network ACL."""
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [lab.vpc]}])["NetworkAcls"]
    entry = {"Protocol": "6", "RuleAction": "deny", "CidrBlock": f"{ATTACKER}/32", "RuleNumber": 70}
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"], Egress=False, PortRange={"From": 22, "To": 22}, **entry
    )
    ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[lab.vpc], TrafficType="REJECT", MaxAggregationInterval=60,
        LogGroupName="/flows", DeliverLogsPermissionArn=flow_log_role(trailcam),
    )
    ssh = {"destination": lab.public, "destinationPort": 22}
    answer = send(trailcam, ssh | {"source": ATTACKER, "sourcePort": 40000}, ssh | {"source": VISITOR})
    assert (answer["connected"], answer["refused"]) == (1, {"SUBNET_ACL_RESTRICTION": 1})
    refusing = answer["flows"][0]["forward"]["steps"][-1]
    assert (refusing["component"], refusing["rule"], refusing["direction"]) == (acl["NetworkAclId"], "70", "ingress")
    trailcam.advance("PT10M")
    streams = trailcam.client("logs").get_log_events(
        logGroupName="/flows", logStreamName=f"{lab.interface}-reject", startFromHead=True
    )
    rejects = [event["message"].split() for event in streams["events"] if "REJECT" in event["message"]]
    assert [(line[2], line[3], line[6], line[12]) for line in rejects] == [(lab.interface, ATTACKER, "22", "REJECT")]

    asked = {"FilterAtSource": {"SourceAddress": ATTACKER, "DestinationPortRange": {"FromPort": 22, "ToPort": 22}}}
    shown = analyze(trailcam, ec2, path_of(ec2, lab.gateway, lab.instance, **asked))
    (explanation,) = shown["Explanations"]
    assert explanation["ExplanationCode"] == "SUBNET_ACL_RESTRICTION"
    assert (explanation["Acl"]["Id"], explanation["Direction"]) == (acl["NetworkAclId"], "ingress")
    assert explanation["AclRule"] == {
        "Cidr": f"{ATTACKER}/32", "Egress": False, "PortRange": {"From": 22, "To": 22}, "Protocol": "tcp",
        "RuleAction": "deny", "RuleNumber": 70,
    }
    asked["FilterAtSource"]["SourceAddress"] = VISITOR
    assert analyze(trailcam, ec2, path_of(ec2, lab.gateway, lab.instance, **asked))["NetworkPathFound"]


def test_an_answer_that_the_acl_holds_back(trailcam, ec2, lab):
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [lab.vpc]}])["NetworkAcls"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"], Egress=True, RuleNumber=60, Protocol="6", RuleAction="deny",
        CidrBlock="0.0.0.0/0", PortRange={"From": 1024, "To": 65535},
    )
    flow = {"source": VISITOR, "sourcePort": 50000, "destination": lab.public, "destinationPort": 443}
    (told,) = send(trailcam, flow)["flows"]
    assert (told["forward"]["arrived"], told["answer"]["steps"][-1]["rule"]) == (True, "60")
    ports = {"SourcePortRange": {"FromPort": 1024, "ToPort": 65535}}
    shown = analyze(trailcam, ec2, path_of(ec2, lab.gateway, lab.instance, FilterAtSource=ports))
    (explanation,) = shown["Explanations"]
    assert (explanation["ExplanationCode"], explanation["Direction"]) == ("SUBNET_ACL_RESTRICTION", "egress")
    assert (explanation["AclRule"]["RuleNumber"], explanation["AclRule"]["Egress"]) == (60, True)


def test_paths_are_listed(trailcam, ec2, lab):
    tagged = {"TagSpecifications": [{"ResourceType": "network-insights-path", "Tags": [{"Key": "team", "Value": "a"}]}]}
    ssh = path_of(ec2, lab.gateway, lab.instance, DestinationPort=22, **tagged)
    filters = {"FilterAtSource": {"DestinationPortRange": {"FromPort": 80, "ToPort": 443}}}
    web = path_of(ec2, lab.gateway, lab.interface, **filters)
    dns = path_of(ec2, lab.instance, lab.gateway, "udp", DestinationIp="198.51.100.53", DestinationPort=53)

    def listed(name, value):
        shown = ec2.describe_network_insights_paths(Filters=[{"Name": name, "Values": [value]}])
        return {path["NetworkInsightsPathId"] for path in shown["NetworkInsightsPaths"]}

    assert listed("source", lab.gateway) == {ssh, web}
    assert listed("destination", lab.interface) == {web}
    assert listed("protocol", "udp") == {dns}
    assert listed("tag:team", "a") == {ssh}
    assert listed("filter-at-source.destination-port-range", "80-443") == {web}
    assert listed("filter-at-destination.source-address", "10.0.0.9") == set()
    assert refused(listed, name="colour", value="red")[:2] == (
        "InvalidParameterValue", "The filter 'colour' is invalid"
    )
    (shown,) = ec2.describe_network_insights_paths(NetworkInsightsPathIds=[ssh])["NetworkInsightsPaths"]
    assert shown["Tags"] == [{"Key": "team", "Value": "a"}]
    assert (shown["DestinationPort"], "FilterAtSource" in shown) == (22, False)
    ec2.create_tags(Resources=[web], Tags=[{"Key": "team", "Value": "b"}])
    assert listed("tag:team", "*") == {ssh, web}
    (shown,) = ec2.describe_network_insights_paths(NetworkInsightsPathIds=[web])["NetworkInsightsPaths"]
    assert shown["FilterAtSource"] == filters["FilterAtSource"]
    pages = ec2.get_paginator("describe_network_insights_paths").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["NetworkInsightsPaths"]) for page in pages] == [2, 1]
    assert refused(ec2.describe_network_insights_paths, MaxResults=101)[0] == "InvalidParameterValue"
    assert refused(ec2.delete_network_insights_path, NetworkInsightsPathId=ssh, DryRun=True)[0] == "DryRunOperation"


def test_analyses_are_listed(trailcam, ec2, lab):
    ssh = path_of(ec2, lab.gateway, lab.instance, DestinationPort=22)
    rdp = path_of(ec2, lab.gateway, lab.instance, DestinationPort=3389)
    token = {"NetworkInsightsPathId": ssh, "ClientToken": "once"}
    first = ec2.start_network_insights_analysis(**token)["NetworkInsightsAnalysis"]
    again = ec2.start_network_insights_analysis(**token)["NetworkInsightsAnalysis"]
    assert first["NetworkInsightsAnalysisId"] == again["NetworkInsightsAnalysisId"]
    other = {"NetworkInsightsPathId": rdp, "ClientToken": "once"}
    assert refused(ec2.start_network_insights_analysis, **other)[0] == "IdempotentParameterMismatch"
    begun = trailcam.now()
    trailcam.advance("PT1M")
    blocked = analyze(trailcam, ec2, rdp)["NetworkInsightsAnalysisId"]
    running = ec2.start_network_insights_analysis(NetworkInsightsPathId=rdp)["NetworkInsightsAnalysis"]
    running, first = running["NetworkInsightsAnalysisId"], first["NetworkInsightsAnalysisId"]

    def listed(**arguments):
        shown = ec2.describe_network_insights_analyses(**arguments)
        return {analysis["NetworkInsightsAnalysisId"] for analysis in shown["NetworkInsightsAnalyses"]}

    where = lambda name, value: {"Filters": [{"Name": name, "Values": [value]}]}  # noqa: E731
    assert listed() == {first, blocked, running}
    assert listed(NetworkInsightsPathId=rdp) == {blocked, running}
    assert listed(NetworkInsightsPathId=rdp, NetworkInsightsAnalysisIds=[first]) == set()
    assert listed(**where("path-found", "true")) == {first}
    assert listed(**where("path-found", "false")) == {blocked}
    assert listed(**where("status", "running")) == {running}
    begun = datetime.datetime.fromisoformat(begun)
    assert listed(AnalysisStartTime=begun + datetime.timedelta(seconds=1)) == {blocked, running}
    assert listed(AnalysisEndTime=begun + datetime.timedelta(seconds=30)) == {first}
    missing = "nia-0123456789abcdef0"
    assert refused(listed, NetworkInsightsAnalysisIds=[missing])[0] == "InvalidNetworkInsightsAnalysisId.NotFound"
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=running)
    trailcam.advance("PT1M")
    assert listed() == {first, blocked}


def test_calls_are_recorded_as_newer_actions_are(trailcam, ec2, lab):
    path = path_of(ec2, lab.gateway, lab.instance)
    ec2.delete_network_insights_path(NetworkInsightsPathId=path)
    (event,) = [one for one in trailcam.events() if one["eventName"] == "DeleteNetworkInsightsPath"]
    request = event["requestParameters"]["DeleteNetworkInsightsPathRequest"]
    assert request == {"NetworkInsightsPathId": path}
    answer = event["responseElements"]["DeleteNetworkInsightsPathResponse"]
    assert answer["networkInsightsPathId"] == path
    assert answer["xmlns"] == "http://ec2.amazonaws.com/doc/2016-11-15/"
