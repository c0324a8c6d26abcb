"""Exported files into the lake: the API's rows, never over newer ones, and nothing lost in silence."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from tests.sync.conftest import START, differences, environment, truth
from tests.sync.exports import console_csv, export_record, gzipped, json_lines
from workbench.errors import ConfigError, UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.created_dates import settle_created_dates
from workbench.lake.save import Saved, message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import Credentials, Secret, Settings, load_settings
from workbench.simulator import Server
from workbench.sync.imports import run as imports_run
from workbench.sync.imports.export_files import LONGEST_LINE, ByteSource
from workbench.sync.imports.run import Importer, import_files, time_zone
from workbench.sync.imports.summary import ImportSummary
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.sync.shared.request import Progress, SyncRequest
from workbench.twilio.client import TwilioClient

NOW = datetime(2026, 9, 20, tzinfo=UTC)
COLUMNS = (
    "message_sid, status, error_code, body, segments, media_count, price, currency, from_address, "
    "to_address, keyword, encoding, country, conversation_id, date_created, date_sent, date_updated"
)


@pytest.fixture
def settings(home: Path) -> Settings:
    """No account to sync from: these lakes are filled from files."""
    return load_settings({"WORKBENCH_HOME": str(home)})


def rows(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows(f"select {COLUMNS} from raw_messages order by message_sid")


def load(lake: Lake, *contents: bytes, **options: Any) -> ImportSummary:
    """Import contents as files of their own."""
    folder = lake.home / "exported"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"file-{number}")
        paths[-1].write_bytes(content)
    options = {"privacy": Privacy(), "currency": "USD", "clock": lambda: NOW, **options}
    return import_files(lake, paths, options.pop("account_sid", ACCOUNT), **options)


def save(lake: Lake, *payloads: dict[str, Any]) -> Saved:
    """Save messages as a sync does."""
    table = message_table([message_row(item, "USD") for item in payloads])

    def work(cursor: Any) -> Saved:
        settle_created_dates(cursor, table)
        return save_messages(cursor, table, source="sync", received_at=NOW)

    return lake.write(work)


def some(count: int = 40, **changes: Any) -> list[dict[str, Any]]:
    """Messages an hour apart from 2026-09-01 on; each was created a minute before it was sent."""
    moments = [datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(count)]
    return [
        payload(
            number,
            date_created=moment - timedelta(minutes=1),
            date_sent=moment,
            date_updated=moment + timedelta(minutes=1),
            **changes,
        )
        for number, moment in enumerate(moments, start=1)
    ]


@pytest.mark.parametrize(
    "wrap", [bytes, gzipped, lambda data: b"\xef\xbb\xbf" + data], ids=["plain", "gz", "bom"]
)
def test_an_export_is_the_same_rows_as_the_api(lake: Lake, wrap: Any) -> None:
    messages = [*some(), payload(99, status="failed", error_code=30007, price=None, num_segments="0")]
    summary = load(lake, wrap(json_lines(messages)))
    imported = rows(lake)
    assert (summary.total("rows"), summary.total("added"), summary.is_complete) == (41, 41, True)
    assert save(lake, *messages) == Saved()
    assert rows(lake) == imported
    assert (imported[0][1], imported[0][6], imported[0][7]) == ("delivered", Decimal("-0.008300"), "USD")


def test_the_same_file_again_changes_nothing(lake: Lake) -> None:
    first = load(lake, json_lines(some()))
    before = rows(lake)
    again = load(lake, json_lines(some()))
    assert (again.total("added"), again.total("changed"), again.total("kept")) == (0, 0, 40)
    assert "40 messages in 1 file, 2026-09-01 to 2026-09-02 (GMT), " in again.sentence()
    assert again.as_dict()["kept"] == 40
    assert rows(lake) == before
    noted = lake.rows(
        "select account_sid, file_name, kind, sha256, rows, added, kept, rejected, first_day, last_day, "
        "imported_at from imports"
    )
    day = date(2026, 9, 1)
    assert noted == [
        (ACCOUNT, "file-0", "bulk-export", first.files[0].sha256, 40, 0, 40, 0, day, date(2026, 9, 2), NOW)
    ]


def test_the_checksum_is_of_the_file_as_it_is_on_disk(lake: Lake, tmp_path: Path) -> None:
    data = gzipped(json_lines(some()))
    (tmp_path / "day.json.gz").write_bytes(data)
    known = subprocess.run(
        ["sha256sum", str(tmp_path / "day.json.gz")], capture_output=True, text=True, check=True
    )
    assert load(lake, data).files[0].sha256 == known.stdout.split()[0]


# --- the console's CSV, which does not say when a message was created ---


def test_a_console_log_has_all_that_counts(lake: Lake) -> None:
    summary = load(lake, console_csv(some(3, body='He said "hi",\nthen left')))
    assert summary.is_complete
    stored = lake.rows(
        "select status, body, segments, spend, currency, sender, date_sent from messages order by 7"
    )
    sent = datetime(2026, 9, 1, tzinfo=UTC)
    body = 'He said "hi",\nthen left'
    assert stored[0] == ("delivered", body, 1, Decimal("0.008300"), "USD", "+12025550110", sent)


def test_a_console_log_over_synced_messages_changes_nothing(lake: Lake) -> None:
    save(lake, *some())
    before = rows(lake)
    summary = load(lake, console_csv(some()))
    assert (summary.total("added"), summary.total("changed")) == (0, 0)
    assert rows(lake) == before


def test_a_sync_over_a_console_log_ends_as_if_there_had_been_no_log(lake: Lake) -> None:
    load(lake, console_csv(some(6)))
    # One by one, so that each is the whole span of its batch.
    for message in some(6):
        assert save(lake, message).added == 0
    stored = rows(lake)
    assert len(stored) == 6
    assert lake.value("select count(*) from guessed_dates") == 0
    lake.write(lambda cursor: cursor.execute("delete from raw_messages"))
    save(lake, *some(6))
    assert rows(lake) == stored


def test_a_whole_sync_over_a_console_log_equals_the_account(server: Server, home: Path) -> None:
    account = server.account
    with open_lake(load_settings(environment(home, server))) as lake:
        logged = [message for message in truth(server).values() if message["date_sent"]]
        summary = load(lake, console_csv(logged), account_sid=account.account_sid)
        assert summary.total("added") == len(logged) > 2000
        credentials = Credentials(account.account_sid, Secret(account.auth_token))
        with TwilioClient(credentials, base_url=server.url, sleep=lambda seconds: None) as client:
            clock = datetime.fromtimestamp(account.now(), UTC)
            run_sync(lake, client, account.account_sid, SyncRequest(since=START), clock=lambda: clock)
        assert differences(lake, server) == []


def test_an_export_over_a_console_log_ends_the_same(lake: Lake) -> None:
    load(lake, json_lines(some()))
    expected = rows(lake)
    lake.write(lambda cursor: cursor.execute("delete from raw_messages"))
    load(lake, console_csv(some()), json_lines(some()))
    assert rows(lake) == expected
    assert lake.value("select count(*) from guessed_dates") == 0


def test_a_message_that_waited_for_its_moment_is_found(lake: Lake) -> None:
    scheduled = payload(1, date_created=datetime(2026, 8, 1, tzinfo=UTC))
    save(lake, scheduled)
    load(lake, console_csv([scheduled]))
    assert lake.value("select count(*) from raw_messages") == 1
    lake.write(lambda cursor: cursor.execute("delete from raw_messages"))
    load(lake, console_csv([scheduled]))
    save(lake, scheduled)
    assert lake.rows("select date_created from raw_messages") == [(datetime(2026, 8, 1, tzinfo=UTC),)]


def test_a_later_console_log_brings_status_and_price(lake: Lake) -> None:
    load(lake, console_csv([payload(1, status="sent", price=None)]))
    load(lake, console_csv([payload(1)]))
    load(lake, console_csv([payload(1, status="sent", price=None)]))
    assert lake.rows("select status, spend from messages") == [("delivered", Decimal("0.008300"))]
    assert lake.rows("select status, source from status_events") == [("delivered", "import")]


# --- never over newer data ---

LATER = datetime(2026, 9, 1, 13, tzinfo=UTC)


def test_an_older_export_leaves_newer_rows_alone(lake: Lake) -> None:
    save(lake, payload(1, date_updated=LATER), payload(2, body="", date_updated=LATER))
    before = rows(lake)
    old = [
        payload(1, status="undelivered", error_code=30003, body="old", num_segments="9"),
        payload(2, body="old"),
    ]
    summary = load(lake, json_lines(old), console_csv(old))
    assert (summary.total("added"), summary.total("changed")) == (0, 0)
    assert rows(lake) == before


def test_a_newer_export_is_news(lake: Lake) -> None:
    save(lake, payload(1, status="sent", price=None, messaging_service_sid="MG" + "1" * 32))
    load(lake, json_lines([payload(1, date_updated=LATER, messaging_service_sid=None)]))
    assert lake.rows("select status, spend, date_updated, messaging_service_sid from messages") == [
        ("delivered", Decimal("0.008300"), LATER, "MG" + "1" * 32)
    ]


def test_a_status_never_goes_back_even_for_a_newer_export(lake: Lake) -> None:
    save(lake, payload(1))
    load(lake, json_lines([payload(1, status="sent", date_updated=LATER)]))
    assert lake.value("select status from messages") == "delivered"


def test_an_export_may_add_a_missing_price_and_nothing_else(lake: Lake) -> None:
    save(lake, payload(1, price=None, date_updated=LATER))
    load(lake, json_lines([payload(1, body="old", status="sent")]))
    assert lake.rows("select body, status, spend, date_updated from messages") == [
        ("Your parcel is on its way.", "delivered", Decimal("0.008300"), LATER)
    ]


def test_what_was_redacted_or_deleted_at_twilio_does_not_come_back(lake: Lake) -> None:
    # A redaction empties the body without moving date_updated.
    save(lake, payload(1, body=""), payload(2))
    lake.write(
        lambda cursor: cursor.execute(
            "insert into tombstones values (?, ?, now(), 'deleted_upstream')", [payload(2)["sid"], ACCOUNT]
        )
    )
    lake.write(
        lambda cursor: cursor.execute("update raw_messages set body = null where message_sid like '%2'")
    )
    load(lake, json_lines([payload(1, date_updated=LATER), payload(2, date_updated=LATER)]))
    assert lake.rows("select body from raw_messages order by message_sid") == [("",), (None,)]


def test_a_currency_can_be_given_later(lake: Lake) -> None:
    first = load(lake, json_lines(some(3)), currency=None)
    assert any("3 prices have no known currency" in notice for notice in first.notices)
    again = load(lake, json_lines(some(3)), currency="eur")
    assert (again.total("changed"), again.notices) == (3, [])
    assert lake.rows("select distinct currency from messages") == [("EUR",)]


def test_the_accounts_currency_is_taken_once_it_is_known(lake: Lake) -> None:
    lake.write(
        lambda cursor: cursor.execute(
            "insert into accounts (account_sid, currency, read_at) values (?, 'GBP', now())", [ACCOUNT]
        )
    )
    load(lake, json_lines(some(1)), currency=None)
    assert lake.value("select currency from messages") == "GBP"


# --- what cannot be used ---


def test_bad_lines_are_named_and_the_good_ones_saved(lake: Lake) -> None:
    good = json_lines(some(3)).splitlines(keepends=True)
    broken = json.dumps({**export_record(payload(7)), "price": "free"}).encode() + b"\n"
    data = good[0] + b"{oops\n" + b"\n" + good[1] + broken + good[2].rstrip(b"\n")
    summary = load(lake, data)
    file = summary.files[0]
    assert [(bad.line, bad.reason) for bad in file.bad_lines] == [
        (2, "not JSON, or cut off"),
        (5, "price is no amount with at most six decimals"),
    ]
    assert (file.rows, file.added, summary.rejected, summary.is_complete) == (3, 3, 2, False)
    assert lake.value("select rejected from imports") == 2


def test_bad_lines_of_a_csv_are_named_by_where_the_record_begins(lake: Lake) -> None:
    lines = console_csv(some(3, body="zwei\nFünf")).split(b"\r\n")
    data = b"\r\n".join([lines[0], lines[1], b"a,b", b"caf\xe9" + b"," * 12, *lines[2:]])
    summary = load(lake, data)
    assert [(bad.line, bad.reason) for bad in summary.files[0].bad_lines] == [
        (4, "2 columns where the header has 13"),
        (5, "not UTF-8"),
    ]
    assert summary.total("added") == 3


def test_a_quote_that_never_ends_says_how_far_it_reached(lake: Lake) -> None:
    lines = console_csv(some(3)).split(b"\r\n")
    lines[2] = lines[2].replace(b"Your parcel", b'"Your parcel')
    file = load(lake, b"\r\n".join(lines)).files[0]
    assert [(bad.line, bad.reason) for bad in file.bad_lines] == [
        (3, "not a CSV record: quotes do not pair; the lines up to 4 are part of it")
    ]
    assert file.added == 1


@pytest.mark.parametrize("export", [json_lines, console_csv])
def test_a_line_without_end_is_refused_without_being_held(lake: Lake, export: Any) -> None:
    data = export(some(2))
    monster = b"x" * (3 * LONGEST_LINE) + b"\n"
    file = load(lake, data + monster + export(some(4)).split(b"\n", 1)[1]).files[0]
    reasons = [(bad.line, bad.reason) for bad in file.bad_lines]
    assert reasons == [(4 if export is console_csv else 3, f"longer than {LONGEST_LINE:,} bytes")]
    assert lake.value("select count(*) from messages") == 4


def test_many_bad_lines_are_all_counted_and_the_first_shown(lake: Lake) -> None:
    file = load(lake, b'{"sid": 1}\n' * 2500).files[0]
    assert (file.rejected, len(file.bad_lines)) == ({"sid is no text": 2500}, 100)
    texts = ImportSummary(ACCOUNT, [file]).bad_line_texts()
    assert texts[0] == "file-0, line 1: sid is no text"
    assert texts[100:] == ["file-0: and 2,400 more lines. In all: 2,500 × sid is no text"]


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_file_that_was_cut_off_keeps_what_came_and_is_not_noted(lake: Lake, keep: float) -> None:
    chance = random.Random(1)
    messages = [{**message, "body": str(chance.getrandbits(2000))} for message in some(200)]
    data = gzipped(json_lines(messages))
    summary = load(lake, data[: int(len(data) * keep)])
    assert not summary.is_complete
    assert "cut off or damaged" in summary.notices[0]
    assert 0 < summary.total("rows") < 200
    assert lake.value("select count(*) from imports") == 0
    assert load(lake, data).is_complete
    assert lake.value("select count(*) from messages") == 200


def test_a_flipped_bit_is_noticed(lake: Lake) -> None:
    data = bytearray(gzipped(json_lines(some(200))))
    data[-6] ^= 1  # in the checksum
    summary = load(lake, bytes(data), b"\x1f\x8bnonsense", json_lines([payload(900)]))
    assert ["cut off or damaged" in (file.damage or "") for file in summary.files] == [True, True, False]
    assert (summary.is_complete, summary.files[2].added) == (False, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[{}]", "file-1 is one JSON array"),
        (b"From,To\n1,2\n", "file-1 has no column Sid, Status, Direction, SentDate"),
        (b"PK\x03\x04\x00\x00", "file-1 is a damaged archive"),
        ("Sid,From".encode("utf-16"), "file-1 has no column To, Status, Direction, SentDate"),
        (b"Sid\x00,From", "file-1 is no text"),
    ],
)
def test_a_file_that_is_no_export_stops_before_anything_is_written(
    lake: Lake, content: bytes, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load(lake, json_lines(some(1)), content)
    assert lake.value("select count(*) from raw_messages") == 0


def test_a_file_that_is_not_there(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing.json cannot be read: No such file"):
        import_files(lake, [tmp_path / "missing.json"], ACCOUNT, privacy=Privacy())


def test_an_empty_day_is_a_day_without_messages(lake: Lake) -> None:
    summary = load(lake, gzipped(b""), b"")
    assert (summary.total("rows"), summary.is_complete, summary.gaps) == (0, True, [])


# --- gaps, accounts, halt ---


def test_days_without_messages_are_stated(lake: Lake) -> None:
    days = [1, 2, 5, 6, 9]
    messages = [
        payload(day, date_created=datetime(2026, 9, day, 23, 59, tzinfo=UTC), date_sent=None) for day in days
    ]
    summary = load(lake, json_lines(messages[:2]), json_lines(messages[2:]))
    third, eighth = date(2026, 9, 3), date(2026, 9, 8)
    assert summary.gaps == [(third, date(2026, 9, 4)), (date(2026, 9, 7), eighth)]
    assert summary.notices == [
        "4 days have no message (2026-09-03 to 2026-09-04, 2026-09-07 to 2026-09-08): either nothing was "
        "sent, or a file is missing."
    ]


def test_what_the_lake_holds_already_is_no_gap(lake: Lake) -> None:
    save(lake, payload(2, date_sent=datetime(2026, 9, 2, tzinfo=UTC)))
    ends = [payload(1), payload(3, date_sent=datetime(2026, 9, 3, tzinfo=UTC))]
    assert load(lake, json_lines(ends)).gaps == []


def test_messages_of_another_account_are_refused_line_by_line(lake: Lake) -> None:
    summary = load(lake, json_lines([payload(1), payload(2, account_sid="AC" + "1" * 32)]))
    assert summary.files[0].rejected == {"a message of another account": 1}
    assert lake.value("select count(*) from messages") == 1


def test_a_lake_of_another_account_is_refused(lake: Lake) -> None:
    load(lake, json_lines(some(1)))
    with pytest.raises(ConfigError, match=f"holds account {ACCOUNT}, and the import is for AC1111"):
        load(lake, json_lines(some(1)), account_sid="AC" + "1" * 32)
    with pytest.raises(UsageError, match="'me' is not an account SID"):
        load(lake, json_lines(some(1)), account_sid="me")


def test_dates_without_a_zone_need_one(lake: Lake) -> None:
    log = console_csv(some(1)).replace(b"T00:00:00Z", b" 00:00:00")
    assert load(lake, log).files[0].rejected == {"date_sent names no time zone: say which one it is in": 1}
    load(lake, log, zone=time_zone("Europe/Berlin"))
    assert lake.rows("select date_sent from messages") == [(datetime(2026, 8, 31, 22, tzinfo=UTC),)]
    with pytest.raises(UsageError, match="'Mars', which is not a time zone"):
        time_zone("Mars")


def test_a_huge_file_is_saved_while_it_is_read(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_run, "BATCH_ROWS", 50)
    line = json_lines(some(1))
    memory = []

    def chunks() -> Iterator[bytes]:
        for number in range(1, 401):
            yield json_lines([payload(number)])
            if number % 100 == 0:
                memory.append(lake.value("select count(*) from raw_messages"))

    source = ByteSource(chunks())
    importer = Importer(
        lake, ACCOUNT, Privacy(), "USD", None, lambda progress: None, Cancellation(), lambda: NOW
    )
    assert importer.run(source, "huge").rows == 400
    assert memory[0] < memory[1] < memory[2] < memory[3] <= 400
    assert source.bytes_read > 300 * len(line)


def test_progress_and_an_orderly_stop(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_run, "BATCH_ROWS", 10)
    seen: list[Progress] = []
    asked = threading.Event()

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.rows == 20:
            asked.set()

    with pytest.raises(SyncStopped):
        load(lake, json_lines(some(40)), on_progress=watch, cancellation=Cancellation(asked))
    assert [progress.rows for progress in seen] == [10, 20]
    assert lake.value("select count(*) from messages") == 20
    assert load(lake, json_lines(some(40))).total("added") == 20


def test_what_may_not_be_kept_is_not_saved(lake: Lake) -> None:
    privacy = Privacy(PrivacyMode.HASHED, bytes(32))
    load(lake, json_lines(some(2)), privacy=privacy)
    assert lake.rows("select distinct contact, to_address, body from messages") == [
        (privacy.contact(CONTACT), privacy.contact(CONTACT), None)
    ]


# --- kill -9 ---

IMPORT = """
import sys
from pathlib import Path
from workbench.settings import load_settings
from workbench.lake import open_lake
from workbench.messaging.privacy import Privacy
from workbench.simulator import Server
from workbench.sync.imports import run as importing
importing.BATCH_ROWS = 100
said = []
def say(progress):
    if not said:
        said.append(print("begins", flush=True))
with open_lake(load_settings()) as lake:
    importing.import_files(
        lake, [Path(sys.argv[1])], sys.argv[2], privacy=Privacy(), currency="USD", on_progress=say
    )
"""


def test_killed_at_any_moment_the_next_import_completes_it(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "day.json.gz"
    path.write_bytes(gzipped(json_lines(some(2000))))
    environ = {**os.environ, "WORKBENCH_HOME": str(home)}
    command = [sys.executable, "-c", IMPORT, str(path), ACCOUNT]
    chance, seen = random.Random(7), []
    for _ in range(3):
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(chance.uniform(0.0, 0.8))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open_lake(load_settings(environ)) as lake:
            count, sids = lake.rows("select count(*), count(distinct message_sid) from raw_messages")[0]
            assert count == sids
            seen.append(count)
    assert seen == sorted(seen)
    assert any(0 < count < 2000 for count in seen), f"no kill came in the middle: {seen}"
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)
    with open_lake(load_settings(environ)) as lake:
        stored = rows(lake)
        assert len(stored) == 2000
        assert save(lake, *some(2000)) == Saved()
        assert lake.value("select rows from imports") == 2000


# --- files that a program saved again ---


def as_workbook(data: bytes) -> bytes:
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(data.decode(), newline="")):
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    book.active.insert_rows(2)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize(
    "saved_again",
    [
        lambda data: data.decode().encode("utf-16"),
        lambda data: codecs.BOM_UTF8 + data,
        lambda data: data.decode().replace(",", "\t").encode("utf-16"),
        lambda data: b"sep=;\r\n" + data.replace(b",", b";"),
        lambda data: data.decode().encode("cp1252"),
        lambda data: gzipped(data.decode().replace(",", "|").encode("cp1252")),
        lambda data: data.replace(b"\r\n", b"\r"),
        as_workbook,
    ],
    ids=["UTF-16", "UTF-8 with a mark", "Unicode text", "sep=;", "Windows-1252", "bars, gzip", "CR", "XLSX"],
)
def test_a_log_that_a_program_saved_again_is_the_same(lake: Lake, saved_again: Any) -> None:
    messages = some(3, body="Fünf Pakete – schön")
    summary = load(lake, saved_again(console_csv(messages)))
    assert (summary.is_complete, summary.files[0].bad_lines, summary.total("added")) == (True, [], 3)
    stored = rows(lake)
    assert {row[3] for row in stored} == {"Fünf Pakete – schön"}
    load(lake, console_csv(messages))
    assert rows(lake) == stored


def test_bad_lines_of_a_workbook_are_its_rows(lake: Lake) -> None:
    data = console_csv(some(2)).replace(SENDER.encode(), b"1.20256E+10", 1)
    bad = load(lake, as_workbook(data)).files[0].bad_lines
    assert [(line.line, line.reason) for line in bad] == [(3, "from was rounded by a spreadsheet")]


def test_an_opt_out_holds_for_a_number_that_lost_its_plus(lake: Lake) -> None:
    stop = payload(1, direction="inbound", body="STOP", **{"from": CONTACT, "to": SENDER})
    load(lake, console_csv([stop]).replace(CONTACT.encode(), CONTACT[1:].encode()))
    assert lake.rows("select distinct address from suppressions") == [(CONTACT,)]
