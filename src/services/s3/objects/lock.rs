//! Object lock: retention periods and legal holds of versions.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>

use crate::record;
use crate::services::s3::faults;
use crate::services::s3::notices::{Deed, Happening, happened};
use crate::wire::{Fault, Map, Value};
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::attributes::Lock;
use super::{Object, Pick, Place, Scene, enter};

/// The operations on object lock.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetObjectRetention" get_object_retention).data(),
    crate::op!(Write "PutObjectRetention" put_object_retention).data(),
    crate::op!(Read "GetObjectLegalHold" get_object_legal_hold).data(),
    crate::op!(Write "PutObjectLegalHold" put_object_legal_hold).data(),
];

record! {
    struct Retained {
        retention: Retention = "Retention",
    }

    struct Retention {
        mode: Option<String> = "Mode",
        until: Option<Time> = "RetainUntilDate",
    }

    struct PutObjectRetention {
        retention: Option<(Retention, EventHold)> = "Retention",
        bypass: bool = "BypassGovernanceRetention",
    }

    struct EventHold {
        hold: Option<String> = "EventHold",
        duration: Option<Value> = "EventHoldDuration",
    }

    struct Held {
        hold: Option<LegalHold> = "LegalHold",
    }

    struct LegalHold {
        status: Option<String> = "Status",
    }
}

fn get_object_retention(cx: &mut Cx<'_>, (place, pick): (Place, Pick)) -> Result<Retained, Fault> {
    let mut scene = enter(cx, &place)?;
    let lock = &lockable(&mut scene, &place, &pick)?.1.about.lock;
    if lock.mode.is_none() {
        return Err(faults::no_object_lock());
    }
    Ok(Retained { retention: Retention { mode: lock.mode.clone(), until: lock.until } })
}

fn put_object_retention(
    cx: &mut Cx<'_>,
    (place, pick, input): (Place, Pick, PutObjectRetention),
) -> Result<Value, Fault> {
    let mut scene = enter(cx, &place)?;
    let now = scene.now;
    let (id, object) = lockable(&mut scene, &place, &pick)?;
    let (size, etag, lock) = (object.file.length, object.etag.clone(), &mut object.about.lock);
    let (retention, event) = input.retention.unwrap_or_default();
    if event.hold.is_some() || event.duration.is_some() {
        return Err(faults::not_built("EventHold"));
    }
    match (&retention.mode, retention.until) {
        (Some(_), Some(until)) if until <= now => return Err(faults::retention_in_the_past()),
        (Some(_), Some(_)) | (None, None) => {}
        _ => return Err(faults::malformed_xml()),
    }
    if loosens(lock, &retention) {
        check_retention(lock, now, input.bypass)?;
    }
    (lock.mode, lock.until) = (retention.mode.clone(), retention.until);
    happened(
        cx,
        &place.bucket,
        &Happening {
            deed: Deed::PutRetention,
            key: &place.key,
            version: &id,
            size: Some(size),
            etag: Some(&etag),
            retention: retention.mode.as_deref().zip(retention.until),
        },
    );
    Ok(Value::Map(Map::new()))
}

fn get_object_legal_hold(cx: &mut Cx<'_>, (place, pick): (Place, Pick)) -> Result<Held, Fault> {
    let mut scene = enter(cx, &place)?;
    let lock = &lockable(&mut scene, &place, &pick)?.1.about.lock;
    if lock.legal_hold.is_none() {
        return Err(faults::no_object_lock());
    }
    Ok(Held { hold: Some(LegalHold { status: lock.legal_hold.clone() }) })
}

fn put_object_legal_hold(cx: &mut Cx<'_>, (place, pick, input): (Place, Pick, Held)) -> Result<Value, Fault> {
    let mut scene = enter(cx, &place)?;
    let lock = &mut lockable(&mut scene, &place, &pick)?.1.about.lock;
    let status = input.hold.and_then(|hold| hold.status).ok_or_else(faults::malformed_xml)?;
    lock.legal_hold = Some(status);
    Ok(Value::Map(Map::new()))
}

/// The version and its id, if its bucket can lock it.
fn lockable<'a>(scene: &'a mut Scene<'_>, place: &Place, pick: &Pick) -> Result<(String, &'a mut Object), Fault> {
    if !scene.bucket.config.object_lock {
        return Err(faults::bucket_without_lock());
    }
    scene.object(&place.key, pick.version.as_deref())
}

/// Whether a new retention protects less than the one that is there.
fn loosens(lock: &Lock, wished: &Retention) -> bool {
    let weaker = lock.mode.as_deref() == Some("COMPLIANCE") && wished.mode.as_deref() != Some("COMPLIANCE");
    weaker || wished.until < lock.until
}

/// Whether a version may be deleted.
///
/// # Errors
/// `AccessDenied` while it is locked.
pub fn check_unlocked(lock: &Lock, now: Time, bypass: bool) -> Result<(), Fault> {
    if lock.legal_hold.as_deref() == Some("ON") {
        return Err(faults::object_locked());
    }
    check_retention(lock, now, bypass)
}

fn check_retention(lock: &Lock, now: Time, bypass: bool) -> Result<(), Fault> {
    let active = lock.until.is_some_and(|until| until > now);
    let may_bypass = bypass && lock.mode.as_deref() == Some("GOVERNANCE");
    if active && !may_bypass { Err(faults::object_locked()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_locks_protect_from() {
        let now: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        let check = |mode: &str, until: &str, hold: &str, bypass: bool, free: bool| {
            let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let lock = Lock { mode: text(mode), until: until.parse().ok(), legal_hold: text(hold) };
            assert_eq!(check_unlocked(&lock, now, bypass).is_ok(), free, "{lock:?}, bypass {bypass}");
        };
        check("", "", "", false, true);
        check("", "", "OFF", false, true);
        check("", "", "ON", true, false);
        check("GOVERNANCE", "2027-01-01T00:00:00Z", "", false, false);
        check("GOVERNANCE", "2027-01-01T00:00:00Z", "", true, true);
        check("GOVERNANCE", "2027-01-01T00:00:00Z", "ON", true, false);
        check("GOVERNANCE", "2025-01-01T00:00:00Z", "", false, true);
        check("COMPLIANCE", "2027-01-01T00:00:00Z", "", true, false);
        check("COMPLIANCE", "2026-01-01T00:00:00Z", "", false, true);
    }
}
