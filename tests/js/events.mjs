// Puts events on a bus whose rules hand them to a queue, with the AWS SDK for JavaScript, and prints what came of it as
// JSON.
import {
  CreateEventBusCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  InvalidEventPatternException,
  ListRuleNamesByTargetCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  ResourceNotFoundException,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const [events, sqs] = [new EventBridgeClient({}), new SQSClient({})];
const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: "shop" }));
const rule = { Name: "large", EventBusName: "shop" };
const EventPattern = JSON.stringify({ source: ["shop"], detail: { total: [{ numeric: [">", 100] }] } });
const { RuleArn } = await events.send(new PutRuleCommand({ ...rule, EventPattern }));
const Arn = EventBusArn.replace(":events:", ":sqs:").replace("event-bus/shop", "orders");
const Policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: Arn,
    Condition: { ArnEquals: { "aws:SourceArn": RuleArn } },
  },
});
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders", Attributes: { Policy } }));
const InputTransformer = { InputPathsMap: { id: "$.detail.id" }, InputTemplate: '{"order": <id>}' };
const target = { Rule: rule.Name, EventBusName: rule.EventBusName };
await events.send(new PutTargetsCommand({ ...target, Targets: [{ Id: "queue", Arn, InputTransformer }] }));

const entry = (Detail, more = {}) => ({ Source: "shop", DetailType: "order", EventBusName: "shop", Detail, ...more });
const put = await events.send(
  new PutEventsCommand({
    Entries: [
      entry(JSON.stringify({ id: "a", total: 101 })),
      entry(JSON.stringify({ id: "b", total: 100 })),
      entry("no JSON"),
    ],
  }),
);
const ask = { QueueUrl, MaxNumberOfMessages: 10 };
const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(ask));

const wrong = await events.send(new PutRuleCommand({ ...rule, EventPattern: '{"source":"shop"}' })).catch((error) => error);
const missing = await events.send(new DescribeRuleCommand({ Name: "none" })).catch((error) => error);
const names = await events.send(new ListRuleNamesByTargetCommand({ TargetArn: Arn, EventBusName: "shop" }));
const event = {
  id: "1",
  account: "000000000000",
  source: "shop",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: [],
  "detail-type": "order",
  detail: { total: 500 },
};
const test = await events.send(new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(event) }));
const removed = await events.send(new RemoveTargetsCommand({ ...target, Ids: ["queue"] }));
const left = await events.send(new ListTargetsByRuleCommand(target));

console.log(
  JSON.stringify({
    failed: put.FailedEntryCount,
    codes: put.Entries.map((entry) => entry.ErrorCode ?? null),
    received: Messages.map((message) => message.Body),
    wrong: [wrong instanceof InvalidEventPatternException, wrong.message.split("\n")[0]],
    missing: missing instanceof ResourceNotFoundException,
    names: names.RuleNames,
    matches: test.Result,
    removed: removed.FailedEntryCount,
    left: left.Targets.length,
  }),
);
