//! Every sentence CloudWatch Logs says to a client.

use crate::wire::Fault;

fn invalid(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", sentence)
}

fn not_found(sentence: impl Into<String>) -> Fault {
    Fault::new("ResourceNotFoundException", sentence)
}

/// A setting whose feature is not built: `kmsKeyId of log groups`.
pub fn not_built(setting: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {setting} yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

/// One more of something than AWS's quota allows.
pub fn limit_exceeded() -> Fault {
    Fault::new("LimitExceededException", "Resource limit exceeded.")
}

/// A token that continues no listing.
pub fn invalid_token() -> Fault {
    invalid("The specified nextToken is invalid.")
}

// Groups and streams.

/// A log group that there is none of.
pub fn no_such_group() -> Fault {
    not_found("The specified log group does not exist.")
}

/// A log stream that there is none of.
pub fn no_such_stream() -> Fault {
    not_found("The specified log stream does not exist.")
}

/// `CreateLogGroup` with a name that is taken.
pub fn group_exists() -> Fault {
    Fault::new("ResourceAlreadyExistsException", "The specified log group already exists")
}

/// `CreateLogStream` with a name that is taken.
pub fn stream_exists() -> Fault {
    Fault::new("ResourceAlreadyExistsException", "The specified log stream already exists")
}

/// A name under the prefix that AWS keeps for itself.
pub fn reserved_group_name() -> Fault {
    invalid("Log groups starting with AWS/ are reserved for AWS.")
}

/// A group named in both ways.
pub fn both_name_and_identifier() -> Fault {
    Fault::new("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
}

/// A group named in neither way.
pub fn neither_name_nor_identifier() -> Fault {
    Fault::new("ValidationException", "Either LogGroup name or LogGroup ARN must be specified.")
}

/// An identifier that is neither a name nor the ARN of a group.
pub fn invalid_identifier(identifier: &str) -> Fault {
    invalid(format!("The specified log group identifier is invalid: {identifier}"))
}

/// `DeleteLogGroup` of a protected group
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html>).
pub fn deletion_protected() -> Fault {
    let sentence = "Cannot delete log group with deletion protection enabled. Disable deletion protection first.";
    Fault::new("ValidationException", sentence)
}

/// `DeleteLogStream` in a protected group.
pub fn stream_deletion_protected() -> Fault {
    let sentence =
        "Cannot delete log stream of log group with deletion protection enabled. Disable deletion protection first.";
    Fault::new("ValidationException", sentence)
}

/// A number of days that AWS does not offer.
pub fn retention_value(allowed: &[i64]) -> Fault {
    let allowed: Vec<String> = allowed.iter().map(i64::to_string).collect();
    invalid(format!("Invalid retention value. Valid values are: [{}]", allowed.join(", ")))
}

/// What groups of the class `DELIVERY` cannot do.
pub fn not_for_delivery_class() -> Fault {
    Fault::new("ValidationException", "This operation is not supported for Delivery log class")
}

/// What groups of the class `STANDARD` alone can do.
pub fn only_for_standard_class() -> Fault {
    Fault::new("ValidationException", "This operation is only supported on the Standard log class")
}

// Listings.

/// `DescribeLogGroups` with a prefix and a pattern.
pub fn both_prefix_and_pattern() -> Fault {
    invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
}

/// `DescribeLogGroups` with identifiers and another filter.
pub fn identifiers_exclude_filters() -> Fault {
    invalid("logGroupIdentifiers cannot be combined with other filters than includeLinkedAccounts.")
}

/// `accountIdentifiers` without `includeLinkedAccounts`.
pub fn accounts_without_linked() -> Fault {
    invalid("accountIdentifiers can only be specified when includeLinkedAccounts is true.")
}

/// An account whose logs the caller's account does not monitor.
pub fn account_not_linked(account: &str) -> Fault {
    invalid(format!("The account {account} is not linked to this account."))
}

/// `ListLogGroups` with a pattern that is no regular expression.
pub fn name_pattern(pattern: &str) -> Fault {
    invalid(format!("The specified log group name pattern is invalid: {pattern}"))
}

/// `DescribeLogStreams` by time and by prefix.
pub fn time_order_with_prefix() -> Fault {
    invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
}

// Tags.

/// An ARN that names nothing that can have tags; `:*` at the end is enough.
pub fn invalid_resource_arn() -> Fault {
    Fault::new("ValidationException", "Invalid resourceArn")
}

/// A resource that is not there.
pub fn no_such_resource() -> Fault {
    not_found("The specified resource does not exist.")
}

/// A key that only AWS may use.
pub fn reserved_tag() -> Fault {
    invalid("Tag keys that start with aws: are reserved for AWS use.")
}

/// More tags than a group may have, set by `TagLogGroup`, whose model has no error of its own for it.
pub fn too_many_group_tags(limit: usize) -> Fault {
    invalid(too_many(limit))
}

/// More tags than a resource may have.
pub fn too_many_tags(limit: usize, arn: &str) -> Fault {
    Fault::new("TooManyTagsException", too_many(limit)).with("resourceName", arn)
}

fn too_many(limit: usize) -> String {
    format!("The resource can have at most {limit} tags.")
}

/// An operation that does not go with a group's class.
pub fn not_for_class(group: &str, class: &str, operation: &str) -> Fault {
    Fault::new(
        "InvalidOperationException",
        format!(
            "The log group {group} is of log-group-class {class}. {operation} is not supported for this log class."
        ),
    )
}

// Events.

/// `PutLogEvents` with an event beyond the limit; sizes include 26 bytes for each event.
pub fn event_too_large(bytes: u64, limit: u64) -> Fault {
    invalid(format!("Log event too large: {bytes} bytes exceeds limit of {limit}"))
}

/// `PutLogEvents` with a batch beyond the limit.
pub fn batch_too_large(bytes: u64, limit: u64) -> Fault {
    invalid(format!("Upload too large: {bytes} bytes exceeds limit of {limit}"))
}

/// More events in a batch than allowed, put by a service; what clients send is checked against the contract.
pub fn too_many_events(count: usize) -> Fault {
    invalid(format!("Upload too large: {count} log events exceeds limit of 10000"))
}

/// `PutLogEvents` with an event that is older than one before it.
pub fn not_in_order() -> Fault {
    invalid("Log events in a single PutLogEvents request must be in chronological order.")
}

/// `PutLogEvents` with events further apart than a day.
pub fn span_too_long() -> Fault {
    invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
}

/// `FilterLogEvents` with names of streams and a prefix of names.
pub fn streams_and_prefix() -> Fault {
    invalid("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
}

/// `FilterLogEvents` for the newest events first, over times that AWS does not do that for.
pub fn newest_first_too_early() -> Fault {
    invalid("startFromHead can be false only when startTime is on or after 2024-01-01T00:00:00Z.")
}

/// A filter pattern, before there are any.
pub fn no_patterns_yet() -> Fault {
    Fault::new("NotImplemented", "Trailcam does not implement filter patterns yet.").status(501)
}

/// `GetLogRecord` with a pointer that we did not make.
pub fn pointer_is_invalid() -> Fault {
    invalid("The specified logRecordPointer is invalid.")
}

/// `GetLogRecord` for an event that is gone.
pub fn no_such_record() -> Fault {
    not_found("The specified log record does not exist.")
}
