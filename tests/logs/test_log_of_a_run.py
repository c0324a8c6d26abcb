"""A day of work with the log at its most talkative: no number, no text and no secret is in any of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conversations.installation import DESK, afternoon_zone
from tests.ports import free_port
from tests.server.hooking import FORM, PUBLIC_URL, Caller, inbound_form, wait_until_live
from workbench import Workbench
from workbench.settings import INBOUND_PATH, STATUS_PATH, load_settings
from workbench.simulator import Account, serve

CONTACT, OTHER, STRANGER = "+12065550142", "+12065550177", "+442079460958"
SENT, ANSWERED, INBOUND, FORGED = (
    "Your parcel waits at Elm Street", "We will be there at noon", "My door code is violet-owl",
    "Click this evil link",
)  # fmt: skip
CRASHED = "the diagnosis is gout in the left foot"
SECRETS = {"WORKBENCH_SMTP_PASSWORD": "smtp-pass-phrase", "TWILIO_WEBHOOK_SECRET": "shared-key-phrase"}

#: What crashes: everything that a process of ours can be ended or troubled by, each with a text and a number.
CRASHES = f"""
import asyncio, logging, sys, threading, warnings
from tornado.ioloop import IOLoop
from workbench import Workbench
from workbench.logs.set_up import set_up_service_logs
from workbench.server.log_limit import LogLimit
from workbench.settings import load_settings

settings = load_settings()
set_up_service_logs(settings, "pages", LogLimit())
text = {CRASHED!r} + " call {STRANGER}"
with Workbench(settings) as wb:
    from workbench.api.inbox import open_inbox_session
    from workbench.roles import Actor, acting_as
    for number in ({CONTACT!r}, {OTHER!r}):
        wb.contacts.edit(number, timezone={afternoon_zone()!r})
    print(wb.send({OTHER!r}, {SENT!r}, sender={DESK!r}, confirm=True).state)
    session = open_inbox_session(wb._installation)
    with acting_as(Actor("ana", "agent")):
        session.answer({{"id": "a", "ask": "start", "view": "open"}})
        conversation = wb.conversation({CONTACT!r}).id
        session.answer({{"id": "b", "ask": "open", "conversation": conversation}})
        said = session.answer({{"id": "c", "ask": "send", "body": {ANSWERED!r}, "key": "one",
            "conversation": conversation, "confirmed": True}})
        print(said["ok"]["state"])
        session._inbox.cache = None
        print(session.answer({{"id": "d", "ask": "list", "view": text}}))
    try:
        wb._installation.lake.rows("select cast(? as integer)", [text])
    except Exception as error:
        logging.getLogger("workbench.lake").error("the lake said: %s", error, exc_info=True)

async def troubled():
    task = asyncio.ensure_future(broken())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(int, text)
    await asyncio.sleep(0)

async def broken():
    raise KeyError(text)

asyncio.run(troubled())
import gc; gc.collect()
loop = IOLoop()
loop.add_callback(int, text)
loop.call_later(0.05, loop.stop)
loop.start()
thread = threading.Thread(target=int, args=[text]); thread.start(); thread.join()
class Unraisable:
    def __del__(self): raise RuntimeError(text)
Unraisable()
warnings.warn(text)
raise RuntimeError(text)
"""


SETTINGS = """
[logs]
level = "debug"
format = "json"
files = true
[reports.monthly]
report = "no-such-report"
[schedule]
maintenance = "off"
reconcile = "off"
retention = "off"
doctor = "off"
alerts = "off"
reports = "1h"
"""


@dataclass
class Run:
    """What was logged, and what must not be in it."""

    logs: dict[str, str]
    numbers: set[str]
    bodies: set[str]
    secrets: set[str]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Sync, webhooks, a send, an answer, a job that fails and crashes, in processes of their own."""
    home = tmp_path_factory.mktemp("run") / "home"
    home.mkdir()
    (home / "workbench.toml").write_text(SETTINGS)
    account = Account.build(days=1, messages=200)
    with serve(account) as server:
        environ = {
            **os.environ, "WORKBENCH_HOME": str(home), "WORKBENCH_TWILIO_BASE_URL": server.url,
            "WORKBENCH_PUBLIC_URL": PUBLIC_URL, "TWILIO_ACCOUNT_SID": account.account_sid,
            "TWILIO_AUTH_TOKEN": account.auth_token, "TWILIO_WEBHOOK_KEY": "key", **SECRETS,
        }  # fmt: skip
        written = {"from": CONTACT, "to": DESK, "body": INBOUND, "media": 0}
        httpx.post(f"{server.url}/_simulator/inbound", json=written).raise_for_status()
        logs = _work(environ, account.auth_token)
        with Workbench(load_settings(environ)) as wb:
            rows = wb._installation.reader.rows("select distinct contact, body from messages")
    account.close()
    logs |= {path.name: path.read_text() for path in (home / "logs").iterdir()}
    numbers = {number for number, _ in rows} | {STRANGER, OTHER}
    texts = {body for _, body in rows if body and len(body.split()) > 2}
    texts |= {SENT, ANSWERED, INBOUND, FORGED, CRASHED}
    link = (home / "link.token").read_text()
    return Run(logs, numbers, texts, {account.auth_token, link, *SECRETS.values()})


def _work(environ: dict[str, str], token: str) -> dict[str, str]:
    port, home = free_port(), Path(environ["WORKBENCH_HOME"])
    with (home / "hooks.out").open("wb") as file:
        hooks = subprocess.Popen(
            [sys.executable, "-m", "workbench", "serve", "--only", "hooks", "--hooks-port", str(port)],
            env=environ, stdin=subprocess.DEVNULL, stderr=file,
        )  # fmt: skip
    try:
        wait_until_live(port, hooks)
        caller = Caller(f"http://127.0.0.1:{port}", home)
        with caller.http:
            _push(caller, environ["TWILIO_ACCOUNT_SID"], token)
            _wait_for(
                lambda: all(run["outcome"] != "never ran" for run in caller.ready()["schedule"].values())
            )
            outcomes = {job: run["outcome"] for job, run in caller.ready()["schedule"].items()}
            assert outcomes == {"sync": "done", "cancellations": "done", "reports": "failed"}
            crashes = subprocess.run(
                [sys.executable, "-c", CRASHES], env=environ, capture_output=True, text=True, timeout=120
            )
            assert crashes.stdout.startswith("sent\nsent\n"), crashes.stdout + crashes.stderr
            assert crashes.returncode == 1
    finally:
        hooks.terminate()
        hooks.wait(30)
    return {"crashes": crashes.stderr, "hooks": (home / "hooks.out").read_text()}


def _push(caller: Caller, account_sid: str, token: str) -> None:
    """Webhooks: genuine ones, malformed ones with a number in them, and forged ones."""
    genuine = inbound_form(7, INBOUND, AccountSid=account_sid, From=STRANGER)
    assert caller.post(INBOUND_PATH, genuine, token, **{"X-Request-Id": "trace-of-one"}).status_code == 200
    malformed = {**genuine, "MessageSid": STRANGER, "NumMedia": CONTACT, "To": "", "NumSegments": INBOUND}
    assert caller.post(INBOUND_PATH, malformed, token).status_code == 200
    assert caller.post(STATUS_PATH, {**malformed, "MessageStatus": INBOUND}, token).status_code == 204
    assert caller.post(INBOUND_PATH, {**genuine, "Body": FORGED}, "guessed").status_code == 403
    odd = f"From={STRANGER}&Body={FORGED}&From=%FF"
    assert (
        caller.http.post(
            f"{INBOUND_PATH}?To={STRANGER}", content=odd, headers={"Content-Type": FORM}
        ).status_code
        == 403
    )
    broken = caller.http.post(
        f"/{STRANGER}", content=f'{{"Body": "{FORGED}"', headers={"Content-Type": "application/json"}
    )
    assert broken.status_code == 404


def _wait_for(is_so: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_number_in_any_spelling(done: Run) -> None:
    for name, text in done.logs.items():
        # Whatever people put between digits is taken away; the country's code is left out of the search.
        digits = re.sub(r"(?<=\d)[\W_]{1,3}(?=\d)", "", text)
        for number in done.numbers:
            assert number[3:] not in digits, (name, number)


def test_no_text_of_a_message_and_no_secret(done: Run) -> None:
    for name, text in done.logs.items():
        for told in done.bodies | done.secrets:
            assert told not in text, (name, told)
            assert not any(part in text for part in re.findall(r"\w+-\w+", told) if part in INBOUND), name


def test_what_happened_is_in_the_log_all_the_same(done: Run) -> None:
    """A log that is silent would pass the tests above."""
    records = {
        name: [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        for name, text in done.logs.items()
    }
    assert set(records) == {"crashes", "hooks", "hooks.log", "jobs.log", "pages.log"}
    lines = [line for text in done.logs.values() for line in text.splitlines() if not line.startswith("{")]
    assert [line[:12] for line in lines] == ["Webhooks are"], "nothing else is written"
    messages = {name: " | ".join(record["message"] for record in each) for name, each in records.items()}
    assert "webhooks refused" in messages["hooks"]
    assert "the job reports did not do its work" in messages["jobs.log"]
    assert "POST" in messages["pages.log"]
    crashes = [record for record in records["pages.log"] if "traceback" in record]
    kinds = " ".join(record["traceback"][-1] for record in crashes)
    for kind in ("KeyError", "ValueError", "RuntimeError", "ConversionException"):
        assert kind in kinds
    assert "UserWarning at" in messages["pages.log"]
    assert any(record.get("request_id") == "trace-of-one" for record in records["hooks"])
    assert any(str(record.get("request_id")).startswith("sync-") for record in records["jobs.log"])
    assert {record["process"] for record in records["jobs.log"]} == {"jobs"}
