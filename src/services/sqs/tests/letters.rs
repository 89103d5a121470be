//! Dead letters, and their way back.

use serde_json::{Value as Json, json};

use super::{ACCOUNT, Fixture};

fn redrive(target: &str, count: u32) -> String {
    json!({"deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{target}"), "maxReceiveCount": count})
        .to_string()
}

#[test]
fn dead_letters() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead", json!({}));
    let url = fixture.queue("q", json!({"RedrivePolicy": redrive("dead", 2), "VisibilityTimeout": "0"}));
    let sent = fixture.send(&url, "a");
    assert_eq!((fixture.bodies(&url).len(), fixture.bodies(&url).len(), fixture.bodies(&url).len()), (1, 1, 0));
    let answer = fixture.ok("ReceiveMessage", json!({"QueueUrl": dead, "MessageSystemAttributeNames": ["All"]}));
    let letter = &answer["Messages"][0];
    assert_eq!(letter["MessageId"], sent["MessageId"]);
    assert_eq!(letter["Attributes"]["DeadLetterQueueSourceArn"], format!("arn:aws:sqs:us-east-1:{ACCOUNT}:q"));
    // Receives count across queues.
    assert_eq!(letter["Attributes"]["ApproximateReceiveCount"], "3");
    let sources = fixture.ok("ListDeadLetterSourceQueues", json!({"QueueUrl": dead}));
    assert_eq!(sources, json!({"queueUrls": [url]}));

    let refused = |name: &str, target: &str, more: Json| {
        let mut attributes = json!({"RedrivePolicy": redrive(target, 1)});
        attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.refused("CreateQueue", json!({"QueueName": name, "Attributes": attributes})).1
    };
    assert!(refused("x", "nowhere", json!({})).ends_with("Reason: Dead letter target does not exist."));
    let other_type = "Reason: Dead-letter queue must be same type of queue as the source.";
    assert!(refused("x.fifo", "dead", json!({"FifoQueue": "true"})).ends_with(other_type));
    let only =
        json!({"redrivePermission": "byQueue", "sourceQueueArns": [format!("arn:aws:sqs:us-east-1:{ACCOUNT}:y")]});
    fixture.ok("SetQueueAttributes", json!({"QueueUrl": dead, "Attributes": {"RedriveAllowPolicy": only.to_string()}}));
    assert!(refused("x", "dead", json!({})).contains("does not allow this source queue"));
    fixture.queue("y", json!({"RedrivePolicy": redrive("dead", 1)}));
    // A dead-letter queue that lets messages in no more gets none.
    fixture.send(&url, "b");
    for _ in 0..5 {
        assert_eq!(fixture.bodies(&url), ["b"]);
    }
}

#[test]
fn dead_letters_of_a_fifo_queue_make_room_for_the_next() {
    let fixture = Fixture::new();
    let fifo = json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"});
    let dead = fixture.queue("dead.fifo", fifo.clone());
    let mut attributes = fifo;
    attributes["RedrivePolicy"] = redrive("dead.fifo", 1).into();
    let url = fixture.queue("q.fifo", attributes);
    let sent = fixture.send_in(&url, "a1", "a");
    fixture.send_in(&url, "a2", "a");
    assert_eq!(fixture.receive_with(&url, json!({"MaxNumberOfMessages": 1}))[0].0, "a1");
    fixture.advance(30);
    assert_eq!(fixture.bodies(&url), ["a2"]);
    let answer = fixture.ok("ReceiveMessage", json!({"QueueUrl": dead, "AttributeNames": ["All"]}));
    assert_eq!(answer["Messages"][0]["Attributes"]["MessageDeduplicationId"], sent["MessageId"]);
    assert_eq!(answer["Messages"][0]["Attributes"]["MessageGroupId"], "a");
}

#[test]
fn messages_move_back() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead", json!({}));
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:dead");
    let start = |more: Json| {
        let mut input = json!({"SourceArn": arn});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fixture.call("StartMessageMoveTask", input).map_err(|fault| fault.message)
    };
    assert_eq!(start(json!({})), Err("Source queue must be configured as a Dead Letter Queue.".to_owned()));
    let url = fixture.queue("q", json!({"RedrivePolicy": redrive("dead", 1), "VisibilityTimeout": "0"}));
    let give_up = |body: &str| {
        fixture.send(&url, body);
        assert_eq!((fixture.bodies(&url).len(), fixture.bodies(&url).len()), (1, 0));
    };
    ["a", "b"].into_iter().for_each(give_up);
    start(json!({})).unwrap();
    let list =
        |max: i64| fixture.ok("ListMessageMoveTasks", json!({"SourceArn": arn, "MaxResults": max}))["Results"].clone();
    let task = json!([{"ApproximateNumberOfMessagesMoved": 2, "ApproximateNumberOfMessagesToMove": 2, "SourceArn": arn,
        "StartedTimestamp": 1_768_471_200_000_i64, "Status": "COMPLETED"}]);
    assert_eq!((list(1), fixture.counts(&dead)), (task, [0, 0, 0]));
    assert_eq!(fixture.bodies(&url), ["a", "b"]);
    assert!(fixture.bodies(&url).is_empty(), "they are dead letters again");

    let other = fixture.queue("other", json!({}));
    let to = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:other");
    let handle = start(json!({"DestinationArn": to, "MaxNumberOfMessagesPerSecond": 1})).unwrap();
    assert_eq!((&list(1)[0]["Status"], &list(1)[0]["TaskHandle"]), (&json!("RUNNING"), &handle["TaskHandle"]));
    let again =
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
    assert_eq!(start(json!({})), Err(again.to_owned()));
    assert_eq!((fixture.counts(&dead), fixture.counts(&other)), ([1, 0, 0], [1, 0, 0]));
    assert_eq!(fixture.ok("CancelMessageMoveTask", handle.clone()), json!({"ApproximateNumberOfMessagesMoved": 1}));
    fixture.advance(10);
    assert_eq!((&list(10)[0]["Status"], list(10).as_array().unwrap().len()), (&json!("CANCELLED"), 2));
    assert_eq!(fixture.counts(&dead), [1, 0, 0]);
    fixture.send(&dead, "c");
    start(json!({"DestinationArn": to, "MaxNumberOfMessagesPerSecond": 1})).unwrap();
    fixture.ok("DeleteQueue", json!({"QueueUrl": other}));
    fixture.advance(1);
    assert_eq!(
        (&list(1)[0]["Status"], &list(1)[0]["FailureReason"]),
        (&json!("FAILED"), &json!("AWS.SimpleQueueService.NonExistentQueue"))
    );
    fixture.send(&dead, "of nobody");
    fixture.advance(1);
    start(json!({})).unwrap();
    assert_eq!(list(1)[0]["FailureReason"], "CouldNotDetermineMessageSource");

    assert_eq!(
        fixture.refused("CancelMessageMoveTask", json!({"TaskHandle": "x"})).1,
        "Value for parameter TaskHandle is invalid."
    );
    assert_eq!(start(json!({"SourceArn": "x"})), Err("You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>".to_owned()));
    let nowhere = "The resource that you specified for the DestinationArn parameter doesn't exist.";
    assert_eq!(start(json!({"DestinationArn": format!("{to}x")})), Err(nowhere.to_owned()));
}
