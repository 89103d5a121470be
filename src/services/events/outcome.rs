//! Why a delivery failed, in the codes of dead letters.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>

use crate::wire::Fault;

/// A failed delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// `ERROR_CODE`
    pub code: &'static str,
    /// `ERROR_MESSAGE`
    pub message: String,
    /// Another attempt may go better.
    pub is_passing: bool,
}

impl Failure {
    fn lasting(code: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), is_passing: false }
    }

    /// What another service answered.
    pub fn of(fault: &Fault) -> Failure {
        let code = fault.code.as_str();
        let is_one_of = |marks: &[&str]| marks.iter().any(|mark| code.contains(mark));
        let (error, is_passing) = match fault.status {
            _ if is_one_of(&["AccessDenied", "AuthorizationError", "NotAuthorized", "Unauthorized"]) => {
                ("NO_PERMISSIONS", false)
            }
            _ if is_one_of(&["NotFound", "NonExistent", "DoesNotExist", "NoSuch"]) => ("NO_RESOURCE", false),
            _ if is_one_of(&["Throttl", "TooManyRequests", "SlowDown", "OverLimit"]) => ("THROTTLING", true),
            _ if is_one_of(&["ServiceUnavailable"]) => ("ERROR_FROM_TARGET", true),
            _ if code == "NotImplemented" => ("SDK_CLIENT_ERROR", false),
            Some(500..) => ("INTERNAL_ERROR", true),
            _ if is_one_of(&["Internal"]) => ("INTERNAL_ERROR", true),
            _ => ("INVALID_PARAMETER", false),
        };
        Failure { code: error, message: format!("{} ({code})", fault.message), is_passing }
    }

    /// STS did not give the target's role.
    pub fn role(role: &str, code: &str) -> Failure {
        Failure::lasting("FAILED_TO_ASSUME_ROLE", format!("The role {role} could not be assumed ({code})."))
    }

    /// An event that has come from another bus, or from another Region, does not go on to a further one
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html>).
    pub fn too_far(to_other_region: bool) -> Failure {
        match to_other_region {
            false => Failure::lasting(
                "THIRD_ACCOUNT_HOP_DETECTED",
                "An event can be sent to an event bus target only once. This event was previously delivered to an event \
                 bus target.",
            ),
            true => Failure::lasting(
                "THIRD_REGION_HOP_DETECTED",
                "An event can be sent to another Region only once. This event was previously delivered to another Region.",
            ),
        }
    }

    /// A log group's policies do not let EventBridge in.
    pub fn no_permissions(arn: &str) -> Failure {
        Failure::lasting("NO_PERMISSIONS", format!("No resource-based policy lets EventBridge write to {arn}."))
    }

    /// What is to be sent is no JSON, or not of the form that the target needs.
    pub fn invalid_json() -> Failure {
        Failure::lasting("INVALID_JSON", "The input for the target is not valid.")
    }

    /// The target did not take the event.
    pub fn rejected(message: &str) -> Failure {
        Failure::lasting("INVALID_PARAMETER", message)
    }

    /// Our own mistake.
    pub fn internal() -> Failure {
        Failure::lasting("UNKNOWN", "The target could not be called.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let check = |code: &str, status: Option<u16>, wanted: (&str, bool)| {
            let fault = Fault { status, ..Fault::new(code, "Sentence.") };
            let failure = Failure::of(&fault);
            assert_eq!((failure.code, failure.is_passing), wanted, "{code}");
        };
        check("AccessDeniedException", None, ("NO_PERMISSIONS", false));
        check("AuthorizationErrorException", None, ("NO_PERMISSIONS", false));
        check("QueueDoesNotExist", Some(400), ("NO_RESOURCE", false));
        check("AWS.SimpleQueueService.NonExistentQueue", None, ("NO_RESOURCE", false));
        check("ResourceNotFoundException", None, ("NO_RESOURCE", false));
        check("ThrottlingException", Some(400), ("THROTTLING", true));
        check("ServiceUnavailableException", Some(503), ("ERROR_FROM_TARGET", true));
        check("InternalFailure", Some(500), ("INTERNAL_ERROR", true));
        check("NotImplemented", Some(501), ("SDK_CLIENT_ERROR", false));
        check("InvalidParameterValue", Some(400), ("INVALID_PARAMETER", false));
    }
}
