"""Consent, quiet hours, audits, people's rights, and the trail of who did what."""
