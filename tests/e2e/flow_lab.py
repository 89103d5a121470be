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


def network(trailcam):
    """Makes the network with the aws-cli, as the walkthroughs do; the instance runs."""

    def ec2(operation, *arguments):
        return trailcam.aws("ec2", operation, *arguments)

    vpc = ec2("create-vpc", "--cidr-block", "10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2("create-subnet", "--vpc-id", vpc, "--cidr-block", block)["Subnet"]["SubnetId"]
        for block in ("10.0.1.0/24", "10.0.2.0/24")
    ]
    gateway = ec2("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
    ec2("attach-internet-gateway", "--internet-gateway-id", gateway, "--vpc-id", vpc)
    table = ec2("create-route-table", "--vpc-id", vpc)["RouteTable"]["RouteTableId"]
    everywhere = ("--destination-cidr-block", "0.0.0.0/0", "--gateway-id", gateway)
    ec2("create-route", "--route-table-id", table, *everywhere)
    ec2("associate-route-table", "--route-table-id", table, "--subnet-id", subnets[0])
    named = ("--group-name", "web", "--description", "Web servers", "--vpc-id", vpc)
    group = ec2("create-security-group", *named)["GroupId"]
    for port in ("22", "80", "443"):
        opened = ("--protocol", "tcp", "--port", port, "--cidr", "0.0.0.0/0")
        ec2("authorize-security-group-ingress", "--group-id", group, *opened)
    image = ec2("describe-images", "--owners", "amazon")["Images"][0]["ImageId"]
    launched = ec2(
        *("run-instances", "--image-id", image, "--instance-type", "t3.micro", "--subnet-id", subnets[0]),
        *("--security-group-ids", group, "--associate-public-ip-address"),
    )
    instance = launched["Instances"][0]["InstanceId"]
    trailcam.advance("PT1M")
    running = ec2("describe-instances", "--instance-ids", instance)["Reservations"][0]["Instances"][0]
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
