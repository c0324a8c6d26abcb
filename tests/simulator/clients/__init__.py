"""Programs that run other people's clients of Twilio against the simulated account."""
