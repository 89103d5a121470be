//! What patterns are held against: JSON as it was written, numbers in their own form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::compile::PATH_MAX;
use super::reader::{Flaw, Reader, Token};

/// How deep events may nest: a little deeper than AWS lets them
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const DEPTH_MAX: usize = 1200;

/// A JSON value that borrows from its text.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree<'t> {
    Scalar(Scalar<'t>),
    Array(Vec<Tree<'t>>),
    Object(Vec<(Cow<'t, str>, Tree<'t>)>),
}

/// A value that holds no others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scalar<'t> {
    Text(Cow<'t, str>),
    /// As it is written.
    Number(Cow<'t, str>),
    Bool(bool),
    Null,
}

impl<'t> Tree<'t> {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// Where the text stops being JSON, or nests too deep.
    pub fn read(text: &'t str) -> Result<Tree<'t>, Flaw> {
        let mut reader = Reader::deep(text, DEPTH_MAX);
        let token = reader.next()?;
        let tree = value(&mut reader, token)?;
        match reader.next()? {
            Token::End => Ok(tree),
            _ => Err(reader.flaw("Unexpected value behind the first")),
        }
    }

    /// Reads an event for patterns, to which a name with dots is a path: `"a.b"` is `b` in `a`
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html>).
    ///
    /// # Errors
    /// As [`Tree::read`].
    pub fn read_event(text: &'t str) -> Result<Tree<'t>, Flaw> {
        let mut event = Tree::read(text)?;
        event.split_names(PATH_MAX);
        Ok(event)
    }

    /// Nothing changes below the depth that patterns can reach.
    fn split_names(&mut self, room: usize) {
        let Some(below) = room.checked_sub(1) else { return };
        match self {
            Tree::Scalar(_) => {}
            Tree::Array(items) => items.iter_mut().for_each(|item| item.split_names(room)),
            Tree::Object(members) => {
                if members.iter().any(|(name, _)| name.contains('.')) {
                    *members = split(std::mem::take(members));
                }
                members.iter_mut().for_each(|(_, value)| value.split_names(below));
            }
        }
    }

    /// Reads JSON texts that follow one another.
    ///
    /// # Errors
    /// As [`Tree::read`].
    pub fn read_all(text: &'t str) -> Result<Vec<Tree<'t>>, Flaw> {
        let (mut reader, mut trees) = (Reader::deep(text, DEPTH_MAX), Vec::new());
        loop {
            match reader.next()? {
                Token::End => return Ok(trees),
                token => trees.push(value(&mut reader, token)?),
            }
        }
    }

    /// A member of an object; the last of those of the same name.
    pub fn get(&self, name: &str) -> Option<&Tree<'t>> {
        let Tree::Object(members) = self else { return None };
        members.iter().rfind(|(key, _)| key == name).map(|(_, value)| value)
    }
}

type Members<'t> = Vec<(Cow<'t, str>, Tree<'t>)>;

/// Members whose names have no dots before their first step, each followed by the object with all that is below it.
fn split(whole: Members<'_>) -> Members<'_> {
    let (mut members, mut objects) = (Members::new(), BTreeMap::<String, Members>::new());
    for (path, value) in whole {
        match (path.split_once('.'), value) {
            (Some((first, rest)), value) => {
                objects.entry(first.to_owned()).or_default().push((Cow::Owned(rest.to_owned()), value));
            }
            (None, Tree::Object(below)) => objects.entry(path.into_owned()).or_default().extend(below),
            (None, value) => members.push((path, value)),
        }
    }
    members.extend(objects.into_iter().map(|(name, below)| (Cow::Owned(name), Tree::Object(below))));
    members
}

/// The value that begins with a token.
fn value<'t>(reader: &mut Reader<'t>, token: Token<'t>) -> Result<Tree<'t>, Flaw> {
    Ok(Tree::Scalar(match token {
        Token::StartObject => return object(reader),
        Token::StartArray => return array(reader),
        Token::Text(text) => Scalar::Text(text),
        Token::Number(_, text) => Scalar::Number(Cow::Borrowed(text)),
        Token::Bool(value) => Scalar::Bool(value),
        Token::Null => Scalar::Null,
        Token::Field(_) | Token::EndObject | Token::EndArray | Token::End => {
            return Err(reader.flaw("Unexpected end of a value"));
        }
    }))
}

fn object<'t>(reader: &mut Reader<'t>) -> Result<Tree<'t>, Flaw> {
    let mut members = Vec::new();
    while let Token::Field(name) = reader.next()? {
        let token = reader.next()?;
        members.push((name, value(reader, token)?));
    }
    Ok(Tree::Object(members))
}

fn array<'t>(reader: &mut Reader<'t>) -> Result<Tree<'t>, Flaw> {
    let mut items = Vec::new();
    loop {
        match reader.next()? {
            Token::EndArray => return Ok(Tree::Array(items)),
            token => items.push(value(reader, token)?),
        }
    }
}

/// A text as JSON.
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl fmt::Display for Tree<'_> {
    /// As JSON without spaces.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Scalar(scalar) => scalar.fmt(out),
            Tree::Array(items) => {
                out.write_char('[')?;
                for (place, item) in items.iter().enumerate() {
                    let comma = if place > 0 { "," } else { "" };
                    write!(out, "{comma}{item}")?;
                }
                out.write_char(']')
            }
            Tree::Object(members) => {
                out.write_char('{')?;
                for (place, (name, value)) in members.iter().enumerate() {
                    let comma = if place > 0 { "," } else { "" };
                    write!(out, "{comma}{}:{value}", json_text(name))?;
                }
                out.write_char('}')
            }
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Text(value) => out.write_str(&json_text(value)),
            Scalar::Number(number) => out.write_str(number),
            Scalar::Bool(value) => value.fmt(out),
            Scalar::Null => out.write_str("null"),
        }
    }
}
