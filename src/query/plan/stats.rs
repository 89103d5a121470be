//! `stats`: what is grouped by, what is summed up, and what is computed from the sums.

use super::super::aggregate::{self, Aggregate};
use super::super::ast::{Expr, Item, Kind};
use super::super::faults::{self, Fault, Span};
use super::super::functions;
use super::super::node::Node;
use super::build::Builder;
use super::scope::{canonical, expect_count};
use super::{End, Origin, Stats, Step};

/// The most values `topk` counts.
const TOP_MAX: f64 = 10_000.0;

impl Builder<'_> {
    pub(super) fn group(&mut self, items: &[Item], by: &[Item]) -> Result<(), Fault> {
        let groups = by.iter().map(|item| self.scope.node(&item.expr)).collect::<Result<Vec<_>, _>>()?;
        let mut calls: Vec<(String, Aggregate, Option<Node>)> = Vec::new();
        for item in items {
            self.calls(&item.expr, &mut calls)?;
        }
        if let Some(item) = items.iter().find(|item| is_top(&item.expr))
            && items.len() + by.len() > 1
        {
            let place = "alone, without by and other functions";
            return Err(faults::out_of_place("topk", place, item.expr.span));
        }
        let names: Vec<String> = calls.iter().map(|(name, ..)| name.clone()).collect();
        let aggregates = calls.into_iter().map(|(_, aggregate, argument)| (aggregate, argument)).collect();
        self.close(End::Stats(Stats { groups, aggregates }))?;
        self.name_groups(by)?;
        self.name_aggregates(names);
        items.iter().try_for_each(|item| self.name_item(item))
    }

    /// The groups' values come first in the rows of the next stage.
    fn name_groups(&mut self, by: &[Item]) -> Result<(), Fault> {
        for item in by {
            let label = self.label(item);
            let slot = self.scope.slot(Origin::Computed);
            if self.scope.alias(&label).is_some() {
                return Err(faults::redefined(&label, item.expr.span));
            }
            self.scope.bind(label.clone(), slot);
            if !matches!(item.expr.kind, Kind::Field(_)) {
                self.scope.bind(canonical(&item.expr), slot);
            }
            self.show(label, slot, item.expr.span);
        }
        Ok(())
    }

    fn name_aggregates(&mut self, names: Vec<String>) {
        for name in names {
            let slot = self.scope.slot(Origin::Computed);
            self.scope.bind(name, slot);
        }
    }

    /// A column, computed from aggregates and from the columns before it.
    fn name_item(&mut self, item: &Item) -> Result<(), Fault> {
        let label = self.label(item);
        let node = self.scope.node(&item.expr)?;
        if self.columns.iter().any(|(known, _)| *known == label) {
            return Err(faults::redefined(&label, item.expr.span));
        }
        let slot = match node {
            Node::Slot(slot) => slot,
            node => {
                let slot = self.scope.slot(Origin::Computed);
                self.step(Step::Set(slot, node));
                slot
            }
        };
        self.scope.bind(label.clone(), slot);
        self.show(label, slot, item.expr.span);
        Ok(())
    }

    /// Finds the aggregates in an expression. What is inside of them reads the rows that are grouped.
    fn calls(&mut self, expr: &Expr, calls: &mut Vec<(String, Aggregate, Option<Node>)>) -> Result<(), Fault> {
        match &expr.kind {
            Kind::Call { name, args } if aggregate::is_aggregate(name) => {
                let text = canonical(expr);
                if calls.iter().all(|(known, ..)| *known != text) {
                    let (aggregate, argument) = self.aggregate(name, args, expr.span)?;
                    calls.push((text, aggregate, argument));
                }
                Ok(())
            }
            Kind::Call { args, .. } => args.iter().try_for_each(|arg| self.calls(arg, calls)),
            Kind::Negative(inner) | Kind::Not(inner) => self.calls(inner, calls),
            Kind::Like { subject, .. } | Kind::In { subject, .. } | Kind::Inside(subject, _) => {
                self.calls(subject, calls)
            }
            Kind::Binary(_, left, right) => {
                self.calls(left, calls)?;
                self.calls(right, calls)
            }
            _ => Ok(()),
        }
    }

    fn aggregate(&mut self, name: &str, args: &[Expr], span: Span) -> Result<(Aggregate, Option<Node>), Fault> {
        let plain = functions::plain(name);
        let counts = matches!(plain.as_str(), "count" | "countovertime");
        if counts && (args.is_empty() || matches!(args, [Expr { kind: Kind::Star, .. }])) {
            return Ok((Aggregate::Count, None));
        }
        if plain == "rate" {
            return Err(faults::unsupported(&format!("the function {name}"), span));
        }
        let (parameter, field) = match (plain.as_str(), args) {
            ("pct" | "percentile", [field, percent]) => (Some(percent), field),
            ("topk", [count, field]) => (Some(count), field),
            ("pct" | "percentile" | "topk", _) => return Err(faults::argument_count(name, "2", span)),
            (_, [field]) => (None, field),
            _ => {
                expect_count(name, args, 1, 1, span)?;
                return Err(faults::argument_count(name, "1", span));
            }
        };
        let number = parameter.map(|parameter| self.parameter(name, &plain, parameter)).transpose()?;
        let aggregate = Aggregate::named(&plain, number);
        let aggregate = aggregate.ok_or_else(|| faults::unsupported(&format!("the function {name}"), span))?;
        if matches!(aggregate, Aggregate::Earliest | Aggregate::Latest) && self.scope.closed {
            return Err(faults::unknown_symbol("@timestamp", span));
        }
        Ok((aggregate, Some(self.scope.node(field)?)))
    }

    fn parameter(&self, name: &str, plain: &str, arg: &Expr) -> Result<f64, Fault> {
        match (plain, &arg.kind) {
            ("topk", Kind::Number(count)) if count.fract() == 0.0 && (1.0..=TOP_MAX).contains(count) => Ok(*count),
            ("topk", _) => Err(faults::argument_kind(name, "a whole number from 1 to 10000", arg.span)),
            (_, Kind::Number(percent)) if (0.0..=100.0).contains(percent) => Ok(*percent),
            _ => Err(faults::argument_kind(name, "a number from 0 to 100", arg.span)),
        }
    }
}

fn is_top(expr: &Expr) -> bool {
    matches!(&expr.kind, Kind::Call { name, .. } if functions::plain(name) == "topk")
}
