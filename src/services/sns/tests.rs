//! Messages: what is signed, and the forms they have.

use super::attributes::SignatureVersion;
use super::message::{Attribute, Content, Invitation, Kind, Message};
use super::signing::Signer;
use crate::wire::{Map, Value};

fn message(kind: Kind) -> Message {
    let published = "2012-04-26T20:45:04.751Z".parse().expect("a time");
    let arn = "arn:aws:sns:us-west-2:123456789012:MyTopic".to_owned();
    let mut message = Message::new(kind, "165545c9".to_owned(), arn, "Say \"é\"\n".to_owned(), published);
    message.signature_version = SignatureVersion::Two;
    message
}

#[test]
fn envelopes_are_those_of_aws() {
    let signer = Signer::new(1);
    let mut message = message(Kind::Notification);
    message.subject = Some("About".to_owned());
    message.attributes = vec![
        ("b".to_owned(), Attribute { kind: "Binary".to_owned(), content: Content::Binary(vec![2, 3, 4].into()) }),
        ("a".to_owned(), Attribute { kind: "Number".to_owned(), content: Content::Text("1".to_owned()) }),
    ];
    let signature = message.signature(&signer).to_owned();
    let expected = format!(
        r#"{{
  "Type" : "Notification",
  "MessageId" : "165545c9",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject" : "About",
  "Message" : "Say \"é\"\n",
  "Timestamp" : "2012-04-26T20:45:04.751Z",
  "SignatureVersion" : "2",
  "Signature" : "{signature}",
  "SigningCertURL" : "http://h/{}",
  "UnsubscribeURL" : "http://h/?Action=Unsubscribe&SubscriptionArn=arn:s",
  "MessageAttributes" : {{
    "b" : {{"Type":"Binary","Value":"AgME"}},
    "a" : {{"Type":"Number","Value":"1"}}
  }}
}}"#,
        signer.certificate_name()
    );
    assert_eq!(message.envelope(&signer, "arn:s", "http://h"), expected);
    assert_eq!(
        message.line("arn:s", "http://h"),
        r#"{"Type":"Notification","MessageId":"165545c9","TopicArn":"arn:aws:sns:us-west-2:123456789012:MyTopic","Subject":"About","Message":"Say \"é\"\n","Timestamp":"2012-04-26T20:45:04.751Z","UnsubscribeURL":"http://h/?Action=Unsubscribe&SubscriptionArn=arn:s","MessageAttributes":{"b":{"Type":"Binary","Value":"AgME"},"a":{"Type":"Number","Value":"1"}}}"#
    );
}

#[test]
fn ordered_messages_are_not_signed() {
    let mut message = message(Kind::Notification);
    message.sequence_number = Some("10000000000000000000".to_owned());
    let keys: Vec<String> = keys(&message.envelope(&Signer::new(1), "arn:s", "http://h"));
    assert_eq!(keys, ["Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL"]);
    assert!(!message.is_signed());
}

#[test]
fn invitations_have_a_token_and_a_link() {
    let invitation = Invitation { token: "t".to_owned(), url: "http://h/?Action=ConfirmSubscription".to_owned() };
    let message = message(Kind::SubscriptionConfirmation(invitation));
    let expected = [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ];
    assert_eq!(keys(&message.envelope(&Signer::new(1), "arn:s", "http://h")), expected);
}

fn keys(document: &str) -> Vec<String> {
    let document: serde_json::Value = serde_json::from_str(document).expect("JSON");
    document.as_object().expect("an object").keys().cloned().collect()
}

/// AWS's sentences, as LocalStack's tests keep them.
#[test]
fn attributes_that_are_refused() {
    let check = |name: &str, members: &[(&'static str, Value)], expected: Option<&str>| {
        let value = Value::Map(Map(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()));
        let found = Attribute::read(name, &value).err().map(|fault| fault.message);
        assert_eq!(found.as_deref(), expected, "{name} {members:?}");
    };
    let kind = |kind: &str| ("DataType", Value::from(kind));
    let text = |text: &str| ("StringValue", Value::from(text));
    let bytes = |bytes: &'static [u8]| ("BinaryValue", Value::Blob(bytes.into()));
    check("a", &[kind("String"), text("x")], None);
    check("a", &[kind("String.anything"), text("x")], None);
    check("a", &[kind("Number"), text("-1.5e3")], None);
    check("a", &[kind("Binary.gif"), bytes(&[1])], None);
    let empty =
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.";
    check("a", &[kind("String"), text("")], Some(empty));
    check("a", &[kind("String")], Some(empty));
    check(
        "a",
        &[kind("String"), bytes(&[1])],
        Some("The message attribute 'a' with type 'String' must use field 'String'."),
    );
    check(
        "a",
        &[kind("Binary"), text("x")],
        Some("The message attribute 'a' with type 'Binary' must use field 'Binary'."),
    );
    check(
        "a",
        &[kind("InvalidType"), text("x")],
        Some(
            "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is \
             Binary, Number, and String.",
        ),
    );
    check("a", &[kind("Number"), text("x")], Some("Could not cast message attribute 'a' value to number."));
    let long = "a".repeat(257);
    check(&long, &[kind("String"), text("x")], Some("Length of message attribute name must be less than 256 bytes."));
    check(
        "a^*?",
        &[kind("String"), text("x")],
        Some(
            "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
        ),
    );
    let dot = |place: &str| format!("Invalid message attribute name {place} with character '.' was found.");
    check(".a", &[kind("String"), text("x")], Some(&dot("starting")));
    check("a.", &[kind("String"), text("x")], Some(&dot("ending")));
    check("a..b", &[kind("String"), text("x")], Some("Message attribute name can not have successive '.' character."));
}
