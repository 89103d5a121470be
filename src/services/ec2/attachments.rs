//! Network interfaces on instances, and what can be changed of interfaces.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::interfaces::{self, Attachment, AttachmentView, GroupView, Interface};
use super::vpc_attributes::{Switch, set};
use super::{Store, dry_run, faults, instance_types, kinds, store};

/// The operations on attachments and attributes of interfaces.
pub const OPS: &[Op] = &[
    op!(Write "AttachNetworkInterface" attach),
    op!(Read "DescribeNetworkInterfaceAttribute" describe_attribute),
    op!(Write "DetachNetworkInterface" detach),
    op!(Write "ModifyNetworkInterfaceAttribute" modify),
    op!(Write "ResetNetworkInterfaceAttribute" reset),
];

record! {
    struct Attach {
        interface: String = "NetworkInterfaceId",
        instance: String = "InstanceId",
        device: i64 = "DeviceIndex",
        card: Option<i64> = "NetworkCardIndex",
    }
    struct Attached { id: String = "AttachmentId", card: i64 = "NetworkCardIndex" }
    struct Detach { id: String = "AttachmentId" }
    struct Text { value: String = "Value" }
    struct AttachmentChanges { id: String = "AttachmentId", delete_on_termination: Option<bool> = "DeleteOnTermination" }
    struct Modify {
        interface: String = "NetworkInterfaceId",
        description: Option<Text> = "Description",
        source_dest_check: Option<Switch> = "SourceDestCheck",
        groups: Vec<String> = "Groups",
        attachment: Option<AttachmentChanges> = "Attachment",
    }
    struct Reset { interface: String = "NetworkInterfaceId", check: Option<String> = "SourceDestCheck" }
    struct Describe { interface: String = "NetworkInterfaceId", attribute: Option<String> = "Attribute" }
    struct Attribute {
        attachment: Option<AttachmentView> = "Attachment",
        description: Option<Text> = "Description",
        groups: Option<Vec<GroupView>> = "Groups",
        interface: String = "NetworkInterfaceId",
        source_dest_check: Option<Switch> = "SourceDestCheck",
    }
}

fn attach(cx: &mut Cx, input: Attach) -> Result<Attached, Fault> {
    if input.card.is_some_and(|card| card != 0) {
        return Err(faults::invalid_parameter(input.card.unwrap_or(0), "networkCardIndex", "Expected: 0."));
    }
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &input.interface)?;
    let instance = ec2.instances.get(&input.instance).ok_or_else(|| kinds::INSTANCE.missing(&input.instance))?;
    if interface.attachment.is_some() {
        return Err(faults::interface_in_use(&input.interface));
    }
    if !instance.takes_changes() {
        return Err(faults::incorrect_state(&input.instance));
    }
    if ec2.subnets.get(&interface.subnet).is_none_or(|subnet| subnet.zone != instance.zone) {
        return Err(faults::interface_in_other_zone());
    }
    let own = |id: &String| ec2.interfaces.get(id).and_then(|interface| interface.attachment.as_ref());
    if instance.interfaces.iter().filter_map(own).any(|attachment| attachment.device == input.device) {
        return Err(faults::device_taken(&input.instance, input.device));
    }
    let count = instance.interfaces.len() + 1;
    if instance_types::find(&instance.instance_type).is_some_and(|kind| count > kind.interfaces) {
        return Err(faults::too_many_interfaces(count, &instance.instance_type));
    }
    dry_run(cx)?;
    let id = cx.world.ids.ec2("eni-attach");
    let now = cx.world.now;
    let attachment = Attachment::to_instance(id.clone(), store(cx), &input.instance, input.device, now, false);
    connect(store(cx), &input.interface, attachment);
    Ok(Attached { id, card: 0 })
}

/// Attaches an interface.
pub(super) fn connect(ec2: &mut Store, interface: &str, attachment: Attachment) {
    if let Some(instance) = attachment.instance.as_ref().and_then(|id| ec2.instances.get_mut(id)) {
        instance.interfaces.push(interface.to_owned());
    }
    if let Some(interface) = ec2.interfaces.get_mut(interface) {
        interface.attachment = Some(attachment);
    }
}

impl Attachment {
    pub(super) fn to_instance(
        id: String,
        ec2: &Store,
        instance: &str,
        device: i64,
        since: Time,
        delete_on_termination: bool,
    ) -> Attachment {
        let (instance, owner) = (Some(instance.to_owned()), ec2.owner.clone());
        Attachment { id, instance, owner, device, since, delete_on_termination }
    }
}

fn detach(cx: &mut Cx, input: Detach) -> Result<(), Fault> {
    let interface = attached(store(cx), &input.id).ok_or_else(|| faults::attachment_not_found(&input.id))?;
    let id = interface.id.clone();
    if interface.requester.is_some() {
        return Err(faults::managed_attachment());
    }
    if interface.attachment.as_ref().is_some_and(|attachment| attachment.device == 0) {
        return Err(faults::primary_interface());
    }
    dry_run(cx)?;
    disconnect(store(cx), &id);
    Ok(())
}

fn attached<'a>(ec2: &'a Store, attachment: &str) -> Option<&'a Interface> {
    let has = |interface: &&Interface| interface.attachment.as_ref().is_some_and(|own| own.id == attachment);
    ec2.interfaces.values().find(has)
}

/// Detaches an interface. An address of Amazon's goes, an elastic one stays with it.
pub(super) fn disconnect(ec2: &mut Store, id: &str) {
    let Some(interface) = ec2.interfaces.get_mut(id) else { return };
    let attachment = interface.attachment.take();
    for address in &mut interface.addresses {
        address.public.take_if(|public| public.elastic.is_none());
    }
    if let Some(instance) = attachment.and_then(|own| own.instance).and_then(|id| ec2.instances.get_mut(&id)) {
        instance.interfaces.retain(|own| own != id);
    }
}

/// Changes one attribute.
fn modify(cx: &mut Cx, input: Modify) -> Result<(), Fault> {
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &input.interface)?;
    if interface.requester.is_some() {
        return Err(faults::no_permission());
    }
    let sent = [
        input.description.is_some(),
        input.source_dest_check.is_some(),
        !input.groups.is_empty(),
        input.attachment.is_some(),
    ];
    match sent.into_iter().filter(|sent| *sent).count() {
        0 => return Err(faults::no_attribute()),
        1 => {}
        _ => return Err(faults::several_attributes()),
    }
    let groups = match input.groups.is_empty() {
        true => None,
        false => Some(interfaces::groups(ec2, &interface.vpc, &interface.subnet, &input.groups)?),
    };
    if let Some(changes) = &input.attachment
        && interface.attachment.as_ref().is_none_or(|own| own.id != changes.id)
    {
        return Err(faults::attachment_not_found(&changes.id));
    }
    dry_run(cx)?;
    let Some(interface) = store(cx).interfaces.get_mut(&input.interface) else { return Ok(()) };
    set(&mut interface.source_dest_check, input.source_dest_check);
    interface.description = input.description.map_or_else(|| interface.description.clone(), |text| text.value);
    interface.groups = groups.unwrap_or_else(|| interface.groups.clone());
    let delete = input.attachment.and_then(|changes| changes.delete_on_termination);
    if let (Some(attachment), Some(delete)) = (&mut interface.attachment, delete) {
        attachment.delete_on_termination = delete;
    }
    Ok(())
}

fn reset(cx: &mut Cx, input: Reset) -> Result<(), Fault> {
    interfaces::find(store(cx), &input.interface)?;
    dry_run(cx)?;
    if let (Some(_), Some(interface)) = (input.check, store(cx).interfaces.get_mut(&input.interface)) {
        interface.source_dest_check = true;
    }
    Ok(())
}

fn describe_attribute(cx: &mut Cx, input: Describe) -> Result<Attribute, Fault> {
    let ec2 = store(cx);
    let interface = interfaces::find(ec2, &input.interface)?;
    let mut shown = Attribute { interface: input.interface.clone(), ..Attribute::default() };
    match input.attribute.as_deref() {
        Some("attachment") => shown.attachment = interface.attachment_view(),
        Some("description") => shown.description = Some(Text { value: interface.description.clone() }),
        Some("groupSet") => shown.groups = Some(interface.group_views(ec2)),
        Some("sourceDestCheck") => shown.source_dest_check = Some(Switch { value: interface.source_dest_check }),
        Some(_) => return Err(faults::unsupported("this attribute")),
        None => return Err(faults::missing_parameter("attribute")),
    }
    dry_run(cx)?;
    Ok(shown)
}
