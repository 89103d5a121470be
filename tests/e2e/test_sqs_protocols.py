"""The same calls in both protocols of SQS: JSON as boto3 sends it, and the forms and XML of Query. Two trailcams of one
seed see the same calls at the same times, so that every id and digest must be the same, too."""

import base64
import json
import xml.etree.ElementTree

import botocore.exceptions
import requests

ACCOUNT = "000000000000"
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"

# Names in forms of lists and maps, where the Query API reference has others than the model of JSON.
LISTS = {
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "AttributeNames": "AttributeName",
    "MessageAttributeNames": "MessageAttributeName",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "TagKeys": "TagKey",
}
MAPS = {
    "Attributes": ("Attribute", "Name", "Value"),
    "MessageAttributes": ("MessageAttribute", "Name", "Value"),
    "MessageSystemAttributes": ("MessageSystemAttribute", "Name", "Value"),
    "Tags": ("Tag", "Key", "Value"),
    "tags": ("Tag", "Key", "Value"),
}
# Elements of answers that may come several times, and the members they stand for.
REPEATED = {
    "BatchResultErrorEntry": "Failed",
    "ChangeMessageVisibilityBatchResultEntry": "Successful",
    "DeleteMessageBatchResultEntry": "Successful",
    "ListMessageMoveTasksResultEntry": "Results",
    "Message": "Messages",
    "SendMessageBatchResultEntry": "Successful",
}
MAPPED = {names[0]: member for member, names in MAPS.items() if member != "tags"}


def pairs(operation, name, value):
    """The fields of a form for a member."""
    if isinstance(value, dict) and name in MAPS:
        element, key, held = MAPS[name]
        for number, (entry, inner) in enumerate(value.items(), 1):
            yield f"{element}.{number}.{key}", entry
            for end, text in pairs(operation, "", inner):
                yield f"{element}.{number}.{held}{end}", text
    elif isinstance(value, dict):
        for member, inner in value.items():
            for end, text in pairs(operation, member, inner):
                yield f"{name}.{end}", text
    elif isinstance(value, list):
        element = LISTS.get(name, f"{operation}RequestEntry")
        for number, item in enumerate(value, 1):
            for end, text in pairs(operation, "", item):
                yield f"{element}.{number}{end}", text
    else:
        yield name, base64.b64encode(value) if isinstance(value, bytes) else str(value)


def tree(element, operation):
    """An element of an answer in the shape of JSON; all that is no structure is text."""
    members = {}
    for child in element:
        name = child.tag.removeprefix(NAMESPACE)
        value = tree(child, operation) if len(child) else child.text or ""
        if name in MAPPED:
            key, held = value.values()
            members.setdefault(MAPPED[name], {})[key] = held
        elif name in REPEATED and len(child):
            members.setdefault(REPEATED[name], []).append(value)
        elif name == "QueueUrl" and operation in ("ListQueues", "ListDeadLetterSourceQueues"):
            member = "QueueUrls" if operation == "ListQueues" else "queueUrls"
            members.setdefault(member, []).append(value)
        else:
            members[name] = value
    return members


def texts(value):
    """JSON with all that is no structure as text, as XML has it."""
    if isinstance(value, dict):
        return {name: texts(held) for name, held in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value).lower() if isinstance(value, bool) else str(value)


class Json:
    def __init__(self, trailcam):
        self.trailcam, self.client = trailcam, trailcam.client("sqs")

    def call(self, operation, **arguments):
        try:
            answer = self.client._make_api_call(operation, arguments)
        except botocore.exceptions.ClientError as error:
            told = error.response["Error"]
            return told["Code"], told["Message"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        answer.pop("ResponseMetadata")
        return texts(answer)


class Query:
    def __init__(self, trailcam):
        self.trailcam = trailcam

    def call(self, operation, **arguments):
        form = {"Action": operation, "Version": "2012-11-05"}
        for name, value in arguments.items():
            form |= dict(pairs(operation, name, value))
        key = f"Credential={self.trailcam.credentials[0]}/20260115/us-east-1/sqs/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {key}, SignedHeaders=host, Signature=0"}
        answer = requests.post(self.trailcam.endpoint, data=form, headers=headers, timeout=30)
        document = xml.etree.ElementTree.fromstring(answer.content)
        if answer.status_code != 200:
            told = tree(document.find(f"{NAMESPACE}Error"), operation)
            return told["Code"], told["Message"], answer.status_code
        result = document.find(f"{NAMESPACE}{operation}Result")
        return {} if result is None else tree(result, operation)


def arn(name):
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def session(protocol):
    """Every operation, and some that fail: what each answered, without the port of this trailcam."""
    trailcam, told = protocol.trailcam, []

    def call(operation, **arguments):
        answer = protocol.call(operation, **arguments)
        told.append((operation, json.loads(json.dumps(answer).replace(trailcam.endpoint, "http://trailcam"))))
        return answer

    url = call("CreateQueue", QueueName="q", Attributes={"VisibilityTimeout": "45"}, tags={"a": "1", "b": "2"})["QueueUrl"]
    here = {"QueueUrl": url}
    call("GetQueueUrl", QueueName="q")
    call("GetQueueUrl", QueueName="none", QueueOwnerAWSAccountId="111111111111")
    call("TagQueue", **here, Tags={"c": "3"})
    call("UntagQueue", **here, TagKeys=["a", "b"])
    call("ListQueueTags", **here)
    call("GetQueueAttributes", **here, AttributeNames=["All"])
    call("GetQueueAttributes", **here)
    call("AddPermission", **here, Label="l", AWSAccountIds=["111111111111"], Actions=["SendMessage", "ReceiveMessage"])
    call("GetQueueAttributes", **here, AttributeNames=["Policy", "VisibilityTimeout"])
    call("RemovePermission", **here, Label="l")
    call("RemovePermission", **here, Label="l")

    attributes = {
        "text": {"DataType": "String.kind", "StringValue": "ä <&> \" \n x"},
        "number": {"DataType": "Number", "StringValue": "1.5"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    call("SendMessage", **here, MessageBody="<ünïcode>", MessageAttributes=attributes, MessageSystemAttributes=trace)
    all_names = {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"], "MaxNumberOfMessages": 10}
    (message,) = call("ReceiveMessage", **here, **all_names)["Messages"]
    call("ReceiveMessage", **here)
    handle = {"ReceiptHandle": message["ReceiptHandle"]}
    call("ChangeMessageVisibility", **here, **handle, VisibilityTimeout=0)
    (message,) = call("ReceiveMessage", **here, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    call("DeleteMessage", **here, ReceiptHandle=message["ReceiptHandle"])
    call("DeleteMessage", **here, ReceiptHandle="mine")

    bodies = [("a", "1"), ("b", "2"), ("c", "\u0001")]
    call("SendMessageBatch", **here, Entries=[{"Id": name, "MessageBody": body} for name, body in bodies])
    received = call("ReceiveMessage", **here, **all_names)["Messages"]
    entries = [{"Id": f"e{n}", "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(received)]
    none = {"Id": "none", "ReceiptHandle": "mine"}
    call("ChangeMessageVisibilityBatch", **here, Entries=[entry | {"VisibilityTimeout": 90} for entry in [*entries, none]])
    call("DeleteMessageBatch", **here, Entries=[*entries, none])
    for operation in ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"):
        call(operation, **here, Entries=[])
    call("DeleteMessageBatch", **here, Entries=[none, none])

    call("CreateQueue", QueueName="dead")
    redrive = json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})
    call("SetQueueAttributes", **here, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})
    call("SendMessage", **here, MessageBody="m", DelaySeconds=5)
    trailcam.advance("PT5S")
    call("ReceiveMessage", **here)
    call("ReceiveMessage", **here)
    call("ListDeadLetterSourceQueues", QueueUrl=url.replace("/q", "/dead"))
    call("SendMessage", QueueUrl=url.replace("/q", "/dead"), MessageBody="of nobody")
    call("StartMessageMoveTask", SourceArn=arn("dead"), DestinationArn=arn("q"), MaxNumberOfMessagesPerSecond=1)
    (task,) = call("ListMessageMoveTasks", SourceArn=arn("dead"))["Results"]
    call("CancelMessageMoveTask", TaskHandle=task["TaskHandle"])
    call("CancelMessageMoveTask", TaskHandle=task["TaskHandle"])
    call("ListMessageMoveTasks", SourceArn=arn("dead"), MaxResults=10)
    call("StartMessageMoveTask", SourceArn=arn("none"))

    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    order = {"QueueUrl": call("CreateQueue", QueueName="q.fifo", Attributes=fifo)["QueueUrl"]}
    for body in ("1", "2", "1"):
        call("SendMessage", **order, MessageBody=body, MessageGroupId="g")
    call("SendMessage", **order, MessageBody="3")
    call("ReceiveMessage", **order, **all_names, ReceiveRequestAttemptId="r")

    call("ListQueues")
    call("ListQueues", QueueNamePrefix="q", MaxResults=1)
    call("ListQueues", QueueNamePrefix="nothing")
    call("PurgeQueue", **here)
    call("PurgeQueue", **here)
    call("CreateQueue", QueueName="q", Attributes={"DelaySeconds": "1"})
    call("CreateQueue", QueueName="a b")
    call("CreateQueue", QueueName="a", Attributes={"Colour": "red"})
    call("SendMessage", **here, MessageBody="")
    call("PurgeQueue", QueueUrl="nowhere")
    call("DeleteQueue", **here)
    call("CreateQueue", QueueName="q")
    return told


def test_both_protocols_answer_the_same(start):
    told = []
    for protocol in (Json, Query):
        trailcam = start("--clock", "2026-01-15T10:00:00Z", "--seed", "7", name=protocol.__name__)
        trailcam.act_as_user("dev")
        told.append(session(protocol(trailcam)))
    for by_json, by_query in zip(*told, strict=True):
        assert by_query == by_json
    assert len({operation for operation, _ in told[0]}) == 23


def test_an_old_sentence(trailcam, user):
    """Query alone still speaks of the version of its description."""
    code, status = "AWS.SimpleQueueService.NonExistentQueue", 400
    sentence = "The specified queue does not exist"
    assert Json(trailcam).call("GetQueueUrl", QueueName="none") == (code, f"{sentence}.", status)
    assert Query(trailcam).call("GetQueueUrl", QueueName="none") == (code, f"{sentence} for this wsdl version.", status)
