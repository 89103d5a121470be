//! DHCP option sets (<https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html>).

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, kinds, store, vpcs};

/// The operations on DHCP option sets.
pub const OPS: &[Op] = &[
    op!(Write "AssociateDhcpOptions" associate),
    op!(Write "CreateDhcpOptions" create),
    op!(Write "DeleteDhcpOptions" delete),
    op!(Read "DescribeDhcpOptions" describe),
];

/// Stands for no options at all.
pub const NONE: &str = "default";

const KEYS: [&str; 6] = [
    "domain-name",
    "domain-name-servers",
    "ipv6-address-preferred-lease-time",
    "netbios-name-servers",
    "netbios-node-type",
    "ntp-servers",
];

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::DHCP_OPTIONS,
    paths: &[
        ("dhcp-options-id", "DhcpOptionsId"),
        ("key", "DhcpConfigurations.Key"),
        ("owner-id", "OwnerId"),
        ("value", "DhcpConfigurations.Values.Value"),
    ],
};

/// A set of options that a VPC's machines are told.
#[derive(Clone, Debug)]
pub struct DhcpOptions {
    pub id: String,
    /// Keys and values in the order of creation.
    pub options: Vec<(String, Vec<String>)>,
}

record! {
    struct Create { options: Vec<NewOption> = "DhcpConfigurations" }
    struct NewOption { key: String = "Key", values: Vec<String> = "Values" }
    struct Created { options: View = "DhcpOptions" }
    struct One { id: String = "DhcpOptionsId" }
    struct Associate { id: String = "DhcpOptionsId", vpc: String = "VpcId" }
    struct Describe { ids: Vec<String> = "DhcpOptionsIds" }
    struct Sets { sets: Vec<Shown<View>> = "DhcpOptions" }
    struct View {
        owner: String = "OwnerId",
        tags: Vec<Tag> = "Tags",
        id: String = "DhcpOptionsId",
        options: Vec<OptionView> = "DhcpConfigurations",
    }
    struct OptionView { key: String = "Key", values: Vec<OptionValue> = "Values" }
    struct OptionValue { value: String = "Value" }
}

fn create(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Created, Fault> {
    for NewOption { key, values } in &input.options {
        if !KEYS.contains(&key.as_str()) {
            return Err(faults::unknown_dhcp_option(key));
        }
        if values.is_empty() {
            return Err(faults::missing_parameter("dhcpConfiguration.value"));
        }
    }
    let tags = tagging.only(&kinds::DHCP_OPTIONS)?;
    dry_run(cx)?;
    let id = cx.world.ids.ec2("dopt");
    let options = input.options.into_iter().map(|option| (option.key, option.values)).collect();
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let set = DhcpOptions { id: id.clone(), options };
    let view = set.view(ec2);
    ec2.dhcp_options.insert(id, set);
    Ok(Created { options: view })
}

fn delete(cx: &mut Cx, input: One) -> Result<(), Fault> {
    let ec2 = store(cx);
    if !ec2.dhcp_options.contains_key(&input.id) {
        return Err(kinds::DHCP_OPTIONS.missing(&input.id));
    }
    if ec2.vpcs.values().any(|vpc| vpc.dhcp_options == input.id) {
        return Err(faults::dependencies("dhcpOptions", &input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.dhcp_options.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(())
}

fn associate(cx: &mut Cx, input: Associate) -> Result<(), Fault> {
    let ec2 = store(cx);
    vpcs::find(ec2, &input.vpc)?;
    if input.id != NONE && !ec2.dhcp_options.contains_key(&input.id) {
        return Err(kinds::DHCP_OPTIONS.missing(&input.id));
    }
    dry_run(cx)?;
    if let Some(vpc) = store(cx).vpcs.get_mut(&input.vpc) {
        vpc.dhcp_options = input.id;
    }
    Ok(())
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Sets, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (sets, end) = LISTING.list(&ec2.tags, &ec2.dhcp_options, wanted, |set| set.view(ec2))?;
    Ok((Sets { sets }, end))
}

impl DhcpOptions {
    /// What AWS makes with a default VPC: Amazon's resolver, and the Region's names.
    pub(super) fn of_amazon(id: String, region: &str) -> DhcpOptions {
        let name = internal_domain(region);
        let options = vec![
            ("domain-name".to_owned(), vec![name]),
            ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
        ];
        DhcpOptions { id, options }
    }

    fn view(&self, ec2: &Store) -> View {
        let value = |value: &String| OptionValue { value: value.clone() };
        let options = self
            .options
            .iter()
            .map(|(key, values)| OptionView { key: key.clone(), values: values.iter().map(value).collect() });
        View {
            owner: ec2.owner.clone(),
            tags: ec2.tags.shown(&self.id),
            id: self.id.clone(),
            options: options.collect(),
        }
    }
}

/// The domain of private names: `ec2.internal`, `eu-west-1.compute.internal`.
pub fn internal_domain(region: &str) -> String {
    match region {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    }
}
