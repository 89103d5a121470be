"""Records of EC2 calls have the two forms that CloudTrail writes: item sets, and one wrapper for newer actions."""

import pytest
from conftest import refused
from test_ec2_vpcs import by

pytestmark = pytest.mark.usefixtures("user")


def named(kind, name):
    """Two tags: of a single one, the wrapped form shows an object instead of a list."""
    tags = [{"Key": "lab", "Value": "true"}, {"Key": "Name", "Value": name}]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]}


def network(ec2):
    """A lab from the VPC to what can be seen of it, as a user makes it: what was made."""
    made = {}
    vpc = made["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16", **named("vpc", "lab"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a", **named("subnet", "lab")
    )["Subnet"]["SubnetId"]
    made["subnet"] = subnet
    gateway = ec2.create_internet_gateway(**named("internet-gateway", "lab"))["InternetGateway"]["InternetGatewayId"]
    made["gateway"] = gateway
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, **named("route-table", "lab"))["RouteTable"]["RouteTableId"]
    made["table"] = table
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    made["association"] = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "team", "Value": "blue"}])
    made["group"] = group = ec2.create_security_group(
        GroupName="web", Description="web", VpcId=vpc, **named("security-group", "web")
    )["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    ec2.authorize_security_group_egress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    ports = {"From": 53, "To": 53}
    ec2.create_network_acl_entry(Protocol="17", RuleAction="allow", CidrBlock="0.0.0.0/0", PortRange=ports, **entry)
    ec2.delete_network_acl_entry(**entry)
    ec2.delete_network_acl(NetworkAclId=acl)
    refused(ec2.delete_network_acl, NetworkAclId="MyAcl")
    refused(ec2.create_default_vpc)
    return made


def machines(trailcam, ec2, made):
    ec2.create_key_pair(KeyName="lab", KeyType="rsa", KeyFormat="pem")
    image = ec2.describe_images(Owners=["amazon"], **by("name", "al2023-ami-*-x86_64"))["Images"][0]["ImageId"]
    address = ec2.allocate_address(Domain="vpc", **named("elastic-ip", "nat"))["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=made["subnet"], AllocationId=address, **named("natgateway", "nat"))
    made["nat"] = nat["NatGateway"]["NatGatewayId"]
    interface = ec2.create_network_interface(SubnetId=made["subnet"], Groups=[made["group"]])["NetworkInterface"]
    run = {
        "ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "ClientToken": "token",
        "NetworkInterfaces": [{"NetworkInterfaceId": interface["NetworkInterfaceId"], "DeviceIndex": 0}],
        "Monitoring": {"Enabled": False}, "EbsOptimized": False, "UserData": "secret", **named("instance", "lab"),
    }
    made["instance"] = instance = ec2.run_instances(**run)["Instances"][0]["InstanceId"]
    refused(ec2.run_instances, **{**run, "ClientToken": "x", "NetworkInterfaces": [], "IamInstanceProfile": {"Name": "x"}})
    trailcam.advance("PT5S")
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    refused(ec2.modify_instance_attribute, InstanceId="MyInstance", UserData={"Value": b"secret"})
    refused(ec2.detach_network_interface, AttachmentId="eni-attach-02aca13293a6fe1b9", Force=True)
    ec2.describe_instance_status(InstanceIds=[instance])
    ec2.describe_instance_status()
    ec2.describe_instances(InstanceIds=[instance])
    ec2.describe_nat_gateways(NatGatewayIds=[made["nat"]])
    ec2.describe_nat_gateways(MaxResults=1000)
    ec2.describe_addresses_attribute(AllocationIds=[address], Attribute="domain-name")
    ec2.describe_instance_types(InstanceTypes=["t3.micro"])
    ec2.describe_instance_types(MaxResults=100)
    ec2.describe_instance_credit_specifications(InstanceIds=[instance])
    return address


def look(ec2, made):
    ec2.describe_vpcs(VpcIds=[made["vpc"]])
    ec2.describe_subnets(**by("vpc-id", made["vpc"]))
    ec2.describe_availability_zones()
    ec2.describe_security_groups(GroupIds=[made["group"]])
    ec2.describe_network_acls(MaxResults=100, **by("default", "true"))
    ec2.describe_dhcp_options(MaxResults=1000)
    ec2.describe_egress_only_internet_gateways(MaxResults=100)
    ec2.describe_vpc_peering_connections(MaxResults=1000)
    ec2.describe_key_pairs()
    ec2.describe_tags(**by("resource-id", made["vpc"]))
    ec2.describe_vpc_classic_link(VpcIds=[made["vpc"]])
    ec2.describe_vpc_classic_link_dns_support(VpcIds=[made["vpc"]])
    refused(ec2.describe_subnets, SubnetIds=["subnet-0afaf7ba0564cac3a"])


def tear_down(trailcam, ec2, made, address):
    ec2.terminate_instances(InstanceIds=[made["instance"]])
    ec2.delete_nat_gateway(NatGatewayId=made["nat"])
    trailcam.advance("PT5S")
    ec2.release_address(AllocationId=address, NetworkBorderGroup="us-east-1")
    for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    ec2.disassociate_route_table(AssociationId=made["association"])
    ec2.delete_route_table(RouteTableId=made["table"])
    ec2.delete_subnet(SubnetId=made["subnet"])
    ec2.detach_internet_gateway(InternetGatewayId=made["gateway"], VpcId=made["vpc"])
    ec2.delete_internet_gateway(InternetGatewayId=made["gateway"])
    ec2.delete_key_pair(KeyName="lab")


def test_a_lab_and_its_records(trailcam):
    """One story, since an RSA key takes a moment to make."""
    ec2 = trailcam.client("ec2")
    made = network(ec2)
    address = machines(trailcam, ec2, made)
    look(ec2, made)
    tear_down(trailcam, ec2, made, address)
    records = trailcam.events(eventSource="ec2.amazonaws.com"), made
    older_actions_have_item_sets(records)
    newer_actions_have_a_wrapper(records)
    refusals_are_in_ec2_s_words(records)


def the(records, name, **more):
    found = [r for r in records[0] if r["eventName"] == name and all(r.get(k) == v for k, v in more.items())]
    assert found, name
    return found[0]


def older_actions_have_item_sets(records):
    _, made = records
    vpc = the(records, "CreateVpc")
    assert vpc["requestParameters"] == {
        "cidrBlock": "10.0.0.0/16",
        "instanceTenancy": "default",
        "amazonProvidedIpv6CidrBlock": False,
        "tagSpecificationSet": {
            "items": [
                {"resourceType": "vpc", "tags": [{"key": "lab", "value": "true"}, {"key": "Name", "value": "lab"}]}
            ]
        },
    }
    answer = vpc["responseElements"]["vpc"]
    assert (answer["vpcId"], answer["state"], answer["isDefault"]) == (made["vpc"], "pending", False)
    assert answer["tagSet"] == {"items": [{"key": "Name", "value": "lab"}, {"key": "lab", "value": "true"}]}
    assert answer["ipv6CidrBlockAssociationSet"] == {}
    assert the(records, "AttachInternetGateway")["responseElements"]["_return"] is True
    assert the(records, "CreateSecurityGroup")["responseElements"]["_return"] is True
    parted = the(records, "DisassociateRouteTable")["responseElements"]
    assert parted["associationState"] == {"state": "disassociating"} and parted["_return"] is True
    table = the(records, "CreateRouteTable")["responseElements"]["routeTable"]
    assert table["routeSet"] == {
        "items": [
            {
                "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "origin": "CreateRouteTable",
                "state": "active",
            }
        ]
    }
    assert table["associationSet"] == table["propagatingVgwSet"] == {}
    ingress = the(records, "AuthorizeSecurityGroupIngress")
    assert ingress["requestParameters"]["ipPermissions"] == {}
    (rule,) = ingress["responseElements"]["securityGroupRuleSet"]["items"]
    assert (rule["groupOwnerId"], rule["fromPort"], rule["cidrIpv4"]) == ("000000000000", 22, "0.0.0.0/0")
    entry = the(records, "CreateNetworkAclEntry")["requestParameters"]
    assert entry["aclProtocol"] == "17" and entry["icmpTypeCode"] == {} and entry["portRange"] == {"from": 53, "to": 53}
    run = the(records, "RunInstances")
    assert run["requestParameters"]["userData"] == "<sensitiveDataRemoved>"
    assert run["responseElements"]["groupSet"] == {}
    key = the(records, "CreateKeyPair")["responseElements"]
    assert key["keyMaterial"] == "<sensitiveDataRemoved>" and key["keyPairId"].startswith("key-")


def newer_actions_have_a_wrapper(records):
    _, made = records
    nat = the(records, "CreateNatGateway")
    request = nat["requestParameters"]["CreateNatGatewayRequest"]
    assert request["SubnetId"] == made["subnet"]
    assert request["TagSpecification"] == {
        "ResourceType": "natgateway",
        "tag": 1,
        "Tag": [{"Value": True, "tag": 1, "Key": "lab"}, {"Value": "nat", "tag": 2, "Key": "Name"}],
    }
    answer = nat["responseElements"]["CreateNatGatewayResponse"]
    assert answer["xmlns"] == "http://ec2.amazonaws.com/doc/2016-11-15/"
    assert answer["natGateway"]["natGatewayAddressSet"]["item"]["status"] == "associating"
    assert answer["natGateway"]["createTime"] == "2026-01-15T10:00:00.000Z"
    default = the(records, "CreateDefaultVpc")
    assert default["requestParameters"] == {"CreateDefaultVpcRequest": ""}
    assert default["errorCode"] == "Client.DefaultVpcAlreadyExists"
    listed = the(records, "DescribeNatGateways")["requestParameters"]["DescribeNatGatewaysRequest"]
    assert listed == {"NatGatewayId": {"tag": 1, "content": made["nat"]}}


def refusals_are_in_ec2_s_words(records):
    for name, code, message in [
        ("DeleteNetworkAcl", "Client.InvalidNetworkAclId.Malformed", "The network-acl ID 'MyAcl' is malformed"),
        (
            "DetachNetworkInterface",
            "Client.InvalidAttachmentID.NotFound",
            "The interface attachment 'eni-attach-02aca13293a6fe1b9' does not exist.",
        ),
        (
            "ModifyInstanceAttribute",
            "Client.InvalidParameterValue",
            "Value (MyInstance) for parameter instanceId is invalid. Expected: 'i-...'.",
        ),
        (
            "RunInstances",
            "Client.InvalidParameterValue",
            "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        (
            "DescribeSubnets",
            "Client.InvalidSubnetID.NotFound",
            "The subnet ID 'subnet-0afaf7ba0564cac3a' does not exist",
        ),
    ]:
        record = the(records, name, errorCode=code)
        assert record["errorMessage"] == message and record["responseElements"] is None
