//! Every sentence EventBridge says to a client. Most are AWS's own, as its answers show them.

use std::fmt::Display;

use crate::wire::Fault;
use crate::world::caller::{Caller, Principal};

use super::RulePlace;

fn validation(sentence: impl Into<String>) -> Fault {
    Fault::new("ValidationException", sentence).status(400)
}

/// `Parameter X is not valid. Reason: …`
fn parameter(name: &str, reason: impl Display) -> Fault {
    validation(format!("Parameter {name} is not valid. Reason: {reason}"))
}

fn not_found(sentence: String) -> Fault {
    Fault::new("ResourceNotFoundException", sentence)
}

fn already_exists(sentence: String) -> Fault {
    Fault::new("ResourceAlreadyExistsException", sentence)
}

/// A setting whose feature is not built.
pub fn not_built(setting: &str) -> Fault {
    let sentence = format!("Trailcam does not implement {setting} of EventBridge yet. Leave it out.");
    Fault::new("NotImplemented", sentence).status(501)
}

/// A caller whom neither the account nor the bus's policy lets in.
pub fn access_denied(caller: &Caller, action: &str, resource: &str) -> Fault {
    let name = match caller.principal {
        Principal::Service(name) => name.to_owned(),
        _ => caller.arn().unwrap_or_default(),
    };
    let sentence = format!(
        "User: {name} is not authorized to perform: {action} on resource: {resource} because no resource-based policy \
         allows the {action} action"
    );
    Fault::new("AccessDeniedException", sentence).status(400)
}

/// More of something than there may be.
pub fn limit_exceeded() -> Fault {
    Fault::new("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

/// A token that no listing gave out.
pub fn next_token() -> Fault {
    parameter("NextToken", "NextToken is not valid.")
}

// Buses.

/// No bus of that name.
pub fn no_bus(name: &str) -> Fault {
    not_found(format!("Event bus {name} does not exist."))
}

/// A name that a bus has already.
pub fn bus_exists(name: &str) -> Fault {
    already_exists(format!("Event bus {name} already exists."))
}

/// A name that only buses of partners have.
pub fn bus_name_with_slash() -> Fault {
    validation("Event bus name must not contain '/'.")
}

/// An ARN that is none of a bus.
pub fn not_a_bus_arn(arn: &str) -> Fault {
    parameter(arn, "Provided Arn is not in correct format.")
}

/// The default bus stays.
pub fn cannot_delete_default() -> Fault {
    validation("Cannot delete event bus default.")
}

/// A bus that is still used.
pub fn bus_has_rules() -> Fault {
    validation("Event bus can't be deleted since it has rules.")
}

// Policies.

/// An action that buses do not let others do one by one, or a condition that single statements cannot have.
pub fn unsupported(parameter: &str) -> Fault {
    validation(format!("Provided value in parameter '{parameter}' is not supported."))
}

/// A parameter that a statement needs.
pub fn missing_parameter(names: &str) -> Fault {
    validation(format!("Parameter(s) {names} must be specified."))
}

/// A policy beside a single statement.
pub fn policy_or_statement() -> Fault {
    validation("Parameter Policy cannot be specified together with Action, Principal, StatementId or Condition.")
}

/// A policy that cannot be read.
pub fn policy_json() -> Fault {
    validation("This policy contains invalid Json")
}

/// A policy that says nothing that holds for buses.
pub fn invalid_policy() -> Fault {
    validation("This policy is not valid for an event bus.")
}

/// A policy longer than it may be.
pub fn policy_too_long() -> Fault {
    Fault::new("PolicyLengthExceededException", "The event bus policy size exceeds the limit.")
}

/// A statement that the bus's policy has not, or a bus without a policy.
pub fn no_statement() -> Fault {
    not_found("Statement with the provided id does not exist.".to_owned())
}

// Rules.

/// No rule of that name on that bus.
pub fn no_rule(rule: &RulePlace) -> Fault {
    not_found(format!("Rule {} does not exist on EventBus {}.", rule.name, rule.bus.name))
}

/// A rule that could never match.
pub fn pattern_or_schedule() -> Fault {
    validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
}

/// A schedule on a bus that keeps none.
pub fn schedule_on_custom_bus() -> Fault {
    validation("ScheduleExpression is supported only on the default event bus.")
}

/// A schedule that cannot be read, or never comes.
pub fn invalid_schedule() -> Fault {
    validation("Parameter ScheduleExpression is not valid.")
}

/// A pattern that cannot be read.
pub fn invalid_pattern(reason: impl Display) -> Fault {
    Fault::new("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {reason}"))
}

/// A pattern whose alternatives are too many.
pub fn too_many_combinations(most: u64) -> Fault {
    invalid_pattern(format_args!("The alternatives of $or make more than {most} combinations"))
}

/// A pattern whose wildcards are too many, or repeat too much.
pub fn pattern_too_complex() -> Fault {
    invalid_pattern(
        "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a \
         wildcard character",
    )
}

/// An event that is to be tried and is none.
pub fn invalid_event() -> Fault {
    validation("Parameter Event is not valid.")
}

/// A rule that still has targets.
pub fn rule_has_targets() -> Fault {
    validation("Rule can't be deleted since it has targets.")
}

// Targets.

/// An ARN that is none of something that can be a target.
pub fn target_arn(arn: &str) -> Fault {
    parameter(arn, "Provided Arn is not in correct format.")
}

/// A kind of target that we do not deliver to.
pub fn unsupported_target(arn: &str) -> Fault {
    let sentence = format!("Trailcam does not deliver events to {arn}: targets of this kind are not supported.");
    Fault::new("NotImplemented", sentence).status(501)
}

/// A target elsewhere that cannot be reached from here.
pub fn foreign_target(arn: &str) -> Fault {
    let sentence =
        format!("Access to the resource {arn} is denied. Reason: Adding cross-account target is not permitted.");
    Fault::new("AccessDeniedException", sentence).status(400)
}

/// A target in another Region that cannot be reached from here.
pub fn target_region(arn: &str) -> Fault {
    parameter(arn, "The target must be in the same Region as the rule.")
}

/// A target that events are brought to with a role.
pub fn role_required(arn: &str) -> Fault {
    validation(format!("RoleArn is required for target {arn}."))
}

/// A log group with a role.
pub fn role_not_supported(arn: &str) -> Fault {
    validation(format!("RoleArn is not supported for target {arn}."))
}

/// A role that is none.
pub fn role_arn(arn: &str) -> Fault {
    validation(format!("Provided role '{arn}' cannot be assumed by principal '{}'.", super::SELF))
}

/// A role of another account.
pub fn role_of_another_account() -> Fault {
    Fault::new("AccessDeniedException", "Cross-account pass role is not allowed.").status(400)
}

/// A FIFO queue without a group.
pub fn group_required(id: &str) -> Fault {
    validation(format!("Parameter(s) SqsParameters must be specified for target: {id}."))
}

/// A FIFO topic.
pub fn fifo_topic(arn: &str) -> Fault {
    parameter(arn, "FIFO topics are not supported as targets.")
}

/// Parameters of another kind of target.
pub fn parameters_do_not_fit(id: &str, member: &str) -> Fault {
    validation(format!("Parameter(s) {member} cannot be specified for target: {id}."))
}

/// Several forms of input.
pub fn one_input(id: &str) -> Fault {
    validation(format!("Only one of Input, InputPath, or InputTransformer must be provided for target {id}."))
}

/// Buses get events as they are.
pub fn input_of_bus(id: &str) -> Fault {
    validation(format!("Modifying the input for target {id} is not supported."))
}

/// An input that is no JSON.
pub fn invalid_input(id: &str) -> Fault {
    validation(format!("JSON syntax error in input for target {id}."))
}

/// A path that cannot be read.
pub fn invalid_path(id: &str) -> Fault {
    validation(format!("Invalid InputPath for target {id}."))
}

/// A template or a path of it that cannot be read.
pub fn invalid_template(id: &str, reason: impl Display) -> Fault {
    validation(format!("Invalid InputTemplate for target {id} : {reason}."))
}

/// A queue for dead letters that cannot be one.
pub fn dead_letter_queue(arn: &str) -> Fault {
    parameter("DeadLetterConfig.Arn", format!("{arn} is not a standard queue in the Region of the rule."))
}

// Events.

/// More bytes than one call may bring.
pub fn entries_too_large() -> Fault {
    validation("Total size of the entries in the request is over the limit.")
}

/// An entry without a member that it needs.
pub fn required_argument(name: &str) -> Fault {
    let sentence = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
    Fault::new("InvalidArgument", sentence)
}

/// A type of detail that is too long.
pub fn detail_type_too_long(limit: usize) -> Fault {
    let sentence = format!("Parameter DetailType is not valid. Reason: DetailType is longer than {limit} characters.");
    Fault::new("InvalidArgument", sentence)
}

/// A detail that is no JSON object.
pub fn malformed_detail() -> Fault {
    Fault::new("MalformedDetail", "Detail is malformed.")
}

/// A source that only AWS's services have.
pub fn reserved_source() -> Fault {
    Fault::new("NotAuthorizedForSourceException", "Not authorized for the source.")
}

/// As many deliveries wait as can.
pub fn slow_down() -> Fault {
    Fault::new("ThrottlingException", "Rate exceeded")
}

// Archives and replays.

/// No archive of that name.
pub fn no_archive(name: &str) -> Fault {
    not_found(format!("Archive {name} does not exist."))
}

/// A name that an archive has already.
pub fn archive_exists(name: &str) -> Fault {
    already_exists(format!("Archive {name} already exists."))
}

/// An archive of another account's or Region's bus.
pub fn archive_elsewhere() -> Fault {
    parameter("EventSourceArn", "Must contain an event bus ARN of the same account and Region.")
}

/// No replay of that name.
pub fn no_replay(name: &str) -> Fault {
    not_found(format!("Replay {name} does not exist."))
}

/// A name that a replay has already.
pub fn replay_exists(name: &str) -> Fault {
    already_exists(format!("Replay {name} already exists."))
}

/// A replay that is over.
pub fn replay_is_over(name: &str) -> Fault {
    Fault::new("IllegalStatusException", format!("Replay {name} is not in a valid state for this operation."))
}

/// A replay of something that is no archive.
pub fn not_an_archive() -> Fault {
    parameter("EventSourceArn", "Must contain an archive ARN.")
}

/// A replay of an archive that there is none of.
pub fn no_archive_to_replay(name: &str) -> Fault {
    parameter("EventSourceArn", format!("Archive {name} does not exist."))
}

/// A replay to something that is no bus.
pub fn not_a_bus() -> Fault {
    parameter("Destination.Arn", "Must contain an event bus ARN.")
}

/// A replay to another bus than the archive's.
pub fn other_bus() -> Fault {
    parameter("Destination.Arn", "Cross event bus replay is not permitted.")
}

/// A replay to a rule of another bus.
pub fn filter_arn(arn: &str) -> Fault {
    parameter("Destination.FilterArns", format!("{arn} is not a rule on the event bus."))
}

/// A replay of no time.
pub fn end_before_start() -> Fault {
    parameter("EventEndTime", "EventStartTime must be before EventEndTime.")
}

// Tags.

/// An ARN that is none of a rule or a bus.
pub fn not_taggable(arn: &str) -> Fault {
    parameter(arn, "Provided Arn is not in correct format.")
}

/// A key that only AWS may use.
pub fn reserved_tag() -> Fault {
    validation("Tag keys that start with aws: are reserved for AWS use.")
}

/// A key that stands twice in one call.
pub fn duplicate_tag() -> Fault {
    validation("Tag keys must be unique.")
}
