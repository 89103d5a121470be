//! Where buses, rules, archives and replays are: names, ARNs, and what a call means by them.

use crate::wire::Fault;
use crate::world::World;
use crate::world::access::{self, Resource};
use crate::world::call::Cx;
use crate::world::scope::{AccountId, Region};

use super::rules::Rule;
use super::{Archive, Bus, DEFAULT, Replay, Store, faults};

/// Where a bus is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusPlace {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

/// Where a rule is: on its bus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulePlace {
    pub bus: BusPlace,
    pub name: String,
}

/// Where a replay is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayPlace {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

/// The Region, account and last part of `arn:aws:events:REGION:ACCOUNT:…`.
fn parse(arn: &str) -> Option<(Region, AccountId, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", "aws", "events", region, account, resource] = parts[..] else { return None };
    Some((Region::parse(region)?, AccountId::parse(account)?, resource))
}

/// An account's state in a Region, unless nothing has happened there.
pub(super) fn store<'w>(world: &'w World, account: &AccountId, region: Region) -> Option<&'w Store> {
    Some(&world.accounts.get(account)?.regions.get(&region)?.events)
}

/// The same, to change it.
pub(super) fn store_mut<'w>(world: &'w mut World, account: &AccountId, region: Region) -> Option<&'w mut Store> {
    Some(&mut world.accounts.get_mut(account)?.regions.get_mut(&region)?.events)
}

impl BusPlace {
    pub fn default_of(account: &AccountId, region: Region) -> BusPlace {
        BusPlace { account: account.clone(), region, name: DEFAULT.to_owned() }
    }

    /// Reads `arn:aws:events:REGION:ACCOUNT:event-bus/NAME`.
    pub fn parse(arn: &str) -> Option<BusPlace> {
        let (region, account, resource) = parse(arn)?;
        let name = resource.strip_prefix("event-bus/").filter(|name| !name.is_empty())?.to_owned();
        Some(BusPlace { account, region, name })
    }

    /// The bus that a call means: by its name, by its ARN, or the default one.
    ///
    /// # Errors
    /// `ValidationException` for an ARN that is none of a bus.
    pub(super) fn named(cx: &Cx, bus: Option<&str>) -> Result<BusPlace, Fault> {
        match bus {
            Some(arn) if arn.starts_with("arn:") => BusPlace::parse(arn).ok_or_else(|| faults::not_a_bus_arn(arn)),
            name => {
                let name = name.unwrap_or(DEFAULT).to_owned();
                Ok(BusPlace { account: cx.account.clone(), region: cx.region, name })
            }
        }
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:events:{}:{}:event-bus/{}", self.region, self.account, self.name)
    }

    pub fn is_default(&self) -> bool {
        self.name == DEFAULT
    }

    /// What is known of the bus. Of a default bus that nobody has touched, nothing is.
    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Bus> {
        store(world, &self.account, self.region)?.buses.get(&self.name)
    }

    pub fn is_there(&self, world: &World) -> bool {
        self.is_default() || self.find(world).is_some()
    }

    /// The bus, to change it.
    ///
    /// # Errors
    /// `ResourceNotFoundException`
    pub(super) fn bus<'w>(&self, world: &'w mut World) -> Result<&'w mut Bus, Fault> {
        let buses = &mut world.regional(&self.account, self.region).events.buses;
        if self.is_default() && !buses.contains_key(DEFAULT) {
            buses.insert(DEFAULT.to_owned(), Bus::default());
        }
        buses.get_mut(&self.name).ok_or_else(|| faults::no_bus(&self.name))
    }

    /// Whether the bus's policy, or its account, lets the caller do something with the bus or a rule on it.
    pub(super) fn admits(&self, cx: &Cx, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
        let policy = self.find(cx.world).and_then(|bus| bus.policy.as_ref()).map(|policy| &policy.parsed);
        let resource = Resource { arn: resource, owner: &self.account, policy };
        access::admits(cx, &resource, action, context)
    }
}

impl RulePlace {
    /// A rule that a call means, and may do something with: rules of other accounts need the policy of their bus.
    ///
    /// # Errors
    /// `AccessDeniedException`, `ResourceNotFoundException` when there is no such bus.
    pub(super) fn named(cx: &mut Cx, bus: Option<&str>, name: &str) -> Result<RulePlace, Fault> {
        let rule = RulePlace { bus: BusPlace::named(cx, bus)?, name: name.to_owned() };
        let creator = rule.find(cx.world).map_or(&cx.account, |rule| &rule.creator).to_string();
        rule.bus.check(cx, &rule.arn(), &[("events:creatorAccount", &creator)])?;
        Ok(rule)
    }

    /// Reads `arn:aws:events:REGION:ACCOUNT:rule/NAME`, with the bus before the name unless it is the default one.
    pub fn parse(arn: &str) -> Option<RulePlace> {
        let (region, account, resource) = parse(arn)?;
        let path = resource.strip_prefix("rule/")?;
        let (bus, name) = path.rsplit_once('/').unwrap_or((DEFAULT, path));
        let bus = BusPlace { account, region, name: bus.to_owned() };
        Some(RulePlace { bus, name: name.to_owned() }).filter(|rule| !rule.name.is_empty())
    }

    pub fn arn(&self) -> String {
        let BusPlace { account, region, name: bus } = &self.bus;
        match self.bus.is_default() {
            true => format!("arn:aws:events:{region}:{account}:rule/{}", self.name),
            false => format!("arn:aws:events:{region}:{account}:rule/{bus}/{}", self.name),
        }
    }

    /// The rule, unless there is none.
    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Rule> {
        self.bus.find(world)?.rules.get(&self.name)
    }

    /// The rule, to change it.
    pub fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Rule> {
        let store = store_mut(world, &self.bus.account, self.bus.region)?;
        store.buses.get_mut(&self.bus.name)?.rules.get_mut(&self.name)
    }

    /// The rule, to change it.
    ///
    /// # Errors
    /// `ResourceNotFoundException`
    pub(super) fn rule<'w>(&self, world: &'w mut World) -> Result<&'w mut Rule, Fault> {
        self.find_mut(world).ok_or_else(|| faults::no_rule(self))
    }
}

impl BusPlace {
    /// Checks that the caller may run its operation, and that the bus is there. A bus of another account is noted in
    /// the record.
    ///
    /// # Errors
    /// `AccessDeniedException`, `ResourceNotFoundException`
    pub(super) fn check(&self, cx: &mut Cx, resource: &str, context: &[(&str, &str)]) -> Result<(), Fault> {
        let action = format!("events:{}", cx.operation.name);
        if self.account != cx.account {
            cx.note.owner = Some(self.account.clone());
        }
        if !self.admits(cx, &action, resource, context) {
            return Err(faults::access_denied(cx.caller, &action, resource));
        }
        if self.is_there(cx.world) { Ok(()) } else { Err(faults::no_bus(&self.name)) }
    }
}

impl ReplayPlace {
    pub fn arn(&self) -> String {
        format!("arn:aws:events:{}:{}:replay/{}", self.region, self.account, self.name)
    }

    /// The replay, to change it.
    pub fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Replay> {
        store_mut(world, &self.account, self.region)?.replays.get_mut(&self.name)
    }
}

/// `arn:aws:events:REGION:ACCOUNT:archive/NAME`
pub(super) fn archive_arn(account: &AccountId, region: Region, name: &str) -> String {
    format!("arn:aws:events:{region}:{account}:archive/{name}")
}

/// The archive's name in its ARN, if it is one of this account and Region.
pub(super) fn archive_name<'a>(cx: &Cx, arn: &'a str) -> Option<&'a str> {
    let (region, account, resource) = parse(arn)?;
    resource.strip_prefix("archive/").filter(|_| region == cx.region && account == cx.account)
}

/// An archive of the account.
///
/// # Errors
/// `ResourceNotFoundException`
pub(super) fn archive<'w>(cx: &'w mut Cx, name: &str) -> Result<&'w mut Archive, Fault> {
    let archives = &mut cx.world.regional(&cx.account, cx.region).events.archives;
    archives.get_mut(name).ok_or_else(|| faults::no_archive(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_rules_name_their_bus() {
        let check = |arn: &str, parts: Option<(&str, &str)>| {
            let rule = RulePlace::parse(arn);
            assert_eq!(rule.as_ref().map(|rule| (rule.bus.name.as_str(), rule.name.as_str())), parts, "{arn}");
            if let Some(rule) = rule {
                assert_eq!(rule.arn(), arn);
            }
        };
        check("arn:aws:events:us-east-1:123456789012:rule/night", Some(("default", "night")));
        check("arn:aws:events:us-east-1:123456789012:rule/orders/all", Some(("orders", "all")));
        check("arn:aws:events:us-east-1:123456789012:rule/", None);
        check("arn:aws:events:us-east-1:1:rule/night", None);
        check("arn:aws:events:us-east-1:123456789012:event-bus/default", None);
    }

    #[test]
    fn arns_of_buses() {
        let check = |arn: &str, name: Option<&str>| {
            let bus = BusPlace::parse(arn);
            assert_eq!(bus.as_ref().map(|bus| bus.name.as_str()), name, "{arn}");
            if let Some(bus) = bus {
                assert_eq!(bus.arn(), arn);
            }
        };
        check("arn:aws:events:eu-west-1:123456789012:event-bus/default", Some("default"));
        check("arn:aws:events:eu-west-1:123456789012:event-bus/a.b-c_d", Some("a.b-c_d"));
        check("arn:aws:events:eu-west-1:123456789012:event-bus/", None);
        check("arn:aws:sqs:eu-west-1:123456789012:event-bus/default", None);
    }
}
