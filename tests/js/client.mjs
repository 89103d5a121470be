// Does a few calls with the AWS SDK for JavaScript and prints what came of them as JSON.
// The endpoint and the credentials are in the environment, as for any AWS client.
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const s3 = new S3Client({ forcePathStyle: true });
const cloudtrail = new CloudTrailClient({});

await s3.send(new CreateBucketCommand({ Bucket: "from-javascript" }));
const place = { Bucket: "from-javascript", Key: "a folder/ünïcode + more.txt" };
const put = await s3.send(new PutObjectCommand({ ...place, Body: "written by JavaScript", Metadata: { note: "kept" } }));
const got = await s3.send(new GetObjectCommand(place));
const missing = await s3.send(new GetObjectCommand({ ...place, Key: "nothing" })).catch((error) => error);
const looked = await cloudtrail.send(
  new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateBucket" }] }),
);

console.log(
  JSON.stringify({
    etag: put.ETag,
    body: await got.Body.transformToString(),
    metadata: got.Metadata,
    missing: { name: missing.name, status: missing.$metadata?.httpStatusCode },
    events: looked.Events.map((event) => ({
      name: event.EventName,
      time: event.EventTime.toISOString(),
      record: JSON.parse(event.CloudTrailEvent),
    })),
    requestId: looked.$metadata.requestId,
  }),
);
