//! EC2's two forms. Older actions show the structures of EC2's first API, where lists are item sets; newer ones
//! a conversion of the XML they travelled in, inside one `…Request` or `…Response`.

use crate::contract::{Contract, Kind, Member, Operation, ShapeId, Structure};
use crate::wire::{Map, Value};

use super::json::Json;
use super::members::{Shown, recorded_name, scalar, shown};
use super::xml;

/// Writes the parameters of an older action, without the braces.
pub(super) fn older_request(contract: &Contract, operation: &Operation, input: &Map, out: &mut Json) {
    let writer = Older { contract, answer: false };
    writer.gathered(operation.input, input, out);
    writer.structure(operation.input, input, operation.name.starts_with("Describe"), out);
}

/// Writes the answer of an older action, without the braces. `true` is what an action without an answer says.
pub(super) fn older_response(
    contract: &Contract,
    operation: &Operation,
    request_id: &str,
    output: &Map,
    out: &mut Json,
) {
    out.text_member("requestId", request_id);
    Older { contract, answer: true }.structure(operation.output, output, false, out);
    if operation.output.is_none() {
        out.raw_member("_return", Some("true"));
    }
}

struct Older<'c> {
    contract: &'c Contract,
    /// Members of answers have their XML names.
    answer: bool,
}

impl Older<'_> {
    /// Members that the first API kept in a set of one item: `"instancesSet":{"items":[{"imageId":…}]}`.
    fn gathered(&self, shape: Option<ShapeId>, map: &Map, out: &mut Json) {
        let Some(structure) = shape.and_then(|shape| self.contract.structure(shape)) else { return };
        let gathered = structure.members.iter().filter(|member| !within(member).is_empty());
        let Some(set) = gathered.clone().next().map(within) else { return };
        let sent = gathered.filter_map(|member| Some((member, map.get(member.name).filter(|value| !value.is_null())?)));
        let mut sent = sent.peekable();
        out.key(set);
        out.open('{');
        if sent.peek().is_some() {
            out.key("items");
            out.open('[');
            out.open('{');
            for (member, value) in sent {
                out.key(&self.name(member));
                self.value(member, value, out);
            }
            out.close('}');
            out.close(']');
        }
        out.close('}');
    }

    /// The members in the order of the contract. A listing names its empty sets as well.
    fn structure(&self, shape: Option<ShapeId>, map: &Map, listing: bool, out: &mut Json) {
        let Some(structure) = shape.and_then(|shape| self.contract.structure(shape)) else { return };
        for member in structure.members.iter().filter(|member| within(member).is_empty()) {
            match (map.get(member.name), shown(self.contract, Some(member))) {
                (_, Shown::Left) => {}
                // Answers have empty texts (`<reason/>`), which their records leave out.
                (Some(Value::Str(text)), _) if self.answer && text.is_empty() => {}
                (Some(Value::Null) | None, _) => self.absent(member, listing, out),
                (Some(_), Shown::As(text)) => out.text_member(&self.name(member), text),
                (Some(value), Shown::Value) => {
                    out.key(&self.name(member));
                    self.value(member, value, out);
                }
            }
        }
    }

    fn absent(&self, member: &Member, listing: bool, out: &mut Json) {
        let default = match member.record.as_ref().map_or("", |record| record.default) {
            "-" => return,
            "" if listing && self.is_list(member) => "{}",
            default => default,
        };
        if !default.is_empty() && !self.answer {
            out.raw_member(&self.name(member), Some(default));
        }
    }

    fn is_list(&self, member: &Member) -> bool {
        matches!(self.contract.shape(member.shape).kind, Kind::List { .. })
    }

    /// `InstanceType` → `instanceType`; the list `VpcPeeringConnectionId` → `vpcPeeringConnectionIdSet`.
    /// Sets with other names are in the overlay.
    fn name(&self, member: &Member) -> String {
        let recorded = recorded_name(member);
        if !recorded.is_empty() {
            return recorded.to_owned();
        }
        let mut name = member.on_wire().to_owned();
        if self.answer {
            return if name == "return" { "_return".into() } else { name };
        }
        lower_first(&mut name);
        if self.is_list(member) && !name.ends_with('s') && !name.ends_with("Set") {
            name.push_str("Set");
        }
        name
    }

    fn value(&self, member: &Member, value: &Value, out: &mut Json) {
        let plain = member.record.as_ref().is_some_and(|record| record.plain);
        match (value, &self.contract.shape(member.shape).kind) {
            (Value::List(items), Kind::List { member: of, .. }) if plain => {
                out.open('[');
                items.iter().for_each(|item| self.one(of.shape, item, out));
                out.close(']');
            }
            (Value::List(items), Kind::List { member: of, .. }) => {
                out.open('{');
                if !items.is_empty() {
                    out.key("items");
                    out.open('[');
                    items.iter().for_each(|item| self.item(member, of.shape, of.wire_name, item, out));
                    out.close(']');
                }
                out.close('}');
            }
            _ => self.one(member.shape, value, out),
        }
    }

    /// A member of a set: a structure, or a value under its name.
    fn item(&self, member: &Member, shape: ShapeId, wire_name: &'static str, item: &Value, out: &mut Json) {
        if matches!(item, Value::Map(_)) {
            return self.one(shape, item, out);
        }
        let recorded = member.record.as_ref().map_or("", |record| record.item);
        let named = [recorded, wire_name, member.on_wire()].into_iter().find(|name| !matches!(*name, "" | "item"));
        out.open('{');
        out.key_lowered(named.unwrap_or(member.name));
        self.one(shape, item, out);
        out.close('}');
    }

    fn one(&self, shape: ShapeId, value: &Value, out: &mut Json) {
        match value {
            Value::Map(map) => {
                out.open('{');
                self.structure(Some(shape), map, false, out);
                out.close('}');
            }
            Value::Time(time) => out.int(time.timestamp_millis()),
            _ => scalar(value, out),
        }
    }
}

/// Writes the parameters of a newer action, without the braces: `"CreateFlowLogsRequest":{…}`.
pub(super) fn newer_request(contract: &Contract, operation: &Operation, input: &Map, out: &mut Json) {
    out.key(&format!("{}Request", operation.name));
    let writer = Newer { contract, answer: false };
    match operation.input.and_then(|shape| contract.structure(shape)) {
        Some(structure) if !input.is_empty() => {
            out.open('{');
            writer.members(structure, input, out);
            out.close('}');
        }
        _ => out.string(""),
    }
}

/// Writes the answer of a newer action, without the braces: `"CreateFlowLogsResponse":{…}`.
pub(super) fn newer_response(
    contract: &Contract,
    operation: &Operation,
    request_id: &str,
    output: &Map,
    out: &mut Json,
) {
    out.key(&format!("{}Response", operation.name));
    out.open('{');
    out.text_member("xmlns", contract.xml_namespace);
    out.text_member("requestId", request_id);
    if let Some(structure) = operation.output.and_then(|shape| contract.structure(shape)) {
        Newer { contract, answer: true }.members(structure, output, out);
    }
    out.close('}');
}

struct Newer<'c> {
    contract: &'c Contract,
    answer: bool,
}

impl Newer<'_> {
    fn members(&self, structure: &Structure, map: &Map, out: &mut Json) {
        for member in &structure.members {
            let Some(value) = map.get(member.name).filter(|value| !value.is_null()) else { continue };
            match shown(self.contract, Some(member)) {
                Shown::Left => {}
                Shown::As(text) => out.text_member(&self.name(member), text),
                Shown::Value => self.member(member, value, out),
            }
        }
    }

    /// EC2's query names are the wire names with the first letter raised.
    fn name(&self, member: &Member) -> String {
        let mut name = member.on_wire().to_owned();
        if !self.answer {
            match member.query_name {
                "" => raise_first(&mut name),
                query_name => name = query_name.to_owned(),
            }
        }
        name
    }

    fn member(&self, member: &Member, value: &Value, out: &mut Json) {
        match (value, &self.contract.shape(member.shape).kind) {
            (Value::List(items), Kind::List { member: of, .. }) if self.answer => {
                out.key(&self.name(member));
                match items.is_empty() {
                    true => out.string(""),
                    false => {
                        out.open('{');
                        out.key("item");
                        xml::repeated(items, out, |_, item, out| self.one(of.shape, item, None, out));
                        out.close('}');
                    }
                }
            }
            (Value::List(items), Kind::List { member: of, .. }) => {
                if !items.is_empty() {
                    out.key(&self.name(member));
                    xml::repeated(items, out, |at, item, out| self.one(of.shape, item, Some(at + 1), out));
                }
            }
            _ => {
                out.key(&self.name(member));
                self.one(member.shape, value, None, out);
            }
        }
    }

    /// A value; list members of requests carry their place as the attribute `tag`.
    fn one(&self, shape: ShapeId, value: &Value, tag: Option<usize>, out: &mut Json) {
        let structure = self.contract.structure(shape);
        match (value, structure, tag) {
            (Value::Map(map), Some(structure), _) => {
                out.open('{');
                self.members(structure, map, out);
                tag.into_iter().for_each(|tag| xml::tag(tag, out));
                out.close('}');
            }
            (_, _, Some(at)) => {
                out.open('{');
                xml::tag(at, out);
                out.key("content");
                xml::content(value, out);
                out.close('}');
            }
            _ => xml::content(value, out),
        }
    }
}

fn within(member: &Member) -> &'static str {
    member.record.as_ref().map_or("", |record| record.within)
}

fn lower_first(name: &mut str) {
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
}

fn raise_first(name: &mut str) {
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
}
