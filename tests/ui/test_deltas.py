"""Every shown delta equals the two shown values that it is made of, on every page and of every panel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lakes import begin_lake
from tests.messages import payload
from tests.ui.known import at, known_messages, note_days, save
from workbench import ui
from workbench.display import formats
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.settings import load_settings
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_data import PageData
from workbench.ui.page_reading import read_page_data
from workbench.ui.panels import month
from workbench.ui.store import Store

PAGES = [info for info in discover_pages() if info.name != "inbox"]
WEEKS = "since=2025-03-03&until=2025-03-10"
QUERIES = (
    f"{WEEKS}&timezone=America/New_York", "since=2025-02-28&until=2025-03-10",
    "since=2025-03-07&until=2025-03-08", "since=2025-03-10&until=2025-03-11&timezone=America/New_York",
    f"{WEEKS}&compare=none",
)  # fmt: skip
NOT_READ = {"figure", "definition", "explanation", "detail", "sql", "trend"}
VALUE = r"[^\d\s]{0,4}\d[\d,.]*(?: [a-z%]+)?(?: \d+ [a-z]+)?"
DELTA = re.compile(
    rf"(?:[+−]|rose |fell )(?P<delta>\d[\d,.]* (?:%|pp))"
    rf"(?:: (?P<now>{VALUE}))? against (?P<before>{VALUE})"
)
LOOKS_LIKE_A_DELTA = re.compile(
    r"[+−]\d[\d,.]* (?:%|pp)|(?:rose|fell)(?: by)? [\d,.]+|\d ?% (?:more|fewer|dearer)"
)
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


def interval(shown: str) -> tuple[float, float]:
    """The numbers that may stand behind a shown value."""
    parts = re.findall(r"([\d,]+(?:\.\d+)?) ?(d|h|min|s)?\b", shown)
    text, unit = parts[-1]
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    if unit in ("min", "h", "d"):
        half = UNITS[unit]  # A duration shows its two largest units.
    value = sum(float(number.replace(",", "")) * UNITS.get(unit, 1) for number, unit in parts)
    value = -value if shown.startswith("−") else value
    if shown.startswith(("<", ">")):
        half = 0.01
    return value - half, value + half


def agrees(delta: str, now: str, before: str) -> bool:
    """Whether a shown delta can be that of two shown values."""
    (low, high), (first, last) = interval(now), interval(before)
    if delta == "new":
        return first <= 0 <= high
    points = ("%" in now and not delta.endswith(" %")) or delta.endswith("pp")
    differences = [high - first, low - last]
    if not points:
        differences = [b / max(a, 1e-9) * 100 - 100 for b in (low, high) for a in (first, last)]
    if delta == "no change":
        return min(differences) <= 0.05 and max(differences) >= -0.05
    size, off = (sum(interval(delta)) / 2, (interval(delta)[1] - interval(delta)[0]) / 2 + 1e-6)
    return any(min(differences) - off <= signed <= max(differences) + off for signed in (size, -size))


def deltas(props: Any, text: str = "") -> Iterator[tuple[str, str, str]]:
    """Delta, value and value before, of everything that says one; a text must name both."""
    if isinstance(props, Mapping):
        if {"text", "now", "before"} <= set(props):
            yield props["text"], props["now"], props["before"]
            return
        for name, value in props.items():
            if name not in NOT_READ:
                yield from deltas(value, str(props.get("text", "")))
    elif isinstance(props, list | tuple):
        for value in props:
            yield from deltas(value)
    elif isinstance(props, str) and LOOKS_LIKE_A_DELTA.search(props):
        match = DELTA.search(props)
        assert match, f"{props!r} does not say what it compares"
        yield match["delta"], match["now"] or text, match["before"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The counted weeks in two currencies, a day on which much fails, one message after a clock change."""
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("deltas") / "home")})
    with begin_lake(settings) as lake:
        save(lake, known_messages())
        failed: dict[str, Any] = {"status": "undelivered", "error_code": 30007, "price": "-0.02"}
        save(lake, [payload(5_000 + number, **at(3, 5), **failed) for number in range(90)])
        save(lake, [payload(6_000, **at(3, 10, 3))])
        note_days(lake, date(2025, 2, 1), date(2025, 4, 30))
        yield Store(lake)


def shown(page_name: str, query: str, store: Store) -> list[tuple[str, str, str]]:
    page = next(load_page(info) for info in PAGES if info.name == page_name)
    assert isinstance(page, ui.Page)
    data, problems = read_page_data(page, query, store)
    assert problems == ()
    return [delta for panel in page.panels for delta in deltas(panel.props(data))]


@pytest.mark.parametrize("page_name", [info.name for info in PAGES])
def test_every_delta_of_a_page_equals_its_values(page_name: str, store: Store) -> None:
    assert [delta for delta in shown(page_name, WEEKS, store) if not agrees(*delta)] == []


@pytest.mark.parametrize("query", QUERIES)
def test_so_do_those_of_young_lakes_single_messages_and_clock_changes(query: str, store: Store) -> None:
    assert [delta for delta in shown("overview", query, store) if not agrees(*delta)] == []


def test_there_are_deltas_to_compare(store: Store) -> None:
    assert len(shown("overview", WEEKS, store)) > 8
    assert shown("overview", "since=2025-02-20&until=2025-03-10", store) == []


def test_the_month_compares_what_it_shows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class April(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime(2025, 4, 8, 18, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(month, "datetime", April)
    data = PageData(store, Period(date(2025, 3, 3), date(2025, 3, 10)))
    table = month.month_table(data)
    notes = {row["key"]: row["cells"][2] for row in table["rows"]}
    # 51 outbound at 0.0083 and 90 at 0.02 in the first seven days of March; nothing in April.
    assert notes["USD"] == {"text": "$0.00", "note": "−100 % against $2.22"}
    assert [delta for delta in deltas(table) if not agrees(*delta)] == []


def test_the_month_says_which_days_are_missing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days of another account are missing: no first day is named, least of all one that is to come."""

    class April(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime(2025, 4, 8, 18, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(month, "datetime", April)
    other = "AC" + "9" * 32
    save(lake, [payload(number, **at(3, 1 + number % 20)) for number in range(60)])
    note_days(lake, date(2025, 3, 1), date(2025, 4, 8))
    note_days(lake, date(2025, 3, 1), date(2025, 4, 5), account=other)
    data = PageData(Store(lake), Period(date(2025, 3, 3), date(2025, 3, 10)))
    table = month.month_table(data)
    missing = f"3 days between 6 Apr 2025 and 8 Apr 2025 were not read to their end for account {other}"
    assert table["footnote"].endswith(f" Not compared: {missing}.")
    lake.write(lambda cursor: cursor.execute("delete from sync_windows where account_sid = ?", [other]))
    assert "Not compared" not in month.month_table(PageData(Store(lake), data.period))["footnote"]


@given(
    st.floats(0, 1e6, allow_nan=False), st.floats(0, 1e6, allow_nan=False),
    st.sampled_from(["count", "money", "ratio", "rate", "duration"]),
)  # fmt: skip
def test_a_change_is_that_of_the_shown_values(now: float, before: float, unit: str) -> None:
    if unit == "count":
        now, before = round(now), round(before)
    if unit == "rate":
        now, before = now / 1e6, before / 1e6
    change = formats.change(now, before, unit, None, "USD")
    if change is not None:
        assert agrees(change.text, change.now, change.before)


@pytest.mark.parametrize(
    ("delta", "now", "before", "is_right"),
    [
        ("6.1 %", "$463.51", "$409.32", False), ("13 %", "$463.51", "$409.32", True),
        ("0.6 pp", "79.4 %", "80.0 %", True), ("1.6 pp", "79.4 %", "80.0 %", False),
        ("50 %", "1 min 30 s", "1 min", True), ("new", "3", "0", True), ("new", "3", "1", False),
    ],
)  # fmt: skip
def test_the_check_itself(delta: str, now: str, before: str, is_right: bool) -> None:
    assert agrees(delta, now, before) is is_right
