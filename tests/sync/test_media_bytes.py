"""The bytes of attachments: fetched once when asked for, bounded, and gone with their message."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.sync.conftest import NOW, START
from workbench.errors import ConfigError, TwilioError, TwilioUnavailable
from workbench.lake import Lake
from workbench.settings import Settings, load_settings
from workbench.simulator import Server
from workbench.sync.account.catalog import CatalogSummary, sync_catalog
from workbench.sync.account.media_bytes import MediaStore
from workbench.sync.messages.run import run_sync
from workbench.sync.messages.tombstones import save_tombstones
from workbench.sync.shared.request import SyncRequest
from workbench.twilio.client import TwilioClient
from workbench.twilio.media import MediaFile, fetch_media_bytes

Catalog = Callable[[MediaStore], CatalogSummary]
FILES = "select media_sid, message_sid, file_name, bytes, sha256, problem from media_files order by 1"


@pytest.fixture
def catalog(lake: Lake, server: Server, settings: Settings) -> Catalog:
    with TwilioClient(settings.credentials, base_url=server.url) as client:
        run_sync(lake, client, client.account_sid, SyncRequest(since=START), clock=lambda: NOW)

    def run(store: MediaStore) -> CatalogSummary:
        with TwilioClient(settings.credentials, base_url=server.url, attempts=1) as client:
            return sync_catalog(lake, client, client.account_sid, now=NOW, parts=["media"], media_store=store)

    return run


@pytest.fixture
def store(home: Path, server: Server, settings: Settings) -> MediaStore:
    fetch = partial(fetch_media_bytes, settings.credentials, base_url=server.url)
    return MediaStore(home / "media", fetch)


def test_each_file_is_fetched_once_and_readable_by_nobody_else(
    lake: Lake, server: Server, catalog: Catalog, store: MediaStore
) -> None:
    catalog(store)
    rows = lake.rows(FILES)
    assert {row[0] for row in rows} == {sid for (sid,) in lake.rows("select media_sid from media")}
    assert len(rows) > 3
    for media_sid, message_sid, file_name, size, sha256, problem in rows[:4]:
        account = server.account
        url = (
            f"{server.url}/2010-04-01/Accounts/{account.account_sid}/Messages/{message_sid}/Media/{media_sid}"
        )
        there = httpx.get(url, follow_redirects=True).raise_for_status().content
        path = store.folder / file_name
        assert path.read_bytes() == there
        assert path.stat().st_mode & 0o777 == 0o600
        assert (size, sha256, problem) == (len(there), hashlib.sha256(there).hexdigest(), None)

    def never(account_sid: str, message_sid: str, media_sid: str) -> MediaFile:
        raise AssertionError(f"{media_sid} was asked for again")

    catalog(MediaStore(store.folder, never))


def test_the_file_goes_when_its_message_is_deleted_at_twilio(
    lake: Lake, catalog: Catalog, store: MediaStore
) -> None:
    catalog(store)
    (_, message_sid, file_name, *_), *others = lake.rows(FILES)
    lake.write(lambda cursor: save_tombstones(cursor, "AC" + "0" * 32, [message_sid], NOW))
    catalog(store)
    assert not (store.folder / file_name).exists()
    kept = [row for row in others if row[1] != message_sid]
    assert lake.rows(FILES) == kept
    assert all((store.folder / row[2]).exists() for row in kept)


def test_what_is_refused_is_noted_and_not_asked_for_again(
    lake: Lake, catalog: Catalog, store: MediaStore
) -> None:
    asked = []

    def refuse(account_sid: str, message_sid: str, media_sid: str) -> MediaFile:
        asked.append(media_sid)
        raise TwilioError("The attachment is larger than 16,777,216 bytes and was not taken.")

    catalog(MediaStore(store.folder, refuse))
    first = len(asked)
    assert {row[5] for row in lake.rows(FILES)} == {
        "The attachment is larger than 16,777,216 bytes and was not taken."
    }
    catalog(MediaStore(store.folder, refuse))
    assert len(asked) == first > 0
    assert not store.folder.exists()


def test_what_may_pass_is_asked_for_next_time(lake: Lake, catalog: Catalog, store: MediaStore) -> None:
    def away(account_sid: str, message_sid: str, media_sid: str) -> MediaFile:
        raise TwilioUnavailable("no answer")

    summary = catalog(MediaStore(store.folder, away))
    assert lake.rows(FILES) == []
    assert any("no answer" in str(notice) for notice in summary.notices)
    catalog(store)
    assert len(lake.rows(FILES)) > 3


def test_attachments_are_copied_only_where_texts_may_be(home: Path) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text('[sync]\nmedia_bytes = true\n[privacy]\nmode = "no_body"\n')
    with pytest.raises(ConfigError, match="attachments may be kept only where texts are"):
        load_settings({"WORKBENCH_HOME": str(home)})
    with pytest.raises(ConfigError, match="'masked'"):
        load_settings({"WORKBENCH_HOME": str(home), "WORKBENCH_PRIVACY": "masked"})
    assert load_settings({"WORKBENCH_HOME": str(home), "WORKBENCH_PRIVACY": "full"}).sync.media_bytes
