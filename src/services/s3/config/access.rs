//! Who may have access beside policies: lists (ACLs), ownership of objects, and the block of public access.

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::faults;
use crate::services::s3::objects::list::{Owner, canonical_id};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::Config;

/// The operations on lists, ownership and the block of public access.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketAcl" get_bucket_acl),
    crate::op!(Write "PutBucketAcl" put_bucket_acl),
    crate::op!(Read "GetBucketOwnershipControls" get_bucket_ownership_controls),
    crate::op!(Write "PutBucketOwnershipControls" put_bucket_ownership_controls),
    crate::op!(Write "DeleteBucketOwnershipControls" delete_bucket_ownership_controls),
    crate::op!(Read "GetPublicAccessBlock" get_public_access_block),
    crate::op!(Write "PutPublicAccessBlock" put_public_access_block),
    crate::op!(Write "DeletePublicAccessBlock" delete_public_access_block),
];

/// `ObjectOwnership`. Without controls, objects belong to their writers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership(Option<String>);

/// What a bucket is created with since April 2023.
impl Default for Ownership {
    fn default() -> Ownership {
        Ownership(Some(ENFORCED.to_owned()))
    }
}

const ENFORCED: &str = "BucketOwnerEnforced";
const PRIVATE: &str = "private";

/// A canned list: `private`, `public-read`, ….
#[derive(Clone, Debug)]
pub struct Canned(String);

impl Default for Canned {
    fn default() -> Canned {
        Canned(PRIVATE.to_owned())
    }
}

/// The four settings of the block of public access, and whether there are any.
#[derive(Clone, Copy, Debug)]
pub struct PublicAccess {
    pub is_set: bool,
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict: bool,
}

/// What a bucket is created with since April 2023.
impl Default for PublicAccess {
    fn default() -> PublicAccess {
        PublicAccess { is_set: true, block_acls: true, ignore_acls: true, block_policy: true, restrict: true }
    }
}

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
        id: Option<String> = "ID",
        uri: Option<String> = "URI",
        kind: String = "Type",
    }

    struct PutBucketAcl {
        acl: Option<String> = "ACL",
        policy: Option<AccessControlPolicy> = "AccessControlPolicy",
    }

    struct AccessControlPolicy {
        grants: Vec<Grant> = "Grants",
    }

    /// Grants in headers.
    pub struct Grants {
        full_control: Option<String> = "GrantFullControl",
        read: Option<String> = "GrantRead",
        read_acl: Option<String> = "GrantReadACP",
        write: Option<String> = "GrantWrite",
        write_acl: Option<String> = "GrantWriteACP",
    }

    struct Controls {
        controls: Rules = "OwnershipControls",
    }

    struct Rules {
        rules: Vec<Rule> = "Rules",
    }

    struct Rule {
        ownership: String = "ObjectOwnership",
    }

    struct Block {
        configuration: Settings = "PublicAccessBlockConfiguration",
    }

    struct Settings {
        block_acls: bool = "BlockPublicAcls",
        ignore_acls: bool = "IgnorePublicAcls",
        block_policy: bool = "BlockPublicPolicy",
        restrict: bool = "RestrictPublicBuckets",
    }
}

impl Ownership {
    /// Lists are off: everything belongs to the bucket's owner.
    pub fn is_enforced(&self) -> bool {
        self.0.as_deref() == Some(ENFORCED)
    }
}

impl Grants {
    fn any(&self) -> bool {
        [&self.full_control, &self.read, &self.read_acl, &self.write, &self.write_acl]
            .iter()
            .any(|grant| grant.is_some())
    }
}

impl Canned {
    fn grants(&self, owner: &AccountId) -> Vec<Grant> {
        let own = Grantee { id: Some(canonical_id(owner)), uri: None, kind: "CanonicalUser".to_owned() };
        let group = |name: &str, permission: &str| Grant {
            grantee: Grantee {
                id: None,
                uri: Some(format!("http://acs.amazonaws.com/groups/global/{name}")),
                kind: "Group".to_owned(),
            },
            permission: permission.to_owned(),
        };
        let mut grants = vec![Grant { grantee: own, permission: "FULL_CONTROL".to_owned() }];
        match self.0.as_str() {
            "public-read" => grants.push(group("AllUsers", "READ")),
            "public-read-write" => grants.extend([group("AllUsers", "READ"), group("AllUsers", "WRITE")]),
            "authenticated-read" => grants.push(group("AuthenticatedUsers", "READ")),
            _ => {}
        }
        grants
    }
}

/// Settles ownership and list of a new bucket.
///
/// # Errors
/// For lists under `BucketOwnerEnforced`, and for public ones.
pub fn settle_new(
    config: &mut Config,
    ownership: Option<String>,
    acl: Option<String>,
    grants: &Grants,
) -> Result<(), Fault> {
    if ownership.is_some() {
        config.ownership = Ownership(ownership);
    }
    let acl = acl.unwrap_or_else(|| PRIVATE.to_owned());
    let has_more = acl != PRIVATE || grants.any();
    if has_more && config.ownership.is_enforced() {
        return Err(faults::acl_with_ownership_enforced());
    }
    if grants.any() {
        return Err(faults::not_built("x-amz-grant-*"));
    }
    // A public list conflicts with the block of public access that every new bucket has.
    if has_more {
        return Err(faults::access_denied());
    }
    Ok(())
}

fn get_bucket_acl(cx: &mut Cx<'_>, target: Target) -> Result<Acl, Fault> {
    let bucket = enter(cx, &target)?;
    Ok(Acl { owner: Owner::of(&bucket.owner), grants: bucket.config.acl.grants(&bucket.owner) })
}

fn put_bucket_acl(cx: &mut Cx<'_>, (target, input, headers): (Target, PutBucketAcl, Grants)) -> Result<(), Fault> {
    let bucket = enter(cx, &target)?;
    let owner = canonical_id(&bucket.owner);
    let is_own = |grant: &Grant| grant.grantee.id.as_ref() == Some(&owner) && grant.permission == "FULL_CONTROL";
    let says_private = input.policy.as_ref().is_some_and(|policy| policy.grants.iter().all(is_own));
    if bucket.config.ownership.is_enforced() {
        // What is so anyway may be said.
        return if says_private && !headers.any() { Ok(()) } else { Err(faults::acl_not_supported()) };
    }
    if headers.any() || (input.policy.is_some() && !says_private) {
        return Err(faults::not_built("AccessControlPolicy"));
    }
    let canned = match (input.acl, says_private) {
        (Some(canned), _) => canned,
        (None, true) => PRIVATE.to_owned(),
        (None, false) => return Err(faults::acl_missing()),
    };
    if canned != PRIVATE && bucket.config.public_access.block_acls {
        return Err(faults::access_denied());
    }
    bucket.config.acl = Canned(canned);
    Ok(())
}

fn get_bucket_ownership_controls(cx: &mut Cx<'_>, target: Target) -> Result<Controls, Fault> {
    let bucket = enter(cx, &target)?;
    let ownership = bucket.config.ownership.0.clone().ok_or_else(|| faults::no_ownership_controls(&bucket.name))?;
    Ok(Controls { controls: Rules { rules: vec![Rule { ownership }] } })
}

fn put_bucket_ownership_controls(cx: &mut Cx<'_>, (target, input): (Target, Controls)) -> Result<(), Fault> {
    let config = &mut enter(cx, &target)?.config;
    let Ok([rule]) = <[Rule; 1]>::try_from(input.controls.rules) else { return Err(faults::malformed_xml()) };
    if rule.ownership == ENFORCED && config.acl.0 != PRIVATE {
        return Err(faults::acl_with_ownership_enforced());
    }
    config.ownership = Ownership(Some(rule.ownership));
    Ok(())
}

fn delete_bucket_ownership_controls(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    enter(cx, &target)?.config.ownership = Ownership(None);
    Ok(())
}

fn get_public_access_block(cx: &mut Cx<'_>, target: Target) -> Result<Block, Fault> {
    let bucket = enter(cx, &target)?;
    let PublicAccess { is_set, block_acls, ignore_acls, block_policy, restrict } = bucket.config.public_access;
    if !is_set {
        return Err(faults::no_public_access_block(&bucket.name));
    }
    Ok(Block { configuration: Settings { block_acls, ignore_acls, block_policy, restrict } })
}

fn put_public_access_block(cx: &mut Cx<'_>, (target, input): (Target, Block)) -> Result<(), Fault> {
    let Settings { block_acls, ignore_acls, block_policy, restrict } = input.configuration;
    enter(cx, &target)?.config.public_access =
        PublicAccess { is_set: true, block_acls, ignore_acls, block_policy, restrict };
    Ok(())
}

fn delete_public_access_block(cx: &mut Cx<'_>, target: Target) -> Result<(), Fault> {
    enter(cx, &target)?.config.public_access =
        PublicAccess { is_set: false, block_acls: false, ignore_acls: false, block_policy: false, restrict: false };
    Ok(())
}
