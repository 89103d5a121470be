"""The network of the flow-log tests: a public and a private subnet, a web server that the internet reaches at 22, 80 and 443."""

import dataclasses
import json

FLOW_LOGS_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
# As the VPC user guide gives it, "Publish flow logs to CloudWatch Logs".
FLOW_LOGS_RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
            ],
            "Resource": "*",
        }
    ],
}
ATTACKER = "203.0.113.66"
VISITOR = "198.51.100.23"


@dataclasses.dataclass
class Lab:
    """Ids of what there is, and the web server's addresses."""

    vpc: str
    public_subnet: str
    private_subnet: str
    gateway: str
    group: str
    instance: str
    interface: str
    private: str
    public: str


def by_boto3(trailcam):
    """Calls EC2 with boto3."""
    client = trailcam.client("ec2")
    return lambda operation, **parameters: getattr(client, operation)(**parameters)


def by_aws_cli(trailcam):
    """Calls EC2 with the aws-cli."""

    def call(operation, **parameters):
        return trailcam.aws("ec2", operation.replace("_", "-"), "--cli-input-json", json.dumps(parameters))

    return call


def network(trailcam, client=by_boto3):
    """Makes the network, as the walkthroughs do; the instance runs."""
    call = client(trailcam)

    def named(kind):
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "lab"}]}]

    vpc = call("create_vpc", CidrBlock="10.0.0.0/16", TagSpecifications=named("vpc"))["Vpc"]["VpcId"]
    in_zone = {"VpcId": vpc, "AvailabilityZone": "us-east-1a", "TagSpecifications": named("subnet")}
    subnets = [
        call("create_subnet", CidrBlock=block, **in_zone)["Subnet"]["SubnetId"]
        for block in ("10.0.1.0/24", "10.0.2.0/24")
    ]
    made = call("create_internet_gateway", TagSpecifications=named("internet-gateway"))
    gateway = made["InternetGateway"]["InternetGatewayId"]
    call("attach_internet_gateway", InternetGatewayId=gateway, VpcId=vpc)
    table = call("create_route_table", VpcId=vpc, TagSpecifications=named("route-table"))["RouteTable"]["RouteTableId"]
    call("create_route", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    call("associate_route_table", RouteTableId=table, SubnetId=subnets[0])
    group = call("create_security_group", GroupName="web", Description="Web servers", VpcId=vpc)["GroupId"]
    for port in (22, 80, 443):
        anyone = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        call("authorize_security_group_ingress", GroupId=group, IpPermissions=[anyone])
    launched = call(
        "run_instances",
        ImageId=call("describe_images", Owners=["amazon"])["Images"][0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": subnets[0], "Groups": [group], "AssociatePublicIpAddress": True}
        ],
    )
    instance = launched["Instances"][0]["InstanceId"]
    trailcam.advance("PT1M")
    running = call("describe_instances", InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return Lab(
        vpc=vpc,
        public_subnet=subnets[0],
        private_subnet=subnets[1],
        gateway=gateway,
        group=group,
        instance=instance,
        interface=running["NetworkInterfaces"][0]["NetworkInterfaceId"],
        private=running["PrivateIpAddress"],
        public=running["PublicIpAddress"],
    )


def flow_log_role(trailcam, name="flow-logs"):
    """The role with which flow logs write to log groups."""
    iam = trailcam.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(FLOW_LOGS_TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=json.dumps(FLOW_LOGS_RIGHTS))
    return made["Role"]["Arn"]


def send(trailcam, *flows):
    """Sends traffic: what became of it."""
    return trailcam.admin("POST", "traffic", json=list(flows))
