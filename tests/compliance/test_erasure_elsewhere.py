"""An erasure on PostgreSQL and S3: no byte is left in the tables or in a version of an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import psycopg
import pytest

from tests.bucket import BucketServer
from tests.compliance.conftest import environment
from tests.lakes import lake_of
from tests.postgres import PostgresServer
from workbench import Workbench
from workbench.errors import LakeBusy
from workbench.lake import purge as purge_module
from workbench.lake.bucket_versions import remove_old_versions
from workbench.lake.purge import purge
from workbench.settings import Settings, load_settings
from workbench.simulator import Account, Clock, Options, Server, serve

START, NOW = date(2026, 9, 7), datetime(2026, 9, 10, 15, 30, tzinfo=UTC)
PERSON, OTHER = "+19995550142", "+14155550177"
"""The person's number is larger than any other, so that it is a bound that statistics of columns keep."""
SECRET = "my gate code is 7741 Zanzibar"


@pytest.fixture
def server() -> Iterator[Server]:
    account = Account.build(start=START, days=4, messages=120, clock=Clock.frozen(NOW))
    with serve(account, options=Options(concurrency_limit=None)) as running:
        for who, body in ((PERSON, SECRET), (OTHER, "hello"), (PERSON, "STOP")):
            answer = httpx.post(
                f"{running.url}/_simulator/inbound", json={"from": who, "to": "+12065550101", "body": body}
            )
            assert answer.status_code == 200, answer.text
        yield running
    account.close()


@pytest.fixture
def database(postgres_machine: PostgresServer) -> str:
    return postgres_machine.new_database()


@pytest.fixture
def bucket(bucket_machine: BucketServer, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in bucket_machine.environment.items():
        monkeypatch.setenv(name, value)
    return bucket_machine.new_bucket(keeps_versions=True)


@pytest.fixture
def settings(tmp_path: Path, server: Server, database: str, bucket: str) -> Settings:
    return load_settings(
        {
            **environment(tmp_path / "home", server),
            "WORKBENCH_LAKE": f"postgres:{database}",
            "WORKBENCH_LAKE_DATA": f"s3://{bucket}/lake/",
        }
    )


def in_tables(machine: PostgresServer, database: str, word: str) -> list[str]:
    """Files of the database's tables and indexes with the word in any byte."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("checkpoint")
        oid = connection.execute("select oid from pg_database where datname = current_database()").fetchall()
        names: dict[str, str] = dict(
            connection.execute(
                "select pg_relation_filenode(oid)::text, oid::regclass::text from pg_class"
            ).fetchall()
        )
    folder = Path(machine.folder) / "data" / "base" / str(oid[0][0])
    files = [path.name for path in sorted(folder.iterdir()) if word.encode() in path.read_bytes()]
    return [names.get(name, name) for name in files]


def in_versions(machine: BucketServer, bucket: str, word: str, tmp_path: Path) -> list[str]:
    """Versions of objects, hidden ones too, with the word in a byte or in a value of a Parquet file."""
    client = machine.client()
    named = []
    for version in client.list_object_versions(Bucket=bucket).get("Versions", ()):
        content = client.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        path = tmp_path / "version.parquet"
        path.write_bytes(content["Body"].read())
        text = path.read_bytes()
        if version["Key"].endswith(".parquet"):
            text += repr(duckdb.sql(f"from read_parquet('{path}')").fetchall()).encode()
        if word.encode() in text:
            named.append(f"{version['Key']} {version['VersionId']}")
    client.close()
    return named


def versions(machine: BucketServer, bucket: str) -> dict[str, Any]:
    client = machine.client()
    listed = client.list_object_versions(Bucket=bucket)
    client.close()
    return {
        "hidden": [each["Key"] for each in listed.get("Versions", ()) if not each["IsLatest"]],
        "markers": [each["Key"] for each in listed.get("DeleteMarkers", ())],
    }


def test_no_byte_is_left_in_the_server_or_the_bucket(
    settings: Settings,
    database: str,
    bucket: str,
    postgres_machine: PostgresServer,
    bucket_machine: BucketServer,
    tmp_path: Path,
) -> None:
    def traces() -> list[str]:
        return [
            place
            for word in (PERSON[1:], "Zanzibar")
            for place in (
                *in_tables(postgres_machine, database, word),
                *in_versions(bucket_machine, bucket, word, tmp_path),
            )
        ]

    with Workbench(settings) as wb:
        wb.sync(since=START)
        # Small writes stay in the catalog; the server samples their values when it looks at the tables.
        lake_of(wb).write(
            lambda cursor: cursor.execute(
                "update raw_messages set body = body || '!' where body like '%gate%'"
            )
        )
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("analyze")
        assert traces()
        report = wb.subject.erase(PERSON, confirm=True)
        assert report.is_done
        count = wb.sql("select count(*) as n from raw_messages where to_address is not null").n[0]
    assert traces() == []
    assert versions(bucket_machine, bucket) == {"hidden": [], "markers": []}
    kept = [row["what"] for row in json.loads(report.paths[0].read_text())["kept_here"]]
    assert "write-ahead log" in kept[-1]
    assert not any("could not be removed" in text for text in kept)
    with Workbench(settings) as wb:
        assert wb.sql("select count(*) as n from raw_messages where to_address is not null").n[0] == count
        assert wb.sql(f"select count(*) as n from messages where contact = '{OTHER}'").n[0] > 0


def test_it_is_not_done_while_a_transaction_may_still_see_the_person(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge_module, "_PATIENCE_SECONDS", 1.0)
    with Workbench(settings) as wb:
        wb.sync(since=START)
        with psycopg.connect(database, application_name="a report that hangs") as reader:
            reader.execute("set transaction isolation level repeatable read")
            reader.execute("select 1 from ducklake_snapshot").fetchall()
            with pytest.raises(LakeBusy, match=r"\(a report that hangs\), in a transaction since 20.* UTC"):
                purge(lake_of(wb))
        purge(lake_of(wb))


NAME = "lake/main/raw_messages/ducklake-01a00000-2370-7119-925e-4dc36b1a884f.parquet"


def test_what_the_bucket_does_not_let_go_is_said(
    bucket_machine: BucketServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where objects are locked, so that nobody may delete them for years."""
    client = bucket_machine.client()
    client.create_bucket(Bucket="locked-lake", ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime(2096, 1, 1, tzinfo=UTC)}
    for name in (NAME, "lake/somebody-elses.txt"):
        client.put_object(Bucket="locked-lake", Key=name, Body=b"1", **lock)
        client.delete_object(Bucket="locked-lake", Key=name)
    (said,) = remove_old_versions("s3://locked-lake/lake/")
    assert "versions of deleted files could not be removed (1 of them, as lake/main/raw_messages/" in said
    assert versions(bucket_machine, "locked-lake")["markers"] == [NAME, "lake/somebody-elses.txt"]
    client.close()


def test_a_store_that_does_not_answer_is_said(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert [said.partition(" (")[0] for said in remove_old_versions(f"s3://{bucket}/lake/")] == [
        "The bucket's old versions of deleted files could not be removed",
        "Parts of files whose upload never ended could not be removed",
    ]
