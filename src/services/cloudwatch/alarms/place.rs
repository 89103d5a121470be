//! Where an alarm is.

use crate::world::World;
use crate::world::call::Cx;
use crate::world::scope::{AccountId, Region};

use super::{Alarm, Store};

/// An account's alarm in a Region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

impl Place {
    /// An alarm of the caller's.
    pub fn of(cx: &Cx<'_>, name: &str) -> Place {
        Place { account: cx.account.clone(), region: cx.region, name: name.to_owned() }
    }

    /// Another alarm of the same account and Region.
    pub fn beside(&self, name: &str) -> Place {
        Place { name: name.to_owned(), ..self.clone() }
    }

    pub fn arn(&self) -> String {
        format!("{}{}", self.prefix(), self.name)
    }

    /// What the ARNs of all alarms here start with.
    fn prefix(&self) -> String {
        format!("arn:aws:cloudwatch:{}:{}:alarm:", self.region, self.account)
    }

    /// The name in what rules and suppressors name alarms by: names, or ARNs of alarms here.
    pub fn name_of<'a>(&self, reference: &'a str) -> &'a str {
        reference.strip_prefix(&self.prefix()).unwrap_or(reference)
    }

    pub fn store<'w>(&self, world: &'w mut World) -> &'w mut Store {
        &mut world.regional(&self.account, self.region).cloudwatch.alarms
    }

    pub fn find<'w>(&self, world: &'w World) -> Option<&'w Alarm> {
        let regional = world.accounts.get(&self.account)?.regions.get(&self.region)?;
        regional.cloudwatch.alarms.alarms.get(&self.name)
    }

    pub fn find_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut Alarm> {
        self.store(world).alarms.get_mut(&self.name)
    }
}
