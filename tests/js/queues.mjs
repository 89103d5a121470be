// Uses queues with the AWS SDK for JavaScript and prints what came of it as JSON. The SDK compares the digests of messages.
import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  UntagQueueCommand,
  paginateListQueues,
} from "@aws-sdk/client-sqs";

const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const send = (command) => sqs.send(command);
const failure = (command) =>
  send(command).then(
    () => "no error",
    (error) => ({ name: error.name, message: error.message, status: error.$metadata.httpStatusCode }),
  );
const receive = async (QueueUrl, more) => {
  const names = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] };
  const { Messages } = await send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...names, ...more }));
  return Messages ?? [];
};

const { QueueUrl } = await send(
  new CreateQueueCommand({ QueueName: "from-javascript", tags: { made: "here", not: "for long" } }),
);
await send(new UntagQueueCommand({ QueueUrl, TagKeys: ["not"] }));
const { Tags } = await send(new ListQueueTagsCommand({ QueueUrl }));

const sent = await send(
  new SendMessageCommand({
    QueueUrl,
    MessageBody: "ünïcode",
    MessageAttributes: {
      text: { DataType: "String.kind", StringValue: "ä" },
      number: { DataType: "Number", StringValue: "1.5" },
      bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
    },
    MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-5759e988-bd862e3fe1be46a994272793" } },
  }),
);
const [message] = await receive(QueueUrl);
const batch = await send(
  new SendMessageBatchCommand({
    QueueUrl,
    Entries: [
      { Id: "good", MessageBody: "later", DelaySeconds: 60 },
      { Id: "bad", MessageBody: "\u0000" },
    ],
  }),
);
const changed = await send(
  new ChangeMessageVisibilityBatchCommand({
    QueueUrl,
    Entries: [{ Id: "a", ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 }],
  }),
);
const [again] = await receive(QueueUrl);
const deleted = await send(
  new DeleteMessageBatchCommand({
    QueueUrl,
    Entries: [
      { Id: "a", ReceiptHandle: again.ReceiptHandle },
      { Id: "b", ReceiptHandle: "none" },
    ],
  }),
);
const { Attributes } = await send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));

// A poll waits until somebody else sends.
const polled = receive(QueueUrl, { WaitTimeSeconds: 20 });
const other = new SQSClient({});
await other.send(new SendMessageCommand({ QueueUrl, MessageBody: "awaited" }));
const [awaited] = await polled;

// Dead letters, and their way back.
const dead = await send(new CreateQueueCommand({ QueueName: "dead" }));
const arn = Attributes.QueueArn.replace("from-javascript", "dead");
const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 });
await send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy, VisibilityTimeout: "0" } }));
await send(new SendMessageCommand({ QueueUrl, MessageBody: "dead" }));
await receive(QueueUrl);
await receive(QueueUrl);
const sources = await send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.QueueUrl }));
await send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
const { Results } = await send(new ListMessageMoveTasksCommand({ SourceArn: arn }));
const [back] = await receive(QueueUrl);

const fifo = await send(
  new CreateQueueCommand({
    QueueName: "from-javascript.fifo",
    Attributes: { FifoQueue: "true", ContentBasedDeduplication: "true" },
  }),
);
const numbered = [];
for (const MessageBody of ["1", "2", "1"]) {
  const order = new SendMessageCommand({ QueueUrl: fifo.QueueUrl, MessageBody, MessageGroupId: "g" });
  numbered.push((await send(order)).SequenceNumber);
}
const inOrder = (await receive(fifo.QueueUrl)).map((received) => received.Body);

await send(new PurgeQueueCommand({ QueueUrl }));
const names = [];
for await (const page of paginateListQueues({ client: sqs, pageSize: 2 }, {})) {
  names.push(page.QueueUrls.map((url) => url.split("/").at(-1)));
}
const missing = await send(new GetQueueUrlCommand({ QueueName: "none" })).catch((error) => error);

console.log(
  JSON.stringify({
    tags: Tags,
    received: {
      same: message.MessageId === sent.MessageId && message.MD5OfMessageAttributes === sent.MD5OfMessageAttributes,
      body: message.Body,
      types: Object.fromEntries(Object.entries(message.MessageAttributes).map(([name, value]) => [name, value.DataType])),
      bytes: [...message.MessageAttributes.bytes.BinaryValue],
      trace: message.Attributes.AWSTraceHeader,
      count: again.Attributes.ApproximateReceiveCount,
    },
    batch: { sent: batch.Successful.map((entry) => entry.Id), failed: batch.Failed.map((entry) => entry.Code) },
    changed: changed.Successful.map((entry) => entry.Id),
    deleted: { done: deleted.Successful.map((entry) => entry.Id), failed: deleted.Failed.map((entry) => entry.Code) },
    delayed: Attributes.ApproximateNumberOfMessagesDelayed,
    awaited: awaited.Body,
    dead: {
      sources: sources.queueUrls.map((url) => url.split("/").at(-1)),
      task: { status: Results[0].Status, moved: Results[0].ApproximateNumberOfMessagesMoved },
      back: back.Body,
    },
    fifo: { order: inOrder, duplicate: numbered[0] === numbered[2], digits: numbered[0].length },
    names,
    errors: {
      missing: missing instanceof QueueDoesNotExist && missing.message,
      purge: await failure(new PurgeQueueCommand({ QueueUrl })),
      name: await failure(new CreateQueueCommand({ QueueName: "a b" })),
      handle: await failure(
        new DeleteMessageBatchCommand({ QueueUrl, Entries: ["a", "a"].map((Id) => ({ Id, ReceiptHandle: "x" })) }),
      ),
    },
  }),
);
