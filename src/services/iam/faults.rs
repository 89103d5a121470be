//! Every sentence IAM says to a client.

use crate::wire::Fault;

fn no_such_entity(message: String) -> Fault {
    Fault::new("NoSuchEntityException", message)
}

fn already_exists(message: String) -> Fault {
    Fault::new("EntityAlreadyExistsException", message)
}

fn delete_conflict(message: &str) -> Fault {
    Fault::new("DeleteConflictException", message)
}

fn invalid_input(message: impl Into<String>) -> Fault {
    Fault::new("InvalidInputException", message)
}

fn validation(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message).status(400)
}

/// `kind` is `user`, `group` or `role`.
pub fn not_found(kind: &str, name: &str) -> Fault {
    no_such_entity(format!("The {kind} with name {name} cannot be found."))
}

pub fn instance_profile_not_found(name: &str) -> Fault {
    no_such_entity(format!("Instance Profile {name} cannot be found."))
}

/// `kind` is `User`, `Group` or `Role`.
pub fn inline_policy_not_found(kind: &str, name: &str) -> Fault {
    no_such_entity(format!("The {} policy with name {name} cannot be found.", kind.to_lowercase()))
}

pub fn policy_not_found(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} was not found."))
}

pub fn policy_not_attachable(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

pub fn policy_version_not_found(arn: &str, version: &str) -> Fault {
    no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

pub fn boundary_not_attachable(arn: &str) -> Fault {
    no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable."))
}

pub fn access_key_not_found(id: &str) -> Fault {
    no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

pub fn login_profile_not_found(user: &str) -> Fault {
    no_such_entity(format!("Login Profile for User {user} cannot be found."))
}

pub fn role_not_in_instance_profile(role: &str, profile: &str) -> Fault {
    no_such_entity(format!("Role {role} in Instance Profile {profile} cannot be found."))
}

pub fn password_policy_not_found(account: &str) -> Fault {
    no_such_entity(format!("The Password Policy with domain name {account} cannot be found."))
}

pub fn deletion_not_found(id: &str) -> Fault {
    no_such_entity(format!("The deletion task {id} cannot be found."))
}

pub fn alias_not_found(alias: &str) -> Fault {
    no_such_entity(format!("The account alias {alias} cannot be found."))
}

/// `kind` is `User`, `Group` or `Role`.
pub fn entity_exists(kind: &str, name: &str) -> Fault {
    already_exists(format!("{kind} with name {name} already exists."))
}

pub fn instance_profile_exists(name: &str) -> Fault {
    already_exists(format!("Instance Profile {name} already exists."))
}

pub fn policy_exists(name: &str) -> Fault {
    already_exists(format!("A policy called {name} already exists. Duplicate names are not allowed."))
}

pub fn login_profile_exists(user: &str) -> Fault {
    already_exists(format!("Login Profile for user {user} already exists."))
}

pub fn alias_exists(alias: &str) -> Fault {
    already_exists(format!("The account alias {alias} already exists."))
}

pub fn service_role_taken(name: &str) -> Fault {
    invalid_input(format!("Service role name {name} has been taken in this account, please try a different suffix."))
}

pub fn has_inline_policies() -> Fault {
    delete_conflict("Cannot delete entity, must delete policies first.")
}

pub fn has_attached_policies() -> Fault {
    delete_conflict("Cannot delete entity, must detach all policies first.")
}

pub fn has_access_keys() -> Fault {
    delete_conflict("Cannot delete entity, must delete access keys first.")
}

pub fn has_login_profile() -> Fault {
    delete_conflict("Cannot delete entity, must delete login profile first.")
}

pub fn is_in_groups() -> Fault {
    delete_conflict("Cannot delete entity, must remove users from group first.")
}

pub fn is_in_instance_profile() -> Fault {
    delete_conflict("Cannot delete entity, must remove roles from instance profile first.")
}

pub fn policy_attached() -> Fault {
    delete_conflict("Cannot delete a policy attached to entities.")
}

pub fn policy_has_versions() -> Fault {
    delete_conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
         The default version is deleted with the policy.",
    )
}

pub fn default_version() -> Fault {
    delete_conflict("Cannot delete the default version of a policy.")
}

pub fn quota(name: &str, max: usize) -> Fault {
    Fault::new("LimitExceededException", format!("Cannot exceed quota for {name}: {max}"))
}

pub fn too_many_versions() -> Fault {
    Fault::new(
        "LimitExceededException",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing \
         version.",
    )
}

pub fn inline_policies_too_large(kind: &str, name: &str, max: usize) -> Fault {
    let message = format!("Maximum policy size of {max} bytes exceeded for {} {name}", kind.to_lowercase());
    Fault::new("LimitExceededException", message)
}

pub fn malformed_policy(message: impl Into<String>) -> Fault {
    Fault::new("MalformedPolicyDocumentException", message)
}

pub fn duplicate_tags() -> Fault {
    invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}

pub fn invalid_arn(arn: &str) -> Fault {
    invalid_input(format!("ARN {arn} is not valid."))
}

pub fn invalid_marker() -> Fault {
    validation("Invalid Marker.")
}

pub fn user_name_needed() -> Fault {
    validation("Must specify userName when calling with non-User credentials")
}

pub fn protected_role(name: &str) -> Fault {
    let message =
        format!("Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS");
    Fault::new("UnmodifiableEntityException", message)
}

pub fn aws_policy_is_fixed(arn: &str) -> Fault {
    Fault::new("AccessDenied", format!("Cannot change the AWS managed policy {arn}.")).status(403)
}

pub fn aws_policy_document(arn: &str) -> Fault {
    Fault::new("NotImplemented", format!("Trailcam does not hold the document of the AWS managed policy {arn}."))
        .status(501)
}

pub fn service_without_role(service: &str) -> Fault {
    let message = format!("Trailcam does not know the name of the service-linked role of {service}.");
    Fault::new("NotImplemented", message).status(501)
}

pub fn not_service_linked(name: &str) -> Fault {
    invalid_input(format!("Role {name} is not a service-linked role."))
}

pub fn suffix_not_supported(service: &str) -> Fault {
    invalid_input(format!("Custom suffix is not allowed for {service}"))
}

pub fn old_password_wrong() -> Fault {
    Fault::new("AccessDenied", "The old password was incorrect.").status(403)
}

pub fn only_users_change_passwords() -> Fault {
    Fault::new("InvalidUserTypeException", "Only IAM Users can change their own password")
}
