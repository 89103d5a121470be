//! The developer tool that derives `openapi/` from the service models of the botocore package.
//!
//! It takes names, types, constraints and wire bindings, and leaves all prose behind. The output
//! depends on the models only, so a new version of the package shows as a plain diff.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// The services we have contracts for, by botocore's name.
const SERVICES: [&str; 14] = [
    "cloudtrail",
    "cloudtrail-data",
    "cloudwatch",
    "config",
    "ec2",
    "events",
    "firehose",
    "iam",
    "kms",
    "logs",
    "s3",
    "sns",
    "sqs",
    "sts",
];

/// Values nested deeper than this stand on one line.
const DEPTH_MAX: usize = 5;

/// Shorter values stand on one line.
const LINE_MAX: usize = 100;

/// Writes `out/SERVICE.json` for every service, from an unpacked botocore package.
pub fn derive(botocore: &Path, out: &Path) -> Result<(), String> {
    let version = package_version(botocore)?;
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    for service in SERVICES {
        let model = service_model(&botocore.join("data").join(service))?;
        let document = Derivation { service, version: &version, model: &model }.document();
        let path = out.join(format!("{service}.json"));
        fs::write(&path, pretty(&document)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// `__version__ = '1.2.3'` of the package.
fn package_version(botocore: &Path) -> Result<String, String> {
    let path = botocore.join("__init__.py");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = text.lines().find(|line| line.starts_with("__version__"));
    let version = line.and_then(|line| line.split(['\'', '"']).nth(1));
    version.map(str::to_owned).ok_or_else(|| format!("{}: no version", path.display()))
}

/// Reads the service model of the newest API version in `directory`.
fn service_model(directory: &Path) -> Result<Value, String> {
    let context = |error: &dyn std::fmt::Display| format!("{}: {error}", directory.display());
    let versions = fs::read_dir(directory).map_err(|error| context(&error))?;
    let newest = versions.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).max();
    let newest = newest.ok_or_else(|| context(&"no API versions"))?;
    let text = read_model(&newest).map_err(|error| context(&error))?;
    serde_json::from_slice(&text).map_err(|error| context(&error))
}

fn read_model(version: &Path) -> std::io::Result<Vec<u8>> {
    let plain: PathBuf = version.join("service-2.json");
    if plain.exists() {
        return fs::read(plain);
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(version.join("service-2.json.gz"))?).read_to_end(&mut text)?;
    Ok(text)
}

/// One service on its way from botocore's form to OpenAPI.
struct Derivation<'a> {
    service: &'a str,
    version: &'a str,
    model: &'a Value,
}

impl Derivation<'_> {
    fn document(&self) -> Value {
        let metadata = &self.model["metadata"];
        json!({
            "openapi": "3.1.0",
            "info": {"title": self.service, "version": metadata["apiVersion"]},
            "x-trailcam-service": self.service_facts(),
            "paths": self.sorted("operations", |name, operation| self.path(name, operation)),
            "components": {"schemas": self.sorted("shapes", |name, shape| (name.to_owned(), schema(shape)))},
        })
    }

    /// The members of one part of the model, by name, so that the order in the package does not matter.
    fn sorted(&self, part: &str, entry: impl Fn(&str, &Value) -> (String, Value)) -> Map<String, Value> {
        let mut members: Vec<_> = members(&self.model[part]).collect();
        members.sort_by_key(|(name, _)| name.as_str());
        members.into_iter().map(|(name, value)| entry(name, value)).collect()
    }

    fn service_facts(&self) -> Value {
        let metadata = &self.model["metadata"];
        let mut facts = Map::new();
        facts.insert("protocols".into(), self.protocols().into());
        copy(metadata, &mut facts, &[("jsonVersion", "jsonVersion"), ("targetPrefix", "targetPrefix")]);
        if self.protocols().contains(&"cbor") {
            // The smithy name of the service shape is what its JSON target starts with.
            facts.insert("rpcName".into(), metadata["targetPrefix"].clone());
        }
        let signing = metadata.get("signingName").unwrap_or(&metadata["endpointPrefix"]);
        facts.insert("signingName".into(), signing.clone());
        copy(metadata, &mut facts, &[("endpointPrefix", "endpointPrefix"), ("xmlNamespace", "xmlNamespace")]);
        if metadata.get("awsQueryCompatible").is_some() {
            facts.insert("queryCompatible".into(), true.into());
        }
        facts.insert("derivedFrom".into(), format!("botocore {}", self.version).into());
        facts.into()
    }

    fn protocols(&self) -> Vec<&'static str> {
        let metadata = &self.model["metadata"];
        let listed = metadata["protocols"].as_array().map_or(vec![&metadata["protocol"]], |list| list.iter().collect());
        listed.into_iter().filter_map(Value::as_str).filter_map(protocol_name).collect()
    }

    fn is_rest(&self) -> bool {
        self.protocols().iter().any(|name| name.starts_with("rest"))
    }

    /// Operations share paths, which OpenAPI forbids: the fragment makes them unique.
    fn path(&self, name: &str, operation: &Value) -> (String, Value) {
        let uri = text(&operation["http"]["requestUri"]);
        let method = text(&operation["http"]["method"]).to_lowercase();
        let path = format!("{}#{name}", uri.replace("+}", "}"));
        (path, json!({method: self.operation(name, operation, uri)}))
    }

    fn operation(&self, name: &str, operation: &Value, uri: &str) -> Value {
        let mut out = Map::new();
        out.insert("operationId".into(), name.into());
        if uri != "/" {
            out.insert("x-uri".into(), uri.into());
        }
        let input = operation["input"]["shape"].as_str();
        let output = operation["output"]["shape"].as_str();
        for (key, shape) in [("x-input", input), ("x-output", output)] {
            if let Some(shape) = shape {
                out.insert(key.into(), shape.into());
            }
        }
        self.bindings(name, operation, &mut out);
        if let (true, Some(input)) = (self.is_rest(), input) {
            out.insert("parameters".into(), self.parameters(input).into());
        }
        if let Some(body) = input.and_then(|shape| self.body(shape)) {
            out.insert("requestBody".into(), json!({"content": self.content(body)}));
        }
        out.insert("responses".into(), self.responses(operation, output));
        out.into()
    }

    fn bindings(&self, name: &str, operation: &Value, out: &mut Map<String, Value>) {
        copy(&operation["output"], out, &[("resultWrapper", "x-resultWrapper")]);
        if self.model["metadata"].get("awsQueryCompatible").is_some() && operation.get("output").is_some() {
            // Models that moved on from Query may have lost the wrapper that the wire still has.
            out.insert("x-resultWrapper".into(), format!("{name}Result").into());
        }
        copy(&operation["input"], out, &[("locationName", "x-locationName"), ("xmlNamespace", "x-xmlNamespace")]);
        if operation["httpChecksum"]["requestChecksumRequired"] == true || operation["httpChecksumRequired"] == true {
            out.insert("x-checksumRequired".into(), true.into());
        }
    }

    fn responses(&self, operation: &Value, output: Option<&str>) -> Value {
        let status = operation["http"]["responseCode"].as_u64().unwrap_or(200);
        // OpenAPI demands a description; names say enough.
        let mut success = json!({"description": ""});
        if let Some(body) = output.and_then(|shape| self.body(shape)) {
            success["content"] = self.content(body);
        }
        let mut responses = json!({status.to_string(): success});
        let errors: Vec<Value> =
            list(&operation["errors"]).iter().map(|error| reference(text(&error["shape"]))).collect();
        if !errors.is_empty() {
            responses["default"] = json!({"description": "", "content": self.content(json!({"anyOf": errors}))});
        }
        responses
    }

    /// What travels in the body: of REST operations the payload member alone, if there is one.
    fn body(&self, shape: &str) -> Option<Value> {
        if !self.is_rest() {
            return Some(reference(shape));
        }
        let structure = &self.model["shapes"][shape];
        if let Some(payload) = structure["payload"].as_str() {
            return Some(reference(text(&structure["members"][payload]["shape"])));
        }
        let in_body = members(&structure["members"]).any(|(_, member)| member.get("location").is_none());
        in_body.then(|| reference(shape))
    }

    fn content(&self, schema: Value) -> Value {
        let media_type = match self.protocols().first().copied() {
            Some("json") => format!("application/x-amz-json-{}", text(&self.model["metadata"]["jsonVersion"])),
            Some("query" | "ec2") => "application/x-www-form-urlencoded".to_owned(),
            Some("rest-xml") => "application/xml".to_owned(),
            Some("cbor") => "application/cbor".to_owned(),
            _ => "application/json".to_owned(),
        };
        json!({media_type: {"schema": schema}})
    }

    /// Members outside the body, for readers of OpenAPI; ours reads the bindings in the schemas.
    fn parameters(&self, input: &str) -> Vec<Value> {
        let structure = &self.model["shapes"][input];
        members(&structure["members"]).filter_map(|(name, member)| parameter(structure, name, member)).collect()
    }
}

fn parameter(structure: &Value, name: &str, member: &Value) -> Option<Value> {
    let place = match text(&member["location"]) {
        "uri" => "path",
        "querystring" => "query",
        "header" => "header",
        _ => return None,
    };
    let on_wire = member["locationName"].as_str().unwrap_or(name);
    let required = list(&structure["required"]).iter().any(|required| required == name);
    let mut parameter = json!({"name": on_wire, "in": place});
    if required {
        parameter["required"] = true.into();
    }
    parameter["schema"] = reference(text(&member["shape"]));
    Some(parameter)
}

fn protocol_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "json" => "json",
        "query" => "query",
        "ec2" => "ec2",
        "rest-xml" => "rest-xml",
        "rest-json" => "rest-json",
        "smithy-rpc-v2-cbor" => "cbor",
        _ => return None,
    })
}

/// A shape as JSON Schema, with its wire bindings as extensions.
fn schema(shape: &Value) -> Value {
    let mut out = Map::new();
    match text(&shape["type"]) {
        "structure" => structure(shape, &mut out),
        "list" => {
            out.insert("type".into(), "array".into());
            out.insert("items".into(), used(&shape["member"]));
            copy(shape, &mut out, &[("min", "minItems"), ("max", "maxItems"), ("flattened", "x-flattened")]);
        }
        "map" => {
            out.insert("type".into(), "object".into());
            out.insert("propertyNames".into(), used(&shape["key"]));
            out.insert("additionalProperties".into(), used(&shape["value"]));
            copy(shape, &mut out, &[("min", "minProperties"), ("max", "maxProperties"), ("flattened", "x-flattened")]);
        }
        scalar => scalar_schema(scalar, shape, &mut out),
    }
    copy(shape, &mut out, &[("sensitive", "x-sensitive")]);
    out.into()
}

fn scalar_schema(scalar: &str, shape: &Value, out: &mut Map<String, Value>) {
    let (kind, format) = match scalar {
        "boolean" => ("boolean", ""),
        "integer" => ("integer", "int32"),
        "long" => ("integer", "int64"),
        "float" => ("number", "float"),
        "double" => ("number", "double"),
        "blob" => ("string", "byte"),
        "timestamp" => ("string", "date-time"),
        _ => ("string", ""),
    };
    out.insert("type".into(), kind.into());
    if !format.is_empty() {
        out.insert("format".into(), format.into());
    }
    match kind {
        "string" => {
            copy(shape, out, &[("min", "minLength"), ("max", "maxLength"), ("pattern", "pattern"), ("enum", "enum")])
        }
        _ => copy(shape, out, &[("min", "minimum"), ("max", "maximum")]),
    }
    copy(shape, out, &[("timestampFormat", "x-timestampFormat")]);
}

fn structure(shape: &Value, out: &mut Map<String, Value>) {
    out.insert("type".into(), "object".into());
    let properties: Map<String, Value> =
        members(&shape["members"]).map(|(name, member)| (name.clone(), property(member))).collect();
    out.insert("properties".into(), properties.into());
    copy(
        shape,
        out,
        &[
            ("required", "required"),
            ("payload", "x-payload"),
            ("union", "x-union"),
            ("eventstream", "x-eventStream"),
            ("event", "x-event"),
            ("locationName", "x-locationName"),
            ("xmlNamespace", "x-xmlNamespace"),
        ],
    );
    if shape["exception"] == true {
        out.insert("x-error".into(), error(shape));
    }
}

fn property(member: &Value) -> Value {
    let Value::Object(mut out) = used(member) else { return Value::Null };
    copy(
        member,
        &mut out,
        &[
            ("location", "x-location"),
            ("queryName", "x-queryName"),
            ("flattened", "x-flattened"),
            ("xmlAttribute", "x-xmlAttribute"),
            ("xmlNamespace", "x-xmlNamespace"),
            ("streaming", "x-streaming"),
            ("idempotencyToken", "x-idempotencyToken"),
            ("eventpayload", "x-eventPayload"),
        ],
    );
    out.into()
}

/// A use of a shape by a member, list or map.
fn used(site: &Value) -> Value {
    let mut out = Map::new();
    out.insert("$ref".into(), format!("#/components/schemas/{}", text(&site["shape"])).into());
    copy(site, &mut out, &[("locationName", "x-locationName")]);
    out.into()
}

/// An exception's code and status; the status is 400 for senders' faults unless the model says otherwise.
fn error(shape: &Value) -> Value {
    let fault = shape["fault"] == true;
    let status = shape["error"]["httpStatusCode"].as_u64().unwrap_or(if fault { 500 } else { 400 });
    let mut out = Map::new();
    copy(&shape["error"], &mut out, &[("code", "code")]);
    out.insert("status".into(), status.into());
    if fault || status >= 500 {
        out.insert("fault".into(), true.into());
    }
    out.into()
}

fn reference(shape: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{shape}")})
}

/// Copies those of `names` that are set, under their new names.
fn copy(from: &Value, to: &mut Map<String, Value>, names: &[(&str, &str)]) {
    for (name, renamed) in names {
        if let Some(value) = from.get(name).filter(|value| **value != false) {
            to.insert((*renamed).to_owned(), value.clone());
        }
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn list(array: &Value) -> &[Value] {
    array.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// JSON that is small and still diffs well: about one line per member of a structure.
fn pretty(document: &Value) -> String {
    let mut out = String::new();
    write_value(document, 0, &mut out);
    out.push('\n');
    out
}

fn write_value(value: &Value, depth: usize, out: &mut String) {
    let compact = value.to_string();
    let Value::Object(object) = value else { return out.push_str(&compact) };
    if object.is_empty() || depth >= DEPTH_MAX || compact.len() <= LINE_MAX {
        return out.push_str(&compact);
    }
    let indent = " ".repeat(depth + 1);
    for (index, (name, member)) in object.iter().enumerate() {
        out.push_str(if index == 0 { "{\n" } else { ",\n" });
        out.push_str(&indent);
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        write_value(member, depth + 1, out);
    }
    out.push('\n');
    out.push_str(&indent[1..]);
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_keep_their_constraints_and_lose_their_prose() {
        for (shape, expected) in [
            (
                json!({"type": "string", "documentation": "<p>words</p>", "min": 1, "pattern": "a*", "sensitive": true}),
                json!({"type": "string", "minLength": 1, "pattern": "a*", "x-sensitive": true}),
            ),
            (
                json!({"type": "list", "member": {"shape": "Tag", "locationName": "item"}, "max": 50, "flattened": false}),
                json!({
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/Tag", "x-locationName": "item"},
                    "maxItems": 50,
                }),
            ),
            (
                json!({"type": "structure", "exception": true, "fault": true, "documentation": "words",
                    "members": {"Message": {"shape": "Text", "documentation": "words", "location": "header"}}}),
                json!({
                    "type": "object",
                    "properties": {"Message": {"$ref": "#/components/schemas/Text", "x-location": "header"}},
                    "x-error": {"status": 500, "fault": true},
                }),
            ),
        ] {
            assert_eq!(schema(&shape), expected);
        }
    }

    #[test]
    fn long_objects_are_broken_and_deep_ones_are_not() {
        let long = "x".repeat(LINE_MAX);
        assert_eq!(pretty(&json!({"a": {"b": 1}})), "{\"a\":{\"b\":1}}\n");
        assert_eq!(pretty(&json!({"a": long, "b": [1]})), format!("{{\n \"a\":\"{long}\",\n \"b\":[1]\n}}\n"));
    }
}
