//! STS: temporary credentials, and who one is.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[IDENTITY];

const IDENTITY: &[Op] = &[op!(Read "GetCallerIdentity" get_caller_identity)];

record! {
    struct CallerIdentity { user_id: Option<String> = "UserId", account: String = "Account", arn: Option<String> = "Arn" }
}

fn get_caller_identity(cx: &mut Cx, _: ()) -> Result<CallerIdentity, Fault> {
    Ok(CallerIdentity { user_id: cx.caller.principal_id(), account: cx.account.to_string(), arn: cx.caller.arn() })
}
