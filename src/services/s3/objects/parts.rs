//! Parts of multipart uploads, and the objects made of them.

use std::fs::File;

use md5::{Digest, Md5};

use crate::record;
use crate::services::s3::faults;
use crate::services::s3::notices::{Deed, happened};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::checksum::Algorithm;
use crate::world::hex::hex;
use crate::world::op::Op;
use crate::world::outside::Outside;
use crate::world::payload::{Body, Upload};

use super::attributes::{ChecksumKind, Checksums, Encryption};
use super::conditions::{SourceConditions, WriteConditions, matches};
use super::copy::{CopySource, Times, copied, source};
use super::files::{Hashes, Stored};
use super::get::number;
use super::multipart::{Part, Pending, UploadId};
use super::put::quoted;
use super::range::{self, Piece};
use super::{Checksum, NewObject, Place, Scene, enter, note_object};

/// Parts.
pub const OPS: &[Op] = &[
    crate::op!(Write "UploadPart" upload_part).data(),
    crate::op!(Write "UploadPartCopy" upload_part_copy).data(),
    crate::op!(Write "CompleteMultipartUpload" complete_multipart_upload).data(),
];

/// Limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const PARTS_MAX: i64 = 10_000;
const PART_BYTES_MIN: u64 = 5 << 20;

record! {
    struct Number {
        part: i64 = "PartNumber",
    }

    struct Refused {
        customer_algorithm: Option<String> = "SSECustomerAlgorithm",
    }

    struct Uploaded {
        etag: String = "ETag",
    }

    struct CopyRange {
        range: Option<String> = "CopySourceRange",
    }

    struct CopiedPart {
        result: (Times, Checksums) = "CopyPartResult",
        source_version: Option<String> = "CopySourceVersionId",
    }

    struct Complete {
        upload: Option<PartList> = "MultipartUpload",
        kind: Option<String> = "ChecksumType",
        size: Option<i64> = "MpuObjectSize",
    }

    struct PartList {
        parts: Vec<(Listed, Checksums)> = "Parts",
    }

    struct Listed {
        number: i64 = "PartNumber",
        etag: Option<String> = "ETag",
    }

    struct Completed {
        location: String = "Location",
        bucket: String = "Bucket",
        key: String = "Key",
        etag: String = "ETag",
        version: Option<String> = "VersionId",
    }
}

fn upload_part(
    cx: &mut Cx<'_>,
    (place, upload_id, number, refused): (Place, UploadId, Number, Refused),
) -> Result<(Uploaded, Checksums, Encryption), Fault> {
    let mut scene = enter(cx, &place)?;
    if refused.customer_algorithm.is_some() {
        return Err(faults::not_built("x-amz-server-side-encryption-customer-algorithm"));
    }
    check_number(number.part)?;
    let pending = pending(&mut scene, &place.key, &upload_id.id)?;
    let (encryption, asked) = (pending.about.encryption.clone(), pending.asked());
    let upload = cx.upload.as_ref().map_err(Clone::clone)?;
    let checksum = checksum(asked, upload, cx.outside)?;
    let upload = cx.take_upload()?;
    let etag = quoted(&hex(&upload.md5));
    // The answer repeats what was sent; what S3 computes by itself shows up in the end.
    let shown = Checksums::of(Some(&checksum).filter(|_| upload.claimed.checksum));
    keep(&mut enter(cx, &place)?, &place.key, &upload_id.id, number.part, upload, checksum)?;
    Ok((Uploaded { etag }, shown, encryption))
}

type CopyInput = ((Place, UploadId, Number, Refused), (CopySource, SourceConditions), CopyRange);

fn upload_part_copy(cx: &mut Cx<'_>, input: CopyInput) -> Result<(CopiedPart, Encryption), Fault> {
    let ((place, upload_id, number, refused), (from, conditions), CopyRange { range }) = input;
    note_object(cx, &place);
    if refused.customer_algorithm.is_some() {
        return Err(faults::not_built("x-amz-server-side-encryption-customer-algorithm"));
    }
    let source = source(cx, &from, &conditions)?;
    let total = source.opened.look.length;
    let piece = copied_piece(range.as_deref(), total)?;
    let mut scene = enter(cx, &place)?;
    check_number(number.part)?;
    let pending = pending(&mut scene, &place.key, &upload_id.id)?;
    let (encryption, asked) = (pending.about.encryption.clone(), pending.algorithm);
    let algorithm = asked.unwrap_or(Algorithm::Crc64Nvme);
    let hashes = Hashes { md5: true, checksum: Some(algorithm) };
    let upload = copied(&mut scene, source.opened, &source.object.etag, piece, hashes)?;
    let value = upload.checksum.as_ref().map(|(_, value)| value.clone()).unwrap_or_default();
    let checksum = Checksum { algorithm, value, composite: false };
    let times = Times { modified: scene.now, etag: quoted(&hex(&upload.md5)) };
    let shown = Checksums::of(Some(&checksum).filter(|_| asked.is_some()));
    keep(&mut scene, &place.key, &upload_id.id, number.part, upload, checksum)?;
    Ok((CopiedPart { result: (times, shown), source_version: source.shown_id }, encryption))
}

/// The piece of the source that is copied; here a range must be exact.
fn copied_piece(range: Option<&str>, total: u64) -> Result<Piece, Fault> {
    let Some(range) = range else { return Ok(Piece { offset: 0, length: total }) };
    let last = range.rsplit('-').next().and_then(|last| last.parse::<u64>().ok());
    match range::piece(range, total) {
        Ok(Some(piece)) if last.is_some_and(|last| last < total) && !range.contains("=-") => Ok(piece),
        Ok(None) => Err(faults::bad_copy_range(range)),
        _ => Err(faults::copy_range_beyond_source(range, total)),
    }
}

fn check_number(number: i64) -> Result<(), Fault> {
    if (1..=PARTS_MAX).contains(&number) { Ok(()) } else { Err(faults::part_number_out_of_range(number, PARTS_MAX)) }
}

fn pending<'a>(scene: &'a mut Scene<'_>, key: &str, upload: &str) -> Result<&'a mut Pending, Fault> {
    let pending = scene.bucket.objects.uploads.get_mut(&(key.to_owned(), upload.to_owned()));
    pending.ok_or_else(|| faults::no_such_upload(upload))
}

impl Pending {
    /// Which checksum was asked for, and whether the object's is made of those of parts.
    fn asked(&self) -> (Option<Algorithm>, bool) {
        (self.algorithm, self.composite)
    }
}

/// The part's checksum, with the algorithm that the upload was begun with. A checksum that is made of those of parts
/// must come with each; else it is computed where it did not come.
fn checksum(
    (asked, composite): (Option<Algorithm>, bool),
    upload: &Upload,
    outside: &mut Outside,
) -> Result<Checksum, Fault> {
    let came = Checksum::of_upload(upload);
    let sent = came.as_ref().filter(|_| upload.claimed.checksum).map(|checksum| checksum.algorithm);
    let wanted = asked.or(sent).unwrap_or(Algorithm::Crc64Nvme);
    let mismatch = || faults::part_checksum_mismatch(wanted.name(), sent.map_or("null", Algorithm::name));
    if sent.map_or(composite, |sent| sent != wanted) {
        return Err(mismatch());
    }
    match (came, &upload.body) {
        (Some(checksum), _) if checksum.algorithm == wanted => Ok(checksum),
        (_, Body::Memory(bytes)) => Ok(Checksum { algorithm: wanted, value: wanted.of(bytes), composite: false }),
        (_, Body::Spooled(spooled)) => {
            let (about, path) = ((spooled.path().to_owned(), wanted), spooled.path().to_owned());
            let hash = move || File::open(path).and_then(|file| wanted.of_reader(file));
            let value = outside.take(about, upload.length, hash)?.map_err(|error| faults::internal(&error))?;
            Ok(Checksum { algorithm: wanted, value, composite: false })
        }
    }
}

/// Stores a part, in place of an earlier one of its number.
fn keep(
    scene: &mut Scene<'_>,
    key: &str,
    upload_id: &str,
    number: i64,
    upload: Upload,
    checksum: Checksum,
) -> Result<(), Fault> {
    let (md5, modified) = (upload.md5, scene.now);
    let kept_before = pending(scene, key, upload_id)?.kept;
    let kept = scene.files.keep_part(upload_id, (number, kept_before), upload.body, modified);
    let file = kept.map_err(|error| faults::internal(&error))?;
    let pending = pending(scene, key, upload_id)?;
    pending.kept += 1;
    if let Some(replaced) = pending.parts.insert(number, Part { file, md5, checksum, modified }) {
        scene.discard(&replaced.file);
    }
    Ok(())
}

type CompleteInput = (Place, UploadId, Complete, WriteConditions, Checksums);
type CompleteAnswer = (Completed, Checksums, ChecksumKind, Encryption);

fn complete_multipart_upload(cx: &mut Cx<'_>, input: CompleteInput) -> Result<CompleteAnswer, Fault> {
    let (place, upload, input, conditions, expected) = input;
    let host = cx.host.to_owned();
    let mut scene = enter(cx, &place)?;
    let pending = pending(&mut scene, &place.key, &upload.id)?;
    let listed = input.upload.ok_or_else(faults::no_parts)?;
    let parts = chosen(pending, &listed.parts)?;
    let size: u64 = parts.iter().map(|(_, part)| part.file.length).sum();
    if input.size.is_some_and(|announced| announced != number(size)) {
        return Err(faults::wrong_object_size(input.size.unwrap_or_default(), size));
    }
    let algorithm = pending.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let (composite, about) = (pending.composite, pending.about.clone());
    conditions.check(&scene, &place.key)?;
    let known = whole_checksum(algorithm, composite, &parts);
    check_expected(known.as_ref(), &expected)?;
    let joined = joined(&mut scene, &parts, size, known.is_none().then_some(algorithm))?;
    let checksum = known.or_else(|| Checksum::of_upload(&joined));
    check_expected(checksum.as_ref(), &expected)?;
    let etag = etag_of(&parts);
    let encryption = about.encryption.clone();
    let facts = parts
        .iter()
        .map(|(number, part)| (*number, part.file.length, Some(part.checksum.clone()).filter(|_| composite)));
    let object = NewObject { etag: etag.clone(), checksum: checksum.clone(), parts: facts.collect(), about };
    let version = scene.add(&place.key, joined.body, object).map_err(|error| faults::internal(&error))?;
    scene.bucket.objects.uploads.remove(&(place.key.clone(), upload.id.clone()));
    scene.background.push(Box::new(scene.files.drop_upload(&upload.id)));
    let shown_id = version.shown_id(scene.bucket);
    happened(cx, &place.bucket, &version.happening(Deed::CompleteMultipartUpload, &place.key));
    let completed = Completed {
        location: location(&host, &place),
        etag: quoted(&etag),
        version: shown_id,
        bucket: place.bucket,
        key: place.key,
    };
    Ok((completed, Checksums::of(checksum.as_ref()), ChecksumKind::of(checksum.as_ref()), encryption))
}

/// The parts that the client lists, checked against those that were uploaded.
fn chosen(pending: &Pending, listed: &[(Listed, Checksums)]) -> Result<Vec<(i64, Part)>, Fault> {
    if listed.is_empty() {
        return Err(faults::malformed_xml());
    }
    let mut parts: Vec<(i64, Part)> = Vec::with_capacity(listed.len());
    for (named, checksums) in listed {
        if parts.last().is_some_and(|(last, _)| *last >= named.number) {
            return Err(faults::invalid_part_order());
        }
        if let Some(algorithm) = pending.algorithm.filter(|_| pending.composite)
            && checksums.get(algorithm).is_none()
        {
            return Err(faults::part_without_checksum(algorithm.name(), named.number));
        }
        let part = pending.parts.get(&named.number).filter(|part| fits(part, named, checksums));
        parts.push((named.number, part.ok_or_else(|| faults::invalid_part(named.number))?.clone()));
    }
    let all_but_last = parts.split_last().map_or(&[][..], |(_, others)| others);
    match all_but_last.iter().find(|(_, part)| part.file.length < PART_BYTES_MIN) {
        Some((number, part)) => Err(faults::part_too_small(*number, part.file.length, PART_BYTES_MIN, &hex(&part.md5))),
        None => Ok(parts),
    }
}

fn fits(part: &Part, named: &Listed, checksums: &Checksums) -> bool {
    let etag = named.etag.as_deref().is_some_and(|etag| matches(etag, &hex(&part.md5)));
    let checksum = checksums.get(part.checksum.algorithm).is_none_or(|value| value == part.checksum.value);
    etag && checksum
}

/// The MD5 of the parts' MD5s, and how many there are.
fn etag_of(parts: &[(i64, Part)]) -> String {
    let mut md5 = Md5::new();
    parts.iter().for_each(|(_, part)| md5.update(part.md5));
    format!("{:x}-{}", md5.finalize(), parts.len())
}

/// The object's checksum: made of the parts' checksums, or put together from them. `None` where parts came with
/// another, so that the object is to be hashed.
fn whole_checksum(algorithm: Algorithm, composite: bool, parts: &[(i64, Part)]) -> Option<Checksum> {
    if parts.iter().any(|(_, part)| part.checksum.algorithm != algorithm) {
        return None;
    }
    let mut values = parts.iter().map(|(_, part)| (part.checksum.value.clone(), part.file.length));
    if composite {
        let parts_value = algorithm.composite(parts.iter().map(|(_, part)| part.checksum.value.as_str()));
        return Some(Checksum { algorithm, value: format!("{parts_value}-{}", parts.len()), composite: true });
    }
    let (mut value, _) = values.next()?;
    for (part, length) in values {
        value = algorithm.combine(&value, &part, length)?;
    }
    Some(Checksum { algorithm, value, composite: false })
}

/// The parts put together, and hashed if that is wanted. Parts are told apart by their files.
fn joined(
    scene: &mut Scene<'_>,
    parts: &[(i64, Part)],
    size: u64,
    checksum: Option<Algorithm>,
) -> Result<Upload, Fault> {
    let about: Vec<Stored> = parts.iter().map(|(_, part)| part.file.clone()).collect();
    let (files, hashes, stored) = (scene.files.clone(), Hashes { md5: false, checksum }, about.clone());
    let joined = scene.outside.take(about, size, move || files.join(&stored, hashes))?;
    joined.map_err(|error| faults::internal(&error))
}

/// What the client says of the whole object must be true.
fn check_expected(checksum: Option<&Checksum>, expected: &Checksums) -> Result<(), Fault> {
    let Some(checksum) = checksum else { return Ok(()) };
    match expected.get(checksum.algorithm) {
        Some(value) if value != checksum.value => Err(faults::checksum_mismatch(checksum.algorithm.name())),
        _ => Ok(()),
    }
}

fn location(host: &str, place: &Place) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let key = utf8_percent_encode(&place.key, NON_ALPHANUMERIC);
    if host.starts_with(&format!("{}.", place.bucket)) {
        return format!("http://{host}/{key}");
    }
    format!("http://{host}/{}/{key}", place.bucket)
}
