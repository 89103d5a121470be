//! No bytes make a decoder panic.

use http::HeaderMap;
use proptest::prelude::*;

use super::{contract, contracts};
use crate::contract::{Contract, OperationId, Protocol};
use crate::wire::{Encoded, Head, Map, VALUES_MAX, Value, check, decode, decode_answer, route};

fn head<'a>(query: &'a str, path: &'a str, headers: &'a HeaderMap) -> Head<'a> {
    Head { method: "PUT", path, query, headers, host: "localhost" }
}

/// Reads the same bytes as a request and as an answer.
fn read(contract: &Contract, operation: &str, protocol: Protocol, query: &str, path: &str, body: &[u8]) {
    let id = contract.find(operation).expect(operation);
    let headers = HeaderMap::new();
    if let Ok(input) = decode(contract, id, protocol, &head(query, path, &headers), body) {
        let _ = check(contract, id, &input);
    }
    let answer = Encoded { status: 200, headers: Vec::new(), body: body.to_vec() };
    let _ = decode_answer(contract, id, protocol, &answer);
}

fn json_like() -> impl Strategy<Value = String> {
    r#"[\[\]{}:,"0-9a-zA-Z.\\eE+-]{0,60}"#.prop_map(|text| format!("{{\"EventSelectors\":{text}"))
}

fn xml_like() -> impl Strategy<Value = String> {
    r#"(<[a-zA-Z]{1,3}>|</[a-zA-Z]{1,3}>|<Tagging>|<TagSet>|<Tag>|</Tag>|&[a-z#0-9]{1,6};|<!\[CDATA\[|<!--|<\?|[a-z ]){0,30}"#
}

fn form_like() -> impl Strategy<Value = String> {
    r#"((Filter|Filters|MetricData|member|Tag|[0-9]{1,12}|Name|Value|[.]{1,5})[.=&%]?){0,30}"#
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200), query in ".{0,40}", path in ".{0,40}") {
        for contract in contracts() {
            for protocol in &contract.protocols {
                let id = OperationId(body.len() as u32 % contract.operations.len() as u32);
                read(contract, contract.operation(id).name, *protocol, &query, &path, &body);
            }
        }
        let headers = HeaderMap::new();
        let _ = route(&head(&query, &path, &headers), Some(&body));
    }

    #[test]
    fn almost_json(body in json_like()) {
        read(contract("cloudtrail"), "PutEventSelectors", Protocol::Json, "", "/", body.as_bytes());
    }

    #[test]
    fn almost_xml(body in xml_like()) {
        read(contract("s3"), "PutBucketTagging", Protocol::RestXml, "tagging", "/b", body.as_bytes());
    }

    #[test]
    fn almost_a_form(body in form_like()) {
        read(contract("ec2"), "DescribeVpcs", Protocol::Ec2, "", "/", body.as_bytes());
        read(contract("cloudwatch"), "PutMetricData", Protocol::Query, "", "/", body.as_bytes());
    }

    #[test]
    fn almost_cbor(mut body in proptest::collection::vec(any::<u8>(), 0..120)) {
        body.splice(0..0, *b"\xbf\x6aMetricData");
        read(contract("cloudwatch"), "PutMetricData", Protocol::Cbor, "", "/", &body);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (service, operation, protocol, unit) in [
        ("cloudtrail", "PutEventSelectors", Protocol::Json, "{\"EventSelectors\":["),
        ("cloudtrail", "PutEventSelectors", Protocol::Json, "{\"x\":["),
        ("s3", "PutBucketTagging", Protocol::RestXml, "<Tagging>"),
        ("cloudwatch", "PutMetricData", Protocol::Cbor, "\x1f"),
        ("cloudwatch", "PutMetricData", Protocol::Query, "MetricData."),
    ] {
        let body = unit.repeat(100_000);
        read(contract(service), operation, protocol, "", "/", body.as_bytes());
    }
    read(contract("cloudwatch"), "PutMetricData", Protocol::Cbor, "", "/", &[0x9f; 100_000]);
    read(contract("cloudwatch"), "PutMetricData", Protocol::Cbor, "", "/", &[0xc1; 100_000]);
}

/// Few bytes can stand for many values, each of which takes memory.
#[test]
fn floods_are_refused() {
    let check = |service: &str, operation: &str, protocol, body: &[u8], code: &str| {
        let contract = contract(service);
        let id = contract.find(operation).expect(operation);
        let headers = HeaderMap::new();
        let read = |body| decode(contract, id, protocol, &head("", "/b", &headers), body);
        assert_eq!(read(body).map_err(|fault| fault.code), Err(code.to_owned()), "{operation} {protocol:?}");
    };
    let many = |unit: &str| unit.repeat(VALUES_MAX);
    let json = format!("{{\"EventSelectors\":[{}{{}}]}}", many("{},"));
    check("cloudtrail", "PutEventSelectors", Protocol::Json, json.as_bytes(), "SerializationException");
    let xml = format!("<Tagging>{}</Tagging>", many("<a/>"));
    check("s3", "PutBucketTagging", Protocol::RestXml, xml.as_bytes(), "MalformedXML");
    let cbor = [b"\xbf\x6aMetricData\x9f".to_vec(), vec![0xa0; VALUES_MAX], b"\xff\xff".to_vec()].concat();
    check("cloudwatch", "PutMetricData", Protocol::Cbor, &cbor, "SerializationException");
    let form: String = (0..=VALUES_MAX).map(|number| format!("{number}&")).collect();
    check("iam", "CreateUser", Protocol::Query, form.as_bytes(), "MalformedInput");
    check("ec2", "DescribeVpcs", Protocol::Ec2, form.as_bytes(), "InvalidParameterValue");
}

/// As many breaches as values are not all told.
#[test]
fn breaches_without_end_are_not_told_without_end() {
    let contract = contract("cloudwatch");
    let id = contract.find("PutMetricData").expect("PutMetricData");
    let data = vec![Value::Map(Map::new()); 100_000];
    let input = Value::Map(Map(vec![("Namespace".into(), "a".into()), ("MetricData".into(), data.into())]));
    let fault = check(contract, id, &input).expect_err("each lacks its name");
    assert!(fault.message.starts_with("1000 validation errors detected: "), "{}", &fault.message[..40]);
}
