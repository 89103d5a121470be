//! What was asked for, once it is known to make sense.

use std::collections::BTreeMap;

use crate::services::cloudwatch::math::{self, FlawKind, Names, Node, Type};
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::store::MetricId;
use crate::services::cloudwatch::window::is_period;
use crate::services::cloudwatch::{faults, insights};
use crate::wire::Fault;
use crate::world::scope::AccountId;

use super::labels::Template;
use super::{MetricDataQuery, MetricStat};

/// Queries of a request.
const QUERIES_MAX: usize = 500;

/// Queries that make sense together.
#[derive(Clone, Debug)]
pub struct Plan {
    pub queries: Vec<Query>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Query {
    pub id: String,
    pub kind: Kind,
    /// How it is called; by itself, as what it shows.
    pub label: Option<Template>,
    pub returned: bool,
    /// Seconds between the points of an expression, where nothing else tells.
    pub period: Option<i64>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Metric(Metric),
    Math(Node),
    Insights(insights::Query),
}

/// A statistic of a metric.
#[derive(Clone, Debug)]
pub struct Metric {
    pub id: MetricId,
    pub period: i64,
    pub statistic: Statistic,
    /// As it was asked for.
    pub statistic_text: String,
    pub unit: Option<String>,
}

impl Plan {
    /// Checks queries: each for itself, then whether expressions fit together.
    ///
    /// # Errors
    /// `ValidationError`, `NotImplemented` for functions that are not built.
    pub fn new(queries: &[MetricDataQuery], account: &AccountId) -> Result<Plan, Fault> {
        if queries.is_empty() {
            return Err(faults::of_data(faults::missing("MetricDataQueries")));
        }
        if queries.len() > QUERIES_MAX {
            return Err(faults::of_data(faults::too_many("MetricDataQueries", QUERIES_MAX)));
        }
        let (mut flaws, mut plan) = (Vec::new(), Plan { queries: Vec::new() });
        for (n, query) in (1..).zip(queries) {
            let member = format!("MetricDataQueries.member.{n}");
            if plan.find(&query.id).is_some() {
                flaws.push(faults::id_twice(&member, &query.id));
            }
            match query.read(&member, account) {
                Ok(query) => plan.queries.push(query),
                Err(fault) => flaws.push(fault),
            }
        }
        faults::together(flaws)?;
        plan.check()?;
        Ok(plan)
    }

    /// The query of an id.
    pub fn find(&self, id: &str) -> Option<&Query> {
        self.queries.iter().find(|query| query.id == id)
    }

    /// The metrics among them.
    pub fn metrics(&self) -> impl Iterator<Item = (&Query, &Metric)> {
        self.queries.iter().filter_map(|query| match &query.kind {
            Kind::Metric(metric) => Some((query, metric)),
            Kind::Math(_) | Kind::Insights(_) => None,
        })
    }

    /// The seconds between the points of what comes from no metric.
    pub fn period(&self, query: &Query) -> Option<i64> {
        query.period.or_else(|| self.metrics().map(|(_, metric)| metric.period).max())
    }

    fn check(&self) -> Result<(), Fault> {
        let mut types = Types { plan: self, known: BTreeMap::new() };
        let mut queries = self.queries.iter().enumerate();
        if let Some((index, _)) = queries.by_ref().filter(|(_, query)| matches!(query.kind, Kind::Insights(_))).nth(1) {
            return Err(faults::two_insights_queries(&format!("MetricDataQueries.member.{}", index + 1)));
        }
        for query in &self.queries {
            let kind = types.of(query, &mut Vec::new()).map_err(|(id, flaw)| faults::expression(&id, &flaw))?;
            if query.returned && !matches!(kind, Type::Series | Type::List) {
                return Err(faults::expression(&query.id, &FlawKind::NoSeries.at(0)));
            }
        }
        Ok(())
    }
}

/// What queries are, as far as it is known.
struct Types<'a> {
    plan: &'a Plan,
    known: BTreeMap<&'a str, Type>,
}

impl<'a> Types<'a> {
    /// `path`: the queries that need this one.
    fn of(&mut self, query: &'a Query, path: &mut Vec<&'a str>) -> Result<Type, (String, math::Flaw)> {
        if let Some(kind) = self.known.get(query.id.as_str()) {
            return Ok(*kind);
        }
        let kind = match &query.kind {
            Kind::Metric(_) => Type::Series,
            Kind::Insights(insights) if insights.group_by.is_empty() => Type::Series,
            Kind::Insights(_) => Type::List,
            Kind::Math(node) => {
                path.push(&query.id);
                let mut ids = Vec::new();
                each_id(node, &mut |at, id| ids.push((at, id)));
                for (at, id) in ids {
                    if path.contains(&id) {
                        return Err((query.id.clone(), FlawKind::Cycle(id.to_owned()).at(at)));
                    }
                    if let Some(needed) = self.plan.find(id) {
                        self.of(needed, path)?;
                    }
                }
                path.pop();
                let names = Known { types: self, query };
                math::check(node, &names).map_err(|flaw| (query.id.clone(), flaw))?
            }
        };
        self.known.insert(&query.id, kind);
        Ok(kind)
    }
}

struct Known<'a, 'b> {
    types: &'b Types<'a>,
    query: &'b Query,
}

impl Names for Known<'_, '_> {
    fn kind_of(&self, id: &str) -> Option<Type> {
        self.types.known.get(id).copied()
    }

    fn is_metric(&self, id: &str) -> bool {
        self.types.plan.find(id).is_some_and(|query| matches!(query.kind, Kind::Metric(_)))
    }

    fn has_period(&self) -> bool {
        self.types.plan.period(self.query).is_some()
    }
}

/// Shows every id in an expression, and where it stands.
fn each_id<'n>(node: &'n Node, look: &mut impl FnMut(usize, &'n str)) {
    each_node(node, &mut |node| {
        if let math::Kind::Id(id) = &node.kind {
            look(node.at, id);
        }
    });
}

/// Shows every part of an expression.
pub fn each_node<'n>(node: &'n Node, look: &mut impl FnMut(&'n Node)) {
    look(node);
    match &node.kind {
        math::Kind::List(items) => items.iter().for_each(|item| each_node(item, look)),
        math::Kind::Negative(of) => each_node(of, look),
        math::Kind::Binary(_, left, right) => {
            each_node(left, look);
            each_node(right, look);
        }
        math::Kind::Call { arguments, .. } => arguments.iter().for_each(|argument| each_node(argument, look)),
        math::Kind::Number(_) | math::Kind::Text(_) | math::Kind::Id(_) | math::Kind::Word(_) => {}
    }
}

impl MetricDataQuery {
    fn read(&self, member: &str, account: &AccountId) -> Result<Query, Fault> {
        let of = |name: &str| format!("{member}.{name}");
        let starts_low = self.id.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_low || !self.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(faults::id(member, &self.id));
        }
        if let Some(other) = self.account.as_deref().filter(|id| *id != account.as_str()) {
            return Err(faults::of_data(faults::account_not_linked(&of("AccountId"), other)));
        }
        if self.period.is_some_and(|period| !is_period(period)) {
            return Err(faults::of_data(faults::period(&of("Period"))));
        }
        let kind = match (&self.stat, &self.expression) {
            (Some(_), Some(_)) => {
                return Err(faults::of_data(faults::exclusive(&of("MetricStat"), &of("Expression"))));
            }
            (None, None) => {
                let both = format!("{} and {}", of("MetricStat"), of("Expression"));
                return Err(faults::of_data(faults::missing_any(&both)));
            }
            (Some(stat), None) if self.period.is_some_and(|period| period != stat.period) => {
                return Err(faults::of_data(faults::exclusive(&of("Period"), &of("MetricStat.Period"))));
            }
            (Some(stat), None) => Kind::Metric(stat.read(&of("MetricStat"))?),
            (None, Some(text)) => self.read_expression(member, text)?,
        };
        let label = self.label.as_deref().map(|label| Template::parse(&self.id, label)).transpose()?;
        Ok(Query { id: self.id.clone(), kind, label, returned: self.returned.unwrap_or(true), period: self.period })
    }

    fn read_expression(&self, member: &str, text: &str) -> Result<Kind, Fault> {
        let first = text.split_whitespace().next().unwrap_or_default();
        if !first.eq_ignore_ascii_case("SELECT") {
            return math::parse(text).map(Kind::Math).map_err(|flaw| faults::expression(&self.id, &flaw));
        }
        let query = insights::parse(text).map_err(|flaw| faults::insights_query(&self.id, &flaw))?;
        if self.period.is_none() { Err(faults::no_period(member)) } else { Ok(Kind::Insights(query)) }
    }
}

impl MetricStat {
    fn read(&self, member: &str) -> Result<Metric, Fault> {
        let of = |name: &str| format!("{member}.{name}");
        for (name, value) in [("Metric.Namespace", &self.metric.namespace), ("Metric.MetricName", &self.metric.name)] {
            if value.is_empty() {
                return Err(faults::of_data(faults::missing(&of(name))));
            }
        }
        if !is_period(self.period) {
            return Err(faults::of_data(faults::period(&of("Period"))));
        }
        let statistic = Statistic::parse(&self.stat);
        let statistic = statistic.ok_or_else(|| faults::of_data(faults::no_statistic(&of("Stat"), &self.stat)))?;
        let dimensions = self.metric.dimensions.iter().map(|dimension| (&*dimension.name, &*dimension.value));
        Ok(Metric {
            id: MetricId::new(&self.metric.namespace, &self.metric.name, dimensions),
            period: self.period,
            statistic,
            statistic_text: self.stat.clone(),
            unit: self.unit.clone(),
        })
    }
}
