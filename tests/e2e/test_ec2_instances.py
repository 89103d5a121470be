"""Interfaces, elastic IPs, NAT gateways, instances and key pairs. States change by the clock, which the tests move."""

import subprocess

import pytest
from conftest import refused
from test_ec2_vpcs import by, named, subnet_of, vpc_of

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


@pytest.fixture
def vpc(ec2):
    return vpc_of(ec2)


@pytest.fixture
def subnet(ec2, vpc):
    return subnet_of(ec2, vpc)


@pytest.fixture
def public(ec2, vpc, subnet):
    """The subnet, with a way to the internet."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return subnet


def image(ec2, name="al2023-ami-*-x86_64"):
    images = ec2.describe_images(Owners=["amazon", "099720109477"], **by("name", name))["Images"]
    return images[0]["ImageId"]


def run(ec2, subnet, count=1, **more):
    more = {"InstanceType": "t3.micro", "SubnetId": subnet, **more}
    if subnet is None:
        del more["SubnetId"]
    return ec2.run_instances(ImageId=image(ec2), MinCount=count, MaxCount=count, **more)


def shown(ec2, instance):
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return reservation["Instances"][0]


def test_interfaces(ec2, vpc, subnet):
    made = ec2.create_network_interface(
        SubnetId=subnet, Description="mine", PrivateIpAddress="10.0.1.10", **named("network-interface", "a")
    )["NetworkInterface"]
    id = made["NetworkInterfaceId"]
    assert made["PrivateIpAddress"] == "10.0.1.10" and made["Status"] == "pending"
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[id])
    (group,) = made["Groups"]
    assert group["GroupName"] == "default"
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 250
    for address, code, message in [
        ("10.0.1.10", "InvalidIPAddress.InUse", "The specified address is already in use."),
        ("10.0.1.3", "InvalidParameterValue", "Address 10.0.1.3 is in subnet's reserved address range"),
        ("10.0.2.9", "InvalidParameterValue", "Address 10.0.2.9 does not fall within the subnet's address range"),
    ]:
        assert refused(ec2.create_network_interface, SubnetId=subnet, PrivateIpAddress=address)[:2] == (code, message)
    assert refused(ec2.delete_subnet, SubnetId=subnet)[:2] == (
        "DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted."
    )
    assigned = ec2.assign_private_ip_addresses(NetworkInterfaceId=id, SecondaryPrivateIpAddressCount=2)
    second = [a["PrivateIpAddress"] for a in assigned["AssignedPrivateIpAddresses"]]
    assert len(set(second)) == 2
    (found,) = ec2.describe_network_interfaces(**by("addresses.private-ip-address", second[1]))["NetworkInterfaces"]
    assert [a["Primary"] for a in found["PrivateIpAddresses"]] == [True, False, False]
    assert refused(ec2.unassign_private_ip_addresses, NetworkInterfaceId=id, PrivateIpAddresses=["10.0.1.10"])[0] == (
        "InvalidParameterValue"
    )
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=second)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, SourceDestCheck={"Value": False})
    answer = ec2.describe_network_interface_attribute(NetworkInterfaceId=id, Attribute="sourceDestCheck")
    assert answer["SourceDestCheck"] == {"Value": False}
    web = ec2.create_security_group(GroupName="web", Description="x", VpcId=vpc)["GroupId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Groups=[web])
    assert refused(ec2.delete_security_group, GroupId=web)[0] == "DependencyViolation"
    assert ec2.describe_network_interfaces(**by("group-id", web))["NetworkInterfaces"][0]["NetworkInterfaceId"] == id
    ec2.delete_network_interface(NetworkInterfaceId=id)
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 251


def test_ipv6_addresses(ec2):
    vpc = vpc_of(ec2, AmazonProvidedIpv6CidrBlock=True)
    block = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    subnet = subnet_of(ec2, vpc, Ipv6CidrBlock=block.replace("/56", "/64"))
    made = ec2.create_network_interface(SubnetId=subnet, Ipv6AddressCount=1)["NetworkInterface"]
    assert len(made["Ipv6Addresses"]) == 1
    more = ec2.assign_ipv6_addresses(NetworkInterfaceId=made["NetworkInterfaceId"], Ipv6AddressCount=2)
    assert len(more["AssignedIpv6Addresses"]) == 2
    gone = ec2.unassign_ipv6_addresses(
        NetworkInterfaceId=made["NetworkInterfaceId"], Ipv6Addresses=more["AssignedIpv6Addresses"]
    )
    assert gone["UnassignedIpv6Addresses"] == more["AssignedIpv6Addresses"]
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 250


def test_a_subnet_runs_out_of_addresses(ec2, vpc):
    subnet = subnet_of(ec2, vpc, "10.0.9.0/28")
    addresses = set()
    for _ in range(11):
        addresses.add(ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"])
    assert addresses == {f"10.0.9.{n}" for n in range(4, 15)}
    assert refused(ec2.create_network_interface, SubnetId=subnet)[0] == "InsufficientFreeAddressesInSubnet"


def test_elastic_addresses(ec2, vpc, public):
    address = ec2.allocate_address(Domain="vpc", **named("elastic-ip", "front"))
    allocation = address["AllocationId"]
    interface = ec2.create_network_interface(SubnetId=public)["NetworkInterface"]["NetworkInterfaceId"]
    association = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface)["AssociationId"]
    (found,) = ec2.describe_addresses(PublicIps=[address["PublicIp"]])["Addresses"]
    assert found["AssociationId"] == association and found["NetworkInterfaceId"] == interface
    (shown,) = ec2.describe_network_interfaces(**by("association.public-ip", address["PublicIp"]))["NetworkInterfaces"]
    assert shown["Association"]["AllocationId"] == allocation
    assert refused(ec2.release_address, AllocationId=allocation)[:2] == (
        "InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use."
    )
    gateway = ec2.describe_internet_gateways(**by("attachment.vpc-id", vpc))["InternetGateways"][0]["InternetGatewayId"]
    code, message, _ = refused(ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
    assert code == "DependencyViolation" and "mapped public address" in message
    other = ec2.create_network_interface(SubnetId=public)["NetworkInterface"]["NetworkInterfaceId"]
    taken = {"AllocationId": allocation, "NetworkInterfaceId": other}
    assert refused(ec2.associate_address, AllowReassociation=False, **taken)[0] == "Resource.AlreadyAssociated"
    association = ec2.associate_address(**taken)["AssociationId"]
    ec2.disassociate_address(AssociationId=association)
    assert ec2.describe_addresses_attribute(AllocationIds=[allocation], Attribute="domain-name")["Addresses"] == []
    ec2.release_address(AllocationId=allocation)
    assert refused(ec2.describe_addresses, AllocationIds=[allocation])[0] == "InvalidAllocationID.NotFound"


def test_addresses_need_a_gateway(ec2, subnet):
    allocation = ec2.allocate_address()["AllocationId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    code = refused(ec2.associate_address, AllocationId=allocation, NetworkInterfaceId=interface)[0]
    assert code == "Gateway.NotAttached"


def test_nat_gateways(trailcam, ec2, vpc, public):
    allocation = ec2.allocate_address()["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=public, AllocationId=allocation, **named("natgateway", "nat"))["NatGateway"]
    nat = made["NatGatewayId"]
    assert made["State"] == "pending"
    assert made["NatGatewayAddresses"] == [
        {"AllocationId": allocation, "IsPrimary": True, "Status": "associating"}
    ]
    trailcam.advance("PT5S")
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat])
    pages = ec2.get_paginator("describe_nat_gateways").paginate(Filter=[{"Name": "vpc-id", "Values": [vpc]}])
    (found,) = [gateway for page in pages for gateway in page["NatGateways"]]
    (address,) = found["NatGatewayAddresses"]
    assert address["Status"] == "succeeded"
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[address["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert interface["InterfaceType"] == "nat_gateway" and interface["RequesterManaged"]
    assert interface["Description"] == f"Interface for NAT Gateway {nat}" and not interface["SourceDestCheck"]
    assert refused(ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])[0] == "AuthFailure"
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert ec2.describe_route_tables(**by("route.state", "blackhole"))["RouteTables"][0]["RouteTableId"] == table
    trailcam.advance("PT5S")
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat])
    assert ec2.describe_network_interfaces(**by("vpc-id", vpc))["NetworkInterfaces"] == []
    ec2.release_address(AllocationId=allocation)
    trailcam.advance("PT2H")
    assert refused(ec2.describe_nat_gateways, NatGatewayIds=[nat])[:2] == (
        "NatGatewayNotFound", f"NatGateway {nat} was not found"
    )


def test_nat_gateways_fail_without_a_way_out(trailcam, ec2, vpc, subnet):
    allocation = ec2.allocate_address()["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    trailcam.advance("PT5S")
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    assert (found["State"], found["FailureCode"]) == ("failed", "Gateway.NotAttached")
    assert found["FailureMessage"] == f"Network {vpc} has no Internet gateway attached"


def test_an_instance_lives_by_the_clock(trailcam, ec2, public):
    ec2.modify_subnet_attribute(SubnetId=public, MapPublicIpOnLaunch={"Value": True})
    answer = run(ec2, public, **named("instance", "web"))
    (instance,) = answer["Instances"]
    id = instance["InstanceId"]
    assert instance["State"] == {"Code": 0, "Name": "pending"} and answer["OwnerId"] == "000000000000"
    assert "PublicIpAddress" not in instance
    ec2.get_waiter("instance_exists").wait(InstanceIds=[id])
    trailcam.advance("PT5S")
    ec2.get_waiter("instance_running").wait(InstanceIds=[id])
    running = shown(ec2, id)
    first = running["PublicIpAddress"]
    assert running["PrivateDnsName"] == f"ip-{running['PrivateIpAddress'].replace('.', '-')}.ec2.internal"
    (status,) = ec2.describe_instance_status(InstanceIds=[id])["InstanceStatuses"]
    assert status["InstanceStatus"]["Status"] == "initializing"
    trailcam.advance("PT3M")
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[id])
    ec2.get_waiter("system_status_ok").wait(InstanceIds=[id])
    ec2.reboot_instances(InstanceIds=[id])
    (change,) = ec2.stop_instances(InstanceIds=[id])["StoppingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    trailcam.advance("PT5S")
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id])
    stopped = shown(ec2, id)
    assert "PublicIpAddress" not in stopped and stopped["PrivateIpAddress"] == running["PrivateIpAddress"]
    assert stopped["StateTransitionReason"].startswith("User initiated (2026-01-15 ")
    assert ec2.describe_instance_status(InstanceIds=[id])["InstanceStatuses"] == []
    assert ec2.describe_instance_status(InstanceIds=[id], IncludeAllInstances=True)["InstanceStatuses"]
    ec2.start_instances(InstanceIds=[id])
    trailcam.advance("PT5S")
    assert shown(ec2, id)["PublicIpAddress"] != first
    ec2.terminate_instances(InstanceIds=[id])
    assert shown(ec2, id)["State"]["Name"] == "shutting-down"
    trailcam.advance("PT5S")
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[id])
    gone = shown(ec2, id)
    assert gone["NetworkInterfaces"] == [] and "SubnetId" not in gone
    assert refused(ec2.start_instances, InstanceIds=[id])[0] == "IncorrectInstanceState"
    trailcam.advance("PT2H")
    assert refused(ec2.describe_instances, InstanceIds=[id])[:2] == (
        "InvalidInstanceID.NotFound", f"The instance ID '{id}' does not exist"
    )


def test_launching(ec2, subnet, vpc):
    key = ec2.create_key_pair(KeyName="lab", KeyType="ed25519")["KeyName"]
    group = ec2.create_security_group(GroupName="web", Description="x", VpcId=vpc)["GroupId"]
    arguments = {
        "KeyName": key, "SecurityGroupIds": [group], "UserData": "#!/bin/sh\necho hello\n", "ClientToken": "once",
        "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1}, "Monitoring": {"Enabled": True},
    }
    answer = run(ec2, subnet, 2, **arguments)
    ids = [instance["InstanceId"] for instance in answer["Instances"]]
    again = run(ec2, subnet, 2, **arguments)
    assert [instance["InstanceId"] for instance in again["Instances"]] == ids
    assert refused(run, ec2=ec2, subnet=subnet, count=1, **arguments)[0] == "IdempotentParameterMismatch"
    (reservation,) = ec2.describe_instances(**by("key-name", "lab"))["Reservations"]
    assert [i["AmiLaunchIndex"] for i in sorted(reservation["Instances"], key=lambda i: i["AmiLaunchIndex"])] == [0, 1]
    one = reservation["Instances"][0]
    assert one["SecurityGroups"] == [{"GroupId": group, "GroupName": "web"}]
    assert one["MetadataOptions"]["HttpTokens"] == "optional" and one["Monitoring"]["State"] == "enabled"
    assert one["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 2}
    data = ec2.describe_instance_attribute(InstanceId=ids[0], Attribute="userData")["UserData"]["Value"]
    assert data == "IyEvYmluL3NoCmVjaG8gaGVsbG8K"
    credit = ec2.describe_instance_credit_specifications(InstanceIds=[ids[0]])["InstanceCreditSpecifications"]
    assert credit == [{"InstanceId": ids[0], "CpuCredits": "unlimited"}]


def test_launching_with_interfaces(trailcam, ec2, public, vpc):
    own = ec2.create_network_interface(SubnetId=public, PrivateIpAddress="10.0.1.50")["NetworkInterface"]
    id = own["NetworkInterfaceId"]
    nics = [
        {"DeviceIndex": 0, "NetworkInterfaceId": id},
        {"DeviceIndex": 1, "SubnetId": public, "PrivateIpAddress": "10.0.1.51", "Description": "second"},
    ]
    (instance,) = run(ec2, None, NetworkInterfaces=nics, ClientToken="once")["Instances"]
    # The same request again is no other, although the interface is in use by now.
    (again,) = run(ec2, None, NetworkInterfaces=nics, ClientToken="once")["Instances"]
    assert again["InstanceId"] == instance["InstanceId"]
    assert instance["PrivateIpAddress"] == "10.0.1.50" and len(instance["NetworkInterfaces"]) == 2
    assert refused(run, ec2=ec2, subnet=None, NetworkInterfaces=nics)[0] == "InvalidParameterValue"
    assert refused(run, ec2=ec2, subnet=public, NetworkInterfaces=nics)[1] == (
        "Network interfaces and an instance-level subnet ID may not be specified on the same request"
    )
    third = ec2.create_network_interface(SubnetId=public)["NetworkInterface"]["NetworkInterfaceId"]
    attach = {"NetworkInterfaceId": third, "InstanceId": instance["InstanceId"]}
    assert refused(ec2.attach_network_interface, DeviceIndex=2, **attach)[:2] == (
        "AttachmentLimitExceeded", "Interface count 3 exceeds the limit for t3.micro"
    )
    second = ec2.describe_network_interfaces(**by("description", "second"))["NetworkInterfaces"][0]
    ec2.detach_network_interface(AttachmentId=second["Attachment"]["AttachmentId"])
    ec2.attach_network_interface(DeviceIndex=1, **attach)
    primary = ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]
    assert refused(ec2.detach_network_interface, AttachmentId=primary["Attachment"]["AttachmentId"])[0] == (
        "OperationNotPermitted"
    )
    assert refused(ec2.detach_network_interface, AttachmentId="eni-attach-02aca13293a6fe1b9")[:2] == (
        "InvalidAttachmentID.NotFound", "The interface attachment 'eni-attach-02aca13293a6fe1b9' does not exist."
    )
    assert refused(ec2.delete_network_interface, NetworkInterfaceId=third)[1] == (
        f"Network interface '{third}' is currently in use."
    )
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    trailcam.advance("PT5S")
    # Interfaces that were there before stay.
    left = ec2.describe_network_interfaces(**by("vpc-id", vpc))["NetworkInterfaces"]
    assert {i["NetworkInterfaceId"] for i in left} == {id, third, second["NetworkInterfaceId"]}
    assert {i["Status"] for i in left} == {"available"}


@pytest.mark.parametrize(
    "more, code",
    [
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
        ({"InstanceType": "m1.small"}, "InvalidParameterValue"),
        ({"KeyName": "none"}, "InvalidKeyPair.NotFound"),
        ({"SecurityGroupIds": ["sg-00000000000000000"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-00000000000000000"}, "InvalidSubnetID.NotFound"),
        ({"MinCount": 3}, "InvalidParameterValue"),
        ({"IamInstanceProfile": {"Name": "none"}}, "InvalidParameterValue"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]}, "UnsupportedOperation"),
    ],
)
def test_what_cannot_be_launched(ec2, more, code):
    arguments = {"ImageId": image(ec2), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more}
    assert refused(ec2.run_instances, **arguments)[0] == code


def test_attributes(trailcam, ec2, subnet):
    id = run(ec2, subnet)["Instances"][0]["InstanceId"]
    trailcam.advance("PT5S")
    ec2.modify_instance_attribute(InstanceId=id, DisableApiTermination={"Value": True})
    code, message, _ = refused(ec2.terminate_instances, InstanceIds=[id])
    assert code == "OperationNotPermitted" and "disableApiTermination" in message
    ec2.modify_instance_attribute(InstanceId=id, Attribute="disableApiTermination", Value="false")
    assert refused(ec2.modify_instance_attribute, InstanceId=id, InstanceType={"Value": "t3.small"})[0] == (
        "IncorrectInstanceState"
    )
    ec2.stop_instances(InstanceIds=[id])
    trailcam.advance("PT5S")
    ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t3.small"})
    ec2.modify_instance_attribute(InstanceId=id, SourceDestCheck={"Value": False})
    found = shown(ec2, id)
    assert found["InstanceType"] == "t3.small" and found["SourceDestCheck"] is False
    options = ec2.modify_instance_metadata_options(InstanceId=id, HttpEndpoint="disabled")["InstanceMetadataOptions"]
    assert options["HttpEndpoint"] == "disabled"
    assert refused(ec2.modify_instance_attribute, InstanceId="x", SourceDestCheck={"Value": True})[:2] == (
        "InvalidParameterValue", "Value (x) for parameter instanceId is invalid. Expected: 'i-...'."
    )


def test_images_and_types(ec2):
    images = ec2.describe_images(Owners=["amazon"])["Images"]
    assert images and all(i["ImageOwnerAlias"] == "amazon" and i["State"] == "available" for i in images)
    ec2.get_waiter("image_available").wait(ImageIds=[images[0]["ImageId"]])
    types = ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 5})
    names = [kind["InstanceType"] for page in types for kind in page["InstanceTypes"]]
    assert "t3.micro" in names and names == sorted(names)
    (micro,) = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"]
    assert (micro["VCpuInfo"]["DefaultVCpus"], micro["MemoryInfo"]["SizeInMiB"]) == (2, 1024)
    assert micro["NetworkInfo"]["MaximumNetworkInterfaces"] == 2
    assert refused(ec2.describe_instance_types, InstanceTypes=["u.nano"])[0] in ("InvalidInstanceType", "InvalidParameterValue")


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_key_pairs_are_real(ec2, tmp_path, kind):
    made = ec2.create_key_pair(KeyName="mine", KeyType=kind)
    file = tmp_path / "key"
    file.write_text(made["KeyMaterial"])
    file.chmod(0o600)
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(file)], capture_output=True, text=True)
    if public.returncode == 127:
        pytest.skip("there is no ssh-keygen")
    (found,) = ec2.describe_key_pairs(KeyNames=["mine"], IncludePublicKey=True)["KeyPairs"]
    assert public.stdout.split()[:2] == found["PublicKey"].split()[:2], public.stderr
    assert found["KeyFingerprint"] == made["KeyFingerprint"] and found["KeyType"] == kind
    imported = ec2.import_key_pair(KeyName="other", PublicKeyMaterial=public.stdout.encode())
    if kind == "ed25519":
        assert imported["KeyFingerprint"] == made["KeyFingerprint"]
    assert refused(ec2.create_key_pair, KeyName="mine")[:2] == (
        "InvalidKeyPair.Duplicate", "The keypair already exists: mine"
    )
    ec2.get_waiter("key_pair_exists").wait(KeyNames=["mine"])
    ec2.delete_key_pair(KeyName="mine")
    ec2.delete_key_pair(KeyName="mine")
    assert refused(ec2.describe_key_pairs, KeyNames=["mine"])[0] == "InvalidKeyPair.NotFound"
    assert refused(ec2.import_key_pair, KeyName="bad", PublicKeyMaterial=b"nonsense")[0] == "InvalidKey.Format"


@pytest.mark.parametrize(
    "operation, result", [("describe_network_interfaces", "NetworkInterfaces"), ("describe_instances", "Reservations")]
)
def test_listings_come_in_pages(ec2, subnet, operation, result):
    for _ in range(7):
        run(ec2, subnet)
    pages = [page[result] for page in ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5})]
    assert [len(page) for page in pages] == [5, 2]


def test_the_usual_lab_with_the_command_line(trailcam):
    aws = lambda *arguments: trailcam.aws("ec2", *arguments)  # noqa: E731
    vpc = aws("create-vpc", "--cidr-block", "10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws("create-subnet", "--vpc-id", vpc, "--cidr-block", "10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = aws("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
    aws("attach-internet-gateway", "--vpc-id", vpc, "--internet-gateway-id", gateway)
    table = aws("create-route-table", "--vpc-id", vpc)["RouteTable"]["RouteTableId"]
    aws("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id", gateway)
    aws("associate-route-table", "--subnet-id", subnet, "--route-table-id", table)
    aws("modify-subnet-attribute", "--subnet-id", subnet, "--map-public-ip-on-launch")
    group = aws("create-security-group", "--group-name", "SSH", "--description", "SSH", "--vpc-id", vpc)["GroupId"]
    for port in ("22", "80", "443"):
        aws("authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", port, "--cidr",
            "0.0.0.0/0")
    key = aws("create-key-pair", "--key-name", "lab", "--key-type", "ed25519", "--query", "KeyMaterial", "--output",
              "text")
    assert key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    ami = aws("describe-images", "--owners", "amazon", "--filters", "Name=name,Values=al2023-ami-*-x86_64",
              "--query", "Images[0].ImageId")
    instance = aws("run-instances", "--image-id", ami, "--count", "1", "--instance-type", "t3.micro", "--key-name", "lab",
                   "--security-group-ids", group, "--subnet-id", subnet, "--tag-specifications",
                   "ResourceType=instance,Tags=[{Key=Name,Value=lab}]")["Instances"][0]["InstanceId"]
    trailcam.advance("PT10S")
    aws("wait", "instance-running", "--instance-ids", instance)
    address = aws("describe-instances", "--instance-ids", instance, "--query",
                  "Reservations[0].Instances[0].PublicIpAddress")
    assert address.count(".") == 3
    assert "DependencyViolation" in trailcam.aws("ec2", "delete-vpc", "--vpc-id", vpc, fails=True)
    aws("terminate-instances", "--instance-ids", instance)
    trailcam.advance("PT10S")
    aws("delete-security-group", "--group-id", group)
    aws("delete-subnet", "--subnet-id", subnet)
    aws("delete-route-table", "--route-table-id", table)
    aws("detach-internet-gateway", "--vpc-id", vpc, "--internet-gateway-id", gateway)
    aws("delete-internet-gateway", "--internet-gateway-id", gateway)
    aws("delete-vpc", "--vpc-id", vpc)
