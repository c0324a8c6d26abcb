"""One thing that people or programs ask of a large lake,
in a process of its own: what :mod:`benchmarks.scale` runs.

``python -m benchmarks.scale_steps STEP HOME`` prints the seconds of each part as JSON. A question is asked
as the product asks it: pages without a browser, the inbox as its server holds it, a sync by its own saves.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workbench.lake import Lake, open_lake
from workbench.settings import load_settings

#: Processor seconds stand beside wall seconds: others may use the machine, too.
Seconds = dict[str, tuple[float, float]]
CHANGED_ROWS = 200_000
_SEARCHED = "I never got it"


@contextmanager
def _timed(seconds: Seconds, name: str) -> Iterator[None]:
    began, worked = time.perf_counter(), time.process_time()
    yield
    seconds[name] = (time.perf_counter() - began, time.process_time() - worked)


def ask_page(home: Path, name: str) -> Seconds:
    """All parts of a page for its usual period, then with another filter; the server has counted before."""
    from workbench.ui.navigation import discover_pages
    from workbench.ui.page import load_page
    from workbench.ui.store import Store

    seconds: Seconds = {}
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    page = load_page(next(info for info in discover_pages() if info.name == name))
    with open_lake(settings, read_only=True) as lake:
        store = Store(lake, settings=settings)
        with _timed(seconds, "counted by day before"):
            store.metric("messages", [], {}, None, None)
        with _timed(seconds, "first answer"):
            session = page.open("", store)
            session.is_served = True
            session.refresh()
        if "country" in session.names:
            with _timed(seconds, "another filter"):
                session.apply("country=CA")
    return seconds


def ask_inbox(home: Path) -> Seconds:
    """The inbox of a server: its table of conversations, the list, a thread, a search."""
    from workbench.conversations.conversation_cache import ConversationCache
    from workbench.conversations.found_lines import FOUND, reading_found
    from workbench.conversations.listing import count_views, list_conversations
    from workbench.conversations.thread import read_thread

    seconds: Seconds = {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        cache = ConversationCache(lake)
        with _timed(seconds, "table of conversations made"):
            cache.table_name()
        with _timed(seconds, "list, 60 of those waiting"):
            listed = list_conversations(lake, "waiting", cache=cache).rows
        with _timed(seconds, "numbers of each view"):
            count_views(lake, cache)
        conversation = cache.find(listed[-1].conversation_id)
        assert conversation
        with _timed(seconds, "thread"):
            read_thread(lake, conversation)
        with _timed(seconds, "search"), reading_found(lake, cache.found.of(_SEARCHED)) as version:
            list_conversations(version, "all", search=_SEARCHED, cache=cache, found_table=FOUND)
    return seconds


def ask_thread(home: Path) -> Seconds:
    """A conversation by its id and by the contact's number, as a command or a notebook opens it."""
    from workbench.conversations.find import find_conversation
    from workbench.conversations.thread import read_thread

    seconds: Seconds = {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        [(reference, contact)] = lake.rows(_RECENT_CONVERSATION)
        with _timed(seconds, "found by its id"):
            conversation = find_conversation(lake, reference)
        with _timed(seconds, "found by the number"):
            find_conversation(lake, contact)
        with _timed(seconds, "its thread"):
            read_thread(lake, conversation)
    return seconds


def save_day(home: Path) -> Seconds:
    """200,000 rows of the latest days come again with another price and moment, in the batches of a sync."""
    from workbench.lake.save import MESSAGE_SCHEMA, save_messages
    from workbench.sync.messages.page_writer import BATCH_ROWS

    seconds: Seconds = {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), threads=1) as lake:
        with lake.cursor() as cursor:
            rows = cursor.execute(_changed_sql(MESSAGE_SCHEMA.names), [CHANGED_ROWS]).to_arrow_table()
        rows = rows.cast(MESSAGE_SCHEMA)
        with _timed(seconds, f"{rows.num_rows:,} changed rows saved"):
            for at in range(0, rows.num_rows, BATCH_ROWS):
                batch = rows.slice(at, BATCH_ROWS)
                lake.write(
                    lambda cursor, batch=batch: save_messages(  # type: ignore[misc]
                        cursor, batch, source="sync", received_at=datetime.now(UTC)
                    )
                )
    return seconds


def _changed_sql(names: list[str]) -> str:
    columns = ", ".join(_CHANGED.get(name, name) for name in names)
    return f"select {columns} from (select * from raw_messages order by date_created desc limit ?)"


_CHANGED = {
    "price": "-coalesce(-price + 0.0001, 0.0083)::decimal(12, 6) as price",
    "date_updated": "date_updated + interval 1 day as date_updated",
}
_RECENT_CONVERSATION = """
    select conversation_id, contact from raw_messages
    where date_created >= (select max(date_created) - interval 12 hours from raw_messages) and not is_outbound
    order by date_created desc limit 1
"""


def maintain_lake(home: Path) -> Seconds:
    """What the nightly maintenance does after the day's writes."""
    from workbench.lake.maintenance import maintain

    seconds: Seconds = {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake, _timed(seconds, "maintenance"):
        maintain(lake)
    return seconds


def erase_person(home: Path) -> Seconds:
    """One person of some messages leaves the lake, and every file of it."""
    from workbench import Workbench

    seconds: Seconds = {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        contact = str(lake.value(_PERSON_OF_SOME_MESSAGES))
    os.environ["WORKBENCH_HOME"] = str(home)
    with Workbench() as wb:
        with _timed(seconds, "what an erasure would remove"):
            wb.subject.erase(contact, local_only=True)
        with _timed(seconds, "one person erased"):
            wb.subject.erase(contact, local_only=True, confirm=True)
    return seconds


_PERSON_OF_SOME_MESSAGES = """
    select contact from raw_messages
    where date_created >= (select max(date_created) - interval 2 days from raw_messages)
    group by contact having count(*) > 1 order by contact limit 1
"""


def ask_metric(home: Path, name: str, days: int | None) -> Seconds:
    """A metric of the lake by country, of the last days or of all time."""
    from workbench.metrics import query_metric

    seconds: Seconds = {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        last = lake.value("select max(date_created) from raw_messages").date() + timedelta(days=1)
        since = None if days is None else last - timedelta(days=days)
        with _timed(seconds, "answer"):
            query_metric(lake, name, ["country"], {}, since)
    return seconds


def open_again(home: Path) -> Seconds:
    """Opening the lake, as every command does first."""
    seconds: Seconds = {}
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with _timed(seconds, "opened to write"), open_lake(settings) as lake:
        _ask_nothing(lake)
    with _timed(seconds, "opened to read"), open_lake(settings, read_only=True) as lake:
        _ask_nothing(lake)
    return seconds


def _ask_nothing(lake: Lake) -> None:
    lake.snapshot_id()


STEPS: dict[str, Callable[[Path], Seconds]] = {
    "open": open_again,
    "metric-month": lambda home: ask_metric(home, "delivery_rate", 30),
    "metric-all": lambda home: ask_metric(home, "delivery_rate", None),
    "thread": ask_thread,
    "inbox": ask_inbox,
    "sync": save_day,
    "maintenance": maintain_lake,
    "erasure": erase_person,
}


def main(arguments: list[str]) -> None:
    step, home = arguments[0], Path(arguments[1])
    kind, _, page = step.partition(":")
    seconds = ask_page(home, page) if kind == "page" else STEPS[step](home)
    print(json.dumps(seconds))


def names_of_pages() -> list[str]:
    """The pages about messages of a period."""
    return [
        "overview",
        "failures",
        "cost",
        "segmentation",
        "throughput",
        "compliance",
        "explore",
        "messages",
        "campaigns",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
