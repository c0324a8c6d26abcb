"""Every row that Twilio lists is kept or set aside, whatever it is: example rows of all resources, mutated.

The rows are Twilio's own examples (data/example_rows.json). The client's transport answers with them; client,
sync and lake are the real ones.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workbench.lake import Lake, open_lake
from workbench.lake.quarantine import save_quarantined
from workbench.lake.save import save_messages
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import Credentials, Secret, load_settings
from workbench.sync.account.catalog import sync_catalog
from workbench.sync.messages.pages import MessageReader
from workbench.twilio.answers import read_answer
from workbench.twilio.client import TwilioClient

NOW, DAY = datetime(2026, 9, 10, 12, tzinfo=UTC), date(2026, 9, 9)
ACCOUNT = "AC" + "0" * 32
EXAMPLES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "data" / "example_rows.json").read_text()
)["rows"]

JUNK = st.one_of(
    st.sampled_from(
        [
            None, True, False, 0, -1, 7, 1.5, -0.0075, 1e300, 10**30, float("nan"), float("inf"), "", " ",
            "x", "\ud800", "STOP \udfff", "\x00", "a\nb", "\U0010ffff", "x" * 5000, "99999999999999999999",
            "1_000", "\u0661", "-0.0075", "2026-09-01T10:00:00Z", "2026-09-01", "0001-01-01T00:00:00-12:00",
            "Tue, 01 Sep 2026 10:00:00 GMT", "Tue, 99 Foo 2026", "outbound-hologram", "a_status_of_2030",
            [], {}, [{}], ["x"], {"a": {"b": [None]}}, [[[[]]]], {"sid": 5},
        ]
    ),
    st.text(max_size=40),
    st.integers(),
    st.floats(),
    st.recursive(st.none() | st.booleans() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3)),
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a row, the row itself first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from paths(inner, (*path, name))


@st.composite
def mutated(draw: st.DrawFn, row: dict[str, Any]) -> Any:
    """The row with one to three places replaced or missing."""
    row = copy.deepcopy(row)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths(row))))
        if not path:
            return draw(JUNK)
        inner = row
        for name in path[:-1]:
            inner = inner[name]
        if draw(st.booleans()) and isinstance(inner, dict):
            del inner[path[-1]]
        else:
            inner[path[-1]] = draw(JUNK)
    return row


def as_body(payload: Any) -> bytes:
    """JSON as a careless server writes it: half pairs as escapes, NaN as NaN."""
    return json.dumps(payload).encode()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = str(tmp_path_factory.mktemp("lake"))
    with open_lake(load_settings({"WORKBENCH_HOME": home})) as lake:
        yield lake


def emptied(lake: Lake, *tables: str) -> None:
    def work(cursor: Any) -> None:
        for table in ("quarantined_rows", "media_listings", *tables):
            cursor.execute(f"delete from {table}")
        cursor.execute("delete from catalog_reads where resource = 'prices'")

    lake.write(work)


PRIVACY = {
    mode: Privacy(mode, b"k" * 32 if mode.needs_key else None) for mode in PrivacyMode
}  # all four, because what is set aside depends on it


@hypothesis_settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    mutated(EXAMPLES["messages"][0]) | mutated(EXAMPLES["messages"][1] | {"direction": "inbound"}),
    st.sampled_from(list(PrivacyMode)),
)
def test_every_message_is_kept_or_set_aside(lake: Lake, strange: Any, mode: PrivacyMode) -> None:
    good = [{**EXAMPLES["messages"][0], "sid": f"SM{n:032x}"} for n in (1, 2)]
    answer = read_answer(200, {}, as_body({"messages": [good[0], strange, good[1]]}), 0.0)
    assert answer.payload is not None, answer.problem
    page = MessageReader(ACCOUNT, PRIVACY[mode], "USD").read(answer.payload["messages"], "2026-09-09")
    assert page.table.num_rows + len(page.unread) == 3
    emptied(lake, "raw_messages", "consent_events")

    def work(cursor: Any) -> None:
        save_messages(cursor, page.table, source="sync", received_at=NOW)
        save_quarantined(cursor, page.unread, NOW)

    lake.write(work)
    kept = lake.value("select count(*) from raw_messages")
    assert kept + lake.value("select count(*) from quarantined_rows") == 3
    assert kept >= 2


# --- everything else ---

SERVICE, MESSAGE = "MG" + "1" * 32, "SM" + "2" * 32

#: The path of each resource, the key of its list, what makes three rows of the example (the second is
#: mutated), the table that they end in and the condition for its rows.
LISTS: dict[str, tuple[str, str, list[dict[str, Any]], str]] = {
    "accounts": (
        r"/Accounts\.json", "accounts",
        [{"sid": ACCOUNT}, {"sid": "AC" + "3" * 32}, {"sid": "AC" + "4" * 32}],
        "accounts",
    ),
    "phone numbers": (
        r"/IncomingPhoneNumbers\.json", "incoming_phone_numbers",
        [{"sid": f"PN{n:032x}", "phone_number": f"+1202555010{n}"} for n in (1, 2, 3)],
        "senders where sender_sid is null or sender_sid not like 'SC%'",
    ),
    "short codes": (
        r"/SMS/ShortCodes\.json", "short_codes",
        [{"sid": f"SC{n:032x}", "short_code": f"8989{n}"} for n in (1, 2, 3)],
        "senders where sender_sid is null or sender_sid not like 'PN%'",
    ),
    "messaging services": (
        r"messaging.*/Services\?", "services",
        [{"sid": SERVICE, "links": {}}, {"sid": "MG" + "5" * 32, "links": {}}, {"sid": "MG" + "6" * 32}],
        "messaging_services",
    ),
    "usage records": (
        r"/Usage/Records/Daily", "usage_records",
        [
            {"category": category, "start_date": str(DAY), "end_date": str(DAY)}
            for category in ("sms-inbound", "mms", "calls")
        ],
        "usage_days",
    ),
    "alerts": (
        r"/Alerts", "alerts",
        [
            {"sid": f"NO{n:032x}", "date_created": f"{DAY}T10:00:00Z", "error_code": "30007"}
            for n in (1, 2, 3)
        ],
        "alerts",
    ),
    "media": (
        r"/Media\.json", "media_list", [{"sid": f"ME{n:032x}"} for n in (1, 2, 3)], "media"
    ),
    "prices": (r"/Messaging/Countries/US", "inbound_sms_prices", [
        {"base_price": "0.05", "current_price": "0.05", "number_type": kind}
        for kind in ("mobile", "local", "toll free")
    ], "prices"),
}  # fmt: skip


def client_with(rows: list[Any], resource: str) -> TwilioClient:
    """A client whose Twilio lists these rows of one resource, and of all others nothing."""
    pattern, key = re.compile(LISTS[resource][0]), LISTS[resource][1]

    def answer(request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        payload: dict[str, Any] = {name: [] for _, name, _, _ in LISTS.values()}
        payload |= {"next_page_uri": None, "compliance": [], "verifications": [], "senders": []}
        payload |= {"phone_numbers": [], "alpha_senders": [], "sid": ACCOUNT, "price_unit": "USD"}
        # A day's list holds the rows of that day only.
        is_other_day = ("Alerts" in url or "Records" in url) and str(DAY) not in url
        if pattern.search(url) and not is_other_day:
            payload[key] = rows
        return httpx.Response(200, content=as_body(payload), headers={"Content-Type": "application/json"})

    credentials = Credentials(ACCOUNT, Secret("f00dfeedcafe4b1d8badc0ffee123456"))
    return TwilioClient(credentials, transport=httpx.MockTransport(answer), sleep=lambda seconds: None)


@pytest.fixture(scope="module")
def with_message(lake: Lake) -> None:
    """Somewhere to look for attachments and prices of a country."""
    emptied(lake, "raw_messages")
    item = EXAMPLES["messages"][0] | {"sid": MESSAGE, "account_sid": ACCOUNT, "num_media": "3"}
    table = MessageReader(ACCOUNT, Privacy()).read([item]).table
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


@pytest.mark.parametrize("resource", LISTS)
@hypothesis_settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_row_around_the_messages_is_kept_or_set_aside(
    lake: Lake, with_message: None, resource: str, data: st.DataObject
) -> None:
    _, _, own, table = LISTS[resource]
    example = {} if resource == "prices" else EXAMPLES[resource][0]
    rows: list[Any] = [{**copy.deepcopy(example), **values} for values in own]
    rows[1] = data.draw(mutated(rows[1]))
    emptied(lake, table.split()[0])
    part = {
        "phone numbers": "senders", "short codes": "senders", "messaging services": "senders",
        "usage records": "usage",
    }.get(resource, resource)  # fmt: skip
    with client_with(rows, resource) as client:
        summary = sync_catalog(lake, client, ACCOUNT, now=NOW, since=DAY, parts=[part])
    assert [notice for notice in summary.notices if notice.resource not in ("quarantine", "texts")] == []
    waiting = lake.value("select count(*) from quarantined_rows where resource = ?", [resource])
    assert lake.value(f"select count(*) from {table}") + waiting == 3
    assert summary.quarantined == waiting <= 1
