"""Topics, subscriptions, and messages on their way to HTTP endpoints, mailboxes, streams and queues."""

import base64
import datetime
import hashlib
import ipaddress
import json
import re
import shutil
import ssl
import subprocess

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sns_message_validator import SNSMessageValidator

from conftest import ROOT, refused
from listener import Listener

pytestmark = pytest.mark.usefixtures("user")

ACCOUNT, OTHER = "000000000000", "111122223333"
INVALID = "InvalidParameter"


def arn(resource, service="sns", account=ACCOUNT, region="us-east-1"):
    return f"arn:aws:{service}:{region}:{account}:{resource}"


@pytest.fixture
def sns(trailcam):
    return trailcam.client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def endpoint():
    """Starts HTTP endpoints; all are stopped at the end of the test."""
    running = []

    def start(**how):
        running.append(Listener(**how))
        return running[-1]

    yield start
    for listener in running:
        listener.stop()


def settle(trailcam):
    """Time goes on only when all posts under way have their answers: none goes on here."""
    trailcam.admin("POST", "clock", json={"advance": 0})


def subscribed(trailcam, topic, listener, **attributes):
    """A subscription that its endpoint has confirmed."""
    sns = trailcam.client("sns")
    made = sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=listener.url,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    settle(trailcam)
    listener.arrived()
    return made["SubscriptionArn"]


def letters(trailcam):
    return trailcam.admin("GET", "mailbox")["messages"]


# Topics.


def test_a_new_topic(sns):
    made = sns.create_topic(Name="news", Tags=[{"Key": "team", "Value": "audit"}])
    assert made["TopicArn"] == arn("news")
    attributes = sns.get_topic_attributes(TopicArn=arn("news"))["Attributes"]
    documents = {name: json.loads(attributes.pop(name)) for name in ("Policy", "EffectiveDeliveryPolicy")}
    assert attributes == {
        "DisplayName": "",
        "Owner": ACCOUNT,
        "SubscriptionsConfirmed": "0",
        "SubscriptionsDeleted": "0",
        "SubscriptionsPending": "0",
        "TopicArn": arn("news"),
    }
    actions = ["GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"]
    actions += ["Subscribe", "ListSubscriptionsByTopic", "Publish"]
    assert documents["Policy"] == {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in actions],
                "Resource": arn("news"),
                "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
            }
        ],
    }
    assert documents["EffectiveDeliveryPolicy"] == {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": False,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }
    }


def test_making_a_topic_again(sns):
    tags = [{"Key": "team", "Value": "audit"}]
    sns.create_topic(Name="news", Attributes={"DisplayName": "News"}, Tags=tags)
    for same in ({}, {"Attributes": {"DisplayName": "News"}}, {"Tags": tags}):
        assert sns.create_topic(Name="news", **same)["TopicArn"] == arn("news")
    answer = refused(sns.create_topic, Name="news", Attributes={"DisplayName": "Olds"})
    assert answer == (
        INVALID,
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
        400,
    )
    answer = refused(sns.create_topic, Name="news", Tags=[*tags, {"Key": "a", "Value": "b"}])
    assert answer == (INVALID, "Invalid parameter: Tags Reason: Topic already exists with different tags", 400)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"Name": ""}, "Topic Name"),
        ({"Name": "a" * 257}, "Topic Name"),
        ({"Name": "no dots."}, "Topic Name"),
        ({"Name": "news.fifo"}, "Topic Name"),
        (
            {"Name": "news", "Attributes": {"FifoTopic": "true"}},
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, "
            "numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        ),
        (
            {"Name": "news", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            "Duplicated keys are not allowed.",
        ),
    ],
)
def test_topics_that_cannot_be(sns, arguments, sentence):
    assert refused(sns.create_topic, **arguments) == (INVALID, f"Invalid parameter: {sentence}", 400)


def test_topics_that_are_not_there(trailcam, sns, topic):
    assert refused(sns.get_topic_attributes, TopicArn=arn("olds")) == ("NotFound", "Topic does not exist", 404)
    assert refused(sns.publish, TopicArn=arn("olds"), Message="m") == ("NotFound", "Topic does not exist", 404)
    sentence = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"
    assert refused(sns.get_topic_attributes, TopicArn="news") == (INVALID, sentence, 400)
    elsewhere = trailcam.client("sns", region="eu-west-1")
    assert refused(elsewhere.publish, TopicArn=topic, Message="m") == (INVALID, "Invalid parameter: TopicArn", 400)
    for _ in range(2):
        sns.delete_topic(TopicArn=topic)
    assert sns.list_topics()["Topics"] == []


def test_topics_come_in_pages(trailcam, sns):
    for number in range(101):
        sns.create_topic(Name=f"t{number:03}")
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    second = sns.list_topics(NextToken=first["NextToken"])
    assert [topic["TopicArn"] for topic in second["Topics"]] == [arn("t100")] and "NextToken" not in second
    assert len(trailcam.aws("sns", "list-topics")["Topics"]) == 101


def test_settings_without_effect_are_refused(sns, topic):
    def change(name, value):
        return refused(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value)

    for name in ("KmsMasterKeyId", "SQSSuccessFeedbackRoleArn", "HTTPFailureFeedbackRoleArn", "ArchivePolicy"):
        code, sentence, status = change(name, "alias/aws/sns")
        assert (code, status) == ("NotImplemented", 501) and name in sentence
    assert change("TracingConfig", "Active")[0] == "NotImplemented"
    assert change("Colour", "red") == (INVALID, "Invalid parameter: AttributeName", 400)
    assert change("Policy", "{") == (INVALID, "Invalid parameter: Policy Error: null", 400)
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": topic}]}
    sentence = "Invalid parameter: Policy statement action out of service scope!"
    assert change("Policy", json.dumps(policy)) == (INVALID, sentence, 400)
    assert change("FifoThroughputScope", "Topic")[0] == INVALID
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == ""


def test_permissions_by_label(sns, topic):
    sns.add_permission(TopicArn=topic, Label="other", AWSAccountId=[OTHER], ActionName=["Publish"])
    again = {"TopicArn": topic, "Label": "other", "AWSAccountId": [OTHER], "ActionName": ["Publish"]}
    assert refused(sns.add_permission, **again)[1] == "Invalid parameter: Statement already exists"
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert policy["Statement"][1] == {
        "Sid": "other",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    sns.remove_permission(TopicArn=topic, Label="other")
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["__default_statement_ID"]


def test_other_accounts_need_the_policy(trailcam, sns, topic):
    stranger = trailcam.client("sns", key=OTHER)
    code, sentence, status = refused(stranger.publish, TopicArn=topic, Message="m")
    assert (code, status) == ("AuthorizationError", 403)
    assert sentence == (
        f"User: arn:aws:iam::{OTHER}:root is not authorized to perform: SNS:Publish on resource: {topic} because no "
        "resource-based policy allows the SNS:Publish action"
    )
    sns.add_permission(TopicArn=topic, Label="other", AWSAccountId=[OTHER], ActionName=["Publish"])
    assert stranger.publish(TopicArn=topic, Message="m")["MessageId"]
    assert refused(stranger.get_topic_attributes, TopicArn=topic)[0] == "AuthorizationError"
    calls = [event for event in trailcam.events(eventName="Publish") if event["userIdentity"]["type"] != "IAMUser"]
    denied, mine, theirs = calls[0], *calls[-2:]
    assert (denied["errorCode"], denied["requestParameters"]) == ("AccessDenied", None)
    assert mine["sharedEventID"] == theirs["sharedEventID"]
    assert {mine["recipientAccountId"], theirs["recipientAccountId"]} == {ACCOUNT, OTHER}


def test_tags(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "3"}])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "3"}]
    assert refused(sns.list_tags_for_resource, ResourceArn=arn("olds"))[0] == "ResourceNotFound"


# Subscriptions.


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"Protocol": "fax", "Endpoint": "1"}, "Amazon SNS does not support this protocol string: fax"),
        ({"Protocol": "http", "Endpoint": "https://h"}, "Endpoint must match the specified protocol"),
        ({"Protocol": "sqs", "Endpoint": "https://queue"}, "SQS endpoint ARN"),
        (
            {"Protocol": "email", "Endpoint": "a@example.com", "Attributes": {"RawMessageDelivery": "true"}},
            "Attributes Reason: RawMessageDelivery: Invalid value",
        ),
        (
            {"Protocol": "http", "Endpoint": "http://h", "Attributes": {"RawMessageDelivery": "wrongvalue"}},
            "Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.",
        ),
        (
            {"Protocol": "http", "Endpoint": "http://h", "Attributes": {"FilterPolicy": '{"a":[[1]]}'}},
            "Attributes Reason: FilterPolicy: Match value must be String, number, true, false, or null\n",
        ),
        ({"Protocol": "lambda", "Endpoint": arn("function:f", "lambda")}, "Endpoint Reason: The function does not"),
        ({"Protocol": "application", "Endpoint": arn("endpoint/a")}, "Endpoint Reason: Endpoint does not exist"),
        ({"Protocol": "firehose", "Endpoint": arn("deliverystream/s", "firehose")}, "Attributes Reason: Subscr"),
    ],
)
def test_subscriptions_that_cannot_be(sns, topic, arguments, sentence):
    code, told, status = refused(sns.subscribe, TopicArn=topic, **arguments)
    assert (code, status) == (INVALID, 400)
    if arguments["Protocol"] == "email":
        assert told == "Invalid parameter: Delivery protocol [email] does not support raw message delivery."
    else:
        assert told.startswith(f"Invalid parameter: {sentence}")


def test_the_handshake_with_an_endpoint(trailcam, sns, topic, endpoint):
    listener = endpoint()
    listener.confirms = False
    made = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url)
    assert made["SubscriptionArn"] == "pending confirmation"
    headers, body = listener.next()
    invitation = json.loads(body)
    assert list(invitation) == [
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
    ]
    assert invitation["Message"] == (
        f"You have chosen to subscribe to the topic {topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    )
    assert headers["x-amz-sns-message-type"] == invitation["Type"] == "SubscriptionConfirmation"
    assert headers["x-amz-sns-message-id"] == invitation["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == topic
    assert "x-amz-sns-subscription-arn" not in headers
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert headers["user-agent"] == "Amazon Simple Notification Service Agent"
    pending = sns.list_subscriptions()["Subscriptions"]
    assert [(line["SubscriptionArn"], line["Endpoint"]) for line in pending] == [("PendingConfirmation", listener.url)]
    sns.publish(TopicArn=topic, Message="too early")

    url = invitation["SubscribeURL"]
    assert url == (
        f"{trailcam.endpoint}/?Action=ConfirmSubscription&TopicArn={topic}&Token={invitation['Token']}"
    )
    for broken, sentence in ((url.replace("news", "olds"), "Topic"), (url[:-4], "Token"), (url + "zz", None)):
        answer = requests.get(broken, timeout=30)
        assert answer.status_code == 400
        assert f"<Message>{f'Invalid parameter: {sentence}' if sentence else 'Invalid token'}</Message>" in answer.text
    for _ in range(2):
        answer = requests.get(url, timeout=30)
        assert answer.status_code == 200
        confirmed = re.search("<SubscriptionArn>(.*)</SubscriptionArn>", answer.text).group(1)
    attributes = sns.get_subscription_attributes(SubscriptionArn=confirmed)["Attributes"]
    assert json.loads(attributes.pop("EffectiveDeliveryPolicy"))["healthyRetryPolicy"]["numRetries"] == 3
    assert attributes == {
        "ConfirmationWasAuthenticated": "false",
        "Endpoint": listener.url,
        "Owner": ACCOUNT,
        "PendingConfirmation": "false",
        "Protocol": "http",
        "RawMessageDelivery": "false",
        "SubscriptionArn": confirmed,
        "SubscriptionPrincipal": f"arn:aws:iam::{ACCOUNT}:user/dev",
        "TopicArn": topic,
    }
    # Links are not signed, and leave no records.
    assert trailcam.events(eventName="ConfirmSubscription") == []

    told = sns.publish(TopicArn=topic, Message="hello", Subject="Greeting")["MessageId"]
    headers, body = listener.next()
    notification = json.loads(body)
    assert [notification[name] for name in ("Type", "MessageId", "Message", "Subject", "Timestamp")] == [
        "Notification",
        told,
        "hello",
        "Greeting",
        "2026-01-15T10:00:00.000Z",
    ]
    assert headers["x-amz-sns-subscription-arn"] == confirmed
    assert "x-amz-sns-rawdelivery" not in headers

    assert requests.get(notification["UnsubscribeURL"], timeout=30).status_code == 200
    headers, body = listener.next()
    farewell = json.loads(body)
    assert farewell["Type"] == headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    assert farewell["Message"].startswith(f"You have chosen to deactivate subscription {confirmed}.\n")
    sns.publish(TopicArn=topic, Message="nobody hears")
    assert requests.get(farewell["SubscribeURL"], timeout=30).status_code == 200
    sns.publish(TopicArn=topic, Message="back again")
    assert json.loads(listener.next()[1])["Message"] == "back again"
    sns.unsubscribe(SubscriptionArn=confirmed)
    settle(trailcam)
    assert listener.arrived() == []
    assert refused(sns.get_subscription_attributes, SubscriptionArn=confirmed)[:2] == (
        "NotFound",
        "Subscription does not exist",
    )


def test_confirming_with_a_signature(trailcam, sns, topic, endpoint):
    listener = endpoint()
    listener.confirms = False
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url)
    token = json.loads(listener.next()[1])["Token"]
    assert refused(sns.confirm_subscription, TopicArn=topic, Token="randomtoken")[1] == "Invalid token"
    assert refused(sns.confirm_subscription, TopicArn=topic, Token="51b2ff3e")[1] == "Invalid parameter: Token"
    made = sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    link = f"{trailcam.endpoint}/?Action=Unsubscribe&SubscriptionArn={made}"
    answer = requests.get(link, timeout=30)
    assert answer.status_code == 403 and "AuthorizationError" in answer.text
    stranger = trailcam.client("sns", key=OTHER)
    assert refused(stranger.unsubscribe, SubscriptionArn=made)[0] == "AuthorizationError"
    sns.unsubscribe(SubscriptionArn=made)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_tokens_are_good_for_two_days(trailcam, sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    url = letters(trailcam)[0]["confirmationUrl"]
    trailcam.advance("PT47H59M")
    assert sns.list_subscriptions()["Subscriptions"]
    trailcam.advance("PT1M")
    assert requests.get(url, timeout=30).status_code == 400
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_subscribing_again(trailcam, sns, topic, endpoint):
    listener = endpoint()
    made = subscribed(trailcam, topic, listener, RawMessageDelivery="true")
    same = {"TopicArn": topic, "Protocol": "http", "Endpoint": listener.url}
    for attributes in ({}, {"RawMessageDelivery": "true"}):
        assert sns.subscribe(**same, Attributes=attributes)["SubscriptionArn"] == made
    sentence = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    assert refused(sns.subscribe, **same, Attributes={"RawMessageDelivery": "false"})[1] == sentence


def test_attributes_of_subscriptions(trailcam, sns, topic, endpoint):
    made = subscribed(trailcam, topic, endpoint())

    def change(name, value):
        arguments = {"SubscriptionArn": made, "AttributeName": name, "AttributeValue": value}
        return refused(sns.set_subscription_attributes, **arguments)[1]

    assert change("fake-attribute", "x") == "Invalid parameter: AttributeName"
    assert change("RawMessageDelivery", "") == (
        "Invalid parameter: RawMessageDelivery: Invalid value []. Must be true or false."
    )
    redrive = json.dumps({"deadLetterTargetArn": "fake-arn"})
    sentence = "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn"
    assert change("RedrivePolicy", redrive) == sentence
    place = "Unexpected character ('i' (code 105)): was expecting double-quote to start field name\n at [Source: "
    place += "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"
    for name in ("RedrivePolicy", "FilterPolicy"):
        assert change(name, "{invalidjson}") == f"Invalid parameter: {name}: failed to parse JSON. {place}"
    assert change("FilterPolicyScope", "RandomValue") == (
        "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or "
        "MessageAttributes"
    )
    assert change("FilterPolicy", '{"object":{"key":[{"prefix":"auto-"}]}}') == (
        "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
    )
    assert "does not implement ReplayPolicy" in change("ReplayPolicy", "{}")
    policy = {"requestPolicy": {"headerContentType": "text/csv"}}
    sns.set_subscription_attributes(
        SubscriptionArn=made, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy)
    )
    attributes = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    rest = {"healthyRetryPolicy": None, "sicklyRetryPolicy": None, "throttlePolicy": None, "guaranteed": False}
    assert json.loads(attributes["DeliveryPolicy"]) == rest | policy
    assert json.loads(attributes["EffectiveDeliveryPolicy"])["requestPolicy"] == policy["requestPolicy"]
    for broken, sentence in (
        ("", "SubscriptionArn Reason: no value for required parameter"),
        ("x", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        (topic, "SubscriptionId"),
    ):
        assert refused(sns.unsubscribe, SubscriptionArn=broken)[1] == f"Invalid parameter: {sentence}"


def test_subscriptions_of_an_account_and_of_a_topic(trailcam, sns, topic):
    for number in range(101):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=f"+1555010{number:04}")
    first = sns.list_subscriptions_by_topic(TopicArn=topic)
    second = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=first["NextToken"])
    assert (len(first["Subscriptions"]), len(second["Subscriptions"])) == (100, 1)
    assert len(trailcam.aws("sns", "list-subscriptions")["Subscriptions"]) == 101
    assert trailcam.client("sns", key=OTHER).list_subscriptions()["Subscriptions"] == []
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "101"
    sns.delete_topic(TopicArn=topic)
    assert sns.list_subscriptions()["Subscriptions"] == []


# Messages.


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "m", "Subject": ""}, "Subject"),
        ({"Message": "m", "Subject": "a" * 100}, "Subject"),
        ({"Message": "m", "Subject": "two\nlines"}, "Subject"),
        ({"Message": "a" * 262145}, "Message too long"),
        (
            {
                "Message": "a" * 262140,
                "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}},
            },
            "Message too long",
        ),
        ({"Message": "m", "MessageStructure": "xml"}, "MessageStructure"),
        (
            {"Message": "{", "MessageStructure": "json"},
            "Message Structure - JSON message body failed to parse",
        ),
        (
            {"Message": '{"sqs":"m"}', "MessageStructure": "json"},
            "Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": '{"default":{"a":1}}', "MessageStructure": "json"},
            "Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": "m", "MessageDeduplicationId": "d"},
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid "
            "for this topic type",
        ),
    ],
)
def test_messages_that_are_refused(sns, topic, arguments, sentence):
    answer = refused(sns.publish, TopicArn=topic, **arguments)
    assert answer == (INVALID, f"Invalid parameter: {sentence}", 400)


def test_larger_messages_where_the_topic_allows_them(sns, topic):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1048576")
    assert sns.publish(TopicArn=topic, Message="a" * 1048576)["MessageId"]
    assert refused(sns.publish, TopicArn=topic, Message="a" * 1048577)[1] == "Invalid parameter: Message too long"
    code, sentence, _ = refused(sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint="+15550100123")
    assert code == INVALID and "MaximumMessageSize" in sentence


def test_targets_that_are_refused(sns, topic):
    assert refused(sns.publish, Message="m")[1] == (
        "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
    )
    assert refused(sns.publish, TargetArn=arn("endpoint/APNS/app/1"), Message="m")[1] == (
        "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
    )
    assert sns.publish(TargetArn=topic, Message="m")["MessageId"]
    for number in ("+1a234", "NAA+15551234567"):
        sentence = f"Invalid parameter: PhoneNumber Reason: {number} is not valid to publish to"
        assert refused(sns.publish, PhoneNumber=number, Message="m")[1] == sentence


def entries(*messages, **more):
    return [{"Id": str(number), "Message": message, **more} for number, message in enumerate(messages)]


def test_batches(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener)
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries("a", "b", "c"))
    assert [line["Id"] for line in answer["Successful"]] == ["0", "1", "2"] and answer["Failed"] == []
    settle(trailcam)
    assert sorted(listener.texts()) == ["a", "b", "c"]

    def batch(lines):
        return refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=lines)[:2]

    assert batch([]) == ("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    assert batch(entries(*"abcdefghijk")) == (
        "TooManyEntriesInBatchRequest",
        "The batch request contains more entries than permissible.",
    )
    assert batch(entries("a") * 2) == (
        "BatchEntryIdsNotDistinct",
        "Two or more batch entries in the request have the same Id.",
    )
    assert batch([{"Id": "no dots.", "Message": "m"}])[0] == "InvalidBatchEntryId"
    assert batch(entries("a" * 131072, "b" * 131073)) == (
        "BatchRequestTooLong",
        "The length of all the messages put together is more than the limit.",
    )
    assert batch(entries('{"a":"b"}', MessageStructure="json")) == (
        INVALID,
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    )
    code, sentence = batch(entries("m", MessageAttributes={"a": {"DataType": "String", "StringValue": ""}}))
    assert (code, sentence) == (
        "ParameterValueInvalid",
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
    )


def test_messages_by_protocol(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener)
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100123")
    texts = {"default": "for all", "http": "for HTTP", "email": "for e-mail"}
    sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    settle(trailcam)
    assert listener.texts() == ["for HTTP"]
    assert [letter["body"] for letter in letters(trailcam)] == ["for all"]


def test_attributes_and_raw_delivery(trailcam, sns, topic, endpoint):
    wrapped, raw = endpoint(), endpoint()
    subscribed(trailcam, topic, wrapped)
    subscribed(
        trailcam,
        topic,
        raw,
        RawMessageDelivery="true",
        DeliveryPolicy='{"requestPolicy":{"headerContentType":"text/csv"}}',
    )
    attributes = {
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x02\x03\x04"},
        "number": {"DataType": "Number", "StringValue": "99.12"},
    }
    sns.publish(TopicArn=topic, Message="a,b", MessageAttributes=attributes)
    settle(trailcam)
    [(_, body)] = wrapped.arrived()
    assert json.loads(body)["MessageAttributes"] == {
        "bytes": {"Type": "Binary", "Value": "AgME"},
        "number": {"Type": "Number", "Value": "99.12"},
    }
    [(headers, body)] = raw.arrived()
    assert body == "a,b"
    assert (headers["x-amz-sns-rawdelivery"], headers["content-type"]) == ("true", "text/csv")


def test_filters_on_attributes_and_on_bodies(trailcam, sns, topic, endpoint):
    by_attributes, by_body = endpoint(), endpoint()
    policy = {"store": ["example_corp"], "price": [{"numeric": [">=", 100]}]}
    subscribed(trailcam, topic, by_attributes, FilterPolicy=json.dumps(policy))
    nested = {"detail": {"severity": [{"anything-but": "low"}]}}
    made = subscribed(
        trailcam, topic, by_body, FilterPolicy=json.dumps(nested), FilterPolicyScope="MessageBody"
    )
    attributes = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert (json.loads(attributes["FilterPolicy"]), attributes["FilterPolicyScope"]) == (nested, "MessageBody")

    def publish(message, **values):
        attributes = {
            name: {"DataType": "Number" if name == "price" else "String", "StringValue": value}
            for name, value in values.items()
        }
        sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)

    high = json.dumps({"detail": {"severity": "high"}})
    publish("dear", store="example_corp", price="100.5")
    publish("cheap", store="example_corp", price="99")
    publish("no price", store="example_corp")
    publish(high)
    publish(json.dumps({"detail": {"severity": "low"}}))
    settle(trailcam)
    assert by_attributes.texts() == ["dear"]
    assert by_body.texts() == [high]
    sns.set_subscription_attributes(SubscriptionArn=made, AttributeName="FilterPolicy", AttributeValue="{}")
    publish("anything")
    settle(trailcam)
    assert by_body.texts() == ["anything"]
    assert "FilterPolicyScope" not in sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]


# Deliveries over HTTP.


def retries(**policy):
    return json.dumps({"healthyRetryPolicy": policy})


def test_failures_are_tried_again_on_the_clock(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener)
    listener.statuses = [500, 503, 429]
    sns.publish(TopicArn=topic, Message="m")
    settle(trailcam)
    assert len(listener.arrived()) == 1
    trailcam.advance("PT19S")
    assert listener.arrived() == []
    trailcam.advance("PT1S")
    assert len(listener.arrived()) == 1
    trailcam.advance("PT40S")
    [(first, _), (last, body)] = listener.arrived()
    assert json.loads(body)["Message"] == "m"
    assert first["x-amz-sns-message-id"] == last["x-amz-sns-message-id"]
    trailcam.advance("PT1H")
    assert listener.arrived() == []


def test_after_the_last_retry_a_message_is_dropped(trailcam, sns, topic, endpoint):
    listener = endpoint()
    policy = {"numRetries": 4, "numNoDelayRetries": 2, "minDelayTarget": 1, "maxDelayTarget": 3}
    subscribed(trailcam, topic, listener, DeliveryPolicy=retries(**policy))
    listener.statuses = [500] * 9
    sns.publish(TopicArn=topic, Message="m")
    settle(trailcam)
    assert len(listener.arrived()) == 3, "at once, and twice without a delay"
    trailcam.advance("PT1S")
    assert len(listener.arrived()) == 1
    trailcam.advance("PT1H")
    assert len(listener.arrived()) == 1
    assert len(listener.statuses) == 4


def test_refusals_are_final(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener)
    listener.statuses = [404, 301]
    for message in ("a", "b", "c"):
        sns.publish(TopicArn=topic, Message=message)
        settle(trailcam)
    trailcam.advance("PT1H")
    assert listener.texts() == ["a", "b", "c"]


def test_endpoints_with_a_password(trailcam, sns, topic, endpoint):
    listener = endpoint()
    made = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=listener.url.replace("//", "//user:secret@"), ReturnSubscriptionArn=True
    )
    settle(trailcam)
    assert made["SubscriptionArn"].startswith(topic + ":")
    [(headers, _)] = listener.arrived()
    assert "authorization" not in headers
    listener.statuses = [401]
    sns.publish(TopicArn=topic, Message="m")
    settle(trailcam)
    [(first, _), (second, _)] = listener.arrived()
    assert "authorization" not in first
    assert second["authorization"] == "Basic " + base64.b64encode(b"user:secret").decode()


def test_https(start, endpoint, tmp_path, monkeypatch):
    """The machine's certificates decide whom to trust; here they are one that the endpoint has made."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "endpoint")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    certificate = certificate.add_extension(address, critical=False).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "endpoint.pem"
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    listener = endpoint(tls=tls)
    for trusted, name in ((True, "trusting"), (False, "wary")):
        (tmp_path / name).mkdir()
        roots = tmp_path / name / "roots.pem"
        roots.write_bytes(certificate.public_bytes(Encoding.PEM) if trusted else other_certificate())
        monkeypatch.setenv("SSL_CERT_FILE", str(roots))
        trailcam = start("--clock", "2026-01-15T10:00:00Z", name=f"{name}-data")
        sns = trailcam.client("sns")
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=listener.url)
        sns.publish(TopicArn=topic, Message="too early")
        settle(trailcam)
        sns.publish(TopicArn=topic, Message="m")
        settle(trailcam)
        kinds = [headers["x-amz-sns-message-type"] for headers, _ in listener.arrived()]
        assert kinds == (["SubscriptionConfirmation", "Notification"] if trusted else [])


def other_certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def test_nobody_listens(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener)
    listener.stop()
    sns.publish(TopicArn=topic, Message="m")
    settle(trailcam)
    jobs = trailcam.admin("GET", "jobs")["jobs"]
    assert [job["due"] for job in jobs if job["job"] == "SnsDelivery"] == ["2026-01-15T10:00:20Z"]
    trailcam.advance("PT1M")
    jobs = trailcam.admin("GET", "jobs")["jobs"]
    assert [job for job in jobs if job["job"] == "SnsDelivery"] == []


def test_a_flush_does_not_wait_for_the_next_retry(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener)
    listener.statuses = [500]
    sns.publish(TopicArn=topic, Message="m")
    settle(trailcam)
    trailcam.admin("POST", "flush")
    assert len(listener.arrived()) == 2
    assert trailcam.now() == "2026-01-15T10:00:00Z"


def test_slow_endpoints_delay_nobody(trailcam, sns, topic, endpoint):
    slow, quick = endpoint(), endpoint()
    subscribed(trailcam, topic, slow)
    subscribed(trailcam, topic, quick)
    slow.gate.clear()
    sent = [f"message {number}" for number in range(30)]
    for message in sent:
        sns.publish(TopicArn=topic, Message=message)
    assert sorted(json.loads(quick.next()[1])["Message"] for _ in sent) == sorted(sent)
    assert slow.arrived() == []
    assert sns.list_topics()["Topics"]
    slow.gate.set()
    settle(trailcam)
    assert sorted(slow.texts()) == sorted(sent)


def test_while_the_clock_runs(start, endpoint):
    trailcam = start()
    sns = trailcam.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    listener = endpoint()
    policy = retries(numRetries=2, numNoDelayRetries=1, minDelayTarget=1, maxDelayTarget=1)
    attributes = {"DeliveryPolicy": policy}
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url, Attributes=attributes)
    listener.next()
    settle(trailcam)
    listener.statuses = [500, 500]
    sns.publish(TopicArn=topic, Message="m")
    assert [json.loads(listener.next()[1])["Message"] for _ in range(3)] == ["m"] * 3


def test_throttled_endpoints(trailcam, sns, topic, endpoint):
    listener = endpoint()
    subscribed(trailcam, topic, listener, DeliveryPolicy='{"throttlePolicy":{"maxReceivesPerSecond":2}}')
    # The invitation counts too.
    trailcam.advance("PT1S")
    for number in range(5):
        sns.publish(TopicArn=topic, Message=str(number))
    settle(trailcam)
    assert listener.texts() == ["0", "1"]
    trailcam.advance("PT1S")
    assert sorted(listener.texts()) == ["2", "3"]
    trailcam.advance("PT1S")
    assert listener.texts() == ["4"]


# Letters.


def test_e_mails(trailcam, sns, topic):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="The News")
    made = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="reader@example.com")
    assert made["SubscriptionArn"] == "pending confirmation"
    [invitation] = letters(trailcam)
    assert invitation["from"] == "AWS Notifications <no-reply@sns.amazonaws.com>"
    assert (invitation["medium"], invitation["to"], invitation["sent"]) == (
        "email",
        "reader@example.com",
        "2026-01-15T10:00:00Z",
    )
    assert invitation["subject"] == "AWS Notification - Subscription Confirmation"
    assert invitation["body"].startswith(f"You have chosen to subscribe to the topic: \n{topic}\n")
    assert invitation["confirmationUrl"] in invitation["body"]
    assert requests.get(invitation["confirmationUrl"], timeout=30).status_code == 200

    sns.publish(TopicArn=topic, Message="first")
    sns.publish(TopicArn=topic, Message="second", Subject="About")
    first, second = letters(trailcam)[1:]
    assert first["from"] == "The News <no-reply@sns.amazonaws.com>"
    assert (first["subject"], second["subject"]) == ("AWS Notification Message", "About")
    assert first["body"].startswith("first\n\n--\nIf you wish to stop receiving notifications from this topic, ")
    assert first["confirmationUrl"] is None
    link = re.search(r"http://\S+Action=Unsubscribe\S+", first["body"]).group()
    assert requests.get(link, timeout=30).status_code == 200
    farewell = letters(trailcam)[3]
    assert farewell["subject"] == "AWS Notification - Unsubscribe Confirmation"
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsConfirmed"], attributes["SubscriptionsDeleted"]) == ("0", "1")
    assert requests.get(farewell["confirmationUrl"], timeout=30).status_code == 200
    sns.publish(TopicArn=topic, Message="third")
    assert len(letters(trailcam)) == 5


def test_e_mails_of_json(trailcam, sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="robot@example.com")
    invitation = json.loads(letters(trailcam)[0]["body"])
    assert invitation["Type"] == "SubscriptionConfirmation"
    requests.get(invitation["SubscribeURL"], timeout=30)
    sns.publish(TopicArn=topic, Message="m")
    assert json.loads(letters(trailcam)[1]["body"])["Message"] == "m"


def test_text_messages(trailcam, sns, topic):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="News")
    made = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100123")
    assert made["SubscriptionArn"].startswith(topic + ":")
    sns.publish(TopicArn=topic, Message="to all")
    sender = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Bank"}}
    sns.publish(PhoneNumber="+15550100124", Message="to one", MessageAttributes=sender)
    found = [(letter["medium"], letter["from"], letter["to"], letter["body"]) for letter in letters(trailcam)]
    assert found == [
        ("sms", "NOTICE", "+15550100123", "News> to all"),
        ("sms", "Bank", "+15550100124", "to one"),
    ]
    trailcam.admin("POST", "reset")
    assert letters(trailcam) == []


# FIFO topics.


def test_fifo_topics(trailcam, sns):
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="news.fifo", Attributes=attributes)["TopicArn"]
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "true")

    def publish(message, **more):
        answer = sns.publish(TopicArn=topic, Message=message, MessageGroupId="g", **more)
        return answer["MessageId"], answer["SequenceNumber"]

    first, second = publish("a"), publish("b")
    assert len(first[1]) == 20 and first[1] < second[1]
    assert publish("a") == first
    assert publish("x", MessageDeduplicationId=hashlib.sha256(b"a").hexdigest()) == first
    trailcam.advance("PT4M59S")
    assert publish("a") == first
    trailcam.advance("PT1S")
    assert publish("a") != first
    sentence = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    assert refused(sns.publish, TopicArn=topic, Message="m")[1] == sentence
    batch = {"TopicArn": topic, "PublishBatchRequestEntries": entries("m")}
    assert refused(sns.publish_batch, **batch)[1] == sentence
    sns.set_topic_attributes(TopicArn=topic, AttributeName="ContentBasedDeduplication", AttributeValue="false")
    assert refused(sns.publish, TopicArn=topic, Message="m", MessageGroupId="g")[1] == (
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly"
    )
    answer = refused(sns.subscribe, TopicArn=topic, Protocol="http", Endpoint="http://h")
    assert answer == (INVALID, "Invalid parameter: Invalid protocol type: http", 400)


def test_deduplication_within_groups(sns):
    attributes = {"FifoTopic": "true", "FifoThroughputScope": "MessageGroup"}
    topic = sns.create_topic(Name="news.fifo", Attributes=attributes)["TopicArn"]

    def publish(group):
        return sns.publish(TopicArn=topic, Message="m", MessageGroupId=group, MessageDeduplicationId="d")["MessageId"]

    assert publish("a") == publish("a") != publish("b")


# Signatures.


@pytest.mark.parametrize("version", ["1", "2"])
def test_signatures_verify(trailcam, sns, topic, endpoint, version):
    if version == "2":
        sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    listener = endpoint()
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url)
    invitation = json.loads(listener.next()[1])
    sns.publish(TopicArn=topic, Message='of "ünïcode"\nand lines', Subject="About")
    with_subject = json.loads(listener.next()[1])
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    sns.publish(TopicArn=topic, Message="bare", MessageAttributes=attributes)
    messages = [invitation, with_subject, json.loads(listener.next()[1])]
    assert {message["SignatureVersion"] for message in messages} == {version}
    names = {message["SigningCertURL"] for message in messages}
    assert len(names) == 1
    assert re.fullmatch(trailcam.endpoint + r"/SimpleNotificationService-[0-9a-f]{32}\.pem", names.pop())
    for message in messages:
        (verify_1 if version == "1" else verify_2)(trailcam, message)
        forged = message | {"Message": "forged"}
        with pytest.raises(Exception, match="Invalid signature|^$"):
            (verify_1 if version == "1" else verify_2)(trailcam, forged)


def verify_1(trailcam, message):
    """With a validator from PyPI; its pattern of hosts is told ours."""
    validator = SNSMessageValidator(cert_url_regex="^" + re.escape(trailcam.endpoint))
    validator.validate_message(message)


def verify_2(trailcam, message):
    """By AWS's recipe, for which PyPI has no validator."""
    certificate = x509.load_pem_x509_certificate(requests.get(message["SigningCertURL"], timeout=30).content)
    moment = datetime.datetime(2026, 1, 15, tzinfo=datetime.timezone.utc)
    assert certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
    keys = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{key}\n{message[key]}\n" for key in keys if key in message)
    signature = base64.b64decode(message["Signature"])
    certificate.public_key().verify(signature, text.encode(), PKCS1v15(), SHA256())


def test_signatures_verify_in_javascript(trailcam, sns, endpoint):
    """Both versions, with the validator that AWS keeps on npm."""
    messages = []
    for version in ("1", "2"):
        topic = sns.create_topic(Name=f"v{version}", Attributes={"SignatureVersion": version})["TopicArn"]
        listener = endpoint()
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=listener.url)
        messages.append(json.loads(listener.next()[1]))
        sns.publish(TopicArn=topic, Message="m", Subject="About")
        messages.append(json.loads(listener.next()[1]))
        messages.append(messages[-1] | {"Message": "forged"})
    done = subprocess.run(
        [shutil.which("node"), "signatures.mjs"],
        cwd=ROOT / "tests" / "js",
        input=json.dumps(messages),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["valid", "valid", "The message signature is invalid."] * 2


def test_the_certificate_has_one_name(trailcam):
    url = f"{trailcam.endpoint}/SimpleNotificationService-{'0' * 32}.pem"
    assert requests.get(url, timeout=30).status_code == 404


# Other clients.


def test_the_sdk_for_javascript(trailcam):
    assert trailcam.javascript("topics.mjs") == {
        "topic": arn("from-javascript.fifo"),
        "published": True,
        "batch": ["a", "b"],
        "refused": {
            "name": "InvalidParameterException",
            "status": 400,
            "message": "Invalid parameter: Invalid protocol type: email",
        },
        "fifo": "true",
        "subscriptions": [],
    }


def test_aws_cli(trailcam):
    def sns(*arguments):
        return trailcam.aws("sns", *arguments)

    topic = sns("create-topic", "--name", "news", "--tags", "Key=team,Value=audit")["TopicArn"]
    filters = json.dumps({"FilterPolicy": json.dumps({"kind": ["good"]})})
    subscribe = ["subscribe", "--topic-arn", topic, "--protocol", "email", "--attributes", filters]
    made = sns(*subscribe, "--notification-endpoint", "a@example.com", "--return-subscription-arn")
    token = letters(trailcam)[0]["confirmationUrl"].rpartition("Token=")[2]
    confirmed = sns("confirm-subscription", "--topic-arn", topic, "--token", token)
    assert confirmed == made
    for kind in ("good", "bad"):
        attributes = json.dumps({"kind": {"DataType": "String", "StringValue": kind}})
        sns("publish", "--topic-arn", topic, "--message", f"{kind} news", "--message-attributes", attributes)
    assert [letter["body"].split("\n")[0] for letter in letters(trailcam)[1:]] == ["good news"]
    sns("unsubscribe", "--subscription-arn", made["SubscriptionArn"])
    assert sns("list-subscriptions")["Subscriptions"] == []


# Records.


def test_records(trailcam, sns, topic, endpoint):
    made = subscribed(trailcam, topic, endpoint())
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    told = sns.publish(TopicArn=topic, Message="secret", Subject="secret", MessageAttributes=attributes)
    [created] = trailcam.events(eventName="CreateTopic")
    assert created["requestParameters"] == {"name": "news"}
    assert created["responseElements"] == {"topicArn": topic}
    [subscribe] = trailcam.events(eventName="Subscribe")
    assert subscribe["requestParameters"]["returnSubscriptionArn"] is True
    assert subscribe["responseElements"] == {"subscriptionArn": made}
    [published] = trailcam.events(eventName="Publish")
    hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert published["requestParameters"] == {
        "topicArn": topic,
        "message": hidden,
        "subject": hidden,
        "messageAttributes": hidden,
    }
    assert published["responseElements"] == {"messageId": told["MessageId"]}
    assert published["resources"] == [{"accountId": ACCOUNT, "type": "AWS::SNS::Topic", "ARN": topic}]
    assert (published["managementEvent"], published["eventCategory"]) == (False, "Data")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", published["requestID"])
    refused(sns.publish, TopicArn=arn("olds"), Message="m")
    assert trailcam.events(eventName="Publish")[-1]["errorCode"] == "NotFoundException"


def test_the_same_seed_gives_the_same_bytes(start, endpoint):
    bodies = []
    for number in range(2):
        trailcam = start("--clock", "2026-01-15T10:00:00Z", "--seed", "9", name=f"data{number}")
        sns = trailcam.client("sns")
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint="a@example.com")
        bodies.append(letters(trailcam)[0]["body"].replace(trailcam.endpoint, ""))
    first, second = (json.loads(body) for body in bodies)
    # The port is part of the link, and so of what is signed.
    assert first | {"Signature": 0} == second | {"Signature": 0}


# Streams and queues.


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_firehose(trailcam, sns, topic):
    trailcam.client("s3").create_bucket(Bucket="lake")
    iam = trailcam.client("iam")
    out = iam.create_role(RoleName="out", AssumeRolePolicyDocument=trust("firehose.amazonaws.com"))["Role"]["Arn"]
    role = iam.create_role(RoleName="in", AssumeRolePolicyDocument=trust("sns.amazonaws.com"))["Role"]["Arn"]
    stream = trailcam.client("firehose").create_delivery_stream(
        DeliveryStreamName="stream",
        ExtendedS3DestinationConfiguration={"RoleARN": out, "BucketARN": "arn:aws:s3:::lake"},
    )["DeliveryStreamARN"]
    asked = {"TopicArn": topic, "Protocol": "firehose", "Endpoint": stream}
    assert refused(sns.subscribe, **asked, Attributes={"SubscriptionRoleArn": out})[0] == INVALID
    made = sns.subscribe(**asked, Attributes={"SubscriptionRoleArn": role})["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="wrapped", Subject="About")
    sns.set_subscription_attributes(
        SubscriptionArn=made, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    sns.publish(TopicArn=topic, Message="raw")
    trailcam.admin("POST", "flush")
    [file] = [file for file in (trailcam.data_dir / "s3/lake").rglob("*") if file.is_file()]
    wrapped, raw = file.read_text().splitlines()
    wrapped = json.loads(wrapped)
    assert list(wrapped) == ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "UnsubscribeURL"]
    assert (wrapped["Message"], raw) == ("wrapped", "raw")


@pytest.fixture
def sqs(trailcam):
    if not trailcam.admin("GET", "health")["services"]["sqs"]["implemented"]:
        pytest.skip("SQS is not built")
    return trailcam.client("sqs")


def queue(sqs, name, topic, **attributes):
    """A queue that lets SNS in for a topic: its URL and ARN."""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    queue_arn = arn(name, "sqs")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, queue_arn


def received(sqs, url):
    """All messages of a queue."""
    messages = []
    while found := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        messages += found
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def test_queues(trailcam, sns, sqs, topic):
    wrapped, wrapped_arn = queue(sqs, "wrapped", topic)
    raw, raw_arn = queue(sqs, "raw", topic)
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=wrapped_arn)["SubscriptionArn"]
    assert made.startswith(topic + ":")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=raw_arn, Attributes={"RawMessageDelivery": "true"})
    attributes = {"number": {"DataType": "Number", "StringValue": "99.12"}}
    told = sns.publish(TopicArn=topic, Message="m", MessageAttributes=attributes)["MessageId"]
    [message] = received(sqs, wrapped)
    body = json.loads(message["Body"])
    assert (body["Type"], body["MessageId"], body["Message"]) == ("Notification", told, "m")
    verify_1(trailcam, body)
    [message] = received(sqs, raw)
    assert (message["Body"], message["MessageAttributes"]) == ("m", attributes)
    [sent, _] = trailcam.events(eventName="SendMessage")
    assert sent["userIdentity"] == {"type": "AWSService", "invokedBy": "sns.amazonaws.com"}


def test_queues_that_refuse(sns, sqs, topic):
    dead, dead_arn = queue(sqs, "dead", topic)
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn})
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn("closed", "sqs"),
        Attributes={"RedrivePolicy": redrive, "RawMessageDelivery": "true"},
    )
    sns.publish(TopicArn=topic, Message="m")
    assert received(sqs, url) == []
    assert [message["Body"] for message in received(sqs, dead)] == ["m"]


def test_dead_letters_of_endpoints(trailcam, sns, sqs, topic, endpoint):
    dead, dead_arn = queue(sqs, "dead", topic)
    listener = endpoint()
    redrive = json.dumps({"deadLetterTargetArn": dead_arn})
    subscribed(trailcam, topic, listener, RedrivePolicy=redrive)
    listener.statuses = [500] * 4 + [403]
    sns.publish(TopicArn=topic, Message="tried")
    settle(trailcam)
    trailcam.advance("PT59S")
    assert received(sqs, dead) == []
    trailcam.advance("PT1S")
    assert [json.loads(message["Body"])["Message"] for message in received(sqs, dead)] == ["tried"]
    sns.publish(TopicArn=topic, Message="refused")
    settle(trailcam)
    assert [json.loads(message["Body"])["Message"] for message in received(sqs, dead)] == ["refused"]


def test_fifo_topics_and_queues(sns, sqs):
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="news.fifo", Attributes=attributes)["TopicArn"]
    ordered, ordered_arn = queue(sqs, "ordered.fifo", topic, FifoQueue="true")
    standard, standard_arn = queue(sqs, "standard", topic)
    for endpoint in (ordered_arn, standard_arn):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
    for message in ("a", "b", "a", "c"):
        sns.publish(TopicArn=topic, Message=message, MessageGroupId="g")
    found = received(sqs, ordered)
    bodies = [json.loads(message["Body"]) for message in found]
    assert [body["Message"] for body in bodies] == ["a", "b", "c"]
    assert list(bodies[0])[:4] == ["Type", "MessageId", "SequenceNumber", "TopicArn"]
    assert "Signature" not in bodies[0]
    assert found[0]["Attributes"]["MessageGroupId"] == "g"
    assert found[0]["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"a").hexdigest()
    assert len(received(sqs, standard)) == 3
    fifo_arn = arn("ordered.fifo", "sqs")
    plain = sns.create_topic(Name="plain")["TopicArn"]
    assert refused(sns.subscribe, TopicArn=plain, Protocol="sqs", Endpoint=fifo_arn)[1] == (
        "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS "
        "topics"
    )


def test_queues_of_other_accounts(trailcam, sns, sqs, topic):
    theirs = trailcam.client("sqs", key=OTHER)
    url = theirs.create_queue(QueueName="theirs")["QueueUrl"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn("theirs", "sqs", OTHER),
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    theirs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("theirs", "sqs", OTHER))
    assert made["SubscriptionArn"] == "pending confirmation"
    [invitation] = received(theirs, url)
    assert requests.get(json.loads(invitation["Body"])["SubscribeURL"], timeout=30).status_code == 200
    sns.publish(TopicArn=topic, Message="m")
    assert [json.loads(message["Body"])["Message"] for message in received(theirs, url)] == ["m"]
