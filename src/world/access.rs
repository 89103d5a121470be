//! Who may use a resource that has a policy: an SNS topic, an SQS queue, an event bus.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>

use super::call::Cx;
use super::caller::Principal;
use super::policy::{Decision, Policy, Request};
use super::scope::AccountId;

/// A resource, as its policy sees it.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    pub arn: &'a str,
    pub owner: &'a AccountId,
    pub policy: Option<&'a Policy>,
}

/// Services that topics know by whose they are, in a key from before `aws:SourceAccount`: the policy that topics start
/// with lets them in (<https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html>).
const OWNER_TELLERS: [&str; 1] = ["cloudwatch.amazonaws.com"];

/// Whether the caller is of the account that owns a resource, and may use it without the resource's policy.
pub fn is_owner(cx: &Cx<'_>, owner: &AccountId) -> bool {
    cx.account == *owner && !matches!(cx.caller.principal, Principal::Service(_) | Principal::Anonymous)
}

/// Whether the caller may do something (`sqs:SendMessage`) with a resource. What the owner's account itself does is
/// up to the policies of its identities; AWS services and other accounts need the resource's policy, which may ask for
/// condition keys of its service, `context`.
pub fn admits(cx: &Cx<'_>, resource: &Resource<'_>, action: &str, context: &[(&str, &str)]) -> bool {
    if is_owner(cx, resource.owner) {
        return true;
    }
    let caller = cx.caller;
    let (arn, role, root) = (caller.arn(), caller.role_arn(), cx.account.root_arn());
    let mut principals: Vec<(&str, &str)> = Vec::new();
    let mut known: Vec<(&str, &str)> = context.to_vec();
    match caller.principal {
        Principal::Anonymous => known.push(("aws:PrincipalIsAWSService", "false")),
        Principal::Service(name) => {
            principals.push(("Service", name));
            known.extend([("aws:PrincipalIsAWSService", "true"), ("aws:PrincipalServiceName", name)]);
            known.push(("aws:SourceAccount", cx.account.as_str()));
            known.extend(cx.source.map(|source| ("aws:SourceArn", source)));
            if OWNER_TELLERS.contains(&name) {
                known.push(("aws:SourceOwner", cx.account.as_str()));
            }
        }
        _ => {
            principals.extend([("AWS", cx.account.as_str()), ("AWS", root.as_str())]);
            principals.extend([&arn, &role].into_iter().flatten().map(|arn| ("AWS", arn.as_str())));
            known.extend([("aws:PrincipalIsAWSService", "false"), ("aws:PrincipalAccount", cx.account.as_str())]);
            known.extend(role.as_ref().or(arn.as_ref()).map(|arn| ("aws:PrincipalArn", arn.as_str())));
        }
    }
    // Services always come over TLS; clients of ours do so as long as nobody says otherwise.
    known.push(("aws:SecureTransport", "true"));
    let request = Request { principals: &principals, action, resource: resource.arn, context: &known };
    resource.policy.is_some_and(|policy| policy.decide(&request) == Decision::Allowed)
}
