//! A network made by calls, and analyses of paths through it.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::contract;
use crate::services;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, Connection, Sender, perform};
use crate::world::caller::Credentials;
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::{Cadence, Settings, World};

pub const ACCOUNT: &str = "111122223333";

/// A VPC with a public and a private subnet. `web` has a public address, and lets in SSH from anywhere and HTTPS from
/// 198.51.100.0/24; `db` lets in PostgreSQL from `web`'s group. Ids are known by names: `i:web`, `eni:web`, `sg:web`.
pub struct Lab {
    pub world: World,
    pub ids: HashMap<String, String>,
}

fn tree(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Int(number.as_i64().expect("an integer")),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(tree).collect()),
        Json::Object(members) => {
            Value::Map(Map(members.iter().map(|(name, item)| (name.clone().into(), tree(item))).collect()))
        }
    }
}

/// The text or number at a path: `Explanations.0.ExplanationCode`; empty if there is none.
pub fn at(value: &Value, path: &str) -> String {
    let end = path.split('.').try_fold(value, |value, name| match value {
        Value::List(items) => items.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    });
    match end {
        Some(Value::Str(text)) => text.clone(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    match value.get(name) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

impl Lab {
    pub fn new() -> Lab {
        let settings = Settings {
            account: AccountId::parse(ACCOUNT).expect("an account"),
            region: Region::US_EAST_1,
            seed: 1,
            cadence: Cadence::Fast,
            data_dir: std::env::temp_dir().join(format!("trailcam-reachability-{}", std::process::id())),
            log_memory: 0,
        };
        let world = World::new(settings, "2026-01-01T00:00:00Z".parse().expect("a time"));
        let mut lab = Lab { world, ids: HashMap::new() };
        lab.make("vpc", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}), "Vpc.VpcId");
        for (name, block) in [("subnet:public", "10.0.1.0/24"), ("subnet:private", "10.0.2.0/24")] {
            lab.make(name, "CreateSubnet", json!({"VpcId": "$vpc", "CidrBlock": block}), "Subnet.SubnetId");
        }
        lab.make("igw", "CreateInternetGateway", json!({}), "InternetGateway.InternetGatewayId");
        lab.call("AttachInternetGateway", json!({"InternetGatewayId": "$igw", "VpcId": "$vpc"}));
        lab.table("rtb:public", "subnet:public");
        lab.table("rtb:private", "subnet:private");
        lab.route("rtb:public", "0.0.0.0/0", json!({"GatewayId": "$igw"}));
        lab.group("sg:web", "vpc");
        lab.open("sg:web", 22, json!({"CidrIp": "0.0.0.0/0"}));
        lab.open("sg:web", 443, json!({"CidrIp": "198.51.100.0/24"}));
        lab.group("sg:db", "vpc");
        let from_web = json!({"UserIdGroupPairs": [{"GroupId": "$sg:web"}], "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432});
        lab.call("AuthorizeSecurityGroupIngress", json!({"GroupId": "$sg:db", "IpPermissions": [from_web]}));
        let images = lab.call("DescribeImages", json!({"Owners": ["amazon"]}));
        lab.ids.insert("ami".to_owned(), at(&images, "Images.0.ImageId"));
        lab.run("web", "subnet:public", "sg:web", true);
        lab.run("db", "subnet:private", "sg:db", false);
        lab.advance(TimeDelta::minutes(5));
        let acl = lab.call("DescribeNetworkAcls", json!({"Filters": [{"Name": "vpc-id", "Values": ["$vpc"]}]}));
        lab.ids.insert("acl".to_owned(), at(&acl, "NetworkAcls.0.NetworkAclId"));
        lab
    }

    /// Puts ids in the place of their names: `$vpc`.
    pub fn filled(&self, input: &Json) -> Json {
        match input {
            Json::String(text) if text.starts_with('$') => Json::String(self.id(&text[1..]).to_owned()),
            Json::Array(items) => Json::Array(items.iter().map(|item| self.filled(item)).collect()),
            Json::Object(members) => {
                Json::Object(members.iter().map(|(name, item)| (name.clone(), self.filled(item))).collect())
            }
            other => other.clone(),
        }
    }

    pub fn id(&self, name: &str) -> &str {
        self.ids.get(name).unwrap_or_else(|| panic!("{name} was not made"))
    }

    pub fn attempt(&mut self, operation: &str, input: &Json) -> Result<Value, Fault> {
        let contract = contract::get("ec2").expect("the contract");
        let credentials = Credentials { access_key: Some(ACCOUNT.into()), session_token: None };
        let call = Call {
            contract,
            operation: contract.find(operation).expect("an operation"),
            region: Region::US_EAST_1,
            sender: Sender::Client { credentials, connection: Connection::default() },
            input: Ok(tree(&self.filled(input))),
            upload: Ok(Upload::default()),
        };
        perform(&mut self.world, call).outcome.map(|output| output.value)
    }

    #[track_caller]
    pub fn call(&mut self, operation: &str, input: Json) -> Value {
        self.attempt(operation, &input).unwrap_or_else(|fault| panic!("{operation}: {fault:?}"))
    }

    /// Makes a resource, known by a name from now on.
    #[track_caller]
    pub fn make(&mut self, name: &str, operation: &str, input: Json, id: &str) {
        let made = self.call(operation, input);
        self.ids.insert(name.to_owned(), at(&made, id));
    }

    #[track_caller]
    pub fn table(&mut self, name: &str, subnet: &str) {
        self.make(name, "CreateRouteTable", json!({"VpcId": "$vpc"}), "RouteTable.RouteTableId");
        let table = format!("${name}");
        self.call("AssociateRouteTable", json!({"RouteTableId": table, "SubnetId": format!("${subnet}")}));
    }

    #[track_caller]
    pub fn route(&mut self, table: &str, block: &str, target: Json) {
        let mut input = target;
        input["RouteTableId"] = json!(format!("${table}"));
        input["DestinationCidrBlock"] = json!(block);
        self.call("CreateRoute", input);
    }

    #[track_caller]
    pub fn group(&mut self, name: &str, vpc: &str) {
        let input = json!({"GroupName": name.replace("sg:", ""), "Description": "a group", "VpcId": format!("${vpc}")});
        self.make(name, "CreateSecurityGroup", input, "GroupId");
    }

    #[track_caller]
    pub fn open(&mut self, group: &str, port: u16, range: Json) {
        let rule = json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [range]});
        self.call("AuthorizeSecurityGroupIngress", json!({"GroupId": format!("${group}"), "IpPermissions": [rule]}));
    }

    /// An instance: `i:NAME` with `eni:NAME`.
    #[track_caller]
    pub fn run(&mut self, name: &str, subnet: &str, group: &str, public: bool) {
        let interface = json!({"DeviceIndex": 0, "SubnetId": format!("${subnet}"), "Groups": [format!("${group}")],
            "AssociatePublicIpAddress": public});
        let input = json!({"ImageId": "$ami", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1,
            "NetworkInterfaces": [interface]});
        let made = self.call("RunInstances", input);
        self.ids.insert(format!("i:{name}"), at(&made, "Instances.0.InstanceId"));
        self.ids.insert(format!("eni:{name}"), at(&made, "Instances.0.NetworkInterfaces.0.NetworkInterfaceId"));
    }

    /// An entry of the ACL of both subnets.
    #[track_caller]
    pub fn deny(&mut self, number: i64, egress: bool, (from, to): (u16, u16)) {
        let input = json!({"NetworkAclId": "$acl", "RuleNumber": number, "Egress": egress, "Protocol": "6",
            "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": from, "To": to}});
        self.call("CreateNetworkAclEntry", input);
    }

    /// A NAT gateway in the public subnet, to which the private one leads.
    #[track_caller]
    pub fn nat(&mut self) {
        self.make("eip", "AllocateAddress", json!({"Domain": "vpc"}), "AllocationId");
        let input = json!({"SubnetId": "$subnet:public", "AllocationId": "$eip", "ClientToken": "n"});
        self.make("nat", "CreateNatGateway", input, "NatGateway.NatGatewayId");
        self.advance(TimeDelta::minutes(5));
        self.route("rtb:private", "0.0.0.0/0", json!({"NatGatewayId": "$nat"}));
    }

    /// Another VPC with an instance, `far`, that lets in everything.
    #[track_caller]
    pub fn far(&mut self) {
        self.make("vpc:far", "CreateVpc", json!({"CidrBlock": "10.1.0.0/16"}), "Vpc.VpcId");
        let input = json!({"VpcId": "$vpc:far", "CidrBlock": "10.1.1.0/24"});
        self.make("subnet:far", "CreateSubnet", input, "Subnet.SubnetId");
        self.make("rtb:far", "CreateRouteTable", json!({"VpcId": "$vpc:far"}), "RouteTable.RouteTableId");
        self.call("AssociateRouteTable", json!({"RouteTableId": "$rtb:far", "SubnetId": "$subnet:far"}));
        self.group("sg:far", "vpc:far");
        self.open("sg:far", 22, json!({"CidrIp": "10.0.0.0/8"}));
        self.run("far", "subnet:far", "sg:far", false);
        self.advance(TimeDelta::minutes(5));
    }

    #[track_caller]
    pub fn peer(&mut self) {
        let input = json!({"VpcId": "$vpc", "PeerVpcId": "$vpc:far"});
        self.make("pcx", "CreateVpcPeeringConnection", input, "VpcPeeringConnection.VpcPeeringConnectionId");
        self.advance(TimeDelta::minutes(1));
    }

    pub fn advance(&mut self, delta: TimeDelta) {
        let target = self.world.now + delta;
        while let Some((due, job)) = self.world.jobs.pop_due(target) {
            self.world.now = self.world.now.max(due);
            services::run(&mut self.world, job);
        }
        self.world.now = target;
    }

    /// Makes a path, and analyzes it: the analysis when it is over.
    #[track_caller]
    pub fn analyze(&mut self, path: &Json, analysis: &Json) -> Value {
        let mut path = path.clone();
        path["ClientToken"] = json!(path.to_string());
        let made = self.call("CreateNetworkInsightsPath", path);
        let mut input = analysis.clone();
        input["NetworkInsightsPathId"] = json!(at(&made, "NetworkInsightsPath.NetworkInsightsPathId"));
        input["ClientToken"] = json!(input.to_string());
        let started = self.call("StartNetworkInsightsAnalysis", input);
        assert_eq!(at(&started, "NetworkInsightsAnalysis.Status"), "running");
        assert_eq!(at(&started, "NetworkInsightsAnalysis.NetworkPathFound"), "");
        self.advance(TimeDelta::seconds(30));
        let id = at(&started, "NetworkInsightsAnalysis.NetworkInsightsAnalysisId");
        let all = self.call("DescribeNetworkInsightsAnalyses", json!({"NetworkInsightsAnalysisIds": [id]}));
        let analysis = list(&all, "NetworkInsightsAnalyses")[0].clone();
        assert_eq!(at(&analysis, "Status"), "succeeded");
        analysis
    }

    /// Ids as names.
    pub fn named(&self, id: &str) -> String {
        let name = self.ids.iter().find(|(_, other)| *other == id).map(|(name, _)| name.clone());
        name.unwrap_or_else(|| id.to_owned())
    }

    /// An explanation in a line: its code and all that it names.
    pub fn line(&self, explanation: &Value) -> String {
        let mut words =
            vec![at(explanation, "ExplanationCode"), at(explanation, "Direction"), at(explanation, "State")];
        for member in [
            "Acl",
            "Component",
            "Destination",
            "InternetGateway",
            "NatGateway",
            "NetworkInterface",
            "RouteTable",
            "SecurityGroups.0",
            "SourceVpc",
            "DestinationVpc",
            "Subnet",
            "Vpc",
            "VpcEndpoint",
            "VpcPeeringConnection",
        ] {
            words.push(self.named(&at(explanation, &format!("{member}.Id"))));
        }
        words.extend(["AclRule.RuleNumber", "RouteTableRoute.DestinationCidr"].map(|path| at(explanation, path)));
        words.push(self.named(&at(explanation, "MissingComponent")));
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    /// The components of a leg in a line: their names, each with the rule that decided.
    pub fn way(&self, analysis: &Value, leg: &str) -> String {
        let words = list(analysis, leg).iter().map(|component| {
            let name = self.named(&at(component, "Component.Id"));
            let rules = ["AclRule.RuleNumber", "SecurityGroupRule.Cidr", "RouteTableRoute.DestinationCidr"];
            let rule: String = rules.iter().map(|path| at(component, path)).collect();
            if rule.is_empty() { name } else { format!("{name}[{rule}]") }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The addresses in a header.
pub fn addresses(header: &Value, member: &str) -> Vec<String> {
    list(header, member).iter().map(|address| address.as_str().unwrap_or_default().to_owned()).collect()
}
