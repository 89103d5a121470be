"""EventBridge's patterns: tried alone, refused, and in rules that bring events to a queue."""

import json

import pytest

from conftest import refused
from event_lab import CONSOLE, events, make_queue, make_rule, put, received

pytestmark = pytest.mark.usefixtures("user")

# What AWS has been seen to ask of an event that is tried.
EVENT = {
    "id": "1",
    "source": "order",
    "detail-type": "Test",
    "account": "123456789012",
    "region": "us-east-1",
    "time": "2026-01-15T10:00:00Z",
    "detail": {"state": "running", "count": 300.0, "list": ["a", "b"]},
}


def tried(events, pattern, event=EVENT):
    return events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]


def test_patterns_are_tried(trailcam, events):
    assert tried(events, {"source": ["order"], "detail-type": ["Test"]}) is True
    assert tried(events, {"source": ["shipment"]}) is False
    # As AWS answers, unlike what its guide says of numbers.
    assert tried(events, {"detail": {"count": [300]}}) is True
    assert tried(events, {"detail.state": ["running"]}) is True
    shown = trailcam.aws(
        "events", "test-event-pattern", "--event-pattern", '{"detail":{"list":["b"]}}', "--event", json.dumps(EVENT)
    )
    assert shown == {"Result": True}


def test_events_that_cannot_be_tried(events):
    expected = ("ValidationException", "Parameter Event is not valid.", 400)

    def check(event):
        pattern = json.dumps({"source": ["order"]})
        assert refused(events.test_event_pattern, EventPattern=pattern, Event=event) == expected

    check('"text"')
    check("plain text")
    check("[]")
    for member in ("id", "source", "detail-type", "account", "region", "time"):
        check(json.dumps({name: value for name, value in EVENT.items() if name != member}))


# What AWS says to patterns, and where it has read to by then; with no place where it tells none.
FLAWS = {
    '{"int": 42}': ('"int" must be an object or an array', 11),
    '{"resources": []}': ("Empty arrays are not allowed", 17),
    '{"source": ["aws.health"], "detail": {}}': ("Empty objects are not allowed", 40),
    '["not", "a", "dict", "but valid json"]': ("Filter is not an object", 2),
    '{"my_key": [{"EXISTS": true}]}': ("Unrecognized match type EXISTS", 28),
    '{"time": [{"prefix": 123}]}': ("prefix match pattern must be a string", 25),
    '{"FileName": [{"suffix": [".png"]}]}': ("suffix match pattern must be a string", 27),
    '{"EventBusArn": [{"wildcard": 123}]}': ("wildcard match pattern must be a string", 34),
    '{"detail-type": [{"equals-ignore-case": {"prefix": "ec2"}}]}': (
        "equals-ignore-case match pattern must be a string",
        42,
    ),
    '{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}': ("Bad numeric range operator: >", 49),
    '{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}': ("prefix/suffix match pattern must be a string", 54),
    "{'bad': 'quotation'}": (
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        2,
    ),
    '{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}': (
        "Consecutive wildcard characters at pos 26",
        72,
    ),
    '{"ip": [{"cidr": "bad-filter"}]}': ("Malformed CIDR, one '/' required", None),
    '{"EventBusArn": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}': (
        "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
        "wildcard character",
        None,
    ),
}


@pytest.mark.parametrize("pattern", FLAWS)
def test_patterns_that_are_none_are_refused_with_their_place(events, pattern):
    sentence, column = FLAWS[pattern]
    place = f'\n at [Source: (String)"{pattern}"; line: 1, column: {column}]' if column else ""
    expected = ("InvalidEventPatternException", f"Event pattern is not valid. Reason: {sentence}{place}", 400)
    assert refused(events.put_rule, Name="r", EventPattern=pattern, **CONSOLE) == expected
    assert refused(events.test_event_pattern, EventPattern=pattern, Event=json.dumps(EVENT)) == expected
    archive = {"ArchiveName": "a", "EventSourceArn": events.describe_event_bus()["Arn"]}
    assert refused(events.create_archive, EventPattern=pattern, **archive) == expected
    assert events.list_rules()["Rules"] == events.list_archives()["Archives"] == []


# For each operator: the pattern of a field, values that it wants, and values that it does not.
OPERATORS = {
    "equals": (["a", 1, None, True], ["a", 1, 1.0, None, True, ["b", "a"]], ["b", "1", 2, False, []]),
    "prefix": ([{"prefix": "ab"}], ["ab", "abc"], ["ba", 1]),
    "prefix-ignore-case": ([{"prefix": {"equals-ignore-case": "ab"}}], ["ABc"], ["b"]),
    "suffix": ([{"suffix": ".png"}], ["a.png"], ["a.PNG", "a.png.txt"]),
    "suffix-ignore-case": ([{"suffix": {"equals-ignore-case": ".png"}}], ["a.PNG"], ["a.jpg"]),
    "equals-ignore-case": ([{"equals-ignore-case": "Ab"}], ["aB"], ["abc"]),
    "wildcard": ([{"wildcard": "a*c"}], ["ac", "abc"], ["ab", "xac"]),
    "anything-but": ([{"anything-but": "a"}], ["b", 1, None], ["a"]),
    "anything-but-list": ([{"anything-but": [100, 200]}], [101, "100"], [100, 200.0]),
    "anything-but-ignore-case": ([{"anything-but": {"equals-ignore-case": ["a", "b"]}}], ["c"], ["A", "b"]),
    "anything-but-prefix": ([{"anything-but": {"prefix": "ab"}}], ["ba", 1], ["abc"]),
    "anything-but-suffix": ([{"anything-but": {"suffix": [".txt", ".rtf"]}}], ["a.png"], ["a.txt", "a.rtf"]),
    "anything-but-wildcard": ([{"anything-but": {"wildcard": "*/lib/*"}}], ["/bin/a"], ["/usr/lib/a"]),
    "numeric": ([{"numeric": [">", 0, "<=", 5]}], [1, 5, 0.5], [0, 6, "1"]),
    "exists": ([{"exists": True}], ["", None, 0], [[], {"a": 1}]),
    "exists-not": ([{"exists": False}], [[], {"a": 1}], ["", None]),
    "cidr": ([{"cidr": "10.0.0.0/24"}], ["10.0.0.255"], ["10.0.1.0", "s3.amazonaws.com"]),
    "cidr-6": ([{"cidr": "2001:db8::/32"}], ["2001:db8:1::1"], ["2001:db9::1"]),
}


def check_rule(trailcam, events, pattern, wanted, unwanted):
    """A rule's queue gets the wanted details, and no others."""
    url, queue = make_queue(trailcam)
    make_rule(events, "r", {"source": ["shop"], "detail": pattern}, queue, InputPath="$.detail")
    for detail in wanted + unwanted:
        put(events, detail)
        came = [json.loads(message["Body"]) for message in received(trailcam, url)]
        assert came == ([detail] if detail in wanted else []), detail


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_decides_what_comes_to_a_queue(trailcam, events, operator):
    tests, wanted, unwanted = OPERATORS[operator]
    wanted, unwanted = [[{"field": value, "n": number} for number, value in enumerate(some)] for some in (wanted, unwanted)]
    for detail in unwanted:
        detail["n"] += 100
    check_rule(trailcam, events, {"field": tests}, wanted, unwanted)


def test_one_of_several_alternatives_is_enough(trailcam, events):
    """The example of the user guide."""
    pattern = {"$or": [{"c-count": [{"numeric": [">", 0, "<=", 5]}]}, {"d-count": [{"numeric": ["<", 10]}]}, {"x-limit": [301.8]}]}
    wanted = [{"c-count": 5}, {"c-count": 6, "d-count": 3}, {"x-limit": 3.018e2}]
    check_rule(trailcam, events, pattern, wanted, [{"c-count": 6}, {"d-count": 10, "x-limit": 300}])


def test_fields_of_one_object_belong_together(trailcam, events):
    """Objects in arrays: one of them must fulfil all that is asked of it."""
    pattern = {"items": {"name": ["pen"], "count": [{"numeric": [">", 10]}]}}
    wanted = [{"items": [{"name": "ink", "count": 1}, {"name": "pen", "count": 11}]}]
    check_rule(trailcam, events, pattern, wanted, [{"items": [{"name": "pen", "count": 1}, {"name": "ink", "count": 11}]}])
