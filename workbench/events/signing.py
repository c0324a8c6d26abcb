"""Signatures of webhooks as https://www.standardwebhooks.com describes them, so any library verifies them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a key, as the specification recommends."""


def signing_key(secret: str) -> bytes:
    """The key in a secret, `whsec_` and its bytes in base64.

    Raises:
        ValueError: it is something else, in words without the secret.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(
            f"must be {PREFIX} followed by {_SHORTEST} to {_LONGEST} random bytes in base64, as "
            '`echo "whsec_$(openssl rand -base64 32)"` makes them (its value is not shown)'
        )
    return key


def signed_headers(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent a body, and when.

    Args:
        timestamp: of this attempt, in seconds since 1970; receivers refuse one that is minutes away.
    """
    content = f"{webhook_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
