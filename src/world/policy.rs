//! Resource policies: whether one lets an AWS service in. (Identity policies and callers of other kinds are not
//! judged here.)

use serde_json::Value;

/// What a service wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// `cloudtrail.amazonaws.com`
    pub service: &'a str,
    /// `s3:PutObject`
    pub action: &'a str,
    /// ARN of the resource.
    pub resource: &'a str,
    /// Condition keys and their values, such as `("aws:SourceArn", …)`.
    pub context: &'a [(&'a str, &'a str)],
}

/// Whether a policy document allows an access: a statement must allow it, and none may deny it. A document that is
/// not JSON allows nothing.
pub fn allows(document: &str, access: &Access) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(document) else { return false };
    let applies = |effect: &str| {
        let mut statements = items(&policy["Statement"]).iter().filter(|statement| statement["Effect"] == effect);
        statements.any(|statement| access.falls_under(statement))
    };
    applies("Allow") && !applies("Deny")
}

impl Access<'_> {
    fn falls_under(&self, statement: &Value) -> bool {
        self.is_principal(statement)
            && one_of(statement, "Action", "NotAction", |pattern| {
                like(&pattern.to_ascii_lowercase(), &self.action.to_ascii_lowercase())
            })
            && one_of(statement, "Resource", "NotResource", |pattern| like(pattern, self.resource))
            && self.meets(&statement["Condition"])
    }

    fn is_principal(&self, statement: &Value) -> bool {
        let named = |principal: &Value| {
            let is = |kind: &str, name: &str| items(&principal[kind]).iter().any(|item| item == name);
            principal == "*" || is("AWS", "*") || is("Service", self.service)
        };
        match (statement.get("Principal"), statement.get("NotPrincipal")) {
            (Some(principal), _) => named(principal),
            (None, Some(principal)) => !named(principal),
            (None, None) => false,
        }
    }

    fn meets(&self, condition: &Value) -> bool {
        let operators = condition.as_object().into_iter().flatten();
        let mut tests = operators.flat_map(|(operator, keys)| {
            keys.as_object().into_iter().flatten().map(move |(key, wanted)| (operator.as_str(), key, wanted))
        });
        tests.all(|(operator, key, wanted)| self.passes(operator, key, items(wanted)))
    }

    /// One test of a condition. Operators that do not apply to texts are not met.
    fn passes(&self, operator: &str, key: &str, wanted: &[Value]) -> bool {
        let value = self.context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| *value);
        if operator == "Null" {
            return wanted.iter().any(|wanted| text(wanted) == if value.is_none() { "true" } else { "false" });
        }
        let (operator, if_exists) = match operator.strip_suffix("IfExists") {
            Some(operator) => (operator, true),
            None => (operator, false),
        };
        let (operator, negated) = match operator {
            "StringNotEquals" => ("StringEquals", true),
            "StringNotEqualsIgnoreCase" => ("StringEqualsIgnoreCase", true),
            "StringNotLike" => ("StringLike", true),
            "ArnNotEquals" | "ArnNotLike" => ("ArnLike", true),
            _ => (operator, false),
        };
        let Some(value) = value else { return if_exists || negated };
        let fits = |wanted: &str| match operator {
            "StringEquals" => wanted == value,
            "StringEqualsIgnoreCase" | "Bool" => wanted.eq_ignore_ascii_case(value),
            "StringLike" | "ArnLike" | "ArnEquals" => like(wanted, value),
            _ => false,
        };
        wanted.iter().any(|wanted| fits(&text(wanted))) != negated
    }
}

/// A member that names what fits, or else one that names what does not.
fn one_of(statement: &Value, name: &str, other: &str, fits: impl Fn(&str) -> bool) -> bool {
    let any = |patterns: &Value| items(patterns).iter().filter_map(Value::as_str).any(&fits);
    match (statement.get(name), statement.get(other)) {
        (Some(patterns), _) => any(patterns),
        (None, Some(patterns)) => !any(patterns),
        (None, None) => false,
    }
}

/// The items of a list; anything else counts as its only item.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a text fits a pattern, in which `*` stands for any text and `?` for one character.
pub fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where to go back to: the last star, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[from] => (at, from) = (at + 1, from + 1),
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, from) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT: Access = Access {
        service: "cloudtrail.amazonaws.com",
        action: "s3:PutObject",
        resource: "arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/f.json.gz",
        context: &[
            ("s3:x-amz-acl", "bucket-owner-full-control"),
            ("aws:SourceArn", "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"),
            ("aws:SecureTransport", "true"),
        ],
    };

    /// The policy of the CloudTrail user guide, with one part replaced.
    fn check(part: &str, by: &str, allowed: bool) {
        let policy = r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"AWSCloudTrailAclCheck","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
             "Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs"},
            {"Sid":"AWSCloudTrailWrite","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
             "Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/111122223333/*",
             "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control",
              "aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}}},
            {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],
             "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
        assert!(policy.contains(part), "{part}");
        assert_eq!(allows(&policy.replace(part, by), &PUT), allowed, "{part} → {by}");
    }

    #[test]
    fn the_documented_policy_and_its_variations() {
        check("", "", true);
        check("s3:PutObject", "s3:putobject", true);
        check("s3:PutObject", "s3:Put*", true);
        check("s3:PutObject", "s3:GetObject", false);
        check("111122223333/*", "444455556666/*", false);
        check("bucket-owner-full-control", "private", false);
        check("trail/t\"", "trail/other\"", false);
        check("{\"StringEquals\":{\"s3:x", "{\"StringLike\":{\"s3:x", true);
        check(
            "Principal\":{\"Service\":\"cloudtrail.amazonaws.com\"}",
            "Principal\":{\"Service\":[\"config.amazonaws.com\"]}",
            false,
        );
        check("Principal\":{\"Service\":\"cloudtrail.amazonaws.com\"}", "Principal\":\"*\"", true);
        check("\"aws:SecureTransport\":\"false\"", "\"aws:SecureTransport\":\"true\"", false);
        check("\"Bool\":{\"aws:SecureTransport\"", "\"NumericEquals\":{\"aws:SecureTransport\"", true);
        check("\"Version\"", "Version", false);
    }

    #[test]
    fn patterns() {
        let check = |pattern, text, expected| assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        check("*", "", true);
        check("a*c*e", "abcde", true);
        check("a*c*e", "abcdef", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("**b", "aab", true);
        check("", "a", false);
    }
}
