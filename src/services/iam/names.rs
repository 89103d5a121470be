//! Names, ids and ARNs of IAM's entities.

use crate::world::World;
use crate::world::scope::AccountId;
use crate::world::time::{Time, whole_seconds};

/// What each entity has: its names in every form, and its age.
#[derive(Clone, Debug)]
pub struct Header {
    /// Starts and ends with a slash.
    pub path: String,
    pub name: String,
    /// `AIDA…`, `AROA…`, …: never used again, unlike names.
    pub id: String,
    pub arn: String,
    pub created: Time,
}

/// The kinds of ARN, with what their unique ids start with
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    User,
    Group,
    Role,
    InstanceProfile,
    Policy,
}

impl Kind {
    /// Resource type in ARNs.
    fn word(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::Role => "role",
            Kind::InstanceProfile => "instance-profile",
            Kind::Policy => "policy",
        }
    }

    fn id_prefix(self) -> &'static str {
        match self {
            Kind::User => "AIDA",
            Kind::Group => "AGPA",
            Kind::Role => "AROA",
            Kind::InstanceProfile => "AIPA",
            Kind::Policy => "ANPA",
        }
    }
}

impl Header {
    /// Names a new entity.
    pub fn new(world: &mut World, account: &AccountId, kind: Kind, path: Option<String>, name: String) -> Header {
        let path = path.unwrap_or_else(|| "/".to_owned());
        let arn = arn(account, kind, &path, &name);
        Header { id: world.ids.iam(kind.id_prefix()), created: whole_seconds(world.now), path, name, arn }
    }

    /// Gives the entity another name, another path, or both.
    pub fn rename(&mut self, account: &AccountId, kind: Kind, path: Option<String>, name: Option<String>) {
        self.path = path.unwrap_or_else(|| std::mem::take(&mut self.path));
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.arn = arn(account, kind, &self.path, &self.name);
    }

    /// Whether a listing with this `PathPrefix` shows the entity.
    pub fn is_under(&self, prefix: Option<&str>) -> bool {
        prefix.is_none_or(|prefix| self.path.starts_with(prefix))
    }
}

/// `arn:aws:iam::123456789012:user/division/Alice`.
pub fn arn(account: &AccountId, kind: Kind, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{}{path}{name}", kind.word())
}

/// The account and the name in an ARN of this kind; `None` for other texts.
pub fn parse_arn(kind: Kind, arn: &str) -> Option<(AccountId, &str)> {
    let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let path = resource.strip_prefix(kind.word())?.strip_prefix('/')?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some((AccountId::parse(account)?, name))
}

/// The name under which an entity is kept: names that differ only in case are the same.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: Option<(&str, &str)>) {
        let parsed = parse_arn(kind, text);
        assert_eq!(parsed.as_ref().map(|(account, name)| (account.as_str(), *name)), expected, "{text}");
    }

    #[test]
    fn arns() {
        check(Kind::Role, "arn:aws:iam::342082656213:role/MyRole", Some(("342082656213", "MyRole")));
        check(
            Kind::Role,
            "arn:aws:iam::342082656213:role/service-role/CloudTrailRole",
            Some(("342082656213", "CloudTrailRole")),
        );
        check(Kind::Role, "arn:aws:iam::342082656213:user/Alice", None);
        check(Kind::Policy, "arn:aws:iam::aws:policy/AdministratorAccess", None);
        check(Kind::User, "arn:aws:iam::123:user/Alice", None);
        check(Kind::User, "arn:aws:iam::342082656213:user/", None);
    }

    #[test]
    fn arns_hold_paths() {
        let account = AccountId::parse("123456789012").unwrap();
        assert_eq!(arn(&account, Kind::User, "/", "Alice"), "arn:aws:iam::123456789012:user/Alice");
        assert_eq!(
            arn(&account, Kind::InstanceProfile, "/app/web/", "Web"),
            "arn:aws:iam::123456789012:instance-profile/app/web/Web"
        );
    }
}
