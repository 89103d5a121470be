//! Service-linked roles: roles that AWS services own.

use serde_json::json;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::entities::{Permissions, find, store};
use super::faults;
use super::names::{Header, Kind};
use super::roles::{Role, RoleView, SERVICE_PATH};

/// The operations on service-linked roles.
pub const OPS: &[Op] = &[
    op!(Write "CreateServiceLinkedRole" create),
    op!(Write "DeleteServiceLinkedRole" delete).resources(&[("AWS::IAM::Role", "RoleName")]),
    op!(Read "GetServiceLinkedRoleDeletionStatus" deletion_status),
];

/// What follows `AWSServiceRoleFor` in the names of roles, by service
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>).
const NAMES: [(&str, &str); 15] = [
    ("access-analyzer.amazonaws.com", "AccessAnalyzer"),
    ("autoscaling.amazonaws.com", "AutoScaling"),
    ("cloudtrail.amazonaws.com", "CloudTrail"),
    ("config.amazonaws.com", "Config"),
    ("delivery.logs.amazonaws.com", "LogDelivery"),
    ("ecs.amazonaws.com", "ECS"),
    ("eks.amazonaws.com", "AmazonEKS"),
    ("elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing"),
    ("events.amazonaws.com", "CloudWatchEvents"),
    ("guardduty.amazonaws.com", "AmazonGuardDuty"),
    ("organizations.amazonaws.com", "Organizations"),
    ("rds.amazonaws.com", "RDS"),
    ("securityhub.amazonaws.com", "SecurityHub"),
    ("ssm.amazonaws.com", "AmazonSSM"),
    ("support.amazonaws.com", "Support"),
];

record! {
    struct CreateServiceLinkedRole {
        service: String = "AWSServiceName",
        description: Option<String> = "Description",
        suffix: Option<String> = "CustomSuffix",
    }
    struct Answer { role: RoleView = "Role" }
    struct DeleteServiceLinkedRole { name: String = "RoleName" }
    struct Deletion { task: String = "DeletionTaskId" }
    struct DeletionStatus { status: String = "Status" }
}

fn create(cx: &mut Cx, input: CreateServiceLinkedRole) -> Result<Answer, Fault> {
    let service = input.service;
    let known = NAMES.iter().find(|(name, _)| *name == service);
    let (_, suffix) = known.ok_or_else(|| faults::service_without_role(&service))?;
    let name = match input.suffix {
        None => format!("AWSServiceRoleFor{suffix}"),
        Some(custom) if service == "autoscaling.amazonaws.com" => format!("AWSServiceRoleFor{suffix}_{custom}"),
        Some(_) => return Err(faults::suffix_not_supported(&service)),
    };
    if store(cx).roles.contains(&name) {
        return Err(faults::service_role_taken(&name));
    }
    super::roles::check_new(store(cx), &name)?;
    let path = Some(format!("{SERVICE_PATH}{service}/"));
    let header = Header::new(cx.world, &cx.account, Kind::Role, path, name);
    let role = Role {
        header,
        permissions: Permissions::default(),
        boundary: None,
        tags: Vec::new(),
        trust: trust(&service),
        description: input.description,
        session_seconds_max: 3600,
    };
    let view = role.created_view();
    store(cx).roles.insert(&view.name, role);
    Ok(Answer { role: view })
}

/// AWS deletes in the background once the service agrees; no service here holds on to a role, so it is done at once.
fn delete(cx: &mut Cx, input: DeleteServiceLinkedRole) -> Result<Deletion, Fault> {
    let header = find::<Role>(cx, &input.name)?.header.clone();
    if !header.path.starts_with(SERVICE_PATH) {
        return Err(faults::not_service_linked(&header.name));
    }
    let task = format!("task{}{}/{}", header.path, header.name, cx.world.ids.uuid());
    let iam = store(cx);
    iam.roles.remove(&header.name);
    iam.deletions.insert(task.clone());
    Ok(Deletion { task })
}

fn deletion_status(cx: &mut Cx, input: Deletion) -> Result<DeletionStatus, Fault> {
    if !store(cx).deletions.contains(&input.task) {
        return Err(faults::deletion_not_found(&input.task));
    }
    Ok(DeletionStatus { status: "SUCCEEDED".to_owned() })
}

/// Only the service may assume its role.
fn trust(service: &str) -> String {
    let statement = json!({ "Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": { "Service": [service] } });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}
