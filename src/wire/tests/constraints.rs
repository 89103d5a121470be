//! How broken constraints are worded.

use super::{contract, contracts};
use crate::contract::Protocol;
use crate::wire::{Value, check, json, pattern};

fn checked(service: &str, operation: &str, input: &str) -> Option<(String, String)> {
    let contract = contract(service);
    let id = contract.find(operation).expect(operation);
    let shape = contract.operation(id).input.expect("an input");
    let input: Value = json::read(contract, shape, input.as_bytes()).expect("readable");
    check(contract, id, &input).err().map(|fault| (fault.code, fault.message))
}

#[test]
fn all_violations_are_listed() {
    let wording = |service, operation, input, code: &str, message: &str| {
        assert_eq!(checked(service, operation, input), Some((code.to_owned(), message.to_owned())));
    };
    wording(
        "cloudtrail",
        "LookupEvents",
        r#"{"MaxResults":0}"#,
        "ValidationException",
        "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: \
         Member must have value greater than or equal to 1",
    );
    wording(
        "logs",
        "CreateLogGroup",
        r#"{"logGroupName":""}"#,
        "InvalidParameterException",
        "2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: \
         Member must have length greater than or equal to 1; Value '' at 'logGroupName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
    );
    wording(
        "logs",
        "CreateLogStream",
        r#"{"logGroupName":"a"}"#,
        "InvalidParameterException",
        "1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: \
         Member must not be null",
    );
    wording(
        "kms",
        "ListAliases",
        r#"{"Limit":5000}"#,
        "ValidationException",
        "1 validation error detected: Value '5000' at 'limit' failed to satisfy constraint: \
         Member must have value less than or equal to 1000",
    );
}

#[test]
fn patterns_that_cannot_be_checked_are_known() {
    let mut unsupported = Vec::new();
    for contract in contracts() {
        for shape in &contract.shapes {
            let pattern = shape.constraints.pattern;
            if !pattern.is_empty() && !pattern::supported(pattern) {
                unsupported.push(format!("{} {}", contract.service, shape.name));
            }
        }
    }
    assert_eq!(unsupported, ["firehose ClusterJDBCURL"]);
}

#[test]
fn patterns_match_whole_values() {
    let check = |pattern: &'static str, text: &str, wanted: bool| {
        assert_eq!(pattern::matches(pattern, text), wanted, "{pattern} {text}");
    };
    check("[a-z]+", "abc", true);
    check("[a-z]+", "abc1", false);
    check("a|bc", "abc", false);
    check("^(?!aws:)[a-z:]*$", "aws:x", false);
    check("^(?!aws:)[a-z:]*$", "was:x", true);
    check("^(?!\\s*$).+", "  ", false);
    let alias = "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
    check(alias, "a-b-c", true);
    check(alias, "a--b", false);
    check(alias, "-ab", false);
    check(alias, "Abc", false);
    check("((?!-)[a-z-]{1,63}(?<!-)\\.)+com", "a-b.com", true);
    check("((?!-)[a-z-]{1,63}(?<!-)\\.)+com", "a_b.com", false);
    check("\\d{2}", "٣٣", false);
    check("[\\w-]+", "a-b", true);
    check("[\\s\\S]*", "a\u{3000}\n", true);
}

/// Every service answers constraint violations in a form that its protocols allow.
#[test]
fn forms_fit_protocols() {
    use crate::contract::Validation;
    for contract in contracts() {
        let fits = match contract.validation {
            Validation::Ec2 => contract.protocols.contains(&Protocol::Ec2),
            Validation::S3 => contract.protocols.contains(&Protocol::RestXml),
            Validation::Exception | Validation::Error | Validation::Parameter | Validation::Missing => true,
        };
        assert!(fits, "{}", contract.service);
    }
}

/// Violations in lists of plain values name the list; in lists of structures, the member.
#[test]
fn paths_lead_into_lists() {
    let (_, message) =
        checked("logs", "PutLogEvents", r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"message":""}]}"#)
            .expect("a fault");
    assert_eq!(
        message,
        "2 validation errors detected: Value null at 'logEvents.1.member.timestamp' failed to satisfy constraint: \
         Member must not be null; Value '' at 'logEvents.1.member.message' failed to satisfy constraint: \
         Member must have length greater than or equal to 1"
    );
    let (_, message) = checked("config", "DescribeConfigRules", r#"{"ConfigRuleNames":["a",""]}"#).expect("a fault");
    assert!(
        message.starts_with(
            "1 validation error detected: Value '[a, ]' at 'configRuleNames' failed to satisfy constraint: \
             Member must satisfy constraint: [Member must have length less than or equal to 128, \
             Member must have length greater than or equal to 1"
        ),
        "{message}"
    );
}

#[test]
fn ec2_and_s3_have_words_of_their_own() {
    let contract = contract("ec2");
    let id = contract.find("CreateSubnet").expect("CreateSubnet");
    let fault = check(contract, id, &Value::Map(Default::default())).expect_err("VpcId is required");
    assert_eq!(fault.code, "MissingParameter");
    assert_eq!(fault.message, "The request must contain the parameter VpcId");
    let contract = super::contract("s3");
    let id = contract.find("PutBucketTagging").expect("PutBucketTagging");
    let mut input = crate::wire::Map::new();
    input.push("Bucket", "b");
    let fault = check(contract, id, &Value::Map(input)).expect_err("a body is required");
    assert_eq!(fault.code, "MissingRequestBodyError");
}
