"""The client for Twilio's REST API: connection pool, retries, pages, and no secrets in its texts.

It reads, sets values and deletes. Sending has its own client, because a message must never be sent twice.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx

from workbench.errors import TwilioError
from workbench.messaging.json_text import TextRepair
from workbench.settings import Credentials
from workbench.twilio.answers import Answer, no_answer, read_answer, tidy
from workbench.twilio.concurrency import AdaptiveLimit
from workbench.twilio.failures import Call, failure
from workbench.twilio.redaction import scrub
from workbench.twilio.retry import ATTEMPTS, retry_delay, should_retry
from workbench.twilio.urls import is_loopback, parse_base_url, resolve

_log = logging.getLogger(__name__)

Params = Mapping[str, str | int]
"""Query parameters; an inequality is part of the key: ``{"DateSent>": "2026-01-31"}``."""

Form = Mapping[str, str | list[str]]
"""Fields of a posted form; a field with several values repeats."""

# Waiting for a free connection of our own pool is not an error of Twilio and ends by itself.
TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=10.0, pool=None)
ANSWER_WITHIN = 180.0

#: How many answers are parsed at the same time. Parsing holds Python's global lock, so more would not be
#: faster, and an answer needs five times its size in memory while it is parsed.
READ_AT_ONCE = 3


RawAnswer = tuple[int, httpx.Headers, bytes, float]
"""Status, headers, body, and the seconds they took."""


@dataclass(frozen=True)
class ListPage:
    """One page of a list."""

    rows: list[dict[str, Any]]
    """As Twilio wrote them, without secrets."""
    next_page_uri: str | None
    """Verbatim, so that it can be stored and a later run can continue there; None after the last page."""
    elapsed: float
    """Seconds from sending the request to the last byte; retries and their waits not included."""
    server_time: datetime | None
    """Twilio's clock when it answered (``Date`` header), in UTC."""


@dataclass
class Repairs:
    """Texts of answers in which U+FFFD replaces characters that cannot be stored; the first few are named."""

    count: int = 0
    examples: list[TextRepair] = field(default_factory=list)

    def note(self, repairs: Sequence[TextRepair]) -> None:
        self.count += len(repairs)
        self.examples = [*self.examples, *repairs][:_NAMED_REPAIRS]

    def sentence(self) -> str:
        """What was replaced, in one sentence; empty without any."""
        if not self.count:
            return ""
        named = ", ".join(
            f"{example.field} of {example.sid or 'a row without a SID'}" for example in self.examples
        )
        more = f" and {self.count - len(self.examples):,} more" if self.count > len(self.examples) else ""
        return (
            f"Texts with characters that cannot be stored (half of a surrogate pair, or not UTF-8): "
            f"{self.count:,}; U+FFFD replaces them ({named}{more})."
        )


_NAMED_REPAIRS = 3


class TwilioClient:
    """Reads resources over HTTPS, and changes or deletes existing ones; can be shared between threads.

    Args:
        credentials: account with auth token or API key.
        base_url: one address that replaces every Twilio host, path kept (simulator, proxy).
        transport: replaces the network, for tests.
        sleep: waits between attempts; may raise to give up.
        limit: shared limiter; a slot is held while a request is in flight, not while waiting to retry.
        on_response: called after every attempt, in its thread, with the status (None: no complete answer)
            and the seconds.
        attempts: most attempts per call, the first included.
        max_connections: size of the connection pool; further threads wait.
        timeout: for each step of a request.
        answer_within: seconds after which an answer that arrives too slowly is given up.

    Raises:
        ConfigError: ``base_url`` is not a bare http(s) address, or the credentials are incomplete.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        limit: AdaptiveLimit | None = None,
        on_response: Callable[[int | None, float], None] | None = None,
        attempts: int = ATTEMPTS,
        max_connections: int = 32,
        timeout: httpx.Timeout = TIMEOUT,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._credentials = credentials
        self._base_url = parse_base_url(base_url)
        self._sleep = sleep
        self._limit = limit
        self._on_response = on_response
        self._attempts = attempts
        self._answer_within = answer_within
        self._requests = 0
        self._counting = threading.Lock()
        self._repairs = Repairs()
        self._reading = threading.BoundedSemaphore(READ_AT_ONCE)
        self._http = httpx.Client(
            auth=httpx.BasicAuth(*credentials.basic_auth),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "workbench"},
            follow_redirects=False,
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            timeout=timeout,
            transport=transport,
            # A proxy from the environment is for requests to Twilio, not to this machine.
            trust_env=not is_loopback(self._base_url),
        )

    @property
    def account_sid(self) -> str:
        return self._credentials.account_sid

    @property
    def requests(self) -> int:
        """Attempts made so far, retries included."""
        return self._requests

    def take_repairs(self) -> Repairs:
        """The texts in which characters were replaced since the last call."""
        with self._counting:
            repairs, self._repairs = self._repairs, Repairs()
        return repairs

    def get_json(self, path_or_uri: str, params: Params | None = None, host: str = "api") -> dict[str, Any]:
        """Fetch one JSON object, without secrets.

        Args:
            path_or_uri: a path that begins with ``/``, or an absolute URL of the same host.
            params: added to the query.
            host: first label of the product's host: api, messaging, pricing, monitor …

        Raises:
            TwilioAuthError: a second 401, or 403.
            TwilioUnavailable: after all attempts: 429, 5xx, or no complete and readable answer.
            TwilioError: any other status, or a URI that leads to another host.
        """
        answer = self._get(resolve(path_or_uri, host, self._base_url, params))
        return answer.payload or {}

    def post_form(self, path: str, form: Form, host: str = "api") -> dict[str, Any]:
        """Post a form that can safely be posted more than once; retried like a read.

        Raises:
            TwilioAuthError, TwilioUnavailable, TwilioError: as :meth:`get_json`.
        """
        answer = self._get(resolve(path, host, self._base_url, None), "POST", form)
        return answer.payload or {}

    def delete(self, path: str, host: str = "api") -> None:
        """Delete one resource; after a retry, a 404 may mean that the first attempt worked.

        Raises:
            TwilioAuthError, TwilioUnavailable, TwilioError: as :meth:`get_json`.
        """
        self._get(resolve(path, host, self._base_url, None), "DELETE")

    def fetch_page(self, uri: str, params: Params | None, key: str, host: str = "api") -> ListPage:
        """Fetch one page of the list under ``key``; for the next page pass ``next_page_uri`` and no params.

        Raises:
            TwilioError: also if the answer is not such a list, or its next page is itself or on another host.
        """
        url = resolve(uri, host, self._base_url, params)
        answer = self._get(url)
        page = _read_page(answer, key)
        if page.next_page_uri and resolve(page.next_page_uri, host, self._base_url) == url:
            raise TwilioError(f"{_LOOP} {url.path} names itself as its next page.")
        return page

    def pages(self, uri: str, params: Params | None, key: str, host: str = "api") -> Iterator[ListPage]:
        """Every page from ``uri`` to the last, fetched one at a time as they are asked for.

        Raises:
            TwilioError: as :meth:`fetch_page`; also if a page comes a second time.
        """
        requested_uris = set()
        next_uri: str | None = uri
        while next_uri is not None:
            requested_uris.add(next_uri)
            page = self.fetch_page(next_uri, params, key, host)
            if page.next_page_uri in requested_uris:
                raise TwilioError(f"{_LOOP} {httpx.URL(page.next_page_uri).path} came a second time.")
            yield page
            next_uri, params = page.next_page_uri, None

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> TwilioClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        address = str(self._base_url or "https://api.twilio.com")
        return f"TwilioClient({self.account_sid!r}, base_url={address!r})"

    def __reduce__(self) -> str:
        raise TypeError("a TwilioClient holds credentials and is never pickled or copied")

    def _get(self, url: httpx.URL, method: str = "GET", form: Form | None = None) -> Answer:
        """The first answer with a payload, or the error for the last attempt."""
        attempt = unauthorized = 0
        while True:
            attempt += 1
            answer = self._attempt(url, method, form)
            is_torn = answer.is_torn and attempt == 1 < self._attempts
            if answer.payload is not None and not is_torn:
                self._note_repairs(answer)
                return answer
            unauthorized += answer.status == 401
            outcome = None if is_torn else answer.outcome
            if not should_retry(outcome, attempt, attempts=self._attempts, unauthorized=unauthorized):
                raise self._failure(url, answer, attempt) from answer.cause
            now = answer.server_time or datetime.now(UTC)
            delay = retry_delay(attempt, answer.retry_after, random.random(), now)
            _log.info("attempt %d got %s; again in %.1f s", attempt, answer.outcome or answer.problem, delay)
            self._sleep(delay)

    def _note_repairs(self, answer: Answer) -> None:
        if answer.repairs:
            with self._counting:
                self._repairs.note(answer.repairs)

    def _attempt(self, url: httpx.URL, method: str, form: Form | None) -> Answer:
        with self._counting:
            self._requests += 1
        # The slot is freed after the last byte: parsing takes as long as fetching and needs no slot.
        with self._limit.slot() if self._limit else nullcontext() as slot:
            raw = self._send(url, method, form)
        with self._reading:
            answer = tidy(raw if isinstance(raw, Answer) else read_answer(*raw), self._redact)
        if slot is not None:
            slot.answered(answer.outcome)
        if self._on_response is not None:
            self._on_response(answer.outcome, answer.elapsed)
        return answer

    def _send(self, url: httpx.URL, method: str, form: Form | None) -> Answer | RawAnswer:
        started = time.perf_counter()
        try:
            with self._http.stream(method, url, data=form) as response:
                body = self._read_body(response, started)
        except httpx.HTTPError as error:
            return no_answer(error, self._redact(str(error)), time.perf_counter() - started)
        return response.status_code, response.headers, body, time.perf_counter() - started

    def _read_body(self, response: httpx.Response, started: float) -> bytes:
        chunks = []
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            # The read timeout starts again with every byte, so a very slow answer would never end.
            if time.perf_counter() - started > self._answer_within:
                raise httpx.ReadTimeout(f"not finished after {self._answer_within:g} s")
        return b"".join(chunks)

    def _failure(self, url: httpx.URL, answer: Answer, attempts: int) -> TwilioError:
        call = Call(
            origin=str(url.copy_with(raw_path=b"/")).rstrip("/"),
            is_redirected=self._base_url is not None,
            attempts=attempts,
            uses_api_key=self._credentials.basic_auth[0] != self.account_sid,
        )
        return failure(answer, call)

    def _redact(self, text: str) -> str:
        return scrub(text, self._credentials)


_MISSING = object()
_LOOP = "Stopped reading a list that does not end:"


def _read_page(answer: Answer, key: str) -> ListPage:
    """A page in either form: ``next_page_uri`` beside the rows (2010 API) or ``meta.next_page_url``."""
    payload = answer.payload or {}
    rows, meta = payload.get(key), payload.get("meta")
    envelope, link = (meta, "next_page_url") if isinstance(meta, dict) else (payload, "next_page_uri")
    next_uri = envelope.get(link, _MISSING)
    if not isinstance(rows, list) or not (next_uri is None or isinstance(next_uri, str)):
        # To read this as an empty or a last page would lose rows silently.
        raise TwilioError(
            f"Twilio's answer is not the list {key!r} that was asked for. "
            "Check what answers at that address (WORKBENCH_TWILIO_BASE_URL)."
        )
    return ListPage(rows, next_uri or None, answer.elapsed, answer.server_time)
