//! Messages: what is signed, and the forms they have.

use super::attributes::SignatureVersion;
use super::message::{Attribute, Content, Invitation, Kind, Message};
use super::signing::Signer;
use crate::wire::{Fault, Map, Value};
use crate::world::call::{Call, perform};
use crate::world::payload::Upload;
use crate::world::scope::{AccountId, Region};
use crate::world::{Cadence, Settings, World};

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

const ACCOUNT: &str = "111122223333";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:t";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";

fn world() -> World {
    let settings = Settings {
        account: AccountId::parse(ACCOUNT).expect("an account"),
        region: Region::US_EAST_1,
        seed: 1,
        cadence: Cadence::Fast,
        data_dir: std::env::temp_dir().join(format!("trailcam-sns-{}", std::process::id())),
        log_memory: 0,
    };
    World::new(settings, "2026-01-01T00:00:00Z".parse().expect("a time"))
}

/// A call that a service makes for the account.
fn call(
    world: &mut World,
    service: &'static str,
    operation: &str,
    members: &[(&'static str, Value)],
) -> Result<(), Fault> {
    let input = Map(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect());
    let account = AccountId::parse(ACCOUNT).expect("an account");
    let call = Call::by_service(service, account, Region::US_EAST_1, ("sns", operation), input, Upload::default());
    perform(world, call.expect("an operation").working_for(TRAIL)).outcome.map(|_| ())
}

/// The policy that CloudTrail's guide gives for topics lets it in, and the policy of new topics does not
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html>).
#[test]
fn services_publish_where_the_policy_lets_them() {
    let mut world = world();
    let mut publish = |policy: Option<&str>, service: &'static str| {
        let place = super::TopicPlace::parse(TOPIC).expect("an ARN");
        let mut settings = super::attributes::Settings::new(&place);
        policy.iter().for_each(|policy| settings.set(&place, "Policy", policy).expect("a policy"));
        let (tags, subscriptions, endpoints, fifo) = Default::default();
        let topic = super::Topic { settings, tags, subscriptions, endpoints, fifo };
        world.regional(&place.account, place.region).sns.topics.insert(place.name.clone(), topic);
        call(&mut world, service, "Publish", &[("TopicArn", TOPIC.into()), ("Message", "m".into())])
            .map_err(|fault| fault.code)
    };
    let policy = |source: &str| {
        serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "AWSCloudTrailSNSPolicy20131101", "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "SNS:Publish", "Resource": TOPIC,
            "Condition": {"StringEquals": {"aws:SourceArn": source}}}]})
        .to_string()
    };
    let denied = Err("AuthorizationErrorException".to_owned());
    assert_eq!(publish(None, "cloudtrail.amazonaws.com"), denied);
    assert_eq!(publish(Some(&policy(TRAIL)), "cloudtrail.amazonaws.com"), Ok(()));
    assert_eq!(publish(Some(&policy("arn:other")), "cloudtrail.amazonaws.com"), denied);
    assert_eq!(publish(Some(&policy(TRAIL)), "s3.amazonaws.com"), denied);
}
