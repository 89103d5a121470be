//! What AWS says and does: sentences and places are those of its answers, as LocalStack's tests keep them; examples of
//! matching are those of the developer guide.

use super::*;
use crate::services::sns::message::Content;

const REDACTED: &str =
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: ";

fn refusal(policy: &str, scope: Scope) -> Option<String> {
    Filter::parse(policy, scope).err().map(|fault| fault.message)
}

#[test]
fn flaws_are_told_with_their_places() {
    let check = |policy: &str, sentence: &str, column: u32| {
        let expected = format!("Invalid parameter: FilterPolicy: {sentence}{REDACTED}{column}]");
        assert_eq!(refusal(policy, Scope::MessageAttributes), Some(expected), "{policy}");
    };
    check(r#"{"key":[["value"]]}"#, "Match value must be String, number, true, false, or null", 10);
    check(r#"{"key":[{"wrong-operator":true}]}"#, "Unrecognized match type wrong-operator", 31);
    check(r#"{"key":[{"suffix":"value","prefix":"value2"}]}"#, "Only one key allowed in match expression", 37);
    check(r#"{"key":[{"suffix":100}]}"#, "suffix match pattern must be a string", 22);
    check(r#"{"key":[{"suffix":null}]}"#, "suffix match pattern must be a string", 23);
    check(r#"{"key":{"suffix":"value"}}"#, "\"suffix\" must be an object or an array", 19);
    check(r#"{"key":[{"suffix":[]}]}"#, "suffix match pattern must be a string", 20);
    check(r#"{"key":[{"suffix":["test","test2"]}]}"#, "suffix match pattern must be a string", 20);
    check(r#"{"key":{"not-an-operator":"value"}}"#, "\"not-an-operator\" must be an object or an array", 28);
    check(r#"{"key_a":"value_one"}"#, "\"key_a\" must be an object or an array", 11);
    check(r#"{"key":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]", 22);
    check(r#"{"key":[{"numeric":["operator"]}]}"#, "Unrecognized numeric range operator: operator", 32);
    check(r#"{"key":[{"numeric":[1,"<="]}]}"#, "Invalid member in numeric match: 1", 22);
    check(r#"{"key":[{"numeric":["=","000"]}]}"#, "Value of equals must be numeric", 26);
    check(r#"{"key":[{"numeric":[">="]}]}"#, "Value of >= must be numeric", 26);
    check(r#"{"key":[{"numeric":["<",100,">",10]}]}"#, "Too many elements in numeric expression", 30);
    check(r#"{"key":[{"numeric":[">=",1,">",2]}]}"#, "Bad numeric range operator: >", 31);
    check(r#"{"key":[{"numeric":[">",3,"<",1]}]}"#, "Bottom must be less than top", 33);
    check(r#"{"key":[{"numeric":[">",20,"<="]}]}"#, "Value of <= must be numeric", 33);
    check(r#"{"key":[{"numeric":[">",20,30]}]}"#, "Bad value in numeric range: 30", 30);
    check(r#"{"key":[{"numeric":[">",20,"test"]}]}"#, "Bad numeric range operator: test", 34);
    check(r#"{"key":[{"numeric":[">","20","<","30"]}]}"#, "Value of > must be numeric", 26);
    check(r#"{"key":[{"numeric":[">",20,"<","30"]}]}"#, "Value of < must be numeric", 33);
    check(r#"{"key":[{"numeric":[">",20,"<",30,"<",50]}]}"#, "Too many terms in numeric range expression", 36);
    check(r#"{"key":[{"exists":null}]}"#, "exists match pattern must be either true or false.", 23);
    check(r#"{"key":[{"exists":"no"}]}"#, "exists match pattern must be either true or false.", 20);
}

#[test]
fn texts_that_are_no_json() {
    let check = |policy: &str, sentence: &str, column: u32| {
        let expected = format!("Invalid parameter: FilterPolicy: failed to parse JSON. {sentence}{REDACTED}{column}]");
        assert_eq!(refusal(policy, Scope::MessageAttributes), Some(expected), "{policy}");
    };
    check("{invalidjson}", "Unexpected character ('i' (code 105)): was expecting double-quote to start field name", 2);
    for broken in
        ["{", r#"{"a""#, r#"{"a":"#, r#"{"a":["#, r#"{"a":["b"#, r#"{"a":[1 2]}"#, r#"{"a":[tru]}"#, "{} {", "1e999"]
    {
        assert!(refusal(broken, Scope::MessageBody).is_some(), "{broken}");
    }
    let deep = "[".repeat(100_000);
    assert!(refusal(&deep, Scope::MessageBody).is_some());
}

#[test]
fn limits() {
    let check = |policy: &str, scope, sentence: Option<&str>| {
        let expected = sentence.map(|sentence| format!("Invalid parameter: {sentence}"));
        assert_eq!(refusal(policy, scope), expected, "{policy}");
    };
    let list = |count: usize| format!("[{}]", (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    let (attributes, body) = (Scope::MessageAttributes, Scope::MessageBody);
    let complex = Some("FilterPolicy: Filter policy is too complex");
    check(&format!(r#"{{"a":{}}}"#, list(150)), attributes, None);
    check(&format!(r#"{{"a":{}}}"#, list(151)), attributes, complex);
    check(&format!(r#"{{"a":{},"b":{}}}"#, list(15), list(10)), attributes, None);
    check(&format!(r#"{{"a":{},"b":{}}}"#, list(16), list(10)), attributes, complex);
    // 3 x 4 x 2 x 3 = 72, as the guide counts; with one value more in each, 3 x 5 x 2 x 4 = 120; then 3 x 6 x 2 x 5.
    let nested = |first, second| format!(r#"{{"a":{{"b":{{"c":{}}}}},"d":{{"e":{}}}}}"#, list(first), list(second));
    check(&nested(5, 4), body, None);
    check(&nested(6, 5), body, complex);
    check(&format!(r#"{{"$or":[{{"a":{}}},{{"b":{}}}]}}"#, list(75), list(75)), attributes, None);
    check(&format!(r#"{{"$or":[{{"a":{}}},{{"b":{}}}]}}"#, list(76), list(75)), attributes, complex);
    check(r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]}"#, attributes, None);
    let keys = Some("FilterPolicy: Filter policy can not have more than 5 keys");
    check(r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#, attributes, keys);
    let nesting = Some("Filter policy scope MessageAttributes does not support nested filter policy");
    check(r#"{"object":{"key":[{"prefix":"auto-"}]}}"#, attributes, nesting);
    check(r#"{"object":{"key":[{"prefix":"auto-"}]}}"#, body, None);
}

fn text(kind: &str, value: &str) -> Attribute {
    Attribute { kind: kind.to_owned(), content: Content::Text(value.to_owned()) }
}

#[test]
fn attributes_of_the_guide() {
    let check = |policy: &str, (kind, value): (&str, &str), expected: bool| {
        let filter = Filter::parse(policy, Scope::MessageAttributes).unwrap().unwrap();
        let attributes = [("a".to_owned(), text(kind, value))];
        assert_eq!(
            filter.passes(Scope::MessageAttributes, &attributes, &Body::new("")),
            expected,
            "{policy} {kind} {value}"
        );
    };
    let exact = r#"{"a":["rugby","tennis"]}"#;
    check(exact, ("String", "rugby"), true);
    check(exact, ("String", "baseball"), false);
    check(exact, ("String", "Rugby"), false);
    check(exact, ("String.Array", r#"["rugby","baseball"]"#), true);
    check(exact, ("String.Array", r#"["baseball"]"#), false);
    check(exact, ("String.Array", "rugby"), false);
    let anything_but = r#"{"a":[{"anything-but":["rugby","tennis"]}]}"#;
    check(anything_but, ("String", "baseball"), true);
    check(anything_but, ("String", "rugby"), false);
    check(anything_but, ("String.Array", r#"["rugby","baseball"]"#), true);
    check(anything_but, ("String.Array", r#"["rugby"]"#), false);
    check(r#"{"a":[{"anything-but":{"prefix":"order-"}}]}"#, ("String", "order-1"), false);
    check(r#"{"a":[{"anything-but":{"prefix":"order-"}}]}"#, ("String", "data-entry"), true);
    check(r#"{"a":[{"anything-but":{"suffix":"ball"}}]}"#, ("String", "baseball"), false);
    check(r#"{"a":[{"anything-but":[100,500]}]}"#, ("Number", "101"), true);
    check(r#"{"a":[{"anything-but":[100,500]}]}"#, ("Number", "100.0"), false);
    check(r#"{"a":[{"prefix":"bas"}]}"#, ("String", "baseball"), true);
    check(r#"{"a":[{"suffix":"ball"}]}"#, ("String", "rugby"), false);
    check(r#"{"a":[{"equals-ignore-case":"tennis"}]}"#, ("String", "TEnnis"), true);
    check(r#"{"a":[{"cidr":"10.0.0.0/24"}]}"#, ("String", "10.0.0.255"), true);
    check(r#"{"a":[{"cidr":"10.0.0.0/24"}]}"#, ("String", "10.1.1.0"), false);
    check(r#"{"a":[{"cidr":"2001:db8::/32"}]}"#, ("String", "2001:db8:1::1"), true);
    check(r#"{"a":[{"numeric":["=",301.5]}]}"#, ("Number", "3.015e2"), true);
    check(r#"{"a":[{"numeric":[">",0,"<=",150]}]}"#, ("Number", "150"), true);
    check(r#"{"a":[{"numeric":[">",0,"<=",150]}]}"#, ("Number", "0"), false);
    check(r#"{"a":[{"numeric":["<",0]}]}"#, ("String", "-1"), false);
    check(r#"{"a":[{"numeric":["=",1]}]}"#, ("String.Array", "[2,1]"), true);
    check(r#"{"a":[null,true]}"#, ("String.Array", r#"["x",null]"#), true);
    check(r#"{"a":[true]}"#, ("String", "true"), false);
    check(r#"{"a":[{"exists":true}]}"#, ("String", "x"), true);
    check(r#"{"a":[{"exists":false}]}"#, ("String", "x"), false);
    check(r#"{"b":[{"exists":false}]}"#, ("String", "x"), true);
    check(r#"{"b":["x"]}"#, ("String", "x"), false);
    check(r#"{"b":[{"anything-but":"y"}]}"#, ("String", "x"), false);
    check(r#"{"$or":[{"a":["x"]},{"b":["y"]}]}"#, ("String", "x"), true);
    check(r#"{"$or":[{"c":["x"]},{"b":["y"]}]}"#, ("String", "x"), false);
    check(r#"{"a":["x"],"$or":[{"c":["x"]},{"b":[{"exists":false}]}]}"#, ("String", "x"), true);
    check(r#"{"$or":["x"]}"#, ("String", "x"), false);
}

#[test]
fn binary_attributes_are_not_looked_at() {
    let filter = Filter::parse(r#"{"a":[{"exists":true}]}"#, Scope::MessageAttributes).unwrap().unwrap();
    let attribute = Attribute { kind: "Binary".to_owned(), content: Content::Binary(vec![1].into()) };
    assert!(!filter.passes(Scope::MessageAttributes, &[("a".to_owned(), attribute)], &Body::new("")));
}

#[test]
fn bodies() {
    let check = |policy: &str, body: &str, expected: bool| {
        let filter = Filter::parse(policy, Scope::MessageBody).unwrap().unwrap();
        assert_eq!(filter.passes(Scope::MessageBody, &[], &Body::new(body)), expected, "{policy} {body}");
    };
    check(r#"{"a":["x"]}"#, r#"{"a":"x","b":1}"#, true);
    check(r#"{"a":["x"]}"#, r#"{"a":["y",["x"]]}"#, true);
    check(r#"{"a":["x"]}"#, "x", false);
    check(r#"{"a":["x"]}"#, r#"["x"]"#, false);
    check(r#"{"a":[1]}"#, r#"{"a":1.0}"#, true);
    check(r#"{"a":["1"]}"#, r#"{"a":1}"#, false);
    check(r#"{"a":[true,null]}"#, r#"{"a":null}"#, true);
    check(r#"{"a":{"b":[{"prefix":"x"}]}}"#, r#"{"a":{"b":"xy"}}"#, true);
    check(r#"{"a":{"b":[{"prefix":"x"}]}}"#, r#"{"a":"xy"}"#, false);
    check(r#"{"a":{"b":[{"exists":false}]}}"#, r#"{}"#, true);
    check(r#"{"a":[{"exists":true}]}"#, r#"{"a":{"b":1}}"#, false);
    check(r#"{"a":{"b":["x"],"c":["y"]}}"#, r#"{"a":[{"b":"x","c":"z"},{"b":"z","c":"y"}]}"#, false);
    check(r#"{"a":{"b":["x"],"c":["y"]}}"#, r#"{"a":[{"b":"z"},{"b":"x","c":"y"}]}"#, true);
    check(r#"{"a":{"$or":[{"b":["x"]},{"c":[1]}]}}"#, r#"{"a":{"c":1}}"#, true);
}
