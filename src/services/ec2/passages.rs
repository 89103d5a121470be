//! Calls that come through VPC endpoints: is there a way, and does the endpoint's policy let the call through.
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>

use crate::services::permissions::{self, Permission};
use crate::wire::{self, Fault, Value};
use crate::world::World;
use crate::world::access::Subject;
use crate::world::call::{Call, Connection, Sender};
use crate::world::caller::{Caller, Principal};
use crate::world::passage::{Gate, Passage};
use crate::world::policy::{Decision, Policy, Request};
use crate::world::scope::{AccountId, Region};

use super::endpoints::{Endpoint, State};
use super::{Store, endpoint_services, faults};

/// The way that a call takes, and whether the endpoint's policy turns it away there.
///
/// # Errors
/// There is no such way: no such endpoint, not yet or no longer, or one to another service or Region.
pub fn pass(world: &World, call: &Call, caller: &Caller, gate: &Gate) -> Result<Passage, Fault> {
    let (owner, region, ec2, endpoint) = find(world, gate).ok_or_else(|| faults::no_way(gate_text(gate)))?;
    if endpoint.state != State::Available {
        return Err(faults::no_way_yet(&endpoint.id, endpoint.state.name()));
    }
    let service = endpoint_services::find(&ec2.region, &endpoint.service);
    if region != call.region || !service.is_some_and(|service| service.leads_to(call.contract.endpoint_prefix)) {
        return Err(faults::way_to_elsewhere(&endpoint.id, &endpoint.service));
    }
    let mut passage = Passage {
        endpoint: endpoint.id.clone(),
        vpc: endpoint.vpc.clone(),
        owner: owner.clone(),
        region,
        is_gateway: endpoint.is_gateway,
        denial: None,
    };
    // What could not be read, or breaks a constraint, is refused for that.
    if let Ok(input) = &call.input
        && wire::check(call.contract, call.operation, input).is_ok()
    {
        passage.denial = judge(&Case { world, call, caller, passage: &passage, input }, &endpoint.policy);
    }
    Ok(passage)
}

fn gate_text(gate: &Gate) -> &str {
    match gate {
        Gate::Host(text) | Gate::Id(text) => text,
    }
}

fn find<'w>(world: &'w World, gate: &Gate) -> Option<(&'w AccountId, Region, &'w Store, &'w Endpoint)> {
    let id = match gate {
        Gate::Id(id) => id,
        Gate::Host(host) => id_in_name(host)?,
    };
    let stores = world.accounts.iter().flat_map(|(account, state)| {
        state.regions.iter().map(move |(region, regional)| (account, *region, &regional.ec2))
    });
    let mut found = stores.filter_map(|(account, region, ec2)| Some((account, region, ec2, ec2.endpoints.get(id)?)));
    found.find(|(_, _, ec2, endpoint)| match gate {
        Gate::Id(_) => true,
        Gate::Host(host) => endpoint.names(ec2).iter().any(|name| is_name(name, host)),
    })
}

/// `vpce-0a1b…` of `vpce-0a1b…-1a2b3c4d-us-east-1a.kms.us-east-1.vpce.amazonaws.com`.
fn id_in_name(host: &str) -> Option<&str> {
    let label = host.split('.').find(|label| label.starts_with("vpce-"))?;
    let end = label.match_indices('-').nth(1).map_or(label.len(), |(at, _)| at);
    label.get(..end)
}

/// Names of endpoints to S3 begin with `*.`, for `bucket.` and `NAME.bucket.`.
fn is_name(name: &str, host: &str) -> bool {
    match name.strip_prefix('*') {
        Some(rest) => host.strip_suffix(rest).is_some_and(|label| label == "bucket" || label.ends_with(".bucket")),
        None => name == host,
    }
}

/// What a policy is asked about.
struct Case<'a> {
    world: &'a World,
    call: &'a Call,
    caller: &'a Caller,
    passage: &'a Passage,
    input: &'a Value,
}

/// Why the policy turns the call away; `None` if it does not. All that the call asks leave for has to be allowed.
fn judge(case: &Case, policy: &str) -> Option<Fault> {
    // Endpoints have no others than policies that can be read.
    let policy = Policy::parse(policy).ok()?;
    let subject = Subject::of(case.caller);
    let permissions = permissions::of(case.call, &case.caller.account, case.input);
    permissions.iter().find_map(|permission| refuse(case, &policy, &subject, permission))
}

fn refuse(case: &Case, policy: &Policy, subject: &Subject, permission: &Permission) -> Option<Fault> {
    let named = permission.resources.iter().map(|arn| Some(arn.as_str()));
    let none = permission.resources.is_empty().then_some(None);
    named.chain(none).find_map(|resource| {
        let decision = case.decide(policy, subject, &permission.action, resource);
        (decision != Decision::Allowed).then(|| case.denial(&permission.action, resource, decision))
    })
}

impl Case<'_> {
    fn decide(&self, policy: &Policy, subject: &Subject, action: &str, resource: Option<&str>) -> Decision {
        let mut principals = subject.principals();
        // Gateway endpoints take an account for its root user alone
        // (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>).
        if self.passage.is_gateway && self.caller.principal != Principal::Root {
            principals.retain(|(_, name)| Some(*name) == subject.arn() || Some(*name) == subject.role());
        }
        let owned = self.context(resource);
        let mut context = subject.keys();
        context.extend(self.passage.keys());
        context.extend(owned.iter().map(|(key, value)| (*key, value.as_str())));
        policy.decide(&Request {
            principals: &principals,
            action,
            resource: resource.unwrap_or("*"),
            context: &context,
        })
    }

    /// Condition keys of the request, beside those of the caller and of the way
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>). `aws:SourceIp` is
    /// not among them: it has no value in calls through endpoints.
    fn context(&self, resource: Option<&str>) -> Vec<(&'static str, String)> {
        let Passage { vpc, owner, region, .. } = self.passage;
        let mut all = vec![
            ("aws:SourceVpcArn", format!("arn:aws:ec2:{region}:{owner}:vpc/{vpc}")),
            ("aws:RequestedRegion", region.to_string()),
            ("aws:ViaAWSService", "false".to_owned()),
            ("aws:SecureTransport", "true".to_owned()),
            ("aws:CurrentTime", self.world.now.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("aws:EpochTime", self.world.now.timestamp().to_string()),
        ];
        if let Sender::Client { connection: Connection { source_ip, user_agent, .. }, .. } = &self.call.sender {
            all.extend([("aws:VpcSourceIp", source_ip.clone()), ("aws:UserAgent", user_agent.clone())]);
        }
        let account = self.resource_account(resource).map(str::to_owned);
        all.extend(account.iter().map(|account| ("aws:ResourceAccount", account.clone())));
        if self.call.contract.service == "s3" {
            all.extend(account.map(|account| ("s3:ResourceAccount", account)));
            let text = |member| match self.input.get(member)? {
                Value::Int(number) => Some(number.to_string()),
                value => value.as_str().map(str::to_owned),
            };
            let members = S3_KEYS.into_iter().filter_map(|(key, member)| Some((key, text(member)?)));
            all.extend(members);
        }
        all
    }

    /// Whose a resource is: a bucket's owner, else the account in the ARN; where there is none, the caller's.
    fn resource_account<'r>(&'r self, resource: Option<&'r str>) -> Option<&'r str> {
        let own = self.caller.account.as_str();
        let Some(arn) = resource.filter(|arn| *arn != "*") else { return Some(own) };
        let Some(path) = arn.strip_prefix("arn:aws:s3:::") else {
            return arn.split(':').nth(4).filter(|account| !account.is_empty());
        };
        let bucket = self.world.s3.buckets.get(path.split('/').next()?);
        let is_made = self.call.contract.operation(self.call.operation).name == "CreateBucket";
        bucket.map(|bucket| bucket.owner.as_str()).or(is_made.then_some(own))
    }

    fn denial(&self, action: &str, resource: Option<&str>, decision: Decision) -> Fault {
        let contract = self.call.contract;
        let foreign = self.resource_account(resource) != Some(self.caller.account.as_str());
        if contract.service == "s3" && (foreign || self.caller.principal == Principal::Anonymous) {
            return permissions::faults::denied_in_short(contract);
        }
        let explicitly = decision == Decision::Denied;
        permissions::faults::denied_by_endpoint(contract, self.caller, action, resource, explicitly)
    }
}

/// Condition keys of S3 that are members of requests.
const S3_KEYS: [(&str, &str); 6] = [
    ("s3:delimiter", "Delimiter"),
    ("s3:max-keys", "MaxKeys"),
    ("s3:prefix", "Prefix"),
    ("s3:VersionId", "VersionId"),
    ("s3:x-amz-acl", "ACL"),
    ("s3:x-amz-server-side-encryption", "ServerSideEncryption"),
];

#[cfg(test)]
mod tests;
