"""Every paginator and every waiter that boto3 has for the operations of EC2 that there are."""

import re

import pytest
from conftest import ROOT
from test_ec2_vpcs import vpc_of

pytestmark = pytest.mark.usefixtures("user")

IMPLEMENTED = set(
    re.search(r"## ec2\n\nImplemented \(\d+\): (.*)\.\n", (ROOT / "COVERAGE.md").read_text()).group(1).split(", ")
)
# What each listing shows, the id in it, and how many come at a time. AWS wants five at least of most.
LISTINGS = {
    "DescribeAddressesAttribute": ("Addresses", "AllocationId", 5),
    "DescribeDhcpOptions": ("DhcpOptions", "DhcpOptionsId", 5),
    "DescribeEgressOnlyInternetGateways": ("EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId", 5),
    "DescribeFlowLogs": ("FlowLogs", "FlowLogId", 5),
    "DescribeImages": ("Images", "ImageId", 5),
    "DescribeInstanceCreditSpecifications": ("InstanceCreditSpecifications", "InstanceId", 5),
    "DescribeInstanceStatus": ("InstanceStatuses", "InstanceId", 5),
    "DescribeInstanceTypes": ("InstanceTypes", "InstanceType", 5),
    "DescribeInstances": ("Reservations", "ReservationId", 5),
    "DescribeInternetGateways": ("InternetGateways", "InternetGatewayId", 5),
    "DescribeManagedPrefixLists": ("PrefixLists", "PrefixListId", 5),
    "DescribeNatGateways": ("NatGateways", "NatGatewayId", 5),
    "DescribeNetworkAcls": ("NetworkAcls", "NetworkAclId", 5),
    "DescribeNetworkInsightsAnalyses": ("NetworkInsightsAnalyses", "NetworkInsightsAnalysisId", 2),
    "DescribeNetworkInsightsPaths": ("NetworkInsightsPaths", "NetworkInsightsPathId", 2),
    "DescribeNetworkInterfaces": ("NetworkInterfaces", "NetworkInterfaceId", 5),
    "DescribePrefixLists": ("PrefixLists", "PrefixListId", 1),
    "DescribeRouteTables": ("RouteTables", "RouteTableId", 5),
    "DescribeSecurityGroupRules": ("SecurityGroupRules", "SecurityGroupRuleId", 5),
    "DescribeSecurityGroups": ("SecurityGroups", "GroupId", 5),
    "DescribeSubnets": ("Subnets", "SubnetId", 5),
    "DescribeTags": ("Tags", "ResourceId", 5),
    "DescribeVpcClassicLinkDnsSupport": ("Vpcs", "VpcId", 5),
    "DescribeVpcEndpointServices": ("ServiceDetails", "ServiceId", 5),
    "DescribeVpcEndpoints": ("VpcEndpoints", "VpcEndpointId", 5),
    "DescribeVpcPeeringConnections": ("VpcPeeringConnections", "VpcPeeringConnectionId", 5),
    "DescribeVpcs": ("Vpcs", "VpcId", 5),
    "GetManagedPrefixListAssociations": ("PrefixListAssociations", "ResourceId", 5),
    "GetManagedPrefixListEntries": ("Entries", "Cidr", 2),
}
SIX = range(6)


def call(ec2, operation):
    """The method of an operation."""
    names = {name: method for method, name in ec2.meta.method_to_api_mapping.items()}
    return names[operation]


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


@pytest.fixture
def network(trailcam, ec2):
    """Six of everything at least, all of them tagged where that is quickly done: what listings are asked for besides."""
    vpcs = [vpc_of(ec2, f"10.{n}.0.0/16") for n in SIX]
    subnets = [ec2.create_subnet(VpcId=vpcs[0], CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"] for n in SIX]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpcs[0])
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launch = {"ImageId": image, "InstanceType": "t3.micro", "SubnetId": subnets[0], "MinCount": 1, "MaxCount": 1}
    instances = [ec2.run_instances(**launch)["Instances"][0]["InstanceId"] for _ in SIX]
    groups = [
        ec2.create_security_group(GroupName=f"g{n}", Description="a group", VpcId=vpcs[0])["GroupId"] for n in SIX
    ]
    entries = [{"Cidr": f"192.0.2.{n}/32"} for n in SIX]
    listed = ec2.create_managed_prefix_list(
        PrefixListName="hosts", MaxEntries=10, AddressFamily="IPv4", Entries=entries, ClientToken="hosts"
    )["PrefixList"]["PrefixListId"]
    trailcam.advance("PT1M")
    for group in groups:
        allowed = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": listed}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[allowed])
    trailcam.client("s3").create_bucket(Bucket="flows")
    ec2.create_flow_logs(
        ResourceType="Subnet", ResourceIds=subnets, TrafficType="ALL", LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flows",
    )
    for n in SIX:
        ec2.create_internet_gateway()
        ec2.create_egress_only_internet_gateway(VpcId=vpcs[0])
        ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "ntp-servers", "Values": ["10.0.0.1"]}])
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.create_nat_gateway(SubnetId=subnets[n], AllocationId=address)
        ec2.create_managed_prefix_list(
            PrefixListName=f"list{n}", MaxEntries=1, AddressFamily="IPv4", ClientToken=f"list{n}"
        )
        ec2.create_vpc_endpoint(VpcId=vpcs[n], ServiceName="com.amazonaws.us-east-1.s3")
        if n > 0:
            ec2.create_vpc_peering_connection(VpcId=vpcs[0], PeerVpcId=vpcs[n])
        path = ec2.create_network_insights_path(Source=gateway, Destination=instances[n], Protocol="tcp")
        path = path["NetworkInsightsPath"]["NetworkInsightsPathId"]
        ec2.start_network_insights_analysis(NetworkInsightsPathId=path)
    ec2.create_vpc_peering_connection(VpcId=vpcs[1], PeerVpcId=vpcs[2])
    ec2.create_tags(Resources=instances + groups, Tags=[{"Key": "team", "Value": "net"}])
    trailcam.advance("PT10M")
    return {
        "DescribeAddressesAttribute": {"Attribute": "domain-name"},
        "DescribeInstanceCreditSpecifications": {"Filters": []},
        "GetManagedPrefixListAssociations": {"PrefixListId": listed},
        "GetManagedPrefixListEntries": {"PrefixListId": listed},
    }


def test_every_listing_comes_in_pages(ec2, network):
    assert set(LISTINGS) == {name for name in IMPLEMENTED if ec2.can_paginate(call(ec2, name))}
    for operation, (result, key, size) in LISTINGS.items():
        method, arguments = call(ec2, operation), network.get(operation, {})
        whole = [item[key] for item in getattr(ec2, method)(**arguments)[result]]
        pages = ec2.get_paginator(method).paginate(**arguments, PaginationConfig={"PageSize": size})
        pages = [[item[key] for item in page[result]] for page in pages]
        if operation == "DescribeAddressesAttribute":
            # No address has a name of its own: what would give it one is not built.
            assert (whole, pages) == ([], [[]])
            continue
        assert len(whole) > size, f"{operation}: too few for two pages"
        # Reservations come in the order of their instances, page by page.
        assert sorted(item for page in pages for item in page) == sorted(whole), operation
        assert all(len(page) == size for page in pages[:-1]) and 0 < len(pages[-1]) <= size, operation


def test_every_waiter_ends(trailcam, ec2):
    """What is waited for is there when the clock has moved: one look is enough, and no test sleeps."""
    vpc = vpc_of(ec2)
    far = vpc_of(ec2, "10.9.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    group = ec2.create_security_group(GroupName="g", Description="a group", VpcId=vpc)["GroupId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launch = {"ImageId": image, "InstanceType": "t3.micro", "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    running, stopped, terminated = [ec2.run_instances(**launch)["Instances"][0]["InstanceId"] for _ in range(3)]
    ec2.create_key_pair(KeyName="mine")
    nats = []
    for _ in range(2):
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nats.append(ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"])
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=far)
    peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    trailcam.advance("PT5M")
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.terminate_instances(InstanceIds=[terminated])
    ec2.delete_nat_gateway(NatGatewayId=nats[1])
    waits = {
        "image_available": {"ImageIds": [image]},
        "image_exists": {"ImageIds": [image]},
        "instance_exists": {"InstanceIds": [running]},
        "instance_running": {"InstanceIds": [running]},
        "instance_status_ok": {"InstanceIds": [running]},
        "instance_stopped": {"InstanceIds": [stopped]},
        "instance_terminated": {"InstanceIds": [terminated]},
        "internet_gateway_exists": {"InternetGatewayIds": [gateway]},
        "key_pair_exists": {"KeyNames": ["mine"]},
        "nat_gateway_available": {"NatGatewayIds": [nats[0]]},
        "nat_gateway_deleted": {"NatGatewayIds": [nats[1]]},
        "network_interface_available": {"NetworkInterfaceIds": [interface]},
        "security_group_exists": {"GroupIds": [group]},
        "subnet_available": {"SubnetIds": [subnet]},
        "system_status_ok": {"InstanceIds": [running]},
        "vpc_available": {"VpcIds": [vpc]},
        "vpc_exists": {"VpcIds": [vpc]},
        "vpc_peering_connection_exists": {"VpcPeeringConnectionIds": [peering]},
        "vpc_peering_connection_deleted": {"VpcPeeringConnectionIds": [peering]},
    }
    waiters = {name: ec2.get_waiter(name) for name in ec2.waiter_names}
    assert set(waits) == {name for name, waiter in waiters.items() if waiter.config.operation in IMPLEMENTED}
    trailcam.advance("PT10M")
    for name, arguments in waits.items():
        if name == "vpc_peering_connection_deleted":
            ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
            trailcam.advance("PT1M")
        waiters[name].wait(**arguments, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
