"""Each check that reads the lake: silent where all is well, and right about exactly the fault there is."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.conftest import NOW, Patient
from tests.messages import ACCOUNT
from workbench.doctor import lake as doctor_lake
from workbench.lake.storage import Storage, read_storage

SERVICE = "MG" + "1" * 32
SUBACCOUNT = "AC" + "5" * 32


def at(day: int, hour: int = 12, month: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def dated(moment: datetime, **changes: Any) -> dict[str, Any]:
    return {"date_created": moment, "date_sent": moment, "date_updated": moment, **changes}


def synced(patient: Patient, finished_at: datetime, number: int = 1) -> None:
    row = {
        "run_id": str(number), "account_sid": ACCOUNT, "started_at": finished_at, "finished_at": finished_at,
        "outcome": "done", "listed": 0, "added": 0, "changed": 0, "requests": 1,
    }  # fmt: skip
    patient.insert("sync_runs", ("run_id",), row)


def test_suspended_subaccounts(patient: Patient) -> None:
    assert patient.states("subaccounts") == [("skipped", "")]
    account = {"account_sid": ACCOUNT, "friendly_name": "Main", "status": "active", "read_at": NOW}
    child = {**account, "account_sid": SUBACCOUNT, "friendly_name": "Shop", "owner_account_sid": ACCOUNT}
    patient.insert("accounts", ("account_sid",), {**account, "owner_account_sid": ACCOUNT}, child)
    assert patient.states("subaccounts") == [("fine", "")]
    patient.insert("accounts", ("account_sid",), {**child, "status": "suspended"})
    assert patient.states("subaccounts") == [("failure", "Shop")]


def test_countries_that_are_not_switched_on(patient: Patient) -> None:
    patient.messages(dated(at(1, month=8), status="failed", error_code=21408, to="+4915123456789"))
    assert patient.states("geo-permissions") == [("fine", "")]
    patient.messages(dated(at(20), status="failed", error_code=21408, to="+4915123456789"))
    (result,) = patient.results("geo-permissions")
    assert (result.state, result.subject) == ("warning", "DE")
    assert "1 message in 30 days refused with 21408, the last on 2026-09-20" in result.evidence
    # Another one went later: somebody switched the country on.
    patient.messages(dated(at(21), to="+4915123456780"))
    assert patient.states("geo-permissions") == [("fine", "")]


def test_services_without_a_sender(patient: Patient) -> None:
    assert patient.states("service-senders") == [("skipped", "")]
    patient.service(SERVICE, "Offers")
    assert patient.states("service-senders") == [("warning", "Offers")]
    patient.sender("+12025550110", messaging_service_sid=SERVICE)
    assert patient.states("service-senders") == [("fine", "")]
    patient.sender("+12025550110", messaging_service_sid=SERVICE, removed_at=NOW)
    assert patient.states("service-senders") == [("warning", "Offers")]


def test_numbers_that_need_a_service(patient: Patient) -> None:
    patient.sender("+12025550110", registration="a2p", messaging_service_sid=SERVICE)
    # Not of this kind, or its services could not be read: nothing is known against it.
    patient.sender("+447400100107")
    patient.sender("+12025550111", registration=None)
    assert patient.states("number-in-service") == [("fine", "")]
    patient.sender("+12025550112", registration="a2p", friendly_name="Houston")
    assert patient.states("number-in-service") == [("failure", "Houston (+12025550112)")]


def test_registrations_in_every_state_that_twilio_gives(patient: Patient) -> None:
    assert patient.states("registration") == [("skipped", "")]
    in_service = {"registration": "a2p", "messaging_service_sid": SERVICE}
    toll_free = {"registration": "toll-free", "sender_type": "toll-free"}
    patient.sender("+12025550110", **in_service, registration_status="VERIFIED")
    patient.sender("+18335550110", **toll_free, registration_status="TWILIO_APPROVED")
    assert patient.states("registration") == [("fine", "")]
    patient.sender("+12025550111", **in_service, registration_status="IN_PROGRESS")
    patient.sender("+12025550112", **in_service, registration_status="FAILED")
    patient.sender("+12025550113", **in_service, registration_status="SUSPENDED")
    patient.sender("+12025550114", **in_service, registration_status=None)
    patient.sender("+18335550111", **toll_free, registration_status="IN_REVIEW")
    patient.sender("+18335550112", **toll_free, registration_status="TWILIO_REJECTED")
    assert patient.states("registration") == [
        ("warning", "+12025550111"),
        ("failure", "+12025550112"),
        ("failure", "+12025550113"),
        ("failure", "+12025550114"),
        ("warning", "+18335550111"),
        ("failure", "+18335550112"),
    ]


def test_unknown_limits(patient: Patient) -> None:
    patient.sender("+12025550110", mps_limit=1)
    assert patient.states("sender-limits") == [("fine", "")]
    patient.sender("55501", mps_limit=None, sender_type="short code")
    assert patient.states("sender-limits") == [("warning", "55501")]
    patient.sender("55501", mps_limit=None, can_sms=False)
    assert patient.states("sender-limits") == [("fine", "")]


def test_numbers_that_are_paid_for_and_not_used(patient: Patient) -> None:
    long_here = {"read_at": at(1, month=6)}
    patient.sender("+12025550110", **long_here)
    patient.messages(dated(at(29)))
    patient.sender("+12025550119")  # new here: nobody knows yet
    assert patient.states("unused-numbers") == [("fine", "")]
    patient.sender("+12025550118", **long_here)
    patient.insert(
        "usage_days",
        ("account_sid", "day", "category"),
        {
            "account_sid": ACCOUNT, "day": date(2026, 9, 3), "category": "phonenumbers-local", "count": 4,
            "usage": 4, "price": Decimal("4.60"), "currency": "USD", "is_leaf": True, "read_at": NOW,
        },
    )  # fmt: skip
    (result,) = patient.results("unused-numbers")
    assert (result.state, result.subject) == ("warning", "+12025550118")
    assert "A number of its kind costs $1.15 a month." in result.evidence


def test_alerts_about_webhooks(patient: Patient) -> None:
    def alert(number: int, code: int, when: datetime) -> None:
        row = {
            "alert_sid": f"NO{number:032x}", "account_sid": ACCOUNT, "error_code": code, "date_created": when,
            "read_at": NOW,
        }  # fmt: skip
        patient.insert("alerts", ("alert_sid",), row)

    alert(1, 11200, at(1))  # long ago
    alert(2, 30007, at(30, 9))  # of a message, not of a webhook
    assert patient.states("webhook-alerts") == [("fine", "")]
    alert(3, 11200, at(30, 9))
    alert(4, 11200, at(30, 10))
    (result,) = patient.results("webhook-alerts")
    assert (result.state, result.subject) == ("failure", "11200")
    assert result.evidence.startswith("2 alerts in 7 days, the last at 2026-09-30 10:00 UTC: ")
    assert result.link == "https://www.twilio.com/docs/api/errors/11200"


def test_codes_that_jumped(patient: Patient) -> None:
    assert patient.states("error-spikes") == [("skipped", "")]
    filtered = {"status": "undelivered", "error_code": 30007}
    patient.messages(*(dated(at(day), **filtered) for day in range(1, 30)))
    assert patient.states("error-spikes") == [("fine", "")]
    patient.messages(*(dated(at(28, 13), **filtered) for _ in range(24)))
    (result,) = patient.results("error-spikes")
    assert (result.state, result.subject) == ("warning", "30007 Message filtered")
    assert result.evidence.startswith("25 messages on 2026-09-28, usually 1.0 a day.")


def test_a_code_did_not_jump_from_days_that_were_not_read(patient: Patient) -> None:
    """The sync of 24 September left out three weeks: nobody knows what was usual then."""
    filtered = {"status": "undelivered", "error_code": 30007}
    patient.messages(dated(at(1), **filtered), *(dated(at(28), **filtered) for _ in range(25)))
    window = {"account_sid": ACCOUNT, "read_from": NOW, "rows": 1, "next_page_uri": None, "finished_at": NOW}
    days = [{**window, "day": date(2026, 9, day)} for day in (1, *range(24, 31))]
    patient.insert("sync_windows", ("account_sid", "day"), *days)
    synced(patient, NOW)
    assert patient.states("error-spikes") == [("fine", "")]


def test_messages_that_do_not_move(patient: Patient) -> None:
    waiting = {"status": "queued", "date_sent": None, "price": None}
    patient.messages(dated(at(30, 11)) | waiting, dated(at(20)))
    assert patient.states("stuck-messages") == [("fine", "")]
    patient.messages(dated(at(30, 6)) | waiting)
    (result,) = patient.results("stuck-messages")
    assert (result.state, result.subject) == ("warning", "queued")
    assert result.evidence == "1 message queued for more than 4 hours, the oldest since 2026-09-30 06:00 UTC."


def test_a_sync_that_is_late(patient: Patient) -> None:
    assert patient.states("sync") == [("failure", "")]
    for number, (age, state) in enumerate(
        [
            (timedelta(days=2), "failure"),
            (timedelta(hours=3), "warning"),
            (timedelta(minutes=4), "fine"),
        ]
    ):
        synced(patient, NOW - age, number)
        assert patient.states("sync") == [(state, "")]


def test_days_that_were_never_read(patient: Patient) -> None:
    assert patient.states("days-read") == [("skipped", "")]
    synced(patient, NOW)

    def window(day: int, *, is_finished: bool = True) -> None:
        row = {
            "account_sid": ACCOUNT, "day": date(2026, 9, day), "read_from": NOW, "rows": 1,
            "finished_at": NOW if is_finished else None,
        }  # fmt: skip
        patient.insert("sync_windows", ("account_sid", "day"), row)

    patient.insert("sync_starts", ("account_sid",), {"account_sid": ACCOUNT, "since": date(2026, 9, 25)})
    for day in (25, 26, 27, 28, 29, 30):
        window(day)
    assert patient.states("days-read") == [("fine", "")]
    window(27, is_finished=False)
    results = patient.results("days-read")
    assert [result.state for result in results] == ["failure", "warning"]
    assert results[0].evidence == "1 day from 2026-09-27 to 2026-09-27 (GMT) never read to the end."
    assert "workbench sync --since 2026-09-27" in results[0].repair


def test_prices_and_dates_that_are_missing(patient: Patient) -> None:
    assert patient.states("prices") == [("skipped", "")]
    patient.messages(*(dated(at(day)) for day in range(1, 25)))
    # Of today: Twilio takes a day to price a message.
    patient.messages(dated(at(30, 1), price=None), dated(at(30, 1), price=None))
    assert patient.states("prices") == [("fine", "")]
    patient.messages(dated(at(3), price=None))
    (result,) = patient.results("prices")
    assert result.state == "warning"
    assert "1 of 25 messages older than a day have no price, the oldest of 2026-09-03" in result.evidence
    assert patient.states("sending-dates") == [("fine", "")]
    patient.messages({**dated(at(4)), "date_sent": None})
    assert patient.states("sending-dates") == [("warning", "")]


def test_rows_that_could_not_be_read(patient: Patient) -> None:
    assert patient.states("quarantine") == [("fine", "")]
    row = {
        "resource": "messages", "account_sid": ACCOUNT, "row_key": "1", "part": "2026-09-01",
        "reason": "no SID", "first_seen_at": NOW, "last_seen_at": NOW, "times": 1,
    }  # fmt: skip
    key = ("resource", "account_sid", "row_key")
    patient.insert("quarantined_rows", key, row)
    (result,) = patient.results("quarantine")
    assert (result.state, result.subject) == ("warning", "messages")
    assert "workbench sync --retry-quarantined" in result.repair
    patient.insert("quarantined_rows", key, {**row, "resolved_at": NOW})
    assert patient.states("quarantine") == [("fine", "")]


def test_jobs_that_failed(patient: Patient) -> None:
    def run(number: int, outcome: str, hour: int) -> None:
        row = {
            "run_id": str(number), "job": "reports", "started_at": at(30, hour), "finished_at": at(30, hour),
            "outcome": outcome, "error": "no such report" if outcome == "failed" else None,
        }  # fmt: skip
        patient.insert("job_runs", ("run_id",), row)

    assert patient.states("jobs") == [("fine", "")]
    run(1, "failed", 6)
    (result,) = patient.results("jobs")
    assert (result.state, result.subject) == ("failure", "reports")
    assert result.evidence == "It failed at 2026-09-30 06:00 UTC: no such report."
    run(2, "done", 7)
    assert patient.states("jobs") == [("fine", "")]


def test_times_that_are_still_to_come(patient: Patient) -> None:
    # The lake of this test was written now, long after the moment that the check is told.
    (result,) = patient.results("clock")
    assert result.state == "failure"
    assert "this machine's clock says 2026-09-30 12:00:00 UTC" in result.evidence


def test_a_lake_that_is_whole(patient: Patient) -> None:
    patient.messages(dated(at(1)))
    (result,) = patient.results("lake")
    assert result.state == "fine"
    assert "1 message, whole" in result.evidence
    assert patient.states("lake-files") == [("fine", "")]
    assert patient.states("removals") == [("fine", "")]


def test_many_small_files(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    patient.messages(dated(at(1)))
    patient.lake.run_alone(lambda cursor: cursor.execute("call ducklake_flush_inlined_data('lake')"))
    assert patient.states("lake-files") == [("fine", "")]
    monkeypatch.setattr(doctor_lake, "_MANY_SMALL_FILES", 0)
    result = next(result for result in patient.results("lake-files") if result.subject == "raw_messages")
    assert result.state == "warning"
    assert result.evidence.startswith("1 file of ")
    monkeypatch.setattr(doctor_lake, "_MANY_FILES", 0)
    assert patient.states("lake-files") == [("warning", "")]
    monkeypatch.setattr(doctor_lake, "_SMALL_FILE", 1)
    monkeypatch.setattr(doctor_lake, "_MANY_FILES", 2000)
    assert patient.states("lake-files") == [("fine", "")]


def test_files_that_the_catalog_does_not_know(patient: Patient) -> None:
    assert patient.states("unknown-files") == [("fine", "")]
    folder = Path(patient.lake.address.data) / "main" / "raw_messages"
    folder.mkdir(parents=True, exist_ok=True)
    # A UUID of version 7 begins with its milliseconds since 1970; NOW is 2026-09-30 12:00.
    for when, states in (
        (NOW - timedelta(minutes=1), [("fine", "")]),  # somebody may be writing it
        (NOW - timedelta(hours=2), [("warning", "")]),
    ):
        moment = f"{int(when.timestamp() * 1000):012x}"
        name = f"ducklake-{moment[:8]}-{moment[8:]}-7abc-8abc-0123456789ab.parquet"
        (folder / name).write_bytes(b"PAR1")
        assert patient.states("unknown-files") == states
    (result,) = patient.results("unknown-files")
    assert result.evidence.startswith("1 file that a killed write left, as ")
    assert "workbench schedule run maintenance" in result.repair
    (folder / "mine.parquet").write_bytes(b"PAR1")
    results = patient.results("unknown-files")
    assert [result.state for result in results] == ["warning", "warning"]
    assert results[1].evidence == (
        f"1 Parquet file of something else in the lake's folder, as {folder / 'mine.parquet'}."
    )


def test_how_fast_a_lake_grows_and_when_its_disk_is_full(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (result,) = patient.results("lake-growth")
    assert "how fast it grows is not known" in result.evidence
    # 14 of 28 messages are of the last 14 days: a day's growth is one 28th of the lake.
    patient.messages(*(dated(at(day, month=8)) for day in range(1, 15)))
    patient.messages(*(dated(at(day)) for day in range(17, 31)))
    patient.lake.run_alone(lambda cursor: cursor.execute("call ducklake_flush_inlined_data('lake')"))
    storage = read_storage(patient.lake, NOW)
    assert storage.grows_by == pytest.approx(storage.size / 28)
    assert storage.size > storage.catalog_size > 0
    assert " in a year." in patient.results("lake-growth")[0].evidence
    usage = namedtuple("usage", "total used free")
    for free, days, state in ((2 * 2**30, 20, "warning"), (2 * 2**30, 400, "fine")):
        monkeypatch.setattr("shutil.disk_usage", lambda path, free=free: usage(20 * 2**30, 0, free))
        grown = Storage({}, 0, free / days)
        monkeypatch.setattr("workbench.doctor.examination.read_storage", lambda lake, now, grown=grown: grown)
        (result,) = patient.results("disk")
        assert (result.state, f"it is full in {days} days." in result.evidence) == (state, True)
    monkeypatch.setattr(
        "workbench.doctor.examination.read_storage", lambda lake, now: Storage({}, 0, 2 * 2**30 / 3651)
    )
    (result,) = patient.results("disk")
    assert (result.state, "that is enough for ten years." in result.evidence) == ("fine", True)
