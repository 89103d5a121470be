//! What an expression is, before there is any data: every part must be of a type that its place takes.

use super::Type;
use super::flaw::{Flaw, Kind as FlawKind};
use super::functions::Function;
use super::parse::{Kind, Node, Operator};
use crate::services::cloudwatch::search;
use crate::services::cloudwatch::statistics::Statistic;
use crate::services::cloudwatch::window::is_period;

/// What is known of the ids that an expression may name.
pub trait Names {
    /// The type of an id's value.
    fn kind_of(&self, id: &str) -> Option<Type>;

    /// Whether an id is that of a metric, not of an expression.
    fn is_metric(&self, id: &str) -> bool;

    /// Whether it is known which period a series has that comes from no metric.
    fn has_period(&self) -> bool;
}

/// The type of an expression.
///
/// # Errors
/// What does not fit, and where.
pub fn check(node: &Node, names: &dyn Names) -> Result<Type, Flaw> {
    match &node.kind {
        Kind::Number(_) => Ok(Type::Scalar),
        Kind::Text(_) => Ok(Type::Text),
        Kind::Word(_) => Ok(Type::Word),
        Kind::Id(id) => names.kind_of(id).ok_or_else(|| FlawKind::NoId(id.clone()).at(node.at)),
        Kind::List(items) => {
            for item in items {
                if !matches!(check(item, names)?, Type::Series | Type::List) {
                    return Err(FlawKind::Operands("[]").at(item.at));
                }
            }
            Ok(Type::List)
        }
        Kind::Negative(of) => match check(of, names)? {
            Type::Text | Type::Word => Err(FlawKind::Operands("-").at(node.at)),
            kind => Ok(kind),
        },
        Kind::Binary(operator, left, right) => {
            let kinds = (check(left, names)?, check(right, names)?);
            between(kinds).ok_or_else(|| FlawKind::Operands(sign(*operator)).at(node.at))
        }
        Kind::Call { name, function, takes, arguments } => {
            let call = Call { node, name, arguments, names };
            let kinds = arguments.iter().map(|argument| check(argument, names)).collect::<Result<Vec<_>, _>>()?;
            let kind = call.kind(*function, &kinds)?;
            kind.ok_or_else(|| FlawKind::Arguments(name, takes).at(node.at))
        }
    }
}

fn between(kinds: (Type, Type)) -> Option<Type> {
    Some(match kinds {
        (Type::Text | Type::Word, _) | (_, Type::Text | Type::Word) => return None,
        (Type::List, _) | (_, Type::List) => Type::List,
        (Type::Series, _) | (_, Type::Series) => Type::Series,
        (Type::Scalar, Type::Scalar) => Type::Scalar,
    })
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => "OR",
        Operator::And => "AND",
        Operator::Equal => "==",
        Operator::Unequal => "!=",
        Operator::AtMost => "<=",
        Operator::AtLeast => ">=",
        Operator::Below => "<",
        Operator::Above => ">",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Power => "^",
    }
}

struct Call<'a> {
    node: &'a Node,
    name: &'static str,
    arguments: &'a [Node],
    names: &'a dyn Names,
}

impl Call<'_> {
    /// What comes out of such arguments; `None` when the function does not take them.
    fn kind(&self, function: Function, kinds: &[Type]) -> Result<Option<Type>, Flaw> {
        use Type::{List, Scalar, Series, Text};
        Ok(match (function, kinds) {
            (Function::NotBuilt, _) => return Err(FlawKind::NotBuilt(self.name).at(self.node.at)),
            (Function::Each(_), [kind @ (Series | List)]) => Some(*kind),
            (Function::Reduce(_), [Series]) => Some(Scalar),
            (Function::Reduce(_), [List]) => Some(Series),
            (Function::Moment(_), [Series]) => Some(Series),
            (Function::AnomalyDetectionBand, [Series] | [Series, Scalar]) => Some(List),
            (Function::Fill, [kind @ (Series | List), by]) => self.fills(*by).then_some(*kind),
            (Function::First | Function::Last, [List]) => Some(Series),
            (Function::If, kinds) => branches(kinds),
            (Function::MetricCount, [List]) => Some(Scalar),
            (Function::Metrics, [] | [Text]) => Some(List),
            (Function::Period, [Series]) => self.is_metric().then_some(Scalar),
            (Function::RemoveEmpty, [List]) => Some(List),
            (Function::Search, [Text, Text] | [Text, Text, Scalar]) => return self.search().map(Some),
            (Function::Slice, [List, Scalar] | [List, Scalar, Scalar]) => Some(List),
            (Function::Sort, [List, Type::Word, Type::Word] | [List, Type::Word, Type::Word, Scalar]) => {
                self.sorts().then_some(List)
            }
            (Function::TimeSeries, [Scalar]) if !self.names.has_period() => {
                return Err(FlawKind::NoPeriod.at(self.node.at));
            }
            (Function::TimeSeries, [Scalar]) => Some(Series),
            _ => None,
        })
    }

    fn word(&self, at: usize) -> &str {
        match self.arguments.get(at).map(|argument| &argument.kind) {
            Some(Kind::Word(word)) => word,
            _ => "",
        }
    }

    fn fills(&self, by: Type) -> bool {
        match by {
            Type::Scalar | Type::Series => true,
            Type::Word => matches!(self.word(1), "REPEAT" | "LINEAR"),
            Type::List | Type::Text => false,
        }
    }

    fn sorts(&self) -> bool {
        matches!(self.word(1), "AVG" | "MAX" | "MIN" | "SUM") && matches!(self.word(2), "ASC" | "DESC")
    }

    fn is_metric(&self) -> bool {
        matches!(self.arguments, [Node { kind: Kind::Id(id), .. }] if self.names.is_metric(id))
    }

    /// All that a search says is read before it is done.
    fn search(&self) -> Result<Type, Flaw> {
        let [Node { at, kind: Kind::Text(text) }, Node { at: statistic_at, kind: Kind::Text(statistic) }, period @ ..] =
            self.arguments
        else {
            return Ok(Type::List);
        };
        search::parse(text).map_err(|flaw| FlawKind::Syntax(flaw.expected).at(at + 1 + flaw.at))?;
        if Statistic::parse(statistic).is_none() {
            return Err(FlawKind::NoStatistic(statistic.clone()).at(*statistic_at));
        }
        match period {
            [Node { kind: Kind::Number(period), .. }] if is_period(*period as i64) && period.fract() == 0.0 => {}
            [other, ..] => return Err(FlawKind::Period.at(other.at)),
            [] if !self.names.has_period() => return Err(FlawKind::NoPeriod.at(self.node.at)),
            [] => {}
        }
        Ok(Type::List)
    }
}

/// The forms of `IF` that the page lists.
fn branches(kinds: &[Type]) -> Option<Type> {
    use Type::{Scalar, Series};
    match kinds {
        [Series, Series | Scalar] | [Series, Series | Scalar, Series | Scalar] => Some(Series),
        [Scalar, Series] | [Scalar, Series, Series] => Some(Series),
        _ => None,
    }
}
