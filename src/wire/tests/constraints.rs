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
        "ValidationException",
        "2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: \
         Member must have length greater than or equal to 1; Value '' at 'logGroupName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
    );
    wording(
        "logs",
        "CreateLogStream",
        r#"{"logGroupName":"a"}"#,
        "ValidationException",
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
    assert_eq!(unsupported, ["firehose ClusterJDBCURL", "iam accountAliasType"]);
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
    check("\\d{2}", "٣٣", false);
    check("[\\w-]+", "a-b", true);
}

/// Every service answers constraint violations in a form that its protocols allow.
#[test]
fn forms_fit_protocols() {
    use crate::contract::Validation;
    for contract in contracts() {
        let fits = match contract.validation {
            Validation::Ec2 => contract.protocols.contains(&Protocol::Ec2),
            Validation::S3 => contract.protocols.contains(&Protocol::RestXml),
            Validation::Exception | Validation::Error => true,
        };
        assert!(fits, "{}", contract.service);
    }
}
