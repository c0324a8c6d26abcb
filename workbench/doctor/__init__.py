"""Examines an installation and its Twilio account, and says what is wrong with the exact repair.

It reads and changes nothing. Start at `run.py` (runs checks, each alone), then `checks.py` (all of them, one
function each, by theme), `examination.py` (what they read, each thing once), `check_result.py` (what they
say) and `history.py` (since when it is so).
"""
