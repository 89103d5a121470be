//! Messages: sent, received, hidden, deleted.

use serde_json::{Value as Json, json};

use super::Fixture;

#[test]
fn a_received_message_is_invisible_for_its_time() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    fixture.send(&url, "a");
    let (_, first) = fixture.receive(&url).remove(0);
    assert_eq!((fixture.bodies(&url), fixture.counts(&url)), (vec![], [0, 0, 1]));
    fixture.advance(29);
    assert!(fixture.bodies(&url).is_empty());
    fixture.advance(1);
    assert_eq!(fixture.counts(&url), [1, 0, 0]);
    let (_, second) = fixture.receive(&url).remove(0);
    // An older handle counts as deleting, and does not.
    fixture.delete(&url, &first);
    assert_eq!(fixture.counts(&url), [0, 0, 1]);
    fixture.delete(&url, &second);
    fixture.delete(&url, &second);
    assert_eq!(fixture.counts(&url), [0, 0, 0]);
}

#[test]
fn visibility_changes_from_now_on() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    fixture.send(&url, "a");
    let (_, handle) = fixture.receive(&url).remove(0);
    let change = |handle: &str, seconds: i64| {
        fixture
            .call(
                "ChangeMessageVisibility",
                json!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds}),
            )
            .map(|_| ())
            .map_err(|fault| fault.message)
    };
    fixture.advance(20);
    assert_eq!(change(&handle, 60), Ok(()));
    fixture.advance(59);
    assert!(fixture.bodies(&url).is_empty());
    assert_eq!(change(&handle, 0), Ok(()));
    let (_, newer) = fixture.receive(&url).remove(0);
    let gone = "Message does not exist or is not available for visibility timeout change.";
    let gone = |handle: &str| Err(format!("Value {handle} for parameter ReceiptHandle is invalid. Reason: {gone}"));
    assert_eq!(change(&handle, 10), gone(&handle));
    assert_eq!(
        change(&newer, 43_201),
        Err("Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."
            .to_owned())
    );
    fixture.advance(1);
    let beyond = "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    assert_eq!(change(&newer, 43_200), Err(beyond.to_owned()));
    fixture.delete(&url, &newer);
    assert_eq!(change(&newer, 10), gone(&newer));
    assert_eq!(change("x", 10), Err("The input receipt handle \"x\" is not a valid receipt handle.".to_owned()));
}

#[test]
fn delays_and_retention() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({"DelaySeconds": "10", "MessageRetentionPeriod": "60"}));
    fixture.send(&url, "queue");
    fixture.ok("SendMessage", json!({"QueueUrl": url, "MessageBody": "none", "DelaySeconds": 0}));
    fixture.ok("SendMessage", json!({"QueueUrl": url, "MessageBody": "own", "DelaySeconds": 20}));
    assert_eq!(fixture.counts(&url), [1, 2, 0]);
    assert_eq!(fixture.bodies(&url), ["none"]);
    fixture.advance(10);
    assert_eq!(fixture.bodies(&url), ["queue"]);
    fixture.advance(10);
    assert_eq!(fixture.bodies(&url), ["own"]);
    fixture.advance(39);
    fixture.send(&url, "later");
    assert_eq!(fixture.counts(&url).iter().sum::<i64>(), 4);
    fixture.advance(1);
    assert_eq!(fixture.counts(&url).iter().sum::<i64>(), 1);
    fixture.advance(59);
    assert_eq!(fixture.counts(&url).iter().sum::<i64>(), 0);
    // Nothing is left to be dropped.
    assert_eq!(
        fixture.emulator.step(|world| world
            .jobs
            .iter()
            .filter(|(_, job)| matches!(job, crate::world::jobs::Job::QueueMessages(_)))
            .count()),
        0
    );
}

#[test]
fn groups_of_a_fifo_queue_are_served_in_order_and_one_by_one() {
    let fixture = Fixture::new();
    let url = fixture.queue("q.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    for (body, group) in [("a1", "a"), ("b1", "b"), ("a2", "a"), ("a3", "a"), ("b2", "b")] {
        fixture.send_in(&url, body, group);
    }
    let take = |count: i64| fixture.receive_with(&url, json!({"MaxNumberOfMessages": count}));
    let bodies = |taken: &[(String, String)]| taken.iter().map(|(body, _)| body.clone()).collect::<Vec<_>>();
    let first = take(2);
    assert_eq!(bodies(&first), ["a1", "a2"]);
    // The rest of the group waits; another is served.
    let second = take(10);
    assert_eq!(bodies(&second), ["b1", "b2"]);
    assert!(take(10).is_empty());
    fixture.delete(&url, &first[0].1);
    assert!(take(10).is_empty(), "a2 is in flight");
    fixture.delete(&url, &first[1].1);
    assert_eq!(bodies(&take(10)), ["a3"]);
    fixture.advance(30);
    assert_eq!(bodies(&take(1)), ["b1"]);
    let expired = fixture.refused("DeleteMessage", json!({"QueueUrl": url, "ReceiptHandle": second[1].1}));
    assert!(expired.1.ends_with("Reason: The receipt handle has expired."), "{expired:?}");
}

#[test]
fn duplicates_within_five_minutes() {
    let fixture = Fixture::new();
    let content = fixture.queue("content.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    let first = fixture.send_in(&content, "same", "a");
    assert_eq!(first["SequenceNumber"].as_str().unwrap().len(), 20);
    let (_, handle) = fixture.receive(&content).remove(0);
    fixture.delete(&content, &handle);
    let again = fixture.send_in(&content, "same", "b");
    assert_eq!((&again["MessageId"], &again["SequenceNumber"]), (&first["MessageId"], &first["SequenceNumber"]));
    assert!(fixture.bodies(&content).is_empty());
    fixture.advance(300);
    assert_ne!(fixture.send_in(&content, "same", "a")["MessageId"], first["MessageId"]);
    assert_eq!(fixture.bodies(&content), ["same"]);

    let scoped = fixture.queue("scoped.fifo", json!({"FifoQueue": "true", "DeduplicationScope": "messageGroup"}));
    for (group, body) in [("a", "1"), ("b", "2"), ("a", "3")] {
        fixture.ok(
            "SendMessage",
            json!({"QueueUrl": scoped, "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": "x"}),
        );
    }
    assert_eq!(fixture.bodies(&scoped), ["1", "2"]);
}

#[test]
fn a_receive_attempt_can_be_repeated() {
    let fixture = Fixture::new();
    let url = fixture.queue("q.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    for (body, group) in [("a1", "a"), ("b1", "b")] {
        fixture.send_in(&url, body, group);
    }
    let attempt =
        |id: &str| fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1, "ReceiveRequestAttemptId": id}));
    let first = attempt("1");
    fixture.advance(20);
    assert_eq!(attempt("1"), first);
    fixture.advance(20);
    assert_eq!(attempt("2")[0].0, "b1", "the repetition has hidden a1 anew");
    fixture.delete(&url, &first[0].1);
    assert!(attempt("1").is_empty());
}

#[test]
fn what_cannot_be_sent() {
    let fixture = Fixture::new();
    let standard = fixture.queue("q", json!({"MaximumMessageSize": "1024"}));
    let fifo = fixture.queue("q.fifo", json!({"FifoQueue": "true"}));
    let check = |url: &str, more: Json, code: &str, sentence: &str| {
        let mut input = json!({"QueueUrl": url, "MessageBody": "m"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(fixture.refused("SendMessage", input), (code.to_owned(), sentence.to_owned()), "{more}");
    };
    let invalid = "InvalidParameterValue";
    check(
        &standard,
        json!({"MessageBody": ""}),
        "MissingParameter",
        "The request must contain the parameter MessageBody.",
    );
    check(
        &standard,
        json!({"MessageBody": "x".repeat(1025)}),
        invalid,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    );
    let attribute = json!({"a": {"DataType": "String", "StringValue": "x".repeat(1017)}});
    check(
        &standard,
        json!({"MessageAttributes": attribute}),
        invalid,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    );
    check(
        &standard,
        json!({"DelaySeconds": 901}),
        invalid,
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    );
    check(
        &standard,
        json!({"MessageDeduplicationId": "d"}),
        invalid,
        "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
    );
    let empty = json!({"ErrorDetails": {"DataType": "String", "StringValue": ""}});
    check(
        &standard,
        json!({"MessageAttributes": empty}),
        invalid,
        "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
    );
    check(
        &fifo,
        json!({"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 2}),
        invalid,
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
    );
    check(
        &fifo,
        json!({"MessageDeduplicationId": "d"}),
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    );
    check(
        &fifo,
        json!({"MessageGroupId": "g"}),
        invalid,
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
    check(
        &fifo,
        json!({"MessageGroupId": "g h", "MessageDeduplicationId": "d"}),
        invalid,
        "Value g h for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
    fixture.ok("SendMessage", json!({"QueueUrl": standard, "MessageBody": "x".repeat(1024), "MessageGroupId": "g"}));
}

#[test]
fn batches_fail_entry_by_entry() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({"MaximumMessageSize": "1024"}));
    let entry = |id: &str, body: &str| json!({"Id": id, "MessageBody": body});
    let large = "x".repeat(1025);
    let sent = fixture.ok(
        "SendMessageBatch",
        json!({"QueueUrl": url, "Entries": [entry("a", "1"), entry("b", &large), entry("c", "3")]}),
    );
    let ids = |list: &Json| {
        list.as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&sent["Successful"]), ids(&sent["Failed"])),
        (vec!["a".to_owned(), "c".to_owned()], vec!["b".to_owned()])
    );
    assert_eq!(
        (&sent["Failed"][0]["Code"], &sent["Failed"][0]["SenderFault"]),
        (&json!("InvalidParameterValue"), &json!(true))
    );
    assert_eq!(sent["Successful"][1]["MD5OfMessageBody"], "eccbc87e4b5ce2fe28308fd9f2a7baf3");
    let received = fixture.receive(&url);
    let handles: Vec<&str> = received.iter().map(|(_, handle)| handle.as_str()).collect();
    let done = fixture.ok("ChangeMessageVisibilityBatch", json!({"QueueUrl": url, "Entries": [
        {"Id": "a", "ReceiptHandle": handles[0], "VisibilityTimeout": 0}, {"Id": "b", "ReceiptHandle": "x", "VisibilityTimeout": 0}]}));
    assert_eq!(
        (ids(&done["Successful"]), &done["Failed"][0]["Code"]),
        (vec!["a".to_owned()], &json!("ReceiptHandleIsInvalid"))
    );
    assert_eq!(fixture.counts(&url), [1, 0, 1]);
    let done = fixture.ok(
        "DeleteMessageBatch",
        json!({"QueueUrl": url, "Entries": [
        {"Id": "a", "ReceiptHandle": handles[0]}, {"Id": "b", "ReceiptHandle": handles[1]}]}),
    );
    assert_eq!((ids(&done["Successful"]).len(), &done["Failed"]), (2, &Json::Null));
    assert_eq!(fixture.counts(&url), [0, 0, 0]);
    let half = "x".repeat(524_288);
    let open = fixture.queue("open", json!({}));
    let input = json!({"QueueUrl": open, "Entries": [entry("a", &half), entry("b", &half), entry("c", "x")]});
    let sentence = "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.";
    assert_eq!(fixture.refused("SendMessageBatch", input), ("BatchRequestTooLong".to_owned(), sentence.to_owned()));
    let input = json!({"QueueUrl": open, "Entries": [entry("a", &half), entry("b", &half)]});
    assert_eq!(ids(&fixture.ok("SendMessageBatch", input)["Successful"]).len(), 2);
}

#[test]
fn a_fair_queue_serves_quiet_tenants_first() {
    let fixture = Fixture::new();
    let url = fixture.queue("q", json!({}));
    for (body, group) in [("loud1", "loud"), ("loud2", "loud"), ("loud3", "loud"), ("quiet", "quiet")] {
        fixture.send_in(&url, body, group);
    }
    let next = || fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1}))[0].0.clone();
    assert_eq!([next(), next(), next(), next()], ["loud1", "quiet", "loud2", "loud3"]);
}
