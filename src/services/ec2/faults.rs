//! Every sentence EC2 says to a client.

use crate::wire::Fault;

fn fault(code: &str, message: impl Into<String>) -> Fault {
    Fault::new(code, message).status(400)
}

fn invalid_value(message: String) -> Fault {
    fault("InvalidParameterValue", message)
}

pub fn dry_run() -> Fault {
    Fault::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").status(412)
}

pub fn invalid_filter(name: &str) -> Fault {
    invalid_value(format!("The filter '{name}' is invalid"))
}

pub fn invalid_max_results(value: i64, problem: &str) -> Fault {
    invalid_value(format!("Value ( {value} ) for parameter maxResults is invalid. {problem}"))
}

pub fn invalid_next_token() -> Fault {
    fault("InvalidNextToken", "The token is invalid.")
}

/// `ids` is the parameter that names resources: `instancesSet`.
pub fn ids_and_max_results(ids: &str) -> Fault {
    let message = format!("The parameter {ids} cannot be used with the parameter maxResults");
    fault("InvalidParameterCombination", message)
}

pub fn invalid_region(name: &str) -> Fault {
    invalid_value(format!("Invalid region: [{name}]"))
}

pub fn invalid_zone(name: &str) -> Fault {
    invalid_value(format!("Invalid availability zone: [{name}]"))
}

pub fn invalid_zone_id(id: &str) -> Fault {
    invalid_value(format!("Invalid availability zone-id: [{id}]"))
}

pub fn vpc_not_found(id: &str) -> Fault {
    fault("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist"))
}

pub fn subnet_not_found(id: &str) -> Fault {
    fault("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist"))
}

pub fn group_not_found(id: &str) -> Fault {
    fault("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))
}

pub fn group_name_not_found(name: &str, vpc: &str) -> Fault {
    let message = format!("The security group '{name}' does not exist in default VPC '{vpc}'");
    fault("InvalidGroup.NotFound", message)
}

pub fn group_id_malformed(id: &str) -> Fault {
    fault("InvalidGroupId.Malformed", format!("Invalid id: \"{id}\" (expecting \"sg-...\")"))
}

pub fn instance_id_malformed(id: &str) -> Fault {
    fault("InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\""))
}

pub fn instances_not_found(ids: &[String]) -> Fault {
    let message = match ids {
        [id] => format!("The instance ID '{id}' does not exist"),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    fault("InvalidInstanceID.NotFound", message)
}
