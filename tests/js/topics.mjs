// Uses a topic with the AWS SDK for JavaScript and prints what came of it as JSON.
import {
  CreateTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";

const sns = new SNSClient({});
const { TopicArn } = await sns.send(
  new CreateTopicCommand({
    Name: "from-javascript.fifo",
    Attributes: { FifoTopic: "true", ContentBasedDeduplication: "true" },
    Tags: [{ Key: "made", Value: "here" }],
  }),
);
const published = await sns.send(
  new PublishCommand({
    TopicArn,
    Message: "ünïcode",
    MessageGroupId: "g",
    MessageAttributes: { a: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) } },
  }),
);
const batch = await sns.send(
  new PublishBatchCommand({
    TopicArn,
    PublishBatchRequestEntries: ["a", "b"].map((Id) => ({ Id, Message: Id, MessageGroupId: "g" })),
  }),
);
const refused = await sns
  .send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "a@example.com" }))
  .catch((error) => error);
const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));

console.log(
  JSON.stringify({
    topic: TopicArn,
    published: Boolean(published.MessageId && published.SequenceNumber),
    batch: batch.Successful.map((entry) => entry.Id),
    refused: { name: refused.name, status: refused.$metadata?.httpStatusCode, message: refused.message },
    fifo: Attributes.FifoTopic,
    subscriptions: Subscriptions,
  }),
);
