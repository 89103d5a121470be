//! Putting objects.

use crate::record;
use crate::services::s3::config::lifecycle;
use crate::services::s3::faults;
use crate::services::s3::notices::{Deed, happened};
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::hex::hex;
use crate::world::op::Op;

use super::attributes::{ChecksumKind, Checksums, Context, Encryption, Headers, Lock, Wishes, settle};
use super::conditions::WriteConditions;
use super::{Checksum, NewObject, Place, enter};

/// Putting an object.
pub const OPS: &[Op] = &[crate::op!(Write "PutObject" put_object).data()];

record! {
    struct Rest {
        offset: Option<i64> = "WriteOffsetBytes",
    }

    /// What a write answers.
    pub struct Written {
        etag: String = "ETag",
        version: Option<String> = "VersionId",
        expiration: Option<String> = "Expiration",
    }
}

type Input = (Place, (Headers, Encryption, Lock, Wishes), WriteConditions, Rest, Context);
type Answer = (Written, Checksums, ChecksumKind, (Encryption, Context));

fn put_object(cx: &mut Cx<'_>, (place, about, conditions, rest, context): Input) -> Result<Answer, Fault> {
    let upload = cx.take_upload();
    let account = cx.account.clone();
    let wished = about.1.algorithm.is_some();
    let mut scene = enter(cx, &place)?;
    if rest.offset.is_some() {
        return Err(faults::not_built("x-amz-write-offset-bytes"));
    }
    let upload = upload?;
    conditions.check(&scene, &place.key)?;
    if about.2.is_some() && !upload.claimed.any() {
        return Err(faults::digest_missing_for_lock());
    }
    let about = settle(&scene, &account, about)?;
    let encryption = about.encryption.clone();
    context.check(&encryption)?;
    let checksum = Checksum::of_upload(&upload);
    let etag = hex(&upload.md5);
    let object = NewObject { etag: etag.clone(), checksum: checksum.clone(), parts: Vec::new(), about };
    let version = scene.add(&place.key, upload.body, object).map_err(|error| faults::internal(&error))?;
    let object = version.object.as_ref();
    let expiration =
        object.and_then(|object| lifecycle::expiration(scene.bucket, &place.key, object, version.modified));
    let written = Written { etag: quoted(&etag), version: version.shown_id(scene.bucket), expiration };
    cx.note.additional.set("SSEApplied", encryption.applied(wished));
    happened(cx, &place.bucket, &version.happening(Deed::Put, &place.key));
    Ok((written, Checksums::of(checksum.as_ref()), ChecksumKind::of(checksum.as_ref()), (encryption, context)))
}

/// An ETag as clients see it.
pub fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}
