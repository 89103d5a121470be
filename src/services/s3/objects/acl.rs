//! Access control lists: the bucket's owner has full control of every object. With S3's default of bucket owner
//! enforced nothing else can be said; without, it can, but we only know the lists that say the same.

use crate::record;
use crate::services::s3::config::Config;
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
    let config = &scene.bucket.config;
    let headers = [&input.full_control, &input.read, &input.read_acl, &input.write, &input.write_acl];
    if headers.iter().any(|grant| grant.is_some()) {
        return Err(not_ours(config));
    }
    let all_owner = |policy: &Policy| {
        policy.grants.iter().all(|grant| grant.grantee.id == owner && grant.permission == "FULL_CONTROL")
    };
    // What is accepted changes nothing, and nobody is told of that: `ObjectAcl:Put` never happens.
    match (&input.acl, &input.policy) {
        (None, None) => Err(faults::acl_missing()),
        (None, Some(policy)) if !all_owner(policy) => Err(not_ours(config)),
        (acl, _) => check_canned(config, acl.as_deref()).map(|()| Value::Map(Default::default())),
    }
}

/// Canned lists: only those that say what is true anyway.
///
/// # Errors
/// `AccessControlListNotSupported` where the bucket has lists turned off; else `AccessDenied` for public lists that
/// its settings block, and `NotImplemented`.
pub fn check_canned(config: &Config, acl: Option<&str>) -> Result<(), Fault> {
    match acl {
        None | Some("bucket-owner-full-control") => Ok(()),
        Some("private" | "bucket-owner-read") if !config.ownership.is_enforced() => Ok(()),
        Some(acl)
            if acl.starts_with("public-") && !config.ownership.is_enforced() && config.public_access.block_acls =>
        {
            Err(faults::access_denied())
        }
        Some(_) => Err(not_ours(config)),
    }
}

/// The fault for a list that says more than that the owner has full control.
pub fn not_ours(config: &Config) -> Fault {
    if config.ownership.is_enforced() {
        faults::acl_not_supported()
    } else {
        faults::not_built("x-amz-acl, x-amz-grant-*")
    }
}
