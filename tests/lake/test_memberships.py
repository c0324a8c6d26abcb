"""What messages and catalogs show of who is in which messaging service, in any order."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from tests.messages import ACCOUNT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.memberships import note_pools
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row

SERVICE, OTHER = "MG" + "1" * 32, "MG" + "2" * 32


def day(number: int) -> datetime:
    return datetime(2026, 9, number, tzinfo=UTC)


def read(lake: Lake, at: int, *members: tuple[str, str], listed: tuple[str, ...] = ()) -> None:
    lake.write(lambda cursor: note_pools(cursor, ACCOUNT, members, day(at), listed=listed))


def sent(lake: Lake, number: int, at: int, service: str = SERVICE) -> None:
    row = message_row(payload(number, messaging_service_sid=service, date_created=day(at), date_sent=day(at)))
    lake.write(lambda cursor: save_messages(cursor, message_table([row]), source="sync", received_at=day(28)))


def spans(lake: Lake) -> list[tuple[object, ...]]:
    return lake.rows(
        "select messaging_service_sid, first_seen_at, seen_until, left_at from membership_spans order by 2, 1"
    )


def test_a_sender_that_comes_and_goes_has_a_span_for_each_time(lake: Lake) -> None:
    for at, members in ((1, [SENDER]), (2, [SENDER]), (3, []), (4, []), (5, [SENDER])):
        read(lake, at, *((sender, SERVICE) for sender in members))
    assert spans(lake) == [(SERVICE, day(1), day(2), day(3)), (SERVICE, day(5), None, None)]
    before = lake.snapshot_id()
    read(lake, 5, (SENDER, SERVICE))
    assert before is not None
    assert len(spans(lake)) == 2


def test_one_that_is_in_no_service_is_known_to_be_in_none(lake: Lake) -> None:
    read(lake, 1, listed=(SENDER,))
    read(lake, 2, listed=(SENDER,))
    assert spans(lake) == [(None, day(1), None, None)]


def test_a_reading_that_is_not_whole_tells_who_is_in_and_not_who_is_out(lake: Lake) -> None:
    read(lake, 1, (SENDER, SERVICE))

    def torn(cursor: duckdb.DuckDBPyConnection) -> None:
        note_pools(
            cursor, ACCOUNT, [(SENDER, OTHER)], day(2), listed=[SENDER, "+12025550111"], is_whole=False
        )

    lake.write(torn)
    assert spans(lake) == [(SERVICE, day(1), None, None), (OTHER, day(2), None, None)]
    assert lake.rows("select read_at from membership_reads") == [(day(1),)]
    read(lake, 3, (SENDER, OTHER))
    assert spans(lake) == [(SERVICE, day(1), day(1), day(3)), (OTHER, day(2), None, None)]


def test_a_message_opens_a_span_and_an_older_one_lets_it_begin_earlier(lake: Lake) -> None:
    sent(lake, 1, 5)
    sent(lake, 2, 7)
    assert spans(lake) == [(SERVICE, day(5), None, None)]
    sent(lake, 3, 2)
    assert spans(lake) == [(SERVICE, day(2), None, None)]


def test_a_membership_that_comes_to_light_after_the_pools_were_read_is_over(lake: Lake) -> None:
    read(lake, 10, (SENDER, OTHER))
    sent(lake, 1, 4)
    assert spans(lake) == [(SERVICE, day(4), day(4), day(10)), (OTHER, day(10), None, None)]
    sent(lake, 2, 12)
    assert spans(lake) == [
        (SERVICE, day(4), day(4), day(10)), (OTHER, day(10), None, None), (SERVICE, day(12), None, None)
    ]  # fmt: skip
