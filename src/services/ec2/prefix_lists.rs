//! Managed prefix lists: one's own, and those that AWS keeps of its services' addresses
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html>).

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;

use super::cidr::Cidr;
use super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::group_rules::Peer;
use super::routes::Destination;
use super::tags::{Tag, Tagging};
use super::{Store, dry_run, faults, kinds, once, store};

/// The operations on prefix lists.
pub const OPS: &[Op] = &[
    op!(Write "CreateManagedPrefixList" create),
    op!(Write "DeleteManagedPrefixList" delete),
    op!(Read "DescribeManagedPrefixLists" describe),
    op!(Read "DescribePrefixLists" describe_services),
    op!(Read "GetManagedPrefixListAssociations" associations),
    op!(Read "GetManagedPrefixListEntries" entries),
    op!(Write "ModifyManagedPrefixList" modify),
    op!(Write "RestoreManagedPrefixListVersion" restore),
];

/// The owner of the lists that AWS keeps.
const AWS: &str = "AWS";
/// Entries of a list.
const ENTRIES_MAX: i64 = 1000;
/// Entries that are added or removed at once.
const CHANGES_MAX: usize = 100;

pub(super) const LISTING: Listing = Listing {
    kind: &kinds::PREFIX_LIST,
    paths: &[("owner-id", "OwnerId"), ("prefix-list-id", "PrefixListId"), ("prefix-list-name", "PrefixListName")],
};

pub(super) const SERVICES: Listing = Listing {
    kind: &kinds::PREFIX_LIST,
    paths: &[("prefix-list-id", "PrefixListId"), ("prefix-list-name", "PrefixListName")],
};

/// Lists of AWS: Region, id and some of the published blocks (<https://ip-ranges.amazonaws.com/ip-ranges.json>), of S3 and
/// of DynamoDB. Ids that are not known here are made up like those of other resources.
const AWS_LISTS: [(&str, [AwsList; 2]); 17] = [
    ("ap-northeast-1", [("pl-61a54008", &["3.5.152.0/21", "52.219.0.0/20"]), ("pl-78a54011", &["52.94.9.0/24"])]),
    ("ap-northeast-2", [("pl-78a54011", &["3.5.140.0/22", "52.219.56.0/22"]), ("pl-48a54021", &["52.94.6.0/24"])]),
    ("ap-northeast-3", [("", &["3.5.240.0/22"]), ("", &["52.94.20.0/24"])]),
    ("ap-south-1", [("pl-78a54011", &["3.5.208.0/22", "52.219.64.0/22"]), ("pl-66a7418f", &["52.94.12.0/24"])]),
    ("ap-southeast-1", [("pl-6fa54006", &["3.5.148.0/22", "52.219.40.0/22"]), ("pl-67a5400e", &["52.94.11.0/24"])]),
    ("ap-southeast-2", [("pl-6ca54005", &["3.5.164.0/22", "52.95.128.0/21"]), ("pl-62a5400b", &["52.94.13.0/24"])]),
    ("ca-central-1", [("pl-7da54014", &["3.5.252.0/22", "52.95.146.0/23"]), ("pl-4ea54027", &["52.94.18.0/24"])]),
    ("eu-central-1", [("pl-6ea54007", &["3.5.136.0/22", "52.219.72.0/22"]), ("pl-66a5400f", &["52.94.17.0/24"])]),
    ("eu-north-1", [("pl-c3aa4faa", &["3.5.216.0/22", "52.95.170.0/23"]), ("pl-adae4bc4", &["52.94.23.0/24"])]),
    (
        "eu-west-1",
        [("pl-6da54004", &["3.5.64.0/21", "52.218.0.0/17"]), ("pl-6fa54006", &["52.94.5.0/24", "52.119.240.0/21"])],
    ),
    ("eu-west-2", [("pl-7ca54015", &["3.5.244.0/22", "52.95.148.0/23"]), ("pl-b3a742da", &["52.94.14.0/24"])]),
    ("eu-west-3", [("pl-23ad484a", &["3.5.224.0/22", "52.95.154.0/23"]), ("pl-abb451c2", &["52.94.22.0/24"])]),
    ("sa-east-1", [("pl-6aa54003", &["3.5.232.0/22", "52.95.164.0/23"]), ("", &["52.94.7.0/24"])]),
    (
        "us-east-1",
        [
            ("pl-63a5400a", &["3.5.0.0/19", "16.182.0.0/16", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
            ("pl-02cd2c6b", &["52.94.0.0/22", "52.119.224.0/20"]),
        ],
    ),
    ("us-east-2", [("pl-7ba54012", &["3.5.128.0/22", "52.219.80.0/20"]), ("pl-4ca54025", &["52.94.4.0/24"])]),
    ("us-west-1", [("pl-6ba54002", &["3.5.160.0/22", "52.219.112.0/21"]), ("pl-6ea54007", &["52.94.8.0/24"])]),
    (
        "us-west-2",
        [("pl-68a54001", &["3.5.80.0/21", "52.218.128.0/17"]), ("pl-00a54069", &["52.94.10.0/24", "52.119.252.0/22"])],
    ),
];

/// Id and blocks.
type AwsList = (&'static str, &'static [&'static str]);

/// A prefix list.
#[derive(Clone, Debug)]
pub struct PrefixList {
    pub id: String,
    pub name: String,
    /// An account, or `AWS`.
    pub owner: String,
    pub is_v4: bool,
    /// Entries that the list may have; it counts as so many rules.
    pub entries_max: i64,
    /// The entries of each version; the last one stands.
    pub versions: Vec<Vec<Entry>>,
    /// `create-complete`, `modify-complete`, `restore-complete`
    pub state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub cidr: Cidr,
    pub description: Option<String>,
}

record! {
    struct Create {
        name: String = "PrefixListName",
        entries: Vec<EntryView> = "Entries",
        entries_max: i64 = "MaxEntries",
        family: String = "AddressFamily",
    }
    struct EntryView { cidr: String = "Cidr", description: Option<String> = "Description" }
    struct One { id: String = "PrefixListId" }
    struct Answer { list: View = "PrefixList" }
    struct Modify {
        version: Option<i64> = "CurrentVersion",
        name: Option<String> = "PrefixListName",
        add: Vec<EntryView> = "AddEntries",
        remove: Vec<Removed> = "RemoveEntries",
        entries_max: Option<i64> = "MaxEntries",
    }
    struct Removed { cidr: String = "Cidr" }
    struct Restore { previous: i64 = "PreviousVersion", current: i64 = "CurrentVersion" }
    struct Describe { ids: Vec<String> = "PrefixListIds" }
    struct Lists { lists: Vec<Shown<View>> = "PrefixLists" }
    struct View {
        id: String = "PrefixListId",
        family: String = "AddressFamily",
        state: String = "State",
        arn: String = "PrefixListArn",
        name: String = "PrefixListName",
        entries_max: Option<i64> = "MaxEntries",
        version: Option<i64> = "Version",
        tags: Vec<Tag> = "Tags",
        owner: String = "OwnerId",
    }
    struct ServiceLists { lists: Vec<Shown<ServiceList>> = "PrefixLists" }
    struct ServiceList { cidrs: Vec<String> = "Cidrs", id: String = "PrefixListId", name: String = "PrefixListName" }
    struct Version { version: Option<i64> = "TargetVersion" }
    struct Entries { entries: Vec<EntryView> = "Entries" }
    struct Associations { associations: Vec<AssociationView> = "PrefixListAssociations" }
    struct AssociationView { resource: String = "ResourceId", owner: String = "ResourceOwner" }
}

/// Adds AWS's lists of a Region.
pub(super) fn add_aws(ec2: &mut Store, mut id: impl FnMut(&str) -> String) {
    let region = ec2.region.clone();
    let Some((_, lists)) = AWS_LISTS.iter().find(|(name, _)| *name == region) else { return };
    for ((known, blocks), service) in lists.iter().zip(["s3", "dynamodb"]) {
        let entry = |block: &&str| Cidr::parse(block).map(|cidr| Entry { cidr, description: None });
        let list = PrefixList {
            id: if known.is_empty() { id(service) } else { (*known).to_owned() },
            name: format!("com.amazonaws.{region}.{service}"),
            owner: AWS.to_owned(),
            is_v4: true,
            entries_max: blocks.len() as i64,
            versions: vec![blocks.iter().filter_map(entry).collect()],
            state: "create-complete",
        };
        ec2.prefix_lists.insert(list.id.clone(), list);
    }
}

/// AWS's list of a service (`s3`).
pub fn of_service<'a>(ec2: &'a Store, service: &str) -> Option<&'a PrefixList> {
    let name = format!("com.amazonaws.{}.{service}", ec2.region);
    ec2.prefix_lists.values().find(|list| list.is_aws() && list.name == name)
}

fn create(cx: &mut Cx, input: (Create, Tagging)) -> Result<Answer, Fault> {
    once(cx, |cx| make(cx, input))
}

fn make(cx: &mut Cx, (input, tagging): (Create, Tagging)) -> Result<Answer, Fault> {
    let is_v4 = match input.family.as_str() {
        "IPv4" => true,
        "IPv6" => false,
        other => return Err(faults::invalid_parameter(other, "AddressFamily", "Expected: IPv4, IPv6.")),
    };
    check_name(&input.name)?;
    if !(1..=ENTRIES_MAX).contains(&input.entries_max) {
        return Err(faults::invalid_parameter(input.entries_max, "MaxEntries", "Expected: 1 to 1000."));
    }
    let entries = add_entries(&[], &input.entries, is_v4)?;
    check_size(&entries, input.entries_max)?;
    let tags = tagging.only(&kinds::PREFIX_LIST)?;
    dry_run(cx)?;
    let id = cx.world.ids.ec2("pl");
    let ec2 = store(cx);
    ec2.tags.add(&id, tags);
    let list = PrefixList {
        id: id.clone(),
        name: input.name,
        owner: ec2.owner.clone(),
        is_v4,
        entries_max: input.entries_max,
        versions: vec![entries],
        state: "create-complete",
    };
    let view = View { state: "create-in-progress".to_owned(), ..list.view(ec2) };
    ec2.prefix_lists.insert(id, list);
    Ok(Answer { list: view })
}

fn check_name(name: &str) -> Result<(), Fault> {
    let reserved = name.starts_with("com.amazonaws");
    match reserved || name.is_empty() || name.len() > 255 {
        true => Err(faults::invalid_parameter(
            name,
            "PrefixListName",
            "Up to 255 characters, not beginning with com.amazonaws.",
        )),
        false => Ok(()),
    }
}

/// Adds entries; one that is there already gets the new description.
fn add_entries(old: &[Entry], new: &[EntryView], is_v4: bool) -> Result<Vec<Entry>, Fault> {
    if new.len() > CHANGES_MAX {
        return Err(faults::too_many_entries(CHANGES_MAX));
    }
    let mut entries = old.to_vec();
    for EntryView { cidr, description } in new {
        let cidr =
            Cidr::parse(cidr).filter(|block| block.is_v4() == is_v4).ok_or_else(|| faults::malformed_cidr(cidr))?;
        entries.retain(|entry| entry.cidr != cidr);
        entries.push(Entry { cidr, description: description.clone().filter(|text| !text.is_empty()) });
    }
    entries.sort_by_key(|entry| entry.cidr);
    Ok(entries)
}

fn check_size(entries: &[Entry], max: i64) -> Result<(), Fault> {
    match entries.len() as i64 > max {
        true => Err(faults::prefix_list_full(max)),
        false => Ok(()),
    }
}

fn modify(cx: &mut Cx, (one, input): (One, Modify)) -> Result<Answer, Fault> {
    let list = find_own(store(cx), &one.id)?;
    let changes = !input.add.is_empty() || !input.remove.is_empty();
    match (changes, input.version) {
        (true, None) => return Err(faults::missing_parameter("CurrentVersion")),
        (true, Some(version)) if version != list.version() => return Err(faults::list_version(version)),
        _ => {}
    }
    if changes && input.entries_max.is_some() {
        return Err(faults::not_both("MaxEntries", "AddEntries"));
    }
    let mut entries = list.entries().to_vec();
    for Removed { cidr } in &input.remove {
        let block = Cidr::parse(cidr).ok_or_else(|| faults::malformed_cidr(cidr))?;
        let at = entries.iter().position(|entry| entry.cidr == block).ok_or_else(|| faults::entry_missing(cidr))?;
        entries.remove(at);
    }
    let entries = add_entries(&entries, &input.add, list.is_v4)?;
    let entries_max = input.entries_max.unwrap_or(list.entries_max);
    if !(1..=ENTRIES_MAX).contains(&entries_max) {
        return Err(faults::invalid_parameter(entries_max, "MaxEntries", "Expected: 1 to 1000."));
    }
    check_size(&entries, entries_max)?;
    input.name.as_deref().map_or(Ok(()), check_name)?;
    dry_run(cx)?;
    change(cx, &one.id, "modify", |list| {
        if changes {
            list.versions.push(entries);
        }
        list.entries_max = entries_max;
        list.name = input.name.unwrap_or_else(|| list.name.clone());
    })
}

fn restore(cx: &mut Cx, (one, input): (One, Restore)) -> Result<Answer, Fault> {
    let list = find_own(store(cx), &one.id)?;
    if input.current != list.version() {
        return Err(faults::list_version(input.current));
    }
    let old = list.version_at(input.previous).ok_or_else(|| faults::list_version(input.previous))?.clone();
    check_size(&old, list.entries_max)?;
    dry_run(cx)?;
    change(cx, &one.id, "restore", |list| list.versions.push(old))
}

/// Changes a list. The answer says that it goes on; it is done by the next look.
fn change(cx: &mut Cx, id: &str, verb: &str, change: impl FnOnce(&mut PrefixList)) -> Result<Answer, Fault> {
    let ec2 = store(cx);
    if let Some(list) = ec2.prefix_lists.get_mut(id) {
        change(list);
        list.state = if verb == "modify" { "modify-complete" } else { "restore-complete" };
    }
    let list = find(ec2, id)?;
    Ok(Answer { list: View { state: format!("{verb}-in-progress"), ..list.view(ec2) } })
}

fn delete(cx: &mut Cx, input: One) -> Result<Answer, Fault> {
    let ec2 = store(cx);
    let list = find_own(ec2, &input.id)?;
    if !users(ec2, &input.id).is_empty() {
        return Err(faults::list_in_use(&input.id));
    }
    let view = View { state: "delete-in-progress".to_owned(), ..list.view(ec2) };
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.prefix_lists.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(Answer { list: view })
}

/// Security groups and route tables that refer to a list.
fn users(ec2: &Store, id: &str) -> Vec<String> {
    let in_rule = |peer: &Peer| matches!(peer, Peer::PrefixList(list) if list == id);
    let in_route = |destination: &Destination| matches!(destination, Destination::PrefixList(list) if list == id);
    let groups = ec2.security_groups.values().filter(|group| group.rules.iter().any(|rule| in_rule(&rule.peer)));
    let tables =
        ec2.route_tables.values().filter(|table| table.routes.iter().any(|route| in_route(&route.destination)));
    groups.map(|group| group.id.clone()).chain(tables.map(|table| table.id.clone())).collect()
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Lists, PageEnd), Fault> {
    let ec2 = store(cx);
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (lists, end) = LISTING.list(&ec2.tags, &ec2.prefix_lists, wanted, |list| list.view(ec2))?;
    Ok((Lists { lists }, end))
}

fn describe_services(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(ServiceLists, PageEnd), Fault> {
    let ec2 = store(cx);
    let lists = ec2.prefix_lists.iter().filter(|(_, list)| list.is_aws());
    let lists: BTreeMap<String, &PrefixList> = lists.map(|(id, list)| (id.clone(), list)).collect();
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (lists, end) = SERVICES.list(&ec2.tags, &lists, wanted, |list| ServiceList {
        cidrs: list.entries().iter().map(|entry| entry.cidr.to_string()).collect(),
        id: list.id.clone(),
        name: list.name.clone(),
    })?;
    Ok((ServiceLists { lists }, end))
}

fn entries(cx: &mut Cx, (one, version, page): (One, Version, PageRequest)) -> Result<(Entries, PageEnd), Fault> {
    let list = find(store(cx), &one.id)?;
    let target = version.version.unwrap_or(list.version());
    let entries = list.version_at(target).ok_or_else(|| faults::list_version(target))?.clone();
    dry_run(cx)?;
    let after = page.after()?;
    // Places with leading zeros, so that they sort as numbers do.
    let placed = entries.into_iter().enumerate().map(|(at, entry)| (format!("{at:06}"), entry));
    let rest = placed.filter(|(at, _)| after.as_ref().is_none_or(|after| at > after));
    let (entries, end) = page
        .take(rest.map(|(at, entry)| (at, EntryView { cidr: entry.cidr.to_string(), description: entry.description })));
    Ok((Entries { entries }, end))
}

fn associations(cx: &mut Cx, (one, page): (One, PageRequest)) -> Result<(Associations, PageEnd), Fault> {
    let ec2 = store(cx);
    find(ec2, &one.id)?;
    let owner = ec2.owner.clone();
    let mut users = users(ec2, &one.id);
    users.sort();
    dry_run(cx)?;
    let after = page.after()?;
    let rest = users.into_iter().filter(|id| after.as_ref().is_none_or(|after| id > after));
    let association = |id: String| (id.clone(), AssociationView { resource: id, owner: owner.clone() });
    let (associations, end) = page.take(rest.map(association));
    Ok((Associations { associations }, end))
}

fn find<'a>(ec2: &'a Store, id: &str) -> Result<&'a PrefixList, Fault> {
    ec2.prefix_lists.get(id).ok_or_else(|| kinds::PREFIX_LIST.missing(id))
}

/// AWS's lists are its own.
fn find_own<'a>(ec2: &'a Store, id: &str) -> Result<&'a PrefixList, Fault> {
    let list = find(ec2, id)?;
    if list.is_aws() { Err(faults::aws_list(id)) } else { Ok(list) }
}

impl PrefixList {
    /// AWS keeps it.
    pub fn is_aws(&self) -> bool {
        self.owner == AWS
    }

    /// The service (`s3`) whose addresses AWS keeps in it.
    pub fn aws_service(&self) -> Option<&str> {
        self.name.rsplit('.').next().filter(|_| self.is_aws())
    }

    /// The entries that stand.
    pub fn entries(&self) -> &[Entry] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }

    fn version(&self) -> i64 {
        self.versions.len() as i64
    }

    fn version_at(&self, version: i64) -> Option<&Vec<Entry>> {
        usize::try_from(version - 1).ok().and_then(|at| self.versions.get(at))
    }

    fn view(&self, ec2: &Store) -> View {
        let own = !self.is_aws();
        let arn = match own {
            true => ec2.arn("prefix-list", &self.id),
            false => format!("arn:aws:ec2:{}:aws:prefix-list/{}", ec2.region, self.id),
        };
        View {
            id: self.id.clone(),
            family: if self.is_v4 { "IPv4" } else { "IPv6" }.to_owned(),
            state: self.state.to_owned(),
            arn,
            name: self.name.clone(),
            entries_max: own.then_some(self.entries_max),
            version: own.then_some(self.version()),
            tags: ec2.tags.shown(&self.id),
            owner: self.owner.clone(),
        }
    }
}
