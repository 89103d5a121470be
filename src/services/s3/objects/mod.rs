//! Objects: what is known of them. Their bytes are in [`files`].

pub mod acl;
pub mod attributes;
pub mod conditions;
pub mod copy;
pub mod delete;
pub mod files;
pub mod get;
pub mod list;
pub mod lock;
pub mod multipart;
pub mod page;
pub mod parts;
pub mod put;
pub mod range;
pub mod tagging;

use std::collections::BTreeMap;

use crate::wire::Fault;
use crate::world::call::{Cx, Resource};
use crate::world::checksum::Algorithm;
use crate::world::ids::Ids;
use crate::world::outside::Outside;
use crate::world::time::Time;
use crate::world::{Background, World};

use super::Bucket;
use super::access;
use super::config::Versioning;
use super::faults;
use super::notices::{self, Deed, Happening};
use attributes::{Encryption, Headers, Lock};
use files::{Files, Stored};
use multipart::Pending;

/// Bytes of a key: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
const KEY_BYTES_MAX: usize = 1024;
/// Version id of objects that were put while versioning was not enabled.
pub const NULL_VERSION: &str = "null";

/// The objects of a bucket.
#[derive(Debug, Default)]
pub struct Objects {
    /// The versions of each key, oldest first: the last one is current. No list is empty.
    pub keys: BTreeMap<String, Vec<Version>>,
    /// Multipart uploads under way, by key and id.
    pub uploads: BTreeMap<(String, String), Pending>,
}

/// A version of a key.
#[derive(Clone, Debug)]
pub struct Version {
    /// 32 characters, or `null`.
    pub id: String,
    pub modified: Time,
    /// `None` for a delete marker.
    pub object: Option<Object>,
}

/// What is known of an object's content.
#[derive(Clone, Debug)]
pub struct Object {
    pub file: Stored,
    /// Without its quotes.
    pub etag: String,
    pub checksum: Option<Checksum>,
    /// Length and checksum of each part of a multipart upload.
    pub parts: Vec<(i64, u64, Option<Checksum>)>,
    pub about: About,
}

/// What the client said of an object when putting it.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub headers: Headers,
    pub encryption: Encryption,
    pub storage_class: String,
    pub tags: Vec<(String, String)>,
    pub lock: Lock,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: Algorithm,
    /// Base64, with `-N` behind it where it is of parts.
    pub value: String,
    /// A checksum of the checksums of parts, not of the whole content.
    pub composite: bool,
}

crate::record! {
    /// The object an operation is about.
    pub struct Place {
        bucket: String = "Bucket",
        key: String = "Key",
        expected_owner: Option<String> = "ExpectedBucketOwner",
    }

    /// A version of the object.
    pub struct Pick {
        version: Option<String> = "VersionId",
    }
}

/// What a handler works on.
pub struct Scene<'a> {
    pub bucket: &'a mut Bucket,
    pub files: Files,
    pub ids: &'a mut Ids,
    pub now: Time,
    /// Where work on large files is asked for.
    pub outside: &'a mut Outside,
    /// What is left to do beside everything else: large files take their time to go.
    pub background: &'a mut Vec<Background>,
}

impl Version {
    pub fn is_marker(&self) -> bool {
        self.object.is_none()
    }

    /// What was done to a key, with which this version has come about.
    pub fn happening<'a>(&'a self, deed: Deed, key: &'a str) -> Happening<'a> {
        let object = self.object.as_ref();
        Happening {
            deed,
            key,
            version: &self.id,
            size: object.map(|object| object.file.length),
            etag: object.map(|object| object.etag.as_str()),
            retention: None,
        }
    }

    /// The id as answers show it: not at all before versioning was ever set.
    pub fn shown_id(&self, bucket: &Bucket) -> Option<String> {
        bucket.config.versioning.map(|_| self.id.clone())
    }
}

/// Enters a bucket for an operation on an object, and tells the record about both.
///
/// # Errors
/// `NoSuchBucket`, `AccessDenied` for an owner that was not expected, `KeyTooLongError`.
pub fn enter<'a>(cx: &'a mut Cx<'_>, place: &Place) -> Result<Scene<'a>, Fault> {
    note_object(cx, place);
    check_key(&place.key)?;
    scene(cx, &place.bucket, Some(&place.key), place.expected_owner.as_deref())
}

/// Enters a bucket for an operation on all objects with a prefix.
///
/// # Errors
/// `NoSuchBucket`, `AccessDenied` for an owner that was not expected.
pub fn enter_all<'a>(
    cx: &'a mut Cx<'_>,
    bucket: &str,
    prefix: &str,
    expected_owner: Option<&str>,
) -> Result<Scene<'a>, Fault> {
    note(cx, bucket, prefix, true);
    scene(cx, bucket, None, expected_owner)
}

fn scene<'a>(
    cx: &'a mut Cx<'_>,
    name: &str,
    key: Option<&str>,
    expected_owner: Option<&str>,
) -> Result<Scene<'a>, Fault> {
    access::check(cx, name, key, expected_owner)?;
    let World { s3, ids, now, background, .. } = &mut *cx.world;
    let files = Files::new(&s3.root, name);
    let bucket = s3.buckets.get_mut(name).ok_or_else(|| faults::no_such_bucket(name))?;
    Ok(Scene { bucket, files, ids, now: *now, outside: cx.outside, background })
}

/// Tells the record about an object before it is entered.
pub fn note_object(cx: &mut Cx<'_>, place: &Place) {
    note(cx, &place.bucket, &place.key, false);
}

/// Names object and bucket in the record, as long as there is such a bucket.
fn note(cx: &mut Cx<'_>, bucket: &str, key: &str, is_prefix: bool) {
    let Some(known) = cx.world.s3.buckets.get(bucket) else { return };
    let object = format!("arn:aws:s3:::{bucket}/{key}");
    let account = Some(known.owner.clone());
    let object = Resource { account: None, kind: "AWS::S3::Object", arn: object, is_prefix };
    let bucket = Resource { account, kind: "AWS::S3::Bucket", arn: format!("arn:aws:s3:::{bucket}"), is_prefix: false };
    cx.note.resources = vec![object, bucket];
}

fn check_key(key: &str) -> Result<(), Fault> {
    if key.len() > KEY_BYTES_MAX { Err(faults::key_too_long(key.len(), KEY_BYTES_MAX)) } else { Ok(()) }
}

impl Scene<'_> {
    /// The current object of a key; `None` where there is none, where a delete marker hides it, and where somebody
    /// else has removed its file.
    pub fn current(&self, key: &str) -> Option<(&Version, &Object)> {
        let version = self.bucket.objects.keys.get(key)?.last()?;
        let object = version.object.as_ref()?;
        self.files.look(&object.file).map(|_| (version, object))
    }

    /// The version that was asked for, or the current one; delete markers too.
    pub fn version(&self, key: &str, id: Option<&str>) -> Option<&Version> {
        let versions = self.bucket.objects.keys.get(key)?;
        match id {
            Some(id) => versions.iter().find(|version| version.id == id),
            None => versions.last(),
        }
    }

    /// The object that an operation on its attributes is about.
    ///
    /// # Errors
    /// `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a delete marker.
    pub fn object(&mut self, key: &str, id: Option<&str>) -> Result<(String, &mut Object), Fault> {
        check_version(id)?;
        let versions = self.bucket.objects.keys.get_mut(key);
        let found = match id {
            Some(id) => versions.and_then(|versions| versions.iter_mut().find(|version| version.id == id)),
            None => versions.and_then(|versions| versions.last_mut()),
        };
        let Version { id: found_id, modified, object } = found.ok_or_else(|| missing(key, id))?;
        match object {
            Some(object) if self.files.look(&object.file).is_some() => Ok((found_id.clone(), object)),
            Some(_) => Err(missing(key, id)),
            None => Err(hidden(key, found_id, *modified, id.is_some())),
        }
    }

    /// Adds a version to a key as its current one: in place of the `null` version unless versioning is enabled.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn add(&mut self, key: &str, body: crate::world::payload::Body, object: NewObject) -> std::io::Result<Version> {
        let id = self.make_room(key)?;
        let replaced = self.replaced(key, &id);
        replaced.iter().for_each(|replaced| self.hold(replaced));
        let file = match self.files.place(key, body, replaced.as_ref(), self.now) {
            Ok(file) => file,
            Err(error) => {
                self.restore_current(key)?;
                return Err(error);
            }
        };
        let NewObject { etag, checksum, parts, about } = object;
        let object = Object { file, etag, checksum, parts, about };
        let version = Version { id, modified: self.now, object: Some(object) };
        self.push(key, version.clone(), replaced.as_ref());
        Ok(version)
    }

    /// Hides a key behind a delete marker.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn mark_deleted(&mut self, key: &str) -> std::io::Result<String> {
        let id = self.make_room(key)?;
        self.push(key, Version { id: id.clone(), modified: self.now, object: None }, None);
        Ok(id)
    }

    /// Chooses the id of the next version, and puts the current one away if it outlives that.
    fn make_room(&mut self, key: &str) -> std::io::Result<String> {
        let id = match self.bucket.config.versioning {
            Some(Versioning::Enabled) => self.ids.mixed(32),
            Some(Versioning::Suspended) | None => NULL_VERSION.to_owned(),
        };
        let current = self.bucket.objects.keys.get_mut(key).and_then(|versions| versions.last_mut());
        if let Some(Version { id: current_id, object: Some(object), .. }) = current.filter(|current| current.id != id) {
            object.file = self.files.shelve(key, current_id, &object.file)?;
        }
        Ok(id)
    }

    /// The current file that a new version with this id takes the place of.
    fn replaced(&self, key: &str, id: &str) -> Option<Stored> {
        let current = self.bucket.objects.keys.get(key)?.last().filter(|current| current.id == id)?;
        current.object.as_ref().map(|object| object.file.clone())
    }

    fn push(&mut self, key: &str, version: Version, replaced: Option<&Stored>) {
        let versions = self.bucket.objects.keys.entry(key.to_owned()).or_default();
        if let Some(at) = versions.iter().position(|other| other.id == version.id) {
            let old = versions.remove(at).object.map(|object| object.file);
            if let Some(old) = old.filter(|old| Some(old) != replaced) {
                self.discard(&old);
            }
        }
        self.bucket.objects.keys.entry(key.to_owned()).or_default().push(version);
    }

    /// Removes a file.
    pub fn discard(&mut self, stored: &Stored) {
        self.hold(stored);
        self.files.remove(stored);
    }

    /// Leaves it to the background to give the bytes of a file back, that is about to go.
    fn hold(&mut self, stored: &Stored) {
        if let Some(file) = self.files.hold(stored) {
            self.background.push(Box::new(move || drop(file)));
        }
    }

    /// Removes a version for good. The one before it becomes current if it was.
    ///
    /// # Errors
    /// The file system's; nothing has changed then.
    pub fn remove(&mut self, key: &str, id: &str) -> std::io::Result<Option<Version>> {
        let Some(versions) = self.bucket.objects.keys.get_mut(key) else { return Ok(None) };
        let Some(at) = versions.iter().position(|version| version.id == id) else { return Ok(None) };
        let removed = versions.remove(at);
        let (is_last, was_current) = (versions.is_empty(), at == versions.len());
        if let Some(object) = &removed.object {
            self.discard(&object.file);
        }
        if is_last {
            self.bucket.objects.keys.remove(key);
        } else if was_current {
            self.restore_current(key)?;
        }
        Ok(Some(removed))
    }

    /// Brings the current version's file to its plain place.
    fn restore_current(&mut self, key: &str) -> std::io::Result<()> {
        let current = self.bucket.objects.keys.get_mut(key).and_then(|versions| versions.last_mut());
        if let Some(object) = current.and_then(|version| version.object.as_mut())
            && object.file.path.starts_with("s3/.versions")
        {
            object.file = self.files.unshelve(key, &object.file)?;
        }
        Ok(())
    }
}

/// An object without its file.
pub struct NewObject {
    pub etag: String,
    pub checksum: Option<Checksum>,
    pub parts: Vec<(i64, u64, Option<Checksum>)>,
    pub about: About,
}

/// Whether a bucket shows nothing any more: what is left are versions whose files somebody else has removed.
/// Uploads under way do not keep a bucket from being deleted.
pub fn shows_nothing(root: &std::path::Path, bucket: &Bucket) -> bool {
    let files = Files::new(root, &bucket.name);
    let mut versions = bucket.objects.keys.values().flatten();
    let removed = |object: &Object| files.look(&object.file).is_none();
    versions.all(|version| version.object.as_ref().is_some_and(removed))
}

/// The fault for a key or version that is not there.
pub fn missing(key: &str, version: Option<&str>) -> Fault {
    match version {
        Some(version) => faults::no_such_version(key, version),
        None => faults::no_such_key(key),
    }
}

/// The fault for a delete marker, whether it was asked for or is in the way.
pub fn hidden(key: &str, marker: &str, modified: Time, asked_for: bool) -> Fault {
    let fault = if asked_for { faults::marker_not_allowed(modified) } else { faults::no_such_key(key) };
    faults::due_to_marker(fault, marker)
}

/// Version ids that cannot be are refused before looking for them.
///
/// # Errors
/// `InvalidArgument`.
pub fn check_version(id: Option<&str>) -> Result<(), Fault> {
    match id {
        Some("") => Err(faults::empty_version_id()),
        Some(id) if id != NULL_VERSION && id.len() != 32 => Err(faults::invalid_version_id(id)),
        _ => Ok(()),
    }
}

/// Deletes an object as lifecycle rules do: the current version gets a delete marker where the bucket keeps
/// versions, and is removed elsewhere.
pub fn expire(world: &mut World, bucket: &str, key: &str) {
    match with_scene(world, bucket, |scene| delete::delete_current(scene, key)) {
        Some(Err(fault)) => tracing::warn!(bucket, key, reason = fault.message, "cannot expire an object"),
        Some(Ok((_, Some(removal)))) => notices::expired(world, bucket, &Happening::expiry(key, &removal)),
        Some(Ok((_, None))) | None => {}
    }
}

/// Removes a version for good, as lifecycle rules do with noncurrent versions and lonely delete markers. Locked
/// versions stay.
pub fn expire_version(world: &mut World, bucket: &str, key: &str, version: &str) {
    match with_scene(world, bucket, |scene| delete::delete_version(scene, key, version, false)) {
        Some(Err(fault)) => tracing::debug!(bucket, key, version, reason = fault.message, "a version stays"),
        Some(Ok((_, Some(removal)))) => notices::expired(world, bucket, &Happening::expiry(key, &removal)),
        Some(Ok((_, None))) | None => {}
    }
}

/// Gives up a multipart upload and removes its parts.
pub fn abort_upload(world: &mut World, bucket: &str, key: &str, upload: &str) {
    with_scene(world, bucket, |scene| multipart::abort(scene, key, upload));
}

fn with_scene<T>(world: &mut World, name: &str, act: impl FnOnce(&mut Scene<'_>) -> T) -> Option<T> {
    let World { s3, ids, now, background, .. } = world;
    let outside = &mut Outside::default();
    let files = Files::new(&s3.root, name);
    let bucket = s3.buckets.get_mut(name)?;
    Some(act(&mut Scene { bucket, files, ids, now: *now, outside, background }))
}

#[cfg(test)]
mod tests;
