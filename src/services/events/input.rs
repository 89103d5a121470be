//! What a target gets of an event: all of it, a part, a fixed text, or a template filled in.

use std::collections::BTreeMap;

use crate::patterns::Tree;
use crate::wire::Fault;
use crate::world::time::Time;

use super::event::Event;
use super::outcome::Failure;
use super::targets::Target;
use super::transform::{Path, Reserved, Template};
use super::{RulePlace, faults};

/// How a target's input comes of an event.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Whole,
    Constant(String),
    Part(Path),
    Template(Template),
}

impl Input {
    /// What a target asks for.
    ///
    /// # Errors
    /// `ValidationException`
    pub fn checked(target: &Target) -> Result<Input, Fault> {
        let id = &target.id;
        // A path to everything is the same as none.
        let path = target.path.as_deref().filter(|path| !path.is_empty() && *path != "$");
        match (&target.input, path, &target.transformer) {
            (None, None, None) => Ok(Input::Whole),
            (Some(text), None, None) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) => Ok(Input::Constant(text.clone())),
                Err(_) => Err(faults::invalid_input(id)),
            },
            (None, Some(path), None) => Path::parse(path).map(Input::Part).ok_or_else(|| faults::invalid_path(id)),
            (None, None, Some(transformer)) => {
                let none = BTreeMap::new();
                let paths = transformer.paths.as_ref().unwrap_or(&none);
                let template = Template::parse(paths, &transformer.template);
                template.map(Input::Template).map_err(|flaw| faults::invalid_template(id, flaw))
            }
            _ => Err(faults::one_input(id)),
        }
    }

    pub fn is_whole(&self) -> bool {
        matches!(self, Input::Whole)
    }

    pub fn is_template(&self) -> bool {
        matches!(self, Input::Template(_))
    }

    /// The text for the target.
    ///
    /// # Errors
    /// A failure that another attempt does not mend.
    pub fn of(&self, event: &Event, rule: &RulePlace, arrived: Time) -> Result<String, Failure> {
        match self {
            Input::Whole => Ok(event.text.clone()),
            Input::Constant(text) => Ok(text.clone()),
            // A part that the event does not have is nothing.
            Input::Part(path) => Ok(path.find(&tree(event)?).unwrap_or_else(|| "null".to_owned())),
            Input::Template(template) => {
                let reserved = Reserved { rule_arn: &rule.arn(), rule_name: &rule.name, ingestion_time: arrived };
                template.render(&tree(event)?, &reserved).ok_or_else(Failure::invalid_json)
            }
        }
    }
}

fn tree(event: &Event) -> Result<Tree<'_>, Failure> {
    Tree::read(&event.text).map_err(|_| Failure::invalid_json())
}
