"""Reads the answer to one attempt, whatever it is: JSON, an error body, HTML, half a body, or nothing."""

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
"""How many characters of a server's text an error quotes."""


@dataclass(frozen=True)
class ErrorBody:
    """Twilio's error, read from any of the forms that its products use."""

    code: int | None = None
    """Twilio's error code; None when the body is not Twilio's."""
    message: str = ""
    """The message in the body."""


@dataclass(frozen=True)
class Answer:
    """The result of one attempt: either ``payload``, or ``error`` or ``problem`` with the reason."""

    status: int | None
    """HTTP status; None when no complete answer came."""
    payload: dict[str, Any] | None = None
    """The JSON object of a 2xx, without secrets."""
    repairs: tuple[TextRepair, ...] = ()
    """Texts of the payload in which characters were replaced, because they cannot be stored."""
    is_torn: bool = False
    """Whether it holds bytes that are not UTF-8; if a proxy damaged them, a second attempt helps."""
    error: ErrorBody | None = None
    """The error body of any other status."""
    problem: str = ""
    """Why nothing could be read: the network's error, or what the body was instead of JSON."""
    cause: httpx.HTTPError | None = None
    """The network's error, without the request, because its headers contain the credentials."""
    retry_after: str | None = None
    server_time: datetime | None = None
    location: str | None = None
    elapsed: float = 0.0
    """Seconds from sending to the last byte."""

    @property
    def outcome(self) -> int | None:
        """The status for the decisions about retries and concurrency; None for a 2xx that cannot be read."""
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
        payload = {}  # a success without a body
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
    """The answer for an attempt that failed in the network; ``text`` is the error's text without secrets."""
    problem = text or type(error).__name__
    return Answer(None, problem=problem, cause=_bare_copy(error, problem), elapsed=elapsed)


def tidy(answer: Answer, redact: Callable[[str], str]) -> Answer:
    """The same answer with the server's texts made safe to print: redacted, on one line, and shortened.

    Texts are redacted before they are shortened, so that no part of a secret remains.
    """

    def clean(text: str) -> str:
        text = redact(one_line(text))
        return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"

    error = answer.error and replace(answer.error, message=clean(answer.error.message))
    location = None if answer.location is None else clean(answer.location)
    return replace(answer, error=error, problem=clean(answer.problem), location=location)


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which could change what a terminal shows."""
    return "".join(c for c in re.sub(r"\s+", " ", text) if c.isprintable()).strip()


def _bare_copy(error: httpx.HTTPError, text: str) -> httpx.HTTPError:
    """An error of the same class and text, without request and traceback, which contain the headers."""
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
    """Twilio's code and message from an error body; empty if the body is not Twilio's.

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
