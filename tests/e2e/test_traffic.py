"""Traffic at the admin API: scenarios, packet captures, what is refused."""

import ipaddress
import struct

import pytest
import requests

from flow_lab import ATTACKER, VISITOR, network, send

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def lab(trailcam):
    return network(trailcam)


def post(trailcam, **arguments):
    answer = requests.post(f"{trailcam.endpoint}/_trailcam/traffic", timeout=60, **arguments)
    return answer.status_code, answer.json()


def test_each_scenario_runs_with_what_is_listed(trailcam, lab):
    listed = trailcam.admin("GET", "traffic/scenarios")["scenarios"]
    assert [scenario["scenario"] for scenario in listed] == [
        *("internet-noise", "ssh-brute-force", "port-scan", "web-visitors"),
        *("data-exfiltration", "lateral-movement", "dns-tunnel"),
    ]
    for scenario in listed:
        parameters = {name: value for name, value in scenario["parameters"].items() if value is not None}
        ends = {"target": lab.public, "targets": [lab.public], "source": lab.instance}
        inside = scenario["scenario"] in ("data-exfiltration", "lateral-movement", "dns-tunnel")
        wanted = {"source"} if inside else {"target"}
        parameters |= {name: ends[name] for name in scenario["parameters"] if name in wanted | {"targets"}}
        status, answer = post(trailcam, json={"scenario": scenario["scenario"]} | parameters)
        assert status == 200, answer
        assert answer["sent"] > 0
        assert len(answer["flows"]) == min(answer["sent"], 1000)
        assert answer["sent"] == answer["connected"] + sum(answer["refused"].values())


def test_a_port_scan_meets_the_security_group(trailcam, lab):
    scan = {"scenario": "port-scan", "source": ATTACKER, "target": lab.public, "firstPort": 1, "lastPort": 1000}
    status, answer = post(trailcam, json=scan)
    assert (status, answer["sent"], answer["connected"]) == (200, 1000, 3)
    assert answer["refused"] == {"ENI_SG_RULES_MISMATCH": 997}
    open_ports = sorted(flow["destinationPort"] for flow in answer["flows"] if flow["connected"])
    assert open_ports == [22, 80, 443]


def packet(source, destination, ports, flags, payload=b""):
    """An Ethernet frame with a TCP segment (RFC 791, RFC 9293); nobody looks at the checksums."""
    tcp = struct.pack(">HHIIBBHHH", *ports, 1, 0, 5 << 4, flags, 65535, 0, 0) + payload
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
    return bytes(12) + b"\x08\x00" + ip + tcp


def capture(*packets):
    """A pcap file of packets, one a second from a time long ago."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    bodies = [
        struct.pack("<IIII", 1_000_000_000 + second, 0, len(packet), len(packet)) + packet
        for second, packet in enumerate(packets)
    ]
    return head + b"".join(bodies)


SYN, SYN_ACK, ACK = 2, 18, 16


def test_a_capture_takes_place_here_and_now(trailcam, lab):
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    body = capture(
        packet(VISITOR, "192.168.1.5", (50000, 443), SYN),
        packet("192.168.1.5", VISITOR, (443, 50000), SYN_ACK),
        packet(VISITOR, "192.168.1.5", (50000, 443), ACK, b"hello"),
        packet(ATTACKER, "192.168.1.5", (40000, 3389), SYN),
        arp,
        packet("192.0.2.1", "192.0.2.2", (1, 2), SYN),
    )
    kind = {"content-type": "application/vnd.tcpdump.pcap"}
    status, answer = post(trailcam, data=body, headers=kind, params={"192.168.1.5": lab.interface})
    assert status == 200, answer
    assert (answer["sent"], answer["connected"], answer["ignored"]) == (2, 1, 2)
    visit, attack = answer["flows"]
    assert (visit["source"], visit["destination"], visit["start"]) == (VISITOR, lab.interface, trailcam.now())
    (seen,) = visit["forward"]["observations"]
    assert (seen["packets"], seen["bytes"]) == (2, 40 + 45)
    assert attack["forward"]["code"] == "ENI_SG_RULES_MISMATCH"


REFUSED = [
    ({"json": {"source": "eni-00000000000000000", "destination": VISITOR, "destinationPort": 80}},
     "flow 1: There is no network interface or instance 'eni-00000000000000000'."),
    ({"json": {"source": VISITOR, "destination": ATTACKER, "destinationPort": 80}},
     "flow 1: Neither the source nor the destination is in a VPC."),
    ({"json": {"source": VISITOR, "destination": ATTACKER}}, "destinationPort is missing"),
    ({"params": {"192.168.1.5": "i-1", "color": "red"}, "headers": {"content-type": "application/vnd.tcpdump.pcap"}},
     "color: expected an address, or start"),
    ({"json": {"source": VISITOR, "destination": ATTACKER, "protocol": "ipx"}},
     "protocol: expected tcp, udp, icmp, icmpv6 or a number up to 255"),
    ({"json": {"scenario": "port-scan"}}, "A scenario needs at least one target."),
    ({"data": b"no capture", "headers": {"content-type": "application/x-pcapng"}}, None),
]


@pytest.mark.parametrize("request_, sentence", REFUSED)
def test_what_is_refused(trailcam, request_, sentence):
    status, answer = post(trailcam, **request_)
    assert status == 400
    if sentence:
        assert answer["error"] == sentence


@pytest.mark.parametrize(
    "more, sentence",
    [
        ({"start": 0}, "flow 1: It must begin within two weeks before now and a day after."),
        ({"start": 2**63 - 1}, "flow 1: It must begin within two weeks before now and a day after."),
        (
            {"count": 100, "duration": 2_592_000},
            "these flows last 4320100 minutes together, of at most 2000000",
        ),
    ],
)
def test_times_have_bounds(trailcam, lab, more, sentence):
    flow = {"source": VISITOR, "destination": lab.public, "destinationPort": 443}
    assert post(trailcam, json=flow | more) == (400, {"error": sentence})


def test_a_mistake_in_the_second_flow_sends_none(trailcam, lab):
    fine = {"source": VISITOR, "destination": lab.public, "destinationPort": 443}
    status, _ = post(trailcam, json=[fine, fine | {"destination": "i-00000000000000000"}])
    assert status == 400
    assert send(trailcam, fine)["sent"] == 1


def figures(trailcam, namespace, name, dimension, identity, period):
    """Sums by time of day."""
    statistics = trailcam.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension, "Value": identity}],
        StartTime="2026-01-15T10:00:00Z",
        EndTime="2026-01-15T11:00:00Z",
        Period=period,
        Statistics=["Sum"],
    )
    return {f"{point['Timestamp']:%H:%M}": point["Sum"] for point in statistics["Datapoints"]}


def test_figures_of_an_instance(trailcam, lab):
    flow = {"source": VISITOR, "destination": lab.public, "destinationPort": 443, "packets": 10, "bytes": 4000}
    send(trailcam, flow, flow | {"destinationPort": 3389})
    trailcam.advance("PT9M")
    shown = {
        name: figures(trailcam, "AWS/EC2", name, "InstanceId", lab.instance, 300)
        for name in ("NetworkIn", "NetworkPacketsIn", "NetworkPacketsOut")
    }
    # What the security group refused did not get in; a quiet period has zeros.
    assert shown["NetworkIn"] == {"10:00": 4000, "10:05": 0}
    assert shown["NetworkPacketsIn"] == {"10:00": 10, "10:05": 0}
    assert shown["NetworkPacketsOut"]["10:00"] > 0


def test_a_private_host_behind_a_nat_gateway(trailcam, lab):
    ec2 = trailcam.client("ec2")
    named = [{"Key": "Name", "Value": "lab"}, {"Key": "stage", "Value": "test"}]
    tags = [{"ResourceType": "natgateway", "Tags": named}]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=lab.public_subnet, AllocationId=allocation, TagSpecifications=tags)
    nat = nat["NatGateway"]["NatGatewayId"]
    trailcam.advance("PT1M")
    (shown,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    (own,) = shown["NatGatewayAddresses"]
    table = ec2.create_route_table(VpcId=lab.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=lab.private_subnet)
    host = ec2.create_network_interface(SubnetId=lab.private_subnet, Groups=[lab.group])["NetworkInterface"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    attached = [{"DeviceIndex": 0, "NetworkInterfaceId": host["NetworkInterfaceId"]}]
    ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, NetworkInterfaces=attached)
    trailcam.advance("PT1M")

    download = {"source": host["NetworkInterfaceId"], "destination": VISITOR, "destinationPort": 443}
    answer = send(trailcam, download | {"sourcePort": 50000, "packets": 20, "bytes": 9000})
    assert answer["connected"] == 1
    seen = answer["flows"][0]["forward"]["observations"]
    assert [(by["interface"], by["direction"], by["bytes"]) for by in seen] == [
        (host["NetworkInterfaceId"], "egress", 9000),
        (own["NetworkInterfaceId"], "ingress", 9000),
        (own["NetworkInterfaceId"], "egress", 9000),
    ]
    # From the internet, nobody gets in.
    inward = send(trailcam, {"source": VISITOR, "destination": own["PublicIp"], "destinationPort": 443})
    assert inward["connected"] == 0

    trailcam.advance("PT2M")

    def sums(name):
        return sum(figures(trailcam, "AWS/NATGateway", name, "NatGatewayId", nat, 60).values())

    assert sums("BytesInFromSource") == sums("BytesOutToDestination") == 9000
    assert sums("PacketsOutToDestination") == 20
    # The guide: more in from the destination than out to the source is what the gateway has blocked.
    assert sums("BytesInFromDestination") - sums("BytesOutToSource") == 40
    assert sums("BytesOutToSource") > 0
    assert (sums("ConnectionAttemptCount"), sums("ConnectionEstablishedCount")) == (1, 1)
