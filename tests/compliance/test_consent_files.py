"""Consent from files: what is taken, what is rejected and why, and what stands in the ledger afterwards."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.messages import ACCOUNT, SENDER
from workbench.compliance.consent_files import (
    ConsentDefaults,
    Reject,
    check_scope,
    read_consent_file,
    save_consent_file,
    write_ledger,
)
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.consent import Side, find_suppressions
from workbench.messaging.privacy import Privacy, PrivacyMode

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DEFAULTS = ConsentDefaults(ACCOUNT, scope="*", actor="local:ops", now=NOW)
SERVICE = "MG" + "1" * 32


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "consent.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_whole_and_written_once(lake: Lake, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "Phone Number,Consent,Scope,Source,Evidence,Wording Version,Date,Notes\n"
        f"+14155550123,opt-in,{SERVICE},website,form 12,v3,2026-03-01T09:30:00Z,x\n"
        "+14155550124,OPT OUT,,,,,,y\n"
        "\n"
        '"+14155550125",unsubscribed,topic:offers,"letter, by post",,,2026-03-01T09:30:00-05:00,\n',
    )
    told = read_consent_file(path, DEFAULTS, Privacy())
    assert (told.people, dict(told.kinds), told.rejects) == (3, {"opt-in": 1, "opt-out": 2}, ())
    assert told.unknown_columns == ("Notes",)
    assert save_consent_file(lake, told, "local:ops", NOW) == 3
    assert save_consent_file(lake, told, "local:ops", NOW) == 0
    assert lake.rows(
        "select address, scope, kind, source, evidence, wording_version, actor, happened_at "
        "from consent_events order by address"
    ) == [
        (
            "+14155550123", SERVICE, "opt-in", "website", "form 12", "v3", "local:ops",
            datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        ),
        ("+14155550124", "*", "opt-out", "file consent.csv", None, None, "local:ops", NOW),
        (
            "+14155550125", "topic:offers", "opt-out", "letter, by post", None, None, "local:ops",
            datetime(2026, 3, 1, 14, 30, tzinfo=UTC),
        ),
    ]  # fmt: skip
    with lake.cursor() as cursor:
        suppressions = find_suppressions(
            cursor, ["+14155550124", "+14155550123"], Side(ACCOUNT, None, SERVICE)
        )
    assert {address: spans[0][0] for address, spans in suppressions.items()} == {"+14155550124": "*"}
    assert [row[0] for row in lake.rows("select action from audit_events")] == ["consent-import"] * 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("+14155550123,maybe,2026-01-01T00:00:00Z", "kind is neither opt-in nor opt-out"),
        ("+14155550123,opt-in,", "an opt-in needs the time it was given"),
        ("+14155550123,opt-in,yesterday", "date is no ISO date"),
        ("+14155550123,opt-in,2026-01-01T00:00:00", "names no time zone; give --timezone"),
        ("+14155550123,opt-in,2030-01-01T00:00:00Z", "date is in the future"),
        ("4155550123,opt-out,", "address is no number with a country code"),
        ("55501,opt-out,", "address is no number"),
        ("ACME,opt-out,", "address is no number"),
        ("\"=cmd|' /C calc'!A0\",opt-out,", "address is no number"),
        (",opt-out,", "address is no number"),
        ("+14155550123", "it has 1 cell where the header has 3"),
    ],
)
def test_a_line_that_cannot_be_meant_is_rejected_with_its_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = write(tmp_path, f"address,kind,date\n{line}\n+14155550199,opt-out,\n")
    told = read_consent_file(path, DEFAULTS, Privacy())
    assert len(told.events) == 1
    assert [reject.line for reject in told.rejects] == [2]
    assert reason in told.rejects[0].reason
    assert "4155550123" not in told.rejects[0].reason


def test_defaults_fill_what_lines_leave_out(tmp_path: Path) -> None:
    path = write(tmp_path, "number,status,date\n(415) 555-0123,yes,2026-07-01T09:00\n")
    defaults = ConsentDefaults(ACCOUNT, SENDER, "US", ZoneInfo("America/New_York"), None, NOW)
    (event,) = read_consent_file(path, defaults, Privacy()).events
    assert (event.address, event.scope, event.kind) == ("+14155550123", SENDER, "opt-in")
    assert event.happened_at == datetime(2026, 7, 1, 13, tzinfo=UTC)


def test_a_hashed_lake_gets_hashes(tmp_path: Path) -> None:
    path = write(tmp_path, "address,kind\n+14155550123,opt-out\n")
    (event,) = read_consent_file(path, DEFAULTS, Privacy(PrivacyMode.HASHED, b"k" * 32)).events
    assert event.address.startswith("anon-")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "consent.csv is empty"),
        ("address,when\n", "no column kind"),
        ("address,phone,kind\n", "two columns for address: address, phone"),
    ],
)
def test_a_file_without_the_columns_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_consent_file(write(tmp_path, text), DEFAULTS, Privacy())


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "consent.csv"
    path.write_bytes(b"address,kind\n\xff\xfe\x00")
    with pytest.raises(UsageError, match="not text in UTF-8"):
        read_consent_file(path, DEFAULTS, Privacy())


@pytest.mark.parametrize("scope", ["*", SERVICE, "topic:offers", SENDER, "55501", "DEMOSHOP"])
def test_scopes(scope: str) -> None:
    assert check_scope(scope) == scope


@pytest.mark.parametrize("scope", ["", "topic:", "everything at once please"])
def test_no_scopes(scope: str) -> None:
    with pytest.raises(UsageError, match="is no scope"):
        check_scope(scope)


def test_the_exported_ledger_holds_no_formula(lake: Lake, tmp_path: Path) -> None:
    path = write(tmp_path, 'address,kind,evidence\n+14155550123,opt-out,"=HYPERLINK(""x"")"\n')
    save_consent_file(lake, read_consent_file(path, DEFAULTS, Privacy()), "local:ops", NOW)
    out = tmp_path / "ledger.csv"
    assert write_ledger(lake, out, "local:ops") == 1
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["address"], row["evidence"]) == ("+14155550123", '\'=HYPERLINK("x")')
    assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="is there already"):
        write_ledger(lake, out, "local:ops")


def test_opt_outs_of_a_german_spreadsheet_hold(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "gesperrt.csv"
    path.write_bytes(
        "Phone Number;Status;Notiz\r\n14155550123;STOP;Jürgen\r\n1,41556E+10;STOP;\r\n"
        '="+14155550124";unsubscribed;\r\n1 (415) 555-0126;opt out;\r\n4155550125;no;\r\n'
        "15123456789;no;\r\n".encode("cp1252")
    )
    defaults = ConsentDefaults(ACCOUNT, "*", now=NOW, sender_countries=("DE", "US"))
    told = read_consent_file(path, defaults, Privacy())
    assert [event.address for event in told.events] == ["+14155550123", "+14155550124", "+14155550126"]
    head = "address is no number with a country code"
    assert [(reject.line, reject.reason) for reject in told.rejects] == [
        (3, f"{head} (it was rounded by a spreadsheet)"),
        (6, f"{head} (it can be two different numbers)"),
        (7, f"{head} (it can be two different numbers)"),
    ]
    only_us = replace(defaults, sender_countries=("US",))
    missing = f"{head} (its country code is missing); give --country for numbers without"
    assert read_consent_file(path, only_us, Privacy()).rejects[1] == Reject(6, missing)
    save_consent_file(lake, told, "local:ops", NOW)
    with lake.cursor() as cursor:
        assert find_suppressions(cursor, ["+14155550123"], Side(ACCOUNT, service=SERVICE))


def test_a_row_of_another_width_is_rejected_and_never_shifted(tmp_path: Path) -> None:
    path = write(tmp_path, "address,alt,kind\n+14155550123,+14155550124,opt-out,\n+14155550125,,opt-out\n")
    told = read_consent_file(path, DEFAULTS, Privacy())
    assert [event.address for event in told.events] == ["+14155550125"]
    assert [reject.line for reject in told.rejects] == [2]


def test_an_opt_out_without_a_date_is_written_once(lake: Lake, tmp_path: Path) -> None:
    """However often its file is imported; but again where the person came back in between."""

    def imported(minute: int, text: str) -> int:
        now = NOW.replace(minute=minute)
        told = read_consent_file(write(tmp_path, text), replace(DEFAULTS, now=now), Privacy())
        return save_consent_file(lake, told, "local:ops", now)

    undated = "address,kind\n+14155550124,opt-out\n+14155550125,opt-out\n"
    assert [imported(1, undated), imported(2, undated), imported(3, undated)] == [2, 0, 0]
    # The same person in another spelling, and another source with evidence of its own.
    assert imported(4, "address,kind\n+1 (415) 555-0124,opt-out\n") == 0
    assert imported(5, "address,kind,source,evidence\n+14155550124,opt-out,letter,no. 7\n") == 1
    # One opts in again, and then asks to be left alone once more.
    assert imported(7, "address,kind,date\n+14155550125,opt-in,2026-09-01T12:06:00Z\n") == 1
    assert [imported(8, undated), imported(9, undated)] == [1, 0]
    assert lake.rows(
        "select address, count(*) from consent_events where kind = 'opt-out' group by all order by all"
    ) == [("+14155550124", 2), ("+14155550125", 2)]
    assert lake.rows("select distinct state from consent_state") == [("opt-out",)]
