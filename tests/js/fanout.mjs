// Lets a topic hand messages to a queue, with the AWS SDK for JavaScript, and prints what arrived as JSON.
import {
  AddPermissionCommand,
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  NotFoundException,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  paginateListTopics,
} from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const [sns, sqs] = [new SNSClient({}), new SQSClient({})];
const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "news" }));
const Endpoint = TopicArn.replace(":sns:", ":sqs:");
const Policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: Endpoint,
    Condition: { ArnEquals: { "aws:SourceArn": TopicArn } },
  },
});
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "news", Attributes: { Policy } }));
const { SubscriptionArn } = await sns.send(
  new SubscribeCommand({
    TopicArn,
    Protocol: "sqs",
    Endpoint,
    Attributes: { FilterPolicy: JSON.stringify({ kind: [{ prefix: "go" }] }) },
    ReturnSubscriptionArn: true,
  }),
);
const kind = (StringValue) => ({ kind: { DataType: "String", StringValue } });
const receive = async () => {
  const ask = { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] };
  return (await sqs.send(new ReceiveMessageCommand(ask))).Messages ?? [];
};

await sns.send(new PublishCommand({ TopicArn, Subject: "s", Message: "wrapped", MessageAttributes: kind("good") }));
await sns.send(new PublishCommand({ TopicArn, Message: "bad", MessageAttributes: kind("bad") }));
const wrapped = (await receive()).map((message) => JSON.parse(message.Body));

const set = (AttributeName, AttributeValue) =>
  sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
await set("RawMessageDelivery", "true");
const Message = JSON.stringify({ default: "for others", sqs: "for queues" });
await sns.send(
  new PublishCommand({ TopicArn, Message, MessageStructure: "json", MessageAttributes: kind("good") }),
);
const [raw] = await receive();

await set("FilterPolicyScope", "MessageBody");
await set("FilterPolicy", JSON.stringify({ size: [{ numeric: [">", 5] }] }));
const batch = await sns.send(
  new PublishBatchCommand({
    TopicArn,
    PublishBatchRequestEntries: [1, 9].map((size) => ({ Id: `${size}`, Message: JSON.stringify({ size }) })),
  }),
);
const filtered = (await receive()).map((message) => message.Body);
const { Attributes: subscription } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));

await sns.send(new TagResourceCommand({ ResourceArn: TopicArn, Tags: [{ Key: "a", Value: "b" }] }));
const { Tags } = await sns.send(new ListTagsForResourceCommand({ ResourceArn: TopicArn }));
await sns.send(
  new AddPermissionCommand({ TopicArn, Label: "let", AWSAccountId: ["222222222222"], ActionName: ["Publish"] }),
);
const { Attributes: topic } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
const topics = [];
for await (const page of paginateListTopics({ client: sns }, {})) topics.push(...page.Topics);

await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
const gone = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })).catch((error) => error);
const token = await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: "none" })).catch((error) => error);

console.log(
  JSON.stringify({
    wrapped: wrapped.map(({ Type, Subject, Message, MessageAttributes }) => ({ Type, Subject, Message, MessageAttributes })),
    raw: { body: raw.Body, kind: raw.MessageAttributes.kind.StringValue },
    batch: batch.Successful.map((entry) => entry.Id),
    filtered,
    scope: subscription.FilterPolicyScope,
    tags: Tags,
    statements: JSON.parse(topic.Policy).Statement.map((statement) => statement.Sid),
    topics: topics.map((found) => found.TopicArn),
    gone: gone instanceof NotFoundException && gone.message,
    token: { name: token.name, message: token.message },
  }),
);
