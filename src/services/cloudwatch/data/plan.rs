//! What was asked for, once it is known to make sense.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub queries: Vec<Query>,
    /// Places of queries, each behind those that it needs.
    order: Vec<usize>,
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
    /// It comes to an array of series, not to one.
    pub is_list: bool,
    /// The places of queries that this one names.
    needs: Vec<usize>,
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
        let (mut flaws, mut plan) = (Vec::new(), Plan::default());
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

    /// The shortest period that expressions make points in, if there are any.
    pub fn shortest_period(&self) -> Option<i64> {
        let mut periods: Vec<i64> = Vec::new();
        for query in &self.queries {
            if let Kind::Math(node) = &query.kind {
                periods.extend(self.period(query));
                periods.extend(self.metrics().map(|(_, metric)| metric.period));
                each_node(node, &mut |node| periods.extend(search_period(node)));
            }
        }
        periods.into_iter().min()
    }

    /// The seconds between the points of what comes from no metric.
    pub fn period(&self, query: &Query) -> Option<i64> {
        query.period.or_else(|| self.metrics().map(|(_, metric)| metric.period).max())
    }

    /// What a query needs, and then itself: places of queries in an order in which they can be worked out.
    pub fn needed_for(&self, place: usize) -> Vec<usize> {
        let mut needed = BTreeSet::new();
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            if needed.insert(place) {
                open.extend(self.queries.get(place).into_iter().flat_map(|query| &query.needs));
            }
        }
        self.order.iter().copied().filter(|place| needed.contains(place)).collect()
    }

    fn check(&mut self) -> Result<(), Fault> {
        let mut insights = self.queries.iter().enumerate().filter(|(_, query)| matches!(query.kind, Kind::Insights(_)));
        if let Some((index, _)) = insights.nth(1) {
            return Err(faults::two_insights_queries(&format!("MetricDataQueries.member.{}", index + 1)));
        }
        self.find_needs();
        self.sort()?;
        let mut types = BTreeMap::new();
        for place in &self.order {
            let Some(query) = self.queries.get(*place) else { continue };
            let kind = match &query.kind {
                Kind::Metric(_) => Type::Series,
                Kind::Insights(insights) if insights.group_by.is_empty() => Type::Series,
                Kind::Insights(_) => Type::List,
                Kind::Math(node) => {
                    let names = Known { plan: self, types: &types, query };
                    math::check(node, &names).map_err(|flaw| faults::expression(&query.id, &flaw))?
                }
            };
            if query.returned && !matches!(kind, Type::Series | Type::List) {
                return Err(faults::expression(&query.id, &FlawKind::NoSeries.at(0)));
            }
            types.insert(query.id.as_str(), kind);
        }
        let lists: Vec<bool> =
            self.queries.iter().map(|query| types.get(query.id.as_str()) == Some(&Type::List)).collect();
        for (query, is_list) in self.queries.iter_mut().zip(lists) {
            query.is_list = is_list;
        }
        Ok(())
    }

    fn find_needs(&mut self) {
        let places: BTreeMap<String, usize> =
            self.queries.iter().enumerate().map(|(place, query)| (query.id.clone(), place)).collect();
        for query in &mut self.queries {
            let mut needs = Vec::new();
            if let Kind::Math(node) = &query.kind {
                each_id(node, &mut |_, id| needs.extend(places.get(id).copied()));
            }
            query.needs = needs;
        }
    }

    /// Puts queries behind those that they need, however long the chain is.
    fn sort(&mut self) -> Result<(), Fault> {
        let mut order: Vec<usize> = Vec::with_capacity(self.queries.len());
        let mut missing: Vec<usize> = self.queries.iter().map(|query| query.needs.len()).collect();
        let mut needed_by = vec![Vec::new(); self.queries.len()];
        for (place, query) in self.queries.iter().enumerate() {
            for need in &query.needs {
                if let Some(users) = needed_by.get_mut(*need) {
                    users.push(place);
                }
            }
        }
        let mut ready: VecDeque<usize> =
            missing.iter().enumerate().filter(|(_, count)| **count == 0).map(|(place, _)| place).collect();
        while let Some(place) = ready.pop_front() {
            order.push(place);
            for user in needed_by.get(place).into_iter().flatten() {
                if let Some(count) = missing.get_mut(*user) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push_back(*user);
                    }
                }
            }
        }
        self.order = order;
        match self.queries.iter().enumerate().find(|(place, _)| missing.get(*place).is_some_and(|count| *count > 0)) {
            Some((_, query)) => Err(faults::expression(&query.id, &self.cycle(query, &missing))),
            None => Ok(()),
        }
    }

    /// The first id in a query that cannot be worked out before it.
    fn cycle(&self, query: &Query, missing: &[usize]) -> math::Flaw {
        let mut flaw = None;
        if let Kind::Math(node) = &query.kind {
            each_id(node, &mut |at, id| {
                let place = self.queries.iter().position(|query| query.id == id);
                if flaw.is_none() && place.and_then(|place| missing.get(place)).is_some_and(|count| *count > 0) {
                    flaw = Some(FlawKind::Cycle(id.to_owned()).at(at));
                }
            });
        }
        flaw.unwrap_or(FlawKind::Cycle(query.id.clone()).at(0))
    }
}

/// What is known of ids when a query is checked.
struct Known<'a> {
    plan: &'a Plan,
    types: &'a BTreeMap<&'a str, Type>,
    query: &'a Query,
}

impl Names for Known<'_> {
    fn kind_of(&self, id: &str) -> Option<Type> {
        self.types.get(id).copied()
    }

    fn is_metric(&self, id: &str) -> bool {
        self.plan.find(id).is_some_and(|query| matches!(query.kind, Kind::Metric(_)))
    }

    fn has_period(&self) -> bool {
        self.plan.period(self.query).is_some()
    }
}

/// The period that a search says.
fn search_period(node: &Node) -> Option<i64> {
    match &node.kind {
        math::Kind::Call { function: math::Function::Search, arguments, .. } => match arguments.get(2)?.kind {
            math::Kind::Number(period) => Some(period as i64),
            _ => None,
        },
        _ => None,
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
        let returned = self.returned.unwrap_or(true);
        Ok(Query { id: self.id.clone(), kind, label, returned, period: self.period, is_list: false, needs: Vec::new() })
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
