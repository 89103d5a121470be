//! Every sentence SQS says to a client.

use crate::wire::Fault;

fn invalid_value(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", sentence)
}

/// A parameter whose value cannot be, with the reason.
pub fn invalid(parameter: &str, value: &str, reason: &str) -> Fault {
    invalid_value(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

/// A parameter that is not there.
pub fn missing(parameter: &str) -> Fault {
    Fault::new("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

/// A feature that is not built.
pub fn not_built(what: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {what} of SQS queues yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

// Queues.

/// A URL, name or ARN of no queue.
pub fn no_such_queue() -> Fault {
    Fault::new("QueueDoesNotExist", "The specified queue does not exist.")
}

/// A queue of another account that cannot be looked up.
pub fn no_such_queue_or_no_access() -> Fault {
    Fault::new("QueueDoesNotExist", "The specified queue does not exist or you do not have access to it.")
}

/// What is no URL of a queue, or that of another Region.
pub fn invalid_address(url: &str) -> Fault {
    Fault::new("InvalidAddress", format!("The address {url} is not valid for this endpoint."))
}

const NAME_RULE: &str = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";

/// A name that cannot be.
pub fn invalid_name() -> Fault {
    invalid_value(NAME_RULE)
}

/// A name without the ending of FIFO queues.
pub fn invalid_fifo_name() -> Fault {
    invalid_value(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length",
    )
}

/// A queue of the name with other attributes.
pub fn queue_exists(attribute: &str) -> Fault {
    let sentence = format!("A queue already exists with the same name and a different value for attribute {attribute}");
    Fault::new("QueueNameExists", sentence)
}

/// The name of a queue that was just deleted.
pub fn deleted_recently(seconds: i64) -> Fault {
    let sentence = format!(
        "You must wait {seconds} seconds after deleting a queue before you can create another with the same name."
    );
    Fault::new("QueueDeletedRecently", sentence)
}

/// A purge while another is under way.
pub fn purge_in_progress(queue: &str, seconds: i64) -> Fault {
    let sentence = format!("Only one PurgeQueue operation on {queue} is allowed every {seconds} seconds.");
    Fault::new("PurgeQueueInProgress", sentence)
}

/// A caller whom the queue's policy does not let in. SQS writes actions in small letters.
pub fn access_denied(caller: &str, action: &str, arn: &str) -> Fault {
    let action = format!("sqs:{}", action.to_ascii_lowercase());
    let sentence = format!(
        "User: {caller} is not authorized to perform: {action} on resource: {arn} because no resource-based policy \
         allows the {action} action"
    );
    Fault::new("AccessDenied", sentence)
}

/// A caller without a signature whom nothing lets in.
pub fn unsigned_denied(url: &str) -> Fault {
    Fault::new("AccessDenied", format!("Access to the resource {url} is denied."))
}

/// A token that no page has ended with.
pub fn invalid_token() -> Fault {
    invalid_value("Invalid or expired next token.")
}

// Attributes of queues.

/// An attribute that there is none of, or that cannot be set.
pub fn unknown_attribute(name: &str) -> Fault {
    Fault::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

/// An attribute's value that cannot be.
pub fn invalid_attribute(name: &str) -> Fault {
    Fault::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

/// An attribute's value that cannot be, with the reason.
fn invalid_attribute_because(name: &str, reason: &str) -> Fault {
    Fault::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}. Reason: {reason}"))
}

/// The change of a standard queue to FIFO or back.
pub fn queue_type() -> Fault {
    invalid_attribute_because("FifoQueue", "Modifying queue type is not supported.")
}

/// A limit for each group, where deduplication is for the whole queue.
pub fn throughput_needs_scope() -> Fault {
    let reason = "The value perMessageGroupId is allowed only when the value for DeduplicationScope is messageGroup.";
    invalid_attribute_because("FifoThroughputLimit", reason)
}

/// More tags than a queue may have.
pub fn too_many_tags(queue: &str) -> Fault {
    invalid_value(format!("Too many tags added for queue {queue}."))
}

/// A tag whose key or value cannot be.
pub fn bad_tag(text: &str) -> Fault {
    invalid_value(format!("Tag key or value '{text}' is not valid."))
}

// Permissions.

/// A label that a statement has already.
pub fn label_exists(label: &str) -> Fault {
    invalid("Label", label, "Already exists.")
}

/// A label that no statement has.
pub fn no_label(label: &str) -> Fault {
    invalid("Label", label, "can't find label.")
}

/// A text that cannot be a label.
pub fn bad_label(label: &str) -> Fault {
    invalid("Label", label, NAME_RULE)
}

/// Something that is no account.
pub fn no_account(accounts: &[String]) -> Fault {
    invalid("PrincipalId", &format!("[{}]", accounts.join(", ")), "Unable to verify.")
}

/// An action that only the owner may take.
pub fn owners_action(action: &str) -> Fault {
    invalid("ActionName", &format!("SQS:{action}"), "Only the queue owner is allowed to invoke this action.")
}

/// An action that there is not.
pub fn no_action(action: &str) -> Fault {
    let reason = "Please refer to the appropriate WSDL for a list of valid actions.";
    invalid("ActionName", &format!("SQS:{action}"), reason)
}

/// More actions than a statement may have.
pub fn too_many_actions(count: usize, limit: usize) -> Fault {
    Fault::new("OverLimit", format!("{count} Actions were found, maximum allowed is {limit}."))
}

// Messages.

/// Characters that XML cannot hold.
pub fn bad_characters() -> Fault {
    let sentence = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 \
        to #xFFFD | #x10000 to #x10FFFF";
    Fault::new("InvalidMessageContents", sentence)
}

/// A message over its queue's limit.
pub fn message_too_long(limit: i64) -> Fault {
    invalid_value(format!("One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."))
}

/// More attributes than a message may have.
pub fn too_many_attributes(count: usize, limit: usize) -> Fault {
    invalid_value(format!("Number of message attributes [{count}] exceeds the allowed maximum [{limit}]."))
}

/// An attribute's name of more bytes than there may be.
pub fn attribute_name_too_long(limit: usize) -> Fault {
    invalid_value(format!("Message (user) attribute names must be shorter than {limit} Bytes"))
}

/// An attribute's name of other characters.
pub fn bad_attribute_name() -> Fault {
    invalid_value(
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens \
         and underscores. ",
    )
}

/// An attribute's name that AWS keeps for itself.
pub fn reserved_attribute_name() -> Fault {
    invalid_value(
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for \
         internal use. Additionally, they cannot start or end with '.'.",
    )
}

/// A system attribute that senders cannot set.
pub fn unknown_system_attribute(name: &str) -> Fault {
    invalid_value(format!("Message system attribute name '{name}' is invalid."))
}

/// An attribute without a type.
pub fn no_attribute_type() -> Fault {
    invalid_value("Missing required parameter DataType")
}

/// An attribute's type of more bytes than there may be.
pub fn attribute_type_too_long(limit: usize) -> Fault {
    invalid_value(format!("Message (user) attribute types must be shorter than {limit} Bytes"))
}

/// A type that is none of the three.
pub fn unknown_attribute_type(data_type: &str) -> Fault {
    invalid_value(format!(
        "Type for parameter MessageAttributes.Attribute_name.DataType must be prefixed with \"String\", \"Binary\", or \
         \"Number\", but was: {data_type}"
    ))
}

/// An attribute without a value of its type.
pub fn empty_attribute(name: &str, base: &str) -> Fault {
    invalid_value(format!("Message (user) attribute '{name}' must contain a non-empty value of type '{base}'."))
}

/// Lists, which AWS has reserved and never taken.
pub fn attribute_lists() -> Fault {
    invalid_value("Message attribute list values in SendMessage operation are not supported.")
}

/// A number that is none.
pub fn no_number(name: &str) -> Fault {
    invalid_value(format!("Can't cast the value of message (user) attribute '{name}' to a number."))
}

/// A batch of messages to a FIFO queue of which one has no group.
pub fn no_group_in_batch() -> Fault {
    invalid_value("The request must contain the parameter MessageGroupId.")
}

/// A FIFO queue that is not told how to know duplicates.
pub fn no_deduplication() -> Fault {
    invalid_value(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// A parameter that queues of this type do not take.
pub fn wrong_queue_type(parameter: &str, value: &str) -> Fault {
    invalid(parameter, value, "The request include parameter that is not valid for this queue type.")
}

/// What is no receipt handle of the queue.
pub fn invalid_receipt(handle: &str) -> Fault {
    Fault::new(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
    )
}

/// A handle of a FIFO queue's message that is visible again.
pub fn expired_receipt(handle: &str) -> Fault {
    invalid("ReceiptHandle", handle, "The receipt handle has expired.")
}

/// A handle of a message that is not in flight.
pub fn not_in_flight(handle: &str) -> Fault {
    let reason = "Message does not exist or is not available for visibility timeout change.";
    invalid("ReceiptHandle", handle, reason)
}

/// A message that would stay invisible for longer than messages may.
pub fn invisible_too_long(seconds: i64, limit: i64) -> Fault {
    let reason = format!("Total VisibilityTimeout for the message is beyond the limit [{limit} seconds]");
    invalid("VisibilityTimeout", &seconds.to_string(), &reason)
}

/// More messages in flight than a queue may have.
pub fn over_limit() -> Fault {
    Fault::new("OverLimit", "Too many messages in flight.")
}

// Batches.

/// A batch of nothing.
pub fn empty_batch(entry: &str) -> Fault {
    Fault::new("EmptyBatchRequest", format!("There should be at least one {entry} in the request."))
}

/// A batch of too much.
pub fn too_many_entries(count: usize, limit: usize) -> Fault {
    let sentence = format!("Maximum number of entries per request are {limit}. You have sent {count}.");
    Fault::new("TooManyEntriesInBatchRequest", sentence)
}

/// An id twice in a batch.
pub fn repeated_id(id: &str) -> Fault {
    Fault::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
}

/// An id that cannot be.
pub fn invalid_id() -> Fault {
    let sentence = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
    Fault::new("InvalidBatchEntryId", sentence)
}

/// A batch of too many bytes.
pub fn batch_too_long(bytes: usize, limit: i64) -> Fault {
    let sentence = format!("Batch requests cannot be longer than {limit} bytes. You have sent {bytes} bytes.");
    Fault::new("BatchRequestTooLong", sentence)
}

// Moving messages.

/// What is no ARN of a queue.
pub fn bad_arn(parameter: &str) -> Fault {
    invalid_value(format!(
        "You must use this format to specify the {parameter}: \
         arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
    ))
}

/// An ARN of no queue.
pub fn no_such_resource(parameter: &str) -> Fault {
    let sentence = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
    Fault::new("ResourceNotFoundException", sentence)
}

/// A second task on a queue.
pub fn task_is_running() -> Fault {
    invalid_value(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    )
}

/// A source that is no dead-letter queue.
pub fn no_dead_letter_queue() -> Fault {
    invalid_value("Source queue must be configured as a Dead Letter Queue.")
}

/// A destination that cannot hold the messages of the source, or is the source.
pub fn bad_destination(arn: &str) -> Fault {
    invalid("DestinationArn", arn, "The destination must be another queue of the same type as the source.")
}

/// What is no handle of a task.
pub fn bad_task_handle() -> Fault {
    invalid_value("Value for parameter TaskHandle is invalid.")
}

/// A handle of a task that is not known.
pub fn no_such_task() -> Fault {
    Fault::new("ResourceNotFoundException", "Task does not exist.")
}

/// A task that has ended.
pub fn task_has_ended() -> Fault {
    invalid_value("Only active message movement tasks can be cancelled.")
}
