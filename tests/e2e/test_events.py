"""EventBridge: buses, rules, and what comes to targets."""

import datetime
import json
import re

import pytest
import requests

from conftest import refused
from event_lab import (
    ACCOUNT,
    DEFAULT_BUS,
    GROUP,
    GROUP_ARN,
    OTHER,
    RULE,
    TRUST,
    UUID,
    arrived,
    events,
    group,
    logged,
    make_queue,
    make_role,
    make_rule,
    put,
    put_target,
    received,
    stranger,
    trail,
)

pytestmark = pytest.mark.usefixtures("user")


# Buses and rules


def test_what_a_bus_shows(trailcam, events):
    made = events.create_event_bus(Name="orders", Description="All orders", Tags=[{"Key": "team", "Value": "shop"}])
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/orders"
    assert (made["EventBusArn"], made["Description"]) == (arn, "All orders")
    shown = events.describe_event_bus(Name=arn)
    start = datetime.datetime.fromisoformat("2026-01-15T10:00:00+00:00")
    assert {k: v for k, v in shown.items() if k != "ResponseMetadata"} == {
        "Name": "orders",
        "Arn": arn,
        "Description": "All orders",
        "CreationTime": start,
        "LastModifiedTime": start,
    }
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default", "orders"]
    assert [bus["Arn"] for bus in events.list_event_buses(NamePrefix="de")["EventBuses"]] == [DEFAULT_BUS]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert events.update_event_bus(Name="orders", Description="Some")["Arn"] == arn
    events.delete_event_bus(Name="orders")
    assert refused(events.describe_event_bus, Name="orders") == (
        "ResourceNotFoundException",
        "Event bus orders does not exist.",
        400,
    )
    # Every Region has a default bus, from the first moment on.
    assert trailcam.client("events", region="eu-west-1").describe_event_bus()["Name"] == "default"


def test_settings_that_would_have_no_effect_are_refused(events):
    def code(**settings):
        return refused(events.create_event_bus, Name="orders", **settings)[::2]

    assert code(KmsKeyIdentifier="alias/key") == ("NotImplemented", 501)
    assert code(EventSourceName="aws.partner/a/b") == ("NotImplemented", 501)
    assert code(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}) == ("NotImplemented", 501)
    assert code(LogConfig={"Level": "INFO"}) == ("NotImplemented", 501)
    assert refused(events.list_connections)[::2] == ("NotImplemented", 501)


def test_the_life_of_a_rule_with_the_aws_command(trailcam):
    run = trailcam.aws
    pattern = '{"source":["shop"]}'
    made = run("events", "put-rule", "--name", "r", "--event-pattern", pattern, "--description", "d", "--tags", "Key=a,Value=b")
    assert made == {"RuleArn": f"{RULE}/r"}
    assert run("events", "describe-rule", "--name", "r") == {
        "Name": "r",
        "Arn": f"{RULE}/r",
        "EventPattern": pattern,
        "State": "ENABLED",
        "Description": "d",
        "EventBusName": "default",
        "CreatedBy": ACCOUNT,
    }
    run("logs", "create-log-group", "--log-group-name", GROUP)
    targets = run("events", "put-targets", "--rule", "r", "--targets", f"Id=log,Arn={GROUP_ARN}")
    assert targets == {"FailedEntryCount": 0, "FailedEntries": []}
    assert run("events", "list-targets-by-rule", "--rule", "r") == {"Targets": [{"Id": "log", "Arn": GROUP_ARN}]}
    assert run("events", "list-rule-names-by-target", "--target-arn", GROUP_ARN) == {"RuleNames": ["r"]}
    run("events", "disable-rule", "--name", "r")
    assert [rule["State"] for rule in run("events", "list-rules", "--name-prefix", "r")["Rules"]] == ["DISABLED"]
    run("events", "enable-rule", "--name", "r")
    assert run("events", "list-tags-for-resource", "--resource-arn", f"{RULE}/r") == {"Tags": [{"Key": "a", "Value": "b"}]}
    refusal = run("events", "delete-rule", "--name", "r", fails=True)
    assert "(ValidationException) when calling the DeleteRule operation: Rule can't be deleted since it has targets." in refusal
    run("events", "remove-targets", "--rule", "r", "--ids", "log")
    run("events", "delete-rule", "--name", "r")
    assert run("events", "list-rules") == {"Rules": []}


def test_a_rule_is_replaced_but_keeps_its_targets(events, group):
    make_rule(events, "r", {"source": ["a"]}, group)
    events.put_rule(Name="r", EventPattern='{"source":["b"]}', State="DISABLED")
    shown = events.describe_rule(Name="r")
    assert (shown["EventPattern"], shown["State"], "Description" in shown) == ('{"source":["b"]}', "DISABLED", False)
    assert [target["Id"] for target in events.list_targets_by_rule(Rule="r")["Targets"]] == ["1"]


def test_listings_come_in_pages(events):
    for number in range(5):
        events.put_rule(Name=f"r{number}", EventPattern='{"source":["a"]}')
    page = events.list_rules(Limit=3)
    assert [rule["Name"] for rule in page["Rules"]] == ["r0", "r1", "r2"]
    page = events.list_rules(Limit=3, NextToken=page["NextToken"])
    assert ([rule["Name"] for rule in page["Rules"]], "NextToken" in page) == (["r3", "r4"], False)


# Events and targets


def test_an_event_as_it_comes_to_a_target(trailcam, events, group):
    make_rule(events, "r", {"source": ["shop"]}, group)
    moment = datetime.datetime(2026, 1, 15, 9, 30, 15, tzinfo=datetime.timezone.utc)
    event_id = put(events, {"n": 1.5, "text": "é"}, Time=moment, Resources=["a", "b"])
    assert re.fullmatch(UUID, event_id)
    (line,) = logged(trailcam)
    assert line["timestamp"] == moment.timestamp() * 1000
    assert re.fullmatch(UUID, line["logStreamName"])
    assert line["message"] == (
        f'{{"version":"0","id":"{event_id}","detail-type":"order","source":"shop","account":"{ACCOUNT}",'
        '"time":"2026-01-15T09:30:15Z","region":"us-east-1","resources":["a","b"],'
        '"detail":{"n":1.5,"text":"\\u00e9"}}'
    )


def test_what_targets_make_of_an_event(trailcam, events, group):
    def check(expected, **more):
        events.remove_targets(Rule="r", Ids=["1"])
        put_target(events, "r", group, **more)
        before = len(logged(trailcam))
        put(events, {"n": 7, "name": "Ann"})
        assert [line["message"] for line in logged(trailcam)[before:]] == [expected]

    events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
    check('{"fixed": true}', Input='{"fixed": true}')
    check('{"n":7,"name":"Ann"}', InputPath="$.detail")
    check("7", InputPath="$.detail.n")
    check(
        "Ann has 7",
        InputTransformer={
            "InputPathsMap": {"time": "$.time", "who": "$.detail.name", "n": "$.detail.n"},
            "InputTemplate": '{"timestamp":<time>,"message":"<who> has <n>"}',
        },
    )


def test_entries_fail_one_by_one(events):
    good = {"Source": "a", "DetailType": "b", "Detail": "{}"}
    done = events.put_events(Entries=[good | {"Detail": "nothing"}, good, good | {"Source": "aws.s3"}, {"Source": "a"}])
    assert done["FailedEntryCount"] == 3
    failures = [(entry.get("ErrorCode"), entry.get("ErrorMessage")) for entry in done["Entries"]]
    assert failures == [
        ("MalformedDetail", "Detail is malformed."),
        (None, None),
        ("NotAuthorizedForSourceException", "Not authorized for the source."),
        ("InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument."),
    ]
    code, _, status = refused(events.put_events, Entries=[good] * 11)
    assert (code, status) == ("ValidationException", 400)


def test_putting_events_is_recorded_without_their_details(trailcam, events):
    event_id = put(events, {"secret": 1}, EventBusName="default")
    (record,) = trailcam.events(eventName="PutEvents")
    entry = {
        "source": "shop",
        "detailType": "order",
        "detail": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "eventBusName": "default",
    }
    assert record["requestParameters"] == {"entries": [entry]}
    assert record["responseElements"] == {"failedEntryCount": 0, "entries": [{"eventId": event_id}]}
    assert record["resources"] == [{"type": "AWS::Events::EventBus", "ARN": DEFAULT_BUS}]
    assert (record["eventCategory"], record["managementEvent"], record["readOnly"]) == ("Data", False, False)
    assert record["apiVersion"] == "2015-10-07"


def test_a_firehose_stream_gets_events(trailcam, events):
    s3, firehose, iam = (trailcam.client(name) for name in ("s3", "firehose", "iam"))
    s3.create_bucket(Bucket="lake")
    trust = json.dumps(TRUST).replace("events.", "firehose.")
    writer = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    destination = {"RoleARN": writer, "BucketARN": "arn:aws:s3:::lake"}
    stream = firehose.create_delivery_stream(DeliveryStreamName="s", ExtendedS3DestinationConfiguration=destination)
    stream = stream["DeliveryStreamARN"]
    events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
    refusal = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": stream}])
    assert refusal == ("ValidationException", f"RoleArn is required for target {stream}.", 400)
    put_target(events, "r", stream, RoleArn=make_role(trailcam))
    put(events, {"n": 1})
    trailcam.admin("POST", "flush")
    (written,) = s3.list_objects_v2(Bucket="lake")["Contents"]
    event = json.loads(s3.get_object(Bucket="lake", Key=written["Key"])["Body"].read())
    assert event["detail"] == {"n": 1}
    # EventBridge acts with the role; both of its calls are recorded.
    (record,) = trailcam.events(eventName="PutRecord")
    assert record["userIdentity"]["invokedBy"] == "events.amazonaws.com"
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "bridge"


def test_a_topic_gets_events_if_its_policy_lets_eventbridge_in(trailcam, events):
    sns = trailcam.client("sns")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    (request,) = trailcam.admin("GET", "mailbox")["messages"]
    requests.get(request["confirmationUrl"], timeout=60).raise_for_status()
    before = len(trailcam.admin("GET", "mailbox")["messages"])

    def letters():
        return [letter["body"] for letter in trailcam.admin("GET", "mailbox")["messages"][before:]]

    make_rule(events, "r", {"source": ["shop"]}, topic, InputPath="$.detail.text")
    put(events, {"text": "too early"})
    assert letters() == []
    (record,) = trailcam.events(eventName="Publish")
    assert (record["errorCode"], record["userIdentity"]["invokedBy"]) == ("AccessDenied", "events.amazonaws.com")
    # The statement of AWS's documentation, with the condition that it recommends.
    statement = {
        "Sid": "PublishEventsToMyTopic",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"{RULE}/r"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    put(events, {"text": "hello"})
    (letter,) = letters()
    assert letter.startswith('"hello"')
    record = trailcam.events(eventName="Publish")[-1]
    assert record["requestParameters"]["message"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert record["eventCategory"] == "Data"


def test_roles_that_eventbridge_cannot_take_on_are_refused(trailcam, events, stranger):
    events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    bus = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"
    code, message, status = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": bus, "RoleArn": role}])
    expected = f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."
    assert (code, message, status) == ("ValidationException", expected, 400)
    theirs = make_role(trailcam, **stranger)
    code, message, _ = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": bus, "RoleArn": theirs}])
    assert (code, message) == ("AccessDeniedException", "Cross-account pass role is not allowed.")


# Queues


def test_groups_of_ordered_queues_come_from_the_event(trailcam, events):
    url, queue = make_queue(trailcam, "jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    group = {"MessageGroupId": "$.detail.customer"}
    make_rule(events, "r", {"source": ["shop"]}, queue, SqsParameters=group, InputPath="$.detail.n")
    header = "Root=1-5759e988-bd862e3fe1be46a994272793"
    put(events, {"n": 1, "customer": "ann"}, TraceHeader=header)
    (message,) = received(trailcam, url)
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("1", "ann")
    assert message["Attributes"]["AWSTraceHeader"] == header
    events.remove_targets(Rule="r", Ids=["1"])
    put_target(events, "r", queue, SqsParameters={"MessageGroupId": "all"})
    put(events, {})
    assert received(trailcam, url)[0]["Attributes"]["MessageGroupId"] == "all"


def test_what_cannot_be_delivered_comes_to_the_dead_letter_queue(trailcam, events):
    url, dead = make_queue(trailcam, "dead", rule="r")
    gone = f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone"
    make_rule(events, "r", {"source": ["shop"]}, gone, DeadLetterConfig={"Arn": dead}, Input='"lost"')
    event_id = put(events, {"n": 1})
    (message,) = received(trailcam, url)
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    text = attributes.pop("ERROR_MESSAGE")
    assert "The specified queue does not exist" in text
    assert attributes == {
        "RULE_ARN": f"{RULE}/r",
        "TARGET_ARN": gone,
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }
    # The event itself, not what the target would have got.
    assert json.loads(message["Body"])["id"] == event_id
    trailcam.client("sqs").create_queue(QueueName="gone")
    put(events, {"n": 2})
    (message,) = received(trailcam, url)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    ordered = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead.fifo"
    target = {"Id": "1", "Arn": gone, "DeadLetterConfig": {"Arn": ordered}}
    assert refused(events.put_targets, Rule="r", Targets=[target])[0] == "ValidationException"


def test_an_event_that_has_crossed_once_goes_to_the_dead_letter_queue(trailcam, events):
    url, dead = make_queue(trailcam, "dead", rule="first/onward")
    role = make_role(trailcam)
    buses = [events.create_event_bus(Name=name)["EventBusArn"] for name in ("first", "second")]
    make_rule(events, "onward", {"source": ["shop"]}, buses[0], RoleArn=role)
    settings = {"RoleArn": role, "DeadLetterConfig": {"Arn": dead}}
    make_rule(events, "onward", {"source": ["shop"]}, buses[1], bus="first", **settings)
    put(events, {})
    (message,) = received(trailcam, url)
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["ERROR_MESSAGE"]) == (
        "THIRD_ACCOUNT_HOP_DETECTED",
        "An event can be sent to an event bus target only once. This event was previously delivered to an event bus target.",
    )


# Across buses


def test_events_go_to_another_region_and_account(trailcam, events, group, stranger):
    """From eu-west-1 of another account, through its own bus in us-east-1, to ours."""
    role = make_role(trailcam, **stranger)
    far = trailcam.client("events", region="eu-west-1", **stranger)
    near = trailcam.client("events", **stranger)
    make_rule(far, "r", {"source": ["shop"]}, f"arn:aws:events:us-east-1:{OTHER}:event-bus/default", RoleArn=role)
    make_rule(near, "r", {"source": ["shop"]}, DEFAULT_BUS, RoleArn=role)
    make_rule(events, "r", {"source": ["shop"], "account": [OTHER]}, group)
    put(far, {"n": 1})
    assert arrived(trailcam) == [], "the bus has no policy"
    events.put_permission(StatementId="other", Action="events:PutEvents", Principal=OTHER)
    event_id = put(far, {"n": 2})
    (event,) = arrived(trailcam)
    assert (event["id"], event["account"], event["region"]) == (event_id, OTHER, "eu-west-1")
    # The owner of the bus has a record of the call too.
    calls = [call for call in trailcam.events(eventName="PutEvents") if call["recipientAccountId"] == ACCOUNT]
    assert calls[-1]["userIdentity"]["type"] == "AWSAccount"
    assert calls[-1]["resources"] == [{"type": "AWS::Events::EventBus", "ARN": DEFAULT_BUS}]


def test_other_accounts_make_rules_where_the_policy_lets_them(trailcam, events, group, stranger):
    theirs = trailcam.client("events", **stranger)
    rule = {"Name": "theirs", "EventBusName": DEFAULT_BUS}
    pattern = {"EventPattern": '{"source":["shop"]}'}
    code, message, status = refused(theirs.put_rule, **rule, **pattern)
    assert (code, status) == ("AccessDeniedException", 400)
    assert f"is not authorized to perform: events:PutRule on resource: {RULE}/theirs" in message
    statement = {
        "Sid": "Rules",
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": ["events:PutRule", "events:DescribeRule", "events:DeleteRule"],
        "Resource": f"{RULE}/*",
        "Condition": {"StringEqualsIfExists": {"events:creatorAccount": OTHER}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    events.put_permission(Policy=policy)
    assert events.describe_event_bus()["Policy"] == policy
    theirs.put_rule(**rule, **pattern)
    assert events.describe_rule(Name="theirs")["CreatedBy"] == OTHER
    # Rules of the bus's own account are not theirs.
    events.put_rule(Name="ours", **pattern)
    assert refused(theirs.describe_rule, Name="ours", EventBusName=DEFAULT_BUS)[0] == "AccessDeniedException"
    theirs.delete_rule(**rule)


# Time


def test_schedules(trailcam, events, group):
    events.put_rule(Name="often", ScheduleExpression="rate(1 minute)")
    put_target(events, "often", group, Input='"often"')
    trailcam.advance("PT3M30S")
    assert [line["message"] for line in logged(trailcam)] == ['"often"'] * 3
    (job,) = [job for job in trailcam.admin("GET", "jobs")["jobs"] if job["job"] == "EventSchedule"]
    assert (job["rule"], job["due"]) == (f"{RULE}/often", "2026-01-15T10:04:00Z")
    events.remove_targets(Rule="often", Ids=["1"])
    events.delete_rule(Name="often")
    trailcam.advance("PT10M")
    assert len(logged(trailcam)) == 3


def test_archive_and_replay(trailcam, events, group):
    archive = events.create_archive(ArchiveName="all", EventSourceArn=DEFAULT_BUS, RetentionDays=7)
    assert archive["State"] == "ENABLED"
    first = put(events, {"n": 1})
    trailcam.advance("PT5M")
    put(events, {"n": 2})
    shown = events.describe_archive(ArchiveName="all")
    assert (shown["EventCount"], shown["RetentionDays"], shown["EventSourceArn"]) == (2, 7, DEFAULT_BUS)
    make_rule(events, "late", {"source": ["shop"]}, group)
    span = {"EventStartTime": "2026-01-15T10:00:00Z", "EventEndTime": "2026-01-15T10:04:00Z"}
    replay = {"ReplayName": "again", "EventSourceArn": archive["ArchiveArn"], "Destination": {"Arn": DEFAULT_BUS}, **span}
    assert events.start_replay(**replay)["State"] == "STARTING"
    trailcam.advance("PT10S")
    (event,) = arrived(trailcam)
    assert (event["id"], event["detail"], event["replay-name"]) == (first, {"n": 1}, "again")
    shown = events.describe_replay(ReplayName="again")
    assert shown["State"] == "COMPLETED"
    assert shown["EventLastReplayedTime"].isoformat() == "2026-01-15T10:00:00+00:00"
    assert [item["ReplayName"] for item in events.list_replays(State="COMPLETED")["Replays"]] == ["again"]
    assert refused(events.start_replay, **replay)[0] == "ResourceAlreadyExistsException"
    assert refused(events.cancel_replay, ReplayName="again")[0] == "IllegalStatusException"
    events.delete_archive(ArchiveName="all")
    assert refused(events.describe_archive, ArchiveName="all")[1] == "Archive all does not exist."


# Events from services


def test_an_api_call_comes_to_a_rule_as_its_record(trailcam, events, group):
    make_rule(events, "r", {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["CreateUser"]}}, group)
    iam = trailcam.client("iam")
    iam.create_user(UserName="early")
    trail(trailcam, IsMultiRegionTrail=True)
    trailcam.client("iam", region="eu-west-1").create_user(UserName="ann")
    (event,) = arrived(trailcam)
    record = trailcam.events(eventName="CreateUser")[-1]
    assert event.pop("detail") == record
    assert re.fullmatch(UUID, event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam",
        "account": ACCOUNT,
        "time": record["eventTime"],
        "region": "us-east-1",
        "resources": [],
    }


def test_which_calls_become_events(trailcam, events, group):
    def sources():
        return [(event["source"], event["detail"]["eventName"]) for event in arrived(trailcam)]

    make_rule(events, "r", {"source": ["aws.s3", "aws.sts", "aws.logs"]}, group)
    cloudtrail = trail(trailcam)
    s3, sts = trailcam.client("s3"), trailcam.client("sts")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="a", Body=b"")
    sts.get_caller_identity()
    # The trail is of one Region, and that is another one.
    trailcam.client("logs", region="eu-west-1").create_log_group(logGroupName="far")
    trailcam.client("logs").create_log_group(logGroupName="near")
    assert [call for call in sources() if call[1] != "CreateLogStream"] == [
        ("aws.s3", "CreateBucket"),
        ("aws.logs", "CreateLogGroup"),
    ]
    # The rule's own stream was made for the first event.
    before = len(sources())
    assert before == 3
    events.put_rule(
        Name="r", EventPattern='{"source":["aws.s3","aws.sts"]}', State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    )
    sts.get_caller_identity()
    assert sources()[before:] == [("aws.sts", "GetCallerIdentity")]
    selector = {"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::data/"]}]}
    cloudtrail.put_event_selectors(TrailName="main", EventSelectors=[selector])
    events.put_rule(Name="r", EventPattern='{"source":["aws.s3"]}')
    s3.put_object(Bucket="data", Key="a", Body=b"")
    s3.get_object(Bucket="data", Key="a")
    assert sources()[before + 1 :] == [("aws.s3", "PutObject"), ("aws.s3", "GetObject")]
    cloudtrail.stop_logging(Name="main")
    s3.delete_object(Bucket="data", Key="a")
    assert len(sources()) == before + 3


def test_a_rule_on_everything_comes_to_rest(trailcam, events, group):
    """Deliveries make calls that are recorded, and that the rule matches too."""
    trail(trailcam)
    role = make_role(trailcam)
    events.create_event_bus(Name="copy")
    make_rule(events, "all", {"account": [ACCOUNT]}, group)
    copy = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/copy"
    events.put_targets(Rule="all", Targets=[{"Id": "copy", "Arn": copy, "RoleArn": role}])
    put(events, {})
    count = len(logged(trailcam))
    names = [event["detail"].get("eventName") for event in arrived(trailcam)]
    assert "CreateLogStream" in names, names
    trailcam.advance("PT1H")
    assert len(logged(trailcam)) <= count + 5
