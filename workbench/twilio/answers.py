"""What came back from one attempt, read without trust: JSON, an error body, HTML, half a body, nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import httpx

from workbench.messaging.json_text import TextRepair, UnreadableJson, read_json
from workbench.twilio.redaction import drop_secrets, may_hold_secrets
from workbench.twilio.retry import parse_http_date

LONGEST_MESSAGE = 600
"""Characters of foreign text that an error repeats."""


@dataclass(frozen=True)
class ErrorBody:
    """What Twilio says went wrong, from any of the shapes its products use."""

    code: int | None = None
    """Twilio's error code; None when the body is not Twilio's."""
    message: str = ""
    """The body's own words."""


@dataclass(frozen=True)
class Answer:
    """The result of one attempt; either ``payload`` is there or one of the other parts says why not."""

    status: int | None
    """HTTP status; None when no complete answer came."""
    payload: dict[str, Any] | None = None
    """The JSON object of a 2xx, without secrets."""
    repairs: tuple[TextRepair, ...] = ()
    """Texts of the payload in which something was replaced, because no text can hold it."""
    is_torn: bool = False
    """Whether bytes of it are no UTF-8, which may be the way here and not Twilio: worth a second attempt."""
    error: ErrorBody | None = None
    """Of any other status."""
    problem: str = ""
    """Why there is nothing readable: the network's words, or what the body was instead of JSON."""
    cause: httpx.HTTPError | None = None
    """The network's error, bare: without the request, whose headers hold the credentials."""
    retry_after: str | None = None
    server_time: datetime | None = None
    location: str | None = None
    elapsed: float = 0.0
    """Seconds from sending to the last byte."""

    @property
    def outcome(self) -> int | None:
        """The status that retries and concurrency go by: None for a success that cannot be read."""
        return None if self.payload is None and self.is_success else self.status

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def read_answer(status: int, headers: Mapping[str, str], body: bytes, elapsed: float) -> Answer:
    """Read a complete HTTP answer; ``headers`` is case-insensitive, ``elapsed`` in seconds."""
    payload: dict[str, Any] | None = None
    error, problem = None, ""
    repairs: tuple[TextRepair, ...] = ()
    if status == 204:
        payload = {}  # done, and nothing to say about it
    elif 200 <= status < 300:
        payload, problem, repairs = _read_payload(headers.get("content-type", ""), body)
    else:
        error = read_error_body(body)
        problem = "" if error.message or error.code else _describe(headers.get("content-type", ""), body)
    return Answer(
        status,
        payload=payload,
        repairs=repairs,
        is_torn=bool(repairs) and not _is_utf_8(body),
        error=error,
        problem=problem,
        retry_after=headers.get("retry-after"),
        server_time=parse_http_date(headers.get("date")),
        location=headers.get("location"),
        elapsed=elapsed,
    )


def no_answer(error: httpx.HTTPError, text: str, elapsed: float) -> Answer:
    """What is left of a failed attempt; ``text`` is the error's own, already free of secrets."""
    problem = text or type(error).__name__
    return Answer(None, problem=problem, cause=_bare_copy(error, problem), elapsed=elapsed)


def tidy(answer: Answer, redact: Callable[[str], str]) -> Answer:
    """The same with its foreign words made safe to print: redacted, on one line, and bounded.

    Redacted before it is cut, so that no half of a secret is left.
    """

    def clean(text: str) -> str:
        text = redact(one_line(text))
        return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"

    error = answer.error and replace(answer.error, message=clean(answer.error.message))
    location = None if answer.location is None else clean(answer.location)
    return replace(answer, error=error, problem=clean(answer.problem), location=location)


def one_line(text: str) -> str:
    """Text without line breaks or control characters, which could repaint a terminal."""
    return "".join(c for c in re.sub(r"\s+", " ", text) if c.isprintable()).strip()


def _bare_copy(error: httpx.HTTPError, text: str) -> httpx.HTTPError:
    """Same class and words, but no request and no traceback: their frames hold the request's headers."""
    return type(error)(text) if isinstance(error, httpx.RequestError) else httpx.TransportError(text)


def _read_payload(
    content_type: str, body: bytes
) -> tuple[dict[str, Any] | None, str, tuple[TextRepair, ...]]:
    try:
        payload, repairs = read_json(body)
    except UnreadableJson as error:
        return None, _describe(content_type, body, error), ()
    if not isinstance(payload, dict):
        return None, "JSON that is not an object", ()
    return drop_secrets(payload) if repairs or may_hold_secrets(body) else payload, "", repairs


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _describe(content_type: str, body: bytes, error: UnreadableJson | None = None) -> str:
    kind = content_type.partition(";")[0].strip()
    if not body:
        return "an empty body"
    if "json" not in kind.lower() and kind:
        return f"{kind} instead of JSON"
    if error is None or error.is_cut_off:
        return f"JSON that is cut or malformed ({len(body):,} bytes)"
    return f"JSON that is malformed ({len(body):,} bytes, {error})"


def read_error_body(body: bytes) -> ErrorBody:
    """Twilio's code and words from an error body; empty when the body is not Twilio's.

    Three shapes are in use: ``{code, message, more_info, status}``; the same with ``httpStatusCode``;
    and RFC 9457 ``{type, title, status, code, detail, errors: [{detail, pointer}]}``.
    """
    try:
        payload, _ = read_json(body)
    except UnreadableJson:
        return ErrorBody()
    if not isinstance(payload, dict):
        return ErrorBody()
    words = [payload.get("message") or payload.get("title"), payload.get("detail")]
    return ErrorBody(
        _read_code(payload.get("code")),
        ": ".join(word for word in words if isinstance(word, str) and word) + _field_errors(payload),
    )


def _read_code(code: Any) -> int | None:
    if isinstance(code, str) and code.isascii() and code.isdigit():
        return int(code[:9])
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _field_errors(payload: dict[str, Any]) -> str:
    errors = payload.get("errors")
    if not isinstance(errors, list):
        return ""
    parts = [
        f"{error.get('pointer', '')} {error.get('detail', '')}".strip()
        for error in errors
        if isinstance(error, dict)
    ]
    return f" ({'; '.join(parts)})" if parts else ""
