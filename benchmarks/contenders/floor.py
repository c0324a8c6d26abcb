"""The floor: the same pages over HTTP with the same concurrency, thrown away. No sync can be faster.

Either the day windows from a first day to today, page after page, or every address in a file, at once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

# Looked for at the end of the page, so that nothing is parsed.
_NEXT_PAGE = re.compile(rb'"next_page_uri":"([^"]+)"')
_LONGEST_ENVELOPE = 4096


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--since", type=date.fromisoformat)
    parser.add_argument("--addresses", type=Path)
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    with _client(options.concurrency) as http, ThreadPoolExecutor(options.concurrency) as pool:
        if options.addresses:
            counts = pool.map(lambda uri: _count(_fetch(http, uri)), options.addresses.read_text().split())
        else:
            counts = pool.map(lambda day: _walk(http, day), _days(options.since))
        rows = sum(counts)
    print(json.dumps({"rows": rows}))


def _client(concurrency: int) -> httpx.Client:
    limits: dict[str, Any] = {"max_connections": concurrency, "max_keepalive_connections": concurrency}
    return httpx.Client(
        base_url=os.environ["WORKBENCH_TWILIO_BASE_URL"],
        auth=(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]),
        limits=httpx.Limits(**limits),
        timeout=60.0,
        trust_env=False,
    )


def _days(since: date) -> list[date]:
    """From today back to the first day, both included."""
    today = datetime.now(UTC).date()
    return [today - timedelta(days=back) for back in range((today - since).days + 1)]


def _walk(http: httpx.Client, day: date) -> int:
    account_sid = os.environ["TWILIO_ACCOUNT_SID"]
    uri = f"/2010-04-01/Accounts/{account_sid}/Messages.json?DateSent={day}&PageSize=1000"
    rows = 0
    while uri:
        page = _fetch(http, uri)
        rows += _count(page)
        found = _NEXT_PAGE.search(page, max(0, len(page) - _LONGEST_ENVELOPE))
        uri = found[1].decode() if found else ""
    return rows


def _fetch(http: httpx.Client, uri: str) -> bytes:
    return http.get(uri).raise_for_status().content


def _count(page: bytes) -> int:
    return page.count(b'"num_segments"')


if __name__ == "__main__":
    main()
