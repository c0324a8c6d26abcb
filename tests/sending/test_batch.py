"""Many messages: paced, stopped and gone on with, never without their number; one bad row stops nothing."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.lakes import lake_of
from tests.sending.conftest import SENDER, creates, environment, make_home, sent_to
from workbench import LakeBusy, UsageError, Workbench
from workbench.sending.batch import BatchProgress
from workbench.settings import load_settings
from workbench.simulator import Fault, Server
from workbench.simulator.account.sending import PlannedOutcome

OPTIONS: dict[str, Any] = {"sender": SENDER, "ignore_quiet_hours": True}


def people(first: int, count: int) -> pd.DataFrame:
    numbers = [f"+1415558{number:04}" for number in range(first, first + count)]
    return pd.DataFrame({"to": numbers, "first_name": [f"Person {number}" for number in range(count)]})


@pytest.fixture(scope="module")
def templates(wb: Workbench) -> Workbench:
    folder = wb.settings.home / "templates"
    folder.mkdir()
    (folder / "hello.toml").write_text('title = "Greeting"\nbody = "Hello {{ first_name }}"\n')
    (folder / "broken.toml").write_text('body = "{{ x"\n')
    return wb


def test_nothing_without_the_number(templates: Workbench, server: Server) -> None:
    frame, before = people(0, 3), creates(server)
    shown = templates.send_batch(frame, template="hello", batch="none", **OPTIONS)
    assert shown.counts == {"unconfirmed": 3}
    for wrong in (2, 4, True):
        with pytest.raises(UsageError, match="confirm"):
            templates.send_batch(frame, template="hello", batch="none", confirm=wrong, **OPTIONS)
    assert creates(server) == before


def test_one_bad_row_stops_nothing(templates: Workbench, server: Server) -> None:
    rows = people(100, 6).to_dict("records")
    rows[1]["first_name"], rows[2]["to"], rows[4] = None, "nobody", dict(rows[3])
    frame = pd.DataFrame(rows)
    server.runtime.planned[str(frame["to"].iloc[5])] = PlannedOutcome(refuse=21610)
    done = templates.send_batch(frame, template="hello", batch="bad rows", confirm=6, **OPTIONS)
    assert [one.state for one in done.results] == ["sent", "blocked", "blocked", "sent", "blocked", "failed"]
    assert "a blank {{ first_name }}, and its value is empty" in done.results[1].why()
    assert "further up" in done.results[4].why()
    assert list(done.frame["message_sid"].notna()) == [True, False, False, True, False, False]
    again = templates.send_batch(frame, template="hello", batch="bad rows", confirm=6, **OPTIONS)
    assert [one.state for one in again.results] == [
        "already_sent", "blocked", "blocked", "already_sent", "already_sent", "blocked",
    ]  # fmt: skip


def test_hostile_names_and_numbers_are_only_text(templates: Workbench, server: Server) -> None:
    names = [
        "{{ 7*7 }}",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "Robert'); drop table outbox;--",
        "\u202eevil",
    ]
    frame = people(200, len(names)).assign(first_name=names)
    done = templates.send_batch(frame, template="hello", batch="hostile", confirm=len(names), **OPTIONS)
    assert done.counts == {"sent": len(names)}
    sids = [one.message_sid for one in done.results]
    rows = dict(lake_of(templates).rows("select message_sid, body from messages"))
    assert [rows[sid] for sid in sids] == [f"Hello {name}" for name in names]
    assert "4155580200" not in repr(done) + done.frame.to_csv() + repr(done.results[0])


def test_goes_no_faster_than_the_sender_and_tells_how_long(tmp_path: Path, server: Server) -> None:
    home = make_home(tmp_path / "home", "[mps_limits]\n'long code' = 20\n")
    told: list[BatchProgress] = []
    with Workbench(load_settings(environment(home, server))) as wb:
        began = time.monotonic()
        rows = [{"to": one, "body": "x" * 200} for one in people(300, 30)["to"]]
        done = wb.send_batch(rows, batch="paced", confirm=30, on_progress=told.append, **OPTIONS)
        took = time.monotonic() - began
    assert done.counts == {"sent": 30}
    # 60 segments, of which the first 20 may go at once.
    assert took >= 2.0
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert told[0].eta_seconds is not None
    assert told[-1].eta_seconds == 0


def test_stopped_and_gone_on_with(templates: Workbench, server: Server) -> None:
    frame, stop = people(400, 120), threading.Event()
    first = templates.send_batch(
        frame,
        template="hello",
        batch="stopped",
        confirm=120,
        stop=stop,
        on_progress=lambda one: stop.set(),
        **OPTIONS,
    )
    assert first.counts == {"sent": 50, "stopped": 70}
    second = templates.send_batch(frame, template="hello", batch="stopped", confirm=120, **OPTIONS)
    assert second.counts == {"already_sent": 50, "sent": 70}
    assert dict(sent_to(server, set(frame["to"]))) == dict.fromkeys(frame["to"], 1)


def test_a_full_queue_slows_down_and_the_row_comes_again(templates: Workbench, server: Server) -> None:
    frame = people(600, 4)
    server.runtime.planned[str(frame["to"].iloc[1])] = PlannedOutcome(refuse=21611)
    rates: list[float] = []
    done = templates.send_batch(
        frame,
        template="hello",
        batch="full",
        confirm=4,
        on_progress=lambda one: rates.append(one.rate),
        **OPTIONS,
    )
    assert done.counts == {"sent": 4}
    assert min(rates) == 200
    states = lake_of(templates).rows(
        "select state from outbox_events where batch = 'full' and error_code = 21611"
    )
    assert states == [("refused",)]


def test_rows_whose_answer_was_lost_are_settled_at_the_end(templates: Workbench, server: Server) -> None:
    frame = people(700, 6)
    for when in ("before", "after", "before"):
        server.faults.add(Fault("reset", when=when, method="POST"))
    done = templates.send_batch(frame, template="hello", batch="lost", confirm=6, **OPTIONS)
    assert done.counts == {"sent": 6}
    assert dict(sent_to(server, set(frame["to"]))) == dict.fromkeys(frame["to"], 1)


def test_twilio_away_ends_the_batch_soon(tmp_path: Path, server: Server) -> None:
    home = make_home(tmp_path / "home")
    away = environment(home, server, WORKBENCH_TWILIO_BASE_URL="http://127.0.0.1:9")
    with Workbench(load_settings(away)) as wb:
        rows = [{"to": one, "body": "Hello"} for one in people(800, 120)["to"]]
        done = wb.send_batch(rows, batch="away", confirm=120, **OPTIONS)
    assert done.counts == {"failed": 50, "stopped": 70}


def test_a_wrong_password_ends_the_batch_soon(tmp_path: Path, server: Server) -> None:
    home = make_home(tmp_path / "home", "[mps_limits]\n'long code' = 2\n")
    with Workbench(load_settings(environment(home, server, TWILIO_AUTH_TOKEN="0" * 32))) as wb:
        rows = [{"to": one, "body": "Hello"} for one in people(800, 9)["to"]]
        assert wb.send_batch(rows, batch="stranger", confirm=9, **OPTIONS).counts == {
            "failed": 2,
            "stopped": 7,
        }


def test_one_batch_from_a_sender_at_a_time(templates: Workbench, server: Server) -> None:
    from workbench.lake.lock import only_one

    lock = templates.settings.home / "sending" / f"batch{SENDER.replace('+', '-')}.lock"
    with only_one(lock, "batch"), pytest.raises(LakeBusy, match="batch from"):
        templates.send_batch(people(900, 2), template="hello", batch="twice", confirm=2, **OPTIONS)


def test_preflight_of_a_table_keeps_its_index(templates: Workbench) -> None:
    frame = people(950, 2).set_index(pd.Index(["x", "y"]))
    found = templates.outbox.preflight(frame, template="hello", **OPTIONS)
    assert list(found.index) == ["x", "y"]
    assert list(found["to"]) == ["+1415***0950", "+1415***0951"]
    assert set(found["verdict"]) == {"warn"}
    assert list(found["segments"]) == [1, 1]


def test_the_outbox_shows_no_number_and_one_search_finds_templates(templates: Workbench) -> None:
    shown = templates.outbox.list()
    assert not shown.empty
    assert not shown.to_csv().count("+14155580")
    assert list(templates.templates.list(search="greet")["name"]) == ["hello"]
    with pytest.raises(UsageError, match="state is 'lost'"):
        templates.outbox.list(state="lost")
