"""``python -m benchmarks.caller URL PLAN``: posts signed callbacks, or given requests, as fast as it goes.

A process of its own, on plain sockets, so that the measured server and not its client is at the limit. Prints
one JSON object; with ``--answers FILE`` it writes which callbacks were answered 2xx.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode, urlsplit

_STATUSES = ("sending", "sent", "delivered", "read")
_GROUP = 500
PATH = "/webhooks/twilio/status"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument(
        "plan",
        type=Path,
        help="JSON: token, public_url, account_sid, message_sids; or requests, each as a whole",
    )
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--per-second", type=float, default=0, help="hold this rate; 0: as fast as it goes")
    parser.add_argument("--answers", type=Path)
    options = parser.parse_args()
    plan = json.loads(options.plan.read_text())
    print(json.dumps(asyncio.run(_run(options, plan))))


async def _run(options: argparse.Namespace, plan: dict[str, object]) -> dict[str, object]:
    callbacks = _given(plan) or _callbacks(plan)
    seconds: list[float] = []
    stored: list[str] = []
    codes: dict[int, int] = {}
    began = time.perf_counter()
    pause = options.connections / options.per_second if options.per_second else 0.0

    async def connection(number: int) -> None:
        address = urlsplit(options.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        turn = time.perf_counter() + pause * number / options.connections
        for name, request in callbacks:
            if time.perf_counter() - began >= options.seconds:
                break
            if pause:
                await asyncio.sleep(max(0.0, turn - time.perf_counter()))
                turn += pause
            sent_at = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            await reader.readexactly(length)
            seconds.append(time.perf_counter() - sent_at)
            code = int(head[9:12])
            codes[code] = codes.get(code, 0) + 1
            if code < 300:
                stored.append(name)
        writer.close()

    await asyncio.gather(*(connection(number) for number in range(options.connections)))
    took = time.perf_counter() - began
    if options.answers:
        options.answers.write_text(json.dumps(stored))
    ordered = sorted(seconds)
    return {
        "requests": len(seconds),
        "per_second": len(seconds) / took,
        "p50_ms": 1e3 * ordered[len(ordered) // 2],
        "p99_ms": 1e3 * ordered[int(len(ordered) * 0.99)],
        "longest_ms": 1e3 * ordered[-1],
        "codes": codes,
    }


def _given(plan: dict[str, object]) -> Iterator[tuple[str, bytes]] | None:
    """The requests of a plan that has them, each once."""
    requests = plan.get("requests")
    return ((text, text.encode()) for text in requests) if isinstance(requests, list) else None


def _callbacks(plan: dict[str, object]) -> Iterator[tuple[str, bytes]]:
    """Some messages through all their statuses, then the next ones: name and whole request."""
    sids = plan["message_sids"]
    assert isinstance(sids, list)
    groups = [sids[start : start + _GROUP] for start in range(0, len(sids), _GROUP)]
    steps = [(sid, status) for group in groups for status in _STATUSES for sid in group]
    more = ((sid, f"status_{number}") for number in range(10_000) for sid in sids)
    for sid, status in chain(steps, more):
        form = {
            "AccountSid": str(plan["account_sid"]),
            "ApiVersion": "2010-04-01",
            "From": "+12025550110",
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": "+14155550123",
        }
        yield f"{sid} {status}", _request(plan, form)


def _request(plan: dict[str, object], form: dict[str, str]) -> bytes:
    text = f"{plan['public_url']}{PATH}" + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(str(plan["token"]).encode(), text.encode(), hashlib.sha1).digest()
    body = urlencode(form).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {urlsplit(str(plan['public_url'])).netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {base64.b64encode(digest).decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
