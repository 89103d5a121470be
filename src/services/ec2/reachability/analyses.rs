//! Analyses: what is answered.

use chrono::TimeDelta;

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::World;
use crate::world::call::Cx;
use crate::world::jobs::Job;
use crate::world::op::Op;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

use super::super::filters::{Filters, Listing, PageEnd, PageRequest, Shown, Wanted};
use super::super::tags::{Tag, Tagging};
use super::super::{Store, dry_run, faults, kinds, of, once, store};
use super::walk::{self, Explanation, Findings, PathComponent};

/// The operations on analyses.
pub const OPS: &[Op] = &[
    op!(Write "DeleteNetworkInsightsAnalysis" delete),
    op!(Read "DescribeNetworkInsightsAnalyses" describe),
    op!(Write "StartNetworkInsightsAnalysis" start),
];

/// How long an analysis takes.
const DURATION: TimeDelta = TimeDelta::seconds(10);

const LISTING: Listing =
    Listing { kind: &kinds::INSIGHTS_ANALYSIS, paths: &[("path-found", "NetworkPathFound"), ("status", "Status")] };

/// An analysis.
#[derive(Clone, Debug)]
pub struct Analysis {
    pub id: String,
    /// `nip-…`
    pub path: String,
    pub started: Time,
    /// `None` while it runs.
    findings: Option<Findings>,
}

/// Where an analysis is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
    pub id: String,
}

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
        arn: String = "NetworkInsightsAnalysisArn",
        path: String = "NetworkInsightsPathId",
        started: Option<Time> = "StartDate",
        status: String = "Status",
        found: Option<bool> = "NetworkPathFound",
        forward: Vec<PathComponent> = "ForwardPathComponents",
        back: Vec<PathComponent> = "ReturnPathComponents",
        explanations: Vec<Explanation> = "Explanations",
        tags: Vec<Tag> = "Tags",
    }
}

fn start(cx: &mut Cx, (input, tagging): (Start, Tagging)) -> Result<Started, Fault> {
    let tags = tagging.only(&kinds::INSIGHTS_ANALYSIS)?;
    for (given, name) in
        [(&input.accounts, "AdditionalAccounts"), (&input.in_arns, "FilterInArns"), (&input.out_arns, "FilterOutArns")]
    {
        if !given.is_empty() {
            return Err(faults::unsupported(name));
        }
    }
    if !store(cx).insights_paths.contains_key(&input.path) {
        return Err(kinds::INSIGHTS_PATH.missing(&input.path));
    }
    dry_run(cx)?;
    once(cx, |cx| {
        let (id, now) = (cx.world.ids.ec2("nia"), cx.world.now);
        let place = Place { account: cx.account.clone(), region: cx.region, id: id.clone() };
        cx.world.jobs.at(now + DURATION, Job::ReachabilityAnalysis(place));
        let ec2 = store(cx);
        ec2.tags.add(&id, tags);
        let analysis = Analysis { id: id.clone(), path: input.path, started: now, findings: None };
        let view = analysis.view(ec2);
        ec2.insights_analyses.insert(id, analysis);
        Ok(Started { analysis: view })
    })
}

/// Ends an analysis, with the networks as they are now.
pub fn finish(world: &mut World, place: &Place) {
    let ec2 = of(world, &place.account, place.region);
    let path =
        ec2.insights_analyses.get(&place.id).and_then(|analysis| ec2.insights_paths.get(&analysis.path)).cloned();
    let Some(path) = path else { return };
    let findings = walk::analyze(world, &place.account, place.region, &path);
    if let Some(analysis) = of(world, &place.account, place.region).insights_analyses.get_mut(&place.id) {
        analysis.findings = Some(findings);
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
    let mut shown = ec2.insights_analyses.clone();
    shown.retain(|id, analysis| {
        input.ids.contains(id)
            || (input.path.as_ref().is_none_or(|path| analysis.path == *path)
                && input.after.is_none_or(|after| analysis.started >= after)
                && input.before.is_none_or(|before| analysis.started <= before))
    });
    let wanted = Wanted { ids: &input.ids, filters: &filters, page: &page };
    let (analyses, end) = LISTING.list(&ec2.tags, &shown, wanted, |analysis| analysis.view(ec2))?;
    Ok((Analyses { analyses }, end))
}

impl Analysis {
    fn view(&self, ec2: &Store) -> View {
        let findings = self.findings.clone();
        let is_over = findings.is_some();
        let Findings { found, forward, back, explanations } = findings.unwrap_or_default();
        View {
            id: self.id.clone(),
            arn: ec2.arn("network-insights-analysis", &self.id),
            path: self.path.clone(),
            started: Some(self.started),
            status: if is_over { "succeeded" } else { "running" }.to_owned(),
            found: is_over.then_some(found),
            forward,
            back,
            explanations,
            tags: ec2.tags.shown(&self.id),
        }
    }
}
