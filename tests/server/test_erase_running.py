"""A person is erased while everything runs and 200 webhooks a second come in: nothing is lost but them."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlencode

import duckdb
import pytest
from twilio.request_validator import RequestValidator

from tests.ports import free_port
from tests.server.hooking import (
    FORM,
    PUBLIC_URL,
    calling,
    environment,
    inbound_form,
    sid,
    status_form,
    wait_until_live,
)  # fmt: skip
from tests.server.processes import end
from workbench.home import is_ours
from workbench.lake import open_lake
from workbench.server.hooks import INBOUND_PATH, STATUS_PATH
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Options, Server, serve

PERSON, OTHER = "+19995550142", "+14155550177"
SECRET = "the spare key is under the blue pot"
A_SECOND, SECONDS, CALLERS = 200, 16, 20
SPELLINGS = (PERSON[1:], SECRET, SECRET.replace(" ", "+"), SECRET.replace(" ", "%20"))

Request = tuple[int, str, dict[str, str]]


def request(number: int) -> Request:
    """One webhook in turn: the person's own, in each way it may name them, others' that do, opt-outs."""
    stranger = f"+1415556{number % 10_000:04}"
    match number % 50:
        case 0:
            return number, INBOUND_PATH, inbound_form(number, SECRET, From=PERSON)
        case 1:
            whatsapp = {"From": f"whatsapp:{PERSON}", "WaId": PERSON[1:], "ProfileName": SECRET}
            return number, INBOUND_PATH, inbound_form(number, "me again", **whatsapp)
        case 2:
            text = f"call {PERSON}, or {PERSON[1:]}"
            return number, INBOUND_PATH, inbound_form(number, text, From=stranger)
        case 3:
            return number, INBOUND_PATH, inbound_form(number, "STOP", From=stranger)
        case 4:
            return number, STATUS_PATH, status_form(number, "sent", To=PERSON, ChannelToAddress=PERSON)
        case 25:
            return number, INBOUND_PATH, inbound_form(number, "STOP", From=PERSON)
        case _:
            return number, STATUS_PATH, status_form(number, "sent", To=stranger)


def is_of_person(number: int) -> bool:
    return number % 50 in (0, 1, 25)


def is_stop(number: int) -> bool:
    return number % 50 in (3, 25)


def send_all(
    port: int, token: str, first: int, answers: dict[int, int], begin: float, again: list[int]
) -> None:
    """Every `CALLERS`th webhook at its moment, on one connection; each last answer by number.

    An opt-out that is not in force after eight seconds is answered 503 and sent again, as Twilio does; its
    number is then in ``again``. Nothing else is sent twice.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    validator = RequestValidator(token)
    for number in range(first, A_SECOND * SECONDS, CALLERS):
        _, path, fields = request(number)
        signature = validator.compute_signature(PUBLIC_URL + path, fields)
        headers = {"X-Twilio-Signature": signature, "Content-Type": FORM}
        time.sleep(max(0.0, begin + number / A_SECOND - time.monotonic()))
        if time.monotonic() > begin + 4 * SECONDS:
            break  # a machine that is this slow was asked enough
        for attempt in range(3):
            connection.request("POST", path, urlencode(fields), headers)
            response = connection.getresponse()
            response.read()
            answers[number] = response.status
            if response.status != 503 or not is_stop(number):
                break
            again.append(number)
            time.sleep(attempt + 1)
    connection.close()


def traces(home: Path) -> list[str]:
    """Files with the person in any byte, in their name, or in any value of a Parquet file."""
    named = []
    for path in sorted(home.rglob("*")):
        data = str(path.relative_to(home)).encode()
        if path.is_file():
            data += path.read_bytes()
        if path.suffix == ".parquet":
            rows = duckdb.sql(f"select * from read_parquet('{path}')").fetchall()
            data += "\n".join(map(str, rows)).encode()
        named += [f"{path.relative_to(home)}: {word}" for word in SPELLINGS if word.encode() in data]
    return named


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The simulated account, which goes on listing the person."""
    now = datetime(2026, 9, 10, 15, 30, tzinfo=UTC)
    account = Account.build(start=date(2026, 9, 8), days=2, messages=200, clock=Clock.frozen(now))
    with serve(account, options=Options(concurrency_limit=None)) as running:
        yield running
    account.close()


@contextmanager
def everything(environ: dict[str, str], hooks_port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Pages, hooks and schedule, as `workbench serve` runs them, with a log in the home."""
    pages_port = free_port()
    ports = ["--port", str(pages_port), "--hooks-port", str(hooks_port), "--api-port", "0"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench", "serve", *ports],
            env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stderr=file,
        )  # fmt: skip
        try:
            wait_until_live(hooks_port, process, 90)
            wait_until_live(pages_port, process, 90)
            yield process
        finally:
            end(process)


def workbench(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        env={**os.environ, **environ}, capture_output=True, text=True, timeout=150,
    )  # fmt: skip


def test_nothing_is_lost_but_the_person(
    home: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = environment(
        home,
        WORKBENCH_TWILIO_BASE_URL=server.url,
        TWILIO_ACCOUNT_SID=server.account.account_sid,
        TWILIO_AUTH_TOKEN=server.account.auth_token,
    )
    (home / "workbench.toml").write_text(
        '[sync]\nsince = "2026-09-08"\n'
        '[schedule]\nsync = "1m"\nmaintenance = "1m"\nreconcile = "off"\nreports = "off"\nretention = "off"\n'
    )
    port, log = free_port(), home / "logs" / "serve.log"
    answers: dict[int, int] = {}
    again: list[int] = []
    with everything(environ, port, log), ThreadPoolExecutor(CALLERS) as callers:
        with calling(port, home) as caller:
            caller.settle(60)
        begin = time.monotonic() + 1
        token = server.account.auth_token
        running = [
            callers.submit(send_all, port, token, first, answers, begin, again) for first in range(CALLERS)
        ]
        time.sleep(SECONDS / 3)
        with log.open("a") as file:
            file.write(f"a colleague wrote to {PERSON}\n")
        before, asked_at = len(answers), time.monotonic()
        erased = workbench(environ, "subject", "erase", PERSON, "--local-only", "--confirm")
        assert erased.returncode == 0, erased.stderr
        after, took = len(answers), time.monotonic() - asked_at
        assert 0 < before < after, "it was erased in the middle of the traffic"
        for thread in running:
            thread.result()
        seconds = time.monotonic() - begin
        with calling(port, home) as caller:
            report = caller.settle(90)
        refused = {number: code for number, code in answers.items() if code not in (200, 204)}
        assert not {number: code for number, code in refused.items() if is_stop(number) or code >= 500}, (
            f"{refused}; erased after {asked_at - begin:.1f} s for {took:.1f} s, {seconds:.0f} s in all"
        )
        # What was not in force in time was on the disk all the same, before it was sent again.
        answered = sum(code in (200, 204) for code in answers.values())
        assert report["stored"] == answered + len(again)
        log_inode = log.stat().st_ino
        assert traces(home) == []
    assert log.stat().st_ino == log_inode

    with open_lake(load_settings(environ)) as lake:
        inbound = {found for (found,) in lake.rows("select message_sid from raw_messages")}
        statuses = {found for (found,) in lake.rows("select message_sid from status_events")}
        kept = inbound | statuses
        stops = {found for (found,) in lake.rows("select message_sid from consent_events")}
        unfinished = lake.rows("select * from removals where finished_at is null")
        states = [
            json.loads(detail)["state"]
            for (detail,) in lake.rows(
                "from audit_events select detail where action like 'erase%' order by seq"
            )
        ]
    stored = {number for number, code in answers.items() if code in (200, 204)}
    others = {number for number in stored if not is_of_person(number)}
    assert {sid(number) for number in others} <= kept, "lost"
    assert {sid(number) for number in others if is_stop(number)} <= stops, "an opt-out was lost"
    assert not {sid(number) for number in stored if is_of_person(number)} & kept
    assert unfinished == []
    assert states == ["begun", "finished"]
    assert traces(home) == []
    unknown = [
        name
        for path in home.rglob("*")
        if path.is_file() and not is_ours(name := path.relative_to(home).as_posix())
    ]
    assert [name for name in unknown if not name.startswith(("lake/catalog.", "lake/files/main/"))] == []
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{len(answers):,} of {A_SECOND * SECONDS:,} webhooks answered in {seconds:.0f} s; erased in "
            f"{took:.0f} s, {after - before:,} answered meanwhile; all {len(others):,} of others are there"
        )
