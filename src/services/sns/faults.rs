//! Every sentence SNS says to a client. Most are AWS's own, as its answers show them.

use crate::wire::Fault;

/// `Invalid parameter: …`
pub fn invalid(what: impl std::fmt::Display) -> Fault {
    Fault::new("InvalidParameterException", format!("Invalid parameter: {what}"))
}

/// The same, where a call names attributes in a map.
pub fn because(parameter: &str, reason: impl std::fmt::Display) -> Fault {
    invalid(format!("{parameter} Reason: {reason}"))
}

/// A setting whose feature is not built.
pub fn not_built(setting: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {setting} of SNS yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

/// A caller whom neither the account nor the topic's policy lets in.
pub fn not_authorized(caller: &str, action: &str, resource: &str) -> Fault {
    let sentence = format!(
        "User: {caller} is not authorized to perform: {action} on resource: {resource} because no resource-based policy \
         allows the {action} action"
    );
    Fault::new("AuthorizationErrorException", sentence)
}

/// A signature is missing where one is needed.
pub fn needs_signature() -> Fault {
    Fault::new("AuthorizationErrorException", "This call requires an AWS signature.")
}

// ARNs.

/// A text that is no ARN.
pub fn too_few_elements(parameter: &str, count: usize) -> Fault {
    because(parameter, format!("An ARN must have at least 6 elements, not {count}"))
}

/// A required parameter that is empty.
pub fn no_value(parameter: &str) -> Fault {
    because(parameter, "no value for required parameter")
}

// Topics.

/// No topic of that ARN.
pub fn no_topic() -> Fault {
    Fault::new("NotFoundException", "Topic does not exist")
}

/// A name that topics cannot have.
pub fn topic_name() -> Fault {
    invalid("Topic Name")
}

/// A name that FIFO topics cannot have.
pub fn fifo_topic_name() -> Fault {
    invalid(
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, \
         numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
    )
}

/// A topic of that name with other attributes.
pub fn other_attributes() -> Fault {
    because("Attributes", "Topic already exists with different attributes")
}

/// A topic of that name with other tags.
pub fn other_tags() -> Fault {
    because("Tags", "Topic already exists with different tags")
}

/// More topics than an account may have in a Region.
pub fn too_many_topics() -> Fault {
    Fault::new("TopicLimitExceededException", "Topic limit exceeded")
}

/// A name that attributes do not have.
pub fn unknown_attribute() -> Fault {
    invalid("AttributeName")
}

/// A value of an attribute that is neither of its values.
pub fn not_a_boolean(attribute: &str, value: &str) -> Fault {
    invalid(format!("{attribute}: Invalid value [{value}]. Must be true or false."))
}

/// Another value than those an attribute may have.
pub fn attribute_value(attribute: &str, value: &str, allowed: &str) -> Fault {
    invalid(format!("{attribute}: Invalid value [{value}]. Please use either {allowed}"))
}

/// A limit that topics cannot have.
pub fn message_size(value: &str) -> Fault {
    invalid(format!("MaximumMessageSize: Invalid value [{value}]. Must be between 1024 and 1048576."))
}

/// An attribute that FIFO topics alone have.
pub fn of_fifo_topics(attribute: &str) -> Fault {
    invalid(format!("{attribute} is only valid for FIFO topics"))
}

/// A policy that cannot be read.
pub fn policy_error() -> Fault {
    invalid("Policy Error: null")
}

/// A policy about actions of other services, or about none.
pub fn out_of_scope() -> Fault {
    invalid("Policy statement action out of service scope!")
}

/// A label that a statement has already.
pub fn statement_exists() -> Fault {
    invalid("Statement already exists")
}

/// A token that no listing gave out.
pub fn next_token() -> Fault {
    invalid("NextToken")
}

// Tags.

/// No resource of that ARN.
pub fn no_resource() -> Fault {
    Fault::new("ResourceNotFoundException", "Resource does not exist")
}

/// A key that stands twice in one call.
pub fn duplicate_tags() -> Fault {
    invalid("Duplicated keys are not allowed.")
}

/// More tags than a topic may have.
pub fn too_many_tags() -> Fault {
    Fault::new("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded")
}

// Subscriptions.

/// No subscription of that ARN.
pub fn no_subscription() -> Fault {
    Fault::new("NotFoundException", "Subscription does not exist")
}

/// A protocol that there is none of.
pub fn unknown_protocol(name: &str) -> Fault {
    invalid(format!("Amazon SNS does not support this protocol string: {name}"))
}

/// A protocol that FIFO topics do not deliver to.
pub fn protocol_for_fifo(name: &str) -> Fault {
    invalid(format!("Invalid protocol type: {name}"))
}

/// A phone number that is none.
pub fn sms_endpoint(number: &str) -> Fault {
    Fault::new("InvalidParameterException", format!("Invalid SMS endpoint: {number}"))
}

/// A FIFO queue where a standard topic would deliver.
pub fn fifo_queue() -> Fault {
    invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
}

/// A function that does not exist: trailcam has no Lambda.
pub fn no_function(arn: &str) -> Fault {
    because("Endpoint", format!("The function does not exist for endpoint arn {arn}. Trailcam has no Lambda."))
}

/// A mobile application's endpoint that does not exist: trailcam has none.
pub fn no_application_endpoint(arn: &str) -> Fault {
    because("Endpoint", format!("Endpoint does not exist for endpoint arn {arn}"))
}

/// A subscription of that endpoint with other attributes.
pub fn other_subscription_attributes() -> Fault {
    because("Attributes", "Subscription already exists with different attributes")
}

/// More subscriptions than a topic may have here.
pub fn too_many_subscriptions() -> Fault {
    Fault::new("SubscriptionLimitExceededException", "Subscription limit exceeded")
}

/// Messages over 256 KiB, and subscribers that cannot have them.
pub fn large_messages() -> Fault {
    invalid(
        "MaximumMessageSize Reason: A topic with a MaximumMessageSize above 256 KiB must have 100 or fewer \
         subscriptions, of SQS, Firehose or Lambda",
    )
}

/// More filter policies than a topic may have.
pub fn too_many_filters() -> Fault {
    Fault::new("FilterPolicyLimitExceededException", "Filter policy limit exceeded")
}

/// A token that no confirmation asked for.
pub fn token() -> Fault {
    invalid("Token")
}

/// A text that cannot be a token.
pub fn malformed_token() -> Fault {
    Fault::new("InvalidParameterException", "Invalid token")
}

/// A token of another topic.
pub fn topic_of_token() -> Fault {
    invalid("Topic")
}

/// The end of a subscription's ARN is no UUID.
pub fn subscription_id() -> Fault {
    invalid("SubscriptionId")
}

/// Raw delivery where the protocol has none.
pub fn no_raw_delivery(protocol: &str) -> Fault {
    invalid(format!("Delivery protocol [{protocol}] does not support raw message delivery."))
}

/// Why a text is no JSON, where it stops being so: in the words of AWS's parser.
pub fn failed_to_parse(attribute: &str, flaw: &str) -> Fault {
    invalid(format!("{attribute}: failed to parse JSON. {flaw}"))
}

/// What is wrong with a filter policy.
pub fn filter_policy(flaw: &str) -> Fault {
    invalid(format!("FilterPolicy: {flaw}"))
}

/// Nested properties where attributes are compared.
pub fn nested_filter_policy() -> Fault {
    invalid("Filter policy scope MessageAttributes does not support nested filter policy")
}

/// What is wrong with a redrive policy.
pub fn redrive_policy(flaw: &str) -> Fault {
    invalid(format!("RedrivePolicy: {flaw}"))
}

/// What is wrong with a delivery policy.
pub fn delivery_policy(flaw: impl std::fmt::Display) -> Fault {
    invalid(format!("DeliveryPolicy: {flaw}"))
}

/// A Firehose subscription without a role that lets SNS in.
pub fn subscription_role() -> Fault {
    invalid("SubscriptionRoleArn: must be specified, with a role that exists and trusts sns.amazonaws.com")
}

/// An attribute that other protocols have.
pub fn attribute_of_others(attribute: &str, protocol: &str) -> Fault {
    invalid(format!("{attribute}: Delivery protocol [{protocol}] does not support this attribute."))
}

/// The same fault as `Subscribe` says it, whose attributes come in a map.
pub fn in_attributes(mut fault: Fault) -> Fault {
    let is_about_attributes = |rest: &&str| {
        [
            "FilterPolicy",
            "RedrivePolicy",
            "DeliveryPolicy",
            "RawMessageDelivery",
            "SubscriptionRoleArn",
            "Filter policy",
        ]
        .iter()
        .any(|name| rest.starts_with(name))
    };
    if let Some(rest) = fault.message.strip_prefix("Invalid parameter: ").filter(is_about_attributes) {
        fault.message = format!("Invalid parameter: Attributes Reason: {rest}");
    }
    fault
}

// Messages.

/// Nothing to publish to.
pub fn no_target() -> Fault {
    invalid("TopicArn or TargetArn Reason: no value for required parameter")
}

/// A mobile endpoint to publish to: there is none.
pub fn no_endpoint() -> Fault {
    because("TargetArn", "No endpoint found for the target arn specified")
}

/// A phone number that cannot be published to.
pub fn phone_number(number: &str) -> Fault {
    because("PhoneNumber", format!("{number} is not valid to publish to"))
}

/// A parameter that the type of the topic has not.
pub fn not_for_topic_type(parameter: &str) -> Fault {
    because(parameter, format!("The request includes {parameter} parameter that is not valid for this topic type"))
}

/// No group for a FIFO topic.
pub fn no_group() -> Fault {
    invalid("The MessageGroupId parameter is required for FIFO topics")
}

/// Nothing to tell duplicates by.
pub fn no_deduplication() -> Fault {
    invalid(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// A group or deduplication id of characters or a length it cannot have.
pub fn malformed_id(parameter: &str) -> Fault {
    because(parameter, "must be 1 to 128 alphanumeric characters and punctuation")
}

/// A message that says nothing.
pub fn empty_message() -> Fault {
    invalid("Empty message")
}

/// A message longer than the topic takes.
pub fn message_too_long() -> Fault {
    invalid("Message too long")
}

/// Anything but `json`.
pub fn message_structure() -> Fault {
    invalid("MessageStructure")
}

/// A message by protocol that is no JSON object.
pub fn unstructured_message() -> Fault {
    invalid("Message Structure - JSON message body failed to parse")
}

/// A message by protocol that has none for all others.
pub fn no_default_message() -> Fault {
    invalid("Message Structure - No default entry in JSON message body")
}

/// More waits to be delivered than fits into memory.
pub fn throttled() -> Fault {
    Fault::new("ThrottledException", "Too many messages wait for their delivery. Publish again later.")
}

fn parameter_value(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", sentence)
}

/// A value that the type of an attribute has not.
pub fn wrong_field(name: &str, kind: &str, field: &str) -> Fault {
    parameter_value(format!("The message attribute '{name}' with type '{kind}' must use field '{field}'."))
}

/// An attribute without a value.
pub fn empty_value(name: &str, kind: &str) -> Fault {
    parameter_value(format!(
        "The message attribute '{name}' must contain non-empty message attribute value for message attribute type \
         '{kind}'."
    ))
}

/// An attribute without a type.
pub fn empty_type(name: &str) -> Fault {
    parameter_value(format!("The message attribute '{name}' must contain non-empty message attribute type."))
}

/// A type that there is none of.
pub fn attribute_type(name: &str) -> Fault {
    parameter_value(format!(
        "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is \
         Binary, Number, and String."
    ))
}

/// A number that is none.
pub fn not_a_number(name: &str) -> Fault {
    parameter_value(format!("Could not cast message attribute '{name}' value to number."))
}

/// A name of an attribute that is too long.
pub fn attribute_name_length() -> Fault {
    parameter_value("Length of message attribute name must be less than 256 bytes.")
}

/// A letter that names of attributes cannot have.
pub fn attribute_name_letter(letter: char) -> Fault {
    parameter_value(format!(
        "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
         alphanumeric characters, hyphens, underscores, or dots.",
        u32::from(letter)
    ))
}

/// A dot at the beginning (`starting`) or at the end (`ending`) of a name.
pub fn attribute_name_dot(place: &str) -> Fault {
    parameter_value(format!("Invalid message attribute name {place} with character '.' was found."))
}

/// Two dots in a row.
pub fn attribute_name_dots() -> Fault {
    parameter_value("Message attribute name can not have successive '.' character.")
}

// Batches.

/// A batch of nothing.
pub fn empty_batch() -> Fault {
    Fault::new("EmptyBatchRequestException", "The batch request doesn't contain any entries.")
}

/// A batch of too many.
pub fn large_batch() -> Fault {
    Fault::new("TooManyEntriesInBatchRequestException", "The batch request contains more entries than permissible.")
}

/// A batch of too many bytes.
pub fn long_batch() -> Fault {
    let sentence = "The length of all the messages put together is more than the limit.";
    Fault::new("BatchRequestTooLongException", sentence)
}

/// Entries that cannot be told apart.
pub fn same_ids() -> Fault {
    Fault::new("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id.")
}

/// An id of an entry that is too long, or has other letters than it may.
pub fn batch_entry_id() -> Fault {
    let sentence = "The Id of a batch entry in a batch request doesn't abide by the specification.";
    Fault::new("InvalidBatchEntryIdException", sentence)
}
