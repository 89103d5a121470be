//! Every sentence CloudWatch Logs says to a client.

use crate::query::CompileError;
use crate::wire::{Fault, Map, Value};
use crate::world::scope::AccountId;

use super::pattern::Invalid;

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

// Resource policies.

/// A member that the call needs here, in the words of a broken constraint.
pub fn missing(member: &str) -> Fault {
    let sentence = format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    );
    invalid(sentence)
}

/// A document that is not JSON.
pub fn resource_policy_json() -> Fault {
    invalid("This resource policy contains invalid Json")
}

/// A document that is no policy, or names who cannot be named.
pub fn unpersistable_policy() -> Fault {
    invalid("Could not convert to persistable policy.")
}

/// Another account's principal by its ARN.
pub fn policy_with_principal_arn() -> Fault {
    invalid("Principal section of policy contains ARN instead of account ID")
}

/// A policy of the account and of a group in one call.
pub fn policy_name_with_resource() -> Fault {
    invalid("Specify either policyName or resourceArn.")
}

/// A revision of a policy that has none.
pub fn revision_without_resource() -> Fault {
    invalid("expectedRevisionId can only be specified together with resourceArn.")
}

/// A resource that cannot have a policy of its own.
pub fn policy_resource(arn: &str) -> Fault {
    invalid(format!("The resourceArn is not the ARN of a log group: {arn}"))
}

/// A policy that has changed since the caller looked, or is not there, or is there already.
pub fn policy_revision() -> Fault {
    let sentence = "The expectedRevisionId is not the current revision of the resource policy.";
    Fault::new("OperationAbortedException", sentence)
}

/// `DeleteResourcePolicy` of a name that there is none of.
pub fn no_such_policy(name: &str) -> Fault {
    not_found(format!("Policy with name [{name}] does not exist."))
}

/// A group's policies asked for among those of the account.
pub fn resource_in_account_scope() -> Fault {
    invalid("resourceArn can only be specified with the policyScope RESOURCE.")
}

// Metric filters.

fn transformation(flaw: &str) -> Fault {
    invalid(format!("Invalid metric transformation: {flaw}"))
}

/// A pattern that names no fields, with dimensions.
pub fn pattern_without_dimensions() -> Fault {
    invalid("The specified filter pattern does not support dimensions")
}

/// Dimensions and a default value.
pub fn dimensions_with_default() -> Fault {
    transformation("dimensions and default value are mutually exclusive properties")
}

/// More dimensions than a filter can have.
pub fn too_many_dimensions(limit: usize) -> Fault {
    transformation(&format!("at most {limit} dimensions can be specified"))
}

/// A dimension without a name.
pub fn dimension_name() -> Fault {
    transformation("dimension name must not be blank or start with a colon, and must be ASCII")
}

/// A dimension that is not taken from the event.
pub fn dimension_value() -> Fault {
    transformation("dimension value must be valid selector")
}

/// A value that is neither a number nor a field of the event.
pub fn metric_value(value: &str) -> Fault {
    transformation(&format!("metric value {value} must be a valid number"))
}

/// A metric without its namespace, or a namespace without a metric.
pub fn metric_without_namespace() -> Fault {
    invalid("metricName and metricNamespace must be specified together.")
}

/// `DeleteMetricFilter` of a name that there is none of.
pub fn no_such_metric_filter() -> Fault {
    not_found("The specified metric filter does not exist.")
}

// Query definitions.

/// A query definition that there is none of.
pub fn no_such_query_definition() -> Fault {
    not_found("The specified query definition does not exist.")
}

/// A parameter that stands twice in a definition.
pub fn duplicate_parameter(name: &str) -> Fault {
    invalid(format!("The query parameter {name} is specified more than once."))
}

// Destinations and what they deliver to.

/// `PutDestination` for a target that takes no test message.
pub fn unreachable_destination() -> Fault {
    invalid("Could not deliver test message to specified destination. Check if the destination is valid.")
}

/// A Kinesis stream that takes no test message.
pub fn unreachable_stream() -> Fault {
    invalid(
        "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state.",
    )
}

/// A Firehose stream that takes no test message.
pub fn unreachable_firehose() -> Fault {
    invalid(
        "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state.",
    )
}

/// A Lambda function that cannot be invoked.
pub fn unreachable_function() -> Fault {
    invalid(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.",
    )
}

/// A stream without the role to write to it.
pub fn vendor_needs_role(vendor: &str) -> Fault {
    invalid(format!("destinationArn for vendor {vendor} cannot be used without roleArn"))
}

/// A role for what needs none.
pub fn vendor_takes_no_role(vendor: &str) -> Fault {
    invalid(format!("destinationArn for vendor {vendor} cannot be used with roleArn"))
}

/// What events are never delivered to.
pub fn vendor_is_none(vendor: &str) -> Fault {
    invalid(format!("PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}"))
}

/// A destination whose policy does not let the account in.
pub fn destination_denied(account: &AccountId, arn: &str) -> Fault {
    let sentence = format!(
        "User with accountId: {account} is not authorized to perform: logs:PutSubscriptionFilter on resource: {arn}"
    );
    Fault::new("AccessDeniedException", sentence).status(400)
}

/// `DeleteSubscriptionFilter` of a name that there is none of.
pub fn no_such_subscription_filter() -> Fault {
    not_found("The specified subscription filter does not exist.")
}

/// `DeleteDestination` of a name that there is none of.
pub fn no_such_destination() -> Fault {
    not_found("The specified destination does not exist.")
}

/// `PutDestinationPolicy` for a name that there is none of; its model has no error for what is not found.
pub fn policy_for_no_destination(name: &str) -> Fault {
    invalid(format!("Destination with name {name} does not exist"))
}

/// An access policy over the limit.
pub fn access_policy_too_large(limit: usize) -> Fault {
    invalid(format!("The access policy must have at most {limit} bytes."))
}

/// An access policy that is none.
pub fn access_policy() -> Fault {
    invalid("The access policy is not a valid policy document.")
}

// Account policies.

/// A name that AWS keeps for itself.
pub fn reserved_policy_name() -> Fault {
    invalid("The policy name must not be empty or start with aws/.")
}

/// A document without what its type needs.
pub fn account_policy_document(flaw: &str) -> Fault {
    invalid(format!("The policy document is invalid: {flaw}"))
}

/// Criteria that the type of policy does not know.
pub fn selection_criteria() -> Fault {
    invalid("The selectionCriteria is invalid. The only supported filter is LogGroupName NOT IN [].")
}

/// Criteria over the limit.
pub fn selection_criteria_too_large(limit: usize) -> Fault {
    invalid(format!("The selectionCriteria must have at most {limit} bytes."))
}

/// `dryRun` of policies that have none.
pub fn dry_run() -> Fault {
    invalid("dryRun can only be specified for the policy type RETENTION_POLICY.")
}

/// An account policy that there is none of.
pub fn no_such_account_policy() -> Fault {
    not_found("The specified account policy does not exist.")
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

/// What is no filter pattern, in the words that belong to its flaw.
pub fn invalid_pattern(flaw: Invalid) -> Fault {
    invalid(flaw.message)
}

/// `GetLogRecord` with a pointer that we did not make.
pub fn pointer_is_invalid() -> Fault {
    invalid("The specified logRecordPointer is invalid.")
}

/// `GetLogRecord` for an event that is gone.
pub fn no_such_record() -> Fault {
    not_found("The specified log record does not exist.")
}

// Live Tail.

/// A group that is not named by an ARN without `:*`.
pub fn not_a_group_arn() -> Fault {
    invalid("logGroupIdentifiers must be ARNs of log groups, without an asterisk at the end.")
}

/// Streams of more than one group.
pub fn streams_of_several_groups() -> Fault {
    invalid("logStreamNames and logStreamNamePrefixes can be specified only when there is exactly one log group.")
}

/// More sessions than an account may have.
pub fn too_many_tails(limit: usize) -> Fault {
    Fault::new("LimitExceededException", format!("At most {limit} Live Tail sessions can be open at the same time."))
}

/// A session that has lasted as long as it can.
pub fn tail_is_over() -> Fault {
    Fault::new("SessionTimeoutException", "Your Live Tail session has timed out.")
}

// Queries.

/// What is no query, with its place: AWS's `queryCompileError`, offsets in characters.
pub fn malformed_query(error: CompileError) -> Fault {
    let offset = |offset: usize| Value::Int(i64::try_from(offset).unwrap_or(i64::MAX));
    let mut location = Map::new();
    location.push("startCharOffset", offset(error.start));
    location.push("endCharOffset", offset(error.end));
    let mut compile_error = Map::new();
    compile_error.push("location", Value::Map(location));
    compile_error.push("message", Value::Str(error.message.clone()));
    Fault::new("MalformedQueryException", error.message).with("queryCompileError", Value::Map(compile_error))
}

/// `StartQuery` over a time that ends before it begins.
pub fn query_ends_before_start() -> Fault {
    invalid("endTime must not be before startTime.")
}

/// `StartQuery` without groups.
pub fn query_without_groups() -> Fault {
    invalid(
        "Specify log groups by logGroupName, logGroupNames or logGroupIdentifiers, or by a SOURCE command in the query.",
    )
}

/// `StartQuery` with groups in several ways.
pub fn query_groups_given_twice() -> Fault {
    invalid("Exactly one of logGroupName, logGroupNames, logGroupIdentifiers and a SOURCE command can be specified.")
}

/// `StartQuery` for a group that there is none of.
pub fn no_such_group_in(name: &str, account: &AccountId) -> Fault {
    not_found(format!("Log group '{name}' does not exist for account ID '{account}'"))
}

/// A class of groups that `SOURCE` does not know.
pub fn source_class(class: &str) -> Fault {
    invalid(format!("SOURCE selects log groups of the classes STANDARD and INFREQUENT_ACCESS, not {class}."))
}

/// More groups than `SOURCE` can select.
pub fn too_many_source_groups(limit: usize) -> Fault {
    Fault::new("LimitExceededException", format!("A query can select at most {limit} log groups."))
}

/// One query more than may run at the same time.
pub fn too_many_queries(limit: usize) -> Fault {
    Fault::new("LimitExceededException", format!("Account maximum query concurrency limit of [{limit}] reached."))
}

/// A query that there is none of, or whose results are kept no longer.
pub fn no_such_query() -> Fault {
    not_found("The specified query does not exist.")
}

/// `StopQuery` for a query that has ended.
pub fn query_is_not_running() -> Fault {
    invalid("The specified query is not running.")
}
