//! Bucket policies.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>

use crate::record;
use crate::services::s3::access::{Target, arn, enter};
use crate::services::s3::{Bucket, faults};
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::policy::{Choice, Condition, Decision, Effect, Flaw, Policy, Request, Statement};

/// The operations on bucket policies.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketPolicy" get_bucket_policy),
    crate::op!(Read "GetBucketPolicyStatus" get_bucket_policy_status),
    crate::op!(Write "PutBucketPolicy" put_bucket_policy),
    crate::op!(Write "DeleteBucketPolicy" delete_bucket_policy),
];

/// Bytes of a policy.
const SIZE_MAX: usize = 20 * 1024;
/// Keys that limit a permission to somebody, when they are compared with fixed values
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>).
const LIMITING_KEYS: [&str; 14] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalarn",
    "aws:principalaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
    "aws:sourceorgid",
];

/// A policy and the text it was set with.
#[derive(Debug)]
pub struct BucketPolicy {
    /// As it was given.
    pub text: String,
    policy: Policy,
}

record! {
    struct PolicyText {
        policy: String = "Policy",
    }

    struct StatusAnswer {
        status: Status = "PolicyStatus",
    }

    struct Status {
        public: bool = "IsPublic",
    }
}

fn get_bucket_policy(cx: &mut Cx<'_>, target: Target) -> Result<PolicyText, Fault> {
    set(enter(cx, &target)?).map(|set| PolicyText { policy: set.text.clone() })
}

fn get_bucket_policy_status(cx: &mut Cx<'_>, target: Target) -> Result<StatusAnswer, Fault> {
    set(enter(cx, &target)?).map(|set| StatusAnswer { status: Status { public: is_public(&set.policy) } })
}

fn put_bucket_policy(cx: &mut Cx<'_>, (target, input): (Target, PolicyText)) -> Result<(), Fault> {
    let caller = cx.caller.arn().unwrap_or_else(|| "anonymous".to_owned());
    let bucket = enter(cx, &target)?;
    let policy = parse(&input.policy, &bucket.name)?;
    if is_public(&policy) && bucket.config.public_access.block_policy {
        return Err(faults::public_policy_blocked(&caller, &bucket.name));
    }
    bucket.config.policy = Some(BucketPolicy { text: input.policy, policy });
    Ok(())
}

fn delete_bucket_policy(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    enter(cx, &target)?.config.policy = None;
    Ok(())
}

fn set(bucket: &Bucket) -> Result<&BucketPolicy, Fault> {
    bucket.config.policy.as_ref().ok_or_else(|| faults::no_such_policy(&bucket.name))
}

/// Whether a bucket's policy lets an AWS service (`cloudtrail.amazonaws.com`) do something (`s3:PutObject`) with the
/// bucket or an object in it, given the condition keys that have a value.
pub fn allows(world: &World, service: &str, action: &str, resource: &str, conditions: &[(&str, &str)]) -> bool {
    let name = resource.strip_prefix("arn:aws:s3:::").and_then(|rest| rest.split('/').next());
    let bucket = name.and_then(|name| world.s3.buckets.get(name));
    bucket.is_some_and(|bucket| admits(bucket, service, action, resource, conditions))
}

/// As [`allows`], of a bucket at hand. Services always come over TLS.
pub fn admits(bucket: &Bucket, service: &str, action: &str, resource: &str, conditions: &[(&str, &str)]) -> bool {
    let Some(set) = &bucket.config.policy else { return false };
    let mut context = conditions.to_vec();
    context.extend([("aws:SecureTransport", "true"), ("aws:PrincipalIsAWSService", "true")]);
    context.push(("aws:PrincipalServiceName", service));
    let request = Request { principals: &[("Service", service)], action, resource, context: &context };
    set.policy.decide(&request) == Decision::Allowed
}

/// Reads a policy for a bucket, as strictly as S3 does.
fn parse(text: &str, bucket: &str) -> Result<Policy, Fault> {
    if text.len() > SIZE_MAX {
        return Err(faults::policy_too_large());
    }
    let policy = Policy::parse(text).map_err(|flaw| faults::malformed_policy(sentence(&flaw)))?;
    policy.statements.iter().try_for_each(|statement| check(statement, bucket).map_err(faults::malformed_policy))?;
    Ok(policy)
}

fn sentence(flaw: &Flaw) -> String {
    match flaw {
        Flaw::NotJson => "Policies must be valid JSON and the first byte must be '{'".to_owned(),
        Flaw::Version => "The policy must contain a valid version string".to_owned(),
        Flaw::Syntax => "Invalid policy syntax.".to_owned(),
        Flaw::Unknown(member) => format!("Unknown field {member}"),
        Flaw::Missing(member) => format!("Missing required field {member}"),
        Flaw::Principal => "Invalid principal in policy".to_owned(),
        Flaw::Effect(effect) => format!("Invalid effect: {effect}"),
    }
}

fn check(statement: &Statement, bucket: &str) -> Result<(), &'static str> {
    let principals = statement.principals.as_ref().ok_or("Missing required field Principal")?;
    if !principals.items.iter().all(|(kind, name)| kind != "AWS" || is_principal(name)) {
        return Err("Invalid principal in policy");
    }
    let actions = &statement.actions.items;
    let is_action = |action: &String| *action == "*" || action.to_lowercase().starts_with("s3:");
    if !actions.iter().all(is_action) {
        return Err("Policy has invalid action");
    }
    let resources = statement.resources.as_ref().ok_or("Missing required field Resource")?;
    let own = arn(bucket);
    let is_own = |resource: &String| {
        resource.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
    };
    if !resources.items.iter().all(is_own) {
        return Err("Policy has invalid resource");
    }
    if !statement.actions.negated && !resources.negated && !actions.iter().all(|action| fits(action, resources)) {
        return Err("Action does not apply to any resource(s) in statement");
    }
    Ok(())
}

/// Whether one of the resources is of the kind that an action is about.
fn fits(action: &str, resources: &Choice<String>) -> bool {
    let name = action.to_lowercase();
    if name.contains(['*', '?']) {
        return true;
    }
    let about_objects = match name.trim_start_matches("s3:") {
        "abortmultipartupload" | "listmultipartuploadparts" | "bypassgovernanceretention" => true,
        name => name.contains("object") && !name.contains("bucket"),
    };
    resources.items.iter().any(|resource| {
        let may_be_object = resource.contains(['/', '*']);
        let may_be_bucket = !resource.contains('/') || resource.split('/').next().is_some_and(|arn| arn.contains('*'));
        if about_objects { may_be_object } else { may_be_bucket }
    })
}

fn is_principal(name: &str) -> bool {
    let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = name.starts_with("AIDA") || name.starts_with("AROA");
    name == "*" || is_account || is_id || name.starts_with("arn:aws:iam::") || name.starts_with("arn:aws:sts::")
}

/// Whether a policy gives anybody a permission that nothing limits to somebody.
fn is_public(policy: &Policy) -> bool {
    policy.statements.iter().any(|statement| {
        let names_all = |all: &Choice<(String, String)>| all.negated || all.items.iter().any(|(_, name)| name == "*");
        statement.effect == Effect::Allow
            && statement.principals.as_ref().is_some_and(names_all)
            && !statement.conditions.iter().any(limits)
    })
}

fn limits(condition: &Condition) -> bool {
    let affirms = !condition.operator.contains("Not")
        && !condition.operator.ends_with("IfExists")
        && condition.operator != "Null";
    // Patterns in ARNs are fixed enough when they name the account.
    let names_account =
        |value: &String| value.split(':').nth(4).is_some_and(|id| !id.is_empty() && !id.contains(['*', '?']));
    let fixed = condition.is_fixed() || condition.values.iter().all(names_account);
    affirms && fixed && LIMITING_KEYS.contains(&condition.key.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_s3_refuses() {
        let check = |statement: &str, expected: Option<&str>| {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
            let message = parse(&text, "logs").err().map(|fault| fault.message);
            assert_eq!(message.as_deref(), expected, "{statement}");
        };
        let statement = |principal: &str, action: &str, resource: &str| {
            format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"{resource}"}}"#)
        };
        let all = r#""*""#;
        check(&statement(all, "s3:GetObject", "arn:aws:s3:::logs/*"), None);
        check(&statement(all, "s3:ListBucket", "arn:aws:s3:::logs"), None);
        check(&statement(all, "s3:*", "arn:aws:s3:::logs"), None);
        check(&statement(all, "s3:GetObject", "arn:aws:s3:::other/*"), Some("Policy has invalid resource"));
        check(&statement(all, "s3:GetObject", "arn:aws:s3:::logs2/*"), Some("Policy has invalid resource"));
        let unfit = Some("Action does not apply to any resource(s) in statement");
        check(&statement(all, "s3:GetObject", "arn:aws:s3:::logs"), unfit);
        check(&statement(all, "s3:GetBucketAcl", "arn:aws:s3:::logs/*"), unfit);
        check(&statement(all, "ec2:RunInstances", "arn:aws:s3:::logs"), Some("Policy has invalid action"));
        check(&statement(r#"{"AWS":"bob"}"#, "s3:*", "arn:aws:s3:::logs"), Some("Invalid principal in policy"));
        check(
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::logs"}"#,
            Some("Missing required field Principal"),
        );
        check(r#"{"Effect":"Allow","Action":"s3:*","Principal":"*"}"#, Some("Missing required field Resource"));
    }

    #[test]
    fn what_is_public() {
        let check = |principal: &str, condition: &str, expected: bool| {
            let text = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject",
                "Resource":"arn:aws:s3:::logs/*","Condition":{condition}}}}}"#
            );
            assert_eq!(is_public(&Policy::parse(&text).unwrap()), expected, "{text}");
        };
        check(r#""*""#, "{}", true);
        check(r#"{"AWS":"*"}"#, "{}", true);
        check(r#"{"AWS":"111122223333"}"#, "{}", false);
        check(r#"{"Service":"cloudtrail.amazonaws.com"}"#, "{}", false);
        check(r#""*""#, r#"{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, false);
        check(r#""*""#, r#"{"StringLike":{"aws:SourceVpc":"vpc-*"}}"#, true);
        check(r#""*""#, r#"{"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, true);
        check(r#""*""#, r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true);
    }
}
