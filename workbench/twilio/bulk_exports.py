"""BulkExport: Twilio's files with all messages of a day, for days that are too old for Twilio's list.

The API redirects to the file, which is in storage outside Twilio's API. The link is signed and works for a
few minutes only. It is fetched by a client without credentials, so none can leak. Files stay for seven days.
The API exists in the US1 region only. https://www.twilio.com/docs/usage/bulkexport
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any

import httpx

from workbench.errors import TwilioError, TwilioUnavailable
from workbench.messaging.json_text import UnreadableJson, read_json
from workbench.settings import Credentials
from workbench.twilio.answers import Answer, no_answer, read_answer, tidy
from workbench.twilio.client import TIMEOUT, TwilioClient
from workbench.twilio.export_jobs import DayFile, ExportJob, read_day, read_job
from workbench.twilio.failures import Call, failure
from workbench.twilio.redaction import drop_secrets, scrub
from workbench.twilio.resources import fetch_balance
from workbench.twilio.retry import ATTEMPTS, retry_delay, should_retry
from workbench.twilio.urls import is_loopback, parse_base_url, resolve

HOST = "bulkexports"
_DAYS, _JOBS = "/v1/Exports/Messages/Days", "/v1/Exports/Messages/Jobs"
_DAYS_PER_PAGE = 400
_STORAGE = (".amazonaws.com", ".twilio.com")
_REDIRECTS = frozenset({302, 303, 307, 308})


class BulkExportClient:
    """Lists exported days, downloads their files, asks for new ones.

    Args:
        credentials: those of the account whose messages are exported.
        base_url: one address that replaces every Twilio host (simulator, proxy).
        sleep: waits between attempts; may raise to give up.
        attempts: most attempts per call.

    Raises:
        ConfigError: ``base_url`` is not a bare http(s) address, or the credentials are incomplete.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str | None = None,
        sleep: Callable[[float], object] = time.sleep,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._credentials, self._sleep, self._attempts = credentials, sleep, attempts
        self._base_url = parse_base_url(base_url)
        self._lists = TwilioClient(credentials, base_url=base_url, sleep=sleep, attempts=attempts)
        outside = not is_loopback(self._base_url)
        agent = {"User-Agent": "workbench"}
        self._api = httpx.Client(
            auth=httpx.BasicAuth(*credentials.basic_auth), headers=agent, timeout=TIMEOUT, trust_env=outside
        )
        self._storage = httpx.Client(headers=agent, timeout=TIMEOUT, trust_env=outside)

    def account_currency(self) -> str | None:
        """The account's one currency, which the files leave out; None if it may not be read."""
        try:
            currency = fetch_balance(self._lists, self._credentials.account_sid).get("currency")
        except TwilioError as error:
            if error.status not in (401, 403, 404):
                raise
            return None
        return str(currency).upper() if currency else None

    def days(self) -> list[DayFile]:
        """The days whose files can be downloaded now, oldest first; for each day the latest export.

        Raises:
            TwilioError: see :meth:`TwilioClient.fetch_page`; or an entry of the list is not a day.
        """
        files: dict[date, DayFile] = {}
        for page in self._lists.pages(_DAYS, {"PageSize": _DAYS_PER_PAGE}, "days", HOST):
            for entry in page.rows:
                file = read_day(entry)
                if file.day not in files or file.created >= files[file.day].created:
                    files[file.day] = file
        return sorted(files.values(), key=lambda file: file.day)

    @contextmanager
    def open_day(self, day: date) -> Iterator[Iterator[bytes]]:
        """The bytes of a day's file, as stored (gzip), while they arrive.

        Raises:
            TwilioUnavailable: the link has expired or the connection broke; ask again for the whole file.
            TwilioError: Twilio refused, or sends us to a place that is not its storage.
        """
        url = check_storage(self._link(day), self._base_url)
        origin = f"{url.scheme}://{url.host}"
        try:
            with self._storage.stream("GET", url) as response:
                if response.status_code != 200:
                    raise TwilioUnavailable(
                        f"HTTP {response.status_code} from {origin} for the file of {day}. Its link works "
                        "for a few minutes only: run the same again.",
                        status=response.status_code,
                    )
                yield response.iter_raw()
        except httpx.HTTPError as error:
            # Only the error's class, not the request: its address is a signed link.
            raise TwilioUnavailable(
                f"{origin} broke off the file of {day} ({type(error).__name__}). Run the same again."
            ) from None

    def jobs(self) -> list[ExportJob]:
        """The export jobs for messages that were requested."""
        return [
            read_job(entry) for page in self._lists.pages(_JOBS, None, "jobs", HOST) for entry in page.rows
        ]

    def create_job(self, first: date, last: date, name: str) -> ExportJob:
        """Request the files of all days from first to last, both included. The request is never repeated.

        Raises:
            TwilioError: Twilio refused.
            TwilioUnavailable: no clear answer; the job may exist, so check :meth:`jobs` before a new request.
        """
        form = {"StartDay": first.isoformat(), "EndDay": last.isoformat(), "FriendlyName": name}
        return read_job(_json_object(self._call("POST", _JOBS, form)))

    def close(self) -> None:
        for client in (self._lists, self._api, self._storage):
            client.close()

    def __enter__(self) -> BulkExportClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> str:
        raise TypeError("a BulkExportClient holds credentials and is never pickled or copied")

    def _link(self, day: date) -> str:
        response = self._call("GET", f"{_DAYS}/{day.isoformat()}")
        link = response.headers.get("location") if response.status_code in _REDIRECTS else None
        link = link or _json_object(response).get("redirect_to")
        if not isinstance(link, str) or not link:
            raise TwilioError(f"Twilio's answer does not say where the file of {day} is.")
        return link

    def _call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> httpx.Response:
        """The first answer without an error; GET requests are repeated, POST requests never."""
        url, unauthorized = resolve(path, HOST, self._base_url), 0
        for attempt in itertools.count(1):
            answer, response = self._attempt(method, url, form)
            if response is not None and response.status_code < 400:
                return response
            unauthorized += answer.status == 401
            if not should_retry(
                answer.outcome, attempt, attempts=self._attempts, unauthorized=unauthorized, method=method
            ):
                raise failure(answer, self._circumstances(url, attempt)) from answer.cause
            now = answer.server_time or datetime.now(UTC)
            self._sleep(retry_delay(attempt, answer.retry_after, random.random(), now))
        raise AssertionError("unreachable")

    def _attempt(
        self, method: str, url: httpx.URL, form: Mapping[str, str] | None
    ) -> tuple[Answer, httpx.Response | None]:
        began = time.perf_counter()
        try:
            response = self._api.request(method, url, data=form)
        except httpx.HTTPError as error:
            text = self._redact(str(error))
            return tidy(no_answer(error, text, time.perf_counter() - began), self._redact), None
        answer = read_answer(
            response.status_code, response.headers, response.content, time.perf_counter() - began
        )
        return tidy(answer, self._redact), response

    def _circumstances(self, url: httpx.URL, attempts: int) -> Call:
        return Call(
            origin=str(url.copy_with(raw_path=b"/")).rstrip("/"),
            is_redirected=self._base_url is not None,
            attempts=attempts,
            uses_api_key=self._credentials.basic_auth[0] != self._credentials.account_sid,
        )

    def _redact(self, text: str) -> str:
        return scrub(text, self._credentials)


def check_storage(link: str, base_url: httpx.URL | None) -> httpx.URL:
    """The link itself, if it leads to the storage where Twilio keeps its files.

    Raises:
        TwilioError: it leads to another host, contains a user, or is not a URL.
    """
    try:
        url = httpx.URL(link)
    except httpx.InvalidURL:
        raise TwilioError("Twilio's link to a file is no address.") from None
    if base_url is not None:
        is_known = url.host == base_url.host  # on any port: a simulator may serve files on another one
    else:
        is_known = url.scheme == "https" and url.host.endswith(_STORAGE)
    if not is_known or url.userinfo:
        raise TwilioError(
            f"Twilio's link to a file leads to {url.host!r}, which is not its storage: not followed. "
            "Download the file from the console and use `workbench sync import`."
        )
    return url


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        payload, _ = read_json(response.content)
    except UnreadableJson as error:
        raise TwilioError("Twilio's answer about an export is not JSON.") from error
    if not isinstance(payload, dict):
        raise TwilioError("Twilio's answer about an export is not a JSON object.")
    cleaned: dict[str, Any] = drop_secrets(payload)
    return cleaned
