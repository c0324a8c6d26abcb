"""Every *Copy SQL* of every page runs as it is, and answers with the number that the panel shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.lakes import begin_lake
from tests.ui.known import AMERICAN, OURS, known_messages, note_days, save
from tests.ui.test_links import odd_messages
from workbench.compliance.checks import prepare_audits
from workbench.display import formats
from workbench.lake.sql_door import SqlDoor
from workbench.metrics import METRICS
from workbench.settings import load_settings
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_reading import read_page_data
from workbench.ui.store import Store

PAGES = [info.name for info in discover_pages() if info.name not in ("inbox", "my_pages", "rules")]
QUERY = "since=2025-03-03&until=2025-03-11&timezone=Asia/Kathmandu&direction=all"
#: They explain a metric that they do not show themselves; the last one draws square roots as colours.
SHOWN_BY_OTHERS = {
    "Written to most often", "How long it took", "The busiest minute, second by second", "Busiest minutes",
    "When it is busy",
}  # fmt: skip
ADDRESSES = {
    "explore": f"{QUERY}&metric=messages&metric=delivery_rate&metric=spend&by=country",
    "messages": f"{QUERY}&q=ready",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copied") / "home"


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[Store]:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with begin_lake(settings) as lake:
        save(lake, [*known_messages(), *odd_messages()])
        note_days(lake, date(2025, 2, 1), date(2025, 3, 31))
        prepare_audits(lake)
        yield Store(lake, settings=settings)


@pytest.fixture(scope="module")
def door(home: Path, store: Store) -> Iterator[SqlDoor]:
    door = SqlDoor(load_settings({"WORKBENCH_HOME": str(home)}))
    yield door
    door.close()


def panels_of(name: str, query: str, store: Store) -> Iterator[tuple[str, dict[str, Any], Mapping[str, Any]]]:
    """Title, props and definition of everything on a page that offers SQL."""
    page = next(load_page(info) for info in discover_pages() if info.name == name)
    data, problems = read_page_data(page, query, store)
    assert problems == ()
    for panel in page.panels:
        props = panel.props(data)
        for card in props.get("cards", ()):
            yield card["label"], card, card["definition"]
        if "definition" in props:
            yield getattr(panel, "title", ""), props, props["definition"]


@pytest.mark.parametrize("name", PAGES)
def test_copied_sql_answers_with_what_is_shown(name: str, store: Store, door: SqlDoor) -> None:
    for title, props, definition in panels_of(name, ADDRESSES.get(name, QUERY), store):
        assert definition["parameters"] == {}, (title, definition["sql"])
        frame = door.frame(definition["sql"])
        if title not in SHOWN_BY_OTHERS and props.get("state") != "empty":
            check(title, props, definition, frame)


def check(title: str, props: dict[str, Any], definition: Mapping[str, Any], frame: pd.DataFrame) -> None:
    """Whether the rows of the SQL are those that a panel shows."""
    name = definition["name"]
    if name == "rows":
        assert list(frame["message_sid"]) == [row["sid"] for row in props["rows"]]
    elif name == "campaigns":
        # Who got two texts counts for both of them, and once in the sample of all.
        people = frame["reply_rate_sample_size"]
        assert people.max() <= definition["sample_size"] <= people.sum()
        assert {row["key"].removeprefix("template=") for row in props["rows"]} <= set(frame["campaign"])
    elif name == "texts":
        assert frame["messages"].sum() == definition["sample_size"]
    else:
        assert definition["sample_size"] in (None, sample_of(frame)), title
        if "total" in props:
            assert frame[name].sum() == props["total"], title
        elif "figure" in props:
            drawn = sorted(value for value in with_enough(frame, name)[name].dropna() if value)
            assert sorted(drawn_values(props["figure"])) == pytest.approx(drawn), title
        else:
            values = formatted(with_enough(frame, name), name)
            columns = [texts for texts in shown_texts(props) if texts or not values]
            assert any(Counter(texts) <= Counter(values) for texts in columns), (title, columns, values)


def drawn_values(figure: Mapping[str, Any]) -> list[float]:
    values: list[float] = []
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    for trace in bars or figure["data"]:
        if "before:" in str(trace.get("name", "")).lower():
            continue
        numbers = trace["z"] if trace["type"] == "heatmap" else [trace["y"]]
        values += [float(value) for row in numbers for value in row if value and not pd.isna(value)]
    return values


def shown_texts(props: Mapping[str, Any]) -> list[list[str]]:
    """The numbers of a card's lines, or of each column of a table."""
    if "lines" in props:
        return [[line["value"] for line in props["lines"] if line["state"] in ("ok", "now")]]
    cells = zip(*(row["cells"] for row in props["rows"]), strict=True)
    return [[cell["text"] for cell in column if cell["text"] != formats.MISSING] for column in cells]


def formatted(frame: pd.DataFrame, name: str) -> list[str]:
    currencies = frame["currency"] if "currency" in frame else [None] * len(frame)
    return [
        formats.value(value, METRICS[name].unit, currency)
        for value, currency in zip(frame[name], currencies, strict=True)
        if not pd.isna(value)
    ]


def with_enough(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows that a page shows: of fewer messages it shows no rate."""
    return frame[frame["sample_size"] >= METRICS[name].minimum_sample] if "sample_size" in frame else frame


def sample_of(frame: pd.DataFrame) -> int | None:
    return int(frame["sample_size"].fillna(0).sum()) if "sample_size" in frame else None


@pytest.mark.parametrize("name", ["campaigns", "explore", "messages"])
def test_masked_numbers_of_ours_stay_parameters(name: str, home: Path, store: Store) -> None:
    """With the masked number in it, the SQL would answer that nothing was sent."""
    settings = load_settings({"WORKBENCH_HOME": str(home), "WORKBENCH_PRIVACY_MASK_OWN_NUMBERS": "true"})
    masked, query = (
        Store(store.lake, settings=settings),
        f"{ADDRESSES.get(name, QUERY)}&sender=%2B1202***0110",
    )
    for title, _, definition in panels_of(name, query, masked):
        assert OURS not in definition["sql"], title
        assert "+1202***0110" not in definition["sql"], title
        if "$where_sender" in definition["sql"]:
            assert definition["parameters"] == {"where_sender": "+1202***0110"}


def test_a_searched_number_stays_a_parameter(store: Store) -> None:
    [(_, _, definition)] = panels_of("messages", f"{QUERY}&q={AMERICAN[1:]}", store)
    assert definition["parameters"] == {"digits": "***", "search": "***", "person": "***"}
    assert AMERICAN[1:] not in definition["sql"]
