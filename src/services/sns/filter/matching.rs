//! What filter policies are held against: a message's attributes as an object, or its body.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::patterns::{Scalar, Tree};
use crate::services::sns::message::{Attribute, Content};

/// The body of a message, read as JSON once, when the first filter asks for it.
#[derive(Debug)]
pub struct Body<'t> {
    pub text: &'t str,
    read: OnceCell<Option<Tree<'t>>>,
}

impl<'t> Body<'t> {
    pub fn new(text: &'t str) -> Body<'t> {
        Body { text, read: OnceCell::new() }
    }

    /// The body as JSON, if it is.
    pub(super) fn tree(&self) -> Option<&Tree<'t>> {
        self.read.get_or_init(|| Tree::read(self.text).ok()).as_ref()
    }
}

/// Attributes as an object. Binary ones are not looked at.
pub(super) fn tree_of(attributes: &[(String, Attribute)]) -> Tree<'_> {
    let members = attributes.iter().filter_map(|(name, attribute)| Some((Cow::from(name), value(attribute)?)));
    Tree::Object(members.collect())
}

/// The value of an attribute: one, or those of an array.
fn value(attribute: &Attribute) -> Option<Tree<'_>> {
    let Content::Text(text) = &attribute.content else { return None };
    if attribute.kind == "String.Array" {
        return Tree::read(text).ok();
    }
    let number = Some(text.trim()).filter(|text| attribute.kind.starts_with("Number") && text.parse::<f64>().is_ok());
    Some(Tree::Scalar(match number {
        Some(number) => Scalar::Number(Cow::Borrowed(number)),
        None => Scalar::Text(Cow::Borrowed(text)),
    }))
}
