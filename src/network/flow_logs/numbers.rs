//! Small numbers for what the flows of windows have in common.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::super::index::Quick;
use super::super::walk::Vantage;
use super::record::Facts;

/// Who has seen something.
#[derive(Clone, Debug, Default)]
pub(super) struct Seers {
    /// As last told.
    facts: Vec<Arc<Facts>>,
    by_id: HashMap<String, u32, BuildHasherDefault<Quick>>,
    /// By the interface's place in the network, which holds as long as the facts of the place are the same.
    by_place: Vec<u32>,
}

impl Seers {
    pub fn number(&mut self, facts: &Arc<Facts>) -> u32 {
        if let Some(number) = self.by_id.get(facts.id()) {
            self.facts[*number as usize] = facts.clone();
            return *number;
        }
        let number = self.facts.len() as u32;
        self.facts.push(facts.clone());
        self.by_id.insert(facts.id().to_owned(), number);
        number
    }

    /// The number of what has these facts and stands at this place.
    pub fn number_at(&mut self, place: Vantage, facts: &Arc<Facts>) -> u32 {
        let Vantage::Interface(place) = place else { return self.number(facts) };
        let place = place as usize;
        if let Some(number) = self.by_place.get(place)
            && self.facts.get(*number as usize).is_some_and(|known| Arc::ptr_eq(known, facts))
        {
            return *number;
        }
        let number = self.number(facts);
        if self.by_place.len() <= place {
            self.by_place.resize(place + 1, u32::MAX);
        }
        self.by_place[place] = number;
        number
    }

    /// By their numbers.
    pub fn all(&self) -> &[Arc<Facts>] {
        &self.facts
    }
}

/// Names of AWS services, numbered from 1; 0 is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Services(Vec<Arc<str>>);

impl Services {
    pub fn number(&mut self, name: Option<&Arc<str>>) -> u16 {
        let Some(name) = name else { return 0 };
        let place = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.clone());
            self.0.len() - 1
        });
        u16::try_from(place + 1).unwrap_or_default()
    }

    pub fn name(&self, number: u16) -> Option<Arc<str>> {
        self.0.get(usize::from(number).checked_sub(1)?).cloned()
    }
}
