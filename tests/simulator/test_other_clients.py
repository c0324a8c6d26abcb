"""Other people's clients read from the simulated account, field by field, the rows that our sync stores.

They are the official clients for Python and Node, tap-twilio (Singer) and source-twilio (Airbyte). What is
missing is installed into the cache of pytest, once; where that is impossible its test skips and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from twilio.rest import Client

from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Server, serve
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.request import SyncRequest
from workbench.twilio.client import TwilioClient

CLIENTS = Path(__file__).parent / "clients"
INSTALL_SECONDS, RUN_SECONDS = 300, 240
TAP, AIRBYTE, NODE = "tap-twilio==0.2.2", "airbyte-source-twilio==0.16.0", "twilio@5"
#: These two read until the real now, so the account's now is close to it.
NOW = datetime.now(UTC).replace(hour=15, minute=30, second=0, microsecond=0) - timedelta(days=1)
START = (NOW - timedelta(days=9)).date()

Row = tuple[Any, ...]
Rows = dict[str, Row]

COLUMNS = (
    "account_sid, messaging_service_sid, direction, status, error_code, from_address, to_address, body, "
    "segments, media_count, price, currency, date_created, date_sent, date_updated"
)
FIELDS = (
    "account_sid", "messaging_service_sid", "direction", "status", "error_code", "from", "to", "body",
    "num_segments", "num_media", "price", "price_unit", "date_created", "date_sent", "date_updated",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Nine days of about 2,500 messages of an account and its subaccount, with some that are special."""
    account = Account.build(start=START, messages=2_500, days=9, clock=Clock.frozen(NOW))
    with serve(account) as running:
        add_special_messages(running)
        yield running
    account.close()


def add_special_messages(server: Server) -> None:
    account = server.account
    client = Client(account.account_sid, account.auth_token)
    client.api.base_url = server.url
    to, sender = "+14155550177", "+14155550104"
    odd = client.messages.create(to=to, from_=sender, body='Grüße 👩‍👧 „quoted“\n\ttab, \\ and "both"')
    hidden = client.messages.create(
        to=to, from_=sender, body="gone", address_retention="obfuscate", content_retention="discard"
    )
    client.messages.create(to=to, from_=sender, media_url=["https://example.com/a.png"])
    account.clock.advance(600)
    assert client.messages(odd.sid).fetch().body == 'Grüße 👩‍👧 „quoted“\n\ttab, \\ and "both"'
    assert client.messages(hidden.sid).fetch().to == "+1415555XXXX"
    old = client.messages.list(limit=200)[-1]
    assert client.messages(old.sid).update(body="").body == ""
    client.http_client.session.close()


@pytest.fixture(scope="module")
def ours(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows in a lake after a sync of both accounts."""
    account = server.account
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(tmp_path_factory.mktemp("home")),
            "WORKBENCH_TWILIO_BASE_URL": server.url,
            "TWILIO_ACCOUNT_SID": account.account_sid,
            "TWILIO_AUTH_TOKEN": account.auth_token,
        }
    )
    with open_lake(settings) as lake:
        for ledger in account.ledgers:
            with TwilioClient(settings.credentials, base_url=server.url) as client:
                run_sync(
                    lake,
                    client,
                    ledger.sid,
                    SyncRequest(since=START),
                    clock=lambda: datetime.fromtimestamp(account.now(), UTC),
                )
        rows = lake.rows(f"select message_sid, {COLUMNS} from raw_messages")
    by_sid = {row[0]: row[1:] for row in rows}
    assert len(by_sid) == len(rows) > 2_000
    return by_sid


def row_of(fields: Mapping[str, Any]) -> Row:
    """A message as another client gives it, with the types of our columns."""
    values = dict(fields)
    for name in ("error_code", "num_segments", "num_media"):
        values[name] = None if values[name] is None else int(values[name])
    values["price"] = (
        None if values["price"] is None else Decimal(str(values["price"])).quantize(Decimal("0.00001"))
    )
    for name in ("date_created", "date_sent", "date_updated"):
        values[name] = moment(values[name])
    return tuple(values[name] for name in FIELDS)


def moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)


def same(rows: Rows) -> Rows:
    """Prices with as many decimals as Twilio shows."""
    return {
        sid: tuple(
            value.quantize(Decimal("0.00001")) if isinstance(value, Decimal) else value for value in row
        )
        for sid, row in rows.items()
    }


def test_the_official_python_client(server: Server, ours: Rows) -> None:
    account, theirs = server.account, {}
    client = Client(account.account_sid, account.auth_token)
    client.api.base_url = server.url
    for ledger in account.ledgers:
        for message in client.api.accounts(ledger.sid).messages.stream(page_size=500):
            fields = {name: getattr(message, "from_" if name == "from" else name) for name in FIELDS}
            theirs[message.sid] = row_of(fields)
    client.http_client.session.close()
    assert theirs == same(ours)


def test_the_official_node_client(server: Server, ours: Rows, request: pytest.FixtureRequest) -> None:
    modules, node = node_client(request), shutil.which("node") or "node"
    theirs = {}
    for ledger in server.account.ledgers:
        environment = {
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(modules),
            "TWILIO_AUTH_TOKEN": ledger.auth_token,
        }
        lines = run_client([node, str(CLIENTS / "list_messages.cjs"), server.url, ledger.sid], environment)
        for message in map(json.loads, lines):
            fields = {name: message[camel_case(name)] for name in FIELDS}
            theirs[message["sid"]] = row_of(fields)
    assert theirs == same(ours)


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def test_tap_twilio(server: Server, ours: Rows, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """It gives only messages that were sent, for `date_sent` is what it keeps its place by."""
    python = python_client(request, TAP)
    config = {
        "account_sid": server.account.account_sid,
        "auth_token": server.account.auth_token,
        "start_date": f"{START}T00:00:00Z",
        "user_agent": "test",
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = [str(python), str(CLIENTS / "redirected.py"), server.url, "tap_twilio:main"]
    arguments = ["--config", str(tmp_path / "config.json")]
    catalog = json.loads("\n".join(run_client([*command, *arguments, "--discover"], {})))
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["stream"] == "messages"
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    lines = run_client([*command, *arguments, "--catalog", str(tmp_path / "catalog.json")], {})
    records = [entry["record"] for entry in map(json.loads, lines) if entry["type"] == "RECORD"]
    theirs = {record["sid"]: row_of(record) for record in records}
    assert theirs == sent_only(same(ours))


def test_airbyte_source_twilio(
    server: Server, ours: Rows, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    python = python_client(request, AIRBYTE)
    config = {
        "account_sid": server.account.account_sid,
        "auth_token": server.account.auth_token,
        "start_date": f"{START}T00:00:00Z",
    }
    stream = {"name": "messages", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": [chosen]}))
    command = [str(python), str(CLIENTS / "redirected.py"), server.url, "source_twilio.run:run", "read"]
    files = ["--config", str(tmp_path / "config.json"), "--catalog", str(tmp_path / "catalog.json")]
    entries = [json.loads(line) for line in run_client([*command, *files], {}) if line.startswith("{")]
    records = [entry["record"]["data"] for entry in entries if entry["type"] == "RECORD"]
    # It leaves out what is null.
    theirs = {record["sid"]: row_of(dict.fromkeys(FIELDS) | record) for record in records}
    assert theirs == same(ours)


def sent_only(rows: Rows) -> Rows:
    sent = {sid: row for sid, row in rows.items() if row[FIELDS.index("date_sent")] is not None}
    assert 0 < len(sent) < len(rows)
    return sent


def run_client(command: list[str], environment: Mapping[str, str]) -> list[str]:
    """The lines that a client printed; a client that failed fails the test with its own words."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), **environment},
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.splitlines()


def python_client(request: pytest.FixtureRequest, package: str) -> Path:
    """A Python with the package in an environment of its own, kept between runs."""
    folder = Path(request.config.cache.mkdir(package.partition("=")[0]))
    python, complete = folder / "bin" / "python", folder / f"complete-{package}"
    if not complete.exists():
        install([sys.executable, "-m", "venv", "--clear", str(folder)], package)
        quick = ["--quiet", "--retries", "1", "--timeout", "10", "--disable-pip-version-check"]
        install([str(python), "-m", "pip", "install", *quick, package], package)
        complete.touch()
    return python


def node_client(request: pytest.FixtureRequest) -> Path:
    """The folder of modules with the official client for Node, kept between runs."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("NO NODE OR NPM on this machine: the official client for Node was not tried")
    folder = Path(request.config.cache.mkdir("twilio-node"))
    if not (folder / "node_modules" / "twilio" / "package.json").exists():
        install([npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), NODE], NODE)
    return folder / "node_modules"


def install(command: list[str], package: str) -> None:
    """Run an installer; where it fails, the test skips loudly."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{package} CANNOT BE INSTALLED HERE, so it was not tried ({type(error).__name__})")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"{package} CANNOT BE INSTALLED HERE, so it was not tried ({last})")
