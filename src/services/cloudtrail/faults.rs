//! Every sentence CloudTrail says to a client.

use crate::wire::Fault;
use crate::world::scope::{AccountId, Region};

// Event history and public keys.

/// `LookupEvents` and `ListPublicKeys` with a start after the end.
pub fn time_range_is_backward() -> Fault {
    Fault::new(
        "InvalidTimeRangeException",
        "The specified time range is not valid: the start time must be before or at the end time.",
    )
}

/// `LookupEvents` with more than one attribute.
pub fn too_many_lookup_attributes() -> Fault {
    Fault::new("InvalidLookupAttributesException", "The lookup attributes are not valid: specify only one attribute.")
}

/// `LookupEvents` with an attribute key that there is none of.
pub fn unknown_lookup_attribute(key: &str) -> Fault {
    Fault::new("InvalidLookupAttributesException", format!("The lookup attribute {key} is not valid."))
}

/// `LookupEvents` for other than 1 to 50 results.
pub fn max_results_out_of_range() -> Fault {
    Fault::new("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
}

/// `LookupEvents` with a token that we did not make, or made for another query.
pub fn lookup_token_is_invalid() -> Fault {
    Fault::new(
        "InvalidNextTokenException",
        "The NextToken is not valid, or belongs to a request with other parameters.",
    )
}

/// `LookupEvents` for a category that there is none of.
pub fn unknown_event_category(category: &str) -> Fault {
    Fault::new("InvalidEventCategoryException", format!("The event category {category} is not valid."))
}

/// `ListPublicKeys` with a token: it never hands one out.
pub fn token_is_reserved() -> Fault {
    Fault::new("InvalidTokenException", "The token is not valid: NextToken is reserved for future use.")
}

// Trails.

/// An empty name.
pub fn blank_name() -> Fault {
    Fault::new("InvalidTrailNameException", "Trail name or ARN can not be blank.")
}

/// A name with characters beyond those allowed.
pub fn name_characters() -> Fault {
    Fault::new(
        "InvalidTrailNameException",
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
    )
}

/// A name of fewer than three characters.
pub fn name_too_short(length: usize) -> Fault {
    let sentence = format!(
        "Trail name too short. Minimum allowed length: 3 characters. Specified name length: {length} characters."
    );
    Fault::new("InvalidTrailNameException", sentence)
}

/// A name of more than 128 characters.
pub fn name_too_long(length: usize) -> Fault {
    let sentence = format!(
        "Trail name too long. Maximum allowed length: 128 characters. Specified name length: {length} characters."
    );
    Fault::new("InvalidTrailNameException", sentence)
}

/// A name that starts with a mark.
pub fn name_start() -> Fault {
    Fault::new("InvalidTrailNameException", "Trail name must starts with a letter or number.")
}

/// A name that ends with a mark.
pub fn name_end() -> Fault {
    Fault::new("InvalidTrailNameException", "Trail name must ends with a letter or number.")
}

/// A name with two marks in a row.
pub fn name_adjacent() -> Fault {
    Fault::new(
        "InvalidTrailNameException",
        "Trail name can not have adjacent periods (.), hyphens (-), or underscores (_).",
    )
}

/// A name that looks like an IP address.
pub fn name_is_address() -> Fault {
    Fault::new("InvalidTrailNameException", "Trail name can not be in IP address format.")
}

/// An ARN that is no trail's.
pub fn invalid_arn(arn: &str) -> Fault {
    Fault::new("CloudTrailARNInvalidException", format!("The specified ARN is not valid: {arn}."))
}

/// No such trail; names have become ARNs of the Region called.
pub fn unknown_trail(arn: &str, account: &AccountId) -> Fault {
    Fault::new("TrailNotFoundException", format!("Unknown trail: {arn} for the user: {account}"))
}

/// A change that was asked for outside of the trail's home Region.
pub fn not_at_home(arn: &str, home: Region) -> Fault {
    let sentence = format!("The trail {arn} can only be changed in its home Region, {home}.");
    Fault::new("InvalidHomeRegionException", sentence)
}

/// `CreateTrail` with a name that is taken.
pub fn trail_exists(name: &str, account: &AccountId) -> Fault {
    Fault::new("TrailAlreadyExistsException", format!("Trail {name} already exists for customer: {account}"))
}

/// One trail more than a Region may have.
pub fn too_many_trails(account: &AccountId, limit: usize, region: Region) -> Fault {
    let sentence = format!("User: {account} already has {limit} trails in {region}.");
    Fault::new("MaximumNumberOfTrailsExceededException", sentence)
}

/// A multi-Region trail without the events of global services.
pub fn multi_region_without_global() -> Fault {
    Fault::new("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
}

/// A bucket name that breaks S3's rules.
pub fn invalid_bucket_name(bucket: &str) -> Fault {
    Fault::new("InvalidS3BucketNameException", format!("Bucket name {bucket} is not valid."))
}

/// A bucket that does not exist.
pub fn no_such_bucket(bucket: &str) -> Fault {
    Fault::new("S3BucketDoesNotExistException", format!("S3 bucket {bucket} does not exist!"))
}

/// A bucket whose policy does not let CloudTrail in.
pub fn insufficient_bucket_policy(bucket: &str) -> Fault {
    let sentence = format!("Incorrect S3 bucket policy is detected for bucket: {bucket}");
    Fault::new("InsufficientS3BucketPolicyException", sentence)
}

/// What can be neither a name nor an ARN of a topic.
pub fn invalid_topic_name(name: &str) -> Fault {
    Fault::new("InvalidSnsTopicNameException", format!("SNS topic name or ARN is invalid: {name}"))
}

/// A topic that is not there, or whose policy does not let CloudTrail in.
pub fn insufficient_topic_policy() -> Fault {
    let sentence = "SNS Topic does not exist or the topic policy is incorrect!";
    Fault::new("InsufficientSnsTopicPolicyException", sentence)
}

/// A prefix over the limit.
pub fn prefix_too_long(limit: usize) -> Fault {
    Fault::new("InvalidS3PrefixException", format!("S3 key prefix is longer than {limit} characters."))
}

/// A prefix with characters that keys should not have.
pub fn invalid_prefix(prefix: &str) -> Fault {
    Fault::new("InvalidS3PrefixException", format!("S3 key prefix {prefix} is not valid."))
}

/// What is no ARN of a log group at the trail's home, or of one that there is none of.
pub fn unknown_log_group() -> Fault {
    let sentence = "Check the log group ARN: CloudTrail can't validate it.";
    Fault::new("InvalidCloudWatchLogsLogGroupArnException", sentence)
}

/// A log group without a role.
pub fn log_group_without_role() -> Fault {
    let sentence = "You must specify a role ARN as well as a log group.";
    Fault::new("InvalidCloudWatchLogsRoleArnException", sentence)
}

/// A role without a log group.
pub fn role_without_log_group() -> Fault {
    let sentence = "You must specify a log group as well as a role ARN.";
    Fault::new("InvalidCloudWatchLogsLogGroupArnException", sentence)
}

/// A role that there is none of, or that does not trust CloudTrail.
pub fn role_without_trust() -> Fault {
    let sentence = "Access denied. Check the trust relationships for your role.";
    Fault::new("InvalidCloudWatchLogsRoleArnException", sentence)
}

/// A role that may not write to the log group.
pub fn role_without_permissions() -> Fault {
    let sentence = "Access denied. Check the permissions for your role.";
    Fault::new("InvalidCloudWatchLogsLogGroupArnException", sentence)
}

/// A member whose feature is not built.
pub fn not_built(member: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {member} of CloudTrail yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

// Insights.

/// The Insights of a trail that has none.
pub fn insights_are_off(arn: &str) -> Fault {
    let sentence = format!(
        "Trail {arn} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again."
    );
    Fault::new("InsightNotEnabledException", sentence)
}

/// A trail and an event data store in one call, or neither.
pub fn one_source_of_insights() -> Fault {
    Fault::new("InvalidParameterCombinationException", "Specify either TrailName or EventDataStore.")
}

// Tags.

/// More tags than a resource may have.
pub fn too_many_tags(limit: usize) -> Fault {
    Fault::new("TagsLimitExceededException", format!("A resource can have at most {limit} tags."))
}

/// A key that only AWS may use.
pub fn reserved_tag() -> Fault {
    Fault::new("InvalidTagParameterException", "Tag keys that start with aws: are reserved for AWS use.")
}

/// A key that stands twice in one call.
pub fn duplicate_tag(key: &str) -> Fault {
    Fault::new("InvalidTagParameterException", format!("The tag key {key} is specified more than once."))
}

/// A resource of CloudTrail that is not a trail.
pub fn resource_type_not_supported(arn: &str) -> Fault {
    let sentence = format!("The type of the resource {arn} is not supported.");
    Fault::new("ResourceTypeNotSupportedException", sentence)
}

/// A trail that is not there to be tagged.
pub fn unknown_resource(arn: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("The resource {arn} does not exist."))
}

// Selectors.

fn invalid_selectors(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidEventSelectorsException", sentence)
}

/// Basic and advanced selectors in one call, or neither.
pub fn one_kind_of_selectors() -> Fault {
    invalid_selectors("Specify either EventSelectors or AdvancedEventSelectors, and at least one of them.")
}

/// More basic selectors than a trail may have.
pub fn too_many_selectors(limit: usize) -> Fault {
    invalid_selectors(format!("Specify a valid number of EventSelectors (1 to {limit}) for your trail."))
}

/// More values of data resources than a trail may have.
pub fn too_many_data_resources(limit: usize) -> Fault {
    invalid_selectors(format!("Specify a valid number of DataResources.Values (0 to {limit}) for all your selectors"))
}

/// No management events and no data events.
pub fn selector_selects_nothing() -> Fault {
    invalid_selectors(
        "Invalid combination of parameters in EventSelectors. When includeManagementEvents is false, DataResources must not be empty.",
    )
}

/// A source whose management events cannot be left out.
pub fn source_cannot_be_excluded(source: &str) -> Fault {
    invalid_selectors(format!("Value {source} for ExcludeManagementEventSources is invalid."))
}

/// Sources left out of management events that are not taken anyway.
pub fn excluded_from_nothing() -> Fault {
    invalid_selectors(
        "Invalid combination of parameters in EventSelectors. When includeManagementEvents is false, ExcludeManagementEventSources must be empty.",
    )
}

/// A type that basic selectors do not know.
pub fn data_resource_type(kind: &str) -> Fault {
    invalid_selectors(format!("Value {kind} for DataResources.Type is invalid."))
}

/// An ARN that is none of the type's.
pub fn data_resource_value(value: &str) -> Fault {
    invalid_selectors(format!("Value {value} for DataResources.Values is invalid."))
}

/// More values in the conditions of advanced selectors than a trail may have.
pub fn too_many_conditions(limit: usize) -> Fault {
    invalid_selectors(format!(
        "Specify at most {limit} values for all conditions in all your advanced event selectors."
    ))
}

/// A field that every selector of the category needs.
pub fn field_is_required(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} is required in FieldSelectors."))
}

/// A field that takes one value, with `Equals`.
pub fn one_equals(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} takes exactly one value, with the operator Equals."))
}

/// A field that takes no operator but `Equals`.
pub fn only_equals(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} takes only the operator Equals."))
}

/// A field that takes no operator but `NotEquals`.
pub fn only_not_equals(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} takes only the operator NotEquals."))
}

/// A field without a condition.
pub fn no_operator(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} has no operator."))
}

/// A value that a field never has.
pub fn field_value(field: &str, value: &str) -> Fault {
    invalid_selectors(format!("Value {value} for field {field} is invalid."))
}

/// A field twice in one selector.
pub fn duplicate_field(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} stands more than once in FieldSelectors."))
}

/// A field that the category does not have.
pub fn unknown_field(field: &str) -> Fault {
    invalid_selectors(format!("Field {field} is invalid for the event category."))
}
