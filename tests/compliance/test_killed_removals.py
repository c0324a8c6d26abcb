"""``kill -9`` before a change that an erasure or a retention run makes: it gets finished.

`WORKBENCH_TEST_KILL_STEP=1` kills before every change instead of each sixth.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.compliance.killed_removals import PERSON
from tests.compliance.test_erasure import traces
from tests.lakes import lake_of
from tests.messages import ACCOUNT, payload
from tests.server.hooking import inbound_form, sid
from workbench import Workbench
from workbench.lake.save import message_table, save_messages
from workbench.lake.save_rows import save_rows
from workbench.lake.spool import Spool
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.server.webhook_forms import inbound_message, inbound_record
from workbench.settings import load_settings

OTHER, SECRET = "+14155550177", "the spare key is under the blue pot"
OLD, NEW = datetime(2020, 3, 1, tzinfo=UTC), datetime(2026, 11, 28, 12, tzinfo=UTC)
MEDIA = "ME" + "a" * 32


#: Before every change takes ten minutes: by default each sixth, begun at another one in each run.
STEP = int(os.environ.get("WORKBENCH_TEST_KILL_STEP", "6"))


def spooled(number: int, who: str, body: str) -> bytes:
    fields = {name: [value] for name, value in inbound_form(number, body, From=who).items()}
    return inbound_record(fields, inbound_message(fields, NEW), Privacy(PrivacyMode.FULL))


def fill(home: Path) -> None:
    """A person in the lake, on the way to it, and in files of every kind; somebody else beside them."""
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        fill_lake(wb)
    fill_files(home)


def fill_lake(wb: Workbench) -> None:
    inbound = {"direction": "inbound", "status": "received", "to": "+12025550110"}
    rows = [
        message_row(payload(1, to=PERSON, body="Your parcel is on its way.")),
        message_row(payload(2, **{"from": PERSON}, body=SECRET, num_media="1", **inbound)),
        message_row(payload(3, **{"from": OTHER}, body=f"ask {PERSON}", **inbound)),
    ]
    file = {
        "media_sid": MEDIA, "message_sid": sid(2), "account_sid": ACCOUNT, "file_name": f"MEaa/{MEDIA}",
        "bytes": 3, "sha256": None, "problem": None, "fetched_at": NEW,
    }  # fmt: skip
    table = message_table(rows)
    lake_of(wb).write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NEW))
    lake_of(wb).write(lambda cursor: save_rows(cursor, "media_files", [file], key=("media_sid",)))
    lake_of(wb).write(
        lambda cursor: cursor.execute(
            "insert into alerts (alert_sid, account_sid, date_created, read_at) values (?, ?, ?, ?)",
            ["NO" + "0" * 32, ACCOUNT, OLD, OLD],
        )
    )


def fill_files(home: Path) -> None:
    (home / "media" / "MEaa").mkdir(parents=True)
    (home / "media" / "MEaa" / MEDIA).write_bytes(SECRET.encode())
    spool = Spool(home / "spool")
    spool.append([spooled(4, PERSON, "one more thing"), spooled(5, OTHER, f"is {PERSON} there?")])
    spool.close()
    lines = f'{{"From": "{PERSON}"}}\n{{"From": "{OTHER}"}}\n'
    for name in ("spool/set-aside.jsonl", "access-journal.jsonl", "serve.log", "exports/log.csv"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(lines)
    (home / "exports" / "week.html").write_text(f"<p>{SECRET}</p>")
    (home / "exports" / "log.gz").write_bytes(gzip.compress(PERSON.encode()))
    (home / "workbench.toml").write_text("[retention]\nalerts = 90\n")


def killed_runs(what: str, tmp_path: Path) -> list[dict[str, Any]]:
    template = tmp_path / "template"
    fill(template)
    environ = {**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "a-token-of-the-tests"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.compliance.killed_removals", what, str(template), str(tmp_path),
         str(STEP)],
        env=environ, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_erasure_that_was_killed_is_finished_by_whoever_comes_next(tmp_path: Path) -> None:
    runs = killed_runs("erase", tmp_path)
    assert len(runs) > 20 / STEP, "it changes that much"
    untouched = 0
    for run in runs:
        home, after, finished, at = Path(run["home"]), run["after"], run["finished"], run["killed_at"]
        begun = [row for row in finished["trail"] if row == ["erase", "begun"]]
        ended = [row for row in finished["trail"] if row == ["erase-finished", "finished"]]
        if after["rows"] and not after["orders"]:
            untouched += 1
            assert finished["rows"] == after["rows"] == 2, at
            continue
        if at is not None and not after["rows"] and ["erase-finished", "finished"] not in after["trail"]:
            assert len(after["unfinished"]) == 1, at
            assert after["unfinished"][0].startswith("erasure of +1999***0142, begun 20"), at
        assert finished["rows"] == finished["orders"] == 0, at
        assert finished["unfinished"] == [], at
        assert finished["is_whole"], at
        assert traces(home, PERSON[1:], SECRET) == [], at
        assert not (home / "media" / "MEaa" / MEDIA).exists(), at
        assert len(begun) == len(ended) == (2 if len(begun) > 1 else 1), at
        assert list(home.glob("erasures/*.json")), at
        assert [who["message"]["contact"] for who in map(json.loads, Spool(home / "spool").read(9))] == [
            OTHER
        ]
        assert OTHER in (home / "serve.log").read_text()
        assert OTHER in (home / "exports" / "log.csv").read_text()
    assert untouched < 10, "before the order is written nothing is begun"
    assert untouched < len(runs) - 1


def test_a_retention_run_that_was_killed_is_finished_by_whoever_comes_next(tmp_path: Path) -> None:
    runs = killed_runs("retention", tmp_path)
    assert len(runs) > 8 / STEP
    for run in runs:
        after, finished, at = run["after"], run["finished"], run["killed_at"]
        if after["alerts"]:
            continue
        if ["retention-finished", "finished"] not in after["trail"]:
            assert len(after["unfinished"]) == 1, at
            assert after["unfinished"][0].startswith("retention, begun 20"), at
        assert finished["unfinished"] == [], at
        states = [row for row in finished["trail"] if row[0].startswith("retention")]
        assert states == [["retention", "begun"], ["retention-finished", "finished"]], at
    assert sum(not run["after"]["alerts"] for run in runs) > 5 / STEP
