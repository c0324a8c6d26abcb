// Lists every message of an account with Twilio's own client, one JSON object per line.
// node list_messages.cjs BASE_URL ACCOUNT_SID  (the token comes in TWILIO_AUTH_TOKEN, the client in NODE_PATH)

const twilio = require("twilio");

const [baseUrl, accountSid] = process.argv.slice(2);
const client = twilio(accountSid, process.env.TWILIO_AUTH_TOKEN);
client.api.baseUrl = baseUrl;

client.messages
  .list({ pageSize: 500 })
  .then((messages) => {
    for (const message of messages) {
      process.stdout.write(JSON.stringify(message) + "\n");
    }
  })
  .catch((error) => {
    process.stderr.write(`${error}\n`);
    process.exitCode = 1;
  });
