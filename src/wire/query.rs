//! Query and EC2 Query: forms in, XML out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::scalar::{self, Times};
use super::value::{Map, Name, Value, distinct};
use super::xml::{self, Writer, or};
use super::{DEPTH_MAX, Fault, VALUES_MAX};
use crate::contract::{Contract, Kind, Member, Operation, OperationId, Protocol, Reference, ShapeId};

/// Parameters by the parts of their dotted names.
#[derive(Debug, Default)]
struct Node<'a> {
    text: Option<Cow<'a, str>>,
    children: BTreeMap<Cow<'a, str>, Node<'a>>,
}

impl<'a> Node<'a> {
    fn parse(query: &'a str, body: &'a [u8]) -> Option<Node<'a>> {
        let (mut root, mut parts) = (Node::default(), 0);
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        for (key, value) in pairs {
            root.insert(key, value, &mut parts)?;
        }
        Some(root)
    }

    fn insert(&mut self, key: Cow<'a, str>, value: Cow<'a, str>, parts: &mut usize) -> Option<()> {
        let mut node = self;
        for (depth, part) in split(&key).enumerate() {
            *parts += usize::from(!node.children.contains_key(&part));
            if depth > 2 * DEPTH_MAX || *parts > VALUES_MAX {
                return None;
            }
            node = node.children.entry(part).or_default();
        }
        node.text = Some(value);
        Some(())
    }

    /// Children `1`, `2`, … in the order of their numbers.
    fn numbered(&self) -> Vec<(u32, &Node<'a>)> {
        let numbered = self.children.iter().filter_map(|(key, node)| Some((key.parse().ok()?, node)));
        let mut items: Vec<(u32, &Node)> = numbered.collect();
        items.sort_by_key(|(number, _)| *number);
        items
    }
}

/// The parts of a dotted name, borrowed when the name is.
fn split<'a, 'k>(key: &'k Cow<'a, str>) -> impl Iterator<Item = Cow<'a, str>> + use<'a, 'k> {
    let (borrowed, owned) = match key {
        Cow::Borrowed(text) => (Some(text.split('.')), None),
        Cow::Owned(text) => (None, Some(text.split('.'))),
    };
    let borrowed = borrowed.into_iter().flatten().map(Cow::Borrowed);
    borrowed.chain(owned.into_iter().flatten().map(|part| Cow::Owned(part.to_owned())))
}

/// The names that a protocol gives to members, items and entries in forms.
#[derive(Clone, Copy)]
struct Form<'c> {
    contract: &'c Contract,
    ec2: bool,
}

impl Form<'_> {
    fn name(self, member: &Member) -> Cow<'static, str> {
        match (member.query_name, self.ec2) {
            ("", false) => member.on_wire().into(),
            (_, true) => member.in_ec2_forms(),
            (name, false) => name.into(),
        }
    }

    fn flattened(self, member: Option<&Member>, kind: &Kind) -> bool {
        let of_shape = matches!(kind, Kind::List { flattened: true, .. } | Kind::Map { flattened: true, .. });
        of_shape || member.is_some_and(|member| xml::is_flattened(member, kind))
    }
}

/// Reads a form as the input tree.
pub fn read(contract: &Contract, shape: ShapeId, protocol: Protocol, query: &str, body: &[u8]) -> Result<Value, Fault> {
    let form = Form { contract, ec2: protocol == Protocol::Ec2 };
    let malformed = |name: String| malformed(protocol, &name);
    let root = Node::parse(query, body).ok_or_else(|| malformed(String::new()))?;
    form.read_structure(shape, &root, "").map_err(malformed)
}

/// Adds the member that the path of a request names, where the form leaves it out.
pub fn add_path(contract: &Contract, shape: ShapeId, path: &str, tree: &mut Value) {
    let has_it = contract.structure(shape).is_some_and(|structure| structure.member(contract.path_member).is_some());
    if let Value::Map(map) = tree
        && has_it
        && path != "/"
        && !map.contains(contract.path_member)
    {
        map.push(contract.path_member, path);
    }
}

/// The answer to a parameter whose text is not of its type.
fn malformed(protocol: Protocol, name: &str) -> Fault {
    match protocol {
        Protocol::Ec2 => Fault::new("InvalidParameterValue", format!("Invalid value for parameter '{name}'.")),
        _ => Fault::new("MalformedInput", format!("Invalid value for parameter '{name}'")),
    }
}

fn path(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Reading: errors are the names of the parameters at fault.
impl Form<'_> {
    fn read_structure(self, shape: ShapeId, node: &Node, at: &str) -> Result<Value, String> {
        let mut map = Map::new();
        let members = self.contract.structure(shape).map(|structure| structure.members.as_slice()).unwrap_or_default();
        for member in members {
            let name = self.name(member);
            let kind = &self.contract.shape(member.shape).kind;
            if let Some(value) = self.read_member(member, kind, &name, node, at)? {
                map.push(member.name, value);
            }
        }
        Ok(Value::Map(map))
    }

    fn read_member(
        self,
        member: &Member,
        kind: &Kind,
        name: &str,
        parent: &Node,
        at: &str,
    ) -> Result<Option<Value>, String> {
        let flattened = self.flattened(Some(member), kind);
        let renamed = match kind {
            Kind::List { member: item, .. } if flattened && !self.ec2 => or(item.wire_name, ""),
            _ => "",
        };
        let found = parent.children.get(name).map(|node| (name, node));
        let found = found.or_else(|| parent.children.get(renamed).map(|node| (renamed, node)));
        let Some((name, node)) = found else { return Ok(None) };
        self.read(member.shape, flattened, node, &path(at, name))
    }

    /// A value; `None` where the node has only deeper names that the shape does not know.
    fn read(self, shape: ShapeId, flattened: bool, node: &Node, at: &str) -> Result<Option<Value>, String> {
        match &self.contract.shape(shape).kind {
            Kind::Structure(_) => self.read_structure(shape, node, at).map(Some),
            Kind::List { member, .. } => self.read_list(*member, flattened, node, at).map(Some),
            Kind::Map { key, value, .. } => self.read_map(*key, *value, flattened, node, at).map(Some),
            kind => match &node.text {
                Some(text) => scalar::parse(kind, text).map(Some).ok_or_else(|| at.to_owned()),
                None => Ok(None),
            },
        }
    }

    fn read_list(self, item: Reference, flattened: bool, node: &Node, at: &str) -> Result<Value, String> {
        let items = match flattened || self.ec2 {
            true => Some(node),
            false => node.children.get(or(item.wire_name, "member")),
        };
        let mut list = Vec::new();
        for (number, node) in items.map(Node::numbered).unwrap_or_default() {
            let kind = &self.contract.shape(item.shape).kind;
            let flattened = self.flattened(None, kind);
            list.extend(self.read(item.shape, flattened, node, &format!("{at}.{number}"))?);
        }
        Ok(Value::List(list))
    }

    fn read_map(
        self,
        key: Reference,
        value: Reference,
        flattened: bool,
        node: &Node,
        at: &str,
    ) -> Result<Value, String> {
        let entries = if flattened { Some(node) } else { node.children.get("entry") };
        let mut pairs: Vec<(Name, Value)> = Vec::new();
        for (number, entry) in entries.map(Node::numbered).unwrap_or_default() {
            let at = format!("{at}.{number}");
            let name = entry.children.get(or(key.wire_name, "key")).and_then(|node| node.text.as_deref());
            let held = entry.children.get(or(value.wire_name, "value"));
            let (Some(name), Some(held)) = (name, held) else { return Err(at) };
            if let Some(held) = self.read(value.shape, false, held, &at)? {
                pairs.push((Name::Owned(name.to_owned()), held));
            }
        }
        Ok(Value::Map(distinct(pairs)))
    }
}

/// Writes the XML answer of an operation.
pub fn write_answer(
    contract: &Contract,
    op: &Operation,
    protocol: Protocol,
    output: &Value,
    request_id: &str,
) -> Vec<u8> {
    let mut xml = writer(contract, protocol);
    let root = format!("{}Response", op.name);
    xml.open(&root, contract.xml_namespace);
    if protocol == Protocol::Ec2 {
        xml.leaf("requestId", request_id);
        write_members(&mut xml, op, output);
    } else {
        if !op.result_wrapper.is_empty() {
            xml.open(op.result_wrapper, "");
            write_members(&mut xml, op, output);
            xml.close(op.result_wrapper);
        }
        xml.open("ResponseMetadata", "");
        xml.leaf("RequestId", request_id);
        xml.close("ResponseMetadata");
    }
    xml.close(&root);
    xml.out.into_bytes()
}

/// An XML writer with the habits of the protocol.
pub fn writer(contract: &Contract, protocol: Protocol) -> Writer<'_> {
    match protocol {
        Protocol::Ec2 => Writer::new(contract, Times::IsoMillis, "item"),
        _ => Writer::new(contract, Times::Iso, "member"),
    }
}

fn write_members(xml: &mut Writer, op: &Operation, output: &Value) {
    let contract = xml.contract;
    if let (Some(structure), Value::Map(map)) = (op.output.and_then(|shape| contract.structure(shape)), output) {
        xml.members(structure, map);
    }
}

/// Reads an answer as a client.
pub fn read_answer(
    contract: &Contract,
    operation: OperationId,
    protocol: Protocol,
    body: &[u8],
) -> Result<Value, Fault> {
    let op = contract.operation(operation);
    let malformed = |name: String| malformed(protocol, &name);
    let root = xml::parse(body).ok_or_else(|| malformed(String::new()))?;
    let result = if op.result_wrapper.is_empty() { Some(&root) } else { root.child(op.result_wrapper) };
    match (op.output, result) {
        (Some(shape), Some(result)) => xml::read(contract, shape, result).map_err(malformed),
        _ => Ok(Value::Map(Map::new())),
    }
}

/// Writes a request's form as a client.
pub fn write_request(contract: &Contract, op: &Operation, protocol: Protocol, input: &Value) -> Vec<u8> {
    let form = Form { contract, ec2: protocol == Protocol::Ec2 };
    let mut pairs = vec![("Action".to_owned(), op.name.to_owned())];
    pairs.push(("Version".to_owned(), contract.api_version.to_owned()));
    if let Some(shape) = op.input {
        form.write(shape, false, input, String::new(), &mut pairs);
    }
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

/// Writing.
impl Form<'_> {
    fn write(self, shape: ShapeId, flattened: bool, value: &Value, at: String, pairs: &mut Vec<(String, String)>) {
        match (&self.contract.shape(shape).kind, value) {
            (_, Value::Null) => {}
            (Kind::Structure(structure), Value::Map(map)) => {
                for (name, value) in map.iter() {
                    if let Some(member) = structure.member(name) {
                        self.write_member(member, value, &at, pairs);
                    }
                }
            }
            (Kind::List { .. }, Value::List(items)) if items.is_empty() => pairs.push((at, String::new())),
            (Kind::List { member, .. }, Value::List(items)) => {
                let at = if flattened || self.ec2 { at } else { path(&at, or(member.wire_name, "member")) };
                let flattened = self.flattened(None, &self.contract.shape(member.shape).kind);
                for (number, item) in (1..).zip(items) {
                    self.write(member.shape, flattened, item, format!("{at}.{number}"), pairs);
                }
            }
            (Kind::Map { key, value: held, .. }, Value::Map(map)) => {
                let at = if flattened { at } else { path(&at, "entry") };
                for (number, (name, value)) in (1..).zip(map.iter()) {
                    pairs.push((format!("{at}.{number}.{}", or(key.wire_name, "key")), name.to_owned()));
                    let at = format!("{at}.{number}.{}", or(held.wire_name, "value"));
                    self.write(held.shape, false, value, at, pairs);
                }
            }
            (kind, value) => pairs.push((at, scalar::print(kind, value, Times::Iso).into_owned())),
        }
    }

    fn write_member(self, member: &Member, value: &Value, at: &str, pairs: &mut Vec<(String, String)>) {
        let kind = &self.contract.shape(member.shape).kind;
        let flattened = self.flattened(Some(member), kind);
        let name = match kind {
            Kind::List { member: item, .. } if flattened && !self.ec2 && !item.wire_name.is_empty() => {
                item.wire_name.into()
            }
            _ => self.name(member),
        };
        self.write(member.shape, flattened, value, path(at, &name), pairs);
    }
}
