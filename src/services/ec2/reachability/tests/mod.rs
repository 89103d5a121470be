//! Paths through small networks, made and analyzed by calls. Codes and forms are those of the guide
//! (<https://docs.aws.amazon.com/vpc/latest/reachability/getting-started-cli.html>,
//! <https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>).

mod lab;

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::network::{Flow, Place};
use crate::services::ec2::traffic;
use crate::wire::Value;

use lab::{ACCOUNT, Lab, addresses, at, list};

fn path(source: &str, destination: &str, port: u16) -> Json {
    json!({"Source": format!("${source}"), "Destination": format!("${destination}"), "Protocol": "tcp",
        "DestinationPort": port})
}

/// What an analysis says: `reachable`, or its explanations, one a line.
#[track_caller]
fn check(what: &str, change: impl FnOnce(&mut Lab), path: Json, expected: &[&str]) {
    check_filtered(what, change, path, &json!({}), expected);
}

#[track_caller]
fn check_filtered(what: &str, change: impl FnOnce(&mut Lab), path: Json, analysis: &Json, expected: &[&str]) {
    let mut lab = Lab::new();
    change(&mut lab);
    let analysis = lab.filled(analysis);
    let found = lab.analyze(&path, &analysis);
    let lines: Vec<String> = match at(&found, "NetworkPathFound").as_str() {
        "true" => vec!["reachable".to_owned()],
        _ => list(&found, "Explanations").iter().map(|explanation| lab.line(explanation)).collect(),
    };
    assert_eq!(lines, expected, "{what}");
    let has_way = !list(&found, "ForwardPathComponents").is_empty();
    assert_eq!(has_way, expected == ["reachable"], "{what}: components");
}

#[test]
fn security_groups_block() {
    check("SSH", |_| {}, path("igw", "i:web", 22), &["reachable"]);
    let blocked = "ENI_SG_RULES_MISMATCH ingress eni:web sg:web subnet:public vpc";
    check("RDP", |_| {}, path("igw", "i:web", 3389), &[blocked]);
    check("to an interface", |_| {}, path("igw", "eni:web", 3389), &[blocked]);
    let other = json!({"Source": "$igw", "Destination": "$i:web", "Protocol": "tcp",
        "FilterAtSource": {"SourceAddress": "203.0.113.9", "DestinationPortRange": {"FromPort": 443, "ToPort": 443}}});
    check("HTTPS from elsewhere", |_| {}, other, &[blocked]);
    check("HTTPS, as somebody may", |_| {}, path("igw", "i:web", 443), &["reachable"]);
    check("members of a group", |_| {}, path("i:web", "i:db", 5432), &["reachable"]);
    check("others", |_| {}, path("i:db", "i:web", 5432), &[blocked]);
    let close = |lab: &mut Lab| {
        let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
        lab.call("RevokeSecurityGroupEgress", json!({"GroupId": "$sg:web", "IpPermissions": all}));
    };
    let egress = "ENI_SG_RULES_MISMATCH egress eni:web sg:web subnet:public vpc";
    check("nothing may leave", close, path("i:web", "i:db", 5432), &[egress]);
    check("but answers", close, path("igw", "i:web", 22), &["reachable"]);
    let empty = |lab: &mut Lab| {
        lab.group("sg:none", "vpc");
        let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
        lab.call("RevokeSecurityGroupEgress", json!({"GroupId": "$sg:none", "IpPermissions": all}));
        let groups = json!({"NetworkInterfaceId": "$eni:web", "Groups": ["$sg:none"]});
        lab.call("ModifyNetworkInterfaceAttribute", groups);
    };
    let none = "SG_HAS_NO_RULES ingress eni:web sg:none subnet:public vpc";
    check("no rules at all", empty, path("igw", "i:web", 22), &[none]);
}

#[test]
fn network_acls_block_both_ways() {
    let entering = |lab: &mut Lab| lab.deny(50, false, (22, 22));
    let ingress = "SUBNET_ACL_RESTRICTION ingress acl subnet:public vpc 50";
    check("the request", entering, path("igw", "i:web", 22), &[ingress]);
    let leaving = |lab: &mut Lab| lab.deny(60, true, (0, 65535));
    let egress = "SUBNET_ACL_RESTRICTION egress acl subnet:public vpc 60";
    check("the answer", leaving, path("igw", "i:web", 22), &[egress]);
    let ephemeral = |lab: &mut Lab| lab.deny(60, true, (1024, 65535));
    check("a client with a low port", ephemeral, path("igw", "i:web", 22), &["reachable"]);
    let high = json!({"Source": "$igw", "Destination": "$i:web", "Protocol": "tcp",
        "FilterAtSource": {"SourcePortRange": {"FromPort": 1024}, "DestinationPortRange": {"FromPort": 22, "ToPort": 22}}});
    check("usual clients", ephemeral, high, &[egress]);
    let nothing = |lab: &mut Lab| {
        lab.call("DeleteNetworkAclEntry", json!({"NetworkAclId": "$acl", "RuleNumber": 100, "Egress": false}));
    };
    let last = "SUBNET_ACL_RESTRICTION ingress acl subnet:public vpc 32767";
    check("the last entry", nothing, path("igw", "i:web", 22), &[last]);
}

/// All that is in the way is told, the way there first, as real analyses do.
#[test]
fn several_things_block_at_once() {
    let both = |lab: &mut Lab| {
        let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
        lab.call("RevokeSecurityGroupEgress", json!({"GroupId": "$sg:web", "IpPermissions": all}));
        lab.deny(50, true, (80, 80));
        lab.deny(50, false, (80, 80));
    };
    let expected = [
        "ENI_SG_RULES_MISMATCH egress eni:web sg:web subnet:public vpc",
        "SUBNET_ACL_RESTRICTION egress acl subnet:public vpc 50",
        "SUBNET_ACL_RESTRICTION ingress acl subnet:private vpc 50",
        "ENI_SG_RULES_MISMATCH ingress eni:db sg:db subnet:private vpc",
    ];
    check("HTTP", both, path("i:web", "i:db", 80), &expected);
}

#[test]
fn routes_lead_nowhere() {
    let cut = |lab: &mut Lab| {
        lab.call("DeleteRoute", json!({"RouteTableId": "$rtb:public", "DestinationCidrBlock": "0.0.0.0/0"}));
    };
    let none = "NO_ROUTE_TO_DESTINATION igw rtb:public vpc";
    check("no way back", cut, path("igw", "i:web", 22), &[none]);
    check("no way out", cut, path("i:web", "igw", 443), &[none]);
    let private = "NO_ROUTE_TO_DESTINATION igw rtb:private vpc";
    check("a private subnet", |_| {}, path("i:db", "igw", 443), &[private]);
    let gone = |lab: &mut Lab| {
        lab.nat();
        lab.call("DeleteNatGateway", json!({"NatGatewayId": "$nat"}));
        lab.advance(TimeDelta::minutes(5));
    };
    check("the target is gone", gone, path("i:db", "igw", 443), &["BAD_STATE_ROUTE rtb:private vpc 0.0.0.0/0"]);
}

#[test]
fn internet_gateways_want_public_addresses() {
    let straight = |lab: &mut Lab| lab.route("rtb:private", "0.0.0.0/0", json!({"GatewayId": "$igw"}));
    let egress = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS igw vpc";
    check("out without one", straight, path("i:db", "igw", 443), &[egress]);
    let ingress = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS igw vpc";
    check("in without one", straight, path("igw", "i:db", 5432), &[ingress]);
    check("out with one", |_| {}, path("i:web", "igw", 443), &["reachable"]);
    let detached = |lab: &mut Lab| {
        lab.make("igw:2", "CreateInternetGateway", json!({}), "InternetGateway.InternetGatewayId");
    };
    check("a gateway of no VPC", detached, path("igw:2", "i:web", 22), &["UNASSOCIATED_COMPONENT igw:2"]);
    let elsewhere = |lab: &mut Lab| {
        lab.far();
        lab.make("igw:2", "CreateInternetGateway", json!({}), "InternetGateway.InternetGatewayId");
        lab.call("AttachInternetGateway", json!({"InternetGatewayId": "$igw:2", "VpcId": "$vpc:far"}));
    };
    let apart = "DISCONNECTED_VPCS vpc:far vpc";
    check("a gateway of another VPC", elsewhere, path("igw:2", "i:web", 22), &[apart]);
}

#[test]
fn instances_must_run() {
    let stop = |lab: &mut Lab| {
        lab.call("StopInstances", json!({"InstanceIds": ["$i:db"]}));
        lab.advance(TimeDelta::minutes(5));
    };
    check("a stopped destination", stop, path("i:web", "i:db", 5432), &["BAD_STATE stopped i:db vpc"]);
    check("a stopped source", stop, path("i:db", "i:web", 22), &["BAD_STATE stopped i:db vpc"]);
    let terminate = |lab: &mut Lab| {
        let made = lab.call(
            "CreateNetworkInsightsPath",
            json!({"Source": "$i:web", "Destination": "$i:db",
            "Protocol": "tcp", "ClientToken": "t"}),
        );
        lab.ids.insert("nip".to_owned(), at(&made, "NetworkInsightsPath.NetworkInsightsPathId"));
        lab.call("TerminateInstances", json!({"InstanceIds": ["$i:db"]}));
        lab.advance(TimeDelta::minutes(5));
    };
    let mut lab = Lab::new();
    terminate(&mut lab);
    for (minutes, expected) in [(1, "UNASSOCIATED_COMPONENT i:db"), (120, "NO_SOURCE_OR_DESTINATION i:db")] {
        lab.advance(TimeDelta::minutes(minutes));
        let input = json!({"NetworkInsightsPathId": "$nip", "ClientToken": expected});
        let started = lab.call("StartNetworkInsightsAnalysis", input);
        lab.advance(TimeDelta::minutes(1));
        let id = at(&started, "NetworkInsightsAnalysis.NetworkInsightsAnalysisId");
        let all = lab.call("DescribeNetworkInsightsAnalyses", json!({"NetworkInsightsAnalysisIds": [id]}));
        assert_eq!(lab.line(&list(&list(&all, "NetworkInsightsAnalyses")[0], "Explanations")[0]), expected);
    }
}

#[test]
fn nat_gateways_lead_out() {
    let mut lab = Lab::new();
    lab.nat();
    let found = lab.analyze(&path("i:db", "igw", 443), &json!({}));
    assert_eq!(
        lab.way(&found, "ForwardPathComponents"),
        format!(
            "i:db eni:db sg:db[0.0.0.0/0] acl[100] rtb:private[0.0.0.0/0] acl[100] nat {} acl[100] rtb:public[0.0.0.0/0] igw",
            nat_interface(&mut lab)
        )
    );
    let way = list(&found, "ForwardPathComponents");
    let nat = way.iter().find(|component| at(component, "Component.Id") == lab.id("nat")).expect("the NAT gateway");
    assert_eq!(at(nat, "OutboundHeader.SourcePortRanges.0.From"), "1024");
    assert_eq!(at(nat, "OutboundHeader.SourcePortRanges.0.To"), "65535");
    assert_eq!(at(&way[0], "OutboundHeader.SourcePortRanges.0.From"), "0");
    let last = way.last().and_then(|component| component.get("OutboundHeader")).expect("a header");
    assert_eq!(at(last, "SourcePortRanges.0.From"), "1024");
    let nat_arn = format!("arn:aws:ec2:us-east-1:{ACCOUNT}:natgateway/{}", lab.id("nat"));
    let through = lab.analyze(&path("i:db", "igw", 80), &json!({"FilterInArns": [nat_arn]}));
    assert_eq!(at(&through, "NetworkPathFound"), "true");
    assert_eq!(at(&through, "FilterInArns.0"), nat_arn);
    let around = lab.analyze(&path("i:db", "igw", 81), &json!({"FilterOutArns": [nat_arn]}));
    assert_eq!(lab.line(&list(&around, "Explanations")[0]), "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT nat");
    let missed = lab.analyze(&path("i:web", "igw", 82), &json!({"FilterInArns": [nat_arn]}));
    assert_eq!(lab.line(&list(&missed, "Explanations")[0]), "COMPONENT_FILTER_RESTRICTION nat");
}

fn nat_interface(lab: &mut Lab) -> String {
    let all = lab.call("DescribeNatGateways", json!({"NatGatewayIds": ["$nat"]}));
    at(&all, "NatGateways.0.NatGatewayAddresses.0.NetworkInterfaceId")
}

#[test]
fn peering_connections_join() {
    let ssh = || path("i:web", "i:far", 22);
    check("nothing between", Lab::far, ssh(), &["DISCONNECTED_VPCS vpc vpc:far"]);
    let join = |lab: &mut Lab, accept: bool| {
        lab.far();
        lab.peer();
        if accept {
            lab.call("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": "$pcx"}));
            lab.advance(TimeDelta::minutes(1));
        }
        lab.route("rtb:public", "10.1.0.0/16", json!({"VpcPeeringConnectionId": "$pcx"}));
    };
    let pending = "BAD_STATE_ROUTE rtb:public vpc 10.1.0.0/16";
    check("not accepted", |lab| join(lab, false), ssh(), &[pending]);
    let one_way = "NO_ROUTE_TO_DESTINATION pcx rtb:far vpc:far";
    check("no way back", |lab| join(lab, true), ssh(), &[one_way]);
    let back = |lab: &mut Lab| {
        join(lab, true);
        lab.route("rtb:far", "10.0.0.0/16", json!({"VpcPeeringConnectionId": "$pcx"}));
    };
    check("both ways", back, ssh(), &["reachable"]);
    let mut lab = Lab::new();
    back(&mut lab);
    let found = lab.analyze(&ssh(), &json!({}));
    assert_eq!(
        lab.way(&found, "ForwardPathComponents"),
        format!(
            "i:web eni:web sg:web[0.0.0.0/0] acl[100] rtb:public[10.1.0.0/16] pcx {}[100] sg:far[10.0.0.0/8] eni:far i:far",
            far_acl(&mut lab)
        )
    );
    let way = list(&found, "ForwardPathComponents");
    let peering = way.iter().find(|it| at(it, "Component.Id") == lab.id("pcx")).expect("the connection");
    let vpcs = [at(peering, "SourceVpc.Id"), at(peering, "DestinationVpc.Id")].map(|id| lab.named(&id));
    assert_eq!(vpcs, ["vpc", "vpc:far"]);
}

fn far_acl(lab: &mut Lab) -> String {
    let all = lab.call("DescribeNetworkAcls", json!({"Filters": [{"Name": "vpc-id", "Values": ["$vpc:far"]}]}));
    at(&all, "NetworkAcls.0.NetworkAclId")
}

#[test]
fn gateway_endpoints_are_reached_by_routes() {
    let make = |lab: &mut Lab, tables: Json| {
        let input = json!({"VpcId": "$vpc", "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": tables});
        lab.make("vpce", "CreateVpcEndpoint", input, "VpcEndpoint.VpcEndpointId");
        lab.advance(TimeDelta::minutes(5));
    };
    let joined = |lab: &mut Lab| make(lab, json!(["$rtb:private"]));
    check("HTTPS", joined, path("i:db", "vpce", 443), &["reachable"]);
    let datagrams = json!({"Source": "$i:db", "Destination": "$vpce", "Protocol": "udp"});
    check("UDP", joined, datagrams, &["VPCE_GATEWAY_PROTOCOL_RESTRICTION vpc vpce"]);
    check("from there", joined, path("vpce", "i:db", 5432), &["VPCE_INTRA_VPC_TRAFFIC vpce"]);
    let apart = |lab: &mut Lab| make(lab, json!([]));
    check("no route", apart, path("i:db", "vpce", 443), &["NO_ROUTE_TO_DESTINATION vpce rtb:private vpc"]);
}

#[test]
fn addresses_and_filters_narrow_the_search() {
    let to = |address: &str| {
        json!({"Source": "$i:web", "Protocol": "tcp", "FilterAtSource": {"DestinationAddress": address,
            "DestinationPortRange": {"FromPort": 5432, "ToPort": 5432}}})
    };
    check("an address outside", |_| {}, to("198.51.100.9"), &["reachable"]);
    check("nobody's", |_| {}, to("10.0.2.99"), &["NO_POSSIBLE_DESTINATION vpc vpc"]);
    let with = |at: &str, filter: Json| {
        let mut path = json!({"Source": "$i:web", "Destination": "$i:db", "Protocol": "tcp"});
        path[at] = filter;
        path
    };
    let another = json!({"SourceAddress": "10.0.1.99"});
    check("not the source's", |_| {}, with("FilterAtSource", another), &["FILTER_AT_SOURCE_SOURCE_ADDRESS i:web"]);
    let another = json!({"DestinationAddress": "10.0.2.99"});
    let code = "FILTER_AT_SOURCE_DESTINATION_ADDRESS i:db";
    check("not the destination's", |_| {}, with("FilterAtSource", another.clone()), &[code]);
    let code = "FILTER_AT_DESTINATION_DESTINATION_ADDRESS i:db";
    check("nor there", |_| {}, with("FilterAtDestination", another), &[code]);
    let another = json!({"SourceAddress": "10.0.1.99"});
    let code = "FILTER_AT_DESTINATION_SOURCE_ADDRESS";
    check("from somebody else", |_| {}, with("FilterAtDestination", another), &[code]);
    let private = json!({"Source": "$igw", "Destination": "$i:web", "Protocol": "tcp", "SourceIp": "10.9.9.9"});
    check("private on the internet", |_| {}, private, &["IGW_EXPECTS_PUBLIC_ADDRESS igw"]);
}

/// The guide's example of a reachable path: what stands where, and which headers are shown.
#[test]
fn a_reachable_path_has_the_components_of_the_guide() {
    let mut lab = Lab::new();
    let name = json!([{"Key": "Name", "Value": "the web"}]);
    lab.call("CreateTags", json!({"Resources": ["$i:web"], "Tags": name}));
    let found = lab.analyze(&path("igw", "i:web", 22), &json!({}));
    let forward = "igw acl[100] sg:web[0.0.0.0/0] eni:web i:web";
    let back = "i:web eni:web sg:web acl[100] rtb:public[0.0.0.0/0] igw";
    assert_eq!(lab.way(&found, "ForwardPathComponents"), forward);
    assert_eq!(lab.way(&found, "ReturnPathComponents"), back);
    let (there, home) = (list(&found, "ForwardPathComponents"), list(&found, "ReturnPathComponents"));
    let numbers: Vec<String> = there.iter().map(|component| at(component, "SequenceNumber")).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5"]);
    let headers = |component: &Value| {
        ["InboundHeader", "OutboundHeader"].map(|name| component.get(name).is_some_and(|it| *it != Value::Null))
    };
    let none = [false, false];
    assert_eq!(there.iter().map(headers).collect::<Vec<_>>(), [[true, true], none, none, none, [true, false]]);
    assert_eq!(home.iter().map(headers).collect::<Vec<_>>(), [[false, true], none, none, none, none, [false, true]]);
    let (outside, inside) =
        (&there[0].get("InboundHeader").expect("one"), &there[0].get("OutboundHeader").expect("one"));
    assert_eq!(at(outside, "Protocol"), "6");
    assert_eq!(&addresses(outside, "SourceAddresses")[..3], ["0.0.0.0/5", "100.0.0.0/10", "100.128.0.0/9"]);
    assert_eq!([at(outside, "SourcePortRanges.0.From"), at(outside, "SourcePortRanges.0.To")], ["0", "65535"]);
    assert_eq!([at(outside, "DestinationPortRanges.0.From"), at(outside, "DestinationPortRanges.0.To")], ["22", "22"]);
    assert!(addresses(inside, "DestinationAddresses")[0].starts_with("10.0.1."));
    assert_eq!(addresses(inside, "SourceAddresses"), [""; 0], "only what changes");
    assert_eq!(at(inside, "Protocol"), "");
    assert_eq!(at(&there[3], "AttachedTo.Name"), "the web");
    assert_eq!(lab.named(&at(&there[3], "Subnet.Id")), "subnet:public");
    assert_eq!(lab.named(&at(&there[0], "Vpc.Id")), "vpc");
    assert_eq!(at(&there[1], "Vpc.Id"), "", "ACLs are shown without");
    assert_eq!(
        [at(&home[4], "RouteTableRoute.Origin"), at(&home[4], "RouteTableRoute.State")],
        ["createroute", "active"]
    );
    assert_eq!(at(&there[4], "Component.Arn"), format!("arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{}", lab.id("i:web")));
    // HTTPS is for some only.
    let found = lab.analyze(&path("igw", "i:web", 443), &json!({}));
    let outside = list(&found, "ForwardPathComponents")[0].get("InboundHeader").expect("one").clone();
    assert_eq!(addresses(&outside, "SourceAddresses"), ["198.51.100.0/24"]);
}

/// An analysis and traffic never disagree: about each pair of ports on which entries of the ACL differ.
#[test]
fn analyses_and_traffic_agree() {
    let mut lab = Lab::new();
    lab.deny(10, false, (20, 23));
    lab.deny(20, true, (40_000, 50_000));
    lab.open("sg:web", 23, json!({"CidrIp": "10.0.0.0/8"}));
    lab.open("sg:web", 24, json!({"CidrIp": "10.0.0.0/8"}));
    for (source, destination) in [(39_999, 24), (40_000, 24), (50_001, 24), (50_001, 23), (50_001, 25), (1, 24)] {
        let range = |port: u16| json!({"FromPort": port, "ToPort": port});
        let filter = json!({"SourcePortRange": range(source), "DestinationPortRange": range(destination)});
        let path = json!({"Source": "$i:db", "Destination": "$i:web", "Protocol": "tcp", "FilterAtSource": filter});
        let found = at(&lab.analyze(&path, &json!({})), "NetworkPathFound") == "true";
        let place = |name: &str| Place::Resource(lab.id(name).to_owned());
        let flow = Flow::tcp(place("i:db"), source, place("i:web"), destination);
        let model = traffic::model(&mut lab.world);
        let walk = model.network.walk(&flow, &mut Default::default()).expect("a flow");
        assert_eq!(found, walk.is_connected(), "{source} to {destination}");
        assert_eq!(found, destination == 24 && !(40_000..=50_000).contains(&source), "{source} to {destination}");
    }
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let mut lab = Lab::new();
    let mut refused = |operation: &str, input: Json, code: &str| {
        let fault = lab.attempt(operation, &input).expect_err(code);
        assert_eq!(fault.code, code, "{input}");
    };
    let mut path = |changes: Json, code: &str| {
        let mut input = json!({"Source": "$i:web", "Destination": "$i:db", "Protocol": "tcp", "ClientToken": "t"});
        changes.as_object().expect("members").iter().for_each(|(name, value)| input[name] = value.clone());
        let members = input.as_object_mut().expect("members");
        members.retain(|_, value| !value.is_null());
        refused("CreateNetworkInsightsPath", input, code);
    };
    path(json!({"Source": "i-0123456789abcdef0"}), "NetworkInsightsSource.NotFound");
    path(json!({"Destination": "tgw-0123456789abcdef0"}), "NetworkInsightsDestination.NotFound");
    path(json!({"Destination": "$subnet:public"}), "InvalidParameterValue");
    path(json!({"Destination": null}), "MissingParameter");
    path(json!({"ClientToken": null}), "MissingParameter");
    path(json!({"Protocol": "icmp"}), "InvalidParameterValue");
    path(json!({"DestinationIp": "10.0.0.999"}), "InvalidParameterValue");
    path(json!({"DestinationPort": 65536}), "InvalidParameterValue");
    path(json!({"FilterAtSource": {}, "DestinationPort": 22}), "InvalidParameterCombination");
    path(json!({"FilterAtSource": {}, "SourceIp": "10.0.1.4"}), "InvalidParameterCombination");
    path(json!({"FilterAtDestination": {}, "DestinationIp": "10.0.2.4"}), "InvalidParameterCombination");
    path(json!({"FilterAtSource": {"SourcePortRange": {"FromPort": 2, "ToPort": 1}}}), "InvalidParameterValue");
    path(json!({"Source": "arn:aws:ec2:us-east-1:444455556666:instance/i-0123456789abcdef0"}), "UnsupportedOperation");
    path(json!({"DryRun": true}), "DryRunOperation");
    let missing = "nip-0123456789abcdef0";
    for operation in ["StartNetworkInsightsAnalysis", "DeleteNetworkInsightsPath"] {
        let input = json!({"NetworkInsightsPathId": missing, "ClientToken": "t"});
        refused(operation, input, "InvalidNetworkInsightsPathId.NotFound");
    }
    let missing = json!({"NetworkInsightsAnalysisId": "nia-0123456789abcdef0"});
    refused("DeleteNetworkInsightsAnalysis", missing, "InvalidNetworkInsightsAnalysisId.NotFound");
}

#[test]
fn analyses_are_deleted_after_120_days() {
    let mut lab = Lab::new();
    lab.analyze(&path("igw", "i:web", 22), &json!({}));
    let count = |lab: &mut Lab| {
        let all = lab.call("DescribeNetworkInsightsAnalyses", json!({}));
        list(&all, "NetworkInsightsAnalyses").len()
    };
    lab.advance(TimeDelta::days(119));
    assert_eq!(count(&mut lab), 1);
    lab.advance(TimeDelta::days(1));
    assert_eq!(count(&mut lab), 0);
}
