// Reads messages of SNS as a JSON list, and prints what sns-validator says of each. It takes certificates from HTTPS
// alone: its requests for ours are made over HTTP, which is all that is changed about it.
import http from "node:http";
import https from "node:https";
import MessageValidator from "sns-validator";

https.get = (url, answer) => http.get(url.replace("https:", "http:"), answer);

const input = await new Response(process.stdin).text();
const validator = new MessageValidator(/^127\.0\.0\.1:\d+$/);
const told = [];
for (const message of JSON.parse(input)) {
  message.SigningCertURL = message.SigningCertURL.replace("http:", "https:");
  told.push(await new Promise((done) => validator.validate(message, (error) => done(error?.message ?? "valid"))));
}
console.log(JSON.stringify(told));
