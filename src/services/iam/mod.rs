//! IAM: who there is in an account, and what the policies say about them.
//!
//! An entity (user, group, role, instance profile, managed policy) lives in an [`Entities`] table. What
//! several kinds do alike (tags, inline and attached policies, boundaries) is written once, generic over the kind.

pub mod absent;
pub mod access_keys;
pub mod account;
pub mod attachments;
pub mod aws_policies;
pub mod boundaries;
pub mod details;
pub mod documents;
pub mod entities;
pub mod faults;
pub mod groups;
pub mod inline;
pub mod instance_profiles;
pub mod login;
pub mod names;
pub mod paging;
pub mod permissions;
pub mod policies;
pub mod roles;
pub mod service_roles;
pub mod tags;
pub mod users;

use std::collections::BTreeSet;

use crate::world::op::Op;
use crate::world::time::Time;

use access_keys::KeyState;
use entities::Entities;
use groups::Group;
use instance_profiles::InstanceProfile;
use policies::Policy;
use roles::Role;
use users::User;

/// The operations, a table for each resource.
pub const OPS: &[&[Op]] = &[
    absent::OPS,
    access_keys::OPS,
    account::OPS,
    attachments::OPS,
    boundaries::OPS,
    details::OPS,
    groups::OPS,
    inline::OPS,
    instance_profiles::OPS,
    login::OPS,
    policies::OPS,
    roles::OPS,
    service_roles::OPS,
    tags::OPS,
    users::OPS,
];

/// An account's IAM.
#[derive(Debug, Default)]
pub struct Store {
    pub users: Entities<User>,
    pub groups: Entities<Group>,
    pub roles: Entities<Role>,
    pub instance_profiles: Entities<InstanceProfile>,
    /// Customer managed policies, by name.
    pub policies: Entities<Policy>,
    /// Access keys of the root user.
    pub root_keys: Vec<KeyState>,
    /// An account has at most one alias.
    pub alias: Option<String>,
    /// Tasks that deleted service-linked roles.
    pub deletions: BTreeSet<String>,
    /// When the account was first asked about its root user: its creation as far as we know.
    pub opened: Option<Time>,
}
