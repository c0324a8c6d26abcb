"""The rows behind a number: filters, search, order, paging, and nothing of a number but its mask."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.messages import payload
from tests.ui.known import AMERICAN, GERMAN, HOSTILE, OURS, at, save
from tests.ui.rows_known import FORMULA, SCRIPT, row_messages, sid
from workbench.errors import UnknownName
from workbench.lake import Lake
from workbench.metrics import RowQuery, query_message, query_rows, stream_rows
from workbench.metrics.rows import COLUMNS, SORTS, compile_rows, is_number_like

MARCH = RowQuery(since=date(2025, 3, 1), until=date(2025, 4, 1))


@pytest.fixture
def rows_lake(lake: Lake) -> Lake:
    save(lake, row_messages())
    return lake


def found(lake: Lake, search: str, **where: object) -> list[str]:
    query = RowQuery(where, date(2025, 3, 1), date(2025, 4, 1), "UTC", search)  # type: ignore[arg-type]
    return [row["message_sid"] for row in query_rows(lake, query, "date_created").rows]


def test_a_page_is_masked_and_says_how_many_there_are(rows_lake: Lake) -> None:
    page = query_rows(rows_lake, MARCH, "-date_created", limit=3)
    assert page.total == 64
    assert [row["message_sid"] for row in page.rows] == [sid(64), sid(63), sid(62)]
    first = page.rows[0]
    assert (first["sender"], first["contact"]) == ("+1202***0110", "+1415***0123")
    assert (first["status"], first["error_code"], first["segments"]) == ("undelivered", 30003, 4)
    assert first["spend"] == Decimal("0.033200")
    assert first["date_created"] == datetime(2025, 3, 4, 12, tzinfo=UTC)


def test_pages_follow_each_other_without_a_gap(rows_lake: Lake) -> None:
    for sort in [*SORTS, *(f"-{name}" for name in SORTS)]:
        seen = [
            row["message_sid"]
            for offset in range(0, 70, 7)
            for row in query_rows(rows_lake, MARCH, sort, limit=7, offset=offset).rows
        ]
        assert sorted(seen) == [sid(number) for number in range(1, 65)], sort


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("NUMBER 17 is", [17]),
        (sid(62), [62]),
        (sid(62).upper(), [62]),
        ("+4915123456789", []),
        ("0151 2345", []),
        ("(4915) 123-456", []),
        ("+49 15", [61]),
        ("6789", [61]),
        ("+4915***6789", [61]),
        ("whatsapp:+4915123456789", []),
        ("<script>", [61]),
        ("=hyperlink", [62]),
        (HOSTILE, [62]),
        ("%", []),
        ("'; drop table raw_messages; --", []),
    ],
)
def test_search_finds_numbers_sids_and_words(rows_lake: Lake, search: str, numbers: list[int]) -> None:
    assert found(rows_lake, search) == [sid(number) for number in numbers]


def test_search_goes_with_the_filters(rows_lake: Lake) -> None:
    assert found(rows_lake, "thanks", direction="inbound") == [sid(63)]
    assert found(rows_lake, "thanks", direction="outbound-api") == []
    assert found(rows_lake, "", error_code=30003, country=["US", None]) == [sid(64)]


def test_an_unknown_order_is_named() -> None:
    with pytest.raises(UnknownName, match="No column to sort by named 'body'"):
        compile_rows(MARCH, "-body")


@pytest.mark.parametrize(
    ("text", "is_number"),
    [("+1 415 555 0123", True), ("5550123", True), ("(415) 555", True), ("12", False), ("order 4155", False),
     ("SM00000000", False), ("", False)],
)  # fmt: skip
def test_what_looks_like_a_number(text: str, is_number: bool) -> None:
    assert is_number_like(text) == is_number


def test_the_whole_set_streams_masked_and_counted(rows_lake: Lake) -> None:
    with stream_rows(rows_lake, MARCH) as stream:
        table = [row for batch in stream.batches for row in batch.to_pylist()]
        assert stream.total == len(table) == 64
        assert tuple(stream.schema.names) == COLUMNS
    assert {row["sender"] for row in table} == {"+1202***0110", HOSTILE}
    assert {row["contact"] for row in table} == {"+1415***0123", "+4915***6789"}
    assert [row["body"] for row in table if row["message_sid"] in (sid(61), sid(62))] == [FORMULA, SCRIPT]


def test_one_message_with_its_history_and_its_conversation(rows_lake: Lake) -> None:
    moved = {"status": "failed", "error_code": 30008, "body": "On its way"}
    save(
        rows_lake, [payload(70, **at(3, 4, 13), **{"to": "+14155550177"}, status="queued", body="On its way")]
    )
    save(rows_lake, [payload(70, **at(3, 4, 13), **{"to": "+14155550177"}, **moved)])
    told = query_message(rows_lake, sid(70))
    assert told is not None
    assert [(event["status"], event["error_code"], event["source"]) for event in told.history] == [
        ("failed", 30008, "sync")
    ]
    record = query_message(rows_lake, sid(64))
    assert record is not None
    assert (record.row["from_address"], record.row["to_address"]) == ("+1202***0110", "+1415***0123")
    # 60 plain ones, the inbound answer and this one; the nearest 50 of them, oldest first.
    assert record.thread_total == 62
    assert [message["message_sid"] for message in record.thread][-2:] == [sid(63), sid(64)]
    assert len(record.thread) == 50
    everything = str(record)
    for number in (OURS, AMERICAN, GERMAN):
        assert number not in everything


def test_a_message_that_is_not_there(rows_lake: Lake) -> None:
    assert query_message(rows_lake, sid(999)) is None
