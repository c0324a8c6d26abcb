"""The processes that people and Twilio talk to."""
