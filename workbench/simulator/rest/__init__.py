"""The REST interface of the stand-in: one module per family of Twilio resources, and the control API."""
