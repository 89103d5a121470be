"""VPCs, subnets, gateways and routes, as boto3 sees them."""

import pytest
from conftest import refused

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


def vpc_of(ec2, cidr="10.0.0.0/16", **more):
    return ec2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]


def subnet_of(ec2, vpc, cidr="10.0.1.0/24", **more):
    return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, **more)["Subnet"]["SubnetId"]


def by(name, *values):
    return {"Filters": [{"Name": name, "Values": list(values)}]}


def named(kind, name):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]}


def test_the_default_vpc_is_complete(ec2):
    (vpc,) = ec2.describe_vpcs(**by("is-default", "true"))["Vpcs"]
    of_vpc = by("vpc-id", vpc["VpcId"])
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    assert ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    subnets = ec2.describe_subnets(**of_vpc)["Subnets"]
    assert len(subnets) == 6
    assert {s["CidrBlock"] for s in subnets} == {f"172.31.{n}.0/20" for n in range(0, 96, 16)}
    assert all(s["DefaultForAz"] and s["MapPublicIpOnLaunch"] and s["AvailableIpAddressCount"] == 4091 for s in subnets)
    (gateway,) = ec2.describe_internet_gateways(**by("attachment.vpc-id", vpc["VpcId"]))["InternetGateways"]
    (table,) = ec2.describe_route_tables(**of_vpc)["RouteTables"]
    assert [a["Main"] for a in table["Associations"]] == [True]
    routes = {r["DestinationCidrBlock"]: (r["GatewayId"], r["State"], r["Origin"]) for r in table["Routes"]}
    assert routes == {
        "172.31.0.0/16": ("local", "active", "CreateRouteTable"),
        "0.0.0.0/0": (gateway["InternetGatewayId"], "active", "CreateRoute"),
    }
    (acl,) = ec2.describe_network_acls(**of_vpc)["NetworkAcls"]
    assert acl["IsDefault"] and {a["SubnetId"] for a in acl["Associations"]} == {s["SubnetId"] for s in subnets}
    assert [(e["RuleNumber"], e["Egress"], e["RuleAction"]) for e in acl["Entries"]] == [
        (100, True, "allow"), (32767, True, "deny"), (100, False, "allow"), (32767, False, "deny"),
    ]
    (group,) = ec2.describe_security_groups(**of_vpc)["SecurityGroups"]
    assert group["GroupName"] == "default"
    assert [p["UserIdGroupPairs"][0]["GroupId"] for p in group["IpPermissions"]] == [group["GroupId"]]
    assert [p["IpRanges"][0]["CidrIp"] for p in group["IpPermissionsEgress"]] == ["0.0.0.0/0"]
    (options,) = ec2.describe_dhcp_options(DhcpOptionsIds=[vpc["DhcpOptionsId"]])["DhcpOptions"]
    assert options["DhcpConfigurations"] == [
        {"Key": "domain-name", "Values": [{"Value": "ec2.internal"}]},
        {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
    ]


def test_default_vpcs_come_back(ec2):
    assert refused(ec2.create_default_vpc)[0] == "DefaultVpcAlreadyExists"
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    vpc = vpc["VpcId"]
    assert refused(ec2.delete_vpc, VpcId=vpc)[:2] == (
        "DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."
    )
    zone = None
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        zone = subnet["AvailabilityZone"]
    made = ec2.create_default_subnet(AvailabilityZone=zone)["Subnet"]
    assert made["CidrBlock"] == "172.31.0.0/20" and made["DefaultForAz"]
    assert refused(ec2.create_default_subnet, AvailabilityZone=zone)[0] == "DefaultSubnetAlreadyExistsInAvailabilityZone"
    ec2.delete_subnet(SubnetId=made["SubnetId"])
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=gateway)[0] == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_vpcs()["Vpcs"] == [] and ec2.describe_network_acls()["NetworkAcls"] == []
    assert refused(ec2.create_default_subnet, AvailabilityZone=zone)[0] == "DefaultVpcDoesNotExist"
    made = ec2.create_default_vpc()["Vpc"]
    assert made["IsDefault"] and made["VpcId"] != vpc
    assert len(ec2.describe_subnets()["Subnets"]) == 6
    ec2.get_waiter("vpc_available").wait(VpcIds=[made["VpcId"]])


@pytest.mark.parametrize(
    "cidr, code, message",
    [
        ("10.0.0.0/8", "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid."),
        ("10.0.0.0/29", "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid."),
        (
            "10.0.0.0.24",
            "InvalidParameterValue",
            "Value (10.0.0.0.24) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
    ],
)
def test_blocks_of_vpcs(ec2, cidr, code, message):
    assert refused(ec2.create_vpc, CidrBlock=cidr) == (code, message, 400)


def test_vpcs_are_made_shown_and_deleted(ec2):
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True, **named("vpc", "lab"))["Vpc"]
    assert made["State"] == "pending" and made["Tags"] == [{"Key": "Name", "Value": "lab"}]
    ec2.get_waiter("vpc_exists").wait(VpcIds=[made["VpcId"]])
    (vpc,) = ec2.describe_vpcs(**by("tag:Name", "la?"))["Vpcs"]
    assert vpc["State"] == "available" and not vpc["IsDefault"]
    (ipv6,) = vpc["Ipv6CidrBlockAssociationSet"]
    assert ipv6["Ipv6CidrBlock"].endswith("::/56") or "/56" in ipv6["Ipv6CidrBlock"]
    assert ipv6["Ipv6Pool"] == "Amazon" and ipv6["NetworkBorderGroup"] == "us-east-1"
    (acl,) = ec2.describe_network_acls(**by("vpc-id", vpc["VpcId"]))["NetworkAcls"]
    assert [e["RuleNumber"] for e in acl["Entries"] if not e["Egress"]] == [100, 101, 32767, 32768]
    for attribute, expected in [("enableDnsSupport", True), ("enableDnsHostnames", False)]:
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is expected
    ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": True})
    answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")
    assert answer["EnableDnsHostnames"]["Value"]
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    assert refused(ec2.describe_vpcs, VpcIds=[vpc["VpcId"]])[:2] == (
        "InvalidVpcID.NotFound", f"The vpc ID '{vpc['VpcId']}' does not exist"
    )
    assert ec2.describe_tags()["Tags"] == []


def test_further_blocks(ec2):
    vpc = vpc_of(ec2)
    answer = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")
    assert answer["CidrBlockAssociation"]["CidrBlockState"]["State"] == "associating"
    association = answer["CidrBlockAssociation"]["AssociationId"]
    for cidr, code in [
        ("10.1.128.0/24", "CidrConflict"),
        ("192.168.0.0/16", "InvalidVpc.Range"),
        ("10.2.0.0/15", "InvalidVpc.Range"),
    ]:
        assert refused(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock=cidr)[0] == code, cidr
    table = ec2.describe_route_tables(**by("vpc-id", vpc))["RouteTables"][0]
    local = [r["DestinationCidrBlock"] for r in table["Routes"] if r["GatewayId"] == "local"]
    assert local == ["10.0.0.0/16", "10.1.0.0/16"]
    subnet = subnet_of(ec2, vpc, "10.1.0.0/24")
    assert refused(ec2.disassociate_vpc_cidr_block, AssociationId=association)[0] == "CidrBlockInUse"
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=association)
    (vpc,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    (primary,) = vpc["CidrBlockAssociationSet"]
    assert refused(ec2.disassociate_vpc_cidr_block, AssociationId=primary["AssociationId"])[0] == "OperationNotPermitted"


def test_subnets(ec2):
    vpc = vpc_of(ec2)
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b", **named("subnet", "a"))
    subnet = made["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 251 and subnet["AvailabilityZone"] == "us-east-1b"
    assert subnet["State"] == "available" and not subnet["MapPublicIpOnLaunch"]
    ec2.get_waiter("subnet_available").wait(SubnetIds=[subnet["SubnetId"]])
    for cidr, code, message in [
        ("10.0.1.128/25", "InvalidSubnet.Conflict", "The CIDR '10.0.1.128/25' conflicts with another subnet"),
        ("10.1.0.0/24", "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid."),
        ("10.0.2.0/29", "InvalidSubnet.Range", "The CIDR '10.0.2.0/29' is invalid."),
        ("10.0.0.0/15", "InvalidSubnet.Range", "The CIDR '10.0.0.0/15' is invalid."),
    ]:
        assert refused(ec2.create_subnet, VpcId=vpc, CidrBlock=cidr) == (code, message, 400)
    code, message, _ = refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1z")
    assert code == "InvalidParameterValue" and "us-east-1a, us-east-1b" in message
    id = subnet["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=id, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(**by("map-public-ip-on-launch", "true", "x"), MaxResults=5)["Subnets"]
    assert ec2.describe_subnets(SubnetIds=[id])["Subnets"][0]["MapPublicIpOnLaunch"]
    code = refused(ec2.modify_subnet_attribute, SubnetId=id, AssignIpv6AddressOnCreation={"Value": True})[0]
    assert code == "InvalidParameterValue"
    ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    block = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    ipv6 = block.replace("/56", "/64")
    ec2.associate_subnet_cidr_block(SubnetId=id, Ipv6CidrBlock=ipv6)
    ec2.modify_subnet_attribute(SubnetId=id, AssignIpv6AddressOnCreation={"Value": True})
    (shown,) = ec2.describe_subnets(SubnetIds=[id])["Subnets"]
    assert shown["AssignIpv6AddressOnCreation"]
    (association,) = shown["Ipv6CidrBlockAssociationSet"]
    assert association["Ipv6CidrBlock"] == ipv6
    ec2.disassociate_subnet_cidr_block(AssociationId=association["AssociationId"])
    ec2.delete_subnet(SubnetId=id)
    assert refused(ec2.delete_subnet, SubnetId=id)[0] == "InvalidSubnetID.NotFound"


def test_route_tables(ec2):
    vpc = vpc_of(ec2)
    subnet, other = subnet_of(ec2, vpc), subnet_of(ec2, vpc, "10.0.2.0/24")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc, **named("route-table", "public"))["RouteTable"]["RouteTableId"]
    everything = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert refused(ec2.create_route, GatewayId=gateway, **everything)[:2] == (
        "InvalidParameterValue", f"route table {table} and network gateway {gateway} belong to different networks"
    )
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert refused(ec2.attach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)[0] == "Resource.AlreadyAssociated"
    ec2.create_route(GatewayId=gateway, **everything)
    assert refused(ec2.create_route, GatewayId=gateway, **everything)[0] == "RouteAlreadyExists"
    local = {"RouteTableId": table, "DestinationCidrBlock": "10.0.0.0/16"}
    assert refused(ec2.create_route, GatewayId=gateway, **local)[0] == "RouteAlreadyExists"
    assert refused(ec2.delete_route, **local)[0] == "InvalidParameterValue"
    inside = {"RouteTableId": table, "DestinationCidrBlock": "10.0.1.0/24"}
    assert "more specific" in refused(ec2.create_route, GatewayId=gateway, **inside)[1]
    assert refused(ec2.delete_route, RouteTableId=table, DestinationCidrBlock="1.0.0.0/8")[0] == "InvalidRoute.NotFound"
    assert refused(ec2.replace_route, RouteTableId=table, DestinationCidrBlock="1.0.0.0/8", GatewayId=gateway)[1] == (
        "There is no route defined for '1.0.0.0/8' in the route table. Use CreateRoute instead."
    )
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert association["AssociationState"]["State"] == "associated"
    assert refused(ec2.delete_route_table, RouteTableId=table)[0] == "DependencyViolation"
    shown = ec2.describe_route_tables(**by("association.subnet-id", subnet))["RouteTables"]
    assert [t["RouteTableId"] for t in shown] == [table]
    (main,) = ec2.describe_route_tables(Filters=by("vpc-id", vpc)["Filters"] + by("association.main", "true")["Filters"])[
        "RouteTables"
    ]
    taken = refused(ec2.associate_route_table, RouteTableId=main["RouteTableId"], SubnetId=subnet)
    assert taken[0] == "Resource.AlreadyAssociated"
    main_association = main["Associations"][0]["RouteTableAssociationId"]
    assert refused(ec2.disassociate_route_table, AssociationId=main_association)[0] == "InvalidParameterValue"
    replaced = ec2.replace_route_table_association(AssociationId=main_association, RouteTableId=table)
    assert replaced["NewAssociationId"] != main_association
    (new_main,) = ec2.describe_route_tables(**by("association.main", "true"), RouteTableIds=[table])["RouteTables"]
    assert {a.get("SubnetId") for a in new_main["Associations"]} == {subnet, None}
    ec2.disassociate_route_table(AssociationId=association["AssociationId"])
    # A gateway that goes leaves a black hole.
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (shown,) = ec2.describe_route_tables(**by("route.state", "blackhole"))["RouteTables"]
    assert shown["RouteTableId"] == table
    ec2.delete_route(**everything)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    assert other


def test_egress_only_gateways(ec2):
    vpc = vpc_of(ec2, AmazonProvidedIpv6CidrBlock=True)
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc, ClientToken="once")["EgressOnlyInternetGateway"]
    again = ec2.create_egress_only_internet_gateway(VpcId=vpc, ClientToken="once")["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    assert again["EgressOnlyInternetGatewayId"] == gateway
    other = vpc_of(ec2, "10.9.0.0/16")
    code = refused(ec2.create_egress_only_internet_gateway, VpcId=other, ClientToken="once")[0]
    assert code == "IdempotentParameterMismatch"
    table = ec2.describe_route_tables(**by("vpc-id", vpc))["RouteTables"][0]["RouteTableId"]
    route = {"RouteTableId": table, "EgressOnlyInternetGatewayId": gateway}
    assert refused(ec2.create_route, DestinationCidrBlock="0.0.0.0/0", **route)[0] == "InvalidParameterValue"
    ec2.create_route(DestinationIpv6CidrBlock="::/0", **route)
    (found,) = ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    assert found["Attachments"] == [{"State": "attached", "VpcId": vpc}]
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    assert ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)["ReturnCode"]
    ec2.delete_vpc(VpcId=vpc)


def test_dhcp_options(ec2):
    vpc = vpc_of(ec2)
    configuration = [{"Key": "domain-name-servers", "Values": ["10.2.5.1", "10.2.5.2"]}]
    options = ec2.create_dhcp_options(DhcpConfigurations=configuration)["DhcpOptions"]["DhcpOptionsId"]
    assert refused(ec2.create_dhcp_options, DhcpConfigurations=[{"Key": "x", "Values": ["y"]}])[0] == (
        "InvalidParameterValue"
    )
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    (found,) = ec2.describe_dhcp_options(**by("value", "10.2.5.2"))["DhcpOptions"]
    assert found["DhcpOptionsId"] == options
    assert refused(ec2.delete_dhcp_options, DhcpOptionsId=options)[:2] == (
        "DependencyViolation", f"The dhcpOptions '{options}' has dependencies and cannot be deleted."
    )
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"] == "default"


def test_tags(ec2):
    vpc = vpc_of(ec2)
    subnet = subnet_of(ec2, vpc)
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "team", "Value": "blue"}, {"Key": "empty"}])
    pages = ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 5})
    tags = [(t["ResourceId"], t["ResourceType"], t["Key"], t["Value"]) for page in pages for t in page["Tags"]]
    assert tags == [
        (subnet, "subnet", "empty", ""), (subnet, "subnet", "team", "blue"),
        (vpc, "vpc", "empty", ""), (vpc, "vpc", "team", "blue"),
    ]
    assert [t["ResourceId"] for t in ec2.describe_tags(**by("tag:team", "blu?"))["Tags"]] == [subnet, vpc]
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "green"}, {"Key": "empty"}])
    assert [t["Key"] for t in ec2.describe_tags(**by("resource-id", vpc))["Tags"]] == ["team"]
    ec2.delete_tags(Resources=[vpc, subnet])
    assert ec2.describe_tags()["Tags"] == []
    for resources, tags, code in [
        (["vpc-00000000000000000"], [{"Key": "a", "Value": ""}], "InvalidVpcID.NotFound"),
        (["nothing"], [{"Key": "a", "Value": ""}], "InvalidID"),
        ([vpc], [{"Key": "aws:a", "Value": ""}], "InvalidParameterValue"),
        ([vpc], [{"Key": f"k{n}", "Value": ""} for n in range(51)], "TagLimitExceeded"),
    ]:
        assert refused(ec2.create_tags, Resources=resources, Tags=tags)[0] == code


def test_dry_runs_change_nothing(ec2):
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == (
        "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412
    )
    assert refused(ec2.describe_vpcs, DryRun=True)[0] == "DryRunOperation"
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1


@pytest.mark.parametrize(
    "operation, result, kind",
    [
        ("describe_vpcs", "Vpcs", "vpc"),
        ("describe_route_tables", "RouteTables", "route-table"),
        ("describe_internet_gateways", "InternetGateways", "internet-gateway"),
        ("describe_network_acls", "NetworkAcls", "network-acl"),
        ("describe_security_groups", "SecurityGroups", "security-group"),
        ("describe_dhcp_options", "DhcpOptions", "dhcp-options"),
    ],
)
def test_listings_come_in_pages(ec2, operation, result, kind):
    made = [vpc_of(ec2, f"10.{n}.0.0/16") for n in range(6)]
    for _ in made:
        ec2.create_internet_gateway()
        ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "ntp-servers", "Values": ["10.0.0.1"]}])
    pages = [page[result] for page in ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5})]
    assert [len(page) for page in pages] == [5, 2]
    assert refused(getattr(ec2, operation), **by("no-such-filter", "x"))[1] == "The filter 'no-such-filter' is invalid"
    assert refused(getattr(ec2, operation), NextToken="?", MaxResults=5)[0] == "InvalidNextToken"
