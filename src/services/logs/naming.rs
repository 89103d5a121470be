//! Names and ARNs of groups and streams.

use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::scope::{AccountId, Region};

use super::{Group, faults};

/// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`
pub fn group_arn(account: &AccountId, region: Region, name: &str) -> String {
    format!("arn:aws:logs:{region}:{account}:log-group:{name}")
}

record! {
    /// A group by its name.
    pub struct Named { name: String = "logGroupName" }

    /// A group by its name, or by an identifier, which is its name or its ARN without `:*`.
    pub struct Identified {
        name: Option<String> = "logGroupName",
        identifier: Option<String> = "logGroupIdentifier",
    }
}

impl Named {
    pub fn place(&self, cx: &Cx) -> GroupPlace {
        GroupPlace::new(&cx.account, cx.region, &self.name)
    }
}

impl Identified {
    /// The group's place, which need not hold a group.
    ///
    /// # Errors
    /// `ValidationException` unless exactly one of the members is there; `InvalidParameterException` for an identifier
    /// of another form.
    pub fn place(&self, cx: &Cx) -> Result<GroupPlace, Fault> {
        match (&self.name, &self.identifier) {
            (Some(name), None) => Ok(GroupPlace::new(&cx.account, cx.region, name)),
            (None, Some(identifier)) => identified(cx, identifier),
            (Some(_), Some(_)) => Err(faults::both_name_and_identifier()),
            (None, None) => Err(faults::neither_name_nor_identifier()),
        }
    }
}

/// The place that a name or an ARN means. Accounts are not linked, and a call reaches one Region: a group elsewhere
/// is none.
///
/// # Errors
/// `InvalidParameterException`, `ResourceNotFoundException`
pub fn identified(cx: &Cx, identifier: &str) -> Result<GroupPlace, Fault> {
    if !identifier.contains(':') {
        return Ok(GroupPlace::new(&cx.account, cx.region, identifier));
    }
    let place = GroupPlace::parse_arn(identifier).ok_or_else(|| faults::invalid_identifier(identifier))?;
    let here = place.account == cx.account && place.region == cx.region;
    here.then_some(place).ok_or_else(faults::no_such_group)
}

/// `ACCOUNT:NAME`: how Live Tail and queries name a group in what they show.
pub fn group_identifier(account: &AccountId, name: &str) -> String {
    format!("{account}:{name}")
}

/// Where a group is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupPlace {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

impl GroupPlace {
    pub fn new(account: &AccountId, region: Region, name: &str) -> GroupPlace {
        GroupPlace { account: account.clone(), region, name: name.to_owned() }
    }

    /// The group's ARN, without `:*` at its end.
    pub fn arn(&self) -> String {
        group_arn(&self.account, self.region, &self.name)
    }

    /// Reads the ARN of a group, with or without `:*` at its end; `None` for other texts.
    pub fn parse_arn(arn: &str) -> Option<GroupPlace> {
        let parts: Vec<&str> = arn.splitn(7, ':').collect();
        let ["arn", "aws", "logs", region, account, "log-group", name] = parts[..] else { return None };
        let name = name.strip_suffix(":*").unwrap_or(name);
        if name.is_empty() || name.contains(':') {
            return None;
        }
        Some(GroupPlace::new(&AccountId::parse(account)?, Region::parse(region)?, name))
    }

    /// The group, if it is there.
    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Group> {
        world.accounts.get(&self.account)?.regions.get(&self.region)?.logs.groups.get(&self.name)
    }

    /// The group, to be changed.
    ///
    /// # Errors
    /// `ResourceNotFoundException`
    pub fn group<'w>(&self, world: &'w mut World) -> Result<&'w mut Group, Fault> {
        let regional = world.accounts.get_mut(&self.account).and_then(|account| account.regions.get_mut(&self.region));
        let group = regional.and_then(|regional| regional.logs.groups.get_mut(&self.name));
        group.ok_or_else(faults::no_such_group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_groups() {
        let check = |arn: &str, name: Option<&str>| {
            assert_eq!(GroupPlace::parse_arn(arn).map(|place| place.name).as_deref(), name, "{arn}");
        };
        check("arn:aws:logs:us-east-1:123456789012:log-group:/aws/a", Some("/aws/a"));
        check("arn:aws:logs:us-east-1:123456789012:log-group:/aws/a:*", Some("/aws/a"));
        check("arn:aws:logs:us-east-1:123456789012:log-group:/aws/a:log-stream:b", None);
        check("arn:aws:logs:us-east-1:1:log-group:a", None);
        check("arn:aws:logs:us-east-1:123456789012:log-group:", None);
        check("a", None);
    }
}
