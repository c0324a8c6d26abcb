"""Compliance: consent, the checks of sent messages, revocations, retention, erasure and the audit trail.

Start at `checks.py` (prepares what the audit views need), `consent_files.py` and `revocations.py` (consent),
`erasure.py` and `retention.py` (removal), or `trail.py` (who did what).
"""
