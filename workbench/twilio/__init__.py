"""The only HTTP to Twilio: client, retries, concurrency and the resources the product reads."""
