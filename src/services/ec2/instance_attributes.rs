//! What can be looked at and changed of single instances.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::op;
use crate::record;
use crate::wire::{Fault, Value};
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::instances::{self, Instance, State, check_ids};
use super::interfaces::{self, GroupView};
use super::vpc_attributes::Switch;
use super::{dry_run, faults, instance_types, kinds, store};

/// The operations on attributes of instances.
pub const OPS: &[Op] = &[
    op!(Read "DescribeInstanceAttribute" describe),
    op!(Read "DescribeInstanceCreditSpecifications" describe_credits),
    op!(Write "ModifyInstanceAttribute" modify),
    op!(Write "ModifyInstanceMetadataOptions" modify_metadata),
];

/// User data, before it is encoded.
pub(super) const USER_DATA_MAX: usize = 16 * 1024;

pub(super) const CREDITS: Listing = Listing { kind: &kinds::INSTANCE, paths: &[("instance-id", "InstanceId")] };

/// How an instance's metadata service is reached
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>).
#[derive(Clone, Debug)]
pub struct MetadataOptions {
    /// `optional` or `required`: version 2 alone.
    pub tokens: String,
    pub hop_limit: i64,
    pub enabled: bool,
    pub ipv6: bool,
    pub tags: bool,
}

record! {
    pub struct MetadataIn {
        tokens: Option<String> = "HttpTokens",
        hop_limit: Option<i64> = "HttpPutResponseHopLimit",
        endpoint: Option<String> = "HttpEndpoint",
        ipv6: Option<String> = "HttpProtocolIpv6",
        tags: Option<String> = "InstanceMetadataTags",
    }
    pub struct MetadataView {
        state: String = "State",
        tokens: String = "HttpTokens",
        hop_limit: i64 = "HttpPutResponseHopLimit",
        endpoint: String = "HttpEndpoint",
        ipv6: String = "HttpProtocolIpv6",
        tags: String = "InstanceMetadataTags",
    }

    struct One { id: String = "InstanceId" }
    struct Text { value: Option<String> = "Value" }
    struct Blob { value: Option<Bytes> = "Value" }
    struct Modify {
        attribute: Option<String> = "Attribute",
        value: Option<String> = "Value",
        source_dest_check: Option<Switch> = "SourceDestCheck",
        keeps_running: Option<Switch> = "DisableApiStop",
        keeps_existing: Option<Switch> = "DisableApiTermination",
        instance_type: Option<Text> = "InstanceType",
        user_data: Option<Blob> = "UserData",
        shutdown: Option<Text> = "InstanceInitiatedShutdownBehavior",
        groups: Vec<String> = "Groups",
        ebs_optimized: Option<Switch> = "EbsOptimized",
    }
    /// Attributes that stand for what there is not: volumes, kernels, other drivers.
    struct Unsupported {
        devices: Value = "BlockDeviceMappings",
        kernel: Value = "Kernel",
        ramdisk: Value = "Ramdisk",
        sriov: Value = "SriovNetSupport",
        ena: Value = "EnaSupport",
        enclave: Value = "EnclaveOptions",
    }
    struct Describe { id: String = "InstanceId", attribute: String = "Attribute" }
    struct Attribute {
        id: String = "InstanceId",
        source_dest_check: Option<Switch> = "SourceDestCheck",
        keeps_running: Option<Switch> = "DisableApiStop",
        keeps_existing: Option<Switch> = "DisableApiTermination",
        instance_type: Option<Text> = "InstanceType",
        user_data: Option<Text> = "UserData",
        shutdown: Option<Text> = "InstanceInitiatedShutdownBehavior",
        groups: Option<Vec<GroupView>> = "Groups",
        ebs_optimized: Option<Switch> = "EbsOptimized",
        root: Option<Text> = "RootDeviceName",
        devices: Option<Vec<String>> = "BlockDeviceMappings",
        ena: Option<Switch> = "EnaSupport",
    }
    struct Changed { id: String = "InstanceId", options: MetadataView = "InstanceMetadataOptions" }
    struct Named { ids: Vec<String> = "InstanceIds" }
    struct Credits { all: Vec<Shown<Credit>> = "InstanceCreditSpecifications" }
    struct Credit { id: String = "InstanceId", credits: String = "CpuCredits" }
}

impl MetadataOptions {
    /// Images of today want version 2.
    pub(super) fn new(input: Option<MetadataIn>) -> MetadataOptions {
        let mut options =
            MetadataOptions { tokens: "required".to_owned(), hop_limit: 2, enabled: true, ipv6: false, tags: false };
        options.change(input.unwrap_or_default());
        options
    }

    fn change(&mut self, input: MetadataIn) {
        let enabled = |text: Option<String>, old: bool| text.map_or(old, |text| text == "enabled");
        self.tokens = input.tokens.unwrap_or_else(|| self.tokens.clone());
        self.hop_limit = input.hop_limit.unwrap_or(self.hop_limit);
        self.enabled = enabled(input.endpoint, self.enabled);
        self.ipv6 = enabled(input.ipv6, self.ipv6);
        self.tags = enabled(input.tags, self.tags);
    }

    pub(super) fn view(&self, is_new: bool) -> MetadataView {
        let enabled = |on: bool| if on { "enabled" } else { "disabled" }.to_owned();
        MetadataView {
            state: if is_new { "pending" } else { "applied" }.to_owned(),
            tokens: self.tokens.clone(),
            hop_limit: self.hop_limit,
            endpoint: enabled(self.enabled),
            ipv6: enabled(self.ipv6),
            tags: enabled(self.tags),
        }
    }
}

fn modify(cx: &mut Cx, (one, mut input, unsupported): (One, Modify, Unsupported)) -> Result<(), Fault> {
    let ec2 = store(cx);
    if !one.id.starts_with("i-") {
        return Err(faults::invalid_parameter(&one.id, "instanceId", "Expected: 'i-...'."));
    }
    let instance = instances::find(ec2, &one.id)?;
    let Unsupported { devices, kernel, ramdisk, sriov, ena, enclave } = &unsupported;
    if [devices, kernel, ramdisk, sriov, ena, enclave].into_iter().any(|value| !value.is_null()) {
        return Err(faults::unsupported("this attribute of instances"));
    }
    spread(&mut input)?;
    check_one(&input)?;
    check_change(instance, &input)?;
    let groups = match input.groups.is_empty() {
        true => Vec::new(),
        false => interfaces::groups(ec2, &instance.vpc, &instance.subnet, &input.groups)?,
    };
    dry_run(cx)?;
    let ec2 = store(cx);
    let Some(instance) = ec2.instances.get_mut(&one.id) else { return Ok(()) };
    let set = |old: &mut bool, switch: &Option<Switch>| *old = switch.as_ref().map_or(*old, |switch| switch.value);
    set(&mut instance.keeps_running, &input.keeps_running);
    set(&mut instance.keeps_existing, &input.keeps_existing);
    set(&mut instance.ebs_optimized, &input.ebs_optimized);
    let text = |old: &mut String, text: Option<Text>| {
        if let Some(value) = text.and_then(|text| text.value) {
            *old = value;
        }
    };
    text(&mut instance.instance_type, input.instance_type);
    text(&mut instance.shutdown, input.shutdown);
    if let Some(data) = input.user_data {
        instance.user_data = data.value.filter(|data| !data.is_empty()).map(|data| STANDARD.encode(data));
    }
    let primary = instance.interfaces.first().and_then(|id| ec2.interfaces.get_mut(id));
    if let Some(interface) = primary {
        set(&mut interface.source_dest_check, &input.source_dest_check);
        if !groups.is_empty() {
            interface.groups = groups;
        }
    }
    Ok(())
}

/// The first form of the call names an attribute and has its value as a text.
fn spread(input: &mut Modify) -> Result<(), Fault> {
    let Some(attribute) = input.attribute.take() else { return Ok(()) };
    let value = input.value.take().ok_or_else(|| faults::missing_parameter("value"))?;
    let switch = || match value.as_str() {
        "true" => Ok(Some(Switch { value: true })),
        "false" => Ok(Some(Switch { value: false })),
        other => Err(faults::invalid_parameter(other, "value", "Expected: true, false.")),
    };
    match attribute.as_str() {
        "sourceDestCheck" => input.source_dest_check = switch()?,
        "disableApiStop" => input.keeps_running = switch()?,
        "disableApiTermination" => input.keeps_existing = switch()?,
        "ebsOptimized" => input.ebs_optimized = switch()?,
        "instanceType" => input.instance_type = Some(Text { value: Some(value) }),
        "instanceInitiatedShutdownBehavior" => input.shutdown = Some(Text { value: Some(value) }),
        "userData" => {
            let data = STANDARD.decode(&value).map_err(|_| faults::user_data_encoding())?;
            input.user_data = Some(Blob { value: Some(data.into()) });
        }
        _ => return Err(faults::unsupported("this attribute of instances")),
    }
    Ok(())
}

fn check_one(input: &Modify) -> Result<(), Fault> {
    let sent = [
        input.source_dest_check.is_some(),
        input.keeps_running.is_some(),
        input.keeps_existing.is_some(),
        input.ebs_optimized.is_some(),
        input.instance_type.is_some(),
        input.user_data.is_some(),
        input.shutdown.is_some(),
        !input.groups.is_empty(),
    ];
    match sent.into_iter().filter(|sent| *sent).count() {
        0 => Err(faults::no_attribute()),
        1 => Ok(()),
        _ => Err(faults::several_attributes()),
    }
}

fn check_change(instance: &Instance, input: &Modify) -> Result<(), Fault> {
    if !instance.takes_changes() {
        return Err(faults::incorrect_state(&instance.id));
    }
    let needs_stop = input.instance_type.is_some() || input.user_data.is_some() || input.ebs_optimized.is_some();
    if needs_stop && instance.state != State::Stopped {
        return Err(faults::not_stopped(&instance.id));
    }
    let kind = input.instance_type.as_ref().and_then(|text| text.value.as_deref());
    if let Some(unknown) = kind.filter(|name| instance_types::find(name).is_none()) {
        return Err(faults::unknown_instance_type(unknown));
    }
    let shutdown = input.shutdown.as_ref().and_then(|text| text.value.as_deref());
    if let Some(unknown) = shutdown.filter(|text| !matches!(*text, "stop" | "terminate")) {
        return Err(faults::invalid_parameter(
            unknown,
            "instanceInitiatedShutdownBehavior",
            "Expected: stop, terminate.",
        ));
    }
    let data = input.user_data.as_ref().and_then(|data| data.value.as_ref());
    match data.is_some_and(|data| data.len() > USER_DATA_MAX) {
        true => Err(faults::user_data_too_long()),
        false => Ok(()),
    }
}

fn describe(cx: &mut Cx, input: Describe) -> Result<Attribute, Fault> {
    let ec2 = store(cx);
    let instance = instances::find(ec2, &input.id)?;
    let primary = instance.interfaces.first().and_then(|id| ec2.interfaces.get(id));
    let mut shown = Attribute { id: input.id.clone(), ..Attribute::default() };
    let switch = |value: bool| Some(Switch { value });
    let text = |value: &str| Some(Text { value: Some(value.to_owned()) });
    match input.attribute.as_str() {
        "sourceDestCheck" => shown.source_dest_check = switch(primary.is_none_or(|own| own.source_dest_check)),
        "disableApiStop" => shown.keeps_running = switch(instance.keeps_running),
        "disableApiTermination" => shown.keeps_existing = switch(instance.keeps_existing),
        "ebsOptimized" => shown.ebs_optimized = switch(instance.ebs_optimized),
        "enaSupport" => shown.ena = switch(true),
        "instanceType" => shown.instance_type = text(&instance.instance_type),
        "instanceInitiatedShutdownBehavior" => shown.shutdown = text(&instance.shutdown),
        "userData" => shown.user_data = Some(Text { value: instance.user_data.clone() }),
        "rootDeviceName" => shown.root = instance.source(ec2).and_then(|image| text(image.root)),
        "blockDeviceMapping" => shown.devices = Some(Vec::new()),
        "groupSet" => shown.groups = Some(primary.map(|own| own.group_views(ec2)).unwrap_or_default()),
        _ => return Err(faults::unsupported("this attribute of instances")),
    }
    dry_run(cx)?;
    Ok(shown)
}

fn modify_metadata(cx: &mut Cx, (one, input): (One, MetadataIn)) -> Result<Changed, Fault> {
    let instance = instances::find(store(cx), &one.id)?;
    if !instance.takes_changes() {
        return Err(faults::incorrect_state(&one.id));
    }
    dry_run(cx)?;
    let Some(instance) = store(cx).instances.get_mut(&one.id) else { return Ok(Changed::default()) };
    instance.metadata.change(input);
    Ok(Changed { id: one.id, options: instance.metadata.view(true) })
}

/// Without ids, those that run on credits without a limit.
fn describe_credits(
    cx: &mut Cx,
    (input, (filters, page)): (Named, (Filters, PageRequest)),
) -> Result<(Credits, PageEnd), Fault> {
    let ec2 = store(cx);
    check_ids(ec2, &input.ids)?;
    let chosen = ec2.instances.values().filter(|instance| match input.ids.is_empty() {
        true => instance.credits.as_deref() == Some("unlimited"),
        false => input.ids.contains(&instance.id),
    });
    let with_credits = chosen.filter_map(|instance| Some((instance.id.clone(), instance.credits.clone()?)));
    let all: super::BTreeMap<String, (String, String)> =
        with_credits.map(|(id, credits)| (id.clone(), (id, credits))).collect();
    let wanted = Wanted { ids: &[], filters: &filters, page: &page };
    let view = |(id, credits): &(String, String)| Credit { id: id.clone(), credits: credits.clone() };
    let (all, end) = CREDITS.list(&ec2.tags, &all, wanted, view)?;
    Ok((Credits { all }, end))
}
