"""Peering connections and VPC endpoints."""

import json

import pytest
from conftest import refused
from test_ec2_filters import group_of, tcp
from test_ec2_vpcs import by, named, subnet_of, vpc_of

pytestmark = pytest.mark.usefixtures("user")

OTHER = "111122223333"


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


def peering_of(ec2, vpc, peer, **more):
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer, **more)["VpcPeeringConnection"]
    return made["VpcPeeringConnectionId"]


def status(ec2, peering):
    (found,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
    return found["Status"]["Code"]


def test_peering_within_an_account(ec2):
    a, b = vpc_of(ec2), vpc_of(ec2, "10.1.0.0/16")
    made = ec2.create_vpc_peering_connection(VpcId=a, PeerVpcId=b, **named("vpc-peering-connection", "ab"))
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    assert made["VpcPeeringConnection"]["Status"]["Code"] == "initiating-request"
    ec2.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[peering])
    assert status(ec2, peering) == "pending-acceptance"
    assert refused(ec2.create_vpc_peering_connection, VpcId=b, PeerVpcId=a)[0] == "VpcPeeringConnectionAlreadyExists"
    accepted = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)["VpcPeeringConnection"]
    assert accepted["Status"]["Code"] == "provisioning"
    (found,) = ec2.describe_vpc_peering_connections(**by("status-code", "active"))["VpcPeeringConnections"]
    assert found["AccepterVpcInfo"]["CidrBlock"] == "10.1.0.0/16" and "ExpirationTime" not in found
    assert refused(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=peering)[0] == "InvalidStateTransition"
    table = ec2.describe_route_tables(**by("vpc-id", a))["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=peering)
    ours, theirs = group_of(ec2, a), group_of(ec2, b)
    allow = [tcp(443, UserIdGroupPairs=[{"GroupId": theirs}])]
    (rule,) = ec2.authorize_security_group_ingress(GroupId=ours, IpPermissions=allow)["SecurityGroupRules"]
    assert rule["ReferencedGroupInfo"] == {
        "GroupId": theirs, "PeeringStatus": "active", "UserId": "000000000000", "VpcId": b,
        "VpcPeeringConnectionId": peering,
    }
    assert ec2.describe_security_group_references(GroupId=[theirs])["SecurityGroupReferenceSet"] == [
        {"GroupId": theirs, "ReferencingVpcId": a, "VpcPeeringConnectionId": peering}
    ]
    changed = ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=peering, RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True}
    )
    assert changed["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"]
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    ec2.get_waiter("vpc_peering_connection_deleted").wait(VpcPeeringConnectionIds=[peering])
    assert status(ec2, peering) == "deleted"
    assert ec2.describe_route_tables(**by("route.state", "blackhole"))["RouteTables"][0]["RouteTableId"] == table


def test_peering_across_accounts_and_regions(trailcam, ec2):
    other = trailcam.client("ec2", region="eu-west-1", key=OTHER)
    a, b = vpc_of(ec2), vpc_of(other, "10.1.0.0/16")
    peering = peering_of(ec2, a, b, PeerOwnerId=OTHER, PeerRegion="eu-west-1")
    assert refused(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=peering)[:2] == (
        "OperationNotPermitted", f"User 000000000000 cannot accept peering {peering}"
    )
    (seen,) = other.describe_vpc_peering_connections()["VpcPeeringConnections"]
    assert seen["Status"] == {"Code": "pending-acceptance", "Message": f"Pending Acceptance by {OTHER}"}
    assert "CidrBlock" not in seen["AccepterVpcInfo"] and seen["RequesterVpcInfo"]["CidrBlock"] == "10.0.0.0/16"
    other.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert status(ec2, peering) == status(other, peering) == "active"
    other.delete_vpc(VpcId=b)
    assert status(ec2, peering) == "deleted"


def test_peering_that_comes_to_nothing(trailcam, ec2):
    a, same, b = vpc_of(ec2), vpc_of(ec2), vpc_of(ec2, "10.1.0.0/16")
    assert status(ec2, peering_of(ec2, a, same)) == "failed"
    assert status(ec2, peering_of(ec2, a, "vpc-00000000000000000")) == "failed"
    rejected = peering_of(ec2, a, b)
    ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=rejected)
    assert status(ec2, rejected) == "rejected"
    waiting = peering_of(ec2, a, b)
    trailcam.advance("P6D")
    assert status(ec2, waiting) == "pending-acceptance"
    trailcam.advance("P1DT1M")
    assert status(ec2, waiting) == "expired"
    trailcam.advance("P3D")
    assert ec2.describe_vpc_peering_connections()["VpcPeeringConnections"] == []


def test_gateway_endpoints(ec2):
    vpc = vpc_of(ec2)
    (main,) = ec2.describe_route_tables(**by("vpc-id", vpc))["RouteTables"]
    table = main["RouteTableId"]
    service = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3"}
    made = ec2.create_vpc_endpoint(RouteTableIds=[table], **service, **named("vpc-endpoint", "s3"))["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert made["VpcEndpointType"] == "Gateway" and made["State"] == "available"
    assert json.loads(made["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (route,) = [r for r in shown["Routes"] if "DestinationPrefixListId" in r]
    assert (route["DestinationPrefixListId"], route["GatewayId"], route["State"]) == ("pl-63a5400a", endpoint, "active")
    gone = refused(ec2.delete_route, RouteTableId=table, DestinationPrefixListId="pl-63a5400a")
    assert gone[0] == "InvalidParameterValue"
    assert refused(ec2.create_vpc_endpoint, RouteTableIds=[table], **service)[0] == "RouteAlreadyExists"
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint, AddRouteTableIds=[other], RemoveRouteTableIds=[table], PolicyDocument=policy
    )
    (found,) = ec2.describe_vpc_endpoints(**by("vpc-id", vpc))["VpcEndpoints"]
    assert found["RouteTableIds"] == [other] and json.loads(found["PolicyDocument"])["Statement"][0]["Effect"] == "Deny"
    assert refused(ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, PolicyDocument="{")[0] == "InvalidPolicyDocument"
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, "vpce-00000000000000000"])
    (failed,) = answer["Unsuccessful"]
    assert failed["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    ec2.delete_route_table(RouteTableId=other)
    ec2.delete_vpc(VpcId=vpc)


def test_interface_endpoints(trailcam, ec2):
    vpc = vpc_of(ec2)
    a = subnet_of(ec2, vpc, AvailabilityZone="us-east-1a")
    b = subnet_of(ec2, vpc, "10.0.2.0/24", AvailabilityZone="us-east-1b")
    same = subnet_of(ec2, vpc, "10.0.3.0/24", AvailabilityZone="us-east-1b")
    logs = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.logs", "VpcEndpointType": "Interface"}
    assert refused(ec2.create_vpc_endpoint, SubnetIds=[a], **logs)[:2] == (
        "InvalidParameter",
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "
        + vpc,
    )
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_vpc_endpoint(SubnetIds=[a, b], **logs)["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert made["State"] == "pending" and len(made["NetworkInterfaceIds"]) == 2
    names = [entry["DnsName"] for entry in made["DnsEntries"]]
    assert names[0].startswith(f"{endpoint}-") and names[0].endswith(".logs.us-east-1.vpce.amazonaws.com")
    assert "-us-east-1a." in names[1] and names[3] == "logs.us-east-1.amazonaws.com"
    code = refused(ec2.create_vpc_endpoint, SubnetIds=[same], **logs)[0]
    assert code == "InvalidParameter"
    assert refused(ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, AddSubnetIds=[same])[0] == (
        "DuplicateSubnetsInSameZone"
    )
    trailcam.advance("PT5S")
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert found["State"] == "available" and found["PrivateDnsEnabled"]
    interfaces = ec2.describe_network_interfaces(**by("interface-type", "vpc_endpoint"))["NetworkInterfaces"]
    assert {i["SubnetId"] for i in interfaces} == {a, b}
    assert {i["Description"] for i in interfaces} == {f"VPC Endpoint Interface {endpoint}"}
    web = group_of(ec2, vpc)
    default = found["Groups"][0]["GroupId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint, AddSecurityGroupIds=[web], RemoveSecurityGroupIds=[default], RemoveSubnetIds=[b]
    )
    (only,) = ec2.describe_network_interfaces(**by("group-id", web))["NetworkInterfaces"]
    assert only["SubnetId"] == a
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    trailcam.advance("PT5S")
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_endpoint_services(ec2):
    pages = ec2.get_paginator("describe_vpc_endpoint_services").paginate(PaginationConfig={"PageSize": 5})
    details = [detail for page in pages for detail in page["ServiceDetails"]]
    s3 = [d["ServiceType"][0]["ServiceType"] for d in details if d["ServiceName"] == "com.amazonaws.us-east-1.s3"]
    assert s3 == ["Gateway", "Interface"]
    (sqs,) = ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.us-east-1.sqs"])["ServiceDetails"]
    assert sqs["PrivateDnsName"] == "sqs.us-east-1.amazonaws.com" and sqs["Owner"] == "amazon"
    assert sqs["BaseEndpointDnsNames"] == ["sqs.us-east-1.vpce.amazonaws.com"]
    assert refused(ec2.describe_vpc_endpoint_services, ServiceNames=["x"])[:2] == (
        "InvalidServiceName", "The Vpc Endpoint Service 'x' does not exist"
    )


def test_classic_link_is_nowhere(ec2):
    vpc = vpc_of(ec2)
    links = ec2.describe_vpc_classic_link(VpcIds=[vpc])["Vpcs"]
    assert links == [{"ClassicLinkEnabled": False, "Tags": [], "VpcId": vpc}]
    names = ec2.describe_vpc_classic_link_dns_support(VpcIds=[vpc])["Vpcs"]
    assert names == [{"ClassicLinkDnsSupported": False, "VpcId": vpc}]
