//! What roles may do: for services that look at that before they accept a role.

use crate::world::policy::{Decision, Policy, Request};

use super::Store;
use super::names::{Kind, parse_arn};
use super::roles::Role;

/// What those of AWS's own policies allow that people give to such roles, as far as it is asked for here. Others of
/// AWS's policies count as silent.
const AWS_POLICIES: [(&str, &str); 4] = [
    (
        "arn:aws:iam::aws:policy/AdministratorAccess",
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "arn:aws:iam::aws:policy/CloudWatchFullAccess",
        r#"{"Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#,
    ),
    (
        "arn:aws:iam::aws:policy/CloudWatchFullAccessV2",
        r#"{"Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#,
    ),
    (
        "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess",
        r#"{"Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#,
    ),
];

/// Whether the policies of a role, by its ARN, allow something and none denies it.
pub fn role_may(store: &Store, role: &str, request: &Request) -> bool {
    let role = parse_arn(Kind::Role, role).and_then(|(_, name)| store.roles.get(name));
    let documents = role.into_iter().flat_map(|role| documents(store, role));
    let decisions = documents.filter_map(|text| Some(Policy::parse(text).ok()?.decide(request)));
    let mut allowed = false;
    for decision in decisions {
        match decision {
            Decision::Denied => return false,
            Decision::Allowed => allowed = true,
            Decision::Silent => {}
        }
    }
    allowed
}

fn documents<'a>(store: &'a Store, role: &'a Role) -> impl Iterator<Item = &'a str> {
    let attached = role.permissions.attached.iter().filter_map(|arn| managed(store, arn));
    role.permissions.inline.values().map(String::as_str).chain(attached)
}

/// The document of a managed policy, as far as we have it.
fn managed<'a>(store: &'a Store, arn: &str) -> Option<&'a str> {
    if let Some((_, document)) = AWS_POLICIES.iter().find(|(known, _)| *known == arn) {
        return Some(document);
    }
    let (_, name) = parse_arn(Kind::Policy, arn)?;
    let policy = store.policies.get(name)?;
    policy.versions.get(&policy.default).map(|version| version.document.as_str())
}
