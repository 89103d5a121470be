//! Every sentence SQS says to a client. AWS's words, as its answers show them.

use std::fmt::Display;

use crate::wire::Fault;

/// `Value X for parameter P is invalid. Reason: R`
fn invalid_value(value: impl Display, parameter: &str, reason: impl Display) -> Fault {
    invalid_parameter(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

fn invalid_parameter(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValueException", sentence)
}

/// A parameter that is missing or empty.
pub fn missing(parameter: &str) -> Fault {
    let sentence = format!("The request must contain the parameter {parameter}.");
    Fault::new("MissingRequiredParameterException", sentence)
}

/// A setting whose feature is not built.
pub fn not_built(setting: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {setting} of SQS queues yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

// Queues.

/// A name or URL that no queue has.
pub fn no_such_queue() -> Fault {
    Fault::new("QueueDoesNotExist", "The specified queue does not exist.")
}

/// A queue of another account that cannot be looked up.
pub fn no_such_queue_or_no_access() -> Fault {
    Fault::new("QueueDoesNotExist", "The specified queue does not exist or you do not have access to it.")
}

/// A text that is no queue's URL, or one of another Region.
pub fn invalid_address(url: &str) -> Fault {
    Fault::new("InvalidAddress", format!("The address {url} is not valid for this endpoint."))
}

/// What a queue's policy does not let in. SQS writes actions in small letters.
pub fn access_denied(caller: Option<&str>, action: &str, arn: &str, url: &str) -> Fault {
    let action = format!("sqs:{}", action.to_ascii_lowercase());
    let sentence = match caller {
        Some(caller) => format!(
            "User: {caller} is not authorized to perform: {action} on resource: {arn} because no resource-based policy \
             allows the {action} action"
        ),
        None => format!("Access to the resource {url} is denied."),
    };
    Fault::new("AccessDeniedException", sentence)
}

/// A name of a standard queue that cannot be one.
pub fn queue_name() -> Fault {
    invalid_parameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
}

/// A name of a FIFO queue that cannot be one.
pub fn fifo_queue_name() -> Fault {
    invalid_parameter(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
         .fifo suffix and be 1 to 80 in length",
    )
}

/// A queue of that name with other attributes.
pub fn queue_exists(attribute: &str) -> Fault {
    let sentence = format!("A queue already exists with the same name and a different value for attribute {attribute}");
    Fault::new("QueueNameExists", sentence)
}

/// A name that was in use a moment ago.
pub fn deleted_recently() -> Fault {
    let sentence = "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
    Fault::new("QueueDeletedRecently", sentence)
}

/// A second purge within a minute.
pub fn purge_in_progress(queue: &str) -> Fault {
    let sentence = format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.");
    Fault::new("PurgeQueueInProgress", sentence)
}

/// A page size out of range.
pub fn max_results(given: i64, max: i64) -> Fault {
    invalid_value(given, "MaxResults", format!("MaxResults must be an integer between 1 and {max}."))
}

/// A page token that is none of ours.
pub fn next_token() -> Fault {
    invalid_parameter("Invalid or expired next token.")
}

// Attributes.

/// An attribute that the queue has not.
pub fn unknown_attribute(name: &str) -> Fault {
    Fault::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

/// A value that an attribute cannot have.
pub fn attribute_value(name: &str) -> Fault {
    Fault::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

/// The change of a standard queue to FIFO or back.
pub fn queue_type() -> Fault {
    let sentence = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
    Fault::new("InvalidAttributeValue", sentence)
}

/// A limit for each group, where deduplication is for the whole queue.
pub fn throughput_needs_scope() -> Fault {
    let sentence = "Invalid value for the parameter FifoThroughputLimit. Reason: The value perMessageGroupId is \
        allowed only when the value for DeduplicationScope is messageGroup.";
    Fault::new("InvalidAttributeValue", sentence)
}

/// What is wrong with a redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedriveFlaw {
    NotAMap,
    Missing(&'static str),
    TargetArn,
    Count(String),
    NoTarget,
    OtherType,
    NotAllowed,
}

/// A redrive policy that cannot be, as it was given.
pub fn redrive_policy(given: &str, flaw: &RedriveFlaw) -> Fault {
    let reason = match flaw {
        RedriveFlaw::NotAMap => "Redrive policy is not a valid JSON map.".to_owned(),
        RedriveFlaw::Missing(member) => format!("Redrive policy does not contain mandatory attribute: {member}."),
        RedriveFlaw::TargetArn => "Invalid value for deadLetterTargetArn.".to_owned(),
        RedriveFlaw::Count(count) => {
            format!("Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive.")
        }
        RedriveFlaw::NoTarget => "Dead letter target does not exist.".to_owned(),
        RedriveFlaw::OtherType => "Dead-letter queue must be same type of queue as the source.".to_owned(),
        RedriveFlaw::NotAllowed => {
            "The redrive allow policy of the dead letter target does not allow this queue.".to_owned()
        }
    };
    invalid_value(given, "RedrivePolicy", reason)
}

/// A redrive allow policy that cannot be.
pub fn redrive_allow_policy(given: &str) -> Fault {
    let reason = "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.";
    invalid_value(given, "RedriveAllowPolicy", reason)
}

// Permissions and tags.

/// A label that a statement has already.
pub fn label_exists(label: &str) -> Fault {
    invalid_value(label, "Label", "Already exists.")
}

/// A label that no statement has.
pub fn no_label(label: &str) -> Fault {
    invalid_value(label, "Label", "can't find label.")
}

/// A text that cannot be a label.
pub fn label(label: &str) -> Fault {
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    invalid_value(label, "Label", reason)
}

/// Something that is no account.
pub fn principal(accounts: &[String]) -> Fault {
    invalid_value(format!("[{}]", accounts.join(", ")), "PrincipalId", "Unable to verify.")
}

/// An action that only the owner may take.
pub fn owners_action(action: &str) -> Fault {
    let reason = "Only the queue owner is allowed to invoke this action.";
    invalid_value(format!("SQS:{action}"), "ActionName", reason)
}

/// An action that there is not.
pub fn no_action(action: &str) -> Fault {
    let reason = "Please refer to the appropriate WSDL for a list of valid actions.";
    invalid_value(format!("SQS:{action}"), "ActionName", reason)
}

/// More actions than a statement may have.
pub fn too_many_actions(given: usize, max: usize) -> Fault {
    Fault::new("OverLimit", format!("{given} Actions were found, maximum allowed is {max}."))
}

/// More tags than a queue may have.
pub fn too_many_tags(queue: &str) -> Fault {
    invalid_parameter(format!("Too many tags added for queue {queue}."))
}

/// A tag whose key or value cannot be.
pub fn tag(text: &str) -> Fault {
    invalid_parameter(format!("Tag key or value '{text}' is not valid."))
}

// Messages.

/// Text beyond what XML can hold.
pub fn characters() -> Fault {
    let sentence = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 \
        to #xFFFD | #x10000 to #x10FFFF";
    Fault::new("InvalidMessageContents", sentence)
}

/// A message larger than its queue takes.
pub fn too_long(max: i64) -> Fault {
    invalid_parameter(format!("One or more parameters are invalid. Reason: Message must be shorter than {max} bytes."))
}

/// A delay out of range.
pub fn delay(given: i64, max: i64) -> Fault {
    invalid_value(given, "DelaySeconds", format!("DelaySeconds must be >= 0 and <= {max}."))
}

/// A parameter that queues of this type do not have.
pub fn not_for_this_type(value: impl Display, parameter: &str) -> Fault {
    let reason = "The request include parameter that is not valid for this queue type.";
    invalid_value(value, parameter, reason)
}

/// A group or deduplication id that cannot be.
pub fn fifo_id(value: &str, parameter: &str) -> Fault {
    let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    invalid_value(value, parameter, reason)
}

/// A batch of messages without group ids, as a whole.
pub fn group_missing_in_batch() -> Fault {
    invalid_parameter("The request must contain the parameter MessageGroupId.")
}

/// Nothing to tell duplicates by.
pub fn no_deduplication_id() -> Fault {
    invalid_parameter(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// What is wrong with a message attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeFlaw {
    TooMany(usize, usize),
    NameLength,
    NameCharacters,
    NameReserved,
    TypeMissing,
    TypeLength,
    Type(String),
    Empty(String, String),
    Lists,
    Number(String),
    Characters,
    System(String),
}

/// A message attribute that cannot be.
pub fn message_attribute(flaw: AttributeFlaw) -> Fault {
    invalid_parameter(match flaw {
        AttributeFlaw::TooMany(given, max) => {
            format!("Number of message attributes [{given}] exceeds the allowed maximum [{max}].")
        }
        AttributeFlaw::NameLength => "Message (user) attribute names must be shorter than 256 Bytes".to_owned(),
        AttributeFlaw::NameCharacters => {
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, \
             hyphens and underscores. "
                .to_owned()
        }
        AttributeFlaw::NameReserved => {
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for \
             internal use. Additionally, they cannot start or end with '.'."
                .to_owned()
        }
        AttributeFlaw::TypeMissing => "Missing required parameter DataType".to_owned(),
        AttributeFlaw::TypeLength => "Message (user) attribute types must be shorter than 256 Bytes".to_owned(),
        AttributeFlaw::Type(given) => format!(
            "Type for parameter MessageAttributes.Attribute_name.DataType must be prefixed with \"String\", \"Binary\", \
             or \"Number\", but was: {given}"
        ),
        AttributeFlaw::Empty(name, kind) => {
            format!("Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'.")
        }
        AttributeFlaw::Lists => "Message attribute list values in SendMessage operation are not supported.".to_owned(),
        AttributeFlaw::Number(name) => {
            format!("Can't cast the value of message (user) attribute '{name}' to a number.")
        }
        AttributeFlaw::Characters => return characters(),
        AttributeFlaw::System(name) => format!("Message system attribute '{name}' is invalid."),
    })
}

/// More or fewer messages than one call gives.
pub fn message_count(given: i64) -> Fault {
    invalid_value(given, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
}

/// A wait out of range.
pub fn wait_time(given: i64) -> Fault {
    invalid_value(given, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
}

/// A visibility timeout out of range.
pub fn visibility(given: i64) -> Fault {
    invalid_value(given, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
}

/// A message that would stay invisible for too long in all.
pub fn visibility_beyond_limit(given: i64) -> Fault {
    let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    invalid_value(given, "VisibilityTimeout", reason)
}

/// As many messages in flight as there may be.
pub fn over_limit() -> Fault {
    Fault::new("OverLimit", "The maximum number of in flight messages is reached.")
}

/// A text that is no receipt handle of this queue.
pub fn receipt_handle(handle: &str) -> Fault {
    let sentence = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    Fault::new("ReceiptHandleIsInvalid", sentence)
}

/// A receipt handle of a FIFO queue that has had its time.
pub fn receipt_expired(handle: &str) -> Fault {
    invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")
}

/// A message that is gone, or was received by somebody else since.
pub fn not_available(handle: &str) -> Fault {
    let reason = "Message does not exist or is not available for visibility timeout change.";
    invalid_value(handle, "ReceiptHandle", reason)
}

// Batches.

/// A batch of nothing.
pub fn empty_batch(entry: &str) -> Fault {
    Fault::new("EmptyBatchRequest", format!("There should be at least one {entry} in the request."))
}

/// A batch of too many.
pub fn too_many_entries(given: usize) -> Fault {
    let sentence = format!("Maximum number of entries per request are 10. You have sent {given}.");
    Fault::new("TooManyEntriesInBatchRequest", sentence)
}

/// An entry's id that cannot be.
pub fn entry_id() -> Fault {
    let sentence = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at \
        most 80 letters long.";
    Fault::new("InvalidBatchEntryId", sentence)
}

/// An id that two entries have.
pub fn entry_ids_not_distinct(id: &str) -> Fault {
    Fault::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
}

/// A batch larger than one call takes.
pub fn batch_too_long(max: usize, given: usize) -> Fault {
    let sentence = format!("Batch requests cannot be longer than {max} bytes. You have sent {given} bytes.");
    Fault::new("BatchRequestTooLong", sentence)
}

// Tasks that move messages.

/// A text that is no queue's ARN.
pub fn arn_format(parameter: &str) -> Fault {
    invalid_parameter(format!(
        "You must use this format to specify the {parameter}: \
         arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
    ))
}

/// An ARN that no queue has.
pub fn no_such_resource(parameter: &str) -> Fault {
    let sentence = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
    Fault::new("ResourceNotFoundException", sentence)
}

/// A source that is no dead-letter queue.
pub fn not_a_dead_letter_queue() -> Fault {
    invalid_parameter("Source queue must be configured as a Dead Letter Queue.")
}

/// Source and destination of different types, or the same queue.
pub fn move_destination(arn: &str) -> Fault {
    invalid_value(arn, "DestinationArn", "The destination must be another queue of the same type as the source.")
}

/// A rate out of range.
pub fn move_rate(given: i64) -> Fault {
    invalid_value(given, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
}

/// A second task on one source.
pub fn already_moving() -> Fault {
    invalid_parameter(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    )
}

/// A text that is no task's handle.
pub fn task_handle() -> Fault {
    invalid_parameter("Value for parameter TaskHandle is invalid.")
}

/// A task that there is not.
pub fn no_such_task() -> Fault {
    Fault::new("ResourceNotFoundException", "Task does not exist.")
}

/// A task that has ended.
pub fn task_has_ended() -> Fault {
    invalid_parameter("Only active message movement tasks can be cancelled.")
}
