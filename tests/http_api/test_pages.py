"""Pages under new arrivals: no row of the beginning is skipped or repeated; a cursor is ours or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http_api.asking import InProcess
from tests.http_api.conftest import Known, save_inbound
from workbench import Workbench
from workbench.settings import load_settings

_fresh = count(10_000)


def walk(ask: InProcess, path: str, limit: int, between: Any) -> list[dict[str, Any]]:
    """Every row of a list, with something happening before each further page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    joined = "&" if "?" in path else "?"
    for _ in range(100):
        answer = ask("GET", f"{path}{joined}limit={limit}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        cursor = f"&cursor={page['next_cursor']}"
        between()
    raise AssertionError("it never ended")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/conversations?view=waiting", "conversation"),
        ("/conversations?view=all&order=newest", "conversation"),
        ("/messages?order=newest", "message_sid"),
        ("/messages?order=oldest", "message_sid"),
    ],
)
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(2, 6),
    # Who writes before each further page (again, or for the first time), and how long ago.
    arrivals=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 7200)), min_size=1, max_size=3),
)
def test_nothing_is_skipped_or_repeated(
    path: str, key: str, limit: int, arrivals: list[tuple[int, int]], known: Known
) -> None:
    ask = known.ask()
    expected = [row[key] for row in ask("GET", f"{path}&limit=500").json()["items"]]
    pending = list(arrivals)

    def arrive() -> None:
        if pending:
            contact, ago = pending.pop()
            number = next(_fresh) * 1000 + contact
            moment = datetime.now(UTC) - timedelta(seconds=ago, minutes=2 * number)
            with Workbench(load_settings(known.environ)) as wb:
                save_inbound(wb, range(number, number + 1), moment)

    assert [row[key] for row in walk(ask, path, limit, arrive)] == expected
    assert not pending


def test_messages_of_a_conversation_come_newest_first(known: Known) -> None:
    path = f"/conversations/{known.conversations[0]}/messages"
    whole = known.ask()("GET", path).json()
    assert walk(known.ask(), path, 1, lambda: None) == whole["items"]
    dates = [row["date_created"] for row in whole["items"]]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("change", ["forged", "cut", "of other filters", "of another list", "no base64"])
def test_a_cursor_that_is_none_of_ours_is_refused(change: str, known: Known) -> None:
    ask = known.ask("viewer")
    cursor = ask("GET", "/messages?limit=1").json()["next_cursor"]
    forged = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    path = {
        "forged": f"/messages?cursor={forged}",
        "cut": f"/messages?cursor={cursor[:-6]}",
        "of other filters": f"/messages?order=oldest&cursor={cursor}",
        "of another list": f"/conversations?cursor={cursor}",
        "no base64": "/messages?cursor=%F0%9F%98%80",
    }[change]
    answer = ask("GET", path)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:workbench:problem:bad-cursor"
    assert "next_cursor of the page before" in answer.json()["detail"]


def test_an_answer_that_one_has_already_is_not_sent_again(known: Known) -> None:
    ask = known.ask("viewer")
    first = ask("GET", "/messages?limit=1")
    tag = {"If-None-Match": first.headers["ETag"]}
    # The tag changes with the minute; of two requests one is in the same.
    answers = [ask("GET", "/messages?limit=1", headers=tag), ask("GET", "/messages?limit=2", headers=tag)]
    assert [answer.status_code for answer in answers] in ([304, 200], [200, 200])
    with Workbench(load_settings(known.environ)) as wb:
        number = next(_fresh) * 1000
        save_inbound(wb, range(number, number + 1), datetime.now(UTC) - timedelta(minutes=2 * number))
    assert ask("GET", "/messages?limit=1", headers=tag).status_code == 200
