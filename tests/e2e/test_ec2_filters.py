"""Security groups, their rules, prefix lists and network ACLs."""

import pytest
from conftest import refused
from test_ec2_vpcs import by, named, vpc_of

pytestmark = pytest.mark.usefixtures("user")

ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]


@pytest.fixture
def ec2(trailcam):
    return trailcam.client("ec2")


@pytest.fixture
def vpc(ec2):
    return vpc_of(ec2)


def group_of(ec2, vpc, name="web", **more):
    return ec2.create_security_group(GroupName=name, Description="a group", VpcId=vpc, **more)["GroupId"]


def tcp(port, **ends):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ends}


def shown(ec2, group):
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return found


def test_groups_are_made_and_deleted(ec2, vpc):
    made = ec2.create_security_group(
        GroupName="web", Description="web servers", VpcId=vpc, **named("security-group", "web")
    )
    group = made["GroupId"]
    assert made["SecurityGroupArn"] == f"arn:aws:ec2:us-east-1:000000000000:security-group/{group}"
    ec2.get_waiter("security_group_exists").wait(GroupIds=[group])
    found = shown(ec2, group)
    assert found["IpPermissions"] == [] and found["Description"] == "web servers"
    assert found["IpPermissionsEgress"] == [
        {"IpProtocol": "-1", "IpRanges": ANYWHERE, "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    ]
    for name, code in [
        ("web", "InvalidGroup.Duplicate"), ("default", "InvalidGroup.Reserved"), ("sg-x", "InvalidParameterValue"),
    ]:
        assert refused(ec2.create_security_group, GroupName=name, Description="x", VpcId=vpc)[0] == code
    ec2.delete_security_group(GroupId=group)
    assert refused(ec2.delete_security_group, GroupId=group)[:2] == (
        "InvalidGroup.NotFound", f"The security group '{group}' does not exist"
    )
    (default,) = ec2.describe_security_groups(**by("vpc-id", vpc))["SecurityGroups"]
    assert refused(ec2.delete_security_group, GroupId=default["GroupId"])[0] == "CannotDelete"


def test_ingress_in_both_forms(ec2, vpc):
    group = group_of(ec2, vpc)
    one = ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="203.0.113.0/24"
    )
    (rule,) = one["SecurityGroupRules"]
    assert one["Return"] and rule["SecurityGroupRuleId"].startswith("sgr-") and not rule["IsEgress"]
    assert (rule["CidrIpv4"], rule["FromPort"], rule["ToPort"]) == ("203.0.113.0/24", 22, 22)
    others = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            tcp(80, IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": "web"}], Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
            {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": ANYWHERE},
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]},
        ],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["SecurityGroupRules"]
    assert len(others) == 4 and all(r["Tags"] == [{"Key": "a", "Value": "b"}] for r in others)
    assert others[3]["ReferencedGroupInfo"] == {"GroupId": group, "UserId": "000000000000"}
    assert (others[3]["FromPort"], others[3]["ToPort"]) == (-1, -1)
    permissions = shown(ec2, group)["IpPermissions"]
    web = next(p for p in permissions if p.get("FromPort") == 80)
    assert web["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": "web"}]
    assert web["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    everything = next(p for p in permissions if p["IpProtocol"] == "-1")
    assert "FromPort" not in everything
    assert everything["UserIdGroupPairs"] == [{"GroupId": group, "UserId": "000000000000"}]
    assert [g["GroupId"] for g in ec2.describe_security_groups(**by("ip-permission.cidr", "203.0.113.0/24"))[
        "SecurityGroups"
    ]] == [group]
    code, message, _ = refused(
        ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[tcp(80, IpRanges=ANYWHERE)]
    )
    assert code == "InvalidPermission.Duplicate"
    assert message == 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists'


@pytest.mark.parametrize(
    "permission, code",
    [
        ({"IpProtocol": "tcp", "IpRanges": ANYWHERE}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80, "IpRanges": ANYWHERE}, "InvalidParameterValue"),
        ({"IpProtocol": "nope", "IpRanges": ANYWHERE}, "InvalidParameterValue"),
        (tcp(80, IpRanges=[{"CidrIp": "1.2.3/8"}]), "InvalidParameterValue"),
        (tcp(80, Ipv6Ranges=[{"CidrIpv6": "10.0.0.0/8"}]), "InvalidParameterValue"),
        (tcp(80, PrefixListIds=[{"PrefixListId": "pl-00000000000000000"}]), "InvalidPrefixListID.NotFound"),
        (tcp(80, UserIdGroupPairs=[{"GroupId": "sg-00000000000000000"}]), "InvalidGroup.NotFound"),
        (tcp(80), "MissingParameter"),
    ],
)
def test_what_no_rule_can_be(ec2, vpc, permission, code):
    group = group_of(ec2, vpc)
    assert refused(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])[0] == code


def test_rules_are_objects(ec2, vpc):
    group = group_of(ec2, vpc)
    made = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(port, IpRanges=ANYWHERE) for port in range(1, 8)]
    )["SecurityGroupRules"]
    ids = [rule["SecurityGroupRuleId"] for rule in made]
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        **by("group-id", group), PaginationConfig={"PageSize": 5}
    )
    pages = [page["SecurityGroupRules"] for page in pages]
    assert [len(page) for page in pages] == [5, 3]
    assert sum(rule["IsEgress"] for page in pages for rule in page) == 1
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": ids[0],
                "SecurityGroupRule": {
                    "IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIpv6": "2001:db8::/32", "Description": "dns",
                },
            }
        ],
    )
    (changed,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[ids[0]])["SecurityGroupRules"]
    assert (changed["IpProtocol"], changed["CidrIpv6"], changed["Description"]) == ("udp", "2001:db8::/32", "dns")
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": ids[1], "Description": "two"}]
    )
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, IpPermissions=[tcp(3, IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": "three"}])]
    )
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=ids[1:3])["SecurityGroupRules"]
    assert {rule["Description"] for rule in found} == {"two", "three"}
    revoked = ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids[:2])
    assert {rule["SecurityGroupRuleId"] for rule in revoked["RevokedSecurityGroupRules"]} == set(ids[:2])
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[tcp(3, IpRanges=ANYWHERE)])
    code = refused(ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=[tcp(3, IpRanges=ANYWHERE)])[0]
    assert code == "InvalidPermission.NotFound"
    assert refused(ec2.describe_security_group_rules, SecurityGroupRuleIds=[ids[0]])[0] == (
        "InvalidSecurityGroupRuleId.NotFound"
    )


def test_egress(ec2, vpc):
    group = group_of(ec2, vpc)
    everything = [{"IpProtocol": "-1", "IpRanges": ANYWHERE}]
    assert refused(ec2.authorize_security_group_egress, GroupId=group, IpPermissions=everything)[1] == (
        'the specified rule "peer: 0.0.0.0/0, ALL, ALLOW" already exists'
    )
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[tcp(443, IpRanges=ANYWHERE)])
    (only,) = shown(ec2, group)["IpPermissionsEgress"]
    assert (only["FromPort"], only["ToPort"]) == (443, 443)


def test_rules_of_the_default_vpc_that_are_not_there(ec2):
    group = ec2.create_security_group(GroupName="plain", Description="x")["GroupId"]
    answer = ec2.revoke_security_group_ingress(GroupName="plain", IpPermissions=[tcp(80, IpRanges=ANYWHERE)])
    assert answer["UnknownIpPermissions"][0]["FromPort"] == 80
    assert ec2.describe_security_groups(GroupNames=["plain"])["SecurityGroups"][0]["GroupId"] == group


def test_sixty_rules_are_the_most(ec2, vpc):
    group = group_of(ec2, vpc)
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(port, IpRanges=ANYWHERE) for port in range(1, 61)]
    )
    code = refused(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[tcp(61, IpRanges=ANYWHERE)])[0]
    assert code == "RulesPerSecurityGroupLimitExceeded"
    # IPv6 counts apart.
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(61, Ipv6Ranges=[{"CidrIpv6": "::/0"}])]
    )


def test_groups_that_others_refer_to_stay(ec2, vpc):
    web, database = group_of(ec2, vpc), group_of(ec2, vpc, "db")
    allow = [tcp(5432, UserIdGroupPairs=[{"GroupId": web}])]
    ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=allow)
    assert refused(ec2.delete_security_group, GroupId=web)[:2] == (
        "DependencyViolation", f"resource {web} has a dependent object"
    )
    ec2.revoke_security_group_ingress(GroupId=database, IpPermissions=allow)
    ec2.delete_security_group(GroupId=web)
    other = group_of(ec2, vpc_of(ec2, "10.1.0.0/16"), "elsewhere")
    code = refused(
        ec2.authorize_security_group_ingress,
        GroupId=database, IpPermissions=[tcp(1, UserIdGroupPairs=[{"GroupId": other}])],
    )[0]
    assert code == "InvalidGroup.NotFound"


def test_prefix_lists(ec2, vpc):
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", AddressFamily="IPv4", MaxEntries=3,
        Entries=[{"Cidr": "203.0.113.0/24", "Description": "main"}, {"Cidr": "198.51.100.0/24"}],
    )["PrefixList"]
    assert (made["State"], made["Version"], made["MaxEntries"]) == ("create-in-progress", 1, 3)
    id = made["PrefixListId"]
    modified = ec2.modify_managed_prefix_list(
        PrefixListId=id, CurrentVersion=1,
        AddEntries=[{"Cidr": "192.0.2.0/24"}], RemoveEntries=[{"Cidr": "198.51.100.0/24"}],
    )["PrefixList"]
    assert (modified["State"], modified["Version"]) == ("modify-in-progress", 2)
    assert refused(ec2.modify_managed_prefix_list, PrefixListId=id, CurrentVersion=1, AddEntries=[{"Cidr": "1.0.0.0/8"}])[
        0
    ] == "PrefixListVersionMismatch"
    pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=id)
    cidrs = [entry["Cidr"] for page in pages for entry in page["Entries"]]
    assert cidrs == ["192.0.2.0/24", "203.0.113.0/24"]
    old = ec2.get_managed_prefix_list_entries(PrefixListId=id, TargetVersion=1)["Entries"]
    assert [entry["Cidr"] for entry in old] == ["198.51.100.0/24", "203.0.113.0/24"]
    group = group_of(ec2, vpc)
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(443, PrefixListIds=[{"PrefixListId": id}])]
    )
    assert ec2.get_managed_prefix_list_associations(PrefixListId=id)["PrefixListAssociations"] == [
        {"ResourceId": group, "ResourceOwner": "000000000000"}
    ]
    assert refused(ec2.delete_managed_prefix_list, PrefixListId=id)[0] == "PrefixListInUse"
    ec2.delete_security_group(GroupId=group)
    restored = ec2.restore_managed_prefix_list_version(PrefixListId=id, PreviousVersion=1, CurrentVersion=2)["PrefixList"]
    assert restored["Version"] == 3
    ec2.delete_managed_prefix_list(PrefixListId=id)
    names = [p["PrefixListName"] for p in ec2.describe_managed_prefix_lists()["PrefixLists"]]
    assert sorted(names) == ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"]


def test_prefix_lists_of_aws(ec2):
    (s3,) = ec2.describe_prefix_lists(**by("prefix-list-name", "com.amazonaws.us-east-1.s3"))["PrefixLists"]
    assert s3["PrefixListId"] == "pl-63a5400a" and "54.231.0.0/16" in s3["Cidrs"]
    (managed,) = ec2.describe_managed_prefix_lists(PrefixListIds=["pl-63a5400a"])["PrefixLists"]
    assert managed["OwnerId"] == "AWS" and "MaxEntries" not in managed
    assert managed["PrefixListArn"] == "arn:aws:ec2:us-east-1:aws:prefix-list/pl-63a5400a"
    assert refused(ec2.delete_managed_prefix_list, PrefixListId="pl-63a5400a")[0] == "OperationNotPermitted"


def test_network_acls(ec2, vpc):
    acl = ec2.create_network_acl(VpcId=vpc, **named("network-acl", "strict"))["NetworkAcl"]
    id = acl["NetworkAclId"]
    assert not acl["IsDefault"] and [e["RuleAction"] for e in acl["Entries"]] == ["deny", "deny"]
    entry = {"NetworkAclId": id, "RuleNumber": 100, "Egress": False, "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(Protocol="6", RuleAction="allow", PortRange={"From": 80, "To": 80}, **entry)
    again = refused(ec2.create_network_acl_entry, Protocol="-1", RuleAction="allow", **entry)
    assert again[0] == "NetworkAclEntryAlreadyExists"
    ec2.replace_network_acl_entry(Protocol="1", RuleAction="deny", IcmpTypeCode={"Type": 8, "Code": -1}, **entry)
    (found,) = ec2.describe_network_acls(**by("entry.icmp.type", "8"))["NetworkAcls"]
    first = next(e for e in found["Entries"] if e["RuleNumber"] == 100)
    assert first == {
        "CidrBlock": "0.0.0.0/0", "Egress": False, "IcmpTypeCode": {"Code": -1, "Type": 8}, "Protocol": "1",
        "RuleAction": "deny", "RuleNumber": 100,
    }
    for bad, code in [
        ({"RuleNumber": 32767, "Protocol": "-1"}, "InvalidParameterValue"),
        ({"RuleNumber": 1, "Protocol": "6"}, "MissingParameter"),
        ({"RuleNumber": 1, "Protocol": "1"}, "MissingParameter"),
        ({"RuleNumber": 1, "Protocol": "256"}, "InvalidParameterValue"),
        ({"RuleNumber": 1, "Protocol": "-1", "CidrBlock": "10.0.0.0"}, "InvalidParameterValue"),
    ]:
        assert refused(ec2.create_network_acl_entry, **{**entry, "RuleAction": "allow", **bad})[0] == code, bad
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    (default,) = ec2.describe_network_acls(**by("association.subnet-id", subnet))["NetworkAcls"]
    assert default["IsDefault"]
    (association,) = default["Associations"]
    replaced = ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=id
    )["NewAssociationId"]
    (found,) = ec2.describe_network_acls(**by("association.subnet-id", subnet))["NetworkAcls"]
    assert found["NetworkAclId"] == id and found["Associations"][0]["NetworkAclAssociationId"] == replaced
    assert refused(ec2.delete_network_acl, NetworkAclId=id)[:2] == (
        "DependencyViolation", f"The networkAcl '{id}' has dependencies and cannot be deleted."
    )
    assert refused(ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"])[0] == "InvalidParameterValue"
    ec2.delete_network_acl_entry(NetworkAclId=id, RuleNumber=100, Egress=False)
    assert refused(ec2.delete_network_acl_entry, NetworkAclId=id, RuleNumber=100, Egress=False)[0] == (
        "InvalidNetworkAclEntry.NotFound"
    )
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_acl(NetworkAclId=id)
    assert refused(ec2.delete_network_acl, NetworkAclId="MyAcl")[:2] == (
        "InvalidNetworkAclId.Malformed", "The network-acl ID 'MyAcl' is malformed"
    )
