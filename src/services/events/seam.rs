//! Stands in for the pattern language until it is here.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use chrono::TimeDelta;
use serde_json::Value as Json;

use crate::world::time::{Time, iso_seconds};

#[derive(Clone, Debug)]
pub struct Pattern(Json);

impl Pattern {
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let json: Json = serde_json::from_str(text).map_err(|flaw| flaw.to_string())?;
        json.is_object().then_some(Pattern(json)).ok_or_else(|| "no object".to_owned())
    }
}

#[derive(Debug)]
pub struct Index<Id>(HashMap<Id, Pattern>);

impl<Id> Default for Index<Id> {
    fn default() -> Self {
        Index(HashMap::new())
    }
}

impl<Id: Eq + Hash + Clone> Index<Id> {
    pub fn insert(&mut self, id: Id, pattern: &Pattern) {
        self.0.insert(id, pattern.clone());
    }

    pub fn remove(&mut self, id: &Id) {
        self.0.remove(id);
    }

    pub fn matching(&self, event: &str) -> Vec<Id> {
        let event: Json = serde_json::from_str(event).unwrap_or_default();
        self.0.iter().filter(|(_, pattern)| fits(&pattern.0, &event)).map(|(id, _)| id.clone()).collect()
    }
}

fn fits(pattern: &Json, event: &Json) -> bool {
    match pattern {
        Json::Object(members) => members.iter().all(|(name, pattern)| fits(pattern, &event[name])),
        Json::Array(values) => values.iter().any(|value| match value.get("exists") {
            Some(exists) => exists.as_bool() == Some(!event.is_null()),
            None => value == event,
        }),
        _ => false,
    }
}

#[derive(Clone, Debug)]
pub struct Schedule(TimeDelta);

impl Schedule {
    pub fn parse(text: &str) -> Result<Schedule, ()> {
        let inside = text.strip_prefix("rate(").and_then(|text| text.strip_suffix(')')).ok_or(())?;
        let (count, unit) = inside.split_once(' ').ok_or(())?;
        let count: i64 = count.parse().map_err(|_| ())?;
        let minutes = if unit.starts_with("minute") { 1 } else { 60 };
        Ok(Schedule(TimeDelta::minutes(count * minutes)))
    }

    pub fn next_after(&self, time: Time) -> Option<Time> {
        Some(time + self.0)
    }
}

#[derive(Clone, Debug)]
pub struct Path(Vec<String>);

impl Path {
    pub fn parse(text: &str) -> Result<Path, ()> {
        let path = text.strip_prefix("$.").ok_or(())?;
        Ok(Path(path.split('.').map(str::to_owned).collect()))
    }

    pub fn find(&self, event: &str) -> Option<String> {
        let event: Json = serde_json::from_str(event).ok()?;
        self.0.iter().try_fold(&event, |at, name| at.get(name)).map(Json::to_string)
    }
}

pub struct Reserved<'a> {
    pub rule_arn: &'a str,
    pub rule_name: &'a str,
    pub ingestion_time: Time,
}

#[derive(Clone, Debug)]
pub struct Template {
    paths: BTreeMap<String, Path>,
    text: String,
}

impl Template {
    pub fn parse(paths: &BTreeMap<String, String>, text: &str) -> Result<Template, String> {
        let paths = paths.iter().map(|(name, path)| Ok((name.clone(), Path::parse(path).map_err(|()| path.clone())?)));
        Ok(Template { paths: paths.collect::<Result<_, String>>()?, text: text.to_owned() })
    }

    pub fn render(&self, event: &str, reserved: &Reserved) -> Option<String> {
        let quoted = |text: &str| Json::from(text).to_string();
        let value = |name: &str| match name {
            "aws.events.rule-arn" => Some(quoted(reserved.rule_arn)),
            "aws.events.rule-name" => Some(quoted(reserved.rule_name)),
            "aws.events.event.ingestion-time" => Some(quoted(&iso_seconds(reserved.ingestion_time))),
            "aws.events.event" | "aws.events.event.json" => Some(event.to_owned()),
            _ => self.paths.get(name)?.find(event),
        };
        let (mut out, mut rest, mut is_quoted) = (String::new(), self.text.as_str(), false);
        while let Some(letter) = rest.chars().next() {
            let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            if let Some((name, after)) = name {
                let value = value(name).unwrap_or_default();
                out.push_str(if is_quoted { value.trim_matches('"') } else { &value });
                rest = after;
                continue;
            }
            is_quoted ^= letter == '"';
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
        Some(out)
    }
}
