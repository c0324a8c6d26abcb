"""Which messages fail more than they should: told where it is planted, silent where chance explains it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.findings.cells import DIMENSIONS, Cells, make_cells
from workbench.findings.excess import Excess, find_excesses

FIRST = date(2025, 3, 1)
DAYS, SINCE = 28, 14
SENDERS = ("+12025550110", "+12025550111", "+12025550112")


def rows(
    sizes: dict[tuple[int, str], int], failed: dict[tuple[int, str, int], int]
) -> Iterator[dict[str, Any]]:
    """Cells by day and sender, failures by their code, too."""
    common: dict[str, Any] = {
        "country": "US", "messaging_service": "MG1", "account": "AC1", "sender_type": "long code",
        "message_type": "SMS",
    }  # fmt: skip
    for (day, sender), number in sizes.items():
        yield {**common, "day": day, "sender": sender, "outcome": "delivered", "messages": number}
    for (day, sender, code), number in failed.items():
        yield {
            **common, "day": day, "sender": sender, "outcome": "undelivered", "error_code": code,
            "messages": number,
        }  # fmt: skip


def cells_of(failed: dict[tuple[int, str, int], int], a_day: int = 50, usual: int = 2) -> Cells:
    """Three senders with as many messages and failures a day, and what is planted."""
    sizes = {(day, sender): a_day for day in range(DAYS) for sender in SENDERS}
    ordinary = {(day, sender, 30003): usual for day in range(DAYS) for sender in SENDERS}
    frame = pd.DataFrame([*rows(sizes, ordinary), *rows({}, failed)])
    frame["day"] = pd.Timestamp(FIRST) + pd.to_timedelta(frame["day"], unit="D")
    assert {*DIMENSIONS, "error_code", "outcome"} <= set(frame)
    return make_cells(frame, FIRST, DAYS, ("undelivered", "failed"))


def told(cells: Cells, excess: Excess) -> tuple[Any, ...]:
    """Kind, value, code, first and last day of an excess, and its failures."""
    value = None if excess.dimension is None else cells.values[excess.dimension][excess.place]
    code = None if excess.code is None else cells.values["error_code"][excess.code]
    return (excess.kind, value, code, excess.start, excess.end - 1, excess.hits)


def find(cells: Cells, known: int = 0) -> list[tuple[Any, ...]]:
    avoidable = {place: 0.002 for place, code in enumerate(cells.values["error_code"]) if code == 30034}
    return [told(cells, excess) for excess in find_excesses(cells, SINCE, known, avoidable)]


def test_what_is_as_usual_is_not_told() -> None:
    assert find(cells_of({})) == []


def test_a_code_on_one_day_is_told_with_its_day() -> None:
    planted = {(20, sender, 30007): 15 for sender in SENDERS}
    assert find(cells_of(planted)) == [("window", None, 30007, 20, 20, 45.0)]


def test_every_spike_is_told() -> None:
    planted = {(day, sender, 30007): 15 for day in (16, 25) for sender in SENDERS}
    assert sorted(each[3] for each in find(cells_of(planted))) == [16, 25]


def test_a_sender_that_always_fails_is_told_by_its_level() -> None:
    planted = {(day, SENDERS[1], 30005): 30 for day in range(DAYS)}
    assert find(cells_of(planted)) == [("level", SENDERS[1], None, SINCE, DAYS - 1, 14 * 32.0)]


def test_a_sender_that_fails_since_a_day_is_told_from_that_day() -> None:
    planted = {(day, SENDERS[1], 30003): 30 for day in range(19, DAYS)}
    kind, sender, _, start, last, _ = find(cells_of(planted))[0]
    assert (kind, sender, start, last) == ("window", SENDERS[1], 19, DAYS - 1)


def test_senders_with_one_cause_that_can_be_prevented_are_told_once() -> None:
    planted = {(day, sender, 30034): 10 for day in range(DAYS) for sender in SENDERS}
    assert find(cells_of(planted)) == [("avoidable", None, 30034, SINCE, DAYS - 1, 14 * 30.0)]


@pytest.mark.parametrize(("known", "is_told"), [(0, True), (SINCE - 6, False)])
def test_a_spike_needs_a_week_before_it(known: int, is_told: bool) -> None:
    planted = {(SINCE, sender, 30007): 15 for sender in SENDERS}
    assert (("window", None, 30007, SINCE, SINCE, 45.0) in find(cells_of(planted), known)) is is_told


@pytest.mark.parametrize("seed", range(5))
def test_chance_and_days_that_differ_are_silent(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = rng.lognormal(0, 0.3, DAYS)
    planted = {
        (day, sender, 30005): int(rng.poisson(3 * days[day])) for day in range(DAYS) for sender in SENDERS
    }
    assert find(cells_of(planted)) == []
