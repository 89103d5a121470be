//! Every sentence STS says to a client.

use crate::wire::Fault;
use crate::world::caller::Caller;

fn denied(message: impl Into<String>) -> Fault {
    Fault::new("AccessDenied", message).status(403)
}

fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message).status(400)
}

/// Says the same whether the role is missing or does not trust the caller, as AWS does.
pub fn not_authorized(caller: &Caller, action: &str, resource: &str) -> Fault {
    let arn = caller.arn().unwrap_or_else(|| "anonymous".to_owned());
    denied(format!("User: {arn} is not authorized to perform: {action} on resource: {resource}"))
}

pub fn root_assumes_no_roles() -> Fault {
    denied("Roles may not be assumed by root accounts.")
}

pub fn needs_long_term_credentials(action: &str) -> Fault {
    denied(format!("Cannot call {action} with session credentials"))
}

pub fn wrong_mfa_code() -> Fault {
    denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
}

pub fn invalid_arn(arn: &str) -> Fault {
    validation(format!("{arn} is invalid"))
}

pub fn longer_than_role_allows() -> Fault {
    validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

pub fn longer_than_chaining_allows() -> Fault {
    validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
}

pub fn duplicate_tags() -> Fault {
    Fault::new("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        .status(400)
}

pub fn malformed_policy() -> Fault {
    Fault::new("MalformedPolicyDocumentException", "Syntax errors in policy.")
}

pub fn invalid_access_key(id: &str) -> Fault {
    validation(format!("The access key ID {id} is not valid."))
}
