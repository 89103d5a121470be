//! What IAM checks in a policy document before it keeps it, and how it shows one.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::wire::Fault;

use super::faults;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters of a managed policy and of a trust policy, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MANAGED_SIZE_MAX: usize = 6144;
const TRUST_SIZE_MAX: usize = 2048;

/// A document as answers carry it: URL-encoded.
pub fn encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// Characters that count against quotas.
pub fn size(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// Checks a policy of users, groups and roles.
pub fn check_identity_policy(document: &str) -> Result<(), Fault> {
    let Ok(Value::Object(policy)) = serde_json::from_str(document) else {
        return Err(faults::malformed_policy("Syntax errors in policy."));
    };
    check(&policy, check_identity_statement)
}

/// Checks a managed policy, and its size.
pub fn check_managed_policy(document: &str) -> Result<(), Fault> {
    if size(document) > MANAGED_SIZE_MAX {
        return Err(faults::quota("PolicySize", MANAGED_SIZE_MAX));
    }
    check_identity_policy(document)
}

/// Checks a role's trust policy, and its size.
pub fn check_trust_policy(document: &str) -> Result<(), Fault> {
    if size(document) > TRUST_SIZE_MAX {
        return Err(faults::quota("ACLSizePerRole", TRUST_SIZE_MAX));
    }
    let Ok(Value::Object(policy)) = serde_json::from_str(document) else {
        return Err(faults::malformed_policy("This policy contains invalid Json"));
    };
    check(&policy, check_trust_statement)
}

type Statement = Map<String, Value>;

fn check(
    policy: &Map<String, Value>,
    check_statement: fn(&Statement) -> Result<(), &'static str>,
) -> Result<(), Fault> {
    statements(policy)
        .and_then(|statements| statements.into_iter().try_for_each(check_statement))
        .map_err(faults::malformed_policy)
}

/// The statements of a policy whose outer parts are as they must be.
fn statements(policy: &Map<String, Value>) -> Result<Vec<&Statement>, &'static str> {
    const SYNTAX: &str = "Syntax errors in policy.";
    if policy.keys().any(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement")) {
        return Err(SYNTAX);
    }
    if policy.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
        return Err(SYNTAX);
    }
    let statements: Option<Vec<&Statement>> = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().map(Value::as_object).collect(),
        Some(Value::Object(statement)) => Some(vec![statement]),
        _ => None,
    };
    let statements = statements.filter(|statements| !statements.is_empty()).ok_or(SYNTAX)?;
    let mut ids = BTreeSet::new();
    for id in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let id = id.as_str().ok_or(SYNTAX)?;
        if !id.is_empty() && !ids.insert(id) {
            return Err("Statement IDs (SID) in a single policy must be unique.");
        }
    }
    Ok(statements)
}

fn check_identity_statement(statement: &Statement) -> Result<(), &'static str> {
    check_effect(statement)?;
    if has(statement, "Principal") {
        return Err("Policy document should not specify a principal.");
    }
    let actions = one_of(statement, "Action", "NotAction")?.ok_or("Policy statement must contain actions.")?;
    if actions.iter().any(|action| *action != "*" && !action.contains(':')) {
        return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    let resources = one_of(statement, "Resource", "NotResource")?.ok_or("Policy statement must contain resources.")?;
    if resources.iter().any(|resource| *resource != "*" && resource.split(':').count() < 6 && !resource.contains('*')) {
        return Err("Resources must be in ARN format or \"*\".");
    }
    Ok(())
}

fn check_trust_statement(statement: &Statement) -> Result<(), &'static str> {
    check_effect(statement)?;
    if has(statement, "Resource") {
        return Err("Has prohibited field Resource");
    }
    if !has(statement, "Principal") {
        return Err("Missing required field Principal");
    }
    check_principal(statement)?;
    let actions = one_of(statement, "Action", "NotAction")?.ok_or("Missing required field Action")?;
    if actions.iter().any(|action| *action != "*" && !action.to_lowercase().starts_with("sts:")) {
        return Err("AssumeRole policy may only specify STS AssumeRole actions.");
    }
    Ok(())
}

fn check_effect(statement: &Statement) -> Result<(), &'static str> {
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow" | "Deny") => {}
        Some(_) => return Err("Syntax errors in policy."),
        None => return Err("Missing required field Effect"),
    }
    const FIELDS: [&str; 9] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let known = |key: &String| FIELDS.contains(&key.as_str());
    if !statement.keys().all(known) || !statement.get("Condition").is_none_or(Value::is_object) {
        return Err("Syntax errors in policy.");
    }
    Ok(())
}

/// `"*"`, or texts by kind of principal.
fn check_principal(statement: &Statement) -> Result<(), &'static str> {
    const INVALID: &str = "Invalid principal in policy";
    let principal = statement.get("Principal").or_else(|| statement.get("NotPrincipal"));
    match principal {
        Some(Value::String(text)) if text == "*" => Ok(()),
        Some(Value::Object(kinds)) if !kinds.is_empty() => kinds.iter().try_for_each(|(kind, names)| {
            let is_kind = matches!(kind.as_str(), "AWS" | "Service" | "Federated" | "CanonicalUser");
            let names = texts(names).filter(|names| is_kind && !names.is_empty()).ok_or(INVALID)?;
            let is_name = |name: &&str| kind != "AWS" || is_aws_principal(name);
            if names.iter().all(is_name) { Ok(()) } else { Err(INVALID) }
        }),
        _ => Err(INVALID),
    }
}

/// `*`, an account id, or an ARN of IAM or STS.
fn is_aws_principal(name: &str) -> bool {
    let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    name == "*"
        || is_account
        || name.starts_with("arn:aws:iam::")
        || name.starts_with("arn:aws:sts::")
        || is_unique_id(name)
}

/// What AWS puts in place of a principal that was deleted.
fn is_unique_id(name: &str) -> bool {
    name.starts_with("AIDA") || name.starts_with("AROA")
}

fn has(statement: &Statement, field: &str) -> bool {
    statement.contains_key(field) || statement.contains_key(&format!("Not{field}"))
}

/// The texts of one of two members that exclude each other.
fn one_of<'a>(statement: &'a Statement, field: &str, not: &str) -> Result<Option<Vec<&'a str>>, &'static str> {
    match (statement.get(field), statement.get(not)) {
        (Some(_), Some(_)) => Err("Syntax errors in policy."),
        (None, None) => Ok(None),
        (Some(value), None) | (None, Some(value)) => match texts(value) {
            Some(texts) if !texts.is_empty() => Ok(Some(texts)),
            Some(_) => Ok(None),
            None => Err("Syntax errors in policy."),
        },
    }
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: Result<(), Fault>, expected: Option<&str>) {
        assert_eq!(result.err().map(|fault| fault.message).as_deref(), expected);
    }

    #[test]
    fn identity_policies() {
        let policy = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let cases = [
            (r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#, None),
            (r#"{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::bucket/*"]}"#, None),
            (r#"{"Effect":"Deny","NotAction":"iam:*","NotResource":"*","Condition":{}}"#, None),
            (r#"{"Effect":"Allow","Resource":"*"}"#, Some("Policy statement must contain actions.")),
            (r#"{"Effect":"Allow","Action":"s3:*"}"#, Some("Policy statement must contain resources.")),
            (
                r#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#,
                Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
            ),
            (
                r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#,
                Some("Policy document should not specify a principal."),
            ),
            (r#"{"Effect":"allow","Action":"s3:*","Resource":"*"}"#, Some("Syntax errors in policy.")),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Extra":1}"#, Some("Syntax errors in policy.")),
            (
                r#"{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}"#,
                Some("Statement IDs (SID) in a single policy must be unique."),
            ),
        ];
        for (statement, expected) in cases {
            check(check_identity_policy(&policy(statement)), expected);
        }
        check(check_identity_policy("{"), Some("Syntax errors in policy."));
        check(check_identity_policy("[]"), Some("Syntax errors in policy."));
        check(check_identity_policy(r#"{"Version":"2012-10-17"}"#), Some("Syntax errors in policy."));
    }

    #[test]
    fn trust_policies() {
        let policy = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        let cases = [
            (r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#, None),
            (
                r#"{"Effect":"Allow","Principal":{"AWS":["123456789012"]},"Action":["sts:AssumeRole","sts:TagSession"]}"#,
                None,
            ),
            (r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#, Some("Missing required field Principal")),
            (
                r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}"#,
                Some("Has prohibited field Resource"),
            ),
            (
                r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}"#,
                Some("AssumeRole policy may only specify STS AssumeRole actions."),
            ),
            (
                r#"{"Effect":"Allow","Principal":{"AWS":"alice"},"Action":"sts:AssumeRole"}"#,
                Some("Invalid principal in policy"),
            ),
        ];
        for (statement, expected) in cases {
            check(check_trust_policy(&policy(statement)), expected);
        }
        check(check_trust_policy("not json"), Some("This policy contains invalid Json"));
    }

    #[test]
    fn documents_are_url_encoded() {
        assert_eq!(encoded(r#"{"Version": "2012-10-17"}"#), "%7B%22Version%22%3A%20%222012-10-17%22%7D");
        assert_eq!(encoded("a-b_c.d~e/f"), "a-b_c.d~e%2Ff");
    }

    #[test]
    fn white_space_is_free() {
        assert_eq!(size("{ \"a\":\n 1 }"), 7);
    }
}
