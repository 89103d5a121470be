//! Whether a role's trust policy lets a caller in.

use serde_json::{Map, Value};

use crate::world::caller::{Caller, Principal};
use crate::world::policy::matches;
use crate::world::scope::Region;

/// What a trust policy can ask about a request.
pub struct Request<'a> {
    pub caller: &'a Caller,
    pub external_id: Option<&'a str>,
    pub session_name: &'a str,
    pub source_identity: Option<&'a str>,
    /// ARN of the resource that a service works for.
    pub source: Option<&'a str>,
}

/// Whether the policy allows the action (`sts:AssumeRole`, `sts:TagSession`) and does not deny it. A condition that
/// we cannot judge never allows, and always denies.
pub fn allows(policy: &str, action: &str, request: &Request) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return false;
    };
    let statements = list(policy.get("Statement").unwrap_or(&Value::Null));
    let applies = |effect: &str, unknown: bool| {
        statements.iter().filter_map(|statement| statement.as_object()).any(|statement| {
            statement.get("Effect").and_then(Value::as_str) == Some(effect)
                && names_action(statement, action)
                && names_caller(statement, request.caller)
                && conditions_hold(statement, request).unwrap_or(unknown)
        })
    };
    applies("Allow", false) && !applies("Deny", true)
}

type Statement = Map<String, Value>;

fn names_action(statement: &Statement, action: &str) -> bool {
    let action = action.to_lowercase();
    let named = |value: &Value| texts(value).any(|pattern| matches(&pattern.to_lowercase(), &action));
    match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), _) => named(actions),
        (None, Some(actions)) => !named(actions),
        (None, None) => false,
    }
}

fn names_caller(statement: &Statement, caller: &Caller) -> bool {
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principals), _) => is_among(principals, caller),
        (None, Some(principals)) => !is_among(principals, caller),
        (None, None) => false,
    }
}

fn is_among(principals: &Value, caller: &Caller) -> bool {
    match principals {
        Value::String(any) => any == "*",
        Value::Object(kinds) => kinds.iter().any(|(kind, names)| match (kind.as_str(), &caller.principal) {
            ("AWS", Principal::Service(_) | Principal::Anonymous) => false,
            ("AWS", _) => texts(names).any(|name| is_aws_principal(name, caller)),
            ("Service", Principal::Service(service)) => texts(names).any(|name| is_service(name, service)),
            _ => false,
        }),
        _ => false,
    }
}

/// CloudWatch Logs goes by names of its Regions, too: `logs.us-east-1.amazonaws.com`.
fn is_service(name: &str, service: &str) -> bool {
    let regional = || name.strip_prefix("logs.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    name == service || service == "logs.amazonaws.com" && regional().is_some_and(|at| Region::parse(at).is_some())
}

/// A user, a role, one session, a whole account, or anyone.
fn is_aws_principal(name: &str, caller: &Caller) -> bool {
    let role = caller.session.as_ref().and_then(|session| session.issuer.as_ref()).map(|role| role.arn.as_str());
    name == "*"
        || name == caller.account.as_str()
        || name == caller.account.root_arn()
        || Some(name) == caller.arn().as_deref()
        || Some(name) == role
}

/// Whether all conditions hold; `None` when there is one that we cannot judge.
fn conditions_hold(statement: &Statement, request: &Request) -> Option<bool> {
    let Some(Value::Object(conditions)) = statement.get("Condition") else {
        return Some(true);
    };
    let mut hold = true;
    for (operator, keys) in conditions {
        for (key, values) in keys.as_object()? {
            hold &= condition_holds(operator, &fact(key, request)?, values)?;
        }
    }
    Some(hold)
}

/// The value of a condition key in this request: `None` for keys we do not know, `Some(None)` for absent ones.
fn fact(key: &str, request: &Request) -> Option<Option<String>> {
    let text = |text: &str| Some(text.to_owned());
    let role = request.caller.session.as_ref().and_then(|session| session.issuer.as_ref());
    Some(match key.to_lowercase().as_str() {
        "sts:externalid" => request.external_id.and_then(text),
        "sts:rolesessionname" => text(request.session_name),
        "sts:sourceidentity" | "aws:sourceidentity" => request.source_identity.and_then(text),
        "aws:sourcearn" => request.source.and_then(text),
        "aws:sourceaccount" => request.source.and_then(|_| text(request.caller.account.as_str())),
        "aws:principalaccount" => text(request.caller.account.as_str()),
        "aws:principalarn" => role.map(|role| role.arn.clone()).or_else(|| request.caller.arn()),
        "aws:userid" => request.caller.principal_id(),
        "aws:multifactorauthpresent" => {
            request.caller.session.as_ref().map(|session| if session.mfa { "true" } else { "false" }.to_owned())
        }
        _ => return None,
    })
}

fn condition_holds(operator: &str, fact: &Option<String>, values: &Value) -> Option<bool> {
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let (operator, negated) = match operator.replacen("Not", "", 1) {
        positive if positive.len() < operator.len() && operator.starts_with("String") => (positive, true),
        positive if positive.len() < operator.len() && operator.starts_with("Arn") => (positive, true),
        _ => (operator.to_owned(), false),
    };
    let is_equal: fn(&str, &str) -> bool = match operator.as_str() {
        "StringEquals" => |pattern, fact| pattern == fact,
        "StringEqualsIgnoreCase" => |pattern, fact| pattern.eq_ignore_ascii_case(fact),
        "StringLike" | "ArnLike" | "ArnEquals" => matches,
        "Bool" => |pattern, fact| pattern.eq_ignore_ascii_case(fact),
        "Null" => return Some(scalars(values)?.iter().any(|null| (null == "true") == fact.is_none())),
        _ => return None,
    };
    let values = scalars(values)?;
    Some(match fact {
        None => if_exists || negated,
        Some(fact) => values.iter().any(|value| is_equal(value, fact)) != negated,
    })
}

/// Conditions write flags as text or as JSON booleans.
fn scalars(values: &Value) -> Option<Vec<String>> {
    list(values)
        .iter()
        .map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).iter().filter_map(Value::as_str)
}

/// One value stands for a list of one.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::caller::{Issuer, Session};
    use crate::world::scope::AccountId;
    use crate::world::time::Time;

    fn account() -> AccountId {
        AccountId::parse("111122223333").unwrap()
    }

    fn user() -> Caller {
        let (id, name) = ("AIDAEXAMPLE".to_owned(), "alice".to_owned());
        let arn = "arn:aws:iam::111122223333:user/alice".to_owned();
        Caller { account: account(), principal: Principal::User { id, name, arn }, access_key: None, session: None }
    }

    fn role() -> Caller {
        let (id, name) = ("AROAEXAMPLE".to_owned(), "Admin".to_owned());
        let issuer = Issuer { id, name, arn: "arn:aws:iam::111122223333:role/ops/Admin".to_owned() };
        let session = Session { created: Time::UNIX_EPOCH, mfa: false, issuer: Some(issuer), source_identity: None };
        let principal = Principal::Role { session_name: "me".to_owned() };
        Caller { account: account(), principal, access_key: None, session: Some(session) }
    }

    fn service() -> Caller {
        let principal = Principal::Service("cloudtrail.amazonaws.com");
        Caller { account: account(), principal, access_key: None, session: None }
    }

    fn check(statements: &str, caller: &Caller, external_id: Option<&str>, expected: bool) {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let request = Request { caller, external_id, session_name: "me", source_identity: None, source: None };
        assert_eq!(allows(&policy, "sts:AssumeRole", &request), expected, "{statements}");
    }

    fn principal(principal: &str) -> String {
        format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}"#)
    }

    #[test]
    fn principals() {
        let cases = [
            (r#""*""#, true, true, false),
            (r#"{"AWS":"*"}"#, true, true, false),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, true, true, false),
            (r#"{"AWS":["999988887777","111122223333"]}"#, true, true, false),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/alice"}"#, true, false, false),
            (r#"{"AWS":"arn:aws:iam::111122223333:user/bob"}"#, false, false, false),
            (r#"{"AWS":"arn:aws:iam::111122223333:role/ops/Admin"}"#, false, true, false),
            (r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/Admin/me"}"#, false, true, false),
            (r#"{"AWS":"arn:aws:iam::999988887777:root"}"#, false, false, false),
            (r#"{"Service":["cloudtrail.amazonaws.com"]}"#, false, false, true),
            (r#"{"Service":"ec2.amazonaws.com"}"#, false, false, false),
        ];
        for (text, by_user, by_role, by_service) in cases {
            check(&principal(text), &user(), None, by_user);
            check(&principal(text), &role(), None, by_role);
            if text != r#""*""# {
                check(&principal(text), &service(), None, by_service);
            }
        }
    }

    #[test]
    fn conditions() {
        let with = |condition: &str| {
            format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"111122223333"}},"Action":"sts:*","Condition":{condition}}}"#
            )
        };
        let cases = [
            (r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#, Some("secret"), true),
            (r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#, Some("other"), false),
            (r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#, None, false),
            (r#"{"StringEqualsIfExists":{"sts:ExternalId":"secret"}}"#, None, true),
            (r#"{"StringNotEquals":{"sts:ExternalId":"secret"}}"#, Some("other"), true),
            (r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/a?ice"}}"#, None, true),
            (r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#, None, false),
            (r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#, None, true),
            (r#"{"Null":{"sts:ExternalId":"true"}}"#, None, true),
            (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, None, false),
        ];
        for (condition, external_id, expected) in cases {
            check(&with(condition), &user(), external_id, expected);
        }
    }

    #[test]
    fn services_work_for_a_resource() {
        let caller = service();
        let check = |condition: &str, source: Option<&str>, expected: bool| {
            let policy = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":"sts:AssumeRole","Condition":{condition}}}}}"#
            );
            let request =
                Request { caller: &caller, external_id: None, session_name: "me", source_identity: None, source };
            assert_eq!(allows(&policy, "sts:AssumeRole", &request), expected, "{condition} {source:?}");
        };
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t";
        check(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}"#, Some(arn), true);
        check(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:999988887777:trail/*"}}"#, Some(arn), false);
        check(r#"{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#, Some(arn), true);
        check(r#"{"StringEquals":{"aws:SourceAccount":"999988887777"}}"#, Some(arn), false);
        check(r#"{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#, None, false);
    }

    #[test]
    fn denials_win() {
        let allow = principal(r#"{"AWS":"*"}"#);
        let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}"#;
        check(&format!("{allow},{deny}"), &user(), None, false);
        let others = r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"sts:*"}"#;
        check(&format!("{allow},{others}"), &user(), None, true);
    }
}
