//! What putting alarms of either kind has in common.

use std::collections::BTreeMap;

use crate::record;
use crate::services::cloudwatch::names;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::scope::Region;

use super::actions::Action;
use super::alarm::{self, Alarm, Kind, Settings};
use super::contributors::Contributors;
use super::history::Deed;
use super::place::Place;
use super::state::State;
use super::{faults, transition};
use crate::services::cloudwatch::tags::{self, Tag};

record! {
    /// Members of both operations.
    pub(super) struct Common {
        name: String = "AlarmName",
        description: Option<String> = "AlarmDescription",
        actions_enabled: Option<bool> = "ActionsEnabled",
        ok: Vec<String> = "OKActions",
        alarm: Vec<String> = "AlarmActions",
        insufficient_data: Vec<String> = "InsufficientDataActions",
        tags: Vec<Tag> = "Tags",
    }
}

impl Common {
    pub fn acts_on_insufficient_data(&self) -> bool {
        !self.insufficient_data.is_empty()
    }

    /// All actions, checked, with what they stand for.
    pub fn actions(&self, region: Region) -> Result<Vec<(&str, Action)>, Fault> {
        let all = self.ok.iter().chain(&self.alarm).chain(&self.insufficient_data);
        all.map(|arn| Ok((arn.as_str(), Action::parse(arn, region)?))).collect()
    }
}

/// Makes an alarm, or replaces an old one, which keeps its state and its tags.
pub(super) fn put(cx: &mut Cx, place: &Place, common: Common, kind: Kind) -> Result<Deed, Fault> {
    if !names::is_text(&common.name) {
        return Err(faults::not_a_text("AlarmName", &common.name));
    }
    let tags: BTreeMap<String, String> = tags::checked(common.tags)?;
    let now = cx.world.now;
    let settings = Settings {
        description: common.description,
        actions_enabled: common.actions_enabled.unwrap_or(true),
        ok_actions: common.ok,
        alarm_actions: common.alarm,
        insufficient_data_actions: common.insufficient_data,
        updated: now,
    };
    let (deed, previous) = match place.find_mut(cx.world) {
        Some(old) if old.kind.as_str() != kind.as_str() => {
            return Err(faults::other_kind(&place.name, old.kind.as_str()));
        }
        Some(old) => {
            let previous = alarm::whole(old);
            let watched = old.metric().map(|metric| metric.queries.clone());
            (old.settings, old.kind) = (settings, kind);
            if old.metric().map(|metric| metric.queries.clone()) != watched {
                old.contributors.clear();
            }
            (Deed::Updated, Some(previous))
        }
        None => {
            let state = State::initial(now);
            let alarm = Alarm {
                place: place.clone(),
                settings,
                kind,
                state,
                tags,
                muted_since: None,
                contributors: Contributors::default(),
            };
            place.store(cx.world).alarms.insert(place.name.clone(), alarm);
            (Deed::Created, None)
        }
    };
    transition::configured(cx.world, place, deed, previous);
    Ok(deed)
}
