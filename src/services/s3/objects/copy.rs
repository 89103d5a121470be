//! Copying objects.

use percent_encoding::percent_decode_str;

use crate::record;
use crate::services::s3::faults;
use crate::services::s3::notices::{Deed, happened};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::checksum::Algorithm;
use crate::world::hex::hex;
use crate::world::op::Op;
use crate::world::payload::Upload;
use crate::world::time::Time;

use super::attributes::{ARCHIVE_CLASSES, ChecksumKind, Checksums, Context, Encryption, Headers, Lock, Wishes, settle};
use super::conditions::{SourceConditions, WriteConditions};
use super::files::{Hashes, Opened};
use super::get::{Found, find};
use super::put::quoted;
use super::range::Piece;
use super::{About, Checksum, NewObject, Object, Place, Scene, Version, enter, note_object};

/// Copying.
pub const OPS: &[Op] = &[crate::op!(Write "CopyObject" copy_object).data()];

/// The largest object that one copy can make.
const COPY_BYTES_MAX: u64 = 5 << 30;

record! {
    /// Where a copy comes from.
    pub struct CopySource {
        source: String = "CopySource",
        expected_owner: Option<String> = "ExpectedSourceBucketOwner",
        customer_algorithm: Option<String> = "CopySourceSSECustomerAlgorithm",
    }

    struct CopyObject {
        metadata: Option<String> = "MetadataDirective",
        tagging: Option<String> = "TaggingDirective",
        algorithm: Option<String> = "ChecksumAlgorithm",
    }

    struct Copied {
        result: (Times, Checksums, ChecksumKind) = "CopyObjectResult",
        version: Option<String> = "VersionId",
        source_version: Option<String> = "CopySourceVersionId",
    }

    /// Of a copy, or of a part that was copied.
    pub struct Times {
        modified: Time = "LastModified",
        etag: String = "ETag",
    }
}

type Input = (
    (Place, WriteConditions),
    (CopySource, SourceConditions),
    CopyObject,
    (Headers, Encryption, Lock, Wishes),
    Context,
);

fn copy_object(cx: &mut Cx<'_>, input: Input) -> Result<(Copied, Encryption, Context), Fault> {
    let ((place, writing), (from, reading), directives, about, context) = input;
    let account = cx.account.clone();
    note_object(cx, &place);
    let replaces_metadata = replaces(directives.metadata.as_deref(), "x-amz-metadata-directive")?;
    let replaces_tags = replaces(directives.tagging.as_deref(), "x-amz-tagging-directive")?;
    let source = source(cx, &from, &reading)?;
    if source.opened.look.length > COPY_BYTES_MAX {
        return Err(faults::copy_too_large(COPY_BYTES_MAX));
    }
    let mut scene = enter(cx, &place)?;
    writing.check(&scene, &place.key)?;
    let changes = replaces_metadata
        || about.1.algorithm.is_some()
        || about.3.storage_class.is_some()
        || about.0.redirect.is_some();
    let to_itself = from
        .place()
        .is_some_and(|(bucket, key, version)| bucket == place.bucket && key == place.key && version.is_none());
    if to_itself && !changes {
        return Err(faults::copy_to_itself());
    }
    let about = merge(settle(&scene, &account, about)?, &source.object.about, replaces_metadata, replaces_tags);
    let (kept, algorithm) = checksum(&source.object, directives.algorithm.as_deref())?;
    let encryption = about.encryption.clone();
    context.check(&encryption)?;
    // A copy has one part, so its ETag is the MD5 of its content.
    let md5 = !source.object.parts.is_empty();
    let hashes = Hashes { md5, checksum: Some(algorithm).filter(|_| kept.is_none()) };
    let piece = Piece { offset: 0, length: source.opened.look.length };
    let copied = copied(&mut scene, source.opened, &source.object.etag, piece, hashes)?;
    let etag = if md5 { hex(&copied.md5) } else { source.object.etag };
    let checksum = kept.or_else(|| Checksum::of_upload(&copied));
    let object = NewObject { etag: etag.clone(), checksum: checksum.clone(), parts: Vec::new(), about };
    let version = scene.add(&place.key, copied.body, object).map_err(|error| faults::internal(&error))?;
    let times = Times { modified: version.modified, etag: quoted(&etag) };
    let result = (times, Checksums::of(checksum.as_ref()), ChecksumKind::of(checksum.as_ref()));
    let shown_id = version.shown_id(scene.bucket);
    happened(cx, &place.bucket, &version.happening(Deed::Copy, &place.key));
    Ok((Copied { result, version: shown_id, source_version: source.shown_id }, encryption, context))
}

impl CopySource {
    /// Bucket, key and version of `[/]BUCKET/KEY[?versionId=ID]`.
    fn place(&self) -> Option<(String, String, Option<String>)> {
        let (path, version) = match self.source.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (self.source.as_str(), None),
        };
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key.to_owned(), version))
    }
}

/// Opens the source of a copy.
///
/// # Errors
/// As for reading it.
pub fn source(cx: &mut Cx<'_>, from: &CopySource, conditions: &SourceConditions) -> Result<Found, Fault> {
    if from.customer_algorithm.is_some() {
        return Err(faults::not_built("x-amz-copy-source-server-side-encryption-customer-algorithm"));
    }
    let (bucket, key, version) = from.place().ok_or_else(faults::bad_copy_source)?;
    let place = Place { bucket, key, expected_owner: from.expected_owner.clone() };
    // The record names what is written only.
    let (resources, owner) = (cx.note.resources.clone(), cx.note.owner.clone());
    let mut scene = enter(cx, &place)?;
    let marker = version.is_some() && scene.version(&place.key, version.as_deref()).is_some_and(Version::is_marker);
    let found = if marker {
        Err(faults::copy_of_marker())
    } else {
        find(&mut scene, &place.key, version.as_deref()).map_err(without_headers)
    };
    (cx.note.resources, cx.note.owner) = (resources, owner);
    let found = found?;
    conditions.check(&found.object.etag, found.version.modified)?;
    if ARCHIVE_CLASSES.contains(&found.object.about.storage_class.as_str()) {
        return Err(faults::archived(&found.object.about.storage_class));
    }
    Ok(found)
}

/// What S3 says of the source's versions in headers is about what is written, in answers to copies.
fn without_headers(fault: Fault) -> Fault {
    Fault { headers: Vec::new(), ..fault }
}

fn replaces(directive: Option<&str>, header: &'static str) -> Result<bool, Fault> {
    match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(faults::unknown_directive(header, other)),
    }
}

/// What the copy keeps of its source. A redirect is never copied.
fn merge(wished: About, source: &About, replaces_metadata: bool, replaces_tags: bool) -> About {
    let mut about = wished;
    if !replaces_metadata {
        about.headers = Headers { redirect: about.headers.redirect, ..source.headers.clone() };
    }
    if !replaces_tags {
        about.tags.clone_from(&source.tags);
    }
    about
}

/// The copy's checksum and its algorithm: the one that is asked for, else the source's. It must be computed, unless the
/// source has it.
fn checksum(source: &Object, wished: Option<&str>) -> Result<(Option<Checksum>, Algorithm), Fault> {
    let wished = match wished {
        Some(name) => Algorithm::parse(name).ok_or_else(|| faults::not_built("x-amz-checksum-algorithm"))?,
        None => source.checksum.as_ref().map_or(Algorithm::Crc64Nvme, |checksum| checksum.algorithm),
    };
    let kept = source.checksum.clone().filter(|checksum| checksum.algorithm == wished && !checksum.composite);
    Ok((kept, wished))
}

/// Copies a piece of an opened file, whose content has this ETag.
///
/// # Errors
/// The work is to be done first, or the file system failed.
pub fn copied(
    scene: &mut Scene<'_>,
    source: Opened,
    etag: &str,
    piece: Piece,
    hashes: Hashes,
) -> Result<Upload, Fault> {
    let about = (source.look, etag.to_owned(), piece, hashes);
    let files = scene.files.clone();
    let copied = scene.outside.take(about, piece.length, move || files.copy(source.file, piece, hashes))?;
    copied.map_err(|error| faults::internal(&error))
}
