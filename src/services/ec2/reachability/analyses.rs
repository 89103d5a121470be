//! Analyses: what is answered.

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::time::Time;

use super::super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::super::tags::{Tag, Tagging};
use super::super::{Place, Store, dry_run, faults, kinds, of, once, store};
use super::findings::{Explanation, Findings, PathComponent};
use super::{paths, question};

/// The operations on analyses.
pub const OPS: &[Op] = &[
    op!(Write "DeleteNetworkInsightsAnalysis" delete),
    op!(Read "DescribeNetworkInsightsAnalyses" describe),
    op!(Write "StartNetworkInsightsAnalysis" start),
];

/// How long an analysis takes.
const DURATION: TimeDelta = TimeDelta::seconds(10);
/// How long it is kept (<https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html>).
const LIFE: TimeDelta = TimeDelta::days(120);
/// Analyses of an account in a Region, and those that run at a time
/// (<https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-limits.html>).
const ANALYSES_MAX: usize = 10_000;
const RUNNING_MAX: usize = 100;

pub const LISTING: Listing =
    Listing { kind: &kinds::INSIGHTS_ANALYSIS, paths: &[("path-found", "NetworkPathFound"), ("status", "Status")] };

/// An analysis.
#[derive(Clone, Debug)]
pub struct Analysis {
    pub id: String,
    /// `nip-…`
    pub path: String,
    pub started: Time,
    /// ARNs of what the traffic must, and must not, pass through.
    through: Vec<String>,
    around: Vec<String>,
    /// `None` while it runs; then also when it ended.
    findings: Option<(Findings, Time)>,
}

/// Where an analysis is.
/// What is said of an analysis that has tried enough.
const GAVE_UP: &str = "The rules on the path tell apart more packets than can be analyzed.";

record! {
    struct Start {
        path: String = "NetworkInsightsPathId",
        accounts: Vec<String> = "AdditionalAccounts",
        in_arns: Vec<String> = "FilterInArns",
        out_arns: Vec<String> = "FilterOutArns",
    }
    struct Started { analysis: View = "NetworkInsightsAnalysis" }
    struct One { id: String = "NetworkInsightsAnalysisId" }
    struct Describe {
        ids: Vec<String> = "NetworkInsightsAnalysisIds",
        path: Option<String> = "NetworkInsightsPathId",
        after: Option<Time> = "AnalysisStartTime",
        before: Option<Time> = "AnalysisEndTime",
    }
    struct Analyses { analyses: Vec<Shown<View>> = "NetworkInsightsAnalyses" }
    struct View {
        id: String = "NetworkInsightsAnalysisId",
        message: Option<String> = "StatusMessage",
        arn: String = "NetworkInsightsAnalysisArn",
        path: String = "NetworkInsightsPathId",
        through: Option<Vec<String>> = "FilterInArns",
        around: Option<Vec<String>> = "FilterOutArns",
        started: Option<Time> = "StartDate",
        status: String = "Status",
        found: Option<bool> = "NetworkPathFound",
        forward: Option<Vec<PathComponent>> = "ForwardPathComponents",
        back: Option<Vec<PathComponent>> = "ReturnPathComponents",
        explanations: Option<Vec<Explanation>> = "Explanations",
        tags: Vec<Tag> = "Tags",
    }
}

fn start(cx: &mut Cx, (input, tagging): (Start, Tagging)) -> Result<Started, Fault> {
    let tags = tagging.only(&kinds::INSIGHTS_ANALYSIS)?;
    if !input.accounts.is_empty() {
        return Err(faults::unsupported("AdditionalAccounts"));
    }
    check_component_filters(&input.in_arns, &input.out_arns)?;
    if !store(cx).insights_paths.contains_key(&input.path) {
        return Err(kinds::INSIGHTS_PATH.missing(&input.path));
    }
    dry_run(cx)?;
    once(cx, |cx| {
        check_quotas(store(cx))?;
        let (id, now) = (cx.world.ids.ec2("nia"), cx.world.now);
        let place = Place { account: cx.account.clone(), region: cx.region, id: id.clone() };
        cx.world.jobs.at(now + DURATION, Job::ReachabilityAnalysis(place));
        let ec2 = store(cx);
        ec2.tags.add(&id, tags);
        let (through, around) = (input.in_arns, input.out_arns);
        let analysis = Analysis { id: id.clone(), path: input.path, started: now, through, around, findings: None };
        let view = analysis.view(ec2);
        ec2.insights_analyses.insert(id, analysis);
        Ok(Started { analysis: view })
    })
}

/// One component can be included or excluded
/// (<https://docs.aws.amazon.com/vpc/latest/reachability/getting-started.html>, step 2).
fn check_component_filters(through: &[String], around: &[String]) -> Result<(), Fault> {
    for (arns, name) in [(through, "FilterInArns"), (around, "FilterOutArns")] {
        if let Some(second) = arns.get(1) {
            return Err(faults::invalid_parameter(second, name, "Only one ARN can be specified."));
        }
        if let Some(other) = arns.iter().find(|arn| !arn.starts_with("arn:")) {
            return Err(faults::invalid_parameter(other, name, "It must be an ARN."));
        }
    }
    match through.iter().find(|arn| around.contains(arn)) {
        Some(both) => Err(faults::invalid_parameter(both, "FilterOutArns", "FilterInArns has the same ARN.")),
        None => Ok(()),
    }
}

fn check_quotas(ec2: &Store) -> Result<(), Fault> {
    let running = ec2.insights_analyses.values().filter(|analysis| analysis.findings.is_none()).count();
    let full = |things| Err(faults::limit_exceeded("NetworkInsightsAnalysis.LimitExceeded", things));
    if ec2.insights_analyses.len() >= ANALYSES_MAX {
        return full("analyses");
    }
    if running >= RUNNING_MAX { full("concurrent analyses") } else { Ok(()) }
}

/// Ends an analysis, with the networks as they are now; or removes it when it is old.
pub fn go_on(world: &mut World, place: &Place) {
    let now = world.now;
    let ec2 = of(world, &place.account, place.region);
    let Some(analysis) = ec2.insights_analyses.get(&place.id).cloned() else { return };
    if now >= analysis.started + LIFE {
        ec2.insights_analyses.remove(&place.id);
        ec2.tags.forget(&place.id);
        return;
    }
    world.jobs.at(analysis.started + LIFE, Job::ReachabilityAnalysis(place.clone()));
    let ec2 = of(world, &place.account, place.region);
    // A path is not deleted before its analyses.
    let Some(path) = ec2.insights_paths.get(&analysis.path).cloned().filter(|_| analysis.findings.is_none()) else {
        return;
    };
    let findings = question::answer(world, place, &path, &analysis);
    if let Some(analysis) = of(world, &place.account, place.region).insights_analyses.get_mut(&place.id) {
        analysis.findings = Some((findings, now));
    }
}

fn delete(cx: &mut Cx, input: One) -> Result<One, Fault> {
    if !store(cx).insights_analyses.contains_key(&input.id) {
        return Err(kinds::INSIGHTS_ANALYSIS.missing(&input.id));
    }
    dry_run(cx)?;
    let ec2 = store(cx);
    ec2.insights_analyses.remove(&input.id);
    ec2.tags.forget(&input.id);
    Ok(input)
}

fn describe(
    cx: &mut Cx,
    (input, (filters, page)): (Describe, (Filters, PageRequest)),
) -> Result<(Analyses, PageEnd), Fault> {
    let ec2 = store(cx);
    filters.check(LISTING.paths)?;
    let chosen = paths::chosen(&ec2.insights_analyses, &input.ids, LISTING.kind, |analysis| {
        input.path.as_ref().is_none_or(|path| analysis.path == *path)
            && input.after.is_none_or(|after| analysis.started >= after)
            && input.before.is_none_or(|before| analysis.findings.as_ref().is_some_and(|(_, ended)| *ended <= before))
    })?;
    let wanted = Wanted { ids: &[], filters: &filters, page: &page };
    let (analyses, end) = LISTING.list(&ec2.tags, &chosen, wanted, |analysis| analysis.view(ec2))?;
    Ok((Analyses { analyses }, end))
}

impl Analysis {
    /// The ids of what the traffic must, and must not, pass through.
    pub fn component_filters(&self) -> (Option<&str>, Option<&str>) {
        (id_in(&self.through), id_in(&self.around))
    }

    fn view(&self, ec2: &Store) -> View {
        let findings = self.findings.as_ref().map(|(findings, _)| findings.clone());
        let status = match &findings {
            None => "running",
            Some(findings) if findings.gave_up => "failed",
            Some(_) => "succeeded",
        };
        let Findings { found, forward, back, explanations, gave_up } = findings.unwrap_or_default();
        View {
            id: self.id.clone(),
            arn: ec2.arn("network-insights-analysis", &self.id),
            path: self.path.clone(),
            through: some(self.through.clone()),
            around: some(self.around.clone()),
            started: Some(self.started),
            status: status.to_owned(),
            message: gave_up.then(|| GAVE_UP.to_owned()),
            found: (status == "succeeded").then_some(found),
            forward: some(forward),
            back: some(back),
            explanations: some(explanations),
            tags: ec2.tags.shown(&self.id),
        }
    }
}

/// A list that is not shown when it is empty.
fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

/// The id in the only ARN.
fn id_in(arns: &[String]) -> Option<&str> {
    arns.first().and_then(|arn| arn.rsplit('/').next())
}
