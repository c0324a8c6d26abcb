"""Twilio's webhook signature, from its published rule: HMAC-SHA1 over the address and the sorted fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """The value of X-Twilio-Signature for a form posted to `url`; a fragment is not part of it."""
    text = url.partition("#")[0] + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()
