//! Every sentence CloudWatch Logs says to a client.

use crate::wire::Fault;

/// A log group that there is none of.
pub fn no_such_group() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// A log stream that there is none of.
pub fn no_such_stream() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// A call that gives a group by name and by identifier.
pub fn group_named_twice() -> Fault {
    Fault::new("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
}

/// A call that gives a group by neither name nor identifier.
pub fn group_not_named() -> Fault {
    Fault::new("ValidationException", "Either LogGroup name or LogGroup ARN must be specified.")
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

/// A token that we did not make.
pub fn token_is_invalid() -> Fault {
    invalid("The specified nextToken is invalid.")
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
    Fault::new("ResourceNotFoundException", "The specified log record does not exist.")
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}
