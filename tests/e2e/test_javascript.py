"""The AWS SDK for JavaScript against trailcam: an SDK that shares no code with boto3."""


def test_javascript(trailcam):
    told = trailcam.javascript("client.mjs")
    assert told["body"] == "written by JavaScript"
    assert told["metadata"] == {"note": "kept"}
    assert told["missing"] == {"name": "NoSuchKey", "status": 404}
    assert (trailcam.data_dir / "s3/from-javascript/a folder/ünïcode + more.txt").read_text() == told["body"]
    (event,) = told["events"]
    assert (event["name"], event["time"]) == ("CreateBucket", "2026-01-15T10:00:00.000Z")
    assert event["record"]["requestParameters"]["bucketName"] == "from-javascript"
    assert "aws-sdk-js/3." in event["record"]["userAgent"]
    (lookup,) = trailcam.events(eventName="LookupEvents")
    assert lookup["requestID"] == told["requestId"]


def test_queues(trailcam, user):
    told = trailcam.javascript("queues.mjs")
    errors = told.pop("errors")
    assert told == {
        "tags": {"made": "here"},
        "received": {
            "same": True,
            "body": "ünïcode",
            "types": {"text": "String.kind", "number": "Number", "bytes": "Binary"},
            "bytes": [0, 255],
            "trace": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "count": "2",
        },
        "batch": {"sent": ["good"], "failed": ["InvalidMessageContents"]},
        "changed": ["a"],
        "deleted": {"done": ["a"], "failed": ["ReceiptHandleIsInvalid"]},
        "delayed": "1",
        "awaited": "awaited",
        "dead": {"sources": ["from-javascript"], "task": {"status": "COMPLETED", "moved": 1}, "back": "dead"},
        "fifo": {"order": ["1", "2"], "duplicate": True, "digits": 20},
        "names": [["dead", "from-javascript"], ["from-javascript.fifo"]],
    }
    # The SDK shows the codes of the Query protocol where it has no class.
    assert errors == {
        "missing": "The specified queue does not exist.",
        "purge": {
            "name": "PurgeQueueInProgress",
            "message": "Only one PurgeQueue operation on from-javascript is allowed every 60 seconds.",
            "status": 403,
        },
        "name": {
            "name": "InvalidParameterValue",
            "message": "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            "status": 400,
        },
        "handle": {"name": "BatchEntryIdsNotDistinct", "message": "Id a repeated.", "status": 400},
    }


def test_from_a_topic_to_a_queue(trailcam, user):
    topic = "arn:aws:sns:us-east-1:000000000000:news"
    assert trailcam.javascript("fanout.mjs") == {
        "wrapped": [
            {
                "Type": "Notification",
                "Subject": "s",
                "Message": "wrapped",
                "MessageAttributes": {"kind": {"Type": "String", "Value": "good"}},
            }
        ],
        "raw": {"body": "for queues", "kind": "good"},
        "batch": ["1", "9"],
        "filtered": ['{"size":9}'],
        "scope": "MessageBody",
        "tags": [{"Key": "a", "Value": "b"}],
        "statements": ["__default_statement_ID", "let"],
        "topics": [topic],
        "gone": "Subscription does not exist",
        "token": {"name": "InvalidParameterException", "message": "Invalid token"},
    }


def test_events(trailcam, user):
    assert trailcam.javascript("events.mjs") == {
        "failed": 1,
        "codes": [None, None, "MalformedDetail"],
        "received": ['{"order":"a"}'],
        "wrong": [True, 'Event pattern is not valid. Reason: "source" must be an object or an array'],
        "missing": True,
        "names": ["large"],
        "matches": True,
        "removed": 0,
        "left": 0,
    }
