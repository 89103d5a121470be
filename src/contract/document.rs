//! An OpenAPI document with its overlay, read into a [`Contract`].
//!
//! Only `build.rs` and tests read documents; the program itself has the packed form. An overlay is a
//! list of corrections, each with its reason, that are merged into the document before it is read.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::model::*;

/// Merges the corrections of an overlay into a document. A correction may hold
/// - `service`: facts about the service, merged into `x-trailcam-service`;
/// - `operations`: facts by operation name, or a list of names that all get the facts in `set`;
/// - `schemas`: facts by shape name;
/// - `errors`: errors that the model lacks, by name, each with its `x-error`;
/// - `remove`: names of operations that nobody can call.
///
/// What it names must exist, so that a correction cannot outlive what it corrects.
pub fn correct(document: &mut Value, overlay: &Value) -> Result<(), String> {
    let corrections = overlay["corrections"].as_array().ok_or("an overlay is a list of `corrections`")?;
    for correction in corrections {
        if text(&correction["reason"]).is_empty() {
            return Err(format!("a correction without a reason: {correction}"));
        }
        if let Some(facts) = correction.get("service") {
            merge(&mut document["x-trailcam-service"], facts);
        }
        match &correction["operations"] {
            Value::Array(names) => {
                for name in names {
                    merge(operation_in(document, text(name))?, &correction["set"]);
                }
            }
            facts => {
                for (name, facts) in members(facts) {
                    merge(operation_in(document, name)?, facts);
                }
            }
        }
        for (name, facts) in members(&correction["schemas"]) {
            correct_schema(document, name, facts)?;
        }
        for (name, facts) in members(&correction["errors"]) {
            add_error(document, name, facts)?;
        }
        for name in list(&correction["remove"]) {
            remove_operation(document, text(name))?;
        }
    }
    Ok(())
}

fn correct_schema(document: &mut Value, name: &str, facts: &Value) -> Result<(), String> {
    let schemas = &mut document["components"]["schemas"];
    let schema = schemas.get_mut(name).ok_or_else(|| format!("no schema {name}"))?;
    for (member, _) in members(&facts["properties"]) {
        schema["properties"].get(member).ok_or_else(|| format!("no member {name}.{member}"))?;
    }
    merge(schema, facts);
    Ok(())
}

fn add_error(document: &mut Value, name: &str, facts: &Value) -> Result<(), String> {
    let schemas = document["components"]["schemas"].as_object_mut().ok_or("no schemas")?;
    let error = json!({"type": "object", "properties": {}, "x-error": facts});
    schemas.insert(name.to_owned(), error).map_or(Ok(()), |_| Err(format!("the model has the error {name}")))
}

fn operation_in<'a>(document: &'a mut Value, name: &str) -> Result<&'a mut Value, String> {
    let paths = document["paths"].as_object_mut().ok_or("no paths")?;
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut());
    let mut named = operations.filter(|operation| operation["operationId"] == name);
    named.next().ok_or_else(|| format!("no operation {name}"))
}

fn remove_operation(document: &mut Value, name: &str) -> Result<(), String> {
    let paths = document["paths"].as_object_mut().ok_or("no paths")?;
    let before = paths.len();
    paths.retain(|path, _| path.rsplit_once('#').is_none_or(|(_, operation)| operation != name));
    if paths.len() == before { Err(format!("no operation {name}")) } else { Ok(()) }
}

/// Objects are merged member by member; anything else is replaced.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Reads a corrected document. The contract's names are slices of it, so it must live on.
pub fn read(service: &'static str, document: &'static Value) -> Result<Contract, String> {
    let schemas = document["components"]["schemas"].as_object().ok_or("no schemas")?;
    let mut names: Vec<&'static str> = schemas.keys().map(String::as_str).collect();
    names.sort_unstable();
    let ids = names.iter().zip((0..).map(ShapeId)).map(|(name, id)| (*name, id)).collect();
    let reader = Reader { schemas, ids };
    let mut shapes = Vec::with_capacity(names.len());
    for name in names {
        shapes.push(reader.shape(name, &schemas[name]).map_err(|error| format!("{name}: {error}"))?);
    }
    let mut operations = Vec::new();
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            operations.push(reader.operation(method, operation).map_err(|error| format!("{path}: {error}"))?);
        }
    }
    operations.sort_unstable_by_key(|operation| operation.name);
    let contract = service_facts(service, document)?;
    Ok(Contract { operations, shapes, ..contract }.index())
}

fn service_facts(service: &'static str, document: &'static Value) -> Result<Contract, String> {
    let facts = &document["x-trailcam-service"];
    let protocols = list(&facts["protocols"]).iter().map(|name| protocol(text(name))).collect::<Result<Vec<_>, _>>()?;
    let first = *protocols.first().ok_or("no protocol")?;
    Ok(Contract {
        service,
        protocols,
        json_version: text(&facts["jsonVersion"]),
        target_prefix: text(&facts["targetPrefix"]),
        rpc_name: text(&facts["rpcName"]),
        signing_name: text(&facts["signingName"]),
        endpoint_prefix: text(&facts["endpointPrefix"]),
        api_version: text(&document["info"]["version"]),
        xml_namespace: text(&facts["xmlNamespace"]),
        path_member: text(&facts["pathMember"]),
        error_namespace: text(&facts["errorNamespace"]),
        global: flag(facts, "global"),
        query_compatible: flag(facts, "queryCompatible"),
        validation: validation(text(&facts["validation"]), first)?,
        record: record_style(&facts["record"])?,
        operations: Vec::new(),
        shapes: Vec::new(),
        by_name: HashMap::new(),
    })
}

fn protocol(name: &str) -> Result<Protocol, String> {
    Ok(match name {
        "json" => Protocol::Json,
        "query" => Protocol::Query,
        "ec2" => Protocol::Ec2,
        "rest-xml" => Protocol::RestXml,
        "rest-json" => Protocol::RestJson,
        "cbor" => Protocol::Cbor,
        _ => return Err(format!("unknown protocol {name}")),
    })
}

fn validation(name: &str, first: Protocol) -> Result<Validation, String> {
    Ok(match (name, first) {
        ("exception", _) | ("", Protocol::Json | Protocol::Cbor | Protocol::RestJson) => Validation::Exception,
        ("error", _) | ("", Protocol::Query) => Validation::Error,
        ("parameter", _) => Validation::Parameter,
        ("ec2", _) | ("", Protocol::Ec2) => Validation::Ec2,
        ("s3", _) | ("", Protocol::RestXml) => Validation::S3,
        ("missing", _) => Validation::Missing,
        _ => return Err(format!("unknown validation {name}")),
    })
}

fn record_style(facts: &'static Value) -> Result<RecordStyle, String> {
    Ok(RecordStyle {
        event_source: text(&facts["eventSource"]),
        event_version: text(&facts["eventVersion"]),
        api_version: text(&facts["apiVersion"]),
        form: match text(&facts["form"]) {
            "" => RecordForm::Members,
            "ec2" => RecordForm::Ec2,
            "s3" => RecordForm::S3,
            other => return Err(format!("unknown record form {other}")),
        },
        comma_after_year: flag(facts, "commaAfterYear"),
        keeps_denied_parameters: flag(facts, "keepsDeniedParameters"),
    })
}

/// Resolves references while shapes and operations are read.
struct Reader {
    schemas: &'static Map<String, Value>,
    ids: HashMap<&'static str, ShapeId>,
}

impl Reader {
    fn shape(&self, name: &'static str, schema: &'static Value) -> Result<Shape, String> {
        Ok(Shape {
            name,
            kind: self.kind(schema)?,
            constraints: constraints(schema),
            sensitive: flag(schema, "x-sensitive"),
            error: schema.get("x-error").map(error_trait),
        })
    }

    fn kind(&self, schema: &'static Value) -> Result<Kind, String> {
        let flattened = flag(schema, "x-flattened");
        Ok(match (text(&schema["type"]), text(&schema["format"])) {
            ("object", _) => match schema.get("additionalProperties") {
                Some(value) => Kind::Map {
                    key: self.reference(&schema["propertyNames"])?,
                    value: self.reference(value)?,
                    flattened,
                },
                None => Kind::Structure(self.structure(schema)?),
            },
            ("array", _) => Kind::List { member: self.reference(&schema["items"])?, flattened },
            ("boolean", _) => Kind::Boolean,
            ("integer", "int64") => Kind::Long,
            ("integer", _) => Kind::Integer,
            ("number", "float") => Kind::Float,
            ("number", _) => Kind::Double,
            ("string", "byte") => Kind::Blob,
            ("string", "date-time") => Kind::Timestamp(timestamp_format(text(&schema["x-timestampFormat"]))?),
            ("string", _) => Kind::String,
            (other, _) => return Err(format!("unknown type {other}")),
        })
    }

    fn structure(&self, schema: &'static Value) -> Result<Structure, String> {
        let required = list(&schema["required"]);
        let mut structure = Structure {
            members: Vec::new(),
            payload: text(&schema["x-payload"]),
            union: flag(schema, "x-union"),
            event_stream: flag(schema, "x-eventStream"),
        };
        for (name, site) in members(&schema["properties"]) {
            let mut member = self.member(name, site).map_err(|error| format!("{name}: {error}"))?;
            member.required = required.iter().any(|required| required == name);
            structure.members.push(member);
        }
        Ok(structure)
    }

    fn member(&self, name: &'static str, site: &'static Value) -> Result<Member, String> {
        Ok(Member {
            name,
            shape: self.id(site)?,
            location: location(text(&site["x-location"]))?,
            wire_name: text(&site["x-locationName"]),
            query_name: text(&site["x-queryName"]),
            required: false,
            flattened: flag(site, "x-flattened"),
            xml_attribute: flag(site, "x-xmlAttribute"),
            xml_namespace: self.namespace(site),
            idempotency_token: flag(site, "x-idempotencyToken"),
            streaming: flag(site, "x-streaming"),
            redact: redaction(text(&site["x-redact"]))?,
            record: site.get("x-record").map(member_record),
        })
    }

    /// The namespace of a member's element: its own, or that of its type (`xsi` of S3's `Grantee`).
    fn namespace(&self, site: &'static Value) -> (&'static str, &'static str) {
        let of_type = schema_name(site).and_then(|name| self.schemas.get(name)?.get("x-xmlNamespace"));
        let namespace = site.get("x-xmlNamespace").or(of_type).unwrap_or(&Value::Null);
        (text(&namespace["uri"]), text(&namespace["prefix"]))
    }

    fn operation(&self, method: &str, operation: &'static Value) -> Result<Operation, String> {
        let (status, _) = members(&operation["responses"]).next().ok_or("no response")?;
        Ok(Operation {
            name: text(&operation["operationId"]),
            method: method_name(method)?,
            uri: operation["x-uri"].as_str().unwrap_or("/"),
            status: status.parse().map_err(|_| "the first response is not the success")?,
            input: self.shape_named(&operation["x-input"])?,
            output: self.shape_named(&operation["x-output"])?,
            result_wrapper: text(&operation["x-resultWrapper"]),
            input_root: text(&operation["x-locationName"]),
            output_root: text(&operation["x-outputRoot"]),
            output_unwrapped: flag(operation, "x-outputUnwrapped"),
            errors: self.errors(&operation["responses"]["default"])?,
            checksum_required: flag(operation, "x-checksumRequired"),
            event_name: text(&operation["x-eventName"]),
            record_wrapped: flag(operation, "x-recordWrapped"),
            record_response: flag(operation, "x-recordResponse"),
            record_endpoint: flag(operation, "x-recordEndpoint"),
            record_read_only: operation.get("x-recordReadOnly").and_then(Value::as_bool),
            record_data: flag(operation, "x-recordData"),
            record_extra: text(&operation["x-recordExtra"]),
            record_answer: text(&operation["x-recordAnswer"]),
            unsigned: flag(operation, "x-unsigned"),
        })
    }

    fn errors(&self, response: &'static Value) -> Result<Vec<ShapeId>, String> {
        let content = members(&response["content"]).next();
        let errors = content.map_or(&[][..], |(_, media)| list(&media["schema"]["anyOf"]));
        errors.iter().map(|error| self.id(error)).collect()
    }

    fn shape_named(&self, name: &'static Value) -> Result<Option<ShapeId>, String> {
        let Some(name) = name.as_str() else { return Ok(None) };
        self.ids.get(name).copied().map(Some).ok_or_else(|| format!("no schema {name}"))
    }

    fn reference(&self, site: &'static Value) -> Result<Reference, String> {
        Ok(Reference { shape: self.id(site)?, wire_name: text(&site["x-locationName"]) })
    }

    fn id(&self, site: &'static Value) -> Result<ShapeId, String> {
        let id = schema_name(site).and_then(|name| self.ids.get(name).copied());
        id.ok_or_else(|| format!("bad reference {}", site["$ref"]))
    }
}

fn schema_name(site: &Value) -> Option<&str> {
    text(&site["$ref"]).strip_prefix("#/components/schemas/")
}

fn constraints(schema: &'static Value) -> Constraints {
    let bound = |names: [&str; 4]| names.iter().find_map(|name| schema.get(name)?.as_f64());
    Constraints {
        min: bound(["minimum", "minLength", "minItems", "minProperties"]),
        max: bound(["maximum", "maxLength", "maxItems", "maxProperties"]),
        pattern: text(&schema["pattern"]),
        values: list(&schema["enum"]).iter().map(text).collect(),
    }
}

fn error_trait(facts: &'static Value) -> ErrorTrait {
    let status = facts["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    ErrorTrait {
        code: text(&facts["code"]),
        status: status.unwrap_or(400),
        fault: flag(facts, "fault"),
        namespace: text(&facts["namespace"]),
        query_message: [text(&facts["queryMessage"][0]), text(&facts["queryMessage"][1])],
    }
}

fn timestamp_format(name: &str) -> Result<Option<TimestampFormat>, String> {
    Ok(match name {
        "" => None,
        "iso8601" => Some(TimestampFormat::Iso8601),
        "rfc822" => Some(TimestampFormat::Rfc822),
        "unixTimestamp" => Some(TimestampFormat::UnixSeconds),
        other => return Err(format!("unknown timestamp format {other}")),
    })
}

fn location(name: &str) -> Result<Location, String> {
    Ok(match name {
        "" => Location::Body,
        "uri" => Location::Uri,
        "querystring" => Location::Query,
        "header" => Location::Header,
        "headers" => Location::Headers,
        "statusCode" => Location::Status,
        other => return Err(format!("unknown location {other}")),
    })
}

fn redaction(name: &str) -> Result<Redaction, String> {
    Ok(match name {
        "" => Redaction::None,
        "hidden" => Redaction::Hidden,
        "removed" => Redaction::Removed,
        "omitted" => Redaction::Omitted,
        other => return Err(format!("unknown redaction {other}")),
    })
}

fn member_record(facts: &'static Value) -> Box<MemberRecord> {
    Box::new(MemberRecord {
        name: text(&facts["name"]),
        item: text(&facts["item"]),
        default: text(&facts["default"]),
        within: text(&facts["within"]),
        plain: flag(facts, "plain"),
    })
}

fn method_name(method: &str) -> Result<&'static str, String> {
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE"];
    let found = methods.into_iter().find(|name| name.eq_ignore_ascii_case(method));
    found.ok_or_else(|| format!("unknown method {method}"))
}

fn flag(facts: &Value, name: &str) -> bool {
    facts.get(name).is_some_and(|value| *value == true)
}

fn members(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn list(array: &Value) -> &[Value] {
    array.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "info": {"version": "2020-01-01"},
            "x-trailcam-service": {"protocols": ["json"]},
            "paths": {"/#Do": {"post": {"operationId": "Do", "x-input": "Request", "responses": {"200": {}}}}},
            "components": {"schemas": {
                "Request": {"type": "object", "properties": {"Name": {"$ref": "#/components/schemas/Name"}}},
                "Name": {"type": "string", "maxLength": 8},
            }},
        })
    }

    #[test]
    fn corrections_need_a_reason_and_something_to_correct() {
        for (correction, error) in [
            (json!({"service": {"global": true}}), "without a reason"),
            (json!({"reason": "r", "operations": {"Undo": {}}}), "no operation Undo"),
            (json!({"reason": "r", "operations": ["Undo"], "set": {}}), "no operation Undo"),
            (json!({"reason": "r", "remove": ["Undo"]}), "no operation Undo"),
            (json!({"reason": "r", "schemas": {"Answer": {}}}), "no schema Answer"),
            (json!({"reason": "r", "schemas": {"Request": {"properties": {"Nam": {}}}}}), "no member Request.Nam"),
        ] {
            let refused = correct(&mut document(), &json!({"corrections": [correction]})).unwrap_err();
            assert!(refused.contains(error), "{refused}");
        }
    }

    #[test]
    fn corrections_are_merged_and_read() {
        let mut document = document();
        let corrections = json!({"corrections": [
            {"reason": "r", "service": {"global": true, "validation": "s3"}},
            {"reason": "r", "operations": ["Do"], "set": {"x-recordWrapped": true}},
            {"reason": "r", "operations": {"Do": {"x-eventName": "Done"}}},
            {"reason": "r", "schemas": {"Request": {"properties": {"Name": {"x-redact": "hidden"}}}}},
        ]});
        correct(&mut document, &corrections).expect("all of it exists");
        let contract = read("test", Box::leak(Box::new(document))).expect("it is a contract");
        let [operation] = &contract.operations[..] else { panic!("one operation") };
        assert_eq!((operation.event_name, operation.record_wrapped), ("Done", true));
        assert_eq!((contract.global, contract.validation), (true, Validation::S3));
        let request = contract.structure(operation.input.expect("it has an input")).expect("a structure");
        assert_eq!(request.member("Name").map(|member| member.redact), Some(Redaction::Hidden));
    }
}
