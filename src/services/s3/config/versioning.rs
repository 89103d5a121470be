//! Versioning.

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::faults;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

/// The operations on versioning.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketVersioning" get_bucket_versioning),
    crate::op!(Write "PutBucketVersioning" put_bucket_versioning),
];

/// Whether versions are kept; without, versioning was never enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    Enabled,
    Suspended,
}

record! {
    struct PutBucketVersioning {
        configuration: Configuration = "VersioningConfiguration",
    }

    struct Configuration {
        status: Option<String> = "Status",
        mfa_delete: Option<String> = "MFADelete",
    }

    struct Status {
        status: Option<String> = "Status",
    }
}

fn get_bucket_versioning(cx: &mut Cx<'_>, target: Target) -> Result<Status, Fault> {
    let status = enter(cx, &target)?.config.versioning.map(|versioning| match versioning {
        Versioning::Enabled => "Enabled".to_owned(),
        Versioning::Suspended => "Suspended".to_owned(),
    });
    Ok(Status { status })
}

fn put_bucket_versioning(cx: &mut Cx<'_>, (target, input): (Target, PutBucketVersioning)) -> Result<(), Fault> {
    let config = &mut enter(cx, &target)?.config;
    if input.configuration.mfa_delete.is_some_and(|wish| wish == "Enabled") {
        return Err(faults::not_built("MfaDelete"));
    }
    let versioning = match input.configuration.status.as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") if config.object_lock => return Err(faults::versioning_needed()),
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(faults::illegal_versioning()),
    };
    config.versioning = Some(versioning);
    Ok(())
}
