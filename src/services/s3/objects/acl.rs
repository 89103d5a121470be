//! Access control lists: with S3's default of bucket owner enforced, the bucket's owner has full control of every
//! object, and nothing else can be said.

use crate::record;
use crate::services::s3::faults;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;

use super::list::Owner;
use super::{Pick, Place, enter};

/// The operations on access control lists of objects.
pub const OPS: &[Op] =
    &[crate::op!(Read "GetObjectAcl" get_object_acl).data(), crate::op!(Write "PutObjectAcl" put_object_acl).data()];

record! {
    struct Acl {
        owner: Owner = "Owner",
        grants: Vec<Grant> = "Grants",
    }

    struct Grant {
        grantee: Grantee = "Grantee",
        permission: String = "Permission",
    }

    struct Grantee {
        id: String = "ID",
        kind: String = "Type",
    }

    struct PutObjectAcl {
        acl: Option<String> = "ACL",
        policy: Option<Policy> = "AccessControlPolicy",
        full_control: Option<String> = "GrantFullControl",
        read: Option<String> = "GrantRead",
        read_acl: Option<String> = "GrantReadACP",
        write: Option<String> = "GrantWrite",
        write_acl: Option<String> = "GrantWriteACP",
    }

    struct Policy {
        grants: Vec<Grant> = "Grants",
    }
}

fn get_object_acl(cx: &mut Cx<'_>, (place, pick): (Place, Pick)) -> Result<Acl, Fault> {
    let mut scene = enter(cx, &place)?;
    scene.object(&place.key, pick.version.as_deref())?;
    let owner = Owner::of(&scene.bucket.owner);
    let grantee = Grantee { id: owner.id.clone(), kind: "CanonicalUser".to_owned() };
    Ok(Acl { owner, grants: vec![Grant { grantee, permission: "FULL_CONTROL".to_owned() }] })
}

fn put_object_acl(cx: &mut Cx<'_>, (place, pick, input): (Place, Pick, PutObjectAcl)) -> Result<Value, Fault> {
    let mut scene = enter(cx, &place)?;
    scene.object(&place.key, pick.version.as_deref())?;
    let owner = Owner::of(&scene.bucket.owner).id;
    let headers = [&input.full_control, &input.read, &input.read_acl, &input.write, &input.write_acl];
    if headers.iter().any(|grant| grant.is_some()) {
        return Err(faults::acl_not_supported());
    }
    let all_owner = |policy: &Policy| {
        policy.grants.iter().all(|grant| grant.grantee.id == owner && grant.permission == "FULL_CONTROL")
    };
    match (&input.acl, &input.policy) {
        (None, None) => Err(faults::acl_missing()),
        (None, Some(policy)) if !all_owner(policy) => Err(faults::acl_not_supported()),
        (acl, _) => check_canned(acl.as_deref()).map(|()| Value::Map(Default::default())),
    }
}

/// Canned lists: only the one that says what is true anyway.
///
/// # Errors
/// `AccessControlListNotSupported`.
pub fn check_canned(acl: Option<&str>) -> Result<(), Fault> {
    match acl {
        None | Some("bucket-owner-full-control") => Ok(()),
        Some(_) => Err(faults::acl_not_supported()),
    }
}
