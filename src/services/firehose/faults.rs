//! Every sentence Firehose says to a client.

use crate::wire::Fault;
use crate::world::scope::AccountId;

use super::prefix::Violation;

fn invalid_argument(sentence: impl Into<String>) -> Fault {
    Fault::new("InvalidArgumentException", sentence)
}

/// A setting whose feature is not built.
pub fn not_built(setting: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {setting} of Firehose streams yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

// Streams.

/// A name that no stream has.
pub fn not_found(name: &str, account: &AccountId) -> Fault {
    let sentence = format!("Firehose {name} under account {account} not found.");
    Fault::new("ResourceNotFoundException", sentence)
}

/// A name that a stream has already.
pub fn name_is_taken(name: &str, account: &AccountId) -> Fault {
    let sentence = format!("Firehose {name} under accountId {account} already exists");
    Fault::new("ResourceInUseException", sentence)
}

/// A stream that is being created or deleted, and cannot be changed meanwhile.
pub fn in_transition(name: &str, account: &AccountId, status: &str) -> Fault {
    let sentence = format!("Firehose {name} under accountId {account} is in the state {status}.");
    Fault::new("ResourceInUseException", sentence)
}

/// More streams than a Region may have.
pub fn too_many_streams(limit: usize) -> Fault {
    Fault::new("LimitExceededException", format!("You have already consumed your firehose quota of {limit} hoses."))
}

// Destinations.

/// No destination, or more than one.
pub fn one_destination() -> Fault {
    invalid_argument("Exactly one destination configuration is supported for a Firehose")
}

/// A destination that the stream has not.
pub fn unknown_destination(id: &str) -> Fault {
    invalid_argument(format!("Destination Id {id} not found"))
}

/// An update of a version that is not the present one.
pub fn version_has_changed(given: &str, current: u64) -> Fault {
    let sentence = format!("Version id {given} is not the current version id of the Firehose, which is {current}.");
    Fault::new("ConcurrentModificationException", sentence)
}

/// A role that does not exist or does not trust Firehose.
pub fn cannot_assume(role: &str) -> Fault {
    invalid_argument(format!("Firehose is unable to assume role {role}. Please check the role provided."))
}

/// A role of another account.
pub fn role_of_another_account() -> Fault {
    Fault::new("AccessDeniedException", "Cross-account pass role is not allowed.").status(400)
}

/// One of the two buffering hints alone.
pub fn both_hints() -> Fault {
    invalid_argument("BufferingHints must have both SizeInMBs and IntervalInSeconds, or neither.")
}

/// A time zone that there is none of.
pub fn unknown_zone(zone: &str) -> Fault {
    invalid_argument(format!("CustomTimeZone {zone} is not supported."))
}

/// Prefixes against the rules for them. AWS's sentence starts with that very word.
pub fn prefix(violation: Violation) -> Fault {
    let constraint = match violation {
        Violation::NoExpression => "The sequence !{ can only appear in !{namespace:value} expressions".to_owned(),
        Violation::Unknown(expression) => format!("The expression !{{{expression}}} is not valid"),
        Violation::PartitionKey(expression) => {
            format!("The expression !{{{expression}}} needs dynamic partitioning to be enabled")
        }
        Violation::Pattern(pattern) => format!("{pattern} is not a valid Java DateTimeFormatter pattern"),
        Violation::ErrorPrefixMissing => {
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions".to_owned()
        }
        Violation::ErrorTypeMissing => {
            "ErrorOutputPrefix with expressions must contain !{firehose:error-output-type}".to_owned()
        }
        Violation::ErrorTypeInPrefix => "Prefix cannot contain !{firehose:error-output-type}".to_owned(),
        Violation::TooLong(limit) => format!("Prefixes cannot be longer than {limit} characters once evaluated"),
    };
    invalid_argument(format!("Ths supplied prefix(es) do not satisfy the following constraint: {constraint}"))
}

// Records.

/// A batch larger than Firehose takes.
pub fn batch_too_large() -> Fault {
    invalid_argument("Records size exceeds 4 MB limit")
}

/// A stream that holds as much as it can.
pub fn slow_down() -> Fault {
    Fault::new("ServiceUnavailableException", "Slow down.")
}

// Tags.

/// More tags than a stream may have.
pub fn too_many_tags(limit: usize) -> Fault {
    Fault::new("LimitExceededException", format!("A Firehose can have at most {limit} tags."))
}

/// A key that stands twice in one call.
pub fn duplicate_tag(key: &str) -> Fault {
    invalid_argument(format!("The tag key {key} is specified more than once."))
}
