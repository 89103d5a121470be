//! Permissions boundaries of users and roles.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::Store;
use super::entities::{Bounded, Name, find, store};
use super::faults;
use super::policies;
use super::roles::Role;
use super::users::User;

/// The operations on permissions boundaries.
pub const OPS: &[Op] = &[
    op!(Write "PutUserPermissionsBoundary" put::<User>).resources(&[("AWS::IAM::User", "UserName")]),
    op!(Write "DeleteUserPermissionsBoundary" delete::<User>).resources(&[("AWS::IAM::User", "UserName")]),
    op!(Write "PutRolePermissionsBoundary" put::<Role>).resources(&[("AWS::IAM::Role", "RoleName")]),
    op!(Write "DeleteRolePermissionsBoundary" delete::<Role>).resources(&[("AWS::IAM::Role", "RoleName")]),
];

record! {
    struct Boundary { arn: String = "PermissionsBoundary" }

    /// A boundary as users and roles show it.
    pub struct BoundaryView { kind: String = "PermissionsBoundaryType", arn: String = "PermissionsBoundaryArn" }
}

fn put<K: Bounded>(cx: &mut Cx, (entity, input): (Name<K>, Boundary)) -> Result<(), Fault> {
    find::<K>(cx, &entity.name)?;
    check(store(cx), Some(&input.arn))?;
    *find::<K>(cx, &entity.name)?.boundary() = Some(input.arn);
    Ok(())
}

fn delete<K: Bounded>(cx: &mut Cx, (entity, ()): (Name<K>, ())) -> Result<(), Fault> {
    *find::<K>(cx, &entity.name)?.boundary() = None;
    Ok(())
}

/// A boundary must be a managed policy that exists.
pub fn check(store: &Store, arn: Option<&str>) -> Result<(), Fault> {
    match arn {
        Some(arn) if !policies::exists(store, arn)? => Err(faults::boundary_not_attachable(arn)),
        _ => Ok(()),
    }
}

/// How users and roles show their boundary.
pub fn shown(arn: Option<&String>) -> Option<BoundaryView> {
    arn.map(|arn| BoundaryView { kind: "PermissionsBoundaryPolicy".to_owned(), arn: arn.clone() })
}
