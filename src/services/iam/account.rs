//! The account as a whole: its alias and its summary.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::entities::store;
use super::faults;
use super::paging::{PageEnd, PageRequest};

/// The operations on the account.
pub const OPS: &[Op] = &[
    op!(Read "GetAccountSummary" summary),
    op!(Write "CreateAccountAlias" create_alias),
    op!(Read "ListAccountAliases" list_aliases),
    op!(Write "DeleteAccountAlias" delete_alias),
];

/// Default quotas as the summary lists them
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html>).
const QUOTAS: [(&str, i64); 19] = [
    ("AccessKeysPerUserQuota", 2),
    ("AssumeRolePolicySizeQuota", 2048),
    ("AttachedPoliciesPerGroupQuota", 10),
    ("AttachedPoliciesPerRoleQuota", 10),
    ("AttachedPoliciesPerUserQuota", 10),
    ("GroupPolicySizeQuota", 5120),
    ("GroupsPerUserQuota", 10),
    ("GroupsQuota", 300),
    ("InstanceProfilesQuota", 1000),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", 6144),
    ("PolicyVersionsInUseQuota", 10_000),
    ("RolePolicySizeQuota", 10_240),
    ("RolesQuota", 1000),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("UserPolicySizeQuota", 2048),
    ("UsersQuota", 5000),
    ("VersionsPerPolicyQuota", 5),
];

/// What the summary counts and an account here never has.
const ABSENT: [&str; 7] = [
    "AccountMFAEnabled",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
    "MFADevices",
    "MFADevicesInUse",
    "Providers",
    "ServerCertificates",
];

record! {
    struct Summary { counts: BTreeMap<String, i64> = "SummaryMap" }
    struct Alias { alias: String = "AccountAlias" }
    struct Aliases { aliases: Vec<String> = "AccountAliases" }
}

fn summary(cx: &mut Cx, _: ()) -> Result<Summary, Fault> {
    let iam = store(cx);
    let count = |name: &str, count: usize| (name.to_owned(), count as i64);
    let mut counts: BTreeMap<String, i64> = BTreeMap::from([
        count("AccountAccessKeysPresent", usize::from(!iam.root_keys.is_empty())),
        count("GlobalEndpointTokenVersion", 1),
        count("Groups", iam.groups.len()),
        count("InstanceProfiles", iam.instance_profiles.len()),
        count("Policies", iam.policies.len()),
        count("PolicyVersionsInUse", iam.policies.values().map(|policy| policy.versions.len()).sum()),
        count("Roles", iam.roles.len()),
        count("Users", iam.users.len()),
    ]);
    counts.extend(QUOTAS.map(|(name, quota)| (name.to_owned(), quota)));
    counts.extend(ABSENT.map(|name| (name.to_owned(), 0)));
    Ok(Summary { counts })
}

fn create_alias(cx: &mut Cx, input: Alias) -> Result<(), Fault> {
    let own = cx.account.clone();
    let taken =
        cx.world.accounts.iter().any(|(id, account)| *id != own && account.iam.alias.as_ref() == Some(&input.alias));
    if taken {
        return Err(faults::alias_exists(&input.alias));
    }
    store(cx).alias = Some(input.alias);
    Ok(())
}

fn list_aliases(cx: &mut Cx, page: PageRequest) -> Result<(Aliases, PageEnd), Fault> {
    let page = page.cut(store(cx).alias.iter().map(|alias| (alias, alias.clone())))?;
    Ok((Aliases { aliases: page.items }, page.end))
}

fn delete_alias(cx: &mut Cx, input: Alias) -> Result<(), Fault> {
    let alias = &mut store(cx).alias;
    if alias.as_ref() != Some(&input.alias) {
        return Err(faults::alias_not_found(&input.alias));
    }
    *alias = None;
    Ok(())
}
