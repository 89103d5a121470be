//! Parts of multipart uploads, and the objects made of them.

use md5::{Digest, Md5};

use crate::record;
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::checksum::Algorithm;
use crate::world::op::Op;
use crate::world::payload::{Body, Claimed, Upload};

use super::attributes::{ChecksumKind, Checksums, Encryption};
use super::conditions::{SourceConditions, WriteConditions, matches};
use super::copy::{CopySource, Times, source};
use super::get::number;
use super::multipart::{Part, Pending, UploadId};
use super::put::{hex, quoted};
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
    let upload = cx.take_upload();
    let mut scene = enter(cx, &place)?;
    if refused.customer_algorithm.is_some() {
        return Err(faults::not_built("x-amz-server-side-encryption-customer-algorithm"));
    }
    check_number(number.part)?;
    let pending = pending(&mut scene, &place.key, &upload_id.id)?;
    let encryption = pending.about.encryption.clone();
    let upload = upload?;
    let checksum = checksum(pending, &upload)?;
    let etag = quoted(&hex(&upload.md5));
    // The answer repeats what was sent; what S3 computes by itself shows up in the end.
    let shown = Checksums::of(Some(&checksum).filter(|_| upload.claimed.checksum));
    keep(&mut scene, &place.key, &upload_id.id, number.part, upload, checksum)?;
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
    let total = source.opened.length;
    let piece = copied_piece(range.as_deref(), total)?;
    let mut scene = enter(cx, &place)?;
    check_number(number.part)?;
    let algorithm = pending(&mut scene, &place.key, &upload_id.id)?.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let body = scene.files.copy(source.opened.file, piece.offset, piece.length);
    let upload = body.and_then(|body| hashed(body, algorithm)).map_err(|error| faults::internal(&error))?;
    let pending = pending(&mut scene, &place.key, &upload_id.id)?;
    let encryption = pending.about.encryption.clone();
    let checksum = checksum(pending, &upload)?;
    let times = Times { modified: scene.now, etag: quoted(&hex(&upload.md5)) };
    let shown = Checksums::of(Some(&checksum).filter(|_| pending_asks(&scene, &place.key, &upload_id.id)));
    keep(&mut scene, &place.key, &upload_id.id, number.part, upload, checksum)?;
    Ok((CopiedPart { result: (times, shown), source_version: source.shown_id }, encryption))
}

fn pending_asks(scene: &Scene<'_>, key: &str, upload: &str) -> bool {
    let pending = scene.bucket.objects.uploads.get(&(key.to_owned(), upload.to_owned()));
    pending.is_some_and(|pending| pending.algorithm.is_some())
}

/// A copied body with its hashes.
fn hashed(body: Body, algorithm: Algorithm) -> std::io::Result<Upload> {
    let Body::Spooled(spooled) = &body else { return Ok(Upload::default()) };
    let open = || std::fs::File::open(spooled.path());
    let mut md5 = Md5::new();
    let length = std::io::copy(&mut open()?, &mut md5)?;
    let checksum = Some((algorithm.name(), algorithm.of_reader(open()?)?));
    let claimed = Claimed { checksum: true, ..Claimed::default() };
    Ok(Upload { length, md5: md5.finalize().into(), checksum, body, claimed })
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

/// The part's checksum, with the algorithm that the upload was begun with. A checksum that is made of those of parts
/// must come with each; else it is computed where it did not come.
fn checksum(pending: &Pending, upload: &Upload) -> Result<Checksum, Fault> {
    let came = Checksum::of_upload(upload);
    let sent = came.as_ref().filter(|_| upload.claimed.checksum).map(|checksum| checksum.algorithm);
    let wanted = pending.algorithm.or(sent).unwrap_or(Algorithm::Crc64Nvme);
    let mismatch = || faults::part_checksum_mismatch(wanted.name(), sent.map_or("null", Algorithm::name));
    if sent.map_or(pending.composite, |sent| sent != wanted) {
        return Err(mismatch());
    }
    match came {
        Some(checksum) if checksum.algorithm == wanted => Ok(checksum),
        _ => Checksum::computed(upload, wanted).map_err(|error| faults::internal(&error)),
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
    let kept = scene.files.keep_part(upload_id, number, upload.body, modified);
    let file = kept.map_err(|error| faults::internal(&error))?;
    pending(scene, key, upload_id)?.parts.insert(number, Part { file, md5, checksum, modified });
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
    let (algorithm, composite, about) = (pending.algorithm, pending.composite, pending.about.clone());
    conditions.check(&scene, &place.key)?;
    let checksum = whole_checksum(&scene, algorithm, composite, &parts)?;
    check_expected(checksum.as_ref(), &expected)?;
    let etag = etag_of(&parts);
    let encryption = about.encryption.clone();
    let facts = parts
        .iter()
        .map(|(number, part)| (*number, part.file.length, Some(part.checksum.clone()).filter(|_| composite)));
    let object = NewObject { etag: etag.clone(), checksum: checksum.clone(), parts: facts.collect(), about };
    let joined = scene.files.join(parts.iter().map(|(_, part)| &part.file));
    let version =
        joined.and_then(|body| scene.add(&place.key, body, object)).map_err(|error| faults::internal(&error))?;
    scene.bucket.objects.uploads.remove(&(place.key.clone(), upload.id.clone()));
    scene.files.drop_upload(&upload.id);
    let completed = Completed {
        location: location(&host, &place),
        etag: quoted(&etag),
        version: version.shown_id(scene.bucket),
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

/// The object's checksum: made of the parts' checksums, or put together from them.
fn whole_checksum(
    scene: &Scene<'_>,
    algorithm: Option<Algorithm>,
    composite: bool,
    parts: &[(i64, Part)],
) -> Result<Option<Checksum>, Fault> {
    let algorithm = algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let mut values = Vec::with_capacity(parts.len());
    for (_, part) in parts {
        values.push((part_value(scene, part, algorithm)?, part.file.length));
    }
    if composite {
        let value = format!("{}-{}", algorithm.composite(values.iter().map(|(value, _)| value.as_str())), parts.len());
        return Ok(Some(Checksum { algorithm, value, composite: true }));
    }
    let whole = values.into_iter().map(Some).reduce(|whole, part| {
        let ((whole, before), (part, length)) = whole.zip(part)?;
        Some((algorithm.combine(&whole, &part, length)?, before + length))
    });
    Ok(whole.flatten().map(|(value, _)| Checksum { algorithm, value, composite: false }))
}

/// A part's checksum; computed where the part came with another.
fn part_value(scene: &Scene<'_>, part: &Part, algorithm: Algorithm) -> Result<String, Fault> {
    if part.checksum.algorithm == algorithm {
        return Ok(part.checksum.value.clone());
    }
    let lost = || faults::internal(&std::io::ErrorKind::NotFound.into());
    let opened = scene.files.open(&part.file).ok_or_else(lost)?;
    algorithm.of_reader(opened.file).map_err(|error| faults::internal(&error))
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
