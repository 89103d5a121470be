//! Reading objects.

use crate::record;
use crate::services::s3::config::lifecycle;
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::caller::Principal;
use crate::world::op::Op;
use crate::world::payload::Content;
use crate::world::time::Time;

use super::attributes::{ARCHIVE_CLASSES, ChecksumKind, Checksums, Encryption, Headers, Lock, STANDARD};
use super::conditions::ReadConditions;
use super::files::{Opened, etags};
use super::put::quoted;
use super::range::{self, Piece};
use super::{Checksum, Object, Pick, Place, Scene, Version, check_version, enter, hidden, missing};

/// Reading objects.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetObject" get_object).data(),
    crate::op!(Read "HeadObject" head_object).data(),
    crate::op!(Read "GetObjectAttributes" get_object_attributes).data(),
];

record! {
    struct Wanted {
        range: Option<String> = "Range",
        part: Option<i64> = "PartNumber",
        checksum_mode: Option<String> = "ChecksumMode",
        customer_algorithm: Option<String> = "SSECustomerAlgorithm",
    }

    /// Headers of the answer that the request sets.
    struct Overrides {
        cache_control: Option<String> = "ResponseCacheControl",
        content_disposition: Option<String> = "ResponseContentDisposition",
        content_encoding: Option<String> = "ResponseContentEncoding",
        content_language: Option<String> = "ResponseContentLanguage",
        content_type: Option<String> = "ResponseContentType",
        expires: Option<String> = "ResponseExpires",
    }

    struct Facts {
        accept_ranges: String = "AcceptRanges",
        modified: Time = "LastModified",
        length: i64 = "ContentLength",
        content_range: Option<String> = "ContentRange",
        etag: String = "ETag",
        version: Option<String> = "VersionId",
        storage_class: Option<String> = "StorageClass",
        parts: Option<i64> = "PartsCount",
        expiration: Option<String> = "Expiration",
    }

    /// Only `HeadObject` and `GetObject` count tags.
    struct TagCount {
        tags: Option<i64> = "TagCount",
    }

    struct GetObjectAttributes {
        attributes: Vec<String> = "ObjectAttributes",
        max_parts: Option<i64> = "MaxParts",
        after: Option<String> = "PartNumberMarker",
    }

    struct Attributes {
        modified: Time = "LastModified",
        version: Option<String> = "VersionId",
        etag: Option<String> = "ETag",
        checksum: Option<(Checksums, ChecksumKind)> = "Checksum",
        parts: Option<Parts> = "ObjectParts",
        storage_class: Option<String> = "StorageClass",
        size: Option<i64> = "ObjectSize",
    }

    struct Parts {
        count: i64 = "TotalPartsCount",
        after: Option<String> = "PartNumberMarker",
        next: Option<String> = "NextPartNumberMarker",
        max: Option<i64> = "MaxParts",
        truncated: Option<bool> = "IsTruncated",
        parts: Vec<(Part, Checksums)> = "Parts",
    }

    struct Part {
        number: i64 = "PartNumber",
        size: i64 = "Size",
    }
}

type Input = (Place, Pick, Wanted, ReadConditions, Overrides);
type Answer = ((Facts, TagCount), Headers, Encryption, Lock, (Checksums, ChecksumKind));

/// An object as it is at this moment.
pub struct Found {
    pub version: Version,
    pub object: Object,
    /// Kept open, so that what is sent is what was found.
    pub opened: Opened,
    /// The version's id, where the bucket has versions.
    pub shown_id: Option<String>,
    /// When and by which rule the current version is to expire.
    pub expiration: Option<String>,
}

fn get_object(cx: &mut Cx<'_>, input: Input) -> Result<(Answer, Content), Fault> {
    let (answer, found, piece) = read(cx, input)?;
    Ok((answer, Content::File { file: found.opened.file, offset: piece.offset, length: piece.length }))
}

fn head_object(cx: &mut Cx<'_>, input: Input) -> Result<Answer, Fault> {
    let (answer, ..) = read(cx, input)?;
    Ok(answer)
}

fn read(cx: &mut Cx<'_>, input: Input) -> Result<(Answer, Found, Piece), Fault> {
    let (place, pick, wanted, conditions, overrides) = input;
    let sends = cx.operation.name == "GetObject";
    if wanted.customer_algorithm.is_some() {
        return Err(faults::not_built("x-amz-server-side-encryption-customer-algorithm"));
    }
    if cx.caller.principal == Principal::Anonymous && overrides.any() {
        return Err(faults::overrides_of_anonymous());
    }
    let found = find(&mut enter(cx, &place)?, &place.key, pick.version.as_deref())?;
    conditions.check(&found.object.etag, found.version.modified)?;
    if sends && ARCHIVE_CLASSES.contains(&found.object.about.storage_class.as_str()) {
        return Err(faults::archived(&found.object.about.storage_class));
    }
    let total = found.opened.look.length;
    let piece = piece(&wanted, &found.object, total)?;
    let whole = piece.is_none();
    let sent = piece.unwrap_or(Piece { offset: 0, length: total });
    let wants_checksum = wanted.checksum_mode.as_deref() == Some("ENABLED");
    let checksum = found.object.checksum.as_ref().filter(|_| wants_checksum && (whole || wanted.part.is_some()));
    let object = &found.object;
    let facts = Facts {
        accept_ranges: "bytes".to_owned(),
        modified: found.version.modified,
        length: number(sent.length),
        content_range: piece.map(|piece| piece.content_range(total)),
        etag: quoted(&object.etag),
        version: found.shown_id.clone(),
        storage_class: Some(object.about.storage_class.clone()).filter(|class| class != STANDARD),
        expiration: found.expiration.clone(),
        parts: wanted.part.filter(|_| !object.parts.is_empty()).map(|_| object.parts.len() as i64),
    };
    let tags = TagCount { tags: Some(object.about.tags.len() as i64).filter(|count| *count > 0) };
    let checksums = (Checksums::of(checksum), ChecksumKind::of(checksum));
    let about = object.about.clone();
    let answer = ((facts, tags), overrides.over(about.headers), about.encryption, about.lock, checksums);
    Ok((answer, found, sent))
}

/// Finds the version that was asked for, and looks at what its file holds now.
///
/// # Errors
/// `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a delete marker asked for by its id. Content that somebody else
/// has changed must be hashed first.
pub fn find(scene: &mut Scene<'_>, key: &str, id: Option<&str>) -> Result<Found, Fault> {
    check_version(id)?;
    let version = scene.version(key, id).ok_or_else(|| missing(key, id))?.clone();
    let hidden = || hidden(key, &version.id, version.modified, id.is_some());
    let mut object = version.object.clone().ok_or_else(hidden)?;
    let opened = scene.files.open(&object.file).ok_or_else(|| missing(key, id))?;
    if !opened.look.intact {
        let etags = etags(scene.outside, vec![opened.look.clone()])?;
        let etag = etags.into_iter().next().unwrap_or(Err(std::io::ErrorKind::NotFound));
        object.etag = etag.map_err(|error| faults::internal(&error.into()))?;
        object.checksum = None;
        object.parts = Vec::new();
    }
    let is_current = scene.version(key, None).is_some_and(|current| current.id == version.id);
    let expiration =
        if is_current { lifecycle::expiration(scene.bucket, key, &object, version.modified) } else { None };
    let shown_id = version.shown_id(scene.bucket);
    Ok(Found { version, object, opened, shown_id, expiration })
}

/// The piece that is wanted; `None` for the whole.
fn piece(wanted: &Wanted, object: &Object, total: u64) -> Result<Option<Piece>, Fault> {
    match (&wanted.range, wanted.part) {
        (Some(_), Some(_)) => Err(faults::range_and_part()),
        (Some(range), None) => range::piece(range, total),
        (None, Some(number)) => part_piece(object, number, total).map(Some),
        (None, None) => Ok(None),
    }
}

/// Where a part of a multipart upload is; other objects have one part.
fn part_piece(object: &Object, number: i64, total: u64) -> Result<Piece, Fault> {
    if object.parts.is_empty() && number == 1 {
        return Ok(Piece { offset: 0, length: total });
    }
    let mut offset = 0;
    for (at, (_, length, _)) in (1..).zip(&object.parts) {
        if at == number {
            return Ok(Piece { offset, length: *length });
        }
        offset += length;
    }
    Err(faults::invalid_part_number(number, object.parts.len().max(1)))
}

impl Overrides {
    fn any(&self) -> bool {
        let Overrides { cache_control, content_disposition, content_encoding, content_language, content_type, expires } =
            self;
        [cache_control, content_disposition, content_encoding, content_language, content_type, expires]
            .iter()
            .any(|wished| wished.is_some())
    }

    fn over(self, headers: Headers) -> Headers {
        Headers {
            cache_control: self.cache_control.or(headers.cache_control),
            content_disposition: self.content_disposition.or(headers.content_disposition),
            content_encoding: self.content_encoding.or(headers.content_encoding),
            content_language: self.content_language.or(headers.content_language),
            content_type: self.content_type.or(headers.content_type),
            expires: self.expires.or(headers.expires),
            ..headers
        }
    }
}

fn get_object_attributes(
    cx: &mut Cx<'_>,
    (place, pick, input): (Place, Pick, GetObjectAttributes),
) -> Result<Attributes, Fault> {
    let found = find(&mut enter(cx, &place)?, &place.key, pick.version.as_deref())?;
    let object = &found.object;
    let wants = |name: &str| input.attributes.iter().flat_map(|list| list.split(',')).any(|item| item.trim() == name);
    let checksum = object.checksum.as_ref().filter(|_| wants("Checksum"));
    Ok(Attributes {
        modified: found.version.modified,
        version: found.shown_id.clone(),
        // Here the ETag has no quotes.
        etag: wants("ETag").then(|| object.etag.clone()),
        checksum: checksum.map(|checksum| (without_count(checksum), ChecksumKind::of(Some(checksum)))),
        parts: (wants("ObjectParts") && !object.parts.is_empty()).then(|| parts(object, &input)),
        storage_class: wants("StorageClass").then(|| object.about.storage_class.clone()),
        size: wants("ObjectSize").then(|| number(found.opened.look.length)),
    })
}

/// Attributes show composite checksums without the number of parts.
fn without_count(checksum: &Checksum) -> Checksums {
    let value = checksum.value.split('-').next().unwrap_or_default().to_owned();
    Checksums::of(Some(&Checksum { value, ..checksum.clone() }))
}

fn parts(object: &Object, input: &GetObjectAttributes) -> Parts {
    let count = object.parts.len() as i64;
    // Part by part it is shown only where each part has a checksum of its own.
    if object.parts.iter().any(|(_, _, checksum)| checksum.is_none()) {
        return Parts { count, ..Parts::default() };
    }
    let max = input.max_parts.unwrap_or(1000).clamp(0, 1000);
    let after: i64 = input.after.as_deref().and_then(|marker| marker.parse().ok()).unwrap_or(0);
    let mut rest = object.parts.iter().filter(|(number, ..)| *number > after);
    let page: Vec<_> = rest.by_ref().take(max as usize).collect();
    Parts {
        count,
        after: Some(after.to_string()),
        next: Some(page.last().map_or(after, |(number, ..)| *number).to_string()),
        max: Some(max),
        truncated: Some(rest.next().is_some()),
        parts: page.into_iter().map(shown_part).collect(),
    }
}

fn shown_part((number, length, checksum): &(i64, u64, Option<Checksum>)) -> (Part, Checksums) {
    (Part { number: *number, size: self::number(*length) }, Checksums::of(checksum.as_ref()))
}

/// A length as answers carry it.
pub fn number(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
