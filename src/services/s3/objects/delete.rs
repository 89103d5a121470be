//! Deleting objects and versions.

use crate::record;
use crate::services::s3::faults;
use crate::services::s3::notices::{Happening, Removal, happened};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::conditions::WriteConditions;
use super::{NULL_VERSION, Pick, Place, Scene, check_version, enter, enter_all, lock};

/// Deleting.
pub const OPS: &[Op] =
    &[crate::op!(Write "DeleteObject" delete_object).data(), crate::op!(Write "DeleteObjects" delete_objects).data()];

/// Keys in one request.
const KEYS_MAX: usize = 1000;

record! {
    struct DeleteObject {
        bypass: bool = "BypassGovernanceRetention",
        if_match: Option<String> = "IfMatch",
        if_match_time: Option<Time> = "IfMatchLastModifiedTime",
        if_match_size: Option<i64> = "IfMatchSize",
    }

    /// What deleting one key did.
    pub struct Deleted {
        /// A delete marker was made, or deleted.
        marker: Option<bool> = "DeleteMarker",
        version: Option<String> = "VersionId",
    }

    struct DeleteObjects {
        bucket: String = "Bucket",
        expected_owner: Option<String> = "ExpectedBucketOwner",
        bypass: bool = "BypassGovernanceRetention",
        delete: Delete = "Delete",
    }

    struct Delete {
        objects: Vec<Identifier> = "Objects",
        quiet: bool = "Quiet",
    }

    struct Identifier {
        key: String = "Key",
        version: Option<String> = "VersionId",
        etag: Option<String> = "ETag",
        modified: Option<Time> = "LastModifiedTime",
        size: Option<i64> = "Size",
    }

    struct Outcome {
        deleted: Vec<DeletedKey> = "Deleted",
        errors: Vec<Failure> = "Errors",
    }

    struct DeletedKey {
        key: String = "Key",
        version: Option<String> = "VersionId",
        marker: Option<bool> = "DeleteMarker",
        marker_version: Option<String> = "DeleteMarkerVersionId",
    }

    struct Failure {
        key: String = "Key",
        version: Option<String> = "VersionId",
        code: String = "Code",
        message: String = "Message",
    }
}

fn delete_object(cx: &mut Cx<'_>, (place, pick, input): (Place, Pick, DeleteObject)) -> Result<Deleted, Fault> {
    let mut scene = enter(cx, &place)?;
    let conditions = Conditions { if_match: input.if_match, time: input.if_match_time, size: input.if_match_size };
    let (deleted, removal) = delete(&mut scene, &place.key, pick.version.as_deref(), input.bypass, conditions)?;
    if let Some(removal) = removal {
        happened(cx, &place.bucket, &Happening::removal(&place.key, &removal));
    }
    Ok(deleted)
}

fn delete_objects(cx: &mut Cx<'_>, input: DeleteObjects) -> Result<Outcome, Fault> {
    let claimed = cx.upload.as_ref().is_ok_and(|upload| upload.claimed.any());
    let mut scene = enter_all(cx, &input.bucket, "", input.expected_owner.as_deref())?;
    if !claimed {
        return Err(faults::digest_missing());
    }
    if input.delete.objects.is_empty() || input.delete.objects.len() > KEYS_MAX {
        return Err(faults::malformed_xml());
    }
    let mut outcome = Outcome::default();
    let mut removals = Vec::new();
    for Identifier { key, version, etag, modified, size } in input.delete.objects {
        let conditions = Conditions { if_match: etag, time: modified, size };
        match delete(&mut scene, &key, version.as_deref(), input.bypass, conditions) {
            Ok((deleted, removal)) => {
                removals.extend(removal.map(|removal| (key.clone(), removal)));
                outcome.deleted.push(shown(key, version, deleted));
            }
            Err(Fault { code, message, .. }) => outcome.errors.push(Failure { key, version, code, message }),
        }
    }
    for (key, removal) in &removals {
        happened(cx, &input.bucket, &Happening::removal(key, removal));
    }
    if input.delete.quiet {
        outcome.deleted.clear();
    }
    Ok(outcome)
}

fn shown(key: String, version: Option<String>, deleted: Deleted) -> DeletedKey {
    let marker_version = deleted.marker.and(deleted.version);
    DeletedKey { key, version, marker: deleted.marker, marker_version }
}

struct Conditions {
    if_match: Option<String>,
    time: Option<Time>,
    size: Option<i64>,
}

fn delete(
    scene: &mut Scene<'_>,
    key: &str,
    version: Option<&str>,
    bypass: bool,
    conditions: Conditions,
) -> Result<(Deleted, Option<Removal>), Fault> {
    check_version(version)?;
    if conditions.time.is_some() || conditions.size.is_some() {
        // Only directory buckets know these.
        return Err(faults::not_built("x-amz-if-match-last-modified-time, x-amz-if-match-size"));
    }
    WriteConditions { if_match: conditions.if_match, if_none_match: None }.check(scene, key)?;
    match version {
        Some(version) => delete_version(scene, key, version, bypass),
        None => delete_current(scene, key),
    }
}

/// Removes an object, or hides it behind a delete marker where the bucket keeps versions. Answers what that did, if
/// there was something to do.
///
/// # Errors
/// When the file system fails.
pub fn delete_current(scene: &mut Scene<'_>, key: &str) -> Result<(Deleted, Option<Removal>), Fault> {
    if scene.bucket.config.versioning.is_some() {
        let id = scene.mark_deleted(key).map_err(|error| faults::internal(&error))?;
        let removal = Removal { version: id.clone(), marked: true };
        return Ok((Deleted { marker: Some(true), version: Some(id) }, Some(removal)));
    }
    let removed = scene.remove(key, NULL_VERSION).map_err(|error| faults::internal(&error))?;
    Ok((Deleted::default(), removed.map(|version| Removal { version: version.id, marked: false })))
}

/// Removes a version for good, unless it is locked. Answers what that did, if it was there.
///
/// # Errors
/// `AccessDenied` for a locked version.
pub fn delete_version(
    scene: &mut Scene<'_>,
    key: &str,
    id: &str,
    bypass: bool,
) -> Result<(Deleted, Option<Removal>), Fault> {
    let locked = scene.version(key, Some(id)).and_then(|version| version.object.as_ref());
    if let Some(object) = locked {
        lock::check_unlocked(&object.about.lock, scene.now, bypass)?;
    }
    let removed = scene.remove(key, id).map_err(|error| faults::internal(&error))?;
    let removal = removed.as_ref().map(|_| Removal { version: id.to_owned(), marked: false });
    let marker = removed.filter(|version| version.object.is_none()).map(|_| true);
    Ok((Deleted { marker, version: Some(id.to_owned()) }, removal))
}
