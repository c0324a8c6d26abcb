"""Cursors of pages: where a list goes on, signed, so that nobody can give one that we did not give. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workbench.http_api.problems import ApiProblem

_SIGNATURE_BYTES = 16
_LONGEST = 2_000


class Cursors:
    """Makes and reads the cursors of one installation.

    Args:
        key: a secret of it.
    """

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(b"cursors " + key.encode()).digest()

    def make(self, what: str, asked: Mapping[str, Any], position: list[Any]) -> str:
        """The cursor after a row.

        Args:
            what: which list, as `messages`.
            asked: the filters and the order; a cursor goes on with the same ones only.
            position: the row's values that the list is ordered by; moments, texts and numbers.
        """
        content = json.dumps([_asked(what, asked), position], default=_text).encode()
        return base64.urlsafe_b64encode(self._sign(content) + content).decode().rstrip("=")

    def read(self, cursor: str | None, what: str, asked: Mapping[str, Any]) -> list[Any] | None:
        """The position that a cursor says; None at the beginning. Moments come as ISO texts.

        Raises:
            ApiProblem: 400, it is none of ours, or of another list or other filters.
        """
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(
                cursor[:_LONGEST] + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raw = b""
        signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not content or not hmac.compare_digest(signature, self._sign(content)):
            raise _bad("is none that this installation gave")
        asked_then, position = json.loads(content)
        if asked_then != _asked(what, asked):
            raise _bad("belongs to another list, or to other filters")
        return list(position)

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:_SIGNATURE_BYTES]


def _bad(why: str) -> ApiProblem:
    return ApiProblem(
        400,
        "bad-cursor",
        f"The cursor {why}. Give next_cursor of the page before with the same filters, or none at first.",
    )


def _asked(what: str, asked: Mapping[str, Any]) -> str:
    text = json.dumps([what, dict(sorted(asked.items()))], default=_text)
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
