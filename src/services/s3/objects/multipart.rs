//! Multipart uploads: begun, listed, given up. Their parts are in [`parts`](super::parts).

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::record;
use crate::services::s3::faults;
use crate::wire::{Fault, Map, Value};
use crate::world::call::Cx;
use crate::world::checksum::Algorithm;
use crate::world::hex::hex;
use crate::world::op::Op;
use crate::world::time::Time;

use super::attributes::{Context, Encryption, Headers, Lock, Wishes, settle};
use super::files::Stored;
use super::list::{Echo, Listing, Owner, rows_max};
use super::page::{Page, Row, page};
use super::{About, Checksum, Place, Scene, enter};

/// Multipart uploads.
pub const OPS: &[Op] = &[
    crate::op!(Write "CreateMultipartUpload" create_multipart_upload).data(),
    crate::op!(Write "AbortMultipartUpload" abort_multipart_upload).data(),
    crate::op!(Read "ListMultipartUploads" list_multipart_uploads).data(),
    crate::op!(Read "ListParts" list_parts).data(),
];

/// A multipart upload under way.
#[derive(Debug)]
pub struct Pending {
    pub initiated: Time,
    /// Canonical id of who began it.
    pub initiator: Owner,
    pub about: About,
    /// The checksum that was asked for.
    pub algorithm: Option<Algorithm>,
    /// The checksum is of checksums of parts.
    pub composite: bool,
    pub parts: BTreeMap<i64, Part>,
    /// How many parts were kept, those that were replaced among them.
    pub kept: u64,
}

/// A part that has been uploaded.
#[derive(Clone, Debug)]
pub struct Part {
    pub file: Stored,
    pub md5: [u8; 16],
    pub checksum: Checksum,
    pub modified: Time,
}

record! {
    struct Create {
        algorithm: Option<String> = "ChecksumAlgorithm",
        kind: Option<String> = "ChecksumType",
    }

    struct Created {
        bucket: String = "Bucket",
        key: String = "Key",
        upload: String = "UploadId",
        algorithm: Option<String> = "ChecksumAlgorithm",
        kind: Option<String> = "ChecksumType",
    }

    /// The upload an operation is about.
    pub struct UploadId {
        id: String = "UploadId",
    }

    struct Abort {
        initiated: Option<Time> = "IfMatchInitiatedTime",
    }

    struct After {
        max: Option<i64> = "MaxUploads",
        key: Option<String> = "KeyMarker",
        upload: Option<String> = "UploadIdMarker",
    }

    struct Uploads {
        bucket: String = "Bucket",
        key: String = "KeyMarker",
        upload: String = "UploadIdMarker",
        next_key: Option<String> = "NextKeyMarker",
        next_upload: Option<String> = "NextUploadIdMarker",
        max: i64 = "MaxUploads",
        uploads: Vec<Upload> = "Uploads",
    }

    struct Upload {
        key: String = "Key",
        upload: String = "UploadId",
        initiated: Time = "Initiated",
        storage_class: String = "StorageClass",
        owner: Owner = "Owner",
        initiator: Owner = "Initiator",
        algorithm: Option<String> = "ChecksumAlgorithm",
        kind: Option<String> = "ChecksumType",
    }

    struct Parts {
        bucket: String = "Bucket",
        key: String = "Key",
        upload: String = "UploadId",
        after: i64 = "PartNumberMarker",
        next: Option<i64> = "NextPartNumberMarker",
        max: i64 = "MaxParts",
        truncated: bool = "IsTruncated",
        parts: Vec<(ListedPart, super::attributes::Checksums)> = "Parts",
        owner: Owner = "Owner",
        initiator: Owner = "Initiator",
        storage_class: String = "StorageClass",
        algorithm: Option<String> = "ChecksumAlgorithm",
        kind: Option<String> = "ChecksumType",
    }

    struct ListedPart {
        number: i64 = "PartNumber",
        modified: Time = "LastModified",
        etag: String = "ETag",
        size: i64 = "Size",
    }

    struct PartsAfter {
        max: Option<i64> = "MaxParts",
        after: Option<Value> = "PartNumberMarker",
    }
}

type Input = (Place, (Headers, Encryption, Lock, Wishes), Create, Context);
type Answer = (Created, Encryption, Context);

fn create_multipart_upload(cx: &mut Cx<'_>, (place, about, input, context): Input) -> Result<Answer, Fault> {
    let account = cx.account.clone();
    let scene = enter(cx, &place)?;
    let (algorithm, composite) = checksum_kind(input.algorithm.as_deref(), input.kind.as_deref())?;
    let about = settle(&scene, &account, about)?;
    let encryption = about.encryption.clone();
    context.check(&encryption)?;
    let initiator = Owner::of(&account);
    let pending =
        Pending { initiated: scene.now, initiator, about, algorithm, composite, parts: BTreeMap::new(), kept: 0 };
    let (algorithm, kind) = pending.shown_checksum();
    let upload = scene.ids.mixed(128);
    scene.bucket.objects.uploads.insert((place.key.clone(), upload.clone()), pending);
    Ok((Created { bucket: place.bucket, key: place.key, upload, algorithm, kind }, encryption, context))
}

/// Which checksums the parts have, and whether the object's is made of them.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
fn checksum_kind(algorithm: Option<&str>, kind: Option<&str>) -> Result<(Option<Algorithm>, bool), Fault> {
    let Some(name) = algorithm else {
        return if kind.is_some() { Err(faults::checksum_type_alone()) } else { Ok((None, false)) };
    };
    let algorithm = Algorithm::parse(name).ok_or_else(|| faults::not_built("x-amz-checksum-algorithm"))?;
    let composite = match kind {
        Some(kind) => kind == "COMPOSITE",
        None => algorithm != Algorithm::Crc64Nvme,
    };
    let possible = if composite { algorithm != Algorithm::Crc64Nvme } else { algorithm.combines() };
    if !possible {
        return Err(faults::checksum_type_mismatch(kind.unwrap_or_default(), algorithm.name()));
    }
    Ok((Some(algorithm), composite))
}

impl Pending {
    /// `ChecksumAlgorithm` and `ChecksumType`, where they were asked for.
    fn shown_checksum(&self) -> (Option<String>, Option<String>) {
        let kind = if self.composite { "COMPOSITE" } else { "FULL_OBJECT" };
        (self.algorithm.map(|algorithm| algorithm.name().to_owned()), self.algorithm.map(|_| kind.to_owned()))
    }
}

fn abort_multipart_upload(cx: &mut Cx<'_>, (place, upload, input): (Place, UploadId, Abort)) -> Result<Value, Fault> {
    let mut scene = enter(cx, &place)?;
    if input.initiated.is_some() {
        return Err(faults::not_built("x-amz-if-match-initiated-time"));
    }
    if !abort(&mut scene, &place.key, &upload.id) {
        return Err(faults::no_such_upload(&upload.id));
    }
    Ok(Value::Map(Map::new()))
}

/// Gives an upload up; tells whether there was one.
pub fn abort(scene: &mut Scene<'_>, key: &str, upload: &str) -> bool {
    let removed = scene.bucket.objects.uploads.remove(&(key.to_owned(), upload.to_owned()));
    if removed.is_some() {
        scene.background.push(Box::new(scene.files.drop_upload(upload)));
    }
    removed.is_some()
}

fn list_multipart_uploads(cx: &mut Cx<'_>, (listing, after): (Listing, After)) -> Result<(Uploads, Echo), Fault> {
    let max = rows_max(after.max, "max-uploads")?;
    let scene = listing.enter(cx)?;
    let uploads = &scene.bucket.objects.uploads;
    let key = after.key.clone().unwrap_or_default();
    // Without a key, S3 ignores the marker of the upload.
    let upload = after.upload.filter(|_| !key.is_empty()).unwrap_or_default();
    let from = |start: Bound<(String, String)>| {
        uploads.range((start, Bound::Unbounded)).map(|((key, id), pending)| (key.as_str(), (key, id, pending)))
    };
    let first = match (key.is_empty(), upload.is_empty()) {
        (true, _) => from(Bound::Unbounded),
        // The least text behind the key: every upload of the key itself is left out.
        (false, true) => from(Bound::Included((format!("{key}\0"), String::new()))),
        (false, false) => from(Bound::Excluded((key.clone(), upload.clone()))),
    };
    let seek = |key: &str| from(Bound::Included((key.to_owned(), String::new())));
    let Page { rows, truncated } = page(listing.query(&key, max), first, seek);
    let next = match rows.last().filter(|_| truncated) {
        None => (None, None),
        Some(Row::Common(common)) => (Some(common.clone()), None),
        Some(Row::Item((key, id, _))) => (Some((*key).clone()), Some((*id).clone())),
    };
    let owner = Owner::of(&scene.bucket.owner);
    let mut common = Vec::new();
    let mut shown = Vec::new();
    for row in rows {
        match row {
            Row::Common(prefix) => common.push(prefix),
            Row::Item((key, id, pending)) => {
                shown.push(pending.row(listing.encoded(key.clone()), id.clone(), owner.clone()));
            }
        }
    }
    let echo = listing.echo(truncated, common);
    let answer = Uploads {
        key: listing.encoded(key),
        upload,
        next_key: next.0.map(|key| listing.encoded(key)),
        next_upload: next.1,
        max,
        uploads: shown,
        bucket: listing.bucket,
    };
    Ok((answer, echo))
}

impl Pending {
    fn row(&self, key: String, upload: String, owner: Owner) -> Upload {
        let (algorithm, kind) = self.shown_checksum();
        Upload {
            key,
            upload,
            initiated: self.initiated,
            storage_class: self.about.storage_class.clone(),
            owner,
            initiator: self.initiator.clone(),
            algorithm,
            kind,
        }
    }
}

fn list_parts(cx: &mut Cx<'_>, (place, upload, page): (Place, UploadId, PartsAfter)) -> Result<Parts, Fault> {
    let scene = enter(cx, &place)?;
    let pending = scene.bucket.objects.uploads.get(&(place.key.clone(), upload.id.clone()));
    let pending = pending.ok_or_else(|| faults::no_such_upload(&upload.id))?;
    let max = rows_max(page.max, "max-parts")?;
    let after = match page.after {
        Some(Value::Int(after)) => after,
        Some(Value::Str(text)) => text.parse().unwrap_or(0),
        _ => 0,
    };
    let mut rest = pending.parts.range((Bound::Excluded(after), Bound::Unbounded));
    let parts: Vec<_> = rest.by_ref().take(usize::try_from(max).unwrap_or_default()).collect();
    let truncated = rest.next().is_some();
    let (algorithm, kind) = pending.shown_checksum();
    Ok(Parts {
        bucket: place.bucket,
        key: place.key,
        upload: upload.id,
        after,
        next: Some(parts.last().map_or(0, |(number, _)| **number)),
        max,
        truncated,
        parts: parts.into_iter().map(|(number, part)| part.row(*number)).collect(),
        owner: Owner::of(&scene.bucket.owner),
        initiator: pending.initiator.clone(),
        storage_class: pending.about.storage_class.clone(),
        algorithm,
        kind,
    })
}

impl Part {
    fn row(&self, number: i64) -> (ListedPart, super::attributes::Checksums) {
        let listed = ListedPart {
            number,
            modified: self.modified,
            etag: super::put::quoted(&hex(&self.md5)),
            size: super::get::number(self.file.length),
        };
        (listed, super::attributes::Checksums::of(Some(&self.checksum)))
    }
}
