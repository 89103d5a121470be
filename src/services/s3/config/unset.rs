//! Configuration that we do not have: the answers of buckets on which it was never set. Setting it is refused.

use crate::record;
use crate::services::s3::access::{Target, enter};
use crate::services::s3::faults;
use crate::wire::{Fault, Map, Value};
use crate::world::call::Cx;
use crate::world::op::Op;

/// The operations whose answer never changes.
pub const OPS: &[Op] = &[
    crate::op!(Read "GetBucketLogging" nothing),
    crate::op!(Write "PutBucketLogging" put_bucket_logging),
    crate::op!(Read "GetBucketAccelerateConfiguration" nothing),
    crate::op!(Read "GetBucketRequestPayment" get_bucket_request_payment),
    crate::op!(Read "GetBucketWebsite" get_bucket_website),
    crate::op!(Write "DeleteBucketWebsite" nothing),
    crate::op!(Read "GetBucketCors" get_bucket_cors),
    crate::op!(Write "DeleteBucketCors" nothing),
    crate::op!(Read "GetBucketReplication" get_bucket_replication),
    crate::op!(Write "DeleteBucketReplication" nothing),
];

record! {
    struct PutBucketLogging {
        status: Logging = "BucketLoggingStatus",
    }

    struct Logging {
        enabled: Option<Value> = "LoggingEnabled",
    }

    struct Payment {
        payer: String = "Payer",
    }
}

fn nothing(cx: &mut Cx<'_>, target: Target) -> Result<Value, Fault> {
    enter(cx, &target).map(|_| Value::Map(Map::new()))
}

fn put_bucket_logging(cx: &mut Cx<'_>, (target, input): (Target, PutBucketLogging)) -> Result<(), Fault> {
    enter(cx, &target)?;
    if input.status.enabled.is_some() { Err(faults::not_built("LoggingEnabled")) } else { Ok(()) }
}

fn get_bucket_request_payment(cx: &mut Cx<'_>, target: Target) -> Result<Payment, Fault> {
    enter(cx, &target).map(|_| Payment { payer: "BucketOwner".to_owned() })
}

fn get_bucket_website(cx: &mut Cx<'_>, target: Target) -> Result<Value, Fault> {
    enter(cx, &target).and_then(|bucket| Err(faults::no_website(&bucket.name)))
}

fn get_bucket_cors(cx: &mut Cx<'_>, target: Target) -> Result<Value, Fault> {
    enter(cx, &target).and_then(|bucket| Err(faults::no_cors(&bucket.name)))
}

fn get_bucket_replication(cx: &mut Cx<'_>, target: Target) -> Result<Value, Fault> {
    enter(cx, &target).and_then(|bucket| Err(faults::no_replication(&bucket.name)))
}
