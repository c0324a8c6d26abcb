"""Exported days over real HTTP: each once, whole or not at all, and no credential to the storage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.messages import payload
from tests.simulator.test_conformance import SPECS, check, schema_of
from tests.sync.bulk_exports_server import ACCOUNT, AUTH_TOKEN, Exports, bulk_exports
from tests.sync.exports import gzipped, json_lines
from workbench.errors import ConfigError, TwilioAuthError, TwilioError, TwilioUnavailable, UsageError
from workbench.lake import Lake
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import Credentials, Secret, Settings, load_settings
from workbench.sync.imports import bulk_export
from workbench.sync.imports import run as imports_run
from workbench.sync.imports.bulk_export import (
    BulkExportRequest,
    BulkExportSummary,
    plan_job,
    sync_bulk_export,
)
from workbench.twilio.bulk_exports import BulkExportClient, check_storage

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
CREDENTIALS = Credentials(ACCOUNT, Secret(AUTH_TOKEN))

Sync = Callable[..., BulkExportSummary]


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(home)})


@pytest.fixture
def exports() -> Iterator[Exports]:
    with bulk_exports() as running:
        yield running


@pytest.fixture
def client(exports: Exports) -> Iterator[BulkExportClient]:
    with BulkExportClient(CREDENTIALS, base_url=exports.url, sleep=lambda seconds: None) as made:
        yield made


@pytest.fixture
def sync(lake: Lake, client: BulkExportClient, monkeypatch: pytest.MonkeyPatch) -> Sync:
    monkeypatch.setattr(bulk_export, "_PAUSE_SECONDS", 0.0)

    def run(privacy: Privacy | None = None, **request: Any) -> BulkExportSummary:
        return sync_bulk_export(
            lake,
            client,
            ACCOUNT,
            BulkExportRequest(**request),
            privacy=privacy or Privacy(),
            clock=lambda: NOW,
        )

    return run


def day_file(day: str, count: int = 20) -> bytes:
    first = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    number = first.toordinal() * 1000
    moments = [first + timedelta(minutes=20 * index) for index in range(count)]
    # Bodies that do not compress, so that half a file is half the messages.
    return gzipped(
        json_lines(
            payload(number + index, body=hashlib.sha512(str(moment).encode()).hexdigest() * 4,
                    date_created=moment, date_sent=moment, date_updated=moment)
            for index, moment in enumerate(moments)
        )
    )  # fmt: skip


def fill(exports: Exports, *days: str) -> None:
    exports.files.update({day: day_file(day) for day in days})


FIVE = ("2024-02-01", "2024-02-02", "2024-02-03", "2024-02-04", "2024-02-05")


def test_every_exported_day_comes_in_once(lake: Lake, exports: Exports, sync: Sync) -> None:
    fill(exports, *FIVE)
    summary = sync()
    assert (summary.ready_days, summary.known_days, summary.imported.total("added")) == (5, 0, 100)
    assert summary.is_complete
    noted = lake.rows("select export_day, rows, kind from imports order by 1")
    assert noted == [(date(2024, 2, day), 20, "bulk-export") for day in (1, 2, 3, 4, 5)]
    exports.downloads.clear()
    again = sync()
    assert (again.ready_days, again.known_days, again.imported.files, exports.downloads) == (5, 5, [], [])
    fill(exports, "2024-02-06")
    assert sync().imported.total("added") == 20
    assert len(exports.downloads) == 1


def test_prices_are_in_the_accounts_currency_which_the_files_leave_out(
    lake: Lake, exports: Exports, sync: Sync
) -> None:
    fill(exports, "2024-02-01")
    sync()
    assert lake.rows("select distinct currency from messages") == [("EUR",)]


def test_a_key_that_may_not_read_the_currency_says_so(lake: Lake, exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01")
    exports.forbidden = f"/2010-04-01/Accounts/{ACCOUNT}/Balance.json"
    assert any("20 prices have no known currency" in notice for notice in sync().notices)
    exports.forbidden = None
    assert sync(full=True).imported.total("changed") == 20
    assert lake.rows("select distinct currency from messages") == [("EUR",)]


def test_a_day_exported_again_is_read_again(lake: Lake, exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01")
    sync()
    exports.files["2024-02-01"] = day_file("2024-02-01", count=30)
    exports.created["2024-02-01"] = "2026-09-16"
    assert sync().imported.total("added") == 10
    assert lake.rows("select rows from imports") == [(30,)]
    assert sync(full=True).imported.total("kept") == 30


def test_only_the_days_asked_for(lake: Lake, exports: Exports, sync: Sync) -> None:
    fill(exports, *FIVE)
    sync(since=date(2024, 2, 2), until=date(2024, 2, 4))
    assert lake.rows("select export_day from imports order by 1") == [
        (date(2024, 2, 2),),
        (date(2024, 2, 3),),
    ]


def test_credentials_go_to_the_api_and_never_to_the_storage(exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01")
    sync()
    assert [header for header in exports.downloads[0] if header.lower() in ("authorization", "cookie")] == []
    assert AUTH_TOKEN not in str(exports.downloads)


@pytest.mark.parametrize("fault", ["expired", "cut", "short"])
def test_a_day_that_breaks_off_is_asked_for_again(
    lake: Lake, exports: Exports, sync: Sync, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(imports_run, "BATCH_ROWS", 4)
    fill(exports, "2024-02-01", "2024-02-02")
    exports.faults += [fault, fault]
    summary = sync()
    assert summary.is_complete
    assert len(exports.downloads) == 4
    assert lake.rows("select count(*), count(distinct message_sid) from raw_messages") == [(40, 40)]
    assert lake.value("select count(*) from imports") == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("expired", "HTTP 403"),
        ("cut", "broke off"),
        ("short", "cut off or damaged"),
        ("html", "no column Sid"),
    ],
)
def test_a_day_that_cannot_be_had_is_named_and_the_rest_comes_in(
    lake: Lake, exports: Exports, sync: Sync, fault: str, reason: str
) -> None:
    fill(exports, "2024-02-01", "2024-02-02")
    exports.faults += [fault] * (1 if fault == "html" else 3)
    summary = sync()
    assert list(summary.failed_days) == ["2024-02-01"]
    assert reason in summary.failed_days["2024-02-01"]
    assert "Signature" not in str(summary.failed_days)
    assert not summary.is_complete
    assert lake.rows("select export_day from imports") == [(date(2024, 2, 2),)]
    assert sync().is_complete
    assert lake.value("select count(*) from raw_messages") == 40


def test_a_link_to_somewhere_else_is_not_followed(exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01")
    exports.storage = "http://localhost:9/"
    assert "leads to 'localhost', which is not its storage" in sync().failed_days["2024-02-01"]
    assert exports.asked.count("GET /v1/Exports/Messages/Days/2024-02-01") == 1


@pytest.mark.parametrize(
    ("link", "is_storage"),
    [
        ("https://com-twilio-prod-bulkexports.s3.amazonaws.com/daily/x?X-Amz-Signature=1", True),
        ("https://bulkexports.twilio.com/x", True),
        ("http://bucket.s3.amazonaws.com/x", False),
        ("https://amazonaws.com.evil.example/x", False),
        ("https://evilamazonaws.com/x", False),
        ("https://127.0.0.1/x", False),
        ("https://user:password@bucket.s3.amazonaws.com/x", False),
        ("https://bucket.s3.amazonaws.com@evil.example/x", False),
        ("/relative", False),
        ("https://[oops", False),
    ],
)
def test_what_counts_as_twilios_storage(link: str, is_storage: bool) -> None:
    if is_storage:
        assert str(check_storage(link, None)) == link
    else:
        with pytest.raises(TwilioError):
            check_storage(link, None)


def test_what_may_not_be_kept_is_not_saved(lake: Lake, exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01")
    sync(Privacy(PrivacyMode.MASKED, bytes(32)))
    assert lake.rows("select distinct contact, body from messages") == [("+1415***0123", None)]


def test_refused_credentials_stop_it(lake: Lake, exports: Exports) -> None:
    wrong = Credentials(ACCOUNT, Secret("another-token"))
    with (
        BulkExportClient(wrong, base_url=exports.url, sleep=lambda seconds: None) as client,
        pytest.raises(TwilioAuthError, match="20003"),
    ):
        sync_bulk_export(lake, client, ACCOUNT, BulkExportRequest(), privacy=Privacy())


def test_a_key_that_may_list_but_not_download_stops_it_too(
    lake: Lake, exports: Exports, client: BulkExportClient
) -> None:
    fill(exports, "2024-02-01")
    exports.forbidden = "/v1/Exports/Messages/Days/2024-02-01"
    with pytest.raises(TwilioAuthError, match="403"):
        sync_bulk_export(lake, client, ACCOUNT, BulkExportRequest(), privacy=Privacy())


def test_a_lake_of_another_account_is_refused(lake: Lake, client: BulkExportClient) -> None:
    lake.write(
        lambda cursor: cursor.execute(
            "insert into accounts (account_sid, read_at) values (?, now())", ["AC" + "1" * 32]
        )
    )
    with pytest.raises(ConfigError, match="holds account AC1111"):
        sync_bulk_export(lake, client, ACCOUNT, BulkExportRequest(), privacy=Privacy())


# --- gaps ---


def test_days_without_a_file_are_stated_and_empty_ones_are_not(exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01", "2024-02-06")
    exports.files["2024-02-04"] = gzipped(b"")
    exports.jobs.append(
        {
            "job_sid": "JS" + "1" * 32, "start_day": "2024-02-01", "end_day": "2024-02-06",
            "details": [
                {"status": "CompletedEmptyRecords", "count": 1, "days": ["2024-02-02"]},
                {"status": "Failed", "count": 1, "days": None},
            ],
        }
    )  # fmt: skip
    summary = sync()
    assert summary.imported.gaps == [(date(2024, 2, 3),) * 2, (date(2024, 2, 5),) * 2]
    assert any(
        notice.startswith("2 days have no message (2024-02-03, 2024-02-05)") for notice in summary.notices
    )


def test_a_day_that_failed_is_no_gap_but_a_failure(exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01", "2024-02-02", "2024-02-03")
    exports.faults += ["", "expired", "expired", "expired"]
    summary = sync()
    assert list(summary.failed_days) == ["2024-02-02"]
    assert summary.imported.gaps == []


def test_nothing_exported_says_what_to_do(sync: Sync) -> None:
    assert any("--create-job --since" in notice and "US1" in notice for notice in sync().notices)


# --- jobs ---


def test_a_job_is_created_only_when_asked_and_only_once(exports: Exports, sync: Sync) -> None:
    sync()
    assert exports.jobs == []
    summary = sync(create_job=True, since=date(2024, 2, 1), until=date(2024, 2, 4))
    assert summary.job is not None
    assert (summary.job.first_day, summary.job.last_day) == ("2024-02-01", "2024-02-03")
    assert summary.job.queue_position == "4"
    assert summary.sentence().endswith(
        "exports 2024-02-01 to 2024-02-03, done about 2026-09-20T20:20:14.547."
    )
    assert summary.as_dict()["job"]["job_sid"] == summary.job.job_sid
    again = sync(create_job=True, since=date(2024, 2, 1), until=date(2024, 2, 4))
    assert any("exists already" in notice for notice in again.notices)
    assert exports.asked.count("POST /v1/Exports/Messages/Jobs") == 1
    exports.jobs[0]["details"] = [{"status": "Completed", "count": 3, "days": list(FIVE[:3])}]
    fill(exports, *FIVE[:3])
    sync(create_job=True, since=date(2024, 2, 1), until=date(2024, 2, 4))
    assert exports.asked.count("POST /v1/Exports/Messages/Jobs") == 1
    # Its files are gone after seven days: then it takes a new one.
    exports.files.clear()
    sync(create_job=True, since=date(2024, 2, 1), until=date(2024, 2, 4))
    assert exports.asked.count("POST /v1/Exports/Messages/Jobs") == 2


def test_a_job_is_never_asked_for_twice_by_a_retry(exports: Exports, sync: Sync) -> None:
    exports.post_status = 500
    with pytest.raises(TwilioUnavailable, match="HTTP 500"):
        sync(create_job=True, since=date(2024, 2, 1), until=date(2024, 2, 4))
    assert exports.asked.count("POST /v1/Exports/Messages/Jobs") == 1


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (date(2026, 9, 1), date(2026, 9, 11), (date(2026, 9, 1), date(2026, 9, 10))),
        # Two days back is the newest that Twilio exports.
        (date(2026, 9, 1), None, (date(2026, 9, 1), date(2026, 9, 18))),
        (date(2026, 9, 18), date(2027, 1, 1), (date(2026, 9, 18), date(2026, 9, 18))),
        (date(2025, 1, 1), date(2026, 1, 2), (date(2025, 1, 1), date(2026, 1, 1))),
    ],
)
def test_days_of_a_job(since: date, until: date | None, expected: tuple[date, date]) -> None:
    assert plan_job(BulkExportRequest(since, until), NOW.date()) == expected


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (None, None, "needs --since"),
        (date(2026, 9, 19), None, "exports days up to 2026-09-18; --since is 2026-09-19"),
        (date(2025, 1, 1), date(2026, 1, 3), "is 367 days; .* Ask for --until 2026-01-02 today"),
    ],
)
def test_a_job_that_twilio_would_refuse(since: date | None, until: date | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_job(BulkExportRequest(since, until), NOW.date())


# --- the stand-in itself ---

PATHS = {
    "/v1/Exports/Messages/Days": ("/v1/Exports/{ResourceType}/Days", "get", "200"),
    "/v1/Exports/Messages/Days/2024-02-01": ("/v1/Exports/{ResourceType}/Days/{Day}", "get", "307"),
}
JOBS = "/v1/Exports/{ResourceType}/Jobs"


@pytest.mark.skipif(not SPECS.is_dir(), reason=f"Twilio's OpenAPI files are not at {SPECS}")
def test_the_stand_in_answers_as_twilios_openapi_says(exports: Exports, sync: Sync) -> None:
    fill(exports, "2024-02-01")
    sync(create_job=True, since=date(2024, 2, 1), until=date(2024, 2, 4))
    sync()
    for path, answer in exports.answers:
        if path.endswith("Balance.json"):
            continue
        if path in PATHS:
            check(answer, schema_of("bulkexports_v1", *PATHS[path]))
        elif "job_sid" in answer:
            check(answer, schema_of("bulkexports_v1", JOBS, "post", "201"))
        else:
            check(answer, schema_of("bulkexports_v1", JOBS, "get", "200"))
    kinds = [sorted(answer) for _, answer in exports.answers]
    assert ["days", "meta"] in kinds
    assert ["jobs", "meta"] in kinds
    assert ["redirect_to"] in kinds
