//! Network ACLs: entries in the order of their numbers, of which the first one that matches decides
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>).

use std::net::IpAddr;

use super::super::cidr::Cidr;
use super::super::flow::Packet;
use super::super::topology::{AclEntry, LAST_ACL_ENTRY, NetworkAcl};
use super::rules::ByTraffic;

#[derive(Debug)]
pub struct Acl {
    pub ingress: AclEntries,
    pub egress: AclEntries,
}

#[derive(Debug)]
pub struct AclEntries {
    by_traffic: ByTraffic,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    cidr: Cidr,
    number: u16,
    allow: bool,
}

impl Acl {
    pub fn new(acl: &NetworkAcl) -> Acl {
        Acl { ingress: AclEntries::new(acl, false), egress: AclEntries::new(acl, true) }
    }
}

impl AclEntries {
    fn new(acl: &NetworkAcl, egress: bool) -> AclEntries {
        let mut entries: Vec<&AclEntry> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
        entries.sort_by_key(|entry| entry.number);
        let traffic: Vec<_> = entries.iter().map(|entry| entry.traffic).collect();
        let entry = |entry: &AclEntry| Entry { cidr: entry.cidr, number: entry.number, allow: entry.allow };
        AclEntries { by_traffic: ByTraffic::new(&traffic), entries: entries.into_iter().map(entry).collect() }
    }

    /// The number of the entry that decides, and whether it allows. `peer` is the source of what comes in, the
    /// destination of what goes out.
    pub fn decide(&self, packet: &Packet, peer: IpAddr) -> (u16, bool) {
        let candidates = self.by_traffic.candidates(packet).iter();
        let mut entries = candidates.filter_map(|number| self.entries.get(*number as usize));
        match entries.find(|entry| entry.cidr.contains(peer)) {
            Some(entry) => (entry.number, entry.allow),
            None => (LAST_ACL_ENTRY, false),
        }
    }
}
