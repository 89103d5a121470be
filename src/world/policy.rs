//! Policy documents: parsed once, then asked. Knows the grammar, no service.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::time::Time;

/// A policy document.
#[derive(Clone, Debug)]
pub struct Policy {
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub struct Statement {
    pub effect: Effect,
    /// Kind (`AWS`, `Service`, …) and name of each; `None` in policies of identities.
    pub principals: Option<Choice<(String, String)>>,
    pub actions: Choice<String>,
    /// `None` in trust policies.
    pub resources: Option<Choice<String>>,
    pub conditions: Vec<Condition>,
    /// `${…}` is a variable, not a text.
    has_variables: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// A member or its `Not…` twin.
#[derive(Clone, Debug)]
pub struct Choice<T> {
    pub negated: bool,
    pub items: Vec<T>,
}

/// One operator on one key.
#[derive(Clone, Debug)]
pub struct Condition {
    pub operator: String,
    pub key: String,
    pub values: Vec<String>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Everything the caller is, by kind: `("Service", "cloudtrail.amazonaws.com")`.
    pub principals: &'a [(&'a str, &'a str)],
    pub action: &'a str,
    pub resource: &'a str,
    /// Condition keys that have a value.
    pub context: &'a [(&'a str, &'a str)],
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No statement applies.
    Silent,
    Allowed,
    /// A `Deny` statement applies.
    Denied,
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    NotJson,
    Version,
    Syntax,
    Unknown(String),
    Missing(&'static str),
    Principal,
    Effect(String),
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// The first flaw.
    pub fn parse(text: &str) -> Result<Policy, Flaw> {
        let Ok(Value::Object(document)) = serde_json::from_str(text) else { return Err(Flaw::NotJson) };
        known_members(&document, &["Version", "Id", "Statement"])?;
        if document.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
            return Err(Flaw::Version);
        }
        // Policies of older versions have no variables.
        let has_variables = document.get("Version").is_some_and(|version| version == "2012-10-17");
        let statement = |value: &Value| statement(value, has_variables);
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().map(statement).collect(),
            Some(single @ Value::Object(_)) => statement(single).map(|statement| vec![statement]),
            Some(Value::Array(_)) | None => Err(Flaw::Missing("Statement")),
            Some(_) => Err(Flaw::Syntax),
        };
        statements.map(|statements| Policy { statements })
    }

    /// Decides. An explicit denial wins over every permission.
    pub fn decide(&self, request: &Request) -> Decision {
        let mut decision = Decision::Silent;
        for statement in self.statements.iter().filter(|statement| statement.applies(request)) {
            match statement.effect {
                Effect::Deny => return Decision::Denied,
                Effect::Allow => decision = Decision::Allowed,
            }
        }
        decision
    }
}

impl Statement {
    fn applies(&self, request: &Request) -> bool {
        self.names(request.principals)
            && self.actions.picks(|pattern| matches_action(pattern, request.action))
            && self.resources.as_ref().is_none_or(|all| all.picks(|pattern| self.names_resource(pattern, request)))
            && self.conditions.iter().all(|condition| self.holds(condition, request.context))
    }

    fn names(&self, principals: &[(&str, &str)]) -> bool {
        let is_one = |(kind, name): &(String, String)| {
            // Everybody, services too.
            (kind == "AWS" && name == "*") || principals.contains(&(kind.as_str(), name.as_str()))
        };
        self.principals.as_ref().is_none_or(|all| all.picks(is_one))
    }

    /// A resource's pattern fits, once it says what its variables stand for.
    fn names_resource(&self, pattern: &str, request: &Request) -> bool {
        let context = self.has_variables.then_some(request.context);
        filled(pattern, context, true).is_some_and(|pattern| matches(&pattern, request.resource))
    }

    /// A condition we cannot judge never permits and always denies.
    fn holds(&self, condition: &Condition, context: &[(&str, &str)]) -> bool {
        condition.holds(context, self.has_variables).unwrap_or(self.effect == Effect::Deny)
    }
}

impl<T> Choice<T> {
    fn picks(&self, is_one: impl Fn(&T) -> bool) -> bool {
        self.items.iter().any(is_one) != self.negated
    }
}

impl Condition {
    /// Whether the condition holds; `None` for an operator that is not known. Keys have one value here: to operators on
    /// sets, a key without one is an empty set.
    fn holds(&self, context: &[(&str, &str)], has_variables: bool) -> Option<bool> {
        let (operator, of_none) = match self.operator.split_once(':') {
            Some(("ForAllValues", operator)) => (operator, Some(true)),
            Some(("ForAnyValue", operator)) => (operator, Some(false)),
            _ => (self.operator.as_str(), None),
        };
        let (operator, if_exists) = match operator.strip_suffix("IfExists") {
            Some(operator) => (operator, true),
            None => (operator, false),
        };
        let actual = context.iter().find(|(key, _)| key.eq_ignore_ascii_case(&self.key)).map(|(_, value)| *value);
        if operator == "Null" {
            let wanted = if actual.is_none() { "true" } else { "false" };
            return Some(self.values.iter().any(|value| value == wanted));
        }
        let (negated, compare) = comparison(operator)?;
        let (known, is_pattern) =
            (has_variables.then_some(context), operator.starts_with("Arn") || operator.ends_with("Like"));
        let fits =
            |value: &String, actual| filled(value, known, is_pattern).is_some_and(|value| compare(&value, actual));
        Some(match actual {
            Some(actual) => self.values.iter().any(|value| fits(value, actual)) != negated,
            // Without a value, negated operators hold.
            None => of_none.unwrap_or(if_exists || negated),
        })
    }

    /// Whether it compares with fixed values, not with patterns.
    pub fn is_fixed(&self) -> bool {
        !self.values.iter().any(|value| value.contains(['*', '?']))
    }
}

type Compare = fn(&str, &str) -> bool;

/// How an operator compares the policy's value with the request's, and whether it is negated.
fn comparison(operator: &str) -> Option<(bool, Compare)> {
    let equal: Compare = |wanted, actual| wanted == actual;
    let alike: Compare = |wanted, actual| wanted.eq_ignore_ascii_case(actual);
    Some(match operator {
        "StringEquals" => (false, equal),
        "StringNotEquals" => (true, equal),
        "StringEqualsIgnoreCase" | "Bool" => (false, alike),
        "StringNotEqualsIgnoreCase" => (true, alike),
        "StringLike" => (false, matches),
        "StringNotLike" => (true, matches),
        "ArnEquals" | "ArnLike" => (false, arn_matches),
        "ArnNotEquals" | "ArnNotLike" => (true, arn_matches),
        "NumericEquals" => (false, |wanted, actual| number(wanted, actual, |wanted, actual| actual == wanted)),
        "NumericNotEquals" => (true, |wanted, actual| number(wanted, actual, |wanted, actual| actual == wanted)),
        "NumericLessThan" => (false, |wanted, actual| number(wanted, actual, |wanted, actual| actual < wanted)),
        "NumericLessThanEquals" => (false, |wanted, actual| number(wanted, actual, |wanted, actual| actual <= wanted)),
        "NumericGreaterThan" => (false, |wanted, actual| number(wanted, actual, |wanted, actual| actual > wanted)),
        "NumericGreaterThanEquals" => {
            (false, |wanted, actual| number(wanted, actual, |wanted, actual| actual >= wanted))
        }
        "DateEquals" => (false, |wanted, actual| date(wanted, actual, |wanted, actual| actual == wanted)),
        "DateNotEquals" => (true, |wanted, actual| date(wanted, actual, |wanted, actual| actual == wanted)),
        "DateLessThan" => (false, |wanted, actual| date(wanted, actual, |wanted, actual| actual < wanted)),
        "DateLessThanEquals" => (false, |wanted, actual| date(wanted, actual, |wanted, actual| actual <= wanted)),
        "DateGreaterThan" => (false, |wanted, actual| date(wanted, actual, |wanted, actual| actual > wanted)),
        "DateGreaterThanEquals" => (false, |wanted, actual| date(wanted, actual, |wanted, actual| actual >= wanted)),
        "IpAddress" => (false, is_within),
        "NotIpAddress" => (true, is_within),
        _ => return None,
    })
}

fn number(wanted: &str, actual: &str, compare: fn(f64, f64) -> bool) -> bool {
    matches!((wanted.parse(), actual.parse()), (Ok(wanted), Ok(actual)) if compare(wanted, actual))
}

/// Times are ISO texts, or seconds since 1970.
fn date(wanted: &str, actual: &str, compare: fn(i64, i64) -> bool) -> bool {
    let second = |text: &str| text.parse().ok().or_else(|| Some(text.parse::<Time>().ok()?.timestamp()));
    matches!((second(wanted), second(actual)), (Some(wanted), Some(actual)) if compare(wanted, actual))
}

/// Whether an address lies in a block such as `10.0.0.0/8`; a single address is one.
fn is_within(block: &str, address: &str) -> bool {
    let (base, bits) = block.split_once('/').map_or((block, None), |(base, bits)| (base, Some(bits)));
    let (Ok(base), Ok(address)) = (base.parse::<IpAddr>(), address.parse::<IpAddr>()) else { return false };
    let (base, address, width) = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (u128::from(base.to_bits()), u128::from(address.to_bits()), 32),
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let Ok(bits) = bits.map_or(Ok(width), str::parse::<u32>) else { return false };
    let Some(free) = width.checked_sub(bits) else { return false };
    (base ^ address).checked_shr(free).unwrap_or(0) == 0
}

/// A text with the values of its variables, `${aws:PrincipalAccount}` or `${aws:username, 'nobody'}`; `None` if one has
/// none (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>). Without a context there are
/// no variables. In patterns, the values are no patterns.
fn filled<'t>(text: &'t str, context: Option<&[(&str, &str)]>, is_pattern: bool) -> Option<Cow<'t, str>> {
    let Some(context) = context.filter(|_| text.contains("${")) else { return Some(Cow::Borrowed(text)) };
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, variable)) = rest.split_once("${") {
        let (variable, after) = variable.split_once('}')?;
        filled.push_str(before);
        let value = value_of(variable.trim(), context)?;
        match is_pattern {
            true => filled.extend(value.chars().map(literal)),
            false => filled.push_str(value),
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(Cow::Owned(filled))
}

/// `${*}`, `${?}` and `${$}` are these characters.
fn value_of<'c>(variable: &'c str, context: &[(&str, &'c str)]) -> Option<&'c str> {
    if matches!(variable, "*" | "?" | "$") {
        return Some(variable);
    }
    let (key, otherwise) = variable.split_once(',').map_or((variable, None), |(key, value)| (key, Some(value)));
    let value = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key.trim())).map(|(_, value)| *value);
    value.or_else(|| otherwise.map(|text| text.trim().trim_matches('\'')))
}

/// What stands in patterns for a star and a question mark that are themselves.
const STAR: u8 = 1;
const QUESTION_MARK: u8 = 2;

fn literal(letter: char) -> char {
    match letter {
        '*' => char::from(STAR),
        '?' => char::from(QUESTION_MARK),
        letter => letter,
    }
}

/// `*` stands for any characters, `?` for one.
pub fn matches(pattern: &str, text: &str) -> bool {
    is_like(pattern, text, |wanted, byte| wanted == byte)
}

/// Actions are named in any case.
fn matches_action(pattern: &str, action: &str) -> bool {
    is_like(pattern, action, |wanted, byte| wanted.eq_ignore_ascii_case(&byte))
}

fn is_like(pattern: &str, text: &str, is_same: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read, mut star) = (0, 0, None);
    while let Some(byte) = text.get(read).copied() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&STAR) if byte == b'*' => (at, read) = (at + 1, read + 1),
            Some(&QUESTION_MARK) if byte == b'?' => (at, read) = (at + 1, read + 1),
            Some(b'?') => (at, read) = (at + 1, read + letter_length(byte)),
            Some(wanted) if is_same(*wanted, byte) => (at, read) = (at + 1, read + 1),
            _ => {
                // Let the last star take one letter more.
                let Some((star_at, taken)) = star else { return false };
                let taken = taken + text.get(taken).copied().map_or(1, letter_length);
                star = Some((star_at, taken));
                (at, read) = (star_at + 1, taken);
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// Bytes of the letter that begins with a byte.
fn letter_length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// The six parts of an ARN match one by one.
fn arn_matches(pattern: &str, arn: &str) -> bool {
    let (patterns, parts): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    pattern == "*"
        || patterns.len() == parts.len() && patterns.iter().zip(&parts).all(|(pattern, part)| matches(pattern, part))
}

fn statement(value: &Value, has_variables: bool) -> Result<Statement, Flaw> {
    const MEMBERS: [&str; 9] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let members = value.as_object().ok_or(Flaw::Syntax)?;
    known_members(members, &MEMBERS)?;
    let effect = match members.get("Effect") {
        Some(Value::String(effect)) if effect == "Allow" => Effect::Allow,
        Some(Value::String(effect)) if effect == "Deny" => Effect::Deny,
        Some(Value::String(other)) => return Err(Flaw::Effect(other.clone())),
        Some(_) => return Err(Flaw::Syntax),
        None => return Err(Flaw::Missing("Effect")),
    };
    Ok(Statement {
        effect,
        principals: choice(members, "Principal", "NotPrincipal", principals)?,
        actions: choice(members, "Action", "NotAction", texts)?.ok_or(Flaw::Missing("Action"))?,
        resources: choice(members, "Resource", "NotResource", texts)?,
        conditions: members.get("Condition").map_or(Ok(Vec::new()), conditions)?,
        has_variables,
    })
}

fn known_members(members: &Map<String, Value>, known: &[&str]) -> Result<(), Flaw> {
    let unknown = members.keys().find(|member| !known.contains(&member.as_str()));
    unknown.map_or(Ok(()), |member| Err(Flaw::Unknown(member.clone())))
}

fn choice<T>(
    members: &Map<String, Value>,
    name: &'static str,
    not: &str,
    read: fn(&Value) -> Result<Vec<T>, Flaw>,
) -> Result<Option<Choice<T>>, Flaw> {
    let (negated, value) = match (members.get(name), members.get(not)) {
        (Some(_), Some(_)) => return Err(Flaw::Syntax),
        (None, None) => return Ok(None),
        (Some(value), None) => (false, value),
        (None, Some(value)) => (true, value),
    };
    let items = read(value)?;
    if items.is_empty() {
        return Err(Flaw::Missing(name));
    }
    Ok(Some(Choice { negated, items }))
}

fn principals(value: &Value) -> Result<Vec<(String, String)>, Flaw> {
    if value == "*" {
        return Ok(vec![("AWS".to_owned(), "*".to_owned())]);
    }
    let mut all = Vec::new();
    for (kind, names) in value.as_object().ok_or(Flaw::Principal)? {
        if !matches!(kind.as_str(), "AWS" | "Service" | "Federated" | "CanonicalUser") {
            return Err(Flaw::Principal);
        }
        all.extend(texts(names)?.into_iter().map(|name| (kind.clone(), name)));
    }
    Ok(all)
}

fn conditions(value: &Value) -> Result<Vec<Condition>, Flaw> {
    let mut all = Vec::new();
    for (operator, keys) in value.as_object().ok_or(Flaw::Syntax)? {
        for (key, values) in keys.as_object().ok_or(Flaw::Syntax)? {
            all.push(Condition { operator: operator.clone(), key: key.clone(), values: scalars(values)? });
        }
    }
    Ok(all)
}

/// A text or a list of texts.
fn texts(value: &Value) -> Result<Vec<String>, Flaw> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(Flaw::Syntax)).collect(),
        _ => Err(Flaw::Syntax),
    }
}

/// Conditions may be given numbers and booleans too.
fn scalars(value: &Value) -> Result<Vec<String>, Flaw> {
    match value {
        Value::Array(items) => items.iter().map(scalars).collect::<Result<Vec<_>, _>>().map(|all| all.concat()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Ok(vec![value.to_string()]),
        Value::Null | Value::Object(_) => Err(Flaw::Syntax),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
    const KEY: &str = "arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/us-east-1/x.json.gz";

    /// The bucket policy of CloudTrail's user guide, "Amazon S3 bucket policy for CloudTrail".
    fn documented() -> serde_json::Value {
        serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow",
             "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:GetBucketAcl",
             "Resource": "arn:aws:s3:::logs", "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}}},
            {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow",
             "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
             "Resource": "arn:aws:s3:::logs/AWSLogs/111122223333/*",
             "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}}}]})
    }

    fn put(policy: &serde_json::Value) -> Decision {
        let context =
            [("aws:SourceArn", TRAIL), ("aws:SecureTransport", "true"), ("s3:x-amz-acl", "bucket-owner-full-control")];
        let principals = [("Service", "cloudtrail.amazonaws.com")];
        let request = Request { principals: &principals, action: "s3:PutObject", resource: KEY, context: &context };
        Policy::parse(&policy.to_string()).unwrap().decide(&request)
    }

    #[test]
    fn the_documented_policy_and_broken_ones() {
        let check = |path: &str, value: serde_json::Value, expected: Decision| {
            let mut policy = documented();
            *policy.pointer_mut(&format!("/Statement/1/{path}")).unwrap() = value.clone();
            assert_eq!(put(&policy), expected, "{path} = {value}");
        };
        let text = |text: &str| serde_json::Value::from(text);
        assert_eq!(put(&documented()), Decision::Allowed);
        check("Effect", text("Deny"), Decision::Denied);
        check("Principal", text("*"), Decision::Allowed);
        check("Principal", serde_json::json!({"Service": "config.amazonaws.com"}), Decision::Silent);
        check("Principal", serde_json::json!({"AWS": "111122223333"}), Decision::Silent);
        check("Action", text("s3:Put*"), Decision::Allowed);
        check("Action", text("S3:PUTOBJECT"), Decision::Allowed);
        check("Action", text("s3:GetObject"), Decision::Silent);
        check("Resource", text("arn:aws:s3:::logs/prefix/AWSLogs/111122223333/*"), Decision::Silent);
        check("Resource", text("arn:aws:s3:::logs"), Decision::Silent);
        check("Resource", text("arn:aws:s3:::logs/*"), Decision::Allowed);
        check(
            "Condition/StringEquals/aws:SourceArn",
            text("arn:aws:cloudtrail:us-east-1:111122223333:trail/other"),
            Decision::Silent,
        );
        check("Condition/StringEquals/s3:x-amz-acl", text("private"), Decision::Silent);
        check(
            "Condition",
            serde_json::json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*"}}),
            Decision::Allowed,
        );
        check(
            "Condition",
            serde_json::json!({"StringLike": {"AWS:SourceArn": ["x", "arn:*:trail/m?in"]}}),
            Decision::Allowed,
        );
        check(
            "Condition",
            serde_json::json!({"StringEquals": {"aws:SourceAccount": "111122223333"}}),
            Decision::Silent,
        );
        check(
            "Condition",
            serde_json::json!({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}),
            Decision::Allowed,
        );
        for (set, missing) in [("ForAllValues", Decision::Allowed), ("ForAnyValue", Decision::Silent)] {
            let operator = format!("{set}:StringEquals");
            check("Condition", serde_json::json!({&operator: {"aws:SourceArn": ["x", TRAIL]}}), Decision::Allowed);
            check("Condition", serde_json::json!({&operator: {"aws:SourceArn": "x"}}), Decision::Silent);
            check("Condition", serde_json::json!({&operator: {"aws:SourceAccount": "x"}}), missing);
        }
        check("Condition", serde_json::json!({"Bool": {"aws:SecureTransport": true}}), Decision::Allowed);
        check("Condition", serde_json::json!({"Mystery": {"aws:SourceArn": TRAIL}}), Decision::Silent);
    }

    #[test]
    fn denials_win() {
        let check = |condition: serde_json::Value, expected: Decision| {
            let mut policy = documented();
            let deny = serde_json::json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": "arn:aws:s3:::logs/*", "Condition": condition});
            policy["Statement"].as_array_mut().unwrap().push(deny);
            assert_eq!(put(&policy), expected);
        };
        check(serde_json::json!({"Bool": {"aws:SecureTransport": "false"}}), Decision::Allowed);
        check(serde_json::json!({"Bool": {"aws:SecureTransport": "true"}}), Decision::Denied);
        check(serde_json::json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), Decision::Denied);
        check(serde_json::json!({"Mystery": {"aws:SourceArn": "x"}}), Decision::Denied);
    }

    /// Whether a condition holds, of a caller at an address at a time.
    fn holds(operator: &str, key: &str, value: &str) -> bool {
        let context = [
            ("aws:VpcSourceIp", "10.1.2.3"),
            ("aws:CurrentTime", "2026-01-15T10:00:00Z"),
            ("aws:EpochTime", "1768471200"),
            ("aws:PrincipalAccount", "111122223333"),
            ("aws:ResourceAccount", "111122223333"),
            ("s3:max-keys", "10"),
        ];
        let condition =
            Condition { operator: operator.to_owned(), key: key.to_owned(), values: vec![value.to_owned()] };
        condition.holds(&context, true).unwrap()
    }

    #[test]
    fn operators_compare_as_their_types_do() {
        let check = |operator: &str, key: &str, value: &str, expected: bool| {
            assert_eq!(holds(operator, key, value), expected, "{operator} {key} {value}");
        };
        let check_address = |value: &str, expected: bool| {
            check("IpAddress", "aws:VpcSourceIp", value, expected);
            check("NotIpAddress", "aws:VpcSourceIp", value, !expected);
        };
        check_address("10.0.0.0/8", true);
        check_address("10.1.2.3", true);
        check_address("0.0.0.0/0", true);
        check_address("10.1.2.0/31", false);
        check_address("2001:db8::/32", false);
        check_address("10.0.0.0/33", false);
        check_address("ten", false);
        check("NumericLessThanEquals", "s3:max-keys", "10", true);
        check("NumericLessThan", "s3:max-keys", "10", false);
        check("NumericGreaterThan", "s3:max-keys", "9", true);
        check("NumericEquals", "s3:max-keys", "10.0", true);
        check("NumericNotEquals", "s3:max-keys", "10.0", false);
        check("NumericEquals", "s3:max-keys", "ten", false);
        check("DateGreaterThan", "aws:CurrentTime", "2026-01-15T09:59:59Z", true);
        check("DateLessThan", "aws:CurrentTime", "2026-01-15T10:00:00Z", false);
        check("DateLessThanEquals", "aws:CurrentTime", "1768471200", true);
        check("DateEquals", "aws:EpochTime", "2026-01-15T10:00:00Z", true);
        check("DateEquals", "aws:EpochTime", "soon", false);
    }

    #[test]
    fn variables_stand_for_values() {
        let check = |value: &str, expected: bool| {
            assert_eq!(holds("StringEquals", "aws:ResourceAccount", value), expected, "{value}");
        };
        check("${aws:PrincipalAccount}", true);
        check("${AWS:principalaccount}", true);
        check("1111${s3:prefix, '22223333'}", true);
        check("${aws:PrincipalOrgID}", false);
        check("${aws:PrincipalAccount", false);
        let check = |version: &str, resource: &str, name: &str, asked: &str, expected: bool| {
            let statement = serde_json::json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource});
            let policy = serde_json::json!({"Version": version, "Statement": statement}).to_string();
            let context = [("aws:username", name)];
            let request = Request { principals: &[], action: "s3:GetObject", resource: asked, context: &context };
            let decision = Policy::parse(&policy).unwrap().decide(&request);
            assert_eq!(decision == Decision::Allowed, expected, "{version} {resource} {name} {asked}");
        };
        let (new, old) = ("2012-10-17", "2008-10-17");
        check(new, "home/${aws:username}/*", "alice", "home/alice/x", true);
        check(new, "home/${aws:username}/*", "alice", "home/bob/x", false);
        check(new, "home/${aws:userid}/*", "alice", "home/alice/x", false);
        // A value is no pattern, and older policies have no variables.
        check(new, "home/${aws:username}/*", "*", "home/bob/x", false);
        check(new, "home/${aws:username}/*", "*", "home/*/x", true);
        check(new, "home/${*}/${?}${$}", "alice", "home/*/?$", true);
        check(new, "home/${*}", "alice", "home/x", false);
        check(old, "home/${aws:username}", "alice", "home/alice", false);
        check(old, "home/${aws:username}", "alice", "home/${aws:username}", true);
    }

    #[test]
    fn patterns() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}")
        };
        check("*", "", true);
        check("a*c", "abbc", true);
        check("a*c", "abbd", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("*b*b", "abab", true);
        check("", "a", false);
        check("a?c", "aéc", true);
        check("*?é", "€xé", true);
        check("??", "é", false);
        check("*?", "é", true);
    }

    #[test]
    fn flaws() {
        let check = |text: &str, expected: Flaw| assert_eq!(Policy::parse(text).err(), Some(expected), "{text}");
        check("", Flaw::NotJson);
        check("[]", Flaw::NotJson);
        check("{}", Flaw::Missing("Statement"));
        check(r#"{"Version":"2020-01-01","Statement":[]}"#, Flaw::Version);
        check(r#"{"Statement":[{"Effect":"Allow"}]}"#, Flaw::Missing("Action"));
        check(r#"{"Statement":[{"Action":"s3:*"}]}"#, Flaw::Missing("Effect"));
        check(r#"{"Statement":[{"Effect":"Perhaps"}]}"#, Flaw::Effect("Perhaps".to_owned()));
        check(r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Principal":"me"}]}"#, Flaw::Principal);
    }
}
