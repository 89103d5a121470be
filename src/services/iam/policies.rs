//! Managed policies and their versions.

use std::collections::{BTreeMap, BTreeSet};

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::scope::AccountId;
use crate::world::time::{Time, whole_seconds};

use super::Store;
use super::aws_policies;
use super::documents;
use super::entities::{Entity, Tagged, find, store};
use super::faults;
use super::names::{Header, Kind, parse_arn};
use super::paging::{PageEnd, PageRequest};
use super::tags::{self, Tag};

const POLICY: &[(&str, &str)] = &[("AWS::IAM::Policy", "PolicyArn")];

/// The operations on managed policies.
pub const OPS: &[Op] = &[
    op!(Write "CreatePolicy" create)
        .resources(&[("AWS::IAM::Policy", "PolicyName"), ("AWS::IAM::Policy", "Policy.Arn")]),
    op!(Read "GetPolicy" get).resources(POLICY),
    op!(Read "ListPolicies" list),
    op!(Write "DeletePolicy" delete).resources(POLICY),
    op!(Write "CreatePolicyVersion" create_version).resources(POLICY),
    op!(Read "GetPolicyVersion" get_version).resources(POLICY),
    op!(Read "ListPolicyVersions" list_versions).resources(POLICY),
    op!(Write "SetDefaultPolicyVersion" set_default_version).resources(POLICY),
    op!(Write "DeletePolicyVersion" delete_version).resources(POLICY),
];

const POLICIES_MAX: usize = 1500;
const VERSIONS_MAX: usize = 5;

/// A customer managed policy.
#[derive(Clone, Debug)]
pub struct Policy {
    pub header: Header,
    pub description: Option<String>,
    /// By number; never empty.
    pub versions: BTreeMap<u32, Version>,
    /// Number of the version that applies.
    pub default: u32,
    /// Number of the last version made: numbers are not used again.
    pub last: u32,
    pub updated: Time,
    pub tags: Vec<Tag>,
}

/// What a policy says, at one time.
#[derive(Clone, Debug)]
pub struct Version {
    pub document: String,
    pub created: Time,
}

impl Entity for Policy {
    const MEMBER: &'static str = "PolicyArn";

    fn find<'a>(store: &'a mut Store, arn: &str) -> Option<&'a mut Policy> {
        let (_, name) = parse_arn(Kind::Policy, arn)?;
        store.policies.get_mut(name).filter(|policy| policy.header.arn == arn)
    }

    fn missing(arn: &str) -> Fault {
        match arn.strip_prefix(aws_policies::PREFIX) {
            Some(_) if aws_policies::is_known(arn) => faults::aws_policy_is_fixed(arn),
            _ => faults::policy_not_found(arn),
        }
    }
}

impl Tagged for Policy {
    const QUOTA: &'static str = "TagsPerPolicy";

    fn tags(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
}

record! {
    struct CreatePolicy {
        name: String = "PolicyName",
        path: Option<String> = "Path",
        document: String = "PolicyDocument",
        description: Option<String> = "Description",
        tags: Vec<Tag> = "Tags",
    }
    struct PolicyArn { arn: String = "PolicyArn" }
    struct ListPolicies {
        scope: Option<String> = "Scope",
        only_attached: bool = "OnlyAttached",
        prefix: Option<String> = "PathPrefix",
        usage: Option<String> = "PolicyUsageFilter",
    }
    struct CreateVersion { arn: String = "PolicyArn", document: String = "PolicyDocument", set_default: bool = "SetAsDefault" }
    struct VersionOf { arn: String = "PolicyArn", version: String = "VersionId" }

    struct PolicyAnswer { policy: PolicyView = "Policy" }
    struct PoliciesAnswer { policies: Vec<PolicyView> = "Policies" }
    struct VersionAnswer { version: VersionView = "PolicyVersion" }
    struct VersionsAnswer { versions: Vec<VersionView> = "Versions" }

    /// A managed policy as answers show it. Of AWS's own, we know the name alone.
    struct PolicyView {
        name: String = "PolicyName",
        id: Option<String> = "PolicyId",
        arn: String = "Arn",
        path: String = "Path",
        default: Option<String> = "DefaultVersionId",
        attachments: i64 = "AttachmentCount",
        boundary_uses: i64 = "PermissionsBoundaryUsageCount",
        is_attachable: bool = "IsAttachable",
        description: Option<String> = "Description",
        created: Option<Time> = "CreateDate",
        updated: Option<Time> = "UpdateDate",
        tags: Option<Vec<Tag>> = "Tags",
    }

    /// A version as answers show it; listings and answers to its creation leave the document out.
    pub struct VersionView {
        document: Option<String> = "Document",
        version: String = "VersionId",
        is_default: bool = "IsDefaultVersion",
        created: Time = "CreateDate",
    }
}

fn create(cx: &mut Cx, input: CreatePolicy) -> Result<PolicyAnswer, Fault> {
    let tags = tags::initial::<Policy>(input.tags)?;
    documents::check_managed_policy(&input.document)?;
    let policies = &store(cx).policies;
    if policies.contains(&input.name) {
        return Err(faults::policy_exists(&input.name));
    }
    if policies.len() >= POLICIES_MAX {
        return Err(faults::quota("PoliciesPerAccount", POLICIES_MAX));
    }
    let now = whole_seconds(cx.world.now);
    let header = Header::new(cx.world, &cx.account, Kind::Policy, input.path, input.name);
    let policy = Policy {
        header,
        description: input.description,
        versions: BTreeMap::from([(1, Version { document: input.document, created: now })]),
        default: 1,
        last: 1,
        updated: now,
        tags,
    };
    let view = PolicyView { tags: tags::shown(&policy.tags), ..policy.view(Usage::default()) };
    store(cx).policies.insert(&view.name, policy);
    Ok(PolicyAnswer { policy: view })
}

fn get(cx: &mut Cx, input: PolicyArn) -> Result<PolicyAnswer, Fault> {
    let iam = store(cx);
    let usage = Usages::count(iam).of(&input.arn);
    if aws_policies::is_known(&input.arn) {
        return Ok(PolicyAnswer { policy: aws_view(&input.arn, usage) });
    }
    let policy = find::<Policy>(cx, &input.arn)?;
    let tags = Some(policy.tags.clone());
    Ok(PolicyAnswer { policy: PolicyView { description: policy.description.clone(), tags, ..policy.view(usage) } })
}

fn list(cx: &mut Cx, (input, page): (ListPolicies, PageRequest)) -> Result<(PoliciesAnswer, PageEnd), Fault> {
    let account = cx.account.clone();
    let iam = store(cx);
    let usages = Usages::count(iam);
    let wanted = |arn: &String| {
        let usage = usages.of(arn);
        let used = match input.usage.as_deref() {
            Some("PermissionsBoundary") => usage.boundaries > 0,
            Some("PermissionsPolicy") => usage.attachments > 0 || usage.boundaries == 0,
            _ => true,
        };
        used && (!input.only_attached || usage.attachments > 0)
            && input.prefix.as_deref().is_none_or(|prefix| path_of(arn).starts_with(prefix))
    };
    let arns = arns(iam, &account, input.scope.as_deref()).into_iter().filter(wanted);
    let page = page.cut(arns.map(|arn| (arn.clone(), arn)))?;
    let policies =
        page.items.iter().map(|arn| match parse_arn(Kind::Policy, arn).and_then(|(_, name)| iam.policies.get(name)) {
            Some(policy) => policy.view(usages.of(arn)),
            None => aws_view(arn, usages.of(arn)),
        });
    Ok((PoliciesAnswer { policies: policies.collect() }, page.end))
}

fn delete(cx: &mut Cx, input: PolicyArn) -> Result<(), Fault> {
    let policy = find::<Policy>(cx, &input.arn)?;
    let (name, versions) = (policy.header.name.clone(), policy.versions.len());
    let iam = store(cx);
    let usage = Usages::count(iam).of(&input.arn);
    if usage.attachments + usage.boundaries > 0 {
        return Err(faults::policy_attached());
    }
    if versions > 1 {
        return Err(faults::policy_has_versions());
    }
    iam.policies.remove(&name);
    Ok(())
}

fn create_version(cx: &mut Cx, input: CreateVersion) -> Result<VersionAnswer, Fault> {
    let now = whole_seconds(cx.world.now);
    let policy = find::<Policy>(cx, &input.arn)?;
    documents::check_managed_policy(&input.document)?;
    if policy.versions.len() >= VERSIONS_MAX {
        return Err(faults::too_many_versions());
    }
    policy.last += 1;
    policy.versions.insert(policy.last, Version { document: input.document, created: now });
    policy.updated = now;
    if input.set_default {
        policy.default = policy.last;
    }
    let is_default = input.set_default;
    let version = VersionView { document: None, version: format!("v{}", policy.last), is_default, created: now };
    Ok(VersionAnswer { version })
}

fn get_version(cx: &mut Cx, input: VersionOf) -> Result<VersionAnswer, Fault> {
    if aws_policies::is_known(&input.arn) {
        return Err(faults::aws_policy_document(&input.arn));
    }
    let policy = find::<Policy>(cx, &input.arn)?;
    let number = number(policy, &input)?;
    let found = policy.version_views().find(|(n, _)| *n == number);
    let (_, version) = found.ok_or_else(|| faults::policy_version_not_found(&input.arn, &input.version))?;
    Ok(VersionAnswer { version })
}

fn list_versions(cx: &mut Cx, (input, page): (PolicyArn, PageRequest)) -> Result<(VersionsAnswer, PageEnd), Fault> {
    if aws_policies::is_known(&input.arn) {
        return Err(faults::aws_policy_document(&input.arn));
    }
    let policy = find::<Policy>(cx, &input.arn)?;
    // Newest first; the key counts down so that pages do, too.
    let versions = policy.version_views().map(|(n, view)| (format!("{:010}", u32::MAX - n), view));
    let versions: BTreeMap<_, _> = versions.collect();
    let page = page.cut(versions)?.map(|view| VersionView { document: None, ..view });
    Ok((VersionsAnswer { versions: page.items }, page.end))
}

fn set_default_version(cx: &mut Cx, input: VersionOf) -> Result<(), Fault> {
    let now = whole_seconds(cx.world.now);
    let policy = find::<Policy>(cx, &input.arn)?;
    policy.default = number(policy, &input)?;
    policy.updated = now;
    Ok(())
}

fn delete_version(cx: &mut Cx, input: VersionOf) -> Result<(), Fault> {
    let now = whole_seconds(cx.world.now);
    let policy = find::<Policy>(cx, &input.arn)?;
    let number = number(policy, &input)?;
    if number == policy.default {
        return Err(faults::default_version());
    }
    policy.versions.remove(&number);
    policy.updated = now;
    Ok(())
}

/// The number of an existing version, from `v2`.
fn number(policy: &Policy, input: &VersionOf) -> Result<u32, Fault> {
    let number = input.version.strip_prefix('v').and_then(|digits| digits.parse().ok());
    let number = number.filter(|number| policy.versions.contains_key(number));
    number.ok_or_else(|| faults::policy_version_not_found(&input.arn, &input.version))
}

/// Whether `arn` names a managed policy, of the account or of AWS; a fault when it names something else.
pub fn exists(store: &Store, arn: &str) -> Result<bool, Fault> {
    if arn.starts_with(aws_policies::PREFIX) {
        return Ok(aws_policies::is_known(arn));
    }
    let (_, name) = parse_arn(Kind::Policy, arn).ok_or_else(|| faults::invalid_arn(arn))?;
    Ok(store.policies.get(name).is_some_and(|policy| policy.header.arn == arn))
}

/// `/service-role/` in `arn:aws:iam::aws:policy/service-role/AWS_ConfigRole`.
pub fn path_of(arn: &str) -> &str {
    let path = arn.find(":policy").map_or("/", |at| &arn[at + ":policy".len()..]);
    &path[..path.rfind('/').map_or(0, |slash| slash + 1)]
}

/// What follows the last slash.
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The policies in a `Scope`, in order.
fn arns(store: &Store, account: &AccountId, scope: Option<&str>) -> BTreeSet<String> {
    let local = store.policies.values().map(|policy| policy.header.arn.clone());
    let aws = aws_policies::NAMES.iter().map(|name| format!("{}{name}", aws_policies::PREFIX));
    let own = format!("arn:aws:iam::{account}:");
    local
        .chain(aws)
        .filter(|arn| match scope {
            Some("AWS") => arn.starts_with(aws_policies::PREFIX),
            Some("Local") => arn.starts_with(&own),
            _ => true,
        })
        .collect()
}

/// How often a managed policy is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub attachments: i64,
    pub boundaries: i64,
}

/// How often each managed policy is used in an account.
pub struct Usages(BTreeMap<String, Usage>);

impl Usages {
    /// Goes once over all users, groups and roles.
    pub fn count(store: &Store) -> Usages {
        let users = store.users.values().map(|user| (&user.permissions, user.boundary.as_ref()));
        let groups = store.groups.values().map(|group| (&group.permissions, None));
        let roles = store.roles.values().map(|role| (&role.permissions, role.boundary.as_ref()));
        let mut usages: BTreeMap<String, Usage> = BTreeMap::new();
        for (permissions, boundary) in users.chain(groups).chain(roles) {
            for arn in &permissions.attached {
                usages.entry(arn.clone()).or_default().attachments += 1;
            }
            if let Some(arn) = boundary {
                usages.entry(arn.clone()).or_default().boundaries += 1;
            }
        }
        Usages(usages)
    }

    pub fn of(&self, arn: &str) -> Usage {
        self.0.get(arn).copied().unwrap_or_default()
    }
}

fn aws_view(arn: &str, usage: Usage) -> PolicyView {
    PolicyView {
        name: name_of(arn).to_owned(),
        arn: arn.to_owned(),
        path: path_of(arn).to_owned(),
        attachments: usage.attachments,
        boundary_uses: usage.boundaries,
        is_attachable: true,
        ..PolicyView::default()
    }
}

impl Policy {
    /// Without description and tags, which listings leave out.
    fn view(&self, usage: Usage) -> PolicyView {
        let Header { path, name, id, arn, created } = self.header.clone();
        PolicyView {
            name,
            id: Some(id),
            arn,
            path,
            default: Some(format!("v{}", self.default)),
            attachments: usage.attachments,
            boundary_uses: usage.boundaries,
            is_attachable: true,
            description: None,
            created: Some(created),
            updated: Some(self.updated),
            tags: None,
        }
    }

    /// Each version with its document, by number.
    pub fn version_views(&self) -> impl DoubleEndedIterator<Item = (u32, VersionView)> {
        self.versions.iter().map(|(number, version)| {
            let view = VersionView {
                document: Some(documents::encoded(&version.document)),
                version: format!("v{number}"),
                is_default: *number == self.default,
                created: version.created,
            };
            (*number, view)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_of_arns() {
        let arn = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole";
        assert_eq!((path_of(arn), name_of(arn)), ("/service-role/", "AWS_ConfigRole"));
        let arn = "arn:aws:iam::123456789012:policy/Mine";
        assert_eq!((path_of(arn), name_of(arn)), ("/", "Mine"));
    }
}
