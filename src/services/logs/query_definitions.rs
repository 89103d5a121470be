//! Query definitions: saved queries of Logs Insights.

use crate::op;
use crate::record;
use crate::wire::Fault;
use crate::world::call::Cx;
use crate::world::op::Op;
use crate::world::time::Time;

use super::faults;
use super::paging::{Order, PageEnd, PageRequest};
use super::queries::LANGUAGE;

/// The operations on query definitions.
pub const OPS: &[Op] = &[
    op!(Write "DeleteQueryDefinition" delete_query_definition),
    op!(Read "DescribeQueryDefinitions" describe_query_definitions),
    op!(Write "PutQueryDefinition" put_query_definition),
];

/// Definitions of an account in a Region, at the most
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
const DEFINITIONS_MAX: usize = 1000;

/// A saved query.
#[derive(Clone, Debug)]
pub struct QueryDefinition {
    pub name: String,
    pub query: String,
    pub groups: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub modified: Time,
    /// The token of the call that made it.
    pub token: Option<String>,
}

record! {
    /// A placeholder in a query.
    pub struct Parameter {
        name: String = "name",
        default: Option<String> = "defaultValue",
        description: Option<String> = "description",
    }

    struct PutQueryDefinition {
        language: Option<String> = "queryLanguage",
        name: String = "name",
        id: Option<String> = "queryDefinitionId",
        groups: Vec<String> = "logGroupNames",
        query: String = "queryString",
        token: Option<String> = "clientToken",
        parameters: Vec<Parameter> = "parameters",
    }

    struct Id { id: String = "queryDefinitionId" }

    struct Deleted { success: bool = "success" }

    struct DescribeQueryDefinitions {
        language: Option<String> = "queryLanguage",
        prefix: Option<String> = "queryDefinitionNamePrefix",
        limit: Option<i64> = "maxResults",
        token: Option<String> = "nextToken",
    }

    struct DescribedDefinitions { definitions: Vec<Described> = "queryDefinitions" }

    struct Described {
        language: String = "queryLanguage",
        id: String = "queryDefinitionId",
        name: String = "name",
        query: String = "queryString",
        modified: i64 = "lastModified",
        groups: Vec<String> = "logGroupNames",
        parameters: Option<Vec<Parameter>> = "parameters",
    }
}

fn put_query_definition(cx: &mut Cx, input: PutQueryDefinition) -> Result<Id, Fault> {
    if let Some(language) = input.language.filter(|language| language != LANGUAGE) {
        return Err(faults::not_built(&format!("queryLanguage {language} of query definitions")));
    }
    check_parameters(&input.parameters)?;
    let now = cx.world.now;
    let definitions = &cx.world.regional(&cx.account, cx.region).logs.query_definitions;
    let repeated = |definition: &QueryDefinition| input.token.is_some() && definition.token == input.token;
    let id = match input.id {
        Some(id) if definitions.contains_key(&id) => id,
        Some(_) => return Err(faults::no_such_query_definition()),
        // The same request again, because its answer was lost.
        None if let Some((id, _)) = definitions.iter().find(|(_, definition)| repeated(definition)) => {
            return Ok(Id { id: id.clone() });
        }
        None if definitions.len() >= DEFINITIONS_MAX => return Err(faults::limit_exceeded()),
        None => cx.world.ids.uuid().to_string(),
    };
    let definition = QueryDefinition {
        name: input.name,
        query: input.query,
        groups: input.groups,
        parameters: input.parameters,
        modified: now,
        token: input.token,
    };
    cx.world.regional(&cx.account, cx.region).logs.query_definitions.insert(id.clone(), definition);
    Ok(Id { id })
}

fn check_parameters(parameters: &[Parameter]) -> Result<(), Fault> {
    let repeated = |(at, parameter): &(usize, &Parameter)| {
        parameters.iter().take(*at).any(|earlier| earlier.name == parameter.name)
    };
    match parameters.iter().enumerate().find(repeated) {
        Some((_, parameter)) => Err(faults::duplicate_parameter(&parameter.name)),
        None => Ok(()),
    }
}

fn delete_query_definition(cx: &mut Cx, input: Id) -> Result<Deleted, Fault> {
    let definitions = &mut cx.world.regional(&cx.account, cx.region).logs.query_definitions;
    definitions.remove(&input.id).map(|_| Deleted { success: true }).ok_or_else(faults::no_such_query_definition)
}

/// In the order of names.
fn describe_query_definitions(
    cx: &mut Cx,
    input: DescribeQueryDefinitions,
) -> Result<(DescribedDefinitions, PageEnd), Fault> {
    let page = PageRequest { token: input.token, limit: input.limit.or(Some(DEFINITIONS_MAX as i64)) };
    let any = input.language.as_deref().is_none_or(|language| language == LANGUAGE);
    let prefix = input.prefix.unwrap_or_default();
    let definitions = &cx.world.regional(&cx.account, cx.region).logs.query_definitions;
    let wanted = |definition: &QueryDefinition| any && definition.name.starts_with(&prefix);
    let mut found: Vec<_> = definitions
        .iter()
        .filter(|(_, definition)| wanted(definition))
        .map(|(id, definition)| (format!("{}\0{id}", definition.name), (id, definition)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let page = page.cut(Order::Ascending, found)?;
    let definitions = page.items.into_iter().map(|(id, definition)| described(id, definition)).collect();
    Ok((DescribedDefinitions { definitions }, page.end))
}

fn described(id: &str, definition: &QueryDefinition) -> Described {
    Described {
        language: LANGUAGE.to_owned(),
        id: id.to_owned(),
        name: definition.name.clone(),
        query: definition.query.clone(),
        modified: definition.modified.timestamp_millis(),
        groups: definition.groups.clone(),
        parameters: Some(definition.parameters.clone()).filter(|parameters| !parameters.is_empty()),
    }
}
