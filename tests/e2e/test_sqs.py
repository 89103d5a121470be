"""Queues, through boto3 (JSON), as forms (the Query protocol) and with the real aws-cli."""

import base64
import concurrent.futures
import email.utils
import hashlib
import http.client
import json
import socket
import time
import xml.etree.ElementTree

import botocore.exceptions
import pytest
import requests

from conftest import refused

ACCOUNT = "000000000000"
OTHER = "222222222222"

pytestmark = pytest.mark.usefixtures("user")


TRACE = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}


@pytest.fixture
def sqs(trailcam):
    """A client of a program that X-Ray traces: its messages say so."""
    client = trailcam.client("sqs")

    def trace(params, **_):
        params.setdefault("MessageSystemAttributes", TRACE)

    client.meta.events.register("before-parameter-build.sqs.SendMessage", trace)
    return client


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="letters")["QueueUrl"]


@pytest.fixture
def fifo(sqs):
    return sqs.create_queue(
        QueueName="letters.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]


def bodies(answer):
    return [message["Body"] for message in answer.get("Messages", [])]


def receive(sqs, url, **arguments):
    return sqs.receive_message(QueueUrl=url, **({"MaxNumberOfMessages": 10} | arguments)).get("Messages", [])


def counts(sqs, url):
    names = [f"ApproximateNumberOfMessages{end}" for end in ("", "NotVisible", "Delayed")]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(attributes[name]) for name in names)


# Queues


def test_a_queue_has_what_aws_gives_it(trailcam, sqs):
    url = sqs.create_queue(QueueName="letters", tags={"team": "mail"})["QueueUrl"]
    assert url == f"{trailcam.endpoint}/{ACCOUNT}/letters"
    assert sqs.get_queue_url(QueueName="letters")["QueueUrl"] == url
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "mail"}
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    created = attributes.pop("CreatedTimestamp")
    assert attributes.pop("LastModifiedTimestamp") == created == str(1768471200)
    assert attributes == {
        "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }


def test_creating_again(sqs, queue):
    assert sqs.create_queue(QueueName="letters")["QueueUrl"] == queue
    assert sqs.create_queue(QueueName="letters", Attributes={"VisibilityTimeout": "30"})["QueueUrl"] == queue
    assert refused(sqs.create_queue, QueueName="letters", Attributes={"VisibilityTimeout": "31"}) == (
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
        400,
    )


def test_a_deleted_name_rests_for_a_minute(trailcam, sqs, queue):
    sqs.delete_queue(QueueUrl=queue)
    assert refused(sqs.get_queue_url, QueueName="letters") == (
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist.",
        400,
    )
    assert refused(sqs.create_queue, QueueName="letters") == (
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        400,
    )
    trailcam.advance("PT1M")
    assert sqs.create_queue(QueueName="letters")["QueueUrl"] == queue


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"QueueName": "no name"}, "InvalidParameterValue"),
        ({"QueueName": "x" * 81}, "InvalidParameterValue"),
        ({"QueueName": "letters", "Attributes": {"FifoQueue": "true"}}, "InvalidParameterValue"),
        ({"QueueName": "letters.fifo"}, "InvalidParameterValue"),
        ({"QueueName": "q", "Attributes": {"Colour": "red"}}, "InvalidAttributeName"),
        ({"QueueName": "q", "Attributes": {"ContentBasedDeduplication": "true"}}, "InvalidAttributeName"),
        ({"QueueName": "q", "Attributes": {"VisibilityTimeout": "43201"}}, "InvalidAttributeValue"),
        ({"QueueName": "q", "Attributes": {"MaximumMessageSize": "1023"}}, "InvalidAttributeValue"),
        ({"QueueName": "q", "Attributes": {"MaximumMessageSize": "1048577"}}, "InvalidAttributeValue"),
        ({"QueueName": "q", "Attributes": {"DelaySeconds": "soon"}}, "InvalidAttributeValue"),
        ({"QueueName": "q", "Attributes": {"Policy": "{"}}, "InvalidAttributeValue"),
        ({"QueueName": "q", "Attributes": {"RedrivePolicy": "{}"}}, "InvalidParameterValue"),
        ({"QueueName": "q", "Attributes": {"KmsMasterKeyId": "alias/mine"}}, "NotImplemented"),
    ],
)
def test_queues_that_cannot_be(sqs, arguments, code):
    assert refused(sqs.create_queue, **arguments)[0] == code
    assert "QueueUrls" not in sqs.list_queues()


def test_listing_in_pages(sqs):
    for number in range(25):
        sqs.create_queue(QueueName=f"q-{number:02}")
    sqs.create_queue(QueueName="other")
    pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix="q-", PaginationConfig={"PageSize": 10}))
    assert [len(page["QueueUrls"]) for page in pages] == [10, 10, 5]
    urls = [url for page in pages for url in page["QueueUrls"]]
    assert [url.rpartition("/")[2] for url in urls] == [f"q-{number:02}" for number in range(25)]


def test_tags(sqs, queue):
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["a", "c"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "2"}
    refused(sqs.tag_queue, QueueUrl=queue, Tags={str(n): "" for n in range(50)})
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "2"}


# Messages


def test_a_message_and_what_is_told_of_it(trailcam, sqs, queue):
    sent = sqs.send_message(
        QueueUrl=queue,
        MessageBody="This is a test message",
        MessageAttributes={
            "timestamp": {"DataType": "Number", "StringValue": "1493147359900"},
        },
    )
    # Digests as the documentation and SDKs' own tests have them; boto3 checks them, too.
    assert sent["MD5OfMessageBody"] == "fafb00f5732ab283681e124bf8747ed1"
    assert sent["MD5OfMessageAttributes"] == "235c5c510d26fb653d073faed50ae77c"
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    trailcam.advance("PT2S")
    (message,) = receive(sqs, queue, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "This is a test message")
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["MessageAttributes"] == {"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}}
    assert message["Attributes"] == {
        "SenderId": trailcam.client("sts").get_caller_identity()["UserId"],
        "SentTimestamp": "1768471200000",
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": "1768471202000",
        "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793",
    }


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ([], set()),
        (["All"], {"a.x", "a.y", "b"}),
        (["a.*"], {"a.x", "a.y"}),
        (["b", "c"], {"b"}),
        ([".*"], {"a.x", "a.y", "b"}),
    ],
)
def test_receivers_choose_attributes(sqs, queue, asked, shown):
    attributes = {name: {"DataType": "String", "StringValue": "1"} for name in ("a.x", "a.y", "b")}
    sqs.send_message(QueueUrl=queue, MessageBody="m", MessageAttributes=attributes)
    (message,) = receive(sqs, queue, MessageAttributeNames=asked)
    assert set(message.get("MessageAttributes", {})) == shown
    assert ("MD5OfMessageAttributes" in message) == bool(shown)


def test_messages_hide_while_in_flight(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    (first,) = receive(sqs, queue)
    assert counts(sqs, queue) == (0, 1, 0)
    assert receive(sqs, queue) == []
    trailcam.advance("PT30S")
    assert counts(sqs, queue) == (1, 0, 0)
    (again,) = receive(sqs, queue, AttributeNames=["ApproximateReceiveCount"], VisibilityTimeout=5)
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert again["ReceiptHandle"] != first["ReceiptHandle"]
    # The old handle is no longer good for anything, but nobody says so.
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 1, 0)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=60)
    trailcam.advance("PT59S")
    assert receive(sqs, queue) == []
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=0)
    (last,) = receive(sqs, queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=last["ReceiptHandle"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=last["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 0, 0)


def test_handles_that_are_none(sqs, queue):
    assert refused(sqs.delete_message, QueueUrl=queue, ReceiptHandle="mine")[0] == "ReceiptHandleIsInvalid"
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    (message,) = receive(sqs, queue, VisibilityTimeout=1)
    assert refused(
        sqs.change_message_visibility,
        QueueUrl=queue,
        ReceiptHandle=message["ReceiptHandle"],
        VisibilityTimeout=43_201,
    ) == (
        "InvalidParameterValue",
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
        400,
    )
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    assert (
        refused(sqs.delete_message, QueueUrl=other, ReceiptHandle=message["ReceiptHandle"])[0]
        == "ReceiptHandleIsInvalid"
    )


def test_twelve_hours_are_the_most(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    (message,) = receive(sqs, queue, VisibilityTimeout=43_200)
    trailcam.advance("PT1H")
    code, sentence, status = refused(
        sqs.change_message_visibility,
        QueueUrl=queue,
        ReceiptHandle=message["ReceiptHandle"],
        VisibilityTimeout=43_200,
    )
    assert (code, status) == ("InvalidParameterValue", 400)
    assert "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]" in sentence


def test_delays(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=10)
    assert counts(sqs, queue) == (0, 0, 1)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "5"})
    sqs.send_message(QueueUrl=queue, MessageBody="sooner")
    sqs.send_message(QueueUrl=queue, MessageBody="now", DelaySeconds=0)
    assert [m["Body"] for m in receive(sqs, queue)] == ["now"]
    trailcam.advance("PT5S")
    assert [m["Body"] for m in receive(sqs, queue)] == ["sooner"]
    trailcam.advance("PT5S")
    assert [m["Body"] for m in receive(sqs, queue)] == ["later"]


def test_retention(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    trailcam.advance("P3DT23H")
    assert counts(sqs, queue) == (1, 0, 0)
    trailcam.advance("PT1H")
    assert counts(sqs, queue) == (0, 0, 0)


def test_purging(trailcam, sqs, queue):
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    receive(sqs, queue, MaxNumberOfMessages=1)
    sqs.purge_queue(QueueUrl=queue)
    assert counts(sqs, queue) == (0, 0, 0)
    assert refused(sqs.purge_queue, QueueUrl=queue)[:2] == (
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Only one PurgeQueue operation on letters is allowed every 60 seconds.",
    )
    trailcam.advance("PT1M")
    sqs.purge_queue(QueueUrl=queue)


BINARY = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
TEXT = {"DataType": "String", "StringValue": "x"}


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        ({"MessageBody": ""}, "MissingParameter", "The request must contain the parameter MessageBody."),
        ({"MessageBody": "\x00"}, "InvalidMessageContents", "Invalid characters found."),
        ({"MessageBody": "\uffff"}, "InvalidMessageContents", "Invalid characters found."),
        ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue", "Message must be shorter than 1048576 bytes."),
        ({"MessageBody": "m", "DelaySeconds": 901}, "InvalidParameterValue", "DelaySeconds must be >= 0 and <= 900."),
        ({"MessageBody": "m", "MessageDeduplicationId": "d"}, "InvalidParameterValue", "not valid for this queue type"),
        ({"MessageBody": "m", "MessageAttributes": {f"a{n}": TEXT for n in range(11)}}, "InvalidParameterValue", "[11]"),
        ({"MessageBody": "m", "MessageAttributes": {"AWS.x": TEXT}}, "InvalidParameterValue", "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'."),
        ({"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}}, "InvalidParameterValue", 'must be prefixed with "String", "Binary", or "Number", but was: Text'),
        ({"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "x"}}}, "InvalidParameterValue", "'a'"),
        ({"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}}, "InvalidParameterValue", "non-empty"),
        ({"MessageBody": "m", "MessageAttributes": {"a": {"DataType": "Binary", "StringValue": "x"}}}, "InvalidParameterValue", "must contain a non-empty value of type 'Binary'."),
    ],
)
def test_messages_that_cannot_be(sqs, queue, arguments, code, part):
    answer = refused(sqs.send_message, QueueUrl=queue, **arguments)
    assert (answer[0], answer[2]) == (code, 400)
    assert part in answer[1]
    assert counts(sqs, queue) == (0, 0, 0)


def test_receiving_out_of_bounds(sqs, queue):
    for arguments, reason in [
        ({"MaxNumberOfMessages": 11}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."),
        ({"WaitTimeSeconds": 21}, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."),
    ]:
        assert refused(sqs.receive_message, QueueUrl=queue, **arguments) == ("InvalidParameterValue", reason, 400)


# Batches


def test_batches_fail_in_part(sqs, queue):
    entries = [{"Id": "good", "MessageBody": "m"}, {"Id": "bad", "MessageBody": "\x00"}]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"], failed["Code"]) == ("bad", True, "InvalidMessageContents")
    (message,) = receive(sqs, queue)
    changes = [
        {"Id": "a", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0},
        {"Id": "b", "ReceiptHandle": "none", "VisibilityTimeout": 0},
    ]
    answer = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=changes)
    assert ([e["Id"] for e in answer["Successful"]], [e["Id"] for e in answer["Failed"]]) == (["a"], ["b"])
    (message,) = receive(sqs, queue)
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "ReceiptHandle": message["ReceiptHandle"]}])
    assert [entry["Id"] for entry in answer["Successful"]] == ["a"]
    assert "Failed" not in answer
    assert counts(sqs, queue) == (0, 0, 0)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": "a", "MessageBody": "m"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": str(n), "MessageBody": "m"} for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "no id", "MessageBody": "m"}], "InvalidBatchEntryId"),
        ([{"Id": str(n), "MessageBody": "x" * 300_000} for n in range(4)], "BatchRequestTooLong"),
    ],
)
def test_batches_that_cannot_be(sqs, queue, entries, code):
    assert refused(sqs.send_message_batch, QueueUrl=queue, Entries=entries)[0] == f"AWS.SimpleQueueService.{code}"
    assert counts(sqs, queue) == (0, 0, 0)


# FIFO


def send(sqs, url, body, group="g", **arguments):
    return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **arguments)


def test_groups_keep_their_order(trailcam, sqs, fifo):
    for body, group in [("1", "a"), ("2", "a"), ("1", "b"), ("3", "a"), ("2", "b")]:
        send(sqs, fifo, f"{group}{body}", group)
    first = receive(sqs, fifo, MaxNumberOfMessages=1)
    assert [m["Body"] for m in first] == ["a1"]
    # The group waits until its message is dealt with; others go on.
    others = receive(sqs, fifo)
    assert [m["Body"] for m in others] == ["b1", "b2"]
    assert receive(sqs, fifo) == []
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first[0]["ReceiptHandle"])
    assert [m["Body"] for m in receive(sqs, fifo)] == ["a2", "a3"]
    trailcam.advance("PT30S")
    assert sorted(m["Body"] for m in receive(sqs, fifo)) == ["a2", "a3", "b1", "b2"]


def test_many_send_and_receive_at_once(sqs, fifo):
    """Producers send some of their orders again, as after a lost answer; consumers take turns at the groups."""
    customers, orders = [f"customer-{letter}" for letter in "abcdef"], [f"{number:02}" for number in range(40)]
    taken = {customer: [] for customer in customers}

    def produce(customer):
        for order in orders:
            once = {"MessageDeduplicationId": f"{customer}-{order}"}
            sent = send(sqs, fifo, order, customer, **once)
            if order.endswith(("0", "5")):
                again = send(sqs, fifo, order, customer, **once)
                assert [sent[name] for name in ("MessageId", "SequenceNumber")] == [
                    again[name] for name in ("MessageId", "SequenceNumber")
                ]

    def consume():
        while messages := receive(sqs, fifo, MaxNumberOfMessages=3, AttributeNames=["MessageGroupId"]):
            for message in messages:
                # Nobody else is given more of the group before this one is deleted.
                taken[message["Attributes"]["MessageGroupId"]].append(message["Body"])
                sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = [pool.submit(produce, customer) for customer in customers] + [pool.submit(consume) for _ in range(2)]
        for one in done:
            one.result(timeout=60)
    consume()
    assert taken == {customer: orders for customer in customers}
    assert counts(sqs, fifo) == (0, 0, 0)


def test_what_timed_out_comes_first_again(trailcam, sqs, fifo):
    for number in "123":
        send(sqs, fifo, number)
    assert [m["Body"] for m in receive(sqs, fifo, MaxNumberOfMessages=2)] == ["1", "2"]
    trailcam.advance("PT30S")
    assert [m["Body"] for m in receive(sqs, fifo)] == ["1", "2", "3"]


def test_duplicates(trailcam, sqs, fifo):
    one = send(sqs, fifo, "m")
    same = send(sqs, fifo, "m", group="other")
    assert (one["MessageId"], one["SequenceNumber"]) == (same["MessageId"], same["SequenceNumber"])
    assert send(sqs, fifo, "m", MessageDeduplicationId="mine")["MessageId"] != one["MessageId"]
    assert counts(sqs, fifo) == (2, 0, 0)
    (message, _) = receive(sqs, fifo)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    trailcam.advance("PT4M59S")
    assert send(sqs, fifo, "m")["MessageId"] == one["MessageId"]
    trailcam.advance("PT1S")
    later = send(sqs, fifo, "m")
    assert later["MessageId"] != one["MessageId"]
    assert int(later["SequenceNumber"]) > int(one["SequenceNumber"])
    assert len(later["SequenceNumber"]) == 20


def test_duplicates_within_a_group(sqs, fifo):
    sqs.set_queue_attributes(
        QueueUrl=fifo, Attributes={"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    )
    assert send(sqs, fifo, "m", "a")["MessageId"] != send(sqs, fifo, "m", "b")["MessageId"]
    assert send(sqs, fifo, "m", "a")["MessageId"] != send(sqs, fifo, "n", "a")["MessageId"]
    assert counts(sqs, fifo) == (3, 0, 0)


def test_attempts(trailcam, sqs, fifo):
    send(sqs, fifo, "1")
    (first,) = receive(sqs, fifo, ReceiveRequestAttemptId="try")
    trailcam.advance("PT20S")
    (again,) = receive(sqs, fifo, ReceiveRequestAttemptId="try")
    assert again["ReceiptHandle"] == first["ReceiptHandle"]
    trailcam.advance("PT20S")
    assert receive(sqs, fifo) == []
    trailcam.advance("PT10S")
    assert len(receive(sqs, fifo)) == 1


def test_what_fifo_queues_need(sqs, fifo):
    assert refused(sqs.send_message, QueueUrl=fifo, MessageBody="m")[:2] == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    assert refused(sqs.send_message, QueueUrl=fifo, MessageBody="m", MessageGroupId="g", DelaySeconds=1)[0] == (
        "InvalidParameterValue"
    )
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"ContentBasedDeduplication": "false"})
    assert refused(sqs.send_message, QueueUrl=fifo, MessageBody="m", MessageGroupId="g")[:2] == (
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
    assert counts(sqs, fifo) == (0, 0, 0)


def test_expired_handles_of_fifo_queues(trailcam, sqs, fifo):
    send(sqs, fifo, "m")
    (message,) = receive(sqs, fifo)
    trailcam.advance("PT30S")
    code, sentence, _ = refused(sqs.delete_message, QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert code == "InvalidParameterValue"
    assert sentence.endswith("Reason: The receipt handle has expired.")
    assert counts(sqs, fifo) == (1, 0, 0)


def test_groups_of_standard_queues_are_only_told(sqs, queue):
    send(sqs, queue, "1")
    send(sqs, queue, "2")
    assert len(receive(sqs, queue, MaxNumberOfMessages=1)) == 1
    (message,) = receive(sqs, queue, AttributeNames=["MessageGroupId"])
    assert message["Attributes"] == {"MessageGroupId": "g"}


# Dead letters


@pytest.fixture
def dead(sqs, queue):
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": 2}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    return url


def test_dead_letters(trailcam, sqs, queue, dead):
    sent = sqs.send_message(QueueUrl=queue, MessageBody="m")
    for _ in range(2):
        assert len(receive(sqs, queue)) == 1
        trailcam.advance("PT30S")
    assert receive(sqs, dead) == []
    assert receive(sqs, queue) == []
    (message,) = receive(sqs, dead, MessageSystemAttributeNames=["All"])
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"
    assert message["Attributes"]["SentTimestamp"] == "1768471200000"
    assert counts(sqs, queue) == (0, 0, 0)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue]


def test_without_a_queue_for_them_there_are_no_dead_letters(trailcam, sqs, queue, dead):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    sqs.delete_queue(QueueUrl=dead)
    for _ in range(4):
        assert [m["Body"] for m in receive(sqs, queue)] == ["m"]
        trailcam.advance("PT30S")


def test_dead_letters_go_back(trailcam, sqs, queue, dead):
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
    for number in range(5):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    for _ in range(3):
        receive(sqs, queue)
        trailcam.advance("PT30S")
    assert counts(sqs, dead) == (5, 0, 0)
    task = sqs.start_message_move_task(SourceArn=arn, MaxNumberOfMessagesPerSecond=2)["TaskHandle"]
    assert counts(sqs, dead) == (3, 0, 0)
    (running,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (running["Status"], running["TaskHandle"]) == ("RUNNING", task)
    assert running["ApproximateNumberOfMessagesMoved"] == 2
    assert running["ApproximateNumberOfMessagesToMove"] == 5
    assert refused(sqs.start_message_move_task, SourceArn=arn)[:2] == (
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    )
    trailcam.advance("PT2S")
    (done,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (done["Status"], done["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 5)
    assert sorted(m["Body"] for m in receive(sqs, queue)) == list("01234")
    assert refused(sqs.cancel_message_move_task, TaskHandle=task)[0] == "InvalidParameterValue"
    other = base64.b64encode(base64.b64decode(task).replace(b'"taskId":"', b'"taskId":"0')).decode()
    code, _, status = refused(sqs.cancel_message_move_task, TaskHandle=other)
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_moving_can_be_cancelled(trailcam, sqs, queue, dead):
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
    for number in range(5):
        sqs.send_message(QueueUrl=dead, MessageBody=str(number))
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    task = sqs.start_message_move_task(
        SourceArn=arn, DestinationArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:other", MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    trailcam.advance("PT2S")
    assert sqs.cancel_message_move_task(TaskHandle=task)["ApproximateNumberOfMessagesMoved"] == 3
    trailcam.advance("PT10S")
    assert (counts(sqs, other), counts(sqs, dead)) == ((3, 0, 0), (2, 0, 0))


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"maxReceiveCount": 1}, "mandatory attribute: deadLetterTargetArn"),
        ({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"}, "mandatory attribute: maxReceiveCount"),
        ({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none", "maxReceiveCount": 1}, "does not exist"),
        ({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": 1001}, "from 1 to 1000"),
        ({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:x.fifo", "maxReceiveCount": 1}, "same type of queue"),
    ],
)
def test_redrive_policies_that_cannot_be(sqs, queue, dead, policy, reason):
    sqs.create_queue(QueueName="x.fifo", Attributes={"FifoQueue": "true"})
    text = json.dumps(policy)
    code, sentence, _ = refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": text})
    assert (code, reason in sentence) == ("InvalidParameterValue", True), sentence


def test_dead_letter_queues_choose_their_sources(sqs, queue, dead):
    allow = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    policy = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": "3"})
    assert refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": policy})[0] == (
        "InvalidParameterValue"
    )
    allow = json.dumps(
        {"redrivePermission": "byQueue", "sourceQueueArns": [f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"]}
    )
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


# Long polls


def test_a_poll_wakes_when_a_message_comes(trailcam, sqs, queue):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(trailcam.client("sqs").receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        with pytest.raises(concurrent.futures.TimeoutError):
            waiting.result(timeout=0.3)
        sqs.send_message(QueueUrl=queue, MessageBody="m")
        assert bodies(waiting.result(timeout=5)) == ["m"]


def test_a_poll_wakes_when_the_clock_moves(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=10)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(trailcam.client("sqs").receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        trailcam.advance("PT10S")
        assert bodies(waiting.result(timeout=5)) == ["later"]
        waiting = pool.submit(trailcam.client("sqs").receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        with pytest.raises(concurrent.futures.TimeoutError):
            waiting.result(timeout=0.3)
        trailcam.advance("PT20S")
        assert bodies(waiting.result(timeout=5)) == []


def test_each_message_wakes_one_poll(trailcam, sqs, queue):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        polls = [pool.submit(trailcam.client("sqs").receive_message, QueueUrl=queue, WaitTimeSeconds=20) for _ in range(8)]
        for number in range(8):
            sqs.send_message(QueueUrl=queue, MessageBody=str(number))
        assert sorted(body for poll in polls for body in bodies(poll.result(timeout=10))) == list("01234567")


def test_a_poll_ends_when_its_queue_does(trailcam, sqs, queue):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(trailcam.client("sqs").receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        with pytest.raises(concurrent.futures.TimeoutError):
            waiting.result(timeout=0.3)
        sqs.delete_queue(QueueUrl=queue)
        with pytest.raises(botocore.exceptions.ClientError, match="NonExistentQueue"):
            waiting.result(timeout=5)


def wire(trailcam, operation, *lines, version="1.1", **arguments):
    """A JSON call, byte by byte."""
    body = json.dumps(arguments).encode()
    head = "\r\n".join(
        [
            f"POST / HTTP/{version}",
            "Host: localhost",
            "Content-Type: application/x-amz-json-1.0",
            f"X-Amz-Target: AmazonSQS.{operation}",
            f"Authorization: AWS4-HMAC-SHA256 Credential={trailcam.credentials[0]}/20260115/us-east-1/sqs/aws4_request",
            f"Content-Length: {len(body)}",
            *lines,
        ]
    )
    return f"{head}\r\n\r\n".encode() + body


def connect(trailcam):
    host, _, port = trailcam.endpoint.rpartition("/")[2].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def next_answer(stream):
    """The next answer on a raw connection: its headers and its JSON."""
    assert stream.readline() in (b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n")
    headers = http.client.parse_headers(stream)
    return headers, json.loads(stream.read(int(headers["content-length"])) or b"{}")


def waits(connection):
    connection.settimeout(0.3)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(10)


def test_a_connection_goes_on_after_a_poll(trailcam, sqs, queue):
    poll = wire(trailcam, "ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20)
    look = wire(trailcam, "GetQueueUrl", QueueName="letters")
    with connect(trailcam) as connection, connection.makefile("rb") as answers:
        for number in "12":
            connection.sendall(poll)
            waits(connection)
            sqs.send_message(QueueUrl=queue, MessageBody=number)
            headers, answer = next_answer(answers)
            assert bodies(answer) == [number]
            # As other answers are.
            connection.sendall(look)
            others, _ = next_answer(answers)
            assert list(headers) == list(others)
            assert {name: headers[name] for name in ("content-type", "connection")} == {
                name: others[name] for name in ("content-type", "connection")
            }
            assert email.utils.parsedate_to_datetime(headers["date"]).tzinfo


def test_requests_behind_a_poll(trailcam, sqs, queue):
    """A client may send the next requests before it has its answer."""
    poll = wire(trailcam, "ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20)
    look = wire(trailcam, "GetQueueUrl", QueueName="letters")
    with connect(trailcam) as connection, connection.makefile("rb") as answers:
        connection.sendall(look + poll + look)
        _, answer = next_answer(answers)
        assert answer == {"QueueUrl": queue.replace(trailcam.endpoint, "http://localhost")}
        waits(connection)
        connection.sendall(poll)
        sqs.send_message(QueueUrl=queue, MessageBody="1")
        assert bodies(next_answer(answers)[1]) == ["1"]
        assert "QueueUrl" in next_answer(answers)[1]
        waits(connection)
        sqs.send_message(QueueUrl=queue, MessageBody="2")
        assert bodies(next_answer(answers)[1]) == ["2"]


@pytest.mark.parametrize(("version", "lines"), [("1.1", ["Connection: close"]), ("1.0", [])])
def test_a_connection_that_ends_with_its_poll(trailcam, sqs, queue, version, lines):
    with connect(trailcam) as connection, connection.makefile("rb") as answers:
        connection.sendall(wire(trailcam, "ReceiveMessage", *lines, version=version, QueueUrl=queue, WaitTimeSeconds=20))
        waits(connection)
        sqs.send_message(QueueUrl=queue, MessageBody="m")
        assert bodies(next_answer(answers)[1]) == ["m"]
        assert answers.read() == b""


def test_stopping_ends_polls(start):
    trailcam = start()
    url = trailcam.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    with connect(trailcam) as idle, connect(trailcam) as connection, connection.makefile("rb") as answers:
        connection.sendall(wire(trailcam, "ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20))
        waits(connection)
        before = time.monotonic()
        trailcam.stop()
        assert time.monotonic() - before < 4
        assert bodies(next_answer(answers)[1]) == []
        assert idle.recv(1) == b""


def test_a_poll_that_nobody_reads_takes_nothing(trailcam, sqs, queue):
    poll = wire(trailcam, "ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20)
    for _ in range(3):
        with connect(trailcam) as connection:
            connection.sendall(poll)
            connection.settimeout(0.3)
            with pytest.raises(TimeoutError):
                connection.recv(1)
    # The polls have been seen to be gone when the last of them has left its record.
    deadline = time.monotonic() + 10
    while len(trailcam.events(eventName="ReceiveMessage")) < 3:
        assert time.monotonic() < deadline
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    assert [m["Body"] for m in receive(sqs, queue)] == ["m"]


def test_short_polls_on_the_system_clock(start):
    trailcam = start()
    sqs = trailcam.client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"ReceiveMessageWaitTimeSeconds": "1"})["QueueUrl"]
    before = time.monotonic()
    assert bodies(sqs.receive_message(QueueUrl=url)) == []
    assert 0.9 <= time.monotonic() - before < 10


# Others


def test_other_accounts_need_the_policy(trailcam, sqs, queue):
    other = trailcam.client("sqs", **trailcam.make_user("guest", key=OTHER))
    code, _, status = refused(other.send_message, QueueUrl=queue, MessageBody="m")
    assert (code, status) == ("AccessDenied", 403)
    sqs.add_permission(QueueUrl=queue, Label="let", AWSAccountIds=[OTHER], Actions=["SendMessage"])
    other.send_message(QueueUrl=queue, MessageBody="m")
    assert refused(other.receive_message, QueueUrl=queue)[0] == "AccessDenied"
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"])
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"
    assert policy == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "let",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Action": "SQS:SendMessage",
                "Resource": arn,
            }
        ],
    }
    assert refused(
        sqs.add_permission, QueueUrl=queue, Label="let", AWSAccountIds=[OTHER], Actions=["SendMessage"]
    )[:2] == ("InvalidParameterValue", "Value let for parameter Label is invalid. Reason: Already exists.")
    sqs.remove_permission(QueueUrl=queue, Label="let")
    assert refused(other.send_message, QueueUrl=queue, MessageBody="m")[0] == "AccessDenied"
    assert refused(sqs.remove_permission, QueueUrl=queue, Label="let")[0] == "InvalidParameterValue"


def test_records(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="secret")
    (record,) = trailcam.events(eventName="SendMessage")
    assert record["requestParameters"] == {
        "queueUrl": queue,
        "messageBody": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "messageSystemAttributes": {
            "AWSTraceHeader": {"dataType": "String", "stringValue": TRACE["AWSTraceHeader"]["StringValue"]}
        },
    }
    assert set(record["responseElements"]) == {"messageId", "mD5OfMessageBody", "mD5OfMessageSystemAttributes"}
    assert record["resources"] == [
        {"accountId": ACCOUNT, "type": "AWS::SQS::Queue", "ARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"}
    ]
    assert (record["eventCategory"], record["managementEvent"]) == ("Data", False)
    (created,) = trailcam.events(eventName="CreateQueue")
    assert created["eventCategory"] == "Management"


# The Query protocol

SPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


def query(trailcam, action, path="/", **arguments):
    form = {"Action": action, "Version": "2012-11-05"} | arguments
    key = f"Credential={trailcam.credentials[0]}/20260115/us-east-1/sqs/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {key}, SignedHeaders=host, Signature=0"}
    answer = requests.post(trailcam.endpoint + path, data=form, headers=headers, timeout=20)
    return answer.status_code, xml.etree.ElementTree.fromstring(answer.content)


def text(document, name):
    found = document.find(f".//{SPACE}{name}")
    return None if found is None else found.text


def test_both_protocols_answer_the_same(trailcam, sqs):
    _, made = query(trailcam, "CreateQueue", **{"QueueName": "letters", "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "45"})
    url = text(made, "QueueUrl")
    assert url == sqs.get_queue_url(QueueName="letters")["QueueUrl"]
    _, shown = query(trailcam, "GetQueueAttributes", **{"QueueUrl": url, "AttributeName.1": "All"})
    pairs = {
        attribute.find(f"{SPACE}Name").text: attribute.find(f"{SPACE}Value").text
        for attribute in shown.iter(f"{SPACE}Attribute")
    }
    assert pairs == sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert pairs["VisibilityTimeout"] == "45"
    _, sent = query(
        trailcam,
        "SendMessage",
        **{
            "QueueUrl": url,
            "MessageBody": "This is a test message",
            "MessageAttribute.1.Name": "timestamp",
            "MessageAttribute.1.Value.DataType": "Number",
            "MessageAttribute.1.Value.StringValue": "1493147359900",
        },
    )
    assert text(sent, "MD5OfMessageBody") == hashlib.md5(b"This is a test message").hexdigest()
    assert text(sent, "MD5OfMessageAttributes") == "235c5c510d26fb653d073faed50ae77c"
    _, received = query(
        trailcam, "ReceiveMessage", **{"QueueUrl": url, "MessageAttributeName.1": "All", "AttributeName.1": "All"}
    )
    assert (text(received, "MessageId"), text(received, "Body")) == (text(sent, "MessageId"), "This is a test message")
    assert text(received, "StringValue") == "1493147359900"
    assert counts(sqs, url) == (0, 1, 0)
    status, _ = query(trailcam, "DeleteMessage", QueueUrl=url, ReceiptHandle=text(received, "ReceiptHandle"))
    assert (status, counts(sqs, url)) == (200, (0, 0, 0))
    _, batch = query(
        trailcam,
        "SendMessageBatch",
        **{
            "QueueUrl": url,
            "SendMessageBatchRequestEntry.1.Id": "a",
            "SendMessageBatchRequestEntry.1.MessageBody": "1",
            "SendMessageBatchRequestEntry.2.Id": "b",
            "SendMessageBatchRequestEntry.2.MessageBody": "\x01",
        },
    )
    assert batch.find(f".//{SPACE}SendMessageBatchResultEntry/{SPACE}Id").text == "a"
    assert batch.find(f".//{SPACE}BatchResultErrorEntry/{SPACE}Code").text == "InvalidMessageContents"


def test_errors_in_the_query_protocol(trailcam):
    status, answer = query(trailcam, "GetQueueUrl", QueueName="none")
    assert (status, text(answer, "Code")) == (400, "AWS.SimpleQueueService.NonExistentQueue")
    assert text(answer, "Message").startswith("The specified queue does not exist")


def test_the_path_names_the_queue(trailcam, sqs, queue):
    status, sent = query(trailcam, "SendMessage", path=f"/{ACCOUNT}/letters", MessageBody="m")
    assert status == 200
    assert text(sent, "MessageId") == receive(sqs, queue)[0]["MessageId"]


def test_urls_of_other_hosts(trailcam, sqs, queue):
    for host in ("sqs.us-east-1.amazonaws.com", "queue.amazonaws.com", "localhost:4566", "sqs.us-east-1.localhost"):
        status, _ = query(trailcam, "SendMessage", QueueUrl=f"https://{host}/{ACCOUNT}/letters", MessageBody="m")
        assert status == 200, host
    assert counts(sqs, queue) == (4, 0, 0)


def plain(trailcam, operation, body, **headers):
    """A JSON call as it stands on the wire: status, `x-amzn-query-error` and the answer."""
    key = f"Credential={trailcam.credentials[0]}/20260115/us-east-1/sqs/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {key}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AmazonSQS.{operation}",
    } | headers
    answer = requests.post(trailcam.endpoint, data=json.dumps(body), headers=headers, timeout=20)
    return answer.status_code, answer.headers.get("x-amzn-query-error"), answer.json() if answer.content else {}


@pytest.mark.parametrize(
    ("operation", "arguments", "status", "name", "code"),
    [
        ("GetQueueUrl", {"QueueName": "none"}, 400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        ("CreateQueue", {"QueueName": "letters", "Attributes": {"DelaySeconds": "1"}}, 400, "com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists"),
        ("CreateQueue", {"QueueName": "a", "Attributes": {"a": "1"}}, 400, "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName"),
        ("CreateQueue", {"QueueName": "a b"}, 400, "com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue"),
        ("SendMessage", {"MessageBody": ""}, 400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter"),
        ("SendMessage", {}, 400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter"),
        ("SendMessage", {"MessageBody": "\u0000"}, 400, "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents"),
        ("SendMessageBatch", {"Entries": []}, 400, "com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
        ("DeleteMessage", {"ReceiptHandle": "mine"}, 404, "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
    ],
)
def test_names_of_errors(trailcam, queue, operation, arguments, status, name, code):
    answer = plain(trailcam, operation, {"QueueUrl": queue} | arguments)
    assert answer[:2] == (status, code and f"{code};Sender")
    assert answer[2].get("__type") == name


def test_without_a_signature(trailcam, sqs, queue):
    """What anybody may do is the policy's matter."""
    message = {"QueueUrl": queue, "MessageBody": "m"}
    status, code, answer = plain(trailcam, "SendMessage", message, Authorization=None)
    assert (status, code) == (403, "AccessDenied;Sender")
    assert answer == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "message": f"Access to the resource {queue} is denied.",
    }
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": statement})})
    assert plain(trailcam, "SendMessage", message, Authorization=None)[0] == 200
    assert receive(sqs, queue)[0]["Body"] == "m"
    for operation in ("CreateQueue", "ListQueues", "DeleteQueue", "ReceiveMessage"):
        arguments = {"QueueUrl": queue, "QueueName": "other"}
        assert plain(trailcam, operation, arguments, Authorization=None)[:2] == (403, "AccessDenied;Sender"), operation


def test_what_is_the_owners_alone(trailcam, sqs, queue):
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sqs:*", "Resource": arn}
    other = trailcam.client("sqs", **trailcam.make_user("guest", key=OTHER))
    hidden = (
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist or you do not have access to it.",
        400,
    )
    assert refused(other.get_queue_url, QueueName="letters", QueueOwnerAWSAccountId=ACCOUNT) == hidden
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": statement})})
    assert other.get_queue_url(QueueName="letters", QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"] == queue
    assert refused(other.get_queue_url, QueueName="none", QueueOwnerAWSAccountId=ACCOUNT) == hidden
    for call, arguments in [
        (other.tag_queue, {"Tags": {"a": "b"}}),
        (other.list_queue_tags, {}),
        (other.set_queue_attributes, {"Attributes": {"DelaySeconds": "1"}}),
        (other.delete_queue, {}),
    ]:
        code, _, status = refused(call, QueueUrl=queue, **arguments)
        assert (code, status) == ("AccessDenied", 403)
    other.purge_queue(QueueUrl=queue)


def test_a_url_of_another_region(trailcam, queue):
    west = trailcam.client("sqs", region="us-west-2")
    url = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/letters"
    status, code, answer = plain(trailcam, "PurgeQueue", {"QueueUrl": url.replace("us-east-1", "us-west-2")})
    assert (status, code, answer["__type"]) == (404, "InvalidAddress;Sender", "com.amazonaws.sqs#InvalidAddress")
    assert refused(west.purge_queue, QueueUrl=queue)[0] == "AWS.SimpleQueueService.NonExistentQueue"
    assert plain(trailcam, "PurgeQueue", {"QueueUrl": url})[0] == 200


def test_changes_of_a_fifo_queue(trailcam, sqs, fifo):
    assert refused(sqs.set_queue_attributes, QueueUrl=fifo, Attributes={"FifoQueue": "false"}) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
        400,
    )
    # A new delay is for what the queue holds, too.
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"DelaySeconds": "60"})
    send(sqs, fifo, "m")
    assert counts(sqs, fifo) == (0, 0, 1)
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"DelaySeconds": "10"})
    trailcam.advance("PT10S")
    assert [m["Body"] for m in receive(sqs, fifo)] == ["m"]


def test_fair_queues(sqs, queue):
    for body, group in [("loud1", "loud"), ("loud2", "loud"), ("loud3", "loud"), ("quiet", "quiet")]:
        send(sqs, queue, body, group)
    assert [m["Body"] for m in receive(sqs, queue)] == ["loud1", "quiet", "loud2", "loud3"]


def test_a_batch_to_a_fifo_queue_needs_groups(sqs, fifo):
    entries = [{"Id": "a", "MessageBody": "1", "MessageGroupId": "g"}, {"Id": "b", "MessageBody": "2"}]
    assert refused(sqs.send_message_batch, QueueUrl=fifo, Entries=entries)[:2] == (
        "InvalidParameterValue",
        "The request must contain the parameter MessageGroupId.",
    )
    assert counts(sqs, fifo) == (0, 0, 0)


def test_the_last_handle_stays_good(trailcam, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    (message,) = receive(sqs, queue)
    trailcam.advance("PT30S")
    assert counts(sqs, queue) == (1, 0, 0)
    handle = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**handle, VisibilityTimeout=60)
    assert counts(sqs, queue) == (0, 1, 0)
    sqs.delete_message(**handle)
    assert refused(sqs.change_message_visibility, **handle, VisibilityTimeout=60)[0] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            {"ReceiveRequestAttemptId": "a"},
            "InvalidParameterValue",
            "Value a for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is "
            "not valid for this queue type.",
        ),
        ({"AttributeNames": ["Colour"]}, "InvalidAttributeName", "Unknown Attribute Colour."),
        ({"MessageSystemAttributeNames": ["Colour"]}, "InvalidAttributeName", "Unknown Attribute Colour."),
    ],
)
def test_what_receivers_cannot_ask_for(sqs, queue, arguments, code, sentence):
    assert refused(sqs.receive_message, QueueUrl=queue, **arguments) == (code, sentence, 400)


# aws-cli


def test_the_command_line(trailcam):
    def sqs(*arguments):
        # For SQS, version 1 does not look at AWS_ENDPOINT_URL.
        return trailcam.aws("sqs", *arguments, "--endpoint-url", trailcam.endpoint)

    url = sqs("create-queue", "--queue-name", "letters")["QueueUrl"]
    sent = sqs("send-message", "--queue-url", url, "--message-body", "hello")
    (message,) = sqs("receive-message", "--queue-url", url, "--attribute-names", "All")["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "hello")
    sqs("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    shown = sqs("get-queue-attributes", "--queue-url", url, "--attribute-names", "All")
    assert shown["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert sqs("list-queues")["QueueUrls"] == [url]
    sqs("purge-queue", "--queue-url", url)
    sqs("delete-queue", "--queue-url", url)
