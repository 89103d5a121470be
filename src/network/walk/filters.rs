//! Security groups and network ACLs.

use super::super::flow::{Flow, RST};
use super::super::index::Network;
use super::super::index::groups::Allowed;
use super::super::refusal::Refusal;
use super::super::tracking::{Connections, State};
use super::{Component, Decision, Direction, Pass, Walk, Walker, volume};

impl Walker<'_> {
    /// Asks the groups of an interface.
    pub(super) fn ask_groups(&mut self, interface: u32, direction: Direction) -> Result<(), Refusal> {
        let index = &self.network.interfaces[interface as usize];
        let Some(set) = index.group_set.map(|set| &self.network.group_sets[set as usize]) else { return Ok(()) };
        let component = Component::Groups(interface, direction);
        if self.is_tracked(interface, direction) {
            self.step(component, Decision::Tracked);
            return Ok(());
        }
        let (rules, back) = match direction {
            Direction::Ingress => (&set.ingress, &set.egress),
            Direction::Egress => (&set.egress, &set.ingress),
        };
        let (network, packet, senders_known) = (self.network, self.packet, self.senders_known);
        let peer = match direction {
            Direction::Ingress => packet.source,
            Direction::Egress => packet.destination,
        };
        let members = || match direction == Direction::Egress || senders_known {
            true => network.groups_at(index.vpc, peer),
            false => None,
        };
        match rules.allow(&packet, peer, members) {
            Some(Allowed { rule: (group, rule), anywhere }) => {
                self.step(component, Decision::GroupRule(group, rule));
                if !self.answering {
                    // What may come and go anywhere needs no tracking.
                    let tracked = !(anywhere && back.is_open(&packet));
                    self.passes.push(Pass { interface, direction, packet, tracked });
                }
                Ok(())
            }
            None => {
                let no_rules = rules.is_empty() && back.is_empty();
                let refusal = if no_rules { Refusal::GroupsHaveNoRules } else { Refusal::GroupsDoNotAllow };
                self.step(component, Decision::Refused(refusal));
                match self.probing {
                    true if self.answering => Ok(()),
                    true => {
                        self.passes.push(Pass { interface, direction, packet, tracked: true });
                        Ok(())
                    }
                    false => Err(refusal),
                }
            }
        }
    }

    /// Whether the packet belongs to a connection: the one it answers, or one of an earlier flow.
    fn is_tracked(&mut self, interface: u32, direction: Direction) -> bool {
        let index = &self.network.interfaces[interface as usize];
        if self.answering {
            let asked = self.packet.answer();
            let answered = |pass: &&Pass| {
                let same = (asked.source, asked.destination, asked.source_port, asked.destination_port)
                    == (
                        pass.packet.source,
                        pass.packet.destination,
                        pass.packet.source_port,
                        pass.packet.destination_port,
                    );
                pass.interface == interface && pass.direction == direction.other() && same
            };
            if let Some(pass) = self.passes.iter().find(answered) {
                return pass.tracked;
            }
        }
        let known = self.connections.knows(index.key, direction, &self.packet, self.now_s);
        if known && !self.answering {
            self.passes.push(Pass { interface, direction, packet: self.packet, tracked: true });
        }
        known
    }

    /// Connections over some gateways are always tracked.
    pub(super) fn track(&mut self, interface: u32, direction: Direction) {
        if let Some(pass) = self.passes.last_mut()
            && pass.interface == interface
            && pass.direction == direction
            && !self.answering
        {
            pass.tracked = true;
        }
    }

    /// Asks the ACL of a subnet that the packet enters or leaves.
    pub(super) fn ask_acl(&mut self, subnet: u32, direction: Direction) -> Result<(), Refusal> {
        let acl = self.network.subnets[subnet as usize].acl;
        let (entries, peer) = match direction {
            Direction::Ingress => (&self.network.acls[acl as usize].ingress, self.packet.source),
            Direction::Egress => (&self.network.acls[acl as usize].egress, self.packet.destination),
        };
        let (number, allow) = entries.decide(&self.packet, peer);
        self.step(Component::NetworkAcl(acl, direction), Decision::AclEntry(number));
        if allow || self.probing { Ok(()) } else { Err(Refusal::AclDenies) }
    }
}

impl Network {
    /// Notes the connections that the groups track, as they are when the flow has ended.
    pub(super) fn note(&self, passes: &[Pass], flow: &Flow, walk: &Walk, connections: &mut Connections) {
        let flags = walk.observations().fold(0, |flags, seen| flags | seen.tcp_flags);
        let state = match (volume::is_tcp(walk) && flags & (volume::FIN | RST) != 0, walk.answer.is_some()) {
            (true, _) => State::Closed,
            (false, true) if walk.is_connected() => State::Answered,
            _ => State::Unanswered,
        };
        let end_s = flow.start_s.saturating_add(i64::from(flow.duration_s));
        for pass in passes.iter().filter(|pass| pass.tracked) {
            let key = self.interfaces[pass.interface as usize].key;
            let times = &self.topology().interfaces[pass.interface as usize].tracking;
            connections.note(key, pass.direction, &pass.packet, (state, end_s), times);
        }
    }
}
