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

/// What is no URL of a queue.
pub fn invalid_address(url: &str) -> Fault {
    Fault::new("InvalidAddress", format!("The address {url} is not valid for this endpoint."))
}

/// What is no ARN of a queue.
pub fn resource_not_found(arn: &str) -> Fault {
    Fault::new(
        "ResourceNotFoundException",
        format!("The resource that you specified for the SourceArn parameter doesn't exist: {arn}"),
    )
}

/// A name that cannot be.
pub fn invalid_name() -> Fault {
    invalid_value("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
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

/// A caller whom the queue's policy does not let in.
pub fn access_denied(caller: Option<&str>, action: &str, arn: &str) -> Fault {
    let sentence = match caller {
        Some(caller) => format!(
            "User: {caller} is not authorized to perform: sqs:{} on resource: {arn} because no resource-based policy allows the sqs:{} action",
            action.to_lowercase(),
            action.to_lowercase()
        ),
        None => format!("Access to the resource {arn} is denied."),
    };
    Fault::new("AccessDenied", sentence).status(403)
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
pub fn invalid_attribute_because(name: &str, reason: &str) -> Fault {
    Fault::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}. Reason: {reason}"))
}

/// More tags than a queue may have.
pub fn too_many_tags(limit: usize) -> Fault {
    invalid_value(format!("Too many tags added for queue. Maximum number of tags is {limit}."))
}

// Messages.

/// A character that XML cannot hold.
pub fn bad_character(c: char) -> Fault {
    let sentence = format!(
        "Invalid binary character '#x{:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        u32::from(c)
    );
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

/// An attribute's name that cannot be.
pub fn bad_attribute_name(name: &str) -> Fault {
    invalid_value(format!("Message (user) attribute name '{name}' is invalid."))
}

/// A system attribute that senders cannot set.
pub fn unknown_system_attribute(name: &str) -> Fault {
    invalid_value(format!("Message system attribute name '{name}' is invalid."))
}

/// A type that is none of the three.
pub fn unknown_attribute_type(name: &str) -> Fault {
    invalid_value(format!(
        "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
    ))
}

/// A value in the field of another type.
pub fn wrong_attribute_field(name: &str, data_type: &str, field: &str) -> Fault {
    invalid_value(format!("The message attribute '{name}' with type '{data_type}' must use field '{field}'."))
}

/// An attribute without a value.
pub fn empty_attribute(name: &str, data_type: &str) -> Fault {
    invalid_value(format!(
        "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{data_type}'."
    ))
}

/// A number that is none.
pub fn no_number(name: &str, value: &str) -> Fault {
    invalid_value(format!("Can't cast the value of message (user) attribute '{name}' to a number: '{value}'."))
}

/// A FIFO queue that is not told how to know duplicates.
pub fn no_deduplication() -> Fault {
    invalid_value(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// A parameter that queues of this type do not take.
pub fn wrong_queue_type(parameter: &str, value: &str) -> Fault {
    invalid(parameter, value, "The request include parameter that is not valid for this queue type")
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

/// A second task on a queue.
pub fn task_is_running() -> Fault {
    let sentence =
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
    Fault::new("UnsupportedOperation", sentence)
}

/// A source that is no dead-letter queue.
pub fn no_dead_letter_queue() -> Fault {
    invalid_value("Source queue must be configured as a Dead Letter Queue.")
}

/// A handle of no running task.
pub fn no_such_task() -> Fault {
    Fault::new("ResourceNotFoundException", "Task does not exist.")
}
