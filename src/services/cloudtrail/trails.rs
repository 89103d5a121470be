//! Trails: what is recorded, and where it goes.

use std::collections::BTreeMap;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::record::Position;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::delivery::Shipping;
use super::log_group::{self, LogGroup};
use super::naming::{self, Viewpoint};
use super::selectors::Selectors;
use super::tags::{self, Tag};
use super::topic::{self, Topic};
use super::{destination, digest, faults};

/// The operations on trails.
pub const OPS: &[Op] = &[
    op!(Write "CreateTrail" create_trail).resources(&[
        ("AWS::CloudTrail::Trail", "Name"),
        ("AWS::CloudTrail::Trail", "TrailARN"),
        BUCKET,
    ]),
    op!(Write "DeleteTrail" delete_trail).resources(&[("AWS::CloudTrail::Trail", "Name")]),
    op!(Read "DescribeTrails" describe_trails),
    op!(Read "GetTrail" get_trail),
    op!(Read "ListTrails" list_trails),
    op!(Write "UpdateTrail" update_trail).resources(&[("AWS::CloudTrail::Trail", "Name"), BUCKET]),
];

const BUCKET: (&str, &str) = ("AWS::S3::Bucket", "S3BucketName");

/// Trails at home in a Region, at the most.
const TRAILS_MAX: usize = 5;

/// The trails of an account, by ARN.
pub type Trails = BTreeMap<String, Trail>;

/// A trail. It lives in its home Region; a multi-Region trail has a shadow in every other one.
#[derive(Clone, Debug)]
pub struct Trail {
    pub arn: String,
    pub name: String,
    pub account: AccountId,
    pub home: Region,
    pub bucket: String,
    /// `S3KeyPrefix`.
    pub prefix: Option<String>,
    pub multi_region: bool,
    /// Events of global services (IAM, STS) are delivered too.
    pub global_events: bool,
    /// Digest files are written.
    pub validation: bool,
    /// Events that CloudTrail's own deliveries make are delivered too (`RecursiveLogging`).
    pub recursive: bool,
    pub selectors: Selectors,
    pub tags: BTreeMap<String, String>,
    pub logging: bool,
    pub started: Option<Time>,
    pub stopped: Option<Time>,
    /// It has been stopped, and has yet to take the event of that call.
    pub stopping: bool,
    /// What is under way in each Region the trail covers.
    pub shipping: BTreeMap<Region, Shipping>,
    /// Where its events go beside the bucket.
    pub log_group: Option<LogGroup>,
    /// Where its log files are announced.
    pub topic: Option<Topic>,
}

impl Trail {
    /// Whether the trail, or its shadow, is in a Region.
    pub fn is_in(&self, region: Region) -> bool {
        self.home == region || self.multi_region
    }

    /// The first event that is still to be delivered anywhere.
    pub fn oldest_pending(&self) -> Option<Position> {
        let files = self.shipping.values().filter_map(|shipping| shipping.pending.front());
        let logs = self.log_group.as_ref().and_then(|group| group.pending.front());
        files.chain(logs).min().copied()
    }
}

/// Opens or ends a trail's digest chains, as its settings ask for.
pub(super) fn follow_settings(world: &mut World, account: &AccountId, arn: &str) {
    match world.account(account).trails.get(arn) {
        Some(trail) if trail.logging && trail.validation => digest::start(world, account, arn),
        _ => digest::stop(world, account, arn),
    }
}

record! {
    /// What `CreateTrail` and `UpdateTrail` read. Empty texts remove a setting.
    struct Settings {
        name: String = "Name",
        bucket: Option<String> = "S3BucketName",
        prefix: Option<String> = "S3KeyPrefix",
        topic: Option<String> = "SnsTopicName",
        global_events: Option<bool> = "IncludeGlobalServiceEvents",
        multi_region: Option<bool> = "IsMultiRegionTrail",
        validation: Option<bool> = "EnableLogFileValidation",
        log_group: Option<String> = "CloudWatchLogsLogGroupArn",
        log_role: Option<String> = "CloudWatchLogsRoleArn",
        key: Option<String> = "KmsKeyId",
        organization: Option<bool> = "IsOrganizationTrail",
        recursive: Option<bool> = "RecursiveLogging",
    }

    /// A trail as `CreateTrail` and `UpdateTrail` answer it.
    struct Stored {
        name: String = "Name",
        bucket: String = "S3BucketName",
        prefix: Option<String> = "S3KeyPrefix",
        topic: Option<String> = "SnsTopicName",
        topic_arn: Option<String> = "SnsTopicARN",
        global_events: bool = "IncludeGlobalServiceEvents",
        multi_region: bool = "IsMultiRegionTrail",
        arn: String = "TrailARN",
        validation: bool = "LogFileValidationEnabled",
        log_group: Option<String> = "CloudWatchLogsLogGroupArn",
        log_role: Option<String> = "CloudWatchLogsRoleArn",
        organization: bool = "IsOrganizationTrail",
        recursive: Option<bool> = "RecursiveLogging",
    }

    /// A trail as `GetTrail` and `DescribeTrails` answer it.
    struct Described {
        name: String = "Name",
        bucket: String = "S3BucketName",
        prefix: Option<String> = "S3KeyPrefix",
        topic: Option<String> = "SnsTopicName",
        topic_arn: Option<String> = "SnsTopicARN",
        global_events: bool = "IncludeGlobalServiceEvents",
        multi_region: bool = "IsMultiRegionTrail",
        home: String = "HomeRegion",
        arn: String = "TrailARN",
        validation: bool = "LogFileValidationEnabled",
        log_group: Option<String> = "CloudWatchLogsLogGroupArn",
        log_role: Option<String> = "CloudWatchLogsRoleArn",
        custom_selectors: bool = "HasCustomEventSelectors",
        insight_selectors: bool = "HasInsightSelectors",
        organization: bool = "IsOrganizationTrail",
        recursive: Option<bool> = "RecursiveLogging",
    }

    struct Named { name: String = "Name" }

    struct GotTrail { trail: Described = "Trail" }

    struct TrailTags { tags: Vec<Tag> = "TagsList" }

    struct DescribeTrails { names: Vec<String> = "trailNameList", shadows: Option<bool> = "includeShadowTrails" }

    struct DescribedTrails { trails: Vec<Described> = "trailList" }

    struct Listed { arn: String = "TrailARN", name: String = "Name", home: String = "HomeRegion" }

    struct ListTrails { token: Option<String> = "NextToken" }

    struct ListedTrails { trails: Vec<Listed> = "Trails" }
}

impl Viewpoint {
    /// Where a call stands.
    pub fn of(cx: &Cx) -> Viewpoint {
        Viewpoint { account: cx.account.clone(), region: cx.region }
    }
}

fn create_trail(cx: &mut Cx, (input, tags): (Settings, TrailTags)) -> Result<Stored, Fault> {
    naming::check_name(&input.name)?;
    let here = Viewpoint::of(cx);
    let mut trail = Trail {
        arn: naming::arn(&here.account, here.region, &input.name),
        name: input.name.clone(),
        account: here.account.clone(),
        home: here.region,
        bucket: String::new(),
        prefix: None,
        multi_region: false,
        global_events: true,
        validation: false,
        recursive: true,
        selectors: Selectors::default(),
        tags: tags::checked(tags.tags)?,
        logging: false,
        stopping: false,
        started: None,
        stopped: None,
        shipping: BTreeMap::new(),
        log_group: None,
        topic: None,
    };
    input.apply(&mut trail)?;
    let trails = &cx.world.account(&here.account).trails;
    // A shadow takes the name in its Region, too.
    let clashes = |other: &Trail| other.is_in(here.region) || trail.is_in(other.home);
    if trails.values().any(|other| other.name == trail.name && clashes(other)) {
        return Err(faults::trail_exists(&trail.name, &here.account));
    }
    if trails.values().filter(|other| other.home == here.region).count() >= TRAILS_MAX {
        return Err(faults::too_many_trails(&here.account, TRAILS_MAX, here.region));
    }
    destination::check(cx.world, &trail)?;
    topic::check(cx.world, &trail)?;
    log_group::check(cx.world, &trail)?;
    let stored = stored(&trail);
    cx.world.account(&here.account).trails.insert(trail.arn.clone(), trail);
    Ok(stored)
}

fn update_trail(cx: &mut Cx, input: Settings) -> Result<Stored, Fault> {
    let here = Viewpoint::of(cx);
    let mut trail = naming::find_at_home(cx.world, &here, &input.name)?.clone();
    input.apply(&mut trail)?;
    destination::check(cx.world, &trail)?;
    if input.topic.is_some() {
        topic::check(cx.world, &trail)?;
    }
    if input.log_group.is_some() || input.log_role.is_some() {
        log_group::check(cx.world, &trail)?;
    }
    let (answer, arn) = (stored(&trail), trail.arn.clone());
    let trails = &mut cx.world.account(&here.account).trails;
    // The checks have made events, which wait for the trail as it was.
    trail.shipping = trails.get_mut(&arn).map(|old| std::mem::take(&mut old.shipping)).unwrap_or_default();
    if let Some(group) = &mut trail.log_group {
        log_group::carry_over(trails.get_mut(&arn).and_then(|old| old.log_group.take()), group);
    }
    trails.insert(arn.clone(), trail);
    follow_settings(cx.world, &here.account, &arn);
    log_group::follow(cx.world, &here.account, &arn);
    Ok(answer)
}

fn delete_trail(cx: &mut Cx, input: Named) -> Result<(), Fault> {
    let here = Viewpoint::of(cx);
    let arn = naming::find_at_home(cx.world, &here, &input.name)?.arn.clone();
    digest::finish(cx.world, &here.account, &arn);
    cx.world.account(&here.account).trails.remove(&arn);
    Ok(())
}

fn get_trail(cx: &mut Cx, input: Named) -> Result<GotTrail, Fault> {
    let here = Viewpoint::of(cx);
    Ok(GotTrail { trail: described(naming::find(cx.world, &here, &input.name)?) })
}

/// Names mean trails at home in the Region; ARNs any trail. What is not there is left out.
fn describe_trails(cx: &mut Cx, input: DescribeTrails) -> Result<DescribedTrails, Fault> {
    let here = Viewpoint::of(cx);
    let arns = input.names.iter().map(|name| naming::resolve(&here, name)).collect::<Result<Vec<_>, _>>()?;
    let shadows = input.shadows.unwrap_or(true);
    let wanted = |trail: &&Trail| match arns.is_empty() {
        true => trail.home == here.region || (shadows && trail.is_in(here.region)),
        false => arns.contains(&trail.arn) && (shadows || trail.home == here.region),
    };
    let trails = cx.world.account(&here.account).trails.values().filter(wanted).map(described).collect();
    Ok(DescribedTrails { trails })
}

/// All trails of the account, from any Region. They fit into one page, so a token can only be one we did not make.
fn list_trails(cx: &mut Cx, input: ListTrails) -> Result<ListedTrails, Fault> {
    if input.token.is_some() {
        return Err(faults::token_is_reserved());
    }
    let account = cx.account.clone();
    let listed = cx.world.account(&account).trails.values().map(|trail| Listed {
        arn: trail.arn.clone(),
        name: trail.name.clone(),
        home: trail.home.to_string(),
    });
    Ok(ListedTrails { trails: listed.collect() })
}

impl Settings {
    /// Puts the settings that were sent onto a trail.
    fn apply(&self, trail: &mut Trail) -> Result<(), Fault> {
        self.refuse_unbuilt()?;
        if let Some(bucket) = &self.bucket {
            trail.bucket.clone_from(bucket);
        }
        if let Some(prefix) = &self.prefix {
            trail.prefix = Some(prefix.clone()).filter(|prefix| !prefix.is_empty());
        }
        if let Some(topic) = &self.topic {
            trail.topic = match topic.as_str() {
                "" => None,
                name => Some(Topic::new(trail, name)?),
            };
        }
        trail.global_events = self.global_events.unwrap_or(trail.global_events);
        trail.multi_region = self.multi_region.unwrap_or(trail.multi_region);
        trail.validation = self.validation.unwrap_or(trail.validation);
        trail.recursive = self.recursive.unwrap_or(trail.recursive);
        if trail.multi_region && !trail.global_events {
            return Err(faults::multi_region_without_global());
        }
        self.apply_log_group(trail)
    }

    /// Puts the log group that was sent onto a trail. Both texts empty take it away.
    fn apply_log_group(&self, trail: &mut Trail) -> Result<(), Fault> {
        if self.log_group.is_none() && self.log_role.is_none() {
            return Ok(());
        }
        let old = trail.log_group.as_ref();
        let of =
            |sent: &Option<String>, old: Option<&String>| sent.clone().or_else(|| old.cloned()).unwrap_or_default();
        let arn = of(&self.log_group, old.map(|group| &group.arn));
        let role = of(&self.log_role, old.map(|group| &group.role));
        trail.log_group = match (arn.is_empty(), role.is_empty()) {
            (true, true) => None,
            (false, true) => return Err(faults::log_group_without_role()),
            (true, false) => return Err(faults::role_without_log_group()),
            (false, false) => Some(LogGroup::new(trail, &arn, &role)?),
        };
        Ok(())
    }

    /// Refuses what we do not do.
    fn refuse_unbuilt(&self) -> Result<(), Fault> {
        let set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let members = [("KmsKeyId", set(&self.key)), ("IsOrganizationTrail", self.organization == Some(true))];
        match members.iter().find(|(_, set)| *set) {
            Some((member, _)) => Err(faults::not_built(member)),
            None => Ok(()),
        }
    }
}

fn stored(trail: &Trail) -> Stored {
    Stored {
        name: trail.name.clone(),
        bucket: trail.bucket.clone(),
        prefix: trail.prefix.clone(),
        topic: trail.topic.as_ref().map(|topic| topic.name.clone()),
        topic_arn: trail.topic.as_ref().map(|topic| topic.arn.clone()),
        global_events: trail.global_events,
        multi_region: trail.multi_region,
        arn: trail.arn.clone(),
        validation: trail.validation,
        log_group: trail.log_group.as_ref().map(|group| group.arn.clone()),
        log_role: trail.log_group.as_ref().map(|group| group.role.clone()),
        organization: false,
        recursive: (!trail.recursive).then_some(false),
    }
}

fn described(trail: &Trail) -> Described {
    Described {
        name: trail.name.clone(),
        bucket: trail.bucket.clone(),
        prefix: trail.prefix.clone(),
        topic: trail.topic.as_ref().map(|topic| topic.name.clone()),
        topic_arn: trail.topic.as_ref().map(|topic| topic.arn.clone()),
        global_events: trail.global_events,
        multi_region: trail.multi_region,
        home: trail.home.to_string(),
        arn: trail.arn.clone(),
        validation: trail.validation,
        log_group: trail.log_group.as_ref().map(|group| group.arn.clone()),
        log_role: trail.log_group.as_ref().map(|group| group.role.clone()),
        custom_selectors: trail.selectors.is_custom(),
        insight_selectors: false,
        organization: false,
        recursive: (!trail.recursive).then_some(false),
    }
}
