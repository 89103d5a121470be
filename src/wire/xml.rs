//! XML documents: a small reader and writer, and the walk between elements and values.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::scalar::{self, Times};
use super::value::{Map, Name, Value, distinct};
use super::{DEPTH_MAX, VALUES_MAX};
use crate::contract::{Contract, Kind, Location, Member, Reference, ShapeId, Structure};

/// An element with its attributes, text and children; namespace prefixes are dropped from its name.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    /// Names as written, prefix included.
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Parses a document; `None` when it is not well-formed, nests too deeply, has too many elements, declares entities or
/// holds what are no characters of XML 1.0.
pub fn parse(body: &[u8]) -> Option<Element> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < DEPTH_MAX && elements < VALUES_MAX && root.is_none() => {
                elements += 1;
                open.push(element(&start)?);
            }
            Event::Empty(start) if open.len() < DEPTH_MAX && elements < VALUES_MAX && root.is_none() => {
                elements += 1;
                close(element(&start)?, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open.pop()?;
                close(element, &mut open, &mut root);
            }
            Event::Text(text) => add_text(&text.decode().ok()?, &mut open)?,
            Event::CData(text) => add_text(&text.decode().ok()?, &mut open)?,
            Event::GeneralRef(name) => {
                let text = match name.resolve_char_ref().ok()? {
                    Some(char) => Cow::Owned(char.to_string()),
                    None => Cow::Borrowed(quick_xml::escape::resolve_predefined_entity(&name.decode().ok()?)?),
                };
                add_text(&text, &mut open)?;
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return if open.is_empty() { root } else { None },
            Event::Start(_) | Event::Empty(_) | Event::DocType(_) => return None,
        }
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

/// Text belongs to the innermost open element; outside of all there may be blanks only.
fn add_text(text: &str, open: &mut [Element]) -> Option<()> {
    if !text.chars().all(is_char) {
        return None;
    }
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// `Char` of XML 1.0, section 2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn element(start: &BytesStart) -> Option<Element> {
    let name = std::str::from_utf8(start.local_name().into_inner()).ok()?.to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let key = std::str::from_utf8(attribute.key.into_inner()).ok()?.to_owned();
        attributes.push((key, attribute.unescape_value().ok()?.into_owned()));
    }
    Some(Element { name, attributes, text: String::new(), children: Vec::new() })
}

/// Reads an element as a value of the given shape; the error is the name of the element at fault.
pub fn read(contract: &Contract, shape: ShapeId, element: &Element) -> Result<Value, String> {
    match &contract.shape(shape).kind {
        Kind::Structure(structure) => read_structure(contract, structure, element),
        Kind::List { member, .. } => read_items(contract, *member, element.children.iter()),
        Kind::Map { key, value, .. } => {
            read_entries(contract, *key, *value, element.children.iter().filter(|e| e.name == "entry"))
        }
        kind => scalar::parse(kind, &element.text).ok_or_else(|| element.name.clone()),
    }
}

/// Reads the body members of a structure; other locations are not looked for.
pub fn read_structure(contract: &Contract, structure: &Structure, element: &Element) -> Result<Value, String> {
    let mut map = Map::new();
    for member in structure.members.iter().filter(|member| member.location == Location::Body) {
        if let Some(value) = read_member(contract, member, element)? {
            map.push(member.name, value);
        }
    }
    Ok(Value::Map(map))
}

fn read_member(contract: &Contract, member: &Member, parent: &Element) -> Result<Option<Value>, String> {
    let kind = &contract.shape(member.shape).kind;
    if member.xml_attribute {
        let attribute = parent.attributes.iter().find(|(name, _)| name == member.on_wire());
        return Ok(attribute.and_then(|(_, text)| scalar::parse(kind, text)));
    }
    let name = element_name(member, kind);
    let mut found = parent.children.iter().filter(|child| child.name == name).peekable();
    let Some(&first) = found.peek() else { return Ok(None) };
    match kind {
        Kind::List { member: item, .. } if is_flattened(member, kind) => read_items(contract, *item, found).map(Some),
        Kind::Map { key, value, .. } if is_flattened(member, kind) => {
            read_entries(contract, *key, *value, found).map(Some)
        }
        _ => read(contract, member.shape, first).map(Some),
    }
}

fn read_items<'e>(
    contract: &Contract,
    item: Reference,
    elements: impl Iterator<Item = &'e Element>,
) -> Result<Value, String> {
    elements.map(|element| read(contract, item.shape, element)).collect::<Result<_, _>>().map(Value::List)
}

fn read_entries<'e>(
    contract: &Contract,
    key: Reference,
    value: Reference,
    entries: impl Iterator<Item = &'e Element>,
) -> Result<Value, String> {
    let mut pairs: Vec<(Name, Value)> = Vec::new();
    for entry in entries {
        let name = entry.child(or(key.wire_name, "key")).ok_or_else(|| entry.name.clone())?;
        let held = entry.child(or(value.wire_name, "value")).ok_or_else(|| entry.name.clone())?;
        pairs.push((name.text.clone().into(), read(contract, value.shape, held)?));
    }
    Ok(Value::Map(distinct(pairs)))
}

/// Whether a list or map stands in its parent without an element around it.
pub fn is_flattened(member: &Member, kind: &Kind) -> bool {
    match kind {
        Kind::List { flattened, .. } | Kind::Map { flattened, .. } => member.flattened || *flattened,
        _ => false,
    }
}

/// A flattened list may name its items, and a flattened map its entries (SQS, in Query only); that name
/// then stands in place of the member's own.
fn element_name(member: &Member, kind: &Kind) -> &'static str {
    match kind {
        Kind::List { member: item, .. } if is_flattened(member, kind) => or(item.wire_name, member.on_wire()),
        Kind::Map { .. } if is_flattened(member, kind) => or(member.query_name, member.on_wire()),
        _ => member.on_wire(),
    }
}

/// A name, or what stands in for an empty one.
pub fn or(name: &'static str, default: &'static str) -> &'static str {
    if name.is_empty() { default } else { name }
}

/// Writes XML text.
pub struct Writer<'c> {
    pub out: String,
    pub contract: &'c Contract,
    pub times: Times,
    /// Element of list items that have no name of their own: `member`, EC2's `item`.
    pub item: &'static str,
}

impl<'c> Writer<'c> {
    pub fn new(contract: &'c Contract, times: Times, item: &'static str) -> Writer<'c> {
        let out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        Writer { out, contract, times, item }
    }

    /// Opens an element, with a default namespace unless that is empty.
    pub fn open(&mut self, name: &str, namespace: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.attribute("xmlns", namespace);
        self.out.push('>');
    }

    pub fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element that holds text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.open(name, "");
        self.text(text);
        self.close(name);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.text(value);
            self.out.push('"');
        }
    }

    /// Text with the characters escaped that would not survive a parser.
    pub fn text(&mut self, text: &str) {
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\n' | b'\t' => continue,
                0..0x20 => "",
                _ => continue,
            };
            self.out.push_str(&text[plain..at]);
            plain = at + 1;
            match escape {
                "" => self.out.push_str(&format!("&#x{byte:x};")),
                escape => self.out.push_str(escape),
            }
        }
        self.out.push_str(&text[plain..]);
    }

    /// An element that holds a value of the given shape.
    pub fn value(&mut self, name: &str, namespace: &str, shape: ShapeId, value: &Value) {
        self.start(name, ("", namespace), shape, value);
        self.content(shape, value);
        self.close(name);
    }

    /// The opening tag, with the members that are attributes.
    fn start(&mut self, name: &str, (prefix, namespace): (&str, &str), shape: ShapeId, value: &Value) {
        self.out.push('<');
        self.out.push_str(name);
        match prefix {
            "" => self.attribute("xmlns", namespace),
            prefix => self.attribute(&format!("xmlns:{prefix}"), namespace),
        }
        let contract = self.contract;
        if let (Some(structure), Some(map)) = (contract.structure(shape), value.as_map()) {
            for member in structure.members.iter().filter(|member| member.xml_attribute) {
                if let Some(value) = map.get(member.name) {
                    let text = scalar::print(&contract.shape(member.shape).kind, value, self.times);
                    self.attribute(member.on_wire(), &text);
                }
            }
        }
        self.out.push('>');
    }

    /// What stands within the element of a value.
    pub fn content(&mut self, shape: ShapeId, value: &Value) {
        let contract = self.contract;
        match (&contract.shape(shape).kind, value) {
            (Kind::Structure(structure), Value::Map(map)) => self.members(structure, map),
            (Kind::List { member, .. }, Value::List(items)) => {
                let name = or(member.wire_name, self.item);
                for item in items {
                    self.value(name, "", member.shape, item);
                }
            }
            (Kind::Map { key, value, .. }, Value::Map(map)) => self.entries("entry", *key, *value, map),
            (kind, value) => {
                let text = scalar::print(kind, value, self.times);
                self.text(&text);
            }
        }
    }

    /// The body members of a structure, in the order of the contract, which is AWS's own.
    pub fn members(&mut self, structure: &Structure, map: &Map) {
        for member in structure.members.iter().filter(|m| m.location == Location::Body && !m.xml_attribute) {
            match map.get(member.name) {
                None | Some(Value::Null) => {}
                Some(value) => self.member(member, value),
            }
        }
    }

    fn member(&mut self, member: &Member, value: &Value) {
        let contract = self.contract;
        let kind = &contract.shape(member.shape).kind;
        let name = element_name(member, kind);
        match (kind, value) {
            (Kind::List { member: item, .. }, Value::List(items)) if is_flattened(member, kind) => {
                for value in items {
                    self.value(name, "", item.shape, value);
                }
            }
            (Kind::Map { key, value: held, .. }, Value::Map(map)) if is_flattened(member, kind) => {
                self.entries(name, *key, *held, map);
            }
            _ => {
                let (uri, prefix) = member.xml_namespace;
                self.start(name, (prefix, uri), member.shape, value);
                self.content(member.shape, value);
                self.close(name);
            }
        }
    }

    fn entries(&mut self, entry: &str, key: Reference, value: Reference, map: &Map) {
        for (name, held) in map.iter() {
            self.open(entry, "");
            self.leaf(or(key.wire_name, "key"), name);
            self.value(or(value.wire_name, "value"), "", value.shape, held);
            self.close(entry);
        }
    }
}
