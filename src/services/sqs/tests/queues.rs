//! Queues themselves: their names, attributes, tags and policies.

use serde_json::{Value as Json, json};

use super::{ACCOUNT, Fixture, OTHER};
use crate::world::call::Sender;
use crate::world::scope::AccountId;

#[test]
fn creation_is_idempotent_as_long_as_attributes_agree() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({"DelaySeconds": "1"}));
    assert_eq!(url, format!("http://q.example/{ACCOUNT}/q"));
    for same in [json!({}), json!({"DelaySeconds": "1"}), json!({"VisibilityTimeout": "30", "DelaySeconds": "1"})] {
        assert_eq!(fixture.queue("q", same), url);
    }
    let check = |attributes: Json, name: &str| {
        let (code, sentence) = fixture.refused("CreateQueue", json!({"QueueName": "q", "Attributes": attributes}));
        let wanted = format!("A queue already exists with the same name and a different value for attribute {name}");
        assert_eq!((code.as_str(), sentence), ("QueueNameExists", wanted));
    };
    check(json!({"DelaySeconds": "2"}), "DelaySeconds");
    check(json!({"DelaySeconds": "1", "VisibilityTimeout": "31"}), "VisibilityTimeout");
    fixture.ok("DeleteQueue", json!({"QueueUrl": url}));
    assert_eq!(fixture.refused("CreateQueue", json!({"QueueName": "q"})).0, "QueueDeletedRecently");
    fixture.advance(60);
    fixture.queue("q", json!({}));
}

#[test]
fn names_and_attributes_of_queues() {
    let fixture = Fixture::new();
    let check = |name: &str, attributes: Json, refusal: Option<(&str, &str)>| {
        let made = fixture.call("CreateQueue", json!({"QueueName": name, "Attributes": attributes}));
        let fault = made.err().map(|fault| (fault.code, fault.message));
        let found = fault.as_ref().map(|(code, message)| (code.as_str(), message.as_str()));
        assert_eq!(found, refusal, "{name} {attributes}");
    };
    let name = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    let fifo_name = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must \
        end with .fifo suffix and be 1 to 80 in length";
    check(&"a".repeat(80), json!({}), None);
    check(&"a".repeat(81), json!({}), Some(("InvalidParameterValue", name)));
    check("a b", json!({}), Some(("InvalidParameterValue", name)));
    check("a.fifo", json!({}), Some(("InvalidParameterValue", name)));
    check("a.fifo", json!({"FifoQueue": "true"}), None);
    check("a", json!({"FifoQueue": "true"}), Some(("InvalidParameterValue", fifo_name)));
    check("b", json!({"FifoQueue": "false"}), Some(("InvalidAttributeName", "Unknown Attribute FifoQueue.")));
    let unknown = "Unknown Attribute ContentBasedDeduplication.";
    check("b", json!({"ContentBasedDeduplication": "true"}), Some(("InvalidAttributeName", unknown)));
    check("b", json!({"Colour": "red"}), Some(("InvalidAttributeName", "Unknown Attribute Colour.")));
    check("b", json!({"QueueArn": "x"}), Some(("InvalidAttributeName", "Unknown Attribute QueueArn.")));
    for (attribute, below, above) in [
        ("DelaySeconds", "-1", "901"),
        ("MaximumMessageSize", "1023", "1048577"),
        ("MessageRetentionPeriod", "59", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "-1", "21"),
        ("VisibilityTimeout", "-1", "43201"),
        ("KmsDataKeyReusePeriodSeconds", "59", "86401"),
        ("SqsManagedSseEnabled", "perhaps", ""),
        ("Policy", "{}", "x"),
    ] {
        for value in [below, above, "one"] {
            let sentence = format!("Invalid value for the parameter {attribute}.");
            check("b", json!({attribute: value}), Some(("InvalidAttributeValue", &sentence)));
        }
    }
    let high = json!({"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"});
    let sentence = "Invalid value for the parameter FifoThroughputLimit. Reason: The value perMessageGroupId is allowed \
        only when the value for DeduplicationScope is messageGroup.";
    check("b.fifo", high, Some(("InvalidAttributeValue", sentence)));
    let high =
        json!({"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"});
    check("b.fifo", high, None);
    let policy = r#"{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}"#;
    let sentence = format!(
        "Value {policy} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn."
    );
    check("b", json!({"RedrivePolicy": policy}), Some(("InvalidParameterValue", &sentence)));
    check("b", json!({"KmsMasterKeyId": ""}), None);
    assert_eq!(
        fixture.refused("CreateQueue", json!({"QueueName": "c", "Attributes": {"KmsMasterKeyId": "k"}})).0,
        "NotImplemented"
    );
}

#[test]
fn attributes_as_real_queues_show_them() {
    let fixture = Fixture::new();
    let url = fixture.queue(
        "q",
        json!({"MessageRetentionPeriod": "604800", "ReceiveMessageWaitTimeSeconds": "10", "VisibilityTimeout": "20"}),
    );
    let all = |url: &str| fixture.ok("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["All"]}));
    let standard = json!({
        "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0", "CreatedTimestamp": "1768471200", "DelaySeconds": "0",
        "LastModifiedTimestamp": "1768471200", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "604800",
        "QueueArn": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q"), "ReceiveMessageWaitTimeSeconds": "10",
        "SqsManagedSseEnabled": "true", "VisibilityTimeout": "20"});
    assert_eq!(all(&url)["Attributes"], standard);
    let url = fixture.queue("q.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    let shown = all(&url)["Attributes"].clone();
    let fifo: Vec<&str> = ["ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"]
        .map(|name| shown[name].as_str().unwrap())
        .to_vec();
    assert_eq!(fifo, ["true", "queue", "true", "perQueue"]);
    fixture.advance(5);
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"ContentBasedDeduplication": "false"}}));
    let shown = all(&url)["Attributes"].clone();
    assert_eq!(
        (&shown["ContentBasedDeduplication"], &shown["LastModifiedTimestamp"]),
        (&json!("false"), &json!("1768471205"))
    );
    let change = |url: &str, value: &str| {
        fixture.refused("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"FifoQueue": value}}))
    };
    let sentence = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
    assert_eq!(change(&url, "false"), ("InvalidAttributeValue".to_owned(), sentence.to_owned()));
    let url = fixture.queue("r", json!({}));
    assert_eq!(change(&url, "true").1, "Unknown Attribute FifoQueue.");
    let unknown = fixture.refused("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["Foo"]}));
    assert_eq!(unknown, ("InvalidAttributeName".to_owned(), "Unknown Attribute Foo.".to_owned()));
    assert_eq!(fixture.ok("GetQueueAttributes", json!({"QueueUrl": url})), json!({}));
}

#[test]
fn purges_leave_nothing_and_come_once_a_minute() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    for body in ["a", "b"] {
        fixture.send(&url, body);
    }
    fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1}));
    fixture.ok("PurgeQueue", json!({"QueueUrl": url}));
    assert_eq!(fixture.counts(&url), [0, 0, 0]);
    fixture.send(&url, "c");
    let sentence = "Only one PurgeQueue operation on q is allowed every 60 seconds.";
    assert_eq!(
        fixture.refused("PurgeQueue", json!({"QueueUrl": url})),
        ("PurgeQueueInProgress".to_owned(), sentence.to_owned())
    );
    fixture.advance(60);
    fixture.ok("PurgeQueue", json!({"QueueUrl": url}));
    assert!(fixture.bodies(&url).is_empty());
}

#[test]
fn permissions_write_the_policy() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    let add = |label: &str, accounts: &[&str], actions: &[&str]| {
        let input = json!({"QueueUrl": url, "Label": label, "AWSAccountIds": accounts, "Actions": actions});
        fixture.call("AddPermission", input).map(|_| ()).map_err(|fault| fault.message)
    };
    let policy = || {
        fixture.ok("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["Policy"]}))["Attributes"]["Policy"]
            .clone()
    };
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q");
    assert_eq!(add("one", &[OTHER], &["ReceiveMessage"]), Ok(()));
    let written: Json = serde_json::from_str(policy().as_str().unwrap()).unwrap();
    let statement = json!({"Sid": "one", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{OTHER}:root")},
        "Action": "SQS:ReceiveMessage", "Resource": arn});
    assert_eq!(
        written,
        json!({"Version": "2008-10-17", "Id": format!("{arn}/SQSDefaultPolicy"), "Statement": [statement]})
    );
    assert_eq!(
        add("one", &[OTHER], &["*"]),
        Err("Value one for parameter Label is invalid. Reason: Already exists.".to_owned())
    );
    assert_eq!(add("two", &[OTHER, ACCOUNT], &["SendMessage", "DeleteMessage"]), Ok(()));
    assert_eq!(add("three", &[OTHER], &["Dance"]), Err("Value SQS:Dance for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.".to_owned()));
    assert_eq!(add("three", &[OTHER], &["DeleteQueue"]), Err("Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.".to_owned()));
    assert_eq!(add("three", &[OTHER], &["*"; 8]), Err("8 Actions were found, maximum allowed is 7.".to_owned()));
    assert_eq!(
        add("three", &["me"], &["*"]),
        Err("Value [me] for parameter PrincipalId is invalid. Reason: Unable to verify.".to_owned())
    );
    let remove = |label: &str| {
        fixture
            .call("RemovePermission", json!({"QueueUrl": url, "Label": label}))
            .map(|_| ())
            .map_err(|fault| fault.message)
    };
    assert_eq!((remove("one"), remove("two")), (Ok(()), Ok(())));
    assert_eq!(policy(), Json::Null);
    assert_eq!(remove("two"), Err("Value two for parameter Label is invalid. Reason: can't find label.".to_owned()));
}

#[test]
fn others_are_let_in_by_the_policy() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q");
    let send = json!({"QueueUrl": url, "MessageBody": "m"});
    let other = |operation: &str, input: &Json| {
        fixture
            .called_by(Some(OTHER), operation, input.clone())
            .map(|_| ())
            .map_err(|fault| (fault.code, fault.message))
    };
    let denied = format!(
        "User: arn:aws:iam::{OTHER}:root is not authorized to perform: sqs:sendmessage on resource: {arn} \
        because no resource-based policy allows the sqs:sendmessage action"
    );
    assert_eq!(other("SendMessage", &send), Err(("AccessDenied".to_owned(), denied)));
    let look = json!({"QueueName": "q", "QueueOwnerAWSAccountId": ACCOUNT});
    assert_eq!(other("GetQueueUrl", &look).unwrap_err().0, "QueueDoesNotExist");
    fixture.ok("AddPermission", json!({"QueueUrl": url, "Label": "l", "AWSAccountIds": [OTHER], "Actions": ["*"]}));
    assert_eq!((other("SendMessage", &send), other("GetQueueUrl", &look)), (Ok(()), Ok(())));
    let entries = json!({"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "m"}]});
    assert_eq!(other("SendMessageBatch", &entries), Ok(()));
    for operation in ["DeleteQueue", "ListQueueTags"] {
        assert_eq!(other(operation, &json!({"QueueUrl": url})).unwrap_err().0, "AccessDenied", "{operation}");
    }
    // The owner's log has the calls of others, too.
    let recipients = fixture.emulator.step(|world| {
        let filter = crate::services::cloudtrail::events::Filter::default();
        let records: Vec<String> = crate::services::cloudtrail::events::matching(world, &filter).collect();
        records.iter().filter(|record| record.contains("\"SendMessageBatch\"")).count()
    });
    assert_eq!(recipients, 2);

    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:t");
    let service = |source: &str| {
        let account = AccountId::parse(ACCOUNT).unwrap();
        let sender = Sender::Service { name: "sns.amazonaws.com", account, source: Some(source.to_owned()) };
        fixture.sent_by(sender, "SendMessage", send.clone()).map(|_| ()).map_err(|fault| fault.code)
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]});
    assert_eq!(service(&topic), Err("AccessDenied".to_owned()));
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"Policy": policy.to_string()}}));
    assert_eq!(
        (service(&topic), service("arn:aws:sns:us-east-1:000000000000:other")),
        (Ok(()), Err("AccessDenied".to_owned()))
    );

    let nobody = |operation: &str, input: Json| {
        fixture.called_by(None, operation, input).map(|_| ()).map_err(|fault| fault.code)
    };
    assert_eq!(nobody("SendMessage", send.clone()), Err("AccessDenied".to_owned()));
    assert_eq!(nobody("ListQueues", json!({})), Err("AccessDenied".to_owned()));
    let open =
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}});
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"Policy": open.to_string()}}));
    assert_eq!(nobody("SendMessage", send), Ok(()));
}

#[test]
fn lists_and_tags() {
    let fixture = Fixture::new();
    let names = ["b1", "a1", "a3", "a2"];
    for name in names {
        fixture.queue(name, json!({}));
    }
    let list = |input: Json| {
        let page = fixture.ok("ListQueues", input);
        let urls = page["QueueUrls"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> =
            urls.iter().map(|url| url.as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect();
        (names.join(" "), page["NextToken"].clone())
    };
    assert_eq!(list(json!({})), ("a1 a2 a3 b1".to_owned(), Json::Null));
    assert_eq!(list(json!({"QueueNamePrefix": "c"})), (String::new(), Json::Null));
    let (page, next) = list(json!({"QueueNamePrefix": "a", "MaxResults": 2}));
    assert_eq!(page, "a1 a2");
    assert_eq!(
        list(json!({"QueueNamePrefix": "a", "MaxResults": 2, "NextToken": next})),
        ("a3".to_owned(), Json::Null)
    );
    assert_eq!(fixture.refused("ListQueues", json!({"MaxResults": 0})).0, "InvalidParameterValue");
    assert_eq!(fixture.refused("ListQueues", json!({"NextToken": "?"})).0, "InvalidParameterValue");

    let url = format!("http://q.example/{ACCOUNT}/b1");
    let tags = || fixture.ok("ListQueueTags", json!({"QueueUrl": url}));
    assert_eq!(tags(), json!({}));
    fixture.ok("TagQueue", json!({"QueueUrl": url, "Tags": {"tag1": "value1", "tag2": "value2", "tag3": ""}}));
    fixture.ok("UntagQueue", json!({"QueueUrl": url, "TagKeys": ["tag1", "tag3"]}));
    assert_eq!(tags(), json!({"Tags": {"tag2": "value2"}}));
    assert_eq!(
        fixture.refused("TagQueue", json!({"QueueUrl": url, "Tags": {"aws:a": "b"}})).0,
        "InvalidParameterValue"
    );
}
