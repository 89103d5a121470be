//! Who one is, and whose an access key is.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;

use super::faults;

/// The operations on identity.
pub const OPS: &[Op] =
    &[op!(Read "GetCallerIdentity" get_caller_identity), op!(Read "GetAccessKeyInfo" get_access_key_info)];

record! {
    struct CallerIdentity { user_id: Option<String> = "UserId", account: String = "Account", arn: Option<String> = "Arn" }
    struct AccessKeyId { id: String = "AccessKeyId" }
    struct AccessKeyInfo { account: String = "Account" }
}

fn get_caller_identity(cx: &mut Cx, _: ()) -> Result<CallerIdentity, Fault> {
    Ok(CallerIdentity { user_id: cx.caller.principal_id(), account: cx.account.to_string(), arn: cx.caller.arn() })
}

/// Any account may ask about any key, deactivated ones too.
fn get_access_key_info(cx: &mut Cx, input: AccessKeyId) -> Result<AccessKeyInfo, Fault> {
    let known = cx.world.access_keys.get(&input.id).map(|key| key.account.clone());
    let account = known.or_else(|| AccountId::parse(&input.id)).ok_or_else(|| faults::invalid_access_key(&input.id))?;
    Ok(AccessKeyInfo { account: account.to_string() })
}
