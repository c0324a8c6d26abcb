"""Points Twilio's webhooks at this installation, and proves that they arrive."""
