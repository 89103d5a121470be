//! Who may use a resource that has a policy: an SNS topic, an SQS queue, an event bus.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>

use super::call::Cx;
use super::caller::{Caller, Principal};
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
    let subject = Subject::of(cx.caller);
    let mut known = subject.keys();
    known.extend(context);
    match (&cx.caller.principal, cx.passage) {
        (Principal::Service(_), _) => {}
        (_, Some(passage)) => {
            known.extend(passage.keys());
            known.push(("aws:VpcSourceIp", cx.source_ip));
        }
        (_, None) => known.push(("aws:SourceIp", cx.source_ip)),
    }
    if let Principal::Service(name) = cx.caller.principal {
        known.push(("aws:SourceAccount", cx.account.as_str()));
        known.extend(cx.source.map(|source| ("aws:SourceArn", source)));
        if OWNER_TELLERS.contains(&name) {
            known.push(("aws:SourceOwner", cx.account.as_str()));
        }
    }
    // Services always come over TLS; clients of ours do so as long as nobody says otherwise.
    known.push(("aws:SecureTransport", "true"));
    let request = Request { principals: &subject.principals(), action, resource: resource.arn, context: &known };
    resource.policy.is_some_and(|policy| policy.decide(&request) == Decision::Allowed)
}

/// A caller, as policies see it.
#[derive(Debug)]
pub struct Subject<'a> {
    caller: &'a Caller,
    arn: Option<String>,
    role: Option<String>,
    root: String,
    id: Option<String>,
}

impl<'a> Subject<'a> {
    pub fn of(caller: &'a Caller) -> Subject<'a> {
        let (arn, role, id) = (caller.arn(), caller.role_arn(), caller.principal_id());
        Subject { caller, arn, role, root: caller.account.root_arn(), id }
    }

    /// ARN of the user, the root user or the session.
    pub fn arn(&self) -> Option<&str> {
        self.arn.as_deref()
    }

    /// ARN of the role whose session it is.
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// All that `Principal` elements may call it, by kind.
    pub fn principals(&self) -> Vec<(&str, &str)> {
        match self.caller.principal {
            Principal::Anonymous => Vec::new(),
            Principal::Service(name) => vec![("Service", name)],
            _ => {
                let names = [Some(self.caller.account.as_str()), Some(self.root.as_str()), self.arn(), self.role()];
                names.into_iter().flatten().map(|name| ("AWS", name)).collect()
            }
        }
    }

    /// Condition keys that tell of the principal
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>).
    pub fn keys(&self) -> Vec<(&str, &str)> {
        let mut keys = match &self.caller.principal {
            Principal::Anonymous => {
                return vec![("aws:PrincipalIsAWSService", "false"), ("aws:PrincipalType", "Anonymous")];
            }
            Principal::Service(name) => {
                return vec![("aws:PrincipalIsAWSService", "true"), ("aws:PrincipalServiceName", name)];
            }
            Principal::Root => vec![("aws:PrincipalType", "Account")],
            Principal::User { name, .. } => vec![("aws:PrincipalType", "User"), ("aws:username", name)],
            Principal::Role { .. } => vec![("aws:PrincipalType", "AssumedRole")],
        };
        keys.extend([("aws:PrincipalIsAWSService", "false"), ("aws:PrincipalAccount", self.caller.account.as_str())]);
        keys.extend(self.role().or(self.arn()).map(|arn| ("aws:PrincipalArn", arn)));
        keys.extend(self.id.as_deref().map(|id| ("aws:userid", id)));
        let mfa = self.caller.session.as_ref().map(|session| if session.mfa { "true" } else { "false" });
        keys.extend(mfa.map(|mfa| ("aws:MultiFactorAuthPresent", mfa)));
        keys
    }
}
