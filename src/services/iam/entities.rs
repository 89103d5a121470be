//! Tables of entities, and what kinds of entity have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use crate::contract::{Contract, ShapeId};
use crate::wire::{Fault, Map, Value};
use crate::world::call::Cx;
use crate::world::fields::{Field, misfit};

use super::Store;
use super::names::fold;
use super::tags::Tag;

/// Entities by name. Names that differ only in case are the same.
#[derive(Clone, Debug)]
pub struct Entities<T>(BTreeMap<String, T>);

impl<T> Default for Entities<T> {
    fn default() -> Entities<T> {
        Entities(BTreeMap::new())
    }
}

impl<T> Entities<T> {
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.get(&fold(name))
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.0.get_mut(&fold(name))
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn insert(&mut self, name: &str, entity: T) {
        self.0.insert(fold(name), entity);
    }

    pub fn remove(&mut self, name: &str) -> Option<T> {
        self.0.remove(&fold(name))
    }

    /// In the order of names, each with the key that [`super::paging`] goes on from.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, entity)| (key.as_str(), entity))
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values()
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A kind of entity.
pub trait Entity: Sized {
    /// The member that names one in inputs and outputs: `UserName`.
    const MEMBER: &'static str;

    fn find<'a>(store: &'a mut Store, name: &str) -> Option<&'a mut Self>;

    /// What a client is told that names one which is not there.
    fn missing(name: &str) -> Fault;
}

/// A kind that policies can be given to: users, groups and roles.
pub trait Holder: Entity {
    /// Its name in sentences and quotas: `User`.
    const TITLE: &'static str;

    /// Inline policies of one holder may have so many characters, white space not counted
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
    const INLINE_SIZE_MAX: usize;

    fn permissions(&mut self) -> &mut Permissions;
}

/// A kind that can have a permissions boundary: users and roles.
pub trait Bounded: Entity {
    fn boundary(&mut self) -> &mut Option<String>;
}

/// A kind that can have tags.
pub trait Tagged: Entity {
    /// Name of its quota of tags.
    const QUOTA: &'static str;

    fn tags(&mut self) -> &mut Vec<Tag>;
}

/// The policies of a holder.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Documents of inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached managed policies.
    pub attached: BTreeSet<String>,
}

/// The entity that an input names; a fault when there is none.
pub fn find<'a, K: Entity>(cx: &'a mut Cx<'_>, name: &str) -> Result<&'a mut K, Fault> {
    let account = cx.account.clone();
    K::find(&mut cx.world.account(&account).iam, name).ok_or_else(|| K::missing(name))
}

/// The caller's account's IAM.
pub fn store<'a>(cx: &'a mut Cx<'_>) -> &'a mut Store {
    let account = cx.account.clone();
    &mut cx.world.account(&account).iam
}

/// The member of an input or output that names an entity of kind `K`.
#[derive(Debug)]
pub struct Name<K> {
    pub name: String,
    kind: PhantomData<K>,
}

impl<K> Name<K> {
    pub fn new(name: String) -> Name<K> {
        Name { name, kind: PhantomData }
    }
}

impl<K: Entity> Field for Name<K> {
    fn read(value: Option<&Value>) -> Name<K> {
        Name::new(String::read(value.and_then(|value| value.get(K::MEMBER))))
    }

    fn write(self) -> Value {
        let mut map = Map::new();
        map.push(K::MEMBER, self.name);
        Value::Map(map)
    }

    fn misfits(contract: &Contract, shape: Option<ShapeId>, path: &str, out: &mut Vec<String>) {
        misfit::<String>(contract, shape, path, K::MEMBER, out);
    }
}
